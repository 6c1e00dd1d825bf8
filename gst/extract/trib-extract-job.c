/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: one branch looks at one frame. Every job ends here once. */
#include "trib-extract-private.h"

/* ---- the frame ---- */

/* nobody is waited for any more */
void
trib_extract_frame_finish (TribExtract *x, Frame *f)
{
  TribExtractEvent event = { .kind = TRIB_EXTRACT_EVENT_FINISHED, .frame = &f->info, .branch = -1 };

  x->n_in_flight--;
  x->totals.finished++;
  trib_extract_tell (x, &event);
  f->finished_at = x->now;
  x->n_finished++;
  trib_extract_frame_release (x, f);
}

/* the branch has it now, or nobody wants it */
static void
leave_waiting (TribExtract *x, Job *job)
{
  g_queue_unlink (&job->branch->waiting, &job->queued);
  job->frame->n_waiting--;
}

static void
end_job (TribExtract *x, Job *job, JobState state)
{
  job->state = state;
  trib_extract_frame_release (x, job->frame);
  job->branch->counts.pending--;
  if (--job->frame->n_open == 0)
    trib_extract_frame_finish (x, job->frame);
}

/* ---- how a job ends ---- */

/* out of the queue: it will not be begun */
void
trib_extract_job_skip (TribExtract *x, Job *job, TribExtractOutcome why)
{
  Branch *b = job->branch;
  TribExtractEvent event = { .kind = TRIB_EXTRACT_EVENT_SKIPPED,
    .frame = &job->frame->info,
    .branch = b->number,
    .outcome = why };

  if (job->state == JOB_WAITING)
    leave_waiting (x, job);
  b->counts.skipped[why]++;
  trib_extract_tell (x, &event);
  trib_extract_branch_not_tried (x, b);
  end_job (x, job, JOB_GIVEN_UP);
}

/* what the branch does of it is over, whatever became of it */
static void
leave_running (Job *job)
{
  g_queue_unlink (&job->branch->running, &job->queued);
}

/* overdue, and not expected any more; an answer that comes all the same is late */
static void
give_up (Job *job)
{
  leave_running (job);
  job->state = JOB_GIVEN_UP;
}

static void
answer_in_time (TribExtract *x, Job *job, gboolean empty)
{
  Branch *b = job->branch;
  gint64 took = trib_time_sub (x->now, job->begun);

  x->tokens++;
  leave_running (job);
  if (empty)
    b->counts.empty++;
  else
    b->counts.answered++;
  trib_extract_branch_measured (b, took);
  trib_extract_branch_in_time (x, b);
  trib_extract_tell_job (
      x, empty ? TRIB_EXTRACT_EVENT_EMPTY : TRIB_EXTRACT_EVENT_ANSWERED, job, took);
  end_job (x, job, JOB_DONE);
}

/* it gives its token back, and goes on */
static void
time_out (TribExtract *x, Job *job)
{
  Branch *b = job->branch;
  /* one that waits because its branch does not come back from an earlier frame was let pass by the branch, too */
  gboolean stuck = b->n_pushing > 0 && !trib_extract_branch_has_place (x, b);

  if (job->state == JOB_WAITING)
    leave_waiting (x, job);
  else
    x->tokens++;
  b->counts.timeout++;
  trib_extract_tell_job (x, TRIB_EXTRACT_EVENT_TIMEOUT, job, 0);
  if (job->state == JOB_RUNNING || stuck)
    trib_extract_branch_missed (x, b);
  else
    trib_extract_branch_not_tried (x, b);
  end_job (x, job, job->state == JOB_RUNNING ? JOB_OVERDUE : JOB_GIVEN_UP);
}

/* ---- beginning ---- */

/* decided: it waits for its branch and for a token */
void
trib_extract_job_queue (TribExtract *x, Job *job)
{
  Branch *b = job->branch;

  job->state = JOB_WAITING;
  job->queued.data = job;
  job->frame->n_waiting++;
  g_queue_push_tail_link (&b->waiting, &job->queued);
  b->counts.jobs++;
  b->counts.pending++;
}

