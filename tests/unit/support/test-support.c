/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-test.h"

static void
test_scale (void)
{
  g_autofree gchar *before = g_strdup (g_getenv ("TRIB_TIMEOUT_MULTIPLIER"));
  g_autofree gchar *of_setup = g_strdup (g_getenv ("TRIB_SETUP_MULTIPLIER"));

  g_unsetenv ("TRIB_SETUP_MULTIPLIER");
  g_setenv ("TRIB_TIMEOUT_MULTIPLIER", "2.5", TRUE);
  g_assert_cmpuint (trib_test_scale (100), ==, 250);
  g_setenv ("TRIB_TIMEOUT_MULTIPLIER", "nonsense", TRUE);
  g_assert_cmpuint (trib_test_scale (100), ==, 100);
  g_unsetenv ("TRIB_TIMEOUT_MULTIPLIER");
  g_assert_cmpuint (trib_test_scale (100), ==, 100);
  g_setenv ("TRIB_SETUP_MULTIPLIER", "3", TRUE);
  g_assert_cmpuint (trib_test_scale (100), ==, 300);
  g_setenv ("TRIB_TIMEOUT_MULTIPLIER", "2.5", TRUE);
  g_assert_cmpuint (trib_test_scale (100), ==, 750);
  /* the limit of a wait is longer than what it is given, never shorter */
  g_assert_cmpint (trib_test_deadline (100), >, g_get_monotonic_time () + 750 * 1000);
  g_unsetenv ("TRIB_TIMEOUT_MULTIPLIER");
  g_unsetenv ("TRIB_SETUP_MULTIPLIER");
  if (before)
    g_setenv ("TRIB_TIMEOUT_MULTIPLIER", before, TRUE);
  if (of_setup)
    g_setenv ("TRIB_SETUP_MULTIPLIER", of_setup, TRUE);
}

static gboolean
third_call (gpointer user_data)
{
  return ++*(guint *) user_data == 3;
}

static gboolean
never (gpointer user_data)
{
  return FALSE;
}

static gboolean
set_flag (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
test_waits (void)
{
  guint calls = 0;
  gboolean flag = FALSE;

  g_assert_true (trib_wait_until (third_call, &calls, 10000));
  g_assert_cmpuint (calls, ==, 3);
  g_assert_false (trib_wait_until (never, NULL, 1));

  /* what the main context brings is seen */
  g_idle_add (set_flag, &flag);
  trib_assert_eventually (flag, 10000);
}

static void
test_eventually_fails (void)
{
  if (g_test_subprocess ()) {
    trib_assert_eventually (1 + 1 == 3, 1);
    return;
  }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*in vain for: 1 + 1 == 3*");
}

static void
test_watchdog_bites (void)
{
  if (g_test_subprocess ()) {
    g_autoptr (TribWatchdog) watchdog = NULL;
    g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

    g_setenv ("TRIB_TIMEOUT_MULTIPLIER", "0.25", TRUE);
    g_unsetenv ("TRIB_SETUP_MULTIPLIER");
    watchdog = trib_watchdog_new (1);
    g_main_loop_run (loop);
    return;
  }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*Bail out! watchdog: /support/watchdog/bites*");
}

static void
test_watchdog_lets_go (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);

  g_assert_nonnull (watchdog);
}

static void
test_ports (void)
{
  guint16 port = trib_test_free_port ();
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (port, >, 0);
  g_assert_true (g_socket_listener_add_inet_port (listener, port, NULL, &error));
  g_assert_no_error (error);
}

static void
test_dir (void)
{
  g_autofree gchar *kept = NULL;

  {
    g_autoptr (TribTestDir) dir = trib_test_dir_new ();
    g_autofree gchar *sub = g_build_filename (dir, "a", "b", NULL);
    g_autofree gchar *file = g_build_filename (sub, "c", NULL);

    kept = g_strdup (dir);
    g_assert_cmpint (g_mkdir_with_parents (sub, 0700), ==, 0);
    g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  }
  g_assert_false (g_file_test (kept, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/support/scale", test_scale);
  g_test_add_func ("/support/waits", test_waits);
  g_test_add_func ("/support/eventually-fails", test_eventually_fails);
  g_test_add_func ("/support/watchdog/bites", test_watchdog_bites);
  g_test_add_func ("/support/watchdog/lets-go", test_watchdog_lets_go);
  g_test_add_func ("/support/ports", test_ports);
  g_test_add_func ("/support/dir", test_dir);
  return trib_test_run ();
}
