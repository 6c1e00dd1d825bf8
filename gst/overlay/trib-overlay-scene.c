/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-overlay-scene.h"

#include <math.h>
#include <string.h>

#include <record/trib-record-envelope.h>

#define MAX_DEPTH 6 /* of nested things: deeper ones are not drawn */
#define MAX_WORDS 3 /* of a label */
#define MAX_COORDINATE 1e9

/* a thing, as its map describes it */
typedef struct {
  gdouble bbox[4];
  gboolean has_bbox;
  gdouble left, top, right, bottom; /* of its points */
  TribRecordSlice words[MAX_WORDS];
  gchar own[MAX_WORDS]
           [TRIB_RECORD_MAX_TEXT_BYTES + 1]; /* a reader's text may go with its next token */
  guint n_words;
  gchar id[24];
  gdouble confidence; /* negative: none */
} Thing;

/* what must be known of an answer before its things, wherever it stands */
typedef struct {
  gdouble grid[2]; /* rows and columns of its cells; 0: none */
  gboolean is_relative;
} Terms;

/* ---- texts ---- */

/* keeps @text, with unprintable characters as blanks, cut at so many characters */
static void
append_cut (GString *out, const gchar *text, gsize len, guint max_chars)
{
  const gchar *end = text + len;
  guint n = 0;

  for (const gchar *p = text; p < end; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char_validated (p, end - p);

    if (c == (gunichar) -1 || c == (gunichar) -2)
      break;
    if (n++ == max_chars) {
      g_string_append (out, "\xe2\x80\xa6");
      break;
    }
    g_string_append_unichar (out, g_unichar_isprint (c) ? c : ' ');
  }
}

static guint
begin_text (TribOverlayScene *scene)
{
  return (guint) scene->texts->len;
}

static void
end_text (TribOverlayScene *scene)
{
  g_string_append_c (scene->texts, '\0');
}

static guint
keep_text (TribOverlayScene *scene, TribRecordSlice text)
{
  guint place = begin_text (scene);

  if (text.str != NULL)
    append_cut (scene->texts, text.str, text.len, TRIB_OVERLAY_MAX_LABEL_CHARS);
  end_text (scene);
  return place;
}

static gboolean
is_word (TribRecordSlice text, const gchar *const *words)
{
  for (; *words != NULL; words++)
    if (strlen (*words) == text.len && memcmp (*words, text.str, text.len) == 0)
      return TRUE;
  return FALSE;
}

/* ---- numbers ---- */

static gboolean
is_number (TribRecordToken token)
{
  return token >= TRIB_RECORD_INT && token <= TRIB_RECORD_FLOAT64;
}

/* the numbers of the list that was just begun, at most @max of them; the list is read to its end */
static guint
read_numbers (TribRecordReader *r, gdouble *numbers, guint max)
{
  TribRecordToken token;
  gboolean good = TRUE;
  guint n = 0;

  while ((token = trib_record_reader_next (r)) != TRIB_RECORD_ARRAY_END
         && token != TRIB_RECORD_ERROR_TOKEN && token != TRIB_RECORD_END) {
    if (!is_number (token))
      good = FALSE;
    if (token == TRIB_RECORD_MAP_BEGIN || token == TRIB_RECORD_ARRAY_BEGIN)
      trib_record_reader_skip (r);
    else if (good && n < max)
      numbers[n++] = trib_record_reader_double (r);
  }
  return good ? n : 0;
}

static gboolean
is_coordinate (gdouble number)
{
  return isfinite (number) && fabs (number) <= MAX_COORDINATE;
}

static void
add_point (TribOverlayScene *scene, const gdouble *numbers, guint n)
{
  TribOverlayPoint point = { .answer = scene->answers->len - 1, .score = 1 };

  if (n < 2 || !is_coordinate (numbers[0]) || !is_coordinate (numbers[1])) {
    scene->n_refused++;
    return;
  }
  if (scene->points->len == TRIB_OVERLAY_MAX_POINTS) {
    scene->n_left_out++;
    return;
  }
  point.x = numbers[0];
  point.y = numbers[1];
  if (n > 2)
    point.score = isfinite (numbers[n - 1]) ? CLAMP (numbers[n - 1], 0, 1) : 0;
  g_array_append_val (scene->points, point);
}

