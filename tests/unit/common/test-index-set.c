/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <common/trib-index-set.h>

static void
test_index_set (void)
{
  TribIndexSet set = TRIB_INDEX_SET_INIT, other = TRIB_INDEX_SET_INIT;

  for (guint64 i = 0; i < 1000; i++)
    g_assert_true (trib_index_set_add (&set, i * 7919 % 1000)); /* every number once, far apart */
  g_assert_cmpuint (trib_index_set_n_ranges (&set), ==, 1);
  g_assert_false (trib_index_set_add (&set, 500));
  g_assert_false (trib_index_set_contains (&set, 1000));
  g_assert_true (trib_index_set_add (&set, G_MAXUINT64));
  g_assert_false (trib_index_set_add (&set, G_MAXUINT64));
  g_assert_true (trib_index_set_add (&set, G_MAXUINT64 - 1));
  g_assert_cmpuint (trib_index_set_n_ranges (&set), ==, 2);
  g_assert_true (trib_index_set_add (&other, 1000));
  g_assert_true (trib_index_set_add (&other, 2000));
  g_assert_true (trib_index_set_add (&other, G_MAXUINT64));
  trib_index_set_union (&set, &other);
  g_assert_cmpuint (trib_index_set_n_ranges (&set), ==, 3);
  g_assert_cmpuint (trib_index_set_get_range (&set, 0)->last, ==, 1000);
  g_assert_cmpuint (trib_index_set_get_range (&set, 1)->first, ==, 2000);
  g_assert_cmpuint (trib_index_set_get_range (&set, 2)->first, ==, G_MAXUINT64 - 1);
  trib_index_set_clear (&set);
  trib_index_set_clear (&other);
  g_assert_false (trib_index_set_contains (&set, 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/common/index-set", test_index_set);
  return g_test_run ();
}
