/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <librdkafka/rdkafka.h>

#include <kafka/layout/trib-kafka-layout.h>
#include <kafka/client/trib-kafka-secrets.h>
#include <kafka/trib-kafka-error.h>

G_BEGIN_DECLS

/* as bootstrap servers: the broker inside the process */
#define TRIB_KAFKA_IN_PROCESS "in-process"

typedef enum {
  TRIB_KAFKA_OVERFLOW_BLOCK,
  TRIB_KAFKA_OVERFLOW_DROP_NEWEST,
  TRIB_KAFKA_OVERFLOW_DROP_OLDEST,
  TRIB_KAFKA_OVERFLOW_DROP_NON_KEY,
  TRIB_KAFKA_OVERFLOW_ERROR,
} TribKafkaOverflow;

/**
 * TribKafkaConfig:
 * @bootstrap_servers: HOST:PORT[,HOST:PORT...]
 * @topics: names, by #TribKafkaTopic; %NULL: the default
 * @record_topic: (nullable): of a publisher of plain records, its only topic; @topics do not matter
 *   then
 * @runs_topic: (nullable): where a run says at its end what it sent; %NULL: nowhere
 * @options: (array zero-terminated=1) (nullable): names and values of librdkafka's options in turn,
 *   applied last
 * @max_pending_bytes: bound on what is held for frames without an outcome
 * @delivery_timeout_ms: how long a frame may wait for room, and then for its acknowledgements
 * @in_process: the servers are the broker inside the process, which cannot be asked for limits
 * @legacy: frames will be sent in legacy mode at first: its topic is looked up at the start
 * @overflow: what happens when the bound is reached
 * @partition_by_frame: spread by frame id instead of keeping a stream on one partition
 *
 * Settings of a publisher; copied by it.
 */
typedef struct {
  const gchar *bootstrap_servers;
  const gchar *topics[TRIB_KAFKA_N_TOPICS];
  const gchar *record_topic;
  const gchar *runs_topic;
  const gchar *const *options;
  guint64 max_pending_bytes;
  guint delivery_timeout_ms;
  TribKafkaOverflow overflow;
  gboolean in_process;
  gboolean legacy;
  gboolean partition_by_frame;
} TribKafkaConfig;

/* what a client is for: which options are refused depends on it */
typedef enum {
  TRIB_KAFKA_ROLE_PUBLISH = 1 << 0,
  TRIB_KAFKA_ROLE_READ = 1 << 1,
  TRIB_KAFKA_ROLE_VERIFY = 1 << 2,
} TribKafkaRole;

gboolean trib_kafka_option_check (
    TribKafkaRole role, const gchar *name, const gchar *value, GError **error);
gboolean trib_kafka_topic_check (const gchar *topic, GError **error);
gboolean trib_kafka_config_set_given (rd_kafka_conf_t *conf, TribKafkaRole role, const gchar *name,
    const gchar *value, GError **error);
gboolean trib_kafka_config_set (
    rd_kafka_conf_t *conf, const gchar *name, const gchar *value, GError **error);
guint64 trib_kafka_config_get_batch_bytes (const rd_kafka_conf_t *conf);
gboolean trib_kafka_config_is_idempotent (const rd_kafka_conf_t *conf);
rd_kafka_conf_t *trib_kafka_config_producer (
    const TribKafkaConfig *config, guint64 max_batch_bytes, GError **error);

G_END_DECLS
