/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages, trace records and the arrival log of obsaligner. */
#include "obs-aligner-report.h"

#include <string.h>

#include <align/trib-align-log.h>
#include <common/trib-time.h>
#include <record/trib-record-writer.h>

#include <shared/trib-element-trace.h>
#include <shared/trib-fields.h>

#define GST_CAT_DEFAULT obs_aligner_debug

#define LOG_BYTES (16 * 1024 * 1024)

/* ---- files ---- */

static const TribFieldTable trace_message
    = TRIB_FIELD_TABLE ("obsaligner-trace", "with `trace-messages`", trib_element_trace_fields);

gboolean
obs_report_open (GstObsAligner *self, GError **error)
{
  const TribElementTraceSettings trace = { .level = self->now.trace_level,
    .location = self->now.trace_location,
    .message = self->now.trace_messages ? &trace_message : NULL,
    .window_ns = (gint64) (obs_settings_latency (&self->now, FALSE) / GST_MSECOND * GST_MSECOND),
    .slow_ns = (gint64) (obs_settings_window_ms (&self->now) * GST_MSECOND) };

  return trib_element_trace_open (GST_ELEMENT (self), &trace, &self->trace, error)
         && trib_element_trace_open_lines (
             GST_ELEMENT (self), "records", self->now.records, LOG_BYTES, &self->log, error);
}

/* without lock: waits until everything is written */
void
obs_report_close (GstObsAligner *self)
{
  g_clear_pointer (&self->trace, trib_trace_free);
  g_clear_pointer (&self->log, trib_trace_free);
}

/* ---- messages ---- */

/* what messages say; each has some of it */
typedef struct {
  const gchar *session, *stream, *source, *state, *reason, *pad;
  gint64 step, t, lateness;
  guint64 epoch, frame_id, offset, count;
} Message;

#define AT(field) G_STRUCT_OFFSET (Message, field)
/* clang-format off */
static const TribField source_message_fields[] = {
  { "session", TRIB_FIELD_TEXT, AT (session), "session of the records, empty without one" },
  { "stream", TRIB_FIELD_TEXT, AT (stream), "stream of the records, empty without one" },
  { "source", TRIB_FIELD_TEXT, AT (source), "name of the source" },
  { "state", TRIB_FIELD_TEXT, AT (state), "idle, active, unsynced or synced" },
};
static const TribField jump_fields[] = {
  { "session", TRIB_FIELD_TEXT, AT (session), "session of the records, empty without one" },
  { "stream", TRIB_FIELD_TEXT, AT (stream), "stream of the records, empty without one" },
  { "source", TRIB_FIELD_TEXT, AT (source), "the source whose records show it" },
  { "step", TRIB_FIELD_INT64, AT (step), "ns" },
  { "epoch", TRIB_FIELD_UINT64, AT (epoch), "number of the new epoch" },
};
static const TribField late_fields[] = {
  { "session", TRIB_FIELD_TEXT, AT (session), "session of the records, empty without one" },
  { "stream", TRIB_FIELD_TEXT, AT (stream), "stream of the records, empty without one" },
  { "source", TRIB_FIELD_TEXT, AT (source), "name of the source" },
  { "frame-id", TRIB_FIELD_UINT64, AT (frame_id), "0 without one" },
  { "t", TRIB_FIELD_INT64, AT (t), "capture time, ns" },
  { "lateness", TRIB_FIELD_INT64, AT (lateness), "ns" },
  { "count", TRIB_FIELD_UINT64, AT (count), "late records since the last message" },
};
static const TribField duplicate_fields[] = {
  { "session", TRIB_FIELD_TEXT, AT (session), "session of the records, empty without one" },
  { "stream", TRIB_FIELD_TEXT, AT (stream), "stream of the records, empty without one" },
  { "source", TRIB_FIELD_TEXT, AT (source), "name of the source" },
  { "frame-id", TRIB_FIELD_UINT64, AT (frame_id), "0 without one" },
  { "t", TRIB_FIELD_INT64, AT (t), "capture time, ns" },
  { "count", TRIB_FIELD_UINT64, AT (count), "duplicate records since the last message" },
};
static const TribField dropped_fields[] = {
  { "reason", TRIB_FIELD_TEXT, AT (reason), "last part of the name of the counter in `stats`" },
  { "count", TRIB_FIELD_UINT64, AT (count), "losses since the last message" },
};
static const TribField invalid_fields[] = {
  { "pad", TRIB_FIELD_TEXT, AT (pad), "name of the pad" },
  { "offset", TRIB_FIELD_UINT64, AT (offset), "bytes from the start of the buffer" },
  { "reason", TRIB_FIELD_TEXT, AT (reason), "what is wrong" },
  { "count", TRIB_FIELD_UINT64, AT (count), "invalid records since the last message" },
};
/* clang-format on */

