/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-frames.h"

#include <common/trib-crc32c.h>
#include <kafka/layout/trib-kafka-names.h>
#include <kafka/trib-kafka-debug.h>
#include "trib-kafka-keyed.h"
#include "trib-kafka-earlier.h"
#include "trib-kafka-fetch.h"
#include "trib-kafka-time-order.h"
#include "trib-kafka-index-order.h"

#include <string.h>

/* distinct reasons for missing frames */
#define MAX_REASONS 64
/* at the present end: how long an index that is missing is waited for */
#define SETTLE_US (200 * G_TIME_SPAN_MILLISECOND)
/* between two looks at the client that nothing is asked of */
#define SLICE_US (100 * G_TIME_SPAN_MILLISECOND)
#define MAX_REPORTED 64
/* how long a beginning that is earlier than the broker says is looked for */
#define EARLIER_US (10 * G_TIME_SPAN_SECOND)
/* sessions and streams that are not wanted, named when nothing else is there */
#define MAX_OTHERS 5

enum { FOLLOWED, BYTES, N_CLIENTS };

/* an item to give that does not depend on the next frame */
typedef struct {
  TribKafkaFramesResult result;
  TribKafkaCandidate *candidate; /* (nullable) */
  gchar *text;                   /* (nullable) */
} FramesNote;

struct _TribKafkaFrames {
  /* set once */
  TribKafkaCursor *cursor;
  TribKafkaFetch *fetch; /* NULL when the bytes themselves are followed */
  TribKafkaReadBy read_by;
  gchar *bytes_topic;
  TribKafkaEarlier *earlier; /* NULL where times are not asked for */
  TribKafkaKeyed *keyed;     /* of producers that write no offsets */
  gboolean any_producer;
  gchar *wanted_session;
  gchar *wanted_stream;
  gboolean check_crc;

  /* the driving thread */
  TribJsonReader *reader;
  TribKafkaTimeOrder *by_time;
  TribKafkaIndexOrder *by_index;
  TribKafkaCandidate *current; /* given last */
  gchar *stream;               /* the one that is given, NULL: not known yet */
  guint64 next_index;          /* with any_producer */
  GHashTable *reported;        /* streams and sessions that were reported */
  GQueue notes;
  FramesNote *note; /* given last */
  gint64 from_ns;
  gboolean new_session; /* none of its frames was given yet */
  guint64 gap;          /* frames that are missing since the last one given */
  const gchar *gap_reason;
  GHashTable *reasons;    /* reasons that entries gave, at most MAX_REASONS */
  gboolean lost;          /* retention has removed records since the last frame */
  gint64 caught_up_since; /* monotonic, -1: there is more */
  gboolean ended;
  gboolean by_broker;           /* a position by time is the broker's, still to be doubted */
  gboolean went_back;           /* it was not where frames of the time begin */
  TribKafkaFramesCounts before; /* the position that was sought last */
  TribKafkaNothing nothing;     /* of it, as it was reported */
  gchar *followed_topic;
  gchar *nothing_text; /* (nullable) given last */
  GPtrArray *others;   /* of text: not wanted, at most MAX_OTHERS */
  gboolean malformed_reported;
  TribLinkState links[N_CLIENTS];
  TribLinkState link; /* as it was reported last */

  GMutex lock;
  /* lock */
  TribKafkaFramesCounts counts;
};

#define COUNT(f, member, n)      \
  G_STMT_START                   \
  {                              \
    g_mutex_lock (&(f)->lock);   \
    (f)->counts.member += (n);   \
    g_mutex_unlock (&(f)->lock); \
  }                              \
  G_STMT_END

/* at once, so that the counters close at any moment */
#define COUNT_RECORD(f, member)  \
  G_STMT_START                   \
  {                              \
    g_mutex_lock (&(f)->lock);   \
    (f)->counts.records++;       \
    (f)->counts.member++;        \
    g_mutex_unlock (&(f)->lock); \
  }                              \
  G_STMT_END

