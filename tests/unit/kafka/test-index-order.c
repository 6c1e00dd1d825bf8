/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Order of frames: by time over partitions, by index within a stream, session after session. Pure.
 */
#include <kafka/read/trib-kafka-time-order.h>
#include <kafka/read/trib-kafka-index-order.h>

#include <trib-test.h>

static TribKafkaCandidate *
candidate (const gchar *session, guint64 index, TribKafkaCandidateKind kind)
{
  TribKafkaCandidate *s = g_new0 (TribKafkaCandidate, 1);

  s->kind = kind;
  s->entry.identity.session = g_strdup (session);
  s->entry.identity.stream = g_strdup ("cam");
  s->entry.identity.index = s->order = index;
  s->t_ms = 7; /* all are written at once */
  s->when_ms = (gint64) index * 10;
  s->cost = 1000;
  return s;
}

static TribKafkaIndexOrderResult
add_kind (TribKafkaIndexOrder *w, const gchar *session, guint64 index, TribKafkaCandidateKind kind)
{
  TribKafkaCandidate *s = candidate (session, index, kind);
  TribKafkaIndexOrderResult result = trib_kafka_index_order_add (w, s);

  if (result != TRIB_KAFKA_INDEX_ORDER_KEPT)
    trib_kafka_candidate_free (s);
  return result;
}

static TribKafkaIndexOrderResult
add (TribKafkaIndexOrder *w, const gchar *session, guint64 index)
{
  return add_kind (w, session, index, TRIB_KAFKA_CANDIDATE_LINKED);
}

static void
expect (TribKafkaIndexOrder *w, TribKafkaIndexOrderEnd end, const gchar *session, gint64 index)
{
  TribKafkaCandidate *s = trib_kafka_index_order_peek (w, end);

  if (index < 0) {
    g_assert_null (s);
    return;
  }
  g_assert_nonnull (s);
  trib_kafka_index_order_pass_missing (w);
  s = trib_kafka_index_order_pop (w);
  g_assert_cmpstr (s->entry.identity.session, ==, session);
  g_assert_cmpuint (s->entry.identity.index, ==, index);
  trib_kafka_candidate_free (s);
}

static void
test_in_order (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  expect (w, TRIB_KAFKA_INDEX_ORDER_OVER, NULL, -1);
  for (guint i = 0; i < 100; i++) {
    g_assert_cmpint (add (w, "s", i), ==, TRIB_KAFKA_INDEX_ORDER_KEPT);
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", i);
  }
  g_assert_cmpint (add (w, "s", 99), ==, TRIB_KAFKA_INDEX_ORDER_DUPLICATE);
  g_assert_cmpint (add (w, "s", 0), ==, TRIB_KAFKA_INDEX_ORDER_DUPLICATE);
}

/* neighbours that come in any order leave in the right one */
static void
test_shuffled (void)
{
  static const guint order[] = { 2, 0, 1, 5, 4, 3, 7, 6 };
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);
  guint next = 0;

  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    g_assert_cmpint (add (w, "s", order[i]), ==, TRIB_KAFKA_INDEX_ORDER_KEPT);
    while (trib_kafka_index_order_peek (w, TRIB_KAFKA_INDEX_ORDER_OPEN))
      expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", next++);
  }
  g_assert_cmpuint (next, ==, G_N_ELEMENTS (order));
}

/* a missing index is waited for until enough later ones are held, or nothing more comes */
static void
test_missing (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  add (w, "s", 0);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 0);
  for (guint i = 3; i < 3 + TRIB_KAFKA_INDEX_ORDER_FRAMES - 1; i++) {
    add (w, "s", i);
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  }
  g_assert_cmpuint (trib_kafka_index_order_get_missing (w), ==, 2);
  add (w, "s", 3 + TRIB_KAFKA_INDEX_ORDER_FRAMES - 1);
  g_assert_nonnull (trib_kafka_index_order_peek (w, TRIB_KAFKA_INDEX_ORDER_OPEN));
  g_assert_cmpuint (trib_kafka_index_order_pass_missing (w), ==, 1);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 3);
  g_assert_cmpint (add (w, "s", 2), ==, TRIB_KAFKA_INDEX_ORDER_LATE);
  g_assert_cmpint (
      add_kind (w, "s", 1, TRIB_KAFKA_CANDIDATE_FAILED), ==, TRIB_KAFKA_INDEX_ORDER_LATE_FAILED);
  add (w, "s", 100);
  for (guint i = 4; i < 3 + TRIB_KAFKA_INDEX_ORDER_FRAMES; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", i);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OVER, "s", 100);
}

