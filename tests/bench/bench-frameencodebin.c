/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* frameencodebin against bare jpegenc, same pictures, same quality, same run: blocks of frames
 * alternate between the two, so that whatever else the machine does meets both. Prints one JSON
 * line per input; ratio is frames/s of frameencodebin over those of jpegenc, median over the
 * blocks, from the processor time of the thread (everything happens on it), and from the wall
 * clock.
 *
 * usage: bench-frameencodebin [VIDEO [ROUNDS]]   without VIDEO: a test picture in motion */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#define FRAMES 48
#define QUALITY 90

static const struct {
  const gchar *name;
  const gchar *caps;
} inputs[] = {
  { "I420 full range", "video/x-raw,format=I420,colorimetry=1:4:0:0" },
  { "I420 limited range", "video/x-raw,format=I420,colorimetry=bt601" },
  { "NV12 limited range", "video/x-raw,format=NV12,colorimetry=bt601" },
  { "I420 BT.709", "video/x-raw,format=I420,colorimetry=bt709" },
  { "RGB", "video/x-raw,format=RGB" },
  { "GRAY8", "video/x-raw,format=GRAY8" },
};

typedef struct {
  gdouble cpu, wall;
  guint64 bytes;
} Cost;

static gdouble
now (clockid_t clock)
{
  struct timespec t;

  clock_gettime (clock, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

/* the pictures of @video in @caps, all in memory */
static GPtrArray *
load (const gchar *video, const gchar *caps, GstCaps **ret_caps)
{
  g_autofree gchar *source
      = video ? g_strdup_printf (
            "filesrc location=\"%s\" ! decodebin ! video/x-raw ! identity eos-after=%d", video,
            FRAMES + 1)
              : g_strdup_printf ("videotestsrc num-buffers=%d pattern=smpte75 horizontal-speed=3 ! "
                                 "video/x-raw,width=768,height=576",
                  FRAMES);
  /* without a named colorimetry at its input videoconvert passes pictures through as they are */
  g_autofree gchar *line = g_strdup_printf (
      "%s ! videoconvert ! video/x-raw,format=RGB ! videoconvert ! %s ! appsink name=s sync=false",
      source, caps);
  GPtrArray *frames = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_mini_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) sink = NULL;

  if (pipeline == NULL)
    g_error ("%s", error->message);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (TRUE) {
    GstSample *sample = NULL;
    g_signal_emit_by_name (sink, "pull-sample", &sample);
    if (sample == NULL)
      break;
    gst_caps_replace (ret_caps, gst_sample_get_caps (sample));
    g_ptr_array_add (frames, gst_buffer_ref (gst_sample_get_buffer (sample)));
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (frames->len == 0)
    g_error ("no pictures from %s", video ? video : "videotestsrc");
  return frames;
}

static Cost
run (GstHarness *h, GPtrArray *frames)
{
  Cost cost = { 0 };
  gdouble cpu = now (CLOCK_THREAD_CPUTIME_ID), wall = now (CLOCK_MONOTONIC);

  for (guint i = 0; i < frames->len; i++) {
    GstBuffer *out;
    if (gst_harness_push (h, gst_buffer_ref (frames->pdata[i])) != GST_FLOW_OK)
      g_error ("push failed");
    out = gst_harness_pull (h);
    cost.bytes += gst_buffer_get_size (out);
    gst_buffer_unref (out);
  }
  cost.cpu = (now (CLOCK_THREAD_CPUTIME_ID) - cpu) / frames->len;
  cost.wall = (now (CLOCK_MONOTONIC) - wall) / frames->len;
  cost.bytes /= frames->len;
  return cost;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gdouble *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static gdouble
median (GArray *values)
{
  g_array_sort (values, compare);
  return g_array_index (values, gdouble, values->len / 2);
}

static void
measure (const gchar *video, guint rounds, const gchar *name, const gchar *caps_text)
{
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GPtrArray) frames = load (video, caps_text, &caps);
  /* peer, ours: processor time, wall time; ours over peer of each round */
  GArray *values[6];
  GstHarness *harness[2];
  Cost cost[2];
  GstVideoInfo info;

  gst_video_info_from_caps (&info, caps);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = g_array_new (FALSE, FALSE, sizeof (gdouble));
  harness[0] = gst_harness_new_parse ("jpegenc quality=" G_STRINGIFY (QUALITY));
  harness[1] = gst_harness_new_parse ("frameencodebin format=jpeg quality=" G_STRINGIFY (QUALITY));
  for (guint i = 0; i < 2; i++) {
    gst_harness_set_src_caps (harness[i], gst_caps_ref (caps));
    run (harness[i], frames);
  }
  for (guint round = 0; round < rounds; round++) {
    /* the order changes too */
    for (guint i = 0; i < 2; i++)
      cost[(i + round) % 2] = run (harness[(i + round) % 2], frames);
    gdouble row[] = { cost[0].cpu, cost[1].cpu, cost[0].wall, cost[1].wall,
      cost[0].cpu / cost[1].cpu, cost[0].wall / cost[1].wall };
    for (guint i = 0; i < G_N_ELEMENTS (values); i++)
      g_array_append_val (values[i], row[i]);
  }
  printf (
      "{\"bench\":\"frameencodebin\",\"input\":\"%s\",\"width\":%d,\"height\":%d,\"quality\":%d,"
      "\"rounds\":%u,\"peer\":\"jpegenc\",\"peer_ms\":%.3f,\"ms\":%.3f,\"peer_fps\":%.1f,"
      "\"fps\":%.1f,\"ratio\":%.3f,\"wall_ratio\":%.3f,\"peer_bytes\":%" G_GUINT64_FORMAT
      ",\"bytes\":%" G_GUINT64_FORMAT "}\n",
      name, info.width, info.height, QUALITY, rounds, median (values[0]) * 1e3,
      median (values[1]) * 1e3, 1 / median (values[2]), 1 / median (values[3]), median (values[4]),
      median (values[5]), cost[0].bytes, cost[1].bytes);
  fflush (stdout);
  for (guint i = 0; i < 2; i++)
    gst_harness_teardown (harness[i]);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    g_array_unref (values[i]);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
    measure (
        argc > 1 ? argv[1] : NULL, argc > 2 ? atoi (argv[2]) : 21, inputs[i].name, inputs[i].caps);
  return 0;
}