/* {"x":..,"y":..,"score":..} */
static void
read_point_map (TribOverlayScene *scene, TribRecordReader *r)
{
  gdouble numbers[3] = { NAN, NAN, 1 };
  TribRecordToken token;

  while ((token = trib_record_reader_next (r)) == TRIB_RECORD_KEY) {
    TribRecordSlice key = trib_record_reader_string (r);
    gint at = is_word (key, (const gchar *const[]){ "x", NULL })   ? 0
              : is_word (key, (const gchar *const[]){ "y", NULL }) ? 1
              : is_word (key, (const gchar *const[]){ "score", "confidence", "visibility", NULL })
                  ? 2
                  : -1;

    token = trib_record_reader_next (r);
    if (token == TRIB_RECORD_MAP_BEGIN || token == TRIB_RECORD_ARRAY_BEGIN)
      trib_record_reader_skip (r);
    else if (at >= 0 && is_number (token))
      numbers[at] = trib_record_reader_double (r);
  }
  add_point (scene, numbers, 3);
}

/* a list of points, or a map of them by name, that was just begun */
static void
read_points (TribOverlayScene *scene, TribRecordReader *r)
{
  for (;;) {
    TribRecordToken token = trib_record_reader_next (r);
    gdouble numbers[4];
    guint n;

    switch (token) {
      case TRIB_RECORD_ERROR_TOKEN:
      case TRIB_RECORD_END:
      case TRIB_RECORD_ARRAY_END:
      case TRIB_RECORD_MAP_END:
        return;
      case TRIB_RECORD_ARRAY_BEGIN:
        n = read_numbers (r, numbers, G_N_ELEMENTS (numbers));
        add_point (scene, numbers, n);
        break;
      case TRIB_RECORD_MAP_BEGIN:
        read_point_map (scene, r);
        break;
      default: /* the name of a point, or what is none */
        break;
    }
  }
}

/* ---- things ---- */

static void
add_word (Thing *thing, TribRecordSlice word)
{
  guint at = thing->n_words;
  gsize len = MIN (word.len, TRIB_RECORD_MAX_TEXT_BYTES);

  if (at == MAX_WORDS || len == 0)
    return;
  memcpy (thing->own[at], word.str, len);
  thing->words[at] = (TribRecordSlice){ thing->own[at], len };
  thing->n_words++;
}

static void
init_thing (Thing *thing)
{
  thing->has_bbox = FALSE;
  thing->n_words = 0;
  thing->id[0] = '\0';
  thing->confidence = -1;
  thing->left = thing->top = INFINITY;
  thing->right = thing->bottom = -INFINITY;
}

/* "face #1 neutral 0.93" */
static guint
keep_label (TribOverlayScene *scene, const Thing *thing)
{
  const TribOverlayAnswer *answer
      = &g_array_index (scene->answers, TribOverlayAnswer, scene->answers->len - 1);
  g_autoptr (GString) label = g_string_sized_new (64);
  gchar number[G_ASCII_DTOSTR_BUF_SIZE];
  guint place = begin_text (scene);

  g_string_append (label, trib_overlay_scene_text (scene, answer->source));
  if (thing->id[0] != '\0')
    g_string_append_printf (label, " #%s", thing->id);
  for (guint i = 0; i < thing->n_words; i++) {
    g_string_append_c (label, ' ');
    append_cut (label, thing->words[i].str, thing->words[i].len, TRIB_OVERLAY_MAX_LABEL_CHARS / 2);
  }
  if (thing->confidence >= 0) {
    g_string_append_c (label, ' ');
    g_string_append (label, g_ascii_formatd (number, sizeof number,
                                thing->confidence <= 1 ? "%.2f" : "%.0f", thing->confidence));
  }
  if (answer->stale_ms >= 0)
    g_string_append_printf (label, " (%.0f ms old)", MIN (answer->stale_ms, 1e9));
  append_cut (scene->texts, label->str, label->len, TRIB_OVERLAY_MAX_LABEL_CHARS);
  end_text (scene);
  return place;
}

