/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <extract/trib-extract.h>
#include <frame/trib-frame-stamper.h>
#include <record/trib-record-envelope.h>
#include <trace/trib-trace.h>

#include "obs-extractor-settings.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (extractor_bin_debug);

/* Private to extractorbin: what its parts have in common.
 *
 *   gstextractorbin.c         the element: properties, pads, states
 *   gstextractorbranches.c    branches that are described: made, linked, taken down
 *   gstextractorsplit.c       frames in, to src and to the branches (inner element)
 *   gstextractorjoin.c        answers in, records out (inner element)
 *   obs-extractor.c           what happens when, around gst/extract
 *   obs-extractor-branch.c    one thread a branch
 *   obs-extractor-answer.c    what a branch says
 *   obs-extractor-outlet.c    the thread of the pad obs, and of time
 *   obs-extractor-records.c   records of our own, and those of branches as they go out
 *   obs-extractor-report.c    counters, messages, trace records
 *
 * One lock for all of it; nothing is pushed and nobody is called with it held. */

#define OBS_EXTRACTOR_FRAMES 1024 /* that are remembered */

typedef struct _ObsExtractor ObsExtractor;
typedef struct _ObsBranch ObsBranch;

/* a frame, as it is remembered */
typedef struct {
  guint64 frame_id;
  gint64 t_ns;
  GstClockTime pts, duration;
  GstClockTime running_time; /* PTS of records about it; NONE: unknown */
  gint64 decided_ns;
} ObsFrame;

/* of records that go out by obs, and of answers; they close, see extractorbin's stats */
typedef struct {
  guint64 own;   /* made here */
  guint64 taken; /* came from branches */
  guint64 out;   /* taken by downstream */
  guint64 queued;
  guint64 invalid;   /* cannot be used */
  guint64 unmatched; /* about frames that nobody knows */
  guint64 lost_full, lost_not_linked, lost_failed, lost_flush;
  guint64 pts_duplicate;
  guint64 qos_out;
} ObsExtractorCounts;

/* kinds of events that may come by the thousand are told once a second */
typedef struct {
  gboolean ever;
  gint64 when;
  guint64 untold;
} ObsExtractorTold;

typedef struct {
  guint64 taken, invalid;
} ObsBranchCounts;

/* what a branch says, and what gst/extract thinks of it */
typedef struct {
  ObsBranch *branch;
  const TribRecordEnvelope *e;
  GstBuffer *whole; /* (nullable) the buffer it came in, when it is all of it */
  GstBuffer *made;  /* (nullable) owned: a record that was made of a picture */
  gboolean nothing; /* of a picture without regions */
  gboolean taken;   /* it is of a frame that the branch was given */
  TribExtractFrame frame;
  gint64 late_ns; /* behind its deadline; 0: in time */
} ObsAnswer;

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
  gint number; /* gst/extract's; -1: not there */
  GThread *thread;
  gboolean stop;  /* nothing more is pushed */
  gboolean ended; /* the thread has returned */
  GCond wake;
  GQueue items;      /* of GstBuffer and GstEvent: to be pushed */
  gboolean flushing; /* a FLUSH_START is on its way into it */
  gboolean eos_sent;
  gboolean failed;
  gchar *failure; /* (nullable) of one that never began */
  ObsBranchCounts counts;
  TribExtractCounts last; /* of gst/extract, once it is not there any more */

  /* who brings answers, under the sink pad's stream lock */
  TribRecordReader *reader, *copier;
  gboolean knows_caps;
  gboolean gives_records;
  TribRecordFormat format;
  GstVideoInfo *info; /* (nullable) of the video it gives back */
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

  GMutex lock;
  GCond work; /* for the outlet */
  GCond room; /* for who brings frames, and for who waits until a branch has returned */
  /* lock */
  TribExtract *core;   /* NULL: not running */
  GPtrArray *branches; /* of ObsBranch */
  gboolean playing;
  gint64 stopped_at, stood_still; /* on the clock: since when not playing; for how long before */
  gboolean stopping, flushing;
  GstEvent *head[3]; /* (nullable) stream-start, caps, segment: for branches that come later */
  gboolean draining; /* EOS has come */
  gint64 drain_until;
  gboolean eos_out;
  GstFlowReturn flow; /* of obs */
  GThread *outlet;
  GQueue out; /* of GstBuffer, GstEvent, GstMessage */
  gsize out_bytes;
  ObsFrame frames[OBS_EXTRACTOR_FRAMES]; /* a ring */
  guint64 n_frames;
  ObsExtractorCounts counts;
  ObsExtractorTold told_skipped, told_invalid, told_unmatched, told_lost;
  guint64 skipped_frames;
  GstStructure *last_stats; /* (nullable) of the run before */
  guint group_id;
  gboolean format_chosen;
  TribRecordFormat out_format;
  ObsAnswer answer; /* that gst/extract is being given */

  /* streaming thread */
  GstSegment segment;
  TribFrameStamper stamper;
  gchar *session;
  gboolean saw_delta, told_no_keys;
  guint64 n_without_key;
  GstClockTime last_pts;

  /* the outlet */
  gboolean started;
  GString *scratch; /* lock */
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
const ObsFrame *obs_extractor_find_frame (
    ObsExtractor *x, gboolean has_frame_id, guint64 frame_id, gint64 t_ns);
