/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <locale.h>
#include <string.h>

#include "json-tokens.h"

typedef struct {
  const gchar *text;
  const gchar *tokens;
} Case;

static void
check_cases (const Case *cases, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    g_autofree gchar *tokens = json_tokens (cases[i].text, strlen (cases[i].text), NULL);
    if (g_strcmp0 (tokens, cases[i].tokens) != 0)
      g_test_message ("case %" G_GSIZE_FORMAT ": %s", i, cases[i].text);
    g_assert_cmpstr (tokens, ==, cases[i].tokens);
  }
}

static void
test_tokens (void)
{
  static const Case cases[] = {
    { "null", "null ." },
    { " \t\r\n true \t\r\n ", "true ." },
    { "false", "false ." },
    { "[]", "[ ] ." },
    { "{}", "{ } ." },
    { "[ ]", "[ ] ." },
    { "{ \n }", "{ } ." },
    { "[[],{},[{}]]", "[ [ ] { } [ { } ] ] ." },
    { "{\"a\":1,\"b\":[true,null],\"c\":{\"d\":\"e\"}}",
        "{ k\"a\" i1 k\"b\" [ true null ] k\"c\" { k\"d\" s\"e\" } } ." },
    { " { \"a\" : 1 , \"b\" : [ 2 , 3 ] } ", "{ k\"a\" i1 k\"b\" [ i2 i3 ] } ." },
    /* which of two members of one name counts is for the caller to decide */
    { "{\"a\":1,\"a\":2}", "{ k\"a\" i1 k\"a\" i2 } ." },
    { "{\"\":\"\"}", "{ k\"\" s\"\" } ." },
  };
  check_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_numbers (void)
{
  static const Case cases[] = {
    { "0", "i0 ." },
    { "-0", "d-0x0p+0 ." },
    { "-0.0", "d-0x0p+0 ." },
    { "0.0", "d0x0p+0 ." },
    { "-1", "i-1 ." },
    { "9223372036854775807", "i9223372036854775807 ." },
    { "9223372036854775808", "u9223372036854775808 ." },
    { "18446744073709551615", "u18446744073709551615 ." },
    { "18446744073709551616", "d0x1p+64 ." },
    { "-9223372036854775807", "i-9223372036854775807 ." },
    { "-9223372036854775808", "i-9223372036854775808 ." },
    { "-9223372036854775809", "d-0x1p+63 ." },
    { "-18446744073709551616", "d-0x1p+64 ." },
    { "9007199254740993", "i9007199254740993 ." },
    /* half way between two doubles: to even, and just above: up */
    { "9007199254740993.0", "d0x1p+53 ." },
    { "9007199254740993.00000000000000000000000000000000000000000000000000000000000000000000001",
        "d0x1.0000000000001p+53 ." },
    { "1.0", "d0x1p+0 ." },
    { "1e0", "d0x1p+0 ." },
    { "1E+2", "d0x1.9p+6 ." },
    { "1e-1", "d0x1.999999999999ap-4 ." },
    { "0.1", "d0x1.999999999999ap-4 ." },
    { "0e999999999999999999999", "d0x0p+0 ." },
    { "-0e-5", "d-0x0p+0 ." },
    { "1e22", "d0x1.0f0cf064dd592p+73 ." },
    { "1e23", "d0x1.52d02c7e14af6p+76 ." },
    { "1.7976931348623157e308", "d0x1.fffffffffffffp+1023 ." },
    { "1.7976931348623158e308", "d0x1.fffffffffffffp+1023 ." },
    { "1.7976931348623159e308", "!range@0" },
    { "2.2250738585072014e-308", "d0x1p-1022 ." },
    { "2.2250738585072011e-308", "d0x0.fffffffffffffp-1022 ." },
    { "4.9406564584124654e-324", "d0x0.0000000000001p-1022 ." },
    { "1e-400", "d0x0p+0 ." },
    { "-1e-99999999999999999999", "d-0x0p+0 ." },
    { "[1,1e400]", "[ i1 !range@3" },
    { "-1e400", "!range@0" },
    { "1e99999999999999999999", "!range@0" },
    { "[-]", "[ !syntax@2" },
    { "-", "!truncated@1" },
    { "1.", "!truncated@2" },
    { "1.e1", "!syntax@2" },
    { "1e", "!truncated@2" },
    { "1e+", "!truncated@3" },
    { "1e+x", "!syntax@3" },
    { "01", "!syntax@1" },
    { "-012", "!syntax@2" },
    { "00", "!syntax@1" },
    { "+1", "!syntax@0" },
    { ".5", "!syntax@0" },
    { "0x10", "i0 !syntax@1" },
    { "1 2", "i1 !syntax@2" },
    { "NaN", "!syntax@0" },
    { "-Infinity", "!syntax@1" },
  };
  check_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_strings (void)
{
  static const Case cases[] = {
    { "\"\"", "s\"\" ." },
    { "\"abc\"", "s\"abc\" ." },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "s\"\\x22\\x5c/\\x08\\x0c\\x0a\\x0d\\x09\" ." },
    { "\"a\\u0000b\"", "s\"a\\x00b\" ." },
    { "\"\\u00e9\\u20AC\\ud83D\\uDe00\"", "s\"\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80\" ." },
    { "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "s\"\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80\" ." },
    { "\"\x7f\"", "s\"\\x7f\" ." },
    { "{\"\\u0061\\n\":\"x\"}", "{ k\"a\\x0a\" s\"x\" } ." },
    { "\"\\ud800\"", "!utf8@1" },
    { "\"ab\\udc00\"", "!utf8@3" },
    { "\"\\ud800\\n\"", "!utf8@1" },
    { "\"\\ud800\\ud800\"", "!utf8@1" },
    { "\"\\ud800x\"", "!utf8@1" },
    { "\"\\ud83d\\u0041\"", "!utf8@1" },
    { "\"\\ud83d\\ue000\"", "!utf8@1" },
    { "\"\\udbff\\udfff\"", "s\"\\xf4\\x8f\\xbf\\xbf\" ." },
    { "\"\\ud800", "!truncated@7" },
    { "\"\\ud800\\", "!truncated@8" },
    { "\"\\ud800\\u", "!truncated@9" },
    { "\"\\u12g4\"", "!syntax@5" },
    { "\"\\x41\"", "!syntax@2" },
    { "\"\\'\"", "!syntax@2" },
    { "\"\\U0041\"", "!syntax@2" },
    { "\"a\tb\"", "!syntax@2" },
    { "\"12345678\x1f\"", "!syntax@9" },
    { "\"\x80\"", "!utf8@1" },
    { "\"\xc0\x80\"", "!utf8@1" },
    { "\"\xc1\xbf\"", "!utf8@1" },
    { "\"\xc3\x41\"", "!utf8@1" },
    { "\"\xe0\x9f\xbf\"", "!utf8@1" },
    { "\"\xe0\xa0\x80\"", "s\"\\xe0\\xa0\\x80\" ." },
    { "\"\xed\x9f\xbf\"", "s\"\\xed\\x9f\\xbf\" ." },
    { "\"\xed\xa0\x80\"", "!utf8@1" },
    { "\"\xf0\x8f\xbf\xbf\"", "!utf8@1" },
    { "\"\xf4\x8f\xbf\xbf\"", "s\"\\xf4\\x8f\\xbf\\xbf\" ." },
    { "\"\xf4\x90\x80\x80\"", "!utf8@1" },
    { "\"\xf5\x80\x80\x80\"", "!utf8@1" },
    { "\"\xff\"", "!utf8@1" },
    { "\"abc\xe2\x82", "!truncated@6" },
    { "\"abc\xed\xa0", "!utf8@4" },
    { "'a'", "!syntax@0" },
  };
  check_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_structure_errors (void)
{
  static const Case cases[] = {
    { "", "!truncated@0" },
    { " \n", "!truncated@2" },
    { "\xef\xbb\xbf{}", "!syntax@0" },
    { "[1,]", "[ i1 !syntax@3" },
    { "[,1]", "[ !syntax@1" },
    { "[1 2]", "[ i1 !syntax@3" },
    { "[1}", "[ i1 !syntax@2" },
    { "{]", "{ !syntax@1" },
    { "{\"a\":1]", "{ k\"a\" i1 !syntax@6" },
    { "{\"a\":1,}", "{ k\"a\" i1 !syntax@7" },
    { "{,}", "{ !syntax@1" },
    { "{1:2}", "{ !syntax@1" },
    { "{a:1}", "{ !syntax@1" },
    { "{\"a\" 1}", "{ k\"a\" !syntax@5" },
    { "{\"a\":}", "{ k\"a\" !syntax@5" },
    { "{\"a\"}", "{ k\"a\" !syntax@4" },
    { "{\"a\"::1}", "{ k\"a\" !syntax@5" },
    { "]", "!syntax@0" },
    { "}", "!syntax@0" },
    { "[]]", "[ ] !syntax@2" },
    { "{} x", "{ } !syntax@3" },
    { "nul", "!truncated@3" },
    { "nulL", "!syntax@3" },
    { "nullx", "null !syntax@4" },
    { "True", "!syntax@0" },
    { "[1]\x0b", "[ i1 ] !syntax@3" },
    { "\xc2\xa0[1]", "!syntax@0" },
    { "/* */ 1", "!syntax@0" },
    { "[1] // x", "[ i1 ] !syntax@4" },
    { "[", "[ !truncated@1" },
    { "{", "{ !truncated@1" },
    { "{\"a\"", "{ k\"a\" !truncated@4" },
    { "{\"a\":", "{ k\"a\" !truncated@5" },
    { "{\"a\":1", "{ k\"a\" i1 !truncated@6" },
    { "{\"a\":1,", "{ k\"a\" i1 !truncated@7" },
  };
  check_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_messages (void)
{
  static const Case cases[] = {
    { "{\"a\":\"b\" , \"c\":1 x", "expected ',' or '}' after a member, found 'x' at byte 17" },
    { "[1\x01", "expected ',' or ']' after an element, found byte 0x01 at byte 2" },
    { "[", "expected a value or ']', the text ends at byte 1" },
    { "\"\x80\"", "byte 0x80 begins no valid UTF-8 character at byte 1" },
    { "tru3", "expected \"true\", found '3' at byte 3" },
    { "", "expected a value, the text ends at byte 0" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (trib_json_validate (cases[i].text, strlen (cases[i].text), NULL, &error));
    g_assert_cmpstr (error->message, ==, cases[i].tokens);
    g_assert_false (trib_json_validate (cases[i].text, strlen (cases[i].text), NULL, NULL));
  }
}

/* Cut at every byte: a value cut inside is truncated at the cut, and never anything else. */
static void
test_truncation (void)
{
  static const gchar *const documents[] = {
    "{\"frame_id\":\"ses_214-1_7_-5\",\"n\":[0,-1,2.5e-3,true,false,null],\"o\":{\"k\":{}}}",
    " [ \"\\u00e9\\ud83d\\ude00\\n\" , \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" , [ ] ] ",
    "\"a string alone, longer than eight bytes \\\\ \\\" \\u0000\"",
    "[[[[{\"a\":[18446744073709551615,-9223372036854775808,1E+300]}]]]]",
    "[123456789012345678901234567890.5e-10,\"\xf4\x8f\xbf\xbf\"]",
    "false",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (documents); i++) {
    g_autofree gchar *chomped = g_strchomp (g_strdup (documents[i]));
    gsize whole = strlen (chomped);
    for (gsize len = 0; len <= strlen (documents[i]); len++) {
      g_autofree gchar *tokens = json_tokens (documents[i], len, NULL);
      g_autofree gchar *wanted = g_strdup_printf ("!truncated@%" G_GSIZE_FORMAT, len);
      if (len >= whole)
        g_assert_true (g_str_has_suffix (tokens, " ."));
      else
        g_assert_true (g_str_has_suffix (tokens, wanted));
    }
  }
}

static void
test_limit_of_depth (void)
{
  const TribJsonLimits three = { .max_depth = 3 };
  const TribJsonLimits beyond = { .max_depth = G_MAXUINT };
  g_autofree gchar *open = g_strnfill (1000000, '[');
  g_autofree gchar *close = g_strnfill (TRIB_JSON_MAX_DEPTH, ']');
  g_autofree gchar *exact = NULL;
  struct {
    const gchar *text;
    const TribJsonLimits *limits;
    const gchar *end;
  } cases[] = {
    { "[[[1]]]", &three, "." },
    { "[[[[1]]]]", &three, "!limit@3" },
    { "{\"a\":{\"b\":[[]]}}", &three, "!limit@11" },
    { "[[],[],[[]],{\"a\":[]}]", &three, "." },
    { open, NULL, "!limit@64" },
    { open, &beyond, "!limit@1024" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *tokens = json_tokens (cases[i].text, strlen (cases[i].text), cases[i].limits);
    g_assert_true (g_str_has_suffix (tokens, cases[i].end));
  }

  open[TRIB_JSON_MAX_DEPTH] = '\0';
  exact = g_strconcat (open, close, NULL);
  g_assert_true (trib_json_validate (exact, strlen (exact), &beyond, NULL));
  open[64] = close[64] = '\0';
  g_free (exact);
  exact = g_strconcat (open, close, NULL);
  g_assert_true (trib_json_validate (exact, strlen (exact), NULL, NULL));
}

static void
test_limit_of_bytes (void)
{
  const TribJsonLimits four = { .max_bytes = 4 };
  g_autofree gchar *large = g_strnfill (TRIB_JSON_DEFAULT_MAX_BYTES + 1, ' ');
  g_autofree gchar *tokens = json_tokens ("null", 4, &four);
  g_autofree gchar *refused = json_tokens ("null ", 5, &four);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (tokens, ==, "null .");
  g_assert_cmpstr (refused, ==, "!limit@4");
  large[0] = '1';
  g_assert_true (trib_json_validate (large, TRIB_JSON_DEFAULT_MAX_BYTES, NULL, NULL));
  g_assert_false (trib_json_validate (large, TRIB_JSON_DEFAULT_MAX_BYTES + 1, NULL, &error));
  g_assert_error (error, TRIB_JSON_ERROR, TRIB_JSON_ERROR_LIMIT);
}

/* a number as long as the text may be: read, without a stack to match, and exactly rounded */
static void
test_long_numbers (void)
{
  gsize len = 1000000;
  g_autofree gchar *digits = g_strnfill (len, '9');
  g_autofree gchar *zeros = g_strnfill (len, '0');
  g_autofree gchar *small = NULL;
  g_autofree gchar *tokens = json_tokens (digits, len, NULL);

  g_assert_cmpstr (tokens, ==, "!range@0");
  zeros[1] = '.';
  zeros[len - 1] = '1';
  g_free (tokens);
  tokens = json_tokens (zeros, len, NULL);
  g_assert_cmpstr (tokens, ==, "d0x0p+0 .");
  /* the exponent takes back what the zeros did: 10^-999998 * 10^1000001 */
  small = g_strconcat (zeros, "e1000001", NULL);
  g_free (tokens);
  tokens = json_tokens (small, strlen (small), NULL);
  g_assert_cmpstr (tokens, ==, "d0x1.f4p+9 .");
}

/* compared as numbers: printf would follow the locale */
static void
test_locale (void)
{
  static const gchar *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8" };
  static const gchar text[] = "[0.5,1.25e100,0.30000000000000004]";
  static const gdouble values[] = { 0.5, 1.25e100, 0.30000000000000004 };
  g_autofree gchar *old = g_strdup (setlocale (LC_NUMERIC, NULL));
  g_autoptr (TribJsonReader) r = trib_json_reader_new (text, strlen (text), NULL);
  gboolean found = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (locales) && !found; i++)
    found = setlocale (LC_NUMERIC, locales[i]) != NULL;
  if (!found) {
    g_test_skip ("no locale with a decimal comma is installed");
    return;
  }
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_ARRAY_BEGIN);
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
    g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_DOUBLE);
    g_assert_true (trib_json_reader_double (r) == values[i]);
  }
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_ARRAY_END);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_END);
  setlocale (LC_NUMERIC, old);
}

