/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-scan-private.h"

#include <string.h>

/* the last of the client's words, without what was secret in its options */
void
trib_kafka_scan_set_trouble (TribKafkaScan *s, const gchar *text)
{
  g_free (s->trouble);
  s->trouble = trib_kafka_secrets_hide (s->secrets, text);
}

static void
on_error (rd_kafka_t *client, int code, const char *reason, void *opaque)
{
  TribKafkaScan *s = opaque;

  /* says less than what came before it */
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && s->trouble)
    return;
  trib_kafka_scan_set_trouble (s, reason);
}

static gboolean
set_option (rd_kafka_conf_t *conf, const gchar *key, const gchar *value, GError **error)
{
  gchar why[256];
  rd_kafka_conf_res_t result = rd_kafka_conf_set (conf, key, value, why, sizeof why);

  if (result == RD_KAFKA_CONF_OK)
    return TRUE;
  /* the client's own words may repeat the value, which may be a secret */
  g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_CONFIG,
      result == RD_KAFKA_CONF_UNKNOWN ? "librdkafka has no option \"%s\""
                                      : "librdkafka refuses the value of option \"%s\"",
      key);
  return FALSE;
}

static gboolean
set_client_option (TribKafkaScan *s, rd_kafka_conf_t *conf, const gchar *text, GError **error)
{
  static const gchar *const ours[]
      = { "bootstrap.servers", "metadata.broker.list", "enable.partition.eof", "auto.offset.reset",
          "enable.auto.commit", "enable.auto.offset.store", "allow.auto.create.topics", NULL };
  const gchar *equals = strchr (text, '=');
  g_autofree gchar *key = NULL;

  if (equals == NULL || equals == text) {
    g_set_error_literal (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_CONFIG,
        "a librdkafka option must be KEY=VALUE");
    return FALSE;
  }
  key = g_strndup (text, equals - text);
  trib_kafka_secrets_add (s->secrets, key, equals + 1);
  if (g_strv_contains (ours, key)) {
    g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_CONFIG,
        "option \"%s\" can not be set: the verifier relies on its own value", key);
    return FALSE;
  }
  if (strcmp (key, "debug") == 0)
    rd_kafka_conf_set_log_cb (conf, rd_kafka_log_print);
  return set_option (conf, key, equals + 1, error);
}

rd_kafka_conf_t *
trib_kafka_scan_make_conf (TribKafkaScan *s, const TribKafkaScanConfig *config, GError **error)
{
  static const gchar *const before[][2] = {
    { "client.id", "tributary-kafka-verify" },
    { "check.crcs", "true" },
    /* a frame of 10 MB and more must fit, and the answer that carries it; a broker gives at least
     * one batch however large it is */
    { "max.partition.fetch.bytes", "16777216" },
    { "fetch.max.bytes", "67108864" },
    { "receive.message.max.bytes", "268435456" },
    { "queued.max.messages.kbytes", "65536" },
    { "fetch.wait.max.ms", "50" },
    { "fetch.error.backoff.ms", "50" },
    { "reconnect.backoff.max.ms", "1000" },
  };
  static const gchar *const after[][2] = {
    { "enable.partition.eof", "true" },
    { "auto.offset.reset", "error" },
    { "enable.auto.commit", "false" },
    { "enable.auto.offset.store", "false" },
    { "allow.auto.create.topics", "false" },
  };
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  gboolean good = TRUE;

  rd_kafka_conf_set_log_cb (conf, NULL);
  rd_kafka_conf_set_error_cb (conf, on_error);
  rd_kafka_conf_set_opaque (conf, s);
  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    good = good && set_option (conf, before[i][0], before[i][1], error);
  /* newer than the oldest librdkafka this runs with: without it a full queue costs a second */
  rd_kafka_conf_set (conf, "fetch.queue.backoff.ms", "10", NULL, 0);
  for (const gchar *const *o = config->client_config; good && o && *o; o++)
    good = set_client_option (s, conf, *o, error);
  for (guint i = 0; i < G_N_ELEMENTS (after); i++)
    good = good && set_option (conf, after[i][0], after[i][1], error);
  good = good && set_option (conf, "bootstrap.servers", s->address, error);
  if (!good)
    g_clear_pointer (&conf, rd_kafka_conf_destroy);
  return conf;
}
