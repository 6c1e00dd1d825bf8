/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include "trib-crc32c.h"

#include <string.h>

/* The life of a frame: its records are noted as they come, in any order. Once the registry entry
 * is there and what it points at has been read (or is known not to exist), the frame is judged and
 * forgotten but for its index, so that memory follows what is open and not what was read. */

#define MAX_STREAMS 65536
#define MAX_REASONS 64
/* index ranges kept, per frame that may be open: what a topic of scattered indices may cost */
#define RANGES_PER_OPEN 4

static guint
frame_hash (gconstpointer p)
{
  const Frame *f = p;
  guint64 h = f->index * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) ^ (guint64) (gsize) f->stream;

  return (guint) (h ^ h >> 32);
}

static gboolean
frame_equal (gconstpointer a, gconstpointer b)
{
  const Frame *x = a, *y = b;

  return x->stream == y->stream && x->index == y->index && x->t_ns == y->t_ns;
}

static void
frame_free (gpointer p)
{
  Frame *f = p;

  for (guint i = 0; i < G_N_ELEMENTS (f->copies); i++) {
    Copy *next;
    for (Copy *c = f->copies[i].next; c; c = next) {
      next = c->next;
      g_free (c);
    }
  }
  g_free (f);
}

static void
stream_free (gpointer p)
{
  Stream *s = p;

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    trib_index_set_clear (&s->seen[i]);
  trib_index_set_clear (&s->failed);
  g_free (s->pub.session);
  g_free (s->pub.stream);
  g_free (s);
}

static void
partition_free (gpointer p)
{
  Partition *partition = p;

  trib_index_set_clear (&partition->seen);
  g_free (partition);
}

/**
 * trib_kafka_verify_new:
 * @config: what to look at; copied
 *
 * Returns: (transfer full): empty books
 */
TribKafkaVerify *
trib_kafka_verify_new (const TribKafkaVerifyConfig *config)
{
  TribKafkaVerify *v = g_new0 (TribKafkaVerify, 1);

  v->max_open = config->max_open ? config->max_open : TRIB_KAFKA_VERIFY_DEFAULT_MAX_OPEN;
  v->max_findings = config->max_findings;
  v->sessions = g_strdupv ((gchar **) config->sessions);
  v->wanted_streams = g_strdupv ((gchar **) config->streams);
  v->frames = g_hash_table_new_full (frame_hash, frame_equal, frame_free, NULL);
  v->streams = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, stream_free);
  v->reasons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  v->reader = trib_json_reader_new ("", 0, NULL);
  v->total.first_t_ns = G_MAXINT64;
  v->total.last_t_ns = G_MININT64;
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++) {
    v->topics[i] = g_strdup (config->topics[i]);
    v->partitions[i] = g_hash_table_new_full (NULL, NULL, NULL, partition_free);
  }
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_KINDS; i++)
    v->findings[i] = g_ptr_array_new_with_free_func (trib_kafka_verify_finding_free);
  return v;
}

/**
 * trib_kafka_verify_free:
 * @v: the books
 */
void
trib_kafka_verify_free (TribKafkaVerify *v)
{
  g_hash_table_unref (v->frames);
  g_hash_table_unref (v->streams);
  g_hash_table_unref (v->reasons);
  g_strfreev (v->sessions);
  g_strfreev (v->wanted_streams);
  trib_json_reader_free (v->reader);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++) {
    g_free (v->topics[i]);
    g_hash_table_unref (v->partitions[i]);
  }
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_KINDS; i++)
    g_ptr_array_unref (v->findings[i]);
  g_free (v);
}

/* ---- where reading stands ---- */

Partition *
trib_kafka_verify_partition (const TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition)
{
  return g_hash_table_lookup (v->partitions[topic], GINT_TO_POINTER (partition));
}

static Partition *
ensure_partition (TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition)
{
  Partition *p = trib_kafka_verify_partition (v, topic, partition);

  if (p == NULL) {
    p = g_new0 (Partition, 1);
    p->orphan_limit = G_MAXINT64;
    g_hash_table_insert (v->partitions[topic], GINT_TO_POINTER (partition), p);
  }
  return p;
}

