/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schedule: which frames are ready, the next deadline, and time as a sequence of instants. */
#include "trib-align-private.h"

#define MAX_EMPTY_WINDOWS 1024 /* in a row */

/* ---- frames that are ready ---- */

static gboolean
is_window (const TribAlign *a)
{
  return a->config.mode == TRIB_ALIGN_MODE_WINDOW;
}

/* the watermark has passed the frame */
static gboolean
is_passed (const TribAlign *a, const TribAlignGroup *g)
{
  if (a->config.mode == TRIB_ALIGN_MODE_TUMBLING)
    return a->watermark >= trib_time_add (g->t, a->length - 1);
  return a->config.mode == TRIB_ALIGN_MODE_WATERMARK && a->watermark >= g->t;
}

static gboolean
is_aged (const TribAlign *a, const TribAlignGroup *g)
{
  return is_window (a) && a->config.window_base == TRIB_ALIGN_BASE_EVENT && a->newest != NO_TIME
         && trib_time_sub (a->newest, g->t) > a->window;
}

/* FALSE: it waits */
static gboolean
is_ready (const TribAlign *a, const TribAlignGroup *g, TribAlignReason *ret_reason)
{
  if (trib_align_group_is_complete (a, g))
    *ret_reason = trib_align_group_complete_reason (a, g);
  else if (is_passed (a, g) || trib_align_group_is_overtaken (a, g))
    *ret_reason = TRIB_ALIGN_REASON_WATERMARK;
  else if (is_aged (a, g) || a->now >= g->deadline)
    *ret_reason = TRIB_ALIGN_REASON_TIMEOUT;
  else
    return FALSE;
  return TRUE;
}

/* windows without records between the last emitted and this one */
static void
emit_empty_windows (TribAlign *a, gint64 until)
{
  guint n = 0;

  if (a->config.mode != TRIB_ALIGN_MODE_TUMBLING || !a->config.empty_windows)
    return;
  for (gint64 t = a->next_window; t != NO_TIME && t < until && n < MAX_EMPTY_WINDOWS;
       t = trib_time_add (t, a->length), n++)
    trib_align_emit (a, trib_align_group_open (a, FALSE, 0, t), TRIB_ALIGN_REASON_WATERMARK);
}

static void
emit (TribAlign *a, TribAlignGroup *g, TribAlignReason reason)
{
  emit_empty_windows (a, g->t);
  a->next_window = trib_time_add (g->t, a->length);
  trib_align_emit (a, g, reason);
}

static void
drain_in_order (TribAlign *a)
{
  TribAlignGroup *g;
  TribAlignReason reason;

  while ((g = first_open (a)) && is_ready (a, g, &reason))
    emit (a, g, reason);
}

static void
drain_by_completion (TribAlign *a)
{
  TribAlignReason reason;

  for (GList *l = a->opened.head, *next; l; l = next) {
    next = l->next;
    if (is_ready (a, l->data, &reason))
      emit (a, l->data, reason);
  }
}

/* emits everything that is ready */
void
trib_align_drain (TribAlign *a)
{
  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    trib_align_sets_timeout (a);
  else if (a->config.order == TRIB_ALIGN_ORDER_KEY)
    drain_in_order (a);
  else
    drain_by_completion (a);
}

/* all of them, in order */
void
trib_align_emit_all (TribAlign *a, TribAlignReason reason)
{
  TribAlignGroup *g;

  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    trib_align_sets_finish (a, reason);
  while ((g = first_open (a)))
    emit (a, g,
        trib_align_group_is_complete (a, g) && !trib_align_group_waits_for_ended (a, g)
            ? trib_align_group_complete_reason (a, g)
            : reason);
}

/* Emits the oldest while the limits are exceeded. Quarantined records are settled last, so that
 * jumps are detected with little memory, too. Closed frames share the memory that open ones do
 * not use. */
void
trib_align_enforce_limits (TribAlign *a)
{
  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    trib_align_sets_enforce_limits (a);
  while (a->open.length > a->config.max_pending
         || (a->open.head && a->totals.pending_bytes > a->config.max_pending_bytes))
    emit (a, first_open (a), TRIB_ALIGN_REASON_OVERFLOW);
  for (guint i = 0; i < a->sources->len; i++)
    if (a->totals.pending_bytes > a->config.max_pending_bytes)
      trib_align_quarantine_settle (a, source_at (a, i));
  trib_align_expire_closed (a);
}

/* the same with other limits, once */
void
trib_align_limit (TribAlign *a, guint max_pending, guint64 max_pending_bytes)
{
  guint pending = a->config.max_pending;
  guint64 bytes = a->config.max_pending_bytes;

  a->config.max_pending = max_pending;
  a->config.max_pending_bytes = max_pending_bytes;
  trib_align_enforce_limits (a);
  a->config.max_pending = pending;
  a->config.max_pending_bytes = bytes;
}

/* ---- time ---- */

static gboolean
has_watermark (const TribAlign *a)
{
  return a->config.mode == TRIB_ALIGN_MODE_WATERMARK || a->config.mode == TRIB_ALIGN_MODE_TUMBLING;
}

