/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstkafkamedia.h"

#include <frame/trib-frame-map.h>
#include <kafka/layout/trib-kafka-content.h>

#include <string.h>

static void
describe_raw (GstKafkaMedia *media)
{
  GstVideoFormat format = GST_VIDEO_INFO_FORMAT (&media->video);

  media->frame.pixel_format = GST_VIDEO_INFO_NAME (&media->video);
  media->frame.channels = GST_VIDEO_INFO_IS_GRAY (&media->video) ? 1 : 3;
  media->packed = format == GST_VIDEO_FORMAT_RGB || format == GST_VIDEO_FORMAT_BGR
                  || format == GST_VIDEO_FORMAT_GRAY8;
}

/**
 * gst_kafka_media_from_caps:
 * @media: filled; must have been zeroed or cleared
 * @caps: fixed caps of the sink's template
 *
 * Returns: whether the caps describe frames that can be sent
 */
gboolean
gst_kafka_media_from_caps (GstKafkaMedia *media, GstCaps *caps)
{
  GstStructure *s = gst_caps_get_structure (caps, 0);
  const gchar *type = gst_structure_get_name (s);
  const TribKafkaFormat *format = trib_kafka_format_of_type (type, strlen (type));
  gint width = 0, height = 0;

  if (format == NULL)
    return FALSE;
  gst_structure_get_int (s, "width", &width);
  gst_structure_get_int (s, "height", &height);
  media->frame = (TribKafkaFrame){
    .content_type = format->type,
    .format = format->name,
    .width = MAX (width, 0),
    .height = MAX (height, 0),
    .channels = 3,
    .quality = -1,
  };
  media->has_delta = format->has_delta;
  media->is_raw = g_str_equal (format->name, "raw");
  if (media->is_raw) {
    if (!gst_video_info_from_caps (&media->video, caps))
      return FALSE;
    describe_raw (media);
  }
  media->caps = gst_caps_to_string (caps);
  media->frame.caps = media->caps;
  return TRUE;
}

void
gst_kafka_media_clear (GstKafkaMedia *media)
{
  g_free (media->caps);
  memset (media, 0, sizeof *media);
}

typedef struct {
  GstBuffer *buffer;
  GstMapInfo map;
} Mapped;

static void
unmap (gpointer data)
{
  Mapped *mapped = data;

  gst_buffer_unmap (mapped->buffer, &mapped->map);
  gst_buffer_unref (mapped->buffer);
  g_free (mapped);
}

/* the bytes as they lie; stays mapped until the last reference is gone */
static GBytes *
wrap (GstBuffer *buffer)
{
  Mapped *mapped = g_new (Mapped, 1);

  if (!gst_buffer_map (buffer, &mapped->map, GST_MAP_READ)) {
    g_free (mapped);
    return NULL;
  }
  mapped->buffer = gst_buffer_ref (buffer);
  return g_bytes_new_with_free_func (mapped->map.data, mapped->map.size, unmap, mapped);
}

/* the layout that readers of the topic expect, which need not be the buffer's */
static void
wanted_layout (const GstKafkaMedia *media, GstVideoInfo *ret_info)
{
  *ret_info = media->video;
  if (media->packed) {
    gint stride = GST_VIDEO_INFO_WIDTH (ret_info) * GST_VIDEO_INFO_COMP_PSTRIDE (ret_info, 0);
    GST_VIDEO_INFO_PLANE_STRIDE (ret_info, 0) = stride;
    ret_info->size = (gsize) stride * GST_VIDEO_INFO_HEIGHT (ret_info);
  }
}

