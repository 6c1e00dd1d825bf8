/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single records by their place, each failure with its name. */
#include "read-rig.h"

#include <kafka/read/trib-kafka-reader.h>

#include <gio/gio.h>
#include <string.h>

static TribKafkaReader *
reader_new (ReadRig *rig)
{
  const TribKafkaConsumerConfig config = { .bootstrap_servers = rig->address };

  return trib_kafka_reader_new (&config);
}

static gint64
soon (guint ms)
{
  return g_get_monotonic_time () + trib_test_scale (ms) * (gint64) 1000;
}

static void
check (TribKafkaReader *r, ReadRig *rig, gint32 partition, gint64 offset)
{
  g_autoptr (GError) error = NULL;
  g_auto (TribKafkaMessage) m = { 0 };
  g_autofree gchar *key = g_strdup_printf ("%d", (gint) offset);
  g_autofree gchar *name = NULL;

  trib_kafka_reader_get (r, rig->topic, partition, offset, soon (20000), &m, &error);
  g_assert_no_error (error);
  read_rig_check_value (key, m.value, m.value_len);
  g_assert_cmpmem (m.key, m.key_len, key, strlen (key));
  name = trib_kafka_message_dup_header (&m, "name", 10);
  g_assert_cmpstr (name, ==, key);
  g_assert_null (trib_kafka_message_dup_header (&m, "none", 10));
  g_assert_cmpint (m.t_ms, ==, 1000000 + offset * 1000);
}

static void
fails (TribKafkaReader *r, const gchar *topic, gint32 partition, gint64 offset, gint code)
{
  g_autoptr (GError) error = NULL;
  TribKafkaMessage m;

  g_assert_false (trib_kafka_reader_get (r, topic, partition, offset, soon (20000), &m, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, code);
  g_assert_nonnull (strstr (error->message, topic));
}

static void
test_places (void)
{
  static const gint64 offsets[] = { 7, 0, 19, 7, 8, 3, 12 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig);

  read_rig_produce_many (rig, 2, 0, 20, 50000);
  read_rig_produce_many (rig, 3, 0, 20, 100);
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++) {
    check (r, rig, 2, offsets[i]);
    check (r, rig, 3, offsets[i]);
  }
}

static void
test_failures (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig);

  read_rig_produce_many (rig, 0, 0, 12, 1000000);
  read_rig_produce_many (rig, 1, 0, 1, 100);
  fails (r, rig->topic, 0, 1, TRIB_KAFKA_ERROR_EXPIRED);
  fails (r, rig->topic, 0, 12, TRIB_KAFKA_ERROR_BEYOND_END);
  fails (r, rig->topic, 0, 500, TRIB_KAFKA_ERROR_BEYOND_END);
  fails (r, rig->topic, 99, 0, TRIB_KAFKA_ERROR_TOPIC);
  fails (r, rig->topic, -1, 0, TRIB_KAFKA_ERROR_MISSING);
  fails (r, rig->topic, 0, -1, TRIB_KAFKA_ERROR_MISSING);
  /* none of it harms the connection */
  check (r, rig, 1, 0);
  check (r, rig, 0, 11);
  rd_kafka_mock_topic_set_error (rig->mock, "read-none", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  fails (r, "read-none", 0, 0, TRIB_KAFKA_ERROR_TOPIC);
  fails (r, "not a topic", 0, 0, TRIB_KAFKA_ERROR_SETTINGS);
}

static void
test_deadline (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig);
  g_autoptr (GError) error = NULL;
  TribKafkaMessage m;

  read_rig_produce_many (rig, 0, 0, 2, 100);
  check (r, rig, 0, 0);
  read_rig_down (rig);
  g_assert_false (trib_kafka_reader_get (r, rig->topic, 0, 1, soon (300), &m, &error));
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_UNREACHABLE);
  read_rig_up (rig);
  check (r, rig, 0, 1);
}

static gpointer
flush_soon (gpointer data)
{
  trib_test_pause ();
  trib_kafka_reader_set_flushing (data, TRUE);
  return NULL;
}

static void
test_flushing (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig);

  read_rig_produce_many (rig, 0, 0, 2, 100);
  read_rig_down (rig);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GError) error = NULL;
    GThread *thread;
    TribKafkaMessage m;

    trib_kafka_reader_set_flushing (r, i == 0);
    thread = i > 0 ? g_thread_new ("flush", flush_soon, r) : NULL;
    g_assert_false (trib_kafka_reader_get (r, rig->topic, 0, 1, soon (50000), &m, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    if (thread)
      g_thread_join (thread);
  }
  trib_kafka_reader_set_flushing (r, FALSE);
  read_rig_up (rig);
  check (r, rig, 0, 1);
}

/* one connection, whichever topic an entry names */
static void
test_topics (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaReader) r = reader_new (rig);

  read_rig_produce_many (rig, 0, 0, 2, 100);
  /* newer mock clusters create no topic for a consumer's question */
  g_assert_cmpint (rd_kafka_mock_topic_create (rig->mock, "another-topic", 1, 1), ==, 0);
  for (guint i = 0; i < 3; i++) {
    check (r, rig, 0, 1);
    fails (r, "another-topic", 0, 0, TRIB_KAFKA_ERROR_BEYOND_END);
  }
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/reader/places", test_places);
  g_test_add_func ("/kafka/reader/failures", test_failures);
  g_test_add_func ("/kafka/reader/deadline", test_deadline);
  g_test_add_func ("/kafka/reader/flushing", test_flushing);
  g_test_add_func ("/kafka/reader/topics", test_topics);
  return read_rig_run_tests ();
}
