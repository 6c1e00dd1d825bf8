/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-encoder.h"

static const struct {
  const gchar *factory;
  const gchar *package; /* Debian's */
} encoders[] = {
  [TRIB_FRAME_FORMAT_RAW] = { NULL, NULL },
  [TRIB_FRAME_FORMAT_JPEG] = { "jpegenc", "gstreamer1.0-plugins-good" },
  [TRIB_FRAME_FORMAT_PNG] = { "pngenc", "gstreamer1.0-plugins-good" },
  [TRIB_FRAME_FORMAT_WEBP] = { "webpenc", "gstreamer1.0-plugins-bad" },
};

/* NULL for raw, which needs none */
const gchar *
frame_encoder_factory (TribFrameFormat format)
{
  return encoders[format].factory;
}

const gchar *
frame_encoder_package (TribFrameFormat format)
{
  return encoders[format].package;
}

static GstPad *
make_pad (GstBin *bin, const gchar *name, GstPadDirection direction, GstPad *peer)
{
  GstPad *pad = gst_object_ref_sink (gst_pad_new (name, direction));

  gst_pad_set_element_private (pad, bin);
  gst_pad_set_active (pad, TRUE);
  /* these pads have no parent, which the usual checks would refuse */
  if (direction == GST_PAD_SRC)
    gst_pad_link_full (pad, peer, GST_PAD_LINK_CHECK_NOTHING);
  else
    gst_pad_link_full (peer, pad, GST_PAD_LINK_CHECK_NOTHING);
  return pad;
}

/* NULL when there is no such element. Its state is locked: it needs no clock, and a state change of
 * the bin must not affect an encoder that is being exchanged. */
FrameEncoder *
frame_encoder_new (GstBin *bin, TribFrameFormat format, const FrameEncoderFunctions *functions)
{
  g_autoptr (GstPad) sink = NULL, src = NULL;
  GstElement *element = gst_element_factory_make (encoders[format].factory, NULL);
  FrameEncoder *e;

  if (element == NULL)
    return NULL;
  gst_element_set_locked_state (element, TRUE);
  e = g_new0 (FrameEncoder, 1);
  e->format = format;
  e->quality = -1;
  e->bin = bin;
  e->element = gst_object_ref_sink (element);
  gst_bin_add (bin, element);
  sink = gst_element_get_static_pad (element, "sink");
  src = gst_element_get_static_pad (element, "src");
  e->out = make_pad (bin, "out", GST_PAD_SINK, src);
  gst_pad_set_chain_function (e->out, functions->chain);
  gst_pad_set_event_function (e->out, functions->event);
  gst_pad_set_query_function (e->out, functions->out_query);
  e->feed = make_pad (bin, "feed", GST_PAD_SRC, sink);
  gst_pad_set_event_function (e->feed, functions->feed_event);
  gst_pad_set_query_function (e->feed, functions->feed_query);
  return e;
}

void
frame_encoder_free (FrameEncoder *e)
{
  if (e == NULL)
    return;
  gst_element_set_state (e->element, GST_STATE_NULL);
  gst_pad_set_active (e->feed, FALSE);
  gst_pad_set_active (e->out, FALSE);
  gst_bin_remove (e->bin, e->element);
  gst_clear_object (&e->element);
  gst_clear_object (&e->feed);
  gst_clear_object (&e->out);
  g_free (e);
}

/* FALSE when this encoder cannot change its quality any more, so that a new one is needed: webpenc
 * reads its properties when it starts */
gboolean
frame_encoder_set_quality (FrameEncoder *e, gint quality)
{
  gboolean started = GST_STATE (e->element) >= GST_STATE_PAUSED;

  if (e->quality == quality)
    return TRUE;
  if (e->format == TRIB_FRAME_FORMAT_WEBP && started)
    return FALSE;
  e->quality = quality;
  switch (e->format) {
    case TRIB_FRAME_FORMAT_JPEG:
      g_object_set (e->element, "quality", quality, NULL);
      break;
    case TRIB_FRAME_FORMAT_PNG:
      g_object_set (e->element, "compression-level", (guint) quality, NULL);
      break;
    case TRIB_FRAME_FORMAT_WEBP:
      g_object_set (e->element, "quality", (gfloat) quality, NULL);
      break;
    case TRIB_FRAME_FORMAT_RAW:
      break;
  }
  return TRUE;
}
