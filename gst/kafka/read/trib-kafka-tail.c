/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-tail.h"

#include <string.h>

/* how many records before each partition's end are looked at, until a frame is among them */
#define FIRST_LOOK 4
#define LOOK_FACTOR 16
#define LAST_LOOK (4 * 16 * 16 * 16)
/* frames of a partition of which the oldest one is among: entries are written as their frames are
 * acknowledged */
#define OLDEST_AMONG 16
/* what is read ahead, bytes */
#define QUEUED_BYTES (1024 * 1024)
/* up to here, once a frame is found it is looked a step further: a younger one may lie in another
 * partition, behind records of other streams */
#define CHEAP_LOOK 64

struct _TribKafkaTail {
  TribKafkaCursor *cursor;
  TribKafkaReadBy read_by;
  gboolean any_producer;
  gchar *topic;
  gchar *session;
  gchar *stream;
  TribJsonReader *reader;
};

/**
 * trib_kafka_tail_new:
 * @config: where to look, and for which stream; copied
 * @error: return location
 *
 * Returns: (transfer full): something to look with, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaTail *
trib_kafka_tail_new (const TribKafkaFramesConfig *config, GError **error)
{
  TribKafkaCursorConfig at = { .client = config->client,
    .in_process = config->in_process,
    .topic
    = config->topics[config->read_by == TRIB_KAFKA_READ_BY_REGISTRY ? TRIB_KAFKA_TOPIC_REGISTRY
                                                                    : TRIB_KAFKA_TOPIC_BINARY] };
  TribKafkaCursor *cursor;
  TribKafkaTail *t;

  at.client.max_queued_bytes = QUEUED_BYTES;
  cursor = trib_kafka_cursor_new (&at, error);
  if (cursor == NULL)
    return NULL;
  t = g_new0 (TribKafkaTail, 1);
  t->cursor = cursor;
  t->read_by = config->read_by;
  t->any_producer = config->any_producer;
  t->topic = g_strdup (at.topic);
  t->session = g_strdup (config->session);
  t->stream = g_strdup (config->stream);
  t->reader = trib_json_reader_new ("", 0, NULL);
  return t;
}

void
trib_kafka_tail_free (TribKafkaTail *t)
{
  g_clear_pointer (&t->cursor, trib_kafka_cursor_free);
  g_clear_pointer (&t->reader, trib_json_reader_free);
  g_free (t->topic);
  g_free (t->session);
  g_free (t->stream);
  g_free (t);
}

/* @thread: any */
void
trib_kafka_tail_set_flushing (TribKafkaTail *t, gboolean flushing)
{
  trib_kafka_cursor_set_flushing (t->cursor, flushing);
}

/* A key alone does not say where a stream id that contains "_" begins. */
static gboolean
is_wanted (const TribKafkaTail *t, const TribKafkaCandidate *s)
{
  const TribKafkaIdentity *id = &s->entry.identity;

  if (t->any_producer)
    return TRUE;
  if (t->stream && strchr (t->stream, '_') && s->kind == TRIB_KAFKA_CANDIDATE_BYTES)
    return g_str_has_suffix (t->stream, id->stream)
           && (t->session == NULL || g_str_has_prefix (id->session, t->session));
  return (t->session == NULL || g_str_equal (t->session, id->session))
         && (t->stream == NULL || g_str_equal (t->stream, id->stream));
}

/* Returns: whether it is a frame that is wanted; @ret_t_ns: its capture time then */
static gboolean
look_at (TribKafkaTail *t, TribKafkaMessage *m, gint64 *ret_t_ns)
{
  g_autoptr (TribKafkaCandidate) s = NULL;

  if (t->any_producer)
    s = trib_kafka_candidate_from_anything (m, t->topic, "", "", NULL);
  else if (t->read_by == TRIB_KAFKA_READ_BY_REGISTRY)
    s = trib_kafka_candidate_from_registry (m, t->reader, NULL);
  else
    s = trib_kafka_candidate_from_bytes (m, t->topic, NULL);
  if (s == NULL || s->kind == TRIB_KAFKA_CANDIDATE_FAILED || !is_wanted (t, s))
    return FALSE;
  *ret_t_ns = s->entry.identity.t_ns;
  return TRUE;
}

