/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of the user: records, bounds, ends, flushes; and queries. */
#include "trib-align-private.h"

/* longer delays, either way, show that arrival and capture are not of one clock */
#define MAX_DELAY (60 * 1000 * TRIB_ALIGN_MS)

/**
 * trib_align_new:
 * @config: settings; read here, not kept
 * @func: receives all events, during calls of the aligner; must not call it
 * @release: (nullable): frees payloads
 * @user_data: for both
 * @error: return location, in the domain %TRIB_ALIGN_ERROR
 *
 * Returns: (transfer full) (nullable): an aligner
 */
TribAlign *
trib_align_new (const TribAlignConfig *config, TribAlignFunc func, TribAlignRelease release,
    gpointer user_data, GError **error)
{
  g_autoptr (GArray) specs = NULL, lateness = NULL, offsets = NULL;
  TribAlign *a;

  if (!trib_align_parse_sources (config->sources, &specs, error)
      || !trib_align_parse_times ("lateness", config->lateness, 0, &lateness, error)
      || !trib_align_parse_times ("source-offset", config->source_offset, -1e9, &offsets, error))
    return NULL;
  if (config->mode == TRIB_ALIGN_MODE_APPROXIMATE
      && config->duplicate_policy != TRIB_ALIGN_DUPLICATE_FIRST) {
    g_set_error_literal (error, TRIB_ALIGN_ERROR, TRIB_ALIGN_ERROR_SETTINGS,
        "duplicate-policy: mode approximate takes one record of a source and time, the first");
    return NULL;
  }
  a = g_new0 (TribAlign, 1);
  a->config = *config;
  a->config.sources = a->config.lateness = a->config.source_offset = NULL;
  a->window = config->window_ms * TRIB_ALIGN_MS;
  a->max_wait = (config->max_wait_ms >= 0 ? config->max_wait_ms
                    : config->live        ? 1000
                                          : 0)
                * TRIB_ALIGN_MS;
  a->length
      = MAX (config->tumbling_ms ? config->tumbling_ms : config->window_ms, 1) * TRIB_ALIGN_MS;
  a->max_interval
      = (config->max_interval_ms ? config->max_interval_ms : config->window_ms) * TRIB_ALIGN_MS;
  a->idle_timeout = config->idle_timeout_ms * TRIB_ALIGN_MS;
  a->retain = config->retain_ms * TRIB_ALIGN_MS;
  a->config.max_pending = MAX (config->max_pending, 1);
  a->func = func;
  a->owner = (TribAlignOwner){ release, user_data };
  a->specs = g_steal_pointer (&specs);
  a->lateness = g_steal_pointer (&lateness);
  a->offsets = g_steal_pointer (&offsets);
  a->started_at = a->last_arrival = NO_TIME;
  a->watermark = a->newest = a->emitted = a->next_window = NO_TIME;
  a->next_stats = NEVER;
  a->now = NO_TIME;
  a->pivot = -1;
  a->sources = g_ptr_array_new_with_free_func ((GDestroyNotify) trib_align_source_free);
  a->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  a->by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  trib_align_apply_specs (a);
  return a;
}

static void
ignore (gpointer user_data, const TribAlignEvent *event)
{
}

/* without events; trib_align_flush() counts and notifies what was pending */
void
trib_align_free (TribAlign *a)
{
  a->func = ignore;
  trib_align_flush (a, a->now);
  g_hash_table_unref (a->by_name);
  g_ptr_array_unref (a->sources);
  trib_stream_key_unref (a->stream);
  g_hash_table_unref (a->by_id);
  g_array_unref (a->specs);
  g_array_unref (a->lateness);
  g_array_unref (a->offsets);
  g_free (a);
}

/* ---- records ---- */

static gint64
window_start (const TribAlign *a, gint64 t)
{
  gint64 rest = t % a->length;

  return trib_time_sub (t, rest < 0 ? rest + a->length : rest);
}

