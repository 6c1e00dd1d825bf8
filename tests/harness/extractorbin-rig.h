/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-gst-test.h"

/* An extractorbin between a test that brings frames, tests that are its branches, and a test that
 * reads what comes out by obs. */

#define RIG_FRAME (33 * GST_MSECOND)

typedef struct {
  GstElement *element;
  GstHarness *h;         /* its pads sink and obs */
  GstHarness *branch[4]; /* pairs of request pads: frames are pulled, answers pushed */
  GstHarness *src;       /* (nullable) its pad src */
} Rig;

Rig *rig_new (const gchar *properties, guint n_branches);
void rig_free (Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)
void rig_open_src (Rig *rig);
void rig_open_branch (Rig *rig, guint branch);
void rig_close_branch (Rig *rig, guint branch);

GstBuffer *rig_make_frame (guint64 id);
void rig_frame (Rig *rig, guint64 id);
void rig_hold (Rig *rig);
void rig_go_on (Rig *rig);
guint64 rig_next (Rig *rig, guint branch);
void rig_take (Rig *rig, guint branch, guint64 id);
void rig_say (Rig *rig, guint branch, const gchar *json);
void rig_answer (Rig *rig, guint branch, guint64 id);

gchar *rig_pull (Rig *rig);
void rig_expect (Rig *rig, const gchar *summary);
gchar *rig_summary (const gchar *record);
void rig_end (Rig *rig);

guint64 rig_stat (Rig *rig, const gchar *field);
guint64 rig_branch_stat (Rig *rig, const gchar *branch, const gchar *field);
gchar *rig_branch_state (Rig *rig, const gchar *branch);
void rig_assert_closed (Rig *rig);
