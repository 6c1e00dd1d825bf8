/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

#include <kafka/read/trib-kafka-cursor.h>

#include "gstkafkalife.h"

#include <shared/trib-fields.h>

G_BEGIN_DECLS

/* What Kafka sources share: settings, life cycle with a client, waits that can be woken, seeks,
 * messages. Not an element by itself. */

typedef struct _GstKafkaSource GstKafkaSource;
typedef struct _GstKafkaSourceClass GstKafkaSourceClass;

#define GST_TYPE_KAFKA_SOURCE (gst_kafka_source_get_type ())
#define GST_KAFKA_SOURCE(obj) \
  (G_TYPE_CHECK_INSTANCE_CAST ((obj), GST_TYPE_KAFKA_SOURCE, GstKafkaSource))
#define GST_KAFKA_SOURCE_CLASS(klass) \
  (G_TYPE_CHECK_CLASS_CAST ((klass), GST_TYPE_KAFKA_SOURCE, GstKafkaSourceClass))
#define GST_KAFKA_SOURCE_GET_CLASS(obj) \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), GST_TYPE_KAFKA_SOURCE, GstKafkaSourceClass))

GType gst_kafka_source_get_type (void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstKafkaSource, gst_object_unref)

/* ids of properties after those of the settings; an element's own follow from
 * GST_KAFKA_SOURCE_N_PROPS on */
enum {
  GST_KAFKA_SOURCE_START = GST_KAFKA_N_SETTINGS,
  GST_KAFKA_SOURCE_START_OFFSET,
  GST_KAFKA_SOURCE_START_PARTITION,
  GST_KAFKA_SOURCE_START_TIME,
  GST_KAFKA_SOURCE_UNTIL,
  GST_KAFKA_SOURCE_MAX_QUEUED_BYTES,
  GST_KAFKA_SOURCE_LATENCY_MS,
  GST_KAFKA_SOURCE_OUTAGE_TIMEOUT_MS,
  GST_KAFKA_SOURCE_BROKER_ADDRESS,
  GST_KAFKA_SOURCE_STATS,
  GST_KAFKA_SOURCE_N_PROPS
};

/* what every source has as properties, beside the settings */
typedef struct {
  TribKafkaStart start;
  gint64 start_offset;
  gint start_partition;
  gchar *start_time; /* text; what it says: start_ns */
  GstKafkaUntil until;
  guint64 max_queued_bytes;
  guint latency_ms;
  guint outage_timeout_ms;
} GstKafkaSourceSettings;

typedef enum {
  GST_KAFKA_SOURCE_STOPPED,
  GST_KAFKA_SOURCE_READY,
  GST_KAFKA_SOURCE_READING,
  GST_KAFKA_SOURCE_AWAY, /* reading, while no broker answers */
} GstKafkaSourceState;

struct _GstKafkaSource {
  GstPushSrc parent;

  /* OBJECT_LOCK; what they are when starting counts */
  GstKafkaLife life;
  GstKafkaSourceSettings own;

  /* OBJECT_LOCK */
  gboolean flushing;
  guint64 outages;
  TribLinkState link;
  GstClockTime duration; /* NONE: not known */
  const gchar *nothing;  /* static: why nothing was found where reading began, "" */

  /* set at the start: going to READY, and to PAUSED when settings have changed since */
  GstKafkaConfig *config;
  TribKafkaConsumerConfig client; /* points into @config */
  GstKafkaSourceSettings now;     /* as they were then, but for texts */
  gint64 start_ns;                /* `start-time`, ns since the Unix epoch */

  /* streaming thread, or state changes while it does not run */
  GstKafkaSourceState state;
  gint64 down_since; /* monotonic, in the state AWAY */
  gboolean malformed_warned;
};

/* what a message about the connection says; rows: gst_kafka_source_connection_fields */
typedef struct {
  const gchar *state;
  const gchar *previous;
  gboolean recovered;
  guint64 previous_duration;
  guint64 outage_duration;
  guint64 pending;
  const gchar *reason;
} GstKafkaSourceConnection;

#define GST_KAFKA_SOURCE_N_CONNECTION_FIELDS 7
extern const TribField gst_kafka_source_connection_fields[GST_KAFKA_SOURCE_N_CONNECTION_FIELDS];

/* likewise about records that retention removed: gst_kafka_source_lost_fields */
typedef struct {
  gint partition;
  guint64 count;
} GstKafkaSourceLost;

#define GST_KAFKA_SOURCE_N_LOST_FIELDS 2
extern const TribField gst_kafka_source_lost_fields[GST_KAFKA_SOURCE_N_LOST_FIELDS];

/**
 * GstKafkaSourceClass:
 * @configure: (nullable): takes over properties of its own; OBJECT_LOCK is held
 * @begin: makes what reads, of the configuration
 * @end: and ends it; also after a @begin that failed
 * @set_flushing: wakes what reads; from any thread, takes OBJECT_LOCK
 * @reset: back to where reading begins
 * @seek: to a stream time, while no buffer is made
 * @connection_message: table of #GstKafkaSourceConnection
 * @lost_message: table of #GstKafkaSourceLost
 * @make_stats: (transfer full): the `stats` property
 */
struct _GstKafkaSourceClass {
  GstPushSrcClass parent_class;

  void (*configure) (GstKafkaSource *source);
  gboolean (*begin) (GstKafkaSource *source, GError **error);
  void (*end) (GstKafkaSource *source);
  void (*set_flushing) (GstKafkaSource *source, gboolean flushing);
  void (*reset) (GstKafkaSource *source);
  void (*seek) (GstKafkaSource *source, GstClockTime position);
  const TribFieldTable *connection_message;
  const TribFieldTable *lost_message;
  GstStructure *(*make_stats) (GstKafkaSource *source);
};

void gst_kafka_source_install (GParamSpec **properties);
void gst_kafka_source_note_change (GstKafkaSource *source);
gboolean gst_kafka_source_add_topic (GstKafkaSource *source, const gchar *topic, GError **error);
gboolean gst_kafka_source_is_following (const GstKafkaSource *source);
TribKafkaPosition gst_kafka_source_first_position (const GstKafkaSource *source);
gint64 gst_kafka_source_ms (gint64 ns);

gint64 gst_kafka_source_next_deadline (const GstKafkaSource *source);
gboolean gst_kafka_source_is_away_too_long (GstKafkaSource *source);
GstClockTime gst_kafka_source_now_running (GstKafkaSource *source);
void gst_kafka_source_begin_segment (
    GstKafkaSource *source, GstClockTime pts, GstClockTime running);

void gst_kafka_source_post (
    GstKafkaSource *source, const TribFieldTable *table, gconstpointer values);
void gst_kafka_source_post_lost (GstKafkaSource *source, gint32 partition, guint64 count);
void gst_kafka_source_set_link (
    GstKafkaSource *source, const TribLinkEvent *event, guint64 n_pending, const gchar *why);
void gst_kafka_source_warn_nothing (GstKafkaSource *source, const gchar *reason, const gchar *text);
void gst_kafka_source_warn_malformed (GstKafkaSource *source, const gchar *what, const gchar *why);
GstFlowReturn gst_kafka_source_fail (GstKafkaSource *source, const GError *error);

G_END_DECLS
