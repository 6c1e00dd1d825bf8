/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a publisher: within its time, with an outcome for every frame. */
#include "kafka-rig.h"

#include <kafka/publish/trib-kafka-publisher-private.h>

#include <string.h>

/* the watchdog of the rig is the bound on the time; a test that asserted one would fail on a busy
 * machine */
static void
test_broker_down (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  rig->config.max_pending_bytes = 1024 * 1024;
  /* much longer than the watchdog: close must not wait for it */
  rig->config.delivery_timeout_ms = 900000;
  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  for (guint i = 0; i < 15; i++)
    rig_publish (rig, 50000);
  /* some are with the client, some are not */
  a = rig_stats (rig);
  g_assert_cmpuint (a.waiting, >, 0);
  g_assert_cmpuint (a.waiting, <, a.pending);
  rig_close (rig, 300);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_PURGED], ==, 15);
  g_assert_cmpuint (a.loss_records + a.loss_records_failed, ==, 15);
  g_assert_cmpuint (rig->lost_ids->len, ==, 15);
}

static void
test_never_connected (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig->config.delivery_timeout_ms = 900000;
  rig_down (rig);
  rig_start (rig);
  for (guint i = 0; i < 40; i++)
    rig_publish (rig, 1000);
  rig_close (rig, 0);
  g_assert_cmpuint (rig_stats (rig).failed[TRIB_KAFKA_FAILED_PURGED], ==, 40);
  /* named up to the limit, counted all */
  g_assert_cmpuint (rig->lost_ids->len, ==, TRIB_KAFKA_LOSSES_NAMED);
}

/* with a broker that works close waits for the outcomes */
static void
test_drains (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig_start (rig);
  for (guint i = 0; i < 100; i++)
    rig_publish (rig, 10000);
  rig_close (rig, trib_test_scale (20000));
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 100);
  g_assert_cmpuint (rig_check_registry (rig), ==, 100);
}

/* Given up with a broker that works: what was not sent is written down as FAILED, and what was on
 * its way is counted, whichever way it went. */
static void
test_given_up_is_written_down (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) registry = NULL;
  TribKafkaStats a;
  guint n_failed = 0;

  rig->config.max_pending_bytes = 1024 * 1024;
  rig_start (rig);
  rig_warm_up (rig);
  rd_kafka_mock_broker_set_rtt (rig->mock, -1, 200);
  for (guint i = 0; i < 15; i++)
    rig_publish (rig, 50000);
  g_assert_cmpuint (rig_stats (rig).waiting, >, 0);
  rig_close (rig, 0);
  a = rig_stats (rig);
  rd_kafka_mock_broker_set_rtt (rig->mock, -1, 0);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_PURGED], >=, 1);
  registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  for (guint i = 0; i < registry->len; i++) {
    g_autofree gchar *status = rig_json_string (registry->pdata[i], "status");
    n_failed += g_str_equal (status, "FAILED");
  }
  g_test_message ("%u written down, %" G_GUINT64_FORMAT " known to be, %" G_GUINT64_FORMAT " not",
      n_failed, a.loss_records, a.loss_records_failed);
  g_assert_cmpuint (n_failed, >=, 1);
  g_assert_cmpuint (n_failed, >=, a.loss_records);
}

/* a record that the client has, as far as the publisher knows, and never reports */
static void
forget_frame (Rig *rig)
{
  g_autoptr (GBytes) payload = rig_payload (rig, 1000);
  TribKafkaItem item = { TRIB_KAFKA_FORM_BINARY, payload, rig_frame (rig) };
  TribKafkaPending *frame = trib_kafka_pending_new (rig->p, &item);

  g_mutex_lock (&rig->p->lock);
  trib_kafka_settle_count (rig->p, frame);
  rig->p->giving_up = TRUE;
  trib_kafka_delivery_take (rig->p, frame);
  rig->p->giving_up = FALSE;
  g_queue_unlink (&rig->p->waiting, &frame->link);
  g_queue_push_tail_link (&rig->p->sent, &frame->link);
  rig->p->stats.waiting--;
  rig->p->client_bytes += frame->cost;
  frame->partition = 0;
  frame->n_outstanding = 1;
  g_mutex_unlock (&rig->p->lock);
}

/* giving up ends, the publisher goes on, and the frame has its outcome when it closes */
static void
test_no_report (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  rig_start (rig);
  rig_warm_up (rig);
  forget_frame (rig);
  trib_kafka_publisher_give_up (rig->p);
  g_assert_cmpuint (rig_stats (rig).pending, ==, 1);
  rig_publish (rig, 1000);
  trib_assert_eventually (rig_stats (rig).acknowledged == 2, 15000);
  rig_close (rig, 0);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_PURGED], ==, 1);
  g_assert_cmpuint (a.loss_records_failed, ==, 1);
  g_assert_cmpuint (a.acknowledged, ==, 2);
}

#define RUNS "the-runs"

