/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks: jumps, single strange times, sources that are off and come back, offsets that are
 * measured and applied. */
#include "align-rig.h"

#include <trib-test.h>

static const RigCase cases[] = {
  /* one source is off: its records are late until they agree again */
  { "jump/unsynced", "sources=F,P",
      "F0@0 P0@1 F33@33 P60033@34 F66@66 P60066@67 F100@100 P60100@101 F133@133 P133@134 @300",
      "0[FP]complete@1 unsynced:P@67 late:P60033@67 late:P60066@67 late:P60100@101 "
      "33[F](P:timeout)timeout@133 synced:P@134 66[F](P:timeout)timeout@166 "
      "100[F](P:timeout)timeout@200 133[FP]complete@200" },
  { "jump/unsynced/back", "sources=F,P", "F60000@0 P60000@1 F60033@33 P33@34 F60066@66 P66@67",
      "60000[FP]complete@1 unsynced:P@67 late:P33@67 late:P66@67" },
  { "jump/unsynced/not-waited-for", "sources=F,P mode=watermark",
      "F0@0 P0@1 F33@33 P60033@34 F66@66 P60066@67 F99@99 P99@100 F133@133 P133@134",
      "0[FP]complete@1 unsynced:P@67 late:P60033@67 late:P60066@67 "
      "33[F](P:watermark)watermark@67 66[F](P:watermark)watermark@67 "
      "99[F](P:watermark)watermark@99 synced:P@100 late:P99@100 133[FP]complete@134" },
  { "jump/unsynced/given-on", "sources=F,P late-policy=forward",
      "F0@0 P0@1 F33@33 P60033@34 F66@66 P60066@67",
      "0[FP]complete@1 unsynced:P@67 late:P60033@67 60033[P]late@67 late:P60066@67 "
      "60066[P]late@67" },

  /* the first source, or all: a new epoch */
  { "jump/reference", "sources=P,F", "F60000@0 P60000@1 P0@33 P33@66 F33@67 @200",
      "60000[PF]complete@1 jump:P@66 0[P](F:timeout)timeout@166 33[PF]complete@166" },
  { "jump/reference/not-it", "sources=P,F", "F60000@0 P60000@1 F0@33 F33@66 P60066@67",
      "60000[PF]complete@1 unsynced:F@66 late:F0@66 late:F33@66" },
  { "jump/reference/source-was-off", "sources=F,P",
      "F60000@0 P60000@1 P0@33 P33@66 F33@67 F66@99 P66@100 @300",
      "60000[FP]complete@1 unsynced:P@66 late:P0@66 late:P33@66 jump:F@99 synced:P@99 "
      "33[F](P:timeout)timeout@199 66[FP]complete@199" },
  { "jump/all-but-silent", "idle-timeout-ms=60",
      "F0@0 P0@1 G0@2 P33@33 G33@34 P60066@66 G60066@67 P60099@99 G60099@100",
      "0[FPG]complete@2 idle:F@60 unsynced:P@99 late:P60066@99 late:P60099@99 "
      "33[PG](F:jump)jump@100 jump:G@100 synced:P@100" },
  { "jump/forward/live", "sources=F,P", "F0@0 P0@1 F9000@33 P9000@34 F9033@66 P9033@67",
      "0[FP]complete@1 jump:F@66 9000[FP]complete@66 9033[FP]complete@67" },
  { "jump/forward/not-live", "sources=F,P live=no", "F0@0 P0@1 F9000@33 P9000@34 F9033@66 P9033@67",
      "0[FP]complete@1 9000[FP]complete@34 9033[FP]complete@67" },
  { "jump/same-ids", "sources=F,P", "F60000#9@0 P60000#9@1 F0#0@33 P0#0@34 F33#9@66 P33#9@67",
      "60000#9[FP]complete@1 jump:F@66 0#0[FP]complete@66 33#9[FP]complete@67" },
  /* a source that was stopped answers late; its clock is unchanged */
  { "jump/late-answers", "sources=P,F idle-timeout-ms=0",
      "F0@0 P0s@1 F6000@6000 P6000s@6001 P1l@6002 P2l@6003 F6033@6033 P6033@6034",
      "0[F](P:skipped)complete@1 6000[F](P:skipped)complete@6001 late:P1@6002 late:P2@6003 "
      "6033[PF]complete@6034" },
  { "jump/late-answers/none-else", "sources=F", "F60000@0 F0l@1 F33l@2 F60033@33",
      "60000[F]complete@0 late:F0@1 late:F33@2 60033[F]complete@33" },
  { "jump/late-answers/but-ahead", "sources=F,P live=no", "F0@0 P0@1 F90000l@10 F33@33 P33@34",
      "0[FP]complete@1 drop:implausible:F90000@33 33[FP]complete@34" },
  { "jump/late-answers/unsynced", "sources=F,P",
      "F0@0 P0@1 F33@33 P60033@34 F66@66 P60066@67 P66l@68 F99@99 P99@100",
      "0[FP]complete@1 unsynced:P@67 late:P60033@67 late:P60066@67 late:P66@68 synced:P@100" },
  { "jump/off", "sources=F,P jump-threshold-ms=0", "F0@0 P0@1 F9000000@33 P9000000@34",
      "0[FP]complete@1 9000000[FP]complete@34" },
  { "jump/threshold", "sources=F,P order=completion jump-threshold-ms=50 live=no",
      "F100@0 P100@1 F50@33 P50@34 F49@66 F60@67",
      "100[FP]complete@1 50[FP]complete@34 jump:F@67" },
  { "jump/tumbling", "sources=F mode=tumbling tumbling-ms=100 empty-windows=yes",
      "F60000@0 F0@33 F33@66 F100@100", "60000[F]jump@66 jump:F@66 0[FF]watermark@100" },
  { "jump/approximate", "sources=F,P mode=approximate learn-bounds=no idle-timeout-ms=0",
      "F60000@0 P60001@1 F60050@50 F0@60 P1@61 F33@93 P34@94 F66@126",
      "60000[FP]complete@50 60050[F](P:jump)jump@93 jump:F@93 0[FP]complete@93 "
      "33[FP]complete@126" },

  /* a single strange time */
  { "ahead/not-live", "sources=F,P live=no", "F0@0 P0@1 F10010@10 F33@33 P33@34",
      "0[FP]complete@1 drop:implausible:F10010@33 33[FP]complete@34" },
  { "ahead/not-live/just", "sources=F,P live=no", "F0@0 P0@1 F10009@10 P10009@11",
      "0[FP]complete@1 10009[FP]complete@11" },
  { "ahead/first", "sources=F,P live=no", "F0@0 P20000@1 P0@2",
      "drop:implausible:P20000@2 "
      "0[FP]complete@2" },
  { "ahead/silence-explains", "sources=F,P idle-timeout-ms=0",
      "F0@0 P0@1 F30000@30000 P30000@30001", "0[FP]complete@1 30000[FP]complete@30001" },
  { "strange/two-that-disagree", "sources=F,P", "F0@0 P0@1 F1000000@10 F5000000@20 F33@33 P33@34",
      "0[FP]complete@1 drop:implausible:F1000000@20 drop:implausible:F5000000@33 "
      "33[FP]complete@34" },
  { "strange/back", "sources=F,P", "F60000@0 P60000@1 F0@33 F60033@66 P60033@67",
      "60000[FP]complete@1 late:F0@66 60033[FP]complete@67" },
  { "strange/eos", "sources=F,P", "F0@0 P0@1 F1000000@10 Feos@20",
      "0[FP]complete@1 drop:implausible:F1000000@20" },
  { "strange/finish", "sources=F,P", "F0@0 P0@1 F1000000@10 eos@20",
      "0[FP]complete@1 drop:implausible:F1000000@20" },
  { "strange/idle", "sources=F,P idle-timeout-ms=50", "F0@0 P0@1 F1000000@10 @70",
      "0[FP]complete@1 idle:P@51 drop:implausible:F1000000@60 idle:F@60 allidle@60" },
  { "strange/flush", "sources=F,P", "F0@0 P0@1 F1000000@10 flushF@20",
      "0[FP]complete@1 drop:flushed:F1000000@20" },
  { "strange/bytes", "sources=F,P max-pending-bytes=150", "F0@0 P0@1 F1000000@10 P33@11",
      "0[FP]complete@1 33[P](F:overflow)overflow@11" },
  { "strange/in-a-jump", "", "F60000@0 P60000@1 G60000@2 F0@33 G9000000000@34 F33@66 G33@67 @200",
      "60000[FPG]complete@2 jump:F@66 drop:implausible:G9000000000@67 "
      "0[F](P:timeout)(G:timeout)timeout@166 33[FG](P:timeout)timeout@166" },

  /* what was learned of the old clock does not outlive it */
  { "jump/hold-last", "sources=F,P missing-policy=hold-last",
      "F60000@0 P60000@1 F0@33 P0@34 F33@66 P33@67 F66@99 @300",
      "60000[FP]complete@1 jump:F@66 0[FP]complete@66 33[FP]complete@67 66[FP{33}]timeout@199" },
  { "jump/capture-base", "sources=F,P window-base=capture", "F60000@0 F0@33 F33@66 @400",
      "60000[F](P:jump)jump@66 jump:F@66 0[F](P:timeout)timeout@133 33[F](P:timeout)timeout@166" },
  { "flush/capture-base", "sources=F,P window-base=capture", "F60000@0 flush@10 F0@20 @300",
      "drop:flushed:F60000@10 0[F](P:timeout)timeout@120" },
  { "flush/hold-last", "sources=F,P missing-policy=hold-last", "F0@0 P0@1 flush@10 F33@20 @300",
      "0[FP]complete@1 33[F](P:timeout)timeout@120" },
};

