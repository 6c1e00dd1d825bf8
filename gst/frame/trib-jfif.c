/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-jfif.h"
#include "trib-jfif-rows.h"

#include <math.h>
#include <string.h>

/* 219 and 224 steps onto 255, in 128ths. The chroma's addend puts the middle of its steps, 112, on
 * 128: grey must stay grey. */
static const TribJfifStretch stretch_luma = { 16, 149, 64 };
static const TribJfifStretch stretch_chroma = { 16, 146, 100 };

static gboolean
is_420 (GstVideoFormat format)
{
  return format == GST_VIDEO_FORMAT_I420 || format == GST_VIDEO_FORMAT_YV12
         || format == GST_VIDEO_FORMAT_NV12 || format == GST_VIDEO_FORMAT_NV21;
}

/* not Y41B: libjpeg reads chroma in blocks of 8, 32 pixels of it, and few decoders know 4:1:1 */
static gboolean
is_planar (GstVideoFormat format)
{
  return format == GST_VIDEO_FORMAT_I420 || format == GST_VIDEO_FORMAT_YV12
         || format == GST_VIDEO_FORMAT_Y42B || format == GST_VIDEO_FORMAT_Y444
         || format == GST_VIDEO_FORMAT_GRAY8;
}

static gboolean
is_rgb24_or_32 (const GstVideoInfo *info)
{
  switch (GST_VIDEO_INFO_FORMAT (info)) {
    case GST_VIDEO_FORMAT_RGB:
    case GST_VIDEO_FORMAT_BGR:
    case GST_VIDEO_FORMAT_RGBx:
    case GST_VIDEO_FORMAT_BGRx:
    case GST_VIDEO_FORMAT_xRGB:
    case GST_VIDEO_FORMAT_xBGR:
    case GST_VIDEO_FORMAT_RGBA:
    case GST_VIDEO_FORMAT_BGRA:
    case GST_VIDEO_FORMAT_ARGB:
    case GST_VIDEO_FORMAT_ABGR:
      /* limited-range RGB is rare enough for the general converter */
      return info->colorimetry.range != GST_VIDEO_COLOR_RANGE_16_235;
    default:
      return FALSE;
  }
}

static gboolean
make_out (const GstVideoInfo *in, GstVideoFormat format, GstVideoInfo *out)
{
  GstVideoColorimetry colorimetry = in->colorimetry;

  if (!gst_video_info_set_interlaced_format (out, format, GST_VIDEO_INFO_INTERLACE_MODE (in),
          GST_VIDEO_INFO_WIDTH (in), GST_VIDEO_INFO_HEIGHT (in)))
    return FALSE;
  out->par_n = in->par_n;
  out->par_d = in->par_d;
  out->fps_n = in->fps_n;
  out->fps_d = in->fps_d;
  out->chroma_site = in->chroma_site;
  out->colorimetry = colorimetry;
  out->colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255;
  if (!GST_VIDEO_INFO_IS_GRAY (out))
    out->colorimetry.matrix = GST_VIDEO_COLOR_MATRIX_BT601;
  return TRUE;
}

/**
 * trib_jfif_plan:
 * @in: the pictures there are
 * @ret_out: (out caller-allocates): the pictures that trib_jfif_convert() will make; set for every
 *   mode but %TRIB_JFIF_NONE
 *
 * Returns: how pictures like @in become JFIF's
 */
TribJfifMode
trib_jfif_plan (const GstVideoInfo *in, GstVideoInfo *ret_out)
{
  GstVideoFormat format = GST_VIDEO_INFO_FORMAT (in);
  GstVideoColorRange range = in->colorimetry.range;
  GstVideoColorMatrix matrix = in->colorimetry.matrix;
  gboolean gray = GST_VIDEO_INFO_IS_GRAY (in);
  gboolean bt601 = gray || matrix == GST_VIDEO_COLOR_MATRIX_BT601;
  gdouble kr, kb;

  /* fields lie line by line between each other: one 2x2 block would mix two moments */
  if (GST_VIDEO_INFO_IS_INTERLACED (in) && !is_planar (format))
    return TRIB_JFIF_NONE;
  if (is_rgb24_or_32 (in))
    return make_out (in, GST_VIDEO_FORMAT_I420, ret_out) ? TRIB_JFIF_RGB : TRIB_JFIF_NONE;
  if (is_planar (format) && bt601) {
    if (!make_out (in, format, ret_out))
      return TRIB_JFIF_NONE;
    return range == GST_VIDEO_COLOR_RANGE_16_235 ? TRIB_JFIF_EXPAND : TRIB_JFIF_DIRECT;
  }
  if (!is_420 (format) || !make_out (in, GST_VIDEO_FORMAT_I420, ret_out))
    return TRIB_JFIF_NONE;
  if (bt601)
    return TRIB_JFIF_SPLIT;
  if (!gst_video_color_matrix_get_Kr_Kb (matrix, &kr, &kb))
    return TRIB_JFIF_NONE;
  return TRIB_JFIF_MATRIX;
}

