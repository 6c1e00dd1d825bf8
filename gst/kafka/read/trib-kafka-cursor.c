/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-cursor-private.h"

#include <kafka/client/trib-kafka-config.h>
#include <kafka/trib-kafka-debug.h>

/* between two looks at the connection */
#define SLICE_MS 100
/* nothing arrived for so long although something is due: the client's thread is woken */
#define NUDGE_MS 5
/* between two questions whether the broker is back */
#define PROBE_US (300 * G_TIME_SPAN_MILLISECOND)
/* between two questions for a topic that is not there */
#define AGAIN_MS 100
#define BATCH_BYTES (1024 * 1024)

/**
 * trib_kafka_cursor_new:
 * @config: settings; read here, not kept
 * @error: return location
 *
 * Makes a client of its own; asks nothing of the broker yet. It stands at
 * %TRIB_KAFKA_START_NOWHERE.
 *
 * Returns: (transfer full): a cursor, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaCursor *
trib_kafka_cursor_new (const TribKafkaCursorConfig *config, GError **error)
{
  g_autoptr (TribKafkaCursor) c = g_new0 (TribKafkaCursor, 1);

  c->in_process = config->in_process;
  c->wait_for_topic = config->wait_for_topic;
  c->lost = g_array_new (FALSE, FALSE, sizeof (CursorLoss));
  c->at.start = TRIB_KAFKA_START_NOWHERE;
  c->at.partition = -1;
  c->waiting_since = -1;
  if (!trib_kafka_topic_check (config->topic, error))
    return NULL;
  c->consumer = trib_kafka_consumer_new (&config->client, error);
  if (c->consumer == NULL)
    return NULL;
  c->refresh_us = trib_kafka_consumer_get_refresh_us (c->consumer);
  c->queue = rd_kafka_queue_new (c->consumer->client);
  c->topic = rd_kafka_topic_new (c->consumer->client, config->topic, NULL);
  return g_steal_pointer (&c);
}

static void
stop_all (TribKafkaCursor *c)
{
  for (gint32 p = 0; p < c->n_parts; p++)
    trib_kafka_cursor_stop (c, p);
}

/**
 * trib_kafka_cursor_free:
 * @c: (transfer full): a cursor
 *
 * Messages that it gave may outlive it.
 */
void
trib_kafka_cursor_free (TribKafkaCursor *c)
{
  stop_all (c);
  while (c->next_in_batch < c->n_batch)
    g_clear_pointer (&c->batch[c->next_in_batch++], rd_kafka_message_destroy);
  g_clear_pointer (&c->topic, rd_kafka_topic_destroy);
  g_clear_pointer (&c->queue, rd_kafka_queue_destroy);
  g_clear_pointer (&c->consumer, trib_kafka_consumer_release);
  g_array_unref (c->lost);
  g_free (c->parts);
  g_free (c);
}

/**
 * trib_kafka_cursor_seek:
 * @c: a cursor
 * @position: where to read from
 *
 * Takes effect with the next item. Does not wait for the broker.
 */
void
trib_kafka_cursor_seek (TribKafkaCursor *c, const TribKafkaPosition *position)
{
  stop_all (c);
  c->nothing = TRIB_KAFKA_NOTHING_NONE;
  c->at = *position;
  if (c->n_parts > 0)
    trib_kafka_cursor_set_state (c, c->at.start == TRIB_KAFKA_START_NOWHERE
                                        ? TRIB_KAFKA_CURSOR_READING
                                        : TRIB_KAFKA_CURSOR_POSITIONING);
  c->waiting_since = -1;
  g_array_set_size (c->lost, 0);
  for (gint32 p = 0; p < c->n_parts; p++)
    c->parts[p] = (CursorPartition){ 0 };
}

/* @thread: any */
void
trib_kafka_cursor_set_flushing (TribKafkaCursor *c, gboolean flushing)
{
  g_atomic_int_set (&c->flushing, flushing);
  if (flushing)
    rd_kafka_queue_yield (c->queue);
}

/* ---- reading ---- */

static gboolean
is_at_end (const TribKafkaCursor *c)
{
  for (gint32 p = 0; p < c->n_parts; p++)
    if (c->parts[p].wanted && c->parts[p].position < c->parts[p].high)
      return FALSE;
  return TRUE;
}

/* a partition of which records are due, -1: none is */
static gint32
find_due (const TribKafkaCursor *c)
{
  for (gint32 p = 0; p < c->n_parts; p++)
    if (c->parts[p].state == TRIB_KAFKA_PARTITION_READING
        || c->parts[p].state == TRIB_KAFKA_PARTITION_OUT_OF_RANGE)
      return p;
  return -1;
}

