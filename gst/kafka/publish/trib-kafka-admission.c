/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Admission: whether a frame is taken. What is held for frames without an outcome is bounded in
 * bytes; when a frame does not fit, the overflow policy decides. Everything here runs with the
 * publisher's lock held. */
#include "trib-kafka-publisher-private.h"

static gboolean
has_space (const TribKafkaPublisher *p, guint64 cost)
{
  return p->stats.pending_bytes + cost <= p->config.max_pending_bytes;
}

/* whether the client may be given a frame of @cost: it has half of the bound, and space for one
 * frame */
gboolean
trib_kafka_admission_in_client (const TribKafkaPublisher *p, guint64 cost)
{
  return p->client_bytes == 0 || p->client_bytes + cost <= p->config.max_pending_bytes / 2;
}

/**
 * trib_kafka_admission_wake:
 * @p: a publisher, locked
 *
 * Something was settled or released: wakes the threads that wait for it, when there is what they
 * wait for.
 */
void
trib_kafka_admission_wake (TribKafkaPublisher *p)
{
  gboolean has_space_now = p->blocked_cost > 0 && has_space (p, p->blocked_cost);
  gboolean is_drained = p->stats.pending == 0 && p->stats.loss_records_pending == 0;

  if (p->reporting)
    p->wake_due = TRUE;
  else if (has_space_now || is_drained)
    g_cond_broadcast (&p->changed);
}

static TribKafkaPending *
oldest_waiting (TribKafkaPublisher *p)
{
  return p->waiting.head ? p->waiting.head->data : NULL;
}

/* from the youngest back: a delta frame is needed only by those after it */
static TribKafkaPending *
youngest_waiting_non_key (TribKafkaPublisher *p)
{
  for (GList *link = p->waiting.tail; link; link = link->prev) {
    TribKafkaPending *frame = link->data;
    if (!frame->desc.key)
      return frame;
  }
  return NULL;
}

/* frees space by the policy that drops; FALSE when the new frame itself must be dropped, and why */
static gboolean
make_space (TribKafkaPublisher *p, const TribKafkaPending *frame, TribKafkaDropped *ret_reason)
{
  guint64 cost = frame->cost;
  TribKafkaPending *victim;

  switch (p->overflow) {
    case TRIB_KAFKA_OVERFLOW_DROP_OLDEST:
      while (!has_space (p, cost) && (victim = oldest_waiting (p)) != NULL)
        trib_kafka_settle_dropped (p, victim, TRIB_KAFKA_DROPPED_OLDEST,
            "dropped for a newer frame: the bound on pending bytes was reached");
      *ret_reason = TRIB_KAFKA_DROPPED_NEWEST;
      break;
    case TRIB_KAFKA_OVERFLOW_DROP_NON_KEY:
      while (frame->desc.key && !has_space (p, cost)
             && (victim = youngest_waiting_non_key (p)) != NULL)
        trib_kafka_settle_dropped (p, victim, TRIB_KAFKA_DROPPED_NON_KEY,
            "dropped for a key frame: the bound on pending bytes was reached");
      *ret_reason = TRIB_KAFKA_DROPPED_NON_KEY;
      break;
    case TRIB_KAFKA_OVERFLOW_ERROR:
      *ret_reason = TRIB_KAFKA_DROPPED_OVERFLOW;
      break;
    default:
      *ret_reason = TRIB_KAFKA_DROPPED_NEWEST;
      break;
  }
  return has_space (p, cost);
}

typedef enum { SPACE, NO_SPACE, TIMED_OUT } Space;

/* The lock is free while it waits. A wait is ended by space, its deadline, a flush, another
 * policy or the client's end. */
static Space
wait_for_space (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  gint64 deadline = frame->taken_us + (gint64) p->config.delivery_timeout_ms * 1000;
  gboolean in_time = TRUE, space;

  FRAME_LOG (frame, TRIB_LOG_DEBUG,
      "waits for space: %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT " are pending",
      frame->cost, p->stats.pending_bytes);
  p->blocked_cost = frame->cost;
  p->stats.blocked = 1;
  while (!(space = has_space (p, frame->cost)) && in_time && !p->flushing && !p->fatal
         && p->overflow == TRIB_KAFKA_OVERFLOW_BLOCK)
    /* there may be space at the last moment: it is checked once more */
    in_time = g_cond_wait_until (&p->changed, &p->lock, deadline);
  p->stats.blocked = 0;
  p->blocked_cost = 0;
  return space ? SPACE : in_time ? NO_SPACE : TIMED_OUT;
}

static Space
find_space (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  if (has_space (p, frame->cost))
    return SPACE;
  return p->overflow == TRIB_KAFKA_OVERFLOW_BLOCK ? wait_for_space (p, frame) : NO_SPACE;
}

