/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ten thousand runs of chance: the books close, no payload is lost, never more jobs at once than
 * workers, and every frame that is admitted finishes. */
#include "extract-rig.h"

#include <trib-test.h>

#define RUNS 10000

static void
configure (Rig *rig, GRand *r)
{
  TribExtractConfig *c = rig_config (rig);

  c->strategy = (TribExtractStrategy) g_rand_int_range (r, 0, 5);
  c->admission = (TribExtractAdmission) g_rand_int_range (r, 0, 2);
  c->workers = (guint) g_rand_int_range (r, 1, 5);
  c->max_in_flight = (guint) g_rand_int_range (r, 1, 4);
  c->queue_depth = (guint) g_rand_int_range (r, 0, 4);
  c->timeout_ms = (guint) g_rand_int_range (r, 1, 200);
  c->deadline_aware = g_rand_boolean (r);
  c->breaker_threshold = (guint) g_rand_int_range (r, 0, 4);
  c->breaker_retry_ms = (guint) g_rand_int_range (r, 0, 300);
  c->late_horizon_ms = (guint) g_rand_int_range (r, 0, 300);
  c->nth_when = (TribExtractNthWhen) g_rand_int_range (r, 0, 2);
}

static void
run (guint32 seed)
{
  g_autoptr (GRand) r = g_rand_new_with_seed (seed);
  g_autoptr (Rig) rig = rig_new ();
  TribExtractTotals totals;
  gdouble now = 0;
  gint n_branches = g_rand_int_range (r, 0, 4);

  configure (rig, r);
  rig_extract (rig);
  for (gint i = 0; i < n_branches; i++) {
    TribExtractBranchConfig b;
    trib_extract_branch_config_init (&b);
    b.divisor = (guint) g_rand_int_range (r, 0, 4);
    b.in_order = g_rand_boolean (r);
    b.timeout_ms = g_rand_boolean (r) ? 0 : (guint) g_rand_int_range (r, 1, 300);
    rig_add_branch (rig, (gchar) ('A' + i), g_rand_int_range (r, -1, 200), &b);
  }
  for (guint64 i = 0; i < 40; i++) {
    now += g_rand_double_range (r, 0, 60);
    rig_frame (rig, i, now, g_rand_boolean (r));
    if (n_branches > 0 && g_rand_int_range (r, 0, 6) == 0)
      rig_answer (
          rig, g_rand_int_range (r, 0, n_branches), (guint64) g_rand_int_range (r, 0, 42), now);
    if (n_branches > 0 && g_rand_int_range (r, 0, 10) == 0)
      rig_return (rig, g_rand_int_range (r, 0, n_branches), now);
    if (g_rand_int_range (r, 0, 80) == 0)
      trib_extract_flush (rig_extract (rig), (gint64) (now * TRIB_EXTRACT_MS));
    if (n_branches > 0 && g_rand_int_range (r, 0, 150) == 0)
      trib_extract_remove_branch (
          rig_extract (rig), g_rand_int_range (r, 0, n_branches), (gint64) (now * TRIB_EXTRACT_MS));
    rig_check_books (rig);
  }
  rig_run_until (rig, now + 100000);
  rig_check_books (rig);
  trib_extract_get_totals (rig_extract (rig), &totals);
  /* a branch that is stuck has no place for what waits; that leaves at its deadline all the same */
  g_assert_cmpuint (totals.finished, ==, totals.admitted);
  g_assert_cmpuint (totals.waiting, ==, 0);
  g_assert_true (trib_extract_is_idle (rig_extract (rig)));
}

static void
test_runs (void)
{
  for (guint32 i = 0; i < RUNS; i++)
    run (i);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/extract/random", test_runs);
  return trib_test_run ();
}
