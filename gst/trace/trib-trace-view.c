/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-trace-view.h"

#include <string.h>

#include "trib-trace-view-private.h"

/**
 * trib_trace_view_new:
 *
 * Returns: (transfer full): a view of nothing yet
 */
TribTraceView *
trib_trace_view_new (void)
{
  TribTraceView *view = g_new0 (TribTraceView, 1);

  view->frames = g_ptr_array_new_with_free_func (g_free);
  return view;
}

void
trib_trace_view_free (TribTraceView *view)
{
  if (view == NULL)
    return;
  for (guint i = 0; i < view->n_sources; i++)
    g_free (view->sources[i].name);
  g_ptr_array_unref (view->frames);
  g_free (view);
}

/* 0 or less: unknown, the bars stay empty */
void
trib_trace_view_set_window (TribTraceView *view, gint64 window_ns)
{
  view->window_ns = window_ns;
}

/* the index of the source, added when it is new; -1 when there are too many */
static gint
find_source (TribTraceView *view, const gchar *name)
{
  for (guint i = 0; i < view->n_sources; i++)
    if (strncmp (view->sources[i].name, name, MAX_NAME_BYTES) == 0)
      return (gint) i;
  if (view->n_sources == TRIB_TRACE_VIEW_MAX_SOURCES) {
    view->nameless = TRUE;
    return -1;
  }
  view->sources[view->n_sources].name = g_strndup (name, MAX_NAME_BYTES);
  view->all |= G_GUINT64_CONSTANT (1) << view->n_sources;
  return (gint) view->n_sources++;
}

static TribTraceViewFrame *
find_frame (TribTraceView *view, guint64 frame_id)
{
  for (guint i = view->frames->len; i > 0; i--) {
    TribTraceViewFrame *frame = view->frames->pdata[i - 1];
    if (frame->id == frame_id)
      return frame;
  }
  return NULL;
}

/* the oldest closed frame; when all are open, the oldest */
static void
forget_one (TribTraceView *view)
{
  for (guint i = 0; i < view->frames->len; i++) {
    if (trib_trace_view_frame_at (view, i)->left) {
      g_ptr_array_remove_index (view->frames, i);
      return;
    }
  }
  g_ptr_array_remove_index (view->frames, 0);
  view->waiting--;
}

static TribTraceViewFrame *
add_frame (TribTraceView *view, guint64 frame_id, gint64 now_ns)
{
  TribTraceViewFrame *frame;

  if (view->frames->len == TRIB_TRACE_VIEW_MAX_FRAMES)
    forget_one (view);
  frame = g_new0 (TribTraceViewFrame, 1);
  frame->id = frame_id;
  frame->opened_ns = now_ns;
  g_ptr_array_add (view->frames, frame);
  view->waiting++;
  return frame;
}

/**
 * trib_trace_view_open:
 * @view: a view
 * @frame_id: a frame that is open from now on; one that already is stays unchanged
 * @expected: (nullable) (array zero-terminated=1): its sources; %NULL: all
 * @now_ns: the time
 */
void
trib_trace_view_open (
    TribTraceView *view, guint64 frame_id, const gchar *const *expected, gint64 now_ns)
{
  TribTraceViewFrame *frame = find_frame (view, frame_id);

  if (frame != NULL && !frame->left)
    return;
  frame = add_frame (view, frame_id, now_ns);
  frame->expects_all = expected == NULL;
  for (guint i = 0; expected != NULL && expected[i] != NULL; i++) {
    gint source = find_source (view, expected[i]);
    if (source >= 0)
      frame->expected |= G_GUINT64_CONSTANT (1) << source;
  }
}

/**
 * trib_trace_view_answer:
 * @view: a view
 * @frame_id: a frame; when it is closed, the answer is late; when it is unknown, only the
 *   source's delay counts
 * @source: name of the source
 * @answer: its kind
 * @delay_ns: since capture, or %TRIB_TRACE_NO_DELAY: then the time since the frame was opened
 *   counts
 * @now_ns: the time
 */
