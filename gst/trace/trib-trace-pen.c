/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-trace-pen.h"

#include <string.h>

/* One character of an untrusted text, made printable. Returns its length in @p. */
static gsize
clean_char (const gchar *p, gboolean unicode, gchar buf[16], guint *ret_columns)
{
  gunichar c = g_utf8_get_char_validated (p, -1);
  gsize len = 1;

  *ret_columns = 1;
  if (c == (gunichar) -1 || c == (gunichar) -2) {
    g_snprintf (buf, 16, "\\x%02x", (guchar) *p);
  } else {
    len = (gsize) (g_utf8_next_char (p) - p);
    /* not printable: control characters, and those that turn the direction of writing */
    if (c < 0x20 || c == 0x7f) {
      g_snprintf (buf, 16, "\\x%02x", (guint) c);
    } else if (c < 0x80 || (unicode && g_unichar_isprint (c) && !g_unichar_iszerowidth (c))) {
      memcpy (buf, p, len);
      buf[len] = '\0';
      *ret_columns = g_unichar_iswide (c) ? 2 : 1;
      return len;
    } else {
      g_snprintf (buf, 16, "\\u%04x", (guint) c);
    }
  }
  *ret_columns = (guint) strlen (buf);
  return len;
}

/* returns the columns used, at most @width */
static guint
append_clean (GString *out, const gchar *text, guint width, gboolean unicode)
{
  guint column = 0;
  gsize cut = out->len; /* where the mark of a cut fits */
  guint cut_column = 0;

  while (*text != '\0') {
    gchar buf[16];
    guint columns;

    text += clean_char (text, unicode, buf, &columns);
    if (column + columns > width) {
      g_string_truncate (out, cut);
      if (width > 0)
        g_string_append (out, unicode ? "\xe2\x80\xa6" : "~");
      return width > 0 ? cut_column + 1 : 0;
    }
    g_string_append (out, buf);
    column += columns;
    if (column < width) {
      cut = out->len;
      cut_column = column;
    }
  }
  return column;
}

/**
 * trib_trace_append_clean:
 * @out: appended to
 * @text: anything
 * @width: maximum columns; the last one marks a cut
 * @unicode: whether characters beyond ASCII may be shown
 */
void
trib_trace_append_clean (GString *out, const gchar *text, guint width, gboolean unicode)
{
  append_clean (out, text, width, unicode);
}

static guint
space (const TribTracePen *pen, guint width)
{
  return MIN (width, pen->columns - MIN (pen->column, pen->columns));
}

void
trib_trace_pen_move (TribTracePen *pen, guint column)
{
  while (pen->column < MIN (column, pen->columns)) {
    g_string_append_c (pen->out, ' ');
    pen->column++;
  }
}

/* an untrusted text, at the left of @width columns */
void
trib_trace_pen_text (TribTracePen *pen, const gchar *text, guint width)
{
  guint start = pen->column;

  pen->column += append_clean (pen->out, text, space (pen, width), pen->unicode);
  trib_trace_pen_move (pen, start + width);
}

/* at the right of @width columns; of one that is too long, the last digits */
void
trib_trace_pen_number (TribTracePen *pen, const gchar *digits, guint width)
{
  gsize len = strlen (digits);

  if (len > width) {
    trib_trace_pen_mark (pen, "\xe2\x80\xa6", "~");
    trib_trace_pen_text (pen, digits + (len - (width - 1)), width - 1);
    return;
  }
  trib_trace_pen_move (pen, pen->column + width - (guint) len);
  trib_trace_pen_text (pen, digits, (guint) len);
}

/* one column */
void
trib_trace_pen_mark (TribTracePen *pen, const gchar *unicode, const gchar *ascii)
{
  if (space (pen, 1) == 0)
    return;
  g_string_append (pen->out, pen->unicode ? unicode : ascii);
  pen->column++;
}

