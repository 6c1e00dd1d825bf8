/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch-file.h"

#include <string.h>

#include <gio/gio.h>

/* first pattern that fits; elements of the packages that this project uses */
static const struct {
  const gchar *pattern;
  const gchar *package;
} packages[] = {
  { "avdec_*", "gstreamer1.0-libav" },
  { "avenc_*", "gstreamer1.0-libav" },
  { "x264enc", "gstreamer1.0-plugins-ugly" },
  { "x265enc", "gstreamer1.0-plugins-bad" },
  { "h26*parse", "gstreamer1.0-plugins-bad" },
  { "webp*", "gstreamer1.0-plugins-bad" },
  { "openh264*", "gstreamer1.0-plugins-bad" },
  { "jpegparse", "gstreamer1.0-plugins-bad" },
  { "jpeg*", "gstreamer1.0-plugins-good" },
  { "png*", "gstreamer1.0-plugins-good" },
  { "v4l2*", "gstreamer1.0-plugins-good" },
  { "avidemux", "gstreamer1.0-plugins-good" },
  { "level", "gstreamer1.0-plugins-good" },
  { "facedetect", "gstreamer1.0-opencv" },
  { "matroska*", "gstreamer1.0-plugins-good" },
  { "multifile*", "gstreamer1.0-plugins-good" },
  { "video*", "gstreamer1.0-plugins-base" },
  { "audio*", "gstreamer1.0-plugins-base" },
  { "decodebin*", "gstreamer1.0-plugins-base" },
  { "uridecodebin*", "gstreamer1.0-plugins-base" },
};

static const gchar *
debian_package (const gchar *element)
{
  for (guint i = 0; i < G_N_ELEMENTS (packages); i++) {
    if (g_pattern_match_simple (packages[i].pattern, element))
      return packages[i].package;
  }
  return NULL;
}

gchar *
launch_file_missing (const LaunchFile *file)
{
  for (guint i = 0; file->needs && file->needs[i]; i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (file->needs[i]);
    const gchar *package;
    gchar *left_out;

    if (factory)
      continue;
    left_out = launch_element_left_out (file->needs[i]);
    if (left_out)
      return left_out;
    package = debian_package (file->needs[i]);
    if (package)
      return g_strdup_printf ("no element %s (Debian package: %s)", file->needs[i], package);
    return g_strdup_printf ("no element %s", file->needs[i]);
  }
  return NULL;
}

gchar *
launch_element_left_out (const gchar *element)
{
  const gchar *root = g_getenv ("TRIB_SOURCE_ROOT");
  const gchar *off = g_getenv ("TRIB_PLUGINS_OFF");
  g_auto (GStrv) folders = g_strsplit (off ? off : "", " ", -1);
  g_autofree gchar *file = g_strdup_printf ("gst%s.c", element);

  for (guint i = 0; root && folders[i]; i++) {
    g_autofree gchar *path = g_build_filename (root, "plugins", folders[i], file, NULL);

    if (*folders[i] && g_file_test (path, G_FILE_TEST_IS_REGULAR))
      return g_strdup_printf ("no element %s: this build is without the option %s (disabled, or "
                              "what it needs is missing)",
          element, folders[i]);
  }
  return NULL;
}

static GType
code_type (GQuark domain, const gchar **ret_name)
{
  if (domain == GST_RESOURCE_ERROR) {
    *ret_name = "resource";
    return GST_TYPE_RESOURCE_ERROR;
  } else if (domain == GST_STREAM_ERROR) {
    *ret_name = "stream";
    return GST_TYPE_STREAM_ERROR;
  } else if (domain == GST_CORE_ERROR) {
    *ret_name = "core";
    return GST_TYPE_CORE_ERROR;
  } else if (domain == GST_LIBRARY_ERROR) {
    *ret_name = "library";
    return GST_TYPE_LIBRARY_ERROR;
  }
  return G_TYPE_INVALID;
}

gchar *
launch_error_name (const GError *error)
{
  const gchar *domain = NULL;
  GType type = code_type (error->domain, &domain);
  g_autoptr (GEnumClass) class = NULL;
  const GEnumValue *value;

  if (type == G_TYPE_INVALID)
    return NULL;
  class = g_type_class_ref (type);
  value = g_enum_get_value (class, error->code);
  return g_strdup_printf ("%s/%s", domain, value ? value->value_nick : "unknown");
}

static gboolean
is_error_name (const gchar *text)
{
  const GQuark domains[]
      = { GST_RESOURCE_ERROR, GST_STREAM_ERROR, GST_CORE_ERROR, GST_LIBRARY_ERROR };

  for (guint i = 0; i < G_N_ELEMENTS (domains); i++) {
    const gchar *domain = NULL;
    g_autoptr (GEnumClass) class = g_type_class_ref (code_type (domains[i], &domain));
    gsize len = strlen (domain);

    if (g_str_has_prefix (text, domain) && text[len] == '/')
      return g_enum_get_value_by_nick (class, text + len + 1) != NULL;
  }
  return FALSE;
}

