/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-msgpack-writer.h"

#include <string.h>

/* @n bytes more at the end, to be written by the caller. GLib's own functions are calls of calls,
 * and most values are one to nine bytes. */
static inline guint8 *
extend (GString *out, gsize n)
{
  gsize len = out->len;

  if (G_LIKELY (n < out->allocated_len - len)) {
    out->len = len + n;
    out->str[out->len] = '\0';
  } else {
    g_string_set_size (out, len + n);
  }
  return (guint8 *) out->str + len;
}

static inline void
put_big_endian (guint8 *p, guint64 value, guint n)
{
  for (guint i = n; i > 0; i--) {
    p[i - 1] = (guint8) value;
    value >>= 8;
  }
}

static inline void
before_value (TribMsgpackWriter *w)
{
  if (w->depth == 0) {
    g_assert (!w->complete);
    w->complete = TRUE;
  } else {
    TribMsgpackWriterLevel *level = &w->levels[w->depth - 1];
    g_assert (!level->map || level->values % 2 == 1);
    level->values++;
  }
}

/* a head and a number of @n bytes behind it */
static inline guint8 *
put_headed (TribMsgpackWriter *w, guint8 head, guint64 value, guint n, gsize more)
{
  guint8 *p = extend (w->out, 1 + n + more);

  *p = head;
  put_big_endian (p + 1, value, n);
  return p + 1 + n;
}

static void
begin_container (TribMsgpackWriter *w, gboolean map)
{
  before_value (w);
  g_assert (w->depth < TRIB_MSGPACK_WRITER_MAX_DEPTH);
  w->complete = FALSE;
  w->levels[w->depth++] = (TribMsgpackWriterLevel){ .start = w->out->len, .map = map };
  *extend (w->out, 1) = 0;
}

static void
end_container (TribMsgpackWriter *w, gboolean map)
{
  const TribMsgpackWriterLevel *level;
  guint64 count;
  guint8 *header;

  g_assert (w->depth > 0);
  level = &w->levels[--w->depth];
  g_assert (level->map == map && (!map || level->values % 2 == 0));
  count = map ? level->values / 2 : level->values;
  g_assert (count <= G_MAXUINT32);
  if (count <= 15) {
    w->out->str[level->start] = (gchar) ((map ? 0x80 : 0x90) | count);
  } else {
    guint n = count <= G_MAXUINT16 ? 2 : 4;
    gsize body = w->out->len - level->start - 1;

    extend (w->out, n);
    header = (guint8 *) w->out->str + level->start;
    memmove (header + 1 + n, header + 1, body);
    *header = (map ? 0xde : 0xdc) + (n == 4);
    put_big_endian (header + 1, count, n);
  }
  w->complete = w->depth == 0;
}

static void
put_string (TribMsgpackWriter *w, const gchar *value, gsize len)
{
  guint8 *p;

  g_assert (len <= G_MAXUINT32);
  if (len <= 31) {
    p = extend (w->out, 1 + len);
    *p++ = 0xa0 | (guint8) len;
  } else if (len <= G_MAXUINT8) {
    p = put_headed (w, 0xd9, len, 1, len);
  } else if (len <= G_MAXUINT16) {
    p = put_headed (w, 0xda, len, 2, len);
  } else {
    p = put_headed (w, 0xdb, len, 4, len);
  }
  if (len > 0)
    memcpy (p, value, len);
}

/**
 * trib_msgpack_writer_init:
 * @w: (out caller-allocates): a writer; holds nothing that must be freed
 * @out: where the bytes are appended; not owned, must outlive @w
 *
 * Also starts @w over for another value.
 */
void
trib_msgpack_writer_init (TribMsgpackWriter *w, GString *out)
{
  /* a level is written when it is begun */
  w->out = out;
  w->depth = 0;
  w->complete = FALSE;
}

/**
 * trib_msgpack_writer_begin_map:
 * @w: a writer that a value is due of; at most %TRIB_MSGPACK_WRITER_MAX_DEPTH containers may be
 *   open
 */
void
trib_msgpack_writer_begin_map (TribMsgpackWriter *w)
{
  begin_container (w, TRUE);
}

