/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-frame-stamper.h"

#include <common/trib-time.h>

TribLogCategory trib_frame_debug = { "tribframe", "identity and capture times of frames", NULL };

static GstStaticCaps unix_caps = GST_STATIC_CAPS ("timestamp/x-unix");
static GstStaticCaps ntp_caps = GST_STATIC_CAPS ("timestamp/x-ntp");

/**
 * trib_frame_stamper_reset:
 * @s: a stamper
 *
 * A new stream begins: index 0, its start not yet measured, no origin.
 */
void
trib_frame_stamper_reset (TribFrameStamper *s)
{
  *s = (TribFrameStamper){ 0 };
}

/**
 * trib_frame_stamper_begin:
 * @s: a stamper
 * @origin: (nullable): capture time at running time 0, as trib_capture_time_parse() reads it
 * @error: return location
 *
 * trib_frame_stamper_reset(); with an origin, capture times neither depend on a clock nor on what
 * upstream says.
 *
 * Returns: whether @origin is a time or %NULL
 */
gboolean
trib_frame_stamper_begin (TribFrameStamper *s, const gchar *origin, GError **error)
{
  trib_frame_stamper_reset (s);
  s->has_origin = origin != NULL;
  return origin == NULL || trib_capture_time_parse (origin, &s->origin_ns, error);
}

static GstReferenceTimestampMeta *
find_reference (GstBuffer *buffer, GstStaticCaps *kind)
{
  g_autoptr (GstCaps) caps = gst_static_caps_get (kind);

  return gst_buffer_get_reference_timestamp_meta (buffer, caps);
}

static gboolean
get_reference (GstBuffer *buffer, gint64 *ret_ns)
{
  GstReferenceTimestampMeta *meta = find_reference (buffer, &unix_caps);

  if (meta && meta->timestamp <= G_MAXINT64) {
    *ret_ns = (gint64) meta->timestamp;
    return TRUE;
  }
  meta = find_reference (buffer, &ntp_caps);
  return meta && GST_CLOCK_TIME_IS_VALID (meta->timestamp)
         && trib_capture_time_from_ntp (meta->timestamp, ret_ns);
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

/* a run of the pipeline by its clock */
typedef struct {
  gconstpointer clock; /* to compare */
  GstClockTime base_time;
  gint64 elapsed_ns;
} Run;

/* FALSE when @element is not PLAYING with a clock */
static gboolean
get_run (GstElement *element, Run *ret_run)
{
  g_autoptr (GstClock) clock = NULL;
  GstClockTime now;

  if (element == NULL)
    return FALSE;
  GST_OBJECT_LOCK (element);
  if (GST_STATE (element) == GST_STATE_PLAYING && GST_ELEMENT_CLOCK (element)) {
    clock = gst_object_ref (GST_ELEMENT_CLOCK (element));
    ret_run->base_time = element->base_time;
  }
  GST_OBJECT_UNLOCK (element);
  if (clock == NULL || !GST_CLOCK_TIME_IS_VALID (ret_run->base_time))
    return FALSE;
  now = gst_clock_get_time (clock);
  if (!GST_CLOCK_TIME_IS_VALID (now))
    return FALSE;
  ret_run->clock = clock;
  ret_run->elapsed_ns = GST_CLOCK_DIFF (ret_run->base_time, now);
  return TRUE;
}

/* The running time at which the run began: the pipeline keeps where it was paused. */
static gint64
get_run_start (GstElement *element)
{
  GstObject *top = gst_object_ref (GST_OBJECT (element)), *parent;
  GstClockTime start = GST_CLOCK_TIME_NONE;

  while ((parent = gst_object_get_parent (top))) {
    gst_object_unref (top);
    top = parent;
  }
  if (GST_IS_ELEMENT (top))
    start = gst_element_get_start_time (GST_ELEMENT (top));
  gst_object_unref (top);
  return start <= G_MAXINT64 ? (gint64) start : G_MININT64;
}

/**
 * trib_frame_peer_is_live:
 * @pad: a sink pad, on its streaming thread, without locks
 * @ret_min: (out) (optional): minimum latency, unchanged when the peer does not answer
 *
 * Returns: whether frames arrive in real time; a peer that does not answer is not live
 */
gboolean
trib_frame_peer_is_live (GstPad *pad, GstClockTime *ret_min)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (pad, query))
    gst_query_parse_latency (query, &live, ret_min, NULL);
  return live;
}

/* what the container says of its beginning; tags of the stream say it where those of the whole do
 * not */
