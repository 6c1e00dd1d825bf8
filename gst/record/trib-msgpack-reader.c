/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-msgpack-reader.h"

#include <stdarg.h>
#include <string.h>

#include "trib-json-text.h"

G_DEFINE_QUARK (trib - msgpack - error - quark, trib_msgpack_error)

typedef struct {
  guint64 left; /* values still owed by this container; a member of a map is two */
  gboolean map;
  gboolean key; /* the container itself is a key */
} Level;

struct _TribMsgpackReader {
  const guint8 *data;
  gsize len;
  gsize pos;
  gsize max_bytes;
  guint max_depth;

  guint depth;
  gboolean complete; /* the one value has been read */
  gboolean failed;
  guint64 owed; /* by all open containers */

  TribMsgpackToken token;
  gsize offset;
  gboolean is_key;
  union {
    gint64 i;
    guint64 u;
    gfloat f;
    gdouble d;
  } value;
  const guint8 *bytes;
  gsize n_bytes;
  gint ext_type;
  guint32 count;
  GError *error;

  Level levels[TRIB_MSGPACK_MAX_DEPTH]; /* last, so that the rest shares cache lines */
};

/* the error's place is the reader's offset from here on, and the end of the message */
static TribMsgpackToken G_GNUC_PRINTF (4, 5)
    fail (TribMsgpackReader *r, TribMsgpackError code, gsize offset, const gchar *format, ...)
{
  g_autofree gchar *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_clear_error (&r->error);
  r->error = g_error_new (TRIB_MSGPACK_ERROR, code, "%s at byte %" G_GSIZE_FORMAT, what, offset);
  r->offset = offset;
  r->failed = TRUE;
  return TRIB_MSGPACK_ERROR_TOKEN;
}

static TribMsgpackToken
fail_truncated (TribMsgpackReader *r, const gchar *wanted)
{
  return fail (r, TRIB_MSGPACK_ERROR_TRUNCATED, r->len, "expected %s, the data ends", wanted);
}

/* @n bytes, most significant first; the caller has checked that they are there */
static inline guint64
big_endian (const guint8 *p, guint n)
{
  guint64 value = 0;

  for (guint i = 0; i < n; i++)
    value = value << 8 | p[i];
  return value;
}

/* takes an unsigned number of @n bytes; FALSE after an error */
static inline gboolean
take (TribMsgpackReader *r, guint n, guint64 *ret)
{
  if (G_UNLIKELY (r->len - r->pos < n)) {
    fail_truncated (r, "the rest of a number or length");
    return FALSE;
  }
  *ret = big_endian (r->data + r->pos, n);
  r->pos += n;
  return TRUE;
}

static inline void
value_done (TribMsgpackReader *r)
{
  r->complete = r->depth == 0;
}

static TribMsgpackToken
open_container (TribMsgpackReader *r, gboolean map, guint64 count)
{
  guint64 values = map ? count * 2 : count;
  gsize left = r->len - r->pos;

  if (r->depth >= r->max_depth)
    return fail (
        r, TRIB_MSGPACK_ERROR_LIMIT, r->offset, "nested deeper than %u levels", r->max_depth);
  /* each value has a byte at least */
  if (r->owed > left || values > left - r->owed)
    return fail (r, TRIB_MSGPACK_ERROR_TRUNCATED, r->offset,
        "%s of %" G_GUINT64_FORMAT " %s, but %" G_GSIZE_FORMAT " bytes are left for it and what "
        "else is due",
        map ? "a map" : "an array", count, map ? "members" : "elements", left);
  r->levels[r->depth++] = (Level){ .left = values, .map = map, .key = r->is_key };
  r->owed += values;
  r->count = (guint32) count;
  return map ? TRIB_MSGPACK_MAP_BEGIN : TRIB_MSGPACK_ARRAY_BEGIN;
}

static TribMsgpackToken
close_container (TribMsgpackReader *r)
{
  const Level *level = &r->levels[--r->depth];

  r->is_key = level->key;
  value_done (r);
  return level->map ? TRIB_MSGPACK_MAP_END : TRIB_MSGPACK_ARRAY_END;
}

