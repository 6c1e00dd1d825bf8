/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outages, topics that are not there, storms of errors, the client's end. A frame is in the
 * registry once, whatever happened on the way. Single answers: test-publisher-answers.c; late
 * ones: test-publisher-late.c; leaders and access: test-publisher-leaders.c. */
#include "kafka-rig.h"

#include <kafka/layout/trib-kafka-names.h>
#include <kafka/publish/trib-kafka-publisher-private.h>
#include <string.h>

static void
inject (Rig *rig, rd_kafka_resp_err_t err, guint n)
{
  rd_kafka_resp_err_t errors[16];

  g_assert_cmpuint (n, <=, G_N_ELEMENTS (errors));
  for (guint i = 0; i < n; i++)
    errors[i] = err;
  rd_kafka_mock_push_request_errors_array (rig->mock, RIG_PRODUCE, n, errors);
}

/* The mock cluster does not look at sequence numbers: with several requests on their way it takes
 * the second when it refuses the first, which no real broker does. So one at a time here. */
static const gchar *const one_at_a_time[] = { "max.in.flight", "1", NULL };

static const gchar *const one_a_request[] = { "batch.num.messages", "1", NULL };

/* A new topic: the first request is refused while its leader is being elected, and a later one
 * would be taken. The client believes that the first was written then; the publisher lets none
 * pass before. */
static void
test_fresh_partition (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig->config.options = one_a_request;
  inject (rig, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 1);
  rig_start (rig);
  for (guint i = 0; i < 20; i++)
    rig_publish (rig, 5000);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 20);
  g_assert_cmpuint (rig_check_registry (rig), ==, 20);
}

/* a storm of both kinds: every frame still has one outcome, and one entry */
static void
test_storm (void)
{
  static const rd_kafka_resp_err_t errors[] = { RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR__TRANSPORT,
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION };
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) registry = NULL;
  TribKafkaStats a;

  rig->config.partition_by_frame = TRUE;
  rig->config.options = one_at_a_time;
  rig->copies_allowed = TRUE;
  rig_start (rig);
  rig_warm_up (rig);
  for (guint i = 0; i < 300; i++) {
    if (i % 20 == 0)
      inject (rig, errors[g_test_rand_int_range (0, G_N_ELEMENTS (errors))], 1);
    if (i == 100)
      rig_down (rig);
    if (i == 150)
      rig_up (rig);
    rig_publish (rig, g_test_rand_int_range (1, 3000));
  }
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.produced, ==, 301);
  g_assert_cmpuint (a.pending, ==, 0);
  g_assert_cmpuint (rig_check_registry (rig), ==, a.acknowledged);
  registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  g_assert_cmpuint (registry->len, >=, a.acknowledged + a.loss_records);
}

/* The client may report success without an offset (here because the mock cluster takes requests out
 * of order). No LINKED entry leads nowhere. */
static void
test_no_offset (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) registry = NULL;

  rig->config.partition_by_frame = TRUE;
  rig_start (rig);
  rig_warm_up (rig);
  for (guint i = 0; i < 200; i++) {
    if (i % 10 == 0)
      inject (rig, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 2);
    rig_publish (rig, 5000);
  }
  rig_drain (rig);
  registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  for (guint i = 0; i < registry->len; i++) {
    const RigRecord *entry = registry->pdata[i];
    g_autofree gchar *status = rig_json_string (entry, "status");

    if (!g_str_equal (status, "LINKED"))
      continue;
    g_assert_cmpint (rig_json_int (entry, "binary_offset"), >=, 0);
    g_assert_cmpint (rig_json_int (entry, "metadata_offset"), >=, 0);
  }
}

