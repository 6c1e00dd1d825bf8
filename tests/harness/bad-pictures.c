/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers whose metas contradict the caps or their memory, in each element that maps video: what is
 * no picture costs itself only, is counted by reason and reported once; what is one is used. */
#include <gst/video/video.h>
#include <string.h>

#include "trib-gst-test.h"

#define CAPS "video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1"

typedef struct {
  const gchar *name, *refused; /* refused: the counter, NULL: it is a picture */
  gint width, height, stride;
  gsize offset, size;
  guint crop[4]; /* x, y, width, height */
} Picture;

static const Picture pictures[] = {
  { "larger", NULL, 128, 64, 128, 0, 128 * 64, { 0 } },
  { "crop", NULL, 128, 64, 128, 0, 128 * 64, { 63, 16, 64, 48 } },
  { "padded", NULL, 64, 48, 80, 16, 16 + 47 * 80 + 64, { 0 } },
  { "larger-than-memory", "refused-memory", 1920, 1080, 1920, 0, 64 * 48, { 0 } },
  { "short", "refused-memory", 64, 48, 64, 0, 64 * 48 - 1, { 0 } },
  { "offset", "refused-memory", 64, 48, 64, (gsize) -64, 64 * 48, { 0 } },
  { "stride", "refused-stride", 64, 48, -64, 47 * 64, 64 * 48, { 0 } },
  { "smaller", "refused-size", 32, 24, 64, 0, 64 * 48, { 0 } },
  { "crop-beyond", "refused-crop", 128, 64, 128, 0, 128 * 64, { 65, 16, 64, 48 } },
  { "crop-of-other-size", "refused-crop", 128, 64, 128, 0, 128 * 64, { 0, 0, 128, 64 } },
};

static const struct {
  const gchar *line;
  const gchar *dropped; /* the counter of all that are refused */
  GstMessageType message;
  guint n_messages; /* about three frames of one kind */
} elements[] = {
  { "frameencodebin format=raw", "failed-conversion", GST_MESSAGE_ELEMENT, 3 },
  { "frameencodebin format=jpeg", "failed-conversion", GST_MESSAGE_ELEMENT, 3 },
  { "frameencodebin format=png", "failed-conversion", GST_MESSAGE_ELEMENT, 3 },
  { "frameencodebin format=webp", "failed-conversion", GST_MESSAGE_ELEMENT, 3 },
  { "qualityextract", "dropped", GST_MESSAGE_WARNING, 1 },
  { "obsoverlay", "frames-dropped", GST_MESSAGE_WARNING, 1 },
};

/* 200 inside of the picture, 10 around it */
static GstBuffer *
make_buffer (const Picture *t)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, t->size, NULL);
  gsize offset[GST_VIDEO_MAX_PLANES] = { t->offset };
  gint stride[GST_VIDEO_MAX_PLANES] = { t->stride };

  gst_buffer_memset (buffer, 0, 10, t->size);
  if (t->refused == NULL)
    for (gsize y = 0; y < 48; y++)
      gst_buffer_memset (
          buffer, t->offset + (y + t->crop[1]) * (gsize) t->stride + t->crop[0], 200, 64);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8,
      (guint) t->width, (guint) t->height, 1, offset, stride);
  if (t->crop[2] != 0) {
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (buffer);
    crop->x = t->crop[0];
    crop->y = t->crop[1];
    crop->width = t->crop[2];
    crop->height = t->crop[3];
  }
  return buffer;
}

static GstHarness *
harness (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);
  GstHarness *h;

  g_assert_no_error (error);
  h = gst_harness_new_with_element (gst_object_ref_sink (element), "sink", "src");
  gst_object_unref (element);
  gst_harness_set_src_caps_str (h, CAPS);
  return h;
}

static guint64
stat_of (GstHarness *h, const gchar *name)
{
  g_autoptr (GstStructure) stats = trib_element_stats (h->element);

  return trib_structure_uint64 (stats, name);
}

static guint
count_messages (GstBus *bus, GstMessageType type)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop (bus)) != NULL) {
    g_assert_cmpint (GST_MESSAGE_TYPE (message), !=, GST_MESSAGE_ERROR);
    n += GST_MESSAGE_TYPE (message) == type;
    gst_message_unref (message);
  }
  return n;
}

static void
check_picture (const gchar *line, GstBuffer *out)
{
  GstMapInfo map;

  if (strstr (line, "quality")) {
    g_autofree gchar *text = NULL;
    g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
    text = g_strndup ((const gchar *) map.data, map.size);
    g_assert_nonnull (strstr (text, "\"brightness\":200"));
    g_assert_nonnull (strstr (text, "\"contrast\":0"));
    gst_buffer_unmap (out, &map);
  } else if (strstr (line, "raw")) {
    g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
    g_assert_cmpuint (map.size, ==, 64 * 48);
    for (gsize i = 0; i < map.size; i++)
      g_assert_cmpuint (map.data[i], ==, 200);
    gst_buffer_unmap (out, &map);
  }
  /* what is cropped is not to be cropped again */
  if (!strstr (line, "obsoverlay") && !strstr (line, "quality"))
    g_assert_null (gst_buffer_get_video_crop_meta (out));
}

static void
test_element (gconstpointer data)
{
  guint e = GPOINTER_TO_UINT (data);
  static const Picture good = { "good", NULL, 64, 48, 64, 0, 64 * 48, { 0 } };

  if (strstr (elements[e].line, "frameencodebin")
      && !trib_test_need_elements ("frameencodebin", "jpegenc", "pngenc", "webpenc", NULL))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++) {
    const Picture *t = &pictures[i];
    g_autoptr (TribHarness) h = harness (elements[e].line);
    g_autoptr (GstBus) bus = gst_bus_new ();

    g_test_message ("%s", t->name);
    gst_element_set_bus (h->element, bus);
    for (guint n = 0; n < 3; n++) {
      g_autoptr (GstBuffer) out = NULL;
      g_assert_cmpint (gst_harness_push (h, make_buffer (t)), ==, GST_FLOW_OK);
      out = gst_harness_try_pull (h);
      g_assert_true ((out == NULL) == (t->refused != NULL));
      if (out != NULL)
        check_picture (elements[e].line, out);
    }
    g_assert_cmpuint (stat_of (h, elements[e].dropped), ==, t->refused ? 3 : 0);
    if (t->refused)
      g_assert_cmpuint (stat_of (h, t->refused), ==, 3);
    g_assert_cmpuint (
        count_messages (bus, elements[e].message), ==, t->refused ? elements[e].n_messages : 0);
    /* the next one is whole */
    g_assert_cmpint (gst_harness_push (h, make_buffer (&good)), ==, GST_FLOW_OK);
    {
      g_autoptr (GstBuffer) out = gst_harness_try_pull (h);
      g_assert_nonnull (out);
      check_picture (elements[e].line, out);
    }
    g_assert_cmpuint (stat_of (h, "frames-in"), ==, 4);
    gst_element_set_bus (h->element, NULL);
  }
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_auto (GStrv) words = g_strsplit (elements[i].line, " ", 2);
    g_autofree gchar *path = g_strdup_printf ("/bad-pictures/%s", elements[i].line);

    if (trib_test_need_elements (words[0], NULL))
      g_test_add_data_func (g_strdelimit (path, " =", '-'), GUINT_TO_POINTER (i), test_element);
  }
  return trib_gst_test_run ();
}