static gboolean
take_bytes (TribMsgpackReader *r, guint64 n, const gchar *what)
{
  if (n > r->len - r->pos) {
    fail (r, TRIB_MSGPACK_ERROR_TRUNCATED, r->len,
        "expected %s of %" G_GUINT64_FORMAT " bytes, the data ends after %" G_GSIZE_FORMAT, what, n,
        r->len - r->pos);
    return FALSE;
  }
  r->bytes = r->data + r->pos;
  r->n_bytes = (gsize) n;
  r->pos += (gsize) n;
  return TRUE;
}

static TribMsgpackToken
read_string (TribMsgpackReader *r, guint64 n)
{
  const guchar *bad;

  if (!take_bytes (r, n, "a string"))
    return TRIB_MSGPACK_ERROR_TOKEN;
  bad = trib_json_utf8_run (r->bytes, r->bytes + r->n_bytes);
  if (bad != r->bytes + r->n_bytes)
    return fail (r, TRIB_MSGPACK_ERROR_UTF8, bad - r->data,
        "byte 0x%02x begins no valid UTF-8 character", *bad);
  value_done (r);
  return TRIB_MSGPACK_STRING;
}

static TribMsgpackToken
read_binary (TribMsgpackReader *r, guint64 n)
{
  if (!take_bytes (r, n, "binary data"))
    return TRIB_MSGPACK_ERROR_TOKEN;
  r->ext_type = 0;
  value_done (r);
  return TRIB_MSGPACK_BINARY;
}

static guint64
timestamp_nanoseconds (const guint8 *p, gsize n)
{
  return n == 4 ? 0 : n == 8 ? big_endian (p, 8) >> 34 : big_endian (p, 4);
}

static TribMsgpackToken
read_ext (TribMsgpackReader *r, guint64 n)
{
  guint64 type;

  if (!take (r, 1, &type) || !take_bytes (r, n, "an extension"))
    return TRIB_MSGPACK_ERROR_TOKEN;
  r->ext_type = (gint8) type;
  if (r->ext_type == TRIB_MSGPACK_EXT_TIMESTAMP) {
    if (n != 4 && n != 8 && n != 12)
      return fail (r, TRIB_MSGPACK_ERROR_SYNTAX, r->offset,
          "a timestamp of %" G_GUINT64_FORMAT " bytes, which are 4, 8 or 12,", n);
    if (timestamp_nanoseconds (r->bytes, r->n_bytes) > 999999999)
      return fail (r, TRIB_MSGPACK_ERROR_SYNTAX, r->offset,
          "a timestamp of %" G_GUINT64_FORMAT " nanoseconds, above 999999999,",
          timestamp_nanoseconds (r->bytes, r->n_bytes));
  }
  value_done (r);
  return TRIB_MSGPACK_EXT;
}

static inline TribMsgpackToken
give_int (TribMsgpackReader *r, gint64 value)
{
  r->value.i = value;
  value_done (r);
  return TRIB_MSGPACK_INT;
}

static inline TribMsgpackToken
give_literal (TribMsgpackReader *r, TribMsgpackToken token)
{
  value_done (r);
  return token;
}

static TribMsgpackToken
read_unsigned (TribMsgpackReader *r, guint width)
{
  guint64 u;

  if (!take (r, width, &u))
    return TRIB_MSGPACK_ERROR_TOKEN;
  r->value.u = u;
  value_done (r);
  return u > (guint64) G_MAXINT64 ? TRIB_MSGPACK_UINT : TRIB_MSGPACK_INT;
}

static TribMsgpackToken
read_signed (TribMsgpackReader *r, guint width)
{
  guint64 u;

  if (!take (r, width, &u))
    return TRIB_MSGPACK_ERROR_TOKEN;
  switch (width) {
    case 1:
      return give_int (r, (gint8) u);
    case 2:
      return give_int (r, (gint16) u);
    case 4:
      return give_int (r, (gint32) u);
    default:
      return give_int (r, (gint64) u);
  }
}

