/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkafkasource.h"

G_BEGIN_DECLS

#define GST_TYPE_KAFKA_RECORD_SRC (gst_kafka_record_src_get_type ())
G_DECLARE_FINAL_TYPE (
    GstKafkaRecordSrc, gst_kafka_record_src, GST, KAFKA_RECORD_SRC, GstKafkaSource)

GST_ELEMENT_REGISTER_DECLARE (kafkarecordsrc)

G_END_DECLS
