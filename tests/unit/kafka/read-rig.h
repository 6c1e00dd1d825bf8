/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/client/trib-kafka-broker.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <trib-test.h>

/* The broker inside the process, a topic of the test's own, and a plain producer: for what reads.
 */

#define READ_RIG_FETCH 1 /* Kafka's numbers for requests */
#define READ_RIG_LIST_OFFSETS 2
#define READ_RIG_METADATA 3

typedef struct {
  TribKafkaBroker *broker;
  rd_kafka_mock_cluster_t *mock;
  const gchar *address;
  gchar *topic;
  rd_kafka_t *producer;
  TribWatchdog *watchdog;
} ReadRig;

/* trib_test_run() with a broker */
int read_rig_run_tests (void);

ReadRig *read_rig_new (void);
void read_rig_free (ReadRig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReadRig, read_rig_free)

void read_rig_down (ReadRig *rig);
void read_rig_up (ReadRig *rig);
/* one record; returns when the broker has it. The value is @size bytes of read_rig_byte(). */
void read_rig_produce (
    ReadRig *rig, const gchar *topic, gint32 partition, const gchar *key, gsize size, gint64 t_ms);
/* @n records of a partition with keys "0", "1"...; timestamps 1000000 + 1000 times their number */
void read_rig_produce_many (ReadRig *rig, gint32 partition, guint first, guint n, gsize size);
guint8 read_rig_byte (const gchar *key, gsize at);
void read_rig_check_value (const gchar *key, const guint8 *value, gsize size);
