/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which frames get what drawn; what ends a wait; books that close. A wait that nothing but the
 * event at hand may end is an hour long. */
#include <frame/trib-frame-map.h>
#include <frame/trib-frame-meta.h>
#include <gst/video/video.h>
#include <string.h>
#include <trib-gst-test.h>

#define WIDTH 320
#define HEIGHT 240
#define FRAME_NS (40 * GST_MSECOND)
#define FOREVER "max-wait-ms=3600000 "
#define BOX "\"have\":{\"face\":{\"faces\":[{\"bbox\":[100,60,80,64]}],\"delay_ms\":1}}"

typedef struct {
  GstHarness *video;
  GstHarness *records; /* NULL: not linked */
  GThread *thread;
  GstBuffer *frame; /* that the thread pushes */
  GstFlowReturn flow;
} Rig;

static GstElement *
element_of (Rig *rig)
{
  return rig->video->element;
}

static void
set_caps (Rig *rig, const gchar *format, guint width, guint height)
{
  g_autofree gchar *caps = g_strdup_printf (
      "video/x-raw,format=%s,width=%u,height=%u,framerate=25/1", format, width, height);

  gst_harness_set_src_caps_str (rig->video, caps);
}

static void
start (Rig *rig, const gchar *properties, gboolean with_records)
{
  g_autofree gchar *line = g_strdup_printf ("obsoverlay %s", properties);
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  memset (rig, 0, sizeof *rig);
  gst_object_ref_sink (element);
  rig->video = gst_harness_new_with_element (element, "sink", "src");
  if (with_records) {
    rig->records = gst_harness_new_with_element (element, "records", NULL);
    gst_harness_set_src_caps_str (rig->records, "application/json");
  }
  gst_object_unref (element);
  set_caps (rig, "I420", WIDTH, HEIGHT);
}

static void
assert_closed (Rig *rig)
{
  g_autoptr (GstStructure) s = trib_element_stats (element_of (rig));

#define N(name) trib_structure_uint64 (s, name)
  g_assert_cmpuint (N ("frames-in"), ==, N ("frames-out") + N ("frames-dropped"));
  g_assert_cmpuint (
      N ("frames-out"), ==, N ("frames-drawn") + N ("frames-stale") + N ("frames-without"));
  g_assert_cmpuint (N ("records-in"), ==,
      N ("records-used") + N ("records-late") + N ("records-unmatched") + N ("records-dropped")
          + N ("records-invalid") + N ("records-other") + N ("records-pending"));
#undef N
}

static void
stop (Rig *rig)
{
  assert_closed (rig);
  if (rig->records != NULL)
    gst_harness_teardown (rig->records);
  gst_harness_teardown (rig->video);
}

static guint64
stat_of (Rig *rig, const gchar *name)
{
  g_autoptr (GstStructure) stats = trib_element_stats (element_of (rig));

  return trib_structure_uint64 (stats, name);
}

/* grey; @with_identity: numbered @index */
static GstBuffer *
make_frame (guint index, gboolean with_identity, gsize size)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (frame, 0, 128, size);
  GST_BUFFER_PTS (frame) = index * FRAME_NS;
  GST_BUFFER_DURATION (frame) = FRAME_NS;
  if (with_identity) {
    TribFrameInfo info = { .session = "s", .stream = "v", .index = index, .t_ns = 1000 + index };
    trib_frame_meta_set (frame, &info);
  }
  return frame;
}

static void
push_frame (Rig *rig, guint index)
{
  g_assert_cmpint (gst_harness_push (rig->video, make_frame (index, TRUE, WIDTH * HEIGHT * 3 / 2)),
      ==, GST_FLOW_OK);
}

static void
push_text (Rig *rig, const gchar *text, GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new_memdup (text, strlen (text));

  GST_BUFFER_PTS (buffer) = pts;
  g_assert_cmpint (gst_harness_push (rig->records, buffer), ==, GST_FLOW_OK);
}

static void
push_record (Rig *rig, guint index)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"fused\",\"frame_id\":%u,\"reason\":\"complete\",\"wait_ms\":5," BOX "}", index);

  push_text (rig, text, index * FRAME_NS);
}

