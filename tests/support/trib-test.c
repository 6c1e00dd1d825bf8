/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-test.h"

#include <stdlib.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* Longer than any single test needs: the net under those that set no watchdog of their own. */
#define DEFAULT_LIMIT_SECONDS 300
#define PAUSE_US 500
/* The limit of a wait ends a test that hangs; it measures nothing. On a busy machine a test may
 * take several times as long as on an idle one. */
#define PATIENCE 4

struct _TribWatchdog {
  /* set once */
  GThread *thread;
  gchar *test;
  guint seconds;

  GMutex lock;
  /* lock */
  GCond cond;
  gboolean done;
};

static GThread *main_thread;
static TribWatchdog *whole_run;

static gpointer
watchdog_thread (gpointer data)
{
  TribWatchdog *self = data;
  gint64 deadline = trib_test_deadline (self->seconds * 1000);
  gboolean expired = FALSE;

  g_mutex_lock (&self->lock);
  while (!self->done && !expired)
    expired = !g_cond_wait_until (&self->cond, &self->lock, deadline);
  expired = expired && !self->done;
  g_mutex_unlock (&self->lock);

  if (expired) {
    /* abort() and not g_error(): the thread that hangs may hold the lock of a log handler; the
     * core shows where. */
    g_autofree gchar *text = g_strdup_printf ("Bail out! watchdog: %s still runs after %u s\n",
        self->test, trib_test_scale (self->seconds) * PATIENCE);
    if (write (STDOUT_FILENO, text, strlen (text)) < 0
        || write (STDERR_FILENO, text, strlen (text)) < 0)
      _exit (134);
    abort ();
  }
  return NULL;
}

/**
 * trib_watchdog_new:
 * @seconds: how long the caller's work may take, before scaling
 *
 * Ends the program with a "Bail out!" line that names the running test when the watchdog is not
 * freed within
 * @seconds. Starts a thread.
 *
 * Returns: (transfer full): free it with trib_watchdog_free(), usually by `g_autoptr
 * (TribWatchdog)`
 */
TribWatchdog *
trib_watchdog_new (guint seconds)
{
  TribWatchdog *self = g_new0 (TribWatchdog, 1);
  const gchar *path = g_test_initialized () ? g_test_get_path () : NULL;

  self->seconds = seconds;
  self->test = g_strdup (path && *path ? path : g_get_prgname ());
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->thread = g_thread_new ("watchdog", watchdog_thread, self);
  return self;
}

/**
 * trib_watchdog_free:
 * @watchdog: (transfer full): the work it watches is done
 */
void
trib_watchdog_free (TribWatchdog *watchdog)
{
  g_mutex_lock (&watchdog->lock);
  watchdog->done = TRUE;
  g_cond_signal (&watchdog->cond);
  g_mutex_unlock (&watchdog->lock);
  g_thread_join (watchdog->thread);
  g_mutex_clear (&watchdog->lock);
  g_cond_clear (&watchdog->cond);
  g_free (watchdog->test);
  g_free (watchdog);
}

static gdouble
multiplier (const gchar *variable)
{
  const gchar *text = g_getenv (variable);
  gdouble factor = text ? g_ascii_strtod (text, NULL) : 1.0;

  return factor > 0.0 ? factor : 1.0;
}

/**
 * trib_test_scale:
 * @time: seconds or milliseconds
 *
 * Returns: @time multiplied with TRIB_TIMEOUT_MULTIPLIER from the environment, which is the user's,
 * and with TRIB_SETUP_MULTIPLIER, which is that of Meson's set-up; each is 1 where it is not set
 */
guint
trib_test_scale (guint time)
{
  return (
      guint) (time * multiplier ("TRIB_TIMEOUT_MULTIPLIER") * multiplier ("TRIB_SETUP_MULTIPLIER"));
}

/**
 * trib_test_deadline:
 * @timeout_ms: how long a wait takes at most on an idle machine, before scaling
 *
 * Returns: when the wait ends in vain, as g_get_monotonic_time()
 */
