/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <overlay/trib-overlay-paint.h>

G_BEGIN_DECLS

/* Scenes as overlay compositions. The pictures of a composition's rectangles are areas of one
 * canvas, without a copy; a canvas is reused once downstream has released its areas. One thread at
 * a time. */

typedef struct _ObsOverlayCanvas ObsOverlayCanvas;

ObsOverlayCanvas *obs_overlay_canvas_new (void);
void obs_overlay_canvas_free (ObsOverlayCanvas *canvas);
GstVideoOverlayComposition *obs_overlay_canvas_compose (
    ObsOverlayCanvas *canvas, const TribOverlayScene *scene, const TribOverlayStyle *style);

G_END_DECLS
