/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-reader.h"

#include <stdarg.h>
#include <string.h>

#include "trib-json-reader.h"
#include "trib-msgpack-reader.h"

G_DEFINE_QUARK (trib - record - error - quark, trib_record_error)

struct _TribRecordReader {
  TribJsonReader *json;
  TribMsgpackReader *msgpack;
  TribRecordLimits limits;

  TribRecordFormat format;
  const gchar *data;
  gsize len;
  TribRecordToken token;
  TribMsgpackToken msgpack_token; /* what a key is below */
  TribRecordSlice string;         /* of the last token, once asked for */
  gboolean string_ready;

  /* Text that does not stand in the data as it is. It never moves while a record is read. */
  gchar *kept;
  gsize kept_size;
  gsize kept_used;

  GError *error;
};

/**
 * trib_record_error_reason:
 * @code: of a #GError in the domain %TRIB_RECORD_ERROR
 *
 * Returns: one word, for counters: "syntax", "utf8", "truncated", "limit", "range", "type", "field"
 */
const gchar *
trib_record_error_reason (TribRecordError code)
{
  static const gchar *const reasons[TRIB_RECORD_N_ERRORS]
      = { "syntax", "utf8", "truncated", "limit", "range", "type", "field" };

  return (guint) code < TRIB_RECORD_N_ERRORS ? reasons[code] : "unknown";
}

static TribRecordToken G_GNUC_PRINTF (3, 4)
    fail (TribRecordReader *r, TribRecordError code, const gchar *format, ...)
{
  g_autofree gchar *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_clear_error (&r->error);
  r->error = g_error_new (
      TRIB_RECORD_ERROR, code, "%s at byte %" G_GSIZE_FORMAT, what, trib_record_reader_offset (r));
  return r->token = TRIB_RECORD_ERROR_TOKEN;
}

/* the error of the reader below, in this domain */
static TribRecordToken
fail_below (TribRecordReader *r)
{
  static const TribRecordError json_codes[]
      = { TRIB_RECORD_ERROR_SYNTAX, TRIB_RECORD_ERROR_UTF8, TRIB_RECORD_ERROR_TRUNCATED,
          TRIB_RECORD_ERROR_LIMIT, TRIB_RECORD_ERROR_RANGE, TRIB_RECORD_ERROR_TYPE };
  static const TribRecordError msgpack_codes[] = { TRIB_RECORD_ERROR_SYNTAX, TRIB_RECORD_ERROR_UTF8,
    TRIB_RECORD_ERROR_TRUNCATED, TRIB_RECORD_ERROR_LIMIT, TRIB_RECORD_ERROR_TYPE };
  const GError *below = r->format == TRIB_RECORD_JSON ? trib_json_reader_error (r->json)
                                                      : trib_msgpack_reader_error (r->msgpack);

  g_clear_error (&r->error);
  r->error = g_error_new_literal (TRIB_RECORD_ERROR,
      r->format == TRIB_RECORD_JSON ? json_codes[below->code] : msgpack_codes[below->code],
      below->message);
  return TRIB_RECORD_ERROR_TOKEN;
}

static TribRecordToken
next_json (TribRecordReader *r)
{
  static const TribRecordToken tokens[] = { TRIB_RECORD_END, TRIB_RECORD_NULL, TRIB_RECORD_FALSE,
    TRIB_RECORD_TRUE, TRIB_RECORD_INT, TRIB_RECORD_UINT, TRIB_RECORD_FLOAT64, TRIB_RECORD_STRING,
    TRIB_RECORD_KEY, TRIB_RECORD_MAP_BEGIN, TRIB_RECORD_MAP_END, TRIB_RECORD_ARRAY_BEGIN,
    TRIB_RECORD_ARRAY_END };
  TribJsonToken token = trib_json_reader_next (r->json);

  G_STATIC_ASSERT (G_N_ELEMENTS (tokens) == TRIB_JSON_ARRAY_END + 1);
  return token == TRIB_JSON_ERROR_TOKEN ? fail_below (r) : tokens[token];
}

