/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: one branch processes one frame. Every job ends here once. */
#include <common/trib-state.h>

#include "trib-extract-private.h"

static const TribStateRow job_rows[] = {
  [TRIB_EXTRACT_JOB_WAITING]
  = { "waiting", TRIB_STATE (TRIB_EXTRACT_JOB_RUNNING) | TRIB_STATE (TRIB_EXTRACT_JOB_GIVEN_UP) },
  [TRIB_EXTRACT_JOB_RUNNING] = { "running",
      TRIB_STATE (TRIB_EXTRACT_JOB_DONE) | TRIB_STATE (TRIB_EXTRACT_JOB_OVERDUE)
          | TRIB_STATE (TRIB_EXTRACT_JOB_GIVEN_UP),
      TRIB_LOG_LOG },
  [TRIB_EXTRACT_JOB_DONE] = { "done", 0, TRIB_LOG_LOG },
  [TRIB_EXTRACT_JOB_OVERDUE] = { "overdue", TRIB_STATE (TRIB_EXTRACT_JOB_GIVEN_UP) },
  [TRIB_EXTRACT_JOB_GIVEN_UP] = { "given up", 0 },
};
static const TribStateTable job_states
    = { "job", &trib_extract_debug, job_rows, G_N_ELEMENTS (job_rows) };

static void
set_state (TribExtractJob *job, TribExtractJobState state, const gchar *why)
{
  gchar id[TRIB_EXTRACT_LOG_ID];

  trib_extract_log_id (id, job->branch, &job->frame->info);
  TRIB_STATE_SET (&job_states, id, job->state, state, why);
}

/* ---- the frame ---- */

/* all jobs of the frame have ended */
void
trib_extract_frame_finish (TribExtract *x, TribExtractEntry *f)
{
  TribExtractEvent event = { .kind = TRIB_EXTRACT_EVENT_FINISHED, .frame = &f->info, .branch = -1 };

  x->n_in_flight--;
  x->totals.finished++;
  trib_extract_emit (x, &event);
  f->finished_at = x->now;
  x->n_finished++;
  trib_extract_frame_release (x, f);
}

static void
remove_from_waiting (TribExtract *x, TribExtractJob *job)
{
  g_queue_unlink (&job->branch->waiting, &job->queued);
  job->frame->n_waiting--;
}

static void
end_job (TribExtract *x, TribExtractJob *job, TribExtractJobState state, const gchar *why)
{
  set_state (job, state, why);
  trib_extract_frame_release (x, job->frame);
  job->branch->counts.pending--;
  if (--job->frame->n_open == 0)
    trib_extract_frame_finish (x, job->frame);
}

/* ---- how a job ends ---- */

/* ends a job without an answer */
void
trib_extract_job_skip (TribExtract *x, TribExtractJob *job, TribExtractOutcome why)
{
  TribExtractBranch *b = job->branch;
  TribExtractEvent event = { .kind = TRIB_EXTRACT_EVENT_SKIPPED,
    .frame = &job->frame->info,
    .branch = b->number,
    .outcome = why };

  if (job->state == TRIB_EXTRACT_JOB_WAITING)
    remove_from_waiting (x, job);
  b->counts.skipped[why]++;
  trib_extract_emit (x, &event);
  trib_extract_branch_not_tried (x, b);
  end_job (x, job, TRIB_EXTRACT_JOB_GIVEN_UP, trib_extract_outcome_to_string (why));
}

static void
remove_from_running (TribExtractJob *job)
{
  g_queue_unlink (&job->branch->running, &job->queued);
}

/* of an overdue job: an answer is not expected any more, and late if there is one */
static void
give_up (TribExtractJob *job, const gchar *why)
{
  remove_from_running (job);
  set_state (job, TRIB_EXTRACT_JOB_GIVEN_UP, why);
}

/* of a running job; one that was passed by has none */
static void
return_token (TribExtract *x, const TribExtractJob *job)
{
  x->tokens += !job->passed;
}

