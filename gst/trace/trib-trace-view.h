/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-trace.h"

G_BEGIN_DECLS

/* What a person watches: the frames that are waited for and the last ones that left, who has
 * answered and how long the rest has been waited for, a bar for the window, the latest delays of
 * each source. State in, text out: no clock, no terminal, no thread. Bounded: the oldest frames
 * are forgotten, sources beyond the last column are counted. Times are nanoseconds of one monotonic
 * clock of the caller's.
 *
 * Ids and names come from outside and may hold anything: what is not printable is shown as
 * backslash and hexadecimal digits, and what is too long is cut. */

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

/* whether a frame is waited for: then the picture changes by itself */
gboolean trib_trace_view_waits (const TribTraceView *view);

/* how a picture is to be drawn */
typedef struct {
  guint columns;    /* no line is wider */
  guint rows;       /* at most so many lines */
  gboolean unicode; /* bars of block characters; else of ASCII, names too */
} TribTraceViewLook;

void trib_trace_view_draw (
    const TribTraceView *view, const TribTraceViewLook *look, gint64 now_ns, GString *out);
/* of the frame that left last, without line feed */
void trib_trace_view_line (const TribTraceView *view, gboolean unicode, GString *out);

G_END_DECLS
