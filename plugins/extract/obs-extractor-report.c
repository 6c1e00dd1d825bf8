/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What gst/extract decides becomes records, jobs, messages, trace records and counters. */
#include "obs-extractor.h"

#define GST_CAT_DEFAULT extractor_bin_debug

#define TELL_INTERVAL_NS GST_SECOND

/* with lock: (nullable) */
ObsBranch *
obs_extractor_branch (ObsExtractor *x, gint number)
{
  for (guint i = 0; i < x->branches->len; i++) {
    ObsBranch *b = x->branches->pdata[i];
    if (number >= 0 && b->number == number)
      return b;
  }
  return NULL;
}

/* ---- messages; posted by the outlet ---- */

static void
tell (ObsExtractor *x, GstStructure *s)
{
  obs_outlet_put (x, GST_MINI_OBJECT (gst_message_new_element (GST_OBJECT (x->bin), s)));
}

/* whether one of many is to be told now; how many with it */
static gboolean
is_due (ObsExtractorTold *told, guint64 *ret_count)
{
  gint64 now = g_get_monotonic_time () * GST_USECOND;

  told->untold++;
  if (told->ever && now - told->when < (gint64) TELL_INTERVAL_NS)
    return FALSE;
  told->ever = TRUE;
  told->when = now;
  *ret_count = told->untold;
  told->untold = 0;
  return TRUE;
}

void
obs_report_branch (ObsBranch *b, const gchar *state, const gchar *reason)
{
  GST_INFO_OBJECT (b->x->bin, "branch %s: %s (%s)", b->name, state, reason);
  tell (b->x, gst_structure_new ("extractorbin-branch", "branch", G_TYPE_STRING, b->name, "state",
                  G_TYPE_STRING, state, "reason", G_TYPE_STRING, reason, NULL));
}

void
obs_report_invalid_answer (ObsBranch *b, const gchar *reason)
{
  guint64 count;

  if (is_due (&b->x->told_invalid, &count))
    tell (b->x, gst_structure_new ("extractorbin-invalid", "branch", G_TYPE_STRING, b->name,
                    "reason", G_TYPE_STRING, reason, "count", G_TYPE_UINT64, count, NULL));
}

void
obs_report_lost_records (ObsExtractor *x)
{
  guint64 count;

  if (is_due (&x->told_lost, &count))
    tell (x, gst_structure_new ("extractorbin-lost", "count", G_TYPE_UINT64, count, NULL));
}

static void
report_skipped_frame (ObsExtractor *x, const TribExtractEvent *event)
{
  guint64 count;

  if (is_due (&x->told_skipped, &count))
    tell (x,
        gst_structure_new ("extractorbin-skipped", "frame-id", G_TYPE_UINT64,
            event->frame->frame_id, "reason", G_TYPE_STRING,
            trib_extract_outcome_to_string (event->outcome), "count", G_TYPE_UINT64, count, NULL));
}

static void
report_unmatched (ObsExtractor *x, const gchar *name)
{
  guint64 count;

  if (is_due (&x->told_unmatched, &count))
    tell (x, gst_structure_new ("extractorbin-unmatched", "branch", G_TYPE_STRING, name, "count",
                 G_TYPE_UINT64, count, NULL));
}

/* ---- trace records (OBS-6) ---- */

/* for want of room, rather than because somebody wanted it so */
static gboolean
is_backpressure (TribExtractOutcome outcome)
{
  return outcome == TRIB_EXTRACT_SKIP_WOULD_MISS || outcome == TRIB_EXTRACT_SKIP_QUEUE_FULL
         || outcome == TRIB_EXTRACT_SKIP_SUPERSEDED || outcome == TRIB_EXTRACT_SKIP_NOT_KEY
         || outcome == TRIB_EXTRACT_SKIP_NTH;
}

static void
trace_drop (ObsExtractor *x, const TribExtractFrame *frame, TribTraceDropReason reason)
{
  trib_trace_frame_drop (x->trace, frame->frame_id, &frame->frame_id, 1, reason);
}

static void
trace_decision (ObsExtractor *x, const TribExtractEvent *event)
{
  const gchar *expected[TRIB_EXTRACT_MAX_BRANCHES + 1];
  guint n = 0;

  if (x->trace == NULL)
    return;
  if (!event->admitted && is_backpressure (event->outcome))
    trace_drop (x, event->frame, TRIB_TRACE_DROP_BACKPRESSURE);
  for (guint i = 0; i < event->n_branches; i++) {
    const ObsBranch *b = obs_extractor_branch (x, event->branches[i]);
    if (b && event->outcomes[i] == TRIB_EXTRACT_RUN)
      expected[n++] = b->name;
  }
  expected[n] = NULL;
  trib_trace_opened (x->trace, event->frame->frame_id, expected, g_get_monotonic_time () * 1000);
}

