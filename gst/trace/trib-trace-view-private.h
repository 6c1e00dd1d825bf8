/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-trace-pen.h"
#include "trib-trace-view.h"

G_BEGIN_DECLS

/* Data of trib-trace-view.c that trib-trace-view-draw.c draws. Private to gst/trace. */

#define MAX_NAME_BYTES 255
#define LINE_NAME_COLUMNS 32
#define MAX_DELAYS 24

enum {
  CELL_NONE,
  CELL_LATE,
  /* in the order of TribTraceAnswer */
  CELL_ANSWERED,
  CELL_EMPTY,
  CELL_SKIPPED,
};

typedef struct {
  guint state;
  gint64 wait_ns; /* from the frame's opening to the answer */
} TribTraceViewCell;

typedef struct {
  guint64 id;
  gint64 opened_ns;
  gint64 left_ns;
  gboolean left;
  gboolean unseen; /* its opening was not seen */
  gboolean expects_all;
  guint64 expected; /* a bit for each source */
  gchar reason[16];
  TribTraceViewCell cells[TRIB_TRACE_VIEW_MAX_SOURCES];
} TribTraceViewFrame;

typedef struct {
  gchar *name;
  guint64 answers;
  guint64 late;
  gint64 delays[MAX_DELAYS]; /* a ring */
  guint64 n_delays;
  gint64 max_ns;
} TribTraceViewSource;

struct _TribTraceView {
  gint64 window_ns;
  TribTraceViewSource sources[TRIB_TRACE_VIEW_MAX_SOURCES];
  guint n_sources;
  guint64 all;       /* a bit for each of them */
  gboolean nameless; /* there are more */
  GPtrArray *frames; /* TribTraceViewFrame, in the order in which they were opened */
  guint waiting;
  guint64 n_left, n_complete, late;
  guint64 last; /* the last closed frame */
};

static inline TribTraceViewFrame *
trib_trace_view_frame_at (const TribTraceView *view, guint i)
{
  return (TribTraceViewFrame *) view->frames->pdata[i];
}

/* whether an answer of that source is expected and overdue */
static inline gboolean
trib_trace_view_misses (const TribTraceView *view, const TribTraceViewFrame *frame, guint source)
{
  guint64 expected = frame->expects_all ? view->all : frame->expected;

  return frame->cells[source].state < CELL_ANSWERED && ((expected >> source) & 1);
}

G_END_DECLS
