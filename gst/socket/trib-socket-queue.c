/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-socket-queue.h"

/* memory of a record besides its bytes, so that small ones are bounded, too */
#define OVERHEAD (sizeof (TribSocketRecord) + 48)

/* the records of one sender; there is one as long as there are records */
typedef struct {
  guint64 sender;
  GQueue records;
  gsize bytes;
  GList link; /* in the ring */
} Lane;

struct _TribSocketQueue {
  /* set once */
  gsize max_bytes;
  gboolean drop_oldest;

  GMutex lock;
  GCond cond;
  /* lock */
  GHashTable *lanes; /* by sender */
  GQueue ring;       /* the same, in the order in which they are served */
  gboolean flushing;
  gboolean reader_waits; /* it left a sender unread, and is to be woken when there is space */
  TribSocketCounts counts;
};

/**
 * trib_socket_reason:
 * @reason: a code of #TribRecordError, %TRIB_SOCKET_HALF, %TRIB_SOCKET_CLIENTS or
 *   %TRIB_SOCKET_IDLE
 *
 * Returns: one word, for counters
 */
const gchar *
trib_socket_reason (guint reason)
{
  static const gchar *const others[] = { "half", "clients", "idle" };

  return reason >= TRIB_SOCKET_HALF ? others[reason - TRIB_SOCKET_HALF]
                                    : trib_record_error_reason ((TribRecordError) reason);
}

static void
lane_free (gpointer data)
{
  Lane *lane = data;

  g_queue_clear_full (&lane->records, g_free);
  g_free (lane);
}

TribSocketQueue *
trib_socket_queue_new (gsize max_bytes, gboolean drop_oldest)
{
  TribSocketQueue *q = g_new0 (TribSocketQueue, 1);

  q->max_bytes = max_bytes;
  q->drop_oldest = drop_oldest;
  g_mutex_init (&q->lock);
  g_cond_init (&q->cond);
  q->lanes = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, lane_free);
  g_queue_init (&q->ring);
  return q;
}

void
trib_socket_queue_free (TribSocketQueue *q)
{
  g_hash_table_unref (q->lanes);
  g_mutex_clear (&q->lock);
  g_cond_clear (&q->cond);
  g_free (q);
}

/* ---- lanes; @locks: lock ---- */

/* @q's, made if need be */
static Lane *
lane_of (TribSocketQueue *q, guint64 sender)
{
  Lane *lane = g_hash_table_lookup (q->lanes, &sender);

  if (lane != NULL)
    return lane;
  lane = g_new0 (Lane, 1);
  lane->sender = sender;
  lane->link.data = lane;
  g_queue_init (&lane->records);
  g_hash_table_insert (q->lanes, &lane->sender, lane);
  /* its turn is at the end of this round */
  g_queue_push_tail_link (&q->ring, &lane->link);
  return lane;
}

static void
remove_lane (TribSocketQueue *q, Lane *lane)
{
  g_queue_unlink (&q->ring, &lane->link);
  g_hash_table_remove (q->lanes, &lane->sender);
}

/* the oldest of a sender, and the lane with its last one */
static TribSocketRecord *
take (TribSocketQueue *q, Lane *lane)
{
  TribSocketRecord *record = g_queue_pop_head (&lane->records);

  lane->bytes -= record->len + OVERHEAD;
  q->counts.pending--;
  q->counts.pending_bytes -= record->len + OVERHEAD;
  if (g_queue_is_empty (&lane->records))
    remove_lane (q, lane);
  return record;
}

/* where @size more bytes of @sender cost a record: a sender that sends too much loses its own */
static Lane *
largest_lane (TribSocketQueue *q, guint64 sender, gsize size)
{
  Lane *largest = NULL;
  gsize bytes = 0;

  for (GList *l = q->ring.head; l != NULL; l = l->next) {
    Lane *lane = l->data;
    gsize with = lane->bytes + (lane->sender == sender ? size : 0);

    if (with > bytes) {
      largest = lane;
      bytes = with;
    }
  }
  return largest;
}

/* Each sender has an equal share when the queue is full, and the next read when it has nothing in
 * it. @lane: (nullable): none of its records are queued */
static gboolean
lane_has_space (TribSocketQueue *q, const Lane *lane)
{
  if (q->drop_oldest || lane == NULL)
    return TRUE;
  return q->counts.pending_bytes < q->max_bytes
         && lane->bytes < q->max_bytes / g_queue_get_length (&q->ring);
}

/* ---- records ---- */

/**
 * trib_socket_queue_push:
 * @sender: of the record
 * @record: (transfer full): always accepted: the reader asks trib_socket_queue_wants_more() before
 *   each read, so that a sender exceeds its share by one read at most
 */
