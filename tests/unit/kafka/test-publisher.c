/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a frame when all goes well, and when the frame itself does not fit. */
#include "kafka-rig.h"

#include <common/trib-crc32c.h>
#include <string.h>

static const gchar *
header (const RigRecord *record, const gchar *name)
{
  return g_hash_table_lookup (record->headers, name);
}

/* ARIA-1: three records, one key, one partition number; headers and timestamps */
static void
test_three_records (void)
{
  g_autoptr (Rig) rig = rig_new ();
  const gchar *key = "my_session-1_214-1_0_1722513600000000000";
  static const gchar *const types[] = { "application/json", "image/jpeg", "application/json" };

  rig_start (rig);
  rig_warm_up (rig);
  for (guint t = 0; t <= TRIB_KAFKA_TOPIC_REGISTRY; t++) {
    g_autoptr (GPtrArray) records = rig_read (rig, t);
    const RigRecord *record;
    g_autofree gchar *crc = NULL;

    g_assert_cmpuint (records->len, ==, 1);
    record = records->pdata[0];
    crc = g_strdup_printf ("%u", trib_crc32c (0, record->value, record->size));
    g_assert_cmpstr (record->key, ==, key);
    g_assert_cmpint (record->partition, ==, rig_partition ("my_session-1_214-1"));
    g_assert_cmpint (record->t_ms, ==, G_GINT64_CONSTANT (1722513600000));
    g_assert_cmpstr (header (record, "frame-id"), ==, key);
    g_assert_cmpstr (header (record, "sequence"), ==, "0");
    g_assert_cmpstr (header (record, "content-type"), ==, types[t]);
    g_assert_cmpstr (header (record, "crc32c"), ==, crc);
    g_assert_cmpstr (header (record, "capture-timestamp-ns"), ==, "1722513600000000000");
    g_assert_cmpstr (header (record, "time-source"), ==, "meta");
    g_assert_cmpstr (header (record, "caps"), ==,
        t == TRIB_KAFKA_TOPIC_BINARY ? "image/jpeg, width=(int)640, height=(int)480" : NULL);
  }
  g_assert_cmpuint (rig_check_registry (rig), ==, 1);
}

static void
test_partition_by_frame (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) binary = NULL;
  gboolean other = FALSE;

  rig->config.partition_by_frame = TRUE;
  rig_start (rig);
  for (guint i = 0; i < 40; i++)
    rig_publish (rig, 1000 + i);
  rig_drain (rig);
  g_assert_cmpuint (rig_check_registry (rig), ==, 40);
  binary = rig_read (rig, TRIB_KAFKA_TOPIC_BINARY);
  for (guint i = 0; i < binary->len; i++) {
    const RigRecord *record = binary->pdata[i];
    other |= record->partition != ((RigRecord *) binary->pdata[0])->partition;
    g_assert_cmpint (record->partition, ==, rig_partition (record->key));
  }
  g_assert_true (other);
}

/* a stream stays in order on one partition, in all three topics */
static void
test_order (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig_start (rig);
  for (guint i = 0; i < 200; i++)
    rig_publish (rig, g_test_rand_int_range (1, 20000));
  rig_drain (rig);
  g_assert_cmpuint (rig_check_registry (rig), ==, 200);
  for (guint t = 0; t <= TRIB_KAFKA_TOPIC_REGISTRY; t++) {
    g_autoptr (GPtrArray) records = rig_read (rig, t);
    g_assert_cmpuint (records->len, ==, 200);
    for (guint i = 0; i < records->len; i++) {
      const RigRecord *record = records->pdata[i];
      /* entries follow acknowledgements, and those are in order on a partition */
      g_assert_cmpint (g_ascii_strtoll (header (record, "sequence"), NULL, 10), ==, i);
    }
  }
}

/* "unless that is negative (then Kafka's own time)" */
static void
test_time_before_1970 (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) metadata = NULL;
  g_autoptr (GBytes) payload = rig_payload (rig, 10);
  TribKafkaFrame frame = rig_frame (rig);
  gint64 before = g_get_real_time () / 1000;
  g_autofree gchar *text = NULL;
  const RigRecord *record;

  frame.t_ns = -1;
  rig_start (rig);
  rig_submit (rig->p, &frame, payload, FALSE, NULL);
  g_clear_pointer (&payload, g_bytes_unref);
  rig_drain (rig);
  metadata = rig_read (rig, TRIB_KAFKA_TOPIC_METADATA);
  record = rig_find (metadata, "my_session-1_214-1_0_-1");
  g_assert_nonnull (record);
  g_assert_cmpint (record->t_ms, >=, before);
  g_assert_cmpint (rig_json_int (record, "capture_timestamp_ns"), ==, -1);
  text = rig_json_string (record, "timestamp");
  g_assert_cmpstr (text, ==, "1969-12-31T23:59:59.999999");
  g_assert_cmpuint (rig_check_registry (rig), ==, 1);
}

