/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A broker answers for a batch: what was refused together with others goes again alone, and only
 * what is refused then is refused. */
#include "outcome-rig.h"

#include <string.h>

#define TOPIC TRIB_KAFKA_TOPIC_LEGACY /* the rig's name for its one topic */
#define N 5                           /* what an idempotent client is given at once */
#define BAD 2

typedef struct {
  const gchar *name;
  rd_kafka_resp_err_t err;
  TribKafkaFailed reason;
} Verdict;

static const Verdict verdicts[] = {
  { "invalid-timestamp", RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, TRIB_KAFKA_FAILED_REFUSED },
  { "invalid-record", RD_KAFKA_RESP_ERR_INVALID_RECORD, TRIB_KAFKA_FAILED_REFUSED },
  { "message-too-large", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, TRIB_KAFKA_FAILED_TOO_LARGE },
  { "batch-too-large", RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, TRIB_KAFKA_FAILED_TOO_LARGE },
  { "invalid-size", RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, TRIB_KAFKA_FAILED_REFUSED },
  { "policy-violation", RD_KAFKA_RESP_ERR_POLICY_VIOLATION, TRIB_KAFKA_FAILED_REFUSED },
  { "unsupported-form", RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,
      TRIB_KAFKA_FAILED_REFUSED },
  { "unknown-error", RD_KAFKA_RESP_ERR_UNKNOWN, TRIB_KAFKA_FAILED_REFUSED },
};

static void
publish_record (Rig *rig)
{
  static const gchar *const headers[] = { "a", "1", "b", "2", NULL };
  g_autoptr (GBytes) value = rig_payload (rig, 300);
  TribKafkaItem item = {
    .form = TRIB_KAFKA_FORM_RECORD, .payload = value, .key = "k", .key_size = 1, .headers = headers
  };

  item.frame.t_ns = G_GINT64_CONSTANT (1722513600000000000) + (gint64) rig->next_index++ * 1000000;
  g_assert_cmpint (trib_kafka_publisher_submit (rig->p, &item, NULL), ==, TRIB_KAFKA_PUBLISH_TAKEN);
}

/* While the broker is away the client gathers them in one batch. */
static void
publish_batch (Rig *rig, const rd_kafka_resp_err_t *answers, gsize n_answers)
{
  rig_down (rig);
  for (guint i = 0; i < N; i++)
    publish_record (rig);
  rd_kafka_mock_push_request_errors_array (rig->mock, RIG_PRODUCE, n_answers, answers);
  rig_up (rig);
  rig_drain (rig);
}

static Rig *
records_rig (const gchar *const *options)
{
  Rig *rig = rig_new ();

  rig->config.record_topic = rig->topics[TOPIC];
  rig->config.options = options;
  rig_start (rig);
  publish_record (rig);
  rig_drain (rig);
  return rig;
}

/* all but the bad one, in order and as they were */
static void
check_records (Rig *rig)
{
  g_autoptr (GPtrArray) records = rig_read (rig, TOPIC);
  guint next = 0;

  g_assert_cmpuint (records->len, ==, 1 + N);
  for (guint i = 0; i < records->len; i++, next++) {
    const RigRecord *record = records->pdata[i];
    next += next == 1 + BAD;
    g_assert_cmpuint (record->size, ==, 300);
    g_assert_cmpuint ((guint8) record->value[0], ==, next);
    g_assert_cmpstr (record->key, ==, "k");
    g_assert_cmpint (record->t_ms, ==, G_GINT64_CONSTANT (1722513600000) + next);
    g_assert_cmpuint (g_hash_table_size (record->headers), ==, 2);
    g_assert_cmpstr (g_hash_table_lookup (record->headers, "b"), ==, "2");
  }
}

/* one bad record among good ones */
static void
run_mixed (const Verdict *verdict, const gchar *const *options)
{
  const rd_kafka_resp_err_t answers[] = { verdict->err, 0, 0, verdict->err };
  g_autoptr (Rig) rig = records_rig (options);
  TribKafkaStats a;

  publish_batch (rig, answers, G_N_ELEMENTS (answers));
  publish_record (rig);
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.retried_alone, ==, N);
  g_assert_cmpuint (a.acknowledged, ==, N + 1);
  g_assert_cmpuint (stats_failed (&a), ==, 1);
  g_assert_cmpuint (a.failed[verdict->reason], ==, 1);
  check_records (rig);
}

static void
test_idempotent (gconstpointer data)
{
  run_mixed (data, outcomes_idempotent);
}

static void
test_plain (gconstpointer data)
{
  run_mixed (data, outcomes_plain);
}

static gchar *
lost_why (Rig *rig)
{
  gchar *why;

  trib_assert_eventually (g_atomic_int_get (&rig->n_loss_reports) > 0, 10000);
  g_mutex_lock (&rig->lock);
  why = g_strdup (rig->lost_why);
  g_mutex_unlock (&rig->lock);
  return why;
}

