/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Capture times of one stream: wall time of the run's start plus a frame's running time. Of a live
 * pipeline each time of PLAYING is a run of its own, and its start follows the wall clock without
 * a step (docs/internals/frame-identity.md). Plain data, one thread. */

typedef struct {
  gboolean has_start;
  gint64 start_ns;                   /* wall time, ns since the epoch, at running time 0 */
  gint64 from_running_ns, before_ns; /* frames of a lower running time are of the run before */
  gboolean has_reached;
  gint64 reached_ns; /* the highest running time that the start has followed */
} TribCaptureTime;

void trib_capture_time_begin (TribCaptureTime *c, gint64 start_ns, gint64 from_running_ns);
gboolean trib_capture_time_follow (TribCaptureTime *c, gint64 running_ns, gint64 start_ns);
gint64 trib_capture_time_at (const TribCaptureTime *c, gint64 running_ns);

#define TRIB_CAPTURE_TIME_ERROR (trib_capture_time_error_quark ())
GQuark trib_capture_time_error_quark (void);

gboolean trib_capture_time_parse (const gchar *text, gint64 *ret_ns, GError **error);
gboolean trib_capture_time_from_date (GDateTime *date, gint64 *ret_ns);
gboolean trib_capture_time_from_ntp (guint64 ntp_ns, gint64 *ret_ns);

G_END_DECLS
