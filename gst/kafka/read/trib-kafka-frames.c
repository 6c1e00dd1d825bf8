/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-frames-private.h"

/* at the present end: how long an index that is missing is waited for */
#define SETTLE_US (200 * G_TIME_SPAN_MILLISECOND)
/* How long nothing is written before a run seems to be over: so many of its frames, but at least as
 * long as a machine with much to do may stand still, and at most. */
#define SILENT_FRAMES 3
#define MIN_SILENT_US G_TIME_SPAN_SECOND
#define MAX_SILENT_US (10 * G_TIME_SPAN_SECOND)
/* between two looks at the client that nothing is asked of */
#define SLICE_US (100 * G_TIME_SPAN_MILLISECOND)

/* ---- life ---- */

static gboolean
make_clients (TribKafkaFrames *f, const TribKafkaFramesConfig *config, GError **error)
{
  gboolean by_registry = config->read_by == TRIB_KAFKA_READ_BY_REGISTRY;
  guint64 bound = config->client.max_queued_bytes ? config->client.max_queued_bytes
                                                  : TRIB_KAFKA_CONSUMER_DEFAULT_QUEUED_BYTES;
  TribKafkaCursorConfig cursor = {
    .client = config->client,
    .topic = config->topics[by_registry ? TRIB_KAFKA_TOPIC_REGISTRY : TRIB_KAFKA_TOPIC_BINARY],
    .in_process = config->in_process,
    .wait_for_topic = config->follow,
  };
  gboolean checked = config->check_crc;

  if (!config->in_process && !config->any_producer)
    f->earlier = trib_kafka_earlier_new (&config->client, cursor.topic, by_registry);
  f->keyed = trib_kafka_keyed_new (&cursor, config->topics, bound);

  /* the queue of the client, what waits for its turn here, and what an answer adds */
  cursor.client.max_queued_bytes = by_registry ? bound / 16 : bound / 2;
  cursor.client.values_checked = !by_registry && checked;
  f->by_time = trib_kafka_time_order_new (by_registry ? bound / 16 : bound / 4);
  f->by_index = trib_kafka_index_order_new (by_registry ? bound / 16 : bound / 8);
  f->cursor = trib_kafka_cursor_new (&cursor, error);
  if (f->cursor == NULL || !by_registry)
    return f->cursor != NULL;
  cursor.topic = config->topics[TRIB_KAFKA_TOPIC_BINARY];
  cursor.client.max_queued_bytes = bound / 2;
  cursor.client.values_checked = checked;
  f->fetch = trib_kafka_fetch_new (&cursor, bound / 4, error);
  return f->fetch != NULL;
}

/**
 * trib_kafka_frames_new:
 * @config: settings; copied
 * @error: return location
 *
 * Asks nothing of the broker yet. To be given a position with trib_kafka_frames_seek().
 *
 * Returns: (transfer full): what reads frames, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaFrames *
trib_kafka_frames_new (const TribKafkaFramesConfig *config, GError **error)
{
  g_autoptr (TribKafkaFrames) f = g_new0 (TribKafkaFrames, 1);

  g_mutex_init (&f->lock);
  g_queue_init (&f->notes);
  f->read_by = config->read_by;
  f->check_crc = config->check_crc;
  f->any_producer = config->any_producer;
  f->bytes_topic = g_strdup (config->topics[TRIB_KAFKA_TOPIC_BINARY]);
  f->metadata_topic = g_strdup (config->topics[TRIB_KAFKA_TOPIC_METADATA]);
  f->wanted_session = g_strdup (config->session);
  f->wanted_stream = g_strdup (config->stream);
  f->stream = g_strdup (config->stream);
  f->reader = trib_json_reader_new ("", 0, NULL);
  f->others = g_ptr_array_new_with_free_func (g_free);
  f->followed_topic = g_strdup (
      config->topics[config->read_by == TRIB_KAFKA_READ_BY_REGISTRY ? TRIB_KAFKA_TOPIC_REGISTRY
                                                                    : TRIB_KAFKA_TOPIC_BINARY]);
  f->reported = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  f->reasons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  f->from_ns = G_MININT64;
  f->caught_up_since = -1;
  if (!make_clients (f, config, error))
    return NULL;
  return g_steal_pointer (&f);
}

/**
 * trib_kafka_frames_free:
 * @f: (transfer full): what reads frames; messages that it gave may outlive it
 */
