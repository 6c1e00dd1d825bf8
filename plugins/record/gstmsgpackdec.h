/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstrecordconvert.h"

G_BEGIN_DECLS

#define GST_TYPE_MSGPACK_DEC (gst_msgpack_dec_get_type ())
G_DECLARE_FINAL_TYPE (GstMsgpackDec, gst_msgpack_dec, GST, MSGPACK_DEC, GstRecordConvert)

GST_ELEMENT_REGISTER_DECLARE (msgpackdec)

G_END_DECLS
