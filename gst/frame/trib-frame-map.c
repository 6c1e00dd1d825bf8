/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-frame-map.h"

G_DEFINE_QUARK (trib - frame - map - error - quark, trib_frame_map_error)

#define MAX_MEMORIES 64

/**
 * trib_frame_fault_to_string:
 * @fault: a #TribFrameFault
 *
 * Returns: (transfer none): its name, for counters and logs
 */
const gchar *
trib_frame_fault_to_string (guint fault)
{
  static const gchar *const names[TRIB_FRAME_N_FAULTS]
      = { "format", "size", "crop", "stride", "memory", "access" };

  return names[fault];
}

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (GError **error, TribFrameFault fault, const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (TRIB_FRAME_MAP_ERROR, (gint) fault, format, args));
  va_end (args);
  return FALSE;
}

/* ---- planes ---- */

/* samples that are not bytes of their own: only GStreamer knows where one begins */
static gboolean
is_opaque (const GstVideoFormatInfo *f, guint comp)
{
  return GST_VIDEO_FORMAT_INFO_IS_COMPLEX (f) || GST_VIDEO_FORMAT_INFO_PSTRIDE (f, comp) <= 0;
}

static gsize
default_bytes (const GstVideoInfo *info, guint plane)
{
  gsize end = plane + 1 < GST_VIDEO_INFO_N_PLANES (info)
                  ? GST_VIDEO_INFO_PLANE_OFFSET (info, plane + 1)
                  : GST_VIDEO_INFO_SIZE (info);

  return end - GST_VIDEO_INFO_PLANE_OFFSET (info, plane);
}

static gboolean
is_palette (const GstVideoFormatInfo *f, guint plane)
{
  return GST_VIDEO_FORMAT_INFO_HAS_PALETTE (f) && plane == GST_VIDEO_COMP_PALETTE;
}

/* Fields lie line by line: the last line of either has its own row of chroma, for which GStreamer
 * has a place in 4:2:0 of 8 bits, and for which it forgot it in P010 and its kind. */
static gint64
rows_of (const GstVideoInfo *info, guint comp)
{
  guint plane = GST_VIDEO_FORMAT_INFO_PLANE (info->finfo, comp);
  gint64 rows = GST_VIDEO_INFO_COMP_HEIGHT (info, comp), both = GST_ROUND_UP_2 (rows);

  if (GST_VIDEO_INFO_IS_INTERLACED (info) && GST_VIDEO_FORMAT_INFO_H_SUB (info->finfo, comp) > 0
      && both * GST_VIDEO_INFO_PLANE_STRIDE (info, plane) <= (gint64) default_bytes (info, plane))
    return both;
  return rows;
}

/* whether the rows of both fields are there */
static gboolean
has_fields (const GstVideoInfo *info)
{
  for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS (info); c++)
    if (GST_VIDEO_FORMAT_INFO_H_SUB (info->finfo, c) > 0 && rows_of (info, c) % 2 != 0)
      return FALSE;
  return TRUE;
}

/* rows of a plane, and the bytes of one that belong to the picture */
static void
measure_rows (const GstVideoInfo *info, guint plane, gint64 *ret_rows, gint64 *ret_bytes)
{
  const GstVideoFormatInfo *f = info->finfo;

  *ret_rows = *ret_bytes = 0;
  for (guint c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (f); c++) {
    gint64 bytes;

    if (GST_VIDEO_FORMAT_INFO_PLANE (f, c) != plane)
      continue;
    bytes = is_opaque (f, c) ? GST_VIDEO_INFO_PLANE_STRIDE (info, plane)
                             : (gint64) GST_VIDEO_INFO_COMP_WIDTH (info, c)
                                   * GST_VIDEO_FORMAT_INFO_PSTRIDE (f, c);
    *ret_rows = MAX (*ret_rows, rows_of (info, c));
    *ret_bytes = MAX (*ret_bytes, bytes);
  }
}

