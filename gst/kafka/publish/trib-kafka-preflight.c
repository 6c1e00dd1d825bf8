/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must be known before the first frame is handed to the client: that a broker answers, that
 * the topics exist, how many partitions they have (the same number must be usable in all three),
 * and how large a record may be. Until then frames wait in the publisher, where they can still be
 * dropped by policy. */
#include "trib-kafka-publisher-private.h"

#define METADATA_WAIT_MS 200
#define CONFIGS_WAIT_MS 1000
#define ANSWER_POLL_MS 10
#define RETRY_US (100 * G_TIME_SPAN_MILLISECOND)

static const struct {
  TribKafkaTopic first, last;
} groups[TRIB_KAFKA_N_GROUPS] = {
  { TRIB_KAFKA_TOPIC_METADATA, TRIB_KAFKA_TOPIC_REGISTRY },
  { TRIB_KAFKA_TOPIC_SINGLE, TRIB_KAFKA_TOPIC_SINGLE },
};

/* Waits for the broker's answer. Reports do not wait with it. */
static rd_kafka_event_t *
await_answer (TribKafkaPublisher *p, rd_kafka_queue_t *queue)
{
  gint64 deadline = g_get_monotonic_time () + (CONFIGS_WAIT_MS + 200) * G_TIME_SPAN_MILLISECOND;
  rd_kafka_event_t *event;

  while ((event = rd_kafka_queue_poll (queue, ANSWER_POLL_MS)) == NULL
         && g_get_monotonic_time () < deadline)
    trib_kafka_io_poll (p, 0);
  return event;
}

static void
read_limit (TribKafkaPublisher *p, const rd_kafka_ConfigResource_t *answer, guint64 *limits)
{
  const gchar *name = rd_kafka_ConfigResource_name (answer);
  size_t n_entries = 0;
  const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs (answer, &n_entries);

  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++) {
    if (g_strcmp0 (p->topics[t].name, name) != 0)
      continue;
    for (size_t e = 0; e < n_entries; e++) {
      const gchar *value = rd_kafka_ConfigEntry_value (entries[e]);
      if (g_str_equal (rd_kafka_ConfigEntry_name (entries[e]), "max.message.bytes") && value)
        limits[t] = g_ascii_strtoull (value, NULL, 10);
    }
  }
}

/* max.message.bytes of the group's topics. A broker that does not know it (older than 0.11, or
 * the mock cluster) or does not permit it (authorization) leaves the limit unknown: then its
 * refusal of a frame shows it. */
