/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-publisher.h"

#include <kafka/client/trib-kafka-secrets.h>
#include <kafka/trib-kafka-debug.h>

G_BEGIN_DECLS

typedef struct _TribKafkaPending TribKafkaPending;

/* what a delivery report is about; its address is the record's opaque */
typedef struct {
  TribKafkaPending *frame; /* NULL: a loss record */
  TribKafkaTopic kind;
  gint32 partition;
  gsize whole;      /* bytes in a batch at most: value, key, headers and framing */
  gboolean shared;  /* the client had others of its partition beside it */
  gboolean maybe;   /* an earlier attempt may have been written */
  guint64 number;   /* its place in its partition */
  gint64 queued_us; /* monotonic: since when it is in its partition queue, or sent */
} TribKafkaSlot;

/* what is produced; key and value belong to the slot's frame or loss record */
typedef struct {
  TribKafkaSlot *slot;
  const void *key; /* (nullable) */
  gsize key_size;
  gint64 t_ns; /* 0: now */
  const void *value;
  gsize size;
  rd_kafka_headers_t *headers; /* (nullable) */
  gboolean alone;              /* nothing may be beside it */
} TribKafkaOutgoing;

/* what became of it */
typedef struct {
  rd_kafka_resp_err_t err;
  gint64 offset;
  rd_kafka_msg_status_t status;
  gsize size;
} TribKafkaReport;

typedef enum {
  TRIB_KAFKA_QUEUE_COLD,    /* the broker has not yet taken a record of ours there */
  TRIB_KAFKA_QUEUE_PROBING, /* one is on its way, the others wait for it */
  TRIB_KAFKA_QUEUE_WARM,
} TribKafkaQueueState;

typedef struct {
  TribKafkaQueueState state;
  const TribKafkaSlot *probe; /* PROBING: of the one that is on its way; only compared */
  TribKafkaSlot *sole;        /* the only one that the client has or had so far; NULL: none */
  guint n_out;                /* records that the client has */
  guint64 bytes;              /* of these */
  gsize burst;                /* bytes that may still join the batch that is being handed over */
  guint64 n_sent;             /* to this queue: the next one's number */
  GQueue again;               /* of TribKafkaOutgoing: what the client gave back, by number */
  GQueue records;             /* of TribKafkaOutgoing: after those */
} TribKafkaQueue;

typedef struct {
  gchar *name;            /* set once; NULL: not written by this publisher */
  rd_kafka_topic_t *rkt;  /* NULL until its group is wanted */
  TribKafkaQueue *queues; /* by partition */
  gint32 n_queues;
  guint64 max_bytes; /* of a record batch, as the broker reports it; 0: not known */
  /* Not 0: it was there, and its queues wait, because it is not there any more or because another
   * client must find it first. What waits too long fails with this. */
  rd_kafka_resp_err_t away;
} TribKafkaTopicState;

/* not one of those that have partition queues: of a slot's record that is the end of a run */
#define TRIB_KAFKA_TOPIC_RUNS TRIB_KAFKA_N_TOPICS

/* since the start, or since its numbers were written last */
typedef struct {
  gchar *session, *stream;
  guint64 first, last; /* indices */
  guint64 sent, linked, failed;
} TribKafkaRun;

/* where the single record of a legacy frame, and a record as it is, goes */
#define TRIB_KAFKA_TOPIC_SINGLE TRIB_KAFKA_TOPIC_LEGACY

/* the topics of a binary frame, or that of a single record: they are made and looked up only once a
 * frame needs them, so that no topic is created without records */
typedef enum {
  TRIB_KAFKA_GROUP_BINARY,
  TRIB_KAFKA_GROUP_SINGLE,
  TRIB_KAFKA_N_GROUPS
} TribKafkaGroup;

static inline TribKafkaGroup
trib_kafka_topic_group (TribKafkaTopic topic)
{
  return topic == TRIB_KAFKA_TOPIC_SINGLE ? TRIB_KAFKA_GROUP_SINGLE : TRIB_KAFKA_GROUP_BINARY;
}

