/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-json-reader.h>

/* What a reader gives, as one line of text, so that a test table can say what it wants in one
 * string: null true false   i-1 (INT)   u9 (UINT)   d0x1p+0 (DOUBLE, exactly)   s"x" k"x" (escaped
 * as in C) { } [ ]   . (END)   !syntax@3 (an error, and its offset) */
static inline void
json_tokens_append_string (GString *out, gchar kind, const TribJsonReader *r)
{
  gsize len;
  const gchar *text = trib_json_reader_string (r, &len);

  g_assert_cmpint (text[len], ==, '\0');
  g_assert_true (g_utf8_validate_len (text, len, NULL) || memchr (text, 0, len) != NULL);
  g_string_append_printf (out, "%c\"", kind);
  for (gsize i = 0; i < len; i++) {
    guchar c = (guchar) text[i];
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
      g_string_append_c (out, (gchar) c);
    else
      g_string_append_printf (out, "\\x%02x", c);
  }
  g_string_append_c (out, '"');
}

static inline void
json_tokens_append_error (GString *out, const TribJsonReader *r)
{
  static const gchar *const names[] = { "syntax", "utf8", "truncated", "limit", "range", "type" };
  const GError *error = trib_json_reader_error (r);
  g_autofree gchar *place = NULL;

  g_assert_nonnull (error);
  g_assert_true (error->domain == TRIB_JSON_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  place = g_strdup_printf (" at byte %" G_GSIZE_FORMAT, trib_json_reader_offset (r));
  g_assert_true (g_str_has_suffix (error->message, place));
  g_string_append_printf (
      out, "!%s@%" G_GSIZE_FORMAT, names[error->code], trib_json_reader_offset (r));
}

/* one token, the last one that @r gave */
static inline void
json_tokens_append (GString *out, TribJsonToken token, const TribJsonReader *r)
{
  if (out->len > 0)
    g_string_append_c (out, ' ');
  switch (token) {
    case TRIB_JSON_ERROR_TOKEN:
      json_tokens_append_error (out, r);
      break;
    case TRIB_JSON_END:
      g_string_append_c (out, '.');
      break;
    case TRIB_JSON_NULL:
      g_string_append (out, "null");
      break;
    case TRIB_JSON_FALSE:
      g_string_append (out, "false");
      break;
    case TRIB_JSON_TRUE:
      g_string_append (out, "true");
      break;
    case TRIB_JSON_INT:
      g_string_append_printf (out, "i%" G_GINT64_FORMAT, trib_json_reader_int (r));
      break;
    case TRIB_JSON_UINT:
      g_string_append_printf (out, "u%" G_GUINT64_FORMAT, trib_json_reader_uint (r));
      break;
    case TRIB_JSON_DOUBLE:
      g_string_append_printf (out, "d%a", trib_json_reader_double (r));
      break;
    case TRIB_JSON_STRING:
      json_tokens_append_string (out, 's', r);
      break;
    case TRIB_JSON_KEY:
      json_tokens_append_string (out, 'k', r);
      break;
    case TRIB_JSON_OBJECT_BEGIN:
    case TRIB_JSON_OBJECT_END:
      g_string_append_c (out, token == TRIB_JSON_OBJECT_BEGIN ? '{' : '}');
      break;
    case TRIB_JSON_ARRAY_BEGIN:
    case TRIB_JSON_ARRAY_END:
      g_string_append_c (out, token == TRIB_JSON_ARRAY_BEGIN ? '[' : ']');
      break;
  }
}

/* All tokens of @text. The text is copied to memory of exactly its size, so that a checker of
 * addresses sees a read beyond its end. */
static inline gchar *
json_tokens (const gchar *text, gsize len, const TribJsonLimits *limits)
{
  g_autofree gchar *exact = len > 0 ? g_memdup2 (text, len) : NULL;
  g_autoptr (TribJsonReader) r = trib_json_reader_new (exact, len, limits);
  g_autoptr (GError) error = NULL;
  GString *out = g_string_new (NULL);
  TribJsonToken token;

  do {
    token = trib_json_reader_next (r);
    json_tokens_append (out, token, r);
  } while (token > TRIB_JSON_END);

  /* an end stays an end, and the validator agrees */
  g_assert_cmpint (trib_json_reader_next (r), ==, token);
  g_assert_cmpint (trib_json_validate (exact, len, limits, &error), ==, token == TRIB_JSON_END);
  if (token == TRIB_JSON_END)
    g_assert_no_error (error);
  else
    g_assert_cmpstr (error->message, ==, trib_json_reader_error (r)->message);
  return g_string_free (out, FALSE);
}
