/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-consumer.h"

#include <kafka/client/trib-kafka-config.h>
#include <kafka/client/trib-kafka-offsets.h>
#include <kafka/client/trib-kafka-servers.h>
#include <kafka/trib-kafka-debug.h>

#define MIB (1024 * 1024)
#define FIRST_PATIENCE_MS 100
#define LAST_PATIENCE_MS 1000
/* what the client takes from a broker in one piece: one batch of the largest size in use */
#define RECEIVE_BYTES (256 * MIB)

static void
on_error (rd_kafka_t *client, int code, const char *reason, void *opaque)
{
  TribKafkaConsumer *c = opaque;

  /* this one says less than the error before it */
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || c->trouble == NULL) {
    g_free (c->trouble);
    c->trouble = trib_kafka_secrets_hide (c->secrets, reason);
  }
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    trib_kafka_consumer_trouble (c, NULL);
}

static void
on_log (const rd_kafka_t *client, int level, const char *facility, const char *text)
{
  TribKafkaConsumer *c = rd_kafka_opaque (client);
  g_autofree gchar *shown = trib_kafka_secrets_hide (c->secrets, text);

  g_mutex_lock (&c->lock);
  if (c->log)
    c->log (c->log_data, level, shown);
  g_mutex_unlock (&c->lock);
}

static gboolean
set_number (rd_kafka_conf_t *conf, const gchar *name, guint64 value, GError **error)
{
  gchar text[32];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, value);
  return trib_kafka_config_set (conf, name, text, error);
}

static gboolean
set_defaults (rd_kafka_conf_t *conf, const TribKafkaConsumerConfig *config, GError **error)
{
  static const gchar *const fixed[][2] = {
    { "client.id", "gst-tributary" },
    { "fetch.wait.max.ms", "50" },
    { "fetch.error.backoff.ms", "50" },
    { "socket.keepalive.enable", "true" },
    { "socket.nagle.disable", "true" },
    /* the library's 10 s would keep readers waiting long after the broker is back */
    { "reconnect.backoff.ms", "50" },
    { "reconnect.backoff.max.ms", "400" },
    { "topic.metadata.refresh.fast.interval.ms", "100" },
    /* how soon an added partition is read: the library's five minutes are long */
    { "topic.metadata.refresh.interval.ms", "10000" },
    { "enable.partition.eof", "true" },
    { "auto.offset.reset", "error" },
    { "enable.auto.commit", "false" },
    { "enable.auto.offset.store", "false" },
    { "allow.auto.create.topics", "false" },
  };
  guint64 queued = config->max_queued_bytes ? config->max_queued_bytes
                                            : TRIB_KAFKA_CONSUMER_DEFAULT_QUEUED_BYTES;
  guint64 answer = CLAMP (queued / 4, MIB, 16 * MIB);

  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    if (!trib_kafka_config_set (conf, fixed[i][0], fixed[i][1], error))
      return FALSE;
  /* newer than the oldest librdkafka this runs with: without it a full queue costs a second */
  rd_kafka_conf_set (conf, "fetch.queue.backoff.ms", "10", NULL, 0);
  /* a record larger than these is sent alone, whatever its size */
  return trib_kafka_config_set (
             conf, "check.crcs", config->values_checked ? "false" : "true", error)
         && set_number (conf, "receive.message.max.bytes", RECEIVE_BYTES, error)
         && set_number (conf, "fetch.max.bytes", answer, error)
         && set_number (
             conf, "fetch.message.max.bytes", config->one_by_one ? 1 : MIN (answer, 4 * MIB), error)
         && set_number (conf, "queued.min.messages", config->one_by_one ? 1 : 100000, error)
         && set_number (
             conf, "queued.max.messages.kbytes", CLAMP (queued / 1024, 1, 2000000), error);
}