static void
note_free (gpointer data)
{
  FramesNote *note = data;

  g_clear_pointer (&note->candidate, trib_kafka_candidate_free);
  g_free (note->text);
  g_free (note);
}

static void
add_note (TribKafkaFrames *f, TribKafkaFramesResult result, TribKafkaCandidate *candidate,
    const gchar *text)
{
  FramesNote *note = g_new (FramesNote, 1);

  note->result = result;
  note->candidate = candidate;
  note->text = g_strdup (text);
  g_queue_push_tail (&f->notes, note);
}

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
  g_queue_clear_full (&f->notes, note_free);
  g_clear_pointer (&f->note, note_free);
  g_clear_pointer (&f->current, trib_kafka_candidate_free);
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
  f->next_index = 0;
  f->from_ns = from_ns;
  f->new_session = FALSE;
  f->gap = 0;
  f->gap_reason = NULL;
  f->lost = FALSE;
  f->ended = FALSE;
  f->caught_up_since = -1;
}

/**
 * trib_kafka_frames_find_metadata:
 * @f: what reads frames
 * @s: a frame that does not say where its metadata is
 * @ret_message: (out caller-allocates): the metadata record, valid until the next call
 *
 * As trib_kafka_keyed_find_metadata(), on the driving thread.
 *
 * Returns: whether there is one
 */
gboolean
trib_kafka_frames_find_metadata (
    TribKafkaFrames *f, const TribKafkaCandidate *s, TribKafkaMessage *ret_message)
{
  return trib_kafka_keyed_find_metadata (f->keyed, s, ret_message);
}

/* ---- from the topic into the order of indexes ---- */

/* the outcome of a frame that is not given */
static void
settle (TribKafkaFrames *f, const TribKafkaCandidate *s, guint64 *counter, const gchar *outcome)
{
  TRIB_LOG (
      &trib_kafka_debug, TRIB_LOG_DEBUG, s->entry.identity.frame_id, "not given: %s", outcome);
  g_mutex_lock (&f->lock);
  (*counter)++;
  f->counts.pending--;
  g_mutex_unlock (&f->lock);
}

static gboolean
is_wanted (const TribKafkaFrames *f, const TribKafkaCandidate *s)
{
  return (f->wanted_session == NULL || g_str_equal (f->wanted_session, s->entry.identity.session))
         && (f->wanted_stream == NULL || g_str_equal (f->wanted_stream, s->entry.identity.stream));
}

/* @s: (transfer full): its stream or session is not given, which is reported once */
static void
leave_out (TribKafkaFrames *f, TribKafkaFramesResult result, TribKafkaCandidate *s)
{
  const TribKafkaIdentity *id = &s->entry.identity;
  g_autoptr (TribKafkaCandidate) owned = s;
  gchar *name = g_strdup_printf (
      "%u %s", result, result == TRIB_KAFKA_FRAMES_OTHER_STREAM ? id->stream : id->session);

  if (g_hash_table_size (f->reported) == MAX_REPORTED)
    g_free (name);
  else if (g_hash_table_add (f->reported, name))
    add_note (f, result, g_steal_pointer (&owned), NULL);
}

/* frames that waited to be confirmed, in vain */
static void
leave_out_dropped (TribKafkaFrames *f)
{
  TribKafkaCandidate *s;
  gboolean other;

  while ((s = trib_kafka_index_order_take_dropped (f->by_index, &other))) {
    if (other)
      settle (f, s, &f->counts.filtered, "of a session that is not given");
    else
      settle (f, s, &f->counts.implausible, "far from the frames before and after it");
    leave_out (f, TRIB_KAFKA_FRAMES_OTHER_SESSION, s);
  }
}

