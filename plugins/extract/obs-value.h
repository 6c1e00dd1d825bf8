/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <record/trib-record-writer.h>

G_BEGIN_DECLS

/* Values of GStreamer's structures as values of records. */

/**
 * ObsValueWriter:
 * @w: where the values go
 * @max_bytes: how long what is written may get
 * @unconverted: number of values that a record cannot hold, written as null or omitted
 * @is_full: whether @max_bytes was reached: what was written is good for nothing
 *
 * Belongs to one thread.
 */
typedef struct {
  TribRecordWriter *w;
  gsize max_bytes;
  guint64 unconverted;
  gboolean is_full;
  GstElement *element; /* (nullable): what property() of a mapping reads */
} ObsValueWriter;

typedef gboolean (*ObsNameCheck) (const gchar *name);

gboolean obs_value_is_convertible (const GValue *value);
void obs_value_write (ObsValueWriter *v, const GValue *value);
void obs_value_write_fields (ObsValueWriter *v, const GstStructure *structure,
    const gchar *const *except, ObsNameCheck is_reserved);
gboolean obs_value_get_double (const GValue *value, gdouble *ret_number);

G_END_DECLS
