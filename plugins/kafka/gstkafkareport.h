/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <kafka/publish/trib-kafka-publisher.h>

G_BEGIN_DECLS

void gst_kafka_report_connection (
    GstStructure *s, const TribLinkEvent *event, guint64 n_pending, const gchar *why);
void gst_kafka_report_losses (GstStructure *s, const TribKafkaLosses *losses);
void gst_kafka_report_names (GstStructure *s, const gchar *field, const TribKafkaLosses *losses);
gboolean gst_kafka_report_needs_warning (const TribKafkaLosses *losses);
void gst_kafka_report_stats (GstStructure *s, const TribKafkaAccounts *a, const gchar *connection);

G_END_DECLS
