/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-frames.h"

G_BEGIN_DECLS

/* Looks for the youngest and the oldest frame of a stream at the ends of the partitions: how long a
 * recording is.
 * One thread drives it; set_flushing() is for any. */

typedef struct _TribKafkaTail TribKafkaTail;

TribKafkaTail *trib_kafka_tail_new (const TribKafkaFramesConfig *config, GError **error);
void trib_kafka_tail_free (TribKafkaTail *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaTail, trib_kafka_tail_free)

gboolean trib_kafka_tail_find (
    TribKafkaTail *t, gint32 partition, gint64 deadline, gint64 *ret_t_ns);
gboolean trib_kafka_tail_find_oldest (
    TribKafkaTail *t, gint32 partition, gint64 deadline, gint64 *ret_t_ns);
void trib_kafka_tail_set_flushing (TribKafkaTail *t, gboolean flushing);

G_END_DECLS
