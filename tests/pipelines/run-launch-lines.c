/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include <gio/gio.h>
#include <trib-test.h>

#include "launch-file.h"
#include "run-one.h"

/* usage: run-launch-lines FOLDER
 *
 * Runs every *.launch file below FOLDER, each in a process of its own (a crash is that file's
 * only), and prints TAP. The files are looked for when the program runs: a new one needs no other
 * change. Relative paths in a pipeline begin at the folder that holds FOLDER. */

/* over the file's own limit, for a process that does not even end */
#define GRACE_S 20

typedef struct {
  GMainLoop *loop;
  GSubprocess *process;
  gchar *output;
  gboolean timed_out;
} Child;

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const gchar *const *) a, *(const gchar *const *) b);
}

static void
collect (const gchar *folder, GPtrArray *paths)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (folder, name, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      collect (path, paths);
    else if (g_str_has_suffix (name, ".launch"))
      g_ptr_array_add (paths, g_steal_pointer (&path));
  }
}

static void
on_output (GObject *source, GAsyncResult *result, gpointer data)
{
  Child *child = data;
  g_autoptr (GBytes) bytes = NULL;
  gsize size = 0;
  const gchar *text;

  if (g_subprocess_communicate_finish (child->process, result, &bytes, NULL, NULL) && bytes) {
    text = g_bytes_get_data (bytes, &size);
    child->output = g_utf8_make_valid (text ? text : "", size);
  }
  g_main_loop_quit (child->loop);
}

static gboolean
on_timeout (gpointer data)
{
  Child *child = data;

  child->timed_out = TRUE;
  g_subprocess_force_exit (child->process);
  return G_SOURCE_REMOVE;
}

static void
print_comment (const gchar *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    if (*lines[i])
      printf ("# %s\n", lines[i]);
  }
}

static guint
limit_of (const gchar *path)
{
  g_autoptr (LaunchFile) file = launch_file_read (path, NULL);

  return trib_test_scale ((file ? file->timeout_s : LAUNCH_FILE_TIMEOUT_S) + GRACE_S);
}

static const gchar *
last_line (gchar *text)
{
  gchar *end;

  g_strchomp (text);
  end = strrchr (text, '\n');
  return end ? end + 1 : text;
}

/* prints the line of the test that ended; FALSE when it failed */
static gboolean
report (Child *child, guint number, const gchar *name)
{
  gint status = -1;

  if (!child->timed_out && g_subprocess_get_if_exited (child->process))
    status = g_subprocess_get_exit_status (child->process);
  if (status == VERDICT_OK) {
    printf ("ok %u - %s\n", number, name);
    return TRUE;
  }
  if (status == VERDICT_SKIP) {
    printf ("ok %u - %s # SKIP %s\n", number, name,
        child->output && *child->output ? last_line (child->output) : "no reason given");
    return TRUE;
  }
  printf ("not ok %u - %s\n", number, name);
  if (child->timed_out)
    printf ("# does not even end: killed\n");
  else if (g_subprocess_get_if_signaled (child->process))
    printf ("# ended by signal %d\n", g_subprocess_get_term_sig (child->process));
  if (child->output)
    print_comment (child->output);
  return FALSE;
}

static gboolean
run_file (const gchar *self, const gchar *root, const gchar *path, guint number)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  const gchar *name = path + strlen (root) + 1;
  Child child = { loop, NULL, NULL, FALSE };
  gboolean fine;
  guint timer;

  g_subprocess_launcher_set_cwd (launcher, root);
  /* a critical shall be reported with the pipeline's state, not end the process */
  g_subprocess_launcher_unsetenv (launcher, "G_DEBUG");
  child.process = g_subprocess_launcher_spawn (launcher, &error, self, "--one", path, NULL);
  if (!child.process) {
    printf ("not ok %u - %s\n", number, name);
    print_comment (error->message);
    return FALSE;
  }
  timer = g_timeout_add_seconds (limit_of (path), on_timeout, &child);
  g_subprocess_communicate_async (child.process, NULL, NULL, on_output, &child);
  g_main_loop_run (loop);
  if (!child.timed_out)
    g_source_remove (timer);
  fine = report (&child, number, name);
  fflush (stdout);
  g_object_unref (child.process);
  g_free (child.output);
  return fine;
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *folder = NULL;
  g_autofree gchar *root = NULL;
  g_autofree gchar *self = g_file_read_link ("/proc/self/exe", NULL);
  gboolean fine = TRUE;

  if (argc == 3 && g_str_equal (argv[1], "--one"))
    return run_one (argv[2]);
  if (argc != 2) {
    fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  folder = g_canonicalize_filename (argv[1], NULL);
  root = g_path_get_dirname (folder);
  collect (folder, paths);
  g_ptr_array_sort (paths, compare_paths);
  if (paths->len == 0) {
    printf ("1..1\nnot ok 1 - there are launch files\n# none below %s\n", folder);
    return 1;
  }
  printf ("1..%u\n", paths->len);
  for (guint i = 0; i < paths->len; i++)
    fine = run_file (self, root, g_ptr_array_index (paths, i), i + 1) && fine;
  return fine ? 0 : 1;
}
