/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <trace/trib-trace.h>

/* What the tests of a trace need around it: callbacks that remember, and what stands in a file. */

#define MS G_GINT64_CONSTANT (1000000)
#define WAIT_MS 20000

typedef struct {
  GMutex lock;
  GString *records; /* a line each */
  guint n_errors;
  GError *error; /* the latest */
  TribTraceOutlet outlet;
  GThread *thread;
} RigSeen;

RigSeen *rig_seen_new (void);
void rig_seen_free (RigSeen *seen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RigSeen, rig_seen_free)
/* for a TribTraceConfig; user_data is the RigSeen */
void rig_on_record (const gchar *json, gsize len, gpointer user_data);
void rig_on_error (TribTraceOutlet outlet, const GError *error, gpointer user_data);
guint rig_errors (RigSeen *seen);

TribTrace *rig_open (const TribTraceConfig *config);
/* closes, or the test fails */
TribTraceAccount rig_account (TribTrace *trace, TribTraceOutlet outlet);
/* a timing, a frame_drop and a sync_delay record */
void rig_one_of_each (TribTrace *trace, guint64 frame_id);

void rig_strip_times (gchar *text);
/* without times, which differ */
gchar *rig_contents (const gchar *path);
/* of lines that must each be whole JSON: how many hold @word */
guint rig_count_records (const gchar *text, const gchar *word);
/* the sum of "records" in the lines about losses */
guint64 rig_told_losses (const gchar *text);
