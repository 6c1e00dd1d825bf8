/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input: buffers, events and queries of the sink pads. */
#include "obs-aligner-pad.h"

#include <common/trib-time.h>
#include <string.h>

#include <record/trib-record-fused.h>
#include <shared/trib-element-records.h>
#include <shared/trib-properties.h>

#include "gstobsaligner-private.h"
#include "obs-aligner-report.h"

#define GST_CAT_DEFAULT obs_aligner_debug

enum { PROP_SOURCE = 1 };

G_DEFINE_FINAL_TYPE (GstObsAlignerPad, gst_obs_aligner_pad, GST_TYPE_PAD)

static const TribProperty table[] = {
  [PROP_SOURCE] = { TRIB_PROPERTY_TEXT, "source", "Source",
      "Source of records that do not name one (NULL = their type)",
      G_STRUCT_OFFSET (GstObsAlignerPad, source), .is_nullable = TRUE, .while_playing = TRUE },
};
static const TribProperties properties = TRIB_PROPERTIES (table);

static void
gst_obs_aligner_pad_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  trib_properties_set_locked (&properties, object, object, id, value, pspec);
}

static void
gst_obs_aligner_pad_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  trib_properties_get_locked (&properties, object, object, id, value, pspec);
}

static void
gst_obs_aligner_pad_finalize (GObject *object)
{
  GstObsAlignerPad *pad = GST_OBS_ALIGNER_PAD (object);

  trib_properties_clear (&properties, pad);
  g_clear_pointer (&pad->reader, trib_record_reader_free);
  G_OBJECT_CLASS (gst_obs_aligner_pad_parent_class)->finalize (object);
}

static void
gst_obs_aligner_pad_class_init (GstObsAlignerPadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = gst_obs_aligner_pad_set_property;
  object_class->get_property = gst_obs_aligner_pad_get_property;
  object_class->finalize = gst_obs_aligner_pad_finalize;
  trib_properties_install_class (&properties, object_class);
}

static void
gst_obs_aligner_pad_init (GstObsAlignerPad *pad)
{
  TribRecordLimits limits = { .max_depth = TRIB_RECORD_ANSWER_MAX_DEPTH };

  gst_segment_init (&pad->segment, GST_FORMAT_TIME);
  pad->reader = trib_record_reader_new (&limits);
}

/* ---- records ---- */

/* with lock, which is released while waiting: GST_FLOW_OK when a record is admitted now */
static GstFlowReturn
wait_for_space (GstObsAligner *self, GstObsAlignerPad *pad)
{
  for (;;) {
    if (self->flushing || pad->flushing || self->core == NULL)
      return GST_FLOW_FLUSHING;
    if (self->flow != GST_FLOW_OK && self->flow != GST_FLOW_FLUSHING)
      return self->flow;
    if (pad->eos || self->eos)
      return GST_FLOW_EOS;
    if (obs_task_has_space (self))
      return GST_FLOW_OK;
    if (self->now.on_full == OBS_ON_FULL_DROP_OLDEST) {
      obs_report_drop_oldest (self);
      continue;
    }
    GST_DEBUG_OBJECT (pad, "blocked: %u results, %" G_GSIZE_FORMAT " bytes in the output queue",
        self->queue.n_results, self->queue.bytes);
    self->counts.blocked++;
    self->waiting++;
    g_cond_wait (&self->space, &self->lock);
    self->waiting--;
  }
}

/* A record that names no source has the source of its pad, if that is set. */
static void
fill_source (GstObsAlignerPad *pad, TribRecordEnvelope *envelope, gchar **name)
{
  if (trib_record_has (envelope, TRIB_RECORD_FIELD_SOURCE))
    return;
  GST_OBJECT_LOCK (pad);
  *name = g_strdup (pad->source);
  GST_OBJECT_UNLOCK (pad);
  if (*name)
    envelope->source = (TribRecordSlice){ *name, strlen (*name) };
}

