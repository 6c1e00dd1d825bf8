/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/layout/trib-kafka-layout.h>
#include "trib-kafka-candidate.h"

G_BEGIN_DECLS

/* Where frames of a capture time begin in topics whose records are older than what they hold: no
 * record has a timestamp of the future, and a broker may stamp records by a clock of its own. One
 * thread drives it; set_flushing() is for any. */

typedef struct _TribKafkaEarlier TribKafkaEarlier;

TribKafkaEarlier *trib_kafka_earlier_new (
    const TribKafkaConsumerConfig *client, const gchar *topic, gboolean is_registry);
void trib_kafka_earlier_free (TribKafkaEarlier *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaEarlier, trib_kafka_earlier_free)

gint64 trib_kafka_earlier_find (TribKafkaEarlier *e, gint32 partition, gint64 low, gint64 position,
    gint64 t_ns, gint64 deadline);
void trib_kafka_earlier_set_flushing (TribKafkaEarlier *e, gboolean flushing);

G_END_DECLS
