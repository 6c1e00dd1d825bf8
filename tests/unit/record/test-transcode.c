/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include <record/trib-record-transcode.h>

typedef struct {
  TribRecordReader *r;
  GString *out;
  GError *error;
  TribRecordNotes notes;
  TribRecordNanPolicy nan;
} Fixture;

static void
fixture_init (Fixture *f)
{
  memset (f, 0, sizeof *f);
  f->r = trib_record_reader_new (NULL);
  f->out = g_string_new (NULL);
}

static void
fixture_clear (Fixture *f)
{
  trib_record_reader_free (f->r);
  g_string_free (f->out, TRUE);
  g_clear_error (&f->error);
}

static gboolean
transcode (Fixture *f, TribRecordFormat from, TribRecordFormat to, gconstpointer data, gsize len)
{
  g_autofree gchar *copy = len > 0 ? g_memdup2 (data, len) : NULL;
  gboolean ok;

  g_string_truncate (f->out, 0);
  g_clear_error (&f->error);
  trib_record_reader_set (f->r, from, copy, len);
  ok = trib_record_transcode (f->r, to, f->nan, f->out, &f->notes, &f->error);
  g_assert_cmpint (ok, ==, f->error == NULL);
  if (!ok)
    g_assert_cmpuint (f->out->len, ==, 0);
  trib_record_reader_set (f->r, TRIB_RECORD_JSON, NULL, 0);
  return ok;
}

static gsize
from_hex (const gchar *hex, guint8 *ret)
{
  gsize n = 0;

  for (; hex[0] != '\0'; hex += 2)
    ret[n++] = (guint8) (g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));
  return n;
}

static gchar *
to_hex (const GString *bytes)
{
  GString *hex = g_string_new (NULL);

  for (gsize i = 0; i < bytes->len; i++)
    g_string_append_printf (hex, "%02x", (guchar) bytes->str[i]);
  return g_string_free (hex, FALSE);
}

/* JSON, what MessagePack it makes, and what JSON that makes (NULL: the same) */
static const struct {
  const gchar *json;
  const gchar *hex;
  const gchar *back;
} from_json[] = {
  { "null", "c0", NULL },
  { "[true,false]", "92c3c2", NULL },
  { "0", "00", NULL },
  { "-33", "d0df", NULL },
  { "9223372036854775807", "cf7fffffffffffffff", NULL },
  { "9223372036854775808", "cf8000000000000000", NULL },
  { "18446744073709551615", "cfffffffffffffffff", NULL },
  { "-9223372036854775808", "d38000000000000000", NULL },
  { "18446744073709551616", "cb43f0000000000000", "1.8446744073709552e+19" },
  { "-9223372036854775809", "cbc3e0000000000000", "-9.223372036854776e+18" },
  { "1.0", "cb3ff0000000000000", NULL },
  { "1e0", "cb3ff0000000000000", "1.0" },
  { "-0", "cb8000000000000000", "-0.0" },
  { "-0.0", "cb8000000000000000", NULL },
  { "0.1", "cb3fb999999999999a", NULL },
  { "1e-400", "cb0000000000000000", "0.0" },
  { "\"\\u00e9\\n\\u0000\"", "a4c3a90a00", "\"\xc3\xa9\\n\\u0000\"" },
  { " { \"a\" : [ 1 , 2 ] } ", "81a161920102", "{\"a\":[1,2]}" },
  { "{\"a\":1,\"a\":2}", "82a16101a16102", NULL },
  { "{\"b\":{},\"a\":[]}", "82a16280a16190", NULL },
  { "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", "dc0010000102030405060708090a0b0c0d0e0f", NULL },
};

