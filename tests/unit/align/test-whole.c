/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of whole files: no time limits a wait, what was skipped for want of time is not complete,
 * capture times that run ahead of the clock are no jump. */
#include "align-rig.h"

#include <trib-test.h>

static const RigCase cases[] = {
  { "whole/waits", "sources=F,P live=no waits=yes idle-timeout-ms=0",
      "F0#0@0 F33#1@1 P0#0@60000 P33#1@120000", "0#0[FP]complete@60000 33#1[FP]complete@120000" },
  { "whole/ahead", "sources=F,P live=no waits=yes idle-timeout-ms=0",
      "F0@0 F33@1 P33@2 P100@3 P101@4 F100@5 F101@6",
      "0[F](P:watermark)watermark@4 33[FP]complete@4 100[FP]complete@5 101[FP]complete@6" },
  { "whole/ahead/announced", "sources=F,P live=no waits=yes idle-timeout-ms=0",
      "A0=FP@0 F0@0 A33=FP@0 P200@1 @90000 P0@90001", "0[FP]complete@90001" },
  { "whole/end", "sources=F,P live=no waits=yes idle-timeout-ms=0", "F0@0 F33@1 P33@2 eos@3",
      "0[F](P:eos)eos@3 33[FP]complete@3" },
  { "whole/silent", "sources=F,P live=no waits=yes idle-timeout-ms=0 max-pending=2",
      "F0@0 F33@1 @99999 F66@100000", "0[F](P:overflow)overflow@100000" },
  /* an answer is as old as many frames: those between were skipped */
  { "whole/slow-answer", "sources=F,P live=no order=completion idle-timeout-ms=0 window-ms=10000",
      "F0#0@0 A0#0=FP@0 F6000#180s@1 P6000#180@1 P0#0@2 F33#1@3 F6033#181@4 P6033#181@5",
      "6000#180[P](F:skipped)complete@1 0#0[FP]complete@2 late:F33@4 6033#181[FP]complete@5" },
  { "whole/slow-answers", "sources=F live=no order=completion idle-timeout-ms=0 retain-ms=10000",
      "F0#0@0 F6000#180@1 F0#0@2 F0#0@3 F6033#181@4",
      "0#0[F]complete@0 6000#180[F]complete@1 dup:F0@2 dup:F0@3 6033#181[F]complete@4" },
};

/* ---- reasons ---- */

static TribAlignReason emitted[8];
static guint n_emitted, n_missing;

static void
on_event (gpointer user_data, const TribAlignEvent *event)
{
  if (event->kind != TRIB_ALIGN_EVENT_EMIT)
    return;
  emitted[n_emitted++] = event->result->reason;
  n_missing = event->result->fused.n_missing;
  trib_align_result_free (event->result);
}

static void
push (TribAlign *a, TribAlignKind kind, const gchar *source, const gchar *reason, gint64 t)
{
  static const gchar *const none[] = { NULL };
  TribAlignRecord record = { .kind = kind,
    .source = source,
    .t_ns = t * TRIB_ALIGN_MS,
    .has_frame_id = TRUE,
    .frame_id = (guint64) t,
    .expected = kind == TRIB_ALIGN_KIND_ANNOUNCE ? none : NULL };

  if (reason)
    record.reason = (TribRecordSlice){ reason, strlen (reason) };
  trib_align_push (a, &record, 0);
}

/* a source without time makes a frame incomplete; one that does not take it does not */
static void
test_spared (void)
{
  static const struct {
    const gchar *reason;
    TribAlignReason result;
  } rows[] = {
    { NULL, TRIB_ALIGN_REASON_COMPLETE },
    { "divisor", TRIB_ALIGN_REASON_COMPLETE },
    { "breaker", TRIB_ALIGN_REASON_SKIPPED },
    { "would-miss", TRIB_ALIGN_REASON_SKIPPED },
    { "timeout", TRIB_ALIGN_REASON_SKIPPED },
    { "superseded", TRIB_ALIGN_REASON_SKIPPED },
  };
  TribAlignConfig config;
  g_autoptr (TribAlign) a = NULL;

  trib_align_config_init (&config);
  config.sources = "F,P";
  a = trib_align_new (&config, on_event, NULL, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    n_emitted = 0;
    push (a, TRIB_ALIGN_KIND_OBS, "F", NULL, 33 * i);
    push (a, TRIB_ALIGN_KIND_SKIPPED, "P", rows[i].reason, 33 * i);
    g_assert_cmpuint (n_emitted, ==, 1);
    g_assert_cmpint (emitted[0], ==, rows[i].result);
    g_assert_cmpuint (n_missing, ==, 1);
  }
}

/* no source has time: each says so behind the announce, and the frame has what they say */
static void
test_none_has_time (void)
{
  TribAlignConfig config;
  g_autoptr (TribAlign) a = NULL;

  n_emitted = 0;
  trib_align_config_init (&config);
  config.sources = "F,P";
  a = trib_align_new (&config, on_event, NULL, NULL, NULL);
  push (a, TRIB_ALIGN_KIND_ANNOUNCE, NULL, "would-miss", 0);
  push (a, TRIB_ALIGN_KIND_SKIPPED, "F", "would-miss", 0);
  g_assert_cmpuint (n_emitted, ==, 0);
  push (a, TRIB_ALIGN_KIND_SKIPPED, "P", "would-miss", 0);
  g_assert_cmpuint (n_emitted, ==, 1);
  g_assert_cmpint (emitted[0], ==, TRIB_ALIGN_REASON_SKIPPED);
  g_assert_cmpuint (n_missing, ==, 2);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  rig_add_cases (cases, G_N_ELEMENTS (cases));
  g_test_add_func ("/align/whole/spared", test_spared);
  g_test_add_func ("/align/whole/none-has-time", test_none_has_time);
  return trib_test_run ();
}
