/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-aligner-settings.h"

/* Everything about a property is in its row of this table. */

#define OURS(field) G_STRUCT_OFFSET (ObsSettings, field)
#define AT(field) G_STRUCT_OFFSET (ObsSettings, config.field)
#define DAY_MS 86400000
/* of the arrival log, as of tributary-align, which compares it */
#define LOG_INTERVAL_MS 1000

/* clang-format off */
static const TribProperty table[OBS_N_SETTINGS] = {
  [OBS_SETTING_PROFILE] = { TRIB_PROPERTY_ENUM, "profile", "Profile",
      "Preset of window-ms; ignored when window-ms is set", OURS (profile),
      .type_name = "GstObsAlignerProfile", .choices = {
        { "none", "No preset" },
        { "realtime", "100 ms: ten frames a second, live" },
        { "batch", "200 ms: recordings" },
        { "low-latency", "50 ms: live preview" } } },
  [OBS_SETTING_MODE] = { TRIB_PROPERTY_ENUM, "mode", "Mode",
      "How frames are formed, and when they are emitted", AT (mode),
      .type_name = "GstObsAlignerMode", .choices = {
        { "window", "When all sources have answered, or the window has elapsed" },
        { "watermark", "When the capture times of every source have passed the frame" },
        { "tumbling", "Windows of fixed length, by capture time" },
        { "approximate", "Sets of observations close in time, without equal stamps" } } },
  [OBS_SETTING_SOURCES] = { TRIB_PROPERTY_TEXT, "sources", "Sources",
      "Comma-separated names of the expected sources, optional ones with ? (empty = learned)",
      AT (sources), .while_playing = TRUE },
  [OBS_SETTING_LEARN_MS] = { TRIB_PROPERTY_UINT, "learn-ms", "Learning time",
      "Time after the first record during which no frame is complete, when sources is empty (ms)",
      AT (learn_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_WINDOW_MS] = { TRIB_PROPERTY_UINT, "window-ms", "Window",
      "Maximum time that a frame waits for its observations (ms); unless window-ms, window-base or "
      "profile is set, none for records that are not live", AT (window_ms), 0, DAY_MS, 100 },
  [OBS_SETTING_WINDOW_BASE] = { TRIB_PROPERTY_ENUM, "window-base", "Window base",
      "Start and clock of the window", AT (window_base),
      .type_name = "GstObsAlignerWindowBase", .choices = {
        { "arrival", "Time since the arrival of the first record of the frame" },
        { "capture", "Running time since the capture of the frame" },
        { "event", "Latest capture time of any source; no timers, for recordings" } } },
  [OBS_SETTING_LATE_THRESHOLD] = { TRIB_PROPERTY_DOUBLE, "late-threshold", "Late threshold",
      "Multiple of the window: an emitted frame that is older, by the latest capture time, is "
      "reported as a sync_delay (0 = off)",
      AT (late_threshold), 0, 1000, 1.5 },
  [OBS_SETTING_ALLOWED_LATENESS_MS] = { TRIB_PROPERTY_UINT, "allowed-lateness-ms",
      "Allowed lateness",
      "Distance of the watermark from the latest capture time of a source (ms)",
      AT (allowed_lateness_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_LATENESS] = { TRIB_PROPERTY_TEXT, "lateness", "Lateness by source",
      "Allowed lateness of single sources in ms, like face:20,pose:5", AT (lateness) },
  [OBS_SETTING_MAX_WAIT_MS] = { TRIB_PROPERTY_INT, "max-wait-ms", "Maximum wait",
      "Maximum wait of a frame by watermark or tumbling (ms; 0 = no limit, "
      "-1 = 1000 when live, else no limit)", AT (max_wait_ms), -1, DAY_MS, -1 },
  [OBS_SETTING_IDLE_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "idle-timeout-ms", "Idle timeout",
      "Time without records after which a source is idle and is not waited for (ms; 0 = never)",
      AT (idle_timeout_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_IDLE_COMPLETES] = { TRIB_PROPERTY_BOOL, "idle-completes", "Idle completes",
      "Consider a frame complete without its idle sources", AT (idle_completes) },
  [OBS_SETTING_REJOIN] = { TRIB_PROPERTY_ENUM, "rejoin", "Rejoin",
      "When a source that was idle holds the watermark again", AT (rejoin),
      .type_name = "GstObsAlignerRejoin", .choices = {
        { "hold", "At once" },
        { "aligned", "When it has caught up with the watermark" } } },
  [OBS_SETTING_ORDER] = { TRIB_PROPERTY_ENUM, "order", "Order",
      "Order in which frames are emitted", AT (order),
      .type_name = "GstObsAlignerOrder", .choices = {
        { "key", "By capture time; a frame that is ready waits for older ones" },
        { "completion", "As they become ready" } } },
  [OBS_SETTING_LATE_POLICY] = { TRIB_PROPERTY_ENUM, "late-policy", "Late policy",
      "What to do with late records", AT (late_policy),
      .type_name = "GstObsAlignerLatePolicy", .choices = {
        { "drop", "Drop and count" },
        { "side", "Push unchanged to the pad late" },
        { "forward", "Emit as a fused record of its own" },
        { "update", "Emit the frame again with it, as the next pane" } } },
  [OBS_SETTING_RETAIN_MS] = { TRIB_PROPERTY_UINT, "retain-ms", "Retain",
      "Time that an emitted frame is remembered, to detect late and duplicate records (ms)",
      AT (retain_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_DUPLICATE_POLICY] = { TRIB_PROPERTY_ENUM, "duplicate-policy", "Duplicate policy",
      "What to do with a second answer of a source for a frame; by approximate only first",
      AT (duplicate_policy),
      .type_name = "GstObsAlignerDuplicatePolicy", .choices = {
        { "first", "Keep the first" },
        { "last", "Keep the last" },
        { "append", "Keep both, as a list" } } },
  [OBS_SETTING_MISSING_POLICY] = { TRIB_PROPERTY_ENUM, "missing-policy", "Missing policy",
      "What to do with a frame without an answer of a required source", AT (missing_policy),
      .type_name = "GstObsAlignerMissingPolicy", .choices = {
        { "partial", "Emit without it" },
        { "drop", "Drop and count" },
        { "hold-last", "Emit with the last observation of the source, its age in stale_ms" } } },
  [OBS_SETTING_HOLD_MAX_MS] = { TRIB_PROPERTY_UINT, "hold-max-ms", "Maximum hold",
      "Maximum age of an observation that hold-last uses (ms)", AT (hold_max_ms), 0, DAY_MS, 500 },
  [OBS_SETTING_QUORUM] = { TRIB_PROPERTY_UINT, "quorum", "Quorum",
      "Minimum number of sources that must answer (0 = off)",
      AT (quorum), 0, 64, 0 },
  [OBS_SETTING_MAX_INTERVAL_MS] = { TRIB_PROPERTY_UINT, "max-interval-ms", "Maximum interval",
      "Maximum difference of capture times in a set, by approximate (ms; 0 = window-ms)",
      AT (max_interval_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_LEARN_BOUNDS] = { TRIB_PROPERTY_BOOL, "learn-bounds", "Learn bounds",
      "Learn the minimum interval between records of a source to emit sooner, by approximate",
      AT (learn_bounds), .initial = 1 },
  [OBS_SETTING_SOURCE_OFFSET] = { TRIB_PROPERTY_TEXT, "source-offset", "Source offset",
      "Offsets added to the capture times of sources in ms, like pose:-12.5,face:3",
      AT (source_offset) },
  [OBS_SETTING_JUMP_THRESHOLD_MS] = { TRIB_PROPERTY_UINT, "jump-threshold-ms", "Jump threshold",
      "Capture-time step that counts as a clock jump (ms; 0 = no detection)",
      AT (jump_threshold_ms), 0, DAY_MS, 5000 },
  [OBS_SETTING_MATCH_KEY] = { TRIB_PROPERTY_ENUM, "match-key", "Match key",
      "How records are assigned to a frame", AT (match_key),
      .type_name = "GstObsAlignerMatchKey", .choices = {
        { "auto", "By frame id, by capture time without one" },
        { "time", "By capture time, within match-tolerance-ms" } } },
  [OBS_SETTING_ID_GUARD_MS] = { TRIB_PROPERTY_UINT, "id-guard-ms", "Id guard",
      "Difference of capture times beyond which an equal frame id is another frame (ms)",
      AT (id_guard_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_MATCH_TOLERANCE_MS] = { TRIB_PROPERTY_UINT, "match-tolerance-ms", "Match tolerance",
      "Maximum difference of capture times in a frame that is matched by time (ms)",
      AT (match_tolerance_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_ADVANCE] = { TRIB_PROPERTY_ENUM, "advance", "Advance",
      "What advances the watermark", AT (advance),
      .type_name = "GstObsAlignerAdvance", .choices = {
        { "records", "Records only" },
        { "clock", "Records and elapsed time" } } },
  [OBS_SETTING_TUMBLING_MS] = { TRIB_PROPERTY_UINT, "tumbling-ms", "Tumbling length",
      "Length of a window, by tumbling (ms; 0 = window-ms)", AT (tumbling_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_EMPTY_WINDOWS] = { TRIB_PROPERTY_BOOL, "empty-windows", "Empty windows",
      "Emit windows without records, by tumbling", AT (empty_windows) },
  [OBS_SETTING_MAX_PENDING] = { TRIB_PROPERTY_UINT, "max-pending", "Maximum pending",
      "Maximum number of open frames, and of fused records in the output queue", AT (max_pending),
      1, 1000000, 1024 },
  [OBS_SETTING_MAX_PENDING_BYTES] = { TRIB_PROPERTY_UINT64, "max-pending-bytes",
      "Maximum pending bytes",
      "Maximum size of records in open frames, and in the output queue (bytes)",
      AT (max_pending_bytes), 4096, 1099511627776., 64 * 1024 * 1024 },
  [OBS_SETTING_ON_DOWNSTREAM_FULL] = { TRIB_PROPERTY_ENUM, "on-downstream-full",
      "On downstream full",
      "What to do when the output queue is full", OURS (on_full),
      .type_name = "GstObsAlignerOnDownstreamFull", .choices = {
        { "block", "Block the sources" },
        { "drop-oldest", "Drop and count the oldest fused record" } },
      .while_playing = TRUE },
  [OBS_SETTING_STATS_INTERVAL_MS] = { TRIB_PROPERTY_UINT, "stats-interval-ms",
      "Statistics interval",
      "Interval of messages with the fields of stats (ms; 0 = none), and of counter lines in the "
      "arrival log (0 = a second)",
      OURS (stats_interval_ms), 0, DAY_MS },
  [OBS_SETTING_RECORDS] = { TRIB_PROPERTY_TEXT, "records", "Records",
      "Arrival log: file or fd:N for a line about each record and decision, to be replayed",
      OURS (records) },
  [OBS_SETTING_TRACE_LEVEL] = { TRIB_PROPERTY_ENUM, "trace-level", "Trace level",
      "Amount of trace records; verbose also draws a view on standard error", OURS (trace_level),
      .type_name = "GstObsAlignerTraceLevel", .choices = {
        { "off", "Nothing" },
        { "minimal", "Frames that were emitted late or dropped" },
        { "normal", "Also processing times" },
        { "verbose", "Also a view for people" } },
      .while_playing = TRUE },
  [OBS_SETTING_TRACE_LOCATION] = { TRIB_PROPERTY_TEXT, "trace-location", "Trace location",
      "File or fd:N for trace records", OURS (trace_location) },
  [OBS_SETTING_TRACE_MESSAGES] = { TRIB_PROPERTY_BOOL, "trace-messages", "Trace messages",
      "Also post trace records on the bus", OURS (trace_messages) },
  [OBS_SETTING_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters since the last start" },
  [OBS_SETTING_CURRENT_HOLDER] = { TRIB_PROPERTY_STATE, "current-holder", "Current holder",
      "Source that holds the watermark back (empty = none)" },
};
/* clang-format on */

static const TribProperties all = TRIB_PROPERTIES (table);

void
obs_settings_install (GObjectClass *object_class)
{
  trib_properties_install_class (&all, object_class);
}

void
obs_settings_init (ObsSettings *settings)
{
  *settings = (ObsSettings){ 0 };
  trib_properties_init (&all, settings);
}

void
obs_settings_clear (ObsSettings *settings)
{
  trib_properties_clear (&all, settings);
}

/* @to: initialized; its values are freed */
void
obs_settings_copy (const ObsSettings *from, ObsSettings *to)
{
  obs_settings_clear (to);
  *to = *from;
  trib_properties_own (&all, to);
}

/**
 * obs_settings_set:
 *
 * @locks: requires the lock that guards @settings
 *
 * Returns: whether @id is one of them
 */
gboolean
obs_settings_set (ObsSettings *settings, guint id, const GValue *value)
{
  if (!trib_properties_set (&all, settings, id, value))
    return FALSE;
  settings->window_set |= id == OBS_SETTING_WINDOW_MS;
  settings->base_set |= id == OBS_SETTING_WINDOW_BASE;
  return TRUE;
}

/* likewise */
gboolean
obs_settings_get (const ObsSettings *settings, guint id, GValue *value)
{
  return trib_properties_get (&all, settings, id, value);
}

/**
 * obs_settings_to_config:
 * @live: whether records come in real time
 * @ret_config: (out): with the profile applied; its texts are those of @settings
 */
void
obs_settings_to_config (const ObsSettings *settings, gboolean live, TribAlignConfig *ret_config)
{
  guint window_ms = settings->config.window_ms;

  *ret_config = settings->config;
  ret_config->live = live;
  /* frames of a file have time, unless the user limits it */
  ret_config->waits = !live && !settings->window_set && !settings->base_set
                      && settings->profile == TRIB_ALIGN_PROFILE_NONE;
  ret_config->stats_interval_ms
      = settings->stats_interval_ms ? settings->stats_interval_ms : LOG_INTERVAL_MS;
  trib_align_config_apply_profile (ret_config, settings->profile);
  if (settings->window_set)
    ret_config->window_ms = window_ms;
}

/* that of the profile, unless it was set */
guint
obs_settings_window_ms (const ObsSettings *settings)
{
  TribAlignConfig config;

  obs_settings_to_config (settings, FALSE, &config);
  return config.window_ms;
}

/* longest time between the arrival of a record and its emission */
GstClockTime
obs_settings_latency (const ObsSettings *settings, gboolean live)
{
  TribAlignConfig config;
  guint max_wait_ms;

  obs_settings_to_config (settings, live, &config);
  if (config.mode == TRIB_ALIGN_MODE_WINDOW || config.mode == TRIB_ALIGN_MODE_APPROXIMATE)
    return config.window_ms * GST_MSECOND;
  if (config.max_wait_ms < 0)
    max_wait_ms = live ? 1000 : 0;
  else
    max_wait_ms = (guint) config.max_wait_ms;
  return max_wait_ms * GST_MSECOND;
}
