/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <record/trib-record.h>

G_BEGIN_DECLS

/* Records on pads: their caps, the choice of a format, the events that begin a stream, bytes of
 * buffers. */

#define TRIB_RECORD_CAPS_JSON "application/json"
#define TRIB_RECORD_CAPS_MSGPACK "application/x-msgpack"
#define TRIB_RECORD_CAPS TRIB_RECORD_CAPS_JSON "; " TRIB_RECORD_CAPS_MSGPACK

gboolean trib_record_caps_parse (const GstCaps *caps, TribRecordFormat *ret_format);
TribRecordFormat trib_record_caps_format (const GstCaps *caps);
GstCaps *trib_record_caps_new (TribRecordFormat format);

TribRecordFormat trib_pad_choose_record_format (GstPad *srcpad);
void trib_pad_push_stream_head (GstPad *srcpad, guint group_id, const gchar *suffix, GstCaps *caps);

GBytes *trib_memory_to_bytes (GstMemory *memory);

G_END_DECLS
