/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-obsoverlay
 * @title: obsoverlay
 * @short_description: Draws observations on the video they are about
 *
 * Draws fused records (of obsaligner) or observations on their frame: boxes (any map with a
 * `bbox`), their labels (source, id, gesture, expression or label, confidence), key points and
 * landmarks, the numbers of an observation as a line of text (`quality`), the missing sources with
 * the reason, and a bar: the part of the window that the frame waited, in a colour for the reason
 * of its output, with a tick at the end of the window. A source has the same colour everywhere.
 *
 * The frame of a record is the one with its `frame_id`, where frames have an identity (and its
 * session, where both have one); else the nearest one in running time, at most half a frame away.
 * Coordinates refer to the `width` and `height` of their observation; without these, to pixels of
 * the video.
 *
 * A frame waits for its record. Without one, the newest record that is not older than `hold-ms` is
 * drawn, dashed and marked as stale; else nothing is. Of several observations that are not fused
 * the frame waits for the first only: obsaligner combines them.
 *
 * ## Caps
 * Any raw video in system memory, unchanged. The drawing is blended into the frame, or, where
 * downstream accepts GstVideoOverlayCompositionMeta, attached to it. Records are application/json
 * or application/x-msgpack, one or a list of them in a buffer.
 *
 * ## Timing
 * A frame waits at most `max-wait-ms`; in a live stream from its scheduled time on, so that waits
 * do not add up. It does not wait when `records` is not linked, has ended or is flushing, when a
 * fused record of a later frame or a GAP has arrived, or when downstream reports by QoS that the
 * frame is late. Where neither the video nor the records are live (LATENCY query) and `max-wait-ms`
 * is not set, a frame waits for its record without a limit, late or not, and each ten seconds of
 * that are a warning. While `records` is linked, `max-wait-ms` is added to the latency; it should
 * be no less than the delay of the records.
 *
 * Timestamps, flags and metas are kept. After a tee, the queue before `sink` must hold the frames
 * of `max-wait-ms`: a shorter one blocks the tee, and with it the extractors, so that every frame
 * waits its full time. queue max-size-buffers=0 max-size-bytes=0 max-size-time=1000000000 is enough
 * for the default.
 *
 * ## Threads
 * None of its own. A frame waits and is drawn in its streaming thread. `records` never blocks
 * upstream: beyond `max-pending` records or `max-pending-bytes` the oldest are dropped. Properties
 * can be set by any thread and take effect with the next frame.
 *
 * ## Errors
 * None. A record that cannot be used is skipped and counted; the first one is reported by a warning
 * (STREAM/DECODE). A buffer that does not hold the picture of its caps is dropped and counted, as
 * blending elements would read and write beyond it; the first one for each reason gives a warning
 * (STREAM/FORMAT).
 *
 * ## Messages
 * None of its own.
 *
 * ## Stats
 * Counted from READY to PAUSED on, and kept until the next start. Between two frames `frames-in` =
 * `frames-out` + `frames-dropped`; at any moment `frames-out` = `frames-drawn` + `frames-stale` +
 * `frames-without`, and `records-in` = `records-used` + `records-late` + `records-unmatched` +
 * `records-dropped` + `records-invalid` + `records-other` + `records-pending`.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! tee name=t
 * ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=1000000000 ! obsoverlay name=o
 * ! fakesink t. ! queue ! qualityextract ! obsaligner sources=quality window-ms=50 ! o.records
 * ]| The numbers of each frame on the frame; autovideosink in place of fakesink shows them.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstobsoverlay-private.h"

#include <shared/trib-element-records.h>
#include <shared/trib-properties.h>

GST_DEBUG_CATEGORY (obs_overlay_debug);
#define GST_CAT_DEFAULT obs_overlay_debug

#define HOUR_MS (60 * 60 * 1000)
#define MAX_LINE_WIDTH 64