static void
note_progress (TribKafkaCursor *c)
{
  c->waiting_since = -1;
  c->nudged = FALSE;
  trib_kafka_consumer_progress (c->consumer);
}

/* the end that was asked for is reached: what is written meanwhile is not transferred */
static void
stop_at_end (TribKafkaCursor *c, gint32 partition)
{
  if (c->at.to_end && c->parts[partition].position >= c->parts[partition].high)
    trib_kafka_cursor_stop (c, partition);
}

/* a missing topic may be created again; missing authorisation is reported */
static gboolean
is_waited_for (const TribKafkaCursor *c, const GError *error)
{
  return c->wait_for_topic && c->at.partition < 0
         && g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC);
}

static TribKafkaCursorResult
handle_event (
    TribKafkaCursor *c, const rd_kafka_message_t *m, TribKafkaCursorItem *item, GError **error)
{
  CursorPartition *part = &c->parts[m->partition];
  g_autoptr (GError) why = NULL;

  item->partition = m->partition;
  switch (m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (part->state == TRIB_KAFKA_PARTITION_READING)
        trib_kafka_cursor_set_partition_state (
            c, m->partition, TRIB_KAFKA_PARTITION_CAUGHT_UP, NULL);
      part->position = MAX (part->position, m->offset);
      item->to = part->position;
      note_progress (c);
      stop_at_end (c, m->partition);
      return TRIB_KAFKA_CURSOR_CAUGHT_UP;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      trib_kafka_cursor_set_partition_state (
          c, m->partition, TRIB_KAFKA_PARTITION_OUT_OF_RANGE, NULL);
      return TRIB_KAFKA_CURSOR_TIMEOUT;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
      TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, rd_kafka_topic_name (c->topic),
          "partition %d: the record at offset %" G_GINT64_FORMAT " is damaged: %s", m->partition,
          m->offset, rd_kafka_message_errstr (m));
      item->from = m->offset;
      item->to = m->offset + 1;
      part->position = MAX (part->position, m->offset + 1);
      stop_at_end (c, m->partition);
      return TRIB_KAFKA_CURSOR_UNREADABLE;
    default:
      if (trib_kafka_consumer_is_final (m->err)) {
        trib_kafka_consumer_set_error (&why, rd_kafka_topic_name (c->topic), m->err);
        if (!is_waited_for (c, why)) {
          g_propagate_error (error, g_steal_pointer (&why));
          return TRIB_KAFKA_CURSOR_ERROR;
        }
      }
      trib_kafka_consumer_trouble (c->consumer, rd_kafka_message_errstr (m));
      return TRIB_KAFKA_CURSOR_TIMEOUT;
  }
}

/* @m: (transfer full) */
static TribKafkaCursorResult
handle (TribKafkaCursor *c, rd_kafka_message_t *m, TribKafkaCursorItem *item, GError **error)
{
  TribKafkaCursorResult result = TRIB_KAFKA_CURSOR_TIMEOUT;
  CursorPartition *part;

  if (m->partition < 0 || m->partition >= c->n_parts
      || c->parts[m->partition].state == TRIB_KAFKA_PARTITION_STOPPED) {
    /* what was on its way when the partition was stopped */
    rd_kafka_message_destroy (m);
    return result;
  }
  part = &c->parts[m->partition];
  if (m->err) {
    result = handle_event (c, m, item, error);
    rd_kafka_message_destroy (m);
    return result;
  }
  if (m->offset < part->position || (c->at.to_end && m->offset >= part->high)) {
    /* in front of the position within its batch, or written since the end was looked for */
    part->position = MAX (part->position, MIN (m->offset, part->high));
    rd_kafka_message_destroy (m);
    stop_at_end (c, m->partition);
    return result;
  }
  note_progress (c);
  part->position = m->offset + 1;
  if (part->state == TRIB_KAFKA_PARTITION_CAUGHT_UP)
    trib_kafka_cursor_set_partition_state (c, m->partition, TRIB_KAFKA_PARTITION_READING, NULL);
  part->resets = 0;
  c->record_bytes = m->len;
  item->partition = m->partition;
  trib_kafka_message_init (&item->message, c->consumer, m);
  stop_at_end (c, m->partition);
  return TRIB_KAFKA_CURSOR_RECORD;
}

/* The client's thread may sleep for up to a second once its queue was full (librdkafka before 2.2),
 * emptied or not. Any question to the partition's leader wakes it. */
