/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <align/trib-align.h>
#include <record/trib-record-envelope.h>

G_BEGIN_DECLS

/* The memory of one accepted record: its input buffer, or a copy. Owned by the record of the
 * aligner, freed on any thread. */

typedef struct {
  GstBuffer *buffer; /* (nullable): mapped; NULL: the bytes follow this struct */
  GstMapInfo map;
  GstClockTime running_time; /* of its buffer, NONE when that has none */
  gint64 t_ns;               /* capture time as the source gave it; set when it is pushed */
} ObsPayload;

ObsPayload *obs_payload_new (GstBuffer *buffer, const GstMapInfo *map,
    const TribRecordEnvelope *envelope, GstClockTime running_time, TribAlignRecord *record);
void obs_payload_free (ObsPayload *payload);
GstBuffer *obs_payload_to_buffer (const TribAlignRecord *record);

G_END_DECLS