#define BLENDS_ITSELF \
  GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY ", " GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION
#define VIDEO_CAPS                                                  \
  GST_VIDEO_CAPS_MAKE (GST_VIDEO_OVERLAY_COMPOSITION_BLEND_FORMATS) \
  "; " GST_VIDEO_CAPS_MAKE_WITH_FEATURES (                          \
      BLENDS_ITSELF, GST_VIDEO_OVERLAY_COMPOSITION_BLEND_FORMATS)

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));
static GstStaticPadTemplate records_template = GST_STATIC_PAD_TEMPLATE (
    "records", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS));
static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));

enum {
  PROP_MAX_WAIT_MS = 1,
  PROP_HOLD_MS,
  PROP_WINDOW_MS,
  PROP_DRAW,
  PROP_FONT_DESC,
  PROP_LINE_WIDTH,
  PROP_MAX_PENDING,
  PROP_MAX_PENDING_BYTES,
  PROP_STATS,
  N_PROPS
};

#define AT(field) G_STRUCT_OFFSET (ObsOverlaySettings, field)

/* clang-format off */
static const TribProperty table[N_PROPS] = {
  [PROP_MAX_WAIT_MS] = { TRIB_PROPERTY_UINT, "max-wait-ms", "Maximum wait",
      "Maximum time that a frame waits for its record (ms; 0 = no wait); unless it is set, no "
      "limit where neither video nor records are live",
      AT (max_wait_ms), 0, HOUR_MS, 200, .while_playing = TRUE },
  [PROP_HOLD_MS] = { TRIB_PROPERTY_UINT, "hold-ms", "Hold",
      "Maximum age of a record that is drawn on a frame without one (ms)",
      AT (hold_ms), 0, HOUR_MS, 500, .while_playing = TRUE },
  [PROP_WINDOW_MS] = { TRIB_PROPERTY_UINT, "window-ms", "Window",
      "Time at the tick of the bar, the window of obsaligner (ms; 0 = text instead of a bar)",
      AT (window_ms), 0, HOUR_MS, 100, .while_playing = TRUE },
  [PROP_DRAW] = { TRIB_PROPERTY_FLAGS, "draw", "Draw", "Things to draw", AT (draw),
      .initial = TRIB_OVERLAY_DRAW_BOXES | TRIB_OVERLAY_DRAW_LABELS | TRIB_OVERLAY_DRAW_KEYPOINTS
                 | TRIB_OVERLAY_DRAW_QUALITY | TRIB_OVERLAY_DRAW_MISSING | TRIB_OVERLAY_DRAW_BAR,
      .while_playing = TRUE, .type_name = "GstObsOverlayDraw", .choices = {
        { "boxes", "Boxes" },
        { "labels", "Labels of boxes and points" },
        { "keypoints", "Key points and landmarks" },
        { "quality", "The numbers of observations" },
        { "missing", "Missing sources and the reason" },
        { "bar", "The waiting time beside the window" } } },
  [PROP_FONT_DESC] = { TRIB_PROPERTY_TEXT, "font-desc", "Font",
      "Pango font description (NULL = Sans; without a size, one that suits the video)",
      AT (font), .is_nullable = TRUE, .while_playing = TRUE },
  [PROP_LINE_WIDTH] = { TRIB_PROPERTY_UINT, "line-width", "Line width",
      "Line width of boxes (pixels; 0 = one that suits the video)",
      AT (line_width), 0, MAX_LINE_WIDTH, 0, .while_playing = TRUE },
  [PROP_MAX_PENDING] = { TRIB_PROPERTY_UINT, "max-pending", "Maximum pending",
      "Maximum number of records that wait for their frame (records)",
      AT (max_pending), 1, 65536, 256, .while_playing = TRUE },
  [PROP_MAX_PENDING_BYTES] = { TRIB_PROPERTY_UINT64, "max-pending-bytes", "Maximum pending bytes",
      "Memory limit for records that wait for their frame (bytes)",
      AT (max_pending_bytes), 1, 1099511627776.0, 8388608, .while_playing = TRUE },
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Frames and records since the last start" },
};
/* clang-format on */
static const TribProperties all = TRIB_PROPERTIES (table);

