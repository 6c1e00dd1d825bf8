/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include <record/trib-json-writer.h>

#include "json-tokens.h"

typedef struct {
  GString *out;
  TribJsonWriter w;
} Fixture;

static void
fixture_init (Fixture *f)
{
  f->out = g_string_new (NULL);
  trib_json_writer_init (&f->w, f->out);
}

/* what was written, which must be a whole valid value; makes ready for the next */
static const gchar *
written (Fixture *f)
{
  static gchar text[256];

  g_assert_true (trib_json_writer_is_complete (&f->w));
  g_assert_true (trib_json_validate (f->out->str, f->out->len, NULL, NULL));
  g_assert_cmpuint (f->out->len, <, sizeof text);
  memcpy (text, f->out->str, f->out->len + 1);
  g_string_truncate (f->out, 0);
  trib_json_writer_init (&f->w, f->out);
  return text;
}

static void
test_structure (void)
{
  Fixture f;

  fixture_init (&f);
  g_assert_false (trib_json_writer_is_complete (&f.w));
  trib_json_writer_begin_object (&f.w);
  trib_json_writer_key (&f.w, "a");
  trib_json_writer_int (&f.w, 1);
  trib_json_writer_key (&f.w, "b");
  trib_json_writer_begin_array (&f.w);
  g_assert_false (trib_json_writer_is_complete (&f.w));
  trib_json_writer_null (&f.w);
  trib_json_writer_boolean (&f.w, TRUE);
  trib_json_writer_boolean (&f.w, FALSE);
  trib_json_writer_begin_object (&f.w);
  trib_json_writer_end_object (&f.w);
  trib_json_writer_begin_array (&f.w);
  trib_json_writer_end_array (&f.w);
  trib_json_writer_end_array (&f.w);
  trib_json_writer_key_len (&f.w, "c\0d", 3);
  trib_json_writer_string (&f.w, "x");
  trib_json_writer_end_object (&f.w);
  g_assert_cmpstr (written (&f), ==, "{\"a\":1,\"b\":[null,true,false,{},[]],\"c\\u0000d\":\"x\"}");

  /* what stands before is left alone */
  g_string_append (f.out, "data: ");
  trib_json_writer_init (&f.w, f.out);
  trib_json_writer_string (&f.w, "x");
  g_assert_cmpstr (f.out->str, ==, "data: \"x\"");
  g_string_free (f.out, TRUE);
}

static void
test_integers (void)
{
  static const gint64 ints[] = { 0, 1, -1, 9, 10, -10, 99, 100, G_MAXINT64, G_MININT64 };
  static const guint64 uints[] = { 0, 7, 1000, G_MAXINT64, (guint64) G_MAXINT64 + 1, G_MAXUINT64 };
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (ints); i++) {
    g_autofree gchar *text = g_strdup_printf ("%" G_GINT64_FORMAT, ints[i]);
    trib_json_writer_int (&f.w, ints[i]);
    g_assert_cmpstr (written (&f), ==, text);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (uints); i++) {
    g_autofree gchar *text = g_strdup_printf ("%" G_GUINT64_FORMAT, uints[i]);
    trib_json_writer_uint (&f.w, uints[i]);
    g_assert_cmpstr (written (&f), ==, text);
  }
  g_string_free (f.out, TRUE);
}

static const struct {
  gdouble value;
  const gchar *text;
} doubles[] = {
  { 0.0, "0.0" },
  { -0.0, "-0.0" },
  { 1.0, "1.0" },
  { -1.0, "-1.0" },
  { 0.1, "0.1" },
  { 0.30000000000000004, "0.30000000000000004" },
  { 1.5, "1.5" },
  { -123.456, "-123.456" },
  { 0.0001, "0.0001" },
  { 0.00001, "1e-05" },
  { 1.0 / 3.0, "0.3333333333333333" },
  { 2.0 / 3.0, "0.6666666666666666" },
  { 100000.0, "100000.0" },
  { 999999999999999.0, "999999999999999.0" },
  { 123456789.123456, "123456789.123456" },
  { 1e15, "1e+15" },
  { 1e22, "1e+22" },
  { 1e300, "1e+300" },
  { 9007199254740992.0, "9007199254740992.0" },
  { G_PI, "3.141592653589793" },
  { DBL_MAX, "1.7976931348623157e+308" },
  { DBL_MIN, "2.2250738585072014e-308" },
  { 4.9406564584124654e-324, "5e-324" },
  { NAN, "null" },
  { INFINITY, "null" },
  { -INFINITY, "null" },
};

