/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-message.h"

G_BEGIN_DECLS

/* Reads one topic in order, each of its partitions from a chosen position, to the present end or
 * following. See docs/internals/kafka-reading.md. One thread drives it; set_flushing() is
 * for any. */

typedef enum {
  TRIB_KAFKA_START_EARLIEST, /* the first record that retention has kept */
  TRIB_KAFKA_START_LATEST,   /* the first record that is written from now on */
  TRIB_KAFKA_START_OFFSET,   /* an offset; below 0: that many before the end */
  TRIB_KAFKA_START_TIME,     /* the first record of that time or later; may begin before it */
  TRIB_KAFKA_START_NOWHERE,  /* at no partition: trib_kafka_cursor_seek_partition() begins */
} TribKafkaStart;

/**
 * TribKafkaPosition:
 * @start: where to begin
 * @offset: with %TRIB_KAFKA_START_OFFSET
 * @t_ms: with %TRIB_KAFKA_START_TIME: ms since the Unix epoch
 * @partition: the only partition to read, -1: all of them
 * @to_end: read to the end that is found at the beginning, instead of following
 */
typedef struct {
  TribKafkaStart start;
  gint64 offset;
  gint64 t_ms;
  gint32 partition;
  gboolean to_end;
} TribKafkaPosition;

/**
 * TribKafkaCursorConfig:
 * @client: settings of the client
 * @topic: name of the topic
 * @in_process: the servers are the broker inside the process, which cannot be asked for times
 * @wait_for_topic: wait for a topic that does not exist, instead of failing
 */
typedef struct {
  TribKafkaConsumerConfig client;
  const gchar *topic;
  gboolean in_process;
  gboolean wait_for_topic;
} TribKafkaCursorConfig;

/**
 * TribKafkaCursorResult:
 * @TRIB_KAFKA_CURSOR_RECORD: a record: @message, the caller's to clear
 * @TRIB_KAFKA_CURSOR_LOST: retention has removed offsets of @partition, @from to before @to
 * @TRIB_KAFKA_CURSOR_UNREADABLE: the record at @partition, @from is damaged and skipped
 * @TRIB_KAFKA_CURSOR_CAUGHT_UP: all that @partition holds now was read, up to @to
 * @TRIB_KAFKA_CURSOR_LINK: the connection has changed: @link
 * @TRIB_KAFKA_CURSOR_END: all was read up to the ends that were there at the beginning
 * @TRIB_KAFKA_CURSOR_TIMEOUT: nothing of all that up to the deadline
 * @TRIB_KAFKA_CURSOR_FLUSHING: trib_kafka_cursor_set_flushing()
 * @TRIB_KAFKA_CURSOR_ERROR: reading cannot continue: the GError
 */
typedef enum {
  TRIB_KAFKA_CURSOR_RECORD,
  TRIB_KAFKA_CURSOR_LOST,
  TRIB_KAFKA_CURSOR_UNREADABLE,
  TRIB_KAFKA_CURSOR_CAUGHT_UP,
  TRIB_KAFKA_CURSOR_LINK,
  TRIB_KAFKA_CURSOR_END,
  TRIB_KAFKA_CURSOR_TIMEOUT,
  TRIB_KAFKA_CURSOR_FLUSHING,
  TRIB_KAFKA_CURSOR_ERROR,
} TribKafkaCursorResult;

typedef struct {
  TribKafkaMessage message;
  gint32 partition;
  gint64 from;
  gint64 to;
  TribLinkEvent link;
} TribKafkaCursorItem;

/* why a cursor has nothing to give where it began */
typedef enum {
  TRIB_KAFKA_NOTHING_NONE,   /* it has, or nothing is known yet */
  TRIB_KAFKA_NOTHING_TOPIC,  /* the topic does not exist; it is waited for */
  TRIB_KAFKA_NOTHING_RECORD, /* there is no record */
  TRIB_KAFKA_NOTHING_OFFSET, /* the offset is beyond the end */
  TRIB_KAFKA_NOTHING_TIME,   /* the time is later than all there is */
  TRIB_KAFKA_NOTHING_FILTER, /* all there is is of other sessions and streams */
} TribKafkaNothing;

typedef struct _TribKafkaCursor TribKafkaCursor;

TribKafkaCursor *trib_kafka_cursor_new (const TribKafkaCursorConfig *config, GError **error);
void trib_kafka_cursor_free (TribKafkaCursor *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaCursor, trib_kafka_cursor_free)

void trib_kafka_cursor_seek (TribKafkaCursor *c, const TribKafkaPosition *position);
void trib_kafka_cursor_seek_partition (TribKafkaCursor *c, gint32 partition, gint64 offset);
void trib_kafka_cursor_stop_partition (TribKafkaCursor *c, gint32 partition);
TribKafkaCursorResult trib_kafka_cursor_next (
    TribKafkaCursor *c, gint64 deadline, TribKafkaCursorItem *item, GError **error);
void trib_kafka_cursor_set_flushing (TribKafkaCursor *c, gboolean flushing);

gboolean trib_kafka_cursor_look_for_partition (TribKafkaCursor *c, gint32 partition);
TribKafkaAnswer trib_kafka_cursor_ask_partitions_again (TribKafkaCursor *c, GError **error);
TribKafkaAnswer trib_kafka_cursor_ask_topic (TribKafkaCursor *c, const gchar *topic);
TribKafkaAnswer trib_kafka_cursor_ask_end (
    TribKafkaCursor *c, gint32 partition, gint64 *ret_end, GError **error);
gint32 trib_kafka_cursor_get_n_partitions (const TribKafkaCursor *c);
gint64 trib_kafka_cursor_get_position (const TribKafkaCursor *c, gint32 partition);
gboolean trib_kafka_cursor_get_range (
    const TribKafkaCursor *c, gint32 partition, gint64 *ret_low, gint64 *ret_high);
gboolean trib_kafka_cursor_is_positioned (const TribKafkaCursor *c);
gboolean trib_kafka_cursor_is_reading (const TribKafkaCursor *c, gint32 partition);
gboolean trib_kafka_cursor_is_caught_up (const TribKafkaCursor *c);
gboolean trib_kafka_cursor_take_event (TribKafkaCursor *c, TribLinkEvent *ret_event);
gboolean trib_kafka_cursor_confirm_end (TribKafkaCursor *c);
TribKafkaNothing trib_kafka_cursor_get_nothing (const TribKafkaCursor *c);
const gchar *trib_kafka_nothing_to_string (TribKafkaNothing nothing);
const gchar *trib_kafka_cursor_get_trouble (const TribKafkaCursor *c);

G_END_DECLS
