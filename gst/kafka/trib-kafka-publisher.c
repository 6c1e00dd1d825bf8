/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The publisher's life, its I/O thread, and who may come in. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#include <common/trib-frame-id.h>

#include "trib-crc32c.h"

/* what a frame costs beside its bytes: this struct, the registry entry, the client's own records */
#define FRAME_OVERHEAD_BYTES 4096
#define POLL_MS 50
#define LOSSES_EVERY_US G_TIME_SPAN_SECOND
#define LAST_RECORDS_US G_TIME_SPAN_SECOND
#define PURGE_LIMIT_US (10 * G_TIME_SPAN_SECOND)

/* @locks: requires the publisher's */
void
trib_kafka_publisher_queue_link_event (TribKafkaPublisher *p, const TribKafkaLinkEvent *event)
{
  p->accounts.outages = p->link.outages;
  g_queue_push_tail (&p->link_events, g_memdup2 (event, sizeof *event));
}

/* @thread: I/O @locks: takes the publisher's */
void
trib_kafka_publisher_trouble (TribKafkaPublisher *p, const gchar *why)
{
  TribKafkaLinkEvent event;

  g_mutex_lock (&p->lock);
  if (why) {
    g_free (p->why);
    p->why = g_strdup (why);
  } else if (trib_kafka_link_trouble (&p->link, g_get_monotonic_time (), &event)) {
    trib_kafka_publisher_queue_link_event (p, &event);
  }
  g_mutex_unlock (&p->lock);
}

/* @thread: I/O @locks: takes the publisher's */
void
trib_kafka_publisher_set_fatal (TribKafkaPublisher *p, const gchar *why)
{
  g_mutex_lock (&p->lock);
  if (p->fatal == NULL)
    p->fatal = g_error_new (
        TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FATAL, "the Kafka client cannot go on: %s", why);
  /* nothing that is pending can be delivered any more */
  p->abandon = TRUE;
  g_cond_broadcast (&p->changed);
  g_mutex_unlock (&p->lock);
}

static void
clear_losses (TribKafkaLosses *losses)
{
  for (guint i = 0; i < losses->n_named; i++)
    g_free (losses->frame_ids[i]);
  g_free (losses->message);
  memset (losses, 0, sizeof *losses);
}

/* tells what happened since the last time, and lets payloads go, with no lock held */
static void
tell (TribKafkaPublisher *p, gboolean at_end)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GPtrArray) released = NULL;
  g_autoptr (GError) fatal = NULL;
  g_autofree gchar *why = NULL;
  GQueue events = G_QUEUE_INIT;
  TribKafkaLosses losses = {
    0,
  };
  TribKafkaLinkEvent *event;
  guint64 n_pending;

  g_mutex_lock (&p->lock);
  released = g_steal_pointer (&p->released);
  p->released = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  events = p->link_events;
  g_queue_init (&p->link_events);
  n_pending = p->accounts.pending;
  if (!g_queue_is_empty (&events))
    why = g_strdup (p->why ? p->why : "");
  if (p->losses.message && (at_end || now >= p->next_losses_us)) {
    losses = p->losses;
    memset (&p->losses, 0, sizeof p->losses);
    p->next_losses_us = now + LOSSES_EVERY_US;
  }
  if (p->fatal && !p->fatal_told) {
    fatal = g_error_copy (p->fatal);
    p->fatal_told = TRUE;
  }
  g_mutex_unlock (&p->lock);

  while ((event = g_queue_pop_head (&events)) != NULL) {
    if (p->callbacks.link_changed)
      p->callbacks.link_changed (p->user_data, event, n_pending, why);
    g_free (event);
  }
  if (losses.message && p->callbacks.frames_lost)
    p->callbacks.frames_lost (p->user_data, &losses);
  clear_losses (&losses);
  if (fatal && p->callbacks.fatal)
    p->callbacks.fatal (p->user_data, fatal);
}

/* @locks: requires the publisher's */
static gint64
oldest_pending (TribKafkaPublisher *p)
{
  GList *link = p->sent.head ? p->sent.head : p->waiting.head;

  return link ? ((Frame *) link->data)->taken_us : -1;
}

static gboolean
tick (TribKafkaPublisher *p)
{
  gint64 now = g_get_monotonic_time ();
  TribKafkaLinkEvent event;
  gboolean go_on;

  g_mutex_lock (&p->lock);
  trib_kafka_delivery_expire (p, now);
  if (trib_kafka_link_tick (&p->link, now, oldest_pending (p), &event))
    trib_kafka_publisher_queue_link_event (p, &event);
  trib_kafka_delivery_dispatch (p);
  go_on = !p->stopping;
  g_mutex_unlock (&p->lock);
  return go_on;
}

