/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-frameencodebin
 * @title: frameencodebin
 * @short_description: compresses each frame by itself and gives it an identity
 *
 * Takes raw video and pushes one picture for each frame: packed raw, JPEG, PNG or WebP. Frames
 * without an identity get one: session, stream, index and capture time, in a meta that the
 * elements downstream keep. Behind a `tee`, `framestamp` before the `tee` gives all branches the
 * same. A frame that has an identity keeps it; a `session-id` or `stream-id` that is set replaces
 * that part of it, and without, reading the property gives the id of the last frame. The format,
 * the quality and the size of the uncompressed picture are in the same meta, for `kafkabinarysink`
 * and others to report.
 *
 * `format` and `quality` may change while the pipeline plays: both take effect together with the
 * next frame, when they are set with one g_object_set(). No frame is lost, and the caps change
 * exactly at the first picture of the new kind.
 *
 * Colours are preserved for viewers. A JPEG file always means full-range BT.601 (JFIF), which bare
 * `jpegenc` does not convert to; here limited-range video is stretched, other matrices are
 * converted, and RGB is stored as 4:2:0 YCbCr. Video whose caps have no colorimetry is taken for
 * what GStreamer assumes: BT.601 up to 576 lines, BT.709 above, both limited.
 *
 * With `identity-comment=true` each JPEG contains its frame's identity, for processes that receive
 * the bytes only, through a FIFO or a pipe (`obssink`).
 *
 * ## Caps
 * In: video/x-raw of any format in system memory. Out: image/jpeg, image/png, image/webp, or
 * video/x-raw as RGB or GRAY8. Grey stays grey but in WebP, which has no grey. Transparency is
 * dropped. Raw pictures have no padding between rows: where the width is no multiple of 4, the row
 * length is in the buffer's GstVideoMeta. In a JPEG, 4:1:1 and interlaced RGB become 4:2:2.
 *
 * The caps give the size of a picture. A GstVideoCropMeta of that size is applied; of a larger
 * GstVideoMeta without one, the upper left part is used. What these metas state must be inside of
 * the buffer's memory.
 *
 * ## Timing
 * Adds no latency: a picture is pushed before the next frame is accepted. Timestamps are kept. The
 * capture time of the identity is, in this order: a GstReferenceTimestampMeta with caps
 * timestamp/x-unix or timestamp/x-ntp, the wall time of the start plus the frame's running time,
 * the wall clock. In a live pipeline the start is measured at each PLAYING and follows the wall
 * clock without a step; else it is the container's date-time tag, or the moment of the first frame.
 * `time-origin` replaces all of that but the meta.
 *
 * ## Threads
 * None of its own. All work, the exchange of the encoder included, is done on the upstream
 * streaming thread. Properties may be set and read from any thread.
 *
 * ## Errors
 * A missing encoder gives a missing-plugin message and one error that names the Debian package. A
 * stream id or session id that is not valid in a frame id, or a `time-origin` that is no time, is
 * refused: the state change to PAUSED fails with an error that gives the reason. Pictures that
 * cannot be converted give an error. A buffer that does not hold the picture of its caps costs that
 * frame only.
 *
 * ## Stats
 * Counted from READY to PAUSED on. `frames-in` = `frames-out` + `pending` + all `failed-…` + all
 * `dropped-…`, at any moment. `failed-conversion` is the sum of all `refused-…`, but for frames
 * for which there was no memory.
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

#include <shared/trib-fields.h>
#include <shared/trib-properties.h>

#include <frame/trib-frame-meta.h>

GST_DEBUG_CATEGORY (frame_encode_bin_debug);
#define GST_CAT_DEFAULT frame_encode_bin_debug

/* formats that encoders accept without a general conversion are first, so that sources prefer
 * them */
