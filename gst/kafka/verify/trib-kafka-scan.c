/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-scan-private.h"

#include <string.h>

G_DEFINE_QUARK (trib - kafka - scan - error - quark, trib_kafka_scan_error)

#define BATCH 256
#define MAX_HEADERS 32
#define WAIT_MS 50
#define SWEEP_US (500 * G_TIME_SPAN_MILLISECOND)
/* frames open before a topic that runs ahead of the others is held back */
#define BALANCE_FRAMES 65536
/* resets of one partition without a record in between */
#define MAX_RESETS 10

/**
 * trib_kafka_scan_new:
 * @config: what to read; copied
 * @error: return location
 *
 * Makes the client; asks nothing of the broker yet.
 *
 * Returns: (transfer full) (nullable): a scan, or %NULL with %TRIB_KAFKA_SCAN_ERROR_CONFIG
 */
TribKafkaScan *
trib_kafka_scan_new (const TribKafkaScanConfig *config, GError **error)
{
  g_autoptr (TribKafkaScan) s = g_new0 (TribKafkaScan, 1);
  rd_kafka_conf_t *conf;
  gchar why[256];

  for (guint i = 0; i < N_TOPICS; i++) {
    s->topics[i].name = g_strdup (config->topics[i]);
    for (guint k = 0; k < i; k++) {
      if (strcmp (config->topics[i], config->topics[k]) == 0) {
        g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_CONFIG,
            "the %s and %s topics have one name, %s", trib_kafka_verify_topic_to_string (k),
            trib_kafka_verify_topic_to_string (i), config->topics[i]);
        return NULL;
      }
    }
  }
  s->secrets = trib_kafka_secrets_new ();
  s->address = g_strdup (config->bootstrap_servers);
  s->timeout_ms = config->timeout_ms;
  s->settle_ms = config->settle_ms;
  conf = trib_kafka_scan_make_conf (s, config, error);
  if (conf == NULL)
    return NULL;
  s->client = rd_kafka_new (RD_KAFKA_CONSUMER, conf, why, sizeof why);
  if (s->client == NULL) {
    g_autofree gchar *shown = trib_kafka_secrets_hide (s->secrets, why);
    rd_kafka_conf_destroy (conf);
    g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_CONFIG,
        "librdkafka refuses these options together: %s", shown);
    return NULL;
  }
  s->queue = rd_kafka_queue_new (s->client);
  for (guint i = 0; i < N_TOPICS; i++) {
    s->topics[i].handle = rd_kafka_topic_new (s->client, s->topics[i].name, NULL);
    if (s->topics[i].handle == NULL) {
      g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_CONFIG,
          "\"%s\" can not be a topic name", s->topics[i].name);
      return NULL;
    }
  }
  return g_steal_pointer (&s);
}

/**
 * trib_kafka_scan_free:
 * @s: a scan
 */
void
trib_kafka_scan_free (TribKafkaScan *s)
{
  for (guint i = 0; i < N_TOPICS; i++) {
    Topic *t = &s->topics[i];
    for (gint32 p = 0; p < t->n_parts; p++) {
      if (t->parts[p].started)
        rd_kafka_consume_stop (t->handle, p);
    }
    g_clear_pointer (&t->handle, rd_kafka_topic_destroy);
    g_free (t->parts);
    g_free (t->name);
  }
  g_clear_pointer (&s->queue, rd_kafka_queue_destroy);
  g_clear_pointer (&s->client, rd_kafka_destroy);
  g_clear_pointer (&s->secrets, trib_kafka_secrets_free);
  g_free (s->address);
  g_free (s->trouble);
  g_free (s);
}

/**
 * trib_kafka_scan_get_trouble:
 * @s: a scan
 *
 * Returns: (transfer none) (nullable): the client's last error, if nothing was read since
 */
const gchar *
trib_kafka_scan_get_trouble (const TribKafkaScan *s)
{
  return s->trouble;
}

static gboolean
start (TribKafkaScan *s, Topic *t, gint32 partition, GError **error)
{
  Part *part = &t->parts[partition];

  if (rd_kafka_consume_start_queue (t->handle, partition, part->position, s->queue) != 0)
    return trib_kafka_scan_fail_topic (s, t, rd_kafka_last_error (), error);
  part->started = TRUE;
  part->at_end = FALSE;
  return TRUE;
}

