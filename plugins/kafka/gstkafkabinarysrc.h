/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkafkasource.h"

G_BEGIN_DECLS

#define GST_TYPE_KAFKA_BINARY_SRC (gst_kafka_binary_src_get_type ())
G_DECLARE_FINAL_TYPE (
    GstKafkaBinarySrc, gst_kafka_binary_src, GST, KAFKA_BINARY_SRC, GstKafkaSource)

GST_ELEMENT_REGISTER_DECLARE (kafkabinarysrc)

G_END_DECLS