/* Whose deadline is first; one that was passed over too often, before all others. */
static Branch *
next_branch (const TribExtract *x)
{
  Branch *best = NULL;

  for (guint i = 0; i < x->branches->len; i++) {
    Branch *b = branch_at (x, i);
    const Job *job = b->waiting.head ? b->waiting.head->data : NULL;
    const Job *other = best ? best->waiting.head->data : NULL;
    gboolean starved = b->n_passed_over >= STARVED;
    if (job == NULL || !trib_extract_branch_has_place (x, b))
      continue;
    if (best == NULL || (starved && best->n_passed_over < STARVED)
        || (starved == (best->n_passed_over >= STARVED) && job->deadline < other->deadline))
      best = b;
  }
  return best;
}

static void
begin (TribExtract *x, Branch *b)
{
  Job *job = b->waiting.head->data;

  leave_waiting (x, job);
  g_queue_push_tail_link (&b->running, &job->queued);
  job->state = JOB_RUNNING;
  job->begun = x->now;
  x->tokens--;
  b->n_pushing++;
  b->n_passed_over = 0;
  trib_extract_tell_job (x, TRIB_EXTRACT_EVENT_START, job, 0);
  trib_extract_frame_release (x, job->frame);
}

/* as many as there are tokens */
void
trib_extract_jobs_begin (TribExtract *x)
{
  Branch *b;

  while (x->tokens > 0 && (b = next_branch (x)))
    begin (x, b);
  for (guint i = 0; x->tokens == 0 && i < x->branches->len; i++)
    if (branch_at (x, i)->waiting.head && trib_extract_branch_has_place (x, branch_at (x, i)))
      branch_at (x, i)->n_passed_over++;
}

/* ---- deadlines ---- */

static Job *
first_due (const TribExtract *x)
{
  Job *best = NULL;

  for (guint i = 0; i < x->branches->len; i++) {
    Branch *b = branch_at (x, i);
    for (GList *l = b->waiting.head; l; l = l->next)
      if (best == NULL || ((Job *) l->data)->deadline < best->deadline)
        best = l->data;
    for (GList *l = b->running.head; l; l = l->next) {
      Job *job = l->data;
      if (job->state == JOB_RUNNING && (best == NULL || job->deadline < best->deadline))
        best = job;
    }
  }
  return best;
}

gint64
trib_extract_jobs_deadline (const TribExtract *x)
{
  const Job *job = first_due (x);

  return job ? job->deadline : NEVER;
}

void
trib_extract_jobs_expire (TribExtract *x)
{
  Job *job;

  while ((job = first_due (x)) && job->deadline <= x->now)
    time_out (x, job);
}

/* ---- what a branch says ---- */

static gboolean
is_of (const Frame *f, gboolean has_frame_id, guint64 frame_id, gint64 t_ns)
{
  if (has_frame_id && f->info.has_frame_id)
    return f->info.frame_id == frame_id;
  return f->info.t_ns == t_ns;
}

static Job *
job_of (Frame *f, gint branch)
{
  for (guint i = 0; i < f->n_jobs; i++)
    if (f->jobs[i].branch && f->jobs[i].branch->number == branch)
      return &f->jobs[i];
  return NULL;
}

/* the youngest frame of that identity which the branch was given */
static Job *
find_job (TribExtract *x, gint branch, gboolean has_frame_id, guint64 frame_id, gint64 t_ns)
{
  for (GList *l = x->known.tail; l; l = l->prev) {
    Job *job = is_of (l->data, has_frame_id, frame_id, t_ns) ? job_of (l->data, branch) : NULL;
    if (job && job->begun != NO_TIME)
      return job;
  }
  return NULL;
}

