/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* extractorbin with a branch that hangs until it is let go: nothing else waits for it. And flushes
 * at bad moments. */
#include "extractorbin-rig.h"

#include <string.h>

#define PATIENT "timeout-ms=600000 deadline-aware=false breaker-threshold=0 "
#define CAPS(width) "video/x-raw,format=GRAY8,width=" #width ",height=8,framerate=30/1"

/* ---- an element that hangs ---- */

typedef struct {
  GMutex lock;
  GCond cond;
  gboolean holds;
  guint n_entered;
} Gate;

static void
on_handoff (GstElement *identity, GstBuffer *buffer, gpointer data)
{
  Gate *gate = data;

  g_mutex_lock (&gate->lock);
  gate->n_entered++;
  g_cond_broadcast (&gate->cond);
  while (gate->holds)
    g_cond_wait (&gate->cond, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

/* They are never freed: an element's own thread may come out of one late. */
static Gate gates[16];
static guint n_gates;

/* the element "hang" of a branch stays in a frame until gate_open() */
static Gate *
gate_close (Rig *rig)
{
  g_autoptr (GstElement) hang = gst_bin_get_by_name (GST_BIN (rig->element), "hang");
  Gate *gate = &gates[n_gates++];

  g_assert_cmpuint (n_gates, <=, G_N_ELEMENTS (gates));
  gate->holds = TRUE;
  g_object_set (hang, "signal-handoffs", TRUE, NULL);
  g_signal_connect (hang, "handoff", G_CALLBACK (on_handoff), gate);
  return gate;
}

static void
gate_wait (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  while (gate->n_entered == 0)
    g_cond_wait (&gate->cond, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

static void
gate_open (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->holds = FALSE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->lock);
}

static const gchar *const hanging[] = {
  "identity name=hang ! qualityextract",
  "queue ! identity name=hang ! qualityextract",
  "queue max-size-buffers=1 ! identity name=hang ! queue ! qualityextract",
};

static Rig *
hanging_rig (guint which, Gate **ret_gate)
{
  g_autofree gchar *properties
      = g_strdup_printf (PATIENT "branches=\"s=%s; a=qualityextract\"", hanging[which]);
  Rig *rig = rig_new (properties, 0);

  *ret_gate = gate_close (rig);
  rig_frame (rig, 0);
  gate_wait (*ret_gate);
  return rig;
}

static void
wait_for_threads (void)
{
  trib_assert_eventually (trib_test_count_threads ("trib-ext") == 0, 20000);
}

/* NULL does not wait for a branch that hangs, nor does its removal */
static void
test_hang_null (gconstpointer data)
{
  guint which = GPOINTER_TO_UINT (data);

  for (guint removed = 0; removed < 2; removed++) {
    Gate *gate;
    Rig *rig = hanging_rig (which, &gate);
    gboolean done = FALSE;
    if (removed)
      g_signal_emit_by_name (rig->element, "remove-branch", "s", &done);
    g_assert_cmpint (done, ==, removed);
    gst_element_set_state (rig->element, GST_STATE_NULL);
    rig_assert_closed (rig);
    rig_free (rig);
    gate_open (gate);
    wait_for_threads ();
  }
}

static void
flush (Rig *rig)
{
  GstSegment segment;

  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_segment (&segment)));
}

static GstBuffer *
make_wide (guint64 id)
{
  GstBuffer *buffer = rig_make_frame (id);

  gst_buffer_append_memory (buffer, gst_allocator_alloc (NULL, 128, NULL));
  return buffer;
}

/* A flush does not wait for a branch that hangs. Events queued
 * for it before, above all caps, follow the flush. */
static void
test_hang_flush (gconstpointer data)
{
  Gate *gate;
  Rig *rig = hanging_rig (GPOINTER_TO_UINT (data), &gate);
  g_autoptr (GstElement) hang = gst_bin_get_by_name (GST_BIN (rig->element), "hang");
  g_autoptr (GstPad) sink = gst_element_get_static_pad (hang, "sink");
  g_autoptr (GstCaps) wide = gst_caps_from_string (CAPS (32));
  g_autoptr (GstCaps) caps = NULL;

  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_caps (wide)));
  for (guint i = 0; i < 3; i++)
    flush (rig);
  gate_open (gate);
  g_assert_cmpint (gst_harness_push (rig->h, make_wide (1)), ==, GST_FLOW_OK);
  trib_assert_eventually (rig_branch_stat (rig, "s", "answered") == 1, 10000);
  trib_assert_eventually (rig_branch_stat (rig, "a", "answered") >= 1, 10000);
  caps = gst_pad_get_current_caps (sink);
  g_assert_true (gst_caps_is_equal (caps, wide));
  rig_end (rig);
  rig_assert_closed (rig);
  rig_free (rig);
  wait_for_threads ();
}

static void
count_event (gpointer data, GstMiniObject *where)
{
  g_atomic_int_inc ((guint *) data);
}