void
trib_trace_view_answer (TribTraceView *view, guint64 frame_id, const gchar *source,
    TribTraceAnswer answer, gint64 delay_ns, gint64 now_ns)
{
  TribTraceViewFrame *frame = find_frame (view, frame_id);
  gint place = find_source (view, source);
  TribTraceViewSource *s;
  TribTraceViewCell *cell;

  if (place < 0)
    return;
  s = &view->sources[place];
  s->answers++;
  if (frame != NULL) {
    cell = &frame->cells[place];
    if (frame->left && cell->state == CELL_NONE) {
      cell->state = CELL_LATE;
      s->late++;
      view->late++;
    } else if (cell->state == CELL_NONE) {
      cell->state = CELL_ANSWERED + answer;
    }
    cell->wait_ns = now_ns - frame->opened_ns;
  }
  if (delay_ns == TRIB_TRACE_NO_DELAY && frame == NULL)
    return;
  delay_ns = delay_ns != TRIB_TRACE_NO_DELAY ? delay_ns : now_ns - frame->opened_ns;
  s->delays[s->n_delays++ % MAX_DELAYS] = delay_ns;
  s->max_ns = s->n_delays == 1 ? delay_ns : MAX (s->max_ns, delay_ns);
}

/**
 * trib_trace_view_leave:
 * @view: a view
 * @frame_id: a frame that is closed
 * @reason: why; "complete" is counted apart from all others
 * @now_ns: the time
 */
void
trib_trace_view_leave (TribTraceView *view, guint64 frame_id, const gchar *reason, gint64 now_ns)
{
  TribTraceViewFrame *frame = find_frame (view, frame_id);

  if (frame == NULL || frame->left) {
    /* opened before the view was on, or forgotten since */
    frame = add_frame (view, frame_id, now_ns);
    frame->unseen = TRUE;
  }
  /* a source that is unknown now is not missing */
  if (frame->expects_all)
    frame->expected = view->all;
  frame->expects_all = FALSE;
  frame->left = TRUE;
  frame->left_ns = now_ns;
  g_strlcpy (frame->reason, reason, sizeof frame->reason);
  view->waiting--;
  view->n_left++;
  if (strcmp (reason, "complete") == 0)
    view->n_complete++;
  view->last = frame->id;
}

gboolean
trib_trace_view_waits (const TribTraceView *view)
{
  return view->waiting > 0;
}

static void
append_answer (
    GString *out, const TribTraceViewSource *s, const TribTraceViewCell *cell, gboolean unicode)
{
  gchar buf[TRIB_TRACE_DURATION_SIZE];

  trib_trace_append_clean (out, s->name, LINE_NAME_COLUMNS, unicode);
  if (cell->state == CELL_SKIPPED) {
    g_string_append (out, " skipped");
    return;
  }
  g_string_append_printf (out, " %s", trib_trace_duration (cell->wait_ns, buf));
  if (cell->state == CELL_EMPTY)
    g_string_append (out, " (empty)");
}

/**
 * trib_trace_view_line:
 * @view: a view
 * @unicode: whether names may have characters beyond ASCII
 * @out: gets "frame 7 timeout after 100 ms: face 12 ms, pose 18 ms; missing gesture"
 */
void
trib_trace_view_line (const TribTraceView *view, gboolean unicode, GString *out)
{
  const TribTraceViewFrame *frame = find_frame ((TribTraceView *) view, view->last);
  gchar buf[TRIB_TRACE_DURATION_SIZE];
  const gchar *joint = ": ";

  if (frame == NULL || !frame->left)
    return;
  g_string_append_printf (out, "frame %" G_GUINT64_FORMAT " ", frame->id);
  trib_trace_append_clean (out, frame->reason, sizeof frame->reason, unicode);
  if (frame->unseen)
    return;
  g_string_append_printf (
      out, " after %s", trib_trace_duration (frame->left_ns - frame->opened_ns, buf));
  for (guint i = 0; i < view->n_sources; i++) {
    if (frame->cells[i].state == CELL_NONE)
      continue;
    g_string_append (out, joint);
    append_answer (out, &view->sources[i], &frame->cells[i], unicode);
    joint = ", ";
  }
  joint = "; missing ";
  for (guint i = 0; i < view->n_sources; i++) {
    if (!trib_trace_view_misses (view, frame, i))
      continue;
    g_string_append (out, joint);
    trib_trace_append_clean (out, view->sources[i].name, LINE_NAME_COLUMNS, unicode);
    joint = ", ";
  }
}
