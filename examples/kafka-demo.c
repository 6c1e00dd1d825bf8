/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A video, compressed frame by frame, into Kafka, and the proof that it arrived:
 *
 *   filesrc ! decodebin ! frameencodebin ! kafkabinarysink      (v4l2src for a camera)
 *   tributary-kafka-verify --follow                             (at the same time)
 *
 * examples/demo builds and starts this. What an application would copy from here: build_pipeline(),
 * bus_cb(), and how interrupt_cb() and end_at_once() leave no frame unaccounted for. */
#include <glib-unix.h>
#include <gst/gst.h>
#include <gst/pbutils/missing-plugins.h>
#include <gst/video/video.h>

#include <frame/trib-frame-meta.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kafka-demo.h"

/* ---- the streaming thread ----------------------------------------------------------------------
 */

/* How many bytes may lie unproven in the broker inside the process, which drops the oldest record
 * of a partition beyond 5 MiB, read or not. Frames are spread by their key, so a partition has more
 * than its share by chance: five standard deviations of it stay free. Frames so large that this
 * leaves nothing are held to what one partition keeps. @lock held. */
static guint64
room_bytes (const Demo *d)
{
  gdouble frame = MAX (d->largest, 1);
  gdouble fit = BROKER_PARTITION_BYTES / frame; /* frames on one partition */
  gdouble root = (sqrt (25 + 4 * fit) - 5) / 2; /* mean + 5 * sqrt (mean) = fit */
  gdouble spread = BROKER_PARTITIONS * root * root * frame;

  return MAX (spread, BROKER_PARTITION_BYTES - frame);
}

/* Each frame on its way to the sink: counted, and held back while the verifier is too far behind.
 */
static GstPadProbeReturn
frame_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Demo *d = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gsize size = gst_buffer_get_size (buffer);
  TribFrameInfo identity;

  g_mutex_lock (&d->lock);
  d->largest = MAX (d->largest, size);
  while (d->bounded && d->bytes > d->proven_bytes
         && d->bytes + size - d->proven_bytes > room_bytes (d))
    g_cond_wait (&d->room, &d->lock);
  d->frames++;
  d->bytes += size;
  if (trib_frame_meta_get (buffer, &identity))
    d->original_bytes += identity.original_size;
  g_mutex_unlock (&d->lock);
  return GST_PAD_PROBE_OK;
}

static void
set_bounded (Demo *d, gboolean bounded)
{
  g_mutex_lock (&d->lock);
  d->bounded = bounded;
  g_cond_broadcast (&d->room);
  g_mutex_unlock (&d->lock);
}

/* ---- the pipeline ------------------------------------------------------------------------------
 */

/* @thread: streaming */
static void
pad_added_cb (GstElement *decoder, GstPad *pad, gpointer user_data)
{
  Demo *d = user_data;
  g_autoptr (GstPad) target = gst_element_get_static_pad (d->encoder, "sink");
  g_autoptr (GstCaps) caps = gst_pad_query_caps (pad, NULL);
  const GstStructure *s = gst_caps_get_size (caps) ? gst_caps_get_structure (caps, 0) : NULL;

  /* the first video; sound and further videos stay where they are */
  if (s && gst_structure_has_name (s, "video/x-raw") && !gst_pad_is_linked (target))
    gst_pad_link (pad, target);
}

/* @thread: streaming */
static void
no_more_pads_cb (GstElement *decoder, gpointer user_data)
{
  Demo *d = user_data;
  g_autoptr (GstPad) target = gst_element_get_static_pad (d->encoder, "sink");

  if (!gst_pad_is_linked (target))
    GST_ELEMENT_ERROR (decoder, STREAM, WRONG_TYPE, ("There is no video in it."), (NULL));
}

static GstElement *
make (const gchar *factory, GstElement *pipeline)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (!element)
    g_printerr ("GStreamer has no element %s: start this with examples/demo, or in "
                "\"meson devenv -C build\"\n",
        factory);
  else
    gst_bin_add (GST_BIN (pipeline), element);
  return element;
}