/* brokers refuse records of the future */
static void
test_time_ahead (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GBytes) payload = rig_payload (rig, 10);
  TribKafkaFrame frame = rig_frame (rig);
  gint64 before = g_get_real_time () / 1000;
  g_autofree gchar *t_ns = NULL;

  frame.t_ns = (before + 7200000) * 1000000 + 17;
  t_ns = g_strdup_printf ("%" G_GINT64_FORMAT, frame.t_ns);
  rig_start (rig);
  rig_submit (rig->p, &frame, payload, FALSE, NULL);
  g_clear_pointer (&payload, g_bytes_unref);
  rig_drain (rig);
  for (guint t = 0; t <= TRIB_KAFKA_TOPIC_REGISTRY; t++) {
    g_autoptr (GPtrArray) records = rig_read (rig, t);
    const RigRecord *record = records->pdata[0];
    g_assert_cmpint (record->t_ms, >=, before);
    g_assert_cmpint (record->t_ms, <=, g_get_real_time () / 1000);
    g_assert_cmpstr (header (record, "capture-timestamp-ns"), ==, t_ns);
    if (t != TRIB_KAFKA_TOPIC_BINARY)
      g_assert_cmpint (rig_json_int (record, "capture_timestamp_ns"), ==, frame.t_ns);
  }
}

/* a FAILED entry is kept as long as what is written now, however old its frame is */
static void
test_time_of_loss (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) registry = NULL;
  g_autoptr (GBytes) payload = rig_payload (rig, 10);
  TribKafkaItem item = { TRIB_KAFKA_FORM_BINARY, payload, rig_frame (rig) };
  gint64 before = g_get_real_time () / 1000;
  const RigRecord *record;

  rig_start (rig);
  rig_warm_up (rig);
  trib_kafka_publisher_count_flushed (rig->p, &item);
  rig_drain (rig);
  registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  record = rig_find (registry, "my_session-1_214-1_0_1722513600000000000");
  g_assert_nonnull (record);
  g_assert_cmpint (record->t_ms, >=, before);
  g_assert_cmpstr (header (record, "capture-timestamp-ns"), ==, "1722513600000000000");
}

/* The payload is released once, after the report and never before: while the broker is silent the
 * bytes are still the publisher's. */
static void
test_zero_copy (void)
{
  g_autoptr (Rig) rig = rig_new ();
  GBytes *payload;
  TribKafkaFrame frame;
  TribKafkaStats a;
  static const guint32 changed = 0x5a5a5a5a;
  g_autoptr (GPtrArray) binary = NULL;
  const RigRecord *record;

  rig_start (rig);
  rig_warm_up (rig);
  trib_assert_eventually (g_atomic_int_get (&rig->payloads_alive) == 0, 5000);
  rig_down (rig);
  payload = rig_payload (rig, 70000);
  frame = rig_frame (rig);
  g_assert_cmpint (rig_submit (rig->p, &frame, payload, FALSE, NULL), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  a = rig_stats (rig);
  g_assert_cmpuint (a.pinned_buffers, ==, 1);
  g_assert_cmpuint (a.pinned_bytes, ==, 70000);
  /* what is written to the memory now reaches the broker: no copy was made when it was taken */
  memcpy ((guint8 *) g_bytes_get_data (payload, NULL) + 35000, &changed, sizeof changed);
  g_bytes_unref (payload);
  g_assert_cmpint (g_atomic_int_get (&rig->payloads_released), ==, 1);
  rig_up (rig);
  rig_drain (rig);
  trib_assert_eventually (g_atomic_int_get (&rig->payloads_released) == 2, 5000);
  g_assert_cmpuint (rig_stats (rig).pinned_buffers, ==, 0);
  binary = rig_read (rig, TRIB_KAFKA_TOPIC_BINARY);
  g_assert_cmpuint (binary->len, ==, 2);
  record = binary->pdata[1];
  g_assert_cmpuint (record->size, ==, 70000);
  g_assert_cmpint (memcmp (record->value + 35000, &changed, sizeof changed), ==, 0);
}

/* upstream gets its buffer back with the bytes' acknowledgement, not with the registry's */
static void
test_released_before_commit (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig_start (rig);
  for (guint i = 0; i < 100; i++)
    rig_publish (rig, 30000);
  rig_drain (rig);
  trib_assert_eventually (g_atomic_int_get (&rig->payloads_alive) == 0, 5000);
  g_assert_cmpint (g_atomic_int_get (&rig->payloads_released), ==, 100);
  g_assert_cmpuint (rig_stats (rig).bytes_acknowledged, ==, 100 * 30000);
  g_assert_cmpuint (rig_stats (rig).latency_samples, ==, 100);
}

static void
test_empty_frame (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig_start (rig);
  rig_warm_up (rig);
  g_assert_cmpint (rig_publish (rig, 0), ==, TRIB_KAFKA_PUBLISH_LOST);
  g_assert_cmpint (rig_publish (rig, 10), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).failed[TRIB_KAFKA_FAILED_REFUSED], ==, 1);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 2);
  g_assert_cmpuint (rig_stats (rig).loss_records, ==, 1);
  g_assert_cmpuint (rig_check_registry (rig), ==, 2);
}

