/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of one publisher beside another one of equal settings, whose frames are not lost by it.
 */
#include "kafka-rig.h"

#include <kafka/publish/trib-kafka-publisher-private.h>

#include <string.h>

#define LONG_MS 900000

static void
start_two (Rig **ret_a, Rig **ret_b)
{
  *ret_a = rig_new ();
  *ret_b = rig_new ();
  (*ret_a)->config.delivery_timeout_ms = (*ret_b)->config.delivery_timeout_ms = LONG_MS;
  rig_start (*ret_a);
  rig_start (*ret_b);
  rig_warm_up (*ret_a);
  rig_warm_up (*ret_b);
}

static void
publish (Rig *rig, guint n)
{
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (rig_publish (rig, 10000), ==, TRIB_KAFKA_PUBLISH_TAKEN);
}

static guint
count_failed (Rig *rig)
{
  g_autoptr (GPtrArray) registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  guint n = 0;

  for (guint i = 0; i < registry->len; i++) {
    g_autofree gchar *status = rig_json_string (registry->pdata[i], "status");
    n += g_str_equal (status, "FAILED");
  }
  return n;
}

/* Given up while the broker is away: the frames have their outcome and their memory is released
 * at once, the other publisher's stay. */
static void
test_give_up_one (void)
{
  g_autoptr (Rig) a = NULL, b = NULL;

  start_two (&a, &b);
  rig_down (a);
  publish (a, 15);
  publish (b, 15);
  trib_kafka_publisher_give_up (a->p);
  g_assert_cmpuint (rig_stats (a).pending, ==, 0);
  g_assert_cmpuint (rig_stats (a).pending_bytes, ==, 0);
  g_assert_cmpuint (rig_stats (a).pinned_buffers, ==, 0);
  g_assert_cmpuint (rig_stats (a).failed[TRIB_KAFKA_FAILED_PURGED], ==, 15);
  g_assert_cmpuint (rig_losses (a).failed[TRIB_KAFKA_FAILED_PURGED], ==, 15);
  trib_assert_eventually (g_atomic_int_get (&a->payloads_alive) == 0, 20000);
  g_assert_cmpuint (rig_stats (b).pending, ==, 15);
  /* and it goes on */
  publish (a, 3);
  rig_up (a);
  rig_drain (a);
  rig_drain (b);
  g_assert_cmpuint (rig_stats (a).acknowledged, ==, 4);
  g_assert_cmpuint (rig_stats (b).acknowledged, ==, 16);
  g_assert_cmpuint (rig_check_registry (a), ==, 4);
  g_assert_cmpuint (rig_check_registry (b), ==, 16);
  g_assert_cmpuint (count_failed (a), ==, rig_stats (a).loss_records);
  g_assert_cmpuint (rig_stats (a).loss_records + rig_stats (a).loss_records_failed, ==, 15);
}

/* the same, but it closes, with a broker that answers slowly */
static void
test_close_one (void)
{
  g_autoptr (Rig) a = NULL, b = NULL;

  start_two (&a, &b);
  rd_kafka_mock_broker_set_rtt (a->mock, -1, 2500);
  publish (a, 5);
  publish (b, 20);
  rig_close (a, 0);
  g_assert_cmpuint (rig_stats (a).failed[TRIB_KAFKA_FAILED_PURGED], ==, 5);
  g_assert_cmpint (g_atomic_int_get (&a->payloads_alive), ==, 0);
  g_assert_cmpuint (rig_stats (b).pending, ==, 20);
  rd_kafka_mock_broker_set_rtt (a->mock, -1, 0);
  rig_drain (b);
  g_assert_cmpuint (rig_stats (b).acknowledged, ==, 21);
  g_assert_cmpuint (rig_check_registry (b), ==, 21);
  /* it counted what it could not know as not written */
  g_assert_cmpuint (rig_stats (a).loss_records_failed, ==, 5);
  g_assert_cmpuint (rig_check_registry (a), ==, 1);
}

/* the other one has nothing on the way, and goes on later */
static void
test_close_one_beside_idle (void)
{
  g_autoptr (Rig) a = NULL, b = NULL;

  start_two (&a, &b);
  rig_down (a);
  publish (a, 15);
  rig_close (a, 100);
  g_assert_cmpuint (rig_stats (a).failed[TRIB_KAFKA_FAILED_PURGED], ==, 15);
  g_assert_cmpuint (trib_test_count_threads ("kafka-client"), ==, 1);
  rig_up (a);
  publish (b, 5);
  rig_drain (b);
  g_assert_cmpuint (rig_check_registry (b), ==, 6);
}

/* both, one after the other, while the broker is away */
static void
test_close_both (void)
{
  g_autoptr (Rig) a = NULL, b = NULL;

  start_two (&a, &b);
  rig_down (a);
  publish (a, 15);
  publish (b, 15);
  rig_close (a, 100);
  g_assert_cmpuint (rig_stats (b).pending, ==, 15);
  rig_close (b, 100);
  g_assert_cmpuint (rig_stats (b).failed[TRIB_KAFKA_FAILED_PURGED], ==, 15);
  g_assert_cmpuint (trib_test_count_threads ("kafka-client"), ==, 0);
}

