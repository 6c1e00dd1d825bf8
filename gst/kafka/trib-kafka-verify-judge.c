/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <stdlib.h>
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
  [TRIB_KAFKA_VERIFY_INDEX]
  = { "index-conflict", "the entry of this frame index is of another capture time" },
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
 * Returns: the word for it, in JSON and tables
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

void
trib_kafka_verify_finding_free (gpointer p)
{
  TribKafkaFinding *finding = p;

  g_free (finding->frame_id);
  g_free (finding->detail);
  g_free (finding);
}

/* counts @n findings and, while there is room, lists them as one; @at and @who may be NULL */
void
trib_kafka_verify_found (TribKafkaVerify *v, TribKafkaVerifyKind kind, const TribKafkaRecord *at,
    const Who *who, guint64 n, const gchar *format, ...)
{
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
  if (who)
    finding->frame_id = trib_frame_id_format (
        who->stream->pub.session, who->stream->pub.stream, who->index, who->t_ns);
  va_start (args, format);
  finding->detail = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (v->findings[kind], finding);
}

/* there is an entry of this frame index, but not of this frame */
void
trib_kafka_verify_found_index (TribKafkaVerify *v, const TribKafkaRecord *at, const Who *who)
{
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_INDEX, at, who, 1,
      "the entry of frame index %" G_GUINT64_FORMAT " names another capture time or place",
      who->index);
}

/* ---- one frame ---- */

typedef enum {
  WAIT,        /* not read that far */
  FOUND,       /* a record of this frame is there */
  OTHER_KEY,   /* a record of something else is there */
  HOLE,        /* nothing is there */
  EXPIRED,     /* retention passed it */
  OTHER_TOPIC, /* not in a topic that is read */
} Where;

typedef struct {
  gboolean mismatched, missing, expired;
} Faults;

static Where
locate (const TribKafkaVerify *v, const Frame *f, TribKafkaTopic topic, gboolean final,
    const Copy **ret_copy)
{
  const Pointer *to = &f->pointers[topic];
  const Partition *p = trib_kafka_verify_partition (v, topic, to->partition);

  *ret_copy = NULL;
  if (to->other_topic)
    return OTHER_TOPIC;
  for (const Copy *c = &f->copies[topic]; c; c = c->next) {
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
elsewhere (const Frame *f, TribKafkaTopic topic)
{
  const Copy *c = &f->copies[topic];

  if (c->partition < 0)
    return g_strdup ("");
  return g_strdup_printf (
      "; this frame's record is at partition %d offset %" G_GINT64_FORMAT, c->partition, c->offset);
}

/* what is wrong with where the entry points, if anything; the finding stands at that place */
static void
judge_place (TribKafkaVerify *v, const Frame *f, const Who *who, TribKafkaTopic topic, Where where,
    Faults *faults)
{
  const Pointer *to = &f->pointers[topic];
  TribKafkaRecord at = { .topic = topic, .partition = to->partition, .offset = to->offset };
  TribKafkaRecord entry
      = { .topic = TRIB_KAFKA_TOPIC_REGISTRY, .partition = f->partition, .offset = f->offset };
  g_autofree gchar *other = elsewhere (f, topic);

  switch (where) {
    case OTHER_KEY:
      faults->mismatched = TRUE;
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_KEY, &at, who, 1,
          "the entry points here, but this record has another key%s", other);
      break;
    case OTHER_TOPIC:
      faults->mismatched = TRUE;
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_TOPIC, &entry, who, 1,
          "%s_topic is not %s, which was read", trib_kafka_verify_topic_to_string (topic),
          v->topics[topic]);
      break;
    case EXPIRED:
      faults->expired = TRUE;
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_EXPIRED, &at, who, 1,
          "the entry points here, below the low watermark%s", other);
      break;
    case HOLE:
    case WAIT:
      faults->missing = TRUE;
      trib_kafka_verify_found (v,
          topic == TRIB_KAFKA_TOPIC_BINARY ? TRIB_KAFKA_VERIFY_MISSING_BYTES
                                           : TRIB_KAFKA_VERIFY_MISSING_METADATA,
          &at, who, 1, "the entry points here, but there is no record%s", other);
      break;
    default:
      break;
  }
}