/* lateness of a record without an open frame; -1: it is not late */
static gint64
lateness (const TribAlign *a, gint64 key)
{
  gint64 by = -1;

  if (a->config.mode == TRIB_ALIGN_MODE_WATERMARK && key <= a->watermark)
    by = trib_time_sub (a->watermark, key);
  if (a->config.mode == TRIB_ALIGN_MODE_TUMBLING
      && trib_time_add (key, a->length - 1) <= a->watermark)
    by = trib_time_sub (a->watermark, trib_time_add (key, a->length - 1));
  if (a->config.order == TRIB_ALIGN_ORDER_KEY && a->emitted != NO_TIME && key <= a->emitted)
    by = MAX (by, trib_time_sub (a->emitted, key));
  /* in other modes the watermark decides */
  if (a->config.mode == TRIB_ALIGN_MODE_WINDOW && a->config.order == TRIB_ALIGN_ORDER_COMPLETION
      && a->newest != NO_TIME && key < trib_time_sub (a->newest, a->retain))
    by = MAX (by, trib_time_sub (trib_time_sub (a->newest, a->retain), key));
  return by;
}

static void
note_reuse (TribAlign *a, const TribAlignEntry *e)
{
  TribAlignEvent event = { .kind = TRIB_ALIGN_EVENT_ID_REUSE };

  if (!e->record.has_frame_id || a->config.match_key != TRIB_ALIGN_MATCH_AUTO
      || !g_hash_table_contains (a->by_id, &e->record.frame_id))
    return;
  a->totals.id_reuse++;
  trib_align_notify_record (a, &event, e);
}

static void
add_to_closed (TribAlign *a, TribAlignGroup *g, TribAlignEntry *e)
{
  if ((g->answered & bit_of (e->source)) && a->config.mode != TRIB_ALIGN_MODE_TUMBLING)
    trib_align_duplicate (a, e);
  else
    trib_align_late (a, e, g, trib_time_sub (a->now, g->closed_at));
}

/* to its frame, which is opened if necessary */
static void
add_to_frame (TribAlign *a, TribAlignEntry *e)
{
  TribAlignEvent opened = { .kind = TRIB_ALIGN_EVENT_OPENED };
  gboolean tumbling = a->config.mode == TRIB_ALIGN_MODE_TUMBLING;
  gint64 key = tumbling ? window_start (a, e->record.t_ns) : e->record.t_ns, by;
  gboolean has_id = e->record.has_frame_id && !tumbling;
  TribAlignGroup *g = trib_align_group_find (a, has_id, e->record.frame_id, key);

  if (g && g->is_closed) {
    add_to_closed (a, g, e);
    return;
  }
  if (g == NULL) {
    by = lateness (a, key);
    if (by >= 0) {
      trib_align_late (a, e, NULL, by);
      return;
    }
    if (!tumbling)
      note_reuse (a, e);
    g = trib_align_group_open (a, has_id, e->record.frame_id, key);
    trib_align_notify_record (a, &opened, e);
  }
  trib_align_group_add (a, g, e);
}

/* @e: (transfer full): a plausible record, counted as in */
void
trib_align_accept (TribAlign *a, TribAlignEntry *e)
{
  TribAlignSource *s = e->source;
  gint64 t = e->record.t_ns;
  /* a late record does not show the progress of its source */
  gboolean moves = !e->record.is_late || s->max_t == NO_TIME || t > s->max_t;

  a->last_arrival = a->now;
  if (!a->has_capture_offset) {
    a->has_capture_offset = TRUE;
    a->capture_offset = trib_time_sub (e->record.arrival_ns, e->record.t_ns);
  }
  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE) {
    if (moves)
      trib_align_source_note_progress (a, s, t);
    trib_align_sets_add (a, e);
    return;
  }
  add_to_frame (a, e);
  if (moves)
    trib_align_source_note_progress (a, s, t);
  trib_align_update_watermark (a);
  trib_align_drain (a);
}

