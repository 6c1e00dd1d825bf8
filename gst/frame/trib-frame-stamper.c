/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-frame-stamper.h"

static GstStaticCaps unix_caps = GST_STATIC_CAPS ("timestamp/x-unix");

/**
 * trib_frame_stamper_reset:
 * @s: a stamper
 *
 * A new stream begins: index 0, its start not yet measured.
 */
void
trib_frame_stamper_reset (TribFrameStamper *s)
{
  *s = (TribFrameStamper){ 0 };
}

static gboolean
get_reference (GstBuffer *buffer, gint64 *ret_ns)
{
  g_autoptr (GstCaps) caps = gst_static_caps_get (&unix_caps);
  GstReferenceTimestampMeta *meta = gst_buffer_get_reference_timestamp_meta (buffer, caps);

  if (meta == NULL || meta->timestamp > G_MAXINT64)
    return FALSE;
  *ret_ns = (gint64) meta->timestamp;
  return TRUE;
}

/* frames before the segment's start have a negative running time */
static gboolean
get_running_time (GstBuffer *buffer, const GstSegment *segment, gint64 *ret_ns)
{
  guint64 magnitude;
  gint sign;

  if (segment == NULL || segment->format != GST_FORMAT_TIME || !GST_BUFFER_PTS_IS_VALID (buffer))
    return FALSE;
  sign = gst_segment_to_running_time_full (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer), &magnitude);
  if (sign == 0 || magnitude > G_MAXINT64)
    return FALSE;
  *ret_ns = sign * (gint64) magnitude;
  return TRUE;
}

/* how long the pipeline has been running by its clock; FALSE when it is not */
static gboolean
get_pipeline_time (GstElement *element, gint64 *ret_ns)
{
  g_autoptr (GstClock) clock = NULL;
  GstClockTime now, base = GST_CLOCK_TIME_NONE;

  if (element == NULL)
    return FALSE;
  GST_OBJECT_LOCK (element);
  if (GST_STATE (element) == GST_STATE_PLAYING && GST_ELEMENT_CLOCK (element)) {
    clock = gst_object_ref (GST_ELEMENT_CLOCK (element));
    base = element->base_time;
  }
  GST_OBJECT_UNLOCK (element);
  if (clock == NULL || !GST_CLOCK_TIME_IS_VALID (base))
    return FALSE;
  now = gst_clock_get_time (clock);
  if (!GST_CLOCK_TIME_IS_VALID (now))
    return FALSE;
  *ret_ns = GST_CLOCK_DIFF (base, now);
  return TRUE;
}

/**
 * trib_frame_stamper_identify:
 * @s: the stream's stamper
 * @element: (nullable): whose clock and base time count
 * @buffer: a frame; only read
 * @segment: (nullable): the segment @buffer lies in
 * @session: session id for a frame without identity; @ret_info points to it
 * @stream: stream id, likewise
 * @wall_ns: the wall clock now, nanoseconds since the Unix epoch
 * @ret_info: (out caller-allocates): the frame's identity
 *
 * A frame that has an identity keeps it, and takes no index; its time source is the one its meta
 * names, %TRIB_TIME_SOURCE_META when it names none. Streaming thread only.
 */
void
trib_frame_stamper_identify (TribFrameStamper *s, GstElement *element, GstBuffer *buffer,
    const GstSegment *segment, const gchar *session, const gchar *stream, gint64 wall_ns,
    TribFrameInfo *ret_info)
{
  gint64 running_ns, pipeline_ns;

  if (trib_frame_meta_get (buffer, ret_info))
    return;

  *ret_info = (TribFrameInfo){
    .session = session,
    .stream = stream,
    .index = s->next_index++,
    .quality = -1,
  };
  if (get_reference (buffer, &ret_info->t_ns)) {
    ret_info->time_source = TRIB_TIME_SOURCE_REFERENCE;
  } else if (get_running_time (buffer, segment, &running_ns)) {
    if (!s->has_start) {
      s->start_ns
          = wall_ns - (get_pipeline_time (element, &pipeline_ns) ? pipeline_ns : running_ns);
      s->has_start = TRUE;
    }
    ret_info->t_ns = s->start_ns + running_ns;
    ret_info->time_source = TRIB_TIME_SOURCE_RUNNING_TIME;
  } else {
    ret_info->t_ns = wall_ns;
    ret_info->time_source = TRIB_TIME_SOURCE_WALL;
  }
}
