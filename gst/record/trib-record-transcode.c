/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-transcode.h"

#include <math.h>
#include <string.h>

typedef struct {
  TribRecordReader *r;
  TribRecordWriter *w;
  TribRecordNanPolicy nan;
  TribRecordNotes *notes;
  GError **error;
} Copy;

static gboolean
refuse (const Copy *c, TribRecordError code, const gchar *what)
{
  g_set_error (c->error, TRIB_RECORD_ERROR, (gint) code, "%s at byte %" G_GSIZE_FORMAT, what,
      trib_record_reader_offset (c->r));
  return FALSE;
}

static gboolean
has_room (const Copy *c)
{
  return trib_record_writer_depth (c->w) < TRIB_RECORD_MAX_DEPTH
         || refuse (c, TRIB_RECORD_ERROR_LIMIT, "nested deeper than 64 levels");
}

static gboolean
copy_not_finite (const Copy *c, gdouble value)
{
  c->notes->not_finite++;
  switch (c->nan) {
    case TRIB_RECORD_NAN_ERROR:
      return refuse (c, TRIB_RECORD_ERROR_RANGE, "a number that is not finite");
    case TRIB_RECORD_NAN_TEXT:
      trib_record_writer_string (c->w, isnan (value) ? "NaN"
                                       : value > 0   ? "Infinity"
                                                     : "-Infinity");
      return TRUE;
    default:
      trib_record_writer_null (c->w);
      return TRUE;
  }
}

static gboolean
copy_float (const Copy *c, TribRecordToken token)
{
  gdouble value = trib_record_reader_double (c->r);

  if (c->w->format == TRIB_RECORD_JSON && !isfinite (value))
    return copy_not_finite (c, value);
  if (token == TRIB_RECORD_FLOAT32)
    trib_record_writer_float (c->w, trib_record_reader_float (c->r));
  else
    trib_record_writer_double (c->w, value);
  return TRUE;
}

/* FALSE when no gint64 holds it */
static gboolean
to_nanoseconds (gint64 seconds, guint32 nanoseconds, gint64 *ret)
{
  const gint64 second = G_GINT64_CONSTANT (1000000000);
  gint64 rest = nanoseconds;

  /* towards zero, so that the first step does not overflow where the sum would not */
  if (seconds < 0 && rest > 0) {
    seconds++;
    rest -= second;
  }
  return !__builtin_mul_overflow (seconds, second, ret)
         && !__builtin_add_overflow (*ret, rest, ret);
}

static gboolean
copy_ext (const Copy *c)
{
  gint type;
  TribRecordSlice bytes = trib_record_reader_bytes (c->r, &type);
  gint64 seconds, t_ns;
  guint32 nanoseconds;

  if (c->w->format == TRIB_RECORD_MSGPACK) {
    trib_msgpack_writer_ext (&c->w->msgpack, type, (const guint8 *) bytes.str, bytes.len);
    return TRUE;
  }
  if (trib_record_reader_timestamp (c->r, &seconds, &nanoseconds)
      && to_nanoseconds (seconds, nanoseconds, &t_ns)) {
    c->notes->timestamps++;
    trib_json_writer_int (&c->w->json, t_ns);
    return TRUE;
  }
  if (!has_room (c))
    return FALSE;
  c->notes->extensions++;
  trib_json_writer_begin_object (&c->w->json);
  trib_json_writer_member_int (&c->w->json, "ext", type);
  trib_json_writer_key (&c->w->json, "data");
  trib_json_writer_base64 (&c->w->json, (const guint8 *) bytes.str, bytes.len);
  trib_json_writer_end_object (&c->w->json);
  return TRUE;
}

static void
copy_binary (const Copy *c)
{
  TribRecordSlice bytes = trib_record_reader_bytes (c->r, NULL);

  if (c->w->format == TRIB_RECORD_MSGPACK) {
    trib_msgpack_writer_binary (&c->w->msgpack, (const guint8 *) bytes.str, bytes.len);
    return;
  }
  c->notes->binary++;
  trib_json_writer_base64 (&c->w->json, (const guint8 *) bytes.str, bytes.len);
}

/* The reader has checked that it is UTF-8. */
static void
copy_string (const Copy *c)
{
  TribRecordSlice text = trib_record_reader_string (c->r);

  if (c->w->format == TRIB_RECORD_JSON)
    trib_json_writer_string_len (&c->w->json, text.str, text.len);
  else
    trib_msgpack_writer_string_len (&c->w->msgpack, text.str, text.len);
}

