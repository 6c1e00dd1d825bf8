/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-overlay-layout.h"

#include <math.h>

/* bright enough for a dark picture, and distinct */
static const guint32 palette[] = { 0x4fc3f7, 0xffd54f, 0xa5d6a7, 0xffab91, 0xce93d8, 0xf48fb1,
  0x80cbc4, 0xaed581, 0x90a4ff, 0xffb74d };

/**
 * trib_overlay_color_of:
 * @source: name of a source
 *
 * Returns: 0xRRGGBB, the same for the same name in every process
 */
guint32
trib_overlay_color_of (const gchar *source)
{
  guint32 hash = 2166136270u; /* FNV-1a; the seed keeps usual names apart */

  for (; *source != '\0'; source++)
    hash = (hash ^ (guint8) *source) * 16777619u;
  return palette[(hash ^ hash >> 15) % G_N_ELEMENTS (palette)];
}

/* pixels of the video for one of the answer's picture */
static void
find_scale (const TribOverlayScene *scene, guint answer, guint width, guint height, gdouble *ret_x,
    gdouble *ret_y)
{
  const TribOverlayAnswer *a = &g_array_index (scene->answers, TribOverlayAnswer, answer);

  *ret_x = a->width > 0 ? width / a->width : 1;
  *ret_y = a->height > 0 ? height / a->height : 1;
}

static gint
to_pixel (gdouble at, guint size)
{
  return (gint) lround (CLAMP (at, 0, (gdouble) size));
}

/**
 * trib_overlay_area_clip:
 * @area: (inout): an area
 * @width: of the picture, pixels
 * @height: the same
 *
 * Returns: whether a part of @area is in the picture
 */
gboolean
trib_overlay_area_clip (TribOverlayArea *area, guint width, guint height)
{
  gint64 right = MIN ((gint64) area->x + area->width, (gint64) width);
  gint64 bottom = MIN ((gint64) area->y + area->height, (gint64) height);

  area->x = MAX (area->x, 0);
  area->y = MAX (area->y, 0);
  if (right <= area->x || bottom <= area->y)
    return FALSE;
  area->width = (gint) (right - area->x);
  area->height = (gint) (bottom - area->y);
  return TRUE;
}

/**
 * trib_overlay_layout_box:
 * @scene: a scene
 * @box: a box of it
 * @width: of the video, pixels
 * @height: the same
 * @ret_area: (out): where it is, clipped to the video
 *
 * Returns: whether a part of it is in the video
 */
gboolean
trib_overlay_layout_box (const TribOverlayScene *scene, const TribOverlayBox *box, guint width,
    guint height, TribOverlayArea *ret_area)
{
  gdouble sx, sy, left, top, right, bottom;

  find_scale (scene, box->answer, width, height, &sx, &sy);
  if (box->is_cell) {
    sx = width;
    sy = height;
  }
  left = box->x * sx;
  top = box->y * sy;
  right = (box->x + box->width) * sx;
  bottom = (box->y + box->height) * sy;
  if (!(right > 0 && bottom > 0 && left < width && top < height))
    return FALSE;
  ret_area->x = MIN (to_pixel (left, width), (gint) width - 1);
  ret_area->y = MIN (to_pixel (top, height), (gint) height - 1);
  ret_area->width = MAX (to_pixel (right, width) - ret_area->x, 1);
  ret_area->height = MAX (to_pixel (bottom, height) - ret_area->y, 1);
  return TRUE;
}

/* FALSE: it is outside the video, or its score is too low */
gboolean
trib_overlay_layout_point (const TribOverlayScene *scene, const TribOverlayPoint *point,
    guint width, guint height, gint *ret_x, gint *ret_y)
{
  gdouble sx, sy, x, y;

  find_scale (scene, point->answer, width, height, &sx, &sy);
  x = point->x * sx;
  y = point->y * sy;
  if (!(x >= 0 && y >= 0 && x < width && y < height) || point->score <= 0)
    return FALSE;
  *ret_x = (gint) x;
  *ret_y = (gint) y;
  return TRUE;
}

static gboolean
overlaps (const TribOverlayArea *a, const TribOverlayArea *b)
{
  return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height
         && b->y < a->y + a->height;
}

static gboolean
is_free (const GArray *taken, const TribOverlayArea *area, guint width, guint height)
{
  if (area->x < 0 || area->y < 0 || area->x + area->width > (gint) width
      || area->y + area->height > (gint) height)
    return FALSE;
  for (guint i = 0; i < taken->len; i++)
    if (overlaps (area, &g_array_index (taken, TribOverlayArea, i)))
      return FALSE;
  return TRUE;
}

/**
 * trib_overlay_layout_label:
 * @taken: (element-type TribOverlayArea): areas of other labels
 * @box: its box, inside the video
 * @label_width: of the label, pixels
 * @label_height: the same
 * @width: of the video, pixels
 * @height: the same
 * @ret_area: (out): its place
 *
 * Above the box, beside it, below it, then inside: the first place that overlaps no other label.
 *
 * Returns: %FALSE when every place is taken: the label is omitted
 */
gboolean
trib_overlay_layout_label (const GArray *taken, const TribOverlayArea *box, guint label_width,
    guint label_height, guint width, guint height, TribOverlayArea *ret_area)
{
  gint w = (gint) label_width, h = (gint) label_height;
  gint rightmost = MAX ((gint) width - w, 0), x = MIN (box->x, rightmost);
  gint right = MIN (MAX (box->x + box->width - w, 0), rightmost);
  const gint places[][2] = {
    { x, box->y - h },
    { box->x + box->width, box->y },
    { box->x - w, box->y },
    { x, box->y + box->height },
    { x, box->y },
    { right, box->y - h },
    { right, box->y + box->height },
    { x, box->y + box->height - h },
    { x, box->y - 2 * h },
    { x, box->y + box->height + h },
    { box->x + box->width, box->y + h },
    { x, box->y + h },
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    TribOverlayArea area = { places[i][0], places[i][1], w, h };

    if (is_free (taken, &area, width, height)) {
      *ret_area = area;
      return TRUE;
    }
  }
  return FALSE;
}