static GstFlowReturn
take_record (GstObsAligner *self, GstObsAlignerPad *pad, GstBuffer *buffer, const GstMapInfo *map,
    TribRecordEnvelope *envelope, GstClockTime running_time)
{
  g_autofree gchar *name = NULL;
  TribAlignRecord record = { .format = pad->format };
  GstFlowReturn flow;

  fill_source (pad, envelope, &name);
  obs_payload_new (buffer, map, envelope, running_time, &record);
  g_mutex_lock (&self->lock);
  flow = wait_for_space (self, pad);
  if (flow == GST_FLOW_OK) {
    self->counts.records_in++;
    self->counts.bytes_in += envelope->record.len;
    if (!obs_core_push (self, pad, envelope, &record, obs_aligner_clock (self))) {
      g_autoptr (GError) error = g_error_new (TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_FIELD,
          "%s cannot be aligned, at byte %" G_GSIZE_FORMAT,
          trib_record_kind_info (envelope->kind)->title, envelope->offset);
      obs_report_invalid (self, GST_PAD (pad), envelope->offset, error);
    }
    obs_task_notify (self);
  } else {
    obs_payload_free (record.payload);
  }
  obs_aligner_unlock (self);
  return flow;
}

/* one invalid record; those around it are used */
static GstFlowReturn
take_invalid (GstObsAligner *self, GstObsAlignerPad *pad, const GError *error)
{
  GstFlowReturn flow;

  g_mutex_lock (&self->lock);
  flow = wait_for_space (self, pad);
  if (flow == GST_FLOW_OK) {
    self->counts.records_in++;
    obs_report_invalid (self, GST_PAD (pad), trib_record_reader_offset (pad->reader), error);
  }
  obs_aligner_unlock (self);
  return flow;
}

static GstFlowReturn
take_buffer (GstObsAligner *self, GstObsAlignerPad *pad, GstBuffer *buffer, const GstMapInfo *map)
{
  GstClockTime running_time
      = gst_segment_to_running_time (&pad->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  TribRecordEnvelope envelope;
  GstFlowReturn flow = GST_FLOW_OK;
  TribRecordRead read;

  trib_record_reader_set (pad->reader, pad->format, (const gchar *) map->data, map->size);
  do {
    g_autoptr (GError) error = NULL;

    read = trib_record_envelope_read (pad->reader, &envelope, &error);
    if (read == TRIB_RECORD_READ_OK)
      flow = take_record (self, pad, buffer, map, &envelope, running_time);
    else if (read != TRIB_RECORD_READ_END)
      flow = take_invalid (self, pad, error);
  } while (
      flow == GST_FLOW_OK && (read == TRIB_RECORD_READ_OK || read == TRIB_RECORD_READ_INVALID));
  return flow;
}

/* at the first buffer: whether waiting is limited by time (live) or only by records */
static void
detect_live (GstObsAligner *self)
{
  GstClockTime min;
  gboolean live;

  if (g_atomic_int_get (&self->live_known))
    return;
  live = obs_aligner_upstream_latency (self, &min);
  g_mutex_lock (&self->lock);
  if (!self->live_known && self->core)
    obs_core_set_live (self, live);
  g_mutex_unlock (&self->lock);
}

/* @thread: a streaming thread */
static GstFlowReturn
chain (GstPad *gst_pad, GstObject *parent, GstBuffer *buffer)
{
  GstObsAligner *self = GST_OBS_ALIGNER (parent);
  GstObsAlignerPad *pad = GST_OBS_ALIGNER_PAD (gst_pad);
  GstFlowReturn flow;
  GstMapInfo map;

  detect_live (self);
  if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    flow = take_buffer (self, pad, buffer, &map);
    gst_buffer_unmap (buffer, &map);
  } else {
    g_autoptr (GError) error = g_error_new (
        GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "the memory of a buffer cannot be read");
    flow = take_invalid (self, pad, error);
  }
  gst_buffer_unref (buffer);
  return flow;
}

/* ---- events ---- */

typedef gboolean (*PadTest) (GstObsAlignerPad *pad);

static gboolean
is_flushing (GstObsAlignerPad *pad)
{
  return pad->flushing;
}

static gboolean
is_in_flush (GstObsAlignerPad *pad)
{
  return pad->flushing || pad->awaits_flush;
}

static gboolean
has_ended (GstObsAlignerPad *pad)
{
  return pad->eos;
}

