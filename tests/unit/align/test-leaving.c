/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outcomes of records and frames: late ones and panes, duplicates, parts, stand-ins, the start
 * of a window, events of delays and counters, profiles (OBS-5, OBS-7), times at the ends of what
 * a number holds. */
#include "align-rig.h"

#include <align/trib-align-log.h>
#include <common/trib-log.h>

#include <string.h>
#include <trib-test.h>

static const RigCase cases[] = {
  { "late/update/panes", "sources=F,P,G,H late-policy=update",
      "F0@0 P0@101 G0@102 P0@103 H0s@104 H0@105",
      "0[F](P:timeout)(G:timeout)(H:timeout)timeout@100 late:P0@101 "
      "0[FP](G:late)(H:late)late/1@101 late:G0@102 0[FPG](H:late)late/2@102 dup:P0@103 late:H0@104 "
      "0[FPG](H:skipped)late/3@104 dup:H0@105" },
  { "late/update/no-frame", "late-policy=update", "F33@0 P33@1 G33@2 F0@3",
      "33[FPG]complete@2 late:F0@3" },
  { "late/update/tumbling", "mode=tumbling tumbling-ms=100 sources=F,P late-policy=update",
      "F50@0 P99@1 F100@2 P120@3 P60@4", "0[FP]watermark@3 late:P60@4 0[FPP]late/1@4" },
  { "late/forward/panes", "late-policy=forward", "F0@10 P0@20 G0@111 G0@112",
      "0[FP](G:timeout)timeout@110 late:G0@111 0[G]late/1@111 dup:G0@112" },
  { "late/forward/no-frame", "late-policy=forward", "F33@0 P33@1 G33@2 F0#4@3",
      "33[FPG]complete@2 late:F0@3 0#4[F]late@3" },
  { "late/not-first-again", "late-policy=drop", "F0@0 G0@101 G0@102",
      "0[F](P:timeout)(G:timeout)timeout@100 late:G0@101 dup:G0@102" },
  { "late/nearest", "sources=F,P match-key=time match-tolerance-ms=5 late-policy=update",
      "F0@0 F6@1 @150 P2@151 P4@152",
      "0[F](P:timeout)timeout@100 6[F](P:timeout)timeout@101 late:P2@151 0[FP]late/1@151 "
      "late:P4@152 6[FP]late/1@152" },
  { "late/retained-by-number", "sources=F,P max-pending=2 late-policy=update",
      "F0@0 F1@1 F2@2 @300 P0@301 P2@302",
      "0[F](P:overflow)overflow@2 1[F](P:timeout)timeout@101 2[F](P:timeout)timeout@102 "
      "late:P0@301 "
      "late:P2@302 2[FP]late/1@302" },
  { "late/retained-by-bytes", "sources=F,P max-pending-bytes=250 late-policy=update",
      "F0@0 F1@1 @150 F2@151 P0@152 P1@153",
      "0[F](P:timeout)timeout@100 1[F](P:timeout)timeout@101 late:P0@152 late:P1@153 "
      "1[FP]late/1@153" },

  { "duplicate/tumbling", "mode=tumbling tumbling-ms=100 sources=F",
      "F0.1@0 F0.1@1 F10.2@2 F10@3 F99999999n.3@4", "dup:F0@1 0[FFFF]watermark@4" },
  { "duplicate/seq-of-others", "sources=F,P duplicate-policy=append", "F0.1@0 F0.2@1 P0.1@2",
      "0[FFP]complete@2" },
  { "duplicate/last-changes-kind", "sources=F,P duplicate-policy=last", "F0@0 F0s@1 P0@2",
      "drop:replaced:F0@1 0[P](F:skipped)complete@2" },
  { "parts/any-order", "sources=F,P", "F0:3/3@0 P0@1 F0:1/3@2 F0:2/3@3", "0[FFFP]complete@3" },
  { "parts/again", "sources=F,P", "F0:1/2@0 F0:1/2@1 P0@2 F0:2/2@3", "dup:F0@1 0[FFP]complete@3" },
  { "parts/last", "sources=F,P duplicate-policy=last", "F0:1/2@0 F0:1/2@1 P0@2 F0:2/2@3",
      "drop:replaced:F0@1 0[FFP]complete@3" },
  { "parts/no-such", "sources=F,P", "F0:3/2@0 P0@1 F0:1/2@2 F0:2/2@3", "0[FFFP]complete@3" },
  { "parts/lie", "sources=F,P", "F0:1/4000000000@0 P0@1 @300", "0[FP](F:parts)timeout@100" },

  { "hold-last/limit", "missing-policy=hold-last hold-max-ms=40",
      "F0@0 P0@1 G0@2 F40@40 P40@41 F41@42 P41@43 @300",
      "0[FPG]complete@2 40[FPG{40}]timeout@140 41[FP](G:timeout)timeout@142" },
  { "hold-last/not-empty", "sources=F,P missing-policy=hold-last", "F0@0 P0e@1 F33@33 @300",
      "0[FPe]complete@1 33[F](P:timeout)timeout@133" },
  { "hold-last/newest", "sources=F,P missing-policy=hold-last order=completion",
      "F66@0 P66@1 F33@2 P33@3 F99@99 @300",
      "66[FP]complete@1 33[FP]complete@3 99[FP{33}]timeout@199" },
  { "hold-last/skipped", "sources=F,P missing-policy=hold-last", "F0@0 P0@1 F33@33 P33s@34",
      "0[FP]complete@1 33[F](P:skipped)complete@34" },
  { "missing-drop/skipped", "sources=F,P missing-policy=drop", "F0@0 P0s@1 F33@2 P33e@3",
      "drop:incomplete:F0@1 drop:incomplete:P0@1 33[FPe]complete@3" },

  { "base/capture/late", "window-base=capture sources=F,P",
      "F0@0 F10@500 P10@500 F600@560 P600@601",
      "0[F](P:timeout)timeout@100 10[F](P:timeout)timeout@500 late:P10@500 600[FP]complete@601" },
  { "base/capture/early", "window-base=capture sources=F,P", "F0@0 F100@10 @300",
      "0[F](P:timeout)timeout@100 100[F](P:timeout)timeout@200" },
  { "base/event", "window-base=event sources=F,P",
      "F0@0 F99@5000 F100@8990 F101@9000 @99999 eos@100000",
      "idle:F@1000 idle:P@1000 allidle@1000 active:F@5000 idle:F@6000 allidle@6000 active:F@8990 "
      "0[F](P:timeout)timeout@9000 idle:F@10000 allidle@10000 "
      "99[F](P:eos)eos@100000 100[F](P:eos)eos@100000 101[F](P:eos)eos@100000" },
  { "base/event/by-any-source", "window-base=event", "F0@0 P0@1 G100@2 G101@3 F33@4",
      "0[FP](G:timeout)timeout@3" },
  /* at 10 frames a second, the frame of exactly the window waits (OBS-10) */
  { "base/event/ten-a-second", "window-base=event sources=F,P show=delay",
      "F0@0 F100@100 F200@200 F300@300",
      "delay:0(P)=200@200 0[F](P:timeout)timeout@200 delay:100(P)=200@300 "
      "100[F](P:timeout)timeout@300" },

  { "delay", "mode=watermark sources=F,P max-wait-ms=160 show=delay", "F0@0 F151@100 @300",
      "delay:0(P)=151@160 0[F](P:timeout)timeout@160 151[F](P:timeout)timeout@260" },
  { "delay/just", "mode=watermark sources=F,P max-wait-ms=150 show=delay", "F0@0 F150@100 @300",
      "0[F](P:timeout)timeout@150 150[F](P:timeout)timeout@250" },
  { "delay/threshold", "mode=watermark sources=F,P max-wait-ms=151 late-threshold=2 show=delay",
      "F0@0 F200@100 @300", "0[F](P:timeout)timeout@151 200[F](P:timeout)timeout@251" },
  { "delay/window", "mode=watermark sources=F,P max-wait-ms=160 window-ms=50 show=delay",
      "F0@0 P76@100 F76@101 @300",
      "delay:0(P)=76@100 0[F](P:watermark)watermark@100 76[FP]complete@101" },
  { "delay/off", "mode=watermark sources=F,P max-wait-ms=900 late-threshold=0 show=delay",
      "F0@0 F500@1 @999", "0[F](P:timeout)timeout@900 500[F](P:timeout)timeout@901" },
  { "delay/not-by-arrival", "sources=F,P window-ms=10 show=delay", "F0@0 @300",
      "0[F](P:timeout)timeout@10" },
  { "delay/mode-window", "sources=F,P show=delay", "F0@0 F151@50 @120",
      "delay:0(P)=151@100 0[F](P:timeout)timeout@100" },
  { "delay/complete", "sources=F,P window-ms=50 show=delay", "F0@0 F80@10 P0@20",
      "delay:0=80@20 0[FP]complete@20" },
  { "delay/tumbling", "mode=tumbling tumbling-ms=20 window-ms=50 sources=F,P show=delay",
      "F0@0 F95@1 P95@2", "delay:0(P)=95@2 0[F](P:watermark)watermark@2" },
  { "delay/approximate", "mode=approximate window-ms=50 sources=F,P show=delay", "F0@0 F100@10 @50",
      "delay:0(P)=100@50 0[F](P:timeout)timeout@50" },

  { "tumbling/order", "mode=tumbling tumbling-ms=100 sources=F,P times=yes",
      "F50@0 P99@1 F10@2 F30@3 F10.7@4 F99@5 eos@9", "0[F10F10F30F50F99P99]eos@9" },
  { "tumbling/duplicate-first", "mode=tumbling tumbling-ms=100 sources=F times=yes",
      "F5#1@0 F5#1s@1 F5#2@2 F99@3 eos@9", "dup:F5@1 0[F5F5F99]eos@9" },
  { "tumbling/duplicate-last",
      "mode=tumbling tumbling-ms=100 sources=F duplicate-policy=last times=yes",
      "F5#1@0 F5#1e@1 F5#2@2 F99@3 eos@9", "drop:replaced:F5@1 0[F5eF5F99]eos@9" },
  { "tumbling/duplicate-append",
      "mode=tumbling tumbling-ms=100 sources=F duplicate-policy=append times=yes",
      "F5#1@0 F5#1e@1 F99@2 eos@9", "0[F5F5eF99]eos@9" },

  /* nothing else follows when all are idle: what bounds have passed, too, and without max-wait */
  { "idle/bounds", "mode=watermark sources=F,P max-wait-ms=0",
      "F0@0 P0@1 A33@2 A66@3 A99@4 Fb70@5 @5000",
      "0[FP]complete@1 idle:P@1001 33[](F:watermark)(P:watermark)watermark@1001 "
      "66[](F:watermark)(P:watermark)watermark@1001 idle:F@1005 allidle@1005" },
  { "idle/bounds/of-one-that-was-idle-first", "mode=watermark sources=F,P max-wait-ms=0",
      "F0@0 P0@1 A33@2 A66@3 A99@4 Fb70@5 Pb10@6 @5000",
      "0[FP]complete@1 idle:F@1005 33[](F:watermark)(P:watermark)watermark@1006 "
      "66[](F:watermark)(P:watermark)watermark@1006 idle:P@1006 allidle@1006" },
  { "idle/bounds/tumbling", "mode=tumbling tumbling-ms=100 sources=F,P max-wait-ms=0",
      "F10@0 Fb150@1 P10@2 @5000", "idle:F@1001 0[FP]watermark@1002 idle:P@1002 allidle@1002" },

  { "stats", "show=stats stats-interval-ms=100 sources=F", "F0@0 @250 F300@300 @900 eos@901",
      "0[F]complete@0 stats@100 300[F]complete@300 stats@400" },
  { "stats/end", "show=stats stats-interval-ms=100 sources=F", "F0@0 eos@50",
      "0[F]complete@0 stats@50" },

  { "extreme/first", "sources=F,P jump-threshold-ms=0",
      "F-9223372036854775808n@0 P-9223372036854775807n@1 F9223372036854775807n@2 "
      "P9223372036854775807n@3",
      "-9223372036854.775[FP]complete@1 9223372036854.775[FP]complete@3" },
  { "extreme/offset", "sources=F,P jump-threshold-ms=0 source-offset=F:1000,P:-1000",
      "F9223372036854775807n@0 P-9223372036854775808n@1 @300",
      "-9223372036854.775[P](F:timeout)timeout@100 9223372036854.775[F](P:timeout)timeout@100" },
};

