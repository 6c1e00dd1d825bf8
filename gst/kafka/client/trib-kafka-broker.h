/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The broker inside the process: librdkafka's mock cluster, for the first run, for launch lines and
 * for tests that inject faults. It keeps about 5 MiB a partition and nothing on disk. */

#define TRIB_KAFKA_BROKER_PARTITIONS 16
#define TRIB_KAFKA_BROKER_RETENTION_BYTES (5 * 1024 * 1024)

typedef struct _TribKafkaBroker TribKafkaBroker;

TribKafkaBroker *trib_kafka_broker_acquire (GError **error);
void trib_kafka_broker_release (TribKafkaBroker *broker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaBroker, trib_kafka_broker_release)
const gchar *trib_kafka_broker_get_address (TribKafkaBroker *broker);
void trib_kafka_broker_add_topic (TribKafkaBroker *broker, const gchar *topic);
/* fault injection, for tests: @broker's mock cluster as rd_kafka_mock_cluster_t */
gpointer trib_kafka_broker_get_mock (TribKafkaBroker *broker);

G_END_DECLS
