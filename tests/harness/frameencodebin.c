/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <frame/trib-frame-meta.h>
#include <gst/video/video.h>

#include "trib-gst-test.h"

#define I420_64 "video/x-raw,format=I420,width=64,height=48,framerate=25/1"

static const gchar *const media_types[]
    = { "video/x-raw", "image/jpeg", "image/png", "image/webp" };
static const gchar *const format_names[] = { "raw", "jpeg", "png", "webp" };
static const gchar *const decoders[] = { "identity", "jpegdec", "pngdec", "webpdec" };
enum { RAW, JPEG, PNG, WEBP };

/* closes at any moment */
static void
assert_stats_close (GstElement *element)
{
  static const gchar *const lost[] = { "failed-setup", "failed-conversion", "failed-encoder",
    "failed-negotiation", "dropped-segment", "dropped-flush", "pending" };
  g_autoptr (GstStructure) stats = trib_element_stats (element);
  guint64 sum = trib_structure_uint64 (stats, "frames-out");

  for (guint i = 0; i < G_N_ELEMENTS (lost); i++)
    sum += trib_structure_uint64 (stats, lost[i]);
  g_assert_cmpuint (trib_structure_uint64 (stats, "frames-in"), ==, sum);
}

static guint64
get_stat (GstElement *element, const gchar *field)
{
  g_autoptr (GstStructure) stats = trib_element_stats (element);

  return trib_structure_uint64 (stats, field);
}

static GstElement *
get_element (GstHarness *h)
{
  return gst_object_ref (h->element);
}

static GstBuffer *
make_frame (const GstVideoInfo *info, guint i)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info->size, NULL);

  gst_buffer_memset (buffer, 0, (guint8) (40 + 3 * i), -1);
  GST_BUFFER_PTS (buffer) = i * GST_SECOND / 25;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 25;
  return buffer;
}

static void
set_caps (GstHarness *h, const gchar *caps, GstVideoInfo *info)
{
  g_autoptr (GstCaps) c = gst_caps_from_string (caps);

  g_assert_true (gst_video_info_from_caps (info, c));
  gst_harness_set_src_caps (h, g_steal_pointer (&c));
}

static gboolean
need (const gchar *element, const gchar *package)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (element);

  if (factory == NULL) {
    g_autofree gchar *why = g_strdup_printf ("no element %s: Debian package %s", element, package);
    g_test_skip (why);
  }
  return factory != NULL;
}

static gboolean
need_all (void)
{
  return need ("jpegenc", "gstreamer1.0-plugins-good")
         && need ("pngenc", "gstreamer1.0-plugins-good")
         && need ("webpenc", "gstreamer1.0-plugins-bad");
}

/* ---- colours ---- */

static const struct {
  const gchar *caps;
  gboolean gray;
} colour_inputs[] = {
  { "video/x-raw,format=RGB", FALSE },
  { "video/x-raw,format=BGRx", FALSE },
  { "video/x-raw,format=RGBA", FALSE },
  { "video/x-raw,format=I420,colorimetry=bt601", FALSE },
  { "video/x-raw,format=I420,colorimetry=bt709", FALSE },
  { "video/x-raw,format=I420,colorimetry=1:4:0:0", FALSE },
  { "video/x-raw,format=NV12,colorimetry=bt601", FALSE },
  { "video/x-raw,format=YUY2,colorimetry=bt709", FALSE },
  { "video/x-raw,format=UYVY,colorimetry=bt601", FALSE },
  { "video/x-raw,format=AYUV,colorimetry=bt601", FALSE },
  { "video/x-raw,format=NV12,colorimetry=1:4:0:0", FALSE },
  { "video/x-raw,format=Y444,colorimetry=bt601", FALSE },
  { "video/x-raw,format=I420_10LE,colorimetry=bt709", FALSE },
  { "video/x-raw,format=GRAY8", TRUE },
};

/* black and white are the test of contrast */
static const guint8 solid[][3] = { { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 }, { 128, 128, 128 },
  { 0, 0, 0 }, { 255, 255, 255 }, { 180, 120, 60 } };