/* ---- times at the ends ---- */

/* with any values nothing overflows (checked by the sanitizers), and the counters close */
static void
test_extremes (gconstpointer data)
{
  static const gint64 times[] = { G_MININT64, G_MININT64 + 1, G_MININT64 / 2, -1, 0, G_MAXINT64 / 2,
    G_MAXINT64 - 1, G_MAXINT64 };
  g_autoptr (Rig) rig = rig_new (data);
  g_autofree gchar *told = NULL;
  gint64 now = 0;

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    for (guint k = 0; k < G_N_ELEMENTS (times); k++, now += 40)
      rig_run_format (rig,
          "F%" G_GINT64_FORMAT "n@%" G_GINT64_FORMAT " P%" G_GINT64_FORMAT "n#1@%" G_GINT64_FORMAT
          " Gb%" G_GINT64_FORMAT "n@%" G_GINT64_FORMAT,
          times[i], now, times[k], now + 10, times[k], now + 20);
  trib_align_advance (rig_align (rig), G_MAXINT64 - 1);
  trib_align_set_stopped (rig_align (rig), TRUE, G_MAXINT64 - 1);
  trib_align_finish (rig_align (rig), G_MAXINT64);
  told = rig_take (rig);
  g_assert_true (*told != '\0');
}

static void
test_capture_offset (void)
{
  g_autoptr (Rig) rig = rig_new ("window-base=capture sources=F,P");

  /* the clocks are 5 s apart, and the first record took 60 ms */
  trib_align_set_capture_offset (rig_align (rig), 5000 * TRIB_ALIGN_MS);
  rig_run (rig, "F0@5060 @5099");
  rig_expect (rig, "");
  rig_run (rig, "@5100 flush@5101 F200@5250 @5400");
  rig_expect (rig, "0[F](P:timeout)timeout@5100 200[F](P:timeout)timeout@5300");
}