static const TribFieldTable source_message
    = TRIB_FIELD_TABLE ("obsaligner-source", "a source changed its state", source_message_fields);
static const TribFieldTable jump_message
    = TRIB_FIELD_TABLE ("obsaligner-jump", "a clock was set; a new epoch begins", jump_fields);
static const TribFieldTable late_message
    = TRIB_FIELD_TABLE ("obsaligner-late", "a record arrived after its frame", late_fields);
static const TribFieldTable duplicate_message = TRIB_FIELD_TABLE (
    "obsaligner-duplicate", "a second answer of a source for a frame", duplicate_fields);
static const TribFieldTable dropped_message = TRIB_FIELD_TABLE (
    "obsaligner-dropped", "records or a fused record were dropped", dropped_fields);
static const TribFieldTable invalid_message
    = TRIB_FIELD_TABLE ("obsaligner-invalid", "a record cannot be used", invalid_fields);

/* with lock: posted once that is released */
static void
post (GstObsAligner *self, const TribFieldTable *table, const Message *message)
{
  g_queue_push_tail (&self->messages, trib_fields_to_message (self, table, message));
}

/* a message about the stream of @event */
static Message
message_of (const TribAlignEvent *event)
{
  return (Message){ .session = event->stream ? event->stream->session : "",
    .stream = event->stream ? event->stream->stream : "" };
}

/* whether to post a message of a kind that can occur by the thousand */
static gboolean
count_event (GstObsAligner *self, TribNotice *notice, guint64 *ret_count)
{
  return trib_notice_add (notice, obs_aligner_clock (self), OBS_NOTICE_INTERVAL_NS, ret_count);
}

void
obs_report_source (GstObsAligner *self, const TribAlignEvent *event)
{
  static const gchar *const states[] = { [TRIB_ALIGN_EVENT_IDLE] = "idle",
    [TRIB_ALIGN_EVENT_ACTIVE] = "active",
    [TRIB_ALIGN_EVENT_UNSYNCED] = "unsynced",
    [TRIB_ALIGN_EVENT_SYNCED] = "synced" };
  Message message = message_of (event);

  message.source = event->source;
  message.state = states[event->kind];
  post (self, &source_message, &message);
}

void
obs_report_jump (GstObsAligner *self, const TribAlignEvent *event)
{
  Message message = message_of (event);

  message.source = event->source;
  message.step = event->by_ns;
  message.epoch = event->epoch;
  post (self, &jump_message, &message);
}

static Message
message_of_record (const TribAlignEvent *event)
{
  Message message = message_of (event);

  message.source = event->record->source;
  message.frame_id = event->record->frame_id;
  message.t = event->record->t_ns;
  return message;
}

void
obs_report_late (GstObsAligner *self, const TribAlignEvent *event)
{
  Message message = message_of_record (event);

  message.lateness = event->by_ns;
  if (count_event (self, &self->late_notice, &message.count))
    post (self, &late_message, &message);
}

void
obs_report_duplicate (GstObsAligner *self, const TribAlignEvent *event)
{
  Message message = message_of_record (event);

  if (count_event (self, &self->duplicate_notice, &message.count))
    post (self, &duplicate_message, &message);
}

