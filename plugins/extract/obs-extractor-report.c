/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of gst/extract as records, jobs, messages, trace records and stats. */
#include "obs-extractor.h"

#include <shared/trib-fields.h>

#define GST_CAT_DEFAULT extractor_bin_debug

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

typedef struct {
  const gchar *branch, *state, *reason;
  guint64 frame_id, count;
} Message;

#define AT(field) G_STRUCT_OFFSET (Message, field)
#define COUNT(unit)                                                          \
  {                                                                          \
    "count", TRIB_FIELD_UINT64, AT (count), unit " since the message before" \
  }

/* clang-format off */
static const TribField branch_fields[] = {
  { "branch", TRIB_FIELD_TEXT, AT (branch), "its name" },
  { "state", TRIB_FIELD_TEXT, AT (state),
      "`failed`, `stuck`, `spared` (the breaker is open), `tried` or `trusted`" },
  { "reason", TRIB_FIELD_TEXT, AT (reason), "for people" },
};
static const TribField skipped_fields[] = {
  { "frame-id", TRIB_FIELD_UINT64, AT (frame_id), "the last one" },
  { "reason", TRIB_FIELD_TEXT, AT (reason), "as in the announcement" },
  COUNT ("frames"),
};
static const TribField invalid_fields[] = {
  { "branch", TRIB_FIELD_TEXT, AT (branch), "of the last one" },
  { "reason", TRIB_FIELD_TEXT, AT (reason), "for people" },
  COUNT ("records"),
};
static const TribField unmatched_fields[] = {
  { "branch", TRIB_FIELD_TEXT, AT (branch), "of the last one" },
  COUNT ("records"),
};
static const TribField lost_fields[] = { COUNT ("records") };
/* clang-format on */
static const TribFieldTable branch_message
    = TRIB_FIELD_TABLE ("extractorbin-branch", "the state of a branch changed", branch_fields);
static const TribFieldTable skipped_message = TRIB_FIELD_TABLE (
    "extractorbin-skipped", "no branch runs for want of space or time", skipped_fields);
static const TribFieldTable invalid_message
    = TRIB_FIELD_TABLE ("extractorbin-invalid", "an answer cannot be used", invalid_fields);
static const TribFieldTable unmatched_message = TRIB_FIELD_TABLE (
    "extractorbin-unmatched", "an answer to an unknown frame", unmatched_fields);
static const TribFieldTable lost_message = TRIB_FIELD_TABLE (
    "extractorbin-lost", "records were dropped since downstream of obs is too slow", lost_fields);

/* at most one a second */
static void
report (ObsExtractor *x, const TribFieldTable *table, TribNotice *notice, Message *values)
{
  if (trib_notice_add (notice, g_get_monotonic_time (), G_TIME_SPAN_SECOND, &values->count))
    obs_outlet_put (x, GST_MINI_OBJECT (trib_fields_to_message (x->bin, table, values)));
}

/* (transfer full): `extractorbin-branch`; without lock, too */
GstMessage *
obs_branch_to_message (ObsBranch *b, const gchar *state, const gchar *reason)
{
  const Message values = { .branch = b->name, .state = state, .reason = reason };

  return trib_fields_to_message (b->x->bin, &branch_message, &values);
}

void
obs_report_branch (ObsBranch *b, const gchar *state, const gchar *reason)
{
  obs_outlet_put (b->x, GST_MINI_OBJECT (obs_branch_to_message (b, state, reason)));
}

/* counts it, too; @b: (nullable): the branch, unless it has been removed since */
void
obs_report_invalid_answer (ObsExtractor *x, ObsBranch *b, const gchar *name, const gchar *reason)
{
  Message values = { .branch = name, .reason = reason };

  x->counts.invalid++;
  if (b)
    b->counts.invalid++;
  report (x, &invalid_message, &x->invalid_notice, &values);
}

void
obs_report_lost_records (ObsExtractor *x)
{
  Message values = { 0 };

  report (x, &lost_message, &x->lost_notice, &values);
}

static void
report_skipped_frame (ObsExtractor *x, const TribExtractEvent *event)
{
  Message values = { .frame_id = event->frame->frame_id,
    .reason = trib_extract_outcome_to_string (event->outcome) };

  report (x, &skipped_message, &x->skipped_notice, &values);
}

static void
report_unmatched (ObsBranch *b)
{
  Message values = { .branch = b->name };

  report (b->x, &unmatched_message, &b->x->unmatched_notice, &values);
}

/* ---- silence ---- */

