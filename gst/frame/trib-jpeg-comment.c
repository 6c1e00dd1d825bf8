/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-jpeg-comment.h"

#include <string.h>

#define SOI 0xd8
#define APP0 0xe0
#define APP15 0xef
#define COM 0xfe
/* more than any encoder's: a file that begins with more segments than this is left alone */
#define MAX_SEGMENTS 64

/* Where the APPn segments behind SOI end; 0: this does not begin like a JPEG. Reads no more than
 * the four bytes that begin each segment. */
static gsize
find_place (GstBuffer *jpeg)
{
  gsize size = gst_buffer_get_size (jpeg), at = 2;
  guint8 head[4];

  if (gst_buffer_extract (jpeg, 0, head, 2) != 2 || head[0] != 0xff || head[1] != SOI)
    return 0;
  for (guint i = 0; i < MAX_SEGMENTS; i++) {
    gsize length;

    if (gst_buffer_extract (jpeg, at, head, 4) != 4 || head[0] != 0xff)
      return 0;
    if (head[1] < APP0 || head[1] > APP15)
      return at;
    length = (gsize) head[2] << 8 | head[3];
    if (length < 2 || length > size - at - 2)
      return 0;
    at += 2 + length;
  }
  return 0;
}

static GstMemory *
make_segment (guint64 frame_id, gint64 t_ns)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"frame_id\":%" G_GUINT64_FORMAT ",\"t_ns\":%" G_GINT64_FORMAT "}", frame_id, t_ns);
  gsize len = strlen (text);
  guint8 *bytes = g_malloc (4 + len);

  bytes[0] = 0xff;
  bytes[1] = COM;
  /* two numbers of 20 digits at most: never near 65533 */
  bytes[2] = (guint8) ((len + 2) >> 8);
  bytes[3] = (guint8) (len + 2);
  memcpy (bytes + 4, text, len);
  return gst_memory_new_wrapped (0, bytes, 4 + len, 0, 4 + len, bytes, g_free);
}

/**
 * trib_jpeg_comment_add:
 * @jpeg: (transfer full): one picture
 * @frame_id: index of the frame in its stream
 * @t_ns: capture time, nanoseconds since the Unix epoch
 *
 * The picture's own bytes are not copied: the result is what stands before the comment, the
 * comment, and the rest, as memories of their own. Any thread.
 *
 * Returns: (transfer full): the picture with its comment; @jpeg itself when it does not begin like
 * a
 *   JPEG
 */
GstBuffer *
trib_jpeg_comment_add (GstBuffer *jpeg, guint64 frame_id, gint64 t_ns)
{
  gsize place = find_place (jpeg);
  GstBuffer *result;

  if (place == 0)
    return jpeg;
  result = gst_buffer_new ();
  gst_buffer_copy_into (result, jpeg, GST_BUFFER_COPY_METADATA, 0, -1);
  gst_buffer_copy_into (result, jpeg, GST_BUFFER_COPY_MEMORY, 0, place);
  gst_buffer_append_memory (result, make_segment (frame_id, t_ns));
  gst_buffer_copy_into (result, jpeg, GST_BUFFER_COPY_MEMORY, place, -1);
  gst_buffer_unref (jpeg);
  return result;
}
