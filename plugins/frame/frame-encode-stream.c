/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The streaming part of frameencodebin: input at the sink pad, the exchange of the encoder between
 * two frames, output. All on the streaming thread. */
#include "config.h"

#include "gstframeencodebin-private.h"

#include <gst/pbutils/missing-plugins.h>

#include <shared/trib-fields.h>

#include <common/trib-frame-id.h>
#include <frame/trib-frame-meta.h>
#include <frame/trib-jpeg-comment.h>

#define GST_CAT_DEFAULT frame_encode_bin_debug

typedef struct {
  const gchar *frame_id, *reason, *detail;
} FrameFailed;

#define TEXT(name, field, about)                                       \
  {                                                                    \
    name, TRIB_FIELD_TEXT, G_STRUCT_OFFSET (FrameFailed, field), about \
  }

/* clang-format off */
static const TribField frame_failed_fields[] = {
  TEXT ("frame-id", frame_id, "id of the frame"),
  TEXT ("reason", reason, "name of the counter in `stats`"),
  TEXT ("detail", detail, "why, as text for people"),
};
/* clang-format on */
static const TribFieldTable frame_failed_message = TRIB_FIELD_TABLE (
    "frameencodebin-frame-failed", "no picture was made of a frame", frame_failed_fields);

static void
count (GstFrameEncodeBin *self, Counter counter, guint64 n)
{
  GST_OBJECT_LOCK (self);
  self->counters[counter] += n;
  GST_OBJECT_UNLOCK (self);
}

static guint64
get_count (GstFrameEncodeBin *self, Counter counter)
{
  guint64 n;

  GST_OBJECT_LOCK (self);
  n = self->counters[counter];
  GST_OBJECT_UNLOCK (self);
  return n;
}

static void
fail_frame (GstFrameEncodeBin *self, Counter reason, const TribFrameInfo *info, const gchar *detail)
{
  g_autofree gchar *id
      = trib_frame_id_format (info->session, info->stream, info->index, info->t_ns);

  const FrameFailed message = { id, frame_encode_counter_name (reason), detail };

  GST_WARNING_OBJECT (self, "frame %s: %s: %s", id, message.reason, detail);
  count (self, reason, 1);
  gst_element_post_message (
      GST_ELEMENT (self), trib_fields_to_message (self, &frame_failed_message, &message));
}

/* ---- output of the encoder ---- */

static void
release_held (GstFrameEncodeBin *self)
{
  GstEvent *event;

  while ((event = g_queue_pop_head (&self->held)))
    gst_pad_push_event (self->srcpad, event);
}

static gboolean
push_caps (GstFrameEncodeBin *self, GstCaps *caps)
{
  g_autoptr (GstCaps) current = gst_pad_get_current_caps (self->srcpad);

  if ((current == NULL || !gst_caps_is_equal (current, caps))
      && !gst_pad_push_event (self->srcpad, gst_event_new_caps (caps)))
    return FALSE;
  release_held (self);
  return TRUE;
}

static GstFlowReturn
push_picture (GstFrameEncodeBin *self, GstBuffer *buffer)
{
  TribFrameInfo info;

  if (self->applied.identity_comment && self->applied.format == TRIB_FRAME_FORMAT_JPEG
      && trib_frame_meta_get (buffer, &info))
    buffer = trib_jpeg_comment_add (buffer, info.index, info.t_ns);
  if (GST_PAD_IS_FLUSHING (self->srcpad)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_FLUSHING;
  }
  GST_OBJECT_LOCK (self);
  self->counters[FRAMES_OUT]++;
  self->counters[BYTES_OUT] += gst_buffer_get_size (buffer);
  GST_OBJECT_UNLOCK (self);
  return gst_pad_push (self->srcpad, buffer);
}

static GstFlowReturn
out_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  return push_picture (gst_pad_get_element_private (pad), buffer);
}

/* Only the encoder's own events are pushed on: those given to it have been pushed already. */
static gboolean
out_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstFrameEncodeBin *self = gst_pad_get_element_private (pad);
  gboolean result = TRUE;
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      result = push_caps (self, caps);
      break;
    case GST_EVENT_TAG:
      return gst_pad_push_event (self->srcpad, event);
    default:
      break;
  }
  gst_event_unref (event);
  return result;
}

