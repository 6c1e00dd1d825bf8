/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-frame-convert.h"
#include "trib-frame-map.h"
#include "trib-jfif.h"

#include <string.h>

G_DEFINE_QUARK (trib - frame - convert - error - quark, trib_frame_convert_error)

typedef enum {
  ROUTE_DIRECT,
  ROUTE_JFIF,    /* trib-jfif.c */
  ROUTE_GENERAL, /* GstVideoConverter, then trib-jfif.c where it must be JFIF */
  ROUTE_PACK,    /* the same pixels without padding; direct where there is none */
} Route;

struct _TribFrameConvert {
  Route route;
  TribJfifMode jfif;
  GstVideoInfo in;
  GstVideoInfo mid; /* what the general converter makes; the same as @out without a second step */
  GstVideoInfo out;
  GstVideoConverter *converter;
  GstBuffer *mid_buffer; /* NULL where the second step works in place */
  gboolean has_pool;     /* not for raw: those buffers leave the element */
  GstBufferPool *pool;   /* made with the first picture that needs it */
  gboolean
      edge; /* rows of @out end on a block: what is beyond the picture repeats its last pixel */
};

static const gchar *const format_names[] = {
  [TRIB_FRAME_FORMAT_RAW] = "raw",
  [TRIB_FRAME_FORMAT_JPEG] = "jpeg",
  [TRIB_FRAME_FORMAT_PNG] = "png",
  [TRIB_FRAME_FORMAT_WEBP] = "webp",
};

/**
 * trib_frame_format_to_string:
 * @format: a format
 *
 * Returns: (transfer none): its name in frame metas and metadata (ARIA-3)
 */
const gchar *
trib_frame_format_to_string (TribFrameFormat format)
{
  return format_names[format];
}

/**
 * trib_frame_format_quality:
 * @format: a format
 * @wanted: 0 to 100, or -1 for the format's own
 *
 * JPEG and WebP take the quality as it is (own: 90 and 85). PNG loses nothing: there it is the
 * effort, 0 to 100 laid onto zlib's levels 0 to 9 (own: level 6).
 *
 * Returns: the encoder's number, which ARIA-3 reports as quality; -1 for raw, which has none
 */
gint
trib_frame_format_quality (TribFrameFormat format, gint wanted)
{
  switch (format) {
    case TRIB_FRAME_FORMAT_JPEG:
      return wanted < 0 ? 90 : wanted;
    case TRIB_FRAME_FORMAT_PNG:
      return wanted < 0 ? 6 : (wanted * 9 + 50) / 100;
    case TRIB_FRAME_FORMAT_WEBP:
      return wanted < 0 ? 85 : wanted;
    case TRIB_FRAME_FORMAT_RAW:
      break;
  }
  return -1;
}

static gboolean
set_info (TribFrameConvert *c, GstVideoInfo *info, GstVideoFormat format, GstVideoColorRange range,
    GstVideoColorMatrix matrix)
{
  if (!gst_video_info_set_interlaced_format (info, format, GST_VIDEO_INFO_INTERLACE_MODE (&c->in),
          GST_VIDEO_INFO_WIDTH (&c->in), GST_VIDEO_INFO_HEIGHT (&c->in)))
    return FALSE;
  info->par_n = c->in.par_n;
  info->par_d = c->in.par_d;
  info->fps_n = c->in.fps_n;
  info->fps_d = c->in.fps_d;
  info->colorimetry = c->in.colorimetry;
  info->colorimetry.range = range;
  info->colorimetry.matrix = matrix;
  return TRUE;
}

static gboolean
plan_rgb (TribFrameConvert *c, gboolean packed)
{
  GstVideoFormat format = GST_VIDEO_INFO_FORMAT (&c->in);
  gboolean gray = GST_VIDEO_INFO_IS_GRAY (&c->in);
  gint stride;

  if (format == GST_VIDEO_FORMAT_GRAY8
      || (format == GST_VIDEO_FORMAT_RGB
          && c->in.colorimetry.range != GST_VIDEO_COLOR_RANGE_16_235)) {
    c->out = c->in;
    c->route = packed ? ROUTE_PACK : ROUTE_DIRECT;
  } else {
    if (!set_info (c, &c->out, gray ? GST_VIDEO_FORMAT_GRAY8 : GST_VIDEO_FORMAT_RGB,
            GST_VIDEO_COLOR_RANGE_0_255,
            gray ? c->in.colorimetry.matrix : GST_VIDEO_COLOR_MATRIX_RGB))
      return FALSE;
    c->route = ROUTE_GENERAL;
  }
  if (packed) {
    stride = GST_VIDEO_INFO_WIDTH (&c->out) * GST_VIDEO_INFO_COMP_PSTRIDE (&c->out, 0);
    GST_VIDEO_INFO_PLANE_STRIDE (&c->out, 0) = stride;
    c->out.size = (gsize) stride * GST_VIDEO_INFO_HEIGHT (&c->out);
  }
  return TRUE;
}