static rd_kafka_conf_t *
make_conf (TribKafkaConsumer *c, const TribKafkaConsumerConfig *config, GError **error)
{
  TribKafkaRole role = config->verifies ? TRIB_KAFKA_ROLE_VERIFY : TRIB_KAFKA_ROLE_READ;
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  gboolean ok = set_defaults (conf, config, error);

  for (guint i = 0; ok && config->options && config->options[i]; i += 2)
    ok = trib_kafka_config_set_given (
        conf, role, config->options[i], config->options[i + 1], error);
  ok = ok && trib_kafka_servers_set (conf, config->bootstrap_servers, error);
  if (!ok) {
    rd_kafka_conf_destroy (conf);
    return NULL;
  }
  rd_kafka_conf_set_error_cb (conf, on_error);
  rd_kafka_conf_set_log_cb (conf, on_log);
  rd_kafka_conf_set_opaque (conf, c);
  return conf;
}

/**
 * trib_kafka_consumer_new:
 * @config: settings; read here, not kept
 * @error: return location
 *
 * Makes the client; asks nothing of the broker yet.
 *
 * Returns: (transfer full): a client, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaConsumer *
trib_kafka_consumer_new (const TribKafkaConsumerConfig *config, GError **error)
{
  g_autoptr (TribKafkaConsumer) c = g_new0 (TribKafkaConsumer, 1);
  gchar why[512] = "";
  rd_kafka_conf_t *conf;

  g_atomic_ref_count_init (&c->n_refs);
  g_mutex_init (&c->lock);
  c->log = config->log;
  c->log_data = config->log_data;
  c->patience_ms = FIRST_PATIENCE_MS;
  c->asking_since = -1;
  c->deadline = -1;
  g_queue_init (&c->events);
  trib_link_init (&c->link, g_get_monotonic_time ());
  c->secrets = trib_kafka_secrets_new ();
  for (guint i = 0; config->options && config->options[i]; i += 2)
    trib_kafka_secrets_add (c->secrets, config->options[i], config->options[i + 1]);
  conf = make_conf (c, config, error);
  if (conf == NULL)
    return NULL;
  c->client = rd_kafka_new (RD_KAFKA_CONSUMER, conf, why, sizeof why);
  if (c->client == NULL) {
    g_autofree gchar *shown = trib_kafka_secrets_hide (c->secrets, why);
    rd_kafka_conf_destroy (conf);
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
        "librdkafka refuses these options together: %s", shown);
    return NULL;
  }
  return g_steal_pointer (&c);
}

/* any thread */
TribKafkaConsumer *
trib_kafka_consumer_ref (TribKafkaConsumer *c)
{
  g_atomic_ref_count_inc (&c->n_refs);
  return c;
}

/**
 * trib_kafka_consumer_unref:
 * @c: (transfer full): a client
 *
 * The last reference ends the client, which blocks for some milliseconds. Any thread but the
 * client's own.
 */
void
trib_kafka_consumer_unref (TribKafkaConsumer *c)
{
  if (!g_atomic_ref_count_dec (&c->n_refs))
    return;
  g_clear_pointer (&c->client, rd_kafka_destroy);
  g_queue_clear_full (&c->events, g_free);
  g_mutex_clear (&c->lock);
  trib_kafka_secrets_free (c->secrets);
  g_free (c->trouble);
  g_free (c);
}

/**
 * trib_kafka_consumer_release:
 * @c: (transfer full): a client, released by its owner
 *
 * Nothing is logged any more; records that are held keep the client alive.
 */
void
trib_kafka_consumer_release (TribKafkaConsumer *c)
{
  g_mutex_lock (&c->lock);
  c->log = NULL;
  g_mutex_unlock (&c->lock);
  trib_kafka_consumer_unref (c);
}

static void
add_event (TribKafkaConsumer *c, gboolean changed, const TribLinkEvent *event)
{
  if (!changed)
    return;
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, rd_kafka_name (c->client),
      "connection: %s -> %s%s%s", trib_link_state_to_string (event->previous),
      trib_link_state_to_string (event->state), c->trouble ? ": " : "",
      c->trouble ? c->trouble : "");
  g_queue_push_tail (&c->events, g_memdup2 (event, sizeof *event));
}

/* serves the client's own events; does not wait */
void
trib_kafka_consumer_poll (TribKafkaConsumer *c)
{
  rd_kafka_poll (c->client, 0);
}

