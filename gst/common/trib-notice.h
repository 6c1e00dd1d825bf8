/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Notifications about events that can occur by the thousand: at most one an interval, each with the
 * number of events since the one before. Not thread safe: the owner's lock guards it. */

/**
 * TribNotice:
 * @n_events: events since the last notification
 * @last: when that was, in the unit of @now below
 * @any: whether there was one
 *
 * Valid when zeroed.
 */
typedef struct {
  guint64 n_events;
  gint64 last;
  gboolean any;
} TribNotice;

/* @interval: in the unit of @now */
gboolean trib_notice_add (TribNotice *notice, gint64 now, gint64 interval, guint64 *ret_n_events);
gboolean trib_notice_flush (TribNotice *notice, gint64 now, gint64 interval, guint64 *ret_n_events);
gint64 trib_notice_next (const TribNotice *notice, gint64 interval);

G_END_DECLS