static void
push_tags (Rig *rig, guint n, guint *freed)
{
  for (guint i = 0; i < n; i++) {
    GstEvent *tag = gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "a", NULL));
    GstEvent *gap = gst_event_new_gap (i, 1);
    gst_mini_object_weak_ref (GST_MINI_OBJECT (tag), count_event, freed);
    gst_mini_object_weak_ref (GST_MINI_OBJECT (gap), count_event, freed);
    gst_harness_push_event (rig->h, tag);
    gst_harness_push_event (rig->h, gap);
  }
}

/* events do not pile up in front of a branch that hangs */
static void
test_hang_events (void)
{
  static guint freed;
  Gate *gate;
  Rig *rig = hanging_rig (0, &gate);

  push_tags (rig, 5000, &freed);
  trib_assert_eventually (g_atomic_int_get (&freed) >= 8000, 10000);
  gate_open (gate);
  rig_frame (rig, 1);
  trib_assert_eventually (rig_branch_stat (rig, "s", "answered") == 2, 10000);
  rig_free (rig);
  wait_for_threads ();
}

/* a flush before the first record: obs has its stream-start and caps all the same */
static void
test_flush_first (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "branches=a", 1);
  g_autoptr (GstCaps) caps = NULL;

  flush (rig);
  rig_frame (rig, 0);
  rig_expect (rig, "announce 0 ok a");
  caps = gst_pad_get_current_caps (rig->h->sinkpad);
  g_assert_nonnull (caps);
  rig_take (rig, 0, 0);
  rig_answer (rig, 0, 0);
  rig_expect (rig, "obs 0 a");
  rig_assert_closed (rig);
}

/* a stop in a flush that lasts longer than drain-timeout-ms: obs sleeps, and the lock is free */
static void
test_flush_while_draining (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "drain-timeout-ms=100 branches=a", 1);
  gint64 drained;

  rig_frame (rig, 0);
  rig_expect (rig, "announce 0 ok a");
  rig_take (rig, 0, 0);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  gst_harness_push_event (rig->h, gst_event_new_flush_start ());
  drained = g_get_monotonic_time () + 100 * G_TIME_SPAN_MILLISECOND;
  trib_assert_eventually (g_get_monotonic_time () > drained, 10000);
}

/* the error of a branch that is not the first */
static void
test_second_fails (void)
{
  g_autoptr (Rig) rig = rig_new (
      PATIENT "branches=\"a=qualityextract; b=identity error-after=1 ! qualityextract\"", 0);

  rig_frame (rig, 0);
  trib_assert_eventually (rig_branch_stat (rig, "a", "answered") == 1, 10000);
  trib_assert_eventually (rig_branch_stat (rig, "b", "skipped-failed") == 1, 10000);
  rig_frame (rig, 1);
  trib_assert_eventually (rig_branch_stat (rig, "a", "answered") == 2, 10000);
  rig_assert_closed (rig);
}

/* the end, and nothing before it: both sinks have to come to PAUSED by it */
static void
test_end_alone (void)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "videotestsrc num-buffers=0 ! extractorbin name=x branches=a=qualityextract "
      "x.src ! fakesink x.obs ! fakesink",
      NULL);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = trib_bus_wait (pipeline, GST_MESSAGE_EOS, 10000);
  g_assert_nonnull (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* ---- from the streaming thread ---- */

typedef struct {
  Rig *rig;
  gboolean done;
  gint entered; /* atomic */
} Add;

/* once the bin is on its way down */
static GstPadProbeReturn
add_while_stopping (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Add *add = data;

  g_atomic_int_set (&add->entered, TRUE);
  while (GST_STATE_TRYLOCK (add->rig->element)) {
    GST_STATE_UNLOCK (add->rig->element);
    trib_test_pause ();
  }
  add->done = TRUE;
  g_signal_emit_by_name (add->rig->element, "add-branch", "late=qualityextract", &add->done);
  g_signal_emit_by_name (add->rig->element, "remove-branch", "a", &add->done);
  return GST_PAD_PROBE_DROP;
}

static gpointer
push_one (gpointer data)
{
  gst_harness_push (((Rig *) data)->h, rig_make_frame (0));
  return NULL;
}

/* going down waits for the streaming thread; that thread does not wait for it when it wants to add
 * a branch */
static void
test_add_while_stopping (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "branches=a=qualityextract", 0);
  g_autoptr (GstPad) sink = gst_element_get_static_pad (rig->element, "sink");
  Add add = { .rig = rig };
  GThread *thread;

  gst_pad_add_probe (sink, GST_PAD_PROBE_TYPE_BUFFER, add_while_stopping, &add, NULL);
  thread = g_thread_new ("pusher", push_one, rig);
  trib_assert_eventually (g_atomic_int_get (&add.entered), 10000);
  gst_element_set_state (rig->element, GST_STATE_NULL);
  g_thread_join (thread);
  g_assert_false (add.done);
}

/* ---- pairs of pads ---- */