/* ---- OBS-7 ---- */

static void
test_profiles (void)
{
  static const struct {
    TribAlignProfile profile;
    guint window_ms;
  } profiles[] = {
    { TRIB_ALIGN_PROFILE_NONE, 77 },
    { TRIB_ALIGN_PROFILE_REALTIME, 100 },
    { TRIB_ALIGN_PROFILE_BATCH, 200 },
    { TRIB_ALIGN_PROFILE_LOW_LATENCY, 50 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++) {
    TribAlignConfig config, plain;
    trib_align_config_init (&config);
    config.window_ms = 77;
    plain = config;
    trib_align_config_apply_profile (&config, profiles[i].profile);
    plain.window_ms = profiles[i].window_ms;
    g_assert_cmpmem (&config, sizeof config, &plain, sizeof plain);
  }
}

/* ---- many ---- */

/* row 28 of the table, with its numbers */
static void
test_overflow (void)
{
  g_autoptr (Rig) rig = rig_new ("max-pending=1024 window-ms=10000 idle-timeout-ms=0");
  g_autofree gchar *told = NULL;
  g_auto (GStrv) words = NULL;
  TribAlignTotals totals;

  for (guint i = 0; i < 2000; i++)
    rig_run_format (rig, "F%u@%u", i, i);
  told = rig_take (rig);
  words = g_strsplit (told, " ", -1);
  g_assert_cmpuint (g_strv_length (words), ==, 976);
  for (guint i = 0; i < 976; i++) {
    g_autofree gchar *expected
        = g_strdup_printf ("%u[F](P:overflow)(G:overflow)overflow@%u", i, i + 1024);
    g_assert_cmpstr (words[i], ==, expected);
  }
  trib_align_get_totals (rig_align (rig), &totals);
  g_assert_cmpuint (totals.open, ==, 1024);
  g_assert_cmpuint (totals.by_reason[TRIB_ALIGN_REASON_OVERFLOW], ==, 976);
  g_assert_cmpuint (totals.counts.emitted, ==, 976);
  g_assert_cmpuint (totals.counts.pending, ==, 1024);
  /* the peak is what was there for a moment before the oldest left */
  g_assert_cmpuint (totals.peak_open, <=, 1025);
}

/* an answer of more parts than a word has bits */
static void
test_many_parts (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P");
  g_autofree gchar *told = NULL;

  rig_run (rig, "P0@0");
  for (guint i = 1; i <= 100; i++) {
    rig_expect (rig, "");
    rig_run_format (rig, "F0:%u/100@%u", i, i / 10);
  }
  told = rig_take (rig);
  g_assert_true (g_str_has_suffix (told, "FP]complete@10"));
}

static void
test_totals (void)
{
  g_autoptr (Rig) rig = rig_new ("sources=F,P late-policy=update missing-policy=partial");
  TribAlignTotals totals;

  rig_run (rig, "F0#1@0 P0#1@1 F33#2@33 @200 P33#2@201 P0#1@202 F5000#1@300 flush@301");
  g_free (rig_take (rig));
  trib_align_get_totals (rig_align (rig), &totals);
  g_assert_cmpuint (totals.groups_emitted, ==, 2);
  g_assert_cmpuint (totals.groups_updated, ==, 1);
  g_assert_cmpuint (totals.groups_dropped, ==, 1);
  g_assert_cmpuint (totals.by_reason[TRIB_ALIGN_REASON_COMPLETE], ==, 1);
  g_assert_cmpuint (totals.by_reason[TRIB_ALIGN_REASON_TIMEOUT], ==, 1);
  g_assert_cmpuint (totals.by_reason[TRIB_ALIGN_REASON_LATE], ==, 1);
  g_assert_cmpuint (totals.id_reuse, ==, 1);
  g_assert_cmpuint (totals.counts.late, ==, 1);
  g_assert_cmpuint (totals.counts.duplicate, ==, 1);
  g_assert_cmpuint (totals.epoch, ==, 1);
}

/* ---- as lines ---- */

static void
on_event (gpointer user_data, const TribAlignEvent *event)
{
  trib_align_log_event (user_data, event);
  if (event->kind == TRIB_ALIGN_EVENT_EMIT)
    trib_align_result_free (event->result);
}

/* the log shows which record uses an id again */
static void
test_log_reuse (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (TribAlign) a = NULL;
  TribAlignRecord record = { .source = "face", .has_frame_id = TRUE, .frame_id = 4 };
  TribAlignConfig config;

  trib_align_config_init (&config);
  config.sources = "face";
  a = trib_align_new (&config, on_event, NULL, log, NULL);
  trib_align_push (a, &record, 0);
  g_string_truncate (log, 0);
  record.t_ns = 3000 * TRIB_ALIGN_MS;
  trib_align_push (a, &record, 7);
  g_assert_true (g_str_has_prefix (log->str,
      "{\"v\":1,\"ev\":\"id_reuse\",\"mono\":7,\"epoch\":0,\"frame\":4,\"t\":3000000000,"
      "\"src\":\"face\"}\n"));
}

/* ---- as lines of the debug log ---- */

static GString *logged;

static void G_GNUC_PRINTF (7, 0)
    on_log (TribLogCategory *category, TribLogLevel level, const gchar *file, gint line,
        const gchar *function, const gchar *id, const gchar *format, va_list args)
{
  g_string_append_printf (logged, "%d %s %s: ", level, category->name, id ? id : "-");
  g_string_append_vprintf (logged, format, args);
  g_string_append_c (logged, '\n');
}

/* each decision, with its frame; nothing when nothing listens */
static void
test_debug_log (void)
{
  static const gint threshold = TRIB_LOG_LOG, off = 0;
  static const gchar *const lines[] = {
    "6 tribalign F: frame 7, t 60000000000 ns: opened\n",
    "6 tribalign F: frame 7, t 60000000000 ns: accepted\n",
    "6 tribalign -: frame 7, t 60000000000 ns: emitted: complete after 1000000 ns, pane 0, 2 "
    "answers\n",
    "5 tribalign F: frame 7, t 60000000000 ns: duplicate\n",
    "5 tribalign P: quarantined: capture time 0 ns, latest 60000000000 ns\n",
    "2 tribalign P: unsynced: its clock differs by -60000000000 ns from the others'\n",
    "5 tribalign P: frame at t 0 ns: late by 60000000000 ns, dropped\n",
    "2 tribalign F: clock jump by -60000000000 ns: epoch 1 begins\n",
    "5 tribalign F: source: active -> idle: silent\n",
    "5 tribalign -: all sources are idle\n",
    "5 tribalign F: source: idle -> active: record\n",
    "5 tribalign -: frame at t 99000000 ns: emitted: timeout after 100000000 ns, pane 0, 1 "
    "answers; missing: P (timeout)\n",
  };
  g_autoptr (Rig) rig = rig_new ("sources=F,P");
  const gchar *at;

  logged = g_string_new (NULL);
  trib_log_set_hook (on_log, &threshold);
  rig_run (rig, "F60000#7@0 P60000#7@1 F60000#7@2 P0@32 P33@33 F0@40 F33@66 @5000 F99@5001 @5200");
  trib_log_set_hook (NULL, &off);
  at = logged->str;
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    const gchar *found = strstr (at, lines[i]);
    if (found == NULL)
      g_error ("\"%s\" is not in what follows:\n%s", lines[i], at);
    at = found + strlen (lines[i]);
  }
  g_string_truncate (logged, 0);
  rig_run (rig, "F200@5300 P200@5301");
  g_assert_cmpstr (logged->str, ==, "");
  g_string_free (logged, TRUE);
  g_free (rig_take (rig));
}

