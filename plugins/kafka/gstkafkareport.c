/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstkafkareport.h"

#include <string.h>

typedef struct {
  const gchar *state, *previous, *reason;
  gboolean recovered;
  guint64 previous_ns, outage_ns, pending;
} ConnectionValues;

#define CONNECTION(field) G_STRUCT_OFFSET (ConnectionValues, field)
#define LOSS(field) G_STRUCT_OFFSET (GstKafkaLossValues, field)
#define STATS(field) G_STRUCT_OFFSET (GstKafkaStatsValues, field)
#define COUNTER(field) G_STRUCT_OFFSET (GstKafkaStatsValues, stats.field)

static const gchar *
failed_name (guint reason)
{
  return trib_kafka_failed_to_string (reason);
}

static const gchar *
dropped_name (guint reason)
{
  return trib_kafka_dropped_to_string (reason);
}

const TribField gst_kafka_report_connection_rows[] = {
  { "state", TRIB_FIELD_TEXT, CONNECTION (state), "connected, degraded or down" },
  { "previous", TRIB_FIELD_TEXT, CONNECTION (previous), "the state before" },
  { "recovered", TRIB_FIELD_BOOL, CONNECTION (recovered), "whether an outage is over" },
  { "previous-duration", TRIB_FIELD_UINT64, CONNECTION (previous_ns), "ns in the state before" },
  { "outage-duration", TRIB_FIELD_UINT64, CONNECTION (outage_ns),
      "with `recovered`: ns since the trouble began" },
  { "pending", TRIB_FIELD_UINT64, CONNECTION (pending), "frames or records without an outcome" },
  { "reason", TRIB_FIELD_TEXT, CONNECTION (reason),
      "the last text of the client about it, may be empty" },
};

const TribField gst_kafka_report_loss_rows[] = {
  { "failed", TRIB_FIELD_UINT64, LOSS (failed), "how many failed since the message before" },
  { "dropped", TRIB_FIELD_UINT64, LOSS (dropped),
      "how many were dropped since the message before" },
  { "failed-", TRIB_FIELD_COUNTS, LOSS (failed_by_reason),
      "of `failed`, for each reason that occurred", TRIB_KAFKA_N_FAILED, failed_name, TRUE },
  { "dropped-", TRIB_FIELD_COUNTS, LOSS (dropped_by_reason),
      "of `dropped`, for each reason that occurred", TRIB_KAFKA_N_DROPPED, dropped_name, TRUE },
  { "reason", TRIB_FIELD_TEXT, LOSS (reason), "of the last one, for people" },
};

/* the reasons that only one of the sinks has are rows of its own */
const TribField gst_kafka_report_stats_rows[] = {
  { "produced", TRIB_FIELD_UINT64, COUNTER (produced), "frames or records taken" },
  { "acknowledged", TRIB_FIELD_UINT64, COUNTER (acknowledged),
      "those that the broker has (of a frame: its registry entry; in legacy mode: its record)" },
  { "failed", TRIB_FIELD_UINT64, STATS (failed), "those that were not delivered, for any reason" },
  { "failed-", TRIB_FIELD_COUNTS, COUNTER (failed),
      "of `failed`, by reason: timed-out is not acknowledged within `delivery-timeout-ms`, "
      "too-large is more than the "
      "broker or `max-pending-bytes` allows, purged is given up when the sink stopped, refused is "
      "any other refusal",
      TRIB_KAFKA_FAILED_REFUSED + 1, failed_name },
  { "dropped", TRIB_FIELD_UINT64, STATS (dropped), "those that were dropped by policy" },
  { "dropped-", TRIB_FIELD_COUNTS, COUNTER (dropped),
      "of `dropped`, by reason: newest, oldest and non-key by that `overflow` policy, overflow by "
      "the policy error, "
      "flushed is waiting for space when a flush or a state change came",
      TRIB_KAFKA_N_DROPPED, dropped_name },
  { "pending", TRIB_FIELD_UINT64, COUNTER (pending), "those without an outcome" },
  { "waiting", TRIB_FIELD_UINT64, COUNTER (waiting),
      "of `pending`: those that the client does not have yet" },
  { "blocked", TRIB_FIELD_UINT64, COUNTER (blocked),
      "1 while one waits for space; it counts as produced when it is taken or lost" },
  { "bytes-produced", TRIB_FIELD_UINT64, COUNTER (bytes_produced), "payload bytes of `produced`" },
  { "bytes-acknowledged", TRIB_FIELD_UINT64, COUNTER (bytes_acknowledged),
      "payload bytes of `acknowledged`" },
  { "pending-bytes", TRIB_FIELD_UINT64, COUNTER (pending_bytes),
      "bytes held for `pending`, bounded by `max-pending-bytes`" },
  { "peak-pending-bytes", TRIB_FIELD_UINT64, COUNTER (max_pending_bytes),
      "the most that `pending-bytes` has been" },
  { "pinned-bytes", TRIB_FIELD_UINT64, COUNTER (pinned_bytes),
      "memory of the buffers still referenced" },
  { "pinned-buffers", TRIB_FIELD_UINT64, COUNTER (pinned_buffers),
      "number of the buffers still referenced" },
  { "copied-bytes", TRIB_FIELD_UINT64, STATS (copied_bytes),
      "payload bytes that had to be copied" },
  { "latency-p50-us", TRIB_FIELD_INT64, STATS (latency_p50_us),
      "median time from taking one to its acknowledgement, -1 before the first" },
  { "latency-p99-us", TRIB_FIELD_INT64, STATS (latency_p99_us), "the same: what 99 % stay below" },
  { "retried-alone", TRIB_FIELD_UINT64, COUNTER (retried_alone),
      "Kafka records that were refused together with others and sent again alone" },
  { "retried-topic", TRIB_FIELD_UINT64, COUNTER (retried_topic),
      "refusals of Kafka records whose topic was gone: they are kept until it is there again" },
  { "client-renewals", TRIB_FIELD_UINT64, COUNTER (renewals),
      "how often the Kafka client ended itself and another one took its place" },
  { "retried-client", TRIB_FIELD_UINT64, COUNTER (retried_client),
      "Kafka records of such clients, which were sent again" },
  { "outages", TRIB_FIELD_UINT64, COUNTER (outages), "how often the connection went down" },
  { "connection", TRIB_FIELD_TEXT, STATS (connection),
      "connecting, connected, degraded or down; empty in NULL" },
};

