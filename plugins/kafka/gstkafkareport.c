/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Kafka elements tell: fields of their messages and of their stats. */
#include "gstkafkareport.h"

/**
 * gst_kafka_report_connection:
 * @s: filled: the structure of a message
 * @event: what changed
 * @n_pending: frames without an outcome
 * @why: the client's last word
 */
void
gst_kafka_report_connection (
    GstStructure *s, const TribLinkEvent *event, guint64 n_pending, const gchar *why)
{
  gst_structure_set (s, "state", G_TYPE_STRING, trib_link_state_to_string (event->state),
      "previous", G_TYPE_STRING, trib_link_state_to_string (event->previous), "recovered",
      G_TYPE_BOOLEAN, event->recovered, "previous-duration", G_TYPE_UINT64,
      (guint64) event->previous_us * 1000, "outage-duration", G_TYPE_UINT64,
      (guint64) event->outage_us * 1000, "pending", G_TYPE_UINT64, n_pending, "reason",
      G_TYPE_STRING, why, NULL);
}

/* a field for each reason; those that only one of the sinks has are its own, unless they occurred */
static void
add_reasons (GstStructure *s, const guint64 *failed, const guint64 *dropped, gboolean all)
{
  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++) {
    g_autofree gchar *field = g_strconcat ("failed-", trib_kafka_failed_to_string (i), NULL);
    gboolean common = i != TRIB_KAFKA_FAILED_REGISTRY && i != TRIB_KAFKA_FAILED_MALFORMED;
    if (failed[i] || (all && common))
      gst_structure_set (s, field, G_TYPE_UINT64, failed[i], NULL);
  }
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++) {
    g_autofree gchar *field = g_strconcat ("dropped-", trib_kafka_dropped_to_string (i), NULL);
    if (dropped[i] || all)
      gst_structure_set (s, field, G_TYPE_UINT64, dropped[i], NULL);
  }
  gst_structure_set (s, "failed", G_TYPE_UINT64, trib_kafka_failed_sum (failed), "dropped",
      G_TYPE_UINT64, trib_kafka_dropped_sum (dropped), NULL);
}

/**
 * gst_kafka_report_losses:
 * @s: filled: the structure of a message
 * @losses: what was lost since the last report
 */
void
gst_kafka_report_losses (GstStructure *s, const TribKafkaLosses *losses)
{
  add_reasons (s, losses->failed, losses->dropped, FALSE);
  gst_structure_set (s, "reason", G_TYPE_STRING, losses->message, NULL);
}

/**
 * gst_kafka_report_names:
 * @s: gets @field: an array with the first of what was lost
 * @field: its name
 * @losses: what was lost since the last report
 */
void
gst_kafka_report_names (GstStructure *s, const gchar *field, const TribKafkaLosses *losses)
{
  GValue ids = G_VALUE_INIT;

  g_value_init (&ids, GST_TYPE_ARRAY);
  for (guint i = 0; i < losses->n_named; i++) {
    GValue id = G_VALUE_INIT;
    g_value_init (&id, G_TYPE_STRING);
    g_value_set_string (&id, losses->frame_ids[i]);
    gst_value_array_append_and_take_value (&ids, &id);
  }
  gst_structure_take_value (s, field, &ids);
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
         || losses->failed[TRIB_KAFKA_FAILED_MALFORMED]
         || losses->failed[TRIB_KAFKA_FAILED_REGISTRY] || losses->failed[TRIB_KAFKA_FAILED_REFUSED]
         || losses->dropped[TRIB_KAFKA_DROPPED_NEWEST] || losses->dropped[TRIB_KAFKA_DROPPED_OLDEST]
         || losses->dropped[TRIB_KAFKA_DROPPED_NON_KEY];
}

/**
 * gst_kafka_report_stats:
 * @s: filled: the `stats` property, with what every sink has
 * @a: a publisher's accounts
 * @connection: state of its connection, "" when it has none
 */
void
gst_kafka_report_stats (GstStructure *s, const TribKafkaAccounts *a, const gchar *connection)
{
  gst_structure_set (s, "produced", G_TYPE_UINT64, a->produced, "acknowledged", G_TYPE_UINT64,
      a->acknowledged, "pending", G_TYPE_UINT64, a->pending, "waiting", G_TYPE_UINT64, a->waiting,
      "blocked", G_TYPE_UINT64, a->blocked, "bytes-produced", G_TYPE_UINT64, a->bytes_produced,
      "bytes-acknowledged", G_TYPE_UINT64, a->bytes_acknowledged, "pending-bytes", G_TYPE_UINT64,
      a->pending_bytes, "peak-pending-bytes", G_TYPE_UINT64, a->max_pending_bytes, "pinned-bytes",
      G_TYPE_UINT64, a->pinned_bytes, "pinned-buffers", G_TYPE_UINT64, a->pinned_buffers,
      "latency-p50-us", G_TYPE_INT64, trib_kafka_accounts_latency_us (a, 0.5), "latency-p99-us",
      G_TYPE_INT64, trib_kafka_accounts_latency_us (a, 0.99), "outages", G_TYPE_UINT64, a->outages,
      "connection", G_TYPE_STRING, connection, NULL);
  add_reasons (s, a->failed, a->dropped, TRUE);
}
