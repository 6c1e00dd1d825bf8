/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-cursor.h"

#include <kafka/client/trib-kafka-config.h>

#include <string.h>

/* between two looks at the connection */
#define SLICE_MS 100
/* nothing came for so long although something is there: the client's thread is woken */
#define NUDGE_MS 5
/* between two questions whether the broker is back */
#define PROBE_US (300 * G_TIME_SPAN_MILLISECOND)
/* between two questions for a topic that is not there */
#define AGAIN_MS 100
/* between two questions for partitions that somebody misses */
#define LOOK_AGAIN_US G_TIME_SPAN_SECOND
/* resets of one partition without a record in between */
#define MAX_RESETS 10
/* records taken from the client at once: so many, or so many bytes */
#define BATCH 32
#define BATCH_BYTES (1024 * 1024)

typedef enum {
  OPENING,     /* which partitions are there? */
  POSITIONING, /* where do they begin and end? */
  READING,
} CursorState;

typedef struct {
  gint64 position; /* next offset to give */
  gint64 low;      /* as they were when reading began */
  gint64 high;
  gboolean wanted;  /* one that the position names, or that was sought */
  gboolean started; /* being fetched */
  gboolean caught_up;
  gboolean out_of_range; /* the broker says so: its range has to be asked for */
  guint resets;
} CursorPartition;

typedef struct {
  gint32 partition;
  gint64 from;
  gint64 to;
} CursorLoss;

struct _TribKafkaCursor {
  /* set once */
  TribKafkaConsumer *consumer;
  rd_kafka_topic_t *topic;
  rd_kafka_queue_t *queue;
  gboolean in_process;
  gboolean wait_for_topic;
  gint64 refresh_us; /* -1: never */

  gint flushing; /* atomic */

  /* the driving thread */
  CursorState state;
  TribKafkaPosition at;
  CursorPartition *parts;
  gint32 n_parts;
  GArray *lost; /* of CursorLoss, not given yet */
  gint n_out_of_range;
  gint64 waiting_since; /* monotonic; -1: something came */
  gint64 next_probe;
  gint64 ask_at;   /* not before: the topic was not there */
  gint64 asked_at; /* monotonic: when it was asked for its partitions */
  gboolean nudged;
  rd_kafka_message_t
      *batch[BATCH]; /* taken from the client; NULL: given on, or not wanted any more */
  guint n_batch;
  guint next_in_batch;
  gsize record_bytes; /* of the last one */
};

/**
 * trib_kafka_cursor_new:
 * @config: settings; read here, not kept
 * @error: return location
 *
 * Makes a client of its own; asks nothing of the broker yet. It stands at %TRIB_KAFKA_START_NOWHERE.
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

/* what was taken of the partition's old position */
static void
drop_batch (TribKafkaCursor *c, gint32 partition)
{
  for (guint i = c->next_in_batch; i < c->n_batch; i++)
    if (c->batch[i] && c->batch[i]->partition == partition)
      g_clear_pointer (&c->batch[i], rd_kafka_message_destroy);
}

static void
stop (TribKafkaCursor *c, gint32 partition)
{
  if (c->parts[partition].started) {
    rd_kafka_consume_stop (c->topic, partition);
    drop_batch (c, partition);
  }
  c->parts[partition].started = FALSE;
}

