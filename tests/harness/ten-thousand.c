/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ten thousand frames encoded, sent and read back while they are sent, in one process: for the
 * leaks tracer and the sanitizers, which run this as well. */
#include <trib-gst-test.h>

#define FRAMES 10000

static guint64
stat_of (GstElement *element, const gchar *field)
{
  g_autoptr (GstStructure) stats = trib_element_stats (element);

  return trib_structure_uint64 (stats, field);
}

static void
test_ten_thousand (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (240);
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) sink = NULL, src = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstMessage) eos = NULL;

  if (!trib_test_need_elements ("jpegenc", "jpegdec", "kafkabinarysink", "kafkabinarysrc", NULL))
    return;
  pipeline = gst_parse_launch (
      "videotestsrc num-buffers=" G_STRINGIFY (
          FRAMES) " pattern=ball"
                  " ! video/x-raw,width=32,height=32,framerate=30/1 ! frameencodebin format=jpeg "
                  "session-id=many"
                  " ! kafkabinarysink name=sink bootstrap-servers=in-process topic-prefix=many-"
                  " kafkabinarysrc name=src bootstrap-servers=in-process topic-prefix=many- "
                  "until=never"
                  " ! jpegdec ! fakesink async=false sync=false",
      &error);
  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  trib_set_state (pipeline, GST_STATE_PLAYING, 30000);
  trib_assert_eventually (stat_of (sink, "acknowledged") == FRAMES, 120000);
  /* the broker inside the process keeps 5 MiB: what it removed before it was read is reported */
  trib_assert_eventually (stat_of (src, "records-read") + stat_of (src, "records-lost") == FRAMES
                              && stat_of (src, "pending") == 0,
      60000);
  g_assert_cmpuint (stat_of (src, "pushed") + stat_of (src, "expired"), ==,
      FRAMES - stat_of (src, "records-lost"));
  g_assert_cmpuint (stat_of (src, "pushed"), >, 0);
  g_assert_true (gst_element_send_event (src, gst_event_new_eos ()));
  eos = trib_bus_wait (pipeline, GST_MESSAGE_EOS | GST_MESSAGE_ERROR, 30000);
  g_assert_cmpint (GST_MESSAGE_TYPE (eos), ==, GST_MESSAGE_EOS);
  g_assert_cmpuint (stat_of (sink, "produced"), ==, FRAMES);
  g_assert_cmpuint (stat_of (sink, "pinned-buffers"), ==, 0);
  trib_set_state (pipeline, GST_STATE_NULL, 30000);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/ten-thousand", test_ten_thousand);
  return trib_gst_test_run ();
}
