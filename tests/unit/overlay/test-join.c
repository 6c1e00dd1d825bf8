/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which record is whose: by id, by time; late, unmatched, dropped; what stands in; books that
 * close. */
#include <overlay/trib-overlay-join.h>

#include <trib-test.h>

#define MS G_GINT64_CONSTANT (1000000)
#define TOLERANCE (20 * MS)

static TribOverlayKey
by_id (guint64 id)
{
  return (TribOverlayKey){ TRUE, id, 0, TRIB_OVERLAY_NO_TIME, (gint64) id * 40 * MS };
}

static TribOverlayKey
by_time (gint64 ms)
{
  return (TribOverlayKey){ FALSE, 0, 0, TRIB_OVERLAY_NO_TIME, ms * MS };
}

static void
push (TribOverlayJoin *join, TribOverlayKey key, gboolean is_fused)
{
  TribOverlayRecord *record = trib_overlay_record_new (&key, TRIB_RECORD_JSON, "{}", 2);

  record->is_fused = is_fused;
  trib_overlay_join_add (join, record);
}

static TribOverlayJoin *
make (void)
{
  TribOverlayJoin *join = trib_overlay_join_new ();

  trib_overlay_join_set_bounds (join, 10, 1000);
  return join;
}

static GPtrArray *
make_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) trib_overlay_record_unref);
}

/* how many records a frame gets; it leaves */
static guint
leave (TribOverlayJoin *join, TribOverlayKey frame)
{
  g_autoptr (GPtrArray) found = make_list ();
  guint n = trib_overlay_join_find (join, &frame, TOLERANCE, found);

  trib_overlay_join_leave (join, &frame, TOLERANCE, n > 0);
  return n;
}

static gint64
held (TribOverlayJoin *join, TribOverlayKey frame, gint64 hold_ms, guint *ret_n)
{
  g_autoptr (GPtrArray) found = make_list ();
  gint64 age = trib_overlay_join_held (join, &frame, 0, hold_ms * MS, found);

  *ret_n = found->len;
  return age;
}

static void
assert_books (TribOverlayJoin *join, guint64 used, guint64 late, guint64 unmatched, guint64 dropped,
    guint64 pending)
{
  TribOverlayCounts books;

  trib_overlay_join_get_counts (join, &books);
  g_assert_cmpuint (books.used, ==, used);
  g_assert_cmpuint (books.late, ==, late);
  g_assert_cmpuint (books.unmatched, ==, unmatched);
  g_assert_cmpuint (books.dropped, ==, dropped);
  g_assert_cmpuint (books.pending, ==, pending);
  g_assert_cmpuint (books.pending_bytes, ==, 2 * pending);
  g_assert_cmpuint (books.in, ==, used + late + unmatched + dropped + pending);
}

static void
test_by_id (void)
{
  g_autoptr (TribOverlayJoin) join = make ();

  push (join, by_id (2), TRUE);
  push (join, by_id (1), TRUE);
  push (join, by_id (4), TRUE);
  g_assert_cmpuint (leave (join, by_id (1)), ==, 1);
  g_assert_cmpuint (leave (join, by_id (2)), ==, 1);
  push (join, by_id (2), TRUE); /* late */
  g_assert_cmpuint (leave (join, by_id (3)), ==, 0);
  g_assert_cmpuint (leave (join, by_id (5)), ==, 0); /* 4 never came */
  assert_books (join, 2, 1, 1, 0, 0);
}

static void
test_by_time (void)
{
  g_autoptr (TribOverlayJoin) join = make ();
  TribOverlayKey captured = { FALSE, 0, 0, 80 * MS, TRIB_OVERLAY_NO_TIME };
  TribOverlayKey never = { FALSE, 0, 0, TRIB_OVERLAY_NO_TIME, TRIB_OVERLAY_NO_TIME };
  TribOverlayKey far = { FALSE, 0, 0, G_MININT64 + 1, TRIB_OVERLAY_NO_TIME };

  push (join, by_time (45), TRUE);
  push (join, captured, FALSE);
  push (join, never, FALSE);
  push (join, far, FALSE);
  g_assert_cmpuint (leave (join, by_time (0)), ==, 0);
  g_assert_cmpuint (leave (join, by_time (40)), ==, 1);
  g_assert_cmpuint (leave (join, by_time (80)), ==, 1);
  assert_books (join, 2, 0, 1, 0, 1);
}

/* frame 7 of one session is not frame 7 of another */
static void
test_sessions (void)
{
  g_autoptr (TribOverlayJoin) join = make ();
  TribOverlayKey record = by_id (7), frame = by_id (7);

  record.session = trib_overlay_session_hash ("a", 1);
  frame.session = trib_overlay_session_hash ("b", 1);
  push (join, record, TRUE);
  g_assert_cmpuint (leave (join, frame), ==, 0);
  assert_books (join, 0, 0, 0, 0, 1);
  frame.session = 0;
  g_assert_cmpuint (leave (join, frame), ==, 1);
}

