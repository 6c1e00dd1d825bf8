/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers whose metas are right, wrong and hostile. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <frame/trib-frame-convert.h>
#include <frame/trib-frame-map.h>

#include "trib-gst-test.h"

#define GOOD (-1)

typedef struct {
  const gchar *name;
  gint fault; /* TribFrameFault or GOOD */
  guint width, height, n_planes;
  GstVideoFormat format;
  gsize offset[4];
  gint stride[4];
  guint crop[4]; /* x, y, width, height; 0: none */
  gsize memories[4];
} Case;

#define I420 GST_VIDEO_FORMAT_I420
#define USUAL        \
  { 0, 3072, 3840 }, \
  {                  \
    64, 32, 32       \
  }

/* for caps of I420, 64x48: planes of 3072, 768 and 768 bytes */
static const Case cases[] = {
  { "as-caps", GOOD, 64, 48, 3, I420, USUAL, { 0 }, { 4608 } },
  { "one-byte-short", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, USUAL, { 0 }, { 4607 } },
  { "empty", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, USUAL, { 0 }, { 0 } },
  { "a-memory-a-plane", GOOD, 64, 48, 3, I420, USUAL, { 0 }, { 3072, 768, 768 } },
  { "three-memories-across", GOOD, 64, 48, 3, I420, USUAL, { 0 }, { 3000, 1000, 608 } },
  { "three-memories-short", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, USUAL, { 0 },
      { 3000, 1000, 607 } },
  { "larger", GOOD, 128, 64, 3, I420, { 0, 8192, 10240 }, { 128, 64, 64 }, { 0 }, { 12288 } },
  { "larger-than-memory", TRIB_FRAME_FAULT_MEMORY, 1920, 1080, 3, I420, { 0, 2073600, 2592000 },
      { 1920, 960, 960 }, { 0 }, { 4608 } },
  { "larger-than-its-planes", TRIB_FRAME_FAULT_STRIDE, 1920, 1080, 3, I420, USUAL, { 0 },
      { 4608 } },
  { "narrower", TRIB_FRAME_FAULT_SIZE, 62, 48, 3, I420, USUAL, { 0 }, { 4608 } },
  { "lower", TRIB_FRAME_FAULT_SIZE, 64, 47, 3, I420, USUAL, { 0 }, { 4608 } },
  { "no-size", TRIB_FRAME_FAULT_SIZE, 0, 0, 3, I420, USUAL, { 0 }, { 4608 } },
  { "huge-size", TRIB_FRAME_FAULT_SIZE, G_MAXUINT, G_MAXUINT, 3, I420, USUAL, { 0 }, { 4608 } },
  { "largest-size", TRIB_FRAME_FAULT_SIZE, G_MAXINT, G_MAXINT, 3, I420, USUAL, { 0 }, { 4608 } },
  { "other-format", TRIB_FRAME_FAULT_FORMAT, 64, 48, 1, GST_VIDEO_FORMAT_RGB, { 0 }, { 192 }, { 0 },
      { 9216 } },
  { "planes-missing", TRIB_FRAME_FAULT_FORMAT, 64, 48, 1, I420, USUAL, { 0 }, { 4608 } },
  { "no-planes", TRIB_FRAME_FAULT_FORMAT, 64, 48, 0, I420, USUAL, { 0 }, { 4608 } },
  { "a-plane-more", TRIB_FRAME_FAULT_FORMAT, 64, 48, 4, I420, USUAL, { 0 }, { 4608 } },
  { "planes-turned", GOOD, 64, 48, 3, I420, { 1536, 0, 768 }, { 64, 32, 32 }, { 0 }, { 4608 } },
  { "stride-short", TRIB_FRAME_FAULT_STRIDE, 64, 48, 3, I420, { 0, 3072, 3840 }, { 63, 32, 32 },
      { 0 }, { 4608 } },
  { "stride-zero", TRIB_FRAME_FAULT_STRIDE, 64, 48, 3, I420, { 0, 3072, 3840 }, { 64, 0, 32 },
      { 0 }, { 4608 } },
  { "stride-negative", TRIB_FRAME_FAULT_STRIDE, 64, 48, 3, I420, { 3008, 3072, 3840 },
      { -64, 32, 32 }, { 0 }, { 4608 } },
  { "stride-lowest", TRIB_FRAME_FAULT_STRIDE, 64, 48, 3, I420, { 0, 3072, 3840 },
      { G_MININT, 32, 32 }, { 0 }, { 4608 } },
  { "stride-highest", TRIB_FRAME_FAULT_STRIDE, 64, 48, 3, I420, { 0, 3072, 3840 },
      { G_MAXINT, 32, 32 }, { 0 }, { 4608 } },
  { "stride-long", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, { 0, 3072, 3840 }, { 64, 32, 33 },
      { 0 }, { 4608 } },
  { "rows-of-2-GiB", TRIB_FRAME_FAULT_STRIDE, 64, 48, 3, I420, { 0, 3072, 3840 },
      { 64, 94000000, 32 }, { 0 }, { G_MAXSIZE } },
  { "last-row-without-padding", GOOD, 64, 48, 3, I420, { 0, 4784, 5936 }, { 100, 48, 48 }, { 0 },
      { 5936 + 23 * 48 + 32 } },
  { "offset-odd", GOOD, 64, 48, 3, I420, { 1, 3073, 3841 }, { 64, 32, 32 }, { 0 }, { 4609 } },
  { "last-row-short", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, { 0, 4784, 5936 }, { 100, 48, 48 },
      { 0 }, { 5936 + 23 * 48 + 31 } },
  { "offset-at-end", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, { 0, 3072, 4608 }, { 64, 32, 32 },
      { 0 }, { 4608 } },
  { "offset-beyond", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, { 0, 3072, 4609 }, { 64, 32, 32 },
      { 0 }, { 4608 } },
  { "offset-negative", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, { (gsize) -64, 3072, 3840 },
      { 64, 32, 32 }, { 0 }, { 4608 } },
  { "offset-wraps", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, { 0, G_MAXSIZE - 700, 3840 },
      { 64, 32, 32 }, { 0 }, { 4608 } },
  { "offset-beyond-int", TRIB_FRAME_FAULT_MEMORY, 64, 48, 3, I420, { 0, 0x100000000u, 3840 },
      { 64, 32, 32 }, { 0 }, { 4608 } },
  { "sum-of-memories-wraps", GOOD, 64, 48, 3, I420, USUAL, { 0 }, { G_MAXSIZE, G_MAXSIZE } },
  { "crop-of-all", GOOD, 64, 48, 3, I420, USUAL, { 0, 0, 64, 48 }, { 4608 } },
  { "crop", GOOD, 128, 64, 3, I420, { 0, 8192, 10240 }, { 128, 64, 64 }, { 64, 16, 64, 48 },
      { 12288 } },
  { "crop-beyond", TRIB_FRAME_FAULT_CROP, 128, 64, 3, I420, { 0, 8192, 10240 }, { 128, 64, 64 },
      { 66, 16, 64, 48 }, { 12288 } },
  { "crop-below", TRIB_FRAME_FAULT_CROP, 128, 64, 3, I420, { 0, 8192, 10240 }, { 128, 64, 64 },
      { 64, 18, 64, 48 }, { 12288 } },
  { "crop-negative", TRIB_FRAME_FAULT_CROP, 128, 64, 3, I420, { 0, 8192, 10240 }, { 128, 64, 64 },
      { (guint) -2, 0, 64, 48 }, { 12288 } },
  { "crop-smaller", TRIB_FRAME_FAULT_CROP, 64, 48, 3, I420, USUAL, { 0, 0, 32, 24 }, { 4608 } },
  { "crop-larger", TRIB_FRAME_FAULT_CROP, 64, 48, 3, I420, USUAL, { 0, 0, 128, 64 }, { 4608 } },
  { "crop-odd-column", TRIB_FRAME_FAULT_CROP, 128, 64, 3, I420, { 0, 8192, 10240 }, { 128, 64, 64 },
      { 3, 2, 64, 48 }, { 12288 } },
  { "crop-odd-row", TRIB_FRAME_FAULT_CROP, 128, 64, 3, I420, { 0, 8192, 10240 }, { 128, 64, 64 },
      { 2, 3, 64, 48 }, { 12288 } },
};