/* takes the points from @first on for those of @thing */
static void
take_points (const TribOverlayScene *scene, Thing *thing, guint first)
{
  for (guint i = first; i < scene->points->len; i++) {
    const TribOverlayPoint *point = &g_array_index (scene->points, TribOverlayPoint, i);

    if (point->score <= 0)
      continue;
    thing->left = MIN (thing->left, point->x);
    thing->top = MIN (thing->top, point->y);
    thing->right = MAX (thing->right, point->x);
    thing->bottom = MAX (thing->bottom, point->y);
  }
}

static void
end_thing (TribOverlayScene *scene, const Thing *thing)
{
  TribOverlayBox box = { .answer = scene->answers->len - 1 };
  gboolean relative = g_array_index (scene->answers, TribOverlayAnswer, box.answer).width == 1;
  gdouble least = relative ? 1e-3 : 1;

  if (thing->has_bbox) {
    const gdouble *b = thing->bbox;

    if (!is_coordinate (b[0]) || !is_coordinate (b[1]) || !is_coordinate (b[2])
        || !is_coordinate (b[3]) || b[2] <= 0 || b[3] <= 0) {
      scene->n_refused++;
      return;
    }
    box = (TribOverlayBox){ box.answer, 0, b[0], b[1], b[2], b[3], TRUE, FALSE };
  } else if (thing->left > thing->right) {
    return;
  } else {
    box.x = thing->left;
    box.y = thing->top;
    box.width = MAX (thing->right - thing->left, least);
    box.height = MAX (thing->bottom - thing->top, least);
  }
  if (scene->boxes->len == TRIB_OVERLAY_MAX_BOXES) {
    scene->n_left_out++;
    return;
  }
  box.label = keep_label (scene, thing);
  g_array_append_val (scene->boxes, box);
}

static void read_thing (TribOverlayScene *scene, TribRecordReader *r, guint depth);

/* the rest of a container that was just begun: things are read, all else is skipped */
static void
read_things (TribOverlayScene *scene, TribRecordReader *r, guint depth)
{
  TribRecordToken token;

  while ((token = trib_record_reader_next (r)) != TRIB_RECORD_ARRAY_END
         && token != TRIB_RECORD_ERROR_TOKEN && token != TRIB_RECORD_END) {
    if (token == TRIB_RECORD_MAP_BEGIN && depth < MAX_DEPTH)
      read_thing (scene, r, depth + 1);
    else if (token == TRIB_RECORD_MAP_BEGIN || token == TRIB_RECORD_ARRAY_BEGIN)
      trib_record_reader_skip (r);
  }
}

static void
read_id (Thing *thing, TribRecordReader *r, TribRecordToken token)
{
  if (token == TRIB_RECORD_INT)
    g_snprintf (thing->id, sizeof thing->id, "%" G_GINT64_FORMAT, trib_record_reader_int (r));
  else if (token == TRIB_RECORD_UINT)
    g_snprintf (thing->id, sizeof thing->id, "%" G_GUINT64_FORMAT, trib_record_reader_uint (r));
  else if (token == TRIB_RECORD_STRING) {
    TribRecordSlice text = trib_record_reader_string (r);
    g_autoptr (GString) cut = g_string_sized_new (32);

    /* four bytes a character, and the ellipsis */
    append_cut (cut, text.str, text.len, 5);
    g_strlcpy (thing->id, cut->str, sizeof thing->id);
  }
}

/* {"x":..,"y":..,"w":..,"h":..}, or "width" and "height" */
static void
read_bbox_map (TribRecordReader *r, gdouble *numbers)
{
  static const gchar *const names[4][3]
      = { { "x", NULL }, { "y", NULL }, { "w", "width", NULL }, { "h", "height", NULL } };

  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    TribRecordSlice key = trib_record_reader_string (r);
    gint at = -1;
    TribRecordToken token;

    for (gint i = 0; i < 4; i++)
      at = is_word (key, names[i]) ? i : at;
    token = trib_record_reader_next (r);
    if (token == TRIB_RECORD_MAP_BEGIN || token == TRIB_RECORD_ARRAY_BEGIN)
      trib_record_reader_skip (r);
    else if (at >= 0 && is_number (token))
      numbers[at] = trib_record_reader_double (r);
  }
}

