/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-reader.h"

#include "trib-kafka-cursor.h"

#include <string.h>

#define DEFAULT_CONNECTIONS 4
#define DEFAULT_RECORD_BYTES (64 * 1024 * 1024)
#define MAX_HEADERS 64
/* what keeping a record costs beside its own bytes */
#define OVERHEAD 512

/* one client; reads one topic */
typedef struct {
  gchar *topic;
  TribKafkaCursor *cursor;
} Connection;

typedef struct {
  gchar *topic;
  gint32 partition;
  gint64 offset;
} Place;

typedef struct {
  Place place; /* the key in the table */
  TribKafkaRecordCopy *copy;
  guint64 cost;
  GList link; /* in `recent` */
} Cached;

struct _TribKafkaReader {
  /* set once */
  TribKafkaReaderConfig config;
  gchar *servers;
  gchar **options;

  GMutex lock;
  GCond cond; /* a connection is free, or a caller was cancelled */
  /* lock */
  GPtrArray *idle; /* of Connection */
  guint n_connections;
  GHashTable *cache; /* Place to Cached */
  GQueue recent;     /* of Cached, the latest used first */
  TribKafkaReaderCounts counts;
};

/* ---- records ---- */

static void
header_free (gpointer data)
{
  TribKafkaRecordHeader *header = data;

  g_free (header->name);
  g_bytes_unref (header->value);
  g_free (header);
}

static void
copy_clear (gpointer data)
{
  TribKafkaRecordCopy *copy = data;

  g_bytes_unref (copy->value);
  g_bytes_unref (copy->key);
  g_ptr_array_unref (copy->headers);
}

/* any thread */
TribKafkaRecordCopy *
trib_kafka_record_copy_ref (TribKafkaRecordCopy *copy)
{
  return g_atomic_rc_box_acquire (copy);
}

/* any thread */
void
trib_kafka_record_copy_unref (TribKafkaRecordCopy *copy)
{
  g_atomic_rc_box_release_full (copy, copy_clear);
}

/**
 * trib_kafka_record_copy_dup_header:
 * @copy: a record
 * @name: name of a header
 * @max_len: most bytes it may have
 *
 * Returns: (transfer full) (nullable): the text of the last header of that name; %NULL when there is none, or it is
 *   longer than that, or no UTF-8 without NUL
 */
gchar *
trib_kafka_record_copy_dup_header (
    const TribKafkaRecordCopy *copy, const gchar *name, gsize max_len)
{
  for (guint i = copy->headers->len; i > 0; i--) {
    const TribKafkaRecordHeader *header = copy->headers->pdata[i - 1];
    gsize len;
    const gchar *text;

    if (!g_str_equal (header->name, name))
      continue;
    text = g_bytes_get_data (header->value, &len);
    return len <= max_len && (len == 0 || g_utf8_validate_len (text, len, NULL))
               ? g_strndup (text ? text : "", len)
               : NULL;
  }
  return NULL;
}

static TribKafkaRecordCopy *
copy_message (const TribKafkaMessage *m)
{
  TribKafkaRecordCopy *copy = g_atomic_rc_box_new0 (TribKafkaRecordCopy);
  rd_kafka_headers_t *headers;
  const gchar *name;
  const void *value;
  size_t len;

  copy->value = g_bytes_new (m->value, m->value_len);
  copy->key = g_bytes_new (m->key, m->key_len);
  copy->t_ms = m->t_ms;
  copy->headers = g_ptr_array_new_with_free_func (header_free);
  if (rd_kafka_message_headers (m->message, &headers))
    return copy;
  for (guint i = 0; i < MAX_HEADERS && !rd_kafka_header_get_all (headers, i, &name, &value, &len);
       i++) {
    TribKafkaRecordHeader *header = g_new (TribKafkaRecordHeader, 1);

    header->name = g_strdup (name);
    header->value = g_bytes_new (value, value ? len : 0);
    g_ptr_array_add (copy->headers, header);
  }
  return copy;
}

