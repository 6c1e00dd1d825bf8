/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-cursor.h"

G_BEGIN_DECLS

/* What the parts of the cursor share:
 *
 *   trib-kafka-cursor.c            reading: records, events of the client, outages
 *   trib-kafka-cursor-position.c   where partitions begin, end and are; their states
 */

/* records taken from the client at once at most */
#define TRIB_KAFKA_CURSOR_BATCH 32

typedef enum {
  TRIB_KAFKA_CURSOR_OPENING,     /* which partitions are there? */
  TRIB_KAFKA_CURSOR_POSITIONING, /* where do they begin and end? */
  TRIB_KAFKA_CURSOR_READING,
} CursorState;

typedef enum {
  TRIB_KAFKA_PARTITION_STOPPED,
  TRIB_KAFKA_PARTITION_READING,
  TRIB_KAFKA_PARTITION_CAUGHT_UP,
  TRIB_KAFKA_PARTITION_OUT_OF_RANGE, /* the broker says so: its range has to be asked for */
} CursorPartitionState;

typedef struct {
  CursorPartitionState state;
  gint64 position; /* next offset to give */
  gint64 low;      /* as they were when reading began */
  gint64 high;
  gboolean wanted; /* one that the position names, or that was sought */
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
  TribKafkaNothing nothing;
  TribKafkaPosition at;
  CursorPartition *parts;
  gint32 n_parts;
  GArray *lost; /* of CursorLoss, not given yet */
  gint n_out_of_range;
  gint64 waiting_since; /* monotonic; -1: something arrived */
  gint64 next_probe;
  gint64 ask_at;   /* not before: the topic was not there */
  gint64 asked_at; /* monotonic: when it was asked for its partitions */
  gboolean nudged;
  rd_kafka_message_t *batch
      [TRIB_KAFKA_CURSOR_BATCH]; /* taken from the client; NULL: given on, or not wanted any more */
  guint n_batch;
  guint next_in_batch;
  gsize record_bytes; /* of the last one */
};

void trib_kafka_cursor_set_state (TribKafkaCursor *c, CursorState state);
void trib_kafka_cursor_set_partition_state (
    TribKafkaCursor *c, gint32 partition, CursorPartitionState state, const gchar *why);
void trib_kafka_cursor_stop (TribKafkaCursor *c, gint32 partition);
TribKafkaAnswer trib_kafka_cursor_ask_partitions (TribKafkaCursor *c, GError **error);
TribKafkaAnswer trib_kafka_cursor_ask_positions (TribKafkaCursor *c, GError **error);
TribKafkaAnswer trib_kafka_cursor_ask_ranges (
    TribKafkaCursor *c, gint32 *ret_partition, GError **error);
void trib_kafka_cursor_look_for_partitions (TribKafkaCursor *c, gint64 now);

G_END_DECLS
