/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-stream.h"

#include <string.h>

#include "trib-ndjson.h"

/* How far a value of MessagePack reaches, without a tree and without a stack: values that are owed,
 * and bytes of the present one that are passed over. Any number of bytes may be given at a time. */
typedef struct {
  guint64 owed;  /* values that have to come yet; 0: the next byte begins a new one */
  guint64 skip;  /* bytes of text, number and the like that may be anything */
  guint64 count; /* of a length that is being read */
  guint digits;  /* bytes of it that are not there yet */
  guint8 type;   /* what the length is of */
  guint64 bytes; /* of the value so far */
} Extent;

struct _TribRecordStream {
  gsize max_bytes;
  gboolean known; /* the format */
  TribRecordFormat format;
  guint64 position; /* in the stream, of what was looked at */
  GError *broken;

  TribNdjson *lines; /* JSON */

  /* MessagePack, and blanks before the format is known */
  const gchar *data;
  gsize len;
  gboolean ended;
  Extent extent;
  GString *kept;  /* the begin of a value whose end has not come */
  gboolean given; /* the value in @kept was given, and is to be forgotten */
};

/**
 * trib_record_stream_new:
 * @max_bytes: the largest value that is taken
 *
 * Returns: (transfer full): at the beginning of a stream
 */
TribRecordStream *
trib_record_stream_new (gsize max_bytes)
{
  TribRecordStream *s = g_new0 (TribRecordStream, 1);

  s->max_bytes = max_bytes;
  s->kept = g_string_new (NULL);
  s->lines = trib_ndjson_new (max_bytes);
  return s;
}

/**
 * trib_record_stream_new_lines:
 * @max_bytes: the longest line that is taken
 *
 * Returns: (transfer full): at the beginning of a stream of lines, whatever is in them; its format
 *   is JSON
 */
TribRecordStream *
trib_record_stream_new_lines (gsize max_bytes)
{
  TribRecordStream *s = trib_record_stream_new (max_bytes);

  s->known = TRUE;
  s->format = TRIB_RECORD_JSON;
  return s;
}

/**
 * trib_record_stream_free:
 * @s: (nullable) (transfer full): a stream
 */
void
trib_record_stream_free (TribRecordStream *s)
{
  if (s == NULL)
    return;
  trib_ndjson_free (s->lines);
  g_string_free (s->kept, TRUE);
  g_clear_error (&s->broken);
  g_free (s);
}

/**
 * trib_record_guess_format:
 * @first: the first byte of a record, or of a list of them, that is no blank
 * @ret_format: (out): what it is of
 *
 * Returns: %FALSE when it begins neither
 */
gboolean
trib_record_guess_format (guint8 first, TribRecordFormat *ret_format)
{
  *ret_format = first >= 0x80 && first != 0xef ? TRIB_RECORD_MSGPACK : TRIB_RECORD_JSON;
  if (*ret_format == TRIB_RECORD_MSGPACK)
    return first <= 0x9f || (first >= 0xdc && first <= 0xdf);
  /* 0xef: of a byte order mark */
  return first == '{' || first == '[' || first == 0xef;
}

static void
feed_lines (TribRecordStream *s)
{
  trib_ndjson_push (s->lines, s->data, s->len);
  s->position += s->len;
  s->data = NULL;
  s->len = 0;
}

/**
 * trib_record_stream_push:
 * @s: a stream whose trib_record_stream_next() has returned %TRIB_RECORD_STREAM_MORE
 * @data: (nullable): the next bytes; not copied, they must stay until it returns that again
 * @len: how many
 */
void
trib_record_stream_push (TribRecordStream *s, gconstpointer data, gsize len)
{
  g_return_if_fail (s->len == 0 && !s->ended);
  s->data = data;
  s->len = len;
  if (s->known && s->format == TRIB_RECORD_JSON && s->broken == NULL)
    feed_lines (s);
}

/**
 * trib_record_stream_end:
 * @s: a stream whose trib_record_stream_next() has returned %TRIB_RECORD_STREAM_MORE
 *
 * The stream ends here. What is left of JSON is its last line; what is left of MessagePack is half
 * a value.
 */
void
trib_record_stream_end (TribRecordStream *s)
{
  s->ended = TRUE;
  if (s->known && s->format == TRIB_RECORD_JSON)
    trib_ndjson_end (s->lines);
}

static TribRecordStreamResult
break_off (TribRecordStream *s, TribRecordError code, const gchar *what, GError **error)
{
  if (s->broken == NULL)
    s->broken = g_error_new (
        TRIB_RECORD_ERROR, (gint) code, "%s at byte %" G_GUINT64_FORMAT, what, s->position);
  s->len = 0;
  g_string_truncate (s->kept, 0);
  g_propagate_error (error, g_error_copy (s->broken));
  return TRIB_RECORD_STREAM_BROKEN;
}

