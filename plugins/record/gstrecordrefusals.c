/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstrecordrefusals.h"

#include <string.h>

typedef struct {
  const gchar *reason, *text;
  guint64 record, offset;
} Dropped;

static const gchar *
reason_to_string (guint reason)
{
  return trib_record_error_reason ((TribRecordError) reason);
}

#define DROPPED(field) G_STRUCT_OFFSET (Dropped, field)
#define LAST(field) G_STRUCT_OFFSET (GstRecordRefusals, field)

/* clang-format off */
const TribField gst_record_dropped_fields[GST_RECORD_N_DROPPED_FIELDS] = {
  { "reason", TRIB_FIELD_TEXT, DROPPED (reason), "syntax, utf8, truncated, limit, range or type" },
  { "text", TRIB_FIELD_TEXT, DROPPED (text), "what is wrong and where, as text for people" },
  { "record", TRIB_FIELD_UINT64, DROPPED (record),
    "number of the record from 0, of a line from 1" },
  { "offset", TRIB_FIELD_UINT64, DROPPED (offset),
    "of the error, in bytes of the record, or of the stream of lines" },
};
/* none of these elements reads the fields of a record, so there is no dropped-field */
const TribField gst_record_refusals_fields[GST_RECORD_N_REFUSALS_FIELDS] = {
  { "dropped-", TRIB_FIELD_COUNTS, LAST (counts),
    "invalid records by reason: not of the format; text that is not UTF-8; incomplete or empty; "
    "longer than the limit or nested deeper than 64 levels; a number that the other format cannot "
    "represent; a value or a key of the wrong type",
    .n = TRIB_RECORD_ERROR_FIELD, .to_string = reason_to_string },
  { "last-dropped", TRIB_FIELD_TEXT, LAST (last_text), "what was wrong with the last of them" },
  { "last-dropped-record", TRIB_FIELD_UINT64, LAST (last_record),
    "number of the record from 0, of a line from 1" },
  { "last-dropped-offset", TRIB_FIELD_UINT64, LAST (last_offset),
    "of the error, in bytes of the record, or of the stream of lines" },
};
/* clang-format on */

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

void
gst_record_refusal_post (GstElement *element, const TribFieldTable *table, const GError *why,
    guint64 record, guint64 offset)
{
  const Dropped dropped = { reason_to_string ((guint) why->code), why->message, record, offset };

  gst_element_post_message (element, trib_fields_to_message (element, table, &dropped));
}