static void
trace_answer (ObsBranch *b, const TribExtractEvent *event, TribTraceAnswer answer)
{
  ObsExtractor *x = b->x;
  TribExtractBranchInfo info = { 0 };

  if (x->trace == NULL)
    return;
  trib_extract_get_branch (x->core, b->number, &info);
  trib_trace_timing (x->trace, event->frame->frame_id, b->name, event->took_ns, info.n_waiting);
  trib_trace_answered (x->trace, event->frame->frame_id, b->name, answer, TRIB_TRACE_NO_DELAY,
      g_get_monotonic_time () * 1000);
}

static void
trace_finished (ObsExtractor *x, const TribExtractEvent *event)
{
  const ObsFrame *f;

  if (x->trace == NULL)
    return;
  f = obs_extractor_find_frame (x, TRUE, event->frame->frame_id, event->frame->t_ns);
  if (f)
    trib_trace_timing (
        x->trace, event->frame->frame_id, "orchestrator", event->now_ns - f->decided_ns, 0);
  trib_trace_left (x->trace, event->frame->frame_id, "complete", g_get_monotonic_time () * 1000);
}

/* ---- events ---- */

static void
decided (ObsExtractor *x, const TribExtractEvent *event)
{
  obs_extractor_set_decided (x, event->frame, event->now_ns);
  trace_decision (x, event);
  obs_records_announce (x, event);
  for (guint i = 0; i < event->n_branches; i++) {
    const ObsBranch *b = obs_extractor_branch (x, event->branches[i]);
    if (b && event->outcomes[i] != TRIB_EXTRACT_RUN)
      obs_records_skipped (
          x, event->frame, b->name, trib_extract_outcome_to_string (event->outcomes[i]));
  }
  if (event->admitted)
    return;
  x->skipped_frames++;
  if (is_backpressure (event->outcome))
    report_skipped_frame (x, event);
}

static void
breaker_moved (ObsBranch *b, TribExtractBreaker breaker)
{
  static const gchar *const states[] = { [TRIB_EXTRACT_BREAKER_CLOSED] = "trusted",
    [TRIB_EXTRACT_BREAKER_OPEN] = "spared",
    [TRIB_EXTRACT_BREAKER_TRYING] = "tried" };
  static const gchar *const reasons[] = { [TRIB_EXTRACT_BREAKER_CLOSED] = "it answers in time",
    [TRIB_EXTRACT_BREAKER_OPEN] = "too many frames in a row were not answered in time",
    [TRIB_EXTRACT_BREAKER_TRYING] = "one frame decides" };

  obs_report_branch (b, states[breaker], reasons[breaker]);
}

/* of one branch and, mostly, one frame */
static void
branch_event (ObsBranch *b, const TribExtractEvent *event)
{
  ObsExtractor *x = b->x;

  switch (event->kind) {
    case TRIB_EXTRACT_EVENT_START:
      obs_branch_queue (b, GST_MINI_OBJECT (gst_buffer_ref (event->frame->payload)));
      break;
    case TRIB_EXTRACT_EVENT_SKIPPED:
      if (is_backpressure (event->outcome))
        trace_drop (x, event->frame, TRIB_TRACE_DROP_BACKPRESSURE);
      obs_records_skipped (
          x, event->frame, b->name, trib_extract_outcome_to_string (event->outcome));
      break;
    case TRIB_EXTRACT_EVENT_EMPTY:
      trace_answer (b, event, TRIB_TRACE_ANSWER_EMPTY);
      obs_records_empty (x, event->frame, b->name);
      break;
    case TRIB_EXTRACT_EVENT_TIMEOUT:
      trace_drop (x, event->frame, TRIB_TRACE_DROP_TIMEOUT);
      obs_records_skipped (x, event->frame, b->name, "timeout");
      break;
    case TRIB_EXTRACT_EVENT_ANSWERED:
      trace_answer (b, event, TRIB_TRACE_ANSWER_OBSERVATION);
      break;
    case TRIB_EXTRACT_EVENT_LATE:
      trib_trace_timing (x->trace, event->frame->frame_id, b->name, event->took_ns, 0);
      break;
    case TRIB_EXTRACT_EVENT_UNMATCHED:
      report_unmatched (x, b->name);
      break;
    case TRIB_EXTRACT_EVENT_BREAKER:
      breaker_moved (b, event->breaker);
      break;
    default:
      break;
  }
}

/* An answer that is being given is of this frame. It goes out before whatever is decided because of it. */
static void
take_answer (ObsExtractor *x, const TribExtractEvent *event)
{
  x->answer.taken = TRUE;
  x->answer.late_ns = event->kind == TRIB_EXTRACT_EVENT_LATE ? MAX (event->by_ns, 1) : 0;
  x->answer.frame = (TribExtractFrame){
    .has_frame_id = TRUE, .frame_id = event->frame->frame_id, .t_ns = event->frame->t_ns
  };
  obs_answer_put (x);
}

