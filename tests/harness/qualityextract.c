/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Figures of pictures that are known, the same in every format; identity; region and shrink; what
 * is refused. */
#include <frame/trib-frame-meta.h>
#include <gst/video/video.h>
#include <string.h>
#include <trib-gst-test.h>

/* text of the record of the next buffer */
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

static gdouble
number_of (const gchar *text, const gchar *name)
{
  g_autofree gchar *key = g_strdup_printf ("\"%s\":", name);
  const gchar *at = strstr (text, key);

  g_assert_nonnull (at);
  return g_ascii_strtod (at + strlen (key), NULL);
}

static GstHarness *
harness (const gchar *properties, const gchar *format, guint width, guint height)
{
  g_autofree gchar *line = g_strdup_printf ("qualityextract %s", properties);
  g_autofree gchar *caps = g_strdup_printf (
      "video/x-raw,format=%s,width=%u,height=%u,framerate=30/1", format, width, height);
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

/* white on the left, black on the right; of luma, within its range */
static GstBuffer *
halves (const gchar *format, guint width, guint height)
{
  GstVideoInfo info;
  GstVideoFrame frame;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, gst_video_format_from_string (format), width, height);
  buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&info), NULL);
  gst_buffer_memset (buffer, 0, 128, GST_VIDEO_INFO_SIZE (&info));
  g_assert_true (gst_video_frame_map (&frame, &info, buffer, GST_MAP_WRITE));
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++) {
      gboolean rgb = GST_VIDEO_INFO_IS_RGB (&info);
      gboolean full = rgb || g_str_equal (format, "GRAY8");
      guint pixel = rgb ? (guint) GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, 0) : 1;
      guint8 *p = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
                  + y * (guint) GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) + x * pixel;
      memset (p, x < width / 2 ? (full ? 255 : 235) : (full ? 0 : 16), pixel);
    }
  gst_video_frame_unmap (&frame);
  return buffer;
}

/* half white, half black: brightness and contrast are 127.5, and the two columns at the edge have
 * Laplacians of 255 */
static void
test_formats (void)
{
  static const gchar *const formats[] = { "I420", "YV12", "NV12", "NV21", "GRAY8", "RGB", "BGR",
    "RGBx", "BGRx", "xRGB", "xBGR", "RGBA", "BGRA", "ARGB", "ABGR" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autoptr (TribHarness) h = harness ("", formats[i], 50, 6);
    g_autofree gchar *text = NULL;

    g_test_message ("%s", formats[i]);
    g_assert_cmpint (gst_harness_push (h, halves (formats[i], 50, 6)), ==, GST_FLOW_OK);
    text = pull_text (h);
    g_assert_cmpfloat_with_epsilon (number_of (text, "brightness"), 127.5, 1e-9);
    g_assert_cmpfloat_with_epsilon (number_of (text, "contrast"), 127.5, 1e-9);
    g_assert_cmpfloat_with_epsilon (number_of (text, "blur"), 2.0 / 50 * 255 * 255, 1e-6);
    g_assert_cmpfloat (number_of (text, "width"), ==, 50);
    g_assert_cmpfloat (number_of (text, "height"), ==, 6);
  }
}

static void
test_region_and_shrink (void)
{
  g_autoptr (TribHarness) h = harness ("region=0,0,20,6 source=left", "GRAY8", 50, 6);
  g_autofree gchar *left = NULL, *right = NULL, *small = NULL, *region = NULL;

  gst_harness_push (h, halves ("GRAY8", 50, 6));
  left = pull_text (h);
  g_assert_cmpfloat (number_of (left, "brightness"), ==, 255);
  g_assert_cmpfloat (number_of (left, "blur"), ==, 0);
  g_assert_nonnull (strstr (left, "\"source\":\"left\""));
  /* more than there is counts as what there is */
  g_object_set (h->element, "region", "30,0,9999,9999", NULL);
  gst_harness_push (h, halves ("GRAY8", 50, 6));
  right = pull_text (h);
  g_assert_cmpfloat (number_of (right, "brightness"), ==, 0);
  g_object_set (h->element, "region", "", "shrink", 2, NULL);
  gst_harness_push (h, halves ("GRAY8", 50, 6));
  small = pull_text (h);
  /* boxes of two pixels: the edge is in the middle of one */
  g_assert_cmpfloat_with_epsilon (number_of (small, "brightness"), 127.5, 0.5);
  /* what is none stays what it was */
  g_object_set (h->element, "region", "1,2,3", NULL);
  g_object_get (h->element, "region", &region, NULL);
  g_assert_cmpstr (region, ==, "");
}

static guint
count_warnings (GstBus *bus)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING)) != NULL) {
    gst_message_unref (message);
    n++;
  }
  return n;
}

