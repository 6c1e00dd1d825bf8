/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gsttestclock.h>

#include <frame/trib-frame-stamper.h>

#include "trib-gst-test.h"

#define WALL (G_GINT64_CONSTANT (1722513600000000000))

typedef struct {
  TribFrameStamper stamper;
  GstSegment segment;
  GstElement *element;
  GstClock *clock;
} Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  trib_frame_stamper_reset (&f->stamper);
  gst_segment_init (&f->segment, GST_FORMAT_TIME);
  f->element = gst_object_ref_sink (gst_element_factory_make ("fakesrc", NULL));
  f->clock = gst_test_clock_new_with_start_time (100 * GST_SECOND);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  gst_element_set_state (f->element, GST_STATE_NULL);
  gst_clear_object (&f->element);
  gst_clear_object (&f->clock);
}

static TribFrameInfo
identify (Fixture *f, GstClockTime pts, const GstSegment *segment, gint64 wall_ns)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  TribFrameInfo info;

  GST_BUFFER_PTS (buffer) = pts;
  trib_frame_stamper_identify (&f->stamper, f->element, buffer, segment, "s", "v", wall_ns, &info);
  return info;
}

/* READY, so the frame's running time is all there is to go by: the first frame is now, the others
 * keep their distance whenever they come */
static void
test_running_time (Fixture *f, gconstpointer unused)
{
  TribFrameInfo info = identify (f, 5 * GST_SECOND, &f->segment, WALL);

  g_assert_cmpstr (info.session, ==, "s");
  g_assert_cmpstr (info.stream, ==, "v");
  g_assert_cmpuint (info.index, ==, 0);
  g_assert_cmpint (info.t_ns, ==, WALL);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_RUNNING_TIME);
  g_assert_cmpint (info.quality, ==, -1);
  g_assert_null (info.format);
  info = identify (f, 6 * GST_SECOND, &f->segment, WALL + 77 * GST_SECOND);
  g_assert_cmpuint (info.index, ==, 1);
  g_assert_cmpint (info.t_ns, ==, WALL + (gint64) GST_SECOND);
  trib_frame_stamper_reset (&f->stamper);
  info = identify (f, 6 * GST_SECOND, &f->segment, WALL);
  g_assert_cmpuint (info.index, ==, 0);
  g_assert_cmpint (info.t_ns, ==, WALL);
}

/* PLAYING for 3 s by the clock when a frame of running time 2 s arrives: it was captured 1 s ago */
static void
test_playing (Fixture *f, gconstpointer unused)
{
  TribFrameInfo info;

  gst_element_set_clock (f->element, f->clock);
  gst_element_set_base_time (f->element, 97 * GST_SECOND);
  gst_element_set_locked_state (f->element, TRUE);
  GST_STATE (f->element) = GST_STATE_PLAYING;
  info = identify (f, 2 * GST_SECOND, &f->segment, WALL);
  g_assert_cmpint (info.t_ns, ==, WALL - (gint64) GST_SECOND);
  /* measured once: the clock has no part in the next */
  gst_test_clock_advance_time (GST_TEST_CLOCK (f->clock), GST_SECOND);
  info = identify (f, 4 * GST_SECOND, &f->segment, WALL + 999);
  g_assert_cmpint (info.t_ns, ==, WALL + (gint64) GST_SECOND);
  GST_STATE (f->element) = GST_STATE_NULL;
}

static void
test_segment (Fixture *f, gconstpointer unused)
{
  TribFrameInfo info;

  f->segment.start = 10 * GST_SECOND;
  f->segment.base = GST_SECOND;
  f->segment.rate = 2.0;
  identify (f, 10 * GST_SECOND, &f->segment, WALL);
  info = identify (f, 14 * GST_SECOND, &f->segment, WALL);
  g_assert_cmpint (info.t_ns, ==, WALL + 2 * (gint64) GST_SECOND);
  /* before the segment: negative running time */
  info = identify (f, 4 * GST_SECOND, &f->segment, WALL);
  g_assert_cmpint (info.t_ns, ==, WALL - 3 * (gint64) GST_SECOND);
}

