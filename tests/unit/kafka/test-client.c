/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Publishers of equal settings in one process: each has a client, a bound and an end of its own. */
#include "kafka-rig.h"

#include <kafka/publish/trib-kafka-publisher-private.h>

#include <string.h>

#define N 16
#define BOUND (1024 * 1024)
#define FRAME 20000

typedef struct {
  Rig *rigs[N];
  guint n;
} Rigs;

static void
rigs_make (Rigs *all, guint n)
{
  all->n = n;
  for (guint i = 0; i < n; i++)
    all->rigs[i] = rig_new ();
}

static void
rigs_clear (Rigs *all)
{
  for (guint i = 0; i < all->n; i++)
    rig_free (all->rigs[i]);
  all->n = 0;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rigs, rigs_clear)

static guint
count_clients (void)
{
  return trib_test_count_threads ("kafka-client");
}

static void
test_sixteen (void)
{
  g_auto (Rigs) all = { { NULL } };
  guint threads[N], each;

  rigs_make (&all, N);
  for (guint i = 0; i < N; i++) {
    rig_start (all.rigs[i]);
    rig_warm_up (all.rigs[i]);
    g_assert_cmpuint (count_clients (), ==, i + 1);
    threads[i] = trib_test_count_threads ("rdk:");
    for (guint k = 0; k < i; k++)
      g_assert_true (all.rigs[i]->p->rk != all.rigs[k]->p->rk);
  }
  for (guint k = 0; k < 20; k++)
    for (guint i = 0; i < N; i++)
      g_assert_cmpint (rig_publish (all.rigs[i], 1000 + k), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  /* the first to stop leave the others alone; each has counters of its own */
  for (guint i = 0; i < N; i++) {
    rig_close (all.rigs[i], trib_test_scale (30000));
    g_assert_cmpuint (rig_stats (all.rigs[i]).acknowledged, ==, 21);
    g_assert_cmpuint (count_clients (), ==, N - 1 - i);
  }
  /* what is left is the broker's own */
  each = threads[N - 1] - threads[N - 2];
  g_assert_cmpuint (each, >, 0);
  g_assert_cmpuint (trib_test_count_threads ("rdk:"), ==, threads[N - 1] - N * each);
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (rig_check_registry (all.rigs[i]), ==, 21);
}

/* settings that no client accepts leave nothing behind */
static void
test_refused (void)
{
  static const gchar *const bad[] = { "no.such.option", "1", NULL };
  TribKafkaPublisherCallbacks none = {
    NULL,
  };
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GError) error = NULL;

  rig->config.options = bad;
  g_assert_null (trib_kafka_publisher_new (&rig->config, &none, NULL, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  g_assert_cmpuint (count_clients (), ==, 0);
  rig->config.options = NULL;
  rig_start (rig);
  rig_warm_up (rig);
}

/* Away: each fills the whole of its own bound, whatever the others hold. */
static void
test_own_bound (void)
{
  g_auto (Rigs) all = { { NULL } };

  rigs_make (&all, 4);
  for (guint i = 0; i < 4; i++) {
    all.rigs[i]->config.max_pending_bytes = BOUND;
    all.rigs[i]->config.overflow
        = i % 2 ? TRIB_KAFKA_OVERFLOW_DROP_OLDEST : TRIB_KAFKA_OVERFLOW_DROP_NEWEST;
    rig_start (all.rigs[i]);
    rig_warm_up (all.rigs[i]);
  }
  rig_down (all.rigs[0]);
  for (guint i = 0; i < 4; i++) {
    for (guint k = 0; k < 100; k++)
      rig_publish (all.rigs[i], FRAME);
    g_assert_cmpuint (rig_stats (all.rigs[i]).pending_bytes + FRAME + 8192, >, BOUND);
    g_assert_cmpuint (rig_stats (all.rigs[i]).pending_bytes, <=, BOUND);
  }
  for (guint i = 0; i < 4; i++) {
    TribKafkaStats a = rig_stats (all.rigs[i]);
    /* each drops its own frames only */
    g_assert_cmpuint (a.dropped[i % 2 ? TRIB_KAFKA_DROPPED_OLDEST : TRIB_KAFKA_DROPPED_NEWEST], ==,
        stats_dropped (&a));
    g_assert_cmpuint (a.pending + stats_dropped (&a), ==, 100);
  }
  rig_up (all.rigs[0]);
  for (guint i = 0; i < 4; i++) {
    rig_drain (all.rigs[i]);
    g_assert_cmpuint (rig_check_registry (all.rigs[i]), ==, rig_stats (all.rigs[i]).acknowledged);
  }
}

/* one is full and waits; the others find space all the same */
static void
test_full_beside_idle (void)
{
  g_auto (Rigs) all = { { NULL } };

  rigs_make (&all, 2);
  for (guint i = 0; i < 2; i++) {
    all.rigs[i]->config.max_pending_bytes = BOUND;
    all.rigs[i]->config.overflow = TRIB_KAFKA_OVERFLOW_DROP_NEWEST;
    rig_start (all.rigs[i]);
    rig_warm_up (all.rigs[i]);
  }
  rig_down (all.rigs[0]);
  while (rig_publish (all.rigs[0], FRAME) == TRIB_KAFKA_PUBLISH_TAKEN)
    ;
  g_assert_true (trib_kafka_publisher_is_congested (all.rigs[0]->p, 0));
  g_assert_false (trib_kafka_publisher_is_congested (all.rigs[1]->p, 0));
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (rig_publish (all.rigs[1], FRAME), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  rig_up (all.rigs[0]);
  rig_drain (all.rigs[0]);
  rig_drain (all.rigs[1]);
  g_assert_cmpuint (rig_stats (all.rigs[1]).acknowledged, ==, 21);
}

/* a batch that the broker refuses is of one publisher */
static void
test_bad_batch (void)
{
  g_auto (Rigs) all = { { NULL } };
  TribKafkaStats a;

  rigs_make (&all, 2);
  for (guint i = 0; i < 2; i++) {
    rig_start (all.rigs[i]);
    rig_warm_up (all.rigs[i]);
  }
  rd_kafka_mock_push_request_errors (
      all.rigs[0]->mock, RIG_PRODUCE, 1, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE);
  rig_publish (all.rigs[0], FRAME);
  rig_drain (all.rigs[0]);
  for (guint i = 0; i < 20; i++)
    rig_publish (all.rigs[1], FRAME);
  rig_drain (all.rigs[1]);
  a = rig_stats (all.rigs[0]);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TOO_LARGE], ==, 1);
  a = rig_stats (all.rigs[1]);
  g_assert_cmpuint (stats_failed (&a), ==, 0);
  g_assert_cmpuint (rig_check_registry (all.rigs[1]), ==, 21);
}

typedef struct {
  Rig *rig;
  guint n;
  guint results[4];
} Feeder;

static gpointer
feed (gpointer data)
{
  Feeder *feeder = data;

  for (guint i = 0; i < feeder->n; i++) {
    TribKafkaPublishResult result = rig_publish (feeder->rig, FRAME);
    feeder->results[result]++;
    if (result == TRIB_KAFKA_PUBLISH_FLUSHING)
      break;
  }
  return NULL;
}

/* all wait for space, one of them is flushed; the others go on waiting */
static void
test_blocked (void)
{
  g_auto (Rigs) all = { { NULL } };
  Feeder feeders[4];
  GThread *threads[4];

  rigs_make (&all, 4);
  for (guint i = 0; i < 4; i++) {
    all.rigs[i]->config.max_pending_bytes = BOUND;
    rig_start (all.rigs[i]);
    rig_warm_up (all.rigs[i]);
  }
  rig_down (all.rigs[0]);
  for (guint i = 0; i < 4; i++) {
    feeders[i] = (Feeder){ .rig = all.rigs[i], .n = 100 };
    threads[i] = g_thread_new ("feeder", feed, &feeders[i]);
  }
  for (guint i = 0; i < 4; i++)
    trib_assert_eventually (rig_stats (all.rigs[i]).blocked == 1, 10000);
  trib_kafka_publisher_set_flushing (all.rigs[1]->p, TRUE);
  g_thread_join (threads[1]);
  g_assert_cmpuint (feeders[1].results[TRIB_KAFKA_PUBLISH_FLUSHING], ==, 1);
  g_assert_cmpuint (rig_stats (all.rigs[1]).produced, ==,
      1 + (guint64) feeders[1].results[TRIB_KAFKA_PUBLISH_TAKEN]);
  for (guint i = 0; i < 4; i++)
    trib_assert_eventually (rig_stats (all.rigs[i]).blocked == (i == 1 ? 0 : 1), 10000);
  trib_kafka_publisher_set_flushing (all.rigs[1]->p, FALSE);
  rig_up (all.rigs[0]);
  for (guint i = 0; i < 4; i++) {
    if (i != 1) {
      g_thread_join (threads[i]);
      g_assert_cmpuint (feeders[i].results[TRIB_KAFKA_PUBLISH_TAKEN], ==, 100);
    }
    rig_drain (all.rigs[i]);
    g_assert_cmpuint (rig_stats (all.rigs[i]).acknowledged, ==,
        1 + (guint64) feeders[i].results[TRIB_KAFKA_PUBLISH_TAKEN]);
  }
}

typedef struct {
  Rig *rig;
  gsize size;
  TribKafkaPublishResult result;
} Giant;

static gpointer
publish_giant (gpointer data)
{
  Giant *giant = data;

  giant->result = rig_publish (giant->rig, giant->size);
  return NULL;
}

/* a frame of most of the bound waits for the publisher's own frames, and for nothing of another
 * one */
static void
test_giant (void)
{
  g_auto (Rigs) all = { { NULL } };
  Giant giant;
  GThread *thread;

  rigs_make (&all, 2);
  for (guint i = 0; i < 2; i++)
    all.rigs[i]->config.max_pending_bytes = BOUND;
  rig_start (all.rigs[0]);
  rig_warm_up (all.rigs[0]);
  giant = (Giant){ .rig = all.rigs[0], .size = BOUND * 8 / 10 };
  rig_down (all.rigs[0]);
  g_assert_cmpint (rig_publish (all.rigs[0], BOUND * 3 / 10), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  thread = g_thread_new ("giant", publish_giant, &giant);
  trib_assert_eventually (rig_stats (all.rigs[0]).blocked == 1, 10000);
  rig_start (all.rigs[1]);
  g_assert_cmpint (rig_publish (all.rigs[1], giant.size), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  g_assert_cmpuint (rig_stats (all.rigs[0]).blocked, ==, 1);
  rig_up (all.rigs[0]);
  g_thread_join (thread);
  g_assert_cmpint (giant.result, ==, TRIB_KAFKA_PUBLISH_TAKEN);
  for (guint i = 0; i < 2; i++)
    rig_drain (all.rigs[i]);
  g_assert_cmpuint (rig_check_registry (all.rigs[0]), ==, 3);
  g_assert_cmpuint (rig_check_registry (all.rigs[1]), ==, 1);
}

/* a topic that does not exist holds one publisher up, and takes no more than it may */
static void
test_stuck_topic (void)
{
  g_auto (Rigs) all = { { NULL } };
  Rig *stuck, *flows;
  Feeder feeder;
  TribKafkaStats a;

  rigs_make (&all, 2);
  stuck = all.rigs[0];
  flows = all.rigs[1];
  for (guint i = 0; i < 2; i++)
    all.rigs[i]->config.max_pending_bytes = BOUND;
  stuck->config.overflow = TRIB_KAFKA_OVERFLOW_DROP_NEWEST;
  rd_kafka_mock_topic_set_error (
      stuck->mock, stuck->topics[TRIB_KAFKA_TOPIC_BINARY], RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  rig_start (stuck);
  rig_start (flows);
  rig_warm_up (flows);
  feeder = (Feeder){ .rig = stuck, .n = 100 };
  feed (&feeder);
  g_assert_cmpuint (feeder.results[TRIB_KAFKA_PUBLISH_LOST], >, 0);
  feeder = (Feeder){ .rig = flows, .n = 200 };
  feed (&feeder);
  g_assert_cmpuint (feeder.results[TRIB_KAFKA_PUBLISH_TAKEN], ==, 200);
  rig_drain (flows);
  g_assert_cmpint (trib_kafka_publisher_get_link (flows->p), ==, TRIB_LINK_CONNECTED);
  g_assert_cmpint (trib_kafka_publisher_get_link (stuck->p), !=, TRIB_LINK_CONNECTED);
  a = rig_stats (stuck);
  g_assert_cmpuint (a.waiting, ==, a.pending);
  rd_kafka_mock_topic_set_error (
      stuck->mock, stuck->topics[TRIB_KAFKA_TOPIC_BINARY], RD_KAFKA_RESP_ERR_NO_ERROR);
  rig_drain (stuck);
  g_assert_cmpuint (rig_stats (stuck).acknowledged, ==, a.pending);
  g_assert_cmpuint (rig_check_registry (stuck), ==, a.pending);
}

/* a topic that allows little, with a client that makes large batches: its partition queues let
 * little pass */
static void
test_narrow_topic (void)
{
  g_auto (Rigs) all = { { NULL } };
  Rig *rig;
  TribKafkaPublisher *p;
  guint64 peak = 0;
  gboolean pending = TRUE;

  rigs_make (&all, 2);
  rig = all.rigs[0];
  rig_start (rig);
  rig_start (all.rigs[1]);
  rig_warm_up (all.rigs[1]);
  rig_warm_up (rig);
  p = rig->p;
  g_mutex_lock (&p->lock);
  for (guint t = 0; t <= TRIB_KAFKA_TOPIC_REGISTRY; t++)
    p->topics[t].max_bytes = 60000;
  g_mutex_unlock (&p->lock);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (rig_publish (rig, FRAME), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  while (pending) {
    g_mutex_lock (&p->lock);
    for (gint32 i = 0; i < p->topics[TRIB_KAFKA_TOPIC_BINARY].n_queues; i++)
      peak = MAX (peak, p->topics[TRIB_KAFKA_TOPIC_BINARY].queues[i].bytes);
    pending = p->stats.pending > 0;
    g_mutex_unlock (&p->lock);
    trib_test_pause ();
  }
  g_assert_cmpuint (peak, >, FRAME);
  g_assert_cmpuint (peak, <=, 60000);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 101);
  g_assert_cmpuint (rig_check_registry (rig), ==, 101);
}

static void
count_line (gpointer user_data, gint level, const gchar *text)
{
  if (strstr (text, "enable.idempotence") && level <= 4)
    g_atomic_int_inc ((gint *) user_data);
}

/* said to each publisher, once */
static void
test_without_idempotence (void)
{
  static const gchar *const off[] = { "enable.idempotence", "false", NULL };
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaPublisherCallbacks callbacks = { .log = count_line };
  TribKafkaPublisher *p[2];
  gint n_lines = 0;

  p[0] = trib_kafka_publisher_new (&rig->config, &callbacks, &n_lines, NULL);
  trib_kafka_publisher_free (p[0]);
  g_assert_cmpint (g_atomic_int_get (&n_lines), ==, 0);
  rig->config.options = off;
  for (guint i = 0; i < 2; i++)
    p[i] = trib_kafka_publisher_new (&rig->config, &callbacks, &n_lines, NULL);
  g_assert_cmpint (g_atomic_int_get (&n_lines), ==, 2);
  for (guint i = 0; i < 2; i++)
    trib_kafka_publisher_free (p[i]);
  rig_start (rig);
  rig_warm_up (rig);
}

static gpointer
start_and_stop (gpointer data)
{
  Rig *rig = data;
  TribKafkaPublisherCallbacks none = {
    NULL,
  };

  for (guint i = 0; i < 12; i++) {
    TribKafkaPublisher *p = trib_kafka_publisher_new (&rig->config, &none, NULL, NULL);
    guint n = g_random_int_range (0, 6);
    TribKafkaStats a;
    for (guint k = 0; k < n; k++) {
      g_autoptr (GBytes) payload = rig_payload (rig, 500);
      TribKafkaFrame frame = rig_frame (rig);
      rig_submit (p, &frame, payload, k == 3, NULL);
    }
    if (g_random_boolean ())
      trib_kafka_publisher_give_up (p);
    trib_kafka_publisher_close (p, g_random_boolean () ? 20000 : 0);
    trib_kafka_publisher_get_stats (p, &a);
    g_assert_cmpuint (a.pending, ==, 0);
    g_assert_cmpuint (a.pending_bytes, ==, 0);
    g_assert_cmpuint (a.loss_records_pending, ==, 0);
    g_assert_cmpuint (a.produced, ==, n);
    g_assert_true (stats_close (&a));
    trib_kafka_publisher_free (p);
  }
  return NULL;
}

/* they start and stop in any order */
static void
test_start_and_stop (void)
{
  g_auto (Rigs) all = { { NULL } };
  GThread *threads[8];

  rigs_make (&all, G_N_ELEMENTS (threads));
  for (guint i = 0; i < all.n; i++)
    threads[i] = g_thread_new ("publisher", start_and_stop, all.rigs[i]);
  for (guint i = 0; i < all.n; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (count_clients (), ==, 0);
  for (guint i = 0; i < all.n; i++)
    g_assert_cmpint (g_atomic_int_get (&all.rigs[i]->payloads_alive), ==, 0);
}

/* the client's last word, once it has one; (transfer full) */
static gchar *
dup_why (Rig *rig)
{
  gchar *why;

  g_mutex_lock (&rig->p->lock);
  why = g_strdup (rig->p->client_why);
  g_mutex_unlock (&rig->p->lock);
  return why;
}

static gboolean
has_why (gpointer rig)
{
  g_autofree gchar *why = dup_why (rig);

  return why != NULL;
}

/* librdkafka quotes what it does not understand of an option */
static void
test_secret_words (void)
{
  static const gchar *const options[] = { "security.protocol", "sasl_plaintext", "sasl.mechanisms",
    "OAUTHBEARER", "enable.sasl.oauthbearer.unsecure.jwt", "true", "sasl.oauthbearer.config",
    "principal=camera sesame-open-up=1", NULL };
  g_autoptr (Rig) rig = rig_new ();
  g_autofree gchar *why = NULL;

  rig->config.options = options;
  rig_start (rig);
  g_assert_true (trib_wait_until (has_why, rig, 20000));
  why = dup_why (rig);
  g_test_message ("%s", why);
  g_assert_nonnull (strstr (why, "sasl.oauthbearer.config"));
  g_assert_null (strstr (why, "sesame"));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/client/sixteen", test_sixteen);
  g_test_add_func ("/kafka/client/refused", test_refused);
  g_test_add_func ("/kafka/client/own-bound", test_own_bound);
  g_test_add_func ("/kafka/client/full-beside-idle", test_full_beside_idle);
  g_test_add_func ("/kafka/client/bad-batch", test_bad_batch);
  g_test_add_func ("/kafka/client/blocked", test_blocked);
  g_test_add_func ("/kafka/client/giant", test_giant);
  g_test_add_func ("/kafka/client/stuck-topic", test_stuck_topic);
  g_test_add_func ("/kafka/client/narrow-topic", test_narrow_topic);
  g_test_add_func ("/kafka/client/without-idempotence", test_without_idempotence);
  g_test_add_func ("/kafka/client/start-and-stop", test_start_and_stop);
  g_test_add_func ("/kafka/client/secret-words", test_secret_words);
  return rig_run_tests ();
}
