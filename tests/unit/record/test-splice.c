/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-record-reader.h>
#include <record/trib-record-splice.h>
#include <record/trib-record-transcode.h>

/* {"have":{"face":MAP and "delay_ms":1.5},"n":1} */
static GString *
splice (TribRecordFormat format, TribRecordSlice map)
{
  GString *out = g_string_new (NULL);
  TribRecordWriter w;

  trib_record_writer_init (&w, format, out);
  trib_record_writer_begin_map (&w);
  trib_record_writer_key (&w, "have");
  trib_record_writer_begin_map_from (&w, map);
  trib_record_writer_key (&w, "delay_ms");
  trib_record_writer_double (&w, 1.5);
  trib_record_writer_end_map (&w);
  trib_record_writer_key (&w, "n");
  trib_record_writer_int (&w, 1);
  trib_record_writer_end_map (&w);
  g_assert_true (trib_record_writer_is_complete (&w));
  return out;
}

static GString *
transcode (TribRecordFormat from, TribRecordFormat to, const gchar *data, gsize len)
{
  g_autoptr (TribRecordReader) r = trib_record_reader_new (NULL);
  GString *out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  trib_record_reader_set (r, from, data, len);
  trib_record_transcode (r, to, TRIB_RECORD_NAN_NULL, out, NULL, &error);
  g_assert_no_error (error);
  return out;
}

static void
check_json (const gchar *map, const gchar *expected)
{
  GString *out = splice (TRIB_RECORD_JSON, (TribRecordSlice){ map, strlen (map) });

  g_assert_cmpstr (out->str, ==, expected);
  g_string_free (out, TRUE);
}

static void
test_json (void)
{
  check_json (
      "{\"a\": 1e2 ,\"b\":[1]}", "{\"have\":{\"a\": 1e2 ,\"b\":[1],\"delay_ms\":1.5},\"n\":1}");
  check_json ("{ \n\"a\":\"}\"\t}", "{\"have\":{\"a\":\"}\",\"delay_ms\":1.5},\"n\":1}");
  check_json ("{}", "{\"have\":{\"delay_ms\":1.5},\"n\":1}");
  check_json ("{ \r\n\t}", "{\"have\":{\"delay_ms\":1.5},\"n\":1}");
}

/* maps of every form of head: what comes out reads as the same map with one member more */
static void
test_msgpack (void)
{
  static const guint sizes[] = { 0, 1, 14, 15, 16, 17, 300, 65534, 65535, 65536 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GString *json = g_string_new ("{"), *map, *spliced, *back;
    g_autofree gchar *expected = NULL;

    for (guint n = 0; n < sizes[i]; n++)
      g_string_append_printf (json, "%s\"k%u\":%u", n > 0 ? "," : "", n, n);
    expected = g_strdup_printf (
        "{\"have\":%s%s\"delay_ms\":1.5},\"n\":1}", json->str, sizes[i] > 0 ? "," : "");
    g_string_append_c (json, '}');
    map = transcode (TRIB_RECORD_JSON, TRIB_RECORD_MSGPACK, json->str, json->len);
    spliced = splice (TRIB_RECORD_MSGPACK, (TribRecordSlice){ map->str, map->len });
    back = transcode (TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, spliced->str, spliced->len);
    g_assert_cmpstr (back->str, ==, expected);
    g_string_free (json, TRUE);
    g_string_free (map, TRUE);
    g_string_free (spliced, TRUE);
    g_string_free (back, TRUE);
  }
}

/* a head that is longer than it had to be */
static void
test_long_head (void)
{
  static const gchar map[] = "\xdf\x00\x00\x00\x01\xa1"
                             "a\x07";
  GString *spliced = splice (TRIB_RECORD_MSGPACK, (TribRecordSlice){ map, sizeof map - 1 });
  GString *back = transcode (TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, spliced->str, spliced->len);

  g_assert_cmpstr (back->str, ==, "{\"have\":{\"a\":7,\"delay_ms\":1.5},\"n\":1}");
  g_string_free (spliced, TRUE);
  g_string_free (back, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/splice/json", test_json);
  g_test_add_func ("/record/splice/msgpack", test_msgpack);
  g_test_add_func ("/record/splice/long-head", test_long_head);
  return g_test_run ();
}
