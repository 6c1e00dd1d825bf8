/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The edge cases of parallel extraction (OBS-3, OBS-4), by their numbers in the table of
 * docs/internals/extraction.md; the test is the branches. Rows that a core decides are also
 * tests/unit/extract. */
#include "extractorbin-rig.h"

#include <frame/trib-frame-meta.h>
#include <string.h>

#define PATIENT "timeout-ms=600000 deadline-aware=false breaker-threshold=0 "

/* all branches are faster than the frames: each frame is admitted, none skipped, src has what came
 * in */
static void
test_row_01 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "branches=\"a; b\"", 2);

  rig_open_src (rig);
  for (guint i = 0; i < 50; i++) {
    GstBuffer *frame = rig_make_frame (i);
    g_autofree gchar *announce = g_strdup_printf ("announce %u ok a,b", i);
    g_autofree gchar *a = g_strdup_printf ("obs %u a", i), *b = g_strdup_printf ("obs %u b", i);
    g_autoptr (GstBuffer) out = NULL;
    g_assert_cmpint (gst_harness_push (rig->h, gst_buffer_ref (frame)), ==, GST_FLOW_OK);
    out = gst_harness_pull (rig->src);
    g_assert_true (out == frame); /* a reference, no copy */
    gst_buffer_unref (frame);
    rig_expect (rig, announce);
    rig_take (rig, 0, i);
    rig_take (rig, 1, i);
    rig_answer (rig, 1, i);
    rig_expect (rig, b);
    rig_answer (rig, 0, i);
    rig_expect (rig, a);
  }
  g_assert_cmpuint (rig_stat (rig, "frames-admitted"), ==, 50);
  g_assert_cmpuint (rig_stat (rig, "frames-finished"), ==, 50);
  g_assert_cmpuint (rig_branch_stat (rig, "a", "answered"), ==, 50);
  rig_end (rig);
  rig_assert_closed (rig);
}

/* one branch is slow: the other has every frame, and is not waited for */
static void
test_row_02 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "branches=\"fast; slow\"", 2);

  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  rig_take (rig, 1, 0);
  rig_expect (rig, "announce 0 ok fast,slow");
  rig_answer (rig, 0, 0);
  rig_expect (rig, "obs 0 fast");
  for (guint i = 1; i < 20; i++) {
    g_autofree gchar *announce = g_strdup_printf ("announce %u ok fast,slow", i);
    g_autofree gchar *gone = g_strdup_printf ("skipped %u slow superseded", i - 1);
    g_autofree gchar *obs = g_strdup_printf ("obs %u fast", i);
    rig_frame (rig, i);
    if (i > 1)
      rig_expect (rig, gone);
    rig_expect (rig, announce);
    rig_take (rig, 0, i);
    rig_answer (rig, 0, i);
    rig_expect (rig, obs);
  }
  /* what waited last is what it gets */
  rig_answer (rig, 1, 0);
  rig_expect (rig, "obs 0 slow");
  rig_take (rig, 1, 19);
  rig_answer (rig, 1, 19);
  rig_expect (rig, "obs 19 slow");
  g_assert_cmpuint (rig_branch_stat (rig, "slow", "skipped-superseded"), ==, 18);
  rig_assert_closed (rig);
}

/* all or none: both are as fast as the slow one */
static void
test_row_02_frame (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "admission=frame branches=\"fast; slow\"", 2);

  for (guint i = 0; i < 4; i++)
    rig_frame (rig, i);
  rig_expect (rig, "announce 0 ok fast,slow");
  /* a newer frame takes the place of the one that waits; it is dropped as a whole */
  for (guint i = 1; i < 3; i++) {
    g_autofree gchar *announce = g_strdup_printf ("announce %u superseded", i);
    g_autofree gchar *fast = g_strdup_printf ("skipped %u fast superseded", i);
    g_autofree gchar *slow = g_strdup_printf ("skipped %u slow superseded", i);
    rig_expect (rig, announce);
    rig_expect (rig, fast);
    rig_expect (rig, slow);
  }
  rig_answer (rig, 0, 0);
  rig_expect (rig, "obs 0 fast");
  g_assert_cmpuint (rig_stat (rig, "frames-waiting"), ==, 1);
  rig_answer (rig, 1, 0);
  rig_expect (rig, "obs 0 slow");
  rig_expect (rig, "announce 3 ok fast,slow");
  g_assert_cmpuint (rig_stat (rig, "frames-dropped-superseded"), ==, 2);
  rig_assert_closed (rig);
}

