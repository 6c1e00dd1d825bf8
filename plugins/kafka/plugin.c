/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gstkafkabinarysink.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (kafkabinarysink, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tributarykafka,
    "Frames to Apache Kafka, with their bytes, their metadata and the proof of both", plugin_init,
    PACKAGE_VERSION, "LGPL", GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
