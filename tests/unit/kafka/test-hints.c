/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What metadata of any producer may say about the bytes. */
#include <kafka/layout/trib-kafka-hints.h>

#include <trib-test.h>

#include <string.h>

static gboolean
parse (TribKafkaHints *hints, const gchar *text)
{
  g_autoptr (TribJsonReader) reader = trib_json_reader_new ("", 0, NULL);

  return trib_kafka_hints_parse (hints, reader, text, strlen (text));
}

static void
test_all (void)
{
  g_auto (TribKafkaHints) h = { 0 };

  g_assert_true (parse (&h,
      "{\"image_width\":640,\"x\":[1,{\"caps\":2}],\"image_height\":480,\"channels\":3,"
      "\"compression\":{\"format\":\"jpeg\",\"caps\":\"no\",\"shape\":[480,640,3]},"
      "\"content_type\":\"image/jpeg\",\"caps\":\"image/jpeg\",\"pixel_format\":\"RGB\"}"));
  g_assert_cmpuint (h.width, ==, 640);
  g_assert_cmpuint (h.height, ==, 480);
  g_assert_cmpuint (h.channels, ==, 3);
  g_assert_cmpstr (h.format, ==, "jpeg");
  g_assert_cmpstr (h.content_type, ==, "image/jpeg");
  g_assert_cmpstr (h.caps, ==, "image/jpeg");
  g_assert_cmpstr (h.pixel_format, ==, "RGB");
}

/* of other types, out of range, twice: not taken, or the last */
static void
test_odd (void)
{
  g_auto (TribKafkaHints) h = { 0 };

  g_assert_true (parse (&h,
      "{\"image_width\":-1,\"image_height\":99999999999,\"channels\":\"3\",\"caps\":{\"a\":1},"
      "\"content_type\":null,\"compression\":[{\"format\":\"x\"}],\"pixel_format\":\"A\","
      "\"pixel_format\":\"B\"}"));
  g_assert_cmpuint (h.width, ==, 0);
  g_assert_cmpuint (h.height, ==, 0);
  g_assert_cmpuint (h.channels, ==, 0);
  g_assert_null (h.caps);
  g_assert_null (h.content_type);
  g_assert_null (h.format);
  g_assert_cmpstr (h.pixel_format, ==, "B");
}

/* ARIA-40: the shape alone says how large a raw picture is */
static void
test_shape (void)
{
  static const struct {
    const gchar *shape;
    guint width, height, channels;
  } shapes[] = {
    { "[480,640,3]", 640, 480, 3 },
    { "[480,640]", 640, 480, 1 },
    { "[480]", 0, 0, 0 },
    { "[]", 0, 0, 0 },
    { "[480,0,3]", 0, 0, 0 },
    { "[480,-1,3]", 0, 0, 0 },
    { "[480,640,3,1]", 0, 0, 0 },
    { "[480,640,[3]]", 0, 0, 0 },
    { "[480,\"640\",3]", 0, 0, 0 },
    { "[99999999,640,3]", 0, 0, 0 },
    { "null", 0, 0, 0 },
    { "{\"a\":[1]}", 0, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++) {
    g_auto (TribKafkaHints) h = { 0 };
    g_autofree gchar *text = g_strdup_printf ("{\"image_width\":null,\"compression\":{\"shape\":%s,"
                                              "\"dtype\":\"uint8\",\"quality\":null}}",
        shapes[i].shape);
    g_assert_true (parse (&h, text));
    g_assert_cmpuint (h.width, ==, shapes[i].width);
    g_assert_cmpuint (h.height, ==, shapes[i].height);
    g_assert_cmpuint (h.channels, ==, shapes[i].channels);
    g_assert_cmpstr (h.dtype, ==, "uint8");
  }
}

static void
test_refused (void)
{
  static const gchar *const texts[]
      = { "", "[]", "\"a\"", "{\"caps\":\"a\"", "{\"caps\":\"a\"} x", "{\"compression\":{}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    TribKafkaHints h;
    g_assert_false (parse (&h, texts[i]));
    g_assert_null (h.caps);
  }
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/hints/all", test_all);
  g_test_add_func ("/kafka/hints/odd", test_odd);
  g_test_add_func ("/kafka/hints/ARIA-40/shape", test_shape);
  g_test_add_func ("/kafka/hints/refused", test_refused);
  return trib_test_run ();
}