static GstBuffer *
bare_frame (GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16 * 8, NULL);

  gst_buffer_memset (buffer, 0, 1, 16 * 8);
  GST_BUFFER_PTS (buffer) = pts;
  return buffer;
}

static guint64
pull_index (GstHarness *h, gint64 *ret_t_ns)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (h);
  TribFrameInfo info;

  g_assert_true (trib_frame_meta_get (buffer, &info));
  *ret_t_ns = info.t_ns;
  return info.index;
}

/* two frames of the same PTS: each has its own frame_id; without identities that is counted */
static void
test_row_03 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "max-in-flight=4 branches=a", 1);
  gint64 t[2];

  gst_harness_push (rig->h, bare_frame (GST_SECOND));
  gst_harness_push (rig->h, bare_frame (GST_SECOND));
  g_assert_cmpuint (pull_index (rig->branch[0], &t[0]), ==, 0);
  g_assert_cmpuint (pull_index (rig->branch[0], &t[1]), ==, 1);
  g_assert_cmpint (t[0], ==, t[1]);
  rig_expect (rig, "announce 0 ok a");
  rig_expect (rig, "announce 1 ok a");
  rig_say (rig, 0, "{\"type\":\"seen\",\"frame_id\":1}");
  rig_expect (rig, "empty 0 a");
  rig_expect (rig, "obs 1 a");
  g_assert_cmpuint (rig_stat (rig, "pts-duplicate"), ==, 1);
  rig_assert_closed (rig);
}

/* a branch drops a frame without a word: it had nothing to say once it answers a later one */
static void
test_row_04 (void)
{
  g_autoptr (Rig) rig
      = rig_new (PATIENT "max-in-flight=4 workers=16 branches=\"a; b[in-order=false]\"", 2);

  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *announce = g_strdup_printf ("announce %u ok a,b", i);
    rig_frame (rig, i);
    rig_expect (rig, announce);
    rig_take (rig, 0, i);
    rig_take (rig, 1, i);
  }
  rig_answer (rig, 0, 2);
  rig_expect (rig, "empty 0 a");
  rig_expect (rig, "empty 1 a");
  rig_expect (rig, "obs 2 a");
  /* not so one that answers in any order */
  rig_answer (rig, 1, 2);
  rig_expect (rig, "obs 2 b");
  rig_answer (rig, 1, 0);
  rig_expect (rig, "obs 0 b");
  g_assert_cmpuint (rig_branch_stat (rig, "a", "empty"), ==, 2);
  g_assert_cmpuint (rig_branch_stat (rig, "b", "empty"), ==, 0);
  rig_assert_closed (rig);
}

/* and without a later answer it is a timeout */
static void
test_row_04_timeout (void)
{
  g_autoptr (Rig) rig = rig_new ("timeout-ms=20 branches=a", 1);

  rig_frame (rig, 0);
  rig_expect (rig, "announce 0 ok a");
  rig_expect (rig, "skipped 0 a timeout");
  g_assert_cmpuint (rig_branch_stat (rig, "a", "timeout"), ==, 1);
  rig_assert_closed (rig);
}

/* several observations of one frame: parts, or the first is the answer and the others are passed
 * on */
