/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The core of obsaligner on an arrival log: the same input gives the same bytes. */
#include "config.h"

#include "align-compare.h"
#include "align-input.h"

#include <align/trib-align-log.h>
#include <align/trib-align-options.h>
#include <record/trib-record-fused.h>

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_OK = 0, EXIT_BAD_LINES = 1, EXIT_COULD_NOT_RUN = 2, EXIT_INTERRUPTED = 130 };

typedef enum { OUTPUT_ALL, OUTPUT_EMITS, OUTPUT_FUSED } Output;

typedef struct {
  TribAlignConfig config;
  Output output;
  gchar *compare;
  gboolean version;
  gchar **files;
} Options;

typedef struct {
  const Options *options;
  TribAlignStreams *align;
  GString *out;
  TribRecordReader *reader;
  gint64 shift_ns;     /* between the clocks of arrival and capture */
  gboolean is_watched; /* standard output is a terminal or a pipe */
  gboolean failed;     /* standard output cannot be written */
} Run;

static volatile sig_atomic_t stop;

static void
on_signal (int number)
{
  stop = 1;
}

/* ---- output ---- */

/* a reader of a pipe or terminal gets each event at once */
static void
write_out (Run *run)
{
  if (run->out->len == 0 || run->failed)
    return;
  if (fwrite (run->out->str, 1, run->out->len, stdout) != run->out->len
      || (run->is_watched && fflush (stdout) != 0))
    run->failed = TRUE;
  g_string_truncate (run->out, 0);
}

static void
put_fused (Run *run, TribAlignResult *r)
{
  TribRecordWriter w;

  for (guint i = 0; i < r->fused.n_answers; i++)
    r->fused.answers[i].delay_ns = trib_align_delay (r->fused.answers[i].delay_ns, run->shift_ns);
  trib_record_writer_init (&w, TRIB_RECORD_JSON, run->out);
  /* the lines of the input are JSON, and were read without an error */
  if (!trib_record_fused_write (&w, &r->fused, run->reader, NULL))
    g_assert_not_reached ();
  g_string_append_c (run->out, '\n');
}

static void
put_event (Run *run, const TribAlignEvent *event)
{
  if (run->options->output == OUTPUT_FUSED) {
    if (event->kind == TRIB_ALIGN_EVENT_EMIT)
      put_fused (run, event->result);
  } else if (run->options->output == OUTPUT_EMITS && event->kind != TRIB_ALIGN_EVENT_EMIT) {
    return;
  } else if (event->kind == TRIB_ALIGN_EVENT_STATS) {
    trib_align_log_stats (run->out, event->align, event->now_ns);
  } else {
    trib_align_log_event (run->out, event);
  }
  write_out (run);
}

static void
on_event (gpointer user_data, const TribAlignEvent *event)
{
  put_event (user_data, event);
  if (event->kind == TRIB_ALIGN_EVENT_EMIT)
    trib_align_result_free (event->result);
}

static void
on_release (gpointer user_data, gpointer payload)
{
  g_free (payload);
}

/* The payload is a copy of texts that live until the next line: the record, and its reason,
 * which may be unescaped. */
static void
keep_texts (TribAlignRecord *record)
{
  gchar *copy = g_malloc (record->text.len + record->reason.len);

  memcpy (copy, record->text.str, record->text.len);
  record->text.str = copy;
  if (record->reason.str) {
    memcpy (copy + record->text.len, record->reason.str, record->reason.len);
    record->reason.str = copy + record->text.len;
  }
  record->payload = copy;
  record->bytes = record->text.len;
}

/* ---- one run ---- */

static gboolean
is_regular (FILE *file)
{
  struct stat status;

  return fstat (fileno (file), &status) == 0 && S_ISREG (status.st_mode);
}

