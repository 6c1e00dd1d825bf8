/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode approximate: of each source the record that is nearest to those of the others.
 *
 * The search is that of ROS's ApproximateTime (message_filters), in its terms: every source has
 * a queue of records by time. When all have a head, the heads are a set; the latest head is the
 * pivot of the search. The earliest head is skipped again and again, and each set that is better
 * than the candidate (its span shorter than what was lost by waiting, by the age penalty)
 * becomes the candidate, until nothing later can be better. A source whose queue is empty is
 * known to send nothing before its last record plus its lower bound. Records that were skipped
 * since the candidate are restored when the candidate is emitted. Each record is used once; sets
 * never cross. */
#include "trib-align-private.h"

#define AGE_PENALTY 0.1 /* ROS's default */

static TribAlignEntry *
head_of (const TribAlignSource *s)
{
  return s->heads.head ? s->heads.head->data : NULL;
}

static gboolean
takes_part (const TribAlignSource *s)
{
  return (s->listed || s->seen) && (s->required || s->heads.head) && !is_idle (s) && !has_ended (s)
         && !s->unsynced;
}

static guint
count_parts (const TribAlign *a, guint *ret_n_heads)
{
  guint n = 0;

  *ret_n_heads = 0;
  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
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
      trib_align_entry_unref (g_steal_pointer (&a->candidate[i]), &a->owner);
  a->pivot = -1;
}

static void
drop_unmatched (TribAlign *a, TribAlignEntry *e)
{
  trib_align_pending_remove (a, e);
  trib_align_drop (a, e, TRIB_ALIGN_DROPPED_UNMATCHED);
}

static void
skip_head (TribAlignSource *s)
{
  g_queue_push_tail (&s->past, g_queue_pop_head (&s->heads));
}

/* restores the last @n skipped records; G_MAXUINT: all */
static void
recover (TribAlignSource *s, guint n)
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

/* records that were skipped before this candidate can be in no set any more */
static void
make_candidate (TribAlign *a, gint64 start, gint64 end)
{
  gint pivot = a->pivot;

  forget_candidate (a);
  a->pivot = pivot;
  a->candidate_start = start;
  a->candidate_end = end;
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *s = source_at (a, i);
    TribAlignEntry *e;
    while ((e = g_queue_pop_head (&s->past)))
      drop_unmatched (a, e);
    e = takes_part (s) ? head_of (s) : NULL;
    if (e == NULL)
      continue;
    a->candidate[i] = trib_align_entry_ref (e);
  }
}

static gint64
earliest_arrival (TribAlignEntry *const *entries, guint n)
{
  gint64 first = NEVER;

  for (guint i = 0; i < n; i++)
    if (entries[i])
      first = MIN (first, entries[i]->record.arrival_ns);
  return first;
}

/* (transfer full) @set */
static void
emit_set (TribAlign *a, TribAlignEntry **set, TribAlignReason reason)
{
  guint n = a->sources->len;

  for (guint i = 0; i < n; i++)
    if (set[i])
      source_at (a, i)->used_t = set[i]->record.t_ns;
  trib_align_emit_set (a, set, reason, earliest_arrival (set, n));
}

/* emits the candidate, restores skipped records; the records of the set are used up */
static void
emit_candidate (TribAlign *a, TribAlignReason reason)
{
  TribAlignEntry *set[TRIB_ALIGN_MAX_SOURCES] = { NULL };

  recover_all (a);
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *s = source_at (a, i);
    if (a->candidate[i] == NULL)
      continue;
    set[i] = g_queue_pop_head (&s->heads);
    g_warn_if_fail (set[i] == a->candidate[i]);
  }
  forget_candidate (a);
  emit_set (a, set, reason);
}

typedef struct {
  gint start, end; /* indexes of sources */
  gint64 start_t, end_t;
} Span;

