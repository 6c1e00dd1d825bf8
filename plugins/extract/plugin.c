/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gst/gst.h>

#include <extract/trib-extract-debug.h>
#include <shared/trib-element-log.h>

#include <frame/trib-frame-meta.h>

#include "gstextractorbin.h"
#include "gstmessageextract.h"
#include "gstqualityextract.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  trib_frame_meta_register ();
  trib_element_log_bind (&trib_extract_debug, NULL);
  return GST_ELEMENT_REGISTER (extractorbin, plugin)
         && GST_ELEMENT_REGISTER (messageextract, plugin)
         && GST_ELEMENT_REGISTER (qualityextract, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributaryextract,
    "Extractors of observations, in parallel and within a time budget", plugin_init,
    PACKAGE_VERSION, "LGPL", GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
