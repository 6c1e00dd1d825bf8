/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-scan.h"

#include <kafka/read/trib-kafka-cursor.h>
#include <kafka/trib-kafka-debug.h>

#include <string.h>

#define N_TOPICS TRIB_KAFKA_VERIFY_N_TOPICS
#define MAX_HEADERS 32
/* records of one topic before the next one is looked at */
#define BATCH 256
#define WAIT_US (20 * G_TIME_SPAN_MILLISECOND)
#define SWEEP_US (500 * G_TIME_SPAN_MILLISECOND)
/* frames open before topics that are ahead of the others are held back */
#define BALANCE_FRAMES 65536
/* what the clients hold ready: nearly all bytes are those of the binary topic */
#define BINARY_QUEUED_BYTES (48 * 1024 * 1024)
#define OTHER_QUEUED_BYTES (8 * 1024 * 1024)
/* the most that options of the caller may set: an answer of the largest size, without its frame */
#define MAX_FETCH_BYTES (256 * 1024 * 1024 - 512)

typedef struct {
  gchar *name;
  TribKafkaCursor *cursor;
  gint64 *ends; /* by partition number: to be read up to here */
  gint32 n_partitions;
} ScanTopic;

struct _TribKafkaScan {
  /* set once */
  gchar *address;
  guint timeout_ms;
  guint settle_ms;
  ScanTopic topics[N_TOPICS];
  ScanTopic runs;          /* no cursor: it does not exist */
  TribKafkaVerify *verify; /* not owned */

  TribKafkaScanTick tick;
  gpointer tick_data;
  gboolean wants_end;
  gboolean has_followed;
  gboolean registry_closed;
  guint balance_at;
  guint turn;           /* the topic that was waited for last */
  gint64 last_progress; /* monotonic, us */
  gint64 last_sweep;
};

/* ---- life ---- */

static gboolean
check_topics (const TribKafkaScanConfig *config, GError **error)
{
  for (guint i = 0; i < N_TOPICS; i++) {
    for (guint k = 0; k < i; k++) {
      if (strcmp (config->topics[i], config->topics[k]) == 0) {
        g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
            "the %s and %s topics have the same name, %s", trib_kafka_verify_topic_to_string (k),
            trib_kafka_verify_topic_to_string (i), config->topics[i]);
        return FALSE;
      }
    }
  }
  return TRUE;
}

/* What the clients may hold at once follows from these: a larger one is refused, so that a topic
 * can be proven on a small machine whatever was asked for. */
static gboolean
check_sizes (const gchar *const *options, GError **error)
{
  static const struct {
    const gchar *name;
    gint64 max;
  } sizes[] = {
    { "fetch.max.bytes", MAX_FETCH_BYTES },
    { "fetch.message.max.bytes", MAX_FETCH_BYTES },
    { "max.partition.fetch.bytes", MAX_FETCH_BYTES },
    { "queued.max.messages.kbytes", MAX_FETCH_BYTES / 1024 },
  };

  for (; options && *options; options += 2) {
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
      /* as the library reads it; what is no number, it refuses */
      if (!g_str_equal (options[0], sizes[i].name)
          || g_ascii_strtoll (options[1], NULL, 0) <= sizes[i].max)
        continue;
      g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
          "the option \"%s\" is at most %" G_GINT64_FORMAT
          " here: each client holds that much in memory",
          options[0], sizes[i].max);
      return FALSE;
    }
  }
  return TRUE;
}

/* (transfer container): names and values in turn, the caller's after a name of ours */
static const gchar **
prepend_name (const gchar *const *options, gboolean *ret_debug)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  g_ptr_array_add (all, (gpointer) "client.id");
  g_ptr_array_add (all, (gpointer) "tributary-kafka-verify");
  *ret_debug = FALSE;
  for (; options && *options; options += 2) {
    *ret_debug |= g_str_equal (options[0], "debug");
    g_ptr_array_add (all, (gpointer) options[0]);
    g_ptr_array_add (all, (gpointer) options[1]);
  }
  g_ptr_array_add (all, NULL);
  return (const gchar **) g_ptr_array_free (g_steal_pointer (&all), FALSE);
}

