/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode approximate: of each source the record that is nearest to those of the others.
 *
 * The search is that of ROS's ApproximateTime (message_filters), told in its terms: every source has a queue of
 * records by time. When all have a head, the heads are a set; the latest head is the pivot of the search. The
 * earliest head is passed over again and again, and each set that is better than the candidate (its span shorter
 * than what was lost by waiting, by age-penalty) becomes the candidate, until nothing later can be better. A
 * source whose queue is empty is known not to speak before its last record plus its lower bound. What was passed
 * over since the candidate comes back when the candidate is given. Each record is used once; sets never cross. */
#include "trib-align-private.h"

static Entry *
head_of (const Source *s)
{
  return s->heads.head ? s->heads.head->data : NULL;
}

static gboolean
takes_part (const Source *s)
{
  return (s->listed || s->seen) && (s->required || s->heads.head) && !s->idle && !s->ended
         && !s->unsynced;
}

static guint
count_parts (const TribAlign *a, guint *ret_n_heads)
{
  guint n = 0;

  *ret_n_heads = 0;
  for (guint i = 0; i < a->sources->len; i++) {
    const Source *s = source_at (a, i);
    n += takes_part (s);
    *ret_n_heads += takes_part (s) && s->heads.head;
  }
  return n;
}

static void
forget_candidate (TribAlign *a)
{
  for (guint i = 0; i < TRIB_ALIGN_MAX_SOURCES; i++)
    if (a->candidate[i])
      trib_align_entry_unref (a, g_steal_pointer (&a->candidate[i]));
  a->pivot = -1;
}

static void
take_pending (TribAlign *a, Entry *e)
{
  a->totals.counts.pending--;
  e->source->counts.pending--;
  a->totals.pending_bytes -= e->bytes;
}

static void
drop_unmatched (TribAlign *a, Entry *e)
{
  take_pending (a, e);
  trib_align_drop (a, e, TRIB_ALIGN_DROPPED_UNMATCHED);
}

static void
pass_over (Source *s)
{
  g_queue_push_tail (&s->past, g_queue_pop_head (&s->heads));
}

/* the last @n that were passed over come back; G_MAXUINT: all */
static void
recover (Source *s, guint n)
{
  while (n-- > 0 && s->past.length > 0)
    g_queue_push_head (&s->heads, g_queue_pop_tail (&s->past));
}

static void
recover_all (TribAlign *a)
{
  for (guint i = 0; i < a->sources->len; i++)
    recover (source_at (a, i), G_MAXUINT);
}

/* what was passed over before this candidate can be in no set any more */
static void
make_candidate (TribAlign *a, gint64 start, gint64 end)
{
  gint pivot = a->pivot;

  forget_candidate (a);
  a->pivot = pivot;
  a->candidate_start = start;
  a->candidate_end = end;
  for (guint i = 0; i < a->sources->len; i++) {
    Source *s = source_at (a, i);
    Entry *e;
    while ((e = g_queue_pop_head (&s->past)))
      drop_unmatched (a, e);
    e = takes_part (s) ? head_of (s) : NULL;
    if (e == NULL)
      continue;
    e->n_refs++;
    a->candidate[i] = e;
  }
}

static gint64
earliest_arrival (Entry *const *entries, guint n)
{
  gint64 first = NEVER;

  for (guint i = 0; i < n; i++)
    if (entries[i])
      first = MIN (first, entries[i]->arrival);
  return first;
}

/* (transfer full) @set */
static void
give_set (TribAlign *a, Entry **set, TribAlignReason reason)
{
  guint n = a->sources->len;

  for (guint i = 0; i < n; i++)
    if (set[i])
      source_at (a, i)->used_t = set[i]->t;
  trib_align_leave_set (a, set, reason, earliest_arrival (set, n));
}

/* the candidate leaves, what was passed over since comes back, the records of the set are used up */
static void
give_candidate (TribAlign *a, TribAlignReason reason)
{
  Entry *set[TRIB_ALIGN_MAX_SOURCES] = { NULL };

  recover_all (a);
  for (guint i = 0; i < a->sources->len; i++) {
    Source *s = source_at (a, i);
    if (a->candidate[i] == NULL)
      continue;
    set[i] = g_queue_pop_head (&s->heads);
    g_warn_if_fail (set[i] == a->candidate[i]);
  }
  forget_candidate (a);
  give_set (a, set, reason);
}

typedef struct {
  gint start, end; /* indexes of sources */
  gint64 start_t, end_t;
} Span;

