/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <common/trib-frame-id.h>
#include <kafka/layout/trib-kafka-names.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What a run says at its end: which indices it had. So frames are missed at the tail, too, and
 * those of which nothing at all could be written. Capture times are not in it, so where the records
 * of a stream are not as many as its runs, only what no run has is missed. */

#define MAX_RUN_RECORDS 65536

#define AT(member) offsetof (VerifyRun, member)

static const TribKafkaField run_fields[] = {
  { TRIB_KAFKA_JSON_SESSION_ID, TRIB_KAFKA_FIELD_STRING, AT (session) },
  { TRIB_KAFKA_JSON_STREAM_ID, TRIB_KAFKA_FIELD_STRING, AT (stream) },
  /* as offsets: null where nothing was sent */
  { "first_index", TRIB_KAFKA_FIELD_OFFSET, AT (first_index) },
  { "last_index", TRIB_KAFKA_FIELD_OFFSET, AT (last_index) },
  { "sent", TRIB_KAFKA_FIELD_U64, AT (sent) },
  { "ended_at", TRIB_KAFKA_FIELD_TIME, AT (ended_us) },
};

void
trib_kafka_verify_run_free (gpointer p)
{
  VerifyRun *run = p;

  g_free (run->session);
  g_free (run->stream);
  g_free (run);
}

static gboolean
check_run (const VerifyRun *run, GError **error)
{
  if (!trib_session_id_check (run->session, error) || !trib_stream_id_check (run->stream, error))
    return FALSE;
  if (run->sent > 0
      && (run->first_index < 0 || run->last_index == G_MAXINT64
          || run->first_index > run->last_index)) {
    g_set_error_literal (
        error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FIELD, "first_index and last_index are no range");
    return FALSE;
  }
  return TRUE;
}

/**
 * trib_kafka_verify_add_run:
 * @v: a verification
 * @topic: name of the topic of runs
 * @partition: which partition
 * @offset: where
 * @value: (nullable): of the record
 * @len: its bytes
 *
 * Takes what a run said at its end. Hand in what is there before the ends of the other topics are
 * taken: all that it speaks of was written before it.
 */
void
trib_kafka_verify_add_run (TribKafkaVerify *v, const gchar *topic, gint32 partition, gint64 offset,
    const gchar *value, gsize len)
{
  VerifyRun *run = g_new0 (VerifyRun, 1);
  g_autoptr (GError) error = NULL;

  if (!trib_kafka_fields_read (run_fields, G_N_ELEMENTS (run_fields), run, v->reader,
          value ? value : "", value ? len : 0, &error)
      || !check_run (run, &error)) {
    trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_MALFORMED, NULL, NULL, 1,
        "%s [%d] @%" G_GINT64_FORMAT ": %s", topic, partition, offset, error->message);
  } else if (trib_kafka_verify_wants (v->sessions, run->session, strlen (run->session))
             && trib_kafka_verify_wants (v->wanted_streams, run->stream, strlen (run->stream))
             && run->sent > 0) {
    if (v->runs->len < MAX_RUN_RECORDS) {
      g_ptr_array_add (v->runs, run);
      return;
    }
    trib_kafka_verify_refuse (v, NULL, "more than 65536 records of runs");
  }
  trib_kafka_verify_run_free (run);
}

/* ---- gaps ---- */

/* what one stream has: its runs as they were seen, and as they were said, both in order of time */
typedef struct {
  VerifyStream **seen;
  guint n_seen;
  VerifyRun **said;
  guint n_said;
} StreamRuns;

static void
add_gap (TribKafkaVerify *v, VerifyStream *s, guint64 from, guint64 to, const gchar *why)
{
  TRIB_COUNT (v, s, gaps, to - from + 1);
  trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_GAP, NULL, NULL, to - from + 1,
      "session %s stream %s run %u: no record of frame index %" G_GUINT64_FORMAT
      " to %" G_GUINT64_FORMAT " (%" G_GUINT64_FORMAT ")%s",
      s->pub.session, s->pub.stream, s->pub.run, from, to, to - from + 1, why);
}

/* between the lowest and the highest index that was seen of a run */
static void
find_inner_gaps (TribKafkaVerify *v, VerifyStream *s)
{
  TribIndexSet all = TRIB_INDEX_SET_INIT;

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    trib_index_set_union (&all, &s->seen[i]);
  for (guint i = 1; i < trib_index_set_n_ranges (&all); i++)
    add_gap (v, s, trib_index_set_get_range (&all, i - 1)->last + 1,
        trib_index_set_get_range (&all, i)->first - 1, "");
  trib_index_set_clear (&all);
}

static gint
compare_first (gconstpointer a, gconstpointer b)
{
  const VerifyStream *x = *(VerifyStream *const *) a, *y = *(VerifyStream *const *) b;

  return x->first_index < y->first_index ? -1 : x->first_index > y->first_index;
}

/* Between runs, of a clock that was set back on the way: the indices go on then. Gives the ends of
 * what was seen. */