/* The batch is written, its answer is lost, and when it is sent again it is refused by what holds
 * now. It may be there: a second copy of the good ones is recognised by readers, none would be a
 * loss. What is refused alone after that is reported as perhaps written. (The mock cluster writes
 * it all and knows no sequence numbers; a real broker refuses before it looks at them.) */
static void
test_lost_answer (gconstpointer data)
{
  const rd_kafka_resp_err_t large = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  const gchar *options[]
      = { "enable.idempotence", data, "max.in.flight", "1", "socket.timeout.ms", "1000", NULL };
  g_autoptr (Rig) rig = records_rig (options);
  g_autoptr (GPtrArray) records = NULL;
  g_autofree gchar *why = NULL;
  TribKafkaStats a;

  rd_kafka_mock_broker_push_request_error_rtts (
      rig->mock, 1, RIG_PRODUCE, 5, 0, 60000, large, 0, 0, 0, 0, 0, large, 0);
  publish_batch (rig, NULL, 0);
  publish_record (rig);
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.retried_alone, ==, N);
  g_assert_cmpuint (a.acknowledged, ==, N + 1);
  g_assert_cmpuint (stats_failed (&a), ==, 1);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TOO_LARGE], ==, 1);
  why = lost_why (rig);
  g_assert_nonnull (strstr (why, "it may have been written all the same"));
  records = rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 1 + N + N - 1 + 1);
}

/* each is bad: each is refused by itself, once, and the publisher goes on */
static void
test_all_bad (void)
{
  rd_kafka_resp_err_t answers[1 + N];
  g_autoptr (Rig) rig = records_rig (outcomes_idempotent);
  TribKafkaStats a;

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    answers[i] = RD_KAFKA_RESP_ERR_INVALID_RECORD;
  publish_batch (rig, answers, G_N_ELEMENTS (answers));
  publish_record (rig);
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.retried_alone, ==, N);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_REFUSED], ==, N);
  g_assert_cmpuint (a.acknowledged, ==, 2);
}

/* what is said of the client or the topic holds for each: nothing is tried again */
static void
test_of_topic (void)
{
  const rd_kafka_resp_err_t answers[] = { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED };
  g_autoptr (Rig) rig = records_rig (outcomes_idempotent);
  TribKafkaStats a;

  publish_batch (rig, answers, G_N_ELEMENTS (answers));
  a = rig_stats (rig);
  g_assert_cmpuint (a.retried_alone, ==, 0);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_NOT_AUTHORIZED], ==, N);
}

/* bytes and metadata of frames: none is lost, each is there once */
static void
test_frames (void)
{
  g_autoptr (Rig) rig = rig_new ();
  Outcomes o;

  rig->config.options = outcomes_idempotent;
  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  for (guint i = 0; i < N; i++)
    rig_publish (rig, 5000);
  outcomes_error (rig, RIG_PRODUCE, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, 2);
  rig_up (rig);
  rig_drain (rig);
  o = outcomes_read (rig);
  g_assert_cmpuint (o.linked, ==, N + 1);
  g_assert_cmpuint (outcomes_copies (&o), ==, 0);
  g_assert_cmpuint (rig_stats (rig).retried_alone, ==, 2 * N);
}

/* entries about losses */
static void
test_loss_records (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  rig->config.options = outcomes_idempotent;
  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  for (guint i = 0; i < N; i++) {
    g_autoptr (GBytes) payload = rig_payload (rig, 100);
    TribKafkaItem item = { TRIB_KAFKA_FORM_BINARY, payload, rig_frame (rig) };
    trib_kafka_publisher_count_flushed (rig->p, &item);
  }
  outcomes_error (rig, RIG_PRODUCE, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, 1);
  rig_up (rig);
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.retried_alone, ==, N);
  g_assert_cmpuint (a.loss_records, ==, N);
  g_assert_cmpuint (a.loss_records_failed, ==, 0);
  g_assert_cmpuint (outcomes_read (rig).failed, ==, N);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (verdicts); i++) {
    const Verdict *verdict = &verdicts[i];
    g_autofree gchar *idempotent = g_strconcat ("/kafka/alone/idempotent/", verdict->name, NULL);
    g_autofree gchar *plain = g_strconcat ("/kafka/alone/plain/", verdict->name, NULL);
    g_test_add_data_func (idempotent, verdict, test_idempotent);
    g_test_add_data_func (plain, verdict, test_plain);
  }
  g_test_add_func ("/kafka/alone/all-bad", test_all_bad);
  g_test_add_func ("/kafka/alone/of-topic", test_of_topic);
  g_test_add_func ("/kafka/alone/frames", test_frames);
  g_test_add_func ("/kafka/alone/loss-records", test_loss_records);
  /* last: a broker that was given answers of its own takes none of the cluster's any more */
  g_test_add_data_func ("/kafka/alone/lost-answer/idempotent", "true", test_lost_answer);
  g_test_add_data_func ("/kafka/alone/lost-answer/plain", "false", test_lost_answer);
  return rig_run_tests ();
}
