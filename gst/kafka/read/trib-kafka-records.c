/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-records.h"

#include "trib-kafka-time-order.h"
#include <kafka/trib-kafka-debug.h>

/* between two looks at what can be given meanwhile */
#define SLICE_US (100 * G_TIME_SPAN_MILLISECOND)

struct _TribKafkaRecords {
  /* the driving thread */
  TribKafkaCursor *cursor;
  TribKafkaTimeOrder *by_time;
  gint64 from_ms;
  gboolean ended;
  guint64 given_before; /* the position that was sought last */
  guint64 early_before;
  TribKafkaNothing nothing; /* of it */
  gboolean nothing_taken;

  GMutex lock;
  /* lock */
  TribKafkaRecordsCounts counts;
};

/**
 * trib_kafka_records_new:
 * @config: settings of the cursor; read here, not kept
 * @error: return location
 *
 * Of the bound on bytes three quarters are the client's, a quarter is for records that wait for
 * those of other partitions. Asks nothing of the broker yet. To be given a position with
 * trib_kafka_records_seek().
 *
 * Returns: (transfer full): what reads records, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaRecords *
trib_kafka_records_new (const TribKafkaCursorConfig *config, GError **error)
{
  guint64 bound = config->client.max_queued_bytes ? config->client.max_queued_bytes
                                                  : TRIB_KAFKA_CONSUMER_DEFAULT_QUEUED_BYTES;
  TribKafkaCursorConfig cursor = *config;
  TribKafkaRecords *r;

  cursor.client.max_queued_bytes = bound - bound / 4;
  r = g_new0 (TribKafkaRecords, 1);
  g_mutex_init (&r->lock);
  r->by_time = trib_kafka_time_order_new (bound / 4);
  r->from_ms = G_MININT64;
  r->cursor = trib_kafka_cursor_new (&cursor, error);
  if (r->cursor == NULL)
    g_clear_pointer (&r, trib_kafka_records_free);
  return r;
}

/**
 * trib_kafka_records_free:
 * @r: (transfer full): what reads records; messages that it gave may outlive it
 */
void
trib_kafka_records_free (TribKafkaRecords *r)
{
  g_clear_pointer (&r->by_time, trib_kafka_time_order_free);
  g_clear_pointer (&r->cursor, trib_kafka_cursor_free);
  g_mutex_clear (&r->lock);
  g_free (r);
}

/**
 * trib_kafka_records_seek:
 * @r: what reads records
 * @position: where to read from
 * @from_ms: earlier timestamps are skipped, ms since the Unix epoch; %G_MININT64: none
 *
 * Takes effect with the next item.
 */
void
trib_kafka_records_seek (TribKafkaRecords *r, const TribKafkaPosition *position, gint64 from_ms)
{
  g_mutex_lock (&r->lock);
  r->counts.flushed += r->counts.pending;
  r->counts.pending = 0;
  r->given_before = r->counts.given;
  r->early_before = r->counts.before;
  g_mutex_unlock (&r->lock);
  r->nothing = TRIB_KAFKA_NOTHING_NONE;
  r->nothing_taken = FALSE;
  trib_kafka_time_order_reset (r->by_time);
  trib_kafka_cursor_seek (r->cursor, position);
  r->from_ms = from_ms;
  r->ended = FALSE;
}

/* @thread: any */
void
trib_kafka_records_set_flushing (TribKafkaRecords *r, gboolean flushing)
{
  trib_kafka_cursor_set_flushing (r->cursor, flushing);
}

/* @thread: any */
void
trib_kafka_records_get_counts (TribKafkaRecords *r, TribKafkaRecordsCounts *ret_counts)
{
  g_mutex_lock (&r->lock);
  *ret_counts = r->counts;
  g_mutex_unlock (&r->lock);
}

/* (transfer none): the client's last error, "" when there is progress */
const gchar *
trib_kafka_records_get_trouble (const TribKafkaRecords *r)
{
  return trib_kafka_cursor_get_trouble (r->cursor);
}

/* whether everything written so far is read and given */
gboolean
trib_kafka_records_is_caught_up (const TribKafkaRecords *r)
{
  return trib_kafka_cursor_is_caught_up (r->cursor)
         && trib_kafka_time_order_get_length (r->by_time) == 0;
}

/* whether the topic does not exist, and is waited for */
gboolean
trib_kafka_records_is_topic_missing (const TribKafkaRecords *r)
{
  return trib_kafka_cursor_get_nothing (r->cursor) == TRIB_KAFKA_NOTHING_TOPIC;
}

/* as trib_kafka_consumer_take_event(); does not wait */
gboolean
trib_kafka_records_take_event (TribKafkaRecords *r, TribLinkEvent *ret_event)
{
  return trib_kafka_cursor_take_event (r->cursor, ret_event);
}

/* Blocks for a second at most. Returns: whether the broker says so, too */
gboolean
trib_kafka_records_confirm_end (TribKafkaRecords *r)
{
  return trib_kafka_cursor_confirm_end (r->cursor);
}

/* partitions are known once the cursor gives anything of them */
static void
learn_partitions (TribKafkaRecords *r)
{
  gint32 n = trib_kafka_cursor_get_n_partitions (r->cursor);

  gint32 first = trib_kafka_time_order_get_n_partitions (r->by_time);

  if (first == n)
    return;
  trib_kafka_time_order_set_n_partitions (r->by_time, n);
  for (gint32 p = first; p < n; p++)
    trib_kafka_time_order_set_idle (r->by_time, p, !trib_kafka_cursor_is_reading (r->cursor, p));
}

