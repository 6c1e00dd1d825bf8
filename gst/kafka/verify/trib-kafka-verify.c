/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <common/trib-crc32c.h>

#include <string.h>

/* The life of a frame: its records are noted as they are read, in any order. Once the registry
 * entry is known and what it points at has been read (or is known not to exist), the frame is
 * judged and forgotten but for its index, so that memory follows what is open and not what was
 * read. */

/* index ranges kept, per frame that may be open: what a topic of scattered indices may cost */
#define RANGES_PER_OPEN 4

static guint
frame_hash (gconstpointer p)
{
  const VerifyFrame *f = p;
  guint64 h = f->index * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) ^ (guint64) (gsize) f->stream;

  return (guint) (h ^ h >> 32);
}

static gboolean
frame_equal (gconstpointer a, gconstpointer b)
{
  const VerifyFrame *x = a, *y = b;

  return x->stream == y->stream && x->index == y->index && x->t_ns == y->t_ns;
}

static void
frame_free (gpointer p)
{
  VerifyFrame *f = p;

  for (guint i = 0; i < G_N_ELEMENTS (f->copies); i++) {
    VerifyCopy *next;
    for (VerifyCopy *c = f->copies[i].next; c; c = next) {
      next = c->next;
      g_free (c);
    }
  }
  g_free (f);
}

static void
partition_free (gpointer p)
{
  VerifyPartition *partition = p;

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
  v->streams
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, trib_kafka_verify_stream_free);
  v->reasons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  v->runs = g_ptr_array_new_with_free_func (trib_kafka_verify_run_free);
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
 * @v: a verification
 */
void
trib_kafka_verify_free (TribKafkaVerify *v)
{
  g_hash_table_unref (v->frames);
  g_hash_table_unref (v->streams);
  g_hash_table_unref (v->reasons);
  g_ptr_array_unref (v->runs);
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

VerifyPartition *
trib_kafka_verify_partition (const TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition)
{
  return g_hash_table_lookup (v->partitions[topic], GINT_TO_POINTER (partition));
}

static VerifyPartition *
ensure_partition (TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition)
{
  VerifyPartition *p = trib_kafka_verify_partition (v, topic, partition);

  if (p == NULL) {
    p = g_new0 (VerifyPartition, 1);
    p->orphan_limit = G_MAXINT64;
    g_hash_table_insert (v->partitions[topic], GINT_TO_POINTER (partition), p);
  }
  return p;
}

/* adds to a set that belongs to @v, and keeps count of what the sets cost */
gboolean
trib_kafka_verify_set_add (TribKafkaVerify *v, TribIndexSet *set, guint64 value)
{
  guint before = trib_index_set_n_ranges (set);
  gboolean fresh = trib_index_set_add (set, value);

  v->n_ranges += trib_index_set_n_ranges (set);
  v->n_ranges -= before;
  return fresh;
}

/* whether retention has removed records of a topic */
gboolean
trib_kafka_verify_has_lost (const TribKafkaVerify *v, TribKafkaTopic topic)
{
  GHashTableIter iter;
  gpointer partition;

  g_hash_table_iter_init (&iter, v->partitions[topic]);
  while (g_hash_table_iter_next (&iter, NULL, &partition))
    if (((const VerifyPartition *) partition)->low > 0)
      return TRUE;
  return FALSE;
}

/**
 * trib_kafka_verify_set_low:
 * @v: a verification
 * @topic: which topic
 * @partition: which partition
 * @low: its low watermark: what lies below is not there any more
 *
 * Also makes the partition known: entries that point into an unknown one are found missing.
 */
void
trib_kafka_verify_set_low (TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 low)
{
  VerifyPartition *p = ensure_partition (v, topic, partition);

  p->low = MAX (p->low, low);
  p->position = MAX (p->position, low);
}

/**
 * trib_kafka_verify_set_position:
 * @v: a verification
 * @topic: which topic
 * @partition: which partition
 * @position: the next offset to be read; everything below has been handed in
 */
void
trib_kafka_verify_set_position (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 position)
{
  VerifyPartition *p = ensure_partition (v, topic, partition);

  p->position = MAX (p->position, position);
}

/**
 * trib_kafka_verify_set_orphan_limit:
 * @v: a verification
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
 * @v: a verification
 * @topic: which topic
 * @partition: which partition
 *
 * Returns: the offset up to which the entries seen so far want that partition to be read
 */
gint64
trib_kafka_verify_get_needed (const TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition)
{
  const VerifyPartition *p = trib_kafka_verify_partition (v, topic, partition);

  return p ? p->needed : 0;
}

/* ---- frames and streams ---- */

void
trib_kafka_verify_refuse (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const gchar *what)
{
  v->bound_hit = TRUE;
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_BOUND, r, NULL, 1,
      "%s: this record was not looked at, verdicts from here on are incomplete", what);
}