static void
test_from_json (void)
{
  Fixture f;
  guint8 data[64];

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (from_json); i++) {
    const gchar *json = from_json[i].json;
    g_autofree gchar *hex = NULL;

    g_assert_true (transcode (&f, TRIB_RECORD_JSON, TRIB_RECORD_MSGPACK, json, strlen (json)));
    hex = to_hex (f.out);
    g_assert_cmpstr (hex, ==, from_json[i].hex);
    g_assert_true (transcode (
        &f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, from_hex (from_json[i].hex, data)));
    g_assert_cmpstr (f.out->str, ==, from_json[i].back != NULL ? from_json[i].back : json);
  }
  g_assert_cmpuint (f.notes.binary + f.notes.extensions + f.notes.not_finite, ==, 0);
  fixture_clear (&f);
}

/* MessagePack, what JSON it makes, and what MessagePack that makes (NULL: the same) */
static const struct {
  const gchar *hex;
  const gchar *json;
  const gchar *back;
} from_msgpack[] = {
  { "d300000000000000ff", "255", "ccff" },
  { "ca3dcccccd", "0.1", "cb3fb999999999999a" },
  { "ca3f800000", "1.0", "cb3ff0000000000000" },
  { "ca80000000", "-0.0", "cb8000000000000000" },
  { "ca4b800001", "16777218.0", "cb4170000020000000" },
  { "ca7f7fffff", "3.4028235e+38", "cb47efffffe54daff8" },
  { "ca00000001", "1e-45", "cb3696d601ad376ab9" },
  { "ca7fc00000", "null", "c0" },
  { "cb7ff0000000000000", "null", "c0" },
  { "c403010203", "\"AQID\"", "a441514944" },
  { "c400", "\"\"", "a0" },
  { "d4059a", "{\"ext\":5,\"data\":\"mg==\"}", "82a365787405a464617461a46d673d3d" },
  { "d6ff00000001", "1000000000", "ce3b9aca00" },
  { "d7ff0000000400000001", "1000000001", "ce3b9aca01" },
  { "c70cff00000001ffffffffffffffff", "-999999999", "d2c4653601" },
  { "8101a161", "{\"1\":\"a\"}", "81a131a161" },
  { "81e0c0", "{\"-32\":null}", "81a32d3332c0" },
  { "81cfffffffffffffffffc0", "{\"18446744073709551615\":null}",
      "81b43138343436373434303733373039353531363135c0" },
  { "82a16101a16102", "{\"a\":1,\"a\":2}", NULL },
};

static void
test_from_msgpack (void)
{
  Fixture f;
  guint8 data[64];

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (from_msgpack); i++) {
    g_autofree gchar *json = NULL;
    g_autofree gchar *hex = NULL;

    g_assert_true (transcode (
        &f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, from_hex (from_msgpack[i].hex, data)));
    g_assert_cmpstr (f.out->str, ==, from_msgpack[i].json);
    json = g_strdup (f.out->str);
    g_assert_true (transcode (&f, TRIB_RECORD_JSON, TRIB_RECORD_MSGPACK, json, strlen (json)));
    hex = to_hex (f.out);
    g_assert_cmpstr (
        hex, ==, from_msgpack[i].back != NULL ? from_msgpack[i].back : from_msgpack[i].hex);
  }
  fixture_clear (&f);
}

static void
test_timestamps (void)
{
  static const struct {
    gint64 seconds;
    guint32 nanoseconds;
    const gchar *json; /* NULL: int64 does not hold it */
  } times[] = {
    { 0, 0, "0" },
    { 1700000000, 123456789, "1700000000123456789" },
    { -1, 999999999, "-1" },
    { G_GINT64_CONSTANT (9223372036), 854775807, "9223372036854775807" },
    { G_GINT64_CONSTANT (9223372036), 854775808, NULL },
    { G_GINT64_CONSTANT (9223372037), 0, NULL },
    { G_GINT64_CONSTANT (-9223372037), 145224192, "-9223372036854775808" },
    { G_GINT64_CONSTANT (-9223372037), 145224191, NULL },
    { G_MAXINT64, 999999999, NULL },
    { G_MININT64, 0, NULL },
    { G_MININT64, 1, NULL },
  };
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autoptr (GString) data = g_string_new (NULL);
    TribMsgpackWriter w;

    trib_msgpack_writer_init (&w, data);
    trib_msgpack_writer_timestamp (&w, times[i].seconds, times[i].nanoseconds);
    g_assert_true (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data->str, data->len));
    if (times[i].json != NULL)
      g_assert_cmpstr (f.out->str, ==, times[i].json);
    else
      g_assert_true (g_str_has_prefix (f.out->str, "{\"ext\":-1,\"data\":\""));
    g_assert_true (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_MSGPACK, data->str, data->len));
    g_assert_true (g_string_equal (f.out, data));
  }
  g_assert_cmpuint (f.notes.timestamps, ==, 5);
  g_assert_cmpuint (f.notes.extensions, ==, 6);
  fixture_clear (&f);
}

