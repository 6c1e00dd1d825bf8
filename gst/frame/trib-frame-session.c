/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-frame-session.h"

/**
 * trib_frame_session_new:
 *
 * Any thread.
 *
 * Returns: (transfer full): a unique session id: time of day in UTC and a random
 * number, for example "session-20260101T120000Z-1a2b3c4d"
 */
gchar *
trib_frame_session_new (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *time = g_date_time_format (now, "%Y%m%dT%H%M%SZ");

  return g_strdup_printf ("session-%s-%08x", time, g_random_int ());
}