static void
test_row_05 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "branches=a", 1);

  rig_frame (rig, 0);
  rig_expect (rig, "announce 0 ok a");
  rig_take (rig, 0, 0);
  rig_say (rig, 0, "{\"type\":\"x\",\"frame_id\":0,\"part\":1,\"parts\":2}");
  rig_expect (rig, "obs 0 a");
  g_assert_cmpuint (rig_branch_stat (rig, "a", "pending"), ==, 1);
  rig_say (rig, 0, "{\"type\":\"x\",\"frame_id\":0,\"part\":2,\"parts\":2}");
  rig_expect (rig, "obs 0 a");
  g_assert_cmpuint (rig_branch_stat (rig, "a", "answered"), ==, 1);
  g_assert_cmpuint (rig_branch_stat (rig, "a", "duplicate"), ==, 0);
  /* a list of records in one buffer */
  rig_frame (rig, 1);
  rig_expect (rig, "announce 1 ok a");
  rig_take (rig, 0, 1);
  rig_say (rig, 0, "[{\"type\":\"x\",\"frame_id\":1},{\"type\":\"y\",\"frame_id\":1}]");
  rig_expect (rig, "obs 1 a");
  rig_expect (rig, "obs 1 a");
  g_assert_cmpuint (rig_branch_stat (rig, "a", "duplicate"), ==, 1);
  /* a bound ends what it covers */
  rig_frame (rig, 2);
  rig_expect (rig, "announce 2 ok a");
  rig_take (rig, 0, 2);
  rig_say (rig, 0, "{\"kind\":\"bound\",\"source\":\"a\",\"t_ns\":66000000}");
  rig_expect (rig, "empty 2 a");
  rig_expect (rig, "bound  a");
  rig_assert_closed (rig);
}

/* twice, for an unknown frame, not at all what is expected */
static void
test_row_06 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "branches=a", 1);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) unmatched = NULL, invalid = NULL;

  gst_element_set_bus (rig->element, bus);
  rig_frame (rig, 0);
  rig_expect (rig, "announce 0 ok a");
  rig_take (rig, 0, 0);
  rig_answer (rig, 0, 77);
  rig_say (rig, 0, "{\"type\":\"x\",\"frame_id\":0,");
  rig_say (rig, 0, "{\"kind\":\"announce\",\"frame_id\":0}");
  rig_say (rig, 0, "7");
  rig_answer (rig, 0, 0);
  rig_expect (rig, "obs 0 a");
  rig_answer (rig, 0, 0);
  rig_expect (rig, "obs 0 a");
  g_assert_cmpuint (rig_branch_stat (rig, "a", "duplicate"), ==, 1);
  g_assert_cmpuint (rig_branch_stat (rig, "a", "unmatched"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "records-unmatched"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "records-invalid"), ==, 3);
  unmatched = trib_bus_wait_element (rig->element, "extractorbin-unmatched", 10000);
  invalid = trib_bus_wait_element (rig->element, "extractorbin-invalid", 10000);
  gst_element_set_bus (rig->element, NULL);
  rig_assert_closed (rig);
}

/* a branch fails: a message, the others go on */
static void
test_row_07 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT
      "branches=\"good=qualityextract; bad=identity error-after=3 ! qualityextract; a\"",
      1);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *stopped = NULL;
  const GstStructure *s;
  guint failed = 0;

  gst_element_set_bus (rig->element, bus);
  for (guint i = 0; i < 6; i++) {
    g_autofree gchar *announce = NULL;
    rig_frame (rig, i);
    rig_take (rig, 0, i);
    rig_answer (rig, 0, i);
    trib_assert_eventually (rig_stat (rig, "frames-finished") == i + 1, 10000);
  }
  rig_end (rig);
  message = trib_bus_wait_element (rig->element, "extractorbin-branch", 10000);
  s = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (s, "branch"), ==, "bad");
  g_assert_cmpstr (gst_structure_get_string (s, "state"), ==, "failed");
  while (gst_harness_buffers_in_queue (rig->h) > 0) {
    g_autofree gchar *record = rig_pull (rig), *summary = rig_summary (record);
    failed += g_str_equal (summary, "skipped 2 bad failed");
  }
  g_assert_cmpuint (failed, ==, 1);
  g_assert_cmpuint (rig_branch_stat (rig, "a", "answered"), ==, 6);
  g_assert_cmpuint (rig_branch_stat (rig, "bad", "answered"), ==, 2);
  gst_element_set_bus (rig->element, NULL);
  rig_assert_closed (rig);
  gst_element_set_state (rig->element, GST_STATE_READY);
  stopped = rig_branch_state (rig, "bad");
  g_assert_cmpstr (stopped, ==, "failed");
}

