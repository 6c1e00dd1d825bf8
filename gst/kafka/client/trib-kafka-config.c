/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-config.h"

#include <stdlib.h>
#include <string.h>

#include "trib-kafka-servers.h"

/* Options that an application may not set, by the roles of the client, and what to do instead. The
 * verifier sets no bounds that its callers could name, so sizes are theirs to set. */
#define ALL (TRIB_KAFKA_ROLE_PUBLISH | READERS)
#define READERS (TRIB_KAFKA_ROLE_READ | TRIB_KAFKA_ROLE_VERIFY)

static const struct {
  const gchar *name;
  guint roles;
  const gchar *instead;
} reserved[] = {
  { "bootstrap.servers", ALL, "set bootstrap-servers" },
  { "metadata.broker.list", ALL, "set bootstrap-servers" },
  { "test.mock.num.brokers", ALL, "set bootstrap-servers=in-process" },
  { "enabled_events", ALL, "the client's queue is served here" },
  { "background_event_cb", ALL, "the client's queue is served here" },
  { "error_cb", ALL, "the client's queue is served here" },
  { "log_cb", ALL, "see the debug category" },
  { "log.queue", ALL, "see the debug category" },
  { "opaque", ALL, "it is in use" },
  { "default_topic_conf", ALL, "name the options themselves" },
  { "message.timeout.ms", TRIB_KAFKA_ROLE_PUBLISH, "set delivery-timeout-ms" },
  { "delivery.timeout.ms", TRIB_KAFKA_ROLE_PUBLISH, "set delivery-timeout-ms" },
  { "queue.buffering.max.kbytes", TRIB_KAFKA_ROLE_PUBLISH, "set max-pending-bytes" },
  { "queue.buffering.max.messages", TRIB_KAFKA_ROLE_PUBLISH, "set max-pending-bytes" },
  { "message.copy.max.bytes", TRIB_KAFKA_ROLE_PUBLISH, "payloads are never copied" },
  { "partitioner", TRIB_KAFKA_ROLE_PUBLISH, "set partition-by" },
  { "partitioner_cb", TRIB_KAFKA_ROLE_PUBLISH, "set partition-by" },
  { "transactional.id", TRIB_KAFKA_ROLE_PUBLISH, "the registry entry is the commit point" },
  { "enable.gapless.guarantee", TRIB_KAFKA_ROLE_PUBLISH,
      "one lost frame would end the client; stats and the registry report gaps" },
  { "delivery.report.only.error", TRIB_KAFKA_ROLE_PUBLISH, "every report is counted" },
  { "produce.offset.report", TRIB_KAFKA_ROLE_PUBLISH, "the registry carries offsets" },
  { "dr_cb", TRIB_KAFKA_ROLE_PUBLISH, "the client's queue is served here" },
  { "dr_msg_cb", TRIB_KAFKA_ROLE_PUBLISH, "the client's queue is served here" },
  { "group.id", READERS, "no consumer group is joined" },
  { "group.instance.id", READERS, "no consumer group is joined" },
  { "rebalance_cb", READERS, "no consumer group is joined" },
  { "enable.auto.commit", READERS, "nothing is committed" },
  { "auto.commit.enable", READERS, "nothing is committed" },
  { "enable.auto.offset.store", READERS, "nothing is committed" },
  { "offset.store.method", READERS, "nothing is committed" },
  { "offset_commit_cb", READERS, "nothing is committed" },
  { "enable.partition.eof", READERS, "the ends of partitions are always reported" },
  { "allow.auto.create.topics", READERS, "reading creates no topics" },
  { "consume_cb", READERS, "the client's queue is served here" },
  { "auto.offset.reset", TRIB_KAFKA_ROLE_READ, "set start" },
  { "auto.offset.reset", TRIB_KAFKA_ROLE_VERIFY, "topics are read from their beginning" },
  { "queued.max.messages.kbytes", TRIB_KAFKA_ROLE_READ, "set max-queued-bytes" },
  { "queued.min.messages", TRIB_KAFKA_ROLE_READ, "set max-queued-bytes" },
  { "fetch.max.bytes", TRIB_KAFKA_ROLE_READ, "set max-queued-bytes" },
  { "fetch.message.max.bytes", TRIB_KAFKA_ROLE_READ, "set max-queued-bytes" },
  { "max.partition.fetch.bytes", TRIB_KAFKA_ROLE_READ, "set max-queued-bytes" },
  { "receive.message.max.bytes", READERS, "records of any size that brokers accept are read" },
};

/* the library reads numbers as strtol() does: "00", " 0" and "0x0" mean 0 too */
static gboolean
is_zero (const gchar *value)
{
  gchar *end;

  return strtol (value, &end, 0) == 0 && end != value && *end == 0;
}

/**
 * trib_kafka_option_check:
 * @role: what the client is for
 * @name: name of a librdkafka option
 * @value: its value
 * @error: return location; says what to do instead
 *
 * Returns: whether an application may set that option
 */
gboolean
trib_kafka_option_check (TribKafkaRole role, const gchar *name, const gchar *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (reserved); i++) {
    if ((reserved[i].roles & role) && g_str_equal (name, reserved[i].name)) {
      g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
          "the option \"%s\" cannot be set here: %s", name, reserved[i].instead);
      return FALSE;
    }
  }
  if (role == TRIB_KAFKA_ROLE_PUBLISH
      && (g_str_equal (name, "acks") || g_str_equal (name, "request.required.acks"))
      && is_zero (value)) {
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
        "the option \"%s\" cannot be 0: the registry entry waits for acknowledgements", name);
    return FALSE;
  }
  return TRUE;
}

