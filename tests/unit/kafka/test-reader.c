/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single records by their place: from the broker or the cache, for several callers, each failure with its name. */
#include "read-rig.h"

#include <kafka/read/trib-kafka-reader.h>

#include <string.h>

static TribKafkaReader *
reader_new (ReadRig *rig, guint64 cache, guint connections)
{
  TribKafkaReaderConfig config = { .client.bootstrap_servers = rig->address,
    .max_cache_bytes = cache,
    .max_connections = connections };

  return trib_kafka_reader_new (&config);
}

static gint64
soon (guint ms)
{
  return g_get_monotonic_time () + trib_test_scale (ms) * (gint64) 1000;
}

static void
check (TribKafkaReader *r, ReadRig *rig, gint32 partition, gint64 offset, gboolean anew)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TribKafkaRecordCopy) copy
      = trib_kafka_reader_get (r, rig->topic, partition, offset, anew, soon (20000), NULL, &error);
  g_autofree gchar *key = g_strdup_printf ("%d", (gint) offset);
  g_autofree gchar *name = NULL;
  gsize size;
  const guint8 *value;

  g_assert_no_error (error);
  value = g_bytes_get_data (copy->value, &size);
  read_rig_check_value (key, value, size);
  g_assert_cmpmem (
      g_bytes_get_data (copy->key, NULL), g_bytes_get_size (copy->key), key, strlen (key));
  name = trib_kafka_record_copy_dup_header (copy, "name", 10);
  g_assert_cmpstr (name, ==, key);
  g_assert_null (trib_kafka_record_copy_dup_header (copy, "none", 10));
  g_assert_cmpint (copy->t_ms, ==, 1000000 + offset * 1000);
}

static void
fails (TribKafkaReader *r, const gchar *topic, gint32 partition, gint64 offset, gint code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (
      trib_kafka_reader_get (r, topic, partition, offset, FALSE, soon (20000), NULL, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, code);
  g_assert_nonnull (strstr (error->message, topic));
}

static void
assert_counts_close (TribKafkaReader *r)
{
  TribKafkaReaderCounts counts;

  trib_kafka_reader_get_counts (r, &counts);
  g_assert_cmpuint (counts.gets, ==, counts.hits + counts.reads + counts.failures);
}

static void
test_places (void)
{
  static const gint64 offsets[] = { 7, 0, 19, 7, 8, 3, 12 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig, 0, 1);
  TribKafkaReaderCounts counts;

  read_rig_produce_many (rig, 2, 0, 20, 50000);
  read_rig_produce_many (rig, 3, 0, 20, 100);
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++) {
    check (r, rig, 2, offsets[i], FALSE);
    check (r, rig, 3, offsets[i], FALSE);
  }
  trib_kafka_reader_get_counts (r, &counts);
  g_assert_cmpuint (counts.reads, ==, 2 * G_N_ELEMENTS (offsets));
  g_assert_cmpuint (counts.connections, ==, 1);
  g_assert_cmpuint (counts.cache_bytes, ==, 0);
  assert_counts_close (r);
}

static void
test_cache (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig, 4 * 12000, 2);
  TribKafkaReaderCounts counts;

  read_rig_produce_many (rig, 2, 0, 10, 10000);
  read_rig_produce_many (rig, 2, 10, 1, 100000);
  for (guint i = 0; i < 4; i++)
    check (r, rig, 2, i, FALSE);
  check (r, rig, 2, 0, FALSE); /* the latest used now, from the cache */
  check (r, rig, 2, 4, FALSE); /* takes the place of 1 */
  check (r, rig, 2, 0, FALSE);
  trib_kafka_reader_get_counts (r, &counts);
  g_assert_cmpuint (counts.hits, ==, 2);
  g_assert_cmpuint (counts.reads, ==, 5);
  g_assert_cmpuint (counts.cache_records, ==, 4);
  g_assert_cmpuint (counts.cache_bytes, <=, 4 * 12000);
  check (r, rig, 2, 1, FALSE);
  check (r, rig, 2, 0, TRUE);   /* anew, whatever is cached */
  check (r, rig, 2, 10, FALSE); /* larger than the cache: given, not kept */
  trib_kafka_reader_get_counts (r, &counts);
  g_assert_cmpuint (counts.hits, ==, 2);
  g_assert_cmpuint (counts.reads, ==, 8);
  g_assert_cmpuint (counts.cache_records, ==, 4);
  assert_counts_close (r);
}

