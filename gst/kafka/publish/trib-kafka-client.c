/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients of the process by their settings, the life of one, and its I/O thread. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#define POLL_MS 50
#define END_POLL_MS 10

/* A publisher takes the client of its settings, or makes it. One that no publisher uses any more, or
 * that cannot go on, is not in the table. */
static GMutex the_lock;
static GHashTable *the_clients; /* key to client, both the client's */

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

/* with its length, so that no text can be read as two */
static void
append_text (GString *key, const gchar *text)
{
  g_string_append_printf (key, "%" G_GSIZE_FORMAT ":%s", strlen (text), text);
}

static void
append_servers (GString *key, const gchar *servers)
{
  g_auto (GStrv) list = g_strsplit (servers, ",", -1);

  for (guint i = 0; list[i]; i++)
    g_strstrip (list[i]);
  qsort (list, g_strv_length (list), sizeof *list, compare_texts);
  append_text (key, "servers");
  for (guint i = 0; list[i]; i++)
    append_text (key, list[i]);
}

/* an option that is given twice counts as the client takes it: the last value */
static void
append_options (GString *key, const gchar *const *options)
{
  g_autoptr (GHashTable) values = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree gpointer *names = NULL;
  guint n;

  for (guint i = 0; options && options[i]; i += 2)
    g_hash_table_insert (values, (gpointer) options[i], (gpointer) options[i + 1]);
  names = g_hash_table_get_keys_as_array (values, &n);
  qsort (names, n, sizeof *names, compare_texts);
  append_text (key, "options");
  for (guint i = 0; i < n; i++) {
    append_text (key, names[i]);
    append_text (key, g_hash_table_lookup (values, names[i]));
  }
}

/* everything that shapes a client; what shapes a publisher only (topics, overflow) is not in it */
static gchar *
key_of (const TribKafkaConfig *config)
{
  GString *key = g_string_new (NULL);

  g_string_append_printf (key, "%" G_GUINT64_FORMAT " %u %d ", config->max_pending_bytes,
      config->delivery_timeout_ms, config->in_process);
  append_servers (key, config->bootstrap_servers);
  append_options (key, config->options);
  return g_string_free (key, FALSE);
}

/* nobody new comes to @c any more; @locks: requires the table's */
static void
forget (TribKafkaClient *c)
{
  if (the_clients == NULL || g_hash_table_lookup (the_clients, c->key) != c)
    return;
  g_hash_table_remove (the_clients, c->key);
  if (g_hash_table_size (the_clients) == 0)
    g_clear_pointer (&the_clients, g_hash_table_unref);
}

/* @thread: I/O @locks: takes the client's */
static void
trouble (TribKafkaClient *c, const gchar *why)
{
  gint64 now = g_get_monotonic_time ();
  TribLinkEvent event;

  g_mutex_lock (&c->lock);
  if (why) {
    g_free (c->why);
    c->why = trib_kafka_secrets_hide (c->secrets, why);
  }
  for (GList *l = why ? NULL : c->publishers.head; l; l = l->next) {
    TribKafkaPublisher *p = l->data;
    if (trib_link_trouble (&p->link, now, &event))
      trib_kafka_tell_link (p, &event);
  }
  g_mutex_unlock (&c->lock);
}

/* Nothing that is pending can be delivered any more; who comes next gets a client of his own.
 *
 * @thread: I/O
 * @locks: takes the client's, then the table's */
static void
set_fatal (TribKafkaClient *c, const gchar *why)
{
  g_mutex_lock (&c->lock);
  if (c->fatal == NULL)
    c->fatal = g_error_new (
        TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FATAL, "the Kafka client cannot go on: %s", why);
  for (GList *l = c->publishers.head; l; l = l->next) {
    TribKafkaPublisher *p = l->data;
    p->abandon = TRUE;
    g_cond_broadcast (&p->changed);
    g_cond_signal (&p->tell);
  }
  g_mutex_unlock (&c->lock);
  g_mutex_lock (&the_lock);
  forget (c);
  g_mutex_unlock (&the_lock);
}

