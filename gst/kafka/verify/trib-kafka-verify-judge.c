/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <stdlib.h>
#include <string.h>

typedef enum {
  WAIT,        /* not read that far */
  FOUND,       /* a record of this frame */
  OTHER_KEY,   /* a record of another frame */
  HOLE,        /* no record */
  EXPIRED,     /* removed by retention */
  OTHER_TOPIC, /* not in a topic that is read */
} Where;

typedef struct {
  gboolean mismatched, missing, expired;
} Faults;

static Where
locate (const TribKafkaVerify *v, const VerifyFrame *f, TribKafkaTopic topic, gboolean final,
    const VerifyCopy **ret_copy)
{
  const VerifyPointer *to = &f->pointers[topic];
  const VerifyPartition *p = trib_kafka_verify_partition (v, topic, to->partition);

  *ret_copy = NULL;
  if (to->other_topic)
    return OTHER_TOPIC;
  for (const VerifyCopy *c = &f->copies[topic]; c; c = c->next) {
    if (c->partition == to->partition && c->offset == to->offset) {
      *ret_copy = c;
      return FOUND;
    }
  }
  if (p == NULL)
    return HOLE;
  if (trib_index_set_contains (&p->seen, to->offset))
    return OTHER_KEY;
  if (to->offset < p->low)
    return EXPIRED;
  return p->position > to->offset || final ? HOLE : WAIT;
}

static gchar *
elsewhere (const VerifyFrame *f, TribKafkaTopic topic)
{
  const VerifyCopy *c = &f->copies[topic];

  if (c->partition < 0)
    return g_strdup ("");
  return g_strdup_printf (
      "; this frame's record is at partition %d offset %" G_GINT64_FORMAT, c->partition, c->offset);
}

/* what is wrong with where the entry points, if anything; the finding stands at that place */
static void
judge_place (TribKafkaVerify *v, const VerifyFrame *f, const VerifyId *id, TribKafkaTopic topic,
    Where where, Faults *faults)
{
  const VerifyPointer *to = &f->pointers[topic];
  TribKafkaVerifyRecord at = { .topic = topic, .partition = to->partition, .offset = to->offset };
  TribKafkaVerifyRecord entry
      = { .topic = TRIB_KAFKA_TOPIC_REGISTRY, .partition = f->partition, .offset = f->offset };
  g_autofree gchar *other = elsewhere (f, topic);

  switch (where) {
    case OTHER_KEY:
      faults->mismatched = TRUE;
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_KEY, &at, id, 1,
          "the entry points here, but this record has another key%s", other);
      break;
    case OTHER_TOPIC:
      faults->mismatched = TRUE;
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_TOPIC, &entry, id, 1,
          "%s_topic is not %s, which was read", trib_kafka_verify_topic_to_string (topic),
          v->topics[topic]);
      break;
    case EXPIRED:
      faults->expired = TRUE;
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_EXPIRED, &at, id, 1,
          "the entry points here, below the low watermark%s", other);
      break;
    case HOLE:
    case WAIT:
      faults->missing = TRUE;
      trib_kafka_verify_found (v,
          topic == TRIB_KAFKA_TOPIC_BINARY ? TRIB_KAFKA_VERIFY_MISSING_BYTES
                                           : TRIB_KAFKA_VERIFY_MISSING_METADATA,
          &at, id, 1, "the entry points here, but there is no record%s", other);
      break;
    default:
      break;
  }
}

static void
compare (TribKafkaVerify *v, TribKafkaVerifyKind kind, const TribKafkaVerifyRecord *at,
    const VerifyId *id, const gchar *what, guint32 says, guint32 is, Faults *faults)
{
  if (says == is)
    return;
  faults->mismatched = TRUE;
  trib_kafka_verify_found (v, kind, at, id, 1, "%s is %u, the record's is %u", what, says, is);
}

/* only the first copy of the metadata is read; another one says the same if it is the same */
static gboolean
has_claims (const VerifyFrame *f, const VerifyCopy *metadata)
{
  return f->claims.known && metadata->crc == f->copies[TRIB_KAFKA_TOPIC_METADATA].crc;
}

