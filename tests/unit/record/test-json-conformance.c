/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include "json-tokens.h"

/* What must be taken (y_), what must be refused (n_), and what RFC 8259 leaves open (i_) with what
 * this reader does: one subtest for each class, one line for each case. */

typedef struct {
  const gchar *name;
  const gchar *text;
  gsize len;
  const gchar *tokens; /* i_ only */
} Case;

/* a literal, so that the text may hold NUL */
#define T(text) text, sizeof (text) - 1

static const Case accepted[] = {
  { "y_array_empty", T ("[]") },
  { "y_array_of_empty", T ("[[]   ]") },
  { "y_array_blank_before", T (" [1]") },
  { "y_array_blank_after", T ("[1] ") },
  { "y_array_newlines", T ("[1\n,\r\n1\t]") },
  { "y_array_of_all_kinds", T ("[null, 1, \"1\", {}, [], true, false, 1.5]") },
  { "y_array_nulls", T ("[1,null,null,null,2]") },
  { "y_array_empty_string", T ("[\"\"]") },
  { "y_array_deep_and_wide", T ("[[[],[]],[[[]],[]],[[[[]]]]]") },
  { "y_number_zero", T ("[0]") },
  { "y_number_minus_zero", T ("[-0]") },
  { "y_number_minus_one", T ("[-1]") },
  { "y_number_zero_exponent", T ("[0e+1]") },
  { "y_number_zero_exponent_plain", T ("[0e1]") },
  { "y_number_blank_after", T ("[4 ]") },
  { "y_number_close_to_zero",
      T ("[-0.00000000000000000000000000000000000000000000000000000000001]") },
  { "y_number_int_exponent", T ("[20e1]") },
  { "y_number_capital_e", T ("[1E22]") },
  { "y_number_capital_e_minus", T ("[1E-2]") },
  { "y_number_capital_e_plus", T ("[1E+2]") },
  { "y_number_fraction_exponent", T ("[123.456e78]") },
  { "y_number_exponent_leading_zeros", T ("[1e0000000001]") },
  { "y_number_fraction_trailing_zeros", T ("[1.50000000000000000000000000000]") },
  { "y_number_top", T ("42") },
  { "y_number_top_negative", T ("-0.1") },
  { "y_object_empty", T ("{}") },
  { "y_object_one", T ("{\"a\":0}") },
  { "y_object_two", T ("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}") },
  { "y_object_same_name", T ("{\"a\":\"b\",\"a\":\"c\"}") },
  { "y_object_same_name_and_value", T ("{\"a\":\"b\",\"a\":\"b\"}") },
  { "y_object_empty_name", T ("{\"\":0}") },
  { "y_object_nul_in_name", T ("{\"foo\\u0000bar\": 42}") },
  { "y_object_newlines", T ("{\n\"a\": \"b\"\n}") },
  { "y_object_escaped_name", T ("{\"\\u0070\\u006F\":\"\"}") },
  { "y_object_nested", T ("{\"x\":[{\"id\": \"x\"}], \"y\":{\"z\":{}}}") },
  { "y_string_all_short_escapes", T ("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]") },
  { "y_string_hex_cases", T ("[\"\\u00aB\\uAbCd\"]") },
  { "y_string_pair", T ("[\"\\uD801\\udc37\"]") },
  { "y_string_two_pairs", T ("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]") },
  { "y_string_escaped_nul", T ("[\"\\u0000\"]") },
  { "y_string_escaped_control", T ("[\"\\u0012\\u001f\"]") },
  { "y_string_escaped_backslash_u", T ("[\"\\\\u0000\"]") },
  { "y_string_backslash_at_end", T ("[\"a\\\\\"]") },
  { "y_string_delete", T ("[\"a\x7f"
                          "a\"]") },
  { "y_string_comment_inside", T ("[\"a/*b*/c//d\"]") },
  { "y_string_noncharacters_escaped", T ("[\"\\uFFFF\\uFDD0\\uDBFF\\uDFFE\"]") },
  { "y_string_noncharacter_u+ffff", T ("[\"\xef\xbf\xbf\"]") },
  { "y_string_noncharacter_u+10ffff", T ("[\"\xf4\x8f\xbf\xbf\"]") },
  { "y_string_u+2028_u+2029", T ("[\"\xe2\x80\xa8\xe2\x80\xa9\"]") },
  { "y_string_two_bytes", T ("[\"\xc2\x80\xdf\xbf\"]") },
  { "y_string_three_bytes", T ("[\"\xe0\xa0\x80\xec\xbf\xbf\xee\x80\x80\"]") },
  { "y_string_four_bytes", T ("[\"\xf0\x90\x80\x80\xf3\xbf\xbf\xbf\"]") },
  { "y_string_byte_order_mark_inside", T ("[\"\xef\xbb\xbf\"]") },
  { "y_string_top", T ("\"asd\"") },
  { "y_string_top_empty", T ("\"\"") },
  { "y_literal_true", T ("true") },
  { "y_literal_false", T ("false") },
  { "y_literal_null", T ("null") },
  { "y_literal_newline_after", T ("null\n") },
};

