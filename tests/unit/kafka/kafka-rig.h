/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/client/trib-kafka-broker.h>
#include <kafka/publish/trib-kafka-publisher.h>

#include <librdkafka/rdkafka_mock.h>

#include <trib-test.h>

#include "kafka-reader.h"
#include "stats-check.h"

/* A publisher, the broker inside the process, and a thread that reads the counters all the time:
 * they must close and stay within the bound in every copy, not only at the end. */

#define RIG_PRODUCE 0 /* Kafka's number for produce requests */

typedef struct {
  TribLinkEvent event;
  guint64 n_pending;
  gchar *why;
} RigLink;

typedef struct {
  /* set before rig_start() */
  TribKafkaConfig config;
  gchar *topics[TRIB_KAFKA_N_TOPICS];
  const gchar *session;
  /* The mock cluster does not look at sequence numbers, so it writes again what is sent again after
   * it went away with the answer. That real brokers do not is shown by the integration tests. */
  gboolean copies_allowed;

  TribKafkaBroker *broker;
  rd_kafka_mock_cluster_t *mock;
  TribKafkaPublisher *p;
  TribWatchdog *watchdog;

  /* the test's thread */
  guint64 next_index;
  const gchar *time_source;

  /* atomic */
  gint payloads_alive;
  gint payloads_released;
  gint sampler_ends;
  gint n_fatal;
  gint n_loss_reports;

  GThread *sampler;
  guint64 n_samples;

  GMutex lock;
  /* lock */
  GArray *links;          /* RigLink */
  TribKafkaLosses losses; /* summed */
  GPtrArray *lost_ids;
  gchar *lost_why; /* (nullable): the last one's */
} Rig;

/* trib_test_run() with a broker */
int rig_run_tests (void);

Rig *rig_new (void);
void rig_start (Rig *rig);
void rig_free (Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

void rig_down (Rig *rig);
void rig_up (Rig *rig);

TribKafkaFrame rig_frame (Rig *rig);
GBytes *rig_payload (Rig *rig, gsize size);
TribKafkaPublishResult rig_submit (TribKafkaPublisher *p, const TribKafkaFrame *frame,
    GBytes *payload, gboolean legacy, GError **error);
TribKafkaPublishResult rig_publish (Rig *rig, gsize size);
TribKafkaPublishResult rig_publish_full (
    Rig *rig, gsize size, gboolean key, gboolean legacy, GError **error);
/* sends frames until one is acknowledged, so that topics are known */
void rig_warm_up (Rig *rig);
TribKafkaStats rig_stats (Rig *rig);
guint rig_count_links (Rig *rig, TribLinkState state);
TribKafkaLosses rig_losses (Rig *rig);
void rig_drain (Rig *rig);
void rig_close (Rig *rig, guint drain_timeout_ms);

GPtrArray *rig_read (Rig *rig, TribKafkaTopic topic);
/* every frame of the registry is there once; LINKED ones lead to the bytes and metadata they say.
 * Returns how many are LINKED. */
guint rig_check_registry (Rig *rig);

/* what Java clients choose for a key in the broker inside the process */
gint32 rig_partition (const gchar *key);

/* another mock cluster than the one broker that the tests of a program share; before rig_start() */
void rig_use_cluster (Rig *rig, rd_kafka_mock_cluster_t *mock, gint n_partitions);
