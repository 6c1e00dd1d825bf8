/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clock jumps. One implausible time proves nothing: the record is quarantined, advances nothing,
 * and the next one of its source decides. Disorder of some milliseconds is no jump, and neither
 * is a record that is marked as late. */
#include "trib-align-debug.h"
#include "trib-align-private.h"

/* how far ahead of all others a capture time is plausible */
#define MAX_AHEAD_NS (10000 * TRIB_ALIGN_MS)

static gint64
ns (guint ms)
{
  return (gint64) ms * TRIB_ALIGN_MS;
}

static gint64
distance (gint64 x, gint64 y)
{
  return x > y ? trib_time_sub (x, y) : trib_time_sub (y, x);
}

static gboolean
is_implausible (const TribAlign *a, const TribAlignSource *s, const TribAlignEntry *e)
{
  gint64 threshold = ns (a->config.jump_threshold_ms), ahead = MAX_AHEAD_NS;
  gint64 passed, latest = NO_TIME;

  for (guint i = 0; i < a->sources->len; i++)
    latest = MAX (latest, source_at (a, i)->max_t);
  if (latest == NO_TIME)
    return FALSE;
  passed = s->last_arrival != NO_TIME ? trib_time_sub (e->record.arrival_ns, s->last_arrival) : 0;
  if (s->max_t != NO_TIME && e->record.t_ns < trib_time_sub (s->max_t, threshold))
    return TRUE;
  if (a->config.live && s->last_t != NO_TIME
      && distance (trib_time_sub (e->record.t_ns, s->last_t), passed) > threshold)
    return TRUE;
  /* a pause of all sources explains a step of its length */
  return e->record.t_ns > trib_time_add (
             trib_time_add (latest, ahead), trib_time_sub (e->record.arrival_ns, a->last_arrival));
}

/* (transfer full) (nullable) */
TribAlignEntry *
trib_align_quarantine_take (TribAlign *a, TribAlignSource *s)
{
  TribAlignEntry *e = g_steal_pointer (&s->quarantine);

  if (e)
    trib_align_pending_remove (a, e);
  return e;
}

/* A record that is nearer to the time that its source had says that the other was an exception:
 * where a file is read faster than it was recorded, a slow answer is seconds of capture time
 * old. */
static gboolean
agrees (const TribAlignSource *s, const TribAlignEntry *before, const TribAlignEntry *e)
{
  gint64 step = trib_time_sub (e->record.t_ns, before->record.t_ns);

  return step >= 0 && step <= MAX_AHEAD_NS
         && (s->max_t == NO_TIME || step < distance (e->record.t_ns, s->max_t));
}

/* a frame that is open, or was: its time is none that a jump would have brought */
static gboolean
is_of_known_frame (const TribAlign *a, const TribAlignEntry *e)
{
  const TribAlignRecord *r = &e->record;

  return a->config.mode != TRIB_ALIGN_MODE_TUMBLING && a->config.mode != TRIB_ALIGN_MODE_APPROXIMATE
         && trib_align_group_find (a, r->has_frame_id, r->frame_id, r->t_ns) != NULL;
}

/* whether its clock agrees with the others */
static void
set_unsynced (TribAlign *a, TribAlignSource *s, gboolean unsynced, gint64 by)
{
  if (s->unsynced == unsynced)
    return;
  s->unsynced = unsynced;
  trib_align_notify_source (
      a, unsynced ? TRIB_ALIGN_EVENT_UNSYNCED : TRIB_ALIGN_EVENT_SYNCED, s, by);
  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    trib_align_sets_restart (a);
}

/* whether no other active source still has the old time */
static gboolean
others_are_off (const TribAlign *a, const TribAlignSource *s)
{
  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *x = source_at (a, i);
    if (x != s && x->max_t != NO_TIME && !x->unsynced && !is_idle (x) && !has_ended (x))
      return FALSE;
  }
  return TRUE;
}

