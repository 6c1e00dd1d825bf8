/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The core of alignment alone: records a second by mode, by number of sources, and by number of
 * frames that are open at a time. One JSON line for each measurement, the median of several rounds.
 */
#include <align/trib-align.h>

#include <stdio.h>
#include <time.h>

#define FRAMES 50000
#define ROUNDS 5
#define FRAME_NS (1000000000 / 30)

static void
ignore (gpointer user_data, const TribAlignEvent *event)
{
  if (event->kind != TRIB_ALIGN_EVENT_EMIT)
    return;
  trib_align_result_free (event->result);
  (*(guint *) user_data)++;
}

static gdouble
cpu_seconds (void)
{
  struct timespec t;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return (gdouble) t.tv_sec + (gdouble) t.tv_nsec / 1e9;
}

/* the last source is @lag frames behind the others */
static gdouble
run (TribAlignMode mode, guint n_sources, guint lag)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_auto (GStrv) list = NULL;
  g_autoptr (TribAlign) a = NULL;
  TribAlignConfig config;
  guint n_results = 0;
  gdouble begun;
  gint64 now = 0;

  for (guint i = 0; i < n_sources; i++)
    g_string_append_printf (names, "%ssource-%u", i ? "," : "", i);
  list = g_strsplit (names->str, ",", -1);
  trib_align_config_init (&config);
  config.mode = mode;
  config.sources = names->str;
  config.window_ms = 600000;
  config.max_wait_ms = 0;
  config.max_pending = 4096;
  config.stats_interval_ms = 0;
  config.live = FALSE;
  a = trib_align_new (&config, ignore, NULL, &n_results, NULL);
  begun = cpu_seconds ();
  for (guint k = 0; k < FRAMES + lag; k++) {
    for (guint i = 0; i < n_sources; i++) {
      gboolean last = i + 1 == n_sources;
      guint frame = last ? k - lag : k;
      TribAlignRecord record = { .source = list[i],
        .has_frame_id = TRUE,
        .frame_id = frame,
        .t_ns = (gint64) frame * FRAME_NS,
        .bytes = 250 };
      if (last ? k < lag : k >= FRAMES)
        continue;
      trib_align_push (a, &record, now += FRAME_NS / 20);
    }
  }
  begun = cpu_seconds () - begun;
  trib_align_finish (a, now);
  if (n_results < FRAMES)
    g_error ("%u results of %u frames", n_results, FRAMES);
  return (gdouble) FRAMES * n_sources / begun;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gdouble *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static void
measure (const gchar *name, TribAlignMode mode, guint n_sources, guint lag)
{
  g_autoptr (GArray) rates = g_array_new (FALSE, FALSE, sizeof (gdouble));

  for (guint i = 0; i < ROUNDS; i++) {
    gdouble rate = run (mode, n_sources, lag);
    g_array_append_val (rates, rate);
  }
  g_array_sort (rates, compare);
  printf (
      "{\"bench\":\"align\",\"mode\":\"%s\",\"sources\":%u,\"open\":%u,\"frames\":%u,\"rounds\":%u,"
      "\"records_per_cpu_s\":%.0f}\n",
      name, n_sources, lag, FRAMES, ROUNDS, g_array_index (rates, gdouble, ROUNDS / 2));
  fflush (stdout);
}

int
main (void)
{
  static const guint sources[] = { 2, 4, 8, 16 }, open[] = { 10, 100, 1000 };

  measure ("window", TRIB_ALIGN_MODE_WINDOW, 4, 0);
  measure ("watermark", TRIB_ALIGN_MODE_WATERMARK, 4, 0);
  measure ("approximate", TRIB_ALIGN_MODE_APPROXIMATE, 4, 0);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    measure ("window", TRIB_ALIGN_MODE_WINDOW, sources[i], 0);
  for (guint i = 0; i < G_N_ELEMENTS (open); i++)
    measure ("window", TRIB_ALIGN_MODE_WINDOW, 4, open[i]);
  return 0;
}
