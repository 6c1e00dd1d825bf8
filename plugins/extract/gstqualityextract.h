/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_QUALITY_EXTRACT (gst_quality_extract_get_type ())
G_DECLARE_FINAL_TYPE (
    GstQualityExtract, gst_quality_extract, GST, QUALITY_EXTRACT, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (qualityextract);

G_END_DECLS
