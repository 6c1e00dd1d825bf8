/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-socket-peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

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
 * Returns: (transfer full): with one reference
 */
TribSocketItem *
trib_socket_item_new (GBytes *const *parts, guint n_parts)
{
  TribSocketItem *item = g_malloc0 (sizeof *item + n_parts * sizeof *item->parts);

  item->refs = 1;
  item->n_parts = n_parts;
  for (guint i = 0; i < n_parts; i++) {
    item->parts[i] = g_bytes_ref (parts[i]);
    item->size += g_bytes_get_size (parts[i]);
  }
  return item;
}

void
trib_socket_item_unref (TribSocketItem *item, GQueue *trash)
{
  if (--item->refs == 0)
    g_queue_push_tail (trash, item);
}

static void
item_free (gpointer data)
{
  TribSocketItem *item = data;

  for (guint i = 0; i < item->n_parts; i++)
    g_bytes_unref (item->parts[i]);
  g_free (item);
}

/* no lock may be held: whoever made the parts is called */
void
trib_socket_trash_clear (GQueue *trash)
{
  g_queue_clear_full (trash, item_free);
}

/* ---- one receiver ---- */

TribSocketPeer *
trib_socket_peer_new (gint fd, TribSocketType type)
{
  TribSocketPeer *peer = g_new0 (TribSocketPeer, 1);

  peer->fd = fd;
  peer->type = type;
  g_queue_init (&peer->items);
  return peer;
}

/* its items must be gone: trib_socket_peer_disconnect() */
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
  trib_socket_item_unref (item, trash);
}

/**
 * trib_socket_peer_push:
 * @item: one more reference is taken, if it is kept
 * @max_bytes: that may wait
 * @max_items: that may wait, not counting one that is partly written
 *
 * Puts @item behind the others. Where that is too much, the oldest that are not begun make room; what
 * is begun must go out whole, or the receiver could make nothing of the rest.
 */
void
trib_socket_peer_push (TribSocketPeer *peer, TribSocketItem *item, gsize max_bytes, guint max_items,
    TribSocketPeerCounts *counts, GQueue *trash)
{
  guint first = peer->begun > 0 ? 1 : 0;

  if (item->size > max_bytes) {
    counts->lost[TRIB_SOCKET_LOST_LARGE]++;
    return;
  }
  while (g_queue_get_length (&peer->items) > first
         && (peer->waiting + item->size > max_bytes
             || g_queue_get_length (&peer->items) - first >= max_items)) {
    drop_nth (peer, first, trash);
    counts->lost[TRIB_SOCKET_LOST_SLOW]++;
  }
  if (peer->waiting + item->size > max_bytes) {
    counts->lost[TRIB_SOCKET_LOST_SLOW]++;
    return;
  }
  item->refs++;
  g_queue_push_tail (&peer->items, item);
  peer->waiting += item->size;
}

/* what is left of the first item */
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
 * @ret_number: (out): why it is gone, an errno
 *
 * Writes what the system takes without waiting. The thread must have SIGPIPE blocked, because of
 * FIFOs.
 *
 * Returns: %FALSE when the receiver is gone
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
      drop_nth (peer, 0, trash);
      counts->lost[TRIB_SOCKET_LOST_LARGE]++;
      continue;
    }
    if (written < 0) {
      *ret_number = errno;
      return errno == EAGAIN || errno == ENOBUFS;
    }
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
 * trib_socket_peer_look:
 * @ret_number: (out): why it is gone, an errno; 0: it closed its end
 *
 * To be called when poll() says that there is something to be read, or an error. A receiver has
 * nothing to say: what it sends is read and forgotten.
 *
 * Returns: %FALSE when the receiver is gone
 */
gboolean
trib_socket_peer_look (TribSocketPeer *peer, gint *ret_number)
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
 * @keep: whether what waits stays for the next connection, from the begin of what was begun; else it
 *   is lost
 */
void
trib_socket_peer_disconnect (
    TribSocketPeer *peer, gboolean keep, TribSocketPeerCounts *counts, GQueue *trash)
{
  if (peer->fd >= 0)
    close (peer->fd);
  peer->fd = -1;
  peer->begun = 0;
  while (!keep && !g_queue_is_empty (&peer->items)) {
    drop_nth (peer, 0, trash);
    counts->lost[TRIB_SOCKET_LOST_GONE]++;
  }
}
