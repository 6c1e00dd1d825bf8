/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* What every test program needs and GLib does not have: a limit on how long a test may take, waits
 * for conditions, ports that are free. Nothing here knows GStreamer; see trib-gst-test.h for that.
 *
 *   int
 *   main (int argc, char **argv)
 *   {
 *     trib_test_init (&argc, &argv);
 *     g_test_add_func ("/thing/does", test_thing_does);
 *     return trib_test_run ();
 *   }
 */

void trib_test_init (int *argc, char ***argv);
int trib_test_run (void);

/* Seconds and milliseconds given to the functions below are multiplied with TRIB_TIMEOUT_MULTIPLIER
 * and TRIB_SETUP_MULTIPLIER from the environment: sanitizers and tracers are slow. */
guint trib_test_scale (guint time);
gint64 trib_test_deadline (guint timeout_ms);

typedef struct _TribWatchdog TribWatchdog;
TribWatchdog *trib_watchdog_new (guint seconds);
void trib_watchdog_free (TribWatchdog *watchdog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribWatchdog, trib_watchdog_free)

typedef gboolean (*TribCondition) (gpointer user_data);
gboolean trib_wait_until (TribCondition condition, gpointer user_data, guint timeout_ms);

/* The same for an expression; fails the test with its text. */
#define trib_assert_eventually(expression, timeout_ms)           \
  G_STMT_START                                                   \
  {                                                              \
    gint64 trib_deadline_ = trib_test_deadline (timeout_ms);     \
    while (!(expression)) {                                      \
      if (g_get_monotonic_time () > trib_deadline_)              \
        trib_test_fail_wait (G_STRLOC, #expression, timeout_ms); \
      trib_test_pause ();                                        \
    }                                                            \
  }                                                              \
  G_STMT_END

void trib_test_fail_wait (const gchar *where, const gchar *what, guint timeout_ms) G_GNUC_NORETURN;
void trib_test_pause (void);

guint16 trib_test_free_port (void);
/* threads of this process whose name begins so */
guint trib_test_count_threads (const gchar *prefix);

typedef gchar TribTestDir;
TribTestDir *trib_test_dir_new (void);
void trib_test_dir_free (TribTestDir *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribTestDir, trib_test_dir_free)
