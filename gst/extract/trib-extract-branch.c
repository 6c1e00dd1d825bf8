/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Branches: their usual processing time, and their breaker. */
#include <common/trib-state.h>

#include "trib-extract-private.h"

#define MARGIN 4   /* the usual time divided by this is added, for slow frames */
#define WEIGHT 0.2 /* of the newest time in the average */

static const TribStateRow breaker_rows[] = {
  [TRIB_EXTRACT_BREAKER_CLOSED] = { "closed", TRIB_STATE (TRIB_EXTRACT_BREAKER_OPEN) },
  [TRIB_EXTRACT_BREAKER_OPEN]
  = { "open", TRIB_STATE (TRIB_EXTRACT_BREAKER_TRYING) | TRIB_STATE (TRIB_EXTRACT_BREAKER_CLOSED) },
  [TRIB_EXTRACT_BREAKER_TRYING]
  = { "trying", TRIB_STATE (TRIB_EXTRACT_BREAKER_CLOSED) | TRIB_STATE (TRIB_EXTRACT_BREAKER_OPEN) },
};
static const TribStateTable breaker_states
    = { "breaker", &trib_extract_debug, breaker_rows, G_N_ELEMENTS (breaker_rows) };

TribExtractBranch *
trib_extract_branch_find (const TribExtract *x, gint number)
{
  for (guint i = 0; i < x->branches->len; i++)
    if (branch_at (x, i)->number == number)
      return branch_at (x, i);
  return NULL;
}

void
trib_extract_branch_free (TribExtractBranch *b)
{
  g_free (b->name);
  g_free (b);
}

/* whether the branch can start a job, tokens aside */
gboolean
trib_extract_branch_has_place (const TribExtract *x, const TribExtractBranch *b)
{
  guint most = x->config.admission == TRIB_EXTRACT_ADMISSION_FRAME ? 1 : x->config.max_in_flight;
  guint in_time = 0;

  for (GList *l = b->running.head; l; l = l->next) {
    const TribExtractJob *job = l->data;
    in_time += job->state == TRIB_EXTRACT_JOB_RUNNING && !job->passed;
  }
  return b->n_pushing < most && in_time < most;
}

/* NEVER: it may take any time */
gint64
trib_extract_branch_timeout (const TribExtract *x, const TribExtractBranch *b)
{
  guint ms = b->config.timeout_ms ? b->config.timeout_ms : x->config.timeout_ms;

  return ms > 0 ? (gint64) ms * TRIB_EXTRACT_MS : NEVER;
}

static gint64
usual (const TribExtractBranch *b)
{
  return MAX (b->usual_ns, 0);
}

/* time until a token is free: until the first running job is done, or past its deadline */
static gint64
token_wait (const TribExtract *x)
{
  gint64 least = NEVER;

  if (x->tokens > 0)
    return 0;
  for (guint i = 0; i < x->branches->len; i++) {
    const TribExtractBranch *b = branch_at (x, i);
    for (GList *l = b->running.head; l; l = l->next) {
      const TribExtractJob *job = l->data;
      gint64 left;
      if (job->state != TRIB_EXTRACT_JOB_RUNNING)
        continue;
      left = trib_time_sub (MIN (trib_time_add (job->begun, usual (b)), job->deadline), x->now);
      least = MIN (least, MAX (left, 0));
    }
  }
  return least == NEVER ? 0 : least;
}

/**
 * trib_extract_branch_predict:
 * @b: a branch
 *
 * Returns: predicted time until the answer to a frame that is queued now: the rest of the running
 * job or the wait for a token, the jobs before it, and its own usual time, with a margin; 0 while
 * that is not known
 */
gint64
trib_extract_branch_predict (const TribExtract *x, const TribExtractBranch *b)
{
  const TribExtractJob *first = b->running.head ? b->running.head->data : NULL;
  gint64 rest = 0;

  if (b->n_measured < LEARNING_JOBS)
    return 0;
  /* an overdue job may end at any time */
  if (first && !trib_extract_branch_has_place (x, b))
    rest = MAX (trib_time_sub (trib_time_add (first->begun, usual (b)), x->now), 0);
  rest = MAX (rest, token_wait (x));
  rest = trib_time_add (rest, (gint64) b->waiting.length * usual (b));
  /* A frame that starts at once is as good as any later one: it only needs a chance. One that has
   * to wait is worth less than a later one that has not. */
  if (rest == 0)
    return MAX (trib_time_sub (usual (b), b->spread_ns), 0);
  return trib_time_add (rest, trib_time_add (usual (b), usual (b) / MARGIN));
}

