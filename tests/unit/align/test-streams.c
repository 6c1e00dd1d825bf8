/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several streams through one aligner: two cameras, a camera that restarts, records that do not
 * name their stream, sources and streams that come and go. */
#include "align-rig.h"

#include <string.h>
#include <trib-test.h>

static const RigCase cases[] = {
  /* one frame id, one time, two cameras: two frames, in every mode */
  { "streams/window", "sources=F,P", "F0#7~a1@0 P0#7~b1@1 P0#7~a1@2 F0#7~b1@3",
      "a1:0#7[FP]complete@2 b1:0#7[FP]complete@3" },
  { "streams/window/missing", "sources=F,P", "F0#7~a1@0 P0#7~b1@1 @200",
      "a1:0#7[F](P:timeout)timeout@100 b1:0#7[P](F:timeout)timeout@101" },
  { "streams/watermark", "sources=F,P mode=watermark", "F0#7~a1@0 P0#7~b1@1 F33~a1@2 P33~a1@3 @4",
      "a1:0#7[F](P:watermark)watermark@3 a1:33[FP]complete@3" },
  { "streams/tumbling", "sources=F,P mode=tumbling tumbling-ms=10",
      "F0#7~a1@0 P0#7~b1@1 P5~a1@2 F5~b1@3 F12~a1@4 P12~a1@5 F12~b1@6 P12~b1@7 eos@8",
      "a1:0[FP]watermark@5 b1:0[FP]watermark@7 a1:10[FP]eos@8 b1:10[FP]eos@8" },
  { "streams/approximate", "sources=F,P mode=approximate max-interval-ms=5",
      "F0~a1@0 P1~b1@1 P2~a1@2 F3~b1@3 F33~a1@33 P34~a1@34 F33~b1@35 P34~b1@36 eos@40",
      "a1:0[FP]complete@33 b1:1[FP]complete@36 a1:33[FP]complete@40 b1:33[FP]complete@40" },
  { "streams/match-by-time", "sources=F,P match-key=time match-tolerance-ms=5",
      "F0~a1@0 P1~b1@1 P2~a1@2 F3~b1@3", "a1:0[FP]complete@2 b1:1[FP]complete@3" },
  { "streams/announce", "sources=F,P", "A0#7~a1=F@0 A0#7~b1=FP@1 F0#7~b1@2 F0#7~a1@3 P0#7~b1@4",
      "a1:0#7[F]complete@3 b1:0#7[FP]complete@4" },

  /* the session of a camera that restarts: ids and times begin again, nothing is late */
  { "streams/restart", "sources=F,P",
      "F0#0~a1@0 P0#0~a1@1 F33#1~a1@33 F0#0~a2@40 P0#0~a2@41 F33#1~a2@73 P33#1~a2@74 @200",
      "a1:0#0[FP]complete@1 a2:0#0[FP]complete@41 a2:33#1[FP]complete@74 "
      "a1:33#1[F](P:timeout)timeout@133" },
  { "streams/restart/times-go-back", "sources=F,P live=true",
      "F90000#9~a1@0 P90000#9~a1@1 F0#0~a2@40 P0#0~a2@41",
      "a1:90000#9[FP]complete@1 a2:0#0[FP]complete@41" },

  /* rows 25 and 26 hold for records that do not name a stream */
  { "streams/nameless", "sources=F,P", "F0#7~a1@0 P3#7@1 F33#8@33 P33#8~a1@34",
      "a1:0#7[FP]complete@1 a1:33#8[FP]complete@34" },
  { "streams/nameless/first", "sources=F,P", "P0#7@0 F0#7~a1@1", "a1:0#7[FP]complete@1" },
  { "streams/nameless/of-two", "sources=F,P id-guard-ms=5", "F0#7~a1@0 F10#7~b1@1 P11#7@2 P1#7@3",
      "b1:10#7[FP]complete@2 a1:0#7[FP]complete@3" },
  { "streams/nameless/of-none", "sources=F,P", "F0#7~a1@0 F0#7~b1@1 P500#9@2 @300",
      "a1:0#7[F](P:timeout)timeout@100 b1:0#7[F](P:timeout)timeout@101 "
      "500#9[P](F:timeout)timeout@102" },

  /* ends and bounds that do not name a stream hold for all of their source's owner */
  { "streams/end", "sources=F,P", "F0~a1%1@0 F0~b1%1@1 P33~b1%2@2 Peos%2@3 @200",
      "b1:0[F](P:eos)eos@3 a1:0[F](P:timeout)timeout@100 b1:33[P](F:timeout)timeout@102" },
  { "streams/end/of-none", "sources=F,P", "F0~a1%1@0 F0~b1%1@1 Peos%2@3",
      "a1:0[F](P:eos)eos@3 b1:0[F](P:eos)eos@3" },
  { "streams/bound", "sources=F,P mode=watermark max-wait-ms=0", "F0~a1@0 F0~b1@1 Pb0@2 Fb0@3",
      "a1:0[F](P:watermark)watermark@2 b1:0[F](P:watermark)watermark@2" },

  /* the order of events is that of time, over all */
  { "streams/order-of-time", "sources=F,P", "F0~b1@0 F0~a1@10 F33~b1@33 F33~a1@43 @500",
      "b1:0[F](P:timeout)timeout@100 a1:0[F](P:timeout)timeout@110 "
      "b1:33[F](P:timeout)timeout@133 a1:33[F](P:timeout)timeout@143" },
  { "streams/sources-of-each", "sources= learn-ms=50 window-ms=100",
      "F0~a1@0 P0~a1@1 G0~b1@2 F100~a1@100 P100~a1@101 G100~b1@102",
      "a1:0[FP]complete@50 b1:0[G]complete@52 a1:100[FP]complete@101 b1:100[G]complete@102" },
};