static GstBuffer *
convert (const GstVideoInfo *from, GstBuffer *buffer, const GstVideoInfo *to)
{
  GstVideoConverter *converter
      = gst_video_converter_new ((GstVideoInfo *) from, (GstVideoInfo *) to, NULL);
  GstBuffer *out = gst_buffer_new_allocate (NULL, to->size, NULL);
  GstVideoFrame f, t;

  g_assert_nonnull (converter);
  g_assert_true (gst_video_frame_map (&f, from, buffer, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&t, to, out, GST_MAP_WRITE));
  gst_video_converter_frame (converter, &f, &t);
  gst_video_frame_unmap (&f);
  gst_video_frame_unmap (&t);
  gst_video_converter_free (converter);
  gst_buffer_unref (buffer);
  return out;
}

/* a compressed picture as RGB */
static GstBuffer *
decode (guint format, GstBuffer *picture, GstCaps *caps, GstVideoInfo *rgb)
{
  g_autoptr (TribHarness) h = gst_harness_new (decoders[format]);
  g_autoptr (GstCaps) out_caps = NULL;
  GstVideoInfo out;
  GstBuffer *buffer;

  gst_harness_set_src_caps (h, gst_caps_copy (caps));
  g_assert_cmpint (gst_harness_push (h, picture), ==, GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_eos ());
  buffer = gst_harness_pull (h);
  g_assert_nonnull (buffer);
  out_caps = gst_pad_get_current_caps (h->sinkpad);
  g_assert_true (gst_video_info_from_caps (&out, out_caps));
  if (format == JPEG && GST_VIDEO_INFO_IS_YUV (&out)) {
    /* JFIF 1.02, whatever the decoder's caps say */
    out.colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255;
    out.colorimetry.matrix = GST_VIDEO_COLOR_MATRIX_BT601;
  }
  gst_video_info_set_format (rgb, GST_VIDEO_FORMAT_RGB, out.width, out.height);
  rgb->fps_n = out.fps_n;
  rgb->fps_d = out.fps_d;
  return convert (&out, buffer, rgb);
}

static GstBuffer *
paint (const GstVideoInfo *rgb, gint colour)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, rgb->size, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gint y = 0; y < rgb->height; y++)
    for (gint x = 0; x < rgb->width; x++)
      for (gint c = 0; c < 3; c++) {
        /* negative: a gradient, red to the right, green down, blue against red */
        gint ramp = c == 1 ? y * 255 / (rgb->height - 1) : x * 255 / (rgb->width - 1);
        map.data[y * rgb->stride[0] + 3 * x + c]
            = colour >= 0 ? solid[colour][c] : (guint8) (c == 2 ? 255 - ramp : ramp);
      }
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static void
compare (const GstVideoInfo *rgb, GstBuffer *got, GstBuffer *expected, gboolean gray, gint largest,
    gdouble mean, const gchar *what)
{
  gdouble sum = 0;
  gint worst = 0;
  GstMapInfo g, e;

  gst_buffer_map (got, &g, GST_MAP_READ);
  gst_buffer_map (expected, &e, GST_MAP_READ);
  for (gint y = 0; y < rgb->height; y++)
    for (gint x = 0; x < rgb->width; x++) {
      const guint8 *a = g.data + y * rgb->stride[0] + 3 * x,
                   *b = e.data + y * rgb->stride[0] + 3 * x;
      for (gint c = 0; c < 3; c++) {
        gint luma = (299 * b[0] + 587 * b[1] + 114 * b[2] + 500) / 1000;
        gint diff = ABS (a[c] - (gray ? luma : b[c]));
        worst = MAX (worst, diff);
        sum += diff;
      }
    }
  gst_buffer_unmap (got, &g);
  gst_buffer_unmap (expected, &e);
  sum /= 3.0 * rgb->width * rgb->height;
  g_test_message ("%s: mean difference %.2f, largest %d", what, sum, worst);
  if (worst > largest || sum > mean)
    g_error ("%s: mean difference %.2f (at most %.2f), largest %d (at most %d)", what, sum, mean,
        worst, largest);
}

/* What is allowed: GstVideoConverter, which makes this test's inputs and reads its outputs, rounds
 * down in 8 bits and loses up to 3 each way (unit-frame-frame-convert compares our own conversions
 * with exact arithmetic); JPEG and WebP at their qualities lose 2 or 3 more on solid colours, and
 * 4:2:0 smears the steepest edges of the gradient. Full-range pictures taken for limited range, or
 * BT.601 for BT.709, would be off by 16 and more. */
