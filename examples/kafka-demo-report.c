/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the demonstration prints: problems, the progress line, the report. */
#include "kafka-demo.h"

#include <gst/video/video.h>
#include <stdio.h>

#define TERMINAL_WIDTH 80

/* ---- words -------------------------------------------------------------------------------------
 */

void
wipe_progress (Demo *d)
{
  if (d->width)
    g_print ("\r%*s\r", (int) d->width, "");
  d->width = 0;
}

void
say (Demo *d, const gchar *format, ...)
{
  va_list args;
  g_autofree gchar *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  wipe_progress (d);
  fflush (stdout);
  g_printerr ("%s\n", text);
}

guint64
number (const GstStructure *s, const gchar *field)
{
  guint64 n = 0;

  gst_structure_get_uint64 (s, field, &n);
  return n;
}

GstStructure *
get_stats (GstElement *element)
{
  GstStructure *s = NULL;

  g_object_get (element, "stats", &s, NULL);
  return s;
}

/* 0: not known (a camera, or a file that does not say) */
static guint64
expected_frames (Demo *d)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (d->encoder, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoInfo info;
  gint64 duration;

  if (d->live || !caps || !gst_video_info_from_caps (&info, caps) || info.fps_n == 0
      || !gst_element_query_duration (d->pipeline, GST_FORMAT_TIME, &duration) || duration <= 0)
    return 0;
  return gst_util_uint64_scale_round (duration, info.fps_n, (guint64) info.fps_d * GST_SECOND);
}

static void
update_rates (Demo *d, gint64 now)
{
  gdouble seconds = (now - d->last_shown) / 1e6;

  if (seconds <= 0)
    return;
  g_mutex_lock (&d->lock);
  d->frames_per_s = (d->frames - d->last_frames) / seconds;
  d->bytes_per_s = (d->bytes - d->last_bytes) / seconds;
  d->last_frames = d->frames;
  d->last_bytes = d->bytes;
  g_mutex_unlock (&d->lock);
  d->last_shown = now;
}

gboolean
progress_cb (gpointer user_data)
{
  Demo *d = user_data;
  g_autoptr (GstStructure) s = get_stats (d->sink);
  g_autoptr (GString) line = g_string_new (NULL);
  guint64 expected, lost = number (s, "failed") + number (s, "dropped");

  if (d->phase != PHASE_PLAYING && d->phase != PHASE_DRAINING)
    return G_SOURCE_CONTINUE;
  expected = expected_frames (d);
  update_rates (d, g_get_monotonic_time ());
  g_string_append_printf (line, "%6" G_GUINT64_FORMAT, d->last_frames);
  if (expected)
    g_string_append_printf (line, " of %" G_GUINT64_FORMAT, expected);
  g_string_append_printf (line, " frames %5.0f/s %5.1f MB/s %4" G_GUINT64_FORMAT " pending",
      d->frames_per_s, d->bytes_per_s / 1e6, number (s, "pending"));
  g_string_append_printf (line, "  %" G_GUINT64_FORMAT " failed  %" G_GUINT64_FORMAT " verified",
      lost, verifier_get_number (d->verifier, "proven"));
  if (!d->on_terminal) {
    g_print ("%s\n", line->str);
    return G_SOURCE_CONTINUE;
  }
  g_string_truncate (line, MIN (line->len, TERMINAL_WIDTH - 1));
  g_print ("\r%-*s", (int) d->width, line->str);
  fflush (stdout);
  d->width = line->len;
  return G_SOURCE_CONTINUE;
}

/* ---- the report --------------------------------------------------------------------------------
 */