/* @s: (transfer full): in order of time, of a session and stream that may be wanted */
static void
admit (TribKafkaFrames *f, TribKafkaCandidate *s)
{
  g_autoptr (TribKafkaCandidate) owned = s;

  if (s->entry.identity.t_ns < f->from_ns) {
    settle (f, s, &f->counts.before, "before the time that was asked for");
    return;
  }
  if (f->any_producer)
    trib_kafka_candidate_set_index (s, f->next_index++);
  if (f->stream == NULL)
    f->stream = g_strdup (s->entry.identity.stream);
  if (!g_str_equal (f->stream, s->entry.identity.stream)) {
    settle (f, s, &f->counts.filtered, "of another stream");
    leave_out (f, TRIB_KAFKA_FRAMES_OTHER_STREAM, g_steal_pointer (&owned));
    return;
  }
  switch (trib_kafka_index_order_add (f->by_index, s)) {
    case TRIB_KAFKA_INDEX_ORDER_KEPT:
      TRIB_LOG (&trib_kafka_debug, TRIB_LOG_LOG, s->entry.identity.frame_id, "admitted");
      g_steal_pointer (&owned);
      return;
    case TRIB_KAFKA_INDEX_ORDER_DUPLICATE:
      settle (f, s, &f->counts.duplicates, "duplicate");
      return;
    case TRIB_KAFKA_INDEX_ORDER_LATE:
      settle (f, s, &f->counts.late, "late");
      return;
    case TRIB_KAFKA_INDEX_ORDER_LATE_FAILED:
      settle (f, s, &f->counts.failed, "failed, late");
      add_note (f, TRIB_KAFKA_FRAMES_MISSING, g_steal_pointer (&owned), NULL);
      return;
    case TRIB_KAFKA_INDEX_ORDER_ENDED:
      settle (f, s, &f->counts.filtered, "of a session that has ended");
      leave_out (f, TRIB_KAFKA_FRAMES_OTHER_SESSION, g_steal_pointer (&owned));
      return;
  }
}

static void
note_malformed (TribKafkaFrames *f, gint32 partition, gint64 offset, const gchar *why)
{
  g_autofree gchar *text = NULL;

  COUNT_RECORD (f, malformed);
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, NULL,
      "no frame: partition %d offset %" G_GINT64_FORMAT ": %s", partition, offset, why);
  if (f->malformed_reported)
    return;
  f->malformed_reported = TRUE;
  text = g_strdup_printf ("partition %d offset %" G_GINT64_FORMAT ": %s", partition, offset, why);
  add_note (f, TRIB_KAFKA_FRAMES_MALFORMED, NULL, text);
}

static void
note_other (TribKafkaFrames *f, const TribKafkaCandidate *s)
{
  const TribKafkaIdentity *id = &s->entry.identity;
  g_autofree gchar *name = NULL;

  if (f->others->len == MAX_OTHERS)
    return;
  name = g_strdup_printf ("%s %s", id->session, id->stream);
  if (!g_ptr_array_find_with_equal_func (f->others, name, g_str_equal, NULL))
    g_ptr_array_add (f->others, g_steal_pointer (&name));
}

/* @m: taken over, or cleared */
static TribKafkaCandidate *
make_candidate (TribKafkaFrames *f, TribKafkaMessage *m, GError **error)
{
  TribKafkaCandidate *s;

  if (f->any_producer)
    return trib_kafka_candidate_from_anything (m, f->bytes_topic,
        f->wanted_session ? f->wanted_session : f->bytes_topic,
        f->wanted_stream ? f->wanted_stream : "0", error);
  if (f->read_by == TRIB_KAFKA_READ_BY_REGISTRY)
    return trib_kafka_candidate_from_registry (m, f->reader, error);
  s = trib_kafka_candidate_from_bytes (m, f->bytes_topic, error);
  if (s)
    trib_kafka_keyed_resolve_names (f->keyed, s, f->wanted_stream);
  return s;
}

