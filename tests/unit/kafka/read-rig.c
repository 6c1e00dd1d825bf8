/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "read-rig.h"

#include "broker-rig.h"

#include <string.h>

static TribKafkaBroker *the_broker;

int
read_rig_run_tests (void)
{
  return broker_rig_run_tests (&the_broker);
}

static void
on_delivery (rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
  g_assert_cmpint (m->err, ==, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static rd_kafka_t *
new_producer (const gchar *address)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  gchar why[256] = "";
  rd_kafka_t *producer;

  rd_kafka_conf_set (conf, "bootstrap.servers", address, NULL, 0);
  rd_kafka_conf_set (conf, "linger.ms", "0", NULL, 0);
  rd_kafka_conf_set (conf, "message.max.bytes", "20000000", NULL, 0);
  /* a batch is what the mock cluster's retention and its fetches count in */
  rd_kafka_conf_set (conf, "batch.num.messages", "1", NULL, 0);
  rd_kafka_conf_set (conf, "enable.idempotence", "true", NULL, 0);
  rd_kafka_conf_set_log_cb (conf, NULL);
  rd_kafka_conf_set_dr_msg_cb (conf, on_delivery);
  producer = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (producer);
  return producer;
}

ReadRig *
read_rig_new (void)
{
  static guint n_rigs;
  ReadRig *rig = g_new0 (ReadRig, 1);

  rig->watchdog = trib_watchdog_new (60);
  rig->broker = the_broker;
  rig->mock = trib_kafka_broker_get_mock (the_broker);
  rig->address = trib_kafka_broker_get_address (the_broker);
  rig->topic = g_strdup_printf ("read-%u", n_rigs++);
  trib_kafka_broker_add_topic (the_broker, rig->topic);
  rig->producer = new_producer (rig->address);
  return rig;
}

void
read_rig_free (ReadRig *rig)
{
  rd_kafka_mock_broker_set_up (rig->mock, -1);
  rd_kafka_mock_clear_request_errors (rig->mock, READ_RIG_FETCH);
  rd_kafka_mock_clear_request_errors (rig->mock, READ_RIG_LIST_OFFSETS);
  rd_kafka_mock_clear_request_errors (rig->mock, READ_RIG_METADATA);
  rd_kafka_destroy (rig->producer);
  g_free (rig->topic);
  trib_watchdog_free (rig->watchdog);
  g_free (rig);
}

void
read_rig_down (ReadRig *rig)
{
  g_assert_cmpint (rd_kafka_mock_broker_set_down (rig->mock, -1), ==, 0);
}

void
read_rig_up (ReadRig *rig)
{
  g_assert_cmpint (rd_kafka_mock_broker_set_up (rig->mock, -1), ==, 0);
}

guint8
read_rig_byte (const gchar *key, gsize at)
{
  return (guint8) (g_str_hash (key) * 31 + at * 7 + (at >> 8));
}

void
read_rig_check_value (const gchar *key, const guint8 *value, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (value[i] != read_rig_byte (key, i))
      g_error ("value of %s differs at byte %" G_GSIZE_FORMAT, key, i);
}

static void
produce (
    ReadRig *rig, const gchar *topic, gint32 partition, const gchar *key, gsize size, gint64 t_ms)
{
  guint8 *value = g_malloc (size + 1);
  rd_kafka_headers_t *headers = rd_kafka_headers_new (1);

  for (gsize i = 0; i < size; i++)
    value[i] = read_rig_byte (key, i);
  rd_kafka_header_add (headers, "name", -1, key, -1);
  g_assert_cmpint (
      rd_kafka_producev (rig->producer, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_PARTITION (partition),
          RD_KAFKA_V_KEY (key, strlen (key)), RD_KAFKA_V_VALUE (value, size),
          RD_KAFKA_V_TIMESTAMP (t_ms), RD_KAFKA_V_HEADERS (headers),
          RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
      ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  g_free (value);
}

void
read_rig_produce (
    ReadRig *rig, const gchar *topic, gint32 partition, const gchar *key, gsize size, gint64 t_ms)
{
  produce (rig, topic, partition, key, size, t_ms);
  g_assert_cmpint (
      rd_kafka_flush (rig->producer, trib_test_scale (30000)), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
}

void
read_rig_produce_many (ReadRig *rig, gint32 partition, guint first, guint n, gsize size)
{
  for (guint i = first; i < first + n; i++) {
    g_autofree gchar *key = g_strdup_printf ("%u", i);
    produce (rig, rig->topic, partition, key, size, 1000000 + i * 1000);
  }
  g_assert_cmpint (
      rd_kafka_flush (rig->producer, trib_test_scale (30000)), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
}
