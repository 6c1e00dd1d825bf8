/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One topic in order: from any position, to its end or following, through outages and past
 * retention. */
#include "read-rig.h"

#include <kafka/read/trib-kafka-cursor.h>

#include <string.h>

#define RECORD TRIB_KAFKA_CURSOR_RECORD
#define LOST TRIB_KAFKA_CURSOR_LOST
#define CAUGHT_UP TRIB_KAFKA_CURSOR_CAUGHT_UP
#define LINK TRIB_KAFKA_CURSOR_LINK
#define END TRIB_KAFKA_CURSOR_END
#define TIMEOUT TRIB_KAFKA_CURSOR_TIMEOUT
#define FLUSHING TRIB_KAFKA_CURSOR_FLUSHING
#define ERROR_RESULT TRIB_KAFKA_CURSOR_ERROR

static const TribKafkaPosition all = { .partition = -1, .to_end = TRUE };

static TribKafkaCursor *
cursor_new (ReadRig *rig, const TribKafkaPosition *at)
{
  g_autoptr (GError) error = NULL;
  TribKafkaCursorConfig config
      = { .client.bootstrap_servers = rig->address, .topic = rig->topic, .in_process = TRUE };
  TribKafkaCursor *c = trib_kafka_cursor_new (&config, &error);

  g_assert_no_error (error);
  trib_kafka_cursor_seek (c, at);
  return c;
}

static gint64
soon (guint ms)
{
  return g_get_monotonic_time () + trib_test_scale (ms) * (gint64) 1000;
}

/* the next item that is no change of the connection, and no catching up unless that is wanted */
static TribKafkaCursorResult
next_of (TribKafkaCursor *c, TribKafkaCursorItem *item, gboolean caught_up)
{
  g_autoptr (GError) error = NULL;
  TribKafkaCursorResult result;

  do
    result = trib_kafka_cursor_next (c, soon (20000), item, &error);
  while (result == LINK || (result == CAUGHT_UP && !caught_up));
  g_assert_no_error (error);
  return result;
}

static void
expect_record (TribKafkaCursor *c, gint32 partition, gint64 offset, const gchar *key)
{
  TribKafkaCursorItem item;

  g_assert_cmpint (next_of (c, &item, FALSE), ==, RECORD);
  g_assert_cmpint (item.message.partition, ==, partition);
  g_assert_cmpint (item.message.offset, ==, offset);
  g_assert_cmpmem (item.message.key, item.message.key_len, key, strlen (key));
  read_rig_check_value (key, item.message.value, item.message.value_len);
  trib_kafka_message_clear (&item.message);
}

static void
expect (TribKafkaCursor *c, TribKafkaCursorResult result)
{
  TribKafkaCursorItem item;

  g_assert_cmpint (next_of (c, &item, result == CAUGHT_UP), ==, result);
}

static void
test_to_end (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = NULL;
  gint64 next[3] = { 0 };
  TribKafkaCursorItem item;

  for (gint32 p = 0; p < 3; p++)
    read_rig_produce_many (rig, p, 0, 50, 2000);
  c = cursor_new (rig, &all);
  for (guint i = 0; i < 150; i++) {
    g_autofree gchar *key = NULL, *name = NULL;

    g_assert_cmpint (next_of (c, &item, FALSE), ==, RECORD);
    g_assert_cmpint (item.message.offset, ==, next[item.message.partition]++);
    key = g_strndup (item.message.key, item.message.key_len);
    name = trib_kafka_message_dup_header (&item.message, "name", 10);
    g_assert_cmpstr (name, ==, key);
    g_assert_null (trib_kafka_message_dup_header (&item.message, "name", 0));
    g_assert_null (trib_kafka_message_dup_header (&item.message, "other", 10));
    g_assert_cmpint (item.message.t_ms, ==, 1000000 + item.message.offset * 1000);
    read_rig_check_value (key, item.message.value, item.message.value_len);
    trib_kafka_message_clear (&item.message);
  }
  expect (c, END);
  /* what is written later is not there */
  read_rig_produce_many (rig, 0, 50, 1, 10);
  expect (c, END);
  g_assert_cmpint (trib_kafka_cursor_get_n_partitions (c), ==, TRIB_KAFKA_BROKER_PARTITIONS);
}

static void
test_empty (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = cursor_new (rig, &all);

  expect (c, END);
}

