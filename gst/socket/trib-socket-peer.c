/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-socket-peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <common/trib-state.h>

#include "trib-socket-debug.h"

#define MAX_PARTS 32
#define WRITES_A_ROUND 64
#define DISCARD_BYTES 4096

/**
 * trib_socket_lost_to_string:
 * @lost: why something was not sent
 *
 * Returns: one word, for counters
 */
const gchar *
trib_socket_lost_to_string (TribSocketLost lost)
{
  static const gchar *const words[TRIB_SOCKET_N_LOST] = { "no-receiver", "slow", "gone", "large" };

  return (guint) lost < TRIB_SOCKET_N_LOST ? words[lost] : "unknown";
}

/* ---- items ---- */

/**
 * trib_socket_item_new:
 * @parts: what makes it up, in order; taken references of
 * @n_parts: how many
 *
 * Returns: (transfer full): for trib_socket_trash_clear()
 */
TribSocketItem *
trib_socket_item_new (GBytes *const *parts, guint n_parts)
{
  TribSocketItem *item = g_atomic_rc_box_alloc0 (sizeof *item + n_parts * sizeof *item->parts);

  item->n_parts = n_parts;
  for (guint i = 0; i < n_parts; i++) {
    item->parts[i] = g_bytes_ref (parts[i]);
    item->size += g_bytes_get_size (parts[i]);
  }
  return item;
}

static void
item_clear (gpointer data)
{
  TribSocketItem *item = data;

  for (guint i = 0; i < item->n_parts; i++)
    g_bytes_unref (item->parts[i]);
}

static void
item_release (gpointer item)
{
  g_atomic_rc_box_release_full (item, item_clear);
}

/* without locks: the owner of the parts is called */
void
trib_socket_trash_clear (GQueue *trash)
{
  g_queue_clear_full (trash, item_release);
}

/* ---- one receiver ---- */

static const TribStateRow state_rows[] = {
  [TRIB_SOCKET_PEER_DISCONNECTED] = { "disconnected", TRIB_STATE (TRIB_SOCKET_PEER_CONNECTED) },
  [TRIB_SOCKET_PEER_CONNECTED] = { "connected", TRIB_STATE (TRIB_SOCKET_PEER_DISCONNECTED) },
};
static const TribStateTable states
    = { "receiver", &trib_socket_debug, state_rows, G_N_ELEMENTS (state_rows) };

/* not connected */
TribSocketPeer *
trib_socket_peer_new (TribSocketType type)
{
  TribSocketPeer *peer = g_new0 (TribSocketPeer, 1);

  peer->fd = -1;
  peer->type = type;
  g_queue_init (&peer->items);
  return peer;
}

/* @fd: the peer's from now on */
void
trib_socket_peer_connected (TribSocketPeer *peer, gint fd, gint64 now)
{
  peer->fd = fd;
  peer->since_us = now;
  peer->pid = peer->type == TRIB_SOCKET_STREAM ? trib_socket_peer_pid (fd) : 0;
  g_snprintf (peer->id, sizeof peer->id, "process %d", peer->pid);
  TRIB_STATE_SET (&states, peer->id, peer->state, TRIB_SOCKET_PEER_CONNECTED, NULL);
}

/* disconnected and without items: trib_socket_peer_disconnect() */
void
trib_socket_peer_free (TribSocketPeer *peer)
{
  g_assert (g_queue_is_empty (&peer->items) && peer->fd < 0);
  g_free (peer);
}

static void
drop_nth (TribSocketPeer *peer, guint n, GQueue *trash)
{
  TribSocketItem *item = g_queue_pop_nth (&peer->items, n);

  peer->waiting -= item->size;
  g_queue_push_tail (trash, item);
}

static void
count_lost (TribSocketPeer *peer, TribSocketPeerCounts *counts, TribSocketLost lost, gsize size)
{
  counts->lost[lost]++;
  TRIB_LOG (&trib_socket_debug, TRIB_LOG_DEBUG, peer->id, "dropped %" G_GSIZE_FORMAT " bytes: %s",
      size, trib_socket_lost_to_string (lost));
}

/* its reference goes to @trash */
static void
lose_nth (
    TribSocketPeer *peer, guint n, TribSocketLost lost, TribSocketPeerCounts *counts, GQueue *trash)
{
  const TribSocketItem *item = g_queue_peek_nth (&peer->items, n);

  count_lost (peer, counts, lost, item->size);
  drop_nth (peer, n, trash);
}

/**
 * trib_socket_peer_push:
 * @item: one more reference is taken, if it is kept
 * @max_bytes: limit of the queue
 * @max_items: limit of the queue, not counting an item that is partly written
 *
 * Queues @item. Where that exceeds a limit, the oldest items are dropped, but for one that is
 * partly written: it is written whole, or the receiver could not parse what follows.
 */