static guint64
cost_of (const TribKafkaRecordCopy *copy)
{
  guint64 cost = OVERHEAD + g_bytes_get_size (copy->value) + g_bytes_get_size (copy->key);

  for (guint i = 0; i < copy->headers->len; i++) {
    const TribKafkaRecordHeader *header = copy->headers->pdata[i];
    cost += 128 + strlen (header->name) + g_bytes_get_size (header->value);
  }
  return cost;
}

/* ---- cache ---- */

static guint
place_hash (gconstpointer key)
{
  const Place *place = key;

  return g_str_hash (place->topic) ^ (guint) place->partition * 2654435761u
         ^ (guint) place->offset * 40503u;
}

static gboolean
place_equal (gconstpointer a, gconstpointer b)
{
  const Place *p = a, *q = b;

  return p->offset == q->offset && p->partition == q->partition && g_str_equal (p->topic, q->topic);
}

static void
cached_free (gpointer data)
{
  Cached *cached = data;

  trib_kafka_record_copy_unref (cached->copy);
  g_free (cached->place.topic);
  g_free (cached);
}

/* @locks: requires the reader's */
static void
forget (TribKafkaReader *r, Cached *cached)
{
  g_queue_unlink (&r->recent, &cached->link);
  r->counts.cache_bytes -= cached->cost;
  g_hash_table_remove (r->cache, &cached->place);
}

/* @locks: requires the reader's */
static TribKafkaRecordCopy *
look_up (TribKafkaReader *r, const Place *place)
{
  Cached *cached = g_hash_table_lookup (r->cache, place);

  if (cached == NULL)
    return NULL;
  g_queue_unlink (&r->recent, &cached->link);
  g_queue_push_head_link (&r->recent, &cached->link);
  r->counts.hits++;
  return trib_kafka_record_copy_ref (cached->copy);
}

/* @locks: requires the reader's */
static void
keep (TribKafkaReader *r, const Place *place, TribKafkaRecordCopy *copy)
{
  guint64 cost = cost_of (copy);
  Cached *cached = g_hash_table_lookup (r->cache, place);

  if (cached)
    forget (r, cached);
  if (cost > r->config.max_cache_bytes)
    return;
  while (r->counts.cache_bytes + cost > r->config.max_cache_bytes)
    forget (r, g_queue_peek_tail (&r->recent));
  cached = g_new0 (Cached, 1);
  cached->place = (Place){ g_strdup (place->topic), place->partition, place->offset };
  cached->copy = trib_kafka_record_copy_ref (copy);
  cached->cost = cost;
  cached->link.data = cached;
  r->counts.cache_bytes += cost;
  g_queue_push_head_link (&r->recent, &cached->link);
  g_hash_table_insert (r->cache, &cached->place, cached);
}

/* ---- connections ---- */

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  g_clear_pointer (&connection->cursor, trib_kafka_cursor_free);
  g_free (connection->topic);
  g_free (connection);
}

static Connection *
connection_new (const TribKafkaReader *r, const gchar *topic, GError **error)
{
  TribKafkaCursorConfig config = { .client = r->config.client, .topic = topic };
  TribKafkaCursor *cursor = trib_kafka_cursor_new (&config, error);
  Connection *connection;

  if (cursor == NULL)
    return NULL;
  connection = g_new (Connection, 1);
  connection->cursor = cursor;
  connection->topic = g_strdup (topic);
  return connection;
}

/* an idle one of that topic, else of any
 *
 * @locks: requires the reader's */
static Connection *
take_idle (TribKafkaReader *r, const gchar *topic)
{
  for (guint i = 0; i < r->idle->len; i++) {
    const Connection *connection = r->idle->pdata[i];
    if (g_str_equal (connection->topic, topic))
      return g_ptr_array_steal_index_fast (r->idle, i);
  }
  if (r->n_connections < r->config.max_connections || r->idle->len == 0)
    return NULL;
  return g_ptr_array_steal_index (r->idle, 0);
}

