/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-sighting.h"

G_BEGIN_DECLS

/* Puts what partitions hold in order of the records' timestamps; each partition keeps its own order. What is
 * first may go once every other partition has something later, or nothing more at present. Bounded
 * in bytes: above the bound the first of those that are there goes. Pure, one thread. */

typedef struct _TribKafkaMerge TribKafkaMerge;

TribKafkaMerge *trib_kafka_merge_new (guint64 max_bytes);
void trib_kafka_merge_free (TribKafkaMerge *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaMerge, trib_kafka_merge_free)

void trib_kafka_merge_reset (TribKafkaMerge *m);
void trib_kafka_merge_set_n_partitions (TribKafkaMerge *m, gint32 n_partitions);
gint32 trib_kafka_merge_get_n_partitions (const TribKafkaMerge *m);
/* @s: (transfer full) */
void trib_kafka_merge_add (TribKafkaMerge *m, gint32 partition, TribKafkaSighting *s);
void trib_kafka_merge_passed (TribKafkaMerge *m, gint32 partition, gint64 t_ms);
void trib_kafka_merge_set_idle (TribKafkaMerge *m, gint32 partition, gboolean idle);
void trib_kafka_merge_set_all_idle (TribKafkaMerge *m);
TribKafkaSighting *trib_kafka_merge_take (TribKafkaMerge *m);
guint64 trib_kafka_merge_get_bytes (const TribKafkaMerge *m);
guint trib_kafka_merge_get_length (const TribKafkaMerge *m);

G_END_DECLS
