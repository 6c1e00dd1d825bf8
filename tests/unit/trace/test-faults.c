/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* F_SETPIPE_SZ, posix_openpt() */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <trace/trib-trace.h>

#include "trace-rig.h"
#include "trib-test.h"

/* Outlets that are slow, full or gone: the caller is never held up, whole lines arrive or are
 * counted, and one message says what is wrong. */

static TribTraceConfig
config_for (RigSeen *seen)
{
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;

  config.level = TRIB_TRACE_LEVEL_NORMAL;
  config.failed = rig_on_error;
  config.user_data = seen;
  return config;
}

/* what is there now, without waiting */
static void
read_some (gint fd, GString *text)
{
  gchar buf[65536];
  gssize n = read (fd, buf, sizeof buf);

  if (n > 0)
    g_string_append_len (text, buf, n);
  rig_strip_times (text->str);
  g_string_set_size (text, strlen (text->str));
}

static gboolean
has_read (gint fd, GString *text, const gchar *word)
{
  read_some (fd, text);
  return strstr (text->str, word) != NULL;
}

/* A reader that does not read: what does not fit is dropped and counted, and when it reads again a
 * line says how many are missing there. */
static void
test_slow_fifo (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "fifo", NULL);
  g_autoptr (RigSeen) seen = rig_seen_new ();
  TribTraceConfig config = config_for (seen);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (TribTrace) trace = NULL;
  TribTraceAccount a;
  gint fd;

  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  config.path = path;
  config.max_bytes = 64 * 1024;
  trace = rig_open (&config); /* although there is no reader */
  for (guint i = 0; i < 5000; i++)
    rig_one_of_each (trace, i);
  a = rig_account (trace, TRIB_TRACE_TO_FILE);
  g_assert_cmpuint (a.in, ==, 15000);
  g_assert_cmpuint (a.full, >, 0);
  g_assert_cmpuint (a.pending_bytes, <=, 64 * 1024);

  fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  trib_assert_eventually (
      (read_some (fd, text), rig_account (trace, TRIB_TRACE_TO_FILE).pending == 0), WAIT_MS);
  trib_trace_timing (trace, 99999, "last", MS, 0);
  trib_assert_eventually (
      has_read (fd, text, "\"last\",\"processing_ms\":1.0,\"queue_depth\":0}\n"), WAIT_MS);
  a = rig_account (trace, TRIB_TRACE_TO_FILE);
  g_assert_cmpuint (a.written + a.full, ==, 15001);
  g_assert_cmpuint (rig_count_records (text->str, "\"frame_id\""), ==, a.written);
  g_assert_cmpuint (rig_told_losses (text->str), ==, a.full);
  g_assert_cmpuint (rig_errors (seen), ==, 0);

  for (guint i = 0; i < 10; i++)
    rig_one_of_each (trace, 99999);
  g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_FILE).full, ==, a.full);
  trib_assert_eventually (rig_account (trace, TRIB_TRACE_TO_FILE).pending == 0, WAIT_MS);

  /* the reader goes, another one comes */
  close (fd);
  fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  g_string_truncate (text, 0);
  rig_one_of_each (trace, 7);
  trib_assert_eventually (
      has_read (fd, text, "\"frame_id\":7,\"delay_ms\":150.0,\"waiting_for\":[\"gesture\"]}\n"),
      WAIT_MS);
  g_assert_cmpuint (rig_count_records (text->str, "\"frame_id\":7"), ==, 3);
  close (fd);
}

/* closing does not wait for ever either, and ends with a whole line */
static void
test_stuck_at_close (void)
{
  g_autoptr (RigSeen) seen = rig_seen_new ();
  TribTraceConfig config = config_for (seen);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (TribTrace) trace = NULL;
  TribTraceAccount a;
  gint fds[2];

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  config.fd = fds[1];
  trace = rig_open (&config);
  close (fds[1]);
  for (guint i = 0; i < 3000; i++)
    rig_one_of_each (trace, i);
  trib_trace_close (trace, 50);
  a = rig_account (trace, TRIB_TRACE_TO_FD);
  g_assert_cmpuint (a.unread, >, 0);
  g_assert_cmpuint (a.pending, ==, 0);
  for (gsize before = 1; before != 0;) {
    gsize len = text->len;
    read_some (fds[0], text);
    before = text->len - len;
  }
  g_assert_cmpuint (rig_count_records (text->str, "\"frame_id\""), ==, a.written);
  close (fds[0]);
}