static void
test_bytes (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (2500);

  add (w, "s", 0);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 0);
  add (w, "s", 2);
  add (w, "s", 3);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  add (w, "s", 4);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 2);
}

/* reading begins in the middle: a failed frame's entry is ahead of those on their way before it */
static void
test_middle (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  add_kind (w, "s", 13, TRIB_KAFKA_CANDIDATE_FAILED);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  add (w, "s", 11);
  add (w, "s", 12);
  for (guint i = 14; i < 11 + TRIB_KAFKA_INDEX_ORDER_FRAMES; i++)
    add (w, "s", i);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 11);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 12);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 13);
}

/* a frame that failed and is there after all is kept once, with its bytes */
static void
test_conflict (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);
  TribKafkaCandidate *s;

  add_kind (w, "s", 0, TRIB_KAFKA_CANDIDATE_FAILED);
  g_assert_cmpint (add (w, "s", 0), ==, TRIB_KAFKA_INDEX_ORDER_DUPLICATE);
  g_assert_cmpint (
      add_kind (w, "s", 0, TRIB_KAFKA_CANDIDATE_FAILED), ==, TRIB_KAFKA_INDEX_ORDER_DUPLICATE);
  s = trib_kafka_index_order_peek (w, TRIB_KAFKA_INDEX_ORDER_OPEN);
  g_assert_cmpint (s->kind, ==, TRIB_KAFKA_CANDIDATE_LINKED);
  g_assert_cmpuint (trib_kafka_index_order_get_length (w), ==, 1);
}

static void
test_sessions (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  add (w, "a", 0);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "a", 0);
  add (w, "a", 5);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  /* what is missing of a session that is over will not come */
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++) {
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
    add (w, "b", i);
  }
  g_assert_false (trib_kafka_index_order_is_new_run (w));
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "a", 5);
  g_assert_nonnull (trib_kafka_index_order_peek (w, TRIB_KAFKA_INDEX_ORDER_OPEN));
  g_assert_true (trib_kafka_index_order_is_new_run (w));
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "b", 0);
  g_assert_cmpint (add (w, "a", 6), ==, TRIB_KAFKA_INDEX_ORDER_ENDED);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "b", 1);
  trib_kafka_index_order_reset (w);
  add (w, "a", 0);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "a", 0);
}

static TribKafkaIndexOrderResult
add_at (TribKafkaIndexOrder *w, const gchar *session, guint64 index, gint64 t_ns)
{
  TribKafkaCandidate *s = candidate (session, index, TRIB_KAFKA_CANDIDATE_LINKED);
  TribKafkaIndexOrderResult result;

  s->entry.identity.t_ns = t_ns;
  result = trib_kafka_index_order_add (w, s);
  if (result != TRIB_KAFKA_INDEX_ORDER_KEPT)
    trib_kafka_candidate_free (s);
  return result;
}

static void
give_run (TribKafkaIndexOrder *w, const gchar *session, guint first, guint end, gint64 t_ns)
{
  for (guint i = first; i < end; i++) {
    g_assert_cmpint (add_at (w, session, i, t_ns + i), ==, TRIB_KAFKA_INDEX_ORDER_KEPT);
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, session, i);
  }
}

/* how many frames were not confirmed, all of another session or all of the same */
static guint
count_dropped (TribKafkaIndexOrder *w, gboolean other_session)
{
  TribKafkaCandidate *s;
  gboolean other;
  guint n = 0;

  while ((s = trib_kafka_index_order_take_dropped (w, &other))) {
    g_assert_cmpint (other, ==, other_session);
    trib_kafka_candidate_free (s);
    n++;
  }
  return n;
}

/* one index far ahead, or one frame of another session, changes nothing */
static void
test_rogue (gconstpointer data)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);
  const gchar *session = data;

  give_run (w, "s", 0, 10, 0);
  g_assert_cmpint (add_at (w, session, 1000000, 10), ==, TRIB_KAFKA_INDEX_ORDER_KEPT);
  expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, NULL, -1);
  give_run (w, "s", 10, 10 + TRIB_KAFKA_INDEX_ORDER_FRAMES, 0);
  g_assert_cmpuint (count_dropped (w, FALSE), ==, 0);
  give_run (w, "s", 10 + TRIB_KAFKA_INDEX_ORDER_FRAMES, 100, 0);
  g_assert_cmpuint (count_dropped (w, !g_str_equal (session, "s")), ==, 1);
  g_assert_cmpuint (trib_kafka_index_order_get_length (w), ==, 0);
}

