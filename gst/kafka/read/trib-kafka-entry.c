/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-entry.h"

#include <common/trib-frame-id.h>
#include <kafka/client/trib-kafka-config.h>
#include <kafka/layout/trib-kafka-names.h>

#include <stddef.h>
#include <string.h>

/* a larger entry is parsed with memory of its own, which is not kept */
#define LARGE_ENTRY 65536
/* texts for people, and words, of entries: bytes */
#define MAX_REASON 64
#define MAX_MESSAGE 512

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

  if (id->session == NULL || id->stream == NULL || strlen (id->frame_id) > TRIB_FRAME_ID_MAX_BYTES
      || strlen (id->session) > TRIB_SESSION_ID_MAX_BYTES
      || strlen (id->stream) > TRIB_STREAM_ID_MAX_BYTES || *id->stream == '\0')
    return trib_kafka_fail (error, TRIB_KAFKA_ERROR_FIELD,
        "frame_id, session_id or stream_id is empty or longer than a frame id");
  begin = g_strdup_printf ("%s_%s_%" G_GUINT64_FORMAT "_", id->session, id->stream, id->index);
  if (!g_str_has_prefix (id->frame_id, begin)
      || !is_time_of (id->frame_id + strlen (begin), id->t_ns))
    return trib_kafka_fail (error, TRIB_KAFKA_ERROR_CONTRADICTION,
        "frame_id is not that of session_id, stream_id, frame_index and capture_timestamp_ns");
  return trib_session_id_check (id->session, error);
}

/* what members of any producer become */
typedef struct {
  TribKafkaRegistryValue value; /* first: the table is of it */
  gchar *status;
} AnyEntry;

#define AT(member) offsetof (AnyEntry, member)
#define FIELD(name, type, member, optional)              \
  {                                                      \
    name, TRIB_KAFKA_FIELD_##type, AT (member), optional \
  }

/* The old producers' entries (ARIA-40) lack what names a place and what proves it; their index and
 * time may stand in the key alone. */
static const TribKafkaField fields[] = {
  FIELD (TRIB_KAFKA_JSON_FRAME_ID, STRING, value.identity.frame_id, FALSE),
  FIELD (TRIB_KAFKA_JSON_SESSION_ID, STRING, value.identity.session, TRUE),
  FIELD (TRIB_KAFKA_JSON_STREAM_ID, STRING, value.identity.stream, TRUE),
  FIELD (TRIB_KAFKA_JSON_FRAME_INDEX, U64, value.identity.index, TRUE),
  FIELD (TRIB_KAFKA_JSON_CAPTURE_TIMESTAMP_NS, I64, value.identity.t_ns, TRUE),
  FIELD (TRIB_KAFKA_JSON_METADATA_TOPIC, STRING, value.metadata.topic, TRUE),
  FIELD (TRIB_KAFKA_JSON_METADATA_PARTITION, PARTITION, value.metadata.partition, TRUE),
  FIELD (TRIB_KAFKA_JSON_METADATA_OFFSET, OFFSET, value.metadata.offset, TRUE),
  FIELD (TRIB_KAFKA_JSON_BINARY_TOPIC, STRING, value.binary.topic, TRUE),
  FIELD (TRIB_KAFKA_JSON_BINARY_PARTITION, PARTITION, value.binary.partition, TRUE),
  FIELD (TRIB_KAFKA_JSON_BINARY_OFFSET, OFFSET, value.binary.offset, TRUE),
  FIELD (TRIB_KAFKA_JSON_BINARY_CRC32C, U32, value.binary.crc32c, TRUE),
  FIELD (TRIB_KAFKA_JSON_COMPRESSED_SIZE, U32, value.size, TRUE),
  FIELD (TRIB_KAFKA_JSON_STATUS, STRING, status, TRUE),
  FIELD (TRIB_KAFKA_JSON_ERROR_REASON, STRING, value.error_reason, TRUE),
  FIELD (TRIB_KAFKA_JSON_ERROR_MESSAGE, STRING, value.error_message, TRUE),
};

static void
any_entry_clear (AnyEntry *any)
{
  trib_kafka_registry_value_clear (&any->value);
  g_free (any->status);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AnyEntry, any_entry_clear)

