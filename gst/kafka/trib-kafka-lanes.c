/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One lane per topic and partition, between the publisher and the client.
 *
 * An idempotent producer keeps several requests on their way. On a partition where the broker has no
 * state of this producer yet, it accepts whichever request comes first: when the first one is refused for
 * a moment (a new topic's leader is not there yet) and the second is taken, librdkafka 2.0 concludes that the
 * first must have been written as well ("implicit ack") and reports it as delivered, with no offset. It
 * was never written. So a lane lets one record through alone until the broker has said where it put it;
 * from then on the broker knows the producer and refuses what is out of order. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

/* @locks: requires the publisher's */
static rd_kafka_resp_err_t
hand_over (TribKafkaPublisher *p, Record *r)
{
  /* 0 lets the client stamp its own time: Kafka has no records from before 1970 */
  gint64 t_ms = MAX (r->t_ns / 1000000, 0);
  rd_kafka_resp_err_t err = rd_kafka_producev (p->rk, RD_KAFKA_V_RKT (p->rkt[r->topic]),
      RD_KAFKA_V_PARTITION (r->partition), RD_KAFKA_V_MSGFLAGS (0),
      RD_KAFKA_V_KEY (r->key, strlen (r->key)), RD_KAFKA_V_VALUE ((void *) r->value, r->size),
      RD_KAFKA_V_TIMESTAMP (t_ms), RD_KAFKA_V_HEADERS (r->headers), RD_KAFKA_V_OPAQUE (r->slot),
      RD_KAFKA_V_END);

  if (err)
    rd_kafka_headers_destroy (r->headers);
  else
    p->n_slots++;
  return err;
}

void
trib_kafka_lanes_open (TribKafkaPublisher *p, TribKafkaTopic topic, gint32 n_partitions)
{
  if (p->lanes[topic] == NULL)
    p->lanes[topic] = g_new0 (Lane, n_partitions);
  p->n_lanes[topic] = n_partitions;
}

void
trib_kafka_lanes_clear (TribKafkaPublisher *p)
{
  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++)
    g_clear_pointer (&p->lanes[t], g_free);
}

/**
 * trib_kafka_lanes_send:
 * @p: a publisher, locked
 * @record: what to produce; key and value must stay until the slot's report, the headers are taken
 *
 * Returns: 0 when a report of the slot will come, else why not
 */
rd_kafka_resp_err_t
trib_kafka_lanes_send (TribKafkaPublisher *p, Record *record)
{
  Lane *lane = &p->lanes[record->topic][record->partition];
  rd_kafka_resp_err_t err;

  if (lane->state == LANE_PROBING) {
    record->queued_us = g_get_monotonic_time ();
    g_queue_push_tail (&lane->queue, g_memdup2 (record, sizeof *record));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  err = hand_over (p, record);
  if (!err && lane->state == LANE_COLD)
    lane->state = LANE_PROBING;
  return err;
}

/* what the client would not take after all has its report here; that may send further records */
static void
refuse (TribKafkaPublisher *p, Record *record, rd_kafka_resp_err_t err)
{
  Report report = { err, -1, RD_KAFKA_MSG_STATUS_NOT_PERSISTED, record->size };
  Slot *slot = record->slot;

  g_free (record);
  trib_kafka_delivery_settle_slot (p, slot, &report);
}

/**
 * trib_kafka_lanes_reported:
 * @p: a publisher, locked
 * @topic: of the record
 * @partition: of the record
 * @known: whether the broker said where it put the record
 *
 * To be called with each report of the client.
 */
void
trib_kafka_lanes_reported (
    TribKafkaPublisher *p, TribKafkaTopic topic, gint32 partition, gboolean known)
{
  Lane *lane;
  Record *record;

  if (partition < 0 || partition >= p->n_lanes[topic] || p->lanes[topic] == NULL)
    return;
  lane = &p->lanes[topic][partition];
  if (lane->state == LANE_WARM && known)
    return;
  /* after a failure the client may go on as a new producer, which the broker does not know */
  lane->state = known ? LANE_WARM : LANE_COLD;
  while (lane->state != LANE_PROBING && (record = g_queue_pop_head (&lane->queue)) != NULL) {
    rd_kafka_resp_err_t err = hand_over (p, record);
    if (err) {
      refuse (p, record, err);
    } else {
      g_free (record);
      if (lane->state == LANE_COLD)
        lane->state = LANE_PROBING;
    }
  }
}

/**
 * trib_kafka_lanes_purge:
 * @p: a publisher, locked
 *
 * What has not reached the client is reported as purged from the queue, as the client would.
 */
void
trib_kafka_lanes_purge (TribKafkaPublisher *p)
{
  /* from the registry back to what it links: loss records of what is purged here stay */
  for (gint t = TRIB_KAFKA_N_TOPICS - 1; t >= 0; t--) {
    for (gint32 i = 0; p->lanes[t] && i < p->n_lanes[t]; i++) {
      Record *record;
      /* only what is there now: a purged frame may leave a loss record in a lane */
      for (guint n = g_queue_get_length (&p->lanes[t][i].queue);
           n > 0 && (record = g_queue_pop_head (&p->lanes[t][i].queue)) != NULL; n--) {
        rd_kafka_headers_destroy (record->headers);
        refuse (p, record, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
      }
    }
  }
}

/**
 * trib_kafka_lanes_expire:
 * @p: a publisher, locked
 * @limit: monotonic time, us
 *
 * Records that have waited in a lane since @limit or longer are reported as timed out: one that the client has fails
 * after its own time, but those behind it must not each begin anew.
 */
void
trib_kafka_lanes_expire (TribKafkaPublisher *p, gint64 limit)
{
  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++) {
    for (gint32 i = 0; p->lanes[t] && i < p->n_lanes[t]; i++) {
      GQueue *queue = &p->lanes[t][i].queue;
      Record *record;
      while ((record = g_queue_peek_head (queue)) != NULL && record->queued_us <= limit) {
        g_queue_pop_head (queue);
        rd_kafka_headers_destroy (record->headers);
        refuse (p, record, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
      }
    }
  }
}