static gboolean
fail_waiting (GCancellable *cancellable, GError **error)
{
  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_set_error_literal (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_UNREACHABLE,
        "all connections were busy up to the deadline");
  return FALSE;
}

/* @ret_connection: a connection, or @ret_copy: what another caller has read meanwhile
 *
 * @locks: takes the reader's */
static gboolean
acquire (TribKafkaReader *r, const Place *place, gboolean anew, gint64 deadline,
    GCancellable *cancellable, Connection **ret_connection, TribKafkaRecordCopy **ret_copy,
    GError **error)
{
  Connection *connection = NULL, *other = NULL;
  gboolean in_time = TRUE;

  g_mutex_lock (&r->lock);
  for (;;) {
    *ret_copy = anew ? NULL : look_up (r, place);
    if (*ret_copy == NULL)
      connection = take_idle (r, place->topic);
    if (*ret_copy || connection || r->n_connections < r->config.max_connections || !in_time
        || g_cancellable_is_cancelled (cancellable))
      break;
    in_time = g_cond_wait_until (&r->cond, &r->lock, deadline);
  }
  if (*ret_copy == NULL && connection == NULL
      && (r->n_connections >= r->config.max_connections
          || g_cancellable_is_cancelled (cancellable))) {
    g_mutex_unlock (&r->lock);
    return fail_waiting (cancellable, error);
  }
  if (*ret_copy == NULL && connection == NULL)
    r->n_connections++;
  g_mutex_unlock (&r->lock);
  if (*ret_copy)
    return TRUE;
  if (connection && !g_str_equal (connection->topic, place->topic))
    other = g_steal_pointer (&connection);
  g_clear_pointer (&other, connection_free);
  if (connection == NULL)
    connection = connection_new (r, place->topic, error);
  if (connection == NULL) {
    g_mutex_lock (&r->lock);
    r->n_connections--;
    g_cond_signal (&r->cond);
    g_mutex_unlock (&r->lock);
  }
  *ret_connection = connection;
  return connection != NULL;
}

/* ---- reading ---- */

static TribKafkaRecordCopy *
fail_place (const Place *place, TribKafkaError code, const gchar *why, GError **error)
{
  g_set_error (error, TRIB_KAFKA_ERROR, code,
      "topic \"%s\" partition %d offset %" G_GINT64_FORMAT ": %s", place->topic, place->partition,
      place->offset, why);
  return NULL;
}

static TribKafkaRecordCopy *
take_message (const TribKafkaReader *r, const Place *place, TribKafkaMessage *m, GError **error)
{
  TribKafkaRecordCopy *copy;

  if (m->offset != place->offset)
    copy = fail_place (place, TRIB_KAFKA_ERROR_MISSING, "there is no record there", error);
  else if (m->value_len > r->config.max_record_bytes)
    copy = fail_place (
        place, TRIB_KAFKA_ERROR_TOO_LARGE, "the record is larger than allowed", error);
  else
    copy = copy_message (m);
  trib_kafka_message_clear (m);
  return copy;
}

static TribKafkaRecordCopy *
fail_in_time (const Place *place, const TribKafkaCursor *cursor, GError **error)
{
  const gchar *trouble = trib_kafka_cursor_get_trouble (cursor);

  return fail_place (place, TRIB_KAFKA_ERROR_UNREACHABLE,
      *trouble ? trouble : "no answer up to the deadline", error);
}