/* anything else than a list of four numbers, or a map of them, is refused later */
static void
read_bbox (TribRecordReader *r, Thing *thing, TribRecordToken token)
{
  gdouble numbers[5] = { NAN, NAN, NAN, NAN, NAN };

  if (token == TRIB_RECORD_MAP_BEGIN)
    read_bbox_map (r, numbers);
  else if (token == TRIB_RECORD_ARRAY_BEGIN && read_numbers (r, numbers, 5) != 4)
    numbers[0] = NAN;
  thing->has_bbox = TRUE;
  memcpy (thing->bbox, numbers, sizeof thing->bbox);
}

/* a member of a thing; FALSE: it is none, and its value, of which @token was read, is not
 * consumed */
static gboolean
read_member (TribOverlayScene *scene, TribRecordReader *r, Thing *thing, TribRecordSlice key,
    TribRecordToken token)
{
  static const gchar *const words[] = { "gesture", "expression", "label", "class", "name", NULL };
  static const gchar *const points[] = { "keypoints", "landmarks", "points", NULL };
  static const gchar *const sure[] = { "confidence", "score", NULL };

  if (is_word (key, (const gchar *const[]){ "bbox", NULL })) {
    if (token != TRIB_RECORD_NULL)
      read_bbox (r, thing, token);
    return TRUE;
  }
  if (is_word (key, points)
      && (token == TRIB_RECORD_ARRAY_BEGIN || token == TRIB_RECORD_MAP_BEGIN)) {
    guint first = scene->points->len;

    read_points (scene, r);
    take_points (scene, thing, first);
    return TRUE;
  }
  if (is_word (key, words) && token == TRIB_RECORD_STRING) {
    add_word (thing, trib_record_reader_string (r));
    return TRUE;
  }
  if (is_word (key, (const gchar *const[]){ "id", NULL })
      && (token == TRIB_RECORD_INT || token == TRIB_RECORD_UINT || token == TRIB_RECORD_STRING)) {
    read_id (thing, r, token);
    return TRUE;
  }
  if (is_word (key, sure) && is_number (token)) {
    gdouble number = trib_record_reader_double (r);

    thing->confidence = isfinite (number) && number <= 1e6 ? number : -1;
    return TRUE;
  }
  return FALSE;
}

/* the map that was just begun, to its end */
static void
read_thing (TribOverlayScene *scene, TribRecordReader *r, guint depth)
{
  TribRecordToken token;
  Thing thing;

  init_thing (&thing);
  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    gchar name[32];
    TribRecordSlice key = trib_record_reader_string (r);
    gsize len = MIN (key.len, sizeof name - 1);

    memcpy (name, key.str, len);
    name[len] = '\0';
    key = (TribRecordSlice){ name, len };
    token = trib_record_reader_next (r);
    if (read_member (scene, r, &thing, key, token))
      continue;
    if (token == TRIB_RECORD_TRUE)
      add_word (&thing, (TribRecordSlice){ g_strdelimit (name, "_-", ' '), len });
    else if (token == TRIB_RECORD_ARRAY_BEGIN)
      read_things (scene, r, depth + 1);
    else if (token == TRIB_RECORD_MAP_BEGIN && depth < MAX_DEPTH)
      read_thing (scene, r, depth + 1);
    else if (token == TRIB_RECORD_MAP_BEGIN)
      trib_record_reader_skip (r);
  }
  end_thing (scene, &thing);
}

/* ---- answers ---- */