void
trib_socket_queue_push (TribSocketQueue *q, guint64 sender, TribSocketRecord *record)
{
  gsize size = record->len + OVERHEAD;
  Lane *lane;

  g_mutex_lock (&q->lock);
  while (q->drop_oldest && q->counts.pending > 0 && q->counts.pending_bytes + size > q->max_bytes) {
    g_free (take (q, largest_lane (q, sender, size)));
    q->counts.dropped_oldest++;
  }
  lane = lane_of (q, sender);
  g_queue_push_tail (&lane->records, record);
  lane->bytes += size;
  q->counts.records_in++;
  q->counts.pending++;
  q->counts.pending_bytes += size;
  g_cond_signal (&q->cond);
  g_mutex_unlock (&q->lock);
}

/* of the sender whose turn it is; @ret_space: whether the reader waits, and may read one more
 * sender now. @locks: lock */
static TribSocketRecord *
take_next (TribSocketQueue *q, gboolean *ret_space)
{
  gboolean was_full = q->counts.pending_bytes >= q->max_bytes;
  Lane *lane = q->ring.head->data;
  guint64 sender = lane->sender;
  TribSocketRecord *record;

  g_queue_unlink (&q->ring, &lane->link);
  g_queue_push_tail_link (&q->ring, &lane->link);
  record = take (q, lane);
  q->counts.records_out++;
  *ret_space = q->reader_waits
               && ((was_full && q->counts.pending_bytes < q->max_bytes)
                   || lane_has_space (q, g_hash_table_lookup (q->lanes, &sender)));
  if (*ret_space)
    q->reader_waits = FALSE;
  return record;
}

/**
 * trib_socket_queue_pop:
 * @ret_space: (out): whether the reader is to be woken: it may read more
 *
 * Blocks until there is a record. Senders are served in turn, a record each.
 *
 * Returns: (transfer full) (nullable): the oldest of a sender; %NULL when flushing
 */
TribSocketRecord *
trib_socket_queue_pop (TribSocketQueue *q, gboolean *ret_space)
{
  TribSocketRecord *record = NULL;

  *ret_space = FALSE;
  g_mutex_lock (&q->lock);
  while (!q->flushing && q->counts.pending == 0)
    g_cond_wait (&q->cond, &q->lock);
  if (!q->flushing)
    record = take_next (q, ret_space);
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
  g_mutex_lock (&q->lock);
  q->counts.dropped_flush += q->counts.pending;
  q->counts.pending = q->counts.pending_bytes = 0;
  g_queue_init (&q->ring);
  g_hash_table_remove_all (q->lanes);
  g_mutex_unlock (&q->lock);
}

/**
 * trib_socket_queue_leave:
 * @sender: it sends no more
 *
 * What it sent is served with that of all others that have left, so that many short connections
 * have one turn and one bound, too: %TRIB_SOCKET_LEFT.
 */
void
trib_socket_queue_leave (TribSocketQueue *q, guint64 sender)
{
  Lane *lane, *left;
  gpointer record;

  g_mutex_lock (&q->lock);
  lane = g_hash_table_lookup (q->lanes, &sender);
  if (lane != NULL) {
    left = lane_of (q, TRIB_SOCKET_LEFT);
    left->bytes += lane->bytes;
    while ((record = g_queue_pop_head (&lane->records)) != NULL)
      g_queue_push_tail (&left->records, record);
    remove_lane (q, lane);
  }
  g_mutex_unlock (&q->lock);
}

/**
 * trib_socket_queue_wants_more:
 * @sender: the one that would be read; %TRIB_SOCKET_LEFT: whether a new one would be
 *
 * Returns: %FALSE: trib_socket_queue_pop() reports when there is space
 */
gboolean
trib_socket_queue_wants_more (TribSocketQueue *q, guint64 sender)
{
  const Lane *lane;
  gboolean wants;

  g_mutex_lock (&q->lock);
  lane = g_hash_table_lookup (q->lanes, &sender);
  wants = lane_has_space (q, lane)
          || (sender == TRIB_SOCKET_LEFT && q->counts.pending_bytes < q->max_bytes);
  if (!wants)
    q->reader_waits = TRUE;
  g_mutex_unlock (&q->lock);
  return wants;
}

/**
 * trib_socket_queue_has_space:
 *
 * For senders that are known only when they are read: datagrams.
 *
 * Returns: %FALSE: trib_socket_queue_pop() reports when there is space
 */
gboolean
trib_socket_queue_has_space (TribSocketQueue *q)
{
  gboolean space;

  g_mutex_lock (&q->lock);
  space = q->drop_oldest || q->counts.pending_bytes < q->max_bytes;
  if (!space)
    q->reader_waits = TRUE;
  g_mutex_unlock (&q->lock);
  return space;
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
  q->counts.clients_idle += more->clients_idle;
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
