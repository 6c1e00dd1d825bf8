/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of records: in a result, late, twice there, dropped. Every record that comes in ends here once. */
#include "trib-align-private.h"

void
trib_align_tell (TribAlign *a, TribAlignEvent *event)
{
  event->now_ns = a->now;
  event->epoch = a->epoch;
  a->func (a->user_data, event);
}

/* @s: (nullable) */
void
trib_align_tell_source (TribAlign *a, TribAlignEventKind kind, const Source *s, gint64 by)
{
  TribAlignEvent event = {
    .kind = kind,
    .source = s ? s->name : NULL,
    .t_ns = a->watermark,
    .by_ns = by,
  };

  trib_align_tell (a, &event);
}

static TribAlignRecord
describe (const Entry *e)
{
  return (TribAlignRecord){
    .kind = e->kind,
    .source = e->source->name,
    .has_frame_id = e->has_frame_id,
    .frame_id = e->frame_id,
    .has_seq = e->has_seq,
    .seq = e->seq,
    .t_ns = e->t,
    .part = e->part,
    .parts = e->parts,
    .payload = e->payload,
    .bytes = e->bytes,
  };
}

/* @event: told as one about @e */
void
trib_align_tell_record (TribAlign *a, TribAlignEvent *event, const Entry *e)
{
  TribAlignRecord record = describe (e);

  event->record = &record;
  event->source = e->source->name;
  event->t_ns = e->t;
  trib_align_tell (a, event);
}

/* ---- single records ---- */

/* @e: (transfer full) */
void
trib_align_duplicate (TribAlign *a, Entry *e)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_DUPLICATE };

  a->totals.counts.duplicate++;
  e->source->counts.duplicate++;
  trib_align_tell_record (a, &event, e);
  trib_align_entry_unref (a, e);
}

/* @e: (transfer full) */
void
trib_align_drop (TribAlign *a, Entry *e, TribAlignDropped why)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_DROP, .dropped = why };

  a->totals.counts.dropped[why]++;
  e->source->counts.dropped[why]++;
  trib_align_tell_record (a, &event, e);
  trib_align_entry_unref (a, e);
}

/* ---- results ---- */

static void
add_have (TribAlign *a, const Entry *e, gint64 stale)
{
  TribAlignHave have = {
    .source = e->source->name,
    .index = e->source->index,
    .kind = e->kind,
    .arrival_ns = e->arrival,
    .t_ns = e->t,
    .delay_ns = trib_time_sub (e->arrival, e->t),
    .stale_ns = stale,
    .payload = e->payload,
  };

  g_array_append_val (a->have, have);
}

static void
add_missing (TribAlign *a, const Source *s, const gchar *why, gpointer payload)
{
  TribAlignMissing missing = { s->name, s->index, why, payload };

  g_array_append_val (a->missing, missing);
}

static const gchar *
why_missing (const Group *g, const Source *s, TribAlignReason reason)
{
  for (const Entry *e = g->first; e; e = e->next)
    if (e->source == s)
      return "parts";
  if (s->ended)
    return "eos";
  /* who is complete without somebody did not wait for him */
  if (s->idle && reason == TRIB_ALIGN_REASON_COMPLETE)
    return "idle";
  return reason == TRIB_ALIGN_REASON_COMPLETE ? "eos" : trib_align_reason_to_string (reason);
}

/* an older record of @s that may stand in; (nullable) */
static const Entry *
stand_in (const TribAlign *a, const Group *g, const Source *s)
{
  gint64 most = (gint64) a->config.hold_max_ms * TRIB_ALIGN_MS;

  if (a->config.missing_policy != TRIB_ALIGN_MISSING_HOLD_LAST || s->held == NULL
      || s->held->t > g->t || trib_time_sub (g->t, s->held->t) > most)
    return NULL;
  return s->held;
}

