/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-qualityextract
 * @title: qualityextract
 * @short_description: Says how sharp, bright and full of contrast each frame is
 *
 * One observation a frame, of type `quality` (OBS-1):
 *
 * - `blur`: the variance of the Laplacian of the luma; the sharper, the more
 * - `brightness`: the mean of the luma, 0 to 255
 * - `contrast`: its standard deviation
 *
 * The figures are those of OpenCV for the same picture in grey. Luma of video range (16 to 235) is stretched to 0 to 255,
 * so that a picture has the same figures in every format. `frame_id` and `t_ns` are those of the frame's identity; a frame
 * without one is numbered here, and its capture time is its running time.
 *
 * ## Caps
 * Raw video to application/json, or to application/x-msgpack where downstream wants that.
 *
 * ## Timing
 * A frame is measured in its own thread of streaming before the next is taken; `processing_ms` says how long that took.
 * Timestamps, flags and metas are kept.
 *
 * ## Threads
 * None of its own. Properties may be set and read from any thread, and hold from the next frame on.
 *
 * ## Errors
 * None: a frame that cannot be measured is dropped and counted. A `region` that is none is told with a warning
 * (RESOURCE/SETTINGS), and the one before holds; so is a `source` that no record can have.
 *
 * ## Messages
 * None of its own.
 *
 * ## Stats
 * Counted from READY to PAUSED on. `frames-in` = `records-out` + `dropped`, between two buffers.
 *
 * - `frames-in` (frames), `records-out` (records)
 * - `dropped` (frames): `region` and `shrink` leave nothing of them, or their memory cannot be read
 * - `processing-p50`, `processing-p99` (ns): how long the last 256 frames took
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=10 pattern=ball ! qualityextract ! ndjsonenc ! fdsink
 * ]|
 * Ten lines of JSON.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstqualityextract.h"
#include "obs-frame.h"

#include <extract/trib-quality.h>
#include <gst/video/video.h>
#include <record/trib-record-envelope.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

GST_DEBUG_CATEGORY_STATIC (quality_extract_debug);
#define GST_CAT_DEFAULT quality_extract_debug

#define FORMATS \
  "{ I420, NV12, GRAY8, RGB, BGR, RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, ARGB, ABGR, YV12, NV21 }"
#define MAX_SHRINK 64
#define N_TIMES 256

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
    GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json; application/x-msgpack"));

enum { PROP_REGION = 1, PROP_SHRINK, PROP_SOURCE, PROP_STATS, N_PROPS };

static GParamSpec *properties[N_PROPS];

typedef struct {
  guint x, y, width, height; /* 0, 0: all of it */
} Region;

struct _GstQualityExtract {
  GstBaseTransform parent;

  /* OBJECT_LOCK */
  Region region;
  guint shrink;
  gchar *source;
  gchar *refused; /* (nullable): a region that is none, until it is told where somebody listens */
  guint64 frames_in, records_out, dropped;
  gint64 times[N_TIMES]; /* ns */

  /* streaming thread */
  GstVideoInfo info;
  TribRecordFormat format;
  TribQualityMeter *meter;
};

GST_ELEMENT_REGISTER_DEFINE (
    qualityextract, "qualityextract", GST_RANK_NONE, GST_TYPE_QUALITY_EXTRACT);
G_DEFINE_FINAL_TYPE_WITH_CODE (GstQualityExtract, gst_quality_extract, GST_TYPE_BASE_TRANSFORM,
    GST_DEBUG_CATEGORY_INIT (
        quality_extract_debug, "qualityextract", 0, "sharpness, brightness and contrast"))

/* ---- caps ---- */

static GstCaps *
gst_quality_extract_transform_caps (
    GstBaseTransform *base, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  GstPad *other = direction == GST_PAD_SINK ? GST_BASE_TRANSFORM_SRC_PAD (base)
                                            : GST_BASE_TRANSFORM_SINK_PAD (base);
  GstCaps *result = gst_pad_get_pad_template_caps (other);

  if (filter != NULL) {
    GstCaps *both = gst_caps_intersect_full (filter, result, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref (result);
    result = both;
  }
  return result;
}

static gboolean
gst_quality_extract_set_caps (GstBaseTransform *base, GstCaps *in, GstCaps *out)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (base);

  self->format = gst_structure_has_name (gst_caps_get_structure (out, 0), "application/json")
                     ? TRIB_RECORD_JSON
                     : TRIB_RECORD_MSGPACK;
  return gst_video_info_from_caps (&self->info, in);
}

