/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-log.h"

static const gint nothing;
const gint *trib_log_threshold = &nothing;
static TribLogHook log_hook;

/**
 * trib_log_set_hook:
 * @hook: writes the lines; called on any thread, under any lock
 * @threshold: highest #TribLogLevel that @hook may want; it may change at any time, and lives for
 *   ever
 *
 * Once, before other threads use this binary's libraries.
 */
void
trib_log_set_hook (TribLogHook hook, const gint *threshold)
{
  log_hook = hook;
  trib_log_threshold = threshold;
}

void
trib_log_write (TribLogCategory *category, TribLogLevel level, const gchar *file, gint line,
    const gchar *function, const gchar *id, const gchar *format, ...)
{
  va_list args;

  if (log_hook == NULL)
    return;
  va_start (args, format);
  log_hook (category, level, file, line, function, id, format, args);
  va_end (args);
}
