/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether the broker can be reached, judged by whether deliveries make progress: error events alone
 * say little, because the client reconnects by itself. Pure: times are handed in (monotonic, us).
 */

typedef enum {
  TRIB_LINK_CONNECTING, /* no answer yet */
  TRIB_LINK_CONNECTED,
  TRIB_LINK_DEGRADED, /* trouble was reported, or frames wait longer than they should */
  TRIB_LINK_DOWN,     /* and it has lasted */
} TribLinkState;

#define TRIB_LINK_DEGRADED_US (1500 * G_TIME_SPAN_MILLISECOND)
#define TRIB_LINK_DOWN_US (3 * G_TIME_SPAN_SECOND)

/**
 * TribLinkEvent:
 * @state: the state now
 * @previous: the state before
 * @recovered: whether this is the end of an outage
 * @previous_us: how long the previous state lasted
 * @outage_us: with @recovered: since the trouble began
 */
typedef struct {
  TribLinkState state;
  TribLinkState previous;
  gboolean recovered;
  gint64 previous_us;
  gint64 outage_us;
} TribLinkEvent;

typedef struct {
  TribLinkState state;
  gint64 since;         /* when `state` was entered */
  gint64 trouble_since; /* -1: none */
  gint64 last_progress;
  guint64 outages;
} TribLink;

void trib_link_init (TribLink *link, gint64 now);
gboolean trib_link_progress (TribLink *link, gint64 now, TribLinkEvent *ret_event);
gboolean trib_link_trouble (TribLink *link, gint64 now, TribLinkEvent *ret_event);
gboolean trib_link_tick (
    TribLink *link, gint64 now, gint64 oldest_pending, TribLinkEvent *ret_event);
const gchar *trib_link_state_to_string (TribLinkState state);

G_END_DECLS
