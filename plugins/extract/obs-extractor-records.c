/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of decisions, and those of branches as they go out. */
#include "obs-extractor.h"

#include <string.h>

#include <record/trib-record-transcode.h>

#define GST_CAT_DEFAULT extractor_bin_debug

#define IDENTITY (TRIB_RECORD_BIT (FRAME_ID) | TRIB_RECORD_BIT (T_NS))

/* the text in the scratch */
static void
put_own (ObsExtractor *x, const TribExtractFrame *frame)
{
  GstBuffer *buffer = gst_buffer_new_memdup (x->scratch->str, x->scratch->len);

  GST_BUFFER_PTS (buffer) = frame->running_time;
  x->counts.own++;
  obs_outlet_put (x, GST_MINI_OBJECT (buffer));
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

  trib_stream_key_to_record (event->frame->stream, &e);
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

  trib_stream_key_to_record (frame->stream, &e);
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
         && trib_record_has (a->e, TRIB_RECORD_FIELD_SOURCE)
         && (frame == NULL
             || ((a->e->has & IDENTITY) == IDENTITY
                 && trib_stream_key_is_of (frame->stream, a->e)));
}

/* what the outlet replaces in a record, without lock */
typedef struct {
  gchar *source;
  gint branch; /* its number */
  TribRecordFormat format;
  gboolean has_frame;
  TribStreamKey *stream; /* (nullable) */
  guint64 frame_id;
  gint64 t_ns, late_ns;
} Rewrite;

static void
rewrite_free (gpointer data)
{
  Rewrite *r = data;

  g_free (r->source);
  trib_stream_key_unref (r->stream);
  g_free (r);
}

static GQuark
rewrite_quark (void)
{
  return g_quark_from_static_string ("obs-extractor-rewrite");
}

/**
 * obs_records_answer:
 * @answer: a record as it was read, or one made of a picture
 * @frame: (nullable): its frame
 * @late_ns: time after the deadline; 0: in time
 *
 * Its source is the branch, and a late answer is marked: if need be, by obs_records_finish().
 *
 * @locks: requires lock
 *
 * Returns: (transfer full): the record; the buffer of @answer where that is nothing else
 */
GstBuffer *
obs_records_answer (const ObsBranchAnswer *answer, const TribExtractFrame *frame, gint64 late_ns)
{
  const ObsBranch *b = answer->branch;
  GstBuffer **whole = answer->made ? answer->made : answer->whole;
  GstBuffer *buffer = whole ? gst_buffer_make_writable (g_steal_pointer (whole))
                            : gst_buffer_new_memdup (answer->e->record.str, answer->e->record.len);

  GST_BUFFER_PTS (buffer) = frame ? frame->running_time : GST_CLOCK_TIME_NONE;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  if (late_ns > 0 || (answer->made == NULL && !is_complete (answer, frame))) {
    const Rewrite rewrite = { .source = g_strdup (b->name),
      .branch = b->number,
      .format = answer->made ? b->x->out_format : b->format,
      .has_frame = frame != NULL,
      .stream = frame ? trib_stream_key_ref (frame->stream) : NULL,
      .frame_id = frame ? frame->frame_id : 0,
      .t_ns = frame ? frame->t_ns : 0,
      .late_ns = late_ns };
    gst_mini_object_set_qdata (GST_MINI_OBJECT (buffer), rewrite_quark (),
        g_memdup2 (&rewrite, sizeof rewrite), rewrite_free);
  }
  return buffer;
}

static void
put_head (TribRecordWriter *w, const Rewrite *r)
{
  trib_record_writer_begin_map (w);
  trib_record_writer_key (w, "source");
  trib_record_writer_string (w, r->source);
  if (r->has_frame) {
    trib_record_writer_key (w, "frame_id");
    trib_record_writer_uint (w, r->frame_id);
    trib_record_writer_key (w, "t_ns");
    trib_record_writer_int (w, r->t_ns);
  }
  if (r->stream) {
    trib_record_writer_key (w, "session");
    trib_record_writer_string (w, r->stream->session);
    trib_record_writer_key (w, "stream");
    trib_record_writer_string (w, r->stream->stream);
  }
  if (r->late_ns > 0) {
    trib_record_writer_key (w, "late");
    trib_record_writer_boolean (w, TRUE);
    trib_record_writer_key (w, "lateness_ms");
    trib_record_writer_double (w, (gdouble) r->late_ns / GST_MSECOND);
  }
}

/* (transfer full) (nullable) */
static GString *
rewrite (ObsExtractor *x, const Rewrite *r, GstBuffer *buffer, GError **error)
{
  static const gchar *const head[]
      = { "source", "frame_id", "t_ns", "late", "lateness_ms", "session", "stream", NULL };
  static const gchar *const source_only[] = { "source", NULL };
  GString *text = NULL;
  TribRecordWriter w;
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_set_error_literal (
        error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "its memory cannot be read");
    return NULL;
  }
  text = g_string_sized_new (map.size + 128);
  trib_record_reader_set (x->copier, r->format, map.data, map.size);
  trib_record_reader_next (x->copier);
  trib_record_writer_init (&w, x->out_format, text);
  put_head (&w, r);
  if (trib_record_copy_members (x->copier, &w, r->has_frame ? head : source_only, error))
    trib_record_writer_end_map (&w);
  else
    g_string_free (g_steal_pointer (&text), TRUE);
  gst_buffer_unmap (buffer, &map);
  return text;
}

/**
 * obs_records_finish:
 * @buffer: (transfer full): from the queue of obs
 *
 * Makes an answer what obs_records_answer() found that it has to be.
 *
 * @thread: outlet, without lock
 *
 * Returns: (transfer full) (nullable): the record to push; %NULL: its members cannot be written in
 * the format of obs, and it is counted as invalid
 */
GstBuffer *
obs_records_finish (ObsExtractor *x, GstBuffer *buffer)
{
  Rewrite *r = gst_mini_object_steal_qdata (GST_MINI_OBJECT (buffer), rewrite_quark ());
  g_autoptr (GError) error = NULL;
  GstBuffer *result = NULL;
  GString *text;
  gsize len;

  if (r == NULL)
    return buffer;
  text = rewrite (x, r, buffer, &error);
  if (text) {
    len = text->len;
    result = gst_buffer_new_wrapped (g_string_free (text, FALSE), len);
    GST_BUFFER_PTS (result) = GST_BUFFER_PTS (buffer);
  } else {
    g_mutex_lock (&x->lock);
    x->counts.queued--;
    obs_report_invalid_answer (x, obs_extractor_branch (x, r->branch), r->source, error->message);
    g_mutex_unlock (&x->lock);
  }
  gst_buffer_unref (buffer);
  rewrite_free (r);
  return result;
}
