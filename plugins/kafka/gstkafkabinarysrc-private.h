/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/read/trib-kafka-frames.h>
#include <kafka/read/trib-kafka-reader.h>
#include <kafka/read/trib-kafka-tail.h>

#include "gstkafkabinarysrc.h"
#include "gstkafkakind.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (kafkabinarysrc_debug);
#define GST_CAT_DEFAULT kafkabinarysrc_debug

/* what says which frame a record is */
typedef enum {
  GST_KAFKA_IDENTITY_KEY,
  GST_KAFKA_IDENTITY_NONE,
} GstKafkaIdentity;

/* what kafkabinarysrc alone has as properties */
typedef struct {
  TribKafkaReadBy read_by;
  gboolean check_crc;
  GstKafkaIdentity identity;
} GstKafkaBinarySrcSettings;

struct _GstKafkaBinarySrc {
  GstKafkaSource parent;

  /* OBJECT_LOCK; the values in the change to READY count */
  GstKafkaBinarySrcSettings own;
  gchar *uri; /* (nullable) as it was set */

  /* OBJECT_LOCK: set going to READY, cleared going to NULL, used by the streaming thread between */
  TribKafkaFrames *frames;
  TribKafkaTail *tail;               /* while the duration of the recording is looked for */
  TribKafkaReader *reader;           /* of metadata, for bytes that do not say what they are */
  TribKafkaFramesCounts last_counts; /* of the run before, once it has ended */
  guint64 unusable;                  /* of unknown media type */
  guint64 skipped;

  /* set going to READY */
  TribKafkaFramesConfig frames_config;

  /* streaming thread, or the seeking thread while it is stopped */
  GstKafkaKind kind;
  GstCaps *caps; /* (nullable) as they were sent */
  TribJsonReader *json;
  TribKafkaFramesItem waiting; /* a frame: a flush came while its metadata was looked for */
  gboolean has_waiting;
  gboolean has_base;
  gint64 base_ns;        /* capture time of stream time 0 */
  gboolean has_duration; /* it was looked for */
  gboolean is_placed;    /* the base class has begun */
  gboolean seek_pending; /* sought before `base_ns` was known */
  GstClockTime seek_to;  /* where then */
  gboolean needs_key;    /* after a seek: nothing can be decoded before */
  gboolean discont;
  gboolean new_session; /* no buffer of it went out yet */
  gboolean begun;       /* a buffer went out since the last segment */
  GstClockTime last_pts;
};

GstFlowReturn gst_kafka_binary_src_create (GstPushSrc *src, GstBuffer **ret_buffer);
void gst_kafka_binary_src_uri_init (gpointer iface, gpointer data);
void gst_kafka_binary_src_reset (GstKafkaSource *source);
void gst_kafka_binary_src_seek (GstKafkaSource *source, GstClockTime position);

G_END_DECLS