/* what the metadata and the entry say of each other */
static void
judge_metadata (TribKafkaVerify *v, const VerifyFrame *f, const VerifyId *id,
    const VerifyCopy *metadata, Faults *faults)
{
  TribKafkaVerifyRecord at = { .topic = TRIB_KAFKA_TOPIC_METADATA };
  TribKafkaVerifyRecord entry
      = { .topic = TRIB_KAFKA_TOPIC_REGISTRY, .partition = f->partition, .offset = f->offset };

  at.partition = metadata->partition;
  at.offset = metadata->offset;
  compare (v, TRIB_KAFKA_VERIFY_CRC, &at, id, "the registry's metadata_crc32c",
      f->pointers[TRIB_KAFKA_TOPIC_METADATA].crc, metadata->crc, faults);
  if (!has_claims (f, metadata))
    return;
  if (f->claims.format != f->format) {
    faults->mismatched = TRUE;
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_FIELD, &at, id, 1,
        "compression.format is not the registry's compression_format");
  }
  if (!trib_kafka_ratio_is (f->ratio, f->size, f->claims.original_size)) {
    faults->mismatched = TRUE;
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_FIELD, &entry, id, 1,
        "compression_ratio is %g, the sizes say %u of %" G_GUINT64_FORMAT, f->ratio, f->size,
        f->claims.original_size);
  }
}

/* what the metadata says of the bytes */
static void
judge_claims (TribKafkaVerify *v, const VerifyFrame *f, const VerifyId *id,
    const VerifyCopy *metadata, const VerifyCopy *bytes, Faults *faults)
{
  TribKafkaVerifyRecord at = {
    .topic = TRIB_KAFKA_TOPIC_METADATA, .partition = metadata->partition, .offset = metadata->offset
  };
  const VerifyCopy *first = &f->copies[TRIB_KAFKA_TOPIC_METADATA];
  const gchar *wrong = NULL;

  if (!has_claims (f, metadata))
    return;
  compare (v, TRIB_KAFKA_VERIFY_SIZE, &at, id, "the metadata's compression.compressed_size",
      f->claims.size, bytes->size, faults);
  compare (v, TRIB_KAFKA_VERIFY_CRC, &at, id, "the metadata's binary_crc32c", f->claims.crc,
      bytes->crc, faults);
  if (bytes->content && first->content != bytes->content)
    wrong = "content_type is not what the bytes' header content-type says";
  else if (bytes->caps && first->caps && first->caps != bytes->caps)
    wrong = "caps are not those of the bytes' header";
  if (wrong == NULL)
    return;
  faults->mismatched = TRUE;
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_HEADER, &at, id, 1, "%s", wrong);
}

static void
judge_bytes (TribKafkaVerify *v, const VerifyFrame *f, const VerifyId *id, const VerifyCopy *bytes,
    Faults *faults)
{
  TribKafkaVerifyRecord at = {
    .topic = TRIB_KAFKA_TOPIC_BINARY, .partition = bytes->partition, .offset = bytes->offset
  };

  compare (v, TRIB_KAFKA_VERIFY_SIZE, &at, id, "the registry's compressed_size", f->size,
      bytes->size, faults);
  compare (v, TRIB_KAFKA_VERIFY_CRC, &at, id, "the registry's binary_crc32c",
      f->pointers[TRIB_KAFKA_TOPIC_BINARY].crc, bytes->crc, faults);
}

static gboolean
differ (VerifySeen a, VerifySeen b)
{
  return a.known && b.known && a.value != b.value;
}

/* what records of one frame say alike: against the entry's headers, or where it has none, the
 * bytes' against the metadata */
static void
judge_headers (TribKafkaVerify *v, const VerifyFrame *f, const VerifyId *id, TribKafkaTopic topic,
    const VerifyCopy *c, const VerifyCopy *metadata, Faults *faults)
{
  VerifySeen sequence = f->sequence, time_source = f->time_source;
  TribKafkaVerifyRecord at = { .topic = topic };
  const gchar *wrong = NULL, *owner = "the registry entry";

  if (c == NULL)
    return;
  if (!sequence.known && !time_source.known && metadata) {
    sequence = metadata->sequence;
    time_source = metadata->time_source;
    owner = "the metadata";
  }
  if (differ (c->sequence, sequence))
    wrong = "sequence";
  else if (differ (c->time_source, time_source))
    wrong = "time-source";
  if (wrong == NULL)
    return;
  at.partition = c->partition;
  at.offset = c->offset;
  faults->mismatched = TRUE;
  trib_kafka_verify_found (
      v, TRIB_KAFKA_VERIFY_HEADER, &at, id, 1, "%s is not that of %s", wrong, owner);
}

static void
judge_partitions (TribKafkaVerify *v, const VerifyFrame *f, const VerifyId *id, Faults *faults)
{
  gint32 metadata = f->pointers[TRIB_KAFKA_TOPIC_METADATA].partition;
  gint32 binary = f->pointers[TRIB_KAFKA_TOPIC_BINARY].partition;
  TribKafkaVerifyRecord entry
      = { .topic = TRIB_KAFKA_TOPIC_REGISTRY, .partition = f->partition, .offset = f->offset };

  if (metadata == f->partition && binary == f->partition)
    return;
  faults->mismatched = TRUE;
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_PARTITION, &entry, id, 1,
      "entry in partition %d, metadata in %d, bytes in %d", f->partition, metadata, binary);
}