static void
check_colours (guint format, guint input, gint colour)
{
  g_autofree gchar *what = g_strdup_printf ("%s of %s, %s %d", format_names[format],
      colour_inputs[input].caps, colour >= 0 ? "colour" : "gradient", colour);
  g_autofree gchar *caps_text
      = g_strdup_printf ("%s,width=96,height=64,framerate=25/1", colour_inputs[input].caps);
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  g_autoptr (GstCaps) out_caps = NULL;
  g_autoptr (GstBuffer) painted = NULL, got = NULL;
  GstVideoInfo rgb, in;
  GstBuffer *picture;

  g_object_set (h->element, "format", format, NULL);
  set_caps (h, caps_text, &in);
  gst_video_info_set_format (&rgb, GST_VIDEO_FORMAT_RGB, 96, 64);
  rgb.fps_n = 25;
  painted = paint (&rgb, colour);
  picture = convert (&rgb, gst_buffer_ref (painted), &in);
  GST_BUFFER_PTS (picture) = 0;
  g_assert_cmpint (gst_harness_push (h, picture), ==, GST_FLOW_OK);
  picture = gst_harness_pull (h);
  out_caps = gst_pad_get_current_caps (h->sinkpad);
  got = decode (format, picture, out_caps, &rgb);
  if (colour >= 0)
    compare (&rgb, got, painted, colour_inputs[input].gray, 8, 4, what);
  else
    compare (&rgb, got, painted, colour_inputs[input].gray, 30, 5, what);
}

static void
test_colours (gconstpointer data)
{
  guint format = GPOINTER_TO_UINT (data);

  if (!need_all ())
    return;
  for (guint input = 0; input < G_N_ELEMENTS (colour_inputs); input++)
    for (gint colour = -1; colour < (gint) G_N_ELEMENTS (solid); colour++)
      check_colours (format, input, colour);
}

/* ---- identity ---- */

static void
test_identity (gconstpointer data)
{
  guint format = GPOINTER_TO_UINT (data);
  const gint qualities[] = { -1, 90, 6, 85 };
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstElement) element = NULL;
  GstVideoInfo in;
  TribFrameInfo info;

  if (!need_all ())
    return;
  h = gst_harness_new ("frameencodebin");
  element = get_element (h);
  g_object_set (element, "format", format, "session-id", "my_session", "stream-id", "214-1", NULL);
  /* session and stream are read at start: the harness has started the element already */
  gst_element_set_state (element, GST_STATE_READY);
  gst_element_set_state (element, GST_STATE_PLAYING);
  set_caps (h, I420_64, &in);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GstBuffer) out = gst_harness_push_and_pull (h, make_frame (&in, i));
    g_assert_true (trib_frame_meta_get (out, &info));
    g_assert_cmpstr (info.session, ==, "my_session");
    g_assert_cmpstr (info.stream, ==, "214-1");
    g_assert_cmpuint (info.index, ==, i);
    g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_RUNNING_TIME);
    g_assert_true (info.key);
    g_assert_cmpstr (info.format, ==, format_names[format]);
    g_assert_cmpint (info.quality, ==, qualities[format]);
    g_assert_cmpuint (info.original_size, ==, 64 * 48 * 3);
    g_assert_cmpuint (info.channels, ==, 3);
    g_assert_cmpuint (GST_BUFFER_PTS (out), ==, i * GST_SECOND / 25);
    g_assert_cmpuint (GST_BUFFER_DURATION (out), ==, GST_SECOND / 25);
  }
  g_assert_cmpuint (get_stat (element, "frames-out"), ==, 3);
  g_assert_cmpuint (get_stat (element, "bytes-in"), ==, 3 * in.size);
  assert_stats_close (element);
}

static void
test_keeps_identity (void)
{
  const TribFrameInfo theirs = { .session = "theirs",
    .stream = "cam",
    .index = 7,
    .t_ns = 8,
    .time_source = TRIB_TIME_SOURCE_REFERENCE,
    .quality = -1 };
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  g_autoptr (GstBuffer) out = NULL;
  TribFrameInfo info;
  GstVideoInfo in;
  GstBuffer *frame;

  set_caps (h, "video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1", &in);
  frame = make_frame (&in, 0);
  trib_frame_meta_set (frame, &theirs);
  out = gst_harness_push_and_pull (h, frame);
  g_assert_true (trib_frame_meta_get (out, &info));
  g_assert_cmpstr (info.session, ==, "theirs");
  g_assert_cmpstr (info.stream, ==, "cam");
  g_assert_cmpuint (info.index, ==, 7);
  g_assert_cmpint (info.t_ns, ==, 8);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_REFERENCE);
  g_assert_cmpstr (info.format, ==, "jpeg");
  g_assert_cmpuint (info.original_size, ==, 64 * 48);
  g_assert_cmpuint (info.channels, ==, 1);
}

