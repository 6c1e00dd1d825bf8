/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-align-options.h"

#include <stddef.h>
#include <string.h>

typedef enum { WORDS, COUNT, WAIT, BYTES, NUMBER, SWITCH, TEXT } Kind;

typedef struct {
  TribAlignOption option;
  Kind kind;
  gsize offset;
} Setting;

#define SETTING(name, field, kind, values, what)                    \
  {                                                                 \
    { name, values, what }, kind, offsetof (TribAlignConfig, field) \
  }

static const Setting settings[] = {
  SETTING ("mode", mode, WORDS, "window|watermark|tumbling|approximate", "how frames are formed"),
  SETTING ("sources", sources, TEXT, "NAME[!|?],...",
      "expected sources, required (!) or optional (?); empty: learned"),
  SETTING ("learn-ms", learn_ms, COUNT, "MS",
      "learning time without sources, in which no frame is complete"),
  SETTING ("window-ms", window_ms, COUNT, "MS", "maximum wait of a frame"),
  SETTING (
      "window-base", window_base, WORDS, "arrival|capture|event", "start and clock of the window"),
  SETTING ("late-threshold", late_threshold, NUMBER, "FACTOR",
      "report frames that waited longer than this many windows"),
  SETTING ("allowed-lateness-ms", allowed_lateness_ms, COUNT, "MS",
      "distance of the watermark from the latest time"),
  SETTING ("lateness", lateness, TEXT, "NAME:MS,...", "the same for single sources"),
  SETTING ("max-wait-ms", max_wait_ms, WAIT, "MS",
      "maximum wait by watermark and tumbling; 0: no limit, -1: 1000 when live"),
  SETTING ("idle-timeout-ms", idle_timeout_ms, COUNT, "MS",
      "time after which a silent source is not waited for; 0: never"),
  SETTING ("idle-completes", idle_completes, SWITCH, "true|false",
      "mode window: frames are complete without idle sources"),
  SETTING ("rejoin", rejoin, WORDS, "hold|aligned",
      "when a source that was idle holds the watermark again"),
  SETTING ("order", order, WORDS, "key|completion", "order of results"),
  SETTING ("late-policy", late_policy, WORDS, "drop|side|forward|update",
      "what to do with late records"),
  SETTING ("retain-ms", retain_ms, COUNT, "MS", "time that emitted frames are remembered"),
  SETTING ("duplicate-policy", duplicate_policy, WORDS, "first|last|append",
      "which answers of a source are kept"),
  SETTING ("missing-policy", missing_policy, WORDS, "partial|drop|hold-last",
      "what to do with incomplete frames"),
  SETTING ("hold-max-ms", hold_max_ms, COUNT, "MS", "hold-last: maximum age of an observation"),
  SETTING ("quorum", quorum, COUNT, "N", "minimum number of sources that must answer; 0: off"),
  SETTING ("max-interval-ms", max_interval_ms, COUNT, "MS",
      "approximate: maximum time difference in a set; 0: the window"),
  SETTING ("learn-bounds", learn_bounds, SWITCH, "true|false",
      "approximate: learn the minimum interval of a source"),
  SETTING (
      "source-offset", source_offset, TEXT, "NAME:MS,...", "added to capture times of sources"),
  SETTING ("jump-threshold-ms", jump_threshold_ms, COUNT, "MS",
      "time step that counts as a clock jump; 0: no detection"),
  SETTING ("match-key", match_key, WORDS, "auto|time", "how records are assigned to a frame"),
  SETTING ("id-guard-ms", id_guard_ms, COUNT, "MS", "maximum time difference of one frame id"),
  SETTING ("match-tolerance-ms", match_tolerance_ms, COUNT, "MS",
      "maximum time difference in a frame without frame id"),
  SETTING ("advance", advance, WORDS, "records|clock", "what advances the watermark"),
  SETTING ("tumbling-ms", tumbling_ms, COUNT, "MS", "tumbling: length of a window; 0: window-ms"),
  SETTING ("empty-windows", empty_windows, SWITCH, "true|false",
      "tumbling: emit windows without records"),
  SETTING ("max-pending", max_pending, COUNT, "N", "maximum number of open frames"),
  SETTING (
      "max-pending-bytes", max_pending_bytes, BYTES, "BYTES", "maximum size of waiting records"),
  SETTING (
      "stats-interval-ms", stats_interval_ms, COUNT, "MS", "interval of counter lines; 0: none"),
  SETTING ("waits", waits, SWITCH, "true|false",
      "window: whether no time limits the wait of a frame, as when records are not live"),
  SETTING ("live", live, SWITCH, "true|false", "whether the records arrived in real time"),
};

guint
trib_align_n_options (void)
{
  return G_N_ELEMENTS (settings);
}

const TribAlignOption *
trib_align_option (guint index)
{
  return &settings[index].option;
}

/* index of @word in the list, -1 when it is absent */
static gint
find_word (const gchar *words, const gchar *word)
{
  g_auto (GStrv) list = g_strsplit (words, "|", -1);

  for (gint i = 0; list[i]; i++)
    if (g_str_equal (list[i], word))
      return i;
  return -1;
}

static gboolean
set (void *place, const Setting *s, const gchar *text)
{
  gint64 n = 0;
  gint word;
  gchar *end;
  gdouble number;

  switch (s->kind) {
    case WORDS:
      word = find_word (s->option.values, text);
      /* enumerations are ints */
      *(gint *) place = MAX (word, 0);
      return word >= 0;
    case SWITCH:
      word = find_word ("true|false|yes|no|1|0", text);
      *(gboolean *) place = word % 2 == 0;
      return word >= 0;
    case COUNT:
      if (!g_ascii_string_to_signed (text, 10, 0, G_MAXINT, &n, NULL))
        return FALSE;
      *(guint *) place = (guint) n;
      return TRUE;
    case WAIT:
      if (!g_ascii_string_to_signed (text, 10, -1, G_MAXINT, &n, NULL))
        return FALSE;
      *(gint *) place = (gint) n;
      return TRUE;
    case BYTES:
      if (!g_ascii_string_to_signed (text, 10, 1, G_MAXINT64, &n, NULL))
        return FALSE;
      *(guint64 *) place = (guint64) n;
      return TRUE;
    case NUMBER:
      number = g_ascii_strtod (text, &end);
      if (end == text || *end || !(number >= 0 && number <= 1e6))
        return FALSE;
      *(gdouble *) place = number;
      return TRUE;
    default:
      *(const gchar **) place = text;
      return TRUE;
  }
}

/**
 * trib_align_config_set:
 * @config: changed
 * @name: of the setting
 * @text: its value; not copied when the setting is a text
 * @error: return location, in the domain %TRIB_ALIGN_ERROR
 *
 * Returns: whether the setting exists and the value is valid
 */
gboolean
trib_align_config_set (
    TribAlignConfig *config, const gchar *name, const gchar *text, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    const Setting *s = &settings[i];
    if (!g_str_equal (s->option.name, name))
      continue;
    if (set ((gchar *) config + s->offset, s, text))
      return TRUE;
    g_set_error (error, TRIB_ALIGN_ERROR, TRIB_ALIGN_ERROR_SETTINGS,
        "%s: invalid value \"%s\", expected %s", name, text, s->option.values);
    return FALSE;
  }
  g_set_error (error, TRIB_ALIGN_ERROR, TRIB_ALIGN_ERROR_SETTINGS, "unknown setting \"%s\"", name);
  return FALSE;
}
