/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the Kafka elements have in common: settings that are refused, and what is never shown. */
#include <gst/gst.h>

#include <string.h>

#include <trib-test.h>

static const gchar *const elements[]
    = { "kafkabinarysink", "kafkarecordsink", "kafkabinarysrc", "kafkarecordsrc" };

typedef struct {
  GstElement *element;
  GstBus *bus;
} Rig;

static void
rig_init (Rig *rig, const gchar *name)
{
  rig->element = gst_object_ref_sink (gst_element_factory_make (name, NULL));
  rig->bus = gst_bus_new ();
  gst_element_set_bus (rig->element, rig->bus);
}

static void
rig_clear (Rig *rig)
{
  gst_element_set_state (rig->element, GST_STATE_NULL);
  gst_element_set_bus (rig->element, NULL);
  gst_object_unref (rig->bus);
  gst_object_unref (rig->element);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rig, rig_clear)

/* exactly one error, RESOURCE/SETTINGS, going to READY; returns its texts */
static gchar *
fail (Rig *rig)
{
  g_autoptr (GstMessage) first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  g_assert_cmpint (
      gst_element_set_state (rig->element, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  first = gst_bus_pop_filtered (rig->bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (first);
  gst_message_parse_error (first, &error, &debug);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  g_test_message ("%s", error->message);
  second = gst_bus_pop_filtered (rig->bus, GST_MESSAGE_ERROR);
  g_assert_null (second);
  return g_strconcat (error->message, "\n", debug, NULL);
}

static void
test_servers (gconstpointer name)
{
  static const gchar *const wrong[]
      = { "kafka://localhost:9092", "http://localhost", "\"localhost:9092\"", "localhost:99999",
          "localhost:9092,", ",", "::1", "in-process,localhost:0" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_auto (Rig) rig = { NULL };
    g_autofree gchar *text = NULL;

    rig_init (&rig, name);
    g_object_set (rig.element, "bootstrap-servers", wrong[i], NULL);
    text = fail (&rig);
    g_assert_nonnull (strstr (text, "bootstrap servers"));
    if (i > 0)
      continue;
    /* the element can be mended */
    g_object_set (rig.element, "bootstrap-servers", "in-process", NULL);
    g_assert_cmpint (
        gst_element_set_state (rig.element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  }
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autofree gchar *servers = g_strdup_printf ("/kafka-settings/%s/servers", elements[i]);

    g_test_add_data_func (servers, elements[i], test_servers);
  }
  return trib_test_run ();
}
