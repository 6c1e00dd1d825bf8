/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-values.h"

#include "trib-kafka-content.h"
#include "trib-kafka-names.h"

#include <stddef.h>
#include <string.h>

/* libpng takes no larger picture either */
#define MAX_SIDE 1000000
#define MAX_CHANNELS 4
/* of every encoder here: percent, zlib's level, H.264's quantizer */
#define MAX_QUALITY 100
/* three decimals are enough of a ratio */
#define RATIO_TOLERANCE 0.0005
/* milliseconds are enough of a time for people; the exact one is capture_timestamp_ns */
#define TIME_TOLERANCE_US 1000

#define NOWHERE TRIB_KAFKA_FIELD_NOWHERE
#define R(member) offsetof (TribKafkaRegistryValue, member)
#define M(member) offsetof (TribKafkaMetadataValue, member)
#define NESTED(name) TRIB_KAFKA_JSON_COMPRESSION "." name
#define FIELD(name, type, ...)                 \
  {                                            \
    name, TRIB_KAFKA_FIELD_##type, __VA_ARGS__ \
  }

static const TribKafkaField registry_fields[] = {
  FIELD (TRIB_KAFKA_JSON_FRAME_ID, STRING, R (identity.frame_id)),
  FIELD (TRIB_KAFKA_JSON_SESSION_ID, STRING, R (identity.session)),
  FIELD (TRIB_KAFKA_JSON_STREAM_ID, STRING, R (identity.stream)),
  FIELD (TRIB_KAFKA_JSON_FRAME_INDEX, U64, R (identity.index)),
  FIELD (TRIB_KAFKA_JSON_CAPTURE_TIMESTAMP_NS, I64, R (identity.t_ns)),
  FIELD (TRIB_KAFKA_JSON_METADATA_TOPIC, STRING, R (metadata.topic)),
  FIELD (TRIB_KAFKA_JSON_METADATA_PARTITION, PARTITION, R (metadata.partition)),
  FIELD (TRIB_KAFKA_JSON_METADATA_OFFSET, OFFSET, R (metadata.offset)),
  FIELD (TRIB_KAFKA_JSON_METADATA_CRC32C, U32, R (metadata.crc32c)),
  FIELD (TRIB_KAFKA_JSON_BINARY_TOPIC, STRING, R (binary.topic)),
  FIELD (TRIB_KAFKA_JSON_BINARY_PARTITION, PARTITION, R (binary.partition)),
  FIELD (TRIB_KAFKA_JSON_BINARY_OFFSET, OFFSET, R (binary.offset)),
  FIELD (TRIB_KAFKA_JSON_BINARY_CRC32C, U32, R (binary.crc32c)),
  FIELD (TRIB_KAFKA_JSON_COMPRESSED_SIZE, U32, R (size)),
  FIELD (TRIB_KAFKA_JSON_STATUS, STATUS, R (failed)),
  FIELD (TRIB_KAFKA_JSON_ERROR_REASON, STRING, R (error_reason), TRUE),
  FIELD (TRIB_KAFKA_JSON_ERROR_MESSAGE, STRING, R (error_message), TRUE),
  FIELD (TRIB_KAFKA_JSON_COMPRESSION_FORMAT, STRING, R (format)),
  FIELD (TRIB_KAFKA_JSON_COMPRESSION_RATIO, RATIO, R (ratio)),
  FIELD (TRIB_KAFKA_JSON_CREATED_AT, TIME, NOWHERE),
  FIELD (TRIB_KAFKA_JSON_SIZE_BYTES, U32, R (size_bytes)),
};

