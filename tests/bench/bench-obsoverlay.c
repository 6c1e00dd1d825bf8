/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* obsoverlay beside textoverlay, which draws one line of text, in the same run on the same frames
 * of 1080p: how long a frame is in the element, blended into I420 and NV12. The record of a frame
 * is there before the frame; obsoverlay's scenes grow from a bar and nothing else to many boxes
 * with labels and points.
 *
 * Prints one JSON line for each measurement: the median and the 99th percentile of a frame, in
 * microseconds, over all frames of all rounds. Elements take turns.
 *
 * usage: bench-obsoverlay [FRAMES [ROUNDS]] */
#include <stdio.h>
#include <stdlib.h>

#include <gst/gst.h>
#include <gst/video/video.h>

#define WIDTH 1920
#define HEIGHT 1080
#define FRAME_NS (GST_SECOND / 30)

typedef struct {
  const gchar *name;
  const gchar *element;
  gint boxes; /* negative: no records */
} Subject;

static const Subject subjects[] = {
  { "textoverlay", "textoverlay text=\"face #1 neutral 0.93\"", -1 },
  { "textoverlay-new-text", "timeoverlay", -1 },
  { "obsoverlay-unlinked", "obsoverlay", -1 },
  { "obsoverlay-bar", "obsoverlay", 0 },
  { "obsoverlay-4-boxes", "obsoverlay", 4 },
  { "obsoverlay-32-boxes", "obsoverlay", 32 },
};

static GstFlowReturn
drop_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstPad *
make_source (GstElement *element, const gchar *name, const gchar *caps_text)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (element, name);
  g_autoptr (GstCaps) caps = gst_caps_from_string (caps_text);
  GstPad *pad = gst_pad_new (NULL, GST_PAD_SRC);
  GstSegment segment;

  gst_pad_set_active (pad, TRUE);
  if (gst_pad_link (pad, sink) != GST_PAD_LINK_OK)
    g_error ("cannot link %s", name);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_stream_start (name));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  return pad;
}

static GstBuffer *
make_record (guint frame, gint boxes)
{
  GString *text = g_string_new (NULL);
  GstBuffer *buffer;
  gsize len;

  g_string_append_printf (text,
      "{\"type\":\"fused\",\"frame_id\":%u,\"reason\":\"complete\",\"wait_ms\":%u,\"have\":{",
      frame, frame % 100);
  for (gint i = 0; i < boxes; i++) {
    guint x = ((guint) i * 397 + frame * 3) % 1700, y = ((guint) i * 211 + frame) % 850;

    g_string_append_printf (text,
        "%s\"face%d\":{\"faces\":[{\"bbox\":[%u,%u,160,200],\"id\":%d,\"expression\":\"neutral\","
        "\"confidence\":0.%02u,\"keypoints\":[[%u,%u,1],[%u,%u,1]]}]}",
        i > 0 ? "," : "", i % 8, x, y, i, frame % 100, x + 40, y + 60, x + 100, y + 60);
  }
  g_string_append (text, "},\"missing\":[]}");
  len = text->len;
  buffer = gst_buffer_new_wrapped (g_string_free (text, FALSE), len);
  GST_BUFFER_PTS (buffer) = frame * FRAME_NS;
  return buffer;
}

static void
measure (const Subject *subject, const gchar *format, guint n_frames, GArray *times)
{
  g_autoptr (GstElement) element = gst_object_ref_sink (gst_parse_launch (subject->element, NULL));
  g_autoptr (GstPad) src = gst_element_get_static_pad (element, "src");
  g_autoptr (GstPad) end = gst_object_ref_sink (gst_pad_new (NULL, GST_PAD_SINK));
  const gchar *sink_name = g_str_has_prefix (subject->name, "text") ? "video_sink" : "sink";
  g_autofree gchar *caps = g_strdup_printf (
      "video/x-raw,format=%s,width=%d,height=%d,framerate=30/1", format, WIDTH, HEIGHT);
  GstPad *video, *records = NULL;
  GstVideoInfo info;

  gst_video_info_set_format (&info, gst_video_format_from_string (format), WIDTH, HEIGHT);
  gst_pad_set_chain_function (end, drop_buffer);
  gst_pad_set_active (end, TRUE);
  gst_pad_link (src, end);
  gst_element_set_state (element, GST_STATE_PLAYING);
  video = make_source (element, sink_name, caps);
  if (subject->boxes >= 0)
    records = make_source (element, "records", "application/json");
  for (guint i = 0; i < n_frames; i++) {
    GstBuffer *frame = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&info), NULL);
    gint64 begun, took;

    gst_buffer_memset (frame, 0, 100, GST_VIDEO_INFO_SIZE (&info));
    GST_BUFFER_PTS (frame) = i * FRAME_NS;
    GST_BUFFER_DURATION (frame) = FRAME_NS;
    begun = g_get_monotonic_time ();
    /* what a record costs when it comes in belongs to the frame, too */
    if (records != NULL)
      gst_pad_push (records, make_record (i, subject->boxes));
    gst_pad_push (video, frame);
    took = g_get_monotonic_time () - begun;
    g_array_append_val (times, took);
  }
  gst_element_set_state (element, GST_STATE_NULL);
  gst_pad_set_active (end, FALSE);
  gst_object_unref (video);
  g_clear_pointer (&records, gst_object_unref);
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static void
report (const Subject *subject, const gchar *format, GArray *times)
{
  g_array_sort (times, compare_times);
  printf (
      "{\"bench\":\"obsoverlay\",\"subject\":\"%s\",\"format\":\"%s\",\"width\":%d,\"height\":%d,"
      "\"frames\":%u,\"p50_us\":%" G_GINT64_FORMAT ",\"p99_us\":%" G_GINT64_FORMAT "}\n",
      subject->name, format, WIDTH, HEIGHT, times->len,
      g_array_index (times, gint64, times->len / 2),
      g_array_index (times, gint64, times->len * 99 / 100));
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  static const gchar *const formats[] = { "I420", "NV12" };
  guint n_frames = argc > 1 ? (guint) atoi (argv[1]) : 100;
  guint rounds = argc > 2 ? (guint) atoi (argv[2]) : 5;

  gst_init (&argc, &argv);
  for (guint f = 0; f < G_N_ELEMENTS (formats); f++) {
    GArray *times[G_N_ELEMENTS (subjects)];

    for (guint s = 0; s < G_N_ELEMENTS (subjects); s++)
      times[s] = g_array_new (FALSE, FALSE, sizeof (gint64));
    for (guint r = 0; r < rounds; r++)
      for (guint s = 0; s < G_N_ELEMENTS (subjects); s++)
        measure (&subjects[s], formats[f], n_frames, times[s]);
    for (guint s = 0; s < G_N_ELEMENTS (subjects); s++) {
      report (&subjects[s], formats[f], times[s]);
      g_array_unref (times[s]);
    }
  }
  return 0;
}