/* connected, then trouble, then down once, then recovered; ARIA-5 */
static void
test_outage (void)
{
  g_autoptr (Rig) rig = rig_new ();
  const RigLink *last;

  rig_start (rig);
  rig_warm_up (rig);
  g_assert_cmpuint (rig_count_links (rig, TRIB_LINK_CONNECTED), ==, 1);
  rig_down (rig);
  for (guint i = 0; i < 10; i++)
    rig_publish (rig, 1000);
  trib_assert_eventually (rig_count_links (rig, TRIB_LINK_DOWN) == 1, 20000);
  g_assert_cmpint (trib_kafka_publisher_get_link (rig->p), ==, TRIB_LINK_DOWN);
  g_assert_cmpuint (rig_stats (rig).outages, ==, 1);
  rig_up (rig);
  rig_drain (rig);
  trib_assert_eventually (rig_count_links (rig, TRIB_LINK_CONNECTED) == 2, 10000);
  g_assert_cmpuint (rig_count_links (rig, TRIB_LINK_DOWN), ==, 1);
  g_mutex_lock (&rig->lock);
  g_assert_cmpint (g_array_index (rig->links, RigLink, 0).event.previous, ==, TRIB_LINK_CONNECTING);
  for (guint i = 0; i < rig->links->len; i++) {
    const RigLink *link = &g_array_index (rig->links, RigLink, i);
    if (link->event.state == TRIB_LINK_DOWN)
      g_assert_cmpuint (link->n_pending, ==, 10);
  }
  last = &g_array_index (rig->links, RigLink, rig->links->len - 1);
  g_assert_true (last->event.recovered);
  g_assert_cmpint (last->event.outage_us, >=, TRIB_LINK_DOWN_US);
  g_mutex_unlock (&rig->lock);
  g_assert_cmpuint (rig_check_registry (rig), ==, 11);
}

/* an outage that no frame notices ends as well */
static void
test_outage_when_idle (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  trib_assert_eventually (trib_kafka_publisher_get_link (rig->p) != TRIB_LINK_CONNECTED, 20000);
  rig_up (rig);
  trib_assert_eventually (trib_kafka_publisher_get_link (rig->p) == TRIB_LINK_CONNECTED, 20000);
}

/* A broker that answers everything but takes no record, because the partition has no leader, is an
 * outage too: one, and it does not end with the next answer about metadata. */
static void
test_no_leader (void)
{
  g_autoptr (Rig) rig = NULL;

  if (rd_kafka_version () > 0x020002ff) {
    g_test_skip ("the mock cluster of this librdkafka crashes on a partition without a leader");
    return;
  }
  rig = rig_new ();
  rig_start (rig);
  rig_warm_up (rig);
  for (gint i = 0; i < TRIB_KAFKA_BROKER_PARTITIONS; i++)
    rd_kafka_mock_partition_set_leader (rig->mock, rig->topics[TRIB_KAFKA_TOPIC_BINARY], i, -1);
  for (guint i = 0; i < 5; i++)
    rig_publish (rig, 1000);
  trib_assert_eventually (rig_count_links (rig, TRIB_LINK_DOWN) == 1, 20000);
  g_assert_cmpuint (rig_count_links (rig, TRIB_LINK_CONNECTED), ==, 1);
  for (gint i = 0; i < TRIB_KAFKA_BROKER_PARTITIONS; i++)
    rd_kafka_mock_partition_set_leader (rig->mock, rig->topics[TRIB_KAFKA_TOPIC_BINARY], i, 1);
  rig_drain (rig);
  g_assert_cmpuint (rig_check_registry (rig), ==, 6);
  trib_assert_eventually (rig_count_links (rig, TRIB_LINK_CONNECTED) == 2, 10000);
  g_assert_cmpuint (rig_count_links (rig, TRIB_LINK_DOWN), ==, 1);
}

/* The mock cluster makes any topic that is asked for; the answer of one that does not has to be
 * injected. Frames wait for the topic, then fail with what to do. */
