/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-aligner-settings.h"

/* One line a property: everything that is done with it is done by this table. */

typedef enum { ENUM, TEXT, UINT, INT, INT64, UINT64, DOUBLE, BOOL } Kind;

typedef struct {
  const gchar *nick;
  const gchar *description;
} Choice;

typedef struct {
  Kind kind;
  const gchar *name, *nick, *blurb;
  gsize offset;
  gdouble min, max, initial; /* of numbers; all of them are exact doubles */
  const gchar *type_name;    /* of an enum */
  Choice choices[6];
  gboolean while_playing; /* takes effect at once; else at the next start */
} Setting;

#define OURS(field) G_STRUCT_OFFSET (ObsSettings, field)
#define AT(field) G_STRUCT_OFFSET (ObsSettings, config.field)
#define DAY_MS 86400000

/* clang-format off */
static const Setting table[OBS_N_SETTINGS] = {
  [OBS_SETTING_PROFILE] = { ENUM, "profile", "Profile",
      "Sets window-ms to what suits a use, unless that is set itself", OURS (profile),
      .type_name = "GstObsAlignerProfile", .choices = {
        { "none", "window-ms holds" },
        { "realtime", "100 ms: ten frames a second, live" },
        { "batch", "200 ms: recordings" },
        { "low-latency", "50 ms: live preview" } } },
  [OBS_SETTING_MODE] = { ENUM, "mode", "Mode",
      "When a frame is complete enough to leave", AT (mode),
      .type_name = "GstObsAlignerMode", .choices = {
        { "window", "When all have answered, or when it is too old" },
        { "watermark", "When every source has passed its time" },
        { "tumbling", "Windows of fixed length, by capture time" },
        { "approximate", "Sets of observations close in time, without equal stamps" } } },
  [OBS_SETTING_SOURCES] = { TEXT, "sources", "Sources",
      "Sources by name, comma between, ? behind optional ones; empty: as they are met",
      AT (sources), .while_playing = TRUE },
  [OBS_SETTING_LEARN_MS] = { UINT, "learn-ms", "Learning time",
      "Milliseconds after the first record in which no frame is complete early, without sources",
      AT (learn_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_WINDOW_MS] = { UINT, "window-ms", "Window",
      "Milliseconds that a frame waits for its observations", AT (window_ms), 0, DAY_MS, 100 },
  [OBS_SETTING_WINDOW_BASE] = { ENUM, "window-base", "Window base",
      "What the window is measured by", AT (window_base),
      .type_name = "GstObsAlignerWindowBase", .choices = {
        { "arrival", "Time since the frame's first record came in" },
        { "capture", "Running time since it was captured" },
        { "event", "The newest capture time seen; no timers, for recordings" } } },
  [OBS_SETTING_LATE_THRESHOLD] = { DOUBLE, "late-threshold", "Late threshold",
      "Factor of the window: a frame that waited longer is told as a sync_delay",
      AT (late_threshold), 0, 1000, 1.5 },
  [OBS_SETTING_ALLOWED_LATENESS_MS] = { UINT, "allowed-lateness-ms", "Allowed lateness",
      "Milliseconds that the watermark stays behind the newest capture time of a source",
      AT (allowed_lateness_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_LATENESS] = { TEXT, "lateness", "Lateness by source",
      "Another allowed lateness for some sources in ms, like face:20,pose:5", AT (lateness) },
  [OBS_SETTING_MAX_WAIT_MS] = { INT, "max-wait-ms", "Maximum wait",
      "Milliseconds that a frame waits at most, by watermark or tumbling; 0: no limit, "
      "-1: 1000 when live, else none", AT (max_wait_ms), -1, DAY_MS, -1 },
  [OBS_SETTING_IDLE_TIMEOUT_MS] = { UINT, "idle-timeout-ms", "Idle timeout",
      "Milliseconds of silence after which a source is not waited for; 0: never",
      AT (idle_timeout_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_IDLE_COMPLETES] = { BOOL, "idle-completes", "Idle completes",
      "Whether a frame is complete without the sources that are idle", AT (idle_completes) },
  [OBS_SETTING_REJOIN] = { ENUM, "rejoin", "Rejoin",
      "What a source that was idle must do to count again", AT (rejoin),
      .type_name = "GstObsAlignerRejoin", .choices = {
        { "hold", "Nothing; the watermark waits for it" },
        { "aligned", "Catch up with the watermark" } } },
  [OBS_SETTING_ORDER] = { ENUM, "order", "Order", "In which order frames leave", AT (order),
      .type_name = "GstObsAlignerOrder", .choices = {
        { "key", "By capture time: one that is ready waits for older ones" },
        { "completion", "As they get ready" } } },
  [OBS_SETTING_LATE_POLICY] = { ENUM, "late-policy", "Late policy",
      "What becomes of a record whose frame has left", AT (late_policy),
      .type_name = "GstObsAlignerLatePolicy", .choices = {
        { "drop", "Nothing; it is counted" },
        { "side", "It goes to the pad late, as it came" },
        { "forward", "It leaves as a fused record by itself" },
        { "update", "The frame leaves again with it, as the next pane" } } },
  [OBS_SETTING_RETAIN_MS] = { UINT, "retain-ms", "Retain",
      "Milliseconds that a frame that left is remembered", AT (retain_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_DUPLICATE_POLICY] = { ENUM, "duplicate-policy", "Duplicate policy",
      "What becomes of a second answer of a source for a frame", AT (duplicate_policy),
      .type_name = "GstObsAlignerDuplicatePolicy", .choices = {
        { "first", "The first one stays" },
        { "last", "The last one replaces it" },
        { "append", "Both are kept, as a list" } } },
  [OBS_SETTING_MISSING_POLICY] = { ENUM, "missing-policy", "Missing policy",
      "What becomes of a frame that lacks a required source", AT (missing_policy),
      .type_name = "GstObsAlignerMissingPolicy", .choices = {
        { "partial", "It leaves without" },
        { "drop", "It is dropped and counted" },
        { "hold-last", "The source's last observation stands in, with its age in stale_ms" } } },
  [OBS_SETTING_HOLD_MAX_MS] = { UINT, "hold-max-ms", "Maximum hold",
      "Milliseconds that an observation may be old to stand in", AT (hold_max_ms), 0, DAY_MS, 500 },
  [OBS_SETTING_QUORUM] = { UINT, "quorum", "Quorum",
      "Sources that must have answered at least, required ones among them; 0: no such rule",
      AT (quorum), 0, 64, 0 },
  [OBS_SETTING_MAX_INTERVAL_MS] = { UINT, "max-interval-ms", "Maximum interval",
      "Milliseconds between the captures of a set, by approximate; 0: the window",
      AT (max_interval_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_AGE_PENALTY] = { DOUBLE, "age-penalty", "Age penalty",
      "How much closer together a younger set of records must be to win, by approximate",
      AT (age_penalty), 0, 100, 0.1 },
  [OBS_SETTING_LEARN_BOUNDS] = { BOOL, "learn-bounds", "Learn bounds",
      "Whether the time between a source's records is learnt, to decide sooner, by approximate",
      AT (learn_bounds), .initial = 1 },
  [OBS_SETTING_SOURCE_OFFSET] = { TEXT, "source-offset", "Source offset",
      "Milliseconds added to the capture times of sources, like pose:-12.5,face:3",
      AT (source_offset) },
  [OBS_SETTING_OFFSET_MODE] = { ENUM, "offset-mode", "Offset mode",
      "What becomes of the clock differences that are measured", AT (offset_mode),
      .type_name = "GstObsAlignerOffsetMode", .choices = {
        { "fixed", "Nothing is measured; source-offset holds" },
        { "report", "They are in the stats" },
        { "auto", "They are corrected, slowly" } } },
  [OBS_SETTING_REFERENCE_SOURCE] = { TEXT, "reference-source", "Reference source",
      "Source whose clock the others are held against; empty: the first", AT (reference_source) },
  [OBS_SETTING_JUMP_THRESHOLD_MS] = { UINT, "jump-threshold-ms", "Jump threshold",
      "Milliseconds by which capture times must step to be a clock that was set",
      AT (jump_threshold_ms), 0, DAY_MS, 5000 },
  [OBS_SETTING_MAX_AHEAD_MS] = { UINT, "max-ahead-ms", "Maximum ahead",
      "Milliseconds that a capture time may be ahead of all others", AT (max_ahead_ms), 0, DAY_MS,
      10000 },
  [OBS_SETTING_MATCH_KEY] = { ENUM, "match-key", "Match key",
      "By what records are known to be about one frame", AT (match_key),
      .type_name = "GstObsAlignerMatchKey", .choices = {
        { "auto", "The frame id, else the capture time" },
        { "time", "The capture time, within match-tolerance-ms" } } },
  [OBS_SETTING_ID_GUARD_MS] = { UINT, "id-guard-ms", "Id guard",
      "Milliseconds between captures beyond which an equal frame id is another frame",
      AT (id_guard_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_MATCH_TOLERANCE_MS] = { UINT, "match-tolerance-ms", "Match tolerance",
      "Milliseconds between captures of one frame, where time is the key",
      AT (match_tolerance_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_ADVANCE] = { ENUM, "advance", "Advance", "What moves the watermark", AT (advance),
      .type_name = "GstObsAlignerAdvance", .choices = {
        { "records", "Records alone" },
        { "clock", "Records, and time since then" } } },
  [OBS_SETTING_TUMBLING_MS] = { UINT, "tumbling-ms", "Tumbling length",
      "Milliseconds of a window, by tumbling; 0: as window-ms", AT (tumbling_ms), 0, DAY_MS, 0 },
  [OBS_SETTING_ORIGIN_NS] = { INT64, "origin-ns", "Origin",
      "Capture time in nanoseconds at which a window begins, by tumbling", AT (origin_ns) },
  [OBS_SETTING_EMPTY_WINDOWS] = { BOOL, "empty-windows", "Empty windows",
      "Whether windows without a record leave too, by tumbling", AT (empty_windows) },
  [OBS_SETTING_MAX_PENDING] = { UINT, "max-pending", "Maximum pending",
      "Frames that may be open, and fused records that may wait to be pushed", AT (max_pending),
      1, 1000000, 1024 },
  [OBS_SETTING_MAX_PENDING_BYTES] = { UINT64, "max-pending-bytes", "Maximum pending bytes",
      "Bytes of records that may wait in open frames, and again to be pushed",
      AT (max_pending_bytes), 4096, 1099511627776., 64 * 1024 * 1024 },
  [OBS_SETTING_ON_DOWNSTREAM_FULL] = { ENUM, "on-downstream-full", "On downstream full",
      "What happens when as much waits to be pushed as may", OURS (on_full),
      .type_name = "GstObsAlignerOnDownstreamFull", .choices = {
        { "block", "Sources wait" },
        { "drop-oldest", "The oldest fused record is dropped and counted" } },
      .while_playing = TRUE },
  [OBS_SETTING_STATS_INTERVAL_MS] = { UINT, "stats-interval-ms", "Statistics interval",
      "Milliseconds between the counters in the file of records; 0: none",
      AT (stats_interval_ms), 0, DAY_MS, 1000 },
  [OBS_SETTING_RECORDS] = { TEXT, "records", "Records",
      "File, or fd:N, that each arrival and decision is written to as a line, to be replayed",
      OURS (records) },
  [OBS_SETTING_TRACE_LEVEL] = { ENUM, "trace-level", "Trace level",
      "How much is traced; verbose draws a view on the standard error", OURS (trace_level),
      .type_name = "GstObsAlignerTraceLevel", .choices = {
        { "off", "Nothing" },
        { "minimal", "Frames that left late or incomplete" },
        { "normal", "Times, too" },
        { "verbose", "A view for a person, too" } },
      .while_playing = TRUE },
  [OBS_SETTING_TRACE_LOCATION] = { TEXT, "trace-location", "Trace location",
      "File, or fd:N, that trace records are written to", OURS (trace_location) },
  [OBS_SETTING_TRACE_MESSAGES] = { BOOL, "trace-messages", "Trace messages",
      "Whether trace records are posted on the bus, too", OURS (trace_messages) },
};
/* clang-format on */

static GType enum_types[OBS_N_SETTINGS];

/* registered once, and never freed: so are types */
static GType
make_enum (const Setting *s)
{
  GEnumValue *values = g_new0 (GEnumValue, G_N_ELEMENTS (s->choices) + 1);

  for (guint i = 0; i < G_N_ELEMENTS (s->choices) && s->choices[i].nick; i++)
    values[i] = (GEnumValue){ (gint) i, s->choices[i].description, s->choices[i].nick };
  return g_enum_register_static (s->type_name, values);
}

static GParamSpec *
make_spec (guint id)
{
  const Setting *s = &table[id];
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                      | (s->while_playing ? GST_PARAM_MUTABLE_PLAYING : GST_PARAM_MUTABLE_READY);

  switch (s->kind) {
    case ENUM:
      enum_types[id] = make_enum (s);
      return g_param_spec_enum (
          s->name, s->nick, s->blurb, enum_types[id], (gint) s->initial, flags);
    case TEXT:
      return g_param_spec_string (s->name, s->nick, s->blurb, "", flags);
    case UINT:
      return g_param_spec_uint (
          s->name, s->nick, s->blurb, (guint) s->min, (guint) s->max, (guint) s->initial, flags);
    case INT:
      return g_param_spec_int (
          s->name, s->nick, s->blurb, (gint) s->min, (gint) s->max, (gint) s->initial, flags);
    case INT64:
      return g_param_spec_int64 (
          s->name, s->nick, s->blurb, G_MININT64, G_MAXINT64, (gint64) s->initial, flags);
    case UINT64:
      return g_param_spec_uint64 (s->name, s->nick, s->blurb, (guint64) s->min, (guint64) s->max,
          (guint64) s->initial, flags);
    case DOUBLE:
      return g_param_spec_double (s->name, s->nick, s->blurb, s->min, s->max, s->initial, flags);
    default:
      return g_param_spec_boolean (s->name, s->nick, s->blurb, s->initial > 0, flags);
  }
}

/* @properties: an element's table of properties, with room for %OBS_N_SETTINGS from 1 on */
void
obs_settings_install (GParamSpec **properties)
{
  for (guint id = 1; id < OBS_N_SETTINGS; id++)
    properties[id] = make_spec (id);
}

void
obs_settings_mark_plugin_api (void)
{
  for (guint id = 1; id < OBS_N_SETTINGS; id++) {
    if (enum_types[id] != 0)
      gst_type_mark_as_plugin_api (enum_types[id], 0);
  }
}

#define FIELD(settings, s, type) (*(type *) ((guint8 *) (settings) + (s)->offset))

/* a name that was taken away is the empty one */
static void
set_text (gchar **text, const gchar *value)
{
  g_free (*text);
  *text = g_strdup (value ? value : "");
}

static void
set_initial (ObsSettings *settings, const Setting *s)
{
  switch (s->kind) {
    case ENUM:
    case INT:
    case BOOL:
      FIELD (settings, s, gint) = (gint) s->initial;
      break;
    case TEXT:
      FIELD (settings, s, gchar *) = g_strdup ("");
      break;
    case UINT:
      FIELD (settings, s, guint) = (guint) s->initial;
      break;
    case INT64:
      FIELD (settings, s, gint64) = (gint64) s->initial;
      break;
    case UINT64:
      FIELD (settings, s, guint64) = (guint64) s->initial;
      break;
    case DOUBLE:
      FIELD (settings, s, gdouble) = s->initial;
      break;
  }
}

void
obs_settings_init (ObsSettings *settings)
{
  *settings = (ObsSettings){ 0 };
  for (guint id = 1; id < OBS_N_SETTINGS; id++)
    set_initial (settings, &table[id]);
}

void
obs_settings_clear (ObsSettings *settings)
{
  for (guint id = 1; id < OBS_N_SETTINGS; id++) {
    if (table[id].kind == TEXT)
      g_clear_pointer (&FIELD (settings, &table[id], gchar *), g_free);
  }
}

/* @to: holds settings, which go */
void
obs_settings_copy (const ObsSettings *from, ObsSettings *to)
{
  obs_settings_clear (to);
  *to = *from;
  for (guint id = 1; id < OBS_N_SETTINGS; id++) {
    if (table[id].kind == TEXT)
      FIELD (to, &table[id], gchar *) = g_strdup (FIELD (from, &table[id], gchar *));
  }
}

/**
 * obs_settings_set:
 *
 * @locks: requires the lock that guards @settings
 *
 * Returns: whether @id is one of them
 */
gboolean
obs_settings_set (ObsSettings *settings, guint id, const GValue *value, GParamSpec *pspec)
{
  const Setting *s = &table[id];

  if (id == 0 || id >= OBS_N_SETTINGS)
    return FALSE;
  switch (s->kind) {
    case ENUM:
      FIELD (settings, s, gint) = g_value_get_enum (value);
      break;
    case TEXT:
      set_text (&FIELD (settings, s, gchar *), g_value_get_string (value));
      break;
    case UINT:
      FIELD (settings, s, guint) = g_value_get_uint (value);
      break;
    case INT:
      FIELD (settings, s, gint) = g_value_get_int (value);
      break;
    case INT64:
      FIELD (settings, s, gint64) = g_value_get_int64 (value);
      break;
    case UINT64:
      FIELD (settings, s, guint64) = g_value_get_uint64 (value);
      break;
    case DOUBLE:
      FIELD (settings, s, gdouble) = g_value_get_double (value);
      break;
    case BOOL:
      FIELD (settings, s, gboolean) = g_value_get_boolean (value);
      break;
  }
  settings->window_set |= id == OBS_SETTING_WINDOW_MS;
  return TRUE;
}

/* likewise */
gboolean
obs_settings_get (const ObsSettings *settings, guint id, GValue *value, GParamSpec *pspec)
{
  const Setting *s = &table[id];

  if (id == 0 || id >= OBS_N_SETTINGS)
    return FALSE;
  switch (s->kind) {
    case ENUM:
      g_value_set_enum (value, FIELD (settings, s, gint));
      break;
    case TEXT:
      g_value_set_string (value, FIELD (settings, s, gchar *));
      break;
    case UINT:
      g_value_set_uint (value, FIELD (settings, s, guint));
      break;
    case INT:
      g_value_set_int (value, FIELD (settings, s, gint));
      break;
    case INT64:
      g_value_set_int64 (value, FIELD (settings, s, gint64));
      break;
    case UINT64:
      g_value_set_uint64 (value, FIELD (settings, s, guint64));
      break;
    case DOUBLE:
      g_value_set_double (value, FIELD (settings, s, gdouble));
      break;
    case BOOL:
      g_value_set_boolean (value, FIELD (settings, s, gboolean));
      break;
  }
  return TRUE;
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
