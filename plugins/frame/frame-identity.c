/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-identity.h"

#include <common/trib-frame-id.h>
#include <frame/trib-frame-session.h>

static gboolean
check_part (FrameIdentityPart part, const gchar *value, GError **error)
{
  gint64 ns;

  switch (part) {
    case FRAME_IDENTITY_SESSION:
      return trib_session_id_check (value, error);
    case FRAME_IDENTITY_STREAM:
      return trib_stream_id_check (value, error);
    default:
      return trib_capture_time_parse (value, &ns, error);
  }
}

/**
 * frame_identity_accept:
 * @self: the identity of @element's frames
 * @element: the element
 * @part: of which property
 * @value: (nullable): what it is to be; %NULL: not set
 *
 * A value that is not valid is refused, and the next start fails with its error.
 *
 * @thread: any
 * @locks: takes OBJECT_LOCK
 *
 * Returns: whether the property may have it
 */
gboolean
frame_identity_accept (
    FrameIdentity *self, GstElement *element, FrameIdentityPart part, const gchar *value)
{
  g_autoptr (GError) error = NULL;
  gboolean valid = value == NULL || check_part (part, value, &error);

  if (!valid)
    GST_WARNING_OBJECT (element, "refused: %s", error->message);
  GST_OBJECT_LOCK (element);
  g_clear_error (&self->bad[part]);
  self->bad[part] = g_steal_pointer (&error);
  if (valid)
    self->is_set[part] = value != NULL;
  GST_OBJECT_UNLOCK (element);
  return valid;
}

/**
 * frame_identity_read:
 * @self: the identity of @element's frames
 * @element: the element
 * @part: of which property
 * @value: has what the settings say; gets what frames really have, where nothing is set
 *
 * @thread: any
 * @locks: takes OBJECT_LOCK
 */
void
frame_identity_read (
    FrameIdentity *self, GstElement *element, FrameIdentityPart part, GValue *value)
{
  GST_OBJECT_LOCK (element);
  if (!self->is_set[part] && self->in_use[part])
    g_value_set_string (value, self->in_use[part]);
  GST_OBJECT_UNLOCK (element);
}

static const gchar *
use (FrameIdentity *self, GstElement *element, FrameIdentityPart part, const gchar *id)
{
  if (g_strcmp0 (self->in_use[part], id) != 0) {
    GST_OBJECT_LOCK (element);
    g_free (self->in_use[part]);
    self->in_use[part] = g_strdup (id);
    GST_OBJECT_UNLOCK (element);
  }
  return self->in_use[part];
}

/**
 * frame_identity_start:
 * @self: the identity of @element's frames
 * @element: the element, which posts an error when a property was refused
 * @settings: what its properties say, guarded by its OBJECT_LOCK
 *
 * From READY to PAUSED, before the pads are active.
 *
 * @locks: takes OBJECT_LOCK
 *
 * Returns: whether frames can be identified
 */
gboolean
frame_identity_start (
    FrameIdentity *self, GstElement *element, const FrameIdentitySettings *settings)
{
  g_autofree gchar *bad = NULL;

  GST_OBJECT_LOCK (element);
  for (guint i = 0; i < FRAME_IDENTITY_PARTS; i++) {
    if (bad == NULL && self->bad[i])
      bad = g_strdup (self->bad[i]->message);
    g_free (self->own[i]);
    self->own[i] = g_strdup (settings->part[i]);
    self->wins[i] = self->is_set[i];
  }
  GST_OBJECT_UNLOCK (element);
  if (bad) {
    GST_ELEMENT_ERROR (
        element, RESOURCE, SETTINGS, ("Frames cannot be identified: %s.", bad), (NULL));
    return FALSE;
  }
  if (self->own[FRAME_IDENTITY_SESSION] == NULL)
    self->own[FRAME_IDENTITY_SESSION] = trib_frame_session_new ();
  for (guint i = 0; i < FRAME_IDENTITY_TIME_ORIGIN; i++)
    use (self, element, i, self->own[i]);
  /* what cannot be parsed was refused */
  trib_frame_stamper_begin (&self->stamper, self->own[FRAME_IDENTITY_TIME_ORIGIN], NULL);
  return TRUE;
}

/**
 * frame_identity_stamp:
 * @self: the identity of @element's frames
 * @element: the element
 * @buffer: a frame; only read
 * @segment: the segment that it is in
 * @ret_info: (out caller-allocates): its identity; the ids live until the next frame
 *
 * @thread: streaming
 * @locks: takes OBJECT_LOCK
 *
 * Returns: whether it differs from what @buffer carries
 */
gboolean
frame_identity_stamp (FrameIdentity *self, GstElement *element, GstBuffer *buffer,
    const GstSegment *segment, TribFrameInfo *ret_info)
{
  const gchar *session = self->own[FRAME_IDENTITY_SESSION];
  const gchar *stream = self->own[FRAME_IDENTITY_STREAM];
  gboolean changes = !trib_frame_meta_get (buffer, ret_info);

  if (changes)
    trib_frame_stamper_identify (&self->stamper, element, buffer, segment, session, stream,
        g_get_real_time () * 1000, ret_info);
  if (self->wins[FRAME_IDENTITY_SESSION] && !g_str_equal (ret_info->session, session)) {
    ret_info->session = session;
    changes = TRUE;
  }
  if (self->wins[FRAME_IDENTITY_STREAM] && !g_str_equal (ret_info->stream, stream)) {
    ret_info->stream = stream;
    changes = TRUE;
  }
  ret_info->session = use (self, element, FRAME_IDENTITY_SESSION, ret_info->session);
  ret_info->stream = use (self, element, FRAME_IDENTITY_STREAM, ret_info->stream);
  return changes;
}

void
frame_identity_clear (FrameIdentity *self)
{
  for (guint i = 0; i < FRAME_IDENTITY_PARTS; i++) {
    g_clear_error (&self->bad[i]);
    g_clear_pointer (&self->in_use[i], g_free);
    g_clear_pointer (&self->own[i], g_free);
  }
}
