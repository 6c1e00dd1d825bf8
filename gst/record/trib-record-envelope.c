/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-envelope.h"

#include <common/trib-frame-id.h>
#include <math.h>
#include <string.h>

/* what is found while a record is read, before its kind is known */
typedef struct {
  TribRecordEnvelope *e;
  guint64 twice;
  guint64 bad;
  const gchar *found[TRIB_RECORD_N_FIELDS]; /* of bad: what stands there instead */
  gsize offset[TRIB_RECORD_N_FIELDS];       /* of bad and twice */
  TribRecordSlice kind_word;
  TribRecordSlice record_type_word;
  /* the other list of names, `expected`, is read into the envelope at once */
  TribRecordSlice waiting_for[TRIB_RECORD_MAX_NAMES];
  guint n_waiting_for;
} Reading;

static inline gpointer
member (TribRecordEnvelope *e, TribRecordFieldId field)
{
  return (guint8 *) e + trib_record_field (field)->offset;
}

/* why @text cannot be the value of a text field, or NULL */
static const gchar *
check_text (TribRecordSlice text)
{
  if (text.len > TRIB_RECORD_MAX_TEXT_BYTES)
    return "a text of more than 255 bytes";
  return memchr (text.str, '\0', text.len) != NULL ? "a text with a NUL in it" : NULL;
}

/* session and stream: what may stand in a frame identity */
static const gchar *
check_id (TribRecordSlice text, TribRecordFieldId field)
{
  gboolean is_stream = field == TRIB_RECORD_FIELD_STREAM;

  G_STATIC_ASSERT (TRIB_RECORD_MAX_TEXT_BYTES == TRIB_SESSION_ID_MAX_BYTES);
  if (is_stream && text.len > TRIB_STREAM_ID_MAX_BYTES)
    return "a text of more than 127 bytes";
  if (is_stream && memchr (text.str, '_', text.len) != NULL)
    return "a text with an underscore";
  for (gsize i = 0; i < text.len; i++) {
    if ((guchar) text.str[i] < 0x20 || text.str[i] == 0x7f)
      return "a text with a control character";
  }
  return NULL;
}

/* The read functions take the value whose first token was just read. They return NULL, "" for "not
 * there", or what stands there instead of what is due; they may leave a container half read. */

static const gchar *
read_text (Reading *reading, TribRecordReader *r, TribRecordFieldId field)
{
  TribRecordSlice text;
  const gchar *problem;

  if (trib_record_reader_token (r) != TRIB_RECORD_STRING)
    return trib_record_token_to_string (trib_record_reader_token (r));
  text = trib_record_reader_string (r);
  if (text.len == 0)
    return "";
  if ((problem = check_text (text)) != NULL)
    return problem;
  if ((field == TRIB_RECORD_FIELD_SESSION || field == TRIB_RECORD_FIELD_STREAM)
      && (problem = check_id (text, field)) != NULL)
    return problem;
  if (field == TRIB_RECORD_FIELD_KIND)
    reading->kind_word = text;
  else if (field == TRIB_RECORD_FIELD_RECORD_TYPE)
    reading->record_type_word = text;
  else
    *(TribRecordSlice *) member (reading->e, field) = text;
  return NULL;
}

static const gchar *
read_uint (TribRecordReader *r, guint64 *ret)
{
  TribRecordToken token = trib_record_reader_token (r);

  if (token != TRIB_RECORD_INT && token != TRIB_RECORD_UINT)
    return trib_record_token_to_string (token);
  if (token == TRIB_RECORD_INT && trib_record_reader_int (r) < 0)
    return "a negative integer";
  *ret = trib_record_reader_uint (r);
  return NULL;
}

static const gchar *
read_int (TribRecordReader *r, gint64 *ret)
{
  TribRecordToken token = trib_record_reader_token (r);

  if (token == TRIB_RECORD_UINT)
    return "an integer of more than 63 bits";
  if (token != TRIB_RECORD_INT)
    return trib_record_token_to_string (token);
  *ret = trib_record_reader_int (r);
  return NULL;
}