static gboolean
make_cursor (ScanTopic *t, const TribKafkaScanConfig *config, const gchar *name,
    guint64 queued_bytes, const gchar *const *options, gboolean debug, GError **error)
{
  const TribKafkaCursorConfig cursor = {
    .topic = name,
    .client = {
      .bootstrap_servers = config->bootstrap_servers,
      .options = options,
      .max_queued_bytes = queued_bytes,
      .verifies = TRUE,
      .log = debug ? config->log : NULL,
    },
  };

  t->name = g_strdup (name);
  t->cursor = trib_kafka_cursor_new (&cursor, error);
  return t->cursor != NULL;
}

/**
 * trib_kafka_scan_new:
 * @config: what to read; copied
 * @error: return location
 *
 * Makes the clients; asks nothing of the broker yet.
 *
 * Returns: (transfer full) (nullable): a scan, or %NULL with %TRIB_KAFKA_ERROR_SETTINGS
 */
TribKafkaScan *
trib_kafka_scan_new (const TribKafkaScanConfig *config, GError **error)
{
  g_autoptr (TribKafkaScan) s = g_new0 (TribKafkaScan, 1);
  gboolean debug;
  g_autofree const gchar **options = prepend_name (config->client_options, &debug);

  s->address = g_strdup (config->bootstrap_servers);
  s->timeout_ms = config->timeout_ms;
  s->settle_ms = config->settle_ms;
  if (!check_topics (config, error) || !check_sizes (config->client_options, error))
    return NULL;
  for (guint i = 0; i < N_TOPICS; i++)
    if (!make_cursor (&s->topics[i], config, config->topics[i],
            i == TRIB_KAFKA_TOPIC_BINARY ? BINARY_QUEUED_BYTES : OTHER_QUEUED_BYTES, options, debug,
            error))
      return NULL;
  if (config->runs_topic
      && !make_cursor (
          &s->runs, config, config->runs_topic, OTHER_QUEUED_BYTES, options, debug, error))
    return NULL;
  return g_steal_pointer (&s);
}

static void
clear_topic (ScanTopic *t)
{
  g_clear_pointer (&t->cursor, trib_kafka_cursor_free);
  g_free (t->ends);
  g_free (t->name);
}

/**
 * trib_kafka_scan_free:
 * @s: a scan
 */
void
trib_kafka_scan_free (TribKafkaScan *s)
{
  for (guint i = 0; i < N_TOPICS; i++)
    clear_topic (&s->topics[i]);
  clear_topic (&s->runs);
  g_free (s->address);
  g_free (s);
}

/**
 * trib_kafka_scan_get_trouble:
 * @s: a scan
 *
 * Returns: (transfer none) (nullable): a client's last error, if it read nothing since
 */
const gchar *
trib_kafka_scan_get_trouble (const TribKafkaScan *s)
{
  for (guint i = 0; i < N_TOPICS; i++) {
    const gchar *trouble = trib_kafka_cursor_get_trouble (s->topics[i].cursor);
    if (*trouble)
      return trouble;
  }
  return NULL;
}

/* ---- questions to the broker ---- */

static gboolean
fail_unreachable (const TribKafkaScan *s, const ScanTopic *t, GError **error)
{
  const gchar *trouble = trib_kafka_cursor_get_trouble (t->cursor);

  g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_UNREACHABLE,
      "%s: no answer from %s within %u ms%s%s", t->name, s->address, s->timeout_ms,
      *trouble ? ": " : "", trouble);
  return FALSE;
}

static gboolean
fail_grown (const ScanTopic *t, GError **error)
{
  g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC,
      "topic %s had %d partitions and now has %d; start again", t->name, t->n_partitions,
      trib_kafka_cursor_get_n_partitions (t->cursor));
  return FALSE;
}

static gint64
deadline_of (const TribKafkaScan *s)
{
  return g_get_monotonic_time () + s->timeout_ms * G_TIME_SPAN_MILLISECOND;
}