static void
report_dropped (GstObsAligner *self, const gchar *reason)
{
  Message message = { .reason = reason };

  if (count_event (self, &self->dropped_notice, &message.count))
    post (self, &dropped_message, &message);
}

static gint64
trace_id (gboolean has_frame_id, guint64 frame_id, gint64 t_ns)
{
  return has_frame_id ? (gint64) MIN (frame_id, G_MAXINT64) : t_ns;
}

void
obs_report_drop (GstObsAligner *self, const TribAlignEvent *event)
{
  report_dropped (self, trib_align_dropped_to_string (event->dropped));
}

/* the first one is a warning, since its source needs attention */
void
obs_report_invalid (GstObsAligner *self, GstPad *pad, gsize offset, const GError *error)
{
  gboolean first = !self->invalid_notice.any;
  Message message
      = { .pad = GST_PAD_NAME (pad), .offset = (guint64) offset, .reason = error->message };

  self->counts.invalid++;
  GST_DEBUG_OBJECT (pad, "invalid record at byte %" G_GSIZE_FORMAT ": %s", offset, error->message);
  if (!count_event (self, &self->invalid_notice, &message.count))
    return;
  post (self, &invalid_message, &message);
  if (first) {
    g_autoptr (GError) warning = g_error_new (GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
        "A record on %s is invalid and is skipped: %s. Further invalid records are counted.",
        GST_PAD_NAME (pad), error->message);
    g_queue_push_tail (&self->messages, gst_message_new_warning (GST_OBJECT (self), warning,
                                            "A buffer must hold one whole record or one whole list "
                                            "of records. Use ndjsonparse to turn lines of text, or "
                                            "blocks of a file, into such buffers."));
  }
}

/* ---- trace ---- */

static TribTraceAnswer
to_answer (TribAlignKind kind)
{
  switch (kind) {
    case TRIB_ALIGN_KIND_EMPTY:
      return TRIB_TRACE_ANSWER_EMPTY;
    case TRIB_ALIGN_KIND_SKIPPED:
      return TRIB_TRACE_ANSWER_SKIPPED;
    default:
      return TRIB_TRACE_ANSWER_OBSERVATION;
  }
}

static guint
open_groups (GstObsAligner *self)
{
  TribAlignTotals totals;

  trib_align_streams_get_totals (obs_core_get_streams (self), &totals);
  return (guint) totals.open;
}

static gint64
record_id (const TribAlignRecord *record)
{
  return trace_id (record->has_frame_id, record->frame_id, record->t_ns);
}

static gint64
result_id (const TribAlignResult *result)
{
  return trace_id (result->fused.has_frame_id, result->fused.frame_id, result->fused.t_ns);
}

/* the processing time that a record states; the name of the source alone is extractorbin's, which
 * measures it */
void
obs_report_timing (
    GstObsAligner *self, const TribRecordEnvelope *envelope, const TribAlignRecord *record)
{
  g_autofree gchar *component = NULL;

  if (!trib_trace_wants (self->trace, TRIB_TRACE_LEVEL_NORMAL)
      || record->kind > TRIB_ALIGN_KIND_SKIPPED
      || !trib_record_has (envelope, TRIB_RECORD_FIELD_PROCESSING_MS))
    return;
  component = g_strconcat ("process_", record->source, NULL);
  trib_trace_timing (self->trace, record_id (record), component,
      (gint64) (CLAMP (envelope->processing_ms, -1e12, 1e12) * GST_MSECOND), open_groups (self));
}

static void
trace_record (GstObsAligner *self, const TribAlignEvent *event)
{
  const TribAlignRecord *record = event->record;

  if (!trib_trace_wants (self->trace, TRIB_TRACE_LEVEL_VERBOSE))
    return;
  if (event->kind == TRIB_ALIGN_EVENT_OPENED)
    trib_trace_opened (self->trace, record_id (record), record->expected, event->now_ns);
  else
    trib_trace_answered (self->trace, record_id (record), record->source, to_answer (record->kind),
        trib_align_delay (trib_time_sub (record->arrival_ns, record->t_ns), self->shift),
        event->now_ns);
}

