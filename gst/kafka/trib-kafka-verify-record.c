/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-record.h"

#include <stddef.h>
#include <string.h>

G_DEFINE_QUARK (trib - kafka - record - error - quark, trib_kafka_record_error)

typedef enum {
  STRING,
  U64,
  I64,
  U32,
  PARTITION, /* of Kafka, as gint32; null reads as -1 */
  OFFSET,    /* of Kafka, as gint64; null reads as -1 */
  NUMBER,    /* looked at, not kept; may be null */
  BOOLEAN,   /* looked at, not kept */
  STATUS,    /* "LINKED" or "FAILED", as gboolean failed */
} FieldType;

typedef struct {
  const gchar *name; /* of a member of `compression`: with that in front */
  FieldType type;
  gsize at; /* offset in the struct, where it is kept */
  gboolean optional;
} Field;

#define NOWHERE G_MAXSIZE /* checked, not kept */
#define R(member) offsetof (TribKafkaRegistryValue, member)
#define M(member) offsetof (TribKafkaMetadataValue, member)

static const Field registry_fields[] = {
  { "frame_id", STRING, R (identity.frame_id) },
  { "session_id", STRING, R (identity.session) },
  { "stream_id", STRING, R (identity.stream) },
  { "frame_index", U64, R (identity.index) },
  { "capture_timestamp_ns", I64, R (identity.t_ns) },
  { "metadata_topic", STRING, R (metadata.topic) },
  { "metadata_partition", PARTITION, R (metadata.partition) },
  { "metadata_offset", OFFSET, R (metadata.offset) },
  { "metadata_crc32c", U32, R (metadata.crc32c) },
  { "binary_topic", STRING, R (binary.topic) },
  { "binary_partition", PARTITION, R (binary.partition) },
  { "binary_offset", OFFSET, R (binary.offset) },
  { "binary_crc32c", U32, R (binary.crc32c) },
  { "compression_format", STRING, R (format) },
  { "compressed_size", U32, R (size) },
  { "compression_ratio", NUMBER, NOWHERE },
  { "created_at", STRING, NOWHERE },
  { "size_bytes", U32, R (size_bytes) },
  { "status", STATUS, R (failed) },
  { "error_reason", STRING, R (error_reason), TRUE },
  { "error_message", STRING, R (error_message), TRUE },
};

static const Field metadata_fields[] = {
  { "frame_id", STRING, M (identity.frame_id) },
  { "session_id", STRING, M (identity.session) },
  { "stream_id", STRING, M (identity.stream) },
  { "frame_index", U64, M (identity.index) },
  { "timestamp", STRING, NOWHERE },
  { "capture_timestamp_ns", I64, M (identity.t_ns) },
  { "device_timestamp_ns", NUMBER, NOWHERE },
  { "image_width", NUMBER, NOWHERE },
  { "image_height", NUMBER, NOWHERE },
  { "channels", NUMBER, NOWHERE },
  { "compression.format", STRING, M (format) },
  { "compression.original_size", NUMBER, NOWHERE },
  { "compression.compressed_size", U32, M (size) },
  { "compression.compression_ratio", NUMBER, NOWHERE },
  { "data_type", STRING, NOWHERE },
  { "content_type", STRING, M (content_type) },
  { "time_source", STRING, NOWHERE },
  { "key_frame", BOOLEAN, NOWHERE },
  { "sequence", U64, M (sequence) },
  { "binary_crc32c", U32, M (binary_crc32c) },
};

G_STATIC_ASSERT (G_N_ELEMENTS (registry_fields) <= 32 && G_N_ELEMENTS (metadata_fields) <= 32);

typedef struct {
  const Field *fields;
  guint n_fields;
  TribJsonReader *reader;
  guint8 *out;
  guint32 seen;
} Parse;

static gboolean
fail_json (TribJsonReader *reader, GError **error)
{
  const GError *why = trib_json_reader_error (reader);

  g_set_error (error, TRIB_KAFKA_RECORD_ERROR, TRIB_KAFKA_RECORD_ERROR_JSON, "not JSON: %s",
      why ? why->message : "unexpected token");
  return FALSE;
}

static gboolean
fail_field (const Field *field, const gchar *why, GError **error)
{
  g_set_error (error, TRIB_KAFKA_RECORD_ERROR, TRIB_KAFKA_RECORD_ERROR_FIELD, "field %s %s",
      field->name, why);
  return FALSE;
}

static gboolean
keep_string (const Parse *p, const Field *field, GError **error)
{
  gsize len;
  const gchar *text = trib_json_reader_string (p->reader, &len);

  if (strlen (text) != len)
    return fail_field (field, "has a NUL byte", error);
  if (field->type == STATUS) {
    gboolean failed = strcmp (text, "FAILED") == 0;
    if (!failed && strcmp (text, "LINKED") != 0)
      return fail_field (field, "is neither LINKED nor FAILED", error);
    memcpy (p->out + field->at, &failed, sizeof failed);
  } else if (field->at != NOWHERE) {
    gchar *copy = g_strndup (text, len);
    memcpy (p->out + field->at, &copy, sizeof copy);
  }
  return TRUE;
}

