/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results, and the outcome of records: emitted, late, duplicate, dropped. Every accepted record
 * has one outcome. */
#include "trib-align-debug.h"
#include "trib-align-private.h"

void
trib_align_notify (TribAlign *a, TribAlignEvent *event)
{
  event->now_ns = a->now;
  event->stream = a->stream;
  event->align = a;
  event->epoch = a->epoch;
  event->by_time = a->is_moving;
  if (TRIB_LOG_IS_ON (TRIB_LOG_WARNING))
    trib_align_debug_event (event);
  a->func (a->owner.user_data, event);
}

/* @s: (nullable) */
void
trib_align_notify_source (
    TribAlign *a, TribAlignEventKind kind, const TribAlignSource *s, gint64 by)
{
  TribAlignEvent event = {
    .kind = kind,
    .source = s ? s->name : NULL,
    .t_ns = a->watermark,
    .by_ns = by,
  };

  trib_align_notify (a, &event);
}

/* notifies @event with @e as its record */
void
trib_align_notify_record (TribAlign *a, TribAlignEvent *event, const TribAlignEntry *e)
{
  event->record = &e->record;
  event->source = e->source->name;
  event->t_ns = e->record.t_ns;
  trib_align_notify (a, event);
}

/* ---- single records ---- */

/* @e is about to be part of a frame, or of a search */
void
trib_align_accepted (TribAlign *a, TribAlignEntry *e)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_ACCEPTED };

  trib_align_pending_add (a, e);
  trib_align_notify_record (a, &event, e);
}

/* @e: (transfer full) */
void
trib_align_duplicate (TribAlign *a, TribAlignEntry *e)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_DUPLICATE };

  a->totals.counts.duplicate++;
  e->source->counts.duplicate++;
  trib_align_notify_record (a, &event, e);
  trib_align_entry_unref (e, &a->owner);
}

/* @e: (transfer full) */
void
trib_align_drop (TribAlign *a, TribAlignEntry *e, TribAlignDropped why)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_DROP, .dropped = why };

  a->totals.counts.dropped[why]++;
  e->source->counts.dropped[why]++;
  trib_align_notify_record (a, &event, e);
  trib_align_entry_unref (e, &a->owner);
}

/* ---- results ---- */

static void
add_answer (TribAlignResult *r, TribAlignEntry *e, gint64 stale)
{
  TribRecordAnswer *answer = &r->fused.answers[r->fused.n_answers];

  *answer = (TribRecordAnswer){ .source = e->record.source,
    .format = e->record.format,
    .record = e->record.text,
    .delay_ns = trib_time_sub (e->record.arrival_ns, e->record.t_ns),
    .stale_ns = stale };
  r->have[r->fused.n_answers++]
      = (TribAlignPart){ e->source->index, &trib_align_entry_ref (e)->record };
}

/* @e: (nullable): the record by which the source skipped the frame */
static void
add_missing (TribAlignResult *r, const TribAlignSource *s, const gchar *why, TribAlignEntry *e)
{
  TribRecordMissing *missing = &r->fused.missing[r->fused.n_missing];

  *missing = (TribRecordMissing){ .source = g_ref_string_acquire (s->name), .why = why };
  if (e)
    missing->reason = e->record.reason;
  r->absent[r->fused.n_missing++]
      = (TribAlignPart){ s->index, e ? &trib_align_entry_ref (e)->record : NULL };
}

static const gchar *
why_missing (const TribAlignGroup *g, const TribAlignSource *s, TribAlignReason reason)
{
  for (const TribAlignEntry *e = g->first; e; e = e->next)
    if (e->source == s)
      return "parts";
  if (has_ended (s))
    return "eos";
  if (reason != TRIB_ALIGN_REASON_COMPLETE && reason != TRIB_ALIGN_REASON_SKIPPED)
    return trib_align_reason_to_string (reason);
  /* a complete frame did not wait for an idle source */
  return is_idle (s) ? "idle" : "eos";
}