static void
answer_in_time (TribExtract *x, TribExtractJob *job, gboolean empty)
{
  TribExtractBranch *b = job->branch;
  gint64 took = trib_time_sub (x->now, job->begun);

  return_token (x, job);
  remove_from_running (job);
  if (empty)
    b->counts.empty++;
  else
    b->counts.answered++;
  trib_extract_branch_measured (b, took);
  trib_extract_branch_in_time (x, b);
  trib_extract_emit_job (
      x, empty ? TRIB_EXTRACT_EVENT_EMPTY : TRIB_EXTRACT_EVENT_ANSWERED, job, took);
  end_job (x, job, TRIB_EXTRACT_JOB_DONE, empty ? "empty" : "answered");
}

/* returns the token; the branch still processes the frame */
static void
time_out (TribExtract *x, TribExtractJob *job)
{
  TribExtractBranch *b = job->branch;
  /* a job that waits because its branch has not returned from an earlier frame is a miss of the
   * branch, too */
  gboolean stuck = b->n_pushing > 0 && !trib_extract_branch_has_place (x, b);
  gboolean runs = job->state == TRIB_EXTRACT_JOB_RUNNING;

  if (job->state == TRIB_EXTRACT_JOB_WAITING)
    remove_from_waiting (x, job);
  else
    return_token (x, job);
  b->counts.timeout++;
  trib_extract_emit_job (x, TRIB_EXTRACT_EVENT_TIMEOUT, job, 0);
  if (runs || stuck)
    trib_extract_branch_missed (x, b);
  else
    trib_extract_branch_not_tried (x, b);
  end_job (x, job, runs ? TRIB_EXTRACT_JOB_OVERDUE : TRIB_EXTRACT_JOB_GIVEN_UP,
      runs    ? "no answer by the deadline"
      : stuck ? "the branch has not returned from an earlier frame"
              : "not started by the deadline");
}

/* ---- starting ---- */

/* it waits for its branch and for a token */
void
trib_extract_job_queue (TribExtract *x, TribExtractJob *job)
{
  TribExtractBranch *b = job->branch;

  job->state = TRIB_EXTRACT_JOB_WAITING;
  job->queued.data = job;
  job->frame->n_waiting++;
  g_queue_push_tail_link (&b->waiting, &job->queued);
  b->counts.jobs++;
  b->counts.pending++;
}

/* the earlier deadline, and without deadlines the older frame */
static gboolean
is_sooner (const TribExtractJob *job, const TribExtractJob *other)
{
  if (job->deadline != other->deadline)
    return job->deadline < other->deadline;
  return job->frame->info.decided_ns < other->frame->info.decided_ns;
}

/* the branch with the earliest deadline; one that was deferred too often precedes all others */
static TribExtractBranch *
next_branch (const TribExtract *x)
{
  TribExtractBranch *best = NULL;

  for (guint i = 0; i < x->branches->len; i++) {
    TribExtractBranch *b = branch_at (x, i);
    const TribExtractJob *job = b->waiting.head ? b->waiting.head->data : NULL;
    const TribExtractJob *other = best ? best->waiting.head->data : NULL;
    gboolean starved = b->n_deferred >= MAX_DEFERRED;
    if (job == NULL || !trib_extract_branch_has_place (x, b))
      continue;
    if (best == NULL || (starved && best->n_deferred < MAX_DEFERRED)
        || (starved == (best->n_deferred >= MAX_DEFERRED) && is_sooner (job, other)))
      best = b;
  }
  return best;
}

static void
begin (TribExtract *x, TribExtractBranch *b)
{
  TribExtractJob *job = b->waiting.head->data;

  remove_from_waiting (x, job);
  g_queue_push_tail_link (&b->running, &job->queued);
  set_state (job, TRIB_EXTRACT_JOB_RUNNING, NULL);
  job->begun = x->now;
  x->tokens--;
  b->n_pushing++;
  b->n_deferred = 0;
  trib_extract_emit_job (x, TRIB_EXTRACT_EVENT_START, job, 0);
  trib_extract_frame_release (x, job->frame);
}

/* as many as there are tokens */
void
trib_extract_jobs_begin (TribExtract *x)
{
  TribExtractBranch *b;

  while (x->tokens > 0 && (b = next_branch (x)))
    begin (x, b);
  for (guint i = 0; x->tokens == 0 && i < x->branches->len; i++)
    if (branch_at (x, i)->waiting.head && trib_extract_branch_has_place (x, branch_at (x, i)))
      branch_at (x, i)->n_deferred++;
}