/* the first frame of all is the rogue one */
static void
test_rogue_first (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  add_at (w, "s", 1000000, 5);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++)
    add_at (w, "s", i, i);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 1000000);
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", i);
  give_run (w, "s", TRIB_KAFKA_INDEX_ORDER_CONFIRM, 50, 0);
}

/* several rogue records in a row confirm each other no more than one does: far ahead in sequence,
 * near each other, with unrelated indexes, of another session or run */
static void
test_rogues (gconstpointer data)
{
  static const guint64 indexes[][3] = { { 1000000, 1000001, 1000002 },
    { 1000000, 1000009, 1000004 }, { 1000000, 5000000, 5000001 }, { 200, 100, 300 }, { 3, 4, 5 } };
  const gchar *session = data;

  for (guint row = 0; row < G_N_ELEMENTS (indexes); row++) {
    for (guint n = 2; n <= 3; n++) {
      g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

      give_run (w, "s", 0, 10, 0);
      for (guint i = 0; i < n; i++) {
        g_assert_cmpint (
            add_at (w, session, indexes[row][i], 12 + i), ==, TRIB_KAFKA_INDEX_ORDER_KEPT);
        expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, NULL, -1);
      }
      give_run (w, "s", 10, 100, 0);
      g_assert_cmpuint (count_dropped (w, !g_str_equal (session, "s")), ==, n);
      g_assert_cmpuint (trib_kafka_index_order_get_length (w), ==, 0);
    }
  }
}

/* nothing but the rival is written: two frames are enough, and one is not */
static void
test_silent (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  give_run (w, "a", 0, 10, 0);
  add_at (w, "b", 0, 100);
  expect (w, TRIB_KAFKA_INDEX_ORDER_SILENT, NULL, -1);
  add_at (w, "b", 1, 101);
  expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, NULL, -1);
  expect (w, TRIB_KAFKA_INDEX_ORDER_SILENT, "b", 0);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "b", 1);
}

/* a short run between two others is given where it was */
static void
test_short_run (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  give_run (w, "a", 0, 10, 0);
  for (guint i = 0; i < 3; i++)
    add_at (w, "b", i, 20 + i);
  for (guint i = 0; i < 4; i++)
    add_at (w, "c", i, 30 + i);
  for (guint i = 0; i < 3; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "b", i);
  for (guint i = 0; i < 4; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "c", i);
  give_run (w, "c", 4, 50, 30);
  g_assert_cmpuint (count_dropped (w, TRUE), ==, 0);
}

/* where there is no room for four frames two confirm a run: none of them is dropped */
static void
test_large_frames (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (1500);

  give_run (w, "a", 0, 10, 0);
  add_at (w, "b", 0, 100);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  add_at (w, "b", 1, 101);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "b", 0);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "b", 1);
  g_assert_cmpuint (count_dropped (w, TRUE), ==, 0);
}

/* A rogue index a few ahead: at the present end it waits for as long as frames of the run may be on
 * their way, and those take its place. */
static void
test_rogue_near (void)
{
  for (guint ahead = 2; ahead <= TRIB_KAFKA_INDEX_ORDER_FRAMES; ahead++) {
    g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

    for (guint i = 0; i < 20; i++)
      give_run (w, "s", i, i + 1, i * 1000);
    g_assert_cmpint (trib_kafka_index_order_get_interval (w), ==, 1001);
    g_assert_cmpint (add_at (w, "s", 20 + ahead, 20000), ==, TRIB_KAFKA_INDEX_ORDER_KEPT);
    expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, NULL, -1);
    for (guint i = 20; i < 100; i++)
      give_run (w, "s", i, i + 1, i * 1000);
    g_assert_cmpuint (count_dropped (w, FALSE), ==, 1);
  }
}

/* frames that were lost took their time: what follows them is given at the present end */
static void
test_lost_near (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  for (guint i = 0; i < 20; i++)
    give_run (w, "s", i, i + 1, i * 1000);
  add_at (w, "s", 25, 24000);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, "s", 25);
  /* and one that took longer, too, once the run is silent */
  add_at (w, "s", 28, 400000);
  expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, NULL, -1);
  expect (w, TRIB_KAFKA_INDEX_ORDER_SILENT, "s", 28);
}

