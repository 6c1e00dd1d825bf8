/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* obsaligner as an element: pads, ends, flushes, states, a downstream that blocks, messages,
 * formats. What belongs together is in obsaligner-rows.c. */
#include <fused-reader.h>
#include <string.h>

#include "obsaligner-rig.h"

/* ---- pads and their ends ---- */

static void
test_pads_end (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=F,P,G", 3);

  rig_say (rig, rig->more[0], "F0@0");
  rig_say (rig, rig->more[1], "P0@1");
  rig_say (rig, rig->more[2], "G0@2");
  rig_expect (rig, "0 complete F,P,G");
  rig_say (rig, rig->more[0], "F33@33");
  rig_say (rig, rig->more[1], "P33@34");
  gst_harness_push_event (rig->more[2], gst_event_new_eos ());
  rig_expect (rig, "33 eos F,P -G:eos");
  rig_say (rig, rig->more[0], "F66@66");
  rig_say (rig, rig->more[1], "P66@67");
  rig_end (rig, "66 complete F,P");
}

/* the end of a pad is the end of its source, also when that never spoke */
static void
test_pad_source (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=F,G", 2);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (rig->element, "sink_1");

  g_object_set (pad, "source", "G", NULL);
  rig_say (rig, rig->more[0], "F0@0");
  gst_harness_push_event (rig->more[1], gst_event_new_eos ());
  rig_expect (rig, "0 eos F -G:eos");
  rig_end (rig, "");
}

static void
test_release_is_end (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=F,P", 2);
  GstPad *pad = gst_element_get_static_pad (rig->element, "sink_1");

  rig_say (rig, rig->more[0], "F0@0");
  rig_say (rig, rig->more[1], "P0@0 P33@1");
  rig_say (rig, rig->more[0], "F66@2");
  rig_expect (rig, "0 complete F,P");
  g_clear_pointer (&rig->more[1], gst_harness_teardown);
  if (GST_OBJECT_PARENT (pad) == GST_OBJECT (rig->element))
    gst_element_release_request_pad (rig->element, pad);
  gst_object_unref (pad);
  rig_say (rig, rig->more[0], "F33@3");
  rig_expect (rig, "33 complete F,P");
  rig_end (rig, "66 eos F -P:eos");
}

/* ---- flushes ---- */

static void
flush (GstHarness *h)
{
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
}

static void
restart (GstHarness *h)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
}

static void
test_flush_of_one_pad (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=F,P,G", 2);

  rig_say (rig, rig->more[0], "F0@0 F33@1");
  rig_say (rig, rig->more[1], "P33@2");
  flush (rig->more[1]);
  restart (rig->more[1]);
  rig_say (rig, rig->more[1], "P0@3");
  rig_say (rig, rig->more[0], "G0@4 G33@5");
  rig_expect (rig, "0 complete F,P,G");
  rig_end (rig, "33 eos F,G -P:eos");
  g_assert_cmpuint (rig_stat (rig, "records-dropped-flushed"), ==, 1);
}

static void
test_flush_of_all (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P");

  rig_say (rig, rig->h, "F33@0 P33@1 F66@2");
  rig_expect (rig, "33 complete F,P");
  flush (rig->h);
  restart (rig->h);
  rig_say (rig, rig->h, "F0@3 P0@4");
  rig_expect (rig, "0 complete epoch 1 F,P");
  rig_end (rig, "");
  g_assert_cmpuint (rig_stat (rig, "records-dropped-flushed"), ==, 1);
}

/* a frame whose time passes during a flush is dropped by it, as the others are */
static void
test_flush_and_time (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P window-ms=70");

  rig_say (rig, rig->h, "F33@0");
  gst_harness_push_event (rig->h, gst_event_new_flush_start ());
  gst_test_clock_set_time (rig->clock, GST_SECOND);
  gst_harness_push_event (rig->h, gst_event_new_flush_stop (TRUE));
  restart (rig->h);
  rig_say (rig, rig->h, "F0@1001 P0@1002");
  rig_expect (rig, "0 complete epoch 1 F,P");
  rig_end (rig, "");
  g_assert_cmpuint (rig_stat (rig, "lost-flush"), ==, 1);
}

