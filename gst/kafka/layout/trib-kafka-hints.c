/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-hints.h"

#include "trib-kafka-names.h"

#include <string.h>

#define MAX_SIDE 65535

static gchar **
find_text (TribKafkaHints *out, const gchar *name, gboolean nested)
{
  if (nested)
    return g_str_equal (name, TRIB_KAFKA_JSON_FORMAT)  ? &out->format
           : g_str_equal (name, TRIB_KAFKA_JSON_DTYPE) ? &out->dtype
                                                       : NULL;
  if (g_str_equal (name, TRIB_KAFKA_JSON_CAPS))
    return &out->caps;
  if (g_str_equal (name, TRIB_KAFKA_JSON_CONTENT_TYPE))
    return &out->content_type;
  return g_str_equal (name, TRIB_KAFKA_JSON_PIXEL_FORMAT) ? &out->pixel_format : NULL;
}

static guint *
find_number (TribKafkaHints *out, const gchar *name, gboolean nested)
{
  if (nested)
    return NULL;
  if (g_str_equal (name, TRIB_KAFKA_JSON_IMAGE_WIDTH))
    return &out->width;
  if (g_str_equal (name, TRIB_KAFKA_JSON_IMAGE_HEIGHT))
    return &out->height;
  return g_str_equal (name, TRIB_KAFKA_JSON_CHANNELS) ? &out->channels : NULL;
}

/* [height, width] or [height, width, channels], whose begin token has been read: where no members
 * of their own say it */
static gboolean
read_shape (TribKafkaHints *out, TribJsonReader *reader)
{
  guint sizes[3] = { 0, 0, 1 };
  guint n = 0;
  TribJsonToken token;

  while ((token = trib_json_reader_next (reader)) != TRIB_JSON_ARRAY_END) {
    gint64 value = token == TRIB_JSON_INT ? trib_json_reader_int (reader) : 0;
    gboolean inner = token == TRIB_JSON_OBJECT_BEGIN || token == TRIB_JSON_ARRAY_BEGIN;

    if (token == TRIB_JSON_ERROR_TOKEN || (inner && !trib_json_reader_skip (reader)))
      return FALSE;
    if (n < G_N_ELEMENTS (sizes))
      sizes[n] = value > 0 && value <= MAX_SIDE ? value : 0;
    n++;
  }
  if (n < 2 || n > 3 || !sizes[0] || !sizes[1] || !sizes[2])
    return TRUE;
  if (out->height == 0)
    out->height = sizes[0];
  if (out->width == 0)
    out->width = sizes[1];
  if (out->channels == 0)
    out->channels = sizes[2];
  return TRUE;
}

static gboolean
read_members (TribKafkaHints *out, TribJsonReader *reader, gboolean nested)
{
  TribJsonToken token;

  while ((token = trib_json_reader_next (reader)) == TRIB_JSON_KEY) {
    const gchar *name = trib_json_reader_string (reader, NULL);
    gboolean shape = nested && g_str_equal (name, TRIB_KAFKA_JSON_SHAPE);
    gboolean compression = !nested && g_str_equal (name, TRIB_KAFKA_JSON_COMPRESSION);
    gchar **text = find_text (out, name, nested);
    guint *number = find_number (out, name, nested);

    if (text == NULL && number == NULL && !compression && !shape) {
      if (!trib_json_reader_skip (reader))
        return FALSE;
      continue;
    }
    token = trib_json_reader_next (reader);
    if (token == TRIB_JSON_STRING && text) {
      g_free (*text);
      *text = g_strdup (trib_json_reader_string (reader, NULL));
    } else if (token == TRIB_JSON_INT && number) {
      gint64 value = trib_json_reader_int (reader);
      *number = value > 0 && value <= MAX_SIDE ? value : 0;
    } else if (token == TRIB_JSON_OBJECT_BEGIN && compression) {
      if (!read_members (out, reader, TRUE))
        return FALSE;
    } else if (token == TRIB_JSON_ARRAY_BEGIN && shape) {
      if (!read_shape (out, reader))
        return FALSE;
    } else if (token == TRIB_JSON_OBJECT_BEGIN || token == TRIB_JSON_ARRAY_BEGIN) {
      if (!trib_json_reader_skip (reader))
        return FALSE;
    }
  }
  return token == TRIB_JSON_OBJECT_END;
}

/**
 * trib_kafka_hints_parse:
 * @out: (out caller-allocates): cleared on failure
 * @reader: a reader whose memory is used
 * @text: a record's value
 * @len: its bytes
 *
 * Lenient about members, because it is a fallback for records that lack more; strict about JSON.
 *
 * Returns: whether @text is a JSON object
 */
gboolean
trib_kafka_hints_parse (TribKafkaHints *out, TribJsonReader *reader, const gchar *text, gsize len)
{
  memset (out, 0, sizeof *out);
  trib_json_reader_reset (reader, text, len);
  if (trib_json_reader_next (reader) == TRIB_JSON_OBJECT_BEGIN && read_members (out, reader, FALSE)
      && trib_json_reader_next (reader) == TRIB_JSON_END)
    return TRUE;
  trib_kafka_hints_clear (out);
  return FALSE;
}

void
trib_kafka_hints_clear (TribKafkaHints *hints)
{
  g_free (hints->caps);
  g_free (hints->content_type);
  g_free (hints->pixel_format);
  g_free (hints->format);
  g_free (hints->dtype);
  memset (hints, 0, sizeof *hints);
}
