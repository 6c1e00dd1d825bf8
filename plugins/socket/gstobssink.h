/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_OBS_SINK (gst_obs_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstObsSink, gst_obs_sink, GST, OBS_SINK, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (obssink);

G_END_DECLS