static void
test_failures (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig, 0, 2);

  read_rig_produce_many (rig, 0, 0, 12, 1000000);
  read_rig_produce_many (rig, 1, 0, 1, 100);
  fails (r, rig->topic, 0, 1, TRIB_KAFKA_ERROR_EXPIRED);
  fails (r, rig->topic, 0, 12, TRIB_KAFKA_ERROR_BEYOND_END);
  fails (r, rig->topic, 0, 500, TRIB_KAFKA_ERROR_BEYOND_END);
  fails (r, rig->topic, 99, 0, TRIB_KAFKA_ERROR_TOPIC);
  fails (r, rig->topic, -1, 0, TRIB_KAFKA_ERROR_MISSING);
  fails (r, rig->topic, 0, -1, TRIB_KAFKA_ERROR_MISSING);
  /* none of it harms the connection */
  check (r, rig, 1, 0, FALSE);
  check (r, rig, 0, 11, FALSE);
  rd_kafka_mock_topic_set_error (rig->mock, "read-none", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  fails (r, "read-none", 0, 0, TRIB_KAFKA_ERROR_TOPIC);
  fails (r, "not a topic", 0, 0, TRIB_KAFKA_ERROR_SETTINGS);
  assert_counts_close (r);
}

static void
test_too_large (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  TribKafkaReaderConfig config
      = { .client.bootstrap_servers = rig->address, .max_record_bytes = 1000 };
  g_autoptr (TribKafkaReader) r = trib_kafka_reader_new (&config);

  read_rig_produce_many (rig, 0, 0, 1, 1001);
  read_rig_produce_many (rig, 0, 1, 1, 1000);
  fails (r, rig->topic, 0, 0, TRIB_KAFKA_ERROR_TOO_LARGE);
  check (r, rig, 0, 1, FALSE);
}

static void
test_deadline (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig, 0, 1);
  g_autoptr (GError) error = NULL;

  read_rig_produce_many (rig, 0, 0, 2, 100);
  check (r, rig, 0, 0, FALSE);
  read_rig_down (rig);
  g_assert_null (trib_kafka_reader_get (r, rig->topic, 0, 1, FALSE, soon (300), NULL, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_UNREACHABLE);
  read_rig_up (rig);
  check (r, rig, 0, 1, FALSE);
}

static gpointer
cancel_soon (gpointer data)
{
  trib_test_pause ();
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancel (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig, 0, 1);

  read_rig_produce_many (rig, 0, 0, 2, 100);
  read_rig_down (rig);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;
    GThread *thread = i > 0 ? g_thread_new ("cancel", cancel_soon, cancellable) : NULL;

    if (i == 0)
      g_cancellable_cancel (cancellable);
    g_assert_null (
        trib_kafka_reader_get (r, rig->topic, 0, 1, FALSE, soon (50000), cancellable, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    if (thread)
      g_thread_join (thread);
  }
  read_rig_up (rig);
  check (r, rig, 0, 1, FALSE);
  assert_counts_close (r);
}

typedef struct {
  TribKafkaReader *r;
  ReadRig *rig;
  guint seed;
} Caller;

static gpointer
caller_thread (gpointer data)
{
  Caller *caller = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (caller->seed);

  for (guint i = 0; i < 40; i++)
    check (caller->r, caller->rig, g_rand_int_range (rand, 0, 3), g_rand_int_range (rand, 0, 10),
        g_rand_boolean (rand));
  return NULL;
}

static void
test_callers (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig, 100000, 3);
  TribKafkaReaderCounts counts;
  Caller callers[6];
  GThread *threads[6];

  for (gint32 p = 0; p < 3; p++)
    read_rig_produce_many (rig, p, 0, 10, 20000);
  for (guint i = 0; i < 6; i++) {
    callers[i] = (Caller){ r, rig, i };
    threads[i] = g_thread_new ("caller", caller_thread, &callers[i]);
  }
  for (guint i = 0; i < 6; i++)
    g_thread_join (threads[i]);
  trib_kafka_reader_get_counts (r, &counts);
  g_assert_cmpuint (counts.gets, ==, 240);
  g_assert_cmpuint (counts.connections, <=, 3);
  g_assert_cmpuint (counts.cache_bytes, <=, 100000);
  assert_counts_close (r);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/reader/places", test_places);
  g_test_add_func ("/kafka/reader/cache", test_cache);
  g_test_add_func ("/kafka/reader/failures", test_failures);
  g_test_add_func ("/kafka/reader/too-large", test_too_large);
  g_test_add_func ("/kafka/reader/deadline", test_deadline);
  g_test_add_func ("/kafka/reader/cancel", test_cancel);
  g_test_add_func ("/kafka/reader/callers", test_callers);
  return read_rig_run_tests ();
}
