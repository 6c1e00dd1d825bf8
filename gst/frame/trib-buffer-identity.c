/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-buffer-identity.h"

#include <common/trib-frame-id.h>

#include "trib-frame-meta.h"

/**
 * trib_buffer_set_identity:
 * @buffer: a writable frame
 * @session: session id
 * @stream: stream id, without '_'
 * @index: frame index within the stream, from 0
 * @t_ns: capture time, nanoseconds since the Unix epoch
 * @error: return location
 *
 * Gives @buffer this identity, in place of the one that it has. A frame without the flag
 * %GST_BUFFER_FLAG_DELTA_UNIT is one that can be decoded by itself. After gst_init(), any thread
 * that owns @buffer.
 *
 * Returns: whether it has it; not when an id is not valid in a frame id, or @buffer is not writable
 */
gboolean
trib_buffer_set_identity (GstBuffer *buffer, const gchar *session, const gchar *stream,
    guint64 index, gint64 t_ns, GError **error)
{
  TribFrameInfo info
      = { .quality = -1, .key = !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT) };

  if (!trib_session_id_check (session, error) || !trib_stream_id_check (stream, error))
    return FALSE;
  if (!gst_buffer_is_writable (buffer)) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
        "the buffer is not writable, because others hold it as well; gst_buffer_copy_region() "
        "makes "
        "one that is");
    return FALSE;
  }
  trib_frame_meta_get (buffer, &info);
  info.session = session;
  info.stream = stream;
  info.index = index;
  info.t_ns = t_ns;
  info.time_source = TRIB_TIME_SOURCE_META;
  trib_frame_meta_set (buffer, &info);
  return TRUE;
}

/**
 * trib_buffer_get_identity:
 * @buffer: a frame
 * @session: (out) (optional) (nullable) (transfer full): session id
 * @stream: (out) (optional) (nullable) (transfer full): stream id
 * @index: (out) (optional): frame index within the stream
 * @t_ns: (out) (optional): capture time, nanoseconds since the Unix epoch
 *
 * Any thread, after gst_init().
 *
 * Returns: whether @buffer has an identity; without, ids are %NULL and numbers 0
 */
gboolean
trib_buffer_get_identity (
    GstBuffer *buffer, gchar **session, gchar **stream, guint64 *index, gint64 *t_ns)
{
  TribFrameInfo info = { 0 };
  gboolean has = trib_frame_meta_get (buffer, &info);

  if (session)
    *session = g_strdup (info.session);
  if (stream)
    *stream = g_strdup (info.stream);
  if (index)
    *index = info.index;
  if (t_ns)
    *t_ns = info.t_ns;
  return has;
}
