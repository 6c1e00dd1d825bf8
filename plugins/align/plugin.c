/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gst/gst.h>

#include <align/trib-align-debug.h>
#include <shared/trib-element-log.h>

#include <frame/trib-frame-meta.h>

#include "gstobsaligner.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  trib_frame_meta_register ();
  trib_element_log_bind (&trib_align_debug, NULL);
  return GST_ELEMENT_REGISTER (obsaligner, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributaryalign,
    "Brings observations of several sources together in time", plugin_init, PACKAGE_VERSION, "LGPL",
    GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
