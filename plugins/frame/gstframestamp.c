/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-framestamp
 * @title: framestamp
 * @short_description: Gives each frame an identity: session, stream, index and capture time
 *
 * Passes frames through unchanged and puts an identity on each that has none: session, stream,
 * index and capture time, in a meta that encoders, decoders, converters and `tee` keep. All that is
 * made of a frame behind it then has the same identity: records in Kafka, observations of
 * extractors, pictures in files. Without it each of these elements makes one of its own, and the
 * capture times differ by some microseconds.
 *
 * A frame that has an identity keeps it. A `session-id` or `stream-id` that is set replaces that
 * part of it; without, reading the property gives the id of the last frame.
 *
 * Put it where capture times are known best: directly behind the camera, the depayloader or the
 * demuxer. Behind a demuxer the frames are compressed, so that no decoder is needed.
 *
 * ## Caps
 * Any: raw video in any memory, pictures, compressed video. Each buffer is taken for one frame.
 * Caps that say otherwise (H.264 and H.265 with `alignment=nal`, AV1 with `alignment=obu`) are
 * refused: a parser brings whole frames.
 *
 * ## Timing
 * Adds no latency, and copies no picture. Timestamps are kept. The capture time is, in this order:
 * a GstReferenceTimestampMeta with caps timestamp/x-unix or timestamp/x-ntp (`rtspsrc
 * add-reference-timestamp-meta=true`), the wall time of the start plus the frame's running time,
 * the wall clock. In a live pipeline the start is measured at each PLAYING and follows the wall
 * clock without a step; else it is the container's date-time tag, or the moment of the first
 * frame, and pauses have no effect on it. `time-origin` replaces all of that but the meta.
 *
 * ## From applications
 * The identity can be read and written in Python and other languages, see
 * [frame identity](../internals/frame-identity.md).
 *
 * ## Threads
 * None of its own. Properties may be set and read from any thread.
 *
 * ## Errors
 * An id that is not valid in a frame id, or a `time-origin` that is no time, is refused: the state
 * change to PAUSED fails with an error that gives the reason. Buffers that are not whole frames
 * give an error.
 *
 * ## Messages
 * None.
 *
 * ## Stats
 * Counted from READY to PAUSED on. At any moment `frames-in` = `stamped` + `kept`, and `stamped` is
 * the sum of all `time-SOURCE`.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! video/x-raw,width=320,height=240,framerate=30/1 !
 * framestamp session-id=demo stream-id=camera-0 time-origin=2026-01-31T12:00:00Z ! fakesink
 * ]|
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstframestamp.h"

#include "frame-identity.h"

#include <shared/trib-fields.h>
#include <shared/trib-properties.h>

GST_DEBUG_CATEGORY_STATIC (frame_stamp_debug);
#define GST_CAT_DEFAULT frame_stamp_debug

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

enum {
  PROP_FIRST_OF_IDENTITY = 1,
  PROP_STATS = PROP_FIRST_OF_IDENTITY + FRAME_IDENTITY_PARTS,
  N_PROPS
};

typedef struct {
  FrameIdentitySettings identity;
} Settings;

#define N_SOURCES (TRIB_TIME_SOURCE_WALL + 1)

typedef struct {
  guint64 frames_in, stamped, kept;
  guint64 by_source[N_SOURCES];
} Counts;

#define AT(field) G_STRUCT_OFFSET (Settings, field)

/* clang-format off */
static const TribProperty property_table[N_PROPS] = {
  [PROP_FIRST_OF_IDENTITY + FRAME_IDENTITY_SESSION] = FRAME_IDENTITY_SESSION_ROW (AT),
  [PROP_FIRST_OF_IDENTITY + FRAME_IDENTITY_STREAM] = FRAME_IDENTITY_STREAM_ROW (AT),
  [PROP_FIRST_OF_IDENTITY + FRAME_IDENTITY_TIME_ORIGIN] = FRAME_IDENTITY_TIME_ORIGIN_ROW (AT),
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters of frames since the last start" },
};

#define COUNT(name, field, about) \
  { name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Counts, field), about }
static const TribField stats_fields[] = {
  COUNT ("frames-in", frames_in, "frames received"),
  COUNT ("stamped", stamped, "frames that got an identity"),
  COUNT ("kept", kept, "frames that had one, with or without another session or stream"),
  COUNT ("time-reference", by_source[TRIB_TIME_SOURCE_REFERENCE],
      "frames stamped with the time of their GstReferenceTimestampMeta"),
  COUNT ("time-running-time", by_source[TRIB_TIME_SOURCE_RUNNING_TIME],
      "frames stamped with the start plus their running time"),
  COUNT ("time-wall", by_source[TRIB_TIME_SOURCE_WALL],
      "frames without a timestamp, stamped with the wall clock"),
};
/* clang-format on */
static const TribProperties properties = TRIB_PROPERTIES (property_table);
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-framestamp-stats", NULL, stats_fields);

#define GST_TYPE_FRAME_STAMP (gst_frame_stamp_get_type ())
G_DECLARE_FINAL_TYPE (GstFrameStamp, gst_frame_stamp, GST, FRAME_STAMP, GstElement)

struct _GstFrameStamp {
  GstElement parent;

  /* set once */
  GstPad *sinkpad, *srcpad;

  /* OBJECT_LOCK */
  Settings settings;
  Counts counts;

  /* as it says */
  FrameIdentity identity;

  /* streaming thread */
  GstSegment segment;
};

