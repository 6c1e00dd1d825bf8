/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <align/trib-align.h>

#include <signal.h>

G_BEGIN_DECLS

/* The lines of an arrival log. Lines that obsaligner wrote about what it decided are passed over; lines that are
 * neither are told on standard error with their number, and passed over. */

typedef struct _AlignInput AlignInput;

/**
 * AlignLine:
 * @is_clock: a clock line: @now_ns alone
 * @now_ns: when
 * @record: what came; texts live until the next line
 * @text: the record as it stands in the line
 */
typedef struct {
  gboolean is_clock;
  gint64 now_ns;
  TribAlignRecord record;
  const gchar *text;
  gsize len;
} AlignLine;

/* @path: (nullable): standard input; @stop: set by a signal that is blocked elsewhere: reading ends */
AlignInput *align_input_open (const gchar *path, volatile sig_atomic_t *stop, GError **error);
void align_input_close (AlignInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlignInput, align_input_close)
/* FALSE: the end, or an error */
gboolean align_input_next (AlignInput *input, AlignLine *ret_line, GError **error);
/* the latest time of the lines so far */
gint64 align_input_now (const AlignInput *input);
guint64 align_input_n_bad (const AlignInput *input);

G_END_DECLS