static void
test_doubles (void)
{
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (doubles); i++) {
    trib_json_writer_double (&f.w, doubles[i].value);
    g_assert_cmpstr (written (&f), ==, doubles[i].text);
  }
  g_string_free (f.out, TRUE);
}

static void
test_locale (void)
{
  static const gchar *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8" };
  g_autofree gchar *old = g_strdup (setlocale (LC_NUMERIC, NULL));
  gboolean found = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (locales) && !found; i++)
    found = setlocale (LC_NUMERIC, locales[i]) != NULL;
  if (!found) {
    g_test_skip ("no locale with a decimal comma is installed");
    return;
  }
  test_doubles ();
  setlocale (LC_NUMERIC, old);
}

/* every kind of double reads back as it was, bit for bit, and as a double */
static void
test_random_doubles (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (TribJsonReader) r = trib_json_reader_new (NULL, 0, NULL);

  for (guint i = 0; i < 100000; i++) {
    TribJsonWriter w;
    gdouble value, back;
    guint64 bits;

    switch (i % 4) {
      case 0: /* any bits */
        bits = (guint64) (guint32) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
        memcpy (&value, &bits, sizeof value);
        break;
      case 1: /* decimals of few digits */
        value = g_test_rand_int () / pow (10, g_test_rand_int_range (0, 12));
        break;
      case 2: /* subnormal */
        bits = (guint64) (guint32) g_test_rand_int () << g_test_rand_int_range (0, 20);
        memcpy (&value, &bits, sizeof value);
        break;
      default: /* the neighbours of powers of two */
        value = nextafter (ldexp (1, g_test_rand_int_range (-1020, 1020)), i & 4 ? 0 : INFINITY);
    }
    if (!isfinite (value))
      continue;
    g_string_truncate (out, 0);
    trib_json_writer_init (&w, out);
    trib_json_writer_double (&w, value);
    trib_json_reader_reset (r, out->str, out->len);
    g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_DOUBLE);
    back = trib_json_reader_double (r);
    g_assert_cmpmem (&value, sizeof value, &back, sizeof back);
    g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_END);
  }
}

