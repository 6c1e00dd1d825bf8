/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "verify-report.h"

#include <kafka/client/trib-kafka-options.h>
#include <kafka/verify/trib-kafka-scan.h>

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_COULD_NOT_RUN = 2 };

#define PROGRESS_MS 1000
/* a pending request may take long to time out; the second signal does not wait for it */
#define ABORT_SECONDS 2
#define LEAVE_SECONDS 5

typedef struct {
  gchar *bootstrap_servers;
  gchar *topics[TRIB_KAFKA_VERIFY_N_TOPICS];
  gchar *runs_topic;
  gchar *prefix;
  gchar **sessions;
  gchar **streams;
  gchar **client_config;     /* -X */
  gchar **client_files;      /* -F */
  GPtrArray *client_options; /* of the files, then -X; ends with NULL */
  gint64 until_frames;
  gint timeout_ms, settle_ms, progress_ms, max_open, max_findings;
  gboolean follow, announce_ready, json, allow_expired, quiet, version;
} Options;

typedef struct {
  const Options *options;
  VerifyReport report;
  gint64 began; /* monotonic, us */
  gint64 next_progress;
  gboolean on_terminal; /* the progress line goes to standard error */
  gboolean following;
  const TribKafkaScan *scan;
} Run;

static volatile sig_atomic_t n_signals;
static volatile sig_atomic_t signals_to_abort = 1;

static void
on_signal (int number)
{
  n_signals++;
  if (n_signals >= signals_to_abort)
    alarm (ABORT_SECONDS);
}

/* exit status when the client blocks the end of the program */
static volatile sig_atomic_t status_so_far = EXIT_COULD_NOT_RUN;

static void
on_alarm (int number)
{
  _exit (status_so_far);
}

static void
catch_signals (gboolean follow)
{
  struct sigaction action = { .sa_handler = on_signal };

  signals_to_abort = follow ? 2 : 1;
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  action.sa_handler = on_alarm;
  sigaction (SIGALRM, &action, NULL);
}

static void
put_line (FILE *to, const GString *text)
{
  fwrite (text->str, 1, text->len, to);
  fputc ('\n', to);
  fflush (to);
}

static void
show_progress (Run *run, gint64 now)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (now < run->next_progress)
    return;
  run->next_progress = now + run->options->progress_ms * (gint64) 1000;
  run->report.elapsed_us = now - run->began;
  run->report.trouble = trib_kafka_scan_get_trouble (run->scan);
  if (run->options->json && run->following) {
    verify_report_progress_json (&run->report, text);
    put_line (stdout, text);
  } else if (run->on_terminal) {
    /* over the line before, and what was longer of it is wiped */
    g_string_append_c (text, '\r');
    verify_report_progress (&run->report, text);
    g_string_append (text, "\033[K");
    fwrite (text->str, 1, text->len, stderr);
    fflush (stderr);
  }
}

static TribKafkaScanWish
tick (gpointer user_data)
{
  Run *run = user_data;
  const TribKafkaVerifyCounts *c = trib_kafka_verify_get_counts (run->report.verify);
  gint64 until = run->options->until_frames;

  show_progress (run, g_get_monotonic_time ());
  if (n_signals >= signals_to_abort)
    return TRIB_KAFKA_SCAN_ABORT;
  if (n_signals > 0 || (until > 0 && c->entries - c->pending >= (guint64) until))
    return TRIB_KAFKA_SCAN_END;
  return TRIB_KAFKA_SCAN_CONTINUE;
}