static void
error_cb (rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
  TribKafkaClient *c = opaque;

  switch (err) {
    case RD_KAFKA_RESP_ERR__FATAL: {
      gchar why[512] = "";
      rd_kafka_fatal_error (rk, why, sizeof why);
      set_fatal (c, why);
      break;
    }
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      /* it says no more than the transport errors before it */
      trouble (c, NULL);
      break;
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      trouble (c, reason);
      break;
    default:
      break;
  }
}

/* a quota: the broker holds its answers back, and takes no request meanwhile */
static void
throttle_cb (rd_kafka_t *rk, const char *broker, int32_t id, int throttle_ms, void *opaque)
{
  TribKafkaClient *c = opaque;

  g_mutex_lock (&c->lock);
  c->throttle_ms = throttle_ms;
  g_mutex_unlock (&c->lock);
}

/* One publisher is told, not all: it is one client. Not under the client's lock, because the client
 * may log from a thread that the holder of the lock waits for. */
static void
log_cb (const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
  TribKafkaClient *c = rd_kafka_opaque (rk);
  g_autofree gchar *shown = NULL;
  TribKafkaPublisher *p;

  g_mutex_lock (&c->log_lock);
  p = c->logger;
  c->n_logging += p != NULL;
  g_mutex_unlock (&c->log_lock);
  if (p == NULL)
    return;
  shown = trib_kafka_secrets_hide (c->secrets, text);
  if (p->callbacks.log)
    p->callbacks.log (p->user_data, level, shown);
  g_mutex_lock (&c->log_lock);
  if (--c->n_logging == 0)
    g_cond_broadcast (&c->log_idle);
  g_mutex_unlock (&c->log_lock);
}

/* whoever is attached is told, if anybody is; @locks: requires the client's */
static void
choose_logger (TribKafkaClient *c)
{
  g_mutex_lock (&c->log_lock);
  c->logger = c->publishers.head ? c->publishers.head->data : NULL;
  g_mutex_unlock (&c->log_lock);
}

/* what is being told is told when this returns. Not under the client's lock: see log_cb() */
static void
await_log (TribKafkaClient *c)
{
  g_mutex_lock (&c->log_lock);
  while (c->n_logging > 0)
    g_cond_wait (&c->log_idle, &c->log_lock);
  g_mutex_unlock (&c->log_lock);
}

/**
 * trib_kafka_client_open:
 * @c: a client
 * @error: return location
 *
 * Makes the producer, for batches of at most @c's batch_bytes. Nothing is connected yet.
 */
gboolean
trib_kafka_client_open (TribKafkaClient *c, GError **error)
{
  rd_kafka_conf_t *conf = trib_kafka_config_producer (&c->config, c->batch_bytes, error);
  gchar why[512] = "";

  if (conf == NULL)
    return FALSE;
  rd_kafka_conf_set_opaque (conf, c);
  rd_kafka_conf_set_dr_msg_cb (conf, trib_kafka_delivery_report);
  rd_kafka_conf_set_error_cb (conf, error_cb);
  rd_kafka_conf_set_log_cb (conf, log_cb);
  rd_kafka_conf_set_throttle_cb (conf, throttle_cb);
  c->rk = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (c->rk == NULL) {
    g_autofree gchar *shown = trib_kafka_secrets_hide (c->secrets, why);
    rd_kafka_conf_destroy (conf);
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
        "the Kafka client refuses its options: %s", shown);
    return FALSE;
  }
  c->batch_size = trib_kafka_config_get_batch_bytes (rd_kafka_conf (c->rk));
  c->idempotent = trib_kafka_config_is_idempotent (rd_kafka_conf (c->rk));
  return TRUE;
}

/* No record may be on its way. @thread: I/O, or the owner before the thread runs */
void
trib_kafka_client_close (TribKafkaClient *c)
{
  for (guint i = 0; i < c->topics->len; i++) {
    Topic *topic = c->topics->pdata[i];
    g_clear_pointer (&topic->rkt, rd_kafka_topic_destroy);
    trib_kafka_lanes_forget (topic);
  }
  g_clear_pointer (&c->rk, rd_kafka_destroy);
}

/**
 * trib_kafka_client_poll:
 * @c: a client
 * @timeout_ms: how long to wait for something
 *
 * Serves the client's callbacks, then wakes those that wait for what the reports said.
 *
 * @thread: I/O
 * @locks: takes the client's
 */
