/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-fetch.h"

#include <kafka/trib-kafka-debug.h>

/* a place that is further ahead is sought instead of being read up to */
#define FAR_AHEAD 128
/* between two checks whether a place exists at all */
#define DOUBT_US (200 * G_TIME_SPAN_MILLISECOND)

typedef struct {
  GQueue aside;      /* of TribKafkaMessage: read before it was asked for */
  gint64 next;       /* offset that is read next, of `aside` or of the cursor; -1: not being read */
  gint64 lost_to;    /* retention has removed what is below; -1: nothing */
  gboolean doubtful; /* the end seemed to be reached before the place */
} FetchPartition;

struct _TribKafkaFetch {
  TribKafkaCursor *cursor;
  FetchPartition *parts;
  gint32 n_parts;
  guint64 max_bytes;
  guint64 bytes; /* put aside */
};

/**
 * trib_kafka_fetch_new:
 * @config: of the topic
 * @max_bytes: bound on what is put aside, bytes; the client's queue has its own
 * @error: return location
 *
 * Returns: (transfer full): a fetcher, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaFetch *
trib_kafka_fetch_new (const TribKafkaCursorConfig *config, guint64 max_bytes, GError **error)
{
  TribKafkaCursor *cursor = trib_kafka_cursor_new (config, error);
  TribKafkaFetch *f;

  if (cursor == NULL)
    return NULL;
  f = g_new0 (TribKafkaFetch, 1);
  f->cursor = cursor;
  f->max_bytes = max_bytes;
  return f;
}

static void
message_free (gpointer data)
{
  trib_kafka_message_clear (data);
  g_free (data);
}

static void
drop_aside (TribKafkaFetch *f, FetchPartition *part)
{
  for (GList *link = part->aside.head; link; link = link->next)
    f->bytes -= ((TribKafkaMessage *) link->data)->value_len;
  g_queue_clear_full (&part->aside, message_free);
}

void
trib_kafka_fetch_free (TribKafkaFetch *f)
{
  for (gint32 p = 0; p < f->n_parts; p++)
    drop_aside (f, &f->parts[p]);
  g_clear_pointer (&f->cursor, trib_kafka_cursor_free);
  g_free (f->parts);
  g_free (f);
}

/* @thread: any */
void
trib_kafka_fetch_set_flushing (TribKafkaFetch *f, gboolean flushing)
{
  trib_kafka_cursor_set_flushing (f->cursor, flushing);
}

const gchar *
trib_kafka_fetch_get_trouble (const TribKafkaFetch *f)
{
  return trib_kafka_cursor_get_trouble (f->cursor);
}

static void
learn_partitions (TribKafkaFetch *f)
{
  gint32 n = trib_kafka_cursor_get_n_partitions (f->cursor);

  if (n == f->n_parts)
    return;
  f->parts = g_renew (FetchPartition, f->parts, n);
  for (gint32 p = f->n_parts; p < n; p++) {
    f->parts[p] = (FetchPartition){ .next = -1, .lost_to = -1 };
    g_queue_init (&f->parts[p].aside);
  }
  f->n_parts = n;
}

static void
seek (TribKafkaFetch *f, gint32 partition, gint64 offset)
{
  FetchPartition *part = &f->parts[partition];

  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_LOG, NULL,
      "fetch: partition %d is sought at %" G_GINT64_FORMAT ", it was at %" G_GINT64_FORMAT,
      partition, offset, part->next);
  drop_aside (f, part);
  part->next = offset;
  part->lost_to = -1;
  part->doubtful = FALSE;
  trib_kafka_cursor_seek_partition (f->cursor, partition, offset);
}

/* Too much was read before it was asked for: the partition that holds most of it is read again when
 * it is needed. */
static void
make_room (TribKafkaFetch *f, gint32 needed)
{
  while (f->bytes > f->max_bytes) {
    gint32 most = -1;
    for (gint32 p = 0; p < f->n_parts; p++)
      if (p != needed && f->parts[p].aside.length > 0
          && (most < 0 || f->parts[p].aside.length > f->parts[most].aside.length))
        most = p;
    if (most < 0)
      return;
    drop_aside (f, &f->parts[most]);
    f->parts[most].next = -1;
    trib_kafka_cursor_stop_partition (f->cursor, most);
  }
}

