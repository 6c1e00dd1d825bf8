/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <frame/trib-frame-meta.h>
#include <gst/video/video.h>
#include <string.h>

#include "trib-gst-test.h"

#define ORIGIN (G_GINT64_CONSTANT (1769860800000000000)) /* 2026-01-31T12:00:00Z */
#define FRAME (GST_SECOND / 25)

static GstBuffer *
make_frame (guint i)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 64, NULL);

  GST_BUFFER_PTS (buffer) = i * FRAME;
  GST_BUFFER_DURATION (buffer) = FRAME;
  return buffer;
}

static TribHarness *
make_harness (const gchar *properties, const gchar *caps)
{
  g_autofree gchar *line = g_strdup_printf ("framestamp name=stamp %s", properties);
  TribHarness *h = gst_harness_new_parse (line);

  gst_harness_set_src_caps_str (h, caps);
  return h;
}

static GstElement *
get_stamp (GstHarness *h)
{
  return GST_IS_BIN (h->element) ? gst_bin_get_by_name (GST_BIN (h->element), "stamp")
                                 : gst_object_ref (h->element);
}

static guint64
get_stat (GstHarness *h, const gchar *field)
{
  g_autoptr (GstElement) element = get_stamp (h);
  g_autoptr (GstStructure) stats = trib_element_stats (element);

  return trib_structure_uint64 (stats, field);
}

static const gchar *const any_caps[] = {
  "video/x-raw,format=I420,width=64,height=48,framerate=25/1",
  "video/x-raw(memory:DMABuf),format=NV12,width=64,height=48,framerate=25/1",
  "video/x-bayer,format=bggr,width=64,height=48,framerate=25/1",
  "image/jpeg,width=64,height=48",
  "image/x-jpc",
  "video/x-h264,stream-format=byte-stream,alignment=au",
  "video/x-h264,stream-format=avc",
  "video/x-av1,alignment=tu",
  "video/x-vp9",
};

/* on any stream: the identity, and nothing else of the buffer */
static void
test_any (gconstpointer data)
{
  g_autoptr (TribHarness) h = make_harness (
      "session-id=my_session stream-id=214-1 time-origin=2026-01-31T12:00:00Z", data);

  for (guint i = 0; i < 5; i++) {
    g_autoptr (GstBuffer) in = make_frame (i), out = NULL;
    TribFrameInfo info;

    if (i % 2 == 1)
      GST_BUFFER_FLAG_SET (in, GST_BUFFER_FLAG_DELTA_UNIT);
    /* someone else has it as well, so it must stay what it is */
    out = gst_harness_push_and_pull (h, gst_buffer_ref (in));
    g_assert_false (trib_frame_meta_get (in, &info));
    g_assert_true (trib_frame_meta_get (out, &info));
    g_assert_cmpstr (info.session, ==, "my_session");
    g_assert_cmpstr (info.stream, ==, "214-1");
    g_assert_cmpuint (info.index, ==, i);
    g_assert_cmpint (info.t_ns, ==, ORIGIN + (gint64) (i * FRAME));
    g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_RUNNING_TIME);
    g_assert_cmpint (info.key, ==, i % 2 == 0);
    g_assert_null (info.format);
    g_assert_true (gst_buffer_peek_memory (in, 0) == gst_buffer_peek_memory (out, 0));
    g_assert_cmpuint (GST_BUFFER_PTS (out), ==, i * FRAME);
    g_assert_cmpuint (GST_BUFFER_DURATION (out), ==, FRAME);
    g_assert_cmpuint (GST_BUFFER_FLAGS (out), ==, GST_BUFFER_FLAGS (in));
  }
  g_assert_cmpuint (get_stat (h, "frames-in"), ==, 5);
  g_assert_cmpuint (get_stat (h, "stamped"), ==, 5);
  g_assert_cmpuint (get_stat (h, "time-running-time"), ==, 5);
}

/* ---- what a frame carries, and what is set ---- */