static gboolean
copy_token (const Copy *c, TribRecordToken token)
{
  TribRecordSlice key;

  switch (token) {
    case TRIB_RECORD_NULL:
      trib_record_writer_null (c->w);
      return TRUE;
    case TRIB_RECORD_FALSE:
    case TRIB_RECORD_TRUE:
      trib_record_writer_boolean (c->w, token == TRIB_RECORD_TRUE);
      return TRUE;
    case TRIB_RECORD_INT:
      trib_record_writer_int (c->w, trib_record_reader_int (c->r));
      return TRUE;
    case TRIB_RECORD_UINT:
      trib_record_writer_uint (c->w, trib_record_reader_uint (c->r));
      return TRUE;
    case TRIB_RECORD_FLOAT32:
    case TRIB_RECORD_FLOAT64:
      return copy_float (c, token);
    case TRIB_RECORD_STRING:
      copy_string (c);
      return TRUE;
    case TRIB_RECORD_BINARY:
      copy_binary (c);
      return TRUE;
    case TRIB_RECORD_EXT:
      return copy_ext (c);
    case TRIB_RECORD_KEY:
      key = trib_record_reader_string (c->r);
      trib_record_writer_key_len (c->w, key.str, key.len);
      return TRUE;
    case TRIB_RECORD_MAP_BEGIN:
      if (!has_room (c))
        return FALSE;
      trib_record_writer_begin_map (c->w);
      return TRUE;
    case TRIB_RECORD_MAP_END:
      trib_record_writer_end_map (c->w);
      return TRUE;
    case TRIB_RECORD_ARRAY_BEGIN:
      if (!has_room (c))
        return FALSE;
      trib_record_writer_begin_array (c->w);
      return TRUE;
    case TRIB_RECORD_ARRAY_END:
      trib_record_writer_end_array (c->w);
      return TRUE;
    default:
      g_propagate_error (c->error, g_error_copy (trib_record_reader_error (c->r)));
      return FALSE;
  }
}

/**
 * trib_record_transcode:
 * @r: a reader that was given data, and was asked for nothing yet
 * @to: the format to write
 * @nan: what becomes of NaN and the infinities in JSON
 * @out: where the value is appended; as it was after an error
 * @notes: (inout) (optional): what does not come back as it was is added here; left alone after an
 *   error
 * @error: return location, in the domain %TRIB_RECORD_ERROR
 *
 * Copies the one value that is the reader's data. To write the format it is in already gives each
 * value its one form, and leaves its meaning alone.
 *
 * Returns: whether all of the data was read and written
 */
gboolean
trib_record_transcode (TribRecordReader *r, TribRecordFormat to, TribRecordNanPolicy nan,
    GString *out, TribRecordNotes *notes, GError **error)
{
  TribRecordNotes new_notes = { 0 };
  TribRecordWriter w;
  Copy c = { .r = r, .w = &w, .nan = nan, .notes = &new_notes, .error = error };
  gsize start = out->len;
  TribRecordToken token;

  trib_record_writer_init (&w, to, out);
  while ((token = trib_record_reader_next (r)) != TRIB_RECORD_END) {
    if (!copy_token (&c, token)) {
      g_string_truncate (out, start);
      return FALSE;
    }
  }
  g_assert (trib_record_writer_is_complete (&w));
  if (notes != NULL) {
    notes->not_finite += new_notes.not_finite;
    notes->binary += new_notes.binary;
    notes->timestamps += new_notes.timestamps;
    notes->extensions += new_notes.extensions;
  }
  return TRUE;
}

static gboolean
is_among (const gchar *const *names, TribRecordSlice name)
{
  for (; names != NULL && *names != NULL; names++) {
    if (strlen (*names) == name.len && memcmp (*names, name.str, name.len) == 0)
      return TRUE;
  }
  return FALSE;
}

/**
 * trib_record_copy_members:
 * @r: a reader whose last token is %TRIB_RECORD_MAP_BEGIN
 * @w: a writer inside a map, with no value due; of either format
 * @except: (nullable) (array zero-terminated=1): names of members to be left out
 * @error: return location, in the domain %TRIB_RECORD_ERROR
 *
 * Copies the members of a map into another one, and reads up to the end of the first. After an
 * error the writer's value is good for nothing: what it appended must be taken back.
 *
 * Returns: whether all of the map was read
 */
gboolean
trib_record_copy_members (
    TribRecordReader *r, TribRecordWriter *w, const gchar *const *except, GError **error)
{
  TribRecordNotes notes = { 0 };
  Copy c = { .r = r, .w = w, .nan = TRIB_RECORD_NAN_NULL, .notes = &notes, .error = error };
  guint depth = trib_record_reader_depth (r);
  TribRecordToken token;

  g_return_val_if_fail (trib_record_reader_token (r) == TRIB_RECORD_MAP_BEGIN, FALSE);
  for (;;) {
    token = trib_record_reader_next (r);
    if (token == TRIB_RECORD_MAP_END && trib_record_reader_depth (r) < depth)
      return TRUE;
    if (token == TRIB_RECORD_KEY && trib_record_reader_depth (r) == depth
        && is_among (except, trib_record_reader_string (r))) {
      /* an error shows at the next token */
      trib_record_reader_skip (r);
      continue;
    }
    if (!copy_token (&c, token))
      return FALSE;
  }
}
