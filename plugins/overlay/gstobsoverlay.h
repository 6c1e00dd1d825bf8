/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_OBS_OVERLAY (gst_obs_overlay_get_type ())
G_DECLARE_FINAL_TYPE (GstObsOverlay, gst_obs_overlay, GST, OBS_OVERLAY, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (obsoverlay)

G_END_DECLS
