/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outcome of a frame: counted once, reported, written down, and its memory released.
 * Everything here runs with the publisher's lock held. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#include <common/trib-crc32c.h>
#include <kafka/layout/trib-kafka-content.h>

/* the frame counts from here on: it has been taken, or is lost */
void
trib_kafka_settle_count (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  p->stats.produced++;
  p->stats.bytes_produced += frame->size;
  p->stats.pending++;
  trib_kafka_runs_count (p, frame);
}

static void
give_back (TribKafkaPublisher *p, TribKafkaPending *frame, guint64 bytes)
{
  bytes = MIN (bytes, frame->cost);
  frame->cost -= bytes;
  p->stats.pending_bytes -= bytes;
  if (frame->partition >= 0)
    p->client_bytes -= bytes;
  trib_kafka_admission_wake (p);
}

/* Its payload is not read any more: the client has had it acknowledged, or never had it. That is
 * before the registry entry is written, so upstream has its buffer back as early as that is safe.
 */
void
trib_kafka_settle_payload (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  guint64 bytes = frame->form == TRIB_KAFKA_FORM_LEGACY ? frame->json->len : frame->held;

  if (frame->payload) {
    p->stats.pinned_bytes -= frame->held;
    p->stats.pinned_buffers--;
    g_ptr_array_add (p->released, g_steal_pointer (&frame->payload));
  } else if (frame->form != TRIB_KAFKA_FORM_LEGACY) {
    return;
  }
  give_back (p, frame, bytes);
}

/* the frame has its outcome; a frame that was not admitted is in no queue and holds nothing */
static void
settle (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  if (frame->link.data) {
    gboolean was_sent = frame->partition >= 0;
    trib_kafka_settle_payload (p, frame);
    give_back (p, frame, frame->cost);
    g_queue_unlink (was_sent ? &p->sent : &p->waiting, &frame->link);
    p->stats.waiting -= !was_sent;
  }
  p->stats.pending--;
  trib_kafka_pending_free (frame);
  trib_kafka_admission_wake (p);
}

static void
note_loss (
    TribKafkaPublisher *p, const TribKafkaPending *frame, const gchar *message, gchar **first_why)
{
  TribKafkaLosses *l = &p->losses;

  if (l->n_named < TRIB_KAFKA_LOSSES_NAMED)
    l->frame_ids[l->n_named++] = g_strdup (frame->id);
  if (*first_why == NULL)
    *first_why = g_strdup (message);
  g_free (l->message);
  l->message = g_strdup (message);
  g_cond_signal (&p->notify);
}

static void
loss_record_free (TribKafkaLossRecord *loss)
{
  g_string_free (loss->json, TRUE);
  g_free (loss->id);
  g_free (loss);
}

static TribKafkaLossRecord *
make_loss_record (
    TribKafkaPublisher *p, TribKafkaPending *frame, const gchar *reason, const gchar *message)
{
  TribKafkaLossRecord *loss = g_new0 (TribKafkaLossRecord, 1);
  TribKafkaEntry entry;

  trib_kafka_pending_entry (p, frame, &entry);
  entry.error_reason = reason;
  entry.error_message = message;
  loss->id = g_strdup (frame->id);
  loss->json = g_string_sized_new (768);
  trib_kafka_layout_registry (loss->json, &entry);
  loss->slot = (TribKafkaSlot){
    .kind = TRIB_KAFKA_TOPIC_REGISTRY,
    .partition
    = frame->partition < 0 ? trib_kafka_pending_choose_partition (p, frame) : frame->partition,
    .whole = trib_kafka_pending_whole (frame, loss->json->len),
  };
  return loss;
}

/* A lost frame leaves a registry entry, so that a reader can distinguish "lost" from "late". It
 * is written as well as can be: how many were and were not is counted. */
