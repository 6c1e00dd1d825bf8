/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "trib-obs-text-table.h"
#include "trib-obs-text.h"
#include "trib-record-transcode.h"

#define MAX_MEMBERS 256
#define BOX_DIGITS 4

/* a member of a map; of an array, the numbers it begins with */
typedef struct {
  TribRecordSlice name;
  TribRecordToken token;
  gint64 integer;
  TribRecordSlice text;
  gdouble numbers[4];
  guint n; /* values of the array */
} Member;

typedef struct {
  Member members[MAX_MEMBERS];
  guint n;
} Map;

static gboolean
fail (GError **error, TribRecordError code, const gchar *what)
{
  g_set_error (error, TRIB_RECORD_ERROR, (gint) code, "%s at byte 0", what);
  return FALSE;
}

static gboolean
fail_reader (TribRecordReader *r, GError **error)
{
  const GError *why = trib_record_reader_error (r);

  if (why == NULL)
    return fail (error, TRIB_RECORD_ERROR_TYPE, "no map");
  g_propagate_error (error, g_error_copy (why));
  return FALSE;
}

/* ---- reading ---- */

static gboolean
is_number (TribRecordToken token)
{
  return token == TRIB_RECORD_INT || token == TRIB_RECORD_UINT || token == TRIB_RECORD_FLOAT32
         || token == TRIB_RECORD_FLOAT64;
}

static gboolean
read_array (TribRecordReader *r, Member *m)
{
  TribRecordToken token;

  while (
      (token = trib_record_reader_next (r)) > TRIB_RECORD_END && token != TRIB_RECORD_ARRAY_END) {
    if ((token == TRIB_RECORD_MAP_BEGIN || token == TRIB_RECORD_ARRAY_BEGIN)
        && !trib_record_reader_skip (r))
      return FALSE;
    if (m->n < 4)
      m->numbers[m->n] = is_number (token) ? trib_record_reader_double (r) : NAN;
    m->n++;
  }
  return token == TRIB_RECORD_ARRAY_END;
}

static gboolean
read_value (TribRecordReader *r, Member *m)
{
  m->token = trib_record_reader_next (r);
  if (is_number (m->token))
    m->numbers[0] = trib_record_reader_double (r);
  if (m->token == TRIB_RECORD_INT)
    m->integer = trib_record_reader_int (r);
  else if (m->token == TRIB_RECORD_STRING)
    m->text = trib_record_reader_string (r);
  else if (m->token == TRIB_RECORD_ARRAY_BEGIN)
    return read_array (r, m);
  else if (m->token == TRIB_RECORD_MAP_BEGIN)
    return trib_record_reader_skip (r);
  return m->token > TRIB_RECORD_END;
}

/* the members of a map whose begin was given, up to its end; later ones than fit are passed over */
static gboolean
read_map (TribRecordReader *r, Map *map)
{
  TribRecordToken token;

  map->n = 0;
  while ((token = trib_record_reader_next (r)) == TRIB_RECORD_KEY) {
    Member m = { .name = trib_record_reader_string (r) };

    if (!read_value (r, &m))
      return FALSE;
    if (map->n < MAX_MEMBERS)
      map->members[map->n++] = m;
  }
  return token == TRIB_RECORD_MAP_END;
}

static gboolean
slice_is (TribRecordSlice s, const gchar *text)
{
  return s.len == strlen (text) && memcmp (s.str, text, s.len) == 0;
}

/* (nullable) */
static const Member *
find (const Map *map, const gchar *name)
{
  for (guint i = 0; i < map->n; i++) {
    if (slice_is (map->members[i].name, name))
      return &map->members[i];
  }
  return NULL;
}

/* ---- writing ---- */

static void
append_number (GString *out, gdouble value, guint digits)
{
  gchar format[8], text[G_ASCII_DTOSTR_BUF_SIZE + 320];

  g_snprintf (format, sizeof format, "%%.%uf", digits);
  g_string_append (out, g_ascii_formatd (text, sizeof text, format, value));
}