/* an older record of @s that may stand in; (nullable) */
static TribAlignEntry *
stand_in (const TribAlign *a, const TribAlignGroup *g, const TribAlignSource *s)
{
  gint64 most = (gint64) a->config.hold_max_ms * TRIB_ALIGN_MS;

  if (a->config.missing_policy != TRIB_ALIGN_MISSING_HOLD_LAST || s->held == NULL
      || s->held->record.t_ns > g->t || trib_time_sub (g->t, s->held->record.t_ns) > most)
    return NULL;
  return s->held;
}

static void
collect_source (const TribAlign *a, const TribAlignGroup *g, const TribAlignSource *s,
    TribAlignReason reason, TribAlignResult *r)
{
  guint64 bit = bit_of (s);
  TribAlignEntry *older;

  for (TribAlignEntry *e = g->first; e; e = e->next) {
    if (e->source != s)
      continue;
    if (e->record.kind == TRIB_ALIGN_KIND_SKIPPED)
      add_missing (r, s, "skipped", e);
    else
      add_answer (r, e, -1);
  }
  if ((g->answered & bit) || !(g->expected & bit))
    return;
  older = stand_in (a, g, s);
  if (older)
    add_answer (r, older, trib_time_sub (g->t, older->record.t_ns));
  else
    add_missing (r, s, why_missing (g, s, reason), NULL);
}

static guint64
find_spread (const TribAlignGroup *g)
{
  gint64 least = NEVER, most = NO_TIME;

  for (const TribAlignEntry *e = g->first; e; e = e->next) {
    least = MIN (least, e->record.t_ns);
    most = MAX (most, e->record.t_ns);
  }
  return most > least ? (guint64) most - (guint64) least : 0;
}

/* one piece of memory: the result, then its arrays, each with space for every record and absent
 * source */
static TribAlignResult *
result_new (const TribAlign *a, const TribAlignGroup *g)
{
  gsize n = g->n_entries + (guint) __builtin_popcountll (g->expected & ~g->answered);
  TribAlignResult *r = g_malloc (sizeof *r
                                 + n
                                       * (sizeof *r->fused.answers + sizeof *r->fused.missing
                                           + sizeof *r->have + sizeof *r->absent));

  *r = (TribAlignResult){ .owner = a->owner };
  r->fused.answers = (TribRecordAnswer *) (r + 1);
  r->fused.missing = (TribRecordMissing *) (r->fused.answers + n);
  r->have = (TribAlignPart *) (r->fused.missing + n);
  r->absent = r->have + n;
  return r;
}

static void
unref_parts (TribAlignResult *r, TribAlignPart *parts, guint n)
{
  for (guint i = 0; i < n; i++) {
    /* a record is the first member of its entry */
    if (parts[i].record)
      trib_align_entry_unref ((TribAlignEntry *) parts[i].record, &r->owner);
  }
}

/**
 * trib_align_result_free:
 * @result: (transfer full): a result
 *
 * @thread: any
 */
void
trib_align_result_free (TribAlignResult *result)
{
  unref_parts (result, result->have, result->fused.n_answers);
  unref_parts (result, result->absent, result->fused.n_missing);
  for (guint i = 0; i < result->fused.n_missing; i++)
    g_ref_string_release ((gchar *) result->fused.missing[i].source);
  trib_stream_key_unref ((TribStreamKey *) result->fused.stream);
  g_free (result);
}

/* (transfer full) */
static TribAlignResult *
collect (const TribAlign *a, const TribAlignGroup *g, TribAlignReason reason)
{
  TribAlignResult *r = result_new (a, g);

  for (guint i = 0; i < a->sources->len; i++)
    collect_source (a, g, source_at (a, i), reason, r);
  r->reason = reason;
  r->bytes = g->bytes;
  r->fused.stream = trib_stream_key_ref (a->stream);
  r->fused.has_frame_id = g->has_frame_id;
  r->fused.frame_id = g->frame_id;
  r->fused.t_ns = g->t;
  r->fused.epoch = a->epoch;
  r->fused.pane = g->pane;
  r->fused.reason = trib_align_reason_to_string (reason);
  r->fused.spread_ns = find_spread (g);
  r->fused.wait_ns = trib_time_sub (a->now, g->opened_at);
  return r;
}