/* with lock: the number of pads in use, and for how many of them @test is true */
static guint
count_pads (GstObsAligner *self, PadTest test, guint *ret_true)
{
  guint n = 0;

  *ret_true = 0;
  GST_OBJECT_LOCK (self);
  for (GList *l = GST_ELEMENT (self)->sinkpads; l; l = l->next) {
    GstObsAlignerPad *pad = l->data;

    if (!pad->seen && !gst_pad_is_linked (GST_PAD (pad)))
      continue;
    n++;
    if (test (pad))
      (*ret_true)++;
  }
  GST_OBJECT_UNLOCK (self);
  return n;
}

/* with lock: when every pad has ended, so does the output, after the open frames */
static void
end_if_all_ended (GstObsAligner *self)
{
  guint ended, n = count_pads (self, has_ended, &ended);

  if (self->eos || self->core == NULL || ended < n || !self->any_eos)
    return;
  obs_core_finish (self, obs_aligner_clock (self));
  self->eos = TRUE;
  obs_queue_push_event (&self->queue, gst_event_new_eos ());
}

/**
 * obs_aligner_pad_end:
 * @pad: a pad that has ended, or is about to be removed
 * @by_eos: whether it had EOS
 */
void
obs_aligner_pad_end (GstObsAligner *self, GstObsAlignerPad *pad, gboolean by_eos)
{
  g_mutex_lock (&self->lock);
  if (!pad->eos && self->core) {
    pad->eos = TRUE;
    self->any_eos |= by_eos;
    obs_core_pad_eos (self, pad, obs_aligner_clock (self));
    end_if_all_ended (self);
    g_cond_broadcast (&self->space);
    obs_task_wake (self);
  }
  obs_aligner_unlock (self);
}

/* the output is flushed when all pads are: at once, or one after another after a seek */
static void
flush_start (GstObsAligner *self, GstObsAlignerPad *pad, GstEvent *event)
{
  gboolean whole;
  guint flushing, n;

  g_mutex_lock (&self->lock);
  pad->flushing = TRUE;
  n = count_pads (self, is_flushing, &flushing);
  whole = !self->flush_sent && (flushing == n || self->seeking);
  if (whole)
    self->flushing = self->flush_sent = TRUE;
  g_cond_broadcast (&self->space);
  obs_task_wake (self);
  g_mutex_unlock (&self->lock);
  if (whole) {
    g_autoptr (GstPad) late = obs_aligner_get_late_pad (self);
    if (late)
      gst_pad_push_event (late, gst_event_ref (event));
    gst_pad_push_event (self->srcpad, gst_event_ref (event));
    gst_pad_pause_task (self->srcpad);
  }
}

/* with lock: the state after a flush of everything */
static void
reset_after_flush (GstObsAligner *self)
{
  /* it may emit frames whose time has passed */
  obs_core_flush (self, obs_aligner_clock (self));
  obs_report_drop_queue (self, &self->counts.dropped_flush);
  self->flushing = self->flush_sent = self->seeking = FALSE;
  self->eos = self->any_eos = FALSE;
  self->flow = GST_FLOW_OK;
  self->has_offset = FALSE;
  self->started = self->late_started = FALSE;
  self->discont = TRUE;
}

/* once input and output have stopped; @event: (nullable): that of the last pad */
static void
end_flush (GstObsAligner *self, GstEvent *event)
{
  g_autoptr (GstPad) late = obs_aligner_get_late_pad (self);
  g_autoptr (GstEvent) stop = event ? gst_event_ref (event) : gst_event_new_flush_stop (TRUE);

  /* waits until the last push of the thread has returned */
  GST_PAD_STREAM_LOCK (self->srcpad);
  g_mutex_lock (&self->lock);
  reset_after_flush (self);
  obs_aligner_unlock (self);
  if (late)
    gst_pad_push_event (late, gst_event_ref (stop));
  gst_pad_push_event (self->srcpad, gst_event_ref (stop));
  gst_pad_start_task (self->srcpad, obs_task_loop, self, NULL);
  GST_PAD_STREAM_UNLOCK (self->srcpad);
}

static void
flush_stop (GstObsAligner *self, GstObsAlignerPad *pad, GstEvent *event)
{
  gboolean whole = FALSE;
  guint flushing;

  gst_segment_init (&pad->segment, GST_FORMAT_TIME);
  g_mutex_lock (&self->lock);
  pad->flushing = pad->awaits_flush = FALSE;
  pad->eos = FALSE;
  pad->has_offset = FALSE;
  if (self->flush_sent) {
    count_pads (self, is_in_flush, &flushing);
    whole = flushing == 0;
  } else if (self->core) {
    obs_core_flush_pad (self, pad, obs_aligner_clock (self));
  }
  obs_aligner_unlock (self);
  if (whole)
    end_flush (self, event);
}