static void
test_wall (Fixture *f, gconstpointer unused)
{
  GstSegment bytes;
  TribFrameInfo info;

  gst_segment_init (&bytes, GST_FORMAT_BYTES);
  info = identify (f, GST_CLOCK_TIME_NONE, &f->segment, WALL);
  g_assert_cmpint (info.t_ns, ==, WALL);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_WALL);
  info = identify (f, 5, &bytes, WALL + 1);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_WALL);
  info = identify (f, 5, NULL, WALL + 2);
  g_assert_cmpint (info.t_ns, ==, WALL + 2);
  g_assert_cmpuint (info.index, ==, 2);
}

#define NTP(unix_ns) ((unix_ns) + G_GUINT64_CONSTANT (2208988800000000000))

static void
test_reference (Fixture *f, gconstpointer unused)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  g_autoptr (GstCaps) ntp = gst_caps_new_empty_simple ("timestamp/x-ntp");
  TribFrameInfo info;

  GST_BUFFER_PTS (buffer) = 5;
  gst_buffer_add_reference_timestamp_meta (buffer, ntp, NTP (WALL + 11), GST_CLOCK_TIME_NONE);
  trib_frame_stamper_identify (&f->stamper, NULL, buffer, &f->segment, "s", "v", 7, &info);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_REFERENCE);
  g_assert_cmpint (info.t_ns, ==, WALL + 11);
  gst_buffer_add_reference_timestamp_meta (buffer, unix_time, 12, GST_CLOCK_TIME_NONE);
  trib_frame_stamper_identify (&f->stamper, NULL, buffer, &f->segment, "s", "v", WALL, &info);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_REFERENCE);
  g_assert_cmpint (info.t_ns, ==, 12);
}

/* a camera that counts from its start says no wall time */
static void
test_ntp_of_uptime (Fixture *f, gconstpointer unused)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autoptr (GstCaps) ntp = gst_caps_new_empty_simple ("timestamp/x-ntp");
  TribFrameInfo info;

  GST_BUFFER_PTS (buffer) = 5;
  gst_buffer_add_reference_timestamp_meta (buffer, ntp, 11, GST_CLOCK_TIME_NONE);
  trib_frame_stamper_identify (&f->stamper, NULL, buffer, &f->segment, "s", "v", WALL, &info);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_RUNNING_TIME);
}

/* ---- an element of a pipeline, behind a source ---- */

typedef struct {
  Fixture *f;
  GstElement *pipeline;
  GstPad *upstream;
} Rig;

static gboolean
answer_live (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_latency (query, GPOINTER_TO_INT (gst_pad_get_element_private (pad)), 0, 0);
  return TRUE;
}

static void
rig_init (Rig *rig, Fixture *f, gboolean live)
{
  g_autoptr (GstPad) sink = NULL, src = NULL;

  *rig = (Rig){ .f = f, .pipeline = gst_object_ref_sink (gst_pipeline_new (NULL)) };
  gst_clear_object (&f->element);
  f->element = gst_object_ref_sink (gst_element_factory_make ("identity", NULL));
  gst_bin_add (GST_BIN (rig->pipeline), f->element);
  sink = gst_element_get_static_pad (f->element, "sink");
  src = gst_element_get_static_pad (f->element, "src");
  rig->upstream = gst_pad_new ("src", GST_PAD_SRC);
  gst_pad_set_element_private (rig->upstream, GINT_TO_POINTER (live));
  gst_pad_set_query_function (rig->upstream, answer_live);
  g_assert_cmpint (gst_pad_link (rig->upstream, sink), ==, GST_PAD_LINK_OK);
  gst_pad_set_active (rig->upstream, TRUE);
  gst_pad_set_active (sink, TRUE);
  gst_pad_set_active (src, TRUE);
}