static Rig *
rig_with_runs (rd_kafka_resp_err_t err)
{
  Rig *rig = rig_new ();

  trib_kafka_broker_add_topic (rig->broker, RUNS);
  rd_kafka_mock_topic_set_error (rig->mock, RUNS, err);
  rig->config.runs_topic = RUNS;
  rig_start (rig);
  rig_warm_up (rig);
  return rig;
}

/* one that is not there yet is not waited for when stopping; the numbers are not lost by that */
static void
test_runs_topic_later (void)
{
  g_autoptr (Rig) rig = rig_with_runs (RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  g_autofree gchar *why = trib_kafka_publisher_end_run (rig->p, 0);
  g_autoptr (GPtrArray) runs = NULL;

  g_assert_nonnull (strstr (why, RUNS));
  rd_kafka_mock_topic_set_error (rig->mock, RUNS, RD_KAFKA_RESP_ERR_NO_ERROR);
  g_assert_null (trib_kafka_publisher_end_run (rig->p, trib_test_scale (30000)));
  g_assert_null (trib_kafka_publisher_end_run (rig->p, 0));
  runs = rig_read_topic (rig->config.bootstrap_servers, RUNS);
  g_assert_cmpuint (runs->len, ==, 1);
  g_assert_cmpint (rig_json_int (runs->pdata[0], "sent"), ==, 1);
}

static gpointer
end_run_thread (gpointer data)
{
  return trib_kafka_publisher_end_run (((Rig *) data)->p, G_MAXUINT);
}

/* a broker that does not answer: a flush ends the wait */
static void
test_runs_topic_flush (void)
{
  g_autoptr (Rig) rig = rig_with_runs (RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  g_autofree gchar *why = NULL;
  GThread *thread;

  rig_down (rig);
  thread = g_thread_new ("end-run", end_run_thread, rig);
  trib_test_pause ();
  trib_kafka_publisher_set_flushing (rig->p, TRUE);
  why = g_thread_join (thread);
  g_assert_nonnull (strstr (why, RUNS));
  rig_up (rig);
  rd_kafka_mock_topic_set_error (rig->mock, RUNS, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void
test_nothing (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig_start (rig);
  rig_close (rig, 60000);
  g_assert_cmpuint (rig_stats (rig).produced, ==, 0);
}

/* free() alone is enough */
static void
test_free_at_once (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaPublisherCallbacks none = {
    NULL,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) payload = rig_payload (rig, 1000);
  TribKafkaFrame frame = rig_frame (rig);
  TribKafkaPublisher *p = trib_kafka_publisher_new (&rig->config, &none, NULL, &error);

  g_assert_no_error (error);
  rig_submit (p, &frame, payload, FALSE, NULL);
  trib_kafka_publisher_free (p);
  g_clear_pointer (&payload, g_bytes_unref);
  g_assert_cmpint (g_atomic_int_get (&rig->payloads_alive), ==, 0);
}

static gpointer
publish_until_flushing (gpointer data)
{
  while (rig_publish (data, 50000) == TRIB_KAFKA_PUBLISH_TAKEN)
    ;
  return NULL;
}

static gboolean
is_full (gpointer data)
{
  return rig_stats (data).pending_bytes + 50000 > 1024 * 1024;
}

/* as an element does it: flushing first, then the streaming thread is gone, then close */
static void
test_after_flushing (void)
{
  g_autoptr (Rig) rig = rig_new ();
  GThread *thread;

  rig->config.max_pending_bytes = 1024 * 1024;
  rig->config.delivery_timeout_ms = 900000;
  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  thread = g_thread_new ("publisher", publish_until_flushing, rig);
  g_assert_true (trib_wait_until (is_full, rig, 10000));
  trib_kafka_publisher_set_flushing (rig->p, TRUE);
  g_thread_join (thread);
  rig_close (rig, 100);
  g_assert_cmpuint (
      rig_stats (rig).failed[TRIB_KAFKA_FAILED_PURGED], ==, rig_stats (rig).produced - 1);
}

typedef struct {
  Rig *rig;
  gint began;
  gboolean empty;
} Drain;

static gpointer
drain_thread (gpointer data)
{
  Drain *drain = data;

  g_atomic_int_set (&drain->began, TRUE);
  drain->empty = trib_kafka_publisher_drain (drain->rig->p, 600000);
  return NULL;
}

static void
test_drain_is_woken (void)
{
  g_autoptr (Rig) rig = rig_new ();
  Drain drain = { .rig = rig };
  GThread *thread;

  rig->config.delivery_timeout_ms = 900000;
  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  rig_publish (rig, 1000);
  g_assert_false (trib_kafka_publisher_drain (rig->p, 0));
  g_assert_false (trib_kafka_publisher_drain (rig->p, 10));
  thread = g_thread_new ("drain", drain_thread, &drain);
  trib_assert_eventually (g_atomic_int_get (&drain.began), 5000);
  trib_kafka_publisher_set_flushing (rig->p, TRUE);
  g_thread_join (thread);
  g_assert_false (drain.empty);
  trib_kafka_publisher_set_flushing (rig->p, FALSE);
  rig_up (rig);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 2);
}

/* what is pending is given up, and the publisher goes on */
static void
test_give_up_and_go_on (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  rig->config.max_pending_bytes = 1024 * 1024;
  rig->config.delivery_timeout_ms = 900000;
  rig_start (rig);
  rig_warm_up (rig);
  for (guint round = 1; round <= 3; round++) {
    rig_down (rig);
    for (guint i = 0; i < 15; i++)
      rig_publish (rig, 50000);
    trib_kafka_publisher_give_up (rig->p);
    a = rig_stats (rig);
    g_assert_cmpuint (a.pending, ==, 0);
    g_assert_cmpuint (a.pending_bytes, ==, 0);
    g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_PURGED], ==, round * 15);
    rig_up (rig);
    g_assert_cmpint (rig_publish (rig, 50000), ==, TRIB_KAFKA_PUBLISH_TAKEN);
    rig_drain (rig);
    g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 1 + round);
  }
  g_assert_cmpuint (rig_check_registry (rig), ==, 4);
}

