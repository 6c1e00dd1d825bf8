/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kafka/publish/trib-kafka-key.h>

#include <string.h>

#include <trib-test.h>

/* the member "k" of each */
static const struct {
  const gchar *json;
  const gchar *key; /* NULL: none */
} good[] = {
  { "{\"k\":\"imu-left\",\"x\":1}", "imu-left" },
  { " { \"x\" : [1,{\"k\":\"inner\"}] , \"k\" : \"outer\" } ", "outer" },
  { "{\"k\":\"\"}", "" },
  { "{\"k\":\"\\u00e4\\n\"}", "\xc3\xa4\n" },
  { "{\"k\":17}", "17" },
  { "{\"k\":-0}", "-0" },
  { "{\"k\":1.10}", "1.10" },
  { "{\"k\":1e3 }", "1e3" },
  { "{\"k\":18446744073709551615}", "18446744073709551615" },
  { "{\"k\":true}", "true" },
  { "{\"k\":false}", "false" },
  { "{\"k\":null}", NULL },
  { "{\"k\":1,\"k\":2}", "2" },
  { "{\"k\":1,\"k\":null}", NULL },
  { "{\"K\":1,\"kk\":2,\"\":3}", NULL },
  { "{}", NULL },
  { "[{\"k\":1}]", NULL },
  { "\"k\"", NULL },
  { "3", NULL },
};

/* and what the error says */
static const struct {
  const gchar *json;
  const gchar *says;
} bad[] = {
  { "", "" },
  { "{\"k\":\"a\"", "" },
  { "{\"k\":\"a\"} x", "" },
  { "{\"k\":", "" },
  { "{\"k\":01}", "" },
  { "{\"k\":[1]}", "\"k\" is" },
  { "{\"k\":{\"k\":1}}", "\"k\" is" },
  { "{\"k\":\"a\",\"x\":\xff}", "" },
  { "{'k':1}", "" },
};

static void
test_good (void)
{
  g_autoptr (TribJsonReader) reader = trib_kafka_key_reader_new ();

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GBytes) value = g_bytes_new_static (good[i].json, strlen (good[i].json));
    g_autoptr (GError) error = NULL;
    g_autofree gchar *key = NULL, *none = NULL;
    gsize size;

    g_test_message ("%s", good[i].json);
    g_assert_true (trib_kafka_key_read (reader, value, "k", &key, &size, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (key, ==, good[i].key);
    g_assert_cmpuint (size, ==, good[i].key ? strlen (good[i].key) : 0);
    g_assert_true (trib_kafka_key_read (reader, value, NULL, &none, &size, &error));
    g_assert_null (none);
  }
}

static void
test_bad (void)
{
  g_autoptr (TribJsonReader) reader = trib_kafka_key_reader_new ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GBytes) value = g_bytes_new_static (bad[i].json, strlen (bad[i].json));
    g_autoptr (GError) error = NULL;
    g_autofree gchar *key = NULL;
    gsize size;

    g_test_message ("%u", i);
    g_assert_false (trib_kafka_key_read (reader, value, "k", &key, &size, &error));
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error->message, bad[i].says));
    g_assert_null (key);
    g_assert_cmpuint (size, ==, 0);
  }
}

/* a key may hold any character, also NUL */
static void
test_nul (void)
{
  static const gchar json[] = "{\"k\":\"a\\u0000b\"}";
  g_autoptr (TribJsonReader) reader = trib_kafka_key_reader_new ();
  g_autoptr (GBytes) value = g_bytes_new_static (json, strlen (json));
  g_autofree gchar *key = NULL;
  gsize size;

  g_assert_true (trib_kafka_key_read (reader, value, "k", &key, &size, NULL));
  g_assert_cmpmem (key, size, "a\0b", 3);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/key/good", test_good);
  g_test_add_func ("/kafka/key/bad", test_bad);
  g_test_add_func ("/kafka/key/nul", test_nul);
  return trib_test_run ();
}