/* the broker has answered, or a record has arrived */
void
trib_kafka_consumer_progress (TribKafkaConsumer *c)
{
  TribLinkEvent event;

  c->patience_ms = FIRST_PATIENCE_MS;
  c->asking_since = -1;
  if (c->trouble)
    g_clear_pointer (&c->trouble, g_free);
  add_event (c, trib_link_progress (&c->link, g_get_monotonic_time (), &event), &event);
}

/* @why: (nullable): for people */
void
trib_kafka_consumer_trouble (TribKafkaConsumer *c, const gchar *why)
{
  TribLinkEvent event;

  if (why) {
    g_free (c->trouble);
    c->trouble = trib_kafka_secrets_hide (c->secrets, why);
  }
  add_event (c, trib_link_trouble (&c->link, g_get_monotonic_time (), &event), &event);
}

/* @waiting_since: since when something expected has not arrived (monotonic, us), -1: nothing is
 * expected */
void
trib_kafka_consumer_tick (TribKafkaConsumer *c, gint64 waiting_since)
{
  TribLinkEvent event;

  add_event (c, trib_link_tick (&c->link, g_get_monotonic_time (), waiting_since, &event), &event);
}

/**
 * trib_kafka_consumer_take_event:
 * @c: a client
 * @ret_event: (out caller-allocates): filled when %TRUE is returned
 *
 * Returns: whether the connection has changed, oldest change first
 */
gboolean
trib_kafka_consumer_take_event (TribKafkaConsumer *c, TribLinkEvent *ret_event)
{
  g_autofree TribLinkEvent *event = g_queue_pop_head (&c->events);

  if (event == NULL)
    return FALSE;
  *ret_event = *event;
  return TRUE;
}

/* (transfer none): the client's last error, "" when there is progress */
const gchar *
trib_kafka_consumer_get_trouble (const TribKafkaConsumer *c)
{
  return c->trouble ? c->trouble : "";
}

/* how often topics are to be asked for their partitions again, us; -1: never */
gint64
trib_kafka_consumer_get_refresh_us (const TribKafkaConsumer *c)
{
  gchar text[32];
  size_t size = sizeof text;
  gint64 ms = -1;

  if (rd_kafka_conf_get (
          rd_kafka_conf (c->client), "topic.metadata.refresh.interval.ms", text, &size)
      == RD_KAFKA_CONF_OK)
    ms = g_ascii_strtoll (text, NULL, 10);
  return ms > 0 ? ms * 1000 : -1;
}

/* whether asking again cannot help */
gboolean
trib_kafka_consumer_is_final (rd_kafka_resp_err_t err)
{
  switch (err) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__FATAL:
      return TRUE;
    default:
      return FALSE;
  }
}

/* the error of an answer that trib_kafka_consumer_is_final() */
void
trib_kafka_consumer_set_error (GError **error, const gchar *topic, rd_kafka_resp_err_t err)
{
  switch (err) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_NOT_AUTHORIZED,
          "the broker does not let this client read topic \"%s\"", topic);
      return;
    case RD_KAFKA_RESP_ERR__FATAL:
      g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FATAL,
          "topic \"%s\": the client cannot continue: %s", topic, rd_kafka_err2str (err));
      return;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      g_set_error (
          error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC, "\"%s\" cannot be a topic", topic);
      return;
    default:
      g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC,
          "there is no topic \"%s\", or it has fewer partitions than asked for", topic);
  }
}

/* the time that a request may block grows while there is no answer, for slow links */
static gint
patience (TribKafkaConsumer *c)
{
  gint64 now = g_get_monotonic_time ();
  gint ms = c->patience_ms;

  if (c->asking_since < 0)
    c->asking_since = now;
  if (c->deadline > now)
    ms = MIN (ms, MAX ((c->deadline - now) / 1000, 1));
  c->patience_ms = MIN (c->patience_ms * 2, LAST_PATIENCE_MS);
  return ms;
}

static TribKafkaAnswer
judge (TribKafkaConsumer *c, const gchar *topic, rd_kafka_resp_err_t err, GError **error)
{
  if (!trib_kafka_consumer_is_final (err)) {
    /* the reason arrives as an event */
    rd_kafka_poll (c->client, 0);
    trib_kafka_consumer_tick (c, c->asking_since);
    return TRIB_KAFKA_ANSWER_AGAIN;
  }
  trib_kafka_consumer_progress (c);
  trib_kafka_consumer_set_error (error, topic, err);
  return TRIB_KAFKA_ANSWER_ERROR;
}

