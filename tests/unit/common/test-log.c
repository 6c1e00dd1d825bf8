/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <common/trib-log.h>

static TribLogCategory category = { "tribtest", "a test", NULL };
static gint threshold;
static GString *lines;
static guint n_evaluated;

static void G_GNUC_PRINTF (7, 0) keep (TribLogCategory *c, TribLogLevel level, const gchar *file,
    gint line, const gchar *function, const gchar *id, const gchar *format, va_list args)
{
  g_assert_true (c == &category);
  g_assert_nonnull (file);
  g_assert_cmpint (line, >, 0);
  g_assert_cmpstr (function, !=, NULL);
  g_string_append_printf (lines, "%d %s ", (gint) level, id ? id : "-");
  g_string_append_vprintf (lines, format, args);
  g_string_append_c (lines, '\n');
}

static const gchar *
evaluate (void)
{
  n_evaluated++;
  return "text";
}

static void
test_unbound (void)
{
  TRIB_LOG (&category, TRIB_LOG_ERROR, NULL, "%s", evaluate ());
  g_assert_cmpuint (n_evaluated, ==, 0);
}

static void
test_threshold (void)
{
  lines = g_string_new (NULL);
  trib_log_set_hook (keep, &threshold);
  TRIB_LOG (&category, TRIB_LOG_ERROR, NULL, "%s", evaluate ());
  g_assert_cmpuint (n_evaluated, ==, 0);
  g_assert_cmpstr (lines->str, ==, "");
  threshold = TRIB_LOG_DEBUG;
  TRIB_LOG (&category, TRIB_LOG_LOG, "a", "%s", evaluate ());
  g_assert_cmpuint (n_evaluated, ==, 0);
  TRIB_LOG (&category, TRIB_LOG_DEBUG, "a", "%s %d", evaluate (), 7);
  TRIB_LOG (&category, TRIB_LOG_WARNING, NULL, "plain");
  g_assert_cmpstr (lines->str, ==, "5 a text 7\n2 - plain\n");
  g_string_free (lines, TRUE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/common/log/unbound", test_unbound);
  g_test_add_func ("/common/log/threshold", test_threshold);
  return g_test_run ();
}
