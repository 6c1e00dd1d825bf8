/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must be known before a publisher's first frame is handed to the client: that a broker answers,
 * that the topics exist, how many partitions they have (the same number must be usable in all three),
 * and how large a record may be. Until then frames wait in the publisher, where they can still be
 * dropped by policy. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#define METADATA_WAIT_MS 200
#define CONFIGS_WAIT_MS 1000
#define ANSWER_POLL_MS 10
#define RETRY_US (100 * G_TIME_SPAN_MILLISECOND)
/* sinks that start together ask once */
#define LIMITS_STAY_US (5 * G_TIME_SPAN_SECOND)

static const struct {
  TribKafkaTopic first, last;
} groups[N_GROUPS] = {
  { TRIB_KAFKA_TOPIC_METADATA, TRIB_KAFKA_TOPIC_REGISTRY },
  { TOPIC_SINGLE, TOPIC_SINGLE },
};

/* a group of topics that a publisher's frames wait for */
typedef struct {
  TribKafkaPublisher *p;
  Group group;
} Due;

/* Waits for the broker's answer. Reports of other publishers do not wait with it. */
static rd_kafka_event_t *
await_answer (TribKafkaClient *c, rd_kafka_queue_t *queue)
{
  gint64 deadline = g_get_monotonic_time () + (CONFIGS_WAIT_MS + 200) * G_TIME_SPAN_MILLISECOND;
  rd_kafka_event_t *event;

  while ((event = rd_kafka_queue_poll (queue, ANSWER_POLL_MS)) == NULL
         && g_get_monotonic_time () < deadline)
    trib_kafka_client_poll (c, 0);
  return event;
}

static void
read_limits (const Due *due, const rd_kafka_ConfigResource_t *answer, guint64 *limits)
{
  const gchar *name = rd_kafka_ConfigResource_name (answer);
  size_t n_entries = 0;
  const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs (answer, &n_entries);

  for (guint t = groups[due->group].first; t <= groups[due->group].last; t++) {
    if (!g_str_equal (due->p->names[t], name))
      continue;
    for (size_t e = 0; e < n_entries; e++) {
      const gchar *value = rd_kafka_ConfigEntry_value (entries[e]);
      if (g_str_equal (rd_kafka_ConfigEntry_name (entries[e]), "max.message.bytes") && value)
        limits[t] = g_ascii_strtoull (value, NULL, 10);
    }
  }
}

/* max.message.bytes of the group's topics. A broker that cannot tell (older than 0.11, or the mock
 * cluster) or may not (authorization) leaves the limit unknown: then its refusal of a frame tells.
 */
