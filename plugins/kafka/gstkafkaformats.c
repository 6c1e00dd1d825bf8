/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstkafkaformats.h"

#include <string.h>

static const GstKafkaFormat formats[] = {
  { "image/jpeg", "jpeg", FALSE },
  { "image/png", "png", FALSE },
  { "image/webp", "webp", FALSE },
  { "video/x-raw", "raw", FALSE },
  { "video/x-h264", "h264", TRUE },
  { "video/x-h265", "h265", TRUE },
};

/* Returns: (nullable) */
const GstKafkaFormat *
gst_kafka_format_of_caps (const GstStructure *s)
{
  const gchar *name = gst_structure_get_name (s);

  return gst_kafka_format_of_type (name, strlen (name));
}

/* a media type as other producers may write it, in any case; Returns: (nullable) */
const GstKafkaFormat *
gst_kafka_format_of_type (const gchar *type, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strlen (formats[i].type) == len && g_ascii_strncasecmp (type, formats[i].type, len) == 0)
      return &formats[i];
  return NULL;
}
