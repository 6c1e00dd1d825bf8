/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-overlay-join.h"

#define MAX_HELD 64 /* records of a frame held for later frames */

struct _TribOverlayJoin {
  GQueue pending;  /* of TribOverlayRecord, in the order of arrival */
  GPtrArray *held; /* of the newest frame with records */
  guint max_records;
  guint64 max_bytes;
  TribOverlayCounts counts; /* its pending_bytes is kept, its pending is the queue's length */

  gboolean has_left;
  TribOverlayKey left; /* the last frame that was output */
  gint64 left_tolerance;
  gboolean has_fused;
  TribOverlayKey fused;  /* of the newest fused record: they are in order */
  gint64 passed_running; /* no record follows up to here */
};

/* of a session's or a stream's name; never 0, which means none */
guint32
trib_overlay_session_hash (const gchar *session, gsize len)
{
  guint32 hash = 2166136261u; /* FNV-1a */

  for (gsize i = 0; i < len; i++)
    hash = (hash ^ (guint8) session[i]) * 16777619u;
  return MAX (hash, 1);
}

/* ---- records ---- */

/**
 * trib_overlay_record_new:
 * @key: its frame
 * @format: of @data
 * @data: one record, which is copied
 * @len: its length in bytes
 *
 * Returns: (transfer full): the record; its fields may be set until it is added
 */
TribOverlayRecord *
trib_overlay_record_new (
    const TribOverlayKey *key, TribRecordFormat format, gconstpointer data, gsize len)
{
  TribOverlayRecord *record = g_new0 (TribOverlayRecord, 1);

  record->references = 1;
  record->key = *key;
  record->format = format;
  record->data = g_memdup2 (data, len);
  record->len = len;
  return record;
}

/* any thread */
TribOverlayRecord *
trib_overlay_record_ref (TribOverlayRecord *record)
{
  g_atomic_int_inc (&record->references);
  return record;
}

/* any thread */
void
trib_overlay_record_unref (TribOverlayRecord *record)
{
  if (!g_atomic_int_dec_and_test (&record->references))
    return;
  g_free (record->data);
  g_free (record);
}

/* ---- order ---- */

typedef enum {
  ORDER_BEFORE,
  ORDER_SAME,
  ORDER_AFTER,
  ORDER_UNKNOWN,
} Order;

/* FALSE: not comparable. Times from outside can be anything, so that the difference is
 * saturated. */
static gboolean
time_between (const TribOverlayKey *a, const TribOverlayKey *b, gint64 *ret_ns)
{
  gint64 from, to, difference;

  if (a->running_ns != TRIB_OVERLAY_NO_TIME && b->running_ns != TRIB_OVERLAY_NO_TIME) {
    to = a->running_ns;
    from = b->running_ns;
  } else if (a->t_ns != TRIB_OVERLAY_NO_TIME && b->t_ns != TRIB_OVERLAY_NO_TIME) {
    to = a->t_ns;
    from = b->t_ns;
  } else if (a->t_ns != TRIB_OVERLAY_NO_TIME && b->running_ns != TRIB_OVERLAY_NO_TIME) {
    to = a->t_ns;
    from = b->running_ns;
  } else if (a->running_ns != TRIB_OVERLAY_NO_TIME && b->t_ns != TRIB_OVERLAY_NO_TIME) {
    to = a->running_ns;
    from = b->t_ns;
  } else {
    return FALSE;
  }
  if (__builtin_sub_overflow (to, from, &difference) || difference == G_MININT64)
    difference = to < from ? -G_MAXINT64 : G_MAXINT64;
  *ret_ns = difference;
  return TRUE;
}

/* whether they are of different streams, as far as is known */
static gboolean
is_other_stream (const TribOverlayKey *a, const TribOverlayKey *b)
{
  return (a->session != 0 && b->session != 0 && a->session != b->session)
         || (a->stream != 0 && b->stream != 0 && a->stream != b->stream);
}

/* whether they are known to be of one stream, with a time that one of them copied */
static gboolean
has_same_times (const TribOverlayKey *a, const TribOverlayKey *b)
{
  return a->session != 0 && b->session != 0 && a->stream != 0 && b->stream != 0
         && a->t_ns != TRIB_OVERLAY_NO_TIME && b->t_ns != TRIB_OVERLAY_NO_TIME;
}

