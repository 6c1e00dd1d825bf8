/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstextractorbin.h"
#include "gstextractorjoin.h"
#include "gstextractorsplit.h"
#include "obs-extractor.h"

G_BEGIN_DECLS

/* a branch of the bin; changed by the turn's owner with OBJECT_LOCK, read by either */
typedef struct {
  ObsBranchSpec *spec;
  ObsBranch *branch;
  GstElement *element;            /* (nullable): its elements, owned; NULL: the application's */
  GstPad *src_ghost, *sink_ghost; /* (nullable): request pads of the application, not owned */
  guint pads;                     /* number of the request pads */
} ExtractorSlot;

struct _GstExtractorBin {
  GstBin parent;

  /* set once */
  ObsExtractor *x;
  GstElement *split, *join;

  /* OBJECT_LOCK */
  ObsExtractorSettings settings;

  /* turn: one thread at a time changes states and branches */
  GMutex turn_lock;
  GCond turn_ended; /* or `stopping` was set */
  GThread *turn_owner;
  guint turn_depth;
  gboolean stopping; /* PAUSED to READY, which waits for streaming threads */

  /* owner of the turn, and OBJECT_LOCK */
  GPtrArray *slots;
  guint next_pad; /* of the inner elements */

  /* owner of the turn */
  gchar *made;      /* (nullable): the text that the described branches were made of */
  gboolean running; /* PAUSED or PLAYING */
  gint starting;    /* atomic, too: errors of branches are the bin's */
  GstClockID posts; /* (nullable): of stats */
};

/* gstextractorbranches.c; all by the owner of the turn */
gboolean gst_extractor_bin_make_branches (GstExtractorBin *self, GError **error);
void gst_extractor_bin_drop_branches (GstExtractorBin *self);
void gst_extractor_bin_drop_all (GstExtractorBin *self);
gboolean gst_extractor_bin_add_branch (GstExtractorBin *self, const gchar *text, GError **error);
gboolean gst_extractor_bin_remove_branch (GstExtractorBin *self, const gchar *name);
void gst_extractor_bin_start_branches (GstExtractorBin *self);
void gst_extractor_bin_stop_branches (GstExtractorBin *self);
ExtractorSlot *gst_extractor_bin_request_slot (
    GstExtractorBin *self, const gchar *name, gboolean src, GError **error);
void gst_extractor_bin_start_slot (GstExtractorBin *self, ExtractorSlot *slot);
void gst_extractor_bin_release_slot (GstExtractorBin *self, GstPad *ghost);

/* any thread */
ObsBranch *gst_extractor_bin_find_branch (GstExtractorBin *self, GstObject *inside);

G_END_DECLS
