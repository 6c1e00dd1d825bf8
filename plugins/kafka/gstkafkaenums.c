/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstkafkaenums.h"

#include <kafka/read/trib-kafka-frames.h>

GType
gst_kafka_start_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { TRIB_KAFKA_START_EARLIEST, "The first record that is left", "earliest" },
    { TRIB_KAFKA_START_LATEST, "The first record that is written from now on", "latest" },
    { TRIB_KAFKA_START_OFFSET, "The record at start-offset", "offset" },
    { TRIB_KAFKA_START_TIME, "The first frame captured at start-time or later", "time" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstKafkaStart", values));
  return type;
}

GType
gst_kafka_until_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GST_KAFKA_UNTIL_END, "End of stream at the end that is found at the beginning", "end" },
    { GST_KAFKA_UNTIL_NEVER, "Wait for what is written later, as a live source", "never" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstKafkaUntil", values));
  return type;
}

GType
gst_kafka_read_by_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { TRIB_KAFKA_READ_BY_REGISTRY, "Follow the registry and take the bytes it names", "registry" },
    { TRIB_KAFKA_READ_BY_BYTES, "Follow the bytes topic alone", "bytes" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstKafkaReadBy", values));
  return type;
}