static void
collect_source (TribAlign *a, const Group *g, const Source *s, TribAlignReason reason)
{
  guint64 bit = bit_of (s);
  const Entry *older;

  for (const Entry *e = g->first; e; e = e->next) {
    if (e->source != s)
      continue;
    if (e->kind == TRIB_ALIGN_KIND_SKIPPED)
      add_missing (a, s, "skipped", e->payload);
    else
      add_have (a, e, -1);
  }
  if ((g->answered & bit) || !(g->expected & bit))
    return;
  older = stand_in (a, g, s);
  if (older)
    add_have (a, older, trib_time_sub (g->t, older->t));
  else
    add_missing (a, s, why_missing (g, s, reason), NULL);
}

static guint64
find_spread (const Group *g)
{
  gint64 least = NEVER, most = NO_TIME;

  for (const Entry *e = g->first; e; e = e->next) {
    least = MIN (least, e->t);
    most = MAX (most, e->t);
  }
  return most > least ? (guint64) most - (guint64) least : 0;
}

static TribAlignGroup
collect (TribAlign *a, const Group *g, TribAlignReason reason)
{
  g_array_set_size (a->have, 0);
  g_array_set_size (a->missing, 0);
  for (guint i = 0; i < a->sources->len; i++)
    collect_source (a, g, source_at (a, i), reason);
  return (TribAlignGroup){
    .has_frame_id = g->has_frame_id,
    .frame_id = g->frame_id,
    .t_ns = g->t,
    .epoch = a->epoch,
    .pane = g->pane,
    .reason = reason,
    .have = (const TribAlignHave *) a->have->data,
    .n_have = a->have->len,
    .missing = (const TribAlignMissing *) a->missing->data,
    .n_missing = a->missing->len,
    .opened_ns = g->opened_at,
    .wait_ns = trib_time_sub (a->now, g->opened_at),
    .spread_ns = find_spread (g),
    .bytes = g->bytes,
  };
}

static void
emit (TribAlign *a, const Group *g, TribAlignReason reason)
{
  TribAlignGroup group = collect (a, g, reason);
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_EMIT, .group = &group, .t_ns = g->t };

  trib_align_tell (a, &event);
}

/* it leaves much older than it should have become, and somebody was waited for */
static void
tell_delay (TribAlign *a, const Group *g, TribAlignReason reason)
{
  gdouble most = (gdouble) a->window * a->config.late_threshold;
  TribAlignGroup group;
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_SYNC_DELAY, .group = &group, .t_ns = g->t };

  if (a->config.late_threshold <= 0 || (gdouble) trib_time_sub (a->now, g->opened_at) <= most)
    return;
  group = collect (a, g, reason);
  if (group.n_missing > 0)
    trib_align_tell (a, &event);
}

static void
hold (TribAlign *a, const Group *g)
{
  if (a->config.missing_policy != TRIB_ALIGN_MISSING_HOLD_LAST)
    return;
  for (Entry *e = g->first; e; e = e->next) {
    if (e->kind != TRIB_ALIGN_KIND_OBS || (e->source->held && e->source->held->t > e->t))
      continue;
    if (e->source->held)
      trib_align_entry_unref (a, e->source->held);
    e->n_refs++;
    e->source->held = e;
  }
}

static void
count_left (TribAlign *a, const Group *g, gboolean emitted)
{
  for (const Entry *e = g->first; e; e = e->next) {
    a->totals.counts.pending--;
    e->source->counts.pending--;
    a->totals.counts.emitted += emitted;
    e->source->counts.emitted += emitted;
  }
}

/* the records of a frame that nobody gets */
static void
drop_records (TribAlign *a, Group *g, TribAlignDropped why)
{
  for (Entry *e = g->first; e; e = e->next) {
    e->n_refs++;
    trib_align_drop (a, e, why);
  }
}

/* one result: given, or dropped when it may not be incomplete */
static void
give (TribAlign *a, Group *g, TribAlignReason reason)
{
  gboolean whole = (g->expected & ~(g->answered & ~g->skipped)) == 0;
  gboolean given = whole || a->config.missing_policy != TRIB_ALIGN_MISSING_DROP;

  trib_align_source_sample (a, g);
  count_left (a, g, given);
  if (!given) {
    a->totals.groups_dropped++;
    drop_records (a, g, TRIB_ALIGN_DROPPED_INCOMPLETE);
    return;
  }
  a->totals.groups_emitted++;
  a->totals.by_reason[reason]++;
  tell_delay (a, g, reason);
  emit (a, g, reason);
  hold (a, g);
}

