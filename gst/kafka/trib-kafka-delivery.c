/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a taken frame to its outcome: hand its records to the client, read the reports, commit.
 * Everything here runs with the publisher's lock held but trib_kafka_delivery_report(), which takes
 * it. Producing under the lock is safe: the client never calls back from rd_kafka_producev(). */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#include "trib-crc32c.h"
#include "trib-kafka-partition.h"

/* beyond the value: batch header 61, record framing 40, nine headers' framing; rounded up */
#define RECORD_OVERHEAD_BYTES 512

void
trib_kafka_frame_free (Frame *frame)
{
  g_free (frame->id);
  g_ref_string_release (frame->session);
  g_ref_string_release (frame->stream);
  if (frame->caps)
    g_ref_string_release (frame->caps);
  g_clear_pointer (&frame->payload, g_bytes_unref);
  if (frame->json)
    g_string_free (frame->json, TRUE);
  if (frame->registry)
    g_string_free (frame->registry, TRUE);
  g_free (frame->message);
  g_free (frame);
}

static void
release_payload (TribKafkaPublisher *p, Frame *frame)
{
  if (frame->payload == NULL)
    return;
  p->accounts.pinned_bytes -= frame->held;
  p->accounts.pinned_buffers--;
  g_ptr_array_add (p->released, g_steal_pointer (&frame->payload));
}

static void
give_back (TribKafkaPublisher *p, Frame *frame, guint64 bytes)
{
  bytes = MIN (bytes, frame->cost);
  frame->cost -= bytes;
  p->accounts.pending_bytes -= bytes;
  if (frame->partition >= 0)
    p->client_bytes -= bytes;
}

/* the frame has its outcome; one that never found room is in no queue and holds nothing */
static void
settle (TribKafkaPublisher *p, Frame *frame)
{
  if (frame->link.data) {
    gboolean was_sent = frame->partition >= 0;
    release_payload (p, frame);
    give_back (p, frame, frame->cost);
    g_queue_unlink (was_sent ? &p->sent : &p->waiting, &frame->link);
    p->accounts.waiting -= !was_sent;
  }
  p->accounts.pending--;
  trib_kafka_frame_free (frame);
  g_cond_broadcast (&p->changed);
}

static void
note_loss (TribKafkaPublisher *p, const Frame *frame, const gchar *message)
{
  TribKafkaLosses *l = &p->losses;

  if (l->n_named < TRIB_KAFKA_LOSSES_NAMED)
    l->frame_ids[l->n_named++] = g_strdup (frame->id);
  g_free (l->message);
  l->message = g_strdup (message);
}

static rd_kafka_headers_t *
make_headers (const Frame *frame, const gchar *content_type, guint32 crc32c, const gchar *caps)
{
  rd_kafka_headers_t *headers = rd_kafka_headers_new (6);
  gchar number[32];

  rd_kafka_header_add (headers, "frame-id", -1, frame->id, -1);
  g_snprintf (number, sizeof number, "%" G_GUINT64_FORMAT, frame->sequence);
  rd_kafka_header_add (headers, "sequence", -1, number, -1);
  rd_kafka_header_add (headers, "content-type", -1, content_type, -1);
  g_snprintf (number, sizeof number, "%u", crc32c);
  rd_kafka_header_add (headers, "crc32c", -1, number, -1);
  rd_kafka_header_add (headers, "time-source", -1, frame->time_source, -1);
  if (caps)
    rd_kafka_header_add (headers, "caps", -1, caps, -1);
  return headers;
}

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
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return TRIB_KAFKA_FAILED_NOT_AUTHORIZED;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return TRIB_KAFKA_FAILED_UNKNOWN_TOPIC;
    default:
      return TRIB_KAFKA_FAILED_REFUSED;
  }
}

static void
fill_entry (const TribKafkaPublisher *p, const Frame *frame, TribKafkaEntry *entry)
{
  *entry = (TribKafkaEntry){
    .frame_id = frame->id,
    .session = frame->session,
    .stream = frame->stream,
    .index = frame->index,
    .t_ns = frame->t_ns,
    .format = frame->format,
    .original_size = frame->original_size,
    .size = frame->size,
    .created_at_ns = g_get_real_time () * 1000,
    .metadata = { p->topics[TRIB_KAFKA_TOPIC_METADATA], frame->partition,
        frame->offsets[TRIB_KAFKA_TOPIC_METADATA], frame->json_crc32c },
    .binary = { p->topics[TRIB_KAFKA_TOPIC_BINARY], frame->partition,
        frame->offsets[TRIB_KAFKA_TOPIC_BINARY], frame->crc32c },
  };
  if (entry->metadata.offset < 0)
    entry->metadata.partition = -1;
  if (entry->binary.offset < 0)
    entry->binary.partition = -1;
}

