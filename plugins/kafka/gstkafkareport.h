/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <kafka/trib-kafka-publisher.h>

G_BEGIN_DECLS

GstStructure *gst_kafka_report_connection (
    const TribKafkaLinkEvent *event, guint64 n_pending, const gchar *why);
GstStructure *gst_kafka_report_losses (const TribKafkaLosses *losses);
gboolean gst_kafka_report_needs_warning (const TribKafkaLosses *losses);
GstStructure *gst_kafka_report_stats (const TribKafkaAccounts *a, const gchar *connection,
    guint64 copied_frames, guint64 copied_bytes);

G_END_DECLS
