/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-json-reader.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "trib-json-number.h"
#include "trib-json-text.h"

G_DEFINE_QUARK (trib - json - error - quark, trib_json_error)

/* what may come next */
typedef enum {
  EXPECT_VALUE,
  EXPECT_FIRST_ELEMENT, /* after '[': a value or ']' */
  EXPECT_FIRST_KEY,     /* after '{': a key or '}' */
  EXPECT_COLON,         /* after a key */
  EXPECT_COMMA_ARRAY,   /* after an element: ',' or ']' */
  EXPECT_COMMA_OBJECT,  /* after a member: ',' or '}' */
  EXPECT_END,           /* after the whole value: blanks only */
  EXPECT_NOTHING,       /* after an error */
} Expect;

struct _TribJsonReader {
  const guchar *text;
  gsize len;
  gsize pos;
  gsize max_bytes;
  guint max_depth;

  Expect expect;
  guint depth;
  guint64 in_object[TRIB_JSON_MAX_DEPTH / 64]; /* a bit a level: object, else array */

  TribJsonToken token;
  gsize offset;
  union {
    gint64 i;
    guint64 u;
    gdouble d;
  } value;
  /* The last string as it stands in the text, checked already. It is copied and its escapes are
   * resolved only when the caller asks for it: most strings are passed over. */
  gsize raw_start;
  gsize raw_len;
  gboolean raw_escapes;
  gboolean str_ready;
  gsize str_len;
  gchar *buf;
  gsize buf_size;

  GError *error;
};

/* the error's place is the reader's offset from here on, and the end of the message */
static TribJsonToken G_GNUC_PRINTF (4, 5)
    fail (TribJsonReader *r, TribJsonError code, gsize offset, const gchar *format, ...)
{
  g_autofree gchar *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_clear_error (&r->error);
  r->error = g_error_new (TRIB_JSON_ERROR, code, "%s at byte %" G_GSIZE_FORMAT, what, offset);
  r->offset = offset;
  r->expect = EXPECT_NOTHING;
  return TRIB_JSON_ERROR_TOKEN;
}

/* "expected @wanted" at @p, or truncated when the text ends there */
static TribJsonToken
fail_expected (TribJsonReader *r, const guchar *p, const gchar *wanted)
{
  gsize offset = p - r->text;

  if (offset >= r->len)
    return fail (r, TRIB_JSON_ERROR_TRUNCATED, offset, "expected %s, the text ends", wanted);
  if (*p > 0x20 && *p < 0x7f)
    return fail (r, TRIB_JSON_ERROR_SYNTAX, offset, "expected %s, found '%c'", wanted, *p);
  return fail (r, TRIB_JSON_ERROR_SYNTAX, offset, "expected %s, found byte 0x%02x", wanted, *p);
}

static inline gboolean
in_object (const TribJsonReader *r)
{
  guint level = r->depth - 1;
  return (r->in_object[level / 64] >> (level % 64)) & 1;
}

static inline void
value_done (TribJsonReader *r)
{
  if (r->depth == 0)
    r->expect = EXPECT_END;
  else
    r->expect = in_object (r) ? EXPECT_COMMA_OBJECT : EXPECT_COMMA_ARRAY;
}

static TribJsonToken
open_container (TribJsonReader *r, gboolean object)
{
  guint64 bit;

  if (r->depth >= r->max_depth)
    return fail (r, TRIB_JSON_ERROR_LIMIT, r->pos, "nested deeper than %u levels", r->max_depth);
  bit = G_GUINT64_CONSTANT (1) << (r->depth % 64);
  if (object)
    r->in_object[r->depth / 64] |= bit;
  else
    r->in_object[r->depth / 64] &= ~bit;
  r->depth++;
  r->pos++;
  r->expect = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_ELEMENT;
  return object ? TRIB_JSON_OBJECT_BEGIN : TRIB_JSON_ARRAY_BEGIN;
}

static TribJsonToken
close_container (TribJsonReader *r)
{
  gboolean object = in_object (r);

  r->depth--;
  r->pos++;
  value_done (r);
  return object ? TRIB_JSON_OBJECT_END : TRIB_JSON_ARRAY_END;
}

