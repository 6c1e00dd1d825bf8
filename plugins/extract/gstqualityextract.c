/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-qualityextract
 * @title: qualityextract
 * @short_description: Measures sharpness, brightness and contrast of each frame
 *
 * One observation a frame, of type `quality` (OBS-1):
 *
 * - `blur`: the variance of the Laplacian of the luma; larger is sharper
 * - `brightness`: the mean of the luma, 0 to 255
 * - `contrast`: its standard deviation
 *
 * The figures are those of OpenCV for the same picture in grey. Luma of video range (16 to 235) is
 * stretched to 0 to 255, so that a picture has the same figures in every format. `frame_id` and
 * `t_ns` are those of the frame's identity; a frame without one is numbered here, and its capture
 * time is its running time.
 *
 * ## Caps
 * Raw video to application/json, or to application/x-msgpack where downstream accepts only that. A
 * GstVideoCropMeta of the size of the caps is applied.
 *
 * ## Timing
 * A frame is measured by its streaming thread before the next one is accepted; `processing_ms` is
 * the time that took. Timestamps, flags and metas are kept.
 *
 * ## Threads
 * None of its own. Properties can be set and read by any thread, and take effect with the next
 * frame.
 *
 * ## Errors
 * None: a frame that cannot be measured is dropped and counted. The first one for each reason gives
 * a warning: STREAM/FORMAT where its buffer does not hold the picture of its caps,
 * RESOURCE/SETTINGS where `region` and `shrink` leave nothing of it. An invalid `region`, or a
 * `source` that no record can have, is refused with a warning (RESOURCE/SETTINGS); the previous
 * value is kept.
 *
 * ## Messages
 * None of its own.
 *
 * ## Stats
 * Counted from READY to PAUSED on. `frames-in` = `records-out` + `dropped`, between two buffers;
 * `dropped` = `dropped-empty` + all `refused-…`.
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
#include <frame/trib-frame-map.h>
#include <gst/video/video.h>
#include <record/trib-record-envelope.h>
#include <shared/trib-element-records.h>
#include <shared/trib-fields.h>
#include <shared/trib-properties.h>

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
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS));

enum { PROP_REGION = 1, PROP_SHRINK, PROP_SOURCE, PROP_STATS, N_PROPS };

typedef struct {
  gchar *region;
  guint shrink;
  gchar *source;
} Settings;

#define AT(field) G_STRUCT_OFFSET (Settings, field)

static const TribProperty table[N_PROPS] = {
  [PROP_REGION] = { TRIB_PROPERTY_TEXT, "region", "Region",
      "Measured part, as X,Y,WIDTH,HEIGHT in pixels (empty = the whole picture)", AT (region),
      .while_playing = TRUE },
  [PROP_SHRINK] = { TRIB_PROPERTY_UINT, "shrink", "Shrink",
      "Factor by which width and height are reduced before the measurement (pixels)", AT (shrink),
      1, MAX_SHRINK, 1, .while_playing = TRUE },
  [PROP_SOURCE] = { TRIB_PROPERTY_TEXT, "source", "Source",
      "Name of the source in the records (NULL = the type, quality)", AT (source),
      .is_nullable = TRUE, .while_playing = TRUE },
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics", "Frames since the last start" },
};
static const TribProperties all = TRIB_PROPERTIES (table);

typedef struct {
  guint64 frames_in, records_out, dropped, empty, p50, p99;
  guint64 refused[TRIB_FRAME_N_FAULTS];
} Counts;

/* clang-format off */
static const TribField qualityextract_stats_fields[] = {
  { "frames-in", TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Counts, frames_in), "frames" },
  { "records-out", TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Counts, records_out), "records" },
  { "dropped", TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Counts, dropped),
      "without a record (frames)" },
  { "dropped-empty", TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Counts, empty),
      "of those, `region` and `shrink` leave nothing (frames)" },
  { "refused-", TRIB_FIELD_COUNTS, G_STRUCT_OFFSET (Counts, refused),
      "of those, what contradicts the caps: format, size, crop, row length, memory, or access "
      "to it (frames)", TRIB_FRAME_N_FAULTS, trib_frame_fault_to_string },
  { "processing-p50", TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Counts, p50),
      "median processing time of the last 256 frames (ns)" },
  { "processing-p99", TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Counts, p99),
      "99th percentile of the same (ns)" },
};
/* clang-format on */
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-qualityextract-stats", NULL, qualityextract_stats_fields);

