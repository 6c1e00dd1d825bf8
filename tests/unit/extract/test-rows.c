/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The edge cases of docs/internals/extraction.md that the core decides, under their numbers. */
#include "extract-rig.h"

#include <trib-test.h>

static guint64
all (const TribExtractCounts *c)
{
  return c->answered + c->empty;
}

/* every branch is faster than the frames: every frame is looked at by all, nothing is skipped */
static void
test_row_01 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f = rig_add_branch (rig, 'F', 20, NULL), p = rig_add_branch (rig, 'P', 10, NULL);
  TribExtractCounts counts[2];

  rig_frames (rig, 100, 33);
  rig_run_until (rig, 10000);
  counts[0] = rig_counts (rig, f);
  counts[1] = rig_counts (rig, p);
  g_assert_cmpuint (all (&counts[0]), ==, 100);
  g_assert_cmpuint (all (&counts[1]), ==, 100);
  g_assert_true (trib_extract_is_idle (rig_extract (rig)));
  rig_check_books (rig);
}

/* one branch of 90 ms at 30 frames a second: with admission by frame all have 11 a second, by
 * branch the others have 30 */
static void
test_row_02 (gconstpointer data)
{
  gboolean by_frame = GPOINTER_TO_INT (data);
  g_autoptr (Rig) rig = rig_new ();
  gint fast, slow;
  TribExtractCounts counts[2];

  rig_config (rig)->admission
      = by_frame ? TRIB_EXTRACT_ADMISSION_FRAME : TRIB_EXTRACT_ADMISSION_BRANCH;
  fast = rig_add_branch (rig, 'F', 20, NULL);
  slow = rig_add_branch (rig, 'G', 90, NULL);
  rig_frames (rig, 300, 1000.0 / 30);
  rig_run_until (rig, 20000);
  counts[0] = rig_counts (rig, fast);
  counts[1] = rig_counts (rig, slow);
  g_test_message ("%" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT " in ten seconds",
      all (&counts[0]), all (&counts[1]));
  if (by_frame)
    g_assert_cmpuint (all (&counts[0]), <, 120);
  else
    g_assert_cmpuint (all (&counts[0]), ==, 300);
  g_assert_cmpuint (all (&counts[1]), >=, 100);
  g_assert_cmpuint (counts[1].timeout, ==, 0);
  rig_check_books (rig);
}

/* a frame that a branch drops is empty as soon as the branch answers a later one; if it does not,
 * at its deadline */
static void
test_row_04 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f;

  rig_config (rig)->max_in_flight = 2;
  f = rig_add_branch (rig, 'F', -1, NULL);
  rig_frame (rig, 1, 0, FALSE);
  rig_return (rig, f, 1);
  rig_frame (rig, 2, 33, FALSE);
  rig_return (rig, f, 34);
  rig_answer (rig, f, 2, 50);
  rig_expect (rig, "1:F@0 2:F@33 F1e@50 1.@50 F2@50 2.@50");
  rig_frame (rig, 3, 66, FALSE);
  rig_return (rig, f, 67);
  rig_run_until (rig, 300);
  rig_expect (rig, "3:F@66 F3t@216 3.@216");
}

/* the first answer ends the job, further ones are reported and counted; so are answers to no frame
 * that was asked about */
static void
test_row_05_06 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f = rig_add_branch (rig, 'F', -1, NULL);

  rig_frame (rig, 1, 0, FALSE);
  rig_answer (rig, f, 1, 20);
  rig_answer (rig, f, 1, 20);
  rig_answer (rig, f, 1, 21);
  rig_answer (rig, f, 9, 22);
  rig_expect (rig, "1:F@0 F1@20 1.@20 F1d@20 F1d@21 F?@22");
  g_assert_cmpuint (rig_counts (rig, f).duplicate, ==, 2);
  g_assert_cmpuint (rig_counts (rig, f).unmatched, ==, 1);
}

/* a branch that fails: what it had is skipped, frames go on without it */
static void
test_row_07 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f = rig_add_branch (rig, 'F', 20, NULL), g = rig_add_branch (rig, 'G', -1, NULL);

  rig_frame (rig, 1, 0, FALSE);
  rig_run_until (rig, 25);
  trib_extract_fail_branch (rig_extract (rig), g, 30 * TRIB_EXTRACT_MS);
  rig_frame (rig, 2, 33, FALSE);
  rig_run_until (rig, 60);
  rig_expect (rig, "1:FG@0 F1@20 G1s(failed)@30 1.@30 2:F@33 F2@53 2.@53");
  rig_answer (rig, g, 1, 70);
  rig_expect (rig, "");
  g_assert_cmpuint (rig_counts (rig, f).answered, ==, 2);
}