static void
add_value (TribOverlayScene *scene, TribOverlayAnswer *answer, GString *values, TribRecordSlice key,
    gdouble number)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (number))
    return;
  if (answer->n_values == TRIB_OVERLAY_MAX_VALUES) {
    scene->n_left_out++;
    return;
  }
  if (answer->n_values++ > 0)
    g_string_append (values, "  ");
  /* a high value is a sharp picture */
  if (is_word (key, (const gchar *const[]){ "blur", "blur_score", NULL }))
    key = TRIB_RECORD_TEXT ("sharpness");
  append_cut (values, key.str, key.len, TRIB_OVERLAY_MAX_LABEL_CHARS / 2);
  g_string_append_c (values, ' ');
  g_string_append (values, g_ascii_formatd (text, sizeof text, "%.4g", number));
}

/* members of an observation that are no result */
static gboolean
is_envelope (TribRecordSlice key)
{
  static const gchar *const fused[] = { "stale_ms", "delay_ms", NULL };
  TribRecordFieldId field = trib_record_field_lookup (key.str, key.len);

  return is_word (key, fused)
         || (field != TRIB_RECORD_N_FIELDS
             && (trib_record_kind_fields (TRIB_RECORD_KIND_OBS) >> field) & 1);
}

static void
read_envelope (
    TribOverlayAnswer *answer, TribRecordReader *r, TribRecordSlice key, TribRecordToken token)
{
  gdouble number = is_number (token) ? trib_record_reader_double (r) : -1;

  if (!isfinite (number) || number < 0 || number > MAX_COORDINATE)
    return;
  if (is_word (key, (const gchar *const[]){ "width", NULL }))
    answer->width = number >= 1 ? number : 0;
  else if (is_word (key, (const gchar *const[]){ "height", NULL }))
    answer->height = number >= 1 ? number : 0;
  else if (is_word (key, (const gchar *const[]){ "stale_ms", NULL }))
    answer->stale_ms = number;
}

/* a cell and those beside it up to @last, of a grid over the picture; the first has the label */
static void
add_cells (TribOverlayScene *scene, const Terms *terms, gdouble row, gdouble column, gdouble last,
    gboolean *is_labelled)
{
  TribOverlayBox box = { .answer = scene->answers->len - 1,
    .x = column / terms->grid[1],
    .y = row / terms->grid[0],
    .width = (last + 1 - column) / terms->grid[1],
    .height = 1 / terms->grid[0],
    .is_outlined = TRUE,
    .is_cell = TRUE };
  Thing thing;

  if (scene->boxes->len == TRIB_OVERLAY_MAX_BOXES) {
    scene->n_left_out++;
    return;
  }
  init_thing (&thing);
  box.label
      = *is_labelled ? keep_text (scene, (TribRecordSlice){ "", 0 }) : keep_label (scene, &thing);
  *is_labelled = TRUE;
  g_array_append_val (scene->boxes, box);
}

/* the list of [row, column] that was just begun; neighbours of a row are one box */
static void
read_cells (TribOverlayScene *scene, TribRecordReader *r, const Terms *terms)
{
  gdouble row = -1, first = -1, last = -1, numbers[3];
  gboolean is_labelled = FALSE;
  TribRecordToken token;

  while ((token = trib_record_reader_next (r)) != TRIB_RECORD_ARRAY_END
         && token != TRIB_RECORD_ERROR_TOKEN && token != TRIB_RECORD_END) {
    gboolean good = token == TRIB_RECORD_ARRAY_BEGIN && read_numbers (r, numbers, 3) == 2
                    && numbers[0] >= 0 && numbers[0] < terms->grid[0] && numbers[1] >= 0
                    && numbers[1] < terms->grid[1];
    if (token == TRIB_RECORD_MAP_BEGIN)
      trib_record_reader_skip (r);
    if (!good) {
      scene->n_refused++;
      continue;
    }
    if (row >= 0 && numbers[0] == row && numbers[1] == last + 1) {
      last = numbers[1];
      continue;
    }
    if (row >= 0)
      add_cells (scene, terms, row, first, last, &is_labelled);
    row = numbers[0];
    first = last = numbers[1];
  }
  if (row >= 0)
    add_cells (scene, terms, row, first, last, &is_labelled);
}