/**
 * trib_msgpack_writer_end_map:
 * @w: a writer whose innermost open container is a map
 */
void
trib_msgpack_writer_end_map (TribMsgpackWriter *w)
{
  end_container (w, TRUE);
}

/**
 * trib_msgpack_writer_begin_array:
 * @w: a writer that a value is due of; at most %TRIB_MSGPACK_WRITER_MAX_DEPTH containers may be
 *   open
 */
void
trib_msgpack_writer_begin_array (TribMsgpackWriter *w)
{
  begin_container (w, FALSE);
}

/**
 * trib_msgpack_writer_end_array:
 * @w: a writer whose innermost open container is an array
 */
void
trib_msgpack_writer_end_array (TribMsgpackWriter *w)
{
  end_container (w, FALSE);
}

/**
 * trib_msgpack_writer_key:
 * @w: a writer inside a map, with no value due
 * @key: the member's name; the writer does not look for one that is there already
 */
void
trib_msgpack_writer_key (TribMsgpackWriter *w, const gchar *key)
{
  g_assert (key != NULL);
  trib_msgpack_writer_key_len (w, key, strlen (key));
}

/**
 * trib_msgpack_writer_key_len:
 * @w: a writer inside a map, with no value due
 * @key: the member's name, UTF-8; may hold NUL bytes, need not be terminated
 * @len: its length in bytes
 */
void
trib_msgpack_writer_key_len (TribMsgpackWriter *w, const gchar *key, gsize len)
{
  TribMsgpackWriterLevel *level;

  g_assert (w->depth > 0 && key != NULL);
  level = &w->levels[w->depth - 1];
  g_assert (level->map && level->values % 2 == 0);
  level->values++;
  put_string (w, key, len);
}

/**
 * trib_msgpack_writer_nil:
 * @w: a writer that a value is due of
 */
void
trib_msgpack_writer_nil (TribMsgpackWriter *w)
{
  before_value (w);
  *extend (w->out, 1) = 0xc0;
}

/**
 * trib_msgpack_writer_boolean:
 * @w: a writer that a value is due of
 * @value: the value
 */
void
trib_msgpack_writer_boolean (TribMsgpackWriter *w, gboolean value)
{
  before_value (w);
  *extend (w->out, 1) = value ? 0xc3 : 0xc2;
}

static void
put_uint (TribMsgpackWriter *w, guint64 value)
{
  if (value <= 0x7f)
    *extend (w->out, 1) = (guint8) value;
  else if (value <= G_MAXUINT8)
    put_headed (w, 0xcc, value, 1, 0);
  else if (value <= G_MAXUINT16)
    put_headed (w, 0xcd, value, 2, 0);
  else if (value <= G_MAXUINT32)
    put_headed (w, 0xce, value, 4, 0);
  else
    put_headed (w, 0xcf, value, 8, 0);
}

/**
 * trib_msgpack_writer_int:
 * @w: a writer that a value is due of
 * @value: the value, written exactly, in its smallest form
 */
void
trib_msgpack_writer_int (TribMsgpackWriter *w, gint64 value)
{
  before_value (w);
  if (value >= 0)
    put_uint (w, (guint64) value);
  else if (value >= -32)
    *extend (w->out, 1) = (guint8) value;
  else if (value >= G_MININT8)
    put_headed (w, 0xd0, (guint64) value, 1, 0);
  else if (value >= G_MININT16)
    put_headed (w, 0xd1, (guint64) value, 2, 0);
  else if (value >= G_MININT32)
    put_headed (w, 0xd2, (guint64) value, 4, 0);
  else
    put_headed (w, 0xd3, (guint64) value, 8, 0);
}

/**
 * trib_msgpack_writer_uint:
 * @w: a writer that a value is due of
 * @value: the value, written exactly, in its smallest form
 */
void
trib_msgpack_writer_uint (TribMsgpackWriter *w, guint64 value)
{
  before_value (w);
  put_uint (w, value);
}

/**
 * trib_msgpack_writer_float:
 * @w: a writer that a value is due of
 * @value: the value, written as float32, bit for bit
 */
void
trib_msgpack_writer_float (TribMsgpackWriter *w, gfloat value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  before_value (w);
  put_headed (w, 0xca, bits, 4, 0);
}