/* A frame without an outcome. Owned by its publisher, guarded by its lock. */
struct _TribKafkaPending {
  TribKafkaSlot slots[TRIB_KAFKA_N_TOPICS];
  GList link; /* in `waiting` or `sent` */
  TribKafkaForm form;
  gchar *id;           /* of a record: its number, for people */
  TribKafkaFrame desc; /* its texts are interned, or counted by reference; NULL in a record's */
  gchar *key;          /* (nullable) of a record */
  gsize key_size;      /* likewise */
  rd_kafka_headers_t *headers; /* (nullable) of a record, until it is sent */
  gsize headers_size;          /* likewise */
  guint64 sequence;
  TribKafkaRun *run; /* (nullable): that it counts in */

  GBytes *payload; /* NULL once the broker has it */
  gsize size;
  guint64 held; /* memory that `payload` keeps allocated: at least `size` */
  guint32 crc32c;
  GString *json; /* metadata, or the whole legacy record */
  guint32 json_crc32c;
  GString *registry;
  guint64 cost; /* what it counts of pending_bytes now */

  gint64 taken_us; /* monotonic */
  gint32 partition;
  gint64 offsets[TRIB_KAFKA_N_TOPICS];
  guint n_outstanding;
  gboolean broken;       /* one of its records failed */
  gboolean maybe_linked; /* its registry entry was not acknowledged, but may be there */
  TribKafkaFailed reason;
  gchar *message;
};

/* a FAILED registry entry on its way */
typedef struct {
  TribKafkaSlot slot;
  gchar *id;
  GString *json;
} TribKafkaLossRecord;

#define TRIB_KAFKA_MAX_LOSS_RECORDS 4096

/* how far the giving up of what is pending is */
typedef enum {
  TRIB_KAFKA_END_NONE,
  TRIB_KAFKA_END_LAST_RECORDS, /* the last records have a moment to be acknowledged */
  TRIB_KAFKA_END_PURGED,       /* what was purged is being reported */
  TRIB_KAFKA_END_CLOSED,       /* every frame has its outcome; the I/O thread ends */
} TribKafkaEnd;

struct _TribKafkaPublisher {
  /* set once */
  const gchar *id; /* for the log: the topic of the bytes, or the only one */
  gchar *servers;
  gchar *runs_topic; /* (nullable) */
  gchar **options;
  TribKafkaSecrets *secrets; /* of the options: taken out of the client's texts */
  TribKafkaConfig config;    /* points to the copies above */
  TribKafkaPublisherCallbacks callbacks;
  gpointer user_data;
  GThread *io_thread;
  GThread *notifier;

  /* the publishing thread: GRefStrings of the frame before */
  gchar *last_session, *last_stream, *last_caps;

  GMutex lock;
  GCond changed; /* space, an outcome, flushing, fatal, the end */
  GCond notify;  /* there is something to report to the owner */

  /* I/O thread. The topics' `rkt` only change under `lock`, and like `rk` only while no group of
   * topics is ready. */
  rd_kafka_t *rk;
  rd_kafka_topic_t *runs_rkt; /* of `runs_topic`, like the topics' */
  guint64 batch_bytes;        /* asked for; 0: the client's own */
  guint64 batch_size;         /* in force */
  gboolean idempotent;
  gint64 next_preflight_us;
  gint64 renew_us; /* while `renewing`: when the client's records are taken from it */
  TribKafkaEnd end;
  guint n_purges;
  gint64 end_us; /* when the present step is over at the latest */

  /* `lock`, from here on */
  gboolean held;     /* a purge is on its way: nothing may be handed over, it would be purged too */
  gboolean renewing; /* the client has ended itself: another one will have its place */
  gboolean reporting;  /* reports are being taken: waiting threads are woken once, after them */
  gboolean wake_due;   /* there is a thread to be woken then */
  gboolean ask_limits; /* a record was refused as too large: what the topics allow has changed */
  gboolean ask_again;  /* the client holds a refusal of a topic to be final until it asks again */
  GError *fatal;
  gchar *client_why; /* the client's last text about the connection, until an acknowledgement: it
                      * says the same only once */
  gchar *topic_why;  /* why the topics cannot be used; replaces `client_why` */
  gint throttle_ms;  /* of the broker's last notice; 0: no throttling */

