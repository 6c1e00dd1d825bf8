/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <math.h>
#include <string.h>

#include <record/trib-msgpack-reader.h>

/* Bytes are written as hexadecimal digits, tokens as one line of text: nil true false  i-1 (INT)
 * u9 (UINT)  f0x1p+0 (FLOAT32)  d0x1p+0 (FLOAT64)  s"x" (escaped as in C)  b0102 (BINARY)  e-1:0102
 * (EXT)  {2 } [2 ]  . (END)  !syntax@3 (an error and its offset); k before what is a key. */

static gsize
from_hex (const gchar *hex, guint8 **ret)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize len;

  for (; *hex != '\0'; hex++) {
    guint8 byte;
    if (*hex == ' ')
      continue;
    byte = (guint8) (g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));
    g_byte_array_append (bytes, &byte, 1);
    hex++;
  }
  len = bytes->len;
  /* memory of exactly its size, so that a checker of addresses sees a read beyond its end */
  *ret = len > 0 ? g_memdup2 (bytes->data, len) : NULL;
  g_byte_array_unref (bytes);
  return len;
}

static void
append_bytes (GString *out, const TribMsgpackReader *r, TribMsgpackToken token)
{
  gsize len;
  gint type;
  const guint8 *bytes = trib_msgpack_reader_bytes (r, &len, &type);

  if (token == TRIB_MSGPACK_EXT)
    g_string_append_printf (out, "e%d:", type);
  else
    g_string_append_c (out, 'b');
  for (gsize i = 0; i < len; i++)
    g_string_append_printf (out, "%02x", bytes[i]);
}

static void
append_error (GString *out, const TribMsgpackReader *r)
{
  static const gchar *const names[] = { "syntax", "utf8", "truncated", "limit", "type" };
  const GError *error = trib_msgpack_reader_error (r);
  g_autofree gchar *place = NULL;

  g_assert_true (error->domain == TRIB_MSGPACK_ERROR);
  place = g_strdup_printf (" at byte %" G_GSIZE_FORMAT, trib_msgpack_reader_offset (r));
  g_assert_true (g_str_has_suffix (error->message, place));
  g_string_append_printf (
      out, "!%s@%" G_GSIZE_FORMAT, names[error->code], trib_msgpack_reader_offset (r));
}

static void
append_token (GString *out, const TribMsgpackReader *r, TribMsgpackToken token)
{
  const gchar *text;
  gsize len;

  if (out->len > 0)
    g_string_append_c (out, ' ');
  if (token > TRIB_MSGPACK_END && trib_msgpack_reader_is_key (r))
    g_string_append_c (out, 'k');
  switch (token) {
    case TRIB_MSGPACK_ERROR_TOKEN:
      append_error (out, r);
      break;
    case TRIB_MSGPACK_END:
      g_string_append_c (out, '.');
      break;
    case TRIB_MSGPACK_NIL:
    case TRIB_MSGPACK_FALSE:
    case TRIB_MSGPACK_TRUE:
      g_string_append (out, trib_msgpack_token_to_string (token));
      break;
    case TRIB_MSGPACK_INT:
      g_string_append_printf (out, "i%" G_GINT64_FORMAT, trib_msgpack_reader_int (r));
      break;
    case TRIB_MSGPACK_UINT:
      g_string_append_printf (out, "u%" G_GUINT64_FORMAT, trib_msgpack_reader_uint (r));
      break;
    case TRIB_MSGPACK_FLOAT32:
      g_string_append_printf (out, "f%a", (gdouble) trib_msgpack_reader_float (r));
      break;
    case TRIB_MSGPACK_FLOAT64:
      g_string_append_printf (out, "d%a", trib_msgpack_reader_double (r));
      break;
    case TRIB_MSGPACK_STRING:
      text = trib_msgpack_reader_string (r, &len);
      g_string_append_c (out, '"');
      for (gsize i = 0; i < len; i++) {
        if (text[i] >= 0x20 && text[i] < 0x7f)
          g_string_append_c (out, text[i]);
        else
          g_string_append_printf (out, "\\x%02x", (guchar) text[i]);
      }
      g_string_append_c (out, '"');
      break;
    case TRIB_MSGPACK_BINARY:
    case TRIB_MSGPACK_EXT:
      append_bytes (out, r, token);
      break;
    case TRIB_MSGPACK_MAP_BEGIN:
    case TRIB_MSGPACK_ARRAY_BEGIN:
      g_string_append_printf (
          out, "%c%u", token == TRIB_MSGPACK_MAP_BEGIN ? '{' : '[', trib_msgpack_reader_count (r));
      break;
    default:
      g_string_append_c (out, token == TRIB_MSGPACK_MAP_END ? '}' : ']');
  }
}