static TribJsonToken
read_literal (TribJsonReader *r, const gchar *literal, TribJsonToken token)
{
  const guchar *p = r->text + r->pos;
  const guchar *end = r->text + r->len;

  for (const gchar *l = literal; *l != '\0'; l++, p++) {
    if (p == end || *p != (guchar) *l) {
      gchar wanted[16];
      g_snprintf (wanted, sizeof wanted, "\"%s\"", literal);
      return fail_expected (r, p, wanted);
    }
  }
  r->pos = p - r->text;
  value_done (r);
  return token;
}

/* four hexadecimal digits at @p; NULL after an error */
static const guchar *
read_hex4 (TribJsonReader *r, const guchar *p, guint *ret_unit)
{
  guint unit = 0;

  for (guint i = 0; i < 4; i++, p++) {
    gint digit = p < r->text + r->len ? g_ascii_xdigit_value ((gchar) *p) : -1;
    if (digit < 0) {
      fail_expected (r, p, "four hexadecimal digits after \"\\u\"");
      return NULL;
    }
    unit = unit << 4 | (guint) digit;
  }
  *ret_unit = unit;
  return p;
}

/* @p: at the '\'. Returns what follows the escape, or NULL after an error. */
static const guchar *
check_escape (TribJsonReader *r, const guchar *p)
{
  const guchar *start = p++;
  const guchar *end = r->text + r->len;
  guint unit, low;

  if (p == end || *p == '\0' || strchr ("\"\\/bfnrtu", *p) == NULL) {
    fail_expected (r, p, "one of \"\\/bfnrtu after '\\'");
    return NULL;
  }
  if (*p++ != 'u')
    return p;
  if ((p = read_hex4 (r, p, &unit)) == NULL)
    return NULL;
  if (unit < 0xd800 || unit > 0xdfff)
    return p;
  if (unit <= 0xdbff) {
    if (p == end || (*p == '\\' && p + 1 == end)) {
      fail_expected (r, end, "the second half of a surrogate pair");
      return NULL;
    }
    if (p[0] == '\\' && p[1] == 'u') {
      if ((p = read_hex4 (r, p + 2, &low)) == NULL)
        return NULL;
      if (low >= 0xdc00 && low <= 0xdfff)
        return p;
    }
  }
  fail (
      r, TRIB_JSON_ERROR_UTF8, start - r->text, "\\u%04x is half of a surrogate pair, alone", unit);
  return NULL;
}

/* the characters beyond ASCII from @p on; NULL after an error */
static const guchar *
check_utf8 (TribJsonReader *r, const guchar *p)
{
  const guchar *end = r->text + r->len;

  while (p < end && *p >= 0x80) {
    guint prefix;
    guint len = trib_json_utf8_char (p, end - p, &prefix);

    if (len == 0) {
      if (prefix > 0 && prefix == (gsize) (end - p))
        fail_expected (r, end, "the rest of a UTF-8 character");
      else
        fail (r, TRIB_JSON_ERROR_UTF8, p - r->text, "byte 0x%02x begins no valid UTF-8 character",
            *p);
      return NULL;
    }
    p += len;
  }
  return p;
}

/* from the opening quote to behind the closing one */
static gboolean
read_string (TribJsonReader *r)
{
  const guchar *start = r->text + r->pos + 1;
  const guchar *end = r->text + r->len;
  const guchar *p = start;

  r->raw_escapes = FALSE;
  for (;;) {
    p = trib_json_plain_run (p, end);
    if (p == end) {
      fail_expected (r, end, "'\"' after a string");
      return FALSE;
    }
    if (*p == '"')
      break;
    if (*p == '\\') {
      r->raw_escapes = TRUE;
      p = check_escape (r, p);
    } else if (*p >= 0x80) {
      p = check_utf8 (r, p);
    } else {
      fail (r, TRIB_JSON_ERROR_SYNTAX, p - r->text,
          "control character 0x%02x inside a string, to be written as \\u%04x", *p, *p);
      return FALSE;
    }
    if (p == NULL)
      return FALSE;
  }
  r->raw_start = start - r->text;
  r->raw_len = p - start;
  r->pos = p + 1 - r->text;
  return TRUE;
}