static gboolean
has_layout (GstBuffer *buffer, const GstKafkaMedia *media, const GstVideoInfo *wanted)
{
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);

  if (gst_buffer_get_size (buffer) != wanted->size)
    return FALSE;
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (wanted); i++) {
    gint stride = meta ? meta->stride[i] : GST_VIDEO_INFO_PLANE_STRIDE (&media->video, i);
    gsize offset = meta ? meta->offset[i] : GST_VIDEO_INFO_PLANE_OFFSET (&media->video, i);
    if (stride != GST_VIDEO_INFO_PLANE_STRIDE (wanted, i)
        || offset != GST_VIDEO_INFO_PLANE_OFFSET (wanted, i))
      return FALSE;
  }
  return TRUE;
}

static GBytes *
repack (const GstKafkaMedia *media, GstBuffer *buffer, GstVideoInfo *wanted, GError **error)
{
  g_autoptr (GstBuffer) out = gst_buffer_new_allocate (NULL, wanted->size, NULL);
  GstVideoFrame from, to;
  gboolean ok;

  if (!trib_frame_map (&from, &media->video, buffer, GST_MAP_READ, error))
    return NULL;
  if (!gst_video_frame_map (&to, wanted, out, GST_MAP_WRITE)) {
    gst_video_frame_unmap (&from);
    return NULL;
  }
  ok = gst_video_frame_copy (&to, &from);
  gst_video_frame_unmap (&to);
  gst_video_frame_unmap (&from);
  return ok ? wrap (out) : NULL;
}

static GBytes *
copy_out (GstBuffer *buffer)
{
  gpointer data;
  gsize size;

  gst_buffer_extract_dup (buffer, 0, -1, &data, &size);
  return g_bytes_new_take (data, size);
}

/**
 * gst_kafka_buffer_held_bytes:
 * @buffer: a frame
 *
 * Encoders may return a small picture in memory of the size of the raw frame (jpegenc does): a
 * reference to the buffer keeps all of it.
 *
 * Returns: bytes that a reference keeps allocated
 */
guint64
gst_kafka_buffer_held_bytes (GstBuffer *buffer)
{
  guint64 held = 0;

  for (guint i = 0; i < gst_buffer_n_memory (buffer); i++) {
    gsize max_size;
    gst_memory_get_sizes (gst_buffer_peek_memory (buffer, i), NULL, &max_size);
    held += max_size;
  }
  return held;
}

/**
 * gst_kafka_bytes_new:
 * @buffer: a buffer
 * @compact: copy the bytes out instead of keeping @buffer
 * @ret_copied: (out): whether the bytes were copied once: @compact, or the buffer has several
 *   memories
 *
 * Returns: (transfer full) (nullable): the buffer's bytes as they lie; where they were not copied,
 *   they keep @buffer alive. %NULL when it cannot be read
 */
GBytes *
gst_kafka_bytes_new (GstBuffer *buffer, gboolean compact, gboolean *ret_copied)
{
  *ret_copied = compact || gst_buffer_n_memory (buffer) > 1;
  return *ret_copied ? copy_out (buffer) : wrap (buffer);
}

/**
 * gst_kafka_payload_new:
 * @media: the caps
 * @buffer: a frame
 * @compact: copy the bytes out instead of keeping @buffer
 * @ret_copied: (out): whether the bytes were copied once: @compact, or the buffer has several
 *   memories, or raw rows lie otherwise than readers expect
 * @error: return location: why a raw one is refused
 *
 * Returns: (transfer full) (nullable): the frame's bytes; where they were not copied, they keep
 *   @buffer alive. %NULL when it cannot be read, or is not the picture of its caps
 */
GBytes *
gst_kafka_payload_new (const GstKafkaMedia *media, GstBuffer *buffer, gboolean compact,
    gboolean *ret_copied, GError **error)
{
  if (media->is_raw) {
    TribFramePlace place;
    GstVideoInfo wanted;

    if (!trib_frame_place_buffer (&media->video, buffer, &place, error))
      return NULL;
    wanted_layout (media, &wanted);
    if (!place.plain || !has_layout (buffer, media, &wanted)) {
      *ret_copied = TRUE;
      return repack (media, buffer, &wanted, error);
    }
  }
  return gst_kafka_bytes_new (buffer, compact, ret_copied);
}