static gchar *
tokens (const guint8 *data, gsize len, const TribMsgpackLimits *limits)
{
  g_autoptr (TribMsgpackReader) r = trib_msgpack_reader_new (data, len, limits);
  g_autoptr (GError) error = NULL;
  GString *out = g_string_new (NULL);
  TribMsgpackToken token;
  gboolean valid;

  do {
    token = trib_msgpack_reader_next (r);
    append_token (out, r, token);
    if (token > TRIB_MSGPACK_END)
      g_assert_cmpuint (trib_msgpack_reader_end_offset (r), <=, len);
  } while (token > TRIB_MSGPACK_END);

  /* an end stays an end, and the validator agrees, and so does skipping */
  g_assert_cmpint (trib_msgpack_reader_next (r), ==, token);
  valid = trib_msgpack_validate (data, len, limits, &error);
  g_assert_cmpint (valid, ==, token == TRIB_MSGPACK_END);
  if (!valid)
    g_assert_cmpstr (error->message, ==, trib_msgpack_reader_error (r)->message);
  trib_msgpack_reader_reset (r, data, len);
  g_assert_cmpint (
      trib_msgpack_reader_skip (r) && trib_msgpack_reader_next (r) == TRIB_MSGPACK_END, ==, valid);
  return g_string_free (out, FALSE);
}

static const struct {
  const gchar *hex;
  const gchar *tokens;
} table[] = {
  { "c0", "nil ." },
  { "c2", "false ." },
  { "c3", "true ." },
  /* every width of 0, 1 and -1; the ends of each width */
  { "00", "i0 ." },
  { "cc00", "i0 ." },
  { "cd0000", "i0 ." },
  { "ce00000000", "i0 ." },
  { "cf0000000000000000", "i0 ." },
  { "d000", "i0 ." },
  { "d10001", "i1 ." },
  { "d200000001", "i1 ." },
  { "d30000000000000001", "i1 ." },
  { "ff", "i-1 ." },
  { "d0ff", "i-1 ." },
  { "d1ffff", "i-1 ." },
  { "d2ffffffff", "i-1 ." },
  { "d3ffffffffffffffff", "i-1 ." },
  { "7f", "i127 ." },
  { "e0", "i-32 ." },
  { "ccff", "i255 ." },
  { "cdffff", "i65535 ." },
  { "ceffffffff", "i4294967295 ." },
  { "cf7fffffffffffffff", "i9223372036854775807 ." },
  { "cf8000000000000000", "u9223372036854775808 ." },
  { "cfffffffffffffffff", "u18446744073709551615 ." },
  { "d080", "i-128 ." },
  { "d18000", "i-32768 ." },
  { "d280000000", "i-2147483648 ." },
  { "d38000000000000000", "i-9223372036854775808 ." },
  { "ca3f800000", "f0x1p+0 ." },
  { "ca80000000", "f-0x0p+0 ." },
  { "ca3dcccccd", "f0x1.99999ap-4 ." },
  { "ca7f800000", "finf ." },
  { "cb3ff0000000000000", "d0x1p+0 ." },
  { "cb8000000000000000", "d-0x0p+0 ." },
  { "cb7ff0000000000000", "dinf ." },
  { "cb3fb999999999999a", "d0x1.999999999999ap-4 ." },
  { "a0", "\"\" ." },
  { "a161", "\"a\" ." },
  { "d90161", "\"a\" ." },
  { "da000161", "\"a\" ." },
  { "db0000000161", "\"a\" ." },
  { "a6 c3a9 00 e282ac", "\"\\xc3\\xa9\\x00\\xe2\\x82\\xac\" ." },
  { "ab 6162636465666768 c3a9 69", "\"abcdefgh\\xc3\\xa9i\" ." },
  { "c400", "b ." },
  { "c402ff00", "bff00 ." },
  { "c5000101", "b01 ." },
  { "c60000000101", "b01 ." },
  { "d405aa", "e5:aa ." },
  { "d5050102", "e5:0102 ." },
  { "d68001020304", "e-128:01020304 ." },
  { "d7 7f 0102030405060708", "e127:0102030405060708 ." },
  { "d8 01 000102030405060708090a0b0c0d0e0f", "e1:000102030405060708090a0b0c0d0e0f ." },
  { "c70005", "e5: ." },
  { "c80003 07 010203", "e7:010203 ." },
  { "c900000001 07 01", "e7:01 ." },
  { "d6 ff 00000001", "e-1:00000001 ." },
  { "80", "{0 } ." },
  { "90", "[0 ] ." },
  { "de0000", "{0 } ." },
  { "df00000000", "{0 } ." },
  { "dc0000", "[0 ] ." },
  { "dd00000000", "[0 ] ." },
  { "93 01 a162 92 c0 c3", "[3 i1 \"b\" [2 nil true ] ] ." },
  { "82 a161 01 a162 81 a163 90", "{2 k\"a\" i1 k\"b\" {1 k\"c\" [0 ] } } ." },
  { "dc0002 01 02", "[2 i1 i2 ] ." },
  { "df00000001 01 02", "{1 ki1 i2 } ." },
  /* any key, also one that occurs twice */
  { "82 a161 01 a161 02", "{2 k\"a\" i1 k\"a\" i2 } ." },
  { "83 c0 01 92 02 03 04 81 05 06 07", "{3 knil i1 k[2 i2 i3 k] i4 k{1 ki5 i6 k} i7 } ." },
  /* refused */
  { "", "!truncated@0" },
  { "c1", "!syntax@0" },
  { "92 01 c1", "[2 i1 !syntax@2" },
  { "0101", "i1 !syntax@1" },
  { "9000", "[0 ] !syntax@1" },
  { "cc", "!truncated@1" },
  { "cf00000000000000", "!truncated@8" },
  { "ca000000", "!truncated@4" },
  { "a2 61", "!truncated@2" },
  { "a1", "!truncated@1" },
  { "a1 ff", "!utf8@1" },
  { "a3 61c328", "!utf8@2" },
  { "a2 c0af", "!utf8@1" },
  { "a3 eda080", "!utf8@1" },
  { "a2 61c3", "!utf8@2" },
  { "d9ff61", "!truncated@3" },
  { "dbffffffff61", "!truncated@6" },
  { "c4ff00", "!truncated@3" },
  { "c6ffffffff00", "!truncated@6" },
  { "c9ffffffff0500", "!truncated@7" },
  { "c701", "!truncated@2" },
  { "d4", "!truncated@1" },
  /* counts against the bytes that are left */
  { "91", "!truncated@0" },
  { "81 01", "!truncated@0" },
  { "dd10000000", "!truncated@0" },
  { "dfffffffff", "!truncated@0" },
  { "dcffff 00", "!truncated@0" },
  { "93 92 01 02", "[3 !truncated@1" },
  { "93 92 01 02 03", "[3 !truncated@1" },
  { "93 92 01 02 03 04", "[3 [2 i1 i2 ] i3 i4 ] ." },
  { "92 a3 616263", "[2 \"abc\" !truncated@5" },
  { "92 a3 616263 90", "[2 \"abc\" [0 ] ] ." },
  /* timestamps */
  { "c70cff 3b9ac9ff ffffffffffffffff", "e-1:3b9ac9ffffffffffffffffff ." },
  { "c70cff 3b9aca00 0000000000000000", "!syntax@0" },
  { "d7ff ee6b280000000000", "!syntax@0" },
  { "d7ff ee6b27fc00000000", "e-1:ee6b27fc00000000 ." },
  { "d4ff00", "!syntax@0" },
  { "c700ff", "!syntax@0" },
};

