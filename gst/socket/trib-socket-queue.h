/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-record.h>

G_BEGIN_DECLS

/* Queue of records between the thread that reads a socket and the streaming thread, bounded in
 * bytes, with the counters of both. Each sender has a queue in it, and they are served in turn: one
 * that sends without a pause delays another by a record, and has its share of the bytes only. Any
 * thread. Private to gst/socket, but for the types. */

/* complete and validated, as received */
typedef struct {
  gint64 arrival_us; /* of its last byte, monotonic */
  TribRecordFormat format;
  gsize len;
  gchar data[];
} TribSocketRecord;

/* why input is no record: the codes of TribRecordError, and */
#define TRIB_SOCKET_HALF \
  TRIB_RECORD_N_ERRORS /* its sender disconnected, or was too slow, in the middle */
#define TRIB_SOCKET_N_REASONS (TRIB_SOCKET_HALF + 1)
/* why a connection is refused or closed, besides: no reasons of records */
#define TRIB_SOCKET_CLIENTS (TRIB_SOCKET_HALF + 1) /* there are too many */
#define TRIB_SOCKET_IDLE (TRIB_SOCKET_HALF + 2) /* it sent nothing, and another one had no place */
#define TRIB_SOCKET_N_NOTICES (TRIB_SOCKET_HALF + 3)

/* the sender that stands for all that have left */
#define TRIB_SOCKET_LEFT 0

const gchar *trib_socket_reason (guint reason);

/**
 * TribSocketCounts:
 * @records_in: records received, valid or not: out + dropped_oldest + dropped_flush + all refused +
 *   pending
 *
 * Since the receiver was made.
 */
typedef struct {
  guint64 records_in;
  guint64 bytes_in; /* read from sockets */
  guint64 records_out;
  guint64 dropped_oldest;
  guint64 dropped_flush;
  guint64 refused[TRIB_SOCKET_N_REASONS];
  guint64 pending;
  guint64 pending_bytes;
  guint64 clients;         /* connections accepted */
  guint64 clients_now;     /* of them, open */
  guint64 clients_closed;  /* of them, closed here because of invalid input */
  guint64 clients_refused; /* connections beyond the limit */
  guint64 clients_idle;    /* of those accepted, closed here for a new one */
} TribSocketCounts;

typedef struct _TribSocketQueue TribSocketQueue;

TribSocketQueue *trib_socket_queue_new (gsize max_bytes, gboolean drop_oldest);
void trib_socket_queue_free (TribSocketQueue *q);

void trib_socket_queue_push (TribSocketQueue *q, guint64 sender, TribSocketRecord *record);
TribSocketRecord *trib_socket_queue_pop (TribSocketQueue *q, gboolean *ret_space);
void trib_socket_queue_set_flushing (TribSocketQueue *q, gboolean flushing);
void trib_socket_queue_drop_all (TribSocketQueue *q);
void trib_socket_queue_leave (TribSocketQueue *q, guint64 sender);
gboolean trib_socket_queue_wants_more (TribSocketQueue *q, guint64 sender);
gboolean trib_socket_queue_has_space (TribSocketQueue *q);

void trib_socket_queue_refuse (TribSocketQueue *q, guint reason);
/* adds each field of @more that is no gauge, and sets clients_now */
void trib_socket_queue_count (TribSocketQueue *q, const TribSocketCounts *more);
void trib_socket_queue_get_counts (TribSocketQueue *q, TribSocketCounts *ret);

G_END_DECLS
