/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers that arrive late or never, although the broker did what it was asked for: slow round
 * trips, a request that times out after its records were written, a connection that is cut in
 * between.
 *
 * The mock cluster ignores sequence numbers, so what is sent again is there twice, with
 * idempotence as without. What real brokers make of it is in
 * tests/integration/test-kafkabinarysink-lost-answers.py; here each copy is counted, and no frame
 * is twice among those that count. */
#include "outcome-rig.h"

#include <kafka/publish/trib-kafka-publisher-private.h>
#include <string.h>

#define IN_TIME 2 /* answers of a frame's bytes and metadata; the third is the registry's */

/* so late that the publisher has ended, however slow the machine */
#define NEVER_MS 60000
/* of a frame that has no time to be sent again */
#define SHORT_MS 3000

typedef struct {
  const gchar *options[5];
  const gchar *patient[3]; /* waits for an answer until the connection is cut */
} Mode;

static const Mode modes[] = {
  { { "enable.idempotence", "true", "socket.timeout.ms", "1000", NULL },
      { "enable.idempotence", "true", NULL } },
  { { "enable.idempotence", "false", "socket.timeout.ms", "1000", NULL },
      { "enable.idempotence", "false", NULL } },
};

static Rig *
start (const gchar *const *options, guint delivery_timeout_ms)
{
  Rig *rig = rig_new ();

  rig->config.options = options;
  rig->config.delivery_timeout_ms = delivery_timeout_ms;
  rig->copies_allowed = TRUE;
  rig_start (rig);
  rig_warm_up (rig);
  return rig;
}

/* slow answers are no reason to write anything twice */
static void
test_round_trip_time (gconstpointer data)
{
  const Mode *mode = data;
  g_autoptr (Rig) rig = start (mode->patient, 30000);
  Outcomes o;

  rig->copies_allowed = FALSE;
  rd_kafka_mock_broker_set_rtt (rig->mock, -1, 30);
  for (guint i = 0; i < 40; i++)
    rig_publish (rig, 2000);
  rig_drain (rig);
  o = outcomes_read (rig);
  g_assert_cmpuint (o.linked, ==, 41);
  g_assert_cmpuint (outcomes_copies (&o), ==, 0);
  g_assert_cmpint (trib_kafka_stats_latency_us (&rig->p->stats, 1.0), >=, 30000);
}

/* written, the answer too late, sent again: once for a reader that follows the registry, and the
 * copy is counted */
static void
test_late (gconstpointer data, guint n_in_time, TribKafkaTopic topic)
{
  const Mode *mode = data;
  g_autoptr (Rig) rig = start (mode->options, 30000);
  Outcomes o;

  outcomes_late_answers (rig, RIG_PRODUCE, n_in_time, NEVER_MS);
  rig_publish (rig, 5000);
  rig_drain (rig);
  o = outcomes_read (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 2);
  g_assert_cmpuint (o.linked, ==, 2);
  g_assert_cmpuint (outcomes_copies (&o), >=, 1);
  if (topic == TRIB_KAFKA_TOPIC_REGISTRY)
    g_assert_cmpuint (o.copies[topic], >=, 1);
  else
    g_assert_cmpuint (o.copies[TRIB_KAFKA_TOPIC_REGISTRY], ==, 0);
}

static void
test_late_bytes (gconstpointer data)
{
  test_late (data, 0, TRIB_KAFKA_TOPIC_BINARY);
}

static void
test_late_entry (gconstpointer data)
{
  test_late (data, IN_TIME, TRIB_KAFKA_TOPIC_REGISTRY);
}

/* written, and no time left to send it again: failed, and the entry says that it may be there */
static void
test_timed_out_after_append (gconstpointer data)
{
  const Mode *mode = data;
  g_autoptr (Rig) rig = start (mode->patient, SHORT_MS);
  g_autoptr (GPtrArray) bytes = NULL;
  TribKafkaStats a;
  Outcomes o;

  outcomes_late_answers (rig, RIG_PRODUCE, 0, NEVER_MS);
  rig_publish (rig, 5000);
  rig_drain (rig);
  trib_assert_eventually (rig_stats (rig).loss_records_pending == 0, 10000);
  a = rig_stats (rig);
  o = outcomes_read (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TIMED_OUT], ==, 1);
  g_assert_cmpuint (stats_failed (&a), ==, 1);
  g_assert_cmpuint (o.linked, ==, 1);
  /* the entry has little time, too: where it cannot be written, that is counted */
  g_assert_cmpuint (o.failed + a.loss_records_failed, ==, 1);
  g_assert_cmpuint (o.maybe, ==, o.failed);
  bytes = rig_read (rig, TRIB_KAFKA_TOPIC_BINARY);
  g_assert_cmpuint (bytes->len, >=, 2);
}