/* with lock; @user_data: the extractor */
void
obs_extractor_event (gpointer user_data, const TribExtractEvent *event)
{
  ObsExtractor *x = user_data;
  ObsBranch *b = obs_extractor_branch (x, event->branch);

  switch (event->kind) {
    case TRIB_EXTRACT_EVENT_DECISION:
      decided (x, event);
      return;
    case TRIB_EXTRACT_EVENT_FINISHED:
      trace_finished (x, event);
      return;
    case TRIB_EXTRACT_EVENT_ANSWERED:
    case TRIB_EXTRACT_EVENT_LATE:
    case TRIB_EXTRACT_EVENT_DUPLICATE:
      take_answer (x, event);
      break;
    default:
      break;
  }
  if (b)
    branch_event (b, event);
}

/* ---- counters ---- */

static void
set_count (GstStructure *s, const gchar *name, guint64 value)
{
  gst_structure_set (s, name, G_TYPE_UINT64, value, NULL);
}

/* one counter a reason: PREFIX-REASON, and PREFIX for all of them */
static void
set_reasons (GstStructure *s, const gchar *prefix, const guint64 counts[TRIB_EXTRACT_N_OUTCOMES])
{
  guint64 sum = 0;

  for (guint i = TRIB_EXTRACT_RUN + 1; i < TRIB_EXTRACT_N_OUTCOMES; i++) {
    g_autofree gchar *name = g_strconcat (prefix, "-", trib_extract_outcome_to_string (i), NULL);
    set_count (s, name, counts[i]);
    sum += counts[i];
  }
  set_count (s, prefix, sum);
}

static GstStructure *
branch_stats (const ObsBranch *b)
{
  static const gchar *const breakers[] = { [TRIB_EXTRACT_BREAKER_CLOSED] = "closed",
    [TRIB_EXTRACT_BREAKER_OPEN] = "open",
    [TRIB_EXTRACT_BREAKER_TRYING] = "trying" };
  GstStructure *s = gst_structure_new ("branch", "branch", G_TYPE_STRING, b->name, NULL);
  TribExtractBranchInfo info = { .counts = b->last, .usual_ns = -1 };
  const gchar *state = b->failed ? "failed" : "removed";

  if (b->number >= 0 && b->x->core && trib_extract_get_branch (b->x->core, b->number, &info))
    state = breakers[info.breaker];
  gst_structure_set (s, "state", G_TYPE_STRING, state, "usual", G_TYPE_INT64, info.usual_ns, NULL);
  set_count (s, "jobs", info.counts.jobs);
  set_count (s, "answered", info.counts.answered);
  set_count (s, "empty", info.counts.empty);
  set_count (s, "timeout", info.counts.timeout);
  set_count (s, "pending", info.counts.pending);
  set_reasons (s, "skipped", info.counts.skipped);
  set_reasons (s, "not-run", info.counts.not_run);
  set_count (s, "late", info.counts.late);
  set_count (s, "duplicate", info.counts.duplicate);
  set_count (s, "unmatched", info.counts.unmatched);
  set_count (s, "records-in", b->counts.taken);
  set_count (s, "invalid", b->counts.invalid);
  return s;
}

static void
set_branches (ObsExtractor *x, GstStructure *s)
{
  GValue list = G_VALUE_INIT, one = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_ARRAY);
  for (guint i = 0; i < x->branches->len; i++) {
    g_value_init (&one, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&one, branch_stats (x->branches->pdata[i]));
    gst_value_array_append_and_take_value (&list, &one);
  }
  gst_structure_take_value (s, "branches", &list);
}

/**
 * obs_extractor_stats:
 * @x: an extractor
 *
 * @locks: requires lock
 *
 * Returns: (transfer full): what became of frames, jobs and records
 */
GstStructure *
obs_extractor_stats (ObsExtractor *x)
{
  const ObsExtractorCounts *c = &x->counts;
  TribExtractTotals totals = { 0 };
  GstStructure *s;

  if (x->core == NULL && x->last_stats)
    return gst_structure_copy (x->last_stats);
  s = gst_structure_new_empty ("application/x-extractorbin-stats");
  if (x->core)
    trib_extract_get_totals (x->core, &totals);
  set_count (s, "frames-in", totals.frames);
  set_count (s, "frames-admitted", totals.admitted);
  set_count (s, "frames-finished", totals.finished);
  set_count (s, "frames-waiting", totals.waiting);
  set_reasons (s, "frames-dropped", totals.dropped);
  set_count (s, "records-own", c->own);
  set_count (s, "records-in", c->taken);
  set_count (s, "records-out", c->out);
  set_count (s, "records-queued", c->queued);
  set_count (s, "bytes-queued", x->out_bytes);
  set_count (s, "records-invalid", c->invalid);
  set_count (s, "records-unmatched", c->unmatched);
  set_count (s, "lost-downstream-full", c->lost_full);
  set_count (s, "lost-not-linked", c->lost_not_linked);
  set_count (s, "lost-downstream-failed", c->lost_failed);
  set_count (s, "lost-flush", c->lost_flush);
  set_count (s, "pts-duplicate", c->pts_duplicate);
  set_count (s, "qos-out", c->qos_out);
  set_branches (x, s);
  return s;
}
