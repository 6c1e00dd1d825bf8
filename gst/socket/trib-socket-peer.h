/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-socket-place.h"

G_BEGIN_DECLS

/* The output queue of one receiver, bounded: items that are written whole, one after the other.
 * Guarded by the sender's lock; frees nothing, and never blocks. Private to gst/socket. */

/* bytes in parts, shared by the queues of all receivers: a GAtomicRcBox */
typedef struct {
  guint n_parts;
  gsize size;
  GBytes *parts[];
} TribSocketItem;

typedef enum {
  TRIB_SOCKET_LOST_NO_RECEIVER, /* no receiver was connected */
  TRIB_SOCKET_LOST_SLOW,        /* newer items arrived faster than the receiver read */
  TRIB_SOCKET_LOST_GONE,        /* the receiver disconnected before the item was written whole */
  TRIB_SOCKET_LOST_LARGE,       /* larger than the limit of the queue, or than a datagram can be */
  TRIB_SOCKET_N_LOST,
} TribSocketLost;

const gchar *trib_socket_lost_to_string (TribSocketLost lost);

typedef enum { TRIB_SOCKET_PEER_DISCONNECTED, TRIB_SOCKET_PEER_CONNECTED } TribSocketPeerState;

typedef struct {
  TribSocketPeerState state;
  gchar id[24]; /* for logs */
  gint fd;      /* -1: not connected */
  TribSocketType type;
  gint pid;             /* 0: not known */
  gint64 since_us;      /* connected */
  gint64 idle_since_us; /* nothing of what waits has been read; only while something waits */
  GQueue items;
  gsize begun;   /* bytes of the first item that are written */
  gsize waiting; /* bytes of all items */
} TribSocketPeer;

typedef struct {
  guint64 sent;
  guint64 bytes;
  guint64 lost[TRIB_SOCKET_N_LOST];
} TribSocketPeerCounts;

/* References that are given up under a lock collect in @trash, and are released when no lock is
 * held. */
TribSocketItem *trib_socket_item_new (GBytes *const *parts, guint n_parts);
void trib_socket_trash_clear (GQueue *trash);

TribSocketPeer *trib_socket_peer_new (TribSocketType type);
void trib_socket_peer_free (TribSocketPeer *peer);
void trib_socket_peer_connected (TribSocketPeer *peer, gint fd, gint64 now);
void trib_socket_peer_push (TribSocketPeer *peer, TribSocketItem *item, gsize max_bytes,
    guint max_items, TribSocketPeerCounts *counts, GQueue *trash);
gboolean trib_socket_peer_write (
    TribSocketPeer *peer, TribSocketPeerCounts *counts, GQueue *trash, gint *ret_number);
gboolean trib_socket_peer_check (TribSocketPeer *peer, gint *ret_number);
void trib_socket_peer_disconnect (TribSocketPeer *peer, gboolean keep, const gchar *why,
    TribSocketPeerCounts *counts, GQueue *trash);

G_END_DECLS
