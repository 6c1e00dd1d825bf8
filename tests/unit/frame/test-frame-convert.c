/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Colours against exact arithmetic in floating point (BT.601, BT.709, JFIF), not against another
 * converter. */
#include <math.h>
#include <string.h>

#include <frame/trib-frame-convert.h>
#include <frame/trib-frame-map.h>
#include <frame/trib-frame-meta.h>
#include <frame/trib-jfif-rows.h>
#include <frame/trib-jfif.h>

#include "trib-gst-test.h"

typedef struct {
  GstVideoFormat format;
  const gchar *colorimetry;
  TribJfifMode mode;
  GstVideoFormat out;
} JpegCase;

static const JpegCase jpeg_cases[] = {
  { GST_VIDEO_FORMAT_I420, "1:4:0:0", TRIB_JFIF_DIRECT, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_I420, "bt601", TRIB_JFIF_EXPAND, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_YV12, "bt601", TRIB_JFIF_EXPAND, GST_VIDEO_FORMAT_YV12 },
  { GST_VIDEO_FORMAT_Y42B, "bt601", TRIB_JFIF_EXPAND, GST_VIDEO_FORMAT_Y42B },
  { GST_VIDEO_FORMAT_Y444, "bt601", TRIB_JFIF_EXPAND, GST_VIDEO_FORMAT_Y444 },
  { GST_VIDEO_FORMAT_NV12, "bt601", TRIB_JFIF_SPLIT, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_NV21, "1:4:0:0", TRIB_JFIF_SPLIT, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_I420, "bt709", TRIB_JFIF_MATRIX, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_NV12, "bt709", TRIB_JFIF_MATRIX, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_NV21, "1:3:5:1", TRIB_JFIF_MATRIX, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_YV12, "bt2020", TRIB_JFIF_MATRIX, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_RGB, "sRGB", TRIB_JFIF_RGB, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_BGR, "sRGB", TRIB_JFIF_RGB, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_BGRx, "sRGB", TRIB_JFIF_RGB, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_xRGB, "sRGB", TRIB_JFIF_RGB, GST_VIDEO_FORMAT_I420 },
  { GST_VIDEO_FORMAT_ABGR, "sRGB", TRIB_JFIF_RGB, GST_VIDEO_FORMAT_I420 },
  /* 4:1:1 goes by 4:2:2 */
  { GST_VIDEO_FORMAT_Y41B, "bt601", TRIB_JFIF_NONE, GST_VIDEO_FORMAT_Y42B },
  { GST_VIDEO_FORMAT_Y41B, "1:4:0:0", TRIB_JFIF_NONE, GST_VIDEO_FORMAT_Y42B },
};

/* R, G, B */
static const guint8 colours[][3] = {
  { 0, 0, 0 },
  { 255, 255, 255 },
  { 128, 128, 128 },
  { 255, 0, 0 },
  { 0, 255, 0 },
  { 0, 0, 255 },
  { 255, 255, 0 },
  { 0, 255, 255 },
  { 255, 0, 255 },
  { 200, 100, 50 },
  { 17, 34, 51 },
};

static guint8
to_byte (gdouble v)
{
  return (guint8) CLAMP (lrint (v), 0, 255);
}

static void
rgb_to_yuv (const guint8 *rgb, GstVideoColorMatrix matrix, gboolean limited, guint8 *yuv)
{
  gdouble kr, kb, y, cb, cr;

  g_assert_true (gst_video_color_matrix_get_Kr_Kb (matrix, &kr, &kb));
  y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
  cb = (rgb[2] - y) / (2 * (1 - kb));
  cr = (rgb[0] - y) / (2 * (1 - kr));
  yuv[0] = to_byte (limited ? 16 + y * 219 / 255 : y);
  yuv[1] = to_byte (128 + (limited ? cb * 224 / 255 : cb));
  yuv[2] = to_byte (128 + (limited ? cr * 224 / 255 : cr));
}

static void
make_info (GstVideoInfo *info, GstVideoFormat format, const gchar *colorimetry, gint w, gint h)
{
  g_assert_true (gst_video_info_set_format (info, format, w, h));
  info->fps_n = 30;
  info->fps_d = 1;
  g_assert_true (gst_video_colorimetry_from_string (&info->colorimetry, colorimetry));
}

static void
component_value (const GstVideoInfo *info, const guint8 *rgb, guint8 *values)
{
  if (GST_VIDEO_INFO_IS_RGB (info))
    memcpy (values, rgb, 3);
  else
    rgb_to_yuv (rgb, info->colorimetry.matrix,
        info->colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235, values);
}

