/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-overlay-paint.h"

#include <math.h>
#include <string.h>

#include <pango/pangocairo.h>

#define MAX_TEXTS 256   /* kept shaped */
#define BOLD_FROM 11    /* pixels of a letter */
#define MAX_AREAS 512   /* more are merged into one */
#define BAR_WINDOWS 1.5 /* windows of a full bar */

struct _TribOverlayPainter {
  PangoFontMap *font_map;
  PangoContext *context;
  PangoFontDescription *font;
  gchar *font_text;
  guint font_height; /* of the video that the font's size was chosen for */
  GHashTable *texts; /* text: PangoLayout */

  /* of the scene that is being painted */
  const TribOverlayScene *scene;
  const TribOverlayStyle *style;
  cairo_t *cr;
  GArray *marks; /* of cairo_rectangle_int_t: painted parts */
  GArray *taken; /* of TribOverlayArea: areas of labels */
  gint line, pad, row;
};

/* ---- texts ---- */

static void
set_font (TribOverlayPainter *p)
{
  const gchar *text = p->style->font != NULL ? p->style->font : "";
  gdouble size = CLAMP (p->style->height / 42.0, 9, 64);
  PangoFontDescription *font;

  if (p->font != NULL && p->font_height == p->style->height && g_str_equal (p->font_text, text))
    return;
  /* small letters are easier to read when they are thin */
  font = pango_font_description_from_string (*text != '\0' ? text : "Sans");
  if (*text == '\0' && size >= BOLD_FROM)
    pango_font_description_set_weight (font, PANGO_WEIGHT_BOLD);
  if (pango_font_description_get_size (font) <= 0)
    pango_font_description_set_absolute_size (font, size * PANGO_SCALE);
  g_clear_pointer (&p->font, pango_font_description_free);
  g_free (p->font_text);
  p->font = font;
  p->font_text = g_strdup (text);
  p->font_height = p->style->height;
  g_hash_table_remove_all (p->texts);
}

/* (transfer none) @text shaped, of one line */
static PangoLayout *
shape (TribOverlayPainter *p, const gchar *text, gint *ret_width, gint *ret_height)
{
  PangoLayout *layout = g_hash_table_lookup (p->texts, text);

  if (layout == NULL) {
    if (g_hash_table_size (p->texts) >= MAX_TEXTS)
      g_hash_table_remove_all (p->texts);
    layout = pango_layout_new (p->context);
    pango_layout_set_single_paragraph_mode (layout, TRUE);
    pango_layout_set_font_description (layout, p->font);
    pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_text (layout, text, -1);
    g_hash_table_insert (p->texts, g_strdup (text), layout);
  }
  /* the width of the video bounds every text; the same width again costs nothing */
  pango_layout_set_width (layout, MAX ((gint) p->style->width - 4 * p->pad, 1) * PANGO_SCALE);
  pango_layout_get_pixel_size (layout, ret_width, ret_height);
  return layout;
}

/* ---- marks ---- */

static void
mark (TribOverlayPainter *p, gint x, gint y, gint width, gint height)
{
  TribOverlayArea area = { x, y, width, height };
  cairo_rectangle_int_t mark;

  if (!trib_overlay_area_clip (&area, p->style->width, p->style->height))
    return;
  mark = (cairo_rectangle_int_t){ area.x, area.y, area.width, area.height };
  g_array_append_val (p->marks, mark);
}

static void
set_color (cairo_t *cr, guint32 color, gdouble alpha)
{
  cairo_set_source_rgba (
      cr, (color >> 16 & 0xff) / 255.0, (color >> 8 & 0xff) / 255.0, (color & 0xff) / 255.0, alpha);
}

static guint32
color_of_answer (const TribOverlayPainter *p, guint answer)
{
  const TribOverlayAnswer *a = &g_array_index (p->scene->answers, TribOverlayAnswer, answer);

  return trib_overlay_color_of (trib_overlay_scene_text (p->scene, a->source));
}

static gboolean
is_stale (const TribOverlayPainter *p, guint answer)
{
  return p->style->stale_ms >= 0
         || g_array_index (p->scene->answers, TribOverlayAnswer, answer).stale_ms >= 0;
}

/* ---- boxes, points, labels ---- */