/* earliest time of the next record of @s: its head, or its lower bound */
static gint64
virtual_time (const TribAlign *a, const TribAlignSource *s)
{
  gint64 t;

  if (s->heads.head)
    return head_of (s)->record.t_ns;
  t = s->past.tail ? ((TribAlignEntry *) s->past.tail->data)->record.t_ns
                   : MAX (s->used_t, s->max_t);
  t = t == NO_TIME ? NO_TIME : trib_time_add (t, trib_align_lower_bound (a, s));
  return MAX (t, a->pivot_t);
}

/* ties: the first of the earliest, the last of the latest */
static Span
find_span (const TribAlign *a, gboolean with_virtual)
{
  Span span = { -1, -1, 0, 0 };

  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    gint64 t;
    if (!takes_part (s))
      continue;
    t = with_virtual ? virtual_time (a, s) : head_of (s)->record.t_ns;
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

/* cost of waiting until @end */
static gdouble
aged (const TribAlign *a, gint64 end)
{
  return (gdouble) trib_time_sub (end, a->candidate_end) * (1 + AGE_PENALTY);
}

static gboolean
is_proven (const TribAlign *a, gint64 end)
{
  return aged (a, end) >= (gdouble) trib_time_sub (a->pivot_t, a->candidate_start);
}

/* A queue is empty: whether no future record can be better than the candidate */
static gboolean
prove_without_heads (TribAlign *a)
{
  guint moved[TRIB_ALIGN_MAX_SOURCES] = { 0 };
  gboolean proven;

  for (;;) {
    Span span = find_span (a, TRUE);
    TribAlignSource *start = source_at (a, span.start);
    proven = is_proven (a, span.end_t);
    if (proven || aged (a, span.end_t) < (gdouble) trib_time_sub (span.start_t, a->candidate_start)
        || start->heads.head == NULL)
      break;
    skip_head (start);
    moved[span.start]++;
  }
  for (guint i = 0; !proven && i < a->sources->len; i++)
    recover (source_at (a, i), moved[i]);
  return proven;
}

/* every part has a head and there is no candidate; FALSE: the earliest head was dropped */
static gboolean
begin_search (TribAlign *a, const Span *span)
{
  TribAlignSource *start = source_at (a, span->start), *end = source_at (a, span->end);

  if (trib_time_sub (span->end_t, span->start_t) > a->max_interval || end->lost) {
    drop_unmatched (a, g_queue_pop_head (&start->heads));
    return FALSE;
  }
  a->pivot = span->end;
  a->pivot_t = span->end_t;
  make_candidate (a, span->start_t, span->end_t);
  skip_head (start);
  return TRUE;
}

static void
go_on_searching (TribAlign *a, const Span *span)
{
  TribAlignSource *start = source_at (a, span->start);

  if (aged (a, span->end_t) < (gdouble) trib_time_sub (span->start_t, a->candidate_start))
    make_candidate (a, span->start_t, span->end_t);
  skip_head (start);
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
      emit_candidate (a, TRIB_ALIGN_REASON_COMPLETE);
    n = count_parts (a, &n_heads);
  }
}

/* the participants have changed, or a record is out of order: the search starts again */
void
trib_align_sets_restart (TribAlign *a)
{
  recover_all (a);
  forget_candidate (a);
}

