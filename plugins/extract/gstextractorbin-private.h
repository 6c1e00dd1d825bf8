/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstextractorbin.h"
#include "gstextractorjoin.h"
#include "gstextractorsplit.h"
#include "obs-extractor.h"

G_BEGIN_DECLS

/* a branch of the bin; changed with STATE_LOCK and OBJECT_LOCK, read with either */
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

  /* STATE_LOCK and OBJECT_LOCK */
  GPtrArray *slots;
  guint next_pad; /* of the inner elements */

  /* STATE_LOCK */
  gchar *made;      /* (nullable): the text that the described branches were made of */
  gboolean running; /* PAUSED or PLAYING */
  gint starting;    /* atomic, too: errors of branches are the bin's */
  gint leaving;     /* atomic, too: PAUSED to READY, which waits for streaming threads */
};

/* gstextractorbranches.c; all with STATE_LOCK */
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
