/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <frame/trib-frame-meta.h>

#include "trib-gst-test.h"

static const TribFrameInfo full = {
  .session = "my_session",
  .stream = "214-1",
  .index = G_MAXUINT64,
  .t_ns = G_MININT64,
  .key = TRUE,
  .time_source = TRIB_TIME_SOURCE_REFERENCE,
  .format = "jpeg",
  .quality = 90,
  .original_size = 921600,
  .channels = 3,
};

static void
assert_same (const TribFrameInfo *a, const TribFrameInfo *b)
{
  g_assert_cmpstr (a->session, ==, b->session);
  g_assert_cmpstr (a->stream, ==, b->stream);
  g_assert_cmpuint (a->index, ==, b->index);
  g_assert_cmpint (a->t_ns, ==, b->t_ns);
  g_assert_cmpint (a->key, ==, b->key);
  g_assert_cmpint (a->time_source, ==, b->time_source);
  g_assert_cmpstr (a->format, ==, b->format);
  g_assert_cmpint (a->quality, ==, b->quality);
  g_assert_cmpuint (a->original_size, ==, b->original_size);
  g_assert_cmpuint (a->channels, ==, b->channels);
}

static void
test_round_trip (void)
{
  const TribFrameInfo least = { .session = "s", .stream = "v", .quality = -1 };
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  TribFrameInfo got = { .index = 42 };

  g_assert_false (trib_frame_meta_get (buffer, &got));
  g_assert_cmpuint (got.index, ==, 42);
  trib_frame_meta_set (buffer, &full);
  g_assert_true (trib_frame_meta_get (buffer, &got));
  assert_same (&got, &full);
  /* replaces, so that what is no longer said is gone */
  trib_frame_meta_set (buffer, &least);
  g_assert_true (trib_frame_meta_get (buffer, &got));
  assert_same (&got, &least);
  g_assert_cmpuint (
      gst_buffer_get_n_meta (buffer, gst_meta_get_info (TRIB_FRAME_META_NAME)->api), ==, 1);
}

/* the strings of the new value may be those of the meta that goes */
static void
test_set_from_itself (void)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  TribFrameInfo got, expected = full;

  trib_frame_meta_set (buffer, &full);
  g_assert_true (trib_frame_meta_get (buffer, &got));
  got.quality = expected.quality = 50;
  trib_frame_meta_set (buffer, &got);
  g_assert_true (trib_frame_meta_get (buffer, &got));
  assert_same (&got, &expected);
}

static void
test_copy (void)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autoptr (GstBuffer) copy = NULL;
  TribFrameInfo got;

  trib_frame_meta_set (buffer, &full);
  copy = gst_buffer_copy (buffer);
  gst_clear_buffer (&buffer);
  g_assert_true (trib_frame_meta_get (copy, &got));
  assert_same (&got, &full);
}

/* an application may write the meta by its name alone; without the four that make an identity it is
 * none */
static void
test_by_name (void)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  GstCustomMeta *meta = gst_buffer_add_custom_meta (buffer, TRIB_FRAME_META_NAME);
  GstStructure *s = gst_custom_meta_get_structure (meta);
  TribFrameInfo got;

  gst_structure_set (s, "session", G_TYPE_STRING, "s", "stream", G_TYPE_STRING, "v", "index",
      G_TYPE_UINT64, (guint64) 1, NULL);
  g_assert_false (trib_frame_meta_get (buffer, &got));
  gst_structure_set (s, "t-ns", G_TYPE_INT64, (gint64) 2, NULL);
  g_assert_true (trib_frame_meta_get (buffer, &got));
  g_assert_cmpint (got.time_source, ==, TRIB_TIME_SOURCE_META);
  g_assert_cmpint (got.quality, ==, -1);
  g_assert_null (got.format);
  gst_structure_set (s, "time-source", G_TYPE_STRING, "sundial", NULL);
  g_assert_true (trib_frame_meta_get (buffer, &got));
  g_assert_cmpint (got.time_source, ==, TRIB_TIME_SOURCE_META);
}

static void
test_has_no_tags (void)
{
  const GstMetaInfo *info = gst_meta_get_info (TRIB_FRAME_META_NAME);

  g_assert_true (gst_meta_info_is_custom (info));
  g_assert_null (gst_meta_api_type_get_tags (info->api));
}

static gpointer
register_thread (gpointer unused)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  TribFrameInfo got;

  trib_frame_meta_register ();
  trib_frame_meta_set (buffer, &full);
  g_assert_true (trib_frame_meta_get (buffer, &got));
  return NULL;
}

/* runs first, in a process that has not registered yet */
static void
test_register_in_threads (void)
{
  GThread *threads[8];

  g_assert_null (gst_meta_get_info (TRIB_FRAME_META_NAME));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("register", register_thread, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_nonnull (gst_meta_get_info (TRIB_FRAME_META_NAME));
}

static void
test_time_sources (void)
{
  const gchar *const names[] = { "meta", "reference", "running-time", "wall" };
  TribTimeSource source = TRIB_TIME_SOURCE_WALL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_assert_cmpstr (trib_time_source_to_string (i), ==, names[i]);
    g_assert_true (trib_time_source_from_string (names[i], &source));
    g_assert_cmpuint (source, ==, i);
  }
  g_assert_false (trib_time_source_from_string ("Meta", &source));
  g_assert_false (trib_time_source_from_string (NULL, &source));
  g_assert_cmpuint (source, ==, TRIB_TIME_SOURCE_WALL);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/frame-meta/register-in-threads", test_register_in_threads);
  g_test_add_func ("/frame-meta/has-no-tags", test_has_no_tags);
  g_test_add_func ("/frame-meta/round-trip", test_round_trip);
  g_test_add_func ("/frame-meta/set-from-itself", test_set_from_itself);
  g_test_add_func ("/frame-meta/copy", test_copy);
  g_test_add_func ("/frame-meta/by-name", test_by_name);
  g_test_add_func ("/frame-meta/time-sources", test_time_sources);
  return trib_gst_test_run ();
}
