/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-join.h"

/* a place that is further ahead is sought instead of being read up to */
#define FAR_AHEAD 128
/* between two questions whether a place is there at all */
#define DOUBT_US (200 * G_TIME_SPAN_MILLISECOND)

typedef struct {
  GQueue aside;      /* of TribKafkaMessage: read before it was due */
  gint64 next;       /* offset that is read next, of `aside` or of the cursor; -1: not being read */
  gint64 lost_to;    /* retention has passed what is below; -1: nothing */
  gboolean doubtful; /* the end seemed to be reached before the place */
} Part;

struct _TribKafkaJoin {
  TribKafkaCursor *cursor;
  Part *parts;
  gint32 n_parts;
  guint64 max_bytes;
  guint64 bytes; /* put aside */
  guint64 n_seeks;
};

/**
 * trib_kafka_join_new:
 * @config: of the topic
 * @max_bytes: bound on what is put aside, bytes; the client's queue has its own
 * @error: return location
 *
 * Returns: (transfer full): a join, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaJoin *
trib_kafka_join_new (const TribKafkaCursorConfig *config, guint64 max_bytes, GError **error)
{
  TribKafkaCursor *cursor = trib_kafka_cursor_new (config, error);
  TribKafkaJoin *j;

  if (cursor == NULL)
    return NULL;
  j = g_new0 (TribKafkaJoin, 1);
  j->cursor = cursor;
  j->max_bytes = max_bytes;
  return j;
}

static void
message_free (gpointer data)
{
  trib_kafka_message_clear (data);
  g_free (data);
}

static void
drop_aside (TribKafkaJoin *j, Part *part)
{
  for (GList *link = part->aside.head; link; link = link->next)
    j->bytes -= ((TribKafkaMessage *) link->data)->value_len;
  g_queue_clear_full (&part->aside, message_free);
}

void
trib_kafka_join_free (TribKafkaJoin *j)
{
  for (gint32 p = 0; p < j->n_parts; p++)
    drop_aside (j, &j->parts[p]);
  g_clear_pointer (&j->cursor, trib_kafka_cursor_free);
  g_free (j->parts);
  g_free (j);
}

/* @thread: any */
void
trib_kafka_join_set_flushing (TribKafkaJoin *j, gboolean flushing)
{
  trib_kafka_cursor_set_flushing (j->cursor, flushing);
}

const gchar *
trib_kafka_join_get_trouble (const TribKafkaJoin *j)
{
  return trib_kafka_cursor_get_trouble (j->cursor);
}

/* how often reading on did not do */
guint64
trib_kafka_join_get_seeks (const TribKafkaJoin *j)
{
  return j->n_seeks;
}

static void
learn_partitions (TribKafkaJoin *j)
{
  gint32 n = trib_kafka_cursor_get_n_partitions (j->cursor);

  if (n == j->n_parts)
    return;
  j->parts = g_renew (Part, j->parts, n);
  for (gint32 p = j->n_parts; p < n; p++) {
    j->parts[p] = (Part){ .next = -1, .lost_to = -1 };
    g_queue_init (&j->parts[p].aside);
  }
  j->n_parts = n;
}

static void
seek (TribKafkaJoin *j, gint32 partition, gint64 offset)
{
  Part *part = &j->parts[partition];

  drop_aside (j, part);
  part->next = offset;
  part->lost_to = -1;
  part->doubtful = FALSE;
  j->n_seeks++;
  trib_kafka_cursor_seek_partition (j->cursor, partition, offset);
}

/* Too much was read before it was due: the partition that holds most of it is read again when it is needed. */
static void
make_room (TribKafkaJoin *j, gint32 needed)
{
  while (j->bytes > j->max_bytes) {
    gint32 most = -1;
    for (gint32 p = 0; p < j->n_parts; p++)
      if (p != needed && j->parts[p].aside.length > 0
          && (most < 0 || j->parts[p].aside.length > j->parts[most].aside.length))
        most = p;
    if (most < 0)
      return;
    drop_aside (j, &j->parts[most]);
    j->parts[most].next = -1;
    trib_kafka_cursor_stop_partition (j->cursor, most);
  }
}

