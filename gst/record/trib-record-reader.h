/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record.h"

G_BEGIN_DECLS

/* Reads JSON or MessagePack, token by token, with the same tokens for both: what is written against
 * this reader reads records of either format. As strict and bounded as the two readers under it
 * (trib-json-reader.h, trib-msgpack-reader.h).
 *
 * The name of a member is always text: an integer as a key of MessagePack is given as its decimal
 * text, any other key that is no str is refused (TRIB_RECORD_ERROR_TYPE).
 *
 * Text and bytes are borrowed: from the data, or, for a JSON string with escapes and for a key that
 * was an integer, from the reader. They live until the next trib_record_reader_set() as long as the
 * data does.
 *
 * A reader belongs to one thread at a time. */

typedef enum {
  TRIB_RECORD_ERROR_TOKEN = -1, /* the reader's error says why; every further call gives it again */
  TRIB_RECORD_END = 0,          /* the whole value has been read and nothing followed */
  TRIB_RECORD_NULL,
  TRIB_RECORD_FALSE,
  TRIB_RECORD_TRUE,
  TRIB_RECORD_INT,     /* an integer that fits gint64 */
  TRIB_RECORD_UINT,    /* an integer above G_MAXINT64 */
  TRIB_RECORD_FLOAT32, /* MessagePack only */
  TRIB_RECORD_FLOAT64,
  TRIB_RECORD_STRING,
  TRIB_RECORD_BINARY, /* MessagePack only */
  TRIB_RECORD_EXT,    /* MessagePack only */
  TRIB_RECORD_KEY,    /* the name of a member; its value follows */
  TRIB_RECORD_MAP_BEGIN,
  TRIB_RECORD_MAP_END,
  TRIB_RECORD_ARRAY_BEGIN,
  TRIB_RECORD_ARRAY_END,
} TribRecordToken;

typedef struct _TribRecordReader TribRecordReader;

/* @limits may be NULL. trib_record_reader_set() gives it something to read. */
TribRecordReader *trib_record_reader_new (const TribRecordLimits *limits);
void trib_record_reader_free (TribRecordReader *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribRecordReader, trib_record_reader_free)
/* starts over on @data, which is not copied and must outlive what is read from it */
void trib_record_reader_set (
    TribRecordReader *r, TribRecordFormat format, gconstpointer data, gsize len);

TribRecordToken trib_record_reader_next (TribRecordReader *r);
/* passes over the value that the next token begins; when that is a key, over the whole member;
 * right after MAP_BEGIN / ARRAY_BEGIN was given, over the rest of that container, its end included.
 * FALSE on error, and with TRIB_RECORD_ERROR_TYPE where no value is left to pass over */
gboolean trib_record_reader_skip (TribRecordReader *r);

TribRecordToken trib_record_reader_token (const TribRecordReader *r);
gint64 trib_record_reader_int (const TribRecordReader *r);
guint64 trib_record_reader_uint (const TribRecordReader *r);   /* of an INT not negative, too */
gfloat trib_record_reader_float (const TribRecordReader *r);   /* of FLOAT32 */
gdouble trib_record_reader_double (const TribRecordReader *r); /* of any number */
/* of STRING and KEY */
TribRecordSlice trib_record_reader_string (TribRecordReader *r);
/* of BINARY and EXT; @ret_type may be NULL, and is 0 for BINARY */
TribRecordSlice trib_record_reader_bytes (const TribRecordReader *r, gint *ret_type);
/* of EXT: FALSE when that is no timestamp */
gboolean trib_record_reader_timestamp (
    const TribRecordReader *r, gint64 *ret_seconds, guint32 *ret_nanoseconds);

TribRecordFormat trib_record_reader_format (const TribRecordReader *r);
/* byte offset where the last token begins; after an error, where the error is */
gsize trib_record_reader_offset (const TribRecordReader *r);
/* byte offset behind the last token */
gsize trib_record_reader_end_offset (const TribRecordReader *r);
/* the data from the byte offset @start to behind the last token */
TribRecordSlice trib_record_reader_since (const TribRecordReader *r, gsize start);
/* how many containers are open after the last token */
guint trib_record_reader_depth (const TribRecordReader *r);
/* (nullable) why the last token was TRIB_RECORD_ERROR_TOKEN, domain TRIB_RECORD_ERROR */
const GError *trib_record_reader_error (const TribRecordReader *r);
/* what a token is, for messages */
const gchar *trib_record_token_to_string (TribRecordToken token);

G_END_DECLS