static TribKafkaAnswer
ask_partitions (
    TribKafkaConsumer *c, rd_kafka_topic_t *topic, gint timeout_ms, gint32 *ret_n, GError **error)
{
  const struct rd_kafka_metadata *answer;
  rd_kafka_resp_err_t err = rd_kafka_metadata (c->client, 0, topic, &answer, timeout_ms);

  if (err)
    return judge (c, rd_kafka_topic_name (topic), err, error);
  err = answer->topic_cnt == 1 ? answer->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  *ret_n = err ? 0 : answer->topics[0].partition_cnt;
  rd_kafka_metadata_destroy (answer);
  if (!err && *ret_n == 0)
    err = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  if (err)
    return judge (c, rd_kafka_topic_name (topic), err, error);
  trib_kafka_consumer_progress (c);
  return TRIB_KAFKA_ANSWER_YES;
}

/**
 * trib_kafka_consumer_ask_partitions:
 * @c: a client
 * @topic: which topic
 * @ret_n: (out): how many partitions it has
 * @error: return location
 *
 * Blocks for a second at most.
 *
 * Returns: what became of it; %TRIB_KAFKA_ANSWER_AGAIN also while the topic is being made
 */
TribKafkaAnswer
trib_kafka_consumer_ask_partitions (
    TribKafkaConsumer *c, rd_kafka_topic_t *topic, gint32 *ret_n, GError **error)
{
  return ask_partitions (c, topic, patience (c), ret_n, error);
}

/* What the client keeps about the topic names fewer partitions. A broker that stood still for
 * longer than its session is not among the brokers for a moment when it answers again, and the
 * client forgets what it led: only the broker can say whether the partitions are there. */
static TribKafkaAnswer
doubt_partitions (TribKafkaConsumer *c, rd_kafka_topic_t *topic, const gint32 *partitions,
    guint n_partitions, gint timeout_ms, GError **error)
{
  gint32 n;
  TribKafkaAnswer answer = ask_partitions (c, topic, MAX (timeout_ms, 1), &n, error);

  if (answer != TRIB_KAFKA_ANSWER_YES)
    return answer;
  for (guint i = 0; i < n_partitions; i++) {
    if (partitions[i] >= n) {
      trib_kafka_consumer_set_error (
          error, rd_kafka_topic_name (topic), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
      return TRIB_KAFKA_ANSWER_ERROR;
    }
  }
  return TRIB_KAFKA_ANSWER_AGAIN;
}

/**
 * trib_kafka_consumer_ask_offsets:
 * @c: a client
 * @topic: which topic
 * @partitions: (array length=n_partitions): which partitions
 * @n_partitions: their number
 * @when_ms: ms since the Unix epoch: the first record with that timestamp or a later one;
 *   %RD_KAFKA_OFFSET_BEGINNING, %RD_KAFKA_OFFSET_END: the ends
 * @ret_offsets: (out caller-allocates) (array length=n_partitions): offsets; -1 where no record is
 *   that late
 * @error: return location
 *
 * One round of questions, to all leaders at once. Blocks for a second at most.
 *
 * Returns: what became of it
 */
TribKafkaAnswer
trib_kafka_consumer_ask_offsets (TribKafkaConsumer *c, rd_kafka_topic_t *topic,
    const gint32 *partitions, guint n_partitions, gint64 when_ms, gint64 *ret_offsets,
    GError **error)
{
  const gchar *name = rd_kafka_topic_name (topic);
  gint64 began = g_get_monotonic_time ();
  gint timeout_ms = patience (c);
  rd_kafka_resp_err_t err = trib_kafka_offsets_ask (
      c->client, name, partitions, n_partitions, when_ms, ret_offsets, timeout_ms);

  if (err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    return doubt_partitions (c, topic, partitions, n_partitions,
        timeout_ms - (g_get_monotonic_time () - began) / 1000, error);
  if (err)
    return judge (c, name, err, error);
  trib_kafka_consumer_progress (c);
  return TRIB_KAFKA_ANSWER_YES;
}