static void
test_unknown_topic (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;
  gchar *why;

  rig->config.delivery_timeout_ms = 1500;
  rd_kafka_mock_topic_set_error (
      rig->mock, rig->topics[TRIB_KAFKA_TOPIC_REGISTRY], RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  rig_start (rig);
  rig_publish (rig, 1000);
  trib_assert_eventually (rig_stats (rig).pending == 0, 15000);
  a = rig_stats (rig);
  g_assert_cmpuint (stats_failed (&a), ==, 1);
  /* nothing can be written down where there is no topic */
  g_assert_cmpuint (a.loss_records_failed, ==, 1);
  g_mutex_lock (&rig->p->lock);
  why = g_strdup (rig->p->topic_why);
  g_mutex_unlock (&rig->p->lock);
  g_assert_nonnull (strstr (why, "kafka-topics.sh --create --topic"));
  g_free (why);
  rd_kafka_mock_topic_set_error (
      rig->mock, rig->topics[TRIB_KAFKA_TOPIC_REGISTRY], RD_KAFKA_RESP_ERR_NO_ERROR);
  trib_assert_eventually (trib_kafka_publisher_get_link (rig->p) == TRIB_LINK_CONNECTED, 10000);
  rig_publish (rig, 1000);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 1);
}

/* librdkafka 2.8 would trust a topic for a while when it has just been found */
static const gchar *const no_trust[] = { "topic.metadata.propagation.max.ms", "0", NULL };

static void
set_bytes_topic (Rig *rig, rd_kafka_resp_err_t err)
{
  rd_kafka_mock_topic_set_error (rig->mock, rig->topics[TRIB_KAFKA_TOPIC_BINARY], err);
}

/* frames flow, and the client asks for its topics now and then, until one is refused */
static void
lose_bytes_topic (Rig *rig)
{
  guint64 before = rig_stats (rig).retried_topic;

  set_bytes_topic (rig, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  while (rig_stats (rig).retried_topic == before) {
    const rd_kafka_metadata_t *md = NULL;
    rig_publish (rig, 1000);
    if (rd_kafka_metadata (rig->p->rk, 0, NULL, &md, 1000) == RD_KAFKA_RESP_ERR_NO_ERROR)
      rd_kafka_metadata_destroy (md);
  }
}

/* a topic that is deleted and made anew while frames flow: they wait for it and keep their order */
static void
test_topic_anew (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) bytes = NULL;
  guint64 last = 0;

  rig->config.options = no_trust;
  rig_start (rig);
  rig_warm_up (rig);
  for (guint round = 0; round < 3; round++) {
    lose_bytes_topic (rig);
    for (guint i = 0; i < 30; i++)
      rig_publish (rig, 1000);
    set_bytes_topic (rig, RD_KAFKA_RESP_ERR_NO_ERROR);
    for (guint i = 0; i < 30; i++)
      rig_publish (rig, 1000);
    rig_drain (rig);
  }
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, rig->next_index);
  g_assert_cmpuint (rig_check_registry (rig), ==, rig->next_index);
  bytes = rig_read (rig, TRIB_KAFKA_TOPIC_BINARY);
  for (guint i = 0; i < bytes->len; i++) {
    const RigRecord *record = bytes->pdata[i];
    guint64 sequence = g_ascii_strtoull (
        g_hash_table_lookup (record->headers, TRIB_KAFKA_HEADER_SEQUENCE), NULL, 10);
    g_assert_true (i == 0 || sequence > last);
    last = sequence;
  }
}

/* one that stays away: each frame fails with that reason, also those that waited for others, and
 * has its entry; a frame of later does not suffer by it */
static void
test_topic_stays_away (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  rig->config.options = no_trust;
  rig->config.delivery_timeout_ms = 2000;
  rig->config.max_pending_bytes = 100000;
  rig_start (rig);
  rig_warm_up (rig);
  lose_bytes_topic (rig);
  while (rig_stats (rig).waiting < 3)
    rig_publish (rig, 1000);
  trib_assert_eventually (rig_stats (rig).pending == 0, 15000);
  trib_assert_eventually (rig_stats (rig).loss_records_pending == 0, 15000);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_UNKNOWN_TOPIC], >, 3);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_UNKNOWN_TOPIC], ==, stats_failed (&a));
  g_assert_cmpuint (a.loss_records, ==, stats_failed (&a));
  set_bytes_topic (rig, RD_KAFKA_RESP_ERR_NO_ERROR);
  rig_publish (rig, 1000);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, a.acknowledged + 1);
}

