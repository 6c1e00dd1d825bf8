/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements with a property stats-interval-ms post what their property stats says. */
#include <gst/gst.h>

#include <trib-test.h>

#define INTERVAL_MS 5

typedef struct {
  GstElement *element;
  GstBus *bus;
  gchar *message;
} Rig;

static void
rig_init (Rig *rig, const gchar *name, guint interval_ms)
{
  rig->element = gst_object_ref_sink (gst_element_factory_make (name, NULL));
  rig->bus = gst_bus_new ();
  rig->message = g_strconcat (name, "-stats", NULL);
  gst_element_set_bus (rig->element, rig->bus);
  if (g_str_has_prefix (name, "kafka"))
    g_object_set (rig->element, "bootstrap-servers", "in-process", NULL);
  g_object_set (rig->element, "stats-interval-ms", interval_ms, NULL);
  g_assert_cmpint (
      gst_element_set_state (rig->element, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
}

static void
rig_clear (Rig *rig)
{
  gst_element_set_state (rig->element, GST_STATE_NULL);
  gst_element_set_bus (rig->element, NULL);
  gst_object_unref (rig->bus);
  gst_object_unref (rig->element);
  g_free (rig->message);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rig, rig_clear)

/* (nullable): the next one that is on the bus, up to @wait */
static GstMessage *
next (Rig *rig, GstClockTime wait)
{
  GstMessage *message;

  while ((message = gst_bus_timed_pop_filtered (rig->bus, wait, GST_MESSAGE_ELEMENT))) {
    if (gst_message_has_name (message, rig->message))
      return message;
    gst_message_unref (message);
  }
  return NULL;
}

static void
assert_some (Rig *rig)
{
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GstMessage) message = next (rig, 60 * GST_SECOND);
    g_autoptr (GstStructure) stats = NULL;

    g_assert_nonnull (message);
    g_object_get (rig->element, "stats", &stats, NULL);
    g_assert_cmpint (gst_structure_n_fields (gst_message_get_structure (message)), ==,
        gst_structure_n_fields (stats));
  }
}

/* Off by default; from PAUSED on; none after the element stopped: all waits have one thread, in
 * the order of their times, so another element's messages show that none is to be expected. */
static void
test_posts (gconstpointer name)
{
  g_auto (Rig) rig = { NULL }, off = { NULL };
  g_autoptr (GstMessage) late = NULL, none = NULL;

  rig_init (&off, name, 0);
  rig_init (&rig, name, INTERVAL_MS);
  assert_some (&rig);
  none = next (&off, 0);
  g_assert_null (none);
  gst_element_set_state (off.element, GST_STATE_NULL);
  gst_element_set_state (rig.element, GST_STATE_READY);
  {
    g_auto (Rig) other = { NULL };

    rig_init (&other, name, INTERVAL_MS);
    assert_some (&other);
    while ((late = next (&rig, 0)))
      g_clear_pointer (&late, gst_message_unref);
    assert_some (&other);
    late = next (&rig, 0);
    g_assert_null (late);
  }
  /* and again with the next start */
  gst_element_set_state (rig.element, GST_STATE_PAUSED);
  assert_some (&rig);
}

/* it may go away while a message is being made */
static void
test_goes (gconstpointer name)
{
  for (guint i = 0; i < 5; i++) {
    g_auto (Rig) rig = { NULL };

    rig_init (&rig, name, 1);
  }
}

int
main (int argc, char **argv)
{
  static const gchar *const names[] = { "kafkabinarysink", "kafkarecordsink", "kafkabinarysrc",
    "kafkarecordsrc", "obsaligner", "extractorbin" };

  trib_test_init (&argc, &argv);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (names[i]);
    g_autofree gchar *posts = g_strdup_printf ("/stats-posts/%s/posts", names[i]);
    g_autofree gchar *goes = g_strdup_printf ("/stats-posts/%s/goes", names[i]);

    /* the option of its plugin may be off */
    if (factory == NULL)
      continue;
    g_test_add_data_func (posts, names[i], test_posts);
    g_test_add_data_func (goes, names[i], test_goes);
  }
  return trib_test_run ();
}
