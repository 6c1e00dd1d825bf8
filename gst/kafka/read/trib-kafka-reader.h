/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "trib-kafka-consumer.h"

G_BEGIN_DECLS

/* Single records by topic, partition and offset, for callers of any thread: a small pool of connections and
 * a cache that is bounded in bytes. See docs/internals/kafka-reading.md. */

typedef struct {
  gchar *name;
  GBytes *value;
} TribKafkaRecordHeader;

/**
 * TribKafkaRecordCopy:
 * @value: the record's value, in memory of its own
 * @key: its key, empty when it has none
 * @headers: (element-type TribKafkaRecordHeader): in order
 * @t_ms: its timestamp, ms since the Unix epoch; -1: it has none
 *
 * A record, with counted references. Does not change: any thread.
 */
typedef struct {
  GBytes *value;
  GBytes *key;
  GPtrArray *headers;
  gint64 t_ms;
} TribKafkaRecordCopy;

TribKafkaRecordCopy *trib_kafka_record_copy_ref (TribKafkaRecordCopy *copy);
void trib_kafka_record_copy_unref (TribKafkaRecordCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaRecordCopy, trib_kafka_record_copy_unref)
gchar *trib_kafka_record_copy_dup_header (
    const TribKafkaRecordCopy *copy, const gchar *name, gsize max_len);

/**
 * TribKafkaReaderConfig:
 * @client: settings of the clients; @max_queued_bytes and @one_by_one are the reader's own
 * @max_connections: most clients at a time; each serves one caller at a time. 0: 4
 * @max_cache_bytes: bound on what is kept for later, bytes; 0: nothing is
 * @max_record_bytes: largest value that is given, bytes; 0: 64 MiB
 */
typedef struct {
  TribKafkaConsumerConfig client;
  guint max_connections;
  guint64 max_cache_bytes;
  guint64 max_record_bytes;
} TribKafkaReaderConfig;

typedef struct {
  guint64 gets; /* = hits + reads + failures, when no call is under way */
  guint64 hits;
  guint64 reads;
  guint64 failures;
  guint64 cache_bytes;
  guint64 cache_records;
  guint connections;
} TribKafkaReaderCounts;

typedef struct _TribKafkaReader TribKafkaReader;

TribKafkaReader *trib_kafka_reader_new (const TribKafkaReaderConfig *config);
void trib_kafka_reader_free (TribKafkaReader *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaReader, trib_kafka_reader_free)

TribKafkaRecordCopy *trib_kafka_reader_get (TribKafkaReader *r, const gchar *topic,
    gint32 partition, gint64 offset, gboolean anew, gint64 deadline, GCancellable *cancellable,
    GError **error);
void trib_kafka_reader_get_counts (TribKafkaReader *r, TribKafkaReaderCounts *ret_counts);

G_END_DECLS
