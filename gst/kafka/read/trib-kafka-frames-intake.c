/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-frames-private.h"

#define MAX_REPORTED 64
/* how long a beginning that is earlier than the broker says is looked for */
#define EARLIER_US (10 * G_TIME_SPAN_SECOND)

/* the outcome of a frame that is not given */
void
trib_kafka_frames_settle (
    TribKafkaFrames *f, const TribKafkaCandidate *s, guint64 *counter, const gchar *outcome)
{
  TRIB_LOG (
      &trib_kafka_debug, TRIB_LOG_DEBUG, s->entry.identity.frame_id, "not given: %s", outcome);
  g_mutex_lock (&f->lock);
  (*counter)++;
  f->counts.pending--;
  g_mutex_unlock (&f->lock);
}

static gboolean
is_wanted (const TribKafkaFrames *f, const TribKafkaCandidate *s)
{
  return (f->wanted_session == NULL || g_str_equal (f->wanted_session, s->entry.identity.session))
         && (f->wanted_stream == NULL || g_str_equal (f->wanted_stream, s->entry.identity.stream));
}

/* @s: (transfer full): its stream or session is not given, which is reported once */
static void
leave_out (TribKafkaFrames *f, TribKafkaFramesResult result, TribKafkaCandidate *s)
{
  const TribKafkaIdentity *id = &s->entry.identity;
  g_autoptr (TribKafkaCandidate) owned = s;
  gchar *name = g_strdup_printf (
      "%u %s", result, result == TRIB_KAFKA_FRAMES_OTHER_STREAM ? id->stream : id->session);

  if (g_hash_table_size (f->reported) == MAX_REPORTED)
    g_free (name);
  else if (g_hash_table_add (f->reported, name))
    trib_kafka_frames_add_note (f, result, g_steal_pointer (&owned), NULL);
}

/* frames that waited to be confirmed, in vain */
void
trib_kafka_frames_leave_out_dropped (TribKafkaFrames *f)
{
  TribKafkaCandidate *s;
  gboolean other;

  while ((s = trib_kafka_index_order_take_dropped (f->by_index, &other))) {
    if (other)
      trib_kafka_frames_settle (f, s, &f->counts.filtered, "of a session that is not given");
    else
      trib_kafka_frames_settle (
          f, s, &f->counts.implausible, "far from the frames before and after it");
    leave_out (f, TRIB_KAFKA_FRAMES_OTHER_SESSION, s);
  }
}

/* @s: (transfer full): in order of time, of a session and stream that may be wanted */
void
trib_kafka_frames_admit (TribKafkaFrames *f, TribKafkaCandidate *s)
{
  g_autoptr (TribKafkaCandidate) owned = s;

  if (s->entry.identity.t_ns < f->from_ns) {
    trib_kafka_frames_settle (f, s, &f->counts.before, "before the time that was asked for");
    return;
  }
  if (f->any_producer)
    trib_kafka_candidate_set_index (s, f->next_index++);
  if (f->stream == NULL)
    f->stream = g_strdup (s->entry.identity.stream);
  if (!g_str_equal (f->stream, s->entry.identity.stream)) {
    trib_kafka_frames_settle (f, s, &f->counts.filtered, "of another stream");
    leave_out (f, TRIB_KAFKA_FRAMES_OTHER_STREAM, g_steal_pointer (&owned));
    return;
  }
  switch (trib_kafka_index_order_add (f->by_index, s)) {
    case TRIB_KAFKA_INDEX_ORDER_KEPT:
      TRIB_LOG (&trib_kafka_debug, TRIB_LOG_LOG, s->entry.identity.frame_id, "admitted");
      g_steal_pointer (&owned);
      return;
    case TRIB_KAFKA_INDEX_ORDER_DUPLICATE:
      trib_kafka_frames_settle (f, s, &f->counts.duplicates, "duplicate");
      return;
    case TRIB_KAFKA_INDEX_ORDER_LATE:
      trib_kafka_frames_settle (f, s, &f->counts.late, "late");
      return;
    case TRIB_KAFKA_INDEX_ORDER_LATE_FAILED:
      trib_kafka_frames_settle (f, s, &f->counts.failed, "failed, late");
      trib_kafka_frames_add_note (f, TRIB_KAFKA_FRAMES_MISSING, g_steal_pointer (&owned), NULL);
      return;
    case TRIB_KAFKA_INDEX_ORDER_ENDED:
      trib_kafka_frames_settle (f, s, &f->counts.filtered, "of a session that has ended");
      leave_out (f, TRIB_KAFKA_FRAMES_OTHER_SESSION, g_steal_pointer (&owned));
      return;
  }
}

/* @m: taken over, or cleared */
static TribKafkaCandidate *
make_candidate (TribKafkaFrames *f, TribKafkaMessage *m, GError **error)
{
  if (f->any_producer)
    return trib_kafka_candidate_from_anything (m, f->bytes_topic,
        f->wanted_session ? f->wanted_session : f->bytes_topic,
        f->wanted_stream ? f->wanted_stream : "0", error);
  if (f->read_by == TRIB_KAFKA_READ_BY_REGISTRY)
    return trib_kafka_candidate_from_registry (m, f->reader, error);
  return trib_kafka_candidate_from_bytes (m, f->bytes_topic, error);
}

