/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain records to one topic: the same admission, counters and outcomes as frames. */
#include "kafka-rig.h"

#include <kafka/publish/trib-kafka-publisher-private.h>

#include <string.h>

#define TOPIC TRIB_KAFKA_TOPIC_LEGACY /* the rig's name for its one topic */

static Rig *
records_rig (void)
{
  Rig *rig = rig_new ();

  rig->config.record_topic = rig->topics[TOPIC];
  rig->config.max_pending_bytes = 1024 * 1024;
  return rig;
}

static TribKafkaPublishResult
publish_full (Rig *rig, gsize size, const gchar *key, GError **error)
{
  static const gchar *const headers[] = { "content-type", "application/json", "b", "2", NULL };
  g_autoptr (GBytes) value = rig_payload (rig, size);
  TribKafkaItem item = {
    .form = TRIB_KAFKA_FORM_RECORD,
    .payload = value,
    .key = key,
    .key_size = key ? strlen (key) : 0,
    .headers = headers,
  };

  item.frame.t_ns = G_GINT64_CONSTANT (1722513600000000000) + (gint64) rig->next_index++ * 1000000;
  return trib_kafka_publisher_submit (rig->p, &item, error);
}

static void
publish (Rig *rig, const gchar *key)
{
  g_assert_cmpint (publish_full (rig, 300, key, NULL), ==, TRIB_KAFKA_PUBLISH_TAKEN);
}

static void
test_records (void)
{
  g_autoptr (Rig) rig = records_rig ();
  g_autoptr (GPtrArray) records = NULL;
  guint8 next[3] = { 0, 1, 2 };

  rig_start (rig);
  for (guint i = 0; i < 300; i++) {
    g_autofree gchar *key = g_strdup_printf ("sensor %u", i % 3);
    publish (rig, key);
  }
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 300);
  g_assert_cmpuint (rig_stats (rig).bytes_acknowledged, ==, 90000);
  trib_assert_eventually (g_atomic_int_get (&rig->payloads_alive) == 0, 10000);
  records = rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 300);
  for (guint i = 0; i < records->len; i++) {
    const RigRecord *record = records->pdata[i];
    guint k = record->key[7] - '0';
    g_assert_cmpuint (k, <, 3);
    g_assert_cmpint (record->partition, ==, rig_partition (record->key));
    g_assert_cmpuint (record->size, ==, 300);
    /* the rig's pattern begins with the number of the record: of each key in order */
    g_assert_cmpuint ((guint8) record->value[0], ==, next[k]);
    next[k] += 3;
    g_assert_cmpuint (g_hash_table_size (record->headers), ==, 2);
    g_assert_cmpstr (g_hash_table_lookup (record->headers, "content-type"), ==, "application/json");
    g_assert_cmpstr (g_hash_table_lookup (record->headers, "b"), ==, "2");
    g_assert_cmpint (record->t_ms, >=, G_GINT64_CONSTANT (1722513600000));
    g_assert_cmpint (record->t_ms, <, G_GINT64_CONSTANT (1722513600300));
  }
}

static void
test_no_key (void)
{
  g_autoptr (Rig) rig = records_rig ();
  g_autoptr (GPtrArray) records = NULL;
  guint counts[TRIB_KAFKA_BROKER_PARTITIONS] = {
    0,
  };

  rig_start (rig);
  for (guint i = 0; i < 2 * TRIB_KAFKA_BROKER_PARTITIONS; i++)
    publish (rig, NULL);
  rig_drain (rig);
  records = rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 2 * TRIB_KAFKA_BROKER_PARTITIONS);
  for (guint i = 0; i < records->len; i++)
    counts[((RigRecord *) records->pdata[i])->partition]++;
  for (guint i = 0; i < TRIB_KAFKA_BROKER_PARTITIONS; i++)
    g_assert_cmpuint (counts[i], ==, 2);
}

/* only its topic is made and asked for */
static void
test_one_topic (void)
{
  g_autoptr (Rig) rig = records_rig ();

  rig_start (rig);
  publish (rig, "k");
  rig_drain (rig);
  g_mutex_lock (&rig->p->lock);
  for (guint t = 0; t < TRIB_KAFKA_N_TOPICS; t++)
    g_assert_cmpint (rig->p->topics[t].rkt != NULL, ==, t == TOPIC);
  g_assert_cmpstr (rig->p->topics[TOPIC].name, ==, rig->topics[TOPIC]);
  g_mutex_unlock (&rig->p->lock);
}

static void
test_refused (void)
{
  g_autoptr (Rig) rig = records_rig ();
  TribKafkaPublisherCallbacks none = {
    NULL,
  };
  g_autoptr (GError) error = NULL;
  TribKafkaStats a;

  rig_start (rig);
  g_assert_cmpint (publish_full (rig, 0, NULL, NULL), ==, TRIB_KAFKA_PUBLISH_LOST);
  g_assert_cmpint (publish_full (rig, 1024 * 1024, NULL, NULL), ==, TRIB_KAFKA_PUBLISH_LOST);
  publish (rig, NULL);
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_REFUSED], ==, 1);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TOO_LARGE], ==, 1);
  g_assert_cmpuint (a.acknowledged, ==, 1);
  /* there is no registry to write a loss to */
  g_assert_cmpuint (a.loss_records + a.loss_records_failed, ==, 0);
  rig->config.record_topic = "no good";
  g_assert_null (trib_kafka_publisher_new (&rig->config, &none, NULL, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
}

/* larger than its topic allows, and just not */
static void
test_topic_limit (void)
{
  g_autoptr (Rig) rig = records_rig ();

  rig_start (rig);
  publish (rig, "k");
  rig_drain (rig);
  g_mutex_lock (&rig->p->lock);
  rig->p->topics[TOPIC].max_bytes = 20000;
  g_mutex_unlock (&rig->p->lock);
  publish_full (rig, 19000, "k", NULL);
  publish_full (rig, 20000, "k", NULL);
  publish_full (rig, 19000, NULL, NULL);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).failed[TRIB_KAFKA_FAILED_TOO_LARGE], ==, 1);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 3);
}