/* ---- MessagePack ---- */

/* @n more values, of which the present one is not any more */
static void
owe (Extent *x, guint64 n)
{
  x->owed += n;
  x->owed--;
}

/* what a type of a fixed size is followed by; 0xff: it is followed by a length */
static guint8
fixed_size (guint8 type)
{
  static const guint8 sizes[0x20] = { [0xca - 0xc0] = 4,
    [0xcb - 0xc0] = 8,
    [0xcc - 0xc0] = 1,
    [0xcd - 0xc0] = 2,
    [0xce - 0xc0] = 4,
    [0xcf - 0xc0] = 8,
    [0xd0 - 0xc0] = 1,
    [0xd1 - 0xc0] = 2,
    [0xd2 - 0xc0] = 4,
    [0xd3 - 0xc0] = 8,
    [0xd4 - 0xc0] = 1 + 1,
    [0xd5 - 0xc0] = 1 + 2,
    [0xd6 - 0xc0] = 1 + 4,
    [0xd7 - 0xc0] = 1 + 8,
    [0xd8 - 0xc0] = 1 + 16 };

  if (type < 0xc0 || type > 0xdf)
    return 0;
  if ((type >= 0xc4 && type <= 0xc9) || type >= 0xd9)
    return 0xff;
  return sizes[type - 0xc0];
}

/* bytes of the length behind @type */
static guint
length_digits (guint8 type)
{
  if (type >= 0xdc)
    return type & 1 ? 4 : 2;
  return 1u << ((type >= 0xd9 ? type - 0xd9 : (type - 0xc4) % 3));
}

/* FALSE: no type at all */
static gboolean
begin_value (Extent *x, guint8 type)
{
  guint8 size = fixed_size (type);

  if (type == 0xc1)
    return FALSE;
  if (x->owed == 0)
    x->owed = 1;
  if (size == 0xff) {
    x->type = type;
    x->count = 0;
    x->digits = length_digits (type);
    return TRUE;
  }
  x->skip = size;
  if (type >= 0xa0 && type <= 0xbf)
    x->skip = type & 0x1f;
  owe (x, type >= 0x80 && type <= 0x8f   ? 2 * (guint64) (type & 0xf)
          : type >= 0x90 && type <= 0x9f ? type & 0xf
                                         : 0);
  return TRUE;
}

static void
take_length (Extent *x, guint8 digit)
{
  x->count = x->count << 8 | digit;
  if (--x->digits > 0)
    return;
  if (x->type >= 0xde) {
    owe (x, 2 * x->count);
  } else if (x->type >= 0xdc) {
    owe (x, x->count);
  } else {
    /* ext has its type before the bytes */
    x->skip = x->count + (x->type >= 0xc7 && x->type <= 0xc9 ? 1 : 0);
    owe (x, 0);
  }
}

/* whether the value ends here */
static gboolean
is_whole (const Extent *x)
{
  return x->owed == 0 && x->skip == 0 && x->digits == 0;
}

/* Goes over @len bytes, up to the end of the value. Each value that is owed has a byte at least, so
 * that a promise that is too large is seen when it is made. FALSE: @ret_code says why not. */
static gboolean
measure (
    Extent *x, const guint8 *p, gsize len, gsize max_bytes, gsize *used, TribRecordError *ret_code)
{
  gsize i = 0;
  gboolean good = TRUE;

  while (i < len && good) {
    gsize n = 1;

    if (x->skip > 0) {
      n = (gsize) MIN (x->skip, len - i);
      x->skip -= n;
    } else if (x->digits > 0) {
      take_length (x, p[i]);
    } else if (!begin_value (x, p[i])) {
      *ret_code = TRIB_RECORD_ERROR_SYNTAX;
      good = FALSE;
    }
    i += n;
    x->bytes += n;
    if (good && (x->bytes > max_bytes || x->skip + x->owed + x->digits > max_bytes - x->bytes)) {
      *ret_code = TRIB_RECORD_ERROR_LIMIT;
      good = FALSE;
    }
    if (is_whole (x))
      break;
  }
  *used = i;
  return good;
}