/* ---- states ---- */

/* nothing is queued for the next run, which has other sources */
static void
test_stop_and_time (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P window-ms=70");

  rig_say (rig, rig->h, "F33@0");
  gst_harness_push_event (rig->h, gst_event_new_flush_start ());
  trib_set_state (rig->element, GST_STATE_PAUSED, 10000);
  gst_test_clock_set_time (rig->clock, GST_SECOND);
  trib_set_state (rig->element, GST_STATE_READY, 10000);
  g_assert_cmpuint (rig_stat (rig, "frames-queued"), ==, 0);
  g_assert_cmpuint (rig_stat (rig, "lost-flush"), ==, 1);
  rig_assert_closed (rig);
}

static void
test_states (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P");

  rig_say (rig, rig->h, "F0@0 P0@1 F33@2");
  rig_expect (rig, "0 complete F,P");
  trib_set_state (rig->element, GST_STATE_READY, 10000);
  g_assert_cmpuint (rig_stat (rig, "records-pending"), ==, 0);
  g_assert_cmpuint (rig_stat (rig, "records-dropped-flushed"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "records-in"), ==, 3);
  rig_assert_closed (rig);
  trib_set_state (rig->element, GST_STATE_PLAYING, 10000);
  g_assert_cmpuint (rig_stat (rig, "records-in"), ==, 0);
  gst_harness_push_event (rig->h, gst_event_new_stream_start ("again"));
  gst_harness_set_src_caps_str (rig->h, "application/json");
  rig_say (rig, rig->h, "F0@10 P0@11");
  rig_expect (rig, "0 complete F,P");
}

static void
test_latency (void)
{
  static const struct {
    const gchar *properties;
    GstClockTime min;
  } cases[] = {
    { "window-ms=70", 70 * GST_MSECOND },
    { "profile=batch", 200 * GST_MSECOND },
    { "profile=low-latency", 50 * GST_MSECOND },
    { "profile=low-latency window-ms=60", 60 * GST_MSECOND },
    { "mode=watermark", GST_SECOND },
    { "mode=watermark max-wait-ms=0", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Rig) rig = rig_new (cases[i].properties);

    gst_harness_set_upstream_latency (rig->h, 20 * GST_MSECOND);
    g_assert_cmpuint (gst_harness_query_latency (rig->h), ==, cases[i].min + 20 * GST_MSECOND);
  }
}

/* ---- downstream ---- */

typedef struct {
  GMutex lock;
  GCond cond;
  gboolean open;
  gboolean inside;
} Gate;

static GstPadProbeReturn
wait_at_gate (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Gate *gate = data;

  g_mutex_lock (&gate->lock);
  gate->inside = TRUE;
  while (!gate->open)
    g_cond_wait (&gate->cond, &gate->lock);
  g_mutex_unlock (&gate->lock);
  return GST_PAD_PROBE_OK;
}

static gboolean
is_inside (Gate *gate)
{
  gboolean inside;

  g_mutex_lock (&gate->lock);
  inside = gate->inside;
  g_mutex_unlock (&gate->lock);
  return inside;
}

static void
open_gate (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->open = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->lock);
}

static gpointer
push_three (gpointer data)
{
  Rig *rig = data;

  for (guint i = 1; i <= 3; i++) {
    g_autofree gchar *json
        = g_strdup_printf ("{\"type\":\"F\",\"frame_id\":%u,\"t_ns\":%u000000}", i * 33, i * 33);
    rig_push (rig->h, json);
  }
  return NULL;
}

/* row 18: while downstream blocks, no source is idle, and nothing is lost */
static void
test_row_18 (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F mode=watermark max-pending=1 idle-timeout-ms=1000");
  Gate gate = { .open = FALSE };
  GThread *thread;

  gst_pad_add_probe (rig->h->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, wait_at_gate, &gate, NULL);
  rig_say (rig, rig->h, "F0@0");
  trib_assert_eventually (is_inside (&gate), 20000);
  thread = g_thread_new ("source", push_three, rig);
  trib_assert_eventually (rig_stat (rig, "blocked") > 0, 20000);
  gst_test_clock_set_time (rig->clock, 3 * GST_SECOND);
  open_gate (&gate);
  g_thread_join (thread);
  rig_end (rig, "0 complete F|33 complete F|66 complete F|99 complete F");
}

