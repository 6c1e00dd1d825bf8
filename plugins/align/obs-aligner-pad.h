/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <record/trib-record-reader.h>

#include "gstobsaligner.h"

G_BEGIN_DECLS

#define GST_TYPE_OBS_ALIGNER_PAD (gst_obs_aligner_pad_get_type ())
G_DECLARE_FINAL_TYPE (GstObsAlignerPad, gst_obs_aligner_pad, GST, OBS_ALIGNER_PAD, GstPad)

struct _GstObsAlignerPad {
  GstPad parent;

  /* OBJECT_LOCK of the pad */
  gchar *source; /* (nullable): of records that do not name one */

  /* streaming thread */
  GstSegment segment;
  TribRecordFormat format;
  TribRecordReader *reader;

  /* lock of the element */
  gboolean seen; /* it had a stream-start: it is in use even when unlinked */
  gboolean eos;
  gboolean flushing;
  gboolean awaits_flush; /* a seek was sent upstream, its flush has not arrived */
  gint64 offset;         /* running time less t_ns, of its last record */
  gboolean has_offset;
};

GstPad *obs_aligner_pad_new (GstPadTemplate *templ, const gchar *name);
void obs_aligner_pad_end (GstObsAligner *self, GstObsAlignerPad *pad, gboolean by_eos);
gboolean obs_aligner_src_event (GstPad *pad, GstObject *parent, GstEvent *event);

G_END_DECLS
