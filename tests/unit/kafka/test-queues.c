/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a partition queue lets pass, with reports that the test makes: no broker is needed. */
#include <kafka/publish/trib-kafka-publisher-private.h>

#include <trib-test.h>

#define N 6 /* the first, and a window of five */

typedef struct {
  TribKafkaPublisher p;
  TribKafkaTopicState *topic;
  TribKafkaSlot slots[N];
} Queues;

static void
queues_init (Queues *l)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char why[256];

  /* no servers: it would say so */
  rd_kafka_conf_set_log_cb (conf, NULL);
  l->p.rk = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (l->p.rk);
  l->p.idempotent = TRUE;
  l->p.batch_size = 1000000;
  l->topic = &l->p.topics[TRIB_KAFKA_TOPIC_SINGLE];
  l->topic->rkt = rd_kafka_topic_new (l->p.rk, "topic", NULL);
  trib_kafka_queues_open (l->topic, 1);
  for (guint i = 0; i < N; i++)
    l->slots[i] = (TribKafkaSlot){ .kind = TRIB_KAFKA_TOPIC_SINGLE, .whole = 600 };
}

static void
queues_clear (Queues *l)
{
  rd_kafka_purge (l->p.rk, RD_KAFKA_PURGE_F_QUEUE);
  rd_kafka_topic_destroy (l->topic->rkt);
  g_free (l->topic->queues);
  rd_kafka_destroy (l->p.rk);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Queues, queues_clear)

static void
send_slot (Queues *l, guint i)
{
  TribKafkaOutgoing record
      = { .slot = &l->slots[i], .key = "key", .key_size = 3, .value = "value", .size = 5 };

  g_assert_cmpint (trib_kafka_queues_send (&l->p, &record), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void
report (Queues *l, guint i, gboolean known)
{
  trib_kafka_queues_reported (&l->p, &l->slots[i], known);
}

/* After a failure one record goes alone. Reports of those that were on their way before, as the
 * producer that the broker knew, do not let others pass beside it. */
static void
test_probe_alone (void)
{
  g_auto (Queues) l = { .topic = NULL };
  TribKafkaQueue *queue;

  queues_init (&l);
  queue = &l.topic->queues[0];
  for (guint i = 0; i < N; i++)
    send_slot (&l, i);
  g_assert_cmpuint (queue->n_out, ==, 1);
  report (&l, 0, TRUE);
  g_assert_cmpuint (queue->n_out, ==, N - 1);
  report (&l, 1, FALSE);
  send_slot (&l, 0);
  g_assert_cmpint (queue->state, ==, TRIB_KAFKA_QUEUE_PROBING);
  g_assert_cmpuint (queue->n_out, ==, N - 1);
  send_slot (&l, 1);
  for (guint i = 2; i < N; i++) {
    report (&l, i, i % 3 > 0);
    g_assert_cmpint (queue->state, ==, TRIB_KAFKA_QUEUE_PROBING);
    g_assert_cmpuint (queue->n_out, ==, N - 1 - (i - 1));
    g_assert_cmpuint (queue->records.length, ==, 1);
  }
  report (&l, 0, TRUE);
  g_assert_cmpint (queue->state, ==, TRIB_KAFKA_QUEUE_WARM);
  g_assert_cmpuint (queue->records.length, ==, 0);
  report (&l, 1, TRUE);
  g_assert_cmpuint (queue->bytes, ==, 0);
}

/* a failure with nothing behind it: the next one is alone, though others have arrived since */
static void
test_cold_stays (void)
{
  g_auto (Queues) l = { .topic = NULL };
  TribKafkaQueue *queue;

  queues_init (&l);
  queue = &l.topic->queues[0];
  for (guint i = 0; i < 4; i++)
    send_slot (&l, i);
  report (&l, 0, TRUE);
  report (&l, 1, FALSE);
  report (&l, 2, TRUE);
  g_assert_cmpint (queue->state, ==, TRIB_KAFKA_QUEUE_COLD);
  send_slot (&l, 4);
  report (&l, 3, TRUE);
  send_slot (&l, 5);
  g_assert_cmpuint (queue->n_out, ==, 1);
  report (&l, 4, FALSE);
  g_assert_cmpuint (queue->n_out, ==, 1);
  report (&l, 5, TRUE);
  g_assert_cmpuint (queue->n_out, ==, 0);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/queues/probe-alone", test_probe_alone);
  g_test_add_func ("/kafka/queues/cold-stays", test_cold_stays);
  return trib_test_run ();
}