/* the oldest record of all that wait; (nullable) */
static TribAlignSource *
oldest (const TribAlign *a)
{
  TribAlignSource *first = NULL;

  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *s = source_at (a, i);
    if (s->heads.head && (first == NULL || head_of (s)->record.t_ns < head_of (first)->record.t_ns))
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

/* drops the oldest record of all while the limits are exceeded; then the search starts again */
void
trib_align_sets_enforce_limits (TribAlign *a)
{
  TribAlignSource *s;

  if (!is_over (a))
    return;
  trib_align_sets_restart (a);
  while (is_over (a) && (s = oldest (a))) {
    s->lost = TRUE;
    drop_unmatched (a, g_queue_pop_head (&s->heads));
  }
  search (a);
}

/* The first record times out first, so an older one must not delay younger ones that arrived
 * before. FALSE: there is one of that time */
static gboolean
insert (TribAlignSource *s, TribAlignEntry *e)
{
  GList *l = s->heads.tail, *next;

  while (l && ((TribAlignEntry *) l->data)->record.t_ns > e->record.t_ns)
    l = l->prev;
  if (l && ((TribAlignEntry *) l->data)->record.t_ns == e->record.t_ns)
    return FALSE;
  next = l ? l->next : s->heads.head;
  if (next)
    e->waits_since = MIN (e->waits_since, ((TribAlignEntry *) next->data)->waits_since);
  g_queue_insert_before (&s->heads, next, e);
  return TRUE;
}

/**
 * trib_align_sets_add:
 * @a: an aligner
 * @e: (transfer full): a plausible record
 */
void
trib_align_sets_add (TribAlign *a, TribAlignEntry *e)
{
  TribAlignSource *s = e->source;
  const TribAlignEntry *last = s->heads.tail  ? s->heads.tail->data
                               : s->past.tail ? s->past.tail->data
                                              : NULL;

  if (s->used_t != NO_TIME && e->record.t_ns <= s->used_t) {
    trib_align_late (a, e, NULL, trib_time_sub (s->used_t, e->record.t_ns));
    return;
  }
  if (last && e->record.t_ns < last->record.t_ns)
    trib_align_sets_restart (a);
  if ((last && e->record.t_ns == last->record.t_ns) || !insert (s, e)) {
    trib_align_duplicate (a, e);
    return;
  }
  trib_align_accepted (a, e);
  search (a);
}

/* monotonic: when the oldest record has waited long enough, NEVER */
gint64
trib_align_sets_deadline (const TribAlign *a)
{
  gint64 first = NEVER;

  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    const TribAlignEntry *e = s->past.head ? s->past.head->data : head_of (s);
    if (e)
      first = MIN (first, trib_time_add (e->waits_since, a->window));
  }
  return first;
}

/* emits the oldest record with the heads of the others that are near enough */
static void
emit_oldest (TribAlign *a, TribAlignReason reason)
{
  TribAlignEntry *set[TRIB_ALIGN_MAX_SOURCES] = { NULL };
  TribAlignSource *first;
  gint64 t;

  trib_align_sets_restart (a);
  first = oldest (a);
  if (first == NULL)
    return;
  t = head_of (first)->record.t_ns;
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *s = source_at (a, i);
    if (s->heads.head && trib_time_sub (head_of (s)->record.t_ns, t) <= a->max_interval)
      set[i] = g_queue_pop_head (&s->heads);
  }
  emit_set (a, set, reason);
}

/* emits what has waited for a window */
void
trib_align_sets_timeout (TribAlign *a)
{
  search (a);
  while (trib_align_sets_deadline (a) <= a->now) {
    if (a->pivot >= 0)
      emit_candidate (a, TRIB_ALIGN_REASON_COMPLETE);
    else
      emit_oldest (a, TRIB_ALIGN_REASON_TIMEOUT);
    search (a);
  }
}

/* no more records will arrive */
void
trib_align_sets_finish (TribAlign *a, TribAlignReason reason)
{
  if (a->pivot >= 0)
    emit_candidate (a, TRIB_ALIGN_REASON_COMPLETE);
  while (oldest (a))
    emit_oldest (a, reason);
}

/* @s: (nullable): NULL: all sources */
void
trib_align_sets_flush_source (TribAlign *a, TribAlignSource *s)
{
  trib_align_sets_restart (a);
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *x = source_at (a, i);
    TribAlignEntry *e;
    while ((s == NULL || x == s) && (e = g_queue_pop_head (&x->heads))) {
      trib_align_pending_remove (a, e);
      trib_align_drop (a, e, TRIB_ALIGN_DROPPED_FLUSHED);
    }
  }
}
