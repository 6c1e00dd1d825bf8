/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <common/trib-index-set.h>
#include <kafka/layout/trib-kafka-layout.h>

G_BEGIN_DECLS

/* Proves what the three topics of a frame (ARIA-1) say about each other: records in, findings out.
 * Pure: no Kafka, no clock, no thread. The counts add up at any moment, of all and of each stream:
 *
 *   entries = proven + failed + mismatched + missing + expired + unproven + pending
 */

/* TRIB_KAFKA_TOPIC_METADATA, _BINARY, _REGISTRY */
#define TRIB_KAFKA_VERIFY_N_TOPICS 3

/**
 * TribKafkaVerifyKind:
 * @TRIB_KAFKA_VERIFY_NOTHING: no registry entry at all was seen
 * @TRIB_KAFKA_VERIFY_FAILED: the entry says FAILED
 * @TRIB_KAFKA_VERIFY_MISSING_BYTES: the entry points where no record is
 * @TRIB_KAFKA_VERIFY_MISSING_METADATA: likewise
 * @TRIB_KAFKA_VERIFY_EXPIRED: the entry points below the low watermark
 * @TRIB_KAFKA_VERIFY_SKIPPED: retention removed records while they were being read
 * @TRIB_KAFKA_VERIFY_CRC: a CRC-32C is not that of the value
 * @TRIB_KAFKA_VERIFY_SIZE: a size is not that of the value
 * @TRIB_KAFKA_VERIFY_KEY: where the entry points is a record of another key
 * @TRIB_KAFKA_VERIFY_PARTITION: the three records are not in the same partition number
 * @TRIB_KAFKA_VERIFY_TOPIC: the entry points into another topic than was read
 * @TRIB_KAFKA_VERIFY_FIELD: a field of the JSON contradicts the frame id or another record
 * @TRIB_KAFKA_VERIFY_HEADER: a record header contradicts its record or another one
 * @TRIB_KAFKA_VERIFY_ORPHAN_BYTES: bytes that no entry names
 * @TRIB_KAFKA_VERIFY_ORPHAN_METADATA: likewise
 * @TRIB_KAFKA_VERIFY_DUPLICATE_REGISTRY: a frame index twice in one topic
 * @TRIB_KAFKA_VERIFY_DUPLICATE_BYTES: likewise
 * @TRIB_KAFKA_VERIFY_DUPLICATE_METADATA: likewise
 * @TRIB_KAFKA_VERIFY_INDEX: the entry of this frame index is of another capture time of the
 *   same run
 * @TRIB_KAFKA_VERIFY_CONFLICT: LINKED after FAILED of the same frame, or the other way round
 * @TRIB_KAFKA_VERIFY_GAP: frame indices that no record has
 * @TRIB_KAFKA_VERIFY_MALFORMED: no frame id as key, or JSON that does not hold what it must
 * @TRIB_KAFKA_VERIFY_UNREADABLE: the client could not read a record
 * @TRIB_KAFKA_VERIFY_BOUND: more frames were open at once than allowed
 */
typedef enum {
  TRIB_KAFKA_VERIFY_NOTHING,
  TRIB_KAFKA_VERIFY_FAILED,
  TRIB_KAFKA_VERIFY_MISSING_BYTES,
  TRIB_KAFKA_VERIFY_MISSING_METADATA,
  TRIB_KAFKA_VERIFY_EXPIRED,
  TRIB_KAFKA_VERIFY_SKIPPED,
  TRIB_KAFKA_VERIFY_CRC,
  TRIB_KAFKA_VERIFY_SIZE,
  TRIB_KAFKA_VERIFY_KEY,
  TRIB_KAFKA_VERIFY_PARTITION,
  TRIB_KAFKA_VERIFY_TOPIC,
  TRIB_KAFKA_VERIFY_FIELD,
  TRIB_KAFKA_VERIFY_HEADER,
  TRIB_KAFKA_VERIFY_ORPHAN_BYTES,
  TRIB_KAFKA_VERIFY_ORPHAN_METADATA,
  TRIB_KAFKA_VERIFY_DUPLICATE_REGISTRY,
  TRIB_KAFKA_VERIFY_DUPLICATE_BYTES,
  TRIB_KAFKA_VERIFY_DUPLICATE_METADATA,
  TRIB_KAFKA_VERIFY_INDEX,
  TRIB_KAFKA_VERIFY_CONFLICT,
  TRIB_KAFKA_VERIFY_GAP,
  TRIB_KAFKA_VERIFY_MALFORMED,
  TRIB_KAFKA_VERIFY_UNREADABLE,
  TRIB_KAFKA_VERIFY_BOUND,
  TRIB_KAFKA_VERIFY_N_KINDS
} TribKafkaVerifyKind;

/**
 * TribKafkaFinding:
 * @kind: what is wrong
 * @topic: where, a #TribKafkaTopic; -1: at no one record
 * @partition: -1: at no one record
 * @offset: -1: at no one record
 * @n: how many it stands for: frame indices of a gap, skipped records, else 1
 * @frame_id: (nullable): of which frame
 * @detail: for people
 */
typedef struct {
  TribKafkaVerifyKind kind;
  gint topic;
  gint32 partition;
  gint64 offset;
  guint64 n;
  gchar *frame_id;
  gchar *detail;
} TribKafkaFinding;

typedef struct {
  const gchar *name;
  const void *value; /* (nullable) */
  gsize len;
} TribKafkaHeader;

