/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-extractor-settings.h"

#define OURS(field) G_STRUCT_OFFSET (ObsExtractorSettings, field)
#define AT(field) G_STRUCT_OFFSET (ObsExtractorSettings, config.field)
#define DAY_MS 86400000

enum { PROFILE_NONE, PROFILE_REALTIME, PROFILE_BATCH, PROFILE_LOW_LATENCY };

/* clang-format off */
static const TribProperty table[OBS_EXTRACTOR_N_SETTINGS] = {
  [OBS_EXTRACTOR_BRANCHES] = { TRIB_PROPERTY_TEXT, "branches", "Branches",
      "Branches, ; between: NAME=ELEMENTS as for gst-launch-1.0, or NAME[divisor=2,timeout-ms=80,in-order=false,fatal=true]=ELEMENTS; "
      "a NAME alone is the next pair of request pads", OURS (branches) },
  [OBS_EXTRACTOR_PROFILE] = { TRIB_PROPERTY_ENUM, "profile", "Profile",
      "Sets timeout-ms to what suits a use, unless that is set itself", OURS (profile),
      .type_name = "GstExtractorBinProfile", .choices = {
        { "none", "timeout-ms holds" },
        { "realtime", "150 ms: ten frames a second, live" },
        { "batch", "1000 ms: recordings" },
        { "low-latency", "80 ms: live preview" } } },
  [OBS_EXTRACTOR_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "timeout-ms", "Timeout",
      "Milliseconds that a frame waits for the answer of a branch", AT (timeout_ms), 1, DAY_MS, 150 },
  [OBS_EXTRACTOR_TIMEOUT_BASE] = { TRIB_PROPERTY_ENUM, "timeout-base", "Timeout base",
      "From when on the timeout counts", OURS (timeout_base),
      .type_name = "GstExtractorBinTimeoutBase", .choices = {
        { "dispatch", "From the decision about the frame" },
        { "arrival", "From when the frame came in" },
        { "capture", "From the frame's running time, on the pipeline's clock; for live streams" } } },
  [OBS_EXTRACTOR_WORKERS] = { TRIB_PROPERTY_UINT, "workers", "Workers",
      "How many branches look at frames at the same time (jobs)", AT (workers), 1, 1024, 4 },
  [OBS_EXTRACTOR_ADMISSION] = { TRIB_PROPERTY_ENUM, "admission", "Admission",
      "Whether each branch takes what it can", AT (admission),
      .type_name = "GstExtractorBinAdmission", .choices = {
        { "branch", "Each branch takes what it can" },
        { "frame", "A frame is for all branches, or for none" } } },
  [OBS_EXTRACTOR_MAX_IN_FLIGHT] = { TRIB_PROPERTY_UINT, "max-in-flight", "Most in flight",
      "Frames that are looked at, of each branch; with admission=frame, of all (frames)",
      AT (max_in_flight), 1, 1024, 1 },
  [OBS_EXTRACTOR_QUEUE_DEPTH] = { TRIB_PROPERTY_UINT, "queue-depth", "Queue depth",
      "Frames that wait, of each branch; with admission=frame, of all (frames)",
      AT (queue_depth), 0, 1024, 1 },
  [OBS_EXTRACTOR_STRATEGY] = { TRIB_PROPERTY_ENUM, "strategy", "Strategy",
      "What happens when frames come faster than they are looked at", AT (strategy),
      .initial = TRIB_EXTRACT_STRATEGY_SKIP_OLDEST,
      .type_name = "GstExtractorBinStrategy", .choices = {
        { "none", "They wait: nothing is passed over for want of room" },
        { "skip-oldest", "The oldest that waits is passed over" },
        { "skip-intermediate", "The first that waits and the newest stay" },
        { "keyframe-only", "Keyframes are taken" },
        { "every-nth", "Every n-th is taken" } } },
  [OBS_EXTRACTOR_NTH] = { TRIB_PROPERTY_UINT, "nth", "N-th",
      "Of strategy every-nth: one frame of so many (frames)", AT (nth), 1, 1000000, 3 },
  [OBS_EXTRACTOR_NTH_WHEN] = { TRIB_PROPERTY_ENUM, "nth-when", "N-th when",
      "When strategy every-nth passes frames over", AT (nth_when),
      .type_name = "GstExtractorBinNthWhen", .choices = {
        { "overload", "When frames come faster than they are looked at" },
        { "always", "Always" } } },
  [OBS_EXTRACTOR_DEADLINE_AWARE] = { TRIB_PROPERTY_BOOL, "deadline-aware", "Deadline-aware",
      "Whether a branch is spared frames that it is thought not to answer in time",
      AT (deadline_aware), .initial = 1 },
  [OBS_EXTRACTOR_BREAKER_THRESHOLD] = { TRIB_PROPERTY_UINT, "breaker-threshold", "Breaker threshold",
      "Timeouts in a row after which a branch gets no frames (0 = it always does)",
      AT (breaker_threshold), 0, 1000000, 3 },
  [OBS_EXTRACTOR_BREAKER_RETRY_MS] = { TRIB_PROPERTY_UINT, "breaker-retry-ms", "Breaker retry",
      "Milliseconds until such a branch is tried with one frame", AT (breaker_retry_ms), 0, DAY_MS, 2000 },
  [OBS_EXTRACTOR_LATE_HORIZON_MS] = { TRIB_PROPERTY_UINT, "late-horizon-ms", "Late horizon",
      "Milliseconds behind its deadline up to which an answer is still given out, marked late",
      AT (late_horizon_ms), 0, DAY_MS, 5000 },
  [OBS_EXTRACTOR_DRAIN_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "drain-timeout-ms", "Drain timeout",
      "Milliseconds that the end of the stream waits for answers", OURS (drain_timeout_ms), 0, DAY_MS, 1000 },
  [OBS_EXTRACTOR_MAX_PENDING_BYTES] = { TRIB_PROPERTY_UINT64, "max-pending-bytes", "Most pending bytes",
      "Bytes of records that may wait for downstream of obs", OURS (max_pending_bytes),
      65536, 1099511627776.0, 16777216 },
  [OBS_EXTRACTOR_QOS_UPSTREAM] = { TRIB_PROPERTY_BOOL, "qos-upstream", "QoS upstream",
      "Whether upstream is told of frames that nobody looks at, so that decoders may skip",
      OURS (qos_upstream) },
  [OBS_EXTRACTOR_TRACE_LEVEL] = { TRIB_PROPERTY_ENUM, "trace-level", "Trace level",
      "How much is traced; verbose draws a view on the standard error", OURS (trace_level),
      .type_name = "GstExtractorBinTraceLevel", .choices = {
        { "off", "Nothing" },
        { "minimal", "Frames that were passed over, and answers that did not come in time" },
        { "normal", "Times, too" },
        { "verbose", "A view for a person, too" } },
      .while_playing = TRUE },
  [OBS_EXTRACTOR_TRACE_LOCATION] = { TRIB_PROPERTY_TEXT, "trace-location", "Trace location",
      "File, or fd:N, that trace records are written to", OURS (trace_location) },
  [OBS_EXTRACTOR_TRACE_MESSAGES] = { TRIB_PROPERTY_BOOL, "trace-messages", "Trace messages",
      "Whether trace records are posted on the bus, too", OURS (trace_messages) },
};
/* clang-format on */

