/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstobsaligner.h"

#include <align/trib-align-streams.h>
#include <common/trib-notice.h>
#include <trace/trib-trace.h>

#include "obs-aligner-pad.h"
#include "obs-aligner-queue.h"
#include "obs-aligner-settings.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (obs_aligner_debug);

/* Private to obsaligner: gstobsaligner.c has states and properties, obs-aligner-pad.c the input,
 * obs-aligner-core.c the calls of gst/align and its events, obs-aligner-task.c the output,
 * obs-aligner-report.c messages, trace records and the arrival log. */

/* least time between two messages of a kind that can occur by the thousand */
#define OBS_NOTICE_INTERVAL_NS GST_SECOND

/* a push that lasts longer stops the idle clock; shorter ones are not worth two lines of the
 * arrival log each */
#define OBS_LASTING_PUSH_NS GST_MSECOND

typedef struct _ObsCore ObsCore;

/* of the element itself; the core has its own */
typedef struct {
  guint64 records_in, bytes_in;
  guint64 invalid;
  guint64 blocked;                 /* times that a source was blocked */
  guint64 frames_fused;            /* fused records made, later panes included */
  guint64 frames_out, records_out; /* pushed */
  guint64 frames_dropped;          /* in the output queue or by a failed push */
  guint64 dropped_full;            /* records of those, by reason */
  guint64 dropped_downstream;
  guint64 dropped_flush;
  guint64 dropped_encoding;
  guint64 late_out;
  guint64 sync_delays;
  guint64 control; /* announces, bounds, ends */
  guint64 gaps_in, gaps_out;
} ObsCounts;

struct _GstObsAligner {
  GstElement parent;

  /* set once */
  GstPad *srcpad;
  GstPad *mixedpad;
  GstClock *clock; /* the system's, monotonic */

  /* OBJECT_LOCK */
  ObsSettings settings;
  GstPad *latepad;
  guint next_pad;

  /* set going to PAUSED, cleared going to READY, with lock */
  TribTrace *trace;
  TribTrace *log;   /* of arrivals */
  GstClockID posts; /* (nullable): of stats, with the state lock only */
  ObsSettings now;  /* a copy of the settings */

  GMutex lock;
  GCond work;  /* something for the task */
  GCond space; /* in the output queue, for sources that are blocked */
  /* lock */
  guint waiting; /* sources that are blocked */
  ObsCore *core; /* NULL: not running */
  ObsQueue queue;
  GstClockID wait;   /* (nullable): the task sleeps on it */
  gboolean sleeping; /* the task, and it has not been woken */
  gint64 wakes_at;   /* deadline, G_MAXINT64: none */
  gboolean flushing; /* no input, no output: a flush, or inactive */
  gboolean flush_sent;
  gboolean seeking; /* the pads are flushed one after another */
  gboolean playing;
  gboolean eos; /* every pad has ended, and so has the output */
  gboolean any_eos;
  gboolean live;
  gint live_known;    /* atomic, too */
  GstFlowReturn flow; /* of the last push */
  gboolean in_push;
  gint64 push_since;
  gboolean stopped; /* the idle clock stands */
  guint group_id;
  gint64 offset; /* running time less t_ns, of the last record that had both */
  gboolean has_offset;
  ObsCounts counts;
  GstStructure *last_stats; /* of the last run, while there is none */
  GQueue messages;          /* of GstMessage, to be posted without lock */
  gint64 shift;             /* capture clock less monotonic clock, see obs-aligner-core.c */
  gboolean has_shift;
  TribNotice invalid_notice, late_notice, duplicate_notice, dropped_notice;
  guint64 pushing_results, pushing_records; /* out of the queue, not yet pushed */

  /* the task */
  gboolean started; /* stream-start, caps, segment are sent */
  gboolean late_started;
  gboolean discont;
  TribRecordFormat format;
  TribRecordFormat late_format;
  TribRecordReader *reader;
};

static inline gint64
obs_aligner_clock (GstObsAligner *self)
{
  return (gint64) gst_clock_get_time (self->clock);
}

/* releases the lock, then posts the queued messages */
void obs_aligner_unlock (GstObsAligner *self);

/* obs-aligner-core.c; all with lock */
gboolean obs_core_start (GstObsAligner *self, GError **error);
void obs_core_stop (GstObsAligner *self);
void obs_core_advance (GstObsAligner *self, gint64 now);
gint64 obs_core_next_deadline (GstObsAligner *self);
gboolean obs_core_push (GstObsAligner *self, GstObsAlignerPad *pad,
    const TribRecordEnvelope *envelope, TribAlignRecord *record, gint64 now);
void obs_core_gap (
    GstObsAligner *self, GstObsAlignerPad *pad, gint64 from, gint64 until, gint64 now);
void obs_core_pad_eos (GstObsAligner *self, GstObsAlignerPad *pad, gint64 now);
void obs_core_pad_gone (GstObsAligner *self, GstObsAlignerPad *pad);
TribAlignStreams *obs_core_get_streams (GstObsAligner *self);
void obs_core_finish (GstObsAligner *self, gint64 now);
void obs_core_flush_pad (GstObsAligner *self, GstObsAlignerPad *pad, gint64 now);
void obs_core_flush (GstObsAligner *self, gint64 now);
void obs_core_update_stopped (GstObsAligner *self, gint64 now);
void obs_core_set_live (GstObsAligner *self, gboolean live);
/* without lock */
void obs_core_settings_changed (GstObsAligner *self, guint id);

/* obs-aligner-task.c */
void obs_task_wake (GstObsAligner *self);
void obs_task_notify (GstObsAligner *self);
void obs_task_loop (gpointer user_data);
gboolean obs_task_has_space (GstObsAligner *self);

/* gstobsaligner.c */
GstPad *obs_aligner_get_late_pad (GstObsAligner *self);
gboolean obs_aligner_upstream_latency (GstObsAligner *self, GstClockTime *ret_min);

G_END_DECLS