static gboolean
begin_reading (TribKafkaCursor *cursor, const Place *place, gint64 deadline, GError **error)
{
  static const TribKafkaPosition nowhere = { .start = TRIB_KAFKA_START_NOWHERE, .partition = -1 };
  TribKafkaCursorItem item;

  trib_kafka_cursor_seek (cursor, &nowhere);
  while (trib_kafka_cursor_get_n_partitions (cursor) == 0) {
    gint64 now = g_get_monotonic_time ();
    switch (trib_kafka_cursor_next (cursor, 0, &item, error)) {
      case TRIB_KAFKA_CURSOR_ERROR:
        return FALSE;
      case TRIB_KAFKA_CURSOR_FLUSHING:
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the read was cancelled");
        return FALSE;
      default:
        if (now >= deadline) {
          fail_in_time (place, cursor, error);
          return FALSE;
        }
    }
  }
  if (!trib_kafka_cursor_look_for_partition (cursor, place->partition)) {
    fail_place (place, TRIB_KAFKA_ERROR_TOPIC, "the topic has fewer partitions", error);
    return FALSE;
  }
  trib_kafka_cursor_seek_partition (cursor, place->partition, place->offset);
  return TRUE;
}

static TribKafkaRecordCopy *
read_place (const TribKafkaReader *r, TribKafkaCursor *cursor, const Place *place, gint64 deadline,
    GError **error)
{
  TribKafkaCursorItem item;

  if (!begin_reading (cursor, place, deadline, error))
    return NULL;
  for (;;) {
    switch (trib_kafka_cursor_next (cursor, deadline, &item, error)) {
      case TRIB_KAFKA_CURSOR_RECORD:
        return take_message (r, place, &item.message, error);
      case TRIB_KAFKA_CURSOR_LOST:
        return fail_place (place, TRIB_KAFKA_ERROR_EXPIRED, "retention has passed it", error);
      case TRIB_KAFKA_CURSOR_UNREADABLE:
        return fail_place (place, TRIB_KAFKA_ERROR_UNREADABLE, "the record is damaged", error);
      case TRIB_KAFKA_CURSOR_CAUGHT_UP:
      case TRIB_KAFKA_CURSOR_END:
        return fail_place (place, TRIB_KAFKA_ERROR_BEYOND_END, "not written yet", error);
      case TRIB_KAFKA_CURSOR_LINK:
        break;
      case TRIB_KAFKA_CURSOR_TIMEOUT:
        return fail_in_time (place, cursor, error);
      case TRIB_KAFKA_CURSOR_FLUSHING:
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the read was cancelled");
        return NULL;
      case TRIB_KAFKA_CURSOR_ERROR:
        return NULL;
    }
  }
}

static void
cancel_reading (GCancellable *cancellable, gpointer data)
{
  trib_kafka_cursor_set_flushing (data, TRUE);
}

static void
cancel_waiting (GCancellable *cancellable, gpointer data)
{
  TribKafkaReader *r = data;

  g_mutex_lock (&r->lock);
  g_cond_broadcast (&r->cond);
  g_mutex_unlock (&r->lock);
}

static TribKafkaRecordCopy *
read_cancellably (const TribKafkaReader *r, TribKafkaCursor *cursor, const Place *place,
    gint64 deadline, GCancellable *cancellable, GError **error)
{
  TribKafkaRecordCopy *copy;
  gulong id = cancellable
                  ? g_cancellable_connect (cancellable, G_CALLBACK (cancel_reading), cursor, NULL)
                  : 0;

  copy = read_place (r, cursor, place, deadline, error);
  g_cancellable_disconnect (cancellable, id);
  trib_kafka_cursor_set_flushing (cursor, FALSE);
  if (trib_kafka_cursor_get_n_partitions (cursor) > place->partition)
    trib_kafka_cursor_stop_partition (cursor, place->partition);
  return copy;
}

static TribKafkaRecordCopy *
get (TribKafkaReader *r, const Place *place, gboolean anew, gint64 deadline,
    GCancellable *cancellable, GError **error)
{
  Connection *connection = NULL;
  TribKafkaRecordCopy *copy = NULL;
  gboolean acquired;
  gulong id
      = cancellable ? g_cancellable_connect (cancellable, G_CALLBACK (cancel_waiting), r, NULL) : 0;

  acquired = acquire (r, place, anew, deadline, cancellable, &connection, &copy, error);
  g_cancellable_disconnect (cancellable, id);
  if (!acquired || copy)
    return copy;
  copy = read_cancellably (r, connection->cursor, place, deadline, cancellable, error);
  g_mutex_lock (&r->lock);
  g_ptr_array_add (r->idle, connection);
  g_cond_signal (&r->cond);
  if (copy) {
    r->counts.reads++;
    keep (r, place, copy);
  }
  g_mutex_unlock (&r->lock);
  return copy;
}

