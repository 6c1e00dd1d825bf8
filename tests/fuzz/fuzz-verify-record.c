/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <kafka/layout/trib-kafka-values.h>

#include "fuzz.h"

/* One text, read as a registry entry and as a frame's metadata. What is taken has every field it
 * must have, in its range; what is refused is refused with a reason, and leaves nothing behind. */

static void
check_error (const GError *error)
{
  g_assert (error != NULL && error->domain == TRIB_KAFKA_ERROR);
  g_assert (error->message[0] != '\0' && g_utf8_validate (error->message, -1, NULL));
}

static void
check_identity (const TribKafkaIdentity *identity)
{
  g_assert (g_utf8_validate (identity->frame_id, -1, NULL));
  g_assert (identity->session != NULL && identity->stream != NULL);
}

static void
check_ratio (gdouble ratio)
{
  g_assert (ratio >= 0 || ratio == -1);
}

static void
try_registry (TribJsonReader *reader, const gchar *text, gsize size)
{
  static const TribKafkaRegistryValue nothing;
  g_auto (TribKafkaRegistryValue) value;
  g_autoptr (GError) error = NULL;

  if (!trib_kafka_registry_value_parse (&value, reader, text, size, &error)) {
    check_error (error);
    g_assert (value.identity.frame_id == NULL && value.binary.topic == NULL);
    value = nothing;
    return;
  }
  g_assert (error == NULL);
  check_identity (&value.identity);
  check_ratio (value.ratio);
  g_assert (value.metadata.topic != NULL && value.binary.topic != NULL && value.format != NULL);
  g_assert (value.metadata.offset >= -1 && value.binary.partition >= -1);
  if (value.failed)
    g_assert (value.error_reason != NULL && value.error_message != NULL);
  else
    g_assert (value.metadata.offset >= 0 && value.binary.offset >= 0
              && value.metadata.partition >= 0 && value.binary.partition >= 0);
  if (!trib_kafka_registry_value_check (&value, &error))
    check_error (error);
  else
    g_assert (error == NULL && value.size == value.size_bytes);
}

static void
try_metadata (TribJsonReader *reader, const gchar *text, gsize size)
{
  static const TribKafkaMetadataValue nothing;
  g_auto (TribKafkaMetadataValue) value;
  g_autoptr (GError) error = NULL;

  if (!trib_kafka_metadata_value_parse (&value, reader, text, size, &error)) {
    check_error (error);
    g_assert (value.identity.frame_id == NULL && value.content_type == NULL);
    value = nothing;
    return;
  }
  g_assert (error == NULL);
  check_identity (&value.identity);
  check_ratio (value.ratio);
  g_assert (value.width <= 1000000 && value.height <= 1000000 && value.channels <= 4);
  g_assert (value.quality <= 100 && value.shape.n <= G_N_ELEMENTS (value.shape.sizes));
  g_assert (value.format != NULL && value.content_type != NULL && value.data_type != NULL);
  if (!trib_kafka_metadata_value_check (&value, &error))
    check_error (error);
  else
    g_assert (error == NULL && trib_kafka_ratio_is (value.ratio, value.size, value.original_size));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (TribJsonReader) reader = trib_json_reader_new ("", 0, NULL);
  const gchar *text = size > 0 ? (const gchar *) data : "";

  try_registry (reader, text, size);
  try_metadata (reader, text, size);
  return 0;
}
