/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-aligner-settings.h"

/* One line a property: everything that is done with it is done by this table. */

#define OURS(field) G_STRUCT_OFFSET (ObsSettings, field)
#define AT(field) G_STRUCT_OFFSET (ObsSettings, config.field)
#define DAY_MS 86400000

/* clang-format off */
static const TribProperty table[OBS_N_SETTINGS] = {
  [OBS_SETTING_PROFILE] = { TRIB_PROPERTY_ENUM, "profile", "Profile",
      "Sets window-ms to what suits a use, unless that is set itself", OURS (profile),
      .type_name = "GstObsAlignerProfile", .choices = {
        { "none", "window-ms holds" },
        { "realtime", "100 ms: ten frames a second, live" },
        { "batch", "200 ms: recordings" },
        { "low-latency", "50 ms: live preview" } } },
  [OBS_SETTING_MODE] = { TRIB_PROPERTY_ENUM, "mode", "Mode",
      "When a frame is complete enough to leave", AT (mode),
      .type_name = "GstObsAlignerMode", .choices = {
        { "window", "When all have answered, or when it is too old" },
        { "watermark", "When every source has passed its time" },
        { "tumbling", "Windows of fixed length, by capture time" },
        { "approximate", "Sets of observations close in time, without equal stamps" } } },
  [OBS_SETTING_SOURCES] = { TRIB_PROPERTY_TEXT, "sources", "Sources",
      "Sources by name, comma between, ? behind optional ones; empty: as they are met",
      AT (sources), .while_playing = TRUE },
  [OBS_SETTING_LEARN_MS] = { TRIB_PROPERTY_UINT, "learn-ms", "Learning time",
      "Milliseconds after the first record in which no frame is complete early, without sources",
      AT (learn_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_WINDOW_MS] = { TRIB_PROPERTY_UINT, "window-ms", "Window",
      "Milliseconds that a frame waits for its observations", AT (window_ms), 0, DAY_MS, 100 },
  [OBS_SETTING_WINDOW_BASE] = { TRIB_PROPERTY_ENUM, "window-base", "Window base",
      "What the window is measured by", AT (window_base),
      .type_name = "GstObsAlignerWindowBase", .choices = {
        { "arrival", "Time since the frame's first record came in" },
        { "capture", "Running time since it was captured" },
        { "event", "The newest capture time seen; no timers, for recordings" } } },
  [OBS_SETTING_LATE_THRESHOLD] = { TRIB_PROPERTY_DOUBLE, "late-threshold", "Late threshold",
      "Factor of the window: a frame that waited longer is told as a sync_delay",
      AT (late_threshold), 0, 1000, 1.5 },
  [OBS_SETTING_ALLOWED_LATENESS_MS] = { TRIB_PROPERTY_UINT, "allowed-lateness-ms", "Allowed lateness",
      "Milliseconds that the watermark stays behind the newest capture time of a source",
      AT (allowed_lateness_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_LATENESS] = { TRIB_PROPERTY_TEXT, "lateness", "Lateness by source",
      "Another allowed lateness for some sources in ms, like face:20,pose:5", AT (lateness) },
  [OBS_SETTING_MAX_WAIT_MS] = { TRIB_PROPERTY_INT, "max-wait-ms", "Maximum wait",
      "Milliseconds that a frame waits at most, by watermark or tumbling; 0: no limit, "
      "-1: 1000 when live, else none", AT (max_wait_ms), -1, DAY_MS, -1 },
  [OBS_SETTING_IDLE_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "idle-timeout-ms", "Idle timeout",
      "Milliseconds of silence after which a source is not waited for; 0: never",
      AT (idle_timeout_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_IDLE_COMPLETES] = { TRIB_PROPERTY_BOOL, "idle-completes", "Idle completes",
      "Whether a frame is complete without the sources that are idle", AT (idle_completes) },
  [OBS_SETTING_REJOIN] = { TRIB_PROPERTY_ENUM, "rejoin", "Rejoin",
      "What a source that was idle must do to count again", AT (rejoin),
      .type_name = "GstObsAlignerRejoin", .choices = {
        { "hold", "Nothing; the watermark waits for it" },
        { "aligned", "Catch up with the watermark" } } },
  [OBS_SETTING_ORDER] = { TRIB_PROPERTY_ENUM, "order", "Order", "In which order frames leave", AT (order),
      .type_name = "GstObsAlignerOrder", .choices = {
        { "key", "By capture time: one that is ready waits for older ones" },
        { "completion", "As they get ready" } } },
  [OBS_SETTING_LATE_POLICY] = { TRIB_PROPERTY_ENUM, "late-policy", "Late policy",
      "What becomes of a record whose frame has left", AT (late_policy),
      .type_name = "GstObsAlignerLatePolicy", .choices = {
        { "drop", "Nothing; it is counted" },
        { "side", "It goes to the pad late, as it came" },
        { "forward", "It leaves as a fused record by itself" },
        { "update", "The frame leaves again with it, as the next pane" } } },
  [OBS_SETTING_RETAIN_MS] = { TRIB_PROPERTY_UINT, "retain-ms", "Retain",
      "Milliseconds that a frame that left is remembered", AT (retain_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_DUPLICATE_POLICY] = { TRIB_PROPERTY_ENUM, "duplicate-policy", "Duplicate policy",
      "What becomes of a second answer of a source for a frame", AT (duplicate_policy),
      .type_name = "GstObsAlignerDuplicatePolicy", .choices = {
        { "first", "The first one stays" },
        { "last", "The last one replaces it" },
        { "append", "Both are kept, as a list" } } },
  [OBS_SETTING_MISSING_POLICY] = { TRIB_PROPERTY_ENUM, "missing-policy", "Missing policy",
      "What becomes of a frame that lacks a required source", AT (missing_policy),
      .type_name = "GstObsAlignerMissingPolicy", .choices = {
        { "partial", "It leaves without" },
        { "drop", "It is dropped and counted" },
        { "hold-last", "The source's last observation stands in, with its age in stale_ms" } } },
  [OBS_SETTING_HOLD_MAX_MS] = { TRIB_PROPERTY_UINT, "hold-max-ms", "Maximum hold",
      "Milliseconds that an observation may be old to stand in", AT (hold_max_ms), 0, DAY_MS, 500 },
  [OBS_SETTING_QUORUM] = { TRIB_PROPERTY_UINT, "quorum", "Quorum",
      "Sources that must have answered at least, required ones among them; 0: no such rule",
      AT (quorum), 0, 64, 0 },
  [OBS_SETTING_MAX_INTERVAL_MS] = { TRIB_PROPERTY_UINT, "max-interval-ms", "Maximum interval",
      "Milliseconds between the captures of a set, by approximate; 0: the window",
      AT (max_interval_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_LEARN_BOUNDS] = { TRIB_PROPERTY_BOOL, "learn-bounds", "Learn bounds",
      "Whether the time between a source's records is learnt, to decide sooner, by approximate",
      AT (learn_bounds), .initial = 1 },
  [OBS_SETTING_SOURCE_OFFSET] = { TRIB_PROPERTY_TEXT, "source-offset", "Source offset",
      "Milliseconds added to the capture times of sources, like pose:-12.5,face:3",
      AT (source_offset) },
  [OBS_SETTING_JUMP_THRESHOLD_MS] = { TRIB_PROPERTY_UINT, "jump-threshold-ms", "Jump threshold",
      "Milliseconds by which capture times must step to be a clock that was set",
      AT (jump_threshold_ms), 0, DAY_MS, 5000 },
  [OBS_SETTING_MATCH_KEY] = { TRIB_PROPERTY_ENUM, "match-key", "Match key",
      "By what records are known to be about one frame", AT (match_key),
      .type_name = "GstObsAlignerMatchKey", .choices = {
        { "auto", "The frame id, else the capture time" },
        { "time", "The capture time, within match-tolerance-ms" } } },
  [OBS_SETTING_ID_GUARD_MS] = { TRIB_PROPERTY_UINT, "id-guard-ms", "Id guard",
      "Milliseconds between captures beyond which an equal frame id is another frame",
      AT (id_guard_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_MATCH_TOLERANCE_MS] = { TRIB_PROPERTY_UINT, "match-tolerance-ms", "Match tolerance",
      "Milliseconds between captures of one frame, where time is the key",
      AT (match_tolerance_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_ADVANCE] = { TRIB_PROPERTY_ENUM, "advance", "Advance", "What moves the watermark", AT (advance),
      .type_name = "GstObsAlignerAdvance", .choices = {
        { "records", "Records alone" },
        { "clock", "Records, and time since then" } } },
  [OBS_SETTING_TUMBLING_MS] = { TRIB_PROPERTY_UINT, "tumbling-ms", "Tumbling length",
      "Milliseconds of a window, by tumbling; 0: as window-ms", AT (tumbling_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_EMPTY_WINDOWS] = { TRIB_PROPERTY_BOOL, "empty-windows", "Empty windows",
      "Whether windows without a record leave too, by tumbling", AT (empty_windows) },
  [OBS_SETTING_MAX_PENDING] = { TRIB_PROPERTY_UINT, "max-pending", "Maximum pending",
      "Frames that may be open, and fused records that may wait to be pushed", AT (max_pending),
      1, 1000000, 1024 },
  [OBS_SETTING_MAX_PENDING_BYTES] = { TRIB_PROPERTY_UINT64, "max-pending-bytes", "Maximum pending bytes",
      "Bytes of records that may wait in open frames, and again to be pushed",
      AT (max_pending_bytes), 4096, 1099511627776., 64 * 1024 * 1024 },
  [OBS_SETTING_ON_DOWNSTREAM_FULL] = { TRIB_PROPERTY_ENUM, "on-downstream-full", "On downstream full",
      "What happens when as much waits to be pushed as may", OURS (on_full),
      .type_name = "GstObsAlignerOnDownstreamFull", .choices = {
        { "block", "Sources wait" },
        { "drop-oldest", "The oldest fused record is dropped and counted" } },
      .while_playing = TRUE },
  [OBS_SETTING_STATS_INTERVAL_MS] = { TRIB_PROPERTY_UINT, "stats-interval-ms", "Statistics interval",
      "Milliseconds between the counters in the file of records; 0: none",
      AT (stats_interval_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_RECORDS] = { TRIB_PROPERTY_TEXT, "records", "Records",
      "File, or fd:N, that each arrival and decision is written to as a line, to be replayed",
      OURS (records) },
  [OBS_SETTING_TRACE_LEVEL] = { TRIB_PROPERTY_ENUM, "trace-level", "Trace level",
      "How much is traced; verbose draws a view on the standard error", OURS (trace_level),
      .type_name = "GstObsAlignerTraceLevel", .choices = {
        { "off", "Nothing" },
        { "minimal", "Frames that left late or incomplete" },
        { "normal", "Times, too" },
        { "verbose", "A view for a person, too" } },
      .while_playing = TRUE },
  [OBS_SETTING_TRACE_LOCATION] = { TRIB_PROPERTY_TEXT, "trace-location", "Trace location",
      "File, or fd:N, that trace records are written to", OURS (trace_location) },
  [OBS_SETTING_TRACE_MESSAGES] = { TRIB_PROPERTY_BOOL, "trace-messages", "Trace messages",
      "Whether trace records are posted on the bus, too", OURS (trace_messages) },
};
/* clang-format on */

static GType enum_types[OBS_N_SETTINGS];
static const TribProperties all = { table, enum_types, OBS_N_SETTINGS };

/* @properties: an element's table of properties, with room for %OBS_N_SETTINGS from 1 on */
void
obs_settings_install (GParamSpec **properties)
{
  trib_properties_install (&all, properties);
}

void
obs_settings_mark_plugin_api (void)
{
  trib_properties_mark_plugin_api (&all);
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

/* @to: holds settings, which go */
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
 * @ret_config: (out): with what the profile says; its texts are those of @settings
 */
void
obs_settings_to_config (const ObsSettings *settings, gboolean live, TribAlignConfig *ret_config)
{
  guint window_ms = settings->config.window_ms;

  *ret_config = settings->config;
  ret_config->live = live;
  trib_align_config_apply_profile (ret_config, settings->profile);
  if (settings->window_set)
    ret_config->window_ms = window_ms;
}

/* how much later than it came in a record may leave */
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