static void
test_not_finite (void)
{
  static const guint8 data[] = { 0x93, 0xca, 0x7f, 0xc0, 0, 0, 0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0,
    0xca, 0xff, 0x80, 0, 0 };
  Fixture f;

  fixture_init (&f);
  g_assert_true (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, sizeof data));
  g_assert_cmpstr (f.out->str, ==, "[null,null,null]");
  g_assert_cmpuint (f.notes.not_finite, ==, 3);
  f.nan = TRIB_RECORD_NAN_TEXT;
  g_assert_true (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, sizeof data));
  g_assert_cmpstr (f.out->str, ==, "[\"NaN\",\"Infinity\",\"-Infinity\"]");
  f.nan = TRIB_RECORD_NAN_ERROR;
  g_assert_false (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, sizeof data));
  g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_RANGE);
  g_assert_cmpstr (f.error->message, ==, "a number that is not finite at byte 1");
  /* what was refused is not counted */
  g_assert_cmpuint (f.notes.not_finite, ==, 6);
  /* MessagePack has them */
  g_assert_true (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_MSGPACK, data, sizeof data));
  g_assert_cmpmem (f.out->str, f.out->len, data, sizeof data);
  fixture_clear (&f);
}

static void
test_refused (void)
{
  static const struct {
    const gchar *hex;
    TribRecordError code;
    const gchar *message;
  } refused[] = {
    { "81c001", TRIB_RECORD_ERROR_TYPE,
        "a key that is nil, expected a string or an integer at byte 1" },
    { "81900101", TRIB_RECORD_ERROR_TYPE,
        "a key that is an array, expected a string or an integer at byte 1" },
    { "81ca0000000001", TRIB_RECORD_ERROR_TYPE,
        "a key that is a number, expected a string or an integer at byte 1" },
    { "81c4006101", TRIB_RECORD_ERROR_TYPE,
        "a key that is binary data, expected a string or an integer at byte 1" },
    { "a1ff", TRIB_RECORD_ERROR_UTF8, "byte 0xff begins no valid UTF-8 character at byte 1" },
    { "c1", TRIB_RECORD_ERROR_SYNTAX, "the byte 0xc1, which begins no value, at byte 0" },
    { "920102ff", TRIB_RECORD_ERROR_SYNTAX,
        "expected nothing after the value, found byte 0xff at byte 3" },
    { "92", TRIB_RECORD_ERROR_TRUNCATED,
        "an array of 2 elements, but 0 bytes are left for it and what else is due at byte 0" },
  };
  Fixture f;
  guint8 data[128];
  gchar text[140];

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_assert_false (transcode (
        &f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, from_hex (refused[i].hex, data)));
    g_assert_error (f.error, TRIB_RECORD_ERROR, (gint) refused[i].code);
    g_assert_cmpstr (f.error->message, ==, refused[i].message);
  }
  g_assert_false (transcode (&f, TRIB_RECORD_JSON, TRIB_RECORD_MSGPACK, "1e999", 5));
  g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_RANGE);

  /* 64 levels go both ways, 65 do not, also when the last is an extension that becomes a map */
  memset (data, 0x91, sizeof data);
  data[63] = 0x90;
  g_assert_true (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, 64));
  data[63] = 0x91;
  data[64] = 0x90;
  g_assert_false (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, 65));
  g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_LIMIT);
  data[64] = 0xd4;
  g_assert_false (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, data, 67));
  g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_LIMIT);
  memset (text, '[', 65);
  memset (text + 65, ']', 65);
  g_assert_true (transcode (&f, TRIB_RECORD_JSON, TRIB_RECORD_MSGPACK, text + 1, 128));
  g_assert_false (transcode (&f, TRIB_RECORD_JSON, TRIB_RECORD_MSGPACK, text, 130));
  g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_LIMIT);
  fixture_clear (&f);
}