static void
compare (TribKafkaVerify *v, TribKafkaVerifyKind kind, const TribKafkaRecord *at, const Who *who,
    const gchar *what, guint32 says, guint32 is, Faults *faults)
{
  if (says == is)
    return;
  faults->mismatched = TRUE;
  trib_kafka_verify_found (v, kind, at, who, 1, "%s is %u, the record's is %u", what, says, is);
}

static void
judge_contents (TribKafkaVerify *v, const Frame *f, const Who *who, const Copy *metadata,
    const Copy *bytes, Faults *faults)
{
  TribKafkaRecord at = { .topic = TRIB_KAFKA_TOPIC_METADATA };

  if (metadata) {
    at.partition = metadata->partition;
    at.offset = metadata->offset;
    compare (v, TRIB_KAFKA_VERIFY_CRC, &at, who, "the registry's metadata_crc32c",
        f->pointers[TRIB_KAFKA_TOPIC_METADATA].crc, metadata->crc, faults);
    if (f->claims.known && f->claims.format != f->format) {
      faults->mismatched = TRUE;
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_FIELD, &at, who, 1,
          "compression.format is not the registry's compression_format");
    }
  }
  if (bytes == NULL)
    return;
  if (metadata && f->claims.known) {
    compare (v, TRIB_KAFKA_VERIFY_SIZE, &at, who, "the metadata's compression.compressed_size",
        f->claims.size, bytes->size, faults);
    compare (v, TRIB_KAFKA_VERIFY_CRC, &at, who, "the metadata's binary_crc32c", f->claims.crc,
        bytes->crc, faults);
    if (bytes->content && metadata->content != bytes->content) {
      faults->mismatched = TRUE;
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_HEADER, &at, who, 1,
          "content_type is not what the bytes' header content-type says");
    }
  }
  at.topic = TRIB_KAFKA_TOPIC_BINARY;
  at.partition = bytes->partition;
  at.offset = bytes->offset;
  compare (v, TRIB_KAFKA_VERIFY_SIZE, &at, who, "the registry's compressed_size", f->size,
      bytes->size, faults);
  compare (v, TRIB_KAFKA_VERIFY_CRC, &at, who, "the registry's binary_crc32c",
      f->pointers[TRIB_KAFKA_TOPIC_BINARY].crc, bytes->crc, faults);
}

/* one record's headers against the entry's */
static void
judge_headers (TribKafkaVerify *v, const Frame *f, const Who *who, TribKafkaTopic topic,
    const Copy *c, Faults *faults)
{
  TribKafkaRecord at = { .topic = topic };
  const gchar *wrong = NULL;

  if (c == NULL)
    return;
  if (c->sequence.known && f->sequence.known && c->sequence.value != f->sequence.value)
    wrong = "sequence";
  else if (c->time_source.known && f->time_source.known
           && c->time_source.value != f->time_source.value)
    wrong = "time-source";
  if (wrong == NULL)
    return;
  at.partition = c->partition;
  at.offset = c->offset;
  faults->mismatched = TRUE;
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_HEADER, &at, who, 1,
      "header %s is not that of the registry entry", wrong);
}

static void
judge_partitions (TribKafkaVerify *v, const Frame *f, const Who *who, Faults *faults)
{
  gint32 metadata = f->pointers[TRIB_KAFKA_TOPIC_METADATA].partition;
  gint32 binary = f->pointers[TRIB_KAFKA_TOPIC_BINARY].partition;
  TribKafkaRecord entry
      = { .topic = TRIB_KAFKA_TOPIC_REGISTRY, .partition = f->partition, .offset = f->offset };

  if (metadata == f->partition && binary == f->partition)
    return;
  faults->mismatched = TRUE;
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_PARTITION, &entry, who, 1,
      "entry in partition %d, metadata in %d, bytes in %d", f->partition, metadata, binary);
}

/* the worst fault is the frame's outcome: one outcome a frame, however many findings */
static void
settle (TribKafkaVerify *v, const Frame *f, const Faults *faults, const Copy *bytes)
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

