/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <record/trib-record-envelope.h>

G_BEGIN_DECLS

/* A record that came in, as it stands in the buffer it came in: held by groups that wait for other
 * records and by fused records that wait to be written. References may be taken and given back on
 * any thread. */

typedef struct _ObsPacket ObsPacket;

typedef struct {
  gint references;   /* atomic */
  ObsPacket *packet; /* NULL: @own has the bytes */
  gchar *own;
  TribRecordFormat format;
  TribRecordSlice record;
  TribRecordSlice reason;    /* in @record or @packet; of a skipped frame */
  GstClockTime running_time; /* of its buffer, NONE when that has none */
  gint64 t_ns;               /* capture time; known when it is pushed */
  gdouble processing_ms;     /* -1: it does not say */
} ObsPayload;

ObsPacket *obs_packet_new (GstBuffer *buffer);
const GstMapInfo *obs_packet_map (const ObsPacket *packet);
GstBuffer *obs_packet_buffer (const ObsPacket *packet);
void obs_packet_unref (ObsPacket *packet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsPacket, obs_packet_unref)

ObsPayload *obs_payload_new (ObsPacket *packet, TribRecordFormat format,
    const TribRecordEnvelope *envelope, GstClockTime running_time);
ObsPayload *obs_payload_ref (ObsPayload *payload);
void obs_payload_unref (ObsPayload *payload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsPayload, obs_payload_unref)
GstBuffer *obs_payload_to_buffer (const ObsPayload *payload);

G_END_DECLS