static gboolean
build_pipeline (Demo *d)
{
  GstElement *source, *decoder;
  g_autoptr (GstPad) pad = NULL;

  /* the messages of stopping report the last frames */
  d->pipeline = gst_pipeline_new ("demo");
  gst_pipeline_set_auto_flush_bus (GST_PIPELINE (d->pipeline), FALSE);
  source = make (d->live ? "v4l2src" : "filesrc", d->pipeline);
  decoder = source ? make ("decodebin", d->pipeline) : NULL;
  d->encoder = decoder ? make ("frameencodebin", d->pipeline) : NULL;
  d->sink = d->encoder ? make ("kafkabinarysink", d->pipeline) : NULL;
  if (!d->sink)
    return FALSE;

  g_object_set (source, d->live ? "device" : "location", d->video, NULL);
  gst_util_set_object_arg (G_OBJECT (d->encoder), "format", d->format);
  g_object_set (d->encoder, "quality", d->quality, NULL);
  g_object_set (d->sink, "bootstrap-servers", d->servers, "drain-timeout-ms", DRAIN_MS, NULL);
  /* a real broker keeps a stream in order; the one inside has little room on each partition */
  gst_util_set_object_arg (G_OBJECT (d->sink), "partition-by", d->in_process ? "frame" : "stream");
  g_signal_connect (decoder, "pad-added", G_CALLBACK (pad_added_cb), d);
  g_signal_connect (decoder, "no-more-pads", G_CALLBACK (no_more_pads_cb), d);
  pad = gst_element_get_static_pad (d->sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, frame_cb, d, NULL);
  return gst_element_link (source, decoder) && gst_element_link (d->encoder, d->sink);
}

/* In READY the sink has a fresh session id and the address of its broker, also of the one inside.
 */