/* caps in the middle of the stream reach each branch behind the frames before them */
static void
test_row_08 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "max-in-flight=8 branches=\"a; q=qualityextract\"", 1);
  g_autoptr (GstCaps) turned
      = gst_caps_from_string ("video/x-raw,format=GRAY8,width=8,height=16,framerate=30/1");
  g_autoptr (GstCaps) last = NULL;
  guint seen = 0;

  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_caps (turned)));
  rig_frame (rig, 1);
  rig_take (rig, 0, 1);
  rig_answer (rig, 0, 0);
  rig_answer (rig, 0, 1);
  last = gst_pad_get_current_caps (rig->branch[0]->sinkpad);
  g_assert_true (gst_caps_is_equal (last, turned));
  trib_assert_eventually (rig_stat (rig, "frames-finished") == 2, 10000);
  rig_end (rig);
  while (gst_harness_buffers_in_queue (rig->h) > 0) {
    g_autofree gchar *record = rig_pull (rig);
    seen += strstr (record, "\"width\":16,\"height\":8") && strstr (record, "\"frame_id\":0") ? 1
                                                                                              : 0;
    seen += strstr (record, "\"width\":8,\"height\":16") && strstr (record, "\"frame_id\":1") ? 1
                                                                                              : 0;
  }
  g_assert_cmpuint (seen, ==, 2);
  rig_assert_closed (rig);
}

static gboolean
signal_of (Rig *rig, const gchar *name, const gchar *text)
{
  gboolean done;

  g_signal_emit_by_name (rig->element, name, text, &done);
  return done;
}

/* a branch comes and goes while the others run */
static void
test_row_09 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "branches=a", 1);

  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  rig_answer (rig, 0, 0);
  rig_expect (rig, "announce 0 ok a");
  rig_expect (rig, "obs 0 a");
  g_assert_true (signal_of (rig, "add-branch", "q=qualityextract"));
  g_assert_false (signal_of (rig, "add-branch", "q=qualityextract"));
  g_assert_false (signal_of (rig, "add-branch", "x=nosuchelement"));
  g_assert_false (signal_of (rig, "add-branch", "x"));
  rig_frame (rig, 1);
  rig_expect (rig, "announce 1 ok a,q");
  rig_expect (rig, "obs 1 q");
  rig_take (rig, 0, 1);
  rig_answer (rig, 0, 1);
  rig_expect (rig, "obs 1 a");
  g_assert_true (signal_of (rig, "remove-branch", "q"));
  g_assert_false (signal_of (rig, "remove-branch", "q"));
  rig_frame (rig, 2);
  rig_expect (rig, "announce 2 ok a");
  /* a pair of pads goes: what it was given is skipped */
  rig_take (rig, 0, 2);
  rig_close_branch (rig, 0);
  rig_expect (rig, "skipped 2 a removed");
  rig_frame (rig, 3);
  rig_expect (rig, "announce 3 ok");
  rig_open_branch (rig, 0);
  rig_frame (rig, 4);
  rig_expect (rig, "announce 4 ok a");
  rig_take (rig, 0, 4);
  rig_answer (rig, 0, 4);
  rig_expect (rig, "obs 4 a");
  rig_assert_closed (rig);
}

