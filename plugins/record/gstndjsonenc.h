/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstrecordconvert.h"

G_BEGIN_DECLS

#define GST_TYPE_NDJSON_ENC (gst_ndjson_enc_get_type ())
G_DECLARE_FINAL_TYPE (GstNdjsonEnc, gst_ndjson_enc, GST, NDJSON_ENC, GstRecordConvert)

GST_ELEMENT_REGISTER_DECLARE (ndjsonenc)

G_END_DECLS
