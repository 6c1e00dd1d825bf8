/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <math.h>

#include <overlay/trib-overlay-layout.h>

#include "fuzz.h"

/* The first byte says which format the rest is taken for. Whatever is read out of it is within
 * bounds, can be placed in a picture, and its texts are lines of UTF-8. */

static void
check_text (const TribOverlayScene *scene, guint text)
{
  const gchar *line = trib_overlay_scene_text (scene, text);

  g_assert (g_utf8_validate (line, -1, NULL));
  for (; *line != '\0'; line = g_utf8_next_char (line))
    g_assert (g_unichar_isprint (g_utf8_get_char (line)));
}

static void
check_boxes (const TribOverlayScene *scene)
{
  for (guint i = 0; i < scene->boxes->len; i++) {
    const TribOverlayBox *box = &g_array_index (scene->boxes, TribOverlayBox, i);
    TribOverlayArea area;

    g_assert (box->answer < scene->answers->len);
    g_assert (isfinite (box->x) && isfinite (box->y) && box->width > 0 && box->height > 0);
    check_text (scene, box->label);
    if (trib_overlay_layout_box (scene, box, 320, 240, &area))
      g_assert (area.x >= 0 && area.y >= 0 && area.width > 0 && area.height > 0
                && area.x + area.width <= 320 && area.y + area.height <= 240);
  }
}

static void
check_points (const TribOverlayScene *scene)
{
  for (guint i = 0; i < scene->points->len; i++) {
    const TribOverlayPoint *point = &g_array_index (scene->points, TribOverlayPoint, i);
    gint x, y;

    g_assert (point->answer < scene->answers->len);
    g_assert (point->score >= 0 && point->score <= 1);
    if (trib_overlay_layout_point (scene, point, 320, 240, &x, &y))
      g_assert (x >= 0 && y >= 0 && x < 320 && y < 240);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();
  g_autoptr (GError) error = NULL;
  TribRecordFormat format;
  gboolean read;

  if (size == 0)
    return 0;
  format = data[0] % 2 == 0 ? TRIB_RECORD_JSON : TRIB_RECORD_MSGPACK;
  read = trib_overlay_scene_add (scene, format, data + 1, size - 1, &error);
  g_assert (read == (error == NULL));
  g_assert (scene->answers->len <= TRIB_OVERLAY_MAX_ANSWERS);
  g_assert (scene->boxes->len <= TRIB_OVERLAY_MAX_BOXES);
  g_assert (scene->points->len <= TRIB_OVERLAY_MAX_POINTS);
  g_assert (scene->missing->len <= TRIB_OVERLAY_MAX_MISSING);
  for (guint i = 0; i < scene->answers->len; i++) {
    check_text (scene, g_array_index (scene->answers, TribOverlayAnswer, i).source);
    check_text (scene, g_array_index (scene->answers, TribOverlayAnswer, i).values);
  }
  for (guint i = 0; i < scene->missing->len; i++) {
    check_text (scene, g_array_index (scene->missing, TribOverlayMissing, i).source);
    check_text (scene, g_array_index (scene->missing, TribOverlayMissing, i).why);
  }
  check_text (scene, scene->reason);
  check_boxes (scene);
  check_points (scene);
  return 0;
}
