/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client of a publisher (a librdkafka producer), its callbacks, and the I/O thread that
 * serves it. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#define POLL_MS 50
#define END_POLL_MS 10

static gboolean
is_server (const gchar *given, const gchar *address)
{
  const gchar *scheme_end = strstr (given, "://");
  g_autofree gchar *with_port = NULL;

  if (scheme_end)
    given = scheme_end + 3;
  with_port = strchr (given, ':') ? g_strdup (given) : g_strconcat (given, ":9092", NULL);
  return g_str_equal (with_port, address);
}

/**
 * trib_kafka_io_describe:
 * @servers: those that were given, HOST:PORT[,HOST:PORT...]
 * @reason: the client's text about a broker, "HOST:PORT/ID: ..."; an ID that is a number is that of
 *   an address which a broker advertises
 *
 * A broker answers at the address that was given, and then all goes to the one that it advertises:
 * where that one is wrong, the fault is not in what was given.
 *
 * Returns: (transfer full): the text, with the advertised address named as such
 */
gchar *
trib_kafka_io_describe (const gchar *servers, const gchar *reason)
{
  g_autoptr (GRegex) pattern
      = g_regex_new ("^(?:[a-z_]+://)?([^/ ]+)/[0-9]+: ", G_REGEX_OPTIMIZE, 0, NULL);
  g_auto (GStrv) given = g_strsplit (servers, ",", -1);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree gchar *address = NULL;

  if (!g_regex_match (pattern, reason, 0, &match))
    return g_strdup (reason);
  address = g_match_info_fetch (match, 1);
  for (guint i = 0; given[i]; i++)
    if (is_server (g_strstrip (given[i]), address))
      return g_strdup (reason);
  return g_strdup_printf ("%s (%s is what the broker advertises, advertised.listeners, not what "
                          "bootstrap-servers says)",
      reason, address);
}

/* @thread: I/O @locks: takes the publisher's */
static void
note_trouble (TribKafkaPublisher *p, const gchar *why)
{
  TribLinkEvent event;

  g_mutex_lock (&p->lock);
  if (why) {
    g_autofree gchar *described = trib_kafka_io_describe (p->servers, why);
    g_free (p->client_why);
    p->client_why = trib_kafka_secrets_hide (p->secrets, described);
    PUBLISHER_LOG (p, TRIB_LOG_DEBUG, "client: %s", p->client_why);
  } else if (trib_link_trouble (&p->link, g_get_monotonic_time (), &event)) {
    trib_kafka_notify_link (p, &event);
  }
  g_mutex_unlock (&p->lock);
}

/* Nothing that is pending can be delivered any more. @thread: I/O @locks: takes the publisher's */
static void
set_fatal (TribKafkaPublisher *p, const gchar *why)
{
  g_mutex_lock (&p->lock);
  if (p->fatal == NULL)
    p->fatal = g_error_new (
        TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FATAL, "the Kafka client cannot continue: %s", why);
  PUBLISHER_LOG (p, TRIB_LOG_ERROR, "%s", p->fatal->message);
  p->abandon = TRUE;
  g_cond_broadcast (&p->changed);
  g_cond_signal (&p->notify);
  g_mutex_unlock (&p->lock);
}

static void
error_cb (rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
  TribKafkaPublisher *p = opaque;

  switch (err) {
    case RD_KAFKA_RESP_ERR__FATAL: {
      gchar why[512] = "";
      rd_kafka_resp_err_t cause = rd_kafka_fatal_error (rk, why, sizeof why);
      if (!trib_kafka_renew_begin (p, cause, why))
        set_fatal (p, why);
      break;
    }
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      /* it adds nothing to the transport errors before it */
      note_trouble (p, NULL);
      break;
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      note_trouble (p, reason);
      break;
    default:
      break;
  }
}

/* a quota: the broker holds its answers back, and takes no request meanwhile */
static void
throttle_cb (rd_kafka_t *rk, const char *broker, int32_t id, int throttle_ms, void *opaque)
{
  TribKafkaPublisher *p = opaque;

  g_mutex_lock (&p->lock);
  p->throttle_ms = throttle_ms;
  PUBLISHER_LOG (p, TRIB_LOG_DEBUG, "throttled by %s for %d ms", broker, throttle_ms);
  g_mutex_unlock (&p->lock);
}

/* Without the lock: the client may log from a thread that the holder of the lock waits for. */
static void
log_cb (const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
  TribKafkaPublisher *p = rd_kafka_opaque (rk);
  g_autofree gchar *shown = NULL;

  if (p->callbacks.log == NULL)
    return;
  shown = trib_kafka_secrets_hide (p->secrets, text);
  p->callbacks.log (p->user_data, level, shown);
}

/**
 * trib_kafka_io_open:
 * @p: a publisher without a client
 * @error: return location
 *
 * Makes the client, for batches of at most @p's batch_bytes. Nothing is connected yet.
 */