static const gchar *
read_float (TribRecordReader *r, gdouble *ret)
{
  TribRecordToken token = trib_record_reader_token (r);

  if (token < TRIB_RECORD_INT || token > TRIB_RECORD_FLOAT64)
    return trib_record_token_to_string (token);
  *ret = trib_record_reader_double (r);
  return isfinite (*ret) ? NULL : "a number that is not finite";
}

static const gchar *
read_boolean (TribRecordReader *r, gboolean *ret)
{
  TribRecordToken token = trib_record_reader_token (r);

  if (token != TRIB_RECORD_TRUE && token != TRIB_RECORD_FALSE)
    return trib_record_token_to_string (token);
  *ret = token == TRIB_RECORD_TRUE;
  return NULL;
}

static const gchar *
read_names (TribRecordReader *r, TribRecordSlice *names, guint *n_names)
{
  TribRecordToken token = trib_record_reader_token (r);

  if (token != TRIB_RECORD_ARRAY_BEGIN)
    return trib_record_token_to_string (token);
  *n_names = 0;
  while ((token = trib_record_reader_next (r)) == TRIB_RECORD_STRING) {
    TribRecordSlice name = trib_record_reader_string (r);
    const gchar *problem = check_text (name);

    if (*n_names == TRIB_RECORD_MAX_NAMES)
      return "a list of more than 64 texts";
    if (problem != NULL)
      return problem;
    if (name.len == 0)
      return "an empty text";
    names[(*n_names)++] = name;
  }
  return token == TRIB_RECORD_ARRAY_END ? NULL : trib_record_token_to_string (token);
}

static const gchar *
read_uints (TribRecordReader *r, TribRecordEnvelope *e)
{
  TribRecordToken token = trib_record_reader_token (r);
  gsize start = trib_record_reader_offset (r);

  if (token != TRIB_RECORD_ARRAY_BEGIN)
    return trib_record_token_to_string (token);
  for (e->n_dropped = 0; (token = trib_record_reader_next (r)) != TRIB_RECORD_ARRAY_END;
       e->n_dropped++) {
    guint64 id;
    const gchar *problem = read_uint (r, &id);

    if (problem != NULL)
      return problem;
  }
  e->dropped_frame_ids = trib_record_reader_since (r, start);
  return NULL;
}

static const gchar *
read_raw (TribRecordReader *r, TribRecordToken wanted, TribRecordSlice *ret)
{
  TribRecordToken token = trib_record_reader_token (r);
  gsize start = trib_record_reader_offset (r);

  if (token != wanted)
    return trib_record_token_to_string (token);
  if (trib_record_reader_skip (r))
    *ret = trib_record_reader_since (r, start);
  return NULL;
}

static const gchar *
read_value (Reading *reading, TribRecordReader *r, TribRecordFieldId field)
{
  TribRecordEnvelope *e = reading->e;
  gpointer place = member (e, field);

  if (trib_record_reader_token (r) == TRIB_RECORD_NULL)
    return "";
  switch (trib_record_field (field)->value) {
    case TRIB_RECORD_VALUE_TEXT:
    case TRIB_RECORD_VALUE_WORD:
      return read_text (reading, r, field);
    case TRIB_RECORD_VALUE_UINT:
      return read_uint (r, place);
    case TRIB_RECORD_VALUE_INT:
      return read_int (r, place);
    case TRIB_RECORD_VALUE_FLOAT:
      return read_float (r, place);
    case TRIB_RECORD_VALUE_BOOLEAN:
      return read_boolean (r, place);
    case TRIB_RECORD_VALUE_NAMES:
      return field == TRIB_RECORD_FIELD_EXPECTED
                 ? read_names (r, e->names, &e->n_names)
                 : read_names (r, reading->waiting_for, &reading->n_waiting_for);
    case TRIB_RECORD_VALUE_UINTS:
      return read_uints (r, e);
    case TRIB_RECORD_VALUE_MAP:
      return read_raw (r, TRIB_RECORD_MAP_BEGIN, place);
    default:
      return read_raw (r, TRIB_RECORD_ARRAY_BEGIN, place);
  }
}

