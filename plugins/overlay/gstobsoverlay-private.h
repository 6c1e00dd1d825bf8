/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <common/trib-silence.h>
#include <frame/trib-frame-map.h>
#include <overlay/trib-overlay-join.h>
#include <overlay/trib-overlay-paint.h>
#include <record/trib-record-reader.h>

#include "gstobsoverlay.h"
#include "obs-overlay-canvas.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (obs_overlay_debug);

typedef struct {
  guint max_wait_ms, hold_ms, window_ms;
  gboolean max_wait_set; /* by the user; else a frame of a file waits without a limit */
  guint draw;            /* TribOverlayDraw */
  gchar *font;
  guint line_width;
  guint max_pending;
  guint64 max_pending_bytes;
} ObsOverlaySettings;

/* those of frames and records that TribOverlayJoin does not count */
typedef struct {
  guint64 frames_in, frames_drawn, frames_stale, frames_without, frames_dropped;
  guint64 frames_waited, waits_expired;
  guint64 refused[TRIB_FRAME_N_FAULTS]; /* those are dropped */
  guint64 records_invalid, records_other;
  guint64 things_refused, things_left_out;
} ObsOverlayCounts;

struct _GstObsOverlay {
  GstBaseTransform parent;
  GstPad *records;

  /* OBJECT_LOCK */
  ObsOverlaySettings settings;

  /* lock; cond is signalled when a condition of a waiting frame may have changed */
  GMutex lock;
  GCond cond;
  TribOverlayJoin *join;
  gboolean flushing; /* of the video, or the element is stopping */
  gboolean records_ended;
  gboolean records_flushing;
  guint n_flushes; /* of the records */
  gboolean live_known;
  gboolean is_live; /* of the video, by the last LATENCY query */
  gboolean waits;   /* neither the video nor the records are live, and no limit is set */
  TribSilence silence;
  GstClockTime upstream_latency;
  GstClockTime earliest; /* running time that is not late, by QoS; NONE: any */
  ObsOverlayCounts counts;

  /* streaming thread of the video */
  GstVideoInfo info;
  gboolean attach; /* downstream blends */
  TribOverlayScene *scene;
  ObsOverlayCanvas *canvas;
  GPtrArray *found; /* of TribOverlayRecord: those of the current frame */

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
