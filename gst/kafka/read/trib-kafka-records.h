/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-cursor.h"

G_BEGIN_DECLS

/* The records of one topic in order of their timestamps: a cursor, and what its partitions hold put
 * in order. One thread drives it; set_flushing() and get_counts() are for any. */

typedef struct _TribKafkaRecords TribKafkaRecords;

/**
 * TribKafkaRecordsCounts:
 * @records: records that were read: the sum of @given, @before, @damaged, @flushed and @pending
 * @given: records given to the caller
 * @given_bytes: bytes of their values
 * @before: of timestamps before the one that was asked for
 * @damaged: cannot be read
 * @flushed: read ahead when another position was sought
 * @pending: read ahead now
 * @lost: removed by retention before they were read; not among @records
 */
typedef struct {
  guint64 records;
  guint64 given;
  guint64 given_bytes;
  guint64 before;
  guint64 damaged;
  guint64 flushed;
  guint64 pending;
  guint64 lost;
} TribKafkaRecordsCounts;

TribKafkaRecords *trib_kafka_records_new (const TribKafkaCursorConfig *config, GError **error);
void trib_kafka_records_free (TribKafkaRecords *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaRecords, trib_kafka_records_free)

void trib_kafka_records_seek (
    TribKafkaRecords *r, const TribKafkaPosition *position, gint64 from_ms);
TribKafkaCursorResult trib_kafka_records_next (
    TribKafkaRecords *r, gint64 deadline, TribKafkaCursorItem *item, GError **error);
void trib_kafka_records_set_flushing (TribKafkaRecords *r, gboolean flushing);
void trib_kafka_records_get_counts (TribKafkaRecords *r, TribKafkaRecordsCounts *ret_counts);
TribKafkaNothing trib_kafka_records_take_nothing (TribKafkaRecords *r);
gboolean trib_kafka_records_is_caught_up (const TribKafkaRecords *r);
gboolean trib_kafka_records_is_topic_missing (const TribKafkaRecords *r);
gboolean trib_kafka_records_take_event (TribKafkaRecords *r, TribLinkEvent *ret_event);
gboolean trib_kafka_records_confirm_end (TribKafkaRecords *r);
const gchar *trib_kafka_records_get_trouble (const TribKafkaRecords *r);

G_END_DECLS
