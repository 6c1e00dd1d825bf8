/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-content.h"

#include <record/trib-json-reader.h>

#include <string.h>

#define MAX_TYPE_BYTES 128
/* Kafka takes no larger records at all */
#define MAX_BYTES 1000000000

/**
 * trib_kafka_content_of_type:
 * @type: the value of a content-type header; parameters may follow the type
 *
 * Returns: (transfer none) (nullable): one of TRIB_KAFKA_CONTENT_JSON and TRIB_KAFKA_CONTENT_MSGPACK
 */
const gchar *
trib_kafka_content_of_type (const gchar *type)
{
  static const gchar *const types[][2] = {
    { "application/json", TRIB_KAFKA_CONTENT_JSON },
    { "application/x-msgpack", TRIB_KAFKA_CONTENT_MSGPACK },
    { "application/msgpack", TRIB_KAFKA_CONTENT_MSGPACK },
    { "application/vnd.msgpack", TRIB_KAFKA_CONTENT_MSGPACK },
  };
  gsize len = strcspn (type, "; \t");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strlen (types[i][0]) == len && g_ascii_strncasecmp (types[i][0], type, len) == 0)
      return types[i][1];
  return NULL;
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
 * @m: a record
 *
 * Its content-type header counts; one that names another type is believed, too, but for those that say nothing. A record
 * without that header is looked at.
 *
 * Returns: (transfer none) (nullable): what it holds; %NULL: neither, or nothing
 */
const gchar *
trib_kafka_content_of (const TribKafkaMessage *m)
{
  g_autofree gchar *type = NULL;

  if (m->value_len == 0)
    return NULL;
  if (trib_kafka_message_get_header (m, "content-type", NULL)) {
    type = trib_kafka_message_dup_header (m, "content-type", MAX_TYPE_BYTES);
    if (type && *type && !g_str_equal (type, "application/octet-stream"))
      return trib_kafka_content_of_type (type);
  }
  return trib_kafka_content_sniff (m->value, m->value_len);
}