static GstBuffer *
make_picture (const GstVideoInfo *info, const guint8 *rgb)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info->size, NULL);
  guint8 values[3];
  GstVideoFrame f;

  gst_buffer_memset (buffer, 0, 0xa5, -1);
  component_value (info, rgb, values);
  g_assert_true (gst_video_frame_map (&f, info, buffer, GST_MAP_WRITE));
  for (gint c = 0; c < 3; c++)
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&f, c); y++)
      for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&f, c); x++)
        ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (&f,
            c))[y * GST_VIDEO_FRAME_COMP_STRIDE (&f, c) + x * GST_VIDEO_FRAME_COMP_PSTRIDE (&f, c)]
            = values[c];
  gst_video_frame_unmap (&f);
  return buffer;
}

static void
assert_picture (const GstVideoInfo *info, GstBuffer *buffer, const guint8 *rgb, gint tolerance)
{
  guint8 values[3];
  GstVideoFrame f;

  component_value (info, rgb, values);
  g_assert_true (gst_video_frame_map (&f, info, buffer, GST_MAP_READ));
  for (gint c = 0; c < 3; c++)
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&f, c); y++)
      for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&f, c); x++) {
        gint got = ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (&f,
            c))[y * GST_VIDEO_FRAME_COMP_STRIDE (&f, c) + x * GST_VIDEO_FRAME_COMP_PSTRIDE (&f, c)];
        if (ABS (got - values[c]) > tolerance)
          g_error ("%d,%d,%d: component %d at %d,%d is %d, expected %d", rgb[0], rgb[1], rgb[2], c,
              x, y, got, values[c]);
      }
  gst_video_frame_unmap (&f);
}

/* Solid pictures of odd sizes, so that the ends of rows and vectors count. Limited range has fewer
 * steps: one of them is 1.16, hence 2. */
static void
test_jpeg (gconstpointer data)
{
  const JpegCase *t = data;
  const gint sizes[][2] = { { 64, 48 }, { 37, 23 }, { 1, 1 }, { 2, 3 }, { 131, 2 } };

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    for (guint i = 0; i < G_N_ELEMENTS (colours); i++) {
      g_autoptr (GError) error = NULL;
      g_autoptr (TribFrameConvert) convert = NULL;
      g_autoptr (GstBuffer) out = NULL;
      const GstVideoInfo *info;
      GstVideoInfo in, planned;

      make_info (&in, t->format, t->colorimetry, sizes[s][0], sizes[s][1]);
      g_assert_cmpint (trib_jfif_plan (&in, &planned), ==, t->mode);
      convert = trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_JPEG, &error);
      g_assert_no_error (error);
      info = trib_frame_convert_get_out (convert);
      g_assert_cmpint (GST_VIDEO_INFO_FORMAT (info), ==, t->out);
      g_assert_cmpint (info->colorimetry.range, ==, GST_VIDEO_COLOR_RANGE_0_255);
      g_assert_cmpint (info->colorimetry.matrix, ==, GST_VIDEO_COLOR_MATRIX_BT601);
      out = trib_frame_convert_run (convert, make_picture (&in, colours[i]), &error);
      g_assert_no_error (error);
      assert_picture (info, out, colours[i], 2);
    }
  }
}

/* shared memory is not changed; other memory is changed in place; both give the same */
static void
test_in_place (void)
{
  g_autoptr (TribFrameConvert) convert = NULL;
  g_autoptr (GstBuffer) kept = NULL, first = NULL, second = NULL;
  GstMapInfo a, b;
  GstBuffer *own;
  GstVideoInfo in;
  guint8 *before;

  make_info (&in, GST_VIDEO_FORMAT_I420, "bt601", 64, 33);
  convert = trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_JPEG, NULL);
  kept = gst_buffer_new_allocate (NULL, in.size, NULL);
  gst_buffer_map (kept, &a, GST_MAP_WRITE);
  for (gsize i = 0; i < a.size; i++)
    a.data[i] = (guint8) (i * 7);
  before = g_memdup2 (a.data, a.size);
  gst_buffer_unmap (kept, &a);
  own = gst_buffer_copy_deep (kept);
  first = trib_frame_convert_run (convert, gst_buffer_ref (kept), NULL);
  g_assert_true (first != kept);
  g_assert_cmpint (gst_buffer_memcmp (kept, 0, before, in.size), ==, 0);
  second = trib_frame_convert_run (convert, own, NULL);
  g_assert_true (second == own);
  /* padding between rows is no part of the picture */
  gst_buffer_map (first, &a, GST_MAP_READ);
  gst_buffer_map (second, &b, GST_MAP_READ);
  for (gint p = 0; p < 3; p++)
    for (gint y = 0; y < GST_VIDEO_INFO_COMP_HEIGHT (&in, p); y++) {
      gsize at = in.offset[p] + (gsize) y * in.stride[p];
      g_assert_cmpmem (a.data + at, GST_VIDEO_INFO_COMP_WIDTH (&in, p), b.data + at,
          GST_VIDEO_INFO_COMP_WIDTH (&in, p));
    }
  gst_buffer_unmap (first, &a);
  gst_buffer_unmap (second, &b);
  g_free (before);
}

