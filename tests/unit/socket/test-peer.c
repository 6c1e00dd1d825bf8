/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue of one receiver: bounded, items whole, the oldest dropped first. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <socket/trib-socket-peer.h>

typedef struct {
  TribSocketPeer *peer;
  TribSocketPeerCounts counts;
  GQueue trash;
  gint other;
} Rig;

static void
rig_init (Rig *rig)
{
  gint fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
  memset (rig, 0, sizeof *rig);
  g_queue_init (&rig->trash);
  rig->peer = trib_socket_peer_new (TRIB_SOCKET_STREAM);
  trib_socket_peer_connected (rig->peer, fds[0], 0);
  rig->other = fds[1];
}

static void
rig_clear (Rig *rig)
{
  trib_socket_peer_disconnect (rig->peer, FALSE, "the test ends", &rig->counts, &rig->trash);
  trib_socket_trash_clear (&rig->trash);
  trib_socket_peer_free (rig->peer);
  if (rig->other >= 0)
    close (rig->other);
}

static void
push (Rig *rig, const gchar *text, gsize max_bytes, guint max_items)
{
  g_autoptr (GBytes) first = g_bytes_new (text, strlen (text));
  g_autoptr (GBytes) second = g_bytes_new_static ("\n", 1);
  GBytes *const parts[] = { first, second };
  TribSocketItem *item = trib_socket_item_new (parts, 2);

  trib_socket_peer_push (rig->peer, item, max_bytes, max_items, &rig->counts, &rig->trash);
  g_queue_push_tail (&rig->trash, item);
}

static gboolean
write_all (Rig *rig)
{
  gint number;

  return trib_socket_peer_write (rig->peer, &rig->counts, &rig->trash, &number);
}

static void
assert_read (Rig *rig, const gchar *wanted)
{
  gchar text[1000] = "";

  g_assert_cmpint (read (rig->other, text, sizeof text - 1), ==, (gssize) strlen (wanted));
  g_assert_cmpstr (text, ==, wanted);
}

static void
test_bounds (void)
{
  Rig rig;

  rig_init (&rig);
  /* items */
  push (&rig, "one", 1000, 2);
  push (&rig, "two", 1000, 2);
  push (&rig, "three", 1000, 2);
  g_assert_cmpuint (rig.counts.lost[TRIB_SOCKET_LOST_SLOW], ==, 1);
  g_assert_cmpuint (rig.peer->waiting, ==, 10);
  /* bytes: of "two", "three" only the last leaves space */
  push (&rig, "four", 11, 100);
  g_assert_cmpuint (rig.counts.lost[TRIB_SOCKET_LOST_SLOW], ==, 2);
  push (&rig, "larger than the limit", 11, 100);
  g_assert_cmpuint (rig.counts.lost[TRIB_SOCKET_LOST_LARGE], ==, 1);
  g_assert_true (write_all (&rig));
  assert_read (&rig, "three\nfour\n");
  g_assert_cmpuint (rig.counts.sent, ==, 2);
  g_assert_cmpuint (rig.counts.bytes, ==, 11);
  g_assert_cmpuint (rig.peer->waiting, ==, 0);
  rig_clear (&rig);
}

/* An item partly written is not dropped: the receiver could not parse the rest. */
static void
test_begun (void)
{
  g_autofree gchar *large = g_strnfill (4 * 1024 * 1024, 'x');
  g_autofree gchar *bytes = g_malloc (65536);
  g_autoptr (GString) all = g_string_new (NULL);
  gssize n = 0;
  Rig rig;

  rig_init (&rig);
  push (&rig, large, 8 * 1024 * 1024, 1);
  g_assert_true (write_all (&rig));
  g_assert_cmpuint (rig.peer->begun, >, 0);
  push (&rig, "one", 8 * 1024 * 1024, 1);
  push (&rig, "two", 8 * 1024 * 1024, 1);
  g_assert_cmpuint (rig.counts.lost[TRIB_SOCKET_LOST_SLOW], ==, 1);
  /* no space beside the item that is partly written: the new one is lost */
  push (&rig, "three", 4 * 1024 * 1024 + 4, 5);
  g_assert_cmpuint (rig.counts.lost[TRIB_SOCKET_LOST_SLOW], ==, 3);
  push (&rig, "four", 8 * 1024 * 1024, 1);
  while (rig.counts.sent < 2 || n > 0) {
    n = read (rig.other, bytes, 65536);
    if (n > 0)
      g_string_append_len (all, bytes, n);
    g_assert_true (write_all (&rig));
  }
  g_assert_cmpuint (all->len, ==, 4 * 1024 * 1024 + 1 + 5);
  g_assert_cmpuint (rig.counts.bytes, ==, all->len);
  g_assert_cmpstr (all->str + 4 * 1024 * 1024 - 1, ==, "x\nfour\n");
  rig_clear (&rig);
}

/* A receiver that disconnects: its queue is lost, or kept from the first byte of the item partly
 * written. */
static void
test_gone (void)
{
  g_autofree gchar *large = g_strnfill (4 * 1024 * 1024, 'x');
  gint number = 0;
  Rig rig;

  rig_init (&rig);
  push (&rig, large, G_MAXINT32, 10);
  push (&rig, "one", G_MAXINT32, 10);
  g_assert_true (write_all (&rig));
  close (rig.other);
  rig.other = -1;
  g_assert_false (trib_socket_peer_write (rig.peer, &rig.counts, &rig.trash, &number));
  g_assert_cmpint (number, ==, EPIPE);
  trib_socket_peer_disconnect (rig.peer, TRUE, "closed", &rig.counts, &rig.trash);
  g_assert_cmpuint (rig.counts.lost[TRIB_SOCKET_LOST_GONE], ==, 0);
  g_assert_cmpuint (rig.peer->begun, ==, 0);
  g_assert_cmpuint (g_queue_get_length (&rig.peer->items), ==, 2);
  rig_clear (&rig);
  g_assert_cmpuint (rig.counts.lost[TRIB_SOCKET_LOST_GONE], ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/socket-peer/bounds", test_bounds);
  g_test_add_func ("/socket-peer/begun", test_begun);
  g_test_add_func ("/socket-peer/gone", test_gone);
  return g_test_run ();
}
