/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GstKafkaFormat:
 * @type: the media type, which is the records' content type too
 * @name: the compression format of the records (ARIA-3) and of the frame meta
 * @has_delta: whether frames may need earlier ones
 *
 * What frames in the topics may be. All of it is static.
 */
typedef struct {
  const gchar *type;
  const gchar *name;
  gboolean has_delta;
} GstKafkaFormat;

const GstKafkaFormat *gst_kafka_format_of_caps (const GstStructure *s);
const GstKafkaFormat *gst_kafka_format_of_type (const gchar *type, gsize len);

G_END_DECLS
