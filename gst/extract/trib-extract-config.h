/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a user may decide about extraction. The words and defaults are those of extractorbin's
 * properties. */

#define TRIB_EXTRACT_MAX_BRANCHES 64
#define TRIB_EXTRACT_MS G_GINT64_CONSTANT (1000000)

typedef enum {
  TRIB_EXTRACT_STRATEGY_NONE,              /* wait: nothing is passed over for want of room */
  TRIB_EXTRACT_STRATEGY_SKIP_OLDEST,       /* the oldest that waits makes room */
  TRIB_EXTRACT_STRATEGY_SKIP_INTERMEDIATE, /* the first that waits and the newest stay */
  TRIB_EXTRACT_STRATEGY_KEYFRAME_ONLY,     /* with a backlog, keyframes */
  TRIB_EXTRACT_STRATEGY_EVERY_NTH,         /* with a backlog, or always, every n-th */
} TribExtractStrategy;

typedef enum {
  TRIB_EXTRACT_ADMISSION_BRANCH, /* each branch takes what it can */
  TRIB_EXTRACT_ADMISSION_FRAME,  /* all or none */
} TribExtractAdmission;

typedef enum { TRIB_EXTRACT_NTH_OVERLOAD, TRIB_EXTRACT_NTH_ALWAYS } TribExtractNthWhen;

/**
 * TribExtractConfig:
 * @timeout_ms: from the decision about a frame to its deadline
 * @workers: jobs that run at once
 * @max_in_flight: frames (admission by frame), or jobs of a branch
 * @queue_depth: that wait, of frames or of a branch
 * @nth: every-nth: frames 0, n, 2n, ...
 * @deadline_aware: no job is begun that is thought to miss its deadline
 * @breaker_threshold: timeouts in a row after which a branch is not trusted; 0: never
 * @breaker_retry_ms: until it is tried again
 * @late_horizon_ms: answers later than that are dropped
 */
typedef struct {
  guint timeout_ms;
  guint workers;
  TribExtractAdmission admission;
  guint max_in_flight;
  guint queue_depth;
  TribExtractStrategy strategy;
  guint nth;
  TribExtractNthWhen nth_when;
  gboolean deadline_aware;
  guint breaker_threshold;
  guint breaker_retry_ms;
  guint late_horizon_ms;
} TribExtractConfig;

/**
 * TribExtractBranchConfig:
 * @divisor: takes each so many-th admitted frame
 * @timeout_ms: 0: the common one
 * @in_order: answers come in the order of frames, so that one for a later frame ends the earlier
 */
typedef struct {
  guint divisor;
  guint timeout_ms;
  gboolean in_order;
} TribExtractBranchConfig;

void trib_extract_config_init (TribExtractConfig *config);
void trib_extract_branch_config_init (TribExtractBranchConfig *config);

G_END_DECLS
