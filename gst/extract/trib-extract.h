/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-stream-key.h>

#include "trib-extract-config.h"

G_BEGIN_DECLS

/* Which branch gets which frame, and when. Pure: it reads no clock, starts no thread, takes no
 * lock; the same calls give the same events. See docs/internals/extraction.md.
 *
 * Times: `t_ns` is capture time; `now_ns` is one monotonic clock that stops while the pipeline is
 * paused (an earlier time counts as the latest one). A call with a time first handles the deadlines
 * up to then, so an answer at the instant of a deadline is late. */

#define TRIB_EXTRACT_NO_PTS G_MAXUINT64

/* the decision about a branch and a frame */
typedef enum {
  TRIB_EXTRACT_RUN,
  TRIB_EXTRACT_SKIP_DIVISOR,
  TRIB_EXTRACT_SKIP_BREAKER,
  TRIB_EXTRACT_SKIP_WOULD_MISS,
  TRIB_EXTRACT_SKIP_QUEUE_FULL,
  TRIB_EXTRACT_SKIP_SUPERSEDED,
  TRIB_EXTRACT_SKIP_NOT_KEY,
  TRIB_EXTRACT_SKIP_NTH,
  TRIB_EXTRACT_SKIP_FAILED,
  TRIB_EXTRACT_SKIP_REMOVED,
  TRIB_EXTRACT_SKIP_FLUSHING,
  TRIB_EXTRACT_N_OUTCOMES
} TribExtractOutcome;

/**
 * TribExtractFrame:
 * @has_frame_id: whether @frame_id is one
 * @t_ns: capture time
 * @pts, @duration: of the frame in its stream, for answers without an identity;
 * %TRIB_EXTRACT_NO_PTS: unknown
 * @running_time: the caller's
 * @decided_ns: set by the extraction: when it was admitted
 * @key: a keyframe
 * @has_base: whether @base_ns is one; else the timeout starts with the decision
 * @base_ns: start of the timeout
 * @stream: (nullable) (transfer full): which stream it is of
 * @payload: (nullable) (transfer full): released by the release function
 */
typedef struct {
  gboolean has_frame_id;
  guint64 frame_id;
  gint64 t_ns;
  guint64 pts, duration;
  guint64 running_time;
  gint64 decided_ns;
  gboolean key;
  gboolean has_base;
  gint64 base_ns;
  TribStreamKey *stream;
  gpointer payload;
} TribExtractFrame;

typedef enum {
  TRIB_EXTRACT_EVENT_DECISION,  /* frame, admitted, outcome (of the frame), outcomes */
  TRIB_EXTRACT_EVENT_START,     /* frame, branch: takes a reference of the payload to keep it */
  TRIB_EXTRACT_EVENT_SKIPPED,   /* frame, branch, outcome: a job that is not run after all */
  TRIB_EXTRACT_EVENT_ANSWERED,  /* frame, branch, took_ns */
  TRIB_EXTRACT_EVENT_EMPTY,     /* frame, branch: processed without a result */
  TRIB_EXTRACT_EVENT_TIMEOUT,   /* frame, branch */
  TRIB_EXTRACT_EVENT_LATE,      /* frame, branch, took_ns, by_ns: an answer after the deadline */
  TRIB_EXTRACT_EVENT_DUPLICATE, /* frame, branch: a further answer */
  TRIB_EXTRACT_EVENT_UNMATCHED, /* branch: an answer to no known frame */
  TRIB_EXTRACT_EVENT_FINISHED,  /* frame: all its jobs have ended */
  TRIB_EXTRACT_EVENT_BREAKER,   /* branch, breaker */
} TribExtractEventKind;

typedef enum {
  TRIB_EXTRACT_BREAKER_CLOSED, /* the branch gets frames */
  TRIB_EXTRACT_BREAKER_OPEN,   /* it gets none */
  TRIB_EXTRACT_BREAKER_TRYING, /* it has one, which closes or opens it */
} TribExtractBreaker;

/**
 * TribExtractEvent:
 * @frame: (nullable): valid during the call
 * @branch: its number, -1: none
 * @outcomes: (array length=n_branches): of a decision, by branch
 * @branches: (array length=n_branches): their numbers
 */
