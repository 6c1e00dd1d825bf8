/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kafkabinarysink-rig.h"

static SinkRig *
rig_alloc (void)
{
  SinkRig *rig = g_new0 (SinkRig, 1);

  rig->watchdog = trib_watchdog_new (60);
  return rig;
}

static void
rig_begin (SinkRig *rig, const gchar *element, const gchar *servers, const gchar *properties)
{
  g_autofree gchar *line = g_strdup_printf (
      "%s bootstrap-servers=%s %s", element, servers, properties ? properties : "");

  rig->h = gst_harness_new_parse (line);
  rig->sink = gst_harness_find_element (rig->h, element);
  g_assert_nonnull (rig->sink);
  rig->bus = gst_bus_new ();
  gst_element_set_bus (rig->h->element, rig->bus);
}

SinkRig *
sink_rig_new (const gchar *properties)
{
  return sink_rig_new_element ("kafkabinarysink", properties);
}

SinkRig *
sink_rig_new_element (const gchar *element, const gchar *properties)
{
  SinkRig *rig = rig_alloc ();

  rig_begin (rig, element, "in-process", properties);
  return rig;
}

/* the cluster's thread sleeps up to a second unless its sockets have something to do */
static gpointer
nudge (gpointer data)
{
  SinkRig *rig = data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  g_socket_client_set_enable_proxy (client, FALSE);
  while (g_atomic_int_get (&rig->nudging)) {
    g_autoptr (GSocketConnection) connection
        = g_socket_client_connect_to_host (client, rig->address, 0, NULL, NULL);
    trib_test_pause ();
  }
  return NULL;
}

SinkRig *
sink_rig_new_mock (const gchar *properties)
{
  return sink_rig_new_mock_element ("kafkabinarysink", properties);
}

SinkRig *
sink_rig_new_mock_element (const gchar *element, const gchar *properties)
{
  SinkRig *rig = rig_alloc ();
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  gchar why[256] = "";

  rd_kafka_conf_set_log_cb (conf, NULL);
  rig->host = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (rig->host);
  rig->mock = rd_kafka_mock_cluster_new (rig->host, 1);
  rig->address = g_strdup (rd_kafka_mock_cluster_bootstraps (rig->mock));
  rig->nudging = TRUE;
  rig->nudger = g_thread_new ("nudge", nudge, rig);
  rig_begin (rig, element, rig->address, properties);
  return rig;
}

void
sink_rig_free (SinkRig *rig)
{
  gst_bus_set_flushing (rig->bus, TRUE);
  gst_element_set_bus (rig->h->element, NULL);
  g_list_free_full (rig->messages, (GDestroyNotify) gst_message_unref);
  gst_clear_object (&rig->sink);
  gst_harness_teardown (rig->h);
  gst_object_unref (rig->bus);
  if (rig->mock) {
    rd_kafka_mock_cluster_destroy (rig->mock);
    g_atomic_int_set (&rig->nudging, FALSE);
    g_thread_join (rig->nudger);
    rd_kafka_destroy (rig->host);
  }
  g_free (rig->address);
  trib_watchdog_free (rig->watchdog);
  g_free (rig);
}

void
sink_rig_down (SinkRig *rig)
{
  rd_kafka_mock_broker_set_down (rig->mock, -1);
}

void
sink_rig_up (SinkRig *rig)
{
  rd_kafka_mock_broker_set_up (rig->mock, -1);
}

guint64
sink_rig_stat (SinkRig *rig, const gchar *field)
{
  g_autoptr (GstStructure) stats = trib_element_stats (rig->sink);

  sink_rig_assert_closed (rig);
  return trib_structure_uint64 (stats, field);
}

void
sink_rig_assert_closed (SinkRig *rig)
{
  g_autoptr (GstStructure) s = trib_element_stats (rig->sink);

  g_assert_cmpuint (trib_structure_uint64 (s, "produced"), ==,
      trib_structure_uint64 (s, "acknowledged") + trib_structure_uint64 (s, "failed")
          + trib_structure_uint64 (s, "dropped") + trib_structure_uint64 (s, "pending"));
}

GPtrArray *
sink_rig_read (SinkRig *rig, const gchar *topic)
{
  g_autofree gchar *address = NULL;

  g_object_get (rig->sink, "broker-address", &address, NULL);
  return rig_read_topic (address, topic);
}

GstBuffer *
sink_rig_buffer (gsize size, guint8 fill)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (buffer, 0, fill, -1);
  return buffer;
}

void
sink_rig_push_ok (SinkRig *rig, gsize size)
{
  g_assert_cmpint (gst_harness_push (rig->h, sink_rig_buffer (size, 7)), ==, GST_FLOW_OK);
}

GstMessage *
sink_rig_pop (SinkRig *rig, GstMessageType types, const gchar *name)
{
  GstMessage *message;

  while ((message = gst_bus_pop (rig->bus)))
    rig->messages = g_list_append (rig->messages, message);
  for (GList *link = rig->messages; link; link = link->next) {
    message = link->data;
    if ((GST_MESSAGE_TYPE (message) & types)
        && (name == NULL || gst_message_has_name (message, name))) {
      rig->messages = g_list_delete_link (rig->messages, link);
      return message;
    }
  }
  return NULL;
}

guint
sink_rig_count_messages (SinkRig *rig, GstMessageType types, GstMessage **ret_last)
{
  GstMessage *message;
  guint n = 0;

  while ((message = sink_rig_pop (rig, types, NULL))) {
    n++;
    if (ret_last)
      gst_clear_message (ret_last);
    if (ret_last)
      *ret_last = message;
    else
      gst_message_unref (message);
  }
  return n;
}
