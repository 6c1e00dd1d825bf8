/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Text in columns of a terminal. Its output does not move the cursor, and no line exceeds its
 * width. Private to gst/trace. */

typedef struct {
  GString *out;
  guint columns; /* of a line */
  gboolean unicode;
  guint column; /* of the next character */
} TribTracePen;

/* enough for any duration */
#define TRIB_TRACE_DURATION_SIZE 16

void trib_trace_pen_text (TribTracePen *pen, const gchar *text, guint width);
void trib_trace_pen_number (TribTracePen *pen, const gchar *digits, guint width);
void trib_trace_pen_bar (TribTracePen *pen, gint64 value, gint64 full, guint width);
void trib_trace_pen_level (TribTracePen *pen, gint64 value, gint64 full);
void trib_trace_pen_mark (TribTracePen *pen, const gchar *unicode, const gchar *ascii);
void trib_trace_pen_move (TribTracePen *pen, guint column);
void trib_trace_pen_end_line (TribTracePen *pen);

void trib_trace_append_clean (GString *out, const gchar *text, guint width, gboolean unicode);
const gchar *trib_trace_duration (gint64 ns, gchar buf[TRIB_TRACE_DURATION_SIZE]);
const gchar *trib_trace_duration_short (gint64 ns, gchar buf[TRIB_TRACE_DURATION_SIZE]);

G_END_DECLS