/* whether @f, whose entry is there, could be judged; then the caller forgets it */
gboolean
trib_kafka_verify_judge (TribKafkaVerify *v, const Frame *f, gboolean final)
{
  const Copy *copies[2];
  Where where[2];
  Faults faults = { .mismatched = f->bad };
  Who who = { f->stream, f->index, f->t_ns, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (where); i++) {
    where[i] = locate (v, f, i, final, &copies[i]);
    if (where[i] == WAIT)
      return FALSE;
    /* what is not found may be what was refused */
    if (v->bound_hit && (where[i] == OTHER_KEY || where[i] == HOLE))
      return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (where); i++)
    judge_place (v, f, &who, i, where[i], &faults);
  for (guint i = 0; i < G_N_ELEMENTS (where); i++)
    judge_headers (v, f, &who, i, copies[i], &faults);
  judge_partitions (v, f, &who, &faults);
  judge_contents (
      v, f, &who, copies[TRIB_KAFKA_TOPIC_METADATA], copies[TRIB_KAFKA_TOPIC_BINARY], &faults);
  settle (v, f, &faults, copies[TRIB_KAFKA_TOPIC_BINARY]);
  return TRUE;
}

/* ---- all of them ---- */

static gint
compare_frames (gconstpointer a, gconstpointer b)
{
  const Frame *x = *(Frame *const *) a, *y = *(Frame *const *) b;
  gint by_session = strcmp (x->stream->pub.session, y->stream->pub.session);
  gint by_stream = strcmp (x->stream->pub.stream, y->stream->pub.stream);

  if (by_session || by_stream)
    return by_session ? by_session : by_stream;
  if (x->index != y->index)
    return x->index < y->index ? -1 : 1;
  return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

static gboolean
is_ready (const TribKafkaVerify *v, const Frame *f)
{
  const Copy *copy;

  return f->linked && locate (v, f, TRIB_KAFKA_TOPIC_METADATA, FALSE, &copy) != WAIT
         && locate (v, f, TRIB_KAFKA_TOPIC_BINARY, FALSE, &copy) != WAIT;
}

/**
 * trib_kafka_verify_sweep:
 * @v: the books
 *
 * Judges the open frames for which reading has passed what their entry points at, in the order of
 * session, stream and index. Costs a look at every open frame: call it about once a second while
 * following.
 */
void
trib_kafka_verify_sweep (TribKafkaVerify *v)
{
  g_autoptr (GPtrArray) ready = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, v->frames);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    if (is_ready (v, key))
      g_ptr_array_add (ready, key);
  }
  g_ptr_array_sort (ready, compare_frames);
  for (guint i = 0; i < ready->len; i++) {
    Frame *f = g_ptr_array_index (ready, i);
    if (!trib_kafka_verify_judge (v, f, FALSE))
      continue;
    for (guint k = 0; k < G_N_ELEMENTS (f->copies); k++)
      v->lacking[k] -= f->copies[k].partition < 0;
    g_hash_table_remove (v->frames, f);
  }
}

static gboolean
below_limit (const TribKafkaVerify *v, TribKafkaTopic topic, const Copy *c)
{
  const Partition *p = trib_kafka_verify_partition (v, topic, c->partition);

  return p == NULL || c->offset < p->orphan_limit;
}

/**
 * trib_kafka_verify_count_candidates:
 * @v: the books
 *
 * Returns: open frames that would be orphans if no entry came any more
 */
guint64
trib_kafka_verify_count_candidates (const TribKafkaVerify *v)
{
  GHashTableIter iter;
  gpointer key;
  guint64 n = 0;

  g_hash_table_iter_init (&iter, v->frames);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    const Frame *f = key;
    gboolean is = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (f->copies); i++)
      is |= f->copies[i].partition >= 0 && below_limit (v, i, &f->copies[i]);
    n += is && !f->linked;
  }
  return n;
}

static gboolean
entry_may_be_expired (const TribKafkaVerify *v, const Frame *f, const Copy *c)
{
  const Partition *p = trib_kafka_verify_partition (v, TRIB_KAFKA_TOPIC_REGISTRY, c->partition);
  const TribIndexSet *entries = &f->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY];

  if (p == NULL || p->low == 0)
    return FALSE;
  return trib_index_set_n_ranges (entries) == 0
         || f->index < trib_index_set_get_range (entries, 0)->first;
}

