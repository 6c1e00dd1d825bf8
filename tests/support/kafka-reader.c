/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kafka-reader.h"

#include <librdkafka/rdkafka.h>
#include <record/trib-json-reader.h>
#include <string.h>

static void
record_free (gpointer data)
{
  RigRecord *record = data;

  g_free (record->key);
  g_free (record->value);
  g_hash_table_unref (record->headers);
  g_free (record);
}

static RigRecord *
record_from_message (const rd_kafka_message_t *msg)
{
  RigRecord *record = g_new0 (RigRecord, 1);
  rd_kafka_headers_t *headers = NULL;
  rd_kafka_timestamp_type_t type;
  const gchar *name;
  const void *value;
  size_t size;

  record->key = g_strndup (msg->key, msg->key_len);
  record->value = g_malloc (msg->len + 1);
  if (msg->len > 0)
    memcpy (record->value, msg->payload, msg->len);
  record->value[msg->len] = 0;
  record->size = msg->len;
  record->partition = msg->partition;
  record->offset = msg->offset;
  record->t_ms = rd_kafka_message_timestamp (msg, &type);
  g_assert_cmpint (type, ==, RD_KAFKA_TIMESTAMP_CREATE_TIME);
  record->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (rd_kafka_message_headers (msg, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
    for (gsize i = 0; !rd_kafka_header_get_all (headers, i, &name, &value, &size); i++)
      /* no header twice */
      g_assert_true (
          g_hash_table_insert (record->headers, g_strdup (name), g_strndup (value, size)));
  return record;
}

static rd_kafka_t *
new_consumer (const gchar *address)
{
  static const gchar *const options[][2] = {
    { "auto.offset.reset", "earliest" },
    { "enable.partition.eof", "true" },
    { "fetch.wait.max.ms", "5" },
    { "check.crcs", "true" },
  };
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  gchar why[256] = "";
  rd_kafka_t *rk;

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    g_assert_cmpint (rd_kafka_conf_set (conf, options[i][0], options[i][1], why, sizeof why), ==,
        RD_KAFKA_CONF_OK);
  rd_kafka_conf_set (conf, "bootstrap.servers", address, NULL, 0);
  rd_kafka_conf_set_log_cb (conf, NULL);
  rk = rd_kafka_new (RD_KAFKA_CONSUMER, conf, why, sizeof why);
  g_assert_nonnull (rk);
  return rk;
}

/* the partitions' leaders must be known before the first fetch, or the client waits half a second
 * before it asks again */
static gint
learn_partitions (rd_kafka_t *rk, rd_kafka_topic_t *rkt)
{
  const rd_kafka_metadata_t *md = NULL;
  gint n = 0;

  while (n == 0) {
    if (rd_kafka_metadata (rk, 0, rkt, &md, 1000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      n = md->topics[0].partition_cnt;
      rd_kafka_metadata_destroy (md);
    }
  }
  return n;
}

GPtrArray *
rig_read_topic (const gchar *address, const gchar *topic)
{
  GPtrArray *records = g_ptr_array_new_with_free_func (record_free);
  rd_kafka_t *rk = new_consumer (address);
  rd_kafka_topic_t *rkt = rd_kafka_topic_new (rk, topic, NULL);
  rd_kafka_queue_t *queue = rd_kafka_queue_new (rk);
  gint n_partitions = learn_partitions (rk, rkt);
  g_autoptr (GHashTable) ended = g_hash_table_new (NULL, NULL);

  for (gint i = 0; i < n_partitions; i++)
    rd_kafka_consume_start_queue (rkt, i, RD_KAFKA_OFFSET_BEGINNING, queue);
  /* the end of a partition may be reported more than once */
  for (gint n_ends = 0; n_ends < n_partitions;) {
    rd_kafka_message_t *msg = rd_kafka_consume_queue (queue, 100);

    if (msg && msg->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
      n_ends += g_hash_table_add (ended, GINT_TO_POINTER (msg->partition));
    else if (msg && !msg->err)
      g_ptr_array_add (records, record_from_message (msg));
    if (msg)
      rd_kafka_message_destroy (msg);
  }
  for (gint i = 0; i < n_partitions; i++)
    rd_kafka_consume_stop (rkt, i);
  rd_kafka_queue_destroy (queue);
  rd_kafka_topic_destroy (rkt);
  rd_kafka_destroy (rk);
  return records;
}

RigRecord *
rig_find (GPtrArray *records, const gchar *key)
{
  for (guint i = 0; i < records->len; i++) {
    RigRecord *record = records->pdata[i];
    if (g_str_equal (record->key, key))
      return record;
  }
  return NULL;
}

guint
rig_count (GPtrArray *records, const gchar *key)
{
  guint n = 0;

  for (guint i = 0; i < records->len; i++)
    n += g_str_equal (((RigRecord *) records->pdata[i])->key, key);
  return n;
}

/* the reader stands at the member's value */
static TribJsonReader *
find_member (const RigRecord *record, const gchar *name, TribJsonToken *ret_token)
{
  TribJsonReader *r = trib_json_reader_new (record->value, record->size, NULL);
  TribJsonToken token;

  g_assert_cmpint (trib_json_reader_next (r), ==, TRIB_JSON_OBJECT_BEGIN);
  while ((token = trib_json_reader_next (r)) == TRIB_JSON_KEY) {
    if (g_str_equal (trib_json_reader_string (r, NULL), name)) {
      *ret_token = trib_json_reader_next (r);
      return r;
    }
    g_assert_true (trib_json_reader_skip (r));
  }
  g_assert_cmpint (token, ==, TRIB_JSON_OBJECT_END);
  g_test_message ("no member %s in %s", name, record->value);
  g_assert_not_reached ();
}

gint64
rig_json_int (const RigRecord *record, const gchar *name)
{
  TribJsonToken token;
  g_autoptr (TribJsonReader) r = find_member (record, name, &token);

  if (token == TRIB_JSON_NULL)
    return -1;
  g_assert_cmpint (token, ==, TRIB_JSON_INT);
  return trib_json_reader_int (r);
}

gchar *
rig_json_string (const RigRecord *record, const gchar *name)
{
  TribJsonToken token;
  g_autoptr (TribJsonReader) r = find_member (record, name, &token);

  g_assert_cmpint (token, ==, TRIB_JSON_STRING);
  return g_strdup (trib_json_reader_string (r, NULL));
}
