/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-message.h"
#include <kafka/layout/trib-kafka-values.h>

G_BEGIN_DECLS

/* what a record says about a frame */
typedef enum {
  TRIB_KAFKA_CANDIDATE_LINKED, /* a registry entry: where bytes and metadata are */
  TRIB_KAFKA_CANDIDATE_FAILED, /* a registry entry: why there are none */
  TRIB_KAFKA_CANDIDATE_BYTES,  /* the bytes themselves */
  TRIB_KAFKA_CANDIDATE_RECORD, /* a record that is no frame, to be put in order */
} TribKafkaCandidateKind;

/**
 * TribKafkaCandidate:
 * @kind: what was seen
 * @entry: the registry entry; of %TRIB_KAFKA_CANDIDATE_BYTES its identity, size and the place of
 *   the bytes
 * @t_ms: the record's timestamp, ms since the Unix epoch
 * @when_ms: what puts candidates of several partitions in order: a frame's capture time, because
 *   frames that are sent faster than real time, and entries, have timestamps of their writing; else
 *   the timestamp
 * @order: what puts candidates of one time in order: the frame's index, or the record's offset
 * @message: of %TRIB_KAFKA_CANDIDATE_BYTES and %TRIB_KAFKA_CANDIDATE_RECORD: the record
 * @cost: bytes of memory it holds
 * @cut: texts for people were too long
 * @by_key: the entry names no place: the one it has was found by key, which is all that proves it
 * @jumped: its index was ahead of all that had arrived of its run
 *
 * A frame that was read of, before it is known whether it is wanted.
 */
typedef struct {
  TribKafkaCandidateKind kind;
  TribKafkaRegistryValue entry;
  gint64 t_ms;
  gint64 when_ms;
  guint64 order;
  TribKafkaMessage message;
  guint64 cost;
  gboolean cut;
  gboolean by_key;
  gboolean jumped;
} TribKafkaCandidate;

TribKafkaCandidate *trib_kafka_candidate_from_registry (
    TribKafkaMessage *m, TribJsonReader *reader, GError **error);
TribKafkaCandidate *trib_kafka_candidate_from_bytes (
    TribKafkaMessage *m, const gchar *topic, GError **error);
TribKafkaCandidate *trib_kafka_candidate_from_anything (TribKafkaMessage *m, const gchar *topic,
    const gchar *session, const gchar *stream, GError **error);
void trib_kafka_candidate_set_index (TribKafkaCandidate *s, guint64 index);
TribKafkaCandidate *trib_kafka_candidate_from_record (TribKafkaMessage *m);
void trib_kafka_candidate_free (TribKafkaCandidate *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaCandidate, trib_kafka_candidate_free)

G_END_DECLS
