/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames behind headers through a FIFO, from obssink to obssrc (OBS-10). */
#include "obs-socket-rig.h"

#include <frame/trib-frame-meta.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PROPERTIES "socket-type=fifo framing=length-header "
#define N_FRAMES 100

typedef struct {
  TribTestDir *dir;
  gchar *location;
  GstHarness *src;
  GstHarness *sink;
} Rig;

static GstHarness *
make_harness (const gchar *name, const gchar *location, gboolean sink)
{
  GstElement *element
      = rig_element (name, location, sink ? PROPERTIES "max-records=1000" : PROPERTIES);
  GstHarness *h = gst_harness_new_with_element (element, sink ? "sink" : NULL, sink ? NULL : "src");
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (element, bus);
  gst_object_unref (element);
  return h;
}

static void
start_sink (Rig *rig)
{
  rig->sink = make_harness ("obssink", rig->location, TRUE);
  gst_harness_set_src_caps_str (rig->sink, "image/jpeg");
  rig_wait_stat (rig->sink->element, "receivers-now", 1);
}

static void
stop_sink (Rig *rig)
{
  gst_element_set_state (rig->sink->element, GST_STATE_NULL);
  rig_assert_sink_closes (rig->sink->element);
  gst_element_set_bus (rig->sink->element, NULL);
  g_clear_pointer (&rig->sink, gst_harness_teardown);
}

static Rig *
rig_new (void)
{
  Rig *rig = g_new0 (Rig, 1);

  rig->dir = trib_test_dir_new ();
  rig->location = g_build_filename (rig->dir, "frames", NULL);
  rig->src = make_harness ("obssrc", rig->location, FALSE);
  gst_harness_set_sink_caps_str (rig->src, "image/jpeg");
  gst_harness_play (rig->src);
  return rig;
}

static void
rig_free (Rig *rig)
{
  if (rig->sink != NULL)
    stop_sink (rig);
  gst_element_set_state (rig->src->element, GST_STATE_NULL);
  rig_assert_src_closes (rig->src->element);
  g_assert_false (g_file_test (rig->location, G_FILE_TEST_EXISTS));
  gst_element_set_bus (rig->src->element, NULL);
  gst_harness_teardown (rig->src);
  g_free (rig->location);
  trib_test_dir_free (rig->dir);
  g_free (rig);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

/* bytes that begin and end as a JPEG does, in two memories */
static GstBuffer *
make_frame (guint64 index)
{
  g_autofree gchar *middle = g_strnfill (1000 + index, (gchar) index);
  g_autofree gchar *text = g_strconcat ("\xff\xd8", middle, "\xff\xd9", NULL);
  gsize len = strlen (text);

  return gst_buffer_append (
      gst_buffer_new_memdup (text, 10), gst_buffer_new_memdup (text + 10, len - 10));
}

static void
push (Rig *rig, guint64 index, gint64 t_ns)
{
  const TribFrameInfo info = { .session = "s", .stream = "v", .index = index, .t_ns = t_ns };
  GstBuffer *buffer = make_frame (index);

  trib_frame_meta_set (buffer, &info);
  g_assert_cmpint (gst_harness_push (rig->sink, buffer), ==, GST_FLOW_OK);
}

/* Returns: its session */
static gchar *
assert_next (Rig *rig, guint64 index, gint64 t_ns)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (rig->src);
  g_autoptr (GstBuffer) wanted = make_frame (index);
  g_autofree gchar *bytes = NULL;
  gsize size = gst_buffer_get_size (wanted);
  TribFrameInfo info;

  bytes = g_malloc (size);
  gst_buffer_extract (wanted, 0, bytes, size);
  g_assert_cmpuint (gst_buffer_get_size (buffer), ==, size);
  g_assert_cmpint (gst_buffer_memcmp (buffer, 0, bytes, size), ==, 0);
  g_assert_true (GST_BUFFER_PTS_IS_VALID (buffer));
  g_assert_true (trib_frame_meta_get (buffer, &info));
  g_assert_cmpuint (info.index, ==, index);
  g_assert_cmpint (info.t_ns, ==, t_ns);
  g_assert_cmpstr (info.stream, ==, "video-0");
  g_assert_cmpstr (info.format, ==, "jpeg");
  g_assert_true (info.key);
  return g_strdup (info.session);
}