static gboolean
keep_integer (const Parse *p, const Field *field, TribJsonToken token, GError **error)
{
  gint64 i = token == TRIB_JSON_INT ? trib_json_reader_int (p->reader) : 0;
  guint64 u = token == TRIB_JSON_UINT ? trib_json_reader_uint (p->reader) : (guint64) i;
  gboolean big = token == TRIB_JSON_UINT;

  switch (field->type) {
    case U64:
      if (i < 0)
        return fail_field (field, "is negative", error);
      memcpy (p->out + field->at, &u, sizeof u);
      return TRUE;
    case U32:
      if (i < 0 || u > G_MAXUINT32)
        return fail_field (field, "does not fit 32 bits", error);
      memcpy (p->out + field->at, &(guint32){ (guint32) u }, sizeof (guint32));
      return TRUE;
    case PARTITION:
      if (big || i < 0 || i > G_MAXINT32)
        return fail_field (field, "is no partition number", error);
      memcpy (p->out + field->at, &(gint32){ (gint32) i }, sizeof (gint32));
      return TRUE;
    case OFFSET:
      if (big || i < 0)
        return fail_field (field, "is no offset", error);
      memcpy (p->out + field->at, &i, sizeof i);
      return TRUE;
    case I64:
      if (big)
        return fail_field (field, "does not fit 64 bits", error);
      memcpy (p->out + field->at, &i, sizeof i);
      return TRUE;
    default:
      return fail_field (field, "is a number", error);
  }
}

static gboolean
keep (const Parse *p, const Field *field, TribJsonToken token, GError **error)
{
  switch (token) {
    case TRIB_JSON_STRING:
      if (field->type != STRING && field->type != STATUS)
        return fail_field (field, "is text", error);
      return keep_string (p, field, error);
    case TRIB_JSON_INT:
    case TRIB_JSON_UINT:
      return field->type == NUMBER || keep_integer (p, field, token, error);
    case TRIB_JSON_DOUBLE:
      return field->type == NUMBER || fail_field (field, "is a fraction or too large", error);
    case TRIB_JSON_TRUE:
    case TRIB_JSON_FALSE:
      return field->type == BOOLEAN || fail_field (field, "is true or false", error);
    case TRIB_JSON_NULL:
      if (field->type == PARTITION)
        memcpy (p->out + field->at, &(gint32){ -1 }, sizeof (gint32));
      else if (field->type == OFFSET)
        memcpy (p->out + field->at, &(gint64){ -1 }, sizeof (gint64));
      else if (field->type != NUMBER)
        return fail_field (field, "is null", error);
      return TRUE;
    case TRIB_JSON_ERROR_TOKEN:
    case TRIB_JSON_END:
      return fail_json (p->reader, error);
    default:
      return fail_field (field, "is an object or an array", error);
  }
}

static gint
find_field (const Parse *p, const gchar *prefix, const gchar *name, gsize len)
{
  gsize prefix_len = strlen (prefix);

  for (guint i = 0; i < p->n_fields; i++) {
    const gchar *full = p->fields[i].name;
    if (strncmp (full, prefix, prefix_len) == 0 && strlen (full) == prefix_len + len
        && memcmp (full + prefix_len, name, len) == 0)
      return i;
  }
  return -1;
}

/* the members up to the end of the object, whose begin has been read; @prefix is "" or
 * "compression." */
static gboolean
read_members (Parse *p, const gchar *prefix, GError **error)
{
  TribJsonToken token;

  while ((token = trib_json_reader_next (p->reader)) == TRIB_JSON_KEY) {
    gsize len;
    const gchar *name = trib_json_reader_string (p->reader, &len);
    gboolean nested = *prefix == '\0' && len == strlen ("compression")
                      && memcmp (name, "compression", len) == 0;
    gint i = find_field (p, prefix, name, len);

    if (i < 0 && !nested) {
      if (!trib_json_reader_skip (p->reader))
        return fail_json (p->reader, error);
      continue;
    }
    if (i >= 0 && (p->seen & (1u << i)))
      return fail_field (&p->fields[i], "is there twice", error);
    token = trib_json_reader_next (p->reader);
    if (i >= 0) {
      p->seen |= 1u << i;
      if (!keep (p, &p->fields[i], token, error))
        return FALSE;
    } else if (token != TRIB_JSON_OBJECT_BEGIN) {
      g_set_error_literal (error, TRIB_KAFKA_RECORD_ERROR, TRIB_KAFKA_RECORD_ERROR_FIELD,
          "field compression is no object");
      return FALSE;
    } else if (!read_members (p, "compression.", error)) {
      return FALSE;
    }
  }
  return token == TRIB_JSON_OBJECT_END || fail_json (p->reader, error);
}

