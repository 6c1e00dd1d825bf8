/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of frames that come faster than they are looked at (OBS-4), the breaker, and
 * prediction. */
#include "extract-rig.h"

#include <trib-test.h>

static Rig *
slow_rig (TribExtractStrategy strategy, TribExtractAdmission admission, guint depth)
{
  Rig *rig = rig_new ();
  TribExtractConfig *config = rig_config (rig);

  config->strategy = strategy;
  config->admission = admission;
  config->queue_depth = depth;
  config->deadline_aware = FALSE;
  config->timeout_ms = 1000;
  return rig;
}

static void
push_five (Rig *rig, gdouble service)
{
  rig_add_branch (rig, 'F', service, NULL);
  for (guint i = 0; i < 5; i++)
    rig_frame (rig, i, i * 10, i == 3);
  rig_run_until (rig, 2000);
}

static void
test_skip_oldest (void)
{
  g_autoptr (Rig) rig
      = slow_rig (TRIB_EXTRACT_STRATEGY_SKIP_OLDEST, TRIB_EXTRACT_ADMISSION_BRANCH, 1);

  push_five (rig, 100);
  rig_expect (rig, "0:F@0 1:F@10 F1s(superseded)@20 1.@20 2:F@20 F2s(superseded)@30 2.@30 3:F@30 "
                   "F3s(superseded)@40 3.@40 4:F@40 F0@100 0.@100 F4@200 4.@200");
}

static void
test_skip_oldest_frames (void)
{
  g_autoptr (Rig) rig
      = slow_rig (TRIB_EXTRACT_STRATEGY_SKIP_OLDEST, TRIB_EXTRACT_ADMISSION_FRAME, 2);

  push_five (rig, 100);
  rig_expect (rig, "0:F@0 1!superseded@30 2!superseded@40 F0@100 0.@100 3:F@100 F3@200 3.@200 "
                   "4:F@200 F4@300 4.@300");
}

static void
test_skip_intermediate (void)
{
  g_autoptr (Rig) rig
      = slow_rig (TRIB_EXTRACT_STRATEGY_SKIP_INTERMEDIATE, TRIB_EXTRACT_ADMISSION_FRAME, 2);

  push_five (rig, 100);
  rig_expect (rig, "0:F@0 2!superseded@30 3!superseded@40 F0@100 0.@100 1:F@100 F1@200 1.@200 "
                   "4:F@200 F4@300 4.@300");
}

static void
test_keyframe_only (void)
{
  g_autoptr (Rig) rig
      = slow_rig (TRIB_EXTRACT_STRATEGY_KEYFRAME_ONLY, TRIB_EXTRACT_ADMISSION_FRAME, 2);

  push_five (rig, 100);
  rig_expect (
      rig, "0:F@0 1!not-key@10 2!not-key@20 4!not-key@40 F0@100 0.@100 3:F@100 F3@200 3.@200");
}

static void
test_every_nth (void)
{
  g_autoptr (Rig) rig = slow_rig (TRIB_EXTRACT_STRATEGY_EVERY_NTH, TRIB_EXTRACT_ADMISSION_FRAME, 2);

  rig_config (rig)->nth = 2;
  push_five (rig, 15);
  /* only under load: 0 and 2 are taken as second ones, 1 and 3 come while those are looked at, and
   * 4 again is one */
  rig_expect (rig, "0:F@0 1!nth@10 F0@15 0.@15 2:F@20 3!nth@30 F2@35 2.@35 4:F@40 F4@55 4.@55");
}

static void
test_every_nth_always (void)
{
  g_autoptr (Rig) rig
      = slow_rig (TRIB_EXTRACT_STRATEGY_EVERY_NTH, TRIB_EXTRACT_ADMISSION_BRANCH, 1);

  rig_config (rig)->nth_when = TRIB_EXTRACT_NTH_ALWAYS;
  push_five (rig, 1);
  rig_expect (rig, "0:F@0 F0@1 0.@1 1!nth@10 2!nth@20 3:F@30 F3@31 3.@31 4!nth@40");
}