/* the elapsed part of @full; nothing when @full is unknown */
void
trib_trace_pen_bar (TribTracePen *pen, gint64 value, gint64 full, guint width)
{
  static const gchar *const parts[] = { "\xc2\xb7", "\xe2\x96\x8f", "\xe2\x96\x8e", "\xe2\x96\x8d",
    "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a", "\xe2\x96\x89", "\xe2\x96\x88" };
  gdouble share = full > 0 ? CLAMP ((gdouble) value / (gdouble) full, 0.0, 1.0) : 0.0;
  guint eighths = (guint) (share * (width * 8));

  for (guint i = 0; i < width; i++) {
    guint part = MIN (eighths, 8);
    trib_trace_pen_mark (pen, parts[part], part == 8 ? "#" : ".");
    eighths -= part;
  }
}

/* one column, as high as @value is of @full */
void
trib_trace_pen_level (TribTracePen *pen, gint64 value, gint64 full)
{
  static const gchar *const unicode[] = { "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83",
    "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88" };
  static const gchar *const ascii[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
  gdouble share = full > 0 ? CLAMP ((gdouble) value / (gdouble) full, 0.0, 1.0) : 0.0;
  guint level = MIN ((guint) (share * 8), 7);

  trib_trace_pen_mark (pen, unicode[level], ascii[level]);
}

/* drops the blanks at the line's end */
void
trib_trace_pen_end_line (TribTracePen *pen)
{
  while (pen->out->len > 0 && pen->out->str[pen->out->len - 1] == ' ')
    g_string_truncate (pen->out, pen->out->len - 1);
  g_string_append_c (pen->out, '\n');
  pen->column = 0;
}

/* at most 7 characters up to some centuries: "9.9 ms", "999 ms", "99.9 s", "99 min", "999 h",
 * "999 d" */
const gchar *
trib_trace_duration (gint64 ns, gchar buf[TRIB_TRACE_DURATION_SIZE])
{
  const gchar *sign = ns < 0 ? "-" : "";
  guint64 us = (ns < 0 ? 0 - (guint64) ns : (guint64) ns) / 1000;
  guint64 s = us / G_USEC_PER_SEC;

  if (us < 10 * 1000)
    g_snprintf (buf, TRIB_TRACE_DURATION_SIZE, "%s%u.%u ms", sign, (guint) us / 1000,
        (guint) us / 100 % 10);
  else if (s < 1)
    g_snprintf (buf, TRIB_TRACE_DURATION_SIZE, "%s%u ms", sign, (guint) us / 1000);
  else if (s < 100)
    g_snprintf (
        buf, TRIB_TRACE_DURATION_SIZE, "%s%u.%u s", sign, (guint) s, (guint) (us / 100000 % 10));
  else if (s < 100 * 60)
    g_snprintf (buf, TRIB_TRACE_DURATION_SIZE, "%s%u min", sign, (guint) s / 60);
  else if (s < 1000 * 3600)
    g_snprintf (buf, TRIB_TRACE_DURATION_SIZE, "%s%u h", sign, (guint) s / 3600);
  else
    g_snprintf (buf, TRIB_TRACE_DURATION_SIZE, "%s%u d", sign, (guint) (s / 86400));
  return buf;
}

/* at most 3 characters for what is not negative, milliseconds without a unit: "999", "99s", "99m",
 * "99h", "99d", ">>>" */
const gchar *
trib_trace_duration_short (gint64 ns, gchar buf[TRIB_TRACE_DURATION_SIZE])
{
  gint64 ms = MAX (ns, 0) / 1000000;
  static const struct {
    gint64 ms;
    gchar unit;
  } units[] = { { 1000, 's' }, { 60 * 1000, 'm' }, { 3600 * 1000, 'h' }, { 86400 * 1000, 'd' } };

  if (ms < 1000) {
    g_snprintf (buf, TRIB_TRACE_DURATION_SIZE, "%u", (guint) ms);
    return buf;
  }
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    if (ms / units[i].ms < 100) {
      g_snprintf (buf, TRIB_TRACE_DURATION_SIZE, "%u%c", (guint) (ms / units[i].ms), units[i].unit);
      return buf;
    }
  }
  g_strlcpy (buf, ">>>", TRIB_TRACE_DURATION_SIZE);
  return buf;
}