static TribAlignTotals
totals_of (Rig *rig)
{
  TribAlignTotals totals;

  trib_align_streams_get_totals (rig_streams (rig), &totals);
  return totals;
}

/* the limits are those of all streams together, and the largest one pays */
static void
test_limits (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P max-pending=8");

  rig_run (rig, "F0~a1@0 F0~b1@0");
  for (guint i = 1; i < 9; i++)
    rig_run_format (rig, "F%u~b1@%u", i, i);
  rig_expect (rig, "b1:0[F](P:overflow)overflow@7 b1:1[F](P:overflow)overflow@8");
  g_assert_cmpuint (totals_of (rig).open, ==, 8);
  rig_run (rig, "P0~a1@9");
  rig_expect (rig, "a1:0[FP]complete@9");
}

static void
test_limit_of_bytes (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P max-pending-bytes=1000");

  for (guint i = 0; i < 40; i++) {
    rig_run_format (rig, "F%u~%c1@%u", i, 'a' + i % 4, i);
    g_assert_cmpuint (totals_of (rig).pending_bytes, <=, 1000);
  }
  g_free (rig_take (rig));
}

/* a camera that restarts again and again leaves nothing behind, and loses nothing */
static void
test_many_sessions (void)
{
  static const gchar letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  g_autoptr (Rig) rig = rig_new ("sources=F,P idle-timeout-ms=0 forgets=yes");
  guint n = 0;

  for (guint round = 0; round < 4; round++)
    for (guint i = 0; letters[i]; i++, n++)
      rig_run_format (rig, "F0#0~%c%c@%u P0#0~%c%c@%u", 'a' + round, letters[i], n * 2, 'a' + round,
          letters[i], n * 2 + 1);
  g_assert_cmpuint (trib_align_streams_get_n (rig_streams (rig)), ==, TRIB_ALIGN_MAX_STREAMS);
  g_assert_cmpuint (totals_of (rig).groups_emitted, ==, n);
  g_assert_cmpuint (totals_of (rig).by_reason[TRIB_ALIGN_REASON_COMPLETE], ==, n);
  g_free (rig_take (rig));
}

/* streams that have been idle for a while are forgotten; records that wait are not */
static void
test_forgotten (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P forgets=yes");

  rig_run (rig, "F0~a1@0 P0~a1@1 F0~b1@2");
  g_assert_cmpuint (trib_align_streams_get_n (rig_streams (rig)), ==, 2);
  rig_run (rig, "@30000 F30000~b1@30000");
  g_assert_cmpuint (trib_align_streams_get_n (rig_streams (rig)), ==, 2);
  rig_run (rig, "@70000");
  g_assert_cmpuint (trib_align_streams_get_n (rig_streams (rig)), ==, 1);
  g_assert_cmpuint (totals_of (rig).counts.emitted, ==, 4);
  g_free (rig_take (rig));
}

/* each another letter that begins no other word of a script */
static gchar
letter (guint i)
{
  gchar c = (gchar) (33 + i + (33 + i >= '@' ? 2 : 0));

  g_assert_true (g_ascii_isprint (c) && c != '@' && c != 'A');
  return c;
}

/* eighty short-lived sources, and then one: none is dropped */
static void
test_short_lived (gconstpointer how)
{
  g_autoptr (Rig) rig = rig_new ("sources= learn-ms=0 window-ms=10");
  gboolean ends = g_str_equal (how, "ended");

  for (guint i = 0; i < 80; i++) {
    guint at = i * (ends ? 20 : 40);
    rig_run_format (rig, "%c%u@%u", letter (i), at, at);
    if (ends)
      rig_run_format (rig, "%ceos@%u", letter (i), at + 1);
  }
  g_assert_cmpuint (totals_of (rig).source_dropped, ==, 0);
  rig_run (rig, "@9000");
  g_assert_cmpuint (totals_of (rig).counts.emitted, ==, 80);
  g_assert_cmpuint (trib_align_get_n_sources (rig_align (rig)), ==, 64);
  /* what they had stays counted */
  g_assert_cmpuint (totals_of (rig).source_forgotten, ==, 80 - 64);
  g_free (rig_take (rig));
}

/* a source that something waits for is not forgotten */
static void
test_pending_stays (void)
{
  g_autoptr (Rig) rig = rig_new ("sources= learn-ms=0 window-ms=100000 idle-timeout-ms=1");

  for (guint i = 0; i < 80; i++)
    rig_run_format (rig, "%c%u@%u", letter (i), i, i * 100);
  g_assert_cmpuint (totals_of (rig).source_dropped, ==, 80 - 64);
  g_free (rig_take (rig));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  rig_add_cases (cases, G_N_ELEMENTS (cases));
  g_test_add_func ("/align/streams/limits", test_limits);
  g_test_add_func ("/align/streams/limit-of-bytes", test_limit_of_bytes);
  g_test_add_func ("/align/streams/many-sessions", test_many_sessions);
  g_test_add_func ("/align/streams/forgotten", test_forgotten);
  g_test_add_data_func ("/align/sources/short-lived/ended", "ended", test_short_lived);
  g_test_add_data_func ("/align/sources/short-lived/silent", "silent", test_short_lived);
  g_test_add_func ("/align/sources/pending-stays", test_pending_stays);
  return trib_test_run ();
}