/* an announce opens the frame, and lists its sources */
static void
take_announce (TribAlign *a, const TribAlignRecord *record)
{
  TribAlignEvent event
      = { .kind = TRIB_ALIGN_EVENT_ANNOUNCE, .record = record, .t_ns = record->t_ns };
  TribAlignGroup *g;

  if (a->config.mode != TRIB_ALIGN_MODE_WINDOW && a->config.mode != TRIB_ALIGN_MODE_WATERMARK)
    return;
  g = trib_align_group_find (a, record->has_frame_id, record->frame_id, record->t_ns);
  if ((g && g->is_closed) || (g == NULL && lateness (a, record->t_ns) >= 0))
    return;
  if (g == NULL) {
    TribAlignEvent opened = { .kind = TRIB_ALIGN_EVENT_OPENED, .record = record };
    opened.t_ns = record->t_ns;
    g = trib_align_group_open (a, record->has_frame_id, record->frame_id, record->t_ns);
    trib_align_notify (a, &opened);
  }
  g->is_announced = TRUE;
  if (record->expected) {
    g->is_named = TRUE;
    g->expected = 0;
    for (guint i = 0; record->expected[i]; i++) {
      TribAlignSource *s = trib_align_source_get (a, record->expected[i]);
      if (s && !has_ended (s))
        g->expected |= bit_of (s);
    }
    /* none has time: each says so itself, right behind */
    if (record->expected[0] == NULL && trib_align_is_spared (record))
      g->expected = trib_align_expected_now (a);
  }
  trib_align_notify (a, &event);
  trib_align_drain (a);
}

static void
release_payload (TribAlign *a, const TribAlignRecord *record)
{
  if (record->payload && a->owner.release)
    a->owner.release (a->owner.user_data, record->payload);
}

static void
drop_nameless (TribAlign *a, const TribAlignRecord *record)
{
  TribAlignEvent event = {
    .kind = TRIB_ALIGN_EVENT_DROP,
    .record = record,
    .source = record->source,
    .t_ns = record->t_ns,
    .dropped = TRIB_ALIGN_DROPPED_SOURCES,
  };

  a->totals.counts.in++;
  a->totals.counts.dropped[TRIB_ALIGN_DROPPED_SOURCES]++;
  a->totals.source_dropped++;
  trib_align_notify (a, &event);
  release_payload (a, record);
}

/* The source of @record, (nullable). It sends from one place, that of its last record; a second one
 * is counted, its records are used. */
static TribAlignSource *
source_of (TribAlign *a, const TribAlignRecord *record)
{
  TribAlignSource *s = record->source ? trib_align_source_get (a, record->source) : NULL;

  if (s == NULL || record->owner == NULL || s->owner == record->owner)
    return s;
  a->totals.source_conflicts += s->owner != NULL && !has_ended (s);
  s->owner = record->owner;
  return s;
}

static void
take_record (TribAlign *a, const TribAlignRecord *record)
{
  TribAlignSource *s = source_of (a, record);
  TribAlignEntry *e;

  if (s == NULL) {
    drop_nameless (a, record);
    return;
  }
  if (a->started_at == NO_TIME)
    a->started_at = a->now;
  a->totals.counts.in++;
  s->counts.in++;
  e = trib_align_entry_new (a, s, record);
  if (!trib_align_jump_check (a, e)) {
    trib_align_source_note_arrival (a, s);
    trib_align_accept (a, e);
  } else {
    /* it may have ended a wait */
    trib_align_source_note_arrival (a, s);
    trib_align_update_watermark (a);
    trib_align_drain (a);
  }
  if (a->next_stats == NEVER && a->config.stats_interval_ms > 0)
    a->next_stats = trib_time_add (a->now, a->config.stats_interval_ms * TRIB_ALIGN_MS);
}

/**
 * trib_align_push:
 * @a: an aligner
 * @record: a record; its payload is owned by the aligner from then on
 * @arrival_ns: its arrival
 */