VerifyFrame *
trib_kafka_verify_lookup_frame (const TribKafkaVerify *v, const VerifyId *id)
{
  VerifyFrame probe = { .stream = id->stream, .index = id->index, .t_ns = id->t_ns };

  return g_hash_table_lookup (v->frames, &probe);
}

VerifyFrame *
trib_kafka_verify_ensure_frame (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id)
{
  VerifyFrame *f = trib_kafka_verify_lookup_frame (v, id);

  if (f)
    return f;
  if (g_hash_table_size (v->frames) >= v->max_open
      || v->n_ranges >= (guint64) v->max_open * RANGES_PER_OPEN) {
    trib_kafka_verify_refuse (v, r, "more frames are open than allowed");
    return NULL;
  }
  f = g_new0 (VerifyFrame, 1);
  f->stream = id->stream;
  f->index = id->index;
  f->t_ns = id->t_ns;
  f->copies[TRIB_KAFKA_TOPIC_METADATA].partition = -1;
  f->copies[TRIB_KAFKA_TOPIC_BINARY].partition = -1;
  g_hash_table_add (v->frames, f);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    v->lacking[i]++;
  return f;
}

void
trib_kafka_verify_forget_lacks (TribKafkaVerify *v, const VerifyFrame *f)
{
  for (guint i = 0; i < G_N_ELEMENTS (f->copies); i++)
    v->lacking[i] -= f->copies[i].partition < 0;
  v->lacking[TRIB_KAFKA_TOPIC_REGISTRY] -= !f->linked;
}

void
trib_kafka_verify_try_judge (TribKafkaVerify *v, VerifyFrame *f)
{
  if (f->linked && trib_kafka_verify_judge (v, f, FALSE)) {
    trib_kafka_verify_forget_lacks (v, f);
    g_hash_table_remove (v->frames, f);
  }
}

/**
 * trib_kafka_verify_add:
 * @v: a verification
 * @record: one record of one of the three topics; borrowed
 *
 * Takes the next record of its partition. Its value is looked at and not kept.
 */