/* whether the next frame that comes out is other than it went in */
static gboolean
pull_is_drawn (Rig *rig)
{
  g_autoptr (GstBuffer) frame = gst_harness_pull (rig->video);
  GstMapInfo map;
  gboolean drawn = FALSE;

  g_assert_true (gst_buffer_map (frame, &map, GST_MAP_READ));
  for (gsize i = 0; i < map.size && !drawn; i++)
    drawn = map.data[i] != 128;
  gst_buffer_unmap (frame, &map);
  return drawn;
}

/* ---- waits ---- */

static gpointer
push_in_thread (gpointer data)
{
  Rig *rig = data;

  rig->flow = gst_harness_push (rig->video, g_steal_pointer (&rig->frame));
  return NULL;
}

/* a frame is in the element, in a thread of its own */
static void
begin_wait (Rig *rig, guint index)
{
  guint64 before = stat_of (rig, "frames-in");

  rig->frame = make_frame (index, TRUE, WIDTH * HEIGHT * 3 / 2);
  rig->thread = g_thread_new ("frame", push_in_thread, rig);
  trib_assert_eventually (stat_of (rig, "frames-in") == before + 1, 20000);
}

static GstFlowReturn
end_wait (Rig *rig)
{
  g_thread_join (g_steal_pointer (&rig->thread));
  return rig->flow;
}

static void
test_exact (void)
{
  Rig rig;

  start (&rig, FOREVER, TRUE);
  push_record (&rig, 1);
  push_record (&rig, 0);
  push_frame (&rig, 0);
  push_frame (&rig, 1);
  g_assert_true (pull_is_drawn (&rig));
  g_assert_true (pull_is_drawn (&rig));
  g_assert_cmpuint (stat_of (&rig, "frames-drawn"), ==, 2);
  g_assert_cmpuint (stat_of (&rig, "records-used"), ==, 2);
  stop (&rig);
}

static void
test_waits_for_record (void)
{
  Rig rig;

  start (&rig, FOREVER, TRUE);
  begin_wait (&rig, 3);
  push_record (&rig, 2);
  push_record (&rig, 3);
  g_assert_cmpint (end_wait (&rig), ==, GST_FLOW_OK);
  g_assert_true (pull_is_drawn (&rig));
  g_assert_cmpuint (stat_of (&rig, "frames-drawn"), ==, 1);
  g_assert_cmpuint (stat_of (&rig, "waits-expired"), ==, 0);
  stop (&rig);
}

/* frames without identity: by the running time of the record's buffer, or of its t_ns */
static void
test_by_time (void)
{
  const gsize size = WIDTH * HEIGHT * 3 / 2;
  Rig rig;

  start (&rig, FOREVER, TRUE);
  push_text (
      &rig, "{\"type\":\"fused\",\"frame_id\":77,\"reason\":\"eos\"," BOX "}", 41 * GST_MSECOND);
  push_text (&rig,
      "[{\"type\":\"face\",\"t_ns\":80000000,\"bbox\":[9,9,9,9]},"
      "{\"type\":\"face\",\"t_ns\":120000000,\"bbox\":[9,9,9,9]}]",
      GST_CLOCK_TIME_NONE);
  for (guint i = 1; i <= 3; i++) {
    gst_harness_push (rig.video, make_frame (i, FALSE, size));
    g_assert_true (pull_is_drawn (&rig));
  }
  g_assert_cmpuint (stat_of (&rig, "frames-drawn"), ==, 3);
  stop (&rig);
}

static void
test_stale (void)
{
  Rig rig;

  start (&rig, "max-wait-ms=0 hold-ms=100", TRUE);
  push_record (&rig, 0);
  for (guint i = 0; i < 4; i++) {
    push_frame (&rig, i);
    g_assert_cmpint (pull_is_drawn (&rig), ==, i < 3);
  }
  /* a late one is drawn no less than an old one */
  push_record (&rig, 3);
  push_frame (&rig, 4);
  g_assert_true (pull_is_drawn (&rig));
  g_assert_cmpuint (stat_of (&rig, "frames-drawn"), ==, 1);
  g_assert_cmpuint (stat_of (&rig, "frames-stale"), ==, 3);
  g_assert_cmpuint (stat_of (&rig, "frames-without"), ==, 1);
  g_assert_cmpuint (stat_of (&rig, "records-late"), ==, 1);
  stop (&rig);
}