static TribRecordToken
next_msgpack (TribRecordReader *r)
{
  static const TribRecordToken tokens[] = { TRIB_RECORD_END, TRIB_RECORD_NULL, TRIB_RECORD_FALSE,
    TRIB_RECORD_TRUE, TRIB_RECORD_INT, TRIB_RECORD_UINT, TRIB_RECORD_FLOAT32, TRIB_RECORD_FLOAT64,
    TRIB_RECORD_STRING, TRIB_RECORD_BINARY, TRIB_RECORD_EXT, TRIB_RECORD_MAP_BEGIN,
    TRIB_RECORD_MAP_END, TRIB_RECORD_ARRAY_BEGIN, TRIB_RECORD_ARRAY_END };
  TribMsgpackToken token = trib_msgpack_reader_next (r->msgpack);

  G_STATIC_ASSERT (G_N_ELEMENTS (tokens) == TRIB_MSGPACK_ARRAY_END + 1);
  r->msgpack_token = token;
  if (token == TRIB_MSGPACK_ERROR_TOKEN)
    return fail_below (r);
  if (token == TRIB_MSGPACK_END || !trib_msgpack_reader_is_key (r->msgpack))
    return tokens[token];
  if (token != TRIB_MSGPACK_STRING && token != TRIB_MSGPACK_INT && token != TRIB_MSGPACK_UINT)
    return fail (r, TRIB_RECORD_ERROR_TYPE, "a key that is %s, expected a string or an integer",
        trib_msgpack_token_to_string (token));
  return TRIB_RECORD_KEY;
}

/**
 * trib_record_reader_new:
 * @limits: (nullable): what to refuse, or %NULL for the defaults
 *
 * Returns: (transfer full): a reader of empty data, for one thread at a time
 */
TribRecordReader *
trib_record_reader_new (const TribRecordLimits *limits)
{
  TribRecordReader *r = g_new0 (TribRecordReader, 1);

  r->limits.max_bytes = TRIB_RECORD_DEFAULT_MAX_BYTES;
  r->limits.max_depth = TRIB_RECORD_MAX_DEPTH;
  if (limits != NULL && limits->max_bytes > 0)
    r->limits.max_bytes = MIN (limits->max_bytes, TRIB_RECORD_MAX_BYTES);
  if (limits != NULL && limits->max_depth > 0)
    r->limits.max_depth = MIN (limits->max_depth, TRIB_RECORD_MAX_DEPTH);
  trib_record_reader_set (r, TRIB_RECORD_JSON, NULL, 0);
  return r;
}

/**
 * trib_record_reader_free:
 * @r: (nullable) (transfer full): a reader
 */
void
trib_record_reader_free (TribRecordReader *r)
{
  if (r == NULL)
    return;
  trib_json_reader_free (r->json);
  trib_msgpack_reader_free (r->msgpack);
  g_clear_error (&r->error);
  g_free (r->kept);
  g_free (r);
}

/**
 * trib_record_reader_set:
 * @r: a reader, in any state
 * @format: what @data is
 * @data: (nullable): not copied
 * @len: its length in bytes
 *
 * Starts over on @data. Slices of what was read before are no longer valid.
 */
void
trib_record_reader_set (TribRecordReader *r, TribRecordFormat format, gconstpointer data, gsize len)
{
  TribJsonLimits json = { r->limits.max_bytes, r->limits.max_depth };
  TribMsgpackLimits msgpack = { r->limits.max_bytes, r->limits.max_depth };

  g_return_if_fail (data != NULL || len == 0);
  r->format = format;
  /* arithmetic on a NULL pointer is undefined, even with 0 */
  r->data = len > 0 ? data : "";
  r->len = len;
  r->token = TRIB_RECORD_END;
  r->string_ready = FALSE;
  r->kept_used = 0;
  g_clear_error (&r->error);
  if (format == TRIB_RECORD_JSON && r->json == NULL)
    r->json = trib_json_reader_new (data, len, &json);
  else if (format == TRIB_RECORD_JSON)
    trib_json_reader_reset (r->json, data, len);
  else if (r->msgpack == NULL)
    r->msgpack = trib_msgpack_reader_new (data, len, &msgpack);
  else
    trib_msgpack_reader_reset (r->msgpack, data, len);
}