/* looks a topic up and begins at its low watermarks */
static gboolean
begin_topic (TribKafkaScan *s, ScanTopic *t, GError **error)
{
  static const TribKafkaPosition beginning
      = { .start = TRIB_KAFKA_START_EARLIEST, .partition = -1 };
  gint64 deadline = deadline_of (s), low, high;
  TribKafkaCursorItem item;

  trib_kafka_cursor_seek (t->cursor, &beginning);
  while (!trib_kafka_cursor_get_range (t->cursor, 0, &low, &high)) {
    if (g_get_monotonic_time () > deadline)
      return fail_unreachable (s, t, error);
    if (trib_kafka_cursor_next (t->cursor, 0, &item, error) == TRIB_KAFKA_CURSOR_ERROR)
      return FALSE;
  }
  t->n_partitions = trib_kafka_cursor_get_n_partitions (t->cursor);
  t->ends = g_new0 (gint64, t->n_partitions);
  for (gint32 p = 0; p < t->n_partitions; p++)
    trib_kafka_cursor_get_range (t->cursor, p, &low, &t->ends[p]);
  return TRUE;
}

static gboolean
open_topic (TribKafkaScan *s, TribKafkaTopic topic, GError **error)
{
  ScanTopic *t = &s->topics[topic];
  gint64 low, high;

  if (!begin_topic (s, t, error))
    return FALSE;
  for (gint32 p = 0; p < t->n_partitions; p++) {
    trib_kafka_cursor_get_range (t->cursor, p, &low, &high);
    trib_kafka_verify_set_low (s->verify, topic, p, low);
    if (topic != TRIB_KAFKA_TOPIC_REGISTRY)
      trib_kafka_verify_set_orphan_limit (s->verify, topic, p, t->ends[p]);
  }
  return TRUE;
}

/* the first partition that is not read to its end, or -1 */
static gint32
find_unread_partition (const ScanTopic *t)
{
  for (gint32 p = 0; p < t->n_partitions; p++)
    if (trib_kafka_cursor_get_position (t->cursor, p) < t->ends[p])
      return p;
  return -1;
}

/* all that runs have said up to the ends that were taken */
static gboolean
read_runs (TribKafkaScan *s, GError **error)
{
  ScanTopic *t = &s->runs;
  gint64 deadline = deadline_of (s);

  while (t->cursor && find_unread_partition (t) >= 0) {
    TribKafkaCursorItem item;
    switch (trib_kafka_cursor_next (t->cursor, deadline, &item, error)) {
      case TRIB_KAFKA_CURSOR_RECORD:
        trib_kafka_verify_add_run (s->verify, t->name, item.message.partition, item.message.offset,
            (const gchar *) item.message.value, item.message.value_len);
        trib_kafka_message_clear (&item.message);
        deadline = deadline_of (s);
        break;
      case TRIB_KAFKA_CURSOR_ERROR:
        return FALSE;
      case TRIB_KAFKA_CURSOR_TIMEOUT:
        return fail_unreachable (s, t, error);
      default:
        break;
    }
  }
  return TRUE;
}

/* the topic of runs is younger than the others: it need not be there, nor be allowed */
static gboolean
open_runs (TribKafkaScan *s, GError **error)
{
  g_autoptr (GError) why = NULL;

  if (s->runs.cursor == NULL || begin_topic (s, &s->runs, &why))
    return read_runs (s, error);
  if (!g_error_matches (why, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC)
      && !g_error_matches (why, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_NOT_AUTHORIZED)) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, s->runs.name, "not read: %s", why->message);
  g_clear_pointer (&s->runs.cursor, trib_kafka_cursor_free);
  return TRUE;
}

/**
 * trib_kafka_scan_open:
 * @s: a scan
 * @verify: where the records go; must outlive @s
 * @error: return location
 *
 * Connects, looks the topics up and begins to read each partition at its low watermark. Blocks
 * until that is done, at most the configured time for each topic. Call it once.
 *
 * Returns: %FALSE when a topic does not exist or the broker does not answer
 */
gboolean
trib_kafka_scan_open (TribKafkaScan *s, TribKafkaVerify *verify, GError **error)
{
  s->verify = verify;
  s->balance_at = MIN (trib_kafka_verify_get_max_open (verify) / 2 + 1, BALANCE_FRAMES);
  /* all that a run speaks of was written before its record, and the registry is the last of the
   * others: see trib_kafka_scan_finish() */
  if (!open_runs (s, error))
    return FALSE;
  for (guint i = 0; i < N_TOPICS; i++) {
    if (!open_topic (s, i, error))
      return FALSE;
  }
  s->last_progress = s->last_sweep = g_get_monotonic_time ();
  return TRUE;
}

