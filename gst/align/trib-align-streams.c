/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which stream a record is of, and the order of time over all streams. */
#include "trib-align-streams.h"

#include <string.h>

#include "trib-align-debug.h"
#include "trib-align-private.h"

/* a stream without anything pending is kept for that long, so that its late records are known */
#define KEPT_NS (60 * 1000 * TRIB_ALIGN_MS)

struct _TribAlignStreams {
  TribAlignConfig config; /* its texts are owned */
  TribAlignFunc func;
  TribAlignRelease release;
  gpointer user_data;
  GPtrArray *streams; /* of TribAlign, in the order in which they appeared; one at least */
  TribAlign *last;    /* of the last record; only to be looked up faster */
  gboolean stopped;
  gint64 capture_offset;
  gboolean has_capture_offset;
  TribAlignTotals gone; /* of forgotten streams */
};

static TribAlign *
stream_at (const TribAlignStreams *s, guint index)
{
  return g_ptr_array_index (s->streams, index);
}

static TribAlign *
add_stream (TribAlignStreams *s, TribStreamKey *key, gint64 now, GError **error)
{
  TribAlign *a = trib_align_new (&s->config, s->func, s->release, s->user_data, error);

  if (a == NULL)
    return NULL;
  a->stream = trib_stream_key_ref (key);
  if (s->has_capture_offset)
    trib_align_set_capture_offset (a, s->capture_offset);
  if (s->stopped)
    trib_align_set_stopped (a, TRUE, now);
  g_ptr_array_add (s->streams, a);
  return a;
}

/**
 * trib_align_streams_new:
 * @config: settings; copied
 * @func: receives all events; those of a stream have its key
 * @release: (nullable): frees payloads
 * @user_data: for both
 * @error: return location, in the domain %TRIB_ALIGN_ERROR
 *
 * The limits of @config hold for all streams together, its sources for each.
 *
 * Returns: (transfer full) (nullable): aligners
 */
TribAlignStreams *
trib_align_streams_new (const TribAlignConfig *config, TribAlignFunc func, TribAlignRelease release,
    gpointer user_data, GError **error)
{
  TribAlignStreams *s = g_new0 (TribAlignStreams, 1);

  s->config = *config;
  s->config.sources = g_strdup (config->sources);
  s->config.lateness = g_strdup (config->lateness);
  s->config.source_offset = g_strdup (config->source_offset);
  s->func = func;
  s->release = release;
  s->user_data = user_data;
  s->streams = g_ptr_array_new_with_free_func ((GDestroyNotify) trib_align_free);
  s->last = add_stream (s, NULL, 0, error);
  if (s->last)
    return s;
  trib_align_streams_free (s);
  return NULL;
}

/* without events */
void
trib_align_streams_free (TribAlignStreams *s)
{
  g_ptr_array_unref (s->streams);
  g_free ((gchar *) s->config.sources);
  g_free ((gchar *) s->config.lateness);
  g_free ((gchar *) s->config.source_offset);
  g_free (s);
}

/* ---- counters ---- */

static void
add_counts (TribAlignCounts *sums, const TribAlignCounts *c)
{
  sums->in += c->in;
  sums->emitted += c->emitted;
  sums->late += c->late;
  sums->duplicate += c->duplicate;
  for (guint i = 0; i < TRIB_ALIGN_N_DROPPED; i++)
    sums->dropped[i] += c->dropped[i];
  sums->pending += c->pending;
}

/* watermark and epoch: those of @t where it has one */
static void
add_totals (TribAlignTotals *sums, const TribAlignTotals *t)
{
  add_counts (&sums->counts, &t->counts);
  sums->groups_emitted += t->groups_emitted;
  sums->groups_updated += t->groups_updated;
  sums->groups_dropped += t->groups_dropped;
  for (guint i = 0; i <= TRIB_ALIGN_REASON_LATE; i++)
    sums->by_reason[i] += t->by_reason[i];
  sums->id_reuse += t->id_reuse;
  sums->jumps += t->jumps;
  sums->source_dropped += t->source_dropped;
  sums->source_forgotten += t->source_forgotten;
  sums->source_conflicts += t->source_conflicts;
  sums->open += t->open;
  sums->peak_open = MAX (sums->peak_open, t->peak_open);
  sums->pending_bytes += t->pending_bytes;
}