static void
stop_all (TribKafkaCursor *c)
{
  for (gint32 p = 0; p < c->n_parts; p++)
    stop (c, p);
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
  g_clear_pointer (&c->consumer, trib_kafka_consumer_leave);
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
  c->at = *position;
  c->state = c->n_parts == 0                           ? OPENING
             : c->at.start == TRIB_KAFKA_START_NOWHERE ? READING
                                                       : POSITIONING;
  c->waiting_since = -1;
  c->n_out_of_range = 0;
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

/* ---- positions ---- */

static void
forget_range (TribKafkaCursor *c, CursorPartition *part)
{
  if (part->out_of_range)
    c->n_out_of_range--;
  part->out_of_range = FALSE;
}

static void
start (TribKafkaCursor *c, gint32 partition, gint64 offset)
{
  CursorPartition *part = &c->parts[partition];

  stop (c, partition);
  forget_range (c, part);
  part->position = offset;
  part->wanted = TRUE;
  part->caught_up = FALSE;
  part->started = rd_kafka_consume_start_queue (c->topic, partition, part->position, c->queue) == 0;
}

/**
 * trib_kafka_cursor_seek_partition:
 * @c: a cursor that knows its partitions
 * @partition: which of them
 * @offset: where to read it from
 *
 * The others stay where they are.
 */
void
trib_kafka_cursor_seek_partition (TribKafkaCursor *c, gint32 partition, gint64 offset)
{
  g_return_if_fail (partition >= 0 && partition < c->n_parts && offset >= 0);

  c->parts[partition].resets = 0;
  start (c, partition, offset);
}

/* reads it no more */
void
trib_kafka_cursor_stop_partition (TribKafkaCursor *c, gint32 partition)
{
  g_return_if_fail (partition >= 0 && partition < c->n_parts);

  stop (c, partition);
  /* else its range would be asked for again and again, and be an error for whoever reads another one */
  forget_range (c, &c->parts[partition]);
  c->parts[partition].wanted = FALSE;
}

static gint64
find_position (const TribKafkaCursor *c, const CursorPartition *part, gint64 by_time)
{
  switch (c->at.start) {
    case TRIB_KAFKA_START_LATEST:
      return part->high;
    case TRIB_KAFKA_START_OFFSET:
      return c->at.offset < 0 ? MAX (part->low, part->high + c->at.offset)
                              : MIN (c->at.offset, part->high);
    case TRIB_KAFKA_START_TIME:
      return c->in_process ? part->low : by_time < 0 ? part->high : by_time;
    default:
      return part->low;
  }
}

static void
begin (TribKafkaCursor *c, gint32 partition, gint64 by_time)
{
  CursorPartition *part = &c->parts[partition];
  gint64 position = find_position (c, part, by_time);

  if (position < part->low) {
    CursorLoss lost = { partition, position, part->low };
    g_array_append_val (c->lost, lost);
    position = part->low;
  }
  part->position = position;
  part->wanted = TRUE;
  if (!c->at.to_end || position < part->high)
    start (c, partition, position);
}

/* the low, the high and, where a time was asked for, its offset, of the partitions that are wanted */
static TribKafkaAnswer
ask_positions (TribKafkaCursor *c, GError **error)
{
  gboolean all = c->at.partition < 0;
  guint n = all ? c->n_parts : 1;
  g_autofree gint32 *which = g_new (gint32, n);
  g_autofree gint64 *low = g_new (gint64, n), *high = g_new (gint64, n);
  g_autofree gint64 *by_time = g_new (gint64, n);
  TribKafkaAnswer answer;

  for (guint i = 0; i < n; i++)
    which[i] = all ? (gint32) i : c->at.partition;
  answer = trib_kafka_consumer_ask_offsets (
      c->consumer, c->topic, which, n, RD_KAFKA_OFFSET_BEGINNING, low, error);
  if (answer == TRIB_KAFKA_ANSWER_YES)
    answer = trib_kafka_consumer_ask_offsets (
        c->consumer, c->topic, which, n, RD_KAFKA_OFFSET_END, high, error);
  if (answer == TRIB_KAFKA_ANSWER_YES && c->at.start == TRIB_KAFKA_START_TIME && !c->in_process)
    answer = trib_kafka_consumer_ask_offsets (
        c->consumer, c->topic, which, n, MAX (c->at.t_ms, 0), by_time, error);
  if (answer != TRIB_KAFKA_ANSWER_YES)
    return answer;
  for (guint i = 0; i < n; i++) {
    c->parts[which[i]].low = low[i];
    c->parts[which[i]].high = high[i];
    begin (c, which[i], by_time[i]);
  }
  c->state = READING;
  return answer;
}

static TribKafkaAnswer
ask_partitions (TribKafkaCursor *c, GError **error)
{
  gint32 n;
  TribKafkaAnswer answer = trib_kafka_consumer_ask_partitions (c->consumer, c->topic, &n, error);

  if (answer != TRIB_KAFKA_ANSWER_YES)
    return answer;
  if (c->at.partition >= n) {
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC,
        "topic \"%s\" has %d partitions: there is no partition %d", rd_kafka_topic_name (c->topic),
        n, c->at.partition);
    return TRIB_KAFKA_ANSWER_ERROR;
  }
  c->n_parts = n;
  c->parts = g_new0 (CursorPartition, n);
  c->asked_at = g_get_monotonic_time ();
  c->state = c->at.start == TRIB_KAFKA_START_NOWHERE ? READING : POSITIONING;
  return answer;
}

/* What is in a partition that was not there before was all written since reading began. */
static void
add_partitions (TribKafkaCursor *c, gint32 n)
{
  gint32 first = c->n_parts;

  if (n <= first)
    return;
  c->parts = g_renew (CursorPartition, c->parts, n);
  memset (c->parts + first, 0, (n - first) * sizeof (CursorPartition));
  c->n_parts = n;
  if (c->at.partition >= 0 || c->at.to_end || c->at.start == TRIB_KAFKA_START_NOWHERE)
    return;
  for (gint32 p = first; p < n; p++)
    start (c, p, 0);
}

