/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-state.h"

/**
 * trib_state_check:
 * @table: the machine's
 * @file, @line, @function: for the log
 * @id: (nullable): which of these machines
 * @state: its state now
 * @next: its state from now on
 * @why: (nullable): for the log
 *
 * Logs the transition. One that is not in @table is a fault of this code: a critical, and
 * it is made all the same, since the caller goes on as if it was.
 *
 * Returns: whether @next is another state
 */
gboolean
trib_state_check (const TribStateTable *table, const gchar *file, gint line, const gchar *function,
    const gchar *id, gint state, gint next, const gchar *why)
{
  TribLogLevel level;

  if (state == next)
    return FALSE;
  g_return_val_if_fail ((guint) state < table->n_rows && (guint) next < table->n_rows, TRUE);
  if (!(table->rows[state].next & TRIB_STATE (next)))
    g_critical (
        "%s: %s cannot follow %s", table->machine, table->rows[next].name, table->rows[state].name);
  level = table->rows[next].level ? table->rows[next].level : TRIB_LOG_DEBUG;
  if (TRIB_LOG_IS_ON (level))
    trib_log_write (table->category, level, file, line, function, id, "%s: %s -> %s%s%s",
        table->machine, table->rows[state].name, table->rows[next].name, why ? ": " : "",
        why ? why : "");
  return TRUE;
}