static void
paint_box (TribOverlayPainter *p, const TribOverlayBox *box, const TribOverlayArea *area)
{
  const gint line = p->line, halo = 1;
  const gdouble dashes[] = { line * 4.0, line * 3.0 };
  gint x = area->x, y = area->y, w = MAX (area->width, 2 * line), h = MAX (area->height, 2 * line);
  gint thick = line + 2 * halo;

  cairo_rectangle (p->cr, x + line / 2.0, y + line / 2.0, w - line, h - line);
  cairo_set_line_width (p->cr, thick);
  set_color (p->cr, 0, 0.4);
  cairo_stroke_preserve (p->cr);
  if (is_stale (p, box->answer))
    cairo_set_dash (p->cr, dashes, 2, 0);
  cairo_set_line_width (p->cr, line);
  set_color (p->cr, color_of_answer (p, box->answer), 1);
  cairo_stroke (p->cr);
  cairo_set_dash (p->cr, NULL, 0, 0);
  mark (p, x - halo, y - halo, w + 2 * halo, thick);
  mark (p, x - halo, y + h - line - halo, w + 2 * halo, thick);
  mark (p, x - halo, y - halo, thick, h + 2 * halo);
  mark (p, x + w - line - halo, y - halo, thick, h + 2 * halo);
}

static void
paint_boxes (TribOverlayPainter *p)
{
  for (guint i = 0; i < p->scene->boxes->len; i++) {
    const TribOverlayBox *box = &g_array_index (p->scene->boxes, TribOverlayBox, i);
    TribOverlayArea area;

    if (box->is_outlined
        && trib_overlay_layout_box (p->scene, box, p->style->width, p->style->height, &area))
      paint_box (p, box, &area);
  }
}

static void
paint_points (TribOverlayPainter *p)
{
  const gint radius = p->line + 1, outer = radius + 1;

  for (guint i = 0; i < p->scene->points->len; i++) {
    const TribOverlayPoint *point = &g_array_index (p->scene->points, TribOverlayPoint, i);
    gint x, y;

    if (!trib_overlay_layout_point (p->scene, point, p->style->width, p->style->height, &x, &y))
      continue;
    cairo_arc (p->cr, x + 0.5, y + 0.5, outer, 0, 2 * G_PI);
    set_color (p->cr, 0, 0.5 * point->score);
    cairo_fill (p->cr);
    cairo_arc (p->cr, x + 0.5, y + 0.5, radius - 0.25, 0, 2 * G_PI);
    set_color (p->cr, color_of_answer (p, point->answer), 0.3 + 0.7 * point->score);
    cairo_fill (p->cr);
    mark (p, x - outer, y - outer, 2 * outer + 1, 2 * outer + 1);
  }
}

/* @text on a panel of @color, in black or white, by contrast */
static void
paint_text (TribOverlayPainter *p, PangoLayout *layout, const TribOverlayArea *area, guint32 panel,
    gdouble alpha, guint32 ink)
{
  cairo_rectangle (p->cr, area->x, area->y, area->width, area->height);
  set_color (p->cr, panel, alpha);
  cairo_fill (p->cr);
  set_color (p->cr, ink, 1);
  cairo_move_to (p->cr, area->x + p->pad, area->y);
  pango_cairo_show_layout (p->cr, layout);
  mark (p, area->x, area->y, area->width, area->height);
}

static void
paint_labels (TribOverlayPainter *p)
{
  for (guint i = 0; i < p->scene->boxes->len; i++) {
    const TribOverlayBox *box = &g_array_index (p->scene->boxes, TribOverlayBox, i);
    TribOverlayArea area, label;
    PangoLayout *layout;
    gint w, h;

    if (*trib_overlay_scene_text (p->scene, box->label) == '\0'
        || !trib_overlay_layout_box (p->scene, box, p->style->width, p->style->height, &area))
      continue;
    layout = shape (p, trib_overlay_scene_text (p->scene, box->label), &w, &h);
    if (!trib_overlay_layout_label (p->taken, &area, (guint) (w + 2 * p->pad), (guint) h,
            p->style->width, p->style->height, &label))
      continue;
    g_array_append_val (p->taken, label);
    paint_text (p, layout, &label, color_of_answer (p, box->answer),
        is_stale (p, box->answer) ? 0.55 : 0.85, 0x000000);
  }
}

