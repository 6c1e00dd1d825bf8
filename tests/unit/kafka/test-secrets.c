/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kafka/client/trib-kafka-secrets.h>

/* What the client quotes of its options is hidden, whole or in part. */

static void
assert_hidden (const gchar *option, const gchar *value, const gchar *text, const gchar *shown)
{
  g_autoptr (TribKafkaSecrets) secrets = trib_kafka_secrets_new ();
  g_autofree gchar *is = NULL;

  trib_kafka_secrets_add (secrets, "sasl.username", "camera");
  trib_kafka_secrets_add (secrets, option, value);
  is = trib_kafka_secrets_hide (secrets, text);
  g_assert_cmpstr (is, ==, shown);
}

static void
test_hide (void)
{
  assert_hidden (
      "sasl.password", "open-sesame", "camera: open-sesame? open-sesame!", "camera: ***? ***!");
  assert_hidden ("sasl.password", "open sesame", "beginning at: sesame", "beginning at: ***");
  assert_hidden ("sasl.password", "open sesame", "open sesame", "***");
  assert_hidden ("sasl.oauthbearer.config", "principal=me scope=abc-4711", "at: scope=abc-4711",
      "at: ***=***");
  assert_hidden ("ssl.key.password", "x", "unexpected", "une***pected");
  assert_hidden ("ssl.ca.location", "/etc/ca.pem", "no file /etc/ca.pem", "no file /etc/ca.pem");
  assert_hidden ("sasl.password", "", "nothing to hide", "nothing to hide");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/secrets/hide", test_hide);
  return g_test_run ();
}
