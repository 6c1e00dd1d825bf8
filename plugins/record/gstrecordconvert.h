/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

#include <record/trib-record-reader.h>
#include <record/trib-record-transcode.h>

#include "gstrecordrefusals.h"

G_BEGIN_DECLS

/* One record in, one record of another form out: what the elements of that kind share. A record that
 * cannot be read is dropped, counted by reason and told; the stream goes on, and the next buffer has
 * DISCONT. */

#define GST_TYPE_RECORD_CONVERT (gst_record_convert_get_type ())
G_DECLARE_DERIVABLE_TYPE (
    GstRecordConvert, gst_record_convert, GST, RECORD_CONVERT, GstBaseTransform)

struct _GstRecordConvertClass {
  GstBaseTransformClass parent_class;

  TribRecordFormat from;
  const gchar *stats_name;
  const gchar *dropped_message;

  /* Streaming thread. @r was given the buffer's bytes. Returns the new buffer, whose flags,
   * timestamps and metas the caller copies; NULL with @error set when the record cannot be used. */
  GstBuffer *(*convert) (GstRecordConvert *self, TribRecordReader *r, GstBuffer *buffer,
      const GstMapInfo *map, TribRecordNotes *notes, GError **error);
  /* (nullable) adds the fields that are the subclass's own; no lock is held */
  void (*add_stats) (GstRecordConvert *self, const TribRecordNotes *notes, GstStructure *stats);
};

/* properties that a subclass adds begin behind these */
enum {
  GST_RECORD_CONVERT_PROP_0,
  GST_RECORD_CONVERT_PROP_MAX_RECORD_BYTES,
  GST_RECORD_CONVERT_PROP_STATS,
  GST_RECORD_CONVERT_N_PROPS
};

/* to be called by the subclass's class_init */
void gst_record_convert_install_properties (GObjectClass *object_class);
GstBuffer *gst_record_convert_transcode (TribRecordReader *r, TribRecordFormat to,
    TribRecordNanPolicy nan, gsize size_hint, const gchar *behind, TribRecordNotes *notes,
    GError **error);

G_END_DECLS