typedef struct {
  guint x, y, width, height; /* 0, 0: all of it */
} Region;

struct _GstQualityExtract {
  GstBaseTransform parent;

  /* OBJECT_LOCK */
  Settings settings;
  Region region;  /* of settings.region */
  gchar *refused; /* (nullable): an invalid region */
  Counts counts;
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

  self->format = trib_record_caps_format (out);
  return gst_video_info_from_caps (&self->info, in);
}

/* ---- one frame ---- */

/* the measured part of the picture; FALSE: it is empty */
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

/* FALSE, with @error where it is the buffer's fault */
static gboolean
measure (GstQualityExtract *self, GstBuffer *in, TribQuality *quality, GError **error)
{
  GstVideoFrame frame;
  TribQualityImage image;
  guint shrink;
  gboolean done;

  GST_OBJECT_LOCK (self);
  shrink = self->settings.shrink;
  GST_OBJECT_UNLOCK (self);
  if (!trib_frame_map (&frame, &self->info, in, GST_MAP_READ, error))
    return FALSE;
  done = describe_image (self, &frame, &image)
         && trib_quality_measure (self->meter, &image, shrink, quality);
  gst_video_frame_unmap (&frame);
  return done;
}

/* @error: (nullable): the buffer is refused; else nothing of the picture is left */
static void
drop_frame (GstQualityExtract *self, const GError *error)
{
  guint64 *counter = error ? &self->counts.refused[error->code] : &self->counts.empty;
  gboolean first;

  GST_OBJECT_LOCK (self);
  first = (*counter)++ == 0;
  self->counts.dropped++;
  GST_OBJECT_UNLOCK (self);
  GST_DEBUG_OBJECT (self, "no record: %s", error ? error->message : "the region is empty");
  if (first && error != NULL)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("A buffer does not hold the picture of its caps: %s.", error->message),
        ("such frames are counted as refused-%s",
            trib_frame_fault_to_string ((guint) error->code)));
  else if (first)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("region and shrink leave nothing of a picture of %dx%d",
            GST_VIDEO_INFO_WIDTH (&self->info), GST_VIDEO_INFO_HEIGHT (&self->info)),
        ("such frames are counted as dropped-empty"));
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
    .has = TRIB_RECORD_BIT (TYPE) | TRIB_RECORD_BIT (SOURCE) | TRIB_RECORD_BIT (FRAME_ID)
           | TRIB_RECORD_BIT (T_NS) | TRIB_RECORD_BIT (PROCESSING_MS) | TRIB_RECORD_BIT (WIDTH)
           | TRIB_RECORD_BIT (HEIGHT),
    .type = TRIB_RECORD_TEXT ("quality"),
    .source = TRIB_RECORD_TEXT ("quality"),
    .processing_ms = (gdouble) took / GST_MSECOND,
    .width = (guint64) GST_VIDEO_INFO_WIDTH (&self->info),
    .height = (guint64) GST_VIDEO_INFO_HEIGHT (&self->info),
  };
  TribRecordWriter w;

  GST_OBJECT_LOCK (self);
  source = g_strdup (self->settings.source);
  e.frame_id = self->counts.frames_in - 1;
  GST_OBJECT_UNLOCK (self);
  if (source != NULL && *source != '\0')
    e.source = TRIB_RECORD_TEXT (source);
  obs_frame_identify (in, &base->segment, &e);
  trib_record_writer_init (&w, self->format, text);
  trib_record_envelope_begin (&w, &e);
  put_number (&w, "blur", quality->blur);
  put_number (&w, "brightness", quality->brightness);
  put_number (&w, "contrast", quality->contrast);
  trib_record_writer_end_map (&w);
  return obs_frame_new_record (in, text);
}