/* The entry is written, its answer is not heard of: the frame counts as failed, and no FAILED entry
 * is put beside the LINKED one that may be there. */
static void
test_entry_timed_out_after_append (gconstpointer data)
{
  const Mode *mode = data;
  g_autoptr (Rig) rig = start (mode->patient, SHORT_MS);
  TribKafkaStats a;
  Outcomes o;

  outcomes_late_answers (rig, RIG_PRODUCE, IN_TIME, NEVER_MS);
  rig_publish (rig, 5000);
  rig_drain (rig);
  a = rig_stats (rig);
  o = outcomes_read (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_REGISTRY], ==, 1);
  g_assert_cmpuint (stats_failed (&a), ==, 1);
  g_assert_cmpuint (a.loss_records_failed, ==, 1);
  g_assert_cmpuint (a.acknowledged, ==, 1);
  g_assert_cmpuint (o.linked, ==, 2);
  g_assert_cmpuint (o.failed, ==, 0);
}

static gboolean
bytes_are_there (gpointer data)
{
  g_autoptr (GPtrArray) bytes = rig_read (data, TRIB_KAFKA_TOPIC_BINARY);

  return bytes->len >= 2;
}

/* the connection is cut after the bytes were written and before the answer */
static void
test_disconnect_after_append (gconstpointer data)
{
  const Mode *mode = data;
  g_autoptr (Rig) rig = start (mode->patient, 30000);
  Outcomes o;

  outcomes_late_answers (rig, RIG_PRODUCE, 0, NEVER_MS);
  rig_publish (rig, 5000);
  g_assert_true (trib_wait_until (bytes_are_there, rig, 20000));
  rig_down (rig);
  rig_up (rig);
  rig_drain (rig);
  o = outcomes_read (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 2);
  g_assert_cmpuint (o.linked, ==, 2);
  g_assert_cmpuint (o.copies[TRIB_KAFKA_TOPIC_REGISTRY], ==, 0);
}

/* the same at the end: what is given up while its answer is on the way may be there */
static void
test_closed_after_append (gconstpointer data)
{
  const Mode *mode = data;
  g_autoptr (Rig) rig = start (mode->patient, 30000);
  TribKafkaStats a;

  outcomes_late_answers (rig, RIG_PRODUCE, 0, NEVER_MS);
  rig_publish (rig, 5000);
  g_assert_true (trib_wait_until (bytes_are_there, rig, 20000));
  rig_down (rig);
  rig_close (rig, 0);
  a = rig_stats (rig);
  g_assert_cmpuint (a.acknowledged, ==, 1);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_PURGED], ==, 1);
  g_assert_cmpuint (a.loss_records_failed, ==, 1);
  rig_up (rig);
}

int
main (int argc, char **argv)
{
  static const struct {
    const gchar *name;
    GTestDataFunc run;
  } tests[] = {
    { "round-trip-time", test_round_trip_time },
    { "late", test_late_bytes },
    { "late-entry", test_late_entry },
    { "timed-out-after-append", test_timed_out_after_append },
    { "entry-timed-out-after-append", test_entry_timed_out_after_append },
    { "disconnect-after-append", test_disconnect_after_append },
    { "closed-after-append", test_closed_after_append },
  };

  trib_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
    for (guint k = 0; k < G_N_ELEMENTS (modes); k++) {
      g_autofree gchar *path
          = g_strdup_printf ("/kafka/late/%s/%s", k == 0 ? "idempotent" : "plain", tests[i].name);
      g_test_add_data_func (path, &modes[k], tests[i].run);
    }
  }
  return rig_run_tests ();
}
