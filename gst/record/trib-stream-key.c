/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-stream-key.h"

#include <common/trib-frame-id.h>
#include <string.h>

static TribStreamKey *
new_key (TribRecordSlice session, TribRecordSlice stream)
{
  TribStreamKey *key = g_malloc (sizeof *key + session.len + stream.len + 2);
  gchar *text = (gchar *) (key + 1);

  g_atomic_ref_count_init (&key->refs);
  memcpy (text, session.str, session.len);
  text[session.len] = '\0';
  key->session = text;
  text += session.len + 1;
  memcpy (text, stream.str, stream.len);
  text[stream.len] = '\0';
  key->stream = text;
  return key;
}

/**
 * trib_stream_key_new:
 * @session: (nullable): a session id
 * @stream: (nullable): a stream id
 *
 * Returns: (transfer full) (nullable): the key; %NULL unless both may stand in a frame identity
 */
TribStreamKey *
trib_stream_key_new (const gchar *session, const gchar *stream)
{
  if (!trib_session_id_check (session, NULL) || !trib_stream_id_check (stream, NULL))
    return NULL;
  return new_key (TRIB_RECORD_TEXT (session), TRIB_RECORD_TEXT (stream));
}

/**
 * trib_stream_key_from_record:
 * @e: a record that was read
 *
 * Returns: (transfer full) (nullable): its key; %NULL unless it has session and stream
 */
TribStreamKey *
trib_stream_key_from_record (const TribRecordEnvelope *e)
{
  if (!trib_record_has (e, TRIB_RECORD_FIELD_SESSION)
      || !trib_record_has (e, TRIB_RECORD_FIELD_STREAM))
    return NULL;
  return new_key (e->session, e->stream);
}

TribStreamKey *
trib_stream_key_ref (TribStreamKey *key)
{
  if (key)
    g_atomic_ref_count_inc (&key->refs);
  return key;
}

void
trib_stream_key_unref (TribStreamKey *key)
{
  if (key && g_atomic_ref_count_dec (&key->refs))
    g_free (key);
}

/* @a, @b: (nullable): keys, for hash tables too */
gboolean
trib_stream_key_equal (gconstpointer a, gconstpointer b)
{
  const TribStreamKey *x = a, *y = b;

  if (x == y || x == NULL || y == NULL)
    return x == y;
  return strcmp (x->stream, y->stream) == 0 && strcmp (x->session, y->session) == 0;
}

guint
trib_stream_key_hash (gconstpointer key)
{
  const TribStreamKey *k = key;

  return k ? g_str_hash (k->session) * 31 + g_str_hash (k->stream) : 0;
}

static gboolean
is_text (TribRecordSlice slice, const gchar *text)
{
  return strlen (text) == slice.len && memcmp (text, slice.str, slice.len) == 0;
}

/**
 * trib_stream_key_is_of:
 * @key: (nullable): a key
 * @e: a record that was read
 *
 * Returns: whether it is the key that trib_stream_key_from_record() makes of @e
 */
gboolean
trib_stream_key_is_of (const TribStreamKey *key, const TribRecordEnvelope *e)
{
  gboolean has = trib_record_has (e, TRIB_RECORD_FIELD_SESSION)
                 && trib_record_has (e, TRIB_RECORD_FIELD_STREAM);

  if (key == NULL || !has)
    return key == NULL && !has;
  return is_text (e->session, key->session) && is_text (e->stream, key->stream);
}

/**
 * trib_stream_key_to_record:
 * @key: (nullable): a key
 * @e: gets `session` and `stream`, which live as long as @key; unchanged without a key
 */
void
trib_stream_key_to_record (const TribStreamKey *key, TribRecordEnvelope *e)
{
  if (key == NULL)
    return;
  e->session = TRIB_RECORD_TEXT (key->session);
  e->stream = TRIB_RECORD_TEXT (key->stream);
  e->has |= TRIB_RECORD_BIT (SESSION) | TRIB_RECORD_BIT (STREAM);
}