static void
test_positions (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  TribKafkaPosition at = { .partition = 2, .to_end = TRUE };
  g_autoptr (TribKafkaCursor) c = NULL;

  read_rig_produce_many (rig, 2, 0, 20, 100);
  c = cursor_new (rig, &at);
  expect_record (c, 2, 0, "0");
  at.start = TRIB_KAFKA_START_OFFSET;
  at.offset = 17;
  trib_kafka_cursor_seek (c, &at);
  expect_record (c, 2, 17, "17");
  /* backwards while records are under way */
  at.offset = 3;
  trib_kafka_cursor_seek (c, &at);
  expect_record (c, 2, 3, "3");
  expect_record (c, 2, 4, "4");
  at.offset = -2;
  trib_kafka_cursor_seek (c, &at);
  expect_record (c, 2, 18, "18");
  expect_record (c, 2, 19, "19");
  expect (c, END);
  at.offset = -100;
  trib_kafka_cursor_seek (c, &at);
  expect_record (c, 2, 0, "0");
  at.offset = 1000;
  trib_kafka_cursor_seek (c, &at);
  expect (c, END);
  at.start = TRIB_KAFKA_START_LATEST;
  trib_kafka_cursor_seek (c, &at);
  expect (c, END);
  /* the broker inside the process cannot look times up: reading begins before */
  at.start = TRIB_KAFKA_START_TIME;
  at.t_ms = 1010000;
  trib_kafka_cursor_seek (c, &at);
  expect_record (c, 2, 0, "0");
}

