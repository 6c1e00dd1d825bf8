/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-log.h>

#include "trib-align.h"

G_BEGIN_DECLS

/* this library's category of the log: tribalign */
extern TribLogCategory trib_align_debug;

void trib_align_debug_event (const TribAlignEvent *event);

G_END_DECLS
