/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-envelope.h"

#include <string.h>

#include "trib-record-transcode.h"

static void
write_slice (TribRecordWriter *w, TribRecordSlice text)
{
  trib_record_writer_string_len (w, text.str, text.len);
}

static void
write_names (TribRecordWriter *w, const TribRecordEnvelope *e)
{
  trib_record_writer_begin_array (w);
  for (guint i = 0; i < MIN (e->n_names, TRIB_RECORD_MAX_NAMES); i++)
    write_slice (w, e->names[i]);
  trib_record_writer_end_array (w);
}

static void
write_value (TribRecordWriter *w, const TribRecordEnvelope *e, const TribRecordField *field)
{
  gconstpointer place = (const guint8 *) e + field->offset;

  switch (field->value) {
    case TRIB_RECORD_VALUE_TEXT:
      write_slice (w, *(const TribRecordSlice *) place);
      break;
    case TRIB_RECORD_VALUE_UINT:
      trib_record_writer_uint (w, *(const guint64 *) place);
      break;
    case TRIB_RECORD_VALUE_INT:
      trib_record_writer_int (w, *(const gint64 *) place);
      break;
    case TRIB_RECORD_VALUE_FLOAT:
      trib_record_writer_double (w, *(const gdouble *) place);
      break;
    case TRIB_RECORD_VALUE_BOOLEAN:
      trib_record_writer_boolean (w, *(const gboolean *) place);
      break;
    case TRIB_RECORD_VALUE_NAMES:
      write_names (w, e);
      break;
    default:
      /* words come from the kind, the rest from the functions below */
      g_assert_not_reached ();
  }
}

static gboolean
is_written_here (TribRecordFieldId field)
{
  switch (trib_record_field (field)->value) {
    case TRIB_RECORD_VALUE_WORD:
    case TRIB_RECORD_VALUE_UINTS:
    case TRIB_RECORD_VALUE_MAP:
    case TRIB_RECORD_VALUE_LIST:
      return FALSE;
    default:
      return TRUE;
  }
}

/**
 * trib_record_envelope_write_fields:
 * @w: a writer in a map
 * @e: as for trib_record_envelope_begin()
 * @first: the first of the fields
 * @behind: behind the last of them
 *
 * Writes those of the fields that are no lists and maps: for writers of such ones.
 */
void
trib_record_envelope_write_fields (
    TribRecordWriter *w, const TribRecordEnvelope *e, guint first, guint behind)
{
  const TribRecordKindInfo *info = trib_record_kind_info (e->kind);
  guint64 there = e->has & trib_record_kind_fields (e->kind);

  for (guint i = first; i < behind; i++) {
    const TribRecordField *field = trib_record_field ((TribRecordFieldId) i);

    if (i == info->word && i != TRIB_RECORD_FIELD_NOW_NS) {
      /* an observation needs no word */
      if (e->kind == TRIB_RECORD_KIND_OBS)
        continue;
      trib_record_writer_key (w, field->name);
      trib_record_writer_string (w, info->name);
    } else if ((there >> i) & 1 && is_written_here ((TribRecordFieldId) i)) {
      trib_record_writer_key (w, field->name);
      write_value (w, e, field);
    }
  }
}

/**
 * trib_record_envelope_begin:
 * @w: a writer that a value is due of
 * @e: kind, and the fields that `has` names; of those, the ones that records of the kind have
 *
 * Begins a map and writes the envelope into it. The caller adds the body and ends the map.
 */
void
trib_record_envelope_begin (TribRecordWriter *w, const TribRecordEnvelope *e)
{
  trib_record_writer_begin_map (w);
  trib_record_envelope_write_fields (w, e, 0, TRIB_RECORD_N_FIELDS);
}

/**
 * trib_record_envelope_write:
 * @w: a writer that a value is due of
 * @e: as for trib_record_envelope_begin()
 *
 * Writes a record without a body.
 */
void
trib_record_envelope_write (TribRecordWriter *w, const TribRecordEnvelope *e)
{
  trib_record_envelope_begin (w, e);
  trib_record_writer_end_map (w);
}

/**
 * trib_record_frame_drop_write:
 * @w: a writer that a value is due of
 * @e: the rest of the record; its kind is taken to be %TRIB_RECORD_KIND_FRAME_DROP
 * @frame_ids: (array length=n): the frames that were given up
 * @n: how many
 */
void
trib_record_frame_drop_write (
    TribRecordWriter *w, const TribRecordEnvelope *e, const guint64 *frame_ids, gsize n)
{
  g_assert (e->kind == TRIB_RECORD_KIND_FRAME_DROP);
  trib_record_writer_begin_map (w);
  trib_record_envelope_write_fields (w, e, 0, TRIB_RECORD_FIELD_DROPPED_FRAME_IDS);
  trib_record_writer_key (w, trib_record_field (TRIB_RECORD_FIELD_DROPPED_FRAME_IDS)->name);
  trib_record_writer_begin_array (w);
  for (gsize i = 0; i < n; i++)
    trib_record_writer_uint (w, frame_ids[i]);
  trib_record_writer_end_array (w);
  trib_record_envelope_write_fields (
      w, e, TRIB_RECORD_FIELD_DROPPED_FRAME_IDS + 1, TRIB_RECORD_N_FIELDS);
  trib_record_writer_end_map (w);
}
