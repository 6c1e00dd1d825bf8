/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* extractorbin beyond the table of edge cases: what is refused, flush, branches that hang,
 * messages, formats, strategies. */
#include "extractorbin-rig.h"

#include <frame/trib-frame-meta.h>
#include <gst/video/video.h>
#include <string.h>

#define PATIENT "timeout-ms=600000 deadline-aware=false breaker-threshold=0 "

/* ---- settings ---- */

static void
test_refused (void)
{
  static const gchar *const texts[] = {
    "=qualityextract",
    "a b=qualityextract",
    "a=qualityextract; a=qualityextract",
    "a[divisor]=qualityextract",
    "a[divisor=0]=qualityextract",
    "a[timeout-ms=soon]=qualityextract",
    "a[in-order=perhaps]=qualityextract",
    "a[size=3]=qualityextract",
    "a[divisor=2=qualityextract",
    "a[divisor=2]qualityextract",
    "a=nosuchelement",
    "a=fakesink",
    "a=videotestsrc",
    "a=qualityextract region=1,2 !",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *line = g_strdup_printf ("extractorbin branches=\"%s\"", texts[i]);
    g_test_message ("%s", texts[i]);
    trib_assert_settings_refused (line);
  }
  trib_assert_settings_refused ("extractorbin time-origin=yesterday");
}

/* of frames that have no identity, in branches and in records */
static void
test_time_origin (void)
{
  g_autoptr (Rig) rig
      = rig_new (PATIENT "time-origin=2026-01-31T12:00:00Z max-in-flight=4 branches=a", 1);
  const gint64 origin = G_GINT64_CONSTANT (1769860800) * GST_SECOND;

  for (guint i = 0; i < 3; i++) {
    GstBuffer *in = rig_make_frame (i);
    g_autoptr (GstBuffer) out = NULL;
    g_autofree gchar *record = NULL, *wanted = NULL;
    TribFrameInfo info;

    /* the last one has an identity, which stays */
    if (i < 2)
      gst_buffer_remove_meta (in, (GstMeta *) gst_buffer_get_custom_meta (in, "TribFrameMeta"));
    g_assert_cmpint (gst_harness_push (rig->h, in), ==, GST_FLOW_OK);
    out = gst_harness_pull (rig->branch[0]);
    g_assert_true (trib_frame_meta_get (out, &info));
    g_assert_cmpint (info.t_ns, ==, (i < 2 ? origin : 0) + (gint64) (i * RIG_FRAME));
    record = rig_pull (rig);
    wanted = g_strdup_printf ("\"t_ns\":%" G_GINT64_FORMAT, info.t_ns);
    g_assert_nonnull (strstr (record, wanted));
  }
}

