/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <common/trib-time.h>

#include <string.h>

/* Streams and their runs. A session id may be used again, and then the same indices come with other
 * capture times: a frame is its whole id. Within a run both grow together, so a frame belongs to
 * the run whose curve of time over index it is on. The times of runs may overlap: a file that is
 * sent faster than it was recorded has times ahead of the clock. Two times of one index that are
 * both on a curve contradict each other. */

#define MAX_STREAMS 65536
/* of one stream, so that a clock that jumps with each frame costs no memory */
#define MAX_RUNS 64
/* what the capture times of one index may be apart within a run */
#define SAME_NS 1000000
/* how far times may go back from one index to the next: frames in the order of decoding */
#define SLOP_NS 500000000
/* points of a run's curve that are kept */
#define MAX_POINTS 512

typedef struct {
  guint64 index;
  gint64 t_ns;
} Point;

void
trib_kafka_verify_stream_free (gpointer p)
{
  VerifyStream *newer;

  for (VerifyStream *s = p; s; s = newer) {
    newer = s->newer;
    for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
      trib_index_set_clear (&s->seen[i]);
    trib_index_set_clear (&s->failed);
    g_array_unref (s->points);
    g_free (s->pub.session);
    g_free (s->pub.stream);
    g_free (s);
  }
}

/* how many points have an index up to @index */
static guint
count_points (const GArray *points, guint64 index)
{
  guint low = 0, high = points->len;

  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index (points, Point, middle).index <= index)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* those of indices that are multiples of the stride, which grows with the run */
static void
add_point (VerifyStream *s, guint64 index, gint64 t_ns)
{
  guint at = count_points (s->points, index);
  Point point = { index, t_ns };
  guint kept = 0;

  if (index % s->stride > 0 || (at > 0 && g_array_index (s->points, Point, at - 1).index == index))
    return;
  g_array_insert_val (s->points, at, point);
  while (s->points->len > MAX_POINTS) {
    s->stride *= 2;
    for (guint i = kept = 0; i < s->points->len; i++) {
      Point *p = &g_array_index (s->points, Point, i);
      if (p->index % s->stride == 0)
        g_array_index (s->points, Point, kept++) = *p;
    }
    g_array_set_size (s->points, kept);
  }
}

/* whether a frame between the ends of a run is on its curve */
static gboolean
is_on_curve (const VerifyStream *s, const TribFrameIdView *id)
{
  guint n = count_points (s->points, id->index);
  const Point *points = (const Point *) (gpointer) s->points->data;
  gint64 from = s->first_t_ns, to = s->last_t_ns;

  if (n > 0)
    from = MAX (from, points[n - 1].t_ns);
  if (n > 0 && points[n - 1].index == id->index)
    return ABS (trib_time_sub (id->t_ns, points[n - 1].t_ns)) <= SAME_NS;
  if (n < s->points->len)
    to = MIN (to, points[n].t_ns);
  return id->t_ns >= trib_time_sub (from, SLOP_NS) && id->t_ns <= trib_time_add (to, SLOP_NS);
}

/* how much later or earlier than the end of a run a frame is that goes on behind or before it;
 * G_MAXINT64: it does not */
static gint64
distance (const VerifyStream *s, const TribFrameIdView *id)
{
  gint64 by = -1;

  if (id->index > s->last_index)
    by = trib_time_sub (trib_time_add (id->t_ns, SLOP_NS), s->last_t_ns);
  else if (id->index < s->first_index)
    by = trib_time_sub (trib_time_add (s->first_t_ns, SLOP_NS), id->t_ns);
  return by >= 0 ? by : G_MAXINT64;
}

/* (nullable): the newest that has it on its curve, or the one that is nearest; of those whose keys
 * are read in another way, none */
static VerifyStream *
find_run (VerifyStream *oldest, const TribFrameIdView *id, gsize session_len)
{
  VerifyStream *on = NULL, *nearest = NULL;
  gint64 least = G_MAXINT64;

  for (VerifyStream *s = oldest; s; s = s->newer) {
    gint64 by = distance (s, id);
    if (session_len > 0 && s->session_len > 0 && session_len != s->session_len)
      continue;
    if (id->index >= s->first_index && id->index <= s->last_index && is_on_curve (s, id))
      on = s;
    if (by < least) {
      least = by;
      nearest = s;
    }
  }
  return on ? on : nearest;
}

static VerifyStream *
make_run (const gchar *session, const gchar *stream)
{
  VerifyStream *s = g_new0 (VerifyStream, 1);

  s->pub.session = g_strdup (session);
  s->pub.stream = g_strdup (stream);
  s->pub.counts.first_t_ns = G_MAXINT64;
  s->pub.counts.last_t_ns = G_MININT64;
  s->first_index = G_MAXUINT64;
  s->first_t_ns = G_MAXINT64;
  s->last_t_ns = G_MININT64;
  s->points = g_array_new (FALSE, FALSE, sizeof (Point));
  s->stride = 1;
  return s;
}

