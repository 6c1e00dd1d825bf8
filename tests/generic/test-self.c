/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generic.h"

#include <fcntl.h>
#include <unistd.h>

#include <trib-gst-test.h>

/* Proves that the generic checks can fail: an element that breaks every rule they know. */

typedef struct {
  GstElement parent;

  guint limit;
} GstBadElement;

typedef struct {
  GstElementClass parent_class;
} GstBadElementClass;

enum {
  PROP_0,
  PROP_LIMIT,
  PROP_RANGE,
  PROP_STATS,
};

static GType gst_bad_element_get_type (void);
G_DEFINE_TYPE (GstBadElement, gst_bad_element, GST_TYPE_ELEMENT)

/* what the element leaves behind, given back when the test ends */
static GPtrArray *kept_elements;
static GArray *kept_files;
/* GstHarness itself insists on PLAYING */
static gboolean refuse_playing = TRUE;

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static GstStaticPadTemplate empty_template
    = GST_STATIC_PAD_TEMPLATE ("empty", GST_PAD_SINK, GST_PAD_SOMETIMES, GST_STATIC_CAPS ("EMPTY"));

static gboolean
swallow_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  gst_event_unref (event);
  return TRUE;
}

static gboolean
answer_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  return GST_QUERY_TYPE (query) == GST_QUERY_CUSTOM || gst_pad_query_default (pad, parent, query);
}

static GstStateChangeReturn
gst_bad_element_change_state (GstElement *element, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_NULL_TO_READY) {
    gint file = open ("/dev/null", O_RDONLY | O_CLOEXEC);

    g_array_append_val (kept_files, file);
    g_ptr_array_add (kept_elements, gst_object_ref (element));
  } else if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    GST_ELEMENT_ERROR (element, STREAM, FAILED, ("bad on purpose"), (NULL));
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING && refuse_playing) {
    return GST_STATE_CHANGE_FAILURE;
  }
  return GST_ELEMENT_CLASS (gst_bad_element_parent_class)->change_state (element, transition);
}

static void
gst_bad_element_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstBadElement *self = (GstBadElement *) object;

  self->limit = MIN (g_value_get_uint (value), 10);
}

static void
gst_bad_element_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstBadElement *self = (GstBadElement *) object;

  if (id == PROP_LIMIT)
    g_value_set_uint (value, self->limit);
  else if (id == PROP_RANGE)
    g_value_set_int (value, 1000);
  else if (GST_STATE (object) == GST_STATE_NULL)
    g_value_take_boxed (value, gst_structure_new ("stats", "badField", G_TYPE_INT, 1, NULL));
  else
    g_value_take_boxed (value, gst_structure_new_empty ("stats"));
}

static void
gst_bad_element_init (GstBadElement *self)
{
  GstPad *sink = gst_pad_new_from_static_template (&sink_template, "sink");
  GstPad *src = gst_pad_new_from_static_template (&src_template, "src");

  gst_pad_set_event_function (sink, swallow_event);
  gst_pad_set_query_function (sink, answer_query);
  gst_pad_set_event_function (src, swallow_event);
  gst_pad_set_query_function (src, answer_query);
  gst_element_add_pad (GST_ELEMENT (self), sink);
  gst_element_add_pad (GST_ELEMENT (self), src);
}

static void
gst_bad_element_class_init (GstBadElementClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GstElementClass *element_class = GST_ELEMENT_CLASS (class);

  object_class->set_property = gst_bad_element_set_property;
  object_class->get_property = gst_bad_element_get_property;
  g_object_class_install_property (object_class, PROP_LIMIT,
      g_param_spec_uint ("badLimit", "Limit", "limit", 0, 100, 5, G_PARAM_READWRITE));
  g_object_class_install_property (object_class, PROP_RANGE,
      g_param_spec_int ("range", "Range", "The property of a range", -1, 10, -1, G_PARAM_READABLE));
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Stats", "What was counted", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_add_static_pad_template (element_class, &empty_template);
  gst_element_class_set_static_metadata (
      element_class, "a bad element.", "Snk/Encoder/Video", "bad", "Anonymous");
  element_class->change_state = gst_bad_element_change_state;
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (plugin, "bad-element", GST_RANK_NONE, gst_bad_element_get_type ());
}