static void
read_body (TribOverlayScene *scene, TribRecordReader *r, TribOverlayAnswer *answer,
    const Terms *terms, Thing *thing, GString *values)
{
  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    gchar name[TRIB_RECORD_MAX_TEXT_BYTES + 1];
    TribRecordSlice key = trib_record_reader_string (r);
    gsize len = MIN (key.len, sizeof name - 1);
    TribRecordToken token;

    memcpy (name, key.str, len);
    name[len] = '\0';
    key = (TribRecordSlice){ name, len };
    token = trib_record_reader_next (r);
    if (is_word (key, (const gchar *const[]){ "cells", NULL })
        && token == TRIB_RECORD_ARRAY_BEGIN) {
      read_cells (scene, r, terms);
    } else if (is_envelope (key)) {
      read_envelope (answer, r, key, token);
      if (token == TRIB_RECORD_ARRAY_BEGIN || token == TRIB_RECORD_MAP_BEGIN)
        trib_record_reader_skip (r);
    } else if (read_member (scene, r, thing, key, token)) {
      continue;
    } else if (is_number (token)) {
      add_value (scene, answer, values, key, trib_record_reader_double (r));
    } else if (token == TRIB_RECORD_ARRAY_BEGIN) {
      read_things (scene, r, 1);
    } else if (token == TRIB_RECORD_MAP_BEGIN) {
      read_thing (scene, r, 1);
    }
  }
}

static void
find_terms (TribRecordReader *r, TribRecordFormat format, TribRecordSlice record,
    TribOverlayAnswer *answer, Terms *terms)
{
  trib_record_reader_set (r, format, record.str, record.len);
  if (trib_record_reader_next (r) != TRIB_RECORD_MAP_BEGIN)
    return;
  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    TribRecordSlice key = trib_record_reader_string (r);
    gboolean is_stale = is_word (key, (const gchar *const[]){ "stale_ms", NULL });
    gboolean is_units = is_word (key, (const gchar *const[]){ "units", NULL });
    gboolean is_grid = is_word (key, (const gchar *const[]){ "grid", NULL });
    TribRecordToken token = trib_record_reader_next (r);

    if (is_stale)
      read_envelope (answer, r, (TribRecordSlice){ "stale_ms", 8 }, token);
    if (is_units && token == TRIB_RECORD_STRING)
      terms->is_relative
          = is_word (trib_record_reader_string (r), (const gchar *const[]){ "relative", NULL });
    if (is_grid && token == TRIB_RECORD_ARRAY_BEGIN)
      read_numbers (r, terms->grid, 2);
    else if (token == TRIB_RECORD_ARRAY_BEGIN || token == TRIB_RECORD_MAP_BEGIN)
      trib_record_reader_skip (r);
  }
}

/* @record: one map */
static void
read_answer (TribOverlayScene *scene, TribRecordReader *r, TribRecordFormat format,
    TribRecordSlice record, TribRecordSlice source)
{
  g_autoptr (GString) values = NULL;
  TribOverlayAnswer answer = { .stale_ms = -1 }, *kept;
  Terms terms = { .is_relative = FALSE };
  guint index = scene->answers->len;
  Thing thing;

  if (index == TRIB_OVERLAY_MAX_ANSWERS) {
    scene->n_left_out++;
    return;
  }
  values = g_string_sized_new (64);
  find_terms (r, format, record, &answer, &terms);
  answer.source = keep_text (scene, source);
  answer.width = answer.height = terms.is_relative ? 1 : 0;
  g_array_append_val (scene->answers, answer);
  trib_record_reader_set (r, format, record.str, record.len);
  if (trib_record_reader_next (r) == TRIB_RECORD_MAP_BEGIN) {
    init_thing (&thing);
    read_body (scene, r, &answer, &terms, &thing, values);
    end_thing (scene, &thing);
  }
  answer.values = keep_text (scene, (TribRecordSlice){ "", 0 });
  if (answer.n_values > 0) {
    answer.values = begin_text (scene);
    g_string_append_len (scene->texts, values->str, (gssize) values->len);
    end_text (scene);
  }
  if (terms.is_relative)
    answer.width = answer.height = 1;
  kept = &g_array_index (scene->answers, TribOverlayAnswer, index);
  *kept = answer;
}

