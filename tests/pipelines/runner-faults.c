/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <unistd.h>

#include <gst/gst.h>

/* An element for the runner's own test: goes wrong on the way to PAUSED as its property says, else
 * is at the end of its stream at once. */

typedef struct {
  GstElement parent;

  gchar *fault;
} GstRunnerFault;

typedef struct {
  GstElementClass parent_class;
} GstRunnerFaultClass;

static GType gst_runner_fault_get_type (void);
G_DEFINE_TYPE (GstRunnerFault, gst_runner_fault, GST_TYPE_ELEMENT)

static void
go_wrong (GstRunnerFault *self)
{
  if (g_strcmp0 (self->fault, "critical") == 0) {
    g_critical ("critical on purpose");
  } else if (g_strcmp0 (self->fault, "crash") == 0) {
    raise (SIGKILL);
  } else if (g_strcmp0 (self->fault, "hang") == 0) {
    while (TRUE)
      pause ();
  } else if (g_strcmp0 (self->fault, "twice") == 0) {
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE, ("the first"), (NULL));
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE, ("the second"), (NULL));
  } else if (g_strcmp0 (self->fault, "warning") == 0) {
    GST_ELEMENT_WARNING (self, RESOURCE, BUSY, ("a warning"), (NULL));
  }
}

static GstStateChangeReturn
gst_runner_fault_change_state (GstElement *element, GstStateChange transition)
{
  GstRunnerFault *self = (GstRunnerFault *) element;
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    go_wrong (self);
    if (g_strcmp0 (self->fault, "silent") == 0)
      return GST_STATE_CHANGE_FAILURE;
  }
  result = GST_ELEMENT_CLASS (gst_runner_fault_parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    gst_element_post_message (element, gst_message_new_eos (GST_OBJECT (element)));
  return result;
}

static void
gst_runner_fault_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRunnerFault *self = (GstRunnerFault *) object;

  g_free (self->fault);
  self->fault = g_value_dup_string (value);
}

static void
gst_runner_fault_finalize (GObject *object)
{
  g_free (((GstRunnerFault *) object)->fault);
  G_OBJECT_CLASS (gst_runner_fault_parent_class)->finalize (object);
}

static void
gst_runner_fault_init (GstRunnerFault *self)
{
  /* a bin waits for the end of its sinks */
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
}

static void
gst_runner_fault_class_init (GstRunnerFaultClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->set_property = gst_runner_fault_set_property;
  object_class->finalize = gst_runner_fault_finalize;
  g_object_class_install_property (object_class, 1,
      g_param_spec_string ("fault", "Fault", "What goes wrong on the way to PAUSED", NULL,
          G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (class), "Runner fault", "Sink",
      "Goes wrong on purpose", "gst-tributary <gst-tributary@example.invalid>");
  GST_ELEMENT_CLASS (class)->change_state = gst_runner_fault_change_state;
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (plugin, "runnerfault", GST_RANK_NONE, gst_runner_fault_get_type ());
}

#define PACKAGE "gst-tributary"
GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, runnerfaults,
    "Faults for the test of the pipeline runner", plugin_init, "0.1", "LGPL", "gst-tributary",
    "https://example.invalid/")