/* adds to a set that belongs to @v, and keeps count of what the sets cost */
static gboolean
set_add (TribKafkaVerify *v, TribIndexSet *set, guint64 value)
{
  guint before = trib_index_set_n_ranges (set);
  gboolean fresh = trib_index_set_add (set, value);

  v->n_ranges += trib_index_set_n_ranges (set);
  v->n_ranges -= before;
  return fresh;
}

/**
 * trib_kafka_verify_set_low:
 * @v: the books
 * @topic: which topic
 * @partition: which partition
 * @low: its low watermark: what lies below is not there any more
 *
 * Also makes the partition known: entries that point into an unknown one are found missing.
 */
void
trib_kafka_verify_set_low (TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 low)
{
  Partition *p = ensure_partition (v, topic, partition);

  p->low = MAX (p->low, low);
  p->position = MAX (p->position, low);
}

/**
 * trib_kafka_verify_set_position:
 * @v: the books
 * @topic: which topic
 * @partition: which partition
 * @position: the next offset to be read; everything below has been handed in
 */
void
trib_kafka_verify_set_position (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 position)
{
  Partition *p = ensure_partition (v, topic, partition);

  p->position = MAX (p->position, position);
}

/**
 * trib_kafka_verify_set_orphan_limit:
 * @v: the books
 * @topic: which topic
 * @partition: which partition
 * @offset: records from here on are in flight, not orphans, when no entry names them
 */
void
trib_kafka_verify_set_orphan_limit (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 offset)
{
  ensure_partition (v, topic, partition)->orphan_limit = offset;
}

/**
 * trib_kafka_verify_get_needed:
 * @v: the books
 * @topic: which topic
 * @partition: which partition
 *
 * Returns: the offset up to which the entries seen so far want that partition to be read
 */
gint64
trib_kafka_verify_get_needed (const TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition)
{
  const Partition *p = trib_kafka_verify_partition (v, topic, partition);

  return p ? p->needed : 0;
}

/* ---- frames and streams ---- */

