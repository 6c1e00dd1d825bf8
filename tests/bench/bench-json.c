/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

#include <record/trib-json-reader.h>
#include <record/trib-json-writer.h>

/* Reads and writes 100 KB of mixed JSON (registry entries, observations with arrays of numbers,
 * text with escapes and beyond ASCII) with gst/record and, in the same run, with json-glib. One
 * JSON line for each measurement. MB/s are of the text, the best of several rounds. */

#define TEXT_BYTES (100 * 1000)
#define ROUNDS 7
#define ROUND_US (150 * 1000)

typedef void (*BenchFunc) (gpointer data);

static void
write_record (TribJsonWriter *w, guint i)
{
  g_autofree gchar *frame_id
      = g_strdup_printf ("session_2024_214-1_%u_17000000%08u000000", i, i * 33333);

  trib_json_writer_begin_object (w);
  trib_json_writer_key (w, "frame_id");
  trib_json_writer_string (w, frame_id);
  trib_json_writer_key (w, "metadata_topic");
  trib_json_writer_string (w, "vrs-metadata-stream");
  trib_json_writer_key (w, "metadata_offset");
  trib_json_writer_int (w, i);
  trib_json_writer_key (w, "binary_crc32c");
  trib_json_writer_uint (w, (guint32) (i * 2654435761u));
  trib_json_writer_key (w, "compression_ratio");
  trib_json_writer_double (w, 10 + i / 128.0);
  trib_json_writer_key (w, "key_frame");
  trib_json_writer_boolean (w, i % 30 == 0);
  trib_json_writer_key (w, "error_message");
  trib_json_writer_null (w);
  trib_json_writer_key (w, "text");
  trib_json_writer_string (w,
      "He said: \"gr\xc3\xbc\xc3\x9f Gott\", \xe2\x82\xac 5\\6\n \xf0\x9f\x98\x80, and went on for "
      "quite a while about the weather of the last few days, without being asked.");
  trib_json_writer_key (w, "values");
  trib_json_writer_begin_array (w);
  for (guint k = 0; k < 8; k++)
    trib_json_writer_double (w, (i * 7919 + k * 104729) % 1000003 / 1e3 - 500);
  for (guint k = 1; k < 4; k++)
    trib_json_writer_double (w, 1.0 / (i + k * 3));
  trib_json_writer_end_array (w);
  trib_json_writer_end_object (w);
}

static void
write_document (GString *out)
{
  TribJsonWriter w;

  trib_json_writer_init (&w, out);
  trib_json_writer_begin_array (&w);
  for (guint i = 0; out->len < TEXT_BYTES; i++)
    write_record (&w, i);
  trib_json_writer_end_array (&w);
  g_assert (trib_json_writer_is_complete (&w));
}

static void
print_result (const gchar *bench, const gchar *impl, gsize bytes, BenchFunc func, gpointer data)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gdouble best = 0;
  TribJsonWriter w;

  for (guint round = 0; round < ROUNDS; round++) {
    gint64 start = g_get_monotonic_time (), spent;
    guint64 done = 0;
    do {
      func (data);
      done += bytes;
      spent = g_get_monotonic_time () - start;
    } while (spent < ROUND_US);
    best = MAX (best, (gdouble) done / (gdouble) spent);
  }
  trib_json_writer_init (&w, line);
  trib_json_writer_begin_object (&w);
  trib_json_writer_key (&w, "bench");
  trib_json_writer_string (&w, bench);
  trib_json_writer_key (&w, "impl");
  trib_json_writer_string (&w, impl);
  trib_json_writer_key (&w, "bytes");
  trib_json_writer_uint (&w, bytes);
  trib_json_writer_key (&w, "mb_per_s");
  trib_json_writer_double (&w, (gdouble) (gint64) (best * 10 + 0.5) / 10);
  trib_json_writer_end_object (&w);
  puts (line->str);
  fflush (stdout);
}

/* every value, every string copied out, as a program that needs all of it would */
static void
read_tributary (gpointer data)
{
  static TribJsonReader *r;
  const GString *text = data;
  TribJsonToken token;
  gsize len, sum = 0;

  if (r == NULL)
    r = trib_json_reader_new (NULL, 0, NULL);
  trib_json_reader_reset (r, text->str, text->len);
  while ((token = trib_json_reader_next (r)) > TRIB_JSON_END) {
    if (token == TRIB_JSON_KEY || token == TRIB_JSON_STRING) {
      trib_json_reader_string (r, &len);
      sum += len;
    }
  }
  g_assert (token == TRIB_JSON_END && sum > 0);
}

static void
validate_tributary (gpointer data)
{
  const GString *text = data;
  g_assert (trib_json_validate (text->str, text->len, NULL, NULL));
}

static void
read_json_glib (gpointer data)
{
  const GString *text = data;
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gboolean ok = json_parser_load_from_data (parser, text->str, text->len, NULL);
  g_assert (ok);
}

static void
transcode (const GString *text, GString *out)
{
  g_autoptr (TribJsonReader) r = trib_json_reader_new (text->str, text->len, NULL);
  TribJsonToken token;
  TribJsonWriter w;
  const gchar *string;
  gsize len;

  trib_json_writer_init (&w, out);
  while ((token = trib_json_reader_next (r)) > TRIB_JSON_END) {
    switch (token) {
      case TRIB_JSON_NULL:
        trib_json_writer_null (&w);
        break;
      case TRIB_JSON_FALSE:
      case TRIB_JSON_TRUE:
        trib_json_writer_boolean (&w, token == TRIB_JSON_TRUE);
        break;
      case TRIB_JSON_INT:
        trib_json_writer_int (&w, trib_json_reader_int (r));
        break;
      case TRIB_JSON_UINT:
        trib_json_writer_uint (&w, trib_json_reader_uint (r));
        break;
      case TRIB_JSON_DOUBLE:
        trib_json_writer_double (&w, trib_json_reader_double (r));
        break;
      case TRIB_JSON_STRING:
        string = trib_json_reader_string (r, &len);
        trib_json_writer_string_len (&w, string, len);
        break;
      case TRIB_JSON_KEY:
        string = trib_json_reader_string (r, &len);
        trib_json_writer_key_len (&w, string, len);
        break;
      case TRIB_JSON_OBJECT_BEGIN:
        trib_json_writer_begin_object (&w);
        break;
      case TRIB_JSON_OBJECT_END:
        trib_json_writer_end_object (&w);
        break;
      case TRIB_JSON_ARRAY_BEGIN:
        trib_json_writer_begin_array (&w);
        break;
      default:
        trib_json_writer_end_array (&w);
        break;
    }
  }
}

static void
transcode_tributary (gpointer data)
{
  const GString *text = data;
  g_autoptr (GString) out = g_string_new (NULL);

  transcode (text, out);
  g_assert (out->len == text->len);
}

static void
transcode_json_glib (gpointer data)
{
  const GString *text = data;
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autofree gchar *out = NULL;
  gsize len;
  gboolean ok = json_parser_load_from_data (parser, text->str, text->len, NULL);

  g_assert (ok);
  json_generator_set_root (generator, json_parser_get_root (parser));
  out = json_generator_to_data (generator, &len);
  g_assert (len > 0);
}

int
main (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  write_document (text);
  print_result ("json-validate", "tributary", text->len, validate_tributary, text);
  print_result ("json-read", "tributary", text->len, read_tributary, text);
  print_result ("json-read", "json-glib", text->len, read_json_glib, text);
  print_result ("json-read-write", "tributary", text->len, transcode_tributary, text);
  print_result ("json-read-write", "json-glib", text->len, transcode_json_glib, text);
  return 0;
}
