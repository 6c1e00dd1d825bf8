/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources that are waited for: lists and learning, quorum, idle and ended sources, the watermark
 * and its holder, flushes of one source, more sources than can be distinguished. */
#include "align-rig.h"

#include <string.h>
#include <trib-test.h>

static const RigCase cases[] = {
  { "holder", "mode=watermark sources=F,P show=holder idle-timeout-ms=50", "F0@0 P33@1 F66@2 @100",
      "holder:P@0 holder:F@1 0[F](P:watermark)watermark@1 holder:P@2 33[P](F:watermark)watermark@2 "
      "idle:P@51 holder:F@51 66[F](P:watermark)watermark@51 idle:F@52 holder:-@52 allidle@52" },
  { "source", "sources=F show=source", "F0@0 Q0@1 F33@2",
      "source:F@0 0[F]complete@0 source:Q@1 late:Q0@1 33[F]complete@2" },
  { "announce", "sources=F,P show=announce", "A0#3=FP@0 F0#3@1 P0#3@2 A0#3=FP@3",
      "announce:0@0 0#3[FP]complete@2" },
  { "announce/as-configured", "sources=F,P", "A0@0 F0@1 P0@2", "0[FP]complete@2" },
  { "announce/of-others", "sources=F,P", "A0=G@0 F0@1 G0@2", "0[FG]complete@2" },
  { "announce/of-none", "sources=F,P", "A0=@0 A33=@33 F66@66", "0[]complete@0 33[]complete@33" },
  { "announce/not-learned", "sources= learn-ms=1000",
      "A0=F@0 F0@1 F33@34 A66=FP@66 F66@67 P66@68 @300",
      "0[F]complete@1 33[F]timeout@134 66[FP]complete@134" },
  { "announce/late", "sources=F,P", "F0@0 P0@1 A0=FP@2 A-33=FP@3 @300", "0[FP]complete@1" },

  { "lateness/of-one", "mode=watermark sources=F,P lateness=P:40", "F66@0 P100@1 P66@2",
      "66[FP]complete@2" },
  { "lateness/none", "mode=watermark sources=F,P", "F66@0 P100@1 P66@2",
      "66[F](P:watermark)watermark@1 late:P66@2" },
  { "lateness/not-of-bounds", "mode=watermark sources=F,P allowed-lateness-ms=40",
      "F0@0 Pb0@1 Fb0@2", "0[F](P:watermark)watermark@2" },
  /* what may be late is not, in whatever order frames leave */
  { "lateness/by-completion",
      "mode=watermark order=completion allowed-lateness-ms=2000 retain-ms=100 max-wait-ms=0 "
      "sources=F,P",
      "F3000@0 P3000@1 F1500@2 P1500@3", "3000[FP]complete@1 1500[FP]complete@3" },
  { "lateness/tumbling-by-completion",
      "mode=tumbling tumbling-ms=100 order=completion allowed-lateness-ms=300 retain-ms=0 "
      "max-wait-ms=0 sources=F",
      "F250@0 F110@1 F600@2", "200[F]watermark@2 100[F]watermark@2" },
  { "max-wait/off", "mode=watermark sources=F,P live=no idle-timeout-ms=0", "F0@0 @100000", "" },
  { "max-wait/live", "mode=watermark sources=F,P idle-timeout-ms=0", "F0@0 @100000",
      "0[F](P:timeout)timeout@1000" },
  { "clock/stopped", "mode=watermark advance=clock max-wait-ms=0 idle-timeout-ms=0 sources=F,P",
      "F0@0 P0@1 F30@30 stop@31 @500 go@501 @502",
      "0[FP]complete@1 30[F](P:watermark)watermark@31" },
  { "clock/stopped-before",
      "mode=watermark advance=clock max-wait-ms=0 idle-timeout-ms=0 sources=F,P",
      "F0@0 P0@1 stop@1 F30@30 go@100 @130", "0[FP]complete@1 30[F](P:watermark)watermark@130" },

  { "quorum/none-required", "sources=F?,P?,G? quorum=2", "F0@0 P0@1", "0[FP]complete@1" },
  { "quorum/all-optional", "sources=F?,P?,G?", "F0@0 P0@1 G0@2", "0[FPG]complete@2" },
  { "quorum/required-too", "sources=F,P?,G? quorum=2", "P0@0 G0@1 F0@2", "0[FPG]complete@2" },
  { "quorum/skipped-counts", "sources=F,P? quorum=2", "F0@0 P0s@1", "0[F](P:skipped)complete@1" },
  { "quorum/too-many", "sources=F,P quorum=3", "F0@0 P0@1 @300", "0[FP]timeout@100" },

  { "learn/new-source", "sources= learn-ms=50", "F0@0 F60@60 F90@90 Q90@91 F120@120 Q120@121",
      "0[F]complete@50 60[F]complete@60 90[F]complete@90 late:Q90@91 120[FQ]complete@121" },
  { "learn/none", "sources= learn-ms=0", "F0@0 P0@1", "0[F]complete@0 late:P0@1" },
  { "learn/timeout", "sources= learn-ms=500", "F0@0 P0@1 F200@200 @600",
      "0[FP]timeout@100 200[F](P:timeout)timeout@300" },
  { "learn/again", "sources= learn-ms=50", "F0@0 @60 flush@70 F100@100 @149 @150 eos@151",
      "0[F]complete@50 100[F]complete@150" },
  { "learn/watermark", "sources= learn-ms=50 mode=watermark", "F0@0 P33@1 F33@2 @60",
      "0[F]watermark@0 33[FP]watermark@2" },

  { "eos/watermark", "mode=watermark sources=F,P", "F0@0 Peos@1 F33@2",
      "0[F](P:eos)eos@1 33[F]complete@2" },
  { "eos/and-back", "sources=F,P", "F0@0 P0@1 Peos@2 F33@3 P66@4 F66@5",
      "0[FP]complete@1 33[F]complete@3 66[FP]complete@5" },
  { "eos/none-left", "sources=F,P", "A0=FP@0 Feos@1 Peos@2", "0[](F:eos)(P:eos)eos@2" },
  { "eos/unknown", "sources=F,P", "Qeos@0 F0@1 P0@2 Qeos@3", "0[FP]complete@2" },
  { "eos/tumbling", "mode=tumbling tumbling-ms=100 sources=F,P", "F50@0 F150@1 Peos@2",
      "0[F](P:eos)watermark@2" },
  { "idle/never", "mode=watermark sources=F,P idle-timeout-ms=0 max-wait-ms=0", "F0@0 @99999", "" },
  { "idle/from-the-first", "sources=F,P idle-timeout-ms=50 window-ms=500", "F0@900 F33@933 @950",
      "idle:P@950" },
  { "idle/stopped", "sources=F idle-timeout-ms=50", "F0@0 stop@20 @500 go@600 @629 @630",
      "0[F]complete@0 idle:F@630 allidle@630" },
  { "idle/bound-is-life", "mode=watermark sources=F,P idle-timeout-ms=50",
      "F0@0 P0@0 Pb10@40 F60@49 Pb60@80", "0[FP]complete@0 60[F](P:watermark)watermark@80" },

  { "flush/one", "sources=F,P", "F0@0 F33@1 P33@2 flushF@3 F33@4 @300",
      "drop:flushed:F0@3 drop:flushed:F33@3 33[FP]complete@4" },
  { "flush/not-an-answer", "sources=F,P", "F0@0 flushF@1 P0@2 @300",
      "drop:flushed:F0@1 0[P](F:timeout)timeout@102" },
  /* a frame without records any more has no event, and can be opened again */
  { "flush/empty", "", "F0@10 P0@20 flushF@25 flushP@26 @300 F0@301 P0@302 G0@303",
      "drop:flushed:F0@25 drop:flushed:P0@26 0[FPG]complete@303" },
  { "flush/announced", "sources=F,P", "A0=FP@0 F0@1 flushF@2 @300",
      "drop:flushed:F0@2 0[](F:timeout)(P:timeout)timeout@100" },
  { "flush/unknown", "sources=F,P", "F0@0 flushQ@1 P0@2", "0[FP]complete@2" },
  { "flush/all", "sources=F,P mode=watermark", "F0#1@0 P33#2@1 flush@2 F0#1@3 P0#1@4",
      "0#1[F](P:watermark)watermark@1 drop:flushed:P33@2 0#1[FP]complete@4" },

  { "sources/first-listed-is-reference", "sources=F,P",
      "F60000@0 P60000@1 sources=P,F P0@33 P33@66", "60000[FP]complete@1 jump:P@66" },
  { "sources/none-any-more", "sources=F,P learn-ms=0", "F0@0 sources= P0@1 F33@2 P33@3",
      "0[FP]complete@1 33[FP]complete@3" },
};

