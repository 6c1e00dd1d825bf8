/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-candidate.h"

#include <common/trib-frame-id.h>
#include "trib-kafka-entry.h"

/* what an entry costs in memory, roughly */
#define ENTRY_BYTES 1024
#define RECORD_BYTES 512

/**
 * trib_kafka_candidate_from_registry:
 * @m: a record of the registry topic; cleared
 * @reader: a reader whose memory is used
 * @error: return location
 *
 * Returns: (transfer full) (nullable): what it says; %NULL when it is no entry
 */
TribKafkaCandidate *
trib_kafka_candidate_from_registry (TribKafkaMessage *m, TribJsonReader *reader, GError **error)
{
  g_autoptr (TribKafkaCandidate) s = g_new0 (TribKafkaCandidate, 1);
  gboolean ok = trib_kafka_entry_parse (&s->entry, m, reader, &s->cut, error);

  s->kind = s->entry.failed ? TRIB_KAFKA_CANDIDATE_FAILED : TRIB_KAFKA_CANDIDATE_LINKED;
  s->by_key = s->entry.binary.offset < 0;
  s->t_ms = m->t_ms;
  s->when_ms = s->entry.identity.t_ns / 1000000;
  s->order = s->entry.identity.index;
  s->cost = ENTRY_BYTES + MIN (m->value_len, TRIB_KAFKA_ENTRY_MAX_TEXT);
  trib_kafka_message_clear (m);
  return ok ? g_steal_pointer (&s) : NULL;
}

/* a record without bytes takes no frame's place */
static gboolean
has_value (const TribKafkaMessage *m, GError **error)
{
  return m->value_len > 0
         || trib_kafka_fail (error, TRIB_KAFKA_ERROR_FIELD,
             m->value ? "an empty value" : "a tombstone, without a value");
}

static gboolean
has_key (const TribKafkaMessage *m, GError **error)
{
  return m->key
         || trib_kafka_fail (error, TRIB_KAFKA_ERROR_FIELD, "no key, which would be the frame id");
}

/* @m: taken over */
static void
take_bytes (TribKafkaCandidate *s, TribKafkaMessage *m, const gchar *topic)
{
  s->kind = TRIB_KAFKA_CANDIDATE_BYTES;
  s->entry.binary = (TribKafkaPointer){ g_strdup (topic), m->partition, m->offset, 0 };
  s->entry.metadata.partition = -1;
  s->entry.metadata.offset = -1;
  s->entry.size = m->value_len;
  s->t_ms = m->t_ms;
  s->when_ms = s->entry.identity.t_ns / 1000000;
  s->cost = ENTRY_BYTES + m->value_len;
  s->message = *m;
  *m = (TribKafkaMessage){ 0 };
}

/**
 * trib_kafka_candidate_from_bytes:
 * @m: a record of the bytes topic; taken over, or cleared
 * @topic: the topic's name
 * @error: return location
 *
 * The identity of the frame is the record's key, which every producer of ARIA-2 sets.
 *
 * Returns: (transfer full) (nullable): what it says; %NULL when its key is no frame id
 */
TribKafkaCandidate *
trib_kafka_candidate_from_bytes (TribKafkaMessage *m, const gchar *topic, GError **error)
{
  g_autoptr (TribKafkaCandidate) s = g_new0 (TribKafkaCandidate, 1);
  TribFrameIdView view;

  if (!has_value (m, error) || !has_key (m, error)
      || !trib_frame_id_parse (m->key, m->key_len, &view, error)) {
    trib_kafka_message_clear (m);
    return NULL;
  }
  s->entry.identity.frame_id = g_strndup (m->key, m->key_len);
  s->entry.identity.session = g_strndup (view.session, view.session_len);
  s->entry.identity.stream = g_strndup (view.stream, view.stream_len);
  s->entry.identity.index = view.index;
  s->entry.identity.t_ns = view.t_ns;
  take_bytes (s, m, topic);
  s->order = view.index;
  return g_steal_pointer (&s);
}

/**
 * trib_kafka_candidate_from_anything:
 * @m: a record of the bytes topic; taken over, or cleared
 * @topic: the topic's name
 * @session: session id to give it
 * @stream: stream id to give it
 * @error: return location
 *
 * A frame of a producer that knows no identity: its time is the record's, and its index and frame
 * id are set by trib_kafka_candidate_set_index() once its place in the stream is known.
 *
 * Returns: (transfer full) (nullable): what it says; %NULL when it has no bytes
 */
TribKafkaCandidate *
trib_kafka_candidate_from_anything (TribKafkaMessage *m, const gchar *topic, const gchar *session,
    const gchar *stream, GError **error)
{
  g_autoptr (TribKafkaCandidate) s = g_new0 (TribKafkaCandidate, 1);

  if (!has_value (m, error)) {
    trib_kafka_message_clear (m);
    return NULL;
  }
  s->entry.identity.session = g_strdup (session);
  s->entry.identity.stream = g_strdup (stream);
  s->entry.identity.t_ns = CLAMP (m->t_ms, 0, G_MAXINT64 / 1000000) * 1000000;
  s->order = m->offset;
  take_bytes (s, m, topic);
  return g_steal_pointer (&s);
}

void
trib_kafka_candidate_set_index (TribKafkaCandidate *s, guint64 index)
{
  TribKafkaIdentity *id = &s->entry.identity;

  id->index = index;
  g_free (id->frame_id);
  id->frame_id = trib_frame_id_format (id->session, id->stream, index, id->t_ns);
}

/**
 * trib_kafka_candidate_from_record:
 * @m: a record that need not be a frame; taken over
 *
 * Returns: (transfer full): what puts it in order: its timestamp; of one timestamp, its offset
 */
TribKafkaCandidate *
trib_kafka_candidate_from_record (TribKafkaMessage *m)
{
  TribKafkaCandidate *s = g_new0 (TribKafkaCandidate, 1);

  s->kind = TRIB_KAFKA_CANDIDATE_RECORD;
  s->order = m->offset;
  s->t_ms = s->when_ms = m->t_ms;
  s->cost = RECORD_BYTES + m->value_len;
  s->message = *m;
  *m = (TribKafkaMessage){ 0 };
  return s;
}

void
trib_kafka_candidate_free (TribKafkaCandidate *s)
{
  trib_kafka_registry_value_clear (&s->entry);
  trib_kafka_message_clear (&s->message);
  g_free (s);
}
