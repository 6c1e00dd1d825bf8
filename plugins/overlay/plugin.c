/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gst/gst.h>

#include <frame/trib-frame-meta.h>

#include "gstobsoverlay.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  trib_frame_meta_register ();
  return GST_ELEMENT_REGISTER (obsoverlay, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributaryoverlay,
    "Draws observations on video", plugin_init, PACKAGE_VERSION, "LGPL", GST_PACKAGE_NAME,
    GST_PACKAGE_ORIGIN)