static void
write_loss_record (
    TribKafkaPublisher *p, TribKafkaPending *frame, const gchar *reason, const gchar *message)
{
  TribKafkaLossRecord *loss;
  TribKafkaOutgoing record;

  if (frame->form != TRIB_KAFKA_FORM_BINARY)
    return;
  /* a FAILED entry beside a LINKED one that did arrive would be worse than none */
  if (p->n_partitions[TRIB_KAFKA_GROUP_BINARY] == 0 || p->fatal || p->closing || frame->maybe_linked
      || p->stats.loss_records_pending >= TRIB_KAFKA_MAX_LOSS_RECORDS) {
    p->stats.loss_records_failed++;
    return;
  }
  loss = make_loss_record (p, frame, reason, message);
  record = (TribKafkaOutgoing){
    .slot = &loss->slot,
    .key = loss->id,
    .key_size = strlen (loss->id),
    /* by the time of a recording it might be deleted before it is read */
    .t_ns = 0,
    .value = loss->json->str,
    .size = loss->json->len,
    .headers = trib_kafka_pending_headers (
        frame, TRIB_KAFKA_CONTENT_JSON, trib_crc32c (0, loss->json->str, loss->json->len), NULL),
  };
  if (trib_kafka_queues_send (p, &record)) {
    p->stats.loss_records_failed++;
    loss_record_free (loss);
  } else {
    p->stats.loss_records_pending++;
  }
}

/* the client's report of a loss record, or a queue's */
void
trib_kafka_settle_loss_record (
    TribKafkaPublisher *p, TribKafkaLossRecord *loss, const TribKafkaReport *report)
{
  p->stats.loss_records_pending--;
  if (report->err || report->offset < 0)
    p->stats.loss_records_failed++;
  else
    p->stats.loss_records++;
  loss_record_free (loss);
  trib_kafka_admission_wake (p);
}

/**
 * trib_kafka_settle_failed:
 * @p: a publisher, locked
 * @frame: (transfer full): a frame without a record on its way
 * @reason: why
 * @message: why, for people
 *
 * Counts a frame as failed, writes that to the registry, and frees it.
 */
void
trib_kafka_settle_failed (
    TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaFailed reason, const gchar *message)
{
  FRAME_LOG (
      frame, TRIB_LOG_DEBUG, "failed, %s: %s", trib_kafka_failed_to_string (reason), message);
  p->stats.failed[reason]++;
  p->losses.failed[reason]++;
  if (reason == TRIB_KAFKA_FAILED_NOT_AUTHORIZED || reason == TRIB_KAFKA_FAILED_UNKNOWN_TOPIC)
    p->ask_again = TRUE;
  note_loss (p, frame, message, &p->losses.failed_why[reason]);
  trib_kafka_runs_settled (frame, FALSE);
  write_loss_record (p, frame, trib_kafka_failed_to_string (reason), message);
  settle (p, frame);
}

/* the same for a frame that the overflow policy drops */
void
trib_kafka_settle_dropped (
    TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaDropped reason, const gchar *message)
{
  g_autofree gchar *word = g_strconcat ("dropped-", trib_kafka_dropped_to_string (reason), NULL);

  FRAME_LOG (frame, TRIB_LOG_DEBUG, "%s: %s", word, message);
  p->stats.dropped[reason]++;
  p->losses.dropped[reason]++;
  note_loss (p, frame, message, &p->losses.dropped_why[reason]);
  trib_kafka_runs_settled (frame, FALSE);
  write_loss_record (p, frame, word, message);
  settle (p, frame);
}

void
trib_kafka_settle_acknowledged (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  FRAME_LOG (frame, TRIB_LOG_LOG, "acknowledged");
  p->stats.acknowledged++;
  trib_kafka_runs_settled (frame, TRUE);
  p->stats.bytes_acknowledged += frame->size;
  trib_kafka_stats_add_latency (&p->stats, g_get_monotonic_time () - frame->taken_us);
  settle (p, frame);
}