static void
test_fresh_session (void)
{
  g_autoptr (GstElement) element
      = gst_object_ref_sink (gst_element_factory_make ("frameencodebin", NULL));
  g_autofree gchar *none = NULL, *first = NULL, *second = NULL;

  g_object_get (element, "session-id", &none, NULL);
  g_assert_null (none);
  gst_element_set_state (element, GST_STATE_PAUSED);
  g_object_get (element, "session-id", &first, NULL);
  g_assert_true (g_regex_match_simple ("^session-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$", first, 0, 0));
  gst_element_set_state (element, GST_STATE_READY);
  gst_element_set_state (element, GST_STATE_PAUSED);
  g_object_get (element, "session-id", &second, NULL);
  /* one second and one in 65536: the same only by a chance that a run does not see */
  g_assert_cmpstr (first, !=, second);
  gst_element_set_state (element, GST_STATE_NULL);
}

static void
assert_refused_start (GstElement *element, GQuark domain, gint code, const gchar *words)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL, more = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, domain, code);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
  more = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_null (more);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
}

static void
test_bad_ids (void)
{
  g_autoptr (GstElement) element
      = gst_object_ref_sink (gst_element_factory_make ("frameencodebin", NULL));
  g_autofree gchar *stream = NULL;

  g_object_set (element, "stream-id", "a_b", NULL);
  g_object_get (element, "stream-id", &stream, NULL);
  g_assert_cmpstr (stream, ==, "video-0");
  assert_refused_start (element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "use '-'");
  g_object_set (element, "stream-id", "a-b", NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (element, GST_STATE_NULL);
  g_object_set (element, "session-id", "", NULL);
  assert_refused_start (element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "is empty");
  /* one good value does not hide the other bad one */
  g_object_set (element, "stream-id", "a_b", NULL);
  g_object_set (element, "session-id", "good", NULL);
  assert_refused_start (element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "stream id");
  g_object_set (element, "stream-id", "good", NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (element, GST_STATE_NULL);
}

/* ---- switching ---- */

typedef struct {
  GstCaps *caps;
  guint next;
  guint caps_events;
} Watcher;

/* sees events and buffers in the order in which they come */
static GstPadProbeReturn
watch (GstPad *pad, GstPadProbeInfo *probe, gpointer data)
{
  Watcher *w = data;
  GstStructure *s;
  TribFrameInfo info;
  const gchar *expected = NULL;

  if (GST_PAD_PROBE_INFO_TYPE (probe) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT (probe);
    if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
      GstCaps *caps;
      gst_event_parse_caps (event, &caps);
      gst_caps_replace (&w->caps, caps);
      w->caps_events++;
    }
    return GST_PAD_PROBE_OK;
  }
  g_assert_nonnull (w->caps);
  g_assert_true (trib_frame_meta_get (GST_PAD_PROBE_INFO_BUFFER (probe), &info));
  g_assert_cmpuint (info.index, ==, w->next++);
  for (guint i = 0; i < G_N_ELEMENTS (format_names); i++)
    if (g_strcmp0 (info.format, format_names[i]) == 0)
      expected = media_types[i];
  s = gst_caps_get_structure (w->caps, 0);
  g_assert_cmpstr (gst_structure_get_name (s), ==, expected);
  return GST_PAD_PROBE_OK;
}

/* Contract ARIA-3: format and quality change while playing; one frame after each change, all there,
 * all decodable */
static void
test_switch_each_frame (void)
{
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstElement) element = NULL;
  Watcher w = { NULL };
  GstVideoInfo in;

  if (!need_all ())
    return;
  h = gst_harness_new ("frameencodebin");
  element = get_element (h);
  set_caps (h, I420_64, &in);
  gst_pad_add_probe (
      h->sinkpad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, watch, &w, NULL);
  for (guint i = 0; i <= 50; i++) {
    guint format = i % 4;
    gint quality = i % 3 == 0 ? -1 : (gint) (i * 2);
    gint real = format == RAW   ? -1
                : format == PNG ? (quality < 0 ? 6 : (quality * 9 + 50) / 100)
                : quality < 0   ? (format == JPEG ? 90 : 85)
                                : quality;
    g_autoptr (GstBuffer) got = NULL;
    GstBuffer *picture;
    GstVideoInfo rgb;
    TribFrameInfo info;

    g_object_set (element, "format", format, "quality", quality, NULL);
    picture = gst_harness_push_and_pull (h, make_frame (&in, i));
    g_assert_true (trib_frame_meta_get (picture, &info));
    g_assert_cmpstr (info.format, ==, format_names[format]);
    g_assert_cmpint (info.quality, ==, real);
    got = decode (format, picture, w.caps, &rgb);
    g_assert_cmpint (rgb.width, ==, 64);
    g_assert_cmpint (rgb.height, ==, 48);
  }
  g_assert_cmpuint (w.next, ==, 51);
  g_assert_cmpuint (w.caps_events, ==, 51);
  g_assert_cmpuint (get_stat (element, "switches"), ==, 50);
  g_assert_cmpuint (get_stat (element, "frames-out"), ==, 51);
  assert_stats_close (element);
  gst_caps_replace (&w.caps, NULL);
}

