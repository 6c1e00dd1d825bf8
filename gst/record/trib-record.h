/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What everything that speaks records shares: the two formats, slices of text, errors. A record is
 * one map of JSON or of MessagePack. */

typedef enum {
  TRIB_RECORD_JSON,    /* application/json */
  TRIB_RECORD_MSGPACK, /* application/x-msgpack */
} TribRecordFormat;

/**
 * TribRecordSlice:
 * @str: first byte, not terminated; %NULL: there is none
 * @len: length in bytes
 *
 * Borrowed text or bytes.
 */
typedef struct {
  const gchar *str;
  gsize len;
} TribRecordSlice;

#define TRIB_RECORD_ERROR (trib_record_error_quark ())
GQuark trib_record_error_quark (void);

/* the message of each ends with " at byte OFFSET" */
typedef enum {
  TRIB_RECORD_ERROR_SYNTAX,    /* not JSON, not MessagePack */
  TRIB_RECORD_ERROR_UTF8,      /* text that is not UTF-8 */
  TRIB_RECORD_ERROR_TRUNCATED, /* the data ends inside the record */
  TRIB_RECORD_ERROR_LIMIT,     /* larger or deeper than the limits allow */
  TRIB_RECORD_ERROR_RANGE,     /* a number that the other format cannot hold */
  TRIB_RECORD_ERROR_TYPE,      /* no map, or a key that is no text */
  TRIB_RECORD_ERROR_FIELD, /* a field of the envelope is missing, twice there, or no such value */
} TribRecordError;
#define TRIB_RECORD_N_ERRORS (TRIB_RECORD_ERROR_FIELD + 1)

const gchar *trib_record_error_reason (TribRecordError code);

typedef struct {
  gsize max_bytes; /* of a record, at most TRIB_RECORD_MAX_BYTES; 0: the default, 16 MiB */
  guint max_depth; /* of nesting, at most and by default TRIB_RECORD_MAX_DEPTH; 0: the default */
} TribRecordLimits;

#define TRIB_RECORD_DEFAULT_MAX_BYTES (16 * 1024 * 1024)
#define TRIB_RECORD_MAX_BYTES (1024 * 1024 * 1024)
#define TRIB_RECORD_MAX_DEPTH 64

G_END_DECLS
