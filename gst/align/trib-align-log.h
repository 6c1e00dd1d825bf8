/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-align.h"

G_BEGIN_DECLS

/* Events of an aligner as JSON lines, fixed order of keys, integers in ns: the element's
 * `records` and the program tributary-align write the same bytes. */

void trib_align_log_event (GString *out, const TribAlignEvent *event);
void trib_align_log_stats (GString *out, const TribAlign *a, gint64 now_ns);

G_END_DECLS
