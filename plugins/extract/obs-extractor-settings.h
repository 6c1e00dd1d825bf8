/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <extract/trib-extract-config.h>

#include <shared/trib-properties.h>

G_BEGIN_DECLS

/* The properties of extractorbin, and its branches as described in one of them. */

typedef enum {
  OBS_TIMEOUT_BASE_DISPATCH, /* the decision about the frame */
  OBS_TIMEOUT_BASE_ARRIVAL,  /* its arrival */
  OBS_TIMEOUT_BASE_CAPTURE,  /* its running time; for live streams */
} ObsTimeoutBase;

/* in the order of their table; ids of properties */
enum {
  OBS_EXTRACTOR_BRANCHES = 1,
  OBS_EXTRACTOR_PROFILE,
  OBS_EXTRACTOR_TIMEOUT_MS,
  OBS_EXTRACTOR_TIMEOUT_BASE,
  OBS_EXTRACTOR_WORKERS,
  OBS_EXTRACTOR_ADMISSION,
  OBS_EXTRACTOR_MAX_IN_FLIGHT,
  OBS_EXTRACTOR_QUEUE_DEPTH,
  OBS_EXTRACTOR_STRATEGY,
  OBS_EXTRACTOR_NTH,
  OBS_EXTRACTOR_NTH_WHEN,
  OBS_EXTRACTOR_DEADLINE_AWARE,
  OBS_EXTRACTOR_BREAKER_THRESHOLD,
  OBS_EXTRACTOR_BREAKER_RETRY_MS,
  OBS_EXTRACTOR_LATE_HORIZON_MS,
  OBS_EXTRACTOR_DRAIN_TIMEOUT_MS,
  OBS_EXTRACTOR_MAX_PENDING_BYTES,
  OBS_EXTRACTOR_QOS_UPSTREAM,
  OBS_EXTRACTOR_TIME_ORIGIN,
  OBS_EXTRACTOR_STATS_INTERVAL_MS,
  OBS_EXTRACTOR_TRACE_LEVEL,
  OBS_EXTRACTOR_TRACE_LOCATION,
  OBS_EXTRACTOR_TRACE_MESSAGES,
  OBS_EXTRACTOR_STATS,
  OBS_EXTRACTOR_N_SETTINGS
};

typedef struct {
  TribExtractConfig config;
  gchar *branches;
  gint profile;
  gint timeout_base;
  guint drain_timeout_ms;
  guint64 max_pending_bytes;
  gboolean qos_upstream;
  gchar *time_origin;
  guint stats_interval_ms;
  gint trace_level;
  gchar *trace_location;
  gboolean trace_messages;
  guint64 set; /* bits of ids: set by the user, so that nothing else sets it */
} ObsExtractorSettings;

void obs_extractor_settings_install (GParamSpec **properties);
void obs_extractor_settings_mark_plugin_api (void);
void obs_extractor_settings_init (ObsExtractorSettings *settings);
void obs_extractor_settings_copy (const ObsExtractorSettings *from, ObsExtractorSettings *to);
void obs_extractor_settings_clear (ObsExtractorSettings *settings);
gboolean obs_extractor_settings_set (ObsExtractorSettings *settings, guint id, const GValue *value);
gboolean obs_extractor_settings_get (const ObsExtractorSettings *settings, guint id, GValue *value);
gboolean obs_extractor_settings_is_set (const ObsExtractorSettings *settings, guint id);
void obs_extractor_settings_to_config (
    const ObsExtractorSettings *settings, gboolean live, TribExtractConfig *ret_config);

/**
 * ObsBranchSpec:
 * @name: of the branch, and of the source in its records
 * @description: (nullable): elements, as for gst-launch-1.0; %NULL: request pads
 * @fatal: an error of the branch is one of the bin
 */
typedef struct {
  gchar *name;
  gchar *description;
  TribExtractBranchConfig config;
  gboolean fatal;
} ObsBranchSpec;

void obs_branch_spec_free (ObsBranchSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsBranchSpec, obs_branch_spec_free)
ObsBranchSpec *obs_branch_spec_new (const gchar *name);
GPtrArray *obs_branch_specs_parse (const gchar *text, GError **error);

G_END_DECLS
