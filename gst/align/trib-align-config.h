/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The settings of alignment. Words and defaults are those of the properties of obsaligner. */

#define TRIB_ALIGN_MAX_SOURCES 64
#define TRIB_ALIGN_MS G_GINT64_CONSTANT (1000000)

#define TRIB_ALIGN_ERROR (trib_align_error_quark ())
GQuark trib_align_error_quark (void);

typedef enum {
  TRIB_ALIGN_ERROR_SETTINGS, /* invalid value of a setting; the message names it */
} TribAlignError;

typedef enum {
  TRIB_ALIGN_MODE_WINDOW,      /* a frame waits for its sources, at most a window */
  TRIB_ALIGN_MODE_WATERMARK,   /* a frame waits until every source has passed its time */
  TRIB_ALIGN_MODE_TUMBLING,    /* all records of a span of time */
  TRIB_ALIGN_MODE_APPROXIMATE, /* sets of records that are nearest to each other */
} TribAlignMode;

typedef enum {
  TRIB_ALIGN_BASE_ARRIVAL, /* since the first record or announce */
  TRIB_ALIGN_BASE_CAPTURE, /* since the capture time of the frame */
  TRIB_ALIGN_BASE_EVENT,   /* by the latest capture time; no timers */
} TribAlignBase;

typedef enum { TRIB_ALIGN_ORDER_KEY, TRIB_ALIGN_ORDER_COMPLETION } TribAlignOrder;
typedef enum { TRIB_ALIGN_REJOIN_HOLD, TRIB_ALIGN_REJOIN_ALIGNED } TribAlignRejoin;
typedef enum { TRIB_ALIGN_ADVANCE_RECORDS, TRIB_ALIGN_ADVANCE_CLOCK } TribAlignAdvance;
typedef enum { TRIB_ALIGN_MATCH_AUTO, TRIB_ALIGN_MATCH_TIME } TribAlignMatch;

typedef enum {
  TRIB_ALIGN_LATE_DROP,
  TRIB_ALIGN_LATE_SIDE,    /* event for a pad of its own */
  TRIB_ALIGN_LATE_FORWARD, /* alone, as a result of its own */
  TRIB_ALIGN_LATE_UPDATE,  /* the whole frame again */
} TribAlignLatePolicy;

typedef enum {
  TRIB_ALIGN_DUPLICATE_FIRST,
  TRIB_ALIGN_DUPLICATE_LAST,
  TRIB_ALIGN_DUPLICATE_APPEND,
} TribAlignDuplicatePolicy;

typedef enum {
  TRIB_ALIGN_MISSING_PARTIAL,
  TRIB_ALIGN_MISSING_DROP,
  TRIB_ALIGN_MISSING_HOLD_LAST,
} TribAlignMissingPolicy;

typedef enum {
  TRIB_ALIGN_PROFILE_NONE,
  TRIB_ALIGN_PROFILE_REALTIME,
  TRIB_ALIGN_PROFILE_BATCH,
  TRIB_ALIGN_PROFILE_LOW_LATENCY,
} TribAlignProfile;

/**
 * TribAlignConfig:
 * @sources: (nullable): NAME[!|?][,...]: expected sources, required (the default) or optional;
 *   empty: learned
 * @lateness: (nullable): NAME:MS[,...]: allowed lateness of single sources
 * @source_offset: (nullable): NAME:MS[,...]: added to a source's capture times
 * @window_ms: maximum wait of a frame; by tumbling the length when @tumbling_ms is 0
 * @late_threshold: multiple of the window beyond which SYNC_DELAY is notified; 0: never
 * @max_wait_ms: -1: 1000 when @live, else off; 0: off
 * @max_interval_ms: 0: @window_ms
 * @tumbling_ms: 0: @window_ms
 * @waits: in mode window: records are not live, and no time limits their wait: a frame waits for
 *   every source, up to the limits of memory. A source that is ahead of the frame by more than the
 *   window is not waited for, unless the frame is announced
 * @live: records arrive in real time
 *
 * Durations in ms, times in ns, sizes in bytes.
 */
typedef struct {
  TribAlignMode mode;
  const gchar *sources;
  const gchar *lateness;
  const gchar *source_offset;
  guint learn_ms;
  guint window_ms;
  TribAlignBase window_base;
  gdouble late_threshold;
  guint allowed_lateness_ms;
  gint max_wait_ms;
  guint idle_timeout_ms;
  gboolean idle_completes;
  TribAlignRejoin rejoin;
  TribAlignOrder order;
  TribAlignLatePolicy late_policy;
  guint retain_ms;
  TribAlignDuplicatePolicy duplicate_policy;
  TribAlignMissingPolicy missing_policy;
  guint hold_max_ms;
  guint quorum;
  guint max_interval_ms;
  gboolean learn_bounds;
  guint jump_threshold_ms;
  TribAlignMatch match_key;
  guint id_guard_ms;
  guint match_tolerance_ms;
  TribAlignAdvance advance;
  guint tumbling_ms;
  gboolean empty_windows;
  guint max_pending;
  guint64 max_pending_bytes;
  guint stats_interval_ms;
  gboolean waits;
  gboolean live;
} TribAlignConfig;

void trib_align_config_init (TribAlignConfig *config);
void trib_align_config_apply_profile (TribAlignConfig *config, TribAlignProfile profile);

G_END_DECLS
