/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who speaks: sources, how far each has come, who is idle, and the watermark that follows. */
#include "trib-align-private.h"

#include <stdlib.h>
#include <string.h>

static gint64
ns_of (const GArray *specs, const gchar *name, gint64 otherwise)
{
  const SourceSpec *spec = trib_align_specs_find (specs, name);

  return spec ? spec->ns : otherwise;
}

/* (nullable) */
Source *
trib_align_source_find (const TribAlign *a, const gchar *name)
{
  return g_hash_table_lookup (a->by_name, name);
}

/* (nullable): made when it is not known; NULL: there are as many as can be told apart */
Source *
trib_align_source_get (TribAlign *a, const gchar *name)
{
  Source *s = trib_align_source_find (a, name);

  if (s || a->sources->len == TRIB_ALIGN_MAX_SOURCES)
    return s;
  s = g_new0 (Source, 1);
  s->name = g_strndup (name, TRIB_ALIGN_MAX_NAME);
  s->index = a->sources->len;
  s->lateness = ns_of (a->lateness, name, (gint64) a->config.allowed_lateness_ms * TRIB_ALIGN_MS);
  s->offset = ns_of (a->offsets, name, 0);
  s->max_t = s->bound = s->last_t = s->used_t = NO_TIME;
  s->last_arrival = s->last_active = NO_TIME;
  /* without a list everybody who speaks is expected */
  s->required = a->specs->len == 0;
  g_queue_init (&s->heads);
  g_queue_init (&s->past);
  g_ptr_array_add (a->sources, s);
  g_hash_table_insert (a->by_name, s->name, s);
  return s;
}

void
trib_align_source_free (Source *s)
{
  g_free (s->name);
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
  for (guint i = 0; i < a->specs->len; i++) {
    const SourceSpec *spec = &g_array_index (a->specs, SourceSpec, i);
    Source *s = trib_align_source_get (a, spec->name);
    if (s == NULL)
      continue;
    s->listed = TRUE;
    s->required = spec->required;
  }
}

/* (nullable): whom the others are compared with */
Source *
trib_align_reference (const TribAlign *a)
{
  if (a->reference)
    return trib_align_source_find (a, a->reference);
  if (a->specs->len > 0)
    return trib_align_source_find (a, g_array_index (a->specs, SourceSpec, 0).name);
  return a->sources->len > 0 ? source_at (a, 0) : NULL;
}

/* what is known of how far @s has come is of another time */
void
trib_align_source_forget (TribAlign *a, Source *s)
{
  Entry *held = g_steal_pointer (&s->held);

  s->max_t = s->bound = s->last_t = s->used_t = NO_TIME;
  s->aligning = s->lost = FALSE;
  if (held)
    trib_align_entry_unref (a, held);
}

/* the next record tells it anew, unless it was set */
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

/* one that may be waited for: listed, or it has spoken */
static gboolean
is_known (const Source *s)
{
  return (s->listed || s->seen) && !s->ended;
}

void
trib_align_source_came (TribAlign *a, Source *s)
{
  s->last_active = trib_align_active_time (a);
  s->last_arrival = a->now;
  s->ended = FALSE;
  if (!s->seen) {
    s->seen = TRUE;
    trib_align_tell_source (a, TRIB_ALIGN_EVENT_SOURCE, s, 0);
  }
  if (!s->idle)
    return;
  s->idle = FALSE;
  s->aligning = a->config.rejoin == TRIB_ALIGN_REJOIN_ALIGNED;
  trib_align_tell_source (a, TRIB_ALIGN_EVENT_ACTIVE, s, 0);
  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    trib_align_sets_restart (a);
}

static gint64
silent_since (const TribAlign *a, const Source *s)
{
  return s->last_active != NO_TIME ? s->last_active : a->started_at;
}

/* active time at which a source is idle, NEVER */
static gint64
idle_at (const TribAlign *a, const Source *s)
{
  if (a->idle_timeout == 0 || a->started_at == NO_TIME || s->idle || !is_known (s))
    return NEVER;
  return trib_time_add (silent_since (a, s), a->idle_timeout);
}

gboolean
trib_align_source_is_idle_due (const TribAlign *a, const Source *s)
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

/* ---- how far ---- */

/* who speaks out of order has no least time between records */
static void
note_gap (Source *s, gint64 t)
{
  if (s->max_t != NO_TIME && t != s->max_t)
    trib_align_samples_add (&s->gaps, t > s->max_t ? trib_time_sub (t, s->max_t) : 0);
}

