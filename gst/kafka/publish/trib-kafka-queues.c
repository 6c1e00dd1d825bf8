/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One queue per topic and partition, between the publisher and the client.
 *
 * An idempotent producer keeps several requests on their way. On a partition where the broker has
 * no state of this producer yet, it accepts the first request that arrives: when the first one is
 * refused for a moment (a new topic's leader is not there yet) and the second is taken,
 * librdkafka 2.0 concludes that the first must have been written as well ("implicit ack") and
 * reports it as delivered, with no offset. It was never written. So a queue lets one record
 * through alone until the broker has reported its offset; from then on the broker knows the
 * producer and refuses what is out of order.
 *
 * That producer sends no more for a partition while five of its messages are on their way, and
 * looks again and again, without a pause, whether it may (librdkafka 2.0 to 2.9: a broker thread
 * then takes a whole core). So a queue hands over what can go at once: records up to the fifth,
 * or a batch when fewer are out.
 *
 * A broker answers for a batch, so a refusal may be about another record of it. What the client did
 * not have by itself goes again when the client has nothing of the partition, and nothing beside
 * it, before all that waits: only what is refused then is refused.
 *
 * A topic that was there may be deleted, and made anew. Its records are refused then, by the client
 * or by the broker: they keep their places and wait, with all behind them, until preflight finds
 * the topic again. What waits longer than the delivery timeout fails. So do the records of a client
 * that has ended itself, until another one has its place.
 *
 * A queue also keeps batches within what its topic allows, where the client makes larger ones:
 * the broker would refuse such a batch whole. And it keeps everything while a purge is on its
 * way. */
#include "trib-kafka-publisher-private.h"

#include <common/trib-state.h>
#include <string.h>

static const TribStateRow state_rows[] = {
  [TRIB_KAFKA_QUEUE_COLD] = { "cold", TRIB_STATE (TRIB_KAFKA_QUEUE_PROBING) },
  [TRIB_KAFKA_QUEUE_PROBING]
  = { "probing", TRIB_STATE (TRIB_KAFKA_QUEUE_COLD) | TRIB_STATE (TRIB_KAFKA_QUEUE_WARM) },
  [TRIB_KAFKA_QUEUE_WARM]
  = { "warm", TRIB_STATE (TRIB_KAFKA_QUEUE_COLD) | TRIB_STATE (TRIB_KAFKA_QUEUE_PROBING) },
};
static const TribStateTable states
    = { "partition queue", &trib_kafka_debug, state_rows, G_N_ELEMENTS (state_rows) };

#define WINDOW 5 /* librdkafka's RD_KAFKA_IDEMP_MAX_INFLIGHT, which counts messages */

static void
set_state (const TribKafkaTopicState *topic, TribKafkaQueue *queue, TribKafkaQueueState state,
    const gchar *why)
{
  gchar id[300] = "";

  if (TRIB_LOG_IS_ON (TRIB_LOG_DEBUG))
    g_snprintf (id, sizeof id, "%s[%d]", topic->name, (gint) (queue - topic->queues));
  TRIB_STATE_SET (&states, id, queue->state, state, why);
}

/* @locks: requires the publisher's */
void
trib_kafka_queues_open (TribKafkaTopicState *topic, gint32 n_partitions)
{
  if (n_partitions <= topic->n_queues)
    return;
  topic->queues = g_renew (TribKafkaQueue, topic->queues, n_partitions);
  memset (topic->queues + topic->n_queues, 0,
      (n_partitions - topic->n_queues) * sizeof (TribKafkaQueue));
  topic->n_queues = n_partitions;
}

/**
 * trib_kafka_queues_forget:
 * @topic: a topic of which the client has no record
 *
 * The broker does not know the client's next producer: each partition begins with a record alone
 * again.
 */
void
trib_kafka_queues_forget (TribKafkaTopicState *topic)
{
  for (gint32 i = 0; i < topic->n_queues; i++) {
    set_state (topic, &topic->queues[i], TRIB_KAFKA_QUEUE_COLD, "the producer ends");
    topic->queues[i].probe = NULL;
    topic->queues[i].sole = NULL;
  }
}

static TribKafkaTopicState *
topic_of (TribKafkaPublisher *p, const TribKafkaSlot *slot)
{
  return &p->topics[slot->kind];
}

static TribKafkaQueue *
queue_of (TribKafkaPublisher *p, const TribKafkaSlot *slot)
{
  return &topic_of (p, slot)->queues[slot->partition];
}

/* Whether a record was refused because its topic or partition is not there; the client destroys the
 * handle of a partition that has gone. */
gboolean
trib_kafka_queues_is_away (rd_kafka_resp_err_t err)
{
  switch (err) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return TRUE;
    default:
      return FALSE;
  }
}

