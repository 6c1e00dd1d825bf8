/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-fused.h"

#include <string.h>

#include "trib-record-splice.h"
#include "trib-record-transcode.h"

/* members that the aligner adds; an observation loses its own members of these names */
static const gchar *const ours[] = { "delay_ms", "stale_ms", NULL };

#define OURS_LEN 8 /* of each */
#define OURS_AT 5  /* place of the underscore, which is rare in records */

static gboolean
may_have_ours (TribRecordSlice record)
{
  const gchar *end = record.str + record.len;

  for (const gchar *at = record.str; (at = memchr (at, '_', (gsize) (end - at))) != NULL; at++) {
    if (at - record.str >= OURS_AT && end - at >= OURS_LEN - OURS_AT
        && (memcmp (at - OURS_AT, ours[0], OURS_LEN) == 0
            || memcmp (at - OURS_AT, ours[1], OURS_LEN) == 0))
      return TRUE;
  }
  return FALSE;
}

/* byte by byte when it is in the format that is written, and says nothing that we say */
static gboolean
begin_observation (
    TribRecordWriter *w, const TribRecordAnswer *answer, TribRecordReader *reader, GError **error)
{
  if (answer->format == w->format && !may_have_ours (answer->record)) {
    trib_record_writer_begin_map_from (w, answer->record);
    return TRUE;
  }
  trib_record_reader_set (reader, answer->format, answer->record.str, answer->record.len);
  trib_record_reader_next (reader);
  trib_record_writer_begin_map (w);
  return trib_record_copy_members (reader, w, ours, error);
}

static gdouble
to_ms (gint64 ns)
{
  return (gdouble) ns / 1e6;
}

static gboolean
put_observation (
    TribRecordWriter *w, const TribRecordAnswer *answer, TribRecordReader *reader, GError **error)
{
  if (!begin_observation (w, answer, reader, error))
    return FALSE;
  if (answer->delay_ns != TRIB_RECORD_NO_DELAY) {
    trib_record_writer_key (w, "delay_ms");
    trib_record_writer_double (w, to_ms (answer->delay_ns));
  }
  if (answer->stale_ns >= 0) {
    trib_record_writer_key (w, "stale_ms");
    trib_record_writer_double (w, to_ms (answer->stale_ns));
  }
  trib_record_writer_end_map (w);
  return TRUE;
}

/* a source with several records, of parts or of append, has a list */
static gboolean
put_source (TribRecordWriter *w, const TribRecordAnswer *answers, guint n, TribRecordReader *reader,
    GError **error)
{
  trib_record_writer_key (w, answers->source);
  if (n > 1)
    trib_record_writer_begin_array (w);
  for (guint i = 0; i < n; i++) {
    if (!put_observation (w, &answers[i], reader, error))
      return FALSE;
  }
  if (n > 1)
    trib_record_writer_end_array (w);
  return TRUE;
}

static gboolean
put_answers (
    TribRecordWriter *w, const TribRecordFused *fused, TribRecordReader *reader, GError **error)
{
  const TribRecordAnswer *answers = fused->answers;

  trib_record_writer_begin_map (w);
  for (guint i = 0, n; i < fused->n_answers; i += n) {
    for (n = 1; i + n < fused->n_answers && strcmp (answers[i].source, answers[i + n].source) == 0;)
      n++;
    if (!put_source (w, &answers[i], n, reader, error))
      return FALSE;
  }
  trib_record_writer_end_map (w);
  return TRUE;
}

static void
put_text (TribRecordWriter *w, const gchar *key, const gchar *text)
{
  trib_record_writer_key (w, key);
  trib_record_writer_string (w, text);
}

static void
put_missing (TribRecordWriter *w, const TribRecordMissing *missing)
{
  trib_record_writer_begin_map (w);
  put_text (w, "source", missing->source);
  put_text (w, "why", missing->why);
  if (missing->reason.str != NULL) {
    trib_record_writer_key (w, "reason");
    trib_record_writer_string_len (w, missing->reason.str, missing->reason.len);
  }
  trib_record_writer_end_map (w);
}

/**
 * trib_record_fused_write:
 * @w: a writer that expects a value
 * @fused: what to write
 * @reader: for use here; given other data
 * @error: return location, in the domain %TRIB_RECORD_ERROR
 *
 * Returns: %FALSE when an answer cannot be expressed in the writer's format; the output is
 *   unusable then
 */
gboolean
trib_record_fused_write (
    TribRecordWriter *w, const TribRecordFused *fused, TribRecordReader *reader, GError **error)
{
  TribRecordEnvelope e = {
    .kind = TRIB_RECORD_KIND_FUSED,
    .has = TRIB_RECORD_BIT (T_NS) | TRIB_RECORD_BIT (EPOCH) | TRIB_RECORD_BIT (PANE)
           | TRIB_RECORD_BIT (REASON) | TRIB_RECORD_BIT (SPREAD_NS) | TRIB_RECORD_BIT (WAIT_MS)
           | (fused->has_frame_id ? TRIB_RECORD_BIT (FRAME_ID) : 0),
    .frame_id = fused->frame_id,
    .t_ns = fused->t_ns,
    .epoch = fused->epoch,
    .pane = fused->pane,
    .reason = TRIB_RECORD_TEXT (fused->reason),
    .spread_ns = fused->spread_ns,
    .wait_ms = to_ms (fused->wait_ns),
  };

  trib_stream_key_to_record (fused->stream, &e);
  trib_record_writer_begin_map (w);
  trib_record_envelope_write_fields (w, &e, 0, TRIB_RECORD_FIELD_HAVE);
  trib_record_writer_key (w, trib_record_field (TRIB_RECORD_FIELD_HAVE)->name);
  if (!put_answers (w, fused, reader, error))
    return FALSE;
  trib_record_writer_key (w, trib_record_field (TRIB_RECORD_FIELD_MISSING)->name);
  trib_record_writer_begin_array (w);
  for (guint i = 0; i < fused->n_missing; i++)
    put_missing (w, &fused->missing[i]);
  trib_record_writer_end_array (w);
  trib_record_envelope_write_fields (w, &e, TRIB_RECORD_FIELD_MISSING + 1, TRIB_RECORD_N_FIELDS);
  trib_record_writer_end_map (w);
  return TRUE;
}