/* a wait ends by itself, and what then comes is late; what comes for frames that never do is
 * unmatched */
static void
test_missing (void)
{
  Rig rig;

  start (&rig, "max-wait-ms=1 hold-ms=0", TRUE);
  push_frame (&rig, 1);
  g_assert_false (pull_is_drawn (&rig));
  g_assert_cmpuint (stat_of (&rig, "waits-expired"), ==, 1);
  push_record (&rig, 1);
  push_record (&rig, 2);
  push_frame (&rig, 5);
  push_record (&rig, 9);
  g_assert_cmpuint (stat_of (&rig, "records-late"), ==, 1);
  g_assert_cmpuint (stat_of (&rig, "records-unmatched"), ==, 1);
  g_assert_cmpuint (stat_of (&rig, "records-pending"), ==, 1);
  stop (&rig);
}

static void
test_unlinked (void)
{
  Rig rig;

  start (&rig, FOREVER, FALSE);
  push_frame (&rig, 0);
  g_assert_false (pull_is_drawn (&rig));
  g_assert_cmpuint (stat_of (&rig, "frames-waited"), ==, 0);
  stop (&rig);
}

/* ---- what ends a wait ---- */

static void
unlink_records (Rig *rig)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element_of (rig), "records");

  g_assert_true (gst_pad_unlink (rig->records->srcpad, pad));
}

static void
end_records (Rig *rig)
{
  gst_harness_push_event (rig->records, gst_event_new_eos ());
}

static void
flush_records (Rig *rig)
{
  gst_harness_push_event (rig->records, gst_event_new_flush_start ());
}

static void
pass_by_gap (Rig *rig)
{
  gst_harness_push_event (rig->records, gst_event_new_gap (0, GST_SECOND));
}

static void
pass_by_record (Rig *rig)
{
  push_record (rig, 8);
}

static void
say_it_is_late (Rig *rig)
{
  gst_harness_push_upstream_event (
      rig->video, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1, GST_SECOND, 0));
}

/* frame 7 waits; then it leaves, without records */
static void
test_ends_wait (gconstpointer data)
{
  void (*act) (Rig *) = (void (*) (Rig *)) (gsize) data;
  Rig rig;

  start (&rig, FOREVER, TRUE);
  begin_wait (&rig, 7);
  act (&rig);
  g_assert_cmpint (end_wait (&rig), ==, GST_FLOW_OK);
  g_assert_false (pull_is_drawn (&rig));
  g_assert_cmpuint (stat_of (&rig, "frames-without"), ==, 1);
  stop (&rig);
}

