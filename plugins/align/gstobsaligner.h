/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_OBS_ALIGNER (gst_obs_aligner_get_type ())
G_DECLARE_FINAL_TYPE (GstObsAligner, gst_obs_aligner, GST, OBS_ALIGNER, GstElement)

GST_ELEMENT_REGISTER_DECLARE (obsaligner);

G_END_DECLS