/* sums over all streams; watermark and epoch are those of the stream of the last record */
void
trib_align_streams_get_totals (const TribAlignStreams *s, TribAlignTotals *ret_totals)
{
  TribAlignTotals totals;

  *ret_totals = s->gone;
  for (guint i = 0; i < s->streams->len; i++) {
    trib_align_get_totals (stream_at (s, i), &totals);
    add_totals (ret_totals, &totals);
  }
  trib_align_get_totals (s->last, &totals);
  ret_totals->watermark_ns = totals.watermark_ns;
  ret_totals->epoch = totals.epoch;
  ret_totals->peak_open = MAX (ret_totals->peak_open, ret_totals->open);
}

/* ---- forgetting ---- */

static void
forget (TribAlignStreams *s, TribAlign *a)
{
  TribAlignTotals totals;

  TRIB_LOG (&trib_align_debug, TRIB_LOG_DEBUG, NULL, "stream %s of session %s is forgotten",
      a->stream ? a->stream->stream : "-", a->stream ? a->stream->session : "-");
  trib_align_get_totals (a, &totals);
  add_totals (&s->gone, &totals);
  g_ptr_array_remove (s->streams, a);
  if (s->last == a)
    s->last = stream_at (s, s->streams->len - 1);
}

/* those that have ended, or have been idle for a while */
static void
forget_old (TribAlignStreams *s, gint64 now)
{
  for (guint i = s->streams->len; i-- > 0 && s->streams->len > 1;) {
    TribAlign *a = stream_at (s, i);
    gint64 since = MAX (a->last_arrival, a->started_at);

    if (a->totals.counts.pending == 0 && a->open.length == 0
        && (since == NO_TIME
            || (trib_align_is_idle (a)
                && trib_time_sub (now, since) > trib_time_add (a->retain, KEPT_NS))))
      forget (s, a);
  }
}

/* the stream that was silent for longest makes room; what waits in it is emitted */
static void
make_room (TribAlignStreams *s, gint64 now)
{
  TribAlign *oldest = NULL;

  if (s->streams->len < TRIB_ALIGN_MAX_STREAMS)
    return;
  for (guint i = 0; i < s->streams->len; i++) {
    TribAlign *a = stream_at (s, i);
    if (oldest == NULL || a->last_arrival < oldest->last_arrival)
      oldest = a;
  }
  trib_align_settle_all (oldest, TRIB_ALIGN_REASON_OVERFLOW);
  forget (s, oldest);
}

/* ---- which stream ---- */

static TribAlign *
find_stream (TribAlignStreams *s, const TribStreamKey *key)
{
  if (trib_stream_key_equal (s->last->stream, key))
    return s->last;
  for (guint i = 0; i < s->streams->len; i++)
    if (trib_stream_key_equal (stream_at (s, i)->stream, key))
      return stream_at (s, i);
  return NULL;
}

/* the only stream that is neither idle nor over, (nullable) */
static TribAlign *
only_active (TribAlignStreams *s)
{
  TribAlign *found = NULL;

  for (guint i = 0; i < s->streams->len; i++) {
    TribAlign *a = stream_at (s, i);
    if (a->stream == NULL || trib_align_is_idle (a))
      continue;
    if (found)
      return NULL;
    found = a;
  }
  return found;
}

/* A record that does not name its stream is of the one that has its frame, the nearest in time;
 * else of the only one that there is. */
static TribAlign *
find_for_nameless (TribAlignStreams *s, const TribAlignRecord *record)
{
  TribAlign *found = NULL;
  gint64 nearest = NEVER;

  if (s->streams->len == 1)
    return s->last;
  for (guint i = 0; i < s->streams->len && record->kind != TRIB_ALIGN_KIND_BOUND; i++) {
    gint64 distance = trib_align_distance (stream_at (s, i), record);
    if (distance < nearest) {
      found = stream_at (s, i);
      nearest = distance;
    }
  }
  if (found == NULL)
    found = only_active (s);
  return found ? found : find_stream (s, NULL);
}

/* The first stream is of no key until a record has one: a camera whose old processes do not say
 * it, or say it late. */