/* how much newer than @g the latest record is */
static gint64
age_of (const TribAlign *a, const TribAlignGroup *g)
{
  return a->newest == NO_TIME ? 0 : trib_time_sub (a->newest, g->t);
}

/* in event time, much older than the window */
static gboolean
is_delayed (const TribAlign *a, const TribAlignGroup *g)
{
  gdouble most = (gdouble) a->window * a->config.late_threshold;

  return a->config.late_threshold > 0 && (gdouble) age_of (a, g) > most;
}

/* the receiver of the event owns the result */
static void
emit (TribAlign *a, TribAlignGroup *g, TribAlignReason reason)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_EMIT, .t_ns = g->t };

  if (a->config.mode == TRIB_ALIGN_MODE_TUMBLING)
    trib_align_group_sort (g);
  event.result = collect (a, g, reason);
  if (reason != TRIB_ALIGN_REASON_LATE && is_delayed (a, g)) {
    event.kind = TRIB_ALIGN_EVENT_SYNC_DELAY;
    event.by_ns = age_of (a, g);
    trib_align_notify (a, &event);
    event.kind = TRIB_ALIGN_EVENT_EMIT;
  }
  trib_align_notify (a, &event);
}

static void
hold (TribAlign *a, const TribAlignGroup *g)
{
  if (a->config.missing_policy != TRIB_ALIGN_MISSING_HOLD_LAST)
    return;
  for (TribAlignEntry *e = g->first; e; e = e->next) {
    if (e->record.kind != TRIB_ALIGN_KIND_OBS
        || (e->source->held && e->source->held->record.t_ns > e->record.t_ns))
      continue;
    if (e->source->held)
      trib_align_entry_unref (e->source->held, &a->owner);
    e->source->held = trib_align_entry_ref (e);
  }
}

static void
count_closed (TribAlign *a, const TribAlignGroup *g, gboolean emitted)
{
  for (const TribAlignEntry *e = g->first; e; e = e->next) {
    trib_align_pending_remove (a, e);
    a->totals.counts.emitted += emitted;
    e->source->counts.emitted += emitted;
  }
}

/* the records of a frame that is not emitted */
static void
drop_records (TribAlign *a, TribAlignGroup *g, TribAlignDropped why)
{
  for (TribAlignEntry *e = g->first; e; e = e->next)
    trib_align_drop (a, trib_align_entry_ref (e), why);
}

/* one result: emitted, or dropped by missing-policy */
static void
settle (TribAlign *a, TribAlignGroup *g, TribAlignReason reason)
{
  gboolean whole = (g->expected & ~(g->answered & ~g->skipped)) == 0;
  gboolean emits = whole || a->config.missing_policy != TRIB_ALIGN_MISSING_DROP;

  trib_align_source_sample (a, g);
  count_closed (a, g, emits);
  if (!emits) {
    a->totals.groups_dropped++;
    drop_records (a, g, TRIB_ALIGN_DROPPED_INCOMPLETE);
    return;
  }
  a->totals.groups_emitted++;
  a->totals.by_reason[reason]++;
  emit (a, g, reason);
  hold (a, g);
}

/**
 * trib_align_emit:
 * @a: an aligner
 * @g: an open frame
 * @reason: why it is emitted
 *
 * Emits its result, or drops it by missing-policy. The frame is remembered for a while.
 */
void
trib_align_emit (TribAlign *a, TribAlignGroup *g, TribAlignReason reason)
{
  a->emitted = MAX (a->emitted, g->t);
  settle (a, g, reason);
  trib_align_group_close (a, g);
  trib_align_expire_closed (a);
}

/* ---- sets ---- */