/* (nullable): one more run at the end of the stream's, if the bounds allow it */
static VerifyStream *
add_run (TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const gchar *key, const gchar *session,
    const gchar *stream)
{
  VerifyStream *last = g_hash_table_lookup (v->streams, key), *s;
  guint n = 1;

  for (; last && last->newer; last = last->newer)
    n++;
  if (last && n >= MAX_RUNS)
    return last;
  if (v->n_streams >= MAX_STREAMS) {
    trib_kafka_verify_refuse (v, r, "more than 65536 streams and runs");
    return NULL;
  }
  v->n_streams++;
  s = make_run (session, stream);
  if (last)
    last->newer = s;
  else
    g_hash_table_insert (v->streams, g_strdup (key), s);
  return s;
}

/**
 * trib_kafka_verify_ensure_stream:
 * @v: a verification
 * @r: a record
 * @id: its key
 * @session_len: how it is to be read, or 0
 * @undecided: whether a new run is so until that is known
 *
 * Returns: (nullable): the run of the stream that the record is of; %NULL: a bound was hit
 */
VerifyStream *
trib_kafka_verify_ensure_stream (TribKafkaVerify *v, const TribKafkaVerifyRecord *r,
    const TribFrameIdView *id, gsize session_len, gboolean undecided)
{
  gchar key[TRIB_FRAME_ID_MAX_BYTES + 1];
  gsize len = id->session_len + 1 + id->stream_len;
  VerifyStream *oldest, *s;

  /* session and stream are the beginning of the frame id; as a stream id has no '_', that is
   * unique */
  memcpy (key, id->session, len);
  key[len] = '\0';
  oldest = g_hash_table_lookup (v->streams, key);
  s = find_run (oldest, id, session_len);
  if (s == NULL) {
    g_autofree gchar *session = g_strndup (id->session, id->session_len);
    s = add_run (v, r, key, oldest ? oldest->pub.session : session,
        oldest ? oldest->pub.stream : key + id->session_len + 1);
    if (s == NULL)
      return NULL;
    /* where there were too many, it is an older one */
    s->undecided |= undecided && s->first_index > s->last_index;
  }
  s->first_index = MIN (s->first_index, id->index);
  s->last_index = MAX (s->last_index, id->index);
  s->first_t_ns = MIN (s->first_t_ns, id->t_ns);
  s->last_t_ns = MAX (s->last_t_ns, id->t_ns);
  add_point (s, id->index, id->t_ns);
  return s;
}

/* (nullable): the oldest run of a stream of which there may be no record; %NULL: a bound was hit */
VerifyStream *
trib_kafka_verify_ensure_named (TribKafkaVerify *v, const gchar *session, const gchar *stream)
{
  g_autofree gchar *key = g_strconcat (session, "_", stream, NULL);
  VerifyStream *s = g_hash_table_lookup (v->streams, key);

  while (s && (s->unwanted || strcmp (s->pub.stream, stream) != 0))
    s = s->newer;
  return s ? s : add_run (v, NULL, key, session, stream);
}

/* A stream id of old producers may hold '_', so that the key alone is ambiguous: what the record
 * says counts. Returns: whether it says the same as the key, read in one way or the other. */
gboolean
trib_kafka_verify_name_stream (VerifyStream *s, const gchar *session, const gchar *stream)
{
  g_autofree gchar *key = g_strconcat (s->pub.session, "_", s->pub.stream, NULL);

  if (!trib_kafka_verify_are_names (key, strlen (key), session, stream))
    return FALSE;
  if (strcmp (s->pub.stream, stream) != 0) {
    g_free (s->pub.session);
    g_free (s->pub.stream);
    s->pub.session = g_strdup (session);
    s->pub.stream = g_strdup (stream);
  }
  return TRUE;
}

gboolean
trib_kafka_verify_is_same_stream (const VerifyStream *a, const VerifyStream *b)
{
  return strcmp (a->pub.session, b->pub.session) == 0 && strcmp (a->pub.stream, b->pub.stream) == 0;
}

static gint
compare_streams (gconstpointer a, gconstpointer b)
{
  const VerifyStream *x = *(VerifyStream *const *) a, *y = *(VerifyStream *const *) b;
  gint by_session = strcmp (x->pub.session, y->pub.session);
  gint by_stream = strcmp (x->pub.stream, y->pub.stream);

  if (by_session || by_stream)
    return by_session ? by_session : by_stream;
  if (x->first_t_ns != y->first_t_ns)
    return x->first_t_ns < y->first_t_ns ? -1 : 1;
  return x->first_index < y->first_index ? -1 : x->first_index > y->first_index;
}

/**
 * trib_kafka_verify_list_streams:
 * @v: a verification
 *
 * Returns: (transfer container) (element-type TribKafkaVerifyStream): the runs of all streams,
 *   sorted by session, stream and capture time
 */
GPtrArray *
trib_kafka_verify_list_streams (const TribKafkaVerify *v)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, v->streams);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    for (VerifyStream *s = value; s; s = s->newer)
      if (!s->unwanted)
        g_ptr_array_add (list, s);
  g_ptr_array_sort (list, compare_streams);
  for (guint i = 0; i < list->len; i++) {
    VerifyStream *s = list->pdata[i], *before = i > 0 ? list->pdata[i - 1] : NULL;
    s->pub.run = before && trib_kafka_verify_is_same_stream (s, before) ? before->pub.run + 1 : 1;
  }
  return list;
}
