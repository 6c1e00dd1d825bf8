/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record.h"

G_BEGIN_DECLS

/* The one table of what kinds of record there are and which fields they have.
 * trib-record-envelope.c reads and writes by it, docs/records.md is made from it. */

typedef enum {
  /* distinguished by `kind`, which is "obs" where it is left out */
  TRIB_RECORD_KIND_OBS,
  TRIB_RECORD_KIND_EMPTY,
  TRIB_RECORD_KIND_SKIPPED,
  TRIB_RECORD_KIND_BOUND,
  TRIB_RECORD_KIND_ANNOUNCE,
  TRIB_RECORD_KIND_EOS,
  /* by `type`: "fused", "trig", "control" */
  TRIB_RECORD_KIND_FUSED,
  TRIB_RECORD_KIND_TRIGGER,
  TRIB_RECORD_KIND_CONTROL,
  /* trace lines, by `record_type` */
  TRIB_RECORD_KIND_TIMING,
  TRIB_RECORD_KIND_FRAME_DROP,
  TRIB_RECORD_KIND_SYNC_DELAY,
  TRIB_RECORD_KIND_TRACE_LOST,
  /* by `now_ns` in a record that names neither type nor source */
  TRIB_RECORD_KIND_CLOCK,
  TRIB_RECORD_N_KINDS,
} TribRecordKind;

/* in the order in which they are written */
typedef enum {
  TRIB_RECORD_FIELD_RECORD_TYPE,
  TRIB_RECORD_FIELD_TYPE,
  TRIB_RECORD_FIELD_KIND,
  TRIB_RECORD_FIELD_COMMAND,
  TRIB_RECORD_FIELD_REQUEST_ID,
  TRIB_RECORD_FIELD_TRIGGER_ID,
  TRIB_RECORD_FIELD_FRAME_ID,
  TRIB_RECORD_FIELD_T_NS,
  TRIB_RECORD_FIELD_T_START_NS,
  TRIB_RECORD_FIELD_T_END_NS,
  TRIB_RECORD_FIELD_NOW_NS,
  TRIB_RECORD_FIELD_ARRIVAL_NS,
  TRIB_RECORD_FIELD_PUBLISH_NS,
  TRIB_RECORD_FIELD_SESSION,
  TRIB_RECORD_FIELD_STREAM,
  TRIB_RECORD_FIELD_SOURCE,
  TRIB_RECORD_FIELD_SEQ,
  TRIB_RECORD_FIELD_PART,
  TRIB_RECORD_FIELD_PARTS,
  TRIB_RECORD_FIELD_LATE,
  TRIB_RECORD_FIELD_EPOCH,
  TRIB_RECORD_FIELD_PANE,
  TRIB_RECORD_FIELD_DROPPED_FRAME_IDS,
  TRIB_RECORD_FIELD_REASON,
  TRIB_RECORD_FIELD_COMPONENT,
  TRIB_RECORD_FIELD_PROCESSING_MS,
  TRIB_RECORD_FIELD_QUEUE_DEPTH,
  TRIB_RECORD_FIELD_IS_SLOW,
  TRIB_RECORD_FIELD_THRESHOLD_MS,
  TRIB_RECORD_FIELD_DELAY_MS,
  TRIB_RECORD_FIELD_WAITING_FOR,
  TRIB_RECORD_FIELD_EXPECTED,
  TRIB_RECORD_FIELD_WIDTH,
  TRIB_RECORD_FIELD_HEIGHT,
  TRIB_RECORD_FIELD_SCORE,
  TRIB_RECORD_FIELD_SPEED,
  TRIB_RECORD_FIELD_LOOP,
  TRIB_RECORD_FIELD_STOPPED,
  TRIB_RECORD_FIELD_FLUSH,
  TRIB_RECORD_FIELD_FLUSH_ALL,
  TRIB_RECORD_FIELD_FINISHED,
  TRIB_RECORD_FIELD_SHIFT_NS,
  TRIB_RECORD_FIELD_HAVE,
  TRIB_RECORD_FIELD_MISSING,
  TRIB_RECORD_FIELD_SPREAD_NS,
  TRIB_RECORD_FIELD_WAIT_MS,
  TRIB_RECORD_FIELD_RECORDS,
  TRIB_RECORD_FIELD_FULL,
  TRIB_RECORD_FIELD_TOO_LARGE,
  TRIB_RECORD_FIELD_FAILED,
  TRIB_RECORD_FIELD_TIMESTAMP_NS,
  TRIB_RECORD_N_FIELDS,
} TribRecordFieldId;

#define TRIB_RECORD_BIT(field) (G_GUINT64_CONSTANT (1) << TRIB_RECORD_FIELD_##field)

typedef enum {
  TRIB_RECORD_VALUE_TEXT,  /* 1 to TRIB_RECORD_MAX_TEXT_BYTES bytes without NUL */
  TRIB_RECORD_VALUE_WORD,  /* a text that decides the record's kind */
  TRIB_RECORD_VALUE_UINT,  /* a non-negative integer */
  TRIB_RECORD_VALUE_INT,   /* an integer, 64 bits, signed */
  TRIB_RECORD_VALUE_FLOAT, /* a number that is finite */
  TRIB_RECORD_VALUE_BOOLEAN,
  TRIB_RECORD_VALUE_NAMES, /* a list of texts, at most TRIB_RECORD_MAX_NAMES */
  TRIB_RECORD_VALUE_UINTS, /* a list of non-negative integers */
  TRIB_RECORD_VALUE_MAP,
  TRIB_RECORD_VALUE_LIST,
} TribRecordValue;

typedef struct {
  const gchar *name;
  TribRecordValue value;
  gsize offset; /* of the value in TribRecordEnvelope */
  const gchar *description;
} TribRecordField;

typedef struct {
  const gchar *name;      /* the word on the wire */
  TribRecordFieldId word; /* the field it stands in; CLOCK has none: NOW_NS */
  const gchar *title;     /* "an observation" */
  const gchar *description;
  guint64 required;   /* fields, a bit each */
  guint64 one_of;     /* one of these at least; 0: no such rule */
  guint64 one_of_too; /* a second such rule */
  guint64 optional;
} TribRecordKindInfo;

const TribRecordField *trib_record_field (TribRecordFieldId field);
const TribRecordKindInfo *trib_record_kind_info (TribRecordKind kind);
/* all fields that @kind may have, its words included */
guint64 trib_record_kind_fields (TribRecordKind kind);
/* TRIB_RECORD_N_FIELDS when no field has that name */
TribRecordFieldId trib_record_field_lookup (const gchar *name, gsize len);
/* the kind that @text names in the field @word; TRIB_RECORD_N_KINDS when it names none */
TribRecordKind trib_record_kind_lookup (TribRecordFieldId word, const gchar *text, gsize len);
const gchar *trib_record_value_to_string (TribRecordValue value);
void trib_record_fields_describe (GString *out);

G_END_DECLS
