/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several extractors see in each frame of a camera or a file, as one line of JSON a frame on the standard output:
 *
 *   v4l2src ! decodebin ! extractorbin (face, motion, quality) ! obsaligner ! appsink
 *
 * usage: watch-frames [--branches TEXT] [--window-ms N] [VIDEO|/dev/videoN]
 *
 * Without a video the first camera is watched. `--branches` is extractorbin's property of that name. Ctrl-C ends the stream in order: what is
 * on its way is still printed. On the standard error: what became of the frames. What an application would copy from
 * here: build(), which says what is linked to what, and new_sample(), which is given one fused record a frame. */
#include <glib-unix.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <stdio.h>
#include <string.h>

typedef struct {
  GstElement *pipeline, *extract;
  GMainLoop *loop;
  guint64 n_records;
  gint status;
} Watch;

static gchar *branches;
static gint window_ms = 200;
static const GOptionEntry options[] = {
  { "branches", 0, 0, G_OPTION_ARG_STRING, &branches, "Who looks at the frames: NAME=ELEMENTS; ...",
      "TEXT" },
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

/* a camera is live: what it cannot wait for is passed over. A file is read as fast as it is looked at */
static gboolean
build (Watch *w, const gchar *video, GError **error)
{
  gboolean camera = video == NULL || g_str_has_prefix (video, "/dev/");
  g_autofree gchar *quoted = g_strescape (video ? video : "/dev/video0", NULL);
  g_autofree gchar *line = g_strdup_printf (
      "%s %s\"%s\" ! decodebin ! extractorbin name=extract %s ! fakesink sync=false "
      "extract.obs ! obsaligner name=align ! appsink name=records emit-signals=true sync=false "
      "async=false",
      camera ? "v4l2src" : "filesrc", camera ? "device=" : "location=", quoted,
      camera ? "profile=realtime" : "profile=batch strategy=none");
  GstElement *align, *records;

  w->pipeline = gst_parse_launch (line, error);
  if (w->pipeline == NULL || *error)
    return FALSE;
  w->extract = gst_bin_get_by_name (GST_BIN (w->pipeline), "extract");
  g_object_set (w->extract, "branches", branches, NULL);
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
report_error (GstMessage *message, const gchar *word)
{
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  g_printerr ("%s: %s\n", word, error->message);
}

static gboolean
bus_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Watch *w = user_data;
  const GstStructure *s = gst_message_get_structure (message);

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      report_error (message, "error");
      w->status = 2;
      g_main_loop_quit (w->loop);
      break;
    case GST_MESSAGE_WARNING:
      report_error (message, "warning");
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
  Watch w = { 0 };

  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 2) {
    g_printerr ("watch-frames: %s\n", error ? error->message : "one video at a time (--help)");
    return 2;
  }
  if (branches == NULL)
    branches = default_branches ();
  if (!build (&w, argc == 2 ? argv[1] : NULL, &error)) {
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
