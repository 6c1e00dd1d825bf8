/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-keyed.h"

#include <kafka/layout/trib-kafka-names.h>
#include "trib-kafka-by-key.h"

#include <string.h>

/* beginnings of keys whose session and stream are known; beyond that many all are forgotten */
#define MAX_NAMES 1024

enum { BYTES, METADATA, N_FINDERS };

struct _TribKafkaKeyed {
  /* set once */
  TribKafkaCursorConfig configs[N_FINDERS]; /* point to what outlives this */
  guint64 max_bytes[N_FINDERS];

  /* the driving thread */
  TribJsonReader *reader;
  gboolean no_metadata;
  GHashTable *names; /* "<session>_<stream>" to length of the session id */

  GMutex lock;
  /* lock; read on the driving thread without it */
  TribKafkaByKey *finders[N_FINDERS]; /* (nullable) */
  gboolean flushing;
};

/**
 * trib_kafka_keyed_new:
 * @config: of the cursors; what it points to must outlive this
 * @topics: names, by #TribKafkaTopic
 * @max_bytes: bound on all that is read ahead, of which it uses half and a sixteenth
 *
 * Returns: (transfer full): something that has no client yet
 */
TribKafkaKeyed *
trib_kafka_keyed_new (
    const TribKafkaCursorConfig *config, const gchar *const *topics, guint64 max_bytes)
{
  TribKafkaKeyed *k = g_new0 (TribKafkaKeyed, 1);

  g_mutex_init (&k->lock);
  k->configs[BYTES] = k->configs[METADATA] = *config;
  k->configs[BYTES].topic = g_intern_string (topics[TRIB_KAFKA_TOPIC_BINARY]);
  k->configs[METADATA].topic = g_intern_string (topics[TRIB_KAFKA_TOPIC_METADATA]);
  k->max_bytes[BYTES] = max_bytes / 2;
  k->max_bytes[METADATA] = max_bytes / 16;
  k->reader = trib_json_reader_new ("", 0, NULL);
  k->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return k;
}

void
trib_kafka_keyed_free (TribKafkaKeyed *k)
{
  for (guint i = 0; i < N_FINDERS; i++)
    g_clear_pointer (&k->finders[i], trib_kafka_by_key_free);
  trib_json_reader_free (k->reader);
  g_hash_table_unref (k->names);
  g_mutex_clear (&k->lock);
  g_free (k);
}

/* another position is read from */
void
trib_kafka_keyed_reset (TribKafkaKeyed *k)
{
  for (guint i = 0; i < N_FINDERS; i++)
    if (k->finders[i])
      trib_kafka_by_key_reset (k->finders[i]);
}

/* @thread: any */
void
trib_kafka_keyed_set_flushing (TribKafkaKeyed *k, gboolean flushing)
{
  g_mutex_lock (&k->lock);
  k->flushing = flushing;
  for (guint i = 0; i < N_FINDERS; i++)
    if (k->finders[i])
      trib_kafka_by_key_set_flushing (k->finders[i], flushing);
  g_mutex_unlock (&k->lock);
}

static TribKafkaFetchResult
get (TribKafkaKeyed *k, guint which, const TribKafkaCandidate *s, gint64 deadline,
    TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error)
{
  if (k->finders[which] == NULL) {
    TribKafkaByKey *finder
        = trib_kafka_by_key_new (&k->configs[which], k->max_bytes[which], which == METADATA, error);
    if (finder == NULL)
      return TRIB_KAFKA_FETCH_ERROR;
    g_mutex_lock (&k->lock);
    trib_kafka_by_key_set_flushing (finder, k->flushing);
    k->finders[which] = finder;
    g_mutex_unlock (&k->lock);
  }
  return trib_kafka_by_key_get (k->finders[which], s->entry.identity.frame_id, s->t_ms, deadline,
      ret_message, ret_link, error);
}

/**
 * trib_kafka_keyed_get_bytes:
 * @k: finders by key
 * @s: a frame
 *
 * Returns: as trib_kafka_by_key_get()
 */
TribKafkaFetchResult
trib_kafka_keyed_get_bytes (TribKafkaKeyed *k, const TribKafkaCandidate *s, gint64 deadline,
    TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error)
{
  return get (k, BYTES, s, deadline, ret_message, ret_link, error);
}

/**
 * trib_kafka_keyed_get_metadata:
 * @k: finders by key
 * @s: a frame
 * @ret_message: (out caller-allocates): its metadata record, valid until the next call
 *
 * Returns: as trib_kafka_by_key_get(); MISSING also where there is no such topic, which @k keeps in
 *   mind, or it may not be read
 */
TribKafkaFetchResult
trib_kafka_keyed_get_metadata (TribKafkaKeyed *k, const TribKafkaCandidate *s, gint64 deadline,
    TribKafkaMessage *ret_message, TribLinkEvent *ret_link)
{
  g_autoptr (GError) error = NULL;
  TribKafkaFetchResult result = get (k, METADATA, s, deadline, ret_message, ret_link, &error);

  k->no_metadata |= result == TRIB_KAFKA_FETCH_NO_TOPIC
                    || g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC);
  return result == TRIB_KAFKA_FETCH_ERROR || result == TRIB_KAFKA_FETCH_NO_TOPIC
             ? TRIB_KAFKA_FETCH_MISSING
             : result;
}