static GType enum_types[OBS_EXTRACTOR_N_SETTINGS];
static const TribProperties all = { table, enum_types, OBS_EXTRACTOR_N_SETTINGS };

/* @properties: with room for %OBS_EXTRACTOR_N_SETTINGS, from 1 on */
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

/* @to: holds settings, which go */
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
 * Returns: whether @id is one of them
 */
gboolean
obs_extractor_settings_set (ObsExtractorSettings *settings, guint id, const GValue *value)
{
  if (!trib_properties_set (&all, settings, id, value))
    return FALSE;
  settings->timeout_set |= id == OBS_EXTRACTOR_TIMEOUT_MS;
  return TRUE;
}

/* likewise */
gboolean
obs_extractor_settings_get (const ObsExtractorSettings *settings, guint id, GValue *value)
{
  return trib_properties_get (&all, settings, id, value);
}

/* with what the profile says (OBS-7) */
void
obs_extractor_settings_to_config (
    const ObsExtractorSettings *settings, TribExtractConfig *ret_config)
{
  static const guint timeouts[] = {
    [PROFILE_REALTIME] = 150,
    [PROFILE_BATCH] = 1000,
    [PROFILE_LOW_LATENCY] = 80,
  };

  *ret_config = settings->config;
  if (settings->profile != PROFILE_NONE && !settings->timeout_set)
    ret_config->timeout_ms = timeouts[settings->profile];
}
