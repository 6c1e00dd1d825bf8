/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-overlay-scene.h"

G_BEGIN_DECLS

/* Places of the things of a scene in a picture. Pure: numbers in, numbers out. */

typedef struct {
  gint x, y, width, height; /* pixels */
} TribOverlayArea;

gboolean trib_overlay_layout_box (const TribOverlayScene *scene, const TribOverlayBox *box,
    guint width, guint height, TribOverlayArea *ret_area);
gboolean trib_overlay_layout_point (const TribOverlayScene *scene, const TribOverlayPoint *point,
    guint width, guint height, gint *ret_x, gint *ret_y);
gboolean trib_overlay_layout_label (const GArray *taken, const TribOverlayArea *box,
    guint label_width, guint label_height, guint width, guint height, TribOverlayArea *ret_area);
gboolean trib_overlay_area_clip (TribOverlayArea *area, guint width, guint height);
guint32 trib_overlay_color_of (const gchar *source);

G_END_DECLS