typedef struct {
  TribExtractEventKind kind;
  gint64 now_ns;
  const TribExtractFrame *frame;
  gint branch;
  gboolean admitted;
  TribExtractOutcome outcome;
  const TribExtractOutcome *outcomes;
  const gint *branches;
  guint n_branches;
  gint64 took_ns;
  gint64 by_ns;
  TribExtractBreaker breaker;
} TribExtractEvent;

typedef void (*TribExtractFunc) (gpointer user_data, const TribExtractEvent *event);
typedef void (*TribExtractRelease) (gpointer user_data, gpointer payload);

/* jobs by their end */
typedef struct {
  guint64 jobs;     /* decided to run */
  guint64 answered; /* in time */
  guint64 empty;
  guint64 timeout;
  guint64 skipped[TRIB_EXTRACT_N_OUTCOMES]; /* after the decision */
  guint64 pending;
  guint64 not_run[TRIB_EXTRACT_N_OUTCOMES]; /* by the decision */
  guint64 late;
  guint64 duplicate;
  guint64 unmatched;
} TribExtractCounts;

typedef struct {
  const gchar *name;
  TribExtractCounts counts;
  TribExtractBreaker breaker;
  gint64 usual_ns; /* usual processing time; -1: not known yet */
  guint n_waiting; /* jobs that are not started */
  guint n_running; /* started and not answered, overdue ones included */
  guint n_awaited; /* of those, without a deadline, and not passed by */
} TribExtractBranchInfo;

typedef struct {
  guint64 frames;   /* in */
  guint64 admitted; /* at least one branch runs, or there is none */
  guint64 dropped[TRIB_EXTRACT_N_OUTCOMES];
  guint64 waiting;
  guint64 finished; /* of those admitted */
} TribExtractTotals;

typedef struct _TribExtract TribExtract;

TribExtract *trib_extract_new (const TribExtractConfig *config, TribExtractFunc func,
    TribExtractRelease release, gpointer user_data);
void trib_extract_free (TribExtract *x);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribExtract, trib_extract_free)

void trib_extract_set_config (TribExtract *x, const TribExtractConfig *config);
gint trib_extract_add_branch (
    TribExtract *x, const gchar *name, const TribExtractBranchConfig *config, gint64 now_ns);
void trib_extract_remove_branch (TribExtract *x, gint branch, gint64 now_ns);
void trib_extract_fail_branch (TribExtract *x, gint branch, gint64 now_ns);

gboolean trib_extract_can_push (const TribExtract *x);
void trib_extract_push (TribExtract *x, const TribExtractFrame *frame, gint64 now_ns);
void trib_extract_advance (TribExtract *x, gint64 now_ns);
gint64 trib_extract_next_deadline (const TribExtract *x);

void trib_extract_answer (TribExtract *x, gint branch, const TribStreamKey *stream,
    gboolean has_frame_id, guint64 frame_id, gint64 t_ns, gint64 now_ns);
void trib_extract_bound (TribExtract *x, gint branch, gint64 t_ns, gint64 now_ns);
void trib_extract_bound_pts (TribExtract *x, gint branch, guint64 pts, gint64 now_ns);
void trib_extract_passed (TribExtract *x, gint branch, const TribStreamKey *stream,
    guint64 frame_id, gint64 t_ns, gint64 now_ns);
void trib_extract_returned (TribExtract *x, gint branch, gint64 now_ns);

void trib_extract_flush (TribExtract *x, gint64 now_ns);
gboolean trib_extract_is_idle (const TribExtract *x);

const TribExtractFrame *trib_extract_find_frame (const TribExtract *x, const TribStreamKey *stream,
    gboolean has_frame_id, guint64 frame_id, gint64 t_ns);
const TribExtractFrame *trib_extract_find_pts (const TribExtract *x, guint64 pts);
gboolean trib_extract_get_branch (
    const TribExtract *x, gint branch, TribExtractBranchInfo *ret_info);
void trib_extract_get_totals (const TribExtract *x, TribExtractTotals *ret_totals);
const gchar *trib_extract_outcome_to_string (TribExtractOutcome outcome);

G_END_DECLS
