/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-aligner-payload.h"

#include <string.h>

/* @slice in @to, where @from is now; NULL when it is elsewhere */
static const gchar *
moved (TribRecordSlice slice, TribRecordSlice from, const gchar *to)
{
  gboolean inside = slice.str >= from.str && slice.str + slice.len <= from.str + from.len;

  return inside ? to + (slice.str - from.str) : NULL;
}

static gchar *
append (gchar **end, TribRecordSlice slice)
{
  gchar *copy = *end;

  memcpy (copy, slice.str, slice.len);
  *end += slice.len;
  return copy;
}

/**
 * obs_payload_new:
 * @buffer: (nullable): the buffer that the record is in
 * @map: (nullable): its mapping
 * @envelope: the record, as it was read from @map
 * @running_time: of the buffer, or %GST_CLOCK_TIME_NONE
 * @record: (out caller-allocates): gets text, reason, payload and size
 *
 * One of many records of a buffer is copied, so that it does not keep the memory of the others: at
 * most twice as much memory is held as is counted.
 *
 * Returns: (transfer full): also the payload of @record
 */
ObsPayload *
obs_payload_new (GstBuffer *buffer, const GstMapInfo *map, const TribRecordEnvelope *envelope,
    GstClockTime running_time, TribAlignRecord *record)
{
  TribRecordSlice text = envelope->record, reason = { NULL, 0 };
  GstMapInfo own;
  gboolean keeps
      = buffer && text.len >= map->size / 2 && gst_buffer_map (buffer, &own, GST_MAP_READ);
  gsize outside = 0;
  ObsPayload *payload;
  gchar *end;

  if (trib_record_has (envelope, TRIB_RECORD_FIELD_REASON))
    reason = envelope->reason;
  /* a text with escapes is in the reader */
  if (reason.str && moved (reason, text, text.str) == NULL)
    outside = reason.len;
  payload = g_malloc (sizeof *payload + (keeps ? 0 : text.len) + outside);
  payload->running_time = running_time;
  end = (gchar *) (payload + 1);
  if (keeps) {
    payload->buffer = gst_buffer_ref (buffer);
    payload->map = own;
    record->text.str = (const gchar *) own.data + (text.str - (const gchar *) map->data);
  } else {
    payload->buffer = NULL;
    record->text.str = append (&end, text);
  }
  record->text.len = record->bytes = text.len;
  record->reason = reason;
  if (reason.str)
    record->reason.str = outside ? append (&end, reason) : moved (reason, text, record->text.str);
  record->payload = payload;
  return payload;
}

/* @thread: any */
void
obs_payload_free (ObsPayload *payload)
{
  if (payload->buffer) {
    gst_buffer_unmap (payload->buffer, &payload->map);
    gst_buffer_unref (payload->buffer);
  }
  g_free (payload);
}

/**
 * obs_payload_to_buffer:
 * @record: a record with its payload
 *
 * Returns: (transfer full): the record alone, unchanged; it shares the memory of its input
 * buffer
 */
GstBuffer *
obs_payload_to_buffer (const TribAlignRecord *record)
{
  const ObsPayload *payload = record->payload;
  GstBuffer *buffer;

  if (payload->buffer)
    buffer = gst_buffer_copy_region (payload->buffer, GST_BUFFER_COPY_MEMORY,
        (gsize) (record->text.str - (const gchar *) payload->map.data), record->text.len);
  else
    buffer = gst_buffer_new_memdup (record->text.str, record->text.len);
  GST_BUFFER_PTS (buffer) = payload->running_time;
  return buffer;
}
