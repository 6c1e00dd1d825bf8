/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstrecordrefusals.h"

#include <string.h>

void
gst_record_refusals_clear (GstRecordRefusals *refusals)
{
  g_free (refusals->last_text);
  memset (refusals, 0, sizeof *refusals);
}

gboolean
gst_record_refusals_add (
    GstRecordRefusals *refusals, const GError *why, guint64 record, guint64 offset)
{
  g_assert (why->domain == TRIB_RECORD_ERROR && (guint) why->code < TRIB_RECORD_N_ERRORS);
  g_free (refusals->last_text);
  refusals->last_text = g_strdup (why->message);
  refusals->last_record = record;
  refusals->last_offset = offset;
  return refusals->counts[why->code]++ == 0;
}

guint64
gst_record_refusals_total (const GstRecordRefusals *refusals)
{
  guint64 total = 0;

  for (guint i = 0; i < TRIB_RECORD_N_ERRORS; i++)
    total += refusals->counts[i];
  return total;
}

void
gst_record_refusals_to_stats (const GstRecordRefusals *refusals, GstStructure *stats)
{
  /* none of these elements looks at fields */
  for (guint i = 0; i < TRIB_RECORD_ERROR_FIELD; i++) {
    gchar name[32];

    g_snprintf (name, sizeof name, "dropped-%s", trib_record_error_reason ((TribRecordError) i));
    gst_structure_set (stats, name, G_TYPE_UINT64, refusals->counts[i], NULL);
  }
  gst_structure_set (stats, "last-dropped", G_TYPE_STRING,
      refusals->last_text != NULL ? refusals->last_text : "", "last-dropped-record", G_TYPE_UINT64,
      refusals->last_record, "last-dropped-offset", G_TYPE_UINT64, refusals->last_offset, NULL);
}

void
gst_record_refusal_post (
    GstElement *element, const gchar *name, const GError *why, guint64 record, guint64 offset)
{
  gst_element_post_message (
      element, gst_message_new_element (GST_OBJECT (element),
                   gst_structure_new (name, "reason", G_TYPE_STRING,
                       trib_record_error_reason ((TribRecordError) why->code), "text",
                       G_TYPE_STRING, why->message, "record", G_TYPE_UINT64, record, "offset",
                       G_TYPE_UINT64, offset, NULL)));
}
