/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames: what comes in, and the one decision about each. */
#include "trib-extract-private.h"

static void
ignore (gpointer user_data, gpointer payload)
{
}

/**
 * trib_extract_new:
 * @config: settings; copied
 * @func: told of everything, while a call lasts; must not call the extraction
 * @release: (nullable): gives a frame's payload back
 * @user_data: for both
 *
 * Returns: (transfer full): an extraction without branches
 */
TribExtract *
trib_extract_new (const TribExtractConfig *config, TribExtractFunc func, TribExtractRelease release,
    gpointer user_data)
{
  TribExtract *x = g_new0 (TribExtract, 1);

  x->config = *config;
  x->config.workers = MAX (config->workers, 1);
  x->config.max_in_flight = MAX (config->max_in_flight, 1);
  x->config.nth = MAX (config->nth, 1);
  x->func = func;
  x->release = release ? release : ignore;
  x->user_data = user_data;
  x->now = NO_TIME;
  x->tokens = x->config.workers;
  x->branches = g_ptr_array_new_with_free_func ((GDestroyNotify) trib_extract_branch_free);
  return x;
}

void
trib_extract_tell (TribExtract *x, TribExtractEvent *event)
{
  event->now_ns = x->now;
  x->func (x->user_data, event);
}

void
trib_extract_tell_job (TribExtract *x, TribExtractEventKind kind, const Job *job, gint64 took)
{
  TribExtractEvent event = {
    .kind = kind,
    .frame = &job->frame->info,
    .branch = job->branch->number,
    .took_ns = took,
    .by_ns = kind == TRIB_EXTRACT_EVENT_LATE ? trib_time_sub (x->now, job->deadline) : 0,
  };

  trib_extract_tell (x, &event);
}

/* ---- frames ---- */

static Frame *
frame_new (const TribExtractFrame *info)
{
  Frame *f = g_new0 (Frame, 1);

  f->info = *info;
  f->link.data = f;
  f->finished_at = NO_TIME;
  return f;
}

/* the payload goes back as soon as no branch is to get it any more */
void
trib_extract_frame_release (TribExtract *x, Frame *f)
{
  gpointer payload = f->info.payload;

  if (payload == NULL || f->n_waiting > 0)
    return;
  f->info.payload = NULL;
  x->release (x->user_data, payload);
}

static void
frame_free (TribExtract *x, Frame *f)
{
  f->n_waiting = 0;
  trib_extract_frame_release (x, f);
  g_free (f->jobs);
  g_free (f);
}

/* a frame that finished is known for a while, for answers that are late or come twice */
static void
forget_old (TribExtract *x)
{
  gint64 horizon = (gint64) x->config.late_horizon_ms * TRIB_EXTRACT_MS;

  for (GList *l = x->known.head, *next; l; l = next) {
    Frame *f = l->data;
    next = l->next;
    if (f->finished_at == NO_TIME)
      continue;
    if (trib_time_sub (x->now, f->finished_at) <= horizon && x->n_finished <= MAX_REMEMBERED)
      return;
    g_queue_unlink (&x->known, &f->link);
    x->n_finished--;
    trib_extract_jobs_forget (f);
    frame_free (x, f);
  }
}

/* ---- the decision ---- */

/* more frames come than are looked at; @b: (nullable): of all, with admission by frame */
static gboolean
has_backlog (const TribExtract *x, const Branch *b)
{
  if (x->config.admission == TRIB_EXTRACT_ADMISSION_FRAME)
    return x->n_in_flight >= x->config.max_in_flight;
  return b != NULL && (x->tokens == 0 || !trib_extract_branch_has_place (x, b));
}

/* from when on its timeout counts */
static gint64
base_of (const TribExtract *x, const Frame *f)
{
  return f->info.has_base ? MIN (f->info.base_ns, x->now) : x->now;
}