static void
test_strings (void)
{
  static const struct {
    const gchar *value;
    gsize len;
    const gchar *text;
  } cases[] = {
    { "", 0, "\"\"" },
    { NULL, 0, "null" },
    { "plain text of more than eight bytes", 35, "\"plain text of more than eight bytes\"" },
    { "\"\\/\b\f\n\r\t", 8, "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
    { "\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"" },
    { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
    { "a\x80"
      "b",
        3,
        "\"a\xef\xbf\xbd"
        "b\"" },
    { "\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "\xe2\x82", 2, "\"\xef\xbf\xbd\"" },
    { "\xe2\x82x", 3, "\"\xef\xbf\xbdx\"" },
    { "\xe2\x28\xa1", 3, "\"\xef\xbf\xbd(\xef\xbf\xbd\"" },
    { "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "\xf0\x9f\x98", 3, "\"\xef\xbf\xbd\"" },
    { "\xff\"", 2, "\"\xef\xbf\xbd\\\"\"" },
  };
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    trib_json_writer_string_len (&f.w, cases[i].value, cases[i].len);
    g_assert_cmpstr (written (&f), ==, cases[i].text);
  }
  g_string_free (f.out, TRUE);
}

static void
test_base64 (void)
{
  /* RFC 4648, section 10 */
  static const gchar *const vectors[][2] = {
    { "", "\"\"" },
    { "f", "\"Zg==\"" },
    { "fo", "\"Zm8=\"" },
    { "foo", "\"Zm9v\"" },
    { "foob", "\"Zm9vYg==\"" },
    { "fooba", "\"Zm9vYmE=\"" },
    { "foobar", "\"Zm9vYmFy\"" },
  };
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++) {
    trib_json_writer_base64 (&f.w, (const guint8 *) vectors[i][0], strlen (vectors[i][0]));
    g_assert_cmpstr (written (&f), ==, vectors[i][1]);
  }
  trib_json_writer_base64 (&f.w, NULL, 0);
  g_assert_cmpstr (written (&f), ==, "\"\"");

  for (gsize len = 1; len < 3000; len += 7) {
    g_autofree guint8 *data = g_malloc (len);
    g_autofree gchar *wanted = NULL;

    for (gsize i = 0; i < len; i++)
      data[i] = (guint8) g_test_rand_int ();
    wanted = g_base64_encode (data, len);
    trib_json_writer_base64 (&f.w, data, len);
    g_assert_cmpuint (f.out->len, ==, strlen (wanted) + 2);
    g_assert_cmpmem (f.out->str + 1, f.out->len - 2, wanted, strlen (wanted));
    g_assert_cmpint (f.out->str[f.out->len], ==, '\0');
    g_string_truncate (f.out, 0);
    trib_json_writer_init (&f.w, f.out);
  }
  g_string_free (f.out, TRUE);
}

static gchar *
random_text (gsize *ret_len)
{
  GString *text = g_string_new (NULL);

  for (gint n = g_test_rand_int_range (0, 40); n > 0; n--) {
    gunichar c = (gunichar) g_test_rand_int_range (0, g_test_rand_bit () ? 0x80 : 0x110000);
    g_string_append_unichar (text, c >= 0xd800 && c <= 0xdfff ? '\\' : c);
  }
  *ret_len = text->len;
  return g_string_free (text, FALSE);
}

/* a value of any kind, and the tokens that it must be read back as */
static void
write_random (TribJsonWriter *w, GString *tokens, guint depth)
{
  g_autoptr (TribJsonReader) text = NULL;
  gint kind = g_test_rand_int_range (0, depth < TRIB_JSON_WRITER_MAX_DEPTH ? 10 : 7);
  gsize start = w->out->len, len;
  g_autofree gchar *string = random_text (&len);

  switch (kind) {
    case 0:
      trib_json_writer_null (w);
      break;
    case 1:
      trib_json_writer_boolean (w, g_test_rand_bit ());
      break;
    case 2:
    case 3:
      trib_json_writer_int (w, (gint64) g_test_rand_int () * g_test_rand_int ());
      break;
    case 4:
      trib_json_writer_uint (w, G_MAXUINT64 - (guint32) g_test_rand_int ());
      break;
    case 5:
      trib_json_writer_double (w, g_test_rand_double_range (-1e6, 1e6));
      break;
    case 6:
      trib_json_writer_string_len (w, string, len);
      break;
    default:
      g_string_append (tokens, kind == 7 ? " [" : " {");
      kind == 7 ? trib_json_writer_begin_array (w) : trib_json_writer_begin_object (w);
      for (gint n = g_test_rand_int_range (0, 4); n > 0; n--) {
        if (kind != 7) {
          g_autofree gchar *key = random_text (&len);
          gsize from = w->out->len;

          trib_json_writer_key_len (w, key, len);
          from += w->out->str[from] == ',';
          text = trib_json_reader_new (w->out->str + from, w->out->len - from - 1, NULL);
          g_assert_cmpint (trib_json_reader_next (text), ==, TRIB_JSON_STRING);
          g_assert_cmpmem (trib_json_reader_string (text, &from), from, key, len);
          g_string_append (tokens, " ");
          json_tokens_append_string (tokens, 'k', text);
          g_clear_pointer (&text, trib_json_reader_free);
        }
        write_random (w, tokens, depth + 1);
      }
      kind == 7 ? trib_json_writer_end_array (w) : trib_json_writer_end_object (w);
      g_string_append (tokens, kind == 7 ? " ]" : " }");
      return;
  }
  start += w->out->str[start] == ',';
  text = trib_json_reader_new (w->out->str + start, w->out->len - start, NULL);
  json_tokens_append (tokens, trib_json_reader_next (text), text);
}

/* whatever is written is read back: what was meant, in that order */
static void
test_random_round_trips (void)
{
  for (guint i = 0; i < 2000; i++) {
    g_autoptr (GString) out = g_string_new (NULL);
    g_autoptr (GString) tokens = g_string_new (NULL);
    g_autofree gchar *read = NULL;
    TribJsonWriter w;

    trib_json_writer_init (&w, out);
    write_random (&w, tokens, 0);
    g_assert_true (trib_json_writer_is_complete (&w));
    g_string_append (tokens, " .");
    read = json_tokens (out->str, out->len, NULL);
    g_assert_cmpstr (read, ==, g_strchug (tokens->str));
  }
}

static void
misuse (guint which)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TribJsonWriter w;

  trib_json_writer_init (&w, out);
  switch (which) {
    case 0: /* a value where a key is due */
      trib_json_writer_begin_object (&w);
      trib_json_writer_null (&w);
      break;
    case 1: /* a key where a value is due */
      trib_json_writer_begin_object (&w);
      trib_json_writer_key (&w, "a");
      trib_json_writer_key (&w, "b");
      break;
    case 2: /* a key in an array */
      trib_json_writer_begin_array (&w);
      trib_json_writer_key (&w, "a");
      break;
    case 3: /* closed as what it is not */
      trib_json_writer_begin_array (&w);
      trib_json_writer_end_object (&w);
      break;
    case 4: /* closed with a value due */
      trib_json_writer_begin_object (&w);
      trib_json_writer_key (&w, "a");
      trib_json_writer_end_object (&w);
      break;
    case 5: /* a second value */
      trib_json_writer_null (&w);
      trib_json_writer_null (&w);
      break;
    case 6: /* nothing to close */
      trib_json_writer_end_array (&w);
      break;
    case 7: /* a key at the top */
      trib_json_writer_key (&w, "a");
      break;
    default: /* too deep */
      for (guint i = 0; i <= TRIB_JSON_WRITER_MAX_DEPTH; i++)
        trib_json_writer_begin_array (&w);
  }
}