static void
finish_orphan (TribKafkaVerify *v, const Frame *f)
{
  Who who = { f->stream, f->index, f->t_ns, 0 };
  gboolean failed = trib_index_set_contains (&f->stream->failed, f->index);
  gboolean has_entry
      = trib_index_set_contains (&f->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY], f->index);

  for (guint i = 0; i < G_N_ELEMENTS (f->copies); i++) {
    const Copy *c = &f->copies[i];
    TribKafkaRecord at = { .topic = i, .partition = c->partition, .offset = c->offset };

    /* further copies have been found as duplicates already */
    if (c->partition < 0 || failed || (has_entry && v->bound_hit))
      continue;
    if (has_entry) {
      trib_kafka_verify_found_index (v, &at, &who);
    } else if (!below_limit (v, i, c)) {
      TRIB_COUNT (v, f->stream, in_flight, 1);
    } else if (entry_may_be_expired (v, f, c)) {
      TRIB_COUNT (v, f->stream, beyond, 1);
    } else {
      TRIB_COUNT (v, f->stream, orphans, 1);
      trib_kafka_verify_found (v,
          i == TRIB_KAFKA_TOPIC_BINARY ? TRIB_KAFKA_VERIFY_ORPHAN_BYTES
                                       : TRIB_KAFKA_VERIFY_ORPHAN_METADATA,
          &at, &who, 1, "no readable registry entry names this frame");
    }
  }
}

static void
finish_gaps (TribKafkaVerify *v, Stream *s)
{
  TribIndexSet all = TRIB_INDEX_SET_INIT;

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    trib_index_set_union (&all, &s->seen[i]);
  for (guint i = 1; i < trib_index_set_n_ranges (&all); i++) {
    guint64 from = trib_index_set_get_range (&all, i - 1)->last + 1;
    guint64 to = trib_index_set_get_range (&all, i)->first - 1;
    TRIB_COUNT (v, s, gaps, to - from + 1);
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_GAP, NULL, NULL, to - from + 1,
        "session %s stream %s: no record of frame index %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
        " (%" G_GUINT64_FORMAT ")",
        s->pub.session, s->pub.stream, from, to, to - from + 1);
  }
  trib_index_set_clear (&all);
}

static gboolean
has_entries (GPtrArray *streams, const gchar *session, const gchar *stream)
{
  for (guint i = 0; i < streams->len; i++) {
    const Stream *s = g_ptr_array_index (streams, i);
    if (s->pub.counts.entries > 0 && (session == NULL || g_str_equal (s->pub.session, session))
        && (stream == NULL || g_str_equal (s->pub.stream, stream)))
      return TRUE;
  }
  return FALSE;
}

/* who asks for something that is not there must not read "clean", also where other things are */
static void
finish_selection (TribKafkaVerify *v, GPtrArray *streams)
{
  const gchar *topic = v->topics[TRIB_KAFKA_TOPIC_REGISTRY];

  if (v->total.entries == 0) {
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_NOTHING, NULL, NULL, 1,
        "no registry entry in %s%s", topic,
        (v->sessions && *v->sessions) || (v->wanted_streams && *v->wanted_streams)
            ? " for this session and stream"
            : "");
    return;
  }
  for (guint i = 0; v->sessions && v->sessions[i]; i++)
    if (!has_entries (streams, v->sessions[i], NULL))
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_NOTHING, NULL, NULL, 1,
          "no registry entry of session %s in %s", v->sessions[i], topic);
  for (guint i = 0; v->wanted_streams && v->wanted_streams[i]; i++)
    if (!has_entries (streams, NULL, v->wanted_streams[i]))
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_NOTHING, NULL, NULL, 1,
          "no registry entry of stream %s in %s", v->wanted_streams[i], topic);
}

/**
 * trib_kafka_verify_finish:
 * @v: the books
 *
 * Nothing more comes: judges what is open, finds orphans and gaps. Call it once. Findings come in
 * the order of session, stream and index, so that the same input gives the same report.
 */
