/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gst/gst.h>

#include "gstextractorbin.h"
#include "gstmessageextract.h"
#include "gstobsaligner.h"
#include "gstobsoverlay.h"
#include "gstobssink.h"
#include "gstobssrc.h"
#include "gstqualityextract.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (extractorbin, plugin)
         && GST_ELEMENT_REGISTER (messageextract, plugin)
         && GST_ELEMENT_REGISTER (obsaligner, plugin) && GST_ELEMENT_REGISTER (obsoverlay, plugin)
         && GST_ELEMENT_REGISTER (obssink, plugin) && GST_ELEMENT_REGISTER (obssrc, plugin)
         && GST_ELEMENT_REGISTER (qualityextract, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributaryobservation,
    "Observations of frames, brought together in time", plugin_init, PACKAGE_VERSION, "LGPL",
    GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