static void
ask_limits (TribKafkaPublisher *p, TribKafkaGroup group, guint64 *limits)
{
  guint n = groups[group].last - groups[group].first + 1;
  rd_kafka_ConfigResource_t *asked[TRIB_KAFKA_N_TOPICS];
  rd_kafka_queue_t *queue = rd_kafka_queue_new (p->rk);
  rd_kafka_AdminOptions_t *options
      = rd_kafka_AdminOptions_new (p->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_event_t *event;

  rd_kafka_AdminOptions_set_request_timeout (options, CONFIGS_WAIT_MS, NULL, 0);
  for (guint i = 0; i < n; i++)
    asked[i] = rd_kafka_ConfigResource_new (
        RD_KAFKA_RESOURCE_TOPIC, p->topics[groups[group].first + i].name);
  rd_kafka_DescribeConfigs (p->rk, asked, n, options, queue);
  event = await_answer (p, queue);
  if (event && !rd_kafka_event_error (event)) {
    size_t n_answers = 0;
    const rd_kafka_ConfigResource_t **answers = rd_kafka_DescribeConfigs_result_resources (
        rd_kafka_event_DescribeConfigs_result (event), &n_answers);
    for (size_t i = 0; i < n_answers; i++)
      read_limit (p, answers[i], limits);
  }
  g_clear_pointer (&event, rd_kafka_event_destroy);
  rd_kafka_ConfigResource_destroy_array (asked, n);
  rd_kafka_AdminOptions_destroy (options);
  rd_kafka_queue_destroy (queue);
}

static const rd_kafka_metadata_topic_t *
find_topic (const rd_kafka_metadata_t *md, const gchar *name)
{
  for (gint i = 0; i < md->topic_cnt; i++)
    if (g_str_equal (md->topics[i].topic, name))
      return &md->topics[i];
  return NULL;
}

/* the number of partitions that all of the group's topics have; 0 and a reason when one has none
 * yet */
static gint32
common_partitions (
    TribKafkaPublisher *p, TribKafkaGroup group, const rd_kafka_metadata_t *md, gchar **ret_why)
{
  gint32 common = G_MAXINT32;

  for (guint t = groups[group].first; t <= groups[group].last; t++) {
    const gchar *name = p->topics[t].name;
    const rd_kafka_metadata_topic_t *found = find_topic (md, name);
    if (found == NULL || found->err || found->partition_cnt == 0) {
      rd_kafka_resp_err_t err = found ? found->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
      *ret_why = err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                     ? g_strdup_printf (
                         "the topic %s does not exist and the broker does not create it: make it "
                         "(kafka-topics.sh --create --topic %s --partitions N)",
                         name, name)
                     : g_strdup_printf ("topic %s: %s", name, rd_kafka_err2str (err));
      return 0;
    }
    common = MIN (common, found->partition_cnt);
  }
  return common;
}

static void
make_topics (TribKafkaPublisher *p, TribKafkaGroup group)
{
  g_mutex_lock (&p->lock);
  for (guint t = groups[group].first; t <= groups[group].last; t++) {
    TribKafkaTopicState *topic = &p->topics[t];
    if (topic->rkt == NULL)
      topic->rkt = rd_kafka_topic_new (p->rk, topic->name, NULL);
  }
  /* so it is looked up with them */
  if (group == TRIB_KAFKA_GROUP_BINARY && p->runs_topic && p->runs_rkt == NULL)
    p->runs_rkt = rd_kafka_topic_new (p->rk, p->runs_topic, NULL);
  g_mutex_unlock (&p->lock);
}

/* A batch larger than the topic allows is refused whole, with frames in it that would fit. A
 * client with smaller batches can take this one's place as long as no topic has been found; after
 * that, the topic's partition queues let no more pass at a time than a batch may hold. */
static void
narrow_batches (TribKafkaPublisher *p, const guint64 *limits)
{
  guint64 smallest = 0;
  gboolean untouched;

  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++)
    if (limits[t] > 0 && (smallest == 0 || limits[t] < smallest))
      smallest = limits[t];
  if (smallest == 0 || smallest >= p->batch_size)
    return;
  g_mutex_lock (&p->lock);
  untouched = p->n_partitions[TRIB_KAFKA_GROUP_BINARY] == 0
              && p->n_partitions[TRIB_KAFKA_GROUP_SINGLE] == 0;
  g_mutex_unlock (&p->lock);
  if (!untouched)
    return;
  PUBLISHER_LOG (p, TRIB_LOG_DEBUG, "batches of at most %" G_GUINT64_FORMAT " bytes", smallest);
  p->batch_bytes = smallest;
  /* out of threads or descriptors: the queues keep batches small by themselves */
  if (!trib_kafka_io_reopen (p))
    p->batch_bytes = 0;
}

static void
set_ready (TribKafkaPublisher *p, TribKafkaGroup group, gint32 n_partitions, const guint64 *limits)
{
  g_mutex_lock (&p->lock);
  PUBLISHER_LOG (p, TRIB_LOG_DEBUG, "%s topics can be used: %d partitions",
      group == TRIB_KAFKA_GROUP_BINARY ? "frame" : "single", n_partitions);
  /* of a topic made anew: a stream stays where it is */
  if (p->n_partitions[group] == 0 || n_partitions < p->n_partitions[group])
    p->n_partitions[group] = n_partitions;
  for (guint t = groups[group].first; t <= groups[group].last; t++) {
    p->topics[t].max_bytes = limits[t];
    trib_kafka_queues_open (&p->topics[t], n_partitions);
  }
  g_clear_pointer (&p->topic_why, g_free);
  p->ready[group] = TRUE;
  for (guint t = groups[group].first; t <= groups[group].last; t++)
    trib_kafka_queues_return (p, t);
  trib_kafka_delivery_dispatch (p);
  g_mutex_unlock (&p->lock);
}

