/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Arithmetic on times of any unit that are signed 64-bit numbers. Times from outside can be
 * anything: a sum that does not fit is the nearest number that does, so that it still compares as
 * it should. G_MININT64 itself is no result: it stands for "no time". */

static inline gint64
trib_time_add (gint64 t, gint64 d)
{
  gint64 sum;

  if (!__builtin_add_overflow (t, d, &sum))
    return MAX (sum, G_MININT64 + 1);
  return d > 0 ? G_MAXINT64 : G_MININT64 + 1;
}

static inline gint64
trib_time_sub (gint64 t, gint64 d)
{
  gint64 difference;

  if (!__builtin_sub_overflow (t, d, &difference))
    return MAX (difference, G_MININT64 + 1);
  return d < 0 ? G_MAXINT64 : G_MININT64 + 1;
}

G_END_DECLS