static gboolean
start_sink (Demo *d)
{
  if (gst_element_set_state (d->pipeline, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE)
    return FALSE;
  g_object_get (d->sink, "session-id", &d->session, "broker-address", &d->address, NULL);
  g_object_set (d->encoder, "session-id", d->session, NULL);
  return TRUE;
}

/* ---- from one phase to the next ----------------------------------------------------------------
 */

static void
over (Demo *d)
{
  d->phase = PHASE_OVER;
  g_main_loop_quit (d->loop);
}

static void
prove (Demo *d)
{
  g_autoptr (GstStructure) s = get_stats (d->sink);

  if (d->phase >= PHASE_PROVING)
    return;
  progress_cb (d);
  d->ended = g_get_monotonic_time ();
  d->phase = PHASE_PROVING;
  /* with nothing sent, or no broker to read from, there is nothing to wait for */
  if (d->frames == 0 || verifier_get_state (d->verifier) != VERIFIER_FOLLOWING
      || g_strcmp0 (gst_structure_get_string (s, "connection"), "down") == 0)
    over (d);
  else
    verifier_conclude (d->verifier);
}

static void
verifier_changed_cb (gpointer user_data)
{
  Demo *d = user_data;
  VerifierState state = verifier_get_state (d->verifier);

  if (state == VERIFIER_STARTING) {
    return;
  } else if (state == VERIFIER_FOLLOWING && d->phase == PHASE_STARTING) {
    d->phase = PHASE_PLAYING;
    d->began = d->last_shown = d->last_proof = g_get_monotonic_time ();
    gst_element_set_state (d->pipeline, GST_STATE_PLAYING);
  } else if (state == VERIFIER_FOLLOWING) {
    g_mutex_lock (&d->lock);
    d->proven_bytes = verifier_get_number (d->verifier, "bytes_proven");
    g_cond_broadcast (&d->room);
    g_mutex_unlock (&d->lock);
  } else if (d->phase == PHASE_STARTING || d->phase == PHASE_PROVING) {
    over (d);
  } else if (!d->no_verdict && d->phase < PHASE_PROVING) {
    say (d, "The verifier ended early: %s. Frames flow on, unproven.",
        verifier_get_problem (d->verifier));
    d->no_verdict = TRUE;
    set_bounded (d, FALSE);
  }
}

/* The sink has found the broker and the topics, so there is something to follow. */
static void
connected (Demo *d)
{
  g_autoptr (GError) error = NULL;

  if (d->verifier || d->phase != PHASE_STARTING)
    return;
  d->verifier = verifier_start (d->address, d->session, verifier_changed_cb, d, &error);
  if (!d->verifier) {
    say (d, "The verifier cannot be started: %s.", error->message);
    d->error = TRUE;
    over (d);
  }
}

/* Neither the video nor the end waits for a verifier that stands still. */
static gboolean
stalled_cb (gpointer user_data)
{
  Demo *d = user_data;
  guint64 proven = d->verifier ? verifier_get_number (d->verifier, "bytes_proven") : 0;
  gint64 now = g_get_monotonic_time ();
  gboolean behind;

  g_mutex_lock (&d->lock);
  behind = d->bytes > proven;
  g_mutex_unlock (&d->lock);
  if (proven != d->last_proven || !behind)
    d->last_proof = now;
  d->last_proven = proven;
  if (now - MAX (d->last_proof, d->ended) < STALL_S * G_USEC_PER_SEC)
    return G_SOURCE_CONTINUE;
  if (d->phase == PHASE_PROVING) {
    say (d, "The verifier has proven nothing for %d s; ending without its verdict.", STALL_S);
    d->no_verdict = TRUE;
    verifier_kill (d->verifier);
    over (d);
  } else if (d->phase == PHASE_PLAYING && d->bounded) {
    say (d,
        "The verifier has proven nothing for %d s. Frames flow on; the broker inside may drop "
        "some before they are read.",
        STALL_S);
    set_bounded (d, FALSE);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
drained_cb (gpointer user_data)
{
  Demo *d = user_data;

  if (d->phase == PHASE_DRAINING) {
    /* the time for it is over: stopping the sink does not wait once more */
    g_object_set (d->sink, "drain-timeout-ms", 0, NULL);
    prove (d);
  }
  return G_SOURCE_REMOVE;
}

static void
end_at_once (Demo *d)
{
  say (d, "Ending at once.");
  g_object_set (d->sink, "drain-timeout-ms", 0, NULL);
  d->no_verdict = TRUE;
  if (!d->ended)
    d->ended = g_get_monotonic_time ();
  over (d);
}

static gboolean
interrupt_cb (gpointer user_data)
{
  Demo *d = user_data;

  if (d->phase != PHASE_PLAYING) {
    end_at_once (d);
    return G_SOURCE_CONTINUE;
  }
  d->phase = PHASE_DRAINING;
  say (d, "Ending: what is on its way is delivered and proven (Ctrl-C again: end at once).");
  set_bounded (d, FALSE);
  gst_element_send_event (d->pipeline, gst_event_new_eos ());
  /* with the broker away, the end of the stream cannot reach a sink that waits for room */
  g_timeout_add (DRAIN_MS + 1000, drained_cb, d);
  return G_SOURCE_CONTINUE;
}

/* ---- the bus -----------------------------------------------------------------------------------
 */

/* GStreamer's debug text has the place in the code first and the reason in its last line. */
static gchar *
reason_of (const gchar *debug)
{
  const gchar *line = debug ? strrchr (debug, '\n') : NULL;

  return line && line[1] ? g_strdup_printf (" (%s)", line + 1) : g_strdup ("");
}

static void
show_problem (Demo *d, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  g_autofree gchar *reason = NULL;
  gboolean is_error = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;

  if (is_error)
    gst_message_parse_error (message, &error, &debug);
  else
    gst_message_parse_warning (message, &error, &debug);
  if (is_error && d->error)
    return; /* what follows from the first one */
  reason = reason_of (debug);
  if (GST_MESSAGE_SRC (message) == GST_OBJECT (d->sink))
    say (d, "Kafka: %s%s", error->message, reason);
  else if (d->missing)
    say (d, "%s cannot be decoded: no %s is installed.", d->video, d->missing);
  else
    say (d, "%s: %s%s", d->video, error->message, reason);
}

static void
show_lost (Demo *d, const GstStructure *s)
{
  const GValue *ids = gst_structure_get_value (s, "frame-ids");
  guint64 n = number (s, "failed") + number (s, "dropped");
  guint named = ids ? gst_value_array_get_size (ids) : 0;

  say (d, "Lost %" G_GUINT64_FORMAT " frame%s: %s.", n, n == 1 ? "" : "s",
      gst_structure_get_string (s, "reason"));
  for (guint i = 0; i < named; i++)
    say (d, "  %s", g_value_get_string (gst_value_array_get_value (ids, i)));
  if (n > named)
    say (d, "  and %" G_GUINT64_FORMAT " more", n - named);
}

static void
show_connection (Demo *d, const GstStructure *s)
{
  gboolean recovered = FALSE;

  if (g_strcmp0 (gst_structure_get_string (s, "state"), "connected") == 0)
    connected (d);
  gst_structure_get_boolean (s, "recovered", &recovered);
  if (recovered && d->phase != PHASE_STARTING)
    say (d, "Kafka: back after %.1f s, %" G_GUINT64_FORMAT " frames were waiting.",
        number (s, "outage-duration") / 1e9, number (s, "pending"));
}

static void
show_element_message (Demo *d, GstMessage *message)
{
  const GstStructure *s = gst_message_get_structure (message);

  if (gst_is_missing_plugin_message (message) && !d->missing)
    d->missing = gst_missing_plugin_message_get_description (message);
  else if (gst_structure_has_name (s, "kafkabinarysink-frames-lost"))
    show_lost (d, s);
  else if (gst_structure_has_name (s, "kafkabinarysink-connection"))
    show_connection (d, s);
  else if (gst_structure_has_name (s, "frameencodebin-frame-failed"))
    say (d, "Not compressed: %s: %s", gst_structure_get_string (s, "frame-id"),
        gst_structure_get_string (s, "detail"));
}

static gboolean
bus_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Demo *d = user_data;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      show_problem (d, message);
      d->error = TRUE;
      if (d->phase == PHASE_STARTING)
        over (d);
      else
        prove (d); /* what was sent before */
      break;
    case GST_MESSAGE_WARNING:
      show_problem (d, message);
      if (d->phase == PHASE_STARTING && GST_MESSAGE_SRC (message) == GST_OBJECT (d->sink)) {
        say (d, "Is it running, and is the address right? Without --bootstrap-servers the demo "
                "brings a broker of its own.");
        d->error = TRUE;
        over (d);
      }
      break;
    case GST_MESSAGE_EOS:
      prove (d);
      break;
    case GST_MESSAGE_ELEMENT:
      show_element_message (d, message);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

/* ---- from the beginning to the end
 * --------------------------------------------------------------- */

static gboolean
parse_options (Demo *d, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    { "bootstrap-servers", 'b', 0, G_OPTION_ARG_STRING, &d->servers,
        "the Kafka broker (default: one inside this program)", "HOST:PORT" },
    { "format", 0, 0, G_OPTION_ARG_STRING, &d->format, "jpeg (default), png, webp or raw", "F" },
    { "quality", 0, 0, G_OPTION_ARG_INT, &d->quality, "0 to 100 (default: the format's own)", "Q" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &d->rest, NULL, "VIDEO|/dev/videoN" },
    { NULL },
  };
  static const gchar *const formats[] = { "jpeg", "png", "webp", "raw", NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *wrong = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  d->quality = -1;
  if (!g_option_context_parse (context, argc, argv, &error))
    wrong = g_strdup (error->message);
  else if (!d->rest || !d->rest[0] || d->rest[1])
    wrong = g_strdup ("name one video");
  else if (d->quality < -1 || d->quality > 100)
    wrong = g_strdup ("--quality takes a number from 0 to 100");
  else if (d->format && !g_strv_contains (formats, d->format))
    wrong = g_strdup_printf ("no format \"%s\": jpeg, png, webp or raw", d->format);
  else if (!g_file_test (d->rest[0], G_FILE_TEST_EXISTS))
    wrong = g_strdup_printf ("there is no %s", d->rest[0]);
  else if (g_file_test (d->rest[0], G_FILE_TEST_IS_DIR))
    wrong = g_strdup_printf ("%s is a folder", d->rest[0]);
  if (wrong) {
    g_printerr ("kafka-demo: %s\n", wrong);
    return FALSE;
  }
  d->video = d->rest[0];
  d->live = g_str_has_prefix (d->video, "/dev/");
  if (!d->format)
    d->format = g_strdup ("jpeg");
  if (!d->servers)
    d->servers = g_strdup (IN_PROCESS);
  d->in_process = g_str_equal (d->servers, IN_PROCESS);
  d->bounded = d->in_process;
  d->on_terminal = isatty (STDOUT_FILENO);
  return TRUE;
}

static gboolean
start (Demo *d)
{
  if (!build_pipeline (d))
    return FALSE;
  if (!start_sink (d))
    return TRUE; /* why is on the bus */
  g_print ("  video     %s\n  broker    %s%s\n  session   %s\n\n", d->video, d->address,
      d->in_process ? ", inside this program" : "", d->session);
  return TRUE;
}

/* Stopping the sink gives up what is still pending, and says so on the bus. */
static void
stop (Demo *d)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (d->pipeline);
  GstMessage *message;

  set_bounded (d, FALSE);
  gst_element_set_state (d->pipeline, GST_STATE_NULL);
  while ((message = gst_bus_pop (bus))) {
    bus_cb (bus, message, d);
    gst_message_unref (message);
  }
  wipe_progress (d);
}

static int
run (Demo *d)
{
  g_autoptr (GstBus) bus = NULL;
  int status = EXIT_COULD_NOT_RUN;

  if (!start (d))
    return status;
  bus = gst_element_get_bus (d->pipeline);
  gst_bus_add_watch (bus, bus_cb, d);
  g_unix_signal_add (SIGINT, interrupt_cb, d);
  g_unix_signal_add (SIGTERM, interrupt_cb, d);
  g_timeout_add (d->on_terminal ? 250 : 1000, progress_cb, d);
  g_timeout_add_seconds (1, stalled_cb, d);
  g_main_loop_run (d->loop);
  gst_bus_remove_watch (bus);
  stop (d);
  if (d->began)
    status = report (d);
  else if (!d->error)
    say (d, "Not started: %s.",
        d->verifier && verifier_get_problem (d->verifier) ? verifier_get_problem (d->verifier)
                                                          : "it was interrupted");
  return status;
}

static void
clear (Demo *d)
{
  verifier_free (d->verifier);
  if (d->pipeline) {
    gst_element_set_state (d->pipeline, GST_STATE_NULL);
    gst_object_unref (d->pipeline);
  }
  g_main_loop_unref (d->loop);
  g_strfreev (d->rest);
  g_free (d->servers);
  g_free (d->format);
  g_free (d->session);
  g_free (d->address);
  g_free (d->missing);
  g_mutex_clear (&d->lock);
  g_cond_clear (&d->room);
}

int
main (int argc, char **argv)
{
  Demo d = { 0 };
  int status = EXIT_COULD_NOT_RUN;

  setlocale (LC_ALL, "");
  g_mutex_init (&d.lock);
  g_cond_init (&d.room);
  d.loop = g_main_loop_new (NULL, FALSE);
  if (parse_options (&d, &argc, &argv))
    status = run (&d);
  clear (&d);
  return status;
}
