/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-frameencodebin
 * @title: frameencodebin
 * @short_description: compresses each frame by itself and gives it an identity
 *
 * Takes raw video and gives one picture a frame: packed raw, JPEG, PNG or WebP. Frames that carry
 * no identity yet get one: session, stream, index and capture time, in a meta that the elements
 * behind keep. What was done to the frame (format, quality, size of the uncompressed picture) goes
 * into the same meta, for `kafkabinarysink` and others to report.
 *
 * `format` and `quality` may change while the pipeline plays: from the next frame on both are in
 * force together, when they are set with one g_object_set(). No frame is lost over it, and the caps
 * change exactly at the first picture of the new kind.
 *
 * The colours that come in are the colours a viewer sees. A JPEG file always means full-range
 * BT.601 (JFIF), which bare `jpegenc` leaves to whoever feeds it; here limited-range video is
 * stretched, other matrices are converted, and RGB is stored as 4:2:0 YCbCr. Video whose caps have
 * no colorimetry is what GStreamer assumes: BT.601 up to 576 lines, BT.709 above, both limited.
 *
 * With `identity-comment=true` each JPEG says itself which frame it is, for processes that are given
 * bytes and nothing else, through a FIFO or a pipe (`obssink`).
 *
 * ## Caps
 * In: video/x-raw of any format in system memory. Out: image/jpeg, image/png, image/webp, or
 * video/x-raw as RGB or GRAY8. Grey stays grey but in WebP, which knows no grey. Transparency is
 * dropped. Raw pictures have no padding between rows: where the width is no multiple of 4, the row
 * length is in the buffer's GstVideoMeta.
 *
 * ## Timing
 * Adds no latency: a picture leaves before the next frame comes in. Timestamps are kept. The
 * capture time of the identity is, in this order: a GstReferenceTimestampMeta with caps
 * timestamp/x-unix, the wall time of the stream's start plus the frame's running time, the wall
 * clock.
 *
 * ## Threads
 * None of its own. Everything happens on the thread that pushes frames in, the exchange of the
 * encoder too. Properties may be set and read from any thread.
 *
 * ## Errors
 * A missing encoder gives a missing-plugin message and one error that names the Debian package. A
 * stream id or session id that cannot stand in a frame id is refused: the state change to PAUSED
 * fails with an error that says why. Pictures that no conversion exists for give an error.
 *
 * ## Messages
 * - `frameencodebin-frame-failed`: a frame was given up. Fields: `frame-id` (string: which),
 * `reason` (string: the field of the stats that counts it), `detail` (string: why, for people).
 *
 * ## Stats
 * Counted from READY to PAUSED on. `frames-in` = `frames-out` + `pending` + all `failed-…` + all
 * `dropped-…`, at any moment.
 *
 * - `frames-in` (frames): came in
 * - `frames-out` (frames): given to the source pad
 * - `bytes-in` (bytes): of the frames that came in
 * - `bytes-out` (bytes): of the pictures given to the source pad
 * - `pending` (frames): being worked on, 0 or 1
 * - `failed-setup` (frames): no encoder or no conversion; an error was posted
 * - `failed-conversion` (frames): the buffer did not hold the picture that its caps say
 * - `failed-encoder` (frames): the encoder gave nothing back
 * - `failed-negotiation` (frames): no caps, or caps that downstream refuses
 * - `dropped-segment` (frames): outside of the segment
 * - `dropped-flush` (frames): a flush, the end of the stream or a state change came first
 * - `switches` (changes): of format or quality that took effect between two frames
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 !
 * video/x-raw,format=I420,width=640,height=480,framerate=30/1 ! frameencodebin format=jpeg
 * quality=90 session-id=demo stream-id=camera-0 ! fakesink
 * ]| A test picture, compressed to JPEG with an identity on every frame
 * (launch-lines/frame/jpeg.launch).
 *
 * Since: 0.1
 */
#include "config.h"

#include "gstframeencodebin.h"
#include "gstframeencodebin-private.h"

#include <string.h>

#include <common/trib-frame-id.h>
#include <frame/trib-frame-meta.h>
#include <frame/trib-frame-session.h>