static void
take_record (TribKafkaFrames *f, TribKafkaMessage *m)
{
  g_autoptr (GError) why = NULL;
  gint32 partition = m->partition;
  gint64 offset = m->offset, t_ms = m->t_ms;
  g_autoptr (TribKafkaCandidate) s = make_candidate (f, m, &why);

  trib_kafka_time_order_passed (f->by_time, partition, t_ms);
  COUNT (f, cut, s && s->cut);
  if (s == NULL) {
    note_malformed (f, partition, offset, why->message);
  } else if (!is_wanted (f, s)) {
    TRIB_LOG (&trib_kafka_debug, TRIB_LOG_LOG, s->entry.identity.frame_id,
        "not given: of a session or stream that is not wanted");
    note_other (f, s);
    COUNT_RECORD (f, filtered);
  } else {
    COUNT_RECORD (f, pending);
    trib_kafka_time_order_add (f->by_time, partition, g_steal_pointer (&s));
  }
}

/* partitions are known once the cursor gives anything of them */
static void
learn_partitions (TribKafkaFrames *f)
{
  gint32 n = trib_kafka_cursor_get_n_partitions (f->cursor);

  gint32 first = trib_kafka_time_order_get_n_partitions (f->by_time);

  if (first == n)
    return;
  trib_kafka_time_order_set_n_partitions (f->by_time, n);
  for (gint32 p = first; p < n; p++)
    trib_kafka_time_order_set_idle (f->by_time, p, !trib_kafka_cursor_is_reading (f->cursor, p));
}

static gboolean
take_link (TribKafkaFrames *f, guint client, const TribLinkEvent *event, TribKafkaFramesItem *item)
{
  TribLinkState worst = TRIB_LINK_CONNECTING;

  f->links[client] = event->state;
  /* the states are in order, and a client that nothing was asked of yet says nothing */
  for (guint i = 0; i < N_CLIENTS; i++)
    worst = MAX (worst, f->links[i]);
  if (worst == f->link)
    return FALSE;
  item->link = *event;
  item->link.previous = f->link;
  item->link.state = worst;
  item->link.recovered = worst == TRIB_LINK_CONNECTED && f->link > TRIB_LINK_CONNECTED;
  f->link = worst;
  item->text = client == FOLLOWED ? trib_kafka_cursor_get_trouble (f->cursor)
                                  : trib_kafka_fetch_get_trouble (f->fetch);
  return TRUE;
}

/* Timestamps of records are not later than their capture times, and may be earlier.
 * Returns: whether reading begins earlier than the broker says */
static gboolean
go_back (TribKafkaFrames *f, TribKafkaCursorItem *at, gboolean is_record)
{
  gint64 deadline = g_get_monotonic_time () + EARLIER_US;

  f->by_broker = FALSE;
  for (gint32 p = 0; p < trib_kafka_cursor_get_n_partitions (f->cursor); p++) {
    gint64 position = trib_kafka_cursor_get_position (f->cursor, p), low, high, begin;

    if (!trib_kafka_cursor_get_range (f->cursor, p, &low, &high))
      continue;
    position -= is_record && at->partition == p;
    begin = trib_kafka_earlier_find (f->earlier, p, low, position, f->from_ns, deadline);
    if (begin == position)
      continue;
    f->went_back = TRUE;
    trib_kafka_cursor_seek_partition (f->cursor, p, begin);
    if (is_record && at->partition == p)
      trib_kafka_message_clear (&at->message);
  }
  return f->went_back;
}

