/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Enumerations of the Kafka elements' properties, registered by the tables of properties. */

typedef enum { GST_KAFKA_MODE_BINARY, GST_KAFKA_MODE_LEGACY } GstKafkaMode;
typedef enum { GST_KAFKA_ON_LOSS_WARN, GST_KAFKA_ON_LOSS_ERROR } GstKafkaOnLoss;
typedef enum { GST_KAFKA_PARTITION_BY_STREAM, GST_KAFKA_PARTITION_BY_FRAME } GstKafkaPartitionBy;

/* start has the values of TribKafkaStart, read-by those of TribKafkaReadBy */
typedef enum { GST_KAFKA_UNTIL_END, GST_KAFKA_UNTIL_NEVER } GstKafkaUntil;

G_END_DECLS
