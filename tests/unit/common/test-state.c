/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <common/trib-state.h>

typedef enum { CLOSED, OPEN, BROKEN } State;

static TribLogCategory category = { "tribtest", "a test", NULL };
static const TribStateRow rows[] = {
  [CLOSED] = { "closed", TRIB_STATE (OPEN) },
  [OPEN] = { "open", TRIB_STATE (CLOSED) | TRIB_STATE (BROKEN) },
  [BROKEN] = { "broken", 0, TRIB_LOG_LOG },
};
static const TribStateTable table = { "door", &category, rows, G_N_ELEMENTS (rows) };
static gint threshold = TRIB_LOG_DEBUG;
static gchar *line;

static void G_GNUC_PRINTF (7, 0) keep (TribLogCategory *c, TribLogLevel level, const gchar *file,
    gint number, const gchar *function, const gchar *id, const gchar *format, va_list args)
{
  g_assert_cmpint (level, ==, threshold);
  g_assert_true (g_str_has_suffix (file, "test-state.c"));
  g_free (line);
  line = g_strdup_vprintf (format, args);
}

static void
test_transitions (void)
{
  State state = CLOSED;

  trib_log_set_hook (keep, &threshold);
  g_assert_false (TRIB_STATE_SET (&table, NULL, state, CLOSED, "nothing"));
  g_assert_null (line);
  g_assert_true (TRIB_STATE_SET (&table, "1", state, OPEN, NULL));
  g_assert_cmpint (state, ==, OPEN);
  g_assert_cmpstr (line, ==, "door: closed -> open");
  /* a state of a level of its own */
  g_assert_true (TRIB_STATE_SET (&table, "1", state, BROKEN, "wind"));
  g_assert_cmpstr (line, ==, "door: closed -> open");
  state = OPEN;
  threshold = TRIB_LOG_LOG;
  g_assert_true (TRIB_STATE_SET (&table, "1", state, BROKEN, "wind"));
  g_assert_cmpstr (line, ==, "door: open -> broken: wind");
  g_free (line);
}

static void
test_forbidden (void)
{
  State state = CLOSED;

  if (g_test_subprocess ()) {
    TRIB_STATE_SET (&table, NULL, state, BROKEN, NULL);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*door: broken cannot follow closed*");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/common/state/transitions", test_transitions);
  g_test_add_func ("/common/state/forbidden", test_forbidden);
  return g_test_run ();
}