static gboolean
parse_options (Options *o, gint *argc, gchar ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "bootstrap-servers", 'b', 0, G_OPTION_ARG_STRING, &o->bootstrap_servers,
        "the Kafka broker; several with commas (required)", "HOST:PORT" },
    { "session", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o->sessions,
        "only this session; may be given several times", "ID" },
    { "stream", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->streams,
        "only this stream; may be given several times", "ID" },
    { "follow", 'f', 0, G_OPTION_ARG_NONE, &o->follow,
        "continue with what is being written, until SIGINT or SIGTERM", NULL },
    { "until-frames", 0, 0, G_OPTION_ARG_INT64, &o->until_frames,
        "with --follow: stop after N entries were judged", "N" },
    { "announce-ready", 0, 0, G_OPTION_ARG_NONE, &o->announce_ready,
        "print \"ready\" on standard error when reading begins", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, "one JSON object instead of the table", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "only the verdict line, no progress", NULL },
    { "max-findings", 0, 0, G_OPTION_ARG_INT, &o->max_findings,
        "maximum number listed of each kind; all are counted (default 20)", "N" },
    { "allow-expired", 0, 0, G_OPTION_ARG_NONE, &o->allow_expired,
        "records removed by retention are reported, but do not change the exit status", NULL },
    { "topic-prefix", 0, 0, G_OPTION_ARG_STRING, &o->prefix, "prefix of each topic name", "TEXT" },
    { "metadata-topic", 0, 0, G_OPTION_ARG_STRING, &o->topics[TRIB_KAFKA_TOPIC_METADATA],
        "default vrs-metadata-stream", "NAME" },
    { "binary-topic", 0, 0, G_OPTION_ARG_STRING, &o->topics[TRIB_KAFKA_TOPIC_BINARY],
        "default vrs-binary-stream", "NAME" },
    { "registry-topic", 0, 0, G_OPTION_ARG_STRING, &o->topics[TRIB_KAFKA_TOPIC_REGISTRY],
        "default vrs-frame-registry", "NAME" },
    { "runs-topic", 0, 0, G_OPTION_ARG_STRING, &o->runs_topic,
        "default " TRIB_KAFKA_RUNS_TOPIC "; need not exist", "NAME" },
    { "max-open", 0, 0, G_OPTION_ARG_INT, &o->max_open,
        "maximum number of frames held in memory (default 1000000)", "N" },
    { "timeout-ms", 0, 0, G_OPTION_ARG_INT, &o->timeout_ms,
        "timeout for the broker (default 10000)", "MS" },
    { "settle-ms", 0, 0, G_OPTION_ARG_INT, &o->settle_ms,
        "how long to wait for entries of frames in flight (default 2000)", "MS" },
    { "progress-ms", 0, 0, G_OPTION_ARG_INT, &o->progress_ms,
        "time between two lines of progress (default 1000)", "MS" },
    { "client-option", 'X', 0, G_OPTION_ARG_STRING_ARRAY, &o->client_config,
        "any librdkafka option (TLS, SASL)", "KEY=VALUE" },
    { "client-config", 'F', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->client_files,
        "librdkafka options from a file, KEY=VALUE a line: passwords belong there", "FILE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &o->version, "print the version", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- prove frames in Kafka");

  g_option_context_set_summary (context,
      "Reads the three topics that kafkabinarysink writes and proves each registry entry\n"
      "against the bytes and the metadata it points at.");
  g_option_context_set_description (
      context, "Exit status: 0 clean, 1 findings (also: no entry at all), 2 could not run.\n");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
gather_client_options (Options *o, GError **error)
{
  o->client_options = g_ptr_array_new_with_free_func (g_free);
  for (gchar **file = o->client_files; file && *file; file++)
    if (!trib_kafka_options_read_file (o->client_options, *file, error))
      return FALSE;
  for (gchar **option = o->client_config; option && *option; option++) {
    const gchar *equals = strchr (*option, '=');
    if (equals == NULL || equals == *option) {
      g_set_error_literal (
          error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "a librdkafka option must be KEY=VALUE");
      return FALSE;
    }
    g_ptr_array_add (o->client_options, g_strndup (*option, equals - *option));
    g_ptr_array_add (o->client_options, g_strdup (equals + 1));
  }
  g_ptr_array_add (o->client_options, NULL);
  return TRUE;
}

static void
name_topic (const Options *o, gchar **name, const gchar *initial)
{
  g_autofree gchar *given = g_steal_pointer (name);

  *name = g_strconcat (o->prefix ? o->prefix : "", given ? given : initial, NULL);
}

static gboolean
check_options (Options *o, gint argc, GError **error)
{
  const gchar *wrong = NULL;

  if (argc > 1)
    wrong = "unexpected arguments that are not options";
  else if (o->bootstrap_servers == NULL || *o->bootstrap_servers == '\0')
    wrong = "name the broker with --bootstrap-servers HOST:PORT";
  else if (o->until_frames < 0 || (o->until_frames > 0 && !o->follow))
    wrong = "--until-frames takes a number above 0 and needs --follow";
  else if (o->timeout_ms < 1 || o->settle_ms < 0)
    wrong = "--timeout-ms must be at least 1, --settle-ms at least 0";
  else if (o->progress_ms < 50)
    wrong = "--progress-ms must be at least 50";
  else if (o->max_open < 1 || o->max_findings < 0)
    wrong = "--max-open must be at least 1, --max-findings at least 0";
  if (wrong) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, wrong);
    return FALSE;
  }
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    name_topic (o, &o->topics[i], trib_kafka_default_topics[i]);
  name_topic (o, &o->runs_topic, TRIB_KAFKA_RUNS_TOPIC);
  return gather_client_options (o, error);
}

static void
clear_options (Options *o)
{
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    g_free (o->topics[i]);
  g_free (o->bootstrap_servers);
  g_free (o->runs_topic);
  g_free (o->prefix);
  g_strfreev (o->sessions);
  g_strfreev (o->streams);
  g_strfreev (o->client_config);
  g_strfreev (o->client_files);
  g_clear_pointer (&o->client_options, g_ptr_array_unref);
}

