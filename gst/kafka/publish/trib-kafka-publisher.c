/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Life and public functions of a publisher. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

/* readers know the kind of a record by its topic */
static gboolean
check_topics (const TribKafkaPublisher *p, GError **error)
{
  if (p->runs_topic && !trib_kafka_topic_check (p->runs_topic, error))
    return FALSE;
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++) {
    const gchar *name = p->topics[i].name;
    if (name && !trib_kafka_topic_check (name, error))
      return FALSE;
    for (guint k = 0; k <= i; k++) {
      if (name && g_strcmp0 (name, k < i ? p->topics[k].name : p->runs_topic) == 0) {
        g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
            "two topics have the name \"%s\": each kind of record needs one of its own", name);
        return FALSE;
      }
    }
  }
  return TRUE;
}

static void
copy_topics (TribKafkaPublisher *p, const TribKafkaConfig *config)
{
  if (config->record_topic) {
    p->topics[TRIB_KAFKA_TOPIC_SINGLE].name = g_strdup (config->record_topic);
    return;
  }
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    p->topics[i].name
        = g_strdup (config->topics[i] ? config->topics[i] : trib_kafka_default_topics[i]);
}

static void
copy_config (TribKafkaPublisher *p, const TribKafkaConfig *config)
{
  p->servers = g_strdup (config->bootstrap_servers);
  p->options = g_strdupv ((gchar **) config->options);
  p->secrets = trib_kafka_secrets_new ();
  for (guint i = 0; p->options && p->options[i]; i += 2)
    trib_kafka_secrets_add (p->secrets, p->options[i], p->options[i + 1]);
  p->config = *config;
  p->config.bootstrap_servers = p->servers;
  p->config.options = (const gchar *const *) p->options;
  p->runs_topic = g_strdup (config->runs_topic);
  p->runs_asks = p->runs_topic ? TRIB_KAFKA_RUNS_ASKS : 0;
  p->runs = g_ptr_array_new_with_free_func (trib_kafka_runs_free);
  p->config.record_topic = NULL;
  p->config.runs_topic = NULL;
  memset (p->config.topics, 0, sizeof p->config.topics);
  p->overflow = config->overflow;
  p->wanted[config->record_topic || config->legacy ? TRIB_KAFKA_GROUP_SINGLE
                                                   : TRIB_KAFKA_GROUP_BINARY]
      = TRUE;
  copy_topics (p, config);
  p->id = p->topics[config->record_topic ? TRIB_KAFKA_TOPIC_SINGLE : TRIB_KAFKA_TOPIC_BINARY].name;
}

static void
destroy (TribKafkaPublisher *p)
{
  g_clear_pointer (&p->last_session, g_ref_string_release);
  g_clear_pointer (&p->last_stream, g_ref_string_release);
  g_clear_pointer (&p->last_caps, g_ref_string_release);
  trib_kafka_notify_clear_losses (&p->losses);
  g_queue_clear_full (&p->link_events, g_free);
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++) {
    g_free (p->topics[i].queues);
    g_free (p->topics[i].name);
  }
  g_ptr_array_unref (p->released);
  g_ptr_array_unref (p->runs);
  g_free (p->runs_topic);
  g_free (p->runs_why);
  g_clear_error (&p->fatal);
  g_free (p->client_why);
  g_free (p->topic_why);
  g_free (p->servers);
  g_strfreev (p->options);
  trib_kafka_secrets_free (p->secrets);
  g_mutex_clear (&p->lock);
  g_cond_clear (&p->changed);
  g_cond_clear (&p->notify);
  g_free (p);
}

/**
 * trib_kafka_publisher_new:
 * @config: settings, copied
 * @callbacks: copied
 * @user_data: for @callbacks
 * @error: return location: options that are not acceptable
 *
 * Makes a client of its own. Does not wait for the broker: frames wait for it. Any thread.
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
  g_cond_init (&p->notify);
  p->released = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  p->callbacks = *callbacks;
  p->user_data = user_data;
  copy_config (p, config);
  trib_link_init (&p->link, g_get_monotonic_time ());
  if (!check_topics (p, error) || !trib_kafka_io_open (p, error)) {
    destroy (p);
    return NULL;
  }
  if (!p->idempotent && callbacks->log)
    callbacks->log (user_data, 4,
        "enable.idempotence is off: a retry may write a record twice, or out of order");
  p->io_thread = g_thread_new ("kafka-client", trib_kafka_io_thread, p);
  p->notifier = g_thread_new ("kafka-publisher", trib_kafka_notify_thread, p);
  return p;
}

/**
 * trib_kafka_publisher_close:
 * @p: a publisher that no other thread publishes to any more
 * @drain_timeout_ms: how long to wait for outcomes first
 *
 * Drains, then gives up the rest: those frames count as purged and are reported by frames_lost
 * before this returns. No payload is referenced after it. After it only
 * trib_kafka_publisher_get_stats() and trib_kafka_publisher_free() may be called. Not from a
 * callback.
 */
void
trib_kafka_publisher_close (TribKafkaPublisher *p, guint drain_timeout_ms)
{
  trib_kafka_publisher_set_flushing (p, FALSE);
  if (drain_timeout_ms > 0)
    trib_kafka_publisher_drain (p, drain_timeout_ms);
  g_mutex_lock (&p->lock);
  p->close = TRUE;
  g_mutex_unlock (&p->lock);
  g_thread_join (g_steal_pointer (&p->io_thread));
  g_mutex_lock (&p->lock);
  p->notify_ends = TRUE;
  g_cond_signal (&p->notify);
  g_mutex_unlock (&p->lock);
  g_thread_join (g_steal_pointer (&p->notifier));
}

