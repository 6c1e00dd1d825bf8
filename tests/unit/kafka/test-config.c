/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kafka/client/trib-kafka-config.h>
#include <kafka/client/trib-kafka-options.h>

#include <string.h>

#include <trib-test.h>

#define SECRET "correct-horse-battery"

static TribKafkaConfig
plain (const gchar *const *options)
{
  return (TribKafkaConfig){
    .bootstrap_servers = "localhost:1",
    .options = options,
    .max_pending_bytes = 32 * 1024 * 1024,
    .delivery_timeout_ms = 4321,
  };
}

static rd_kafka_conf_t *
producer (GError **error, const gchar *name, const gchar *value)
{
  const gchar *options[] = { name, value, NULL };
  TribKafkaConfig config = plain (name ? options : NULL);

  return trib_kafka_config_producer (&config, 0, error);
}

static void
assert_option (rd_kafka_conf_t *conf, const gchar *name, const gchar *expected)
{
  gchar value[256] = "";
  size_t size = sizeof value;

  g_assert_cmpint (rd_kafka_conf_get (conf, name, value, &size), ==, RD_KAFKA_CONF_OK);
  g_assert_cmpstr (value, ==, expected);
}

static void
test_defaults (void)
{
  g_autoptr (GError) error = NULL;
  rd_kafka_conf_t *conf = producer (&error, NULL, NULL);

  g_assert_no_error (error);
  assert_option (conf, "enable.idempotence", "true");
  assert_option (conf, "message.copy.max.bytes", "0");
  assert_option (conf, "message.timeout.ms", "4321");
  assert_option (conf, "message.max.bytes", "33554432");
  assert_option (conf, "bootstrap.servers", "localhost:1");
  rd_kafka_conf_destroy (conf);
}

static void
test_batch (void)
{
  g_autoptr (GError) error = NULL;
  static const gchar *const small[] = { "batch.size", "1000", NULL };
  static const gchar *const large[] = { "batch.size", "90000000", NULL };
  TribKafkaConfig config = plain (NULL);
  rd_kafka_conf_t *conf = trib_kafka_config_producer (&config, 65536, &error);

  g_assert_no_error (error);
  assert_option (conf, "batch.size", "65536");
  rd_kafka_conf_destroy (conf);

  /* it is an upper bound: what the application wants smaller stays */
  config.options = small;
  conf = trib_kafka_config_producer (&config, 65536, &error);
  assert_option (conf, "batch.size", "1000");
  rd_kafka_conf_destroy (conf);
  config.options = large;
  conf = trib_kafka_config_producer (&config, 65536, &error);
  assert_option (conf, "batch.size", "65536");
  rd_kafka_conf_destroy (conf);
}

static void
test_passed_on (void)
{
  g_autoptr (GError) error = NULL;
  rd_kafka_conf_t *conf = producer (&error, "linger.ms", "7");

  g_assert_no_error (error);
  assert_option (conf, "linger.ms", "7");
  rd_kafka_conf_destroy (conf);
}

/* each with the property to use instead, or why not */
static const struct {
  const gchar *name, *value, *advice;
} refused[] = {
  { "bootstrap.servers", "a:1", "bootstrap-servers" },
  { "metadata.broker.list", "a:1", "bootstrap-servers" },
  { "message.timeout.ms", "1", "delivery-timeout-ms" },
  { "delivery.timeout.ms", "1", "delivery-timeout-ms" },
  { "queue.buffering.max.kbytes", "1", "max-pending-bytes" },
  { "queue.buffering.max.messages", "1", "max-pending-bytes" },
  { "message.copy.max.bytes", "9", "copied" },
  { "partitioner", "random", "partition-by" },
  { "transactional.id", "t", "commit point" },
  { "enable.gapless.guarantee", "true", "gaps" },
  { "delivery.report.only.error", "true", "report" },
  { "produce.offset.report", "false", "offsets" },
  { "test.mock.num.brokers", "3", "bootstrap-servers=in-process" },
  { "enabled_events", "1", "queue" },
  { "log.queue", "true", "debug category" },
  { "acks", "0", "acknowledgements" },
  { "acks", "00", "acknowledgements" },
  { "acks", " 0", "acknowledgements" },
  { "acks", "0x0", "acknowledgements" },
  { "request.required.acks", "0", "acknowledgements" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (producer (&error, refused[i].name, refused[i].value));
    g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, refused[i].name));
    g_assert_nonnull (strstr (error->message, refused[i].advice));
  }
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (producer (&error, "no.such.option", "1"));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "no.such.option"));
  g_clear_error (&error);
  g_assert_null (producer (&error, "linger.ms", "many"));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "linger.ms"));
}

static void
test_secrets (void)
{
  static const gchar *const secrets[] = { "sasl.password", "ssl.key.password",
    "ssl.keystore.password", "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config",
    "ssl.key.pem", "ssl_key", "sasl.jaas.config", "sasl.kerberos.kinit.cmd",
    "sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.extensions", "sasl.passwrd",
    "sasl.paswd", "Sasl.Username", "sasl.username ", "linger.ms.", "", "a.later.option" };
  static const gchar *const open[]
      = { "sasl.username", "security.protocol", "linger.ms", "ssl.ca.location", "client.id" };

  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++) {
    g_autoptr (GError) error = NULL;
    rd_kafka_conf_t *conf;

    g_assert_true (trib_kafka_option_is_secret (secrets[i]));
    conf = producer (&error, secrets[i], SECRET);
    if (error)
      g_assert_null (strstr (error->message, SECRET));
    else
      rd_kafka_conf_destroy (conf);
  }
  for (guint i = 0; i < G_N_ELEMENTS (open); i++)
    g_assert_false (trib_kafka_option_is_secret (open[i]));
}