/* ---- deadlines ---- */

static TribExtractJob *
first_due (const TribExtract *x)
{
  TribExtractJob *best = NULL;

  for (guint i = 0; i < x->branches->len; i++) {
    TribExtractBranch *b = branch_at (x, i);
    for (GList *l = b->waiting.head; l; l = l->next)
      if (best == NULL || ((TribExtractJob *) l->data)->deadline < best->deadline)
        best = l->data;
    for (GList *l = b->running.head; l; l = l->next) {
      TribExtractJob *job = l->data;
      if (job->state == TRIB_EXTRACT_JOB_RUNNING
          && (best == NULL || job->deadline < best->deadline))
        best = job;
    }
  }
  return best;
}

gint64
trib_extract_jobs_deadline (const TribExtract *x)
{
  const TribExtractJob *job = first_due (x);

  return job ? job->deadline : NEVER;
}

void
trib_extract_jobs_expire (TribExtract *x)
{
  TribExtractJob *job;

  while ((job = first_due (x)) && job->deadline <= x->now)
    time_out (x, job);
}

/* ---- answers ---- */

static TribExtractJob *
job_of (TribExtractEntry *f, gint branch)
{
  for (guint i = 0; i < f->n_jobs; i++)
    if (f->jobs[i].branch && f->jobs[i].branch->number == branch)
      return &f->jobs[i];
  return NULL;
}

/* of the youngest frame of that identity that the branch has started */
static TribExtractJob *
find_job (TribExtract *x, gint branch, const TribStreamKey *stream, gboolean has_frame_id,
    guint64 frame_id, gint64 t_ns)
{
  for (GList *l = x->known.tail; l; l = l->prev) {
    TribExtractEntry *f = l->data;
    TribExtractJob *job = trib_extract_frame_is (&f->info, stream, has_frame_id, frame_id, t_ns)
                              ? job_of (f, branch)
                              : NULL;
    if (job && job->begun != NO_TIME)
      return job;
  }
  return NULL;
}

/* no answer follows to a job that is running or overdue */
static void
end_empty (TribExtract *x, TribExtractJob *job)
{
  if (job->state == TRIB_EXTRACT_JOB_RUNNING)
    answer_in_time (x, job, TRUE);
  else
    give_up (job, "empty, after the deadline");
}

/* in order: earlier frames have no answer */
static void
end_earlier (TribExtract *x, TribExtractBranch *b, const TribExtractJob *until)
{
  while (b->running.head && b->running.head->data != until)
    end_empty (x, b->running.head->data);
}

static void
answer_late (TribExtract *x, TribExtractJob *job)
{
  gint64 took = trib_time_sub (x->now, job->begun);

  if (job->state == TRIB_EXTRACT_JOB_OVERDUE)
    give_up (job, "answered late");
  job->branch->counts.late++;
  trib_extract_branch_measured (job->branch, took);
  trib_extract_emit_job (x, TRIB_EXTRACT_EVENT_LATE, job, took);
}

/**
 * trib_extract_answer:
 * @x: an extraction
 * @branch: the branch that answers
 * @stream: (nullable): stream of the frame; then @t_ns is its time as well
 * @has_frame_id: whether @frame_id is one; else by @t_ns
 * @now_ns: when it answers
 */
void
trib_extract_answer (TribExtract *x, gint branch, const TribStreamKey *stream,
    gboolean has_frame_id, guint64 frame_id, gint64 t_ns, gint64 now_ns)
{
  TribExtractEvent unmatched = { .kind = TRIB_EXTRACT_EVENT_UNMATCHED, .branch = branch };
  TribExtractBranch *b;
  TribExtractJob *job;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  if (b == NULL)
    return;
  job = find_job (x, branch, stream, has_frame_id, frame_id, t_ns);
  if (job == NULL) {
    b->counts.unmatched++;
    trib_extract_emit (x, &unmatched);
    return;
  }
  if (job->answered || job->state == TRIB_EXTRACT_JOB_DONE) {
    b->counts.duplicate++;
    trib_extract_emit_job (x, TRIB_EXTRACT_EVENT_DUPLICATE, job, 0);
    return;
  }
  if (b->config.in_order
      && (job->state == TRIB_EXTRACT_JOB_RUNNING || job->state == TRIB_EXTRACT_JOB_OVERDUE))
    end_earlier (x, b, job);
  job->answered = TRUE;
  if (job->state == TRIB_EXTRACT_JOB_RUNNING)
    answer_in_time (x, job, FALSE);
  else
    answer_late (x, job);
  trib_extract_admit_waiting (x);
  trib_extract_jobs_begin (x);
}

