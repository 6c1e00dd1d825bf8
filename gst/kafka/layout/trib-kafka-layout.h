/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the records of a frame say: docs/internals/kafka-topics.md. Pure. */

typedef enum {
  TRIB_KAFKA_TOPIC_METADATA,
  TRIB_KAFKA_TOPIC_BINARY,
  TRIB_KAFKA_TOPIC_REGISTRY,
  TRIB_KAFKA_TOPIC_LEGACY,
  TRIB_KAFKA_N_TOPICS
} TribKafkaTopic;

extern const gchar *const trib_kafka_default_topics[TRIB_KAFKA_N_TOPICS];
/* what runs say at their ends */
#define TRIB_KAFKA_RUNS_TOPIC "vrs-frame-runs"

/**
 * TribKafkaFrame:
 * @session: session id
 * @stream: stream id
 * @index: frame index
 * @t_ns: capture time, ns since the Unix epoch
 * @time_source: its origin, see the topics' page
 * @key: whether the frame can be decoded by itself
 * @content_type: media type of the bytes
 * @caps: (nullable): GStreamer caps of the bytes, as text
 * @width: pixels
 * @height: pixels
 * @channels: of the original picture: 3 or 1
 * @format: compression format: "raw", "jpeg", "png", "webp", "h264", "h265"
 * @pixel_format: (nullable): of raw video, else NULL
 * @quality: encoder's quality, -1: not known
 * @original_size: bytes of the packed RGB or GRAY8 picture
 *
 * @held_bytes: memory that a reference to the payload keeps allocated, when that is more than its
 *   bytes
 *
 * A frame as its records describe it. Strings are borrowed for the time of a call.
 */
typedef struct {
  const gchar *session;
  const gchar *stream;
  guint64 index;
  gint64 t_ns;
  const gchar *time_source;
  gboolean key;
  const gchar *content_type;
  const gchar *caps;
  guint width, height, channels;
  const gchar *format;
  const gchar *pixel_format;
  gint quality;
  guint64 original_size;
  guint64 held_bytes;
} TribKafkaFrame;

/**
 * TribKafkaPlace:
 * @topic: topic name
 * @partition: partition, -1: not known
 * @offset: offset, -1: not written, or not known
 * @crc32c: of the record's value
 */
typedef struct {
  const gchar *topic;
  gint32 partition;
  gint64 offset;
  guint32 crc32c;
} TribKafkaPlace;

/**
 * TribKafkaEntry:
 * @error_reason: (nullable): NULL makes a LINKED entry, a reason a FAILED one
 * @error_message: (nullable): for people, with @error_reason
 *
 * What a registry entry says. Strings are borrowed.
 */
typedef struct {
  const gchar *frame_id;
  const gchar *session;
  const gchar *stream;
  guint64 index;
  gint64 t_ns;
  const gchar *format;
  guint64 original_size;
  guint64 size;
  TribKafkaPlace metadata;
  TribKafkaPlace binary;
  gint64 created_at_ns;
  const gchar *error_reason;
  const gchar *error_message;
} TribKafkaEntry;

void trib_kafka_layout_metadata (GString *out, const TribKafkaFrame *frame, const gchar *frame_id,
    guint64 sequence, guint64 size, guint32 crc32c);
/**
 * TribKafkaRunEnd:
 * @session: session id
 * @stream: stream id
 * @first_index: lowest frame index
 * @last_index: highest
 * @sent: frames
 * @linked: of these: with a LINKED entry
 * @failed: of these: lost, whether or not there is a FAILED entry
 * @ended_at_ns: wall clock, ns since the Unix epoch
 *
 * What a run says at its end.
 */
typedef struct {
  const gchar *session, *stream;
  guint64 first_index, last_index;
  guint64 sent, linked, failed;
  gint64 ended_at_ns;
} TribKafkaRunEnd;

void trib_kafka_layout_run (GString *out, const TribKafkaRunEnd *run);
void trib_kafka_layout_legacy (GString *out, const TribKafkaFrame *frame, const gchar *frame_id,
    guint64 sequence, const guint8 *data, gsize size);
void trib_kafka_layout_registry (GString *out, const TribKafkaEntry *entry);
gchar *trib_kafka_layout_time (gint64 t_ns);

G_END_DECLS