/* a pipe with a closed reader: no SIGPIPE, one message, everything counted */
static void
test_closed_pipe (void)
{
  g_autoptr (RigSeen) seen = rig_seen_new ();
  TribTraceConfig config = config_for (seen);
  g_autoptr (TribTrace) trace = NULL;
  TribTraceAccount a;
  gint fds[2];

  signal (SIGPIPE, SIG_DFL);
  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  config.fd = fds[1];
  trace = rig_open (&config);
  close (fds[0]);
  rig_one_of_each (trace, 1);
  trib_assert_eventually (rig_errors (seen) == 1, WAIT_MS);
  for (guint i = 0; i < 100; i++)
    rig_one_of_each (trace, i);
  trib_trace_close (trace, WAIT_MS);
  a = rig_account (trace, TRIB_TRACE_TO_FD);
  g_assert_cmpuint (a.gone, ==, 303);
  g_assert_cmpuint (rig_errors (seen), ==, 1);
  g_assert_error (seen->error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_GONE);
  g_assert_cmpstr (
      seen->error->message, ==, "Cannot write the trace any more: Broken pipe; it ends here");
  g_assert_cmpint (seen->outlet, ==, TRIB_TRACE_TO_FD);
  close (fds[1]);
}

/* likewise a socket; and one that is full does not hold up the file beside it */
static void
test_socket (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.jsonl", NULL);
  g_autoptr (RigSeen) seen = rig_seen_new ();
  TribTraceConfig config = config_for (seen);
  g_autoptr (TribTrace) trace = NULL;
  gint fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  config.fd = fds[1];
  config.path = path;
  trace = rig_open (&config);
  while (rig_account (trace, TRIB_TRACE_TO_FD).full == 0)
    rig_one_of_each (trace, 1);
  trib_assert_eventually (rig_account (trace, TRIB_TRACE_TO_FILE).pending == 0, WAIT_MS);
  g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_FD).pending, >, 0);
  close (fds[0]);
  trib_assert_eventually (rig_errors (seen) == 1, WAIT_MS);
  g_assert_error (seen->error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_GONE);
  g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_FD).pending, ==, 0);
  /* its flags are still the caller's */
  g_assert_cmpint (fcntl (fds[1], F_GETFL) & O_NONBLOCK, ==, 0);
  close (fds[1]);
}

/* a full disk is reported once, not per record */
static void
test_full_disk (void)
{
  g_autoptr (RigSeen) seen = rig_seen_new ();
  TribTraceConfig config = config_for (seen);
  g_autoptr (TribTrace) trace = NULL;

  config.path = "/dev/full";
  trace = rig_open (&config);
  for (guint i = 1; i <= 20; i++) {
    rig_one_of_each (trace, i);
    trib_assert_eventually (rig_account (trace, TRIB_TRACE_TO_FILE).failed == i * 3, WAIT_MS);
  }
  trib_trace_close (trace, WAIT_MS);
  g_assert_cmpuint (rig_errors (seen), ==, 1);
  g_assert_error (seen->error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_WRITE);
  g_assert_cmpstr (seen->error->message, ==,
      "Cannot write the trace: No space left on device; its records are lost until it can be "
      "written again");
}

static void
limit_files (rlim_t bytes)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = bytes;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* A file that can take no more in the midst of a line: no SIGXFSZ, the part is taken back, and when
 * there is room again a line says what is missing. */
static void
test_short_write (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.jsonl", NULL);
  g_autoptr (RigSeen) seen = rig_seen_new ();
  TribTraceConfig config = config_for (seen);
  g_autoptr (TribTrace) trace = NULL;
  g_autofree gchar *text = NULL;
  TribTraceAccount a;

  signal (SIGXFSZ, SIG_DFL);
  config.path = path;
  trace = rig_open (&config);
  limit_files (1000);
  for (guint i = 0; i < 10; i++)
    rig_one_of_each (trace, i);
  trib_assert_eventually (rig_account (trace, TRIB_TRACE_TO_FILE).pending == 0, WAIT_MS);
  a = rig_account (trace, TRIB_TRACE_TO_FILE);
  g_assert_cmpuint (a.failed, >, 0);
  text = rig_contents (path);
  g_assert_cmpuint (strlen (text), <=, 1000);
  g_assert_cmpuint (rig_count_records (text, "\"frame_id\""), ==, a.written);
  /* the account is settled before the callback runs, and there is one callback only */
  trib_assert_eventually (rig_errors (seen) == 1, WAIT_MS);
  g_assert_error (seen->error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_WRITE);

  limit_files (RLIM_INFINITY);
  rig_one_of_each (trace, 77);
  trib_trace_close (trace, WAIT_MS);
  g_clear_pointer (&text, g_free);
  text = rig_contents (path);
  a = rig_account (trace, TRIB_TRACE_TO_FILE);
  g_assert_cmpuint (a.written + a.failed, ==, 33);
  g_assert_cmpuint (rig_count_records (text, "\"frame_id\""), ==, a.written);
  g_assert_cmpuint (rig_count_records (text, "\"frame_id\":77"), ==, 3);
  g_assert_cmpuint (rig_told_losses (text), ==, a.failed);
}

