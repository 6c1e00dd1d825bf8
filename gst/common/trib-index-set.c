/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-index-set.h"

static TribIndexRange *
range_at (const TribIndexSet *set, guint i)
{
  return &g_array_index (set->ranges, TribIndexRange, i);
}

/* the first range that ends at or after @value */
static guint
find (const TribIndexSet *set, guint64 value)
{
  guint low = 0, high = trib_index_set_n_ranges (set);

  /* nearly every number comes at the end */
  if (high > 0 && range_at (set, high - 1)->last < value)
    return high;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (range_at (set, middle)->last < value)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/**
 * trib_index_set_add:
 * @set: a set
 * @value: a number
 *
 * Returns: whether @value was not in the set yet
 */
gboolean
trib_index_set_add (TribIndexSet *set, guint64 value)
{
  TribIndexRange fresh = { value, value };
  gboolean joins_left, joins_right;
  guint i, n;

  if (set->ranges == NULL)
    set->ranges = g_array_new (FALSE, FALSE, sizeof (TribIndexRange));
  n = set->ranges->len;
  i = find (set, value);
  if (i < n && range_at (set, i)->first <= value)
    return FALSE;

  /* neither sum nor difference can wrap: a range lies strictly on the other side of @value */
  joins_left = i > 0 && range_at (set, i - 1)->last == value - 1;
  joins_right = i < n && range_at (set, i)->first == value + 1;
  if (joins_left && joins_right) {
    range_at (set, i - 1)->last = range_at (set, i)->last;
    g_array_remove_index (set->ranges, i);
  } else if (joins_left) {
    range_at (set, i - 1)->last = value;
  } else if (joins_right) {
    range_at (set, i)->first = value;
  } else {
    g_array_insert_val (set->ranges, i, fresh);
  }
  return TRUE;
}

/**
 * trib_index_set_contains:
 * @set: a set
 * @value: a number
 *
 * Returns: whether @value is in the set
 */
gboolean
trib_index_set_contains (const TribIndexSet *set, guint64 value)
{
  guint i = find (set, value);

  return i < trib_index_set_n_ranges (set) && range_at (set, i)->first <= value;
}

static gint
compare_first (gconstpointer a, gconstpointer b)
{
  const TribIndexRange *x = a, *y = b;

  return x->first < y->first ? -1 : x->first > y->first;
}

/**
 * trib_index_set_union:
 * @set: changed to hold the numbers of both
 * @other: another set
 */
void
trib_index_set_union (TribIndexSet *set, const TribIndexSet *other)
{
  guint out = 0;

  if (trib_index_set_n_ranges (other) == 0)
    return;
  if (set->ranges == NULL)
    set->ranges = g_array_new (FALSE, FALSE, sizeof (TribIndexRange));
  g_array_append_vals (set->ranges, other->ranges->data, other->ranges->len);
  g_array_sort (set->ranges, compare_first);
  for (guint i = 1; i < set->ranges->len; i++) {
    TribIndexRange *last = range_at (set, out);
    const TribIndexRange *next = range_at (set, i);
    if (last->last == G_MAXUINT64 || next->first <= last->last + 1)
      last->last = MAX (last->last, next->last);
    else
      *range_at (set, ++out) = *next;
  }
  g_array_set_size (set->ranges, out + 1);
}

/**
 * trib_index_set_n_ranges:
 * @set: a set
 *
 * Returns: how many separate ranges it has, which is what it costs
 */
guint
trib_index_set_n_ranges (const TribIndexSet *set)
{
  return set->ranges ? set->ranges->len : 0;
}

/**
 * trib_index_set_get_range:
 * @set: a set
 * @i: below trib_index_set_n_ranges()
 *
 * Returns: (transfer none): the range, until the set changes
 */
const TribIndexRange *
trib_index_set_get_range (const TribIndexSet *set, guint i)
{
  g_return_val_if_fail (i < trib_index_set_n_ranges (set), NULL);
  return range_at (set, i);
}

/**
 * trib_index_set_clear:
 * @set: emptied, its memory freed
 */
void
trib_index_set_clear (TribIndexSet *set)
{
  g_clear_pointer (&set->ranges, g_array_unref);
}