/* all that a description may have: quotes, semicolons in them, options, nothing at all */
static void
test_accepted (void)
{
  static const gchar *const texts[] = {
    "",
    " ; ",
    "a",
    "a; b[divisor=2]",
    "a = qualityextract ; b [ divisor = 2 , fatal = true ] = identity ! qualityextract",
    "a=capsfilter caps=\\\"video/x-raw;image/jpeg\\\" ! qualityextract",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *line = g_strdup_printf ("extractorbin branches=\"%s\"", texts[i]);
    g_autoptr (GError) error = NULL;
    GstElement *element = gst_parse_launch (line, &error);
    g_test_message ("%s", texts[i]);
    g_assert_no_error (error);
    gst_object_ref_sink (element);
    g_assert_cmpint (
        gst_element_set_state (element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_object_unref (element);
  }
}

/* a profile sets the timeout, unless that is set itself (OBS-7) */
static void
test_profile (void)
{
  g_autoptr (Rig) rig = rig_new ("profile=low-latency branches=a", 1);
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  GstClockTime min;

  g_assert_true (gst_pad_peer_query (rig->h->sinkpad, query));
  gst_query_parse_latency (query, NULL, &min, NULL);
  g_assert_cmpuint (min, ==, 80 * GST_MSECOND);
}

/* ---- branches that hang or are not there ---- */

/* an element that sleeps through everything: NULL within a second, and it can start again */
static void
test_stuck (void)
{
  g_autoptr (Rig) rig = rig_new ("timeout-ms=20 drain-timeout-ms=100 "
                                 "branches=\"s=identity sleep-time=1500000 ! qualityextract; "
                                 "q=queue ! identity sleep-time=1500000 ! qualityextract; "
                                 "a[timeout-ms=600000]=qualityextract\"",
      0);
  gint64 begun;

  for (guint run = 0; run < 2; run++) {
    for (guint i = 0; i < 4; i++) {
      rig_frame (rig, i);
      trib_assert_eventually (rig_branch_stat (rig, "a", "answered") == i + 1, 10000);
    }
    trib_assert_eventually (rig_branch_stat (rig, "s", "timeout") >= 1, 10000);
    begun = g_get_monotonic_time ();
    gst_element_set_state (rig->element, GST_STATE_NULL);
    g_test_message ("to NULL in %" G_GINT64_FORMAT " us", g_get_monotonic_time () - begun);
    rig_assert_closed (rig);
    if (run > 0)
      break;
    gst_element_set_state (rig->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str (
        rig->h, "video/x-raw,format=GRAY8,width=16,height=8,framerate=30/1");
  }
  /* those that were left to themselves come back in the end */
  trib_assert_eventually (trib_test_count_threads ("trib-ext") == 0, 20000);
}

/* src, obs or a pair of pads is not linked: frames go on */
static void
test_not_linked (void)
{
  g_autoptr (GstElement) bin
      = gst_object_ref_sink (gst_element_factory_make ("extractorbin", NULL));
  GstPad *src = gst_element_request_pad_simple (bin, "branch_src_%u");
  GstPad *sink = gst_element_request_pad_simple (bin, "branch_sink_%u");
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstStructure) stats = NULL;

  g_object_set (bin, "timeout-ms", 1u, NULL);
  h = gst_harness_new_with_element (bin, "sink", NULL);
  gst_harness_set_src_caps_str (h, "video/x-raw,format=GRAY8,width=16,height=8,framerate=30/1");
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (gst_harness_push (h, rig_make_frame (i)), ==, GST_FLOW_OK);
  gst_element_set_state (bin, GST_STATE_NULL);
  stats = trib_element_stats (bin);
  g_assert_cmpuint (trib_structure_uint64 (stats, "frames-in"), ==, 20);
  g_assert_cmpuint (trib_structure_uint64 (stats, "records-out"), ==, 0);
  g_assert_cmpuint (trib_structure_uint64 (stats, "records-own"), ==,
      trib_structure_uint64 (stats, "lost-not-linked")
          + trib_structure_uint64 (stats, "lost-flush"));
  gst_element_release_request_pad (bin, src);
  gst_element_release_request_pad (bin, sink);
  gst_object_unref (src);
  gst_object_unref (sink);
}

/* an error of a branch is the bin's when it is to be */
static void
test_fatal (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT
      "branches=\"bad[fatal=true]=identity error-after=1 ! qualityextract; ok=qualityextract\"",
      0);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_bus (rig->element, bus);
  rig_frame (rig, 0);
  message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_element_set_bus (rig->element, NULL);
}

/* three frames in a row unanswered: the branch is spared until one frame has been tried */
static void
test_breaker (void)
{
  g_autoptr (Rig) rig
      = rig_new ("timeout-ms=20 deadline-aware=false breaker-retry-ms=200 branches=a", 1);
  g_autofree gchar *state = NULL;
  guint id = 0;

  for (; id < 3; id++) {
    rig_hold (rig);
    rig_frame (rig, id);
    rig_take (rig, 0, id);
    rig_go_on (rig);
    trib_assert_eventually (rig_branch_stat (rig, "a", "timeout") == id + 1, 10000);
  }
  do {
    rig_frame (rig, id++);
  } while (rig_branch_stat (rig, "a", "not-run-breaker") == 0);
  while (gst_harness_buffers_in_queue (rig->branch[0]) == 0) {
    trib_test_pause ();
    rig_frame (rig, id++);
  }
  rig_answer (rig, 0, rig_next (rig, 0));
  state = rig_branch_state (rig, "a");
  /* on a machine that stood still meanwhile the probe came too late, too */
  g_assert_true (g_str_equal (state, "closed") || rig_branch_stat (rig, "a", "late") > 0);
  rig_assert_closed (rig);
}

/* ---- flush ---- */

static void
test_flush (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "max-in-flight=1 branches=a", 1);
  GstSegment segment;
  guint flushed = 0;

  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  rig_frame (rig, 1);
  rig_expect (rig, "announce 0 ok a");
  rig_expect (rig, "announce 1 ok a");
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_flush_start ()));
  g_assert_cmpuint (rig_branch_stat (rig, "a", "skipped-flushing"), ==, 2);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_segment (&segment)));
  trib_assert_eventually (({
    GstEvent *event = gst_harness_try_pull_event (rig->branch[0]);
    flushed += event && GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP;
    if (event)
      gst_event_unref (event);
    flushed;
  }) > 0,
      10000);
  /* its answers to frames before are unmatched */
  rig_say (rig, 0, "{\"type\":\"seen\",\"frame_id\":0}");
  rig_frame (rig, 7);
  rig_take (rig, 0, 7);
  rig_expect (rig, "announce 7 ok a");
  rig_answer (rig, 0, 7);
  rig_expect (rig, "obs 7 a");
  g_assert_cmpuint (rig_stat (rig, "records-unmatched"), ==, 1);
  rig_end (rig);
  rig_assert_closed (rig);
}

