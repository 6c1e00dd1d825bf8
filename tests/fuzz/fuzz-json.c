/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-json-reader.h>
#include <record/trib-json-writer.h>

#include "fuzz.h"

/* What the reader takes, the writer writes so that the reader gives the same tokens again. What it
 * refuses, it refuses with an error whose place is inside the text. */

static void
check_string (const gchar *text, gsize len)
{
  g_assert (text[len] == '\0');
  /* g_utf8_validate() stops at NUL, which a JSON string may hold */
  for (gsize at = 0; at <= len; at += strlen (text + at) + 1)
    g_assert (g_utf8_validate (text + at, -1, NULL));
}

static void
write_token (TribJsonWriter *w, TribJsonToken token, const TribJsonReader *r)
{
  const gchar *text;
  gsize len;

  switch (token) {
    case TRIB_JSON_NULL:
      trib_json_writer_null (w);
      break;
    case TRIB_JSON_FALSE:
    case TRIB_JSON_TRUE:
      trib_json_writer_boolean (w, token == TRIB_JSON_TRUE);
      break;
    case TRIB_JSON_INT:
      trib_json_writer_int (w, trib_json_reader_int (r));
      break;
    case TRIB_JSON_UINT:
      trib_json_writer_uint (w, trib_json_reader_uint (r));
      break;
    case TRIB_JSON_DOUBLE:
      trib_json_writer_double (w, trib_json_reader_double (r));
      break;
    case TRIB_JSON_STRING:
    case TRIB_JSON_KEY:
      text = trib_json_reader_string (r, &len);
      check_string (text, len);
      if (token == TRIB_JSON_KEY)
        trib_json_writer_key_len (w, text, len);
      else
        trib_json_writer_string_len (w, text, len);
      break;
    case TRIB_JSON_OBJECT_BEGIN:
      trib_json_writer_begin_object (w);
      break;
    case TRIB_JSON_OBJECT_END:
      trib_json_writer_end_object (w);
      break;
    case TRIB_JSON_ARRAY_BEGIN:
      trib_json_writer_begin_array (w);
      break;
    case TRIB_JSON_ARRAY_END:
      trib_json_writer_end_array (w);
      break;
    default:
      g_assert_not_reached ();
  }
}

static void
assert_same (TribJsonToken token, const TribJsonReader *a, const TribJsonReader *b)
{
  const gchar *text_a, *text_b;
  gsize len_a, len_b;
  gdouble double_a, double_b;

  switch (token) {
    case TRIB_JSON_INT:
      g_assert (trib_json_reader_int (a) == trib_json_reader_int (b));
      break;
    case TRIB_JSON_UINT:
      g_assert (trib_json_reader_uint (a) == trib_json_reader_uint (b));
      break;
    case TRIB_JSON_DOUBLE: /* bit for bit: -0.0 is not 0.0 */
      double_a = trib_json_reader_double (a);
      double_b = trib_json_reader_double (b);
      g_assert (memcmp (&double_a, &double_b, sizeof double_a) == 0);
      break;
    case TRIB_JSON_STRING:
    case TRIB_JSON_KEY:
      text_a = trib_json_reader_string (a, &len_a);
      text_b = trib_json_reader_string (b, &len_b);
      g_assert (len_a == len_b && memcmp (text_a, text_b, len_a) == 0);
      break;
    default:
      break;
  }
}

static void
check_error (TribJsonReader *r, const gchar *text, gsize size)
{
  const GError *error = trib_json_reader_error (r);
  g_autofree gchar *place = g_strdup_printf (" at byte %zu", trib_json_reader_offset (r));

  g_assert (error != NULL && error->domain == TRIB_JSON_ERROR);
  g_assert (g_utf8_validate (error->message, -1, NULL));
  g_assert (g_str_has_suffix (error->message, place));
  g_assert (trib_json_reader_offset (r) <= size);
  g_assert (error->code != TRIB_JSON_ERROR_TRUNCATED || trib_json_reader_offset (r) == size);
  g_assert (trib_json_reader_next (r) == TRIB_JSON_ERROR_TOKEN);
  g_assert (!trib_json_validate (text, size, NULL, NULL));
}

static void
check_same_tokens (TribJsonReader *first, const gchar *text, gsize size, const GString *out)
{
  g_autoptr (TribJsonReader) second = trib_json_reader_new (out->str, out->len, NULL);
  TribJsonToken token;

  trib_json_reader_reset (first, text, size);
  do {
    token = trib_json_reader_next (first);
    g_assert (trib_json_reader_next (second) == token);
    g_assert (trib_json_reader_depth (first) == trib_json_reader_depth (second));
    assert_same (token, first, second);
  } while (token != TRIB_JSON_END);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const gchar *text = (const gchar *) data;
  g_autoptr (TribJsonReader) r = trib_json_reader_new (text, size, NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  TribJsonWriter w;
  TribJsonToken token;

  trib_json_writer_init (&w, out);
  while ((token = trib_json_reader_next (r)) > TRIB_JSON_END) {
    g_assert (trib_json_reader_offset (r) < size);
    write_token (&w, token, r);
  }
  if (token == TRIB_JSON_ERROR_TOKEN) {
    check_error (r, text, size);
    return 0;
  }
  g_assert (trib_json_writer_is_complete (&w));
  g_assert (trib_json_validate (text, size, NULL, NULL));
  check_same_tokens (r, text, size, out);

  /* passing over the value comes to the same end */
  trib_json_reader_reset (r, text, size);
  g_assert (trib_json_reader_skip (r));
  g_assert (trib_json_reader_next (r) == TRIB_JSON_END);
  return 0;
}
