/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/layout/trib-kafka-values.h>
#include "trib-kafka-verify.h"

#include <common/trib-frame-id.h>

G_BEGIN_DECLS

/* What the parts of the verifier share; private to them.
 *
 *   trib-kafka-verify.c           state: partitions, open frames
 *   trib-kafka-verify-filter.c    which records were asked for
 *   trib-kafka-verify-streams.c   streams and their runs
 *   trib-kafka-verify-runs.c      what runs say that they sent, and gaps
 *   trib-kafka-verify-take.c      takes one record: what it says is kept until its frame is judged
 *   trib-kafka-verify-headers.c   what the record headers say
 *   trib-kafka-verify-judge.c     one frame: the entry against what it points at
 *   trib-kafka-verify-close.c     all frames: what is ready, what remains at the end
 *   trib-kafka-verify-findings.c  what was found, counted and listed
 */

/* one run of a stream: indices and capture times that grow together */
typedef struct _Stream VerifyStream;
struct _Stream {
  TribKafkaVerifyStream pub;
  TribIndexSet seen[TRIB_KAFKA_VERIFY_N_TOPICS];
  TribIndexSet failed;
  guint64 first_index, last_index; /* of what was seen; first above last: nothing was */
  gint64 first_t_ns, last_t_ns;
  GArray *points;      /* of the curve of time over index, by index */
  guint64 stride;      /* of their indices */
  gsize session_len;   /* how the keys were found to be read, where the filter minds; or 0 */
  gboolean undecided;  /* the filter minds, and no record said it yet */
  gboolean unwanted;   /* not asked for, but for which keys can also be read */
  VerifyStream *newer; /* the next run */
};

/* what a run says at its end */
typedef struct {
  gchar *session;
  gchar *stream;
  gint64 first_index; /* -1: nothing was sent */
  gint64 last_index;
  guint64 sent;
  gint64 ended_us;
} VerifyRun;

/* what a header says, if it exists */
typedef struct {
  guint32 value;
  gboolean known;
} VerifySeen;

/* one record of bytes or metadata */
typedef struct _Copy VerifyCopy;
struct _Copy {
  gint64 offset;
  gint32 partition; /* -1: not read yet */
  guint32 size;
  guint32 crc;
  guint32 content; /* hash of the content type that it states, 0: none */
  guint32 caps;    /* likewise of the caps */
  VerifySeen sequence;
  VerifySeen time_source;
  VerifyCopy *next; /* further records of the same frame in the same topic */
};

/* where an entry says that a record is */
typedef struct {
  gint64 offset;
  gint32 partition;
  guint32 crc;
  gboolean other_topic;
} VerifyPointer;

/* what the metadata says about the bytes */
typedef struct {
  guint32 size;
  guint32 crc;
  guint32 format; /* a hash */
  guint64 original_size;
  gboolean known;
} VerifyClaims;

typedef struct {
  VerifyStream *stream;
  guint64 index;
  gint64 t_ns;

  VerifyCopy copies[2]; /* by TribKafkaTopic: metadata, bytes */
  VerifyClaims claims;
  gboolean bad; /* a finding at a record of it that does not depend on the others */

  gboolean old;    /* of an old producer: the entry does not say where its records are */
  gboolean linked; /* the entry was read, what follows is set */
  gint64 offset;   /* of the entry itself */
  gint32 partition;
  guint32 size;
  guint32 format;
  gdouble ratio;
  VerifyPointer pointers[2]; /* by TribKafkaTopic */
  VerifySeen sequence;
  VerifySeen time_source;
} VerifyFrame;

typedef struct {
  gint64 low;
  gint64 position;
  gint64 orphan_limit;
  gint64 needed;
  TribIndexSet seen; /* offsets, nearly always one range */
} VerifyPartition;

typedef struct {
  VerifyStream *stream;
  guint64 index;
  gint64 t_ns;
  guint32 crc; /* of the record's value */
} VerifyId;

/* what the headers say that only other records can contradict */
typedef struct {
  VerifySeen sequence;
  VerifySeen time_source;
  guint32 content;
  guint32 caps;
} VerifyHeaders;

struct _TribKafkaVerify {
  gchar *topics[TRIB_KAFKA_VERIFY_N_TOPICS];
  gchar **sessions;
  gchar **wanted_streams;
  guint max_open;
  guint max_findings;

