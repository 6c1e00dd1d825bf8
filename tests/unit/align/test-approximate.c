/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode approximate: the scenarios by which ROS's ApproximateTime is known, drawn as there (a
 * letter a record, a column a millisecond), then what is added to it: learned bounds, a time
 * limit, losses with events, late records. */
#include "align-rig.h"

#include <string.h>
#include <trib-test.h>

#define SETS "mode=approximate times=yes idle-timeout-ms=0 "
#define RULES SETS "learn-bounds=no window-ms=50000 "

static const RigCase cases[] = {
  /* F  a..b..c      P  A..B..C */
  { "ros/exact", RULES "sources=F,P", "F0@0 P0@1 F3@3 P3@4 F6@6 P6@7",
      "0[F0P0]complete@1 3[F3P3]complete@4 6[F6P6]complete@7" },
  /* F  a..b..c.     P  .A..B..C    a later record proves it */
  { "ros/perfect", RULES "sources=F,P", "F0@0 P1@1 F3@3 P4@4 F6@6 P7@7",
      "0[F0P1]complete@3 3[F3P4]complete@6" },
  /* F  a.xb..c.     P  .A...B.C    x and b are in no set */
  { "ros/imperfect", RULES "sources=F,P", "F0@0 P1@1 F2@2 F3@3 P5@5 F6@6 P7@7",
      "0[F0P1]complete@2 drop:unmatched:F2@5 drop:unmatched:F3@6 5[F6P5]complete@6" },
  /* F  a...........b....c.     P  .......A.......B..C */
  { "ros/acceleration", RULES "sources=F,P", "F0@0 P7@7 F12@12 P15@15 F17@17 P18@18",
      "drop:unmatched:F0@12 7[F12P7]complete@12 drop:unmatched:P15@18 17[F17P18]complete@18" },
  /* F  a..b         P  .A.B        two at once */
  { "ros/double", RULES "sources=F,P", "F0@0 P1@1 P3@2 F3@3",
      "0[F0P1]complete@3 3[F3P3]complete@3" },
  /* F a....e..i.m..n.   P .b....g..j....o   G ..c...h...k....   H ...d.f.....l... */
  { "ros/four", RULES "sources=F,P,G,H",
      "F0@0 P1@1 G2@2 H3@3 F5@5 H5@5 P6@6 G6@6 F8@8 P9@9 G10@10 H11@11 F10@11 F13@13 P14@14",
      "0[F0P1G2H3]complete@6 5[F5P6G6H5]complete@8 drop:unmatched:F8@11 "
      "9[F10P9G10H11]complete@14" },
  /* F a......e   P .b......   G ..c.....   H ...d....   no record can be nearer to d than a */
  { "ros/early", RULES "sources=F,P,G,H", "F0@0 P1@1 G2@2 H3@3 F7@7", "0[F0P1G2H3]complete@7" },
  /* F a...b...c.d..e.   P .A.B...C...D..E   no more than two wait: enough */
  { "ros/just-enough", RULES "sources=F,P max-pending=4",
      "F0@0 P1@1 P3@3 F4@4 P7@7 F8@8 F10@10 P11@11 F13@13 P14@14",
      "0[F0P1]complete@4 3[F4P3]complete@7 7[F8P7]complete@11 10[F10P11]complete@13" },
  /* of those equally early the first, of those equally late the last */
  { "ros/ties", RULES, "F0@0 P0@1 G5@2 P5@3 F5@4",
      "drop:unmatched:F0@4 drop:unmatched:P0@4 "
      "5[F5P5G5]complete@4" },

  { "age-penalty/default", RULES "sources=F,P", "F0@0 P5@5 F8@8",
      "drop:unmatched:F0@8 5[F8P5]complete@8" },
  { "max-interval", RULES "sources=F,P max-interval-ms=4", "F0@0 P5@5 F8@8 P9@9",
      "drop:unmatched:F0@5 drop:unmatched:P5@9 8[F8P9]complete@9" },
  { "max-interval/just", RULES "sources=F,P max-interval-ms=5", "F0@0 P5@5 eos@6",
      "0[F0P5]complete@6" },
  { "max-interval/window", SETS "sources=F,P", "F0@0 P101@50", "drop:unmatched:F0@50" },

  /* for a source with lost records the nearest to its first is unknown */
  { "lost", RULES "sources=F,P max-pending=2", "F0@0 F5@1 F10@2 P1@3 P6@4",
      "drop:unmatched:F0@2 drop:unmatched:P1@3 5[F5P6]complete@4" },
  { "lost/other", RULES "sources=F,P max-pending=2", "F0@0 F1@1 F2@2 P2@3",
      "drop:unmatched:F0@2 drop:unmatched:F1@3 2[F2P2]complete@3" },
  { "lost/bytes", RULES "sources=F,P max-pending-bytes=250", "F0@0 F1@1 F2@2",
      "drop:unmatched:F0@2" },
  { "lost/flushed", RULES "sources=F,P max-pending=2", "F0@0 F5@1 F10@2 flush@3 F20@4 P19@5 P22@6",
      "drop:unmatched:F0@2 drop:flushed:F5@3 drop:flushed:F10@3 19[F20P19]complete@6" },

  /* waiting has an end with any silent source */
  { "timeout/candidate", SETS "sources=F,P", "F0@0 P1@1 @300", "0[F0P1]complete@100" },
  { "timeout/dead", SETS, "F0@0 P1@1 @300", "0[F0P1](G:timeout)timeout@100" },
  { "timeout/far", SETS "max-interval-ms=50", "F0@0 P60@1 @300",
      "0[F0](P:timeout)(G:timeout)timeout@100 60[P60](F:timeout)(G:timeout)timeout@101" },
  { "timeout/out-of-order", SETS "sources=F,P", "F100@0 F50@90 @300",
      "50[F50](P:timeout)timeout@100 100[F100](P:timeout)timeout@100" },
  { "idle", SETS "idle-timeout-ms=50", "F0@0 P1@1 F33@33 P34@34 F66@66",
      "idle:G@50 0[F0P1](G:idle)complete@50 33[F33P34](G:idle)complete@66" },
  { "idle/all", SETS "sources=F,P idle-timeout-ms=50", "F0@0 F33@33 @300",
      "idle:P@50 0[F0](P:idle)complete@50 33[F33](P:idle)complete@50 idle:F@83 allidle@83" },
  { "idle/back", SETS "sources=F,P idle-timeout-ms=50 learn-bounds=no",
      "F0@0 F40@40 F80@80 P52@90 F99@99 P98@100",
      "idle:P@50 0[F0](P:idle)complete@50 40[F40](P:idle)complete@50 80[F80](P:idle)complete@80 "
      "active:P@90 drop:unmatched:P52@100" },
  { "optional", SETS "sources=F,P?", "F0@0 P33@32 F33@33",
      "0[F0]complete@0 33[F33P33]complete@33" },
  { "eos", SETS "sources=F,P", "F0@0 Peos@1 F33@33", "0[F0](P:eos)eos@1 33[F33]complete@33" },
  { "finish", SETS "sources=F,P", "F0@0 P1@1 F33@2 F66@3 eos@4",
      "0[F0P1]complete@2 33[F33](P:eos)eos@4 66[F66](P:eos)eos@4" },

  { "late", RULES "sources=F,P", "F0@0 P1@1 F50@50 P1@51 P0@52",
      "0[F0P1]complete@50 late:P1@51 late:P0@52" },
  { "late/forward", RULES "sources=F,P late-policy=forward", "F0@0 P1@1 F50@50 P0@51",
      "0[F0P1]complete@50 late:P0@51 0[P0]late@51" },
  { "out-of-order", RULES "sources=F,P", "F0@0 F10@10 F5@11 P5@12",
      "drop:unmatched:F0@12 5[F5P5]complete@12" },
  { "duplicate", RULES "sources=F,P", "F0@0 F0@1 P1@2 P1@3 eos@4",
      "dup:F0@1 dup:P1@3 0[F0P1]complete@4" },
  { "duplicate/older", RULES "sources=F,P", "F0@0 F10@10 F0@11", "dup:F0@11" },
  { "flush", RULES "sources=F,P", "F0@0 P1@1 flushF@2 F1@3",
      "drop:flushed:F0@2 1[F1P1]complete@3" },
  { "skipped", RULES "sources=F,P", "F0@0 P0s@1 F3@3 P3e@4",
      "0[F0](P:skipped)complete@1 3[F3P3e]complete@4" },
  { "missing-drop", SETS "missing-policy=drop", "F0@0 P1@1 @300",
      "drop:incomplete:P1@100 drop:incomplete:F0@100" },
  { "hold-last", SETS "sources=F,P missing-policy=hold-last", "F0@0 P0@1 F33@33 @300",
      "0[F0P0]complete@1 33[F33P0{33}]timeout@133" },
};