static gboolean
wanted (gchar **list, const gchar *text, gsize len)
{
  if (list == NULL || *list == NULL)
    return TRUE;
  for (; *list; list++) {
    if (strlen (*list) == len && memcmp (*list, text, len) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
refuse (TribKafkaVerify *v, const TribKafkaRecord *r, const gchar *what)
{
  v->bound_hit = TRUE;
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_BOUND, r, NULL, 1,
      "%s: this record was not looked at, verdicts from here on are incomplete", what);
}

static Stream *
ensure_stream (TribKafkaVerify *v, const TribKafkaRecord *r, const TribFrameIdView *id)
{
  gchar key[TRIB_FRAME_ID_MAX_BYTES + 1];
  gsize len = id->session_len + 1 + id->stream_len;
  Stream *s;

  /* session and stream are the beginning of the frame id; as a stream id has no '_', that is
   * unique */
  memcpy (key, id->session, len);
  key[len] = '\0';
  s = g_hash_table_lookup (v->streams, key);
  if (s)
    return s;
  if (g_hash_table_size (v->streams) >= MAX_STREAMS) {
    refuse (v, r, "more than 65536 streams");
    return NULL;
  }
  s = g_new0 (Stream, 1);
  s->pub.session = g_strndup (id->session, id->session_len);
  s->pub.stream = g_strndup (id->stream, id->stream_len);
  s->pub.counts.first_t_ns = G_MAXINT64;
  s->pub.counts.last_t_ns = G_MININT64;
  g_hash_table_insert (v->streams, g_strdup (key), s);
  return s;
}

static Frame *
lookup_frame (const TribKafkaVerify *v, const Who *who)
{
  Frame probe = { .stream = who->stream, .index = who->index, .t_ns = who->t_ns };

  return g_hash_table_lookup (v->frames, &probe);
}

static Frame *
ensure_frame (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who)
{
  Frame *f = lookup_frame (v, who);

  if (f)
    return f;
  if (g_hash_table_size (v->frames) >= v->max_open
      || v->n_ranges >= (guint64) v->max_open * RANGES_PER_OPEN) {
    refuse (v, r, "more frames are open than allowed");
    return NULL;
  }
  f = g_new0 (Frame, 1);
  f->stream = who->stream;
  f->index = who->index;
  f->t_ns = who->t_ns;
  f->copies[TRIB_KAFKA_TOPIC_METADATA].partition = -1;
  f->copies[TRIB_KAFKA_TOPIC_BINARY].partition = -1;
  g_hash_table_add (v->frames, f);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    v->lacking[i]++;
  return f;
}

static void
forget_lacks (TribKafkaVerify *v, const Frame *f)
{
  for (guint i = 0; i < G_N_ELEMENTS (f->copies); i++)
    v->lacking[i] -= f->copies[i].partition < 0;
  v->lacking[TRIB_KAFKA_TOPIC_REGISTRY] -= !f->linked;
}

static void
try_judge (TribKafkaVerify *v, Frame *f)
{
  if (f->linked && trib_kafka_verify_judge (v, f, FALSE)) {
    forget_lacks (v, f);
    g_hash_table_remove (v->frames, f);
  }
}

/* ---- headers ---- */

static gboolean
header_is (const TribKafkaHeader *h, const gchar *name)
{
  return strcmp (h->name, name) == 0;
}

static gboolean
header_equals (const TribKafkaHeader *h, const void *text, gsize len)
{
  return h->value && h->len == len && memcmp (h->value, text, len) == 0;
}

static gboolean
header_number (const TribKafkaHeader *h, guint64 *ret_value)
{
  gchar text[24];

  if (h->value == NULL || h->len == 0 || h->len >= sizeof text)
    return FALSE;
  memcpy (text, h->value, h->len);
  text[h->len] = '\0';
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, ret_value, NULL);
}

static guint32
hash_bytes (const void *data, gsize len)
{
  return trib_crc32c (0, data, len);
}

/* what the headers say that only other records can contradict */
typedef struct {
  Seen sequence;
  Seen time_source;
  guint32 content;
} Said;

/* a header that is absent is no finding, one that is wrong is */
static gboolean
check_headers (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who, Said *said)
{
  gboolean good = TRUE;

  for (guint i = 0; i < r->n_headers; i++) {
    const TribKafkaHeader *h = &r->headers[i];
    gboolean right = TRUE;
    guint64 number = 0;

    if (header_is (h, "frame-id")) {
      right = header_equals (h, r->key, r->key_len);
    } else if (header_is (h, "crc32c")) {
      right = header_number (h, &number) && number == who->crc;
    } else if (header_is (h, "sequence")) {
      right = header_number (h, &number);
      said->sequence = (Seen){ (guint32) number, right };
    } else if (header_is (h, "time-source")) {
      said->time_source = (Seen){ hash_bytes (h->value, h->len), TRUE };
    } else if (header_is (h, "content-type")) {
      if (r->topic == TRIB_KAFKA_TOPIC_BINARY)
        said->content = hash_bytes (h->value, h->len);
      else
        right = header_equals (h, "application/json", strlen ("application/json"));
    }
    if (!right) {
      g_autofree gchar *text = g_utf8_make_valid (h->value ? h->value : "", MIN (h->len, 128));
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_HEADER, r, who, 1,
          "header %s is \"%s\", which contradicts the record", h->name, text);
      good = FALSE;
    }
  }
  return good;
}

/* ---- records ---- */