static gboolean
check_not_grown (TribKafkaScan *s, ScanTopic *t, GError **error)
{
  gint64 deadline = deadline_of (s);

  for (;;) {
    switch (trib_kafka_cursor_ask_partitions_again (t->cursor, error)) {
      case TRIB_KAFKA_ANSWER_YES:
        return trib_kafka_cursor_get_n_partitions (t->cursor) == t->n_partitions
               || fail_grown (t, error);
      case TRIB_KAFKA_ANSWER_ERROR:
        return FALSE;
      default:
        if (g_get_monotonic_time () > deadline)
          return fail_unreachable (s, t, error);
    }
  }
}

static gboolean
ask_end (TribKafkaScan *s, ScanTopic *t, gint32 partition, gint64 *ret_end, GError **error)
{
  gint64 deadline = deadline_of (s);

  for (;;) {
    switch (trib_kafka_cursor_ask_end (t->cursor, partition, ret_end, error)) {
      case TRIB_KAFKA_ANSWER_YES:
        return TRUE;
      case TRIB_KAFKA_ANSWER_ERROR:
        return FALSE;
      default:
        if (g_get_monotonic_time () > deadline)
          return fail_unreachable (s, t, error);
    }
  }
}

/* ---- balance ---- */

static TribKafkaTopic
find_most_behind (const TribKafkaScan *s)
{
  TribKafkaTopic behind = 0;

  for (guint i = 1; i < N_TOPICS; i++) {
    if (trib_kafka_verify_get_lacking (s->verify, i)
        > trib_kafka_verify_get_lacking (s->verify, behind))
      behind = i;
  }
  return behind;
}

/* The registry is small and would be read long before the bytes it points at; every entry waits in
 * memory. So while many frames are open only the topic that is most behind is read. */
static gboolean
may_read (const TribKafkaScan *s, TribKafkaTopic topic)
{
  if (topic == TRIB_KAFKA_TOPIC_REGISTRY && s->registry_closed)
    return FALSE;
  return trib_kafka_verify_get_open (s->verify) <= s->balance_at || topic == find_most_behind (s);
}

/* what is open does not close by waiting for a topic that gives nothing */
static void
balance (TribKafkaScan *s, gint64 now)
{
  guint open = trib_kafka_verify_get_open (s->verify);
  TribKafkaTopic behind = find_most_behind (s);

  if (open > s->balance_at
      && (!may_read (s, behind) || trib_kafka_cursor_is_caught_up (s->topics[behind].cursor)
          || now - s->last_progress > G_TIME_SPAN_SECOND)) {
    s->balance_at = open + BALANCE_FRAMES;
    TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, s->topics[behind].name,
        "gives nothing: up to %u frames may be open", s->balance_at);
  }
}

/* the next topic in turn of which records are due; when none is due, the next in turn */
static TribKafkaTopic
choose_topic (TribKafkaScan *s)
{
  TribKafkaTopic chosen = TRIB_KAFKA_TOPIC_BINARY;

  for (guint i = N_TOPICS; i > 0; i--) {
    TribKafkaTopic topic = (s->turn + i) % N_TOPICS;
    if (may_read (s, topic))
      chosen = topic;
  }
  for (guint i = N_TOPICS; i > 0; i--) {
    TribKafkaTopic topic = (s->turn + i) % N_TOPICS;
    if (may_read (s, topic) && !trib_kafka_cursor_is_caught_up (s->topics[topic].cursor))
      chosen = topic;
  }
  s->turn = chosen;
  return chosen;
}

/* ---- reading ---- */

