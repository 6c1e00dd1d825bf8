/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <common/trib-crc32c.h>
#include <kafka/layout/trib-kafka-names.h>

#include <stddef.h>
#include <string.h>

/* error reasons counted by name */
#define MAX_REASONS 64
#define MAX_REASON_BYTES 64

/* @identity is what the JSON says, @id what the key says */
static gboolean
check_identity (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id,
    const TribKafkaIdentity *identity)
{
  const gchar *wrong = NULL;

  if (strlen (identity->frame_id) != r->key_len
      || memcmp (identity->frame_id, r->key, r->key_len) != 0) {
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_KEY, r, id, 1,
        "the record's key is this frame id, its JSON says \"%s\"", identity->frame_id);
    return FALSE;
  }
  if (strcmp (identity->session, id->stream->pub.session) != 0)
    wrong = "session_id";
  else if (strcmp (identity->stream, id->stream->pub.stream) != 0)
    wrong = "stream_id";
  else if (identity->index != id->index)
    wrong = "frame_index";
  else if (identity->t_ns != id->t_ns)
    wrong = "capture_timestamp_ns";
  if (wrong == NULL)
    return TRUE;
  trib_kafka_verify_found (
      v, TRIB_KAFKA_VERIFY_FIELD, r, id, 1, "%s contradicts the frame id", wrong);
  return FALSE;
}

void
trib_kafka_verify_add_duplicate (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id)
{
  static const TribKafkaVerifyKind kinds[] = {
    TRIB_KAFKA_VERIFY_DUPLICATE_METADATA,
    TRIB_KAFKA_VERIFY_DUPLICATE_BYTES,
    TRIB_KAFKA_VERIFY_DUPLICATE_REGISTRY,
  };

  TRIB_COUNT (v, id->stream, duplicates, 1);
  trib_kafka_verify_found (v, kinds[r->topic], r, id, 1,
      "frame index %" G_GUINT64_FORMAT " is already in this topic", id->index);
}

/* the entry may point at any of the copies, so the later ones are kept until it is read */
static void
add_extra_copy (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id, const VerifyCopy *copy)
{
  VerifyFrame *f = trib_kafka_verify_lookup_frame (v, id);
  VerifyCopy *extra;

  if (f == NULL
      && !trib_index_set_contains (&id->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY], id->index))
    f = trib_kafka_verify_ensure_frame (v, r, id);
  if (f == NULL)
    return;
  extra = g_memdup2 (copy, sizeof *copy);
  extra->next = f->copies[r->topic].next;
  f->copies[r->topic].next = extra;
  trib_kafka_verify_try_judge (v, f);
}

/* Bytes or metadata of a frame index whose entry was judged before: left by a FAILED frame,
 * or of another capture time. */
static void
add_after_entry (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id)
{
  if (!v->bound_hit && !trib_index_set_contains (&id->stream->failed, id->index))
    trib_kafka_verify_found_index (v, r, id);
}

/* @seen, from the JSON, against what the record's header says, which counts when both exist */
static gboolean
merge (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id, const gchar *what,
    VerifySeen seen, VerifySeen *said)
{
  gboolean good = !said->known || said->value == seen.value;

  if (!good)
    trib_kafka_verify_found (
        v, TRIB_KAFKA_VERIFY_FIELD, r, id, 1, "%s contradicts the record's header", what);
  if (!said->known)
    *said = seen;
  return good;
}

static guint32
hash_text (const gchar *text)
{
  return trib_kafka_verify_hash (text, strlen (text));
}

/* ---- old producers ---- */

/* What entries and metadata of the old producer have (contract ARIA-40): names, and of entries no
 * place at all. What they point at is what has their key. */
typedef struct {
  TribKafkaIdentity identity;
  gint64 metadata_offset, binary_offset;
  gint32 metadata_partition, binary_partition;
  gint64 crc; /* every new one has it */
  gchar *status;
} OldValue;

#define OLD(member) offsetof (OldValue, member)

static const TribKafkaField old_fields[] = {
  { TRIB_KAFKA_JSON_FRAME_ID, TRIB_KAFKA_FIELD_STRING, OLD (identity.frame_id) },
  { TRIB_KAFKA_JSON_SESSION_ID, TRIB_KAFKA_FIELD_STRING, OLD (identity.session) },
  { TRIB_KAFKA_JSON_STREAM_ID, TRIB_KAFKA_FIELD_STRING, OLD (identity.stream) },
  { TRIB_KAFKA_JSON_STATUS, TRIB_KAFKA_FIELD_STRING, OLD (status), TRUE },
  { TRIB_KAFKA_JSON_METADATA_OFFSET, TRIB_KAFKA_FIELD_OFFSET, OLD (metadata_offset), TRUE },
  { TRIB_KAFKA_JSON_BINARY_OFFSET, TRIB_KAFKA_FIELD_OFFSET, OLD (binary_offset), TRUE },
  { TRIB_KAFKA_JSON_METADATA_PARTITION, TRIB_KAFKA_FIELD_PARTITION, OLD (metadata_partition),
      TRUE },
  { TRIB_KAFKA_JSON_BINARY_PARTITION, TRIB_KAFKA_FIELD_PARTITION, OLD (binary_partition), TRUE },
  { TRIB_KAFKA_JSON_BINARY_CRC32C, TRIB_KAFKA_FIELD_OFFSET, OLD (crc), TRUE },
};