static gint
align (const Options *o, AlignInput *input, GError **error)
{
  g_autoptr (TribRecordReader) reader = trib_record_reader_new (NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  Run run = { .options = o, .out = out, .reader = reader, .is_watched = !is_regular (stdout) };
  AlignLine line;

  run.align = trib_align_streams_new (&o->config, on_event, on_release, &run, error);
  if (run.align == NULL)
    return EXIT_COULD_NOT_RUN;
  while (!run.failed && align_input_next (input, &line, error)) {
    if (line.kind == ALIGN_LINE_SHIFT)
      run.shift_ns = line.shift_ns;
    if (line.kind == ALIGN_LINE_RECORD && line.record.kind <= TRIB_ALIGN_KIND_SKIPPED)
      keep_texts (&line.record);
    align_line_apply (&line, run.align);
  }
  if (error == NULL || *error == NULL)
    trib_align_streams_finish (run.align, align_input_now (input));
  trib_align_streams_free (run.align);
  if (fflush (stdout) != 0 || run.failed) {
    g_clear_error (error);
    g_set_error (
        error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "standard output: %s", g_strerror (errno));
  }
  if (error && *error)
    return EXIT_COULD_NOT_RUN;
  return align_input_n_bad (input) > 0 ? EXIT_BAD_LINES : EXIT_OK;
}

/* ---- options ---- */

static Options options;

static gboolean
on_setting (const gchar *name, const gchar *value, gpointer data, GError **error)
{
  /* the text must live as long as the settings */
  return trib_align_config_set (&options.config, name + 2, g_intern_string (value), error);
}

static gboolean
on_output (const gchar *name, const gchar *value, gpointer data, GError **error)
{
  static const gchar *const words[] = { "all", "emits", "fused" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (g_str_equal (words[i], value)) {
      options.output = i;
      return TRUE;
    }
  }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--output: invalid value \"%s\", expected all, emits or fused", value);
  return FALSE;
}

static gboolean
parse_options (gint *argc, gchar ***argv, GError **error)
{
  const GOptionEntry own[] = {
    { "output", 'o', 0, G_OPTION_ARG_CALLBACK, on_output, "output (default: all)",
        "all|emits|fused" },
    { "compare", 'c', 0, G_OPTION_ARG_STRING, &options.compare,
        "compare the results of these values in a table", "NAME=VALUE,..." },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options.version, "print the version", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.files, NULL, "[FILE]" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  GOptionGroup *group = g_option_group_new ("settings",
      "Settings, with the names and defaults of obsaligner:", "Show the settings", NULL, NULL);
  g_autofree GOptionEntry *entries = g_new0 (GOptionEntry, trib_align_n_options () + 1);

  trib_align_config_init (&options.config);
  for (guint i = 0; i < trib_align_n_options (); i++) {
    const TribAlignOption *option = trib_align_option (i);
    entries[i] = (GOptionEntry){ option->name, 0, 0, G_OPTION_ARG_CALLBACK, on_setting,
      option->what, option->values };
  }
  g_option_group_add_entries (group, entries);
  g_option_context_add_group (context, group);
  g_option_context_add_main_entries (context, own, NULL);
  g_option_context_set_summary (context, "Aligns the observations of an arrival log as obsaligner "
                                         "does, with the times of the log.\n"
                                         "FILE, or standard input, holds JSON lines: records with "
                                         "arrival_ns, and clock lines {\"now_ns\"}.");
  return g_option_context_parse (context, argc, argv, error);
}

static gint
complain (const GError *error)
{
  g_printerr ("tributary-align: %s\n", error->message);
  return EXIT_COULD_NOT_RUN;
}

static gint
run_all (GError **error)
{
  const gchar *file = options.files ? options.files[0] : NULL;
  g_autoptr (AlignInput) input = NULL;

  if (options.files && options.files[0] && options.files[1]) {
    g_set_error_literal (
        error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "expected one file at most");
    return EXIT_COULD_NOT_RUN;
  }
  if (options.compare && options.output != OUTPUT_ALL) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--compare cannot be combined with --output");
    return EXIT_COULD_NOT_RUN;
  }
  input = align_input_open (file, &stop, error);
  if (input == NULL)
    return EXIT_COULD_NOT_RUN;
  return options.compare ? align_compare (&options.config, options.compare, input, error)
                         : align (&options, input, error);
}

int
main (int argc, char **argv)
{
  struct sigaction action = { .sa_handler = on_signal };
  g_autoptr (GError) error = NULL;
  sigset_t blocked;
  gint status;

  setlocale (LC_ALL, "");
  if (!parse_options (&argc, &argv, &error))
    return complain (error);
  if (options.version) {
    g_print ("tributary-align %s\n", PACKAGE_VERSION);
    return EXIT_OK;
  }
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  sigemptyset (&blocked);
  sigaddset (&blocked, SIGINT);
  sigaddset (&blocked, SIGTERM);
  sigprocmask (SIG_BLOCK, &blocked, NULL);
  action.sa_handler = SIG_IGN;
  sigaction (SIGPIPE, &action, NULL);
  status = run_all (&error);
  if (error)
    return complain (error);
  return stop ? EXIT_INTERRUPTED : status;
}