/* what the strategy says of it, whatever room there is */
static TribExtractOutcome
by_strategy (const TribExtract *x, const Frame *f, const Branch *b, guint64 ordinal)
{
  gboolean always = x->config.nth_when == TRIB_EXTRACT_NTH_ALWAYS;

  if (x->config.strategy == TRIB_EXTRACT_STRATEGY_EVERY_NTH && ordinal % x->config.nth != 0
      && (always || has_backlog (x, b)))
    return TRIB_EXTRACT_SKIP_NTH;
  if (x->config.strategy == TRIB_EXTRACT_STRATEGY_KEYFRAME_ONLY && !f->info.key
      && has_backlog (x, b))
    return TRIB_EXTRACT_SKIP_NOT_KEY;
  return TRIB_EXTRACT_RUN;
}

/* Room in a branch's queue: made, or there is none. */
static TribExtractOutcome
make_room (TribExtract *x, Branch *b)
{
  Job *goes;

  if (b->waiting.length == 0 && x->tokens > 0 && trib_extract_branch_has_place (x, b))
    return TRIB_EXTRACT_RUN;
  if (b->waiting.length < x->config.queue_depth || x->config.strategy == TRIB_EXTRACT_STRATEGY_NONE)
    return TRIB_EXTRACT_RUN;
  if (b->waiting.length == 0
      || (x->config.strategy != TRIB_EXTRACT_STRATEGY_SKIP_OLDEST
          && x->config.strategy != TRIB_EXTRACT_STRATEGY_SKIP_INTERMEDIATE))
    return TRIB_EXTRACT_SKIP_QUEUE_FULL;
  goes = x->config.strategy == TRIB_EXTRACT_STRATEGY_SKIP_OLDEST ? b->waiting.head->data
                                                                 : b->waiting.tail->data;
  trib_extract_job_skip (x, goes, TRIB_EXTRACT_SKIP_SUPERSEDED);
  trib_extract_branch_passed_over (x, b);
  return b->breaker == TRIB_EXTRACT_BREAKER_OPEN ? TRIB_EXTRACT_SKIP_BREAKER : TRIB_EXTRACT_RUN;
}

/* whether the branch is spared the frame because it would not be done in time */
static gboolean
would_miss (TribExtract *x, const Frame *f, Branch *b)
{
  gint64 done = trib_time_add (x->now, trib_extract_branch_predict (x, b));

  if (!x->config.deadline_aware || b->breaker != TRIB_EXTRACT_BREAKER_CLOSED
      || done <= trib_time_add (base_of (x, f), trib_extract_branch_timeout (x, b))
      || b->n_spared >= MAX_SPARED) {
    b->n_spared = 0;
    return FALSE;
  }
  b->n_spared++;
  return TRUE;
}

static TribExtractOutcome
decide_branch (TribExtract *x, const Frame *f, Branch *b)
{
  guint64 ordinal = b->n_seen++;
  guint divisor = MAX (b->config.divisor, 1);
  TribExtractOutcome outcome;

  if (ordinal % divisor != 0)
    return TRIB_EXTRACT_SKIP_DIVISOR;
  if (x->config.admission == TRIB_EXTRACT_ADMISSION_BRANCH) {
    outcome = by_strategy (x, f, b, ordinal / divisor);
    if (outcome != TRIB_EXTRACT_RUN)
      return outcome;
  }
  outcome = trib_extract_branch_breaker (x, b);
  if (outcome != TRIB_EXTRACT_RUN)
    return outcome;
  if (would_miss (x, f, b))
    return TRIB_EXTRACT_SKIP_WOULD_MISS;
  outcome = make_room (x, b);
  if (outcome != TRIB_EXTRACT_RUN)
    trib_extract_branch_not_tried (x, b);
  return outcome;
}

/* @f: (transfer full): nobody looks at it */
static void
drop_frame (TribExtract *x, Frame *f, const TribExtractOutcome *outcomes, const gint *branches,
    TribExtractOutcome why)
{
  TribExtractEvent event = { .kind = TRIB_EXTRACT_EVENT_DECISION,
    .frame = &f->info,
    .branch = -1,
    .outcome = why,
    .outcomes = outcomes,
    .branches = branches,
    .n_branches = x->branches->len };

  x->totals.dropped[why]++;
  trib_extract_tell (x, &event);
  frame_free (x, f);
}