/* one record, borrowed for the time of a call */
typedef struct {
  TribKafkaTopic topic;
  gint32 partition;
  gint64 offset;
  const void *key; /* (nullable) */
  gsize key_len;
  const void *value; /* (nullable) */
  gsize value_len;
  const TribKafkaHeader *headers;
  guint n_headers;
} TribKafkaVerifyRecord;

typedef struct {
  guint64 entries; /* frames with a readable registry entry */
  guint64 proven;
  guint64 failed;
  guint64 mismatched;
  guint64 missing;
  guint64 expired;
  guint64 unproven; /* of old producers: entry, metadata and bytes are there, by key */
  guint64 pending;  /* not judged (yet) */

  guint64 bytes;      /* payload bytes of proven frames */
  guint64 sent;       /* as the runs said at their ends; known at the end */
  guint64 gaps;       /* frame indices, not ranges; known at the end */
  guint64 duplicates; /* records */
  guint64 orphans;    /* records; known at the end */
  guint64 in_flight;  /* records behind the end that was to be proven; known at the end */
  guint64 beyond;     /* orphans whose entry retention may have removed; known at the end */
  gint64 first_t_ns;  /* of entries; G_MAXINT64: none */
  gint64 last_t_ns;   /* G_MININT64: none */
} TribKafkaVerifyCounts;

/**
 * TribKafkaVerifyStream:
 * @session: session id
 * @stream: stream id
 * @run: counts the runs of a stream whose session id was used again, from 1, by capture time
 * @counts: the counts of this run
 *
 * The public part of what is known of one run of one stream of one session.
 */
typedef struct {
  gchar *session;
  gchar *stream;
  guint run;
  TribKafkaVerifyCounts counts;
} TribKafkaVerifyStream;

/**
 * TribKafkaVerifyConfig:
 * @topics: names of the metadata, binary and registry topics
 * @sessions: (nullable) (array zero-terminated=1): which to look at, %NULL or empty: all
 * @streams: (nullable) (array zero-terminated=1): likewise
 * @max_open: most frames held at once, 0: the default
 * @max_findings: most findings listed of one kind (all are counted)
 */
typedef struct {
  const gchar *topics[TRIB_KAFKA_VERIFY_N_TOPICS];
  const gchar *const *sessions;
  const gchar *const *streams;
  guint max_open;
  guint max_findings;
} TribKafkaVerifyConfig;

#define TRIB_KAFKA_VERIFY_DEFAULT_MAX_OPEN 1000000
#define TRIB_KAFKA_VERIFY_DEFAULT_MAX_FINDINGS 20

typedef struct _TribKafkaVerify TribKafkaVerify;

TribKafkaVerify *trib_kafka_verify_new (const TribKafkaVerifyConfig *config);
void trib_kafka_verify_free (TribKafkaVerify *v);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaVerify, trib_kafka_verify_free)

/* what is read, in the order in which it is read from each partition */
void trib_kafka_verify_set_low (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 low);
void trib_kafka_verify_set_position (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 position);
void trib_kafka_verify_add (TribKafkaVerify *v, const TribKafkaVerifyRecord *record);
void trib_kafka_verify_add_skipped (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 from, gint64 to);
void trib_kafka_verify_add_unreadable (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 offset, const gchar *why);
void trib_kafka_verify_sweep (TribKafkaVerify *v);
void trib_kafka_verify_add_run (TribKafkaVerify *v, const gchar *topic, gint32 partition,
    gint64 offset, const gchar *value, gsize len);

/* towards the end */
void trib_kafka_verify_set_orphan_limit (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 offset);
guint64 trib_kafka_verify_count_candidates (const TribKafkaVerify *v);
gint64 trib_kafka_verify_get_needed (
    const TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition);
void trib_kafka_verify_finish (TribKafkaVerify *v);

/* what is known */
const TribKafkaVerifyCounts *trib_kafka_verify_get_counts (const TribKafkaVerify *v);
GPtrArray *trib_kafka_verify_list_streams (const TribKafkaVerify *v);
GHashTable *trib_kafka_verify_get_failed_reasons (const TribKafkaVerify *v);
guint64 trib_kafka_verify_get_found (const TribKafkaVerify *v, TribKafkaVerifyKind kind);
guint64 trib_kafka_verify_get_total_found (const TribKafkaVerify *v);
const GPtrArray *trib_kafka_verify_get_findings (
    const TribKafkaVerify *v, TribKafkaVerifyKind kind);
guint64 trib_kafka_verify_get_records (const TribKafkaVerify *v, TribKafkaTopic topic);
guint64 trib_kafka_verify_get_record_bytes (const TribKafkaVerify *v, TribKafkaTopic topic);
guint64 trib_kafka_verify_get_unattributed (const TribKafkaVerify *v);
guint64 trib_kafka_verify_get_texts_cut (const TribKafkaVerify *v);
guint trib_kafka_verify_get_open (const TribKafkaVerify *v);
guint trib_kafka_verify_get_max_open (const TribKafkaVerify *v);
guint64 trib_kafka_verify_get_lacking (const TribKafkaVerify *v, TribKafkaTopic topic);

const gchar *trib_kafka_verify_kind_to_string (TribKafkaVerifyKind kind);
const gchar *trib_kafka_verify_kind_describe (TribKafkaVerifyKind kind);
const gchar *trib_kafka_verify_topic_to_string (TribKafkaTopic topic);

G_END_DECLS