int
main (int argc, char **argv)
{
  static const gchar *const extremes[] = { "window", "window window-base=capture",
    "window window-base=event order=completion", "window missing-policy=hold-last",
    "watermark advance=clock late-policy=update", "tumbling empty-windows=yes", "approximate",
    "window match-key=time match-tolerance-ms=1000 late-policy=forward" };

  trib_test_init (&argc, &argv);
  rig_add_cases (cases, G_N_ELEMENTS (cases));
  for (guint i = 0; i < 2 * G_N_ELEMENTS (extremes); i++) {
    g_autofree gchar *path = g_strdup_printf ("/align/extreme/all/%u", i);
    gchar *settings = g_strdup_printf ("mode=%s %s", extremes[i / 2],
        i % 2 ? "jump-threshold-ms=0 source-offset=F:999999999,P:-999999999" : "");
    g_test_add_data_func_full (path, settings, test_extremes, g_free);
  }
  g_test_add_func ("/align/base/capture/set", test_capture_offset);
  g_test_add_func ("/align/profiles", test_profiles);
  g_test_add_func ("/align/row/28/many", test_overflow);
  g_test_add_func ("/align/parts/many", test_many_parts);
  g_test_add_func ("/align/totals", test_totals);
  g_test_add_func ("/align/log/reuse", test_log_reuse);
  g_test_add_func ("/align/log/debug", test_debug_log);
  return trib_test_run ();
}
