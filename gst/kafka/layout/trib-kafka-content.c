/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-content.h"

#include <record/trib-json-reader.h>

#include <string.h>

/* Kafka takes no larger records at all */
#define MAX_BYTES 1000000000

/* frames: compression format (ARIA-3) and media type */
static const TribKafkaFormat formats[] = {
  { "image/jpeg", "jpeg", FALSE },
  { "image/png", "png", FALSE },
  { "image/webp", "webp", FALSE },
  { "video/x-raw", "raw", FALSE },
  { "video/x-h264", "h264", TRUE },
  { "video/x-h265", "h265", TRUE },
};

/**
 * trib_kafka_format_of_type:
 * @type: (array length=len): a media type without parameters, in any case
 * @len: its bytes
 *
 * Returns: (transfer none) (nullable): the format of frames that have it
 */
const TribKafkaFormat *
trib_kafka_format_of_type (const gchar *type, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strlen (formats[i].type) == len && g_ascii_strncasecmp (type, formats[i].type, len) == 0)
      return &formats[i];
  return NULL;
}

/* (transfer none) (nullable): the format of that name */
const TribKafkaFormat *
trib_kafka_format_by_name (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (formats[i].name, name) == 0)
      return &formats[i];
  return NULL;
}

/* RFC 6839: application/x+json and others are JSON */
static gboolean
has_json_suffix (const gchar *type, gsize len)
{
  static const gchar suffix[] = "+json";
  gsize n = strlen (suffix);

  return len > n && memchr (type, '/', len - n)
         && g_ascii_strncasecmp (type + len - n, suffix, n) == 0;
}

/**
 * trib_kafka_content_of_type:
 * @type: the value of a content-type header, which may be quoted; parameters may follow the type
 *
 * Returns: (transfer none) (nullable): one of TRIB_KAFKA_CONTENT_JSON and
 *   TRIB_KAFKA_CONTENT_MSGPACK
 */
const gchar *
trib_kafka_content_of_type (const gchar *type)
{
  static const gchar *const types[][2] = {
    { TRIB_KAFKA_CONTENT_JSON, TRIB_KAFKA_CONTENT_JSON },
    { "text/json", TRIB_KAFKA_CONTENT_JSON },
    { TRIB_KAFKA_CONTENT_MSGPACK, TRIB_KAFKA_CONTENT_MSGPACK },
    { "application/msgpack", TRIB_KAFKA_CONTENT_MSGPACK },
    { "application/vnd.msgpack", TRIB_KAFKA_CONTENT_MSGPACK },
  };
  gboolean quoted = *type == '"';
  gsize len = strcspn (type += quoted, quoted ? "\"; \t" : "; \t");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strlen (types[i][0]) == len && g_ascii_strncasecmp (types[i][0], type, len) == 0)
      return types[i][1];
  return has_json_suffix (type, len) ? TRIB_KAFKA_CONTENT_JSON : NULL;
}

static gboolean
is_json_object (const gchar *text, gsize size)
{
  static const TribJsonLimits limits = { .max_bytes = MAX_BYTES, .max_depth = TRIB_JSON_MAX_DEPTH };
  gsize at = 0;

  while (at < size && text[at] && strchr (" \t\r\n", text[at]))
    at++;
  return at < size && text[at] == '{' && trib_json_validate (text, size, &limits, NULL);
}

/**
 * trib_kafka_content_sniff:
 * @data: (array length=size): a record's value
 * @size: its bytes
 *
 * A JSON text that is an object as a whole, or what begins like a map of MessagePack.
 *
 * Returns: (transfer none) (nullable): what it seems to be
 */
const gchar *
trib_kafka_content_sniff (gconstpointer data, gsize size)
{
  const guint8 *bytes = data;

  if (size == 0)
    return NULL;
  if ((bytes[0] & 0xf0) == 0x80 || bytes[0] == 0xde || bytes[0] == 0xdf)
    return TRIB_KAFKA_CONTENT_MSGPACK;
  return is_json_object (data, size) ? TRIB_KAFKA_CONTENT_JSON : NULL;
}

/**
 * trib_kafka_content_of:
 * @type: (nullable): the record's content-type header
 * @data: (array length=size): the record's value
 * @size: its bytes
 *
 * The header counts, also one that names another type, unless it says nothing. A record without
 * that header is looked at.
 *
 * Returns: (transfer none) (nullable): what it holds; %NULL: neither JSON nor MessagePack, or
 *   nothing
 */
const gchar *
trib_kafka_content_of (const gchar *type, gconstpointer data, gsize size)
{
  if (size == 0)
    return NULL;
  if (type && *type && !g_str_equal (type, "application/octet-stream"))
    return trib_kafka_content_of_type (type);
  return trib_kafka_content_sniff (data, size);
}