void
obs_report_result (GstObsAligner *self, const TribAlignResult *result, gint64 now)
{
  trib_trace_left (self->trace, result_id (result), result->fused.reason, now);
}

/* of a frame without a missing source: the one that answered last */
static const gchar *
last_source (const TribAlignResult *result)
{
  const TribAlignRecord *last = NULL;

  for (guint i = 0; i < result->fused.n_answers; i++) {
    const TribAlignRecord *record = result->have[i].record;

    if (last == NULL || record->arrival_ns >= last->arrival_ns)
      last = record;
  }
  return last ? last->source : NULL;
}

void
obs_report_sync_delay (GstObsAligner *self, const TribAlignEvent *event)
{
  const TribAlignResult *result = event->result;
  guint n = result->fused.n_missing;
  g_autofree const gchar **names = g_new0 (const gchar *, n + 2);

  for (guint i = 0; i < n; i++)
    names[i] = result->fused.missing[i].source;
  if (n == 0)
    names[0] = last_source (result);
  self->counts.sync_delays++;
  trib_trace_sync_delay (self->trace, result_id (result), event->by_ns, names);
}

/* @took: time to write the fused record (ns); without lock */
void
obs_report_fused (GstObsAligner *self, const TribAlignResult *result, gint64 took, guint queued)
{
  trib_trace_timing (self->trace, result_id (result), "fusion_process", took, queued);
}

/* ---- the arrival log ---- */

/* the envelope alone, as tributary-align reads it; times of buffers and clocks are resolved */
void
obs_report_arrival (GstObsAligner *self, const TribRecordEnvelope *envelope,
    const TribAlignRecord *record, gint64 now)
{
  g_autoptr (GString) line = NULL;
  TribRecordEnvelope e;
  TribRecordWriter w;

  if (self->log == NULL)
    return;
  e = *envelope;
  e.arrival_ns = now;
  e.t_ns = record->t_ns;
  e.has |= TRIB_RECORD_BIT (ARRIVAL_NS);
  if (record->kind != TRIB_ALIGN_KIND_EOS)
    e.has |= TRIB_RECORD_BIT (T_NS);
  if (record->source) {
    e.source = TRIB_RECORD_TEXT (record->source);
    e.has |= TRIB_RECORD_BIT (SOURCE);
  }
  line = g_string_sized_new (256);
  trib_record_writer_init (&w, TRIB_RECORD_JSON, line);
  trib_record_envelope_write (&w, &e);
  trib_trace_line (self->log, line->str, line->len);
}

static void
log_clock (GstObsAligner *self, TribRecordEnvelope *e, gint64 now)
{
  g_autoptr (GString) line = NULL;
  TribRecordWriter w;

  if (self->log == NULL)
    return;
  e->kind = TRIB_RECORD_KIND_CLOCK;
  e->now_ns = now;
  e->has |= TRIB_RECORD_BIT (NOW_NS);
  line = g_string_sized_new (256);
  trib_record_writer_init (&w, TRIB_RECORD_JSON, line);
  trib_record_envelope_write (&w, e);
  trib_trace_line (self->log, line->str, line->len);
}

void
obs_report_stopped (GstObsAligner *self, gboolean stopped, gint64 now)
{
  TribRecordEnvelope e = { .has = TRIB_RECORD_BIT (STOPPED), .stopped = stopped };

  log_clock (self, &e, now);
}

/* difference of the clocks of capture and arrival, in delays */
void
obs_report_shift (GstObsAligner *self, gint64 now)
{
  TribRecordEnvelope e = { .has = TRIB_RECORD_BIT (SHIFT_NS), .shift_ns = self->shift };

  log_clock (self, &e, now);
}

void
obs_report_finish (GstObsAligner *self, gint64 now)
{
  TribRecordEnvelope e = { .has = TRIB_RECORD_BIT (FINISHED), .finished = TRUE };

  log_clock (self, &e, now);
}

