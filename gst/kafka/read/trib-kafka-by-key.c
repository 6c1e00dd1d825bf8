/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-by-key.h"

#include <common/trib-frame-id.h>
#include <kafka/trib-kafka-debug.h>
#include "trib-kafka-records.h"

#include <string.h>

/* how much earlier than what names it a record may have been written */
#define EARLIER_MS 60000
/* how long a record that follows what names it is waited for */
#define PATIENCE_US (2 * G_TIME_SPAN_SECOND)
/* of a record that is held, beside its value */
#define RECORD_BYTES 512
/* records of which no more than the place is kept */
#define MAX_PLACES 65536

typedef struct {
  gchar *key;
  TribFrameIdView id;       /* of @key; no stream: it is no frame id */
  TribKafkaMessage message; /* of one in `places` no more than that */
  GList *link;              /* in `held` or `places` */
} HeldRecord;

struct _TribKafkaByKey {
  TribKafkaRecords *records;
  gboolean to_end;
  gboolean keep;
  gboolean begun;
  gint64 from_ms;     /* where reading began, 0: at the oldest record */
  gint64 read_all_at; /* monotonic: since when there is no more, -1: there is */
  gboolean found_any; /* a record, by its timestamp or */
  gboolean found_far; /* further back: timestamps of the topics are of other clocks */
  gboolean forgot;    /* not even places are kept of all that was read */
  GHashTable *by_key; /* key to HeldRecord */
  GQueue held;        /* those with their values, oldest first */
  GQueue places;      /* those without, likewise */
  guint64 max_bytes;
  guint64 bytes;

  /* what was asked for last and not found */
  gchar *wanted; /* (nullable) */
  TribFrameIdView wanted_id;
  gint64 wanted_at;     /* monotonic: since when */
  gboolean looked_back; /* it was looked for from further back */
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
  g_queue_init (&k->places);
  return k;
}

static void
drop_held (TribKafkaByKey *k)
{
  g_queue_clear (&k->held);
  g_queue_clear (&k->places);
  g_hash_table_remove_all (k->by_key);
  k->bytes = 0;
  k->forgot = FALSE;
}

/* reads anew, from the next record that is asked for on */
void
trib_kafka_by_key_reset (TribKafkaByKey *k)
{
  k->begun = FALSE;
  drop_held (k);
  g_clear_pointer (&k->wanted, g_free);
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
  gboolean held = r->message.value != NULL;

  if (held)
    k->bytes -= cost_of (r);
  g_queue_delete_link (held ? &k->held : &k->places, r->link);
  if (ret_message) {
    *ret_message = r->message;
    r->message = (TribKafkaMessage){ 0 };
  }
  g_hash_table_remove (k->by_key, r->key);
}

/* a key that is no frame id has no parts */
static void
parse (const gchar *key, TribFrameIdView *ret_id)
{
  if (!trib_frame_id_parse (key, -1, ret_id, NULL))
    *ret_id = (TribFrameIdView){ .session = "", .stream = "" };
}

static gboolean
is_of_stream (const TribKafkaByKey *k, const TribFrameIdView *id)
{
  return id->stream_len == k->wanted_id.stream_len
         && memcmp (id->stream, k->wanted_id.stream, id->stream_len) == 0;
}

/* Of what was read longest ago the place stays: it may be far from the record that is wanted now,
 * which may never have been written, and is asked for all the same. */
static void
make_room (TribKafkaByKey *k)
{
  while (k->bytes > k->max_bytes && k->held.length > 1) {
    HeldRecord *r = k->held.head->data;
    const TribKafkaMessage place
        = { .partition = r->message.partition, .offset = r->message.offset };

    if (k->keep) {
      k->forgot = TRUE;
      forget (k, r, NULL);
      continue;
    }
    k->bytes -= cost_of (r);
    trib_kafka_message_clear (&r->message);
    r->message = place;
    g_queue_unlink (&k->held, r->link);
    g_queue_push_tail_link (&k->places, r->link);
    if (k->places.length > MAX_PLACES) {
      k->forgot = TRUE;
      forget (k, k->places.head->data, NULL);
    }
  }
}

/* @m: taken over, or cleared; of several records of one key the first counts, and bytes of other
 * streams are not asked for */
static void
hold (TribKafkaByKey *k, TribKafkaMessage *m)
{
  g_autofree gchar *key
      = m->key && m->key_len <= TRIB_FRAME_ID_MAX_BYTES ? g_strndup (m->key, m->key_len) : NULL;
  TribFrameIdView id;
  HeldRecord *r;

  if (key)
    parse (key, &id);
  if (key == NULL || m->value == NULL || (!k->keep && !is_of_stream (k, &id))
      || g_hash_table_contains (k->by_key, key)) {
    trib_kafka_message_clear (m);
    return;
  }
  r = g_new (HeldRecord, 1);
  r->key = g_steal_pointer (&key);
  r->id = id;
  r->message = *m;
  g_queue_push_tail (&k->held, r);
  r->link = k->held.tail;
  g_hash_table_insert (k->by_key, r->key, r);
  k->bytes += cost_of (r);
  make_room (k);
}

static void
begin (TribKafkaByKey *k, gint64 from_ms)
{
  const TribKafkaPosition at = {
    .start = from_ms > 0 ? TRIB_KAFKA_START_TIME : TRIB_KAFKA_START_EARLIEST,
    .t_ms = from_ms,
    .partition = -1,
  };

  trib_kafka_records_seek (k->records, &at, G_MININT64);
  k->begun = TRUE;
  k->from_ms = from_ms;
  k->read_all_at = -1;
}

