/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-publisher.h"

G_BEGIN_DECLS

typedef struct _Frame Frame;

/* what a delivery report is about; its address is the record's opaque */
typedef struct {
  TribKafkaTopic topic;
  Frame *frame; /* NULL: a loss record */
} Slot;

/* A frame without an outcome. Owned by the publisher, guarded by its lock. */
struct _Frame {
  Slot slots[TRIB_KAFKA_N_TOPICS];
  GList link; /* in `waiting`, or in `sent` */
  gchar *id;
  gchar *session;      /* GRefString, interned */
  gchar *stream;       /* likewise */
  const gchar *format; /* interned */
  guint64 index;
  gint64 t_ns;
  guint64 sequence;
  guint64 original_size;
  gboolean key;
  gboolean legacy;
  const gchar *content_type; /* interned */
  const gchar *time_source;  /* interned */
  gchar *caps;               /* (nullable) GRefString */

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
  Slot slot;
  gchar *id;
  GString *json;
} LossRecord;

/* what is produced; key and value belong to the slot's frame or loss record */
typedef struct {
  TribKafkaTopic topic;
  gint32 partition;
  const gchar *key;
  gint64 t_ns;
  const void *value;
  gsize size;
  rd_kafka_headers_t *headers;
  Slot *slot;
  gint64 queued_us; /* monotonic: since when it waits in its lane */
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
  GQueue queue; /* of Record */
} Lane;

/* the records of a binary frame, or the one of a legacy frame: their topics are made and looked up
 * only once a frame needs them, so that no topic appears that nobody writes */
typedef enum { GROUP_BINARY, GROUP_LEGACY, N_GROUPS } Group;

struct _TribKafkaPublisher {
  /* set once */
  gchar *servers;
  gchar *topics[TRIB_KAFKA_N_TOPICS];
  gchar **options;
  TribKafkaConfig config; /* points to the copies above */
  TribKafkaPublisherCallbacks callbacks;
  gpointer user_data;
  GThread *thread;

  /* the publishing thread: GRefStrings of the frame before */
  gchar *last_session, *last_stream, *last_caps;

  GMutex lock;
  GCond changed; /* room, an outcome, flushing, fatal, the end */

  /* I/O thread; `rk` and `rkt` only change under `lock`, and only before a group is ready */
  rd_kafka_t *rk;
  rd_kafka_topic_t *rkt[TRIB_KAFKA_N_TOPICS];
  guint64 batch_bytes;
  gint64 next_preflight_us;
  gint64 next_losses_us;

  /* `lock` */
  gboolean flushing;
  gboolean stopping;
  gboolean abandon;   /* asked: give up what is pending, then go on */
  gboolean giving_up; /* no frame is handed to the client any more */
  gboolean closing;   /* nothing more is written */
  GError *fatal;
  gboolean fatal_told;
  TribKafkaOverflow overflow;
  gboolean await_key;   /* drop-non-key: until the next key frame */
  GQueue waiting;       /* taken, not handed to the client */
  GQueue sent;          /* handed to the client, oldest first */
  GPtrArray *released;  /* payloads to let go outside the lock */
  guint64 client_bytes; /* of `pending_bytes`: handed to the client */
  guint n_slots;        /* records whose report is due */
  gboolean ask_again;   /* the client holds a refusal of a topic to be final until it asks again */
  gboolean wanted[N_GROUPS];
  gboolean ready[N_GROUPS];
  gint32 n_partitions[N_GROUPS];
  Lane *lanes[TRIB_KAFKA_N_TOPICS]; /* by partition; NULL until the group is ready */
  gint32 n_lanes[TRIB_KAFKA_N_TOPICS];
  guint64 broker_max_bytes[TRIB_KAFKA_N_TOPICS]; /* of a record batch; 0: not known */
  TribKafkaAccounts accounts;
  TribKafkaLosses losses;
  TribKafkaLink link;
  GQueue link_events;
  gchar *why; /* the client's last word on the connection */
};

#define MAX_LOSS_RECORDS 4096

/* trib-kafka-delivery.c */
void trib_kafka_frame_free (Frame *frame);
void trib_kafka_delivery_dispatch (TribKafkaPublisher *p);
void trib_kafka_delivery_fail (
    TribKafkaPublisher *p, Frame *frame, TribKafkaFailed reason, const gchar *message);
void trib_kafka_delivery_drop (
    TribKafkaPublisher *p, Frame *frame, TribKafkaDropped reason, const gchar *message);
void trib_kafka_delivery_expire (TribKafkaPublisher *p, gint64 now);
void trib_kafka_delivery_settle_slot (TribKafkaPublisher *p, Slot *slot, const Report *report);
void trib_kafka_delivery_report (rd_kafka_t *rk, const rd_kafka_message_t *msg, void *opaque);

/* trib-kafka-lanes.c */
void trib_kafka_lanes_open (TribKafkaPublisher *p, TribKafkaTopic topic, gint32 n_partitions);
void trib_kafka_lanes_clear (TribKafkaPublisher *p);
rd_kafka_resp_err_t trib_kafka_lanes_send (TribKafkaPublisher *p, Record *record);
void trib_kafka_lanes_reported (
    TribKafkaPublisher *p, TribKafkaTopic topic, gint32 partition, gboolean known);
void trib_kafka_lanes_purge (TribKafkaPublisher *p);
void trib_kafka_lanes_expire (TribKafkaPublisher *p, gint64 limit);

/* trib-kafka-preflight.c */
gboolean trib_kafka_preflight_open (TribKafkaPublisher *p, GError **error);
void trib_kafka_preflight_close (TribKafkaPublisher *p);
void trib_kafka_preflight_run (TribKafkaPublisher *p, gint64 now);

/* trib-kafka-publisher.c: link changes are queued under the lock and told outside it */
void trib_kafka_publisher_queue_link_event (TribKafkaPublisher *p, const TribKafkaLinkEvent *event);
void trib_kafka_publisher_trouble (TribKafkaPublisher *p, const gchar *why);
void trib_kafka_publisher_set_fatal (TribKafkaPublisher *p, const gchar *why);

G_END_DECLS
