/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-overlay-layout.h"

G_BEGIN_DECLS

/* Paints a scene onto a transparent canvas, with Cairo and Pango, and says which areas of it carry something.
 * Texts that were shaped are kept. A painter belongs to one thread at a time. */

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
 * @draw: what is drawn, of #TribOverlayDraw
 * @font: (nullable): as Pango describes fonts; without a size, and with %NULL, the size is the video's
 * @line_width: pixels; 0: as suits the video
 * @window_ms: how long the bar is; 0: no bar, its text alone
 * @stale_ms: by how much the scene is older than the frame; negative: it is the frame's own
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