/* ---- fused records ---- */

/* `have` of a fused record: one reader finds the place of each answer, the scene's other one reads
 * it */
static void
read_have (
    TribOverlayScene *scene, TribRecordReader *outer, TribRecordFormat format, TribRecordSlice have)
{
  TribRecordToken token;

  trib_record_reader_set (outer, format, have.str, have.len);
  if (trib_record_reader_next (outer) != TRIB_RECORD_MAP_BEGIN)
    return;
  while (trib_record_reader_next (outer) == TRIB_RECORD_KEY) {
    gchar name[TRIB_RECORD_MAX_TEXT_BYTES + 1];
    TribRecordSlice key = trib_record_reader_string (outer);
    gsize len = MIN (key.len, sizeof name - 1);
    gboolean is_list;

    memcpy (name, key.str, len);
    token = trib_record_reader_next (outer);
    is_list = token == TRIB_RECORD_ARRAY_BEGIN;
    if (is_list)
      token = trib_record_reader_next (outer);
    for (; token == TRIB_RECORD_MAP_BEGIN; token = trib_record_reader_next (outer)) {
      gsize start = trib_record_reader_offset (outer);

      if (!trib_record_reader_skip (outer))
        return;
      read_answer (scene, scene->reader, format, trib_record_reader_since (outer, start),
          (TribRecordSlice){ name, len });
      if (!is_list)
        break;
    }
    /* anything but a map ends a list of answers */
    while (is_list && token != TRIB_RECORD_ARRAY_END) {
      if (token == TRIB_RECORD_ERROR_TOKEN || token == TRIB_RECORD_END)
        return;
      if (token == TRIB_RECORD_ARRAY_BEGIN || token == TRIB_RECORD_MAP_BEGIN)
        trib_record_reader_skip (outer);
      token = trib_record_reader_next (outer);
    }
  }
}

static void
read_missing_one (TribOverlayScene *scene, TribRecordReader *r)
{
  TribOverlayMissing missing;
  guint empty = keep_text (scene, (TribRecordSlice){ "", 0 }), reason = empty;

  missing.source = missing.why = empty;
  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    TribRecordSlice key = trib_record_reader_string (r);
    guint *place = is_word (key, (const gchar *const[]){ "source", NULL })   ? &missing.source
                   : is_word (key, (const gchar *const[]){ "why", NULL })    ? &missing.why
                   : is_word (key, (const gchar *const[]){ "reason", NULL }) ? &reason
                                                                             : NULL;
    TribRecordToken token = trib_record_reader_next (r);

    if (token == TRIB_RECORD_ARRAY_BEGIN || token == TRIB_RECORD_MAP_BEGIN)
      trib_record_reader_skip (r);
    else if (place != NULL && token == TRIB_RECORD_STRING)
      *place = keep_text (scene, trib_record_reader_string (r));
  }
  /* the reason of a source itself takes precedence */
  if (reason != empty)
    missing.why = reason;
  if (missing.source == empty)
    return;
  if (scene->missing->len == TRIB_OVERLAY_MAX_MISSING)
    scene->n_left_out++;
  else
    g_array_append_val (scene->missing, missing);
}

static void
read_missing (
    TribOverlayScene *scene, TribRecordReader *r, TribRecordFormat format, TribRecordSlice list)
{
  TribRecordToken token;

  trib_record_reader_set (r, format, list.str, list.len);
  if (trib_record_reader_next (r) != TRIB_RECORD_ARRAY_BEGIN)
    return;
  while ((token = trib_record_reader_next (r)) != TRIB_RECORD_ARRAY_END
         && token != TRIB_RECORD_ERROR_TOKEN && token != TRIB_RECORD_END) {
    if (token == TRIB_RECORD_MAP_BEGIN)
      read_missing_one (scene, r);
    else if (token == TRIB_RECORD_ARRAY_BEGIN)
      trib_record_reader_skip (r);
  }
}

