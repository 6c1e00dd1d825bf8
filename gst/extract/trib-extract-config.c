/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-extract-config.h"

/* the defaults */
void
trib_extract_config_init (TribExtractConfig *config)
{
  *config = (TribExtractConfig){
    .timeout_ms = 150,
    .workers = 4,
    .admission = TRIB_EXTRACT_ADMISSION_BRANCH,
    .max_in_flight = 1,
    .queue_depth = 1,
    .strategy = TRIB_EXTRACT_STRATEGY_SKIP_OLDEST,
    .nth = 3,
    .nth_when = TRIB_EXTRACT_NTH_OVERLOAD,
    .deadline_aware = TRUE,
    .breaker_threshold = 3,
    .breaker_retry_ms = 2000,
    .late_horizon_ms = 5000,
  };
}

void
trib_extract_branch_config_init (TribExtractBranchConfig *config)
{
  *config = (TribExtractBranchConfig){ .divisor = 1, .timeout_ms = 0, .in_order = TRUE };
}