/* the same for every branch */
static void
drop_whole (TribExtract *x, Frame *f, TribExtractOutcome why)
{
  TribExtractOutcome outcomes[TRIB_EXTRACT_MAX_BRANCHES];
  gint branches[TRIB_EXTRACT_MAX_BRANCHES];

  for (guint i = 0; i < x->branches->len; i++) {
    outcomes[i] = why;
    branches[i] = branch_at (x, i)->number;
    branch_at (x, i)->counts.not_run[why]++;
  }
  drop_frame (x, f, outcomes, branches, why);
}

static void
admit (TribExtract *x, Frame *f, const TribExtractOutcome *outcomes, const gint *branches,
    guint n_jobs)
{
  TribExtractEvent event = { .kind = TRIB_EXTRACT_EVENT_DECISION,
    .frame = &f->info,
    .branch = -1,
    .admitted = TRUE,
    .outcome = TRIB_EXTRACT_RUN,
    .outcomes = outcomes,
    .branches = branches,
    .n_branches = x->branches->len };

  x->totals.admitted++;
  x->n_in_flight++;
  g_queue_push_tail_link (&x->known, &f->link);
  f->jobs = g_new0 (Job, MAX (n_jobs, 1));
  f->n_open = n_jobs;
  trib_extract_tell (x, &event);
  for (guint i = 0; i < x->branches->len; i++) {
    Job *job = &f->jobs[f->n_jobs];
    if (outcomes[i] != TRIB_EXTRACT_RUN)
      continue;
    f->n_jobs++;
    *job = (Job){ .frame = f, .branch = branch_at (x, i), .begun = NO_TIME };
    job->deadline = trib_time_add (base_of (x, f), trib_extract_branch_timeout (x, job->branch));
    trib_extract_job_queue (x, job);
  }
  if (n_jobs == 0)
    trib_extract_frame_finish (x, f);
}

/* @f: (transfer full) */
static void
decide (TribExtract *x, Frame *f)
{
  TribExtractOutcome outcomes[TRIB_EXTRACT_MAX_BRANCHES], why = TRIB_EXTRACT_RUN;
  gint branches[TRIB_EXTRACT_MAX_BRANCHES];
  guint n_jobs = 0;

  for (guint i = 0; i < x->branches->len; i++) {
    Branch *b = branch_at (x, i);
    outcomes[i] = decide_branch (x, f, b);
    branches[i] = b->number;
    n_jobs += outcomes[i] == TRIB_EXTRACT_RUN;
    if (outcomes[i] == TRIB_EXTRACT_RUN)
      continue;
    b->counts.not_run[outcomes[i]]++;
    why = why == TRIB_EXTRACT_RUN ? outcomes[i] : why;
  }
  if (n_jobs == 0 && x->branches->len > 0)
    drop_frame (x, f, outcomes, branches, why);
  else
    admit (x, f, outcomes, branches, n_jobs);
  trib_extract_jobs_begin (x);
}

/* ---- waiting for a decision ---- */

/* admission by frame: as many as may be looked at */
void
trib_extract_admit_waiting (TribExtract *x)
{
  while (x->undecided.head && x->n_in_flight < x->config.max_in_flight) {
    GList *l = g_queue_pop_head_link (&x->undecided);
    decide (x, l->data);
  }
}

static void
let_one_go (TribExtract *x)
{
  GList *l = x->undecided.head;

  /* the first and the newest stay, if there is room for two */
  if (x->config.strategy == TRIB_EXTRACT_STRATEGY_SKIP_INTERMEDIATE && x->config.queue_depth > 1)
    l = x->undecided.tail->prev;
  g_queue_unlink (&x->undecided, l);
  drop_whole (x, l->data, TRIB_EXTRACT_SKIP_SUPERSEDED);
}