/* all, to the byte, with ids and times of any size; another writer is another session */
static void
test_frames (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autofree gchar *first = NULL;
  g_autofree gchar *second = NULL;

  start_sink (rig);
  for (guint i = 0; i < N_FRAMES; i++)
    push (rig, i + 1, G_MAXINT64 - i);
  for (guint i = 0; i < N_FRAMES; i++) {
    g_free (first);
    first = assert_next (rig, i + 1, G_MAXINT64 - i);
  }
  stop_sink (rig);
  rig_wait_stat (rig->src->element, "clients", 1);
  trib_assert_eventually (rig_stat (rig->src->element, "clients-now") == 0, RIG_WAIT_MS);
  start_sink (rig);
  push (rig, 1, G_MININT64);
  second = assert_next (rig, 1, G_MININT64);
  g_assert_cmpstr (first, !=, second);
}

static void
wait_error (GstElement *element, GQuark domain, gint code, const gchar *pattern)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (element);
  g_autoptr (GstMessage) message
      = gst_bus_timed_pop_filtered (bus, RIG_WAIT_MS * GST_MSECOND, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, domain, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("%s", error->message);
}

/* bare JPEGs where headers are expected */
static void
test_lost (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint fd = open (rig->location, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (
      write (fd, "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9", 22), ==, 22);
  wait_error (rig->src->element, GST_STREAM_ERROR, GST_STREAM_ERROR_DEMUX,
      "*boundary of frames is lost*at byte 0*length of 3774863615 bytes*framing=length-header*");
  g_assert_cmpuint (rig_stat (rig->src->element, "refused-syntax"), ==, 1);
  close (fd);
}

static void
test_no_identity (void)
{
  g_autoptr (Rig) rig = rig_new ();

  start_sink (rig);
  g_assert_cmpint (gst_harness_push (rig->sink, make_frame (1)), ==, GST_FLOW_ERROR);
  wait_error (rig->sink->element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "*framestamp*");
}

/* a wait for the first frame, or the rest of one, ends with the element */
static void
test_states (void)
{
  g_autoptr (Rig) rig = rig_new ();
  gint fd;

  gst_element_set_state (rig->src->element, GST_STATE_READY);
  gst_element_set_state (rig->src->element, GST_STATE_PLAYING);
  fd = open (rig->location, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (write (fd, "\x05\0\0\0", 4), ==, 4);
  rig_wait_stat (rig->src->element, "bytes-in", 4);
  gst_element_set_state (rig->src->element, GST_STATE_READY);
  g_assert_cmpuint (rig_stat (rig->src->element, "refused-half"), ==, 1);
  close (fd);
}

static void
test_settings (void)
{
  static const struct {
    const gchar *name, *properties, *said;
  } rows[] = {
    { "obssrc", "framing=length-header", "*socket-type=fifo*" },
    { "obssink", "framing=length-header", "*socket-type=fifo*" },
    { "obssrc", "socket-type=fifo", "*framing=length-header*" },
    { "obssrc", PROPERTIES "format=text", "*format=text*" },
    { "obssink", PROPERTIES "format=text", "*format=text*" },
  };
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "place", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstElement *element = rig_element (rows[i].name, location, rows[i].properties);
    g_autoptr (GstBus) bus = gst_bus_new ();

    gst_element_set_bus (element, bus);
    g_assert_cmpint (
        gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    wait_error (element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, rows[i].said);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, NULL);
    gst_object_unref (element);
  }
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/obs-frames/OBS-10/frames", test_frames);
  g_test_add_func ("/obs-frames/OBS-10/lost", test_lost);
  g_test_add_func ("/obs-frames/no-identity", test_no_identity);
  g_test_add_func ("/obs-frames/states", test_states);
  g_test_add_func ("/obs-frames/settings", test_settings);
  return trib_gst_test_run ();
}