/**
 * trib_kafka_topic_check:
 *
 * Returns: whether @topic is a name that brokers accept: 1 to 249 of a-z A-Z 0-9 . _ -
 */
gboolean
trib_kafka_topic_check (const gchar *topic, GError **error)
{
  gsize len = topic ? strlen (topic) : 0;

  if (len > 0 && len <= 249 && !g_str_equal (topic, ".") && !g_str_equal (topic, "..")
      && strspn (topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len)
    return TRUE;
  g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
      "\"%s\" is not a topic name: use 1 to 249 letters, digits, '.', '_' and '-'",
      topic ? topic : "");
  return FALSE;
}

/**
 * trib_kafka_config_set_given:
 * @conf: a client's configuration
 * @role: what the client is for
 * @name: name of an option that an application gave
 * @value: its value; never shown in the error of a verifier, whose error may be logged elsewhere
 * @error: return location; says what to do instead
 *
 * Returns: whether the option may be set, and the client takes the value
 */
gboolean
trib_kafka_config_set_given (rd_kafka_conf_t *conf, TribKafkaRole role, const gchar *name,
    const gchar *value, GError **error)
{
  gchar why[512] = "";
  rd_kafka_conf_res_t result;

  if (!trib_kafka_option_check (role, name, value, error))
    return FALSE;
  result = rd_kafka_conf_set (conf, name, value, why, sizeof why);
  if (result == RD_KAFKA_CONF_OK)
    return TRUE;
  /* the library's text quotes the value */
  if (result == RD_KAFKA_CONF_INVALID
      && (role == TRIB_KAFKA_ROLE_VERIFY || trib_kafka_option_is_secret (name)))
    g_strlcpy (why, "the value is not accepted", sizeof why);
  g_set_error (
      error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS, "Kafka option \"%s\": %s", name, why);
  return FALSE;
}

/* an option of this library's own, which no check refuses */
gboolean
trib_kafka_config_set (rd_kafka_conf_t *conf, const gchar *name, const gchar *value, GError **error)
{
  return trib_kafka_config_set_given (conf, 0, name, value, error);
}

static gboolean
set_uint (rd_kafka_conf_t *conf, const gchar *name, guint64 value, GError **error)
{
  gchar text[32];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, value);
  return trib_kafka_config_set (conf, name, text, error);
}

static gboolean
set_defaults (rd_kafka_conf_t *conf, const TribKafkaConfig *config, GError **error)
{
  static const gchar *const fixed[][2] = {
    { "client.id", "gst-tributary" },
    { "enable.idempotence", "true" }, /* a retry must not write a frame twice */
    { "message.copy.max.bytes", "0" },
    /* the publisher bounds bytes itself, so the client's own bounds must never be met */
    { "queue.buffering.max.kbytes", "2147483647" },
    { "queue.buffering.max.messages", "10000000" },
    { "linger.ms", "0" }, /* frames are large: nothing is won by waiting for more */
    { "socket.nagle.disable", "true" },
    { "socket.keepalive.enable", "true" },
    /* the library's 10 s would keep frames waiting long after the broker is back */
    { "reconnect.backoff.ms", "50" },
    { "reconnect.backoff.max.ms", "400" },
    { "topic.metadata.refresh.fast.interval.ms", "100" },
    { "retry.backoff.ms", "50" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    if (!trib_kafka_config_set (conf, fixed[i][0], fixed[i][1], error))
      return FALSE;
  return set_uint (conf, "message.timeout.ms", config->delivery_timeout_ms, error)
         && set_uint (conf, "message.max.bytes",
             CLAMP (config->max_pending_bytes, 1000, G_GUINT64_CONSTANT (1000000000)), error);
}

/**
 * trib_kafka_config_get_batch_bytes:
 * @conf: a client's configuration
 *
 * Returns: the bytes that a batch of several records may have at most
 */
guint64
trib_kafka_config_get_batch_bytes (const rd_kafka_conf_t *conf)
{
  gchar text[32] = "";
  size_t size = sizeof text;

  rd_kafka_conf_get (conf, "batch.size", text, &size);
  return g_ascii_strtoull (text, NULL, 10);
}

/* whether a retry cannot write a record twice */
gboolean
trib_kafka_config_is_idempotent (const rd_kafka_conf_t *conf)
{
  gchar text[32] = "";
  size_t size = sizeof text;

  rd_kafka_conf_get (conf, "enable.idempotence", text, &size);
  return g_str_equal (text, "true");
}

/**
 * trib_kafka_config_producer:
 * @config: settings
 * @max_batch_bytes: upper bound on a batch, because a broker that allows less would refuse all of
 * it; 0: none
 * @error: return location
 *
 * Returns: (transfer full): the configuration of a producer, for rd_kafka_new(); %NULL on error
 */
rd_kafka_conf_t *
trib_kafka_config_producer (const TribKafkaConfig *config, guint64 max_batch_bytes, GError **error)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  gboolean ok = set_defaults (conf, config, error);

  for (guint i = 0; ok && config->options && config->options[i]; i += 2) {
    ok = trib_kafka_config_set_given (
        conf, TRIB_KAFKA_ROLE_PUBLISH, config->options[i], config->options[i + 1], error);
  }
  ok = ok && trib_kafka_servers_set (conf, config->bootstrap_servers, error);
  /* an upper bound: an application that wants smaller batches has its reasons */
  if (ok && max_batch_bytes > 0 && max_batch_bytes < trib_kafka_config_get_batch_bytes (conf))
    ok = set_uint (conf, "batch.size", max_batch_bytes, error);
  if (!ok) {
    rd_kafka_conf_destroy (conf);
    return NULL;
  }
  return conf;
}