static TribMsgpackToken
read_float (TribMsgpackReader *r, guint width)
{
  guint64 u;
  guint32 narrow;

  if (!take (r, width, &u))
    return TRIB_MSGPACK_ERROR_TOKEN;
  value_done (r);
  if (width == 8) {
    memcpy (&r->value.d, &u, 8);
    return TRIB_MSGPACK_FLOAT64;
  }
  narrow = (guint32) u;
  memcpy (&r->value.f, &narrow, 4);
  return TRIB_MSGPACK_FLOAT32;
}

/* the heads 0xc0 to 0xdf: what follows has a length of its own */
static TribMsgpackToken
read_headed (TribMsgpackReader *r, guint8 head)
{
  guint64 n;

  switch (head) {
    case 0xc0:
      return give_literal (r, TRIB_MSGPACK_NIL);
    case 0xc1:
      return fail (
          r, TRIB_MSGPACK_ERROR_SYNTAX, r->offset, "the byte 0xc1, which begins no value,");
    case 0xc2:
    case 0xc3:
      return give_literal (r, head == 0xc3 ? TRIB_MSGPACK_TRUE : TRIB_MSGPACK_FALSE);
    case 0xca:
    case 0xcb:
      return read_float (r, head == 0xca ? 4 : 8);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return read_unsigned (r, 1u << (head - 0xcc));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return read_signed (r, 1u << (head - 0xd0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return read_ext (r, 1u << (head - 0xd4));
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return take (r, 1u << (head - 0xc4), &n) ? read_binary (r, n) : TRIB_MSGPACK_ERROR_TOKEN;
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return take (r, 1u << (head - 0xc7), &n) ? read_ext (r, n) : TRIB_MSGPACK_ERROR_TOKEN;
    case 0xd9:
    case 0xda:
    case 0xdb:
      return take (r, 1u << (head - 0xd9), &n) ? read_string (r, n) : TRIB_MSGPACK_ERROR_TOKEN;
    case 0xdc:
    case 0xdd:
      return take (r, 2u << (head - 0xdc), &n) ? open_container (r, FALSE, n)
                                               : TRIB_MSGPACK_ERROR_TOKEN;
    default:
      return take (r, 2u << (head - 0xde), &n) ? open_container (r, TRUE, n)
                                               : TRIB_MSGPACK_ERROR_TOKEN;
  }
}

static TribMsgpackToken
read_value (TribMsgpackReader *r)
{
  guint8 head;

  r->is_key = FALSE;
  if (r->depth > 0) {
    Level *level = &r->levels[r->depth - 1];
    r->is_key = level->map && level->left % 2 == 0;
    level->left--;
    r->owed--;
  }
  if (r->pos >= r->len)
    return fail_truncated (r, "a value");
  head = r->data[r->pos++];
  if (head <= 0x7f)
    return give_int (r, head);
  if (head >= 0xe0)
    return give_int (r, (gint8) head);
  if (head <= 0x9f)
    return open_container (r, head <= 0x8f, head & 0x0f);
  if (head <= 0xbf)
    return read_string (r, head & 0x1f);
  return read_headed (r, head);
}

static TribMsgpackToken
read_token (TribMsgpackReader *r)
{
  r->offset = r->pos;
  if (r->depth > 0 && r->levels[r->depth - 1].left == 0)
    return close_container (r);
  if (!r->complete)
    return read_value (r);
  if (r->pos == r->len)
    return TRIB_MSGPACK_END;
  return fail (r, TRIB_MSGPACK_ERROR_SYNTAX, r->pos,
      "expected nothing after the value, found byte 0x%02x", r->data[r->pos]);
}

static void
start_data (TribMsgpackReader *r, const guint8 *data, gsize len)
{
  /* arithmetic on a NULL pointer is undefined, even with 0 */
  r->data = len > 0 ? data : (const guint8 *) "";
  r->len = len;
  r->pos = 0;
  r->offset = 0;
  r->depth = 0;
  r->owed = 0;
  r->complete = FALSE;
  r->failed = FALSE;
  r->is_key = FALSE;
  r->token = TRIB_MSGPACK_END;
  g_clear_error (&r->error);
  if (len > r->max_bytes)
    r->token = fail (r, TRIB_MSGPACK_ERROR_LIMIT, r->max_bytes,
        "the data has %" G_GSIZE_FORMAT " bytes, larger than the limit", len);
}

static void
set_limits (TribMsgpackReader *r, const TribMsgpackLimits *limits)
{
  r->error = NULL;
  r->max_bytes = TRIB_MSGPACK_DEFAULT_MAX_BYTES;
  r->max_depth = TRIB_MSGPACK_DEFAULT_MAX_DEPTH;
  if (limits != NULL && limits->max_bytes > 0)
    r->max_bytes = limits->max_bytes;
  if (limits != NULL && limits->max_depth > 0)
    r->max_depth = MIN (limits->max_depth, TRIB_MSGPACK_MAX_DEPTH);
}

/**
 * trib_msgpack_reader_new:
 * @data: (nullable): MessagePack, not copied: it must outlive the reader
 * @len: its length in bytes
 * @limits: (nullable): what to refuse, or %NULL for the defaults
 *
 * Data above the limit of bytes is refused by the first trib_msgpack_reader_next().
 *
 * Returns: (transfer full): a reader, for one thread at a time
 */
TribMsgpackReader *
trib_msgpack_reader_new (const guint8 *data, gsize len, const TribMsgpackLimits *limits)
{
  TribMsgpackReader *r;

  g_return_val_if_fail (data != NULL || len == 0, NULL);
  /* the stack is written before it is read */
  r = g_new (TribMsgpackReader, 1);
  set_limits (r, limits);
  start_data (r, data, len);
  return r;
}

/**
 * trib_msgpack_reader_free:
 * @r: (nullable) (transfer full): a reader
 */
void
trib_msgpack_reader_free (TribMsgpackReader *r)
{
  if (r == NULL)
    return;
  g_clear_error (&r->error);
  g_free (r);
}

/**
 * trib_msgpack_reader_reset:
 * @r: a reader, in any state
 * @data: (nullable): MessagePack, as for trib_msgpack_reader_new()
 * @len: its length in bytes
 *
 * Starts over on @data, with the same limits and the same memory.
 */
void
trib_msgpack_reader_reset (TribMsgpackReader *r, const guint8 *data, gsize len)
{
  g_return_if_fail (data != NULL || len == 0);
  start_data (r, data, len);
}

/**
 * trib_msgpack_reader_next:
 * @r: a reader
 *
 * Reads one token. Tokens before an error are good by themselves, but only %TRIB_MSGPACK_END says
 * that all of the data is one value.
 *
 * Returns: the token; %TRIB_MSGPACK_END and %TRIB_MSGPACK_ERROR_TOKEN are given again by further
 *   calls
 */
TribMsgpackToken
trib_msgpack_reader_next (TribMsgpackReader *r)
{
  if (!r->failed)
    r->token = read_token (r);
  return r->token;
}

/**
 * trib_msgpack_reader_skip:
 * @r: a reader
 *
 * Passes over the value that the next token begins. When that is a key, it is the whole member.
 * Right after the begin of a container it is the rest of that container, its end included. What is
 * passed over is checked like anything else.
 *
 * Returns: %FALSE on error; where no value is left to pass over, that is %TRIB_MSGPACK_ERROR_TYPE
 */
gboolean
trib_msgpack_reader_skip (TribMsgpackReader *r)
{
  gboolean inside = r->token == TRIB_MSGPACK_MAP_BEGIN || r->token == TRIB_MSGPACK_ARRAY_BEGIN;
  guint depth = inside ? r->depth - 1 : r->depth;
  TribMsgpackToken token = trib_msgpack_reader_next (r);
  guint values = token > TRIB_MSGPACK_END && r->is_key && !inside ? 2 : 1;

  if (token == TRIB_MSGPACK_END
      || (token != TRIB_MSGPACK_ERROR_TOKEN && r->depth < depth && !inside)) {
    r->token = fail (r, TRIB_MSGPACK_ERROR_TYPE, r->offset, "expected a value, found %s",
        trib_msgpack_token_to_string (token));
    return FALSE;
  }
  for (;;) {
    while (token != TRIB_MSGPACK_ERROR_TOKEN && r->depth > depth)
      token = trib_msgpack_reader_next (r);
    if (token == TRIB_MSGPACK_ERROR_TOKEN || --values == 0)
      break;
    token = trib_msgpack_reader_next (r);
  }
  return token != TRIB_MSGPACK_ERROR_TOKEN;
}

/**
 * trib_msgpack_reader_is_key:
 * @r: a reader
 *
 * Returns: whether the last token is the key of a member, or the begin or end of one
 */
gboolean
trib_msgpack_reader_is_key (const TribMsgpackReader *r)
{
  return r->is_key;
}

/**
 * trib_msgpack_reader_int:
 * @r: a reader whose last token is %TRIB_MSGPACK_INT
 *
 * Returns: its value
 */
gint64
trib_msgpack_reader_int (const TribMsgpackReader *r)
{
  g_return_val_if_fail (r->token == TRIB_MSGPACK_INT, 0);
  return r->value.i;
}

/**
 * trib_msgpack_reader_uint:
 * @r: a reader whose last token is %TRIB_MSGPACK_UINT, or %TRIB_MSGPACK_INT and not negative
 *
 * Returns: its value
 */
guint64
trib_msgpack_reader_uint (const TribMsgpackReader *r)
{
  g_return_val_if_fail (
      r->token == TRIB_MSGPACK_UINT || (r->token == TRIB_MSGPACK_INT && r->value.i >= 0), 0);
  return r->value.u;
}

/**
 * trib_msgpack_reader_float:
 * @r: a reader whose last token is %TRIB_MSGPACK_FLOAT32
 *
 * Returns: its value
 */
gfloat
trib_msgpack_reader_float (const TribMsgpackReader *r)
{
  g_return_val_if_fail (r->token == TRIB_MSGPACK_FLOAT32, 0);
  return r->value.f;
}

/**
 * trib_msgpack_reader_double:
 * @r: a reader whose last token is a number
 *
 * Returns: its value; integers beyond 2^53 are rounded to the nearest double
 */
gdouble
trib_msgpack_reader_double (const TribMsgpackReader *r)
{
  switch (r->token) {
    case TRIB_MSGPACK_INT:
      return (gdouble) r->value.i;
    case TRIB_MSGPACK_UINT:
      return (gdouble) r->value.u;
    case TRIB_MSGPACK_FLOAT32:
      return (gdouble) r->value.f;
    default:
      g_return_val_if_fail (r->token == TRIB_MSGPACK_FLOAT64, 0.0);
      return r->value.d;
  }
}

/**
 * trib_msgpack_reader_string:
 * @r: a reader whose last token is %TRIB_MSGPACK_STRING
 * @ret_len: (out): its length in bytes; the text itself may hold NUL
 *
 * Returns: (transfer none): valid UTF-8, not terminated; lives as long as the data
 */
const gchar *
trib_msgpack_reader_string (const TribMsgpackReader *r, gsize *ret_len)
{
  g_return_val_if_fail (r->token == TRIB_MSGPACK_STRING, NULL);
  *ret_len = r->n_bytes;
  return (const gchar *) r->bytes;
}

/**
 * trib_msgpack_reader_bytes:
 * @r: a reader whose last token is %TRIB_MSGPACK_BINARY or %TRIB_MSGPACK_EXT
 * @ret_len: (out): how many
 * @ret_type: (out) (optional): type of the extension, -128 to 127; 0 for binary data
 *
 * Returns: (transfer none): the bytes; they live as long as the data
 */
const guint8 *
trib_msgpack_reader_bytes (const TribMsgpackReader *r, gsize *ret_len, gint *ret_type)
{
  g_return_val_if_fail (r->token == TRIB_MSGPACK_BINARY || r->token == TRIB_MSGPACK_EXT, NULL);
  *ret_len = r->n_bytes;
  if (ret_type != NULL)
    *ret_type = r->ext_type;
  return r->bytes;
}

/**
 * trib_msgpack_reader_timestamp:
 * @r: a reader whose last token is %TRIB_MSGPACK_EXT
 * @ret_seconds: (out): since the Unix epoch
 * @ret_nanoseconds: (out): to be added, at most 999999999
 *
 * Returns: %FALSE when the extension is no timestamp
 */
gboolean
trib_msgpack_reader_timestamp (
    const TribMsgpackReader *r, gint64 *ret_seconds, guint32 *ret_nanoseconds)
{
  g_return_val_if_fail (r->token == TRIB_MSGPACK_EXT, FALSE);
  if (r->ext_type != TRIB_MSGPACK_EXT_TIMESTAMP)
    return FALSE;
  *ret_nanoseconds = (guint32) timestamp_nanoseconds (r->bytes, r->n_bytes);
  if (r->n_bytes == 4)
    *ret_seconds = (gint64) big_endian (r->bytes, 4);
  else if (r->n_bytes == 8)
    *ret_seconds = (gint64) (big_endian (r->bytes, 8) & ((G_GUINT64_CONSTANT (1) << 34) - 1));
  else
    *ret_seconds = (gint64) big_endian (r->bytes + 4, 8);
  return TRUE;
}

/**
 * trib_msgpack_reader_count:
 * @r: a reader whose last token begins a container
 *
 * Returns: how many members or elements it has
 */
guint32
trib_msgpack_reader_count (const TribMsgpackReader *r)
{
  g_return_val_if_fail (
      r->token == TRIB_MSGPACK_MAP_BEGIN || r->token == TRIB_MSGPACK_ARRAY_BEGIN, 0);
  return r->count;
}

/**
 * trib_msgpack_reader_offset:
 * @r: a reader
 *
 * Returns: byte offset in the data where the last token begins; after an error, where the error is
 */
gsize
trib_msgpack_reader_offset (const TribMsgpackReader *r)
{
  return r->offset;
}

/**
 * trib_msgpack_reader_end_offset:
 * @r: a reader that has not failed
 *
 * Returns: byte offset in the data behind the last token
 */
gsize
trib_msgpack_reader_end_offset (const TribMsgpackReader *r)
{
  return r->pos;
}

/**
 * trib_msgpack_reader_depth:
 * @r: a reader
 *
 * Returns: how many containers are open after the last token
 */
guint
trib_msgpack_reader_depth (const TribMsgpackReader *r)
{
  return r->depth;
}

/**
 * trib_msgpack_reader_error:
 * @r: a reader
 *
 * Returns: (nullable) (transfer none): why the last token was %TRIB_MSGPACK_ERROR_TOKEN; in the
 *   domain %TRIB_MSGPACK_ERROR, the message ends with the byte offset
 */
const GError *
trib_msgpack_reader_error (const TribMsgpackReader *r)
{
  return r->error;
}

/**
 * trib_msgpack_token_to_string:
 * @token: a token
 *
 * Returns: what it is, to be put into a message
 */
const gchar *
trib_msgpack_token_to_string (TribMsgpackToken token)
{
  static const gchar *const names[] = { "the end of the data", "nil", "false", "true", "an integer",
    "an integer", "a number", "a number", "a string", "binary data", "an extension", "a map",
    "the end of a map", "an array", "the end of an array" };

  return token >= 0 && (gsize) token < G_N_ELEMENTS (names) ? names[token] : "an error";
}

/**
 * trib_msgpack_validate:
 * @data: (nullable): MessagePack
 * @len: its length in bytes
 * @limits: (nullable): what to refuse, or %NULL for the defaults
 * @error: return location; the message ends with the byte offset
 *
 * Returns: whether @data is one valid value within the limits
 */
gboolean
trib_msgpack_validate (
    const guint8 *data, gsize len, const TribMsgpackLimits *limits, GError **error)
{
  TribMsgpackReader r;
  TribMsgpackToken token;

  g_return_val_if_fail (data != NULL || len == 0, FALSE);
  set_limits (&r, limits);
  start_data (&r, data, len);
  do {
    token = trib_msgpack_reader_next (&r);
  } while (token > TRIB_MSGPACK_END);
  if (token == TRIB_MSGPACK_ERROR_TOKEN)
    g_propagate_error (error, g_steal_pointer (&r.error));
  return token == TRIB_MSGPACK_END;
}
