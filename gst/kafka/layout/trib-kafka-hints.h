/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-json-reader.h>

G_BEGIN_DECLS

/**
 * TribKafkaHints:
 * @caps: (nullable): GStreamer caps
 * @content_type: (nullable): media type
 * @pixel_format: (nullable): of raw video
 * @format: (nullable): compression format
 * @dtype: (nullable): of the numbers of raw video
 * @width: pixels, 0: not said
 * @height: pixels, 0: not said
 * @channels: 0: not said
 *
 * What the metadata of any producer may say about the bytes; strings are owned.
 */
typedef struct {
  gchar *caps;
  gchar *content_type;
  gchar *pixel_format;
  gchar *format;
  gchar *dtype;
  guint width, height, channels;
} TribKafkaHints;

gboolean trib_kafka_hints_parse (
    TribKafkaHints *out, TribJsonReader *reader, const gchar *text, gsize len);
void trib_kafka_hints_clear (TribKafkaHints *hints);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TribKafkaHints, trib_kafka_hints_clear)

G_END_DECLS
