/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-socket-place.h"

G_BEGIN_DECLS

/* What waits to be written to one receiver, bounded: items that go out whole, one after the other.
 * Belongs to whoever holds the sender's lock; frees nothing, and never waits. Private to gst/socket. */

/* bytes in parts, shared by the queues of all receivers */
typedef struct {
  guint refs; /* the sender's lock */
  guint n_parts;
  gsize size;
  GBytes *parts[];
} TribSocketItem;

typedef enum {
  TRIB_SOCKET_LOST_NO_RECEIVER, /* nobody was there */
  TRIB_SOCKET_LOST_SLOW,        /* newer ones came faster than the receiver read */
  TRIB_SOCKET_LOST_GONE,        /* the receiver went before it had it whole */
  TRIB_SOCKET_LOST_LARGE,       /* larger than what may wait, or than a datagram can be */
  TRIB_SOCKET_N_LOST,
} TribSocketLost;

const gchar *trib_socket_lost_to_string (TribSocketLost lost);

typedef struct {
  gint fd; /* -1: not connected */
  TribSocketType type;
  gint pid;
  gint64 since_us; /* connected */
  GQueue items;
  gsize begun;   /* bytes of the first item that are written */
  gsize waiting; /* bytes of all items */
} TribSocketPeer;

typedef struct {
  guint64 sent;
  guint64 bytes;
  guint64 lost[TRIB_SOCKET_N_LOST];
} TribSocketPeerCounts;

/* items that nobody needs any more collect in @trash, to be freed when no lock is held */
TribSocketItem *trib_socket_item_new (GBytes *const *parts, guint n_parts);
void trib_socket_item_unref (TribSocketItem *item, GQueue *trash);
void trib_socket_trash_clear (GQueue *trash);

TribSocketPeer *trib_socket_peer_new (gint fd, TribSocketType type);
void trib_socket_peer_free (TribSocketPeer *peer);
void trib_socket_peer_push (TribSocketPeer *peer, TribSocketItem *item, gsize max_bytes,
    guint max_items, TribSocketPeerCounts *counts, GQueue *trash);
gboolean trib_socket_peer_write (
    TribSocketPeer *peer, TribSocketPeerCounts *counts, GQueue *trash, gint *ret_number);
gboolean trib_socket_peer_look (TribSocketPeer *peer, gint *ret_number);
void trib_socket_peer_disconnect (
    TribSocketPeer *peer, gboolean keep, TribSocketPeerCounts *counts, GQueue *trash);

G_END_DECLS
