/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <align/trib-align-config.h>

#include <shared/trib-properties.h>

G_BEGIN_DECLS

/* The settings of obsaligner: their table, their values, and the configuration of the core made
 * of them. */

enum {
  OBS_ON_FULL_BLOCK,
  OBS_ON_FULL_DROP_OLDEST,
};

/* in the order of their table; ids of properties */
enum {
  OBS_SETTING_PROFILE = 1,
  OBS_SETTING_MODE,
  OBS_SETTING_SOURCES,
  OBS_SETTING_LEARN_MS,
  OBS_SETTING_WINDOW_MS,
  OBS_SETTING_WINDOW_BASE,
  OBS_SETTING_LATE_THRESHOLD,
  OBS_SETTING_ALLOWED_LATENESS_MS,
  OBS_SETTING_LATENESS,
  OBS_SETTING_MAX_WAIT_MS,
  OBS_SETTING_IDLE_TIMEOUT_MS,
  OBS_SETTING_IDLE_COMPLETES,
  OBS_SETTING_REJOIN,
  OBS_SETTING_ORDER,
  OBS_SETTING_LATE_POLICY,
  OBS_SETTING_RETAIN_MS,
  OBS_SETTING_DUPLICATE_POLICY,
  OBS_SETTING_MISSING_POLICY,
  OBS_SETTING_HOLD_MAX_MS,
  OBS_SETTING_QUORUM,
  OBS_SETTING_MAX_INTERVAL_MS,
  OBS_SETTING_LEARN_BOUNDS,
  OBS_SETTING_SOURCE_OFFSET,
  OBS_SETTING_JUMP_THRESHOLD_MS,
  OBS_SETTING_MATCH_KEY,
  OBS_SETTING_ID_GUARD_MS,
  OBS_SETTING_MATCH_TOLERANCE_MS,
  OBS_SETTING_ADVANCE,
  OBS_SETTING_TUMBLING_MS,
  OBS_SETTING_EMPTY_WINDOWS,
  OBS_SETTING_MAX_PENDING,
  OBS_SETTING_MAX_PENDING_BYTES,
  OBS_SETTING_ON_DOWNSTREAM_FULL,
  OBS_SETTING_STATS_INTERVAL_MS,
  OBS_SETTING_RECORDS,
  OBS_SETTING_TRACE_LEVEL,
  OBS_SETTING_TRACE_LOCATION,
  OBS_SETTING_TRACE_MESSAGES,
  OBS_SETTING_STATS,
  OBS_SETTING_CURRENT_HOLDER,
  OBS_N_SETTINGS
};

/* the values: those of an element, under its OBJECT_LOCK, or a copy */
typedef struct {
  TribAlignConfig config; /* its texts belong to the settings, and are never NULL */
  gint profile;
  gint on_full;
  guint stats_interval_ms;
  gint trace_level;
  gchar *records;
  gchar *trace_location;
  gboolean trace_messages;
  gboolean window_set; /* explicitly, so that a profile does not change it */
  gboolean base_set;   /* likewise: window-base */
} ObsSettings;

void obs_settings_install (GObjectClass *object_class);
void obs_settings_init (ObsSettings *settings);
void obs_settings_copy (const ObsSettings *from, ObsSettings *to);
void obs_settings_clear (ObsSettings *settings);
gboolean obs_settings_set (ObsSettings *settings, guint id, const GValue *value);
gboolean obs_settings_get (const ObsSettings *settings, guint id, GValue *value);
void obs_settings_to_config (
    const ObsSettings *settings, gboolean live, TribAlignConfig *ret_config);
guint obs_settings_window_ms (const ObsSettings *settings);
GstClockTime obs_settings_latency (const ObsSettings *settings, gboolean live);

G_END_DECLS
