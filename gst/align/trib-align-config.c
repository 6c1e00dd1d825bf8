/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-align-private.h"

#include <string.h>

G_DEFINE_QUARK (trib - align - error - quark, trib_align_error)

/* live, so that every wait has an end */
void
trib_align_config_init (TribAlignConfig *config)
{
  *config = (TribAlignConfig){
    .mode = TRIB_ALIGN_MODE_WINDOW,
    .learn_ms = 1000,
    .window_ms = 100,
    .late_threshold = 1.5,
    .max_wait_ms = -1,
    .idle_timeout_ms = 1000,
    .retain_ms = 1000,
    .hold_max_ms = 500,
    .learn_bounds = TRUE,
    .jump_threshold_ms = 5000,
    .id_guard_ms = 1000,
    .max_pending = 1024,
    .max_pending_bytes = 64 * 1024 * 1024,
    .stats_interval_ms = 1000,
    .live = TRUE,
  };
}

/* the windows of OBS-7; its extractor timeouts are settings of extractorbin */
void
trib_align_config_apply_profile (TribAlignConfig *config, TribAlignProfile profile)
{
  switch (profile) {
    case TRIB_ALIGN_PROFILE_REALTIME:
      config->window_ms = 100;
      break;
    case TRIB_ALIGN_PROFILE_BATCH:
      config->window_ms = 200;
      break;
    case TRIB_ALIGN_PROFILE_LOW_LATENCY:
      config->window_ms = 50;
      break;
    default:
      break;
  }
}

static gboolean
fail (GError **error, const gchar *setting, const gchar *item, const gchar *why)
{
  g_set_error (
      error, TRIB_ALIGN_ERROR, TRIB_ALIGN_ERROR_SETTINGS, "%s: \"%s\": %s", setting, item, why);
  return FALSE;
}

static gboolean
is_name (const gchar *name)
{
  return *name != '\0' && strlen (name) <= TRIB_ALIGN_MAX_NAME && g_utf8_validate (name, -1, NULL);
}

/**
 * trib_align_parse_sources:
 * @text: (nullable): NAME[!|?][,...]
 * @ret_specs: (out) (transfer full): array of TribAlignSourceSpec
 * @error: return location
 */
gboolean
trib_align_parse_sources (const gchar *text, GArray **ret_specs, GError **error)
{
  g_auto (GStrv) items = g_strsplit (text ? text : "", ",", -1);
  g_autoptr (GArray) specs = trib_align_specs_new ();

  for (guint i = 0; items[i]; i++) {
    gchar *name = g_strstrip (items[i]);
    gsize len = strlen (name);
    TribAlignSourceSpec spec = { .required = TRUE };

    if (len == 0 && (specs->len > 0 || items[i + 1]))
      return fail (error, "sources", text, "missing name");
    if (len == 0)
      break;
    if (name[len - 1] == '!' || name[len - 1] == '?') {
      spec.required = name[len - 1] == '!';
      name[len - 1] = '\0';
    }
    if (!is_name (name))
      return fail (error, "sources", name, "expected a name of 1 to 255 bytes");
    if (trib_align_specs_find (specs, name))
      return fail (error, "sources", name, "repeated name");
    if (specs->len == TRIB_ALIGN_MAX_SOURCES)
      return fail (error, "sources", name, "more than 64 sources");
    spec.name = g_strdup (name);
    g_array_append_val (specs, spec);
  }
  *ret_specs = g_steal_pointer (&specs);
  return TRUE;
}

/**
 * trib_align_parse_times:
 * @setting: name of the setting, for the error
 * @text: (nullable): NAME:MS[,...]
 * @least_ms: minimum
 * @ret_specs: (out) (transfer full): array of TribAlignSourceSpec
 * @error: return location
 */
gboolean
trib_align_parse_times (
    const gchar *setting, const gchar *text, gdouble least_ms, GArray **ret_specs, GError **error)
{
  g_auto (GStrv) items = g_strsplit (text ? text : "", ",", -1);
  g_autoptr (GArray) specs = trib_align_specs_new ();

  for (guint i = 0; items[i]; i++) {
    gchar *item = g_strstrip (items[i]), *colon, *end;
    TribAlignSourceSpec spec = { 0 };
    gdouble ms;

    if (*item == '\0')
      continue;
    colon = strrchr (item, ':');
    if (colon == NULL)
      return fail (error, setting, item, "expected NAME:MILLISECONDS");
    ms = g_ascii_strtod (colon + 1, &end);
    if (end == colon + 1 || *end || !(ms >= least_ms && ms <= 1e9))
      return fail (error, setting, item, "invalid number of milliseconds");
    *colon = '\0';
    if (!is_name (g_strstrip (item)) || trib_align_specs_find (specs, item))
      return fail (error, setting, item, "invalid or repeated name");
    spec.name = g_strdup (item);
    spec.ns = (gint64) (ms * (gdouble) TRIB_ALIGN_MS + (ms < 0 ? -0.5 : 0.5));
    g_array_append_val (specs, spec);
  }
  *ret_specs = g_steal_pointer (&specs);
  return TRUE;
}

static void
clear_spec (gpointer data)
{
  g_free (((TribAlignSourceSpec *) data)->name);
}

GArray *
trib_align_specs_new (void)
{
  GArray *specs = g_array_new (FALSE, FALSE, sizeof (TribAlignSourceSpec));

  g_array_set_clear_func (specs, clear_spec);
  return specs;
}

/* (nullable) */
const TribAlignSourceSpec *
trib_align_specs_find (const GArray *specs, const gchar *name)
{
  for (guint i = 0; i < specs->len; i++) {
    const TribAlignSourceSpec *spec = &g_array_index (specs, TribAlignSourceSpec, i);
    if (g_str_equal (spec->name, name))
      return spec;
  }
  return NULL;
}