static gint32
partition_of (const TribKafkaPublisher *p, const Frame *frame)
{
  gint32 n = p->n_partitions[frame->legacy ? GROUP_LEGACY : GROUP_BINARY];
  g_autofree gchar *key = NULL;

  if (p->config.partition_by_frame)
    return trib_kafka_partition_for (frame->id, strlen (frame->id), n);
  key = g_strdup_printf ("%s_%s", frame->session, frame->stream);
  return trib_kafka_partition_for (key, strlen (key), n);
}

static void
loss_record_free (LossRecord *loss)
{
  g_string_free (loss->json, TRUE);
  g_free (loss->id);
  g_free (loss);
}

/* A lost frame leaves a registry entry, so that a reader can tell "lost" from "late". It is written
 * as well as can be: how many were and were not is counted. */
static void
write_loss_record (TribKafkaPublisher *p, Frame *frame, const gchar *reason, const gchar *message)
{
  LossRecord *loss;
  TribKafkaEntry entry;
  Record record;

  if (frame->legacy)
    return;
  /* a FAILED entry beside a LINKED one that did arrive would be worse than none */
  if (!p->ready[GROUP_BINARY] || p->fatal || p->closing || frame->maybe_linked
      || p->accounts.loss_records_pending >= MAX_LOSS_RECORDS) {
    p->accounts.loss_records_failed++;
    return;
  }
  fill_entry (p, frame, &entry);
  entry.error_reason = reason;
  entry.error_message = message;
  loss = g_new0 (LossRecord, 1);
  loss->slot.topic = TRIB_KAFKA_TOPIC_REGISTRY;
  loss->id = g_strdup (frame->id);
  loss->json = g_string_sized_new (768);
  trib_kafka_layout_registry (loss->json, &entry);
  record = (Record){ TRIB_KAFKA_TOPIC_REGISTRY,
    frame->partition < 0 ? partition_of (p, frame) : frame->partition, loss->id, frame->t_ns,
    loss->json->str, loss->json->len,
    make_headers (
        frame, "application/json", trib_crc32c (0, loss->json->str, loss->json->len), NULL),
    &loss->slot };
  if (trib_kafka_lanes_send (p, &record)) {
    p->accounts.loss_records_failed++;
    loss_record_free (loss);
  } else {
    p->accounts.loss_records_pending++;
  }
}

/* counts a frame as failed, says so in the registry, and lets it go; no record of it is outstanding
 */
void
trib_kafka_delivery_fail (
    TribKafkaPublisher *p, Frame *frame, TribKafkaFailed reason, const gchar *message)
{
  p->accounts.failed[reason]++;
  p->losses.failed[reason]++;
  if (reason == TRIB_KAFKA_FAILED_NOT_AUTHORIZED || reason == TRIB_KAFKA_FAILED_UNKNOWN_TOPIC)
    p->ask_again = TRUE;
  note_loss (p, frame, message);
  write_loss_record (p, frame, trib_kafka_failed_to_string (reason), message);
  settle (p, frame);
}

/* the same for a frame that the overflow policy gives up */
void
trib_kafka_delivery_drop (
    TribKafkaPublisher *p, Frame *frame, TribKafkaDropped reason, const gchar *message)
{
  g_autofree gchar *word = g_strconcat ("dropped-", trib_kafka_dropped_to_string (reason), NULL);

  p->accounts.dropped[reason]++;
  p->losses.dropped[reason]++;
  note_loss (p, frame, message);
  write_loss_record (p, frame, word, message);
  settle (p, frame);
}

static void
break_frame (Frame *frame, TribKafkaFailed reason, gchar *message)
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
finish_if_broken (TribKafkaPublisher *p, Frame *frame)
{
  if (frame->broken && frame->n_outstanding == 0) {
    g_autofree gchar *message = g_steal_pointer (&frame->message);
    trib_kafka_delivery_fail (p, frame, frame->reason, message);
  }
}

static void
send_record (TribKafkaPublisher *p, Frame *frame, TribKafkaTopic topic, const void *value,
    gsize size, rd_kafka_headers_t *headers)
{
  Record record = { topic, frame->partition, frame->id, frame->t_ns, value, size, headers,
    &frame->slots[topic] };
  rd_kafka_resp_err_t err;

  frame->slots[topic] = (Slot){ topic, frame };
  err = trib_kafka_lanes_send (p, &record);
  if (err) {
    break_frame (frame, reason_of (err),
        g_strdup_printf ("the client refused the %s record of %" G_GSIZE_FORMAT " bytes: %s",
            p->topics[topic], size, rd_kafka_err2str (err)));
  } else {
    frame->n_outstanding++;
  }
}

