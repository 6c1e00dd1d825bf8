/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Partitions that move between three brokers while frames flow, and brokers that refuse the
 * client. */
#include "outcome-rig.h"

#include <kafka/publish/trib-kafka-publisher-private.h>
#include <string.h>

#define N_BROKERS 3
#define N_PARTITIONS 2
#define INIT_PRODUCER_ID 22 /* Kafka's number for that request */

static rd_kafka_mock_cluster_t *three_brokers;

static Rig *
rig_of_three (gconstpointer data)
{
  Rig *rig = rig_new ();

  rig_use_cluster (rig, three_brokers, N_PARTITIONS);
  rig->config.options = GPOINTER_TO_UINT (data) ? outcomes_plain : outcomes_idempotent;
  rig->config.partition_by_frame = TRUE;
  return rig;
}

static void
set_leader (Rig *rig, gint32 broker)
{
  for (guint t = 0; t < 3; t++)
    for (gint32 p = 0; p < N_PARTITIONS; p++)
      rd_kafka_mock_partition_set_leader (rig->mock, rig->topics[t], p, broker);
}

/* the old leader answers that it is none; nothing lost, nothing twice */
static void
test_leader_change (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_of_three (data);
  Outcomes o;

  rig_start (rig);
  set_leader (rig, 1);
  for (gint32 i = 0; i < 60; i++) {
    if (i % 20 == 19)
      set_leader (rig, 1 + (i / 20 + 1) % N_BROKERS);
    rig_publish (rig, 3000);
  }
  rig_drain (rig);
  o = outcomes_read (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 60);
  g_assert_cmpuint (o.linked, ==, 60);
  g_assert_cmpuint (outcomes_copies (&o), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&rig->n_fatal), ==, 0);
}

/* the leader goes away, another broker takes over: answers that were on their way are lost */
static void
test_leader_goes (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_of_three (data);
  Outcomes o;

  rig->copies_allowed = TRUE;
  rig_start (rig);
  set_leader (rig, 1);
  for (guint i = 0; i < 20; i++)
    rig_publish (rig, 3000);
  rd_kafka_mock_broker_set_down (rig->mock, 1);
  for (guint i = 0; i < 20; i++)
    rig_publish (rig, 3000);
  set_leader (rig, 2);
  rig_drain (rig);
  o = outcomes_read (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 40);
  g_assert_cmpuint (o.linked, ==, 40);
  rd_kafka_mock_broker_set_up (rig->mock, 1);
}

static const gchar *const with_password[] = { "security.protocol", "sasl_plaintext",
  "sasl.mechanisms", "PLAIN", "sasl.username", "camera", "sasl.password", "a-secret-4711", NULL };

static gchar *
why_of (Rig *rig)
{
  gchar *why;

  g_mutex_lock (&rig->p->lock);
  why = g_strdup (trib_kafka_publisher_why (rig->p));
  g_mutex_unlock (&rig->p->lock);
  return why;
}

/* A broker that refuses this client: frames wait for it, then fail with the reason, which is
 * reported. What a wrong password looks like is in tests/integration/test-kafka-access.py. */
static void
test_not_let_in (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autofree gchar *why = NULL;
  TribKafkaStats a;

  rig->config.options = with_password;
  rig->config.delivery_timeout_ms = 1500;
  rig_start (rig);
  rig_publish (rig, 1000);
  trib_assert_eventually (rig_stats (rig).pending == 0, 15000);
  a = rig_stats (rig);
  why = why_of (rig);
  g_test_message ("%s", why);
  g_assert_null (strstr (why, "a-secret-4711"));
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TIMED_OUT], ==, 1);
  g_assert_cmpuint (a.loss_records_failed, ==, 1);
}