static gboolean
parse (Parse *p, const gchar *text, gsize len, GError **error)
{
  trib_json_reader_reset (p->reader, text, len);
  switch (trib_json_reader_next (p->reader)) {
    case TRIB_JSON_OBJECT_BEGIN:
      break;
    case TRIB_JSON_ERROR_TOKEN:
      return fail_json (p->reader, error);
    default:
      g_set_error_literal (
          error, TRIB_KAFKA_RECORD_ERROR, TRIB_KAFKA_RECORD_ERROR_JSON, "not a JSON object");
      return FALSE;
  }
  if (!read_members (p, "", error))
    return FALSE;
  if (trib_json_reader_next (p->reader) != TRIB_JSON_END)
    return fail_json (p->reader, error);
  for (guint i = 0; i < p->n_fields; i++) {
    if (!p->fields[i].optional && !(p->seen & (1u << i)))
      return fail_field (&p->fields[i], "is absent", error);
  }
  return TRUE;
}

/**
 * trib_kafka_registry_value_parse:
 * @out: (out caller-allocates): what the entry says; cleared on failure
 * @reader: a reader whose memory is used
 * @text: the record's value
 * @len: its bytes
 * @error: return location; the message names the field
 *
 * Reads a registry entry. Members it does not know are passed over. A LINKED entry must say where
 * both records are, a FAILED one must have its reason.
 *
 * Returns: whether @text is a registry entry
 */
gboolean
trib_kafka_registry_value_parse (TribKafkaRegistryValue *out, TribJsonReader *reader,
    const gchar *text, gsize len, GError **error)
{
  Parse p = { registry_fields, G_N_ELEMENTS (registry_fields), reader, (guint8 *) out, 0 };
  const gchar *lacks = NULL;

  memset (out, 0, sizeof *out);
  if (!parse (&p, text, len, error)) {
    trib_kafka_registry_value_clear (out);
    return FALSE;
  }
  if (out->failed)
    lacks = !out->error_reason ? "error_reason" : !out->error_message ? "error_message" : NULL;
  else if (out->metadata.partition < 0 || out->metadata.offset < 0)
    lacks = "metadata_partition and metadata_offset";
  else if (out->binary.partition < 0 || out->binary.offset < 0)
    lacks = "binary_partition and binary_offset";
  if (lacks) {
    g_set_error (error, TRIB_KAFKA_RECORD_ERROR, TRIB_KAFKA_RECORD_ERROR_FIELD,
        "a %s entry without %s", out->failed ? "FAILED" : "LINKED", lacks);
    trib_kafka_registry_value_clear (out);
    return FALSE;
  }
  return TRUE;
}

/**
 * trib_kafka_metadata_value_parse:
 * @out: (out caller-allocates): what the record says; cleared on failure
 * @reader: a reader whose memory is used
 * @text: the record's value
 * @len: its bytes
 * @error: return location; the message names the field
 *
 * Reads a metadata record. Members it does not know are passed over.
 *
 * Returns: whether @text is the metadata of a frame
 */
gboolean
trib_kafka_metadata_value_parse (TribKafkaMetadataValue *out, TribJsonReader *reader,
    const gchar *text, gsize len, GError **error)
{
  Parse p = { metadata_fields, G_N_ELEMENTS (metadata_fields), reader, (guint8 *) out, 0 };

  memset (out, 0, sizeof *out);
  if (!parse (&p, text, len, error)) {
    trib_kafka_metadata_value_clear (out);
    return FALSE;
  }
  return TRUE;
}

static void
identity_clear (TribKafkaIdentity *identity)
{
  g_clear_pointer (&identity->frame_id, g_free);
  g_clear_pointer (&identity->session, g_free);
  g_clear_pointer (&identity->stream, g_free);
}

/**
 * trib_kafka_registry_value_clear:
 * @value: its strings are freed
 */
void
trib_kafka_registry_value_clear (TribKafkaRegistryValue *value)
{
  identity_clear (&value->identity);
  g_clear_pointer (&value->metadata.topic, g_free);
  g_clear_pointer (&value->binary.topic, g_free);
  g_clear_pointer (&value->format, g_free);
  g_clear_pointer (&value->error_reason, g_free);
  g_clear_pointer (&value->error_message, g_free);
}

/**
 * trib_kafka_metadata_value_clear:
 * @value: its strings are freed
 */
void
trib_kafka_metadata_value_clear (TribKafkaMetadataValue *value)
{
  identity_clear (&value->identity);
  g_clear_pointer (&value->format, g_free);
  g_clear_pointer (&value->content_type, g_free);
}
