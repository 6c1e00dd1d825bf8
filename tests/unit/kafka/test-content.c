/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a record holds, by its header and by its bytes. */
#include <kafka/layout/trib-kafka-content.h>

#include <trib-test.h>

#define JSON TRIB_KAFKA_CONTENT_JSON
#define MSGPACK TRIB_KAFKA_CONTENT_MSGPACK

static void
test_type (void)
{
  static const struct {
    const gchar *type;
    const gchar *content;
  } types[] = {
    { "application/json", JSON },
    { "Application/JSON;charset=utf-8", JSON },
    { "application/json ; x", JSON },
    { "application/x-msgpack", MSGPACK },
    { "application/msgpack", MSGPACK },
    { "application/vnd.msgpack", MSGPACK },
    { "text/json", JSON },
    { "Text/JSON; charset=utf-8", JSON },
    { "application/ld+json", JSON },
    { "application/vnd.api+JSON;q=1", JSON },
    { "\"application/json\"", JSON },
    { "\"application/ld+json; charset=utf-8\"", JSON },
    { "\"application/json", JSON },
    { "+json", NULL },
    { "/+jso", NULL },
    { "json+json", NULL },
    { "application/json+x", NULL },
    { "\"", NULL },
    { "application/jsonx", NULL },
    { "application/jso", NULL },
    { " application/json", NULL },
    { "", NULL },
    { ";", NULL },
    { "image/png", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_assert_cmpstr (trib_kafka_content_of_type (types[i].type), ==, types[i].content);
}

static void
test_sniff (void)
{
  static const struct {
    const gchar *bytes;
    gsize size;
    const gchar *content;
  } values[] = {
    { "", 0, NULL },
    { "{}", 2, JSON },
    { " \t\r\n{\"a\":[1]} \n", 15, JSON },
    { "{", 1, NULL },
    { "{}{}", 4, NULL },
    { "{\"a\":\"\xff\"}", 9, NULL },
    { "\xef\xbb\xbf{}", 5, NULL },
    { "[{}]", 4, NULL },
    { "   ", 3, NULL },
    { "\0{}", 3, NULL },
    { "\x80", 1, MSGPACK },
    { "\x8f", 1, MSGPACK },
    { "\xde\x00\x00", 3, MSGPACK },
    { "\xdf\x00\x00\x00\x00", 5, MSGPACK },
    { "\x90", 1, NULL },
    { "\xdd", 1, NULL },
    { "\xc0", 1, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    g_assert_cmpstr (
        trib_kafka_content_sniff (values[i].bytes, values[i].size), ==, values[i].content);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/content/type", test_type);
  g_test_add_func ("/kafka/content/sniff", test_sniff);
  return trib_test_run ();
}
