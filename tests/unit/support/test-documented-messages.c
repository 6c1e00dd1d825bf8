/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <documented-messages.h>
#include <trib-gst-test.h>

/* Proves that a message which its page does not describe is noticed in every test. */

#define PAGE                                                                                    \
  "# talkative\n\nIntro with `talkative-elsewhere`.\n\n## Messages\n\nTwo of them.\n\n"         \
  "- `talkative-said`: it spoke. `word` (string): which; one `count-KIND` for each kind. More " \
  "on\n"                                                                                        \
  "  `tone-of-voice` (int).\n"                                                                  \
  "- `talkative-fell-silent`: it did not.\n\n## Stats\n\n- `loudness`: how loud\n"              \
  "- `talkative-hidden`: a field of stats, not a message\n"

typedef GstElement Talkative;
typedef GstElementClass TalkativeClass;

static GType talkative_get_type (void);
G_DEFINE_TYPE (Talkative, talkative, GST_TYPE_ELEMENT)

static void
talkative_class_init (TalkativeClass *class)
{
  gst_element_class_set_static_metadata (class, "Talkative", "Generic", "Speaks up", "Some One");
}

static void
talkative_init (Talkative *self)
{
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (plugin, "talkative", GST_RANK_NONE, talkative_get_type ());
}

static void
test_fields (void)
{
  g_assert_true (trib_message_field_is_documented (PAGE, "talkative-said", NULL));
  g_assert_true (trib_message_field_is_documented (PAGE, "talkative-said", "word"));
  g_assert_true (trib_message_field_is_documented (PAGE, "talkative-said", "tone-of-voice"));
  g_assert_true (trib_message_field_is_documented (PAGE, "talkative-said", "count-too-loud"));
  g_assert_false (trib_message_field_is_documented (PAGE, "talkative-said", "count-"));
  g_assert_false (trib_message_field_is_documented (PAGE, "talkative-said", "loudness"));
  g_assert_true (trib_message_field_is_documented (PAGE, "talkative-fell-silent", NULL));
  g_assert_false (trib_message_field_is_documented (PAGE, "talkative-fell-silent", "word"));
  g_assert_false (trib_message_field_is_documented (PAGE, "talkative-elsewhere", NULL));
  g_assert_false (trib_message_field_is_documented (PAGE, "talkative-hidden", NULL));
}

static void
post (GstElement *element, const gchar *message, const gchar *field)
{
  gst_element_post_message (element, gst_message_new_element (GST_OBJECT (element),
                                         gst_structure_new (message, field, G_TYPE_INT, 1, NULL)));
}

static void
test_posting (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *folder = g_build_filename (dir, "docs", "elements", NULL);
  g_autofree gchar *path = g_build_filename (folder, "talkative.md", NULL);
  g_autofree gchar *root = g_strdup (g_getenv ("TRIB_SOURCE_ROOT"));
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("talkative", NULL));

  g_setenv ("TRIB_SOURCE_ROOT", dir, TRUE);
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*talkative-said has no item under*");
  post (element, "talkative-said", "word");
  g_test_assert_expected_messages ();

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, PAGE, -1, NULL));
  post (element, "talkative-said", "word");
  post (element, "another-word", "whatever");
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*talkative-said*not name the field `secret`");
  post (element, "talkative-said", "secret");
  g_test_assert_expected_messages ();

  if (root)
    g_setenv ("TRIB_SOURCE_ROOT", root, TRUE);
  gst_object_unref (element);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_assert_true (gst_plugin_register_static (GST_VERSION_MAJOR, GST_VERSION_MINOR,
      "tributarytalkative", "speaks", plugin_init, "1.0", "LGPL", "gst-tributary", "gst-tributary",
      "https://gst-tributary.invalid/"));
  g_test_add_func ("/documented-messages/fields", test_fields);
  g_test_add_func ("/documented-messages/posting", test_posting);
  return trib_gst_test_run ();
}