static void
nudge (TribKafkaCursor *c, gint32 partition)
{
  g_autoptr (GError) error = NULL;
  gint64 offset;

  c->nudged = TRUE;
  /* not rd_kafka_query_watermark_offsets(): that one waits for a minute without an answer */
  if (c->consumer->link.state == TRIB_LINK_CONNECTED)
    trib_kafka_consumer_ask_offsets (
        c->consumer, c->topic, &partition, 1, RD_KAFKA_OFFSET_END, &offset, &error);
}

/* the ends of all partitions that are read, by which of them */
static TribKafkaAnswer
ask_ends (TribKafkaCursor *c, gint32 *which, gint64 *ends, guint *n, GError **error)
{
  *n = 0;
  for (gint32 p = 0; p < c->n_parts; p++)
    if (c->parts[p].state != TRIB_KAFKA_PARTITION_STOPPED)
      which[(*n)++] = p;
  return *n == 0 ? TRIB_KAFKA_ANSWER_YES
                 : trib_kafka_consumer_ask_offsets (
                     c->consumer, c->topic, which, *n, RD_KAFKA_OFFSET_END, ends, error);
}

/* whether a broker that seemed to be away answers again, while no record says so */
static TribKafkaAnswer
probe (TribKafkaCursor *c, GError **error)
{
  g_autofree gint32 *which = g_new (gint32, c->n_parts);
  g_autofree gint64 *ends = g_new (gint64, c->n_parts);
  g_autoptr (GError) why = NULL;
  TribKafkaAnswer answer;
  guint n;

  if (c->consumer->link.state == TRIB_LINK_CONNECTED || g_get_monotonic_time () < c->next_probe)
    return TRIB_KAFKA_ANSWER_YES;
  answer = ask_ends (c, which, ends, &n, &why);
  c->next_probe = g_get_monotonic_time () + PROBE_US;
  if (answer != TRIB_KAFKA_ANSWER_ERROR || is_waited_for (c, why))
    return TRIB_KAFKA_ANSWER_YES;
  g_propagate_error (error, g_steal_pointer (&why));
  return answer;
}

/**
 * trib_kafka_cursor_ask_topic:
 * @c: a cursor
 * @topic: another topic
 *
 * Blocks for a second at most.
 *
 * Returns: whether there is such a topic, which this client may not be allowed to see;
 *   %TRIB_KAFKA_ANSWER_ERROR: there is none
 */
TribKafkaAnswer
trib_kafka_cursor_ask_topic (TribKafkaCursor *c, const gchar *topic)
{
  rd_kafka_topic_t *other = rd_kafka_topic_new (c->consumer->client, topic, NULL);
  g_autoptr (GError) error = NULL;
  gint32 n;
  TribKafkaAnswer answer = trib_kafka_consumer_ask_partitions (c->consumer, other, &n, &error);

  rd_kafka_topic_destroy (other);
  return g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_NOT_AUTHORIZED)
             ? TRIB_KAFKA_ANSWER_YES
             : answer;
}

/* as trib_kafka_consumer_take_event() */
gboolean
trib_kafka_cursor_take_event (TribKafkaCursor *c, TribLinkEvent *ret_event)
{
  return trib_kafka_consumer_take_event (c->consumer, ret_event);
}

/**
 * trib_kafka_cursor_confirm_end:
 * @c: a cursor
 *
 * Asks the broker: what the client last saw may be old, when the broker stands still or is away.
 * Blocks for a second at most.
 *
 * Returns: whether everything that there is now was read
 */
gboolean
trib_kafka_cursor_confirm_end (TribKafkaCursor *c)
{
  g_autofree gint32 *which = g_new (gint32, c->n_parts);
  g_autofree gint64 *ends = g_new (gint64, c->n_parts);
  guint n;

  if (!trib_kafka_cursor_is_caught_up (c)
      || ask_ends (c, which, ends, &n, NULL) != TRIB_KAFKA_ANSWER_YES)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (c->parts[which[i]].position < ends[i])
      return FALSE;
  return TRUE;
}

/* (transfer full) (nullable): Takes as many as are there, because each call costs a few locks and
 * looks at the clock; when none is, waits for one. */