static const Case refused[] = {
  { "n_empty", T ("") },
  { "n_blank", T (" ") },
  { "n_array_open", T ("[") },
  { "n_array_open_comma", T ("[1,") },
  { "n_array_no_comma", T ("[1 true]") },
  { "n_array_colon", T ("[\"\": 1]") },
  { "n_array_comma_after", T ("[1],") },
  { "n_array_comma_only", T ("[,]") },
  { "n_array_comma_first", T ("[,1]") },
  { "n_array_comma_last", T ("[1,]") },
  { "n_array_two_commas", T ("[1,,2]") },
  { "n_array_two_commas_last", T ("[\"x\",,]") },
  { "n_array_extra_close", T ("[1]]") },
  { "n_array_inner_no_comma", T ("[3[4]]") },
  { "n_array_closed_as_object", T ("[1}") },
  { "n_array_star", T ("[*]") },
  { "n_array_vertical_tab", T ("[\x0b"
                               "1]") },
  { "n_array_form_feed", T ("[\x0c]") },
  { "n_array_nul", T ("[\0]") },
  { "n_array_invalid_utf8", T ("[\xff]") },
  { "n_number_plus", T ("[+1]") },
  { "n_number_plus_plus", T ("[++1234]") },
  { "n_number_minus_only", T ("[-]") },
  { "n_number_minus_blank", T ("[- 1]") },
  { "n_number_minus_minus", T ("[--2.]") },
  { "n_number_minus_letter", T ("[-a]") },
  { "n_number_minus_zero_digits", T ("[-012]") },
  { "n_number_leading_zero", T ("[012]") },
  { "n_number_double_zero", T ("[00]") },
  { "n_number_dot_first", T ("[.123]") },
  { "n_number_minus_dot", T ("[-.5]") },
  { "n_number_dot_last", T ("[1.]") },
  { "n_number_dot_exponent", T ("[0.e1]") },
  { "n_number_two_dots", T ("[1.2.3]") },
  { "n_number_exponent_empty", T ("[1e]") },
  { "n_number_exponent_sign_only", T ("[1e-]") },
  { "n_number_exponent_two_signs", T ("[1e+-2]") },
  { "n_number_exponent_twice", T ("[1e2e3]") },
  { "n_number_exponent_fraction", T ("[1e1.5]") },
  { "n_number_hex", T ("[0x42]") },
  { "n_number_underscore", T ("[1_000]") },
  { "n_number_thousands", T ("[1 000.0]") },
  { "n_number_letter_after", T ("[1a]") },
  { "n_number_f_suffix", T ("[1.5f]") },
  { "n_number_nan", T ("[NaN]") },
  { "n_number_minus_nan", T ("[-NaN]") },
  { "n_number_inf", T ("[Inf]") },
  { "n_number_infinity", T ("[Infinity]") },
  { "n_number_minus_infinity", T ("[-Infinity]") },
  { "n_number_fullwidth_digit", T ("[\xef\xbc\x91]") },
  { "n_number_nul_inside", T ("[1\0"
                              "2]") },
  { "n_object_open", T ("{") },
  { "n_object_open_name", T ("{\"a\"") },
  { "n_object_open_colon", T ("{\"a\":") },
  { "n_object_open_comma", T ("{\"a\":1,") },
  { "n_object_name_only", T ("{\"a\"}") },
  { "n_object_no_value", T ("{\"a\":}") },
  { "n_object_no_colon", T ("{\"a\" b}") },
  { "n_object_two_colons", T ("{\"x\"::\"b\"}") },
  { "n_object_comma_for_colon", T ("{\"x\", null}") },
  { "n_object_equals", T ("{\"a\"=1}") },
  { "n_object_comma_only", T ("{,}") },
  { "n_object_comma_last", T ("{\"id\":0,}") },
  { "n_object_two_commas", T ("{\"a\":1,,\"b\":2}") },
  { "n_object_no_comma", T ("{\"a\":1 \"b\":2}") },
  { "n_object_name_unquoted", T ("{a: \"b\"}") },
  { "n_object_name_single_quotes", T ("{'a':0}") },
  { "n_object_name_number", T ("{1:1}") },
  { "n_object_name_null", T ("{null:null}") },
  { "n_object_name_array", T ("{[]:1}") },
  { "n_object_closed_as_array", T ("{\"a\":1]") },
  { "n_object_garbage_after", T ("{\"a\":\"b\"}#") },
  { "n_object_twice", T ("{}{}") },
  { "n_object_comment_after", T ("{\"a\":\"b\"}/**/") },
  { "n_object_comment_inside", T ("{\"a\":/*x*/1}") },
  { "n_object_lone_surrogate_name", T ("{\"\\ud800\":1}") },
  { "n_string_open", T ("\"abc") },
  { "n_string_single_quote", T ("['single']") },
  { "n_string_backslash_last", T ("[\"\\\"]") },
  { "n_string_unknown_escape", T ("[\"\\a\"]") },
  { "n_string_hex_escape", T ("[\"\\x00\"]") },
  { "n_string_octal_escape", T ("[\"\\012\"]") },
  { "n_string_capital_u", T ("[\"\\U00e9\"]") },
  { "n_string_braced_escape", T ("[\"\\u{1F600}\"]") },
  { "n_string_escape_too_short", T ("[\"\\u00A\"]") },
  { "n_string_escape_not_hex", T ("[\"\\u00G0\"]") },
  { "n_string_escape_sign", T ("[\"\\u+123\"]") },
  { "n_string_escape_blank", T ("[\"\\u 123\"]") },
  { "n_string_escaped_nul_byte", T ("[\"\\\0\"]") },
  { "n_string_escaped_tab_byte", T ("[\"\\\t\"]") },
  { "n_string_escaped_newline_byte", T ("[\"a\\\nb\"]") },
  { "n_string_escaped_utf8", T ("[\"\\\xc3\xa9\"]") },
  { "n_string_raw_newline", T ("[\"new\nline\"]") },
  { "n_string_raw_tab", T ("[\"\t\"]") },
  { "n_string_raw_nul", T ("[\"a\0b\"]") },
  { "n_string_raw_unit_separator", T ("[\"0123456789\x1f\"]") },
  { "n_string_pair_cut", T ("[\"\\uD834\\uDd\"]") },
  { "n_string_pair_second_missing_u", T ("[\"\\uD834\\\"]") },
  { "n_string_utf8_continuation_alone", T ("[\"\x81\"]") },
  { "n_string_utf8_lead_alone", T ("[\"\xe9\"]") },
  { "n_string_utf8_cut", T ("[\"\xe0\xa0\"]") },
  { "n_string_utf8_overlong_2", T ("[\"\xc0\xaf\"]") },
  { "n_string_utf8_overlong_3", T ("[\"\xe0\x80\xaf\"]") },
  { "n_string_utf8_overlong_4", T ("[\"\xf0\x80\x80\xaf\"]") },
  { "n_string_utf8_surrogate", T ("[\"\xed\xa0\xbd\xed\xb8\x80\"]") },
  { "n_string_utf8_above_10ffff", T ("[\"\xf4\x90\x80\x80\"]") },
  { "n_string_utf8_five_bytes", T ("[\"\xf8\x88\x80\x80\x80\"]") },
  { "n_string_utf8_six_bytes", T ("[\"\xfc\x84\x80\x80\x80\x80\"]") },
  { "n_string_utf8_fe_ff", T ("[\"\xfe\xff\"]") },
  { "n_string_latin_1", T ("[\"caf\xe9\"]") },
  { "n_string_garbage_after", T ("\"\"x") },
  { "n_literal_short", T ("[tru]") },
  { "n_literal_capital", T ("[True]") },
  { "n_literal_capitals", T ("[NULL]") },
  { "n_literal_long", T ("[nulll]") },
  { "n_literal_undefined", T ("[undefined]") },
  { "n_literal_cut", T ("fals") },
  { "n_literal_twice", T ("truefalse") },
  { "n_structure_close_only", T ("]") },
  { "n_structure_angle_brackets", T ("<.>") },
  { "n_structure_comment_only", T ("/**/") },
  { "n_structure_hash_comment", T ("# x\n1") },
  { "n_structure_text_sequence", T ("\x1e{}\n") },
  { "n_structure_two_lines", T ("{}\n{}") },
  { "n_structure_no_break_space", T ("[\xc2\xa0]") },
  { "n_structure_word_joiner", T ("[\xe2\x81\xa0]") },
  { "n_structure_nul_after", T ("[1]\0") },
  { "n_structure_byte_order_mark_only", T ("\xef\xbb\xbf") },
  { "n_structure_utf16_le", T ("[\0\"\0\xe9\0\"\0]\0") },
  { "n_structure_utf16_be", T ("\0[\0\"\0\xe9\0\"\0]") },
  { "n_structure_open_mix", T ("[{\"\":[{\"\":[") },
};