static void
test_misuse (void)
{
  if (g_test_subprocess ()) {
    misuse ((guint) g_ascii_strtoull (g_getenv ("TRIB_TEST_MISUSE"), NULL, 10));
    return;
  }
  for (guint i = 0; i < 9; i++) {
    g_autofree gchar *which = g_strdup_printf ("%u", i);

    g_setenv ("TRIB_TEST_MISUSE", which, TRUE);
    g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed ();
    g_test_trap_assert_stderr ("*assertion failed*");
  }
}

static void
test_full_depth (void)
{
  Fixture f;

  fixture_init (&f);
  for (guint i = 0; i < TRIB_JSON_WRITER_MAX_DEPTH; i++) {
    if (i % 2 == 0) {
      trib_json_writer_begin_object (&f.w);
      trib_json_writer_key (&f.w, "");
    } else {
      trib_json_writer_begin_array (&f.w);
    }
  }
  trib_json_writer_int (&f.w, 1);
  trib_json_writer_int (&f.w, 2);
  for (guint i = TRIB_JSON_WRITER_MAX_DEPTH; i > 0; i--)
    i % 2 == 1 ? trib_json_writer_end_object (&f.w) : trib_json_writer_end_array (&f.w);
  /* the reader's default depth takes what the writer's depth allows */
  g_assert_true (g_str_has_prefix (written (&f), "{\"\":[{\"\":[{"));
  g_string_free (f.out, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/json-writer/structure", test_structure);
  g_test_add_func ("/record/json-writer/integers", test_integers);
  g_test_add_func ("/record/json-writer/doubles", test_doubles);
  g_test_add_func ("/record/json-writer/locale", test_locale);
  g_test_add_func ("/record/json-writer/random-doubles", test_random_doubles);
  g_test_add_func ("/record/json-writer/strings", test_strings);
  g_test_add_func ("/record/json-writer/base64", test_base64);
  g_test_add_func ("/record/json-writer/random-round-trips", test_random_round_trips);
  g_test_add_func ("/record/json-writer/misuse", test_misuse);
  g_test_add_func ("/record/json-writer/full-depth", test_full_depth);
  return g_test_run ();
}
