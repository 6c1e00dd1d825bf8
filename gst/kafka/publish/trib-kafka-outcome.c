/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outcome of a frame: counted once, told, written down, and its memory let go. Everything here
 * runs with the client's lock held. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#include <common/trib-crc32c.h>

/* the frame counts from here on: it has been taken, or is lost */
void
trib_kafka_outcome_count (TribKafkaPublisher *p, Frame *frame)
{
  p->accounts.produced++;
  p->accounts.bytes_produced += frame->size;
  p->accounts.pending++;
}

static void
give_back (TribKafkaPublisher *p, Frame *frame, guint64 bytes)
{
  TribKafkaClient *c = p->client;

  bytes = MIN (bytes, frame->cost);
  frame->cost -= bytes;
  p->accounts.pending_bytes -= bytes;
  c->pending_bytes -= bytes;
  if (frame->partition >= 0) {
    p->client_bytes -= bytes;
    c->client_bytes -= bytes;
  }
  trib_kafka_room_wake (c);
}

/* Nobody reads its payload any more: the client has had it acknowledged, or never had it. That is
 * before the registry entry is written, so upstream has its buffer back as early as that is safe. */
void
trib_kafka_outcome_release_payload (TribKafkaPublisher *p, Frame *frame)
{
  guint64 bytes = frame->kind == FRAME_LEGACY ? frame->json->len : frame->held;

  if (frame->payload) {
    p->accounts.pinned_bytes -= frame->held;
    p->accounts.pinned_buffers--;
    g_ptr_array_add (p->client->released, g_steal_pointer (&frame->payload));
  } else if (frame->kind != FRAME_LEGACY) {
    return;
  }
  give_back (p, frame, bytes);
}

/* the frame has its outcome; one that never found room is in no queue and holds nothing */
static void
settle (TribKafkaPublisher *p, Frame *frame)
{
  if (frame->link.data) {
    gboolean was_sent = frame->partition >= 0;
    trib_kafka_outcome_release_payload (p, frame);
    give_back (p, frame, frame->cost);
    g_queue_unlink (was_sent ? &p->sent : &p->waiting, &frame->link);
    p->accounts.waiting -= !was_sent;
  }
  p->accounts.pending--;
  trib_kafka_frame_free (frame);
  trib_kafka_room_settled (p);
}

static void
note_loss (TribKafkaPublisher *p, const Frame *frame, const gchar *message)
{
  TribKafkaLosses *l = &p->losses;

  if (l->n_named < TRIB_KAFKA_LOSSES_NAMED)
    l->frame_ids[l->n_named++] = g_strdup (frame->id);
  g_free (l->message);
  l->message = g_strdup (message);
  g_cond_signal (&p->tell);
}

static void
loss_record_free (LossRecord *loss)
{
  g_string_free (loss->json, TRUE);
  g_free (loss->id);
  g_free (loss);
}

static LossRecord *
make_loss_record (TribKafkaPublisher *p, Frame *frame, const gchar *reason, const gchar *message)
{
  LossRecord *loss = g_new0 (LossRecord, 1);
  TribKafkaEntry entry;

  trib_kafka_frame_entry (p, frame, &entry);
  entry.error_reason = reason;
  entry.error_message = message;
  loss->link.data = loss;
  loss->id = g_strdup (frame->id);
  loss->json = g_string_sized_new (768);
  trib_kafka_layout_registry (loss->json, &entry);
  loss->slot = (Slot){
    .owner = p,
    .topic = p->topics[TRIB_KAFKA_TOPIC_REGISTRY],
    .kind = TRIB_KAFKA_TOPIC_REGISTRY,
    .partition
    = frame->partition < 0 ? trib_kafka_frame_choose_partition (p, frame) : frame->partition,
    .whole = trib_kafka_frame_whole (frame, loss->json->len),
  };
  return loss;
}

/* A lost frame leaves a registry entry, so that a reader can tell "lost" from "late". It is written
 * as well as can be: how many were and were not is counted. */
static void
write_loss_record (TribKafkaPublisher *p, Frame *frame, const gchar *reason, const gchar *message)
{
  TribKafkaClient *c = p->client;
  LossRecord *loss;
  Record record;

  if (frame->kind != FRAME_BINARY)
    return;
  /* a FAILED entry beside a LINKED one that did arrive would be worse than none */
  if (!p->ready[GROUP_BINARY] || c->fatal || p->closing || frame->maybe_linked
      || c->n_loss_records >= MAX_LOSS_RECORDS) {
    p->accounts.loss_records_failed++;
    return;
  }
  loss = make_loss_record (p, frame, reason, message);
  record = (Record){
    .slot = &loss->slot,
    .key = loss->id,
    .key_size = strlen (loss->id),
    .t_ns = frame->t_ns,
    .value = loss->json->str,
    .size = loss->json->len,
    .headers = trib_kafka_frame_headers (
        frame, "application/json", trib_crc32c (0, loss->json->str, loss->json->len), NULL),
  };
  if (trib_kafka_lanes_send (c, &record)) {
    p->accounts.loss_records_failed++;
    loss_record_free (loss);
  } else {
    p->accounts.loss_records_pending++;
    c->n_loss_records++;
    g_queue_push_tail_link (&p->loss_records, &loss->link);
  }
}

