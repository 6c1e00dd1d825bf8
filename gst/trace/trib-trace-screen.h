/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-trace-view.h"

G_BEGIN_DECLS

/* A view on a descriptor: redrawn in place on a terminal, plain lines elsewhere. Private to
 * gst/trace. */

typedef struct _TribTraceScreen TribTraceScreen;

TribTraceScreen *trib_trace_screen_new (gint fd);
void trib_trace_screen_free (TribTraceScreen *s);
gboolean trib_trace_screen_is_terminal (const TribTraceScreen *s);

/* the view, on any thread; to be released soon */
TribTraceView *trib_trace_screen_lock (TribTraceScreen *s);
void trib_trace_screen_unlock (TribTraceScreen *s, gboolean changed);
gboolean trib_trace_screen_unicode (const TribTraceScreen *s);

/* a TribTraceDrawFunc; @draw_data is the screen */
gint64 trib_trace_screen_draw (gint64 now_us, gboolean last, GString *out, gpointer draw_data);

G_END_DECLS