/* position of @record relative to @frame */
static Order
compare (const TribOverlayKey *record, const TribOverlayKey *frame, gint64 tolerance_ns)
{
  gint64 difference;

  if (is_other_stream (record, frame))
    return ORDER_UNKNOWN;
  if (record->has_id && frame->has_id && has_same_times (record, frame)
      && record->t_ns != frame->t_ns)
    return record->t_ns < frame->t_ns ? ORDER_BEFORE : ORDER_AFTER;
  if (record->has_id && frame->has_id)
    return record->id < frame->id   ? ORDER_BEFORE
           : record->id > frame->id ? ORDER_AFTER
                                    : ORDER_SAME;
  if (!time_between (record, frame, &difference))
    return ORDER_UNKNOWN;
  if (ABS (difference) <= tolerance_ns)
    return ORDER_SAME;
  return difference < 0 ? ORDER_BEFORE : ORDER_AFTER;
}

/* ---- records in ---- */

TribOverlayJoin *
trib_overlay_join_new (void)
{
  TribOverlayJoin *join = g_new0 (TribOverlayJoin, 1);

  g_queue_init (&join->pending);
  join->held = g_ptr_array_new_with_free_func ((GDestroyNotify) trib_overlay_record_unref);
  join->max_records = 1;
  join->max_bytes = 1;
  join->passed_running = TRIB_OVERLAY_NO_TIME;
  return join;
}

void
trib_overlay_join_free (TribOverlayJoin *join)
{
  g_queue_clear_full (&join->pending, (GDestroyNotify) trib_overlay_record_unref);
  g_ptr_array_unref (join->held);
  g_free (join);
}

/* removes the record at @link from the pending ones */
static TribOverlayRecord *
take (TribOverlayJoin *join, GList *link)
{
  TribOverlayRecord *record = link->data;

  g_queue_delete_link (&join->pending, link);
  join->counts.pending_bytes -= record->len;
  return record;
}

static void
keep_bounds (TribOverlayJoin *join)
{
  while (join->pending.length > join->max_records || join->counts.pending_bytes > join->max_bytes) {
    trib_overlay_record_unref (take (join, join->pending.head));
    join->counts.dropped++;
  }
}

/**
 * trib_overlay_join_set_bounds:
 * @join: a join
 * @max_records: limit of pending records
 * @max_bytes: limit of their bytes
 *
 * Beyond the limits the oldest are dropped. The initial limits are one.
 */
void
trib_overlay_join_set_bounds (TribOverlayJoin *join, guint max_records, guint64 max_bytes)
{
  join->max_records = max_records;
  join->max_bytes = max_bytes;
  keep_bounds (join);
}

/* holds @record for later frames when its frame is the newest yet; takes a reference */
static void
hold (TribOverlayJoin *join, TribOverlayRecord *record)
{
  if (join->held->len > 0) {
    const TribOverlayRecord *newest = join->held->pdata[0];
    Order order = compare (&record->key, &newest->key, 0);

    if (order == ORDER_BEFORE)
      return;
    if (order != ORDER_SAME || record->is_fused || join->held->len == MAX_HELD)
      g_ptr_array_set_size (join->held, 0);
  }
  g_ptr_array_add (join->held, trib_overlay_record_ref (record));
}

/**
 * trib_overlay_join_add:
 * @join: a join
 * @record: (transfer full): a new record
 */
void
trib_overlay_join_add (TribOverlayJoin *join, TribOverlayRecord *record)
{
  join->counts.in++;
  if (record->is_fused && !(join->has_left && is_other_stream (&record->key, &join->left))
      && (!join->has_fused || compare (&record->key, &join->fused, 0) != ORDER_BEFORE)) {
    join->has_fused = TRUE;
    join->fused = record->key;
  }
  if (join->has_left) {
    Order order = compare (&record->key, &join->left, join->left_tolerance);

    if (order == ORDER_BEFORE || order == ORDER_SAME) {
      join->counts.late++;
      hold (join, record);
      trib_overlay_record_unref (record);
      return;
    }
  }
  g_queue_push_tail (&join->pending, record);
  join->counts.pending_bytes += record->len;
  keep_bounds (join);
}

/* no record follows about frames up to @running_ns */
void
trib_overlay_join_pass (TribOverlayJoin *join, gint64 running_ns)
{
  join->passed_running = MAX (join->passed_running, running_ns);
}

/* After a flush of the records: drops the pending and the held ones. */
void
trib_overlay_join_forget (TribOverlayJoin *join)
{
  join->counts.dropped += join->pending.length;
  join->counts.pending_bytes = 0;
  g_queue_clear_full (&join->pending, (GDestroyNotify) trib_overlay_record_unref);
  g_ptr_array_set_size (join->held, 0);
  join->has_fused = FALSE;
  join->passed_running = TRIB_OVERLAY_NO_TIME;
}

/* After a flush or a jump of the video: the next frame may precede the last one. */
void
trib_overlay_join_restart (TribOverlayJoin *join)
{
  join->has_left = FALSE;
  join->has_fused = FALSE;
  join->passed_running = TRIB_OVERLAY_NO_TIME;
  g_ptr_array_set_size (join->held, 0);
}

