/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-json-reader.h>
#include <record/trib-trace-record.h>

/* a valid record, exactly so */
static void
check (GString *out, const gchar *expected)
{
  g_autoptr (GError) error = NULL;

  trib_json_validate (out->str, out->len, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (out->str, ==, expected);
  g_string_truncate (out, 0);
}

/* OBS-6: names, order, and milliseconds to the nanosecond */
static void
test_timing (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  trib_trace_record_timing (out, 7, "face", 12345678, 2);
  check (out, "{\"record_type\":\"timing\",\"frame_id\":7,\"component\":\"face\","
              "\"processing_ms\":12.345678,\"queue_depth\":2}");
  trib_trace_record_timing (out, G_MININT64, "process_pose", 0, G_MAXUINT64);
  check (out, "{\"record_type\":\"timing\",\"frame_id\":-9223372036854775808,"
              "\"component\":\"process_pose\",\"processing_ms\":0.0,"
              "\"queue_depth\":18446744073709551615}");
  trib_trace_record_timing (out, 0, "a\"\n\x1b\xff", 1, 0);
  check (out, "{\"record_type\":\"timing\",\"frame_id\":0,"
              "\"component\":\"a\\\"\\n\\u001b\xef\xbf\xbd\",\"processing_ms\":1e-06,"
              "\"queue_depth\":0}");
}

static void
test_frame_drop (void)
{
  static const gint64 ids[] = { 7, -8, G_MAXINT64 };
  g_autoptr (GString) out = g_string_new (NULL);

  trib_trace_record_frame_drop (out, 9, ids, 3, "backpressure");
  check (out, "{\"record_type\":\"frame_drop\",\"frame_id\":9,"
              "\"dropped_frame_ids\":[7,-8,9223372036854775807],\"reason\":\"backpressure\"}");
  trib_trace_record_frame_drop (out, 9, NULL, 0, "timeout");
  check (out, "{\"record_type\":\"frame_drop\",\"frame_id\":9,\"dropped_frame_ids\":[],"
              "\"reason\":\"timeout\"}");
}

static void
test_sync_delay (void)
{
  static const gchar *const sources[] = { "pose", "gesture", NULL };
  g_autoptr (GString) out = g_string_new (NULL);

  trib_trace_record_sync_delay (out, 7, 161500000, sources);
  check (out, "{\"record_type\":\"sync_delay\",\"frame_id\":7,\"delay_ms\":161.5,"
              "\"waiting_for\":[\"pose\",\"gesture\"]}");
  trib_trace_record_sync_delay (out, 7, 1, NULL);
  check (out, "{\"record_type\":\"sync_delay\",\"frame_id\":7,\"delay_ms\":1e-06,"
              "\"waiting_for\":[]}");
}

static void
test_lost (void)
{
  g_autoptr (GString) out = g_string_new ("before");

  g_string_truncate (out, 0);
  trib_trace_record_lost (out, 10, 1, 2);
  check (out, "{\"record_type\":\"trace_lost\",\"records\":13,\"full\":10,\"too_large\":1,"
              "\"failed\":2}");
}

/* what the page says of a record, from its form */
static gchar *
describe (const TribTraceRecordForm *form)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "### `%s`: %s\n\n| field | type | meaning |\n|---|---|---|\n",
      form->record_type, form->about);
  for (const TribTraceRecordField *f = form->fields; f->name != NULL; f++)
    g_string_append_printf (text, "| `%s` | %s | %s |\n", f->name, f->type, f->about);
  return g_string_free (text, FALSE);
}

/* docs/records.md says what the table says, word for word */
static void
test_page (void)
{
  g_autofree gchar *path
      = g_build_filename (g_getenv ("TRIB_SOURCE_ROOT"), "docs", "records.md", NULL);
  g_autofree gchar *page = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &page, NULL, &error);
  g_assert_no_error (error);
  for (guint type = 0; type < TRIB_TRACE_RECORD_N_TYPES; type++) {
    g_autofree gchar *text = describe (trib_trace_record_form ((TribTraceRecordType) type));
    if (strstr (page, text) == NULL)
      g_error ("docs/records.md lacks or tells otherwise:\n%s", text);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/trace/timing", test_timing);
  g_test_add_func ("/record/trace/frame-drop", test_frame_drop);
  g_test_add_func ("/record/trace/sync-delay", test_sync_delay);
  g_test_add_func ("/record/trace/lost", test_lost);
  g_test_add_func ("/record/trace/page", test_page);
  return g_test_run ();
}
