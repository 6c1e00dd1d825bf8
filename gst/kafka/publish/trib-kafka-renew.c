/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another client for one that has ended itself. librdkafka ends an idempotent producer when it
 * cannot say which of its batches the broker has: the leader moved while several were on their way,
 * or the broker has forgotten the producer. Nothing is wrong with the records then. They go back to
 * their places in their partition queues; once the client has none, a new one, with a producer id
 * of its own, takes its place, and preflight finds the topics with it. How often is not bounded: a
 * record that is never acknowledged fails at its delivery timeout. */
#include "trib-kafka-publisher-private.h"

#define PURGE_US (2 * G_TIME_SPAN_SECOND)

/* whether a new producer id is the cure */
static gboolean
is_about_producer (rd_kafka_resp_err_t err)
{
  switch (err) {
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR__INCONSISTENT:
      return TRUE;
    default:
      return FALSE;
  }
}

/**
 * trib_kafka_renew_hold:
 * @p: a publisher, locked, whose client takes no record any more
 *
 * Until preflight has found the topics again, frames and records wait.
 */
void
trib_kafka_renew_hold (TribKafkaPublisher *p)
{
  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++) {
    TribKafkaTopicState *topic = &p->topics[t];
    if (topic->n_queues == 0)
      continue;
    p->ready[trib_kafka_topic_group (t)] = FALSE;
    if (!topic->away)
      topic->away = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
  }
}

/**
 * trib_kafka_renew_begin:
 * @p: a publisher
 * @err: why its client has ended itself
 * @why: the client's text
 *
 * @thread: I/O
 * @locks: takes the publisher's
 *
 * Returns: whether another client is the cure; if not, nothing that is pending can be delivered
 */
gboolean
trib_kafka_renew_begin (TribKafkaPublisher *p, rd_kafka_resp_err_t err, const gchar *why)
{
  gboolean begins;

  g_mutex_lock (&p->lock);
  begins = is_about_producer (err) && !p->fatal;
  if (begins) {
    PUBLISHER_LOG (p, TRIB_LOG_WARNING,
        "the client has ended itself (%s): another one sends the %u records that it had", why,
        p->n_slots);
    p->renewing = TRUE;
    g_free (p->client_why);
    p->client_why = trib_kafka_secrets_hide (p->secrets, why);
    p->stats.renewals++;
    p->renew_us = g_get_monotonic_time () + PURGE_US;
    trib_kafka_renew_hold (p);
  }
  g_mutex_unlock (&p->lock);
  return begins;
}

/**
 * trib_kafka_renew_run:
 * @p: a publisher
 *
 * Takes the step that is due. What the client has is reported within a moment; what is not is taken
 * from it.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 *
 * Returns: whether the client can be used
 */
gboolean
trib_kafka_renew_run (TribKafkaPublisher *p)
{
  gint64 now = g_get_monotonic_time ();
  guint n_slots;

  if (!p->renewing)
    return TRUE;
  g_mutex_lock (&p->lock);
  n_slots = p->n_slots;
  g_mutex_unlock (&p->lock);
  if (n_slots > 0 && now >= p->renew_us) {
    rd_kafka_purge (p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    p->renew_us = now + PURGE_US;
  }
  /* out of threads or descriptors: again with the next step */
  if (n_slots > 0 || !trib_kafka_io_reopen (p))
    return FALSE;
  g_mutex_lock (&p->lock);
  p->renewing = FALSE;
  g_mutex_unlock (&p->lock);
  PUBLISHER_LOG (p, TRIB_LOG_DEBUG, "another client");
  return TRUE;
}