/* ---- one frame ---- */

/* what of the picture counts; FALSE: nothing does */
static gboolean
describe_image (GstQualityExtract *self, const GstVideoFrame *frame, TribQualityImage *image)
{
  guint width = (guint) GST_VIDEO_FRAME_WIDTH (frame),
        height = (guint) GST_VIDEO_FRAME_HEIGHT (frame);
  gboolean rgb = GST_VIDEO_INFO_IS_RGB (&frame->info);
  const guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  Region region;

  GST_OBJECT_LOCK (self);
  region = self->region;
  GST_OBJECT_UNLOCK (self);
  if (region.x >= width || region.y >= height)
    return FALSE;
  *image = (TribQualityImage){
    .stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0),
    .pixel = rgb ? (guint) GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0) : 1,
    .red = rgb ? (guint) GST_VIDEO_FRAME_COMP_POFFSET (frame, 0) : 0,
    .green = rgb ? (guint) GST_VIDEO_FRAME_COMP_POFFSET (frame, 1) : 0,
    .blue = rgb ? (guint) GST_VIDEO_FRAME_COMP_POFFSET (frame, 2) : 0,
    .width = region.width ? MIN (region.width, width - region.x) : width - region.x,
    .height = region.height ? MIN (region.height, height - region.y) : height - region.y,
    .is_full_range = rgb || GST_VIDEO_INFO_FORMAT (&frame->info) == GST_VIDEO_FORMAT_GRAY8
                     || frame->info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255,
  };
  image->data = data + (gssize) region.y * image->stride + (gsize) region.x * image->pixel;
  return TRUE;
}

static gboolean
measure (GstQualityExtract *self, GstBuffer *in, TribQuality *quality)
{
  GstVideoFrame frame;
  TribQualityImage image;
  guint shrink;
  gboolean done;

  GST_OBJECT_LOCK (self);
  shrink = self->shrink;
  GST_OBJECT_UNLOCK (self);
  if (!gst_video_frame_map (&frame, &self->info, in, GST_MAP_READ))
    return FALSE;
  done = describe_image (self, &frame, &image)
         && trib_quality_measure (self->meter, &image, shrink, quality);
  gst_video_frame_unmap (&frame);
  return done;
}

static void
put_number (TribRecordWriter *w, const gchar *name, gdouble value)
{
  trib_record_writer_key (w, name);
  trib_record_writer_double (w, value);
}

static GstBuffer *
make_record (GstQualityExtract *self, GstBuffer *in, const TribQuality *quality, gint64 took)
{
  GstBaseTransform *base = GST_BASE_TRANSFORM (self);
  GString *text = g_string_sized_new (256);
  g_autofree gchar *source = NULL;
  TribRecordEnvelope e = {
    .kind = TRIB_RECORD_KIND_OBS,
    .has = TRIB_RECORD_BIT (TYPE) | TRIB_RECORD_BIT (FRAME_ID) | TRIB_RECORD_BIT (T_NS)
           | TRIB_RECORD_BIT (PROCESSING_MS) | TRIB_RECORD_BIT (WIDTH) | TRIB_RECORD_BIT (HEIGHT),
    .type = TRIB_RECORD_TEXT ("quality"),
    .processing_ms = (gdouble) took / GST_MSECOND,
    .width = (guint64) GST_VIDEO_INFO_WIDTH (&self->info),
    .height = (guint64) GST_VIDEO_INFO_HEIGHT (&self->info),
  };
  TribRecordWriter w;

  GST_OBJECT_LOCK (self);
  source = g_strdup (self->source);
  e.frame_id = self->frames_in - 1;
  GST_OBJECT_UNLOCK (self);
  if (source != NULL && *source != '\0') {
    e.source = TRIB_RECORD_TEXT (source);
    e.has |= TRIB_RECORD_BIT (SOURCE);
  }
  obs_frame_identify (in, &base->segment, &e);
  trib_record_writer_init (&w, self->format, text);
  trib_record_envelope_begin (&w, &e);
  put_number (&w, "blur", quality->blur);
  put_number (&w, "brightness", quality->brightness);
  put_number (&w, "contrast", quality->contrast);
  trib_record_writer_end_map (&w);
  return obs_frame_new_record (in, text);
}

