/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* The identity of a frame inside its JPEG file: a COM segment (ITU-T T.81, B.2.4.5) that holds one
 * map of JSON, {"frame_id":N,"t_ns":N}, for a process that receives the bytes only (contract
 * OBS-9). Readers of JPEG skip comments. The segment follows SOI and the APPn segments, because
 * JFIF requires its own segment first. */

GstBuffer *trib_jpeg_comment_add (GstBuffer *jpeg, guint64 frame_id, gint64 t_ns);

G_END_DECLS
