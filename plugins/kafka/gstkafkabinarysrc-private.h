/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/trib-kafka-broker.h>
#include <kafka/trib-kafka-frames.h>
#include <kafka/trib-kafka-reader.h>
#include <kafka/trib-kafka-tail.h>

#include "gstkafkabinarysrc.h"
#include "gstkafkaenums.h"
#include "gstkafkamedia.h"
#include "gstkafkasettings.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (kafkabinarysrc_debug);
#define GST_CAT_DEFAULT kafkabinarysrc_debug

/* what only this source has as properties */
typedef struct {
  TribKafkaStart start;
  gint64 start_offset;
  gint start_partition;
  gint64 start_time;
  GstKafkaUntil until;
  TribKafkaReadBy read_by;
  guint64 max_queued_bytes;
  gboolean check_crc;
  guint latency_ms;
  guint outage_timeout_ms;
} GstKafkaSourceSettings;

struct _GstKafkaBinarySrc {
  GstPushSrc parent;

  /* OBJECT_LOCK; what they are when going to READY counts */
  GstKafkaSettings settings;
  GstKafkaSourceSettings own;

  /* OBJECT_LOCK: set going to READY, cleared going to NULL, used by the streaming thread between */
  TribKafkaFrames *frames;
  TribKafkaTail *tail; /* while it is looked for how long the recording is */
  GCancellable *cancellable;
  gchar *broker_address;
  gboolean flushing;
  TribKafkaFramesCounts last_counts; /* of the run before, once it has ended */
  guint64 unusable;                  /* what they are could not be found out */
  guint64 skipped;
  guint64 outages;
  TribKafkaLinkState link;
  GstClockTime duration;

  /* set going to READY */
  TribKafkaBroker *broker;
  TribKafkaReader *reader; /* of metadata, for bytes that do not say what they are */
  GstKafkaConfig *config;
  TribKafkaFramesConfig frames_config;
  GstKafkaSourceSettings now; /* as it was then */

  /* streaming thread, or nobody else while a seek is carried out */
  GstKafkaKind kind;
  GstCaps *caps; /* (nullable) as they were sent */
  TribJsonReader *json;
  gboolean has_base;
  gint64 base_ns;       /* capture time of the first frame: stream time 0 */
  GstClockTime seek_to; /* sought before `base_ns` was known */
  gboolean needs_key;   /* after a seek: nothing can be decoded before */
  gboolean discont;
  gboolean begun; /* a buffer went out since the last segment */
  GstClockTime last_pts;
  gint64 down_since; /* monotonic, -1: the broker is there */
  gboolean malformed_warned;
};

GstFlowReturn gst_kafka_source_create (GstKafkaBinarySrc *self, GstBuffer **ret_buffer);
void gst_kafka_source_reset (GstKafkaBinarySrc *self);
gboolean gst_kafka_source_seek (GstKafkaBinarySrc *self, GstClockTime position);

G_END_DECLS