/* nothing is skipped: the caller waits */
static void
test_none (gconstpointer data)
{
  TribExtractAdmission admission = GPOINTER_TO_INT (data);
  g_autoptr (Rig) rig = slow_rig (TRIB_EXTRACT_STRATEGY_NONE, admission, 1);
  gdouble now = 0;
  gint f = rig_add_branch (rig, 'F', 50, NULL);

  for (guint i = 0; i < 20; i++) {
    while (!trib_extract_can_push (rig_extract (rig)))
      rig_run_until (rig, ++now);
    rig_frame (rig, i, now, FALSE);
  }
  rig_run_until (rig, 5000);
  g_assert_cmpuint (rig_counts (rig, f).answered, ==, 20);
  g_assert_cmpfloat (now, >=, 17 * 50);
}

static void
test_divisor (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribExtractBranchConfig third;
  gint f, q;

  trib_extract_branch_config_init (&third);
  third.divisor = 3;
  f = rig_add_branch (rig, 'F', 10, NULL);
  q = rig_add_branch (rig, 'Q', 10, &third);
  rig_frames (rig, 9, 33);
  rig_run_until (rig, 1000);
  g_assert_cmpuint (rig_counts (rig, f).answered, ==, 9);
  g_assert_cmpuint (rig_counts (rig, q).answered, ==, 3);
  g_assert_cmpuint (rig_counts (rig, q).not_run[TRIB_EXTRACT_SKIP_DIVISOR], ==, 6);
}

/* three timeouts in a row: no frames for two seconds, then one, which decides */
static void
test_breaker (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f;

  rig_config (rig)->deadline_aware = FALSE;
  rig_add_branch (rig, 'P', 1, NULL);
  f = rig_add_branch (rig, 'F', 200, NULL);
  for (guint i = 0; i < 4; i++)
    rig_frame (rig, i, i * 300, FALSE);
  rig_run_until (rig, 2700);
  rig_ignore (rig);
  rig_frame (rig, 9, 2701, FALSE);
  rig_run_until (rig, 2748);
  rig_expect (rig, "9:P-F(breaker)@2701 P9@2702 9.@2702");
  rig_frame (rig, 10, 2751, FALSE);
  rig_run_until (rig, 3000);
  rig_expect (rig, "F:trying@2751 10:PF@2751 P10@2752 F10t@2901 F:open@2901 10.@2901 F10l@2951");
  rig_set_service (rig, f, 20);
  rig_frame (rig, 11, 4902, FALSE);
  rig_run_until (rig, 5000);
  rig_expect (rig, "F:trying@4902 11:PF@4902 P11@4903 F:closed@4922 F11@4922 11.@4922");
}

/* Frames whose answer would come too late are not begun: the branch is free for one that it can
 * do. */
static guint64
goodput (gboolean aware, guint64 *ret_timeouts)
{
  g_autoptr (Rig) rig = rig_new ();
  TribExtractCounts counts;
  g_autoptr (GRand) chance = g_rand_new_with_seed (7);
  gint f;

  rig_config (rig)->deadline_aware = aware;
  rig_config (rig)->breaker_threshold = 0;
  rig_add_branch (rig, 'P', 20, NULL);
  f = rig_add_branch (rig, 'F', 110, NULL);
  for (guint i = 0; i < 600; i++) {
    rig_set_service (rig, f, 110 * g_rand_double_range (chance, 0.8, 1.2));
    rig_frame (rig, i, i * 1000.0 / 30, FALSE);
  }
  rig_run_until (rig, 30000);
  counts = rig_counts (rig, f);
  *ret_timeouts = counts.timeout;
  rig_check_books (rig);
  return counts.answered;
}

static void
test_deadline_aware (void)
{
  guint64 timeouts[2], aware = goodput (TRUE, &timeouts[1]), blind = goodput (FALSE, &timeouts[0]);

  g_test_message ("in 20 s: %" G_GUINT64_FORMAT " in time and %" G_GUINT64_FORMAT
                  " timeouts; without prediction %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT,
      aware, timeouts[1], blind, timeouts[0]);
  g_assert_cmpuint (aware, >=, blind);
  g_assert_cmpuint (timeouts[1], <=, timeouts[0] / 2);
}