static gpointer
switcher (gpointer data)
{
  for (guint i = 0; i < 50; i++) {
    g_object_set (data, "format", (i + 1) % 4, "quality", (gint) (10 + i), NULL);
    g_thread_yield ();
  }
  return NULL;
}

/* from another thread, at any moment */
static void
test_switch_from_thread (void)
{
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstElement) element = NULL;
  Watcher w = { NULL };
  GstVideoInfo in;
  GThread *thread;
  guint i = 0;

  if (!need_all ())
    return;
  h = gst_harness_new ("frameencodebin");
  element = get_element (h);
  gst_harness_set_drop_buffers (h, TRUE);
  set_caps (h, I420_64, &in);
  gst_pad_add_probe (
      h->sinkpad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, watch, &w, NULL);
  thread = g_thread_new ("switcher", switcher, element);
  for (; i < 300; i++) {
    g_assert_cmpint (gst_harness_push (h, make_frame (&in, i)), ==, GST_FLOW_OK);
    assert_stats_close (element);
  }
  g_thread_join (thread);
  g_assert_cmpint (gst_harness_push (h, make_frame (&in, i)), ==, GST_FLOW_OK);
  g_assert_cmpuint (w.next, ==, 301);
  g_assert_cmpuint (get_stat (element, "frames-out"), ==, 301);
  /* the last request is in force */
  g_assert_cmpstr (
      gst_structure_get_name (gst_caps_get_structure (w.caps, 0)), ==, media_types[50 % 4]);
  gst_caps_replace (&w.caps, NULL);
}

/* what g_object_set() sets together comes together: a frame between the two is not made */
static void
test_set_together (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  g_autoptr (GstElement) element = get_element (h);
  g_autoptr (GstBuffer) out = NULL;
  TribFrameInfo info;
  GstVideoInfo in;

  set_caps (h, I420_64, &in);
  g_object_freeze_notify (G_OBJECT (element));
  g_object_set (element, "quality", 10, NULL);
  out = gst_harness_push_and_pull (h, make_frame (&in, 0));
  g_assert_true (trib_frame_meta_get (out, &info));
  g_assert_cmpint (info.quality, ==, 90);
  gst_clear_buffer (&out);
  g_object_set (element, "format", PNG, NULL);
  g_object_thaw_notify (G_OBJECT (element));
  out = gst_harness_push_and_pull (h, make_frame (&in, 1));
  g_assert_true (trib_frame_meta_get (out, &info));
  g_assert_cmpstr (info.format, ==, "png");
  g_assert_cmpint (info.quality, ==, 1);
  g_assert_cmpuint (get_stat (element, "switches"), ==, 1);
}

/* ---- streams ---- */