void
trib_kafka_frames_free (TribKafkaFrames *f)
{
  g_queue_clear_full (&f->notes, trib_kafka_frames_note_free);
  g_clear_pointer (&f->note, trib_kafka_frames_note_free);
  g_clear_pointer (&f->current, trib_kafka_candidate_free);
  g_clear_pointer (&f->unnamed, trib_kafka_candidate_free);
  g_clear_pointer (&f->by_time, trib_kafka_time_order_free);
  g_clear_pointer (&f->by_index, trib_kafka_index_order_free);
  g_clear_pointer (&f->cursor, trib_kafka_cursor_free);
  g_clear_pointer (&f->fetch, trib_kafka_fetch_free);
  g_clear_pointer (&f->keyed, trib_kafka_keyed_free);
  g_clear_pointer (&f->earlier, trib_kafka_earlier_free);
  g_clear_pointer (&f->reader, trib_json_reader_free);
  g_ptr_array_unref (f->others);
  g_free (f->followed_topic);
  g_free (f->nothing_text);
  g_hash_table_unref (f->reported);
  g_hash_table_unref (f->reasons);
  g_mutex_clear (&f->lock);
  g_free (f->bytes_topic);
  g_free (f->metadata_topic);
  g_free (f->wanted_session);
  g_free (f->wanted_stream);
  g_free (f->stream);
  g_free (f);
}

/* @thread: any */
void
trib_kafka_frames_set_flushing (TribKafkaFrames *f, gboolean flushing)
{
  trib_kafka_cursor_set_flushing (f->cursor, flushing);
  if (f->fetch)
    trib_kafka_fetch_set_flushing (f->fetch, flushing);
  trib_kafka_keyed_set_flushing (f->keyed, flushing);
  if (f->earlier)
    trib_kafka_earlier_set_flushing (f->earlier, flushing);
}

/* @thread: any */
void
trib_kafka_frames_get_counts (TribKafkaFrames *f, TribKafkaFramesCounts *ret_counts)
{
  g_mutex_lock (&f->lock);
  *ret_counts = f->counts;
  g_mutex_unlock (&f->lock);
}

/**
 * trib_kafka_frames_seek:
 * @f: what reads frames
 * @position: where to read the followed topic from
 * @from_ns: earlier capture times are skipped, %G_MININT64: none
 *
 * Takes effect with the next item. The stream, once known, stays.
 */
void
trib_kafka_frames_seek (TribKafkaFrames *f, const TribKafkaPosition *position, gint64 from_ns)
{
  g_mutex_lock (&f->lock);
  f->counts.flushed += f->counts.pending;
  f->counts.pending = 0;
  f->before = f->counts;
  g_mutex_unlock (&f->lock);
  f->nothing = TRIB_KAFKA_NOTHING_NONE;
  f->by_broker = f->earlier && position->start == TRIB_KAFKA_START_TIME;
  f->went_back = FALSE;
  trib_kafka_time_order_reset (f->by_time);
  trib_kafka_index_order_reset (f->by_index);
  trib_kafka_cursor_seek (f->cursor, position);
  trib_kafka_keyed_reset (f->keyed);
  g_clear_pointer (&f->unnamed, trib_kafka_candidate_free);
  f->next_index = 0;
  f->from_ns = from_ns;
  f->new_session = FALSE;
  f->gap = 0;
  f->gap_reason = NULL;
  f->lost = FALSE;
  f->ended = FALSE;
  f->caught_up_since = -1;
}

