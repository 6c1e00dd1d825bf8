/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The edge cases of alignment (OBS-5) at the element, one test a row: what comes in, when, and what
 * comes out. Time is the test's. */
#include <string.h>

#include "obsaligner-rig.h"

#define FPG "sources=F,P,G "

typedef struct {
  const gchar *row;
  const gchar *properties;
  const gchar *script;   /* see rig_say() */
  const gchar *expected; /* of all fused records, the end included; see rig_fused_summary() */
  const gchar *stat;     /* (nullable): FIELD=VALUE[ FIELD=VALUE...] */
} Row;

static const Row rows[] = {
  { "01", FPG, "F0@10 P0@20 G0@35", "0 complete F,P,G", "records-emitted=3" },
  { "02", FPG "order=key", "F0@10 P0@20 F33@43 P33@50 G33@60 @109 @110",
      "0 timeout F,P -G:timeout|33 complete F,P,G", NULL },
  { "03", FPG "order=completion", "F0@10 P0@20 F33@43 P33@50 G33@60 @109 @110",
      "33 complete F,P,G|0 timeout F,P -G:timeout", NULL },
  { "04", FPG "late-policy=update", "F0@10 P0@20 @110 G0@111",
      "0 timeout F,P -G:timeout|0 late pane 1 F,P,G", "records-late=1" },
  { "05", "sources=F,P", "F0@0 P0@5 F0@200", "0 complete F,P", "records-duplicate=1" },
  { "06", FPG "mode=watermark", "F0@0 P0@1 F33@33 P33@34 G33@35",
      "0 watermark F,P -G:watermark|33 complete F,P,G", NULL },
  { "07", FPG "mode=watermark idle-timeout-ms=50", "F0@0 P0@1 G0@2 F33@33 P33@34 @52 F66@66 P66@67",
      "0 complete F,P,G|33 watermark F,P -G:watermark|66 watermark F,P -G:watermark", NULL },
  { "08", FPG "mode=watermark idle-timeout-ms=50",
      "F0@0 P0@1 G0@2 F33@33 P33@34 @52 F66@66 P66@67 G33@68 F100@70 P100@71 G100@72",
      "0 complete F,P,G|33 watermark F,P -G:watermark|66 watermark F,P -G:watermark|100 complete "
      "F,P,G",
      "records-late=1" },
  { "09", FPG, "F0@10 P0@20 G0@110", "0 timeout F,P -G:timeout", "records-late=1" },
  { "10", "sources=F,P", "F0@0 F0@1 P0@2", "0 complete F,P", "records-duplicate=1" },
  { "10-append", "sources=F,P duplicate-policy=append", "F0@0 F0@1 P0@2", "0 complete F*2,P",
      "records-duplicate=0" },
  { "11", "sources=F,P order=key", "F33@0 P33@1 F0@2", "33 complete F,P", "records-late=1" },
  { "12", "sources=F,P order=completion retain-ms=1000", "F3000@0 P3000@1 F0@2",
      "3000 complete F,P", "records-late=1" },
  { "13", FPG, "F0@0 P0@1 G0=empty@2", "0 complete F,P,Ge", NULL },
  { "14", FPG, "F0@0 P0@1 G0=skipped@2", "0 complete F,P -G:skipped", NULL },
  { "15", FPG, "0=announce:F+P@0 @99 @100", "0 timeout -F:timeout -P:timeout", NULL },
  { "16", FPG "idle-timeout-ms=50", "F0@0 P0@1 @100 F200@200 P200@201 @300",
      "0 timeout F,P -G:timeout|200 timeout F,P -G:timeout", NULL },
  { "16-completes", FPG "idle-timeout-ms=50 idle-completes=true",
      "F0@0 P0@1 F40@40 P40@41 F80@80 P80@81",
      "0 complete F,P -G:idle|40 complete F,P -G:idle|80 complete F,P -G:idle", NULL },
  { "17", "sources=F,P mode=watermark idle-timeout-ms=50", "F0@0 F33@10 @60 @61",
      "0 watermark F -P:watermark|33 watermark F -P:watermark", NULL },
  { "19", FPG, "F0@0 P0@1 G=eos@2 @3", "0 eos F,P -G:eos", NULL },
  { "20", FPG, "F0@0 F33@1 F66@2 F100@3 F133@4",
      "0 eos F -P:eos -G:eos|33 eos F -P:eos -G:eos|66 eos F -P:eos -G:eos|"
      "100 eos F -P:eos -G:eos|133 eos F -P:eos -G:eos",
      NULL },
  { "22", "sources=F,P mode=watermark",
      "F0@0 P0@1 F33@33 F34:t1000000000000@34 P33@34 F66@66 P66@67",
      "0 complete F,P|33 complete F,P|66 complete F,P", "records-dropped-implausible=1" },
  { "23", "sources=F,P", "F60000@0 P60000@1 F60033@33 P60033@34 F33@66 P33@66 F66@99 P66@100",
      "60000 complete F,P|60033 complete F,P|33 complete epoch 1 F,P|66 complete epoch 1 F,P",
      "jumps=1" },
  { "24", "sources=F,P mode=watermark allowed-lateness-ms=200",
      "F0@0 P0@1 F100@100 P100@101 F6@102 F133@133 P133@134",
      "0 complete F,P|100 complete F,P|133 complete F,P", "jumps=0 records-late=1" },
  { "25", "sources=F,P", "F0@0 P0@1 F1:t33@33 P1:t33@34 F0:t1500@500 P0:t1500@501",
      "0 complete F,P|1 complete F,P|0 complete F,P", "id-reuse=1" },
  { "26", "sources=F,P", "F7:t0@0 P7:t3@1", "7 complete F,P", NULL },
  { "27", "sources=F,P match-key=time match-tolerance-ms=5", "F:t0@0 F:t33@1 P:t4@2 P:t39@3 @103",
      "t=0 complete F,P|t=33000000 timeout F -P:timeout|t=39000000 timeout P -F:timeout", NULL },
  { "28", "sources=F,P max-pending=3", "F0@0 F1@1 F2@2 F3@3 F4@4 P3@5 P4@6 P2@7",
      "0 overflow F -P:overflow|1 overflow F -P:overflow|2 complete F,P|3 complete F,P|"
      "4 complete F,P",
      NULL },
  { "29", "sources=F,P", "F0@0 P0#1/2@1 P0#2/2@2", "0 complete F,P*2", NULL },
  { "30", "sources=F mode=tumbling tumbling-ms=100", "F:t-1@0 F:t50@1 F:t150@2",
      "t=-100000000 watermark F|t=0 watermark F|t=100000000 eos F", NULL },
  { "31", "sources=F mode=tumbling tumbling-ms=100", "F:t99.999999@0 F:t99.999999@1 F:t100@2",
      "t=0 watermark F|t=100000000 eos F", "records-late=1" },
  { "35", "sources=F,P window-base=event", "F0@0 F33@5000 F99@5001 F134@5002 P33@5003 P134@5003",
      "0 timeout F -P:timeout|33 timeout F -P:timeout|99 eos F -P:eos|134 complete F,P", NULL },
};

static void
check_stats (Rig *rig, const gchar *wanted)
{
  g_auto (GStrv) each = g_strsplit (wanted, " ", -1);

  for (guint i = 0; each[i]; i++) {
    gchar *value = strchr (each[i], '=');

    *value++ = '\0';
    g_test_message ("%s", each[i]);
    g_assert_cmpuint (rig_stat (rig, each[i]), ==, g_ascii_strtoull (value, NULL, 10));
  }
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new (row->properties);

  rig_say (rig, rig->h, row->script);
  rig_end (rig, row->expected);
  if (row->stat)
    check_stats (rig, row->stat);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *path = g_strdup_printf ("/obsaligner/row/%s", rows[i].row);
    g_test_add_data_func (path, &rows[i], test_row);
  }
  return trib_gst_test_run ();
}