/* @stream: (nullable); @source: (nullable): everything */
void
obs_report_flush (GstObsAligner *self, const TribStreamKey *stream, const gchar *source, gint64 now)
{
  TribRecordEnvelope e = { .has = TRIB_RECORD_BIT (FLUSH_ALL), .flush_all = TRUE };

  if (source)
    e = (TribRecordEnvelope){ .has = TRIB_RECORD_BIT (FLUSH), .flush = TRIB_RECORD_TEXT (source) };
  trib_stream_key_to_record (stream, &e);
  log_clock (self, &e, now);
}

/* @sources: as the property has them */
void
obs_report_sources (GstObsAligner *self, const gchar *sources, gint64 now)
{
  g_auto (GStrv) names = g_strsplit (sources ? sources : "", ",", TRIB_RECORD_MAX_NAMES);
  TribRecordEnvelope e = { .has = TRIB_RECORD_BIT (EXPECTED) };

  for (; names[e.n_names]; e.n_names++)
    e.names[e.n_names] = TRIB_RECORD_TEXT (names[e.n_names]);
  log_clock (self, &e, now);
}

/* A decision by time alone is logged with the time, so that it can be replayed. */
void
obs_report_event (GstObsAligner *self, const TribAlignEvent *event)
{
  g_autoptr (GString) line = NULL;

  if (event->kind == TRIB_ALIGN_EVENT_OPENED || event->kind == TRIB_ALIGN_EVENT_ACCEPTED
      || event->kind == TRIB_ALIGN_EVENT_LATE || event->kind == TRIB_ALIGN_EVENT_DUPLICATE)
    trace_record (self, event);
  if (self->log == NULL || event->kind == TRIB_ALIGN_EVENT_OPENED
      || event->kind == TRIB_ALIGN_EVENT_ACCEPTED)
    return;
  line = g_string_sized_new (256);
  if (event->by_time) {
    g_string_printf (line, "{\"now_ns\":%" G_GINT64_FORMAT "}", event->now_ns);
    trib_trace_line (self->log, line->str, line->len);
    g_string_truncate (line, 0);
  }
  if (event->kind == TRIB_ALIGN_EVENT_STATS)
    trib_align_log_stats (line, event->align, event->now_ns);
  else
    trib_align_log_event (line, event);
  if (line->len > 0 && line->str[line->len - 1] == '\n')
    g_string_truncate (line, line->len - 1);
  if (line->len > 0)
    trib_trace_line (self->log, line->str, line->len);
}

/* ---- losses in the output queue ---- */

static void
drop_item (GstObsAligner *self, ObsItem *item, guint64 *counter, const gchar *reason)
{
  if (item->kind == OBS_ITEM_RESULT) {
    guint64 id = (guint64) result_id (item->result);

    GST_DEBUG_OBJECT (self, "result of frame %" G_GUINT64_FORMAT " dropped: %s", id, reason);
    *counter += item->result->fused.n_answers;
    self->counts.frames_dropped++;
    trib_trace_frame_drop (self->trace, id, &id, 1, TRIB_TRACE_DROP_BACKPRESSURE, NULL);
    report_dropped (self, reason);
  }
  obs_item_clear (item);
}

void
obs_report_drop_oldest (GstObsAligner *self)
{
  ObsItem item;

  if (obs_queue_pop_oldest_data (&self->queue, &item))
    drop_item (self, &item, &self->counts.dropped_full, "downstream-full");
}

/* everything that is queued; @counter: of its records */
void
obs_report_drop_queue (GstObsAligner *self, guint64 *counter)
{
  const gchar *reason = counter == &self->counts.dropped_flush ? "flush" : "downstream-failed";
  ObsItem item;

  while (obs_queue_pop (&self->queue, &item))
    drop_item (self, &item, counter, reason);
}

void
obs_report_lost (GstObsAligner *self, guint64 n_records)
{
  self->counts.dropped_encoding += n_records;
  report_dropped (self, "encoding");
}