/* neighbours of two partitions arrive in any order, with a clock that is set back */
static void
test_clock_set_back (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  for (guint i = 0; i < 10; i++)
    give_run (w, "s", i, i + 1, 100000 + i * 1000);
  for (guint i = 10; i < 13; i++)
    give_run (w, "s", i, i + 1, i * 1000);
  add_at (w, "s", 15, 15000);
  add_at (w, "s", 16, 16000);
  add_at (w, "s", 13, 113000);
  add_at (w, "s", 14, 114000);
  for (guint i = 13; i < 17; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", i);
  g_assert_cmpuint (count_dropped (w, FALSE), ==, 0);
}

/* a jump that the next frames confirm is a gap, all of it missing */
static void
test_jump (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  give_run (w, "s", 0, 10, 0);
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++) {
    expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, NULL, -1);
    add_at (w, "s", 500 + i, 500 + i);
  }
  /* an earlier frame may be on its way, as in front of any gap */
  expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, NULL, -1);
  g_assert_nonnull (trib_kafka_index_order_peek (w, TRIB_KAFKA_INDEX_ORDER_SETTLED));
  g_assert_false (trib_kafka_index_order_is_new_run (w));
  g_assert_cmpuint (trib_kafka_index_order_get_missing (w), ==, 490);
  expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, "s", 500);
  for (guint i = 1; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", 500 + i);
  g_assert_cmpint (add_at (w, "s", 11, 11), ==, TRIB_KAFKA_INDEX_ORDER_LATE);
}

/* the same session id in a second run: frames with other capture times are other frames */
static void
test_runs (gconstpointer data)
{
  gint64 second = GPOINTER_TO_INT (data);
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  give_run (w, "s", 0, 5, 1000);
  g_assert_cmpint (add_at (w, "s", 3, 1003), ==, TRIB_KAFKA_INDEX_ORDER_DUPLICATE);
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++) {
    expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, NULL, -1);
    add_at (w, "s", i, second + i);
  }
  g_assert_nonnull (trib_kafka_index_order_peek (w, TRIB_KAFKA_INDEX_ORDER_OPEN));
  g_assert_true (trib_kafka_index_order_is_new_run (w));
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "s", i);
  give_run (w, "s", TRIB_KAFKA_INDEX_ORDER_CONFIRM, 10, second);
  g_assert_cmpint (add_at (w, "s", 1, second + 1), ==, TRIB_KAFKA_INDEX_ORDER_DUPLICATE);
  if (second > 1000)
    g_assert_cmpint (add_at (w, "s", 4, 1004), ==, TRIB_KAFKA_INDEX_ORDER_ENDED);
}

/* a run of one frame is given at the end, when nothing can confirm it any more */
static void
test_last_run (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  give_run (w, "a", 0, 5, 1000);
  add_at (w, "b", 0, 2000);
  add_at (w, "a", 0, 3000);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OVER, "b", 0);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OVER, "a", 0);
  expect (w, TRIB_KAFKA_INDEX_ORDER_OVER, NULL, -1);
}

/* two cameras that write at the same time are not mixed, at the end neither */
static void
test_beside (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);

  for (guint i = 0; i < 100; i++) {
    give_run (w, "a", i, i + 1, 0);
    g_assert_cmpint (add_at (w, "b", i, i), ==, TRIB_KAFKA_INDEX_ORDER_KEPT);
    expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, NULL, -1);
  }
  expect (w, TRIB_KAFKA_INDEX_ORDER_OVER, NULL, -1);
  g_assert_cmpuint (count_dropped (w, TRUE), ==, 100);
}

/* a session that another one has ended is back once the other is silent */
static void
test_resumed (void)
{
  g_autoptr (TribKafkaIndexOrder) w = trib_kafka_index_order_new (100000);
  guint n = 0;

  give_run (w, "a", 0, 5, 0);
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++)
    add_at (w, "b", i, 5 + i);
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_OPEN, "b", i);
  for (; add_at (w, "a", 5 + n, 5 + n) == TRIB_KAFKA_INDEX_ORDER_ENDED; n++)
    g_assert_cmpuint (n, <, 100);
  g_assert_cmpuint (n, ==, 16);
  for (guint i = 1; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++)
    add_at (w, "a", 5 + n + i, 5 + n + i);
  for (guint i = 0; i < TRIB_KAFKA_INDEX_ORDER_CONFIRM; i++)
    expect (w, TRIB_KAFKA_INDEX_ORDER_SETTLED, "a", 5 + n + i);
}

static void
time_order_expect (TribKafkaTimeOrder *m, gint64 index)
{
  g_autoptr (TribKafkaCandidate) s = trib_kafka_time_order_take (m);

  g_assert_cmpint (s ? (gint64) s->entry.identity.index : -1, ==, index);
}

