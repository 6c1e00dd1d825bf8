/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Settings of the extraction, with the names and defaults of extractorbin's properties. */

#define TRIB_EXTRACT_MAX_BRANCHES 64
#define TRIB_EXTRACT_MS G_GINT64_CONSTANT (1000000)

typedef enum {
  TRIB_EXTRACT_STRATEGY_NONE,              /* wait: nothing is skipped for want of space */
  TRIB_EXTRACT_STRATEGY_SKIP_OLDEST,       /* the oldest waiting one is skipped */
  TRIB_EXTRACT_STRATEGY_SKIP_INTERMEDIATE, /* the first waiting one and the newest are kept */
  TRIB_EXTRACT_STRATEGY_KEYFRAME_ONLY,     /* with a backlog, keyframes */
  TRIB_EXTRACT_STRATEGY_EVERY_NTH,         /* with a backlog, or always, every n-th */
} TribExtractStrategy;

typedef enum {
  TRIB_EXTRACT_ADMISSION_BRANCH, /* each branch on its own */
  TRIB_EXTRACT_ADMISSION_FRAME,  /* all branches or none */
} TribExtractAdmission;

typedef enum { TRIB_EXTRACT_NTH_OVERLOAD, TRIB_EXTRACT_NTH_ALWAYS } TribExtractNthWhen;

/**
 * TribExtractConfig:
 * @timeout_ms: from the decision about a frame to its deadline; 0: none
 * @workers: maximum of running jobs
 * @max_in_flight: frames (admission by frame), or jobs of a branch
 * @queue_depth: maximum of waiting frames, or of waiting jobs of a branch
 * @nth: every-nth: frames 0, n, 2n, ...
 * @deadline_aware: no job is started that is predicted to miss its deadline
 * @breaker_threshold: timeouts in a row that open the breaker; 0: never
 * @breaker_retry_ms: until a trial
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
 * @divisor: takes each @divisor-th admitted frame
 * @timeout_ms: 0: the common one
 * @in_order: answers are in the order of frames, so that one to a later frame ends the earlier jobs
 */
typedef struct {
  guint divisor;
  guint timeout_ms;
  gboolean in_order;
} TribExtractBranchConfig;

void trib_extract_config_init (TribExtractConfig *config);
void trib_extract_branch_config_init (TribExtractBranchConfig *config);

G_END_DECLS