/* the state as a pipeline sets it, with the running time at which it was paused */
static void
rig_play (Rig *rig, GstClockTime paused_at)
{
  GstClockTime now = gst_clock_get_time (rig->f->clock);

  gst_element_set_start_time (rig->pipeline, paused_at);
  gst_element_set_clock (rig->f->element, rig->f->clock);
  gst_element_set_base_time (rig->f->element, now - paused_at);
  GST_STATE (rig->f->element) = GST_STATE_PLAYING;
}

static void
rig_clear (Rig *rig)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (rig->f->element, "sink");

  GST_STATE (rig->f->element) = GST_STATE_NULL;
  gst_pad_unlink (rig->upstream, sink);
  gst_object_unref (rig->upstream);
  gst_object_unref (rig->pipeline);
}

/* both clocks go on by @by_ns */
static gint64
go_on (Fixture *f, gint64 *wall_ns, GstClockTime by_ns)
{
  gst_test_clock_advance_time (GST_TEST_CLOCK (f->clock), by_ns);
  return *wall_ns += by_ns;
}

/* 2 s of PLAYING, 4 s of pause, PLAYING: each frame has the wall time of its capture, also one that
 * waited through the pause */
static void
test_live_pause (Fixture *f, gconstpointer unused)
{
  gint64 wall_ns = WALL;
  Rig rig;

  rig_init (&rig, f, TRUE);
  rig_play (&rig, 0);
  g_assert_cmpint (identify (f, 0, &f->segment, wall_ns).t_ns, ==, WALL);
  go_on (f, &wall_ns, GST_SECOND);
  g_assert_cmpint (identify (f, GST_SECOND, &f->segment, wall_ns).t_ns, ==, wall_ns);
  go_on (f, &wall_ns, GST_SECOND);
  GST_STATE (f->element) = GST_STATE_PAUSED;
  go_on (f, &wall_ns, 4 * GST_SECOND);
  /* in PAUSED nothing is known of the next run */
  g_assert_cmpint (
      identify (f, GST_SECOND + 1, &f->segment, wall_ns).t_ns, ==, WALL + (gint64) GST_SECOND + 1);
  rig_play (&rig, 2 * GST_SECOND);
  go_on (f, &wall_ns, GST_SECOND);
  g_assert_cmpint (identify (f, 2 * GST_SECOND - 1, &f->segment, wall_ns).t_ns, ==,
      WALL + 2 * (gint64) GST_SECOND - 1);
  g_assert_cmpint (identify (f, 3 * GST_SECOND, &f->segment, wall_ns).t_ns, ==, wall_ns);
  rig_clear (&rig);
}

/* pauses, a given origin and clocks that disagree: a file's frames keep their distances */
static void
test_file_pause (Fixture *f, gconstpointer origin)
{
  gint64 start_ns = origin ? 5 : WALL, wall_ns = WALL;
  Rig rig;

  /* an origin holds for a live pipeline as well */
  rig_init (&rig, f, origin != NULL);
  if (origin)
    g_assert_true (trib_frame_stamper_begin (&f->stamper, "5", NULL));
  rig_play (&rig, 0);
  g_assert_cmpint (identify (f, 0, &f->segment, wall_ns).t_ns, ==, start_ns);
  wall_ns += 7 * GST_SECOND;
  go_on (f, &wall_ns, GST_SECOND);
  GST_STATE (f->element) = GST_STATE_PAUSED;
  go_on (f, &wall_ns, 4 * GST_SECOND);
  rig_play (&rig, GST_SECOND);
  g_assert_cmpint (identify (f, 3 * GST_SECOND, &f->segment, wall_ns).t_ns, ==,
      start_ns + 3 * (gint64) GST_SECOND);
  rig_clear (&rig);
}