GST_DEBUG_CATEGORY (frame_encode_bin_debug);
#define GST_CAT_DEFAULT frame_encode_bin_debug

#define DEFAULT_FORMAT TRIB_FRAME_FORMAT_JPEG
#define DEFAULT_QUALITY -1
#define DEFAULT_STREAM_ID "video-0"

/* what encoders take without a general conversion comes first, so that sources choose it */
#define PREFERRED_FORMATS "{ I420, NV12, YV12, NV21, RGB, BGR, RGBx, BGRx, GRAY8 }"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK,
    GST_PAD_ALWAYS,
    GST_STATIC_CAPS (
        GST_VIDEO_CAPS_MAKE (PREFERRED_FORMATS) ";" GST_VIDEO_CAPS_MAKE (GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
    GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("image/jpeg; image/png; image/webp; " GST_VIDEO_CAPS_MAKE ("{ RGB, GRAY8 }")));

#define GST_TYPE_FRAME_ENCODE_BIN_FORMAT (gst_frame_encode_bin_format_get_type ())
static GType
gst_frame_encode_bin_format_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { TRIB_FRAME_FORMAT_RAW, "Packed RGB or GRAY8", "raw" },
    { TRIB_FRAME_FORMAT_JPEG, "JPEG", "jpeg" },
    { TRIB_FRAME_FORMAT_PNG, "PNG, without loss", "png" },
    { TRIB_FRAME_FORMAT_WEBP, "WebP", "webp" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstFrameEncodeBinFormat", values));
  return type;
}

enum {
  PROP_FORMAT = 1,
  PROP_QUALITY,
  PROP_SESSION_ID,
  PROP_STREAM_ID,
  PROP_IDENTITY_COMMENT,
  PROP_STATS,
  N_PROPS
};
static GParamSpec *properties[N_PROPS];

const gchar *const frame_encode_counter_names[N_COUNTERS] = { "frames-in", "frames-out", "bytes-in",
  "bytes-out", "switches", "failed-setup", "failed-conversion", "failed-encoder",
  "failed-negotiation", "dropped-segment", "dropped-flush" };

G_DEFINE_TYPE (GstFrameEncodeBin, gst_frame_encode_bin, GST_TYPE_BIN)
GST_ELEMENT_REGISTER_DEFINE (
    frameencodebin, "frameencodebin", GST_RANK_NONE, GST_TYPE_FRAME_ENCODE_BIN)

/* ---- life cycle ---- */

static gboolean
start (GstFrameEncodeBin *self)
{
  g_autoptr (GstElementFactory) factory = NULL;
  g_autofree gchar *bad = NULL;
  const gchar *name;
  TribFrameFormat format;

  GST_OBJECT_LOCK (self);
  if (self->bad_session || self->bad_stream)
    bad = g_strdup ((self->bad_session ? self->bad_session : self->bad_stream)->message);
  format = self->request.format;
  g_free (self->session_in_use);
  self->session_in_use = self->session ? g_strdup (self->session) : trib_frame_session_new ();
  g_free (self->stream_in_use);
  self->stream_in_use = g_strdup (self->stream);
  memset (self->counters, 0, sizeof (self->counters));
  self->child_error = FALSE;
  GST_OBJECT_UNLOCK (self);

  if (bad) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("Frames cannot be identified: %s.", bad), (NULL));
    return FALSE;
  }
  name = frame_encoder_factory (format);
  factory = name ? gst_element_factory_find (name) : NULL;
  if (name && factory == NULL) {
    frame_encode_post_missing (self, format);
    return FALSE;
  }
  return TRUE;
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self))
    return GST_STATE_CHANGE_FAILURE;
  result
      = GST_ELEMENT_CLASS (gst_frame_encode_bin_parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    frame_encode_stream_reset (self);
  return result;
}

static void
handle_message (GstBin *bin, GstMessage *message)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (bin);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GST_OBJECT_LOCK (self);
    self->child_error = TRUE;
    GST_OBJECT_UNLOCK (self);
  }
  GST_BIN_CLASS (gst_frame_encode_bin_parent_class)->handle_message (bin, message);
}