/* one item of the followed topic; TIMEOUT: nothing to report */
static TribKafkaFramesResult
pump (TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item, GError **error)
{
  TribKafkaCursorItem at;
  TribKafkaCursorResult result = trib_kafka_cursor_next (f->cursor, deadline, &at, error);

  if (f->by_broker && trib_kafka_cursor_is_positioned (f->cursor)
      && go_back (f, &at, result == TRIB_KAFKA_CURSOR_RECORD)
      && (result == TRIB_KAFKA_CURSOR_END || result == TRIB_KAFKA_CURSOR_CAUGHT_UP
          || (result == TRIB_KAFKA_CURSOR_RECORD && at.message.message == NULL)))
    result = TRIB_KAFKA_CURSOR_TIMEOUT;
  if (at.partition >= 0)
    learn_partitions (f);
  if (result != TRIB_KAFKA_CURSOR_TIMEOUT && result != TRIB_KAFKA_CURSOR_CAUGHT_UP)
    f->caught_up_since = -1;
  switch (result) {
    case TRIB_KAFKA_CURSOR_RECORD:
      take_record (f, &at.message);
      /* it may have been the last one that is wanted */
      trib_kafka_time_order_set_idle (
          f->by_time, at.partition, !trib_kafka_cursor_is_reading (f->cursor, at.partition));
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_CAUGHT_UP:
      trib_kafka_time_order_set_idle (f->by_time, at.partition, TRUE);
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LOST:
      item->partition = at.partition;
      item->n_missing = at.to - at.from;
      COUNT (f, lost, item->n_missing);
      f->lost = TRUE;
      return TRIB_KAFKA_FRAMES_LOST;
    case TRIB_KAFKA_CURSOR_UNREADABLE:
      note_malformed (f, at.partition, at.from, "the record is damaged");
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_LINK:
      return take_link (f, FOLLOWED, &at.link, item) ? TRIB_KAFKA_FRAMES_LINK
                                                     : TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_END:
      trib_kafka_time_order_set_all_idle (f->by_time);
      f->ended = TRUE;
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_CURSOR_FLUSHING:
      return TRIB_KAFKA_FRAMES_FLUSHING;
    case TRIB_KAFKA_CURSOR_ERROR:
      return TRIB_KAFKA_FRAMES_ERROR;
    default:
      return TRIB_KAFKA_FRAMES_TIMEOUT;
  }
}

/* ---- out of the order of indexes ---- */

/* a copy that stays valid: other producers may have written anything */
static const gchar *
keep_reason (TribKafkaFrames *f, const gchar *reason)
{
  gpointer kept;

  if (g_hash_table_lookup_extended (f->reasons, reason, &kept, NULL))
    return kept;
  if (g_hash_table_size (f->reasons) == MAX_REASONS)
    return "other";
  kept = g_strdup (reason);
  g_hash_table_add (f->reasons, kept);
  return kept;
}

static TribKafkaFramesResult
give_missing (
    TribKafkaFrames *f, TribKafkaFramesItem *item, guint64 index, guint64 n, const gchar *reason)
{
  /* one less than the maximum, because a caller that divides by it adds 1 */
  f->gap = n < G_MAXUINT64 - 1 - f->gap ? f->gap + n : G_MAXUINT64 - 1;
  if (f->gap_reason == NULL || !g_str_equal (reason, "unknown"))
    f->gap_reason = keep_reason (f, reason);
  item->index = index;
  item->n_missing = n;
  item->reason = keep_reason (f, reason);
  return TRIB_KAFKA_FRAMES_MISSING;
}

static void
take_next (TribKafkaFrames *f, TribKafkaFramesItem *item)
{
  f->new_session |= trib_kafka_index_order_is_new_run (f->by_index);
  g_clear_pointer (&f->current, trib_kafka_candidate_free);
  f->current = trib_kafka_index_order_pop (f->by_index);
  item->candidate = f->current;
  item->index = f->current->entry.identity.index;
}

/* a frame that cannot be given is skipped */
static TribKafkaFramesResult
skip (TribKafkaFrames *f, TribKafkaFramesItem *item, guint64 *counter, const gchar *reason)
{
  take_next (f, item);
  settle (f, f->current, counter, reason);
  return give_missing (f, item, f->current->entry.identity.index, 1, reason);
}