/**
 * trib_kafka_reader_get:
 * @r: a reader
 * @topic: which topic
 * @partition: which of its partitions
 * @offset: which record
 * @anew: read it from the broker, whatever the cache holds
 * @deadline: monotonic time, us, up to which to wait
 * @cancellable: (nullable): ends the wait from another thread
 * @error: return location
 *
 * Blocks. Any thread, several at a time.
 *
 * Returns: (transfer full): the record. %NULL with a #TribKafkaError that says whether it is not there any more,
 *   not there yet, nowhere, too large, or whether nobody answered in time; or with %G_IO_ERROR_CANCELLED
 */
TribKafkaRecordCopy *
trib_kafka_reader_get (TribKafkaReader *r, const gchar *topic, gint32 partition, gint64 offset,
    gboolean anew, gint64 deadline, GCancellable *cancellable, GError **error)
{
  const Place place = { (gchar *) topic, partition, offset };
  TribKafkaRecordCopy *copy;

  if (partition < 0 || offset < 0)
    copy = fail_place (&place, TRIB_KAFKA_ERROR_MISSING, "no record can be there", error);
  else
    copy = get (r, &place, anew, deadline, cancellable, error);
  g_mutex_lock (&r->lock);
  r->counts.gets++;
  r->counts.failures += copy == NULL;
  g_mutex_unlock (&r->lock);
  return copy;
}

/* @thread: any */
void
trib_kafka_reader_get_counts (TribKafkaReader *r, TribKafkaReaderCounts *ret_counts)
{
  g_mutex_lock (&r->lock);
  *ret_counts = r->counts;
  ret_counts->connections = r->n_connections;
  ret_counts->cache_records = g_hash_table_size (r->cache);
  g_mutex_unlock (&r->lock);
}

/**
 * trib_kafka_reader_new:
 * @config: settings; copied
 *
 * Connects to nobody yet: what the settings are worth is told by the first read.
 *
 * Returns: (transfer full): a reader
 */
TribKafkaReader *
trib_kafka_reader_new (const TribKafkaReaderConfig *config)
{
  TribKafkaReader *r = g_new0 (TribKafkaReader, 1);

  r->config = *config;
  r->config.client.bootstrap_servers = r->servers = g_strdup (config->client.bootstrap_servers);
  r->options = g_strdupv ((gchar **) config->client.options);
  r->config.client.options = (const gchar *const *) r->options;
  r->config.client.one_by_one = TRUE;
  r->config.client.max_queued_bytes = 0;
  if (r->config.max_connections == 0)
    r->config.max_connections = DEFAULT_CONNECTIONS;
  if (r->config.max_record_bytes == 0)
    r->config.max_record_bytes = DEFAULT_RECORD_BYTES;
  g_mutex_init (&r->lock);
  g_cond_init (&r->cond);
  g_queue_init (&r->recent);
  r->idle = g_ptr_array_new_with_free_func (connection_free);
  r->cache = g_hash_table_new_full (place_hash, place_equal, NULL, cached_free);
  return r;
}

/**
 * trib_kafka_reader_free:
 * @r: (transfer full): a reader that nobody uses any more; records that it gave stay
 */
void
trib_kafka_reader_free (TribKafkaReader *r)
{
  g_ptr_array_unref (r->idle);
  g_hash_table_unref (r->cache);
  g_mutex_clear (&r->lock);
  g_cond_clear (&r->cond);
  g_strfreev (r->options);
  g_free (r->servers);
  g_free (r);
}
