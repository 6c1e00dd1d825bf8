/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-socket-queue.h"

/* memory of a record besides its bytes, so that small ones are bounded, too */
#define OVERHEAD (sizeof (TribSocketRecord) + 48)

struct _TribSocketQueue {
  /* set once */
  gsize max_bytes;
  gboolean drop_oldest;

  GMutex lock;
  GCond cond;
  /* lock */
  GQueue records;
  gboolean flushing;
  gboolean reader_waits; /* it found the queue full, and is to be woken when there is space */
  TribSocketCounts counts;
};

/**
 * trib_socket_reason:
 * @reason: a code of #TribRecordError, or %TRIB_SOCKET_HALF
 *
 * Returns: one word, for counters
 */
const gchar *
trib_socket_reason (guint reason)
{
  return reason == TRIB_SOCKET_HALF ? "half" : trib_record_error_reason ((TribRecordError) reason);
}

TribSocketQueue *
trib_socket_queue_new (gsize max_bytes, gboolean drop_oldest)
{
  TribSocketQueue *q = g_new0 (TribSocketQueue, 1);

  q->max_bytes = max_bytes;
  q->drop_oldest = drop_oldest;
  g_mutex_init (&q->lock);
  g_cond_init (&q->cond);
  g_queue_init (&q->records);
  return q;
}

void
trib_socket_queue_free (TribSocketQueue *q)
{
  g_queue_clear_full (&q->records, g_free);
  g_mutex_clear (&q->lock);
  g_cond_clear (&q->cond);
  g_free (q);
}

/* (nullable) @locks: lock */
static TribSocketRecord *
take (TribSocketQueue *q)
{
  TribSocketRecord *record = g_queue_pop_head (&q->records);

  if (record != NULL) {
    q->counts.pending--;
    q->counts.pending_bytes -= record->len + OVERHEAD;
  }
  return record;
}

/**
 * trib_socket_queue_push:
 * @record: (transfer full): always accepted: the reader asks trib_socket_queue_wants_more() before
 *   each read, so that the queue exceeds its limit by one read at most
 */
void
trib_socket_queue_push (TribSocketQueue *q, TribSocketRecord *record)
{
  g_mutex_lock (&q->lock);
  while (q->drop_oldest && q->counts.pending > 0
         && q->counts.pending_bytes + record->len + OVERHEAD > q->max_bytes) {
    g_free (take (q));
    q->counts.dropped_oldest++;
  }
  g_queue_push_tail (&q->records, record);
  q->counts.records_in++;
  q->counts.pending++;
  q->counts.pending_bytes += record->len + OVERHEAD;
  g_cond_signal (&q->cond);
  g_mutex_unlock (&q->lock);
}

/**
 * trib_socket_queue_pop:
 * @ret_space: (out): whether the reader waits, and the queue has space now
 *
 * Blocks until there is a record.
 *
 * Returns: (transfer full) (nullable): the oldest; %NULL when flushing
 */
TribSocketRecord *
trib_socket_queue_pop (TribSocketQueue *q, gboolean *ret_space)
{
  TribSocketRecord *record = NULL;

  g_mutex_lock (&q->lock);
  while (!q->flushing && g_queue_is_empty (&q->records))
    g_cond_wait (&q->cond, &q->lock);
  if (!q->flushing) {
    record = take (q);
    q->counts.records_out++;
  }
  *ret_space = q->reader_waits && q->counts.pending_bytes < q->max_bytes;
  if (*ret_space)
    q->reader_waits = FALSE;
  g_mutex_unlock (&q->lock);
  return record;
}

void
trib_socket_queue_set_flushing (TribSocketQueue *q, gboolean flushing)
{
  g_mutex_lock (&q->lock);
  q->flushing = flushing;
  g_cond_broadcast (&q->cond);
  g_mutex_unlock (&q->lock);
}

void
trib_socket_queue_drop_all (TribSocketQueue *q)
{
  TribSocketRecord *record;

  g_mutex_lock (&q->lock);
  while ((record = take (q)) != NULL) {
    q->counts.dropped_flush++;
    g_free (record);
  }
  g_mutex_unlock (&q->lock);
}

/* FALSE: trib_socket_queue_pop() reports when there is space */
gboolean
trib_socket_queue_wants_more (TribSocketQueue *q)
{
  gboolean wants;

  g_mutex_lock (&q->lock);
  wants = q->drop_oldest || q->counts.pending_bytes < q->max_bytes;
  q->reader_waits = !wants;
  g_mutex_unlock (&q->lock);
  return wants;
}

void
trib_socket_queue_refuse (TribSocketQueue *q, guint reason)
{
  g_mutex_lock (&q->lock);
  q->counts.records_in++;
  q->counts.refused[reason]++;
  g_mutex_unlock (&q->lock);
}

void
trib_socket_queue_count (TribSocketQueue *q, const TribSocketCounts *more)
{
  g_mutex_lock (&q->lock);
  q->counts.bytes_in += more->bytes_in;
  q->counts.clients += more->clients;
  q->counts.clients_closed += more->clients_closed;
  q->counts.clients_refused += more->clients_refused;
  q->counts.clients_now = more->clients_now;
  g_mutex_unlock (&q->lock);
}

void
trib_socket_queue_get_counts (TribSocketQueue *q, TribSocketCounts *ret)
{
  g_mutex_lock (&q->lock);
  *ret = q->counts;
  g_mutex_unlock (&q->lock);
}