static void
put_aside (TribKafkaFetch *f, TribKafkaMessage *m, gint32 needed)
{
  FetchPartition *part = &f->parts[m->partition];

  if (part->next < 0) {
    trib_kafka_message_clear (m);
    return;
  }
  f->bytes += m->value_len;
  g_queue_push_tail (&part->aside, g_memdup2 (m, sizeof *m));
  make_room (f, needed);
}

/* what was put aside; TIMEOUT: the place has not been read yet */
static TribKafkaFetchResult
look_aside (TribKafkaFetch *f, gint32 partition, gint64 offset, TribKafkaMessage *ret_message)
{
  FetchPartition *part = &f->parts[partition];
  TribKafkaMessage *m;

  while ((m = g_queue_peek_head (&part->aside))) {
    if (m->offset > offset)
      return offset < part->lost_to ? TRIB_KAFKA_FETCH_EXPIRED : TRIB_KAFKA_FETCH_MISSING;
    g_queue_pop_head (&part->aside);
    f->bytes -= m->value_len;
    part->next = m->offset + 1;
    if (m->offset == offset) {
      *ret_message = *m;
      g_free (m);
      return TRIB_KAFKA_FETCH_FOUND;
    }
    message_free (m);
  }
  return TRIB_KAFKA_FETCH_TIMEOUT;
}

/* one item of the cursor; TIMEOUT: continue */
static TribKafkaFetchResult
pump (TribKafkaFetch *f, gint32 partition, gint64 offset, gint64 deadline, TribLinkEvent *ret_link,
    GError **error)
{
  TribKafkaCursorItem item;

  switch (trib_kafka_cursor_next (f->cursor, deadline, &item, error)) {
    case TRIB_KAFKA_CURSOR_RECORD:
      put_aside (f, &item.message, partition);
      return TRIB_KAFKA_FETCH_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LOST:
      f->parts[item.partition].lost_to = item.to;
      return item.partition == partition && offset < item.to ? TRIB_KAFKA_FETCH_EXPIRED
                                                             : TRIB_KAFKA_FETCH_TIMEOUT;
    case TRIB_KAFKA_CURSOR_UNREADABLE:
      return item.partition == partition && offset == item.from ? TRIB_KAFKA_FETCH_UNREADABLE
                                                                : TRIB_KAFKA_FETCH_TIMEOUT;
    case TRIB_KAFKA_CURSOR_CAUGHT_UP:
      /* it may have been written since that was found */
      f->parts[item.partition].doubtful = item.partition == partition && item.to <= offset;
      return TRIB_KAFKA_FETCH_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LINK:
      *ret_link = item.link;
      return TRIB_KAFKA_FETCH_LINK;
    case TRIB_KAFKA_CURSOR_FLUSHING:
      return TRIB_KAFKA_FETCH_FLUSHING;
    case TRIB_KAFKA_CURSOR_ERROR:
      if (!g_error_matches (*error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_BEYOND_END))
        return TRIB_KAFKA_FETCH_ERROR;
      if (item.partition < 0)
        return TRIB_KAFKA_FETCH_ERROR;
      g_clear_error (error);
      /* what was put aside of it stays out of use, too: the place is sought when it is needed */
      drop_aside (f, &f->parts[item.partition]);
      f->parts[item.partition].next = -1;
      trib_kafka_cursor_stop_partition (f->cursor, item.partition);
      return item.partition == partition ? TRIB_KAFKA_FETCH_MISSING : TRIB_KAFKA_FETCH_TIMEOUT;
    default:
      return TRIB_KAFKA_FETCH_TIMEOUT;
  }
}

/* What was acknowledged existed: if it lies beyond the end, the topic was re-created, or the entry
 * is of another broker. TIMEOUT: it may still arrive. */
static TribKafkaFetchResult
settle_doubt (TribKafkaFetch *f, gint32 partition, gint64 offset, GError **error)
{
  gint64 end;

  switch (trib_kafka_cursor_ask_end (f->cursor, partition, &end, error)) {
    case TRIB_KAFKA_ANSWER_YES:
      f->parts[partition].doubtful = FALSE;
      return end <= offset ? TRIB_KAFKA_FETCH_MISSING : TRIB_KAFKA_FETCH_TIMEOUT;
    case TRIB_KAFKA_ANSWER_ERROR:
      return TRIB_KAFKA_FETCH_ERROR;
    default:
      return TRIB_KAFKA_FETCH_TIMEOUT;
  }
}