/* a row at once, in vectors where the processor has them, and sample by sample: the same numbers on
 * every machine, and those of the formula */
static void
test_vectors (void)
{
  const TribJfifStretch stretches[] = { { 16, 149, 64 }, { 16, 146, 100 } };
  guint8 src[256 + 5], dst[256 + 5];

  for (guint i = 0; i < G_N_ELEMENTS (src); i++)
    src[i] = (guint8) i;
  for (guint s = 0; s < G_N_ELEMENTS (stretches); s++) {
    const TribJfifStretch *t = &stretches[s];
    trib_jfif_row_stretch (dst, src, sizeof (src), t);
    for (guint i = 0; i < G_N_ELEMENTS (src); i++) {
      gint formula = MIN (255, (MAX (0, src[i] - t->low) * t->factor + t->addend) >> 7);
      guint8 alone;
      trib_jfif_row_stretch (&alone, &src[i], 1, t);
      g_assert_cmpint (dst[i], ==, formula);
      g_assert_cmpint (alone, ==, formula);
    }
  }
}

/* packed rows whatever the input's, and the meta that says so */
static void
test_raw_is_packed (void)
{
  g_autoptr (TribFrameConvert) convert = NULL;
  g_autoptr (GstBuffer) out = NULL;
  const TribFrameInfo id = { .session = "s", .stream = "v", .index = 4, .quality = -1 };
  GstBuffer *in_buffer;
  TribFrameInfo got;
  GstVideoMeta *meta;
  GstVideoInfo in;

  make_info (&in, GST_VIDEO_FORMAT_RGB, "sRGB", 37, 5);
  convert = trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_RAW, NULL);
  in_buffer = make_picture (&in, colours[9]);
  g_assert_cmpuint (gst_buffer_get_size (in_buffer), >, 37 * 5 * 3);
  GST_BUFFER_PTS (in_buffer) = 42;
  trib_frame_meta_set (in_buffer, &id);
  out = trib_frame_convert_run (convert, in_buffer, NULL);
  g_assert_cmpuint (gst_buffer_get_size (out), ==, 37 * 5 * 3);
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, 42);
  g_assert_true (trib_frame_meta_get (out, &got));
  g_assert_cmpuint (got.index, ==, 4);
  meta = gst_buffer_get_video_meta (out);
  g_assert_nonnull (meta);
  g_assert_cmpint (meta->stride[0], ==, 37 * 3);
  assert_picture (trib_frame_convert_get_out (convert), out, colours[9], 0);
}

static void
test_raw_passes_packed (void)
{
  g_autoptr (TribFrameConvert) convert = NULL;
  g_autoptr (GstBuffer) out = NULL;
  GstBuffer *in_buffer;
  GstVideoInfo in;

  make_info (&in, GST_VIDEO_FORMAT_RGB, "sRGB", 64, 5);
  convert = trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_RAW, NULL);
  in_buffer = make_picture (&in, colours[9]);
  out = trib_frame_convert_run (convert, in_buffer, NULL);
  g_assert_true (out == in_buffer);
}

static void
test_short_buffer (void)
{
  const GstVideoFormat formats[] = { GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_NV12,
    GST_VIDEO_FORMAT_BGRx, GST_VIDEO_FORMAT_YUY2 };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autoptr (TribFrameConvert) convert = NULL;
    g_autoptr (GError) error = NULL;
    GstVideoInfo in;

    gst_video_info_set_format (&in, formats[i], 64, 48);
    convert = trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_JPEG, NULL);
    g_assert_null (trib_frame_convert_run (
        convert, gst_buffer_new_allocate (NULL, in.size - 1, NULL), &error));
    g_assert_error (error, TRIB_FRAME_MAP_ERROR, TRIB_FRAME_FAULT_MEMORY);
  }
}