static void
find_outer_gaps (TribKafkaVerify *v, const StreamRuns *runs, guint64 *ret_first, guint64 *ret_last)
{
  g_autofree VerifyStream **sorted = g_memdup2 (runs->seen, runs->n_seen * sizeof *runs->seen);

  qsort (sorted, runs->n_seen, sizeof *sorted, compare_first);
  *ret_first = sorted[0]->first_index;
  *ret_last = sorted[0]->last_index;
  for (guint i = 1; i < runs->n_seen; i++) {
    if (sorted[i]->first_index > *ret_last && sorted[i]->first_index - *ret_last > 1)
      add_gap (v, sorted[i], *ret_last + 1, sorted[i]->first_index - 1, "");
    *ret_last = MAX (*ret_last, sorted[i]->last_index);
  }
}

static gboolean
are_pairs (const StreamRuns *runs)
{
  for (guint i = 0; i < runs->n_seen && runs->n_seen == runs->n_said; i++) {
    const VerifyStream *s = runs->seen[i];
    if (s->first_index < (guint64) runs->said[i]->first_index
        || s->last_index > (guint64) runs->said[i]->last_index)
      return FALSE;
  }
  return runs->n_seen == runs->n_said;
}

/* retention removes what is oldest: then what is not there at the beginning proves nothing */
static gboolean
has_retention (const TribKafkaVerify *v)
{
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    if (trib_kafka_verify_has_lost (v, i))
      return TRUE;
  return FALSE;
}

/* what lies between the ends that were said, and outside of @first to @last, which was seen */
static void
find_ends (
    TribKafkaVerify *v, VerifyStream *s, const VerifyRun *said, guint64 *first, guint64 *last)
{
  static const gchar why[] = ", as the run said at its end";
  guint64 from = said->first_index, to = said->last_index;

  if (from < *first) {
    if (!has_retention (v))
      add_gap (v, s, from, MIN (*first - 1, to), why);
    *first = from;
  }
  if (to > *last) {
    add_gap (v, s, MAX (*last + 1, from), to, why);
    *last = to;
  }
}

static void
finish_stream (TribKafkaVerify *v, const StreamRuns *runs)
{
  gboolean pairs = are_pairs (runs);
  guint64 first, last;

  for (guint i = 0; i < runs->n_seen; i++)
    find_inner_gaps (v, runs->seen[i]);
  find_outer_gaps (v, runs, &first, &last);
  for (guint i = 0; i < runs->n_said; i++) {
    VerifyStream *s = runs->seen[MIN (i, runs->n_seen - 1)];
    TRIB_COUNT (v, s, sent, runs->said[i]->sent);
    if (pairs) {
      first = s->first_index;
      last = s->last_index;
    }
    find_ends (v, s, runs->said[i], &first, &last);
  }
}

/* a stream of which there is nothing but what its run said */
static void
finish_unseen (TribKafkaVerify *v, const VerifyRun *said)
{
  VerifyStream *s
      = has_retention (v) ? NULL : trib_kafka_verify_ensure_named (v, said->session, said->stream);
  guint64 first = said->first_index;

  if (s == NULL)
    return;
  s->pub.run = MAX (s->pub.run, 1);
  TRIB_COUNT (v, s, sent, said->sent);
  if (s->first_index > s->last_index) {
    s->first_index = first;
    s->last_index = said->last_index;
    add_gap (v, s, first, said->last_index, ", as the run said at its end");
  }
}

static gint
compare_said (gconstpointer a, gconstpointer b)
{
  const VerifyRun *x = *(VerifyRun *const *) a, *y = *(VerifyRun *const *) b;
  gint by_session = strcmp (x->session, y->session), by_stream = strcmp (x->stream, y->stream);

  if (by_session || by_stream)
    return by_session ? by_session : by_stream;
  return x->ended_us < y->ended_us ? -1 : x->ended_us > y->ended_us;
}

static gint
compare_names (const VerifyStream *s, const VerifyRun *said)
{
  gint by_session = strcmp (s->pub.session, said->session);

  return by_session ? by_session : strcmp (s->pub.stream, said->stream);
}

/* Both lists are sorted by session and stream: what belongs together is side by side. */
void
trib_kafka_verify_finish_gaps (TribKafkaVerify *v)
{
  g_autoptr (GPtrArray) streams = trib_kafka_verify_list_streams (v);
  guint said = 0;

  g_ptr_array_sort (v->runs, compare_said);
  for (guint i = 0, n; i < streams->len; i += n) {
    StreamRuns runs = { .seen = (VerifyStream **) &streams->pdata[i] };
    for (n = 1; i + n < streams->len
                && trib_kafka_verify_is_same_stream (runs.seen[0], streams->pdata[i + n]);)
      n++;
    runs.n_seen = n;
    for (; said < v->runs->len && compare_names (runs.seen[0], v->runs->pdata[said]) > 0; said++)
      finish_unseen (v, v->runs->pdata[said]);
    runs.said = (VerifyRun **) &v->runs->pdata[said];
    for (; said < v->runs->len && compare_names (runs.seen[0], v->runs->pdata[said]) == 0; said++)
      runs.n_said++;
    finish_stream (v, &runs);
  }
  for (; said < v->runs->len; said++)
    finish_unseen (v, v->runs->pdata[said]);
}