static const struct {
  const gchar *name, *element, *properties;
  const gchar *session, *stream; /* of a frame of theirs/cam */
} settings[] = {
  { "none", "framestamp", "", "theirs", "cam" },
  { "session", "framestamp", "session-id=ours", "ours", "cam" },
  { "stream", "framestamp", "stream-id=video-0", "theirs", "video-0" },
  { "both", "framestamp", "session-id=ours stream-id=front", "ours", "front" },
  { "both-encoded", "frameencodebin", "session-id=ours stream-id=front", "ours", "front" },
  { "none-encoded", "frameencodebin", "", "theirs", "cam" },
};

static void
test_setting (gconstpointer data)
{
  const TribFrameInfo theirs = { .session = "theirs",
    .stream = "cam",
    .index = 7,
    .t_ns = -8,
    .time_source = TRIB_TIME_SOURCE_REFERENCE,
    .quality = -1 };
  g_autofree gchar *line = g_strdup_printf ("%s %s", settings[GPOINTER_TO_UINT (data)].element,
      settings[GPOINTER_TO_UINT (data)].properties);
  g_autoptr (TribHarness) h = gst_harness_new_parse (line);
  g_autofree gchar *session = NULL, *stream = NULL;
  g_autoptr (GstElement) element
      = gst_harness_find_element (h, settings[GPOINTER_TO_UINT (data)].element);
  g_autoptr (GstBuffer) out = NULL;
  GstBuffer *in = gst_buffer_new_allocate (NULL, 64 * 48 * 3 / 2, NULL);
  TribFrameInfo info;

  gst_harness_set_src_caps_str (h, any_caps[0]);
  gst_buffer_memset (in, 0, 99, -1);
  GST_BUFFER_PTS (in) = 0;
  trib_frame_meta_set (in, &theirs);
  out = gst_harness_push_and_pull (h, in);
  g_assert_true (trib_frame_meta_get (out, &info));
  g_assert_cmpstr (info.session, ==, settings[GPOINTER_TO_UINT (data)].session);
  g_assert_cmpstr (info.stream, ==, settings[GPOINTER_TO_UINT (data)].stream);
  g_assert_cmpuint (info.index, ==, 7);
  g_assert_cmpint (info.t_ns, ==, -8);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_REFERENCE);
  /* and reading shows what is really used */
  g_object_get (element, "session-id", &session, "stream-id", &stream, NULL);
  g_assert_cmpstr (session, ==, info.session);
  g_assert_cmpstr (stream, ==, info.stream);
}

static void
test_stats (void)
{
  const TribFrameInfo theirs
      = { .session = "theirs", .stream = "cam", .index = 7, .t_ns = 8, .quality = -1 };
  g_autoptr (TribHarness) h = make_harness ("", any_caps[0]);
  g_autoptr (GstCaps) reference = gst_caps_new_empty_simple ("timestamp/x-unix");

  for (guint i = 0; i < 4; i++) {
    GstBuffer *in = make_frame (i);

    if (i == 0)
      trib_frame_meta_set (in, &theirs);
    if (i == 1)
      gst_buffer_add_reference_timestamp_meta (in, reference, 5, GST_CLOCK_TIME_NONE);
    if (i == 2)
      GST_BUFFER_PTS (in) = GST_CLOCK_TIME_NONE;
    g_assert_cmpint (gst_harness_push (h, in), ==, GST_FLOW_OK);
  }
  g_assert_cmpuint (get_stat (h, "frames-in"), ==, 4);
  g_assert_cmpuint (get_stat (h, "kept"), ==, 1);
  g_assert_cmpuint (get_stat (h, "stamped"), ==, 3);
  g_assert_cmpuint (get_stat (h, "time-reference"), ==, 1);
  g_assert_cmpuint (get_stat (h, "time-wall"), ==, 1);
  g_assert_cmpuint (get_stat (h, "time-running-time"), ==, 1);
}

/* ---- what is refused ---- */

