/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "obs-extractor.h"

G_BEGIN_DECLS

/* Inside extractorbin: answers of the branches in, records out by obs. */

#define GST_TYPE_EXTRACTOR_JOIN (gst_extractor_join_get_type ())
G_DECLARE_FINAL_TYPE (GstExtractorJoin, gst_extractor_join, GST, EXTRACTOR_JOIN, GstElement)

GstElement *gst_extractor_join_new (ObsExtractor *x);
GstPad *gst_extractor_join_add_branch (GstExtractorJoin *self, guint n, ObsBranch *b);
void gst_extractor_join_set_branch (GstPad *pad, ObsBranch *b);

G_END_DECLS
