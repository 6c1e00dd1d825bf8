/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-by-key.h"

#include <common/trib-frame-id.h>
#include "trib-kafka-records.h"

/* how much earlier than what names it a record may have been written */
#define EARLIER_MS 60000
/* how long a record that follows what names it is waited for */
#define PATIENCE_US (2 * G_TIME_SPAN_SECOND)
/* of a record that is held, beside its value */
#define RECORD_BYTES 512

typedef struct {
  gchar *key;
  TribKafkaMessage message;
  GList *link; /* in `held` */
} HeldRecord;

struct _TribKafkaByKey {
  TribKafkaRecords *records;
  gboolean to_end;
  gboolean keep;
  gboolean begun;
  GHashTable *by_key; /* key to HeldRecord */
  GQueue held;        /* the same, oldest first */
  guint64 max_bytes;
  guint64 bytes;
  gchar *wanted;    /* (nullable) the key that was asked for last and not found */
  gint64 wanted_at; /* monotonic: since when */
};

static guint64
cost_of (const HeldRecord *r)
{
  return RECORD_BYTES + r->message.value_len;
}

static void
held_free (gpointer data)
{
  HeldRecord *r = data;

  trib_kafka_message_clear (&r->message);
  g_free (r->key);
  g_free (r);
}

/**
 * trib_kafka_by_key_new:
 * @config: of the topic; when it waits for the topic, it also waits for records
 * @max_bytes: bound on what is read ahead, bytes
 * @keep: a record may be asked for again: it is only borrowed
 * @error: return location
 *
 * Returns: (transfer full): a finder, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaByKey *
trib_kafka_by_key_new (
    const TribKafkaCursorConfig *config, guint64 max_bytes, gboolean keep, GError **error)
{
  TribKafkaCursorConfig own = *config;
  TribKafkaRecords *records;
  TribKafkaByKey *k;

  own.client.max_queued_bytes = max_bytes / 2;
  records = trib_kafka_records_new (&own, error);
  if (records == NULL)
    return NULL;
  k = g_new0 (TribKafkaByKey, 1);
  k->records = records;
  k->keep = keep;
  k->to_end = !config->wait_for_topic;
  k->max_bytes = max_bytes / 2;
  k->by_key = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, held_free);
  g_queue_init (&k->held);
  return k;
}

/* reads anew, from the next record that is asked for on */
void
trib_kafka_by_key_reset (TribKafkaByKey *k)
{
  k->begun = FALSE;
  g_queue_clear (&k->held);
  g_hash_table_remove_all (k->by_key);
  g_clear_pointer (&k->wanted, g_free);
  k->bytes = 0;
}

void
trib_kafka_by_key_free (TribKafkaByKey *k)
{
  trib_kafka_by_key_reset (k);
  g_hash_table_unref (k->by_key);
  trib_kafka_records_free (k->records);
  g_free (k);
}

/* @thread: any */
void
trib_kafka_by_key_set_flushing (TribKafkaByKey *k, gboolean flushing)
{
  trib_kafka_records_set_flushing (k->records, flushing);
}

const gchar *
trib_kafka_by_key_get_trouble (const TribKafkaByKey *k)
{
  return trib_kafka_records_get_trouble (k->records);
}

/* @ret_message: (out) (optional): its record; else that is cleared */
static void
forget (TribKafkaByKey *k, HeldRecord *r, TribKafkaMessage *ret_message)
{
  k->bytes -= cost_of (r);
  g_queue_delete_link (&k->held, r->link);
  if (ret_message) {
    *ret_message = r->message;
    r->message = (TribKafkaMessage){ 0 };
  }
  g_hash_table_remove (k->by_key, r->key);
}

