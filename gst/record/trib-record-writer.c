/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-writer.h"

#include <string.h>

#include "trib-json-text.h"

/* one call of two writers with the same shape */
#define FORWARD(w, json_call, msgpack_call) \
  G_STMT_START                              \
  {                                         \
    if ((w)->format == TRIB_RECORD_JSON)    \
      trib_json_writer_##json_call;         \
    else                                    \
      trib_msgpack_writer_##msgpack_call;   \
  }                                         \
  G_STMT_END

/**
 * trib_record_writer_init:
 * @w: (out caller-allocates): a writer; holds nothing that must be freed
 * @format: what to write
 * @out: where it is appended; not owned, must outlive @w
 *
 * Also starts @w over for another value.
 */
void
trib_record_writer_init (TribRecordWriter *w, TribRecordFormat format, GString *out)
{
  w->format = format;
  FORWARD (w, init (&w->json, out), init (&w->msgpack, out));
}

void
trib_record_writer_begin_map (TribRecordWriter *w)
{
  FORWARD (w, begin_object (&w->json), begin_map (&w->msgpack));
}

void
trib_record_writer_end_map (TribRecordWriter *w)
{
  FORWARD (w, end_object (&w->json), end_map (&w->msgpack));
}

void
trib_record_writer_begin_array (TribRecordWriter *w)
{
  FORWARD (w, begin_array (&w->json), begin_array (&w->msgpack));
}

void
trib_record_writer_end_array (TribRecordWriter *w)
{
  FORWARD (w, end_array (&w->json), end_array (&w->msgpack));
}

void
trib_record_writer_key (TribRecordWriter *w, const gchar *key)
{
  trib_record_writer_key_len (w, key, strlen (key));
}

/**
 * trib_record_writer_key_len:
 * @w: a writer inside a map, with no value due
 * @key: the member's name, UTF-8; may hold NUL bytes, need not be terminated
 * @len: its length in bytes
 */
void
trib_record_writer_key_len (TribRecordWriter *w, const gchar *key, gsize len)
{
  FORWARD (w, key_len (&w->json, key, len), key_len (&w->msgpack, key, len));
}

void
trib_record_writer_null (TribRecordWriter *w)
{
  FORWARD (w, null (&w->json), nil (&w->msgpack));
}

void
trib_record_writer_boolean (TribRecordWriter *w, gboolean value)
{
  FORWARD (w, boolean (&w->json, value), boolean (&w->msgpack, value));
}

void
trib_record_writer_int (TribRecordWriter *w, gint64 value)
{
  FORWARD (w, int (&w->json, value), int (&w->msgpack, value));
}

void
trib_record_writer_uint (TribRecordWriter *w, guint64 value)
{
  FORWARD (w, uint (&w->json, value), uint (&w->msgpack, value));
}

void
trib_record_writer_float (TribRecordWriter *w, gfloat value)
{
  FORWARD (w, float (&w->json, value), float (&w->msgpack, value));
}

void
trib_record_writer_double (TribRecordWriter *w, gdouble value)
{
  FORWARD (w, double (&w->json, value), double (&w->msgpack, value));
}

/**
 * trib_record_writer_string:
 * @w: a writer that a value is due of
 * @value: (nullable): text; %NULL becomes null, bytes that are not UTF-8 become U+FFFD
 */
void
trib_record_writer_string (TribRecordWriter *w, const gchar *value)
{
  if (value == NULL)
    trib_record_writer_null (w);
  else
    trib_record_writer_string_len (w, value, strlen (value));
}

/**
 * trib_record_writer_string_len:
 * @w: a writer that a value is due of
 * @value: text, need not be terminated, may hold NUL; bytes that are not UTF-8 become U+FFFD
 * @len: its length in bytes
 */
void
trib_record_writer_string_len (TribRecordWriter *w, const gchar *value, gsize len)
{
  const guchar *end = (const guchar *) value + len;

  if (w->format == TRIB_RECORD_JSON) {
    trib_json_writer_string_len (&w->json, value, len);
  } else if (trib_json_utf8_run ((const guchar *) value, end) == end) {
    trib_msgpack_writer_string_len (&w->msgpack, value, len);
  } else {
    g_autofree gchar *valid = g_utf8_make_valid (value, (gssize) len);
    trib_msgpack_writer_string (&w->msgpack, valid);
  }
}

/**
 * trib_record_writer_depth:
 * @w: a writer
 *
 * Returns: how many containers are open; %TRIB_RECORD_MAX_DEPTH at most
 */
guint
trib_record_writer_depth (const TribRecordWriter *w)
{
  return w->format == TRIB_RECORD_JSON ? w->json.depth : w->msgpack.depth;
}

/**
 * trib_record_writer_out:
 * @w: a writer
 *
 * Returns: (transfer none): what it appends to
 */
GString *
trib_record_writer_out (const TribRecordWriter *w)
{
  return w->format == TRIB_RECORD_JSON ? w->json.out : w->msgpack.out;
}

/**
 * trib_record_writer_is_complete:
 * @w: a writer
 *
 * Returns: whether one whole value has been written
 */
gboolean
trib_record_writer_is_complete (const TribRecordWriter *w)
{
  return w->format == TRIB_RECORD_JSON ? trib_json_writer_is_complete (&w->json)
                                       : trib_msgpack_writer_is_complete (&w->msgpack);
}