static TribRecordStreamResult
next_msgpack (TribRecordStream *s, TribRecordSlice *ret_value, GError **error)
{
  const gchar *begin = s->data;
  TribRecordError code = TRIB_RECORD_ERROR_SYNTAX;
  TribRecordFormat format;
  gboolean good;
  gsize used;

  if (s->len == 0) {
    if (s->ended && s->extent.bytes > 0)
      return break_off (s, TRIB_RECORD_ERROR_TRUNCATED, "the stream ends inside a value", error);
    return TRIB_RECORD_STREAM_MORE;
  }
  if (s->extent.bytes == 0
      && (!trib_record_guess_format ((guint8) *begin, &format) || format != TRIB_RECORD_MSGPACK))
    return break_off (s, TRIB_RECORD_ERROR_TYPE, "a value that is neither map nor list", error);
  good = measure (&s->extent, (const guint8 *) begin, s->len, s->max_bytes, &used, &code);
  s->position += used;
  s->data += used;
  s->len -= used;
  if (!good)
    return break_off (s, code,
        code == TRIB_RECORD_ERROR_LIMIT ? "a record larger than the limit" : "no MessagePack",
        error);
  if (!is_whole (&s->extent)) {
    g_string_append_len (s->kept, begin, (gssize) used);
    return TRIB_RECORD_STREAM_MORE;
  }
  s->extent = (Extent){ 0 };
  if (s->kept->len == 0) {
    /* most values lie in one piece: given where they are */
    *ret_value = (TribRecordSlice){ begin, used };
    return TRIB_RECORD_STREAM_VALUE;
  }
  g_string_append_len (s->kept, begin, (gssize) used);
  *ret_value = (TribRecordSlice){ s->kept->str, s->kept->len };
  s->given = TRUE;
  return TRIB_RECORD_STREAM_VALUE;
}

/* ---- JSON ---- */

static TribRecordStreamResult
next_json (TribRecordStream *s, TribRecordSlice *ret_value, GError **error)
{
  TribNdjsonLine line;

  if (!trib_ndjson_next (s->lines, &line))
    return TRIB_RECORD_STREAM_MORE;
  if (line.text == NULL) {
    g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_LIMIT,
        "a line longer than the limit (no line feed behind a record?) at byte %" G_GUINT64_FORMAT,
        line.offset);
    return TRIB_RECORD_STREAM_LOST;
  }
  *ret_value = (TribRecordSlice){ line.text, line.len };
  return TRIB_RECORD_STREAM_VALUE;
}

/* ---- both ---- */

/* FALSE: nothing but blanks yet, or @ret is set */
static gboolean
find_format (TribRecordStream *s, TribRecordStreamResult *ret, GError **error)
{
  while (s->len > 0 && strchr (" \t\r\n", *s->data) != NULL && *s->data != '\0') {
    s->data++;
    s->len--;
    s->position++;
  }
  *ret = TRIB_RECORD_STREAM_MORE;
  if (s->len == 0)
    return FALSE;
  if (!trib_record_guess_format ((guint8) *s->data, &s->format)) {
    *ret = break_off (s, TRIB_RECORD_ERROR_SYNTAX, "neither JSON nor MessagePack", error);
    return FALSE;
  }
  s->known = TRUE;
  if (s->format == TRIB_RECORD_JSON)
    feed_lines (s);
  return TRUE;
}

/**
 * trib_record_stream_next:
 * @s: a stream
 * @ret_value: (out caller-allocates): for %TRIB_RECORD_STREAM_VALUE; lives until the next call
 * @error: return location for %TRIB_RECORD_STREAM_LOST and %TRIB_RECORD_STREAM_BROKEN, in the
 *   domain %TRIB_RECORD_ERROR
 *
 * Returns: what came
 */
TribRecordStreamResult
trib_record_stream_next (TribRecordStream *s, TribRecordSlice *ret_value, GError **error)
{
  TribRecordStreamResult result;

  if (s->broken != NULL)
    return break_off (s, TRIB_RECORD_ERROR_SYNTAX, "", error);
  if (s->given) {
    g_string_truncate (s->kept, 0);
    s->given = FALSE;
  }
  if (!s->known && !find_format (s, &result, error))
    return result;
  return s->format == TRIB_RECORD_JSON ? next_json (s, ret_value, error)
                                       : next_msgpack (s, ret_value, error);
}

/**
 * trib_record_stream_format:
 * @s: a stream
 * @ret_format: (out): what its values are of
 *
 * Returns: %FALSE before the first byte that shows it
 */
gboolean
trib_record_stream_format (const TribRecordStream *s, TribRecordFormat *ret_format)
{
  *ret_format = s->format;
  return s->known;
}

/**
 * trib_record_stream_partial:
 * @s: a stream whose trib_record_stream_next() has returned %TRIB_RECORD_STREAM_MORE
 *
 * Returns: bytes that came of a value whose end has not; 0 between two
 */
guint64
trib_record_stream_partial (const TribRecordStream *s)
{
  if (!s->known || s->broken != NULL)
    return 0;
  return s->format == TRIB_RECORD_JSON ? trib_ndjson_partial (s->lines) : s->extent.bytes;
}
