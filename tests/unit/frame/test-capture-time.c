/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <frame/trib-capture-time.h>
#include <stdlib.h>

#include "trib-test.h"

#define WALL (G_GINT64_CONSTANT (1722513600000000000))
#define SECOND (G_GINT64_CONSTANT (1000000000))
#define MS (SECOND / 1000)

/* A camera of 30 frames a second for an hour; the pipeline's clock gains @ppm millionths, frames
 * come 20 ms after they were captured. */
static const struct {
  const gchar *name;
  gint ppm;
} drifts[] = { { "1-percent-fast", 10000 }, { "1-percent-slow", -10000 }, { "quartz", 50 },
  { "none", 0 } };

static void
test_drift (gconstpointer data)
{
  const gint ppm = drifts[GPOINTER_TO_UINT (data)].ppm;
  TribCaptureTime c = { 0 };
  gint64 last = 0, worst = 0;

  trib_capture_time_begin (&c, WALL, G_MININT64);
  for (gint64 captured = 0; captured < 3600 * SECOND; captured += SECOND / 30) {
    gint64 running = captured + captured / 1000000 * ppm;
    gint64 now = captured + 20 * MS;
    gint64 t;

    trib_capture_time_follow (&c, running, WALL + now - (now + now / 1000000 * ppm));
    t = trib_capture_time_at (&c, running);
    worst = MAX (worst, ABS (t - WALL - captured));
    if (last != 0) {
      g_assert_cmpint (t - last, >, SECOND / 30 * 88 / 100);
      g_assert_cmpint (t - last, <, SECOND / 30 * 112 / 100);
    }
    last = t;
  }
  g_assert_cmpint (worst, <, 5 * MS);
  if (ppm == 0)
    g_assert_cmpint (worst, ==, 0);
}

/* set back, the wall clock has no effect on order, also where encoders reorder; set ahead, it holds
 * at once */
static void
test_wall_clock_set (void)
{
  static const gint order[] = { 0, 3, 1, 2, 6, 4, 5, 9, 7, 8 };
  gint64 t[G_N_ELEMENTS (order)];
  TribCaptureTime c = { 0 };

  trib_capture_time_begin (&c, WALL, G_MININT64);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    gint64 running = order[i] * 40 * MS;

    g_assert_false (trib_capture_time_follow (&c, running, WALL - (i > 0 ? 3600 * SECOND : 0)));
    t[order[i]] = trib_capture_time_at (&c, running);
  }
  for (guint i = 1; i < G_N_ELEMENTS (order); i++)
    g_assert_cmpint (t[i], >, t[i - 1]);
  g_assert_true (trib_capture_time_follow (&c, SECOND, WALL + 3600 * SECOND));
  g_assert_cmpint (trib_capture_time_at (&c, SECOND), ==, WALL + 3601 * SECOND);
}

/* one late reading of the clocks moves no frame by more than a tenth of its distance */
static void
test_late_reading (void)
{
  TribCaptureTime c = { 0 };
  gint64 last = WALL;

  trib_capture_time_begin (&c, WALL, G_MININT64);
  for (guint i = 0; i < 100; i++) {
    gint64 t;

    trib_capture_time_follow (&c, i * 40 * MS, WALL - (i == 50 ? 500 * MS : 0));
    t = trib_capture_time_at (&c, i * 40 * MS);
    if (i > 0) {
      g_assert_cmpint (t - last, >=, 36 * MS);
      g_assert_cmpint (t - last, <=, 44 * MS);
    }
    last = t;
  }
  g_assert_cmpint (ABS (last - WALL - 99 * 40 * MS), <, MS / 10);
}

static void
test_runs (void)
{
  TribCaptureTime c = { 0 };

  trib_capture_time_begin (&c, WALL, G_MININT64);
  trib_capture_time_begin (&c, WALL + 4 * SECOND, 2 * SECOND);
  /* captured before the pause, seen after it */
  trib_capture_time_follow (&c, 2 * SECOND - 1, WALL + 4 * SECOND);
  g_assert_cmpint (trib_capture_time_at (&c, 2 * SECOND - 1), ==, WALL + 2 * SECOND - 1);
  g_assert_cmpint (trib_capture_time_at (&c, 2 * SECOND), ==, WALL + 6 * SECOND);
  /* nothing overflows */
  trib_capture_time_follow (&c, 2 * SECOND, G_MININT64 + 1);
  trib_capture_time_follow (&c, G_MAXINT64, G_MININT64 + 1);
  trib_capture_time_begin (&c, G_MAXINT64, 0);
  g_assert_cmpint (trib_capture_time_at (&c, SECOND), ==, G_MAXINT64);
}

static const struct {
  const gchar *text;
  gint64 ns; /* -1: refused */
} texts[] = {
  { "2024-08-01T12:00:00Z", WALL },
  { "2024-08-01T12:00:00", WALL },
  { "20240801T120000Z", WALL },
  { "2024-08-01T14:00:00+02:00", WALL },
  { "2024-08-01T12:00:00.25Z", WALL + 250 * MS },
  { "1722513600000000000", WALL },
  { "0", 0 },
  { "-1000", -1000 },
  { "", -1 },
  { "now", -1 },
  { "2024-08-01", -1 },
  { "12:00", -1 },
  { "2024-13-01T12:00:00Z", -1 },
  { "9999-01-01T00:00:00Z", -1 },
  { "99999999999999999999", -1 },
  { " 5", -1 },
  { "0x10", -1 },
};

static void
test_parse (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    gint64 ns = 42;
    gboolean done = trib_capture_time_parse (texts[i].text, &ns, &error);

    g_test_message ("%s", texts[i].text);
    if (texts[i].ns == -1) {
      g_assert_false (done);
      g_assert_error (error, TRIB_CAPTURE_TIME_ERROR, 0);
      g_assert_cmpint (ns, ==, 42);
    } else {
      g_assert_no_error (error);
      g_assert_true (done);
      g_assert_cmpint (ns, ==, texts[i].ns);
    }
  }
}

/* 2208988800 seconds are from 1900 to 1970; what counts from a device's start is no wall time */
static void
test_ntp (void)
{
  gint64 ns = 42;

  g_assert_false (trib_capture_time_from_ntp (3600 * SECOND, &ns));
  g_assert_false (trib_capture_time_from_ntp (G_MAXUINT64, &ns));
  g_assert_cmpint (ns, ==, 42);
  g_assert_true (
      trib_capture_time_from_ntp (G_GUINT64_CONSTANT (2208988800000000000) + WALL + 7, &ns));
  g_assert_cmpint (ns, ==, WALL + 7);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (drifts); i++) {
    g_autofree gchar *name = g_strdup_printf ("/capture-time/drift/%s", drifts[i].name);
    g_test_add_data_func (name, GUINT_TO_POINTER (i), test_drift);
  }
  g_test_add_func ("/capture-time/wall-clock-set", test_wall_clock_set);
  g_test_add_func ("/capture-time/late-reading", test_late_reading);
  g_test_add_func ("/capture-time/runs", test_runs);
  g_test_add_func ("/capture-time/parse", test_parse);
  g_test_add_func ("/capture-time/ntp", test_ntp);
  return trib_test_run ();
}