static TribKafkaPublishResult
lose_failed (
    TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaFailed reason, const gchar *message)
{
  trib_kafka_settle_count (p, frame);
  trib_kafka_settle_failed (p, frame, reason, message);
  return TRIB_KAFKA_PUBLISH_LOST;
}

static TribKafkaPublishResult
refuse_too_large (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  g_autofree gchar *message
      = g_strdup_printf ("a %s of %" G_GSIZE_FORMAT " bytes needs %" G_GUINT64_FORMAT
                         " with its metadata, more than max-pending-bytes=%" G_GUINT64_FORMAT,
          frame->form == TRIB_KAFKA_FORM_RECORD ? "record" : "frame", frame->size, frame->cost,
          p->config.max_pending_bytes);

  /* the frames after it need it all the same */
  if (p->overflow == TRIB_KAFKA_OVERFLOW_DROP_NON_KEY)
    p->await_key = TRUE;
  return lose_failed (p, frame, TRIB_KAFKA_FAILED_TOO_LARGE, message);
}

static TribKafkaPublishResult
drop_new (TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaDropped reason, GError **error)
{
  g_autofree gchar *message = g_strdup_printf (
      "no space for %" G_GUINT64_FORMAT " bytes: %" G_GUINT64_FORMAT
      " of max-pending-bytes=%" G_GUINT64_FORMAT " are pending, in %" G_GUINT64_FORMAT " frames",
      frame->cost, p->stats.pending_bytes, p->config.max_pending_bytes, p->stats.pending);

  if (reason == TRIB_KAFKA_DROPPED_NON_KEY)
    p->await_key = TRUE;
  trib_kafka_settle_count (p, frame);
  trib_kafka_settle_dropped (p, frame, reason, message);
  if (reason != TRIB_KAFKA_DROPPED_OVERFLOW)
    return TRIB_KAFKA_PUBLISH_LOST;
  g_set_error_literal (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_OVERFLOW, message);
  return TRIB_KAFKA_PUBLISH_ERROR;
}

static TribKafkaPublishResult
fail_late (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  const gchar *why = trib_kafka_publisher_why (p);
  g_autofree gchar *message = g_strdup_printf ("no space within %u ms: %s",
      p->config.delivery_timeout_ms, why ? why : "the broker takes frames too slowly");

  return lose_failed (p, frame, TRIB_KAFKA_FAILED_TIMED_OUT, message);
}

/**
 * trib_kafka_admission_run:
 * @p: a publisher, locked
 * @frame: (transfer full): a frame that is not counted yet
 * @error: return location, set with %TRIB_KAFKA_PUBLISH_ERROR
 *
 * Takes the frame, or not; may wait. It is counted with its outcome or when it is taken, so a
 * frame whose wait was ended has left no trace.
 */
TribKafkaPublishResult
trib_kafka_admission_run (TribKafkaPublisher *p, TribKafkaPending *frame, GError **error)
{
  TribKafkaDropped reason;
  Space space;

  if (frame->size == 0)
    return lose_failed (p, frame, TRIB_KAFKA_FAILED_REFUSED,
        frame->form == TRIB_KAFKA_FORM_RECORD ? "a record without bytes" : "a frame without bytes");
  /* it would wait in vain */
  if (frame->cost > p->config.max_pending_bytes)
    return refuse_too_large (p, frame);
  if (p->overflow != TRIB_KAFKA_OVERFLOW_DROP_NON_KEY || frame->desc.key)
    p->await_key = FALSE;
  if (p->await_key) {
    trib_kafka_settle_count (p, frame);
    trib_kafka_settle_dropped (
        p, frame, TRIB_KAFKA_DROPPED_NON_KEY, "an earlier frame that this one needs was dropped");
    return TRIB_KAFKA_PUBLISH_LOST;
  }
  space = find_space (p, frame);
  if (space == TIMED_OUT)
    return fail_late (p, frame);
  if (p->fatal) {
    if (error)
      *error = g_error_copy (p->fatal);
    lose_failed (p, frame, TRIB_KAFKA_FAILED_REFUSED, p->fatal->message);
    return TRIB_KAFKA_PUBLISH_ERROR;
  }
  if (p->flushing && space == NO_SPACE) {
    FRAME_LOG (frame, TRIB_LOG_DEBUG, "not taken: a flush ended its wait for space");
    trib_kafka_pending_free (frame);
    return TRIB_KAFKA_PUBLISH_FLUSHING;
  }
  if (space == NO_SPACE && !make_space (p, frame, &reason))
    return drop_new (p, frame, reason, error);
  trib_kafka_settle_count (p, frame);
  trib_kafka_delivery_take (p, frame);
  return TRIB_KAFKA_PUBLISH_TAKEN;
}