/* behind the deadline it is late, and for its own frame */
static void
test_row_10 (void)
{
  g_autoptr (Rig) rig
      = rig_new ("timeout-ms=20 deadline-aware=false breaker-threshold=0 branches=a", 1);
  g_autofree gchar *late = NULL, *summary = NULL;

  rig_hold (rig);
  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  rig_expect (rig, "announce 0 ok a");
  rig_go_on (rig);
  rig_expect (rig, "skipped 0 a timeout");
  rig_hold (rig);
  rig_frame (rig, 1);
  rig_take (rig, 0, 1);
  rig_expect (rig, "announce 1 ok a");
  rig_go_on (rig);
  rig_expect (rig, "skipped 1 a timeout");
  rig_answer (rig, 0, 0);
  late = rig_pull (rig);
  summary = rig_summary (late);
  g_assert_cmpstr (summary, ==, "obs 0 a late");
  g_assert_nonnull (strstr (late, "\"lateness_ms\":"));
  g_assert_cmpuint (rig_branch_stat (rig, "a", "late"), ==, 1);
  g_assert_cmpuint (rig_branch_stat (rig, "a", "answered"), ==, 0);
  rig_assert_closed (rig);
}

/* one worker, three branches: one at a time, and each has its turn */
static void
test_row_11 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "workers=1 branches=\"a; b; c\"", 3);

  for (guint i = 0; i < 10; i++) {
    rig_frame (rig, i);
    for (guint n = 0; n < 3; n++) {
      guint who = 0;
      trib_assert_eventually (gst_harness_buffers_in_queue (rig->branch[0])
                                      + gst_harness_buffers_in_queue (rig->branch[1])
                                      + gst_harness_buffers_in_queue (rig->branch[2])
                                  == 1,
          10000);
      while (gst_harness_buffers_in_queue (rig->branch[who]) == 0)
        who++;
      rig_take (rig, who, i);
      rig_answer (rig, who, i);
    }
  }
  trib_assert_eventually (rig_stat (rig, "frames-finished") == 10, 10000);
  g_assert_cmpuint (rig_branch_stat (rig, "a", "answered"), ==, 10);
  g_assert_cmpuint (rig_branch_stat (rig, "b", "answered"), ==, 10);
  g_assert_cmpuint (rig_branch_stat (rig, "c", "answered"), ==, 10);
  rig_assert_closed (rig);
}

/* FALSE: this machine took longer to pause than the frame has, which proves nothing */
static gboolean
try_row_12 (void)
{
  g_autoptr (Rig) rig = rig_new ("timeout-ms=500 branches=a", 1);
  gint64 begun = g_get_monotonic_time (), until;

  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  rig_expect (rig, "announce 0 ok a");
  gst_element_set_state (rig->element, GST_STATE_PAUSED);
  if (g_get_monotonic_time () - begun >= 500 * G_TIME_SPAN_MILLISECOND) {
    gst_element_set_state (rig->element, GST_STATE_PLAYING);
    rig_expect (rig, "skipped 0 a timeout");
    return FALSE;
  }
  until = g_get_monotonic_time () + 700 * G_TIME_SPAN_MILLISECOND;
  while (g_get_monotonic_time () < until)
    trib_test_pause ();
  g_assert_cmpuint (rig_branch_stat (rig, "a", "timeout"), ==, 0);
  g_assert_cmpuint (rig_branch_stat (rig, "a", "pending"), ==, 1);
  gst_element_set_state (rig->element, GST_STATE_PLAYING);
  rig_expect (rig, "skipped 0 a timeout");
  rig_assert_closed (rig);
  return TRUE;
}

/* time in PAUSED does not count */
static void
test_row_12 (void)
{
  while (!try_row_12 ())
    g_test_message ("too slow to pause in time: once more");
}

