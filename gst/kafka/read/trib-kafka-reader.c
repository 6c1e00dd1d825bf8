/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-reader.h"

#include "trib-kafka-cursor.h"

#include <gio/gio.h>

struct _TribKafkaReader {
  /* set once */
  TribKafkaConsumerConfig client;
  gchar *servers;
  gchar **options;

  /* the driving thread; changed with `lock` held */
  TribKafkaCursor *cursor; /* (nullable) of the topic that was read last */
  gchar *topic;

  GMutex lock;
  /* lock */
  gboolean flushing;
};

typedef struct {
  const gchar *topic;
  gint32 partition;
  gint64 offset;
} ReaderPlace;

/**
 * trib_kafka_reader_new:
 * @client: settings of the client; copied; @max_queued_bytes and @one_by_one are the reader's own
 *
 * Connects to no broker yet: settings that are refused are reported by the first read.
 *
 * Returns: (transfer full): a reader
 */
TribKafkaReader *
trib_kafka_reader_new (const TribKafkaConsumerConfig *client)
{
  TribKafkaReader *r = g_new0 (TribKafkaReader, 1);

  r->client = *client;
  r->client.bootstrap_servers = r->servers = g_strdup (client->bootstrap_servers);
  r->options = g_strdupv ((gchar **) client->options);
  r->client.options = (const gchar *const *) r->options;
  r->client.one_by_one = TRUE;
  r->client.max_queued_bytes = 0;
  g_mutex_init (&r->lock);
  return r;
}

/**
 * trib_kafka_reader_free:
 * @r: (transfer full): a reader; messages that it gave may outlive it
 */
void
trib_kafka_reader_free (TribKafkaReader *r)
{
  g_clear_pointer (&r->cursor, trib_kafka_cursor_free);
  g_mutex_clear (&r->lock);
  g_strfreev (r->options);
  g_free (r->topic);
  g_free (r->servers);
  g_free (r);
}

/* @thread: any */
void
trib_kafka_reader_set_flushing (TribKafkaReader *r, gboolean flushing)
{
  g_mutex_lock (&r->lock);
  r->flushing = flushing;
  if (r->cursor)
    trib_kafka_cursor_set_flushing (r->cursor, flushing);
  g_mutex_unlock (&r->lock);
}

static gboolean
fail_place (const ReaderPlace *place, TribKafkaError code, const gchar *why, GError **error)
{
  g_set_error (error, TRIB_KAFKA_ERROR, code,
      "topic \"%s\" partition %d offset %" G_GINT64_FORMAT ": %s", place->topic, place->partition,
      place->offset, why);
  return FALSE;
}

static gboolean
fail_flushing (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the read was cancelled");
  return FALSE;
}

static gboolean
fail_in_time (const TribKafkaReader *r, const ReaderPlace *place, GError **error)
{
  const gchar *trouble = trib_kafka_cursor_get_trouble (r->cursor);

  return fail_place (place, TRIB_KAFKA_ERROR_UNREACHABLE,
      *trouble ? trouble : "no answer up to the deadline", error);
}

/* a cursor of the topic: the one in use, or one that replaces it */
static gboolean
choose_cursor (TribKafkaReader *r, const gchar *topic, GError **error)
{
  const TribKafkaCursorConfig config = { .client = r->client, .topic = topic };
  TribKafkaCursor *cursor, *old;

  if (r->cursor && g_str_equal (r->topic, topic))
    return TRUE;
  cursor = trib_kafka_cursor_new (&config, error);
  if (cursor == NULL)
    return FALSE;
  g_mutex_lock (&r->lock);
  old = r->cursor;
  r->cursor = cursor;
  trib_kafka_cursor_set_flushing (cursor, r->flushing);
  g_mutex_unlock (&r->lock);
  g_free (r->topic);
  r->topic = g_strdup (topic);
  g_clear_pointer (&old, trib_kafka_cursor_free);
  return TRUE;
}