gboolean
trib_kafka_io_open (TribKafkaPublisher *p, GError **error)
{
  rd_kafka_conf_t *conf = trib_kafka_config_producer (&p->config, p->batch_bytes, error);
  gchar why[512] = "";

  if (conf == NULL)
    return FALSE;
  rd_kafka_conf_set_opaque (conf, p);
  rd_kafka_conf_set_dr_msg_cb (conf, trib_kafka_delivery_report);
  rd_kafka_conf_set_error_cb (conf, error_cb);
  rd_kafka_conf_set_log_cb (conf, log_cb);
  rd_kafka_conf_set_throttle_cb (conf, throttle_cb);
  p->rk = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (p->rk == NULL) {
    g_autofree gchar *shown = trib_kafka_secrets_hide (p->secrets, why);
    rd_kafka_conf_destroy (conf);
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
        "the Kafka client refuses its options: %s", shown);
    return FALSE;
  }
  p->batch_size = trib_kafka_config_get_batch_bytes (rd_kafka_conf (p->rk));
  p->idempotent = trib_kafka_config_is_idempotent (rd_kafka_conf (p->rk));
  return TRUE;
}

static void
close_topics (TribKafkaPublisher *p)
{
  g_mutex_lock (&p->lock);
  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++) {
    g_clear_pointer (&p->topics[t].rkt, rd_kafka_topic_destroy);
    trib_kafka_queues_forget (&p->topics[t]);
  }
  g_clear_pointer (&p->runs_rkt, rd_kafka_topic_destroy);
  g_mutex_unlock (&p->lock);
}

/* What is on its way has no report after it. @thread: I/O, or the owner before the thread runs
 * @locks: takes the publisher's */
void
trib_kafka_io_close (TribKafkaPublisher *p)
{
  close_topics (p);
  g_clear_pointer (&p->rk, rd_kafka_destroy);
}

/**
 * trib_kafka_io_reopen:
 * @p: a publisher whose client has no record
 *
 * Another client takes the place of the one that there is, for batches of at most @p's batch_bytes.
 * It has no topics yet.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 *
 * Returns: %FALSE: the client is as before, without its topics
 */
gboolean
trib_kafka_io_reopen (TribKafkaPublisher *p)
{
  rd_kafka_t *before = p->rk;

  close_topics (p);
  if (!trib_kafka_io_open (p, NULL)) {
    p->rk = before;
    return FALSE;
  }
  rd_kafka_destroy (before);
  return TRUE;
}

/**
 * trib_kafka_io_poll:
 * @p: a publisher
 * @timeout_ms: how long to wait for something
 *
 * Serves the client's callbacks, then wakes the threads that wait for an outcome or for space.
 * Reports arrive in the hundreds: a thread that was woken by each would find space for one more
 * frame, and wait again for the lock and for space.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 */
void
trib_kafka_io_poll (TribKafkaPublisher *p, gint timeout_ms)
{
  rd_kafka_poll (p->rk, timeout_ms);
  g_mutex_lock (&p->lock);
  if (p->wake_due) {
    p->wake_due = FALSE;
    trib_kafka_admission_wake (p);
  }
  g_mutex_unlock (&p->lock);
}

/* with no lock held, because a release may run a pool's code; @locks: takes the publisher's */
static void
release_payloads (TribKafkaPublisher *p)
{
  g_autoptr (GPtrArray) released = NULL;

  g_mutex_lock (&p->lock);
  if (p->released->len > 0) {
    released = p->released;
    p->released = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  }
  g_mutex_unlock (&p->lock);
}

/* @locks: requires the publisher's */
static gint64
oldest_pending (TribKafkaPublisher *p)
{
  GList *link = p->sent.head ? p->sent.head : p->waiting.head;

  return link ? ((TribKafkaPending *) link->data)->taken_us : -1;
}

static void
tick (TribKafkaPublisher *p)
{
  gint64 now = g_get_monotonic_time ();
  TribLinkEvent event;

  g_mutex_lock (&p->lock);
  trib_kafka_queues_expire (p, now - (gint64) p->config.delivery_timeout_ms * 1000);
  trib_kafka_delivery_expire (p, now);
  if (trib_link_tick (&p->link, now, oldest_pending (p), &event))
    trib_kafka_notify_link (p, &event);
  trib_kafka_delivery_dispatch (p);
  g_mutex_unlock (&p->lock);
}

/* from the first frame to the end of close() */
gpointer
trib_kafka_io_thread (gpointer data)
{
  TribKafkaPublisher *p = data;

  while (p->end != TRIB_KAFKA_END_CLOSED) {
    gboolean ending;
    tick (p);
    ending = trib_kafka_end_run (p);
    /* the end has no time for a broker that does not answer */
    if (!ending && trib_kafka_renew_run (p))
      trib_kafka_preflight_run (p, g_get_monotonic_time ());
    trib_kafka_io_poll (p, ending ? END_POLL_MS : POLL_MS);
    release_payloads (p);
  }
  trib_kafka_io_close (p);
  trib_kafka_end_rest (p);
  release_payloads (p);
  return NULL;
}
