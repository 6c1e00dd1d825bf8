/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The identity of a frame goes through everything that makes one frame of one frame. */
#include <frame/trib-frame-meta.h>
#include <gst/video/video.h>

#include "trib-gst-test.h"

typedef struct {
  const gchar *name;
  const gchar *line;
  const gchar *elements[3];
  const gchar *package;
} Survivor;

/* x264enc reorders: with B-frames its output is not in the order of its input */
static const Survivor survivors[] = {
  { "jpegenc", "jpegenc", { "jpegenc" }, "gstreamer1.0-plugins-good" },
  { "pngenc", "videoconvert ! video/x-raw,format=RGB ! pngenc", { "pngenc" },
      "gstreamer1.0-plugins-good" },
  { "webpenc", "webpenc", { "webpenc" }, "gstreamer1.0-plugins-bad" },
  { "x264enc", "x264enc bframes=2 b-adapt=false rc-lookahead=4 sync-lookahead=0 threads=1",
      { "x264enc" }, "gstreamer1.0-plugins-ugly" },
  { "videoconvert", "videoconvert ! capsfilter caps=video/x-raw,format=BGRx", { "videoconvert" },
      "gstreamer1.0-plugins-base" },
  { "videoscale", "videoscale ! capsfilter caps=video/x-raw,width=32,height=24", { "videoscale" },
      "gstreamer1.0-plugins-base" },
  { "tee", "tee name=t ! fakesink async=false t. ! identity", { "tee" }, "libgstreamer1.0-0" },
  { "queue", "queue max-size-buffers=100", { "queue" }, "gstreamer1.0-tools" },
  { "jpegdec", "jpegenc ! jpegdec", { "jpegenc", "jpegdec" }, "gstreamer1.0-plugins-good" },
  { "avdec_h264",
      "x264enc bframes=2 b-adapt=false rc-lookahead=4 sync-lookahead=0 threads=1 ! "
      "avdec_h264 max-threads=1",
      { "x264enc", "avdec_h264" }, "gstreamer1.0-libav and gstreamer1.0-plugins-ugly" },
};

#define FRAMES 20
#define PTS(i) ((i) *GST_SECOND / 25)
#define T_NS(i) (G_GINT64_CONSTANT (1722513600000000000) + (i))

static GstBuffer *
make_frame (guint i)
{
  GstVideoInfo video;
  GstBuffer *buffer;
  const TribFrameInfo info = { .session = "my_session",
    .stream = "214-1",
    .index = 1000 + i,
    .t_ns = T_NS (i),
    .key = TRUE,
    .time_source = TRIB_TIME_SOURCE_REFERENCE,
    .quality = -1 };

  gst_video_info_set_format (&video, GST_VIDEO_FORMAT_I420, 64, 48);
  buffer = gst_buffer_new_allocate (NULL, video.size, NULL);
  gst_buffer_memset (buffer, 0, (guint8) (16 + 11 * i), -1);
  GST_BUFFER_PTS (buffer) = PTS (i);
  GST_BUFFER_DURATION (buffer) = PTS (1);
  trib_frame_meta_set (buffer, &info);
  return buffer;
}

static void
test_survives (gconstpointer data)
{
  const Survivor *s = data;
  g_autoptr (TribHarness) h = NULL;
  gboolean seen[FRAMES] = { FALSE };
  GstClockTime first = GST_CLOCK_TIME_NONE;
  guint out = 0;
  GstBuffer *buffer;

  for (guint i = 0; i < G_N_ELEMENTS (s->elements) && s->elements[i]; i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (s->elements[i]);
    if (factory == NULL) {
      g_autofree gchar *why
          = g_strdup_printf ("no element %s: Debian package %s", s->elements[i], s->package);
      g_test_skip (why);
      return;
    }
  }
  h = gst_harness_new_parse (s->line);
  gst_harness_set_src_caps_str (h, "video/x-raw,format=I420,width=64,height=48,framerate=25/1");
  for (guint i = 0; i < FRAMES; i++)
    g_assert_cmpint (gst_harness_push (h, make_frame (i)), ==, GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_eos ());
  trib_assert_eventually (gst_harness_buffers_received (h) >= FRAMES, 20000);
  while ((buffer = gst_harness_try_pull (h))) {
    TribFrameInfo info;
    guint i;

    g_assert_true (trib_frame_meta_get (buffer, &info));
    g_assert_cmpstr (info.session, ==, "my_session");
    g_assert_cmpstr (info.stream, ==, "214-1");
    g_assert_cmpuint (info.index, >=, 1000);
    g_assert_cmpuint (info.index, <, 1000 + FRAMES);
    i = info.index - 1000;
    g_assert_false (seen[i]);
    seen[i] = TRUE;
    g_assert_cmpint (info.t_ns, ==, T_NS (i));
    g_assert_true (info.key);
    g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_REFERENCE);
    /* the identity follows its own frame: encoders may shift all PTS by one amount, not each */
    if (!GST_CLOCK_TIME_IS_VALID (first))
      first = GST_BUFFER_PTS (buffer) - PTS (i);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, first + PTS (i));
    gst_buffer_unref (buffer);
    out++;
  }
  g_assert_cmpuint (out, ==, FRAMES);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (survivors); i++) {
    g_autofree gchar *name = g_strdup_printf ("/frame-meta/survives/%s", survivors[i].name);
    g_test_add_data_func (name, &survivors[i], test_survives);
  }
  return trib_gst_test_run ();
}
