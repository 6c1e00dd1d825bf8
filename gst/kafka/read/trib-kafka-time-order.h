/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-candidate.h"

G_BEGIN_DECLS

/* Puts what partitions hold in order of the records' timestamps; each partition keeps its own
 * order. The first may be taken once every other partition has a later one, or nothing more at
 * present. Bounded in bytes: above the bound the first of those that are held is taken. Pure, one
 * thread. */

typedef struct _TribKafkaTimeOrder TribKafkaTimeOrder;

TribKafkaTimeOrder *trib_kafka_time_order_new (guint64 max_bytes);
void trib_kafka_time_order_free (TribKafkaTimeOrder *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaTimeOrder, trib_kafka_time_order_free)

void trib_kafka_time_order_reset (TribKafkaTimeOrder *o);
void trib_kafka_time_order_set_n_partitions (TribKafkaTimeOrder *o, gint32 n_partitions);
gint32 trib_kafka_time_order_get_n_partitions (const TribKafkaTimeOrder *o);
/* @s: (transfer full) */
void trib_kafka_time_order_add (TribKafkaTimeOrder *o, gint32 partition, TribKafkaCandidate *s);
void trib_kafka_time_order_passed (TribKafkaTimeOrder *o, gint32 partition, gint64 t_ms);
void trib_kafka_time_order_set_idle (TribKafkaTimeOrder *o, gint32 partition, gboolean idle);
void trib_kafka_time_order_set_all_idle (TribKafkaTimeOrder *o);
TribKafkaCandidate *trib_kafka_time_order_take (TribKafkaTimeOrder *o);
guint trib_kafka_time_order_get_length (const TribKafkaTimeOrder *o);

G_END_DECLS
