/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_OBS_SRC (gst_obs_src_get_type ())
G_DECLARE_FINAL_TYPE (GstObsSrc, gst_obs_src, GST, OBS_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (obssrc);

G_END_DECLS
