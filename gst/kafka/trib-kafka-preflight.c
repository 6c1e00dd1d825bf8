/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must be known before the first frame is handed to the client: that a broker answers, that
 * the topics exist, how many partitions they have (the same number must be usable in all three),
 * and how large a record may be. Until then frames wait in the publisher, where they can still be
 * dropped by policy. */
#include "trib-kafka-publisher-private.h"

#define METADATA_WAIT_MS 200
#define CONFIGS_WAIT_MS 1000
#define RETRY_US (100 * G_TIME_SPAN_MILLISECOND)

static const struct {
  TribKafkaTopic first, last;
} groups[N_GROUPS] = {
  { TRIB_KAFKA_TOPIC_METADATA, TRIB_KAFKA_TOPIC_REGISTRY },
  { TRIB_KAFKA_TOPIC_LEGACY, TRIB_KAFKA_TOPIC_LEGACY },
};

static void
error_cb (rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
  TribKafkaPublisher *p = opaque;

  switch (err) {
    case RD_KAFKA_RESP_ERR__FATAL: {
      gchar why[512] = "";
      rd_kafka_fatal_error (rk, why, sizeof why);
      trib_kafka_publisher_set_fatal (p, why);
      break;
    }
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      /* it says no more than the transport errors before it */
      trib_kafka_publisher_trouble (p, NULL);
      break;
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      trib_kafka_publisher_trouble (p, reason);
      break;
    default:
      break;
  }
}

static void
log_cb (const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
  TribKafkaPublisher *p = rd_kafka_opaque (rk);

  if (p->callbacks.log)
    p->callbacks.log (p->user_data, level, text);
}

/**
 * trib_kafka_preflight_open:
 * @p: a publisher
 * @error: return location
 *
 * Makes the client. Nothing is connected yet.
 */
gboolean
trib_kafka_preflight_open (TribKafkaPublisher *p, GError **error)
{
  rd_kafka_conf_t *conf = trib_kafka_config_producer (&p->config, p->batch_bytes, error);
  gchar why[512] = "";

  if (conf == NULL)
    return FALSE;
  rd_kafka_conf_set_opaque (conf, p);
  rd_kafka_conf_set_dr_msg_cb (conf, trib_kafka_delivery_report);
  rd_kafka_conf_set_error_cb (conf, error_cb);
  rd_kafka_conf_set_log_cb (conf, log_cb);
  p->rk = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (p->rk == NULL) {
    rd_kafka_conf_destroy (conf);
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
        "the Kafka client refuses its options: %s", why);
    return FALSE;
  }
  return TRUE;
}

/* @thread: I/O, or the owner before the thread runs */
void
trib_kafka_preflight_close (TribKafkaPublisher *p)
{
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    g_clear_pointer (&p->rkt[i], rd_kafka_topic_destroy);
  g_clear_pointer (&p->rk, rd_kafka_destroy);
}

/* max.message.bytes of the group's topics. A broker that cannot tell (older than 0.11, or the mock
 * cluster) or may not (authorization) leaves the limit unknown: then its refusal of a frame tells.
 */