/* polls until no record waits for its report */
static void
poll_reports (TribKafkaPublisher *p, gint64 limit_us)
{
  gint64 deadline = g_get_monotonic_time () + limit_us;
  gboolean due;

  do {
    rd_kafka_poll (p->rk, 10);
    g_mutex_lock (&p->lock);
    due = p->n_slots > 0;
    g_mutex_unlock (&p->lock);
  } while (due && g_get_monotonic_time () < deadline);
}

/* Every frame gets its outcome: what waits or is on its way is given up. That is written down when
 * there is a broker to write it to, which is why what the client has goes first: purging takes all
 * that it has, also the entries of those that were given up before. */
static void
give_up (TribKafkaPublisher *p)
{
  gboolean connected;

  g_mutex_lock (&p->lock);
  p->giving_up = TRUE;
  connected = p->link.state == TRIB_KAFKA_LINK_CONNECTED && !p->fatal;
  trib_kafka_lanes_purge (p);
  g_mutex_unlock (&p->lock);
  rd_kafka_purge (p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_poll (p->rk, 0);
  g_mutex_lock (&p->lock);
  while (p->waiting.head)
    trib_kafka_delivery_fail (p, p->waiting.head->data, TRIB_KAFKA_FAILED_PURGED,
        p->fatal ? p->fatal->message : "given up before it was sent: the sink stopped");
  g_mutex_unlock (&p->lock);
  poll_reports (p, connected ? LAST_RECORDS_US : 0);
  g_mutex_lock (&p->lock);
  p->closing = TRUE;
  trib_kafka_lanes_purge (p);
  g_mutex_unlock (&p->lock);
  rd_kafka_purge (p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  poll_reports (p, PURGE_LIMIT_US);
}

static gboolean
abandon_if_asked (TribKafkaPublisher *p)
{
  gboolean asked;

  g_mutex_lock (&p->lock);
  asked = p->abandon;
  g_mutex_unlock (&p->lock);
  if (!asked)
    return FALSE;
  give_up (p);
  tell (p, TRUE);
  g_mutex_lock (&p->lock);
  p->abandon = FALSE;
  p->closing = FALSE;
  p->giving_up = FALSE;
  g_cond_broadcast (&p->changed);
  g_mutex_unlock (&p->lock);
  return TRUE;
}

static gpointer
io_thread (gpointer data)
{
  TribKafkaPublisher *p = data;

  while (tick (p)) {
    if (abandon_if_asked (p))
      continue;
    trib_kafka_preflight_run (p, g_get_monotonic_time ());
    rd_kafka_poll (p->rk, POLL_MS);
    tell (p, FALSE);
  }
  give_up (p);
  tell (p, TRUE);
  trib_kafka_preflight_close (p);
  return NULL;
}

static void
copy_config (TribKafkaPublisher *p, const TribKafkaConfig *config)
{
  p->config = *config;
  p->servers = g_strdup (config->bootstrap_servers);
  p->config.bootstrap_servers = p->servers;
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++) {
    p->topics[i] = g_strdup (config->topics[i] ? config->topics[i] : trib_kafka_default_topics[i]);
    p->config.topics[i] = p->topics[i];
  }
  p->options = g_strdupv ((gchar **) config->options);
  p->config.options = (const gchar *const *) p->options;
}

static void
destroy (TribKafkaPublisher *p)
{
  trib_kafka_lanes_clear (p);
  g_clear_pointer (&p->last_session, g_ref_string_release);
  g_clear_pointer (&p->last_stream, g_ref_string_release);
  g_clear_pointer (&p->last_caps, g_ref_string_release);
  clear_losses (&p->losses);
  g_clear_error (&p->fatal);
  g_clear_pointer (&p->released, g_ptr_array_unref);
  g_queue_clear_full (&p->link_events, g_free);
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    g_free (p->topics[i]);
  g_strfreev (p->options);
  g_free (p->servers);
  g_free (p->why);
  g_mutex_clear (&p->lock);
  g_cond_clear (&p->changed);
  g_free (p);
}

/* a reader tells records apart by their topic */
static gboolean
check_topics (const TribKafkaPublisher *p, GError **error)
{
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++) {
    if (!trib_kafka_topic_check (p->topics[i], error))
      return FALSE;
    for (guint k = 0; k < i; k++) {
      if (g_str_equal (p->topics[i], p->topics[k])) {
        g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
            "two topics have the name \"%s\": each kind of record needs one of its own",
            p->topics[i]);
        return FALSE;
      }
    }
  }
  return TRUE;
}