static gboolean
out_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstFrameEncodeBin *self = gst_pad_get_element_private (pad);

  return gst_pad_peer_query (self->srcpad, query);
}

static gboolean
feed_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstFrameEncodeBin *self = gst_pad_get_element_private (pad);

  /* sent by linking, which does not concern upstream */
  if (GST_EVENT_TYPE (event) == GST_EVENT_RECONFIGURE) {
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_push_event (self->sinkpad, event);
}

static gboolean
feed_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstFrameEncodeBin *self = gst_pad_get_element_private (pad);

  return gst_pad_peer_query (self->sinkpad, query);
}

static const FrameEncoderFunctions encoder_functions
    = { out_chain, out_event, out_query, feed_event, feed_query };

/* ---- exchange of the encoder ---- */

/* @drain: it pushes what it holds first */
static void
drop_encoder (GstFrameEncodeBin *self, gboolean drain)
{
  FrameEncoder *encoder = g_steal_pointer (&self->encoder);

  self->configured = FALSE;
  if (encoder && drain)
    gst_pad_push_event (encoder->feed, gst_event_new_eos ());
  frame_encoder_free (encoder);
}

void
frame_encode_post_missing (GstFrameEncodeBin *self, TribFrameFormat format)
{
  const gchar *factory = frame_encoder_factory (format);

  gst_element_post_message (
      GST_ELEMENT (self), gst_missing_element_message_new (GST_ELEMENT (self), factory));
  GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN,
      ("The element \"%s\", which compresses to %s, is missing. Install the package %s.", factory,
          trib_frame_format_to_string (format), frame_encoder_package (format)),
      (NULL));
}

static GstCaps *
make_encoder_caps (GstFrameEncodeBin *self)
{
  if (trib_frame_convert_is_direct (self->convert))
    return gst_caps_ref (self->caps);
  return gst_video_info_to_caps (trib_frame_convert_get_out (self->convert));
}

static gboolean
replay_sticky (GstPad *pad, GstEvent **event, gpointer user_data)
{
  GstFrameEncodeBin *self = user_data;

  switch (GST_EVENT_TYPE (*event)) {
    case GST_EVENT_CAPS: {
      g_autoptr (GstCaps) caps = make_encoder_caps (self);
      gst_pad_push_event (self->encoder->feed, gst_event_new_caps (caps));
      break;
    }
    case GST_EVENT_EOS:
      break;
    default:
      gst_pad_push_event (self->encoder->feed, gst_event_ref (*event));
      break;
  }
  return TRUE;
}

static gboolean
forward_tags (GstPad *pad, GstEvent **event, gpointer user_data)
{
  GstFrameEncodeBin *self = user_data;

  if (GST_EVENT_TYPE (*event) == GST_EVENT_TAG)
    gst_pad_push_event (self->srcpad, gst_event_ref (*event));
  return TRUE;
}

static GstFlowReturn
configure_raw (GstFrameEncodeBin *self)
{
  g_autoptr (GstCaps) caps = gst_video_info_to_caps (trib_frame_convert_get_out (self->convert));
  gboolean had_encoder = self->encoder != NULL;

  drop_encoder (self, TRUE);
  if (!push_caps (self, caps))
    return GST_FLOW_NOT_NEGOTIATED;
  if (had_encoder) {
    /* the codec in the tags of the encoder is not in use any more */
    gst_pad_push_event (self->srcpad, gst_event_new_tag (gst_tag_list_new_empty ()));
    gst_pad_sticky_events_foreach (self->sinkpad, forward_tags, self);
  }
  return GST_FLOW_OK;
}

