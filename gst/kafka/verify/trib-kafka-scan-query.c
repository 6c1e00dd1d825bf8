/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-scan-private.h"

#include <kafka/client/trib-kafka-offsets.h>

#define WAIT_MS 50

static gboolean
fail_unreachable (TribKafkaScan *s, const gchar *what, rd_kafka_resp_err_t code, GError **error)
{
  /* the reason arrives as an event */
  rd_kafka_poll (s->client, 0);
  g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_UNREACHABLE,
      "%s: no answer from %s within %u ms: %s", what, s->address, s->timeout_ms,
      s->trouble ? s->trouble : rd_kafka_err2str (code));
  return FALSE;
}

gboolean
trib_kafka_scan_fail_topic (
    const TribKafkaScan *s, const Topic *t, rd_kafka_resp_err_t code, GError **error)
{
  gboolean unknown = code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                     || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
                     || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;

  g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_TOPIC, "topic %s on %s: %s",
      t->name, s->address, unknown ? "there is no such topic" : rd_kafka_err2str (code));
  return FALSE;
}

/* how many partitions the topic has; waits for a topic that is just being made */
gboolean
trib_kafka_scan_query_partitions (TribKafkaScan *s, Topic *t, gint32 *ret_n, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + s->timeout_ms * G_TIME_SPAN_MILLISECOND;

  for (;;) {
    const struct rd_kafka_metadata *answer;
    gint left_ms = (deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;
    rd_kafka_resp_err_t code
        = rd_kafka_metadata (s->client, 0, t->handle, &answer, MAX (left_ms, 1));

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fail_unreachable (s, t->name, code, error);
    code = answer->topic_cnt == 1 ? answer->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    *ret_n = code ? 0 : answer->topics[0].partition_cnt;
    rd_kafka_metadata_destroy (answer);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && *ret_n > 0)
      return TRUE;
    if ((code && code != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) || left_ms <= 0)
      return trib_kafka_scan_fail_topic (
          s, t, code ? code : RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, error);
    rd_kafka_poll (s->client, WAIT_MS);
  }
}

gboolean
trib_kafka_scan_query_range (TribKafkaScan *s, const Topic *t, gint32 partition, gint64 *ret_low,
    gint64 *ret_high, GError **error)
{
  g_autofree gchar *what = NULL;
  gint64 deadline = g_get_monotonic_time () + s->timeout_ms * G_TIME_SPAN_MILLISECOND;
  rd_kafka_resp_err_t code = trib_kafka_offsets_ask (
      s->client, t->name, &partition, 1, RD_KAFKA_OFFSET_BEGINNING, ret_low, s->timeout_ms);

  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    code = trib_kafka_offsets_ask (s->client, t->name, &partition, 1, RD_KAFKA_OFFSET_END, ret_high,
        MAX ((deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND, 1));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return TRUE;
  if (code != RD_KAFKA_RESP_ERR__TIMED_OUT && code != RD_KAFKA_RESP_ERR__TRANSPORT)
    return trib_kafka_scan_fail_topic (s, t, code, error);
  what = g_strdup_printf ("%s partition %d", t->name, partition);
  return fail_unreachable (s, what, code, error);
}
