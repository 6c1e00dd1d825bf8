/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-json-reader.h>

G_BEGIN_DECLS

/* What the registry's and the metadata's JSON say, read strictly: docs/internals/kafka-topics.md.
 * Pure. */

#define TRIB_KAFKA_RECORD_ERROR (trib_kafka_record_error_quark ())
GQuark trib_kafka_record_error_quark (void);

typedef enum {
  TRIB_KAFKA_RECORD_ERROR_JSON,  /* the value is not JSON, or no object */
  TRIB_KAFKA_RECORD_ERROR_FIELD, /* a field is absent, twice there, or of another type or range */
} TribKafkaRecordError;

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
  guint32 size_bytes; /* size_bytes */
  gboolean failed;    /* status is FAILED, else LINKED */
  gchar *error_reason;
  gchar *error_message;
} TribKafkaRegistryValue;

typedef struct {
  TribKafkaIdentity identity;
  gchar *format;
  gchar *content_type;
  guint32 size;
  guint32 binary_crc32c;
  guint64 sequence;
} TribKafkaMetadataValue;

gboolean trib_kafka_registry_value_parse (TribKafkaRegistryValue *out, TribJsonReader *reader,
    const gchar *text, gsize len, GError **error);
void trib_kafka_registry_value_clear (TribKafkaRegistryValue *value);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TribKafkaRegistryValue, trib_kafka_registry_value_clear)

gboolean trib_kafka_metadata_value_parse (TribKafkaMetadataValue *out, TribJsonReader *reader,
    const gchar *text, gsize len, GError **error);
void trib_kafka_metadata_value_clear (TribKafkaMetadataValue *value);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TribKafkaMetadataValue, trib_kafka_metadata_value_clear)

G_END_DECLS