static TribAlignTotals
totals_of (Rig *rig)
{
  TribAlignTotals totals;

  trib_align_get_totals (rig_align (rig), &totals);
  return totals;
}

/* 64 sources are known; records of others are counted, notified and released */
static void
test_many (void)
{
  static const gchar letters[]
      = "abcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-*/=%!?";
  g_autoptr (Rig) rig = rig_new ("sources= learn-ms=1000 window-ms=50 idle-timeout-ms=0");
  g_autoptr (GError) error = NULL;
  g_autofree gchar *told = NULL;

  for (guint i = 0; i < 64 + 3; i++)
    rig_run_format (rig, "%c0@1", letters[i]);
  g_assert_cmpuint (trib_align_get_n_sources (rig_align (rig)), ==, 64);
  g_assert_cmpuint (totals_of (rig).source_dropped, ==, 3);
  g_assert_cmpuint (totals_of (rig).counts.dropped[TRIB_ALIGN_DROPPED_SOURCES], ==, 3);
  g_assert_cmpuint (totals_of (rig).counts.pending, ==, 64);
  rig_run (rig, "@51");
  told = rig_take (rig);
  g_assert_true (
      g_str_has_prefix (told, "drop:sources:/0@1 drop:sources:=0@1 drop:sources:%0@1 0["));
  g_assert_true (g_str_has_suffix (told, "*]timeout@51"));

  g_assert_false (trib_align_set_sources (rig_align (rig), "a,newcomer", &error));
  g_assert_error (error, TRIB_ALIGN_ERROR, TRIB_ALIGN_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "newcomer"));
  g_assert_true (trib_align_set_sources (rig_align (rig), "a,b", NULL));
  rig_run (rig, "a100@100 b100@101");
  rig_expect (rig, "100[ab]complete@101");
}

