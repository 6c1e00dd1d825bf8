/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outcome of a frame: counted once, told, written down, and its memory let go. Everything here
 * runs with the publisher's lock held. */
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
  bytes = MIN (bytes, frame->cost);
  frame->cost -= bytes;
  p->accounts.pending_bytes -= bytes;
  if (frame->partition >= 0)
    p->client_bytes -= bytes;
  trib_kafka_admission_wake (p);
}

/* Nobody reads its payload any more: the client has had it acknowledged, or never had it. That is
 * before the registry entry is written, so upstream has its buffer back as early as that is safe. */
void
trib_kafka_outcome_release_payload (TribKafkaPublisher *p, Frame *frame)
{
  guint64 bytes = frame->form == TRIB_KAFKA_FORM_LEGACY ? frame->json->len : frame->held;

  if (frame->payload) {
    p->accounts.pinned_bytes -= frame->held;
    p->accounts.pinned_buffers--;
    g_ptr_array_add (p->released, g_steal_pointer (&frame->payload));
  } else if (frame->form != TRIB_KAFKA_FORM_LEGACY) {
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
  trib_kafka_admission_wake (p);
}

static void
note_loss (TribKafkaPublisher *p, const Frame *frame, const gchar *message)
{
  TribKafkaLosses *l = &p->losses;

  if (l->n_named < TRIB_KAFKA_LOSSES_NAMED)
    l->frame_ids[l->n_named++] = g_strdup (frame->id);
  g_free (l->message);
  l->message = g_strdup (message);
  g_cond_signal (&p->notify);
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
  loss->id = g_strdup (frame->id);
  loss->json = g_string_sized_new (768);
  trib_kafka_layout_registry (loss->json, &entry);
  loss->slot = (Slot){
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
  LossRecord *loss;
  Record record;

  if (frame->form != TRIB_KAFKA_FORM_BINARY)
    return;
  /* a FAILED entry beside a LINKED one that did arrive would be worse than none */
  if (!p->ready[GROUP_BINARY] || p->fatal || p->closing || frame->maybe_linked
      || p->accounts.loss_records_pending >= MAX_LOSS_RECORDS) {
    p->accounts.loss_records_failed++;
    return;
  }
  loss = make_loss_record (p, frame, reason, message);
  record = (Record){
    .slot = &loss->slot,
    .key = loss->id,
    .key_size = strlen (loss->id),
    .t_ns = frame->desc.t_ns,
    .value = loss->json->str,
    .size = loss->json->len,
    .headers = trib_kafka_frame_headers (
        frame, "application/json", trib_crc32c (0, loss->json->str, loss->json->len), NULL),
  };
  if (trib_kafka_lanes_send (p, &record)) {
    p->accounts.loss_records_failed++;
    loss_record_free (loss);
  } else {
    p->accounts.loss_records_pending++;
  }
}

/* the client's report of a loss record, or that of a lane */
void
trib_kafka_outcome_loss_reported (TribKafkaPublisher *p, LossRecord *loss, const Report *report)
{
  p->accounts.loss_records_pending--;
  if (report->err || report->offset < 0)
    p->accounts.loss_records_failed++;
  else
    p->accounts.loss_records++;
  loss_record_free (loss);
  trib_kafka_admission_wake (p);
}

/**
 * trib_kafka_outcome_fail:
 * @p: a publisher, locked
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
  FRAME_LOG (
      frame, TRIB_LOG_DEBUG, "failed, %s: %s", trib_kafka_failed_to_string (reason), message);
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
trib_kafka_outcome_drop (
    TribKafkaPublisher *p, Frame *frame, TribKafkaDropped reason, const gchar *message)
{
  g_autofree gchar *word = g_strconcat ("dropped-", trib_kafka_dropped_to_string (reason), NULL);

  FRAME_LOG (frame, TRIB_LOG_DEBUG, "%s: %s", word, message);
  p->accounts.dropped[reason]++;
  p->losses.dropped[reason]++;
  note_loss (p, frame, message);
  write_loss_record (p, frame, word, message);
  settle (p, frame);
}

void
trib_kafka_outcome_acknowledge (TribKafkaPublisher *p, Frame *frame)
{
  FRAME_LOG (frame, TRIB_LOG_LOG, "acknowledged");
  p->accounts.acknowledged++;
  p->accounts.bytes_acknowledged += frame->size;
  trib_kafka_accounts_add_latency (&p->accounts, g_get_monotonic_time () - frame->taken_us);
  settle (p, frame);
}
