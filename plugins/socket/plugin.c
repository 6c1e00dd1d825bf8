/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gst/gst.h>

#include <socket/trib-socket-debug.h>
#include <shared/trib-element-log.h>

#include <frame/trib-frame-meta.h>

#include "gstobssink.h"
#include "gstobssrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  trib_frame_meta_register ();
  trib_element_log_bind (&trib_socket_debug, NULL);
  return GST_ELEMENT_REGISTER (obssink, plugin) && GST_ELEMENT_REGISTER (obssrc, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributarysocket,
    "Records and frames between processes through Unix sockets and FIFOs", plugin_init,
    PACKAGE_VERSION, "LGPL", GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
