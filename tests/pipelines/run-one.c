/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-one.h"

#include <stdio.h>
#include <string.h>

#include <documented-messages.h>
#include <trib-test.h>

#include "launch-file.h"

/* One launch file in a process of its own: prints what it has to say, and exits with a Verdict. */

#define KEPT_MESSAGES 200

typedef struct {
  LaunchFile *file;
  GstElement *pipeline;
  GPtrArray *problems;
  GQueue messages; /* the last ones, as text */
  gboolean eos;
  gchar *first_error;
  guint own_errors;
} Run;

/* set by the log writer, from any thread */
static gint n_criticals, n_warnings;

static GLogWriterOutput
count_and_write (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR))
    g_atomic_int_inc (&n_criticals);
  else if (level & G_LOG_LEVEL_WARNING)
    g_atomic_int_inc (&n_warnings);
  return g_log_writer_default (level, fields, n, data);
}

static void problem (Run *run, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static void
problem (Run *run, const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (run->problems, g_strdup_vprintf (format, args));
  va_end (args);
}

static void
keep_message (Run *run, GstMessage *message)
{
  const GstStructure *structure = gst_message_get_structure (message);
  g_autofree gchar *text = structure ? gst_structure_to_string (structure) : g_strdup ("");

  if (g_queue_get_length (&run->messages) == KEPT_MESSAGES)
    g_free (g_queue_pop_head (&run->messages));
  g_queue_push_tail (&run->messages, g_strdup_printf ("%s %s %s", GST_MESSAGE_SRC_NAME (message),
                                         GST_MESSAGE_TYPE_NAME (message), text));
}

static gboolean
is_own_element (GstObject *object)
{
  GstElementFactory *factory
      = GST_IS_ELEMENT (object) ? gst_element_get_factory (GST_ELEMENT (object)) : NULL;
  g_autoptr (GstPlugin) plugin
      = factory ? gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (factory)) : NULL;

  return plugin && g_strcmp0 (gst_plugin_get_source (plugin), "gst-tributary") == 0;
}

static void
take_error (Run *run, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  g_autofree gchar *name = NULL;

  gst_message_parse_error (message, &error, &debug);
  name = launch_error_name (error);
  if (is_own_element (GST_MESSAGE_SRC (message)) && ++run->own_errors == 2)
    problem (run, "a second error for one failure, from %s: %s", GST_MESSAGE_SRC_NAME (message),
        error->message);
  /* what upstream says because of the first one is its good right */
  if (run->first_error)
    return;
  run->first_error = g_strdup (name ? name : "unknown");
  if (!g_str_equal (run->first_error, run->file->expect))
    problem (run, "error %s from %s: %s (%s)", run->first_error, GST_MESSAGE_SRC_NAME (message),
        error->message, debug ? debug : "");
}

static void
take_warning (Run *run, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  g_autofree gchar *name = NULL;

  gst_message_parse_warning (message, &error, &debug);
  name = launch_error_name (error);
  if (!run->file->warns || !name
      || !g_strv_contains ((const gchar *const *) run->file->warns, name))
    problem (run, "warning %s from %s: %s (%s)", name ? name : "unknown",
        GST_MESSAGE_SRC_NAME (message), error->message, debug ? debug : "");
}

static void
take_message (Run *run, GstMessage *message)
{
  keep_message (run, message);
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_EOS:
      run->eos = TRUE;
      break;
    case GST_MESSAGE_ERROR:
      take_error (run, message);
      break;
    case GST_MESSAGE_WARNING:
      take_warning (run, message);
      break;
    default:
      break;
  }
}

/* where to look at the pipeline as it was */
static void
dump_dot (Run *run)
{
  const gchar *build = g_getenv ("TRIB_BUILD_ROOT");
  g_autofree gchar *folder = g_build_filename (
      build && *build ? build : g_get_tmp_dir (), build && *build ? "tests/pipelines" : ".", NULL);
  g_autofree gchar *base = g_path_get_basename (run->file->path);
  g_autofree gchar *name = g_strconcat (base, ".dot", NULL);
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autofree gchar *text
      = gst_debug_bin_to_dot_data (GST_BIN (run->pipeline), GST_DEBUG_GRAPH_SHOW_ALL);

  if (g_file_set_contents (path, text, -1, NULL))
    printf ("graph of the pipeline: %s\n", path);
}