/* away: what was dropped is counted and reported by number, the rest arrives once */
static void
test_drop_oldest (void)
{
  g_autoptr (Rig) rig = records_rig ();
  g_autoptr (GPtrArray) records = NULL;
  TribKafkaStats a;

  rig->config.overflow = TRIB_KAFKA_OVERFLOW_DROP_OLDEST;
  rig_start (rig);
  publish (rig, "k");
  rig_drain (rig);
  rig_down (rig);
  for (guint i = 0; i < 60; i++)
    g_assert_cmpint (publish_full (rig, 50000, "k", NULL), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  a = rig_stats (rig);
  g_assert_cmpuint (a.dropped[TRIB_KAFKA_DROPPED_OLDEST] + a.pending, ==, 60);
  g_assert_cmpuint (a.dropped[TRIB_KAFKA_DROPPED_OLDEST], >, 0);
  rig_up (rig);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 1 + a.pending);
  records = rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 1 + a.pending);
  trib_assert_eventually (
      rig_losses (rig).dropped[TRIB_KAFKA_DROPPED_OLDEST] == a.dropped[TRIB_KAFKA_DROPPED_OLDEST],
      10000);
  for (guint i = 0; i < rig->lost_ids->len; i++)
    g_assert_cmpuint (g_ascii_strtoull (rig->lost_ids->pdata[i], NULL, 10), <, 61);
}

static gpointer
publish_until_flushing (gpointer data)
{
  while (publish_full (data, 50000, "k", NULL) == TRIB_KAFKA_PUBLISH_TAKEN)
    ;
  return NULL;
}

static void
test_flushed (void)
{
  g_autoptr (Rig) rig = records_rig ();
  TribKafkaItem item = { .form = TRIB_KAFKA_FORM_RECORD, .key = "k", .key_size = 1 };
  GThread *thread;
  guint64 produced;

  rig_start (rig);
  rig_down (rig);
  thread = g_thread_new ("publisher", publish_until_flushing, rig);
  trib_assert_eventually (rig_stats (rig).blocked == 1, 10000);
  produced = rig_stats (rig).produced;
  trib_kafka_publisher_set_flushing (rig->p, TRUE);
  g_thread_join (thread);
  g_assert_cmpuint (rig_stats (rig).produced, ==, produced);
  item.payload = rig_payload (rig, 10);
  trib_kafka_publisher_count_flushed (rig->p, &item);
  g_clear_pointer (&item.payload, g_bytes_unref);
  g_assert_cmpuint (rig_stats (rig).produced, ==, produced + 1);
  g_assert_cmpuint (rig_stats (rig).dropped[TRIB_KAFKA_DROPPED_FLUSHED], ==, 1);
  trib_kafka_publisher_set_flushing (rig->p, FALSE);
  rig_up (rig);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, produced);
}

static void
test_given_up (void)
{
  g_autoptr (Rig) rig = records_rig ();

  rig_start (rig);
  publish (rig, "k");
  rig_drain (rig);
  rig_down (rig);
  for (guint i = 0; i < 15; i++)
    publish_full (rig, 50000, "k", NULL);
  rig_close (rig, 100);
  g_assert_cmpuint (rig_stats (rig).failed[TRIB_KAFKA_FAILED_PURGED], ==, 15);
}

/* records and frames, each over a client of its own */
static void
test_beside_frames (void)
{
  g_autoptr (Rig) records = records_rig ();
  g_autoptr (Rig) frames = rig_new ();

  frames->config.max_pending_bytes = records->config.max_pending_bytes;
  rig_start (records);
  rig_start (frames);
  for (guint i = 0; i < 50; i++) {
    publish (records, i % 2 ? "k" : NULL);
    rig_publish_full (frames, 1000, TRUE, i % 5 == 0, NULL);
  }
  rig_drain (records);
  rig_drain (frames);
  g_assert_cmpuint (rig_stats (records).acknowledged, ==, 50);
  g_assert_cmpuint (rig_stats (frames).acknowledged, ==, 50);
  g_assert_cmpuint (rig_check_registry (frames), ==, 40);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/records/key-headers-time", test_records);
  g_test_add_func ("/kafka/records/no-key", test_no_key);
  g_test_add_func ("/kafka/records/one-topic", test_one_topic);
  g_test_add_func ("/kafka/records/refused", test_refused);
  g_test_add_func ("/kafka/records/topic-limit", test_topic_limit);
  g_test_add_func ("/kafka/records/drop-oldest", test_drop_oldest);
  g_test_add_func ("/kafka/records/flushed", test_flushed);
  g_test_add_func ("/kafka/records/given-up", test_given_up);
  g_test_add_func ("/kafka/records/beside-frames", test_beside_frames);
  return rig_run_tests ();
}
