/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-obs-text.h"

#include <math.h>
#include <string.h>

#include "trib-obs-text-table.h"
#include "trib-json-writer.h"

#define MAX_WORDS 1024

/* "key=value" of a line, or "key:value" of a word of it */
typedef struct {
  TribRecordSlice key;
  TribRecordSlice value;
} Pair;

static gboolean
fail (GError **error, TribRecordError code, const gchar *what, TribRecordSlice where)
{
  g_set_error (error, TRIB_RECORD_ERROR, (gint) code, "%s: \"%.*s\" at byte 0", what,
      (gint) MIN (where.len, 40), where.len > 0 ? where.str : "");
  return FALSE;
}

/* @ret: what is before the next of @ends; FALSE: nothing is left */
static gboolean
next_word (TribRecordSlice *rest, const gchar *ends, TribRecordSlice *ret)
{
  gsize n = 0;

  while (rest->len > 0 && *rest->str != '\0' && strchr (ends, *rest->str) != NULL) {
    rest->str++;
    rest->len--;
  }
  while (n < rest->len && (rest->str[n] == '\0' || strchr (ends, rest->str[n]) == NULL))
    n++;
  *ret = (TribRecordSlice){ rest->str, n };
  rest->str += n;
  rest->len -= n;
  return n > 0;
}

static gboolean
split_pair (TribRecordSlice word, gchar by, Pair *ret)
{
  const gchar *at = memchr (word.str, by, word.len);

  if (at == NULL)
    return FALSE;
  ret->key = (TribRecordSlice){ word.str, (gsize) (at - word.str) };
  ret->value = (TribRecordSlice){ at + 1, word.len - ret->key.len - 1 };
  return TRUE;
}

static gboolean
slice_is (TribRecordSlice s, const gchar *text)
{
  return s.len == strlen (text) && memcmp (s.str, text, s.len) == 0;
}

/* ---- values ---- */

static gboolean
to_int (TribRecordSlice s, gint64 *ret)
{
  gchar text[24];

  if (s.len == 0 || s.len >= sizeof text)
    return FALSE;
  memcpy (text, s.str, s.len);
  text[s.len] = '\0';
  return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, ret, NULL);
}

static gboolean
to_double (TribRecordSlice s, gdouble *ret)
{
  gchar text[64], *end;

  if (s.len == 0 || s.len >= sizeof text)
    return FALSE;
  memcpy (text, s.str, s.len);
  text[s.len] = '\0';
  /* no hexadecimal numbers, no names */
  if (strspn (text, "+-.0123456789eE") != s.len)
    return FALSE;
  *ret = g_ascii_strtod (text, &end);
  return *end == '\0' && isfinite (*ret);
}

static gboolean
write_value (TribJsonWriter *w, const TribObsTextKey *key, TribRecordSlice value, GError **error)
{
  gint64 integer = 0;
  gdouble number = 0;
  gboolean good = TRUE;

  if (key->value == TRIB_OBS_TEXT_NUMBER)
    good = to_double (value, &number);
  else if (key->value != TRIB_OBS_TEXT_WORD)
    good = to_int (value, &integer);
  else
    good = value.len > 0 && g_utf8_validate_len (value.str, value.len, NULL);
  if (key->value == TRIB_OBS_TEXT_FLAG && integer != 0 && integer != 1)
    good = FALSE;
  if (!good)
    return fail (error, TRIB_RECORD_ERROR_FIELD, "no such value", value);
  trib_json_writer_key (w, key->name);
  if (key->value == TRIB_OBS_TEXT_NUMBER)
    trib_json_writer_double (w, number);
  else if (key->value == TRIB_OBS_TEXT_FLAG)
    trib_json_writer_boolean (w, integer != 0);
  else if (key->value == TRIB_OBS_TEXT_INT)
    trib_json_writer_int (w, integer);
  else
    trib_json_writer_string_len (w, value.str, value.len);
  return TRUE;
}

/* ---- from text ---- */

typedef struct {
  Pair pairs[MAX_WORDS];
  guint n;
} Line;

/* (nullable) */
static const Pair *
find (const Line *line, const gchar *key)
{
  for (guint i = 0; i < line->n; i++) {
    if (slice_is (line->pairs[i].key, key))
      return &line->pairs[i];
  }
  return NULL;
}

/* "key:value,key:value", at @pairs */
static guint
split_list (TribRecordSlice list, Pair *pairs, guint max)
{
  TribRecordSlice word;
  guint n = 0;

  while (n < max && next_word (&list, ",", &word)) {
    if (split_pair (word, ':', &pairs[n]))
      n++;
  }
  return n;
}

static gboolean
split_line (TribRecordSlice text, Line *line, GError **error)
{
  TribRecordSlice word;

  line->n = 0;
  while (next_word (&text, " \t\r\n", &word)) {
    if (line->n == MAX_WORDS)
      return fail (error, TRIB_RECORD_ERROR_LIMIT, "more than 1024 words", word);
    if (split_pair (word, '=', &line->pairs[line->n]))
      line->n++;
    else
      /* the values of a quality are not behind a key */
      line->n += split_list (word, line->pairs + line->n, MAX_WORDS - line->n);
  }
  return TRUE;
}