static void
assert_failed_entry (Rig *rig, guint64 index, const gchar *reason, const gchar *part_of_message)
{
  g_autoptr (GPtrArray) registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  g_autofree gchar *key
      = g_strdup_printf ("my_session-1_214-1_%" G_GUINT64_FORMAT "_%" G_GINT64_FORMAT, index,
          G_GINT64_CONSTANT (1722513600000000000) + (gint64) index * 33333333);
  const RigRecord *entry = rig_find (registry, key);
  g_autofree gchar *status = NULL, *word = NULL, *message = NULL;

  g_assert_nonnull (entry);
  status = rig_json_string (entry, "status");
  word = rig_json_string (entry, "error_reason");
  message = rig_json_string (entry, "error_message");
  g_assert_cmpstr (status, ==, "FAILED");
  g_assert_cmpstr (word, ==, reason);
  g_assert_cmpint (rig_json_int (entry, "binary_offset"), ==, -1);
  g_assert_cmpint (rig_json_int (entry, "binary_partition"), ==, -1);
  g_test_message ("%s", message);
  if (part_of_message)
    g_assert_nonnull (strstr (message, part_of_message));
}

/* refused alone, with the numbers; the counters and the bound are as before */
static void
test_larger_than_the_bound (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribKafkaStats a;

  rig->config.max_pending_bytes = 1024 * 1024;
  rig_start (rig);
  rig_warm_up (rig);
  for (guint i = 0; i < 5; i++) {
    g_assert_cmpint (rig_publish (rig, 50000), ==, TRIB_KAFKA_PUBLISH_TAKEN);
    g_assert_cmpint (rig_publish (rig, 1024 * 1024), ==, TRIB_KAFKA_PUBLISH_LOST);
    g_assert_cmpint (rig_publish (rig, 50000), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  }
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TOO_LARGE], ==, 5);
  g_assert_cmpuint (a.acknowledged, ==, 11);
  g_assert_cmpuint (a.pending_bytes, ==, 0);
  g_assert_cmpuint (a.pinned_bytes, ==, 0);
  g_assert_cmpuint (rig_check_registry (rig), ==, 11);
  assert_failed_entry (rig, 2, "too-large", "max-pending-bytes=1048576");
}

static void
test_larger_than_the_client_allows (void)
{
  g_autoptr (Rig) rig = rig_new ();
  static const gchar *const options[] = { "message.max.bytes", "100000", NULL };
  TribKafkaStats a;

  rig->config.options = options;
  rig_start (rig);
  rig_warm_up (rig);
  for (guint i = 0; i < 5; i++) {
    rig_publish (rig, 50000);
    /* taken or lost: it depends on whether it had to wait */
    rig_publish (rig, 120000);
    rig_publish (rig, 50000);
  }
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TOO_LARGE], ==, 5);
  g_assert_cmpuint (a.acknowledged, ==, 11);
  g_assert_cmpuint (rig_check_registry (rig), ==, 11);
  assert_failed_entry (rig, 2, "too-large", "120000 bytes");
}