/* @identity is what the JSON says, @who what the key says */
static gboolean
check_identity (
    TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who, const TribKafkaIdentity *identity)
{
  const gchar *wrong = NULL;

  if (strlen (identity->frame_id) != r->key_len
      || memcmp (identity->frame_id, r->key, r->key_len) != 0) {
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_KEY, r, who, 1,
        "the record's key is this frame id, its JSON says \"%s\"", identity->frame_id);
    return FALSE;
  }
  if (strcmp (identity->session, who->stream->pub.session) != 0)
    wrong = "session_id";
  else if (strcmp (identity->stream, who->stream->pub.stream) != 0)
    wrong = "stream_id";
  else if (identity->index != who->index)
    wrong = "frame_index";
  else if (identity->t_ns != who->t_ns)
    wrong = "capture_timestamp_ns";
  if (wrong == NULL)
    return TRUE;
  trib_kafka_verify_found (
      v, TRIB_KAFKA_VERIFY_FIELD, r, who, 1, "%s contradicts the frame id", wrong);
  return FALSE;
}

static void
add_duplicate (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who)
{
  static const TribKafkaVerifyKind kinds[] = {
    TRIB_KAFKA_VERIFY_DUPLICATE_METADATA,
    TRIB_KAFKA_VERIFY_DUPLICATE_BYTES,
    TRIB_KAFKA_VERIFY_DUPLICATE_REGISTRY,
  };

  TRIB_COUNT (v, who->stream, duplicates, 1);
  trib_kafka_verify_found (v, kinds[r->topic], r, who, 1,
      "frame index %" G_GUINT64_FORMAT " is already in this topic", who->index);
}

/* the entry may point at any of the copies, so the later ones are kept until it has come */
static void
add_extra_copy (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who, const Copy *copy)
{
  Frame *f = lookup_frame (v, who);
  Copy *extra;

  if (f == NULL
      && !trib_index_set_contains (&who->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY], who->index))
    f = ensure_frame (v, r, who);
  if (f == NULL)
    return;
  extra = g_memdup2 (copy, sizeof *copy);
  extra->next = f->copies[r->topic].next;
  f->copies[r->topic].next = extra;
  try_judge (v, f);
}

/* Bytes or metadata of a frame index whose entry was judged before: left behind by a FAILED frame,
 * or of another capture time. */
static void
add_after_entry (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who)
{
  if (!v->bound_hit && !trib_index_set_contains (&who->stream->failed, who->index))
    trib_kafka_verify_found_index (v, r, who);
}

static gboolean
read_metadata (
    TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who, Copy *copy, Claims *claims)
{
  g_auto (TribKafkaMetadataValue) value = { 0 };
  g_autoptr (GError) error = NULL;

  if (!trib_kafka_metadata_value_parse (
          &value, v->reader, r->value ? r->value : "", r->value_len, &error)) {
    trib_kafka_verify_found (
        v, TRIB_KAFKA_VERIFY_MALFORMED, r, who, 1, "metadata: %s", error->message);
    return FALSE;
  }
  claims->known = TRUE;
  claims->size = value.size;
  claims->crc = value.binary_crc32c;
  claims->format = hash_bytes (value.format, strlen (value.format));
  copy->content = hash_bytes (value.content_type, strlen (value.content_type));
  claims->sequence = (guint32) value.sequence;
  return check_identity (v, r, who, &value.identity);
}

/* bytes and metadata; what they say is kept until the entry comes, or was kept for it */
static void
add_copy (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who)
{
  Copy copy = {
    .offset = r->offset, .partition = r->partition, .size = (guint32) r->value_len, .crc = who->crc
  };
  Frame *f = lookup_frame (v, who);
  Claims claims = { 0 };
  Said said = { { 0 } };
  gboolean good;

  if (!set_add (v, &who->stream->seen[r->topic], who->index)) {
    add_duplicate (v, r, who);
    add_extra_copy (v, r, who, &copy);
    return;
  }
  if (f == NULL
      && trib_index_set_contains (&who->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY], who->index)) {
    add_after_entry (v, r, who);
    return;
  }
  f = ensure_frame (v, r, who);
  if (f == NULL)
    return;
  good = check_headers (v, r, who, &said);
  copy.content = said.content;
  copy.sequence = said.sequence;
  copy.time_source = said.time_source;
  if (r->topic == TRIB_KAFKA_TOPIC_METADATA)
    good &= read_metadata (v, r, who, &copy, &claims);
  if (claims.known && said.sequence.known && said.sequence.value != claims.sequence) {
    trib_kafka_verify_found (
        v, TRIB_KAFKA_VERIFY_FIELD, r, who, 1, "sequence contradicts the record's header");
    good = FALSE;
  }
  f->claims = claims.known ? claims : f->claims;
  f->bad |= !good;
  copy.next = f->copies[r->topic].next;
  f->copies[r->topic] = copy;
  v->lacking[r->topic]--;
  try_judge (v, f);
}