static gboolean
open_topic (TribKafkaScan *s, TribKafkaTopic topic, GError **error)
{
  Topic *t = &s->topics[topic];

  if (!trib_kafka_scan_query_partitions (s, t, &t->n_parts, error)) {
    t->n_parts = 0;
    return FALSE;
  }
  t->parts = g_new0 (Part, t->n_parts);
  for (gint32 p = 0; p < t->n_parts; p++) {
    Part *part = &t->parts[p];
    if (!trib_kafka_scan_query_range (s, t, p, &part->position, &part->end, error))
      return FALSE;
    trib_kafka_verify_set_low (s->verify, topic, p, part->position);
    if (topic != TRIB_KAFKA_TOPIC_REGISTRY)
      trib_kafka_verify_set_orphan_limit (s->verify, topic, p, part->end);
  }
  return TRUE;
}

/**
 * trib_kafka_scan_open:
 * @s: a scan
 * @verify: where the records go; must outlive @s
 * @error: return location
 *
 * Connects, looks the topics up and begins to read each partition at its low watermark. Blocks
 * until that is done, at most the configured time for each answer. Call it once.
 *
 * Returns: %FALSE when a topic is not there or the broker does not answer
 */
gboolean
trib_kafka_scan_open (TribKafkaScan *s, TribKafkaVerify *verify, GError **error)
{
  s->verify = verify;
  s->behind = -1;
  s->balance_at = MIN (trib_kafka_verify_get_max_open (verify) / 2 + 1, BALANCE_FRAMES);
  /* the registry is the last of them: see trib_kafka_scan_finish() */
  for (guint i = 0; i < N_TOPICS; i++) {
    if (!open_topic (s, i, error))
      return FALSE;
  }
  for (guint i = 0; i < N_TOPICS; i++) {
    for (gint32 p = 0; p < s->topics[i].n_parts; p++) {
      if (!start (s, &s->topics[i], p, error))
        return FALSE;
    }
  }
  s->last_progress = s->last_sweep = g_get_monotonic_time ();
  return TRUE;
}

/* ---- records ---- */

static void
hand_on (TribKafkaScan *s, TribKafkaTopic topic, const rd_kafka_message_t *m)
{
  TribKafkaHeader headers[MAX_HEADERS];
  rd_kafka_headers_t *list;
  TribKafkaRecord record = { .topic = topic,
    .partition = m->partition,
    .offset = m->offset,
    .key = m->key,
    .key_len = m->key_len,
    .value = m->payload,
    .value_len = m->len,
    .headers = headers };

  if (rd_kafka_message_headers (m, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    while (record.n_headers < MAX_HEADERS
           && rd_kafka_header_get_all (list, record.n_headers, &headers[record.n_headers].name,
                  &headers[record.n_headers].value, &headers[record.n_headers].len)
                  == RD_KAFKA_RESP_ERR_NO_ERROR)
      record.n_headers++;
  }
  trib_kafka_verify_add (s->verify, &record);
}

/* the offset that was asked for is not there: retention passed it, or the topic was made anew */
static gboolean
reset (TribKafkaScan *s, TribKafkaTopic topic, gint32 partition, GError **error)
{
  Topic *t = &s->topics[topic];
  Part *part = &t->parts[partition];
  gint64 low, high;

  if (!trib_kafka_scan_query_range (s, t, partition, &low, &high, error))
    return FALSE;
  if (part->position > high || ++part->resets > MAX_RESETS) {
    g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_READ,
        "%s partition %d: offset %" G_GINT64_FORMAT
        " was reached, but the broker now has %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
        "; was the topic made anew?",
        t->name, partition, part->position, low, high);
    return FALSE;
  }
  if (low > part->position) {
    trib_kafka_verify_add_skipped (s->verify, topic, partition, part->position, low);
    part->position = low;
  }
  rd_kafka_consume_stop (t->handle, partition);
  part->started = FALSE;
  return start (s, t, partition, error);
}

static gboolean
handle_event (TribKafkaScan *s, TribKafkaTopic topic, const rd_kafka_message_t *m, GError **error)
{
  Topic *t = &s->topics[topic];
  Part *part = &t->parts[m->partition];

  switch (m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      part->at_end = TRUE;
      part->position = MAX (part->position, m->offset);
      trib_kafka_verify_set_position (s->verify, topic, m->partition, part->position);
      s->last_progress = g_get_monotonic_time ();
      return TRUE;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return reset (s, topic, m->partition, error);
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
      trib_kafka_verify_add_unreadable (
          s->verify, topic, m->partition, m->offset, rd_kafka_message_errstr (m));
      return TRUE;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return trib_kafka_scan_fail_topic (s, t, m->err, error);
    default:
      trib_kafka_scan_set_trouble (s, rd_kafka_message_errstr (m));
      return TRUE;
  }
}

