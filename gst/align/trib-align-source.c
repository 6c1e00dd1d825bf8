/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources: their states, progress and clocks, and the watermark. */
#include "trib-align-debug.h"
#include "trib-align-private.h"

#include <common/trib-state.h>

#include <stdlib.h>
#include <string.h>

static gint64
ns_of (const GArray *specs, const gchar *name, gint64 otherwise)
{
  const TribAlignSourceSpec *spec = trib_align_specs_find (specs, name);

  return spec ? spec->ns : otherwise;
}

/* (nullable) */
TribAlignSource *
trib_align_source_find (const TribAlign *a, const gchar *name)
{
  return g_hash_table_lookup (a->by_name, name);
}

/* whether @groups know records of @s, or wait for one */
static gboolean
are_about (const GQueue *groups, const TribAlignSource *s)
{
  for (const GList *l = groups->head; l; l = l->next) {
    const TribAlignGroup *g = l->data;
    if (!g->is_closed && ((g->expected | g->answered) & bit_of (s)))
      return TRUE;
    for (const TribAlignEntry *e = g->first; e; e = e->next)
      if (e->source == s)
        return TRUE;
  }
  return FALSE;
}

/* it is over: neither listed, nor heard of for a while, and nothing of it is pending */
static gboolean
is_over (const TribAlign *a, const TribAlignSource *s)
{
  if (s->listed || s->counts.pending > 0)
    return FALSE;
  if (s->seen && !is_idle (s) && !has_ended (s)
      && trib_time_sub (a->now, s->last_arrival) <= a->retain)
    return FALSE;
  return !are_about (&a->open, s) && !are_about (&a->closed, s);
}

/* sources that cannot be forgotten now */
guint
trib_align_count_lasting_sources (const TribAlign *a)
{
  guint n = 0;

  for (guint i = 0; i < a->sources->len; i++)
    n += !is_over (a, source_at (a, i));
  return n;
}

/* the index of a new source; of one that is over when there are 64; -1: there are 64 already */
static gint
free_index (TribAlign *a)
{
  TribAlignSource *over = NULL;
  guint64 bit;

  if (a->sources->len < TRIB_ALIGN_MAX_SOURCES) {
    g_ptr_array_add (a->sources, NULL);
    return (gint) a->sources->len - 1;
  }
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *s = source_at (a, i);
    if (is_over (a, s) && (over == NULL || s->last_arrival < over->last_arrival))
      over = s;
  }
  if (over == NULL)
    return -1;
  TRIB_LOG (&trib_align_debug, TRIB_LOG_DEBUG, over->name, "forgotten for another source");
  bit = bit_of (over);
  for (GList *l = a->closed.head; l; l = l->next) {
    TribAlignGroup *g = l->data;
    g->expected &= ~bit;
    g->answered &= ~bit;
    g->skipped &= ~bit;
  }
  trib_align_source_forget (a, over);
  a->totals.source_forgotten += over->counts.in;
  if (a->holder == over)
    a->holder = NULL;
  g_hash_table_remove (a->by_name, over->name);
  trib_align_source_free (over);
  return __builtin_ctzll (bit);
}

/* (nullable): created when it is unknown; NULL: there are 64 already */
TribAlignSource *
trib_align_source_get (TribAlign *a, const gchar *name)
{
  TribAlignSource *s = trib_align_source_find (a, name);
  gint index = s ? -1 : free_index (a);

  if (index < 0)
    return s;
  s = g_new0 (TribAlignSource, 1);
  s->name = g_ref_string_new_len (name, (gssize) strnlen (name, TRIB_ALIGN_MAX_NAME));
  s->index = (guint) index;
  s->lateness = ns_of (a->lateness, name, (gint64) a->config.allowed_lateness_ms * TRIB_ALIGN_MS);
  s->offset = ns_of (a->offsets, name, 0);
  s->max_t = s->bound = s->last_t = s->used_t = NO_TIME;
  s->last_arrival = s->last_active = NO_TIME;
  /* without a list, all sources are required */
  s->required = a->specs->len == 0;
  g_queue_init (&s->heads);
  g_queue_init (&s->past);
  a->sources->pdata[index] = s;
  g_hash_table_insert (a->by_name, s->name, s);
  return s;
}

static const TribStateRow source_states[] = {
  [TRIB_ALIGN_SOURCE_ACTIVE]
  = { "active", TRIB_STATE (TRIB_ALIGN_SOURCE_IDLE) | TRIB_STATE (TRIB_ALIGN_SOURCE_ENDED) },
  [TRIB_ALIGN_SOURCE_REJOINING]
  = { "rejoining", TRIB_STATE (TRIB_ALIGN_SOURCE_ACTIVE) | TRIB_STATE (TRIB_ALIGN_SOURCE_IDLE)
                       | TRIB_STATE (TRIB_ALIGN_SOURCE_ENDED) },
  [TRIB_ALIGN_SOURCE_IDLE]
  = { "idle", TRIB_STATE (TRIB_ALIGN_SOURCE_ACTIVE) | TRIB_STATE (TRIB_ALIGN_SOURCE_REJOINING)
                  | TRIB_STATE (TRIB_ALIGN_SOURCE_ENDED) },
  [TRIB_ALIGN_SOURCE_ENDED] = { "ended", TRIB_STATE (TRIB_ALIGN_SOURCE_ACTIVE) },
};
static const TribStateTable source_machine
    = { "source", &trib_align_debug, source_states, G_N_ELEMENTS (source_states) };

