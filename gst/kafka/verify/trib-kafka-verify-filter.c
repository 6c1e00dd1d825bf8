/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <kafka/layout/trib-kafka-names.h>

#include <stddef.h>
#include <string.h>

/* Which records were asked for, by session and stream. A key is read from the right, but a stream
 * id of an old producer may hold '_' (ARIA-40), so that "my_run_slam_left" is a session and a
 * stream in three ways. Where these differ under the filter, the record's JSON decides; a record
 * with our headers has a stream id without '_'. Bytes of an old producer say nothing: they are kept
 * with their run, undecided, until a record of it says which it is. Then all of the run stays, or
 * all of it goes. */

gboolean
trib_kafka_verify_wants (gchar **list, const gchar *text, gsize len)
{
  if (list == NULL || *list == NULL)
    return TRUE;
  for (; *list; list++) {
    if (strlen (*list) == len && memcmp (*list, text, len) == 0)
      return TRUE;
  }
  return FALSE;
}

/* @names: session and stream with a '_' between them; read so that the session has @session_len */
static gboolean
wants_reading (const TribKafkaVerify *v, const gchar *names, gsize len, gsize session_len)
{
  return trib_kafka_verify_wants (v->sessions, names, session_len)
         && trib_kafka_verify_wants (
             v->wanted_streams, names + session_len + 1, len - session_len - 1);
}

static gboolean
is_filtered (const TribKafkaVerify *v)
{
  return (v->sessions && *v->sessions) || (v->wanted_streams && *v->wanted_streams);
}

VerifyMatch
trib_kafka_verify_match (const TribKafkaVerify *v, const TribFrameIdView *id)
{
  gsize len = id->session_len + 1 + id->stream_len;
  guint n = 0, wanted = 0;

  if (!is_filtered (v))
    return VERIFY_MATCH_ALL;
  /* neither is empty */
  for (gsize at = 1; at + 1 < len; at++) {
    if (id->session[at] != '_')
      continue;
    n++;
    wanted += wants_reading (v, id->session, len, at);
  }
  if (wanted == 0)
    return VERIFY_MATCH_NONE;
  return wanted == n ? VERIFY_MATCH_ALL : VERIFY_MATCH_SOME;
}

/* whether @names are these two with a '_' between them; texts of a record may be long */
gboolean
trib_kafka_verify_are_names (
    const gchar *names, gsize len, const gchar *session, const gchar *stream)
{
  gsize session_len = strlen (session), stream_len = strlen (stream);

  return session_len > 0 && stream_len > 0 && session_len + 1 + stream_len == len
         && names[session_len] == '_' && memcmp (names, session, session_len) == 0
         && memcmp (names + session_len + 1, stream, stream_len) == 0;
}

static gboolean
has_our_headers (const TribKafkaVerifyRecord *r)
{
  for (guint i = 0; i < r->n_headers; i++)
    if (strcmp (r->headers[i].name, TRIB_KAFKA_HEADER_FRAME_ID) == 0)
      return TRUE;
  return FALSE;
}

/**
 * trib_kafka_verify_read_names:
 * @v: a verification
 * @r: a record whose key can be read in several ways
 * @id: its key, read from the right
 *
 * Returns: how many bytes of the key are the session id; 0: the record does not say
 */
gsize
trib_kafka_verify_read_names (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const TribFrameIdView *id)
{
  typedef struct {
    gchar *session, *stream;
  } Names;
  static const TribKafkaField fields[] = {
    { TRIB_KAFKA_JSON_SESSION_ID, TRIB_KAFKA_FIELD_STRING, offsetof (Names, session) },
    { TRIB_KAFKA_JSON_STREAM_ID, TRIB_KAFKA_FIELD_STRING, offsetof (Names, stream) },
  };
  gsize len = id->session_len + 1 + id->stream_len, session_len = id->session_len;
  Names names = { NULL, NULL };

  if (has_our_headers (r))
    return session_len;
  if (r->topic == TRIB_KAFKA_TOPIC_BINARY)
    return 0;
  if (trib_kafka_fields_read (fields, G_N_ELEMENTS (fields), &names, v->reader,
          r->value ? r->value : "", r->value_len, NULL)
      /* what contradicts its key is looked at as its key says, and found */
      && trib_kafka_verify_are_names (id->session, len, names.session, names.stream))
    session_len = strlen (names.session);
  g_free (names.session);
  g_free (names.stream);
  return session_len;
}

/* the bytes of which there was more than one before it was known whether they count */
static void
find_early_duplicates (TribKafkaVerify *v, const VerifyFrame *f)
{
  VerifyId id = { f->stream, f->index, f->t_ns, 0 };

  for (const VerifyCopy *c = f->copies[TRIB_KAFKA_TOPIC_BINARY].next; c; c = c->next) {
    TribKafkaVerifyRecord at
        = { .topic = TRIB_KAFKA_TOPIC_BINARY, .partition = c->partition, .offset = c->offset };
    trib_kafka_verify_add_duplicate (v, &at, &id);
  }
}

/* frames of a run that was not asked for */
static void
forget_run (TribKafkaVerify *v, VerifyStream *s, const GPtrArray *frames)
{
  for (guint i = 0; i < frames->len; i++) {
    trib_kafka_verify_forget_lacks (v, frames->pdata[i]);
    g_hash_table_remove (v->frames, frames->pdata[i]);
  }
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++) {
    v->n_ranges -= trib_index_set_n_ranges (&s->seen[i]);
    trib_index_set_clear (&s->seen[i]);
  }
}

/**
 * trib_kafka_verify_decide:
 * @v: a verification
 * @s: a run that is undecided
 * @session_len: how its keys are to be read; 0: nothing says it, so they may have been asked for
 */
void
trib_kafka_verify_decide (TribKafkaVerify *v, VerifyStream *s, gsize session_len)
{
  g_autoptr (GPtrArray) frames = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;

  s->undecided = FALSE;
  if (session_len > 0) {
    g_autofree gchar *names = g_strconcat (s->pub.session, "_", s->pub.stream, NULL);
    s->session_len = session_len;
    s->unwanted = !wants_reading (v, names, strlen (names), session_len);
    g_free (s->pub.session);
    g_free (s->pub.stream);
    s->pub.session = g_strndup (names, session_len);
    s->pub.stream = g_strdup (names + session_len + 1);
  }
  g_hash_table_iter_init (&iter, v->frames);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (((const VerifyFrame *) key)->stream == s)
      g_ptr_array_add (frames, key);
  g_ptr_array_sort (frames, trib_kafka_verify_compare_frames);
  if (s->unwanted)
    forget_run (v, s, frames);
  else
    for (guint i = 0; i < frames->len; i++)
      find_early_duplicates (v, frames->pdata[i]);
}
