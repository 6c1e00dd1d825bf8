/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-time.h>

#include "trib-extract.h"

G_BEGIN_DECLS

#define NO_TIME G_MININT64
#define NEVER G_MAXINT64
#define LEARNING_JOBS 5 /* of a branch, begun whatever is predicted */
#define MAX_SPARED \
  30 /* frames in a row, then one is tried: what is not measured cannot be known to be slow */
#define STARVED 10          /* times in a row passed over for others: first in line */
#define MAX_REMEMBERED 1024 /* frames that have finished */

typedef struct _Frame Frame;
typedef struct _Branch Branch;

typedef enum {
  JOB_WAITING,  /* in its branch's queue */
  JOB_RUNNING,  /* begun, in time */
  JOB_DONE,     /* answered or empty, in time */
  JOB_OVERDUE,  /* its deadline passed while it ran */
  JOB_GIVEN_UP, /* it was never begun, or will not be answered */
} JobState;

/* one branch and one frame; lives as long as its frame */
typedef struct {
  Frame *frame;
  Branch *branch; /* NULL: it is gone */
  JobState state;
  gint64 deadline;
  gint64 begun;      /* NO_TIME */
  gboolean answered; /* said something, in time or late */
  GList queued;      /* in the branch's `waiting` or `running` */
} Job;

struct _Frame {
  TribExtractFrame info;
  GList link;      /* in `undecided` or `known` */
  guint n_open;    /* jobs that have not ended */
  guint n_waiting; /* of those, not begun: they need the payload */
  gint64 finished_at;
  Job *jobs;
  guint n_jobs;
};

struct _Branch {
  gchar *name;
  gint number;
  TribExtractBranchConfig config;
  GQueue waiting;   /* of Job, oldest first */
  GQueue running;   /* of Job, begun and not ended, oldest first: in time or overdue */
  guint n_pushing;  /* pushes into it that have not returned */
  gint64 usual_ns;  /* moving average of how long it takes, -1 */
  gint64 spread_ns; /* and of how far off that is */
  guint n_spared;   /* frames in a row that it was thought to miss */
  guint n_measured;
  guint64 n_seen; /* admitted frames, for the divisor */
  guint n_passed_over;
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
  GPtrArray *branches; /* of Branch */
  gint next_number;
  guint tokens;      /* free */
  GQueue undecided;  /* of Frame: admission by frame */
  GQueue known;      /* of Frame: decided, oldest first; finished ones for a while */
  guint n_in_flight; /* frames, admitted and not finished */
  guint n_finished;  /* of `known` */
  guint64 n_pushed;
  TribExtractTotals totals;
};

static inline Branch *
branch_at (const TribExtract *x, guint index)
{
  return (Branch *) x->branches->pdata[index];
}

/* trib-extract.c */
void trib_extract_tell (TribExtract *x, TribExtractEvent *event);
void trib_extract_tell_job (TribExtract *x, TribExtractEventKind kind, const Job *job, gint64 took);
void trib_extract_frame_release (TribExtract *x, Frame *f);
void trib_extract_admit_waiting (TribExtract *x);

/* trib-extract-job.c */
void trib_extract_frame_finish (TribExtract *x, Frame *f);
void trib_extract_job_queue (TribExtract *x, Job *job);
void trib_extract_job_skip (TribExtract *x, Job *job, TribExtractOutcome why);
void trib_extract_jobs_begin (TribExtract *x);
void trib_extract_jobs_expire (TribExtract *x);
void trib_extract_jobs_forget (Frame *f);
gint64 trib_extract_jobs_deadline (const TribExtract *x);
void trib_extract_jobs_end_of_branch (TribExtract *x, Branch *b, TribExtractOutcome why);

/* trib-extract-branch.c */
Branch *trib_extract_branch_find (const TribExtract *x, gint number);
void trib_extract_branch_free (Branch *b);
gboolean trib_extract_branch_has_place (const TribExtract *x, const Branch *b);
gint64 trib_extract_branch_timeout (const TribExtract *x, const Branch *b);
gint64 trib_extract_branch_predict (const TribExtract *x, const Branch *b);
void trib_extract_branch_measured (Branch *b, gint64 took);
void trib_extract_branch_in_time (TribExtract *x, Branch *b);
void trib_extract_branch_missed (TribExtract *x, Branch *b);
void trib_extract_branch_passed_over (TribExtract *x, Branch *b);
void trib_extract_branch_not_tried (TribExtract *x, Branch *b);
TribExtractOutcome trib_extract_branch_breaker (TribExtract *x, Branch *b);

G_END_DECLS