  gboolean flushing;
  gboolean abandon;   /* asked: give up what is pending, then go on */
  gboolean close;     /* asked: likewise, then end */
  gboolean giving_up; /* no frame is handed to the client any more */
  gboolean closing;   /* nothing more is written */
  gboolean fatal_notified;
  gboolean notify_now;  /* asked: losses at once */
  gboolean notify_ends; /* asked: report the rest, then end */
  gint64 next_losses_us;
  TribKafkaOverflow overflow;
  gboolean await_key;   /* drop-non-key: until the next key frame */
  guint64 blocked_cost; /* of the frame that waits for space; 0: there is none */
  GQueue waiting;       /* taken, not handed to the client */
  GQueue sent;          /* handed to the client, oldest first */
  guint64 client_bytes; /* of `pending_bytes`: handed to the client */
  guint n_slots;        /* records without a report */
  GPtrArray *released;  /* payloads to be released outside the lock */
  TribKafkaTopicState topics[TRIB_KAFKA_N_TOPICS];
  gboolean wanted[TRIB_KAFKA_N_GROUPS];
  gboolean ready[TRIB_KAFKA_N_GROUPS];
  gint32 n_partitions[TRIB_KAFKA_N_GROUPS]; /* 0: its topics have not been found yet */
  GPtrArray *runs;                          /* of TribKafkaRun */
  TribKafkaRun *last_run;                   /* of the frame before */
  guint runs_asks;              /* how often the broker is still asked for their topic */
  gboolean runs_found;          /* it is there */
  rd_kafka_resp_err_t runs_err; /* why not */
  gboolean runs_cut;            /* there are too many */
  guint runs_pending;           /* records of runs without a report */
  gchar *runs_why;              /* why one could not be written */
  TribKafkaStats stats;
  TribKafkaLosses losses;
  TribLink link;
  GQueue link_events;
};

static inline TribKafkaGroup
trib_kafka_pending_group (const TribKafkaPending *frame)
{
  return frame->form == TRIB_KAFKA_FORM_BINARY ? TRIB_KAFKA_GROUP_BINARY : TRIB_KAFKA_GROUP_SINGLE;
}

/* (nullable): the last word on what is wrong */
static inline const gchar *
trib_kafka_publisher_why (const TribKafkaPublisher *p)
{
  return p->topic_why ? p->topic_why : p->client_why;
}

#define PUBLISHER_LOG(p, level, ...) TRIB_LOG (&trib_kafka_debug, level, (p)->id, __VA_ARGS__)
#define FRAME_LOG(frame, level, ...) TRIB_LOG (&trib_kafka_debug, level, (frame)->id, __VA_ARGS__)

/* what a frame costs beside its bytes: its struct, the registry entry, the client's own records */
#define PENDING_OVERHEAD_BYTES 4096

/* trib-kafka-io.c: the client, its callbacks, the I/O thread */
gchar *trib_kafka_io_describe (const gchar *servers, const gchar *reason);
gboolean trib_kafka_io_open (TribKafkaPublisher *p, GError **error);
void trib_kafka_io_close (TribKafkaPublisher *p);
gboolean trib_kafka_io_reopen (TribKafkaPublisher *p);
void trib_kafka_io_poll (TribKafkaPublisher *p, gint timeout_ms);
gpointer trib_kafka_io_thread (gpointer data);

/* trib-kafka-renew.c */
void trib_kafka_renew_hold (TribKafkaPublisher *p);
gboolean trib_kafka_renew_begin (TribKafkaPublisher *p, rd_kafka_resp_err_t err, const gchar *why);
gboolean trib_kafka_renew_run (TribKafkaPublisher *p);

/* trib-kafka-queues.c */
void trib_kafka_queues_open (TribKafkaTopicState *topic, gint32 n_partitions);
void trib_kafka_queues_forget (TribKafkaTopicState *topic);
rd_kafka_resp_err_t trib_kafka_queues_send (TribKafkaPublisher *p, TribKafkaOutgoing *record);
void trib_kafka_queues_again (
    TribKafkaPublisher *p, TribKafkaSlot *slot, const rd_kafka_message_t *refused);