/* @info: as GStreamer lays out such pictures; returns: bytes from a plane's first sample to its
 * last, 0 where @stride has no room for a row */
static guint64
plane_bytes (const GstVideoInfo *info, guint plane, gint stride)
{
  gint usual = GST_VIDEO_INFO_PLANE_STRIDE (info, plane);
  gint64 rows, bytes;

  if (is_palette (info->finfo, plane))
    return default_bytes (info, plane);
  if (GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo)) {
    gint x = GST_VIDEO_TILE_X_TILES (usual), y = GST_VIDEO_TILE_Y_TILES (usual);

    if (GST_VIDEO_TILE_X_TILES (stride) < x || GST_VIDEO_TILE_Y_TILES (stride) < y)
      return 0;
    return default_bytes (info, plane) / ((guint64) x * (guint64) y)
           * (guint64) GST_VIDEO_TILE_X_TILES (stride) * (guint64) GST_VIDEO_TILE_Y_TILES (stride);
  }
  measure_rows (info, plane, &rows, &bytes);
  return stride < bytes ? 0 : (guint64) ((rows - 1) * stride + bytes);
}

/* GStreamer's vector code takes pixels, and pairs of them that share chroma, for words of their own
 * size: a processor that finds one across such words may end the process. */
static gsize
word_of (const GstVideoFormatInfo *f, guint plane)
{
  gint word = 1;

  if (GST_VIDEO_FORMAT_INFO_IS_TILED (f))
    return 1;
  for (guint c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (f); c++)
    if (GST_VIDEO_FORMAT_INFO_PLANE (f, c) == plane)
      word = MAX (word, GST_VIDEO_FORMAT_INFO_PSTRIDE (f, c));
  return (word & (word - 1)) == 0 ? (gsize) word : 1;
}

static gboolean
is_in_one_memory (gsize at, guint64 bytes, const gsize *memories, guint n_memories)
{
  for (guint i = 0; i < n_memories; i++) {
    if (at < memories[i])
      return bytes <= memories[i] - at;
    at -= memories[i];
  }
  return FALSE;
}

/* @layout: of pictures of the size of @meta */
static gboolean
check_planes (const GstVideoInfo *layout, const GstVideoMeta *meta, const gsize *memories,
    guint n_memories, TribFramePlace *place, GError **error)
{
  gsize total = 0;

  for (guint i = 0; i < n_memories; i++)
    total += MIN (memories[i], G_MAXSIZE - total);
  if (meta == NULL && total < GST_VIDEO_INFO_SIZE (layout))
    return refuse (error, TRIB_FRAME_FAULT_MEMORY,
        "a buffer of %" G_GSIZE_FORMAT
        " bytes does not hold a %s picture of %dx%d (%" G_GSIZE_FORMAT " bytes)",
        total, GST_VIDEO_INFO_NAME (layout), GST_VIDEO_INFO_WIDTH (layout),
        GST_VIDEO_INFO_HEIGHT (layout), GST_VIDEO_INFO_SIZE (layout));
  for (guint p = 0; meta != NULL && p < GST_VIDEO_INFO_N_PLANES (layout); p++) {
    guint64 bytes = plane_bytes (layout, p, meta->stride[p]);

    /* GStreamer's arithmetic on rows is that of int */
    if (bytes == 0 || bytes > G_MAXINT)
      return refuse (error, TRIB_FRAME_FAULT_STRIDE,
          "rows of %d bytes in plane %u of a %s picture of %dx%d", meta->stride[p], p,
          GST_VIDEO_INFO_NAME (layout), GST_VIDEO_INFO_WIDTH (layout),
          GST_VIDEO_INFO_HEIGHT (layout));
    if (((gsize) meta->stride[p] | meta->offset[p]) % word_of (layout->finfo, p) != 0
        && !is_palette (layout->finfo, p))
      return refuse (error, TRIB_FRAME_FAULT_STRIDE,
          "plane %u of a %s picture has rows of %d bytes from %" G_GSIZE_FORMAT
          " on, and words of %" G_GSIZE_FORMAT,
          p, GST_VIDEO_INFO_NAME (layout), meta->stride[p], meta->offset[p],
          word_of (layout->finfo, p));
    if (meta->offset[p] > total || bytes > total - meta->offset[p])
      return refuse (error, TRIB_FRAME_FAULT_MEMORY,
          "plane %u of a %s picture of %dx%d has %" G_GUINT64_FORMAT " bytes from %" G_GSIZE_FORMAT
          " on, in a buffer of %" G_GSIZE_FORMAT,
          p, GST_VIDEO_INFO_NAME (layout), GST_VIDEO_INFO_WIDTH (layout),
          GST_VIDEO_INFO_HEIGHT (layout), bytes, meta->offset[p], total);
    if (!is_in_one_memory (meta->offset[p], bytes, memories, n_memories))
      place->whole = TRUE;
  }
  return TRUE;
}

