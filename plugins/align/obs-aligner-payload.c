/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-aligner-payload.h"

/* The counters are atomic integers of this file rather than GLib's boxes: what is compiled here, a
 * thread sanitizer sees. */

struct _ObsPacket {
  gint references; /* atomic */
  GstBuffer *buffer;
  GstMapInfo map;
};

/**
 * obs_packet_new:
 * @buffer: (transfer full): what came in
 *
 * Returns: (nullable): @buffer, mapped for reading as long as anyone holds it; %NULL when it cannot
 * be mapped
 */
ObsPacket *
obs_packet_new (GstBuffer *buffer)
{
  ObsPacket *packet = g_new0 (ObsPacket, 1);

  packet->references = 1;
  packet->buffer = buffer;
  if (gst_buffer_map (buffer, &packet->map, GST_MAP_READ))
    return packet;
  gst_buffer_unref (buffer);
  g_free (packet);
  return NULL;
}

const GstMapInfo *
obs_packet_map (const ObsPacket *packet)
{
  return &packet->map;
}

GstBuffer *
obs_packet_buffer (const ObsPacket *packet)
{
  return packet->buffer;
}

static ObsPacket *
obs_packet_ref (ObsPacket *packet)
{
  g_atomic_int_inc (&packet->references);
  return packet;
}

void
obs_packet_unref (ObsPacket *packet)
{
  if (!g_atomic_int_dec_and_test (&packet->references))
    return;
  gst_buffer_unmap (packet->buffer, &packet->map);
  gst_buffer_unref (packet->buffer);
  g_free (packet);
}

static TribRecordSlice
moved (TribRecordSlice slice, TribRecordSlice from, const gchar *to)
{
  gboolean inside = slice.str >= from.str && slice.str + slice.len <= from.str + from.len;

  /* a text with escapes lives in the reader, and goes with it */
  return inside ? (TribRecordSlice){ to + (slice.str - from.str), slice.len }
                : (TribRecordSlice){ NULL, 0 };
}

/**
 * obs_payload_new:
 * @packet: where the record is; referenced, unless it is mostly other records
 * @format: what it is
 * @envelope: it, as it was read from @packet
 * @running_time: of the buffer, or %GST_CLOCK_TIME_NONE
 *
 * One of many records of a buffer is copied, so that the others' bytes do not stay for its sake:
 * what is held is at most twice of what is counted.
 *
 * Returns: (transfer full): the record
 */
ObsPayload *
obs_payload_new (ObsPacket *packet, TribRecordFormat format, const TribRecordEnvelope *envelope,
    GstClockTime running_time)
{
  ObsPayload *payload = g_new0 (ObsPayload, 1);

  payload->references = 1;
  payload->format = format;
  payload->running_time = running_time;
  payload->processing_ms
      = trib_record_has (envelope, TRIB_RECORD_FIELD_PROCESSING_MS) ? envelope->processing_ms : -1;
  if (envelope->record.len >= packet->map.size / 2) {
    payload->packet = obs_packet_ref (packet);
    payload->record = envelope->record;
  } else {
    payload->own = g_memdup2 (envelope->record.str, envelope->record.len);
    payload->record = (TribRecordSlice){ payload->own, envelope->record.len };
  }
  payload->reason = moved (envelope->reason, envelope->record, payload->record.str);
  return payload;
}

ObsPayload *
obs_payload_ref (ObsPayload *payload)
{
  g_atomic_int_inc (&payload->references);
  return payload;
}

void
obs_payload_unref (ObsPayload *payload)
{
  if (!g_atomic_int_dec_and_test (&payload->references))
    return;
  g_clear_pointer (&payload->packet, obs_packet_unref);
  g_free (payload->own);
  g_free (payload);
}

/**
 * obs_payload_to_buffer:
 * @payload: a record
 *
 * Returns: (transfer full): the record by itself, as it came; its bytes are shared
 */
GstBuffer *
obs_payload_to_buffer (const ObsPayload *payload)
{
  GstBuffer *buffer;

  if (payload->packet) {
    gsize offset = (gsize) (payload->record.str - (const gchar *) payload->packet->map.data);
    buffer = gst_buffer_copy_region (
        payload->packet->buffer, GST_BUFFER_COPY_MEMORY, offset, payload->record.len);
  } else {
    buffer = gst_buffer_new_memdup (payload->record.str, payload->record.len);
  }
  GST_BUFFER_PTS (buffer) = payload->running_time;
  return buffer;
}