void
trib_kafka_client_poll (TribKafkaClient *c, gint timeout_ms)
{
  rd_kafka_poll (c->rk, timeout_ms);
  g_mutex_lock (&c->lock);
  trib_kafka_room_wake_due (c);
  g_mutex_unlock (&c->lock);
}

/* payloads are let go with no lock held, because a release may run a pool's code; who has nothing
 * left then leaves the client */
static void
let_go (TribKafkaClient *c)
{
  g_autoptr (GPtrArray) leaving = g_ptr_array_new ();
  g_autoptr (GPtrArray) released = NULL;

  g_mutex_lock (&c->lock);
  released = g_steal_pointer (&c->released);
  c->released = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (GList *l = c->publishers.head; l; l = l->next)
    if (((TribKafkaPublisher *) l->data)->end == END_SETTLED)
      g_ptr_array_add (leaving, l->data);
  g_mutex_unlock (&c->lock);
  g_ptr_array_set_size (released, 0);
  for (guint i = 0; i < leaving->len; i++) {
    TribKafkaPublisher *p = leaving->pdata[i];
    g_mutex_lock (&c->lock);
    g_queue_unlink (&c->publishers, &p->client_link);
    choose_logger (c);
    g_mutex_unlock (&c->lock);
    await_log (c);
    g_mutex_lock (&c->lock);
    c->connected = p->link.state == TRIB_LINK_CONNECTED;
    for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++)
      g_clear_pointer (&p->topics[t], trib_kafka_topic_release);
    p->left = TRUE;
    g_cond_broadcast (&p->changed);
    /* there is more room for each of those that stay */
    trib_kafka_room_wake (c);
    trib_kafka_delivery_dispatch (c);
    g_mutex_unlock (&c->lock);
  }
}

/* @locks: requires the client's */
static gint64
oldest_pending (TribKafkaPublisher *p)
{
  GList *link = p->sent.head ? p->sent.head : p->waiting.head;

  return link ? ((Frame *) link->data)->taken_us : -1;
}

static gboolean
tick (TribKafkaClient *c)
{
  gint64 now = g_get_monotonic_time ();
  TribLinkEvent event;
  gboolean go_on;

  g_mutex_lock (&c->lock);
  /* the last one has gone: the end comes, or somebody else */
  if (c->publishers.length == 0 && !c->stopping)
    g_cond_wait_until (&c->attached, &c->lock, now + POLL_MS * G_TIME_SPAN_MILLISECOND);
  trib_kafka_lanes_expire (c, now - (gint64) c->config.delivery_timeout_ms * 1000);
  for (GList *l = c->publishers.head; l; l = l->next) {
    TribKafkaPublisher *p = l->data;
    trib_kafka_delivery_expire (p, now);
    if (trib_link_tick (&p->link, now, oldest_pending (p), &event))
      trib_kafka_tell_link (p, &event);
  }
  trib_kafka_delivery_dispatch (c);
  trib_kafka_topics_sweep (c, FALSE);
  go_on = !c->stopping;
  g_mutex_unlock (&c->lock);
  return go_on;
}

static gpointer
io_thread (gpointer data)
{
  TribKafkaClient *c = data;

  while (tick (c)) {
    gboolean ending = trib_kafka_end_run (c);
    /* who ends has no time for a broker that does not answer */
    if (!ending)
      trib_kafka_preflight_run (c, g_get_monotonic_time ());
    trib_kafka_client_poll (c, ending ? END_POLL_MS : POLL_MS);
    let_go (c);
  }
  trib_kafka_end_client (c);
  let_go (c);
  trib_kafka_client_close (c);
  return NULL;
}

static void
clear (gpointer data)
{
  TribKafkaClient *c = data;

  if (c->rk)
    trib_kafka_client_close (c);
  trib_kafka_topics_sweep (c, TRUE);
  g_ptr_array_unref (c->topics);
  g_ptr_array_unref (c->released);
  g_clear_error (&c->fatal);
  g_free (c->why);
  g_free (c->key);
  g_free (c->servers);
  g_strfreev (c->options);
  trib_kafka_secrets_free (c->secrets);
  g_mutex_clear (&c->lock);
  g_cond_clear (&c->attached);
  g_mutex_clear (&c->log_lock);
  g_cond_clear (&c->log_idle);
}

