/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstkafkaenums.h"

#include <kafka/trib-kafka-config.h>

GType
gst_kafka_mode_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GST_KAFKA_MODE_BINARY, "Bytes, metadata and registry entry on three topics", "binary" },
    { GST_KAFKA_MODE_LEGACY, "One JSON record with the picture in base64", "legacy" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstKafkaMode", values));
  return type;
}

GType
gst_kafka_partition_by_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GST_KAFKA_PARTITION_BY_STREAM, "A stream keeps to one partition, in order", "stream" },
    { GST_KAFKA_PARTITION_BY_FRAME, "Frames spread over all partitions", "frame" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstKafkaPartitionBy", values));
  return type;
}

GType
gst_kafka_overflow_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { TRIB_KAFKA_OVERFLOW_BLOCK, "Wait for room, up to the delivery timeout", "block" },
    { TRIB_KAFKA_OVERFLOW_DROP_NEWEST, "Drop the frame that comes", "drop-newest" },
    { TRIB_KAFKA_OVERFLOW_DROP_OLDEST, "Drop the oldest frames not handed to the client",
        "drop-oldest" },
    { TRIB_KAFKA_OVERFLOW_DROP_NON_KEY,
        "Drop frames that are no key frames, and those that need them", "drop-non-key" },
    { TRIB_KAFKA_OVERFLOW_ERROR, "Stop with an error", "error" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstKafkaOverflow", values));
  return type;
}
