/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstobsaligner-private.h"

G_BEGIN_DECLS

gboolean obs_report_open (GstObsAligner *self, GError **error);
void obs_report_close (GstObsAligner *self);
GstStructure *obs_report_stats (GstObsAligner *self);
void obs_report_keep_stats (GstObsAligner *self);
gchar *obs_report_holder (GstObsAligner *self);

/* with lock: input and decisions of the aligner */
void obs_report_arrival (GstObsAligner *self, const TribRecordEnvelope *envelope,
    const TribAlignRecord *record, gint64 now);
void obs_report_stopped (GstObsAligner *self, gboolean stopped, gint64 now);
void obs_report_shift (GstObsAligner *self, gint64 now);
void obs_report_finish (GstObsAligner *self, gint64 now);
void obs_report_flush (
    GstObsAligner *self, const TribStreamKey *stream, const gchar *source, gint64 now);
void obs_report_sources (GstObsAligner *self, const gchar *sources, gint64 now);
void obs_report_event (GstObsAligner *self, const TribAlignEvent *event);
void obs_report_timing (
    GstObsAligner *self, const TribRecordEnvelope *envelope, const TribAlignRecord *record);
void obs_report_result (GstObsAligner *self, const TribAlignResult *result, gint64 now);
void obs_report_fused (
    GstObsAligner *self, const TribAlignResult *result, gint64 took, guint queued);
void obs_report_sync_delay (GstObsAligner *self, const TribAlignEvent *event);
void obs_report_late (GstObsAligner *self, const TribAlignEvent *event);
void obs_report_duplicate (GstObsAligner *self, const TribAlignEvent *event);
void obs_report_drop (GstObsAligner *self, const TribAlignEvent *event);
void obs_report_source (GstObsAligner *self, const TribAlignEvent *event);
void obs_report_jump (GstObsAligner *self, const TribAlignEvent *event);
void obs_report_invalid (GstObsAligner *self, GstPad *pad, gsize offset, const GError *error);

/* with lock: losses in the output queue */
void obs_report_drop_oldest (GstObsAligner *self);
void obs_report_drop_queue (GstObsAligner *self, guint64 *counter);
void obs_report_lost (GstObsAligner *self, guint64 n_records);

G_END_DECLS
