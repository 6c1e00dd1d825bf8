/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the comment goes, that nothing is copied, and that what is no JPEG is left alone. */
#include <string.h>

#include <frame/trib-frame-meta.h>
#include <frame/trib-jpeg-comment.h>
#include <trib-gst-test.h>

#define JFIF "\xff\xe0\x00\x07JFIF\x00"
#define EXIF         \
  "\xff\xe1\x00\x06" \
  "Exif"
#define REST "\xff\xdb\x00\x03\x01\xff\xd9"
#define TEXT "{\"frame_id\":7,\"t_ns\":-1722513600000000005}"

typedef struct {
  const gchar *before;
  gsize before_len;
  const gchar *after;
  gsize after_len;
} Case;

#define CASE(before, after)                                    \
  {                                                            \
    (before), sizeof (before) - 1, (after), sizeof (after) - 1 \
  }

static GstBuffer *
buffer_of (const gchar *bytes, gsize len)
{
  return len > 0 ? gst_buffer_new_memdup (bytes, len) : gst_buffer_new ();
}

static void
test_place (void)
{
  static const Case cases[] = {
    CASE ("\xff\xd8" JFIF, REST),
    CASE ("\xff\xd8" JFIF EXIF, REST),
    CASE ("\xff\xd8", REST),
    CASE ("\xff\xd8", "\xff\xfe\x00\x04hi" REST),
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Case *c = &cases[i];
    g_autoptr (GString) all = g_string_new_len (c->before, (gssize) c->before_len);
    g_autoptr (GString) wanted = g_string_new_len (c->before, (gssize) c->before_len);
    g_autoptr (GstBuffer) out = NULL;
    GstMapInfo map;

    g_string_append_len (all, c->after, (gssize) c->after_len);
    g_string_append_len (wanted, "\xff\xfe", 2);
    g_string_append_c (wanted, 0);
    g_string_append_c (wanted, (gchar) (strlen (TEXT) + 2));
    g_string_append (wanted, TEXT);
    g_string_append_len (wanted, c->after, (gssize) c->after_len);
    out = trib_jpeg_comment_add (buffer_of (all->str, all->len), 7, -1722513600000000005);
    g_assert_true (gst_buffer_map (out, &map, GST_MAP_READ));
    g_assert_cmpmem (map.data, map.size, wanted->str, wanted->len);
    gst_buffer_unmap (out, &map);
  }
}

/* the same memory before and behind the comment; time and identity stay */
static void
test_shares (void)
{
  GstBuffer *in = buffer_of ("\xff\xd8" JFIF REST, sizeof ("\xff\xd8" JFIF REST) - 1);
  TribFrameInfo info = { .session = "s", .stream = "camera", .index = 77, .t_ns = 5 };
  g_autoptr (GstBuffer) out = NULL;
  const guint8 *bytes;
  TribFrameInfo kept;
  GstMapInfo map;

  trib_frame_meta_set (in, &info);
  GST_BUFFER_PTS (in) = 33;
  GST_BUFFER_DURATION (in) = 3;
  gst_buffer_map (in, &map, GST_MAP_READ);
  bytes = map.data;
  gst_buffer_unmap (in, &map);
  out = trib_jpeg_comment_add (in, G_MAXUINT64, G_MININT64);
  g_assert_cmpuint (gst_buffer_n_memory (out), ==, 3);
  for (guint i = 0; i < 3; i += 2) {
    g_assert_true (gst_memory_map (gst_buffer_peek_memory (out, i), &map, GST_MAP_READ));
    g_assert_true (map.data == bytes + (i == 0 ? 0 : 2 + sizeof (JFIF) - 1));
    gst_memory_unmap (gst_buffer_peek_memory (out, i), &map);
  }
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, 33);
  g_assert_cmpuint (GST_BUFFER_DURATION (out), ==, 3);
  g_assert_true (trib_frame_meta_get (out, &kept));
  g_assert_cmpuint (kept.index, ==, 77);
}

static void
test_left_alone (void)
{
  static const Case cases[] = {
    CASE ("", ""),
    CASE ("\xff", ""),
    CASE ("\xff\xd8", ""),
    CASE ("\xff\xd8\xff\xe0", ""),
    CASE ("\xff\xd8\xff\xe0\x00\x01", "\xff\xd9\xff\xd9"),
    CASE ("\xff\xd8\xff\xe0\xff\xff", "short"),
    CASE ("\xff\xd8\x00\x00\x00\x00", "no marker"),
    CASE ("\x89PNG", "\r\n\x1a\n"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GString) all = g_string_new_len (cases[i].before, (gssize) cases[i].before_len);
    GstBuffer *in;
    g_autoptr (GstBuffer) out = NULL;

    g_string_append_len (all, cases[i].after, (gssize) cases[i].after_len);
    in = buffer_of (all->str, all->len);
    out = trib_jpeg_comment_add (in, 1, 2);
    g_assert_true (out == in);
  }
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/jpeg-comment/OBS-9/place", test_place);
  g_test_add_func ("/jpeg-comment/shares", test_shares);
  g_test_add_func ("/jpeg-comment/left-alone", test_left_alone);
  return trib_gst_test_run ();
}
