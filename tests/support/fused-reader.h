/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Fused records as tests look at them: what matters of one on one line, such as
 *
 *   7 timeout F,P -G:timeout
 *
 * the frame (t=T without one), the reason, pane N when it is not 0, epoch N likewise, the sources
 * that answered (twice: with *N; "e" behind an empty answer, "s" behind a stale one), then those
 * that did not, and why. */

gchar *rig_fused_summary (const gchar *record, gsize len, gboolean msgpack);
/* -1: none. A member at the top */
gdouble rig_fused_number (const gchar *record, gsize len, const gchar *name);
