/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "obs-extractor.h"

G_BEGIN_DECLS

/* Inside extractorbin: frames in, to src and to the branches. */

#define GST_TYPE_EXTRACTOR_SPLIT (gst_extractor_split_get_type ())
G_DECLARE_FINAL_TYPE (GstExtractorSplit, gst_extractor_split, GST, EXTRACTOR_SPLIT, GstElement)

GstElement *gst_extractor_split_new (ObsExtractor *x);
GstPad *gst_extractor_split_add_branch (GstExtractorSplit *self, guint n);

G_END_DECLS
