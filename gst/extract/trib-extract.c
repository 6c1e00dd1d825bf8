/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames, and the one decision about each. */
#include "trib-extract-private.h"

static void
ignore (gpointer user_data, gpointer payload)
{
}

/**
 * trib_extract_new:
 * @config: settings; copied
 * @func: gets the events of a call during that call; must not call the extraction
 * @release: (nullable): releases a frame's payload
 * @user_data: for both
 *
 * Returns: (transfer full): an extraction without branches
 */
TribExtract *
trib_extract_new (const TribExtractConfig *config, TribExtractFunc func, TribExtractRelease release,
    gpointer user_data)
{
  TribExtract *x = g_new0 (TribExtract, 1);

  trib_extract_set_config (x, config);
  x->func = func;
  x->release = release ? release : ignore;
  x->user_data = user_data;
  x->now = NO_TIME;
  x->branches = g_ptr_array_new_with_free_func ((GDestroyNotify) trib_extract_branch_free);
  return x;
}

/**
 * trib_extract_set_config:
 * @x: an extraction that has had no frame yet
 * @config: settings; copied
 */
void
trib_extract_set_config (TribExtract *x, const TribExtractConfig *config)
{
  g_return_if_fail (x->n_pushed == 0);
  x->config = *config;
  x->config.workers = MAX (config->workers, 1);
  x->config.max_in_flight = MAX (config->max_in_flight, 1);
  x->config.nth = MAX (config->nth, 1);
  x->tokens = x->config.workers;
}

/* BRANCH/FRAME; nothing is formatted while nothing is logged */
const gchar *
trib_extract_log_id (
    gchar id[TRIB_EXTRACT_LOG_ID], const TribExtractBranch *b, const TribExtractFrame *frame)
{
  if (!TRIB_LOG_IS_ON (TRIB_LOG_DEBUG))
    id[0] = '\0';
  else if (frame == NULL)
    g_strlcpy (id, b ? b->name : "", TRIB_EXTRACT_LOG_ID);
  else
    g_snprintf (id, TRIB_EXTRACT_LOG_ID, "%s%s%" G_GUINT64_FORMAT, b ? b->name : "frame ",
        b ? "/" : "", frame->frame_id);
  return id;
}

static void
log_decision (const TribExtract *x, const TribExtractEvent *event)
{
  const gchar *word = trib_extract_outcome_to_string (event->outcome);
  gchar id[TRIB_EXTRACT_LOG_ID];

  TRIB_LOG (&trib_extract_debug, event->admitted ? TRIB_LOG_LOG : TRIB_LOG_DEBUG,
      trib_extract_log_id (id, NULL, event->frame), "%s%s",
      event->admitted ? "admitted" : "dropped: ", event->admitted ? "" : word);
  for (guint i = 0; i < event->n_branches; i++)
    if (event->outcomes[i] != TRIB_EXTRACT_RUN)
      TRIB_LOG (&trib_extract_debug, TRIB_LOG_LOG,
          trib_extract_log_id (id, branch_at (x, i), event->frame), "skipped: %s",
          trib_extract_outcome_to_string (event->outcomes[i]));
}