void obs_extractor_set_decided (ObsExtractor *x, const TribExtractFrame *frame, gint64 decided_ns);
const ObsFrame *obs_extractor_find_pts (ObsExtractor *x, GstClockTime pts);
GstClockTime obs_extractor_latency (ObsExtractor *x);
void obs_extractor_choose_format (ObsExtractor *x);

/* obs-extractor-branch.c */
ObsBranch *obs_branch_new (ObsExtractor *x, const ObsBranchSpec *spec);
ObsBranch *obs_branch_ref (ObsBranch *b);
void obs_branch_unref (ObsBranch *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsBranch, obs_branch_unref)
gboolean obs_branch_start (ObsBranch *b);
void obs_branch_queue (ObsBranch *b, GstMiniObject *item);
void obs_branch_end (ObsBranch *b, TribExtractOutcome why);
gboolean obs_branch_fail (ObsBranch *b, const gchar *reason);
void obs_branch_flush (ObsBranch *b);
void obs_branch_flush_start (ObsBranch *b);
gboolean obs_branch_join (ObsBranch *b, gint64 until);

/* obs-extractor-answer.c */
GstFlowReturn obs_branch_answer (ObsBranch *b, GstPad *pad, GstBuffer *buffer);
gboolean obs_branch_answer_event (ObsBranch *b, GstEvent *event);
void obs_answer_put (ObsExtractor *x);

/* obs-extractor-outlet.c */
gpointer obs_outlet_loop (gpointer data);
void obs_outlet_wake (ObsExtractor *x);
void obs_outlet_put (ObsExtractor *x, GstMiniObject *item);
void obs_outlet_clear (ObsExtractor *x, guint64 *counter);

/* obs-extractor-records.c; with lock */
void obs_records_announce (ObsExtractor *x, const TribExtractEvent *event);
void obs_records_skipped (
    ObsExtractor *x, const TribExtractFrame *frame, const gchar *source, const gchar *reason);
void obs_records_empty (ObsExtractor *x, const TribExtractFrame *frame, const gchar *source);
GstBuffer *obs_records_answer (ObsExtractor *x, const ObsAnswer *answer, GError **error);

/* obs-extractor-report.c; with lock */
void obs_extractor_event (gpointer user_data, const TribExtractEvent *event);
void obs_report_branch (ObsBranch *b, const gchar *state, const gchar *reason);
void obs_report_invalid_answer (ObsBranch *b, const gchar *reason);
void obs_report_lost_records (ObsExtractor *x);
GstStructure *obs_extractor_stats (ObsExtractor *x);
ObsBranch *obs_extractor_branch (ObsExtractor *x, gint number);

G_END_DECLS
