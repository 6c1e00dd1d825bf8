/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kafka/layout/trib-kafka-layout.h>

#include <record/trib-json-reader.h>
#include <string.h>

#include <trib-test.h>

#define T_NS G_GINT64_CONSTANT (1722513600123456789)
#define FRAME_ID "my-session_214-1_1_1722513600123456789"

static const TribKafkaFrame jpeg = {
  .session = "my-session",
  .stream = "214-1",
  .index = 1,
  .t_ns = T_NS,
  .time_source = "meta",
  .key = TRUE,
  .content_type = "image/jpeg",
  .caps = "image/jpeg, width=(int)640",
  .width = 640,
  .height = 480,
  .channels = 3,
  .format = "jpeg",
  .quality = 90,
  .original_size = 921600,
};

static void
assert_json (const GString *json, const gchar *expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (json->str, ==, expected);
  g_assert_cmpuint (strlen (json->str), ==, json->len);
  trib_json_validate (json->str, json->len, NULL, &error);
  g_assert_no_error (error);
}

/* ARIA-1, ARIA-3, ARIA-40 */
static void
test_metadata (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  trib_kafka_layout_metadata (out, &jpeg, FRAME_ID, 7, 230400, 4000000000u);
  assert_json (out,
      "{\"frame_id\":\"" FRAME_ID "\",\"session_id\":\"my-session\","
      "\"stream_id\":\"214-1\",\"frame_index\":1,"
      "\"timestamp\":\"2024-08-01T12:00:00.123456\","
      "\"capture_timestamp_ns\":1722513600123456789,"
      "\"device_timestamp_ns\":1722513600123456789,"
      "\"image_width\":640,\"image_height\":480,\"channels\":3,"
      "\"compression\":{\"format\":\"jpeg\",\"original_size\":921600,"
      "\"compressed_size\":230400,\"compression_ratio\":0.25,\"quality\":90,"
      "\"shape\":[480,640,3],\"dtype\":\"uint8\"},"
      "\"compression_format\":\"jpeg\",\"compression_quality\":90,"
      "\"original_size\":921600,\"compressed_size\":230400,\"compression_ratio\":0.25,"
      "\"data_type\":\"vrs_frame_binary\",\"content_type\":\"image/jpeg\","
      "\"caps\":\"image/jpeg, width=(int)640\",\"time_source\":\"meta\","
      "\"key_frame\":true,\"sequence\":7,\"binary_crc32c\":4000000000}");
}

/* ARIA-3: no quality where there is none, the ratio not known without an original */
static void
test_metadata_unknown (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TribKafkaFrame frame = jpeg;

  frame.quality = -1;
  frame.original_size = 0;
  frame.caps = NULL;
  frame.key = FALSE;
  frame.format = "h264";
  frame.content_type = "video/x-h264";
  frame.channels = 1;
  trib_kafka_layout_metadata (out, &frame, FRAME_ID, 0, 10, 0);
  g_assert_null (strstr (out->str, "\"quality\""));
  g_assert_null (strstr (out->str, "\"caps\""));
  g_assert_nonnull (strstr (out->str, "\"compression_ratio\":null"));
  g_assert_nonnull (strstr (out->str, "\"compression_quality\":null"));
  g_assert_nonnull (strstr (out->str, "\"shape\":[480,640],"));
  g_assert_nonnull (strstr (out->str, "\"key_frame\":false"));
  g_assert_true (trib_json_validate (out->str, out->len, NULL, NULL));
}

/* rows, columns, channels where the bytes lie so; else one array of bytes */
static void
test_shape_of_raw (void)
{
  g_autoptr (GString) rgb = g_string_new (NULL);
  g_autoptr (GString) i420 = g_string_new (NULL);
  TribKafkaFrame frame = jpeg;

  frame.format = "raw";
  frame.content_type = "video/x-raw";
  frame.pixel_format = "RGB";
  trib_kafka_layout_metadata (rgb, &frame, FRAME_ID, 0, 640 * 480 * 3, 0);
  g_assert_nonnull (strstr (rgb->str, "\"shape\":[480,640,3]"));
  g_assert_nonnull (strstr (rgb->str, "\"pixel_format\":\"RGB\""));
  frame.pixel_format = "I420";
  trib_kafka_layout_metadata (i420, &frame, FRAME_ID, 0, 640 * 480 * 3 / 2, 0);
  g_assert_nonnull (strstr (i420->str, "\"shape\":[460800]"));
}

