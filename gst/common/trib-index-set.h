/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A set of unsigned numbers kept as sorted closed ranges. Numbers that arrive nearly in order cost
 * nothing: a recording of a million frames without a gap is one range. Pure, not thread safe. */

typedef struct {
  guint64 first;
  guint64 last;
} TribIndexRange;

typedef struct {
  GArray *ranges; /* of TribIndexRange, sorted, never touching; NULL while empty */
} TribIndexSet;

#define TRIB_INDEX_SET_INIT \
  {                         \
    NULL                    \
  }

gboolean trib_index_set_add (TribIndexSet *set, guint64 value);
gboolean trib_index_set_contains (const TribIndexSet *set, guint64 value);
void trib_index_set_union (TribIndexSet *set, const TribIndexSet *other);
guint trib_index_set_n_ranges (const TribIndexSet *set);
const TribIndexRange *trib_index_set_get_range (const TribIndexSet *set, guint i);
void trib_index_set_clear (TribIndexSet *set);

G_END_DECLS