void
trib_kafka_verify_add (TribKafkaVerify *v, const TribKafkaVerifyRecord *record)
{
  VerifyPartition *p = ensure_partition (v, record->topic, record->partition);
  g_autoptr (GError) error = NULL;
  TribFrameIdView view;
  gsize session_len = 0;
  VerifyMatch match;
  VerifyId id;

  g_return_if_fail (record->topic < TRIB_KAFKA_VERIFY_N_TOPICS);
  v->records[record->topic]++;
  v->record_bytes[record->topic] += record->value_len;
  trib_kafka_verify_set_add (v, &p->seen, record->offset);
  p->position = MAX (p->position, record->offset + 1);

  if (!trib_frame_id_parse (record->key ? record->key : "", record->key_len, &view, &error)) {
    /* with a filter there is no telling whether it was asked for */
    if ((v->sessions && *v->sessions) || (v->wanted_streams && *v->wanted_streams))
      v->unattributed++;
    else
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_MALFORMED, record, NULL, 1,
          "the key is no frame id: %s", record->key ? error->message : "there is none");
    return;
  }
  match = trib_kafka_verify_match (v, &view);
  if (match == VERIFY_MATCH_NONE)
    return;
  if (match == VERIFY_MATCH_SOME)
    session_len = trib_kafka_verify_read_names (v, record, &view);
  id.stream
      = trib_kafka_verify_ensure_stream (v, record, &view, session_len, match == VERIFY_MATCH_SOME);
  if (id.stream == NULL)
    return;
  if (id.stream->undecided && session_len > 0)
    trib_kafka_verify_decide (v, id.stream, session_len);
  if (id.stream->unwanted)
    return;
  id.index = view.index;
  id.t_ns = view.t_ns;
  id.crc = trib_crc32c (0, record->value, record->value_len);
  if (record->topic == TRIB_KAFKA_TOPIC_REGISTRY)
    trib_kafka_verify_take_entry (v, record, &id);
  else
    trib_kafka_verify_take_copy (v, record, &id);
}

/**
 * trib_kafka_verify_add_skipped:
 * @v: a verification
 * @topic: which topic
 * @partition: which partition
 * @from: first offset that could not be read any more
 * @to: the new low watermark
 *
 * Retention removed records before they were read: a finding; reading resumes at the new low
 * watermark.
 */
void
trib_kafka_verify_add_skipped (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 from, gint64 to)
{
  TribKafkaVerifyRecord at = { .topic = topic, .partition = partition, .offset = from };

  trib_kafka_verify_set_low (v, topic, partition, to);
  if (to > from)
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_SKIPPED, &at, NULL, to - from,
        "offsets %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
        " were removed by retention before they were read",
        from, to - 1);
}

/**
 * trib_kafka_verify_add_unreadable:
 * @v: a verification
 * @topic: which topic
 * @partition: which partition
 * @offset: about where
 * @why: for people
 */
void
trib_kafka_verify_add_unreadable (
    TribKafkaVerify *v, TribKafkaTopic topic, gint32 partition, gint64 offset, const gchar *why)
{
  TribKafkaVerifyRecord at = { .topic = topic, .partition = partition, .offset = offset };

  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_UNREADABLE, &at, NULL, 1, "%s", why);
}

/* ---- what is known ---- */

/**
 * trib_kafka_verify_get_counts:
 * @v: a verification
 *
 * Returns: (transfer none): the sums over all streams, as they stand
 */
const TribKafkaVerifyCounts *
trib_kafka_verify_get_counts (const TribKafkaVerify *v)
{
  return &v->total;
}

/**
 * trib_kafka_verify_get_failed_reasons:
 * @v: a verification
 *
 * Returns: (transfer none) (element-type utf8 guint64): how many entries FAILED for which reason
 */
GHashTable *
trib_kafka_verify_get_failed_reasons (const TribKafkaVerify *v)
{
  return v->reasons;
}

/**
 * trib_kafka_verify_get_texts_cut:
 * @v: a verification
 *
 * Returns: texts of records that were too long to be listed whole
 */
guint64
trib_kafka_verify_get_texts_cut (const TribKafkaVerify *v)
{
  return v->texts_cut;
}

/**
 * trib_kafka_verify_get_records:
 * @v: a verification
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
 * @v: a verification
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
 * @v: a verification
 *
 * Returns: records whose key is no frame id, so that a filter cannot be applied
 */
guint64
trib_kafka_verify_get_unattributed (const TribKafkaVerify *v)
{
  return v->unattributed;
}

/**
 * trib_kafka_verify_get_open:
 * @v: a verification
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
 * @v: a verification
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
 * @v: a verification
 * @topic: which topic
 *
 * Returns: open frames whose record of that topic was not read yet: the topic with the most is
 *   behind
 */
guint64
trib_kafka_verify_get_lacking (const TribKafkaVerify *v, TribKafkaTopic topic)
{
  return v->lacking[topic];
}
