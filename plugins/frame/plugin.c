/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gst/gst.h>

#include <shared/trib-element-log.h>

#include <frame/trib-frame-stamper.h>

#include <frame/trib-frame-meta.h>

#include "gstframeencodebin.h"
#include "gstframestamp.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  trib_frame_meta_register ();
  trib_element_log_bind (&trib_frame_debug, NULL);
  return GST_ELEMENT_REGISTER (frameencodebin, plugin) && GST_ELEMENT_REGISTER (framestamp, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributaryframe,
    "Frame identity and compression", plugin_init, PACKAGE_VERSION, "LGPL", GST_PACKAGE_NAME,
    GST_PACKAGE_ORIGIN)
