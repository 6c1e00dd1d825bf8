/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* posix_openpt() */
#include <fcntl.h>
#include <glib.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <trace/trib-trace.h>

#include "trace-rig.h"
#include "trib-test.h"

/* OBS-6, level verbose: in place on a terminal, plain lines elsewhere. */

static const gchar *const sources[] = { "face", "pose", NULL };

static TribTrace *
open_view (gint fd, TribTraceLevel level)
{
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  TribTrace *trace;

  config.level = level;
  config.view_fd = fd;
  trace = rig_open (&config);
  trib_trace_set_window (trace, 100 * MS);
  return trace;
}

static void
one_frame (TribTrace *trace, gint64 id, gint64 now_ns)
{
  trib_trace_opened (trace, id, sources, now_ns);
  trib_trace_answered (trace, id, "face", TRIB_TRACE_ANSWER_OBSERVATION, 12 * MS, now_ns + 12 * MS);
  trib_trace_left (trace, id, "timeout", now_ns + 100 * MS);
}

/* one line a frame, no escape sequence, and nothing below verbose */
static void
test_plain (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *path = g_build_filename (dir, "view.txt", NULL);
  gint fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  g_autoptr (TribTrace) trace = open_view (fd, TRIB_TRACE_LEVEL_NORMAL);
  g_autofree gchar *text = NULL;

  one_frame (trace, 1, 0);
  trib_trace_set_level (trace, TRIB_TRACE_LEVEL_VERBOSE);
  one_frame (trace, 2, 0);
  one_frame (trace, 3, 33 * MS);
  trib_trace_timing (trace, 3, "face", MS, 0);
  trib_trace_close (trace, WAIT_MS);
  text = rig_contents (path);
  g_assert_cmpstr (text, ==,
      "frame 2 timeout after 100 ms: face 12 ms; missing pose\n"
      "frame 3 timeout after 100 ms: face 12 ms; missing pose\n");
  g_assert_cmpuint (rig_account (trace, TRIB_TRACE_TO_VIEW).written, ==, 2);
  close (fd);
}

/* lines too are bounded, and what is missing is said */
static void
test_plain_slow (void)
{
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (TribTrace) trace = NULL;
  TribTraceAccount a;
  gchar buf[4096];
  gint fds[2];

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC | O_NONBLOCK), ==, 0);
  config.level = TRIB_TRACE_LEVEL_VERBOSE;
  config.view_fd = fds[1];
  config.max_bytes = 8192;
  trace = rig_open (&config);
  close (fds[1]);
  for (guint i = 0; rig_account (trace, TRIB_TRACE_TO_VIEW).full == 0; i++)
    one_frame (trace, i, 0);
  while (strstr (text->str, " lines lost\n") == NULL) {
    gssize n = read (fds[0], buf, sizeof buf);
    if (n > 0)
      g_string_append_len (text, buf, n);
    else if (rig_account (trace, TRIB_TRACE_TO_VIEW).pending == 0)
      one_frame (trace, 1, 0);
  }
  trib_trace_close (trace, 0);
  a = rig_account (trace, TRIB_TRACE_TO_VIEW);
  g_assert_cmpuint (a.pending, ==, 0);
  close (fds[0]);
}

/* a terminal of its own: what a program writes to it can be read at @master */
typedef struct {
  gint master, slave;
  GString *text;
} Terminal;