static void
test_copy_members (void)
{
  static const gchar *const except[] = { "delay_ms", "x", NULL };
  const gchar *json = "{\"a\":{\"x\":1},\"x\":[1,{}],\"b\":\"\\n\",\"delay_ms\":7}";
  Fixture f;
  TribRecordWriter w;

  fixture_init (&f);
  trib_record_writer_init (&w, TRIB_RECORD_JSON, f.out);
  trib_record_writer_begin_map (&w);
  trib_record_reader_set (f.r, TRIB_RECORD_JSON, json, strlen (json));
  g_assert_cmpint (trib_record_reader_next (f.r), ==, TRIB_RECORD_MAP_BEGIN);
  g_assert_true (trib_record_copy_members (f.r, &w, except, &f.error));
  trib_record_writer_key (&w, "delay_ms");
  trib_record_writer_double (&w, 1.5);
  trib_record_writer_end_map (&w);
  g_assert_cmpstr (f.out->str, ==, "{\"a\":{\"x\":1},\"b\":\"\\n\",\"delay_ms\":1.5}");

  trib_record_writer_init (&w, TRIB_RECORD_MSGPACK, f.out);
  trib_record_writer_begin_map (&w);
  trib_record_reader_set (f.r, TRIB_RECORD_JSON, "{\"a\":[1,}", 9);
  g_assert_cmpint (trib_record_reader_next (f.r), ==, TRIB_RECORD_MAP_BEGIN);
  g_assert_false (trib_record_copy_members (f.r, &w, except, &f.error));
  g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_SYNTAX);
  fixture_clear (&f);
}

/* ---- at random ---- */