/**
 * trib_msgpack_writer_double:
 * @w: a writer that a value is due of
 * @value: the value, written as float64, bit for bit
 */
void
trib_msgpack_writer_double (TribMsgpackWriter *w, gdouble value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  before_value (w);
  put_headed (w, 0xcb, bits, 8, 0);
}

/**
 * trib_msgpack_writer_string:
 * @w: a writer that a value is due of
 * @value: (nullable): UTF-8, not checked; %NULL becomes nil
 */
void
trib_msgpack_writer_string (TribMsgpackWriter *w, const gchar *value)
{
  if (value == NULL)
    trib_msgpack_writer_nil (w);
  else
    trib_msgpack_writer_string_len (w, value, strlen (value));
}

/**
 * trib_msgpack_writer_string_len:
 * @w: a writer that a value is due of
 * @value: UTF-8, not checked; need not be terminated, may hold NUL
 * @len: its length in bytes
 */
void
trib_msgpack_writer_string_len (TribMsgpackWriter *w, const gchar *value, gsize len)
{
  g_assert (value != NULL || len == 0);
  before_value (w);
  put_string (w, value, len);
}

/**
 * trib_msgpack_writer_binary:
 * @w: a writer that a value is due of
 * @data: (nullable): bytes
 * @len: how many
 */
void
trib_msgpack_writer_binary (TribMsgpackWriter *w, const guint8 *data, gsize len)
{
  guint wide = len <= G_MAXUINT8 ? 0 : len <= G_MAXUINT16 ? 1 : 2;
  guint8 *p;

  g_assert ((data != NULL || len == 0) && len <= G_MAXUINT32);
  before_value (w);
  p = put_headed (w, 0xc4 + wide, len, 1u << wide, len);
  if (len > 0)
    memcpy (p, data, len);
}

/**
 * trib_msgpack_writer_ext:
 * @w: a writer that a value is due of
 * @type: of the extension, -128 to 127
 * @data: (nullable): bytes
 * @len: how many
 */
void
trib_msgpack_writer_ext (TribMsgpackWriter *w, gint type, const guint8 *data, gsize len)
{
  guint8 *p;

  g_assert ((data != NULL || len == 0) && len <= G_MAXUINT32);
  g_assert (type >= G_MININT8 && type <= G_MAXINT8);
  before_value (w);
  if (len == 1 || len == 2 || len == 4 || len == 8 || len == 16) {
    p = extend (w->out, 2 + len);
    *p++ = 0xd4 + (len >= 2) + (len >= 4) + (len >= 8) + (len >= 16);
  } else {
    guint wide = len <= G_MAXUINT8 ? 0 : len <= G_MAXUINT16 ? 1 : 2;
    p = put_headed (w, 0xc7 + wide, len, 1u << wide, 1 + len);
  }
  *p++ = (guint8) type;
  if (len > 0)
    memcpy (p, data, len);
}

/**
 * trib_msgpack_writer_timestamp:
 * @w: a writer that a value is due of
 * @seconds: since the Unix epoch
 * @nanoseconds: to be added, at most 999999999
 */
void
trib_msgpack_writer_timestamp (TribMsgpackWriter *w, gint64 seconds, guint32 nanoseconds)
{
  guint8 data[12];

  g_assert (nanoseconds <= 999999999);
  if (seconds >= 0 && seconds < G_GINT64_CONSTANT (1) << 34) {
    guint64 both = (guint64) nanoseconds << 34 | (guint64) seconds;
    guint n = both <= G_MAXUINT32 ? 4 : 8;

    put_big_endian (data, both, n);
    trib_msgpack_writer_ext (w, -1, data, n);
  } else {
    put_big_endian (data, nanoseconds, 4);
    put_big_endian (data + 4, (guint64) seconds, 8);
    trib_msgpack_writer_ext (w, -1, data, 12);
  }
}

/**
 * trib_msgpack_writer_is_complete:
 * @w: a writer
 *
 * Returns: whether one whole value has been written
 */
gboolean
trib_msgpack_writer_is_complete (const TribMsgpackWriter *w)
{
  return w->complete;
}
