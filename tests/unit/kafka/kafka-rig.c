/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kafka-rig.h"

#include "broker-rig.h"

#include <common/trib-crc32c.h>
#include <stdlib.h>
#include <string.h>

/* One for all tests of the program. Each rig has topics of its own. */
static TribKafkaBroker *the_broker;

int
rig_run_tests (void)
{
  return broker_rig_run_tests (&the_broker);
}

static void
clear_link (gpointer data)
{
  g_free (((RigLink *) data)->why);
}

static void
link_changed_cb (
    gpointer user_data, const TribLinkEvent *event, guint64 n_pending, const gchar *why)
{
  Rig *rig = user_data;
  RigLink link = { *event, n_pending, g_strdup (why) };

  g_assert_nonnull (why);
  g_mutex_lock (&rig->lock);
  g_array_append_val (rig->links, link);
  g_mutex_unlock (&rig->lock);
}

static void
frames_lost_cb (gpointer user_data, const TribKafkaLosses *losses)
{
  Rig *rig = user_data;

  g_assert_nonnull (losses->message);
  g_assert_cmpuint (losses->n_named, <=, TRIB_KAFKA_LOSSES_NAMED);
  g_mutex_lock (&rig->lock);
  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++)
    rig->losses.failed[i] += losses->failed[i];
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++)
    rig->losses.dropped[i] += losses->dropped[i];
  for (guint i = 0; i < losses->n_named; i++)
    g_ptr_array_add (rig->lost_ids, g_strdup (losses->frame_ids[i]));
  g_free (rig->lost_why);
  rig->lost_why = g_strdup (losses->message);
  g_mutex_unlock (&rig->lock);
  g_atomic_int_inc (&rig->n_loss_reports);
}

static void
fatal_cb (gpointer user_data, const GError *error)
{
  g_assert_nonnull (error);
  g_atomic_int_inc (&((Rig *) user_data)->n_fatal);
}

static void
log_cb (gpointer user_data, gint level, const gchar *text)
{
}

Rig *
rig_new (void)
{
  static guint n_rigs;
  Rig *rig = g_new0 (Rig, 1);

  rig->watchdog = trib_watchdog_new (60);
  g_mutex_init (&rig->lock);
  rig->links = g_array_new (FALSE, FALSE, sizeof (RigLink));
  g_array_set_clear_func (rig->links, clear_link);
  rig->lost_ids = g_ptr_array_new_with_free_func (g_free);
  rig->broker = the_broker;
  rig->mock = trib_kafka_broker_get_mock (the_broker);
  rig->session = "my_session-1";
  rig->time_source = "meta";
  rig->config = (TribKafkaConfig){
    .bootstrap_servers = trib_kafka_broker_get_address (rig->broker),
    .max_pending_bytes = 8 * 1024 * 1024,
    .delivery_timeout_ms = 30000,
    .in_process = TRUE,
  };
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++) {
    rig->topics[i] = g_strdup_printf ("t%u-%s", n_rigs, trib_kafka_default_topics[i]);
    rig->config.topics[i] = rig->topics[i];
    trib_kafka_broker_add_topic (rig->broker, rig->topics[i]);
  }
  n_rigs++;
  return rig;
}

static gpointer
sampler_thread (gpointer data)
{
  Rig *rig = data;
  g_autofree TribKafkaStats *a = g_new (TribKafkaStats, 1);
  guint64 produced = 0;

  /* at least once, however late it runs */
  do {
    trib_kafka_publisher_get_stats (rig->p, a);
    g_assert_true (stats_close (a));
    g_assert_cmpuint (a->pending_bytes, <=, rig->config.max_pending_bytes);
    g_assert_cmpuint (a->max_pending_bytes, <=, rig->config.max_pending_bytes);
    g_assert_cmpuint (a->pinned_bytes, <=, a->pending_bytes);
    g_assert_cmpuint (a->pinned_buffers, <=, a->pending);
    g_assert_cmpuint (a->waiting, <=, a->pending);
    g_assert_cmpuint (a->blocked, <=, 1);
    g_assert_cmpuint (a->produced, >=, produced);
    produced = a->produced;
    rig->n_samples++;
    trib_test_pause ();
  } while (!g_atomic_int_get (&rig->sampler_ends));
  return NULL;
}

void
rig_start (Rig *rig)
{
  static const TribKafkaPublisherCallbacks callbacks
      = { link_changed_cb, frames_lost_cb, fatal_cb, log_cb };
  g_autoptr (GError) error = NULL;

  rig->p = trib_kafka_publisher_new (&rig->config, &callbacks, rig, &error);
  g_assert_no_error (error);
  g_atomic_int_set (&rig->sampler_ends, FALSE);
  rig->sampler = g_thread_new ("sampler", sampler_thread, rig);
}