#define PREFERRED_FORMATS "{ I420, NV12, YV12, NV21, RGB, BGR, RGBx, BGRx, GRAY8 }"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK,
    GST_PAD_ALWAYS,
    GST_STATIC_CAPS (
        GST_VIDEO_CAPS_MAKE (PREFERRED_FORMATS) ";" GST_VIDEO_CAPS_MAKE (GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
    GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("image/jpeg; image/png; image/webp; " GST_VIDEO_CAPS_MAKE ("{ RGB, GRAY8 }")));

enum {
  PROP_FORMAT = 1,
  PROP_QUALITY,
  PROP_IDENTITY_COMMENT,
  PROP_FIRST_OF_IDENTITY,
  PROP_STATS = PROP_FIRST_OF_IDENTITY + FRAME_IDENTITY_PARTS,
  N_PROPS
};

#define AT(field) G_STRUCT_OFFSET (FrameEncodeSettings, field)

/* clang-format off */
static const TribProperty property_table[N_PROPS] = {
  [PROP_FORMAT] = { TRIB_PROPERTY_ENUM, "format", "Format",
      "Format of the pictures", AT (request.format), .while_playing = TRUE,
      .initial = TRIB_FRAME_FORMAT_JPEG, .type_name = "GstFrameEncodeBinFormat", .choices = {
        [TRIB_FRAME_FORMAT_RAW] = { "raw", "Packed RGB or GRAY8" },
        [TRIB_FRAME_FORMAT_JPEG] = { "jpeg", "JPEG" },
        [TRIB_FRAME_FORMAT_PNG] = { "png", "PNG, without loss" },
        [TRIB_FRAME_FORMAT_WEBP] = { "webp", "WebP" } } },
  /* PNG: zlib's levels 0 to 9 are (quality * 9 + 50) / 100 */
  [PROP_QUALITY] = { TRIB_PROPERTY_INT, "quality", "Quality",
      "0 (smallest) to 100 (best), for PNG the effort; -1: the format's default (JPEG 90, WebP 85, "
      "PNG level 6)", AT (request.quality), -1, 100, -1, .while_playing = TRUE },
  [PROP_IDENTITY_COMMENT] = { TRIB_PROPERTY_BOOL, "identity-comment", "Identity comment",
      "Add a comment to each JPEG that identifies its frame, {\"frame_id\":N,\"t_ns\":N}",
      AT (request.identity_comment), .while_playing = TRUE },
  [PROP_FIRST_OF_IDENTITY + FRAME_IDENTITY_SESSION] = FRAME_IDENTITY_SESSION_ROW (AT),
  [PROP_FIRST_OF_IDENTITY + FRAME_IDENTITY_STREAM] = FRAME_IDENTITY_STREAM_ROW (AT),
  [PROP_FIRST_OF_IDENTITY + FRAME_IDENTITY_TIME_ORIGIN] = FRAME_IDENTITY_TIME_ORIGIN_ROW (AT),
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters of frames and bytes since the last start" },
};

#define COUNT(counter, name, about) \
  [counter] = { name, TRIB_FIELD_UINT64, (counter) * sizeof (guint64), about }
static const TribField stats_fields[] = {
  COUNT (FRAMES_IN, "frames-in", "frames received"),
  COUNT (FRAMES_OUT, "frames-out", "pictures given to the source pad"),
  COUNT (BYTES_IN, "bytes-in", "bytes of the frames received"),
  COUNT (BYTES_OUT, "bytes-out", "bytes of the pictures given to the source pad"),
  COUNT (SWITCHES, "switches", "changes of format or quality that took effect between frames"),
  COUNT (FAILED_SETUP, "failed-setup",
    "frames without an encoder or conversion; an error was posted"),
  COUNT (FAILED_CONVERSION, "failed-conversion", "frames whose buffer does not match its caps"),
  COUNT (FAILED_ENCODER, "failed-encoder", "frames for which the encoder returned no picture"),
  COUNT (FAILED_NEGOTIATION, "failed-negotiation",
    "frames without caps, or with caps that downstream refuses"),
  COUNT (DROPPED_SEGMENT, "dropped-segment", "frames outside of the segment"),
  COUNT (DROPPED_FLUSH, "dropped-flush", "frames interrupted by a flush, EOS or a state change"),
  COUNT (PENDING, "pending", "frames in progress, 0 or 1"),
  [REFUSED] = { "refused-", TRIB_FIELD_COUNTS, REFUSED * sizeof (guint64),
    "of `failed-conversion`, what contradicts the caps: format, size, crop, row length, memory, or "
    "access to it (frames)", TRIB_FRAME_N_FAULTS, trib_frame_fault_to_string },
};
/* clang-format on */
static const TribProperties properties = TRIB_PROPERTIES (property_table);
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-frameencodebin-stats", NULL, stats_fields);

const gchar *
frame_encode_counter_name (Counter counter)
{
  return stats_fields[counter].name;
}

G_DEFINE_TYPE (GstFrameEncodeBin, gst_frame_encode_bin, GST_TYPE_BIN)
GST_ELEMENT_REGISTER_DEFINE (
    frameencodebin, "frameencodebin", GST_RANK_NONE, GST_TYPE_FRAME_ENCODE_BIN)

/* ---- life cycle ---- */

static gboolean
start (GstFrameEncodeBin *self)
{
  g_autoptr (GstElementFactory) factory = NULL;
  const gchar *name;
  TribFrameFormat format;

  if (!frame_identity_start (&self->identity, GST_ELEMENT (self), &self->settings.identity))
    return FALSE;
  GST_OBJECT_LOCK (self);
  format = self->request.format;
  memset (self->counters, 0, sizeof (self->counters));
  self->child_error = FALSE;
  GST_OBJECT_UNLOCK (self);

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

/* Called once for all properties of one g_object_set(), so that no frame gets the format of one
 * request with the quality of another. */
static void
dispatch_properties_changed (GObject *object, guint n_pspecs, GParamSpec **pspecs)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (object);

  GST_OBJECT_LOCK (self);
  self->request = self->settings.request;
  GST_OBJECT_UNLOCK (self);
  G_OBJECT_CLASS (gst_frame_encode_bin_parent_class)
      ->dispatch_properties_changed (object, n_pspecs, pspecs);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (object);

  if (id >= PROP_FIRST_OF_IDENTITY && id < PROP_STATS
      && !frame_identity_accept (&self->identity, GST_ELEMENT (self), id - PROP_FIRST_OF_IDENTITY,
          g_value_get_string (value)))
    return;
  trib_properties_set_locked (&properties, &self->settings, object, id, value, pspec);
}

static GstStructure *
make_stats (GstFrameEncodeBin *self)
{
  guint64 c[N_COUNTERS];

  GST_OBJECT_LOCK (self);
  memcpy (c, self->counters, sizeof (c));
  GST_OBJECT_UNLOCK (self);
  c[PENDING] = c[FRAMES_IN] - c[FRAMES_OUT];
  for (guint i = FAILED_SETUP; i <= DROPPED_FLUSH; i++)
    c[PENDING] -= c[i];
  return trib_fields_to_structure (&stats_table, c);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstFrameEncodeBin *self = GST_FRAME_ENCODE_BIN (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  trib_properties_get_locked (&properties, &self->settings, object, id, value, pspec);
  if (id >= PROP_FIRST_OF_IDENTITY)
    frame_identity_read (&self->identity, GST_ELEMENT (self), id - PROP_FIRST_OF_IDENTITY, value);
}

static void
gst_frame_encode_bin_init (GstFrameEncodeBin *self)
{
  trib_properties_init (&properties, &self->settings);
  self->request = self->settings.request;
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

  trib_properties_clear (&properties, &self->settings);
  frame_identity_clear (&self->identity);
  G_OBJECT_CLASS (gst_frame_encode_bin_parent_class)->finalize (object);
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
  trib_properties_install_class (&properties, object_class);

  element_class->change_state = change_state;
  bin_class->handle_message = handle_message;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Frame encoder", "Codec/Encoder/Image",
      "Compresses each frame by itself and gives it an identity", "The gst-tributary authors");
}
