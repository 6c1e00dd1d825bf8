/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-extract-config.h"

G_BEGIN_DECLS

/* Which branch gets which frame, and when. Pure: it reads no clock, starts no thread, takes no lock; the same calls give
 * the same events. See docs/internals/extraction.md.
 *
 * Times: `t_ns` is capture time; `now_ns` is one monotonic clock that never goes back and stands while nothing runs (an earlier
 * time is taken as the latest one). Before a call with a time what was due up to then is done, so an answer that comes
 * at the instant of a deadline comes after it. */

/* what is decided of a branch and a frame */
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
 * @key: a keyframe
 * @has_base: whether @base_ns is one; else the timeout counts from the decision
 * @base_ns: from when on the timeout counts
 * @payload: (nullable) (transfer full): given back by the release function
 */
typedef struct {
  gboolean has_frame_id;
  guint64 frame_id;
  gint64 t_ns;
  gboolean key;
  gboolean has_base;
  gint64 base_ns;
  gpointer payload;
} TribExtractFrame;

typedef enum {
  TRIB_EXTRACT_EVENT_DECISION, /* frame, admitted, outcome (of the frame), outcomes */
  TRIB_EXTRACT_EVENT_START, /* frame, branch: it is to look now; take a reference of the payload to keep it */
  TRIB_EXTRACT_EVENT_SKIPPED,   /* frame, branch, outcome: it will not look after all */
  TRIB_EXTRACT_EVENT_ANSWERED,  /* frame, branch, took_ns */
  TRIB_EXTRACT_EVENT_EMPTY,     /* frame, branch: it has nothing to say of it */
  TRIB_EXTRACT_EVENT_TIMEOUT,   /* frame, branch */
  TRIB_EXTRACT_EVENT_LATE,      /* frame, branch, took_ns: an answer behind the deadline */
  TRIB_EXTRACT_EVENT_DUPLICATE, /* frame, branch: a further answer */
  TRIB_EXTRACT_EVENT_UNMATCHED, /* branch: an answer to no frame that is known */
  TRIB_EXTRACT_EVENT_FINISHED,  /* frame: nobody is waited for any more */
  TRIB_EXTRACT_EVENT_BREAKER,   /* branch, breaker */
} TribExtractEventKind;

typedef enum {
  TRIB_EXTRACT_BREAKER_CLOSED, /* the branch is trusted */
  TRIB_EXTRACT_BREAKER_OPEN,   /* it gets no frames */
  TRIB_EXTRACT_BREAKER_TRYING, /* it has one, which decides */
} TribExtractBreaker;

/**
 * TribExtractEvent:
 * @frame: (nullable): valid during the call
 * @branch: its number, -1: none
 * @outcomes: (array length=n_branches): of a decision, by branch; of the branches that were there then
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

/* jobs, by what became of them */
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
  gint64 usual_ns; /* how long it takes; -1: not known yet */
  guint n_waiting; /* jobs that are not begun */
  guint n_running; /* begun and not answered, overdue ones, too */
} TribExtractBranchInfo;

typedef struct {
  guint64 frames;   /* in */
  guint64 admitted; /* at least one branch looks at it, or none is there */
  guint64 dropped[TRIB_EXTRACT_N_OUTCOMES];
  guint64 waiting;
  guint64 finished; /* of those admitted */
} TribExtractTotals;

typedef struct _TribExtract TribExtract;

TribExtract *trib_extract_new (const TribExtractConfig *config, TribExtractFunc func,
    TribExtractRelease release, gpointer user_data);
void trib_extract_free (TribExtract *x);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribExtract, trib_extract_free)

gint trib_extract_add_branch (
    TribExtract *x, const gchar *name, const TribExtractBranchConfig *config, gint64 now_ns);
void trib_extract_remove_branch (TribExtract *x, gint branch, gint64 now_ns);
void trib_extract_fail_branch (TribExtract *x, gint branch, gint64 now_ns);

gboolean trib_extract_has_room (const TribExtract *x);
void trib_extract_push (TribExtract *x, const TribExtractFrame *frame, gint64 now_ns);
void trib_extract_advance (TribExtract *x, gint64 now_ns);
gint64 trib_extract_next_deadline (const TribExtract *x);

void trib_extract_answer (TribExtract *x, gint branch, gboolean has_frame_id, guint64 frame_id,
    gint64 t_ns, gint64 now_ns);
void trib_extract_bound (TribExtract *x, gint branch, gint64 t_ns, gint64 now_ns);
void trib_extract_returned (TribExtract *x, gint branch, gint64 now_ns);

void trib_extract_flush (TribExtract *x, gint64 now_ns);
gboolean trib_extract_is_idle (const TribExtract *x);

gboolean trib_extract_get_branch (
    const TribExtract *x, gint branch, TribExtractBranchInfo *ret_info);
void trib_extract_get_totals (const TribExtract *x, TribExtractTotals *ret_totals);
const gchar *trib_extract_outcome_to_string (TribExtractOutcome outcome);

G_END_DECLS