/* branches that come and go: from the next frame on; what one had that goes is skipped */
static void
test_row_09 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint g;

  rig_config (rig)->deadline_aware = FALSE;
  rig_add_branch (rig, 'F', 20, NULL);
  rig_frame (rig, 1, 0, FALSE);
  g = rig_add_branch (rig, 'G', 60, NULL);
  rig_frame (rig, 2, 33, FALSE);
  rig_frame (rig, 3, 66, FALSE);
  rig_run_until (rig, 90);
  trib_extract_remove_branch (rig_extract (rig), g, 90 * TRIB_EXTRACT_MS);
  rig_frame (rig, 4, 99, FALSE);
  rig_run_until (rig, 130);
  rig_expect (rig, "1:F@0 F1@20 1.@20 2:FG@33 F2@53 3:FG@66 F3@86 G3s(removed)@90 3.@90 "
                   "G2s(removed)@90 2.@90 4:F@99 F4@119 4.@119");
}

/* at the instant of the deadline, that comes first: the answer is late */
static void
test_row_10 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f = rig_add_branch (rig, 'F', -1, NULL);

  rig_frame (rig, 1, 0, FALSE);
  rig_answer (rig, f, 1, 150);
  rig_expect (rig, "1:F@0 F1t@150 1.@150 F1l@150");
}

/* one worker, three branches: the earliest deadline first, and no branch starves */
static void
test_row_11 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribExtractBranchConfig soon, late;
  gint f, g;

  trib_extract_branch_config_init (&soon);
  trib_extract_branch_config_init (&late);
  soon.timeout_ms = 60;
  late.timeout_ms = 4000;
  rig_config (rig)->workers = 1;
  rig_config (rig)->deadline_aware = FALSE;
  rig_config (rig)->breaker_threshold = 0;
  f = rig_add_branch (rig, 'F', 30, &soon);
  rig_add_branch (rig, 'P', 30, &soon);
  g = rig_add_branch (rig, 'G', 10, &late);
  rig_frames (rig, 300, 33);
  rig_run_until (rig, 20000);
  g_assert_cmpuint (rig_counts (rig, f).answered, >, 100);
  g_assert_cmpuint (rig_counts (rig, g).answered, >, 20);
  rig_check_books (rig);
}

/* time stands while nothing runs: no frame misses its deadline for that */
static void
test_row_12 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f = rig_add_branch (rig, 'F', -1, NULL);

  rig_frame (rig, 1, 0, FALSE);
  /* ten seconds of the wall clock, none of this one */
  rig_answer (rig, f, 1, 100);
  rig_expect (rig, "1:F@0 F1@100 1.@100");
}

/* the end with a branch that is stuck: what it has is skipped, and the frame is finished */
static void
test_row_13 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f;

  rig_config (rig)->timeout_ms = 60000;
  f = rig_add_branch (rig, 'F', -1, NULL);
  rig_frame (rig, 1, 0, FALSE);
  g_assert_false (trib_extract_is_idle (rig_extract (rig)));
  trib_extract_flush (rig_extract (rig), 1000 * TRIB_EXTRACT_MS);
  rig_expect (rig, "1:F@0 F1s(flushing)@1000 1.@1000");
  g_assert_true (trib_extract_is_idle (rig_extract (rig)));
  rig_answer (rig, f, 1, 1001);
  rig_expect (rig, "F?@1001");
}

/* ---- what is not in the table ---- */

static guint
n_running (Rig *rig, gint branch)
{
  TribExtractBranchInfo info;

  g_assert_true (trib_extract_get_branch (rig_extract (rig), branch, &info));
  return info.n_running;
}

/* an overdue frame that a later answer, or a bound, passed over is not done any more, and its
 * answer is late all the same */
static void
test_overdue_passed_over (gconstpointer data)
{
  gboolean by_bound = GPOINTER_TO_INT (data);
  g_autoptr (Rig) rig = rig_new ();
  gint f;

  rig_config (rig)->max_in_flight = 3;
  rig_config (rig)->late_horizon_ms = 1000;
  f = rig_add_branch (rig, 'F', -1, NULL);
  rig_frame (rig, 1, 0, FALSE);
  rig_return (rig, f, 1);
  rig_frame (rig, 2, 33, FALSE);
  rig_return (rig, f, 34);
  rig_run_until (rig, 160);
  if (by_bound)
    trib_extract_bound (rig_extract (rig), f, 40 * TRIB_EXTRACT_MS, 170 * TRIB_EXTRACT_MS);
  else
    rig_answer (rig, f, 2, 170);
  g_assert_cmpuint (n_running (rig, f), ==, 0);
  rig_frame (rig, 3, 180, FALSE);
  rig_ignore (rig);
  rig_answer (rig, f, 1, 190);
  rig_expect (rig, "F1l@190");
  g_assert_cmpuint (n_running (rig, f), ==, 1);
  rig_answer (rig, f, 3, 200);
  g_assert_cmpuint (n_running (rig, f), ==, 0);
  /* and forgotten in the end */
  rig_run_until (rig, 5000);
  g_assert_cmpuint (n_running (rig, f), ==, 0);
}

