/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-notice.h"

#include "trib-time.h"

/**
 * trib_notice_flush:
 * @notice: a notice
 * @now: the time, of a clock that does not go backwards
 * @interval: shortest time between notifications
 * @ret_n_events: (out): with %TRUE: the number of events to notify of
 *
 * Returns: whether events without a notification can have one now
 */
gboolean
trib_notice_flush (TribNotice *notice, gint64 now, gint64 interval, guint64 *ret_n_events)
{
  if (notice->n_events == 0 || (notice->any && now < trib_time_add (notice->last, interval)))
    return FALSE;
  *ret_n_events = notice->n_events;
  notice->n_events = 0;
  notice->last = now;
  notice->any = TRUE;
  return TRUE;
}

/**
 * trib_notice_add:
 *
 * Counts an event; all else as trib_notice_flush().
 */
gboolean
trib_notice_add (TribNotice *notice, gint64 now, gint64 interval, guint64 *ret_n_events)
{
  notice->n_events++;
  return trib_notice_flush (notice, now, interval, ret_n_events);
}

/**
 * trib_notice_next:
 *
 * Returns: when trib_notice_flush() has something to notify of; %G_MAXINT64: not before the next
 * event
 */
gint64
trib_notice_next (const TribNotice *notice, gint64 interval)
{
  if (notice->n_events == 0)
    return G_MAXINT64;
  return notice->any ? trib_time_add (notice->last, interval) : G_MININT64;
}
