/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-trace.h"

G_BEGIN_DECLS

/* The view: open frames and the last closed ones, answers and waiting times of sources, a bar
 * for the window, the latest delays of each source. State in, text out: no clock, no terminal,
 * no thread. Bounded: the oldest frames are forgotten, sources beyond the last column are
 * counted. Times are nanoseconds of one monotonic clock of the caller's.
 *
 * Ids and names are untrusted: what is not printable is shown as backslash and hexadecimal
 * digits, and what is too long is cut. */

#define TRIB_TRACE_VIEW_COLUMNS 80     /* the picture is designed for */
#define TRIB_TRACE_VIEW_MIN_COLUMNS 60 /* narrower ones are drawn for this width and cut */
#define TRIB_TRACE_VIEW_ROWS 24
#define TRIB_TRACE_VIEW_MAX_SOURCES 64
#define TRIB_TRACE_VIEW_MAX_FRAMES 128

typedef struct _TribTraceView TribTraceView;

TribTraceView *trib_trace_view_new (void);
void trib_trace_view_free (TribTraceView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribTraceView, trib_trace_view_free)

void trib_trace_view_set_window (TribTraceView *view, gint64 window_ns);
void trib_trace_view_open (
    TribTraceView *view, guint64 frame_id, const gchar *const *expected, gint64 now_ns);
void trib_trace_view_answer (TribTraceView *view, guint64 frame_id, const gchar *source,
    TribTraceAnswer answer, gint64 delay_ns, gint64 now_ns);
void trib_trace_view_leave (
    TribTraceView *view, guint64 frame_id, const gchar *reason, gint64 now_ns);

/* whether a frame is open: then the picture changes by itself */
gboolean trib_trace_view_waits (const TribTraceView *view);

/* how to draw a picture */
typedef struct {
  guint columns;    /* no line is wider */
  guint rows;       /* maximum lines */
  gboolean unicode; /* bars of block characters; else of ASCII, names too */
} TribTraceViewLook;

void trib_trace_view_draw (
    const TribTraceView *view, const TribTraceViewLook *look, gint64 now_ns, GString *out);
/* of the last closed frame, without line feed */
void trib_trace_view_line (const TribTraceView *view, gboolean unicode, GString *out);

G_END_DECLS