static gboolean
is_over (TribKafkaCursorResult result)
{
  return result == TRIB_KAFKA_CURSOR_END || result == TRIB_KAFKA_CURSOR_TIMEOUT
         || result == TRIB_KAFKA_CURSOR_FLUSHING || result == TRIB_KAFKA_CURSOR_ERROR;
}

/**
 * trib_kafka_tail_find:
 * @t: something to look with
 * @partition: the only one to look at, -1: all of them
 * @deadline: monotonic time, us, up to which to wait
 * @ret_t_ns: (out): capture time of the youngest frame, ns since the Unix epoch
 *
 * Looks at some 16000 records before each partition's end at most.
 *
 * Returns: whether there is one; %FALSE also when the broker does not say so in time
 */
gboolean
trib_kafka_tail_find (TribKafkaTail *t, gint32 partition, gint64 deadline, gint64 *ret_t_ns)
{
  gint64 youngest = G_MININT64, t_ns;
  gboolean once_more = TRUE;

  for (gint64 look = FIRST_LOOK; look <= LAST_LOOK; look *= LOOK_FACTOR) {
    const TribKafkaPosition at = {
      .start = TRIB_KAFKA_START_OFFSET, .offset = -look, .partition = partition, .to_end = TRUE
    };
    TribKafkaCursorResult result;
    gboolean found = FALSE;

    trib_kafka_cursor_seek (t->cursor, &at);
    do {
      g_autoptr (GError) error = NULL;
      TribKafkaCursorItem item;
      result = trib_kafka_cursor_next (t->cursor, deadline, &item, &error);
      if (result == TRIB_KAFKA_CURSOR_RECORD && look_at (t, &item.message, &t_ns)) {
        found = TRUE;
        youngest = MAX (youngest, t_ns);
      }
    } while (!is_over (result));
    if (found && result == TRIB_KAFKA_CURSOR_END) {
      if (once_more && look <= CHEAP_LOOK) {
        once_more = FALSE;
        continue;
      }
      *ret_t_ns = youngest;
      return TRUE;
    }
    if (result != TRIB_KAFKA_CURSOR_END)
      return FALSE;
  }
  return FALSE;
}

/**
 * trib_kafka_tail_find_oldest:
 * @t: something to look with
 * @partition: the only one to look at, -1: all of them
 * @deadline: monotonic time, us, up to which to wait
 * @ret_t_ns: (out): capture time of the oldest frame, ns since the Unix epoch
 *
 * Looks at the first frames of each partition, and at some 16000 records at most.
 *
 * Returns: whether there is one; %FALSE also when the broker does not say so in time
 */
gboolean
trib_kafka_tail_find_oldest (TribKafkaTail *t, gint32 partition, gint64 deadline, gint64 *ret_t_ns)
{
  const TribKafkaPosition at
      = { .start = TRIB_KAFKA_START_EARLIEST, .partition = partition, .to_end = TRUE };
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  gint64 oldest = G_MAXINT64, t_ns;
  TribKafkaCursorResult result;
  guint n_looks = 0;

  trib_kafka_cursor_seek (t->cursor, &at);
  do {
    g_autoptr (GError) error = NULL;
    TribKafkaCursorItem item;

    result = trib_kafka_cursor_next (t->cursor, deadline, &item, &error);
    if (result == TRIB_KAFKA_CURSOR_RECORD && look_at (t, &item.message, &t_ns)) {
      gpointer p = GINT_TO_POINTER (item.partition);
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (seen, p)) + 1;

      oldest = MIN (oldest, t_ns);
      g_hash_table_insert (seen, p, GUINT_TO_POINTER (n));
      if (n == OLDEST_AMONG)
        trib_kafka_cursor_stop_partition (t->cursor, item.partition);
    }
    n_looks += result == TRIB_KAFKA_CURSOR_RECORD;
  } while (!is_over (result) && n_looks < LAST_LOOK);
  *ret_t_ns = oldest;
  return oldest < G_MAXINT64
         && (result == TRIB_KAFKA_CURSOR_END || result == TRIB_KAFKA_CURSOR_RECORD);
}
