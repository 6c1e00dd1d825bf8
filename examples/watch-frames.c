/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several extractors see in each frame of a camera or a file, as one line of JSON a frame on
 * the standard output:
 *
 *   v4l2src ! decodebin ! extractorbin (face, motion, quality) ! obsaligner ! appsink
 *
 * usage: watch-frames [--branches TEXT] [--window-ms N] [VIDEO|/dev/videoN]
 *
 * Without a video the first camera is watched. `--branches` is extractorbin's property of that
 * name. Ctrl-C ends the stream in order: what is on its way is still printed. On the standard
 * error: what became of the frames. What an application would copy from here: build(), which says
 * what is linked to what, and new_sample(), which is given one fused record a frame.
 *
 * exit status: 0; 2: an option is wrong, or the video cannot be watched, and a line says why */
#include <glib-unix.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <stdio.h>
#include <string.h>

typedef struct {
  const gchar *video;
  GstElement *pipeline, *extract;
  GMainLoop *loop;
  guint64 n_records;
  gint status;
} Watch;

static gchar *branches;
static gint window_ms = 200;

#define MAX_WINDOW_MS 60000

static const GOptionEntry options[] = {
  { "branches", 0, 0, G_OPTION_ARG_STRING, &branches,
      "Extractors of each frame: NAME=ELEMENTS; ...", "TEXT" },
  { "window-ms", 0, 0, G_OPTION_ARG_INT, &window_ms,
      "Milliseconds that a frame waits for all of them (200)", "N" },
  { NULL, 0, 0, 0, NULL, NULL, NULL },
};

/* What can be looked for with what is installed. */
static gchar *
default_branches (void)
{
  GString *text = g_string_new ("quality=qualityextract");

  if (gst_registry_check_feature_version (gst_registry_get (), "facedetect", 1, 0, 0))
    g_string_append (text,
        "; face=facedetect display=false; motion=motioncells display=false postallmotion=true");
  return g_string_free (text, FALSE);
}

/* what the options cannot be; (nullable) */
static const gchar *
refuse_options (void)
{
  if (window_ms < 0 || window_ms > MAX_WINDOW_MS)
    return "--window-ms wants a number of milliseconds, 0 to 60000";
  /* without elements nothing would be extracted */
  if (branches && strchr (branches, '=') == NULL)
    return "--branches wants NAME=ELEMENTS; NAME=ELEMENTS, such as \"quality=qualityextract\"";
  return NULL;
}

/* ---- one fused record a frame ---- */

/* @thread: obsaligner's */
static GstFlowReturn
new_sample (GstAppSink *sink, gpointer user_data)
{
  Watch *w = user_data;
  GstSample *sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer = sample ? gst_sample_get_buffer (sample) : NULL;
  GstMapInfo map;

  if (buffer && gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    fwrite (map.data, 1, map.size, stdout);
    putchar ('\n');
    fflush (stdout);
    gst_buffer_unmap (buffer, &map);
    w->n_records++;
  }
  if (sample)
    gst_sample_unref (sample);
  return ferror (stdout) ? GST_FLOW_ERROR : GST_FLOW_OK;
}

/* ---- the pipeline ---- */

