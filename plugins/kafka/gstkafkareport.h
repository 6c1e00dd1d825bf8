/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/publish/trib-kafka-publisher.h>
#include <shared/trib-fields.h>

G_BEGIN_DECLS

/* Rows of the tables of messages and stats that Kafka elements have in common, and the values
 * that they are of. An element's table joins them to its own name. */

#define GST_KAFKA_N_CONNECTION_ROWS 7
#define GST_KAFKA_N_LOSS_ROWS 5
#define GST_KAFKA_N_STATS_ROWS 24

/* of a message about what was lost since the one before */
typedef struct {
  guint64 failed, dropped;
  guint64 failed_by_reason[TRIB_KAFKA_N_FAILED];
  guint64 dropped_by_reason[TRIB_KAFKA_N_DROPPED];
  const gchar *const *names; /* the first of them */
  const gchar *reason;
} GstKafkaLossValues;

/* of a sink's stats */
typedef struct {
  TribKafkaStats stats;
  guint64 failed, dropped;
  gint64 latency_p50_us, latency_p99_us;
  const gchar *connection;
  guint64 copied, copied_bytes;
} GstKafkaStatsValues;

extern const TribField gst_kafka_report_connection_rows[GST_KAFKA_N_CONNECTION_ROWS];
extern const TribField gst_kafka_report_loss_rows[GST_KAFKA_N_LOSS_ROWS];
extern const TribField gst_kafka_report_stats_rows[GST_KAFKA_N_STATS_ROWS];

void gst_kafka_report_connection (
    GstStructure *s, const TribLinkEvent *event, guint64 n_pending, const gchar *why);
void gst_kafka_report_get_losses (const TribKafkaLosses *losses, GstKafkaLossValues *ret_values);
gchar *gst_kafka_report_describe_losses (const TribKafkaStats *stats, const gchar *things);

G_END_DECLS
