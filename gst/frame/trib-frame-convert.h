/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* The formats a frame can be compressed to, and what a raw picture must be like so that its colours
 * come out right:
 *
 *   raw    packed RGB or GRAY8, no padding between rows
 *   jpeg   full-range BT.601 YUV (JFIF) or GRAY8
 *   png    RGB or GRAY8
 *   webp   limited-range BT.601 I420 or RGB
 */

typedef enum {
  TRIB_FRAME_FORMAT_RAW,
  TRIB_FRAME_FORMAT_JPEG,
  TRIB_FRAME_FORMAT_PNG,
  TRIB_FRAME_FORMAT_WEBP,
} TribFrameFormat;

const gchar *trib_frame_format_to_string (TribFrameFormat format);
gint trib_frame_format_quality (TribFrameFormat format, gint wanted);

#define TRIB_FRAME_CONVERT_ERROR (trib_frame_convert_error_quark ())
GQuark trib_frame_convert_error_quark (void);

typedef enum {
  TRIB_FRAME_CONVERT_ERROR_UNSUPPORTED, /* no way from this picture to that format */
  TRIB_FRAME_CONVERT_ERROR_MEMORY,      /* none for a converted picture */
} TribFrameConvertError;

typedef struct _TribFrameConvert TribFrameConvert;

TribFrameConvert *trib_frame_convert_new (
    const GstVideoInfo *in, TribFrameFormat format, GError **error);
void trib_frame_convert_free (TribFrameConvert *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribFrameConvert, trib_frame_convert_free)
const GstVideoInfo *trib_frame_convert_get_out (const TribFrameConvert *c);
gboolean trib_frame_convert_is_direct (const TribFrameConvert *c);
GstBuffer *trib_frame_convert_run (TribFrameConvert *c, GstBuffer *buffer, GError **error);

G_END_DECLS
