/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-json-writer.h"
#include "trib-msgpack-writer.h"
#include "trib-record.h"

G_BEGIN_DECLS

/* Writes JSON or MessagePack: what is written against this writer comes in either format. Misuse
 * asserts, as with the writers below it. */

typedef struct {
  TribRecordFormat format;
  union {
    TribJsonWriter json;
    TribMsgpackWriter msgpack;
  };
} TribRecordWriter;

void trib_record_writer_init (TribRecordWriter *w, TribRecordFormat format, GString *out);
void trib_record_writer_begin_map (TribRecordWriter *w);
void trib_record_writer_end_map (TribRecordWriter *w);
void trib_record_writer_begin_array (TribRecordWriter *w);
void trib_record_writer_end_array (TribRecordWriter *w);
void trib_record_writer_key (TribRecordWriter *w, const gchar *key);
void trib_record_writer_key_len (TribRecordWriter *w, const gchar *key, gsize len);
void trib_record_writer_null (TribRecordWriter *w);
void trib_record_writer_boolean (TribRecordWriter *w, gboolean value);
void trib_record_writer_int (TribRecordWriter *w, gint64 value);
void trib_record_writer_uint (TribRecordWriter *w, guint64 value);
/* NaN and infinities become null in JSON */
void trib_record_writer_float (TribRecordWriter *w, gfloat value);
void trib_record_writer_double (TribRecordWriter *w, gdouble value);
/* bytes that are not UTF-8 become U+FFFD */
void trib_record_writer_string (TribRecordWriter *w, const gchar *value);
void trib_record_writer_string_len (TribRecordWriter *w, const gchar *value, gsize len);
guint trib_record_writer_depth (const TribRecordWriter *w);
GString *trib_record_writer_out (const TribRecordWriter *w);
gboolean trib_record_writer_is_complete (const TribRecordWriter *w);

G_END_DECLS