static void
convert_plane (const GstVideoFrame *in, GstVideoFrame *out, gint comp)
{
  const TribJfifStretch *s = comp == 0 ? &stretch_luma : &stretch_chroma;
  const guint8 *src = GST_VIDEO_FRAME_COMP_DATA (in, comp);
  guint8 *dst = GST_VIDEO_FRAME_COMP_DATA (out, comp);
  gint src_stride = GST_VIDEO_FRAME_COMP_STRIDE (in, comp);
  gint dst_stride = GST_VIDEO_FRAME_COMP_STRIDE (out, comp);
  gint width = GST_VIDEO_FRAME_COMP_WIDTH (in, comp);
  gint height = GST_VIDEO_FRAME_COMP_HEIGHT (in, comp);

  for (gint y = 0; y < height; y++, src += src_stride, dst += dst_stride)
    trib_jfif_row_stretch (dst, src, width, s);
}

static void
copy_or_stretch (guint8 *dst, const guint8 *src, gsize n, const TribJfifStretch *s)
{
  if (s)
    trib_jfif_row_stretch (dst, src, n, s);
  else
    memcpy (dst, src, n);
}

/* one row of Cb and one of Cr, wherever the layout keeps them; @scratch: two rows for pairs */
static void
get_chroma (
    const GstVideoFrame *in, gint y, guint8 *scratch, gsize n, const guint8 **u, const guint8 **v)
{
  const guint8 *pu = (const guint8 *) GST_VIDEO_FRAME_COMP_DATA (in, 1)
                     + (gsize) y * GST_VIDEO_FRAME_COMP_STRIDE (in, 1);
  const guint8 *pv = (const guint8 *) GST_VIDEO_FRAME_COMP_DATA (in, 2)
                     + (gsize) y * GST_VIDEO_FRAME_COMP_STRIDE (in, 2);

  if (GST_VIDEO_FRAME_COMP_PSTRIDE (in, 1) == 1) {
    *u = pu;
    *v = pv;
    return;
  }
  trib_jfif_row_split (scratch, scratch + n, MIN (pu, pv), n);
  *u = pu < pv ? scratch : scratch + n;
  *v = pu < pv ? scratch + n : scratch;
}

#define OUT_ROW(frame, comp, y)                       \
  ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, comp) \
      + (gsize) (y) *GST_VIDEO_FRAME_COMP_STRIDE (frame, comp))

static void
convert_split (const GstVideoFrame *in, GstVideoFrame *out)
{
  gboolean limited = in->info.colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235;
  gsize n = GST_VIDEO_FRAME_COMP_WIDTH (out, 1);
  g_autofree guint8 *scratch = g_malloc (2 * n);

  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (in); y++)
    copy_or_stretch (OUT_ROW (out, 0, y), OUT_ROW (in, 0, y), GST_VIDEO_FRAME_WIDTH (in),
        limited ? &stretch_luma : NULL);
  for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (out, 1); y++) {
    const guint8 *u, *v;
    get_chroma (in, y, scratch, n, &u, &v);
    copy_or_stretch (OUT_ROW (out, 1, y), u, n, limited ? &stretch_chroma : NULL);
    copy_or_stretch (OUT_ROW (out, 2, y), v, n, limited ? &stretch_chroma : NULL);
  }
}

/* YCbCr to RGB by the source's weights, RGB to YCbCr by JFIF's, multiplied out (ITU-R BT.601-7 2.5,
 * BT.709-6 3) */
static void
compute_matrix (const GstVideoInfo *in, TribJfifMatrix *m)
{
  const gdouble jr = 0.299, jg = 0.587, jb = 0.114, one = 128.;
  gboolean limited = in->colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235;
  gdouble sy = limited ? 255. / 219. : 1., sc = limited ? 255. / 224. : 1.;
  gdouble kr, kb, kg, rv, gu, gv, bu, yu, yv;

  gst_video_color_matrix_get_Kr_Kb (in->colorimetry.matrix, &kr, &kb);
  kg = 1. - kr - kb;
  rv = 2. * (1. - kr);
  bu = 2. * (1. - kb);
  gu = -2. * (1. - kb) * kb / kg;
  gv = -2. * (1. - kr) * kr / kg;
  yu = jg * gu + jb * bu;
  yv = jr * rv + jg * gv;
  m->y_low = limited ? 16 : 0;
  m->yy = lrint (sy * one);
  m->yu = lrint (sc * yu * one);
  m->yv = lrint (sc * yv * one);
  m->uu = lrint (sc * (bu - yu) / (2. * (1. - jb)) * one);
  m->uv = lrint (sc * (0. - yv) / (2. * (1. - jb)) * one);
  m->vu = lrint (sc * (0. - yu) / (2. * (1. - jr)) * one);
  m->vv = lrint (sc * (rv - yv) / (2. * (1. - jr)) * one);
}