static void
ask_limits (TribKafkaClient *c, const Due *due, guint64 *limits)
{
  guint n = groups[due->group].last - groups[due->group].first + 1;
  rd_kafka_ConfigResource_t *asked[TRIB_KAFKA_N_TOPICS];
  rd_kafka_queue_t *queue = rd_kafka_queue_new (c->rk);
  rd_kafka_AdminOptions_t *options
      = rd_kafka_AdminOptions_new (c->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_event_t *event;

  rd_kafka_AdminOptions_set_request_timeout (options, CONFIGS_WAIT_MS, NULL, 0);
  for (guint i = 0; i < n; i++)
    asked[i] = rd_kafka_ConfigResource_new (
        RD_KAFKA_RESOURCE_TOPIC, due->p->names[groups[due->group].first + i]);
  rd_kafka_DescribeConfigs (c->rk, asked, n, options, queue);
  event = await_answer (c, queue);
  if (event && !rd_kafka_event_error (event)) {
    size_t n_answers = 0;
    const rd_kafka_ConfigResource_t **answers = rd_kafka_DescribeConfigs_result_resources (
        rd_kafka_event_DescribeConfigs_result (event), &n_answers);
    for (size_t i = 0; i < n_answers; i++)
      read_limits (due, answers[i], limits);
  }
  g_clear_pointer (&event, rd_kafka_event_destroy);
  rd_kafka_ConfigResource_destroy_array (asked, n);
  rd_kafka_AdminOptions_destroy (options);
  rd_kafka_queue_destroy (queue);
}

static void
find_limits (TribKafkaClient *c, const Due *due, guint64 *limits)
{
  gint64 since = g_get_monotonic_time () - LIMITS_STAY_US;
  gboolean known = TRUE;

  if (c->config.in_process)
    return;
  g_mutex_lock (&c->lock);
  for (guint t = groups[due->group].first; t <= groups[due->group].last; t++) {
    const Topic *topic = due->p->topics[t];
    known &= topic->asked_us > 0 && topic->asked_us >= since;
    limits[t] = topic->max_bytes;
  }
  g_mutex_unlock (&c->lock);
  if (known)
    return;
  memset (limits, 0, TRIB_KAFKA_N_TOPICS * sizeof *limits);
  ask_limits (c, due, limits);
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
common_partitions (const Due *due, const rd_kafka_metadata_t *md, gchar **ret_why)
{
  gint32 common = G_MAXINT32;

  for (guint t = groups[due->group].first; t <= groups[due->group].last; t++) {
    const gchar *name = due->p->names[t];
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
make_topics (TribKafkaClient *c, const Due *due)
{
  g_mutex_lock (&c->lock);
  for (guint t = groups[due->group].first; t <= groups[due->group].last; t++) {
    Topic *topic;
    if (due->p->topics[t] == NULL)
      due->p->topics[t] = trib_kafka_topic_acquire (c, due->p->names[t]);
    topic = due->p->topics[t];
    if (topic->rkt == NULL)
      topic->rkt = rd_kafka_topic_new (c->rk, topic->name, NULL);
  }
  g_mutex_unlock (&c->lock);
}

/* no frame has been handed over yet, and none will be for now */
static gboolean
is_untouched (TribKafkaClient *c)
{
  gboolean untouched = c->n_slots == 0;

  for (GList *l = c->publishers.head; l; l = l->next) {
    const TribKafkaPublisher *p = l->data;
    untouched &= !p->ready[GROUP_BINARY] && !p->ready[GROUP_SINGLE];
  }
  return untouched;
}

/* A batch larger than the topic allows is refused whole, with frames in it that would fit. A client
 * with smaller batches can take this one's place as long as no frame has been handed over; after that,
 * the topic's lanes let no more pass at a time than a batch may hold. */
static void
narrow_batches (TribKafkaClient *c, const guint64 *limits)
{
  guint64 smallest = 0;
  gboolean untouched;

  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++)
    if (limits[t] > 0 && (smallest == 0 || limits[t] < smallest))
      smallest = limits[t];
  if (smallest == 0 || smallest >= c->batch_size)
    return;
  g_mutex_lock (&c->lock);
  untouched = is_untouched (c);
  g_mutex_unlock (&c->lock);
  if (!untouched)
    return;
  trib_kafka_client_close (c);
  c->batch_bytes = smallest;
  if (!trib_kafka_client_open (c, NULL)) {
    c->batch_bytes = 0;
    trib_kafka_client_open (c, NULL);
  }
}

static void
answered (TribKafkaClient *c, const Due *due, gint32 n_partitions, const guint64 *limits)
{
  TribKafkaPublisher *p = due->p;

  g_mutex_lock (&c->lock);
  p->n_partitions[due->group] = n_partitions;
  for (guint t = groups[due->group].first; t <= groups[due->group].last; t++) {
    p->topics[t]->max_bytes = limits[t];
    p->topics[t]->asked_us = g_get_monotonic_time ();
    trib_kafka_lanes_open (p->topics[t], n_partitions);
  }
  g_clear_pointer (&p->why, g_free);
  g_clear_pointer (&c->why, g_free);
  p->ready[due->group] = TRUE;
  trib_kafka_delivery_dispatch (c);
  g_mutex_unlock (&c->lock);
}

static gboolean
prepare (TribKafkaClient *c, const Due *due, const rd_kafka_metadata_t *md)
{
  g_autofree gchar *why = NULL;
  guint64 limits[TRIB_KAFKA_N_TOPICS] = {
    0,
  };
  gint32 n = common_partitions (due, md, &why);

  if (n == 0) {
    g_mutex_lock (&c->lock);
    g_free (due->p->why);
    due->p->why = g_steal_pointer (&why);
    g_mutex_unlock (&c->lock);
    return FALSE;
  }
  find_limits (c, due, limits);
  narrow_batches (c, limits);
  /* also when the client was replaced a moment ago */
  make_topics (c, due);
  answered (c, due, n, limits);
  return TRUE;
}

/* leaves in @dues what cannot be used yet */
static void
prepare_all (TribKafkaClient *c, GArray *dues, const rd_kafka_metadata_t *md)
{
  for (guint i = 0; i < dues->len;) {
    if (prepare (c, &g_array_index (dues, Due, i), md))
      g_array_remove_index (dues, i);
    else
      i++;
  }
}

/* What there is to ask: for groups of topics, and, while a connection is not known to be good, whether
 * a broker answers (that is what ends an outage in which no frame is pending). A publisher that waits
 * for its records is told nothing by such an answer; it does not hold up the others for it. */
static gboolean
is_due (TribKafkaClient *c, GArray *dues)
{
  gboolean probe = c->ask_again, waits = FALSE, connected = FALSE;

  for (GList *l = c->publishers.head; l; l = l->next) {
    TribKafkaPublisher *p = l->data;
    for (guint g = 0; g < N_GROUPS; g++) {
      Due due = { p, g };
      if (p->wanted[g] && !p->ready[g])
        g_array_append_val (dues, due);
    }
    if (p->link.state == TRIB_LINK_CONNECTED)
      connected = TRUE;
    else if (p->n_slots > 0)
      waits = TRUE;
    else
      probe = TRUE;
  }
  return probe || dues->len > 0 || (waits && !connected);
}

/* A broker that answers but has no such topic is no progress for the frames that wait, and one that
 * answers but acknowledges nothing is none for those that were sent. */
static void
note_answer (TribKafkaClient *c, GArray *unusable)
{
  gint64 now = g_get_monotonic_time ();
  TribLinkEvent event;

  g_mutex_lock (&c->lock);
  c->ask_again = FALSE;
  for (GList *l = c->publishers.head; l; l = l->next) {
    TribKafkaPublisher *p = l->data;
    gboolean usable = p->n_slots == 0;
    for (guint i = 0; i < unusable->len; i++)
      usable &= g_array_index (unusable, Due, i).p != p;
    if (usable && trib_link_progress (&p->link, now, &event))
      trib_kafka_tell_link (p, &event);
  }
  g_mutex_unlock (&c->lock);
}

/**
 * trib_kafka_preflight_run:
 * @c: a client
 * @now: monotonic time, us
 *
 * One attempt, when it is due: while frames wait for a group of topics, or while a connection is
 * not known to be good. Waits for the broker for a fraction of a second at most.
 *
 * @thread: I/O
 * @locks: takes the client's
 */
void
trib_kafka_preflight_run (TribKafkaClient *c, gint64 now)
{
  g_autoptr (GArray) dues = NULL;
  const rd_kafka_metadata_t *md = NULL;
  gboolean due;

  if (now < c->next_preflight_us)
    return;
  dues = g_array_new (FALSE, FALSE, sizeof (Due));
  g_mutex_lock (&c->lock);
  due = is_due (c, dues);
  g_mutex_unlock (&c->lock);
  if (!due)
    return;
  for (guint i = 0; i < dues->len; i++)
    make_topics (c, &g_array_index (dues, Due, i));

  if (rd_kafka_metadata (c->rk, 0, NULL, &md, METADATA_WAIT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    prepare_all (c, dues, md);
    rd_kafka_metadata_destroy (md);
    note_answer (c, dues);
  }
  c->next_preflight_us = g_get_monotonic_time () + RETRY_US;
}