static GstFlowReturn
configure_encoder (GstFrameEncodeBin *self, const Request *r, gboolean new_caps)
{
  gint quality = trib_frame_format_quality (r->format, r->quality);

  /* webpenc keeps its first colour layout through a change of caps, and reads past the picture */
  if (self->encoder
      && (self->encoder->format != r->format || !frame_encoder_set_quality (self->encoder, quality)
          || (new_caps && r->format == TRIB_FRAME_FORMAT_WEBP)))
    drop_encoder (self, TRUE);
  if (self->encoder) {
    if (new_caps) {
      g_autoptr (GstCaps) caps = make_encoder_caps (self);
      if (!gst_pad_push_event (self->encoder->feed, gst_event_new_caps (caps)))
        return GST_FLOW_NOT_NEGOTIATED;
    }
    return GST_FLOW_OK;
  }

  self->encoder = frame_encoder_new (GST_BIN (self), r->format, &encoder_functions);
  if (self->encoder == NULL) {
    frame_encode_post_missing (self, r->format);
    return GST_FLOW_ERROR;
  }
  frame_encoder_set_quality (self->encoder, quality);
  if (gst_element_set_state (self->encoder->element, GST_STATE_PAUSED)
      == GST_STATE_CHANGE_FAILURE) {
    GST_ELEMENT_ERROR (self, LIBRARY, INIT,
        ("The encoder %s does not start.", frame_encoder_factory (r->format)), (NULL));
    return GST_FLOW_ERROR;
  }
  gst_pad_sticky_events_foreach (self->sinkpad, replay_sticky, self);
  return GST_FLOW_OK;
}

/* Applies the caps and the properties; between two frames only. */
static GstFlowReturn
configure (GstFrameEncodeBin *self, gboolean new_caps)
{
  g_autoptr (TribFrameConvert) convert = NULL;
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow;
  Request r;

  GST_OBJECT_LOCK (self);
  r = self->request;
  GST_OBJECT_UNLOCK (self);
  if (self->convert == NULL || new_caps || r.format != self->applied.format) {
    convert = trib_frame_convert_new (&self->info, r.format, &error);
    if (convert == NULL) {
      GST_ELEMENT_ERROR (
          self, STREAM, FORMAT, ("The pictures cannot be compressed: %s.", error->message), (NULL));
      return GST_FLOW_ERROR;
    }
    g_clear_pointer (&self->convert, trib_frame_convert_free);
    self->convert = g_steal_pointer (&convert);
  }
  if (r.format == TRIB_FRAME_FORMAT_RAW)
    flow = configure_raw (self);
  else
    flow = configure_encoder (self, &r, new_caps);
  if (flow != GST_FLOW_OK)
    return flow;
  GST_DEBUG_OBJECT (self, "%s, quality %d", trib_frame_format_to_string (r.format), r.quality);
  self->applied = r;
  self->has_applied = TRUE;
  self->configured = TRUE;
  return GST_FLOW_OK;
}

static GstFlowReturn
ensure_configured (GstFrameEncodeBin *self)
{
  gboolean changed, first = !self->has_applied;
  GstFlowReturn flow;

  GST_OBJECT_LOCK (self);
  changed = self->request.format != self->applied.format
            || self->request.quality != self->applied.quality;
  /* independent of the encoder */
  self->applied.identity_comment = self->request.identity_comment;
  GST_OBJECT_UNLOCK (self);
  if (self->configured && !changed)
    return GST_FLOW_OK;
  flow = configure (self, self->convert == NULL);
  if (flow == GST_FLOW_OK && changed && !first)
    count (self, SWITCHES, 1);
  return flow;
}

/* ---- frames ---- */

static gboolean
is_outside_segment (GstFrameEncodeBin *self, GstBuffer *buffer)
{
  GstClockTime start = GST_BUFFER_PTS (buffer), stop = GST_CLOCK_TIME_NONE;

  if (self->segment.format != GST_FORMAT_TIME)
    return FALSE;
  if (GST_BUFFER_DURATION_IS_VALID (buffer) && GST_CLOCK_TIME_IS_VALID (start))
    stop = start + GST_BUFFER_DURATION (buffer);
  return !gst_segment_clip (&self->segment, GST_FORMAT_TIME, start, stop, NULL, NULL);
}

static void
describe (GstFrameEncodeBin *self, TribFrameInfo *info)
{
  const GstVideoInfo *out = &self->info;

  info->channels = GST_VIDEO_INFO_IS_GRAY (out) ? 1 : 3;
  info->original_size
      = (guint64) GST_VIDEO_INFO_WIDTH (out) * GST_VIDEO_INFO_HEIGHT (out) * info->channels;
  info->format = trib_frame_format_to_string (self->applied.format);
  info->quality = trib_frame_format_quality (self->applied.format, self->applied.quality);
  info->key = TRUE;
}

