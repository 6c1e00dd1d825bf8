/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records by key (ARIA-40): a record that is there is found, however slow the broker is and
 * whatever its neighbours lack. */
#include "read-rig.h"

#include <kafka/read/trib-kafka-by-key.h>

#include <string.h>

#define T_MS G_GINT64_CONSTANT (1722513600000)
/* the broker inside the process keeps 5 MB of a partition */
#define SIZE 30000
#define MAX_BYTES (512 * 1024)

static TribKafkaByKey *
finder_new (ReadRig *rig, gboolean by_time, gboolean follow)
{
  g_autoptr (GError) error = NULL;
  const TribKafkaCursorConfig config = {
    .client.bootstrap_servers = rig->address,
    .topic = rig->topic,
    .in_process = !by_time,
    .wait_for_topic = follow,
  };
  TribKafkaByKey *k = trib_kafka_by_key_new (&config, MAX_BYTES, FALSE, &error);

  g_assert_no_error (error);
  return k;
}

static gchar *
key_of (const gchar *session, guint index)
{
  return g_strdup_printf (
      "%s_cam_%u_%" G_GINT64_FORMAT, session, index, (T_MS + index * 33) * 1000000);
}

static void
write_record (ReadRig *rig, const gchar *session, guint index, gsize size)
{
  g_autofree gchar *key = key_of (session, index);

  read_rig_produce (rig, rig->topic, index % 3, key, size, T_MS + index * 33);
}

/* @t_ms: of the entry that names it */
static gboolean
find_at (TribKafkaByKey *k, const gchar *session, guint index, gint64 t_ms)
{
  g_autofree gchar *key = key_of (session, index);
  g_autoptr (GError) error = NULL;
  g_auto (TribKafkaMessage) m = { 0 };
  TribKafkaFetchResult result;
  TribLinkEvent link;

  do
    result = trib_kafka_by_key_get (k, key, t_ms, -1, &m, &link, &error);
  while (result == TRIB_KAFKA_FETCH_LINK);
  g_assert_no_error (error);
  if (result == TRIB_KAFKA_FETCH_MISSING)
    return FALSE;
  g_assert_cmpint (result, ==, TRIB_KAFKA_FETCH_FOUND);
  g_assert_cmpint (m.partition, ==, index % 3);
  if (m.value == NULL)
    return TRUE;
  g_assert_cmpmem (m.key, m.key_len, key, strlen (key));
  read_rig_check_value (key, m.value, m.value_len);
  return TRUE;
}

static gboolean
find (TribKafkaByKey *k, const gchar *session, guint index)
{
  return find_at (k, session, index, T_MS + index * 33);
}

/* the answers of a broker that has much to do arrive after seconds */
static void
test_slow_broker (gconstpointer data)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaByKey) k = finder_new (rig, FALSE, GPOINTER_TO_INT (data));

  for (guint i = 0; i < 20; i++)
    write_record (rig, "s", i, 1000);
  rd_kafka_mock_broker_push_request_error_rtts (
      rig->mock, 1, READ_RIG_FETCH, 1, RD_KAFKA_RESP_ERR_NO_ERROR, 3000);
  for (guint i = 0; i < 20; i++)
    g_assert_true (find (k, "s", i));
  g_assert_false (find (k, "s", 20));
}

/* nor does a broker that does not say where the topic begins and ends */
static void
test_no_answer (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaByKey) k = finder_new (rig, FALSE, FALSE);

  write_record (rig, "s", 0, 1000);
  rd_kafka_mock_push_request_errors (rig->mock, READ_RIG_LIST_OFFSETS, 4,
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  g_assert_true (find (k, "s", 0));
}

/* one that was never written costs none of those after it, though they are more than can be held;
 * records of other streams take no room */
static void
test_neighbour_missing (gconstpointer data)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaByKey) k = finder_new (rig, FALSE, GPOINTER_TO_INT (data));

  for (guint i = 0; i < 60; i++) {
    g_autofree gchar *other = g_strdup_printf ("s_other_%u_1722513600000000000", i);
    if (i % 30 != 7)
      write_record (rig, "s", i, SIZE);
    read_rig_produce (rig, rig->topic, 0, other, SIZE, T_MS + i * 33);
  }
  for (guint i = 0; i < 60; i++)
    g_assert_cmpint (find (k, "s", i), ==, i % 30 != 7);
}

/* the frames of one session after those of another that lie between them */
static void
test_two_sessions (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaByKey) k = finder_new (rig, FALSE, FALSE);

  for (guint i = 0; i < 30; i++) {
    write_record (rig, "a", i, SIZE);
    write_record (rig, "b", i, SIZE);
  }
  for (guint i = 0; i < 30; i++)
    g_assert_true (find (k, "a", i));
  for (guint i = 0; i < 30; i++)
    g_assert_true (find (k, "b", i));
}

/* timestamps of the two topics are of different clocks: the broker finds nothing of that time */
static void
test_other_clock (void)
{
  g_autoptr (ReadRig) rig = read_rig_new ();
  g_autoptr (TribKafkaByKey) k = finder_new (rig, TRUE, FALSE);

  for (guint i = 0; i < 30; i++)
    if (i != 20)
      write_record (rig, "s", i, 1000);
  for (guint i = 0; i < 30; i++)
    g_assert_cmpint (find_at (k, "s", i, T_MS + 7200000 + i * 33), ==, i != 20);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_data_func (
      "/kafka/by-key/ARIA-40/slow-broker/end", GINT_TO_POINTER (FALSE), test_slow_broker);
  g_test_add_data_func (
      "/kafka/by-key/ARIA-40/slow-broker/follow", GINT_TO_POINTER (TRUE), test_slow_broker);
  g_test_add_func ("/kafka/by-key/ARIA-40/no-answer", test_no_answer);
  g_test_add_data_func ("/kafka/by-key/ARIA-40/neighbour-missing/end", GINT_TO_POINTER (FALSE),
      test_neighbour_missing);
  g_test_add_data_func ("/kafka/by-key/ARIA-40/neighbour-missing/follow", GINT_TO_POINTER (TRUE),
      test_neighbour_missing);
  g_test_add_func ("/kafka/by-key/ARIA-40/two-sessions", test_two_sessions);
  g_test_add_func ("/kafka/by-key/ARIA-40/other-clock", test_other_clock);
  return read_rig_run_tests ();
}