/* the value of a member whose key was just read. An error of the reader shows at its next token. */
static void
read_field (Reading *reading, TribRecordReader *r, TribRecordFieldId field)
{
  guint64 bit = G_GUINT64_CONSTANT (1) << field;
  guint depth = trib_record_reader_depth (r);
  const gchar *found;
  gsize offset;

  if (trib_record_reader_next (r) == TRIB_RECORD_ERROR_TOKEN)
    return;
  offset = trib_record_reader_offset (r);
  if ((reading->e->has | reading->bad) & bit) {
    reading->twice |= bit;
    reading->offset[field] = offset;
    found = "";
  } else {
    found = read_value (reading, r, field);
  }
  if (found == NULL) {
    reading->e->has |= bit;
  } else if (*found != '\0') {
    reading->bad |= bit;
    reading->found[field] = found;
    reading->offset[field] = offset;
  }
  while (trib_record_reader_depth (r) > depth
         && trib_record_reader_next (r) != TRIB_RECORD_ERROR_TOKEN)
    ;
}

static gboolean
lacks (GError **error, const TribRecordEnvelope *e, const gchar *what)
{
  g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_FIELD,
      "%s without %s at byte %" G_GSIZE_FORMAT, trib_record_kind_info (e->kind)->title, what,
      e->offset);
  return FALSE;
}

static gboolean
unknown_word (GError **error, const Reading *reading, TribRecordFieldId field, TribRecordSlice word)
{
  g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_FIELD,
      "%s is \"%.*s\", which is no kind of record, at byte %" G_GSIZE_FORMAT,
      trib_record_field (field)->name, (int) word.len, word.str, reading->e->offset);
  return FALSE;
}

static gboolean
find_kind (const Reading *reading, GError **error)
{
  TribRecordEnvelope *e = reading->e;

  if (reading->record_type_word.str != NULL) {
    e->kind = trib_record_kind_lookup (TRIB_RECORD_FIELD_RECORD_TYPE, reading->record_type_word.str,
        reading->record_type_word.len);
    return e->kind != TRIB_RECORD_N_KINDS
           || unknown_word (
               error, reading, TRIB_RECORD_FIELD_RECORD_TYPE, reading->record_type_word);
  }
  if (e->type.str != NULL) {
    e->kind = trib_record_kind_lookup (TRIB_RECORD_FIELD_TYPE, e->type.str, e->type.len);
    if (e->kind != TRIB_RECORD_N_KINDS)
      return TRUE;
  }
  if (reading->kind_word.str != NULL) {
    e->kind = trib_record_kind_lookup (
        TRIB_RECORD_FIELD_KIND, reading->kind_word.str, reading->kind_word.len);
    return e->kind != TRIB_RECORD_N_KINDS
           || unknown_word (error, reading, TRIB_RECORD_FIELD_KIND, reading->kind_word);
  }
  e->kind = trib_record_has (e, TRIB_RECORD_FIELD_NOW_NS) && e->type.str == NULL
                    && e->source.str == NULL
                ? TRIB_RECORD_KIND_CLOCK
                : TRIB_RECORD_KIND_OBS;
  return TRUE;
}

/* the values of its kind's fields, one by one; what is no field of its kind is body */
static gboolean
check_values (const Reading *reading, guint64 allowed, GError **error)
{
  guint64 wrong = (reading->bad | reading->twice) & allowed;
  guint field;

  if (wrong == 0)
    return TRUE;
  for (field = 0; !((wrong >> field) & 1); field++)
    ;
  if ((reading->twice >> field) & 1)
    g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_FIELD,
        "%s a second time at byte %" G_GSIZE_FORMAT,
        trib_record_field ((TribRecordFieldId) field)->name, reading->offset[field]);
  else
    g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_FIELD,
        "%s is %s, expected %s, at byte %" G_GSIZE_FORMAT,
        trib_record_field ((TribRecordFieldId) field)->name, reading->found[field],
        trib_record_value_to_string (trib_record_field ((TribRecordFieldId) field)->value),
        reading->offset[field]);
  return FALSE;
}

static gboolean
check_parts (const TribRecordEnvelope *e, GError **error)
{
  if (e->part >= 1 && e->part <= e->parts)
    return TRUE;
  g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_FIELD,
      "part %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " parts at byte %" G_GSIZE_FORMAT, e->part,
      e->parts, e->offset);
  return FALSE;
}