/* with lock: a sign of life */
void
obs_branch_heard (ObsBranch *b)
{
  if (b->silence.since != 0)
    trib_silence_begin (&b->silence, g_get_monotonic_time ());
}

static void
report_silence (ObsBranch *b, gint64 silent_us)
{
  g_autofree gchar *text = g_strdup_printf ("Branch %s has not answered for %" G_GINT64_FORMAT
                                            " seconds; the stream waits for it.",
      b->name, silent_us / G_USEC_PER_SEC);
  g_autoptr (GError) error = g_error_new_literal (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, text);

  GST_WARNING_OBJECT (b->x->bin, "%s", text);
  obs_outlet_put (
      b->x, GST_MINI_OBJECT (gst_message_new_warning (GST_OBJECT (b->x->bin), error,
                "frames are not live, so that no time limits a branch; timeout-ms does")));
}

/**
 * obs_report_silent_branches:
 * @x: an extractor
 *
 * Reports each branch that owes an answer without a deadline, and has said nothing for ten seconds.
 *
 * @locks: requires lock
 *
 * Returns: when to ask again, on the monotonic clock in microseconds; G_MAXINT64: never
 */
gint64
obs_report_silent_branches (ObsExtractor *x)
{
  gint64 now = g_get_monotonic_time (), next = G_MAXINT64, silent_us;

  for (guint i = 0; i < x->branches->len; i++) {
    ObsBranch *b = x->branches->pdata[i];
    TribExtractBranchInfo info = { 0 };
    gboolean awaited = b->number >= 0 && trib_extract_get_branch (x->core, b->number, &info)
                       && info.n_awaited > 0;
    if (!awaited)
      trib_silence_end (&b->silence);
    else if (b->silence.since == 0)
      trib_silence_begin (&b->silence, now);
    /* an answer that waits for space is none that is missing */
    if (trib_silence_is_due (&b->silence, now, &silent_us) && x->n_space_waits == 0)
      report_silence (b, silent_us);
    next = MIN (next, trib_silence_next (&b->silence));
  }
  return next;
}

/* ---- trace records (OBS-6) ---- */

/* for want of space or time, rather than by configuration; a branch whose breaker is open has
 * neither */
static gboolean
is_backpressure (TribExtractOutcome outcome)
{
  return outcome == TRIB_EXTRACT_SKIP_WOULD_MISS || outcome == TRIB_EXTRACT_SKIP_QUEUE_FULL
         || outcome == TRIB_EXTRACT_SKIP_SUPERSEDED || outcome == TRIB_EXTRACT_SKIP_NOT_KEY
         || outcome == TRIB_EXTRACT_SKIP_NTH || outcome == TRIB_EXTRACT_SKIP_BREAKER;
}

/* @branch: (nullable): %NULL: none runs */
static void
trace_drop (
    ObsExtractor *x, const TribExtractFrame *frame, const gchar *branch, TribTraceDropReason reason)
{
  trib_trace_frame_drop (x->trace, frame->frame_id, &frame->frame_id, 1, reason, branch);
}