/* what waits for a topic is given up like all else */
static void
test_topic_away_at_end (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  rig->config.options = no_trust;
  rig_start (rig);
  rig_warm_up (rig);
  lose_bytes_topic (rig);
  trib_kafka_publisher_give_up (rig->p);
  g_assert_cmpuint (rig_stats (rig).pending, ==, 0);
  rig_publish (rig, 1000);
  rig_close (rig, 0);
  a = rig_stats (rig);
  g_assert_cmpuint (a.acknowledged + stats_failed (&a), ==, rig->next_index);
  set_bytes_topic (rig, RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* a fatal error of the client: reported once, and everything still has its outcome */
static void
test_fatal (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GError) error = NULL;
  TribKafkaStats a;

  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  for (guint i = 0; i < 5; i++)
    rig_publish (rig, 1000);
  rd_kafka_test_fatal_error (rig->p->rk, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "a test");
  trib_assert_eventually (g_atomic_int_get (&rig->n_fatal) == 1, 10000);
  g_assert_cmpint (rig_publish_full (rig, 1000, TRUE, FALSE, &error), ==, TRIB_KAFKA_PUBLISH_ERROR);
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FATAL);
  /* does not wait for what cannot arrive */
  trib_kafka_publisher_drain (rig->p, 600000);
  rig_close (rig, 600000);
  a = rig_stats (rig);
  g_assert_cmpuint (a.acknowledged, ==, 1);
  g_assert_cmpuint (stats_failed (&a), ==, 6);
  g_assert_cmpint (g_atomic_int_get (&rig->n_fatal), ==, 1);
}

/* where a broker advertises another address than the one it was found at, that is said */
static void
test_advertised (void)
{
  static const struct {
    const gchar *servers, *reason;
    gboolean advertised;
  } texts[] = {
    { "a:1", "a:1/bootstrap: Failed to resolve 'a:1': no", FALSE },
    { "a:1,b:2", "b:2/3: Connect to ipv4#10.0.0.1:2 failed", FALSE },
    { "a:1", "b:2/3: Failed to resolve 'b:2': no", TRUE },
    { "a:1", "sasl_ssl://b:2/3: Failed to resolve 'b:2': no", TRUE },
    { "ssl://b:2, a:1", "ssl://a:1/0: Connect to ipv4#10.0.0.1:1 failed", FALSE },
    { "xb:2", "b:2/3: Failed to resolve 'b:2': no", TRUE },
    { "b", "b:9092/3: Connect to ipv4#10.0.0.1:9092 failed", FALSE },
    { "a:1", "1/1 brokers are down", FALSE },
    { "a:1", "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *text = trib_kafka_io_describe (texts[i].servers, texts[i].reason);
    g_assert_true (g_str_has_prefix (text, texts[i].reason));
    g_assert_cmpint (strstr (text, "advertised.listeners") != NULL, ==, texts[i].advertised);
    g_assert_true (!texts[i].advertised || strstr (text, "(b:2 is what") != NULL);
  }
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/faults/storm", test_storm);
  g_test_add_func ("/kafka/faults/no-offset", test_no_offset);
  g_test_add_func ("/kafka/faults/ARIA-5/outage", test_outage);
  g_test_add_func ("/kafka/faults/ARIA-5/outage-when-idle", test_outage_when_idle);
  g_test_add_func ("/kafka/faults/no-leader", test_no_leader);
  g_test_add_func ("/kafka/faults/unknown-topic", test_unknown_topic);
  g_test_add_func ("/kafka/faults/topic-anew", test_topic_anew);
  g_test_add_func ("/kafka/faults/topic-stays-away", test_topic_stays_away);
  g_test_add_func ("/kafka/faults/topic-away-at-end", test_topic_away_at_end);
  g_test_add_func ("/kafka/faults/fresh-partition", test_fresh_partition);
  g_test_add_func ("/kafka/faults/fatal", test_fatal);
  g_test_add_func ("/kafka/faults/advertised", test_advertised);
  return rig_run_tests ();
}
