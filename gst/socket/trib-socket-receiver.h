/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-socket-place.h"
#include "trib-socket-queue.h"

G_BEGIN_DECLS

/* Receives records of any number of processes at one Unix socket, on a thread of its own (contract
 * OBS-9). The I/O object of this folder for input.
 *
 * A datagram is one record, or a list of them; a stream is split by trib-record-stream.h. Each
 * record is validated by the strict readers of gst/record before it is queued. Invalid input is
 * counted by reason and reported; other clients are unaffected. A stream that cannot be parsed any
 * further, or whose record stays incomplete for too long, is closed. */

typedef struct {
  const gchar *location;
  TribSocketType type; /* datagram or stream */
  guint mode;          /* of the file */
  guint max_clients;
  gsize max_record_bytes;
  gboolean text;           /* text forms (trib-obs-text.h), or JSON, a line or datagram each */
  gsize max_bytes;         /* limit of the queue, of all senders */
  gboolean drop_oldest;    /* when it is full; else senders block */
  guint record_timeout_ms; /* from the first byte of a record to its last; 0: no limit */
  /* after which a sender without a record gives its place to another, if all are taken; 0: never */
  guint idle_timeout_ms;
} TribSocketReceiverConfig;

typedef enum {
  TRIB_SOCKET_REFUSED, /* input was no record, or a connection was refused or closed */
  TRIB_SOCKET_SENDERS, /* senders connected or disconnected */
} TribSocketReceiverEventKind;

typedef struct {
  TribSocketReceiverEventKind kind;
  const gchar *reason; /* REFUSED: a word */
  const gchar *detail; /* REFUSED: of the last one, for people */
  gint pid;            /* of the last one's process; 0: not known */
  guint64 count;       /* REFUSED: since the event before */
  guint64 joined;      /* SENDERS: since the event before */
  guint64 left;
  guint connected; /* SENDERS: now */
} TribSocketReceiverEvent;

/* on the receiver's thread, without locks; at most one event of each kind, and of each reason, a
 * second */
typedef void (*TribSocketReceiverNotify) (const TribSocketReceiverEvent *event, gpointer user_data);

typedef struct _TribSocketReceiver TribSocketReceiver;

TribSocketReceiver *trib_socket_receiver_new (const TribSocketReceiverConfig *config,
    TribSocketReceiverNotify notify, gpointer user_data, GError **error);
void trib_socket_receiver_stop (TribSocketReceiver *r);
void trib_socket_receiver_free (TribSocketReceiver *r);

TribSocketRecord *trib_socket_receiver_pop (TribSocketReceiver *r);
void trib_socket_receiver_set_flushing (TribSocketReceiver *r, gboolean flushing);
void trib_socket_receiver_get_counts (TribSocketReceiver *r, TribSocketCounts *ret);

G_END_DECLS