static gpointer
push_one (gpointer data)
{
  Rig *rig = data;

  return GINT_TO_POINTER (gst_harness_push (rig->h, rig_make_frame (99)));
}

/* with strategy none upstream waits; a flush wakes it, room wakes it, and so does the end */
static void
test_none_waits (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "strategy=none queue-depth=1 branches=a", 1);
  GThread *thread;

  rig_frame (rig, 0);
  rig_frame (rig, 1);
  thread = g_thread_new ("pusher", push_one, rig);
  rig_take (rig, 0, 0);
  rig_answer (rig, 0, 0);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_OK);
  rig_take (rig, 0, 1);
  thread = g_thread_new ("pusher", push_one, rig);
  gst_harness_push_event (rig->h, gst_event_new_flush_start ());
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_FLUSHING);
  g_assert_cmpuint (rig_stat (rig, "frames-dropped"), ==, 0);
  rig_assert_closed (rig);
}

/* ---- answers ---- */

/* regions of interest are observations; their frame is that of the identity, else of the PTS; a
 * picture without any is an empty answer */
static void
test_regions (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "max-in-flight=8 branches=\"face; b\"", 2);
  GstBuffer *frame;
  g_autofree gchar *record = NULL;

  gst_harness_set_src_caps_str (
      rig->branch[0], "video/x-raw,format=GRAY8,width=16,height=8,framerate=30/1");
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *announce = g_strdup_printf ("announce %u ok face,b", i);
    rig_frame (rig, i);
    rig_expect (rig, announce);
    rig_take (rig, 0, i);
  }
  frame = rig_make_frame (0);
  gst_buffer_add_video_region_of_interest_meta (frame, "face", 1, 2, 3, 4);
  gst_harness_push (rig->branch[0], frame);
  record = rig_pull (rig);
  g_assert_nonnull (strstr (record, "\"source\":\"face\""));
  g_assert_nonnull (strstr (record, "\"session\":\"session-1\",\"stream\":\"camera\""));
  g_assert_nonnull (strstr (record, "\"frame_id\":0"));
  g_assert_nonnull (strstr (record, "\"bbox\":[1,2,3,4]"));
  g_assert_nonnull (strstr (record, "\"width\":16"));
  frame = gst_buffer_new_allocate (NULL, 128, NULL);
  GST_BUFFER_PTS (frame) = RIG_FRAME + 5 * GST_MSECOND;
  gst_harness_push (rig->branch[0], frame);
  rig_expect (rig, "empty 1 face");
  frame = gst_buffer_new_allocate (NULL, 128, NULL);
  GST_BUFFER_PTS (frame) = 20 * RIG_FRAME;
  gst_harness_push (rig->branch[0], frame);
  g_assert_cmpuint (rig_stat (rig, "records-unmatched"), ==, 1);
  /* a gap is an answer, too */
  rig_take (rig, 1, 0);
  rig_take (rig, 1, 1);
  gst_harness_push_event (rig->branch[1], gst_event_new_gap (0, RIG_FRAME));
  rig_expect (rig, "empty 0 b");
  g_assert_cmpuint (rig_branch_stat (rig, "b", "pending"), ==, 1);
  rig_assert_closed (rig);
}

/* MessagePack where only that is wanted; JSON of a branch is rewritten, with the branch's name and
 * the frame's identity */