static GstVideoMeta
meta_of (const Case *t)
{
  GstVideoMeta meta
      = { .format = t->format, .width = t->width, .height = t->height, .n_planes = t->n_planes };

  memcpy (meta.offset, t->offset, sizeof meta.offset);
  memcpy (meta.stride, t->stride, sizeof meta.stride);
  return meta;
}

static void
test_case (gconstpointer data)
{
  const Case *t = data;
  const GstVideoMeta meta = meta_of (t);
  const GstVideoCropMeta crop
      = { .x = t->crop[0], .y = t->crop[1], .width = t->crop[2], .height = t->crop[3] };
  g_autoptr (GError) error = NULL;
  TribFramePlace place;
  GstVideoInfo info;
  gboolean good;

  gst_video_info_set_format (&info, I420, 64, 48);
  good = trib_frame_place (&info, &meta, t->crop[2] ? &crop : NULL, t->memories, 4, &place, &error);
  if (t->fault == GOOD) {
    g_assert_no_error (error);
    g_assert_true (good);
    return;
  }
  g_assert_error (error, TRIB_FRAME_MAP_ERROR, t->fault);
  g_assert_false (good);
  g_test_message ("%s: %s", trib_frame_fault_to_string ((guint) error->code), error->message);
}

/* what is said about an accepted one */
static void
test_place (void)
{
  static const gsize one[] = { 12288 }, across[] = { 12287, 1 };
  GstVideoMeta meta = { .format = I420,
    .width = 128,
    .height = 64,
    .n_planes = 3,
    .offset = { 0, 8192, 10240 },
    .stride = { 128, 64, 64 } };
  GstVideoCropMeta crop = { .x = 64, .y = 16, .width = 64, .height = 48 };
  TribFramePlace place;
  GstVideoInfo info;

  gst_video_info_set_format (&info, I420, 64, 48);
  g_assert_true (trib_frame_place (&info, &meta, &crop, one, 1, &place, NULL));
  g_assert_cmpuint (place.start[0], ==, 16 * 128 + 64);
  g_assert_cmpuint (place.start[1], ==, 8 * 64 + 32);
  g_assert_cmpuint (place.start[2], ==, 8 * 64 + 32);
  g_assert_false (place.plain || place.whole);
  g_assert_true (trib_frame_place (&info, &meta, NULL, one, 1, &place, NULL));
  g_assert_false (place.plain);
  gst_video_info_set_format (&info, I420, 128, 64);
  g_assert_true (trib_frame_place (&info, &meta, NULL, one, 1, &place, NULL));
  g_assert_true (place.plain);
  g_assert_true (trib_frame_place (&info, &meta, NULL, across, 2, &place, NULL));
  g_assert_true (place.whole);
  g_assert_false (place.plain);
}

