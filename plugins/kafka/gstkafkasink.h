/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

#include <kafka/client/trib-kafka-broker.h>
#include <kafka/publish/trib-kafka-publisher.h>

#include "gstkafkasettings.h"

G_BEGIN_DECLS

/* What Kafka sinks share: their life with a publisher, waits that can be interrupted, the drain, what
 * they tell. Not an element by itself. */

#define GST_TYPE_KAFKA_SINK (gst_kafka_sink_get_type ())
G_DECLARE_DERIVABLE_TYPE (GstKafkaSink, gst_kafka_sink, GST, KAFKA_SINK, GstBaseSink)

/* ids of properties after those of the settings; an element's own follow from GST_KAFKA_SINK_N_PROPS on */
enum {
  GST_KAFKA_SINK_BROKER_ADDRESS = GST_KAFKA_N_SETTINGS,
  GST_KAFKA_SINK_STATS,
  GST_KAFKA_SINK_N_PROPS
};

/**
 * GstKafkaSinkClass:
 * @things: what is sent, "frames"
 * @first_things: the same at the beginning of a sentence
 * @begin: (nullable): before the publisher is made
 * @end: (nullable): after it is gone; @again: begin follows, with settings that were changed
 * @configure: (nullable): completes the core's configuration; OBJECT_LOCK is held
 * @connection_message: (transfer full): structure of the element's message
 * @losses_message: (transfer full): likewise
 * @make_stats: (transfer full): the `stats` property
 */
struct _GstKafkaSinkClass {
  GstBaseSinkClass parent_class;

  const gchar *things;
  const gchar *first_things;

  gboolean (*begin) (GstKafkaSink *sink, GError **error);
  void (*end) (GstKafkaSink *sink, gboolean again);
  void (*configure) (GstKafkaSink *sink, GstKafkaConfig *config);
  GstStructure *(*connection_message) (
      const TribLinkEvent *event, guint64 n_pending, const gchar *why);
  GstStructure *(*losses_message) (const TribKafkaLosses *losses);
  GstStructure *(*make_stats) (GstKafkaSink *sink);
};

void gst_kafka_sink_install (GParamSpec **properties);
GstKafkaSettings *gst_kafka_sink_get_settings (GstKafkaSink *sink);
TribKafkaPublisher *gst_kafka_sink_get_publisher (GstKafkaSink *sink);
GstFlowReturn gst_kafka_sink_send (GstKafkaSink *sink, TribKafkaItem *item);
gboolean gst_kafka_sink_must_compact (GstKafkaSink *sink, GstBuffer *buffer, guint64 held_bytes);
void gst_kafka_sink_count_copy (GstKafkaSink *sink, gsize size);
const gchar *gst_kafka_sink_get_state (GstKafkaSink *sink, TribKafkaAccounts *ret_accounts,
    guint64 *ret_copied, guint64 *ret_copied_bytes);

G_END_DECLS