static TribKafkaAnswer
ask_partitions_again (TribKafkaCursor *c, GError **error)
{
  gint32 n;
  TribKafkaAnswer answer = trib_kafka_consumer_ask_partitions (c->consumer, c->topic, &n, error);

  c->asked_at = g_get_monotonic_time ();
  if (answer == TRIB_KAFKA_ANSWER_YES)
    add_partitions (c, n);
  return answer;
}

/* who follows reads partitions that are added; an answer that does not come tells nothing new */
static void
look_for_partitions (TribKafkaCursor *c, gint64 now)
{
  g_autoptr (GError) error = NULL;

  if (c->refresh_us < 0 || now - c->asked_at < c->refresh_us || c->at.partition >= 0 || c->at.to_end
      || c->at.start == TRIB_KAFKA_START_NOWHERE || c->consumer->link.state != TRIB_LINK_CONNECTED)
    return;
  ask_partitions_again (c, &error);
}

/**
 * trib_kafka_cursor_look_for_partition:
 * @c: a cursor that knows its partitions
 * @partition: one that somebody names
 *
 * One that was added since is looked for, once a second at most. Blocks for a second at most.
 *
 * Returns: whether the topic has it
 */
gboolean
trib_kafka_cursor_look_for_partition (TribKafkaCursor *c, gint32 partition)
{
  g_autoptr (GError) error = NULL;

  if (partition >= c->n_parts && g_get_monotonic_time () - c->asked_at >= LOOK_AGAIN_US)
    ask_partitions_again (c, &error);
  return partition >= 0 && partition < c->n_parts;
}

/* where a partition that was out of range goes on */
static TribKafkaAnswer
ask_range (TribKafkaCursor *c, gint32 partition, GError **error)
{
  CursorPartition *part = &c->parts[partition];
  gint64 low, high;
  TribKafkaAnswer answer = trib_kafka_consumer_ask_offsets (
      c->consumer, c->topic, &partition, 1, RD_KAFKA_OFFSET_BEGINNING, &low, error);

  if (answer == TRIB_KAFKA_ANSWER_YES)
    answer = trib_kafka_consumer_ask_offsets (
        c->consumer, c->topic, &partition, 1, RD_KAFKA_OFFSET_END, &high, error);
  if (answer != TRIB_KAFKA_ANSWER_YES)
    return answer;
  if (part->position > high || ++part->resets > MAX_RESETS) {
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_BEYOND_END,
        "topic \"%s\" partition %d: offset %" G_GINT64_FORMAT
        " was reached, but the broker now has %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
        "; was the topic made anew?",
        rd_kafka_topic_name (c->topic), partition, part->position, low, high);
    return TRIB_KAFKA_ANSWER_ERROR;
  }
  if (low > part->position) {
    CursorLoss lost = { partition, part->position, low };
    g_array_append_val (c->lost, lost);
  }
  start (c, partition, MAX (part->position, low));
  return answer;
}

/* @ret_partition: (out): whose answer is returned */
static TribKafkaAnswer
ask_ranges (TribKafkaCursor *c, gint32 *ret_partition, GError **error)
{
  TribKafkaAnswer answer = TRIB_KAFKA_ANSWER_YES;

  for (gint32 p = 0; p < c->n_parts && answer == TRIB_KAFKA_ANSWER_YES; p++) {
    if (c->parts[p].out_of_range) {
      *ret_partition = p;
      answer = ask_range (c, p, error);
    }
  }
  return answer;
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
    if (c->parts[p].started && !c->parts[p].caught_up)
      return p;
  return -1;
}

static void
came (TribKafkaCursor *c)
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
    stop (c, partition);
}

/* a topic that is not there may come again; a broker that does not let this client read it says so to whoever has to
 * know */
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
      part->caught_up = TRUE;
      part->position = MAX (part->position, m->offset);
      item->to = part->position;
      came (c);
      stop_at_end (c, m->partition);
      return TRIB_KAFKA_CURSOR_CAUGHT_UP;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      if (!part->out_of_range)
        c->n_out_of_range++;
      part->out_of_range = TRUE;
      return TRIB_KAFKA_CURSOR_TIMEOUT;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
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

  if (m->partition < 0 || m->partition >= c->n_parts || !c->parts[m->partition].started) {
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
  came (c);
  part->position = m->offset + 1;
  part->caught_up = FALSE;
  part->resets = 0;
  c->record_bytes = m->len;
  item->partition = m->partition;
  trib_kafka_message_init (&item->message, c->consumer, m);
  stop_at_end (c, m->partition);
  return TRIB_KAFKA_CURSOR_RECORD;
}

/* The client's thread may sleep for up to a second once its queue was full (librdkafka before 2.2), emptied or not. Any
 * question to the partition's leader wakes it. */
