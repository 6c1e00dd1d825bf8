/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events and times at obsaligner's pads: what a GAP says, in and out, seeks, and the pipeline's
 * clock. */
#include <string.h>

#include "obsaligner-rig.h"

/* a record of @source whose buffer has a running time */
static void
push_timed (GstHarness *h, const gchar *source, guint frame, gint64 t_ms, GstClockTime pts)
{
  g_autofree gchar *json = g_strdup_printf (
      "{\"type\":\"%s\",\"frame_id\":%u,\"t_ns\":%" G_GINT64_FORMAT "000000}", source, frame, t_ms);
  GstBuffer *buffer = gst_buffer_new_memdup (json, strlen (json));

  GST_BUFFER_PTS (buffer) = pts;
  g_assert_cmpint (gst_harness_push (h, buffer), ==, GST_FLOW_OK);
}

static guint
count_events (GstHarness *h, GstEventType type)
{
  guint n = 0;
  GstEvent *event;

  while ((event = gst_harness_try_pull_event (h)) != NULL) {
    n += GST_EVENT_TYPE (event) == type;
    gst_event_unref (event);
  }
  return n;
}

/* nothing more of the pad's sources up to its end: frames do not wait for them */
static void
test_gap_in (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=F,P mode=watermark", 2);

  rig_at (rig, 1);
  push_timed (rig->more[0], "F", 0, 1000, 0);
  push_timed (rig->more[1], "P", 0, 1000, 0);
  rig_expect (rig, "0 complete F,P");
  push_timed (rig->more[0], "F", 1, 1040, 40 * GST_MSECOND);
  g_assert_cmpuint (gst_harness_buffers_in_queue (rig->h), ==, 0);
  gst_harness_push_event (rig->more[1], gst_event_new_gap (0, 40 * GST_MSECOND));
  rig_expect (rig, "1 watermark F -P:watermark");
  /* what comes all the same is late */
  push_timed (rig->more[1], "P", 1, 1040, 40 * GST_MSECOND);
  g_assert_cmpuint (rig_stat (rig, "records-late"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "gaps-in"), ==, 1);
  rig_end (rig, "");
}

/* of an announced frame, a gap says that there was nothing */
static void
test_gap_announced (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=F,P", 2);

  rig_at (rig, 1);
  push_timed (rig->more[0], "F", 0, 1000, 0);
  push_timed (rig->more[1], "P", 0, 1000, 0);
  rig_expect (rig, "0 complete F,P");
  rig_push (rig->more[0], "{\"kind\":\"announce\",\"frame_id\":1,\"t_ns\":1040000000}");
  rig_push (rig->more[0], "{\"kind\":\"announce\",\"frame_id\":2,\"t_ns\":1080000000}");
  push_timed (rig->more[0], "F", 1, 1040, 40 * GST_MSECOND);
  push_timed (rig->more[0], "F", 2, 1080, 80 * GST_MSECOND);
  gst_harness_push_event (rig->more[1], gst_event_new_gap (33 * GST_MSECOND, 33 * GST_MSECOND));
  rig_expect (rig, "1 complete F,Pe");
  rig_end (rig, "2 eos F -P:eos");
  g_assert_cmpuint (rig_stat (rig, "records-in"), ==, 7);
}

/* all are silent: downstream has a GAP, and need not wait */
static void
test_gap_out (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P mode=watermark idle-timeout-ms=50");

  rig_at (rig, 1);
  push_timed (rig->h, "F", 0, 1000, 7 * GST_MSECOND);
  rig_at (rig, 51);
  rig_expect (rig, "0 watermark F -P:watermark");
  trib_assert_eventually (rig_stat (rig, "gaps-out") == 1, 20000);
  rig_at (rig, 500);
  g_assert_cmpuint (rig_stat (rig, "gaps-out"), ==, 1);
  trib_assert_eventually (count_events (rig->h, GST_EVENT_GAP) == 1, 20000);
  rig_end (rig, "");
}

/* it is said that a source is silent, though nothing else happens then */
static void
test_reported_by_time (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (Rig) rig = rig_new ("sources=F,P window-ms=1000 idle-timeout-ms=50");
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *s;

  gst_element_set_bus (rig->element, bus);
  rig_say (rig, rig->h, "F0@0 F33@40 @60");
  message = trib_bus_wait_element (rig->element, "obsaligner-source", 10000);
  s = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (s, "source"), ==, "P");
  g_assert_cmpstr (gst_structure_get_string (s, "state"), ==, "idle");
  gst_element_set_bus (rig->element, NULL);
  rig_end (rig, "0 eos F -P:eos|33 eos F -P:eos");
}