/* every format that caps can name either has a way to every output or is refused with its name */
static void
test_all_formats (void)
{
  for (gint f = GST_VIDEO_FORMAT_I420; f <= GST_VIDEO_FORMAT_NV12_10LE32; f++) {
    for (gint to = TRIB_FRAME_FORMAT_RAW; to <= TRIB_FRAME_FORMAT_WEBP; to++) {
      g_autoptr (GError) error = NULL;
      g_autoptr (TribFrameConvert) convert = NULL;
      GstVideoInfo in;

      if (!gst_video_info_set_format (&in, f, 34, 18))
        continue;
      in.fps_d = 1;
      convert = trib_frame_convert_new (&in, to, &error);
      if (convert) {
        g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, in.size, NULL);
        gst_buffer_memset (buffer, 0, 0x55, -1);
        buffer = trib_frame_convert_run (convert, g_steal_pointer (&buffer), &error);
        g_assert_no_error (error);
      } else {
        g_assert_error (error, TRIB_FRAME_CONVERT_ERROR, TRIB_FRAME_CONVERT_ERROR_UNSUPPORTED);
        g_assert_nonnull (strstr (error->message, GST_VIDEO_INFO_NAME (&in)));
      }
    }
  }
}

/* Every format has the same ways with two fields as with one, and each line of RGB keeps its own
 * colour: the fields are two moments. */
static void
test_interlaced (void)
{
  guint n;
  const GstVideoFormat *formats = gst_video_formats_raw (&n);

  for (guint i = 0; i < n; i++) {
    g_autoptr (TribFrameConvert) convert = NULL, single = NULL;
    g_autoptr (GstBuffer) out = NULL;
    GstVideoFrame f;
    GstVideoInfo in;

    gst_video_info_set_format (&in, formats[i], 64, 48);
    single = trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_JPEG, NULL);
    gst_video_info_set_interlaced_format (
        &in, formats[i], GST_VIDEO_INTERLACE_MODE_INTERLEAVED, 64, 48);
    in.fps_d = 1;
    convert = trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_JPEG, NULL);
    if ((single != NULL) != (convert != NULL))
      g_error ("%s has no way where it is interlaced", GST_VIDEO_INFO_NAME (&in));
    if (convert == NULL || !GST_VIDEO_INFO_IS_RGB (&in) || GST_VIDEO_INFO_COMP_DEPTH (&in, 0) != 8
        || GST_VIDEO_FORMAT_INFO_HAS_PALETTE (in.finfo))
      continue;
    out = make_picture (&in, colours[3]);
    g_assert_true (gst_video_frame_map (&f, &in, out, GST_MAP_WRITE));
    for (gint c = 0; c < 3; c++)
      for (gint y = 1; y < 48; y += 2)
        for (gint x = 0; x < 64; x++)
          ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (&f, c))[y * GST_VIDEO_FRAME_COMP_STRIDE (&f, c)
                                                         + x * GST_VIDEO_FRAME_COMP_PSTRIDE (&f, c)]
              = colours[5][c];
    gst_video_frame_unmap (&f);
    out = trib_frame_convert_run (convert, g_steal_pointer (&out), NULL);
    g_assert_cmpint (
        GST_VIDEO_INFO_FORMAT (trib_frame_convert_get_out (convert)), ==, GST_VIDEO_FORMAT_Y42B);
    g_assert_true (
        gst_video_frame_map (&f, trib_frame_convert_get_out (convert), out, GST_MAP_READ));
    for (gint c = 0; c < 3; c++)
      for (gint y = 0; y < 48; y++) {
        guint8 wanted[3];
        const guint8 *got = GST_VIDEO_FRAME_COMP_DATA (&f, c);

        rgb_to_yuv (colours[y % 2 ? 5 : 3], GST_VIDEO_COLOR_MATRIX_BT601, FALSE, wanted);
        g_assert_cmpint (
            ABS (got[y * GST_VIDEO_FRAME_COMP_STRIDE (&f, c) + 16] - wanted[c]), <=, 2);
      }
    gst_video_frame_unmap (&f);
  }
}

