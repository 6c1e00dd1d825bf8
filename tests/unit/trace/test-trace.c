/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include <trace/trib-trace.h>

#include "trace-rig.h"
#include "trib-test.h"

#define TIMING(id)                                                           \
  "{\"record_type\":\"timing\",\"frame_id\":" #id ",\"component\":\"face\"," \
  "\"processing_ms\":12.0,\"queue_depth\":1}\n"
#define DROP(id, dropped)                                                                 \
  "{\"record_type\":\"frame_drop\",\"frame_id\":" #id ",\"dropped_frame_ids\":[" #dropped \
  "],\"reason\":\"backpressure\"}\n"
#define DELAY(id)                                                            \
  "{\"record_type\":\"sync_delay\",\"frame_id\":" #id ",\"delay_ms\":150.0," \
  "\"waiting_for\":[\"gesture\"]}\n"

/* which records at which level, into a file that was there before and one that was not */
static void
test_levels (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.jsonl", NULL);
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autofree gchar *text = NULL;

  config.path = path;
  for (guint level = TRIB_TRACE_LEVEL_OFF; level <= TRIB_TRACE_LEVEL_VERBOSE; level++) {
    g_autoptr (TribTrace) trace = NULL;

    config.level = (TribTraceLevel) level;
    trace = rig_open (&config);
    g_assert_cmpint (trib_trace_get_level (trace), ==, level);
    g_assert_false (trib_trace_wants (trace, TRIB_TRACE_LEVEL_OFF));
    g_assert_true (trib_trace_wants (trace, TRIB_TRACE_LEVEL_NORMAL) == (level >= 2));
    rig_one_of_each (trace, level);
    trib_trace_close (trace, WAIT_MS);
    g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_FILE).written, ==,
        level == 0   ? 0
        : level == 1 ? 2
                     : 3);
    g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_FD).in, ==, 0);
  }
  text = rig_contents (path);
  g_assert_cmpstr (text, ==,
      DROP (1, 0) DELAY (1) TIMING (2) DROP (2, 1) DELAY (2) TIMING (3) DROP (3, 2) DELAY (3));
}

static void
test_level_changes (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.jsonl", NULL);
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autoptr (TribTrace) trace = NULL;
  g_autofree gchar *text = NULL;

  config.path = path;
  trace = rig_open (&config);
  rig_one_of_each (trace, 1);
  trib_trace_set_level (trace, TRIB_TRACE_LEVEL_MINIMAL);
  rig_one_of_each (trace, 2);
  trib_trace_set_level (trace, TRIB_TRACE_LEVEL_OFF);
  rig_one_of_each (trace, 3);
  trib_trace_close (trace, WAIT_MS);
  text = rig_contents (path);
  g_assert_cmpstr (text, ==, DROP (2, 1) DELAY (2));
  /* after the end */
  trib_trace_set_level (trace, TRIB_TRACE_LEVEL_VERBOSE);
  rig_one_of_each (trace, 4);
  trib_trace_opened (trace, 4, NULL, 0);
  trib_trace_close (trace, WAIT_MS);
  g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_FILE).gone, ==, 3);
}

/* no trace is a trace that does nothing */
static void
test_null (void)
{
  TribTraceAccount a;

  rig_one_of_each (NULL, 1);
  trib_trace_set_window (NULL, 1);
  trib_trace_opened (NULL, 1, NULL, 0);
  trib_trace_answered (NULL, 1, "a", TRIB_TRACE_ANSWER_OBSERVATION, 0, 0);
  trib_trace_left (NULL, 1, "complete", 0);
  trib_trace_set_level (NULL, TRIB_TRACE_LEVEL_NORMAL);
  g_assert_false (trib_trace_wants (NULL, TRIB_TRACE_LEVEL_MINIMAL));
  trib_trace_get_account (NULL, TRIB_TRACE_TO_FILE, &a);
  g_assert_cmpuint (a.in, ==, 0);
  trib_trace_close (NULL, 1);
  trib_trace_free (NULL);
}

/* all outlets at once get the same; the callback on the trace's own thread */
static void
test_outlets (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "a", NULL);
  g_autofree gchar *other = g_build_filename (dir, "b", NULL);
  g_autoptr (RigSeen) seen = rig_seen_new ();
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autoptr (TribTrace) trace = NULL;
  g_autofree gchar *text = NULL, *other_text = NULL;

  config.level = TRIB_TRACE_LEVEL_NORMAL;
  config.path = path;
  config.fd = open (other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  config.record = rig_on_record;
  config.failed = rig_on_error;
  config.user_data = seen;
  trace = rig_open (&config);
  g_assert_cmpint (close (config.fd), ==, 0);
  rig_one_of_each (trace, 8);
  trib_assert_eventually (trib_test_count_threads ("trib-trace") == 1, WAIT_MS);
  trib_trace_close (trace, WAIT_MS);
  text = rig_contents (path);
  other_text = rig_contents (other);
  g_assert_cmpstr (text, ==, TIMING (8) DROP (8, 7) DELAY (8));
  g_assert_cmpstr (other_text, ==, text);
  rig_strip_times (seen->records->str);
  g_assert_cmpstr (seen->records->str, ==, text);
  g_assert_true (seen->thread != NULL && seen->thread != g_thread_self ());
  g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_CALLBACK).written, ==, 3);
  g_assert_cmpuint (seen->n_errors, ==, 0);
}

