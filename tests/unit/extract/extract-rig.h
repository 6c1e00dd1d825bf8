/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <extract/trib-extract.h>

G_BEGIN_DECLS

/* An extraction whose branches are simulated: each frame that one is given, it answers after its
 * time. Times in ms. Branches are letters, in the order of rig_add_branch(). Events are written as
 * words:
 *   7:FPG@33 frame 7 is decided, F P G run; 7:F-P(would-miss)@33; 7!superseded@33 no branch runs
 *   F7@53 answered, F7e empty, F7t timeout, F7s(superseded) skipped, F7l late, F7d duplicate, F?
 *   unmatched
 *   7.@83          frame 7 is finished
 *   F:open@99      the breaker
 */
typedef struct _Rig Rig;

Rig *rig_new (void);
void rig_free (Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

TribExtractConfig *rig_config (Rig *rig); /* before the first branch */
TribExtract *rig_extract (Rig *rig);

/* @service_ms: negative: it says nothing by itself */
gint rig_add_branch (
    Rig *rig, gchar letter, gdouble service_ms, const TribExtractBranchConfig *config);
void rig_set_service (Rig *rig, gint branch, gdouble service_ms);

void rig_frame (Rig *rig, guint64 frame, gdouble ms, gboolean key);
/* one that has waited since then: its timeout counts from there */
void rig_frame_since (Rig *rig, guint64 frame, gdouble ms, gdouble since_ms);
void rig_frames (Rig *rig, guint n, gdouble every_ms);
void rig_run_until (Rig *rig, gdouble ms);
void rig_answer (Rig *rig, gint branch, guint64 frame, gdouble ms);
void rig_return (Rig *rig, gint branch, gdouble ms);

/* the events since then */
void rig_expect (Rig *rig, const gchar *told);
/* forgets the events */
void rig_ignore (Rig *rig);
TribExtractCounts rig_counts (Rig *rig, gint branch);
void rig_check_books (Rig *rig);

G_END_DECLS