static TribKafkaClient *
make (gchar *key, const TribKafkaConfig *config, TribKafkaPublisher *p, GError **error)
{
  TribKafkaClient *c = g_atomic_rc_box_new0 (TribKafkaClient);

  g_mutex_init (&c->lock);
  g_cond_init (&c->attached);
  g_mutex_init (&c->log_lock);
  g_cond_init (&c->log_idle);
  c->key = key;
  c->servers = g_strdup (config->bootstrap_servers);
  c->options = g_strdupv ((gchar **) config->options);
  c->secrets = trib_kafka_secrets_new ();
  for (guint i = 0; c->options && c->options[i]; i += 2)
    trib_kafka_secrets_add (c->secrets, c->options[i], c->options[i + 1]);
  c->config = (TribKafkaConfig){
    .bootstrap_servers = c->servers,
    .options = (const gchar *const *) c->options,
    .max_pending_bytes = config->max_pending_bytes,
    .delivery_timeout_ms = config->delivery_timeout_ms,
    .in_process = config->in_process,
  };
  c->topics = g_ptr_array_new ();
  c->released = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  c->logger = p;
  if (!trib_kafka_client_open (c, error)) {
    trib_kafka_client_unref (c);
    return NULL;
  }
  c->thread = g_thread_new ("kafka-client", io_thread, c);
  return c;
}

/* @locks: takes the client's */
static void
attach (TribKafkaClient *c, TribKafkaPublisher *p)
{
  g_mutex_lock (&c->lock);
  p->client = trib_kafka_client_ref (c);
  p->client_link.data = p;
  g_queue_push_tail_link (&c->publishers, &p->client_link);
  choose_logger (c);
  trib_kafka_room_wake (c);
  g_cond_signal (&c->attached);
  g_mutex_unlock (&c->lock);
}

/**
 * trib_kafka_client_acquire:
 * @config: settings
 * @p: who comes
 * @error: return location: options that are not acceptable
 *
 * Attaches @p to the client of these settings, which is made when there is none. Any thread.
 *
 * Returns: (transfer none): the client, which @p keeps; to be given back with
 *   trib_kafka_client_release() once @p has left; %NULL on error
 */
TribKafkaClient *
trib_kafka_client_acquire (const TribKafkaConfig *config, TribKafkaPublisher *p, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&the_lock);
  g_autofree gchar *key = key_of (config);
  TribKafkaClient *c;

  if (the_clients == NULL)
    the_clients = g_hash_table_new (g_str_hash, g_str_equal);
  c = g_hash_table_lookup (the_clients, key);
  if (c == NULL) {
    c = make (g_steal_pointer (&key), config, p, error);
    if (c == NULL)
      return NULL;
    g_hash_table_insert (the_clients, c->key, c);
  }
  c->n_users++;
  attach (c, p);
  return c;
}

/**
 * trib_kafka_client_release:
 * @c: a client
 *
 * Gives one use back. With the last one the client ends: what given up frames have left on their way
 * gets a moment, the rest is purged. Any thread but the client's own.
 */
void
trib_kafka_client_release (TribKafkaClient *c)
{
  gboolean last;

  g_mutex_lock (&the_lock);
  last = --c->n_users == 0;
  if (last)
    forget (c);
  g_mutex_unlock (&the_lock);
  if (!last)
    return;
  g_mutex_lock (&c->lock);
  c->stopping = TRUE;
  g_cond_signal (&c->attached);
  g_mutex_unlock (&c->lock);
  g_thread_join (g_steal_pointer (&c->thread));
  trib_kafka_client_unref (c);
}

/* its memory: a publisher's accounts can be read after the client has ended */
TribKafkaClient *
trib_kafka_client_ref (TribKafkaClient *c)
{
  return g_atomic_rc_box_acquire (c);
}

void
trib_kafka_client_unref (TribKafkaClient *c)
{
  g_atomic_rc_box_release_full (c, clear);
}

/**
 * trib_kafka_client_count:
 *
 * Any thread.
 *
 * Returns: how many clients publishers of this process share
 */
guint
trib_kafka_client_count (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&the_lock);

  return the_clients ? g_hash_table_size (the_clients) : 0;
}
