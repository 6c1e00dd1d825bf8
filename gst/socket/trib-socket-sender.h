/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-socket-peer.h"

G_BEGIN_DECLS

/* Gives items, each whole, to a process at a Unix socket or FIFO, or to all processes that connect to
 * one (contract OBS-9), on a thread of its own: whoever hands them over is never held up by whoever
 * reads. The I/O object of this folder for what goes out.
 *
 * What waits for a receiver is bounded, and the oldest makes room. A receiver that is not there, or
 * goes, is looked for again, at first after 20 ms, then twice as long each time. */

typedef struct {
  const gchar *location;
  TribSocketType type;
  gboolean listen;    /* streams: others connect to us */
  guint mode;         /* of the file that is made: listening, or a FIFO that is not there */
  guint max_clients;  /* listening */
  gsize max_bytes;    /* that wait, a receiver */
  guint max_items;    /* that wait, a receiver, beside one that is begun */
  gboolean keep;      /* what waits when a receiver goes, waits for the next; not when listening */
  guint max_pause_ms; /* between two attempts to connect */
} TribSocketSenderConfig;

/**
 * TribSocketSenderCounts:
 * @items_in: all that was handed over: taken + @no_receiver
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
} TribSocketSenderCounts;

typedef enum {
  TRIB_SOCKET_TOLD_LOST, /* something was not sent; once a reason until who is connected changes */
  TRIB_SOCKET_TOLD_RECEIVERS, /* who is connected has changed; at most one a second */
} TribSocketSenderTold;

typedef struct {
  TribSocketSenderTold kind;
  const gchar *reason; /* LOST: a word */
  const gchar *detail; /* LOST, RECEIVERS: for people, of the last one */
  guint64 count;       /* LOST: for that reason, since the sender was made */
  gint pid;            /* RECEIVERS: of the last one; 0: not known */
  guint64 joined;      /* RECEIVERS: since the message before */
  guint64 left;
  guint connected; /* RECEIVERS: now */
} TribSocketSenderEvent;

/* on the sender's thread, no lock held */
typedef void (*TribSocketSenderTell) (const TribSocketSenderEvent *event, gpointer user_data);

typedef enum {
  TRIB_SOCKET_PUSH_TAKEN,       /* it waits for at least one receiver; or is lost and counted */
  TRIB_SOCKET_PUSH_NO_RECEIVER, /* counted, and forgotten */
  TRIB_SOCKET_PUSH_FLUSHING,    /* not counted */
} TribSocketPush;

typedef struct _TribSocketSender TribSocketSender;

TribSocketSender *trib_socket_sender_new (const TribSocketSenderConfig *config,
    TribSocketSenderTell tell, gpointer user_data, GError **error);
void trib_socket_sender_free (TribSocketSender *s, TribSocketSenderCounts *ret_counts);

TribSocketPush trib_socket_sender_push (
    TribSocketSender *s, GBytes *const *parts, guint n_parts, gboolean wait);
gboolean trib_socket_sender_drain (TribSocketSender *s, gint64 timeout_us);
void trib_socket_sender_set_flushing (TribSocketSender *s, gboolean flushing);
void trib_socket_sender_get_counts (TribSocketSender *s, TribSocketSenderCounts *ret);

G_END_DECLS