static void
test_follow (void)
{
  static const TribKafkaPosition latest = { .start = TRIB_KAFKA_START_LATEST, .partition = -1 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = NULL;
  TribKafkaCursorItem item;
  g_autoptr (GError) error = NULL;

  read_rig_produce_many (rig, 5, 0, 3, 100);
  c = cursor_new (rig, &latest);
  while (!trib_kafka_cursor_is_caught_up (c))
    g_assert_cmpint (trib_kafka_cursor_next (c, soon (20000), &item, &error), !=, RECORD);
  g_assert_cmpint (trib_kafka_cursor_next (c, 0, &item, &error), ==, TIMEOUT);
  for (guint i = 3; i < 8; i++) {
    g_autofree gchar *key = g_strdup_printf ("%u", i);
    read_rig_produce_many (rig, 5, i, 1, 100);
    expect_record (c, 5, i, key);
  }
  /* all of it again */
  trib_kafka_cursor_seek (c, &(TribKafkaPosition){ .partition = -1 });
  expect_record (c, 5, 0, "0");
}

static void
test_partition_by_partition (void)
{
  static const TribKafkaPosition nowhere = { .start = TRIB_KAFKA_START_NOWHERE, .partition = -1 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = cursor_new (rig, &nowhere);
  TribKafkaCursorItem item;
  g_autoptr (GError) error = NULL;

  read_rig_produce_many (rig, 1, 0, 30, 100000);
  read_rig_produce_many (rig, 4, 0, 5, 100);
  while (trib_kafka_cursor_get_n_partitions (c) == 0)
    trib_kafka_cursor_next (c, 0, &item, &error);
  trib_kafka_cursor_seek_partition (c, 1, 10);
  expect_record (c, 1, 10, "10");
  expect_record (c, 1, 11, "11");
  /* what is in the queue of the old position is not given */
  trib_kafka_cursor_seek_partition (c, 1, 2);
  expect_record (c, 1, 2, "2");
  trib_kafka_cursor_seek_partition (c, 1, 29);
  expect_record (c, 1, 29, "29");
  g_assert_cmpint (next_of (c, &item, TRUE), ==, CAUGHT_UP);
  g_assert_cmpint (item.partition, ==, 1);
  g_assert_cmpint (item.to, ==, 30);
  trib_kafka_cursor_stop_partition (c, 1);
  read_rig_produce_many (rig, 1, 30, 1, 100);
  trib_kafka_cursor_seek_partition (c, 4, 4);
  expect_record (c, 4, 4, "4");
  g_assert_false (trib_kafka_cursor_is_reading (c, 1));
}

/* the broker keeps 5 MiB a partition */
static void
test_past_retention (void)
{
  static const TribKafkaPosition at
      = { .start = TRIB_KAFKA_START_OFFSET, .offset = 1, .partition = 0, .to_end = TRUE };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = NULL;
  g_autofree gchar *key = NULL;
  TribKafkaCursorItem item;

  read_rig_produce_many (rig, 0, 0, 12, 1000000);
  c = cursor_new (rig, &at);
  g_assert_cmpint (next_of (c, &item, FALSE), ==, LOST);
  g_assert_cmpint (item.partition, ==, 0);
  g_assert_cmpint (item.from, ==, 1);
  g_assert_cmpint (item.to, >=, 7);
  key = g_strdup_printf ("%d", (int) item.to);
  expect_record (c, 0, item.to, key);
}

/* retention overtakes a reader that is too slow */
static void
test_overtaken (void)
{
  static const TribKafkaPosition nowhere = { .start = TRIB_KAFKA_START_NOWHERE, .partition = -1 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = cursor_new (rig, &nowhere);
  g_autofree gchar *key = NULL;
  TribKafkaCursorItem item;
  g_autoptr (GError) error = NULL;

  read_rig_produce_many (rig, 0, 0, 12, 1000000);
  while (trib_kafka_cursor_get_n_partitions (c) == 0)
    trib_kafka_cursor_next (c, 0, &item, &error);
  trib_kafka_cursor_seek_partition (c, 0, 1);
  g_assert_cmpint (next_of (c, &item, FALSE), ==, LOST);
  g_assert_cmpint (item.from, ==, 1);
  key = g_strdup_printf ("%d", (int) item.to);
  expect_record (c, 0, item.to, key);
}

/* while the range of one partition is not known yet, records of the others are given all the same
 */
static void
test_overtaken_beside_others (void)
{
  static const TribKafkaPosition nowhere = { .start = TRIB_KAFKA_START_NOWHERE, .partition = -1 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = cursor_new (rig, &nowhere);
  TribKafkaCursorItem item;
  g_autoptr (GError) error = NULL;
  gint64 next[2] = { -1, 0 };

  read_rig_produce_many (rig, 0, 0, 12, 1000000);
  read_rig_produce_many (rig, 1, 0, 20, 100);
  while (trib_kafka_cursor_get_n_partitions (c) == 0)
    trib_kafka_cursor_next (c, 0, &item, &error);
  rd_kafka_mock_push_request_errors (rig->mock, READ_RIG_LIST_OFFSETS, 4,
      RD_KAFKA_RESP_ERR_INVALID_REQUEST, RD_KAFKA_RESP_ERR_INVALID_REQUEST,
      RD_KAFKA_RESP_ERR_INVALID_REQUEST, RD_KAFKA_RESP_ERR_INVALID_REQUEST);
  trib_kafka_cursor_seek_partition (c, 0, 1);
  trib_kafka_cursor_seek_partition (c, 1, 0);
  while (next[0] < 12 || next[1] < 20) {
    TribKafkaCursorResult result = next_of (c, &item, FALSE);

    if (result == LOST) {
      g_assert_cmpint (item.partition, ==, 0);
      next[0] = item.to;
      continue;
    }
    g_assert_cmpint (result, ==, RECORD);
    g_assert_cmpint (item.message.offset, ==, next[item.partition]++);
    trib_kafka_message_clear (&item.message);
  }
}

/* beyond the end: no wait for ever, and no silence */
static void
test_made_anew (void)
{
  static const TribKafkaPosition nowhere = { .start = TRIB_KAFKA_START_NOWHERE, .partition = -1 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = cursor_new (rig, &nowhere);
  TribKafkaCursorItem item;
  g_autoptr (GError) error = NULL;
  TribKafkaCursorResult result;

  while (trib_kafka_cursor_get_n_partitions (c) == 0)
    trib_kafka_cursor_next (c, 0, &item, &error);
  trib_kafka_cursor_seek_partition (c, 0, 100);
  do
    result = trib_kafka_cursor_next (c, soon (20000), &item, &error);
  while (result == LINK);
  g_assert_cmpint (result, ==, ERROR_RESULT);
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_BEYOND_END);
}

/* ARIA-5: reported once, waited through, and gone on where it was */
static void
test_outage (void)
{
  static const TribKafkaPosition follow = { .partition = -1 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = NULL;
  TribKafkaCursorItem item;
  TribKafkaCursorResult result;
  g_autoptr (GError) error = NULL;
  guint n_down = 0;
  gint64 outage_us = 0;

  read_rig_produce_many (rig, 3, 0, 2, 100);
  c = cursor_new (rig, &follow);
  expect_record (c, 3, 0, "0");
  expect_record (c, 3, 1, "1");
  read_rig_down (rig);
  while (n_down == 0) {
    result = trib_kafka_cursor_next (c, soon (20000), &item, &error);
    g_assert_true (result == LINK || result == CAUGHT_UP);
    n_down += result == LINK && item.link.state == TRIB_LINK_DOWN;
  }
  read_rig_up (rig);
  while (outage_us == 0) {
    result = trib_kafka_cursor_next (c, soon (20000), &item, &error);
    g_assert_true (result == LINK || result == CAUGHT_UP);
    g_assert_true (result != LINK || item.link.state == TRIB_LINK_CONNECTED);
    if (result == LINK)
      outage_us = item.link.outage_us;
  }
  g_assert_cmpint (outage_us, >=, TRIB_LINK_DOWN_US);
  read_rig_produce_many (rig, 3, 2, 1, 100);
  expect_record (c, 3, 2, "2");
}

static void
test_broker_comes_later (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = NULL;
  TribKafkaCursorItem item;
  g_autoptr (GError) error = NULL;
  TribKafkaCursorResult result;

  read_rig_produce_many (rig, 3, 0, 1, 100);
  read_rig_down (rig);
  c = cursor_new (rig, &all);
  do
    result = trib_kafka_cursor_next (c, soon (20000), &item, &error);
  while (result != LINK);
  g_assert_cmpint (item.link.state, ==, TRIB_LINK_DOWN);
  read_rig_up (rig);
  expect_record (c, 3, 0, "0");
  expect (c, END);
}

static gpointer
flush_soon (gpointer data)
{
  trib_test_pause ();
  trib_kafka_cursor_set_flushing (data, TRUE);
  return NULL;
}

static void
test_flush (void)
{
  static const TribKafkaPosition follow = { .partition = -1 };
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = cursor_new (rig, &follow);
  TribKafkaCursorItem item;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 5; i++) {
    GThread *thread = g_thread_new ("flush", flush_soon, c);
    TribKafkaCursorResult result;

    do
      result = trib_kafka_cursor_next (c, -1, &item, &error);
    while (result != FLUSHING);
    g_thread_join (thread);
    g_assert_cmpint (trib_kafka_cursor_next (c, -1, &item, &error), ==, FLUSHING);
    trib_kafka_cursor_set_flushing (c, FALSE);
  }
  read_rig_produce_many (rig, 3, 0, 1, 100);
  expect_record (c, 3, 0, "0");
}

/* errors that pass by themselves, on each kind of request */
static void
test_faults (void)
{
  static const gint16 requests[] = { READ_RIG_METADATA, READ_RIG_LIST_OFFSETS, READ_RIG_FETCH };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++) {
    g_autoptr (ReadRig) rig = read_rig_new ();
    g_autoptr (TribKafkaCursor) c = NULL;

    read_rig_produce_many (rig, 3, 0, 5, 100);
    rd_kafka_mock_push_request_errors (rig->mock, requests[i], 3, RD_KAFKA_RESP_ERR__TRANSPORT,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    c = cursor_new (rig, &all);
    for (guint k = 0; k < 5; k++) {
      g_autofree gchar *key = g_strdup_printf ("%u", k);
      expect_record (c, 3, k, key);
    }
    expect (c, END);
  }
}

static void
test_no_topic (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaCursor) c = NULL;
  TribKafkaCursorItem item;
  TribKafkaCursorResult result;
  g_autoptr (GError) error = NULL;

  rd_kafka_mock_topic_set_error (rig->mock, rig->topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  c = cursor_new (rig, &all);
  do
    result = trib_kafka_cursor_next (c, soon (20000), &item, &error);
  while (result == LINK);
  g_assert_cmpint (result, ==, ERROR_RESULT);
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC);
  g_assert_nonnull (strstr (error->message, rig->topic));
}

static void
test_wait_for_topic (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  TribKafkaCursorConfig config
      = { .client.bootstrap_servers = rig->address, .topic = rig->topic, .wait_for_topic = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (TribKafkaCursor) c = trib_kafka_cursor_new (&config, &error);
  TribKafkaCursorItem item;
  TribKafkaCursorResult result;

  read_rig_produce_many (rig, 3, 0, 1, 100);
  rd_kafka_mock_topic_set_error (rig->mock, rig->topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  trib_kafka_cursor_seek (c, &all);
  do
    result = trib_kafka_cursor_next (c, soon (1500), &item, &error);
  while (result == LINK);
  g_assert_no_error (error);
  g_assert_cmpint (result, ==, TIMEOUT);
  rd_kafka_mock_topic_set_error (rig->mock, rig->topic, RD_KAFKA_RESP_ERR_NO_ERROR);
  expect_record (c, 3, 0, "0");
}

static void
test_no_partition (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  TribKafkaPosition at = { .partition = TRIB_KAFKA_BROKER_PARTITIONS };
  g_autoptr (TribKafkaCursor) c = cursor_new (rig, &at);
  TribKafkaCursorItem item;
  TribKafkaCursorResult result;
  g_autoptr (GError) error = NULL;

  do
    result = trib_kafka_cursor_next (c, soon (20000), &item, &error);
  while (result == LINK);
  g_assert_cmpint (result, ==, ERROR_RESULT);
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC);
}

static void
test_settings (void)
{
  static const gchar *const group[] = { "group.id", "mine", NULL };
  static const gchar *const unknown[] = { "no.such.option", "1", NULL };
  static const gchar *const secret[] = { "sasl.password", "hush", "socket.timeout.ms", "x", NULL };
  static const gchar *const *const lists[] = { group, unknown, secret };
  static const gchar *const words[] = { "group.id", "no.such.option", "socket.timeout.ms" };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    TribKafkaCursorConfig config
        = { .client = { .bootstrap_servers = "127.0.0.1:1", .options = lists[i] }, .topic = "t" };
    g_autoptr (GError) error = NULL;

    g_assert_null (trib_kafka_cursor_new (&config, &error));
    g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
    g_assert_nonnull (strstr (error->message, words[i]));
    g_assert_null (strstr (error->message, "hush"));
  }
  {
    TribKafkaCursorConfig config = { .client.bootstrap_servers = "127.0.0.1:1", .topic = "a b" };
    g_autoptr (GError) error = NULL;

    g_assert_null (trib_kafka_cursor_new (&config, &error));
    g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS);
  }
}

/* a value that was kept outlives the cursor, and the client ends with it */
static void
test_kept_value (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (GBytes) bytes = NULL, none = NULL;
  TribKafkaCursorItem item;
  TribKafkaCursor *c;

  read_rig_produce_many (rig, 0, 0, 1, 200000);
  read_rig_produce_many (rig, 0, 1, 1, 0);
  c = cursor_new (rig, &all);
  g_assert_cmpint (next_of (c, &item, FALSE), ==, RECORD);
  bytes = trib_kafka_message_steal_value (&item.message);
  g_assert_null (item.message.message);
  g_assert_cmpint (next_of (c, &item, FALSE), ==, RECORD);
  none = trib_kafka_message_steal_value (&item.message);
  g_assert_cmpuint (g_bytes_get_size (none), ==, 0);
  trib_kafka_cursor_free (c);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 200000);
  read_rig_check_value ("0", g_bytes_get_data (bytes, NULL), 200000);
}

/* a queue that is full does not cost a second once it is empty again, and a record above every
 * bound comes */
static void
test_small_bound (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  TribKafkaCursorConfig config
      = { .client = { .bootstrap_servers = rig->address, .max_queued_bytes = 65536 },
          .topic = rig->topic };
  g_autoptr (GError) error = NULL;
  g_autoptr (TribKafkaCursor) c = trib_kafka_cursor_new (&config, &error);

  g_assert_no_error (error);
  read_rig_produce_many (rig, 7, 0, 30, 50000);
  read_rig_produce_many (rig, 8, 0, 1, 2400000);
  trib_kafka_cursor_seek (c, &(TribKafkaPosition){ .partition = 7, .to_end = TRUE });
  for (guint i = 0; i < 30; i++) {
    g_autofree gchar *key = g_strdup_printf ("%u", i);
    expect_record (c, 7, i, key);
  }
  expect (c, END);
  trib_kafka_cursor_seek (c, &(TribKafkaPosition){ .partition = 8, .to_end = TRUE });
  expect_record (c, 8, 0, "0");
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/cursor/to-end", test_to_end);
  g_test_add_func ("/kafka/cursor/empty", test_empty);
  g_test_add_func ("/kafka/cursor/positions", test_positions);
  g_test_add_func ("/kafka/cursor/follow", test_follow);
  g_test_add_func ("/kafka/cursor/partition-by-partition", test_partition_by_partition);
  g_test_add_func ("/kafka/cursor/past-retention", test_past_retention);
  g_test_add_func ("/kafka/cursor/overtaken", test_overtaken);
  g_test_add_func ("/kafka/cursor/overtaken-beside-others", test_overtaken_beside_others);
  g_test_add_func ("/kafka/cursor/made-anew", test_made_anew);
  g_test_add_func ("/kafka/cursor/ARIA-5/outage", test_outage);
  g_test_add_func ("/kafka/cursor/broker-comes-later", test_broker_comes_later);
  g_test_add_func ("/kafka/cursor/flush", test_flush);
  g_test_add_func ("/kafka/cursor/faults", test_faults);
  g_test_add_func ("/kafka/cursor/no-topic", test_no_topic);
  g_test_add_func ("/kafka/cursor/wait-for-topic", test_wait_for_topic);
  g_test_add_func ("/kafka/cursor/no-partition", test_no_partition);
  g_test_add_func ("/kafka/cursor/settings", test_settings);
  g_test_add_func ("/kafka/cursor/kept-value", test_kept_value);
  g_test_add_func ("/kafka/cursor/small-bound", test_small_bound);
  return read_rig_run_tests ();
}