static void
convert_matrix (const GstVideoFrame *in, GstVideoFrame *out)
{
  gint width = GST_VIDEO_FRAME_WIDTH (in), height = GST_VIDEO_FRAME_HEIGHT (in);
  gsize n = GST_VIDEO_FRAME_COMP_WIDTH (out, 1);
  g_autofree guint8 *scratch = g_malloc (2 * n);
  g_autofree gint16 *light = g_new (gint16, 2 * n);
  TribJfifMatrix m;

  compute_matrix (&in->info, &m);
  for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (out, 1); y++) {
    const guint8 *u, *v;
    get_chroma (in, y, scratch, n, &u, &v);
    trib_jfif_row_matrix_chroma (OUT_ROW (out, 1, y), OUT_ROW (out, 2, y), light, u, v, n, &m);
    for (gint i = 2 * y; i < MIN (2 * y + 2, height); i++)
      trib_jfif_row_matrix_luma (OUT_ROW (out, 0, i), OUT_ROW (in, 0, i), light, width, &m);
  }
}

/* @rgb: three rows with room for one more pixel, which repeats the last where the width is odd */
static void
unpack_row (const GstVideoFrame *in, gint y, guint8 *const row[4], const guint8 *rgb[3])
{
  const guint8 *src = (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (in, 0)
                      + (gsize) y * GST_VIDEO_FRAME_PLANE_STRIDE (in, 0);
  gint n = GST_VIDEO_FRAME_WIDTH (in);

  if (GST_VIDEO_FRAME_COMP_PSTRIDE (in, 0) == 3)
    trib_jfif_row_unpack3 (row[0], row[1], row[2], src, n);
  else
    trib_jfif_row_unpack4 (row[0], row[1], row[2], row[3], src, n);
  for (gint c = 0; c < 3; c++) {
    guint8 *values = row[GST_VIDEO_FRAME_COMP_POFFSET (in, c)];
    values[n] = values[n - 1];
    rgb[c] = values;
  }
}

static void
convert_rgb (const GstVideoFrame *in, GstVideoFrame *out)
{
  gint width = GST_VIDEO_FRAME_WIDTH (in), height = GST_VIDEO_FRAME_HEIGHT (in);
  gsize room = (gsize) width + 1;
  g_autofree guint8 *memory = g_malloc (8 * room);
  guint8 *rows[2][4];

  for (gint i = 0; i < 8; i++)
    rows[i / 4][i % 4] = memory + i * room;
  for (gint y = 0; y < height; y += 2) {
    const guint8 *top[3], *bottom[3];
    unpack_row (in, y, rows[0], top);
    unpack_row (in, MIN (y + 1, height - 1), rows[1], bottom);
    trib_jfif_row_rgb_luma (OUT_ROW (out, 0, y), top[0], top[1], top[2], width);
    if (y + 1 < height)
      trib_jfif_row_rgb_luma (OUT_ROW (out, 0, y + 1), bottom[0], bottom[1], bottom[2], width);
    trib_jfif_row_rgb_chroma (OUT_ROW (out, 1, y / 2), OUT_ROW (out, 2, y / 2), top, bottom,
        GST_VIDEO_FRAME_COMP_WIDTH (out, 1));
  }
}

/**
 * trib_jfif_convert:
 * @mode: what trib_jfif_plan() said about these pictures
 * @in: mapped for reading
 * @out: mapped for writing; for %TRIB_JFIF_EXPAND it may be mapped from the same buffer as @in
 *
 * Any thread; both frames belong to the caller.
 *
 * Returns: FALSE when @mode has nothing to convert
 */
gboolean
trib_jfif_convert (TribJfifMode mode, const GstVideoFrame *in, GstVideoFrame *out)
{
  switch (mode) {
    case TRIB_JFIF_EXPAND:
      for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (in); i++)
        convert_plane (in, out, i);
      return TRUE;
    case TRIB_JFIF_SPLIT:
      convert_split (in, out);
      return TRUE;
    case TRIB_JFIF_MATRIX:
      convert_matrix (in, out);
      return TRUE;
    case TRIB_JFIF_RGB:
      convert_rgb (in, out);
      return TRUE;
    case TRIB_JFIF_NONE:
    case TRIB_JFIF_DIRECT:
      break;
  }
  return FALSE;
}