/**
 * trib_record_reader_next:
 * @r: a reader
 *
 * Reads one token.
 *
 * Returns: the token; %TRIB_RECORD_END and %TRIB_RECORD_ERROR_TOKEN are given again by further
 * calls
 */
TribRecordToken
trib_record_reader_next (TribRecordReader *r)
{
  if (r->error == NULL) {
    r->string_ready = FALSE;
    r->token = r->format == TRIB_RECORD_JSON ? next_json (r) : next_msgpack (r);
  }
  return r->token;
}

/**
 * trib_record_reader_skip:
 * @r: a reader
 *
 * Passes over the value that the next token begins. When that is a key, it is the whole member.
 * Right after the begin of a container it is the rest of that container, its end included. What is
 * passed over is checked like anything else.
 *
 * Returns: %FALSE on error; where no value is left to pass over, that is %TRIB_RECORD_ERROR_TYPE
 */
gboolean
trib_record_reader_skip (TribRecordReader *r)
{
  gboolean inside = r->token == TRIB_RECORD_MAP_BEGIN || r->token == TRIB_RECORD_ARRAY_BEGIN;
  guint depth = trib_record_reader_depth (r) - (inside ? 1 : 0);
  TribRecordToken token = trib_record_reader_next (r);

  if (token == TRIB_RECORD_KEY && !inside)
    token = trib_record_reader_next (r);
  if (token == TRIB_RECORD_END
      || (token != TRIB_RECORD_ERROR_TOKEN && trib_record_reader_depth (r) < depth)) {
    fail (r, TRIB_RECORD_ERROR_TYPE, "expected a value, found %s",
        trib_record_token_to_string (token));
    return FALSE;
  }
  while (token != TRIB_RECORD_ERROR_TOKEN && trib_record_reader_depth (r) > depth)
    token = trib_record_reader_next (r);
  return token != TRIB_RECORD_ERROR_TOKEN;
}

/**
 * trib_record_reader_token:
 * @r: a reader
 *
 * Returns: the last token; %TRIB_RECORD_END before the first
 */
TribRecordToken
trib_record_reader_token (const TribRecordReader *r)
{
  return r->token;
}

/**
 * trib_record_reader_int:
 * @r: a reader whose last token is %TRIB_RECORD_INT
 *
 * Returns: its value
 */
gint64
trib_record_reader_int (const TribRecordReader *r)
{
  g_return_val_if_fail (r->token == TRIB_RECORD_INT, 0);
  return r->format == TRIB_RECORD_JSON ? trib_json_reader_int (r->json)
                                       : trib_msgpack_reader_int (r->msgpack);
}

/**
 * trib_record_reader_uint:
 * @r: a reader whose last token is %TRIB_RECORD_UINT, or %TRIB_RECORD_INT and not negative
 *
 * Returns: its value
 */
guint64
trib_record_reader_uint (const TribRecordReader *r)
{
  g_return_val_if_fail (r->token == TRIB_RECORD_UINT || r->token == TRIB_RECORD_INT, 0);
  return r->format == TRIB_RECORD_JSON ? trib_json_reader_uint (r->json)
                                       : trib_msgpack_reader_uint (r->msgpack);
}

/**
 * trib_record_reader_float:
 * @r: a reader whose last token is %TRIB_RECORD_FLOAT32
 *
 * Returns: its value
 */
