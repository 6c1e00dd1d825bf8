/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "trib-export.h"

G_BEGIN_DECLS

/* Frame identity as text (contract ARIA-2):
 *
 *   <session_id>_<stream_id>_<frame_index>_<timestamp_ns>
 *
 * Session ids may contain '_' and '-', so the text is read from the right. Stream ids may contain
 * '-' but no '_'. Numbers are plain decimal: no sign but a '-' before a timestamp, no leading zero.
 */

#define TRIB_FRAME_ID_MAX_BYTES 512
#define TRIB_SESSION_ID_MAX_BYTES 255
#define TRIB_STREAM_ID_MAX_BYTES 127

#define TRIB_FRAME_ID_ERROR (trib_frame_id_error_quark ())
TRIB_API GQuark trib_frame_id_error_quark (void);

typedef enum {
  TRIB_FRAME_ID_ERROR_SYNTAX, /* the text does not have the form above */
  TRIB_FRAME_ID_ERROR_RANGE,  /* a number does not fit, or a part is too long */
} TribFrameIdError;

/**
 * TribFrameIdView:
 * @session: first byte of the session id, inside the parsed text, not terminated
 * @session_len: its length in bytes
 * @stream: first byte of the stream id, likewise
 * @stream_len: its length in bytes
 * @index: frame index within the stream
 * @t_ns: capture time, nanoseconds since the Unix epoch
 *
 * The parts of a frame id, pointing into the text that was parsed.
 */
typedef struct {
  const gchar *session;
  gsize session_len;
  const gchar *stream;
  gsize stream_len;
  guint64 index;
  gint64 t_ns;
} TribFrameIdView;

TRIB_API gchar *trib_frame_id_format (
    const gchar *session, const gchar *stream, guint64 index, gint64 t_ns);
TRIB_API gboolean trib_frame_id_parse (
    const gchar *text, gssize len, TribFrameIdView *ret_view, GError **error);
TRIB_API gboolean trib_session_id_check (const gchar *session, GError **error);
TRIB_API gboolean trib_stream_id_check (const gchar *stream, GError **error);

G_END_DECLS
