/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <frame/trib-frame-meta.h>

#include "gstmsgpackenc.h"
#include "gstmsgpackdec.h"
#include "gstndjsonenc.h"
#include "gstndjsonparse.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  trib_frame_meta_register ();
  return GST_ELEMENT_REGISTER (msgpackenc, plugin) && GST_ELEMENT_REGISTER (msgpackdec, plugin)
         && GST_ELEMENT_REGISTER (ndjsonenc, plugin) && GST_ELEMENT_REGISTER (ndjsonparse, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributaryrecord,
    "Records of JSON and MessagePack, and lines of them", plugin_init, PACKAGE_VERSION, "LGPL",
    GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
