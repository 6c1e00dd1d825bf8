/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-consumer.h"

G_BEGIN_DECLS

/**
 * TribKafkaMessage:
 * @key: (nullable): not terminated
 * @key_len: bytes
 * @value: (nullable): not terminated
 * @value_len: bytes
 * @partition: where it lies
 * @offset: where it lies
 * @t_ms: the record's timestamp, ms since the Unix epoch; -1: it has none
 *
 * One record as received. Everything it points to belongs to the client's message, which it owns:
 * to be cleared, or its value stolen, once. Not thread safe.
 */
typedef struct {
  const gchar *key;
  gsize key_len;
  const guint8 *value;
  gsize value_len;
  gint32 partition;
  gint64 offset;
  gint64 t_ms;
  rd_kafka_message_t *message;
  TribKafkaConsumer *consumer;
} TribKafkaMessage;

void trib_kafka_message_init (
    TribKafkaMessage *m, TribKafkaConsumer *consumer, rd_kafka_message_t *message);
void trib_kafka_message_clear (TribKafkaMessage *m);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TribKafkaMessage, trib_kafka_message_clear)

const gchar *trib_kafka_message_get_header (
    const TribKafkaMessage *m, const gchar *name, gsize *ret_len);
gchar *trib_kafka_message_dup_header (const TribKafkaMessage *m, const gchar *name, gsize max_len);
GBytes *trib_kafka_message_steal_value (TribKafkaMessage *m);

G_END_DECLS
