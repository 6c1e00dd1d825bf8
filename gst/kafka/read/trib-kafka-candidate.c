/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-candidate.h"

#include <common/trib-frame-id.h>
#include <kafka/client/trib-kafka-config.h>

#include <string.h>

/* what an entry costs in memory, roughly */
#define ENTRY_BYTES 1024
#define RECORD_BYTES 512
/* a larger entry is parsed with memory of its own, which is not kept */
#define LARGE_ENTRY 65536
/* texts for people, and words, of entries: bytes */
#define MAX_REASON 64
#define MAX_MESSAGE 512

static gboolean
fail (GError **error, TribKafkaError code, const gchar *why)
{
  g_set_error_literal (error, TRIB_KAFKA_ERROR, code, why);
  return FALSE;
}

/* Returns: whether it was too long; control characters are no text for people either */
static gboolean
cut_text (gchar **text, gsize max)
{
  gboolean cut = *text && strlen (*text) > max;

  if (cut) {
    g_autofree gchar *all = *text;
    *text = g_strndup (all, g_utf8_find_prev_char (all, all + max + 1) - all);
  }
  for (gchar *at = *text; at && *at; at++)
    if ((guchar) *at < 0x20 || *at == 0x7f)
      *at = ' ';
  return cut;
}

/* The time in a frame id may have fewer digits than the nanoseconds of the capture time. */
static gboolean
is_time_of (const gchar *text, gint64 t_ns)
{
  for (gint64 unit = 1; unit <= 1000000000; unit *= 1000) {
    g_autofree gchar *said = g_strdup_printf ("%" G_GINT64_FORMAT, t_ns / unit);
    if (g_str_equal (said, text))
      return TRUE;
  }
  return FALSE;
}

/* Whether the frame id is made of the other members (ARIA-2, ARIA-40). Stream ids may contain "_"
 * here, because the members say where they end. */
static gboolean
check_identity (const TribKafkaIdentity *id, GError **error)
{
  g_autofree gchar *begin = NULL;

  if (strlen (id->frame_id) > TRIB_FRAME_ID_MAX_BYTES
      || strlen (id->session) > TRIB_SESSION_ID_MAX_BYTES
      || strlen (id->stream) > TRIB_STREAM_ID_MAX_BYTES || *id->stream == '\0')
    return fail (error, TRIB_KAFKA_ERROR_FIELD,
        "frame_id, session_id or stream_id is empty or longer than a frame id");
  begin = g_strdup_printf ("%s_%s_%" G_GUINT64_FORMAT "_", id->session, id->stream, id->index);
  if (!g_str_has_prefix (id->frame_id, begin)
      || !is_time_of (id->frame_id + strlen (begin), id->t_ns))
    return fail (error, TRIB_KAFKA_ERROR_CONTRADICTION,
        "frame_id is not that of session_id, stream_id, frame_index and capture_timestamp_ns");
  return trib_session_id_check (id->session, error);
}

static gboolean
parse_entry (TribKafkaRegistryValue *entry, const TribKafkaMessage *m, TribJsonReader *reader,
    GError **error)
{
  g_autoptr (TribJsonReader) own
      = m->value_len > LARGE_ENTRY ? trib_json_reader_new ("", 0, NULL) : NULL;

  if (m->value == NULL)
    return fail (error, TRIB_KAFKA_ERROR_JSON, "a tombstone, without a value");
  return trib_kafka_registry_value_parse_link (
             entry, own ? own : reader, (const gchar *) m->value, m->value_len, error)
         && check_identity (&entry->identity, error)
         && ((trib_kafka_topic_check (entry->metadata.topic, NULL)
                 && trib_kafka_topic_check (entry->binary.topic, NULL))
             || fail (
                 error, TRIB_KAFKA_ERROR_FIELD, "metadata_topic or binary_topic is no topic name"));
}

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
  gboolean ok = parse_entry (&s->entry, m, reader, error);

  s->cut = cut_text (&s->entry.error_reason, MAX_REASON);
  s->cut |= cut_text (&s->entry.error_message, MAX_MESSAGE);
  s->kind = s->entry.failed ? TRIB_KAFKA_CANDIDATE_FAILED : TRIB_KAFKA_CANDIDATE_LINKED;
  s->t_ms = m->t_ms;
  s->order = s->entry.identity.index;
  s->cost = ENTRY_BYTES + MIN (m->value_len, 2 * TRIB_FRAME_ID_MAX_BYTES + MAX_MESSAGE);
  trib_kafka_message_clear (m);
  return ok ? g_steal_pointer (&s) : NULL;
}

/* a record without bytes takes no frame's place */
static gboolean
has_bytes (const TribKafkaMessage *m, GError **error)
{
  if (m->value_len == 0)
    return fail (error, TRIB_KAFKA_ERROR_FIELD,
        m->value ? "an empty value" : "a tombstone, without a value");
  return m->key || fail (error, TRIB_KAFKA_ERROR_FIELD, "no key, which would be the frame id");
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
  if (!has_bytes (m, error) || !trib_frame_id_parse (m->key, m->key_len, &view, error)) {
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