/* @by_pts: whether the bound is @pts, exclusive; else @t_ns, inclusive */
static void
end_until (TribExtract *x, gint branch, gboolean by_pts, guint64 pts, gint64 t_ns, gint64 now_ns)
{
  TribExtractBranch *b;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  for (GList *l = b ? b->running.head : NULL, *next; l; l = next) {
    TribExtractJob *job = l->data;
    next = l->next;
    if (by_pts ? job->frame->info.pts < pts : job->frame->info.t_ns <= t_ns)
      end_empty (x, job);
  }
  trib_extract_admit_waiting (x);
  trib_extract_jobs_begin (x);
}

/* the branch has no answers any more to frames captured up to @t_ns */
void
trib_extract_bound (TribExtract *x, gint branch, gint64 t_ns, gint64 now_ns)
{
  end_until (x, branch, FALSE, 0, t_ns, now_ns);
}

/* the branch has no answers any more to frames with a PTS before @pts */
void
trib_extract_bound_pts (TribExtract *x, gint branch, guint64 pts, gint64 now_ns)
{
  end_until (x, branch, TRUE, pts, 0, now_ns);
}

/**
 * trib_extract_passed:
 * @x: an extraction
 * @branch: a branch
 * @stream: (nullable): stream of a frame that the branch was given
 * @frame_id: its frame id
 * @t_ns: its capture time
 * @now_ns: when
 *
 * What was pushed into the branch behind that frame has left it, and no answer with it. The branch
 * dropped the frame, or holds it until it has later ones: either way it gets the next frame, and
 * the job ends with the next answer in order, or with the stream. Beyond 256 such jobs the oldest
 * is empty.
 */
void
trib_extract_passed (TribExtract *x, gint branch, const TribStreamKey *stream, guint64 frame_id,
    gint64 t_ns, gint64 now_ns)
{
  TribExtractBranch *b;
  TribExtractJob *job;
  guint n = 0;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  job = b ? find_job (x, branch, stream, TRUE, frame_id, t_ns) : NULL;
  if (job == NULL || job->state != TRIB_EXTRACT_JOB_RUNNING)
    return;
  return_token (x, job);
  job->passed = TRUE;
  for (GList *l = b->running.head; l; l = l->next)
    n += ((TribExtractJob *) l->data)->passed;
  if (n > MAX_PASSED)
    end_empty (x, b->running.head->data);
  trib_extract_admit_waiting (x);
  trib_extract_jobs_begin (x);
}

/* a push into the branch has returned: it can take another frame */
void
trib_extract_returned (TribExtract *x, gint branch, gint64 now_ns)
{
  TribExtractBranch *b;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  if (b == NULL || b->n_pushing == 0)
    return;
  b->n_pushing--;
  trib_extract_jobs_begin (x);
}

/* the frame is forgotten, though branches may still process it */
void
trib_extract_jobs_forget (TribExtractEntry *f)
{
  for (guint i = 0; i < f->n_jobs; i++)
    if (f->jobs[i].branch && f->jobs[i].state == TRIB_EXTRACT_JOB_OVERDUE)
      give_up (&f->jobs[i], "the frame is forgotten");
}

/* the branch is removed: all its jobs end */
void
trib_extract_jobs_end_of_branch (TribExtract *x, TribExtractBranch *b, TribExtractOutcome why)
{
  while (b->waiting.head)
    trib_extract_job_skip (x, b->waiting.head->data, why);
  while (b->running.head) {
    TribExtractJob *job = b->running.head->data;
    remove_from_running (job);
    if (job->state == TRIB_EXTRACT_JOB_RUNNING) {
      return_token (x, job);
      trib_extract_job_skip (x, job, why);
    }
  }
}