static TribJsonToken
read_key (TribJsonReader *r)
{
  const guchar *p = r->text + r->pos;

  if (r->pos >= r->len || *p != '"')
    return fail_expected (r, p,
        r->expect == EXPECT_FIRST_KEY ? "the name of a member or '}'" : "the name of a member");
  if (!read_string (r))
    return TRIB_JSON_ERROR_TOKEN;
  r->expect = EXPECT_COLON;
  return TRIB_JSON_KEY;
}

static TribJsonToken
read_number (TribJsonReader *r)
{
  const guchar *start = r->text + r->pos;
  TribJsonNumber n;
  const guchar *p = trib_json_number_scan (start, r->text + r->len, &n);
  TribJsonToken token;

  if (n.wanted != NULL)
    return fail_expected (r, p, n.wanted);
  if (n.integer && !n.overflow && !n.negative) {
    token = n.mantissa > (guint64) G_MAXINT64 ? TRIB_JSON_UINT : TRIB_JSON_INT;
    r->value.u = n.mantissa;
  } else if (n.integer && !n.overflow && n.mantissa > 0 && n.mantissa <= (guint64) G_MAXINT64 + 1) {
    token = TRIB_JSON_INT;
    r->value.i = -(gint64) (n.mantissa - 1) - 1;
  } else {
    token = TRIB_JSON_DOUBLE;
    r->value.d = trib_json_number_to_double (&n, (const gchar *) start, p - start);
    if (isinf (r->value.d))
      return fail (r, TRIB_JSON_ERROR_RANGE, r->pos, "a number larger than any double can hold");
  }
  r->pos = p - r->text;
  value_done (r);
  return token;
}

static TribJsonToken
read_value (TribJsonReader *r)
{
  const guchar *p = r->text + r->pos;
  const gchar *wanted = r->expect == EXPECT_FIRST_ELEMENT ? "a value or ']'" : "a value";

  if (r->pos >= r->len)
    return fail_expected (r, p, wanted);
  switch (*p) {
    case '{':
      return open_container (r, TRUE);
    case '[':
      return open_container (r, FALSE);
    case '"':
      if (!read_string (r))
        return TRIB_JSON_ERROR_TOKEN;
      value_done (r);
      return TRIB_JSON_STRING;
    case 't':
      return read_literal (r, "true", TRIB_JSON_TRUE);
    case 'f':
      return read_literal (r, "false", TRIB_JSON_FALSE);
    case 'n':
      return read_literal (r, "null", TRIB_JSON_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      return read_number (r);
    default:
      if (r->pos == 0 && r->len >= 3 && memcmp (p, "\xef\xbb\xbf", 3) == 0)
        return fail (r, TRIB_JSON_ERROR_SYNTAX, 0, "expected a value, found a byte order mark");
      return fail_expected (r, p, wanted);
  }
}

/* the byte after blanks, without passing over it; -1 at the end */
static inline gint
peek (TribJsonReader *r)
{
  for (; r->pos < r->len; r->pos++) {
    guchar c = r->text[r->pos];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      r->offset = r->pos;
      return c;
    }
  }
  r->offset = r->pos;
  return -1;
}

static TribJsonToken
read_token (TribJsonReader *r)
{
  gint c = peek (r);

  switch (r->expect) {
    case EXPECT_VALUE:
      return read_value (r);
    case EXPECT_FIRST_ELEMENT:
      return c == ']' ? close_container (r) : read_value (r);
    case EXPECT_FIRST_KEY:
      return c == '}' ? close_container (r) : read_key (r);
    case EXPECT_COLON:
      if (c != ':')
        return fail_expected (r, r->text + r->pos, "':' after the name of a member");
      r->pos++;
      r->expect = EXPECT_VALUE;
      peek (r);
      return read_value (r);
    case EXPECT_COMMA_ARRAY:
      if (c == ']')
        return close_container (r);
      if (c != ',')
        return fail_expected (r, r->text + r->pos, "',' or ']' after an element");
      r->pos++;
      r->expect = EXPECT_VALUE;
      peek (r);
      return read_value (r);
    case EXPECT_COMMA_OBJECT:
      if (c == '}')
        return close_container (r);
      if (c != ',')
        return fail_expected (r, r->text + r->pos, "',' or '}' after a member");
      r->pos++;
      peek (r);
      return read_key (r);
    case EXPECT_END:
      return c < 0 ? TRIB_JSON_END : fail_expected (r, r->text + r->pos, "nothing after the value");
    default:
      return TRIB_JSON_ERROR_TOKEN;
  }
}