static gboolean
handle (TribKafkaScan *s, const rd_kafka_message_t *m, GError **error)
{
  TribKafkaTopic topic = 0;
  Part *part;

  while (topic < N_TOPICS && s->topics[topic].handle != m->rkt)
    topic++;
  if (topic == N_TOPICS || m->partition < 0 || m->partition >= s->topics[topic].n_parts)
    return TRUE;
  if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return handle_event (s, topic, m, error);
  part = &s->topics[topic].parts[m->partition];
  /* fetched again after a pause, or an entry from behind the end */
  if (m->offset < part->position || (topic == TRIB_KAFKA_TOPIC_REGISTRY && s->registry_closed))
    return TRUE;
  hand_on (s, topic, m);
  part->position = m->offset + 1;
  part->at_end = FALSE;
  part->resets = 0;
  s->last_progress = g_get_monotonic_time ();
  g_clear_pointer (&s->trouble, g_free);
  return TRUE;
}

/* ---- balance ---- */

static void
pause_topic (TribKafkaScan *s, Topic *t, gboolean pause)
{
  rd_kafka_topic_partition_list_t *list;

  if (t->paused == pause)
    return;
  t->paused = pause;
  list = rd_kafka_topic_partition_list_new (t->n_parts);
  for (gint32 p = 0; p < t->n_parts; p++)
    rd_kafka_topic_partition_list_add (list, t->name, p);
  if (pause)
    rd_kafka_pause_partitions (s->client, list);
  else
    rd_kafka_resume_partitions (s->client, list);
  rd_kafka_topic_partition_list_destroy (list);
}

static gboolean
is_at_end (const Topic *t)
{
  for (gint32 p = 0; p < t->n_parts; p++) {
    if (!t->parts[p].at_end)
      return FALSE;
  }
  return TRUE;
}

static void
hold_back_all_but (TribKafkaScan *s, gint behind)
{
  for (gint i = 0; i < N_TOPICS; i++)
    pause_topic (s, &s->topics[i], behind >= 0 && i != behind);
  s->behind = behind;
}

static gint
find_most_behind (const TribKafkaScan *s)
{
  gint behind = 0;

  for (gint i = 1; i < N_TOPICS; i++) {
    if (trib_kafka_verify_get_lacking (s->verify, i)
        > trib_kafka_verify_get_lacking (s->verify, behind))
      behind = i;
  }
  return behind;
}

/* The registry is small and would be read long before the bytes it points at; every entry waits in
 * memory. So the topics that are ahead are held back while many frames are open. A change of topic
 * throws away what was fetched, so one is read until it has nearly caught up. */
static void
balance (TribKafkaScan *s)
{
  guint open = trib_kafka_verify_get_open (s->verify);

  if (s->behind < 0) {
    if (open > s->balance_at)
      hold_back_all_but (s, find_most_behind (s));
  } else if (open <= s->balance_at / 2) {
    hold_back_all_but (s, -1);
  } else if (is_at_end (&s->topics[s->behind])
             || g_get_monotonic_time () - s->last_progress > G_TIME_SPAN_SECOND) {
    /* what is open will not close by waiting for that topic */
    s->balance_at = MAX (s->balance_at, open + BALANCE_FRAMES);
    hold_back_all_but (s, -1);
  } else if (trib_kafka_verify_get_lacking (s->verify, s->behind) < open / 4) {
    hold_back_all_but (s, find_most_behind (s));
  }
}

/* ---- reading ---- */

/* takes what is there, waiting a little for the first */
static gboolean
pump (TribKafkaScan *s, GError **error)
{
  rd_kafka_message_t *batch[BATCH];
  gint64 now;
  gssize n;
  gboolean good = TRUE;

  rd_kafka_poll (s->client, 0);
  batch[0] = rd_kafka_consume_queue (s->queue, WAIT_MS);
  n = batch[0] != NULL;
  /* asked to wait, the batch call would wait until the batch is full */
  if (n > 0) {
    gssize more = rd_kafka_consume_batch_queue (s->queue, 0, batch + 1, BATCH - 1);
    n += MAX (more, 0);
  }
  for (gssize i = 0; i < n; i++) {
    good = good && handle (s, batch[i], error);
    rd_kafka_message_destroy (batch[i]);
  }
  if (!good)
    return FALSE;
  balance (s);
  now = g_get_monotonic_time ();
  if (now - s->last_sweep > SWEEP_US) {
    trib_kafka_verify_sweep (s->verify);
    s->last_sweep = now;
  }
  switch (s->tick ? s->tick (s->tick_data) : TRIB_KAFKA_SCAN_GO_ON) {
    case TRIB_KAFKA_SCAN_ABORT:
      g_set_error_literal (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_ABORTED,
          "stopped before the end was read");
      return FALSE;
    case TRIB_KAFKA_SCAN_END:
      s->wants_end = TRUE;
      return TRUE;
    default:
      return TRUE;
  }
}

