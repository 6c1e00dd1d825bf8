/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-verify-private.h"

#include <common/trib-crc32c.h>
#include <kafka/layout/trib-kafka-content.h>
#include <kafka/layout/trib-kafka-names.h>

#include <string.h>

static gboolean
header_is (const TribKafkaHeader *h, const gchar *name)
{
  return strcmp (h->name, name) == 0;
}

static gboolean
header_equals (const TribKafkaHeader *h, const void *text, gsize len)
{
  return h->value && h->len == len && memcmp (h->value, text, len) == 0;
}

static gboolean
header_number (const TribKafkaHeader *h, guint64 *ret_value)
{
  gchar text[24];

  if (h->value == NULL || h->len == 0 || h->len >= sizeof text)
    return FALSE;
  memcpy (text, h->value, h->len);
  text[h->len] = '\0';
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, ret_value, NULL);
}

guint32
trib_kafka_verify_hash (const void *data, gsize len)
{
  return trib_crc32c (0, data, len);
}

/* a header that is absent is no finding, one that is wrong is */
gboolean
trib_kafka_verify_check_headers (
    TribKafkaVerify *v, const TribKafkaVerifyRecord *r, const VerifyId *id, VerifyHeaders *said)
{
  gboolean good = TRUE;

  for (guint i = 0; i < r->n_headers; i++) {
    const TribKafkaHeader *h = &r->headers[i];
    gboolean right = TRUE;
    guint64 number = 0;

    if (header_is (h, TRIB_KAFKA_HEADER_FRAME_ID)) {
      right = header_equals (h, r->key, r->key_len);
    } else if (header_is (h, TRIB_KAFKA_HEADER_CRC32C)) {
      right = header_number (h, &number) && number == id->crc;
    } else if (header_is (h, TRIB_KAFKA_HEADER_SEQUENCE)) {
      right = header_number (h, &number);
      said->sequence = (VerifySeen){ (guint32) number, right };
    } else if (header_is (h, TRIB_KAFKA_HEADER_TIME_SOURCE)) {
      said->time_source = (VerifySeen){ trib_kafka_verify_hash (h->value, h->len), TRUE };
    } else if (header_is (h, TRIB_KAFKA_HEADER_CONTENT_TYPE)) {
      if (r->topic == TRIB_KAFKA_TOPIC_BINARY)
        said->content = trib_kafka_verify_hash (h->value, h->len);
      else
        right = header_equals (h, TRIB_KAFKA_CONTENT_JSON, strlen (TRIB_KAFKA_CONTENT_JSON));
    } else if (header_is (h, TRIB_KAFKA_HEADER_CAPS)) {
      said->caps = trib_kafka_verify_hash (h->value, h->len);
    }
    if (!right) {
      g_autofree gchar *text = g_utf8_make_valid (h->value ? h->value : "", MIN (h->len, 128));
      trib_kafka_verify_found (v, TRIB_KAFKA_VERIFY_HEADER, r, id, 1,
          "header %s is \"%s\", which contradicts the record", h->name, text);
      good = FALSE;
    }
  }
  return good;
}
