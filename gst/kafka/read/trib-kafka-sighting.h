/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-message.h"
#include <kafka/layout/trib-kafka-values.h>

G_BEGIN_DECLS

/* what a record says about a frame */
typedef enum {
  TRIB_KAFKA_SIGHTING_LINKED, /* a registry entry: where bytes and metadata are */
  TRIB_KAFKA_SIGHTING_FAILED, /* a registry entry: why there are none */
  TRIB_KAFKA_SIGHTING_BYTES,  /* the bytes themselves */
  TRIB_KAFKA_SIGHTING_RECORD, /* a record that is no frame, to be put in order */
} TribKafkaSightingKind;

/**
 * TribKafkaSighting:
 * @kind: what was seen
 * @entry: the registry entry; of %TRIB_KAFKA_SIGHTING_BYTES its identity, size and the place of the bytes
 * @t_ms: the record's timestamp, ms since the Unix epoch
 * @message: of %TRIB_KAFKA_SIGHTING_BYTES and %TRIB_KAFKA_SIGHTING_RECORD: the record
 * @epoch: which of the sessions that follow each other; set by whoever puts them in order
 * @cost: bytes of memory it holds
 *
 * A frame that was read of, before it is known whether it is wanted.
 */
typedef struct {
  TribKafkaSightingKind kind;
  TribKafkaRegistryValue entry;
  gint64 t_ms;
  TribKafkaMessage message;
  guint epoch;
  guint64 cost;
} TribKafkaSighting;

TribKafkaSighting *trib_kafka_sighting_from_registry (
    TribKafkaMessage *m, TribJsonReader *reader, GError **error);
TribKafkaSighting *trib_kafka_sighting_from_bytes (
    TribKafkaMessage *m, const gchar *topic, GError **error);
TribKafkaSighting *trib_kafka_sighting_from_record (TribKafkaMessage *m);
void trib_kafka_sighting_free (TribKafkaSighting *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaSighting, trib_kafka_sighting_free)

G_END_DECLS
