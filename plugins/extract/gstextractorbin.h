/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_EXTRACTOR_BIN (gst_extractor_bin_get_type ())
G_DECLARE_FINAL_TYPE (GstExtractorBin, gst_extractor_bin, GST, EXTRACTOR_BIN, GstBin)

GST_ELEMENT_REGISTER_DECLARE (extractorbin)

G_END_DECLS