/* Not transform(): the size of what comes out is known only when it is there. */
static GstFlowReturn
gst_quality_extract_generate_output (GstBaseTransform *base, GstBuffer **ret_out)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (base);
  g_autoptr (GstBuffer) in = g_steal_pointer (&base->queued_buf);
  gint64 begun = g_get_monotonic_time (), took;
  TribQuality quality;
  gboolean measured;

  *ret_out = NULL;
  if (in == NULL)
    return GST_FLOW_OK;
  measured = measure (self, in, &quality);
  took = (g_get_monotonic_time () - begun) * GST_USECOND;
  GST_OBJECT_LOCK (self);
  self->times[self->frames_in++ % N_TIMES] = took;
  if (measured)
    self->records_out++;
  else
    self->dropped++;
  GST_OBJECT_UNLOCK (self);
  if (!measured)
    return GST_BASE_TRANSFORM_FLOW_DROPPED;
  *ret_out = make_record (self, in, &quality, took);
  return GST_FLOW_OK;
}

static gboolean
gst_quality_extract_start (GstBaseTransform *base)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (base);

  GST_OBJECT_LOCK (self);
  self->frames_in = self->records_out = self->dropped = 0;
  GST_OBJECT_UNLOCK (self);
  self->meter = trib_quality_meter_new ();
  return TRUE;
}

static gboolean
gst_quality_extract_stop (GstBaseTransform *base)
{
  g_clear_pointer (&GST_QUALITY_EXTRACT (base)->meter, trib_quality_meter_free);
  return TRUE;
}

/* ---- properties ---- */

static void
refuse_region (GstQualityExtract *self, const gchar *text)
{
  GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
      ("region: \"%.40s\" is not X,Y,WIDTH,HEIGHT in pixels", text),
      ("the region is the same as before"));
}

/* A pipeline in NULL gives no messages on: what was said of a setting of a launch line, nobody has heard. */
static GstStateChangeReturn
gst_quality_extract_change_state (GstElement *element, GstStateChange transition)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (element);
  g_autofree gchar *refused = NULL;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    GST_OBJECT_LOCK (self);
    refused = g_strdup (self->refused);
    GST_OBJECT_UNLOCK (self);
    if (refused != NULL)
      refuse_region (self, refused);
  }
  return GST_ELEMENT_CLASS (gst_quality_extract_parent_class)->change_state (element, transition);
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static GstStructure *
make_stats (GstQualityExtract *self)
{
  gint64 times[N_TIMES];
  guint64 in, out, dropped;
  guint n;

  GST_OBJECT_LOCK (self);
  in = self->frames_in;
  out = self->records_out;
  dropped = self->dropped;
  memcpy (times, self->times, sizeof times);
  GST_OBJECT_UNLOCK (self);
  n = (guint) MIN (in, N_TIMES);
  qsort (times, n, sizeof *times, compare_times);
  return gst_structure_new ("application/x-qualityextract-stats", "frames-in", G_TYPE_UINT64, in,
      "records-out", G_TYPE_UINT64, out, "dropped", G_TYPE_UINT64, dropped, "processing-p50",
      G_TYPE_UINT64, (guint64) (n ? times[n / 2] : 0), "processing-p99", G_TYPE_UINT64,
      (guint64) (n ? times[n * 99 / 100] : 0), NULL);
}