/* @s: (transfer full): its names are known */
void
trib_kafka_frames_take_candidate (TribKafkaFrames *f, gint32 partition, TribKafkaCandidate *s)
{
  g_autoptr (TribKafkaCandidate) owned = s;

  if (!is_wanted (f, s)) {
    TRIB_LOG (&trib_kafka_debug, TRIB_LOG_LOG, s->entry.identity.frame_id,
        "not given: of a session or stream that is not wanted");
    trib_kafka_frames_note_other (f, s);
    COUNT_RECORD (f, filtered);
  } else {
    COUNT_RECORD (f, pending);
    trib_kafka_time_order_add (f->by_time, partition, g_steal_pointer (&owned));
  }
  /* it may have been the last one that is wanted */
  trib_kafka_time_order_set_idle (
      f->by_time, partition, !trib_kafka_cursor_is_reading (f->cursor, partition));
}

static void
take_record (TribKafkaFrames *f, TribKafkaMessage *m)
{
  g_autoptr (GError) why = NULL;
  gint32 partition = m->partition;
  gint64 offset = m->offset, t_ms = m->t_ms;
  TribKafkaCandidate *s = make_candidate (f, m, &why);

  trib_kafka_time_order_passed (f->by_time, partition, t_ms);
  COUNT (f, cut, s && s->cut);
  if (s == NULL)
    trib_kafka_frames_note_malformed (f, partition, offset, why->message);
  else if (s->kind == TRIB_KAFKA_CANDIDATE_BYTES && !f->any_producer)
    f->unnamed = s;
  else
    trib_kafka_frames_take_candidate (f, partition, s);
}

/* partitions are known once the cursor gives anything of them */
static void
learn_partitions (TribKafkaFrames *f)
{
  gint32 n = trib_kafka_cursor_get_n_partitions (f->cursor);

  gint32 first = trib_kafka_time_order_get_n_partitions (f->by_time);

  if (first == n)
    return;
  trib_kafka_time_order_set_n_partitions (f->by_time, n);
  for (gint32 p = first; p < n; p++)
    trib_kafka_time_order_set_idle (f->by_time, p, !trib_kafka_cursor_is_reading (f->cursor, p));
}

/* Timestamps of records are not later than their capture times, and may be earlier.
 * Returns: whether reading begins earlier than the broker says */
static gboolean
go_back (TribKafkaFrames *f, TribKafkaCursorItem *at, gboolean is_record)
{
  gint64 deadline = g_get_monotonic_time () + EARLIER_US;

  f->by_broker = FALSE;
  for (gint32 p = 0; p < trib_kafka_cursor_get_n_partitions (f->cursor); p++) {
    gint64 position = trib_kafka_cursor_get_position (f->cursor, p), low, high, begin;

    if (!trib_kafka_cursor_get_range (f->cursor, p, &low, &high))
      continue;
    position -= is_record && at->partition == p;
    begin = trib_kafka_earlier_find (f->earlier, p, low, position, f->from_ns, deadline);
    if (begin == position)
      continue;
    f->went_back = TRUE;
    trib_kafka_cursor_seek_partition (f->cursor, p, begin);
    if (is_record && at->partition == p)
      trib_kafka_message_clear (&at->message);
  }
  return f->went_back;
}

/* one item of the followed topic; TIMEOUT: nothing to report */
TribKafkaFramesResult
trib_kafka_frames_pump (
    TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item, GError **error)
{
  TribKafkaCursorItem at;
  TribKafkaCursorResult result = trib_kafka_cursor_next (f->cursor, deadline, &at, error);

  if (f->by_broker && trib_kafka_cursor_is_positioned (f->cursor)
      && go_back (f, &at, result == TRIB_KAFKA_CURSOR_RECORD)
      && (result == TRIB_KAFKA_CURSOR_END || result == TRIB_KAFKA_CURSOR_CAUGHT_UP
          || (result == TRIB_KAFKA_CURSOR_RECORD && at.message.message == NULL)))
    result = TRIB_KAFKA_CURSOR_TIMEOUT;
  if (at.partition >= 0)
    learn_partitions (f);
  if (result != TRIB_KAFKA_CURSOR_TIMEOUT && result != TRIB_KAFKA_CURSOR_CAUGHT_UP)
    f->caught_up_since = -1;
  switch (result) {
    case TRIB_KAFKA_CURSOR_RECORD:
      take_record (f, &at.message);
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_CAUGHT_UP:
      trib_kafka_time_order_set_idle (f->by_time, at.partition, TRUE);
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LOST:
      item->partition = at.partition;
      item->n_missing = at.to - at.from;
      COUNT (f, lost, item->n_missing);
      f->lost = TRUE;
      return TRIB_KAFKA_FRAMES_LOST;
    case TRIB_KAFKA_CURSOR_UNREADABLE:
      trib_kafka_frames_note_malformed (f, at.partition, at.from, "the record is damaged");
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LINK:
      return trib_kafka_frames_take_link (f, FOLLOWED, &at.link, item) ? TRIB_KAFKA_FRAMES_LINK
                                                                       : TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_END:
      trib_kafka_time_order_set_all_idle (f->by_time);
      f->ended = TRUE;
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_FLUSHING:
      return TRIB_KAFKA_FRAMES_FLUSHING;
    case TRIB_KAFKA_CURSOR_ERROR:
      return TRIB_KAFKA_FRAMES_ERROR;
    default:
      return TRIB_KAFKA_FRAMES_TIMEOUT;
  }
}