/* Records go only to topics that were found, so this one was there. */
static void
note_away (TribKafkaPublisher *p, const TribKafkaSlot *slot, rd_kafka_resp_err_t err)
{
  TribKafkaTopicState *topic = topic_of (p, slot);

  p->stats.retried_topic++;
  if (topic->away == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    return;
  topic->away = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  p->ready[trib_kafka_topic_group (slot->kind)] = FALSE;
  PUBLISHER_LOG (p, TRIB_LOG_DEBUG, "topic %s is not there any more (%s): its records wait for it",
      topic->name, rd_kafka_err2str (err));
}

/* Whether a record that the client did not take waits. A client that has ended itself takes none,
 * which may be known here before its error is reported. */
static gboolean
must_keep (TribKafkaPublisher *p, const TribKafkaSlot *slot, rd_kafka_resp_err_t err)
{
  if (trib_kafka_queues_is_away (err))
    note_away (p, slot, err);
  else if (err == RD_KAFKA_RESP_ERR__FATAL)
    trib_kafka_renew_hold (p);
  else
    return FALSE;
  return TRUE;
}

/* whether the client must not have this record yet */
static gboolean
must_wait (TribKafkaPublisher *p, const TribKafkaOutgoing *r)
{
  const TribKafkaTopicState *topic = topic_of (p, r->slot);
  const TribKafkaQueue *queue = queue_of (p, r->slot);

  if (p->held || topic->away || queue->state == TRIB_KAFKA_QUEUE_PROBING)
    return TRUE;
  if (r->alone && queue->n_out > 0)
    return TRUE;
  if (p->idempotent && queue->n_out >= WINDOW && queue->burst < r->slot->whole)
    return TRUE;
  return topic->max_bytes > 0 && topic->max_bytes < p->batch_size && queue->bytes > 0
         && queue->bytes + r->slot->whole > topic->max_bytes;
}

/* whether a record is by itself in the client shows whether an answer is about it alone */
static void
note_company (TribKafkaQueue *queue, TribKafkaSlot *slot)
{
  slot->shared = queue->n_out > 0;
  if (queue->sole)
    queue->sole->shared = TRUE;
  queue->sole = slot->shared ? NULL : slot;
}

static void
begin_probe (TribKafkaPublisher *p, const TribKafkaSlot *slot, const gchar *why)
{
  TribKafkaQueue *queue = queue_of (p, slot);

  set_state (topic_of (p, slot), queue, TRIB_KAFKA_QUEUE_PROBING, why);
  queue->probe = slot;
}

/* on an error the headers are still the caller's */
static rd_kafka_resp_err_t
hand_over (TribKafkaPublisher *p, TribKafkaOutgoing *r)
{
  /* 0 lets the client stamp its own time, now: Kafka has no records from before 1970, and brokers
   * refuse those of the future */
  gint64 now_ms = g_get_real_time () / 1000;
  gint64 t_ms = CLAMP (r->t_ns / 1000000, 0, now_ms);
  TribKafkaQueue *queue = queue_of (p, r->slot);
  rd_kafka_resp_err_t err = rd_kafka_producev (p->rk, RD_KAFKA_V_RKT (topic_of (p, r->slot)->rkt),
      RD_KAFKA_V_PARTITION (r->slot->partition), RD_KAFKA_V_MSGFLAGS (0),
      RD_KAFKA_V_KEY (r->key, r->key_size), RD_KAFKA_V_VALUE ((void *) r->value, r->size),
      RD_KAFKA_V_TIMESTAMP (t_ms), RD_KAFKA_V_HEADERS (r->headers), RD_KAFKA_V_OPAQUE (r->slot),
      RD_KAFKA_V_END);

  if (err)
    return err;
  if (queue->state == TRIB_KAFKA_QUEUE_COLD)
    begin_probe (p, r->slot, NULL);
  else if (r->alone)
    begin_probe (p, r->slot, "a record goes alone");
  note_company (queue, r->slot);
  queue->bytes += r->slot->whole;
  queue->burst -= MIN (queue->burst, r->slot->whole);
  queue->n_out++;
  p->n_slots++;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/**
 * trib_kafka_queues_send:
 * @p: a publisher, locked
 * @record: what to produce; key and value must stay until the slot's report, the headers are taken
 *
 * Returns: 0 when a report of the slot will follow, else why not
 */
rd_kafka_resp_err_t
trib_kafka_queues_send (TribKafkaPublisher *p, TribKafkaOutgoing *record)
{
  TribKafkaQueue *queue = queue_of (p, record->slot);

  record->slot->queued_us = g_get_monotonic_time ();
  record->slot->number = queue->n_sent++;
  if (queue->records.length == 0 && queue->again.length == 0 && !must_wait (p, record)) {
    rd_kafka_resp_err_t err = hand_over (p, record);
    if (!must_keep (p, record->slot, err)) {
      if (err)
        g_clear_pointer (&record->headers, rd_kafka_headers_destroy);
      return err;
    }
  }
  g_queue_push_tail (&queue->records, g_memdup2 (record, sizeof *record));
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* what the client has not taken has its report here; that may send further records */
static void
withdraw (TribKafkaPublisher *p, TribKafkaOutgoing *record, rd_kafka_resp_err_t err)
{
  TribKafkaReport report = { err, -1, RD_KAFKA_MSG_STATUS_NOT_PERSISTED, record->size };
  TribKafkaSlot *slot = record->slot;

  g_clear_pointer (&record->headers, rd_kafka_headers_destroy);
  g_free (record);
  trib_kafka_delivery_settle_slot (p, slot, &report);
}

static void
hand_over_head (TribKafkaPublisher *p, GQueue *records)
{
  TribKafkaOutgoing *record = g_queue_peek_head (records);
  rd_kafka_resp_err_t err = hand_over (p, record);

  if (must_keep (p, record->slot, err))
    return;
  g_queue_pop_head (records);
  if (err)
    withdraw (p, record, err);
  else
    g_free (record);
}

static GQueue *
next_records (TribKafkaQueue *queue)
{
  return queue->again.length > 0 ? &queue->again : &queue->records;
}

/* A refusal may send further records, but never moves the queues: their number only grows in
 * preflight. */
static void
pump (TribKafkaPublisher *p, TribKafkaQueue *queue)
{
  TribKafkaOutgoing *record;

  if (queue->n_out < WINDOW)
    queue->burst = p->batch_size;
  while ((record = g_queue_peek_head (next_records (queue))) != NULL && !must_wait (p, record))
    hand_over_head (p, next_records (queue));
  queue->burst = 0;
}

/* reports are nearly always in order */
static void
put_back (TribKafkaQueue *queue, TribKafkaOutgoing *record)
{
  GList *link = queue->again.tail;

  while (link && ((TribKafkaOutgoing *) link->data)->slot->number > record->slot->number)
    link = link->prev;
  if (link)
    g_queue_insert_after (&queue->again, link, record);
  else
    g_queue_push_head (&queue->again, record);
}

/**
 * trib_kafka_queues_again:
 * @p: a publisher, locked
 * @slot: of a record that was refused together with others, because its topic is away, or by a
 *   client that has ended itself
 * @refused: the client's report
 *
 * Keeps the record at its place, to go again: alone when it was refused with others. Once it goes
 * so it is not shared, so this happens to a record once. trib_kafka_queues_reported() must follow.
 */
void
trib_kafka_queues_again (
    TribKafkaPublisher *p, TribKafkaSlot *slot, const rd_kafka_message_t *refused)
{
  TribKafkaOutgoing *record = g_new (TribKafkaOutgoing, 1);

  *record = (TribKafkaOutgoing){ .slot = slot, .value = refused->payload, .size = refused->len };
  if (slot->frame) {
    record->key = trib_kafka_pending_key (slot->frame, &record->key_size);
    record->t_ns = slot->frame->desc.t_ns;
  } else {
    record->key = ((TribKafkaLossRecord *) slot)->id;
    record->key_size = strlen (record->key);
  }
  rd_kafka_message_detach_headers ((rd_kafka_message_t *) refused, &record->headers);
  slot->maybe |= rd_kafka_message_status (refused) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
  if (trib_kafka_queues_is_away (refused->err)) {
    note_away (p, slot, refused->err);
  } else if (p->renewing) {
    p->stats.retried_client++;
  } else {
    record->alone = TRUE;
    p->stats.retried_alone++;
  }
  put_back (queue_of (p, slot), record);
}

/**
 * trib_kafka_queues_reported:
 * @p: a publisher, locked
 * @slot: of the record
 * @known: whether the broker reported its offset
 *
 * To be called with each report of the client.
 */
void
trib_kafka_queues_reported (TribKafkaPublisher *p, TribKafkaSlot *slot, gboolean known)
{
  TribKafkaQueue *queue = queue_of (p, slot);

  queue->bytes -= slot->whole;
  queue->n_out--;
  if (slot == queue->sole)
    queue->sole = NULL;
  /* After a failure the client may go on as a new producer, which the broker does not know:
   * reports of what was on its way before mean nothing for that one. */
  if (slot == queue->probe) {
    queue->probe = NULL;
    set_state (topic_of (p, slot), queue, known ? TRIB_KAFKA_QUEUE_WARM : TRIB_KAFKA_QUEUE_COLD,
        known ? NULL : "the first record was not acknowledged");
  } else if (queue->state == TRIB_KAFKA_QUEUE_WARM && !known) {
    set_state (topic_of (p, slot), queue, TRIB_KAFKA_QUEUE_COLD, "a record was not acknowledged");
  }
  pump (p, queue);
}

/**
 * trib_kafka_queues_resume:
 * @p: a publisher, locked, that is held no longer
 *
 * Hands over what was kept back.
 */
void
trib_kafka_queues_resume (TribKafkaPublisher *p)
{
  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++)
    for (gint32 i = 0; i < p->topics[t].n_queues; i++)
      pump (p, &p->topics[t].queues[i]);
}

/**
 * trib_kafka_queues_return:
 * @p: a publisher, locked
 * @topic: one that is there, perhaps again
 */
void
trib_kafka_queues_return (TribKafkaPublisher *p, TribKafkaTopic topic)
{
  TribKafkaTopicState *state = &p->topics[topic];

  if (!state->away)
    return;
  state->away = RD_KAFKA_RESP_ERR_NO_ERROR;
  PUBLISHER_LOG (p, TRIB_LOG_DEBUG, "topic %s is there again", state->name);
  for (gint32 i = 0; i < state->n_queues; i++)
    pump (p, &state->queues[i]);
}

/* only what is there now: a purged frame may add a loss record */
static void
purge_records (TribKafkaPublisher *p, gboolean with_loss_records, GQueue *records)
{
  GList *link = records->head, *next;

  for (guint n = records->length; n > 0; n--, link = next) {
    TribKafkaOutgoing *record = link->data;
    next = link->next;
    if (record->slot->frame == NULL && !with_loss_records)
      continue;
    g_queue_delete_link (records, link);
    withdraw (p, record, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  }
}

/**
 * trib_kafka_queues_purge:
 * @p: a publisher, locked
 * @with_loss_records: not only what its frames have here
 *
 * What @p has here that has not reached the client is reported as purged from the queue, as the
 * client would.
 */
void
trib_kafka_queues_purge (TribKafkaPublisher *p, gboolean with_loss_records)
{
  /* from the registry back to what it links: loss records of what is purged here stay */
  for (gint t = TRIB_KAFKA_N_TOPICS - 1; t >= 0; t--)
    for (gint32 i = 0; i < p->topics[t].n_queues; i++) {
      purge_records (p, with_loss_records, &p->topics[t].queues[i].again);
      purge_records (p, with_loss_records, &p->topics[t].queues[i].records);
    }
}

static void
expire_records (TribKafkaPublisher *p, GQueue *records, gint64 limit, rd_kafka_resp_err_t err)
{
  TribKafkaOutgoing *record;

  while ((record = g_queue_peek_head (records)) != NULL && record->slot->queued_us <= limit)
    withdraw (p, g_queue_pop_head (records), err);
}

/**
 * trib_kafka_queues_expire:
 * @p: a publisher, locked
 * @limit: monotonic time, us
 *
 * Records that have waited in a queue since @limit or longer are reported as timed out, or as
 * without a topic: one that the client has fails after its own time, but those behind it must not
 * each begin anew.
 */
void
trib_kafka_queues_expire (TribKafkaPublisher *p, gint64 limit)
{
  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++) {
    const TribKafkaTopicState *topic = &p->topics[t];
    rd_kafka_resp_err_t err = topic->away ? topic->away : RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
    for (gint32 i = 0; i < topic->n_queues; i++) {
      expire_records (p, &topic->queues[i].again, limit, err);
      expire_records (p, &topic->queues[i].records, limit, err);
    }
  }
}