/* ---- at the edges ---- */

/* a line of text from the left edge at @y; returns its height */
static gint
paint_row (TribOverlayPainter *p, const gchar *text, gint y, guint32 ink)
{
  TribOverlayArea area = { p->pad, y, 0, 0 };
  PangoLayout *layout = shape (p, text, &area.width, &area.height);

  area.width += 2 * p->pad;
  paint_text (p, layout, &area, 0x000000, 0.7, ink);
  g_array_append_val (p->taken, area);
  return area.height;
}

/* half way to white */
static guint32
lighter (guint32 color)
{
  return ((color >> 1) & 0x7f7f7f) + 0x7f7f7f;
}

static void
paint_values (TribOverlayPainter *p)
{
  gint y = p->pad;

  for (guint i = 0; i < p->scene->answers->len; i++) {
    const TribOverlayAnswer *a = &g_array_index (p->scene->answers, TribOverlayAnswer, i);
    g_autofree gchar *text = NULL;

    if (a->n_values == 0)
      continue;
    /* at most half of the picture is covered */
    if (y + p->row > (gint) p->style->height / 2)
      break;
    text = g_strdup_printf ("%s  %s", trib_overlay_scene_text (p->scene, a->source),
        trib_overlay_scene_text (p->scene, a->values));
    y += paint_row (p, text, y, lighter (color_of_answer (p, i)));
  }
}