/* in order: what it was given before, it had nothing to say of */
static void
end_earlier (TribExtract *x, Branch *b, const Job *until)
{
  while (b->running.head && b->running.head->data != until) {
    Job *job = b->running.head->data;
    if (job->state == JOB_RUNNING)
      answer_in_time (x, job, TRUE);
    else
      give_up (job);
  }
}

static void
answer_late (TribExtract *x, Job *job)
{
  gint64 took = trib_time_sub (x->now, job->begun);

  if (job->state == JOB_OVERDUE)
    give_up (job);
  job->branch->counts.late++;
  trib_extract_branch_measured (job->branch, took);
  trib_extract_tell_job (x, TRIB_EXTRACT_EVENT_LATE, job, took);
}

/**
 * trib_extract_answer:
 * @x: an extraction
 * @branch: who answers
 * @has_frame_id: whether @frame_id is one; else by @t_ns
 * @now_ns: when
 */
void
trib_extract_answer (TribExtract *x, gint branch, gboolean has_frame_id, guint64 frame_id,
    gint64 t_ns, gint64 now_ns)
{
  TribExtractEvent unmatched = { .kind = TRIB_EXTRACT_EVENT_UNMATCHED, .branch = branch };
  Branch *b;
  Job *job;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  if (b == NULL)
    return;
  job = find_job (x, branch, has_frame_id, frame_id, t_ns);
  if (job == NULL) {
    b->counts.unmatched++;
    trib_extract_tell (x, &unmatched);
    return;
  }
  if (job->answered || job->state == JOB_DONE) {
    b->counts.duplicate++;
    trib_extract_tell_job (x, TRIB_EXTRACT_EVENT_DUPLICATE, job, 0);
    return;
  }
  if (b->config.in_order && (job->state == JOB_RUNNING || job->state == JOB_OVERDUE))
    end_earlier (x, b, job);
  job->answered = TRUE;
  if (job->state == JOB_RUNNING)
    answer_in_time (x, job, FALSE);
  else
    answer_late (x, job);
  trib_extract_admit_waiting (x);
  trib_extract_jobs_begin (x);
}

/**
 * trib_extract_bound:
 * @branch: who says so
 * @t_ns: capture time
 *
 * Nothing more of frames captured up to then comes from the branch.
 */
void
trib_extract_bound (TribExtract *x, gint branch, gint64 t_ns, gint64 now_ns)
{
  Branch *b;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  for (GList *l = b ? b->running.head : NULL, *next; l; l = next) {
    Job *job = l->data;
    next = l->next;
    if (job->frame->info.t_ns > t_ns)
      continue;
    if (job->state == JOB_RUNNING)
      answer_in_time (x, job, TRUE);
    else
      give_up (job);
  }
  trib_extract_admit_waiting (x);
  trib_extract_jobs_begin (x);
}

/* the last push into the branch has come back: it can take another */
void
trib_extract_returned (TribExtract *x, gint branch, gint64 now_ns)
{
  Branch *b;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  if (b == NULL || b->n_pushing == 0)
    return;
  b->n_pushing--;
  trib_extract_jobs_begin (x);
}

/* a frame that is forgotten: what is still done of it is nobody's */
void
trib_extract_jobs_forget (Frame *f)
{
  for (guint i = 0; i < f->n_jobs; i++)
    if (f->jobs[i].branch && f->jobs[i].state == JOB_OVERDUE)
      give_up (&f->jobs[i]);
}

/* the branch is not there any more: whoever waits for it does not */
void
trib_extract_jobs_end_of_branch (TribExtract *x, Branch *b, TribExtractOutcome why)
{
  while (b->waiting.head)
    trib_extract_job_skip (x, b->waiting.head->data, why);
  while (b->running.head) {
    Job *job = b->running.head->data;
    leave_running (job);
    if (job->state == JOB_RUNNING) {
      x->tokens++;
      trib_extract_job_skip (x, job, why);
    }
  }
}