static const gchar *const bad_settings[] = {
  "framestamp stream-id=a_b",
  "framestamp session-id=\"\"",
  "framestamp time-origin=yesterday",
  "framestamp time-origin=2026-01-31",
  "frameencodebin time-origin=99999999999999999999",
};

static void
test_bad_settings (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_settings); i++) {
    g_autoptr (GstElement) element = gst_parse_launch (bad_settings[i], NULL);
    g_autoptr (GstBus) bus = gst_bus_new ();
    g_autoptr (GstMessage) message = NULL;
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", bad_settings[i]);
    gst_object_ref_sink (element);
    gst_element_set_bus (element, bus);
    g_assert_cmpint (
        gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    g_assert_nonnull (message);
    gst_message_parse_error (message, &error, NULL);
    g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, NULL);
  }
}

static const gchar *const parts_of_frames[] = {
  "video/x-h264,stream-format=byte-stream,alignment=nal",
  "video/x-h265,stream-format=byte-stream,alignment=nal",
  "video/x-av1,stream-format=obu-stream,alignment=obu",
};

static void
test_no_frames (gconstpointer data)
{
  g_autoptr (TribHarness) h = make_harness ("", data);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL, more = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (h->element, bus);
  g_assert_cmpint (gst_harness_push (h, make_frame (0)), ==, GST_FLOW_NOT_NEGOTIATED);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "not whole frames"));
  more = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_null (more);
  gst_element_set_bus (h->element, NULL);
}

/* ---- time ---- */

typedef struct {
  gint n;                  /* atomic */
  gint64 t_ns, running_ns; /* of the last frame, once the pipeline has stopped */
} Seen;

static void
on_frame (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  gint64 now = g_get_real_time () * 1000;
  Seen *seen = data;
  TribFrameInfo info;

  g_assert_true (trib_frame_meta_get (buffer, &info));
  g_assert_cmpint (info.t_ns, <, now + (gint64) GST_SECOND);
  seen->t_ns = info.t_ns;
  seen->running_ns = (gint64) GST_BUFFER_PTS (buffer);
  g_atomic_int_inc (&seen->n);
}

#define PAUSE_US (400 * 1000)

static const gchar *const live_lines[] = {
  "videotestsrc is-live=true ! video/x-raw,width=32,height=32,framerate=50/1 ! framestamp",
  "videotestsrc is-live=true ! video/x-raw,width=32,height=32,framerate=50/1 ! queue ! "
  "frameencodebin format=raw",
};
static const gchar file_line[] = "videotestsrc ! video/x-raw,width=32,height=32,framerate=50/1 ! "
                                 "framestamp";

/* returns how far capture time and running time moved apart over a pause */
static gint64
run_with_pause (const gchar *line, gboolean paced)
{
  g_autofree gchar *whole = g_strdup_printf (
      "%s ! fakesink name=sink signal-handoffs=true sync=%d async=false", line, paced);
  g_autoptr (GstElement) pipeline = gst_parse_launch (whole, NULL);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  Seen seen = { 0 };
  gint64 before, until;
  gint n;

  g_signal_connect (sink, "handoff", G_CALLBACK (on_frame), &seen);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  trib_assert_eventually (g_atomic_int_get (&seen.n) >= 5, 30000);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  until = g_get_monotonic_time () + PAUSE_US;
  trib_assert_eventually (g_get_monotonic_time () > until, 30000);
  before = seen.t_ns - seen.running_ns;
  n = g_atomic_int_get (&seen.n);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  /* the first ones may have been on their way in the pause */
  trib_assert_eventually (g_atomic_int_get (&seen.n) >= n + 10, 30000);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return seen.t_ns - seen.running_ns - before;
}

static void
test_live_pause (gconstpointer line)
{
  g_assert_cmpint (run_with_pause (line, FALSE), >, PAUSE_US * G_GINT64_CONSTANT (900));
}

