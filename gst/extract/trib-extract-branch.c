/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Branches: how long they take, and whether they are trusted. */
#include "trib-extract-private.h"

#define MAX_SPREAD \
  4 /* as a part of the usual time: what is added for a frame that takes longer at most */
#define MARGIN 4   /* the part of the usual time that is added, so that a slow frame is done, too */
#define WEIGHT 0.2 /* of the newest time in the average */

Branch *
trib_extract_branch_find (const TribExtract *x, gint number)
{
  for (guint i = 0; i < x->branches->len; i++)
    if (branch_at (x, i)->number == number)
      return branch_at (x, i);
  return NULL;
}

void
trib_extract_branch_free (Branch *b)
{
  g_free (b->name);
  g_free (b);
}

/* whether a job may begin as far as the branch is concerned */
gboolean
trib_extract_branch_has_place (const TribExtract *x, const Branch *b)
{
  guint most = x->config.admission == TRIB_EXTRACT_ADMISSION_FRAME ? 1 : x->config.max_in_flight;
  guint in_time = 0;

  for (GList *l = b->running.head; l; l = l->next)
    in_time += ((Job *) l->data)->state == JOB_RUNNING;
  return b->n_pushing < most && in_time < most;
}

gint64
trib_extract_branch_timeout (const TribExtract *x, const Branch *b)
{
  guint ms = b->config.timeout_ms ? b->config.timeout_ms : x->config.timeout_ms;

  return (gint64) ms * TRIB_EXTRACT_MS;
}

static gint64
usual (const Branch *b)
{
  return MAX (b->usual_ns, 0);
}

/* until a token is free, when none is: the branch that will be done first gives its own */
static gint64
token_wait (const TribExtract *x)
{
  gint64 least = NEVER;

  if (x->tokens > 0)
    return 0;
  for (guint i = 0; i < x->branches->len; i++) {
    const Branch *b = branch_at (x, i);
    for (GList *l = b->running.head; l; l = l->next) {
      const Job *job = l->data;
      gint64 left;
      if (job->state != JOB_RUNNING)
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
 * Returns: how long from now a frame would take that it were given now: the rest of what it does or the wait for a token, what
 * waits before, and then what it usually takes, less or more a bit; 0 while that is not known
 */
gint64
trib_extract_branch_predict (const TribExtract *x, const Branch *b)
{
  const Job *first = b->running.head ? b->running.head->data : NULL;
  gint64 rest = 0;

  if (b->n_measured < LEARNING_JOBS)
    return 0;
  /* one that is overdue may end at any time, and is not known to */
  if (first && !trib_extract_branch_has_place (x, b))
    rest = MAX (trib_time_sub (trib_time_add (first->begun, usual (b)), x->now), 0);
  rest = MAX (rest, token_wait (x));
  rest = trib_time_add (rest, (gint64) b->waiting.length * usual (b));
  /* A frame that begins at once does as well as any later one: it only has to have a chance. One that has to wait leaves
   * its place to a later one that has not. */
  if (rest == 0)
    return MAX (trib_time_sub (usual (b), b->spread_ns), 0);
  return trib_time_add (rest, trib_time_add (usual (b), usual (b) / MARGIN));
}

/* a job took that long, in time or not */
void
trib_extract_branch_measured (Branch *b, gint64 took)
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
set_breaker (TribExtract *x, Branch *b, TribExtractBreaker breaker)
{
  TribExtractEvent event
      = { .kind = TRIB_EXTRACT_EVENT_BREAKER, .branch = b->number, .breaker = breaker };

  if (b->breaker == breaker)
    return;
  b->breaker = breaker;
  trib_extract_tell (x, &event);
}

void
trib_extract_branch_in_time (TribExtract *x, Branch *b)
{
  b->n_timeouts = 0;
  set_breaker (x, b, TRIB_EXTRACT_BREAKER_CLOSED);
}

void
trib_extract_branch_missed (TribExtract *x, Branch *b)
{
  b->n_timeouts++;
  b->missed_at = x->now;
  if (x->config.breaker_threshold == 0)
    return;
  if (b->breaker == TRIB_EXTRACT_BREAKER_TRYING || b->n_timeouts >= x->config.breaker_threshold) {
    b->retry_at = trib_time_add (x->now, (gint64) x->config.breaker_retry_ms * TRIB_EXTRACT_MS);
    set_breaker (x, b, TRIB_EXTRACT_BREAKER_OPEN);
  }
}

/* A frame that waited gives way to a newer one. Where that is because the branch does not come back, nothing would ever time out: each
 * timeout's worth of such frames is one that the branch let pass. */
void
trib_extract_branch_passed_over (TribExtract *x, Branch *b)
{
  for (GList *l = b->running.head; l; l = l->next)
    if (((Job *) l->data)->state == JOB_RUNNING)
      return;
  if (b->n_timeouts > 0 && !trib_extract_branch_has_place (x, b)
      && trib_time_sub (x->now, b->missed_at) >= trib_extract_branch_timeout (x, b))
    trib_extract_branch_missed (x, b);
}

/* a frame was taken back before the branch could show what it does with it: the next one is the trial, if this was */
void
trib_extract_branch_not_tried (TribExtract *x, Branch *b)
{
  if (b->breaker != TRIB_EXTRACT_BREAKER_TRYING)
    return;
  b->retry_at = x->now;
  set_breaker (x, b, TRIB_EXTRACT_BREAKER_OPEN);
}

/* whether the branch is given frames; the one with which it is tried again is given here */
TribExtractOutcome
trib_extract_branch_breaker (TribExtract *x, Branch *b)
{
  if (b->breaker == TRIB_EXTRACT_BREAKER_CLOSED)
    return TRIB_EXTRACT_RUN;
  /* one that is stuck in its last frame cannot be tried */
  if (b->breaker == TRIB_EXTRACT_BREAKER_TRYING || x->now < b->retry_at
      || !trib_extract_branch_has_place (x, b))
    return TRIB_EXTRACT_SKIP_BREAKER;
  set_breaker (x, b, TRIB_EXTRACT_BREAKER_TRYING);
  return TRIB_EXTRACT_RUN;
}
