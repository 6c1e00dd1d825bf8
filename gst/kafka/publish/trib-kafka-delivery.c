/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a taken frame to its outcome: hand its records to the client, read the reports, commit.
 * Everything here runs with the publisher's lock held but trib_kafka_delivery_report(), which takes
 * it. Producing under the lock is safe: the client never calls back from rd_kafka_producev(). */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#include <common/trib-crc32c.h>
#include <kafka/layout/trib-kafka-content.h>

static TribKafkaFailed
reason_of (rd_kafka_resp_err_t err)
{
  switch (err) {
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
      return TRIB_KAFKA_FAILED_TIMED_OUT;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return TRIB_KAFKA_FAILED_TOO_LARGE;
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
      return TRIB_KAFKA_FAILED_PURGED;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return TRIB_KAFKA_FAILED_NOT_AUTHORIZED;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__DESTROY: /* of its partition's handle */
      return TRIB_KAFKA_FAILED_UNKNOWN_TOPIC;
    default:
      return TRIB_KAFKA_FAILED_REFUSED;
  }
}

static void
break_frame (TribKafkaPending *frame, TribKafkaFailed reason, gchar *message)
{
  if (frame->broken) {
    g_free (message);
    return;
  }
  frame->broken = TRUE;
  frame->reason = reason;
  frame->message = message;
}

static void
finish_if_broken (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  if (frame->broken && frame->n_outstanding == 0) {
    g_autofree gchar *message = g_steal_pointer (&frame->message);
    trib_kafka_settle_failed (p, frame, frame->reason, message);
  }
}

static void
send_record (TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaTopic topic,
    const void *value, gsize size, rd_kafka_headers_t *headers)
{
  TribKafkaOutgoing record = {
    .slot = &frame->slots[topic],
    .t_ns = frame->desc.t_ns,
    .value = value,
    .size = size,
    .headers = headers,
  };
  rd_kafka_resp_err_t err;

  record.key = trib_kafka_pending_key (frame, &record.key_size);
  frame->slots[topic] = (TribKafkaSlot){
    .frame = frame,
    .kind = topic,
    .partition = frame->partition,
    .whole = trib_kafka_pending_whole (frame, size),
  };
  err = trib_kafka_queues_send (p, &record);
  if (err) {
    break_frame (frame, reason_of (err),
        g_strdup_printf ("the client refused the %s record of %" G_GSIZE_FORMAT " bytes: %s",
            p->topics[topic].name, size, rd_kafka_err2str (err)));
  } else {
    frame->n_outstanding++;
  }
}

static gboolean
fits_topic (TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaTopic topic, gsize size,
    gchar **ret_message)
{
  gsize whole = trib_kafka_pending_whole (frame, size);
  guint64 max_bytes = p->topics[topic].max_bytes;

  if (max_bytes == 0 || whole <= max_bytes)
    return TRUE;
  *ret_message
      = g_strdup_printf ("a record of %" G_GSIZE_FORMAT " bytes does not fit the topic %s: its "
                         "max.message.bytes is %" G_GUINT64_FORMAT
                         ", and with key and headers the record needs up to %" G_GSIZE_FORMAT,
          size, p->topics[topic].name, max_bytes, whole);
  return FALSE;
}

static void
send_single (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  gboolean legacy = frame->form == TRIB_KAFKA_FORM_LEGACY;
  g_autofree gchar *message = NULL;
  gsize size;
  const void *data;

  if (legacy) {
    data = frame->json->str;
    size = frame->json->len;
  } else {
    data = g_bytes_get_data (frame->payload, &size);
  }
  if (!fits_topic (p, frame, TRIB_KAFKA_TOPIC_SINGLE, size, &message))
    break_frame (frame, TRIB_KAFKA_FAILED_TOO_LARGE, g_steal_pointer (&message));
  else
    send_record (p, frame, TRIB_KAFKA_TOPIC_SINGLE, data, size,
        legacy
            ? trib_kafka_pending_headers (frame, TRIB_KAFKA_CONTENT_JSON, frame->json_crc32c, NULL)
            : g_steal_pointer (&frame->headers));
}

