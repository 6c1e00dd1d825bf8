/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cameras at obsaligner's pads: records that name session and stream. */
#include <string.h>

#include "obsaligner-rig.h"

static const gchar *const sources[] = { "face", "pose", "gesture", "quality" };

static void
push (GstHarness *h, const gchar *session, const gchar *stream, const gchar *source, guint frame,
    gint64 t_ms)
{
  g_autofree gchar *json = g_strdup_printf (
      "{\"type\":\"%s\",\"frame_id\":%u,\"t_ns\":%" G_GINT64_FORMAT ",\"session\":\"%s\","
      "\"stream\":\"%s\",\"source\":\"%s\"}",
      source, frame, t_ms * 1000000, session, stream, source);

  rig_push (h, json);
}

static void
push_frame (GstHarness *h, const gchar *session, const gchar *stream, guint frame)
{
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    push (h, session, stream, sources[i], frame, frame * 33);
}

/* (transfer full): the next fused record, as it stands */
static gchar *
pull (Rig *rig)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (rig->h);
  gsize size = gst_buffer_get_size (buffer);
  gchar *text = g_malloc0 (size + 1);

  gst_buffer_extract (buffer, 0, text, size);
  return text;
}

/* the next fused record is of that frame of that camera */
static void
expect (Rig *rig, const gchar *session, const gchar *stream, guint frame, const gchar *reason)
{
  g_autofree gchar *record = pull (rig);
  g_autofree gchar *head = g_strdup_printf ("{\"type\":\"fused\",\"frame_id\":%u,\"t_ns\":%u,"
                                            "\"session\":\"%s\",\"stream\":\"%s\",",
      frame, frame * 33000000, session, stream);
  g_autofree gchar *why = g_strdup_printf ("\"reason\":\"%s\"", reason);

  if (!g_str_has_prefix (record, head) || strstr (record, why) == NULL)
    g_error ("%s is not %s of %s", record, reason, head);
}

/* Two cameras of four sources each, with equal frame ids and times; the second one restarts at
 * once. One fused record a frame and camera. */
static void
test_two_cameras (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=face,pose,gesture,quality");

  rig_at (rig, 1);
  for (guint frame = 0; frame < 20; frame++) {
    const gchar *second = frame < 10 ? "s2" : "s3";
    guint of_second = frame % 10;

    push (rig->h, "s1", "left", "face", frame, frame * 33);
    push_frame (rig->h, second, "right", of_second);
    expect (rig, second, "right", of_second, "complete");
    for (guint i = 1; i < G_N_ELEMENTS (sources); i++)
      push (rig->h, "s1", "left", sources[i], frame, frame * 33);
    expect (rig, "s1", "left", frame, "complete");
  }
  rig_end (rig, "");
  g_assert_cmpuint (rig_stat (rig, "frames-fused"), ==, 40);
  g_assert_cmpuint (rig_stat (rig, "frames-complete"), ==, 40);
  g_assert_cmpuint (rig_stat (rig, "records-emitted"), ==, 160);
  g_assert_cmpuint (rig_stat (rig, "records-late"), ==, 0);
  rig_assert_closed (rig);
}

/* a pad for each camera, whose sources have the same names: the end of one ends no other */
static void
test_pad_of_each (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new_pads ("sources=face,pose", 2);

  rig_at (rig, 1);
  push (rig->more[0], "s1", "left", "face", 0, 0);
  push (rig->more[0], "s1", "left", "pose", 0, 0);
  push (rig->more[1], "s1", "right", "face", 0, 0);
  expect (rig, "s1", "left", 0, "complete");
  gst_harness_push_event (rig->more[0], gst_event_new_eos ());
  rig_at (rig, 50);
  g_assert_cmpuint (gst_harness_buffers_in_queue (rig->h), ==, 0);
  push (rig->more[1], "s1", "right", "pose", 0, 0);
  expect (rig, "s1", "right", 0, "complete");
  g_assert_cmpuint (rig_stat (rig, "source-conflicts"), ==, 0);
  gst_harness_push_event (rig->more[1], gst_event_new_flush_start ());
  gst_harness_push_event (rig->more[1], gst_event_new_flush_stop (TRUE));
  rig_assert_closed (rig);
}