static const TribKafkaField metadata_fields[] = {
  FIELD (TRIB_KAFKA_JSON_FRAME_ID, STRING, M (identity.frame_id)),
  FIELD (TRIB_KAFKA_JSON_SESSION_ID, STRING, M (identity.session)),
  FIELD (TRIB_KAFKA_JSON_STREAM_ID, STRING, M (identity.stream)),
  FIELD (TRIB_KAFKA_JSON_FRAME_INDEX, U64, M (identity.index)),
  FIELD (TRIB_KAFKA_JSON_TIMESTAMP, TIME, M (time_us)),
  FIELD (TRIB_KAFKA_JSON_CAPTURE_TIMESTAMP_NS, I64, M (identity.t_ns)),
  FIELD (TRIB_KAFKA_JSON_DEVICE_TIMESTAMP_NS, CLOCK, NOWHERE),
  FIELD (TRIB_KAFKA_JSON_IMAGE_WIDTH, U32, M (width), FALSE, MAX_SIDE),
  FIELD (TRIB_KAFKA_JSON_IMAGE_HEIGHT, U32, M (height), FALSE, MAX_SIDE),
  FIELD (TRIB_KAFKA_JSON_CHANNELS, U32, M (channels), FALSE, MAX_CHANNELS),
  FIELD (NESTED (TRIB_KAFKA_JSON_FORMAT), STRING, M (format)),
  FIELD (NESTED (TRIB_KAFKA_JSON_ORIGINAL_SIZE), U64, M (original_size)),
  FIELD (NESTED (TRIB_KAFKA_JSON_COMPRESSED_SIZE), U32, M (size)),
  FIELD (NESTED (TRIB_KAFKA_JSON_COMPRESSION_RATIO), RATIO, M (ratio)),
  FIELD (NESTED (TRIB_KAFKA_JSON_QUALITY), U32, M (quality), TRUE, MAX_QUALITY),
  FIELD (NESTED (TRIB_KAFKA_JSON_SHAPE), SHAPE, M (shape), TRUE),
  FIELD (NESTED (TRIB_KAFKA_JSON_DTYPE), STRING, M (dtype), TRUE),
  FIELD (TRIB_KAFKA_JSON_DATA_TYPE, STRING, M (data_type)),
  FIELD (TRIB_KAFKA_JSON_CONTENT_TYPE, STRING, M (content_type)),
  FIELD (TRIB_KAFKA_JSON_PIXEL_FORMAT, STRING, M (pixel_format), TRUE),
  FIELD (TRIB_KAFKA_JSON_CAPS, STRING, M (caps), TRUE),
  FIELD (TRIB_KAFKA_JSON_TIME_SOURCE, STRING, M (time_source)),
  FIELD (TRIB_KAFKA_JSON_KEY_FRAME, BOOLEAN, M (key)),
  FIELD (TRIB_KAFKA_JSON_SEQUENCE, U64, M (sequence)),
  FIELD (TRIB_KAFKA_JSON_BINARY_CRC32C, U32, M (binary_crc32c)),
};

G_STATIC_ASSERT (G_N_ELEMENTS (registry_fields) <= TRIB_KAFKA_MAX_FIELDS
                 && G_N_ELEMENTS (metadata_fields) <= TRIB_KAFKA_MAX_FIELDS);

/**
 * trib_kafka_registry_value_parse:
 * @out: (out caller-allocates): what the entry says; cleared on failure
 * @reader: a reader whose memory is used
 * @text: the record's value
 * @len: its bytes
 * @error: return location; the message names the field
 *
 * Reads a registry entry. Unknown members are skipped. A LINKED entry must say where
 * both records are, a FAILED one must have its reason.
 *
 * Returns: whether @text is a registry entry
 */
