/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkafkasink.h"

G_BEGIN_DECLS

#define GST_TYPE_KAFKA_BINARY_SINK (gst_kafka_binary_sink_get_type ())
G_DECLARE_FINAL_TYPE (
    GstKafkaBinarySink, gst_kafka_binary_sink, GST, KAFKA_BINARY_SINK, GstKafkaSink)

GST_ELEMENT_REGISTER_DECLARE (kafkabinarysink);

G_END_DECLS