/* a topic that this client may not see */
static void
test_topic_not_authorized (void)
{
  g_autoptr (Rig) rig = NULL;
  g_autofree gchar *why = NULL;
  TribKafkaStats a;

  if (rd_kafka_version () > 0x020002ff) {
    g_test_skip ("this librdkafka crashes on what its mock cluster says of a topic with an error");
    return;
  }
  rig = rig_new ();
  rig->config.delivery_timeout_ms = 1500;
  rd_kafka_mock_topic_set_error (rig->mock, rig->topics[TRIB_KAFKA_TOPIC_BINARY],
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  rig_start (rig);
  rig_publish (rig, 1000);
  trib_assert_eventually (rig_stats (rig).pending == 0, 15000);
  a = rig_stats (rig);
  why = why_of (rig);
  g_assert_nonnull (strstr (why, rig->topics[TRIB_KAFKA_TOPIC_BINARY]));
  g_assert_cmpuint (stats_failed (&a), ==, 1);
  g_assert_cmpuint (a.loss_records_failed, ==, 1);
  rd_kafka_mock_topic_set_error (
      rig->mock, rig->topics[TRIB_KAFKA_TOPIC_BINARY], RD_KAFKA_RESP_ERR_NO_ERROR);
  trib_assert_eventually (trib_kafka_publisher_get_link (rig->p) == TRIB_LINK_CONNECTED, 10000);
  rig_publish (rig, 1000);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 1);
}

/* a producer id is asked for before the first record: that it takes a while is no loss */
static void
test_producer_id_retried (void)
{
  g_autoptr (Rig) rig = rig_new ();

  outcomes_error (rig, INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 3);
  rig_start (rig);
  for (guint i = 0; i < 5; i++)
    rig_publish (rig, 1000);
  rig_drain (rig);
  g_assert_cmpuint (outcomes_read (rig).linked, ==, 5);
}

/* a client that may not be idempotent: reported once, everything fails */
static void
test_producer_id_refused (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  outcomes_error (rig, INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, 1);
  rig->config.delivery_timeout_ms = 3000;
  rig_start (rig);
  rig_publish (rig, 1000);
  trib_assert_eventually (rig_stats (rig).pending == 0, 15000);
  /* reported by a thread of its own */
  trib_assert_eventually (g_atomic_int_get (&rig->n_fatal) > 0, 15000);
  a = rig_stats (rig);
  g_assert_cmpint (g_atomic_int_get (&rig->n_fatal), ==, 1);
  g_assert_cmpuint (a.acknowledged, ==, 0);
  g_assert_cmpuint (stats_failed (&a), ==, 1);
  g_assert_cmpuint (a.loss_records_failed, ==, 1);
  rd_kafka_mock_clear_request_errors (rig->mock, INIT_PRODUCER_ID);
}

int
main (int argc, char **argv)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  rd_kafka_t *host;
  int status;

  trib_test_init (&argc, &argv);
  rd_kafka_conf_set_log_cb (conf, NULL);
  host = rd_kafka_new (RD_KAFKA_PRODUCER, conf, NULL, 0);
  g_assert_nonnull (host);
  three_brokers = rd_kafka_mock_cluster_new (host, N_BROKERS);
  g_test_add_data_func (
      "/kafka/leaders/idempotent/change", GUINT_TO_POINTER (0), test_leader_change);
  g_test_add_data_func ("/kafka/leaders/plain/change", GUINT_TO_POINTER (1), test_leader_change);
  g_test_add_data_func ("/kafka/leaders/idempotent/goes", GUINT_TO_POINTER (0), test_leader_goes);
  g_test_add_data_func ("/kafka/leaders/plain/goes", GUINT_TO_POINTER (1), test_leader_goes);
  g_test_add_func ("/kafka/access/not-let-in", test_not_let_in);
  g_test_add_func ("/kafka/access/topic", test_topic_not_authorized);
  g_test_add_func ("/kafka/access/producer-id/retried", test_producer_id_retried);
  g_test_add_func ("/kafka/access/producer-id/refused", test_producer_id_refused);
  status = rig_run_tests ();
  rd_kafka_mock_cluster_destroy (three_brokers);
  rd_kafka_destroy (host);
  return status;
}