/**
 * trib_align_emit_set:
 * @a: an aligner
 * @entries: (array) (transfer full): by index of the source, %NULL where there is none
 * @reason: why it is emitted
 * @opened: arrival of the first of them
 *
 * The same for records that did not belong to a frame while they waited.
 */
void
trib_align_emit_set (
    TribAlign *a, TribAlignEntry *const *entries, TribAlignReason reason, gint64 opened)
{
  TribAlignGroup g = { .t = NEVER, .opened_at = opened };

  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    /* a source that ended while the set waited was expected, as with frames */
    if (s->required && (s->listed || s->seen) && (!has_ended (s) || s->ended_at >= opened))
      g.expected |= bit_of (s);
    if (entries[i] == NULL)
      continue;
    g.t = MIN (g.t, entries[i]->record.t_ns);
    if (entries[i]->record.has_frame_id && !g.has_frame_id) {
      g.has_frame_id = TRUE;
      g.frame_id = entries[i]->record.frame_id;
    }
    g.answered |= bit_of (s);
    if (entries[i]->record.kind == TRIB_ALIGN_KIND_SKIPPED)
      g.skipped |= bit_of (s);
    entries[i]->next = g.first;
    g.first = entries[i];
    g.n_entries++;
    g.bytes += entries[i]->record.bytes;
  }
  if (reason == TRIB_ALIGN_REASON_COMPLETE && trib_align_group_waits_for_ended (a, &g))
    reason = TRIB_ALIGN_REASON_EOS;
  a->emitted = MAX (a->emitted, g.t);
  settle (a, &g, reason);
  for (TribAlignEntry *e = g.first, *next; e; e = next) {
    next = e->next;
    trib_align_entry_unref (e, &a->owner);
  }
}

/* ---- late ---- */

/* a late record as a result of its own */
static void
forward (TribAlign *a, TribAlignGroup *g, TribAlignEntry *e)
{
  TribAlignGroup alone = {
    .has_frame_id = e->record.has_frame_id,
    .frame_id = e->record.frame_id,
    .t = g ? g->t : e->record.t_ns,
    .opened_at = e->record.arrival_ns,
    .pane = g ? ++g->pane : 0,
    .answered = bit_of (e->source),
    .expected = bit_of (e->source),
    .first = e,
    .n_entries = 1,
    .bytes = e->record.bytes,
  };

  e->next = NULL;
  emit (a, &alone, TRIB_ALIGN_REASON_LATE);
  a->totals.groups_updated++;
  a->totals.by_reason[TRIB_ALIGN_REASON_LATE]++;
}

/**
 * trib_align_late:
 * @a: an aligner
 * @e: (transfer full): a record
 * @g: (nullable): the frame that was emitted without it
 * @by: lateness, ns
 */
void
trib_align_late (TribAlign *a, TribAlignEntry *e, TribAlignGroup *g, gint64 by)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_LATE, .by_ns = by };
  TribAlignLatePolicy policy = a->config.late_policy;

  /* the records of the frame may have been released already */
  if (policy == TRIB_ALIGN_LATE_UPDATE && (g == NULL || g->n_entries == 0))
    policy = TRIB_ALIGN_LATE_DROP;
  event.accepted = policy != TRIB_ALIGN_LATE_DROP;
  a->totals.counts.late++;
  e->source->counts.late++;
  trib_align_notify_record (a, &event, e);
  if (policy == TRIB_ALIGN_LATE_FORWARD)
    forward (a, g, e);
  if (policy != TRIB_ALIGN_LATE_UPDATE) {
    if (g)
      g->answered |= bit_of (e->source);
    trib_align_entry_unref (e, &a->owner);
    return;
  }
  a->closed_bytes += e->record.bytes;
  trib_align_group_take (a, g, e);
  g->pane++;
  a->totals.groups_updated++;
  a->totals.by_reason[TRIB_ALIGN_REASON_LATE]++;
  emit (a, g, TRIB_ALIGN_REASON_LATE);
  trib_align_expire_closed (a);
}