static void
expect (GenericCheck check, const gchar *const *wanted)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find ("bad-element");
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *text = NULL;

  g_assert_nonnull (factory);
  kept_elements = g_ptr_array_new_with_free_func (gst_object_unref);
  kept_files = g_array_new (FALSE, FALSE, sizeof (gint));
  check (factory, problems);
  g_ptr_array_add (problems, NULL);
  text = g_strjoinv ("\n", (gchar **) problems->pdata);
  for (guint i = 0; wanted[i]; i++) {
    if (!strstr (text, wanted[i])) {
      g_test_message ("not seen: %s\nseen:\n%s", wanted[i], text);
      g_test_fail ();
    }
  }
  g_ptr_array_unref (kept_elements);
  for (guint i = 0; i < kept_files->len; i++)
    close (g_array_index (kept_files, gint, i));
  g_array_unref (kept_files);
}

static void
test_inspect (void)
{
  static const gchar *const wanted[] = { "licence is not LGPL", "source package is not",
    "no package name", "origin is not gst-tributary", "plugin: no version",
    "plugin: description 'bad'", "name: not lower-case", "long name: 'a bad element.'",
    "description: 'bad' is not a sentence", "author: 'Anonymous' is not", "klass: 'Snk'",
    "decodebin and encodebin take it for an encoder", "pads: empty takes nothing",
    "badLimit: name is not in kebab-case", "badLimit: blurb 'limit'", "badLimit: no G_PARAM_STATIC",
    "badLimit: no GST_PARAM_MUTABLE", "badLimit: neither name nor blurb states the unit",
    "range: blurb 'The property of a range'", "range: blurb does not explain -1",
    "stats: named stats, not application/x-bad-element-stats", "stats: field badField is not in",
    "stats: field badField is a gint", NULL };

  expect (generic_check_inspect, wanted);
}

static void
test_states (void)
{
  static const gchar *const wanted[]
      = { "round 1: posts 'bad on purpose'", "round 3: cannot go to PLAYING", "leaves open files",
          "after three rounds: a reference to the element is kept", NULL };

  expect (generic_check_states, wanted);
}

static void
test_properties (void)
{
  static const gchar *const wanted[] = { "NULL: badLimit set to 100 reads 10",
    "NULL: range reads a value that its own range refuses", "stats has other fields in READY",
    "PLAYING: cannot go there", "PLAYING: posts 'bad on purpose'", NULL };

  expect (generic_check_properties, wanted);
}

static void
test_forwarding (void)
{
  static const gchar *const wanted[] = { "an unknown event from upstream does not go through",
    "an unknown event from downstream does not go through",
    "an unknown query from upstream does not go through",
    "an unknown query from downstream does not go through",
    "an unknown query from upstream is answered", "an unknown query from downstream is answered",
    NULL };

  refuse_playing = FALSE;
  expect (generic_check_forwarding, wanted);
  refuse_playing = TRUE;
}

static void
test_plugins_are_found (void)
{
  GList *factories = generic_factories ();
  gboolean found = FALSE;

  /* by the plugin's name; coreelements is not of this project */
  for (GList *f = factories; f; f = f->next) {
    found = found || g_str_equal (GST_OBJECT_NAME (f->data), "bad-element");
    g_assert_cmpstr (GST_OBJECT_NAME (f->data), !=, "fakesink");
  }
  g_assert_true (found);
  gst_plugin_feature_list_free (factories);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_assert_true (gst_plugin_register_static (GST_VERSION_MAJOR, GST_VERSION_MINOR, "tributarybad",
      "bad", plugin_init, "one", "Proprietary", "unknown", " ", "here"));
  g_test_add_func ("/generic-self/plugins-are-found", test_plugins_are_found);
  g_test_add_func ("/generic-self/inspect", test_inspect);
  g_test_add_func ("/generic-self/states", test_states);
  g_test_add_func ("/generic-self/properties", test_properties);
  g_test_add_func ("/generic-self/forwarding", test_forwarding);
  return trib_gst_test_run ();
}
