/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A wait without a limit, of which is said every ten seconds that it lasts. Times are monotonic, in
 * microseconds. Not thread safe: the owner's lock guards it. */

#define TRIB_SILENCE_US (10 * G_TIME_SPAN_SECOND)

/**
 * TribSilence:
 * @since: start of the wait; 0: nothing is waited for
 * @said: when it was last said; 0: never
 *
 * Valid when zeroed.
 */
typedef struct {
  gint64 since;
  gint64 said;
} TribSilence;

/* one that is waited for already is waited for from now on: it has said something */
static inline void
trib_silence_begin (TribSilence *silence, gint64 now)
{
  silence->since = MAX (now, 1);
}

static inline void
trib_silence_end (TribSilence *silence)
{
  silence->since = 0;
}

/* when trib_silence_is_due() is TRUE next; G_MAXINT64: never */
static inline gint64
trib_silence_next (const TribSilence *silence)
{
  return silence->since ? MAX (silence->since, silence->said) + TRIB_SILENCE_US : G_MAXINT64;
}

/* whether it is to be said now that the wait has lasted for @ret_us */
static inline gboolean
trib_silence_is_due (TribSilence *silence, gint64 now, gint64 *ret_us)
{
  if (now < trib_silence_next (silence))
    return FALSE;
  *ret_us = now - silence->since;
  silence->said = now;
  return TRUE;
}

G_END_DECLS