/* Not transform(): the size of a record is known only when it has been made. */
static GstFlowReturn
gst_quality_extract_generate_output (GstBaseTransform *base, GstBuffer **ret_out)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (base);
  g_autoptr (GstBuffer) in = g_steal_pointer (&base->queued_buf);
  gint64 begun = g_get_monotonic_time (), took;
  g_autoptr (GError) error = NULL;
  TribQuality quality;
  gboolean measured;

  *ret_out = NULL;
  if (in == NULL)
    return GST_FLOW_OK;
  measured = measure (self, in, &quality, &error);
  took = (g_get_monotonic_time () - begun) * GST_USECOND;
  GST_OBJECT_LOCK (self);
  self->times[self->counts.frames_in++ % N_TIMES] = took;
  if (measured)
    self->counts.records_out++;
  GST_OBJECT_UNLOCK (self);
  if (!measured) {
    drop_frame (self, error);
    return GST_BASE_TRANSFORM_FLOW_DROPPED;
  }
  *ret_out = make_record (self, in, &quality, took);
  return GST_FLOW_OK;
}

static gboolean
gst_quality_extract_start (GstBaseTransform *base)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (base);

  GST_OBJECT_LOCK (self);
  self->counts = (Counts){ 0 };
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
      ("keeping the previous value"));
}

/* A pipeline in NULL drops messages: a warning about a launch line is posted again. */
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
  Counts counts;
  guint n;

  GST_OBJECT_LOCK (self);
  counts = self->counts;
  memcpy (times, self->times, sizeof times);
  GST_OBJECT_UNLOCK (self);
  n = (guint) MIN (counts.frames_in, N_TIMES);
  qsort (times, n, sizeof *times, compare_times);
  counts.p50 = n ? (guint64) times[n / 2] : 0;
  counts.p99 = n ? (guint64) times[n * 99 / 100] : 0;
  return trib_fields_to_structure (&stats_table, &counts);
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
  /* "%u" takes a sign, and makes a large number of it */
  if (strpbrk (text, "+-") != NULL
      || sscanf (
             text, "%5u,%5u,%5u,%5u%n", &region.x, &region.y, &region.width, &region.height, &end)
             != 4
      || text[end] != '\0' || region.width == 0 || region.height == 0)
    return FALSE;
  *ret_region = region;
  return TRUE;
}

/* FALSE: the region before is kept */
static gboolean
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
  return good;
}

static gboolean
check_source (GstQualityExtract *self, const gchar *source)
{
  if (source == NULL
      || (strlen (source) <= TRIB_RECORD_MAX_TEXT_BYTES && g_utf8_validate (source, -1, NULL)))
    return TRUE;
  GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
      ("source: the name in a record is UTF-8 of at most 255 bytes"),
      ("keeping the previous value"));
  return FALSE;
}

static void
gst_quality_extract_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (object);

  if ((id == PROP_REGION && !set_region (self, g_value_get_string (value)))
      || (id == PROP_SOURCE && !check_source (self, g_value_get_string (value))))
    return;
  trib_properties_set_locked (&all, &self->settings, object, id, value, pspec);
}

static void
gst_quality_extract_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (object);

  if (id == PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else
    trib_properties_get_locked (&all, &self->settings, object, id, value, pspec);
}

static void
gst_quality_extract_finalize (GObject *object)
{
  GstQualityExtract *self = GST_QUALITY_EXTRACT (object);

  trib_properties_clear (&all, &self->settings);
  g_free (self->refused);
  g_clear_pointer (&self->meter, trib_quality_meter_free);
  G_OBJECT_CLASS (gst_quality_extract_parent_class)->finalize (object);
}

static void
gst_quality_extract_init (GstQualityExtract *self)
{
  trib_properties_init (&all, &self->settings);
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
  trib_properties_install_class (&all, object_class);
  base_class->start = GST_DEBUG_FUNCPTR (gst_quality_extract_start);
  base_class->stop = GST_DEBUG_FUNCPTR (gst_quality_extract_stop);
  base_class->transform_caps = GST_DEBUG_FUNCPTR (gst_quality_extract_transform_caps);
  base_class->set_caps = GST_DEBUG_FUNCPTR (gst_quality_extract_set_caps);
  base_class->generate_output = GST_DEBUG_FUNCPTR (gst_quality_extract_generate_output);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Picture quality extractor",
      "Filter/Analyzer/Video", "Measures sharpness, brightness and contrast of each frame",
      "The gst-tributary authors");
}
