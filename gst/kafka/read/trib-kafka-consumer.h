/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <librdkafka/rdkafka.h>

#include <common/trib-link.h>
#include <kafka/trib-kafka-error.h>
#include <kafka/client/trib-kafka-secrets.h>

G_BEGIN_DECLS

/* A client that reads: its options, its requests to the broker, and the state of the connection. It
 * joins no consumer group, commits nothing and creates nothing on the broker. One thread at a time;
 * only @log runs on threads of the client. Counted references, because librdkafka cannot end a
 * client while records of it are held: the release of the last record ends it, on any thread. */

/* @thread: any */
typedef void (*TribKafkaLogFunc) (gpointer user_data, gint level, const gchar *text);

/**
 * TribKafkaConsumerConfig:
 * @bootstrap_servers: HOST:PORT[,HOST:PORT...]
 * @options: (nullable) (array zero-terminated=1): names and values of librdkafka's options in turn,
 * applied last
 * @max_queued_bytes: bound on the records that the client holds ready, bytes; 0: 64 MiB
 * @one_by_one: an answer of the broker shall hold one batch: for random access
 * @values_checked: the caller compares values with check sums of their own: the client need not
 * @verifies: the verifier's client: options may set sizes, and refused values are not quoted
 * @log: (nullable): lines of the client's log
 * @log_data: for @log
 */
typedef struct {
  const gchar *bootstrap_servers;
  const gchar *const *options;
  guint64 max_queued_bytes;
  gboolean one_by_one;
  gboolean values_checked;
  gboolean verifies;
  TribKafkaLogFunc log;
  gpointer log_data;
} TribKafkaConsumerConfig;

#define TRIB_KAFKA_CONSUMER_DEFAULT_QUEUED_BYTES (64 * 1024 * 1024)

/* what asking the broker gave */
typedef enum {
  TRIB_KAFKA_ANSWER_YES,
  TRIB_KAFKA_ANSWER_AGAIN, /* none, or one that will change by itself: ask again */
  TRIB_KAFKA_ANSWER_ERROR,
} TribKafkaAnswer;

typedef struct {
  gatomicrefcount n_refs;
  rd_kafka_t *client;
  TribKafkaSecrets *secrets; /* of the options: removed from messages of the client */
  TribLink link;
  gchar *trouble;      /* (nullable) the client's last error since there was progress */
  GQueue events;       /* of TribLinkEvent, not taken yet */
  guint patience_ms;   /* how long the next question may block */
  gint64 deadline;     /* monotonic: questions shall not block for longer, -1: none */
  gint64 asking_since; /* monotonic: since when questions stay without an answer, -1: they do not */

  GMutex lock;
  /* lock */
  TribKafkaLogFunc log;
  gpointer log_data;
} TribKafkaConsumer;

TribKafkaConsumer *trib_kafka_consumer_new (const TribKafkaConsumerConfig *config, GError **error);
TribKafkaConsumer *trib_kafka_consumer_ref (TribKafkaConsumer *c);
void trib_kafka_consumer_unref (TribKafkaConsumer *c);
void trib_kafka_consumer_release (TribKafkaConsumer *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaConsumer, trib_kafka_consumer_release)

void trib_kafka_consumer_poll (TribKafkaConsumer *c);
void trib_kafka_consumer_progress (TribKafkaConsumer *c);
void trib_kafka_consumer_trouble (TribKafkaConsumer *c, const gchar *why);
void trib_kafka_consumer_tick (TribKafkaConsumer *c, gint64 waiting_since);
gboolean trib_kafka_consumer_take_event (TribKafkaConsumer *c, TribLinkEvent *ret_event);
const gchar *trib_kafka_consumer_get_trouble (const TribKafkaConsumer *c);

TribKafkaAnswer trib_kafka_consumer_ask_partitions (
    TribKafkaConsumer *c, rd_kafka_topic_t *topic, gint32 *ret_n, GError **error);
TribKafkaAnswer trib_kafka_consumer_ask_offsets (TribKafkaConsumer *c, rd_kafka_topic_t *topic,
    const gint32 *partitions, guint n_partitions, gint64 when_ms, gint64 *ret_offsets,
    GError **error);
gint64 trib_kafka_consumer_get_refresh_us (const TribKafkaConsumer *c);
gboolean trib_kafka_consumer_is_final (rd_kafka_resp_err_t err);
void trib_kafka_consumer_set_error (GError **error, const gchar *topic, rd_kafka_resp_err_t err);

G_END_DECLS