/* the end does not wait for a branch that is stuck */
static void
test_row_13 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "drain-timeout-ms=100 branches=\"a; stuck\"", 2);

  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  rig_take (rig, 1, 0);
  rig_answer (rig, 0, 0);
  rig_end (rig);
  rig_expect (rig, "announce 0 ok a,stuck");
  rig_expect (rig, "obs 0 a");
  rig_expect (rig, "skipped 0 stuck flushing");
  rig_assert_closed (rig);
}

/* what a branch still says after the last frame goes out before the end */
static void
test_row_13_late (void)
{
  g_autoptr (Rig) rig
      = rig_new ("timeout-ms=20 deadline-aware=false drain-timeout-ms=600000 branches=a", 1);

  rig_hold (rig);
  rig_frame (rig, 0);
  rig_take (rig, 0, 0);
  rig_expect (rig, "announce 0 ok a");
  rig_go_on (rig);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  rig_expect (rig, "skipped 0 a timeout");
  /* the branch gets EOS, and holds its answer back until then */
  for (gboolean ended = FALSE; !ended;) {
    g_autoptr (GstEvent) event = gst_harness_pull_event (rig->branch[0]);
    ended = GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  }
  rig_answer (rig, 0, 0);
  rig_expect (rig, "obs 0 a late");
  for (gboolean ended = FALSE; !ended;) {
    g_autoptr (GstEvent) event = gst_harness_pull_event (rig->h);
    ended = GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  }
  rig_assert_closed (rig);
}

/* frames without PTS and identity are numbered, and say where their time is from */
static void
test_row_14 (void)
{
  g_autoptr (Rig) rig = rig_new (PATIENT "branches=a", 1);

  rig_open_src (rig);
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *announce = g_strdup_printf ("announce %u ok a", i);
    g_autofree gchar *obs = g_strdup_printf ("obs %u a", i);
    g_autofree gchar *say = g_strdup_printf ("{\"type\":\"x\",\"frame_id\":%u}", i);
    g_autoptr (GstBuffer) got = NULL, out = NULL;
    TribFrameInfo info;
    gst_harness_push (rig->h, bare_frame (GST_CLOCK_TIME_NONE));
    out = gst_harness_pull (rig->src);
    g_assert_false (trib_frame_meta_get (out, &info)); /* untouched */
    got = gst_harness_pull (rig->branch[0]);
    g_assert_true (trib_frame_meta_get (got, &info));
    g_assert_cmpuint (info.index, ==, i);
    g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_WALL);
    g_assert_true (gst_buffer_peek_memory (got, 0) == gst_buffer_peek_memory (out, 0));
    rig_expect (rig, announce);
    rig_say (rig, 0, say);
    rig_expect (rig, obs);
  }
  g_assert_cmpuint (rig_stat (rig, "pts-duplicate"), ==, 0);
  rig_assert_closed (rig);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/extractorbin/row/01", test_row_01);
  g_test_add_func ("/extractorbin/row/02/branch", test_row_02);
  g_test_add_func ("/extractorbin/row/02/frame", test_row_02_frame);
  g_test_add_func ("/extractorbin/row/03", test_row_03);
  g_test_add_func ("/extractorbin/row/04", test_row_04);
  g_test_add_func ("/extractorbin/row/04/timeout", test_row_04_timeout);
  g_test_add_func ("/extractorbin/row/05", test_row_05);
  g_test_add_func ("/extractorbin/row/06", test_row_06);
  g_test_add_func ("/extractorbin/row/07", test_row_07);
  g_test_add_func ("/extractorbin/row/08", test_row_08);
  g_test_add_func ("/extractorbin/row/09", test_row_09);
  g_test_add_func ("/extractorbin/row/10", test_row_10);
  g_test_add_func ("/extractorbin/row/11", test_row_11);
  g_test_add_func ("/extractorbin/row/12", test_row_12);
  g_test_add_func ("/extractorbin/row/13", test_row_13);
  g_test_add_func ("/extractorbin/row/13/late", test_row_13_late);
  g_test_add_func ("/extractorbin/row/14", test_row_14);
  return trib_gst_test_run ();
}
