/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every error that a broker may answer to a produce request, with idempotence and without: what
 * becomes of the frame it hit, and that those around it are unharmed. The table of
 * docs/internals/kafka-publisher.md says the same. */
#include "outcome-rig.h"

#include <kafka/publish/trib-kafka-publisher-private.h>
#include <string.h>

typedef enum {
  ONCE,   /* sent again, there once */
  FAILED, /* with the reason */
  MAYBE,  /* failed with the reason; it may be there all the same, and its entry says so */
  EITHER, /* ONCE or FAILED: later versions of the client send again what the first gave up */
} Outcome;

typedef struct {
  const gchar *name;
  rd_kafka_resp_err_t err;
  Outcome idempotent, plain;
  TribKafkaFailed reason;
  gboolean many; /* worth a run of many frames */
} Answer;

#define TOO_LARGE TRIB_KAFKA_FAILED_TOO_LARGE
#define NOT_AUTHORIZED TRIB_KAFKA_FAILED_NOT_AUTHORIZED
#define REFUSED TRIB_KAFKA_FAILED_REFUSED

static const Answer answers[] = {
  { "not-enough-replicas", RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, ONCE, ONCE, .many = TRUE },
  { "not-enough-replicas-after-append", RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, ONCE,
      ONCE },
  { "not-leader", RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, ONCE, ONCE, .many = TRUE },
  { "leader-not-available", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, ONCE, ONCE, .many = TRUE },
  { "broker-not-available", RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, ONCE, ONCE },
  { "unknown-topic-or-partition", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ONCE, ONCE },
  { "storage-error", RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, ONCE, ONCE },
  { "request-timed-out", RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, ONCE, ONCE, .many = TRUE },
  { "disconnect", RD_KAFKA_RESP_ERR__TRANSPORT, ONCE, ONCE, .many = TRUE },
  { "message-too-large", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, FAILED, FAILED, TOO_LARGE },
  { "batch-too-large", RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, FAILED, FAILED, TOO_LARGE },
  { "topic-authorization", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, FAILED, FAILED,
      NOT_AUTHORIZED },
  { "cluster-authorization", RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, FAILED, FAILED,
      NOT_AUTHORIZED },
  /* brokers cut the connection instead */
  { "authentication", RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, FAILED, FAILED,
      NOT_AUTHORIZED },
  { "throttling-quota", RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, FAILED, FAILED, REFUSED },
  { "invalid-message", RD_KAFKA_RESP_ERR_INVALID_MSG, EITHER, EITHER, REFUSED },
  { "invalid-record", RD_KAFKA_RESP_ERR_INVALID_RECORD, FAILED, FAILED, REFUSED },
  { "invalid-timestamp", RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, FAILED, FAILED, REFUSED },
  { "invalid-acks", RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS, FAILED, FAILED, REFUSED },
  { "policy-violation", RD_KAFKA_RESP_ERR_POLICY_VIOLATION, FAILED, FAILED, REFUSED },
  { "unknown-error", RD_KAFKA_RESP_ERR_UNKNOWN, FAILED, FAILED, REFUSED },
  { "producer-epoch", RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, FAILED, FAILED, REFUSED },
  { "unknown-producer-id", RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, ONCE, FAILED, REFUSED },
  { "duplicate-sequence", RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER, MAYBE, MAYBE, REFUSED },
  { "out-of-order-sequence", RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, ONCE, MAYBE, REFUSED,
      .many = TRUE },
};

static gboolean
must_ask_again (Rig *rig)
{
  gboolean must;

  g_mutex_lock (&rig->p->lock);
  must = rig->p->ask_again;
  g_mutex_unlock (&rig->p->lock);
  return must;
}

static void
check_failed (Rig *rig, const Answer *answer, Outcome outcome)
{
  TribKafkaStats a = rig_stats (rig);
  Outcomes o = outcomes_read (rig);

  g_assert_cmpuint (stats_failed (&a), ==, 1);
  g_assert_cmpuint (a.failed[answer->reason], ==, 1);
  g_assert_cmpuint (a.acknowledged, ==, 2);
  g_assert_cmpuint (o.linked, ==, 2);
  g_assert_cmpuint (o.failed, ==, 1);
  g_assert_cmpstr (o.reason, ==, trib_kafka_failed_to_string (answer->reason));
  g_assert_cmpuint (o.maybe, ==, outcome == MAYBE);
  g_assert_cmpuint (o.unwritten, ==, 0);
  g_assert_cmpuint (outcomes_copies (&o), ==, 0);
}

static void
run (const Answer *answer, const gchar *const *options, Outcome outcome)
{
  g_autoptr (Rig) rig = rig_new ();

  rig->config.options = options;
  /* a connection that is cut may take an answer with it: see below */
  rig->copies_allowed = answer->err == RD_KAFKA_RESP_ERR__TRANSPORT;
  rig_start (rig);
  rig_warm_up (rig);
  outcomes_error (rig, RIG_PRODUCE, answer->err, 1);
  rig_publish (rig, 5000);
  rig_drain (rig);
  /* a permission that was missing may be given: the topic is asked for again, soon */
  trib_assert_eventually (!must_ask_again (rig), 10000);
  trib_assert_eventually (rig_stats (rig).loss_records_pending == 0, 10000);
  rig_publish (rig, 5000);
  rig_drain (rig);
  g_assert_cmpint (g_atomic_int_get (&rig->n_fatal), ==, 0);
  if (outcome == EITHER)
    outcome = rig_stats (rig).acknowledged == 3 ? ONCE : FAILED;
  if (outcome == ONCE) {
    Outcomes o = outcomes_read (rig);
    g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 3);
    g_assert_cmpuint (o.linked, ==, 3);
    g_assert_true (rig->copies_allowed || outcomes_copies (&o) == 0);
  } else {
    check_failed (rig, answer, outcome);
  }
}

static void
test_idempotent (gconstpointer data)
{
  const Answer *answer = data;

  run (answer, outcomes_idempotent, answer->idempotent);
}

static void
test_plain (gconstpointer data)
{
  const Answer *answer = data;

  run (answer, outcomes_plain, answer->plain);
}

/* many frames, many answers: what a retry can mend is mended, nothing lost, nothing twice */
static void
test_retried (gconstpointer data)
{
  const Answer *answer = data;
  g_autoptr (Rig) rig = rig_new ();

  rig->config.partition_by_frame = TRUE;
  rig->config.options = outcomes_idempotent;
  rig->copies_allowed = answer->err == RD_KAFKA_RESP_ERR__TRANSPORT;
  rig_start (rig);
  rig_warm_up (rig);
  for (guint i = 0; i < 50; i++) {
    if (i % 10 == 0)
      outcomes_error (rig, RIG_PRODUCE, answer->err, 2);
    rig_publish (rig, 5000);
  }
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 51);
  g_assert_cmpuint (outcomes_read (rig).linked, ==, 51);
  g_assert_cmpint (g_atomic_int_get (&rig->n_fatal), ==, 0);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    const Answer *answer = &answers[i];
    g_autofree gchar *idempotent = g_strconcat ("/kafka/answers/idempotent/", answer->name, NULL);
    g_autofree gchar *plain = g_strconcat ("/kafka/answers/plain/", answer->name, NULL);
    g_autofree gchar *retried = g_strconcat ("/kafka/answers/retried/", answer->name, NULL);
    g_test_add_data_func (idempotent, answer, test_idempotent);
    g_test_add_data_func (plain, answer, test_plain);
    if (answer->many)
      g_test_add_data_func (retried, answer, test_retried);
  }
  return rig_run_tests ();
}