static rd_kafka_message_t *
take (TribKafkaCursor *c, gint wait_ms)
{
  gssize n;

  while (c->next_in_batch < c->n_batch) {
    rd_kafka_message_t *m = g_steal_pointer (&c->batch[c->next_in_batch++]);
    if (m)
      return m;
  }
  c->next_in_batch = 0;
  n = rd_kafka_consume_batch_queue (c->queue, 0, c->batch,
      CLAMP (BATCH_BYTES / (c->record_bytes + 1), 1, TRIB_KAFKA_CURSOR_BATCH));
  /* the first call may have taken the wake-up */
  if (n <= 0 && !g_atomic_int_get (&c->flushing))
    n = rd_kafka_consume_batch_queue (c->queue, wait_ms, c->batch, 1);
  c->n_batch = MAX (n, 0);
  return c->n_batch > 0 ? g_steal_pointer (&c->batch[c->next_in_batch++]) : NULL;
}

static TribKafkaCursorResult
read_one (TribKafkaCursor *c, gint64 deadline, TribKafkaCursorItem *item, GError **error)
{
  gint64 now = g_get_monotonic_time ();
  gint64 left_ms;
  gint32 due;
  rd_kafka_message_t *m;

  trib_kafka_cursor_look_for_partitions (c, now);
  left_ms = deadline < 0 ? SLICE_MS : MAX ((deadline - now + 999) / 1000, 0);
  due = c->nudged ? -1 : find_due (c);
  m = take (c, MIN (left_ms, due < 0 ? SLICE_MS : NUDGE_MS));
  if (m)
    return handle (c, m, item, error);
  if (c->waiting_since < 0)
    c->waiting_since = now;
  if (due >= 0 && g_get_monotonic_time () - now >= NUDGE_MS * 1000)
    nudge (c, due);
  trib_kafka_consumer_poll (c->consumer);
  trib_kafka_consumer_tick (c->consumer, find_due (c) >= 0 ? c->waiting_since : -1);
  return probe (c, error) == TRIB_KAFKA_ANSWER_ERROR ? TRIB_KAFKA_CURSOR_ERROR
                                                     : TRIB_KAFKA_CURSOR_TIMEOUT;
}

/* one step towards the next item; TIMEOUT: there is none yet */
static TribKafkaCursorResult
step (TribKafkaCursor *c, gint64 deadline, TribKafkaCursorItem *item, GError **error)
{
  g_autoptr (GError) why = NULL;
  TribKafkaAnswer answer = TRIB_KAFKA_ANSWER_YES;
  gint32 partition = -1;

  if (c->state == TRIB_KAFKA_CURSOR_READING && c->n_out_of_range == 0)
    return c->at.to_end && is_at_end (c) ? TRIB_KAFKA_CURSOR_END
                                         : read_one (c, deadline, item, error);
  if (g_get_monotonic_time () < c->ask_at) {
    /* a wait that can be woken; partitions beside one that is out of range are read meanwhile */
    rd_kafka_message_t *m = take (c, AGAIN_MS);
    return m ? handle (c, m, item, error) : TRIB_KAFKA_CURSOR_TIMEOUT;
  }
  if (c->state == TRIB_KAFKA_CURSOR_OPENING)
    answer = trib_kafka_cursor_ask_partitions (c, &why);
  else if (c->state == TRIB_KAFKA_CURSOR_POSITIONING)
    answer = trib_kafka_cursor_ask_positions (c, &why);
  else
    answer = trib_kafka_cursor_ask_ranges (c, &partition, &why);
  if (answer == TRIB_KAFKA_ANSWER_YES)
    return TRIB_KAFKA_CURSOR_TIMEOUT;
  c->ask_at = g_get_monotonic_time () + AGAIN_MS * 1000;
  if (answer == TRIB_KAFKA_ANSWER_AGAIN)
    return TRIB_KAFKA_CURSOR_TIMEOUT;
  if (c->state != TRIB_KAFKA_CURSOR_READING && is_waited_for (c, why)) {
    c->nothing = TRIB_KAFKA_NOTHING_TOPIC;
    return TRIB_KAFKA_CURSOR_TIMEOUT;
  }
  item->partition = partition;
  g_propagate_error (error, g_steal_pointer (&why));
  return TRIB_KAFKA_CURSOR_ERROR;
}

/**
 * trib_kafka_cursor_next:
 * @c: a cursor
 * @deadline: monotonic time, us, up to which to wait; -1: without end; 0: not at all, when nothing
 *   has to be asked
 * @item: (out caller-allocates): filled as the result says
 * @error: return location
 *
 * Waits through outages; trib_kafka_cursor_set_flushing() wakes it.
 *
 * Returns: what @item holds
 */
