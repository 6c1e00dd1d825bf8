/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <stdlib.h>
#include <string.h>

gint
trib_kafka_verify_compare_frames (gconstpointer a, gconstpointer b)
{
  const VerifyFrame *x = *(VerifyFrame *const *) a, *y = *(VerifyFrame *const *) b;
  gint by_session = strcmp (x->stream->pub.session, y->stream->pub.session);
  gint by_stream = strcmp (x->stream->pub.stream, y->stream->pub.stream);

  if (by_session || by_stream)
    return by_session ? by_session : by_stream;
  if (x->stream != y->stream)
    return x->stream->first_t_ns < y->stream->first_t_ns ? -1 : 1;
  if (x->index != y->index)
    return x->index < y->index ? -1 : 1;
  return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

/**
 * trib_kafka_verify_sweep:
 * @v: a verification
 *
 * Judges the open frames of which everything that their entry points at was read, in the order of
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
    if (trib_kafka_verify_is_ready (v, key))
      g_ptr_array_add (ready, key);
  }
  g_ptr_array_sort (ready, trib_kafka_verify_compare_frames);
  for (guint i = 0; i < ready->len; i++) {
    VerifyFrame *f = g_ptr_array_index (ready, i);
    if (!trib_kafka_verify_judge (v, f, FALSE))
      continue;
    for (guint k = 0; k < G_N_ELEMENTS (f->copies); k++)
      v->lacking[k] -= f->copies[k].partition < 0;
    g_hash_table_remove (v->frames, f);
  }
}

static gboolean
below_limit (const TribKafkaVerify *v, TribKafkaTopic topic, const VerifyCopy *c)
{
  const VerifyPartition *p = trib_kafka_verify_partition (v, topic, c->partition);

  return p == NULL || c->offset < p->orphan_limit;
}

/**
 * trib_kafka_verify_count_candidates:
 * @v: a verification
 *
 * Returns: open frames that would be orphans if no further entry arrived
 */
guint64
trib_kafka_verify_count_candidates (const TribKafkaVerify *v)
{
  GHashTableIter iter;
  gpointer key;
  guint64 n = 0;

  g_hash_table_iter_init (&iter, v->frames);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    const VerifyFrame *f = key;
    gboolean is = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (f->copies); i++)
      is |= f->copies[i].partition >= 0 && below_limit (v, i, &f->copies[i]);
    n += is && !f->linked;
  }
  return n;
}

static gboolean
entry_may_be_expired (const TribKafkaVerify *v, const VerifyFrame *f, const VerifyCopy *c)
{
  const VerifyPartition *p
      = trib_kafka_verify_partition (v, TRIB_KAFKA_TOPIC_REGISTRY, c->partition);
  const TribIndexSet *entries = &f->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY];

  if (p == NULL || p->low == 0)
    return FALSE;
  return trib_index_set_n_ranges (entries) == 0
         || f->index < trib_index_set_get_range (entries, 0)->first;
}

static void
finish_orphan (TribKafkaVerify *v, const VerifyFrame *f)
{
  VerifyId id = { f->stream, f->index, f->t_ns, 0 };
  gboolean failed = trib_index_set_contains (&f->stream->failed, f->index);
  gboolean has_entry
      = trib_index_set_contains (&f->stream->seen[TRIB_KAFKA_TOPIC_REGISTRY], f->index);

  for (guint i = 0; i < G_N_ELEMENTS (f->copies); i++) {
    const VerifyCopy *c = &f->copies[i];
    TribKafkaVerifyRecord at = { .topic = i, .partition = c->partition, .offset = c->offset };

    /* further copies have been found as duplicates already */
    if (c->partition < 0 || failed || (has_entry && v->bound_hit))
      continue;
    if (has_entry) {
      trib_kafka_verify_found_index (v, &at, &id);
    } else if (!below_limit (v, i, c)) {
      TRIB_COUNT (v, f->stream, in_flight, 1);
    } else if (entry_may_be_expired (v, f, c)) {
      TRIB_COUNT (v, f->stream, beyond, 1);
    } else {
      TRIB_COUNT (v, f->stream, orphans, 1);
      trib_kafka_verify_found (v,
          i == TRIB_KAFKA_TOPIC_BINARY ? TRIB_KAFKA_VERIFY_ORPHAN_BYTES
                                       : TRIB_KAFKA_VERIFY_ORPHAN_METADATA,
          &at, &id, 1, "no readable registry entry names this frame");
    }
  }
}

static gboolean
has_entries (GPtrArray *streams, const gchar *session, const gchar *stream)
{
  for (guint i = 0; i < streams->len; i++) {
    const VerifyStream *s = g_ptr_array_index (streams, i);
    if (s->pub.counts.entries > 0 && (session == NULL || g_str_equal (s->pub.session, session))
        && (stream == NULL || g_str_equal (s->pub.stream, stream)))
      return TRUE;
  }
  return FALSE;
}

/* a selection that matches nothing must not be "clean", also where others match */
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
 * @v: a verification
 *
 * Nothing more is read: judges what is open, finds orphans and gaps. Call it once. Findings are in
 * the order of session, stream and index, so that the same input gives the same report.
 */
void
trib_kafka_verify_finish (TribKafkaVerify *v)
{
  g_autoptr (GPtrArray) streams = trib_kafka_verify_list_streams (v);
  guint n = 0;
  g_autofree gpointer *open = g_hash_table_get_keys_as_array (v->frames, &n);

  for (guint i = 0; i < streams->len; i++) {
    VerifyStream *s = g_ptr_array_index (streams, i);
    if (s->undecided)
      trib_kafka_verify_decide (v, s, 0);
  }
  if (n > 0)
    qsort (open, n, sizeof *open, trib_kafka_verify_compare_frames);
  for (guint i = 0; i < n; i++) {
    const VerifyFrame *f = open[i];
    if (f->linked)
      trib_kafka_verify_judge (v, f, TRUE);
    else
      finish_orphan (v, f);
  }
  g_hash_table_remove_all (v->frames);
  memset (v->lacking, 0, sizeof v->lacking);
  trib_kafka_verify_finish_gaps (v);
  finish_selection (v, streams);
}