static void
assert_all_returned (Rig *rig)
{
  TribKafkaStats a = rig_stats (rig);
  TribKafkaLosses losses = rig_losses (rig);

  g_assert_cmpuint (a.pending, ==, 0);
  g_assert_cmpuint (a.pending_bytes, ==, 0);
  g_assert_cmpuint (a.pinned_bytes, ==, 0);
  g_assert_cmpuint (a.pinned_buffers, ==, 0);
  g_assert_cmpuint (a.waiting, ==, 0);
  g_assert_cmpuint (a.loss_records_pending, ==, 0);
  g_assert_true (stats_close (&a));
  g_assert_cmpint (g_atomic_int_get (&rig->payloads_alive), ==, 0);
  /* every loss was reported */
  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++)
    g_assert_cmpuint (losses.failed[i], ==, a.failed[i]);
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++)
    g_assert_cmpuint (losses.dropped[i], ==, a.dropped[i]);
}

/* also checks that nothing is left of any frame */
void
rig_close (Rig *rig, guint drain_timeout_ms)
{
  trib_kafka_publisher_close (rig->p, drain_timeout_ms);
  g_atomic_int_set (&rig->sampler_ends, TRUE);
  g_thread_join (g_steal_pointer (&rig->sampler));
  g_assert_cmpuint (rig->n_samples, >, 0);
  assert_all_returned (rig);
}

void
rig_free (Rig *rig)
{
  if (rig->sampler)
    rig_close (rig, 5000);
  g_clear_pointer (&rig->p, trib_kafka_publisher_free);
  rd_kafka_mock_broker_set_up (rig->mock, -1);
  rd_kafka_mock_broker_set_rtt (rig->mock, -1, 0);
  rd_kafka_mock_clear_request_errors (rig->mock, RIG_PRODUCE);
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    g_free (rig->topics[i]);
  g_array_unref (rig->links);
  g_ptr_array_unref (rig->lost_ids);
  g_free (rig->lost_why);
  g_mutex_clear (&rig->lock);
  trib_watchdog_free (rig->watchdog);
  g_free (rig);
}

void
rig_down (Rig *rig)
{
  g_assert_cmpint (rd_kafka_mock_broker_set_down (rig->mock, -1), ==, 0);
}

void
rig_up (Rig *rig)
{
  g_assert_cmpint (rd_kafka_mock_broker_set_up (rig->mock, -1), ==, 0);
}

TribKafkaFrame
rig_frame (Rig *rig)
{
  guint64 index = rig->next_index++;

  return (TribKafkaFrame){
    .session = rig->session,
    .stream = "214-1",
    .index = index,
    .t_ns = G_GINT64_CONSTANT (1722513600000000000) + (gint64) index * 33333333,
    .time_source = rig->time_source,
    .key = TRUE,
    .content_type = "image/jpeg",
    .caps = "image/jpeg, width=(int)640, height=(int)480",
    .width = 640,
    .height = 480,
    .channels = 3,
    .format = "jpeg",
    .quality = 90,
    .original_size = 640 * 480 * 3,
  };
}

typedef struct {
  Rig *rig;
  guint8 *data;
} Payload;

static void
payload_released (gpointer data)
{
  Payload *payload = data;

  g_atomic_int_add (&payload->rig->payloads_alive, -1);
  g_atomic_int_inc (&payload->rig->payloads_released);
  g_free (payload->data);
  g_free (payload);
}

GBytes *
rig_payload (Rig *rig, gsize size)
{
  Payload *payload = g_new (Payload, 1);

  payload->rig = rig;
  payload->data = g_malloc (MAX (size, 1));
  for (gsize i = 0; i < size; i++)
    payload->data[i] = (guint8) ((i * 31) ^ (i >> 8) ^ rig->next_index);
  g_atomic_int_inc (&rig->payloads_alive);
  return g_bytes_new_with_free_func (payload->data, size, payload_released, payload);
}

TribKafkaPublishResult
rig_submit (TribKafkaPublisher *p, const TribKafkaFrame *frame, GBytes *payload, gboolean legacy,
    GError **error)
{
  TribKafkaItem item
      = { legacy ? TRIB_KAFKA_FORM_LEGACY : TRIB_KAFKA_FORM_BINARY, payload, *frame };

  return trib_kafka_publisher_submit (p, &item, error);
}

TribKafkaPublishResult
rig_publish_full (Rig *rig, gsize size, gboolean key, gboolean legacy, GError **error)
{
  g_autoptr (GBytes) payload = rig_payload (rig, size);
  TribKafkaFrame frame = rig_frame (rig);

  frame.key = key;
  return rig_submit (rig->p, &frame, payload, legacy, error);
}

TribKafkaPublishResult
rig_publish (Rig *rig, gsize size)
{
  return rig_publish_full (rig, size, TRUE, FALSE, NULL);
}

void
rig_warm_up (Rig *rig)
{
  g_assert_cmpint (rig_publish (rig, 100), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, >=, 1);
}

