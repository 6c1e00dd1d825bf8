/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The trace records of contract OBS-6, as JSON maps. Each is defined once, in the table that
 * trib_trace_record_form() gives; docs/records.md shows the same table. */

typedef enum {
  TRIB_TRACE_RECORD_TIMING,
  TRIB_TRACE_RECORD_FRAME_DROP,
  TRIB_TRACE_RECORD_SYNC_DELAY,
  TRIB_TRACE_RECORD_LOST,
  TRIB_TRACE_RECORD_N_TYPES,
} TribTraceRecordType;

typedef struct {
  const gchar *name;
  const gchar *type; /* in words: "integer", "list of texts" */
  const gchar *about;
} TribTraceRecordField;

typedef struct {
  const gchar *record_type; /* the value of the field of that name, which comes first */
  const gchar *about;
  TribTraceRecordField fields[5]; /* the others in order; ends with a NULL name */
} TribTraceRecordForm;

const TribTraceRecordForm *trib_trace_record_form (TribTraceRecordType type);

/* Each appends one record to @out, without a line feed. Texts that are not UTF-8 are mended with
 * U+FFFD. */
void trib_trace_record_timing (GString *out, gint64 frame_id, const gchar *component,
    gint64 processing_ns, guint64 queue_depth);
void trib_trace_record_frame_drop (GString *out, gint64 frame_id, const gint64 *dropped_frame_ids,
    gsize n_dropped, const gchar *reason);
void trib_trace_record_sync_delay (
    GString *out, gint64 frame_id, gint64 delay_ns, const gchar *const *waiting_for);
void trib_trace_record_lost (GString *out, guint64 full, guint64 too_large, guint64 failed);

G_END_DECLS
