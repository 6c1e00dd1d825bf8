/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <record/trib-record-envelope.h>

G_BEGIN_DECLS

/* The frame of a record. */

gboolean obs_frame_identify (
    GstBuffer *buffer, const GstSegment *segment, TribRecordEnvelope *envelope);
GstBuffer *obs_frame_new_record (GstBuffer *frame, GString *text);
void obs_frame_settle_caps (GstPad *pad, GstCaps *caps);

G_END_DECLS