gfloat
trib_record_reader_float (const TribRecordReader *r)
{
  g_return_val_if_fail (r->token == TRIB_RECORD_FLOAT32, 0);
  return trib_msgpack_reader_float (r->msgpack);
}

/**
 * trib_record_reader_double:
 * @r: a reader whose last token is a number
 *
 * Returns: its value; integers beyond 2^53 are rounded to the nearest double
 */
gdouble
trib_record_reader_double (const TribRecordReader *r)
{
  g_return_val_if_fail (r->token >= TRIB_RECORD_INT && r->token <= TRIB_RECORD_FLOAT64, 0);
  return r->format == TRIB_RECORD_JSON ? trib_json_reader_double (r->json)
                                       : trib_msgpack_reader_double (r->msgpack);
}

/* Room for @size bytes that stay where they are. All the texts of a record that are kept need at
 * most as much as the record has bytes: an escape is longer than what it stands for. An integer as
 * a key has at most three digits (or signs) for each of its bytes. */
static gchar *
keep (TribRecordReader *r, gsize size)
{
  gsize all = r->format == TRIB_RECORD_JSON ? r->len : r->len * 3;
  gchar *place;

  if (r->kept_used == 0 && r->kept_size < all) {
    g_free (r->kept);
    r->kept_size = all;
    r->kept = g_malloc (all);
  }
  g_assert (size <= r->kept_size - r->kept_used);
  place = r->kept + r->kept_used;
  r->kept_used += size;
  return place;
}

static TribRecordSlice
keep_text (TribRecordReader *r, const gchar *text, gsize len)
{
  gchar *kept = keep (r, len);

  memcpy (kept, text, len);
  return (TribRecordSlice){ kept, len };
}

/* a str, or the integer that a key is */
static TribRecordSlice
msgpack_string (TribRecordReader *r)
{
  TribRecordSlice slice;
  gchar digits[24];
  gint n;

  switch (r->msgpack_token) {
    case TRIB_MSGPACK_INT:
      n = g_snprintf (
          digits, sizeof digits, "%" G_GINT64_FORMAT, trib_msgpack_reader_int (r->msgpack));
      return keep_text (r, digits, (gsize) n);
    case TRIB_MSGPACK_UINT:
      n = g_snprintf (
          digits, sizeof digits, "%" G_GUINT64_FORMAT, trib_msgpack_reader_uint (r->msgpack));
      return keep_text (r, digits, (gsize) n);
    default:
      slice.str = trib_msgpack_reader_string (r->msgpack, &slice.len);
      return slice;
  }
}

/**
 * trib_record_reader_string:
 * @r: a reader whose last token is %TRIB_RECORD_STRING or %TRIB_RECORD_KEY
 *
 * Returns: valid UTF-8, which may hold NUL and is not terminated; lives until
 *   trib_record_reader_set() is called
 */
TribRecordSlice
trib_record_reader_string (TribRecordReader *r)
{
  g_return_val_if_fail (r->token == TRIB_RECORD_STRING || r->token == TRIB_RECORD_KEY,
      ((TribRecordSlice){ NULL, 0 }));
  if (!r->string_ready) {
    if (r->format == TRIB_RECORD_JSON) {
      r->string.str = trib_json_reader_string_in_text (r->json, &r->string.len);
      if (r->string.str == NULL) {
        gsize len;
        const gchar *text = trib_json_reader_string (r->json, &len);
        r->string = keep_text (r, text, len);
      }
    } else {
      r->string = msgpack_string (r);
    }
    r->string_ready = TRUE;
  }
  return r->string;
}

/**
 * trib_record_reader_bytes:
 * @r: a reader whose last token is %TRIB_RECORD_BINARY or %TRIB_RECORD_EXT
 * @ret_type: (out) (optional): type of the extension, -128 to 127; 0 for binary data
 *
 * Returns: the bytes; they live as long as the data
 */