/* whether the record is one of an old producer, about this frame; @ret_failed: of an entry */
static gboolean
is_old (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id, gboolean *ret_failed)
{
  OldValue old = { { 0 }, -1, -1, -1, -1, -1, NULL };
  gboolean is = trib_kafka_fields_read (old_fields, G_N_ELEMENTS (old_fields), &old, v->reader,
      r->value ? r->value : "", r->value_len, NULL);

  is = is && old.metadata_offset < 0 && old.binary_offset < 0 && old.metadata_partition < 0
       && old.binary_partition < 0 && old.crc < 0 && strlen (old.identity.frame_id) == r->key_len
       && memcmp (old.identity.frame_id, r->key, r->key_len) == 0
       && trib_kafka_verify_name_stream (id->stream, old.identity.session, old.identity.stream);
  *ret_failed = is && g_strcmp0 (old.status, TRIB_KAFKA_STATUS_FAILED) == 0;
  g_free (old.identity.frame_id);
  g_free (old.identity.session);
  g_free (old.identity.stream);
  g_free (old.status);
  return is;
}

/* ---- one record ---- */

static gboolean
read_metadata (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id,
    VerifyCopy *copy, VerifyClaims *claims)
{
  g_auto (TribKafkaMetadataValue) value = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean good, failed;

  if (!trib_kafka_metadata_value_parse (
          &value, v->reader, r->value ? r->value : "", r->value_len, &error)) {
    if (is_old (v, r, id, &failed))
      return TRUE;
    trib_kafka_verify_found (
        v, TRIB_KAFKA_VERIFY_MALFORMED, r, id, 1, "metadata: %s", error->message);
    return FALSE;
  }
  claims->known = TRUE;
  claims->size = value.size;
  claims->original_size = value.original_size;
  claims->crc = value.binary_crc32c;
  claims->format = hash_text (value.format);
  copy->content = hash_text (value.content_type);
  copy->caps = value.caps ? hash_text (value.caps) : 0;
  good = check_identity (v, r, id, &value.identity);
  if (good && !trib_kafka_metadata_value_check (&value, &error)) {
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_FIELD, r, id, 1, "%s", error->message);
    good = FALSE;
  }
  good &= merge (
      v, r, id, "sequence", (VerifySeen){ (guint32) value.sequence, TRUE }, &copy->sequence);
  good &= merge (v, r, id, "time_source", (VerifySeen){ hash_text (value.time_source), TRUE },
      &copy->time_source);
  return good;
}

/* bytes and metadata; what they say is kept until the entry is read */
void
trib_kafka_verify_take_copy (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id)
{
  VerifyCopy copy = {
    .offset = r->offset, .partition = r->partition, .size = (guint32) r->value_len, .crc = id->crc
  };
  VerifyFrame *f = trib_kafka_verify_lookup_frame (v, id);
  VerifyClaims claims = { 0 };
  VerifyHeaders said = { { 0 } };
  gboolean good;

  if (!trib_kafka_verify_set_add (v, &id->stream->seen[r->topic], id->index)) {
    if (!id->stream->undecided)
      trib_kafka_verify_add_duplicate (v, r, id);
    add_extra_copy (v, r, id, &copy);
    return;
  }
  if (f == NULL
      && trib_index_set_contains (&id->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY], id->index)) {
    add_after_entry (v, r, id);
    return;
  }
  f = trib_kafka_verify_ensure_frame (v, r, id);
  if (f == NULL)
    return;
  good = trib_kafka_verify_check_headers (v, r, id, &said);
  copy.content = said.content;
  copy.caps = said.caps;
  copy.sequence = said.sequence;
  copy.time_source = said.time_source;
  if (r->topic == TRIB_KAFKA_TOPIC_METADATA)
    good &= read_metadata (v, r, id, &copy, &claims);
  f->claims = claims.known ? claims : f->claims;
  f->bad |= !good;
  copy.next = f->copies[r->topic].next;
  f->copies[r->topic] = copy;
  v->lacking[r->topic]--;
  trib_kafka_verify_try_judge (v, f);
}

static void
note_pointer (
    TribKafkaVerify *v, TribKafkaTopic topic, const TribKafkaPointer *from, VerifyPointer *to)
{
  VerifyPartition *p = trib_kafka_verify_partition (v, topic, from->partition);

  to->partition = from->partition;
  to->offset = from->offset;
  to->crc = from->crc32c;
  to->other_topic = strcmp (from->topic, v->topics[topic]) != 0;
  if (p && !to->other_topic && from->offset < G_MAXINT64)
    p->needed = MAX (p->needed, from->offset + 1);
}

