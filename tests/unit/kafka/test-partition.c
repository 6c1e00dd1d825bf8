/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* librdkafka's function, which chooses the partitions, agrees with Apache Kafka's Java clients. */
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

static gint32
partition_of (const gchar *key, gsize size, gint32 n_partitions)
{
  return rd_kafka_msg_partitioner_murmur2 (NULL, key, size, n_partitions, NULL, NULL);
}

static void
test_java (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (java_vectors); i++) {
    const gchar *key = java_vectors[i].key;
    gint32 positive = java_vectors[i].hash & 0x7fffffff;

    g_assert_cmpint (partition_of (key, strlen (key), 16), ==, positive % 16);
    g_assert_cmpint (partition_of (key, strlen (key), 1), ==, 0);
    g_assert_cmpint (partition_of (key, strlen (key), G_MAXINT32), ==, positive % G_MAXINT32);
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
      gint32 positive = java_vectors[i].hash & 0x7fffffff;
      memcpy (buffer + at, java_vectors[i].key, len);
      g_assert_cmpint (partition_of (buffer + at, len, G_MAXINT32), ==, positive % G_MAXINT32);
    }
  }
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/partition/java", test_java);
  g_test_add_func ("/kafka/partition/alignment", test_alignment);
  return trib_test_run ();
}