/* what the states of jobs and breakers do not show */
static void
log_event (const TribExtract *x, const TribExtractEvent *event)
{
  const TribExtractBranch *b = trib_extract_branch_find (x, event->branch);
  gchar id[TRIB_EXTRACT_LOG_ID];

  trib_extract_log_id (id, b, event->frame);
  switch (event->kind) {
    case TRIB_EXTRACT_EVENT_DECISION:
      log_decision (x, event);
      break;
    case TRIB_EXTRACT_EVENT_ANSWERED:
    case TRIB_EXTRACT_EVENT_EMPTY:
      TRIB_LOG (&trib_extract_debug, TRIB_LOG_LOG, id, "%s after %.3f ms",
          event->kind == TRIB_EXTRACT_EVENT_EMPTY ? "empty" : "answered",
          (gdouble) event->took_ns / TRIB_EXTRACT_MS);
      break;
    case TRIB_EXTRACT_EVENT_LATE:
      TRIB_LOG (&trib_extract_debug, TRIB_LOG_DEBUG, id, "late by %.3f ms, after %.3f ms",
          (gdouble) event->by_ns / TRIB_EXTRACT_MS, (gdouble) event->took_ns / TRIB_EXTRACT_MS);
      break;
    case TRIB_EXTRACT_EVENT_DUPLICATE:
      TRIB_LOG (&trib_extract_debug, TRIB_LOG_DEBUG, id, "duplicate answer");
      break;
    case TRIB_EXTRACT_EVENT_UNMATCHED:
      TRIB_LOG (&trib_extract_debug, TRIB_LOG_DEBUG, id, "answer without a known frame");
      break;
    case TRIB_EXTRACT_EVENT_FINISHED:
      TRIB_LOG (&trib_extract_debug, TRIB_LOG_LOG, id, "finished");
      break;
    default:
      break;
  }
}

void
trib_extract_emit (TribExtract *x, TribExtractEvent *event)
{
  event->now_ns = x->now;
  if (TRIB_LOG_IS_ON (TRIB_LOG_DEBUG))
    log_event (x, event);
  x->func (x->user_data, event);
}

void
trib_extract_emit_job (
    TribExtract *x, TribExtractEventKind kind, const TribExtractJob *job, gint64 took)
{
  TribExtractEvent event = {
    .kind = kind,
    .frame = &job->frame->info,
    .branch = job->branch->number,
    .took_ns = took,
    .by_ns = kind == TRIB_EXTRACT_EVENT_LATE ? trib_time_sub (x->now, job->deadline) : 0,
  };

  trib_extract_emit (x, &event);
}

/* ---- frames ---- */

static TribExtractEntry *
frame_new (const TribExtractFrame *info)
{
  TribExtractEntry *f = g_new0 (TribExtractEntry, 1);

  f->info = *info;
  f->link.data = f;
  f->finished_at = NO_TIME;
  return f;
}

/* the payload is released as soon as no job waits for it */
void
trib_extract_frame_release (TribExtract *x, TribExtractEntry *f)
{
  gpointer payload = f->info.payload;

  if (payload == NULL || f->n_waiting > 0)
    return;
  f->info.payload = NULL;
  x->release (x->user_data, payload);
}

static void
frame_free (TribExtract *x, TribExtractEntry *f)
{
  f->n_waiting = 0;
  trib_extract_frame_release (x, f);
  trib_stream_key_unref (f->info.stream);
  g_free (f->jobs);
  g_free (f);
}