/* the client's report of a loss record, or that of a lane */
void
trib_kafka_outcome_loss_reported (TribKafkaClient *c, LossRecord *loss, const Report *report)
{
  TribKafkaPublisher *p = loss->slot.owner;

  c->n_loss_records--;
  if (p) {
    p->accounts.loss_records_pending--;
    if (report->err || report->offset < 0)
      p->accounts.loss_records_failed++;
    else
      p->accounts.loss_records++;
    g_queue_unlink (&p->loss_records, &loss->link);
    trib_kafka_room_settled (p);
  }
  loss_record_free (loss);
}

/**
 * trib_kafka_outcome_fail:
 * @p: a publisher, its client locked
 * @frame: (transfer full): a frame without a record on its way
 * @reason: why
 * @message: why, for people
 *
 * Counts a frame as failed, says so in the registry, and lets it go.
 */
void
trib_kafka_outcome_fail (
    TribKafkaPublisher *p, Frame *frame, TribKafkaFailed reason, const gchar *message)
{
  p->accounts.failed[reason]++;
  p->losses.failed[reason]++;
  if (reason == TRIB_KAFKA_FAILED_NOT_AUTHORIZED || reason == TRIB_KAFKA_FAILED_UNKNOWN_TOPIC)
    p->client->ask_again = TRUE;
  note_loss (p, frame, message);
  write_loss_record (p, frame, trib_kafka_failed_to_string (reason), message);
  settle (p, frame);
}

/* the same for a frame that the overflow policy gives up */
void
trib_kafka_outcome_drop (
    TribKafkaPublisher *p, Frame *frame, TribKafkaDropped reason, const gchar *message)
{
  g_autofree gchar *word = g_strconcat ("dropped-", trib_kafka_dropped_to_string (reason), NULL);

  p->accounts.dropped[reason]++;
  p->losses.dropped[reason]++;
  note_loss (p, frame, message);
  write_loss_record (p, frame, word, message);
  settle (p, frame);
}

void
trib_kafka_outcome_acknowledge (TribKafkaPublisher *p, Frame *frame)
{
  p->accounts.acknowledged++;
  p->accounts.bytes_acknowledged += frame->size;
  trib_kafka_accounts_add_latency (&p->accounts, g_get_monotonic_time () - frame->taken_us);
  settle (p, frame);
}

/* Its outcome is counted now; the client goes on with its records, and reads its payload until their
 * reports come. That memory still counts against the client's bound. */
static void
orphan_frame (TribKafkaPublisher *p, Frame *frame)
{
  static const gchar given_up[]
      = "given up while it was on its way: it may be written all the same";
  TribKafkaClient *c = p->client;
  TribKafkaFailed reason = frame->broken ? frame->reason : TRIB_KAFKA_FAILED_PURGED;
  const gchar *message = frame->broken ? frame->message : given_up;

  /* its entry is on its way */
  frame->maybe_linked |= frame->registry != NULL;
  p->accounts.failed[reason]++;
  p->losses.failed[reason]++;
  note_loss (p, frame, message);
  write_loss_record (p, frame, trib_kafka_failed_to_string (reason), message);
  p->accounts.pending--;
  p->accounts.pending_bytes -= frame->cost;
  p->client_bytes -= frame->cost;
  if (frame->payload) {
    p->accounts.pinned_bytes -= frame->held;
    p->accounts.pinned_buffers--;
  }
  p->n_slots -= frame->n_outstanding;
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    frame->slots[i].owner = NULL;
  c->n_orphan_slots += frame->n_outstanding;
  c->orphan_bytes += frame->cost;
  g_queue_unlink (&p->sent, &frame->link);
  g_queue_push_tail_link (&c->orphans, &frame->link);
}

/**
 * trib_kafka_outcome_orphan:
 * @p: a publisher, its client locked, with nothing in lanes
 *
 * Gives up what the client has of @p, which others use. Where @p leaves, so do its loss records: they
 * may be written, but nobody will know.
 */
void
trib_kafka_outcome_orphan (TribKafkaPublisher *p)
{
  GList *link;

  while ((link = p->sent.head) != NULL)
    orphan_frame (p, link->data);
  while (p->end_leaves && (link = p->loss_records.head) != NULL) {
    LossRecord *loss = link->data;
    g_queue_unlink (&p->loss_records, link);
    loss->slot.owner = NULL;
    p->accounts.loss_records_pending--;
    p->accounts.loss_records_failed++;
  }
  if (p->end_leaves)
    p->n_slots = 0;
  trib_kafka_room_settled (p);
}

/* the client's report of a record of an orphan */
void
trib_kafka_outcome_orphan_reported (TribKafkaClient *c, Frame *frame, TribKafkaTopic topic)
{
  gboolean last = --frame->n_outstanding == 0;
  guint64 bytes = last ? frame->cost : 0;

  if (frame->payload && (last || topic == TRIB_KAFKA_TOPIC_BINARY)) {
    bytes = last ? frame->cost : MIN (frame->held, frame->cost);
    g_ptr_array_add (c->released, g_steal_pointer (&frame->payload));
  }
  frame->cost -= bytes;
  c->orphan_bytes -= bytes;
  c->client_bytes -= bytes;
  c->pending_bytes -= bytes;
  if (last) {
    g_queue_unlink (&c->orphans, &frame->link);
    trib_kafka_frame_free (frame);
  }
  trib_kafka_room_wake (c);
}