/* the frame with which a branch is tried again does not begin, as others have the tokens: the next
 * one is the trial */
static void
test_trial_waits_in_vain (void)
{
  const TribExtractBranchConfig patient = { .divisor = 1, .timeout_ms = 1000 };
  g_autoptr (Rig) rig = rig_new ();
  gint f;

  rig_config (rig)->workers = 1;
  rig_config (rig)->breaker_threshold = 1;
  f = rig_add_branch (rig, 'F', -1, NULL);
  rig_frame (rig, 1, 0, FALSE);
  rig_run_until (rig, 151);
  rig_return (rig, f, 151);
  rig_add_branch (rig, 'G', -1, &patient);
  rig_frame (rig, 2, 2140, FALSE);
  rig_ignore (rig);
  rig_frame (rig, 3, 2160, FALSE);
  rig_run_until (rig, 2320);
  rig_expect (rig, "F:trying@2160 3:FG@2160 F3t@2310 F:open@2310");
  rig_run_until (rig, 3190);
  rig_ignore (rig);
  rig_frame (rig, 4, 3200, FALSE);
  rig_answer (rig, f, 4, 3210);
  rig_expect (rig, "F:trying@3200 4:F-G(breaker)@3200 F:closed@3210 F4@3210 4.@3210");
}

/* nor when it is flushed, or finds no room */
static void
test_trial_flushed (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f;

  rig_config (rig)->breaker_threshold = 1;
  f = rig_add_branch (rig, 'F', -1, NULL);
  rig_frame (rig, 1, 0, FALSE);
  rig_return (rig, f, 1);
  rig_frame (rig, 2, 2200, FALSE);
  rig_return (rig, f, 2201);
  rig_ignore (rig);
  trib_extract_flush (rig_extract (rig), 2210 * TRIB_EXTRACT_MS);
  rig_expect (rig, "F2s(flushing)@2210 F:open@2210 2.@2210");
  rig_frame (rig, 3, 2220, FALSE);
  rig_answer (rig, f, 3, 2230);
  rig_expect (rig, "F:trying@2220 3:F@2220 F:closed@2230 F3@2230 3.@2230");
}

/* the breaker opens for a branch that does not return from its first frame, and strategy none does
 * not wait for it */
static void
test_hangs (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint f;

  rig_config (rig)->strategy = TRIB_EXTRACT_STRATEGY_NONE;
  f = rig_add_branch (rig, 'F', -1, NULL);
  rig_frame (rig, 1, 0, FALSE);
  rig_frame (rig, 2, 10, FALSE);
  rig_frame (rig, 3, 160, FALSE);
  rig_ignore (rig);
  rig_run_until (rig, 320);
  rig_expect (rig, "F3t@310 F:open@310 3.@310");
  g_assert_true (trib_extract_can_push (rig_extract (rig)));
  rig_frame (rig, 4, 3000, FALSE);
  rig_expect (rig, "4!breaker@3000");
  rig_answer (rig, f, 1, 3010);
  rig_return (rig, f, 3010);
  rig_ignore (rig);
  rig_frame (rig, 5, 3020, FALSE);
  rig_expect (rig, "F:trying@3020 5:F@3020");
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/extract/row/01", test_row_01);
  g_test_add_data_func ("/extract/row/02/branch", GINT_TO_POINTER (FALSE), test_row_02);
  g_test_add_data_func ("/extract/row/02/frame", GINT_TO_POINTER (TRUE), test_row_02);
  g_test_add_func ("/extract/row/04", test_row_04);
  g_test_add_func ("/extract/row/05-06", test_row_05_06);
  g_test_add_func ("/extract/row/07", test_row_07);
  g_test_add_func ("/extract/row/09", test_row_09);
  g_test_add_func ("/extract/row/10", test_row_10);
  g_test_add_func ("/extract/row/11", test_row_11);
  g_test_add_func ("/extract/row/12", test_row_12);
  g_test_add_func ("/extract/row/13", test_row_13);
  g_test_add_data_func (
      "/extract/overdue-passed-over/answer", GINT_TO_POINTER (FALSE), test_overdue_passed_over);
  g_test_add_data_func (
      "/extract/overdue-passed-over/bound", GINT_TO_POINTER (TRUE), test_overdue_passed_over);
  g_test_add_func ("/extract/trial-waits-in-vain", test_trial_waits_in_vain);
  g_test_add_func ("/extract/trial-flushed", test_trial_flushed);
  g_test_add_func ("/extract/hangs", test_hangs);
  return trib_test_run ();
}