static guint
count_entries (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  return n;
}

static void
one_cycle (Rig *rig, guint i)
{
  TribKafkaPublisherCallbacks none = {
    NULL,
  };
  TribKafkaPublisher *p = trib_kafka_publisher_new (&rig->config, &none, NULL, NULL);
  TribKafkaStats a;

  g_assert_nonnull (p);
  for (guint k = 0; k < i % 4; k++) {
    g_autoptr (GBytes) payload = rig_payload (rig, 1000);
    TribKafkaFrame frame = rig_frame (rig);
    rig_submit (p, &frame, payload, k == 2, NULL);
  }
  trib_kafka_publisher_close (p, i % 2 ? 10000 : 0);
  trib_kafka_publisher_get_stats (p, &a);
  g_assert_cmpuint (a.pending, ==, 0);
  g_assert_cmpuint (a.produced, ==, i % 4);
  trib_kafka_publisher_free (p);
}

/* the broker's and the nudging thread's own sockets vary: a leak is what grows with the
 * number of cycles */
static void
test_many_cycles (void)
{
  g_autoptr (Rig) rig = rig_new ();
  guint threads, fds;

  for (guint i = 0; i < 5; i++)
    one_cycle (rig, i);
  threads = count_entries ("/proc/self/task");
  fds = count_entries ("/proc/self/fd");
  for (guint i = 0; i < 50; i++)
    one_cycle (rig, i);
  g_assert_cmpint (g_atomic_int_get (&rig->payloads_alive), ==, 0);
  trib_assert_eventually (count_entries ("/proc/self/task") <= threads + 4, 10000);
  trib_assert_eventually (count_entries ("/proc/self/fd") <= fds + 12, 10000);
}

typedef struct {
  Rig *rig;
  gint ends;
} Stream;

static gpointer
stream_thread (gpointer data)
{
  Stream *s = data;

  while (!g_atomic_int_get (&s->ends))
    g_assert_cmpint (rig_publish (s->rig, 100), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  return NULL;
}

/* frames that are taken meanwhile do not hold it up, and are not lost by it */
static void
test_give_up_while_frames_arrive (void)
{
  g_autoptr (Rig) rig = rig_new ();
  Stream stream = { rig, 0 };
  GThread *thread;
  guint64 purged;

  rig->config.delivery_timeout_ms = 900000;
  rig->config.max_pending_bytes = 1024 * 1024;
  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  for (guint i = 0; i < 15; i++)
    rig_publish (rig, 10000);
  thread = g_thread_new ("stream", stream_thread, &stream);
  trib_kafka_publisher_give_up (rig->p);
  purged = rig_stats (rig).failed[TRIB_KAFKA_FAILED_PURGED];
  g_atomic_int_set (&stream.ends, TRUE);
  rig_up (rig);
  g_thread_join (thread);
  g_assert_cmpuint (purged, >=, 15);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).failed[TRIB_KAFKA_FAILED_PURGED], ==, purged);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, rig_stats (rig).produced - purged);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/close/broker-down", test_broker_down);
  g_test_add_func ("/kafka/close/never-connected", test_never_connected);
  g_test_add_func ("/kafka/close/drains", test_drains);
  g_test_add_func ("/kafka/close/given-up-is-written-down", test_given_up_is_written_down);
  g_test_add_func ("/kafka/close/nothing", test_nothing);
  g_test_add_func ("/kafka/close/no-report", test_no_report);
  g_test_add_func ("/kafka/close/runs-topic/later", test_runs_topic_later);
  g_test_add_func ("/kafka/close/runs-topic/flush", test_runs_topic_flush);
  g_test_add_func ("/kafka/close/free-at-once", test_free_at_once);
  g_test_add_func ("/kafka/close/after-flushing", test_after_flushing);
  g_test_add_func ("/kafka/close/drain-is-woken", test_drain_is_woken);
  g_test_add_func ("/kafka/close/give-up-and-go-on", test_give_up_and_go_on);
  g_test_add_func ("/kafka/close/give-up-while-frames-arrive", test_give_up_while_frames_arrive);
  g_test_add_func ("/kafka/close/many-cycles", test_many_cycles);
  return rig_run_tests ();
}