/* FAILED entries on their way are bounded, for each publisher */
static void
test_loss_records_are_bounded (void)
{
  g_autoptr (Rig) a = rig_new (), b = rig_new ();
  Rig *rigs[] = { a, b };

  for (guint i = 0; i < G_N_ELEMENTS (rigs); i++) {
    rigs[i]->config.max_pending_bytes = 1024 * 1024;
    rigs[i]->config.overflow = TRIB_KAFKA_OVERFLOW_DROP_NEWEST;
    rig_start (rigs[i]);
    rig_warm_up (rigs[i]);
  }
  rig_down (a);
  for (guint i = 0; i < TRIB_KAFKA_MAX_LOSS_RECORDS + 300; i++)
    rig_publish (a, 10000);
  g_assert_cmpuint (rig_stats (a).loss_records_pending, ==, TRIB_KAFKA_MAX_LOSS_RECORDS);
  g_assert_cmpuint (rig_stats (a).loss_records_failed, >, 0);
  for (guint i = 0; i < 200; i++)
    rig_publish (b, 10000);
  g_assert_cmpuint (rig_stats (b).loss_records_failed, ==, 0);
  rig_up (a);
  rig_drain (a);
  rig_drain (b);
}

/* one cannot go on, the other one does */
static void
test_fatal (void)
{
  g_autoptr (Rig) a = NULL, b = NULL;

  start_two (&a, &b);
  rig_down (a);
  publish (a, 5);
  publish (b, 5);
  rd_kafka_test_fatal_error (a->p->rk, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "a test");
  trib_assert_eventually (g_atomic_int_get (&a->n_fatal) == 1, 10000);
  rig_drain (a);
  g_assert_cmpuint (rig_stats (a).acknowledged, ==, 1);
  g_assert_cmpint (rig_publish (a, 100), ==, TRIB_KAFKA_PUBLISH_ERROR);
  g_assert_cmpuint (rig_stats (b).pending, ==, 5);
  rig_up (a);
  publish (b, 5);
  rig_close (a, 1000);
  rig_drain (b);
  g_assert_cmpuint (rig_stats (b).acknowledged, ==, 11);
  g_assert_cmpuint (rig_check_registry (b), ==, 11);
  g_assert_cmpint (g_atomic_int_get (&a->n_fatal), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&b->n_fatal), ==, 0);
}

typedef struct {
  GMutex lock;
  GCond cond;
  gboolean called;
  gboolean go_on;
} Gate;

static void
hold_up (gpointer user_data, const TribKafkaLosses *losses)
{
  Gate *gate = user_data;

  g_mutex_lock (&gate->lock);
  gate->called = TRUE;
  g_cond_broadcast (&gate->cond);
  while (!gate->go_on)
    g_cond_wait (&gate->cond, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

/* a callback that does not return delays only its publisher: not the end of another one */
static void
test_callback_that_waits (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GBytes) payload = NULL;
  TribKafkaPublisherCallbacks callbacks = { .frames_lost = hold_up };
  Gate gate = { .called = FALSE };
  TribKafkaPublisher *p;
  TribKafkaFrame frame;

  g_mutex_init (&gate.lock);
  g_cond_init (&gate.cond);
  p = trib_kafka_publisher_new (&rig->config, &callbacks, &gate, NULL);
  rig_start (rig);
  /* larger than the bound: lost at once */
  payload = rig_payload (rig, 9 * 1024 * 1024);
  frame = rig_frame (rig);
  g_assert_cmpint (rig_submit (p, &frame, payload, FALSE, NULL), ==, TRIB_KAFKA_PUBLISH_LOST);
  g_mutex_lock (&gate.lock);
  while (!gate.called)
    g_cond_wait (&gate.cond, &gate.lock);
  g_mutex_unlock (&gate.lock);
  g_clear_pointer (&payload, g_bytes_unref);
  publish (rig, 20);
  rig_close (rig, trib_test_scale (30000));
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 20);
  g_mutex_lock (&gate.lock);
  gate.go_on = TRUE;
  g_cond_broadcast (&gate.cond);
  g_mutex_unlock (&gate.lock);
  trib_kafka_publisher_free (p);
  g_mutex_clear (&gate.lock);
  g_cond_clear (&gate.cond);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/client-end/give-up-one", test_give_up_one);
  g_test_add_func ("/kafka/client-end/close-one", test_close_one);
  g_test_add_func ("/kafka/client-end/close-one-beside-idle", test_close_one_beside_idle);
  g_test_add_func ("/kafka/client-end/close-both", test_close_both);
  g_test_add_func ("/kafka/client-end/loss-records", test_loss_records_are_bounded);
  g_test_add_func ("/kafka/client-end/fatal", test_fatal);
  g_test_add_func ("/kafka/client-end/callback-that-waits", test_callback_that_waits);
  return rig_run_tests ();
}