static gboolean
is_what_was_said (const TribKafkaFrames *f, const TribKafkaCandidate *s, const TribKafkaMessage *m)
{
  const TribKafkaRegistryValue *e = &s->entry;

  if (s->kind == TRIB_KAFKA_CANDIDATE_BYTES) {
    gsize len;
    const gchar *text
        = f->check_crc ? trib_kafka_message_get_header (m, TRIB_KAFKA_HEADER_CRC32C, &len) : NULL;
    gchar said[16];

    if (text == NULL)
      return TRUE;
    g_snprintf (said, sizeof said, "%u", trib_crc32c (0, m->value, m->value_len));
    return strlen (said) == len && memcmp (said, text, len) == 0;
  }
  if (m->key_len != strlen (e->identity.frame_id)
      || memcmp (m->key, e->identity.frame_id, m->key_len) != 0)
    return FALSE;
  /* linked by its key, which is all that the entry says */
  if (s->by_key)
    return TRUE;
  return m->value_len == e->size
         && (!f->check_crc || trib_crc32c (0, m->value, m->value_len) == e->binary.crc32c);
}

/* @m: (transfer full) */
static TribKafkaFramesResult
give_frame (TribKafkaFrames *f, TribKafkaFramesItem *item, TribKafkaMessage *m)
{
  const TribKafkaCandidate *s
      = trib_kafka_index_order_peek (f->by_index, TRIB_KAFKA_INDEX_ORDER_SETTLED);
  gboolean good = is_what_was_said (f, s, m);

  if (!good) {
    trib_kafka_message_clear (m);
    return skip (f, item, &f->counts.damaged, "damaged");
  }
  take_next (f, item);
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_LOG, f->current->entry.identity.frame_id,
      "given: %" G_GSIZE_FORMAT " bytes", m->value_len);
  item->message = *m;
  item->new_session = f->new_session;
  f->new_session = FALSE;
  g_mutex_lock (&f->lock);
  f->counts.frames++;
  f->counts.pending--;
  f->counts.frame_bytes += m->value_len;
  g_mutex_unlock (&f->lock);
  item->n_missing = f->gap;
  item->reason = f->gap > 0 ? f->gap_reason : NULL;
  f->gap = 0;
  f->gap_reason = NULL;
  f->lost = FALSE;
  return TRIB_KAFKA_FRAMES_FRAME;
}

static TribKafkaFramesResult
fetch (TribKafkaFrames *f, TribKafkaCandidate *s, gint64 deadline, TribKafkaFramesItem *item,
    GError **error)
{
  TribKafkaPointer *place = &s->entry.binary;
  TribKafkaFetchResult result;
  TribKafkaMessage m;
  TribLinkEvent link;

  if (!s->by_key && !g_str_equal (place->topic, f->bytes_topic))
    return skip (f, item, &f->counts.damaged, "other-topic");
  if (place->offset < 0)
    result = trib_kafka_keyed_get_bytes (f->keyed, s, deadline, &m, &link, error);
  else
    result = trib_kafka_fetch_get (
        f->fetch, place->partition, place->offset, deadline, &m, &link, error);
  switch (result) {
    case TRIB_KAFKA_FETCH_FOUND:
      if (m.value)
        return give_frame (f, item, &m);
      /* it was read too long ago: from its place now */
      place->partition = m.partition;
      place->offset = m.offset;
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_FETCH_EXPIRED:
      return skip (f, item, &f->counts.expired, "expired");
    case TRIB_KAFKA_FETCH_MISSING:
    case TRIB_KAFKA_FETCH_UNREADABLE:
      return skip (f, item, &f->counts.damaged, "damaged");
    case TRIB_KAFKA_FETCH_LINK:
      return take_link (f, BYTES, &link, item) ? TRIB_KAFKA_FRAMES_LINK : TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_FETCH_FLUSHING:
      return TRIB_KAFKA_FRAMES_FLUSHING;
    case TRIB_KAFKA_FETCH_ERROR:
      return TRIB_KAFKA_FRAMES_ERROR;
    default:
      return TRIB_KAFKA_FRAMES_TIMEOUT;
  }
}