static void
nudge (TribKafkaCursor *c, gint32 partition)
{
  g_autoptr (GError) error = NULL;
  gint64 offset;

  c->nudged = TRUE;
  /* not rd_kafka_query_watermark_offsets(): that one waits for a minute where nobody answers */
  if (c->consumer->link.state == TRIB_LINK_CONNECTED)
    trib_kafka_consumer_ask_offsets (
        c->consumer, c->topic, &partition, 1, RD_KAFKA_OFFSET_END, &offset, &error);
}

/* whether a broker that seemed to be away answers again, while no record says so */
static TribKafkaAnswer
probe (TribKafkaCursor *c, GError **error)
{
  g_autofree gint32 *which = g_new (gint32, c->n_parts);
  g_autofree gint64 *ends = g_new (gint64, c->n_parts);
  g_autoptr (GError) why = NULL;
  gint64 now = g_get_monotonic_time ();
  guint n = 0;
  TribKafkaAnswer answer;

  if (c->consumer->link.state == TRIB_LINK_CONNECTED || now < c->next_probe)
    return TRIB_KAFKA_ANSWER_YES;
  for (gint32 p = 0; p < c->n_parts; p++)
    if (c->parts[p].started)
      which[n++] = p;
  answer = n == 0 ? TRIB_KAFKA_ANSWER_YES
                  : trib_kafka_consumer_ask_offsets (
                      c->consumer, c->topic, which, n, RD_KAFKA_OFFSET_END, ends, &why);
  c->next_probe = g_get_monotonic_time () + PROBE_US;
  if (answer != TRIB_KAFKA_ANSWER_ERROR || is_waited_for (c, why))
    return TRIB_KAFKA_ANSWER_YES;
  g_propagate_error (error, g_steal_pointer (&why));
  return answer;
}

/* (transfer full) (nullable): Takes as many as are there, because each call costs a few locks and looks at the clock; when
 * none is, waits for one. */
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
  n = rd_kafka_consume_batch_queue (
      c->queue, 0, c->batch, CLAMP (BATCH_BYTES / (c->record_bytes + 1), 1, BATCH));
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

  look_for_partitions (c, now);
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

  if (c->state == READING && c->n_out_of_range == 0)
    return c->at.to_end && is_at_end (c) ? TRIB_KAFKA_CURSOR_END
                                         : read_one (c, deadline, item, error);
  if (g_get_monotonic_time () < c->ask_at) {
    /* nothing comes yet: only a wait that can be woken */
    rd_kafka_message_t *m = NULL;
    if (rd_kafka_consume_batch_queue (c->queue, AGAIN_MS, &m, 1) == 1)
      rd_kafka_message_destroy (m);
    return TRIB_KAFKA_CURSOR_TIMEOUT;
  }
  if (c->state == OPENING)
    answer = ask_partitions (c, &why);
  else if (c->state == POSITIONING)
    answer = ask_positions (c, &why);
  else
    answer = ask_ranges (c, &partition, &why);
  if (answer == TRIB_KAFKA_ANSWER_YES)
    return TRIB_KAFKA_CURSOR_TIMEOUT;
  c->ask_at = g_get_monotonic_time () + AGAIN_MS * 1000;
  if (answer == TRIB_KAFKA_ANSWER_AGAIN)
    return TRIB_KAFKA_CURSOR_TIMEOUT;
  if (c->state != READING && is_waited_for (c, why))
    return TRIB_KAFKA_CURSOR_TIMEOUT;
  item->partition = partition;
  g_propagate_error (error, g_steal_pointer (&why));
  return TRIB_KAFKA_CURSOR_ERROR;
}

/**
 * trib_kafka_cursor_next:
 * @c: a cursor
 * @deadline: monotonic time, us, up to which to wait; -1: without end; 0: not at all, when nothing has to
 *   be asked
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

/* the offset that comes next */
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
  if (c->state != READING || partition < 0 || partition >= c->n_parts)
    return FALSE;
  *ret_low = c->parts[partition].low;
  *ret_high = c->parts[partition].high;
  return TRUE;
}

gboolean
trib_kafka_cursor_is_reading (const TribKafkaCursor *c, gint32 partition)
{
  g_return_val_if_fail (partition >= 0 && partition < c->n_parts, FALSE);

  return c->parts[partition].started;
}

/* whether nothing is left to read at present */
gboolean
trib_kafka_cursor_is_caught_up (const TribKafkaCursor *c)
{
  return c->state == READING && find_due (c) < 0;
}

/* (transfer none): the client's last word, "" when there is progress */
const gchar *
trib_kafka_cursor_get_trouble (const TribKafkaCursor *c)
{
  return trib_kafka_consumer_get_trouble (c->consumer);
}