#define gst_obs_overlay_parent_class parent_class
GST_ELEMENT_REGISTER_DEFINE (obsoverlay, "obsoverlay", GST_RANK_NONE, GST_TYPE_OBS_OVERLAY)
G_DEFINE_FINAL_TYPE_WITH_CODE (GstObsOverlay, gst_obs_overlay, GST_TYPE_BASE_TRANSFORM,
    GST_DEBUG_CATEGORY_INIT (obs_overlay_debug, "obsoverlay", 0, "observations on the video"))

/* ---- caps ---- */

static gboolean
asks_for_compositions (GstCapsFeatures *features)
{
  return features != NULL
         && gst_caps_features_contains (
             features, GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION);
}

/* @caps with that feature, or without */
static GstCaps *
with_feature (GstCaps *caps, gboolean wanted)
{
  GstCaps *result = gst_caps_copy (caps);

  for (guint i = 0; i < gst_caps_get_size (result); i++) {
    GstCapsFeatures *features = gst_caps_get_features (result, i);
    gboolean has = asks_for_compositions (features);

    if (gst_caps_features_is_any (features))
      continue;
    if (wanted && !has)
      gst_caps_features_add (features, GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION);
    else if (!wanted && has)
      gst_caps_features_remove (features, GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION);
  }
  return result;
}

