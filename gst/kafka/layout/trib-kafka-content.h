/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/read/trib-kafka-message.h>

G_BEGIN_DECLS

/* What a record holds: JSON or MessagePack. */

#define TRIB_KAFKA_CONTENT_JSON "application/json"
#define TRIB_KAFKA_CONTENT_MSGPACK "application/x-msgpack"

const gchar *trib_kafka_content_of_type (const gchar *type);
const gchar *trib_kafka_content_sniff (gconstpointer data, gsize size);
const gchar *trib_kafka_content_of (const TribKafkaMessage *m);

G_END_DECLS
