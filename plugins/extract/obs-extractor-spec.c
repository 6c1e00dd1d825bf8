/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parser of `branches`: NAME=ELEMENTS; NAME[option=value,...]=ELEMENTS; NAME */
#include "obs-extractor-settings.h"

#include <string.h>

#define MAX_NAME 200 /* bytes; a record's texts have 255 */
#define MAX_MS 86400000

ObsBranchSpec *
obs_branch_spec_new (const gchar *name)
{
  ObsBranchSpec *spec = g_new0 (ObsBranchSpec, 1);

  spec->name = g_strdup (name);
  trib_extract_branch_config_init (&spec->config);
  return spec;
}

void
obs_branch_spec_free (ObsBranchSpec *spec)
{
  g_free (spec->name);
  g_free (spec->description);
  g_free (spec);
}

static gboolean
refuse (GError **error, const gchar *branch, const gchar *why)
{
  g_set_error (
      error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "branches: \"%s\": %s", branch, why);
  return FALSE;
}

static gboolean
is_name (const gchar *name)
{
  gsize len = strlen (name);

  return len > 0 && len <= MAX_NAME
         && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-") == len;
}

static gboolean
read_number (const gchar *value, guint min, guint *ret)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, min, MAX_MS, &number, NULL))
    return FALSE;
  *ret = (guint) number;
  return TRUE;
}

static gboolean
read_boolean (const gchar *value, gboolean *ret)
{
  *ret = g_str_equal (value, "true") || g_str_equal (value, "1");
  return *ret || g_str_equal (value, "false") || g_str_equal (value, "0");
}

static gboolean
set_option (ObsBranchSpec *spec, const gchar *name, const gchar *value, GError **error)
{
  if (g_str_equal (name, "divisor"))
    return read_number (value, 1, &spec->config.divisor)
           || refuse (error, spec->name, "divisor must be a number of frames, at least 1");
  if (g_str_equal (name, "timeout-ms"))
    return read_number (value, 1, &spec->config.timeout_ms)
           || refuse (error, spec->name, "timeout-ms must be a number of milliseconds, at least 1");
  if (g_str_equal (name, "in-order"))
    return read_boolean (value, &spec->config.in_order)
           || refuse (error, spec->name, "in-order must be true or false");
  if (g_str_equal (name, "fatal"))
    return read_boolean (value, &spec->fatal)
           || refuse (error, spec->name, "fatal must be true or false");
  return refuse (error, spec->name, "unknown option (divisor, timeout-ms, in-order, fatal)");
}

/* @options: "a=b,c=d" */
static gboolean
read_options (ObsBranchSpec *spec, const gchar *options, GError **error)
{
  g_auto (GStrv) list = g_strsplit (options, ",", -1);

  for (guint i = 0; list[i]; i++) {
    gchar *value = strchr (list[i], '=');
    if (value == NULL)
      return refuse (error, spec->name, "options must have the form [name=value,name=value]");
    *value++ = '\0';
    if (!set_option (spec, g_strstrip (list[i]), g_strstrip (value), error))
      return FALSE;
  }
  return TRUE;
}

/* @text: one branch */
static ObsBranchSpec *
read_branch (gchar *text, GError **error)
{
  gchar *equals = text + strcspn (text, "=["), *bracket = *equals == '[' ? equals : NULL;
  gchar *end = bracket ? strchr (bracket, ']') : NULL;
  g_autoptr (ObsBranchSpec) spec = NULL;

  if (bracket) {
    if (end == NULL) {
      refuse (error, text, "a ] is missing");
      return NULL;
    }
    *bracket++ = *end++ = '\0';
    equals = end + strspn (end, " \t\n");
    if (*equals != '=' && *equals != '\0') {
      refuse (error, text, "after the options, = and elements are expected");
      return NULL;
    }
  }
  if (*equals == '=')
    *equals++ = '\0';
  spec = obs_branch_spec_new (g_strstrip (text));
  if (!is_name (spec->name)) {
    refuse (error, spec->name, "a name consists of letters, digits, _ . and -, 200 at most");
    return NULL;
  }
  if (bracket && !read_options (spec, bracket, error))
    return NULL;
  g_strstrip (equals);
  spec->description = *equals ? g_strdup (equals) : NULL;
  return g_steal_pointer (&spec);
}

/* up to the next ; outside quotes and not after a backslash */
static gsize
branch_length (const gchar *text)
{
  gchar quote = 0;
  gsize i;

  for (i = 0; text[i]; i++) {
    if (text[i] == '\\' && text[i + 1])
      i++;
    else if (quote)
      quote = text[i] == quote ? 0 : quote;
    else if (text[i] == '"' || text[i] == '\'')
      quote = text[i];
    else if (text[i] == ';')
      break;
  }
  return i;
}

/**
 * obs_branch_specs_parse:
 * @text: value of the property `branches`
 * @error: return location: the branch and its mistake
 *
 * Returns: (transfer full) (element-type ObsBranchSpec) (nullable): the branches, in order
 */
GPtrArray *
obs_branch_specs_parse (const gchar *text, GError **error)
{
  g_autoptr (GPtrArray) specs
      = g_ptr_array_new_with_free_func ((GDestroyNotify) obs_branch_spec_free);

  while (*text) {
    gsize len = branch_length (text);
    g_autofree gchar *one = g_strstrip (g_strndup (text, len));
    ObsBranchSpec *spec;
    text += len + (text[len] == ';');
    if (*one == '\0')
      continue;
    spec = read_branch (one, error);
    if (spec == NULL)
      return NULL;
    for (guint i = 0; i < specs->len; i++) {
      const ObsBranchSpec *other = specs->pdata[i];
      if (g_str_equal (other->name, spec->name)) {
        refuse (error, spec->name, "the name is used twice");
        obs_branch_spec_free (spec);
        return NULL;
      }
    }
    g_ptr_array_add (specs, spec);
    if (specs->len > TRIB_EXTRACT_MAX_BRANCHES) {
      refuse (error, spec->name, "more than 64 branches");
      return NULL;
    }
  }
  return g_steal_pointer (&specs);
}