static void
start_text (TribJsonReader *r, const gchar *text, gsize len)
{
  /* arithmetic on a NULL pointer is undefined, even with 0 */
  r->text = (const guchar *) (len > 0 ? text : "");
  r->len = len;
  r->pos = 0;
  r->offset = 0;
  r->depth = 0;
  r->str_ready = FALSE;
  r->expect = EXPECT_VALUE;
  r->token = TRIB_JSON_END;
  g_clear_error (&r->error);
  if (len > r->max_bytes)
    r->token = fail (r, TRIB_JSON_ERROR_LIMIT, r->max_bytes,
        "the text has %" G_GSIZE_FORMAT " bytes, larger than the limit", len);
}

static void
set_limits (TribJsonReader *r, const TribJsonLimits *limits)
{
  r->max_bytes = TRIB_JSON_DEFAULT_MAX_BYTES;
  r->max_depth = TRIB_JSON_DEFAULT_MAX_DEPTH;
  if (limits != NULL && limits->max_bytes > 0)
    r->max_bytes = limits->max_bytes;
  if (limits != NULL && limits->max_depth > 0)
    r->max_depth = MIN (limits->max_depth, TRIB_JSON_MAX_DEPTH);
}

/**
 * trib_json_reader_new:
 * @text: (nullable): JSON text, not copied: it must outlive the reader; need not be terminated
 * @len: its length in bytes
 * @limits: (nullable): what to refuse, or %NULL for the defaults
 *
 * A text above the limit of bytes is refused by the first trib_json_reader_next().
 *
 * Returns: (transfer full): a reader, for one thread at a time
 */
TribJsonReader *
trib_json_reader_new (const gchar *text, gsize len, const TribJsonLimits *limits)
{
  TribJsonReader *r;

  g_return_val_if_fail (text != NULL || len == 0, NULL);
  r = g_new0 (TribJsonReader, 1);
  set_limits (r, limits);
  start_text (r, text, len);
  return r;
}

/**
 * trib_json_reader_free:
 * @r: (nullable) (transfer full): a reader
 */
void
trib_json_reader_free (TribJsonReader *r)
{
  if (r == NULL)
    return;
  g_clear_error (&r->error);
  g_free (r->buf);
  g_free (r);
}

/**
 * trib_json_reader_reset:
 * @r: a reader, in any state
 * @text: (nullable): JSON text, as for trib_json_reader_new()
 * @len: its length in bytes
 *
 * Starts over on @text, with the same limits and the same memory.
 */
void
trib_json_reader_reset (TribJsonReader *r, const gchar *text, gsize len)
{
  g_return_if_fail (text != NULL || len == 0);
  start_text (r, text, len);
}

/**
 * trib_json_reader_next:
 * @r: a reader
 *
 * Reads one token. Tokens before an error are good by themselves, but only %TRIB_JSON_END says that
 * the whole text is JSON.
 *
 * Returns: the token; %TRIB_JSON_END and %TRIB_JSON_ERROR_TOKEN are given again by further calls
 */
TribJsonToken
trib_json_reader_next (TribJsonReader *r)
{
  if (r->expect != EXPECT_NOTHING) {
    r->str_ready = FALSE;
    r->token = read_token (r);
  }
  return r->token;
}

/**
 * trib_json_reader_skip:
 * @r: a reader
 *
 * Passes over the value that the next token begins. When the next token is a key, that is the whole
 * member. Right after the begin of a container it is the rest of that container, its end included.
 * What is passed over is checked like anything else.
 *
 * Returns: %FALSE on error; where no value is left to pass over, that is %TRIB_JSON_ERROR_TYPE
 */