/* @thread: decodebin's; the first video is watched, sound is not listened to */
static void
pad_added (GstElement *decode, GstPad *pad, gpointer user_data)
{
  Watch *w = user_data;
  g_autoptr (GstPad) sink = gst_element_get_static_pad (w->extract, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  if (caps && g_str_has_prefix (gst_structure_get_name (gst_caps_get_structure (caps, 0)), "video/")
      && !gst_pad_is_linked (sink))
    gst_pad_link (pad, sink);
}

/* @thread: decodebin's */
static void
no_more_pads (GstElement *decode, gpointer user_data)
{
  Watch *w = user_data;
  g_autoptr (GstPad) sink = gst_element_get_static_pad (w->extract, "sink");

  if (!gst_pad_is_linked (sink))
    GST_ELEMENT_ERROR (decode, STREAM, WRONG_TYPE, ("There is no video in it."), (NULL));
}

static void
set_video (Watch *w, const gchar *property)
{
  GstElement *source = gst_bin_get_by_name (GST_BIN (w->pipeline), "source");

  /* not in the text of the pipeline: the name of a file may hold anything */
  g_object_set (source, property, w->video, NULL);
  gst_object_unref (source);
}

/* A camera is live: what it cannot wait for is passed over. A file is read as fast as it is looked
 * at, and may hold sound, too. */
static gboolean
build (Watch *w, GError **error)
{
  gboolean camera = g_str_has_prefix (w->video, "/dev/");
  g_autofree gchar *line = g_strdup_printf (
      "%s name=source ! decodebin name=decode "
      "extractorbin name=extract %s ! fakesink sync=false "
      "extract.obs ! obsaligner name=align ! appsink name=records emit-signals=true sync=false "
      "async=false",
      camera ? "v4l2src" : "filesrc", camera ? "profile=realtime" : "profile=batch strategy=none");
  GstElement *align, *decode, *records;

  w->pipeline = gst_parse_launch_full (line, NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
  if (w->pipeline == NULL)
    return FALSE;
  set_video (w, camera ? "device" : "location");
  w->extract = gst_bin_get_by_name (GST_BIN (w->pipeline), "extract");
  g_object_set (w->extract, "branches", branches, NULL);
  decode = gst_bin_get_by_name (GST_BIN (w->pipeline), "decode");
  g_signal_connect (decode, "pad-added", G_CALLBACK (pad_added), w);
  g_signal_connect (decode, "no-more-pads", G_CALLBACK (no_more_pads), w);
  gst_object_unref (decode);
  align = gst_bin_get_by_name (GST_BIN (w->pipeline), "align");
  g_object_set (align, "window-ms", (guint) (camera ? window_ms : MAX (window_ms, 2000)), NULL);
  gst_object_unref (align);
  records = gst_bin_get_by_name (GST_BIN (w->pipeline), "records");
  g_signal_connect (records, "new-sample", G_CALLBACK (new_sample), w);
  gst_object_unref (records);
  return TRUE;
}

/* ---- the bus ---- */

static void
report_branch (const GstStructure *s)
{
  g_printerr ("branch %s: %s (%s)\n", gst_structure_get_string (s, "branch"),
      gst_structure_get_string (s, "state"), gst_structure_get_string (s, "reason"));
}

static void
report_warning (GstMessage *message)
{
  g_autoptr (GError) error = NULL;

  gst_message_parse_warning (message, &error, NULL);
  g_printerr ("warning: %s\n", error->message);
}

/* What is printed is the first error: those behind it follow from it. */
static void
fail (Watch *w, GstMessage *message)
{
  g_autoptr (GError) error = NULL;

  gst_message_parse_error (message, &error, NULL);
  if (w->status == 0
      && gst_object_has_as_ancestor (GST_MESSAGE_SRC (message), GST_OBJECT (w->extract)))
    g_printerr ("watch-frames: %s\n", error->message);
  else if (w->status == 0)
    g_printerr ("watch-frames: %s: %s\n", w->video, error->message);
  w->status = 2;
  g_main_loop_quit (w->loop);
}

static gboolean
bus_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Watch *w = user_data;
  const GstStructure *s = gst_message_get_structure (message);

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      fail (w, message);
      break;
    case GST_MESSAGE_WARNING:
      report_warning (message);
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (w->loop);
      break;
    case GST_MESSAGE_ELEMENT:
      if (s && gst_structure_has_name (s, "extractorbin-branch"))
        report_branch (s);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

/* the first Ctrl-C ends the stream, the second the program */
static gboolean
interrupt_cb (gpointer user_data)
{
  Watch *w = user_data;

  gst_element_send_event (w->pipeline, gst_event_new_eos ());
  return G_SOURCE_REMOVE;
}

static guint64
number (const GstStructure *s, const gchar *field)
{
  guint64 value = 0;

  gst_structure_get_uint64 (s, field, &value);
  return value;
}

static void
report_stats (Watch *w)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *list;

  g_object_get (w->extract, "stats", &stats, NULL);
  list = gst_structure_get_value (stats, "branches");
  g_printerr ("%" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT " looked at, %" G_GUINT64_FORMAT
              " fused records\n",
      number (stats, "frames-in"), number (stats, "frames-admitted"), w->n_records);
  for (guint i = 0; list && i < gst_value_array_get_size (list); i++) {
    const GstStructure *s = gst_value_get_structure (gst_value_array_get_value (list, i));
    g_printerr ("%s: %" G_GUINT64_FORMAT " answered, %" G_GUINT64_FORMAT
                " empty, %" G_GUINT64_FORMAT " timeouts, %" G_GUINT64_FORMAT
                " skipped, %" G_GUINT64_FORMAT " late\n",
        gst_structure_get_string (s, "branch"), number (s, "answered"), number (s, "empty"),
        number (s, "timeout"), number (s, "skipped") + number (s, "not-run"), number (s, "late"));
  }
}

static void
run (Watch *w)
{
  GstBus *bus = gst_element_get_bus (w->pipeline);

  w->loop = g_main_loop_new (NULL, FALSE);
  gst_bus_add_watch (bus, bus_cb, w);
  g_unix_signal_add (SIGINT, interrupt_cb, w);
  gst_element_set_state (w->pipeline, GST_STATE_PLAYING);
  g_main_loop_run (w->loop);
  gst_element_set_state (w->pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
  g_main_loop_unref (w->loop);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("[VIDEO|/dev/videoN]");
  g_autoptr (GError) error = NULL;
  const gchar *wrong;
  Watch w = { 0 };

  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error))
    wrong = error->message;
  else
    wrong = argc > 2 ? "one video at a time (--help)" : refuse_options ();
  if (wrong) {
    g_printerr ("watch-frames: %s\n", wrong);
    return 2;
  }
  if (branches == NULL)
    branches = default_branches ();
  w.video = argc == 2 ? argv[1] : "/dev/video0";
  if (!build (&w, &error)) {
    g_printerr ("watch-frames: %s\n", error->message);
    return 2;
  }
  run (&w);
  if (w.status == 0)
    report_stats (&w);
  gst_object_unref (w.extract);
  gst_object_unref (w.pipeline);
  g_free (branches);
  return w.status;
}
