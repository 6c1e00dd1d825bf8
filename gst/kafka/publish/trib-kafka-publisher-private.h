/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-client-private.h"
#include "trib-kafka-publisher.h"

G_BEGIN_DECLS

/* the three records of a binary frame, the one of a legacy frame, a record as it came */
typedef enum { FRAME_BINARY, FRAME_LEGACY, FRAME_RECORD } FrameKind;

/* where the single record of FRAME_LEGACY and FRAME_RECORD goes */
#define TOPIC_SINGLE TRIB_KAFKA_TOPIC_LEGACY

/* the topics of a binary frame, or that of a single record: they are made and looked up only once a
 * frame needs them, so that no topic appears that nobody writes */
typedef enum { GROUP_BINARY, GROUP_SINGLE, N_GROUPS } Group;

/* A frame without an outcome. Owned by its publisher (an orphan: by the client), guarded by the
 * client's lock. */
struct _Frame {
  Slot slots[TRIB_KAFKA_N_TOPICS];
  GList link; /* in `waiting`, `sent` or `orphans` */
  FrameKind kind;
  gchar *id;                   /* of a plain record: its number, for people */
  gchar *key;                  /* (nullable) of a plain record */
  gsize key_size;              /* likewise */
  rd_kafka_headers_t *headers; /* (nullable) of a plain record, until it is sent */
  gsize headers_size;          /* likewise */
  gchar *session;              /* GRefString, not interned */
  gchar *stream;               /* likewise */
  const gchar *format;         /* interned */
  guint64 index;
  gint64 t_ns;
  guint64 sequence;
  guint64 original_size;
  gboolean is_key;
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
  GList link; /* in `loss_records` */
  gchar *id;
  GString *json;
} LossRecord;

/* a frame that waits for room, on its thread's stack */
typedef struct {
  GList link; /* in `blocked` */
  TribKafkaPublisher *p;
  guint64 cost;
} Waiter;

/* how far the giving up of a publisher's frames has come */
typedef enum {
  END_NONE,
  END_LAST_RECORDS, /* its last records have a moment to be acknowledged */
  END_PURGED,       /* the reports of what was purged come */
  END_SETTLED,      /* every frame has its outcome, payloads are being let go */
} End;

struct _TribKafkaPublisher {
  /* set once */
  TribKafkaClient *client;
  gchar *names[TRIB_KAFKA_N_TOPICS]; /* of topics; NULL: not written by this publisher */
  gboolean partition_by_frame;
  TribKafkaPublisherCallbacks callbacks;
  gpointer user_data;
  GThread *teller;

  /* the publishing thread: GRefStrings of the frame before */
  gchar *last_session, *last_stream, *last_caps;

  /* the client's lock, from here on */
  GCond changed; /* room, an outcome, flushing, fatal, the end */
  GCond tell;    /* there is something to tell */
  GList client_link;

  /* I/O thread */
  End end;
  gboolean end_leaves; /* its end is that of close() */
  gint64 end_us;       /* when the present step is over at the latest */

  gboolean drained_due; /* `changed` is to be signalled after the reports that are being taken */
  gboolean flushing;
  gboolean abandon;   /* asked: give up what is pending, then go on */
  gboolean leaving;   /* asked: likewise, then leave the client */
  gboolean left;      /* the client does not know it any more */
  gboolean giving_up; /* no frame is handed to the client any more */
  gboolean closing;   /* nothing more is written */
  gboolean fatal_told;
  gboolean tell_now;  /* asked: losses at once */
  gboolean tell_ends; /* asked: tell the rest, then end */
  gint64 next_losses_us;
  TribKafkaOverflow overflow;
  gboolean await_key;                 /* drop-non-key: until the next key frame */
  GQueue waiting;                     /* taken, not handed to the client */
  GQueue sent;                        /* handed to the client, oldest first */
  GQueue loss_records;                /* of LossRecord */
  guint64 client_bytes;               /* of `pending_bytes`: handed to the client */
  guint n_slots;                      /* records whose report is due */
  Topic *topics[TRIB_KAFKA_N_TOPICS]; /* NULL until their group is wanted */
  gboolean wanted[N_GROUPS];
  gboolean ready[N_GROUPS];
  gint32 n_partitions[N_GROUPS];
  TribKafkaAccounts accounts;
  TribKafkaLosses losses;
  TribLink link;
  GQueue link_events;
  gchar *why; /* why its topics cannot be used; NULL: see the client's */
};

static inline Group
trib_kafka_frame_group (const Frame *frame)
{
  return frame->kind == FRAME_BINARY ? GROUP_BINARY : GROUP_SINGLE;
}

/* what a frame costs beside its bytes: its struct, the registry entry, the client's own records */
#define FRAME_OVERHEAD_BYTES 4096

/* trib-kafka-frame.c */
Frame *trib_kafka_frame_new (
    TribKafkaPublisher *p, const TribKafkaFrame *desc, GBytes *payload, gboolean legacy);
Frame *trib_kafka_frame_new_record (
    TribKafkaPublisher *p, const TribKafkaRecord *desc, GBytes *value);
void trib_kafka_frame_lay_out (Frame *frame, const TribKafkaFrame *desc, GBytes *payload);
void trib_kafka_frame_free (Frame *frame);
rd_kafka_headers_t *trib_kafka_frame_headers (
    const Frame *frame, const gchar *content_type, guint32 crc32c, const gchar *caps);
gsize trib_kafka_frame_whole (const Frame *frame, gsize size);
void trib_kafka_frame_entry (
    const TribKafkaPublisher *p, const Frame *frame, TribKafkaEntry *entry);
gint32 trib_kafka_frame_choose_partition (const TribKafkaPublisher *p, const Frame *frame);

/* trib-kafka-room.c */
gboolean trib_kafka_room_in_client (const TribKafkaPublisher *p, guint64 cost);
void trib_kafka_room_wake (TribKafkaClient *c);
void trib_kafka_room_settled (TribKafkaPublisher *p);
void trib_kafka_room_wake_due (TribKafkaClient *c);
TribKafkaPublishResult trib_kafka_room_admit (TribKafkaPublisher *p, Frame *frame, GError **error);

/* trib-kafka-delivery.c */
void trib_kafka_delivery_take (TribKafkaPublisher *p, Frame *frame);
void trib_kafka_delivery_expire (TribKafkaPublisher *p, gint64 now);

/* trib-kafka-outcome.c */
void trib_kafka_outcome_count (TribKafkaPublisher *p, Frame *frame);
void trib_kafka_outcome_fail (
    TribKafkaPublisher *p, Frame *frame, TribKafkaFailed reason, const gchar *message);
void trib_kafka_outcome_drop (
    TribKafkaPublisher *p, Frame *frame, TribKafkaDropped reason, const gchar *message);
void trib_kafka_outcome_acknowledge (TribKafkaPublisher *p, Frame *frame);
void trib_kafka_outcome_release_payload (TribKafkaPublisher *p, Frame *frame);
void trib_kafka_outcome_loss_reported (TribKafkaClient *c, LossRecord *loss, const Report *report);
void trib_kafka_outcome_orphan_reported (TribKafkaClient *c, Frame *frame, TribKafkaTopic topic);
void trib_kafka_outcome_orphan (TribKafkaPublisher *p);

/* trib-kafka-tell.c */
gpointer trib_kafka_tell_thread (gpointer data);
void trib_kafka_tell_link (TribKafkaPublisher *p, const TribLinkEvent *event);
void trib_kafka_tell_clear_losses (TribKafkaLosses *losses);

G_END_DECLS