/* ---- offsets ---- */

static TribAlignSourceInfo
info_of (Rig *rig, const gchar *name)
{
  TribAlignSourceInfo info;

  for (guint i = 0; i < trib_align_get_n_sources (rig_align (rig)); i++) {
    trib_align_get_source (rig_align (rig), i, &info);
    if (g_str_equal (info.name, name))
      return info;
  }
  g_assert_not_reached ();
}

/* frame @k of two sources, of which P's clock is @off ms ahead; each arrives 10 ms after its
 * capture */
static void
push_frame (Rig *rig, guint k, gint off)
{
  gint t = (gint) k * 33;

  rig_run_format (rig, "F%d#%u@%d P%d#%u@%d", t, k, t + 10, t + off, k, t + 20);
  g_free (rig_take (rig));
}

static void
test_offset_report (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P");
  TribAlignSourceInfo info;

  for (guint k = 0; k < 10; k++)
    push_frame (rig, k, 500);
  for (guint k = 10; k < 74; k++)
    push_frame (rig, k, (gint) (k % 64) - 20);
  /* of the last 64 frames; the reference itself has none */
  info = info_of (rig, "P");
  g_assert_cmpuint (info.n_offsets, ==, 64);
  g_assert_cmpint (info.offset_p10_ns, ==, -14 * TRIB_ALIGN_MS);
  g_assert_cmpint (info.offset_p50_ns, ==, 11 * TRIB_ALIGN_MS);
  g_assert_cmpint (info.offset_p90_ns, ==, 36 * TRIB_ALIGN_MS);
  g_assert_cmpint (info.offset_ns, ==, 0);
  g_assert_cmpuint (info.n_delays, ==, 64);
  g_assert_cmpint (info.delay_p50_ns, ==, 8 * TRIB_ALIGN_MS);
  info = info_of (rig, "F");
  g_assert_cmpuint (info.n_offsets, ==, 0);
  g_assert_cmpuint (info.n_delays, ==, 64);
  g_assert_cmpint (info.delay_p10_ns, ==, 10 * TRIB_ALIGN_MS);
  g_assert_cmpint (info.delay_p90_ns, ==, 10 * TRIB_ALIGN_MS);
}

