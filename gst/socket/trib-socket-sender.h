/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-socket-peer.h"

G_BEGIN_DECLS

/* Sends items, each whole, to a process at a Unix socket or FIFO, or to all processes that connect
 * to one (contract OBS-9), on a thread of its own: a slow reader does not block the caller. The I/O
 * object of this folder for output.
 *
 * The queue of each receiver is bounded, and drops its oldest items. A receiver that is absent, or
 * disconnects, is tried again, first after 20 ms, then with a pause that doubles. */

typedef struct {
  const gchar *location;
  TribSocketType type;
  gboolean listen;    /* streams: receivers connect here */
  guint mode;         /* of the file that is made: listening, or a FIFO that is not there */
  guint max_clients;  /* listening */
  gsize max_bytes;    /* of the queue of a receiver */
  guint max_items;    /* of the queue of a receiver, besides one that is partly written */
  gboolean keep;      /* the queue when its receiver disconnects; not when listening */
  guint max_pause_ms; /* between two attempts to connect */
  /* listening: a receiver that has read nothing of what waits for so long gives its place to
   * another, if all are taken; 0: never */
  guint idle_timeout_ms;
} TribSocketSenderConfig;

/**
 * TribSocketSenderCounts:
 * @items_in: items pushed: taken + @no_receiver
 * @copies: an item for a receiver: sent + all lost + pending
 *
 * Since the sender was made.
 */
typedef struct {
  guint64 items_in;
  guint64 bytes_in;
  guint64 no_receiver;
  guint64 copies;
  guint64 sent;
  guint64 bytes_out;
  guint64 lost[TRIB_SOCKET_N_LOST]; /* NO_RECEIVER: always 0, they are no copies */
  guint64 pending;
  guint64 pending_bytes;
  guint64 receivers; /* connections that were made */
  guint64 receivers_now;
  guint64 receivers_refused;
  guint64 receivers_idle; /* of those that were made, closed here for a new one */
} TribSocketSenderCounts;

typedef enum {
  TRIB_SOCKET_LOST,      /* items were lost; once for each reason until receivers change */
  TRIB_SOCKET_RECEIVERS, /* receivers connected, disconnected, or were refused; at most once a
                          * second */
} TribSocketSenderEventKind;

typedef struct {
  TribSocketSenderEventKind kind;
  const gchar *reason; /* LOST: a word */
  const gchar *detail; /* LOST, RECEIVERS: for people, of the last one */
  guint64 count;       /* LOST: for that reason, since the sender was made */
  gint pid;            /* RECEIVERS: of the last one; 0: not known */
  guint64 joined;      /* RECEIVERS: since the event before */
  guint64 left;
  guint64 refused;
  guint connected; /* RECEIVERS: now */
} TribSocketSenderEvent;

/* on the sender's thread, without locks */
typedef void (*TribSocketSenderNotify) (const TribSocketSenderEvent *event, gpointer user_data);

typedef enum {
  TRIB_SOCKET_PUSH_TAKEN,       /* queued for at least one receiver; or lost and counted */
  TRIB_SOCKET_PUSH_NO_RECEIVER, /* counted, not queued */
  TRIB_SOCKET_PUSH_FLUSHING,    /* not counted */
} TribSocketPush;

typedef struct _TribSocketSender TribSocketSender;

TribSocketSender *trib_socket_sender_new (const TribSocketSenderConfig *config,
    TribSocketSenderNotify notify, gpointer user_data, GError **error);
void trib_socket_sender_stop (TribSocketSender *s);
void trib_socket_sender_free (TribSocketSender *s);

TribSocketPush trib_socket_sender_push (
    TribSocketSender *s, GBytes *const *parts, guint n_parts, gboolean wait);
gboolean trib_socket_sender_drain (TribSocketSender *s, gint64 timeout_us);
void trib_socket_sender_set_flushing (TribSocketSender *s, gboolean flushing);
void trib_socket_sender_get_counts (TribSocketSender *s, TribSocketSenderCounts *ret);

G_END_DECLS
