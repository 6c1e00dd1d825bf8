/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include <kafka/layout/trib-kafka-layout.h>

G_BEGIN_DECLS

/* What a sink's caps say about its frames, and a buffer's bytes without a copy where that is
 * possible. */

/**
 * GstKafkaMedia:
 * @caps: (nullable): caps as text
 * @frame: the fields of the record that the caps decide; strings are static or owned here
 * @video: of raw video
 * @is_raw: whether @video holds
 * @packed: raw rows must follow each other without padding (RGB, BGR, GRAY8: what numpy readers
 * expect)
 * @has_delta: whether buffers may be delta units (H.264, H.265)
 */
typedef struct {
  gchar *caps;
  TribKafkaFrame frame;
  GstVideoInfo video;
  gboolean is_raw;
  gboolean packed;
  gboolean has_delta;
} GstKafkaMedia;

gboolean gst_kafka_media_from_caps (GstKafkaMedia *media, GstCaps *caps);
void gst_kafka_media_clear (GstKafkaMedia *media);
guint64 gst_kafka_buffer_held_bytes (GstBuffer *buffer);
GBytes *gst_kafka_bytes_new (GstBuffer *buffer, gboolean compact, gboolean *ret_copied);
GBytes *gst_kafka_payload_new (const GstKafkaMedia *media, GstBuffer *buffer, gboolean compact,
    gboolean *ret_copied, GError **error);

G_END_DECLS
