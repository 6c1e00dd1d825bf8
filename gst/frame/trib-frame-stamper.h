/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-log.h>

#include "trib-capture-time.h"
#include "trib-frame-meta.h"

G_BEGIN_DECLS

/* Gives frames that carry no identity one: session and stream of the element, the next index, and a
 * capture time. One per stream, streaming thread only. Capture time, first that is there:
 *   1. GstReferenceTimestampMeta with caps timestamp/x-unix or timestamp/x-ntp -> "reference"
 *   2. wall time of the run's start + running time of the PTS                  -> "running-time"
 *   3. the wall clock                                                          -> "wall"
 * Of a live pipeline the run begins with each PLAYING, and its start follows the wall clock; else
 * it is the container's date-time tag, or the moment of the first frame. An origin that is set
 * stands for all of that. */

extern TribLogCategory trib_frame_debug;

typedef struct {
  guint64 next_index;
  gboolean has_origin;
  gint64 origin_ns;
  gboolean is_live;     /* and without an origin */
  gconstpointer clock;  /* of the present run, to compare; NULL: not known */
  guint64 base_time;    /* likewise */
  TribCaptureTime time; /* begins with the first frame that has a running time */
} TribFrameStamper;

gboolean trib_frame_peer_is_live (GstPad *pad, GstClockTime *ret_min);

void trib_frame_stamper_reset (TribFrameStamper *s);
gboolean trib_frame_stamper_begin (TribFrameStamper *s, const gchar *origin, GError **error);
/* Fills @ret_info from the buffer's meta when there is one (time_source META, index etc.
 * untouched); else makes it from
 * @session, @stream and the rules above and takes the next index. @wall_ns: g_get_real_time() *
 * 1000, handed in. */
void trib_frame_stamper_identify (TribFrameStamper *s, GstElement *element, GstBuffer *buffer,
    const GstSegment *segment, const gchar *session, const gchar *stream, gint64 wall_ns,
    TribFrameInfo *ret_info);

G_END_DECLS