TribKafkaCursorResult
trib_kafka_cursor_next (
    TribKafkaCursor *c, gint64 deadline, TribKafkaCursorItem *item, GError **error)
{
  TribKafkaCursorResult result;

  *item = (TribKafkaCursorItem){ .partition = -1 };
  c->consumer->deadline = deadline;
  do {
    if (g_atomic_int_get (&c->flushing))
      return TRIB_KAFKA_CURSOR_FLUSHING;
    if (trib_kafka_consumer_take_event (c->consumer, &item->link))
      return TRIB_KAFKA_CURSOR_LINK;
    if (c->lost->len > 0) {
      const CursorLoss *lost = &g_array_index (c->lost, CursorLoss, 0);
      item->partition = lost->partition;
      item->from = lost->from;
      item->to = lost->to;
      g_array_remove_index (c->lost, 0);
      return TRIB_KAFKA_CURSOR_LOST;
    }
    result = step (c, deadline, item, error);
    if (result != TRIB_KAFKA_CURSOR_TIMEOUT)
      return result;
  } while (deadline < 0 || g_get_monotonic_time () < deadline);
  return TRIB_KAFKA_CURSOR_TIMEOUT;
}

/* ---- what is known ---- */

/**
 * trib_kafka_cursor_ask_end:
 * @c: a cursor that knows its partitions
 * @partition: which of them
 * @ret_end: (out): the offset that the next record to be written will have
 * @error: return location
 *
 * Blocks for a second at most.
 *
 * Returns: what became of it
 */
TribKafkaAnswer
trib_kafka_cursor_ask_end (TribKafkaCursor *c, gint32 partition, gint64 *ret_end, GError **error)
{
  return trib_kafka_consumer_ask_offsets (
      c->consumer, c->topic, &partition, 1, RD_KAFKA_OFFSET_END, ret_end, error);
}

/* 0: not known yet */
gint32
trib_kafka_cursor_get_n_partitions (const TribKafkaCursor *c)
{
  return c->n_parts;
}

/* the next offset */
gint64
trib_kafka_cursor_get_position (const TribKafkaCursor *c, gint32 partition)
{
  g_return_val_if_fail (partition >= 0 && partition < c->n_parts, -1);

  return c->parts[partition].position;
}

/**
 * trib_kafka_cursor_get_range:
 * @c: a cursor
 * @partition: which partition
 * @ret_low: (out): its lowest offset when reading began
 * @ret_high: (out): the offset of the next record to be written, then
 *
 * Returns: whether that is known already
 */
gboolean
trib_kafka_cursor_get_range (
    const TribKafkaCursor *c, gint32 partition, gint64 *ret_low, gint64 *ret_high)
{
  if (c->state != TRIB_KAFKA_CURSOR_READING || partition < 0 || partition >= c->n_parts)
    return FALSE;
  *ret_low = c->parts[partition].low;
  *ret_high = c->parts[partition].high;
  return TRUE;
}

gboolean
trib_kafka_cursor_is_reading (const TribKafkaCursor *c, gint32 partition)
{
  g_return_val_if_fail (partition >= 0 && partition < c->n_parts, FALSE);

  return c->parts[partition].state != TRIB_KAFKA_PARTITION_STOPPED;
}

/* whether everything written so far is read */
gboolean
trib_kafka_cursor_is_caught_up (const TribKafkaCursor *c)
{
  return c->state == TRIB_KAFKA_CURSOR_READING && find_due (c) < 0;
}

/* whether it is known where partitions begin and end */
gboolean
trib_kafka_cursor_is_positioned (const TribKafkaCursor *c)
{
  return c->state == TRIB_KAFKA_CURSOR_READING;
}

/* of the position that was sought last */
TribKafkaNothing
trib_kafka_cursor_get_nothing (const TribKafkaCursor *c)
{
  return c->nothing;
}

/* (transfer none): a word for scripts, "" for NONE */
const gchar *
trib_kafka_nothing_to_string (TribKafkaNothing nothing)
{
  static const gchar *const words[] = {
    [TRIB_KAFKA_NOTHING_NONE] = "",
    [TRIB_KAFKA_NOTHING_TOPIC] = "topic",
    [TRIB_KAFKA_NOTHING_RECORD] = "record",
    [TRIB_KAFKA_NOTHING_OFFSET] = "offset",
    [TRIB_KAFKA_NOTHING_TIME] = "time",
    [TRIB_KAFKA_NOTHING_FILTER] = "filter",
  };

  return words[nothing];
}

/* (transfer none): the client's last error, "" when there is progress */
const gchar *
trib_kafka_cursor_get_trouble (const TribKafkaCursor *c)
{
  return trib_kafka_consumer_get_trouble (c->consumer);
}