/* ---- real memory ---- */

typedef struct {
  guint8 *pages;
  gsize size;
} Guarded;

static void
free_guarded (gpointer data)
{
  Guarded *guarded = data;

  munmap (guarded->pages, guarded->size);
  g_free (guarded);
}

/* Behind the last byte is a page that nothing can touch, GStreamer's code included, of which
 * AddressSanitizer sees nothing. */
static GstMemory *
make_memory (gsize size)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE), room = (size + page - 1) / page * page;
  Guarded *guarded = g_new (Guarded, 1);
  guint8 *data;

  guarded->size = room + page;
  guarded->pages
      = mmap (NULL, guarded->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (guarded->pages != MAP_FAILED);
  g_assert_cmpint (mprotect (guarded->pages + room, page, PROT_NONE), ==, 0);
  data = guarded->pages + room - size;
  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) (i * 2654435761u >> 13);
  return gst_memory_new_wrapped (0, data, size, 0, size, guarded, free_guarded);
}

static GstBuffer *
make_buffer (const gsize *sizes, guint n)
{
  GstBuffer *buffer = gst_buffer_new ();

  for (guint i = 0; i < n; i++)
    gst_buffer_append_memory (buffer, make_memory (sizes[i]));
  return buffer;
}

static GstVideoFormat
random_format (void)
{
  guint n;
  const GstVideoFormat *formats = gst_video_formats_raw (&n);

  return formats[g_test_rand_int_range (0, (gint) n)];
}