/* "x,y,width,height"; empty: all */
static gboolean
parse_region (const gchar *text, Region *ret_region)
{
  Region region = { 0, 0, 0, 0 };
  gint end = 0;

  if (text == NULL || *text == '\0') {
    *ret_region = region;
    return TRUE;
  }
  if (sscanf (text, "%5u,%5u,%5u,%5u%n", &region.x, &region.y, &region.width, &region.height, &end)
          != 4
      || text[end] != '\0' || region.width == 0 || region.height == 0)
    return FALSE;
  *ret_region = region;
  return TRUE;
}

static void
set_region (GstQualityExtract *self, const gchar *text)
{
  Region region;
  gboolean good = parse_region (text, &region);

  GST_OBJECT_LOCK (self);
  g_clear_pointer (&self->refused, g_free);
  if (good)
    self->region = region;
  else
    self->refused = g_strdup (text);
  GST_OBJECT_UNLOCK (self);
  if (!good)
    refuse_region (self, text);
}

/* Too long, or no UTF-8: nobody could read the records. */
static void
set_source (GstQualityExtract *self, const gchar *source)
{
  if (source != NULL
      && (strlen (source) > TRIB_RECORD_MAX_TEXT_BYTES || !g_utf8_validate (source, -1, NULL))) {
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("source: no record can have a name of more than 255 bytes, or one that is not UTF-8"),
        ("it is the same as before"));
    return;
  }
  GST_OBJECT_LOCK (self);
  g_free (self->source);
  self->source = g_strdup (source);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_quality_extract_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (object);

  switch (id) {
    case PROP_REGION:
      set_region (self, g_value_get_string (value));
      break;
    case PROP_SHRINK:
      GST_OBJECT_LOCK (self);
      self->shrink = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_SOURCE:
      set_source (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static gchar *
region_to_text (const Region *region)
{
  if (region->width == 0)
    return g_strdup ("");
  return g_strdup_printf ("%u,%u,%u,%u", region->x, region->y, region->width, region->height);
}

static void
gst_quality_extract_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_REGION:
      g_value_take_string (value, region_to_text (&self->region));
      break;
    case PROP_SHRINK:
      g_value_set_uint (value, self->shrink);
      break;
    case PROP_SOURCE:
      g_value_set_string (value, self->source);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_quality_extract_finalize (GObject *object)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (object);

  g_free (self->source);
  g_free (self->refused);
  g_clear_pointer (&self->meter, trib_quality_meter_free);
  G_OBJECT_CLASS (gst_quality_extract_parent_class)->finalize (object);
}

static void
gst_quality_extract_init (GstQualityExtract *self)
{
  self->shrink = 1;
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags playing
      = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  properties[PROP_REGION] = g_param_spec_string ("region", "Region",
      "X,Y,WIDTH,HEIGHT in pixels of what counts (empty = all of the picture)", "", playing);
  properties[PROP_SHRINK] = g_param_spec_uint ("shrink", "Shrink",
      "How many pixels each way become one before it is measured (pixels)", 1, MAX_SHRINK, 1,
      playing);
  properties[PROP_SOURCE] = g_param_spec_string ("source", "Source",
      "Name of the source in the records (NULL = none: it is the type, quality)", NULL, playing);
  properties[PROP_STATS]
      = g_param_spec_boxed ("stats", "Statistics", "What became of the frames since the last start",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gst_quality_extract_class_init (GstQualityExtractClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *base_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = gst_quality_extract_set_property;
  object_class->get_property = gst_quality_extract_get_property;
  object_class->finalize = gst_quality_extract_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_quality_extract_change_state);
  install_properties (object_class);
  base_class->start = GST_DEBUG_FUNCPTR (gst_quality_extract_start);
  base_class->stop = GST_DEBUG_FUNCPTR (gst_quality_extract_stop);
  base_class->transform_caps = GST_DEBUG_FUNCPTR (gst_quality_extract_transform_caps);
  base_class->set_caps = GST_DEBUG_FUNCPTR (gst_quality_extract_set_caps);
  base_class->generate_output = GST_DEBUG_FUNCPTR (gst_quality_extract_generate_output);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Picture quality extractor",
      "Filter/Analyzer/Video", "Says how sharp, bright and full of contrast each frame is",
      "The gst-tributary authors");
}
