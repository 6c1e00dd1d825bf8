/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-client.h"
#include "trib-kafka-publisher.h"
#include <kafka/client/trib-kafka-secrets.h>

G_BEGIN_DECLS

typedef struct _Topic Topic;
typedef struct _Frame Frame;

/* what a delivery report is about; its address is the record's opaque */
typedef struct {
  TribKafkaPublisher *owner; /* NULL: given up, its outcome has been counted */
  Frame *frame;              /* NULL: a loss record */
  Topic *topic;
  TribKafkaTopic kind;
  gint32 partition;
  gsize whole; /* bytes in a batch at most: value, key, headers and framing */
} Slot;

/* what is produced; key and value belong to the slot's frame or loss record */
typedef struct {
  Slot *slot;
  const void *key; /* (nullable) */
  gsize key_size;
  gint64 t_ns;
  const void *value;
  gsize size;
  rd_kafka_headers_t *headers; /* (nullable) */
  gint64 queued_us;            /* monotonic: since when it waits in its lane */
} Record;

/* what became of it */
typedef struct {
  rd_kafka_resp_err_t err;
  gint64 offset;
  rd_kafka_msg_status_t status;
  gsize size;
} Report;

typedef enum {
  LANE_COLD,    /* the broker has not yet taken a record of ours there */
  LANE_PROBING, /* one is on its way, the others wait for it */
  LANE_WARM,
} LaneState;

typedef struct {
  LaneState state;
  const Slot *probe; /* PROBING: of the one that is on its way; only compared */
  guint n_out;       /* records that the client has */
  guint64 bytes;     /* of these */
  gsize burst;       /* bytes that may still join the batch that is being handed over */
  GQueue queue;      /* of Record */
} Lane;

/* A topic that publishers of a client write to. It stays while a publisher uses it or a record of it
 * has no report. */
struct _Topic {
  gchar *name;
  rd_kafka_topic_t *rkt; /* NULL until a publisher wants the topic */
  Lane *lanes;           /* by partition */
  gint32 n_lanes;
  guint64 max_bytes; /* of a record batch, says the broker; 0: not known */
  gint64 asked_us;   /* monotonic: when it was asked for that; 0: never */
  guint n_users;     /* publishers */
  guint n_records;   /* in lanes and in the client */
};

struct _TribKafkaClient {
  /* set once */
  gchar *key; /* contains secrets: compared, never shown */
  gchar *servers;
  gchar **options;
  TribKafkaSecrets *secrets; /* of the options: taken out of the client's words */
  TribKafkaConfig config;    /* what publishers share of it; points to the copies above */
  GThread *thread;

  guint n_users; /* the table's lock */

  /* `log_lock`: who is told the client's log lines, and how many are being told */
  GMutex log_lock;
  GCond log_idle;
  TribKafkaPublisher *logger;
  guint n_logging;

  GMutex lock;
  GCond attached; /* a publisher has come, or the end */

  /* I/O thread; `rk` and the topics' `rkt` only change under `lock`, and only while no group of
   * topics is ready */
  rd_kafka_t *rk;
  guint64 batch_bytes; /* asked for; 0: the client's own */
  guint64 batch_size;  /* in force */
  gboolean idempotent;
  gint64 next_preflight_us;

  /* `lock` */
  gboolean stopping;
  gboolean held; /* a purge is on its way: nothing may be handed over, it would be purged too */
  gboolean reporting; /* reports are being taken: who waits is woken once, after them */
  gboolean wake_due;  /* somebody is to be woken then */
  gboolean ask_again; /* the client holds a refusal of a topic to be final until it asks again */
  gboolean connected; /* when the last publisher went */
  GError *fatal;
  gchar *why; /* the client's last word on the connection */
  gint
      throttle_ms; /* how long the broker said last that it takes nothing; 0: it does not throttle */
  GQueue publishers;
  GPtrArray *topics;     /* of Topic */
  GQueue blocked;        /* of Waiter, in order */
  GQueue orphans;        /* of Frame: given up while the client had records of them */
  GPtrArray *released;   /* payloads to let go outside the lock */
  guint64 pending_bytes; /* of all publishers, and of the orphans */
  guint64 client_bytes;  /* of `pending_bytes`: handed to the client */
  guint64 orphan_bytes;  /* of `client_bytes` */
  guint n_slots;         /* records whose report is due */
  guint n_orphan_slots;  /* of `n_slots`: of orphans */
  guint n_loss_records;  /* without a report, also of publishers that have left */
};

#define MAX_LOSS_RECORDS 4096

/* trib-kafka-client.c: the table, the I/O thread */
TribKafkaClient *trib_kafka_client_acquire (
    const TribKafkaConfig *config, TribKafkaPublisher *p, GError **error);
void trib_kafka_client_release (TribKafkaClient *c);
TribKafkaClient *trib_kafka_client_ref (TribKafkaClient *c);
void trib_kafka_client_unref (TribKafkaClient *c);
gboolean trib_kafka_client_open (TribKafkaClient *c, GError **error);
void trib_kafka_client_close (TribKafkaClient *c);
void trib_kafka_client_poll (TribKafkaClient *c, gint timeout_ms);

/* trib-kafka-lanes.c: topics and their lanes */
Topic *trib_kafka_topic_acquire (TribKafkaClient *c, const gchar *name);
void trib_kafka_topic_release (Topic *topic);
void trib_kafka_topics_sweep (TribKafkaClient *c, gboolean all);
void trib_kafka_lanes_open (Topic *topic, gint32 n_partitions);
void trib_kafka_lanes_forget (Topic *topic);
rd_kafka_resp_err_t trib_kafka_lanes_send (TribKafkaClient *c, Record *record);
void trib_kafka_lanes_reported (TribKafkaClient *c, const Slot *slot, gboolean known);
void trib_kafka_lanes_resume (TribKafkaClient *c);
void trib_kafka_lanes_purge (TribKafkaClient *c, TribKafkaPublisher *p, gboolean with_loss_records);
void trib_kafka_lanes_expire (TribKafkaClient *c, gint64 limit);

/* trib-kafka-preflight.c */
void trib_kafka_preflight_run (TribKafkaClient *c, gint64 now);

/* trib-kafka-delivery.c */
void trib_kafka_delivery_dispatch (TribKafkaClient *c);
void trib_kafka_delivery_settle_slot (TribKafkaClient *c, Slot *slot, const Report *report);
void trib_kafka_delivery_report (rd_kafka_t *rk, const rd_kafka_message_t *msg, void *opaque);

/* trib-kafka-end.c */
gboolean trib_kafka_end_run (TribKafkaClient *c);
void trib_kafka_end_client (TribKafkaClient *c);

G_END_DECLS
