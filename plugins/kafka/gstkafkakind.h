/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <kafka/layout/trib-kafka-hints.h>
#include <kafka/read/trib-kafka-message.h>

G_BEGIN_DECLS

/* What the bytes of a record are, from its headers, from what its metadata says, or from the bytes
 * themselves. */

#define GST_KAFKA_CAPS                                                   \
  "image/jpeg; image/png; image/webp; video/x-raw; "                     \
  "video/x-h264, stream-format = (string) { byte-stream, avc, avc3 }, "  \
  "alignment = (string) au; "                                            \
  "video/x-h265, stream-format = (string) { byte-stream, hvc1, hev1 }, " \
  "alignment = (string) au"

/**
 * GstKafkaKind:
 * @caps: (nullable): of the last frame
 * @format: (nullable): compression format as the frame meta has it, static
 * @has_delta: whether frames may need earlier ones
 * @duration: of a frame, ns; %GST_CLOCK_TIME_NONE when the caps do not say it
 */
typedef struct {
  GstCaps *caps;
  const gchar *format;
  gboolean has_delta;
  GstClockTime duration;

  gchar *header; /* text of the `caps` header that @caps were made of */
  gsize header_len;
  gsize raw_size; /* size of the raw frames that metadata was read for */
  gsize min_size; /* of a raw frame: elements downstream do not check the size */
  /* rows of RGB, BGR and GRAY8 lie without padding; 0: so do those that GStreamer expects */
  gsize row_size, stride;
  guint n_rows;
  gboolean is_h265;
  guint nal_length; /* 0: byte-stream */
} GstKafkaKind;

gboolean gst_kafka_kind_from_headers (GstKafkaKind *kind, const TribKafkaMessage *m);
gboolean gst_kafka_kind_from_hints (
    GstKafkaKind *kind, const TribKafkaHints *hints, const TribKafkaMessage *m);
gboolean gst_kafka_kind_from_magic (GstKafkaKind *kind, const TribKafkaMessage *m);
gboolean gst_kafka_kind_from_typefinding (
    GstKafkaKind *kind, GstObject *element, const TribKafkaMessage *m);
GstBuffer *gst_kafka_kind_make_buffer (const GstKafkaKind *kind, GBytes *bytes);
gboolean gst_kafka_kind_is_key (const GstKafkaKind *kind, const guint8 *data, gsize size);
void gst_kafka_kind_clear (GstKafkaKind *kind);

G_END_DECLS