static void
test_drop_oldest (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F max-pending=1 on-downstream-full=drop-oldest");
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  Gate gate = { .open = FALSE };

  gst_element_set_bus (rig->element, bus);
  gst_pad_add_probe (rig->h->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, wait_at_gate, &gate, NULL);
  rig_say (rig, rig->h, "F0@0");
  trib_assert_eventually (is_inside (&gate), 20000);
  push_three (rig);
  rig_assert_closed (rig);
  message = trib_bus_wait_element (rig->element, "obsaligner-dropped", 10000);
  g_assert_cmpstr (gst_structure_get_string (gst_message_get_structure (message), "reason"), ==,
      "downstream-full");
  open_gate (&gate);
  rig_end (rig, "0 complete F|99 complete F");
  g_assert_cmpuint (rig_stat (rig, "lost-downstream-full"), ==, 2);
  gst_element_set_bus (rig->element, NULL);
}

/* as elements do that are blocked */
static GstPadProbeReturn
flush_opens_gate (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  open_gate (data);
  return GST_PAD_PROBE_OK;
}

static gpointer
push_into_nothing (gpointer data)
{
  Rig *rig = data;
  static const gchar json[] = "{\"type\":\"F\",\"frame_id\":66,\"t_ns\":66000000}";

  return GINT_TO_POINTER (gst_harness_push (rig->h, gst_buffer_new_memdup (json, sizeof json - 1)));
}

/* a stop wakes blocked sources, and closes the counters */
static void
test_blocked_source_is_woken (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F max-pending=1");
  Gate gate = { .open = FALSE };
  GThread *thread;

  gst_pad_add_probe (rig->h->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, wait_at_gate, &gate, NULL);
  gst_pad_add_probe (
      rig->h->sinkpad, GST_PAD_PROBE_TYPE_EVENT_FLUSH, flush_opens_gate, &gate, NULL);
  rig_say (rig, rig->h, "F0@0");
  trib_assert_eventually (is_inside (&gate), 20000);
  rig_push (rig->h, "{\"type\":\"F\",\"frame_id\":33,\"t_ns\":33000000}");
  thread = g_thread_new ("source", push_into_nothing, rig);
  trib_assert_eventually (rig_stat (rig, "blocked") > 0, 20000);
  gst_harness_push_event (rig->h, gst_event_new_flush_start ());
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_FLUSHING);
  trib_set_state (rig->element, GST_STATE_NULL, 10000);
  g_assert_cmpuint (rig_stat (rig, "records-in"), ==, 2);
  rig_assert_closed (rig);
}

/* ---- messages ---- */

static void
test_messages (void)
{
  static const struct {
    const gchar *name, *properties, *script;
  } cases[] = {
    { "obsaligner-late", "sources=F", "F33@0 F0@1" },
    { "obsaligner-jump", "sources=F", "F60000@0 F60033@33 F33@66 F66@99" },
    { "obsaligner-source", "sources=F,P mode=watermark idle-timeout-ms=50", "F0@0 F33@60" },
    { "obsaligner-duplicate", "sources=F,P", "F0@0 F0@1" },
    { "obsaligner-dropped", "sources=F,P missing-policy=drop", "F0@0 @200 F300@300" },
    { "obsaligner-trace", "sources=F,P late-threshold=0.5 trace-level=minimal trace-messages=true",
        "F0@0 F99@50 @1000 F2000@2000" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
    g_autoptr (GstBus) bus = gst_bus_new ();
    g_autoptr (Rig) rig = rig_new (cases[i].properties);
    g_autoptr (GstMessage) message = NULL;

    gst_element_set_bus (rig->element, bus);
    rig_say (rig, rig->h, cases[i].script);
    message = trib_bus_wait_element (rig->element, cases[i].name, 10000);
    g_assert_nonnull (message);
    gst_element_set_bus (rig->element, NULL);
  }
}

/* row 32: an invalid record is counted and reported with its place; the others are used */
static void
test_row_32 (void)
{
  static const gchar list[]
      = "[{\"type\":\"F\",\"frame_id\":0,\"t_ns\":0},{\"type\":\"F\",\"frame_id\":\"x\"},"
        "{\"type\":\"fused\",\"t_ns\":1,\"have\":{},\"missing\":[]},"
        "{\"type\":\"P\",\"frame_id\":0,\"t_ns\":0}]";
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P");
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstMessage) warning = NULL;
  const GstStructure *s;

  gst_element_set_bus (rig->element, bus);
  rig_push (rig->h, list);
  rig_expect (rig, "0 complete F,P");
  rig_push (rig->h, "{\"type\":");
  rig_say (rig, rig->h, "F33@33 P33@34");
  rig_end (rig, "33 complete F,P");
  g_assert_cmpuint (rig_stat (rig, "records-invalid"), ==, 3);
  message = trib_bus_wait_element (rig->element, "obsaligner-invalid", 10000);
  s = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (s, "pad"), ==, "sink");
  g_assert_cmpuint (trib_structure_uint64 (s, "offset"), >, 0);
  warning = gst_bus_timed_pop_filtered (bus, GST_SECOND, GST_MESSAGE_WARNING);
  g_assert_nonnull (warning);
  gst_element_set_bus (rig->element, NULL);
}

