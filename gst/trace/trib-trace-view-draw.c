/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-trace-view-private.h"

/* The picture, from the top: a line of totals; the frames, the newest first, each with its bar
 * and a cell for each source; the sources with their latest delays.
 *
 *      frame window        waited  state     face     pose     gesture
 *       1204 █████▏······   43 ms  waiting   ✓ 12 ms  ✓ 18 ms  … 43 ms
 */

#define ID_COLUMNS 11
#define BAR_COLUMNS 12
#define WAITED_COLUMNS 7
#define REASON_COLUMNS 9
#define CELLS_AT (ID_COLUMNS + 1 + BAR_COLUMNS + 1 + WAITED_COLUMNS + 2 + REASON_COLUMNS + 1)
#define MAX_CELL_COLUMNS 12

#define MAX_FRAME_ROWS 12
#define MAX_SOURCE_ROWS 6
#define SOURCE_COLUMNS 16

/* the columns at the right */
typedef struct {
  guint shown; /* sources that have a cell */
  guint width; /* of a cell, with the blank behind it */
} Cells;

static Cells
share_columns (const TribTraceView *view, guint columns)
{
  guint area = columns - CELLS_AT;
  Cells cells = { .shown = MIN (view->n_sources, area / 2) };

  if (cells.shown > 0)
    cells.width = MIN (area / cells.shown, MAX_CELL_COLUMNS);
  return cells;
}

static const TribTraceViewFrame *
oldest_waiting (const TribTraceView *view)
{
  for (guint i = 0; i < view->frames->len; i++)
    if (!trib_trace_view_frame_at (view, i)->left)
      return trib_trace_view_frame_at (view, i);
  return NULL;
}

static void
draw_totals (TribTracePen *pen, const TribTraceView *view, gint64 now_ns)
{
  const TribTraceViewFrame *oldest = oldest_waiting (view);
  g_autoptr (GString) text = g_string_new (NULL);
  gchar buf[TRIB_TRACE_DURATION_SIZE];

  if (view->window_ns > 0)
    g_string_append_printf (text, "window %s  ", trib_trace_duration (view->window_ns, buf));
  g_string_append_printf (text, "waiting %u", view->waiting);
  if (oldest != NULL)
    g_string_append_printf (
        text, ", oldest %s", trib_trace_duration (now_ns - oldest->opened_ns, buf));
  g_string_append_printf (text,
      "  left %" G_GUINT64_FORMAT ": complete %" G_GUINT64_FORMAT ", other %" G_GUINT64_FORMAT
      "  late %" G_GUINT64_FORMAT,
      view->n_left, view->n_complete, view->n_left - view->n_complete, view->late);
  trib_trace_pen_text (pen, text->str, pen->columns);
  trib_trace_pen_end_line (pen);
}

static void
draw_frame_heads (TribTracePen *pen, const TribTraceView *view, const Cells *cells)
{
  trib_trace_pen_number (pen, "frame", ID_COLUMNS);
  trib_trace_pen_move (pen, pen->column + 1);
  trib_trace_pen_text (pen, "window", BAR_COLUMNS + 1);
  trib_trace_pen_number (pen, "waited", WAITED_COLUMNS);
  trib_trace_pen_move (pen, pen->column + 2);
  trib_trace_pen_text (pen, "state", REASON_COLUMNS + 1);
  for (guint i = 0; i < cells->shown; i++) {
    trib_trace_pen_text (pen, view->sources[i].name, cells->width - 1);
    trib_trace_pen_move (pen, pen->column + 1);
  }
  trib_trace_pen_end_line (pen);
}

static void
draw_mark_and_time (
    TribTracePen *pen, const gchar *unicode, const gchar *ascii, gint64 ns, guint width)
{
  gchar buf[TRIB_TRACE_DURATION_SIZE];

  trib_trace_pen_mark (pen, unicode, ascii);
  if (width >= 8) {
    trib_trace_pen_move (pen, pen->column + 1);
    trib_trace_pen_text (pen, trib_trace_duration (ns, buf), width - 2);
  } else if (width >= 4) {
    trib_trace_pen_text (pen, trib_trace_duration_short (ns, buf), width - 1);
  }
}

static void
draw_cell (TribTracePen *pen, const TribTraceView *view, const TribTraceViewFrame *frame, guint i,
    guint width, gint64 now_ns)
{
  const TribTraceViewCell *cell = &frame->cells[i];

  switch (cell->state) {
    case CELL_ANSWERED:
      draw_mark_and_time (pen, "\xe2\x9c\x93", "+", cell->wait_ns, width);
      break;
    case CELL_EMPTY:
      draw_mark_and_time (pen, "\xe2\x88\x85", "0", cell->wait_ns, width);
      break;
    case CELL_SKIPPED:
      trib_trace_pen_mark (pen, "\xe2\x80\x93", "-");
      break;
    case CELL_LATE:
      draw_mark_and_time (pen, "!", "!", cell->wait_ns, width);
      break;
    default:
      if (!trib_trace_view_misses (view, frame, i))
        break;
      if (frame->left)
        trib_trace_pen_mark (pen, "\xe2\x9c\x97", "x");
      else
        draw_mark_and_time (pen, "\xe2\x80\xa6", "?", now_ns - frame->opened_ns, width);
  }
}