static void
test_caps_change (gconstpointer data)
{
  static const gchar *const caps[]
      = { I420_64, "video/x-raw,format=I420,width=37,height=23,framerate=25/1",
          "video/x-raw,format=RGB,width=37,height=23,framerate=25/1",
          "video/x-raw,format=GRAY8,width=37,height=23,framerate=25/1",
          "video/x-raw,format=NV12,width=128,height=96,framerate=25/1",
          "video/x-raw,format=RGB,width=128,height=96,framerate=25/1",
          "video/x-raw,format=I420,width=128,height=96,framerate=25/1" };
  guint format = GPOINTER_TO_UINT (data), n = 0;
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstElement) element = NULL;

  if (!need_all ())
    return;
  h = gst_harness_new ("frameencodebin");
  element = get_element (h);
  g_object_set (element, "format", format, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    GstVideoInfo in;

    set_caps (h, caps[i], &in);
    for (guint k = 0; k < 2; k++) {
      g_autoptr (GstCaps) out_caps = NULL;
      g_autoptr (GstBuffer) got = NULL;
      GstBuffer *picture = gst_harness_push_and_pull (h, make_frame (&in, n++));
      GstVideoInfo rgb;
      TribFrameInfo info;

      g_assert_true (trib_frame_meta_get (picture, &info));
      g_assert_cmpuint (info.original_size, ==,
          (guint64) in.width * in.height * (GST_VIDEO_INFO_IS_GRAY (&in) ? 1 : 3));
      if (format == RAW)
        g_assert_cmpuint (gst_buffer_get_size (picture), ==, info.original_size);
      out_caps = gst_pad_get_current_caps (h->sinkpad);
      got = decode (format, picture, out_caps, &rgb);
      g_assert_cmpint (rgb.width, ==, in.width);
      g_assert_cmpint (rgb.height, ==, in.height);
    }
  }
  assert_stats_close (element);
}

static void
test_eos (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  g_autoptr (GstElement) element = get_element (h);
  GstVideoInfo in;
  gboolean eos = FALSE;
  GstEvent *event;

  set_caps (h, I420_64, &in);
  gst_buffer_unref (gst_harness_push_and_pull (h, make_frame (&in, 0)));
  g_assert_true (gst_harness_push_event (h, gst_event_new_eos ()));
  while ((event = gst_harness_try_pull_event (h))) {
    eos = GST_EVENT_TYPE (event) == GST_EVENT_EOS;
    gst_event_unref (event);
  }
  /* the last of all */
  g_assert_true (eos);
  assert_stats_close (element);
}

static void
test_eos_without_frames (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  const GstEventType expected[] = { GST_EVENT_STREAM_START, GST_EVENT_SEGMENT, GST_EVENT_EOS };
  GstVideoInfo in;

  set_caps (h, I420_64, &in);
  g_assert_true (gst_harness_push_event (h, gst_event_new_eos ()));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_autoptr (GstEvent) event = gst_harness_try_pull_event (h);
    g_assert_nonnull (event);
    g_assert_cmpint (GST_EVENT_TYPE (event), ==, expected[i]);
  }
}

/* stream-start, caps, segment: in this order, each once, whatever is switched */
static void
test_event_order (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  g_autoptr (GstElement) element = get_element (h);
  const GstEventType expected[] = { GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT };
  GstVideoInfo in;
  guint i = 0, caps = 0;
  GstEvent *event;

  set_caps (h, I420_64, &in);
  gst_buffer_unref (gst_harness_push_and_pull (h, make_frame (&in, 0)));
  g_object_set (element, "format", RAW, NULL);
  gst_buffer_unref (gst_harness_push_and_pull (h, make_frame (&in, 1)));
  while ((event = gst_harness_try_pull_event (h))) {
    if (i < G_N_ELEMENTS (expected))
      g_assert_cmpint (GST_EVENT_TYPE (event), ==, expected[i]);
    else
      g_assert_true (
          GST_EVENT_TYPE (event) == GST_EVENT_CAPS || GST_EVENT_TYPE (event) == GST_EVENT_TAG);
    caps += GST_EVENT_TYPE (event) == GST_EVENT_CAPS;
    i++;
    gst_event_unref (event);
  }
  g_assert_cmpuint (caps, ==, 2);
}