/* ---- crop ---- */

/* A crop can begin where all components have a sample, and, of two fields, with the first. */
static void
crop_steps (const GstVideoInfo *info, guint *ret_x, guint *ret_y)
{
  const GstVideoFormatInfo *f = info->finfo;
  gboolean tiled = GST_VIDEO_FORMAT_INFO_IS_TILED (f);

  *ret_x = *ret_y = 1;
  for (guint c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (f); c++) {
    guint x = 1u << GST_VIDEO_FORMAT_INFO_W_SUB (f, c),
          y = 1u << GST_VIDEO_FORMAT_INFO_H_SUB (f, c);

    /* no picture is as wide: only 0 is left */
    *ret_x = MAX (*ret_x, tiled || is_opaque (f, c) ? G_MAXUINT : x);
    *ret_y = MAX (*ret_y, tiled ? G_MAXUINT : GST_VIDEO_INFO_IS_INTERLACED (info) ? 2 * y : y);
  }
}

static gboolean
apply_crop (const GstVideoInfo *info, const GstVideoInfo *layout, const GstVideoMeta *meta,
    const GstVideoCropMeta *crop, TribFramePlace *place, GError **error)
{
  const GstVideoFormatInfo *f = info->finfo;
  guint width = (guint) GST_VIDEO_INFO_WIDTH (info), height = (guint) GST_VIDEO_INFO_HEIGHT (info);
  guint step_x, step_y;

  if (crop == NULL)
    return TRUE;
  if (crop->width != width || crop->height != height
      || crop->x > (guint) GST_VIDEO_INFO_WIDTH (layout) - width
      || crop->y > (guint) GST_VIDEO_INFO_HEIGHT (layout) - height)
    return refuse (error, TRIB_FRAME_FAULT_CROP,
        "a crop of %ux%u at %u,%u in a picture of %dx%d, and caps of %ux%u", crop->width,
        crop->height, crop->x, crop->y, GST_VIDEO_INFO_WIDTH (layout),
        GST_VIDEO_INFO_HEIGHT (layout), width, height);
  crop_steps (info, &step_x, &step_y);
  if (crop->x % step_x != 0 || crop->y % step_y != 0)
    return refuse (error, TRIB_FRAME_FAULT_CROP, "a crop at %u,%u begins inside a sample of %s%s",
        crop->x, crop->y, GST_VIDEO_INFO_IS_INTERLACED (info) ? "interlaced " : "",
        GST_VIDEO_INFO_NAME (info));
  if (crop->x == 0 && crop->y == 0)
    return TRUE;
  place->plain = FALSE;
  for (guint c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (f); c++) {
    guint plane = GST_VIDEO_FORMAT_INFO_PLANE (f, c);
    gint stride = meta ? meta->stride[plane] : GST_VIDEO_INFO_PLANE_STRIDE (layout, plane);

    if (is_palette (f, plane))
      continue;
    place->start[plane] = (gsize) (crop->y >> GST_VIDEO_FORMAT_INFO_H_SUB (f, c)) * (gsize) stride;
    if (crop->x != 0)
      place->start[plane] += (gsize) (crop->x >> GST_VIDEO_FORMAT_INFO_W_SUB (f, c))
                             * (gsize) GST_VIDEO_FORMAT_INFO_PSTRIDE (f, c);
  }
  return TRUE;
}

