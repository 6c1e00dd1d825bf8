/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Measures the picture of a file again and again, and prints one line for bench-quality.py:
 * figures, and the median time in ms.
 *
 * usage: quality-meter FILE WIDTH HEIGHT BYTES_A_PIXEL ROUNDS */
#include <extract/trib-quality.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static gdouble
now_ms (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &ts);
  return (gdouble) ts.tv_sec * 1e3 + (gdouble) ts.tv_nsec / 1e6;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gdouble *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *data = NULL;
  g_autofree gdouble *times = NULL;
  TribQualityMeter *meter = trib_quality_meter_new ();
  TribQualityImage image = { .is_full_range = TRUE };
  TribQuality quality = { 0 };
  guint rounds;
  gsize size;

  if (argc != 6 || !g_file_get_contents (argv[1], &data, &size, NULL)) {
    fprintf (stderr, "usage: quality-meter FILE WIDTH HEIGHT BYTES_A_PIXEL ROUNDS\n");
    return 2;
  }
  image.data = (const guint8 *) data;
  image.width = (guint) atoi (argv[2]);
  image.height = (guint) atoi (argv[3]);
  image.pixel = (guint) atoi (argv[4]);
  image.stride = (gint) (image.width * image.pixel);
  image.green = image.pixel == 1 ? 0 : 1;
  image.blue = image.pixel == 1 ? 0 : 2;
  rounds = (guint) atoi (argv[5]);
  if (size < (gsize) image.stride * image.height || rounds == 0)
    return 2;
  times = g_new (gdouble, rounds);
  for (guint i = 0; i < rounds; i++) {
    times[i] = now_ms ();
    if (!trib_quality_measure (meter, &image, 1, &quality))
      return 2;
    times[i] = now_ms () - times[i];
  }
  qsort (times, rounds, sizeof *times, compare);
  printf ("%.6f %.6f %.6f %.4f\n", quality.blur, quality.brightness, quality.contrast,
      times[rounds / 2]);
  trib_quality_meter_free (meter);
  return 0;
}