/* the timeout counts from when the frame came, or was captured, not from the decision */
static void
test_base (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig_config (rig)->deadline_aware = FALSE;
  rig_add_branch (rig, 'F', -1, NULL);
  rig_frame_since (rig, 0, 100, 40);
  rig_run_until (rig, 400);
  rig_expect (rig, "0:F@100 F0t@190 0.@190");
  /* a time to come is now; one long ago has no time left */
  rig_return (rig, 0, 400);
  rig_frame_since (rig, 1, 500, 900);
  rig_run_until (rig, 900);
  rig_expect (rig, "1:F@500 F1t@650 1.@650");
  rig_return (rig, 0, 900);
  rig_frame_since (rig, 2, 1000, 100);
  rig_run_until (rig, 1001);
  rig_expect (rig, "2:F@1000 F2t@1000 F:open@1000 2.@1000");
  rig_check_books (rig);
}

/* A branch whose usual time nearly fills the budget is used when it is free, and one that never
 * fits is tried now and then. */
static void
test_slow_is_tried (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribExtractCounts counts;
  gint f;

  rig_config (rig)->breaker_threshold = 0;
  f = rig_add_branch (rig, 'F', 140, NULL);
  rig_frames (rig, 60, 150);
  rig_run_until (rig, 10000);
  counts = rig_counts (rig, f);
  g_assert_cmpuint (counts.answered, ==, 60);
  rig_set_service (rig, f, 400);
  rig_frames (rig, 300, 150);
  rig_run_until (rig, 60000);
  counts = rig_counts (rig, f);
  g_assert_cmpuint (counts.timeout, >=, 5);
  g_assert_cmpuint (counts.not_run[TRIB_EXTRACT_SKIP_WOULD_MISS], >=, 200);
  /* it is quick again, and that is found out */
  rig_set_service (rig, f, 20);
  rig_frames (rig, 100, 150);
  rig_run_until (rig, 80000);
  g_assert_cmpuint (rig_counts (rig, f).answered, >=, 60 + 20);
  rig_check_books (rig);
}

/* A branch that hangs in one frame is spared, though the frames behind that give way to newer ones
 * before they time out; one that is slow once is not. */
static void
test_hangs (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f, s;

  f = rig_add_branch (rig, 'F', -1, NULL);
  s = rig_add_branch (rig, 'S', 1, NULL);
  rig_set_service (rig, s, 260);
  rig_frame (rig, 0, 0, FALSE);
  rig_set_service (rig, s, 1);
  for (guint i = 1; i < 40; i++)
    rig_frame (rig, i, i * 1000.0 / 30, FALSE);
  g_assert_cmpuint (rig_counts (rig, f).timeout, ==, 1);
  g_assert_cmpuint (rig_counts (rig, f).not_run[TRIB_EXTRACT_SKIP_BREAKER], >=, 20);
  g_assert_cmpuint (rig_counts (rig, s).not_run[TRIB_EXTRACT_SKIP_BREAKER], ==, 0);
  rig_run_until (rig, 3000);
  rig_check_books (rig);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/extract/skip-oldest/branch", test_skip_oldest);
  g_test_add_func ("/extract/skip-oldest/frame", test_skip_oldest_frames);
  g_test_add_func ("/extract/skip-intermediate", test_skip_intermediate);
  g_test_add_func ("/extract/keyframe-only", test_keyframe_only);
  g_test_add_func ("/extract/every-nth/overload", test_every_nth);
  g_test_add_func ("/extract/every-nth/always", test_every_nth_always);
  g_test_add_data_func (
      "/extract/none/branch", GINT_TO_POINTER (TRIB_EXTRACT_ADMISSION_BRANCH), test_none);
  g_test_add_data_func (
      "/extract/none/frame", GINT_TO_POINTER (TRIB_EXTRACT_ADMISSION_FRAME), test_none);
  g_test_add_func ("/extract/divisor", test_divisor);
  g_test_add_func ("/extract/breaker", test_breaker);
  g_test_add_func ("/extract/deadline-aware", test_deadline_aware);
  g_test_add_func ("/extract/timeout-base", test_base);
  g_test_add_func ("/extract/hangs", test_hangs);
  g_test_add_func ("/extract/slow-is-tried", test_slow_is_tried);
  return trib_test_run ();
}