static void
put_aside (TribKafkaJoin *j, TribKafkaMessage *m, gint32 needed)
{
  Part *part = &j->parts[m->partition];

  if (part->next < 0) {
    trib_kafka_message_clear (m);
    return;
  }
  j->bytes += m->value_len;
  g_queue_push_tail (&part->aside, g_memdup2 (m, sizeof *m));
  make_room (j, needed);
}

/* what was put aside; TIMEOUT: the place has not been read yet */
static TribKafkaJoinResult
look_aside (TribKafkaJoin *j, gint32 partition, gint64 offset, TribKafkaMessage *ret_message)
{
  Part *part = &j->parts[partition];
  TribKafkaMessage *m;

  while ((m = g_queue_peek_head (&part->aside))) {
    if (m->offset > offset)
      return offset < part->lost_to ? TRIB_KAFKA_JOIN_EXPIRED : TRIB_KAFKA_JOIN_MISSING;
    g_queue_pop_head (&part->aside);
    j->bytes -= m->value_len;
    part->next = m->offset + 1;
    if (m->offset == offset) {
      *ret_message = *m;
      g_free (m);
      return TRIB_KAFKA_JOIN_FOUND;
    }
    message_free (m);
  }
  return TRIB_KAFKA_JOIN_TIMEOUT;
}

/* one item of the cursor; TIMEOUT: go on */
static TribKafkaJoinResult
pump (TribKafkaJoin *j, gint32 partition, gint64 offset, gint64 deadline, TribLinkEvent *ret_link,
    GError **error)
{
  TribKafkaCursorItem item;

  switch (trib_kafka_cursor_next (j->cursor, deadline, &item, error)) {
    case TRIB_KAFKA_CURSOR_RECORD:
      put_aside (j, &item.message, partition);
      return TRIB_KAFKA_JOIN_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LOST:
      j->parts[item.partition].lost_to = item.to;
      return item.partition == partition && offset < item.to ? TRIB_KAFKA_JOIN_EXPIRED
                                                             : TRIB_KAFKA_JOIN_TIMEOUT;
    case TRIB_KAFKA_CURSOR_UNREADABLE:
      return item.partition == partition && offset == item.from ? TRIB_KAFKA_JOIN_UNREADABLE
                                                                : TRIB_KAFKA_JOIN_TIMEOUT;
    case TRIB_KAFKA_CURSOR_CAUGHT_UP:
      /* it may have been written since that was found */
      j->parts[item.partition].doubtful = item.partition == partition && item.to <= offset;
      return TRIB_KAFKA_JOIN_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LINK:
      *ret_link = item.link;
      return TRIB_KAFKA_JOIN_LINK;
    case TRIB_KAFKA_CURSOR_FLUSHING:
      return TRIB_KAFKA_JOIN_FLUSHING;
    case TRIB_KAFKA_CURSOR_ERROR:
      if (!g_error_matches (*error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_BEYOND_END))
        return TRIB_KAFKA_JOIN_ERROR;
      if (item.partition < 0)
        return TRIB_KAFKA_JOIN_ERROR;
      g_clear_error (error);
      /* what was put aside of it stays out of use, too: the place is sought when it is needed */
      drop_aside (j, &j->parts[item.partition]);
      j->parts[item.partition].next = -1;
      trib_kafka_cursor_stop_partition (j->cursor, item.partition);
      return item.partition == partition ? TRIB_KAFKA_JOIN_MISSING : TRIB_KAFKA_JOIN_TIMEOUT;
    default:
      return TRIB_KAFKA_JOIN_TIMEOUT;
  }
}

/* What was acknowledged was there: if it lies beyond the end, the topic was made anew, or the entry is of another broker.
 * TIMEOUT: it may still come. */
static TribKafkaJoinResult
settle_doubt (TribKafkaJoin *j, gint32 partition, gint64 offset, GError **error)
{
  gint64 end;

  switch (trib_kafka_cursor_ask_end (j->cursor, partition, &end, error)) {
    case TRIB_KAFKA_ANSWER_YES:
      j->parts[partition].doubtful = FALSE;
      return end <= offset ? TRIB_KAFKA_JOIN_MISSING : TRIB_KAFKA_JOIN_TIMEOUT;
    case TRIB_KAFKA_ANSWER_ERROR:
      return TRIB_KAFKA_JOIN_ERROR;
    default:
      return TRIB_KAFKA_JOIN_TIMEOUT;
  }
}