/* ARIA-4: one record, switchable for each frame */
static void
test_legacy (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) legacy = NULL;
  g_autoptr (GPtrArray) registry = NULL;
  TribKafkaStats a;

  rig_start (rig);
  for (guint i = 0; i < 60; i++)
    g_assert_cmpint (
        rig_publish_full (rig, 1000, TRUE, i % 3 == 1, NULL), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.acknowledged, ==, 60);
  g_assert_cmpuint (a.bytes_acknowledged, ==, 60000);
  legacy = rig_read (rig, TRIB_KAFKA_TOPIC_LEGACY);
  registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  g_assert_cmpuint (legacy->len, ==, 20);
  g_assert_cmpuint (registry->len, ==, 40);
  g_assert_cmpuint (rig_check_registry (rig), ==, 40);
  for (guint i = 0; i < legacy->len; i++) {
    const RigRecord *record = legacy->pdata[i];
    g_autofree gchar *id = rig_json_string (record, "frame_id");
    const gchar *picture
        = strstr (record->value, "\"image_data\":\"") + strlen ("\"image_data\":\"");
    g_autofree gchar *base64 = g_strndup (picture, strcspn (picture, "\""));
    gsize size;
    g_autofree guchar *data = g_base64_decode (base64, &size);

    g_assert_cmpuint (size, ==, 1000);
    g_assert_cmpstr (id, ==, header (record, "frame-id"));
    g_assert_cmpstr (record->key, ==, "214-1");
    g_assert_cmpint (record->partition, ==, rig_partition ("214-1"));
    g_assert_cmpstr (header (record, "content-type"), ==, "application/json");
    /* every third */
    g_assert_cmpint (rig_json_int (record, "sequence"), ==, i * 3 + 1);
    g_assert_cmpuint (data[0], ==, (guint8) (i * 3 + 1));
  }
}

/* its topic is looked up when a frame needs it: no topic appears without records */
static void
test_legacy_from_the_start (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GPtrArray) legacy = NULL;

  rig->config.legacy = TRUE;
  rig_start (rig);
  rig_publish_full (rig, 3, TRUE, TRUE, NULL);
  rig_drain (rig);
  legacy = rig_read (rig, TRIB_KAFKA_TOPIC_LEGACY);
  g_assert_cmpuint (legacy->len, ==, 1);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 1);
}

/* topics of fewer partitions: the number must be usable in all three */
static void
test_common_partitions (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig->config.topics[TRIB_KAFKA_TOPIC_METADATA] = "narrow-metadata";
  rig->config.topics[TRIB_KAFKA_TOPIC_BINARY] = "wide-binary";
  rig->config.topics[TRIB_KAFKA_TOPIC_REGISTRY] = "wide-registry";
  rd_kafka_mock_topic_create (rig->mock, "narrow-metadata", 3, 1);
  trib_kafka_broker_add_topic (rig->broker, "wide-binary");
  trib_kafka_broker_add_topic (rig->broker, "wide-registry");
  rig->config.partition_by_frame = TRUE;
  rig_start (rig);
  for (guint i = 0; i < 30; i++)
    rig_publish (rig, 100);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 30);
}

static void
test_settings (void)
{
  g_autoptr (Rig) rig = rig_new ();
  static const gchar *const bad[] = { "partitioner", "random", NULL };
  static const gchar *const conflict[] = { "acks", "1", NULL };
  TribKafkaPublisherCallbacks none = {
    NULL,
  };
  g_autoptr (GError) error = NULL;

  rig->config.options = bad;
  g_assert_null (trib_kafka_publisher_new (&rig->config, &none, NULL, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  g_clear_error (&error);
  rig->config.options = conflict;
  g_assert_null (trib_kafka_publisher_new (&rig->config, &none, NULL, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  g_clear_error (&error);
  rig->config.options = NULL;
  rig->config.topics[TRIB_KAFKA_TOPIC_LEGACY] = "no good";
  g_assert_null (trib_kafka_publisher_new (&rig->config, &none, NULL, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "no good"));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/publisher/ARIA-1/three-records", test_three_records);
  g_test_add_func ("/kafka/publisher/partition-by-frame", test_partition_by_frame);
  g_test_add_func ("/kafka/publisher/order", test_order);
  g_test_add_func ("/kafka/publisher/time-before-1970", test_time_before_1970);
  g_test_add_func ("/kafka/publisher/time-ahead", test_time_ahead);
  g_test_add_func ("/kafka/publisher/time-of-loss", test_time_of_loss);
  g_test_add_func ("/kafka/publisher/zero-copy", test_zero_copy);
  g_test_add_func ("/kafka/publisher/released-before-commit", test_released_before_commit);
  g_test_add_func ("/kafka/publisher/empty-frame", test_empty_frame);
  g_test_add_func ("/kafka/publisher/too-large/bound", test_larger_than_the_bound);
  g_test_add_func ("/kafka/publisher/too-large/client", test_larger_than_the_client_allows);
  g_test_add_func ("/kafka/publisher/ARIA-4/legacy", test_legacy);
  g_test_add_func ("/kafka/publisher/ARIA-4/from-the-start", test_legacy_from_the_start);
  g_test_add_func ("/kafka/publisher/common-partitions", test_common_partitions);
  g_test_add_func ("/kafka/publisher/settings", test_settings);
  return rig_run_tests ();
}