static void
note_pointer (TribKafkaVerify *v, TribKafkaTopic topic, const TribKafkaPointer *from, Pointer *to)
{
  Partition *p = trib_kafka_verify_partition (v, topic, from->partition);

  to->partition = from->partition;
  to->offset = from->offset;
  to->crc = from->crc32c;
  to->other_topic = strcmp (from->topic, v->topics[topic]) != 0;
  if (p && !to->other_topic && from->offset < G_MAXINT64)
    p->needed = MAX (p->needed, from->offset + 1);
}

static void
add_failed (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who,
    const TribKafkaRegistryValue *value)
{
  const gchar *reason = value->error_reason;
  guint64 *count = g_hash_table_lookup (v->reasons, reason);
  Frame *f = lookup_frame (v, who);

  if (count == NULL) {
    if (g_hash_table_size (v->reasons) >= MAX_REASONS)
      reason = "(other)";
    count = g_hash_table_lookup (v->reasons, reason);
    if (count == NULL)
      g_hash_table_insert (v->reasons, g_strdup (reason), count = g_new0 (guint64, 1));
  }
  (*count)++;
  set_add (v, &who->stream->failed, who->index);
  TRIB_COUNT (v, who->stream, pending, -1);
  TRIB_COUNT (v, who->stream, failed, 1);
  trib_kafka_verify_found (
      v, TRIB_KAFKA_VERIFY_FAILED, r, who, 1, "%s: %s", value->error_reason, value->error_message);
  if (f) {
    forget_lacks (v, f);
    g_hash_table_remove (v->frames, f);
  }
}

static gboolean
is_first_entry (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who, gboolean failed)
{
  gboolean was_failed;

  if (set_add (v, &who->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY], who->index))
    return TRUE;
  was_failed = trib_index_set_contains (&who->stream->failed, who->index);
  if (was_failed == failed)
    add_duplicate (v, r, who);
  else
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_CONFLICT, r, who, 1,
        "%s, but an earlier entry of this frame says %s", failed ? "FAILED" : "LINKED",
        was_failed ? "FAILED" : "LINKED");
  return FALSE;
}

static void
add_registry (TribKafkaVerify *v, const TribKafkaRecord *r, const Who *who)
{
  g_auto (TribKafkaRegistryValue) value = { 0 };
  g_autoptr (GError) error = NULL;
  TribKafkaVerifyCounts *counts = &who->stream->pub.counts;
  Said said = { { 0 } };
  gboolean good;
  Frame *f;

  if (!trib_kafka_registry_value_parse (
          &value, v->reader, r->value ? r->value : "", r->value_len, &error)) {
    trib_kafka_verify_found (
        v, TRIB_KAFKA_VERIFY_MALFORMED, r, who, 1, "registry entry: %s", error->message);
    return;
  }
  if (!is_first_entry (v, r, who, value.failed))
    return;
  TRIB_COUNT (v, who->stream, entries, 1);
  TRIB_COUNT (v, who->stream, pending, 1);
  counts->first_t_ns = MIN (counts->first_t_ns, who->t_ns);
  counts->last_t_ns = MAX (counts->last_t_ns, who->t_ns);
  v->total.first_t_ns = MIN (v->total.first_t_ns, who->t_ns);
  v->total.last_t_ns = MAX (v->total.last_t_ns, who->t_ns);

  good = check_identity (v, r, who, &value.identity);
  if (value.size != value.size_bytes) {
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_FIELD, r, who, 1,
        "compressed_size is %u, size_bytes %u", value.size, value.size_bytes);
    good = FALSE;
  }
  if (value.failed) {
    check_headers (v, r, who, &said);
    add_failed (v, r, who, &value);
    return;
  }
  f = ensure_frame (v, r, who);
  if (f == NULL)
    return;
  good &= check_headers (v, r, who, &said);
  f->sequence = said.sequence;
  f->time_source = said.time_source;
  f->bad |= !good;
  f->linked = TRUE;
  f->partition = r->partition;
  f->offset = r->offset;
  f->size = value.size;
  f->format = hash_bytes (value.format, strlen (value.format));
  note_pointer (v, TRIB_KAFKA_TOPIC_METADATA, &value.metadata, &f->pointers[0]);
  note_pointer (v, TRIB_KAFKA_TOPIC_BINARY, &value.binary, &f->pointers[1]);
  v->lacking[TRIB_KAFKA_TOPIC_REGISTRY]--;
  try_judge (v, f);
}

