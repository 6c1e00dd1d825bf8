/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-overlay-layout.h"

G_BEGIN_DECLS

/* Paints a scene onto a transparent canvas, with Cairo and Pango, and returns the areas with
 * content. Shaped texts are cached. One thread at a time. */

typedef enum {
  TRIB_OVERLAY_DRAW_BOXES = 1 << 0,
  TRIB_OVERLAY_DRAW_LABELS = 1 << 1,
  TRIB_OVERLAY_DRAW_KEYPOINTS = 1 << 2,
  TRIB_OVERLAY_DRAW_QUALITY = 1 << 3,
  TRIB_OVERLAY_DRAW_MISSING = 1 << 4,
  TRIB_OVERLAY_DRAW_BAR = 1 << 5,
} TribOverlayDraw;

/**
 * TribOverlayStyle:
 * @width: of the video, pixels
 * @height: the same
 * @draw: things to draw, of #TribOverlayDraw
 * @font: (nullable): Pango font description; without a size, and with %NULL, the size suits the
 * video
 * @line_width: pixels; 0: one that suits the video
 * @window_ms: time at the tick of the bar; 0: no bar, its text alone
 * @stale_ms: age of the scene against the frame; negative: it is the frame's own
 */
typedef struct {
  guint width, height;
  guint draw;
  const gchar *font;
  guint line_width;
  gdouble window_ms;
  gdouble stale_ms;
} TribOverlayStyle;

typedef struct _TribOverlayPainter TribOverlayPainter;

TribOverlayPainter *trib_overlay_painter_new (void);
void trib_overlay_painter_free (TribOverlayPainter *painter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribOverlayPainter, trib_overlay_painter_free)

gboolean trib_overlay_painter_paint (TribOverlayPainter *painter, const TribOverlayScene *scene,
    const TribOverlayStyle *style, guint8 *pixels, gint stride, GArray *areas);

G_END_DECLS