/**
 * trib_align_leave:
 * @a: an aligner
 * @g: an open frame
 * @reason: why now
 *
 * Its result is given, or dropped when it may not be incomplete. It stays to be found for a while.
 */
void
trib_align_leave (TribAlign *a, Group *g, TribAlignReason reason)
{
  a->emitted = MAX (a->emitted, g->t);
  give (a, g, reason);
  trib_align_group_close (a, g);
  trib_align_expire_left (a);
}

/* ---- sets ---- */

/**
 * trib_align_leave_set:
 * @a: an aligner
 * @entries: (array) (transfer full): by index of the source, %NULL where there is none
 * @reason: why now
 * @opened: when the first of them came
 *
 * The same for records that were not a frame while they waited.
 */
void
trib_align_leave_set (TribAlign *a, Entry *const *entries, TribAlignReason reason, gint64 opened)
{
  Group g = { .t = NEVER, .opened_at = opened };

  for (guint i = 0; i < a->sources->len; i++) {
    const Source *s = source_at (a, i);
    /* who ended while the set waited was waited for, as with frames */
    if (s->required && (s->listed || s->seen) && (!s->ended || s->ended_at >= opened))
      g.expected |= bit_of (s);
    if (entries[i] == NULL)
      continue;
    g.t = MIN (g.t, entries[i]->t);
    if (entries[i]->has_frame_id && !g.has_frame_id) {
      g.has_frame_id = TRUE;
      g.frame_id = entries[i]->frame_id;
    }
    g.answered |= bit_of (s);
    if (entries[i]->kind == TRIB_ALIGN_KIND_SKIPPED)
      g.skipped |= bit_of (s);
    entries[i]->next = g.first;
    g.first = entries[i];
    g.bytes += entries[i]->bytes;
  }
  if (reason == TRIB_ALIGN_REASON_COMPLETE && trib_align_group_waits_for_ended (a, &g))
    reason = TRIB_ALIGN_REASON_EOS;
  a->totals.pending_bytes -= g.bytes;
  a->emitted = MAX (a->emitted, g.t);
  give (a, &g, reason);
  for (Entry *e = g.first, *next; e; e = next) {
    next = e->next;
    trib_align_entry_unref (a, e);
  }
}

/* ---- late ---- */

/* alone, as a result of its own */
static void
forward (TribAlign *a, Group *g, Entry *e)
{
  Group alone = {
    .has_frame_id = e->has_frame_id,
    .frame_id = e->frame_id,
    .t = g ? g->t : e->t,
    .opened_at = e->arrival,
    .pane = g ? ++g->pane : 0,
    .answered = bit_of (e->source),
    .expected = bit_of (e->source),
    .first = e,
    .bytes = e->bytes,
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
 * @g: (nullable): the frame that has left without it
 * @by: how much too late, ns
 */
void
trib_align_late (TribAlign *a, Entry *e, Group *g, gint64 by)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_LATE, .by_ns = by };
  TribAlignLatePolicy policy = a->config.late_policy;

  /* the frame's records may have been let go of already */
  if (policy == TRIB_ALIGN_LATE_UPDATE && (g == NULL || g->n_entries == 0))
    policy = TRIB_ALIGN_LATE_DROP;
  event.accepted = policy != TRIB_ALIGN_LATE_DROP;
  a->totals.counts.late++;
  e->source->counts.late++;
  trib_align_tell_record (a, &event, e);
  if (policy == TRIB_ALIGN_LATE_FORWARD)
    forward (a, g, e);
  if (policy != TRIB_ALIGN_LATE_UPDATE) {
    if (g)
      g->answered |= bit_of (e->source);
    trib_align_entry_unref (a, e);
    return;
  }
  a->left_bytes += e->bytes;
  trib_align_group_take (a, g, e);
  g->pane++;
  a->totals.groups_updated++;
  a->totals.by_reason[TRIB_ALIGN_REASON_LATE]++;
  emit (a, g, TRIB_ALIGN_REASON_LATE);
  trib_align_expire_left (a);
}