static void
trace_decision (ObsExtractor *x, const TribExtractEvent *event)
{
  const gchar *expected[TRIB_EXTRACT_MAX_BRANCHES + 1];
  guint n = 0;

  if (x->trace == NULL)
    return;
  if (!event->admitted && is_backpressure (event->outcome))
    trace_drop (x, event->frame, NULL, TRIB_TRACE_DROP_BACKPRESSURE);
  for (guint i = 0; i < event->n_branches; i++) {
    const ObsBranch *b = obs_extractor_branch (x, event->branches[i]);
    if (b && event->outcomes[i] == TRIB_EXTRACT_RUN)
      expected[n++] = b->name;
    else if (b && event->admitted && is_backpressure (event->outcomes[i]))
      trace_drop (x, event->frame, b->name, TRIB_TRACE_DROP_BACKPRESSURE);
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
  if (x->trace == NULL)
    return;
  trib_trace_timing (x->trace, event->frame->frame_id, "orchestrator",
      event->now_ns - event->frame->decided_ns, 0);
  trib_trace_left (x->trace, event->frame->frame_id, "complete", g_get_monotonic_time () * 1000);
}

/* ---- events ---- */

static void
decided (ObsExtractor *x, const TribExtractEvent *event)
{
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
  static const gchar *const reasons[]
      = { [TRIB_EXTRACT_BREAKER_CLOSED] = "a frame was answered in time",
          [TRIB_EXTRACT_BREAKER_OPEN] = "too many frames in a row were not answered in time",
          [TRIB_EXTRACT_BREAKER_TRYING] = "one frame is the trial" };

  obs_report_branch (b, states[breaker], reasons[breaker]);
}

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
        trace_drop (x, event->frame, b->name, TRIB_TRACE_DROP_BACKPRESSURE);
      obs_records_skipped (
          x, event->frame, b->name, trib_extract_outcome_to_string (event->outcome));
      break;
    case TRIB_EXTRACT_EVENT_EMPTY:
      obs_branch_heard (b);
      trace_answer (b, event, TRIB_TRACE_ANSWER_EMPTY);
      obs_records_empty (x, event->frame, b->name);
      break;
    case TRIB_EXTRACT_EVENT_TIMEOUT:
      trace_drop (x, event->frame, b->name, TRIB_TRACE_DROP_TIMEOUT);
      obs_records_skipped (x, event->frame, b->name, "timeout");
      break;
    case TRIB_EXTRACT_EVENT_ANSWERED:
      obs_branch_heard (b);
      trace_answer (b, event, TRIB_TRACE_ANSWER_OBSERVATION);
      break;
    case TRIB_EXTRACT_EVENT_LATE:
      trib_trace_timing (x->trace, event->frame->frame_id, b->name, event->took_ns, 0);
      break;
    case TRIB_EXTRACT_EVENT_UNMATCHED:
      report_unmatched (b);
      break;
    case TRIB_EXTRACT_EVENT_BREAKER:
      breaker_moved (b, event->breaker);
      break;
    default:
      break;
  }
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
      /* the answer precedes all that is decided because of it */
      obs_answer_put (x->answer, event->frame,
          event->kind == TRIB_EXTRACT_EVENT_LATE ? MAX (event->by_ns, 1) : 0);
      break;
    default:
      break;
  }
  if (b)
    branch_event (b, event);
}

/* ---- stats ---- */

#define N_REASONS (TRIB_EXTRACT_N_OUTCOMES - 1) /* those after RUN */

typedef struct {
  const gchar *name, *state;
  TribExtractBranchInfo info;
  guint64 skipped, not_run; /* sums */
  ObsBranchCounts records;
} BranchStats;

typedef struct {
  TribExtractTotals totals;
  guint64 dropped; /* sum */
  ObsExtractorCounts records;
  guint64 bytes_queued;
  GPtrArray *branches;
} Stats;

static const gchar *
reason_at (guint i)
{
  return trib_extract_outcome_to_string (TRIB_EXTRACT_RUN + 1 + i);
}

#define COUNTER(type, name, field, about)                         \
  {                                                               \
    name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (type, field), about \
  }
#define REASONS(type, name, field, about)                                                    \
  {                                                                                          \
    name "-", TRIB_FIELD_COUNTS, G_STRUCT_OFFSET (type, field[TRIB_EXTRACT_RUN + 1]), about, \
        N_REASONS, reason_at                                                                 \
  }