/* ---- all of it ---- */

/* the layout that GStreamer would give to a picture as large as @meta says */
static gboolean
lay_out (const GstVideoInfo *info, const GstVideoMeta *meta, GstVideoInfo *layout, GError **error)
{
  guint width = (guint) GST_VIDEO_INFO_WIDTH (info), height = (guint) GST_VIDEO_INFO_HEIGHT (info);

  *layout = *info;
  if (meta == NULL)
    return TRUE;
  if (meta->format != GST_VIDEO_INFO_FORMAT (info)
      || meta->n_planes != GST_VIDEO_INFO_N_PLANES (info))
    return refuse (error, TRIB_FRAME_FAULT_FORMAT,
        "format %d with %u planes, where caps say %s with %u", (gint) meta->format, meta->n_planes,
        GST_VIDEO_INFO_NAME (info), GST_VIDEO_INFO_N_PLANES (info));
  if (meta->width == width && meta->height == height)
    return TRUE;
  if (meta->width < width || meta->height < height
      || !gst_video_info_set_interlaced_format (
          layout, meta->format, GST_VIDEO_INFO_INTERLACE_MODE (info), meta->width, meta->height))
    return refuse (error, TRIB_FRAME_FAULT_SIZE, "a picture of %ux%u, where caps say %ux%u",
        meta->width, meta->height, width, height);
  return TRUE;
}

/**
 * trib_frame_place:
 * @info: of the caps
 * @meta: (nullable): of the buffer
 * @crop: (nullable): of the buffer
 * @memories: (array length=n_memories): bytes in each memory of the buffer
 * @n_memories: how many
 * @ret_place: (out caller-allocates): where the picture is
 * @error: return location
 *
 * All that @meta states must lie inside of the memory. The picture is the part of it that @crop
 * states, which has the size of the caps; without, the upper left one. Looks at numbers only.
 *
 * Returns: FALSE with %TRIB_FRAME_MAP_ERROR and a #TribFrameFault when there is no such picture
 */
gboolean
trib_frame_place (const GstVideoInfo *info, const GstVideoMeta *meta, const GstVideoCropMeta *crop,
    const gsize *memories, guint n_memories, TribFramePlace *ret_place, GError **error)
{
  GstVideoInfo layout;

  *ret_place = (TribFramePlace){ 0 };
  if (!lay_out (info, meta, &layout, error)
      || !check_planes (&layout, meta, memories, n_memories, ret_place, error))
    return FALSE;
  ret_place->plain = !ret_place->whole
                     && GST_VIDEO_INFO_WIDTH (info) == GST_VIDEO_INFO_WIDTH (&layout)
                     && GST_VIDEO_INFO_HEIGHT (info) == GST_VIDEO_INFO_HEIGHT (&layout);
  return apply_crop (info, &layout, meta, crop, ret_place, error);
}

/**
 * trib_frame_place_buffer:
 *
 * As trib_frame_place(), for @buffer. Does not map its memory.
 */
gboolean
trib_frame_place_buffer (
    const GstVideoInfo *info, GstBuffer *buffer, TribFramePlace *ret_place, GError **error)
{
  gsize memories[MAX_MEMORIES];
  guint n = MIN (gst_buffer_n_memory (buffer), MAX_MEMORIES);

  for (guint i = 0; i < n; i++)
    memories[i] = gst_memory_get_sizes (gst_buffer_peek_memory (buffer, i), NULL, NULL);
  return trib_frame_place (info, gst_buffer_get_video_meta (buffer),
      gst_buffer_get_video_crop_meta (buffer), memories, n, ret_place, error);
}

