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

static void
test_reference (Fixture *f, gconstpointer unused)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  g_autoptr (GstCaps) ntp = gst_caps_new_empty_simple ("timestamp/x-ntp");
  TribFrameInfo info;

  GST_BUFFER_PTS (buffer) = 5;
  gst_buffer_add_reference_timestamp_meta (buffer, ntp, 11, GST_CLOCK_TIME_NONE);
  trib_frame_stamper_identify (&f->stamper, NULL, buffer, &f->segment, "s", "v", WALL, &info);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_RUNNING_TIME);
  gst_buffer_add_reference_timestamp_meta (buffer, unix_time, 12, GST_CLOCK_TIME_NONE);
  trib_frame_stamper_identify (&f->stamper, NULL, buffer, &f->segment, "s", "v", WALL, &info);
  g_assert_cmpint (info.time_source, ==, TRIB_TIME_SOURCE_REFERENCE);
  g_assert_cmpint (info.t_ns, ==, 12);
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
  ADD ("keeps-meta", test_keeps_meta);
  return trib_gst_test_run ();
}
