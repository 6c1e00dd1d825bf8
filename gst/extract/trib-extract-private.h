/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-time.h>

#include "trib-extract-debug.h"
#include "trib-extract.h"

G_BEGIN_DECLS

#define NO_TIME G_MININT64
#define NEVER G_MAXINT64
#define LEARNING_JOBS 5 /* of a branch, started whatever is predicted */
/* frames in a row that a branch is predicted to miss; the next one is started, to measure the
 * prediction */
#define MAX_SKIPPED_IN_ROW 30
#define MAX_DEFERRED 10     /* tokens in a row that other branches had; the next one is its own */
#define MAX_REMEMBERED 1024 /* finished frames */
#define MAX_PASSED 256      /* jobs of a branch that were passed by and have no answer yet */

typedef struct _TribExtractEntry TribExtractEntry;
typedef struct _TribExtractBranch TribExtractBranch;

typedef enum {
  TRIB_EXTRACT_JOB_WAITING,  /* in its branch's queue */
  TRIB_EXTRACT_JOB_RUNNING,  /* started, in time */
  TRIB_EXTRACT_JOB_DONE,     /* answered or empty, in time */
  TRIB_EXTRACT_JOB_OVERDUE,  /* the deadline passed while it ran */
  TRIB_EXTRACT_JOB_GIVEN_UP, /* never started, or not expected any more */
} TribExtractJobState;

/* one branch and one frame; lives as long as its frame */
typedef struct {
  TribExtractEntry *frame;
  TribExtractBranch *branch; /* NULL: removed */
  TribExtractJobState state;
  gint64 deadline;
  gint64 begun;      /* NO_TIME: not started */
  gboolean answered; /* in time or late */
  gboolean passed;   /* what followed it into the branch has left that */
  GList queued;      /* in the branch's `waiting` or `running` */
} TribExtractJob;

struct _TribExtractEntry {
  TribExtractFrame info;
  GList link;      /* in `undecided` or `known` */
  guint n_open;    /* jobs that have not ended */
  guint n_waiting; /* of those, not started: they need the payload */
  gint64 finished_at;
  TribExtractJob *jobs;
  guint n_jobs;
};

struct _TribExtractBranch {
  gchar *name;
  gint number;
  TribExtractBranchConfig config;
  GQueue waiting;   /* of TribExtractJob, oldest first */
  GQueue running;   /* of TribExtractJob, started and not ended, oldest first; in time or overdue */
  guint n_pushing;  /* pushes into it that have not returned */
  gint64 usual_ns;  /* moving average of its processing time, -1 */
  gint64 spread_ns; /* moving average of the deviation from that */
  guint n_skipped_in_row; /* frames that it was predicted to miss */
  guint n_measured;
  guint64 n_seen; /* admitted frames, for the divisor */
  guint n_deferred;
  guint n_timeouts; /* in a row */
  gint64 missed_at; /* the last of them */
  TribExtractBreaker breaker;
  gint64 retry_at;
  TribExtractCounts counts;
};

struct _TribExtract {
  TribExtractConfig config;
  TribExtractFunc func;
  TribExtractRelease release;
  gpointer user_data;
  gint64 now;
  GPtrArray *branches; /* of TribExtractBranch */
  gint next_number;
  guint tokens;      /* free */
  GQueue undecided;  /* of TribExtractEntry: admission by frame */
  GQueue known;      /* of TribExtractEntry: admitted, oldest first; finished ones for a while */
  guint n_in_flight; /* frames, admitted and not finished */
  guint n_finished;  /* of `known` */
  guint64 n_pushed;
  TribExtractTotals totals;
};

static inline TribExtractBranch *
branch_at (const TribExtract *x, guint index)
{
  return (TribExtractBranch *) x->branches->pdata[index];
}

/* With a stream, all of the identity: two cameras count their frames alike, and so does one that
 * restarts. Without, by the frame id, else by the time. */
static inline gboolean
trib_extract_frame_is (const TribExtractFrame *f, const TribStreamKey *stream,
    gboolean has_frame_id, guint64 frame_id, gint64 t_ns)
{
  if (stream && f->stream)
    return trib_stream_key_equal (stream, f->stream) && f->t_ns == t_ns
           && (!has_frame_id || !f->has_frame_id || f->frame_id == frame_id);
  return has_frame_id && f->has_frame_id ? f->frame_id == frame_id : f->t_ns == t_ns;
}

#define TRIB_EXTRACT_LOG_ID 224 /* bytes */

/* trib-extract.c */
const gchar *trib_extract_log_id (
    gchar id[TRIB_EXTRACT_LOG_ID], const TribExtractBranch *b, const TribExtractFrame *frame);
void trib_extract_emit (TribExtract *x, TribExtractEvent *event);
void trib_extract_emit_job (
    TribExtract *x, TribExtractEventKind kind, const TribExtractJob *job, gint64 took);
void trib_extract_frame_release (TribExtract *x, TribExtractEntry *f);
void trib_extract_admit_waiting (TribExtract *x);

/* trib-extract-job.c */
void trib_extract_frame_finish (TribExtract *x, TribExtractEntry *f);
void trib_extract_job_queue (TribExtract *x, TribExtractJob *job);
void trib_extract_job_skip (TribExtract *x, TribExtractJob *job, TribExtractOutcome why);
void trib_extract_jobs_begin (TribExtract *x);
void trib_extract_jobs_expire (TribExtract *x);
void trib_extract_jobs_forget (TribExtractEntry *f);
gint64 trib_extract_jobs_deadline (const TribExtract *x);
void trib_extract_jobs_end_of_branch (TribExtract *x, TribExtractBranch *b, TribExtractOutcome why);

/* trib-extract-branch.c */
TribExtractBranch *trib_extract_branch_find (const TribExtract *x, gint number);
void trib_extract_branch_free (TribExtractBranch *b);
gboolean trib_extract_branch_has_place (const TribExtract *x, const TribExtractBranch *b);
gint64 trib_extract_branch_timeout (const TribExtract *x, const TribExtractBranch *b);
gint64 trib_extract_branch_predict (const TribExtract *x, const TribExtractBranch *b);
void trib_extract_branch_measured (TribExtractBranch *b, gint64 took);
void trib_extract_branch_in_time (TribExtract *x, TribExtractBranch *b);
void trib_extract_branch_missed (TribExtract *x, TribExtractBranch *b);
void trib_extract_branch_superseded (TribExtract *x, TribExtractBranch *b);
void trib_extract_branch_not_tried (TribExtract *x, TribExtractBranch *b);
TribExtractOutcome trib_extract_branch_breaker (TribExtract *x, TribExtractBranch *b);

G_END_DECLS
