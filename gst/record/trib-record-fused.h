/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record-envelope.h"

G_BEGIN_DECLS

/* Writes fused records (OBS-5): trib_record_fused_begin() with the answers, trib_record_fused_missing() for
 * each source that did not answer, trib_record_fused_end(). */

/* nesting of an answer; fused, it is nested three deeper, in a list four */
#define TRIB_RECORD_ANSWER_MAX_DEPTH (TRIB_RECORD_MAX_DEPTH - 4)

/**
 * TribRecordAnswer:
 * @source: who answered
 * @format: of @record
 * @record: the observation: one map, which a reader has read to its end without an error
 * @delay_ms: its arrival after its capture
 * @stale_ms: of an older observation that stands in: how much older; negative: it is the frame's own
 */
typedef struct {
  TribRecordSlice source;
  TribRecordFormat format;
  TribRecordSlice record;
  gdouble delay_ms;
  gdouble stale_ms;
} TribRecordAnswer;

gboolean trib_record_fused_begin (TribRecordWriter *w, const TribRecordEnvelope *e,
    const TribRecordAnswer *answers, guint n_answers, TribRecordReader *reader, GError **error);
void trib_record_fused_missing (
    TribRecordWriter *w, const gchar *source, const gchar *why, TribRecordSlice reason);
void trib_record_fused_end (TribRecordWriter *w, const TribRecordEnvelope *e);

G_END_DECLS