gint64
trib_test_deadline (guint timeout_ms)
{
  return g_get_monotonic_time () + trib_test_scale (timeout_ms) * (gint64) PATIENCE * 1000;
}

/**
 * trib_test_init:
 * @argc: (inout): as given to main()
 * @argv: (inout): as given to main()
 *
 * g_test_init() with a temporary folder for each test, and a watchdog over the whole program.
 */
void
trib_test_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  main_thread = g_thread_self ();
  whole_run = trib_watchdog_new (DEFAULT_LIMIT_SECONDS);
}

/**
 * trib_test_run:
 *
 * Runs the tests that were added. Returns: what main() returns
 */
int
trib_test_run (void)
{
  int status = g_test_run ();

  g_clear_pointer (&whole_run, trib_watchdog_free);
  return status;
}

/**
 * trib_test_pause:
 *
 * Between two looks at a condition: dispatches what the thread's default main context has ready, or
 * yields the processor for half a millisecond.
 */
void
trib_test_pause (void)
{
  GMainContext *context = g_main_context_get_thread_default ();

  /* what the default context has ready is the main thread's to dispatch */
  if ((context == NULL && g_thread_self () != main_thread)
      || !g_main_context_iteration (context, FALSE))
    g_usleep (PAUSE_US);
}

/**
 * trib_test_fail_wait:
 * @where: source location
 * @what: the condition that did not come true
 * @timeout_ms: how long it was given, before scaling
 *
 * Ends the test as failed. Does not return.
 */
void
trib_test_fail_wait (const gchar *where, const gchar *what, guint timeout_ms)
{
  g_autofree gchar *message = g_strdup_printf (
      "%s: waited %u ms in vain for: %s", where, trib_test_scale (timeout_ms) * PATIENCE, what);

  g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC, message);
  abort ();
}

/**
 * trib_wait_until:
 * @condition: (scope call): called in this thread until it returns %TRUE
 * @user_data: for @condition
 * @timeout_ms: how long to try, before scaling
 *
 * Runs the thread's default main context meanwhile.
 *
 * Returns: %FALSE when @condition was still not true after @timeout_ms
 */
gboolean
trib_wait_until (TribCondition condition, gpointer user_data, guint timeout_ms)
{
  gint64 deadline = trib_test_deadline (timeout_ms);

  while (!condition (user_data)) {
    if (g_get_monotonic_time () > deadline)
      return FALSE;
    trib_test_pause ();
  }
  return TRUE;
}

/**
 * trib_test_free_port:
 *
 * Returns: a TCP port of 127.0.0.1 that was free a moment ago; for servers that cannot choose one
 * themselves
 */
guint16
trib_test_free_port (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);
  g_socket_bind (socket, any, FALSE, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

/**
 * trib_test_dir_new:
 *
 * Returns: (transfer full): path of a new, empty folder; `g_autoptr (TribTestDir)` removes it with
 * all it holds
 */
TribTestDir *
trib_test_dir_new (void)
{
  g_autoptr (GError) error = NULL;
  TribTestDir *path = g_dir_make_tmp ("trib-test-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

static void
remove_tree (const gchar *path)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK)) {
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    const gchar *name;

    while (dir && (name = g_dir_read_name (dir))) {
      g_autofree gchar *child = g_build_filename (path, name, NULL);
      remove_tree (child);
    }
  }
  g_remove (path);
}

/**
 * trib_test_dir_free:
 * @path: (transfer full): from trib_test_dir_new()
 */
void
trib_test_dir_free (TribTestDir *path)
{
  remove_tree (path);
  g_free (path);
}

guint
trib_test_count_threads (const gchar *prefix)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *task;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((task = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename ("/proc/self/task", task, "comm", NULL);
    g_autofree gchar *name = NULL;
    if (g_file_get_contents (path, &name, NULL, NULL))
      n += g_str_has_prefix (name, prefix);
  }
  return n;
}
