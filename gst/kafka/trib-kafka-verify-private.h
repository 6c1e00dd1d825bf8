/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-verify-record.h"
#include "trib-kafka-verify.h"

#include <common/trib-frame-id.h>

G_BEGIN_DECLS

/* What the two halves share: trib-kafka-verify.c takes records, trib-kafka-verify-judge.c gives
 * verdicts. Nobody else includes this. */

typedef struct {
  TribKafkaVerifyStream pub;
  TribIndexSet seen[TRIB_KAFKA_VERIFY_N_TOPICS];
  TribIndexSet failed;
} Stream;

/* what a header says, if it is there */
typedef struct {
  guint32 value;
  gboolean known;
} Seen;

/* one record of bytes or metadata */
typedef struct _Copy Copy;
struct _Copy {
  gint64 offset;
  gint32 partition; /* -1: has not come */
  guint32 size;
  guint32 crc;
  guint32 content; /* hash of the content type that it states, 0: none */
  Seen sequence;
  Seen time_source;
  Copy *next; /* further records of the same frame in the same topic */
};

/* where an entry says that a record is */
typedef struct {
  gint64 offset;
  gint32 partition;
  guint32 crc;
  gboolean other_topic;
} Pointer;

/* what the metadata says about the bytes */
typedef struct {
  guint32 size;
  guint32 crc;
  guint32 format; /* a hash */
  guint32 sequence;
  gboolean known;
} Claims;

typedef struct {
  Stream *stream;
  guint64 index;
  gint64 t_ns;

  Copy copies[2]; /* by TribKafkaTopic: metadata, bytes */
  Claims claims;
  gboolean bad; /* a finding at a record of it that does not depend on the others */

  gboolean linked; /* the entry has come, what follows is set */
  gint64 offset;   /* of the entry itself */
  gint32 partition;
  guint32 size;
  guint32 format;
  Pointer pointers[2]; /* by TribKafkaTopic */
  Seen sequence;
  Seen time_source;
} Frame;

typedef struct {
  gint64 low;
  gint64 position;
  gint64 orphan_limit;
  gint64 needed;
  TribIndexSet seen; /* offsets, nearly always one range */
} Partition;

typedef struct {
  Stream *stream;
  guint64 index;
  gint64 t_ns;
  guint32 crc; /* of the record's value */
} Who;

struct _TribKafkaVerify {
  gchar *topics[TRIB_KAFKA_VERIFY_N_TOPICS];
  gchar **sessions;
  gchar **wanted_streams;
  guint max_open;
  guint max_findings;

  TribJsonReader *reader;
  GHashTable *partitions[TRIB_KAFKA_VERIFY_N_TOPICS]; /* number to Partition */
  GHashTable *streams;                                /* "session_stream" to Stream */
  GHashTable *frames;                                 /* set of Frame: those that are open */
  guint64 n_ranges;
  guint64 lacking[TRIB_KAFKA_VERIFY_N_TOPICS]; /* open frames whose record of it has not come */
  gboolean bound_hit;

  TribKafkaVerifyCounts total;
  guint64 records[TRIB_KAFKA_VERIFY_N_TOPICS];
  guint64 record_bytes[TRIB_KAFKA_VERIFY_N_TOPICS];
  guint64 unattributed;
  GHashTable *reasons; /* error_reason to guint64 */
  guint64 found[TRIB_KAFKA_VERIFY_N_KINDS];
  GPtrArray *findings[TRIB_KAFKA_VERIFY_N_KINDS];
};

#define TRIB_COUNT(v, s, member, n) \
  G_STMT_START                      \
  {                                 \
    (v)->total.member += (n);       \
    (s)->pub.counts.member += (n);  \
  }                                 \
  G_STMT_END

Partition *trib_kafka_verify_partition (
    const TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition);
gboolean trib_kafka_verify_judge (TribKafkaVerify *v, const Frame *f, gboolean final);
void trib_kafka_verify_found (TribKafkaVerify *v, TribKafkaVerifyKind kind,
    const TribKafkaRecord *at, const Who *who, guint64 n, const gchar *format, ...)
    G_GNUC_PRINTF (6, 7);
void trib_kafka_verify_found_index (TribKafkaVerify *v, const TribKafkaRecord *at, const Who *who);
void trib_kafka_verify_finding_free (gpointer finding);

G_END_DECLS
