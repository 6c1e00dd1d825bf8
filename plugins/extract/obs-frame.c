/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-frame.h"

#include <common/trib-frame-id.h>
#include <frame/trib-frame-meta.h>

/**
 * obs_frame_identify:
 * @buffer: a frame
 * @segment: the segment that it is in, in time
 * @envelope: gets `session`, `stream`, `frame_id` and `t_ns`; the texts live as long as @buffer
 *
 * Without an identity, `t_ns` is the running time (0 where it has none), and `frame_id` is
 * unchanged.
 *
 * Returns: whether @buffer has an identity
 */
gboolean
obs_frame_identify (GstBuffer *buffer, const GstSegment *segment, TribRecordEnvelope *envelope)
{
  TribFrameInfo identity;
  GstClockTime time = GST_CLOCK_TIME_NONE;

  envelope->has |= TRIB_RECORD_BIT (T_NS);
  if (trib_frame_meta_get (buffer, &identity)) {
    envelope->has |= TRIB_RECORD_BIT (FRAME_ID);
    envelope->frame_id = identity.index;
    envelope->t_ns = identity.t_ns;
    /* any application may write the meta */
    if (trib_session_id_check (identity.session, NULL)
        && trib_stream_id_check (identity.stream, NULL)) {
      envelope->has |= TRIB_RECORD_BIT (SESSION) | TRIB_RECORD_BIT (STREAM);
      envelope->session = TRIB_RECORD_TEXT (identity.session);
      envelope->stream = TRIB_RECORD_TEXT (identity.stream);
    }
    return TRUE;
  }
  if (segment->format == GST_FORMAT_TIME)
    time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  envelope->t_ns = (gint64) (GST_CLOCK_TIME_IS_VALID (time) ? time : 0);
  return FALSE;
}

/**
 * obs_frame_new_record:
 * @frame: the frame that the record is about
 * @text: (transfer full): the record
 *
 * Returns: (transfer full): a buffer of @text, with the timestamps, flags and metas of @frame
 */
GstBuffer *
obs_frame_new_record (GstBuffer *frame, GString *text)
{
  gsize len = text->len;
  GstBuffer *record = gst_buffer_new_wrapped (g_string_free (text, FALSE), len);

  gst_buffer_copy_into (record, frame,
      GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_META, 0, -1);
  return record;
}

/**
 * obs_frame_settle_caps:
 * @pad: a source pad that has pushed @caps, and no segment yet
 * @caps: of pictures
 *
 * Asks for buffers, as sources of pictures do, and ignores the answer. Elements that postpone their
 * own caps until then or until the first picture (motioncells) would push them behind the segment.
 */
void
obs_frame_settle_caps (GstPad *pad, GstCaps *caps)
{
  g_autoptr (GstQuery) query = gst_query_new_allocation (caps, FALSE);

  gst_pad_peer_query (pad, query);
}
