/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-capture-time.h"

#include <common/trib-time.h>

G_DEFINE_QUARK (trib - capture - time - error - quark, trib_capture_time_error)

#define SECOND (G_GINT64_CONSTANT (1000000000))

/* Of a deviation from the wall clock, the part that frames of SETTLE of running time correct; at
 * most 1 / SLEW of their distance, so that order is kept where encoders reorder frames. */
#define SETTLE (SECOND / 5)
#define SLEW 10
/* No clock of a pipeline drifts so far between two frames: the wall clock was set. */
#define SET_AHEAD SECOND

/* 1900-01-01 to 1970-01-01 */
#define NTP_TO_UNIX (G_GINT64_CONSTANT (2208988800) * SECOND)

/**
 * trib_capture_time_begin:
 * @c: the times of a stream
 * @start_ns: wall time at running time 0, nanoseconds since the Unix epoch
 * @from_running_ns: first running time of the run; lower ones keep the start of the run before
 *
 * A run begins. Frames that were captured before a pause may arrive after it.
 */
void
trib_capture_time_begin (TribCaptureTime *c, gint64 start_ns, gint64 from_running_ns)
{
  c->before_ns = c->has_start ? c->start_ns : start_ns;
  c->from_running_ns = from_running_ns;
  c->start_ns = start_ns;
  c->has_start = TRUE;
  c->has_reached = FALSE;
}

/**
 * trib_capture_time_follow:
 * @c: the times of a stream
 * @running_ns: of the frame that comes next
 * @start_ns: the start as the clocks give it now
 *
 * Brings the start nearer to @start_ns, by an amount that the frames' own distances bound: capture
 * times never go back and never jump, but for a wall clock that was set ahead by more than a
 * second.
 *
 * Returns: whether it was
 */
gboolean
trib_capture_time_follow (TribCaptureTime *c, gint64 running_ns, gint64 start_ns)
{
  gint64 error, advance;

  if (running_ns < c->from_running_ns || (c->has_reached && running_ns <= c->reached_ns))
    return FALSE;
  advance = c->has_reached ? trib_time_sub (running_ns, c->reached_ns) : 0;
  c->has_reached = TRUE;
  c->reached_ns = running_ns;
  error = trib_time_sub (start_ns, c->start_ns);
  if (error > SET_AHEAD) {
    c->start_ns = start_ns;
    return TRUE;
  }
  if (advance < SETTLE)
    error = (gint64) ((gdouble) error * advance / SETTLE);
  c->start_ns = trib_time_add (c->start_ns, CLAMP (error, -advance / SLEW, advance / SLEW));
  return FALSE;
}

/**
 * trib_capture_time_at:
 * @c: the times of a stream that has begun
 * @running_ns: a frame's running time
 *
 * Returns: its capture time, nanoseconds since the Unix epoch
 */
gint64
trib_capture_time_at (const TribCaptureTime *c, gint64 running_ns)
{
  return trib_time_add (running_ns < c->from_running_ns ? c->before_ns : c->start_ns, running_ns);
}

/**
 * trib_capture_time_from_date:
 * @date: a moment
 * @ret_ns: (out): it, nanoseconds since the Unix epoch; untouched when there is none
 *
 * Returns: whether it fits
 */
gboolean
trib_capture_time_from_date (GDateTime *date, gint64 *ret_ns)
{
  gint64 seconds = g_date_time_to_unix (date);

  if (seconds >= G_MAXINT64 / SECOND || seconds <= G_MININT64 / SECOND)
    return FALSE;
  *ret_ns = seconds * SECOND + g_date_time_get_microsecond (date) * G_GINT64_CONSTANT (1000);
  return TRUE;
}

/**
 * trib_capture_time_from_ntp:
 * @ntp_ns: nanoseconds since 1900
 * @ret_ns: (out): the same moment, nanoseconds since the Unix epoch; untouched when there is none
 *
 * A device without a wall clock counts from its start; a time before 1970 is such a one.
 *
 * Returns: whether it is a wall time
 */
gboolean
trib_capture_time_from_ntp (guint64 ntp_ns, gint64 *ret_ns)
{
  if (ntp_ns < (guint64) NTP_TO_UNIX || ntp_ns - NTP_TO_UNIX > G_MAXINT64)
    return FALSE;
  *ret_ns = (gint64) (ntp_ns - NTP_TO_UNIX);
  return TRUE;
}

/**
 * trib_capture_time_parse:
 * @text: ISO 8601 with date and time (UTC where it names no zone), or nanoseconds since the Unix
 *   epoch
 * @ret_ns: (out): untouched on failure
 * @error: return location
 *
 * Returns: whether @text is a time
 */
gboolean
trib_capture_time_parse (const gchar *text, gint64 *ret_ns, GError **error)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) date = NULL;

  if (g_ascii_string_to_signed (text, 10, G_MININT64 + 1, G_MAXINT64, ret_ns, NULL))
    return TRUE;
  date = g_date_time_new_from_iso8601 (text, utc);
  if (date && trib_capture_time_from_date (date, ret_ns))
    return TRUE;
  g_set_error (error, TRIB_CAPTURE_TIME_ERROR, 0,
      "time-origin \"%.40s\" is no time: ISO 8601 such as 2026-01-31T12:00:00.5Z, or nanoseconds "
      "since 1970",
      text);
  return FALSE;
}