void
trib_align_push (TribAlign *a, const TribAlignRecord *record, gint64 arrival_ns)
{
  trib_align_move_to (a, arrival_ns);
  switch (record->kind) {
    case TRIB_ALIGN_KIND_ANNOUNCE:
      take_announce (a, record);
      release_payload (a, record);
      break;
    case TRIB_ALIGN_KIND_BOUND:
      source_of (a, record);
      trib_align_bound (a, record->source, record->t_ns, arrival_ns);
      release_payload (a, record);
      break;
    case TRIB_ALIGN_KIND_EOS:
      source_of (a, record);
      trib_align_eos (a, record->source, arrival_ns);
      release_payload (a, record);
      break;
    default:
      take_record (a, record);
      break;
  }
  trib_align_enforce_limits (a);
}

/**
 * trib_align_advance:
 * @a: an aligner
 * @now_ns: the time
 */
void
trib_align_advance (TribAlign *a, gint64 now_ns)
{
  trib_align_move_to (a, now_ns);
}

/* ---- bounds and ends ---- */

/* @source will send nothing more at or before @t_ns */
void
trib_align_bound (TribAlign *a, const gchar *source, gint64 t_ns, gint64 now_ns)
{
  TribAlignSource *s;

  trib_align_move_to (a, now_ns);
  s = source ? trib_align_source_get (a, source) : NULL;
  if (s == NULL)
    return;
  if (a->started_at == NO_TIME)
    a->started_at = a->now;
  trib_align_source_note_arrival (a, s);
  s->bound = MAX (s->bound, trib_time_add (t_ns, s->offset));
  trib_align_update_watermark (a);
  trib_align_drain (a);
}

