/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* A JPEG file holds full-range BT.601 YCbCr (JFIF 1.02), but says nothing about it: an encoder that
 * is given other YUV writes wrong colours. This brings the usual layouts there in one pass over the
 * picture. Chroma keeps its place and its sub-sampling; RGB becomes 4:2:0. */

typedef enum {
  TRIB_JFIF_NONE,   /* not a layout this knows: use a general converter */
  TRIB_JFIF_DIRECT, /* is JFIF already */
  TRIB_JFIF_EXPAND, /* planar BT.601, limited range: each plane is stretched; may be done in place
                     */
  TRIB_JFIF_SPLIT,  /* NV12, NV21 in BT.601: into I420 */
  TRIB_JFIF_MATRIX, /* 4:2:0 of another matrix, any range: into I420 */
  TRIB_JFIF_RGB,    /* RGB in any order of its bytes: into I420 */
} TribJfifMode;

TribJfifMode trib_jfif_plan (const GstVideoInfo *in, GstVideoInfo *ret_out);
gboolean trib_jfif_convert (TribJfifMode mode, const GstVideoFrame *in, GstVideoFrame *out);

G_END_DECLS