/* ---- more rows of the table ---- */

/* row 21: the other pads' records stay: test_flush_of_one_pad(); row 33: a list is pushed in its
 * order, at one time */
static void
test_row_33 (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P");

  rig_push (rig->h, "[{\"type\":\"F\",\"frame_id\":0,\"t_ns\":0},{\"type\":\"P\",\"frame_id\":0,"
                    "\"t_ns\":0},{\"type\":\"P\",\"frame_id\":1,\"t_ns\":9},"
                    "{\"type\":\"F\",\"frame_id\":1,\"t_ns\":9}]");
  rig_end (rig, "0 complete F,P|1 complete F,P");
}

/* row 34: open frames keep their expected sources */
static void
test_row_34 (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P");

  rig_say (rig, rig->h, "F0@0");
  g_object_set (rig->element, "sources", "F", NULL);
  rig_say (rig, rig->h, "F33@33 P0@34");
  rig_end (rig, "0 complete F,P|33 complete F");
}

/* row 36: t_ns decides which records belong together, the times of buffers when they are played */
static void
test_row_36 (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F");
  GstSegment segment;
  GstBuffer *buffer;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 10 * GST_SECOND;
  gst_harness_push_event (rig->h, gst_event_new_segment (&segment));
  buffer = gst_buffer_new_memdup ("{\"type\":\"F\",\"t_ns\":1000000777}", 30);
  GST_BUFFER_PTS (buffer) = 12 * GST_SECOND;
  g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_OK);
  buffer = gst_harness_pull (rig->h);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, 2 * GST_SECOND);
  gst_buffer_unref (buffer);
  /* one without a time follows from the others */
  rig_push (rig->h, "{\"type\":\"F\",\"t_ns\":1500000777}");
  buffer = gst_harness_pull (rig->h);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, 2 * GST_SECOND + 500 * GST_MSECOND);
  gst_buffer_unref (buffer);
  rig_end (rig, "");
}

/* ---- formats ---- */

static void
test_splice (void)
{
  static const gchar record[]
      = "{\"type\":\"F\",\"frame_id\":0,\"t_ns\":0,\"x\": [1.50, -0, 1e2 ]}";
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F");
  GstBuffer *buffer;
  gchar *text;
  gsize size;

  rig_push (rig->h, record);
  buffer = gst_harness_pull (rig->h);
  gst_buffer_extract_dup (buffer, 0, -1, (gpointer *) &text, &size);
  g_assert_cmpmem (text, size,
      "{\"type\":\"fused\",\"frame_id\":0,\"t_ns\":0,\"epoch\":0,\"pane\":0,\"reason\":"
      "\"complete\","
      "\"have\":{\"F\":{\"type\":\"F\",\"frame_id\":0,\"t_ns\":0,\"x\": [1.50, -0, 1e2 ],"
      "\"delay_ms\":0.0}},\"missing\":[],\"spread_ns\":0,\"wait_ms\":0.0}",
      size);
  g_free (text);
  gst_buffer_unref (buffer);
  rig_end (rig, "");
}

