/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-message.h"

#include <string.h>

/**
 * trib_kafka_message_init:
 * @m: filled; what it held is not cleared
 * @consumer: the client that received it
 * @message: (transfer full): a record, not an event
 */
void
trib_kafka_message_init (
    TribKafkaMessage *m, TribKafkaConsumer *consumer, rd_kafka_message_t *message)
{
  rd_kafka_timestamp_type_t type;
  gint64 t_ms = rd_kafka_message_timestamp (message, &type);

  *m = (TribKafkaMessage){
    .key = message->key,
    .key_len = message->key ? message->key_len : 0,
    .value = message->payload,
    .value_len = message->payload ? message->len : 0,
    .partition = message->partition,
    .offset = message->offset,
    .t_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : t_ms,
    .message = message,
    .consumer = trib_kafka_consumer_ref (consumer),
  };
}

void
trib_kafka_message_clear (TribKafkaMessage *m)
{
  g_clear_pointer (&m->message, rd_kafka_message_destroy);
  /* after the message: the client cannot end before */
  g_clear_pointer (&m->consumer, trib_kafka_consumer_unref);
  memset (m, 0, sizeof *m);
}

/**
 * trib_kafka_message_get_header:
 * @m: a record
 * @name: name of a header
 * @ret_len: (out) (optional): bytes
 *
 * Returns: (transfer none) (nullable): the value of the last header of that name, not terminated;
 *   %NULL when there is none
 */
const gchar *
trib_kafka_message_get_header (const TribKafkaMessage *m, const gchar *name, gsize *ret_len)
{
  rd_kafka_headers_t *headers;
  const void *value;
  size_t len;

  if (rd_kafka_message_headers (m->message, &headers)
      || rd_kafka_header_get_last (headers, name, &value, &len) || value == NULL)
    return NULL;
  if (ret_len)
    *ret_len = len;
  return value;
}

/**
 * trib_kafka_message_dup_header:
 * @m: a record
 * @name: name of a header
 * @max_len: most bytes it may have
 *
 * Returns: (transfer full) (nullable): the header's text, terminated; %NULL when there is none, or
 *   it is longer than that, or no UTF-8 without NUL
 */
gchar *
trib_kafka_message_dup_header (const TribKafkaMessage *m, const gchar *name, gsize max_len)
{
  gsize len;
  const gchar *text = trib_kafka_message_get_header (m, name, &len);

  return text && len <= max_len && g_utf8_validate_len (text, len, NULL) ? g_strndup (text, len)
                                                                         : NULL;
}

static void
release (gpointer data)
{
  TribKafkaMessage *m = data;

  trib_kafka_message_clear (m);
  g_free (m);
}

/**
 * trib_kafka_message_steal_value:
 * @m: a record; cleared
 *
 * The bytes keep the client's message, and with it the broker's whole answer, in memory; and the
 * client alive. They may be released on any thread.
 *
 * Returns: (transfer full): the value, not copied; empty when the record has none
 */
GBytes *
trib_kafka_message_steal_value (TribKafkaMessage *m)
{
  GBytes *bytes;

  if (m->value_len > 0) {
    bytes = g_bytes_new_with_free_func (m->value, m->value_len, release, g_memdup2 (m, sizeof *m));
    memset (m, 0, sizeof *m);
  } else {
    bytes = g_bytes_new (NULL, 0);
    trib_kafka_message_clear (m);
  }
  return bytes;
}
