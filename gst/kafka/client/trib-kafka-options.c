/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-options.h"

#include <stdio.h>
#include <string.h>
#include <errno.h>

#include <glib/gstdio.h>

#define MAX_FILE_BYTES (256 * 1024)

static gboolean
fail (const gchar *path, guint line, const gchar *why, GError **error)
{
  g_autofree gchar *name = g_filename_display_name (path);

  if (line > 0)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s, line %u: %s", name, line, why);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", name, why);
  return FALSE;
}

/* at most MAX_FILE_BYTES, also of what has no size: a pipe */
static gchar *
read_bounded (const gchar *path, gsize *ret_len, GError **error)
{
  FILE *from = g_fopen (path, "re");
  g_autofree gchar *text = NULL;
  gboolean failed;

  if (from == NULL) {
    fail (path, 0, g_strerror (errno), error);
    return NULL;
  }
  text = g_malloc (MAX_FILE_BYTES + 1);
  errno = 0;
  *ret_len = fread (text, 1, MAX_FILE_BYTES + 1, from);
  failed = ferror (from);
  if (failed)
    fail (path, 0, g_strerror (errno), error);
  fclose (from);
  if (failed)
    return NULL;
  if (*ret_len > MAX_FILE_BYTES) {
    fail (path, 0, "larger than 256 KiB", error);
    return NULL;
  }
  text[*ret_len] = '\0';
  return g_steal_pointer (&text);
}

/**
 * trib_kafka_options_read_file:
 * @options: (element-type utf8): names and values are appended in turn
 * @path: name of a file
 * @error: return location, names file and line, never what it says
 *
 * Reads KEY=VALUE lines. Empty lines and those that begin with # are skipped, and blanks around
 * key and value.
 *
 * Returns: whether all lines are options
 */
gboolean
trib_kafka_options_read_file (GPtrArray *options, const gchar *path, GError **error)
{
  gsize len = 0;
  g_autofree gchar *text = read_bounded (path, &len, error);
  g_auto (GStrv) lines = NULL;

  if (text == NULL)
    return FALSE;
  if (strlen (text) != len || !g_utf8_validate (text, len, NULL))
    return fail (path, 0, "not a text file", error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    gchar *line = g_strstrip (lines[i]), *equals = strchr (line, '=');
    if (*line == '\0' || *line == '#')
      continue;
    if (equals == NULL || equals == line)
      return fail (path, i + 1, "not KEY=VALUE", error);
    *equals = '\0';
    g_ptr_array_add (options, g_strdup (g_strchomp (line)));
    g_ptr_array_add (options, g_strdup (g_strchug (equals + 1)));
  }
  return TRUE;
}

/* the first librdkafka whose SCRAM brokers that check the whole nonce accept: 2.6.1 */
#define SCRAM_VERSION 0x02060100

/**
 * trib_kafka_options_get_caution:
 * @options: (array zero-terminated=1): names and values in turn
 * @version: of librdkafka, as rd_kafka_version() gives it
 *
 * Returns: (nullable): for people: what is known to fail with right options
 */
const gchar *
trib_kafka_options_get_caution (const gchar *const *options, gint version)
{
  const gchar *mechanism = "";

  for (guint i = 0; options[i]; i += 2)
    if (strcmp (options[i], "sasl.mechanism") == 0 || strcmp (options[i], "sasl.mechanisms") == 0)
      mechanism = options[i + 1];
  if (version >= SCRAM_VERSION || g_ascii_strncasecmp (mechanism, "SCRAM-", 6) != 0)
    return NULL;
  return "SCRAM of librdkafka before 2.6.1 is refused by Kafka 4 even with the right password";
}