/**
 * trib_kafka_publisher_new:
 * @config: settings, copied
 * @callbacks: copied
 * @user_data: for @callbacks
 * @error: return location: options that are not acceptable
 *
 * Makes the client and starts its I/O thread. Does not wait for the broker: frames wait for it.
 *
 * Returns: (transfer full): a publisher, or %NULL
 */
TribKafkaPublisher *
trib_kafka_publisher_new (const TribKafkaConfig *config,
    const TribKafkaPublisherCallbacks *callbacks, gpointer user_data, GError **error)
{
  TribKafkaPublisher *p = g_new0 (TribKafkaPublisher, 1);

  g_mutex_init (&p->lock);
  g_cond_init (&p->changed);
  copy_config (p, config);
  p->callbacks = *callbacks;
  p->user_data = user_data;
  p->released = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  p->overflow = config->overflow;
  p->wanted[config->legacy ? GROUP_LEGACY : GROUP_BINARY] = TRUE;
  trib_kafka_link_init (&p->link, g_get_monotonic_time ());
  if (!check_topics (p, error)) {
    destroy (p);
    return NULL;
  }
  if (!trib_kafka_preflight_open (p, error)) {
    destroy (p);
    return NULL;
  }
  p->thread = g_thread_new ("kafka-publisher", io_thread, p);
  return p;
}

/**
 * trib_kafka_publisher_close:
 * @p: a publisher that no other thread publishes to any more
 * @drain_timeout_ms: how long to wait for outcomes first
 *
 * Drains, then gives up the rest: those frames count as purged and are told by frames_lost before
 * this returns. After it only trib_kafka_publisher_get_accounts() and trib_kafka_publisher_free()
 * may be called.
 */
void
trib_kafka_publisher_close (TribKafkaPublisher *p, guint drain_timeout_ms)
{
  trib_kafka_publisher_set_flushing (p, FALSE);
  if (drain_timeout_ms > 0)
    trib_kafka_publisher_drain (p, drain_timeout_ms);
  g_mutex_lock (&p->lock);
  p->stopping = TRUE;
  g_mutex_unlock (&p->lock);
  g_thread_join (g_steal_pointer (&p->thread));
}

/**
 * trib_kafka_publisher_free:
 * @p: (transfer full): a publisher; closed at once if it was not
 */
void
trib_kafka_publisher_free (TribKafkaPublisher *p)
{
  if (p->thread)
    trib_kafka_publisher_close (p, 0);
  destroy (p);
}

/* A text that is nearly always the one before is shared by the frames. (GLib's interned reference
 * strings may not be let go on one thread while another asks for the same text, which GLib 2.74 gets wrong.) */
static gchar *
share (gchar **last, const gchar *text)
{
  if (text == NULL)
    return NULL;
  if (*last == NULL || !g_str_equal (*last, text)) {
    g_clear_pointer (last, g_ref_string_release);
    *last = g_ref_string_new (text);
  }
  return g_ref_string_acquire (*last);
}

static Frame *
make_frame (TribKafkaPublisher *p, const TribKafkaFrame *desc, GBytes *payload, gboolean legacy)
{
  Frame *frame = g_new0 (Frame, 1);
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);

  frame->id = trib_frame_id_format (desc->session, desc->stream, desc->index, desc->t_ns);
  frame->session = share (&p->last_session, desc->session);
  frame->stream = share (&p->last_stream, desc->stream);
  frame->caps = share (&p->last_caps, desc->caps);
  frame->format = g_intern_string (desc->format);
  frame->content_type = g_intern_string (desc->content_type);
  frame->time_source = g_intern_string (desc->time_source);
  frame->index = desc->index;
  frame->t_ns = desc->t_ns;
  frame->original_size = desc->original_size;
  frame->key = desc->key;
  frame->legacy = legacy;
  frame->size = size;
  frame->held = MAX (size, desc->held_bytes);
  frame->partition = -1;
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    frame->offsets[i] = -1;
  if (!legacy) {
    frame->payload = g_bytes_ref (payload);
    frame->crc32c = trib_crc32c (0, data, size);
  }
  return frame;
}