static void
test_flush (void)
{
  GstSegment segment;
  Rig rig;

  start (&rig, FOREVER, TRUE);
  begin_wait (&rig, 7);
  gst_harness_push_event (rig.video, gst_event_new_flush_start ());
  g_assert_cmpint (end_wait (&rig), ==, GST_FLOW_FLUSHING);
  gst_harness_push_event (rig.video, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (rig.video, gst_event_new_segment (&segment));
  g_assert_cmpuint (stat_of (&rig, "frames-dropped"), ==, 1);
  /* frames begin anew, and records of earlier frames are not late */
  push_record (&rig, 2);
  push_frame (&rig, 2);
  g_assert_true (pull_is_drawn (&rig));
  /* flushed records are gone */
  push_record (&rig, 5);
  gst_harness_push_event (rig.records, gst_event_new_flush_start ());
  gst_harness_push_event (rig.records, gst_event_new_flush_stop (TRUE));
  g_assert_cmpuint (stat_of (&rig, "records-dropped"), ==, 1);
  stop (&rig);
}

/* to NULL at once, with a frame that waits, then up again */
static void
test_state (void)
{
  Rig rig;

  start (&rig, FOREVER, TRUE);
  begin_wait (&rig, 7);
  gst_element_set_state (element_of (&rig), GST_STATE_NULL);
  g_assert_cmpint (end_wait (&rig), ==, GST_FLOW_FLUSHING);
  g_assert_cmpuint (stat_of (&rig, "frames-dropped"), ==, 1);
  assert_closed (&rig);
  gst_element_set_state (element_of (&rig), GST_STATE_PLAYING);
  g_assert_cmpuint (stat_of (&rig, "frames-in"), ==, 0);
  stop (&rig);
}

static void
test_eos (void)
{
  Rig rig;

  /* of the records first: what is there is drawn, nothing is waited for */
  start (&rig, FOREVER "hold-ms=0", TRUE);
  push_record (&rig, 1);
  end_records (&rig);
  push_frame (&rig, 0);
  push_frame (&rig, 1);
  push_frame (&rig, 2);
  g_assert_false (pull_is_drawn (&rig));
  g_assert_true (pull_is_drawn (&rig));
  g_assert_false (pull_is_drawn (&rig));
  stop (&rig);
  /* of the video first: it goes on, and records find no one */
  start (&rig, FOREVER, TRUE);
  gst_harness_push_event (rig.video, gst_event_new_eos ());
  g_assert_true (gst_harness_push_event (rig.records, gst_event_new_gap (0, 1)));
  for (guint i = 0; i < 1000; i++)
    push_record (&rig, i);
  g_assert_cmpuint (stat_of (&rig, "records-pending"), ==, 256);
  g_assert_cmpuint (stat_of (&rig, "records-dropped"), ==, 744);
  stop (&rig);
}

/* ---- pictures ---- */

static guint8 *
luma_at (GstVideoFrame *frame, guint x, guint y)
{
  return (guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, 0)
         + y * (guint) GST_VIDEO_FRAME_COMP_STRIDE (frame, 0)
         + x * (guint) GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0);
}

/* changed on the lines of the box, and only there */
static void
check_picture (Rig *rig, const gchar *format, guint width, guint height)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (rig->video);
  guint left = 100 * width / WIDTH, top = 60 * height / HEIGHT;
  guint right = 180 * width / WIDTH, bottom = 124 * height / HEIGHT;
  guint on_line = 0;
  GstVideoInfo info;
  GstVideoFrame frame;

  gst_video_info_set_format (&info, gst_video_format_from_string (format), width, height);
  g_assert_true (trib_frame_map (&frame, &info, buffer, GST_MAP_READ, NULL));
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++) {
      gboolean within = x + 2 >= left && x <= right + 2 && y + 2 >= top && y <= bottom + 2;
      gboolean inside = x > left + 8 && x + 8 < right && y > top + 8 && y + 8 < bottom;
      gboolean changed = *luma_at (&frame, x, y) != 128;

      g_assert_true (!changed || (within && !inside));
      on_line += changed;
    }
  g_assert_cmpuint (on_line, >, 2 * (right - left));
  gst_video_frame_unmap (&frame);
}

static void
test_formats (void)
{
  static const gchar *const formats[] = { "I420", "NV12", "RGB", "BGRx", "GRAY8", "YUY2", "RGBA" };
  Rig rig;

  start (&rig, FOREVER "draw=boxes", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info;

    g_test_message ("%s", formats[i]);
    set_caps (&rig, formats[i], WIDTH, HEIGHT);
    gst_video_info_set_format (&info, gst_video_format_from_string (formats[i]), WIDTH, HEIGHT);
    push_record (&rig, i);
    gst_harness_push (rig.video, make_frame (i, TRUE, GST_VIDEO_INFO_SIZE (&info)));
    check_picture (&rig, formats[i], WIDTH, HEIGHT);
  }
  stop (&rig);
}

/* The picture is a part of its buffer, in memories that others hold, too: the drawing is there, and
 * theirs stays as it is. */
