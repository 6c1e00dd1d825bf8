/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <frame/trib-frame-convert.h>
#include <frame/trib-frame-map.h>

#include "frame-encoder.h"
#include "frame-identity.h"

G_BEGIN_DECLS

/* The instance, shared by its two parts: gstframeencodebin.c (properties and states, the
 * application's threads) and frame-encode-stream.c (pads, streaming thread). */

GST_DEBUG_CATEGORY_EXTERN (frame_encode_bin_debug);

typedef enum {
  FRAMES_IN,
  FRAMES_OUT,
  BYTES_IN,
  BYTES_OUT,
  SWITCHES,
  FAILED_SETUP,
  FAILED_CONVERSION,
  FAILED_ENCODER,
  FAILED_NEGOTIATION,
  DROPPED_SEGMENT,
  DROPPED_FLUSH,
  PENDING, /* made of the others */
  REFUSED, /* one for each TribFrameFault: those of FAILED_CONVERSION */
  N_COUNTERS = REFUSED + TRIB_FRAME_N_FAULTS
} Counter;

typedef struct {
  TribFrameFormat format;
  gint quality;
  gboolean identity_comment;
} Request;

/* as the properties say */
typedef struct {
  Request request;
  FrameIdentitySettings identity;
} FrameEncodeSettings;

#define GST_TYPE_FRAME_ENCODE_BIN (gst_frame_encode_bin_get_type ())
G_DECLARE_FINAL_TYPE (GstFrameEncodeBin, gst_frame_encode_bin, GST, FRAME_ENCODE_BIN, GstBin)

struct _GstFrameEncodeBin {
  GstBin parent;

  /* set once */
  GstPad *sinkpad;
  GstPad *srcpad;

  /* OBJECT_LOCK */
  FrameEncodeSettings settings;
  Request request; /* for the next frame: follows when all of one g_object_set() is set */
  guint64 counters[N_COUNTERS];
  gboolean child_error; /* an encoder posted an error: one is enough */

  /* as it says */
  FrameIdentity identity;

  /* streaming thread, or a state change while the pads are inactive */
  Request applied;
  gboolean has_applied;
  gboolean configured;
  GstCaps *caps;
  GstVideoInfo info;
  GstSegment segment;
  GQueue held; /* events that the caps must precede */
  TribFrameConvert *convert;
  FrameEncoder *encoder; /* NULL for raw */
};

/* for the sink pad */
GstFlowReturn frame_encode_stream_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer);
gboolean frame_encode_stream_event (GstPad *pad, GstObject *parent, GstEvent *event);
gboolean frame_encode_stream_query (GstPad *pad, GstObject *parent, GstQuery *query);
/* while the pads are inactive */
void frame_encode_stream_reset (GstFrameEncodeBin *self);
/* any thread */
const gchar *frame_encode_counter_name (Counter counter);
void frame_encode_post_missing (GstFrameEncodeBin *self, TribFrameFormat format);

G_END_DECLS