static void
test_table (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree guint8 *data = NULL;
    gsize len = from_hex (table[i].hex, &data);
    g_autofree gchar *got = tokens (data, len, NULL);

    g_assert_cmpstr (got, ==, table[i].tokens);
  }
}

static void
test_cut_anywhere (void)
{
  g_autofree guint8 *data = NULL;
  gsize len = from_hex ("86 a161 cd0100 a162 d90361c3a9 a163 c402 0001 a164 cb3ff0000000000000"
                        "a165 93 01 d7ff0000000000000001 c0 01 81 a166 90",
      &data);

  g_assert_true (trib_msgpack_validate (data, len, NULL, NULL));
  for (gsize n = 0; n < len; n++) {
    g_autofree guint8 *cut = n > 0 ? g_memdup2 (data, n) : NULL;
    g_autofree gchar *got = tokens (cut, n, NULL);
    g_assert_nonnull (strstr (got, "!truncated@"));
  }
}

static void
test_depth (void)
{
  static const guint depths[] = { 1, 2, 64, 1024 };

  for (gsize i = 0; i < G_N_ELEMENTS (depths); i++) {
    TribMsgpackLimits limits = { 0, depths[i] };
    g_autofree guint8 *data = g_malloc (depths[i] + 2);

    memset (data, 0x91, depths[i] + 1);
    data[depths[i]] = 0xc0;
    g_assert_true (trib_msgpack_validate (data, depths[i] + 1, &limits, NULL));
    data[depths[i]] = 0x91;
    data[depths[i] + 1] = 0xc0;
    g_assert_false (trib_msgpack_validate (data, depths[i] + 2, &limits, NULL));
    limits.max_depth = G_MAXUINT;
    g_assert_cmpint (
        trib_msgpack_validate (data, depths[i] + 2, &limits, NULL), ==, depths[i] < 1024);
  }
}