static void
test_msgpack (void)
{
  g_autoptr (GstElement) bin = gst_object_ref_sink (
      gst_parse_launch ("extractorbin branches=quality=qualityextract", NULL));
  g_autoptr (TribHarness) h = gst_harness_new_with_element (bin, "sink", "obs");
  g_autoptr (GstBuffer) announce = NULL, answer = NULL;
  g_autoptr (GstCaps) caps = NULL;
  guint8 first;

  gst_harness_set_sink_caps_str (h, "application/x-msgpack");
  gst_harness_set_src_caps_str (h, "video/x-raw,format=GRAY8,width=16,height=8,framerate=30/1");
  gst_harness_push (h, rig_make_frame (3));
  announce = gst_harness_pull (h);
  answer = gst_harness_pull (h);
  caps = gst_pad_get_current_caps (h->sinkpad);
  g_assert_true (
      gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/x-msgpack"));
  gst_buffer_extract (announce, 0, &first, 1);
  g_assert_cmpuint (first & 0xf0, ==, 0x80); /* a map */
  gst_buffer_extract (answer, 0, &first, 1);
  g_assert_cmpuint (first & 0xf0, ==, 0x80);
  g_assert_cmpuint (GST_BUFFER_PTS (answer), ==, 3 * RIG_FRAME);
  gst_element_set_state (bin, GST_STATE_NULL);
}

/* ---- messages ---- */

/* trace records as OBS-6 has them: times, frames passed over, answers that did not come */
static void
test_trace (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.ndjson", NULL);
  g_autofree gchar *properties = g_strdup_printf (
      "timeout-ms=20 deadline-aware=false admission=frame trace-level=normal trace-messages=true "
      "trace-location=%s branches=a",
      path);
  g_autofree gchar *text = NULL;
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  Rig *rig = rig_new (properties, 1);

  gst_element_set_bus (rig->element, bus);
  rig_hold (rig);
  for (guint i = 0; i < 3; i++)
    rig_frame (rig, i);
  rig_go_on (rig);
  trib_assert_eventually (rig_branch_stat (rig, "a", "timeout") == 2, 10000);
  message = trib_bus_wait_element (rig->element, "extractorbin-trace", 10000);
  gst_element_set_bus (rig->element, NULL);
  rig_free (rig);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "{\"record_type\":\"frame_drop\",\"frame_id\":1,\"dropped_frame_"
                                  "ids\":[1],\"reason\":\"backpressure\",\"timestamp_ns\":"));
  g_assert_nonnull (strstr (text, "{\"record_type\":\"frame_drop\",\"frame_id\":0,\"dropped_frame_"
                                  "ids\":[0],\"reason\":\"timeout\",\"component\":\"a\","));
  g_assert_nonnull (strstr (text, "\"component\":\"orchestrator\""));
}

static GstPadProbeReturn
hold (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  return GST_PAD_PROBE_OK;
}

/* downstream of obs stands still: the oldest records are dropped, with a message; frames go on */
static void
test_lost (void)
{
  g_autoptr (Rig) rig
      = rig_new (PATIENT "max-pending-bytes=65536 branches=quality=qualityextract", 0);
  g_autoptr (GstPad) obs = gst_element_get_static_pad (rig->element, "obs");
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  gulong probe = gst_pad_add_probe (
      obs, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, hold, NULL, NULL);

  gst_element_set_bus (rig->element, bus);
  for (guint i = 0; rig_stat (rig, "lost-downstream-full") == 0; i++) {
    rig_frame (rig, i);
    g_assert_cmpuint (rig_stat (rig, "bytes-queued"), <=, 65536);
  }
  rig_assert_closed (rig);
  gst_pad_remove_probe (obs, probe);
  message = trib_bus_wait_element (rig->element, "extractorbin-lost", 10000);
  gst_element_set_bus (rig->element, NULL);
  rig_end (rig);
  rig_assert_closed (rig);
}