/* a layout that trib-jfif.c takes, with the colours as they are */
static gboolean
set_mid (TribFrameConvert *c, gboolean rgb)
{
  const GstVideoFormatInfo *f = c->in.finfo;
  GstVideoFormat format = GST_VIDEO_FORMAT_I420;

  /* 4:2:0 of RGB would mix the colours of two fields, 4:2:2 does not */
  if (rgb && GST_VIDEO_INFO_IS_INTERLACED (&c->in))
    return set_info (c, &c->mid, GST_VIDEO_FORMAT_Y42B, GST_VIDEO_COLOR_RANGE_0_255,
        GST_VIDEO_COLOR_MATRIX_BT601);
  if (rgb)
    return set_info (
        c, &c->mid, GST_VIDEO_FORMAT_RGB, GST_VIDEO_COLOR_RANGE_0_255, GST_VIDEO_COLOR_MATRIX_RGB);
  if (GST_VIDEO_INFO_IS_GRAY (&c->in))
    format = GST_VIDEO_FORMAT_GRAY8;
  else if (c->in.colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT601
           && GST_VIDEO_FORMAT_INFO_H_SUB (f, 1) == 0)
    format
        = GST_VIDEO_FORMAT_INFO_W_SUB (f, 1) == 0 ? GST_VIDEO_FORMAT_Y444 : GST_VIDEO_FORMAT_Y42B;
  return set_info (c, &c->mid, format, c->in.colorimetry.range, c->in.colorimetry.matrix);
}

static gboolean
plan_jpeg (TribFrameConvert *c)
{
  c->jfif = trib_jfif_plan (&c->in, &c->out);
  if (c->jfif != TRIB_JFIF_NONE) {
    c->route = c->jfif == TRIB_JFIF_DIRECT ? ROUTE_DIRECT : ROUTE_JFIF;
    return TRUE;
  }
  /* The general converter only moves samples here, or makes RGB: between two YUV layouts of one
   * matrix GStreamer 1.22 copies planes and forgets the range. */
  c->route = ROUTE_GENERAL;
  if (!set_mid (c, GST_VIDEO_INFO_IS_RGB (&c->in)))
    return FALSE;
  c->jfif = trib_jfif_plan (&c->mid, &c->out);
  if (c->jfif == TRIB_JFIF_NONE) {
    if (!set_mid (c, TRUE))
      return FALSE;
    c->jfif = trib_jfif_plan (&c->mid, &c->out);
  }
  if (c->jfif == TRIB_JFIF_DIRECT)
    c->out = c->mid;
  else if (c->jfif != TRIB_JFIF_EXPAND)
    c->mid_buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&c->mid), NULL);
  return c->jfif != TRIB_JFIF_NONE;
}

/* anything but its own YUV goes by RGB, for the reason above; WebP knows no grey */
static gboolean
plan_webp (TribFrameConvert *c)
{
  GstVideoFormat format = GST_VIDEO_INFO_FORMAT (&c->in);

  if (GST_VIDEO_INFO_IS_RGB (&c->in))
    return plan_rgb (c, FALSE);
  if ((format == GST_VIDEO_FORMAT_I420 || format == GST_VIDEO_FORMAT_YV12)
      && c->in.colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235
      && c->in.colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT601) {
    c->out = c->in;
    c->route = ROUTE_DIRECT;
    return TRUE;
  }
  c->route = ROUTE_GENERAL;
  return set_info (
      c, &c->out, GST_VIDEO_FORMAT_RGB, GST_VIDEO_COLOR_RANGE_0_255, GST_VIDEO_COLOR_MATRIX_RGB);
}

