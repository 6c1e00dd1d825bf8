/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kafka/publish/trib-kafka-partition.h>

#include <librdkafka/rdkafka.h>
#include <string.h>

#include <trib-test.h>

/* vectors of Apache Kafka's UtilsTest.testMurmur2() */
static const struct {
  const gchar *key;
  gint32 hash;
} java_vectors[] = {
  { "21", -973932308 },
  { "foobar", -790332482 },
  { "a-little-bit-long-string", -985981536 },
  { "a-little-bit-longer-string", -1486304829 },
  { "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
  { "abc", 479470107 },
};

static void
test_java (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (java_vectors); i++) {
    const gchar *key = java_vectors[i].key;
    gint32 positive = java_vectors[i].hash & 0x7fffffff;

    g_assert_cmpint ((gint32) trib_kafka_murmur2 (key, strlen (key)), ==, java_vectors[i].hash);
    g_assert_cmpint (trib_kafka_partition_for (key, strlen (key), 16), ==, positive % 16);
    g_assert_cmpint (trib_kafka_partition_for (key, strlen (key), 1), ==, 0);
    g_assert_cmpint (
        trib_kafka_partition_for (key, strlen (key), G_MAXINT32), ==, positive % G_MAXINT32);
  }
}

/* a key may lie at any address */
static void
test_alignment (void)
{
  gchar buffer[128];

  for (guint at = 0; at < 8; at++) {
    for (guint i = 0; i < G_N_ELEMENTS (java_vectors); i++) {
      gsize len = strlen (java_vectors[i].key);
      memcpy (buffer + at, java_vectors[i].key, len);
      g_assert_cmpint ((gint32) trib_kafka_murmur2 (buffer + at, len), ==, java_vectors[i].hash);
    }
  }
}

/* the client's own Java-compatible partitioner decides likewise; it looks at no broker for that */
static void
test_librdkafka (void)
{
  gchar why[256] = "";
  rd_kafka_t *rk = rd_kafka_new (RD_KAFKA_PRODUCER, NULL, why, sizeof why);
  rd_kafka_topic_t *rkt;

  g_assert_nonnull (rk);
  rkt = rd_kafka_topic_new (rk, "t", NULL);
  g_assert_nonnull (rkt);
  for (guint round = 0; round < 20000; round++) {
    gchar key[160];
    gsize len = g_test_rand_int_range (1, sizeof key);
    gint32 n_partitions = g_test_rand_int_range (1, 1000);

    for (gsize i = 0; i < len; i++)
      key[i] = (gchar) g_test_rand_int ();
    g_assert_cmpint (trib_kafka_partition_for (key, len, n_partitions), ==,
        rd_kafka_msg_partitioner_murmur2 (rkt, key, len, n_partitions, NULL, NULL));
  }
  rd_kafka_topic_destroy (rkt);
  rd_kafka_destroy (rk);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/partition/java", test_java);
  g_test_add_func ("/kafka/partition/alignment", test_alignment);
  g_test_add_func ("/kafka/partition/librdkafka", test_librdkafka);
  return trib_test_run ();
}