static void
push_whole (TribExtract *x, Frame *f, guint64 ordinal)
{
  TribExtractOutcome why = by_strategy (x, f, NULL, ordinal);

  if (why != TRIB_EXTRACT_RUN) {
    drop_whole (x, f, why);
    return;
  }
  g_queue_push_tail_link (&x->undecided, &f->link);
  trib_extract_admit_waiting (x);
  while (x->undecided.length > x->config.queue_depth
         && x->config.strategy != TRIB_EXTRACT_STRATEGY_NONE)
    let_one_go (x);
}

/**
 * trib_extract_has_room:
 * @x: an extraction
 *
 * Returns: whether a frame may come; with strategy none, who brings one waits until then
 */
gboolean
trib_extract_has_room (const TribExtract *x)
{
  if (x->config.strategy != TRIB_EXTRACT_STRATEGY_NONE)
    return TRUE;
  if (x->config.admission == TRIB_EXTRACT_ADMISSION_FRAME)
    return x->n_in_flight < x->config.max_in_flight || x->undecided.length < x->config.queue_depth;
  for (guint i = 0; i < x->branches->len; i++) {
    const Branch *b = branch_at (x, i);
    gboolean free = b->waiting.length == 0 && trib_extract_branch_has_place (x, b);
    /* one that is not trusted gets none: nobody waits for it */
    if (!free && b->waiting.length >= x->config.queue_depth
        && b->breaker == TRIB_EXTRACT_BREAKER_CLOSED)
      return FALSE;
  }
  return TRUE;
}

/**
 * trib_extract_push:
 * @x: an extraction
 * @frame: what came; its payload is the extraction's from now on
 * @now_ns: when
 */
void
trib_extract_push (TribExtract *x, const TribExtractFrame *frame, gint64 now_ns)
{
  Frame *f = frame_new (frame);
  guint64 ordinal = x->n_pushed++;

  trib_extract_advance (x, now_ns);
  x->totals.frames++;
  if (x->config.admission == TRIB_EXTRACT_ADMISSION_FRAME)
    push_whole (x, f, ordinal);
  else
    decide (x, f);
}

/**
 * trib_extract_advance:
 * @x: an extraction
 * @now_ns: how late it is
 */
void
trib_extract_advance (TribExtract *x, gint64 now_ns)
{
  gint64 at;

  if (x->now == NO_TIME)
    x->now = now_ns;
  while ((at = trib_extract_jobs_deadline (x)) <= now_ns) {
    x->now = MAX (x->now, at);
    trib_extract_jobs_expire (x);
    trib_extract_admit_waiting (x);
    trib_extract_jobs_begin (x);
  }
  x->now = MAX (x->now, now_ns);
  forget_old (x);
}

/* when trib_extract_advance() is to be called next if nothing else is; -1: never */
gint64
trib_extract_next_deadline (const TribExtract *x)
{
  gint64 at = trib_extract_jobs_deadline (x);

  return at == NEVER ? -1 : at;
}

/* ---- branches that come and go ---- */

/**
 * trib_extract_add_branch:
 * @name: of the branch
 *
 * Returns: its number, never used again; -1 when there are too many. It gets frames that come from now on.
 */
gint
trib_extract_add_branch (
    TribExtract *x, const gchar *name, const TribExtractBranchConfig *config, gint64 now_ns)
{
  Branch *b;

  trib_extract_advance (x, now_ns);
  if (x->branches->len >= TRIB_EXTRACT_MAX_BRANCHES)
    return -1;
  b = g_new0 (Branch, 1);
  b->name = g_strdup (name);
  b->number = x->next_number++;
  b->config = *config;
  b->usual_ns = -1;
  g_ptr_array_add (x->branches, b);
  return b->number;
}

