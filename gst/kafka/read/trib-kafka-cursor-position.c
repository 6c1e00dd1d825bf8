/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-cursor-private.h"

#include <common/trib-state.h>
#include <kafka/trib-kafka-debug.h>

#include <string.h>

/* between two requests for partitions that are missing */
#define LOOK_AGAIN_US G_TIME_SPAN_SECOND
/* resets of one partition without a record in between */
#define MAX_RESETS 10

/* ---- states ---- */

static const TribStateRow cursor_rows[] = {
  [TRIB_KAFKA_CURSOR_OPENING] = { "opening",
      TRIB_STATE (TRIB_KAFKA_CURSOR_POSITIONING) | TRIB_STATE (TRIB_KAFKA_CURSOR_READING) },
  [TRIB_KAFKA_CURSOR_POSITIONING] = { "positioning", TRIB_STATE (TRIB_KAFKA_CURSOR_READING) },
  [TRIB_KAFKA_CURSOR_READING] = { "reading", TRIB_STATE (TRIB_KAFKA_CURSOR_POSITIONING) },
};
static const TribStateTable cursor_states
    = { "cursor", &trib_kafka_debug, cursor_rows, G_N_ELEMENTS (cursor_rows) };

static const TribStateRow partition_rows[] = {
  [TRIB_KAFKA_PARTITION_STOPPED] = { "stopped", TRIB_STATE (TRIB_KAFKA_PARTITION_READING) },
  [TRIB_KAFKA_PARTITION_READING] = { "reading",
      TRIB_STATE (TRIB_KAFKA_PARTITION_STOPPED) | TRIB_STATE (TRIB_KAFKA_PARTITION_CAUGHT_UP)
          | TRIB_STATE (TRIB_KAFKA_PARTITION_OUT_OF_RANGE) },
  [TRIB_KAFKA_PARTITION_CAUGHT_UP] = { "caught up",
      TRIB_STATE (TRIB_KAFKA_PARTITION_STOPPED) | TRIB_STATE (TRIB_KAFKA_PARTITION_READING)
          | TRIB_STATE (TRIB_KAFKA_PARTITION_OUT_OF_RANGE) },
  [TRIB_KAFKA_PARTITION_OUT_OF_RANGE]
  = { "out of range", TRIB_STATE (TRIB_KAFKA_PARTITION_STOPPED) },
};
static const TribStateTable partition_states
    = { "partition", &trib_kafka_debug, partition_rows, G_N_ELEMENTS (partition_rows) };

/* what was taken of the partition's old position */
static void
drop_batch (TribKafkaCursor *c, gint32 partition)
{
  for (guint i = c->next_in_batch; i < c->n_batch; i++)
    if (c->batch[i] && c->batch[i]->partition == partition)
      g_clear_pointer (&c->batch[i], rd_kafka_message_destroy);
}

void
trib_kafka_cursor_set_state (TribKafkaCursor *c, CursorState state)
{
  TRIB_STATE_SET (&cursor_states, rd_kafka_topic_name (c->topic), c->state, state, NULL);
}

void
trib_kafka_cursor_set_partition_state (
    TribKafkaCursor *c, gint32 partition, CursorPartitionState state, const gchar *why)
{
  CursorPartition *part = &c->parts[partition];
  gchar id[300];

  if (state == part->state)
    return;
  c->n_out_of_range += (state == TRIB_KAFKA_PARTITION_OUT_OF_RANGE)
                       - (part->state == TRIB_KAFKA_PARTITION_OUT_OF_RANGE);
  g_snprintf (id, sizeof id, "%s/%d", rd_kafka_topic_name (c->topic), partition);
  TRIB_STATE_SET (&partition_states, id, part->state, state, why);
}

void
trib_kafka_cursor_stop (TribKafkaCursor *c, gint32 partition)
{
  if (c->parts[partition].state == TRIB_KAFKA_PARTITION_STOPPED)
    return;
  rd_kafka_consume_stop (c->topic, partition);
  drop_batch (c, partition);
  trib_kafka_cursor_set_partition_state (c, partition, TRIB_KAFKA_PARTITION_STOPPED, NULL);
}

/* ---- positions ---- */

static void
start (TribKafkaCursor *c, gint32 partition, gint64 offset)
{
  CursorPartition *part = &c->parts[partition];

  trib_kafka_cursor_stop (c, partition);
  part->position = offset;
  part->wanted = TRUE;
  if (rd_kafka_consume_start_queue (c->topic, partition, part->position, c->queue) == 0)
    trib_kafka_cursor_set_partition_state (c, partition, TRIB_KAFKA_PARTITION_READING, NULL);
  else
    TRIB_LOG (&trib_kafka_debug, TRIB_LOG_WARNING, rd_kafka_topic_name (c->topic),
        "partition %d cannot be read: %s", partition, rd_kafka_err2str (rd_kafka_last_error ()));
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

  trib_kafka_cursor_stop (c, partition);
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
add_loss (TribKafkaCursor *c, gint32 partition, gint64 from, gint64 to)
{
  const CursorLoss lost = { partition, from, to };

  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_INFO, rd_kafka_topic_name (c->topic),
      "partition %d: offsets %" G_GINT64_FORMAT " to before %" G_GINT64_FORMAT
      " were removed by retention",
      partition, from, to);
  g_array_append_val (c->lost, lost);
}