gboolean
trib_json_reader_skip (TribJsonReader *r)
{
  gboolean inside = r->token == TRIB_JSON_OBJECT_BEGIN || r->token == TRIB_JSON_ARRAY_BEGIN;
  guint depth = inside ? r->depth - 1 : r->depth;
  TribJsonToken token = trib_json_reader_next (r);

  if (token == TRIB_JSON_KEY && !inside)
    token = trib_json_reader_next (r);
  if (token == TRIB_JSON_END || r->depth < depth) {
    r->token = fail (r, TRIB_JSON_ERROR_TYPE, r->offset, "expected a value, found %s",
        trib_json_token_to_string (token));
    return FALSE;
  }
  while (token != TRIB_JSON_ERROR_TOKEN && r->depth > depth)
    token = trib_json_reader_next (r);
  return token != TRIB_JSON_ERROR_TOKEN;
}

/**
 * trib_json_reader_int:
 * @r: a reader whose last token is %TRIB_JSON_INT
 *
 * Returns: its value
 */
gint64
trib_json_reader_int (const TribJsonReader *r)
{
  g_return_val_if_fail (r->token == TRIB_JSON_INT, 0);
  return r->value.i;
}

/**
 * trib_json_reader_uint:
 * @r: a reader whose last token is %TRIB_JSON_UINT, or %TRIB_JSON_INT and not negative
 *
 * Returns: its value
 */
guint64
trib_json_reader_uint (const TribJsonReader *r)
{
  g_return_val_if_fail (
      r->token == TRIB_JSON_UINT || (r->token == TRIB_JSON_INT && r->value.i >= 0), 0);
  return r->value.u;
}

/**
 * trib_json_reader_double:
 * @r: a reader whose last token is a number
 *
 * Returns: its value; integers beyond 2^53 are rounded to the nearest double
 */
gdouble
trib_json_reader_double (const TribJsonReader *r)
{
  switch (r->token) {
    case TRIB_JSON_INT:
      return (gdouble) r->value.i;
    case TRIB_JSON_UINT:
      return (gdouble) r->value.u;
    default:
      g_return_val_if_fail (r->token == TRIB_JSON_DOUBLE, 0.0);
      return r->value.d;
  }
}

/* Makes sure of @size bytes in the buffer. Doubling keeps the number of allocations of a reader
 * that lives long small, and the text's own limit bounds it. */
static gchar *
reserve (TribJsonReader *r, gsize size)
{
  if (size > r->buf_size) {
    g_free (r->buf);
    r->buf_size = MAX (size, MAX (r->buf_size * 2, 128));
    r->buf = g_malloc (r->buf_size);
  }
  return r->buf;
}

/* Writes a string that read_string() has passed: nothing is checked again. An escape is never
 * shorter than what it stands for, so the raw length bounds the result. */
static gsize
resolve_escapes (const guchar *p, const guchar *end, gchar *out)
{
  static const gchar names[] = "bfnrt", values[] = "\b\f\n\r\t";
  gchar *o = out;

  while (p < end) {
    const guchar *next = memchr (p, '\\', end - p);
    gsize run = (next != NULL ? next : end) - p;

    memcpy (o, p, run);
    o += run;
    p += run;
    if (next == NULL)
      break;
    if (p[1] == 'u') {
      gunichar c = 0;
      for (guint i = 2; i < 6; i++)
        c = c << 4 | (gunichar) g_ascii_xdigit_value ((gchar) p[i]);
      p += 6;
      if (c >= 0xd800 && c <= 0xdbff) {
        gunichar low = 0;
        for (guint i = 2; i < 6; i++)
          low = low << 4 | (gunichar) g_ascii_xdigit_value ((gchar) p[i]);
        p += 6;
        c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
      }
      o += g_unichar_to_utf8 (c, o);
    } else {
      const gchar *name = strchr (names, p[1]);
      *o++ = name != NULL ? values[name - names] : (gchar) p[1];
      p += 2;
    }
  }
  return o - out;
}

/**
 * trib_json_reader_string:
 * @r: a reader whose last token is %TRIB_JSON_STRING or %TRIB_JSON_KEY
 * @ret_len: (out) (optional): its length in bytes; the text itself may hold NUL
 *
 * Returns: (transfer none): valid UTF-8, terminated; lives until the next call that reads
 */