static gboolean
prepare (TribKafkaPublisher *p, TribKafkaGroup group, const rd_kafka_metadata_t *md)
{
  g_autofree gchar *why = NULL;
  guint64 limits[TRIB_KAFKA_N_TOPICS] = {
    0,
  };
  gint32 n = common_partitions (p, group, md, &why);

  if (n == 0) {
    g_mutex_lock (&p->lock);
    g_free (p->topic_why);
    p->topic_why = g_steal_pointer (&why);
    PUBLISHER_LOG (p, TRIB_LOG_LOG, "%s", p->topic_why);
    g_mutex_unlock (&p->lock);
    return FALSE;
  }
  if (!p->config.in_process)
    ask_limits (p, group, limits);
  narrow_batches (p, limits);
  /* also when the client was replaced a moment ago */
  make_topics (p, group);
  set_ready (p, group, n, limits);
  return TRUE;
}

/* what topics allow may be changed while frames are sent to them */
static void
renew_limits (TribKafkaPublisher *p)
{
  for (guint g = 0; g < TRIB_KAFKA_N_GROUPS; g++) {
    guint64 limits[TRIB_KAFKA_N_TOPICS] = {
      0,
    };

    if (p->n_partitions[g] > 0)
      ask_limits (p, g, limits);
    g_mutex_lock (&p->lock);
    for (guint t = groups[g].first; t <= groups[g].last; t++)
      if (limits[t] > 0)
        p->topics[t].max_bytes = limits[t];
    g_mutex_unlock (&p->lock);
  }
}

/* A broker that answers but has no such topic is no progress for the frames that wait, and one that
 * answers but acknowledges nothing is none for those that were sent. */
static void
note_answer (TribKafkaPublisher *p, gboolean usable)
{
  TribLinkEvent event;

  g_mutex_lock (&p->lock);
  p->ask_again = FALSE;
  if (usable && p->n_slots == 0 && trib_link_progress (&p->link, g_get_monotonic_time (), &event))
    trib_kafka_notify_link (p, &event);
  g_mutex_unlock (&p->lock);
}

/**
 * trib_kafka_preflight_run:
 * @p: a publisher
 * @now: monotonic time, us
 *
 * One attempt, when it is due: while frames wait for a group of topics, in the first moments while
 * the topic of runs is not found, or while the connection is not known to be good (an answer ends
 * an outage in which no frame is pending). Waits for the broker for a fraction of a second at most.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 */
void
trib_kafka_preflight_run (TribKafkaPublisher *p, gint64 now)
{
  const rd_kafka_metadata_t *md = NULL;
  gboolean asked[TRIB_KAFKA_N_GROUPS], due, limits_due, usable = TRUE;

  if (now < p->next_preflight_us)
    return;
  g_mutex_lock (&p->lock);
  due = p->ask_again || trib_kafka_runs_must_ask (p) || p->link.state != TRIB_LINK_CONNECTED;
  for (guint g = 0; g < TRIB_KAFKA_N_GROUPS; g++)
    due |= asked[g] = p->wanted[g] && !p->ready[g];
  limits_due = p->ask_limits && !p->config.in_process;
  p->ask_limits = FALSE;
  g_mutex_unlock (&p->lock);
  if (limits_due)
    renew_limits (p);
  if (!due)
    return;
  for (guint g = 0; g < TRIB_KAFKA_N_GROUPS; g++)
    if (asked[g])
      make_topics (p, g);

  if (rd_kafka_metadata (p->rk, 0, NULL, &md, METADATA_WAIT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (guint g = 0; g < TRIB_KAFKA_N_GROUPS; g++)
      if (asked[g])
        usable &= prepare (p, g, md);
    if (p->runs_rkt)
      trib_kafka_runs_answered (p, find_topic (md, p->runs_topic));
    rd_kafka_metadata_destroy (md);
    note_answer (p, usable);
  }
  p->next_preflight_us = g_get_monotonic_time () + RETRY_US;
}
