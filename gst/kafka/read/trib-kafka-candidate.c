/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-candidate.h"

#include <common/trib-frame-id.h>

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
  gboolean ok = trib_kafka_registry_value_parse_link (
      &s->entry, reader, (const gchar *) m->value, m->value_len, error);

  s->kind = s->entry.failed ? TRIB_KAFKA_CANDIDATE_FAILED : TRIB_KAFKA_CANDIDATE_LINKED;
  s->t_ms = m->t_ms;
  s->order = s->entry.identity.index;
  s->cost = ENTRY_BYTES + m->value_len;
  trib_kafka_message_clear (m);
  return ok ? g_steal_pointer (&s) : NULL;
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

  s->kind = TRIB_KAFKA_CANDIDATE_BYTES;
  if (!trib_frame_id_parse (m->key ? m->key : "", m->key_len, &view, error)) {
    trib_kafka_message_clear (m);
    return NULL;
  }
  s->entry.identity.frame_id = g_strndup (m->key, m->key_len);
  s->entry.identity.session = g_strndup (view.session, view.session_len);
  s->entry.identity.stream = g_strndup (view.stream, view.stream_len);
  s->entry.identity.index = view.index;
  s->entry.identity.t_ns = view.t_ns;
  s->entry.binary = (TribKafkaPointer){ g_strdup (topic), m->partition, m->offset, 0 };
  s->entry.metadata.partition = -1;
  s->entry.metadata.offset = -1;
  s->entry.size = m->value_len;
  s->t_ms = m->t_ms;
  s->order = view.index;
  s->cost = ENTRY_BYTES + m->value_len;
  s->message = *m;
  *m = (TribKafkaMessage){ 0 };
  return g_steal_pointer (&s);
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
  s->t_ms = m->t_ms;
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
