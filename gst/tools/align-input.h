/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <align/trib-align-streams.h>

#include <signal.h>

G_BEGIN_DECLS

/* The lines of an arrival log. Lines of obsaligner about decisions are skipped; invalid lines
 * are reported on standard error with their number, and skipped. */

typedef struct _AlignInput AlignInput;

typedef enum {
  ALIGN_LINE_RECORD,  /* record */
  ALIGN_LINE_CLOCK,   /* time alone */
  ALIGN_LINE_STOPPED, /* the idle clock stands from here on */
  ALIGN_LINE_GOING,   /* until here */
  ALIGN_LINE_FLUSH,   /* name: a source; NULL: all */
  ALIGN_LINE_FINISH,  /* every source has ended */
  ALIGN_LINE_SHIFT,   /* shift_ns: difference of clocks, in delays from here on */
  ALIGN_LINE_SOURCES, /* name: what is expected from here on, as the setting has it */
} AlignLineKind;

/**
 * AlignLine:
 * @kind: its kind
 * @now_ns: its time
 * @shift_ns: added to arrivals to make them capture times
 * @name: (nullable): lives as long as the input
 * @stream: (nullable): of a flush; lives as long as the input, as that of @record does
 * @record: a record; its texts and @expected live until the next line, names as long as the input
 */
typedef struct {
  AlignLineKind kind;
  gint64 now_ns;
  gint64 shift_ns;
  const gchar *name;
  TribStreamKey *stream;
  TribAlignRecord record;
} AlignLine;

/* @path: (nullable): standard input; @stop: set by a signal that is blocked elsewhere: reading
 *   ends */
AlignInput *align_input_open (const gchar *path, volatile sig_atomic_t *stop, GError **error);
void align_input_close (AlignInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlignInput, align_input_close)
/* FALSE: the end, or an error */
gboolean align_input_next (AlignInput *input, AlignLine *ret_line, GError **error);
/* applies the line; an invalid setting is reported on standard error */
void align_line_apply (const AlignLine *line, TribAlignStreams *align);
/* the latest time of the lines so far */
gint64 align_input_now (const AlignInput *input);
guint64 align_input_n_bad (const AlignInput *input);

G_END_DECLS
