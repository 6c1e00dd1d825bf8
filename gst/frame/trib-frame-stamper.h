/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-frame-meta.h"

G_BEGIN_DECLS

/* Gives frames that carry no identity one: session and stream of the element, the next index, and a
 * capture time. One per stream, streaming thread only. Capture time, first that is there:
 *   1. GstReferenceTimestampMeta with caps timestamp/x-unix            -> "reference"
 *   2. wall time of the stream's start + running time of the PTS       -> "running-time"
 *   3. the wall clock                                                   -> "wall"
 * The stream's start is measured once, at the first frame with a running time: wall time now minus
 * how long the pipeline has been running by its clock when the element is PLAYING with a clock,
 * else minus that frame's running time. */

typedef struct {
  guint64 next_index;
  gboolean has_start;
  gint64 start_ns; /* wall time, ns since the epoch, at running time 0 */
} TribFrameStamper;

void trib_frame_stamper_reset (TribFrameStamper *s);
/* Fills @ret_info from the buffer's meta when there is one (time_source META, index etc.
 * untouched); else makes it from
 * @session, @stream and the rules above and takes the next index. @wall_ns: g_get_real_time() *
 * 1000, handed in. */
void trib_frame_stamper_identify (TribFrameStamper *s, GstElement *element, GstBuffer *buffer,
    const GstSegment *segment, const gchar *session, const gchar *stream, gint64 wall_ns,
    TribFrameInfo *ret_info);

G_END_DECLS