static guint32
color_of_reason (const gchar *reason)
{
  static const struct {
    const gchar *reason;
    guint32 color;
  } colors[] = {
    { "complete", 0x66bb6a },
    { "watermark", 0x66bb6a },
    { "skipped", 0xffb300 },
    { "timeout", 0xffb300 },
    { "late", 0xffb300 },
    { "eos", 0x90a4ae },
    { "overflow", 0xef5350 },
    { "jump", 0xef5350 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (colors); i++)
    if (g_str_equal (colors[i].reason, reason))
      return colors[i].color;
  return 0xe0e0e0;
}

/* "#12  complete  69 of 100 ms", "stale 240 ms  #5" */
static gchar *
make_status (const TribOverlayPainter *p)
{
  const gchar *reason = trib_overlay_scene_text (p->scene, p->scene->reason);
  g_autoptr (GString) text = g_string_sized_new (64);

  if (p->style->stale_ms >= 0)
    g_string_append_printf (text, "stale %.0f ms", MIN (p->style->stale_ms, 1e9));
  else if (*reason != '\0')
    g_string_append (text, reason);
  if (p->scene->wait_ms >= 0 && p->style->stale_ms < 0)
    g_string_append_printf (text, " %.0f ms", MIN (p->scene->wait_ms, 1e9));
  if (p->scene->has_frame_id)
    g_string_append_printf (
        text, "%s#%" G_GUINT64_FORMAT, text->len > 0 ? "  " : "", p->scene->frame_id);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* the bar: the part of the window that the frame waited, with a tick at the end of the window */
static void
paint_gauge (TribOverlayPainter *p, const TribOverlayArea *area, guint32 color)
{
  gdouble full = p->scene->wait_ms / (p->style->window_ms * BAR_WINDOWS);
  gint filled = (gint) lround (MIN (full, 1) * area->width);
  gint tick = (gint) lround (area->width / BAR_WINDOWS);

  set_color (p->cr, 0xffffff, 0.25);
  cairo_rectangle (p->cr, area->x, area->y, area->width, area->height);
  cairo_fill (p->cr);
  set_color (p->cr, color, 1);
  cairo_rectangle (p->cr, area->x, area->y, MAX (filled, 2), area->height);
  cairo_fill (p->cr);
  set_color (p->cr, 0xffffff, 1);
  cairo_rectangle (p->cr, area->x + tick, area->y - 1, MAX (p->line / 2, 1), area->height + 2);
  cairo_fill (p->cr);
}

/* at the lower left; returns its upper edge */
static gint
paint_bar (TribOverlayPainter *p)
{
  g_autofree gchar *text = make_status (p);
  guint32 color = p->style->stale_ms >= 0
                      ? 0xffb300
                      : color_of_reason (trib_overlay_scene_text (p->scene, p->scene->reason));
  gboolean has_gauge = p->style->window_ms > 0 && p->scene->wait_ms >= 0 && p->style->stale_ms < 0;
  gint gauge_width = has_gauge ? MIN ((gint) p->style->width / 3, 12 * p->row) : 0;
  TribOverlayArea panel = { p->pad, 0, 0, 0 }, gauge;
  PangoLayout *layout;

  if (*text == '\0' && !has_gauge)
    return (gint) p->style->height - p->pad;
  layout = shape (p, text, &panel.width, &panel.height);
  gauge = (TribOverlayArea){ 2 * p->pad, 0, gauge_width, MAX (panel.height / 2, 3) };
  panel.width += 2 * p->pad + (has_gauge ? gauge_width + p->pad : 0);
  panel.y = (gint) p->style->height - p->pad - panel.height;
  gauge.y = panel.y + (panel.height - gauge.height) / 2;
  g_array_append_val (p->taken, panel);
  set_color (p->cr, 0, 0.6);
  cairo_rectangle (p->cr, panel.x, panel.y, panel.width, panel.height);
  cairo_fill (p->cr);
  if (has_gauge)
    paint_gauge (p, &gauge, color);
  set_color (p->cr, color, 1);
  cairo_move_to (p->cr, has_gauge ? gauge.x + gauge.width + p->pad : panel.x + p->pad, panel.y);
  pango_cairo_show_layout (p->cr, layout);
  mark (p, panel.x, panel.y, panel.width, panel.height);
  return panel.y;
}

/* "missing: pose timeout, gesture backpressure", above the bar */
static void
paint_missing (TribOverlayPainter *p, gint bottom)
{
  g_autoptr (GString) text = g_string_new ("missing: ");

  /* a complete frame lacks nothing: what is listed then does not take it by its configuration */
  if (p->scene->missing->len == 0
      || g_str_equal (trib_overlay_scene_text (p->scene, p->scene->reason), "complete"))
    return;
  for (guint i = 0; i < p->scene->missing->len; i++) {
    const TribOverlayMissing *m = &g_array_index (p->scene->missing, TribOverlayMissing, i);
    const gchar *why = trib_overlay_scene_text (p->scene, m->why);

    g_string_append_printf (text, "%s%s%s%s", i > 0 ? ", " : "",
        trib_overlay_scene_text (p->scene, m->source), *why != '\0' ? " " : "", why);
  }
  paint_row (p, text->str, bottom - p->row, 0xff8a80);
}

/* ---- areas ---- */

static gboolean
is_same_band (const TribOverlayArea *a, const cairo_rectangle_int_t *b)
{
  return a->y == b->y && a->height == b->height;
}

/* The marks as areas that do not overlap, since half transparent pixels must be blended once. Near
 * neighbours are merged, because blending a line has a cost of its own. */
static void
find_areas (TribOverlayPainter *p, GArray *areas)
{
  cairo_region_t *region = cairo_region_create_rectangles (
      (const cairo_rectangle_int_t *) (gpointer) p->marks->data, (gint) p->marks->len);
  gint n = cairo_region_num_rectangles (region), near = (gint) p->style->width / 4;
  cairo_rectangle_int_t next;

  g_array_set_size (areas, 0);
  for (gint i = 0; i < n && areas->len <= MAX_AREAS; i++) {
    TribOverlayArea *last
        = areas->len > 0 ? &g_array_index (areas, TribOverlayArea, areas->len - 1) : NULL;

    cairo_region_get_rectangle (region, i, &next);
    if (last != NULL && is_same_band (last, &next) && next.x - (last->x + last->width) <= near) {
      last->width = next.x + next.width - last->x;
    } else {
      TribOverlayArea area = { next.x, next.y, next.width, next.height };
      g_array_append_val (areas, area);
    }
  }
  if (areas->len > MAX_AREAS) {
    TribOverlayArea all;

    cairo_region_get_extents (region, &next);
    all = (TribOverlayArea){ next.x, next.y, next.width, next.height };
    g_array_set_size (areas, 0);
    g_array_append_val (areas, all);
  }
  cairo_region_destroy (region);
}

static void
clear (cairo_t *cr, const GArray *areas)
{
  cairo_set_operator (cr, CAIRO_OPERATOR_CLEAR);
  for (guint i = 0; i < areas->len; i++) {
    const TribOverlayArea *area = &g_array_index (areas, TribOverlayArea, i);
    cairo_rectangle (cr, area->x, area->y, area->width, area->height);
  }
  cairo_fill (cr);
  cairo_set_operator (cr, CAIRO_OPERATOR_OVER);
}

/* ---- the painter ---- */

TribOverlayPainter *
trib_overlay_painter_new (void)
{
  TribOverlayPainter *p = g_new0 (TribOverlayPainter, 1);

  p->font_map = pango_cairo_font_map_new ();
  pango_cairo_font_map_set_resolution (PANGO_CAIRO_FONT_MAP (p->font_map), 96);
  p->context = pango_font_map_create_context (p->font_map);
  p->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  p->marks = g_array_new (FALSE, FALSE, sizeof (cairo_rectangle_int_t));
  p->taken = g_array_new (FALSE, FALSE, sizeof (TribOverlayArea));
  return p;
}

void
trib_overlay_painter_free (TribOverlayPainter *painter)
{
  g_hash_table_unref (painter->texts);
  g_clear_pointer (&painter->font, pango_font_description_free);
  g_free (painter->font_text);
  g_object_unref (painter->context);
  g_object_unref (painter->font_map);
  g_array_unref (painter->marks);
  g_array_unref (painter->taken);
  g_free (painter);
}

static void
paint_scene (TribOverlayPainter *p)
{
  guint draw = p->style->draw;
  gint bottom = (gint) p->style->height - p->pad;

  if (draw & TRIB_OVERLAY_DRAW_BOXES)
    paint_boxes (p);
  if (draw & TRIB_OVERLAY_DRAW_KEYPOINTS)
    paint_points (p);
  /* things with a fixed place precede labels, whose place is searched */
  if (draw & TRIB_OVERLAY_DRAW_QUALITY)
    paint_values (p);
  if (draw & TRIB_OVERLAY_DRAW_BAR)
    bottom = paint_bar (p);
  if (draw & TRIB_OVERLAY_DRAW_MISSING)
    paint_missing (p, bottom);
  if (draw & TRIB_OVERLAY_DRAW_LABELS)
    paint_labels (p);
}

/**
 * trib_overlay_painter_paint:
 * @painter: a painter
 * @scene: a scene
 * @style: how
 * @pixels: the canvas, of the size of the video: ARGB in the machine's order of bytes,
 * premultiplied
 * @stride: bytes of a line of it, a multiple of 4
 * @areas: (element-type TribOverlayArea) (inout): areas of @pixels with content: they are cleared
 * first, all else must be transparent
 *
 * Returns: %FALSE when Cairo cannot paint on such a canvas; it is unchanged then
 */
gboolean
trib_overlay_painter_paint (TribOverlayPainter *painter, const TribOverlayScene *scene,
    const TribOverlayStyle *style, guint8 *pixels, gint stride, GArray *areas)
{
  cairo_surface_t *surface = cairo_image_surface_create_for_data (
      pixels, CAIRO_FORMAT_ARGB32, (gint) style->width, (gint) style->height, stride);
  gint width;

  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS) {
    cairo_surface_destroy (surface);
    return FALSE;
  }
  painter->scene = scene;
  painter->style = style;
  painter->cr = cairo_create (surface);
  painter->line = style->line_width > 0 ? (gint) style->line_width
                                        : (gint) CLAMP (style->height / 320, 2, 12);
  painter->pad = (gint) CLAMP (style->height / 120, 3, 16);
  g_array_set_size (painter->marks, 0);
  g_array_set_size (painter->taken, 0);
  set_font (painter);
  shape (painter, "Ag", &width, &painter->row);
  clear (painter->cr, areas);
  paint_scene (painter);
  find_areas (painter, areas);
  cairo_destroy (painter->cr);
  cairo_surface_flush (surface);
  cairo_surface_destroy (surface);
  painter->cr = NULL;
  painter->scene = NULL;
  painter->style = NULL;
  return TRUE;
}
