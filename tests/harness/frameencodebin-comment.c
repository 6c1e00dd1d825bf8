/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The comment that says which frame a JPEG is: there when asked for, and passed over by decoders
 * (OBS-9). */
#include <string.h>

#include <frame/trib-frame-meta.h>
#include <trib-gst-test.h>

#define CAPS "video/x-raw,format=I420,width=64,height=48,framerate=25/1"

static GstBuffer *
make_frame (void)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 64 * 48 * 3 / 2, NULL);

  gst_buffer_memset (buffer, 0, 100, 64 * 24);
  gst_buffer_memset (buffer, 64 * 24, 200, 64 * 24);
  gst_buffer_memset (buffer, 64 * 48, 128, 64 * 24);
  GST_BUFFER_PTS (buffer) = 0;
  return buffer;
}

/* @decoder reads @jpeg as it stands, comment and all, to the pixels of @plain */
static void
check_decodes (const gchar *decoder, GstBuffer *plain, GstBuffer *jpeg)
{
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstBuffer) one = NULL, two = NULL;
  GstMapInfo a, b;

  if (!trib_test_need_elements (decoder, NULL))
    return;
  h = gst_harness_new (decoder);
  gst_harness_set_src_caps_str (
      h, "image/jpeg,parsed=true,width=64,height=48,framerate=25/1,sof-marker=0");
  g_assert_cmpint (gst_harness_push (h, gst_buffer_ref (plain)), ==, GST_FLOW_OK);
  g_assert_cmpint (gst_harness_push (h, gst_buffer_ref (jpeg)), ==, GST_FLOW_OK);
  /* libav gives the last one at the end */
  gst_harness_push_event (h, gst_event_new_eos ());
  one = gst_harness_pull (h);
  two = gst_harness_pull (h);
  g_assert_true (gst_buffer_map (one, &a, GST_MAP_READ) && gst_buffer_map (two, &b, GST_MAP_READ));
  g_assert_cmpmem (a.data, a.size, b.data, b.size);
  gst_buffer_unmap (one, &a);
  gst_buffer_unmap (two, &b);
}

/* switched on between two frames; the index and capture time of the meta */
static void
test_comment (void)
{
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstBuffer) plain = NULL, told = NULL, png = NULL;
  g_autofree gchar *text = NULL;
  gchar bytes[100] = "";
  TribFrameInfo info;

  if (!trib_test_need_elements ("jpegenc", "pngenc", NULL))
    return;
  h = gst_harness_new ("frameencodebin");
  gst_harness_set_src_caps_str (h, CAPS);
  plain = gst_harness_push_and_pull (h, make_frame ());
  gst_util_set_object_arg (G_OBJECT (h->element), "identity-comment", "true");
  told = gst_harness_push_and_pull (h, make_frame ());
  g_assert_true (trib_frame_meta_get (told, &info));
  text = g_strdup_printf ("{\"frame_id\":1,\"t_ns\":%" G_GINT64_FORMAT "}", info.t_ns);
  g_assert_cmpuint (
      gst_buffer_get_size (told), ==, gst_buffer_get_size (plain) + 4 + strlen (text));
  g_assert_cmpuint (gst_buffer_n_memory (told), ==, 3);
  /* behind SOI and the 18 bytes of JFIF's segment */
  gst_buffer_extract (told, 20, bytes, 4 + strlen (text));
  g_assert_cmpint (memcmp (bytes, "\xff\xfe\0", 3), ==, 0);
  g_assert_cmpstr (bytes + 4, ==, text);
  check_decodes ("jpegdec", plain, told);
  check_decodes ("avdec_mjpeg", plain, told);
  /* no place for one in other formats */
  gst_util_set_object_arg (G_OBJECT (h->element), "format", "png");
  png = gst_harness_push_and_pull (h, make_frame ());
  gst_buffer_extract (png, 0, bytes, 4);
  g_assert_cmpint (memcmp (bytes, "\x89PNG", 4), ==, 0);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/frameencodebin/OBS-9/identity-comment", test_comment);
  return trib_gst_test_run ();
}
