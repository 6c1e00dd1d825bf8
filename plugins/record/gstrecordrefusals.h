/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <record/trib-record.h>

G_BEGIN_DECLS

/* Records that an element could not use: counted by reason, the last one remembered, the first of
 * each reason told. Whoever holds one of these guards it, but for the two functions that say
 * otherwise. */

typedef struct {
  guint64 counts[TRIB_RECORD_N_ERRORS];
  guint64 last_record;
  guint64 last_offset;
  gchar *last_text;
} GstRecordRefusals;

void gst_record_refusals_clear (GstRecordRefusals *refusals);
/* @record: its number since the start; @offset: of the byte that the reason is at. TRUE when it is
 * the first of its reason, and gst_record_refusal_post() is due */
gboolean gst_record_refusals_add (
    GstRecordRefusals *refusals, const GError *why, guint64 record, guint64 offset);
guint64 gst_record_refusals_total (const GstRecordRefusals *refusals);
void gst_record_refusals_to_stats (const GstRecordRefusals *refusals, GstStructure *stats);
/* no lock may be held */
void gst_record_refusal_post (
    GstElement *element, const gchar *name, const GError *why, guint64 record, guint64 offset);

G_END_DECLS
