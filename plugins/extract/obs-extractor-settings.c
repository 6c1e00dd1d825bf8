/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-extractor-settings.h"

#include <shared/trib-stats-posts.h>

#define OURS(field) G_STRUCT_OFFSET (ObsExtractorSettings, field)
#define AT(field) G_STRUCT_OFFSET (ObsExtractorSettings, config.field)
#define DAY_MS 86400000

enum { PROFILE_NONE, PROFILE_REALTIME, PROFILE_BATCH, PROFILE_LOW_LATENCY };

/* clang-format off */
static const TribProperty table[OBS_EXTRACTOR_N_SETTINGS] = {
  [OBS_EXTRACTOR_BRANCHES] = { TRIB_PROPERTY_TEXT, "branches", "Branches",
      "Branches, separated by ; : NAME=ELEMENTS as for gst-launch-1.0, or "
      "NAME[divisor=2,timeout-ms=80,in-order=false,fatal=true]=ELEMENTS; "
      "a NAME alone is the next pair of request pads", OURS (branches) },
  [OBS_EXTRACTOR_PROFILE] = { TRIB_PROPERTY_ENUM, "profile", "Profile",
      "Preset of timeout-ms, unless that is set itself", OURS (profile),
      .type_name = "GstExtractorBinProfile", .choices = {
        { "none", "No preset" },
        { "realtime", "150 ms: ten frames a second, live" },
        { "batch", "1000 ms: recordings" },
        { "low-latency", "80 ms: live preview" } } },
  [OBS_EXTRACTOR_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "timeout-ms", "Timeout",
      "Time budget of a branch for a frame (ms); unless it is set, none for frames that are not "
      "live", AT (timeout_ms), 1, DAY_MS, 150 },
  [OBS_EXTRACTOR_TIMEOUT_BASE] = { TRIB_PROPERTY_ENUM, "timeout-base", "Timeout base",
      "Start of the timeout", OURS (timeout_base),
      .type_name = "GstExtractorBinTimeoutBase", .choices = {
        { "dispatch", "The decision about the frame" },
        { "arrival", "The arrival of the frame" },
        { "capture", "The frame's running time, on the pipeline's clock; for live streams" } } },
  [OBS_EXTRACTOR_WORKERS] = { TRIB_PROPERTY_UINT, "workers", "Workers",
      "Maximum number of branches that process frames at the same time (jobs)",
      AT (workers), 1, 1024, 4 },
  [OBS_EXTRACTOR_ADMISSION] = { TRIB_PROPERTY_ENUM, "admission", "Admission",
      "Whether frames are admitted per branch or for all branches together", AT (admission),
      .type_name = "GstExtractorBinAdmission", .choices = {
        { "branch", "Each branch on its own" },
        { "frame", "All branches or none" } } },
  [OBS_EXTRACTOR_MAX_IN_FLIGHT] = { TRIB_PROPERTY_UINT, "max-in-flight", "Maximum in flight",
      "Maximum frames in progress per branch; with admission=frame, in total (frames)",
      AT (max_in_flight), 1, 1024, 1 },
  [OBS_EXTRACTOR_QUEUE_DEPTH] = { TRIB_PROPERTY_UINT, "queue-depth", "Queue depth",
      "Maximum frames waiting per branch; with admission=frame, in total (frames)",
      AT (queue_depth), 0, 1024, 1 },
  [OBS_EXTRACTOR_STRATEGY] = { TRIB_PROPERTY_ENUM, "strategy", "Strategy",
      "What to do when frames arrive faster than they are processed; unless it is set, none for "
      "frames that are not live", AT (strategy),
      .initial = TRIB_EXTRACT_STRATEGY_SKIP_OLDEST,
      .type_name = "GstExtractorBinStrategy", .choices = {
        { "none", "Block upstream" },
        { "skip-oldest", "Skip the oldest waiting frame" },
        { "skip-intermediate", "Keep the first waiting frame and the newest" },
        { "keyframe-only", "Process keyframes only" },
        { "every-nth", "Process every n-th frame only" } } },
  [OBS_EXTRACTOR_NTH] = { TRIB_PROPERTY_UINT, "nth", "N-th",
      "Interval of strategy every-nth (frames)", AT (nth), 1, 1000000, 3 },
  [OBS_EXTRACTOR_NTH_WHEN] = { TRIB_PROPERTY_ENUM, "nth-when", "N-th when",
      "When strategy every-nth skips frames", AT (nth_when),
      .type_name = "GstExtractorBinNthWhen", .choices = {
        { "overload", "When frames arrive faster than they are processed" },
        { "always", "Always" } } },
  [OBS_EXTRACTOR_DEADLINE_AWARE] = { TRIB_PROPERTY_BOOL, "deadline-aware", "Deadline-aware",
      "Skip a branch when it is predicted to miss the deadline",
      AT (deadline_aware), .initial = 1 },
  [OBS_EXTRACTOR_BREAKER_THRESHOLD] = { TRIB_PROPERTY_UINT, "breaker-threshold",
      "Breaker threshold", "Timeouts in a row after which a branch gets no frames (0 = never)",
      AT (breaker_threshold), 0, 1000000, 3 },
  [OBS_EXTRACTOR_BREAKER_RETRY_MS] = { TRIB_PROPERTY_UINT, "breaker-retry-ms", "Breaker retry",
      "Time until such a branch is tried with one frame (ms)",
      AT (breaker_retry_ms), 0, DAY_MS, 2000 },
  [OBS_EXTRACTOR_LATE_HORIZON_MS] = { TRIB_PROPERTY_UINT, "late-horizon-ms", "Late horizon",
      "Time after the deadline within which an answer is output and marked late (ms)",
      AT (late_horizon_ms), 0, DAY_MS, 5000 },
  [OBS_EXTRACTOR_DRAIN_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "drain-timeout-ms", "Drain timeout",
      "Maximum time to wait for answers at the end of the stream (ms); unless it is set, none "
      "for frames that are not live",
      OURS (drain_timeout_ms), 0, DAY_MS, 1000 },
  [OBS_EXTRACTOR_MAX_PENDING_BYTES] = { TRIB_PROPERTY_UINT64, "max-pending-bytes",
      "Maximum pending bytes", "Memory limit for records that wait for downstream of obs (bytes)",
      OURS (max_pending_bytes), 65536, 1099511627776.0, 16777216 },
  [OBS_EXTRACTOR_QOS_UPSTREAM] = { TRIB_PROPERTY_BOOL, "qos-upstream", "QoS upstream",
      "Send QoS events upstream for dropped frames, so that decoders can skip frames",
      OURS (qos_upstream) },
  [OBS_EXTRACTOR_TIME_ORIGIN] = { TRIB_PROPERTY_TEXT, "time-origin", "Time origin",
      "Capture time at running time 0 of frames without an identity: ISO 8601 (UTC without a "
      "zone), or nanoseconds since 1970; when not set, by the wall clock, or the container's date "
      "of a file", OURS (time_origin), .is_nullable = TRUE },
  [OBS_EXTRACTOR_STATS_INTERVAL_MS] = TRIB_STATS_INTERVAL_ROW (OURS (stats_interval_ms)),
  [OBS_EXTRACTOR_TRACE_LEVEL] = { TRIB_PROPERTY_ENUM, "trace-level", "Trace level",
      "Level of detail of the trace", OURS (trace_level),
      .type_name = "GstExtractorBinTraceLevel", .choices = {
        { "off", "Nothing" },
        { "minimal", "Skipped frames, and answers that are late or missing" },
        { "normal", "Processing times as well" },
        { "verbose", "A live view on the standard error as well" } },
      .while_playing = TRUE },
  [OBS_EXTRACTOR_TRACE_LOCATION] = { TRIB_PROPERTY_TEXT, "trace-location", "Trace location",
      "File, or fd:N, for trace records", OURS (trace_location) },
  [OBS_EXTRACTOR_TRACE_MESSAGES] = { TRIB_PROPERTY_BOOL, "trace-messages", "Trace messages",
      "Post trace records on the bus as well", OURS (trace_messages) },
  [OBS_EXTRACTOR_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Frames, jobs and records since the last start" },
};
/* clang-format on */

static GType enum_types[OBS_EXTRACTOR_N_SETTINGS];
static const TribProperties all = { table, enum_types, OBS_EXTRACTOR_N_SETTINGS };

/* @properties: (array length=OBS_EXTRACTOR_N_SETTINGS): set from 1 on */
void
obs_extractor_settings_install (GParamSpec **properties)
{
  trib_properties_install (&all, properties);
}

void
obs_extractor_settings_mark_plugin_api (void)
{
  trib_properties_mark_plugin_api (&all);
}

void
obs_extractor_settings_init (ObsExtractorSettings *settings)
{
  *settings = (ObsExtractorSettings){ 0 };
  trib_properties_init (&all, settings);
}

void
obs_extractor_settings_clear (ObsExtractorSettings *settings)
{
  trib_properties_clear (&all, settings);
}

/* @to: initialized; its settings are freed */
void
obs_extractor_settings_copy (const ObsExtractorSettings *from, ObsExtractorSettings *to)
{
  obs_extractor_settings_clear (to);
  *to = *from;
  trib_properties_own (&all, to);
}

/**
 * obs_extractor_settings_set:
 *
 * @locks: requires the lock that guards @settings
 *
 * Returns: whether @id is one with a value
 */
gboolean
obs_extractor_settings_set (ObsExtractorSettings *settings, guint id, const GValue *value)
{
  if (!trib_properties_set (&all, settings, id, value))
    return FALSE;
  settings->set |= G_GUINT64_CONSTANT (1) << id;
  return TRUE;
}

/* whether the user has set it, be it to its default */
gboolean
obs_extractor_settings_is_set (const ObsExtractorSettings *settings, guint id)
{
  return settings->set >> id & 1;
}

/* likewise */
gboolean
obs_extractor_settings_get (const ObsExtractorSettings *settings, guint id, GValue *value)
{
  return trib_properties_get (&all, settings, id, value);
}

/**
 * obs_extractor_settings_to_config:
 * @live: whether frames arrive in real time
 * @ret_config: (out): with the preset of the profile (OBS-7)
 *
 * Frames that are not live have time: what the user has not set is set so that each branch gets
 * every frame, and that none is given up.
 */
void
obs_extractor_settings_to_config (
    const ObsExtractorSettings *settings, gboolean live, TribExtractConfig *ret_config)
{
  static const guint timeouts[] = {
    [PROFILE_REALTIME] = 150,
    [PROFILE_BATCH] = 1000,
    [PROFILE_LOW_LATENCY] = 80,
  };

  *ret_config = settings->config;
  if (!live && !obs_extractor_settings_is_set (settings, OBS_EXTRACTOR_STRATEGY))
    ret_config->strategy = TRIB_EXTRACT_STRATEGY_NONE;
  if (obs_extractor_settings_is_set (settings, OBS_EXTRACTOR_TIMEOUT_MS))
    return;
  if (settings->profile != PROFILE_NONE)
    ret_config->timeout_ms = timeouts[settings->profile];
  else if (!live)
    ret_config->timeout_ms = 0;
}