static gboolean
begin_reading (TribKafkaReader *r, const ReaderPlace *place, gint64 deadline, GError **error)
{
  static const TribKafkaPosition nowhere = { .start = TRIB_KAFKA_START_NOWHERE, .partition = -1 };
  TribKafkaCursorItem item;

  trib_kafka_cursor_seek (r->cursor, &nowhere);
  while (trib_kafka_cursor_get_n_partitions (r->cursor) == 0) {
    gint64 now = g_get_monotonic_time ();
    switch (trib_kafka_cursor_next (r->cursor, 0, &item, error)) {
      case TRIB_KAFKA_CURSOR_ERROR:
        return FALSE;
      case TRIB_KAFKA_CURSOR_FLUSHING:
        return fail_flushing (error);
      default:
        if (now >= deadline)
          return fail_in_time (r, place, error);
    }
  }
  if (!trib_kafka_cursor_look_for_partition (r->cursor, place->partition))
    return fail_place (place, TRIB_KAFKA_ERROR_TOPIC, "the topic has fewer partitions", error);
  trib_kafka_cursor_seek_partition (r->cursor, place->partition, place->offset);
  return TRUE;
}

static gboolean
read_place (TribKafkaReader *r, const ReaderPlace *place, gint64 deadline,
    TribKafkaMessage *ret_message, GError **error)
{
  TribKafkaCursorItem item;

  for (;;) {
    switch (trib_kafka_cursor_next (r->cursor, deadline, &item, error)) {
      case TRIB_KAFKA_CURSOR_RECORD:
        if (item.message.offset == place->offset) {
          *ret_message = item.message;
          return TRUE;
        }
        trib_kafka_message_clear (&item.message);
        return fail_place (place, TRIB_KAFKA_ERROR_MISSING, "there is no record there", error);
      case TRIB_KAFKA_CURSOR_LOST:
        return fail_place (place, TRIB_KAFKA_ERROR_EXPIRED, "removed by retention", error);
      case TRIB_KAFKA_CURSOR_UNREADABLE:
        return fail_place (place, TRIB_KAFKA_ERROR_UNREADABLE, "the record is damaged", error);
      case TRIB_KAFKA_CURSOR_CAUGHT_UP:
      case TRIB_KAFKA_CURSOR_END:
        return fail_place (place, TRIB_KAFKA_ERROR_BEYOND_END, "not written yet", error);
      case TRIB_KAFKA_CURSOR_LINK:
        break;
      case TRIB_KAFKA_CURSOR_TIMEOUT:
        return fail_in_time (r, place, error);
      case TRIB_KAFKA_CURSOR_FLUSHING:
        return fail_flushing (error);
      case TRIB_KAFKA_CURSOR_ERROR:
        return FALSE;
    }
  }
}

/**
 * trib_kafka_reader_get:
 * @r: a reader
 * @topic: which topic
 * @partition: which of its partitions
 * @offset: which record
 * @deadline: monotonic time, us, up to which to wait
 * @ret_message: (out caller-allocates): the record, the caller's to clear
 * @error: return location
 *
 * Blocks; trib_kafka_reader_set_flushing() ends the wait.
 *
 * Returns: %FALSE with a #TribKafkaError that says whether the record is removed, not written yet,
 *   missing or damaged, or whether no broker answered in time; or with %G_IO_ERROR_CANCELLED
 */
gboolean
trib_kafka_reader_get (TribKafkaReader *r, const gchar *topic, gint32 partition, gint64 offset,
    gint64 deadline, TribKafkaMessage *ret_message, GError **error)
{
  const ReaderPlace place = { topic, partition, offset };
  gboolean good;

  if (partition < 0 || offset < 0)
    return fail_place (&place, TRIB_KAFKA_ERROR_MISSING, "no record can be there", error);
  if (!choose_cursor (r, topic, error))
    return FALSE;
  good = begin_reading (r, &place, deadline, error)
         && read_place (r, &place, deadline, ret_message, error);
  if (trib_kafka_cursor_get_n_partitions (r->cursor) > partition)
    trib_kafka_cursor_stop_partition (r->cursor, partition);
  return good;
}