static gboolean
is_aligned (const GstVideoFrame *frame)
{
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES (frame); p++)
    if ((guintptr) frame->data[p] % word_of (frame->info.finfo, p) != 0)
      return FALSE;
  return TRUE;
}

/* GStreamer's code for samples that share words reads the last word to its end, beyond buffers of
 * its own: 4 bytes, or, of NV12_10BE_8L128, a tile of 1024 */
#define PADDING 1024

static gboolean
needs_padding (const GstVideoInfo *info)
{
  return GST_VIDEO_FORMAT_INFO_IS_COMPLEX (info->finfo);
}

/* (transfer full) (nullable): all bytes of @buffer, aligned and padded */
static GstMemory *
move (GstBuffer *buffer)
{
  GstAllocationParams params = { .align = 15, .padding = PADDING };
  gsize size = gst_buffer_get_size (buffer), moved = 0;
  GstMemory *memory = gst_allocator_alloc (NULL, size, &params);
  GstMapInfo map;

  if (memory != NULL && gst_memory_map (memory, &map, GST_MAP_WRITE)) {
    moved = gst_buffer_extract (buffer, 0, map.data, size);
    gst_memory_unmap (memory, &map);
  }
  if (moved != size)
    g_clear_pointer (&memory, gst_memory_unref);
  return memory;
}

/* one memory, in which GStreamer finds each plane, and its words */
static gboolean
map_moved (GstVideoFrame *frame, const GstVideoInfo *info, GstBuffer *buffer, GstMapFlags flags)
{
  GstMemory *moved = move (buffer);
  g_autoptr (GstBuffer) copy = NULL;

  if (moved == NULL)
    return FALSE;
  if ((flags & GST_MAP_WRITE) == 0)
    buffer = copy = gst_buffer_copy (buffer);
  gst_buffer_replace_all_memory (buffer, moved);
  return gst_video_frame_map (frame, info, buffer, flags);
}

/**
 * trib_frame_map:
 * @ret_frame: (out caller-allocates): the picture, of exactly the size of @info; for
 *   gst_video_frame_unmap()
 * @info: of the caps
 * @buffer: a picture; writable when @flags have %GST_MAP_WRITE
 * @flags: how to map it
 * @error: return location
 *
 * Returns: FALSE with %TRIB_FRAME_MAP_ERROR and a #TribFrameFault
 */
gboolean
trib_frame_map (GstVideoFrame *ret_frame, const GstVideoInfo *info, GstBuffer *buffer,
    GstMapFlags flags, GError **error)
{
  TribFramePlace place;
  gboolean mapped;

  if (!trib_frame_place_buffer (info, buffer, &place, error))
    return FALSE;
  mapped = !place.whole && !needs_padding (info)
           && gst_video_frame_map (ret_frame, info, buffer, flags);
  if (mapped && !is_aligned (ret_frame)) {
    gst_video_frame_unmap (ret_frame);
    mapped = FALSE;
  }
  if (!mapped && !map_moved (ret_frame, info, buffer, flags))
    return refuse (error, TRIB_FRAME_FAULT_ACCESS,
        "a buffer of %" G_GSIZE_FORMAT " bytes cannot be mapped", gst_buffer_get_size (buffer));
  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES (info); p++)
    ret_frame->data[p] = (guint8 *) ret_frame->data[p] + place.start[p];
  if (GST_VIDEO_FRAME_IS_INTERLACED (ret_frame) && !has_fields (info))
    ret_frame->flags = (GstVideoFrameFlags) (ret_frame->flags & ~GST_VIDEO_FRAME_FLAG_INTERLACED);
  ret_frame->info.width = info->width;
  ret_frame->info.height = info->height;
  return TRUE;
}
