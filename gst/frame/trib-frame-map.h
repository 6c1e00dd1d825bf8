/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* The picture of a buffer, checked before it is touched. Caps give its size; where its samples lie
 * is what the buffer's GstVideoMeta and GstVideoCropMeta state, and these can be wrong, on purpose
 * or not. GStreamer's own mapping, and its elements, take them for true. */

/* why a buffer is refused: codes of %TRIB_FRAME_MAP_ERROR, and indices of counters */
typedef enum {
  TRIB_FRAME_FAULT_FORMAT, /* another format, or number of planes, than that of the caps */
  TRIB_FRAME_FAULT_SIZE,   /* smaller than the caps, or impossible */
  TRIB_FRAME_FAULT_CROP,   /* not the size of the caps, outside of the picture, inside a sample */
  TRIB_FRAME_FAULT_STRIDE, /* rows overlap, lie bottom up or across pixels, or span 2 GiB */
  TRIB_FRAME_FAULT_MEMORY, /* the memory ends before the picture does */
  TRIB_FRAME_FAULT_ACCESS, /* the memory cannot be mapped */
  TRIB_FRAME_N_FAULTS
} TribFrameFault;

#define TRIB_FRAME_MAP_ERROR (trib_frame_map_error_quark ())
GQuark trib_frame_map_error_quark (void);
const gchar *trib_frame_fault_to_string (guint fault);

/**
 * TribFramePlace:
 * @start: bytes from where a plane begins to the first sample of the picture in it
 * @whole: a plane lies in more than one memory
 * @plain: the same as caps say, up to row lengths and offsets: any element can map the buffer
 */
typedef struct {
  gsize start[GST_VIDEO_MAX_PLANES];
  gboolean whole;
  gboolean plain;
} TribFramePlace;

gboolean trib_frame_place (const GstVideoInfo *info, const GstVideoMeta *meta,
    const GstVideoCropMeta *crop, const gsize *memories, guint n_memories,
    TribFramePlace *ret_place, GError **error);
gboolean trib_frame_place_buffer (
    const GstVideoInfo *info, GstBuffer *buffer, TribFramePlace *ret_place, GError **error);
gboolean trib_frame_map (GstVideoFrame *ret_frame, const GstVideoInfo *info, GstBuffer *buffer,
    GstMapFlags flags, GError **error);

G_END_DECLS
