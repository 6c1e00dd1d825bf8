/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-record.h>

G_BEGIN_DECLS

/* Queue of records between the thread that reads a socket and the streaming thread, bounded in
 * bytes, with the counters of both. Any thread. Private to gst/socket, but for the types. */

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
} TribSocketCounts;

typedef struct _TribSocketQueue TribSocketQueue;

TribSocketQueue *trib_socket_queue_new (gsize max_bytes, gboolean drop_oldest);
void trib_socket_queue_free (TribSocketQueue *q);

void trib_socket_queue_push (TribSocketQueue *q, TribSocketRecord *record);
TribSocketRecord *trib_socket_queue_pop (TribSocketQueue *q, gboolean *ret_space);
void trib_socket_queue_set_flushing (TribSocketQueue *q, gboolean flushing);
void trib_socket_queue_drop_all (TribSocketQueue *q);
gboolean trib_socket_queue_wants_more (TribSocketQueue *q);

void trib_socket_queue_refuse (TribSocketQueue *q, guint reason);
/* adds each field of @more that is no gauge, and sets clients_now */
void trib_socket_queue_count (TribSocketQueue *q, const TribSocketCounts *more);
void trib_socket_queue_get_counts (TribSocketQueue *q, TribSocketCounts *ret);

G_END_DECLS
