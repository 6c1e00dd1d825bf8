/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-broker.h"

#include <gio/gio.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "trib-kafka-config.h"

/* One in a process, so that several elements of a pipeline meet at it. */
struct _TribKafkaBroker {
  guint n_users;
  rd_kafka_t *host; /* owns the cluster's thread */
  rd_kafka_mock_cluster_t *cluster;
};

static GMutex the_lock;
static TribKafkaBroker *the_broker;

/* While a request to the cluster's thread lasts: connects to it again and again. That thread sleeps
 * up to a second unless its sockets have something to do: its queue of requests wakes it only once
 * (librdkafka 2.0.2). */
typedef struct {
  const gchar *address;
  gint done; /* atomic */
} BrokerNudge;

static gpointer
nudge_thread (gpointer data)
{
  BrokerNudge *nudge = data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  g_socket_client_set_enable_proxy (client, FALSE);
  while (!g_atomic_int_get (&nudge->done)) {
    g_autoptr (GSocketConnection) connection
        = g_socket_client_connect_to_host (client, nudge->address, 0, NULL, NULL);
    g_usleep (1000);
  }
  return NULL;
}

static GThread *
nudge_begin (BrokerNudge *nudge, const gchar *address)
{
  nudge->address = address;
  nudge->done = FALSE;
  return g_thread_new ("kafka-nudge", nudge_thread, nudge);
}

static void
nudge_end (BrokerNudge *nudge, GThread *thread)
{
  g_atomic_int_set (&nudge->done, TRUE);
  g_thread_join (thread);
}

/**
 * trib_kafka_broker_acquire:
 * @error: return location
 *
 * Starts the process's broker, or shares the one that runs. Any thread.
 *
 * Returns: (transfer full): to be given back with trib_kafka_broker_release(); the last one ends it
 */
TribKafkaBroker *
trib_kafka_broker_acquire (GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&the_lock);
  gchar why[256] = "";
  rd_kafka_conf_t *conf;
  rd_kafka_t *host;

  if (the_broker) {
    the_broker->n_users++;
    return the_broker;
  }
  conf = rd_kafka_conf_new ();
  rd_kafka_conf_set (conf, "client.id", "gst-tributary-in-process-broker", NULL, 0);
  rd_kafka_conf_set_log_cb (conf, NULL);
  host = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (host == NULL) {
    rd_kafka_conf_destroy (conf);
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FATAL,
        "the in-process broker cannot start: %s", why);
    return NULL;
  }
  the_broker = g_new0 (TribKafkaBroker, 1);
  the_broker->n_users = 1;
  the_broker->host = host;
  the_broker->cluster = rd_kafka_mock_cluster_new (host, 1);
  return the_broker;
}

/**
 * trib_kafka_broker_release:
 * @broker: (transfer full) (nullable): a broker
 *
 * Gives one use back; with the last one the broker and all that it holds are gone.
 */
void
trib_kafka_broker_release (TribKafkaBroker *broker)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&the_lock);
  g_autofree gchar *address = NULL;
  GThread *thread;
  BrokerNudge nudge;

  if (broker == NULL || --broker->n_users > 0)
    return;
  the_broker = NULL;
  address = g_strdup (trib_kafka_broker_get_address (broker));
  thread = nudge_begin (&nudge, address);
  rd_kafka_mock_cluster_destroy (broker->cluster);
  nudge_end (&nudge, thread);
  rd_kafka_destroy (broker->host);
  g_free (broker);
}

/**
 * trib_kafka_broker_get_address:
 *
 * Returns: (transfer none): HOST:PORT on the loopback interface, for any Kafka client of this
 * machine
 */
const gchar *
trib_kafka_broker_get_address (TribKafkaBroker *broker)
{
  return rd_kafka_mock_cluster_bootstraps (broker->cluster);
}

/**
 * trib_kafka_broker_add_topic:
 *
 * Makes a topic of %TRIB_KAFKA_BROKER_PARTITIONS partitions unless it is there.
 */
void
trib_kafka_broker_add_topic (TribKafkaBroker *broker, const gchar *topic)
{
  BrokerNudge nudge;
  GThread *thread = nudge_begin (&nudge, trib_kafka_broker_get_address (broker));

  rd_kafka_mock_topic_create (broker->cluster, topic, TRIB_KAFKA_BROKER_PARTITIONS, 1);
  nudge_end (&nudge, thread);
}

gpointer
trib_kafka_broker_get_mock (TribKafkaBroker *broker)
{
  return broker->cluster;
}
