/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each publisher has a thread for its callbacks. What an application does in them (a handler of bus messages may
 * do anything) holds up neither deliveries nor the other publishers of the client. */
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

/* @locks: requires the client's */
void
trib_kafka_tell_link (TribKafkaPublisher *p, const TribLinkEvent *event)
{
  p->accounts.outages = p->link.outages;
  g_queue_push_tail (&p->link_events, g_memdup2 (event, sizeof *event));
  g_cond_signal (&p->tell);
}

void
trib_kafka_tell_clear_losses (TribKafkaLosses *losses)
{
  for (guint i = 0; i < losses->n_named; i++)
    g_free (losses->frame_ids[i]);
  g_free (losses->message);
  memset (losses, 0, sizeof *losses);
}

/* @locks: requires the client's */
static gchar *
describe_trouble (const TribKafkaPublisher *p)
{
  const TribKafkaClient *c = p->client;

  if (p->why)
    return g_strdup (p->why);
  if (c->why)
    return g_strdup (c->why);
  if (c->throttle_ms > 0)
    return g_strdup_printf (
        "the broker throttles this client (a quota): it takes nothing for %d ms", c->throttle_ms);
  return g_strdup ("");
}

/* @locks: requires the client's */
static gboolean
collect (TribKafkaPublisher *p, News *news)
{
  const TribKafkaClient *c = p->client;
  gint64 now = g_get_monotonic_time ();

  memset (news, 0, sizeof *news);
  news->n_pending = p->accounts.pending;
  news->events = p->link_events;
  g_queue_init (&p->link_events);
  if (!g_queue_is_empty (&news->events))
    news->why = describe_trouble (p);
  if (p->losses.message && (p->tell_now || p->tell_ends || now >= p->next_losses_us)) {
    news->losses = p->losses;
    memset (&p->losses, 0, sizeof p->losses);
    p->next_losses_us = now + LOSSES_EVERY_US;
  }
  if (c->fatal && !p->fatal_told) {
    news->fatal = g_error_copy (c->fatal);
    p->fatal_told = TRUE;
  }
  return news->events.length > 0 || news->losses.message || news->fatal;
}

static void
tell (TribKafkaPublisher *p, News *news)
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
  trib_kafka_tell_clear_losses (&news->losses);
  g_clear_error (&news->fatal);
  g_free (news->why);
}

/* tells until there is nothing more to tell; losses at most once a second unless it was asked for */
gpointer
trib_kafka_tell_thread (gpointer data)
{
  TribKafkaPublisher *p = data;
  GMutex *lock = &p->client->lock;
  News news;

  g_mutex_lock (lock);
  for (;;) {
    if (collect (p, &news)) {
      g_mutex_unlock (lock);
      tell (p, &news);
      g_mutex_lock (lock);
      continue;
    }
    if (p->tell_now) {
      p->tell_now = FALSE;
      g_cond_broadcast (&p->changed);
    }
    if (p->tell_ends)
      break;
    if (p->losses.message)
      g_cond_wait_until (&p->tell, lock, p->next_losses_us);
    else
      g_cond_wait (&p->tell, lock);
  }
  g_mutex_unlock (lock);
  return NULL;
}