static guint64
random_bits (void)
{
  return (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
}

static gdouble
random_double (void)
{
  guint64 bits = random_bits ();
  gdouble value;

  switch (g_test_rand_int_range (0, 3)) {
    case 0: /* a decimal of a few digits */
      return g_test_rand_int_range (-1000000, 1000000) / 1000.0;
    case 1:
      return (gdouble) (gint64) bits;
    default:
      memcpy (&value, &bits, sizeof value);
      return isfinite (value) ? value : 0.5;
  }
}

static gfloat
random_float (void)
{
  guint32 bits = (guint32) g_test_rand_int ();
  gfloat value;

  if (g_test_rand_bit ())
    return (gfloat) g_test_rand_int_range (-1000000, 1000000) / 1000.0f;
  memcpy (&value, &bits, sizeof value);
  return isfinite (value) ? value : 0.5f;
}

static void
random_text (GString *text)
{
  guint n = (guint) g_test_rand_int_range (0, g_test_rand_int_range (0, 10) == 0 ? 300 : 12);

  g_string_truncate (text, 0);
  while (text->len < n) {
    static const gunichar tops[] = { 0x20, 0x80, 0x800, 0xd800, 0x10000, 0x110000 };
    gunichar c = (gunichar) g_test_rand_int_range (
        0, (gint32) tops[g_test_rand_int_range (0, G_N_ELEMENTS (tops))]);
    if (g_unichar_validate (c))
      g_string_append_unichar (text, c);
  }
}

static void
random_value (TribRecordWriter *w, guint depth, gboolean msgpack_only)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint kind = g_test_rand_int_range (0, depth >= 6 ? 7 : 9);
  gint n = g_test_rand_int_range (0, g_test_rand_int_range (0, 20) == 0 ? 40 : 6);

  switch (kind) {
    case 0:
      trib_record_writer_null (w);
      break;
    case 1:
      trib_record_writer_boolean (w, g_test_rand_bit ());
      break;
    case 2:
      trib_record_writer_int (w, (gint64) (random_bits () >> g_test_rand_int_range (0, 64)));
      break;
    case 3:
      trib_record_writer_int (w, -(gint64) (random_bits () >> g_test_rand_int_range (1, 64)));
      break;
    case 4:
      trib_record_writer_uint (w, random_bits ());
      break;
    case 5:
      if (msgpack_only && g_test_rand_bit ())
        trib_record_writer_float (w, random_float ());
      else
        trib_record_writer_double (w, random_double ());
      break;
    case 6:
      random_text (text);
      if (msgpack_only && g_test_rand_int_range (0, 4) == 0)
        trib_msgpack_writer_binary (&w->msgpack, (const guint8 *) text->str, text->len);
      else if (msgpack_only && g_test_rand_int_range (0, 4) == 0)
        trib_msgpack_writer_ext (
            &w->msgpack, g_test_rand_int_range (0, 128), (const guint8 *) text->str, text->len);
      else
        trib_record_writer_string_len (w, text->str, text->len);
      break;
    case 7:
      trib_record_writer_begin_array (w);
      for (gint i = 0; i < n; i++)
        random_value (w, depth + 1, msgpack_only);
      trib_record_writer_end_array (w);
      break;
    default:
      trib_record_writer_begin_map (w);
      for (gint i = 0; i < n; i++) {
        random_text (text);
        trib_record_writer_key_len (w, text->str, text->len);
        random_value (w, depth + 1, msgpack_only);
      }
      trib_record_writer_end_map (w);
  }
}

#define N_RANDOM 20000

/* what has a form in both formats goes there and back to the same bytes, from either side */
static void
test_random (void)
{
  g_autoptr (GString) json = g_string_new (NULL);
  g_autoptr (GString) msgpack = g_string_new (NULL);
  TribRecordWriter w;
  Fixture f;

  fixture_init (&f);
  for (guint i = 0; i < N_RANDOM; i++) {
    TribRecordFormat from = i % 2 == 0 ? TRIB_RECORD_JSON : TRIB_RECORD_MSGPACK;
    TribRecordFormat to = i % 2 == 0 ? TRIB_RECORD_MSGPACK : TRIB_RECORD_JSON;

    g_string_truncate (json, 0);
    trib_record_writer_init (&w, from, json);
    random_value (&w, 0, FALSE);
    g_assert_true (transcode (&f, from, to, json->str, json->len));
    g_string_truncate (msgpack, 0);
    g_string_append_len (msgpack, f.out->str, (gssize) f.out->len);
    g_assert_true (transcode (&f, to, from, msgpack->str, msgpack->len));
    g_assert_cmpmem (f.out->str, f.out->len, json->str, json->len);
  }
  fixture_clear (&f);
}

/* anything in MessagePack: once through JSON, it stays what it is; to itself it is the same
 * bytes */
static void
test_random_msgpack (void)
{
  g_autoptr (GString) first = g_string_new (NULL);
  g_autoptr (GString) second = g_string_new (NULL);
  TribRecordWriter w;
  Fixture f;

  fixture_init (&f);
  for (guint i = 0; i < N_RANDOM; i++) {
    g_string_truncate (first, 0);
    trib_record_writer_init (&w, TRIB_RECORD_MSGPACK, first);
    random_value (&w, 0, TRUE);
    g_assert_true (
        transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_MSGPACK, first->str, first->len));
    g_assert_true (g_string_equal (f.out, first));
    g_assert_true (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, first->str, first->len));
    g_string_assign (first, f.out->str);
    g_assert_true (transcode (&f, TRIB_RECORD_JSON, TRIB_RECORD_MSGPACK, first->str, first->len));
    g_string_truncate (second, 0);
    g_string_append_len (second, f.out->str, (gssize) f.out->len);
    g_assert_true (transcode (&f, TRIB_RECORD_MSGPACK, TRIB_RECORD_JSON, second->str, second->len));
    g_assert_cmpstr (f.out->str, ==, first->str);
  }
  fixture_clear (&f);
}

