/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-log.h"

G_BEGIN_DECLS

/* State machines: a table of states and of the transitions that are allowed, and one setter that
 * checks and logs. */

/**
 * TribStateRow:
 * @name: of the state, as logs show it
 * @next: a bit (1 << state) for each state that may follow
 * @level: at which entering it is logged; 0: DEBUG. LOG where many machines enter it as a rule
 */
typedef struct {
  const gchar *name;
  guint32 next;
  TribLogLevel level;
} TribStateRow;

/**
 * TribStateTable:
 * @machine: what has these states, like "partition queue"
 * @category: of the log
 * @rows: (array length=n_rows): by state
 */
typedef struct {
  const gchar *machine;
  TribLogCategory *category;
  const TribStateRow *rows;
  guint n_rows;
} TribStateTable;

#define TRIB_STATE(state) ((guint32) 1 << (state))

gboolean trib_state_check (const TribStateTable *table, const gchar *file, gint line,
    const gchar *function, const gchar *id, gint state, gint next, const gchar *why);

/* @variable: an enum's lvalue; @id, @why: (nullable): for the log. Whether it changed. */
#define TRIB_STATE_SET(table, id, variable, state, why)                                  \
  (trib_state_check (                                                                    \
       table, __FILE__, __LINE__, G_STRFUNC, id, (gint) (variable), (gint) (state), why) \
          ? ((variable) = (state), TRUE)                                                 \
          : FALSE)

G_END_DECLS