/* ---- frames ---- */

/**
 * trib_overlay_join_find:
 * @join: a join
 * @frame: a frame
 * @tolerance_ns: maximum distance of its records in time
 * @records: (element-type TribOverlayRecord): those of @frame are added, referenced; of several
 * fused records only the newest
 *
 * Returns: how many there are
 */
guint
trib_overlay_join_find (
    TribOverlayJoin *join, const TribOverlayKey *frame, gint64 tolerance_ns, GPtrArray *records)
{
  TribOverlayRecord *fused = NULL;
  guint n = 0;

  for (GList *l = join->pending.head; l != NULL; l = l->next) {
    TribOverlayRecord *record = l->data;

    if (compare (&record->key, frame, tolerance_ns) != ORDER_SAME)
      continue;
    if (record->is_fused) {
      fused = record;
    } else {
      g_ptr_array_add (records, trib_overlay_record_ref (record));
      n++;
    }
  }
  if (fused != NULL) {
    g_ptr_array_add (records, trib_overlay_record_ref (fused));
    n++;
  }
  return n;
}

/**
 * trib_overlay_join_is_passed:
 * @join: a join
 * @frame: a frame that has no record yet
 * @tolerance_ns: as for trib_overlay_join_find()
 *
 * Fused records are in order of time: after one of a later frame, @frame gets none.
 *
 * Returns: whether no record of @frame can follow
 */
gboolean
trib_overlay_join_is_passed (
    const TribOverlayJoin *join, const TribOverlayKey *frame, gint64 tolerance_ns)
{
  if (join->has_fused && compare (&join->fused, frame, tolerance_ns) == ORDER_AFTER)
    return TRUE;
  return frame->running_ns != TRIB_OVERLAY_NO_TIME && frame->running_ns < join->passed_running;
}

/**
 * trib_overlay_join_leave:
 * @join: a join
 * @frame: is output now
 * @tolerance_ns: as for trib_overlay_join_find()
 * @use: whether its records were drawn on it
 *
 * Its records are used, earlier ones unmatched, and both may be held for later frames. A frame
 * before the last one restarts the order: records about it are not late.
 */
void
trib_overlay_join_leave (
    TribOverlayJoin *join, const TribOverlayKey *frame, gint64 tolerance_ns, gboolean use)
{
  GList *next;

  if (join->has_left && compare (frame, &join->left, 0) == ORDER_BEFORE)
    trib_overlay_join_restart (join);
  for (GList *l = join->pending.head; l != NULL; l = next) {
    TribOverlayRecord *record = l->data;
    Order order = compare (&record->key, frame, tolerance_ns);

    next = l->next;
    if (order != ORDER_BEFORE && order != ORDER_SAME)
      continue;
    take (join, l);
    if (order == ORDER_SAME && use)
      join->counts.used++;
    else
      join->counts.unmatched++;
    hold (join, record);
    trib_overlay_record_unref (record);
  }
  join->has_left = TRUE;
  join->left = *frame;
  join->left_tolerance = tolerance_ns;
}

/* age of a record against @frame; by its arrival where no time is known */
static gint64
age_of (const TribOverlayRecord *record, const TribOverlayKey *frame, gint64 now_ns)
{
  gint64 difference;

  if (!time_between (frame, &record->key, &difference))
    difference = now_ns - record->arrival_ns;
  return MAX (difference, 0);
}

/**
 * trib_overlay_join_held:
 * @join: a join
 * @frame: a frame without records of its own
 * @now_ns: monotonic time
 * @hold_ns: maximum age against @frame
 * @records: (element-type TribOverlayRecord): held ones are added, referenced
 *
 * Returns: their age, ns; -1: none
 */
gint64
trib_overlay_join_held (TribOverlayJoin *join, const TribOverlayKey *frame, gint64 now_ns,
    gint64 hold_ns, GPtrArray *records)
{
  const TribOverlayRecord *first;
  gint64 age;

  if (join->held->len == 0)
    return -1;
  first = join->held->pdata[0];
  if (is_other_stream (&first->key, frame))
    return -1;
  age = age_of (first, frame, now_ns);
  if (age > hold_ns)
    return -1;
  for (guint i = 0; i < join->held->len; i++)
    g_ptr_array_add (records, trib_overlay_record_ref (join->held->pdata[i]));
  return age;
}

void
trib_overlay_join_get_counts (const TribOverlayJoin *join, TribOverlayCounts *ret_counts)
{
  *ret_counts = join->counts;
  ret_counts->pending = join->pending.length;
}