/* a new epoch for all sources */
static void
begin_epoch (TribAlign *a, TribAlignSource *s, gint64 by)
{
  trib_align_emit_all (a, TRIB_ALIGN_REASON_JUMP);
  a->epoch++;
  a->totals.epoch = a->epoch;
  a->totals.jumps++;
  a->watermark = a->newest = a->emitted = a->next_window = NO_TIME;
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *x = source_at (a, i);
    trib_align_source_forget (a, x);
    x->gaps.n = x->gaps.next = 0;
  }
  while (a->closed.head)
    trib_align_group_free (a, a->closed.head->data);
  trib_align_forget_capture_offset (a);
  trib_align_notify_source (a, TRIB_ALIGN_EVENT_JUMP, s, by);
  for (guint i = 0; i < a->sources->len; i++)
    set_unsynced (a, source_at (a, i), FALSE, 0);
}

/* the quarantined record of @jumped is the new time; those of the others are checked against it */
static void
release_all (TribAlign *a, TribAlignSource *jumped)
{
  trib_align_accept (a, trib_align_quarantine_take (a, jumped));
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignEntry *e = trib_align_quarantine_take (a, source_at (a, i));
    if (e && !trib_align_jump_check (a, e))
      trib_align_accept (a, e);
  }
}

/* the second record confirms the first: the clock has jumped */
static void
jump (TribAlign *a, TribAlignSource *s, TribAlignEntry *e)
{
  gint64 by
      = trib_time_sub (s->quarantine->record.t_ns, s->max_t != NO_TIME ? s->max_t : a->newest);

  if (s == trib_align_reference (a) || others_are_off (a, s)) {
    begin_epoch (a, s, by);
    release_all (a, s);
    return;
  }
  set_unsynced (a, s, TRUE, by);
  trib_align_late (a, trib_align_quarantine_take (a, s), NULL, ABS (by));
}

/* the quarantined record was an exception */
static void
settle (TribAlign *a, TribAlignSource *s)
{
  TribAlignEntry *e = trib_align_quarantine_take (a, s);

  if (e == NULL)
    return;
  if (s->max_t == NO_TIME || e->record.t_ns > s->max_t)
    trib_align_drop (a, e, TRIB_ALIGN_DROPPED_IMPLAUSIBLE);
  else
    trib_align_late (a, e, NULL, trib_time_sub (s->max_t, e->record.t_ns));
}

/* an unsynced source agrees with the others again */
static gboolean
is_back (const TribAlign *a, const TribAlignEntry *e)
{
  return distance (e->record.t_ns, a->newest) <= ns (a->config.jump_threshold_ms);
}

/**
 * trib_align_jump_check:
 * @a: an aligner
 * @e: a new record; (transfer full) when %TRUE is returned
 *
 * Returns: whether it was handled: quarantined, or late
 */
gboolean
trib_align_jump_check (TribAlign *a, TribAlignEntry *e)
{
  TribAlignSource *s = e->source;

  if (a->config.jump_threshold_ms == 0)
    return FALSE;
  if (s->unsynced) {
    if (e->record.is_late || !is_back (a, e)) {
      trib_align_late (a, e, NULL, distance (e->record.t_ns, a->newest));
      return TRUE;
    }
    s->max_t = s->last_t = NO_TIME;
    set_unsynced (a, s, FALSE, 0);
    return FALSE;
  }
  /* a late record has an old time; the mark does not excuse one that is ahead */
  if (e->record.is_late && s->max_t != NO_TIME && e->record.t_ns <= s->max_t)
    return FALSE;
  if ((s->quarantine || is_implausible (a, s, e)) && is_of_known_frame (a, e)) {
    settle (a, s);
    return FALSE;
  }
  if (s->quarantine && agrees (s, s->quarantine, e)) {
    jump (a, s, e);
    if (!s->unsynced)
      return FALSE;
    trib_align_late (a, e, NULL, distance (e->record.t_ns, a->newest));
    return TRUE;
  }
  settle (a, s);
  if (!is_implausible (a, s, e))
    return FALSE;
  TRIB_LOG (&trib_align_debug, TRIB_LOG_DEBUG, s->name,
      "quarantined: capture time %" G_GINT64_FORMAT " ns, latest %" G_GINT64_FORMAT " ns",
      e->record.t_ns, s->max_t);
  s->quarantine = e;
  trib_align_pending_add (a, e);
  return TRUE;
}

/* no further record can confirm the quarantined one */
void
trib_align_quarantine_settle (TribAlign *a, TribAlignSource *s)
{
  settle (a, s);
}