const gchar *
trib_json_reader_string (const TribJsonReader *r, gsize *ret_len)
{
  /* const for the caller: what the reader says does not change, it only says it on demand */
  TribJsonReader *self = (TribJsonReader *) r;

  g_return_val_if_fail (r->token == TRIB_JSON_STRING || r->token == TRIB_JSON_KEY, NULL);
  if (!self->str_ready) {
    const guchar *raw = self->text + self->raw_start;
    gchar *buf = reserve (self, self->raw_len + 1);

    if (self->raw_escapes) {
      self->str_len = resolve_escapes (raw, raw + self->raw_len, buf);
    } else {
      memcpy (buf, raw, self->raw_len);
      self->str_len = self->raw_len;
    }
    buf[self->str_len] = '\0';
    self->str_ready = TRUE;
  }
  if (ret_len != NULL)
    *ret_len = self->str_len;
  return self->buf;
}

/**
 * trib_json_reader_string_in_text:
 * @r: a reader whose last token is %TRIB_JSON_STRING or %TRIB_JSON_KEY
 * @ret_len: (out): its length in bytes
 *
 * Returns: (nullable) (transfer none): the string where it stands in the text, not terminated, as
 *   long as the text lives; %NULL when escapes stand there, which trib_json_reader_string()
 *   resolves
 */
const gchar *
trib_json_reader_string_in_text (const TribJsonReader *r, gsize *ret_len)
{
  g_return_val_if_fail (r->token == TRIB_JSON_STRING || r->token == TRIB_JSON_KEY, NULL);
  *ret_len = r->raw_len;
  return r->raw_escapes ? NULL : (const gchar *) r->text + r->raw_start;
}

/**
 * trib_json_reader_offset:
 * @r: a reader
 *
 * Returns: byte offset in the text where the last token begins; after an error, where the error is
 */
gsize
trib_json_reader_offset (const TribJsonReader *r)
{
  return r->offset;
}

/**
 * trib_json_reader_end_offset:
 * @r: a reader that has not failed
 *
 * Returns: byte offset in the text behind the last token
 */
gsize
trib_json_reader_end_offset (const TribJsonReader *r)
{
  return r->pos;
}

/**
 * trib_json_reader_depth:
 * @r: a reader
 *
 * Returns: how many containers are open after the last token
 */
guint
trib_json_reader_depth (const TribJsonReader *r)
{
  return r->depth;
}

/**
 * trib_json_reader_error:
 * @r: a reader
 *
 * Returns: (nullable) (transfer none): why the last token was %TRIB_JSON_ERROR_TOKEN; in the domain
 *   %TRIB_JSON_ERROR, the message ends with the byte offset
 */
const GError *
trib_json_reader_error (const TribJsonReader *r)
{
  return r->error;
}

/**
 * trib_json_token_to_string:
 * @token: a token
 *
 * Returns: what it is, to be put into a message
 */
const gchar *
trib_json_token_to_string (TribJsonToken token)
{
  static const gchar *const names[] = { "the end of the text", "null", "false", "true",
    "an integer", "an integer", "a number", "a string", "the name of a member", "an object",
    "the end of an object", "an array", "the end of an array" };

  return token >= 0 && (gsize) token < G_N_ELEMENTS (names) ? names[token] : "an error";
}

/**
 * trib_json_validate:
 * @text: (nullable): text, need not be terminated
 * @len: its length in bytes
 * @limits: (nullable): what to refuse, or %NULL for the defaults
 * @error: return location; the message ends with the byte offset
 *
 * Returns: whether @text is one valid JSON value within the limits
 */
gboolean
trib_json_validate (const gchar *text, gsize len, const TribJsonLimits *limits, GError **error)
{
  TribJsonReader r = { 0 };
  TribJsonToken token;

  g_return_val_if_fail (text != NULL || len == 0, FALSE);
  set_limits (&r, limits);
  start_text (&r, text, len);
  do {
    token = trib_json_reader_next (&r);
  } while (token > TRIB_JSON_END);
  if (token == TRIB_JSON_ERROR_TOKEN)
    g_propagate_error (error, g_steal_pointer (&r.error));
  return token == TRIB_JSON_END;
}
