/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* memmem */
#include "trib-record-fused.h"

#include <string.h>

#include "trib-record-splice.h"
#include "trib-record-transcode.h"

/* members that are ours to say; an observation that brings its own loses it */
static const gchar *const ours[] = { "delay_ms", "stale_ms", NULL };

static gboolean
may_have_ours (TribRecordSlice record)
{
  for (guint i = 0; ours[i] != NULL; i++) {
    if (memmem (record.str, record.len, ours[i], strlen (ours[i])) != NULL)
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

static gboolean
put_observation (
    TribRecordWriter *w, const TribRecordAnswer *answer, TribRecordReader *reader, GError **error)
{
  if (!begin_observation (w, answer, reader, error))
    return FALSE;
  trib_record_writer_key (w, "delay_ms");
  trib_record_writer_double (w, answer->delay_ms);
  if (answer->stale_ms >= 0) {
    trib_record_writer_key (w, "stale_ms");
    trib_record_writer_double (w, answer->stale_ms);
  }
  trib_record_writer_end_map (w);
  return TRUE;
}

static gboolean
is_same_source (const TribRecordAnswer *x, const TribRecordAnswer *y)
{
  return x->source.len == y->source.len
         && memcmp (x->source.str, y->source.str, x->source.len) == 0;
}

/* a source with several records, of parts or of append, has a list */
static gboolean
put_source (TribRecordWriter *w, const TribRecordAnswer *answers, guint n, TribRecordReader *reader,
    GError **error)
{
  trib_record_writer_key_len (w, answers->source.str, answers->source.len);
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

/**
 * trib_record_fused_begin:
 * @w: a writer that a value is due of
 * @e: the rest of the record; kind %TRIB_RECORD_KIND_FUSED
 * @answers: (array length=n_answers): those of a source beside each other
 * @n_answers: how many
 * @reader: for use here; given other data
 * @error: return location, in the domain %TRIB_RECORD_ERROR
 *
 * Returns: %FALSE when an answer cannot be said in the writer's format; what was written is good for nothing then
 */
gboolean
trib_record_fused_begin (TribRecordWriter *w, const TribRecordEnvelope *e,
    const TribRecordAnswer *answers, guint n_answers, TribRecordReader *reader, GError **error)
{
  g_assert (e->kind == TRIB_RECORD_KIND_FUSED);
  trib_record_writer_begin_map (w);
  trib_record_envelope_write_fields (w, e, 0, TRIB_RECORD_FIELD_HAVE);
  trib_record_writer_key (w, trib_record_field (TRIB_RECORD_FIELD_HAVE)->name);
  trib_record_writer_begin_map (w);
  for (guint i = 0, n; i < n_answers; i += n) {
    for (n = 1; i + n < n_answers && is_same_source (&answers[i], &answers[i + n]);)
      n++;
    if (!put_source (w, &answers[i], n, reader, error))
      return FALSE;
  }
  trib_record_writer_end_map (w);
  trib_record_writer_key (w, trib_record_field (TRIB_RECORD_FIELD_MISSING)->name);
  trib_record_writer_begin_array (w);
  return TRUE;
}

static void
put_text (TribRecordWriter *w, const gchar *key, const gchar *text)
{
  trib_record_writer_key (w, key);
  trib_record_writer_string (w, text);
}

/**
 * trib_record_fused_missing:
 * @w: a writer after trib_record_fused_begin()
 * @source: who did not answer
 * @why: one word: `timeout`, `skipped`, `idle`, `eos`...
 * @reason: (nullable): what the source itself said
 */
void
trib_record_fused_missing (
    TribRecordWriter *w, const gchar *source, const gchar *why, TribRecordSlice reason)
{
  trib_record_writer_begin_map (w);
  put_text (w, "source", source);
  put_text (w, "why", why);
  if (reason.str != NULL) {
    trib_record_writer_key (w, "reason");
    trib_record_writer_string_len (w, reason.str, reason.len);
  }
  trib_record_writer_end_map (w);
}

/**
 * trib_record_fused_end:
 * @w: a writer after trib_record_fused_begin() or trib_record_fused_missing()
 * @e: what trib_record_fused_begin() was given
 */
void
trib_record_fused_end (TribRecordWriter *w, const TribRecordEnvelope *e)
{
  trib_record_writer_end_array (w);
  trib_record_envelope_write_fields (w, e, TRIB_RECORD_FIELD_MISSING + 1, TRIB_RECORD_N_FIELDS);
  trib_record_writer_end_map (w);
}