/* of @good most often, and else near to it, or anything */
static gint64
near (gint64 good)
{
  switch (g_test_rand_int_range (0, 12)) {
    case 0:
      return good + g_test_rand_int_range (-2, 3);
    case 1:
      return good + g_test_rand_int_range (-200, 200);
    case 2:
      return g_test_rand_int ();
    case 3:
      return -good;
    default:
      return good;
  }
}

/* a picture at least as large as @info, tight in its memory, with some of the numbers changed */
static GstBuffer *
random_buffer (const GstVideoInfo *info, gboolean hostile)
{
  guint grow = g_test_rand_int_range (0, 2) ? 8 : 0, n = 0;
  gint pad = g_test_rand_int_range (0, 3) * 8;
  GstVideoInfo own;
  GstBuffer *buffer;
  GstVideoMeta *meta;
  gsize offset[4] = { 0 }, sizes[4], left;
  gint stride[4] = { 0 };

  gst_video_info_set_interlaced_format (&own, GST_VIDEO_INFO_FORMAT (info),
      GST_VIDEO_INFO_INTERLACE_MODE (info), (guint) GST_VIDEO_INFO_WIDTH (info) + grow,
      (guint) GST_VIDEO_INFO_HEIGHT (info) + grow);
  left = own.size
         + (gsize) pad * (gsize) GST_VIDEO_INFO_HEIGHT (&own) * GST_VIDEO_INFO_N_PLANES (&own);
  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES (&own); p++) {
    gboolean tiled = GST_VIDEO_FORMAT_INFO_IS_TILED (own.finfo);
    stride[p] = own.stride[p] + (tiled ? 0 : pad);
    offset[p] = own.offset[p] + (tiled ? 0 : (gsize) (pad * GST_VIDEO_INFO_HEIGHT (&own)) * p);
    if (hostile) {
      stride[p] = (gint) near (stride[p]);
      offset[p] = (gsize) near ((gint64) offset[p]);
    }
  }
  if (hostile) {
    gint64 changed = near ((gint64) left);
    left = (gsize) CLAMP (changed, 0, 1 << 20);
  }
  while (left > 0 && n < 3 && g_test_rand_int_range (0, 2)) {
    sizes[n] = (gsize) g_test_rand_int_range (0, (gint) left + 1);
    left -= sizes[n++];
  }
  sizes[n++] = left;
  buffer = make_buffer (sizes, n);
  meta = gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_INFO_FORMAT (&own), (guint) own.width, (guint) own.height,
      GST_VIDEO_INFO_N_PLANES (&own), offset, stride);
  if (hostile) {
    meta->width = (guint) near (own.width);
    meta->height = (guint) near (own.height);
  }
  if (grow > 0 && g_test_rand_int_range (0, 2)) {
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (buffer);
    crop->x = (guint) (hostile ? near (4) : 4 * g_test_rand_int_range (0, 3));
    crop->y = (guint) (hostile ? near (4) : 4 * g_test_rand_int_range (0, 3));
    crop->width = (guint) (hostile ? near (info->width) : info->width);
    crop->height = (guint) (hostile ? near (info->height) : info->height);
  }
  return buffer;
}