static void
test_skip (void)
{
  static const gchar text[] = "{\"a\":{\"x\":[1,{\"y\":\"\\n\"}]},\"b\":2,\"c\":[3,[4],5],\"d\":6}";
  g_autoptr (TribJsonReader) r = trib_json_reader_new (text, strlen (text), NULL);

  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_OBJECT_BEGIN);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_KEY);
  g_assert_true (trib_json_reader_skip (r)); /* the value of "a" */
  g_assert_cmpuint (trib_json_reader_depth (r), ==, 1);
  g_assert_true (trib_json_reader_skip (r)); /* the member "b" */
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_KEY);
  g_assert_cmpstr (trib_json_reader_string (r, NULL), ==, "c");
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_ARRAY_BEGIN);
  g_assert_true (trib_json_reader_skip (r)); /* the rest of the array */
  g_assert_cmpuint (trib_json_reader_depth (r), ==, 1);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_KEY);
  g_assert_cmpstr (trib_json_reader_string (r, NULL), ==, "d");
  g_assert_true (trib_json_reader_skip (r));
  g_assert_false (trib_json_reader_skip (r)); /* only the end of the object is left */
  g_assert_error (trib_json_reader_error (r), TRIB_JSON_ERROR, TRIB_JSON_ERROR_TYPE);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_ERROR_TOKEN);

  trib_json_reader_reset (r, text, strlen (text));
  g_assert_true (trib_json_reader_skip (r)); /* everything */
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_END);
  g_assert_false (trib_json_reader_skip (r));

  trib_json_reader_reset (r, "[]", 2);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_ARRAY_BEGIN);
  g_assert_true (trib_json_reader_skip (r)); /* a rest of nothing but the end */
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_END);

  trib_json_reader_reset (r, "[1,[2,}]", 8);
  g_assert_false (trib_json_reader_skip (r));
  g_assert_error (trib_json_reader_error (r), TRIB_JSON_ERROR, TRIB_JSON_ERROR_SYNTAX);
  g_assert_cmpuint (trib_json_reader_offset (r), ==, 6);
}

