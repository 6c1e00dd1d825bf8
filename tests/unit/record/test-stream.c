/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of both formats cut into values, whatever the pieces they come in; bounds; what is no
 * record. */
#include <string.h>

#include <record/trib-record-stream.h>
#include <record/trib-record-writer.h>

#define MAX_BYTES 64

/* What comes out of @text in pieces of @piece bytes: values between '|', losses as their reason, in
 * angle brackets what ends it. */
static gchar *
cut (const gchar *text, gsize len, gsize piece, gsize max_bytes)
{
  g_autoptr (TribRecordStream) s = trib_record_stream_new (max_bytes);
  GString *log = g_string_new ("|");
  gboolean ended = FALSE;

  for (gsize at = 0; !ended;) {
    gsize n = MIN (piece, len - at);
    g_autofree gchar *exact = g_memdup2 (text + at, n);
    TribRecordStreamResult result;

    ended = at == len;
    if (ended)
      trib_record_stream_end (s);
    else
      trib_record_stream_push (s, exact, n);
    at += n;
    do {
      g_autoptr (GError) error = NULL;
      TribRecordSlice value;

      result = trib_record_stream_next (s, &value, &error);
      if (result == TRIB_RECORD_STREAM_VALUE) {
        g_string_append_len (log, value.str, (gssize) value.len);
        g_string_append_c (log, '|');
      } else if (result != TRIB_RECORD_STREAM_MORE) {
        g_assert_true (error->domain == TRIB_RECORD_ERROR);
        g_string_append_printf (log, result == TRIB_RECORD_STREAM_LOST ? "%s|" : "<%s>",
            trib_record_error_reason ((TribRecordError) error->code));
      }
      if (result == TRIB_RECORD_STREAM_BROKEN)
        return g_string_free (log, FALSE);
    } while (result != TRIB_RECORD_STREAM_MORE);
  }
  return g_string_free (log, FALSE);
}

static void
check (const gchar *text, gsize len, const gchar *wanted, gsize wanted_len)
{
  for (gsize piece = 1; piece <= len; piece++) {
    g_autofree gchar *got = cut (text, len, piece, MAX_BYTES);

    g_assert_cmpmem (got, wanted_len, wanted, wanted_len);
  }
}

#define CHECK(text, wanted) check ((text), sizeof (text) - 1, (wanted), sizeof (wanted))

static void
test_json (void)
{
  CHECK ("{\"a\":1}\n{\"b\":2}\r\n\n  \n[{\"c\":3}]\n{\"d\"",
      "|{\"a\":1}|{\"b\":2}|[{\"c\":3}]|{\"d\"|");
  CHECK ("\xef\xbb\xbf{}\n", "|{}|");
  CHECK (" \r\n\t{}", "|{}|");
  /* a line that is no JSON is the reader's business: the next one is whole again */
  CHECK ("{}\nGET / HTTP/1.1\n{}\n", "|{}|GET / HTTP/1.1|{}|");
  CHECK ("", "|");
}

static void
test_msgpack (void)
{
  CHECK ("\x81\xa1\x61\x01\x81\xa1\x62\x02", "|\x81\xa1\x61\x01|\x81\xa1\x62\x02|");
  CHECK ("\x90\x80\x92\x80\x91\xc0", "|\x90|\x80|\x92\x80\x91\xc0|");
  CHECK ("\xdc\x00\x02\x01\xcd\x01\x02\xde\x00\x01\xa1\x61\xc4\x02\xc1\xc1",
      "|\xdc\x00\x02\x01\xcd\x01\x02|\xde\x00\x01\xa1\x61\xc4\x02\xc1\xc1|");
  CHECK ("\x91\xc7\x02\x05\xc1\xc1\x91\xd8\x05"
         "0123456789abcdef",
      "|\x91\xc7\x02\x05\xc1\xc1|\x91\xd8\x05"
      "0123456789abcdef|");
  /* lengths of nothing */
  CHECK ("\x93\xc4\x00\xd9\x00\xc7\x00\x05\x91\xdd\x00\x00\x00\x00",
      "|\x93\xc4\x00\xd9\x00\xc7\x00\x05|\x91\xdd\x00\x00\x00\x00|");
}

static void
test_broken (void)
{
  CHECK ("GET / HTTP/1.1\r\n", "|<syntax>");
  CHECK ("\x01\x02", "|<syntax>");
  CHECK ("\x80\x80\x07", "|\x80|\x80|<type>");
  CHECK ("\x80{}", "|\x80|<type>");
  CHECK ("\x81\xa1\x61\xc1", "|<syntax>");
  CHECK ("\x81\xa1\x61", "|<truncated>");
  /* promises of more than may come are seen when they are made */
  CHECK ("\xdf\xff\xff\xff\xff", "|<limit>");
  CHECK ("\xdd\xff\xff\xff\xff\xdd\xff\xff\xff\xff", "|<limit>");
  CHECK ("\x81\xa1\x61\xdb\xff\xff\xff\xff", "|<limit>");
  CHECK ("\xdc\x00\x40", "|<limit>");
}

