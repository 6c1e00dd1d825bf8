/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-align.h"

G_BEGIN_DECLS

/* Records of several streams of pictures (cameras, sessions): an aligner for each stream, with its
 * own frames, sources, watermark and epoch. The same rules of calls and times as for one. */

#define TRIB_ALIGN_MAX_STREAMS 64

typedef struct _TribAlignStreams TribAlignStreams;

TribAlignStreams *trib_align_streams_new (const TribAlignConfig *config, TribAlignFunc func,
    TribAlignRelease release, gpointer user_data, GError **error);
void trib_align_streams_free (TribAlignStreams *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribAlignStreams, trib_align_streams_free)

void trib_align_streams_push (TribAlignStreams *s, const TribAlignRecord *record, gint64 now_ns);
void trib_align_streams_advance (TribAlignStreams *s, gint64 now_ns);
gint64 trib_align_streams_next_deadline (const TribAlignStreams *s);
void trib_align_streams_finish (TribAlignStreams *s, gint64 now_ns);
void trib_align_streams_flush_source (
    TribAlignStreams *s, const TribStreamKey *stream, const gchar *source, gint64 now_ns);
void trib_align_streams_flush (TribAlignStreams *s, gint64 now_ns);
void trib_align_streams_set_stopped (TribAlignStreams *s, gboolean stopped, gint64 now_ns);
void trib_align_streams_set_capture_offset (TribAlignStreams *s, gint64 offset_ns);
gboolean trib_align_streams_set_sources (TribAlignStreams *s, const gchar *sources, GError **error);
void trib_align_streams_forget_owner (TribAlignStreams *s, gconstpointer owner);

guint trib_align_streams_get_n (const TribAlignStreams *s);
TribAlign *trib_align_streams_get (const TribAlignStreams *s, guint index);
gboolean trib_align_streams_are_idle (const TribAlignStreams *s);
void trib_align_streams_get_totals (const TribAlignStreams *s, TribAlignTotals *ret_totals);

G_END_DECLS
