/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <common/trib-notice.h>
#include <common/trib-silence.h>
#include <extract/trib-extract.h>
#include <frame/trib-frame-stamper.h>
#include <record/trib-record-envelope.h>
#include <trace/trib-trace.h>

#include "obs-extractor-settings.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (extractor_bin_debug);

/* Private to extractorbin: what its parts share.
 *
 *   gstextractorbin.c         the element: properties, pads, states
 *   gstextractorbranches.c    described branches: made, linked, shut down
 *   gstextractorsplit.c       frames in, to src and to the branches (inner element)
 *   gstextractorjoin.c        answers in, records out (inner element)
 *   obs-extractor.c           frames, time, flush and end, around gst/extract
 *   obs-extractor-branch.c    one thread a branch
 *   obs-extractor-answer.c    answers of a branch
 *   obs-extractor-outlet.c    the thread of the pad obs and of deadlines
 *   obs-extractor-records.c   own records, and those of branches as they go out
 *   obs-extractor-report.c    stats, messages, trace records
 *
 * One lock for all of it, released by obs_extractor_unlock(), which wakes the threads that can go
 * on. Nothing is pushed, posted, parsed or joined with it held. Frames are known to gst/extract
 * alone. */

typedef struct _ObsExtractor ObsExtractor;
typedef struct _ObsBranch ObsBranch;

/* of records that go out by obs, and of answers; the sums are those of extractorbin's stats */
typedef struct {
  guint64 own;   /* made here */
  guint64 taken; /* from branches */
  guint64 out;   /* pushed */
  guint64 queued;
  guint64 invalid;   /* unusable */
  guint64 unmatched; /* about unknown frames */
  guint64 lost_full, lost_not_linked, lost_failed, lost_flush;
  guint64 pts_duplicate;
  guint64 qos_out;
} ObsExtractorCounts;

typedef struct {
  guint64 taken, invalid;
} ObsBranchCounts;

typedef enum {
  OBS_BRANCH_IDLE,    /* not started */
  OBS_BRANCH_RUNNING, /* known to gst/extract by its number */
  OBS_BRANCH_FAILED,  /* it gets no frames any more */
  OBS_BRANCH_STOPPED, /* nothing is pushed any more: its thread returns */
} ObsBranchState;

/* an answer of a branch, while gst/extract finds its frame */
typedef struct {
  ObsBranch *branch;
  const TribRecordEnvelope *e;
  GstBuffer **
      /* (nullable) the buffer that is this record and nothing else; taken when it is queued */
      whole;
  GstBuffer **made; /* (nullable) likewise: made of a picture */
  gboolean nothing; /* of a picture without regions */
  gboolean taken;   /* it has been put into the queue of obs */
} ObsBranchAnswer;

struct _ObsBranch {
  gint references; /* atomic */

  /* set once */
  ObsExtractor *x; /* owned */
  gchar *name;
  TribExtractBranchConfig config;
  gboolean fatal;
  GstPad *srcpad;  /* owned; of the split */
  GstPad *sinkpad; /* owned; of the join */

  /* lock of the extractor */
  ObsBranchState state;
  gint number; /* gst/extract's; -1 unless running */
  GThread *thread;
  GThread *flush_thread; /* (nullable) of the last FLUSH_START */
  gboolean ended;        /* the thread has returned */
  gboolean waits;        /* the thread waits for `wake` */
  GCond wake;
  GQueue items;      /* of GstBuffer and GstEvent: to be pushed */
  gboolean flushing; /* a FLUSH_START is being pushed into it */
  gboolean eos_sent;
  gboolean failed; /* for stats, also once it is stopped */
  gchar *failure;  /* (nullable) before it was started */
  ObsBranchCounts counts;
  TribSilence silence;    /* of answers without a deadline */
  TribExtractCounts last; /* of gst/extract, until it was removed there */

  /* stream lock of the sink pad */
  TribRecordReader *reader;
  gboolean knows_caps;
  gboolean gives_records;
  TribRecordFormat format;
  GstVideoInfo *info; /* (nullable) of the video it returns */
};

struct _ObsExtractor {
  gint references; /* atomic */

  /* set once */
  GstElement *bin; /* not owned; outlives all threads but stuck ones, which do not use it */
  GstPad *sinkpad, *srcpad, *obspad; /* not owned, likewise */
  GstClock *clock;

  /* set going to PAUSED */
  ObsExtractorSettings now;
  TribTrace *trace; /* (nullable) */

  gint has_out_format; /* atomic; `out_format` does not change after it */
  TribRecordFormat out_format;