/* exactly as large as the limit is taken, one more is not */
static void
test_limit (void)
{
  g_autoptr (GString) json = g_string_new ("{\"a\":\"");
  g_autoptr (GString) msgpack = g_string_new ("\x81\xa1\x61\xd9");
  g_autofree gchar *fits = NULL, *lost = NULL, *packed = NULL, *packed_lost = NULL;
  g_autofree gchar *wanted = NULL;

  while (json->len < MAX_BYTES - 2)
    g_string_append_c (json, 'x');
  g_string_append (json, "\"}");
  fits = cut (json->str, json->len, 7, MAX_BYTES);
  wanted = g_strdup_printf ("|%s|", json->str);
  g_assert_cmpstr (fits, ==, wanted);
  g_string_append (json, "\n{}\n");
  lost = cut (json->str, json->len, 7, MAX_BYTES - 1);
  g_assert_cmpstr (lost, ==, "|limit|{}|");
  g_string_append_c (msgpack, MAX_BYTES - 5);
  while (msgpack->len < MAX_BYTES)
    g_string_append_c (msgpack, 'x');
  packed = cut (msgpack->str, msgpack->len, 7, MAX_BYTES);
  g_assert_true (g_str_has_prefix (packed, "|\x81") && g_str_has_suffix (packed, "xxx|"));
  packed_lost = cut (msgpack->str, msgpack->len, 7, MAX_BYTES - 1);
  g_assert_cmpstr (packed_lost, ==, "|<limit>");
}

static void
test_partial (void)
{
  g_autoptr (TribRecordStream) json = trib_record_stream_new (MAX_BYTES);
  g_autoptr (TribRecordStream) msgpack = trib_record_stream_new (MAX_BYTES);
  TribRecordSlice value;
  TribRecordFormat format;

  g_assert_false (trib_record_stream_format (json, &format));
  trib_record_stream_push (json, "{}\n{\"a", 6);
  g_assert_cmpint (trib_record_stream_next (json, &value, NULL), ==, TRIB_RECORD_STREAM_VALUE);
  g_assert_cmpint (trib_record_stream_next (json, &value, NULL), ==, TRIB_RECORD_STREAM_MORE);
  g_assert_cmpuint (trib_record_stream_partial (json), ==, 3);
  g_assert_true (trib_record_stream_format (json, &format) && format == TRIB_RECORD_JSON);
  trib_record_stream_push (json, "\":1}\n", 5);
  g_assert_cmpint (trib_record_stream_next (json, &value, NULL), ==, TRIB_RECORD_STREAM_VALUE);
  g_assert_cmpint (trib_record_stream_next (json, &value, NULL), ==, TRIB_RECORD_STREAM_MORE);
  g_assert_cmpuint (trib_record_stream_partial (json), ==, 0);

  trib_record_stream_push (msgpack, "\x80\x81\xa1", 3);
  g_assert_cmpint (trib_record_stream_next (msgpack, &value, NULL), ==, TRIB_RECORD_STREAM_VALUE);
  g_assert_cmpint (trib_record_stream_next (msgpack, &value, NULL), ==, TRIB_RECORD_STREAM_MORE);
  g_assert_cmpuint (trib_record_stream_partial (msgpack), ==, 2);
  g_assert_true (trib_record_stream_format (msgpack, &format) && format == TRIB_RECORD_MSGPACK);
}

/* what this project writes is cut where it was written */
static void
test_writer (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (TribRecordStream) s = trib_record_stream_new (1 << 20);
  GArray *ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  TribRecordSlice value;
  gsize at = 0;

  for (guint i = 0; i < 1000; i++) {
    TribRecordWriter w;

    trib_record_writer_init (&w, TRIB_RECORD_MSGPACK, text);
    trib_record_writer_begin_map (&w);
    trib_record_writer_key (&w, "frame_id");
    trib_record_writer_double (&w, i * 0.1);
    trib_record_writer_key (&w, "list");
    trib_record_writer_begin_array (&w);
    for (guint k = 0; k < i % 70; k++)
      trib_record_writer_string (&w, "text that is longer than a fixstr of thirty-one bytes");
    trib_record_writer_end_array (&w);
    trib_record_writer_end_map (&w);
    g_array_append_val (ends, text->len);
  }
  trib_record_stream_push (s, text->str, text->len);
  for (guint i = 0; i < 1000; i++) {
    g_assert_cmpint (trib_record_stream_next (s, &value, NULL), ==, TRIB_RECORD_STREAM_VALUE);
    g_assert_true (value.str == text->str + at);
    at += value.len;
    g_assert_cmpuint (at, ==, g_array_index (ends, gsize, i));
  }
  g_assert_cmpint (trib_record_stream_next (s, &value, NULL), ==, TRIB_RECORD_STREAM_MORE);
  g_array_unref (ends);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record-stream/OBS-9/json", test_json);
  g_test_add_func ("/record-stream/OBS-9/msgpack", test_msgpack);
  g_test_add_func ("/record-stream/broken", test_broken);
  g_test_add_func ("/record-stream/limit", test_limit);
  g_test_add_func ("/record-stream/partial", test_partial);
  g_test_add_func ("/record-stream/writer", test_writer);
  return g_test_run ();
}