static gboolean
get_container_date (GstPad *pad, gint64 *ret_ns)
{
  gboolean found = FALSE;
  GstEvent *event;

  for (guint i = 0; (event = gst_pad_get_sticky_event (pad, GST_EVENT_TAG, i)); i++) {
    g_autoptr (GstEvent) owned = event;
    g_autoptr (GstDateTime) tag = NULL;
    g_autoptr (GDateTime) date = NULL;
    GstTagList *tags;

    gst_event_parse_tag (event, &tags);
    if (found && gst_tag_list_get_scope (tags) != GST_TAG_SCOPE_GLOBAL)
      continue;
    /* a day alone is no moment */
    if (!gst_tag_list_get_date_time (tags, GST_TAG_DATE_TIME, &tag)
        || !gst_date_time_has_second (tag))
      continue;
    date = gst_date_time_to_g_date_time (tag);
    if (date && trib_capture_time_from_date (date, ret_ns))
      found = TRUE;
  }
  return found;
}

static void
log_start (GstElement *element, const gchar *what, gint64 start_ns)
{
  TRIB_LOG (&trib_frame_debug, TRIB_LOG_INFO, element ? GST_OBJECT_NAME (element) : NULL,
      "%s: capture times begin at %" G_GINT64_FORMAT " ns", what, start_ns);
}

/* at the first frame; @run: NULL when not PLAYING */
static void
begin (TribFrameStamper *s, GstElement *element, const Run *run, gint64 running_ns, gint64 wall_ns)
{
  g_autoptr (GstPad) pad = element ? gst_element_get_static_pad (element, "sink") : NULL;
  gint64 start_ns = trib_time_sub (wall_ns, run ? run->elapsed_ns : running_ns);

  if (s->has_origin)
    start_ns = s->origin_ns;
  else if (pad && !(s->is_live = trib_frame_peer_is_live (pad, NULL)))
    get_container_date (pad, &start_ns);
  log_start (element, s->has_origin ? "given" : s->is_live ? "live" : "not live", start_ns);
  trib_capture_time_begin (&s->time, start_ns, G_MININT64);
  if (run) {
    s->clock = run->clock;
    s->base_time = run->base_time;
  }
}

static gint64
get_capture_time (TribFrameStamper *s, GstElement *element, gint64 running_ns, gint64 wall_ns)
{
  gboolean playing = FALSE;
  Run run;

  if (!s->time.has_start || s->is_live)
    playing = get_run (element, &run);
  if (!s->time.has_start) {
    begin (s, element, playing ? &run : NULL, running_ns, wall_ns);
  } else if (playing) {
    gint64 start_ns = trib_time_sub (wall_ns, run.elapsed_ns);

    if (s->clock && (s->clock != run.clock || s->base_time != run.base_time)) {
      trib_capture_time_begin (&s->time, start_ns, get_run_start (element));
      log_start (element, "PLAYING again", start_ns);
    } else if (trib_capture_time_follow (&s->time, running_ns, start_ns)) {
      log_start (element, "the wall clock was set", start_ns);
    }
    s->clock = run.clock;
    s->base_time = run.base_time;
  }
  return trib_capture_time_at (&s->time, running_ns);
}

/**
 * trib_frame_stamper_identify:
 * @s: the stream's stamper
 * @element: (nullable): whose clock and base time count, and what is upstream of its pad "sink"
 * @buffer: a frame; only read
 * @segment: (nullable): the segment @buffer lies in
 * @session: session id for a frame without identity; @ret_info points to it
 * @stream: stream id, likewise
 * @wall_ns: the wall clock now, nanoseconds since the Unix epoch
 * @ret_info: (out caller-allocates): the frame's identity
 *
 * A frame that has an identity keeps it, and takes no index; its time source is the one its meta
 * names, %TRIB_TIME_SOURCE_META when it names none. Streaming thread only; the first frame makes a
 * query upstream.
 */
void
trib_frame_stamper_identify (TribFrameStamper *s, GstElement *element, GstBuffer *buffer,
    const GstSegment *segment, const gchar *session, const gchar *stream, gint64 wall_ns,
    TribFrameInfo *ret_info)
{
  gint64 running_ns;

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
    ret_info->t_ns = get_capture_time (s, element, running_ns, wall_ns);
    ret_info->time_source = TRIB_TIME_SOURCE_RUNNING_TIME;
  } else {
    ret_info->t_ns = wall_ns;
    ret_info->time_source = TRIB_TIME_SOURCE_WALL;
  }
}
