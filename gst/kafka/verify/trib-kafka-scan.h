/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-verify.h"

G_BEGIN_DECLS

/* Reads the three topics from their beginning into a TribKafkaVerify: to the present end, or
 * following. No consumer group: nothing is committed and nothing is created on the broker. The I/O
 * object of the verifier; all calls from one thread. */

#define TRIB_KAFKA_SCAN_ERROR (trib_kafka_scan_error_quark ())
GQuark trib_kafka_scan_error_quark (void);

typedef enum {
  TRIB_KAFKA_SCAN_ERROR_CONFIG,      /* an option is refused */
  TRIB_KAFKA_SCAN_ERROR_UNREACHABLE, /* no answer in time */
  TRIB_KAFKA_SCAN_ERROR_TOPIC,       /* a topic is not there, or not ours to read */
  TRIB_KAFKA_SCAN_ERROR_READ,        /* reading stopped short */
  TRIB_KAFKA_SCAN_ERROR_ABORTED,     /* the caller asked for it */
} TribKafkaScanError;

/**
 * TribKafkaScanConfig:
 * @bootstrap_servers: HOST:PORT, several with commas
 * @topics: names of the metadata, binary and registry topics, all different
 * @client_config: (nullable) (array zero-terminated=1): "key=value" of librdkafka
 * @timeout_ms: how long to wait for an answer, and for progress
 * @settle_ms: how long to wait at the end for entries of frames that are in flight
 */
typedef struct {
  const gchar *bootstrap_servers;
  const gchar *topics[TRIB_KAFKA_VERIFY_N_TOPICS];
  const gchar *const *client_config;
  guint timeout_ms;
  guint settle_ms;
} TribKafkaScanConfig;

typedef enum {
  TRIB_KAFKA_SCAN_GO_ON,
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
