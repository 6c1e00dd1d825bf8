/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Writes RFC 8259 JSON, compact, straight into a GString: no tree. Commas and colons are the
 * writer's task. Misuse (a value where a key is due, a second value at the top) is a programmer's
 * error and asserts. What stands in the GString before trib_json_writer_init() is left alone. */

#define TRIB_JSON_WRITER_MAX_DEPTH 64

typedef struct {
  GString *out; /* not owned */
  guint depth;
  /* one bit a level: is it an object; has it a member already; is a value due after a key */
  guint64 in_object;
  guint64 has_member;
  gboolean after_key;
  gboolean complete; /* one whole value has been written */
} TribJsonWriter;

void trib_json_writer_init (TribJsonWriter *w, GString *out);
void trib_json_writer_begin_object (TribJsonWriter *w);
void trib_json_writer_end_object (TribJsonWriter *w);
void trib_json_writer_begin_array (TribJsonWriter *w);
void trib_json_writer_end_array (TribJsonWriter *w);
void trib_json_writer_key (TribJsonWriter *w, const gchar *key);
void trib_json_writer_key_len (TribJsonWriter *w, const gchar *key, gsize len);
void trib_json_writer_null (TribJsonWriter *w);
void trib_json_writer_boolean (TribJsonWriter *w, gboolean value);
void trib_json_writer_int (TribJsonWriter *w, gint64 value);
void trib_json_writer_uint (TribJsonWriter *w, guint64 value);
/* the fewest digits that read back as the same double, never without '.' or exponent (1.0, not 1),
 * so that a number stays a double; NaN and infinities become null */
void trib_json_writer_double (TribJsonWriter *w, gdouble value);
/* the same for a float: the fewest digits that read back as @value, by way of a double or not */
void trib_json_writer_float (TribJsonWriter *w, gfloat value);
/* bytes that are not UTF-8 become U+FFFD, NULL becomes null */
void trib_json_writer_string (TribJsonWriter *w, const gchar *value);
void trib_json_writer_string_len (TribJsonWriter *w, const gchar *value, gsize len);
/* a JSON string holding the base64 (RFC 4648 section 4, padded) of the bytes */
void trib_json_writer_base64 (TribJsonWriter *w, const guint8 *data, gsize len);
/* a key and its value in one call */
void trib_json_writer_member_string (TribJsonWriter *w, const gchar *key, const gchar *value);
void trib_json_writer_member_int (TribJsonWriter *w, const gchar *key, gint64 value);
void trib_json_writer_member_uint (TribJsonWriter *w, const gchar *key, guint64 value);
void trib_json_writer_member_boolean (TribJsonWriter *w, const gchar *key, gboolean value);
/* whether one whole value has been written */
gboolean trib_json_writer_is_complete (const TribJsonWriter *w);

G_END_DECLS