/* frame 7 of two cameras of one session, and of one that counts from 0 again */
static void
test_streams (void)
{
  g_autoptr (TribOverlayJoin) join = make ();
  TribOverlayKey frame = by_id (7), other;

  frame.session = trib_overlay_session_hash ("s", 1);
  frame.stream = trib_overlay_session_hash ("a", 1);
  frame.t_ns = 100 * MS;
  other = frame;
  other.stream = trib_overlay_session_hash ("b", 1);
  push (join, other, TRUE);
  g_assert_cmpuint (leave (join, frame), ==, 0);
  other = frame;
  other.t_ns = 900 * MS;
  push (join, other, TRUE);
  g_assert_cmpuint (leave (join, frame), ==, 0);
  g_assert_cmpuint (leave (join, other), ==, 1);
  other.t_ns = 901 * MS;
  push (join, other, TRUE);
  /* what names no stream is by its id */
  other.session = other.stream = 0;
  g_assert_cmpuint (leave (join, other), ==, 1);
}

static void
test_panes (void)
{
  g_autoptr (TribOverlayJoin) join = make ();

  push (join, by_id (1), FALSE);
  push (join, by_id (1), FALSE);
  g_assert_cmpuint (leave (join, by_id (1)), ==, 2);
  push (join, by_id (2), TRUE);
  push (join, by_id (2), TRUE); /* the later pane is what counts */
  g_assert_cmpuint (leave (join, by_id (2)), ==, 1);
  assert_books (join, 4, 0, 0, 0, 0);
}

static void
test_held (void)
{
  g_autoptr (TribOverlayJoin) join = make ();
  guint n;

  g_assert_cmpint (held (join, by_id (1), 100, &n), ==, -1);
  push (join, by_id (1), FALSE);
  push (join, by_id (1), FALSE);
  leave (join, by_id (1));
  leave (join, by_id (2));
  g_assert_cmpint (held (join, by_id (2), 100, &n), ==, 40 * MS);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpint (held (join, by_id (4), 100, &n), ==, -1);
  /* a late one is newer */
  push (join, by_id (2), TRUE);
  g_assert_cmpint (held (join, by_id (4), 100, &n), ==, 80 * MS);
  g_assert_cmpuint (n, ==, 1);
  /* and one that is older than that does not replace it */
  push (join, by_id (1), TRUE);
  g_assert_cmpint (held (join, by_id (3), 100, &n), ==, 40 * MS);
  trib_overlay_join_forget (join);
  g_assert_cmpint (held (join, by_id (3), 100, &n), ==, -1);
}

static void
test_passed (void)
{
  g_autoptr (TribOverlayJoin) join = make ();
  TribOverlayKey frame = by_id (3);

  push (join, by_id (5), FALSE); /* sources may overtake each other */
  g_assert_false (trib_overlay_join_is_passed (join, &frame, TOLERANCE));
  push (join, by_id (2), TRUE);
  g_assert_false (trib_overlay_join_is_passed (join, &frame, TOLERANCE));
  push (join, by_id (4), TRUE);
  g_assert_true (trib_overlay_join_is_passed (join, &frame, TOLERANCE));
  frame = by_id (10);
  g_assert_false (trib_overlay_join_is_passed (join, &frame, TOLERANCE));
  trib_overlay_join_pass (join, 401 * MS);
  g_assert_true (trib_overlay_join_is_passed (join, &frame, TOLERANCE));
}

static void
test_bounds (void)
{
  g_autoptr (TribOverlayJoin) join = make ();

  for (guint i = 0; i < 25; i++)
    push (join, by_id (i), TRUE);
  assert_books (join, 0, 0, 0, 15, 10);
  trib_overlay_join_set_bounds (join, 10, 9);
  assert_books (join, 0, 0, 0, 21, 4);
  g_assert_cmpuint (leave (join, by_id (21)), ==, 1);
  trib_overlay_join_forget (join);
  assert_books (join, 1, 0, 0, 24, 0);
}

/* a video that begins anew without a flush */
static void
test_jump (void)
{
  g_autoptr (TribOverlayJoin) join = make ();

  push (join, by_id (100), TRUE);
  leave (join, by_id (100));
  g_assert_cmpuint (leave (join, by_id (0)), ==, 0);
  push (join, by_id (1), TRUE);
  g_assert_cmpuint (leave (join, by_id (1)), ==, 1);
  assert_books (join, 2, 0, 0, 0, 0);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/overlay/join/by-id", test_by_id);
  g_test_add_func ("/overlay/join/by-time", test_by_time);
  g_test_add_func ("/overlay/join/sessions", test_sessions);
  g_test_add_func ("/overlay/join/streams", test_streams);
  g_test_add_func ("/overlay/join/panes", test_panes);
  g_test_add_func ("/overlay/join/held", test_held);
  g_test_add_func ("/overlay/join/passed", test_passed);
  g_test_add_func ("/overlay/join/bounds", test_bounds);
  g_test_add_func ("/overlay/join/jump", test_jump);
  return trib_test_run ();
}
