/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected to fail in a build with the thread sanitizer: two threads count without a lock.
 * Beside it they count with one each way that tsan-threads.c announces, so that it is this race
 * that ends the program, and so that a sanitizer that sees nothing is noticed. With an argument
 * there is no race, and it is expected to pass. */
#include <glib.h>
#include <threads.h>

static GMutex lock;
static mtx_t c11_lock;
static guint with_lock, with_c11_lock, without_lock;
static gboolean race;

static int
count (void *data)
{
  for (guint i = 0; i < 1000; i++) {
    g_mutex_lock (&lock);
    with_lock++;
    g_mutex_unlock (&lock);
    mtx_lock (&c11_lock);
    with_c11_lock++;
    mtx_unlock (&c11_lock);
    if (race)
      without_lock++;
  }
  return 0;
}

int
main (int argc, char **argv)
{
  thrd_t threads[2];

  race = argc == 1;
  mtx_init (&c11_lock, mtx_plain);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (thrd_create (&threads[i], count, NULL), ==, thrd_success);
  for (guint i = 0; i < 2; i++)
    thrd_join (threads[i], NULL);
  mtx_destroy (&c11_lock);
  return with_lock == 2000 && with_c11_lock == 2000 ? 0 : 2;
}