/**
 * trib_kafka_verify_add:
 * @v: the books
 * @record: one record of one of the three topics; borrowed
 *
 * Takes the next record of its partition. Its value is looked at and not kept.
 */
void
trib_kafka_verify_add (TribKafkaVerify *v, const TribKafkaRecord *record)
{
  Partition *p = ensure_partition (v, record->topic, record->partition);
  g_autoptr (GError) error = NULL;
  TribFrameIdView id;
  Who who;

  g_return_if_fail (record->topic < TRIB_KAFKA_VERIFY_N_TOPICS);
  v->records[record->topic]++;
  v->record_bytes[record->topic] += record->value_len;
  set_add (v, &p->seen, record->offset);
  p->position = MAX (p->position, record->offset + 1);

  if (!trib_frame_id_parse (record->key ? record->key : "", record->key_len, &id, &error)) {
    /* with a filter there is no telling whether it was asked for */
    if ((v->sessions && *v->sessions) || (v->wanted_streams && *v->wanted_streams))
      v->unattributed++;
    else
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_MALFORMED, record, NULL, 1,
          "the key is no frame id: %s", record->key ? error->message : "there is none");
    return;
  }
  if (!wanted (v->sessions, id.session, id.session_len)
      || !wanted (v->wanted_streams, id.stream, id.stream_len))
    return;
  who.stream = ensure_stream (v, record, &id);
  if (who.stream == NULL)
    return;
  who.index = id.index;
  who.t_ns = id.t_ns;
  who.crc = trib_crc32c (0, record->value, record->value_len);
  if (record->topic == TRIB_KAFKA_TOPIC_REGISTRY)
    add_registry (v, record, &who);
  else
    add_copy (v, record, &who);
}

/**
 * trib_kafka_verify_add_skipped:
 * @v: the books
 * @topic: which topic
 * @partition: which partition
 * @from: first offset that could not be read any more
 * @to: the new low watermark
 *
 * Retention passed the reader: says so, and goes on from the new low watermark.
 */
void
trib_kafka_verify_add_skipped (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 from, gint64 to)
{
  TribKafkaRecord at = { .topic = topic, .partition = partition, .offset = from };

  trib_kafka_verify_set_low (v, topic, partition, to);
  if (to > from)
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_SKIPPED, &at, NULL, to - from,
        "offsets %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
        " were removed by retention before they were read",
        from, to - 1);
}

/**
 * trib_kafka_verify_add_unreadable:
 * @v: the books
 * @topic: which topic
 * @partition: which partition
 * @offset: about where
 * @why: the client's words
 */
void
trib_kafka_verify_add_unreadable (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 offset, const gchar *why)
{
  TribKafkaRecord at = { .topic = topic, .partition = partition, .offset = offset };

  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_UNREADABLE, &at, NULL, 1, "%s", why);
}