/* "error resource/not-found" becomes "resource/not-found"; FALSE when it says nothing known */
static gboolean
take_expect (LaunchFile *file, const gchar *value)
{
  g_clear_pointer (&file->expect, g_free);
  if (g_str_equal (value, "eos"))
    file->expect = g_strdup (value);
  else if (g_str_has_prefix (value, "error ") && is_error_name (value + strlen ("error ")))
    file->expect = g_strdup (value + strlen ("error "));
  return file->expect != NULL;
}

static gchar **
split_words (const gchar *value)
{
  g_autoptr (GRegex) blanks = g_regex_new ("[\\s,]+", 0, 0, NULL);

  return g_regex_split (blanks, value, 0);
}

/* NAME "PART OF THE LINE" MEANING; that the line has that part is checked when it is there */
static gboolean
take_parameter (LaunchFile *file, const gchar *value)
{
  g_autoptr (GRegex) form = g_regex_new ("^[a-z][a-z-]* \"([^\"]+)\" \\S.*$", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  if (!g_regex_match (form, value, 0, &match))
    return FALSE;
  g_ptr_array_add (file->replaceable, g_match_info_fetch (match, 1));
  return TRUE;
}

static gboolean
take_header (LaunchFile *file, const gchar *line, GError **error)
{
  g_autofree gchar *text = g_strstrip (g_strdup (line + 1));
  gchar *colon = strchr (text, ':');
  const gchar *value;
  gboolean fine = TRUE;

  if (g_str_has_prefix (text, "SPDX-"))
    return TRUE;
  /* a comment like any other */
  if (!colon || !g_regex_match_simple ("^[a-z][a-z-]*:\\s", text, 0, 0))
    return TRUE;
  *colon = '\0';
  value = g_strstrip (colon + 1);
  if (g_str_equal (text, "about")) {
    g_free (file->about);
    file->about = g_strdup (value);
  } else if (g_str_equal (text, "expect")) {
    fine = take_expect (file, value);
  } else if (g_str_equal (text, "needs")) {
    g_strfreev (file->needs);
    file->needs = split_words (value);
  } else if (g_str_equal (text, "warns")) {
    g_strfreev (file->warns);
    file->warns = split_words (value);
    for (guint i = 0; file->warns[i]; i++)
      fine = fine && is_error_name (file->warns[i]);
  } else if (g_str_equal (text, "parameter")) {
    fine = take_parameter (file, value);
  } else if (g_str_equal (text, "timeout-s")) {
    guint64 seconds = g_ascii_strtoull (value, NULL, 10);
    fine = seconds >= 1 && seconds <= 300;
    file->timeout_s = seconds;
  } else {
    fine = FALSE;
  }
  if (!fine)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "'# %s: %s' is not understood; see docs/style.md for what a launch file may say", text,
        value);
  return fine;
}

LaunchFile *
launch_file_read (const gchar *path, GError **error)
{
  g_autoptr (LaunchFile) file = g_new0 (LaunchFile, 1);
  g_autoptr (GString) pipeline = g_string_new (NULL);
  g_autofree gchar *contents = NULL;
  g_auto (GStrv) lines = NULL;

  file->path = g_strdup (path);
  file->timeout_s = LAUNCH_FILE_TIMEOUT_S;
  file->replaceable = g_ptr_array_new_with_free_func (g_free);
  if (!g_file_get_contents (path, &contents, NULL, error))
    return NULL;
  lines = g_strsplit (contents, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (lines[i][0] != '#')
      g_string_append_printf (pipeline, "%s\n", lines[i]);
    else if (!take_header (file, lines[i], error))
      return NULL;
  }
  file->pipeline = g_strstrip (g_strdup (pipeline->str));
  if (!file->about || !*file->about || !file->expect || !*file->pipeline) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "lacks %s",
        !file->about || !*file->about ? "'# about: one sentence'"
        : !file->expect               ? "'# expect: eos' or '# expect: error ...'"
                                      : "a pipeline");
    return NULL;
  }
  for (guint i = 0; i < file->replaceable->len; i++) {
    const gchar *part = g_ptr_array_index (file->replaceable, i);

    if (strstr (file->pipeline, part) == NULL) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          "the line has no '%s', which a parameter is to replace", part);
      return NULL;
    }
  }
  return g_steal_pointer (&file);
}

void
launch_file_free (LaunchFile *file)
{
  g_free (file->path);
  g_free (file->about);
  g_free (file->expect);
  g_strfreev (file->warns);
  g_strfreev (file->needs);
  g_ptr_array_unref (file->replaceable);
  g_free (file->pipeline);
  g_free (file);
}