/* what the members do not say, the frame id says (ARIA-2) */
static void
complete (TribKafkaIdentity *id)
{
  TribFrameIdView view;

  if ((id->session && id->stream) || strlen (id->frame_id) > TRIB_FRAME_ID_MAX_BYTES
      || !trib_frame_id_parse (id->frame_id, -1, &view, NULL))
    return;
  if (id->session == NULL)
    id->session = g_strndup (view.session, view.session_len);
  if (id->stream == NULL)
    id->stream = g_strndup (view.stream, view.stream_len);
}

/* FAILED is the only word that says that a frame is not there */
static gboolean
judge_status (AnyEntry *any, GError **error)
{
  static const gchar *const known[]
      = { TRIB_KAFKA_STATUS_LINKED, TRIB_KAFKA_STATUS_FAILED, "PENDING", "PROCESSED", NULL };
  TribKafkaRegistryValue *value = &any->value;

  if (any->status && !g_strv_contains (known, any->status))
    return trib_kafka_fail (error, TRIB_KAFKA_ERROR_FIELD, "field status is no state of a frame");
  value->failed = g_strcmp0 (any->status, TRIB_KAFKA_STATUS_FAILED) == 0;
  if (value->failed && value->error_reason == NULL)
    value->error_reason = g_strdup ("unknown");
  if (value->failed && value->error_message == NULL)
    value->error_message = g_strdup ("");
  return TRUE;
}

/* a place is a partition and an offset of a topic; without both the key links */
static gboolean
judge_place (TribKafkaPointer *place, GError **error)
{
  if (place->topic && !trib_kafka_topic_check (place->topic, NULL))
    return trib_kafka_fail (
        error, TRIB_KAFKA_ERROR_FIELD, "metadata_topic or binary_topic is no topic name");
  if (place->topic == NULL || place->partition < 0 || place->offset < 0)
    place->partition = place->offset = -1;
  return TRUE;
}

/**
 * trib_kafka_entry_parse:
 * @out: (out): what the entry says; to be cleared in any case
 * @m: a record of the registry topic
 * @reader: a reader whose memory is used
 * @ret_cut: (out): whether texts for people were too long
 * @error: return location
 *
 * Reads an entry of any producer as far as a reader needs it. What it keeps is bounded. Offsets are
 * -1 where the entry does not name a place: its frame's records have its frame id as key (ARIA-40).
 *
 * Returns: whether @m is a registry entry that agrees with itself
 */
gboolean
trib_kafka_entry_parse (TribKafkaRegistryValue *out, const TribKafkaMessage *m,
    TribJsonReader *reader, gboolean *ret_cut, GError **error)
{
  g_autoptr (TribJsonReader) own
      = m->value_len > LARGE_ENTRY ? trib_json_reader_new ("", 0, NULL) : NULL;
  g_auto (AnyEntry) any = { { { 0 } } };
  TribKafkaRegistryValue *value = &any.value;
  TribFrameIdView view = { 0 };

  if (m->value == NULL)
    return trib_kafka_fail (error, TRIB_KAFKA_ERROR_JSON, "a tombstone, without a value");
  if (m->key)
    trib_frame_id_parse (m->key, m->key_len, &view, NULL);
  value->identity.index = view.index;
  value->identity.t_ns = view.t_ns;
  value->metadata.partition = value->binary.partition = -1;
  value->metadata.offset = value->binary.offset = -1;
  if (!trib_kafka_fields_read (fields, G_N_ELEMENTS (fields), &any, own ? own : reader,
          (const gchar *) m->value, m->value_len, error)
      || !judge_status (&any, error))
    return FALSE;
  complete (&value->identity);
  if (!check_identity (&value->identity, error) || !judge_place (&value->metadata, error)
      || !judge_place (&value->binary, error))
    return FALSE;
  *ret_cut = cut_text (&value->error_reason, MAX_REASON);
  *ret_cut |= cut_text (&value->error_message, MAX_MESSAGE);
  *out = *value;
  memset (value, 0, sizeof *value);
  return TRUE;
}
