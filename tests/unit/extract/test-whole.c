/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole files: frames without a deadline, branches that drop or hold frames, frames of several
 * streams. */
#include "extract-rig.h"

#include <trib-test.h>

#define MS G_GINT64_CONSTANT (1000000)

static Rig *
whole_rig (void)
{
  Rig *rig = rig_new ();
  TribExtractConfig *config = rig_config (rig);

  config->strategy = TRIB_EXTRACT_STRATEGY_NONE;
  config->timeout_ms = 0;
  config->workers = 1024;
  return rig;
}

/* the fast branch has as many frames as the slow one, and no frame is given up */
static void
test_no_deadline (void)
{
  g_autoptr (Rig) rig = whole_rig ();
  gdouble now = 0;
  gint f = rig_add_branch (rig, 'F', 1, NULL), s = rig_add_branch (rig, 'S', 5000, NULL);

  for (guint i = 0; i < 20; i++) {
    for (; !trib_extract_can_push (rig_extract (rig)); now += 100)
      rig_run_until (rig, now + 100);
    rig_frame (rig, i, now, FALSE);
  }
  rig_run_until (rig, now + 200000);
  g_assert_cmpuint (rig_counts (rig, f).answered, ==, 20);
  g_assert_cmpuint (rig_counts (rig, s).answered, ==, 20);
  g_assert_cmpint (trib_extract_next_deadline (rig_extract (rig)), ==, -1);
  rig_check_books (rig);
}

static void
pass (Rig *rig, gint branch, guint64 frame, gdouble ms)
{
  rig_return (rig, branch, ms);
  trib_extract_passed (rig_extract (rig), branch, NULL, frame, 0, (gint64) (ms * MS));
}

/* a branch that answers only the third frame gets all three */
static void
test_passed (void)
{
  g_autoptr (Rig) rig = whole_rig ();
  TribExtractBranchInfo info;
  gint f = rig_add_branch (rig, 'F', -1, NULL);

  rig_frame (rig, 0, 0, FALSE);
  rig_frame (rig, 1, 1, FALSE);
  rig_return (rig, f, 2);
  g_assert_false (trib_extract_can_push (rig_extract (rig)));
  g_assert_true (trib_extract_get_branch (rig_extract (rig), f, &info));
  g_assert_cmpuint (info.n_awaited, ==, 1);
  trib_extract_passed (rig_extract (rig), f, NULL, 0, 0, 3 * MS);
  pass (rig, f, 1, 4);
  g_assert_true (trib_extract_get_branch (rig_extract (rig), f, &info));
  g_assert_cmpuint (info.n_awaited, ==, 0);
  g_assert_true (trib_extract_can_push (rig_extract (rig)));
  rig_frame (rig, 2, 5, FALSE);
  rig_answer (rig, f, 2, 6);
  rig_expect (rig, "0:F@0 1:F@1 2:F@5 F0e@6 0.@6 F1e@6 1.@6 F2@6 2.@6");
  rig_check_books (rig);
}

/* what it was passed by, and never answers, is bounded */
static void
test_passed_bound (void)
{
  g_autoptr (Rig) rig = whole_rig ();
  gint f = rig_add_branch (rig, 'F', -1, NULL);

  for (guint i = 0; i < 1000; i++) {
    rig_frame (rig, i, i, FALSE);
    pass (rig, f, i, i);
  }
  g_assert_cmpuint (rig_counts (rig, f).empty, ==, 1000 - 256);
  trib_extract_bound (rig_extract (rig), f, G_MAXINT64, 1001 * MS);
  g_assert_cmpuint (rig_counts (rig, f).empty, ==, 1000);
  g_assert_true (trib_extract_is_idle (rig_extract (rig)));
  rig_check_books (rig);
}

/* ---- streams ---- */

static guint n_answered, n_unmatched;
static gint64 answered_t;

static void
count (gpointer user_data, const TribExtractEvent *event)
{
  if (event->kind == TRIB_EXTRACT_EVENT_ANSWERED) {
    n_answered++;
    answered_t = event->frame->t_ns;
  }
  n_unmatched += event->kind == TRIB_EXTRACT_EVENT_UNMATCHED;
}

static void
push (TribExtract *x, const gchar *stream, guint64 id, gint64 t)
{
  const TribExtractFrame frame = { .has_frame_id = TRUE,
    .frame_id = id,
    .t_ns = t,
    .pts = TRIB_EXTRACT_NO_PTS,
    .stream = trib_stream_key_new ("session", stream) };

  trib_extract_push (x, &frame, 0);
}

/* frame 7 of two cameras, and of one that restarted: each answer finds its own */
static void
test_streams (void)
{
  g_autoptr (TribStreamKey) a = trib_stream_key_new ("session", "a"),
                            b = trib_stream_key_new ("session", "b");
  TribExtractBranchConfig branch_config;
  TribExtractConfig config;
  g_autoptr (TribExtract) x = NULL;
  gint f;

  trib_extract_config_init (&config);
  trib_extract_branch_config_init (&branch_config);
  branch_config.in_order = FALSE;
  config.max_in_flight = 8;
  config.timeout_ms = 0;
  x = trib_extract_new (&config, count, NULL, NULL);
  f = trib_extract_add_branch (x, "f", &branch_config, 0);
  push (x, "a", 7, 100);
  push (x, "b", 7, 100);
  push (x, "b", 7, 900);
  for (guint i = 0; i < 3; i++)
    trib_extract_returned (x, f, 0);
  trib_extract_answer (x, f, b, TRUE, 7, 500, 1);
  g_assert_cmpuint (n_unmatched, ==, 1);
  trib_extract_answer (x, f, b, TRUE, 7, 100, 1);
  g_assert_cmpint (answered_t, ==, 100);
  trib_extract_answer (x, f, a, TRUE, 7, 100, 1);
  g_assert_cmpint (answered_t, ==, 100);
  g_assert_cmpuint (n_answered, ==, 2);
  /* one without a stream is by its id */
  trib_extract_answer (x, f, NULL, TRUE, 7, 0, 1);
  g_assert_cmpint (answered_t, ==, 900);
  g_assert_cmpuint (n_answered, ==, 3);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/extract/whole/no-deadline", test_no_deadline);
  g_test_add_func ("/extract/whole/passed", test_passed);
  g_test_add_func ("/extract/whole/passed/bound", test_passed_bound);
  g_test_add_func ("/extract/streams", test_streams);
  return trib_test_run ();
}