static void
want (TribKafkaByKey *k, const gchar *key)
{
  if (g_strcmp0 (k->wanted, key) == 0)
    return;
  g_free (k->wanted);
  k->wanted = g_strdup (key);
  parse (k->wanted, &k->wanted_id);
  k->wanted_at = g_get_monotonic_time ();
  k->looked_back = FALSE;
}

/* Whether all that there is was read, and nothing has followed for a while. However slow the broker
 * is, only its own answer says that there is no more. */
static gboolean
is_overdue (TribKafkaByKey *k)
{
  gint64 now = g_get_monotonic_time ();

  if (!trib_kafka_records_is_caught_up (k->records)) {
    k->read_all_at = -1;
    return FALSE;
  }
  if (k->read_all_at < 0)
    k->read_all_at = now;
  /* what is read to its end is waited for once, what is followed may be late each time */
  return now - (k->to_end ? k->read_all_at : MAX (k->read_all_at, k->wanted_at)) >= PATIENCE_US
         && trib_kafka_records_confirm_end (k->records);
}

/* It is not where its timestamp says. Looks from further back, once, when it may be there: another
 * record was asked for first, or room was needed, or timestamps of the topic are of another clock.
 */
static gboolean
look_back (TribKafkaByKey *k, gint64 t_ms)
{
  gint64 from_ms = k->found_any && !k->found_far ? MAX (t_ms - EARLIER_MS, 0) : 0;

  if (k->looked_back || (from_ms >= k->from_ms && !k->forgot))
    return FALSE;
  k->looked_back = TRUE;
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, k->wanted,
      "not found by its key: read again from %" G_GINT64_FORMAT " ms on", from_ms);
  drop_held (k);
  begin (k, from_ms);
  return TRUE;
}

static void
give (TribKafkaByKey *k, HeldRecord *r, gint64 t_ms, TribKafkaMessage *ret_message)
{
  k->found_any = TRUE;
  k->found_far |= r->message.t_ms < t_ms - EARLIER_MS;
  if (k->keep) {
    *ret_message = r->message;
    ret_message->message = NULL;
    ret_message->consumer = NULL;
  } else {
    forget (k, r, ret_message);
  }
}

/**
 * trib_kafka_by_key_get:
 * @k: a finder
 * @key: of the record
 * @t_ms: timestamp of what names it, ms since the Unix epoch; -1: it has none
 * @deadline: monotonic time, us, up to which to wait; -1: without end
 * @ret_message: (out caller-allocates): with %TRIB_KAFKA_FETCH_FOUND, the caller's to clear; of a
 *   finder that keeps records, valid until the next call; without a value: only partition and
 *   offset are known any more
 * @ret_link: (out caller-allocates): with %TRIB_KAFKA_FETCH_LINK
 * @error: return location
 *
 * Reads on from a minute before the first record that was asked for, and holds what it passes, as
 * far as the bound allows, then its places. A record is missing that is not there once everything
 * was read for two seconds, and the broker says that it is everything. Waits through outages;
 * trib_kafka_by_key_set_flushing() wakes it.
 *
 * Returns: what became of it
 */
TribKafkaFetchResult
trib_kafka_by_key_get (TribKafkaByKey *k, const gchar *key, gint64 t_ms, gint64 deadline,
    TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error)
{
  want (k, key);
  if (!k->begun)
    begin (k, MAX (t_ms - EARLIER_MS, 0));
  do {
    TribKafkaCursorItem item;
    gint64 until = g_get_monotonic_time () + PATIENCE_US / 8;
    HeldRecord *r = g_hash_table_lookup (k->by_key, key);

    /* before a result, so that no change of the connection is left behind */
    if (trib_kafka_records_take_event (k->records, ret_link))
      return TRIB_KAFKA_FETCH_LINK;
    if (r) {
      give (k, r, t_ms, ret_message);
      return TRIB_KAFKA_FETCH_FOUND;
    }
    switch (trib_kafka_records_next (
        k->records, deadline < 0 ? until : MIN (deadline, until), &item, error)) {
      case TRIB_KAFKA_CURSOR_RECORD:
        k->read_all_at = -1;
        hold (k, &item.message);
        break;
      case TRIB_KAFKA_CURSOR_LINK:
        *ret_link = item.link;
        return TRIB_KAFKA_FETCH_LINK;
      case TRIB_KAFKA_CURSOR_FLUSHING:
        return TRIB_KAFKA_FETCH_FLUSHING;
      case TRIB_KAFKA_CURSOR_ERROR:
        return TRIB_KAFKA_FETCH_ERROR;
      case TRIB_KAFKA_CURSOR_TIMEOUT:
        if (trib_kafka_records_is_topic_missing (k->records))
          return TRIB_KAFKA_FETCH_NO_TOPIC;
        if (is_overdue (k) && !look_back (k, t_ms))
          return trib_kafka_records_take_event (k->records, ret_link) ? TRIB_KAFKA_FETCH_LINK
                                                                      : TRIB_KAFKA_FETCH_MISSING;
        break;
      default:
        break;
    }
  } while (deadline < 0 || g_get_monotonic_time () < deadline);
  return TRIB_KAFKA_FETCH_TIMEOUT;
}
