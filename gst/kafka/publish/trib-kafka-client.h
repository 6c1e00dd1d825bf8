/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/client/trib-kafka-config.h>

G_BEGIN_DECLS

/* The producer that publishers of equal settings share: one connection, one bound on memory, one
 * I/O thread, one lock. See docs/internals/kafka-client.md. */

typedef struct _TribKafkaClient TribKafkaClient;

guint trib_kafka_client_count (void);

G_END_DECLS