static void
send_binary (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  g_autofree gchar *message = NULL;
  gsize size;
  const void *data = g_bytes_get_data (frame->payload, &size);

  if (!fits_topic (p, frame, TRIB_KAFKA_TOPIC_BINARY, size, &message)) {
    break_frame (frame, TRIB_KAFKA_FAILED_TOO_LARGE, g_steal_pointer (&message));
    return;
  }
  send_record (p, frame, TRIB_KAFKA_TOPIC_BINARY, data, size,
      trib_kafka_pending_headers (
          frame, frame->desc.content_type, frame->crc32c, frame->desc.caps));
  if (!frame->broken)
    send_record (p, frame, TRIB_KAFKA_TOPIC_METADATA, frame->json->str, frame->json->len,
        trib_kafka_pending_headers (frame, TRIB_KAFKA_CONTENT_JSON, frame->json_crc32c, NULL));
}

static void
send_frame (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  g_queue_unlink (&p->waiting, &frame->link);
  p->stats.waiting--;
  frame->partition = trib_kafka_pending_choose_partition (p, frame);
  g_queue_push_tail_link (&p->sent, &frame->link);
  p->client_bytes += frame->cost;
  FRAME_LOG (frame, TRIB_LOG_LOG, "sent to partition %d", frame->partition);
  if (frame->form == TRIB_KAFKA_FORM_BINARY)
    send_binary (p, frame);
  else
    send_single (p, frame);
  finish_if_broken (p, frame);
}

static gboolean
may_send (const TribKafkaPublisher *p, const TribKafkaPending *frame)
{
  return !p->fatal && !p->giving_up && p->ready[trib_kafka_pending_group (frame)]
         && trib_kafka_admission_in_client (p, frame->cost);
}

/**
 * trib_kafka_delivery_dispatch:
 * @p: a publisher, locked
 *
 * Hands waiting frames to the client while its half of the bound has space. What the client holds
 * cannot be taken back, so the rest of the bound is kept here, where a drop policy can choose.
 */
void
trib_kafka_delivery_dispatch (TribKafkaPublisher *p)
{
  while (p->waiting.head && may_send (p, p->waiting.head->data))
    send_frame (p, p->waiting.head->data);
}

/* counts what a frame holds and puts it in the queue */
void
trib_kafka_delivery_take (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  TribKafkaStats *a = &p->stats;

  FRAME_LOG (frame, TRIB_LOG_LOG, "taken: %" G_GSIZE_FORMAT " bytes, %" G_GUINT64_FORMAT " pending",
      frame->size, a->pending);
  frame->link.data = frame;
  a->pending_bytes += frame->cost;
  a->max_pending_bytes = MAX (a->max_pending_bytes, a->pending_bytes);
  if (frame->payload) {
    a->pinned_bytes += frame->held;
    a->pinned_buffers++;
  }
  a->waiting++;
  p->wanted[trib_kafka_pending_group (frame)] = TRUE;
  g_queue_push_tail_link (&p->waiting, &frame->link);
  trib_kafka_delivery_dispatch (p);
}

/* whether its topics were there, and one of them has stayed away */
static gboolean
is_group_away (const TribKafkaPublisher *p, TribKafkaGroup group)
{
  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++)
    if (trib_kafka_topic_group (t) == group
        && p->topics[t].away == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
      return TRUE;
  return FALSE;
}

/**
 * trib_kafka_delivery_expire:
 * @p: a publisher, locked
 * @now: monotonic time, us
 *
 * Fails frames that have waited longer than the delivery timeout.
 */