static void
draw_frame (TribTracePen *pen, const TribTraceView *view, const TribTraceViewFrame *frame,
    const Cells *cells, gint64 now_ns)
{
  gint64 waited = (frame->left ? frame->left_ns : now_ns) - frame->opened_ns;
  gboolean overdue = !frame->left && view->window_ns > 0 && waited >= view->window_ns;
  gchar buf[32];

  g_snprintf (buf, sizeof buf, "%" G_GUINT64_FORMAT, frame->id);
  trib_trace_pen_number (pen, buf, ID_COLUMNS);
  trib_trace_pen_move (pen, pen->column + 1);
  trib_trace_pen_bar (pen, waited, view->window_ns, BAR_COLUMNS);
  trib_trace_pen_move (pen, pen->column + 1);
  trib_trace_pen_number (
      pen, frame->unseen ? "-" : trib_trace_duration (waited, buf), WAITED_COLUMNS);
  trib_trace_pen_move (pen, pen->column + 2);
  trib_trace_pen_text (pen,
      frame->left ? frame->reason
      : overdue   ? "overdue"
                  : "waiting",
      REASON_COLUMNS);
  for (guint i = 0; i < cells->shown; i++) {
    trib_trace_pen_move (pen, CELLS_AT + i * cells->width);
    draw_cell (pen, view, frame, i, cells->width - 1, now_ns);
  }
  trib_trace_pen_end_line (pen);
}

static void
draw_source_heads (TribTracePen *pen)
{
  trib_trace_pen_text (pen, "source", SOURCE_COLUMNS);
  trib_trace_pen_number (pen, "latest", 9);
  trib_trace_pen_number (pen, "longest", 9);
  trib_trace_pen_number (pen, "answers", 10);
  trib_trace_pen_number (pen, "late", 8);
  trib_trace_pen_text (pen, "  latest delays", 26);
  trib_trace_pen_end_line (pen);
}

static void
draw_number (TribTracePen *pen, guint64 n, guint width)
{
  gchar buf[32];

  g_snprintf (buf, sizeof buf, "%" G_GUINT64_FORMAT, n);
  trib_trace_pen_move (pen, pen->column + 1);
  trib_trace_pen_number (pen, buf, width - 1);
}

/* against the window, or the longest of them where that is more */
static void
draw_delays (TribTracePen *pen, const TribTraceView *view, const TribTraceViewSource *s)
{
  guint64 first = s->n_delays > MAX_DELAYS ? s->n_delays - MAX_DELAYS : 0;
  gint64 full = view->window_ns;

  for (guint64 i = first; i < s->n_delays; i++)
    full = MAX (full, s->delays[i % MAX_DELAYS]);
  for (guint64 i = first; i < s->n_delays; i++)
    trib_trace_pen_level (pen, s->delays[i % MAX_DELAYS], full);
}

static void
draw_source (TribTracePen *pen, const TribTraceView *view, const TribTraceViewSource *s)
{
  gint64 latest = s->n_delays > 0 ? s->delays[(s->n_delays - 1) % MAX_DELAYS] : 0;
  gchar buf[TRIB_TRACE_DURATION_SIZE];

  trib_trace_pen_text (pen, s->name, SOURCE_COLUMNS);
  trib_trace_pen_number (pen, s->n_delays > 0 ? trib_trace_duration (latest, buf) : "-", 9);
  trib_trace_pen_number (pen, s->n_delays > 0 ? trib_trace_duration (s->max_ns, buf) : "-", 9);
  draw_number (pen, s->answers, 10);
  draw_number (pen, s->late, 8);
  trib_trace_pen_move (pen, pen->column + 2);
  draw_delays (pen, view, s);
  trib_trace_pen_end_line (pen);
}

static void
draw_sources (TribTracePen *pen, const TribTraceView *view, guint rows)
{
  gchar text[64];

  trib_trace_pen_end_line (pen);
  draw_source_heads (pen);
  for (guint i = 0; i < MIN (view->n_sources, rows); i++)
    draw_source (pen, view, &view->sources[i]);
  if (view->n_sources > rows) {
    g_snprintf (text, sizeof text, "and %u more%s", view->n_sources - rows,
        view->nameless ? ", and some that are not counted" : "");
    trib_trace_pen_text (pen, text, pen->columns);
    trib_trace_pen_end_line (pen);
  }
}

/* Lines that the sources take, with a blank one and their head; none when that leaves no space for
 * frames. */
static guint
rows_for_sources (const TribTraceView *view, guint rows)
{
  guint wanted = 0;

  if (view->n_sources > MAX_SOURCE_ROWS)
    wanted = MAX_SOURCE_ROWS + 3;
  else if (view->n_sources > 0)
    wanted = view->n_sources + 2;
  return wanted + 4 <= rows ? wanted : 0;
}

/**
 * trib_trace_view_draw:
 * @view: a view
 * @look: how; narrower than %TRIB_TRACE_VIEW_MIN_COLUMNS cuts lines
 * @now_ns: the time
 * @out: gets lines, each with its line feed
 */
void
trib_trace_view_draw (
    const TribTraceView *view, const TribTraceViewLook *look, gint64 now_ns, GString *out)
{
  TribTracePen pen = { out, look->columns, look->unicode, 0 };
  Cells cells = share_columns (view, MAX (look->columns, TRIB_TRACE_VIEW_MIN_COLUMNS));
  guint for_sources = rows_for_sources (view, look->rows);
  guint for_frames = look->rows - for_sources;

  draw_totals (&pen, view, now_ns);
  if (for_frames < 3)
    return;
  draw_frame_heads (&pen, view, &cells);
  for_frames = MIN (MIN (for_frames - 2, MAX_FRAME_ROWS), view->frames->len);
  for (guint i = 0; i < for_frames; i++)
    draw_frame (
        &pen, view, trib_trace_view_frame_at (view, view->frames->len - 1 - i), &cells, now_ns);
  if (for_sources > 0)
    draw_sources (&pen, view, MIN (view->n_sources, MAX_SOURCE_ROWS));
}
