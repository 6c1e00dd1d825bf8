/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <frame/trib-frame-convert.h>

G_BEGIN_DECLS

/* One encoder inside a bin, between two internal pads: buffers pushed into @feed reach the owner's
 * functions on @out, on the same thread. Created, used and freed on the streaming thread, or while
 * the pads are inactive. */
typedef struct {
  TribFrameFormat format;
  gint quality;
  GstBin *bin;         /* not owned: the owner of this */
  GstElement *element; /* owned by @bin too */
  GstPad *feed;
  GstPad *out;
} FrameEncoder;

typedef struct {
  GstPadChainFunction chain;
  GstPadEventFunction event;
  GstPadQueryFunction out_query;
  GstPadEventFunction feed_event;
  GstPadQueryFunction feed_query;
} FrameEncoderFunctions;

const gchar *frame_encoder_factory (TribFrameFormat format);
const gchar *frame_encoder_package (TribFrameFormat format);
FrameEncoder *frame_encoder_new (
    GstBin *bin, TribFrameFormat format, const FrameEncoderFunctions *functions);
void frame_encoder_free (FrameEncoder *e);
gboolean frame_encoder_set_quality (FrameEncoder *e, gint quality);

G_END_DECLS
