/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client that ends itself, as librdkafka's idempotent producer does when it cannot say what the
 * broker has: another one sends what it had. */
#include "outcome-rig.h"

#include <kafka/publish/trib-kafka-publisher-private.h>

#define N_FRAMES 20
#define OUT_OF_ORDER RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER

/* the client has frames that the broker does not take */
static Rig *
rig_with_frames (guint delivery_timeout_ms)
{
  Rig *rig = rig_new ();

  rig->config.partition_by_frame = TRUE;
  rig->config.delivery_timeout_ms = delivery_timeout_ms;
  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  for (guint i = 0; i < N_FRAMES; i++)
    rig_publish (rig, 1000);
  return rig;
}

/* as the client does */
static void
end_client (Rig *rig, rd_kafka_resp_err_t err)
{
  guint64 before = rig_stats (rig).renewals;

  rd_kafka_test_fatal_error (rig->p->rk, err, "a test");
  trib_assert_eventually (rig_stats (rig).renewals == before + 1, 10000);
}

static void
check_all_linked (Rig *rig)
{
  TribKafkaStats a;

  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.acknowledged, ==, rig->next_index);
  g_assert_cmpuint (stats_failed (&a), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&rig->n_fatal), ==, 0);
  g_assert_cmpuint (rig_check_registry (rig), ==, rig->next_index);
}

static void
test_sent_again (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_with_frames (120000);

  end_client (rig, GPOINTER_TO_INT (data));
  for (guint i = 0; i < N_FRAMES; i++)
    rig_publish (rig, 1000);
  rig_up (rig);
  check_all_linked (rig);
  g_assert_cmpuint (rig_stats (rig).renewals, ==, 1);
  g_assert_cmpuint (rig_stats (rig).retried_client, >, 0);
}

/* each time in the middle of the flow */
static void
test_again_and_again (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig->config.partition_by_frame = TRUE;
  /* what is answered at the moment of the end is written, and its answer not taken */
  rig->copies_allowed = TRUE;
  rig_start (rig);
  rig_warm_up (rig);
  for (guint n = 0; n < 8; n++) {
    for (guint i = 0; i < N_FRAMES; i++)
      rig_publish (rig, 1000);
    end_client (rig, OUT_OF_ORDER);
    rig_publish (rig, 1000);
    rig_drain (rig);
  }
  check_all_linked (rig);
}

/* a broker that takes no record for a while: frames wait for their delivery timeout, not longer */
static void
test_in_vain (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  rig->config.delivery_timeout_ms = 3000;
  rig_start (rig);
  rig_warm_up (rig);
  outcomes_error (rig, RIG_PRODUCE, OUT_OF_ORDER, 10000);
  rig_publish (rig, 1000);
  trib_assert_eventually (rig_stats (rig).pending == 0, 30000);
  a = rig_stats (rig);
  g_assert_cmpuint (a.renewals, >, 0);
  g_assert_cmpuint (a.acknowledged, ==, 1);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TIMED_OUT], ==, 1);
  rd_kafka_mock_clear_request_errors (rig->mock, RIG_PRODUCE);
  rig_publish (rig, 1000);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 2);
  g_assert_cmpint (g_atomic_int_get (&rig->n_fatal), ==, 0);
}

/* the delivery timeout goes on */
static void
test_timed_out (void)
{
  g_autoptr (Rig) rig = rig_with_frames (2000);
  TribKafkaStats a;

  end_client (rig, OUT_OF_ORDER);
  trib_assert_eventually (rig_stats (rig).pending == 0, 30000);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TIMED_OUT], ==, N_FRAMES);
  rig_up (rig);
  rig_publish (rig, 1000);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 2);
}

static void
test_abandoned (void)
{
  g_autoptr (Rig) rig = rig_with_frames (120000);
  TribKafkaStats a;

  end_client (rig, OUT_OF_ORDER);
  trib_kafka_publisher_give_up (rig->p);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_PURGED], ==, N_FRAMES);
  rig_up (rig);
  rig_publish (rig, 1000);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 2);
}

static void
test_closed (void)
{
  g_autoptr (Rig) rig = rig_with_frames (120000);
  TribKafkaStats a;

  end_client (rig, OUT_OF_ORDER);
  rig_close (rig, 0);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_PURGED], ==, N_FRAMES);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_data_func (
      "/kafka/renew/out-of-order", GINT_TO_POINTER (OUT_OF_ORDER), test_sent_again);
  g_test_add_data_func ("/kafka/renew/unknown-producer",
      GINT_TO_POINTER (RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID), test_sent_again);
  g_test_add_data_func (
      "/kafka/renew/fenced", GINT_TO_POINTER (RD_KAFKA_RESP_ERR__FENCED), test_sent_again);
  g_test_add_func ("/kafka/renew/again-and-again", test_again_and_again);
  g_test_add_func ("/kafka/renew/in-vain", test_in_vain);
  g_test_add_func ("/kafka/renew/timed-out", test_timed_out);
  g_test_add_func ("/kafka/renew/abandoned", test_abandoned);
  g_test_add_func ("/kafka/renew/closed", test_closed);
  return rig_run_tests ();
}