void
trib_socket_peer_push (TribSocketPeer *peer, TribSocketItem *item, gsize max_bytes, guint max_items,
    TribSocketPeerCounts *counts, GQueue *trash)
{
  guint first = peer->begun > 0 ? 1 : 0;

  if (item->size > max_bytes) {
    count_lost (peer, counts, TRIB_SOCKET_LOST_LARGE, item->size);
    return;
  }
  while (g_queue_get_length (&peer->items) > first
         && (peer->waiting + item->size > max_bytes
             || g_queue_get_length (&peer->items) - first >= max_items)) {
    lose_nth (peer, first, TRIB_SOCKET_LOST_SLOW, counts, trash);
  }
  if (peer->waiting + item->size > max_bytes) {
    count_lost (peer, counts, TRIB_SOCKET_LOST_SLOW, item->size);
    return;
  }
  if (g_queue_is_empty (&peer->items))
    peer->idle_since_us = g_get_monotonic_time ();
  g_queue_push_tail (&peer->items, g_atomic_rc_box_acquire (item));
  peer->waiting += item->size;
}

/* what remains of the first item */
static guint
fill_parts (const TribSocketPeer *peer, const TribSocketItem *item, struct iovec *parts)
{
  gsize skip = peer->begun;
  guint n = 0;

  for (guint i = 0; i < item->n_parts && n < MAX_PARTS; i++) {
    gsize len;
    const guint8 *bytes = g_bytes_get_data (item->parts[i], &len);

    if (skip >= len) {
      skip -= len;
      continue;
    }
    parts[n++] = (struct iovec){ (gpointer) (bytes + skip), len - skip };
    skip = 0;
  }
  return n;
}

static gssize
write_once (TribSocketPeer *peer, struct iovec *parts, guint n)
{
  struct msghdr message = { .msg_iov = parts, .msg_iovlen = n };
  gssize written;

  do {
    written = peer->type == TRIB_SOCKET_FIFO
                  ? writev (peer->fd, parts, (gint) n)
                  : sendmsg (peer->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (written < 0 && errno == EINTR);
  return written;
}

/**
 * trib_socket_peer_write:
 * @ret_number: (out): why the connection ended, an errno
 *
 * Writes what the system accepts without blocking. The thread must have SIGPIPE blocked, because of
 * FIFOs.
 *
 * Returns: %FALSE when the connection has ended
 */
gboolean
trib_socket_peer_write (
    TribSocketPeer *peer, TribSocketPeerCounts *counts, GQueue *trash, gint *ret_number)
{
  for (guint i = 0; i < WRITES_A_ROUND; i++) {
    TribSocketItem *item = g_queue_peek_head (&peer->items);
    struct iovec parts[MAX_PARTS];
    gssize written;

    if (item == NULL)
      return TRUE;
    written = write_once (peer, parts, fill_parts (peer, item, parts));
    if (written < 0 && peer->type == TRIB_SOCKET_DATAGRAM && errno == EMSGSIZE) {
      lose_nth (peer, 0, TRIB_SOCKET_LOST_LARGE, counts, trash);
      continue;
    }
    if (written < 0) {
      *ret_number = errno;
      return errno == EAGAIN || errno == ENOBUFS;
    }
    peer->idle_since_us = g_get_monotonic_time ();
    counts->bytes += (guint64) written;
    peer->begun += (gsize) written;
    if (peer->begun < item->size)
      continue;
    peer->begun = 0;
    drop_nth (peer, 0, trash);
    counts->sent++;
  }
  return TRUE;
}

/**
 * trib_socket_peer_check:
 * @ret_number: (out): why the connection ended, an errno; 0: the receiver closed it
 *
 * To be called when poll() reports input or an error. Input of a receiver has no meaning: it is
 * read and discarded.
 *
 * Returns: %FALSE when the connection has ended
 */
gboolean
trib_socket_peer_check (TribSocketPeer *peer, gint *ret_number)
{
  gchar ignored[DISCARD_BYTES];
  gssize n;

  if (peer->type != TRIB_SOCKET_STREAM) {
    *ret_number = EPIPE;
    return FALSE;
  }
  n = recv (peer->fd, ignored, sizeof ignored, MSG_DONTWAIT);
  *ret_number = n < 0 ? errno : 0;
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/**
 * trib_socket_peer_disconnect:
 * @keep: whether the queue is kept for the next connection, from the first byte of an item that is
 *   partly written; else its items are lost
 * @why: for the log
 */
void
trib_socket_peer_disconnect (TribSocketPeer *peer, gboolean keep, const gchar *why,
    TribSocketPeerCounts *counts, GQueue *trash)
{
  if (peer->fd >= 0)
    close (peer->fd);
  peer->fd = -1;
  peer->begun = 0;
  TRIB_STATE_SET (&states, peer->id, peer->state, TRIB_SOCKET_PEER_DISCONNECTED, why);
  while (!keep && !g_queue_is_empty (&peer->items))
    lose_nth (peer, 0, TRIB_SOCKET_LOST_GONE, counts, trash);
}
