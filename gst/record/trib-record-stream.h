/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record.h"

G_BEGIN_DECLS

/* Splits a stream of bytes into values, before they are parsed: JSON, one value a line, or
 * MessagePack, whose values have their length in them. The first byte that is no blank shows the
 * format: a map or a list of JSON begins with '{' or '[', of MessagePack with 0x80 to 0x9f or 0xdc
 * to 0xdf. A stream has one format.
 *
 * Bounded: never more than max_bytes are kept. A line of JSON that is longer is skipped and
 * reported; a stream of MessagePack cannot be parsed any further after a value that is larger, or
 * is not valid, or is neither map nor list: the start of the next one is not known.
 *
 * Used by one thread at a time. */

typedef enum {
  TRIB_RECORD_STREAM_MORE,   /* all that was pushed has been looked at */
  TRIB_RECORD_STREAM_VALUE,  /* a whole value, of which nothing is known but its extent */
  TRIB_RECORD_STREAM_LOST,   /* a value was passed over, the error says why; the next comes */
  TRIB_RECORD_STREAM_BROKEN, /* nothing more can be read, the error says why; again at each call */
} TribRecordStreamResult;

typedef struct _TribRecordStream TribRecordStream;

TribRecordStream *trib_record_stream_new (gsize max_bytes);
TribRecordStream *trib_record_stream_new_lines (gsize max_bytes);
void trib_record_stream_free (TribRecordStream *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribRecordStream, trib_record_stream_free)

void trib_record_stream_push (TribRecordStream *s, gconstpointer data, gsize len);
void trib_record_stream_end (TribRecordStream *s);
TribRecordStreamResult trib_record_stream_next (
    TribRecordStream *s, TribRecordSlice *ret_value, GError **error);

gboolean trib_record_stream_format (const TribRecordStream *s, TribRecordFormat *ret_format);
gboolean trib_record_guess_format (guint8 first, TribRecordFormat *ret_format);
guint64 trib_record_stream_partial (const TribRecordStream *s);

G_END_DECLS
