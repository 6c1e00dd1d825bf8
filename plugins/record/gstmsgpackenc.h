/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstrecordconvert.h"

G_BEGIN_DECLS

#define GST_TYPE_MSGPACK_ENC (gst_msgpack_enc_get_type ())
G_DECLARE_FINAL_TYPE (GstMsgpackEnc, gst_msgpack_enc, GST, MSGPACK_ENC, GstRecordConvert)

GST_ELEMENT_REGISTER_DECLARE (msgpackenc)

G_END_DECLS