  TribJsonReader *reader;
  GHashTable *partitions[TRIB_KAFKA_VERIFY_N_TOPICS]; /* number to Partition */
  GHashTable *streams;                                /* "session_stream" to its oldest run */
  guint n_streams;                                    /* runs, of all streams */
  GPtrArray *runs;                                    /* of VerifyRun */
  GHashTable *frames;                                 /* set of Frame: those that are open */
  guint64 n_ranges;
  guint64 lacking[TRIB_KAFKA_VERIFY_N_TOPICS]; /* open frames whose record of it was not read yet */
  gboolean bound_hit;

  TribKafkaVerifyCounts total;
  guint64 records[TRIB_KAFKA_VERIFY_N_TOPICS];
  guint64 record_bytes[TRIB_KAFKA_VERIFY_N_TOPICS];
  guint64 unattributed;
  guint64 texts_cut;
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

/* of the ways in which a key can be read: how many were asked for */
typedef enum {
  VERIFY_MATCH_NONE,
  VERIFY_MATCH_SOME,
  VERIFY_MATCH_ALL,
} VerifyMatch;

/* which records were asked for */
gboolean trib_kafka_verify_wants (gchar **list, const gchar *text, gsize len);
VerifyMatch trib_kafka_verify_match (const TribKafkaVerify *v, const TribFrameIdView *id);
gboolean trib_kafka_verify_are_names (
    const gchar *names, gsize len, const gchar *session, const gchar *stream);
gsize trib_kafka_verify_read_names (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const TribFrameIdView *id);
void trib_kafka_verify_decide (TribKafkaVerify *v, VerifyStream *s, gsize session_len);

/* streams and runs */
VerifyStream *trib_kafka_verify_ensure_stream (TribKafkaVerify *v, const TribKafkaVerifyRecord *r,
    const TribFrameIdView *id, gsize session_len, gboolean undecided);
VerifyStream *trib_kafka_verify_ensure_named (
    TribKafkaVerify *v, const gchar *session, const gchar *stream);
gboolean trib_kafka_verify_name_stream (VerifyStream *s, const gchar *session, const gchar *stream);
gboolean trib_kafka_verify_is_same_stream (const VerifyStream *a, const VerifyStream *b);
void trib_kafka_verify_stream_free (gpointer stream);
void trib_kafka_verify_run_free (gpointer run);
void trib_kafka_verify_finish_gaps (TribKafkaVerify *v);

/* state */
gboolean trib_kafka_verify_has_lost (const TribKafkaVerify *v, TribKafkaTopic topic);
void trib_kafka_verify_refuse (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const gchar *what);
VerifyPartition *trib_kafka_verify_partition (
    const TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition);
gboolean trib_kafka_verify_set_add (TribKafkaVerify *v, TribIndexSet *set, guint64 value);
VerifyFrame *trib_kafka_verify_lookup_frame (const TribKafkaVerify *v, const VerifyId *id);
VerifyFrame *trib_kafka_verify_ensure_frame (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id);
void trib_kafka_verify_forget_lacks (TribKafkaVerify *v, const VerifyFrame *f);
void trib_kafka_verify_try_judge (TribKafkaVerify *v, VerifyFrame *f);

/* one record */
void trib_kafka_verify_add_duplicate (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id);
void trib_kafka_verify_take_copy (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id);
void trib_kafka_verify_take_entry (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id);
gboolean trib_kafka_verify_check_headers (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id, VerifyHeaders *said);
guint32 trib_kafka_verify_hash (const void *data, gsize len);

/* one frame */
gint trib_kafka_verify_compare_frames (gconstpointer a, gconstpointer b);
gboolean trib_kafka_verify_is_ready (const TribKafkaVerify *v, const VerifyFrame *f);
gboolean trib_kafka_verify_judge (TribKafkaVerify *v, const VerifyFrame *f, gboolean final);

/* findings */
void trib_kafka_verify_found (TribKafkaVerify *v, TribKafkaVerifyKind kind,
    const TribKafkaVerifyRecord *at, const VerifyId *id, guint64 n, const gchar *format, ...)
    G_GNUC_PRINTF (6, 7);
void trib_kafka_verify_found_index (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *at, const VerifyId *id);
void trib_kafka_verify_finding_free (gpointer finding);
gchar *trib_kafka_verify_cut (TribKafkaVerify *v, const gchar *text, gsize max_bytes);

G_END_DECLS