static TribAlign *
stream_of (TribAlignStreams *s, const TribAlignRecord *record, gint64 now)
{
  TribAlign *a = record->stream ? find_stream (s, record->stream) : find_for_nameless (s, record);

  if (a == NULL && record->stream && s->streams->len == 1 && s->last->stream == NULL) {
    a = s->last;
    a->stream = trib_stream_key_ref (record->stream);
  }
  if (a == NULL) {
    make_room (s, now);
    /* the settings were valid before */
    a = add_stream (s, record->stream, now, NULL);
    trib_align_advance (a, now);
  }
  s->last = a;
  return a;
}

/* ---- limits of all together ---- */

static guint64
bytes_of (const TribAlign *a)
{
  return a->totals.pending_bytes + a->closed_bytes;
}

static guint
open_of (const TribAlign *a)
{
  return a->config.mode == TRIB_ALIGN_MODE_APPROXIMATE ? (guint) a->totals.counts.pending
                                                       : a->open.length;
}

/* of the stream that has most, as much as is too much */
static gboolean
enforce_on_largest (TribAlignStreams *s)
{
  TribAlign *most_open = s->last, *most_bytes = s->last;
  guint64 open = 0, bytes = 0;

  for (guint i = 0; i < s->streams->len; i++) {
    TribAlign *a = stream_at (s, i);
    open += open_of (a);
    bytes += bytes_of (a);
    if (open_of (a) > open_of (most_open))
      most_open = a;
    if (bytes_of (a) > bytes_of (most_bytes))
      most_bytes = a;
  }
  if (open > s->config.max_pending) {
    guint excess = (guint) (open - s->config.max_pending);
    trib_align_limit (most_open, open_of (most_open) - MIN (open_of (most_open), excess),
        s->config.max_pending_bytes);
    return TRUE;
  }
  if (bytes > s->config.max_pending_bytes) {
    guint64 excess = bytes - s->config.max_pending_bytes;
    trib_align_limit (most_bytes, s->config.max_pending,
        bytes_of (most_bytes) - MIN (bytes_of (most_bytes), excess));
    return TRUE;
  }
  return FALSE;
}

static void
enforce_limits (TribAlignStreams *s)
{
  /* each turn takes something from one stream */
  for (guint i = 0; s->streams->len > 1 && i <= s->streams->len && enforce_on_largest (s); i++)
    ;
}

/* ---- calls ---- */

/* to the streams in which @owner is that of the source; FALSE: there is none */
static gboolean
push_to_owned (TribAlignStreams *s, const TribAlignRecord *record, gpointer owner, gint64 now)
{
  TribAlignRecord copy = *record;
  gboolean any = FALSE;

  copy.payload = NULL;
  for (guint i = 0; record->source && i < s->streams->len; i++) {
    const TribAlignSource *x = trib_align_source_find (stream_at (s, i), record->source);

    if (x == NULL || x->owner != owner)
      continue;
    trib_align_push (stream_at (s, i), &copy, now);
    any = TRUE;
  }
  if (any && record->payload && s->release)
    s->release (s->user_data, record->payload);
  return any;
}

/* An end or a bound without a key is for every stream in which its source sends from there; else
 * for those in which the source has not been heard of. */
static gboolean
push_to_all (TribAlignStreams *s, const TribAlignRecord *record, gint64 now)
{
  return (record->owner && push_to_owned (s, record, record->owner, now))
         || push_to_owned (s, record, NULL, now);
}

/**
 * trib_align_streams_push:
 * @s: aligners
 * @record: as for trib_align_push(), with its stream
 * @now_ns: its arrival
 *
 * A record without a stream is matched with the frames of all.
 */
void
trib_align_streams_push (TribAlignStreams *s, const TribAlignRecord *record, gint64 now_ns)
{
  trib_align_streams_advance (s, now_ns);
  if (record->stream == NULL && s->streams->len > 1
      && (record->kind == TRIB_ALIGN_KIND_BOUND || record->kind == TRIB_ALIGN_KIND_EOS)
      && push_to_all (s, record, now_ns))
    return;
  trib_align_push (stream_of (s, record, now_ns), record, now_ns);
  enforce_limits (s);
}