static gboolean
fits (TribKafkaPublisher *p, Frame *frame, TribKafkaTopic topic, gsize size, gchar **ret_message)
{
  gsize whole = size + RECORD_OVERHEAD_BYTES + strlen (frame->id) * 2
                + (frame->caps ? strlen (frame->caps) : 0);

  if (p->broker_max_bytes[topic] == 0 || whole <= p->broker_max_bytes[topic])
    return TRUE;
  *ret_message
      = g_strdup_printf ("a record of %" G_GSIZE_FORMAT " bytes does not fit the topic %s: its "
                         "max.message.bytes is %" G_GUINT64_FORMAT
                         ", and with key and headers the record needs up to %" G_GSIZE_FORMAT,
          size, p->topics[topic], p->broker_max_bytes[topic], whole);
  return FALSE;
}

static void
send_frame (TribKafkaPublisher *p, Frame *frame)
{
  gsize size = 0;
  const void *data = frame->payload ? g_bytes_get_data (frame->payload, &size) : NULL;
  TribKafkaTopic first = frame->legacy ? TRIB_KAFKA_TOPIC_LEGACY : TRIB_KAFKA_TOPIC_BINARY;
  gsize first_size = frame->legacy ? frame->json->len : size;
  g_autofree gchar *message = NULL;

  g_queue_unlink (&p->waiting, &frame->link);
  p->accounts.waiting--;
  frame->partition = partition_of (p, frame);
  g_queue_push_tail_link (&p->sent, &frame->link);
  p->client_bytes += frame->cost;
  if (!fits (p, frame, first, first_size, &message)) {
    break_frame (frame, TRIB_KAFKA_FAILED_TOO_LARGE, g_steal_pointer (&message));
  } else if (frame->legacy) {
    send_record (p, frame, TRIB_KAFKA_TOPIC_LEGACY, frame->json->str, frame->json->len,
        make_headers (frame, "application/json", frame->json_crc32c, NULL));
  } else {
    send_record (p, frame, TRIB_KAFKA_TOPIC_BINARY, data, size,
        make_headers (frame, frame->content_type, frame->crc32c, frame->caps));
    if (!frame->broken)
      send_record (p, frame, TRIB_KAFKA_TOPIC_METADATA, frame->json->str, frame->json->len,
          make_headers (frame, "application/json", frame->json_crc32c, NULL));
  }
  finish_if_broken (p, frame);
}

/**
 * trib_kafka_delivery_dispatch:
 * @p: a publisher, locked
 *
 * Hands waiting frames to the client while its share of the bound has room. What the client holds
 * cannot be taken back, so the rest of the bound is kept here, where a drop policy can choose.
 */
void
trib_kafka_delivery_dispatch (TribKafkaPublisher *p)
{
  guint64 share = p->config.max_pending_bytes / 2;
  GList *link;

  while ((link = p->waiting.head) != NULL && !p->fatal && !p->giving_up) {
    Frame *frame = link->data;
    if (!p->ready[frame->legacy ? GROUP_LEGACY : GROUP_BINARY]
        || (p->client_bytes > 0 && p->client_bytes + frame->cost > share))
      return;
    send_frame (p, frame);
  }
}

/**
 * trib_kafka_delivery_expire:
 * @p: a publisher, locked
 * @now: monotonic time, us
 *
 * Fails frames that have waited longer than the delivery timeout, here or in a lane.
 */
void
trib_kafka_delivery_expire (TribKafkaPublisher *p, gint64 now)
{
  gint64 limit = now - (gint64) p->config.delivery_timeout_ms * 1000;
  GList *link;

  trib_kafka_lanes_expire (p, limit);
  while ((link = p->waiting.head) != NULL && ((Frame *) link->data)->taken_us <= limit) {
    g_autofree gchar *message = g_strdup_printf ("not sent within %u ms: %s",
        p->config.delivery_timeout_ms, p->why ? p->why : "the broker did not take earlier frames");
    trib_kafka_delivery_fail (p, link->data, TRIB_KAFKA_FAILED_TIMED_OUT, message);
  }
}

static void
commit (TribKafkaPublisher *p, Frame *frame)
{
  TribKafkaEntry entry;

  fill_entry (p, frame, &entry);
  frame->registry = g_string_sized_new (768);
  trib_kafka_layout_registry (frame->registry, &entry);
  send_record (p, frame, TRIB_KAFKA_TOPIC_REGISTRY, frame->registry->str, frame->registry->len,
      make_headers (frame, "application/json",
          trib_crc32c (0, frame->registry->str, frame->registry->len), NULL));
  if (frame->broken)
    frame->reason = TRIB_KAFKA_FAILED_REGISTRY;
}