/* a finished frame stays known for a while, for late and duplicate answers */
static void
forget_old (TribExtract *x)
{
  gint64 horizon = (gint64) x->config.late_horizon_ms * TRIB_EXTRACT_MS;

  for (GList *l = x->known.head, *next; l; l = next) {
    TribExtractEntry *f = l->data;
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

/* frames arrive faster than they are processed; @b: (nullable): all branches, with admission by
 * frame */
static gboolean
has_backlog (const TribExtract *x, const TribExtractBranch *b)
{
  if (x->config.admission == TRIB_EXTRACT_ADMISSION_FRAME)
    return x->n_in_flight >= x->config.max_in_flight;
  return b != NULL && (x->tokens == 0 || !trib_extract_branch_has_place (x, b));
}

/* start of its timeout */
static gint64
base_of (const TribExtract *x, const TribExtractEntry *f)
{
  return f->info.has_base ? MIN (f->info.base_ns, x->now) : x->now;
}

/* what the strategy decides, without regard to space */
static TribExtractOutcome
by_strategy (
    const TribExtract *x, const TribExtractEntry *f, const TribExtractBranch *b, guint64 ordinal)
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

/* space in a branch's queue, made where the strategy allows */
static TribExtractOutcome
reserve_place (TribExtract *x, TribExtractBranch *b)
{
  TribExtractJob *replaced;

  if (b->waiting.length == 0 && x->tokens > 0 && trib_extract_branch_has_place (x, b))
    return TRIB_EXTRACT_RUN;
  if (b->waiting.length < x->config.queue_depth || x->config.strategy == TRIB_EXTRACT_STRATEGY_NONE)
    return TRIB_EXTRACT_RUN;
  if (b->waiting.length == 0
      || (x->config.strategy != TRIB_EXTRACT_STRATEGY_SKIP_OLDEST
          && x->config.strategy != TRIB_EXTRACT_STRATEGY_SKIP_INTERMEDIATE))
    return TRIB_EXTRACT_SKIP_QUEUE_FULL;
  replaced = x->config.strategy == TRIB_EXTRACT_STRATEGY_SKIP_OLDEST ? b->waiting.head->data
                                                                     : b->waiting.tail->data;
  trib_extract_job_skip (x, replaced, TRIB_EXTRACT_SKIP_SUPERSEDED);
  trib_extract_branch_superseded (x, b);
  return b->breaker == TRIB_EXTRACT_BREAKER_OPEN ? TRIB_EXTRACT_SKIP_BREAKER : TRIB_EXTRACT_RUN;
}

/* whether the frame is skipped because the branch is predicted to miss its deadline */
static gboolean
would_miss (TribExtract *x, const TribExtractEntry *f, TribExtractBranch *b)
{
  gint64 done = trib_time_add (x->now, trib_extract_branch_predict (x, b));

  if (!x->config.deadline_aware || b->breaker != TRIB_EXTRACT_BREAKER_CLOSED
      || done <= trib_time_add (base_of (x, f), trib_extract_branch_timeout (x, b))
      || b->n_skipped_in_row >= MAX_SKIPPED_IN_ROW) {
    b->n_skipped_in_row = 0;
    return FALSE;
  }
  b->n_skipped_in_row++;
  return TRUE;
}

static TribExtractOutcome
decide_branch (TribExtract *x, const TribExtractEntry *f, TribExtractBranch *b)
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
  outcome = reserve_place (x, b);
  if (outcome != TRIB_EXTRACT_RUN)
    trib_extract_branch_not_tried (x, b);
  return outcome;
}

/* @f: (transfer full): no branch runs */
static void
drop_frame (TribExtract *x, TribExtractEntry *f, const TribExtractOutcome *outcomes,
    const gint *branches, TribExtractOutcome why)
{
  TribExtractEvent event = { .kind = TRIB_EXTRACT_EVENT_DECISION,
    .frame = &f->info,
    .branch = -1,
    .outcome = why,
    .outcomes = outcomes,
    .branches = branches,
    .n_branches = x->branches->len };

  x->totals.dropped[why]++;
  trib_extract_emit (x, &event);
  frame_free (x, f);
}

/* the same for every branch */
static void
drop_whole (TribExtract *x, TribExtractEntry *f, TribExtractOutcome why)
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
admit (TribExtract *x, TribExtractEntry *f, const TribExtractOutcome *outcomes,
    const gint *branches, guint n_jobs)
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
  f->info.decided_ns = x->now;
  g_queue_push_tail_link (&x->known, &f->link);
  f->jobs = g_new0 (TribExtractJob, MAX (n_jobs, 1));
  f->n_open = n_jobs;
  trib_extract_emit (x, &event);
  for (guint i = 0; i < x->branches->len; i++) {
    TribExtractJob *job = &f->jobs[f->n_jobs];
    if (outcomes[i] != TRIB_EXTRACT_RUN)
      continue;
    f->n_jobs++;
    *job = (TribExtractJob){ .frame = f, .branch = branch_at (x, i), .begun = NO_TIME };
    job->deadline = trib_time_add (base_of (x, f), trib_extract_branch_timeout (x, job->branch));
    trib_extract_job_queue (x, job);
  }
  if (n_jobs == 0)
    trib_extract_frame_finish (x, f);
}

