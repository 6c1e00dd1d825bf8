/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-link.h"

void
trib_link_init (TribLink *link, gint64 now)
{
  *link = (TribLink){
    .state = TRIB_LINK_CONNECTING,
    .since = now,
    .trouble_since = -1,
    .last_progress = now,
  };
}

static gboolean
enter (TribLink *link, TribLinkState state, gint64 now, TribLinkEvent *ret_event)
{
  if (link->state == state)
    return FALSE;
  *ret_event = (TribLinkEvent){
    .state = state,
    .previous = link->state,
    .previous_us = now - link->since,
  };
  if (state == TRIB_LINK_DOWN)
    link->outages++;
  link->state = state;
  link->since = now;
  return TRUE;
}

/**
 * trib_link_progress:
 * @link: a link
 * @now: monotonic time, us
 * @ret_event: (out caller-allocates): filled when %TRUE is returned
 *
 * The broker has answered: metadata came, or a record was acknowledged.
 *
 * Returns: whether the state changed
 */
gboolean
trib_link_progress (TribLink *link, gint64 now, TribLinkEvent *ret_event)
{
  gboolean was_bad = link->state == TRIB_LINK_DEGRADED || link->state == TRIB_LINK_DOWN;
  gint64 outage = link->trouble_since < 0 ? now - link->since : now - link->trouble_since;

  link->last_progress = now;
  link->trouble_since = -1;
  if (!enter (link, TRIB_LINK_CONNECTED, now, ret_event))
    return FALSE;
  ret_event->recovered = was_bad;
  ret_event->outage_us = was_bad ? outage : 0;
  return TRUE;
}

/**
 * trib_link_trouble:
 * @link: a link
 * @now: monotonic time, us
 * @ret_event: (out caller-allocates): filled when %TRUE is returned
 *
 * The client has reported that a broker, or all of them, cannot be reached.
 *
 * Returns: whether the state changed
 */
gboolean
trib_link_trouble (TribLink *link, gint64 now, TribLinkEvent *ret_event)
{
  if (link->trouble_since < 0)
    link->trouble_since = now;
  if (link->state == TRIB_LINK_CONNECTED)
    return enter (link, TRIB_LINK_DEGRADED, now, ret_event);
  return trib_link_tick (link, now, -1, ret_event);
}

/**
 * trib_link_tick:
 * @link: a link
 * @now: monotonic time, us
 * @oldest_pending: when the oldest frame without an outcome was taken, -1: there is none
 * @ret_event: (out caller-allocates): filled when %TRUE is returned
 *
 * To be called a few times a second.
 *
 * Returns: whether the state changed
 */
gboolean
trib_link_tick (TribLink *link, gint64 now, gint64 oldest_pending, TribLinkEvent *ret_event)
{
  if (oldest_pending >= 0) {
    /* a frame taken a moment ago has not waited since the last progress, but since it was taken */
    gint64 waiting_since = MAX (oldest_pending, link->last_progress);
    if (now - waiting_since >= TRIB_LINK_DEGRADED_US && link->trouble_since < 0)
      link->trouble_since = waiting_since;
  }
  if (link->trouble_since < 0)
    return FALSE;
  if (now - link->trouble_since >= TRIB_LINK_DOWN_US)
    return enter (link, TRIB_LINK_DOWN, now, ret_event);
  if (link->state == TRIB_LINK_CONNECTED)
    return enter (link, TRIB_LINK_DEGRADED, now, ret_event);
  return FALSE;
}

const gchar *
trib_link_state_to_string (TribLinkState state)
{
  static const gchar *const names[] = { "connecting", "connected", "degraded", "down" };

  return names[state];
}
