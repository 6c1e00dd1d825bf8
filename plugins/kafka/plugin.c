/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <kafka/trib-kafka-debug.h>
#include <shared/trib-element-log.h>

#include <frame/trib-frame-meta.h>

#include "gstkafkabinarysink.h"
#include "gstkafkabinarysrc.h"
#include "gstkafkarecordsink.h"
#include "gstkafkarecordsrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  trib_frame_meta_register ();
  trib_element_log_bind (&trib_kafka_debug, NULL);
  return GST_ELEMENT_REGISTER (kafkabinarysink, plugin)
         && GST_ELEMENT_REGISTER (kafkabinarysrc, plugin)
         && GST_ELEMENT_REGISTER (kafkarecordsink, plugin)
         && GST_ELEMENT_REGISTER (kafkarecordsrc, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributarykafka,
    "Frames and records to Apache Kafka and back, with the proof of what arrived", plugin_init,
    PACKAGE_VERSION, "LGPL", GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
