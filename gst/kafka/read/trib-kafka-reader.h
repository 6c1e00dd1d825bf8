/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-message.h"

G_BEGIN_DECLS

/* Single records by topic, partition and offset, on one connection. One thread drives it;
 * set_flushing() is for any. See docs/internals/kafka-reading.md. */

typedef struct _TribKafkaReader TribKafkaReader;

TribKafkaReader *trib_kafka_reader_new (const TribKafkaConsumerConfig *client);
void trib_kafka_reader_free (TribKafkaReader *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaReader, trib_kafka_reader_free)

gboolean trib_kafka_reader_get (TribKafkaReader *r, const gchar *topic, gint32 partition,
    gint64 offset, gint64 deadline, TribKafkaMessage *ret_message, GError **error);
void trib_kafka_reader_set_flushing (TribKafkaReader *r, gboolean flushing);

G_END_DECLS