/* Frames with compositions keep them; to others they may be added. */
static GstCaps *
gst_obs_overlay_transform_caps (
    GstBaseTransform *base, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  GstCaps *other = with_feature (caps, direction == GST_PAD_SINK);
  GstCaps *result = direction == GST_PAD_SINK ? gst_caps_merge (other, gst_caps_copy (caps))
                                              : gst_caps_merge (gst_caps_copy (caps), other);

  if (filter != NULL) {
    GstCaps *both = gst_caps_intersect_full (filter, result, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref (result);
    result = both;
  }
  return result;
}

static gboolean
downstream_blends (GstBaseTransform *base, GstCaps *caps)
{
  g_autoptr (GstQuery) query = gst_query_new_allocation (caps, FALSE);

  return gst_pad_peer_query (GST_BASE_TRANSFORM_SRC_PAD (base), query)
         && gst_query_find_allocation_meta (
             query, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
}

/* An element that accepts any caps accepts compositions, too, and ignores them: they are attached
 * only for elements that request them. */
static GstCaps *
gst_obs_overlay_fixate_caps (
    GstBaseTransform *base, GstPadDirection direction, GstCaps *caps, GstCaps *othercaps)
{
  if (direction == GST_PAD_SINK && gst_caps_is_fixed (caps)) {
    g_autoptr (GstCaps) attached = with_feature (caps, TRUE);
    gboolean plain = gst_caps_can_intersect (caps, othercaps);

    if (gst_caps_can_intersect (attached, othercaps)
        && (!plain || gst_caps_is_equal (caps, attached) || downstream_blends (base, attached))) {
      gst_caps_unref (othercaps);
      return g_steal_pointer (&attached);
    }
    if (plain) {
      gst_caps_unref (othercaps);
      return gst_caps_ref (caps);
    }
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->fixate_caps (base, direction, caps, othercaps);
}

static gboolean
gst_obs_overlay_set_caps (GstBaseTransform *base, GstCaps *in, GstCaps *out)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (base);

  self->attach = asks_for_compositions (gst_caps_get_features (out, 0));
  return gst_video_info_from_caps (&self->info, out);
}

/* ---- one frame ---- */

static void
make_scene (GstObsOverlay *self)
{
  trib_overlay_scene_clear (self->scene);
  for (guint i = 0; i < self->found->len; i++) {
    const TribOverlayRecord *record = self->found->pdata[i];
    g_autoptr (GError) error = NULL;

    /* it was parsed on arrival */
    if (!trib_overlay_scene_add (self->scene, record->format, record->data, record->len, &error))
      GST_WARNING_OBJECT (self, "a record cannot be drawn: %s", error->message);
  }
  if (self->scene->n_refused == 0 && self->scene->n_left_out == 0)
    return;
  g_mutex_lock (&self->lock);
  self->counts.things_refused += self->scene->n_refused;
  self->counts.things_left_out += self->scene->n_left_out;
  g_mutex_unlock (&self->lock);
}

/* (transfer full) (nullable) */
static GstVideoOverlayComposition *
compose (GstObsOverlay *self, gint64 stale_ns)
{
  g_autofree gchar *font = NULL;
  TribOverlayStyle style = {
    .width = (guint) GST_VIDEO_INFO_WIDTH (&self->info),
    .height = (guint) GST_VIDEO_INFO_HEIGHT (&self->info),
    .stale_ms = stale_ns < 0 ? -1 : (gdouble) stale_ns / GST_MSECOND,
  };

  GST_OBJECT_LOCK (self);
  style.draw = self->settings.draw;
  style.line_width = self->settings.line_width;
  style.window_ms = self->settings.window_ms;
  font = g_strdup (self->settings.font);
  GST_OBJECT_UNLOCK (self);
  style.font = font;
  return obs_overlay_canvas_compose (self->canvas, self->scene, &style);
}

static void
attach (GstBuffer *frame, GstVideoOverlayComposition *composition)
{
  GstVideoOverlayCompositionMeta *meta = gst_buffer_get_video_overlay_composition_meta (frame);
  GstVideoOverlayComposition *both;

  if (meta == NULL) {
    gst_buffer_add_video_overlay_composition_meta (frame, composition);
    return;
  }
  /* compositions of other elements stay below */
  both = gst_video_overlay_composition_copy (meta->overlay);
  for (guint i = 0; i < gst_video_overlay_composition_n_rectangles (composition); i++)
    gst_video_overlay_composition_add_rectangle (
        both, gst_video_overlay_composition_get_rectangle (composition, i));
  gst_buffer_remove_video_overlay_composition_meta (frame, meta);
  gst_buffer_add_video_overlay_composition_meta (frame, both);
  gst_video_overlay_composition_unref (both);
}

/* @frame: (transfer full); returns: (transfer full): with its drawing */
static GstBuffer *
draw (GstObsOverlay *self, GstBuffer *frame, gint64 stale_ns)
{
  GstVideoOverlayComposition *composition;
  GstVideoFrame mapped;

  make_scene (self);
  composition = compose (self, stale_ns);
  if (composition == NULL)
    return frame;
  frame = gst_buffer_make_writable (frame);
  if (self->attach) {
    attach (frame, composition);
  } else if (trib_frame_map (&mapped, &self->info, frame, GST_MAP_READWRITE, NULL)) {
    gst_video_overlay_composition_blend (composition, &mapped);
    gst_video_frame_unmap (&mapped);
  } else {
    GST_WARNING_OBJECT (self, "a frame's memory cannot be written: no drawing");
  }
  gst_video_overlay_composition_unref (composition);
  return frame;
}

/* FALSE: @frame does not hold the picture of its caps */
static gboolean
check_frame (GstObsOverlay *self, GstBuffer *frame)
{
  g_autoptr (GError) error = NULL;
  TribFramePlace place;
  gboolean first;

  if (trib_frame_place_buffer (&self->info, frame, &place, &error))
    return TRUE;
  g_mutex_lock (&self->lock);
  first = self->counts.refused[error->code]++ == 0;
  self->counts.frames_dropped++;
  g_mutex_unlock (&self->lock);
  GST_DEBUG_OBJECT (self, "dropped: %s", error->message);
  if (first)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("A buffer does not hold the picture of its caps: %s.", error->message),
        ("such frames are counted as refused-%s",
            trib_frame_fault_to_string ((guint) error->code)));
  return FALSE;
}

/* Not transform_ip(): a frame without a drawing need not be writable. */
static GstFlowReturn
gst_obs_overlay_generate_output (GstBaseTransform *base, GstBuffer **ret_out)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (base);
  GstBuffer *frame = g_steal_pointer (&base->queued_buf);
  gint64 stale_ns;
  gboolean found;

  *ret_out = NULL;
  if (frame == NULL)
    return GST_FLOW_OK;
  g_mutex_lock (&self->lock);
  self->counts.frames_in++;
  g_mutex_unlock (&self->lock);
  if (!check_frame (self, frame)) {
    gst_buffer_unref (frame);
    return GST_BASE_TRANSFORM_FLOW_DROPPED;
  }
  if (!obs_overlay_find_records (self, frame, &stale_ns)) {
    g_mutex_lock (&self->lock);
    self->counts.frames_dropped++;
    g_mutex_unlock (&self->lock);
    gst_buffer_unref (frame);
    return GST_FLOW_FLUSHING;
  }
  found = self->found->len > 0;
  if (found)
    frame = draw (self, frame, stale_ns);
  g_ptr_array_set_size (self->found, 0);
  g_mutex_lock (&self->lock);
  if (!found)
    self->counts.frames_without++;
  else if (stale_ns >= 0)
    self->counts.frames_stale++;
  else
    self->counts.frames_drawn++;
  g_mutex_unlock (&self->lock);
  *ret_out = frame;
  return GST_FLOW_OK;
}