G_DEFINE_FINAL_TYPE (GstFrameStamp, gst_frame_stamp, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (framestamp, "framestamp", GST_RANK_NONE,
    GST_TYPE_FRAME_STAMP,
    GST_DEBUG_CATEGORY_INIT (frame_stamp_debug, "framestamp", 0, "identity of frames"))

static GstStateChangeReturn
gst_frame_stamp_change_state (GstElement *element, GstStateChange transition)
{
  GstFrameStamp *self = GST_FRAME_STAMP (element);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    if (!frame_identity_start (&self->identity, element, &self->settings.identity))
      return GST_STATE_CHANGE_FAILURE;
    gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
    GST_OBJECT_LOCK (self);
    self->counts = (Counts){ 0 };
    GST_OBJECT_UNLOCK (self);
  }
  return GST_ELEMENT_CLASS (gst_frame_stamp_parent_class)->change_state (element, transition);
}

/* ---- streaming thread ---- */

static void
count_frame (GstFrameStamp *self, gboolean kept, TribTimeSource source)
{
  GST_OBJECT_LOCK (self);
  self->counts.frames_in++;
  if (kept) {
    self->counts.kept++;
  } else {
    self->counts.stamped++;
    self->counts.by_source[source]++;
  }
  GST_OBJECT_UNLOCK (self);
}

static GstFlowReturn
gst_frame_stamp_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstFrameStamp *self = GST_FRAME_STAMP (parent);
  TribFrameInfo info;
  gboolean kept = trib_frame_meta_get (buffer, &info);

  if (frame_identity_stamp (&self->identity, GST_ELEMENT (self), buffer, &self->segment, &info)) {
    if (!kept)
      info.key = !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    buffer = gst_buffer_make_writable (buffer);
    trib_frame_meta_set (buffer, &info);
  }
  count_frame (self, kept, info.time_source);
  GST_LOG_OBJECT (self, "%s %s %" G_GUINT64_FORMAT " at %" G_GINT64_FORMAT " ns (%s)%s",
      info.session, info.stream, info.index, info.t_ns,
      trib_time_source_to_string (info.time_source), kept ? ", kept" : "");
  return gst_pad_push (self->srcpad, buffer);
}

/* a buffer must be a frame */
static gboolean
check_caps (GstFrameStamp *self, GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  const gchar *alignment = gst_structure_get_string (s, "alignment");

  if (g_strcmp0 (alignment, "nal") != 0 && g_strcmp0 (alignment, "obu") != 0)
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, FORMAT,
      ("Buffers of %s with alignment=%s are not whole frames; a parser is needed before this "
       "element, with alignment=%s behind it.",
          gst_structure_get_name (s), alignment, alignment[0] == 'n' ? "au" : "tu"),
      (NULL));
  return FALSE;
}

static gboolean
gst_frame_stamp_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstFrameStamp *self = GST_FRAME_STAMP (parent);
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      if (!check_caps (self, caps)) {
        gst_event_unref (event);
        return FALSE;
      }
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
      break;
    default:
      break;
  }
  return gst_pad_event_default (pad, parent, event);
}

/* ---- properties ---- */

static void
gst_frame_stamp_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstFrameStamp *self = GST_FRAME_STAMP (object);

  if (id < PROP_STATS
      && !frame_identity_accept (&self->identity, GST_ELEMENT (self), id - PROP_FIRST_OF_IDENTITY,
          g_value_get_string (value)))
    return;
  trib_properties_set_locked (&properties, &self->settings, object, id, value, pspec);
}

static void
gst_frame_stamp_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstFrameStamp *self = GST_FRAME_STAMP (object);
  Counts counts;

  if (id == PROP_STATS) {
    GST_OBJECT_LOCK (self);
    counts = self->counts;
    GST_OBJECT_UNLOCK (self);
    g_value_take_boxed (value, trib_fields_to_structure (&stats_table, &counts));
    return;
  }
  trib_properties_get_locked (&properties, &self->settings, object, id, value, pspec);
  if (id < PROP_STATS)
    frame_identity_read (&self->identity, GST_ELEMENT (self), id - PROP_FIRST_OF_IDENTITY, value);
}

static void
gst_frame_stamp_init (GstFrameStamp *self)
{
  trib_properties_init (&properties, &self->settings);
  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, gst_frame_stamp_chain);
  gst_pad_set_event_function (self->sinkpad, gst_frame_stamp_event);
  GST_PAD_SET_PROXY_CAPS (self->sinkpad);
  GST_PAD_SET_PROXY_ALLOCATION (self->sinkpad);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  GST_PAD_SET_PROXY_CAPS (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
gst_frame_stamp_finalize (GObject *object)
{
  GstFrameStamp *self = GST_FRAME_STAMP (object);

  trib_properties_clear (&properties, &self->settings);
  frame_identity_clear (&self->identity);
  G_OBJECT_CLASS (gst_frame_stamp_parent_class)->finalize (object);
}

static void
gst_frame_stamp_class_init (GstFrameStampClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_frame_stamp_set_property;
  object_class->get_property = gst_frame_stamp_get_property;
  object_class->finalize = gst_frame_stamp_finalize;
  trib_properties_install_class (&properties, object_class);
  element_class->change_state = gst_frame_stamp_change_state;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Frame stamp", "Filter/Metadata/Video",
      "Gives each frame an identity: session, stream, index and capture time",
      "The gst-tributary authors");
}
