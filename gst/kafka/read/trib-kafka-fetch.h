/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-cursor.h"

G_BEGIN_DECLS

/* Records of one topic by their places, asked for in nearly the order in which they lie: it reads
 * on, and seeks only where a place is behind or far ahead. One thread drives it; set_flushing() is
 * for any. */

typedef enum {
  TRIB_KAFKA_FETCH_FOUND,
  TRIB_KAFKA_FETCH_EXPIRED,    /* removed by retention */
  TRIB_KAFKA_FETCH_MISSING,    /* there is no record at that place */
  TRIB_KAFKA_FETCH_UNREADABLE, /* the record is damaged */
  TRIB_KAFKA_FETCH_LINK,       /* the connection has changed; ask again */
  TRIB_KAFKA_FETCH_NO_TOPIC,   /* there is no such topic yet; ask again */
  TRIB_KAFKA_FETCH_TIMEOUT,    /* not up to the deadline; ask again */
  TRIB_KAFKA_FETCH_FLUSHING,
  TRIB_KAFKA_FETCH_ERROR,
} TribKafkaFetchResult;

typedef struct _TribKafkaFetch TribKafkaFetch;

TribKafkaFetch *trib_kafka_fetch_new (
    const TribKafkaCursorConfig *config, guint64 max_bytes, GError **error);
void trib_kafka_fetch_free (TribKafkaFetch *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaFetch, trib_kafka_fetch_free)

TribKafkaFetchResult trib_kafka_fetch_get (TribKafkaFetch *f, gint32 partition, gint64 offset,
    gint64 deadline, TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error);
TribKafkaFetchResult trib_kafka_fetch_poll (
    TribKafkaFetch *f, TribLinkEvent *ret_link, GError **error);
void trib_kafka_fetch_set_flushing (TribKafkaFetch *f, gboolean flushing);
const gchar *trib_kafka_fetch_get_trouble (const TribKafkaFetch *f);

G_END_DECLS
