/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pad of records: keeps them for their frames, and never blocks upstream. */
#include "gstobsoverlay-private.h"

#include <record/trib-record-envelope.h>

#define GST_CAT_DEFAULT obs_overlay_debug

/* Of several records of a buffer, the buffer's time is the first one's. */
static void
describe (
    const TribRecordEnvelope *e, GstClockTime running, gint64 *first_t_ns, TribOverlayKey *key)
{
  gint64 step = 0;

  *key = (TribOverlayKey){ .t_ns = TRIB_OVERLAY_NO_TIME, .running_ns = TRIB_OVERLAY_NO_TIME };
  key->has_id = trib_record_has (e, TRIB_RECORD_FIELD_FRAME_ID);
  key->id = e->frame_id;
  if (trib_record_has (e, TRIB_RECORD_FIELD_SESSION))
    key->session = trib_overlay_session_hash (e->session.str, e->session.len);
  if (trib_record_has (e, TRIB_RECORD_FIELD_STREAM))
    key->stream = trib_overlay_session_hash (e->stream.str, e->stream.len);
  if (trib_record_has (e, TRIB_RECORD_FIELD_T_NS)) {
    key->t_ns = e->t_ns;
    if (*first_t_ns == TRIB_OVERLAY_NO_TIME)
      *first_t_ns = e->t_ns;
    if (__builtin_sub_overflow (e->t_ns, *first_t_ns, &step))
      return;
  }
  if (GST_CLOCK_TIME_IS_VALID (running)
      && __builtin_add_overflow ((gint64) running, step, &key->running_ns))
    key->running_ns = TRIB_OVERLAY_NO_TIME;
}

static void
add_record (
    GstObsOverlay *self, const TribRecordEnvelope *e, GstClockTime running, gint64 *first_t_ns)
{
  TribOverlayRecord *record;
  TribOverlayKey key;

  if (e->kind != TRIB_RECORD_KIND_FUSED && e->kind != TRIB_RECORD_KIND_OBS
      && e->kind != TRIB_RECORD_KIND_EMPTY && e->kind != TRIB_RECORD_KIND_SKIPPED) {
    g_mutex_lock (&self->lock);
    self->counts.records_other++;
    g_mutex_unlock (&self->lock);
    return;
  }
  describe (e, running, first_t_ns, &key);
  record = trib_overlay_record_new (&key, self->format, e->record.str, e->record.len);
  record->is_fused = e->kind == TRIB_RECORD_KIND_FUSED;
  record->arrival_ns = g_get_monotonic_time () * 1000;
  g_mutex_lock (&self->lock);
  trib_overlay_join_add (self->join, record);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
tell_invalid (GstObsOverlay *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  self->counts.records_invalid++;
  g_mutex_unlock (&self->lock);
  GST_DEBUG_OBJECT (self->records, "a record cannot be used: %s", error->message);
  if (self->has_warned)
    return;
  self->has_warned = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, DECODE, ("A record cannot be used: %s", error->message),
      ("it is passed over, as all such records; see records-invalid in stats"));
}

static GstFlowReturn
records_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (parent);
  GstClockTime running
      = gst_segment_to_running_time (&self->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  gint64 first_t_ns = TRIB_OVERLAY_NO_TIME;
  TribRecordEnvelope e;
  TribRecordRead got;
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_autoptr (GError) error = g_error_new_literal (
        TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_TRUNCATED, "its memory cannot be read");
    tell_invalid (self, error);
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  trib_record_reader_set (self->reader, self->format, map.data, map.size);
  do {
    g_autoptr (GError) error = NULL;

    got = trib_record_envelope_read (self->reader, &e, &error);
    if (got == TRIB_RECORD_READ_OK)
      add_record (self, &e, running, &first_t_ns);
    else if (got != TRIB_RECORD_READ_END)
      tell_invalid (self, error);
  } while (got == TRIB_RECORD_READ_OK || got == TRIB_RECORD_READ_INVALID);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static void
take_gap (GstObsOverlay *self, GstEvent *event)
{
  GstClockTime begin, duration, running;

  gst_event_parse_gap (event, &begin, &duration);
  if (GST_CLOCK_TIME_IS_VALID (duration))
    begin += duration;
  running = gst_segment_to_running_time (&self->segment, GST_FORMAT_TIME, begin);
  if (!GST_CLOCK_TIME_IS_VALID (running))
    return;
  g_mutex_lock (&self->lock);
  trib_overlay_join_pass (self->join, (gint64) running);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
set_records_state (GstObsOverlay *self, gboolean ended, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->records_ended = ended;
  self->records_flushing = flushing;
  self->n_flushes += flushing;
  if (flushing)
    trib_overlay_join_forget (self->join);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

/* Nothing of this pad is forwarded: the stream of src is the video's. */
static gboolean
records_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (parent);
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      set_records_state (self, FALSE, FALSE);
      break;
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      self->format
          = gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/x-msgpack")
                ? TRIB_RECORD_MSGPACK
                : TRIB_RECORD_JSON;
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      if (self->segment.format != GST_FORMAT_TIME)
        gst_segment_init (&self->segment, GST_FORMAT_TIME);
      break;
    case GST_EVENT_GAP:
      take_gap (self, event);
      break;
    case GST_EVENT_EOS:
      set_records_state (self, TRUE, FALSE);
      break;
    case GST_EVENT_FLUSH_START:
      set_records_state (self, FALSE, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_segment_init (&self->segment, GST_FORMAT_TIME);
      set_records_state (self, FALSE, FALSE);
      break;
    default:
      break;
  }
  gst_event_unref (event);
  return TRUE;
}

/* the other pads are no continuation of this one */
static GstIterator *
no_internal_links (GstPad *pad, GstObject *parent)
{
  return NULL;
}

/* frames wait only while it is linked, which changes the latency */
static void
link_changed (GstPad *pad, GstPad *peer, GstObsOverlay *self)
{
  gboolean new_latency;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  GST_OBJECT_LOCK (self);
  new_latency = GST_STATE (self) > GST_STATE_READY;
  GST_OBJECT_UNLOCK (self);
  if (new_latency)
    gst_element_post_message (GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

void
obs_overlay_records_init (GstObsOverlay *self)
{
  GstPadTemplate *template
      = gst_element_class_get_pad_template (GST_ELEMENT_GET_CLASS (self), "records");

  self->records = gst_pad_new_from_template (template, "records");
  gst_pad_set_chain_function (self->records, GST_DEBUG_FUNCPTR (records_chain));
  gst_pad_set_event_function (self->records, GST_DEBUG_FUNCPTR (records_event));
  gst_pad_set_iterate_internal_links_function (
      self->records, GST_DEBUG_FUNCPTR (no_internal_links));
  g_signal_connect_object (self->records, "linked", G_CALLBACK (link_changed), self, 0);
  g_signal_connect_object (self->records, "unlinked", G_CALLBACK (link_changed), self, 0);
  gst_element_add_pad (GST_ELEMENT (self), self->records);
}

/* before the pads are active */
void
obs_overlay_records_reset (GstObsOverlay *self)
{
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
  self->has_warned = FALSE;
}