gboolean
trib_kafka_registry_value_parse (TribKafkaRegistryValue *out, TribJsonReader *reader,
    const gchar *text, gsize len, GError **error)
{
  const gchar *lacks = NULL;

  memset (out, 0, sizeof *out);
  if (!trib_kafka_fields_read (
          registry_fields, G_N_ELEMENTS (registry_fields), out, reader, text, len, error)) {
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
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FIELD, "a %s entry without %s",
        out->failed ? TRIB_KAFKA_STATUS_FAILED : TRIB_KAFKA_STATUS_LINKED, lacks);
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
 * Reads a metadata record. Unknown members are skipped.
 *
 * Returns: whether @text is the metadata of a frame
 */
gboolean
trib_kafka_metadata_value_parse (TribKafkaMetadataValue *out, TribJsonReader *reader,
    const gchar *text, gsize len, GError **error)
{
  memset (out, 0, sizeof *out);
  if (!trib_kafka_fields_read (
          metadata_fields, G_N_ELEMENTS (metadata_fields), out, reader, text, len, error)) {
    trib_kafka_metadata_value_clear (out);
    return FALSE;
  }
  return TRUE;
}

/* ---- what one record says of itself ---- */

static gboolean contradiction (GError **error, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
contradiction (GError **error, const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = g_error_new_valist (TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_CONTRADICTION, format, args);
  va_end (args);
  return FALSE;
}

/**
 * trib_kafka_ratio_is:
 * @ratio: what a record says; -1: null
 * @compressed: bytes
 * @original: bytes
 *
 * Returns: whether @ratio is @compressed / @original within half a thousandth; null belongs to an
 *   original size of 0
 */
gboolean
trib_kafka_ratio_is (gdouble ratio, guint64 compressed, guint64 original)
{
  gdouble is;

  if (original == 0 || ratio < 0)
    return original == 0 && ratio < 0;
  is = (gdouble) compressed / (gdouble) original;
  return ABS (ratio - is) <= RATIO_TOLERANCE;
}

/**
 * trib_kafka_registry_value_check:
 * @value: an entry
 * @error: return location, %TRIB_KAFKA_ERROR_CONTRADICTION
 *
 * Returns: whether its fields agree with each other
 */
gboolean
trib_kafka_registry_value_check (const TribKafkaRegistryValue *value, GError **error)
{
  if (value->size != value->size_bytes)
    return contradiction (
        error, "compressed_size is %u, size_bytes %u", value->size, value->size_bytes);
  return TRUE;
}

static gboolean
check_media (const TribKafkaMetadataValue *value, GError **error)
{
  const TribKafkaFormat *format = trib_kafka_format_by_name (value->format);
  gsize len = strlen (value->content_type);

  if (format && strcmp (value->content_type, format->type) != 0)
    return contradiction (error, "content_type is \"%s\", compression.format \"%s\"",
        value->content_type, value->format);
  if (value->caps
      && (strncmp (value->caps, value->content_type, len) != 0
          || strchr ("(, ;", value->caps[len]) == NULL))
    return contradiction (error, "caps are not of content_type \"%s\"", value->content_type);
  if (strcmp (value->data_type, TRIB_KAFKA_DATA_TYPE_FRAME) != 0)
    return contradiction (error, "data_type is \"%s\"", value->data_type);
  if (value->dtype && strcmp (value->dtype, TRIB_KAFKA_DTYPE) != 0)
    return contradiction (error, "compression.dtype is \"%s\"", value->dtype);
  return TRUE;
}

/* [height, width], [height, width, channels], or the number of bytes alone */
static gboolean
check_shape (const TribKafkaMetadataValue *value, GError **error)
{
  const TribKafkaShape *shape = &value->shape;
  gboolean good = FALSE;

  switch (shape->n) {
    case 0: /* absent */
      return TRUE;
    case 1:
      good = shape->sizes[0] == value->size;
      break;
    case 2:
    case 3:
      good = shape->sizes[0] == value->height && shape->sizes[1] == value->width
             && (shape->n == 2 ? value->channels == 1 : shape->sizes[2] == value->channels);
      break;
    default:
      break;
  }
  return good || contradiction (error, "compression.shape is not that of the picture");
}

/**
 * trib_kafka_metadata_value_check:
 * @value: a frame's metadata
 * @error: return location, %TRIB_KAFKA_ERROR_CONTRADICTION
 *
 * Returns: whether its fields agree with each other
 */
gboolean
trib_kafka_metadata_value_check (const TribKafkaMetadataValue *value, GError **error)
{
  gint64 t_us = value->identity.t_ns / 1000;

  if (!trib_kafka_ratio_is (value->ratio, value->size, value->original_size))
    return contradiction (error,
        "compression.compression_ratio is %g, the sizes say %u of %" G_GUINT64_FORMAT, value->ratio,
        value->size, value->original_size);
  if (ABS (value->time_us - t_us) > TIME_TOLERANCE_US)
    return contradiction (error, "timestamp is not capture_timestamp_ns");
  return check_media (value, error) && check_shape (value, error);
}

/* ---- freeing ---- */

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
  gchar **const strings[] = { &value->format, &value->dtype, &value->data_type,
    &value->content_type, &value->pixel_format, &value->caps, &value->time_source };

  identity_clear (&value->identity);
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    g_clear_pointer (strings[i], g_free);
}