static void
test_reset_and_values (void)
{
  g_autoptr (TribJsonReader) r = trib_json_reader_new ("[", 1, NULL);
  gsize len;

  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_ARRAY_BEGIN);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_ERROR_TOKEN);
  trib_json_reader_reset (r, "  \"x\\u0000y\"", 12);
  g_assert_null (trib_json_reader_error (r));
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_STRING);
  g_assert_cmpuint (trib_json_reader_offset (r), ==, 2);
  g_assert_cmpmem (trib_json_reader_string (r, &len), 4, "x\0y", 4);
  g_assert_cmpuint (len, ==, 3);
  /* asked again, the same */
  g_assert_cmpmem (trib_json_reader_string (r, NULL), 4, "x\0y", 4);

  trib_json_reader_reset (r, "7", 1);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_INT);
  g_assert_cmpuint (trib_json_reader_uint (r), ==, 7);
  g_assert_cmpfloat (trib_json_reader_double (r), ==, 7.0);
  trib_json_reader_reset (r, "18446744073709551615", 20);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_UINT);
  g_assert_cmpfloat (trib_json_reader_double (r), ==, 0x1p64);
  trib_json_reader_reset (r, NULL, 0);
  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_ERROR_TOKEN);
}

/* every position of a byte that needs care, in runs of every length around the eight of one step */
static void
test_runs (void)
{
  for (guint len = 1; len < 40; len++) {
    for (guint at = 0; at < len; at++) {
      for (guint c = 0; c < 256; c++) {
        gchar text[64];
        gboolean good = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';

        memset (text, 'a', sizeof text);
        text[0] = text[len + 1] = '"';
        text[at + 1] = (gchar) c;
        g_assert_cmpint (trib_json_validate (text, len + 2, NULL, NULL), ==, good);
      }
    }
  }
}

