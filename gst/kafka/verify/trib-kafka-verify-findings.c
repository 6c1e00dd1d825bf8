/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <string.h>

static const struct {
  const gchar *name;
  const gchar *description;
} kinds[] = {
  [TRIB_KAFKA_VERIFY_NOTHING] = { "nothing-to-verify", "no registry entry was seen" },
  [TRIB_KAFKA_VERIFY_FAILED] = { "failed", "the registry says FAILED" },
  [TRIB_KAFKA_VERIFY_MISSING_BYTES] = { "missing-bytes", "the entry points where no bytes are" },
  [TRIB_KAFKA_VERIFY_MISSING_METADATA]
  = { "missing-metadata", "the entry points where no metadata is" },
  [TRIB_KAFKA_VERIFY_EXPIRED] = { "expired", "retention removed what the entry points at" },
  [TRIB_KAFKA_VERIFY_SKIPPED] = { "skipped", "retention removed records before they were read" },
  [TRIB_KAFKA_VERIFY_CRC] = { "crc-mismatch", "a CRC-32C is not that of the value" },
  [TRIB_KAFKA_VERIFY_SIZE] = { "size-mismatch", "a size is not that of the value" },
  [TRIB_KAFKA_VERIFY_KEY] = { "key-mismatch", "the record has another key" },
  [TRIB_KAFKA_VERIFY_PARTITION]
  = { "partition-mismatch", "the three records are not in one partition number" },
  [TRIB_KAFKA_VERIFY_TOPIC] = { "topic-mismatch", "the entry points into another topic" },
  [TRIB_KAFKA_VERIFY_FIELD] = { "field-mismatch", "a field contradicts another record" },
  [TRIB_KAFKA_VERIFY_HEADER] = { "header-mismatch", "a record header is wrong" },
  [TRIB_KAFKA_VERIFY_ORPHAN_BYTES] = { "orphan-bytes", "bytes that no registry entry names" },
  [TRIB_KAFKA_VERIFY_ORPHAN_METADATA]
  = { "orphan-metadata", "metadata that no registry entry names" },
  [TRIB_KAFKA_VERIFY_DUPLICATE_REGISTRY]
  = { "duplicate-registry", "the frame is twice in the registry" },
  [TRIB_KAFKA_VERIFY_DUPLICATE_BYTES]
  = { "duplicate-bytes", "the frame is twice in the bytes topic" },
  [TRIB_KAFKA_VERIFY_DUPLICATE_METADATA]
  = { "duplicate-metadata", "the frame is twice in the metadata topic" },
  [TRIB_KAFKA_VERIFY_INDEX] = { "index-conflict",
      "the entry of this frame index is of another capture time of the same run" },
  [TRIB_KAFKA_VERIFY_CONFLICT] = { "status-conflict", "both LINKED and FAILED" },
  [TRIB_KAFKA_VERIFY_GAP] = { "gap", "frame indices that no record has" },
  [TRIB_KAFKA_VERIFY_MALFORMED] = { "malformed", "the record does not hold what it must" },
  [TRIB_KAFKA_VERIFY_UNREADABLE] = { "unreadable", "the client could not read the record" },
  [TRIB_KAFKA_VERIFY_BOUND] = { "bound", "too many frames open at once" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == TRIB_KAFKA_VERIFY_N_KINDS);

/**
 * trib_kafka_verify_kind_to_string:
 * @kind: a kind of finding
 *
 * Returns: its name in JSON and tables
 */
const gchar *
trib_kafka_verify_kind_to_string (TribKafkaVerifyKind kind)
{
  return kinds[kind].name;
}

/**
 * trib_kafka_verify_kind_describe:
 * @kind: a kind of finding
 *
 * Returns: what it means, for people
 */
const gchar *
trib_kafka_verify_kind_describe (TribKafkaVerifyKind kind)
{
  return kinds[kind].description;
}

/**
 * trib_kafka_verify_topic_to_string:
 * @topic: one of the three
 *
 * Returns: "metadata", "binary" or "registry"
 */
const gchar *
trib_kafka_verify_topic_to_string (TribKafkaTopic topic)
{
  static const gchar *const names[] = { "metadata", "binary", "registry" };

  return names[topic];
}

/* ---- findings ---- */

/* the most of a text that people are shown; ids are shorter */
#define MAX_DETAIL_BYTES 1024

/* (transfer full): @text, or as much of it as fits @max_bytes, which is counted */
gchar *
trib_kafka_verify_cut (TribKafkaVerify *v, const gchar *text, gsize max_bytes)
{
  gsize len = strlen (text);
  const gchar *end;

  if (len <= max_bytes)
    return g_strdup (text);
  v->texts_cut++;
  end = g_utf8_find_prev_char (text, text + max_bytes + 1);
  return g_strdup_printf ("%.*s... (%" G_GSIZE_FORMAT " bytes)",
      (int) (end ? (gsize) (end - text) : max_bytes), text, len);
}

void
trib_kafka_verify_finding_free (gpointer p)
{
  TribKafkaFinding *finding = p;

  g_free (finding->frame_id);
  g_free (finding->detail);
  g_free (finding);
}

/* counts @n findings and, up to the limit, lists them as one; @at and @id may be NULL */
void
trib_kafka_verify_found (TribKafkaVerify *v, TribKafkaVerifyKind kind,
    const TribKafkaVerifyRecord *at, const VerifyId *id, guint64 n, const gchar *format, ...)
{
  g_autofree gchar *detail = NULL;
  TribKafkaFinding *finding;
  va_list args;

  v->found[kind] += n;
  if (v->findings[kind]->len >= v->max_findings)
    return;
  finding = g_new0 (TribKafkaFinding, 1);
  finding->kind = kind;
  finding->n = n;
  finding->topic = at ? (gint) at->topic : -1;
  finding->partition = at ? at->partition : -1;
  finding->offset = at ? at->offset : -1;
  if (id)
    finding->frame_id = trib_frame_id_format (
        id->stream->pub.session, id->stream->pub.stream, id->index, id->t_ns);
  va_start (args, format);
  detail = g_strdup_vprintf (format, args);
  va_end (args);
  finding->detail = trib_kafka_verify_cut (v, detail, MAX_DETAIL_BYTES);
  g_ptr_array_add (v->findings[kind], finding);
}

/* there is an entry of this frame index, but not of this frame */
void
trib_kafka_verify_found_index (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *at, const VerifyId *id)
{
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_INDEX, at, id, 1,
      "the entry of frame index %" G_GUINT64_FORMAT " names another capture time or place",
      id->index);
}

/**
 * trib_kafka_verify_get_found:
 * @v: a verification
 * @kind: a kind
 *
 * Returns: how many findings of that kind, listed or not; of gaps: how many frame indices
 */
guint64
trib_kafka_verify_get_found (const TribKafkaVerify *v, TribKafkaVerifyKind kind)
{
  return v->found[kind];
}

/**
 * trib_kafka_verify_get_total_found:
 * @v: a verification
 *
 * Returns: findings of all kinds together
 */
guint64
trib_kafka_verify_get_total_found (const TribKafkaVerify *v)
{
  guint64 sum = 0;

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_KINDS; i++)
    sum += v->found[i];
  return sum;
}

/**
 * trib_kafka_verify_get_findings:
 * @v: a verification
 * @kind: a kind
 *
 * Returns: (transfer none) (element-type TribKafkaFinding): the first of that kind
 */
const GPtrArray *
trib_kafka_verify_get_findings (const TribKafkaVerify *v, TribKafkaVerifyKind kind)
{
  return v->findings[kind];
}
