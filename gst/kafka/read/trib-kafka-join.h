/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-cursor.h"

G_BEGIN_DECLS

/* Records of one topic by their places, asked for in nearly the order in which they lie: it reads on, and seeks only
 * where a place is behind or far ahead. One thread drives it; set_flushing() is for any. */

typedef enum {
  TRIB_KAFKA_JOIN_FOUND,
  TRIB_KAFKA_JOIN_EXPIRED,    /* retention has passed it */
  TRIB_KAFKA_JOIN_MISSING,    /* there is no record at that place */
  TRIB_KAFKA_JOIN_UNREADABLE, /* the record is damaged */
  TRIB_KAFKA_JOIN_LINK,       /* the connection has changed; ask again */
  TRIB_KAFKA_JOIN_TIMEOUT,    /* not up to the deadline; ask again */
  TRIB_KAFKA_JOIN_FLUSHING,
  TRIB_KAFKA_JOIN_ERROR,
} TribKafkaJoinResult;

typedef struct _TribKafkaJoin TribKafkaJoin;

TribKafkaJoin *trib_kafka_join_new (
    const TribKafkaCursorConfig *config, guint64 max_bytes, GError **error);
void trib_kafka_join_free (TribKafkaJoin *j);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaJoin, trib_kafka_join_free)

TribKafkaJoinResult trib_kafka_join_get (TribKafkaJoin *j, gint32 partition, gint64 offset,
    gint64 deadline, TribKafkaMessage *ret_message, TribLinkEvent *ret_link, GError **error);
TribKafkaJoinResult trib_kafka_join_poll (
    TribKafkaJoin *j, TribLinkEvent *ret_link, GError **error);
void trib_kafka_join_set_flushing (TribKafkaJoin *j, gboolean flushing);
const gchar *trib_kafka_join_get_trouble (const TribKafkaJoin *j);
guint64 trib_kafka_join_get_seeks (const TribKafkaJoin *j);

G_END_DECLS