static gboolean
plan (TribFrameConvert *c, TribFrameFormat format)
{
  /* grey pictures that are stretched become full-range ones in every format but webp */
  if (GST_VIDEO_INFO_FORMAT (&c->in) == GST_VIDEO_FORMAT_GRAY8
      && c->in.colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235 && format != TRIB_FRAME_FORMAT_WEBP
      && format != TRIB_FRAME_FORMAT_JPEG) {
    if (!plan_jpeg (c))
      return FALSE;
    if (format == TRIB_FRAME_FORMAT_RAW) {
      GST_VIDEO_INFO_PLANE_STRIDE (&c->out, 0) = GST_VIDEO_INFO_WIDTH (&c->out);
      c->out.size = (gsize) GST_VIDEO_INFO_WIDTH (&c->out) * GST_VIDEO_INFO_HEIGHT (&c->out);
    }
    return TRUE;
  }
  switch (format) {
    case TRIB_FRAME_FORMAT_RAW:
      return plan_rgb (c, TRUE);
    case TRIB_FRAME_FORMAT_JPEG:
      return plan_jpeg (c);
    case TRIB_FRAME_FORMAT_PNG:
      return plan_rgb (c, FALSE);
    case TRIB_FRAME_FORMAT_WEBP:
      return plan_webp (c);
  }
  return FALSE;
}

/* the largest picture a format can hold: libjpeg's and libwebp's limits. libjpeg ends the process
 * beyond. */
#define JPEG_MAX_PIXELS 65500
#define WEBP_MAX_PIXELS 16383
/* libjpeg reads rows in whole blocks of 16, also past the picture's right edge, and codes what it
 * finds there */
#define JPEG_BLOCK 16

static gboolean
check_size (const GstVideoInfo *in, TribFrameFormat format, GError **error)
{
  gint limit = format == TRIB_FRAME_FORMAT_JPEG   ? JPEG_MAX_PIXELS
               : format == TRIB_FRAME_FORMAT_WEBP ? WEBP_MAX_PIXELS
                                                  : G_MAXINT;

  if (GST_VIDEO_INFO_WIDTH (in) <= limit && GST_VIDEO_INFO_HEIGHT (in) <= limit)
    return TRUE;
  g_set_error (error, TRIB_FRAME_CONVERT_ERROR, TRIB_FRAME_CONVERT_ERROR_UNSUPPORTED,
      "a picture of %dx%d does not fit into %s, which takes at most %dx%d",
      GST_VIDEO_INFO_WIDTH (in), GST_VIDEO_INFO_HEIGHT (in), format_names[format], limit, limit);
  return FALSE;
}

/* The memory past the right edge would be whatever was there before, and would leave the process
 * within the picture: so JPEG's rows end on a block, and the edge is ours to fill. */
static gboolean
round_rows_up (TribFrameConvert *c)
{
  GstVideoAlignment align;

  gst_video_alignment_reset (&align);
  align.padding_right = (JPEG_BLOCK - GST_VIDEO_INFO_WIDTH (&c->out) % JPEG_BLOCK) % JPEG_BLOCK;
  if (align.padding_right == 0)
    return TRUE;
  c->edge = TRUE;
  if (c->route == ROUTE_DIRECT)
    c->route = ROUTE_PACK;
  return gst_video_info_align (&c->out, &align);
}

static void
fill_edge (GstVideoFrame *frame)
{
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (frame); i++) {
    gint step = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, i);
    gint stride = GST_VIDEO_FRAME_COMP_STRIDE (frame, i);
    gint used = GST_VIDEO_FRAME_COMP_WIDTH (frame, i) * step;

    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (frame, i); y++) {
      guint8 *row = (guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, i) + (gsize) y * stride;
      gint end = stride - GST_VIDEO_FRAME_COMP_POFFSET (frame, i);
      for (gint x = used; x < end; x += step)
        row[x] = row[x - step];
    }
  }
}

#define PADDING 31

static GstBufferPool *
make_pool (const GstVideoInfo *info)
{
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  g_autoptr (GstCaps) caps = gst_video_info_to_caps (info);
  GstAllocationParams params = { .align = 31, .padding = PADDING };

  gst_buffer_pool_config_set_params (config, caps, GST_VIDEO_INFO_SIZE (info), 1, 0);
  gst_buffer_pool_config_set_allocator (config, NULL, &params);
  if (!gst_buffer_pool_set_config (pool, config) || !gst_buffer_pool_set_active (pool, TRUE))
    g_clear_object (&pool);
  return pool;
}

