/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of edge cases in docs/internals/alignment.md, each case under its number. Sources F,
 * P and G are required where the case does not say otherwise. */
#include "align-rig.h"

#include <trib-test.h>

static const RigCase cases[] = {
  { "row/01", "", "F0@10 P0@20 G0@35", "0[FPG]complete@35" },
  { "row/02", "", "F0@10 P0@20 F33@43 P33@50 G33@60 @200",
      "0[FP](G:timeout)timeout@110 33[FPG]complete@110" },
  { "row/03", "order=completion", "F0@10 P0@20 F33@43 P33@50 G33@60 @200",
      "33[FPG]complete@60 0[FP](G:timeout)timeout@110" },
  { "row/04", "late-policy=update", "F0@10 P0@20 G0@111",
      "0[FP](G:timeout)timeout@110 late:G0@111 0[FPG]late/1@111" },
  { "row/05", "sources=F,P", "F0@0 P0@5 F0@200", "0[FP]complete@5 dup:F0@200" },
  { "row/06", "mode=watermark", "F0@0 P0@1 F33@33 P33@34 G33@35",
      "0[FP](G:watermark)watermark@35 33[FPG]complete@35" },
  { "row/07", "mode=watermark idle-timeout-ms=50", "F0@0 P0@1 G0@2 F33@33 P33@34 F66@66 P66@67",
      "0[FPG]complete@2 idle:G@52 33[FP](G:watermark)watermark@52 "
      "66[FP](G:watermark)watermark@67" },
  { "row/08/hold", "mode=watermark idle-timeout-ms=50",
      "F0@0 P0@1 G0@2 F33@33 P33@34 F66@66 P66@67 G33@68 F99@99 P99@100 @101 G66@102 G99@103",
      "0[FPG]complete@2 idle:G@52 33[FP](G:watermark)watermark@52 66[FP](G:watermark)watermark@67 "
      "active:G@68 late:G33@68 late:G66@102 99[FPG]complete@103" },
  { "row/08/aligned", "mode=watermark idle-timeout-ms=50 rejoin=aligned",
      "F0@0 P0@1 G0@2 F33@33 P33@34 F66@66 P66@67 G33@68 F99@99 P99@100 G99@101",
      "0[FPG]complete@2 idle:G@52 33[FP](G:watermark)watermark@52 66[FP](G:watermark)watermark@67 "
      "active:G@68 late:G33@68 99[FP](G:watermark)watermark@100 late:G99@101" },
  { "row/09", "", "F0@10 P0@20 G0@110", "0[FP](G:timeout)timeout@110 late:G0@110" },
  { "row/10/first", "", "F0@10 F0@11 P0@20 G0@35", "dup:F0@11 0[FPG]complete@35" },
  { "row/10/last", "duplicate-policy=last", "F0@10 F0@11 P0@20 G0@35",
      "drop:replaced:F0@11 0[FPG]complete@35" },
  { "row/10/append", "duplicate-policy=append", "F0@10 F0@11 P0@20 G0@35", "0[FFPG]complete@35" },
  { "row/10/same-seq", "duplicate-policy=append", "F0.4@10 F0.4@11 F0.5@12 P0@20 G0@35",
      "dup:F0@11 0[FFPG]complete@35" },
  { "row/11", "", "F33@10 P33@11 G33@12 F0@13 @500", "33[FPG]complete@12 late:F0@13" },
  { "row/12", "order=completion retain-ms=100", "F500@10 P500@11 G500@12 F399@13 F401@14 @500",
      "500[FPG]complete@12 late:F399@13 401[F](P:timeout)(G:timeout)timeout@114" },
  { "row/13", "", "F0@10 P0@20 G0e@35", "0[FPGe]complete@35" },
  { "row/14", "", "F0@10 P0@20 G0s@35", "0[FP](G:skipped)complete@35" },
  { "row/15", "", "A0=FP@10 @500", "0[](F:timeout)(P:timeout)timeout@110" },
  { "row/16", "idle-timeout-ms=50", "F0@0 P0@1 F33@33 P33@34 F66@66 P66@67 @200",
      "idle:G@50 0[FP](G:timeout)timeout@100 idle:F@116 idle:P@117 allidle@117 "
      "33[FP](G:timeout)timeout@133 66[FP](G:timeout)timeout@166" },
  { "row/16/idle-completes", "idle-timeout-ms=50 idle-completes=yes",
      "F0@0 P0@1 F33@33 P33@34 F66@66 P66@67",
      "idle:G@50 0[FP](G:idle)complete@50 33[FP](G:idle)complete@50 66[FP](G:idle)complete@67" },
  { "row/17", "mode=watermark idle-timeout-ms=50", "F0@0 F33@1 P0@2 F66@3 @1000",
      "idle:G@50 0[FP](G:watermark)watermark@50 idle:P@52 "
      "33[F](P:watermark)(G:watermark)watermark@52 "
      "66[F](P:watermark)(G:watermark)watermark@52 idle:F@53 allidle@53" },
  { "row/18", "mode=watermark idle-timeout-ms=1000 max-wait-ms=0",
      "F0@0 P0@0 G0@0 stop@10 F33@10 @3009 go@3010 @3999 @4000",
      "0[FPG]complete@0 idle:P@4000 idle:G@4000 33[F](P:watermark)(G:watermark)watermark@4000" },
  { "row/19", "", "F0@10 P0@20 Geos@30", "0[FP](G:eos)eos@30" },
  { "row/20", "", "F0@0 F1@1 P2@2 F3@3 P3@3 G3@3 F4@4 eos@5",
      "0[F](P:eos)(G:eos)eos@5 1[F](P:eos)(G:eos)eos@5 2[P](F:eos)(G:eos)eos@5 3[FPG]complete@5 "
      "4[F](P:eos)(G:eos)eos@5" },
  { "row/21", "", "F0@10 P0@20 flushF@25 F0@30 G0@35", "drop:flushed:F0@25 0[FPG]complete@35" },
  { "row/22", "mode=watermark", "F0@0 P0@0 G0@0 F1000000000000@10 F33@33 P33@34 G33@35",
      "0[FPG]complete@0 drop:implausible:F1000000000000@33 33[FPG]complete@35" },
  { "row/23", "",
      "F60000@0 P60000@0 G60000@0 F60033@33 F0@66 P0@67 F33@100 P33@101 G33@102 G0@103 @300",
      "60000[FPG]complete@0 60033[F](P:jump)(G:jump)jump@100 jump:F@100 "
      "0[FPG]complete@103 "
      "33[FPG]complete@103" },
  { "row/24", "order=completion", "F100@0 F6@10 P100@11 G100@12 P6@13 G6@14",
      "100[FPG]complete@12 6[FPG]complete@14" },
  { "row/25", "", "F0#0@0 P0#0@1 G0#0@2 F5000#0@500 P5000#0@501 G5000#0@502",
      "0#0[FPG]complete@2 reuse:F@500 5000#0[FPG]complete@502" },
  { "row/26", "", "F0#7@0 P3#7@1 G1#7@2", "0#7[FPG]complete@2" },
  { "row/27", "match-tolerance-ms=5 sources=F,P", "F0@0 F33@1 P4@2 P39@3 @300",
      "0[FP]complete@2 33[F](P:timeout)timeout@101 39[P](F:timeout)timeout@103" },
  { "row/28", "max-pending=2", "F0@0 F1@1 F2@2 F3@3 @300",
      "0[F](P:overflow)(G:overflow)overflow@2 1[F](P:overflow)(G:overflow)overflow@3 "
      "2[F](P:timeout)(G:timeout)timeout@102 3[F](P:timeout)(G:timeout)timeout@103" },
  { "row/28/bytes", "max-pending-bytes=250", "F0@0 F1@1 F2@2 @300",
      "0[F](P:overflow)(G:overflow)overflow@2 1[F](P:timeout)(G:timeout)timeout@101 "
      "2[F](P:timeout)(G:timeout)timeout@102" },
  { "row/29", "", "F0@0 P0@1 G0:1/2@2 G0:2/2@3", "0[FPGG]complete@3" },
  { "row/29/lost", "", "F0@0 P0@1 G0:1/2@2 G0:1/2@3 @300", "dup:G0@3 0[FPG](G:parts)timeout@100" },
  { "row/30", "mode=tumbling tumbling-ms=100 sources=F", "F-1@0 F0@1 F99999999n@2",
      "-100[F]watermark@1 0[FF]watermark@2" },
  { "row/31", "mode=tumbling tumbling-ms=100 sources=F",
      "F99999999n@0 F99999999n@1 F100@2 F199999999n@3",
      "0[F]watermark@0 late:F100.000@1 100[FF]watermark@3" },
  { "row/33", "", "F0@10 P0@10 G0@10", "0[FPG]complete@10" },
  { "row/34", "sources=F,P", "F0@0 sources=F F33@1 P0@2 @300", "0[FP]complete@2 33[F]complete@2" },
  { "row/35", "window-base=event live=no", "F0@0 P0@0 F50@0 F99@0 F101@0 P50@0 @9999",
      "0[FP](G:timeout)timeout@0 idle:F@1000 idle:P@1000 idle:G@1000 allidle@1000" },
  /* whenever it comes, and in whatever order: a record is of the time it names */
  { "row/36", "sources=F,P", "F33@5000 F0@5001 P33@5002 P0@5003",
      "0[FP]complete@5003 33[FP]complete@5003" },

  { "old/age-only", "window-base=event", "F0@0 P0@0 G0@0 F150@150", "0[FPG]complete@0" },
  { "quorum", "sources=F!,P?,G? quorum=2", "F0@0 P0@5 F33@33 @300",
      "0[FP]complete@5 33[F]timeout@133" },
  { "optional", "sources=F!,P?", "P0@0 F0@1", "0[FP]complete@1" },
  { "learn", "sources= learn-ms=50", "F0@0 P0@1 F33@33 P33@34 F66@66 P66@67",
      "0[FP]complete@50 33[FP]complete@50 66[FP]complete@67" },
  { "hold-last", "missing-policy=hold-last", "F0@0 P0@1 G0@2 F33@33 P33@34 @300",
      "0[FPG]complete@2 33[FPG{33}]timeout@133" },
  { "missing-drop", "missing-policy=drop", "F0@0 P0@1 @300",
      "drop:incomplete:F0@100 drop:incomplete:P0@100" },
  { "late/forward", "late-policy=forward", "F0@10 P0@20 G0@111",
      "0[FP](G:timeout)timeout@110 late:G0@111 0[G]late/1@111" },
  { "late/side", "late-policy=side", "F0@10 P0@20 G0@111 G0@112",
      "0[FP](G:timeout)timeout@110 late:G0@111 dup:G0@112" },
  { "late/forgotten", "late-policy=update retain-ms=10", "F0@10 P0@20 G0@121",
      "0[FP](G:timeout)timeout@110 late:G0@121" },
  { "base/capture", "window-base=capture", "F1000@10 P1000@20 F1033@80 @300",
      "1000[FP](G:timeout)timeout@110 1033[F](P:timeout)(G:timeout)timeout@143" },
  { "offset", "source-offset=P:-12.5 match-tolerance-ms=1 sources=F,P", "F100@0 P112@1",
      "100[FP]complete@1" },
  { "max-wait", "mode=watermark max-wait-ms=200", "F0@0 P0@1 @500", "0[FP](G:timeout)timeout@200" },
  { "advance/clock", "mode=watermark advance=clock max-wait-ms=0 idle-timeout-ms=0 sources=F,P",
      "F0@0 P0@1 F30@30 @100", "0[FP]complete@1 30[F](P:watermark)watermark@31" },
  { "bound", "mode=watermark", "F0@0 P0@1 Gb0@2", "0[FP](G:watermark)watermark@2" },
  { "lateness", "mode=watermark allowed-lateness-ms=40 sources=F,P",
      "F0@0 F33@1 P33@2 P0@3 F66@4 P66@5 F99@6 P99@7",
      "0[FP]complete@3 33[FP]complete@3 66[FP]complete@5 99[FP]complete@7" },
  { "tumbling/empty", "mode=tumbling tumbling-ms=100 sources=F empty-windows=yes",
      "F50@0 F350@1 F400@2",
      "0[F]watermark@1 100[](F:watermark)watermark@2 200[](F:watermark)watermark@2 "
      "300[F]watermark@2" },
  { "order/older-later", "", "F33@0 F0@50 P33@60 G33@61 @300",
      "0[F](P:timeout)(G:timeout)timeout@100 33[FPG]complete@100" },
  { "approximate/pairs",
      "mode=approximate sources=F,P learn-bounds=no idle-timeout-ms=0 window-ms=5000",
      "F0@0 P1@1 F1000@1000 P1001@1001", "0[FP]complete@1000" },
  { "approximate/timeout", "mode=approximate sources=F,P idle-timeout-ms=0", "F0@0 @300",
      "0[F](P:timeout)timeout@100" },
  { "approximate/late", "mode=approximate sources=F,P idle-timeout-ms=0 learn-bounds=no",
      "F0@0 P1@1 F50@50 P0@51", "0[FP]complete@50 late:P0@51" },
};

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  rig_add_cases (cases, G_N_ELEMENTS (cases));
  return trib_test_run ();
}