static void
take_stream_start (GstObsAligner *self, GstObsAlignerPad *pad, GstEvent *event)
{
  guint group;

  g_mutex_lock (&self->lock);
  pad->seen = TRUE;
  if (gst_event_parse_group_id (event, &group))
    self->group_id = group;
  g_mutex_unlock (&self->lock);
}

static void
take_gap (GstObsAligner *self, GstObsAlignerPad *pad, GstEvent *event)
{
  GstClockTime start, duration, end;

  gst_event_parse_gap (event, &start, &duration);
  end = GST_CLOCK_TIME_IS_VALID (duration) ? start + duration : start;
  start = gst_segment_to_running_time (&pad->segment, GST_FORMAT_TIME, start);
  end = gst_segment_to_running_time (&pad->segment, GST_FORMAT_TIME, end);
  g_mutex_lock (&self->lock);
  /* capture times are known from records only */
  if (self->core && !pad->flushing && pad->has_offset && GST_CLOCK_TIME_IS_VALID (end)) {
    /* a gap that begins before the segment begins with it */
    start = GST_CLOCK_TIME_IS_VALID (start) ? start : 0;
    obs_core_gap (self, pad, trib_time_sub ((gint64) start, pad->offset),
        trib_time_sub ((gint64) end, pad->offset), obs_aligner_clock (self));
    obs_task_wake (self);
  }
  obs_aligner_unlock (self);
}

static gboolean
take_segment (GstObsAligner *self, GstObsAlignerPad *pad, GstEvent *event)
{
  const GstSegment *segment;

  gst_event_parse_segment (event, &segment);
  if (segment->format == GST_FORMAT_TIME)
    gst_segment_copy_into (segment, &pad->segment);
  else
    gst_segment_init (&pad->segment, GST_FORMAT_TIME);
  return TRUE;
}

/* another event that must keep its place between records */
static gboolean
queue_event (GstObsAligner *self, GstEvent *event)
{
  gboolean taken;

  g_mutex_lock (&self->lock);
  taken = self->core && !self->flushing && !self->eos;
  if (taken) {
    obs_queue_push_event (&self->queue, gst_event_ref (event));
    obs_task_wake (self);
  }
  g_mutex_unlock (&self->lock);
  return taken;
}

static void
take_caps (GstObsAlignerPad *pad, GstEvent *event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  pad->format = trib_record_caps_format (caps);
}

/* @thread: a streaming thread, or any for a flush */
static gboolean
sink_event (GstPad *gst_pad, GstObject *parent, GstEvent *event)
{
  GstObsAligner *self = GST_OBS_ALIGNER (parent);
  GstObsAlignerPad *pad = GST_OBS_ALIGNER_PAD (gst_pad);
  gboolean result = TRUE;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      take_stream_start (self, pad, event);
      break;
    case GST_EVENT_CAPS:
      take_caps (pad, event);
      break;
    case GST_EVENT_SEGMENT:
      result = take_segment (self, pad, event);
      break;
    case GST_EVENT_GAP:
      take_gap (self, pad, event);
      break;
    case GST_EVENT_EOS:
      obs_aligner_pad_end (self, pad, TRUE);
      break;
    case GST_EVENT_FLUSH_START:
      flush_start (self, pad, event);
      break;
    case GST_EVENT_FLUSH_STOP:
      flush_stop (self, pad, event);
      break;
    case GST_EVENT_TAG:
    case GST_EVENT_TOC:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_GROUP_DONE:
    case GST_EVENT_STREAM_COLLECTION:
    case GST_EVENT_BUFFERSIZE:
    case GST_EVENT_INSTANT_RATE_CHANGE:
      /* about one of the input streams, which end here */
      break;
    default:
      if (!GST_EVENT_IS_SERIALIZED (event))
        return gst_pad_event_default (gst_pad, parent, event);
      result = queue_event (self, event);
  }
  gst_event_unref (event);
  return result;
}

/* ---- queries ---- */