static void
test_time_order (void)
{
  g_autoptr (TribKafkaTimeOrder) m = trib_kafka_time_order_new (10000);

  trib_kafka_time_order_set_n_partitions (m, 3);
  trib_kafka_time_order_set_idle (m, 2, TRUE);
  time_order_expect (m, -1);
  trib_kafka_time_order_add (m, 0, candidate ("s", 4, TRIB_KAFKA_CANDIDATE_LINKED));
  time_order_expect (m, -1); /* of partition 1 an earlier one may come */
  trib_kafka_time_order_add (m, 1, candidate ("s", 2, TRIB_KAFKA_CANDIDATE_LINKED));
  time_order_expect (m, 2);
  time_order_expect (m, -1);
  /* recordings of the same time may lie one behind the other: only what is written now shows how
   * far it is */
  trib_kafka_time_order_passed (m, 1, 90);
  time_order_expect (m, -1);
  trib_kafka_time_order_set_idle (m, 1, TRUE);
  trib_kafka_time_order_passed (m, 1, 39);
  time_order_expect (m, -1);
  trib_kafka_time_order_passed (m, 1, 40);
  time_order_expect (m, 4);
  trib_kafka_time_order_add (m, 2, candidate ("s", 9, TRIB_KAFKA_CANDIDATE_LINKED));
  time_order_expect (m, -1);
  trib_kafka_time_order_set_all_idle (m);
  time_order_expect (m, 9);
  g_assert_cmpuint (trib_kafka_time_order_get_length (m), ==, 0);
}

/* a partition that lags is not waited for without end */
static void
test_time_order_bound (void)
{
  g_autoptr (TribKafkaTimeOrder) m = trib_kafka_time_order_new (3500);

  trib_kafka_time_order_set_n_partitions (m, 2);
  for (guint i = 0; i < 3; i++)
    trib_kafka_time_order_add (m, 0, candidate ("s", i, TRIB_KAFKA_CANDIDATE_LINKED));
  time_order_expect (m, -1);
  trib_kafka_time_order_add (m, 0, candidate ("s", 3, TRIB_KAFKA_CANDIDATE_LINKED));
  time_order_expect (m, 0);
  time_order_expect (m, -1);
  g_assert_cmpuint (trib_kafka_time_order_get_length (m), ==, 3);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/index-order/in-order", test_in_order);
  g_test_add_func ("/kafka/index-order/shuffled", test_shuffled);
  g_test_add_func ("/kafka/index-order/missing", test_missing);
  g_test_add_func ("/kafka/index-order/bytes", test_bytes);
  g_test_add_func ("/kafka/index-order/middle", test_middle);
  g_test_add_func ("/kafka/index-order/conflict", test_conflict);
  g_test_add_func ("/kafka/index-order/sessions", test_sessions);
  g_test_add_data_func ("/kafka/index-order/rogue/index", "s", test_rogue);
  g_test_add_data_func ("/kafka/index-order/rogue/session", "other", test_rogue);
  g_test_add_func ("/kafka/index-order/rogue/first", test_rogue_first);
  g_test_add_data_func ("/kafka/index-order/rogue/several", "s", test_rogues);
  g_test_add_data_func ("/kafka/index-order/rogue/several-of-session", "other", test_rogues);
  g_test_add_func ("/kafka/index-order/rogue/near", test_rogue_near);
  g_test_add_func ("/kafka/index-order/lost-near", test_lost_near);
  g_test_add_func ("/kafka/index-order/clock-set-back", test_clock_set_back);
  g_test_add_func ("/kafka/index-order/silent", test_silent);
  g_test_add_func ("/kafka/index-order/short-run", test_short_run);
  g_test_add_func ("/kafka/index-order/large-frames", test_large_frames);
  g_test_add_func ("/kafka/index-order/jump", test_jump);
  g_test_add_data_func ("/kafka/index-order/runs/later", GINT_TO_POINTER (2000), test_runs);
  g_test_add_data_func ("/kafka/index-order/runs/earlier", GINT_TO_POINTER (100), test_runs);
  g_test_add_func ("/kafka/index-order/last-run", test_last_run);
  g_test_add_func ("/kafka/index-order/beside", test_beside);
  g_test_add_func ("/kafka/index-order/resumed", test_resumed);
  g_test_add_func ("/kafka/time-order/order", test_time_order);
  g_test_add_func ("/kafka/time-order/bound", test_time_order_bound);
  return trib_test_run ();
}
