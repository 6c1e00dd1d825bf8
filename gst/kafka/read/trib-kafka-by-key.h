/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-fetch.h"

G_BEGIN_DECLS

/* Records of one topic by keys, asked for in nearly the order in which they were written: what
 * entries and metadata of producers that name no offsets are linked by (ARIA-40). One thread drives
 * it; set_flushing() is for any. */

typedef struct _TribKafkaByKey TribKafkaByKey;

TribKafkaByKey *trib_kafka_by_key_new (
    const TribKafkaCursorConfig *config, guint64 max_bytes, gboolean keep, GError **error);
void trib_kafka_by_key_free (TribKafkaByKey *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaByKey, trib_kafka_by_key_free)

TribKafkaFetchResult trib_kafka_by_key_get (TribKafkaByKey *k, const gchar *key, gint64 t_ms,
    gint64 deadline, TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error);
void trib_kafka_by_key_reset (TribKafkaByKey *k);
void trib_kafka_by_key_set_flushing (TribKafkaByKey *k, gboolean flushing);
const gchar *trib_kafka_by_key_get_trouble (const TribKafkaByKey *k);

G_END_DECLS
