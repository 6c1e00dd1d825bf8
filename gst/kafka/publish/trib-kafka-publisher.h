/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-stats.h"
#include <kafka/client/trib-kafka-config.h>
#include <common/trib-link.h>

G_BEGIN_DECLS

/* Sends frames to the three topics without copying them, writes the registry entry once both
 * records are acknowledged, and keeps counters that close; or sends records as they are to one
 * topic. Each publisher has a client (a librdkafka producer) of its own. See
 * docs/internals/kafka-publisher.md and kafka-client.md. */

typedef struct _TribKafkaPublisher TribKafkaPublisher;

typedef enum {
  TRIB_KAFKA_PUBLISH_TAKEN,    /* on its way: its outcome will be counted */
  TRIB_KAFKA_PUBLISH_LOST,     /* dropped or failed, and counted */
  TRIB_KAFKA_PUBLISH_FLUSHING, /* its wait for space was ended; not taken and not counted */
  TRIB_KAFKA_PUBLISH_ERROR,    /* as LOST, and the error is set: the caller must stop */
} TribKafkaPublishResult;

/**
 * TribKafkaForm:
 * @TRIB_KAFKA_FORM_BINARY: a frame as three records: bytes, metadata, registry entry
 * @TRIB_KAFKA_FORM_LEGACY: a frame as the one record of legacy mode (ARIA-4), which copies its
 *   bytes
 * @TRIB_KAFKA_FORM_RECORD: one record as it is; nothing is written down when it is lost
 */
typedef enum {
  TRIB_KAFKA_FORM_BINARY,
  TRIB_KAFKA_FORM_LEGACY,
  TRIB_KAFKA_FORM_RECORD,
} TribKafkaForm;

/**
 * TribKafkaItem:
 * @form: what it becomes
 * @payload: its bytes; referenced, not copied, until the broker has acknowledged them
 * @frame: of a record only @t_ns (0 or less: when it is handed to the client) and @held_bytes
 *   count; else session and stream must pass the checks of trib-frame-id.h
 * @key: (array length=key_size) (nullable): of a record: records of one key keep to one partition
 *   and their order; without a key they spread over all
 * @key_size: bytes of @key
 * @headers: (array zero-terminated=1) (nullable): of a record: names and values in turn
 *
 * What is published. Borrowed for the time of a call.
 */
typedef struct {
  TribKafkaForm form;
  GBytes *payload;
  TribKafkaFrame frame;
  const void *key;
  gsize key_size;
  const gchar *const *headers;
} TribKafkaItem;

#define TRIB_KAFKA_LOSSES_NAMED 16

/**
 * TribKafkaLosses:
 * @failed: frames that failed since the last report, by reason
 * @dropped: frames that were dropped since the last report, by reason
 * @failed_why: for each reason that occurred: why the first of them failed, for people
 * @dropped_why: likewise
 * @n_named: how many of them are named
 * @frame_ids: (array zero-terminated=1): the first of them; of records their numbers, the first
 *   is 0
 * @message: why the last one was lost
 */
typedef struct {
  guint64 failed[TRIB_KAFKA_N_FAILED];
  guint64 dropped[TRIB_KAFKA_N_DROPPED];
  gchar *failed_why[TRIB_KAFKA_N_FAILED];
  gchar *dropped_why[TRIB_KAFKA_N_DROPPED];
  guint n_named;
  gchar *frame_ids[TRIB_KAFKA_LOSSES_NAMED + 1];
  gchar *message;
} TribKafkaLosses;

/**
 * TribKafkaPublisherCallbacks:
 * @link_changed: the connection's state changed; @why is the client's last word, may be empty
 * @frames_lost: at most once a second, and at the end
 * @fatal: the client cannot go on; once
 * @log: a line of the client's log, @level as syslog's
 *
 * Called on a thread of the publisher's own (@log: on any thread), without a lock held.
 */
typedef struct {
  void (*link_changed) (
      gpointer user_data, const TribLinkEvent *event, guint64 n_pending, const gchar *why);
  void (*frames_lost) (gpointer user_data, const TribKafkaLosses *losses);
  void (*fatal) (gpointer user_data, const GError *error);
  void (*log) (gpointer user_data, gint level, const gchar *text);
} TribKafkaPublisherCallbacks;

TribKafkaPublisher *trib_kafka_publisher_new (const TribKafkaConfig *config,
    const TribKafkaPublisherCallbacks *callbacks, gpointer user_data, GError **error);
void trib_kafka_publisher_close (TribKafkaPublisher *p, guint drain_timeout_ms);
void trib_kafka_publisher_free (TribKafkaPublisher *p);
TribKafkaPublishResult trib_kafka_publisher_submit (
    TribKafkaPublisher *p, const TribKafkaItem *item, GError **error);
void trib_kafka_publisher_count_flushed (TribKafkaPublisher *p, const TribKafkaItem *item);
void trib_kafka_publisher_count_malformed (
    TribKafkaPublisher *p, const TribKafkaItem *item, const gchar *message);
gboolean trib_kafka_publisher_drain (TribKafkaPublisher *p, guint timeout_ms);
gchar *trib_kafka_publisher_end_run (TribKafkaPublisher *p, guint timeout_ms);
void trib_kafka_publisher_give_up (TribKafkaPublisher *p);
void trib_kafka_publisher_notify (TribKafkaPublisher *p);
void trib_kafka_publisher_set_flushing (TribKafkaPublisher *p, gboolean flushing);
void trib_kafka_publisher_set_overflow (TribKafkaPublisher *p, TribKafkaOverflow overflow);
void trib_kafka_publisher_get_stats (TribKafkaPublisher *p, TribKafkaStats *ret_stats);
gboolean trib_kafka_publisher_is_congested (TribKafkaPublisher *p, guint64 more_bytes);
TribLinkState trib_kafka_publisher_get_link (TribKafkaPublisher *p);

G_END_DECLS
