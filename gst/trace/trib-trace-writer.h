/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-trace-outlet.h"

G_BEGIN_DECLS

/* The one thread of gst/trace, and the memory between it and the callers. Private to gst/trace.
 */

/* Appends a picture that is scheduled, or nothing; the @last one in any case. Returns when to be
 * asked again, in the microseconds of g_get_monotonic_time(), or -1: when
 * trib_trace_writer_redraw() says so.
 * @thread: the writer's, without a lock held */
typedef gint64 (*TribTraceDrawFunc) (
    gint64 now_us, gboolean last, GString *out, gpointer draw_data);

typedef struct {
  gsize max_bytes;
  TribTraceRecordFunc record;
  TribTraceErrorFunc failed;
  gpointer user_data;
  TribTraceDrawFunc draw; /* (nullable): pictures for the view instead of lines */
  gpointer draw_data;
} TribTraceWriterConfig;

typedef struct _TribTraceWriter TribTraceWriter;

TribTraceWriter *trib_trace_writer_new (const TribTraceWriterConfig *config);
void trib_trace_writer_take_fd (TribTraceWriter *w, TribTraceOutlet outlet, TribTraceFd *f);
gboolean trib_trace_writer_start (TribTraceWriter *w, GError **error);
void trib_trace_writer_put (TribTraceWriter *w, guint outlets, const gchar *line, gsize len);
void trib_trace_writer_redraw (TribTraceWriter *w);
void trib_trace_writer_close (TribTraceWriter *w, guint drain_ms);
void trib_trace_writer_free (TribTraceWriter *w);
void trib_trace_writer_get_account (
    TribTraceWriter *w, TribTraceOutlet outlet, TribTraceAccount *account);

G_END_DECLS
