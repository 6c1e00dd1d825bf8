/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

#include <record/trib-record-reader.h>
#include <record/trib-record-transcode.h>

#include "gstrecordrefusals.h"

G_BEGIN_DECLS

/* Base class of elements that convert one record a buffer. An invalid record is dropped, counted by
 * reason and reported; the next buffer has the DISCONT flag. */

#define GST_TYPE_RECORD_CONVERT (gst_record_convert_get_type ())
G_DECLARE_DERIVABLE_TYPE (
    GstRecordConvert, gst_record_convert, GST, RECORD_CONVERT, GstBaseTransform)

struct _GstRecordConvertClass {
  GstBaseTransformClass parent_class;

  TribRecordFormat from;
  /* of gst_record_convert_fields, gst_record_refusals_fields, and perhaps TribRecordNotes */
  const TribFieldTable *stats;
  guint n_stats;
  const TribFieldTable *dropped; /* of gst_record_dropped_fields */

  /* Streaming thread. @r reads the buffer's bytes. Returns the new buffer, to which the caller
   * copies flags, timestamps and metas; NULL with @error set when the record is not valid. */
  GstBuffer *(*convert) (GstRecordConvert *self, TribRecordReader *r, GstBuffer *buffer,
      const GstMapInfo *map, TribRecordNotes *notes, GError **error);
};

#define GST_RECORD_N_CONVERT_FIELDS 4
extern const TribField gst_record_convert_fields[GST_RECORD_N_CONVERT_FIELDS];

/* to be called by the subclass's class_init */
void gst_record_convert_install_properties (GObjectClass *object_class, gboolean has_nan_policy);
TribRecordNanPolicy gst_record_convert_get_nan_policy (GstRecordConvert *self);
GstBuffer *gst_record_convert_transcode (TribRecordReader *r, TribRecordFormat to,
    TribRecordNanPolicy nan, gsize size_hint, const gchar *behind, TribRecordNotes *notes,
    GError **error);

G_END_DECLS