/* ARIA-1: the link */
static void
test_registry_linked (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TribKafkaEntry entry = {
    .frame_id = FRAME_ID,
    .session = "my-session",
    .stream = "214-1",
    .index = 1,
    .t_ns = T_NS,
    .format = "jpeg",
    .original_size = 921600,
    .size = 230400,
    .metadata = { "vrs-metadata-stream", 3, 41, 1 },
    .binary = { "vrs-binary-stream", 3, G_GINT64_CONSTANT (9007199254740993), 4294967295u },
    .created_at_ns = 1,
  };

  trib_kafka_layout_registry (out, &entry);
  assert_json (out, "{\"frame_id\":\"" FRAME_ID "\",\"session_id\":\"my-session\","
                    "\"stream_id\":\"214-1\",\"frame_index\":1,"
                    "\"capture_timestamp_ns\":1722513600123456789,"
                    "\"metadata_topic\":\"vrs-metadata-stream\",\"metadata_partition\":3,"
                    "\"metadata_offset\":41,\"metadata_crc32c\":1,"
                    "\"binary_topic\":\"vrs-binary-stream\",\"binary_partition\":3,"
                    "\"binary_offset\":9007199254740993,\"binary_crc32c\":4294967295,"
                    "\"compression_format\":\"jpeg\",\"compressed_size\":230400,"
                    "\"compression_ratio\":0.25,\"created_at\":\"1970-01-01T00:00:00.000000\","
                    "\"size_bytes\":230400,\"status\":\"LINKED\"}");
}

static void
test_registry_failed (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TribKafkaEntry entry = {
    .frame_id = "s_v_0_0",
    .session = "s",
    .stream = "v",
    .format = "jpeg",
    .size = 5,
    .metadata = { "m", 0, 0, 1 },
    .binary = { "b", -1, -1, 2 },
    .error_reason = "timed-out",
    .error_message = "a \"quoted\" reason\nof two lines",
  };

  trib_kafka_layout_registry (out, &entry);
  assert_json (out, "{\"frame_id\":\"s_v_0_0\",\"session_id\":\"s\",\"stream_id\":\"v\","
                    "\"frame_index\":0,\"capture_timestamp_ns\":0,"
                    "\"metadata_topic\":\"m\",\"metadata_partition\":0,\"metadata_offset\":0,"
                    "\"metadata_crc32c\":1,\"binary_topic\":\"b\",\"binary_partition\":null,"
                    "\"binary_offset\":null,\"binary_crc32c\":2,\"compression_format\":\"jpeg\","
                    "\"compressed_size\":5,\"compression_ratio\":null,"
                    "\"created_at\":\"1970-01-01T00:00:00.000000\",\"size_bytes\":5,"
                    "\"status\":\"FAILED\",\"error_reason\":\"timed-out\","
                    "\"error_message\":\"a \\\"quoted\\\" reason\\nof two lines\"}");
}

static void
test_run (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TribKafkaRunEnd run = { "my-session", "214-1", 3, 17, 12, 10, 2, T_NS };

  trib_kafka_layout_run (out, &run);
  assert_json (out, "{\"session_id\":\"my-session\",\"stream_id\":\"214-1\",\"first_index\":3,"
                    "\"last_index\":17,\"sent\":12,\"linked\":10,\"failed\":2,"
                    "\"ended_at\":\"2024-08-01T12:00:00.123456\"}");
}

/* ARIA-4, ARIA-40 */
static void
test_legacy (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  trib_kafka_layout_legacy (out, &jpeg, FRAME_ID, 3, (const guint8 *) "\xff\xd8\xff\xd9", 4);
  assert_json (out, "{\"frame_id\":\"" FRAME_ID "\",\"session_id\":\"my-session\","
                    "\"stream_id\":\"214-1\",\"frame_index\":1,"
                    "\"timestamp\":\"2024-08-01T12:00:00.123456\","
                    "\"capture_timestamp_ns\":1722513600123456789,"
                    "\"device_timestamp_ns\":1722513600123456789,"
                    "\"image_width\":640,\"image_height\":480,\"channels\":3,"
                    "\"compression\":{\"format\":\"jpeg\",\"original_size\":921600,"
                    "\"compressed_size\":4,\"compression_ratio\":4.340277777777778e-06,"
                    "\"quality\":90,\"shape\":[480,640,3],\"dtype\":\"uint8\"},"
                    "\"data_type\":\"vrs_frame\",\"content_type\":\"image/jpeg\","
                    "\"caps\":\"image/jpeg, width=(int)640\",\"time_source\":\"meta\","
                    "\"key_frame\":true,\"sequence\":3,\"frame_data\":{\"stream_name\":\"214-1\","
                    "\"frame_index\":1,\"capture_timestamp_ns\":1722513600123456789,"
                    "\"image_shape\":[480,640,3],\"pixel_format\":\"RGB\","
                    "\"image_data\":\"/9j/2Q==\",\"image_width\":640,\"image_height\":480,"
                    "\"original_size_bytes\":921600,\"compressed_size_bytes\":8,"
                    "\"compression_quality\":90}}");
}