/* the next frame */
static TribKafkaFramesResult
give (TribKafkaFrames *f, TribKafkaCandidate *s, gint64 deadline, TribKafkaFramesItem *item,
    GError **error)
{
  guint64 n_missing = trib_kafka_index_order_get_missing (f->by_index);

  if (n_missing > 0) {
    TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, s->entry.identity.frame_id,
        "%" G_GUINT64_FORMAT " frames are missing before it", n_missing);
    COUNT (f, missing, n_missing);
    return give_missing (f, item, trib_kafka_index_order_pass_missing (f->by_index), n_missing,
        f->lost ? "expired" : "unknown");
  }
  switch (s->kind) {
    case TRIB_KAFKA_CANDIDATE_FAILED:
      return skip (f, item, &f->counts.failed, s->entry.error_reason);
    case TRIB_KAFKA_CANDIDATE_BYTES: {
      TribKafkaMessage m = s->message;
      s->message = (TribKafkaMessage){ 0 };
      return give_frame (f, item, &m);
    }
    default:
      return fetch (f, s, deadline, item, error);
  }
}

static TribKafkaFramesResult
give_note (TribKafkaFrames *f, TribKafkaFramesItem *item)
{
  f->note = g_queue_pop_head (&f->notes);
  item->text = f->note->text;
  item->candidate = f->note->candidate;
  if (f->note->result == TRIB_KAFKA_FRAMES_MISSING) {
    /* its gap was reported before the reason was known */
    item->reason = keep_reason (f, f->note->candidate->entry.error_reason);
    item->index = f->note->candidate->entry.identity.index;
    item->n_missing = 1;
  }
  return f->note->result;
}

/* what is missing now will not arrive at the end, and at the present end for a while */
static TribKafkaIndexOrderEnd
find_end (TribKafkaFrames *f)
{
  if (f->ended && trib_kafka_time_order_get_length (f->by_time) == 0)
    return TRIB_KAFKA_INDEX_ORDER_OVER;
  if (trib_kafka_time_order_get_length (f->by_time) > 0
      || !trib_kafka_cursor_is_caught_up (f->cursor))
    return TRIB_KAFKA_INDEX_ORDER_OPEN;
  if (f->caught_up_since < 0)
    f->caught_up_since = g_get_monotonic_time ();
  return g_get_monotonic_time () - f->caught_up_since >= SETTLE_US ? TRIB_KAFKA_INDEX_ORDER_SETTLED
                                                                   : TRIB_KAFKA_INDEX_ORDER_OPEN;
}

/* the client of the bytes notices an outage, and its end, only when it is looked at */
static TribKafkaFramesResult
look_at_bytes (TribKafkaFrames *f, TribKafkaFramesItem *item, GError **error)
{
  TribLinkEvent link;

  if (f->fetch && trib_kafka_fetch_poll (f->fetch, &link, error) == TRIB_KAFKA_FETCH_LINK
      && take_link (f, BYTES, &link, item))
    return TRIB_KAFKA_FRAMES_LINK;
  return TRIB_KAFKA_FRAMES_TIMEOUT;
}

