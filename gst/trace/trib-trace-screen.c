/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* strchrnul() */
#include "trib-trace-screen.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DRAW_INTERVAL_US (100 * 1000)

struct _TribTraceScreen {
  /* set once */
  gint fd; /* not owned */
  gboolean terminal;
  gboolean unicode;

  GMutex lock;
  TribTraceView *view;
  gboolean changed;

  /* the thread that draws */
  gint64 drawn_us;
  guint drawn_lines; /* of the picture above the cursor */
};

/**
 * trib_trace_screen_new:
 * @fd: open as long as the screen; never written to
 *
 * Returns: (transfer full): a screen with an empty view
 */
TribTraceScreen *
trib_trace_screen_new (gint fd)
{
  TribTraceScreen *s = g_new0 (TribTraceScreen, 1);
  const gchar *term = g_getenv ("TERM");

  s->fd = fd;
  s->terminal = isatty (fd) && g_strcmp0 (term, "dumb") != 0;
  s->unicode = g_get_charset (NULL);
  s->view = trib_trace_view_new ();
  s->drawn_us = -DRAW_INTERVAL_US;
  g_mutex_init (&s->lock);
  return s;
}

void
trib_trace_screen_free (TribTraceScreen *s)
{
  if (s == NULL)
    return;
  trib_trace_view_free (s->view);
  g_mutex_clear (&s->lock);
  g_free (s);
}

gboolean
trib_trace_screen_is_terminal (const TribTraceScreen *s)
{
  return s->terminal;
}

gboolean
trib_trace_screen_unicode (const TribTraceScreen *s)
{
  return s->unicode;
}

TribTraceView *
trib_trace_screen_lock (TribTraceScreen *s)
{
  g_mutex_lock (&s->lock);
  return s->view;
}

void
trib_trace_screen_unlock (TribTraceScreen *s, gboolean changed)
{
  s->changed = s->changed || changed;
  g_mutex_unlock (&s->lock);
}

static void
ask_size (const TribTraceScreen *s, TribTraceViewLook *look)
{
  struct winsize size;

  if (ioctl (s->fd, TIOCGWINSZ, &size) != 0)
    return;
  if (size.ws_col > 0)
    look->columns = size.ws_col;
  /* the cursor is below the picture */
  if (size.ws_row > 1)
    look->rows = MIN (size.ws_row - 1u, TRIB_TRACE_VIEW_ROWS);
}

/* Each line is erased before it is written, so that one of full width is not cut, and the rest
 * of a longer picture is removed. */
static guint
append_in_place (GString *out, const gchar *picture, guint lines_above)
{
  guint lines = 0;

  if (lines_above > 0)
    g_string_append_printf (out, "\r\033[%uA", lines_above);
  for (const gchar *line = picture; *line != '\0'; lines++) {
    const gchar *end = strchrnul (line, '\n');
    g_string_append (out, "\033[2K");
    g_string_append_len (out, line, end - line);
    g_string_append (out, "\r\n");
    line = *end != '\0' ? end + 1 : end;
  }
  if (lines < lines_above)
    g_string_append (out, "\033[J");
  return lines;
}

/**
 * trib_trace_screen_draw:
 * @now_us: of g_get_monotonic_time()
 * @last: draw at any rate
 * @out: the picture, with escapes to replace the previous one; nothing when it is too early
 * @draw_data: a screen on a terminal
 *
 * Returns: when the picture changes by itself; -1 when no frame is open
 */
gint64
trib_trace_screen_draw (gint64 now_us, gboolean last, GString *out, gpointer draw_data)
{
  TribTraceScreen *s = draw_data;
  TribTraceViewLook look = { TRIB_TRACE_VIEW_COLUMNS, TRIB_TRACE_VIEW_ROWS - 1, s->unicode };
  g_autoptr (GString) picture = NULL;
  gboolean waits;

  if (!last && now_us - s->drawn_us < DRAW_INTERVAL_US)
    return s->drawn_us + DRAW_INTERVAL_US;
  ask_size (s, &look);
  picture = g_string_new (NULL);
  g_mutex_lock (&s->lock);
  waits = trib_trace_view_waits (s->view);
  if (s->changed || waits)
    trib_trace_view_draw (s->view, &look, now_us * 1000, picture);
  s->changed = FALSE;
  g_mutex_unlock (&s->lock);
  if (picture->len == 0)
    return -1;
  s->drawn_us = now_us;
  s->drawn_lines = append_in_place (out, picture->str, s->drawn_lines);
  return waits ? now_us + DRAW_INTERVAL_US : -1;
}