/* the pixels' own format; the shape is that of the picture, with one channel too */
static void
test_legacy_raw (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TribKafkaFrame frame = jpeg;
  const gchar *picture;

  frame.pixel_format = "GRAY8";
  frame.channels = 1;
  frame.quality = -1;
  trib_kafka_layout_legacy (out, &frame, FRAME_ID, 3, (const guint8 *) "abcd", 4);
  picture = strstr (out->str, "\"frame_data\":{");
  g_assert_nonnull (picture);
  g_assert_nonnull (strstr (picture, "\"pixel_format\":\"GRAY8\""));
  g_assert_nonnull (strstr (picture, "\"image_shape\":[480,640,1]"));
  g_assert_nonnull (strstr (picture, "\"compressed_size_bytes\":8"));
  g_assert_nonnull (strstr (picture, "\"compression_quality\":null"));
  g_assert_true (trib_json_validate (out->str, out->len, NULL, NULL));
}

static const struct {
  gint64 t_ns;
  const gchar *text;
} times[] = {
  { 0, "1970-01-01T00:00:00.000000" },
  { 999, "1970-01-01T00:00:00.000000" },
  { 1000, "1970-01-01T00:00:00.000001" },
  { -1, "1969-12-31T23:59:59.999999" },
  { -1000, "1969-12-31T23:59:59.999999" },
  { -1001, "1969-12-31T23:59:59.999998" },
  { -1000000000, "1969-12-31T23:59:59.000000" },
  { G_GINT64_CONSTANT (-86400000000000), "1969-12-31T00:00:00.000000" },
  { T_NS, "2024-08-01T12:00:00.123456" },
  { G_GINT64_CONSTANT (1709164800000000000), "2024-02-29T00:00:00.000000" },
  { G_MAXINT64, "2262-04-11T23:47:16.854775" },
  { G_MININT64, "1677-09-21T00:12:43.145224" },
};

static void
test_times (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autofree gchar *text = trib_kafka_layout_time (times[i].t_ns);
    g_assert_cmpstr (text, ==, times[i].text);
  }
}

static gchar *
random_text (gsize max)
{
  gsize len = g_test_rand_int_range (0, max);
  gchar *text = g_malloc (len + 1);

  for (gsize i = 0; i < len; i++)
    text[i] = (gchar) g_test_rand_int_range (1, 256);
  text[len] = 0;
  return text;
}

/* whatever the strings hold, what comes out is JSON */
static void
test_always_valid (void)
{
  for (guint round = 0; round < 2000; round++) {
    g_autoptr (GString) out = g_string_new (NULL);
    g_autofree gchar *text = random_text (60);
    g_autofree gchar *caps = random_text (200);
    g_autoptr (GError) error = NULL;
    TribKafkaFrame frame = jpeg;
    TribKafkaEntry entry = { text, text, text, g_test_rand_int (),
      (gint64) g_test_rand_int () * 1000000007, text, g_test_rand_int (), g_test_rand_int (),
      { text, 0, 1, 2 }, { caps, -1, -1, 2 }, 0, g_test_rand_bit () ? caps : NULL, caps };

    frame.session = frame.stream = text;
    frame.caps = g_test_rand_bit () ? caps : NULL;
    frame.pixel_format = g_test_rand_bit () ? text : NULL;
    frame.t_ns = entry.t_ns * (g_test_rand_bit () ? 1 : -1);
    frame.original_size = g_test_rand_int_range (0, 3);
    trib_kafka_layout_metadata (out, &frame, text, 1, 2, 3);
    g_assert_true (trib_json_validate (out->str, out->len, NULL, &error));
    g_string_truncate (out, 0);
    trib_kafka_layout_legacy (out, &frame, text, 1, (const guint8 *) caps, strlen (caps));
    g_assert_true (trib_json_validate (out->str, out->len, NULL, &error));
    g_string_truncate (out, 0);
    trib_kafka_layout_registry (out, &entry);
    g_assert_true (trib_json_validate (out->str, out->len, NULL, &error));
    g_assert_no_error (error);
  }
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/layout/metadata", test_metadata);
  g_test_add_func ("/kafka/layout/metadata-unknown", test_metadata_unknown);
  g_test_add_func ("/kafka/layout/shape-of-raw", test_shape_of_raw);
  g_test_add_func ("/kafka/layout/registry-linked", test_registry_linked);
  g_test_add_func ("/kafka/layout/registry-failed", test_registry_failed);
  g_test_add_func ("/kafka/layout/run", test_run);
  g_test_add_func ("/kafka/layout/legacy", test_legacy);
  g_test_add_func ("/kafka/layout/legacy-raw", test_legacy_raw);
  g_test_add_func ("/kafka/layout/times", test_times);
  g_test_add_func ("/kafka/layout/always-valid", test_always_valid);
  return trib_test_run ();
}