/* a plausible record of @s at @t */
void
trib_align_source_passed (TribAlign *a, Source *s, gint64 t)
{
  note_gap (s, t);
  s->last_t = t;
  a->newest = MAX (a->newest, t);
  if (t <= s->max_t)
    return;
  s->max_t = t;
  s->max_active = trib_align_active_time (a);
}

/* half of the shortest gap: a source will not speak sooner again, as far as it is known */
gint64
trib_align_lower_bound (const TribAlign *a, const Source *s)
{
  gint64 least = NEVER;

  if (!a->config.learn_bounds || s->gaps.n < MIN_GAPS)
    return 0;
  for (guint i = 0; i < s->gaps.n; i++)
    least = MIN (least, s->gaps.values[i]);
  return least / 2;
}

/* nothing of @s at or before this is waited for any more */
static gint64
passed_by (const TribAlign *a, const Source *s)
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
is_counted (const Source *s)
{
  return is_known (s) && !s->idle && !s->unsynced && !s->aligning;
}

/* and tells who holds it now */
void
trib_align_update_watermark (TribAlign *a)
{
  Source *holder = NULL;
  gint64 least = NEVER;

  for (guint i = 0; i < a->sources->len; i++) {
    Source *s = source_at (a, i);
    gint64 passed = passed_by (a, s);
    if (passed >= a->watermark)
      s->aligning = FALSE;
    if (!is_counted (s))
      continue;
    if (holder == NULL || passed < least) {
      holder = s;
      least = passed;
    }
  }
  if (holder && least != NO_TIME)
    a->watermark = MAX (a->watermark, least);
  if (holder == a->holder)
    return;
  a->holder = holder;
  trib_align_tell_source (a, TRIB_ALIGN_EVENT_HOLDER, holder, 0);
}

/* with advance=clock: monotonic time at which the watermark reaches @t without any record, NEVER */
gint64
trib_align_clock_deadline (const TribAlign *a, gint64 t)
{
  gint64 last = NO_TIME;

  if (a->config.advance != TRIB_ALIGN_ADVANCE_CLOCK || a->stopped)
    return NEVER;
  for (guint i = 0; i < a->sources->len; i++) {
    const Source *s = source_at (a, i);
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
trib_align_samples_add (Samples *samples, gint64 value)
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
trib_align_samples_percentile (const Samples *samples, guint percent)
{
  gint64 sorted[SAMPLES];

  if (samples->n == 0)
    return 0;
  memcpy (sorted, samples->values, samples->n * sizeof *sorted);
  qsort (sorted, samples->n, sizeof *sorted, compare);
  return sorted[(samples->n - 1) * percent / 100];
}

/* a step of at most a millisecond towards the median, once that is steady */
static void
adjust (TribAlign *a, Source *s)
{
  gint64 low, high, step;

  if (a->config.offset_mode != TRIB_ALIGN_OFFSET_AUTO || s->offsets.n < SAMPLES)
    return;
  low = trib_align_samples_percentile (&s->offsets, 10);
  high = trib_align_samples_percentile (&s->offsets, 90);
  if (trib_time_sub (high, low) >= 5 * TRIB_ALIGN_MS)
    return;
  step = CLAMP (trib_align_samples_percentile (&s->offsets, 50), -TRIB_ALIGN_MS, TRIB_ALIGN_MS);
  s->offset = trib_time_sub (s->offset, step);
  for (guint i = 0; i < s->offsets.n; i++)
    s->offsets.values[i] -= step;
}

/* what a frame says of the sources' clocks */
void
trib_align_source_sample (TribAlign *a, const Group *g)
{
  const Source *reference = trib_align_reference (a);
  gint64 t = NO_TIME;

  if (a->config.offset_mode == TRIB_ALIGN_OFFSET_FIXED)
    return;
  for (const Entry *e = g->first; e; e = e->next)
    if (e->source == reference)
      t = e->t;
  for (Entry *e = g->first; e; e = e->next) {
    trib_align_samples_add (&e->source->delays, trib_time_sub (e->arrival, e->t));
    if (t == NO_TIME || e->source == reference)
      continue;
    trib_align_samples_add (&e->source->offsets, trib_time_sub (e->t, t));
    adjust (a, e->source);
  }
}