TribKafkaStats
rig_stats (Rig *rig)
{
  TribKafkaStats a;

  trib_kafka_publisher_get_stats (rig->p, &a);
  g_assert_true (stats_close (&a));
  return a;
}

guint
rig_count_links (Rig *rig, TribLinkState state)
{
  guint n = 0;

  g_mutex_lock (&rig->lock);
  for (guint i = 0; i < rig->links->len; i++)
    n += g_array_index (rig->links, RigLink, i).event.state == state;
  g_mutex_unlock (&rig->lock);
  return n;
}

TribKafkaLosses
rig_losses (Rig *rig)
{
  TribKafkaLosses losses;

  g_mutex_lock (&rig->lock);
  losses = rig->losses;
  g_mutex_unlock (&rig->lock);
  return losses;
}

void
rig_drain (Rig *rig)
{
  g_assert_true (trib_kafka_publisher_drain (rig->p, trib_test_scale (30000)));
}

GPtrArray *
rig_read (Rig *rig, TribKafkaTopic topic)
{
  return rig_read_topic (rig->config.bootstrap_servers, rig->config.topics[topic]);
}

static void
check_place (GPtrArray *records, const RigRecord *entry, const gchar *what, const gchar *topic)
{
  g_autofree gchar *name = g_strconcat (what, "_topic", NULL);
  g_autofree gchar *partition = g_strconcat (what, "_partition", NULL);
  g_autofree gchar *offset = g_strconcat (what, "_offset", NULL);
  g_autofree gchar *crc32c = g_strconcat (what, "_crc32c", NULL);
  g_autofree gchar *said = rig_json_string (entry, name);
  g_autofree gchar *number = NULL;
  const RigRecord *record = NULL;

  g_assert_cmpstr (said, ==, topic);
  for (guint i = 0; i < records->len && !record; i++) {
    const RigRecord *r = records->pdata[i];
    if (r->partition == rig_json_int (entry, partition)
        && r->offset == rig_json_int (entry, offset))
      record = r;
  }
  if (record == NULL)
    g_test_message ("%u records of that key, none where the entry says: %s",
        rig_count (records, entry->key), entry->value);
  g_assert_nonnull (record);
  g_assert_cmpstr (record->key, ==, entry->key);
  g_assert_cmpint (record->partition, ==, entry->partition);
  g_assert_cmpuint (trib_crc32c (0, record->value, record->size), ==, rig_json_int (entry, crc32c));
  number = g_strdup_printf ("%u", trib_crc32c (0, record->value, record->size));
  g_assert_cmpstr (g_hash_table_lookup (record->headers, "crc32c"), ==, number);
}

/* one record of @key, or copies of one */
static void
check_once (Rig *rig, GPtrArray *records, const gchar *key)
{
  const RigRecord *first = rig_find (records, key);

  g_assert_true (rig->copies_allowed || rig_count (records, key) == 1);
  for (guint i = 0; i < records->len; i++) {
    const RigRecord *r = records->pdata[i];
    if (g_str_equal (r->key, key))
      g_assert_cmpmem (r->value, r->size, first->value, first->size);
  }
}

guint
rig_check_registry (Rig *rig)
{
  g_autoptr (GPtrArray) registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  g_autoptr (GPtrArray) metadata = rig_read (rig, TRIB_KAFKA_TOPIC_METADATA);
  g_autoptr (GPtrArray) binary = rig_read (rig, TRIB_KAFKA_TOPIC_BINARY);
  guint n_linked = 0;

  for (guint i = 0; i < registry->len; i++) {
    const RigRecord *entry = registry->pdata[i];
    g_autofree gchar *status = rig_json_string (entry, "status");

    if (rig_find (registry, entry->key) != entry)
      continue;
    if (!rig->copies_allowed && rig_count (registry, entry->key) != 1)
      for (guint k = 0; k < registry->len; k++)
        g_test_message ("%s", ((RigRecord *) registry->pdata[k])->value);
    check_once (rig, registry, entry->key);
    if (!g_str_equal (status, "LINKED"))
      continue;
    n_linked++;
    check_place (metadata, entry, "metadata", rig->config.topics[TRIB_KAFKA_TOPIC_METADATA]);
    check_place (binary, entry, "binary", rig->config.topics[TRIB_KAFKA_TOPIC_BINARY]);
    check_once (rig, metadata, entry->key);
    check_once (rig, binary, entry->key);
  }
  return n_linked;
}

gint32
rig_partition (const gchar *key)
{
  return rd_kafka_msg_partitioner_murmur2 (
      NULL, key, strlen (key), TRIB_KAFKA_BROKER_PARTITIONS, NULL, NULL);
}

void
rig_use_cluster (Rig *rig, rd_kafka_mock_cluster_t *mock, gint n_partitions)
{
  rig->mock = mock;
  rig->config.bootstrap_servers = rd_kafka_mock_cluster_bootstraps (mock);
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    rd_kafka_mock_topic_create (mock, rig->topics[i], n_partitions, 1);
}
