/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <common/trib-frame-id.h>

#include "fuzz.h"

/* ARIA-2: a text that is taken as a frame id is given back, byte for byte, from its parts; the
 * parts are ids by themselves. A text that is refused is refused with a reason, and nothing is
 * given. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const TribFrameIdView untouched = { .index = 42, .t_ns = -42 };
  const gchar *text = (const gchar *) data;
  TribFrameIdView view = untouched;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *session = NULL;
  g_autofree gchar *stream = NULL;
  g_autofree gchar *again = NULL;

  if (!trib_frame_id_parse (size > 0 ? text : "", (gssize) size, &view, &error)) {
    g_assert (error != NULL && error->domain == TRIB_FRAME_ID_ERROR);
    g_assert (error->message[0] != '\0');
    g_assert (memcmp (&view, &untouched, sizeof view) == 0);
    return 0;
  }
  g_assert (error == NULL);
  session = g_strndup (view.session, view.session_len);
  stream = g_strndup (view.stream, view.stream_len);
  g_assert (trib_session_id_check (session, NULL));
  g_assert (trib_stream_id_check (stream, NULL));
  again = trib_frame_id_format (session, stream, view.index, view.t_ns);
  g_assert (strlen (again) == size && memcmp (again, text, size) == 0);
  return 0;
}
