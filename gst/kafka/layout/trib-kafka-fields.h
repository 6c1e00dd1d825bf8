/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-json-reader.h>

#include <kafka/trib-kafka-error.h>

G_BEGIN_DECLS

/* A JSON object read into a struct by a table of its members: strictly, each at most once, of the
 * type that the table says. Pure. */

/**
 * TribKafkaFieldType:
 * @TRIB_KAFKA_FIELD_STRING: gchar *, owned
 * @TRIB_KAFKA_FIELD_U64: guint64
 * @TRIB_KAFKA_FIELD_I64: gint64
 * @TRIB_KAFKA_FIELD_U32: guint32; @max of the table's line holds when it is not 0
 * @TRIB_KAFKA_FIELD_PARTITION: of Kafka, gint32; null reads as -1
 * @TRIB_KAFKA_FIELD_OFFSET: of Kafka, gint64; null reads as -1
 * @TRIB_KAFKA_FIELD_RATIO: gdouble, not negative; null reads as -1
 * @TRIB_KAFKA_FIELD_TIME: ISO 8601, UTC unless it names a zone; gint64, us since the Unix epoch
 * @TRIB_KAFKA_FIELD_CLOCK: I64 that may be null; looked at, not kept
 * @TRIB_KAFKA_FIELD_BOOLEAN: gboolean
 * @TRIB_KAFKA_FIELD_STATUS: "LINKED" or "FAILED", gboolean: failed
 * @TRIB_KAFKA_FIELD_SHAPE: array of at most 4 numbers, #TribKafkaShape
 */
typedef enum {
  TRIB_KAFKA_FIELD_STRING,
  TRIB_KAFKA_FIELD_U64,
  TRIB_KAFKA_FIELD_I64,
  TRIB_KAFKA_FIELD_U32,
  TRIB_KAFKA_FIELD_PARTITION,
  TRIB_KAFKA_FIELD_OFFSET,
  TRIB_KAFKA_FIELD_RATIO,
  TRIB_KAFKA_FIELD_TIME,
  TRIB_KAFKA_FIELD_CLOCK,
  TRIB_KAFKA_FIELD_BOOLEAN,
  TRIB_KAFKA_FIELD_STATUS,
  TRIB_KAFKA_FIELD_SHAPE,
} TribKafkaFieldType;

typedef struct {
  guint n;
  guint64 sizes[4];
} TribKafkaShape;

/**
 * TribKafkaField:
 * @name: of a member; of a member of `compression`: with "compression." in front
 * @type: what it must be
 * @at: offset in the struct; %TRIB_KAFKA_FIELD_NOWHERE: looked at, not kept
 * @optional: may be absent or null; then the struct keeps what it had
 * @max: of a %TRIB_KAFKA_FIELD_U32, 0: what fits
 */
typedef struct {
  const gchar *name;
  TribKafkaFieldType type;
  gsize at;
  gboolean optional;
  guint32 max;
} TribKafkaField;

#define TRIB_KAFKA_FIELD_NOWHERE G_MAXSIZE
#define TRIB_KAFKA_MAX_FIELDS 32

gboolean trib_kafka_fields_read (const TribKafkaField *fields, guint n_fields, gpointer out,
    TribJsonReader *reader, const gchar *text, gsize len, GError **error);

G_END_DECLS