/* libjpeg ends the process on larger ones, libwebp says no without a number */
static void
test_limits (void)
{
  g_autoptr (GError) error = NULL;
  GstVideoInfo in;

  gst_video_info_set_format (&in, GST_VIDEO_FORMAT_RGB, 65501, 1);
  g_assert_null (trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_JPEG, &error));
  g_assert_error (error, TRIB_FRAME_CONVERT_ERROR, TRIB_FRAME_CONVERT_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "65500"));
  g_clear_error (&error);
  gst_video_info_set_format (&in, GST_VIDEO_FORMAT_RGB, 1, 16384);
  g_assert_null (trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_WEBP, &error));
  g_assert_nonnull (strstr (error->message, "16383"));
}

/* What libjpeg reads beyond the right edge repeats the last pixel, and is never what the memory
 * held before. */
static void
test_edge (void)
{
  static const GstVideoFormat formats[]
      = { GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_Y444 };

  for (guint f = 0; f < G_N_ELEMENTS (formats); f++) {
    g_autoptr (TribFrameConvert) c = NULL;
    g_autoptr (GstBuffer) out = NULL;
    GstBuffer *buffer;
    GstVideoInfo in;
    GstVideoFrame frame;

    gst_video_info_set_format (&in, formats[f], 37, 5);
    if (formats[f] != GST_VIDEO_FORMAT_RGB)
      g_assert_true (gst_video_colorimetry_from_string (&in.colorimetry, "1:4:0:0"));
    c = trib_frame_convert_new (&in, TRIB_FRAME_FORMAT_JPEG, NULL);
    g_assert_nonnull (c);
    buffer = gst_buffer_new_allocate (NULL, in.size, NULL);
    gst_buffer_memset (buffer, 0, 100, in.size);
    out = trib_frame_convert_run (c, buffer, NULL);
    g_assert_nonnull (out);
    g_assert_true (gst_video_frame_map (&frame, trib_frame_convert_get_out (c), out, GST_MAP_READ));
    for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES (&frame); i++) {
      const guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (&frame, i);
      gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (&frame, i);
      g_assert_cmpint (stride, >=, i == 0 || formats[f] == GST_VIDEO_FORMAT_Y444 ? 48 : 24);
      for (gint k = 0; k < stride * GST_VIDEO_FRAME_COMP_HEIGHT (&frame, i); k++)
        g_assert_cmpint (data[k], ==, data[0]);
    }
    gst_video_frame_unmap (&frame);
  }
}

/* ARIA-3: what is reported as quality */
static void
test_quality (void)
{
  g_assert_cmpint (trib_frame_format_quality (TRIB_FRAME_FORMAT_JPEG, -1), ==, 90);
  g_assert_cmpint (trib_frame_format_quality (TRIB_FRAME_FORMAT_WEBP, -1), ==, 85);
  g_assert_cmpint (trib_frame_format_quality (TRIB_FRAME_FORMAT_PNG, -1), ==, 6);
  g_assert_cmpint (trib_frame_format_quality (TRIB_FRAME_FORMAT_RAW, 50), ==, -1);
  g_assert_cmpint (trib_frame_format_quality (TRIB_FRAME_FORMAT_PNG, 0), ==, 0);
  g_assert_cmpint (trib_frame_format_quality (TRIB_FRAME_FORMAT_PNG, 100), ==, 9);
  g_assert_cmpint (trib_frame_format_quality (TRIB_FRAME_FORMAT_JPEG, 1), ==, 1);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (jpeg_cases); i++) {
    g_autofree gchar *name = g_strdup_printf ("/frame-convert/jpeg/%s/%s",
        gst_video_format_to_string (jpeg_cases[i].format), jpeg_cases[i].colorimetry);
    g_test_add_data_func (name, &jpeg_cases[i], test_jpeg);
  }
  g_test_add_func ("/frame-convert/in-place", test_in_place);
  g_test_add_func ("/frame-convert/vectors", test_vectors);
  g_test_add_func ("/frame-convert/raw-is-packed", test_raw_is_packed);
  g_test_add_func ("/frame-convert/raw-passes-packed", test_raw_passes_packed);
  g_test_add_func ("/frame-convert/short-buffer", test_short_buffer);
  g_test_add_func ("/frame-convert/all-formats", test_all_formats);
  g_test_add_func ("/frame-convert/interlaced", test_interlaced);
  g_test_add_func ("/frame-convert/ARIA-3/quality", test_quality);
  g_test_add_func ("/frame-convert/limits", test_limits);
  g_test_add_func ("/frame-convert/edge", test_edge);
  return trib_gst_test_run ();
}