/* ---- learned bounds ---- */

/* F at @t, P 2 ms later: whether that is a set at once, because F is known to send nothing
 * sooner */
static gboolean
is_given_at_once (Rig *rig, gint t)
{
  g_autofree gchar *before = NULL, *told = NULL;

  rig_run_format (rig, "F%d@%d", t, t);
  before = rig_take (rig);
  rig_run_format (rig, "P%d@%d", t + 2, t + 2);
  told = rig_take (rig);
  return strstr (told, "complete") != NULL;
}

/* Half of the shortest of the last 64 gaps, from the eighth on. */
static void
test_bounds (void)
{
  g_autoptr (Rig) rig = rig_new (RULES "sources=F,P learn-bounds=yes");
  gint t = 0;

  for (guint k = 0; k < 20; k++, t += 12)
    g_assert_cmpint (is_given_at_once (rig, t), ==, k >= 8);
  /* a shorter gap counts at once */
  t -= 12 - 4;
  g_assert_false (is_given_at_once (rig, t));
  for (guint k = 0; k < 80; k++) {
    t += 12;
    g_assert_cmpint (is_given_at_once (rig, t), ==, k >= 63);
  }
}

/* a source with records out of order can have more of them */
static void
test_bounds_disorder (void)
{
  g_autoptr (Rig) rig = rig_new (RULES "sources=F,P learn-bounds=yes");
  gint t = 0;

  for (guint k = 0; k < 12; k++, t += 12)
    g_assert_cmpint (is_given_at_once (rig, t), ==, k >= 8);
  rig_run_format (rig, "F%d@%d F%d@%d", t + 1, t + 1, t, t + 1);
  g_assert_false (is_given_at_once (rig, t + 12));
  g_assert_false (is_given_at_once (rig, t + 24));
}

static void
test_bounds_off (void)
{
  g_autoptr (Rig) rig = rig_new (RULES "sources=F,P learn-bounds=no");

  for (gint k = 0; k < 20; k++)
    g_assert_false (is_given_at_once (rig, k * 12));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  rig_add_cases (cases, G_N_ELEMENTS (cases));
  g_test_add_func ("/align/bounds/learned", test_bounds);
  g_test_add_func ("/align/bounds/disorder", test_bounds_disorder);
  g_test_add_func ("/align/bounds/off", test_bounds_off);
  return trib_test_run ();
}