static gboolean
read_topics (Run *run, TribKafkaScan *scan, TribKafkaVerify *verify, GError **error)
{
  const Options *o = run->options;

  run->scan = scan;
  run->following = o->follow;
  run->on_terminal = !o->json && !o->quiet && isatty (STDERR_FILENO);
  if (!trib_kafka_scan_open (scan, verify, error))
    return FALSE;
  run->began = g_get_monotonic_time ();
  run->next_progress = run->began + o->progress_ms * (gint64) 1000;
  if (o->announce_ready)
    fputs ("ready\n", stderr);
  if (o->follow && !trib_kafka_scan_follow (scan, tick, run, error))
    return FALSE;
  if (!trib_kafka_scan_finish (scan, tick, run, error))
    return FALSE;
  run->report.elapsed_us = g_get_monotonic_time () - run->began;
  return TRUE;
}

/* -X debug=...; secrets have been removed */
static void
print_client_log (gpointer data, gint level, const gchar *text)
{
  fprintf (stderr, "%s\n", text);
}

static int
run_verifier (const Options *o, GError **error)
{
  const TribKafkaVerifyConfig verify_config = {
    .topics = { o->topics[0], o->topics[1], o->topics[2] },
    .sessions = (const gchar *const *) o->sessions,
    .streams = (const gchar *const *) o->streams,
    .max_open = o->max_open,
    .max_findings = o->max_findings,
  };
  const TribKafkaScanConfig scan_config = {
    .bootstrap_servers = o->bootstrap_servers,
    .topics = { o->topics[0], o->topics[1], o->topics[2] },
    .runs_topic = o->runs_topic,
    .client_options = (const gchar *const *) o->client_options->pdata,
    .timeout_ms = o->timeout_ms,
    .settle_ms = o->settle_ms,
    .log = print_client_log,
  };
  g_autoptr (TribKafkaVerify) verify = trib_kafka_verify_new (&verify_config);
  g_autoptr (TribKafkaScan) scan = trib_kafka_scan_new (&scan_config, error);
  g_autoptr (GString) text = g_string_new (NULL);
  const gchar *caution
      = trib_kafka_options_get_caution (scan_config.client_options, rd_kafka_version ());
  Run run = { .options = o };
  gboolean good;

  if (caution)
    fprintf (stderr, "tributary-kafka-verify: warning: %s\n", caution);
  run.report.verify = verify;
  run.report.bootstrap_servers = o->bootstrap_servers;
  memcpy (run.report.topics, verify_config.topics, sizeof run.report.topics);
  run.report.sessions = verify_config.sessions;
  run.report.streams = verify_config.streams;
  run.report.allow_expired = o->allow_expired;
  good = scan && read_topics (&run, scan, verify, error);
  if (run.on_terminal)
    fputs ("\r\033[K", stderr);
  if (!good)
    return EXIT_COULD_NOT_RUN;
  run.report.trouble = NULL;
  if (o->json) {
    verify_report_json (&run.report, text);
    g_string_append_c (text, '\n');
  } else {
    verify_report_table (&run.report, o->quiet, text);
  }
  fwrite (text->str, 1, text->len, stdout);
  if (fflush (stdout) != 0 || ferror (stdout)) {
    g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_IO, "the report cannot be written");
    return EXIT_COULD_NOT_RUN;
  }
  /* the verdict stands: a client that cannot disconnect does not delay the exit */
  status_so_far = verify_report_faults (&run.report) ? EXIT_FINDINGS : EXIT_CLEAN;
  alarm (LEAVE_SECONDS);
  return status_so_far;
}

int
main (int argc, char **argv)
{
  Options o = { .timeout_ms = 10000,
    .settle_ms = 2000,
    .progress_ms = PROGRESS_MS,
    .max_open = TRIB_KAFKA_VERIFY_DEFAULT_MAX_OPEN,
    .max_findings = TRIB_KAFKA_VERIFY_DEFAULT_MAX_FINDINGS };
  g_autoptr (GError) error = NULL;
  int status = EXIT_COULD_NOT_RUN;

  setlocale (LC_ALL, "");
  if (parse_options (&o, &argc, &argv, &error)) {
    if (o.version) {
      printf ("tributary-kafka-verify " PACKAGE_VERSION "\n");
      clear_options (&o);
      return EXIT_CLEAN;
    }
    if (check_options (&o, argc, &error)) {
      catch_signals (o.follow);
      status = run_verifier (&o, &error);
    }
  }
  if (error) {
    g_autoptr (GString) text = g_string_new (NULL);
    fprintf (stderr, "tributary-kafka-verify: %s\n", error->message);
    if (o.json) {
      verify_report_error_json (error->message, text);
      put_line (stdout, text);
    }
  }
  clear_options (&o);
  return status;
}