/* the records' values, once the frame's number is known */
static void
lay_out (Frame *frame, const TribKafkaFrame *desc, GBytes *payload)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);

  if (frame->legacy) {
    frame->json = g_string_sized_new (size / 3 * 4 + 2048);
    trib_kafka_layout_legacy (frame->json, desc, frame->id, frame->sequence, data, size);
  } else {
    frame->json = g_string_sized_new (1024);
    trib_kafka_layout_metadata (frame->json, desc, frame->id, frame->sequence, size, frame->crc32c);
  }
  frame->json_crc32c = trib_crc32c (0, frame->json->str, frame->json->len);
  frame->cost = FRAME_OVERHEAD_BYTES + frame->json->len + (frame->legacy ? 0 : frame->held);
}

static gboolean
has_room (const TribKafkaPublisher *p, const Frame *frame)
{
  return p->accounts.pending_bytes + frame->cost <= p->config.max_pending_bytes;
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
    if (!frame->key)
      return frame;
  }
  return NULL;
}

/* makes room by the policy that drops; FALSE when the new frame itself must go, and why */
static gboolean
make_room (TribKafkaPublisher *p, const Frame *frame, TribKafkaDropped *ret_reason)
{
  Frame *victim;

  switch (p->overflow) {
    case TRIB_KAFKA_OVERFLOW_DROP_OLDEST:
      while (!has_room (p, frame) && (victim = oldest_waiting (p)) != NULL)
        trib_kafka_delivery_drop (p, victim, TRIB_KAFKA_DROPPED_OLDEST,
            "dropped for a newer frame: the bound on pending bytes was reached");
      *ret_reason = TRIB_KAFKA_DROPPED_NEWEST;
      break;
    case TRIB_KAFKA_OVERFLOW_DROP_NON_KEY:
      while (frame->key && !has_room (p, frame) && (victim = youngest_waiting_non_key (p)) != NULL)
        trib_kafka_delivery_drop (p, victim, TRIB_KAFKA_DROPPED_NON_KEY,
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
  return has_room (p, frame);
}

static gboolean
wait_for_room (TribKafkaPublisher *p, Frame *frame)
{
  gint64 deadline = frame->taken_us + (gint64) p->config.delivery_timeout_ms * 1000;

  while (
      !has_room (p, frame) && !p->flushing && !p->fatal && p->overflow == TRIB_KAFKA_OVERFLOW_BLOCK)
    if (!g_cond_wait_until (&p->changed, &p->lock, deadline))
      /* room may have come at the last moment */
      return has_room (p, frame);
  return TRUE;
}

static TribKafkaPublishResult
refuse_too_large (TribKafkaPublisher *p, Frame *frame)
{
  g_autofree gchar *message
      = g_strdup_printf ("a frame of %" G_GSIZE_FORMAT " bytes needs %" G_GUINT64_FORMAT
                         " with its metadata, more than max-pending-bytes=%" G_GUINT64_FORMAT,
          frame->size, frame->cost, p->config.max_pending_bytes);

  /* those behind it need it all the same */
  if (p->overflow == TRIB_KAFKA_OVERFLOW_DROP_NON_KEY)
    p->await_key = TRUE;
  trib_kafka_delivery_fail (p, frame, TRIB_KAFKA_FAILED_TOO_LARGE, message);
  return TRIB_KAFKA_PUBLISH_LOST;
}

static TribKafkaPublishResult
drop_new (TribKafkaPublisher *p, Frame *frame, TribKafkaDropped reason, GError **error)
{
  g_autofree gchar *message = g_strdup_printf (
      "no room for %" G_GUINT64_FORMAT " bytes: %" G_GUINT64_FORMAT
      " of max-pending-bytes=%" G_GUINT64_FORMAT " are pending in %" G_GUINT64_FORMAT " frames",
      frame->cost, p->accounts.pending_bytes, p->config.max_pending_bytes, p->accounts.pending - 1);

  if (reason == TRIB_KAFKA_DROPPED_NON_KEY)
    p->await_key = TRUE;
  trib_kafka_delivery_drop (p, frame, reason, message);
  if (reason != TRIB_KAFKA_DROPPED_OVERFLOW)
    return TRIB_KAFKA_PUBLISH_LOST;
  g_set_error_literal (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_OVERFLOW, message);
  return TRIB_KAFKA_PUBLISH_ERROR;
}

static void
take (TribKafkaPublisher *p, Frame *frame)
{
  TribKafkaAccounts *a = &p->accounts;

  frame->link.data = frame;
  a->pending_bytes += frame->cost;
  a->max_pending_bytes = MAX (a->max_pending_bytes, a->pending_bytes);
  if (frame->payload) {
    a->pinned_bytes += frame->held;
    a->pinned_buffers++;
  }
  a->waiting++;
  p->wanted[frame->legacy ? GROUP_LEGACY : GROUP_BINARY] = TRUE;
  g_queue_push_tail_link (&p->waiting, &frame->link);
  trib_kafka_delivery_dispatch (p);
}

/* @locks: requires the publisher's; the frame is counted as pending and is in no queue */
static TribKafkaPublishResult
admit (TribKafkaPublisher *p, Frame *frame, GError **error)
{
  TribKafkaDropped reason;

  if (frame->size == 0) {
    trib_kafka_delivery_fail (p, frame, TRIB_KAFKA_FAILED_REFUSED, "a frame without bytes");
    return TRIB_KAFKA_PUBLISH_LOST;
  }
  if (frame->cost > p->config.max_pending_bytes)
    return refuse_too_large (p, frame);
  if (p->overflow != TRIB_KAFKA_OVERFLOW_DROP_NON_KEY || frame->key)
    p->await_key = FALSE;
  if (p->await_key) {
    trib_kafka_delivery_drop (
        p, frame, TRIB_KAFKA_DROPPED_NON_KEY, "an earlier frame that this one needs was dropped");
    return TRIB_KAFKA_PUBLISH_LOST;
  }
  if (p->overflow == TRIB_KAFKA_OVERFLOW_BLOCK && !wait_for_room (p, frame)) {
    g_autofree gchar *message = g_strdup_printf ("no room within %u ms: %s",
        p->config.delivery_timeout_ms, p->why ? p->why : "the broker takes frames too slowly");
    trib_kafka_delivery_fail (p, frame, TRIB_KAFKA_FAILED_TIMED_OUT, message);
    return TRIB_KAFKA_PUBLISH_LOST;
  }
  if (p->fatal) {
    if (error)
      *error = g_error_copy (p->fatal);
    trib_kafka_delivery_fail (p, frame, TRIB_KAFKA_FAILED_REFUSED, p->fatal->message);
    return TRIB_KAFKA_PUBLISH_ERROR;
  }
  if (p->flushing && !has_room (p, frame)) {
    /* not taken after all: the caller tries again, or says that it is lost */
    p->accounts.produced--;
    p->accounts.bytes_produced -= frame->size;
    p->accounts.pending--;
    trib_kafka_frame_free (frame);
    return TRIB_KAFKA_PUBLISH_FLUSHING;
  }
  if (!has_room (p, frame) && !make_room (p, frame, &reason))
    return drop_new (p, frame, reason, error);
  take (p, frame);
  return TRIB_KAFKA_PUBLISH_TAKEN;
}

/**
 * trib_kafka_publisher_publish:
 * @p: a publisher
 * @frame: what the records say of it; session and stream must pass the checks of trib-frame-id.h
 * @payload: its bytes; referenced, not copied, until the broker has acknowledged them
 * @legacy: as the one record of legacy mode (ARIA-4), which does copy
 * @error: return location, set with %TRIB_KAFKA_PUBLISH_ERROR
 *
 * Takes one frame. May wait for room when the overflow policy says so; the wait ends with the
 * delivery timeout, or with trib_kafka_publisher_set_flushing(). One thread at a time.
 *
 * Returns: what became of it
 */
TribKafkaPublishResult
trib_kafka_publisher_publish (TribKafkaPublisher *p, const TribKafkaFrame *frame, GBytes *payload,
    gboolean legacy, GError **error)
{
  Frame *taken = make_frame (p, frame, payload, legacy);
  TribKafkaPublishResult result;

  taken->taken_us = g_get_monotonic_time ();
  g_mutex_lock (&p->lock);
  taken->sequence = p->accounts.produced++;
  p->accounts.bytes_produced += taken->size;
  p->accounts.pending++;
  g_mutex_unlock (&p->lock);
  /* the JSON is made outside the lock: legacy frames are large */
  lay_out (taken, frame, payload);
  g_mutex_lock (&p->lock);
  result = admit (p, taken, error);
  g_mutex_unlock (&p->lock);
  return result;
}

/**
 * trib_kafka_publisher_count_flushed:
 * @p: a publisher
 * @frame: as given to trib_kafka_publisher_publish()
 * @payload: likewise
 * @legacy: likewise
 *
 * Counts a frame for which trib_kafka_publisher_publish() gave %TRIB_KAFKA_PUBLISH_FLUSHING and
 * that is not tried again. It is told and written down like any other loss.
 */
void
trib_kafka_publisher_count_flushed (
    TribKafkaPublisher *p, const TribKafkaFrame *frame, GBytes *payload, gboolean legacy)
{
  Frame *lost = make_frame (p, frame, payload, legacy);

  g_mutex_lock (&p->lock);
  lost->sequence = p->accounts.produced++;
  p->accounts.bytes_produced += lost->size;
  p->accounts.pending++;
  /* its wait was ended, so it is missing for those behind it */
  if (p->overflow == TRIB_KAFKA_OVERFLOW_DROP_NON_KEY)
    p->await_key = TRUE;
  trib_kafka_delivery_drop (
      p, lost, TRIB_KAFKA_DROPPED_FLUSHED, "a flush or a state change ended its wait for room");
  g_mutex_unlock (&p->lock);
}

/**
 * trib_kafka_publisher_drain:
 * @p: a publisher
 * @timeout_ms: how long to wait at most
 *
 * Waits until every frame has its outcome. Ends early with trib_kafka_publisher_set_flushing(); a
 * fatal error gives every frame its outcome. Any thread.
 *
 * Returns: whether nothing is pending
 */
gboolean
trib_kafka_publisher_drain (TribKafkaPublisher *p, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  gboolean empty;

  g_mutex_lock (&p->lock);
  while (
      !(empty = p->accounts.pending == 0 && p->accounts.loss_records_pending == 0) && !p->flushing)
    if (!g_cond_wait_until (&p->changed, &p->lock, deadline))
      break;
  g_mutex_unlock (&p->lock);
  return empty;
}

/**
 * trib_kafka_publisher_give_up:
 * @p: a publisher
 *
 * Fails every pending frame as purged, says so (frames_lost) and returns when that is done: about a
 * second at most, for registry entries that still can be written. The publisher goes on. Not from
 * its callbacks.
 */
void
trib_kafka_publisher_give_up (TribKafkaPublisher *p)
{
  g_mutex_lock (&p->lock);
  p->abandon = TRUE;
  while (p->abandon)
    g_cond_wait (&p->changed, &p->lock);
  g_mutex_unlock (&p->lock);
}

/**
 * trib_kafka_publisher_set_flushing:
 * @p: a publisher
 * @flushing: whether waits must end at once
 *
 * Wakes trib_kafka_publisher_publish() and trib_kafka_publisher_drain(). Frames on their way go on.
 * Any thread.
 */
void
trib_kafka_publisher_set_flushing (TribKafkaPublisher *p, gboolean flushing)
{
  g_mutex_lock (&p->lock);
  p->flushing = flushing;
  g_cond_broadcast (&p->changed);
  g_mutex_unlock (&p->lock);
}

/* any thread; takes effect at once, also for a frame that waits for room */
void
trib_kafka_publisher_set_overflow (TribKafkaPublisher *p, TribKafkaOverflow overflow)
{
  g_mutex_lock (&p->lock);
  p->overflow = overflow;
  g_cond_broadcast (&p->changed);
  g_mutex_unlock (&p->lock);
}

/* any thread; the books close in every copy */
void
trib_kafka_publisher_get_accounts (TribKafkaPublisher *p, TribKafkaAccounts *ret_accounts)
{
  g_mutex_lock (&p->lock);
  *ret_accounts = p->accounts;
  g_mutex_unlock (&p->lock);
}

/**
 * trib_kafka_publisher_is_congested:
 * @p: a publisher
 * @more_bytes: what a frame would add
 *
 * Any thread.
 *
 * Returns: whether frames pile up: a quarter of the bound would be used
 */
gboolean
trib_kafka_publisher_is_congested (TribKafkaPublisher *p, guint64 more_bytes)
{
  gboolean congested;

  g_mutex_lock (&p->lock);
  congested = p->accounts.pending_bytes + more_bytes > p->config.max_pending_bytes / 4;
  g_mutex_unlock (&p->lock);
  return congested;
}

TribKafkaLinkState
trib_kafka_publisher_get_link (TribKafkaPublisher *p)
{
  TribKafkaLinkState state;

  g_mutex_lock (&p->lock);
  state = p->link.state;
  g_mutex_unlock (&p->lock);
  return state;
}