static void
play (Run *run)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (run->pipeline);
  guint limit_s = trib_test_scale (run->file->timeout_s);
  gint64 deadline = g_get_monotonic_time () + limit_s * G_TIME_SPAN_SECOND;
  GstMessage *message;
  gboolean failed;

  /* a start that failed has said all there is */
  failed = gst_element_set_state (run->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE;
  while (!run->eos && !run->first_error) {
    gint64 left_us = failed ? 0 : deadline - g_get_monotonic_time ();

    message = gst_bus_timed_pop (bus, MAX (0, left_us) * GST_USECOND);
    if (!message) {
      if (failed)
        problem (run, "does not start, and no message says why");
      else
        problem (run, "still runs after %u s", limit_s);
      break;
    }
    take_message (run, message);
    gst_message_unref (message);
  }
  if (run->eos && !g_str_equal (run->file->expect, "eos"))
    problem (run, "reached the end of stream, where error %s was expected", run->file->expect);
  if (run->problems->len > 0)
    dump_dot (run);
  /* the bus of a pipeline is emptied when it goes to NULL: what comes until READY still counts */
  gst_element_set_state (run->pipeline, GST_STATE_READY);
  while ((message = gst_bus_pop (bus))) {
    take_message (run, message);
    gst_message_unref (message);
  }
  gst_element_set_state (run->pipeline, GST_STATE_NULL);
}

/* why every element that is missing is left out of this build, or NULL: one of them is simply
 * missing */
static gchar *
why_left_out (GstParseContext *context)
{
  g_auto (GStrv) missing = gst_parse_context_get_missing_elements (context);
  gchar *why = NULL;

  for (guint i = 0; missing && missing[i]; i++) {
    g_free (why);
    why = launch_element_left_out (missing[i]);
    if (!why)
      return NULL;
  }
  return why;
}

/* FALSE when there is none to play; @ret_left_out: (nullable): why not, where it is no fault */
static gboolean
make_pipeline (Run *run, gchar **ret_left_out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstParseContext) context = gst_parse_context_new ();
  GstElement *element
      = gst_parse_launch_full (run->file->pipeline, context, GST_PARSE_FLAG_FATAL_ERRORS, &error);

  if (!element) {
    *ret_left_out = why_left_out (context);
    if (!*ret_left_out)
      problem (run, "cannot be parsed: %s", error->message);
    return FALSE;
  }
  /* a description of one element is that element */
  if (GST_IS_PIPELINE (element)) {
    run->pipeline = gst_object_ref_sink (element);
  } else {
    run->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
    gst_bin_add (GST_BIN (run->pipeline), element);
  }
  return TRUE;
}

static void
print_all (Run *run)
{
  for (guint i = 0; i < run->problems->len; i++)
    printf ("%s\n", (const gchar *) g_ptr_array_index (run->problems, i));
  if (run->problems->len > 0) {
    printf ("messages:\n");
    for (GList *m = run->messages.head; m; m = m->next)
      printf ("  %s\n", (const gchar *) m->data);
  }
}

static void
check_log (Run *run, gint warnings_before_end)
{
  if (g_atomic_int_get (&n_criticals) > 0)
    problem (run, "%d critical messages of GLib or GStreamer", g_atomic_int_get (&n_criticals));
  if (warnings_before_end > 0)
    problem (run, "%d warnings of GLib or GStreamer", warnings_before_end);
  /* that is how the leaks tracer speaks */
  if (g_atomic_int_get (&n_warnings) > warnings_before_end)
    problem (run, "warnings at the end of the process: leaks");
}

static void
clear_run (Run *run)
{
  g_clear_pointer (&run->problems, g_ptr_array_unref);
  g_queue_clear_full (&run->messages, g_free);
  g_clear_pointer (&run->first_error, g_free);
  g_clear_pointer (&run->file, launch_file_free);
}

/* FALSE when an element is missing that this machine or this build need not have: the reason is
 * printed */
static gboolean
try_file (Run *run, const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *missing = NULL;

  run->file = launch_file_read (path, &error);
  if (!run->file) {
    problem (run, "%s", error->message);
    return TRUE;
  }
  missing = launch_file_missing (run->file);
  if (!missing && make_pipeline (run, &missing))
    play (run);
  gst_clear_object (&run->pipeline);
  if (missing)
    printf ("%s\n", missing);
  return missing == NULL;
}

Verdict
run_one (const gchar *path)
{
  Run run = { NULL, NULL, g_ptr_array_new_with_free_func (g_free), G_QUEUE_INIT, FALSE, NULL, 0 };
  Verdict verdict = VERDICT_SKIP;
  gint warnings_before_end;

  g_log_set_writer_func (count_and_write, NULL, NULL);
  gst_init (NULL, NULL);
  trib_watch_messages ();
  /* shown only when the run fails */
  if (!g_getenv ("GST_DEBUG"))
    gst_debug_set_default_threshold (GST_LEVEL_WARNING);

  if (try_file (&run, path)) {
    warnings_before_end = g_atomic_int_get (&n_warnings);
    gst_deinit ();
    check_log (&run, warnings_before_end);
    print_all (&run);
    verdict = run.problems->len > 0 ? VERDICT_FAIL : VERDICT_OK;
  }
  clear_run (&run);
  return verdict;
}
