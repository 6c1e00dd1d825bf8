/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-stream-key.h"

G_BEGIN_DECLS

/* Writes fused records (OBS-5), for obsaligner and tributary-align. */

#define TRIB_RECORD_NO_DELAY G_MININT64

/* nesting of an answer; fused, it is nested three deeper, in a list four */
#define TRIB_RECORD_ANSWER_MAX_DEPTH (TRIB_RECORD_MAX_DEPTH - 4)

/**
 * TribRecordAnswer:
 * @source: name of the source
 * @format: of @record
 * @record: the observation: one map, which a reader has read to its end without an error
 * @delay_ns: its arrival less its capture time; %TRIB_RECORD_NO_DELAY: they are not of one clock
 * @stale_ns: of an older observation that stands in: how much older; -1: it is the frame's own
 */
typedef struct {
  const gchar *source;
  TribRecordFormat format;
  TribRecordSlice record;
  gint64 delay_ns;
  gint64 stale_ns;
} TribRecordAnswer;

/**
 * TribRecordMissing:
 * @source: name of a source that did not answer
 * @why: one word: `timeout`, `skipped`, `idle`, `eos`...
 * @reason: (nullable): the reason that the source itself gave
 */
typedef struct {
  const gchar *source;
  const gchar *why;
  TribRecordSlice reason;
} TribRecordMissing;

/**
 * TribRecordFused:
 * @stream: (nullable): which stream the frame is of
 * @reason: one word
 * @answers: (array length=n_answers): those of a source beside each other
 * @missing: (array length=n_missing)
 */
typedef struct {
  gboolean has_frame_id;
  guint64 frame_id;
  gint64 t_ns;
  const TribStreamKey *stream;
  guint64 epoch;
  guint pane;
  const gchar *reason;
  TribRecordAnswer *answers;
  guint n_answers;
  TribRecordMissing *missing;
  guint n_missing;
  guint64 spread_ns;
  gint64 wait_ns;
} TribRecordFused;

gboolean trib_record_fused_write (
    TribRecordWriter *w, const TribRecordFused *fused, TribRecordReader *reader, GError **error);

G_END_DECLS
