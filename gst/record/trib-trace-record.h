/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Writes the trace records of contract OBS-6 as JSON, with the names and in the order of the table
 * in trib-record-fields.c, and so that trib_record_envelope_read() takes them. Each function
 * appends one record to @out, without a line feed. Texts that are not UTF-8 are mended with U+FFFD,
 * and cut after TRIB_RECORD_MAX_TEXT_BYTES; of a list of names the first TRIB_RECORD_MAX_NAMES are
 * written. */

/* @timestamp_ns: now, on the wall clock; @threshold_ns: beyond it is slow, 0: not known */
void trib_trace_record_timing (GString *out, gint64 timestamp_ns, guint64 frame_id,
    const gchar *component, gint64 processing_ns, guint64 queue_depth, gint64 threshold_ns);
/* @component: (nullable) */
void trib_trace_record_frame_drop (GString *out, gint64 timestamp_ns, guint64 frame_id,
    const guint64 *dropped_frame_ids, gsize n_dropped, const gchar *reason, const gchar *component);
/* @waiting_for: (nullable): ends with %NULL */
void trib_trace_record_sync_delay (GString *out, gint64 timestamp_ns, guint64 frame_id,
    gint64 delay_ns, const gchar *const *waiting_for);
void trib_trace_record_lost (
    GString *out, gint64 timestamp_ns, guint64 full, guint64 too_large, guint64 failed);

G_END_DECLS