/* the worst fault is the frame's outcome: one outcome a frame, however many findings */
static void
settle (TribKafkaVerify *v, const VerifyFrame *f, const Faults *faults, const VerifyCopy *bytes)
{
  TRIB_COUNT (v, f->stream, pending, -1);
  if (faults->mismatched) {
    TRIB_COUNT (v, f->stream, mismatched, 1);
  } else if (faults->missing) {
    TRIB_COUNT (v, f->stream, missing, 1);
  } else if (faults->expired) {
    TRIB_COUNT (v, f->stream, expired, 1);
  } else {
    TRIB_COUNT (v, f->stream, proven, 1);
    TRIB_COUNT (v, f->stream, bytes, bytes->size);
  }
}

/* of an old producer: nothing says where its records are, or what they hold */
static gboolean
judge_old (TribKafkaVerify *v, const VerifyFrame *f, gboolean final)
{
  static const TribKafkaVerifyKind kinds[]
      = { TRIB_KAFKA_VERIFY_MISSING_METADATA, TRIB_KAFKA_VERIFY_MISSING_BYTES };
  VerifyId id = { f->stream, f->index, f->t_ns, 0 };
  TribKafkaVerifyRecord entry
      = { .topic = TRIB_KAFKA_TOPIC_REGISTRY, .partition = f->partition, .offset = f->offset };
  guint missing = 0, expired = 0;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (f->copies[i].partition >= 0)
      continue;
    if (!final || v->bound_hit)
      return FALSE;
    missing += !trib_kafka_verify_has_lost (v, i);
    expired += trib_kafka_verify_has_lost (v, i);
    trib_kafka_verify_found (v,
        trib_kafka_verify_has_lost (v, i) ? TRIB_KAFKA_VERIFY_EXPIRED : kinds[i], &entry, &id, 1,
        "an entry of an old producer, and no record of the %s topic has its key",
        trib_kafka_verify_topic_to_string (i));
  }
  TRIB_COUNT (v, f->stream, pending, -1);
  if (missing)
    TRIB_COUNT (v, f->stream, missing, 1);
  else if (expired)
    TRIB_COUNT (v, f->stream, expired, 1);
  else
    TRIB_COUNT (v, f->stream, unproven, 1);
  return TRUE;
}

/* whether @f, whose entry was read, could be judged; then the caller forgets it */
gboolean
trib_kafka_verify_judge (TribKafkaVerify *v, const VerifyFrame *f, gboolean final)
{
  const VerifyCopy *copies[2];
  Where where[2];
  Faults faults = { .mismatched = f->bad };
  VerifyId id = { f->stream, f->index, f->t_ns, 0 };
  const VerifyCopy *metadata, *bytes;

  if (f->old)
    return judge_old (v, f, final);
  for (guint i = 0; i < G_N_ELEMENTS (where); i++) {
    where[i] = locate (v, f, i, final, &copies[i]);
    if (where[i] == WAIT)
      return FALSE;
    /* what is not found may be what was refused */
    if (v->bound_hit && (where[i] == OTHER_KEY || where[i] == HOLE))
      return FALSE;
  }
  metadata = copies[TRIB_KAFKA_TOPIC_METADATA];
  bytes = copies[TRIB_KAFKA_TOPIC_BINARY];
  for (guint i = 0; i < G_N_ELEMENTS (where); i++)
    judge_place (v, f, &id, i, where[i], &faults);
  for (guint i = 0; i < G_N_ELEMENTS (where); i++)
    judge_headers (v, f, &id, i, copies[i], metadata, &faults);
  judge_partitions (v, f, &id, &faults);
  if (metadata)
    judge_metadata (v, f, &id, metadata, &faults);
  if (metadata && bytes)
    judge_claims (v, f, &id, metadata, bytes, &faults);
  if (bytes)
    judge_bytes (v, f, &id, bytes, &faults);
  settle (v, f, &faults, bytes);
  return TRUE;
}

gboolean
trib_kafka_verify_is_ready (const TribKafkaVerify *v, const VerifyFrame *f)
{
  const VerifyCopy *copy;

  return f->linked && !f->old && locate (v, f, TRIB_KAFKA_TOPIC_METADATA, FALSE, &copy) != WAIT
         && locate (v, f, TRIB_KAFKA_TOPIC_BINARY, FALSE, &copy) != WAIT;
}
