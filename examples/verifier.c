/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verifier.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PROGRAM "tributary-kafka-verify"

struct _Verifier {
  GSubprocess *process;
  GDataInputStream *lines;
  GCancellable *cancellable;
  VerifierState state;
  gchar *last_line;
  gchar *problem;
  gchar *words;
  void (*changed) (gpointer user_data);
  gpointer user_data;
};

/* Between fork and exec. */
static void
child_setup (gpointer user_data)
{
  /* Ctrl-C reaches every process of the terminal's group; this one must go on reading until the
   * frames in flight have arrived. */
  setpgid (0, 0);
  /* and must not outlive a demo that was killed */
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

/* The lines come from a program of our own and are flat at the top, where the counters of the whole
 * stand before those of each stream. Inside a JSON string a quote is escaped, so what looks like a
 * member name is one. */
static const gchar *
find_member (const gchar *line, const gchar *member)
{
  g_autofree gchar *name = g_strdup_printf ("\"%s\":", member);
  const gchar *found = line ? strstr (line, name) : NULL;

  return found ? found + strlen (name) : NULL;
}

static gboolean
member_is (const gchar *line, const gchar *member, const gchar *expected)
{
  g_autofree gchar *value = g_strdup_printf ("\"%s\"", expected);
  const gchar *found = find_member (line, member);

  return found && g_str_has_prefix (found, value);
}

static gchar *
dup_string_member (const gchar *line, const gchar *member)
{
  const gchar *found = find_member (line, member);
  const gchar *end;
  g_autofree gchar *escaped = NULL;

  if (!found || *found != '"')
    return NULL;
  for (end = ++found; *end && *end != '"'; end++) {
    if (*end == '\\' && end[1])
      end++;
  }
  escaped = g_strndup (found, end - found);
  return g_strcompress (escaped);
}

static gchar *
describe_findings (const gchar *line)
{
  static const gchar *const members[] = { "failed", "mismatched", "missing", "expired", "pending",
    "gaps", "duplicates", "orphans" };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
    const gchar *found = find_member (line, members[i]);
    guint64 n = found ? g_ascii_strtoull (found, NULL, 10) : 0;
    if (n)
      g_string_append_printf (
          text, "%s%" G_GUINT64_FORMAT " %s", text->len ? ", " : "", n, members[i]);
  }
  if (text->len == 0)
    g_string_append (text, "see its report");
  return g_string_free (text, FALSE);
}

/* Standard error comes the same way: "ready", and words about trouble. */
static void
take_text (Verifier *v, gchar *line)
{
  if (g_str_equal (line, "ready")) {
    v->state = VERIFIER_FOLLOWING;
    g_free (line);
  } else {
    g_free (v->words);
    v->words = line;
  }
}

static void
take_line (Verifier *v, gchar *line)
{
  if (*line != '{') {
    take_text (v, line);
    return;
  }
  g_free (v->last_line);
  v->last_line = line;
  if (member_is (line, "type", "error")) {
    v->problem = dup_string_member (line, "message");
    v->state = VERIFIER_BROKEN;
  } else if (!member_is (line, "type", "verdict")) {
    return; /* progress */
  } else if (member_is (line, "verdict", "clean")) {
    v->state = VERIFIER_CLEAN;
  } else {
    v->problem = describe_findings (line);
    v->state = VERIFIER_FINDINGS;
  }
}

static void
line_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gchar *line
      = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, &error);
  Verifier *v = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* @v is gone */
  if (line) {
    take_line (v, line);
    g_data_input_stream_read_line_async (v->lines, G_PRIORITY_DEFAULT, v->cancellable, line_cb, v);
  } else if (v->state == VERIFIER_STARTING || v->state == VERIFIER_FOLLOWING) {
    v->state = VERIFIER_BROKEN;
    v->problem = g_strdup (v->words ? v->words : PROGRAM " ended without a verdict");
  }
  if (v->changed)
    v->changed (v->user_data);
}

Verifier *
verifier_start (const gchar *bootstrap_servers, const gchar *session_id,
    void (*changed) (gpointer user_data), gpointer user_data, GError **error)
{
  const gchar *argv[] = { PROGRAM, "--follow", "--json", "--announce-ready", "--progress-ms", "200",
    "--session", session_id, "-b", bootstrap_servers, NULL };
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  GSubprocess *process;
  Verifier *v;

  g_subprocess_launcher_set_child_setup (launcher, child_setup, NULL, NULL);
  process = g_subprocess_launcher_spawnv (launcher, argv, error);
  if (!process)
    return NULL;
  v = g_new0 (Verifier, 1);
  v->process = process;
  v->lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  v->cancellable = g_cancellable_new ();
  v->changed = changed;
  v->user_data = user_data;
  g_data_input_stream_read_line_async (v->lines, G_PRIORITY_DEFAULT, v->cancellable, line_cb, v);
  return v;
}

void
verifier_free (Verifier *v)
{
  if (v == NULL)
    return;
  v->changed = NULL;
  g_subprocess_force_exit (v->process);
  g_cancellable_cancel (v->cancellable);
  /* lets the cancelled read come home while @v is still there */
  while (g_input_stream_has_pending (G_INPUT_STREAM (v->lines)))
    g_main_context_iteration (NULL, TRUE);
  g_object_unref (v->cancellable);
  g_object_unref (v->lines);
  g_object_unref (v->process);
  g_free (v->last_line);
  g_free (v->problem);
  g_free (v->words);
  g_free (v);
}

void
verifier_conclude (Verifier *v)
{
  g_subprocess_send_signal (v->process, SIGINT);
}

void
verifier_kill (Verifier *v)
{
  g_subprocess_force_exit (v->process);
}

VerifierState
verifier_get_state (const Verifier *v)
{
  return v->state;
}

guint64
verifier_get_number (const Verifier *v, const gchar *member)
{
  const gchar *found = find_member (v->last_line, member);

  return found ? g_ascii_strtoull (found, NULL, 10) : 0;
}

const gchar *
verifier_get_problem (const Verifier *v)
{
  return v->problem;
}
