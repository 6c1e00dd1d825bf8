/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread of a publisher's callbacks. What an application does in them (a handler of bus
 * messages may do anything) does not delay deliveries. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#define LOSSES_EVERY_US G_TIME_SPAN_SECOND

typedef struct {
  GQueue events;
  gchar *why;
  guint64 n_pending;
  TribKafkaLosses losses;
  GError *fatal;
} News;

/* @locks: requires the publisher's */
void
trib_kafka_notify_link (TribKafkaPublisher *p, const TribLinkEvent *event)
{
  const gchar *why = trib_kafka_publisher_why (p);

  PUBLISHER_LOG (p, TRIB_LOG_DEBUG, "connection: %s -> %s%s%s",
      trib_link_state_to_string (event->previous), trib_link_state_to_string (event->state),
      why ? ": " : "", why ? why : "");
  p->stats.outages = p->link.outages;
  g_queue_push_tail (&p->link_events, g_memdup2 (event, sizeof *event));
  g_cond_signal (&p->notify);
}

void
trib_kafka_notify_clear_losses (TribKafkaLosses *losses)
{
  for (guint i = 0; i < losses->n_named; i++)
    g_free (losses->frame_ids[i]);
  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++)
    g_free (losses->failed_why[i]);
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++)
    g_free (losses->dropped_why[i]);
  g_free (losses->message);
  memset (losses, 0, sizeof *losses);
}

/* @locks: requires the publisher's */
static gchar *
describe_trouble (const TribKafkaPublisher *p)
{
  const gchar *why = trib_kafka_publisher_why (p);

  if (why)
    return g_strdup (why);
  if (p->throttle_ms > 0)
    return g_strdup_printf (
        "the broker throttles this client (a quota): it takes nothing for %d ms", p->throttle_ms);
  return g_strdup ("");
}

/* @locks: requires the publisher's */
static gboolean
collect (TribKafkaPublisher *p, News *news)
{
  gint64 now = g_get_monotonic_time ();

  memset (news, 0, sizeof *news);
  news->n_pending = p->stats.pending;
  news->events = p->link_events;
  g_queue_init (&p->link_events);
  if (!g_queue_is_empty (&news->events))
    news->why = describe_trouble (p);
  if (p->losses.message && (p->notify_now || p->notify_ends || now >= p->next_losses_us)) {
    news->losses = p->losses;
    memset (&p->losses, 0, sizeof p->losses);
    p->next_losses_us = now + LOSSES_EVERY_US;
  }
  if (p->fatal && !p->fatal_notified) {
    news->fatal = g_error_copy (p->fatal);
    p->fatal_notified = TRUE;
  }
  return news->events.length > 0 || news->losses.message || news->fatal;
}

static void
call_back (TribKafkaPublisher *p, News *news)
{
  TribLinkEvent *event;

  while ((event = g_queue_pop_head (&news->events)) != NULL) {
    if (p->callbacks.link_changed)
      p->callbacks.link_changed (p->user_data, event, news->n_pending, news->why);
    g_free (event);
  }
  if (news->losses.message && p->callbacks.frames_lost)
    p->callbacks.frames_lost (p->user_data, &news->losses);
  if (news->fatal && p->callbacks.fatal)
    p->callbacks.fatal (p->user_data, news->fatal);
  trib_kafka_notify_clear_losses (&news->losses);
  g_clear_error (&news->fatal);
  g_free (news->why);
}

/* until the end, and all is reported; losses at most once a second unless it was asked for */
gpointer
trib_kafka_notify_thread (gpointer data)
{
  TribKafkaPublisher *p = data;
  GMutex *lock = &p->lock;
  News news;

  g_mutex_lock (lock);
  for (;;) {
    if (collect (p, &news)) {
      g_mutex_unlock (lock);
      call_back (p, &news);
      g_mutex_lock (lock);
      continue;
    }
    if (p->notify_now) {
      p->notify_now = FALSE;
      g_cond_broadcast (&p->changed);
    }
    if (p->notify_ends)
      break;
    if (p->losses.message)
      g_cond_wait_until (&p->notify, lock, p->next_losses_us);
    else
      g_cond_wait (&p->notify, lock);
  }
  g_mutex_unlock (lock);
  return NULL;
}
