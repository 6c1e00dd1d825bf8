/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is made of a frame behind framestamp and a tee has one identity everywhere. */
#include <common/trib-frame-id.h>
#include <frame/trib-frame-meta.h>
#include <string.h>

#include "kafka-reader.h"
#include "trib-gst-test.h"

#define FRAMES 20

static const gchar line[]
    = "videotestsrc is-live=true num-buffers=20 ! video/x-raw,width=32,height=32,framerate=100/1 ! "
      "framestamp stream-id=front ! tee name=t "
      "t. ! queue ! frameencodebin ! kafkabinarysink name=kafka bootstrap-servers=in-process "
      "t. ! queue ! extractorbin name=x branches=\"quality=qualityextract\" "
      "x.src ! fakesink name=frames signal-handoffs=true sync=false async=false "
      "x.obs ! fakesink name=obs signal-handoffs=true sync=false async=false";

typedef struct {
  GMutex lock;
  GPtrArray *ids; /* of frames behind extractorbin */
  GString *obs;
} Seen;

static void
on_frame (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  Seen *seen = data;
  TribFrameInfo info;

  g_assert_true (trib_frame_meta_get (buffer, &info));
  g_mutex_lock (&seen->lock);
  g_ptr_array_add (
      seen->ids, trib_frame_id_format (info.session, info.stream, info.index, info.t_ns));
  g_mutex_unlock (&seen->lock);
}

static void
on_record (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  Seen *seen = data;
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_mutex_lock (&seen->lock);
  g_string_append_len (seen->obs, (const gchar *) map.data, (gssize) map.size);
  g_string_append_c (seen->obs, '\n');
  g_mutex_unlock (&seen->lock);
  gst_buffer_unmap (buffer, &map);
}

static void
test_tee (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (120);
  g_autoptr (GstElement) pipeline = NULL, kafka = NULL, frames = NULL, obs = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autofree gchar *address = NULL;
  Seen seen = { .ids = g_ptr_array_new_with_free_func (g_free), .obs = g_string_new (NULL) };

  if (!trib_test_need_elements ("kafkabinarysink", "extractorbin", "jpegenc", NULL))
    return;
  pipeline = gst_parse_launch (line, NULL);
  kafka = gst_bin_get_by_name (GST_BIN (pipeline), "kafka");
  frames = gst_bin_get_by_name (GST_BIN (pipeline), "frames");
  obs = gst_bin_get_by_name (GST_BIN (pipeline), "obs");
  g_signal_connect (frames, "handoff", G_CALLBACK (on_frame), &seen);
  g_signal_connect (obs, "handoff", G_CALLBACK (on_record), &seen);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (trib_bus_wait (pipeline, GST_MESSAGE_EOS, 60000));
  /* the broker goes with the pipeline */
  g_object_get (kafka, "broker-address", &address, NULL);
  records = rig_read_topic (address, "vrs-metadata-stream");
  gst_element_set_state (pipeline, GST_STATE_NULL);

  g_assert_cmpuint (records->len, ==, FRAMES);
  g_assert_cmpuint (seen.ids->len, ==, FRAMES);
  for (guint i = 0; i < FRAMES; i++) {
    const gchar *id = seen.ids->pdata[i];
    g_autofree gchar *said = NULL;
    TribFrameIdView view;

    g_assert_nonnull (rig_find (records, id));
    g_assert_true (trib_frame_id_parse (id, -1, &view, NULL));
    said = g_strdup_printf (
        "\"frame_id\":%" G_GUINT64_FORMAT ",\"t_ns\":%" G_GINT64_FORMAT ",", view.index, view.t_ns);
    g_assert_nonnull (strstr (seen.obs->str, said));
  }
  g_ptr_array_unref (seen.ids);
  g_string_free (seen.obs, TRUE);
}

/* a sink stamps as well as framestamp does */
static void
test_origin_of_a_sink (void)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (120);
  g_autoptr (GstElement) pipeline = NULL, kafka = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autofree gchar *address = NULL;

  if (!trib_test_need_elements ("kafkabinarysink", "jpegenc", NULL))
    return;
  pipeline = gst_parse_launch (
      "videotestsrc num-buffers=2 ! video/x-raw,width=32,height=32,framerate=1/1 ! jpegenc ! "
      "kafkabinarysink name=kafka bootstrap-servers=in-process session-id=s "
      "time-origin=2026-01-31T12:00:00Z",
      NULL);
  kafka = gst_bin_get_by_name (GST_BIN (pipeline), "kafka");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (trib_bus_wait (pipeline, GST_MESSAGE_EOS, 60000));
  g_object_get (kafka, "broker-address", &address, NULL);
  records = rig_read_topic (address, "vrs-metadata-stream");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_nonnull (rig_find (records, "s_video-0_0_1769860800000000000"));
  g_assert_nonnull (rig_find (records, "s_video-0_1_1769860801000000000"));
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/framestamp/tee", test_tee);
  g_test_add_func ("/framestamp/origin-of-a-sink", test_origin_of_a_sink);
  return trib_gst_test_run ();
}
