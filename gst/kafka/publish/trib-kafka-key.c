/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-key.h"

#include <string.h>

/* a record's size is bounded by the sink's max-pending-bytes, and by what Kafka can take at all */
#define MAX_BYTES 1000000000

TribJsonReader *
trib_kafka_key_reader_new (void)
{
  static const TribJsonLimits limits = { .max_bytes = MAX_BYTES };

  return trib_json_reader_new ("", 0, &limits);
}

static void
forget (gchar **ret_key, gsize *ret_key_size)
{
  g_clear_pointer (ret_key, g_free);
  *ret_key_size = 0;
}

static gboolean
take (gchar **ret_key, gsize *ret_key_size, const gchar *text, gsize size)
{
  g_free (*ret_key);
  *ret_key = g_malloc (size + 1);
  memcpy (*ret_key, text, size);
  (*ret_key)[size] = 0;
  *ret_key_size = size;
  return TRUE;
}

/* as it is written, so that 1.10 and 1.1 stay two keys and no digit is lost */
static gboolean
take_number (
    TribJsonReader *reader, const gchar *text, gsize size, gchar **ret_key, gsize *ret_key_size)
{
  gsize begin = trib_json_reader_offset (reader), end = begin;
  g_autofree gchar *number = NULL;

  while (end < size && strchr ("+-.0123456789eE", text[end]) && text[end])
    end++;
  number = g_strndup (text + begin, end - begin);
  return take (ret_key, ret_key_size, number, end - begin);
}

/* the member's value, with its name just read */
static gboolean
take_value (TribJsonReader *reader, const gchar *text, gsize size, const gchar *key_field,
    gchar **ret_key, gsize *ret_key_size, GError **error)
{
  TribJsonToken token = trib_json_reader_next (reader);
  const gchar *string;
  gsize len;

  switch (token) {
    case TRIB_JSON_STRING:
      string = trib_json_reader_string (reader, &len);
      return take (ret_key, ret_key_size, string, len);
    case TRIB_JSON_INT:
    case TRIB_JSON_UINT:
    case TRIB_JSON_DOUBLE:
      return take_number (reader, text, size, ret_key, ret_key_size);
    case TRIB_JSON_TRUE:
      return take (ret_key, ret_key_size, "true", 4);
    case TRIB_JSON_FALSE:
      return take (ret_key, ret_key_size, "false", 5);
    case TRIB_JSON_NULL:
      forget (ret_key, ret_key_size);
      return TRUE;
    case TRIB_JSON_ERROR_TOKEN:
      return TRUE; /* the caller reports it */
    default:
      g_set_error (error, TRIB_JSON_ERROR, TRIB_JSON_ERROR_TYPE,
          "the member \"%s\" is %s, which cannot be a key", key_field,
          trib_json_token_to_string (token));
      return FALSE;
  }
}

/**
 * trib_kafka_key_read:
 * @reader: of trib_kafka_key_reader_new()
 * @value: a record
 * @key_field: (nullable): name of the member of the outermost object whose value is the key;
 *   where it occurs twice, each has to be one that can be a key, and the last one counts
 * @ret_key: (out) (nullable) (transfer full): the key, terminated; %NULL when the record has no
 *   such member, or null in it
 * @ret_key_size: (out): its bytes
 * @error: return location
 *
 * Returns: whether @value is one JSON value, and its key, if it has one, is a string, a number or a
 *   boolean
 */
gboolean
trib_kafka_key_read (TribJsonReader *reader, GBytes *value, const gchar *key_field, gchar **ret_key,
    gsize *ret_key_size, GError **error)
{
  gsize size;
  const gchar *text = g_bytes_get_data (value, &size);
  TribJsonToken token;

  *ret_key = NULL;
  *ret_key_size = 0;
  trib_json_reader_reset (reader, text ? text : "", size);
  while ((token = trib_json_reader_next (reader)) > TRIB_JSON_END) {
    gsize len;
    const gchar *name;
    if (token != TRIB_JSON_KEY || key_field == NULL || trib_json_reader_depth (reader) != 1)
      continue;
    name = trib_json_reader_string (reader, &len);
    if (len != strlen (key_field) || memcmp (name, key_field, len) != 0)
      continue;
    if (!take_value (reader, text, size, key_field, ret_key, ret_key_size, error)) {
      forget (ret_key, ret_key_size);
      return FALSE;
    }
  }
  if (token == TRIB_JSON_END)
    return TRUE;
  forget (ret_key, ret_key_size);
  g_propagate_error (error, g_error_copy (trib_json_reader_error (reader)));
  return FALSE;
}