static void
ask_limits (TribKafkaPublisher *p, Group group, guint64 *limits)
{
  guint n = groups[group].last - groups[group].first + 1;
  rd_kafka_ConfigResource_t *asked[TRIB_KAFKA_N_TOPICS];
  rd_kafka_queue_t *queue = rd_kafka_queue_new (p->rk);
  rd_kafka_AdminOptions_t *options
      = rd_kafka_AdminOptions_new (p->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_event_t *event;

  rd_kafka_AdminOptions_set_request_timeout (options, CONFIGS_WAIT_MS, NULL, 0);
  for (guint i = 0; i < n; i++)
    asked[i]
        = rd_kafka_ConfigResource_new (RD_KAFKA_RESOURCE_TOPIC, p->topics[groups[group].first + i]);
  rd_kafka_DescribeConfigs (p->rk, asked, n, options, queue);
  event = rd_kafka_queue_poll (queue, CONFIGS_WAIT_MS + 200);
  if (event && !rd_kafka_event_error (event)) {
    size_t n_answers = 0;
    const rd_kafka_ConfigResource_t **answers = rd_kafka_DescribeConfigs_result_resources (
        rd_kafka_event_DescribeConfigs_result (event), &n_answers);
    for (size_t i = 0; i < n_answers; i++) {
      size_t n_entries = 0;
      const rd_kafka_ConfigEntry_t **entries
          = rd_kafka_ConfigResource_configs (answers[i], &n_entries);
      for (guint t = groups[group].first; t <= groups[group].last; t++) {
        if (!g_str_equal (p->topics[t], rd_kafka_ConfigResource_name (answers[i])))
          continue;
        for (size_t e = 0; e < n_entries; e++) {
          const gchar *value = rd_kafka_ConfigEntry_value (entries[e]);
          if (g_str_equal (rd_kafka_ConfigEntry_name (entries[e]), "max.message.bytes") && value)
            limits[t] = g_ascii_strtoull (value, NULL, 10);
        }
      }
    }
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
    TribKafkaPublisher *p, Group group, const rd_kafka_metadata_t *md, gchar **ret_why)
{
  gint32 common = G_MAXINT32;

  for (guint t = groups[group].first; t <= groups[group].last; t++) {
    const rd_kafka_metadata_topic_t *found = find_topic (md, p->topics[t]);
    if (found == NULL || found->err || found->partition_cnt == 0) {
      rd_kafka_resp_err_t err = found ? found->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
      *ret_why = err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                     ? g_strdup_printf (
                         "the topic %s does not exist and the broker does not create it: make it "
                         "(kafka-topics.sh --create --topic %s --partitions N)",
                         p->topics[t], p->topics[t])
                     : g_strdup_printf ("topic %s: %s", p->topics[t], rd_kafka_err2str (err));
      return 0;
    }
    common = MIN (common, found->partition_cnt);
  }
  return common;
}

static void
make_topics (TribKafkaPublisher *p, Group group)
{
  for (guint t = groups[group].first; t <= groups[group].last; t++)
    if (p->rkt[t] == NULL)
      p->rkt[t] = rd_kafka_topic_new (p->rk, p->topics[t], NULL);
}

/* A batch larger than the topic allows is refused whole, with frames in it that would fit. No frame
 * has been handed over yet, so a client with smaller batches can still take this one's place. */
static void
narrow_batches (TribKafkaPublisher *p, const guint64 *limits)
{
  guint64 smallest = 0;
  gboolean idle;

  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++)
    if (limits[t] > 0 && (smallest == 0 || limits[t] < smallest))
      smallest = limits[t];
  if (smallest == 0 || smallest >= trib_kafka_config_get_batch_bytes (rd_kafka_conf (p->rk)))
    return;
  g_mutex_lock (&p->lock);
  idle = !p->ready[GROUP_BINARY] && !p->ready[GROUP_LEGACY];
  g_mutex_unlock (&p->lock);
  if (!idle)
    return;
  trib_kafka_preflight_close (p);
  p->batch_bytes = smallest;
  if (!trib_kafka_preflight_open (p, NULL)) {
    p->batch_bytes = 0;
    trib_kafka_preflight_open (p, NULL);
  }
}

static void
answered (TribKafkaPublisher *p, Group group, gint32 n_partitions, const guint64 *limits)
{
  g_mutex_lock (&p->lock);
  p->n_partitions[group] = n_partitions;
  for (guint t = groups[group].first; t <= groups[group].last; t++) {
    p->broker_max_bytes[t] = limits[t];
    trib_kafka_lanes_open (p, t, n_partitions);
  }
  g_clear_pointer (&p->why, g_free);
  p->ready[group] = TRUE;
  trib_kafka_delivery_dispatch (p);
  g_mutex_unlock (&p->lock);
}

static gboolean
prepare_group (TribKafkaPublisher *p, Group group, const rd_kafka_metadata_t *md)
{
  g_autofree gchar *why = NULL;
  guint64 limits[TRIB_KAFKA_N_TOPICS] = {
    0,
  };
  gint32 n = common_partitions (p, group, md, &why);

  if (n == 0) {
    g_mutex_lock (&p->lock);
    g_free (p->why);
    p->why = g_steal_pointer (&why);
    g_mutex_unlock (&p->lock);
    return FALSE;
  }
  if (!p->config.in_process)
    ask_limits (p, group, limits);
  narrow_batches (p, limits);
  /* also when the client was replaced for the other group a moment ago */
  make_topics (p, group);
  answered (p, group, n, limits);
  return TRUE;
}

/**
 * trib_kafka_preflight_run:
 * @p: a publisher
 * @now: monotonic time, us
 *
 * One attempt, when it is due: while frames wait for a group of topics, or while the connection is
 * not known to be good (an answer is what ends an outage in which no frame is pending). Waits for
 * the broker for a fraction of a second at most.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 */
void
trib_kafka_preflight_run (TribKafkaPublisher *p, gint64 now)
{
  const rd_kafka_metadata_t *md = NULL;
  TribKafkaLinkEvent event;
  gboolean due[N_GROUPS], probe, any = FALSE;

  g_mutex_lock (&p->lock);
  for (guint g = 0; g < N_GROUPS; g++) {
    due[g] = p->wanted[g] && !p->ready[g];
    any |= due[g];
  }
  probe = p->link.state != TRIB_KAFKA_LINK_CONNECTED || p->ask_again;
  g_mutex_unlock (&p->lock);
  if ((!any && !probe) || now < p->next_preflight_us)
    return;
  for (guint g = 0; g < N_GROUPS; g++)
    if (due[g])
      make_topics (p, g);

  if (rd_kafka_metadata (p->rk, 0, NULL, &md, METADATA_WAIT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    gboolean usable = TRUE;
    for (guint g = 0; g < N_GROUPS; g++)
      usable &= !due[g] || prepare_group (p, g, md);
    rd_kafka_metadata_destroy (md);
    g_mutex_lock (&p->lock);
    p->ask_again = FALSE;
    /* A broker that answers but has no such topic is no progress for the frames that wait, and one
     * that answers but acknowledges nothing is none for those that were sent. */
    if (usable && p->n_slots == 0
        && trib_kafka_link_progress (&p->link, g_get_monotonic_time (), &event))
      trib_kafka_publisher_queue_link_event (p, &event);
    g_mutex_unlock (&p->lock);
  }
  p->next_preflight_us = g_get_monotonic_time () + RETRY_US;
}