/* from what was put aside, seeking where that is no use; TIMEOUT: it has to be read */
static TribKafkaFetchResult
take (TribKafkaFetch *f, gint32 partition, gint64 offset, TribKafkaMessage *ret_message)
{
  FetchPartition *part = &f->parts[partition];
  TribKafkaFetchResult result;
  gint64 position;

  if (offset < part->lost_to)
    return TRIB_KAFKA_FETCH_EXPIRED;
  if (part->next < 0 || offset < part->next) {
    seek (f, partition, offset);
    return TRIB_KAFKA_FETCH_TIMEOUT;
  }
  result = look_aside (f, partition, offset, ret_message);
  if (result != TRIB_KAFKA_FETCH_TIMEOUT)
    return result;
  position = trib_kafka_cursor_get_position (f->cursor, partition);
  /* read past, without a record of that offset: a transaction marker, or removed by compaction */
  if (offset < position)
    return TRIB_KAFKA_FETCH_MISSING;
  if (offset - position > FAR_AHEAD)
    seek (f, partition, offset);
  return TRIB_KAFKA_FETCH_TIMEOUT;
}

/**
 * trib_kafka_fetch_get:
 * @f: a fetcher
 * @partition: where the record is
 * @offset: where the record is
 * @deadline: monotonic time, us, up to which to wait; -1: without end
 * @ret_message: (out caller-allocates): with %TRIB_KAFKA_FETCH_FOUND, the caller's to clear
 * @ret_link: (out caller-allocates): with %TRIB_KAFKA_FETCH_LINK
 * @error: return location
 *
 * Waits through outages; trib_kafka_fetch_set_flushing() wakes it.
 *
 * Returns: what became of it
 */
TribKafkaFetchResult
trib_kafka_fetch_get (TribKafkaFetch *f, gint32 partition, gint64 offset, gint64 deadline,
    TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error)
{
  g_autoptr (GError) why = NULL;
  TribKafkaFetchResult result = TRIB_KAFKA_FETCH_TIMEOUT;

  do {
    gint64 until = deadline;

    learn_partitions (f);
    if (f->n_parts > 0) {
      if (offset < 0 || !trib_kafka_cursor_look_for_partition (f->cursor, partition))
        return TRIB_KAFKA_FETCH_MISSING;
      learn_partitions (f);
      result = take (f, partition, offset, ret_message);
      if (result == TRIB_KAFKA_FETCH_TIMEOUT && f->parts[partition].doubtful)
        result = settle_doubt (f, partition, offset, &why);
      if (result != TRIB_KAFKA_FETCH_TIMEOUT)
        break;
      if (f->parts[partition].doubtful)
        until = g_get_monotonic_time () + DOUBT_US;
    }
    if (deadline >= 0)
      until = MIN (until, deadline);
    /* without partitions the cursor has no item to give but its own changes */
    result = pump (f, partition, offset, f->n_parts == 0 ? 0 : until, ret_link, &why);
    if (result == TRIB_KAFKA_FETCH_TIMEOUT
        && trib_kafka_cursor_get_nothing (f->cursor) == TRIB_KAFKA_NOTHING_TOPIC)
      result = TRIB_KAFKA_FETCH_NO_TOPIC;
    if (result != TRIB_KAFKA_FETCH_TIMEOUT)
      break;
  } while (deadline < 0 || g_get_monotonic_time () < deadline);
  if (why)
    g_propagate_error (error, g_steal_pointer (&why));
  return result;
}

/**
 * trib_kafka_fetch_poll:
 * @f: a fetcher
 * @ret_link: (out caller-allocates): with %TRIB_KAFKA_FETCH_LINK
 * @error: return location
 *
 * Looks at the connection while no record is wanted. Does not wait while the broker answers.
 *
 * Returns: %TRIB_KAFKA_FETCH_LINK when it has changed
 */
TribKafkaFetchResult
trib_kafka_fetch_poll (TribKafkaFetch *f, TribLinkEvent *ret_link, GError **error)
{
  g_autoptr (GError) why = NULL;

  learn_partitions (f);
  if (f->n_parts == 0)
    return TRIB_KAFKA_FETCH_TIMEOUT;
  return pump (f, -1, -1, 0, ret_link, &why);
}