static void
add_record (TribKafkaScan *s, TribKafkaTopic topic, const TribKafkaMessage *m)
{
  TribKafkaHeader headers[MAX_HEADERS];
  rd_kafka_headers_t *list;
  TribKafkaVerifyRecord record = { .topic = topic,
    .partition = m->partition,
    .offset = m->offset,
    .key = m->key,
    .key_len = m->key_len,
    .value = m->value,
    .value_len = m->value_len,
    .headers = headers };

  if (rd_kafka_message_headers (m->message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    while (record.n_headers < MAX_HEADERS
           && rd_kafka_header_get_all (list, record.n_headers, &headers[record.n_headers].name,
                  &headers[record.n_headers].value, &headers[record.n_headers].len)
                  == RD_KAFKA_RESP_ERR_NO_ERROR)
      record.n_headers++;
  }
  trib_kafka_verify_add (s->verify, &record);
}

/* @ret_some: whether there was an item up to @deadline */
static gboolean
read_item (
    TribKafkaScan *s, TribKafkaTopic topic, gint64 deadline, gboolean *ret_some, GError **error)
{
  ScanTopic *t = &s->topics[topic];
  TribKafkaCursorItem item;
  TribKafkaCursorResult result = trib_kafka_cursor_next (t->cursor, deadline, &item, error);
  gboolean known = item.partition < t->n_partitions;

  *ret_some = result != TRIB_KAFKA_CURSOR_TIMEOUT;
  switch (result) {
    case TRIB_KAFKA_CURSOR_RECORD:
      if (known)
        add_record (s, topic, &item.message);
      trib_kafka_message_clear (&item.message);
      break;
    case TRIB_KAFKA_CURSOR_CAUGHT_UP:
      if (known)
        trib_kafka_verify_set_position (s->verify, topic, item.partition, item.to);
      break;
    case TRIB_KAFKA_CURSOR_LOST:
      trib_kafka_verify_add_skipped (s->verify, topic, item.partition, item.from, item.to);
      break;
    case TRIB_KAFKA_CURSOR_UNREADABLE:
      trib_kafka_verify_add_unreadable (
          s->verify, topic, item.partition, item.from, "the record is damaged");
      break;
    case TRIB_KAFKA_CURSOR_ERROR:
      return FALSE;
    default:
      return TRUE;
  }
  s->last_progress = g_get_monotonic_time ();
  return known || fail_grown (t, error);
}

/* after each topic: during an outage of the broker a question to it takes up to a second */
static gboolean
ask_tick (TribKafkaScan *s, GError **error)
{
  switch (s->tick ? s->tick (s->tick_data) : TRIB_KAFKA_SCAN_CONTINUE) {
    case TRIB_KAFKA_SCAN_ABORT:
      g_set_error_literal (
          error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_ABORTED, "stopped before the end was read");
      return FALSE;
    case TRIB_KAFKA_SCAN_END:
      s->wants_end = TRUE;
      return TRUE;
    default:
      return TRUE;
  }
}

/* reads what is available, waiting a little when nothing is */
static gboolean
pump (TribKafkaScan *s, GError **error)
{
  gboolean some = FALSE, any = FALSE;
  gint64 now;

  for (TribKafkaTopic i = 0; i < N_TOPICS; i++) {
    some = TRUE;
    for (guint n = 0; some && n < BATCH && may_read (s, i); n++) {
      if (!read_item (s, i, 0, &some, error))
        return FALSE;
      any |= some;
    }
    if (!ask_tick (s, error))
      return FALSE;
  }
  now = g_get_monotonic_time ();
  if (!any && !read_item (s, choose_topic (s), now + WAIT_US, &some, error))
    return FALSE;
  balance (s, now);
  if (now - s->last_sweep > SWEEP_US) {
    trib_kafka_verify_sweep (s->verify);
    s->last_sweep = now;
  }
  return ask_tick (s, error);
}

/* (nullable): a topic that has a partition that is not read to its end */
static const ScanTopic *
find_unread (const TribKafkaScan *s, gint32 *ret_partition)
{
  for (guint i = 0; i < N_TOPICS; i++) {
    *ret_partition = find_unread_partition (&s->topics[i]);
    if (*ret_partition >= 0)
      return &s->topics[i];
  }
  return NULL;
}

static gboolean
read_to_ends (TribKafkaScan *s, GError **error)
{
  const ScanTopic *t;
  gint32 partition;

  s->last_progress = g_get_monotonic_time ();
  while ((t = find_unread (s, &partition))) {
    gint64 idle_us = g_get_monotonic_time () - s->last_progress;
    if (idle_us > s->timeout_ms * G_TIME_SPAN_MILLISECOND) {
      const gchar *trouble = trib_kafka_cursor_get_trouble (t->cursor);
      g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_STALLED,
          "%s partition %d of %s: nothing was read for %u ms, at offset %" G_GINT64_FORMAT
          " of %" G_GINT64_FORMAT "%s%s",
          t->name, partition, s->address, s->timeout_ms,
          trib_kafka_cursor_get_position (t->cursor, partition), t->ends[partition],
          *trouble ? ": " : "", trouble);
      return FALSE;
    }
    if (!pump (s, error))
      return FALSE;
  }
  return TRUE;
}