void
trib_kafka_delivery_expire (TribKafkaPublisher *p, gint64 now)
{
  guint timeout_ms = p->config.delivery_timeout_ms;
  gint64 limit = now - (gint64) timeout_ms * 1000;
  GList *link;

  while ((link = p->waiting.head) != NULL && ((TribKafkaPending *) link->data)->taken_us <= limit) {
    const gchar *why = trib_kafka_publisher_why (p);
    TribKafkaGroup group = trib_kafka_pending_group (link->data);
    gboolean away = is_group_away (p, group);
    g_autofree gchar *message = g_strdup_printf ("not sent within %u ms: %s", timeout_ms,
        why    ? why
        : away ? "one of its topics is not there any more"
               : "the broker did not take earlier frames");
    trib_kafka_settle_failed (p, link->data,
        away ? TRIB_KAFKA_FAILED_UNKNOWN_TOPIC : TRIB_KAFKA_FAILED_TIMED_OUT, message);
  }
}

static void
commit (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  TribKafkaEntry entry;

  FRAME_LOG (frame, TRIB_LOG_LOG, "bytes and metadata are acknowledged: sending the entry");
  trib_kafka_pending_entry (p, frame, &entry);
  frame->registry = g_string_sized_new (768);
  trib_kafka_layout_registry (frame->registry, &entry);
  send_record (p, frame, TRIB_KAFKA_TOPIC_REGISTRY, frame->registry->str, frame->registry->len,
      trib_kafka_pending_headers (frame, TRIB_KAFKA_CONTENT_JSON,
          trib_crc32c (0, frame->registry->str, frame->registry->len), NULL));
  if (frame->broken)
    frame->reason = TRIB_KAFKA_FAILED_REGISTRY;
}

static gchar *
describe_failure (const TribKafkaPublisher *p, TribKafkaTopic topic, const TribKafkaReport *report)
{
  const gchar *why
      = report->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ? trib_kafka_publisher_why (p) : NULL;
  const gchar *maybe = report->status == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
                           ? "; it may have been written all the same"
                           : "";

  return g_strdup_printf ("the record of %" G_GSIZE_FORMAT
                          " bytes for %s was not acknowledged: %s%s%s%s",
      report->size, p->topics[topic].name, rd_kafka_err2str (report->err), maybe, why ? ": " : "",
      why ? why : "");
}

/* a registry entry that failed is a reason of its own, unless it was given up with the rest */
static TribKafkaFailed
reason_of_report (TribKafkaTopic topic, const TribKafkaReport *report)
{
  if (topic != TRIB_KAFKA_TOPIC_REGISTRY || report->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE
      || report->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    return reason_of (report->err);
  return TRIB_KAFKA_FAILED_REGISTRY;
}

static void
take_report (TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaTopic topic,
    const TribKafkaReport *report)
{
  gboolean committing = topic == TRIB_KAFKA_TOPIC_REGISTRY;

  if (report->err) {
    frame->maybe_linked = committing && report->status == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
    break_frame (frame, reason_of_report (topic, report), describe_failure (p, topic, report));
  } else if (report->offset < 0) {
    /* The client takes it for done but does not know where it is; it may not be there at all (see
     * trib-kafka-queues.c). A LINKED entry that leads nowhere would be worse than none. */
    frame->maybe_linked = committing;
    break_frame (frame, committing ? TRIB_KAFKA_FAILED_REGISTRY : TRIB_KAFKA_FAILED_REFUSED,
        g_strdup_printf ("the record of %" G_GSIZE_FORMAT
                         " bytes for %s was acknowledged without its offset; it may be there",
            report->size, p->topics[topic].name));
  } else {
    frame->offsets[topic] = report->offset;
    if (topic == TRIB_KAFKA_TOPIC_BINARY || topic == TRIB_KAFKA_TOPIC_SINGLE)
      trib_kafka_settle_payload (p, frame);
  }
}

static void
report_frame (TribKafkaPublisher *p, TribKafkaSlot *slot, const TribKafkaReport *report)
{
  TribKafkaPending *frame = slot->frame;
  TribKafkaTopic topic = slot->kind;

  frame->n_outstanding--;
  take_report (p, frame, topic, report);
  if (frame->n_outstanding > 0)
    return;
  if (!frame->broken && frame->form == TRIB_KAFKA_FORM_BINARY
      && topic != TRIB_KAFKA_TOPIC_REGISTRY) {
    if (p->closing)
      break_frame (frame, TRIB_KAFKA_FAILED_PURGED,
          g_strdup ("given up before its registry entry was sent: the sink stopped"));
    else
      commit (p, frame);
  } else if (!frame->broken) {
    trib_kafka_settle_acknowledged (p, frame);
    return;
  }
  finish_if_broken (p, frame);
}

/* the record of @slot has its outcome; @locks: requires the publisher's */
void
trib_kafka_delivery_settle_slot (
    TribKafkaPublisher *p, TribKafkaSlot *slot, const TribKafkaReport *last)
{
  TribKafkaReport report = *last;

  if (slot->maybe && report.err)
    report.status = RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
  if (slot->frame == NULL)
    trib_kafka_settle_loss_record (p, (TribKafkaLossRecord *) slot, &report);
  else
    report_frame (p, slot, &report);
}

/* what was wrong is over */
static void
note_progress (TribKafkaPublisher *p)
{
  TribLinkEvent event;

  g_clear_pointer (&p->client_why, g_free);
  g_clear_pointer (&p->topic_why, g_free);
  if (trib_link_progress (&p->link, g_get_monotonic_time (), &event))
    trib_kafka_notify_link (p, &event);
}

/* librdkafka 2.6 and later: of the records beside the one that the broker names */
#define INVALID_DIFFERENT_RECORD (-138)

/* Whether a broker's answer may be about another record of the same batch. What is said of the
 * client or its topic holds for each record. */
static gboolean
is_verdict_of_batch (const TribKafkaReport *report)
{
  switch (report->err) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
      return FALSE;
    /* it is there, or it may be: no refusal */
    case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return report->status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    /* A batch whose first answer was lost is refused by what holds now, before the broker compares
     * sequence numbers: it may be there or not. A copy is recognised by its frame id, a loss is
     * final. */
    default:
      return report->err > 0 || report->err == RD_KAFKA_RESP_ERR_UNKNOWN
             || (gint) report->err == INVALID_DIFFERENT_RECORD;
  }
}