/* of a frame without a picture */
static GstFlowReturn
explain_loss (GstFrameEncodeBin *self, GstFlowReturn flow, const TribFrameInfo *info)
{
  gboolean posted;

  switch (flow) {
    case GST_FLOW_FLUSHING:
    case GST_FLOW_EOS:
      count (self, DROPPED_FLUSH, 1);
      return flow;
    case GST_FLOW_NOT_NEGOTIATED:
      fail_frame (self, FAILED_NEGOTIATION, info, "downstream does not accept these caps");
      return flow;
    default:
      break;
  }
  fail_frame (self, FAILED_ENCODER, info, "the encoder returned no picture");
  GST_OBJECT_LOCK (self);
  posted = self->child_error;
  GST_OBJECT_UNLOCK (self);
  if (flow == GST_FLOW_ERROR && !posted)
    GST_ELEMENT_ERROR (self, STREAM, ENCODE,
        ("The encoder %s failed on a picture of %dx%d.",
            frame_encoder_factory (self->applied.format), GST_VIDEO_INFO_WIDTH (&self->info),
            GST_VIDEO_INFO_HEIGHT (&self->info)),
        (NULL));
  return flow;
}

/* @buffer: (transfer full) */
static GstFlowReturn
encode (GstFrameEncodeBin *self, GstBuffer *buffer, TribFrameInfo *info)
{
  g_autoptr (GError) error = NULL;
  guint64 out_before = get_count (self, FRAMES_OUT);
  GstFlowReturn flow;

  buffer = trib_frame_convert_run (self->convert, buffer, &error);
  if (buffer == NULL) {
    if (error->domain == TRIB_FRAME_MAP_ERROR)
      count (self, REFUSED + (Counter) error->code, 1);
    fail_frame (self, FAILED_CONVERSION, info, error->message);
    return GST_FLOW_OK;
  }
  buffer = gst_buffer_make_writable (buffer);
  trib_frame_meta_set (buffer, info);
  if (self->encoder)
    flow = gst_pad_push (self->encoder->feed, buffer);
  else
    flow = push_picture (self, buffer);
  if (get_count (self, FRAMES_OUT) == out_before)
    return explain_loss (self, flow, info);
  return flow;
}

GstFlowReturn
frame_encode_stream_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (parent);
  TribFrameInfo info;
  GstFlowReturn flow;

  GST_OBJECT_LOCK (self);
  self->counters[FRAMES_IN]++;
  self->counters[BYTES_IN] += gst_buffer_get_size (buffer);
  GST_OBJECT_UNLOCK (self);

  if (is_outside_segment (self, buffer)) {
    count (self, DROPPED_SEGMENT, 1);
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  frame_identity_stamp (&self->identity, GST_ELEMENT (self), buffer, &self->segment, &info);
  flow = self->caps ? ensure_configured (self) : GST_FLOW_NOT_NEGOTIATED;
  if (flow != GST_FLOW_OK) {
    fail_frame (self, flow == GST_FLOW_NOT_NEGOTIATED ? FAILED_NEGOTIATION : FAILED_SETUP, &info,
        flow == GST_FLOW_NOT_NEGOTIATED ? "no caps, or downstream refuses them" : "no encoder");
    gst_buffer_unref (buffer);
    return flow;
  }
  describe (self, &info);
  return encode (self, buffer, &info);
}

/* ---- events and queries ---- */

static gboolean
set_caps (GstFrameEncodeBin *self, GstCaps *caps)
{
  GstVideoInfo info;

  if (self->caps && gst_caps_is_equal (self->caps, caps))
    return TRUE;
  if (!gst_video_info_from_caps (&info, caps)) {
    GST_WARNING_OBJECT (self, "not video caps: %" GST_PTR_FORMAT, caps);
    return FALSE;
  }
  gst_caps_replace (&self->caps, caps);
  self->info = info;
  self->configured = FALSE;
  g_clear_pointer (&self->convert, trib_frame_convert_free);
  return TRUE;
}

