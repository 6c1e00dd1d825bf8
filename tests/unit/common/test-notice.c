/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <common/trib-notice.h>
#include <common/trib-silence.h>
#include <common/trib-time.h>

static void
test_interval (void)
{
  TribNotice notice = { 0 };
  guint64 n = 0;

  g_assert_cmpint (trib_notice_next (&notice, 10), ==, G_MAXINT64);
  g_assert_false (trib_notice_flush (&notice, 0, 10, &n));
  g_assert_true (trib_notice_add (&notice, 0, 10, &n));
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpint (trib_notice_next (&notice, 10), ==, G_MAXINT64);
  g_assert_false (trib_notice_add (&notice, 3, 10, &n));
  g_assert_false (trib_notice_add (&notice, 9, 10, &n));
  g_assert_cmpint (trib_notice_next (&notice, 10), ==, 10);
  g_assert_true (trib_notice_add (&notice, 10, 10, &n));
  g_assert_cmpuint (n, ==, 3);
  g_assert_false (trib_notice_add (&notice, 11, 10, &n));
  g_assert_false (trib_notice_flush (&notice, 19, 10, &n));
  g_assert_true (trib_notice_flush (&notice, 25, 10, &n));
  g_assert_cmpuint (n, ==, 1);
}

static void
test_first_at_any_time (void)
{
  TribNotice notice = { 0 };
  guint64 n = 0;

  g_assert_true (trib_notice_add (&notice, G_MININT64 + 1, 10, &n));
  g_assert_false (trib_notice_add (&notice, G_MININT64 + 2, G_MAXINT64, &n));
}

static void
test_silence (void)
{
  TribSilence silence = { 0 };
  gint64 us = 0;

  g_assert_cmpint (trib_silence_next (&silence), ==, G_MAXINT64);
  trib_silence_begin (&silence, 5);
  g_assert_false (trib_silence_is_due (&silence, 5 + TRIB_SILENCE_US - 1, &us));
  g_assert_true (trib_silence_is_due (&silence, 5 + TRIB_SILENCE_US, &us));
  g_assert_cmpint (us, ==, TRIB_SILENCE_US);
  g_assert_false (trib_silence_is_due (&silence, 4 + 2 * TRIB_SILENCE_US, &us));
  g_assert_true (trib_silence_is_due (&silence, 5 + 2 * TRIB_SILENCE_US, &us));
  g_assert_cmpint (us, ==, 2 * TRIB_SILENCE_US);
  /* a sign of life, and at once silence again: not sooner than ten seconds after the last time */
  trib_silence_begin (&silence, 6 + 2 * TRIB_SILENCE_US);
  g_assert_cmpint (trib_silence_next (&silence), ==, 6 + 3 * TRIB_SILENCE_US);
  trib_silence_end (&silence);
  g_assert_false (trib_silence_is_due (&silence, G_MAXINT64 - 1, &us));
}

static void
test_time (void)
{
  g_assert_cmpint (trib_time_add (1, 2), ==, 3);
  g_assert_cmpint (trib_time_add (G_MAXINT64, 1), ==, G_MAXINT64);
  g_assert_cmpint (trib_time_add (G_MININT64 + 1, -5), ==, G_MININT64 + 1);
  g_assert_cmpint (trib_time_sub (1, 2), ==, -1);
  g_assert_cmpint (trib_time_sub (G_MAXINT64, -1), ==, G_MAXINT64);
  g_assert_cmpint (trib_time_sub (-5, G_MAXINT64), ==, G_MININT64 + 1);
  /* it would fit, but is no result */
  g_assert_cmpint (trib_time_add (G_MININT64 + 1, -1), ==, G_MININT64 + 1);
  g_assert_cmpint (trib_time_sub (-1, G_MAXINT64), ==, G_MININT64 + 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/common/notice/interval", test_interval);
  g_test_add_func ("/common/notice/first-at-any-time", test_first_at_any_time);
  g_test_add_func ("/common/silence", test_silence);
  g_test_add_func ("/common/time/saturates", test_time);
  return g_test_run ();
}