static void
add_failed (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id,
    const gchar *full_reason, const gchar *message)
{
  g_autofree gchar *cut = trib_kafka_verify_cut (v, full_reason, MAX_REASON_BYTES);
  const gchar *reason = cut;
  guint64 *count = g_hash_table_lookup (v->reasons, reason);
  VerifyFrame *f = trib_kafka_verify_lookup_frame (v, id);

  if (count == NULL) {
    if (g_hash_table_size (v->reasons) >= MAX_REASONS)
      reason = "(other)";
    count = g_hash_table_lookup (v->reasons, reason);
    if (count == NULL)
      g_hash_table_insert (v->reasons, g_strdup (reason), count = g_new0 (guint64, 1));
  }
  (*count)++;
  trib_kafka_verify_set_add (v, &id->stream->failed, id->index);
  TRIB_COUNT (v, id->stream, pending, -1);
  TRIB_COUNT (v, id->stream, failed, 1);
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_FAILED, r, id, 1, "%s: %s", cut, message);
  if (f) {
    trib_kafka_verify_forget_lacks (v, f);
    g_hash_table_remove (v->frames, f);
  }
}

static gboolean
is_first_entry (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id, gboolean failed)
{
  gboolean was_failed;

  if (trib_kafka_verify_set_add (v, &id->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY], id->index))
    return TRUE;
  was_failed = trib_index_set_contains (&id->stream->failed, id->index);
  if (was_failed == failed)
    trib_kafka_verify_add_duplicate (v, r, id);
  else
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_CONFLICT, r, id, 1,
        "%s, but an earlier entry of this frame says %s", failed ? "FAILED" : "LINKED",
        was_failed ? "FAILED" : "LINKED");
  return FALSE;
}

/* counted as an entry, whatever becomes of its frame */
static void
count_entry (TribKafkaVerify *v, const VerifyId *id)
{
  TribKafkaVerifyCounts *counts = &id->stream->pub.counts;

  TRIB_COUNT (v, id->stream, entries, 1);
  TRIB_COUNT (v, id->stream, pending, 1);
  counts->first_t_ns = MIN (counts->first_t_ns, id->t_ns);
  counts->last_t_ns = MAX (counts->last_t_ns, id->t_ns);
  v->total.first_t_ns = MIN (v->total.first_t_ns, id->t_ns);
  v->total.last_t_ns = MAX (v->total.last_t_ns, id->t_ns);
}

/* (nullable): the frame of a LINKED entry, in which the entry stands */
static VerifyFrame *
link_frame (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id)
{
  VerifyFrame *f = trib_kafka_verify_ensure_frame (v, r, id);

  if (f == NULL)
    return NULL;
  f->linked = TRUE;
  f->partition = r->partition;
  f->offset = r->offset;
  v->lacking[TRIB_KAFKA_TOPIC_REGISTRY]--;
  return f;
}

static void
take_old_entry (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id, gboolean failed)
{
  VerifyFrame *f;

  if (!is_first_entry (v, r, id, failed))
    return;
  count_entry (v, id);
  if (failed) {
    add_failed (v, r, id, "unknown", "an entry of an old producer, which names no reason");
    return;
  }
  f = link_frame (v, r, id);
  if (f == NULL)
    return;
  f->old = TRUE;
  trib_kafka_verify_try_judge (v, f);
}

void
trib_kafka_verify_take_entry (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id)
{
  g_auto (TribKafkaRegistryValue) value = { 0 };
  g_autoptr (GError) error = NULL;
  VerifyHeaders said = { { 0 } };
  gboolean good, failed;
  VerifyFrame *f;

  if (!trib_kafka_registry_value_parse (
          &value, v->reader, r->value ? r->value : "", r->value_len, &error)) {
    if (is_old (v, r, id, &failed))
      take_old_entry (v, r, id, failed);
    else
      trib_kafka_verify_found (
          v, TRIB_KAFKA_VERIFY_MALFORMED, r, id, 1, "registry entry: %s", error->message);
    return;
  }
  if (!is_first_entry (v, r, id, value.failed))
    return;
  count_entry (v, id);
  good = check_identity (v, r, id, &value.identity);
  if (!trib_kafka_registry_value_check (&value, &error)) {
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_FIELD, r, id, 1, "%s", error->message);
    good = FALSE;
  }
  if (value.failed) {
    trib_kafka_verify_check_headers (v, r, id, &said);
    add_failed (v, r, id, value.error_reason, value.error_message);
    return;
  }
  f = link_frame (v, r, id);
  if (f == NULL)
    return;
  good &= trib_kafka_verify_check_headers (v, r, id, &said);
  f->sequence = said.sequence;
  f->time_source = said.time_source;
  f->bad |= !good;
  f->size = value.size;
  f->ratio = value.ratio;
  f->format = hash_text (value.format);
  note_pointer (v, TRIB_KAFKA_TOPIC_METADATA, &value.metadata, &f->pointers[0]);
  note_pointer (v, TRIB_KAFKA_TOPIC_BINARY, &value.binary, &f->pointers[1]);
  trib_kafka_verify_try_judge (v, f);
}
