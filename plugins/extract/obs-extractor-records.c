/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of decisions, and those of branches as they go out. */
#include "obs-extractor.h"

#include <string.h>

#include <record/trib-record-transcode.h>

#define GST_CAT_DEFAULT extractor_bin_debug

#define IDENTITY (TRIB_RECORD_BIT (FRAME_ID) | TRIB_RECORD_BIT (T_NS))

/* (transfer full): the text in the scratch */
static GstBuffer *
to_buffer (ObsExtractor *x, const TribExtractFrame *frame)
{
  GstBuffer *buffer = gst_buffer_new_memdup (x->scratch->str, x->scratch->len);

  GST_BUFFER_PTS (buffer) = frame ? frame->running_time : GST_CLOCK_TIME_NONE;
  return buffer;
}

static void
put_own (ObsExtractor *x, const TribExtractFrame *frame)
{
  x->counts.own++;
  obs_outlet_put (x, GST_MINI_OBJECT (to_buffer (x, frame)));
}

/* { NAME: outcome, ... } */
static void
put_branches (ObsExtractor *x, TribRecordWriter *w, const TribExtractEvent *event)
{
  trib_record_writer_key (w, "branches");
  trib_record_writer_begin_map (w);
  for (guint i = 0; i < event->n_branches; i++) {
    const ObsBranch *b = obs_extractor_branch (x, event->branches[i]);
    if (b == NULL)
      continue;
    trib_record_writer_key (w, b->name);
    trib_record_writer_string (w, trib_extract_outcome_to_string (event->outcomes[i]));
  }
  trib_record_writer_end_map (w);
}

/**
 * obs_records_announce:
 * @event: a decision
 *
 * The one record of a decision: the branches that run (`expected`), and why others do not.
 */
void
obs_records_announce (ObsExtractor *x, const TribExtractEvent *event)
{
  TribRecordEnvelope e = { .kind = TRIB_RECORD_KIND_ANNOUNCE,
    .has = IDENTITY | TRIB_RECORD_BIT (REASON) | TRIB_RECORD_BIT (EXPECTED),
    .frame_id = event->frame->frame_id,
    .t_ns = event->frame->t_ns,
    .reason
    = TRIB_RECORD_TEXT (event->admitted ? "ok" : trib_extract_outcome_to_string (event->outcome)) };
  TribRecordWriter w;

  for (guint i = 0; i < event->n_branches; i++) {
    const ObsBranch *b = obs_extractor_branch (x, event->branches[i]);
    if (b && event->outcomes[i] == TRIB_EXTRACT_RUN)
      e.names[e.n_names++] = TRIB_RECORD_TEXT (b->name);
  }
  g_string_truncate (x->scratch, 0);
  trib_record_writer_init (&w, x->out_format, x->scratch);
  trib_record_envelope_begin (&w, &e);
  trib_record_writer_key (&w, "admitted");
  trib_record_writer_boolean (&w, event->admitted);
  put_branches (x, &w, event);
  trib_record_writer_end_map (&w);
  put_own (x, event->frame);
}

static void
put_kind (ObsExtractor *x, TribRecordKind kind, const TribExtractFrame *frame, const gchar *source,
    const gchar *reason)
{
  TribRecordEnvelope e = { .kind = kind,
    .has = IDENTITY | TRIB_RECORD_BIT (SOURCE) | (reason ? TRIB_RECORD_BIT (REASON) : 0),
    .frame_id = frame->frame_id,
    .t_ns = frame->t_ns,
    .source = TRIB_RECORD_TEXT (source) };
  TribRecordWriter w;

  if (reason)
    e.reason = TRIB_RECORD_TEXT (reason);
  g_string_truncate (x->scratch, 0);
  trib_record_writer_init (&w, x->out_format, x->scratch);
  trib_record_envelope_write (&w, &e);
  put_own (x, frame);
}

/* no answer of the branch to this frame, or none in time */
void
obs_records_skipped (
    ObsExtractor *x, const TribExtractFrame *frame, const gchar *source, const gchar *reason)
{
  put_kind (x, TRIB_RECORD_KIND_SKIPPED, frame, source, reason);
}

/* the branch processed the frame without a result */
void
obs_records_empty (ObsExtractor *x, const TribExtractFrame *frame, const gchar *source)
{
  put_kind (x, TRIB_RECORD_KIND_EMPTY, frame, source, NULL);
}

/* ---- answers ---- */

static gboolean
is_text (TribRecordSlice slice, const gchar *text)
{
  return slice.len == strlen (text) && memcmp (slice.str, text, slice.len) == 0;
}

static gboolean
is_complete (const ObsBranchAnswer *a, const TribExtractFrame *frame)
{
  return a->branch->format == a->branch->x->out_format && is_text (a->e->source, a->branch->name)
         && (frame == NULL || (a->e->has & IDENTITY) == IDENTITY);
}

/* the members of its record, with the branch's name and the frame's identity in place of its own */
static gboolean
rewrite (const ObsBranchAnswer *a, const TribExtractFrame *frame, gint64 late_ns, GError **error)
{
  ObsExtractor *x = a->branch->x;
  static const gchar *const ours[] = { "source", "frame_id", "t_ns", "late", "lateness_ms", NULL };
  static const gchar *const source_only[] = { "source", NULL };
  TribRecordReader *r = a->branch->copier;
  TribRecordWriter w;

  trib_record_reader_set (r, a->branch->format, a->e->record.str, a->e->record.len);
  trib_record_reader_next (r);
  g_string_truncate (x->scratch, 0);
  trib_record_writer_init (&w, x->out_format, x->scratch);
  trib_record_writer_begin_map (&w);
  trib_record_writer_key (&w, "source");
  trib_record_writer_string (&w, a->branch->name);
  if (frame) {
    trib_record_writer_key (&w, "frame_id");
    trib_record_writer_uint (&w, frame->frame_id);
    trib_record_writer_key (&w, "t_ns");
    trib_record_writer_int (&w, frame->t_ns);
  }
  if (late_ns > 0) {
    trib_record_writer_key (&w, "late");
    trib_record_writer_boolean (&w, TRUE);
    trib_record_writer_key (&w, "lateness_ms");
    trib_record_writer_double (&w, (gdouble) late_ns / GST_MSECOND);
  }
  if (!trib_record_copy_members (r, &w, frame ? ours : source_only, error))
    return FALSE;
  trib_record_writer_end_map (&w);
  return TRUE;
}

/**
 * obs_records_answer:
 * @answer: a record as it was read, or one made of a picture
 * @frame: (nullable): its frame
 * @late_ns: time after the deadline; 0: in time
 * @error: return location: it cannot be written in the format of obs
 *
 * Its source is the branch, and a late answer is marked.
 *
 * @locks: requires lock
 *
 * Returns: (transfer full) (nullable): the record for obs; the buffer of @answer where nothing has
 * to be changed
 */
GstBuffer *
obs_records_answer (
    const ObsBranchAnswer *answer, const TribExtractFrame *frame, gint64 late_ns, GError **error)
{
  GstBuffer **whole = answer->made ? answer->made : answer->whole;
  GstBuffer *buffer;

  if (answer->made == NULL && (whole == NULL || late_ns > 0 || !is_complete (answer, frame)))
    return rewrite (answer, frame, late_ns, error) ? to_buffer (answer->branch->x, frame) : NULL;
  buffer = gst_buffer_make_writable (g_steal_pointer (whole));
  GST_BUFFER_PTS (buffer) = frame ? frame->running_time : GST_CLOCK_TIME_NONE;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  return buffer;
}
