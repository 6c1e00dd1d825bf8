/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Media types: of frames, and of records that are JSON or MessagePack. Pure. */

#define TRIB_KAFKA_CONTENT_JSON "application/json"
#define TRIB_KAFKA_CONTENT_MSGPACK "application/x-msgpack"
/* of a content-type header that is looked at */
#define TRIB_KAFKA_CONTENT_MAX_BYTES 128

/**
 * TribKafkaFormat:
 * @type: the media type, which is the records' content type and the name of the caps
 * @name: the compression format of the records (ARIA-3) and of the frame meta
 * @has_delta: whether frames may need earlier ones
 *
 * What frames in the topics may be. All of it is static.
 */
typedef struct {
  const gchar *type;
  const gchar *name;
  gboolean has_delta;
} TribKafkaFormat;

const TribKafkaFormat *trib_kafka_format_of_type (const gchar *type, gsize len);
const TribKafkaFormat *trib_kafka_format_by_name (const gchar *name);

const gchar *trib_kafka_content_of_type (const gchar *type);
const gchar *trib_kafka_content_sniff (gconstpointer data, gsize size);
const gchar *trib_kafka_content_of (const gchar *type, gconstpointer data, gsize size);

G_END_DECLS
