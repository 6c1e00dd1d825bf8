/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The counters of a publisher. At any moment
 *   produced = acknowledged + sum (failed) + sum (dropped) + pending
 * Not thread safe: the owner's lock guards it. */

typedef enum {
  TRIB_KAFKA_FAILED_TIMED_OUT,      /* not acknowledged within the delivery timeout */
  TRIB_KAFKA_FAILED_TOO_LARGE,      /* larger than the broker, the client or the bound allows */
  TRIB_KAFKA_FAILED_PURGED,         /* given up when the publisher stopped */
  TRIB_KAFKA_FAILED_NOT_AUTHORIZED, /* the broker refuses this client */
  TRIB_KAFKA_FAILED_UNKNOWN_TOPIC,  /* a topic does not exist and is not created */
  TRIB_KAFKA_FAILED_REFUSED,        /* the broker or client refused the record for another reason */
  TRIB_KAFKA_FAILED_REGISTRY,       /* bytes and metadata are there, the registry entry is not */
  TRIB_KAFKA_FAILED_MALFORMED,      /* no valid record, or not the picture of its caps */
  TRIB_KAFKA_N_FAILED
} TribKafkaFailed;

typedef enum {
  TRIB_KAFKA_DROPPED_NEWEST,   /* no space, overflow=drop-newest */
  TRIB_KAFKA_DROPPED_OLDEST,   /* gave its space to a newer one, overflow=drop-oldest */
  TRIB_KAFKA_DROPPED_NON_KEY,  /* overflow=drop-non-key: no space, or the frame it needs was dropped
                                */
  TRIB_KAFKA_DROPPED_FLUSHED,  /* a flush or a state change ended its wait for space */
  TRIB_KAFKA_DROPPED_OVERFLOW, /* no space, overflow=error */
  TRIB_KAFKA_N_DROPPED
} TribKafkaDropped;

/* log-linear: 16 buckets an octave, so a quantile is right within 1/16 */
#define TRIB_KAFKA_LATENCY_BUCKETS (28 * 16)

typedef struct {
  guint64 produced;
  guint64 acknowledged;
  guint64 failed[TRIB_KAFKA_N_FAILED];
  guint64 dropped[TRIB_KAFKA_N_DROPPED];
  guint64 pending;

  guint64 bytes_produced;     /* payload bytes of all frames taken */
  guint64 bytes_acknowledged; /* payload bytes of acknowledged frames */
  guint64 pending_bytes;      /* held for frames without an outcome: payload and metadata */
  guint64 max_pending_bytes;  /* the most it has been */
  guint64 pinned_bytes;       /* payload bytes still referenced */
  guint64 pinned_buffers;
  guint64 waiting;      /* of pending: not handed to the client yet */
  guint64 blocked;      /* 1 while a frame waits for space; it is not counted before */
  guint64 loss_records; /* FAILED registry entries acknowledged */
  guint64 loss_records_pending;
  guint64 loss_records_failed;
  guint64 retried_alone;  /* records that were refused with others and sent again alone */
  guint64 retried_topic;  /* refusals of records whose topic was away, which wait for it */
  guint64 renewals;       /* how often another client took the place of one that ended itself */
  guint64 retried_client; /* records of such a client, which the next one sends again */
  guint64 outages;
  guint64 latency[TRIB_KAFKA_LATENCY_BUCKETS];
  guint64 latency_samples;
} TribKafkaStats;

const gchar *trib_kafka_failed_to_string (TribKafkaFailed reason);
const gchar *trib_kafka_dropped_to_string (TribKafkaDropped reason);
guint64 trib_kafka_failed_sum (const guint64 *failed);
guint64 trib_kafka_dropped_sum (const guint64 *dropped);
void trib_kafka_stats_add_latency (TribKafkaStats *a, gint64 latency_us);
gint64 trib_kafka_stats_latency_us (const TribKafkaStats *a, gdouble quantile);

G_END_DECLS