/* ---- events, queries, states ---- */

static void
set_flushing (GstObsOverlay *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  if (!flushing) {
    trib_overlay_join_restart (self->join);
    self->earliest = GST_CLOCK_TIME_NONE;
  }
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gboolean
gst_obs_overlay_sink_event (GstBaseTransform *base, GstEvent *event)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (base);

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START)
    set_flushing (self, TRUE);
  else if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    set_flushing (self, FALSE);
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (base, event);
}

static gboolean
gst_obs_overlay_src_event (GstBaseTransform *base, GstEvent *event)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (base);

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    GstClockTimeDiff late;
    GstClockTime time;

    gst_event_parse_qos (event, NULL, NULL, &late, &time);
    g_mutex_lock (&self->lock);
    self->earliest = GST_CLOCK_TIME_NONE;
    if (GST_CLOCK_TIME_IS_VALID (time) && late > 0)
      self->earliest = time + (GstClockTime) late;
    g_cond_broadcast (&self->cond);
    g_mutex_unlock (&self->lock);
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->src_event (base, event);
}

static gboolean
gst_obs_overlay_query (GstBaseTransform *base, GstPadDirection direction, GstQuery *query)
{
  if (direction == GST_PAD_SRC && GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return obs_overlay_answer_latency (GST_OBS_OVERLAY (base), query);
  return GST_BASE_TRANSFORM_CLASS (parent_class)->query (base, direction, query);
}

static void
set_bounds (GstObsOverlay *self)
{
  guint max_pending;
  guint64 max_bytes;

  GST_OBJECT_LOCK (self);
  max_pending = self->settings.max_pending;
  max_bytes = self->settings.max_pending_bytes;
  GST_OBJECT_UNLOCK (self);
  g_mutex_lock (&self->lock);
  trib_overlay_join_set_bounds (self->join, max_pending, max_bytes);
  g_mutex_unlock (&self->lock);
}

static void
begin (GstObsOverlay *self)
{
  g_mutex_lock (&self->lock);
  trib_overlay_join_free (self->join);
  self->join = trib_overlay_join_new ();
  self->flushing = self->records_ended = self->records_flushing = self->is_live = FALSE;
  self->live_known = self->waits = FALSE;
  self->silence = (TribSilence){ 0 };
  self->upstream_latency = 0;
  self->earliest = GST_CLOCK_TIME_NONE;
  self->counts = (ObsOverlayCounts){ 0 };
  g_mutex_unlock (&self->lock);
  set_bounds (self);
  obs_overlay_records_reset (self);
  self->scene = trib_overlay_scene_new ();
  self->canvas = obs_overlay_canvas_new ();
}

static void
end (GstObsOverlay *self)
{
  g_mutex_lock (&self->lock);
  trib_overlay_join_forget (self->join);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->scene, trib_overlay_scene_free);
  g_clear_pointer (&self->canvas, obs_overlay_canvas_free);
}