static void
test_offset_reference (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=P,F");

  for (guint k = 0; k < 5; k++)
    push_frame (rig, k, 7);
  g_assert_cmpuint (info_of (rig, "P").n_offsets, ==, 0);
  g_assert_cmpint (info_of (rig, "F").offset_p50_ns, ==, -7 * TRIB_ALIGN_MS);
}

static void
test_offset_fixed (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P source-offset=P:-7");

  for (guint k = 0; k < 70; k++)
    push_frame (rig, k, 12);
  g_assert_cmpint (info_of (rig, "P").offset_ns, ==, -7 * TRIB_ALIGN_MS);
  g_assert_cmpint (info_of (rig, "P").offset_p50_ns, ==, 5 * TRIB_ALIGN_MS);
}

static void
test_jump_totals (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P");
  TribAlignTotals totals;

  rig_run (rig, "F60000@0 P60000@1 P0@32 F0@33 F33@66");
  trib_align_get_totals (rig_align (rig), &totals);
  g_assert_cmpuint (totals.epoch, ==, 1);
  g_assert_cmpuint (totals.jumps, ==, 1);
  g_assert_cmpuint (totals.groups_emitted, ==, 2);
  g_assert_false (info_of (rig, "P").unsynced);
  rig_run (rig, "P60000@67 P60033@68");
  g_assert_true (info_of (rig, "P").unsynced);
  g_free (rig_take (rig));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  rig_add_cases (cases, G_N_ELEMENTS (cases));
  g_test_add_func ("/align/jump/totals", test_jump_totals);
  g_test_add_func ("/align/offset/report", test_offset_report);
  g_test_add_func ("/align/offset/reference", test_offset_reference);
  g_test_add_func ("/align/offset/fixed", test_offset_fixed);
  return trib_test_run ();
}