static void
terminal_open (Terminal *t, gushort columns, gushort rows)
{
  struct winsize size = { .ws_row = rows, .ws_col = columns };
  struct termios mode;

  t->master = posix_openpt (O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  g_assert_cmpint (t->master, >=, 0);
  g_assert_cmpint (grantpt (t->master) + unlockpt (t->master), ==, 0);
  t->slave = open (ptsname (t->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_cmpint (t->slave, >=, 0);
  g_assert_cmpint (tcgetattr (t->slave, &mode), ==, 0);
  mode.c_oflag &= ~(tcflag_t) OPOST;
  g_assert_cmpint (tcsetattr (t->slave, TCSANOW, &mode), ==, 0);
  g_assert_cmpint (ioctl (t->slave, TIOCSWINSZ, &size), ==, 0);
  t->text = g_string_new (NULL);
}

static void
terminal_close (Terminal *t)
{
  close (t->master);
  close (t->slave);
  g_string_free (t->text, TRUE);
}

static void
terminal_read (Terminal *t)
{
  gchar buf[65536];
  gssize n;

  while ((n = read (t->master, buf, sizeof buf)) > 0)
    g_string_append_len (t->text, buf, n);
}

static gboolean
terminal_has (Terminal *t, const gchar *word)
{
  terminal_read (t);
  return strstr (t->text->str, word) != NULL;
}

/* the first picture, the next one over it, and the last one at the end */
static void
test_terminal (void)
{
  gint64 now_ns = g_get_monotonic_time () * 1000;
  Terminal t;
  TribTrace *trace;

  terminal_open (&t, 80, 24);
  trace = open_view (t.slave, TRIB_TRACE_LEVEL_VERBOSE);
  trib_assert_eventually (terminal_has (&t, "\033[2Kwindow 100 ms  waiting 0  left 0"), WAIT_MS);
  trib_trace_opened (trace, 7, sources, now_ns);
  /* over the two lines of the first, and again because the waiting time has changed */
  trib_assert_eventually (terminal_has (&t, "\r\033[2A\033[2Kwindow 100 ms  waiting 1"), WAIT_MS);
  trib_assert_eventually (terminal_has (&t, "overdue"), WAIT_MS);
  trib_assert_eventually (terminal_has (&t, "\r\033[7A\033[2Kwindow 100 ms"), WAIT_MS);
  trib_trace_answered (trace, 7, "face", TRIB_TRACE_ANSWER_OBSERVATION, 12 * MS, now_ns + 12 * MS);
  trib_trace_left (trace, 7, "timeout", now_ns + 100 * MS);
  trib_trace_free (trace);
  /* however quickly it ended */
  trib_assert_eventually (
      terminal_has (&t, "\xe2\x96\x88  100 ms  timeout   \xe2\x9c\x93 12 ms     \xe2\x9c\x97\r\n"),
      WAIT_MS);
  g_assert_true (g_str_has_suffix (t.text->str, "\r\n"));
  terminal_close (&t);
}

/* a terminal that is stopped or not read: no call blocks, and pictures
 * are left out rather than gathered */
static void
test_stopped_terminal (void)
{
  TribTraceAccount a;
  Terminal t;
  TribTrace *trace;

  terminal_open (&t, 80, 24);
  trace = open_view (t.slave, TRIB_TRACE_LEVEL_VERBOSE);
  g_assert_cmpint (tcflow (t.slave, TCOOFF), ==, 0);
  for (guint i = 0; i < 5000; i++)
    one_frame (trace, i, i * MS);
  a = rig_account (trace, TRIB_TRACE_TO_VIEW);
  g_assert_cmpuint (a.in, ==, 0);
  g_assert_cmpuint (a.pending_bytes, <=, 64 * 1024);
  trib_trace_close (trace, 50);
  trib_trace_free (trace);
  terminal_close (&t);
}

/* a terminal that is closed under it */
static void
test_lost_terminal (void)
{
  Terminal t;
  TribTrace *trace;

  terminal_open (&t, 80, 24);
  trace = open_view (t.slave, TRIB_TRACE_LEVEL_VERBOSE);
  close (t.master);
  t.master = -1;
  for (guint i = 0; i < 100; i++)
    one_frame (trace, i, i * MS);
  trib_trace_free (trace);
  terminal_close (&t);
}

/* a small window gets a small picture, which still can be drawn over */
static void
test_small_terminal (void)
{
  gint64 now_ns = g_get_monotonic_time () * 1000;
  Terminal t;
  TribTrace *trace;

  terminal_open (&t, 50, 6);
  trace = open_view (t.slave, TRIB_TRACE_LEVEL_VERBOSE);
  for (guint i = 0; i < 20; i++)
    trib_trace_opened (trace, i, sources, now_ns);
  trib_trace_free (trace);
  trib_assert_eventually (terminal_has (&t, "waiting 20"), WAIT_MS);
  trib_assert_eventually (terminal_has (&t, "\033[2K         17 "), WAIT_MS);
  g_assert_null (strstr (t.text->str, "\033[2K         16 "));
  g_assert_null (strstr (t.text->str, "source"));
  terminal_close (&t);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_setenv ("TERM", "xterm", TRUE);
  trib_test_init (&argc, &argv);
  g_test_add_func ("/trace/screen/plain", test_plain);
  g_test_add_func ("/trace/screen/plain-slow", test_plain_slow);
  g_test_add_func ("/trace/screen/terminal", test_terminal);
  g_test_add_func ("/trace/screen/stopped-terminal", test_stopped_terminal);
  g_test_add_func ("/trace/screen/lost-terminal", test_lost_terminal);
  g_test_add_func ("/trace/screen/small-terminal", test_small_terminal);
  return trib_test_run ();
}