/* Whether a refused record goes again before it is judged: alone, to a topic that was there and may
 * be there again, or by another client when this one has ended itself, whatever it says of what it
 * had. What is being given up is not sent again; a refusal with others proves nothing about it. */
static gboolean
goes_again (TribKafkaPublisher *p, TribKafkaSlot *slot, const rd_kafka_message_t *msg,
    TribKafkaReport *report)
{
  gboolean away = trib_kafka_queues_is_away (report->err);
  gboolean renewing = p->renewing && report->err != RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;

  p->ask_limits |= report->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  if (!away && !renewing && !(slot->shared && is_verdict_of_batch (report)))
    return FALSE;
  if (p->fatal || p->closing || (p->giving_up && slot->frame)) {
    if (!away)
      report->err = RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
    return FALSE;
  }
  trib_kafka_queues_again (p, slot, msg);
  return TRUE;
}

/**
 * trib_kafka_delivery_report:
 *
 * The client's delivery report callback.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 */
void
trib_kafka_delivery_report (rd_kafka_t *rk, const rd_kafka_message_t *msg, void *opaque)
{
  TribKafkaPublisher *p = opaque;
  TribKafkaSlot *slot = msg->_private;
  TribKafkaReport report = { msg->err, msg->offset, rd_kafka_message_status (msg), msg->len };
  gboolean again;

  g_mutex_lock (&p->lock);
  p->reporting = TRUE;
  p->n_slots--;
  if (!msg->err)
    note_progress (p);
  if (slot->kind == TRIB_KAFKA_TOPIC_RUNS) {
    trib_kafka_runs_reported (p, slot, &report);
  } else {
    again = msg->err && goes_again (p, slot, msg, &report);
    trib_kafka_queues_reported (p, slot, !msg->err && msg->offset >= 0);
    if (!again)
      trib_kafka_delivery_settle_slot (p, slot, &report);
  }
  trib_kafka_delivery_dispatch (p);
  p->reporting = FALSE;
  g_mutex_unlock (&p->lock);
}