/* from what was put aside, seeking where that is no use; TIMEOUT: it has to be read */
static TribKafkaJoinResult
take (TribKafkaJoin *j, gint32 partition, gint64 offset, TribKafkaMessage *ret_message)
{
  Part *part = &j->parts[partition];
  TribKafkaJoinResult result;
  gint64 position;

  if (offset < part->lost_to)
    return TRIB_KAFKA_JOIN_EXPIRED;
  if (part->next < 0 || offset < part->next) {
    seek (j, partition, offset);
    return TRIB_KAFKA_JOIN_TIMEOUT;
  }
  result = look_aside (j, partition, offset, ret_message);
  if (result != TRIB_KAFKA_JOIN_TIMEOUT)
    return result;
  position = trib_kafka_cursor_get_position (j->cursor, partition);
  /* passed, and no record of that offset came: a transaction's marker, or one that was compacted away */
  if (offset < position)
    return TRIB_KAFKA_JOIN_MISSING;
  if (offset - position > FAR_AHEAD)
    seek (j, partition, offset);
  return TRIB_KAFKA_JOIN_TIMEOUT;
}

/**
 * trib_kafka_join_get:
 * @j: a join
 * @partition: where the record is
 * @offset: where the record is
 * @deadline: monotonic time, us, up to which to wait; -1: without end
 * @ret_message: (out caller-allocates): with %TRIB_KAFKA_JOIN_FOUND, the caller's to clear
 * @ret_link: (out caller-allocates): with %TRIB_KAFKA_JOIN_LINK
 * @error: return location
 *
 * Waits through outages; trib_kafka_join_set_flushing() wakes it.
 *
 * Returns: what became of it
 */
TribKafkaJoinResult
trib_kafka_join_get (TribKafkaJoin *j, gint32 partition, gint64 offset, gint64 deadline,
    TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error)
{
  g_autoptr (GError) why = NULL;
  TribKafkaJoinResult result = TRIB_KAFKA_JOIN_TIMEOUT;

  do {
    gint64 until = deadline;

    learn_partitions (j);
    if (j->n_parts > 0) {
      if (offset < 0 || !trib_kafka_cursor_look_for_partition (j->cursor, partition))
        return TRIB_KAFKA_JOIN_MISSING;
      learn_partitions (j);
      result = take (j, partition, offset, ret_message);
      if (result == TRIB_KAFKA_JOIN_TIMEOUT && j->parts[partition].doubtful)
        result = settle_doubt (j, partition, offset, &why);
      if (result != TRIB_KAFKA_JOIN_TIMEOUT)
        break;
      if (j->parts[partition].doubtful)
        until = g_get_monotonic_time () + DOUBT_US;
    }
    if (deadline >= 0)
      until = MIN (until, deadline);
    /* without partitions the cursor has no item to give but its own changes */
    result = pump (j, partition, offset, j->n_parts == 0 ? 0 : until, ret_link, &why);
    if (result != TRIB_KAFKA_JOIN_TIMEOUT)
      break;
  } while (deadline < 0 || g_get_monotonic_time () < deadline);
  if (why)
    g_propagate_error (error, g_steal_pointer (&why));
  return result;
}

/**
 * trib_kafka_join_poll:
 * @j: a join
 * @ret_link: (out caller-allocates): with %TRIB_KAFKA_JOIN_LINK
 * @error: return location
 *
 * Looks at the connection while no record is wanted. Does not wait while the broker answers.
 *
 * Returns: %TRIB_KAFKA_JOIN_LINK when it has changed
 */
TribKafkaJoinResult
trib_kafka_join_poll (TribKafkaJoin *j, TribLinkEvent *ret_link, GError **error)
{
  g_autoptr (GError) why = NULL;

  learn_partitions (j);
  if (j->n_parts == 0)
    return TRIB_KAFKA_JOIN_TIMEOUT;
  return pump (j, -1, -1, 0, ret_link, &why);
}
