/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-scan.h"
#include <kafka/client/trib-kafka-secrets.h>

#include <librdkafka/rdkafka.h>

G_BEGIN_DECLS

/* What the parts of the scan share; nobody else includes this.
 *
 *   trib-kafka-scan.c         reading: follow, ends, settling, balance between the topics
 *   trib-kafka-scan-config.c  librdkafka's options: ours, the caller's, the refused ones
 *   trib-kafka-scan-query.c   questions to the broker, and what it means when there is no answer
 */

#define N_TOPICS TRIB_KAFKA_VERIFY_N_TOPICS

typedef struct {
  gint64 position;  /* next offset to hand on */
  gint64 end;       /* to be read up to here */
  gboolean started; /* being fetched */
  gboolean at_end;  /* the broker said so, and nothing came since */
  guint resets;
} Part;

typedef struct {
  rd_kafka_topic_t *handle;
  gchar *name;
  Part *parts; /* by partition number */
  gint32 n_parts;
  gboolean paused;
} Topic;

struct _TribKafkaScan {
  rd_kafka_t *client;
  rd_kafka_queue_t *queue;
  gchar *address;
  TribKafkaSecrets *secrets; /* among the client's options */
  guint timeout_ms;
  guint settle_ms;
  Topic topics[N_TOPICS];
  TribKafkaVerify *verify; /* not owned */

  TribKafkaScanTick tick;
  gpointer tick_data;
  gboolean wants_end;
  gboolean has_followed;
  gboolean registry_closed;
  guint balance_at;
  gint behind;          /* the topic that the others are held back for, -1: none */
  gint64 last_progress; /* monotonic, us */
  gint64 last_sweep;
  gchar *trouble; /* the client's last error since there was progress */
};

rd_kafka_conf_t *trib_kafka_scan_make_conf (
    TribKafkaScan *s, const TribKafkaScanConfig *config, GError **error);
void trib_kafka_scan_set_trouble (TribKafkaScan *s, const gchar *text);
gboolean trib_kafka_scan_query_partitions (
    TribKafkaScan *s, Topic *t, gint32 *ret_n, GError **error);
gboolean trib_kafka_scan_query_range (TribKafkaScan *s, const Topic *t, gint32 partition,
    gint64 *ret_low, gint64 *ret_high, GError **error);
gboolean trib_kafka_scan_fail_topic (
    const TribKafkaScan *s, const Topic *t, rd_kafka_resp_err_t code, GError **error);

G_END_DECLS