/* a blank would end the word */
static void
append_word (GString *out, TribRecordSlice text)
{
  for (gsize i = 0; i < text.len; i++)
    g_string_append_c (out, g_ascii_isspace (text.str[i]) ? '_' : text.str[i]);
}

/* FALSE: its value has no such form in text, and is left out */
static gboolean
has_form (const Member *m, TribObsTextValue value)
{
  if (m == NULL)
    return FALSE;
  if (value == TRIB_OBS_TEXT_NUMBER)
    return is_number (m->token) && isfinite (m->numbers[0]);
  if (value == TRIB_OBS_TEXT_WORD)
    return m->token == TRIB_RECORD_STRING && m->text.len > 0;
  return m->token == TRIB_RECORD_INT
         || (value == TRIB_OBS_TEXT_FLAG
             && (m->token == TRIB_RECORD_TRUE || m->token == TRIB_RECORD_FALSE));
}

static void
append_value (GString *out, const TribObsTextKey *key, const Member *m)
{
  if (key->value == TRIB_OBS_TEXT_NUMBER)
    append_number (out, m->numbers[0], key->digits);
  else if (key->value == TRIB_OBS_TEXT_WORD)
    append_word (out, m->text);
  else if (key->value == TRIB_OBS_TEXT_FLAG)
    g_string_append_c (out, m->token == TRIB_RECORD_TRUE || m->integer != 0 ? '1' : '0');
  else
    g_string_append_printf (out, "%" G_GINT64_FORMAT, m->integer);
}

/* each of @keys that the map has: @first, or behind it @between, then key, @by, value. @out's
 * @first is left out when there is none. FALSE: one that must be there is not */
static gboolean
append_keys (GString *out, const TribObsTextKey *keys, const Map *map, const gchar *first,
    gchar between, gchar by, GError **error)
{
  gboolean any = FALSE;

  for (; keys->key != NULL; keys++) {
    const Member *m = find (map, keys->name);

    if (!has_form (m, keys->value)) {
      if (!keys->is_required)
        continue;
      g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_FIELD,
          "no \"%s\", which the text form needs, at byte 0", keys->name);
      return FALSE;
    }
    if (any)
      g_string_append_c (out, between);
    else
      g_string_append (out, first);
    any = TRUE;
    g_string_append_printf (out, "%s%c", keys->key, by);
    append_value (out, keys, m);
  }
  return TRUE;
}

typedef struct {
  gboolean known;
  gdouble width, height; /* what a box is divided by */
} Scale;

static Scale
scale_of (const Map *record)
{
  const Member *units = find (record, "units"), *width = find (record, "width"),
               *height = find (record, "height");

  if (units != NULL && units->token == TRIB_RECORD_STRING && slice_is (units->text, "relative"))
    return (Scale){ TRUE, 1, 1 };
  if (has_form (width, TRIB_OBS_TEXT_NUMBER) && has_form (height, TRIB_OBS_TEXT_NUMBER)
      && width->numbers[0] > 0 && height->numbers[0] > 0)
    return (Scale){ TRUE, width->numbers[0], height->numbers[0] };
  return (Scale){ FALSE, 1, 1 };
}

static gboolean
append_bbox (GString *out, const Map *item, Scale scale, gboolean is_first, GError **error)
{
  static const gchar names[] = "xywh";
  const Member *bbox = find (item, "bbox");

  if (bbox == NULL || bbox->token != TRIB_RECORD_ARRAY_BEGIN)
    return TRUE;
  if (!scale.known)
    return fail (error, TRIB_RECORD_ERROR_FIELD,
        "a box in pixels, and no width and height, which the text form needs,");
  for (guint i = 0; i < 4; i++) {
    if (bbox->n != 4 || !isfinite (bbox->numbers[i]))
      return fail (error, TRIB_RECORD_ERROR_FIELD, "a box that is not of four numbers");
    g_string_append_printf (out, "%s%c:", is_first && i == 0 ? "" : ",", names[i]);
    append_number (out, bbox->numbers[i] / (i % 2 == 0 ? scale.width : scale.height), BOX_DIGITS);
  }
  return TRUE;
}