/**
 * gst_kafka_report_connection:
 * @s: filled: the structure of a message
 * @event: what changed
 * @n_pending: frames without an outcome
 * @why: the client's last text
 */
void
gst_kafka_report_connection (
    GstStructure *s, const TribLinkEvent *event, guint64 n_pending, const gchar *why)
{
  ConnectionValues values = {
    .state = trib_link_state_to_string (event->state),
    .previous = trib_link_state_to_string (event->previous),
    .reason = why,
    .recovered = event->recovered,
    .previous_ns = (guint64) event->previous_us * 1000,
    .outage_ns = (guint64) event->outage_us * 1000,
    .pending = n_pending,
  };

  trib_fields_add (s, gst_kafka_report_connection_rows, GST_KAFKA_N_CONNECTION_ROWS, &values);
}

/* @ret_values points into @losses */
void
gst_kafka_report_get_losses (const TribKafkaLosses *losses, GstKafkaLossValues *ret_values)
{
  *ret_values = (GstKafkaLossValues){
    .failed = trib_kafka_failed_sum (losses->failed),
    .dropped = trib_kafka_dropped_sum (losses->dropped),
    .names = (const gchar *const *) losses->frame_ids,
    .reason = losses->message,
  };
  memcpy (ret_values->failed_by_reason, losses->failed, sizeof losses->failed);
  memcpy (ret_values->dropped_by_reason, losses->dropped, sizeof losses->dropped);
}

static void
append_counts (GString *text, const gchar *prefix, const guint64 *counts, guint n,
    const gchar *(*name) (guint reason))
{
  for (guint i = 0; i < n; i++)
    if (counts[i] > 0)
      g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s-%s",
          g_str_has_suffix (text->str, ":") ? " " : ", ", counts[i], prefix, name (i));
}

/**
 * gst_kafka_report_describe_losses:
 * @stats: of a sink
 * @things: what it sends
 *
 * Returns: (transfer full) (nullable): for people, how many were lost and why, without a full
 *   stop; %NULL: none
 */
gchar *
gst_kafka_report_describe_losses (const TribKafkaStats *stats, const gchar *things)
{
  guint64 lost = trib_kafka_failed_sum (stats->failed) + trib_kafka_dropped_sum (stats->dropped);
  GString *text;

  if (lost == 0)
    return NULL;
  text = g_string_new (NULL);
  g_string_printf (text,
      "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %s were not delivered to Kafka:", lost,
      stats->produced, things);
  append_counts (text, "failed", stats->failed, TRIB_KAFKA_N_FAILED, failed_name);
  append_counts (text, "dropped", stats->dropped, TRIB_KAFKA_N_DROPPED, dropped_name);
  return g_string_free (text, FALSE);
}