/* the last losses are reported at the end */
static void
test_loss_at_end (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "trace.jsonl", NULL);
  g_autoptr (RigSeen) seen = rig_seen_new ();
  TribTraceConfig config = config_for (seen);
  g_autoptr (TribTrace) trace = NULL;
  g_autofree gchar *text = NULL;
  guint64 ids[128];

  memset (ids, 0xff, sizeof ids);
  config.path = path;
  config.max_bytes = 1;
  trace = rig_open (&config);
  trib_trace_frame_drop (trace, 1, ids, G_N_ELEMENTS (ids), TRIB_TRACE_DROP_BACKPRESSURE, NULL);
  trib_trace_close (trace, WAIT_MS);
  text = rig_contents (path);
  g_assert_cmpstr (text, ==,
      "{\"record_type\":\"trace_lost\",\"records\":1,\"full\":0,\"too_large\":1,\"failed\":0}\n");
  g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_FILE).too_large, ==, 1);
}

/* a callback that takes its time holds up only itself */
typedef struct {
  GMutex lock;
  GCond cond;
  gboolean go;
  guint n, n_lost; /* records, and lines about losses */
} Gate;

static void
wait_at_gate (const gchar *json, gsize len, gpointer user_data)
{
  Gate *gate = user_data;

  g_mutex_lock (&gate->lock);
  while (!gate->go)
    g_cond_wait (&gate->cond, &gate->lock);
  if (strstr (json, "\"trace_lost\"") != NULL)
    gate->n_lost++;
  else
    gate->n++;
  g_mutex_unlock (&gate->lock);
}

static void
test_slow_callback (void)
{
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autoptr (TribTrace) trace = NULL;
  Gate gate = { 0 };
  TribTraceAccount a;

  g_mutex_init (&gate.lock);
  g_cond_init (&gate.cond);
  config.level = TRIB_TRACE_LEVEL_NORMAL;
  config.record = wait_at_gate;
  config.user_data = &gate;
  config.max_bytes = 16 * 1024;
  trace = rig_open (&config);
  for (guint i = 0; i < 1000; i++)
    rig_one_of_each (trace, i);
  a = rig_account (trace, TRIB_TRACE_TO_CALLBACK);
  g_assert_cmpuint (a.full, >, 0);
  g_assert_cmpuint (a.written, ==, 0);
  g_assert_cmpuint (a.pending_bytes, <=, 16 * 1024);
  g_mutex_lock (&gate.lock);
  gate.go = TRUE;
  g_cond_signal (&gate.cond);
  g_mutex_unlock (&gate.lock);
  trib_trace_close (trace, WAIT_MS);
  a = rig_account (trace, TRIB_TRACE_TO_CALLBACK);
  g_assert_cmpuint (a.pending, ==, 0);
  g_assert_cmpuint (gate.n, ==, a.written);
  g_assert_cmpuint (gate.n_lost, >, 0);
  g_mutex_clear (&gate.lock);
  g_cond_clear (&gate.cond);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/trace/faults/slow-fifo", test_slow_fifo);
  g_test_add_func ("/trace/faults/stuck-at-close", test_stuck_at_close);
  g_test_add_func ("/trace/faults/closed-pipe", test_closed_pipe);
  g_test_add_func ("/trace/faults/socket", test_socket);
  g_test_add_func ("/trace/faults/full-disk", test_full_disk);
  g_test_add_func ("/trace/faults/short-write", test_short_write);
  g_test_add_func ("/trace/faults/loss-at-end", test_loss_at_end);
  g_test_add_func ("/trace/faults/slow-callback", test_slow_callback);
  return trib_test_run ();
}
