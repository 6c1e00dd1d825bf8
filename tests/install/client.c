/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An application outside this project: it has the installed headers and pkg-config's flags, nothing
 * else. */
#include <gst/gst.h>

#include <common/trib-frame-id.h>
#include <frame/trib-frame-meta.h>

int
main (int argc, char **argv)
{
  TribFrameInfo info
      = { .session = "client", .stream = "214-1", .index = 7, .t_ns = 1000, .quality = -1 };
  TribFrameInfo read = { 0 };
  GstBuffer *buffer;

  gst_init (&argc, &argv);
  buffer = gst_buffer_new ();
  trib_frame_meta_set (buffer, &info);
  if (!trib_frame_meta_get (buffer, &read))
    return 1;
  g_print ("%s %s %" G_GUINT64_FORMAT "\n", read.session, read.stream, read.index);
  gst_buffer_unref (buffer);
  return trib_frame_id_error_quark () == 0;
}
