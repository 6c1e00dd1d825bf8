/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <frame/trib-frame-meta.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <kafka-reader.h>
#include <trib-gst-test.h>

/* A harness around kafkabinarysink, or another Kafka sink, with a bus, and a broker of the test's
 * own that can be taken away: librdkafka's mock cluster. */
typedef struct {
  TribWatchdog *watchdog;
  GstHarness *h;
  GstElement *sink;
  GstBus *bus;
  GList *messages; /* taken from the bus, not asked for yet */
  /* with sink_rig_new_mock() */
  rd_kafka_t *host;
  rd_kafka_mock_cluster_t *mock;
  gchar *address;
  GThread *nudger;
  gint nudging; /* atomic */
} SinkRig;

/* bootstrap-servers=in-process; the harness plays */
SinkRig *sink_rig_new (const gchar *properties);
/* a mock cluster of the test's own */
SinkRig *sink_rig_new_mock (const gchar *properties);
/* the same around another sink */
SinkRig *sink_rig_new_element (const gchar *element, const gchar *properties);
SinkRig *sink_rig_new_mock_element (const gchar *element, const gchar *properties);
void sink_rig_free (SinkRig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SinkRig, sink_rig_free)

void sink_rig_down (SinkRig *rig);
void sink_rig_up (SinkRig *rig);
guint64 sink_rig_stat (SinkRig *rig, const gchar *field);
void sink_rig_assert_closed (SinkRig *rig);
/* (element-type RigRecord) */
GPtrArray *sink_rig_read (SinkRig *rig, const gchar *topic);
GstBuffer *sink_rig_buffer (gsize size, guint8 fill);
void sink_rig_push_ok (SinkRig *rig, gsize size);
/* (nullable): the oldest message of these types, and of that structure's name when one is given */
GstMessage *sink_rig_pop (SinkRig *rig, GstMessageType types, const gchar *name);
/* how many messages of these types came so far; takes them */
guint sink_rig_count_messages (SinkRig *rig, GstMessageType types, GstMessage **ret_last);
