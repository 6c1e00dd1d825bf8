/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kafkabinarysink tells: structures of its messages and of its stats. */
#include "gstkafkareport.h"

/**
 * gst_kafka_report_connection:
 * @event: what changed
 * @n_pending: frames without an outcome
 * @why: the client's last word
 *
 * Returns: (transfer full): the structure of a kafkabinarysink-connection message
 */
GstStructure *
gst_kafka_report_connection (const TribKafkaLinkEvent *event, guint64 n_pending, const gchar *why)
{
  return gst_structure_new ("kafkabinarysink-connection", "state", G_TYPE_STRING,
      trib_kafka_link_state_to_string (event->state), "previous", G_TYPE_STRING,
      trib_kafka_link_state_to_string (event->previous), "recovered", G_TYPE_BOOLEAN,
      event->recovered, "previous-duration", G_TYPE_UINT64, (guint64) event->previous_us * 1000,
      "outage-duration", G_TYPE_UINT64, (guint64) event->outage_us * 1000, "pending", G_TYPE_UINT64,
      n_pending, "reason", G_TYPE_STRING, why, NULL);
}

static void
add_losses (GstStructure *s, const TribKafkaLosses *losses)
{
  guint64 failed = 0, dropped = 0;

  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++) {
    g_autofree gchar *field = g_strconcat ("failed-", trib_kafka_failed_to_string (i), NULL);
    failed += losses->failed[i];
    if (losses->failed[i])
      gst_structure_set (s, field, G_TYPE_UINT64, losses->failed[i], NULL);
  }
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++) {
    g_autofree gchar *field = g_strconcat ("dropped-", trib_kafka_dropped_to_string (i), NULL);
    dropped += losses->dropped[i];
    if (losses->dropped[i])
      gst_structure_set (s, field, G_TYPE_UINT64, losses->dropped[i], NULL);
  }
  gst_structure_set (s, "failed", G_TYPE_UINT64, failed, "dropped", G_TYPE_UINT64, dropped, NULL);
}

/**
 * gst_kafka_report_losses:
 * @losses: what was lost since the last report
 *
 * Returns: (transfer full): the structure of a kafkabinarysink-frames-lost message
 */
GstStructure *
gst_kafka_report_losses (const TribKafkaLosses *losses)
{
  GstStructure *s = gst_structure_new_empty ("kafkabinarysink-frames-lost");
  GValue ids = G_VALUE_INIT;

  add_losses (s, losses);
  g_value_init (&ids, GST_TYPE_ARRAY);
  for (guint i = 0; i < losses->n_named; i++) {
    GValue id = G_VALUE_INIT;
    g_value_init (&id, G_TYPE_STRING);
    g_value_set_string (&id, losses->frame_ids[i]);
    gst_value_array_append_and_take_value (&ids, &id);
  }
  gst_structure_take_value (s, "frame-ids", &ids);
  gst_structure_set (s, "reason", G_TYPE_STRING, losses->message, NULL);
  return s;
}

/**
 * gst_kafka_report_needs_warning:
 * @losses: what was lost since the last report
 *
 * Outages, ends and flushes are told otherwise.
 *
 * Returns: whether there is a loss that nothing else on the bus explains
 */
gboolean
gst_kafka_report_needs_warning (const TribKafkaLosses *losses)
{
  return losses->failed[TRIB_KAFKA_FAILED_TOO_LARGE]
         || losses->failed[TRIB_KAFKA_FAILED_NOT_AUTHORIZED]
         || losses->failed[TRIB_KAFKA_FAILED_UNKNOWN_TOPIC]
         || losses->failed[TRIB_KAFKA_FAILED_REGISTRY] || losses->failed[TRIB_KAFKA_FAILED_REFUSED]
         || losses->dropped[TRIB_KAFKA_DROPPED_NEWEST] || losses->dropped[TRIB_KAFKA_DROPPED_OLDEST]
         || losses->dropped[TRIB_KAFKA_DROPPED_NON_KEY];
}

/**
 * gst_kafka_report_stats:
 * @a: a publisher's accounts
 * @connection: state of its connection, "" when it has none
 * @copied_frames: payloads that had to be copied
 * @copied_bytes: their bytes
 *
 * Returns: (transfer full): the `stats` property
 */
GstStructure *
gst_kafka_report_stats (const TribKafkaAccounts *a, const gchar *connection, guint64 copied_frames,
    guint64 copied_bytes)
{
  GstStructure *s;

  s = gst_structure_new ("application/x-kafkabinarysink-stats", "produced", G_TYPE_UINT64,
      a->produced, "acknowledged", G_TYPE_UINT64, a->acknowledged, "failed", G_TYPE_UINT64,
      trib_kafka_accounts_failed (a), "dropped", G_TYPE_UINT64, trib_kafka_accounts_dropped (a),
      "pending", G_TYPE_UINT64, a->pending, "waiting", G_TYPE_UINT64, a->waiting, "blocked",
      G_TYPE_UINT64, a->blocked, "bytes-produced", G_TYPE_UINT64, a->bytes_produced,
      "bytes-acknowledged", G_TYPE_UINT64, a->bytes_acknowledged, "pending-bytes", G_TYPE_UINT64,
      a->pending_bytes, "peak-pending-bytes", G_TYPE_UINT64, a->max_pending_bytes, "pinned-bytes",
      G_TYPE_UINT64, a->pinned_bytes, "pinned-buffers", G_TYPE_UINT64, a->pinned_buffers,
      "copied-frames", G_TYPE_UINT64, copied_frames, "copied-bytes", G_TYPE_UINT64, copied_bytes,
      "loss-records", G_TYPE_UINT64, a->loss_records, "loss-records-pending", G_TYPE_UINT64,
      a->loss_records_pending, "loss-records-failed", G_TYPE_UINT64, a->loss_records_failed,
      "latency-p50-us", G_TYPE_INT64, trib_kafka_accounts_latency_us (a, 0.5), "latency-p99-us",
      G_TYPE_INT64, trib_kafka_accounts_latency_us (a, 0.99), "outages", G_TYPE_UINT64, a->outages,
      "connection", G_TYPE_STRING, connection, NULL);
  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++) {
    g_autofree gchar *field = g_strconcat ("failed-", trib_kafka_failed_to_string (i), NULL);
    gst_structure_set (s, field, G_TYPE_UINT64, a->failed[i], NULL);
  }
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++) {
    g_autofree gchar *field = g_strconcat ("dropped-", trib_kafka_dropped_to_string (i), NULL);
    gst_structure_set (s, field, G_TYPE_UINT64, a->dropped[i], NULL);
  }
  return s;
}