static void
test_file_pause (void)
{
  g_assert_cmpint (run_with_pause (file_line, TRUE), ==, 0);
}

static GstPadProbeReturn
note_date (GstPad *pad, GstPadProbeInfo *probe, gpointer data)
{
  g_autoptr (GstDateTime) tag = NULL;
  g_autoptr (GDateTime) date = NULL;
  GstTagList *tags;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (probe)) != GST_EVENT_TAG)
    return GST_PAD_PROBE_OK;
  gst_event_parse_tag (GST_PAD_PROBE_INFO_EVENT (probe), &tags);
  if (gst_tag_list_get_date_time (tags, GST_TAG_DATE_TIME, &tag)
      && (date = gst_date_time_to_g_date_time (tag)))
    *(gint64 *) data = g_date_time_to_unix (date) * (gint64) GST_SECOND
                       + g_date_time_get_microsecond (date) * (gint64) GST_USECOND;
  return GST_PAD_PROBE_OK;
}

/* a recording's frames are as old as the recording */
static void
test_container_date (gconstpointer muxer)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *write = NULL, *read = NULL;
  g_autoptr (GstElement) writer = NULL, reader = NULL, sink = NULL, stamp = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autofree gchar *demuxer
      = g_strdup_printf ("%sdemux", g_str_equal (muxer, "qtmux") ? "qt" : "matroska");
  gint64 date_ns = 0;
  Seen seen = { 0 };

  if (!trib_test_need_elements (muxer, demuxer, "jpegenc", NULL))
    return;
  write = g_strdup_printf ("videotestsrc num-buffers=5 ! video/x-raw,width=32,height=32 ! jpegenc "
                           "! %s ! filesink location=%s/file",
      (const gchar *) muxer, dir);
  read = g_strdup_printf ("filesrc location=%s/file ! %s ! framestamp name=stamp ! fakesink "
                          "name=sink signal-handoffs=true",
      dir, demuxer);
  writer = gst_parse_launch (write, NULL);
  trib_run_to_eos (writer, 30000);
  reader = gst_parse_launch (read, NULL);
  stamp = gst_bin_get_by_name (GST_BIN (reader), "stamp");
  sink = gst_bin_get_by_name (GST_BIN (reader), "sink");
  pad = gst_element_get_static_pad (stamp, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note_date, &date_ns, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_frame), &seen);
  trib_run_to_eos (reader, 30000);
  g_assert_cmpint (date_ns, >, 0);
  g_assert_cmpint (seen.n, ==, 5);
  g_assert_cmpint (seen.t_ns - seen.running_ns, ==, date_ns);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (any_caps); i++) {
    g_autofree gchar *name = g_strdup_printf ("/framestamp/any/%u", i);
    g_test_add_data_func (name, any_caps[i], test_any);
  }
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autofree gchar *name = g_strdup_printf ("/framestamp/settings/%s", settings[i].name);
    g_test_add_data_func (name, GUINT_TO_POINTER (i), test_setting);
  }
  g_test_add_func ("/framestamp/stats", test_stats);
  g_test_add_func ("/framestamp/bad-settings", test_bad_settings);
  for (guint i = 0; i < G_N_ELEMENTS (parts_of_frames); i++) {
    g_autofree gchar *name = g_strdup_printf ("/framestamp/no-frames/%u", i);
    g_test_add_data_func (name, parts_of_frames[i], test_no_frames);
  }
  for (guint i = 0; i < G_N_ELEMENTS (live_lines); i++) {
    g_autofree gchar *name = g_strdup_printf ("/framestamp/pause/live/%u", i);
    g_test_add_data_func (name, live_lines[i], test_live_pause);
  }
  g_test_add_func ("/framestamp/pause/file", test_file_pause);
  g_test_add_data_func ("/framestamp/container-date/quicktime", "qtmux", test_container_date);
  g_test_add_data_func ("/framestamp/container-date/matroska", "matroskamux", test_container_date);
  return trib_gst_test_run ();
}