static void
test_flush (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  g_autoptr (GstElement) element = get_element (h);
  GstSegment segment;
  GstVideoInfo in;
  TribFrameInfo info;

  set_caps (h, I420_64, &in);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint i = 0; i < 5; i++) {
    g_autoptr (GstBuffer) out = gst_harness_push_and_pull (h, make_frame (&in, i));
    g_assert_true (trib_frame_meta_get (out, &info));
    g_assert_cmpuint (info.index, ==, i);
    g_assert_true (gst_harness_push_event (h, gst_event_new_flush_start ()));
    g_assert_cmpint (gst_harness_push (h, make_frame (&in, i)), ==, GST_FLOW_FLUSHING);
    g_assert_true (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
    g_assert_true (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  }
  assert_stats_close (element);
}

/* the end of a flush goes on even where no caps were set yet: downstream would stay flushing */
static void
test_flush_before_caps (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  GstSegment segment;
  GstVideoInfo in;

  g_assert_true (gst_harness_push_event (h, gst_event_new_stream_start ("s")));
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  set_caps (h, I420_64, &in);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  gst_buffer_unref (gst_harness_push_and_pull (h, make_frame (&in, 0)));
}

static void
test_segment_drops (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  g_autoptr (GstElement) element = get_element (h);
  GstSegment segment;
  GstVideoInfo in;

  set_caps (h, I420_64, &in);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 10 * GST_SECOND;
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  g_assert_cmpint (gst_harness_push (h, make_frame (&in, 0)), ==, GST_FLOW_OK);
  g_assert_cmpuint (gst_harness_buffers_received (h), ==, 0);
  g_assert_cmpuint (get_stat (element, "dropped-segment"), ==, 1);
  assert_stats_close (element);
}

static void
test_states (gconstpointer data)
{
  guint format = GPOINTER_TO_UINT (data);
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc ! video/x-raw,width=64,height=48 ! frameencodebin name=e format=%s ! fakesink",
      format_names[format]);
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) element = NULL;

  if (!need_all () || !need ("videotestsrc", "gstreamer1.0-plugins-base"))
    return;
  pipeline = gst_parse_launch (line, NULL);
  element = gst_bin_get_by_name (GST_BIN (pipeline), "e");
  for (guint i = 0; i < 20; i++) {
    trib_set_state (pipeline, GST_STATE_PAUSED, 10000);
    trib_set_state (pipeline, GST_STATE_PLAYING, 10000);
    trib_assert_eventually (get_stat (element, "frames-out") > 2, 10000);
    if (i % 2)
      trib_set_state (pipeline, GST_STATE_PAUSED, 10000);
    trib_set_state (pipeline, i % 3 ? GST_STATE_READY : GST_STATE_NULL, 10000);
    assert_stats_close (element);
    g_assert_cmpuint (get_stat (element, "pending"), ==, 0);
  }
  trib_set_state (pipeline, GST_STATE_NULL, 10000);
}

/* ---- failures ---- */

static void
test_short_buffer (gconstpointer data)
{
  guint format = GPOINTER_TO_UINT (data);
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstElement) element = NULL;
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  GstVideoInfo in;
  TribFrameInfo info;
  GstBuffer *out;

  if (!need_all ())
    return;
  h = gst_harness_new ("frameencodebin");
  element = get_element (h);
  g_object_set (element, "format", format, NULL);
  gst_element_set_bus (element, bus);
  set_caps (h, "video/x-raw,format=NV12,width=64,height=48,framerate=25/1", &in);
  g_assert_cmpint (
      gst_harness_push (h, gst_buffer_new_allocate (NULL, in.size - 1, NULL)), ==, GST_FLOW_OK);
  g_assert_cmpuint (get_stat (element, "failed-conversion"), ==, 1);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
  g_assert_nonnull (message);
  g_assert_true (gst_message_has_name (message, "frameencodebin-frame-failed"));
  g_assert_cmpstr (gst_structure_get_string (gst_message_get_structure (message), "reason"), ==,
      "failed-conversion");
  /* the next is not harmed, and its index shows the gap */
  out = gst_harness_push_and_pull (h, make_frame (&in, 1));
  g_assert_true (trib_frame_meta_get (out, &info));
  g_assert_cmpuint (info.index, ==, 1);
  gst_buffer_unref (out);
  assert_stats_close (element);
  gst_element_set_bus (element, NULL);
}

static void
test_refused_caps (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("frameencodebin");
  g_autoptr (GstElement) element = get_element (h);
  GstVideoInfo in;

  gst_harness_set_sink_caps_str (h, "image/png");
  set_caps (h, I420_64, &in);
  g_assert_cmpint (gst_harness_push (h, make_frame (&in, 0)), ==, GST_FLOW_NOT_NEGOTIATED);
  g_assert_cmpuint (get_stat (element, "failed-negotiation"), ==, 1);
  assert_stats_close (element);
  /* and the next that suits goes through */
  g_object_set (element, "format", PNG, NULL);
  gst_buffer_unref (gst_harness_push_and_pull (h, make_frame (&in, 1)));
  assert_stats_close (element);
}

