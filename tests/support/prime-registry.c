/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting GStreamer writes the plugin registry. Done once by this program, it is not done by
 * several tests at the same time; in a build with sanitizers, only a program built with them can do
 * it. */
#include <gst/gst.h>

/* Of a build with sanitizers: what those plugins leak while they are looked at is not under test
 * either. */
__attribute__ ((visibility ("default"))) int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return 1;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  /* What other people's plugins complain about while they are looked at is not under test, here and
   * in the plugin scanner that is started. */
  g_unsetenv ("G_DEBUG");
  g_unsetenv ("GST_TRACERS");
  g_log_set_always_fatal (G_LOG_FATAL_MASK);

  if (!gst_init_check (&argc, &argv, &error)) {
    g_printerr ("GStreamer does not start: %s\n", error->message);
    return 1;
  }
  gst_deinit ();
  return 0;
}