static void
report_frames (Demo *d, const GstStructure *s, const GstStructure *encoder)
{
  guint64 failed = number (s, "failed"), dropped = number (s, "dropped");
  guint64 uncompressed = number (encoder, "frames-in") - number (encoder, "frames-out");
  gdouble seconds = MAX (d->ended - d->began, 1) / 1e6;
  gint64 p50 = -1, p99 = -1;

  g_print ("  frames    %" G_GUINT64_FORMAT " in %.1f s (%.0f/s, %.1f MB/s)\n", d->frames, seconds,
      d->frames / seconds, d->bytes / seconds / 1e6);
  g_print ("            %" G_GUINT64_FORMAT " acknowledged, %" G_GUINT64_FORMAT
           " failed, %" G_GUINT64_FORMAT " dropped\n",
      number (s, "acknowledged"), failed, dropped);
  if (uncompressed)
    g_print (
        "            and %" G_GUINT64_FORMAT " that were not compressed any more\n", uncompressed);
  g_print ("  bytes     %.1f MB of pixels -> %.1f MB %s (%.1f %%)\n", d->original_bytes / 1e6,
      d->bytes / 1e6, d->format, d->original_bytes ? 100.0 * d->bytes / d->original_bytes : 0);
  gst_structure_get_int64 (s, "latency-p50-us", &p50);
  gst_structure_get_int64 (s, "latency-p99-us", &p99);
  if (p50 >= 0)
    g_print ("  latency   p50 %.1f ms, p99 %.1f ms, until all three records are acknowledged\n",
        p50 / 1e3, p99 / 1e3);
  g_print ("  memory    at most %.1f MB held for frames on their way\n",
      number (s, "peak-pending-bytes") / 1e6);
}

/* Returns: whether everything that was acknowledged is proven */
static gboolean
report_verdict (Demo *d, guint64 acknowledged)
{
  VerifierState state = verifier_get_state (d->verifier);
  guint64 proven = verifier_get_number (d->verifier, "proven");

  if (state == VERIFIER_CLEAN && proven == acknowledged) {
    g_print ("  verdict   clean: %" G_GUINT64_FORMAT
             " frames read back, each proven by size and CRC-32C\n",
        proven);
    return TRUE;
  }
  if (state == VERIFIER_CLEAN || state == VERIFIER_FINDINGS)
    g_print ("  verdict   NOT CLEAN: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
             " acknowledged frames proven%s%s\n",
        proven, acknowledged, verifier_get_problem (d->verifier) ? "; " : "",
        verifier_get_problem (d->verifier) ? verifier_get_problem (d->verifier) : "");
  else
    g_print ("  verdict   none: %s\n", verifier_get_problem (d->verifier)
                                           ? verifier_get_problem (d->verifier)
                                           : "there was no time, or no broker, to read it back");
  return FALSE;
}

static void
report_next (Demo *d)
{
  const gchar *address = d->in_process ? "127.0.0.1:9092" : d->address;

  if (d->in_process)
    g_print ("\nThe broker was inside this program and has ended with it. A real one:\n"
             "  tests/integration/apache_kafka.py run --port 9092\n"
             "  examples/demo --bootstrap-servers %s\n"
             "and then, beside it:\n",
        address);
  else
    g_print ("\nTo go on:\n");
  g_print ("  kcat -b %s -C -q -e -o -1 -t vrs-frame-registry\n"
           "  kcat -b %s -C -q -e -o -1 -c 1 -D '' \\\n"
           "    -t vrs-binary-stream > frame.%s\n",
      address, address, g_str_equal (d->format, "jpeg") ? "jpg" : d->format);
  g_print ("and, in the shell that \"meson devenv -C build\" opens:\n"
           "  gst-launch-1.0 videotestsrc is-live=true ! frameencodebin ! \\\n"
           "    kafkabinarysink bootstrap-servers=%s\n",
      address);
  g_print ("  tributary-kafka-verify -b %s", address);
  if (d->in_process)
    g_print (" --follow\n");
  else
    g_print (" \\\n    --session %s\n", d->session);
}

int
report (Demo *d)
{
  g_autoptr (GstStructure) s = get_stats (d->sink);
  g_autoptr (GstStructure) encoder = get_stats (d->encoder);
  guint64 acknowledged = number (s, "acknowledged");
  gboolean proven;

  if (d->frames == 0) {
    if (!d->error)
      say (d, "No frame was sent.");
    return EXIT_COULD_NOT_RUN;
  }
  g_print ("\n");
  report_frames (d, s, encoder);
  proven = report_verdict (d, acknowledged);
  report_next (d);
  return proven && !d->error && acknowledged == d->frames
                 && number (encoder, "frames-in") == number (encoder, "frames-out")
             ? EXIT_CLEAN
             : EXIT_FINDINGS;
}
