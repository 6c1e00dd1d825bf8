/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <shared/trib-fields.h>

#include <record/trib-record.h>

G_BEGIN_DECLS

/* Invalid records: counted by reason, the last one remembered, the first one of each reason
 * reported by a message. The owner's lock guards the struct, but for the function that says
 * otherwise. */

typedef struct {
  guint64 counts[TRIB_RECORD_N_ERRORS];
  guint64 last_record;
  guint64 last_offset;
  gchar *last_text;
} GstRecordRefusals;

#define GST_RECORD_N_DROPPED_FIELDS 4
/* of the message `<element>-dropped` */
extern const TribField gst_record_dropped_fields[GST_RECORD_N_DROPPED_FIELDS];
#define GST_RECORD_N_REFUSALS_FIELDS 4
/* of `stats`; their values are a #GstRecordRefusals */
extern const TribField gst_record_refusals_fields[GST_RECORD_N_REFUSALS_FIELDS];

void gst_record_refusals_clear (GstRecordRefusals *refusals);
/* @record: its number since the start; @offset: of the byte that the reason is at. Whether it is
 *   the first of its
 * reason, so that gst_record_refusal_post() is to be called */
gboolean gst_record_refusals_add (
    GstRecordRefusals *refusals, const GError *why, guint64 record, guint64 offset);
/* without locks; @table: of gst_record_dropped_fields */
void gst_record_refusal_post (GstElement *element, const TribFieldTable *table, const GError *why,
    guint64 record, guint64 offset);

G_END_DECLS