/* when @s can speak next: its head, or not before its lower bound */
static gint64
virtual_time (const TribAlign *a, const Source *s)
{
  gint64 t;

  if (s->heads.head)
    return head_of (s)->t;
  t = s->past.tail ? ((Entry *) s->past.tail->data)->t : MAX (s->used_t, s->max_t);
  t = t == NO_TIME ? NO_TIME : trib_time_add (t, trib_align_lower_bound (a, s));
  return MAX (t, a->pivot_t);
}

/* ties: the first of the earliest, the last of the latest */
static Span
find_span (const TribAlign *a, gboolean with_virtual)
{
  Span span = { -1, -1, 0, 0 };

  for (guint i = 0; i < a->sources->len; i++) {
    const Source *s = source_at (a, i);
    gint64 t;
    if (!takes_part (s))
      continue;
    t = with_virtual ? virtual_time (a, s) : head_of (s)->t;
    if (span.start < 0 || t < span.start_t) {
      span.start = (gint) i;
      span.start_t = t;
    }
    if (span.end < 0 || t >= span.end_t) {
      span.end = (gint) i;
      span.end_t = t;
    }
  }
  return span;
}

/* what waiting until @end would cost */
static gdouble
aged (const TribAlign *a, gint64 end)
{
  return (gdouble) trib_time_sub (end, a->candidate_end) * (1 + a->config.age_penalty);
}

static gboolean
is_proven (const TribAlign *a, gint64 end)
{
  return aged (a, end) >= (gdouble) trib_time_sub (a->pivot_t, a->candidate_start);
}

/* Some queue is empty: can what may still come be better than the candidate? FALSE: perhaps */
static gboolean
prove_without_heads (TribAlign *a)
{
  guint moved[TRIB_ALIGN_MAX_SOURCES] = { 0 };
  gboolean proven;

  for (;;) {
    Span span = find_span (a, TRUE);
    Source *start = source_at (a, span.start);
    proven = is_proven (a, span.end_t);
    if (proven || aged (a, span.end_t) < (gdouble) trib_time_sub (span.start_t, a->candidate_start)
        || start->heads.head == NULL)
      break;
    pass_over (start);
    moved[span.start]++;
  }
  for (guint i = 0; !proven && i < a->sources->len; i++)
    recover (source_at (a, i), moved[i]);
  return proven;
}

/* every part has a head and there is no candidate; FALSE: the earliest head was thrown away */
static gboolean
begin_search (TribAlign *a, const Span *span)
{
  Source *start = source_at (a, span->start), *end = source_at (a, span->end);

  if (trib_time_sub (span->end_t, span->start_t) > a->max_interval || end->lost) {
    drop_unmatched (a, g_queue_pop_head (&start->heads));
    return FALSE;
  }
  a->pivot = span->end;
  a->pivot_t = span->end_t;
  make_candidate (a, span->start_t, span->end_t);
  pass_over (start);
  return TRUE;
}

static void
go_on_searching (TribAlign *a, const Span *span)
{
  Source *start = source_at (a, span->start);

  if (aged (a, span->end_t) < (gdouble) trib_time_sub (span->start_t, a->candidate_start))
    make_candidate (a, span->start_t, span->end_t);
  pass_over (start);
}

static void
search (TribAlign *a)
{
  guint n_heads, n = count_parts (a, &n_heads);

  while (n > 0 && n_heads == n) {
    Span span = find_span (a, FALSE);
    gboolean at_pivot;
    for (guint i = 0; i < a->sources->len; i++)
      if ((gint) i != span.end)
        source_at (a, i)->lost = FALSE;
    at_pivot = a->pivot >= 0 && span.start == a->pivot;
    if (a->pivot < 0) {
      if (!begin_search (a, &span)) {
        n = count_parts (a, &n_heads);
        continue;
      }
      at_pivot = span.start == a->pivot;
    } else {
      go_on_searching (a, &span);
    }
    count_parts (a, &n_heads);
    if (at_pivot || is_proven (a, span.end_t) || (n_heads < n && prove_without_heads (a)))
      give_candidate (a, TRIB_ALIGN_REASON_COMPLETE);
    n = count_parts (a, &n_heads);
  }
}

/* who takes part has changed, or a record came out of order: the search begins anew */
void
trib_align_sets_restart (TribAlign *a)
{
  recover_all (a);
  forget_candidate (a);
}

/* the oldest record of all that wait; (nullable) */
static Source *
oldest (const TribAlign *a)
{
  Source *first = NULL;

  for (guint i = 0; i < a->sources->len; i++) {
    Source *s = source_at (a, i);
    if (s->heads.head && (first == NULL || head_of (s)->t < head_of (first)->t))
      first = s;
  }
  return first;
}

