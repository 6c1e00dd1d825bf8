/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kafka/client/trib-kafka-servers.h>

#include <string.h>

#include <kafka/client/trib-kafka-config.h>
#include <kafka/read/trib-kafka-consumer.h>
#include <trib-test.h>

static const gchar *const good[] = { "localhost:9092", "localhost", "10.0.0.7:65535", "a:1,b:2,c",
  " a:1 , b:2 ", "kafka_1.kafka-ns.svc.cluster.local.:9092", "[::1]:9092", "[::1]",
  "[fe80::1%eth0]:9092", "PLAINTEXT://a:1", "plaintext://a:1,b:2",
  "b\xc3\xbc"
  "cher.example:9092" };

/* each with a word of what is said about it */
static const struct {
  const gchar *text, *why;
} bad[] = {
  { NULL, "empty" },
  { "", "empty" },
  { "kafka://localhost:9092", "scheme" },
  { "http://localhost:9092", "scheme" },
  { "SSL://localhost:9092", "security.protocol" },
  { "://localhost:9092", "scheme" },
  { "\"localhost:9092\"", "letters" },
  { "'localhost:9092'", "letters" },
  { "\xe2\x80\x9clocalhost:9092\xe2\x80\x9d", "letters" },
  { "localhost:99999", "65535" },
  { "localhost:65536", "65535" },
  { "localhost:0", "65535" },
  { "localhost:-1", "65535" },
  { "localhost:", "65535" },
  { "localhost:9092/", "65535" },
  { "localhost:kafka", "65535" },
  { "localhost: 9092", "65535" },
  { "localhost:9092:9093", "IPv6" },
  { "::1", "IPv6" },
  { ":9092", "host is missing" },
  { "a:1,", "host is missing" },
  { ",a:1", "host is missing" },
  { "a:1,,b:2", "host is missing" },
  { "a:1, ,b:2", "host is missing" },
  { "a:1;b:2", "letters" },
  { "a:1 b:2", "letters" },
  { "a b:1", "letters" },
  { "a/b:1", "letters" },
  { "user@a:1", "letters" },
  { "a\n:1", "letters" },
  { "a\xff:1", "letters" },
  { "[::1", "[" },
  { "[]:1", "[" },
  { "[::1]9092", "]" },
  { "[::1]:0", "65535" },
};

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_true (trib_kafka_servers_check (good[i], "plaintext", &error));
    g_assert_no_error (error);
  }
}

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (trib_kafka_servers_check (bad[i].text, "plaintext", &error));
    g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
    g_test_message ("%s", error->message);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    g_assert_nonnull (strstr (error->message, bad[i].why));
  }
}

/* a text of any length makes a message of a line */
static void
test_long (void)
{
  g_autofree gchar *text = g_strnfill (1000000, '/');
  g_autoptr (GError) error = NULL;

  g_assert_false (trib_kafka_servers_check (text, "plaintext", &error));
  g_assert_cmpuint (strlen (error->message), <, 400);
}

/* sinks, sources and the verifier: no client is made */
static void
test_roles (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    const TribKafkaConfig publish
        = { .bootstrap_servers = bad[i].text, .max_pending_bytes = 1024 * 1024 };
    TribKafkaConsumerConfig read = { .bootstrap_servers = bad[i].text };
    g_autoptr (GError) error = NULL;

    g_assert_null (trib_kafka_config_producer (&publish, 0, &error));
    g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
    g_clear_error (&error);
    for (read.verifies = FALSE; read.verifies <= TRUE; read.verifies++) {
      g_assert_null (trib_kafka_consumer_new (&read, &error));
      g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
      g_clear_error (&error);
    }
  }
}

/* the scheme is the protocol that the options say; blanks do not get into names */
static void
test_set (void)
{
  g_autoptr (GError) error = NULL;
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  gchar value[64] = "";
  size_t size = sizeof value;

  rd_kafka_conf_set (conf, "security.protocol", "sasl_ssl", NULL, 0);
  g_assert_true (trib_kafka_servers_set (conf, " SASL_SSL://a , b:2", &error));
  g_assert_no_error (error);
  rd_kafka_conf_get (conf, "bootstrap.servers", value, &size);
  g_assert_cmpstr (value, ==, "SASL_SSL://a,b:2");
  g_assert_false (trib_kafka_servers_set (conf, "ssl://a:1", &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  rd_kafka_conf_destroy (conf);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/servers/good", test_good);
  g_test_add_func ("/kafka/servers/bad", test_bad);
  g_test_add_func ("/kafka/servers/long", test_long);
  g_test_add_func ("/kafka/servers/roles", test_roles);
  g_test_add_func ("/kafka/servers/set", test_set);
  return trib_test_run ();
}
