/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broker-rig.h"

#include <trib-test.h>

static gint nudging;

/* The mock cluster's thread sleeps up to a second before it takes a request such as "broker down",
 * unless its sockets have something to do. */
static gpointer
nudge_thread (gpointer data)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  g_socket_client_set_enable_proxy (client, FALSE);
  while (g_atomic_int_get (&nudging)) {
    g_autoptr (GSocketConnection) connection
        = g_socket_client_connect_to_host (client, data, 0, NULL, NULL);
    trib_test_pause ();
  }
  return NULL;
}

int
broker_rig_run_tests (TribKafkaBroker **ret_broker)
{
  g_autoptr (GError) error = NULL;
  GThread *thread;
  int status;

  *ret_broker = trib_kafka_broker_acquire (&error);
  g_assert_no_error (error);
  g_atomic_int_set (&nudging, TRUE);
  thread = g_thread_new (
      "nudge", nudge_thread, (gpointer) trib_kafka_broker_get_address (*ret_broker));
  status = trib_test_run ();
  g_atomic_int_set (&nudging, FALSE);
  g_thread_join (thread);
  trib_kafka_broker_release (*ret_broker);
  return status;
}
