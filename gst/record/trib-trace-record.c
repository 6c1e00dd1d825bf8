/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-trace-record.h"

#include <string.h>

#include "trib-json-writer.h"
#include "trib-record-envelope.h"

#define NS_PER_MS 1e6

static void
begin (TribJsonWriter *w, GString *out, TribRecordKind kind)
{
  const TribRecordKindInfo *info = trib_record_kind_info (kind);

  trib_json_writer_init (w, out);
  trib_json_writer_begin_object (w);
  trib_json_writer_member_string (w, trib_record_field (info->word)->name, info->name);
}

static TribJsonWriter *
field (TribJsonWriter *w, TribRecordFieldId id)
{
  trib_json_writer_key (w, trib_record_field (id)->name);
  return w;
}

/* U+FFFD takes three bytes where one was: what may grow is cut where it cannot grow too long */
static void
write_text (TribJsonWriter *w, const gchar *text)
{
  gsize len = strnlen (text, TRIB_RECORD_MAX_TEXT_BYTES + 1);
  gboolean valid;

  if (len <= TRIB_RECORD_MAX_TEXT_BYTES / 3) {
    trib_json_writer_string_len (w, text, len);
    return;
  }
  if (len > TRIB_RECORD_MAX_TEXT_BYTES) {
    len = TRIB_RECORD_MAX_TEXT_BYTES;
    while (len > TRIB_RECORD_MAX_TEXT_BYTES - 4 && ((guchar) text[len] & 0xc0) == 0x80)
      len--;
  }
  valid = g_utf8_validate_len (text, len, NULL);
  trib_json_writer_string_len (w, text, valid ? len : TRIB_RECORD_MAX_TEXT_BYTES / 3);
}

void
trib_trace_record_timing (GString *out, guint64 frame_id, const gchar *component,
    gint64 processing_ns, guint64 queue_depth)
{
  TribJsonWriter w;

  begin (&w, out, TRIB_RECORD_KIND_TIMING);
  trib_json_writer_uint (field (&w, TRIB_RECORD_FIELD_FRAME_ID), frame_id);
  write_text (field (&w, TRIB_RECORD_FIELD_COMPONENT), component);
  trib_json_writer_double (
      field (&w, TRIB_RECORD_FIELD_PROCESSING_MS), (gdouble) processing_ns / NS_PER_MS);
  trib_json_writer_uint (field (&w, TRIB_RECORD_FIELD_QUEUE_DEPTH), queue_depth);
  trib_json_writer_end_object (&w);
}

void
trib_trace_record_frame_drop (GString *out, guint64 frame_id, const guint64 *dropped_frame_ids,
    gsize n_dropped, const gchar *reason)
{
  TribJsonWriter w;

  begin (&w, out, TRIB_RECORD_KIND_FRAME_DROP);
  trib_json_writer_uint (field (&w, TRIB_RECORD_FIELD_FRAME_ID), frame_id);
  trib_json_writer_begin_array (field (&w, TRIB_RECORD_FIELD_DROPPED_FRAME_IDS));
  for (gsize i = 0; i < n_dropped; i++)
    trib_json_writer_uint (&w, dropped_frame_ids[i]);
  trib_json_writer_end_array (&w);
  write_text (field (&w, TRIB_RECORD_FIELD_REASON), reason);
  trib_json_writer_end_object (&w);
}

void
trib_trace_record_sync_delay (
    GString *out, guint64 frame_id, gint64 delay_ns, const gchar *const *waiting_for)
{
  TribJsonWriter w;

  begin (&w, out, TRIB_RECORD_KIND_SYNC_DELAY);
  trib_json_writer_uint (field (&w, TRIB_RECORD_FIELD_FRAME_ID), frame_id);
  trib_json_writer_double (field (&w, TRIB_RECORD_FIELD_DELAY_MS), (gdouble) delay_ns / NS_PER_MS);
  trib_json_writer_begin_array (field (&w, TRIB_RECORD_FIELD_WAITING_FOR));
  for (guint i = 0; waiting_for != NULL && waiting_for[i] != NULL && i < TRIB_RECORD_MAX_NAMES; i++)
    write_text (&w, waiting_for[i]);
  trib_json_writer_end_array (&w);
  trib_json_writer_end_object (&w);
}

void
trib_trace_record_lost (GString *out, guint64 full, guint64 too_large, guint64 failed)
{
  TribJsonWriter w;

  begin (&w, out, TRIB_RECORD_KIND_TRACE_LOST);
  trib_json_writer_uint (field (&w, TRIB_RECORD_FIELD_RECORDS), full + too_large + failed);
  trib_json_writer_uint (field (&w, TRIB_RECORD_FIELD_FULL), full);
  trib_json_writer_uint (field (&w, TRIB_RECORD_FIELD_TOO_LARGE), too_large);
  trib_json_writer_uint (field (&w, TRIB_RECORD_FIELD_FAILED), failed);
  trib_json_writer_end_object (&w);
}