/* whether there was no metadata topic when it was looked into */
gboolean
trib_kafka_keyed_lacks_metadata (const TribKafkaKeyed *k)
{
  return k->no_metadata;
}

/* (transfer none): the last error of what @bytes or metadata are read with, "" without */
const gchar *
trib_kafka_keyed_get_trouble (const TribKafkaKeyed *k, gboolean bytes)
{
  const TribKafkaByKey *finder = k->finders[bytes ? BYTES : METADATA];

  return finder ? trib_kafka_by_key_get_trouble (finder) : "";
}

/* Bytes of the session id in "<session>_<stream>", as the property or the metadata says.
 * Returns: FOUND, or why that is not known yet */
static TribKafkaFetchResult
find_session_length (TribKafkaKeyed *k, const TribKafkaCandidate *s, const gchar *both,
    const gchar *wanted_stream, gint64 deadline, TribLinkEvent *ret_link, gsize *ret_n)
{
  static const TribKafkaField fields[] = {
    { TRIB_KAFKA_JSON_SESSION_ID, TRIB_KAFKA_FIELD_STRING,
        G_STRUCT_OFFSET (TribKafkaIdentity, session) },
    { TRIB_KAFKA_JSON_STREAM_ID, TRIB_KAFKA_FIELD_STRING,
        G_STRUCT_OFFSET (TribKafkaIdentity, stream) },
  };
  gsize length = strlen (both);
  gsize wanted = wanted_stream ? strlen (wanted_stream) : 0;
  TribKafkaIdentity said = { 0 };
  TribKafkaFetchResult result;
  TribKafkaMessage m;

  *ret_n = strlen (s->entry.identity.session);
  if (wanted > 0 && wanted + 1 < length && g_str_has_suffix (both, wanted_stream)
      && both[length - wanted - 1] == '_') {
    *ret_n = length - wanted - 1;
    return TRIB_KAFKA_FETCH_FOUND;
  }
  result = trib_kafka_keyed_get_metadata (k, s, deadline, &m, ret_link);
  if (result == TRIB_KAFKA_FETCH_MISSING)
    return TRIB_KAFKA_FETCH_FOUND;
  if (result != TRIB_KAFKA_FETCH_FOUND)
    return result;
  if (trib_kafka_fields_read (fields, G_N_ELEMENTS (fields), &said, k->reader,
          (const gchar *) m.value, m.value_len, NULL)
      && *said.session && g_str_has_prefix (both, said.session)
      && both[strlen (said.session)] == '_'
      && g_str_equal (both + strlen (said.session) + 1, said.stream))
    *ret_n = strlen (said.session);
  g_free (said.session);
  g_free (said.stream);
  return result;
}

/**
 * trib_kafka_keyed_resolve_names:
 * @k: finders by key
 * @s: a frame whose identity is its key's; corrected
 * @wanted_stream: (nullable): the only stream that is wanted
 * @deadline: monotonic time, us, up to which to wait; -1: without end
 * @ret_link: (out caller-allocates): with %TRIB_KAFKA_FETCH_LINK
 *
 * A key does not say where a stream id that contains "_" begins (ARIA-40): the metadata decides,
 * once for each beginning of a key. Records of `kafkabinarysink` have none, and a header.
 *
 * Returns: %TRIB_KAFKA_FETCH_FOUND: @s is as it should be; else as trib_kafka_by_key_get()
 */
TribKafkaFetchResult
trib_kafka_keyed_resolve_names (TribKafkaKeyed *k, TribKafkaCandidate *s,
    const gchar *wanted_stream, gint64 deadline, TribLinkEvent *ret_link)
{
  TribKafkaIdentity *id = &s->entry.identity;
  TribKafkaFetchResult result = TRIB_KAFKA_FETCH_FOUND;
  g_autofree gchar *both = NULL;
  gsize n;

  if (strchr (id->session, '_') == NULL
      || trib_kafka_message_get_header (&s->message, TRIB_KAFKA_HEADER_SEQUENCE, NULL))
    return result;
  both = g_strconcat (id->session, "_", id->stream, NULL);
  n = GPOINTER_TO_SIZE (g_hash_table_lookup (k->names, both));
  if (n == 0) {
    result = find_session_length (k, s, both, wanted_stream, deadline, ret_link, &n);
    if (result != TRIB_KAFKA_FETCH_FOUND)
      return result;
    if (g_hash_table_size (k->names) == MAX_NAMES)
      g_hash_table_remove_all (k->names);
    g_hash_table_insert (k->names, g_strdup (both), GSIZE_TO_POINTER (n));
  }
  g_free (id->session);
  g_free (id->stream);
  id->session = g_strndup (both, n);
  id->stream = g_strdup (both + n + 1);
  return result;
}