/* No byte soup, and no damaged document, brings the reader out of its bounds. */
static void
test_random_damage (void)
{
  static const gchar seed[]
      = "{\"a\":[1,-2.5e3,\"\\u00e9\xc3\xa9\\ud83d\\ude00\",true,null],\"b\":{\"c\":[[],{}]}}";
  gchar text[sizeof seed];

  for (guint i = 0; i < 20000; i++) {
    gsize len = strlen (seed);
    g_autofree gchar *tokens = NULL;

    memcpy (text, seed, sizeof seed);
    for (gint n = g_test_rand_int_range (1, 5); n > 0; n--)
      text[g_test_rand_int_range (0, (gint) len)]
          = g_test_rand_bit () ? (gchar) g_test_rand_int_range (0, 256)
                               : seed[g_test_rand_int_range (0, (gint) len)];
    tokens = json_tokens (text, len, NULL);
    g_assert_nonnull (tokens);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/json-reader/tokens", test_tokens);
  g_test_add_func ("/record/json-reader/numbers", test_numbers);
  g_test_add_func ("/record/json-reader/strings", test_strings);
  g_test_add_func ("/record/json-reader/structure-errors", test_structure_errors);
  g_test_add_func ("/record/json-reader/messages", test_messages);
  g_test_add_func ("/record/json-reader/truncation", test_truncation);
  g_test_add_func ("/record/json-reader/limit-of-depth", test_limit_of_depth);
  g_test_add_func ("/record/json-reader/limit-of-bytes", test_limit_of_bytes);
  g_test_add_func ("/record/json-reader/long-numbers", test_long_numbers);
  g_test_add_func ("/record/json-reader/locale", test_locale);
  g_test_add_func ("/record/json-reader/skip", test_skip);
  g_test_add_func ("/record/json-reader/reset-and-values", test_reset_and_values);
  g_test_add_func ("/record/json-reader/runs", test_runs);
  g_test_add_func ("/record/json-reader/random-damage", test_random_damage);
  return g_test_run ();
}