/* @f: (transfer full) */
static void
decide (TribExtract *x, TribExtractEntry *f)
{
  TribExtractOutcome outcomes[TRIB_EXTRACT_MAX_BRANCHES], why = TRIB_EXTRACT_RUN;
  gint branches[TRIB_EXTRACT_MAX_BRANCHES];
  guint n_jobs = 0;

  for (guint i = 0; i < x->branches->len; i++) {
    TribExtractBranch *b = branch_at (x, i);
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

/* admission by frame: as many as may be in flight */
void
trib_extract_admit_waiting (TribExtract *x)
{
  while (x->undecided.head && x->n_in_flight < x->config.max_in_flight) {
    GList *l = g_queue_pop_head_link (&x->undecided);
    decide (x, l->data);
  }
}

static void
drop_one_undecided (TribExtract *x)
{
  GList *l = x->undecided.head;

  /* the first and the newest stay, if there is room for two */
  if (x->config.strategy == TRIB_EXTRACT_STRATEGY_SKIP_INTERMEDIATE && x->config.queue_depth > 1)
    l = x->undecided.tail->prev;
  g_queue_unlink (&x->undecided, l);
  drop_whole (x, l->data, TRIB_EXTRACT_SKIP_SUPERSEDED);
}

static void
push_whole (TribExtract *x, TribExtractEntry *f, guint64 ordinal)
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
    drop_one_undecided (x);
}

/**
 * trib_extract_can_push:
 * @x: an extraction
 *
 * Returns: whether a frame can be pushed; only strategy none ever makes the caller wait
 */
gboolean
trib_extract_can_push (const TribExtract *x)
{
  if (x->config.strategy != TRIB_EXTRACT_STRATEGY_NONE)
    return TRUE;
  if (x->config.admission == TRIB_EXTRACT_ADMISSION_FRAME)
    return x->n_in_flight < x->config.max_in_flight || x->undecided.length < x->config.queue_depth;
  for (guint i = 0; i < x->branches->len; i++) {
    const TribExtractBranch *b = branch_at (x, i);
    gboolean free = b->waiting.length == 0 && trib_extract_branch_has_place (x, b);
    /* a branch whose breaker is open gets no frames: nothing waits for it */
    if (!free && b->waiting.length >= x->config.queue_depth
        && b->breaker == TRIB_EXTRACT_BREAKER_CLOSED)
      return FALSE;
  }
  return TRUE;
}

/**
 * trib_extract_push:
 * @x: an extraction
 * @frame: copied; the extraction owns its payload from now on
 * @now_ns: when it arrived
 */
void
trib_extract_push (TribExtract *x, const TribExtractFrame *frame, gint64 now_ns)
{
  TribExtractEntry *f = frame_new (frame);
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
 * @now_ns: the time
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

/* when trib_extract_advance() has something to do, unless another call is made before; -1: never */
gint64
trib_extract_next_deadline (const TribExtract *x)
{
  gint64 at = trib_extract_jobs_deadline (x);

  return at == NEVER ? -1 : at;
}

/* ---- adding and removing branches ---- */

/**
 * trib_extract_add_branch:
 * @name: of the branch
 *
 * Returns: its number, never used again; -1 when there are too many. It takes part from the next
 * frame on.
 */
gint
trib_extract_add_branch (
    TribExtract *x, const gchar *name, const TribExtractBranchConfig *config, gint64 now_ns)
{
  TribExtractBranch *b;

  trib_extract_advance (x, now_ns);
  if (x->branches->len >= TRIB_EXTRACT_MAX_BRANCHES)
    return -1;
  b = g_new0 (TribExtractBranch, 1);
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
  TribExtractBranch *b;

  trib_extract_advance (x, now_ns);
  b = trib_extract_branch_find (x, branch);
  if (b == NULL)
    return;
  trib_extract_jobs_end_of_branch (x, b, why);
  for (GList *l = x->known.head; l; l = l->next) {
    TribExtractEntry *f = l->data;
    for (guint i = 0; i < f->n_jobs; i++)
      if (f->jobs[i].branch == b)
        f->jobs[i].branch = NULL;
  }
  g_ptr_array_remove (x->branches, b);
  trib_extract_admit_waiting (x);
  trib_extract_jobs_begin (x);
}

/* its jobs are skipped; frames are finished without it */
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

/* whether no frame is undecided or in flight */
gboolean
trib_extract_is_idle (const TribExtract *x)
{
  return x->undecided.length == 0 && x->n_in_flight == 0;
}

/* all jobs are skipped and all frames forgotten; answers to them are unmatched */
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

/* trib_extract_flush() emits events, and a free extraction none */
static void
discard_event (gpointer user_data, const TribExtractEvent *event)
{
}

void
trib_extract_free (TribExtract *x)
{
  x->func = discard_event;
  trib_extract_flush (x, x->now);
  g_ptr_array_unref (x->branches);
  g_free (x);
}

/* ---- what is known ---- */

/**
 * trib_extract_find_frame:
 * @stream: (nullable): its stream; then @t_ns is its time as well
 * @has_frame_id: whether @frame_id is one; else by @t_ns
 *
 * Returns: (nullable): the youngest known frame of that identity; valid until the next call that is
 * not a query
 */
const TribExtractFrame *
trib_extract_find_frame (const TribExtract *x, const TribStreamKey *stream, gboolean has_frame_id,
    guint64 frame_id, gint64 t_ns)
{
  for (GList *l = x->known.tail; l; l = l->prev) {
    const TribExtractEntry *f = l->data;
    if (trib_extract_frame_is (&f->info, stream, has_frame_id, frame_id, t_ns))
      return &f->info;
  }
  return NULL;
}

/**
 * trib_extract_find_pts:
 * @pts: of an answer, in the unit of the frames' times of presentation
 *
 * Returns: (nullable): the known frame of that PTS, or the nearest one within half of that frame's
 * duration; valid as above
 */
const TribExtractFrame *
trib_extract_find_pts (const TribExtract *x, guint64 pts)
{
  const TribExtractFrame *best = NULL;
  guint64 best_distance = TRIB_EXTRACT_NO_PTS;

  for (GList *l = x->known.tail; l && best_distance > 0; l = l->prev) {
    const TribExtractFrame *f = &((TribExtractEntry *) l->data)->info;
    guint64 distance = f->pts > pts ? f->pts - pts : pts - f->pts;
    guint64 reach = f->duration == TRIB_EXTRACT_NO_PTS ? 0 : f->duration / 2;
    if (f->pts == TRIB_EXTRACT_NO_PTS || distance > reach || distance >= best_distance)
      continue;
    best = f;
    best_distance = distance;
  }
  return best;
}

static guint
count_awaited (const TribExtractBranch *b)
{
  guint n = 0;

  for (GList *l = b->running.head; l; l = l->next) {
    const TribExtractJob *job = l->data;
    n += job->deadline == NEVER && !job->passed;
  }
  return n;
}

gboolean
trib_extract_get_branch (const TribExtract *x, gint branch, TribExtractBranchInfo *ret_info)
{
  const TribExtractBranch *b = trib_extract_branch_find (x, branch);

  if (b == NULL)
    return FALSE;
  *ret_info = (TribExtractBranchInfo){
    .name = b->name,
    .counts = b->counts,
    .breaker = b->breaker,
    .usual_ns = b->usual_ns,
    .n_waiting = b->waiting.length,
    .n_running = b->running.length,
    .n_awaited = count_awaited (b),
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