static void
acknowledge (TribKafkaPublisher *p, Frame *frame)
{
  p->accounts.acknowledged++;
  p->accounts.bytes_acknowledged += frame->size;
  trib_kafka_accounts_add_latency (&p->accounts, g_get_monotonic_time () - frame->taken_us);
  settle (p, frame);
}

static gchar *
describe_failure (const TribKafkaPublisher *p, TribKafkaTopic topic, const Report *report)
{
  const gchar *maybe = report->status == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
                           ? "; it may have been written all the same"
                           : "";

  return g_strdup_printf ("the record of %" G_GSIZE_FORMAT
                          " bytes for %s was not acknowledged: %s%s",
      report->size, p->topics[topic], rd_kafka_err2str (report->err), maybe);
}

static void
report_loss_record (TribKafkaPublisher *p, Slot *slot, const Report *report)
{
  p->accounts.loss_records_pending--;
  if (report->err || report->offset < 0)
    p->accounts.loss_records_failed++;
  else
    p->accounts.loss_records++;
  loss_record_free ((LossRecord *) slot);
  g_cond_broadcast (&p->changed);
}

/* a registry entry that failed is a reason of its own, unless it was given up with the rest */
static TribKafkaFailed
reason_of_report (TribKafkaTopic topic, const Report *report)
{
  if (topic != TRIB_KAFKA_TOPIC_REGISTRY || report->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE
      || report->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    return reason_of (report->err);
  return TRIB_KAFKA_FAILED_REGISTRY;
}

static void
take_report (TribKafkaPublisher *p, Frame *frame, TribKafkaTopic topic, const Report *report)
{
  gboolean committing = topic == TRIB_KAFKA_TOPIC_REGISTRY;

  if (report->err) {
    frame->maybe_linked = committing && report->status == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
    break_frame (frame, reason_of_report (topic, report), describe_failure (p, topic, report));
  } else if (report->offset < 0) {
    /* The client takes it for done but cannot say where it is; it may not be there at all (see the lanes).
     * A LINKED entry that leads nowhere would be worse than none. */
    frame->maybe_linked = committing;
    break_frame (frame, committing ? TRIB_KAFKA_FAILED_REGISTRY : TRIB_KAFKA_FAILED_REFUSED,
        g_strdup_printf ("the record of %" G_GSIZE_FORMAT
                         " bytes for %s was acknowledged without its offset; it may be there",
            report->size, p->topics[topic]));
  } else {
    frame->offsets[topic] = report->offset;
    if (topic == TRIB_KAFKA_TOPIC_BINARY || topic == TRIB_KAFKA_TOPIC_LEGACY) {
      /* the broker has the bytes: upstream may have its buffer back before the registry entry is
       * written */
      release_payload (p, frame);
      give_back (p, frame, frame->legacy ? frame->json->len : frame->held);
      g_cond_broadcast (&p->changed);
    }
  }
}

static void
report_frame (TribKafkaPublisher *p, Slot *slot, const Report *report)
{
  Frame *frame = slot->frame;
  TribKafkaTopic topic = slot->topic;

  frame->n_outstanding--;
  take_report (p, frame, topic, report);
  if (frame->n_outstanding > 0)
    return;
  if (!frame->broken && !frame->legacy && topic != TRIB_KAFKA_TOPIC_REGISTRY) {
    commit (p, frame);
  } else if (!frame->broken) {
    acknowledge (p, frame);
    return;
  }
  finish_if_broken (p, frame);
}

/* the record of @slot has its outcome; @locks: requires the publisher's */
void
trib_kafka_delivery_settle_slot (TribKafkaPublisher *p, Slot *slot, const Report *report)
{
  if (slot->frame)
    report_frame (p, slot, report);
  else
    report_loss_record (p, slot, report);
}

/**
 * trib_kafka_delivery_report:
 *
 * The client's delivery report callback; the client's opaque is the publisher.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 */
void
trib_kafka_delivery_report (rd_kafka_t *rk, const rd_kafka_message_t *msg, void *opaque)
{
  TribKafkaPublisher *p = opaque;
  Slot *slot = msg->_private;
  TribKafkaTopic topic = slot->topic;
  Report report = { msg->err, msg->offset, rd_kafka_message_status (msg), msg->len };
  TribKafkaLinkEvent event;

  g_mutex_lock (&p->lock);
  p->n_slots--;
  if (!msg->err) {
    /* what was wrong is over */
    g_clear_pointer (&p->why, g_free);
    if (trib_kafka_link_progress (&p->link, g_get_monotonic_time (), &event))
      trib_kafka_publisher_queue_link_event (p, &event);
  }
  trib_kafka_lanes_reported (p, topic, msg->partition, !msg->err && msg->offset >= 0);
  trib_kafka_delivery_settle_slot (p, slot, &report);
  trib_kafka_delivery_dispatch (p);
  g_mutex_unlock (&p->lock);
}