/* the record's list again, map by map: "faces=2 f0=... f1=..." */
static gboolean
append_list (TribRecordReader *r, const TribObsTextKind *kind, Scale scale, guint count, Map *item,
    GString *out, GError **error)
{
  TribRecordToken token = trib_record_reader_next (r);

  while ((token = trib_record_reader_next (r)) == TRIB_RECORD_KEY
         && !slice_is (trib_record_reader_string (r), kind->list)) {
    if (trib_record_reader_next (r) <= TRIB_RECORD_END
        || ((trib_record_reader_token (r) == TRIB_RECORD_MAP_BEGIN
                || trib_record_reader_token (r) == TRIB_RECORD_ARRAY_BEGIN)
            && !trib_record_reader_skip (r)))
      return fail_reader (r, error);
  }
  trib_record_reader_next (r);
  g_string_append_printf (out, " %s=%u", kind->list, count);
  for (guint i = 0; i < count; i++) {
    gsize begin;

    if (trib_record_reader_next (r) != TRIB_RECORD_MAP_BEGIN || !read_map (r, item))
      return fail_reader (r, error);
    g_string_append_printf (out, " %c%u=", *kind->list, i);
    begin = out->len;
    if (!append_keys (out, kind->item_keys, item, "", ',', ':', error)
        || (kind->has_bbox && !append_bbox (out, item, scale, out->len == begin, error)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
append_obs (TribRecordReader *r, TribRecordFormat format, TribRecordSlice bytes,
    const TribObsTextKind *kind, Map *record, GString *out, GError **error)
{
  const Member *list = kind->list != NULL ? find (record, kind->list) : NULL;
  Scale scale = scale_of (record);

  g_string_append_printf (out, "OBS src=%s", kind->type);
  if (!append_keys (out, trib_obs_text_obs_keys, record, " ", ' ', '=', error)
      || !append_keys (out, kind->keys, record, " ", ',', ':', error))
    return FALSE;
  if (list == NULL || list->token != TRIB_RECORD_ARRAY_BEGIN)
    return TRUE;
  trib_record_reader_set (r, format, bytes.str, bytes.len);
  return append_list (r, kind, scale, list->n, record, out, error);
}

static gboolean
append_record (TribRecordReader *r, TribRecordFormat format, TribRecordSlice bytes, Map *record,
    GString *out, GError **error)
{
  const TribObsTextKind *kind;
  const Member *type;

  trib_record_reader_set (r, format, bytes.str, bytes.len);
  if (trib_record_reader_next (r) != TRIB_RECORD_MAP_BEGIN || !read_map (r, record)
      || trib_record_reader_next (r) != TRIB_RECORD_END)
    return fail_reader (r, error);
  if (find (record, "signals") != NULL) {
    trib_record_reader_set (r, format, bytes.str, bytes.len);
    return trib_record_transcode (r, TRIB_RECORD_JSON, TRIB_RECORD_NAN_NULL, out, NULL, error);
  }
  type = find (record, "type");
  if (type == NULL)
    type = find (record, "source");
  if (type != NULL && type->token == TRIB_RECORD_STRING && slice_is (type->text, "trig")) {
    g_string_append (out, "TRIG");
    return append_keys (out, trib_obs_text_trigger_keys, record, " ", ' ', '=', error);
  }
  kind = type != NULL && type->token == TRIB_RECORD_STRING ? trib_obs_text_kind (type->text) : NULL;
  if (kind == NULL)
    return fail (error, TRIB_RECORD_ERROR_TYPE, "a record of a type that has no text form");
  return append_obs (r, format, bytes, kind, record, out, error);
}

gboolean
trib_obs_text_from_record (TribRecordReader *reader, TribRecordFormat format,
    TribRecordSlice record, GString *out, GError **error)
{
  g_autofree Map *map = g_new (Map, 1);
  gsize before = out->len;

  if (append_record (reader, format, record, map, out, error))
    return TRUE;
  g_string_truncate (out, before);
  return FALSE;
}