static const Case left_open[] = {
  { "i_structure_byte_order_mark", T ("\xef\xbb\xbf{}"), "!syntax@0" },
  { "i_number_huge", T ("[1e9999]"), "[ !range@1" },
  { "i_number_minus_huge", T ("[-123123e100000]"), "[ !range@1" },
  { "i_number_tiny", T ("[123.456e-789]"), "[ d0x0p+0 ] ." },
  { "i_number_tiny_negative", T ("[-1e-999]"), "[ d-0x0p+0 ] ." },
  { "i_number_integer_above_64_bits", T ("[100000000000000000000]"),
      "[ d0x1.5af1d78b58c4p+66 ] ." },
  { "i_number_integer_below_64_bits", T ("[-100000000000000000000]"),
      "[ d-0x1.5af1d78b58c4p+66 ] ." },
  { "i_number_more_digits_than_a_double", T ("[3.141592653589793238462643383279502884]"),
      "[ d0x1.921fb54442d18p+1 ] ." },
  { "i_string_lone_high_surrogate", T ("[\"\\uDADA\"]"), "[ !utf8@2" },
  { "i_string_lone_low_surrogate", T ("[\"\\uDd1e\"]"), "[ !utf8@2" },
  { "i_string_high_surrogate_then_text", T ("[\"\\ud800abc\"]"), "[ !utf8@2" },
  { "i_string_surrogates_swapped", T ("[\"\\uDd1e\\uD834\"]"), "[ !utf8@2" },
  { "i_string_two_high_surrogates", T ("[\"\\ud800\\ud800\\udc00\"]"), "[ !utf8@2" },
  { "i_object_same_name", T ("{\"a\":1,\"a\":2}"), "{ k\"a\" i1 k\"a\" i2 } ." },
};

static void
test_accepted (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++) {
    g_autofree gchar *tokens = json_tokens (accepted[i].text, accepted[i].len, NULL);
    if (!g_str_has_suffix (tokens, " ."))
      g_error ("%s was refused: %s", accepted[i].name, tokens);
  }
}

static void
test_refused (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree gchar *tokens = json_tokens (refused[i].text, refused[i].len, NULL);
    const gchar *mark = strrchr (tokens, '!');
    if (mark == NULL
        || !(strstr (mark, "syntax@") || strstr (mark, "utf8@") || strstr (mark, "truncated@")))
      g_error ("%s: %s", refused[i].name, tokens);
  }
}

static void
test_left_open (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (left_open); i++) {
    g_autofree gchar *tokens = json_tokens (left_open[i].text, left_open[i].len, NULL);
    if (g_strcmp0 (tokens, left_open[i].tokens) != 0)
      g_error ("%s: %s", left_open[i].name, tokens);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/json-conformance/accepted", test_accepted);
  g_test_add_func ("/record/json-conformance/refused", test_refused);
  g_test_add_func ("/record/json-conformance/left-open", test_left_open);
  return g_test_run ();
}
