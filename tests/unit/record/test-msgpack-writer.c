/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <math.h>
#include <string.h>

#include <record/trib-msgpack-reader.h>
#include <record/trib-msgpack-writer.h>

typedef struct {
  GString *out;
  TribMsgpackWriter w;
} Fixture;

static void
fixture_init (Fixture *f)
{
  f->out = g_string_new (NULL);
  trib_msgpack_writer_init (&f->w, f->out);
}

/* what was written, in hexadecimal digits, which must be one whole valid value; makes ready for the
 * next */
static const gchar *
written (Fixture *f)
{
  static gchar hex[256];

  g_assert_true (trib_msgpack_writer_is_complete (&f->w));
  g_assert_true (trib_msgpack_validate ((const guint8 *) f->out->str, f->out->len, NULL, NULL));
  g_assert_cmpuint (f->out->len * 2, <, sizeof hex);
  hex[0] = '\0';
  for (gsize i = 0; i < f->out->len; i++)
    g_snprintf (hex + 2 * i, 3, "%02x", (guchar) f->out->str[i]);
  g_string_truncate (f->out, 0);
  trib_msgpack_writer_init (&f->w, f->out);
  return hex;
}

static const struct {
  gint64 value;
  const gchar *hex;
} ints[] = {
  { 0, "00" },
  { 127, "7f" },
  { 128, "cc80" },
  { 255, "ccff" },
  { 256, "cd0100" },
  { 65535, "cdffff" },
  { 65536, "ce00010000" },
  { 4294967295, "ceffffffff" },
  { 4294967296, "cf0000000100000000" },
  { G_MAXINT64, "cf7fffffffffffffff" },
  { -1, "ff" },
  { -32, "e0" },
  { -33, "d0df" },
  { -128, "d080" },
  { -129, "d1ff7f" },
  { -32768, "d18000" },
  { -32769, "d2ffff7fff" },
  { G_MININT32, "d280000000" },
  { (gint64) G_MININT32 - 1, "d3ffffffff7fffffff" },
  { G_MININT64, "d38000000000000000" },
};

static void
test_numbers (void)
{
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (ints); i++) {
    trib_msgpack_writer_int (&f.w, ints[i].value);
    g_assert_cmpstr (written (&f), ==, ints[i].hex);
    if (ints[i].value < 0)
      continue;
    trib_msgpack_writer_uint (&f.w, (guint64) ints[i].value);
    g_assert_cmpstr (written (&f), ==, ints[i].hex);
  }
  trib_msgpack_writer_uint (&f.w, G_MAXUINT64);
  g_assert_cmpstr (written (&f), ==, "cfffffffffffffffff");
  trib_msgpack_writer_float (&f.w, 1.0f);
  g_assert_cmpstr (written (&f), ==, "ca3f800000");
  trib_msgpack_writer_double (&f.w, 1.0);
  g_assert_cmpstr (written (&f), ==, "cb3ff0000000000000");
  trib_msgpack_writer_double (&f.w, -0.0);
  g_assert_cmpstr (written (&f), ==, "cb8000000000000000");
  trib_msgpack_writer_double (&f.w, INFINITY);
  g_assert_cmpstr (written (&f), ==, "cb7ff0000000000000");
  g_string_free (f.out, TRUE);
}

static void
test_structure (void)
{
  Fixture f;

  fixture_init (&f);
  g_assert_false (trib_msgpack_writer_is_complete (&f.w));
  trib_msgpack_writer_begin_map (&f.w);
  trib_msgpack_writer_key (&f.w, "a");
  trib_msgpack_writer_begin_array (&f.w);
  trib_msgpack_writer_nil (&f.w);
  trib_msgpack_writer_boolean (&f.w, TRUE);
  trib_msgpack_writer_boolean (&f.w, FALSE);
  trib_msgpack_writer_begin_map (&f.w);
  trib_msgpack_writer_end_map (&f.w);
  trib_msgpack_writer_end_array (&f.w);
  trib_msgpack_writer_key_len (&f.w, "b\0c", 3);
  trib_msgpack_writer_string (&f.w, "x");
  g_assert_false (trib_msgpack_writer_is_complete (&f.w));
  trib_msgpack_writer_end_map (&f.w);
  g_assert_cmpstr (written (&f), ==, "82a16194c0c3c280a3620063a178");
  trib_msgpack_writer_string (&f.w, NULL);
  g_assert_cmpstr (written (&f), ==, "c0");
  trib_msgpack_writer_binary (&f.w, NULL, 0);
  g_assert_cmpstr (written (&f), ==, "c400");

  /* what stands before is left alone */
  g_string_append (f.out, "data: ");
  trib_msgpack_writer_init (&f.w, f.out);
  trib_msgpack_writer_begin_array (&f.w);
  for (guint i = 0; i < 16; i++)
    trib_msgpack_writer_int (&f.w, i);
  trib_msgpack_writer_end_array (&f.w);
  g_assert_cmpmem (f.out->str, 9, "data: \xdc\x00\x10", 9);
  g_assert_cmpuint (f.out->len, ==, 25);
  g_string_free (f.out, TRUE);
}

