/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Cuts a stream of bytes into lines: newline-delimited JSON, before anybody looks at the JSON. A
 * line ends with LF; a CR before it is not part of it; the last one may end with the stream. A byte
 * order mark at the very beginning is passed over. Lines of blanks alone are passed over and
 * counted.
 *
 * Bounded: of a line longer than the limit nothing is kept but where it was; it is given as too
 * long once its end has come.
 *
 * Belongs to one thread at a time. */

typedef struct {
  const gchar *text; /* not terminated; NULL when the line is too long */
  gsize len;         /* in bytes, without CR LF */
  guint64 offset;    /* of its first byte in the stream */
  guint64 end;       /* offset behind its LF */
  guint64 number;    /* of the line, from 1 on, blank ones counted */
} TribNdjsonLine;

typedef struct _TribNdjson TribNdjson;

TribNdjson *trib_ndjson_new (gsize max_line_bytes);
void trib_ndjson_free (TribNdjson *n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribNdjson, trib_ndjson_free)

/* @data must stay until trib_ndjson_next() has returned FALSE */
void trib_ndjson_push (TribNdjson *n, const gchar *data, gsize len);
/* no more data: what is left is a line, too */
void trib_ndjson_end (TribNdjson *n);
/* FALSE: push more. What @ret_line points to lives until the next call. */
gboolean trib_ndjson_next (TribNdjson *n, TribNdjsonLine *ret_line);
/* bytes of a line whose end has not come */
guint64 trib_ndjson_partial (const TribNdjson *n);
/* lines of blanks alone so far */
guint64 trib_ndjson_blank (const TribNdjson *n);

G_END_DECLS