/* @m: taken over, or cleared */
static void
take_record (TribKafkaRecords *r, TribKafkaMessage *m)
{
  gint32 partition = m->partition;
  gboolean early = m->t_ms < r->from_ms;

  g_mutex_lock (&r->lock);
  r->counts.records++;
  r->counts.before += early;
  r->counts.pending += !early;
  g_mutex_unlock (&r->lock);
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_LOG, NULL, "partition %d offset %" G_GINT64_FORMAT ": %s",
      partition, m->offset, early ? "before the time that was asked for" : "admitted");
  if (early) {
    trib_kafka_time_order_passed (r->by_time, partition, m->t_ms);
    trib_kafka_message_clear (m);
  } else {
    trib_kafka_time_order_add (r->by_time, partition, trib_kafka_candidate_from_record (m));
  }
  /* it may have been the last one that is wanted */
  trib_kafka_time_order_set_idle (
      r->by_time, partition, !trib_kafka_cursor_is_reading (r->cursor, partition));
}

/* the next item of the cursor; TIMEOUT: nothing to report */
static TribKafkaCursorResult
pump (TribKafkaRecords *r, gint64 deadline, TribKafkaCursorItem *item, GError **error)
{
  TribKafkaCursorResult result = trib_kafka_cursor_next (r->cursor, deadline, item, error);

  if (item->partition >= 0)
    learn_partitions (r);
  switch (result) {
    case TRIB_KAFKA_CURSOR_RECORD:
      take_record (r, &item->message);
      return TRIB_KAFKA_CURSOR_TIMEOUT;
    case TRIB_KAFKA_CURSOR_CAUGHT_UP:
      trib_kafka_time_order_set_idle (r->by_time, item->partition, TRUE);
      return TRIB_KAFKA_CURSOR_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LOST:
      g_mutex_lock (&r->lock);
      r->counts.lost += item->to - item->from;
      g_mutex_unlock (&r->lock);
      return result;
    case TRIB_KAFKA_CURSOR_UNREADABLE:
      g_mutex_lock (&r->lock);
      r->counts.records++;
      r->counts.damaged++;
      g_mutex_unlock (&r->lock);
      return result;
    case TRIB_KAFKA_CURSOR_END:
      trib_kafka_time_order_set_all_idle (r->by_time);
      r->ended = TRUE;
      return TRIB_KAFKA_CURSOR_TIMEOUT;
    default:
      return result;
  }
}

/* Returns: whether it is known now that nothing is there to give */
static gboolean
look_for_nothing (TribKafkaRecords *r)
{
  TribKafkaNothing found = trib_kafka_cursor_get_nothing (r->cursor);

  if (r->counts.given > r->given_before)
    return FALSE;
  if (r->counts.before > r->early_before
      && (r->ended || trib_kafka_cursor_is_caught_up (r->cursor)))
    found = TRIB_KAFKA_NOTHING_TIME;
  /* what is followed may be empty at first */
  if (found == TRIB_KAFKA_NOTHING_RECORD && !r->ended)
    return FALSE;
  if (found == r->nothing)
    return FALSE;
  r->nothing = found;
  r->nothing_taken = FALSE;
  return found != TRIB_KAFKA_NOTHING_NONE;
}

/* why there is nothing to give, once; asked for when trib_kafka_records_next() has ended or had a
 * timeout */
TribKafkaNothing
trib_kafka_records_take_nothing (TribKafkaRecords *r)
{
  if (r->nothing_taken)
    return TRIB_KAFKA_NOTHING_NONE;
  r->nothing_taken = TRUE;
  return r->nothing;
}

static void
give (TribKafkaRecords *r, TribKafkaCandidate *s, TribKafkaCursorItem *item)
{
  *item = (TribKafkaCursorItem){ .message = s->message, .partition = s->message.partition };
  s->message = (TribKafkaMessage){ 0 };
  trib_kafka_candidate_free (s);
  g_mutex_lock (&r->lock);
  r->counts.given++;
  r->counts.given_bytes += item->message.value_len;
  r->counts.pending--;
  g_mutex_unlock (&r->lock);
}

/**
 * trib_kafka_records_next:
 * @r: what reads records
 * @deadline: monotonic time, us, up to which to wait; -1: without end
 * @item: (out caller-allocates): filled as the result says
 * @error: return location
 *
 * As trib_kafka_cursor_next(), with a timeout ahead of @deadline when nothing is found, and without
 * %TRIB_KAFKA_CURSOR_CAUGHT_UP;
 * trib_kafka_records_set_flushing() wakes it.
 *
 * Returns: what @item holds
 */
TribKafkaCursorResult
trib_kafka_records_next (
    TribKafkaRecords *r, gint64 deadline, TribKafkaCursorItem *item, GError **error)
{
  TribKafkaCursorResult result;

  do {
    TribKafkaCandidate *s = trib_kafka_time_order_take (r->by_time);
    gint64 slice;

    if (s) {
      give (r, s, item);
      return TRIB_KAFKA_CURSOR_RECORD;
    }
    if (look_for_nothing (r) && !r->ended)
      return TRIB_KAFKA_CURSOR_TIMEOUT;
    if (r->ended)
      return TRIB_KAFKA_CURSOR_END;
    slice = g_get_monotonic_time () + SLICE_US;
    result = pump (r, deadline < 0 ? slice : MIN (deadline, slice), item, error);
    if (result != TRIB_KAFKA_CURSOR_TIMEOUT)
      return result;
  } while (deadline < 0 || g_get_monotonic_time () < deadline);
  return TRIB_KAFKA_CURSOR_TIMEOUT;
}