/* it reaches the file by itself, not only at the end */
static void
test_at_once (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.jsonl", NULL);
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autoptr (TribTrace) trace = NULL;

  config.level = TRIB_TRACE_LEVEL_NORMAL;
  config.path = path;
  trace = rig_open (&config);
  for (guint i = 1; i <= 100; i++) {
    rig_one_of_each (trace, i);
    trib_assert_eventually (rig_account (trace, TRIB_TRACE_TO_FILE).written == i * 3, WAIT_MS);
  }
  g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_FILE).pending_bytes, ==, 0);
}

static void
check_refused (const TribTraceConfig *config, const gchar *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (trib_trace_new (config, &error));
  g_assert_error (error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_OPEN);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_refused (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "no", "trace.jsonl", NULL);
  g_autofree gchar *message
      = g_strdup_printf ("Cannot open \"%s\" for appending: No such file or directory", path);
  g_autofree gchar *about_dir
      = g_strdup_printf ("Cannot open \"%s\" for appending: Is a directory", dir);
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autofree gchar *closed = NULL, *reading = NULL;

  config.path = path;
  check_refused (&config, message);
  config.path = dir;
  check_refused (&config, about_dir);
  config.path = NULL;
  config.fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  reading = g_strdup_printf (
      "Cannot write to file descriptor %d: it is open for reading only", config.fd);
  check_refused (&config, reading);
  close (config.fd);
  closed = g_strdup_printf ("Cannot write to file descriptor %d: Bad file descriptor", config.fd);
  check_refused (&config, closed);
  config.view_fd = config.fd;
  config.fd = -1;
  check_refused (&config, closed);
  trib_assert_eventually (trib_test_count_threads ("trib-trace") == 0, WAIT_MS);
}

/* ids beyond what one record takes go into further ones; none is larger than a pipe takes whole */
static void
test_many_dropped (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.jsonl", NULL);
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autoptr (TribTrace) trace = NULL;
  g_autofree gchar *text = NULL;
  guint64 ids[300];

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    ids[i] = G_MAXUINT64 - i;
  config.level = TRIB_TRACE_LEVEL_MINIMAL;
  config.path = path;
  trace = rig_open (&config);
  trib_trace_frame_drop (trace, 1, ids, G_N_ELEMENTS (ids), TRIB_TRACE_DROP_TIMEOUT, "face");
  trib_trace_frame_drop (trace, 2, NULL, 0, TRIB_TRACE_DROP_TIMEOUT, NULL);
  trib_trace_close (trace, WAIT_MS);
  text = rig_contents (path);
  g_assert_cmpuint (rig_count_records (text, "\"frame_drop\",\"frame_id\":1,"), ==, 3);
  g_assert_cmpuint (rig_count_records (text, "\"dropped_frame_ids\":[]"), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autofree gchar *id = g_strdup_printf ("%" G_GUINT64_FORMAT, ids[i]);
    g_assert_cmpuint (rig_count_records (text, id), ==, 1);
  }
  for (const gchar *line = text, *end; *line != '\0'; line = end + 1) {
    end = strchr (line, '\n');
    g_assert_cmpint (end + 1 - line, <=, 4096);
  }
}

typedef struct {
  TribTrace *trace;
  gint64 from, to;
} Job;

static gpointer
trace_timings (gpointer data)
{
  Job *job = data;

  for (gint64 id = job->from; id < job->to; id++)
    trib_trace_timing (job->trace, id, "process_face", id * 1001, 3);
  return NULL;
}

/* several traces on one file, each with several threads: every line whole, and all there */
static void
test_two_writers (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.jsonl", NULL);
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  TribTrace *traces[3];
  GThread *threads[6];
  Job jobs[6];
  g_autofree gchar *text = NULL;
  guint64 written = 0, lost = 0;

  config.level = TRIB_TRACE_LEVEL_NORMAL;
  config.path = path;
  for (guint i = 0; i < 3; i++)
    traces[i] = rig_open (&config);
  for (guint i = 0; i < 6; i++) {
    jobs[i] = (Job){ traces[i / 2], i * 5000, (i + 1) * 5000 };
    threads[i] = g_thread_new ("test", trace_timings, &jobs[i]);
  }
  for (guint i = 0; i < 6; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < 3; i++) {
    TribTraceAccount a;

    trib_trace_close (traces[i], WAIT_MS);
    a = rig_account (traces[i], TRIB_TRACE_TO_FILE);
    g_assert_cmpuint (a.in, ==, 10000);
    g_assert_cmpuint (a.written + a.full, ==, a.in);
    written += a.written;
    lost += a.full;
    trib_trace_free (traces[i]);
  }
  text = rig_contents (path);
  g_assert_cmpuint (rig_count_records (text, "\"timing\""), ==, written);
  g_assert_cmpuint (rig_told_losses (text), ==, lost);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/trace/levels", test_levels);
  g_test_add_func ("/trace/level-changes", test_level_changes);
  g_test_add_func ("/trace/null", test_null);
  g_test_add_func ("/trace/outlets", test_outlets);
  g_test_add_func ("/trace/at-once", test_at_once);
  g_test_add_func ("/trace/refused", test_refused);
  g_test_add_func ("/trace/many-dropped", test_many_dropped);
  g_test_add_func ("/trace/two-writers", test_two_writers);
  return trib_test_run ();
}