void
trib_kafka_verify_finish (TribKafkaVerify *v)
{
  g_autoptr (GPtrArray) streams = trib_kafka_verify_list_streams (v);
  guint n = 0;
  g_autofree gpointer *open = g_hash_table_get_keys_as_array (v->frames, &n);

  if (n > 0)
    qsort (open, n, sizeof *open, compare_frames);
  for (guint i = 0; i < n; i++) {
    const Frame *f = open[i];
    if (f->linked)
      trib_kafka_verify_judge (v, f, TRUE);
    else
      finish_orphan (v, f);
  }
  g_hash_table_remove_all (v->frames);
  memset (v->lacking, 0, sizeof v->lacking);
  for (guint i = 0; i < streams->len; i++)
    finish_gaps (v, g_ptr_array_index (streams, i));
  finish_selection (v, streams);
}

/* ---- what is known ---- */

/**
 * trib_kafka_verify_get_counts:
 * @v: the books
 *
 * Returns: (transfer none): the sums over all streams, as they stand
 */
const TribKafkaVerifyCounts *
trib_kafka_verify_get_counts (const TribKafkaVerify *v)
{
  return &v->total;
}

static gint
compare_streams (gconstpointer a, gconstpointer b)
{
  const TribKafkaVerifyStream *x = *(TribKafkaVerifyStream *const *) a;
  const TribKafkaVerifyStream *y = *(TribKafkaVerifyStream *const *) b;
  gint by_session = strcmp (x->session, y->session);

  return by_session ? by_session : strcmp (x->stream, y->stream);
}

/**
 * trib_kafka_verify_list_streams:
 * @v: the books
 *
 * Returns: (transfer container) (element-type TribKafkaVerifyStream): sorted by session and stream
 */
GPtrArray *
trib_kafka_verify_list_streams (const TribKafkaVerify *v)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, v->streams);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (list, value);
  g_ptr_array_sort (list, compare_streams);
  return list;
}

/**
 * trib_kafka_verify_get_failed_reasons:
 * @v: the books
 *
 * Returns: (transfer none) (element-type utf8 guint64): how many entries FAILED for which reason
 */
GHashTable *
trib_kafka_verify_get_failed_reasons (const TribKafkaVerify *v)
{
  return v->reasons;
}

/**
 * trib_kafka_verify_get_found:
 * @v: the books
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
 * @v: the books
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
 * @v: the books
 * @kind: a kind
 *
 * Returns: (transfer none) (element-type TribKafkaFinding): the first of that kind
 */
const GPtrArray *
trib_kafka_verify_get_findings (const TribKafkaVerify *v, TribKafkaVerifyKind kind)
{
  return v->findings[kind];
}

/**
 * trib_kafka_verify_get_records:
 * @v: the books
 * @topic: which topic
 *
 * Returns: records handed in, of whatever session
 */
guint64
trib_kafka_verify_get_records (const TribKafkaVerify *v, TribKafkaTopic topic)
{
  return v->records[topic];
}

/**
 * trib_kafka_verify_get_record_bytes:
 * @v: the books
 * @topic: which topic
 *
 * Returns: bytes of their values
 */
guint64
trib_kafka_verify_get_record_bytes (const TribKafkaVerify *v, TribKafkaTopic topic)
{
  return v->record_bytes[topic];
}

/**
 * trib_kafka_verify_get_unattributed:
 * @v: the books
 *
 * Returns: records whose key is no frame id, so that a filter can not say whose they are
 */
guint64
trib_kafka_verify_get_unattributed (const TribKafkaVerify *v)
{
  return v->unattributed;
}

/**
 * trib_kafka_verify_get_open:
 * @v: the books
 *
 * Returns: frames held at present
 */
guint
trib_kafka_verify_get_open (const TribKafkaVerify *v)
{
  return g_hash_table_size (v->frames);
}

/**
 * trib_kafka_verify_get_max_open:
 * @v: the books
 *
 * Returns: the bound of trib_kafka_verify_get_open()
 */
guint
trib_kafka_verify_get_max_open (const TribKafkaVerify *v)
{
  return v->max_open;
}

/**
 * trib_kafka_verify_get_lacking:
 * @v: the books
 * @topic: which topic
 *
 * Returns: open frames whose record of that topic has not come: the topic with the most is behind
 */
guint64
trib_kafka_verify_get_lacking (const TribKafkaVerify *v, TribKafkaTopic topic)
{
  return v->lacking[topic];
}