/* ---- the scene ---- */

TribOverlayScene *
trib_overlay_scene_new (void)
{
  TribOverlayScene *scene = g_new0 (TribOverlayScene, 1);

  scene->answers = g_array_new (FALSE, FALSE, sizeof (TribOverlayAnswer));
  scene->boxes = g_array_new (FALSE, FALSE, sizeof (TribOverlayBox));
  scene->points = g_array_new (FALSE, FALSE, sizeof (TribOverlayPoint));
  scene->missing = g_array_new (FALSE, FALSE, sizeof (TribOverlayMissing));
  scene->texts = g_string_sized_new (1024);
  scene->reader = trib_record_reader_new (NULL);
  trib_overlay_scene_clear (scene);
  return scene;
}

void
trib_overlay_scene_free (TribOverlayScene *scene)
{
  g_array_unref (scene->answers);
  g_array_unref (scene->boxes);
  g_array_unref (scene->points);
  g_array_unref (scene->missing);
  g_string_free (scene->texts, TRUE);
  trib_record_reader_free (scene->reader);
  g_free (scene);
}

/* Empties it, and resets its counters. */
void
trib_overlay_scene_clear (TribOverlayScene *scene)
{
  g_array_set_size (scene->answers, 0);
  g_array_set_size (scene->boxes, 0);
  g_array_set_size (scene->points, 0);
  g_array_set_size (scene->missing, 0);
  g_string_truncate (scene->texts, 0);
  end_text (scene);
  scene->reason = 0;
  scene->wait_ms = -1;
  scene->has_frame_id = FALSE;
  scene->frame_id = 0;
  scene->n_refused = scene->n_left_out = 0;
}

/**
 * trib_overlay_scene_add:
 * @scene: a scene
 * @format: of @data
 * @data: one record
 * @len: its length in bytes
 * @error: domain %TRIB_RECORD_ERROR
 *
 * Adds the things of a record to @scene. Records about no picture, and empty answers, add nothing.
 * Impossible numbers are counted in the scene; they are no error.
 *
 * Returns: %FALSE when @data is no record; @scene is unchanged then
 */
gboolean
trib_overlay_scene_add (
    TribOverlayScene *scene, TribRecordFormat format, gconstpointer data, gsize len, GError **error)
{
  g_autoptr (TribRecordReader) outer = NULL;
  TribRecordEnvelope e;

  if (!trib_record_envelope_parse (scene->reader, format, data, len, &e, error))
    return FALSE;
  if (trib_record_has (&e, TRIB_RECORD_FIELD_FRAME_ID)) {
    scene->has_frame_id = TRUE;
    scene->frame_id = e.frame_id;
  }
  if (e.kind == TRIB_RECORD_KIND_FUSED) {
    scene->reason = keep_text (scene, e.reason);
    if (trib_record_has (&e, TRIB_RECORD_FIELD_WAIT_MS) && e.wait_ms >= 0)
      scene->wait_ms = e.wait_ms;
    outer = trib_record_reader_new (NULL);
    read_have (scene, outer, format, e.have);
    if (trib_record_has (&e, TRIB_RECORD_FIELD_MISSING))
      read_missing (scene, outer, format, e.missing);
  } else if (e.kind == TRIB_RECORD_KIND_OBS) {
    gchar name[TRIB_RECORD_MAX_TEXT_BYTES];
    gsize n = MIN (e.source.len, sizeof name);

    /* its reader is about to read the next token */
    memcpy (name, e.source.str, n);
    read_answer (scene, scene->reader, format, e.record, (TribRecordSlice){ name, n });
  }
  return TRUE;
}

/**
 * trib_overlay_scene_text:
 * @scene: a scene
 * @text: a text of it
 *
 * Returns: (transfer none): UTF-8 of one line, "" for none; it lives until the scene changes
 */
const gchar *
trib_overlay_scene_text (const TribOverlayScene *scene, guint text)
{
  return text < scene->texts->len ? scene->texts->str + text : "";
}
