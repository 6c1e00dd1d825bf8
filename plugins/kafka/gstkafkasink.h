/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

#include <kafka/publish/trib-kafka-publisher.h>

#include "gstkafkalife.h"
#include "gstkafkareport.h"

G_BEGIN_DECLS

/* Base class of Kafka sinks: their life with a publisher, waits that can be interrupted, the
 * drain, messages and stats. Not an element by itself. */

#define GST_TYPE_KAFKA_SINK (gst_kafka_sink_get_type ())
G_DECLARE_DERIVABLE_TYPE (GstKafkaSink, gst_kafka_sink, GST, KAFKA_SINK, GstBaseSink)

/**
 * GstKafkaSinkClass:
 * @things: what is sent, "frames"
 * @first_things: the same at the beginning of a sentence
 * @sends_records: to the topic of the setting, as they are
 * @begin: (nullable): before the publisher is made
 * @end: (nullable): after it is gone; @again: begin follows, with settings that were changed
 * @connection_message: table of the element's message
 * @losses_message: likewise: the common rows and its own, of #GstKafkaLossValues
 * @stats: likewise, of #GstKafkaStatsValues
 */
struct _GstKafkaSinkClass {
  GstBaseSinkClass parent_class;

  const gchar *things;
  const gchar *first_things;
  gboolean sends_records;

  gboolean (*begin) (GstKafkaSink *sink, GError **error);
  void (*end) (GstKafkaSink *sink, gboolean again);
  const TribFieldTable *connection_message;
  const TribFieldTable *losses_message; /* two */
  const TribFieldTable *stats;          /* two */
};

GstKafkaSettings *gst_kafka_sink_get_settings (GstKafkaSink *sink);
TribKafkaPublisher *gst_kafka_sink_get_publisher (GstKafkaSink *sink);
GstFlowReturn gst_kafka_sink_send (GstKafkaSink *sink, TribKafkaItem *item);
gboolean gst_kafka_sink_must_compact (GstKafkaSink *sink, GstBuffer *buffer, guint64 held_bytes);
void gst_kafka_sink_count_copy (GstKafkaSink *sink, gsize size);

G_END_DECLS
