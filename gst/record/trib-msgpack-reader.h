/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads MessagePack (the specification of msgpack.org, with bin, ext and timestamps) strictly,
 * token by token, from one piece of memory: no tree, no recursion, no allocation but the error. The
 * shape is that of trib-json-reader.h.
 *
 * Where the specification leaves a choice:
 *   - every width is read, whether or not a smaller one would have done;
 *   - str is UTF-8, every byte of it is checked;
 *   - keys of a map may be anything, also containers, and occur twice: trib_msgpack_reader_is_key()
 *     distinguishes keys from values; what a key means is up to the caller;
 *   - ext of type -1 is a timestamp: 4, 8 or 12 bytes, at most 999999999 nanoseconds;
 *   - a header that promises more values than bytes are left is refused where it stands, what the
 *     containers around it still owe counted in;
 *   - nothing may follow the one value.
 *
 * A reader belongs to one thread at a time. */

#define TRIB_MSGPACK_ERROR (trib_msgpack_error_quark ())
GQuark trib_msgpack_error_quark (void);

typedef enum {
  TRIB_MSGPACK_ERROR_SYNTAX,    /* the byte 0xc1, a bad timestamp, something behind the value */
  TRIB_MSGPACK_ERROR_UTF8,      /* str that is not UTF-8 */
  TRIB_MSGPACK_ERROR_TRUNCATED, /* the data ends inside a value, or is too short for its counts */
  TRIB_MSGPACK_ERROR_LIMIT,     /* larger or deeper than the limits allow */
  TRIB_MSGPACK_ERROR_TYPE,      /* well formed, but not what the caller asked for */
} TribMsgpackError;

typedef enum {
  TRIB_MSGPACK_ERROR_TOKEN
  = -1,                 /* the reader's error says why; every further call gives it again */
  TRIB_MSGPACK_END = 0, /* the whole value has been read and nothing followed */
  TRIB_MSGPACK_NIL,
  TRIB_MSGPACK_FALSE,
  TRIB_MSGPACK_TRUE,
  TRIB_MSGPACK_INT,     /* an integer of any width that fits gint64 */
  TRIB_MSGPACK_UINT,    /* an integer above G_MAXINT64 */
  TRIB_MSGPACK_FLOAT32, /* trib_msgpack_reader_float() or _double() */
  TRIB_MSGPACK_FLOAT64,
  TRIB_MSGPACK_STRING,
  TRIB_MSGPACK_BINARY,
  TRIB_MSGPACK_EXT,
  TRIB_MSGPACK_MAP_BEGIN,
  TRIB_MSGPACK_MAP_END,
  TRIB_MSGPACK_ARRAY_BEGIN,
  TRIB_MSGPACK_ARRAY_END,
} TribMsgpackToken;

#define TRIB_MSGPACK_DEFAULT_MAX_BYTES (16 * 1024 * 1024)
#define TRIB_MSGPACK_DEFAULT_MAX_DEPTH 64
#define TRIB_MSGPACK_MAX_DEPTH 1024
#define TRIB_MSGPACK_EXT_TIMESTAMP (-1)

typedef struct {
  gsize max_bytes; /* of the data; 0: the default */
  guint max_depth; /* of nesting, at most TRIB_MSGPACK_MAX_DEPTH; 0: the default */
} TribMsgpackLimits;

typedef struct _TribMsgpackReader TribMsgpackReader;

/* @data must outlive the reader. @limits may be NULL. */
TribMsgpackReader *trib_msgpack_reader_new (
    const guint8 *data, gsize len, const TribMsgpackLimits *limits);
void trib_msgpack_reader_free (TribMsgpackReader *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribMsgpackReader, trib_msgpack_reader_free)
/* starts over on other data, keeping the memory and the limits */
void trib_msgpack_reader_reset (TribMsgpackReader *r, const guint8 *data, gsize len);

TribMsgpackToken trib_msgpack_reader_next (TribMsgpackReader *r);
/* passes over the value that the next token begins; when that is a key, over the whole member;
 * right after MAP_BEGIN / ARRAY_BEGIN was given, over the rest of that container, its end included.
 * FALSE on error, and with TRIB_MSGPACK_ERROR_TYPE where no value is left to pass over */
gboolean trib_msgpack_reader_skip (TribMsgpackReader *r);

/* whether the last token is, or begins, or ends, the key of a member */
gboolean trib_msgpack_reader_is_key (const TribMsgpackReader *r);
/* the last token's value; bytes are borrowed from the data and not terminated */
gint64 trib_msgpack_reader_int (const TribMsgpackReader *r);
guint64 trib_msgpack_reader_uint (const TribMsgpackReader *r);   /* of an INT not negative, too */
gfloat trib_msgpack_reader_float (const TribMsgpackReader *r);   /* of FLOAT32 */
gdouble trib_msgpack_reader_double (const TribMsgpackReader *r); /* of any number */
const gchar *trib_msgpack_reader_string (const TribMsgpackReader *r, gsize *ret_len);
/* of BINARY and EXT; @ret_type may be NULL, and is 0 for BINARY */
const guint8 *trib_msgpack_reader_bytes (
    const TribMsgpackReader *r, gsize *ret_len, gint *ret_type);
/* of EXT: FALSE when that is no timestamp */
gboolean trib_msgpack_reader_timestamp (
    const TribMsgpackReader *r, gint64 *ret_seconds, guint32 *ret_nanoseconds);
/* members of a MAP_BEGIN, elements of an ARRAY_BEGIN */
guint32 trib_msgpack_reader_count (const TribMsgpackReader *r);
/* byte offset in the data where the last token begins; after an error, where the error is */
gsize trib_msgpack_reader_offset (const TribMsgpackReader *r);
/* byte offset behind the last token */
gsize trib_msgpack_reader_end_offset (const TribMsgpackReader *r);
/* how many containers are open after the last token */
guint trib_msgpack_reader_depth (const TribMsgpackReader *r);
/* (nullable) why the last token was TRIB_MSGPACK_ERROR_TOKEN; the message ends with the byte
 * offset */
const GError *trib_msgpack_reader_error (const TribMsgpackReader *r);
/* what a token is, for messages: "a string", "the end of an array" */
const gchar *trib_msgpack_token_to_string (TribMsgpackToken token);

/* reads all of @data; TRUE when it is one valid value within the limits. Allocates the error
 * only */
gboolean trib_msgpack_validate (
    const guint8 *data, gsize len, const TribMsgpackLimits *limits, GError **error);

G_END_DECLS