/* Forgets the values of members that were taken for fields and are body after all. */
static void
forget (Reading *reading, guint64 allowed)
{
  TribRecordEnvelope *e = reading->e;
  guint64 body = (e->has | reading->bad) & ~allowed;

  e->has &= allowed;
  for (guint i = 0; body >> i != 0; i++) {
    gpointer place = member (e, (TribRecordFieldId) i);

    if (!((body >> i) & 1))
      continue;
    switch (trib_record_field ((TribRecordFieldId) i)->value) {
      case TRIB_RECORD_VALUE_WORD:
      case TRIB_RECORD_VALUE_NAMES:
        break;
      case TRIB_RECORD_VALUE_BOOLEAN:
        *(gboolean *) place = FALSE;
        break;
      case TRIB_RECORD_VALUE_UINT:
      case TRIB_RECORD_VALUE_INT:
      case TRIB_RECORD_VALUE_FLOAT:
        memset (place, 0, 8);
        break;
      default:
        *(TribRecordSlice *) place = (TribRecordSlice){ NULL, 0 };
    }
  }
  if (!(e->has & TRIB_RECORD_BIT (EXPECTED)))
    e->n_names = 0;
  if (e->has & TRIB_RECORD_BIT (WAITING_FOR)) {
    e->n_names = reading->n_waiting_for;
    memcpy (e->names, reading->waiting_for, e->n_names * sizeof *e->names);
  }
  if (!(e->has & TRIB_RECORD_BIT (DROPPED_FRAME_IDS)))
    e->n_dropped = 0;
}

static gboolean
finish (Reading *reading, GError **error)
{
  TribRecordEnvelope *e = reading->e;
  guint64 words = TRIB_RECORD_BIT (KIND) | TRIB_RECORD_BIT (RECORD_TYPE) | TRIB_RECORD_BIT (TYPE);
  const TribRecordKindInfo *info;
  guint64 allowed, lacking;

  /* what decides the kind must be right in any record */
  if (!check_values (reading, words, error) || !find_kind (reading, error))
    return FALSE;
  info = trib_record_kind_info (e->kind);
  allowed = trib_record_kind_fields (e->kind);
  if (!check_values (reading, allowed, error))
    return FALSE;
  forget (reading, allowed);
  lacking = info->required & ~e->has;
  if (lacking != 0) {
    guint field;
    for (field = 0; !((lacking >> field) & 1); field++)
      ;
    return lacks (error, e, trib_record_field ((TribRecordFieldId) field)->name);
  }
  for (guint rule = 0; rule < 2; rule++) {
    guint64 one_of = rule == 0 ? info->one_of : info->one_of_too;
    if (one_of != 0 && !(e->has & one_of))
      return lacks (
          error, e, one_of & TRIB_RECORD_BIT (FRAME_ID) ? "frame_id and t_ns" : "source and type");
  }
  if (!(e->has & TRIB_RECORD_BIT (PARTS)))
    e->parts = 1;
  if (!(e->has & TRIB_RECORD_BIT (PART)))
    e->part = 1;
  if (!(e->has & TRIB_RECORD_BIT (SOURCE)))
    e->source = e->type;
  return check_parts (e, error);
}

/* @token: the one after the last record */
static TribRecordRead
read_map (TribRecordReader *r, TribRecordEnvelope *e, GError **error)
{
  guint depth = trib_record_reader_depth (r) - 1;
  Reading reading;
  TribRecordToken token;

  /* not all of it: the names are many bytes */
  memset (e, 0, G_STRUCT_OFFSET (TribRecordEnvelope, names));
  memset (&e->n_names, 0, sizeof *e - G_STRUCT_OFFSET (TribRecordEnvelope, n_names));
  reading.e = e;
  reading.twice = reading.bad = 0;
  reading.kind_word = reading.record_type_word = (TribRecordSlice){ NULL, 0 };
  e->offset = trib_record_reader_offset (r);
  while ((token = trib_record_reader_next (r)) == TRIB_RECORD_KEY) {
    TribRecordSlice name = trib_record_reader_string (r);
    TribRecordFieldId field = trib_record_field_lookup (name.str, name.len);

    if (field != TRIB_RECORD_N_FIELDS)
      read_field (&reading, r, field);
    else
      trib_record_reader_skip (r);
  }
  if (token == TRIB_RECORD_ERROR_TOKEN)
    return TRIB_RECORD_READ_BROKEN;
  g_assert (token == TRIB_RECORD_MAP_END && trib_record_reader_depth (r) == depth);
  e->record = trib_record_reader_since (r, e->offset);
  return finish (&reading, error) ? TRIB_RECORD_READ_OK : TRIB_RECORD_READ_INVALID;
}