/* window-base=capture: from when the frame was taken, on the pipeline's clock, not from when it
 * came */
static void
test_capture (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P window-ms=100 window-base=capture");

  gst_element_set_clock (rig->element, GST_CLOCK (rig->clock));
  gst_element_set_base_time (rig->element, 30 * GST_MSECOND);
  rig_at (rig, 80);
  push_timed (rig->h, "F", 0, 1000, 10 * GST_MSECOND);
  rig_at (rig, 139);
  g_assert_cmpuint (rig_stat (rig, "frames-fused"), ==, 0);
  rig_at (rig, 140);
  rig_expect (rig, "0 timeout F -P:timeout");
  rig_end (rig, "");
}

static void
test_holder (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=F,P mode=watermark");
  g_autofree gchar *first = NULL, *second = NULL;

  rig_say (rig, rig->h, "F0@0 P0@1 F33@2 F66@3");
  g_object_get (rig->element, "current-holder", &first, NULL);
  g_assert_cmpstr (first, ==, "P");
  rig_say (rig, rig->h, "P100@4");
  g_object_get (rig->element, "current-holder", &second, NULL);
  g_assert_cmpstr (second, ==, "F");
  rig_end (rig,
      "0 complete F,P|33 watermark F -P:watermark|66 watermark F -P:watermark|100 eos P -F:eos");
}

/* as sources do that can seek: they flush at once, one after another */
static GstPadProbeReturn
answer_seek (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_SEEK) {
    gst_pad_push_event (pad, gst_event_new_flush_start ());
    gst_pad_push_event (pad, gst_event_new_flush_stop (TRUE));
  }
  return GST_PAD_PROBE_OK;
}

typedef struct {
  guint starts, stops;
} Flushes;

static GstPadProbeReturn
count_flush (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Flushes *flushes = data;

  flushes->starts += GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_FLUSH_START;
  flushes->stops += GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_FLUSH_STOP;
  return GST_PAD_PROBE_OK;
}

/* the flushes of all sources are one */
static void
test_seek (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=F,P", 3);
  Flushes flushes = { 0 };
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_add_probe (rig->h->sinkpad, GST_PAD_PROBE_TYPE_EVENT_FLUSH, count_flush, &flushes, NULL);
  for (guint i = 0; i < 3; i++)
    gst_pad_add_probe (
        rig->more[i]->srcpad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, answer_seek, NULL, NULL);
  rig_say (rig, rig->more[0], "F0@0");
  rig_say (rig, rig->more[1], "P0@1 P33@2");
  rig_expect (rig, "0 complete F,P");
  gst_harness_push_upstream_event (
      rig->h, gst_event_new_seek (1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                  GST_SEEK_TYPE_NONE, -1));
  g_assert_cmpuint (flushes.starts, ==, 1);
  g_assert_cmpuint (flushes.stops, ==, 1);
  for (guint i = 0; i < 3; i++)
    gst_harness_push_event (rig->more[i], gst_event_new_segment (&segment));
  rig_say (rig, rig->more[0], "F0@3");
  rig_say (rig, rig->more[1], "P0@4");
  rig_expect (rig, "0 complete epoch 1 F,P");
  rig_end (rig, "");
  g_assert_cmpuint (rig_stat (rig, "records-dropped-flushed"), ==, 1);
}

/* when all sources are silent and nothing waits, the element sleeps: it does not poll the clock */
static void
test_sleeps (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P window-ms=20 idle-timeout-ms=50");
  guint asked = 0;

  rig_say (rig, rig->h, "F0@0 P0@1 F33@2 @3000");
  rig_expect (rig, "0 complete F,P|33 timeout F -P:timeout");
  for (guint i = 0; i < 100; i++) {
    GstClockID id = NULL;
    if (gst_test_clock_peek_next_pending_id (rig->clock, &id))
      asked += gst_clock_id_get_time (id) < 3000 * GST_MSECOND;
    g_clear_pointer (&id, gst_clock_id_unref);
    trib_test_pause ();
  }
  g_assert_cmpuint (asked, ==, 0);
  rig_end (rig, "");
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/obsaligner/gap/in", test_gap_in);
  g_test_add_func ("/obsaligner/gap/announced", test_gap_announced);
  g_test_add_func ("/obsaligner/gap/out", test_gap_out);
  g_test_add_func ("/obsaligner/reported-by-time", test_reported_by_time);
  g_test_add_func ("/obsaligner/window-base/capture", test_capture);
  g_test_add_func ("/obsaligner/current-holder", test_holder);
  g_test_add_func ("/obsaligner/seek", test_seek);
  g_test_add_func ("/obsaligner/sleeps", test_sleeps);
  return trib_gst_test_run ();
}
