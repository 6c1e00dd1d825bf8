/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-record-envelope.h>
#include <record/trib-trace-record.h>

/* exactly so, and accepted by readers of records */
static void
check (GString *out, TribRecordKind kind, const gchar *expected)
{
  g_autoptr (TribRecordReader) r = trib_record_reader_new (NULL);
  g_autofree TribRecordEnvelope *e = g_new0 (TribRecordEnvelope, 1);
  g_autoptr (GError) error = NULL;

  trib_record_envelope_parse (r, TRIB_RECORD_JSON, out->str, out->len, e, &error);
  g_assert_no_error (error);
  g_assert_cmpint (e->kind, ==, kind);
  if (expected != NULL)
    g_assert_cmpstr (out->str, ==, expected);
  g_string_truncate (out, 0);
}

/* OBS-6: names, order, and milliseconds to the nanosecond */
static void
test_timing (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  trib_trace_record_timing (out, 1700000000000000001, 7, "face", 12345678, 2, 0);
  check (out, TRIB_RECORD_KIND_TIMING,
      "{\"record_type\":\"timing\",\"frame_id\":7,\"component\":\"face\","
      "\"processing_ms\":12.345678,\"queue_depth\":2,\"timestamp_ns\":1700000000000000001}");
  trib_trace_record_timing (
      out, 1700000000000000001, G_MAXUINT64, "process_pose", 0, G_MAXUINT64, 0);
  check (out, TRIB_RECORD_KIND_TIMING,
      "{\"record_type\":\"timing\",\"frame_id\":18446744073709551615,"
      "\"component\":\"process_pose\",\"processing_ms\":0.0,"
      "\"queue_depth\":18446744073709551615,\"timestamp_ns\":1700000000000000001}");
  trib_trace_record_timing (out, 1700000000000000001, 0, "a\"\n\x1b\xff", 1, 0, 0);
  check (out, TRIB_RECORD_KIND_TIMING,
      "{\"record_type\":\"timing\",\"frame_id\":0,"
      "\"component\":\"a\\\"\\n\\u001b\xef\xbf\xbd\",\"processing_ms\":1e-06,"
      "\"queue_depth\":0,\"timestamp_ns\":1700000000000000001}");
  trib_trace_record_timing (out, 1, 7, "face", 12345678, 2, 12000000);
  check (out, TRIB_RECORD_KIND_TIMING,
      "{\"record_type\":\"timing\",\"frame_id\":7,\"component\":\"face\","
      "\"processing_ms\":12.345678,\"queue_depth\":2,\"is_slow\":true,\"threshold_ms\":12.0,"
      "\"timestamp_ns\":1}");
  trib_trace_record_timing (out, 1, 7, "face", 12000000, 2, 12000000);
  check (out, TRIB_RECORD_KIND_TIMING,
      "{\"record_type\":\"timing\",\"frame_id\":7,\"component\":\"face\","
      "\"processing_ms\":12.0,\"queue_depth\":2,\"is_slow\":false,\"threshold_ms\":12.0,"
      "\"timestamp_ns\":1}");
}

static void
test_frame_drop (void)
{
  static const guint64 ids[] = { 7, 8, G_MAXUINT64 };
  g_autoptr (GString) out = g_string_new (NULL);

  trib_trace_record_frame_drop (out, 5, 9, ids, 3, "backpressure", NULL);
  check (out, TRIB_RECORD_KIND_FRAME_DROP,
      "{\"record_type\":\"frame_drop\",\"frame_id\":9,"
      "\"dropped_frame_ids\":[7,8,18446744073709551615],\"reason\":\"backpressure\",\"timestamp_"
      "ns\":5}");
  trib_trace_record_frame_drop (out, 5, 9, NULL, 0, "timeout", NULL);
  check (out, TRIB_RECORD_KIND_FRAME_DROP,
      "{\"record_type\":\"frame_drop\",\"frame_id\":9,\"dropped_frame_ids\":[],"
      "\"reason\":\"timeout\",\"timestamp_ns\":5}");
  trib_trace_record_frame_drop (out, 5, 9, ids, 1, "timeout", "face");
  check (out, TRIB_RECORD_KIND_FRAME_DROP,
      "{\"record_type\":\"frame_drop\",\"frame_id\":9,\"dropped_frame_ids\":[7],"
      "\"reason\":\"timeout\",\"component\":\"face\",\"timestamp_ns\":5}");
}

static void
test_sync_delay (void)
{
  static const gchar *const sources[] = { "pose", "gesture", NULL };
  g_autoptr (GString) out = g_string_new (NULL);

  trib_trace_record_sync_delay (out, -3, 7, 161500000, sources);
  check (out, TRIB_RECORD_KIND_SYNC_DELAY,
      "{\"record_type\":\"sync_delay\",\"frame_id\":7,\"delay_ms\":161.5,"
      "\"waiting_for\":[\"pose\",\"gesture\"],\"timestamp_ns\":-3}");
  trib_trace_record_sync_delay (out, -3, 7, -1, NULL);
  check (out, TRIB_RECORD_KIND_SYNC_DELAY,
      "{\"record_type\":\"sync_delay\",\"frame_id\":7,\"delay_ms\":-1e-06,"
      "\"waiting_for\":[],\"timestamp_ns\":-3}");
}

static void
test_lost (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  trib_trace_record_lost (out, 9, 10, 1, 2);
  check (out, TRIB_RECORD_KIND_TRACE_LOST,
      "{\"record_type\":\"trace_lost\",\"records\":13,\"full\":10,\"too_large\":1,"
      "\"failed\":2,\"timestamp_ns\":9}");
}

/* a name of any length and content gives a record that can be read */
static void
test_long_texts (void)
{
  static const gchar *const pieces[]
      = { "a", "\xc3\xa4", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "\xff", "a\xc3", "\x80", "\n" };
  g_autoptr (GString) out = g_string_new (NULL);
  const gchar *names[101];

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++) {
    for (guint len = 80; len < 300; len++) {
      g_autoptr (GString) name = g_string_new (NULL);

      while (name->len < len)
        g_string_append (name, pieces[i]);
      trib_trace_record_timing (out, 1700000000000000001, 1, name->str, 1, 0, 0);
      check (out, TRIB_RECORD_KIND_TIMING, NULL);
    }
  }
  for (guint i = 0; i < 100; i++)
    names[i] = "name";
  names[100] = NULL;
  trib_trace_record_sync_delay (out, -3, 1, 1, names);
  check (out, TRIB_RECORD_KIND_SYNC_DELAY, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/trace/timing", test_timing);
  g_test_add_func ("/record/trace/frame-drop", test_frame_drop);
  g_test_add_func ("/record/trace/sync-delay", test_sync_delay);
  g_test_add_func ("/record/trace/lost", test_lost);
  g_test_add_func ("/record/trace/long-texts", test_long_texts);
  return g_test_run ();
}