/**
 * trib_record_envelope_read:
 * @r: a reader that was given data and is asked for nothing but records
 * @ret_envelope: (out caller-allocates): filled for %TRIB_RECORD_READ_OK; its slices live until the
 *   reader is given other data, as long as this data does
 * @error: return location for %TRIB_RECORD_READ_INVALID and %TRIB_RECORD_READ_BROKEN, in the domain
 *   %TRIB_RECORD_ERROR
 *
 * Reads the next record. The data is one map, or a list of maps, each of which is a record. A
 * record is good by itself; only %TRIB_RECORD_READ_END says that all of the data was.
 *
 * Returns: what came
 */
TribRecordRead
trib_record_envelope_read (TribRecordReader *r, TribRecordEnvelope *ret_envelope, GError **error)
{
  gboolean first = trib_record_reader_token (r) == TRIB_RECORD_END;
  TribRecordToken token = trib_record_reader_next (r);
  TribRecordRead result = TRIB_RECORD_READ_BROKEN;

  if (token == TRIB_RECORD_ARRAY_BEGIN && first) {
    token = trib_record_reader_next (r);
    first = FALSE;
  }
  if (token == TRIB_RECORD_ARRAY_END && trib_record_reader_depth (r) == 0)
    token = trib_record_reader_next (r);
  if (token == TRIB_RECORD_MAP_BEGIN)
    result = read_map (r, ret_envelope, error);
  else if (token == TRIB_RECORD_END)
    return TRIB_RECORD_READ_END;
  if (result == TRIB_RECORD_READ_BROKEN) {
    const GError *why = trib_record_reader_error (r);

    if (why != NULL) {
      g_propagate_error (error, g_error_copy (why));
    } else {
      gsize offset = trib_record_reader_offset (r);
      gboolean go_on = trib_record_reader_depth (r) > 0;

      g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_TYPE,
          "%s, expected a map at byte %" G_GSIZE_FORMAT, trib_record_token_to_string (token),
          offset);
      /* an element of a list that is no record leaves the others alone */
      if (token == TRIB_RECORD_ARRAY_BEGIN)
        trib_record_reader_skip (r);
      return go_on ? TRIB_RECORD_READ_INVALID : TRIB_RECORD_READ_BROKEN;
    }
  }
  return result;
}

/**
 * trib_record_envelope_parse:
 * @r: a reader; it is given @data
 * @format: what @data is
 * @data: one record, and nothing else
 * @len: its length in bytes
 * @ret_envelope: (out caller-allocates): as for trib_record_envelope_read()
 * @error: return location, in the domain %TRIB_RECORD_ERROR
 *
 * Returns: whether @data is one whole record
 */
gboolean
trib_record_envelope_parse (TribRecordReader *r, TribRecordFormat format, gconstpointer data,
    gsize len, TribRecordEnvelope *ret_envelope, GError **error)
{
  TribRecordToken token;

  trib_record_reader_set (r, format, data, len);
  token = trib_record_reader_next (r);
  if (token == TRIB_RECORD_MAP_BEGIN) {
    g_autoptr (GError) invalid = NULL;
    TribRecordRead result = read_map (r, ret_envelope, &invalid);

    /* what follows a record is looked at before its fields are: bytes that are no JSON count
     * first */
    if (result != TRIB_RECORD_READ_BROKEN && trib_record_reader_next (r) == TRIB_RECORD_END) {
      if (invalid != NULL)
        g_propagate_error (error, g_steal_pointer (&invalid));
      return result == TRIB_RECORD_READ_OK;
    }
  } else if (token != TRIB_RECORD_ERROR_TOKEN) {
    g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_TYPE,
        "%s, expected a map at byte %" G_GSIZE_FORMAT, trib_record_token_to_string (token),
        trib_record_reader_offset (r));
    return FALSE;
  }
  g_propagate_error (error, g_error_copy (trib_record_reader_error (r)));
  return FALSE;
}
