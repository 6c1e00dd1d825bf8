/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-overlay-canvas.h"

#define MAX_SHEETS \
  4 /* kept for reuse; downstream may hold more, which are freed with their last reference */

/* a picture of the size of the video */
typedef struct {
  GstBuffer *buffer;
  GArray *areas; /* of TribOverlayArea: where it is not transparent */
} Sheet;

struct _ObsOverlayCanvas {
  guint width, height;
  GPtrArray *sheets;
  TribOverlayPainter *painter;
};

static void
free_sheet (gpointer data)
{
  Sheet *sheet = data;

  gst_buffer_unref (sheet->buffer);
  g_array_unref (sheet->areas);
  g_free (sheet);
}

ObsOverlayCanvas *
obs_overlay_canvas_new (void)
{
  ObsOverlayCanvas *canvas = g_new0 (ObsOverlayCanvas, 1);

  canvas->sheets = g_ptr_array_new_with_free_func (free_sheet);
  canvas->painter = trib_overlay_painter_new ();
  return canvas;
}

void
obs_overlay_canvas_free (ObsOverlayCanvas *canvas)
{
  g_ptr_array_unref (canvas->sheets);
  trib_overlay_painter_free (canvas->painter);
  g_free (canvas);
}

/* (nullable) one that is not referenced */
static Sheet *
find_sheet (ObsOverlayCanvas *canvas, const TribOverlayStyle *style)
{
  gsize size = (gsize) style->width * style->height * 4;
  Sheet *sheet;

  if (canvas->width != style->width || canvas->height != style->height)
    g_ptr_array_set_size (canvas->sheets, 0);
  canvas->width = style->width;
  canvas->height = style->height;
  for (guint i = 0; i < canvas->sheets->len; i++) {
    sheet = canvas->sheets->pdata[i];
    if (gst_buffer_is_writable (sheet->buffer) && gst_buffer_is_all_memory_writable (sheet->buffer))
      return sheet;
  }
  if (canvas->sheets->len == MAX_SHEETS)
    g_ptr_array_remove_index (canvas->sheets, 0);
  sheet = g_new0 (Sheet, 1);
  sheet->areas = g_array_new (FALSE, FALSE, sizeof (TribOverlayArea));
  sheet->buffer = gst_buffer_new_allocate (NULL, size, NULL);
  if (sheet->buffer == NULL) {
    g_array_unref (sheet->areas);
    g_free (sheet);
    return NULL;
  }
  gst_buffer_memset (sheet->buffer, 0, 0, size);
  g_ptr_array_add (canvas->sheets, sheet);
  return sheet;
}

static GstVideoOverlayRectangle *
make_rectangle (const Sheet *sheet, const TribOverlayArea *area, guint sheet_width)
{
  gint stride = (gint) sheet_width * 4;
  gsize offset = (gsize) area->y * (gsize) stride + (gsize) area->x * 4;
  gsize size = (gsize) (area->height - 1) * (gsize) stride + (gsize) area->width * 4;
  gsize offsets[GST_VIDEO_MAX_PLANES] = { 0 };
  gint strides[GST_VIDEO_MAX_PLANES] = { stride };
  GstBuffer *pixels = gst_buffer_copy_region (sheet->buffer, GST_BUFFER_COPY_MEMORY, offset, size);
  GstVideoOverlayRectangle *rectangle;

  gst_buffer_add_video_meta_full (pixels, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, (guint) area->width, (guint) area->height, 1,
      offsets, strides);
  rectangle = gst_video_overlay_rectangle_new_raw (pixels, area->x, area->y, (guint) area->width,
      (guint) area->height, GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  gst_buffer_unref (pixels);
  return rectangle;
}

/**
 * obs_overlay_canvas_compose:
 * @canvas: a canvas
 * @scene: the drawing
 * @style: its size is that of the video
 *
 * Returns: (transfer full) (nullable): @scene, %NULL when nothing of it is in the picture
 */
GstVideoOverlayComposition *
obs_overlay_canvas_compose (
    ObsOverlayCanvas *canvas, const TribOverlayScene *scene, const TribOverlayStyle *style)
{
  GstVideoOverlayComposition *composition = NULL;
  Sheet *sheet = find_sheet (canvas, style);
  GstMapInfo map;
  gboolean painted;

  if (sheet == NULL || !gst_buffer_map (sheet->buffer, &map, GST_MAP_READWRITE))
    return NULL;
  painted = trib_overlay_painter_paint (
      canvas->painter, scene, style, map.data, (gint) style->width * 4, sheet->areas);
  gst_buffer_unmap (sheet->buffer, &map);
  if (!painted)
    return NULL;
  for (guint i = 0; i < sheet->areas->len; i++) {
    GstVideoOverlayRectangle *rectangle
        = make_rectangle (sheet, &g_array_index (sheet->areas, TribOverlayArea, i), canvas->width);

    if (composition == NULL)
      composition = gst_video_overlay_composition_new (rectangle);
    else
      gst_video_overlay_composition_add_rectangle (composition, rectangle);
    gst_video_overlay_rectangle_unref (rectangle);
  }
  return composition;
}