/* what is missing now will not arrive at the end, and at the present end for a while */
static TribKafkaIndexOrderEnd
find_end (TribKafkaFrames *f)
{
  gint64 since, silent;

  if (f->ended && trib_kafka_time_order_get_length (f->by_time) == 0)
    return TRIB_KAFKA_INDEX_ORDER_OVER;
  if (f->unnamed || trib_kafka_time_order_get_length (f->by_time) > 0
      || !trib_kafka_cursor_is_caught_up (f->cursor))
    return TRIB_KAFKA_INDEX_ORDER_OPEN;
  if (f->caught_up_since < 0)
    f->caught_up_since = g_get_monotonic_time ();
  since = g_get_monotonic_time () - f->caught_up_since;
  if (since < SETTLE_US)
    return TRIB_KAFKA_INDEX_ORDER_OPEN;
  silent = trib_kafka_index_order_get_interval (f->by_index) / 1000;
  silent = CLAMP (silent, MIN_SILENT_US / SILENT_FRAMES, MAX_SILENT_US / SILENT_FRAMES);
  return since < silent * SILENT_FRAMES ? TRIB_KAFKA_INDEX_ORDER_SETTLED
                                        : TRIB_KAFKA_INDEX_ORDER_SILENT;
}

/* the client of the bytes notices an outage, and its end, only when it is looked at */
static TribKafkaFramesResult
look_at_bytes (TribKafkaFrames *f, TribKafkaFramesItem *item, GError **error)
{
  TribLinkEvent link;

  if (f->fetch && trib_kafka_fetch_poll (f->fetch, &link, error) == TRIB_KAFKA_FETCH_LINK
      && trib_kafka_frames_take_link (f, BYTES, &link, item))
    return TRIB_KAFKA_FRAMES_LINK;
  return TRIB_KAFKA_FRAMES_TIMEOUT;
}

static TribKafkaFramesResult
step (TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item, GError **error)
{
  TribKafkaCandidate *s;
  TribKafkaFramesResult result;
  TribKafkaIndexOrderEnd end;
  gint64 now;

  if (f->notes.length > 0)
    return trib_kafka_frames_give_note (f, item);
  end = find_end (f);
  s = trib_kafka_index_order_peek (f->by_index, end);
  trib_kafka_frames_leave_out_dropped (f);
  if (s)
    return trib_kafka_frames_give (f, s, deadline, item, error);
  s = trib_kafka_time_order_take (f->by_time);
  if (s) {
    trib_kafka_frames_admit (f, s);
    return TRIB_KAFKA_FRAMES_TIMEOUT;
  }
  if (trib_kafka_frames_give_nothing (f, item, end))
    return TRIB_KAFKA_FRAMES_NOTHING;
  if (f->ended && trib_kafka_index_order_get_length (f->by_index) == 0)
    return TRIB_KAFKA_FRAMES_END;
  now = g_get_monotonic_time ();
  deadline = deadline < 0 ? now + SLICE_US : MIN (deadline, now + SLICE_US);
  if (f->unnamed)
    return trib_kafka_frames_find_names (f, deadline, item);
  result = trib_kafka_frames_pump (f, deadline, item, error);
  if (result != TRIB_KAFKA_FRAMES_TIMEOUT || f->caught_up_since < 0)
    return result;
  return look_at_bytes (f, item, error);
}

/**
 * trib_kafka_frames_next:
 * @f: what reads frames
 * @deadline: monotonic time, us, up to which to wait; -1: without end
 * @item: (out caller-allocates): filled as the result says
 * @error: return location
 *
 * Waits through outages; trib_kafka_frames_set_flushing() wakes it.
 *
 * Returns: what @item holds
 */
TribKafkaFramesResult
trib_kafka_frames_next (
    TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item, GError **error)
{
  TribKafkaFramesResult result;

  g_clear_pointer (&f->note, trib_kafka_frames_note_free);
  do {
    *item = (TribKafkaFramesItem){ .partition = -1, .text = "" };
    result = step (f, deadline, item, error);
    if (result != TRIB_KAFKA_FRAMES_TIMEOUT)
      return result;
  } while (deadline < 0 || g_get_monotonic_time () < deadline);
  return TRIB_KAFKA_FRAMES_TIMEOUT;
}