/* reads, and where @write writes, each byte of each row */
static void
touch (GstVideoFrame *frame, gboolean write)
{
  guint sum = 0;

  if (GST_VIDEO_FORMAT_INFO_IS_TILED (frame->info.finfo))
    return;
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (frame); c++) {
    guint8 *row = GST_VIDEO_FRAME_PLANE_DATA (frame, GST_VIDEO_FRAME_COMP_PLANE (frame, c));
    gboolean palette = GST_VIDEO_FORMAT_INFO_HAS_PALETTE (frame->info.finfo);
    gint bytes = GST_VIDEO_FRAME_COMP_WIDTH (frame, c) * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, c);

    if (palette && GST_VIDEO_FRAME_COMP_PLANE (frame, c) == GST_VIDEO_COMP_PALETTE)
      continue;
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (frame, c); y++)
      for (gint x = 0; x < bytes; x++) {
        guint8 *at = row + (gssize) y * GST_VIDEO_FRAME_COMP_STRIDE (frame, c) + x;
        sum += *at;
        if (write)
          *at = (guint8) sum;
      }
  }
}

/* What any element may do with a buffer that was accepted, and with what becomes of it: read or
 * write it, compress it. Pictures that were refused are not touched at all. */
static void
use (const GstVideoInfo *info, GstBuffer *buffer, gboolean hostile, gboolean refusable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TribFrameConvert) convert = NULL;
  g_autoptr (GstBuffer) out = NULL;
  gboolean write = g_test_rand_int_range (0, 2);
  GstVideoFrame frame;
  TribFramePlace place;

  if (trib_frame_map (&frame, info, buffer, write ? GST_MAP_READWRITE : GST_MAP_READ, &error)) {
    touch (&frame, write);
    gst_video_frame_unmap (&frame);
  } else {
    g_assert_error (error, TRIB_FRAME_MAP_ERROR, error->code);
    if (!hostile && !(refusable && error->code == TRIB_FRAME_FAULT_CROP))
      g_error (
          "%s %dx%d: %s", GST_VIDEO_INFO_NAME (info), info->width, info->height, error->message);
    g_clear_error (&error);
  }
  convert = trib_frame_convert_new (info, g_test_rand_int_range (0, 4), NULL);
  if (convert == NULL)
    return;
  out = trib_frame_convert_run (convert, gst_buffer_ref (buffer), &error);
  if (out != NULL)
    g_assert_true (trib_frame_place_buffer (trib_frame_convert_get_out (convert), out, &place, NULL)
                   && place.plain);
}

static void
test_random (gconstpointer data)
{
  gboolean hostile = GPOINTER_TO_INT (data);

  for (guint i = 0; i < 1000; i++) {
    g_autoptr (GstBuffer) buffer = NULL;
    GstVideoFormat format = random_format ();
    GstVideoInfo info;

    if (!gst_video_info_set_interlaced_format (&info, format,
            g_test_rand_int_range (0, 3) ? GST_VIDEO_INTERLACE_MODE_PROGRESSIVE
                                         : GST_VIDEO_INTERLACE_MODE_INTERLEAVED,
            (guint) g_test_rand_int_range (1, 60), (guint) g_test_rand_int_range (1, 40)))
      continue;
    info.fps_d = 1;
    buffer = random_buffer (&info, hostile);
    /* samples that only GStreamer knows have no crop */
    use (&info, buffer, hostile, TRUE);
  }
}