  GMutex lock;
  GCond work;  /* of the outlet */
  GCond entry; /* of upstream: a frame can be pushed */
  GCond space; /* of branches: the queue of obs has space */
  GCond ended; /* a thread of a branch has returned */
  /* lock */
  gboolean outlet_waits, entry_waits; /* for `work`, `entry` */
  guint n_space_waits;                /* threads that wait for `space` */
  TribExtract *core;                  /* NULL: not running */
  GPtrArray *branches;                /* of ObsBranch */
  gboolean playing;
  gint64 paused_at, paused_for; /* on the clock: start of the present pause; all pauses before */
  gboolean stopping, flushing;
  GstEvent *head[3];  /* (nullable) stream-start, caps, segment: for branches added later */
  gboolean whole;     /* frames are not live: what limits their time is set by the user only */
  gboolean draining;  /* after EOS */
  gint64 drain_until; /* G_MAXINT64: no limit */
  gboolean eos_out;
  GstFlowReturn flow; /* of obs */
  GThread *outlet;
  GQueue out; /* of GstBuffer, GstEvent, GstMessage */
  gsize out_bytes;
  ObsExtractorCounts counts;
  TribNotice skipped_notice, invalid_notice, unmatched_notice, lost_notice;
  guint64 skipped_frames;
  GstStructure *last_stats; /* (nullable) of the run before */
  guint group_id;
  ObsBranchAnswer *answer; /* (nullable) during trib_extract_answer() */
  GString *scratch;

  /* streaming thread */
  gboolean live_known;
  GstSegment segment;
  TribFrameStamper stamper;
  gchar *session;
  gboolean saw_delta, warned_no_keys;
  guint64 n_without_key;
  GstClockTime last_pts;

  /* the outlet */
  gboolean started;
  TribRecordReader *copier;
};

/* obs-extractor.c */
ObsExtractor *obs_extractor_new (GstElement *bin);
ObsExtractor *obs_extractor_ref (ObsExtractor *x);
void obs_extractor_unref (ObsExtractor *x);
gboolean obs_extractor_start (
    ObsExtractor *x, const ObsExtractorSettings *settings, GError **error);
void obs_extractor_begin_stop (ObsExtractor *x);
void obs_extractor_stop (ObsExtractor *x);
void obs_extractor_set_playing (ObsExtractor *x, gboolean playing);
void obs_extractor_set_trace_level (ObsExtractor *x, gint level);
GstFlowReturn obs_extractor_push (ObsExtractor *x, GstBuffer *buffer);
void obs_extractor_flush_start (ObsExtractor *x, GstEvent *event);
void obs_extractor_flush_stop (ObsExtractor *x, GstEvent *event);
void obs_extractor_eos (ObsExtractor *x);
void obs_extractor_queue_event (ObsExtractor *x, GstEvent *event);
gint64 obs_extractor_now (ObsExtractor *x);
gboolean obs_extractor_has_space (const ObsExtractor *x);
void obs_extractor_wake (ObsExtractor *x);
void obs_extractor_unlock (ObsExtractor *x);
GstClockTime obs_extractor_latency (ObsExtractor *x);
void obs_extractor_choose_format (ObsExtractor *x);

/* obs-extractor-branch.c */
ObsBranch *obs_branch_new (ObsExtractor *x, const ObsBranchSpec *spec);
ObsBranch *obs_branch_ref (ObsBranch *b);
void obs_branch_unref (ObsBranch *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsBranch, obs_branch_unref)
gboolean obs_branch_start (ObsBranch *b);
void obs_branch_queue (ObsBranch *b, GstMiniObject *item);
void obs_branch_take_mark (ObsBranch *b, GstEvent *event);
void obs_branch_end (ObsBranch *b, TribExtractOutcome why);
gboolean obs_branch_fail (ObsBranch *b, const gchar *reason);
void obs_branch_flush (ObsBranch *b);
void obs_branch_flush_start (ObsBranch *b);
void obs_branch_join (ObsBranch *b, gint64 until);

/* obs-extractor-answer.c */
GstFlowReturn obs_branch_answer (ObsBranch *b, GstPad *pad, GstBuffer *buffer);
gboolean obs_branch_answer_event (ObsBranch *b, GstEvent *event);
void obs_answer_put (ObsBranchAnswer *a, const TribExtractFrame *frame, gint64 late_ns);

/* obs-extractor-outlet.c */
gpointer obs_outlet_loop (gpointer data);
void obs_outlet_put (ObsExtractor *x, GstMiniObject *item);
void obs_outlet_clear (ObsExtractor *x, guint64 *counter);

/* obs-extractor-records.c; with lock */
void obs_records_announce (ObsExtractor *x, const TribExtractEvent *event);
void obs_records_skipped (
    ObsExtractor *x, const TribExtractFrame *frame, const gchar *source, const gchar *reason);
void obs_records_empty (ObsExtractor *x, const TribExtractFrame *frame, const gchar *source);
GstBuffer *obs_records_answer (
    const ObsBranchAnswer *answer, const TribExtractFrame *frame, gint64 late_ns);
GstBuffer *obs_records_finish (ObsExtractor *x, GstBuffer *buffer);

/* obs-extractor-report.c; with lock */
void obs_extractor_event (gpointer user_data, const TribExtractEvent *event);
GstMessage *obs_branch_to_message (ObsBranch *b, const gchar *state, const gchar *reason);
void obs_report_branch (ObsBranch *b, const gchar *state, const gchar *reason);
void obs_report_invalid_answer (
    ObsExtractor *x, ObsBranch *b, const gchar *name, const gchar *reason);
void obs_report_lost_records (ObsExtractor *x);
void obs_branch_heard (ObsBranch *b);
gint64 obs_report_silent_branches (ObsExtractor *x);
GstStructure *obs_extractor_stats (ObsExtractor *x);
ObsBranch *obs_extractor_branch (ObsExtractor *x, gint number);

G_END_DECLS
