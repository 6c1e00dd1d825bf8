/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads RFC 8259 JSON strictly, token by token, from one piece of memory: no tree, no recursion, no
 * allocation but one reused buffer for the strings that the caller asks for, and the text of a
 * number of 64 bytes and more while it is read. Everything that
 * arrives from outside the process passes here first.
 *
 * Where RFC 8259 leaves a choice:
 *   - the text is UTF-8 without byte order mark, and every byte of it is checked;
 *   - an escape of a lone surrogate is refused, \u0000 is allowed;
 *   - names that occur twice in an object are all given, in order: which one counts is for the
 *     caller to decide;
 *   - integers (no '.', no exponent) are exact within gint64 and guint64; larger ones, fractions
 * and exponents are doubles, rounded to nearest whatever the locale; -0 is the double -0.0, because
 *     no integer can say it; what rounds to infinity is refused, what rounds to zero is zero.
 *
 * A reader belongs to one thread at a time. */

#define TRIB_JSON_ERROR (trib_json_error_quark ())
GQuark trib_json_error_quark (void);

typedef enum {
  TRIB_JSON_ERROR_SYNTAX,    /* not RFC 8259 */
  TRIB_JSON_ERROR_UTF8,      /* bytes that are not UTF-8, or an escape of a lone surrogate */
  TRIB_JSON_ERROR_TRUNCATED, /* the text ends inside a value, or before one */
  TRIB_JSON_ERROR_LIMIT,     /* larger or deeper than the limits allow */
  TRIB_JSON_ERROR_RANGE,     /* a number that no double can hold */
  TRIB_JSON_ERROR_TYPE,      /* well formed, but not what the caller asked for */
} TribJsonError;

typedef enum {
  TRIB_JSON_ERROR_TOKEN = -1, /* the reader's error says why; every further call gives it again */
  TRIB_JSON_END = 0,          /* the whole value has been read and only blanks followed */
  TRIB_JSON_NULL,
  TRIB_JSON_FALSE,
  TRIB_JSON_TRUE,
  TRIB_JSON_INT,    /* an integer that fits gint64: value.i */
  TRIB_JSON_UINT,   /* an integer above G_MAXINT64 that fits guint64: value.u */
  TRIB_JSON_DOUBLE, /* any other number: value.d */
  TRIB_JSON_STRING, /* str, str_len */
  TRIB_JSON_KEY,    /* str, str_len: the name of a member; its value follows */
  TRIB_JSON_OBJECT_BEGIN,
  TRIB_JSON_OBJECT_END,
  TRIB_JSON_ARRAY_BEGIN,
  TRIB_JSON_ARRAY_END,
} TribJsonToken;

#define TRIB_JSON_DEFAULT_MAX_BYTES (16 * 1024 * 1024)
#define TRIB_JSON_DEFAULT_MAX_DEPTH 64
#define TRIB_JSON_MAX_DEPTH 1024

typedef struct {
  gsize max_bytes; /* of the text; 0: the default */
  guint max_depth; /* of nesting, at most TRIB_JSON_MAX_DEPTH; 0: the default */
} TribJsonLimits;

typedef struct _TribJsonReader TribJsonReader;

/* @text must outlive the reader. @limits may be NULL. */
TribJsonReader *trib_json_reader_new (const gchar *text, gsize len, const TribJsonLimits *limits);
void trib_json_reader_free (TribJsonReader *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribJsonReader, trib_json_reader_free)
/* starts over on another text, keeping the memory and the limits */
void trib_json_reader_reset (TribJsonReader *r, const gchar *text, gsize len);

TribJsonToken trib_json_reader_next (TribJsonReader *r);
/* passes over the value that the next token begins; when that is a key, over the whole member;
 * right after OBJECT_BEGIN / ARRAY_BEGIN was given, over the rest of that container, its end
 * included. FALSE on error, and with TRIB_JSON_ERROR_TYPE where no value is left to pass over */
gboolean trib_json_reader_skip (TribJsonReader *r);

/* the last token's value; a string may hold NUL bytes, is terminated, and lives until the next
 * call */
gint64 trib_json_reader_int (const TribJsonReader *r);
guint64 trib_json_reader_uint (const TribJsonReader *r);   /* of an INT that is not negative, too */
gdouble trib_json_reader_double (const TribJsonReader *r); /* of INT and UINT too */
const gchar *trib_json_reader_string (const TribJsonReader *r, gsize *ret_len);
/* (nullable) the last token's string where it stands in the text, when it has no escapes there: not
 * terminated, lives as long as the text */
const gchar *trib_json_reader_string_in_text (const TribJsonReader *r, gsize *ret_len);
/* byte offset in the text where the last token begins; after an error, where the error is */
gsize trib_json_reader_offset (const TribJsonReader *r);
/* byte offset behind the last token */
gsize trib_json_reader_end_offset (const TribJsonReader *r);
/* how many containers are open after the last token */
guint trib_json_reader_depth (const TribJsonReader *r);
/* (nullable) why the last token was TRIB_JSON_ERROR_TOKEN; the message ends with the byte offset */
const GError *trib_json_reader_error (const TribJsonReader *r);
/* what a token is, for messages: "a string", "the end of an array" */
const gchar *trib_json_token_to_string (TribJsonToken token);

/* reads all of @text; TRUE when it is one valid JSON value within the limits. Allocates what
 * trib_json_reader_next() does, and the error */
gboolean trib_json_validate (
    const gchar *text, gsize len, const TribJsonLimits *limits, GError **error);

G_END_DECLS