/* @complete: what is there was read */
static TribKafkaNothing
find_nothing (TribKafkaFrames *f, gboolean complete)
{
  TribKafkaNothing found
      = f->went_back ? TRIB_KAFKA_NOTHING_NONE : trib_kafka_cursor_get_nothing (f->cursor);

  if (f->counts.frames > f->before.frames || found == TRIB_KAFKA_NOTHING_TOPIC)
    return found == TRIB_KAFKA_NOTHING_TOPIC ? found : TRIB_KAFKA_NOTHING_NONE;
  if (!complete || found == TRIB_KAFKA_NOTHING_OFFSET || found == TRIB_KAFKA_NOTHING_TIME)
    return found == TRIB_KAFKA_NOTHING_RECORD ? TRIB_KAFKA_NOTHING_NONE : found;
  if (f->counts.before > f->before.before)
    return TRIB_KAFKA_NOTHING_TIME;
  if (f->counts.filtered > f->before.filtered)
    return TRIB_KAFKA_NOTHING_FILTER;
  /* what is followed may be empty at first */
  return f->ended ? found : TRIB_KAFKA_NOTHING_NONE;
}

static gchar *
describe_nothing (const TribKafkaFrames *f)
{
  g_autofree gchar *others = NULL;

  switch (f->nothing) {
    case TRIB_KAFKA_NOTHING_TOPIC:
      return g_strdup_printf ("There is no topic \"%s\" yet; it is waited for.", f->followed_topic);
    case TRIB_KAFKA_NOTHING_OFFSET:
      return g_strdup_printf ("The start is beyond the end of topic \"%s\".", f->followed_topic);
    case TRIB_KAFKA_NOTHING_TIME:
      return g_strdup_printf (
          "The time to start at is later than all of topic \"%s\".", f->followed_topic);
    case TRIB_KAFKA_NOTHING_FILTER:
      g_ptr_array_add (f->others, NULL);
      others = g_strjoinv ("\", \"", (gchar **) f->others->pdata);
      g_ptr_array_set_size (f->others, f->others->len - 1);
      return g_strdup_printf (
          "Topic \"%s\" has no frame of the session and stream that are wanted; "
          "it has (session, stream): \"%s\".",
          f->followed_topic, others);
    default:
      return g_strdup_printf ("Topic \"%s\" has no record.", f->followed_topic);
  }
}

/* whether there is something new to say about nothing being there */
static gboolean
give_nothing (TribKafkaFrames *f, TribKafkaFramesItem *item, TribKafkaIndexOrderEnd end)
{
  TribKafkaNothing found = find_nothing (f, end != TRIB_KAFKA_INDEX_ORDER_OPEN);

  if (found == f->nothing || found == TRIB_KAFKA_NOTHING_NONE)
    return FALSE;
  f->nothing = found;
  g_free (f->nothing_text);
  item->text = f->nothing_text = describe_nothing (f);
  item->reason = trib_kafka_nothing_to_string (found);
  return TRUE;
}

static TribKafkaFramesResult
step (TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item, GError **error)
{
  TribKafkaCandidate *s;
  TribKafkaFramesResult result;
  TribKafkaIndexOrderEnd end;
  gint64 now;

  if (f->notes.length > 0)
    return give_note (f, item);
  end = find_end (f);
  s = trib_kafka_index_order_peek (f->by_index, end);
  leave_out_dropped (f);
  if (s)
    return give (f, s, deadline, item, error);
  s = trib_kafka_time_order_take (f->by_time);
  if (s) {
    admit (f, s);
    return TRIB_KAFKA_FRAMES_TIMEOUT;
  }
  if (give_nothing (f, item, end))
    return TRIB_KAFKA_FRAMES_NOTHING;
  if (f->ended && trib_kafka_index_order_get_length (f->by_index) == 0)
    return TRIB_KAFKA_FRAMES_END;
  now = g_get_monotonic_time ();
  result = pump (f, deadline < 0 ? now + SLICE_US : MIN (deadline, now + SLICE_US), item, error);
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

  g_clear_pointer (&f->note, note_free);
  do {
    *item = (TribKafkaFramesItem){ .partition = -1, .text = "" };
    result = step (f, deadline, item, error);
    if (result != TRIB_KAFKA_FRAMES_TIMEOUT)
      return result;
  } while (deadline < 0 || g_get_monotonic_time () < deadline);
  return TRIB_KAFKA_FRAMES_TIMEOUT;
}