/* messages name the stream */
static void
test_messages (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (Rig) rig = rig_new ("sources=face,pose");
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *s;

  gst_element_set_bus (rig->element, bus);
  rig_at (rig, 1);
  push (rig->h, "s1", "left", "face", 7, 0);
  push (rig->h, "s1", "right", "face", 7, 0);
  push (rig->h, "s1", "right", "face", 7, 0);
  message = trib_bus_wait_element (rig->element, "obsaligner-duplicate", 10000);
  s = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (s, "session"), ==, "s1");
  g_assert_cmpstr (gst_structure_get_string (s, "stream"), ==, "right");
  g_assert_cmpstr (gst_structure_get_string (s, "source"), ==, "face");
  g_assert_cmpuint (trib_structure_uint64 (s, "frame-id"), ==, 7);
  g_assert_cmpuint (trib_structure_uint64 (s, "count"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "records-duplicate"), ==, 1);
  gst_element_set_bus (rig->element, NULL);
}

/* Eighty sources that came and went with their pads: the next one is used. */
static void
test_short_lived_pads (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=face?");

  rig_at (rig, 1);
  push (rig->h, "s", "c", "face", 0, 0);
  expect (rig, "s", "c", 0, "complete");
  for (guint i = 1; i <= 80; i++) {
    g_autofree gchar *pad_name = g_strdup_printf ("sink_%u", i);
    g_autofree gchar *source = g_strdup_printf ("branch-%u", i);
    GstHarness *h = gst_harness_new_with_element (rig->element, pad_name, NULL);

    gst_harness_set_src_caps_str (h, "application/json");
    push (h, "s", "c", source, i, i * 33);
    /* releases the pad */
    gst_harness_teardown (h);
    rig_at (rig, 1 + i * 200);
    expect (rig, "s", "c", i, "timeout");
  }
  g_assert_cmpuint (rig_stat (rig, "records-dropped-sources"), ==, 0);
  rig_assert_closed (rig);
}

/* names of pads are sink_ and digits */
static void
test_pad_names (void)
{
  static const gchar *const refused[]
      = { "sink_-1", "sink_+1", "sink_1x", "sink_", "sink_4294967296", "sink_ 1" };
  g_autoptr (GstElement) e = gst_object_ref_sink (gst_element_factory_make ("obsaligner", NULL));
  GstPadTemplate *templ = gst_element_get_pad_template (e, "sink_%u");
  g_autoptr (GstPad) seven = gst_element_request_pad (e, templ, "sink_7", NULL);
  g_autoptr (GstPad) next = gst_element_request_pad (e, templ, NULL, NULL);

  g_assert_cmpstr (GST_PAD_NAME (seven), ==, "sink_7");
  g_assert_cmpstr (GST_PAD_NAME (next), ==, "sink_8");
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    g_assert_null (GST_ELEMENT_GET_CLASS (e)->request_new_pad (e, templ, refused[i], NULL));
}

/* arrival less capture, where both are of one clock: not those of a recording */
static void
test_delay (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autoptr (Rig) rig = rig_new ("sources=face");
  g_autofree gchar *live = NULL, *recorded = NULL;

  rig_at (rig, 40);
  push (rig->h, "s1", "c", "face", 1, 33);
  live = pull (rig);
  g_assert_nonnull (strstr (live, "\"delay_ms\":7.0"));
  rig_at (rig, 70000);
  push (rig->h, "s2", "c", "face", 1, 33);
  recorded = pull (rig);
  g_assert_nonnull (strstr (recorded, "\"have\":{\"face\":{"));
  g_assert_null (strstr (recorded, "delay_ms"));
  rig_end (rig, "");
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/obsaligner/streams/two-cameras", test_two_cameras);
  g_test_add_func ("/obsaligner/streams/pad-of-each", test_pad_of_each);
  g_test_add_func ("/obsaligner/streams/messages", test_messages);
  g_test_add_func ("/obsaligner/short-lived-pads", test_short_lived_pads);
  g_test_add_func ("/obsaligner/pad-names", test_pad_names);
  g_test_add_func ("/obsaligner/delay", test_delay);
  return trib_gst_test_run ();
}