/* the answering pad was linked, and had its caps, before the pair was complete */
static void
test_sink_first (void)
{
  static const gchar seen[] = "{\"type\":\"seen\",\"frame_id\":0,\"t_ns\":0}";
  g_autoptr (Rig) rig = rig_new (PATIENT, 0);
  GstHarness *answers = gst_harness_new_with_element (rig->element, "branch_sink_0", NULL);
  GstHarness *frames;

  gst_harness_set_src_caps_str (answers, "application/json");
  gst_harness_push (answers, gst_buffer_new_memdup (seen, strlen (seen)));
  frames = gst_harness_new_with_element (rig->element, NULL, "branch_src_0");
  rig_frame (rig, 0);
  gst_buffer_unref (gst_harness_pull (frames));
  gst_harness_push (answers, gst_buffer_new_memdup (seen, strlen (seen)));
  g_assert_cmpuint (rig_branch_stat (rig, "branch-0", "answered"), ==, 1);
  rig_expect (rig, "announce 0 ok branch-0");
  rig_expect (rig, "obs 0 branch-0");
  rig_assert_closed (rig);
  gst_element_set_state (rig->element, GST_STATE_NULL);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstPad) pad
        = gst_element_get_static_pad (rig->element, i ? "branch_src_0" : "branch_sink_0");
    gst_element_release_request_pad (rig->element, pad);
  }
  gst_harness_teardown (answers);
  gst_harness_teardown (frames);
}

/* a branch that has longer than the others: records may be that late */
static void
test_latency (void)
{
  g_autoptr (Rig) rig = rig_new ("timeout-ms=100 branches=\"a; b[timeout-ms=700]\"", 2);
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  GstClockTime min;

  g_assert_true (gst_pad_peer_query (rig->h->sinkpad, query));
  gst_query_parse_latency (query, NULL, &min, NULL);
  g_assert_cmpuint (min, ==, 700 * GST_MSECOND);
}

/* elements that cannot start are no branch, and the warning says why */
static void
test_add_that_fails (void)
{
  g_autoptr (Rig) rig = rig_new ("branches=a", 1);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  gboolean added = TRUE;

  gst_element_set_bus (rig->element, bus);
  g_signal_emit_by_name (rig->element, "add-branch",
      "f=qualityextract ! tee name=t t. ! queue ! filesink location=/nonexistent/folder/file t. ! "
      "queue",
      &added);
  g_assert_false (added);
  message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "/nonexistent/folder/file"));
  gst_element_set_bus (rig->element, NULL);
  rig_frame (rig, 0);
  rig_expect (rig, "announce 0 ok a");
}

static GstPadProbeReturn
stand_still (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  return GST_PAD_PROBE_OK;
}

static gpointer
flood (gpointer data)
{
  Rig *rig = data;
  g_autofree gchar *text = g_strnfill (10000, 'x');
  g_autofree gchar *json
      = g_strdup_printf ("{\"type\":\"seen\",\"frame_id\":0,\"text\":\"%s\"}", text);

  while (
      gst_harness_push (rig->branch[0], gst_buffer_new_memdup (json, strlen (json))) == GST_FLOW_OK)
    ;
  return NULL;
}

/* with strategy none a branch with too many records waits while downstream blocks; a flush wakes
 * it */
static void
test_flood (void)
{
  g_autoptr (Rig) rig
      = rig_new ("strategy=none timeout-ms=600000 max-pending-bytes=65536 branches=a", 1);
  g_autoptr (GstPad) obs = gst_element_get_static_pad (rig->element, "obs");
  gulong probe = gst_pad_add_probe (
      obs, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, stand_still, NULL, NULL);
  GThread *thread;

  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  thread = g_thread_new ("flood", flood, rig);
  trib_assert_eventually (rig_stat (rig, "bytes-queued") >= 65536, 10000);
  for (guint i = 0; i < 20; i++) {
    trib_test_pause ();
    g_assert_cmpuint (rig_stat (rig, "bytes-queued"), <, 65536 + 20000);
  }
  gst_harness_push_event (rig->h, gst_event_new_flush_start ());
  g_thread_join (thread);
  gst_pad_remove_probe (obs, probe);
  g_assert_cmpuint (rig_stat (rig, "lost-downstream-full"), ==, 0);
  rig_assert_closed (rig);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (hanging); i++) {
    g_autofree gchar *null = g_strdup_printf ("/extractorbin/hang/null/%u", i);
    g_autofree gchar *flushed = g_strdup_printf ("/extractorbin/hang/flush/%u", i);
    g_test_add_data_func (null, GUINT_TO_POINTER (i), test_hang_null);
    g_test_add_data_func (flushed, GUINT_TO_POINTER (i), test_hang_flush);
  }
  g_test_add_func ("/extractorbin/flush-first", test_flush_first);
  g_test_add_func ("/extractorbin/flush-while-draining", test_flush_while_draining);
  g_test_add_func ("/extractorbin/second-fails", test_second_fails);
  g_test_add_func ("/extractorbin/add-while-stopping", test_add_while_stopping);
  g_test_add_func ("/extractorbin/hang/events", test_hang_events);
  g_test_add_func ("/extractorbin/end-alone", test_end_alone);
  g_test_add_func ("/extractorbin/sink-first", test_sink_first);
  g_test_add_func ("/extractorbin/latency", test_latency);
  g_test_add_func ("/extractorbin/add-that-fails", test_add_that_fails);
  g_test_add_func ("/extractorbin/flood", test_flood);
  return trib_gst_test_run ();
}