/* @m: taken over, or cleared; of several records of one key the first counts */
static void
hold (TribKafkaByKey *k, TribKafkaMessage *m)
{
  g_autofree gchar *key
      = m->key && m->key_len <= TRIB_FRAME_ID_MAX_BYTES ? g_strndup (m->key, m->key_len) : NULL;
  HeldRecord *r;

  if (key == NULL || m->value == NULL || g_hash_table_contains (k->by_key, key)) {
    trib_kafka_message_clear (m);
    return;
  }
  r = g_new (HeldRecord, 1);
  r->key = g_steal_pointer (&key);
  r->message = *m;
  g_queue_push_tail (&k->held, r);
  r->link = k->held.tail;
  g_hash_table_insert (k->by_key, r->key, r);
  k->bytes += cost_of (r);
  while (k->bytes > k->max_bytes && k->held.length > 1)
    forget (k, k->held.head->data, NULL);
}

static void
begin (TribKafkaByKey *k, gint64 t_ms)
{
  const TribKafkaPosition at = {
    .start = t_ms > EARLIER_MS ? TRIB_KAFKA_START_TIME : TRIB_KAFKA_START_EARLIEST,
    .t_ms = t_ms - EARLIER_MS,
    .partition = -1,
    .to_end = k->to_end,
  };

  trib_kafka_records_seek (k->records, &at, G_MININT64);
  k->begun = TRUE;
}

/* whether the record would have arrived by now */
static gboolean
is_overdue (TribKafkaByKey *k, const gchar *key)
{
  if (g_strcmp0 (k->wanted, key) != 0) {
    g_free (k->wanted);
    k->wanted = g_strdup (key);
    k->wanted_at = g_get_monotonic_time ();
  }
  return g_get_monotonic_time () - k->wanted_at >= PATIENCE_US;
}

/**
 * trib_kafka_by_key_get:
 * @k: a finder
 * @key: of the record
 * @t_ms: timestamp of what names it, ms since the Unix epoch; -1: it has none
 * @deadline: monotonic time, us, up to which to wait; -1: without end
 * @ret_message: (out caller-allocates): with %TRIB_KAFKA_FETCH_FOUND, the caller's to clear; of a
 *   finder that keeps records, valid until the next call
 * @ret_link: (out caller-allocates): with %TRIB_KAFKA_FETCH_LINK
 * @error: return location
 *
 * Reads on from a minute before the first record that was asked for, and holds what it passes, as
 * far as the bound allows. A record that is not there once everything was read for two seconds is
 * missing. Waits through outages; trib_kafka_by_key_set_flushing() wakes it.
 *
 * Returns: what became of it
 */
TribKafkaFetchResult
trib_kafka_by_key_get (TribKafkaByKey *k, const gchar *key, gint64 t_ms, gint64 deadline,
    TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error)
{
  if (!k->begun)
    begin (k, t_ms);
  do {
    TribKafkaCursorItem item;
    gint64 until = g_get_monotonic_time () + PATIENCE_US / 8;
    HeldRecord *r = g_hash_table_lookup (k->by_key, key);

    if (r && k->keep) {
      *ret_message = r->message;
      ret_message->message = NULL;
      ret_message->consumer = NULL;
      return TRIB_KAFKA_FETCH_FOUND;
    }
    if (r) {
      forget (k, r, ret_message);
      return TRIB_KAFKA_FETCH_FOUND;
    }
    switch (trib_kafka_records_next (
        k->records, deadline < 0 ? until : MIN (deadline, until), &item, error)) {
      case TRIB_KAFKA_CURSOR_RECORD:
        hold (k, &item.message);
        break;
      case TRIB_KAFKA_CURSOR_LINK:
        *ret_link = item.link;
        return TRIB_KAFKA_FETCH_LINK;
      case TRIB_KAFKA_CURSOR_END:
        return TRIB_KAFKA_FETCH_MISSING;
      case TRIB_KAFKA_CURSOR_FLUSHING:
        return TRIB_KAFKA_FETCH_FLUSHING;
      case TRIB_KAFKA_CURSOR_ERROR:
        return TRIB_KAFKA_FETCH_ERROR;
      case TRIB_KAFKA_CURSOR_TIMEOUT:
        if (*trib_kafka_records_get_trouble (k->records) == '\0' && is_overdue (k, key))
          return TRIB_KAFKA_FETCH_MISSING;
        break;
      default:
        break;
    }
  } while (deadline < 0 || g_get_monotonic_time () < deadline);
  return TRIB_KAFKA_FETCH_TIMEOUT;
}