static void
push_date (Rig *rig, GstDateTime *date, GstTagScope scope)
{
  GstTagList *tags = gst_tag_list_new_empty ();

  gst_tag_list_set_scope (tags, scope);
  gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_TAG_DATE_TIME, date, NULL);
  gst_pad_push_event (rig->upstream, gst_event_new_tag (tags));
}

static const struct {
  const gchar *stream, *global;
  gboolean live;
  gint64 start_ns;
} dates[] = {
  { NULL, "2024-08-01T14:00:00.5+0200", FALSE, WALL + 500 * (gint64) GST_MSECOND },
  { "2024-08-01T12:00:00Z", NULL, FALSE, WALL },
  { "2020-01-01T12:00:00Z", "2024-08-01T12:00:00Z", FALSE, WALL },
  /* no moment: the start of the run */
  { NULL, "2024-08-01", FALSE, 9 },
  { NULL, "2024", FALSE, 9 },
  { NULL, "2024-08-01T12:00Z", FALSE, 9 },
  /* the date of a live stream is that of its beginning, perhaps long ago */
  { NULL, "2024-08-01T12:00:00Z", TRUE, 9 },
};

static void
test_container_date (Fixture *f, gconstpointer unused)
{
  for (guint i = 0; i < G_N_ELEMENTS (dates); i++) {
    g_autoptr (GstDateTime) stream
        = gst_date_time_new_from_iso8601_string (dates[i].stream ? dates[i].stream : "2020");
    g_autoptr (GstDateTime) global
        = gst_date_time_new_from_iso8601_string (dates[i].global ? dates[i].global : "2020");
    Rig rig;

    rig_init (&rig, f, dates[i].live);
    trib_frame_stamper_reset (&f->stamper);
    gst_pad_push_event (rig.upstream, gst_event_new_stream_start ("test"));
    gst_pad_push_event (rig.upstream, gst_event_new_segment (&f->segment));
    if (dates[i].global)
      push_date (&rig, global, GST_TAG_SCOPE_GLOBAL);
    if (dates[i].stream)
      push_date (&rig, stream, GST_TAG_SCOPE_STREAM);
    g_assert_cmpint (identify (f, 0, &f->segment, 9).t_ns, ==, dates[i].start_ns);
    g_assert_cmpint (identify (f, 3, &f->segment, 99).t_ns, ==, dates[i].start_ns + 3);
    rig_clear (&rig);
  }
}

/* an identity that is there is kept, and takes no index */
static void
test_keeps_meta (Fixture *f, gconstpointer unused)
{
  const TribFrameInfo theirs = { .session = "theirs",
    .stream = "cam",
    .index = 9,
    .t_ns = -3,
    .time_source = TRIB_TIME_SOURCE_WALL,
    .quality = -1 };
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  TribFrameInfo info;

  trib_frame_meta_set (buffer, &theirs);
  trib_frame_stamper_identify (&f->stamper, NULL, buffer, &f->segment, "s", "v", WALL, &info);
  g_assert_cmpstr (info.session, ==, "theirs");
  g_assert_cmpuint (info.index, ==, 9);
  g_assert_cmpint (info.t_ns, ==, -3);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_WALL);
  info = identify (f, 0, &f->segment, WALL);
  g_assert_cmpuint (info.index, ==, 0);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
#define ADD(name, function) \
  g_test_add ("/frame-stamper/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("running-time", test_running_time);
  ADD ("playing", test_playing);
  ADD ("segment", test_segment);
  ADD ("wall", test_wall);
  ADD ("reference", test_reference);
  ADD ("ntp-of-uptime", test_ntp_of_uptime);
  ADD ("keeps-meta", test_keeps_meta);
  ADD ("live-pause", test_live_pause);
  ADD ("file-pause", test_file_pause);
  g_test_add ("/frame-stamper/origin", Fixture, "", set_up, test_file_pause, tear_down);
  ADD ("container-date", test_container_date);
  return trib_gst_test_run ();
}
