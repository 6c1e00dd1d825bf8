/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* The property `stats-interval-ms`: an element posts what its property `stats` says as a message
 * `<element>-stats`, from PAUSED on, in the thread that all asynchronous waits on the system's
 * clock share. */

/* a row of a table of properties; @offset of a guint */
#define TRIB_STATS_INTERVAL_ROW(offset_)                                                        \
  {                                                                                             \
    .kind = TRIB_PROPERTY_UINT, .name = "stats-interval-ms", .nick = "Statistics interval",     \
    .blurb = "Interval of messages with the fields of stats (ms; 0 = none)", .offset = offset_, \
    .max = 86400000                                                                             \
  }

void trib_stats_posts_start (GstClockID *id, GstElement *element, guint interval_ms);
void trib_stats_posts_stop (GstClockID *id);

G_END_DECLS
