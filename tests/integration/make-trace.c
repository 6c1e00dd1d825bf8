/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include <trace/trib-trace.h>

/* Appends what three traces at once say of a hundred frames each to the file that is named. */

#define MS G_GINT64_CONSTANT (1000000)
#define TRACES 3
#define FRAMES 100

static void
trace_frame (TribTrace *trace, guint64 id)
{
  static const gchar *const waiting_for[] = { "gesture", "a \"name\"\n", NULL };
  guint64 dropped[] = { id + 1, id + 2 };

  trib_trace_timing (trace, id, "face", (id % 2 ? 60 : 30) * MS, (guint) (id % 3));
  trib_trace_timing (trace, id, "process_face", 30 * MS + 1, 0);
  trib_trace_timing (trace, id, "fusion_process", MS / 4, 1);
  if (id % 10 != 0)
    return;
  trib_trace_frame_drop (trace, id, dropped, 2, TRIB_TRACE_DROP_BACKPRESSURE, NULL);
  trib_trace_frame_drop (trace, id, dropped, 1, TRIB_TRACE_DROP_TIMEOUT, "gesture");
  trib_trace_sync_delay (trace, id, 161 * MS, waiting_for);
}

int
main (int argc, char **argv)
{
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  TribTrace *traces[TRACES];

  if (argc != 2)
    return 2;
  config.level = TRIB_TRACE_LEVEL_NORMAL;
  config.path = argv[1];
  for (guint i = 0; i < TRACES; i++) {
    g_autoptr (GError) error = NULL;
    traces[i] = trib_trace_new (&config, &error);
    g_assert_no_error (error);
  }
  for (guint64 id = 0; id < FRAMES; id++)
    for (guint i = 0; i < TRACES; i++)
      trace_frame (traces[i], id);
  for (guint i = 0; i < TRACES; i++)
    trib_trace_free (traces[i]);
  return 0;
}
