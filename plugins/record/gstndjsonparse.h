/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_NDJSON_PARSE (gst_ndjson_parse_get_type ())
G_DECLARE_FINAL_TYPE (GstNdjsonParse, gst_ndjson_parse, GST, NDJSON_PARSE, GstElement)

GST_ELEMENT_REGISTER_DECLARE (ndjsonparse)

G_END_DECLS