/* Encoders get segments and tags, and make new tags of them; other events bypass them, which keeps
 * the order because encoders hold no frame back. */
static gboolean
forward_event (GstFrameEncodeBin *self, GstEvent *event)
{
  gboolean has_caps = gst_pad_has_current_caps (self->srcpad);

  if (self->encoder && GST_EVENT_TYPE (event) == GST_EVENT_TAG)
    return gst_pad_push_event (self->encoder->feed, event);
  if (self->encoder && GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
    gst_pad_push_event (self->encoder->feed, gst_event_ref (event));
  /* a flush-stop goes wherever its flush-start went */
  if (has_caps || !GST_EVENT_IS_SERIALIZED (event)
      || GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START
      || GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    return gst_pad_push_event (self->srcpad, event);
  /* a serialized event waits for the caps, which must precede it */
  g_queue_push_tail (&self->held, event);
  return TRUE;
}

static void
clear_held (GstFrameEncodeBin *self)
{
  g_queue_clear_full (&self->held, (GDestroyNotify) gst_event_unref);
}

gboolean
frame_encode_stream_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (parent);
  gboolean result;
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      result = set_caps (self, caps);
      gst_event_unref (event);
      return result;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      break;
    case GST_EVENT_STREAM_START:
      drop_encoder (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      drop_encoder (self, FALSE);
      clear_held (self);
      gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
      break;
    case GST_EVENT_EOS:
      drop_encoder (self, TRUE);
      release_held (self);
      return gst_pad_push_event (self->srcpad, event);
    default:
      break;
  }
  return forward_event (self, event);
}

/* downstream's limits on size and rate, for upstream; formats are converted here */
static GstCaps *
make_sink_caps (GstFrameEncodeBin *self)
{
  static const gchar *const limits[] = { "width", "height", "framerate", "pixel-aspect-ratio" };
  g_autoptr (GstCaps) template = gst_pad_get_pad_template_caps (self->sinkpad);
  g_autoptr (GstCaps) ours = gst_pad_get_pad_template_caps (self->srcpad);
  g_autoptr (GstCaps) theirs = gst_pad_peer_query_caps (self->srcpad, ours);
  g_autoptr (GstCaps) wanted = gst_caps_new_empty ();
  g_autoptr (GstCaps) result = NULL;

  for (guint i = 0; i < gst_caps_get_size (theirs); i++) {
    GstStructure *from = gst_caps_get_structure (theirs, i);
    GstStructure *to = gst_structure_new_empty ("video/x-raw");
    for (guint l = 0; l < G_N_ELEMENTS (limits); l++) {
      const GValue *value = gst_structure_get_value (from, limits[l]);
      if (value)
        gst_structure_set_value (to, limits[l], value);
    }
    wanted = gst_caps_merge_structure (wanted, to);
  }
  result = gst_caps_intersect_full (template, wanted, GST_CAPS_INTERSECT_FIRST);
  if (gst_caps_is_empty (result))
    return g_steal_pointer (&template);
  return g_steal_pointer (&result);
}

gboolean
frame_encode_stream_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (parent);

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS: {
      g_autoptr (GstCaps) caps = make_sink_caps (self);
      GstCaps *filter;
      gst_query_parse_caps (query, &filter);
      if (filter) {
        /* in the order of the template: the first format is the cheapest */
        GstCaps *both = gst_caps_intersect_full (caps, filter, GST_CAPS_INTERSECT_FIRST);
        gst_caps_replace (&caps, both);
        gst_caps_unref (both);
      }
      gst_query_set_caps_result (query, caps);
      return TRUE;
    }
    case GST_QUERY_ALLOCATION:
      /* upstream's own buffers, with any row length; never downstream's, which are for pictures */
      gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

void
frame_encode_stream_reset (GstFrameEncodeBin *self)
{
  drop_encoder (self, FALSE);
  clear_held (self);
  g_clear_pointer (&self->convert, trib_frame_convert_free);
  gst_caps_replace (&self->caps, NULL);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  self->has_applied = FALSE;
}
