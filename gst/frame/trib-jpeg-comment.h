/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Which frame a JPEG is, told inside the file: a COM segment (ITU-T T.81, B.2.4.5) that holds one map
 * of JSON, {"frame_id":N,"t_ns":N}. Readers of JPEG pass over comments, so that a process that is
 * given nothing but the bytes (contract OBS-9) knows what it looks at, and nobody else is disturbed.
 * It stands behind SOI and the APPn segments, because JFIF wants its own segment first. */

GstBuffer *trib_jpeg_comment_add (GstBuffer *jpeg, guint64 frame_id, gint64 t_ns);

G_END_DECLS