/* what downstream asks of the size is asked of upstream */
static void
test_size_negotiation (void)
{
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstCaps) caps = NULL;
  GstStructure *s;
  GstVideoInfo in;
  gint width;

  if (!need ("videoscale", "gstreamer1.0-plugins-base"))
    return;
  h = gst_harness_new_parse (
      "videoscale ! frameencodebin ! capsfilter caps=image/jpeg,width=32,height=24");
  set_caps (h, I420_64, &in);
  gst_buffer_unref (gst_harness_push_and_pull (h, make_frame (&in, 0)));
  caps = gst_pad_get_current_caps (h->sinkpad);
  s = gst_caps_get_structure (caps, 0);
  g_assert_true (gst_structure_get_int (s, "width", &width));
  g_assert_cmpint (width, ==, 32);
}

/* the registry without an encoder's plugin is a system without its package */
static void
test_missing_encoder (void)
{
  g_autoptr (GstPluginFeature) feature
      = gst_registry_lookup_feature (gst_registry_get (), "webpenc");
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstElement) element = NULL, other = NULL;
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) missing = NULL, message = NULL, more = NULL;
  g_autoptr (GError) error = NULL;
  GstVideoInfo in;

  if (feature)
    gst_registry_remove_feature (gst_registry_get (), feature);
  other = gst_object_ref_sink (gst_element_factory_make ("frameencodebin", NULL));
  g_object_set (other, "format", WEBP, NULL);
  assert_refused_start (
      other, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN, "gstreamer1.0-plugins-bad");

  h = gst_harness_new ("frameencodebin");
  element = get_element (h);
  gst_element_set_bus (element, bus);
  set_caps (h, I420_64, &in);
  gst_buffer_unref (gst_harness_push_and_pull (h, make_frame (&in, 0)));
  g_object_set (element, "format", WEBP, NULL);
  g_assert_cmpint (gst_harness_push (h, make_frame (&in, 1)), ==, GST_FLOW_ERROR);
  missing = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
  g_assert_true (gst_message_has_name (missing, "missing-plugin"));
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN);
  more = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_null (more);
  g_assert_cmpuint (get_stat (element, "failed-setup"), ==, 1);
  assert_stats_close (element);
  if (feature)
    gst_registry_add_feature (gst_registry_get (), gst_object_ref (feature));
  gst_element_set_bus (element, NULL);
}

static void
add_for_each_format (const gchar *name, GTestDataFunc function)
{
  for (guint i = 0; i < G_N_ELEMENTS (format_names); i++) {
    g_autofree gchar *path = g_strdup_printf ("/frameencodebin/%s/%s", name, format_names[i]);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), function);
  }
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  add_for_each_format ("colours", test_colours);
  add_for_each_format ("identity/ARIA-2", test_identity);
  g_test_add_func ("/frameencodebin/keeps-identity", test_keeps_identity);
  g_test_add_func ("/frameencodebin/fresh-session", test_fresh_session);
  g_test_add_func ("/frameencodebin/bad-ids", test_bad_ids);
  g_test_add_func ("/frameencodebin/switch/ARIA-3/each-frame", test_switch_each_frame);
  g_test_add_func ("/frameencodebin/switch/ARIA-3/from-thread", test_switch_from_thread);
  g_test_add_func ("/frameencodebin/switch/set-together", test_set_together);
  add_for_each_format ("caps-change", test_caps_change);
  g_test_add_func ("/frameencodebin/eos", test_eos);
  g_test_add_func ("/frameencodebin/eos-without-frames", test_eos_without_frames);
  g_test_add_func ("/frameencodebin/event-order", test_event_order);
  g_test_add_func ("/frameencodebin/flush", test_flush);
  g_test_add_func ("/frameencodebin/flush-before-caps", test_flush_before_caps);
  g_test_add_func ("/frameencodebin/segment-drops", test_segment_drops);
  add_for_each_format ("states", test_states);
  add_for_each_format ("short-buffer", test_short_buffer);
  g_test_add_func ("/frameencodebin/refused-caps", test_refused_caps);
  g_test_add_func ("/frameencodebin/size-negotiation", test_size_negotiation);
  g_test_add_func ("/frameencodebin/missing-encoder", test_missing_encoder);
  return trib_gst_test_run ();
}