/* In NULL messages are dropped: the warning is posted again when the pipeline starts. */
static void
test_refused (void)
{
  static const gchar *const wrong[] = { "-1,0,5,5", "0,-1,5,5", "0,0,-5,5", "0,0,5,-5", "+1,0,5,5",
    "0,0,5,5,", "0,0,5,5 ", "0,0,0,5", "0,0,5,100000", "0.5,0,5,5", "0x1,0,5,5", "a" };
  GstElement *pipeline
      = gst_parse_launch ("qualityextract name=q region=1,2,3 ! fakesink async=false", NULL);
  g_autoptr (GstElement) q = gst_bin_get_by_name (GST_BIN (pipeline), "q");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autofree gchar *source = NULL, *long_name = g_strnfill (256, 'x');

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_assert_cmpuint (count_warnings (bus), ==, 1);
  g_object_set (q, "source", "left", "source", long_name, "source", "\xff", NULL);
  g_assert_cmpuint (count_warnings (bus), ==, 2);
  g_object_get (q, "source", &source, NULL);
  g_assert_cmpstr (source, ==, "left");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_object_set (q, "region", "1,2,3,4", NULL);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_assert_cmpuint (count_warnings (bus), ==, 0);
  /* %u takes a sign, and a number beyond is none */
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree gchar *region = NULL;

    g_object_set (q, "region", wrong[i], NULL);
    g_assert_cmpuint (count_warnings (bus), ==, 1);
    g_object_get (q, "region", &region, NULL);
    g_assert_cmpstr (region, ==, "1,2,3,4");
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

/* a frame of which nothing is left is dropped and counted */
static void
test_dropped (void)
{
  g_autoptr (TribHarness) h = harness ("region=60,0,10,10", "GRAY8", 50, 6);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstStructure) stats = NULL;

  gst_element_set_bus (h->element, bus);
  gst_harness_push (h, halves ("GRAY8", 50, 6));

  gst_harness_push (h, halves ("GRAY8", 50, 6));
  g_object_set (h->element, "region", "", NULL);
  gst_harness_push (h, halves ("GRAY8", 50, 6));
  gst_buffer_unref (gst_harness_pull (h));
  stats = trib_element_stats (h->element);
  g_assert_cmpuint (trib_structure_uint64 (stats, "frames-in"), ==, 3);
  g_assert_cmpuint (trib_structure_uint64 (stats, "records-out"), ==, 1);
  g_assert_cmpuint (trib_structure_uint64 (stats, "dropped"), ==, 2);
  g_assert_cmpuint (trib_structure_uint64 (stats, "dropped-empty"), ==, 2);
  g_assert_cmpuint (count_warnings (bus), ==, 1);
  gst_element_set_bus (h->element, NULL);
}

/* identity of the frame, or numbers and running times */
static void
test_identity (void)
{
  g_autoptr (TribHarness) h = harness ("", "GRAY8", 50, 6);
  TribFrameInfo info
      = { .session = "s", .stream = "camera", .index = 77, .t_ns = 1722513600000000005 };
  GstBuffer *frame = halves ("GRAY8", 50, 6);
  g_autofree gchar *named = NULL, *numbered = NULL;

  trib_frame_meta_set (frame, &info);
  gst_harness_push (h, frame);
  named = pull_text (h);
  g_assert_nonnull (strstr (named, "\"frame_id\":77,\"t_ns\":1722513600000000005,"
                                   "\"session\":\"s\",\"stream\":\"camera\","
                                   "\"source\":\"quality\","));
  frame = halves ("GRAY8", 50, 6);
  GST_BUFFER_PTS (frame) = 33;
  gst_harness_push (h, frame);
  numbered = pull_text (h);
  g_assert_nonnull (strstr (numbered, "\"frame_id\":1,\"t_ns\":33,\"source\":\"quality\","));
}

static void
test_msgpack (void)
{
  g_autoptr (TribHarness) h = gst_harness_new_parse ("qualityextract ! msgpackdec");
  g_autofree gchar *text = NULL;

  gst_harness_set_sink_caps_str (h, "application/json");
  gst_harness_set_src_caps_str (h, "video/x-raw,format=GRAY8,width=50,height=6,framerate=30/1");
  gst_harness_push (h, halves ("GRAY8", 50, 6));
  text = pull_text (h);
  g_assert_cmpfloat_with_epsilon (number_of (text, "brightness"), 127.5, 1e-9);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/qualityextract/formats", test_formats);
  g_test_add_func ("/qualityextract/region-and-shrink", test_region_and_shrink);
  g_test_add_func ("/qualityextract/refused", test_refused);
  g_test_add_func ("/qualityextract/dropped", test_dropped);
  g_test_add_func ("/qualityextract/identity", test_identity);
  if (trib_test_need_elements ("msgpackdec", NULL))
    g_test_add_func ("/qualityextract/msgpack", test_msgpack);
  return trib_gst_test_run ();
}