void
trib_align_source_set_state (TribAlignSource *s, TribAlignSourceState state, const gchar *why)
{
  TRIB_STATE_SET (&source_machine, s->name, s->state, state, why);
}

void
trib_align_source_free (TribAlignSource *s)
{
  g_ref_string_release (s->name);
  g_free (s);
}

/* `sources` was set */
void
trib_align_apply_specs (TribAlign *a)
{
  for (guint i = 0; i < a->sources->len; i++) {
    source_at (a, i)->listed = FALSE;
    source_at (a, i)->required = a->specs->len == 0;
  }
  /* those that are known first, so that none of them makes room for another */
  for (guint i = 0; i < 2 * a->specs->len; i++) {
    const TribAlignSourceSpec *spec
        = &g_array_index (a->specs, TribAlignSourceSpec, i % a->specs->len);
    TribAlignSource *s = i < a->specs->len ? trib_align_source_find (a, spec->name)
                                           : trib_align_source_get (a, spec->name);
    if (s == NULL)
      continue;
    s->listed = TRUE;
    s->required = spec->required;
  }
}

/* (nullable): the source that the others are compared with: the first */
TribAlignSource *
trib_align_reference (const TribAlign *a)
{
  if (a->specs->len > 0)
    return trib_align_source_find (a, g_array_index (a->specs, TribAlignSourceSpec, 0).name);
  return a->sources->len > 0 ? source_at (a, 0) : NULL;
}

/* the progress of @s is void: flush, or a new epoch */
void
trib_align_source_forget (TribAlign *a, TribAlignSource *s)
{
  TribAlignEntry *held = g_steal_pointer (&s->held);

  s->max_t = s->bound = s->last_t = s->used_t = NO_TIME;
  s->lost = FALSE;
  if (s->state == TRIB_ALIGN_SOURCE_REJOINING)
    trib_align_source_set_state (s, TRIB_ALIGN_SOURCE_ACTIVE, "reset");
  if (held)
    trib_align_entry_unref (held, &a->owner);
}

/* the next record sets it again, unless the user did */
void
trib_align_forget_capture_offset (TribAlign *a)
{
  if (!a->capture_offset_is_set)
    a->has_capture_offset = FALSE;
}

/* ---- idle ---- */

/* monotonic time without what was spent stopped */
gint64
trib_align_active_time (const TribAlign *a)
{
  return trib_time_sub (a->stopped ? a->stopped_at : a->now, a->stopped_ns);
}

/* one that can be waited for: listed, or with a record */
static gboolean
is_known (const TribAlignSource *s)
{
  return (s->listed || s->seen) && !has_ended (s);
}

void
trib_align_source_note_arrival (TribAlign *a, TribAlignSource *s)
{
  gboolean was_idle = is_idle (s);

  s->last_active = trib_align_active_time (a);
  s->last_arrival = a->now;
  if (!s->seen) {
    s->seen = TRUE;
    trib_align_notify_source (a, TRIB_ALIGN_EVENT_SOURCE, s, 0);
  }
  if (was_idle || has_ended (s))
    trib_align_source_set_state (s,
        was_idle && a->config.rejoin == TRIB_ALIGN_REJOIN_ALIGNED ? TRIB_ALIGN_SOURCE_REJOINING
                                                                  : TRIB_ALIGN_SOURCE_ACTIVE,
        "record");
  if (!was_idle)
    return;
  trib_align_notify_source (a, TRIB_ALIGN_EVENT_ACTIVE, s, 0);
  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    trib_align_sets_restart (a);
}

static gint64
silent_since (const TribAlign *a, const TribAlignSource *s)
{
  return s->last_active != NO_TIME ? s->last_active : a->started_at;
}

/* active time at which a source is idle, NEVER */
static gint64
idle_at (const TribAlign *a, const TribAlignSource *s)
{
  if (a->idle_timeout == 0 || a->started_at == NO_TIME || is_idle (s) || !is_known (s))
    return NEVER;
  return trib_time_add (silent_since (a, s), a->idle_timeout);
}

gboolean
trib_align_source_is_silent (const TribAlign *a, const TribAlignSource *s)
{
  return trib_align_active_time (a) >= idle_at (a, s);
}

/* monotonic time at which the next source is idle, NEVER */
gint64
trib_align_idle_deadline (const TribAlign *a)
{
  gint64 first = NEVER;

  if (a->stopped)
    return NEVER;
  for (guint i = 0; i < a->sources->len; i++)
    first = MIN (first, idle_at (a, source_at (a, i)));
  return first == NEVER ? NEVER : trib_time_add (first, a->stopped_ns);
}