/* dropped frames are reported: once a second on the bus, each one to upstream when that is set */
static void
test_told (void)
{
  g_autoptr (Rig) rig = rig_new (
      PATIENT "qos-upstream=true strategy=every-nth nth=2 nth-when=always branches=a", 1);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  guint told = 0;

  gst_element_set_bus (rig->element, bus);
  for (guint i = 0; i < 4; i++)
    rig_frame (rig, i);
  message = trib_bus_wait_element (rig->element, "extractorbin-skipped", 10000);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), "reason"), ==, "nth");
  for (;;) {
    g_autoptr (GstEvent) event = gst_harness_try_pull_upstream_event (rig->h);
    if (event == NULL)
      break;
    told += GST_EVENT_TYPE (event) == GST_EVENT_QOS;
  }
  g_assert_cmpuint (told, ==, 2);
  g_assert_cmpuint (rig_stat (rig, "qos-out"), ==, 2);
  g_assert_cmpuint (rig_stat (rig, "frames-dropped-nth"), ==, 2);
  gst_element_set_bus (rig->element, NULL);
}

/* under backlog keyframes only; which of raw frames are keyframes their identity says */
static void
test_keyframes (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "strategy=keyframe-only queue-depth=8 branches=a", 1);

  for (guint i = 0; i < 6; i++)
    rig_frame (rig, i);
  rig_expect (rig, "announce 0 ok a");
  rig_expect (rig, "announce 1 not-key");
  rig_expect (rig, "skipped 1 a not-key");
  rig_expect (rig, "announce 2 ok a");
  g_assert_cmpuint (rig_stat (rig, "frames-dropped-not-key"), ==, 3);
  rig_assert_closed (rig);
}

/* every second frame, a longer time, as the options of the branch say */
static void
test_options (void)
{
  g_autoptr (Rig) rig = rig_new (
      "timeout-ms=20 deadline-aware=false branches=\"a; b[divisor=2,timeout-ms=600000]\"", 2);

  rig_hold (rig);
  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  rig_take (rig, 1, 0);
  rig_frame (rig, 1);
  rig_go_on (rig);
  trib_assert_eventually (rig_branch_stat (rig, "a", "timeout") == 2, 10000);
  rig_answer (rig, 1, 0);
  g_assert_cmpuint (rig_branch_stat (rig, "b", "answered"), ==, 1);
  g_assert_cmpuint (rig_branch_stat (rig, "b", "not-run-divisor"), ==, 1);
  g_assert_cmpuint (rig_branch_stat (rig, "b", "timeout"), ==, 0);
  rig_assert_closed (rig);
}

/* gst_parse_launch() never releases the pads that it asked for: GstElement does when it is disposed
 * of */
static void
test_pads_not_released (void)
{
  const gchar *names[] = { "branch_src_%u", "branch_sink_%u" };

  for (guint which = 1; which <= 3; which++) {
    GstElement *bin = gst_element_factory_make ("extractorbin", NULL);

    gst_object_ref_sink (bin);
    for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
      if (which >> i & 1)
        gst_object_unref (gst_element_request_pad_simple (bin, names[i]));
    }
    gst_element_set_state (bin, GST_STATE_PAUSED);
    gst_element_set_state (bin, GST_STATE_NULL);
    g_object_add_weak_pointer (G_OBJECT (bin), (gpointer *) &bin);
    gst_object_unref (bin);
    g_assert_null (bin);
  }
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/extractorbin/refused", test_refused);
  g_test_add_func ("/extractorbin/time-origin", test_time_origin);
  g_test_add_func ("/extractorbin/accepted", test_accepted);
  g_test_add_func ("/extractorbin/profile", test_profile);
  g_test_add_func ("/extractorbin/stuck", test_stuck);
  g_test_add_func ("/extractorbin/pads-not-released", test_pads_not_released);
  g_test_add_func ("/extractorbin/not-linked", test_not_linked);
  g_test_add_func ("/extractorbin/fatal", test_fatal);
  g_test_add_func ("/extractorbin/breaker", test_breaker);
  g_test_add_func ("/extractorbin/flush", test_flush);
  g_test_add_func ("/extractorbin/none-waits", test_none_waits);
  g_test_add_func ("/extractorbin/regions", test_regions);
  g_test_add_func ("/extractorbin/msgpack", test_msgpack);
  g_test_add_func ("/extractorbin/trace", test_trace);
  g_test_add_func ("/extractorbin/lost", test_lost);
  g_test_add_func ("/extractorbin/messages", test_told);
  g_test_add_func ("/extractorbin/keyframes", test_keyframes);
  g_test_add_func ("/extractorbin/options", test_options);
  return trib_gst_test_run ();
}