static void
test_bytes (void)
{
  TribMsgpackLimits limits = { 4, 0 };
  guint8 data[] = { 0xa4, 'a', 'b', 'c', 'd' };
  g_autofree gchar *large = tokens (data, 5, &limits);
  g_autofree gchar *fits = NULL;

  g_assert_cmpstr (large, ==, "!limit@4");
  data[0] = 0xa3;
  fits = tokens (data, 4, &limits);
  g_assert_cmpstr (fits, ==, "\"abc\" .");
}

static const struct {
  const gchar *hex;
  gint64 seconds;
  guint32 nanoseconds;
} timestamps[] = {
  { "d6ff 00000000", 0, 0 },
  { "d6ff ffffffff", 4294967295, 0 },
  { "d7ff 0000000400000000", G_GINT64_CONSTANT (0), 1 },
  { "d7ff ee6b27ffffffffff", (G_GINT64_CONSTANT (1) << 34) - 1, 999999999 },
  { "c70cff 00000001 ffffffffffffffff", -1, 1 },
  { "c70cff 00000000 7fffffffffffffff", G_MAXINT64, 0 },
};

static void
test_timestamps (void)
{
  gint64 seconds;
  guint32 nanoseconds;

  for (gsize i = 0; i < G_N_ELEMENTS (timestamps); i++) {
    g_autofree guint8 *data = NULL;
    gsize len = from_hex (timestamps[i].hex, &data);
    g_autoptr (TribMsgpackReader) r = trib_msgpack_reader_new (data, len, NULL);

    g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_EXT);
    g_assert_true (trib_msgpack_reader_timestamp (r, &seconds, &nanoseconds));
    g_assert_cmpint (seconds, ==, timestamps[i].seconds);
    g_assert_cmpuint (nanoseconds, ==, timestamps[i].nanoseconds);
  }
}

static void
test_skip (void)
{
  /* {"a": [1, {2: 3}], [4]: 5, "b": 6} */
  g_autofree guint8 *data = NULL;
  gsize len = from_hex ("83 a161 92 01 81 02 03 91 04 05 a162 06", &data);
  g_autoptr (TribMsgpackReader) r = trib_msgpack_reader_new (data, len, NULL);

  g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_MAP_BEGIN);
  g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_STRING);
  g_assert_true (trib_msgpack_reader_skip (r)); /* the value of "a" */
  g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_ARRAY_BEGIN);
  g_assert_true (trib_msgpack_reader_is_key (r));
  g_assert_true (trib_msgpack_reader_skip (r)); /* the rest of the key */
  g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_INT);
  g_assert_cmpint (trib_msgpack_reader_int (r), ==, 5);
  g_assert_true (trib_msgpack_reader_skip (r)); /* "b" and its value */
  g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_MAP_END);
  g_assert_false (trib_msgpack_reader_skip (r));
  g_assert_error (trib_msgpack_reader_error (r), TRIB_MSGPACK_ERROR, TRIB_MSGPACK_ERROR_TYPE);

  /* the rest of the map */
  trib_msgpack_reader_reset (r, data, len);
  trib_msgpack_reader_next (r);
  g_assert_true (trib_msgpack_reader_skip (r));
  g_assert_cmpint (trib_msgpack_reader_next (r), ==, TRIB_MSGPACK_END);

  /* the key "a", its value; a key that is a container, with its value, in one go; "b" and its
   * value */
  trib_msgpack_reader_reset (r, data, len);
  trib_msgpack_reader_next (r);
  trib_msgpack_reader_next (r);
  g_assert_true (trib_msgpack_reader_skip (r));
  g_assert_true (trib_msgpack_reader_skip (r));
  g_assert_true (trib_msgpack_reader_skip (r));
  /* nothing left but the end of the map */
  g_assert_false (trib_msgpack_reader_skip (r));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/msgpack-reader/table", test_table);
  g_test_add_func ("/msgpack-reader/cut-anywhere", test_cut_anywhere);
  g_test_add_func ("/msgpack-reader/depth", test_depth);
  g_test_add_func ("/msgpack-reader/bytes", test_bytes);
  g_test_add_func ("/msgpack-reader/timestamps", test_timestamps);
  g_test_add_func ("/msgpack-reader/skip", test_skip);
  return g_test_run ();
}
