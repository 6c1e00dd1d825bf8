/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_MESSAGE_EXTRACT (gst_message_extract_get_type ())
G_DECLARE_FINAL_TYPE (GstMessageExtract, gst_message_extract, GST, MESSAGE_EXTRACT, GstBin)

GST_ELEMENT_REGISTER_DECLARE (messageextract);

G_END_DECLS