static GstStateChangeReturn
gst_obs_overlay_change_state (GstElement *element, GstStateChange transition)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    begin (self);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    set_flushing (self, TRUE); /* a waiting frame holds the stream lock, which pads need to stop */
  result = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    end (self);
  return result;
}

/* ---- properties ---- */

static void
gst_obs_overlay_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (object);

  trib_properties_set_locked (&all, &self->settings, object, id, value, pspec);
  if (id == PROP_MAX_WAIT_MS) {
    GST_OBJECT_LOCK (self);
    self->settings.max_wait_set = TRUE;
    GST_OBJECT_UNLOCK (self);
  }
  if (id == PROP_MAX_PENDING || id == PROP_MAX_PENDING_BYTES)
    set_bounds (self);
  if (id == PROP_MAX_WAIT_MS && GST_STATE (self) > GST_STATE_READY)
    gst_element_post_message (GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

static void
gst_obs_overlay_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (object);

  if (id == PROP_STATS)
    g_value_take_boxed (value, obs_overlay_make_stats (self));
  else
    trib_properties_get_locked (&all, &self->settings, object, id, value, pspec);
}

static void
gst_obs_overlay_finalize (GObject *object)
{
  GstObsOverlay *self = GST_OBS_OVERLAY (object);

  trib_overlay_join_free (self->join);
  trib_record_reader_free (self->reader);
  g_ptr_array_unref (self->found);
  trib_properties_clear (&all, &self->settings);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_obs_overlay_init (GstObsOverlay *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  trib_properties_init (&all, &self->settings);
  self->join = trib_overlay_join_new ();
  self->earliest = GST_CLOCK_TIME_NONE;
  self->reader = trib_record_reader_new (NULL);
  self->found = g_ptr_array_new_with_free_func ((GDestroyNotify) trib_overlay_record_unref);
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
  obs_overlay_records_init (self);
}

static void
gst_obs_overlay_class_init (GstObsOverlayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *base_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = gst_obs_overlay_set_property;
  object_class->get_property = gst_obs_overlay_get_property;
  object_class->finalize = gst_obs_overlay_finalize;
  trib_properties_install_class (&all, object_class);
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_obs_overlay_change_state);
  base_class->transform_caps = GST_DEBUG_FUNCPTR (gst_obs_overlay_transform_caps);
  base_class->fixate_caps = GST_DEBUG_FUNCPTR (gst_obs_overlay_fixate_caps);
  base_class->set_caps = GST_DEBUG_FUNCPTR (gst_obs_overlay_set_caps);
  base_class->generate_output = GST_DEBUG_FUNCPTR (gst_obs_overlay_generate_output);
  base_class->sink_event = GST_DEBUG_FUNCPTR (gst_obs_overlay_sink_event);
  base_class->src_event = GST_DEBUG_FUNCPTR (gst_obs_overlay_src_event);
  base_class->query = GST_DEBUG_FUNCPTR (gst_obs_overlay_query);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &records_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Observation overlay",
      "Filter/Effect/Video/Debug", "Draws observations on the video they are about",
      "The gst-tributary authors");
}
