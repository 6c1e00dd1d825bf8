/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-offsets.h"

/**
 * trib_kafka_offsets_ask:
 * @client: a client
 * @topic: name of the topic
 * @partitions: (array length=n_partitions): which partitions
 * @n_partitions: their number
 * @when_ms: ms since the Unix epoch: the first record with that timestamp or a later one;
 *   %RD_KAFKA_OFFSET_BEGINNING, %RD_KAFKA_OFFSET_END: the ends
 * @ret_offsets: (out caller-allocates) (array length=n_partitions): offsets; -1 where no record is
 *   that late
 * @timeout_ms: how long it may block
 *
 * One round of questions, to all leaders at once. Not rd_kafka_query_watermark_offsets(): that one
 * waits for a minute, whatever timeout it was given, where no broker answers.
 *
 * Returns: 0, or why there is no answer
 */
rd_kafka_resp_err_t
trib_kafka_offsets_ask (rd_kafka_t *client, const gchar *topic, const gint32 *partitions,
    guint n_partitions, gint64 when_ms, gint64 *ret_offsets, gint timeout_ms)
{
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new (n_partitions);
  rd_kafka_resp_err_t err;

  for (guint i = 0; i < n_partitions; i++)
    rd_kafka_topic_partition_list_add (list, topic, partitions[i])->offset = when_ms;
  err = rd_kafka_offsets_for_times (client, list, timeout_ms);
  for (guint i = 0; i < n_partitions && !err; i++) {
    const rd_kafka_topic_partition_t *p
        = rd_kafka_topic_partition_list_find (list, topic, partitions[i]);
    err = p ? p->err : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    ret_offsets[i] = err ? -1 : p->offset;
  }
  rd_kafka_topic_partition_list_destroy (list);
  return err;
}