TribRecordSlice
trib_record_reader_bytes (const TribRecordReader *r, gint *ret_type)
{
  TribRecordSlice slice = { NULL, 0 };

  g_return_val_if_fail (r->token == TRIB_RECORD_BINARY || r->token == TRIB_RECORD_EXT, slice);
  slice.str = (const gchar *) trib_msgpack_reader_bytes (r->msgpack, &slice.len, ret_type);
  return slice;
}

/**
 * trib_record_reader_timestamp:
 * @r: a reader whose last token is %TRIB_RECORD_EXT
 * @ret_seconds: (out): since the Unix epoch
 * @ret_nanoseconds: (out): to be added, at most 999999999
 *
 * Returns: %FALSE when the extension is no timestamp
 */
gboolean
trib_record_reader_timestamp (
    const TribRecordReader *r, gint64 *ret_seconds, guint32 *ret_nanoseconds)
{
  g_return_val_if_fail (r->token == TRIB_RECORD_EXT, FALSE);
  return trib_msgpack_reader_timestamp (r->msgpack, ret_seconds, ret_nanoseconds);
}

/**
 * trib_record_reader_format:
 * @r: a reader
 *
 * Returns: the format of what it reads
 */
TribRecordFormat
trib_record_reader_format (const TribRecordReader *r)
{
  return r->format;
}

/**
 * trib_record_reader_offset:
 * @r: a reader
 *
 * Returns: byte offset in the data where the last token begins; after an error, where the error is
 */
gsize
trib_record_reader_offset (const TribRecordReader *r)
{
  return r->format == TRIB_RECORD_JSON ? trib_json_reader_offset (r->json)
                                       : trib_msgpack_reader_offset (r->msgpack);
}

/**
 * trib_record_reader_end_offset:
 * @r: a reader that has not failed
 *
 * Returns: byte offset in the data behind the last token
 */
gsize
trib_record_reader_end_offset (const TribRecordReader *r)
{
  return r->format == TRIB_RECORD_JSON ? trib_json_reader_end_offset (r->json)
                                       : trib_msgpack_reader_end_offset (r->msgpack);
}

/**
 * trib_record_reader_since:
 * @r: a reader that has not failed
 * @start: a byte offset that trib_record_reader_offset() gave
 *
 * Returns: the data from @start to behind the last token: a value as it stands, when @start is
 * where
 *   its first token begins
 */
TribRecordSlice
trib_record_reader_since (const TribRecordReader *r, gsize start)
{
  gsize end = trib_record_reader_end_offset (r);

  g_return_val_if_fail (start <= end, ((TribRecordSlice){ NULL, 0 }));
  return (TribRecordSlice){ r->data + start, end - start };
}

/**
 * trib_record_reader_depth:
 * @r: a reader
 *
 * Returns: how many containers are open after the last token
 */
guint
trib_record_reader_depth (const TribRecordReader *r)
{
  return r->format == TRIB_RECORD_JSON ? trib_json_reader_depth (r->json)
                                       : trib_msgpack_reader_depth (r->msgpack);
}

/**
 * trib_record_reader_error:
 * @r: a reader
 *
 * Returns: (nullable) (transfer none): why the last token was %TRIB_RECORD_ERROR_TOKEN; in the
 *   domain %TRIB_RECORD_ERROR, the message ends with the byte offset
 */
const GError *
trib_record_reader_error (const TribRecordReader *r)
{
  return r->error;
}

/**
 * trib_record_token_to_string:
 * @token: a token
 *
 * Returns: what it is, to be put into a message
 */
const gchar *
trib_record_token_to_string (TribRecordToken token)
{
  static const gchar *const names[] = { "the end of the record", "null", "false", "true",
    "an integer", "an integer", "a number", "a number", "a string", "binary data", "an extension",
    "a key", "a map", "the end of a map", "an array", "the end of an array" };

  return token >= 0 && (gsize) token < G_N_ELEMENTS (names) ? names[token] : "an error";
}