static TribAlign *
next_due (const TribAlignStreams *s, gint64 *ret_at)
{
  TribAlign *next = NULL;

  for (guint i = 0; i < s->streams->len; i++) {
    gint64 at = trib_align_next_deadline (stream_at (s, i));
    if (at < 0 || (next && at >= *ret_at))
      continue;
    next = stream_at (s, i);
    *ret_at = at;
  }
  return next;
}

/* one instant after another over all streams, so that the order of events is that of time */
void
trib_align_streams_advance (TribAlignStreams *s, gint64 now_ns)
{
  TribAlign *next;
  gint64 at, again;

  while (s->streams->len > 1 && (next = next_due (s, &at)) && at <= now_ns) {
    trib_align_advance (next, at);
    again = trib_align_next_deadline (next);
    if (again >= 0 && again <= at)
      break;
  }
  for (guint i = 0; i < s->streams->len; i++)
    trib_align_advance (stream_at (s, i), now_ns);
  if (s->streams->len > 1)
    forget_old (s, now_ns);
}

/* -1: none */
gint64
trib_align_streams_next_deadline (const TribAlignStreams *s)
{
  gint64 at = -1;

  next_due (s, &at);
  return at;
}

/* all sources of all streams have ended */
void
trib_align_streams_finish (TribAlignStreams *s, gint64 now_ns)
{
  trib_align_streams_advance (s, now_ns);
  for (guint i = 0; i < s->streams->len; i++)
    trib_align_finish (stream_at (s, i), now_ns);
}

/* @stream: (nullable): that of no key */
void
trib_align_streams_flush_source (
    TribAlignStreams *s, const TribStreamKey *stream, const gchar *source, gint64 now_ns)
{
  TribAlign *a;

  trib_align_streams_advance (s, now_ns);
  a = find_stream (s, stream);
  if (a)
    trib_align_flush_source (a, source, now_ns);
}

void
trib_align_streams_flush (TribAlignStreams *s, gint64 now_ns)
{
  for (guint i = 0; i < s->streams->len; i++)
    trib_align_flush (stream_at (s, i), now_ns);
}

void
trib_align_streams_set_stopped (TribAlignStreams *s, gboolean stopped, gint64 now_ns)
{
  trib_align_streams_advance (s, now_ns);
  s->stopped = stopped;
  for (guint i = 0; i < s->streams->len; i++)
    trib_align_set_stopped (stream_at (s, i), stopped, now_ns);
}

void
trib_align_streams_set_capture_offset (TribAlignStreams *s, gint64 offset_ns)
{
  s->has_capture_offset = TRUE;
  s->capture_offset = offset_ns;
  for (guint i = 0; i < s->streams->len; i++)
    trib_align_set_capture_offset (stream_at (s, i), offset_ns);
}

/* FALSE: the list is invalid, or too long for one of the streams */
gboolean
trib_align_streams_set_sources (TribAlignStreams *s, const gchar *sources, GError **error)
{
  for (guint i = 0; i < s->streams->len; i++) {
    if (trib_align_set_sources (stream_at (s, i), sources, error))
      continue;
    for (; i-- > 0;)
      trib_align_set_sources (stream_at (s, i), s->config.sources, NULL);
    return FALSE;
  }
  g_free ((gchar *) s->config.sources);
  s->config.sources = g_strdup (sources);
  return TRUE;
}

/* no source has @owner any more */
void
trib_align_streams_forget_owner (TribAlignStreams *s, gconstpointer owner)
{
  for (guint i = 0; i < s->streams->len; i++) {
    TribAlign *a = stream_at (s, i);
    for (guint k = 0; k < a->sources->len; k++)
      if (source_at (a, k)->owner == owner)
        source_at (a, k)->owner = NULL;
  }
}

guint
trib_align_streams_get_n (const TribAlignStreams *s)
{
  return s->streams->len;
}

/* (transfer none) */
TribAlign *
trib_align_streams_get (const TribAlignStreams *s, guint index)
{
  return stream_at (s, index);
}

/* whether no source of any stream is active */
gboolean
trib_align_streams_are_idle (const TribAlignStreams *s)
{
  for (guint i = 0; i < s->streams->len; i++)
    if (!trib_align_is_idle (stream_at (s, i)))
      return FALSE;
  return TRUE;
}
