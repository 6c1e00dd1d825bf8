/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of several senders: in turn, each with its share of the bytes (OBS-9). */
#include <string.h>

#include <socket/trib-socket-queue.h>

enum { FLOOD = 1, GOOD, OTHER };

/* of 100 bytes and their overhead */
static void
push (TribSocketQueue *q, guint64 sender, gchar mark)
{
  TribSocketRecord *record = g_malloc0 (sizeof *record + 100);

  record->len = 100;
  record->data[0] = mark;
  trib_socket_queue_push (q, sender, record);
}

static gchar
pop (TribSocketQueue *q, gboolean *ret_space)
{
  g_autofree TribSocketRecord *record = trib_socket_queue_pop (q, ret_space);

  return record->data[0];
}

static void
assert_pops (TribSocketQueue *q, const gchar *wanted)
{
  gboolean space;

  for (const gchar *p = wanted; *p != '\0'; p++)
    g_assert_cmpint (pop (q, &space), ==, *p);
}

static TribSocketCounts
counts_of (TribSocketQueue *q)
{
  TribSocketCounts counts;

  trib_socket_queue_get_counts (q, &counts);
  return counts;
}

/* until the reader would not read it any more */
static guint
fill (TribSocketQueue *q, guint64 sender, gchar mark)
{
  guint n = 0;

  for (; trib_socket_queue_wants_more (q, sender); n++)
    push (q, sender, mark);
  return n;
}

static void
test_turns (void)
{
  TribSocketQueue *q = trib_socket_queue_new (1000000, FALSE);

  for (guint i = 0; i < 1000; i++)
    push (q, FLOOD, 'f');
  push (q, GOOD, '1');
  push (q, GOOD, '2');
  push (q, OTHER, 'a');
  assert_pops (q, "f1af2ff");
  /* a new turn begins behind the others that wait */
  push (q, GOOD, '3');
  assert_pops (q, "f3ff");
  g_assert_cmpuint (counts_of (q).pending, ==, 1000 - 7);
  trib_socket_queue_drop_all (q);
  g_assert_cmpuint (counts_of (q).dropped_flush, ==, 1000 - 7);
  g_assert_cmpuint (counts_of (q).pending_bytes, ==, 0);
  trib_socket_queue_free (q);
}

/* One alone has all of it; with another it has half, and that one is read at once. */
static void
test_shares (void)
{
  TribSocketQueue *q = trib_socket_queue_new (100000, FALSE);
  guint all = fill (q, FLOOD, 'f'), waits = 0;
  gboolean space;

  g_assert_cmpuint (counts_of (q).pending_bytes, >=, 100000);
  g_assert_cmpuint (fill (q, GOOD, 'g'), ==, 1);
  g_assert_false (trib_socket_queue_wants_more (q, FLOOD));
  g_assert_false (trib_socket_queue_has_space (q));
  for (guint i = 0; i < 2 * all; i++) {
    waits += pop (q, &space) == 'f' ? 0 : 1;
    fill (q, GOOD, 'g');
    fill (q, FLOOD, 'f');
  }
  /* in turn */
  g_assert_cmpuint (waits, ==, all);
  g_assert_cmpuint (counts_of (q).pending_bytes, <, 100000 + 2 * 200);
  while (counts_of (q).pending > 0)
    pop (q, &space);
  g_assert_true (trib_socket_queue_wants_more (q, FLOOD));
  trib_socket_queue_free (q);
}

/* The reader is woken when it may read the sender whose record was taken, or any at all. */
static void
test_woken (void)
{
  TribSocketQueue *q = trib_socket_queue_new (10000, FALSE);
  gboolean space;

  fill (q, FLOOD, 'f');
  fill (q, GOOD, 'g');
  /* above the limit still */
  g_assert_cmpint (pop (q, &space), ==, 'f');
  g_assert_false (space);
  /* nothing of this one is left */
  g_assert_cmpint (pop (q, &space), ==, 'g');
  g_assert_true (space);
  /* once */
  g_assert_cmpint (pop (q, &space), ==, 'f');
  g_assert_false (space);
  trib_socket_queue_free (q);
}

/* The largest queue loses, whichever record is new. */
static void
test_drop_oldest (void)
{
  TribSocketQueue *q = trib_socket_queue_new (100000, TRUE);
  gboolean space;

  push (q, GOOD, '1');
  for (guint i = 0; i < 100000; i++)
    push (q, FLOOD, 'f');
  push (q, GOOD, '2');
  g_assert_cmpuint (counts_of (q).pending_bytes, <=, 100000);
  g_assert_cmpint (pop (q, &space), ==, '1');
  g_assert_cmpint (pop (q, &space), ==, 'f');
  g_assert_cmpint (pop (q, &space), ==, '2');
  g_assert_cmpuint (
      counts_of (q).dropped_oldest + counts_of (q).pending + counts_of (q).records_out, ==, 100002);
  trib_socket_queue_free (q);
}

/* Many short connections are one sender: they have one turn, and no new one is accepted when they
 * have filled the queue. */
static void
test_left (void)
{
  TribSocketQueue *q = trib_socket_queue_new (100000, FALSE);
  guint n = 0;

  for (guint64 sender = 10; trib_socket_queue_wants_more (q, TRIB_SOCKET_LEFT); sender++, n++) {
    push (q, sender, 'l');
    push (q, sender, 'l');
    trib_socket_queue_leave (q, sender);
    trib_socket_queue_leave (q, sender);
  }
  g_assert_cmpuint (counts_of (q).pending, ==, 2 * n);
  g_assert_cmpuint (counts_of (q).pending_bytes, <, 100000 + 2 * 200);
  g_assert_cmpuint (fill (q, GOOD, 'g'), ==, 1);
  assert_pops (q, "lgll");
  trib_socket_queue_free (q);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/socket-queue/OBS-9/turns", test_turns);
  g_test_add_func ("/socket-queue/OBS-9/shares", test_shares);
  g_test_add_func ("/socket-queue/OBS-9/woken", test_woken);
  g_test_add_func ("/socket-queue/OBS-9/drop-oldest", test_drop_oldest);
  g_test_add_func ("/socket-queue/OBS-9/left", test_left);
  return g_test_run ();
}
