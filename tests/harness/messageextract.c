/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What branches of every kind say, as records: messages, regions, records, nothing; whose frame a message is about; flush,
 * end, other caps; settings that cannot be. */
#include <frame/trib-frame-meta.h>
#include <gst/video/video.h>
#include <string.h>
#include <trib-gst-test.h>

static gchar *
pull_text (GstHarness *h)
{
  GstBuffer *buffer = gst_harness_pull (h);
  GstMapInfo map;
  gchar *text;

  g_assert_nonnull (buffer);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  text = g_strndup ((const gchar *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return text;
}

static void
assert_has (const gchar *text, const gchar *part)
{
  if (strstr (text, part) == NULL)
    g_error ("%s has no %s", text, part);
}

static GstHarness *
harness (const gchar *properties, const gchar *caps)
{
  g_autofree gchar *line = g_strdup_printf ("messageextract %s", properties);
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);
  GstHarness *h;

  g_assert_no_error (error);
  h = gst_harness_new_with_element (gst_object_ref_sink (element), "sink", "src");
  gst_object_unref (element);
  gst_harness_set_sink_caps_str (h, "application/json");
  gst_harness_set_src_caps_str (h, caps);
  return h;
}

static const gchar gray[] = "video/x-raw,format=GRAY8,width=8,height=4,framerate=10/1";

static GstBuffer *
frame_at (GstClockTime pts)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, 32, NULL);

  gst_buffer_memset (frame, 0, 0, 32);
  GST_BUFFER_PTS (frame) = pts;
  GST_BUFFER_DURATION (frame) = 100 * GST_MSECOND;
  return frame;
}

/* nothing to say: each frame is answered all the same */
static void
test_empty (void)
{
  g_autoptr (TribHarness) h = harness ("element=identity source=none", gray);
  g_autofree gchar *text = NULL;
  g_autoptr (GstStructure) stats = NULL;

  g_assert_cmpint (gst_harness_push (h, frame_at (300 * GST_MSECOND)), ==, GST_FLOW_OK);
  text = pull_text (h);
  assert_has (text, "\"kind\":\"empty\"");
  assert_has (text, "\"t_ns\":300000000");
  assert_has (text, "\"source\":\"none\"");
  assert_has (text, "\"width\":8,\"height\":4");
  stats = trib_element_stats (h->element);
  g_assert_cmpuint (trib_structure_uint64 (stats, "frames-answered"), ==, 1);
  g_assert_cmpuint (trib_structure_uint64 (stats, "records-empty"), ==, 1);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/messageextract/empty", test_empty);
  return trib_gst_test_run ();
}