static void
test_crop (void)
{
  static const GstVideoFormat formats[]
      = { GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_GRAY8 };
  Rig rig;

  start (&rig, FOREVER "draw=boxes", TRUE);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (formats); i++) {
    g_autoptr (GstBuffer) frame = NULL;
    GstVideoFormat format = formats[i / 2];
    const gchar *name = gst_video_format_to_string (format);
    GstVideoCropMeta *crop;
    GstVideoInfo info;
    GstMapInfo map;

    gst_video_info_set_format (&info, format, WIDTH + 64, HEIGHT + 32);
    set_caps (&rig, name, WIDTH, HEIGHT);
    frame = make_frame (i, TRUE, info.size);
    if (i % 2 != 0) { /* planes across two memories */
      GstMemory *all = gst_buffer_get_all_memory (frame);
      gst_buffer_replace_all_memory (frame, gst_memory_share (all, 0, 1000));
      gst_buffer_append_memory (frame, gst_memory_share (all, 1000, -1));
      gst_memory_unref (all);
    }
    gst_buffer_add_video_meta (frame, GST_VIDEO_FRAME_FLAG_NONE, format, WIDTH + 64, HEIGHT + 32);
    crop = gst_buffer_add_video_crop_meta (frame);
    crop->x = 32;
    crop->y = 16;
    crop->width = WIDTH;
    crop->height = HEIGHT;
    push_record (&rig, i);
    gst_harness_push (rig.video, gst_buffer_ref (frame));
    check_picture (&rig, name, WIDTH, HEIGHT);
    g_assert_true (gst_buffer_map (frame, &map, GST_MAP_READ));
    for (gsize b = 0; b < map.size; b++)
      g_assert_cmpuint (map.data[b], ==, 128);
    gst_buffer_unmap (frame, &map);
  }
  stop (&rig);
}

/* the video changes its size; the record's picture does not */
static void
test_caps_change (void)
{
  static const guint sizes[][2] = { { 320, 240 }, { 640, 480 }, { 160, 120 } };
  Rig rig;

  start (&rig, FOREVER "draw=boxes line-width=2", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    guint width = sizes[i][0], height = sizes[i][1];
    g_autofree gchar *text
        = g_strdup_printf ("{\"type\":\"face\",\"frame_id\":%u,\"width\":320,\"height\":240,"
                           "\"faces\":[{\"bbox\":[100,60,80,64]}]}",
            i);

    set_caps (&rig, "GRAY8", width, height);
    push_text (&rig, text, GST_CLOCK_TIME_NONE);
    gst_harness_push (rig.video, make_frame (i, TRUE, width * height));
    check_picture (&rig, "GRAY8", width, height);
  }
  stop (&rig);
}

/* a frame that others hold, too, stays as it is */
static void
test_shared_frame (void)
{
  g_autoptr (GstBuffer) frame = make_frame (0, TRUE, WIDTH * HEIGHT * 3 / 2);
  GstMapInfo map;
  Rig rig;

  start (&rig, FOREVER, TRUE);
  push_record (&rig, 0);
  gst_harness_push (rig.video, gst_buffer_ref (frame));
  g_assert_true (pull_is_drawn (&rig));
  gst_buffer_map (frame, &map, GST_MAP_READ);
  for (gsize i = 0; i < map.size; i++)
    g_assert_cmpuint (map.data[i], ==, 128);
  gst_buffer_unmap (frame, &map);
  stop (&rig);
}