/**
 * trib_frame_convert_new:
 * @in: the pictures there will be
 * @format: what they are to be compressed to
 * @error: return location
 *
 * Returns: (transfer full) (nullable): a converter, for one thread at a time; NULL with
 *   %TRIB_FRAME_CONVERT_ERROR_UNSUPPORTED when there is no way
 */
TribFrameConvert *
trib_frame_convert_new (const GstVideoInfo *in, TribFrameFormat format, GError **error)
{
  g_autoptr (TribFrameConvert) c = g_new0 (TribFrameConvert, 1);
  gboolean ok;

  c->in = *in;
  if (!check_size (in, format, error))
    return NULL;
  ok = plan (c, format);
  if (ok && format == TRIB_FRAME_FORMAT_JPEG)
    ok = round_rows_up (c);
  if (ok && c->route == ROUTE_GENERAL) {
    if (c->jfif == TRIB_JFIF_NONE)
      c->mid = c->out;
    c->converter = gst_video_converter_new (&c->in, &c->mid, NULL);
    ok = c->converter != NULL;
  }
  c->has_pool = format != TRIB_FRAME_FORMAT_RAW;
  if (!ok) {
    g_set_error (error, TRIB_FRAME_CONVERT_ERROR, TRIB_FRAME_CONVERT_ERROR_UNSUPPORTED,
        "pictures of format %s, %dx%d, cannot be converted for %s", GST_VIDEO_INFO_NAME (in),
        GST_VIDEO_INFO_WIDTH (in), GST_VIDEO_INFO_HEIGHT (in), format_names[format]);
    return NULL;
  }
  return g_steal_pointer (&c);
}

void
trib_frame_convert_free (TribFrameConvert *c)
{
  if (c == NULL)
    return;
  if (c->pool)
    gst_buffer_pool_set_active (c->pool, FALSE);
  g_clear_object (&c->pool);
  gst_clear_buffer (&c->mid_buffer);
  g_clear_pointer (&c->converter, gst_video_converter_free);
  g_free (c);
}

/**
 * trib_frame_convert_get_out:
 * @c: a converter
 *
 * Returns: (transfer none): the pictures that come out; for raw with rows packed
 */
const GstVideoInfo *
trib_frame_convert_get_out (const TribFrameConvert *c)
{
  return &c->out;
}

/**
 * trib_frame_convert_is_direct:
 * @c: a converter
 *
 * Returns: whether buffers pass untouched, so that the caps they came with hold
 */
gboolean
trib_frame_convert_is_direct (const TribFrameConvert *c)
{
  return c->route == ROUTE_DIRECT;
}

/* metas about the memory are about the old memory, and a crop is done */
static gboolean
copy_meta (GstBuffer *buffer, GstMeta **meta, gpointer user_data)
{
  const GstMetaInfo *info = (*meta)->info;
  GstMetaTransformCopy all = { FALSE, 0, (gsize) -1 };

  if (!gst_meta_api_type_has_tag (info->api, g_quark_from_static_string (GST_META_TAG_MEMORY_STR))
      && info->api != GST_VIDEO_CROP_META_API_TYPE && info->transform_func)
    info->transform_func (user_data, *meta, buffer, _gst_meta_transform_copy, &all);
  return TRUE;
}

static gboolean
is_packed (const TribFrameConvert *c, GstBuffer *buffer)
{
  GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  gint stride = meta ? meta->stride[0] : GST_VIDEO_INFO_PLANE_STRIDE (&c->in, 0);
  gsize offset = meta ? meta->offset[0] : GST_VIDEO_INFO_PLANE_OFFSET (&c->in, 0);

  return offset == 0 && stride == GST_VIDEO_INFO_PLANE_STRIDE (&c->out, 0)
         && gst_buffer_get_size (buffer) == GST_VIDEO_INFO_SIZE (&c->out);
}

static GstBuffer *
make_out_buffer (TribFrameConvert *c, GstBuffer *in)
{
  GstBuffer *out = NULL;

  if (c->has_pool && c->pool == NULL)
    c->pool = make_pool (&c->out);
  if (!c->has_pool)
    out = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&c->out), NULL);
  else if (c->pool != NULL)
    gst_buffer_pool_acquire_buffer (c->pool, &out, NULL);
  if (out == NULL)
    return NULL;
  if (!c->has_pool || c->edge) {
    /* rows lie closer, or wider, than caps alone would say */
    gst_buffer_add_video_meta_full (out, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT (&c->out),
        GST_VIDEO_INFO_WIDTH (&c->out), GST_VIDEO_INFO_HEIGHT (&c->out),
        GST_VIDEO_INFO_N_PLANES (&c->out), c->out.offset, c->out.stride);
  }
  gst_buffer_copy_into (out, in, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  gst_buffer_foreach_meta (in, copy_meta, out);
  return out;
}

