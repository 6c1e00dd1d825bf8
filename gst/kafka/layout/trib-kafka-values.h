/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-fields.h"

G_BEGIN_DECLS

/* What the registry's and the metadata's JSON say, read strictly: docs/internals/kafka-topics.md.
 * Pure. */

/* what both say about which frame it is; strings are owned */
typedef struct {
  gchar *frame_id;
  gchar *session;
  gchar *stream;
  guint64 index;
  gint64 t_ns;
} TribKafkaIdentity;

typedef struct {
  gchar *topic;
  gint32 partition; /* -1: null */
  gint64 offset;    /* -1: null */
  guint32 crc32c;
} TribKafkaPointer;

typedef struct {
  TribKafkaIdentity identity;
  TribKafkaPointer metadata;
  TribKafkaPointer binary;
  gchar *format;
  guint32 size;       /* compressed_size */
  gdouble ratio;      /* compression_ratio, -1: null */
  guint32 size_bytes; /* size_bytes */
  gboolean failed;    /* status is FAILED, else LINKED */
  gchar *error_reason;
  gchar *error_message;
} TribKafkaRegistryValue;

typedef struct {
  TribKafkaIdentity identity;
  gint64 time_us; /* timestamp, us since the Unix epoch */
  guint32 width, height, channels;
  gchar *format;
  guint64 original_size;
  guint32 size;         /* compression.compressed_size */
  gdouble ratio;        /* compression.compression_ratio, -1: null */
  guint32 quality;      /* 0: also when absent */
  TribKafkaShape shape; /* n is 0 when absent */
  gchar *dtype;         /* (nullable) */
  gchar *data_type;
  gchar *content_type;
  gchar *pixel_format; /* (nullable) */
  gchar *caps;         /* (nullable) */
  gchar *time_source;
  gboolean key;
  guint64 sequence;
  guint32 binary_crc32c;
} TribKafkaMetadataValue;

gboolean trib_kafka_registry_value_parse (TribKafkaRegistryValue *out, TribJsonReader *reader,
    const gchar *text, gsize len, GError **error);
gboolean trib_kafka_registry_value_check (const TribKafkaRegistryValue *value, GError **error);
void trib_kafka_registry_value_clear (TribKafkaRegistryValue *value);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TribKafkaRegistryValue, trib_kafka_registry_value_clear)

gboolean trib_kafka_metadata_value_parse (TribKafkaMetadataValue *out, TribJsonReader *reader,
    const gchar *text, gsize len, GError **error);
gboolean trib_kafka_metadata_value_check (const TribKafkaMetadataValue *value, GError **error);
void trib_kafka_metadata_value_clear (TribKafkaMetadataValue *value);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TribKafkaMetadataValue, trib_kafka_metadata_value_clear)

gboolean trib_kafka_ratio_is (gdouble ratio, guint64 compressed, guint64 original);

G_END_DECLS
