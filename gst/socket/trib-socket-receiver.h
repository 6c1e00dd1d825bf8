/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-socket-place.h"
#include "trib-socket-queue.h"

G_BEGIN_DECLS

/* Takes records from any number of processes at one Unix socket, on a thread of its own (contract
 * OBS-9). The I/O object of this folder for what comes in.
 *
 * A datagram is one record, or a list of them; a stream is cut by trib-record-stream.h. Each record is
 * read whole by the strict readers of gst/record before it is given on. Whoever sends anything else
 * harms nobody: it is counted by reason and told, and a stream that cannot be read any further, or
 * that leaves a record half for too long, is closed. */

typedef struct {
  const gchar *location;
  TribSocketType type; /* datagram or stream */
  guint mode;          /* of the file */
  guint max_clients;
  gsize max_record_bytes;
  gsize max_bytes;         /* that wait to be taken */
  gboolean drop_oldest;    /* when they do; else senders wait */
  guint record_timeout_ms; /* from the first byte of a record to its last; 0: for ever */
} TribSocketReceiverConfig;

typedef enum {
  TRIB_SOCKET_TOLD_REFUSED, /* something was no record, or a connection was refused or ended */
  TRIB_SOCKET_TOLD_SENDERS, /* who is connected has changed */
} TribSocketTold;

typedef struct {
  TribSocketTold kind;
  const gchar *reason; /* REFUSED: a word */
  const gchar *detail; /* REFUSED: of the last one, for people */
  gint pid;            /* of the last one's process; 0: not known */
  guint64 count;       /* REFUSED: how many since the message before */
  guint64 joined;      /* SENDERS: since the message before */
  guint64 left;
  guint connected; /* SENDERS: now */
} TribSocketReceiverEvent;

/* on the receiver's thread, no lock held; of each kind at most one a second */
typedef void (*TribSocketReceiverTell) (const TribSocketReceiverEvent *event, gpointer user_data);

typedef struct _TribSocketReceiver TribSocketReceiver;

TribSocketReceiver *trib_socket_receiver_new (const TribSocketReceiverConfig *config,
    TribSocketReceiverTell tell, gpointer user_data, GError **error);
void trib_socket_receiver_free (TribSocketReceiver *r, TribSocketCounts *ret_counts);

TribSocketRecord *trib_socket_receiver_pop (TribSocketReceiver *r);
void trib_socket_receiver_set_flushing (TribSocketReceiver *r, gboolean flushing);
void trib_socket_receiver_get_counts (TribSocketReceiver *r, TribSocketCounts *ret);

G_END_DECLS
