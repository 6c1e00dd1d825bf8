/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record-reader.h"
#include "trib-record-writer.h"

G_BEGIN_DECLS

/* From JSON to MessagePack, from MessagePack to JSON, from either to itself in this library's form:
 * one pass, token by token. What becomes of values that only one of the formats has is the table of
 * docs/internals/records.md. */

/* what becomes of NaN and the infinities in JSON */
typedef enum {
  TRIB_RECORD_NAN_NULL,  /* null */
  TRIB_RECORD_NAN_TEXT,  /* "NaN", "Infinity", "-Infinity" */
  TRIB_RECORD_NAN_ERROR, /* the record is refused, TRIB_RECORD_ERROR_RANGE */
} TribRecordNanPolicy;

/* values that do not come back as what they were, counted */
typedef struct {
  guint64 not_finite;
  guint64 binary;
  guint64 timestamps;
  guint64 extensions;
} TribRecordNotes;

gboolean trib_record_transcode (TribRecordReader *r, TribRecordFormat to, TribRecordNanPolicy nan,
    GString *out, TribRecordNotes *notes, GError **error);
gboolean trib_record_copy_members (
    TribRecordReader *r, TribRecordWriter *w, const gchar *const *except, GError **error);

G_END_DECLS