static void
convert_general (TribFrameConvert *c, const GstVideoFrame *in, GstVideoFrame *out)
{
  GstVideoFrame mid;

  if (c->mid_buffer == NULL) {
    gst_video_converter_frame (c->converter, in, out);
    if (c->jfif == TRIB_JFIF_EXPAND)
      trib_jfif_convert (c->jfif, out, out);
  } else if (gst_video_frame_map (&mid, &c->mid, c->mid_buffer, GST_MAP_READWRITE)) {
    gst_video_converter_frame (c->converter, in, &mid);
    trib_jfif_convert (c->jfif, &mid, out);
    gst_video_frame_unmap (&mid);
  }
}

static void
convert_frame (TribFrameConvert *c, const GstVideoFrame *in, GstVideoFrame *out)
{
  switch (c->route) {
    case ROUTE_JFIF:
      trib_jfif_convert (c->jfif, in, out);
      break;
    case ROUTE_GENERAL:
      convert_general (c, in, out);
      break;
    case ROUTE_PACK:
    case ROUTE_DIRECT: /* of a buffer that only the checked mapping understands */
      gst_video_frame_copy (out, in);
      break;
  }
}

static gboolean
convert_in_place (TribFrameConvert *c, GstBuffer *buffer)
{
  GstVideoFrame frame;

  if (c->route != ROUTE_JFIF || c->jfif != TRIB_JFIF_EXPAND || !gst_buffer_is_writable (buffer)
      || !gst_buffer_is_all_memory_writable (buffer) || (!c->has_pool && !is_packed (c, buffer))
      || !trib_frame_map (&frame, &c->in, buffer, GST_MAP_READWRITE, NULL))
    return FALSE;
  trib_jfif_convert (c->jfif, &frame, &frame);
  gst_video_frame_unmap (&frame);
  return TRUE;
}

/* @buffer: one that any element can map */
static gboolean
passes (TribFrameConvert *c, GstBuffer *buffer)
{
  return c->route == ROUTE_DIRECT
         || (!c->edge
             && ((c->route == ROUTE_PACK && is_packed (c, buffer))
                 || convert_in_place (c, buffer)));
}

/**
 * trib_frame_convert_run:
 * @c: a converter
 * @buffer: (transfer full): a picture as given to trib_frame_convert_new(); changed in place where
 *   there is no other reference
 * @error: return location
 *
 * Flags, timestamps and metas (but those of the memory, and a crop) are kept. What is returned can
 * be mapped by any element: a picture that is a part of its buffer is copied out of it.
 *
 * Returns: (transfer full) (nullable): the converted picture; NULL with %TRIB_FRAME_MAP_ERROR when
 *   @buffer does not hold a picture, with %TRIB_FRAME_CONVERT_ERROR_MEMORY when there is no memory
 */
GstBuffer *
trib_frame_convert_run (TribFrameConvert *c, GstBuffer *buffer, GError **error)
{
  g_autoptr (GstBuffer) in = buffer;
  g_autoptr (GstBuffer) out = NULL;
  GstVideoFrame in_frame, out_frame;
  TribFramePlace place;

  if (!trib_frame_place_buffer (&c->in, in, &place, error))
    return NULL;
  if (place.plain && passes (c, in))
    return g_steal_pointer (&in);
  if (!trib_frame_map (&in_frame, &c->in, in, GST_MAP_READ, error))
    return NULL;
  out = make_out_buffer (c, in);
  if (out == NULL || !gst_video_frame_map (&out_frame, &c->out, out, GST_MAP_WRITE)) {
    gst_video_frame_unmap (&in_frame);
    g_set_error (error, TRIB_FRAME_CONVERT_ERROR, TRIB_FRAME_CONVERT_ERROR_MEMORY,
        "no memory of %" G_GSIZE_FORMAT " bytes for the converted picture",
        GST_VIDEO_INFO_SIZE (&c->out));
    return NULL;
  }
  convert_frame (c, &in_frame, &out_frame);
  if (c->edge)
    fill_edge (&out_frame);
  gst_video_frame_unmap (&out_frame);
  gst_video_frame_unmap (&in_frame);
  return g_steal_pointer (&out);
}
