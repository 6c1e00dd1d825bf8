/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-config.h"

#include <stdlib.h>
#include <string.h>

G_DEFINE_QUARK (trib - kafka - error - quark, trib_kafka_error)

/* options the publisher's promises rest on, and what to do instead */
static const struct {
  const gchar *name;
  const gchar *instead;
} reserved[] = {
  { "bootstrap.servers", "set bootstrap-servers" },
  { "metadata.broker.list", "set bootstrap-servers" },
  { "message.timeout.ms", "set delivery-timeout-ms" },
  { "delivery.timeout.ms", "set delivery-timeout-ms" },
  { "queue.buffering.max.kbytes", "set max-pending-bytes" },
  { "queue.buffering.max.messages", "set max-pending-bytes" },
  { "message.copy.max.bytes", "payloads are never copied" },
  { "partitioner", "set partition-by" },
  { "partitioner_cb", "set partition-by" },
  { "transactional.id", "the registry entry is the commit point" },
  { "enable.gapless.guarantee",
      "one lost frame would end the client for all; stats and the registry tell of gaps" },
  { "delivery.report.only.error", "every report is counted" },
  { "produce.offset.report", "the registry carries offsets" },
  { "test.mock.num.brokers", "set bootstrap-servers=in-process" },
  { "enabled_events", "the element serves the client's queue" },
  { "background_event_cb", "the element serves the client's queue" },
  { "dr_cb", "the element serves the client's queue" },
  { "dr_msg_cb", "the element serves the client's queue" },
  { "error_cb", "the element serves the client's queue" },
  { "log_cb", "see the element's debug category" },
  { "log.queue", "see the element's debug category" },
  { "opaque", "the element needs it" },
  { "default_topic_conf", "name the options themselves" },
};

static const gchar *const secret_parts[] = { "password", "secret", "ssl.key.pem", "ssl_key",
  "sasl.oauthbearer.config", "token", "sasl.jaas.config" };

/* the library reads numbers as strtol() does: "00", " 0" and "0x0" mean 0 too */
static gboolean
is_zero (const gchar *value)
{
  gchar *end;

  return strtol (value, &end, 0) == 0 && end != value && *end == 0;
}

/**
 * trib_kafka_option_check:
 * @name: name of a librdkafka option
 * @value: its value
 * @error: return location; says what to do instead
 *
 * Returns: whether an application may set that option
 */
gboolean
trib_kafka_option_check (const gchar *name, const gchar *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (reserved); i++) {
    if (g_str_equal (name, reserved[i].name)) {
      g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
          "the option \"%s\" cannot be set here: %s", name, reserved[i].instead);
      return FALSE;
    }
  }
  if ((g_str_equal (name, "acks") || g_str_equal (name, "request.required.acks"))
      && is_zero (value)) {
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
        "the option \"%s\" cannot be 0: the registry entry waits for acknowledgements", name);
    return FALSE;
  }
  return TRUE;
}

/**
 * trib_kafka_option_is_secret:
 *
 * Returns: whether the option's value must never be shown
 */
gboolean
trib_kafka_option_is_secret (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (secret_parts); i++)
    if (strstr (name, secret_parts[i]))
      return TRUE;
  return FALSE;
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
 * trib_kafka_config_set:
 * @conf: a client's configuration
 * @name: name of the option
 * @value: its value; not shown in the error when it is a secret
 *
 * Returns: whether the client knows the option and takes the value
 */
gboolean
trib_kafka_config_set (rd_kafka_conf_t *conf, const gchar *name, const gchar *value, GError **error)
{
  gchar why[512] = "";

  if (rd_kafka_conf_set (conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
    return TRUE;
  /* the library's text quotes the value */
  g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS, "Kafka option \"%s\": %s", name,
      trib_kafka_option_is_secret (name) ? "the value is not accepted" : why);
  return FALSE;
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
             CLAMP (config->max_pending_bytes, 1000, G_GUINT64_CONSTANT (1000000000)), error)
         && trib_kafka_config_set (conf, "bootstrap.servers", config->bootstrap_servers, error);
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
    ok = trib_kafka_option_check (config->options[i], config->options[i + 1], error)
         && trib_kafka_config_set (conf, config->options[i], config->options[i + 1], error);
  }
  /* an upper bound: an application that wants smaller batches has its reasons */
  if (ok && max_batch_bytes > 0 && max_batch_bytes < trib_kafka_config_get_batch_bytes (conf))
    ok = set_uint (conf, "batch.size", max_batch_bytes, error);
  if (!ok) {
    rd_kafka_conf_destroy (conf);
    return NULL;
  }
  return conf;
}