/* only MessagePack is wanted, and JSON comes */
static void
test_msgpack_out (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P");
  g_autofree gchar *line = NULL;
  GstBuffer *buffer;
  GstMapInfo map;

  gst_harness_set_sink_caps_str (rig->h, "application/x-msgpack");
  rig_say (rig, rig->h, "F0@0 P0@1");
  buffer = gst_harness_pull (rig->h);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  line = rig_fused_summary ((const gchar *) map.data, map.size, TRUE);
  g_assert_cmpstr (line, ==, "0 complete F,P");
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
}

/* a source that speaks MessagePack beside one that speaks JSON */
static void
test_msgpack_in (void)
{
  static const guint8 record[] = "\x83\xa4type\xa1P\xa8"
                                 "frame_id\x00\xa4t_ns\x00";
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=F,P", 2);

  gst_harness_set_src_caps_str (rig->more[1], "application/x-msgpack");
  rig_say (rig, rig->more[0], "F0@0");
  g_assert_cmpint (
      gst_harness_push (rig->more[1], gst_buffer_new_memdup (record, sizeof record - 1)), ==,
      GST_FLOW_OK);
  rig_expect (rig, "0 complete F,P");
  rig_end (rig, "");
}

static void
test_late_pad (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F late-policy=side");
  g_autoptr (TribHarness) late = gst_harness_new_with_element (rig->element, NULL, "late");
  GstBuffer *buffer;

  rig_say (rig, rig->h, "F33@0 F0@1");
  buffer = gst_harness_pull (late);
  g_assert_cmpint (gst_buffer_memcmp (buffer, 0, "{\"type\":\"F\",\"frame_id\":0", 23), ==, 0);
  gst_buffer_unref (buffer);
  rig_end (rig, "33 complete F");
  trib_assert_eventually (rig_stat (rig, "late-out") == 1, 10000);
}

static void
test_refused (void)
{
  static const gchar *const lines[]
      = { "obsaligner sources=F,F", "obsaligner source-offset=nothing",
          "obsaligner records=/nowhere/at/all", "obsaligner trace-location=/nowhere/at/all",
          "obsaligner records=fd:abc", "obsaligner trace-location=fd:" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstElement) element = gst_object_ref_sink (gst_parse_launch (lines[i], &error));

    g_assert_no_error (error);
    g_assert_cmpint (
        gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    gst_element_set_state (element, GST_STATE_NULL);
  }
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/obsaligner/pads/end", test_pads_end);
  g_test_add_func ("/obsaligner/pads/source", test_pad_source);
  g_test_add_func ("/obsaligner/pads/release", test_release_is_end);
  g_test_add_func ("/obsaligner/pads/late", test_late_pad);
  g_test_add_func ("/obsaligner/row/21", test_flush_of_one_pad);
  g_test_add_func ("/obsaligner/flush", test_flush_of_all);
  g_test_add_func ("/obsaligner/flush/time", test_flush_and_time);
  g_test_add_func ("/obsaligner/stop/time", test_stop_and_time);
  g_test_add_func ("/obsaligner/states", test_states);
  g_test_add_func ("/obsaligner/latency", test_latency);
  g_test_add_func ("/obsaligner/row/18", test_row_18);
  g_test_add_func ("/obsaligner/drop-oldest", test_drop_oldest);
  g_test_add_func ("/obsaligner/messages", test_messages);
  g_test_add_func ("/obsaligner/row/32", test_row_32);
  g_test_add_func ("/obsaligner/row/33", test_row_33);
  g_test_add_func ("/obsaligner/row/34", test_row_34);
  g_test_add_func ("/obsaligner/row/36", test_row_36);
  g_test_add_func ("/obsaligner/splice", test_splice);
  g_test_add_func ("/obsaligner/msgpack/out", test_msgpack_out);
  g_test_add_func ("/obsaligner/msgpack/in", test_msgpack_in);
  g_test_add_func ("/obsaligner/blocked-source-is-woken", test_blocked_source_is_woken);
  g_test_add_func ("/obsaligner/refused", test_refused);
  return trib_gst_test_run ();
}
