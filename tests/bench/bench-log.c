/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a line of the libraries' log costs while it is switched off, beside one of GStreamer's and
 * beside none: ns of CPU a line, medians of interleaved rounds. */
#include <common/trib-log.h>
#include <gst/gst.h>

#include <stdio.h>
#include <time.h>

#define LINES 20000000
#define ROUNDS 9

GST_DEBUG_CATEGORY_STATIC (bench_debug);
#define GST_CAT_DEFAULT bench_debug

typedef enum { NONE, LIBRARY, GSTREAMER, N_KINDS } Kind;

static TribLogCategory category = { "tribbench", "a benchmark", NULL };
static volatile guint sink;

static void G_GNUC_PRINTF (7, 0) forward (TribLogCategory *c, TribLogLevel level, const gchar *file,
    gint line, const gchar *function, const gchar *id, const gchar *format, va_list args)
{
  g_error ("a line that is switched off was written");
}

static gdouble
cpu_ns (void)
{
  struct timespec t;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return (gdouble) t.tv_sec * 1e9 + (gdouble) t.tv_nsec;
}

static gdouble
run (Kind kind)
{
  gdouble begun = cpu_ns ();

  switch (kind) {
    case NONE:
      for (guint i = 0; i < LINES; i++)
        sink += i;
      break;
    case LIBRARY:
      for (guint i = 0; i < LINES; i++) {
        sink += i;
        TRIB_LOG (&category, TRIB_LOG_LOG, NULL, "%u", i);
      }
      break;
    default:
      for (guint i = 0; i < LINES; i++) {
        sink += i;
        GST_LOG ("%u", i);
      }
      break;
  }
  return (cpu_ns () - begun) / LINES;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gdouble *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

int
main (int argc, char *argv[])
{
  gdouble ns[N_KINDS][ROUNDS];

  gst_init (&argc, &argv);
  GST_DEBUG_CATEGORY_INIT (bench_debug, "tribbench-peer", 0, "a benchmark");
  gst_debug_set_default_threshold (GST_LEVEL_WARNING);
  trib_log_set_hook (forward, (const gint *) &_gst_debug_min);
  for (guint round = 0; round < ROUNDS; round++) {
    for (guint kind = 0; kind < N_KINDS; kind++)
      ns[kind][round] = run (kind);
  }
  for (guint kind = 0; kind < N_KINDS; kind++)
    qsort (ns[kind], ROUNDS, sizeof (gdouble), compare);
  printf ("{\"bench\":\"log-off\",\"lines\":%u,\"rounds\":%u,\"loop_ns\":%.3f,\"library_ns\":%.3f,"
          "\"gstreamer_ns\":%.3f}\n",
      LINES, ROUNDS, ns[NONE][ROUNDS / 2], ns[LIBRARY][ROUNDS / 2], ns[GSTREAMER][ROUNDS / 2]);
  return 0;
}
