/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may come in. The bound is one for all publishers of a client: half of it is divided evenly, so
 * that one whose frames are stuck cannot take the room of the others; the other half is for whoever
 * needs it, in the order in which they began to wait. With one publisher that is the whole bound.
 * Everything here runs with the client's lock held. */
#include "trib-kafka-publisher-private.h"

static guint64
held_by (const TribKafkaPublisher *p, gboolean in_client)
{
  return in_client ? p->client_bytes : p->accounts.pending_bytes;
}

static guint64
reserve_of (const TribKafkaClient *c, guint64 bound)
{
  return bound / 2 / MAX (c->publishers.length, 1);
}

/* what one publisher may hold at most: its share and the common half */
static guint64
most_of (const TribKafkaClient *c)
{
  guint64 bound = c->config.max_pending_bytes;

  return bound - reserve_of (c, bound) * (MAX (c->publishers.length, 1) - 1);
}

/* whether @cost more fit into @bound, and into what @p may have of it */
static gboolean
fits (const TribKafkaPublisher *p, guint64 cost, guint64 bound, gboolean in_client)
{
  const TribKafkaClient *c = p->client;
  guint64 total = in_client ? c->client_bytes : c->pending_bytes;
  guint64 reserve = reserve_of (c, bound);
  guint64 common = bound - reserve * c->publishers.length;
  guint64 mine = held_by (p, in_client) + cost;
  guint64 taken = c->orphan_bytes;

  if (total + cost > bound)
    return FALSE;
  if (mine <= reserve)
    return TRUE;
  for (const GList *l = c->publishers.head; l; l = l->next) {
    const TribKafkaPublisher *other = l->data;
    guint64 held = held_by (other, in_client);
    if (other != p && held > reserve)
      taken += held - reserve;
  }
  return taken + mine - reserve <= common;
}

/* whether the client may be given a frame of @cost: it has half of the bound, and room for one */
gboolean
trib_kafka_room_in_client (const TribKafkaPublisher *p, guint64 cost)
{
  return p->client_bytes == 0 || fits (p, cost, p->client->config.max_pending_bytes / 2, TRUE);
}

static gboolean
is_in_reserve (const TribKafkaPublisher *p, guint64 cost)
{
  return p->accounts.pending_bytes + cost
         <= reserve_of (p->client, p->client->config.max_pending_bytes);
}

/* @waiter: (nullable): its place among those that wait; without one it comes after all of them */
static gboolean
has_room (const TribKafkaPublisher *p, guint64 cost, const Waiter *waiter)
{
  if (!fits (p, cost, p->client->config.max_pending_bytes, FALSE))
    return FALSE;
  if (is_in_reserve (p, cost))
    return TRUE;
  for (const GList *l = p->client->blocked.head; l && l->data != waiter; l = l->next) {
    const Waiter *earlier = l->data;
    if (!is_in_reserve (earlier->p, earlier->cost))
      return FALSE;
  }
  return TRUE;
}

/**
 * trib_kafka_room_wake:
 * @c: a client, locked
 *
 * There is room, or there are more publishers: wakes those that may have it, and those that never will.
 */
void
trib_kafka_room_wake (TribKafkaClient *c)
{
  if (c->reporting) {
    c->wake_due = TRUE;
    return;
  }
  for (const GList *l = c->blocked.head; l; l = l->next) {
    const Waiter *waiter = l->data;
    if (waiter->cost > most_of (c) || has_room (waiter->p, waiter->cost, waiter))
      g_cond_broadcast (&waiter->p->changed);
  }
}

/**
 * trib_kafka_room_settled:
 * @p: a publisher, its client locked
 *
 * Something of it has its outcome: wakes who drains, where that was the last.
 */
void
trib_kafka_room_settled (TribKafkaPublisher *p)
{
  if (p->accounts.pending > 0 || p->accounts.loss_records_pending > 0)
    return;
  if (p->client->reporting)
    p->drained_due = p->client->wake_due = TRUE;
  else
    g_cond_broadcast (&p->changed);
}

/**
 * trib_kafka_room_wake_due:
 * @c: a client, locked
 *
 * To be called when reports have been taken. They come in the hundreds: a thread that were woken by each
 * would find room for one more frame, and wait again for the lock and for room.
 */
void
trib_kafka_room_wake_due (TribKafkaClient *c)
{
  if (!c->wake_due)
    return;
  c->wake_due = FALSE;
  for (const GList *l = c->publishers.head; l; l = l->next) {
    TribKafkaPublisher *p = l->data;
    if (p->drained_due)
      g_cond_broadcast (&p->changed);
    p->drained_due = FALSE;
  }
  trib_kafka_room_wake (c);
}