/* @source has ended; an unknown one is not waited for either */
void
trib_align_eos (TribAlign *a, const gchar *source, gint64 now_ns)
{
  TribAlignSource *s;

  trib_align_move_to (a, now_ns);
  s = source ? trib_align_source_get (a, source) : NULL;
  if (s == NULL || has_ended (s))
    return;
  trib_align_quarantine_settle (a, s);
  trib_align_source_set_state (s, TRIB_ALIGN_SOURCE_ENDED, NULL);
  s->ended_at = a->now;
  if (a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    trib_align_sets_restart (a);
  trib_align_update_watermark (a);
  trib_align_drain (a);
}

/* nothing is pending afterwards */
void
trib_align_settle_all (TribAlign *a, TribAlignReason reason)
{
  for (guint i = 0; i < a->sources->len; i++)
    trib_align_quarantine_settle (a, source_at (a, i));
  trib_align_emit_all (a, reason);
}

/* all sources have ended: everything is emitted, in order */
void
trib_align_finish (TribAlign *a, gint64 now_ns)
{
  trib_align_move_to (a, now_ns);
  trib_align_settle_all (a, TRIB_ALIGN_REASON_EOS);
  if (a->next_stats != NEVER)
    trib_align_notify_stats (a);
}

/* ---- flushes ---- */

static void
flush_frame (TribAlign *a, TribAlignGroup *g, TribAlignSource *s)
{
  TribAlignEntry *e = g->first;

  g->first = g->last = NULL;
  g->n_entries = 0;
  g->answered = g->skipped = 0;
  while (e) {
    TribAlignEntry *next = e->next;
    if (s && e->source != s) {
      g->bytes -= e->record.bytes;
      trib_align_group_take (a, g, e);
    } else {
      g->bytes -= e->record.bytes;
      trib_align_pending_remove (a, e);
      trib_align_drop (a, e, TRIB_ALIGN_DROPPED_FLUSHED);
    }
    e = next;
  }
}

static void
flush_quarantine (TribAlign *a, TribAlignSource *s)
{
  TribAlignEntry *e = trib_align_quarantine_take (a, s);

  if (e)
    trib_align_drop (a, e, TRIB_ALIGN_DROPPED_FLUSHED);
}

/* drops the waiting records of @source; those of others stay */
void
trib_align_flush_source (TribAlign *a, const gchar *source, gint64 now_ns)
{
  TribAlignSource *s;

  trib_align_move_to (a, now_ns);
  s = source ? trib_align_source_find (a, source) : NULL;
  if (s == NULL)
    return;
  flush_quarantine (a, s);
  trib_align_sets_flush_source (a, s);
  for (GList *l = a->open.head, *next; l; l = next) {
    TribAlignGroup *g = l->data;
    next = l->next;
    flush_frame (a, g, s);
    if (g->first || g->is_announced)
      continue;
    /* it has no records any more, and may be opened again */
    a->totals.groups_dropped++;
    trib_align_group_close (a, g);
    trib_align_group_free (a, g);
  }
  trib_align_source_forget (a, s);
}

/* drops everything; a new epoch begins */
void
trib_align_flush (TribAlign *a, gint64 now_ns)
{
  TribAlignGroup *g;

  if (now_ns != NO_TIME)
    a->now = MAX (a->now, now_ns);
  trib_align_sets_flush_source (a, NULL);
  for (guint i = 0; i < a->sources->len; i++) {
    TribAlignSource *s = source_at (a, i);
    flush_quarantine (a, s);
    trib_align_source_forget (a, s);
    trib_align_source_set_state (s, TRIB_ALIGN_SOURCE_ACTIVE, "flush");
    s->unsynced = FALSE;
    s->gaps.n = s->gaps.next = 0;
    s->last_active = NO_TIME;
  }
  while ((g = first_open (a))) {
    a->totals.groups_dropped++;
    flush_frame (a, g, NULL);
    trib_align_group_close (a, g);
  }
  while (a->closed.head)
    trib_align_group_free (a, a->closed.head->data);
  a->started_at = a->last_arrival = NO_TIME;
  a->watermark = a->newest = a->emitted = a->next_window = NO_TIME;
  trib_align_forget_capture_offset (a);
  a->holder = NULL;
  a->epoch++;
  a->totals.epoch = a->epoch;
}

/**
 * trib_align_set_stopped:
 * @a: an aligner
 * @stopped: whether output blocks, or input is impossible
 * @now_ns: since when
 *
 * Sources do not become idle in that time. Other deadlines continue.
 */
void
trib_align_set_stopped (TribAlign *a, gboolean stopped, gint64 now_ns)
{
  trib_align_move_to (a, now_ns);
  if (a->stopped == stopped)
    return;
  if (stopped)
    a->stopped_at = a->now;
  else
    a->stopped_ns = trib_time_add (a->stopped_ns, trib_time_sub (a->now, a->stopped_at));
  a->stopped = stopped;
}

/* monotonic time less capture time, for window-base=capture; else that of the first record
 * counts */
void
trib_align_set_capture_offset (TribAlign *a, gint64 offset_ns)
{
  a->has_capture_offset = a->capture_offset_is_set = TRUE;
  a->capture_offset = offset_ns;
}

/**
 * trib_align_set_sources:
 * @a: an aligner
 * @sources: (nullable): as in the configuration
 * @error: return location
 *
 * Applies to frames that are opened from then on. An invalid list changes nothing.
 *
 * Returns: whether @sources is valid, and makes no more than 64 with the known ones
 */
gboolean
trib_align_set_sources (TribAlign *a, const gchar *sources, GError **error)
{
  g_autoptr (GArray) specs = NULL;
  guint n = trib_align_count_lasting_sources (a);

  if (!trib_align_parse_sources (sources, &specs, error))
    return FALSE;
  for (guint i = 0; i < specs->len; i++)
    n += trib_align_source_find (a, g_array_index (specs, TribAlignSourceSpec, i).name) == NULL;
  if (n > TRIB_ALIGN_MAX_SOURCES) {
    g_set_error (error, TRIB_ALIGN_ERROR, TRIB_ALIGN_ERROR_SETTINGS,
        "sources: \"%s\": more than 64 sources, with those that are known", sources);
    return FALSE;
  }
  g_array_unref (a->specs);
  a->specs = g_steal_pointer (&specs);
  trib_align_apply_specs (a);
  return TRUE;
}

/* ---- queries ---- */

/**
 * trib_align_get_unanswered:
 * @a: an aligner
 * @source: a source
 * @from_ns: capture time of the first, without the offset of the source
 * @until_ns: and of the last, included
 *
 * Returns: (transfer full): of #TribAlignFrame, in order: announced frames of that time that
 *   wait for @source
 */
GArray *
trib_align_get_unanswered (const TribAlign *a, const gchar *source, gint64 from_ns, gint64 until_ns)
{
  GArray *frames = g_array_new (FALSE, FALSE, sizeof (TribAlignFrame));
  const TribAlignSource *s = trib_align_source_find (a, source);

  for (GList *l = s ? a->open.head : NULL; l; l = l->next) {
    const TribAlignGroup *g = l->data;
    TribAlignFrame frame = { g->has_frame_id, g->frame_id, trib_time_sub (g->t, s->offset) };

    if (g->is_announced && (g->expected & ~g->answered & bit_of (s)) && frame.t_ns >= from_ns
        && frame.t_ns <= until_ns)
      g_array_append_val (frames, frame);
  }
  return frames;
}

/* (nullable): the source that holds the watermark */
const gchar *
trib_align_get_holder (const TribAlign *a)
{
  return a->holder ? a->holder->name : NULL;
}

/* (transfer none) (nullable): which stream its frames are of */
TribStreamKey *
trib_align_get_stream (const TribAlign *a)
{
  return a->stream;
}

guint
trib_align_get_n_sources (const TribAlign *a)
{
  return a->sources->len;
}

void
trib_align_get_source (const TribAlign *a, guint index, TribAlignSourceInfo *ret_info)
{
  const TribAlignSource *s = source_at (a, index);

  *ret_info = (TribAlignSourceInfo){
    .name = s->name,
    .owner = s->owner,
    .required = s->required,
    .expected = s->listed || s->seen,
    .idle = is_idle (s),
    .ended = has_ended (s),
    .unsynced = s->unsynced,
    .counts = s->counts,
    .max_t_ns = s->max_t,
    .last_arrival_ns = s->last_arrival,
    .n_offsets = s->offsets.n,
    .offset_ns = s->offset,
    .offset_p10_ns = trib_align_samples_percentile (&s->offsets, 10),
    .offset_p50_ns = trib_align_samples_percentile (&s->offsets, 50),
    .offset_p90_ns = trib_align_samples_percentile (&s->offsets, 90),
    .n_delays = s->delays.n,
    .delay_p10_ns = trib_align_samples_percentile (&s->delays, 10),
    .delay_p50_ns = trib_align_samples_percentile (&s->delays, 50),
    .delay_p90_ns = trib_align_samples_percentile (&s->delays, 90),
  };
}

void
trib_align_get_totals (const TribAlign *a, TribAlignTotals *ret_totals)
{
  *ret_totals = a->totals;
  ret_totals->watermark_ns = a->watermark;
}

/**
 * trib_align_delay:
 * @delay_ns: arrival less capture time
 * @shift_ns: what makes arrivals capture times
 *
 * Returns: the delay on the clock of capture; %TRIB_RECORD_NO_DELAY when no source can have it: the
 *   times are not of one clock, as those of a recording
 */
gint64
trib_align_delay (gint64 delay_ns, gint64 shift_ns)
{
  gint64 delay = trib_time_add (delay_ns, shift_ns);

  return delay >= -MAX_DELAY && delay <= MAX_DELAY ? delay : TRIB_RECORD_NO_DELAY;
}

const gchar *
trib_align_reason_to_string (TribAlignReason reason)
{
  static const gchar *const words[]
      = { "complete", "skipped", "timeout", "watermark", "eos", "overflow", "jump", "late" };

  return words[reason];
}

const gchar *
trib_align_dropped_to_string (TribAlignDropped dropped)
{
  static const gchar *const words[]
      = { "incomplete", "replaced", "implausible", "sources", "unmatched", "flushed" };

  return words[dropped];
}

const gchar *
trib_align_kind_to_string (TribAlignKind kind)
{
  static const gchar *const words[] = { "obs", "empty", "skipped", "bound", "announce", "eos" };

  return words[kind];
}