/**
 * trib_kafka_publisher_free:
 * @p: (transfer full): a publisher; closed at once if it was not
 */
void
trib_kafka_publisher_free (TribKafkaPublisher *p)
{
  if (p->notifier)
    trib_kafka_publisher_close (p, 0);
  destroy (p);
}

/**
 * trib_kafka_publisher_submit:
 * @p: a publisher; one with a record topic takes records, another one frames
 * @item: what to publish
 * @error: return location, set with %TRIB_KAFKA_PUBLISH_ERROR
 *
 * Takes one frame or record. May wait for space if the overflow policy is block; the wait ends
 * with the delivery timeout, or with trib_kafka_publisher_set_flushing(). One thread at a time.
 *
 * Returns: what became of it
 */
TribKafkaPublishResult
trib_kafka_publisher_submit (TribKafkaPublisher *p, const TribKafkaItem *item, GError **error)
{
  TribKafkaPending *taken = trib_kafka_pending_new (p, item);
  TribKafkaPublishResult result;

  g_mutex_lock (&p->lock);
  result = trib_kafka_admission_run (p, taken, error);
  g_mutex_unlock (&p->lock);
  return result;
}

/**
 * trib_kafka_publisher_count_flushed:
 * @p: a publisher
 * @item: as given to trib_kafka_publisher_submit()
 *
 * Counts what trib_kafka_publisher_submit() gave %TRIB_KAFKA_PUBLISH_FLUSHING for and that is not
 * tried again. It is reported and written down like any other loss.
 */
void
trib_kafka_publisher_count_flushed (TribKafkaPublisher *p, const TribKafkaItem *item)
{
  TribKafkaPending *lost = trib_kafka_pending_new (p, item);

  g_mutex_lock (&p->lock);
  trib_kafka_settle_count (p, lost);
  /* its wait was ended, so it is missing for the frames after it */
  if (p->overflow == TRIB_KAFKA_OVERFLOW_DROP_NON_KEY)
    p->await_key = TRUE;
  trib_kafka_settle_dropped (
      p, lost, TRIB_KAFKA_DROPPED_FLUSHED, "a flush or a state change ended its wait for space");
  g_mutex_unlock (&p->lock);
}

/**
 * trib_kafka_publisher_count_malformed:
 * @p: a publisher
 * @item: a record, or a frame with an empty payload
 * @message: what is wrong with it
 *
 * Counts what is not sent because it is not what it should be; it is reported like any other
 * loss.
 */
void
trib_kafka_publisher_count_malformed (
    TribKafkaPublisher *p, const TribKafkaItem *item, const gchar *message)
{
  TribKafkaPending *lost = trib_kafka_pending_new (p, item);

  g_mutex_lock (&p->lock);
  trib_kafka_settle_count (p, lost);
  trib_kafka_settle_failed (p, lost, TRIB_KAFKA_FAILED_MALFORMED, message);
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
  while (!(empty = p->stats.pending == 0 && p->stats.loss_records_pending == 0) && !p->flushing)
    if (!g_cond_wait_until (&p->changed, &p->lock, deadline))
      break;
  g_mutex_unlock (&p->lock);
  return empty;
}

/**
 * trib_kafka_publisher_give_up:
 * @p: a publisher
 *
 * Fails every pending frame as purged, reports it (frames_lost) and returns when that is done:
 * about a second at most, for registry entries that still can be written. The publisher goes on.
 * Not from its callbacks.
 */
void
trib_kafka_publisher_give_up (TribKafkaPublisher *p)
{
  g_mutex_lock (&p->lock);
  p->abandon = TRUE;
  while (p->abandon)
    g_cond_wait (&p->changed, &p->lock);
  g_mutex_unlock (&p->lock);
  trib_kafka_publisher_notify (p);
}

/**
 * trib_kafka_publisher_notify:
 * @p: a publisher
 *
 * Returns when everything that has happened so far has been reported: losses, too, which
 * otherwise wait up to a second for more of them. Not from its callbacks.
 */
void
trib_kafka_publisher_notify (TribKafkaPublisher *p)
{
  g_mutex_lock (&p->lock);
  p->notify_now = TRUE;
  g_cond_signal (&p->notify);
  while (p->notify_now)
    g_cond_wait (&p->changed, &p->lock);
  g_mutex_unlock (&p->lock);
}

/**
 * trib_kafka_publisher_set_flushing:
 * @p: a publisher
 * @flushing: whether waits must end at once
 *
 * Wakes trib_kafka_publisher_submit() and trib_kafka_publisher_drain(). Frames on their way go on.
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

/* any thread; takes effect at once, also for a frame that waits for space */
void
trib_kafka_publisher_set_overflow (TribKafkaPublisher *p, TribKafkaOverflow overflow)
{
  g_mutex_lock (&p->lock);
  p->overflow = overflow;
  g_cond_broadcast (&p->changed);
  g_mutex_unlock (&p->lock);
}

/* any thread; the counters close in every copy */
void
trib_kafka_publisher_get_stats (TribKafkaPublisher *p, TribKafkaStats *ret_stats)
{
  g_mutex_lock (&p->lock);
  *ret_stats = p->stats;
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
  congested = p->stats.pending_bytes + more_bytes > p->config.max_pending_bytes / 4;
  g_mutex_unlock (&p->lock);
  return congested;
}

TribLinkState
trib_kafka_publisher_get_link (TribKafkaPublisher *p)
{
  TribLinkState state;

  g_mutex_lock (&p->lock);
  state = p->link.state;
  g_mutex_unlock (&p->lock);
  return state;
}