/* clang-format off */
static const TribField branch_stats_fields[] = {
  { "branch", TRIB_FIELD_TEXT, G_STRUCT_OFFSET (BranchStats, name), "name" },
  { "state", TRIB_FIELD_TEXT, G_STRUCT_OFFSET (BranchStats, state),
      "closed, open, trying (its breaker), failed or removed" },
  { "usual", TRIB_FIELD_INT64, G_STRUCT_OFFSET (BranchStats, info.usual_ns),
      "usual processing time (ns); -1: not known yet" },
  COUNTER (BranchStats, "jobs", info.counts.jobs, "frames to process (jobs)"),
  COUNTER (BranchStats, "answered", info.counts.answered, "in time (jobs)"),
  COUNTER (BranchStats, "empty", info.counts.empty, "in time, without a result (jobs)"),
  COUNTER (BranchStats, "timeout", info.counts.timeout, "not in time (jobs)"),
  COUNTER (BranchStats, "pending", info.counts.pending, "waiting or running (jobs)"),
  COUNTER (BranchStats, "skipped", skipped, "ended otherwise (jobs)"),
  REASONS (BranchStats, "skipped", info.counts.skipped, "of those, by reason (jobs)"),
  COUNTER (BranchStats, "not-run", not_run, "no jobs (frames)"),
  REASONS (BranchStats, "not-run", info.counts.not_run, "of those, by reason (frames)"),
  COUNTER (BranchStats, "late", info.counts.late, "answers after the deadline"),
  COUNTER (BranchStats, "duplicate", info.counts.duplicate, "further answers"),
  COUNTER (BranchStats, "unmatched", info.counts.unmatched, "answers to unknown frames"),
  COUNTER (BranchStats, "records-in", records.taken, "records"),
  COUNTER (BranchStats, "invalid", records.invalid, "unusable records"),
};
static const TribField extractorbin_stats_fields[] = {
  COUNTER (Stats, "frames-in", totals.frames, "frames"),
  COUNTER (Stats, "frames-admitted", totals.admitted,
      "at least one branch runs, or there is none (frames)"),
  COUNTER (Stats, "frames-finished", totals.finished, "admitted, and all jobs have ended (frames)"),
  COUNTER (Stats, "frames-waiting", totals.waiting,
      "not decided yet, with admission=frame (frames)"),
  COUNTER (Stats, "frames-dropped", dropped, "no branch runs (frames)"),
  REASONS (Stats, "frames-dropped", totals.dropped,
      "of those, by the first branch's reason (frames)"),
  COUNTER (Stats, "records-own", records.own, "announcements, skips and empty answers made here"),
  COUNTER (Stats, "records-in", records.taken, "from branches"),
  COUNTER (Stats, "records-out", records.out, "pushed (records)"),
  COUNTER (Stats, "records-queued", records.queued, "to be pushed (records)"),
  COUNTER (Stats, "bytes-queued", bytes_queued, "to be pushed (bytes)"),
  COUNTER (Stats, "records-invalid", records.invalid, "unusable"),
  COUNTER (Stats, "records-unmatched", records.unmatched,
      "about frames that the branch did not get"),
  COUNTER (Stats, "lost-downstream-full", records.lost_full,
      "dropped beyond max-pending-bytes (records)"),
  COUNTER (Stats, "lost-not-linked", records.lost_not_linked, "obs is not linked (records)"),
  COUNTER (Stats, "lost-downstream-failed", records.lost_failed,
      "downstream of obs failed (records)"),
  COUNTER (Stats, "lost-flush", records.lost_flush, "dropped by a flush or a stop (records)"),
  COUNTER (Stats, "pts-duplicate", records.pts_duplicate,
      "with the PTS of the frame before (frames)"),
  COUNTER (Stats, "qos-out", records.qos_out, "dropped frames reported upstream (events)"),
  { "branches", TRIB_FIELD_LIST, G_STRUCT_OFFSET (Stats, branches), "one structure a branch" },
};
/* clang-format on */
static const TribFieldTable branch_stats_table
    = TRIB_FIELD_TABLE ("branch", NULL, branch_stats_fields);
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-extractorbin-stats", NULL, extractorbin_stats_fields);

static guint64
sum (const guint64 counts[TRIB_EXTRACT_N_OUTCOMES])
{
  guint64 n = 0;

  for (guint i = TRIB_EXTRACT_RUN + 1; i < TRIB_EXTRACT_N_OUTCOMES; i++)
    n += counts[i];
  return n;
}

static GstStructure *
branch_stats (const ObsBranch *b)
{
  static const gchar *const breakers[] = { [TRIB_EXTRACT_BREAKER_CLOSED] = "closed",
    [TRIB_EXTRACT_BREAKER_OPEN] = "open",
    [TRIB_EXTRACT_BREAKER_TRYING] = "trying" };
  BranchStats s = { .name = b->name,
    .state = b->failed ? "failed" : "removed",
    .info = { .counts = b->last, .usual_ns = -1 },
    .records = b->counts };

  if (b->number >= 0 && b->x->core && trib_extract_get_branch (b->x->core, b->number, &s.info))
    s.state = breakers[s.info.breaker];
  s.skipped = sum (s.info.counts.skipped);
  s.not_run = sum (s.info.counts.not_run);
  return trib_fields_to_structure (&branch_stats_table, &s);
}

/**
 * obs_extractor_stats:
 * @x: an extractor
 *
 * @locks: requires lock
 *
 * Returns: (transfer full): its stats
 */
GstStructure *
obs_extractor_stats (ObsExtractor *x)
{
  g_autoptr (GPtrArray) branches
      = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  Stats s = { .records = x->counts, .bytes_queued = x->out_bytes, .branches = branches };

  if (x->core == NULL && x->last_stats)
    return gst_structure_copy (x->last_stats);
  if (x->core)
    trib_extract_get_totals (x->core, &s.totals);
  s.dropped = sum (s.totals.dropped);
  for (guint i = 0; i < x->branches->len; i++)
    g_ptr_array_add (branches, branch_stats (x->branches->pdata[i]));
  return trib_fields_to_structure (&stats_table, &s);
}