/* ---- properties ---- */

/* Called once for all that one g_object_set() changed, so that a frame never meets the format of
 * one request with the quality of another. */
static void
dispatch_properties_changed (GObject *object, guint n_pspecs, GParamSpec **pspecs)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (object);

  GST_OBJECT_LOCK (self);
  self->request = self->set;
  GST_OBJECT_UNLOCK (self);
  G_OBJECT_CLASS (gst_frame_encode_bin_parent_class)
      ->dispatch_properties_changed (object, n_pspecs, pspecs);
}

/* a value that cannot stand in a frame id is not taken, and start will say so */
static void
set_id (GstFrameEncodeBin *self, gchar **field, GError **bad, const gchar *value,
    gboolean (*check) (const gchar *, GError **), gboolean may_be_null)
{
  g_autoptr (GError) error = NULL;

  if (!(may_be_null && value == NULL) && !check (value, &error))
    GST_WARNING_OBJECT (self, "refused: %s", error->message);
  GST_OBJECT_LOCK (self);
  g_clear_error (bad);
  if (error) {
    *bad = g_steal_pointer (&error);
  } else {
    g_free (*field);
    *field = g_strdup (value);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (object);

  switch (id) {
    case PROP_FORMAT:
      GST_OBJECT_LOCK (self);
      self->set.format = g_value_get_enum (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_QUALITY:
      GST_OBJECT_LOCK (self);
      self->set.quality = g_value_get_int (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_IDENTITY_COMMENT:
      GST_OBJECT_LOCK (self);
      self->set.identity_comment = g_value_get_boolean (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_SESSION_ID:
      set_id (self, &self->session, &self->bad_session, g_value_get_string (value),
          trib_session_id_check, TRUE);
      break;
    case PROP_STREAM_ID:
      set_id (self, &self->stream, &self->bad_stream, g_value_get_string (value),
          trib_stream_id_check, FALSE);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static GstStructure *
make_stats (GstFrameEncodeBin *self)
{
  GstStructure *stats = gst_structure_new_empty ("application/x-frameencodebin-stats");
  guint64 c[N_COUNTERS], pending;

  GST_OBJECT_LOCK (self);
  memcpy (c, self->counters, sizeof (c));
  GST_OBJECT_UNLOCK (self);
  pending = c[FRAMES_IN] - c[FRAMES_OUT];
  for (guint i = FAILED_SETUP; i <= DROPPED_FLUSH; i++)
    pending -= c[i];
  for (guint i = 0; i < N_COUNTERS; i++)
    gst_structure_set (stats, frame_encode_counter_names[i], G_TYPE_UINT64, c[i], NULL);
  gst_structure_set (stats, "pending", G_TYPE_UINT64, pending, NULL);
  return stats;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_FORMAT:
      g_value_set_enum (value, self->set.format);
      break;
    case PROP_QUALITY:
      g_value_set_int (value, self->set.quality);
      break;
    case PROP_IDENTITY_COMMENT:
      g_value_set_boolean (value, self->set.identity_comment);
      break;
    case PROP_SESSION_ID:
      g_value_set_string (value, self->session ? self->session : self->session_in_use);
      break;
    case PROP_STREAM_ID:
      g_value_set_string (value, self->stream);
      break;
    case PROP_STATS:
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
  if (id == PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
}

static void
gst_frame_encode_bin_init (GstFrameEncodeBin *self)
{
  self->set = (Request){ DEFAULT_FORMAT, DEFAULT_QUALITY, FALSE };
  self->request = self->set;
  self->stream = g_strdup (DEFAULT_STREAM_ID);
  g_queue_init (&self->held);
  frame_encode_stream_reset (self);

  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, frame_encode_stream_chain);
  gst_pad_set_event_function (self->sinkpad, frame_encode_stream_event);
  gst_pad_set_query_function (self->sinkpad, frame_encode_stream_query);
  GST_PAD_SET_ACCEPT_TEMPLATE (self->sinkpad);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_use_fixed_caps (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
finalize (GObject *object)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (object);

  g_clear_pointer (&self->session, g_free);
  g_clear_pointer (&self->stream, g_free);
  g_clear_pointer (&self->session_in_use, g_free);
  g_clear_pointer (&self->stream_in_use, g_free);
  g_clear_error (&self->bad_session);
  g_clear_error (&self->bad_stream);
  G_OBJECT_CLASS (gst_frame_encode_bin_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * frameencodebin:format:
   *
   * What each frame is compressed to. A change while playing holds from the next frame on, together
   * with a quality that is set in the same g_object_set().
   *
   * Since: 0.1
   */
  properties[PROP_FORMAT]
      = g_param_spec_enum ("format", "Format", "What each frame is compressed to",
          GST_TYPE_FRAME_ENCODE_BIN_FORMAT, DEFAULT_FORMAT, flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * frameencodebin:quality:
   *
   * 0 (smallest) to 100 (best), or -1 for the format's own: 90 for JPEG, 85 for WebP. PNG loses
   * nothing at any quality; there it is the effort, laid onto zlib's levels 0 to 9 by
   * (quality * 9 + 50) / 100, its own being level 6. Raw pictures have none. A change while playing
   * holds from the next frame on.
   *
   * Since: 0.1
   */
  properties[PROP_QUALITY] = g_param_spec_int ("quality", "Quality",
      "0 (smallest) to 100 (best), for PNG the effort; -1: the format's own (JPEG 90, WebP 85, PNG "
      "level 6)",
      -1, 100, DEFAULT_QUALITY, flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * frameencodebin:session-id:
   *
   * The session of frames that carry no identity. When it is not set, each start makes a fresh one,
   * like "session-20260101T120000Z-1a2b3c4d", which can be read here.
   *
   * Since: 0.1
   */
  properties[PROP_SESSION_ID] = g_param_spec_string ("session-id", "Session id",
      "Session of frames without an identity; when not set, a fresh one at each start", NULL,
      flags | GST_PARAM_MUTABLE_READY);
  /**
   * frameencodebin:stream-id:
   *
   * The stream of frames that carry no identity. It may not contain '_', which separates the parts
   * of a frame id.
   *
   * Since: 0.1
   */
  properties[PROP_STREAM_ID] = g_param_spec_string ("stream-id", "Stream id",
      "Stream of frames without an identity; may not contain '_'", DEFAULT_STREAM_ID,
      flags | GST_PARAM_MUTABLE_READY);
  /**
   * frameencodebin:identity-comment:
   *
   * A comment `{"frame_id":N,"t_ns":N}` in each JPEG, the index and the capture time of its identity:
   * for a process that is given nothing but the bytes. Readers of JPEG pass over it. The bytes of the
   * picture are not copied for it. Other formats have none. A change while playing holds from the next
   * frame on.
   *
   * Since: 0.2
   */
  properties[PROP_IDENTITY_COMMENT] = g_param_spec_boolean ("identity-comment", "Identity comment",
      "Whether a comment in each JPEG says which frame it is, {\"frame_id\":N,\"t_ns\":N}", FALSE,
      flags | GST_PARAM_MUTABLE_PLAYING);
  /**
   * frameencodebin:stats:
   *
   * What became of the frames, see the section on stats.
   *
   * Since: 0.1
   */
  properties[PROP_STATS]
      = g_param_spec_boxed ("stats", "Statistics", "What became of the frames since the last start",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gst_frame_encode_bin_class_init (GstFrameEncodeBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBinClass *bin_class = GST_BIN_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      frame_encode_bin_debug, "frameencodebin", 0, "frame identity and compression");
  trib_frame_meta_register ();

  object_class->dispatch_properties_changed = dispatch_properties_changed;
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties (object_class);

  element_class->change_state = change_state;
  bin_class->handle_message = handle_message;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Frame encoder", "Codec/Encoder/Image",
      "Compresses each frame by itself and gives it an identity", "The gst-tributary authors");
  gst_type_mark_as_plugin_api (GST_TYPE_FRAME_ENCODE_BIN_FORMAT, 0);
}
