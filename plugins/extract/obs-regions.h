/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <record/trib-record-envelope.h>

G_BEGIN_DECLS

/* Regions of interest on a frame (GstVideoRegionOfInterestMeta), as an observation. */

GstBuffer *obs_regions_to_record (
    GstBuffer *frame, const TribRecordEnvelope *head, TribRecordFormat format);

G_END_DECLS