static void
end_branch (TribExtract *x, gint branch, TribExtractOutcome why, gint64 now_ns)
{
  Branch *b;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  if (b == NULL)
    return;
  trib_extract_jobs_end_of_branch (x, b, why);
  for (GList *l = x->known.head; l; l = l->next) {
    Frame *f = l->data;
    for (guint i = 0; i < f->n_jobs; i++)
      if (f->jobs[i].branch == b)
        f->jobs[i].branch = NULL;
  }
  g_ptr_array_remove (x->branches, b);
  trib_extract_admit_waiting (x);
  trib_extract_jobs_begin (x);
}

/* what it was given is skipped; frames go on without it */
void
trib_extract_remove_branch (TribExtract *x, gint branch, gint64 now_ns)
{
  end_branch (x, branch, TRIB_EXTRACT_SKIP_REMOVED, now_ns);
}

void
trib_extract_fail_branch (TribExtract *x, gint branch, gint64 now_ns)
{
  end_branch (x, branch, TRIB_EXTRACT_SKIP_FAILED, now_ns);
}

/* ---- the end ---- */

/* nothing waits and nothing runs that is waited for */
gboolean
trib_extract_is_idle (const TribExtract *x)
{
  return x->undecided.length == 0 && x->n_in_flight == 0;
}

/* what waits is passed over, what runs is not waited for; answers to it are unknown */
void
trib_extract_flush (TribExtract *x, gint64 now_ns)
{
  GList *l;

  if (now_ns != NO_TIME)
    trib_extract_advance (x, now_ns);
  while ((l = g_queue_pop_head_link (&x->undecided)))
    drop_whole (x, l->data, TRIB_EXTRACT_SKIP_FLUSHING);
  for (guint i = 0; i < x->branches->len; i++)
    trib_extract_jobs_end_of_branch (x, branch_at (x, i), TRIB_EXTRACT_SKIP_FLUSHING);
  while ((l = g_queue_pop_head_link (&x->known)))
    frame_free (x, l->data);
  x->n_finished = 0;
}

/* tells nothing; trib_extract_flush() does */
static void
tell_nobody (gpointer user_data, const TribExtractEvent *event)
{
}

void
trib_extract_free (TribExtract *x)
{
  x->func = tell_nobody;
  trib_extract_flush (x, x->now);
  g_ptr_array_unref (x->branches);
  g_free (x);
}

/* ---- what is known ---- */

gboolean
trib_extract_get_branch (const TribExtract *x, gint branch, TribExtractBranchInfo *ret_info)
{
  const Branch *b = trib_extract_branch_find (x, branch);

  if (b == NULL)
    return FALSE;
  *ret_info = (TribExtractBranchInfo){
    .name = b->name,
    .counts = b->counts,
    .breaker = b->breaker,
    .usual_ns = b->usual_ns,
    .n_waiting = b->waiting.length,
    .n_running = b->running.length,
  };
  return TRUE;
}

void
trib_extract_get_totals (const TribExtract *x, TribExtractTotals *ret_totals)
{
  *ret_totals = x->totals;
  ret_totals->waiting = x->undecided.length;
}

const gchar *
trib_extract_outcome_to_string (TribExtractOutcome outcome)
{
  static const gchar *const words[TRIB_EXTRACT_N_OUTCOMES] = {
    [TRIB_EXTRACT_RUN] = "run",
    [TRIB_EXTRACT_SKIP_DIVISOR] = "divisor",
    [TRIB_EXTRACT_SKIP_BREAKER] = "breaker",
    [TRIB_EXTRACT_SKIP_WOULD_MISS] = "would-miss",
    [TRIB_EXTRACT_SKIP_QUEUE_FULL] = "queue-full",
    [TRIB_EXTRACT_SKIP_SUPERSEDED] = "superseded",
    [TRIB_EXTRACT_SKIP_NOT_KEY] = "not-key",
    [TRIB_EXTRACT_SKIP_NTH] = "nth",
    [TRIB_EXTRACT_SKIP_FAILED] = "failed",
    [TRIB_EXTRACT_SKIP_REMOVED] = "removed",
    [TRIB_EXTRACT_SKIP_FLUSHING] = "flushing",
  };

  return words[outcome];
}