/* (nullable): the first partition of the topics that is not read to its end */
static const Part *
find_unread (const TribKafkaScan *s, const Topic **ret_topic, gint32 *ret_partition)
{
  for (guint i = 0; i < N_TOPICS; i++) {
    for (gint32 p = 0; p < s->topics[i].n_parts; p++) {
      if (s->topics[i].parts[p].position < s->topics[i].parts[p].end) {
        *ret_topic = &s->topics[i];
        *ret_partition = p;
        return &s->topics[i].parts[p];
      }
    }
  }
  return NULL;
}

static gboolean
read_to_ends (TribKafkaScan *s, GError **error)
{
  const Topic *topic;
  const Part *part;
  gint32 partition;

  s->last_progress = g_get_monotonic_time ();
  while ((part = find_unread (s, &topic, &partition))) {
    gint64 idle_us = g_get_monotonic_time () - s->last_progress;
    if (idle_us > s->timeout_ms * G_TIME_SPAN_MILLISECOND) {
      g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_READ,
          "%s partition %d of %s: nothing was read for %u ms, at offset %" G_GINT64_FORMAT
          " of %" G_GINT64_FORMAT "%s%s",
          topic->name, partition, s->address, s->timeout_ms, part->position, part->end,
          s->trouble ? ": " : "", s->trouble ? s->trouble : "");
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
 * @tick: asked whether to go on
 * @user_data: for @tick
 * @error: return location
 *
 * Reads until @tick wants the end. An outage of the broker is waited through.
 *
 * Returns: %FALSE when reading can not go on, or @tick aborts
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

static gboolean
check_not_grown (TribKafkaScan *s, GError **error)
{
  for (guint i = 0; i < N_TOPICS; i++) {
    gint32 n;
    if (!trib_kafka_scan_query_partitions (s, &s->topics[i], &n, error))
      return FALSE;
    if (n != s->topics[i].n_parts) {
      g_set_error (error, TRIB_KAFKA_SCAN_ERROR, TRIB_KAFKA_SCAN_ERROR_TOPIC,
          "topic %s had %d partitions and now has %d; start again", s->topics[i].name,
          s->topics[i].n_parts, n);
      return FALSE;
    }
  }
  return TRUE;
}

/* Asks how far the topics reach now. While records are fetched each answer waits for the one before
 * it, so what trib_kafka_scan_open() has learned is not asked again. */
static gboolean
take_ends (TribKafkaScan *s, GError **error)
{
  for (guint i = 0; i < N_TOPICS; i++) {
    Topic *t = &s->topics[i];
    for (gint32 p = 0; p < t->n_parts; p++) {
      gint64 low;
      if (!trib_kafka_scan_query_range (s, t, p, &low, &t->parts[p].end, error))
        return FALSE;
      if (i != TRIB_KAFKA_TOPIC_REGISTRY)
        trib_kafka_verify_set_orphan_limit (s->verify, i, p, t->parts[p].end);
    }
  }
  return TRUE;
}

/* entries from behind the first look may point further */
static gboolean
read_what_entries_need (TribKafkaScan *s, GError **error)
{
  for (guint i = 0; i < TRIB_KAFKA_TOPIC_REGISTRY; i++) {
    Topic *t = &s->topics[i];
    for (gint32 p = 0; p < t->n_parts; p++) {
      gint64 needed = trib_kafka_verify_get_needed (s->verify, i, p), low, high;
      if (needed <= t->parts[p].position)
        continue;
      if (!trib_kafka_scan_query_range (s, t, p, &low, &high, error))
        return FALSE;
      t->parts[p].end = MIN (needed, high);
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
 * Reads to the present end and closes the books. The ends of bytes and metadata are taken before
 * that of the registry, because a frame's entry is written last: what lies below the first and is
 * not named below the second is an orphan, unless its entry comes within the settle time. What the
 * entries point at is read even behind the first ends.
 *
 * Returns: %FALSE when the end could not be reached; the books are not closed then
 */
gboolean
trib_kafka_scan_finish (
    TribKafkaScan *s, TribKafkaScanTick tick, gpointer user_data, GError **error)
{
  gint64 deadline;

  s->tick = tick;
  s->tick_data = user_data;
  if (s->has_followed && (!check_not_grown (s, error) || !take_ends (s, error)))
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