static void
begin (TribKafkaCursor *c, gint32 partition, gint64 by_time)
{
  CursorPartition *part = &c->parts[partition];
  gint64 position = find_position (c, part, by_time);

  if (position < part->low) {
    add_loss (c, partition, position, part->low);
    position = part->low;
  }
  part->position = position;
  part->wanted = TRUE;
  if (!c->at.to_end || position < part->high)
    start (c, partition, position);
}

/* why nothing lies behind the places where all partitions begin */
static TribKafkaNothing
find_nothing (const TribKafkaCursor *c, const gint32 *which, guint n)
{
  gboolean empty = TRUE;

  for (guint i = 0; i < n; i++) {
    const CursorPartition *part = &c->parts[which[i]];
    if (part->position < part->high)
      return TRIB_KAFKA_NOTHING_NONE;
    empty = empty && part->low == part->high;
  }
  if (c->at.start == TRIB_KAFKA_START_LATEST)
    return TRIB_KAFKA_NOTHING_NONE;
  return empty                                  ? TRIB_KAFKA_NOTHING_RECORD
         : c->at.start == TRIB_KAFKA_START_TIME ? TRIB_KAFKA_NOTHING_TIME
                                                : TRIB_KAFKA_NOTHING_OFFSET;
}

/* low, high and, where a time was asked for, its offset, of the partitions that are wanted */
TribKafkaAnswer
trib_kafka_cursor_ask_positions (TribKafkaCursor *c, GError **error)
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
  c->nothing = find_nothing (c, which, n);
  trib_kafka_cursor_set_state (c, TRIB_KAFKA_CURSOR_READING);
  return answer;
}

TribKafkaAnswer
trib_kafka_cursor_ask_partitions (TribKafkaCursor *c, GError **error)
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
  c->nothing = TRIB_KAFKA_NOTHING_NONE;
  c->n_parts = n;
  c->parts = g_new0 (CursorPartition, n);
  c->asked_at = g_get_monotonic_time ();
  trib_kafka_cursor_set_state (c, c->at.start == TRIB_KAFKA_START_NOWHERE
                                      ? TRIB_KAFKA_CURSOR_READING
                                      : TRIB_KAFKA_CURSOR_POSITIONING);
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
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_INFO, rd_kafka_topic_name (c->topic),
      "has %d partitions now, %d before", n, first);
  if (c->at.partition >= 0 || c->at.to_end || c->at.start == TRIB_KAFKA_START_NOWHERE)
    return;
  for (gint32 p = first; p < n; p++)
    start (c, p, 0);
}

/**
 * trib_kafka_cursor_ask_partitions_again:
 * @c: a cursor that knows its partitions
 * @error: return location
 *
 * Those that were added since are known then. Blocks for a second at most.
 *
 * Returns: what became of it
 */
TribKafkaAnswer
trib_kafka_cursor_ask_partitions_again (TribKafkaCursor *c, GError **error)
{
  gint32 n;
  TribKafkaAnswer answer = trib_kafka_consumer_ask_partitions (c->consumer, c->topic, &n, error);

  c->asked_at = g_get_monotonic_time ();
  if (answer == TRIB_KAFKA_ANSWER_YES)
    add_partitions (c, n);
  return answer;
}

/* while following, partitions that are added are read; without an answer nothing changes */
void
trib_kafka_cursor_look_for_partitions (TribKafkaCursor *c, gint64 now)
{
  g_autoptr (GError) error = NULL;

  if (c->refresh_us < 0 || now - c->asked_at < c->refresh_us || c->at.partition >= 0 || c->at.to_end
      || c->at.start == TRIB_KAFKA_START_NOWHERE || c->consumer->link.state != TRIB_LINK_CONNECTED)
    return;
  trib_kafka_cursor_ask_partitions_again (c, &error);
}

/**
 * trib_kafka_cursor_look_for_partition:
 * @c: a cursor that knows its partitions
 * @partition: one that an entry names
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
    trib_kafka_cursor_ask_partitions_again (c, &error);
  return partition >= 0 && partition < c->n_parts;
}

/* where a partition that was out of range is read on */
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
        "; was the topic deleted and re-created?",
        rd_kafka_topic_name (c->topic), partition, part->position, low, high);
    return TRIB_KAFKA_ANSWER_ERROR;
  }
  if (low > part->position)
    add_loss (c, partition, part->position, low);
  start (c, partition, MAX (part->position, low));
  return answer;
}

/* @ret_partition: (out): whose answer is returned */
TribKafkaAnswer
trib_kafka_cursor_ask_ranges (TribKafkaCursor *c, gint32 *ret_partition, GError **error)
{
  TribKafkaAnswer answer = TRIB_KAFKA_ANSWER_YES;

  for (gint32 p = 0; p < c->n_parts && answer == TRIB_KAFKA_ANSWER_YES; p++) {
    if (c->parts[p].state == TRIB_KAFKA_PARTITION_OUT_OF_RANGE) {
      *ret_partition = p;
      answer = ask_range (c, p, error);
    }
  }
  return answer;
}