static void
test_nameless (void)
{
  g_autoptr (Rig) rig = rig_new ("");
  TribAlignRecord record = { .kind = TRIB_ALIGN_KIND_OBS };

  trib_align_push (rig_align (rig), &record, 0);
  g_assert_cmpuint (totals_of (rig).source_dropped, ==, 1);
  record.kind = TRIB_ALIGN_KIND_BOUND;
  trib_align_push (rig_align (rig), &record, 0);
  record.kind = TRIB_ALIGN_KIND_EOS;
  trib_align_push (rig_align (rig), &record, 0);
  g_assert_cmpuint (totals_of (rig).counts.in, ==, 1);
  g_assert_cmpuint (totals_of (rig).open, ==, 0);
}

static void
test_info (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P? idle-timeout-ms=50 mode=watermark");
  TribAlignSourceInfo info;

  rig_run (rig, "F7@3 F9e@4 Q1@5 Peos@10 @54");
  trib_align_get_source (rig_align (rig), 0, &info);
  g_assert_cmpstr (info.name, ==, "F");
  g_assert_true (info.required && info.expected && info.idle && !info.ended);
  g_assert_cmpint (info.max_t_ns, ==, 9 * TRIB_ALIGN_MS);
  g_assert_cmpint (info.last_arrival_ns, ==, 4 * TRIB_ALIGN_MS);
  g_assert_cmpuint (info.counts.in, ==, 2);
  trib_align_get_source (rig_align (rig), 1, &info);
  g_assert_true (!info.required && info.expected && info.ended);
  g_assert_cmpint (info.max_t_ns, ==, G_MININT64);
  trib_align_get_source (rig_align (rig), 2, &info);
  g_assert_true (!info.required && info.expected && !info.ended);
  g_assert_cmpstr (trib_align_get_holder (rig_align (rig)), ==, "Q");
  rig_run (rig, "@55");
  g_assert_null (trib_align_get_holder (rig_align (rig)));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  rig_add_cases (cases, G_N_ELEMENTS (cases));
  g_test_add_func ("/align/source/many", test_many);
  g_test_add_func ("/align/source/nameless", test_nameless);
  g_test_add_func ("/align/source/info", test_info);
  return trib_test_run ();
}
