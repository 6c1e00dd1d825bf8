/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <stdio.h>

#include "fuzz.h"

/* Gives every file of the folders named as arguments to the target it is linked with, in the order
 * of their names: what a fuzzer once found stays found, without a fuzzer. One test a folder. */

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const gchar *const *) a, *(const gchar *const *) b);
}

static void
replay_file (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;
  g_autofree guint8 *exact = NULL;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, &error))
    g_error ("%s", error->message);
  /* g_file_get_contents() ends the text with a NUL, which would hide a read beyond the end */
  exact = len > 0 ? g_memdup2 (text, len) : NULL;
  LLVMFuzzerTestOneInput (exact, len);
}

static void
replay_folder (gconstpointer data)
{
  const gchar *folder = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const gchar *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    g_autofree gchar *path = g_build_filename (folder, names->pdata[i], NULL);
    /* said beforehand, so that a crash names its file */
    g_test_message ("%s", path);
    replay_file (path);
  }
  g_test_message ("%u files of %s", names->len, folder);
  g_assert_cmpuint (names->len, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc < 2) {
    fprintf (stderr, "usage: %s FOLDER...\n", argv[0]);
    return 2;
  }
  for (gint i = 1; i < argc; i++) {
    g_autofree gchar *base = g_path_get_basename (argv[i]);
    g_autofree gchar *name = g_strdup_printf ("/fuzz-replay/%s", base);
    g_test_add_data_func (name, argv[i], replay_folder);
  }
  return g_test_run ();
}