/* significant digits of a number as text */
static guint
count_digits (const gchar *text)
{
  guint digits = 0, zeros = 0;

  for (; *text != '\0' && *text != 'e'; text++) {
    if (*text == '0' && digits > 0)
      zeros++;
    else if (g_ascii_isdigit (*text) && *text != '0')
      digits += 1 + zeros, zeros = 0;
  }
  return digits;
}

static void
check_float (gfloat value)
{
  g_autoptr (GString) json = g_string_new (NULL);
  gchar fewer[G_ASCII_DTOSTR_BUF_SIZE];
  gchar format[8];
  TribJsonWriter w;
  gfloat back, other;
  gdouble shorter;

  trib_json_writer_init (&w, json);
  trib_json_writer_float (&w, value);
  back = (gfloat) g_ascii_strtod (json->str, NULL);
  g_assert_cmpint (memcmp (&back, &value, sizeof back), ==, 0);
  g_assert_nonnull (strpbrk (json->str, ".e"));
  if (count_digits (json->str) <= 1)
    return;
  g_snprintf (format, sizeof format, "%%.%ug", count_digits (json->str) - 1);
  g_ascii_formatd (fewer, sizeof fewer, format, (gdouble) value);
  /* but for a decimal exactly between two floats: which of them that is read as is left to
   * readers */
  shorter = g_ascii_strtod (fewer, NULL);
  other = nextafterf (value, shorter > (gdouble) value ? INFINITY : -INFINITY);
  g_assert_true (shorter != (gdouble) value);
  g_assert_true ((gfloat) shorter != value || shorter == ((gdouble) value + (gdouble) other) / 2);
}

static void
test_float32 (void)
{
  static const struct {
    gfloat value;
    const gchar *json;
  } floats[] = {
    { 0.0f, "0.0" },
    { -0.0f, "-0.0" },
    { 1.0f, "1.0" },
    { 0.1f, "0.1" },
    { -0.3f, "-0.3" },
    { 1.0f / 3, "0.33333334" },
    { 3.1415927f, "3.1415927" },
    { 16777216.0f, "16777216.0" },
    { 33554432.0f, "33554432.0" },
    { 1e10f, "10000000000.0" },
    { 123456792.0f, "123456790.0" },
    { 1e-5f, "1e-05" },
    { FLT_MAX, "3.4028235e+38" },
    { FLT_MIN, "1.1754944e-38" },
    { 1.4e-45f, "1e-45" },
  };
  g_autoptr (GString) json = g_string_new (NULL);
  TribJsonWriter w;

  for (gsize i = 0; i < G_N_ELEMENTS (floats); i++) {
    g_string_truncate (json, 0);
    trib_json_writer_init (&w, json);
    trib_json_writer_float (&w, floats[i].value);
    g_assert_cmpstr (json->str, ==, floats[i].json);
  }
  for (guint i = 0; i < N_RANDOM; i++)
    check_float (random_float ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transcode/from-json", test_from_json);
  g_test_add_func ("/transcode/from-msgpack", test_from_msgpack);
  g_test_add_func ("/transcode/timestamps", test_timestamps);
  g_test_add_func ("/transcode/not-finite", test_not_finite);
  g_test_add_func ("/transcode/refused", test_refused);
  g_test_add_func ("/transcode/copy-members", test_copy_members);
  g_test_add_func ("/transcode/random", test_random);
  g_test_add_func ("/transcode/random-msgpack", test_random_msgpack);
  g_test_add_func ("/transcode/float32", test_float32);
  return g_test_run ();
}
