/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-verify.h"

#include <kafka/read/trib-kafka-consumer.h>

G_BEGIN_DECLS

/* Reads the three topics from their beginning into a TribKafkaVerify: to the present end, or
 * following. A cursor for each topic; nothing is committed and nothing is created on the broker.
 * The I/O object of the verifier; all calls from one thread. Errors are of TRIB_KAFKA_ERROR. */

/**
 * TribKafkaScanConfig:
 * @bootstrap_servers: HOST:PORT, several with commas
 * @topics: names of the metadata, binary and registry topics, all different
 * @runs_topic: (nullable): name of the topic of runs, which need not exist
 * @client_options: (nullable) (array zero-terminated=1): names and values of librdkafka's options
 *   in turn
 * @timeout_ms: how long to wait for an answer, and for progress
 * @settle_ms: how long to wait at the end for entries of frames that are in flight
 * @log: (nullable): lines of the clients' logs, when @client_options have "debug"
 */
typedef struct {
  const gchar *bootstrap_servers;
  const gchar *topics[TRIB_KAFKA_VERIFY_N_TOPICS];
  const gchar *runs_topic;
  const gchar *const *client_options;
  guint timeout_ms;
  guint settle_ms;
  TribKafkaLogFunc log;
} TribKafkaScanConfig;

typedef enum {
  TRIB_KAFKA_SCAN_CONTINUE,
  TRIB_KAFKA_SCAN_END,   /* read to the present end, then stop; means nothing while ending */
  TRIB_KAFKA_SCAN_ABORT, /* stop now */
} TribKafkaScanWish;

/* called between records, at least every 100 ms while the broker answers */
typedef TribKafkaScanWish (*TribKafkaScanTick) (gpointer user_data);

typedef struct _TribKafkaScan TribKafkaScan;

TribKafkaScan *trib_kafka_scan_new (const TribKafkaScanConfig *config, GError **error);
void trib_kafka_scan_free (TribKafkaScan *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaScan, trib_kafka_scan_free)

gboolean trib_kafka_scan_open (TribKafkaScan *s, TribKafkaVerify *verify, GError **error);
gboolean trib_kafka_scan_follow (
    TribKafkaScan *s, TribKafkaScanTick tick, gpointer user_data, GError **error);
gboolean trib_kafka_scan_finish (
    TribKafkaScan *s, TribKafkaScanTick tick, gpointer user_data, GError **error);
const gchar *trib_kafka_scan_get_trouble (const TribKafkaScan *s);

G_END_DECLS