/* on unless the application wants it off */
static void
test_idempotence (void)
{
  static const struct {
    const gchar *value;
    gboolean idempotent;
  } cases[] = { { NULL, TRUE }, { "true", TRUE }, { "false", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    rd_kafka_conf_t *conf
        = producer (&error, cases[i].value ? "enable.idempotence" : NULL, cases[i].value);

    g_assert_no_error (error);
    g_assert_cmpint (trib_kafka_config_is_idempotent (conf), ==, cases[i].idempotent);
    rd_kafka_conf_destroy (conf);
  }
}

/* a name that is mistyped, or not one of this version, still goes with a secret */
static void
test_secret_of_unknown_name (void)
{
  static const gchar *const names[]
      = { "sasl.pasword", "SASL.PASSWORD", "sasl.password ", "ssl.key.pasword" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (producer (&error, names[i], SECRET));
    g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
    g_assert_null (strstr (error->message, SECRET));
  }
}

static void
test_topics (void)
{
  g_autofree gchar *longest = g_strnfill (249, 'a');
  g_autofree gchar *too_long = g_strnfill (250, 'a');
  const gchar *good[] = { "a", "vrs-binary-stream", "A.b_c-9", "...", longest };
  const gchar *bad[]
      = { NULL, "", ".", "..", "a b", "a/b", "a\n", "\xc3\xa4", "a:b", "a*", too_long };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_true (trib_kafka_topic_check (good[i], &error));
    g_assert_no_error (error);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (trib_kafka_topic_check (bad[i], &error));
    g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  }
}

/* what is refused depends on what the client is for; a verifier's error never shows the value */
static void
test_roles (void)
{
  static const struct {
    const gchar *name;
    const gchar *value;
    gboolean publish, read, verify; /* whether it is refused */
  } options[] = {
    { "bootstrap.servers", "a:1", TRUE, TRUE, TRUE },
    { "transactional.id", "t", TRUE, FALSE, FALSE },
    { "acks", "0", TRUE, FALSE, FALSE },
    { "group.id", "g", FALSE, TRUE, TRUE },
    { "auto.offset.reset", "latest", FALSE, TRUE, TRUE },
    { "enable.partition.eof", "false", FALSE, TRUE, TRUE },
    { "fetch.max.bytes", "1048576", FALSE, TRUE, FALSE },
    { "security.protocol", "ssl", FALSE, FALSE, FALSE },
  };
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  g_autoptr (GError) shown = NULL, hidden = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    const gchar *name = options[i].name, *value = options[i].value;
    g_assert_cmpint (trib_kafka_option_check (TRIB_KAFKA_ROLE_PUBLISH, name, value, NULL), ==,
        !options[i].publish);
    g_assert_cmpint (
        trib_kafka_option_check (TRIB_KAFKA_ROLE_READ, name, value, NULL), ==, !options[i].read);
    g_assert_cmpint (trib_kafka_option_check (TRIB_KAFKA_ROLE_VERIFY, name, value, NULL), ==,
        !options[i].verify);
  }
  g_assert_false (trib_kafka_config_set_given (
      conf, TRIB_KAFKA_ROLE_READ, "security.protocol", "hush", &shown));
  g_assert_nonnull (strstr (shown->message, "hush"));
  g_assert_false (trib_kafka_config_set_given (
      conf, TRIB_KAFKA_ROLE_VERIFY, "security.protocol", "hush", &hidden));
  g_assert_nonnull (strstr (hidden->message, "security.protocol"));
  g_assert_null (strstr (hidden->message, "hush"));
  rd_kafka_conf_destroy (conf);
}

static void
test_caution (void)
{
  static const struct {
    const gchar *options[5];
    gint version;
    gboolean cautious;
  } cases[] = {
    { { NULL }, 0x020002ff, FALSE },
    { { "sasl.mechanisms", "SCRAM-SHA-256", NULL }, 0x020002ff, TRUE },
    { { "sasl.mechanism", "scram-sha-512", NULL }, 0x020600ff, TRUE },
    { { "sasl.mechanisms", "SCRAM-SHA-256", NULL }, 0x020601ff, FALSE },
    { { "sasl.mechanisms", "PLAIN", NULL }, 0x020002ff, FALSE },
    { { "sasl.mechanisms", "SCRAM-SHA-256", "sasl.mechanism", "PLAIN", NULL }, 0x020002ff, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (trib_kafka_options_get_caution (cases[i].options, cases[i].version) != NULL,
        ==, cases[i].cautious);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/config/defaults", test_defaults);
  g_test_add_func ("/kafka/config/batch", test_batch);
  g_test_add_func ("/kafka/config/passed-on", test_passed_on);
  g_test_add_func ("/kafka/config/refused", test_refused);
  g_test_add_func ("/kafka/config/unknown", test_unknown);
  g_test_add_func ("/kafka/config/secrets", test_secrets);
  g_test_add_func ("/kafka/config/secret-of-unknown-name", test_secret_of_unknown_name);
  g_test_add_func ("/kafka/config/topics", test_topics);
  g_test_add_func ("/kafka/config/idempotence", test_idempotence);
  g_test_add_func ("/kafka/config/roles", test_roles);
  g_test_add_func ("/kafka/config/caution", test_caution);
  return trib_test_run ();
}