/**
 * trib_kafka_scan_follow:
 * @s: an open scan
 * @tick: asked whether to continue
 * @user_data: for @tick
 * @error: return location
 *
 * Reads until @tick wants the end. An outage of the broker is waited through.
 *
 * Returns: %FALSE when reading cannot continue, or @tick aborts
 */
gboolean
trib_kafka_scan_follow (
    TribKafkaScan *s, TribKafkaScanTick tick, gpointer user_data, GError **error)
{
  s->tick = tick;
  s->tick_data = user_data;
  s->has_followed = TRUE;
  while (!s->wants_end) {
    if (!pump (s, error))
      return FALSE;
  }
  return TRUE;
}

/* Asks how far the topics reach now. While records are fetched each answer waits for the one before
 * it, so what trib_kafka_scan_open() has learned is not asked again. */
static gboolean
take_ends (TribKafkaScan *s, GError **error)
{
  for (gint32 p = 0; s->runs.cursor && p < s->runs.n_partitions; p++)
    if (!ask_end (s, &s->runs, p, &s->runs.ends[p], error))
      return FALSE;
  if (!read_runs (s, error))
    return FALSE;
  for (guint i = 0; i < N_TOPICS; i++) {
    ScanTopic *t = &s->topics[i];
    if (!check_not_grown (s, t, error))
      return FALSE;
    for (gint32 p = 0; p < t->n_partitions; p++) {
      if (!ask_end (s, t, p, &t->ends[p], error))
        return FALSE;
      if (i != TRIB_KAFKA_TOPIC_REGISTRY)
        trib_kafka_verify_set_orphan_limit (s->verify, i, p, t->ends[p]);
    }
  }
  return TRUE;
}

/* entries from behind the first ends may point further */
static gboolean
read_what_entries_need (TribKafkaScan *s, GError **error)
{
  for (guint i = 0; i < TRIB_KAFKA_TOPIC_REGISTRY; i++) {
    ScanTopic *t = &s->topics[i];
    for (gint32 p = 0; p < t->n_partitions; p++) {
      gint64 needed = trib_kafka_verify_get_needed (s->verify, i, p), high;
      if (needed <= trib_kafka_cursor_get_position (t->cursor, p))
        continue;
      if (!ask_end (s, t, p, &high, error))
        return FALSE;
      t->ends[p] = MIN (needed, high);
    }
  }
  return read_to_ends (s, error);
}

/**
 * trib_kafka_scan_finish:
 * @s: an open scan
 * @tick: (nullable): may abort
 * @user_data: for @tick
 * @error: return location
 *
 * Reads to the present end and finishes the verification. The ends of bytes and metadata are taken
 * before that of the registry, because a frame's entry is written last: what lies below the first
 * and is not named below the second is an orphan, unless its entry arrives within the settle time.
 * What the entries point at is read even behind the first ends.
 *
 * Returns: %FALSE when the end could not be reached; the verification is not finished then
 */
gboolean
trib_kafka_scan_finish (
    TribKafkaScan *s, TribKafkaScanTick tick, gpointer user_data, GError **error)
{
  gint64 deadline;

  s->tick = tick;
  s->tick_data = user_data;
  if (s->has_followed && !take_ends (s, error))
    return FALSE;
  if (!read_to_ends (s, error))
    return FALSE;
  deadline = g_get_monotonic_time () + s->settle_ms * G_TIME_SPAN_MILLISECOND;
  while (g_get_monotonic_time () < deadline && trib_kafka_verify_count_candidates (s->verify) > 0) {
    if (!pump (s, error))
      return FALSE;
  }
  s->registry_closed = TRUE;
  if (!read_what_entries_need (s, error))
    return FALSE;
  trib_kafka_verify_finish (s->verify);
  return TRUE;
}