/* ---- progress ---- */

/* a source with records out of order has no minimum gap */
static void
note_gap (TribAlignSource *s, gint64 t)
{
  if (s->max_t != NO_TIME && t != s->max_t)
    trib_align_samples_add (&s->gaps, t > s->max_t ? trib_time_sub (t, s->max_t) : 0);
}

/* a plausible record of @s at @t */
void
trib_align_source_note_progress (TribAlign *a, TribAlignSource *s, gint64 t)
{
  note_gap (s, t);
  s->last_t = t;
  a->newest = MAX (a->newest, t);
  if (t <= s->max_t)
    return;
  s->max_t = t;
  s->max_active = trib_align_active_time (a);
}

/* half of the shortest gap: the source is not expected to send a record sooner */
gint64
trib_align_lower_bound (const TribAlign *a, const TribAlignSource *s)
{
  gint64 least = NEVER;

  if (!a->config.learn_bounds || s->gaps.n < MIN_GAPS)
    return 0;
  for (guint i = 0; i < s->gaps.n; i++)
    least = MIN (least, s->gaps.values[i]);
  return least / 2;
}

/* records of @s at or before this time are no longer waited for */
static gint64
passed_by (const TribAlign *a, const TribAlignSource *s)
{
  gint64 by_records = NO_TIME;

  if (s->max_t != NO_TIME) {
    by_records = trib_time_sub (s->max_t, s->lateness);
    if (a->config.advance == TRIB_ALIGN_ADVANCE_CLOCK)
      by_records
          = trib_time_add (by_records, trib_time_sub (trib_align_active_time (a), s->max_active));
  }
  return MAX (by_records, s->bound);
}

static gboolean
is_counted (const TribAlignSource *s)
{
  return is_known (s) && !is_idle (s) && !s->unsynced && s->state != TRIB_ALIGN_SOURCE_REJOINING;
}

/* notifies a new holder */
void
trib_align_update_watermark (TribAlign *a)
{
  TribAlignSource *holder = NULL;
  gint64 least = NEVER;

  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *s = source_at (a, i);
    gint64 passed = passed_by (a, s);
    if (s->state == TRIB_ALIGN_SOURCE_REJOINING && passed >= a->watermark)
      trib_align_source_set_state (s, TRIB_ALIGN_SOURCE_ACTIVE, "caught up");
    if (!is_counted (s))
      continue;
    if (holder == NULL || passed < least) {
      holder = s;
      least = passed;
    }
  }
  if (holder && least > a->watermark) {
    a->watermark = least;
    TRIB_LOG (&trib_align_debug, TRIB_LOG_LOG, holder->name, "watermark at %" G_GINT64_FORMAT " ns",
        least);
  }
  if (holder == a->holder)
    return;
  a->holder = holder;
  trib_align_notify_source (a, TRIB_ALIGN_EVENT_HOLDER, holder, 0);
}

/* with advance=clock: monotonic time at which the watermark reaches @t without any record, NEVER */
gint64
trib_align_clock_deadline (const TribAlign *a, gint64 t)
{
  gint64 last = NO_TIME;

  if (a->config.advance != TRIB_ALIGN_ADVANCE_CLOCK || a->stopped)
    return NEVER;
  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    if (!is_counted (s) || s->bound >= t)
      continue;
    if (s->max_t == NO_TIME)
      return NEVER;
    last = MAX (last,
        trib_time_add (s->max_active, trib_time_sub (t, trib_time_sub (s->max_t, s->lateness))));
  }
  return last == NO_TIME ? NEVER : trib_time_add (last, a->stopped_ns);
}

/* ---- samples ---- */

void
trib_align_samples_add (TribAlignSamples *samples, gint64 value)
{
  samples->values[samples->next] = value;
  samples->next = (samples->next + 1) % SAMPLES;
  samples->n = MIN (samples->n + 1, SAMPLES);
}

static int
compare (const void *a, const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* nearest rank; 0 without samples */
gint64
trib_align_samples_percentile (const TribAlignSamples *samples, guint percent)
{
  gint64 sorted[SAMPLES];

  if (samples->n == 0)
    return 0;
  memcpy (sorted, samples->values, samples->n * sizeof *sorted);
  qsort (sorted, samples->n, sizeof *sorted, compare);
  return sorted[(samples->n - 1) * percent / 100];
}

/* samples the clocks of the sources of a frame */
void
trib_align_source_sample (TribAlign *a, const TribAlignGroup *g)
{
  const TribAlignSource *reference = trib_align_reference (a);
  gint64 t = NO_TIME;

  for (const TribAlignEntry *e = g->first; e; e = e->next)
    if (e->source == reference)
      t = e->record.t_ns;
  for (TribAlignEntry *e = g->first; e; e = e->next) {
    trib_align_samples_add (
        &e->source->delays, trib_time_sub (e->record.arrival_ns, e->record.t_ns));
    if (t == NO_TIME || e->source == reference)
      continue;
    trib_align_samples_add (&e->source->offsets, trib_time_sub (e->record.t_ns, t));
  }
}