static gboolean
is_over (const TribAlign *a)
{
  return a->totals.counts.pending > a->config.max_pending
         || a->totals.pending_bytes > a->config.max_pending_bytes;
}

/* the oldest record of all goes while more wait than may; then the search begins anew */
void
trib_align_sets_keep_bounds (TribAlign *a)
{
  Source *s;

  if (!is_over (a))
    return;
  trib_align_sets_restart (a);
  while (is_over (a) && (s = oldest (a))) {
    s->lost = TRUE;
    drop_unmatched (a, g_queue_pop_head (&s->heads));
  }
  search (a);
}

/* Waiting ends first for the first, so an older record must not hold up younger ones that were there before. FALSE: one of
 * that time is there */
static gboolean
insert (Source *s, Entry *e)
{
  GList *l = s->heads.tail, *next;

  while (l && ((Entry *) l->data)->t > e->t)
    l = l->prev;
  if (l && ((Entry *) l->data)->t == e->t)
    return FALSE;
  next = l ? l->next : s->heads.head;
  if (next)
    e->waits_since = MIN (e->waits_since, ((Entry *) next->data)->waits_since);
  g_queue_insert_before (&s->heads, next, e);
  return TRUE;
}

/**
 * trib_align_sets_add:
 * @a: an aligner
 * @e: (transfer full): a plausible record
 */
void
trib_align_sets_add (TribAlign *a, Entry *e)
{
  Source *s = e->source;
  const Entry *last = s->heads.tail  ? s->heads.tail->data
                      : s->past.tail ? s->past.tail->data
                                     : NULL;

  if (s->used_t != NO_TIME && e->t <= s->used_t) {
    trib_align_late (a, e, NULL, trib_time_sub (s->used_t, e->t));
    return;
  }
  if (last && e->t < last->t)
    trib_align_sets_restart (a);
  if ((last && e->t == last->t) || !insert (s, e)) {
    trib_align_duplicate (a, e);
    return;
  }
  a->totals.counts.pending++;
  s->counts.pending++;
  a->totals.pending_bytes += e->bytes;
  search (a);
}

/* monotonic: when the oldest record has waited long enough, NEVER */
gint64
trib_align_sets_deadline (const TribAlign *a)
{
  gint64 first = NEVER;

  for (guint i = 0; i < a->sources->len; i++) {
    const Source *s = source_at (a, i);
    const Entry *e = s->past.head ? s->past.head->data : head_of (s);
    if (e)
      first = MIN (first, trib_time_add (e->waits_since, a->window));
  }
  return first;
}

/* the oldest record goes with the others' heads that are near enough */
static void
give_oldest (TribAlign *a, TribAlignReason reason)
{
  Entry *set[TRIB_ALIGN_MAX_SOURCES] = { NULL };
  Source *first;
  gint64 t;

  trib_align_sets_restart (a);
  first = oldest (a);
  if (first == NULL)
    return;
  t = head_of (first)->t;
  for (guint i = 0; i < a->sources->len; i++) {
    Source *s = source_at (a, i);
    if (s->heads.head && trib_time_sub (head_of (s)->t, t) <= a->max_interval)
      set[i] = g_queue_pop_head (&s->heads);
  }
  give_set (a, set, reason);
}

/* what has waited as long as it may */
void
trib_align_sets_timeout (TribAlign *a)
{
  search (a);
  while (trib_align_sets_deadline (a) <= a->now) {
    if (a->pivot >= 0)
      give_candidate (a, TRIB_ALIGN_REASON_COMPLETE);
    else
      give_oldest (a, TRIB_ALIGN_REASON_TIMEOUT);
    search (a);
  }
}

/* nothing more will come */
void
trib_align_sets_finish (TribAlign *a, TribAlignReason reason)
{
  if (a->pivot >= 0)
    give_candidate (a, TRIB_ALIGN_REASON_COMPLETE);
  while (oldest (a))
    give_oldest (a, reason);
}

/* @s: (nullable): whose; NULL: all */
void
trib_align_sets_flush_source (TribAlign *a, Source *s)
{
  trib_align_sets_restart (a);
  for (guint i = 0; i < a->sources->len; i++) {
    Source *x = source_at (a, i);
    Entry *e;
    while ((s == NULL || x == s) && (e = g_queue_pop_head (&x->heads))) {
      take_pending (a, e);
      trib_align_drop (a, e, TRIB_ALIGN_DROPPED_FLUSHED);
    }
  }
}
