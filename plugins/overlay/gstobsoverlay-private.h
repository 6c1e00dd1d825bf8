/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <overlay/trib-overlay-join.h>
#include <overlay/trib-overlay-paint.h>
#include <record/trib-record-reader.h>

#include "gstobsoverlay.h"
#include "obs-overlay-canvas.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (obs_overlay_debug);

struct _GstObsOverlay {
  GstBaseTransform parent;
  GstPad *records;

  /* OBJECT_LOCK: the settings */
  guint max_wait_ms;
  guint hold_ms;
  guint window_ms;
  guint draw;
  gchar *font;
  guint line_width;
  guint max_pending;
  guint64 max_pending_bytes;

  /* lock; cond is signalled when any of these changes what a frame waits for */
  GMutex lock;
  GCond cond;
  TribOverlayJoin *join;
  gboolean flushing; /* the video is, or the element is on its way down */
  gboolean records_ended;
  gboolean records_flushing;
  gboolean is_live; /* as the last LATENCY query said */
  GstClockTime upstream_latency;
  GstClockTime earliest; /* running time that downstream wants now, by QoS; NONE: any */
  guint64 frames_in, frames_drawn, frames_stale, frames_without, frames_dropped;
  guint64 frames_waited, waits_expired;
  guint64 records_invalid, records_other;
  guint64 things_refused, things_left_out;

  /* streaming thread of the video */
  GstVideoInfo info;
  gboolean attach; /* downstream blends */
  TribOverlayScene *scene;
  ObsOverlayCanvas *canvas;
  GPtrArray *found; /* of TribOverlayRecord: those of the frame at hand */

  /* streaming thread of the records */
  TribRecordReader *reader;
  TribRecordFormat format;
  GstSegment segment;
  gboolean has_warned;
};

/* obs-overlay-records.c */
void obs_overlay_records_init (GstObsOverlay *self);
void obs_overlay_records_reset (GstObsOverlay *self);

/* obs-overlay-wait.c */
gboolean obs_overlay_find_records (GstObsOverlay *self, GstBuffer *frame, gint64 *ret_stale_ns);
gboolean obs_overlay_answer_latency (GstObsOverlay *self, GstQuery *query);
GstStructure *obs_overlay_make_stats (GstObsOverlay *self);

G_END_DECLS
