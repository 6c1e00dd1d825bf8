/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/layout/trib-kafka-layout.h>
#include "trib-kafka-candidate.h"
#include "trib-kafka-fetch.h"

G_BEGIN_DECLS

/* What frames of producers that name no places (ARIA-40) need: their bytes and their metadata by
 * key, and which part of a key is the stream. Its clients are made when they are needed first. One
 * thread drives it; set_flushing() is for any. */

typedef struct _TribKafkaKeyed TribKafkaKeyed;

TribKafkaKeyed *trib_kafka_keyed_new (
    const TribKafkaCursorConfig *config, const gchar *const *topics, guint64 max_bytes);
void trib_kafka_keyed_free (TribKafkaKeyed *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaKeyed, trib_kafka_keyed_free)

TribKafkaFetchResult trib_kafka_keyed_get_bytes (TribKafkaKeyed *k, const TribKafkaCandidate *s,
    gint64 deadline, TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error);
TribKafkaFetchResult trib_kafka_keyed_get_metadata (TribKafkaKeyed *k, const TribKafkaCandidate *s,
    gint64 deadline, TribKafkaMessage *ret_message, TribLinkEvent *ret_link);
TribKafkaFetchResult trib_kafka_keyed_resolve_names (TribKafkaKeyed *k, TribKafkaCandidate *s,
    const gchar *wanted_stream, gint64 deadline, TribLinkEvent *ret_link);
gboolean trib_kafka_keyed_lacks_metadata (const TribKafkaKeyed *k);
const gchar *trib_kafka_keyed_get_trouble (const TribKafkaKeyed *k, gboolean bytes);
void trib_kafka_keyed_reset (TribKafkaKeyed *k);
void trib_kafka_keyed_set_flushing (TribKafkaKeyed *k, gboolean flushing);

G_END_DECLS
