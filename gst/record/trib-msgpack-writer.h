/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Writes MessagePack straight into a GString: no tree, and sizes need not be known in advance. The
 * functions are those of trib-json-writer.h. Headers and integers have their smallest form; a float
 * keeps its width, also where an integer has the same value. Misuse (a value where a key is
 * expected, a second value at the top) is a programmer's error and asserts. What the GString
 * contains before trib_msgpack_writer_init() is kept. */

#define TRIB_MSGPACK_WRITER_MAX_DEPTH 64

typedef struct {
  gsize start; /* of the header in the GString */
  guint64 values;
  gboolean map;
} TribMsgpackWriterLevel;

typedef struct {
  GString *out; /* not owned */
  guint depth;
  gboolean complete; /* one whole value has been written */
  TribMsgpackWriterLevel levels[TRIB_MSGPACK_WRITER_MAX_DEPTH];
} TribMsgpackWriter;

void trib_msgpack_writer_init (TribMsgpackWriter *w, GString *out);
void trib_msgpack_writer_begin_map (TribMsgpackWriter *w);
void trib_msgpack_writer_end_map (TribMsgpackWriter *w);
void trib_msgpack_writer_begin_array (TribMsgpackWriter *w);
void trib_msgpack_writer_end_array (TribMsgpackWriter *w);
void trib_msgpack_writer_key (TribMsgpackWriter *w, const gchar *key);
void trib_msgpack_writer_key_len (TribMsgpackWriter *w, const gchar *key, gsize len);
void trib_msgpack_writer_nil (TribMsgpackWriter *w);
void trib_msgpack_writer_boolean (TribMsgpackWriter *w, gboolean value);
void trib_msgpack_writer_int (TribMsgpackWriter *w, gint64 value);
void trib_msgpack_writer_uint (TribMsgpackWriter *w, guint64 value);
void trib_msgpack_writer_float (TribMsgpackWriter *w, gfloat value);
void trib_msgpack_writer_double (TribMsgpackWriter *w, gdouble value);
/* UTF-8: the caller sees to it; NULL becomes nil */
void trib_msgpack_writer_string (TribMsgpackWriter *w, const gchar *value);
void trib_msgpack_writer_string_len (TribMsgpackWriter *w, const gchar *value, gsize len);
void trib_msgpack_writer_binary (TribMsgpackWriter *w, const guint8 *data, gsize len);
void trib_msgpack_writer_ext (TribMsgpackWriter *w, gint type, const guint8 *data, gsize len);
/* ext -1, the smallest form that holds it */
void trib_msgpack_writer_timestamp (TribMsgpackWriter *w, gint64 seconds, guint32 nanoseconds);
/* whether one whole value has been written */
gboolean trib_msgpack_writer_is_complete (const TribMsgpackWriter *w);

G_END_DECLS