static Frame *
oldest_waiting (TribKafkaPublisher *p)
{
  return p->waiting.head ? p->waiting.head->data : NULL;
}

/* from the youngest back: a delta frame is needed only by those after it */
static Frame *
youngest_waiting_non_key (TribKafkaPublisher *p)
{
  for (GList *link = p->waiting.tail; link; link = link->prev) {
    Frame *frame = link->data;
    if (!frame->is_key)
      return frame;
  }
  return NULL;
}

/* makes room by the policy that drops, among the publisher's own; FALSE when the new frame itself must
 * go, and why */
static gboolean
make_room (TribKafkaPublisher *p, const Frame *frame, TribKafkaDropped *ret_reason)
{
  guint64 cost = frame->cost;
  Frame *victim;

  switch (p->overflow) {
    case TRIB_KAFKA_OVERFLOW_DROP_OLDEST:
      while (!has_room (p, cost, NULL) && (victim = oldest_waiting (p)) != NULL)
        trib_kafka_outcome_drop (p, victim, TRIB_KAFKA_DROPPED_OLDEST,
            "dropped for a newer frame: the bound on pending bytes was reached");
      *ret_reason = TRIB_KAFKA_DROPPED_NEWEST;
      break;
    case TRIB_KAFKA_OVERFLOW_DROP_NON_KEY:
      while (frame->is_key && !has_room (p, cost, NULL)
             && (victim = youngest_waiting_non_key (p)) != NULL)
        trib_kafka_outcome_drop (p, victim, TRIB_KAFKA_DROPPED_NON_KEY,
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
  return has_room (p, cost, NULL);
}

typedef enum { ROOM, NO_ROOM, TIMED_OUT } Room;

/* The client's lock is free while it waits. A wait is ended by room, its deadline, a flush, another
 * policy, the client's end, or so many publishers that there will never be room. */
static Room
wait_for_room (TribKafkaPublisher *p, Frame *frame)
{
  TribKafkaClient *c = p->client;
  gint64 deadline = frame->taken_us + (gint64) c->config.delivery_timeout_ms * 1000;
  Waiter waiter = { .p = p, .cost = frame->cost };
  gboolean in_time = TRUE, room;

  waiter.link.data = &waiter;
  g_queue_push_tail_link (&c->blocked, &waiter.link);
  p->accounts.blocked = 1;
  while (!(room = has_room (p, frame->cost, &waiter)) && in_time && !p->flushing && !c->fatal
         && p->overflow == TRIB_KAFKA_OVERFLOW_BLOCK && frame->cost <= most_of (c))
    /* room may have come at the last moment: it is looked at once more */
    in_time = g_cond_wait_until (&p->changed, &c->lock, deadline);
  g_queue_unlink (&c->blocked, &waiter.link);
  p->accounts.blocked = 0;
  /* it is the next one's turn */
  trib_kafka_room_wake (c);
  return room ? ROOM : in_time ? NO_ROOM : TIMED_OUT;
}

static Room
find_room (TribKafkaPublisher *p, Frame *frame)
{
  if (has_room (p, frame->cost, NULL))
    return ROOM;
  return p->overflow == TRIB_KAFKA_OVERFLOW_BLOCK ? wait_for_room (p, frame) : NO_ROOM;
}

static TribKafkaPublishResult
lose_failed (TribKafkaPublisher *p, Frame *frame, TribKafkaFailed reason, const gchar *message)
{
  trib_kafka_outcome_count (p, frame);
  trib_kafka_outcome_fail (p, frame, reason, message);
  return TRIB_KAFKA_PUBLISH_LOST;
}

static TribKafkaPublishResult
refuse_too_large (TribKafkaPublisher *p, Frame *frame)
{
  const TribKafkaClient *c = p->client;
  const gchar *what = frame->kind == FRAME_RECORD ? "record" : "frame";
  g_autofree gchar *message = NULL;

  if (frame->cost > c->config.max_pending_bytes)
    message = g_strdup_printf ("a %s of %" G_GSIZE_FORMAT " bytes needs %" G_GUINT64_FORMAT
                               " with its metadata, more than max-pending-bytes=%" G_GUINT64_FORMAT,
        what, frame->size, frame->cost, c->config.max_pending_bytes);
  else
    message
        = g_strdup_printf ("a %s of %" G_GSIZE_FORMAT " bytes needs %" G_GUINT64_FORMAT
                           " with its metadata, more than the %" G_GUINT64_FORMAT
                           " that one of %u sinks may have of max-pending-bytes=%" G_GUINT64_FORMAT,
            what, frame->size, frame->cost, most_of (c), c->publishers.length,
            c->config.max_pending_bytes);

  /* those behind it need it all the same */
  if (p->overflow == TRIB_KAFKA_OVERFLOW_DROP_NON_KEY)
    p->await_key = TRUE;
  return lose_failed (p, frame, TRIB_KAFKA_FAILED_TOO_LARGE, message);
}

static TribKafkaPublishResult
drop_new (TribKafkaPublisher *p, Frame *frame, TribKafkaDropped reason, GError **error)
{
  const TribKafkaClient *c = p->client;
  g_autofree gchar *message = g_strdup_printf (
      "no room for %" G_GUINT64_FORMAT " bytes: %" G_GUINT64_FORMAT
      " of max-pending-bytes=%" G_GUINT64_FORMAT " are pending, %" G_GUINT64_FORMAT
      " of them in %" G_GUINT64_FORMAT " frames of this sink",
      frame->cost, c->pending_bytes, c->config.max_pending_bytes, p->accounts.pending_bytes,
      p->accounts.pending);

  if (reason == TRIB_KAFKA_DROPPED_NON_KEY)
    p->await_key = TRUE;
  trib_kafka_outcome_count (p, frame);
  trib_kafka_outcome_drop (p, frame, reason, message);
  if (reason != TRIB_KAFKA_DROPPED_OVERFLOW)
    return TRIB_KAFKA_PUBLISH_LOST;
  g_set_error_literal (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_OVERFLOW, message);
  return TRIB_KAFKA_PUBLISH_ERROR;
}

static TribKafkaPublishResult
fail_late (TribKafkaPublisher *p, Frame *frame)
{
  const gchar *why = p->why ? p->why : p->client->why;
  g_autofree gchar *message = g_strdup_printf ("no room within %u ms: %s",
      p->client->config.delivery_timeout_ms, why ? why : "the broker takes frames too slowly");

  return lose_failed (p, frame, TRIB_KAFKA_FAILED_TIMED_OUT, message);
}

/**
 * trib_kafka_room_admit:
 * @p: a publisher, its client locked
 * @frame: (transfer full): a frame that is not counted yet
 * @error: return location, set with %TRIB_KAFKA_PUBLISH_ERROR
 *
 * Takes the frame, or not; may wait. It is counted with its outcome or when it is taken, so one whose
 * wait was ended has left no trace.
 */
TribKafkaPublishResult
trib_kafka_room_admit (TribKafkaPublisher *p, Frame *frame, GError **error)
{
  TribKafkaClient *c = p->client;
  TribKafkaDropped reason;
  Room room;

  if (frame->size == 0)
    return lose_failed (p, frame, TRIB_KAFKA_FAILED_REFUSED,
        frame->kind == FRAME_RECORD ? "a record without bytes" : "a frame without bytes");
  /* it would wait in vain, and hold up all that need the common half */
  if (frame->cost > most_of (c))
    return refuse_too_large (p, frame);
  if (p->overflow != TRIB_KAFKA_OVERFLOW_DROP_NON_KEY || frame->is_key)
    p->await_key = FALSE;
  if (p->await_key) {
    trib_kafka_outcome_count (p, frame);
    trib_kafka_outcome_drop (
        p, frame, TRIB_KAFKA_DROPPED_NON_KEY, "an earlier frame that this one needs was dropped");
    return TRIB_KAFKA_PUBLISH_LOST;
  }
  room = find_room (p, frame);
  if (room == TIMED_OUT)
    return fail_late (p, frame);
  if (c->fatal) {
    if (error)
      *error = g_error_copy (c->fatal);
    lose_failed (p, frame, TRIB_KAFKA_FAILED_REFUSED, c->fatal->message);
    return TRIB_KAFKA_PUBLISH_ERROR;
  }
  if (room == NO_ROOM && frame->cost > most_of (c))
    return refuse_too_large (p, frame);
  if (p->flushing && room == NO_ROOM) {
    trib_kafka_frame_free (frame);
    return TRIB_KAFKA_PUBLISH_FLUSHING;
  }
  if (room == NO_ROOM && !make_room (p, frame, &reason))
    return drop_new (p, frame, reason, error);
  trib_kafka_outcome_count (p, frame);
  trib_kafka_delivery_take (p, frame);
  return TRIB_KAFKA_PUBLISH_TAKEN;
}