static gboolean
all_idle_but (const TribAlign *a, gboolean silent_too)
{
  gboolean any = FALSE;

  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    if (has_ended (s) || !(s->listed || s->seen))
      continue;
    any = TRUE;
    if (!is_idle (s) && !(silent_too && trib_align_source_is_silent (a, s)))
      return FALSE;
  }
  return any;
}

/* no source sends any more, or not for a while; none at all is idle, too */
gboolean
trib_align_is_idle (const TribAlign *a)
{
  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    if ((s->listed || s->seen) && !has_ended (s) && !is_idle (s))
      return FALSE;
  }
  return TRUE;
}

/* up to where some source has a record, or has said that it sends none */
static gint64
latest (const TribAlign *a)
{
  gint64 t = a->newest;

  for (guint i = 0; i < a->sources->len; i++)
    t = MAX (t, source_at (a, i)->bound);
  return t;
}

/* A source that was silent for too long is not waited for. When all are idle, everything up to
 * the latest time is settled first: what a bound has passed, too, as no other event may follow. */
static void
mark_idle (TribAlign *a)
{
  gboolean all = all_idle_but (a, TRUE);

  if (all && has_watermark (a) && latest (a) != NO_TIME) {
    a->watermark = MAX (a->watermark, latest (a));
    trib_align_drain (a);
  }
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *s = source_at (a, i);
    if (!trib_align_source_is_silent (a, s))
      continue;
    trib_align_quarantine_settle (a, s);
    trib_align_source_set_state (s, TRIB_ALIGN_SOURCE_IDLE, "silent");
    trib_align_notify_source (a, TRIB_ALIGN_EVENT_IDLE, s, 0);
  }
  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE) {
    if (all)
      trib_align_sets_finish (a, TRIB_ALIGN_REASON_TIMEOUT);
    else
      trib_align_sets_restart (a);
  }
  trib_align_update_watermark (a);
  trib_align_drain (a);
  if (all) {
    TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_ALL_IDLE, .t_ns = a->newest };
    trib_align_notify (a, &event);
  }
}

/* the next one is scheduled by the next record */
void
trib_align_notify_stats (TribAlign *a)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_STATS };

  a->next_stats = NEVER;
  trib_align_notify (a, &event);
}

static gint64
learnt_at (const TribAlign *a)
{
  gint64 t;

  if (a->specs->len > 0 || a->started_at == NO_TIME || a->open.head == NULL)
    return NEVER;
  t = trib_time_add (a->started_at, a->config.learn_ms * TRIB_ALIGN_MS);
  return t > a->now ? t : NEVER;
}

static gint64
frames_deadline (const TribAlign *a)
{
  const TribAlignGroup *g = a->config.order == TRIB_ALIGN_ORDER_KEY ? first_open (a) : NULL;
  gint64 first = NEVER;

  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    return trib_align_sets_deadline (a);
  if (g)
    first = g->deadline;
  else if (a->opened.head && (!is_window (a) || a->config.window_base != TRIB_ALIGN_BASE_CAPTURE))
    first = ((TribAlignGroup *) a->opened.head->data)->deadline;
  else if (a->open.head)
    first = first_open (a)->deadline;
  if (has_watermark (a) && a->open.head) {
    gint64 t = first_open (a)->t;
    if (a->config.mode == TRIB_ALIGN_MODE_TUMBLING)
      t = trib_time_add (t, a->length - 1);
    first = MIN (first, trib_align_clock_deadline (a, t));
  }
  return MIN (first, learnt_at (a));
}

static gint64
deadline (const TribAlign *a)
{
  return MIN (MIN (frames_deadline (a), trib_align_idle_deadline (a)), a->next_stats);
}

/**
 * trib_align_next_deadline:
 * @a: an aligner
 *
 * Returns: when trib_align_advance() must be called next, on the clock of arrivals; -1: never
 */
gint64
trib_align_next_deadline (const TribAlign *a)
{
  gint64 at = deadline (a);

  return at == NEVER ? -1 : at;
}

static void
fire (TribAlign *a)
{
  if (has_watermark (a) && a->config.advance == TRIB_ALIGN_ADVANCE_CLOCK)
    trib_align_update_watermark (a);
  trib_align_drain (a);
  if (trib_align_idle_deadline (a) <= a->now)
    mark_idle (a);
  if (a->next_stats <= a->now)
    trib_align_notify_stats (a);
}

/* one instant after another, so that results do not depend on how often this is called */
void
trib_align_move_to (TribAlign *a, gint64 now)
{
  gint64 at;

  /* the least and greatest number stand for "no time" and "never" */
  now = CLAMP (now, NO_TIME + 1, NEVER - 1);
  if (a->now == NO_TIME)
    a->now = now;
  a->is_moving = TRUE;
  while ((at = deadline (a)) <= now) {
    a->now = MAX (a->now, at);
    fire (a);
    if (deadline (a) <= at && at < a->now)
      break;
  }
  a->is_moving = FALSE;
  a->now = MAX (a->now, now);
  trib_align_expire_closed (a);
}