/* containers on both sides of each size of header, around and inside one another */
static void
test_counts (void)
{
  static const guint counts[] = { 0, 1, 15, 16, 17, 65535, 65536 };
  static const gsize header[] = { 1, 1, 1, 3, 3, 3, 5 };
  g_autoptr (TribMsgpackReader) r = trib_msgpack_reader_new (NULL, 0, NULL);
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (counts) * 2; i++) {
    gboolean map = i % 2 == 1;
    guint n = counts[i / 2];

    g_string_truncate (f.out, 0);
    trib_msgpack_writer_init (&f.w, f.out);
    trib_msgpack_writer_begin_array (&f.w);
    trib_msgpack_writer_int (&f.w, 7);
    if (map)
      trib_msgpack_writer_begin_map (&f.w);
    else
      trib_msgpack_writer_begin_array (&f.w);
    for (guint k = 0; k < n; k++) {
      if (map)
        trib_msgpack_writer_key (&f.w, "k");
      trib_msgpack_writer_int (&f.w, (gint64) k % 128);
    }
    if (map)
      trib_msgpack_writer_end_map (&f.w);
    else
      trib_msgpack_writer_end_array (&f.w);
    trib_msgpack_writer_int (&f.w, 8);
    trib_msgpack_writer_end_array (&f.w);

    g_assert_cmpuint (f.out->len, ==, 3 + header[i / 2] + (gsize) n * (map ? 3 : 1));
    trib_msgpack_reader_reset (r, (const guint8 *) f.out->str, f.out->len);
    trib_msgpack_reader_next (r);
    g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_INT);
    trib_msgpack_reader_next (r);
    g_assert_cmpuint (trib_msgpack_reader_count (r), ==, n);
    for (guint k = 0; k < n; k++) {
      if (map)
        g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_STRING);
      g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_INT);
      g_assert_cmpint (trib_msgpack_reader_int (r), ==, k % 128);
    }
    trib_msgpack_reader_next (r);
    g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_INT);
    g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_ARRAY_END);
    g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_END);
  }
  g_string_free (f.out, TRUE);
}

/* every length around a change of header, for text, binary data and extensions */
static void
test_lengths (void)
{
  static const gsize lengths[]
      = { 0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 255, 256, 65535, 65536 };
  g_autofree gchar *text = g_strnfill (65536, 'x');
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++) {
    gsize len = lengths[i];
    gsize wide = len <= 255 ? 1 : len <= 65535 ? 2 : 4;
    gboolean fixext = len == 1 || len == 2 || len == 4 || len == 8 || len == 16;
    gsize want[3]
        = { (len <= 31 ? 1 : 1 + wide) + len, 1 + wide + len, (fixext ? 2 : 2 + wide) + len };

    for (guint kind = 0; kind < 3; kind++) {
      g_autoptr (TribMsgpackReader) r = NULL;
      TribMsgpackToken token;
      gsize got;
      gint type = 0;

      g_string_truncate (f.out, 0);
      trib_msgpack_writer_init (&f.w, f.out);
      if (kind == 0)
        trib_msgpack_writer_string_len (&f.w, text, len);
      else if (kind == 1)
        trib_msgpack_writer_binary (&f.w, (const guint8 *) text, len);
      else
        trib_msgpack_writer_ext (&f.w, -128, (const guint8 *) text, len);
      g_assert_cmpuint (f.out->len, ==, want[kind]);
      r = trib_msgpack_reader_new ((const guint8 *) f.out->str, f.out->len, NULL);
      token = trib_msgpack_reader_next (r);
      if (kind == 0) {
        g_assert_cmpint (token, ==, TRIB_MSGPACK_STRING);
        g_assert_cmpint (memcmp (trib_msgpack_reader_string (r, &got), text, len), ==, 0);
      } else {
        g_assert_cmpint (token, ==, kind == 1 ? TRIB_MSGPACK_BINARY : TRIB_MSGPACK_EXT);
        g_assert_cmpint (memcmp (trib_msgpack_reader_bytes (r, &got, &type), text, len), ==, 0);
        g_assert_cmpint (type, ==, kind == 1 ? 0 : -128);
      }
      g_assert_cmpuint (got, ==, len);
    }
  }
  g_string_free (f.out, TRUE);
}

static void
test_timestamps (void)
{
  Fixture f;

  fixture_init (&f);
  trib_msgpack_writer_timestamp (&f.w, 0, 0);
  g_assert_cmpstr (written (&f), ==, "d6ff00000000");
  trib_msgpack_writer_timestamp (&f.w, G_MAXUINT32, 0);
  g_assert_cmpstr (written (&f), ==, "d6ffffffffff");
  trib_msgpack_writer_timestamp (&f.w, 0, 1);
  g_assert_cmpstr (written (&f), ==, "d7ff0000000400000000");
  trib_msgpack_writer_timestamp (&f.w, (G_GINT64_CONSTANT (1) << 34) - 1, 999999999);
  g_assert_cmpstr (written (&f), ==, "d7ffee6b27ffffffffff");
  trib_msgpack_writer_timestamp (&f.w, G_GINT64_CONSTANT (1) << 34, 0);
  g_assert_cmpstr (written (&f), ==, "c70cff000000000000000400000000");
  trib_msgpack_writer_timestamp (&f.w, -1, 1);
  g_assert_cmpstr (written (&f), ==, "c70cff00000001ffffffffffffffff");
  g_string_free (f.out, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/msgpack-writer/numbers", test_numbers);
  g_test_add_func ("/msgpack-writer/structure", test_structure);
  g_test_add_func ("/msgpack-writer/counts", test_counts);
  g_test_add_func ("/msgpack-writer/lengths", test_lengths);
  g_test_add_func ("/msgpack-writer/timestamps", test_timestamps);
  return g_test_run ();
}