static gboolean
sink_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS: {
      g_autoptr (GstCaps) caps = gst_pad_get_pad_template_caps (pad);
      GstCaps *filter;

      gst_query_parse_caps (query, &filter);
      if (filter) {
        g_autoptr (GstCaps) both = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
        gst_query_set_caps_result (query, both);
      } else {
        gst_query_set_caps_result (query, caps);
      }
      return TRUE;
    }
    case GST_QUERY_ACCEPT_CAPS: {
      g_autoptr (GstCaps) templ = gst_pad_get_pad_template_caps (pad);
      GstCaps *caps;

      gst_query_parse_accept_caps (query, &caps);
      gst_query_set_accept_caps_result (query, gst_caps_is_subset (caps, templ));
      return TRUE;
    }
    case GST_QUERY_ALLOCATION:
      /* input buffers are not passed on */
      return FALSE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* ---- seeks from downstream ---- */

static void
expect_flushes (GstObsAligner *self)
{
  g_mutex_lock (&self->lock);
  self->seeking = TRUE;
  GST_OBJECT_LOCK (self);
  for (GList *l = GST_ELEMENT (self)->sinkpads; l; l = l->next) {
    GstObsAlignerPad *pad = l->data;
    pad->awaits_flush = gst_pad_is_linked (GST_PAD (pad));
  }
  GST_OBJECT_UNLOCK (self);
  g_mutex_unlock (&self->lock);
}

/* sources flush during the seek; one that has not by now did not seek */
static void
expect_no_more_flushes (GstObsAligner *self)
{
  gboolean whole;
  guint flushing;

  g_mutex_lock (&self->lock);
  self->seeking = FALSE;
  GST_OBJECT_LOCK (self);
  for (GList *l = GST_ELEMENT (self)->sinkpads; l; l = l->next)
    GST_OBS_ALIGNER_PAD (l->data)->awaits_flush = FALSE;
  GST_OBJECT_UNLOCK (self);
  count_pads (self, is_flushing, &flushing);
  whole = self->flush_sent && flushing == 0;
  g_mutex_unlock (&self->lock);
  if (whole)
    end_flush (self, NULL);
}

/**
 * obs_aligner_src_event:
 *
 * A flushing seek reaches the sources one after another; their flushes count as one.
 */
gboolean
obs_aligner_src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstObsAligner *self = GST_OBS_ALIGNER (parent);
  GstSeekFlags flags = GST_SEEK_FLAG_NONE;
  gboolean result;

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    /* extractors decide themselves which frames they process */
    gst_event_unref (event);
    return TRUE;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK)
    gst_event_parse_seek (event, NULL, NULL, &flags, NULL, NULL, NULL, NULL);
  if (flags & GST_SEEK_FLAG_FLUSH)
    expect_flushes (self);
  result = gst_pad_event_default (pad, parent, event);
  if (flags & GST_SEEK_FLAG_FLUSH)
    expect_no_more_flushes (self);
  return result;
}

/* ---- the pad ---- */

static void
pad_reset (GstObsAlignerPad *pad)
{
  pad->seen = pad->eos = pad->awaits_flush = FALSE;
  pad->has_offset = FALSE;
}

/* also wakes a thread that waits in a pad that is deactivated */
static gboolean
activate (GstPad *gst_pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  GstObsAligner *self = (GstObsAligner *) parent;
  GstObsAlignerPad *pad = GST_OBS_ALIGNER_PAD (gst_pad);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  /* without a parent, no other thread uses it */
  if (parent)
    g_mutex_lock (&self->lock);
  pad->flushing = !active;
  if (active)
    pad_reset (pad);
  if (parent) {
    g_cond_broadcast (&self->space);
    g_mutex_unlock (&self->lock);
  }
  if (!active)
    gst_segment_init (&pad->segment, GST_FORMAT_TIME);
  return TRUE;
}

GstPad *
obs_aligner_pad_new (GstPadTemplate *templ, const gchar *name)
{
  GstPad *pad = g_object_new (
      GST_TYPE_OBS_ALIGNER_PAD, "name", name, "direction", GST_PAD_SINK, "template", templ, NULL);

  gst_pad_set_activatemode_function (pad, activate);
  gst_pad_set_chain_function (pad, chain);
  gst_pad_set_event_function (pad, sink_event);
  gst_pad_set_query_function (pad, sink_query);
  return pad;
}