/* those of @keys that are in @line; of one that is there twice, the first */
static gboolean
write_keys (TribJsonWriter *w, const TribObsTextKey *keys, const Line *line, GError **error)
{
  for (; keys->key != NULL; keys++) {
    const Pair *pair = find (line, keys->key);

    if (pair == NULL && keys->is_required)
      return fail (error, TRIB_RECORD_ERROR_FIELD, "a word that is missing",
          (TribRecordSlice){ keys->key, strlen (keys->key) });
    if (pair != NULL && !write_value (w, keys, pair->value, error))
      return FALSE;
  }
  return TRUE;
}

/* x, y, w, h: all or none */
static gboolean
write_bbox (TribJsonWriter *w, const Line *item, GError **error)
{
  static const gchar *const keys[] = { "x", "y", "w", "h" };
  gdouble values[4];
  guint n = 0;

  for (guint i = 0; i < 4; i++) {
    const Pair *pair = find (item, keys[i]);

    if (pair == NULL)
      continue;
    if (!to_double (pair->value, &values[i]))
      return fail (error, TRIB_RECORD_ERROR_FIELD, "no such value", pair->value);
    n++;
  }
  if (n == 0)
    return TRUE;
  if (n < 4)
    return fail (error, TRIB_RECORD_ERROR_FIELD, "a box needs all of",
        (TribRecordSlice){ "x, y, w, h", 10 });
  trib_json_writer_key (w, "bbox");
  trib_json_writer_begin_array (w);
  for (guint i = 0; i < 4; i++)
    trib_json_writer_double (w, values[i]);
  trib_json_writer_end_array (w);
  return TRUE;
}

/* as many as the line says: "faces=2 f0=... f1=..." */
static gboolean
write_items (TribJsonWriter *w, const TribObsTextKind *kind, const Line *line, GError **error)
{
  const Pair *count = find (line, kind->list);
  g_autofree Line *item = g_new (Line, 1);
  gint64 n = 0;

  if (count != NULL && (!to_int (count->value, &n) || n < 0))
    return fail (error, TRIB_RECORD_ERROR_FIELD, "no such number", count->value);
  if (n > (gint64) line->n)
    return fail (error, TRIB_RECORD_ERROR_FIELD, "more than the line has", count->value);
  if (kind->has_bbox)
    trib_json_writer_member_string (w, "units", "relative");
  trib_json_writer_key (w, kind->list);
  trib_json_writer_begin_array (w);
  for (gint64 i = 0; i < n; i++) {
    gchar name[24];
    const Pair *pair;

    g_snprintf (name, sizeof name, "%c%" G_GINT64_FORMAT, *kind->list, i);
    pair = find (line, name);
    if (pair == NULL)
      return fail (error, TRIB_RECORD_ERROR_FIELD, "a word that is missing",
          (TribRecordSlice){ name, strlen (name) });
    item->n = split_list (pair->value, item->pairs, MAX_WORDS);
    trib_json_writer_begin_object (w);
    if (!write_keys (w, kind->item_keys, item, error)
        || (kind->has_bbox && !write_bbox (w, item, error)))
      return FALSE;
    trib_json_writer_end_object (w);
  }
  trib_json_writer_end_array (w);
  return TRUE;
}

static gboolean
write_obs (TribJsonWriter *w, const Line *line, GError **error)
{
  const Pair *src = find (line, "src");
  const TribObsTextKind *kind;

  if (src == NULL || src->value.len == 0
      || !g_utf8_validate_len (src->value.str, src->value.len, NULL))
    return fail (
        error, TRIB_RECORD_ERROR_FIELD, "a word that is missing", (TribRecordSlice){ "src", 3 });
  trib_json_writer_key (w, "type");
  trib_json_writer_string_len (w, src->value.str, src->value.len);
  trib_json_writer_key (w, "source");
  trib_json_writer_string_len (w, src->value.str, src->value.len);
  if (!write_keys (w, trib_obs_text_obs_keys, line, error))
    return FALSE;
  kind = trib_obs_text_kind (src->value);
  if (kind == NULL)
    return TRUE;
  return write_keys (w, kind->keys, line, error)
         && (kind->list == NULL || write_items (w, kind, line, error));
}

gboolean
trib_obs_text_is (const gchar *text, gsize len)
{
  TribRecordSlice rest = { text, len }, word;

  return next_word (&rest, " \t\r\n", &word) && (slice_is (word, "OBS") || slice_is (word, "TRIG"));
}

gboolean
trib_obs_text_to_record (const gchar *text, gsize len, GString *out, GError **error)
{
  TribRecordSlice rest = { text, len }, word;
  g_autofree Line *line = g_new (Line, 1);
  gsize before = out->len;
  TribJsonWriter w;
  gboolean good;

  if (!next_word (&rest, " \t\r\n", &word) || !(slice_is (word, "OBS") || slice_is (word, "TRIG")))
    return fail (error, TRIB_RECORD_ERROR_SYNTAX, "neither OBS nor TRIG", word);
  if (!split_line (rest, line, error))
    return FALSE;
  trib_json_writer_init (&w, out);
  trib_json_writer_begin_object (&w);
  if (slice_is (word, "OBS")) {
    good = write_obs (&w, line, error);
  } else {
    trib_json_writer_member_string (&w, "type", "trig");
    good = write_keys (&w, trib_obs_text_trigger_keys, line, error);
  }
  if (good)
    trib_json_writer_end_object (&w);
  else
    g_string_truncate (out, before);
  return good;
}
