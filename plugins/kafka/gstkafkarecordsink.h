/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkafkasink.h"

G_BEGIN_DECLS

#define GST_TYPE_KAFKA_RECORD_SINK (gst_kafka_record_sink_get_type ())
G_DECLARE_FINAL_TYPE (
    GstKafkaRecordSink, gst_kafka_record_sink, GST, KAFKA_RECORD_SINK, GstKafkaSink)

GST_ELEMENT_REGISTER_DECLARE (kafkarecordsink);

G_END_DECLS
