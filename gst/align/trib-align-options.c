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
  SETTING (
      "mode", mode, WORDS, "window|watermark|tumbling|approximate", "how records form a result"),
  SETTING ("sources", sources, TEXT, "NAME[!|?],...",
      "expected sources, required (!) or optional (?); none: learned"),
  SETTING ("learn-ms", learn_ms, COUNT, "MS", "without sources: nothing is complete for so long"),
  SETTING ("window-ms", window_ms, COUNT, "MS", "how long a frame may wait"),
  SETTING ("window-base", window_base, WORDS, "arrival|capture|event", "since when"),
  SETTING ("late-threshold", late_threshold, NUMBER, "FACTOR",
      "a frame older than so many windows is told"),
  SETTING ("allowed-lateness-ms", allowed_lateness_ms, COUNT, "MS",
      "how far the watermark stays behind"),
  SETTING ("lateness", lateness, TEXT, "NAME:MS,...", "the same of single sources"),
  SETTING ("max-wait-ms", max_wait_ms, WAIT, "MS",
      "longest wait of watermark and tumbling; 0: none, -1: 1000 when live"),
  SETTING ("idle-timeout-ms", idle_timeout_ms, COUNT, "MS",
      "a source silent for so long is not waited for; 0: never"),
  SETTING ("idle-completes", idle_completes, SWITCH, "true|false",
      "mode window: idle sources need not answer"),
  SETTING ("rejoin", rejoin, WORDS, "hold|aligned", "how a source that was idle is counted again"),
  SETTING ("order", order, WORDS, "key|completion", "order of results"),
  SETTING ("late-policy", late_policy, WORDS, "drop|side|forward|update",
      "what becomes of late records"),
  SETTING ("retain-ms", retain_ms, COUNT, "MS", "how long frames that have left are remembered"),
  SETTING ("duplicate-policy", duplicate_policy, WORDS, "first|last|append",
      "which answer of a source counts"),
  SETTING ("missing-policy", missing_policy, WORDS, "partial|drop|hold-last",
      "what becomes of incomplete results"),
  SETTING ("hold-max-ms", hold_max_ms, COUNT, "MS", "hold-last: how old a stand-in may be"),
  SETTING ("quorum", quorum, COUNT, "N", "complete needs at least so many answers"),
  SETTING ("max-interval-ms", max_interval_ms, COUNT, "MS",
      "approximate: longest span of a set; 0: the window"),
  SETTING ("learn-bounds", learn_bounds, SWITCH, "true|false",
      "approximate: learn how soon a source speaks again"),
  SETTING (
      "source-offset", source_offset, TEXT, "NAME:MS,...", "added to capture times of sources"),
  SETTING ("jump-threshold-ms", jump_threshold_ms, COUNT, "MS",
      "smallest jump of a clock; 0: none is looked for"),
  SETTING ("match-key", match_key, WORDS, "auto|time", "frames by frame id, or by time alone"),
  SETTING ("id-guard-ms", id_guard_ms, COUNT, "MS", "times of one frame id may differ by so much"),
  SETTING ("match-tolerance-ms", match_tolerance_ms, COUNT, "MS",
      "times of one frame may differ by so much"),
  SETTING ("advance", advance, WORDS, "records|clock", "what moves the watermark"),
  SETTING ("tumbling-ms", tumbling_ms, COUNT, "MS", "length of a span; 0: the window"),
  SETTING (
      "empty-windows", empty_windows, SWITCH, "true|false", "give spans without a record, too"),
  SETTING ("max-pending", max_pending, COUNT, "N", "most frames that wait"),
  SETTING ("max-pending-bytes", max_pending_bytes, BYTES, "BYTES", "most bytes that wait"),
  SETTING ("stats-interval-ms", stats_interval_ms, COUNT, "MS",
      "how often the books are told; 0: never"),
  SETTING ("live", live, SWITCH, "true|false", "whether records came in real time"),
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

/* the place of @word among the words, -1: it is none of them */
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
      /* enumerations are ints, whatever they are called */
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
 * @text: its value; kept by @config where it is a text
 * @error: return location, in the domain %TRIB_ALIGN_ERROR
 *
 * Returns: whether there is such a setting and it can have that value
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
    g_set_error (error, TRIB_ALIGN_ERROR, TRIB_ALIGN_ERROR_SETTINGS, "%s: \"%s\" is not %s", name,
        text, s->option.values);
    return FALSE;
  }
  g_set_error (
      error, TRIB_ALIGN_ERROR, TRIB_ALIGN_ERROR_SETTINGS, "there is no setting \"%s\"", name);
  return FALSE;
}