/* the time of a job, in time or late */
void
trib_extract_branch_measured (TribExtractBranch *b, gint64 took)
{
  took = MAX (took, 0);
  if (b->n_measured == 0) {
    b->usual_ns = took;
    b->spread_ns = took / MARGIN;
  } else {
    gint64 off = trib_time_sub (took, b->usual_ns);
    b->spread_ns
        += (gint64) (WEIGHT * (gdouble) trib_time_sub (off < 0 ? -off : off, b->spread_ns));
    b->usual_ns += (gint64) (WEIGHT * (gdouble) off);
  }
  b->n_measured++;
}

static void
set_breaker (TribExtract *x, TribExtractBranch *b, TribExtractBreaker breaker, const gchar *why)
{
  TribExtractEvent event
      = { .kind = TRIB_EXTRACT_EVENT_BREAKER, .branch = b->number, .breaker = breaker };

  if (TRIB_STATE_SET (&breaker_states, b->name, b->breaker, breaker, why))
    trib_extract_emit (x, &event);
}

void
trib_extract_branch_in_time (TribExtract *x, TribExtractBranch *b)
{
  b->n_timeouts = 0;
  set_breaker (x, b, TRIB_EXTRACT_BREAKER_CLOSED, "a frame was answered in time");
}

void
trib_extract_branch_missed (TribExtract *x, TribExtractBranch *b)
{
  b->n_timeouts++;
  b->missed_at = x->now;
  if (x->config.breaker_threshold == 0)
    return;
  if (b->breaker == TRIB_EXTRACT_BREAKER_TRYING || b->n_timeouts >= x->config.breaker_threshold) {
    b->retry_at = trib_time_add (x->now, (gint64) x->config.breaker_retry_ms * TRIB_EXTRACT_MS);
    set_breaker (x, b, TRIB_EXTRACT_BREAKER_OPEN, "too many timeouts in a row");
  }
}

/* A waiting frame was replaced by a newer one. While the branch hangs in an earlier frame, no
 * waiting frame ever times out: superseded frames of one timeout count as one timeout. */
void
trib_extract_branch_superseded (TribExtract *x, TribExtractBranch *b)
{
  for (GList *l = b->running.head; l; l = l->next)
    if (((TribExtractJob *) l->data)->state == TRIB_EXTRACT_JOB_RUNNING)
      return;
  if (b->n_timeouts > 0 && !trib_extract_branch_has_place (x, b)
      && trib_time_sub (x->now, b->missed_at) >= trib_extract_branch_timeout (x, b))
    trib_extract_branch_missed (x, b);
}

/* a job ended before the branch could answer or miss: if it was the trial, the next job is */
void
trib_extract_branch_not_tried (TribExtract *x, TribExtractBranch *b)
{
  if (b->breaker != TRIB_EXTRACT_BREAKER_TRYING)
    return;
  b->retry_at = x->now;
  set_breaker (x, b, TRIB_EXTRACT_BREAKER_OPEN, "the trial was not run");
}

/* whether the breaker admits the frame, be it as the trial */
TribExtractOutcome
trib_extract_branch_breaker (TribExtract *x, TribExtractBranch *b)
{
  if (b->breaker == TRIB_EXTRACT_BREAKER_CLOSED)
    return TRIB_EXTRACT_RUN;
  /* a branch that hangs in an earlier frame cannot be tried */
  if (b->breaker == TRIB_EXTRACT_BREAKER_TRYING || x->now < b->retry_at
      || !trib_extract_branch_has_place (x, b))
    return TRIB_EXTRACT_SKIP_BREAKER;
  set_breaker (x, b, TRIB_EXTRACT_BREAKER_TRYING, "one frame is the trial");
  return TRIB_EXTRACT_RUN;
}