/* downstream that blends by itself gets the picture as it was, and what belongs on it */
static void
test_attached (void)
{
  g_autoptr (GstBuffer) frame = NULL;
  GstVideoOverlayCompositionMeta *meta;
  Rig rig;

  start (&rig, FOREVER, TRUE);
  gst_harness_add_propose_allocation_meta (
      rig.video, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
  set_caps (&rig, "NV12", WIDTH, HEIGHT);
  push_record (&rig, 0);
  push_frame (&rig, 0);
  frame = gst_harness_pull (rig.video);
  meta = gst_buffer_get_video_overlay_composition_meta (frame);
  g_assert_nonnull (meta);
  g_assert_cmpuint (gst_video_overlay_composition_n_rectangles (meta->overlay), >, 2);
  g_assert_cmpint (gst_buffer_memcmp (frame, 0, "\x80\x80\x80\x80", 4), ==, 0);
  stop (&rig);
}

/* ---- the rest ---- */

static void
test_bad_records (void)
{
  Rig rig;

  start (&rig, "max-wait-ms=0", TRUE);
  push_text (&rig, "{\"type\":", 0);
  push_text (&rig, "{\"type\":\"face\",\"frame_id\":-1}", 0);
  push_text (&rig, "{\"type\":\"trig\",\"t_start_ns\":1,\"t_end_ns\":2}", 0);
  push_text (&rig,
      "{\"type\":\"face\",\"frame_id\":0,\"faces\":[{\"bbox\":[1,2,-3,4]},{\"bbox\":[-9999999,-"
      "9999999,"
      "99999999,99999999],\"expression\":\"<b>&\"}]}",
      0);
  push_frame (&rig, 0);
  g_assert_true (pull_is_drawn (&rig));
  g_assert_cmpuint (stat_of (&rig, "records-invalid"), ==, 2);
  g_assert_cmpuint (stat_of (&rig, "records-other"), ==, 1);
  g_assert_cmpuint (stat_of (&rig, "things-refused"), ==, 1);
  stop (&rig);
}

static void
test_latency (void)
{
  Rig rig;

  start (&rig, "max-wait-ms=150", TRUE);
  gst_harness_set_upstream_latency (rig.video, 10 * GST_MSECOND);
  g_assert_cmpuint (gst_harness_query_latency (rig.video), ==, 160 * GST_MSECOND);
  unlink_records (&rig);
  g_assert_cmpuint (gst_harness_query_latency (rig.video), ==, 10 * GST_MSECOND);
  stop (&rig);
}

/* half a frame of the shortest that caps can have */
static void
test_rate (void)
{
  g_autoptr (TribHarness) h = gst_harness_new_with_padnames ("obsoverlay", "sink", "src");
  GstBuffer *frame = gst_buffer_new_allocate (NULL, (gsize) 16 * 16 * 4, NULL);

  gst_harness_set_src_caps_str (
      h, "video/x-raw,format=BGRx,width=16,height=16,framerate=2147483647/1");
  GST_BUFFER_PTS (frame) = 0;
  g_assert_cmpint (gst_harness_push (h, frame), ==, GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (h));
}

int
main (int argc, char **argv)
{
  static const struct {
    const gchar *name;
    void (*act) (Rig *);
  } ends[] = {
    { "/obsoverlay/wait-ends/unlink", unlink_records },
    { "/obsoverlay/wait-ends/eos", end_records },
    { "/obsoverlay/wait-ends/flush", flush_records },
    { "/obsoverlay/wait-ends/gap", pass_by_gap },
    { "/obsoverlay/wait-ends/later-record", pass_by_record },
    { "/obsoverlay/wait-ends/qos", say_it_is_late },
  };

  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/obsoverlay/exact", test_exact);
  g_test_add_func ("/obsoverlay/waits-for-record", test_waits_for_record);
  g_test_add_func ("/obsoverlay/by-time", test_by_time);
  g_test_add_func ("/obsoverlay/stale", test_stale);
  g_test_add_func ("/obsoverlay/missing", test_missing);
  g_test_add_func ("/obsoverlay/unlinked", test_unlinked);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    g_test_add_data_func (ends[i].name, (gconstpointer) (gsize) ends[i].act, test_ends_wait);
  g_test_add_func ("/obsoverlay/flush", test_flush);
  g_test_add_func ("/obsoverlay/state", test_state);
  g_test_add_func ("/obsoverlay/eos", test_eos);
  g_test_add_func ("/obsoverlay/formats", test_formats);
  g_test_add_func ("/obsoverlay/crop", test_crop);
  g_test_add_func ("/obsoverlay/caps-change", test_caps_change);
  g_test_add_func ("/obsoverlay/shared-frame", test_shared_frame);
  g_test_add_func ("/obsoverlay/attached", test_attached);
  g_test_add_func ("/obsoverlay/bad-records", test_bad_records);
  g_test_add_func ("/obsoverlay/latency", test_latency);
  g_test_add_func ("/obsoverlay/rate", test_rate);
  return trib_gst_test_run ();
}