/* the same picture, whatever the memories are like */
static void
test_memories (void)
{
  static const gsize splits[][3]
      = { { 4608, 0, 0 }, { 3072, 768, 768 }, { 1, 3072, 1535 }, { 4607, 1, 0 }, { 0, 4000, 608 } };
  gsize offset[4] = { 0, 3072, 3840 };
  gint stride[4] = { 64, 32, 32 };
  GstVideoInfo info;

  gst_video_info_set_format (&info, I420, 64, 48);
  for (guint i = 0; i < G_N_ELEMENTS (splits); i++) {
    g_autoptr (GstBuffer) buffer = make_buffer (splits[i], 3);
    guint8 bytes[4608];
    GstVideoFrame frame;

    gst_buffer_extract (buffer, 0, bytes, sizeof bytes);
    gst_buffer_add_video_meta_full (
        buffer, GST_VIDEO_FRAME_FLAG_NONE, I420, 64, 48, 3, offset, stride);
    g_assert_true (trib_frame_map (&frame, &info, buffer, GST_MAP_READ, NULL));
    for (guint p = 0; p < 3; p++)
      g_assert_cmpmem (frame.data[p], p ? 768 : 3072, bytes + offset[p], p ? 768 : 3072);
    gst_video_frame_unmap (&frame);
    /* what is written reaches the buffer */
    g_assert_true (trib_frame_map (&frame, &info, buffer, GST_MAP_READWRITE, NULL));
    ((guint8 *) frame.data[2])[767] ^= 0xff;
    gst_video_frame_unmap (&frame);
    bytes[4607] ^= 0xff;
    g_assert_cmpint (gst_buffer_memcmp (buffer, 0, bytes, sizeof bytes), ==, 0);
  }
}

/* a part of a picture is that part, in every layout that can begin there */
static void
test_crop (void)
{
  static const GstVideoFormat formats[] = { I420, GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_YUY2,
    GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_BGRx, GST_VIDEO_FORMAT_GRAY8, GST_VIDEO_FORMAT_Y444,
    GST_VIDEO_FORMAT_P010_10LE };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autoptr (GstBuffer) buffer = NULL;
    GstVideoFrame all, part;
    GstVideoInfo info, own;
    GstVideoCropMeta *crop;

    gst_video_info_set_format (&own, formats[i], 40, 30);
    gst_video_info_set_format (&info, formats[i], 20, 10);
    buffer = make_buffer (&own.size, 1);
    gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE, formats[i], 40, 30);
    crop = gst_buffer_add_video_crop_meta (buffer);
    crop->x = 6;
    crop->y = 4;
    crop->width = 20;
    crop->height = 10;
    g_assert_true (gst_video_frame_map (&all, &own, buffer, GST_MAP_READ));
    g_assert_true (trib_frame_map (&part, &info, buffer, GST_MAP_READ, NULL));
    g_assert_cmpint (GST_VIDEO_FRAME_WIDTH (&part), ==, 20);
    g_assert_cmpint (GST_VIDEO_FRAME_HEIGHT (&part), ==, 10);
    for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (&all); c++) {
      gint step = GST_VIDEO_FRAME_COMP_PSTRIDE (&all, c);
      gint stride = GST_VIDEO_FRAME_COMP_STRIDE (&all, c);
      gint x = 6 >> GST_VIDEO_FORMAT_INFO_W_SUB (own.finfo, c);
      gint y = 4 >> GST_VIDEO_FORMAT_INFO_H_SUB (own.finfo, c);

      g_assert_true ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (&part, c)
                     == (guint8 *) GST_VIDEO_FRAME_COMP_DATA (&all, c) + y * stride + x * step);
      g_assert_cmpint (GST_VIDEO_FRAME_COMP_STRIDE (&part, c), ==, stride);
    }
    gst_video_frame_unmap (&part);
    gst_video_frame_unmap (&all);
  }
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *name = g_strdup_printf ("/frame-map/case/%s", cases[i].name);
    g_test_add_data_func (name, &cases[i], test_case);
  }
  g_test_add_func ("/frame-map/place", test_place);
  g_test_add_func ("/frame-map/memories", test_memories);
  g_test_add_func ("/frame-map/crop", test_crop);
  g_test_add_data_func ("/frame-map/random/good", GINT_TO_POINTER (FALSE), test_random);
  g_test_add_data_func ("/frame-map/random/hostile", GINT_TO_POINTER (TRUE), test_random);
  return trib_gst_test_run ();
}