gboolean trib_kafka_queues_is_away (rd_kafka_resp_err_t err);
void trib_kafka_queues_reported (TribKafkaPublisher *p, TribKafkaSlot *slot, gboolean known);
void trib_kafka_queues_resume (TribKafkaPublisher *p);
void trib_kafka_queues_return (TribKafkaPublisher *p, TribKafkaTopic topic);
void trib_kafka_queues_purge (TribKafkaPublisher *p, gboolean with_loss_records);
void trib_kafka_queues_expire (TribKafkaPublisher *p, gint64 limit);

/* trib-kafka-preflight.c */
void trib_kafka_preflight_run (TribKafkaPublisher *p, gint64 now);

/* trib-kafka-end.c */
gboolean trib_kafka_end_run (TribKafkaPublisher *p);
void trib_kafka_end_rest (TribKafkaPublisher *p);

/* trib-kafka-pending.c */
TribKafkaPending *trib_kafka_pending_new (TribKafkaPublisher *p, const TribKafkaItem *item);
void trib_kafka_pending_free (TribKafkaPending *frame);
const void *trib_kafka_pending_key (const TribKafkaPending *frame, gsize *ret_size);
rd_kafka_headers_t *trib_kafka_pending_headers (
    const TribKafkaPending *frame, const gchar *content_type, guint32 crc32c, const gchar *caps);
gsize trib_kafka_pending_whole (const TribKafkaPending *frame, gsize size);
void trib_kafka_pending_entry (
    const TribKafkaPublisher *p, const TribKafkaPending *frame, TribKafkaEntry *entry);
gint32 trib_kafka_pending_choose_partition (
    const TribKafkaPublisher *p, const TribKafkaPending *frame);

/* trib-kafka-admission.c */
gboolean trib_kafka_admission_in_client (const TribKafkaPublisher *p, guint64 cost);
void trib_kafka_admission_wake (TribKafkaPublisher *p);
TribKafkaPublishResult trib_kafka_admission_run (
    TribKafkaPublisher *p, TribKafkaPending *frame, GError **error);

/* trib-kafka-delivery.c */
void trib_kafka_delivery_take (TribKafkaPublisher *p, TribKafkaPending *frame);
void trib_kafka_delivery_dispatch (TribKafkaPublisher *p);
void trib_kafka_delivery_expire (TribKafkaPublisher *p, gint64 now);
void trib_kafka_delivery_settle_slot (
    TribKafkaPublisher *p, TribKafkaSlot *slot, const TribKafkaReport *report);
void trib_kafka_delivery_report (rd_kafka_t *rk, const rd_kafka_message_t *msg, void *opaque);

/* trib-kafka-settle.c */
void trib_kafka_settle_count (TribKafkaPublisher *p, TribKafkaPending *frame);
void trib_kafka_settle_failed (
    TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaFailed reason, const gchar *message);
void trib_kafka_settle_dropped (
    TribKafkaPublisher *p, TribKafkaPending *frame, TribKafkaDropped reason, const gchar *message);
void trib_kafka_settle_acknowledged (TribKafkaPublisher *p, TribKafkaPending *frame);
void trib_kafka_settle_payload (TribKafkaPublisher *p, TribKafkaPending *frame);
void trib_kafka_settle_loss_record (
    TribKafkaPublisher *p, TribKafkaLossRecord *loss, const TribKafkaReport *report);

/* trib-kafka-runs.c */
#define TRIB_KAFKA_RUNS_ASKS 10
void trib_kafka_runs_free (gpointer data);
gboolean trib_kafka_runs_must_ask (const TribKafkaPublisher *p);
void trib_kafka_runs_answered (TribKafkaPublisher *p, const rd_kafka_metadata_topic_t *answer);
void trib_kafka_runs_count (TribKafkaPublisher *p, TribKafkaPending *frame);
void trib_kafka_runs_settled (TribKafkaPending *frame, gboolean linked);
void trib_kafka_runs_reported (
    TribKafkaPublisher *p, TribKafkaSlot *slot, const TribKafkaReport *report);

/* trib-kafka-notify.c */
gpointer trib_kafka_notify_thread (gpointer data);
void trib_kafka_notify_link (TribKafkaPublisher *p, const TribLinkEvent *event);
void trib_kafka_notify_clear_losses (TribKafkaLosses *losses);

G_END_DECLS
