/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What obsaligner tells: messages, counters, trace records, the log of arrivals. */
#include "obs-aligner-report.h"

#include <string.h>

#include <align/trib-align-log.h>
#include <record/trib-record-writer.h>

#include <shared/trib-element-trace.h>

#define GST_CAT_DEFAULT obs_aligner_debug

#define LOG_BYTES (16 * 1024 * 1024)

/* ---- where it goes ---- */

gboolean
obs_report_open (GstObsAligner *self, GError **error)
{
  const TribElementTraceSettings trace = { .level = self->now.trace_level,
    .location = self->now.trace_location,
    .message = self->now.trace_messages ? "obsaligner-trace" : NULL,
    .window_ns = (gint64) (obs_settings_latency (&self->now, FALSE) / GST_MSECOND * GST_MSECOND) };

  return trib_element_trace_open (GST_ELEMENT (self), &trace, &self->trace, error)
         && trib_element_trace_open_lines (
             GST_ELEMENT (self), "records", self->now.records, LOG_BYTES, &self->log, error);
}

/* without lock: waits for what is still to be written */
void
obs_report_close (GstObsAligner *self)
{
  g_clear_pointer (&self->trace, trib_trace_free);
  g_clear_pointer (&self->log, trib_trace_free);
}

/* ---- messages ---- */

/* with lock: (transfer full): posted once that is given back */
static void
tell (GstObsAligner *self, GstStructure *s)
{
  g_queue_push_tail (&self->messages, gst_message_new_element (GST_OBJECT (self), s));
}

/* Whether an event of a kind that may come by the thousand is to be told now; how many with it. */
static gboolean
is_due (GstObsAligner *self, ObsTold *told, guint64 *ret_count)
{
  gint64 now = obs_aligner_clock (self);

  told->untold++;
  if (told->ever && now - told->when < OBS_TELL_INTERVAL_NS)
    return FALSE;
  told->ever = TRUE;
  told->when = now;
  *ret_count = told->untold;
  told->untold = 0;
  return TRUE;
}

void
obs_report_source (GstObsAligner *self, const TribAlignEvent *event)
{
  static const gchar *const states[] = { [TRIB_ALIGN_EVENT_IDLE] = "idle",
    [TRIB_ALIGN_EVENT_ACTIVE] = "active",
    [TRIB_ALIGN_EVENT_UNSYNCED] = "unsynced",
    [TRIB_ALIGN_EVENT_SYNCED] = "synced" };

  tell (self, gst_structure_new ("obsaligner-source", "source", G_TYPE_STRING, event->source,
                  "state", G_TYPE_STRING, states[event->kind], NULL));
}

void
obs_report_jump (GstObsAligner *self, const TribAlignEvent *event)
{
  tell (self, gst_structure_new ("obsaligner-jump", "source", G_TYPE_STRING,
                  event->source ? event->source : "", "step", G_TYPE_INT64, event->by_ns, "epoch",
                  G_TYPE_UINT64, event->epoch, NULL));
}

void
obs_report_late (GstObsAligner *self, const TribAlignEvent *event)
{
  const TribAlignRecord *record = event->record;
  guint64 count;

  if (record && is_due (self, &self->told_late, &count))
    tell (self, gst_structure_new ("obsaligner-late", "source", G_TYPE_STRING, record->source,
                    "frame-id", G_TYPE_UINT64, record->frame_id, "t", G_TYPE_INT64, record->t_ns,
                    "lateness", G_TYPE_INT64, event->by_ns, "count", G_TYPE_UINT64, count, NULL));
}

static void
tell_dropped (GstObsAligner *self, const gchar *reason)
{
  guint64 count;

  if (is_due (self, &self->told_dropped, &count))
    tell (self, gst_structure_new ("obsaligner-dropped", "reason", G_TYPE_STRING, reason, "count",
                    G_TYPE_UINT64, count, NULL));
}

static gint64
trace_id (gboolean has_frame_id, guint64 frame_id, gint64 t_ns)
{
  return has_frame_id ? (gint64) MIN (frame_id, G_MAXINT64) : t_ns;
}

void
obs_report_drop (GstObsAligner *self, const TribAlignEvent *event)
{
  tell_dropped (self, trib_align_dropped_to_string (event->dropped));
}

/* the first one is a warning: somebody should look at that source */
void
obs_report_invalid (GstObsAligner *self, GstPad *pad, gsize offset, const GError *error)
{
  gboolean first = !self->told_invalid.ever;
  guint64 count;

  self->counts.invalid++;
  GST_DEBUG_OBJECT (pad, "unusable: %s", error->message);
  if (!is_due (self, &self->told_invalid, &count))
    return;
  tell (self, gst_structure_new ("obsaligner-invalid", "pad", G_TYPE_STRING, GST_PAD_NAME (pad),
                  "offset", G_TYPE_UINT64, (guint64) offset, "reason", G_TYPE_STRING,
                  error->message, "count", G_TYPE_UINT64, count, NULL));
  if (first) {
    g_autoptr (GError) warning = g_error_new (GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
        "A record on %s cannot be used, and is passed over: %s. Others like it are counted.",
        GST_PAD_NAME (pad), error->message);
    g_queue_push_tail (&self->messages, gst_message_new_warning (GST_OBJECT (self), warning,
                                            "A buffer has one record, or one list of records, "
                                            "whole. Lines of text, and bytes of a file in blocks, "
                                            "are made into such buffers by ndjsonparse."));
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

static gboolean
is_answer (const TribAlignRecord *record)
{
  return record->kind == TRIB_ALIGN_KIND_OBS || record->kind == TRIB_ALIGN_KIND_EMPTY
         || record->kind == TRIB_ALIGN_KIND_SKIPPED;
}

static guint
open_groups (GstObsAligner *self)
{
  TribAlignTotals totals;

  trib_align_get_totals (obs_core_get_align (self), &totals);
  return totals.open;
}

static void
trace_answer (GstObsAligner *self, const TribAlignRecord *record, gint64 now)
{
  trib_trace_answered (self->trace, trace_id (record->has_frame_id, record->frame_id, record->t_ns),
      record->source, to_answer (record->kind), now + self->shift - record->t_ns, now);
}

/* The view wants to know of an answer after its frame was opened by it, and before that leaves by it. */
static void
trace_answering (GstObsAligner *self, gint64 now)
{
  const TribAlignRecord *record = g_steal_pointer (&self->answering);

  if (record)
    trace_answer (self, record, now);
}

void
obs_report_before_push (GstObsAligner *self, const TribAlignRecord *record, gint64 now)
{
  const ObsPayload *payload = record->payload;

  if (self->trace == NULL || !is_answer (record))
    return;
  if (payload->processing_ms >= 0)
    trib_trace_timing (self->trace, trace_id (record->has_frame_id, record->frame_id, record->t_ns),
        record->source, (gint64) (payload->processing_ms * GST_MSECOND), open_groups (self));
  if (trib_trace_wants (self->trace, TRIB_TRACE_LEVEL_VERBOSE))
    self->answering = record;
}

void
obs_report_after_push (GstObsAligner *self, gint64 now)
{
  trace_answering (self, now);
}

static void
trace_opened (GstObsAligner *self, const TribAlignEvent *event)
{
  const TribAlignRecord *record = event->record;

  if (!trib_trace_wants (self->trace, TRIB_TRACE_LEVEL_VERBOSE))
    return;
  trib_trace_opened (self->trace, trace_id (record->has_frame_id, record->frame_id, record->t_ns),
      record->expected, event->now_ns);
  trace_answering (self, event->now_ns);
}

void
obs_report_group (GstObsAligner *self, const TribAlignGroup *group, gint64 now)
{
  if (self->trace == NULL)
    return;
  trace_answering (self, now);
  trib_trace_left (self->trace, trace_id (group->has_frame_id, group->frame_id, group->t_ns),
      trib_align_reason_to_string (group->reason), now);
}

void
obs_report_sync_delay (GstObsAligner *self, const TribAlignGroup *group)
{
  g_autofree const gchar **names = g_new0 (const gchar *, group->n_missing + 1);

  for (guint i = 0; i < group->n_missing; i++)
    names[i] = group->missing[i].source;
  self->counts.sync_delays++;
  trib_trace_sync_delay (self->trace, trace_id (group->has_frame_id, group->frame_id, group->t_ns),
      group->wait_ns, names);
}

/* ---- the log of arrivals ---- */

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

/* how capture times stand to times of arrival, in what is said of delays */
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

/* @source: (nullable): everything */
void
obs_report_flush (GstObsAligner *self, const gchar *source, gint64 now)
{
  TribRecordEnvelope e = { .has = TRIB_RECORD_BIT (FLUSH_ALL), .flush_all = TRUE };

  if (source)
    e = (TribRecordEnvelope){ .has = TRIB_RECORD_BIT (FLUSH), .flush = TRIB_RECORD_TEXT (source) };
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

/* What is decided by time alone needs the time to be decided again. */
void
obs_report_event (GstObsAligner *self, const TribAlignEvent *event)
{
  g_autoptr (GString) line = NULL;

  if (event->kind == TRIB_ALIGN_EVENT_OPENED) {
    trace_opened (self, event);
    return;
  }
  if (self->log == NULL)
    return;
  line = g_string_sized_new (256);
  if (self->advancing) {
    g_string_printf (line, "{\"now_ns\":%" G_GINT64_FORMAT "}", event->now_ns);
    trib_trace_line (self->log, line->str, line->len);
    g_string_truncate (line, 0);
  }
  if (event->kind == TRIB_ALIGN_EVENT_STATS)
    trib_align_log_stats (line, obs_core_get_align (self), event->now_ns);
  else
    trib_align_log_event (line, event);
  if (line->len > 0 && line->str[line->len - 1] == '\n')
    g_string_truncate (line, line->len - 1);
  if (line->len > 0)
    trib_trace_line (self->log, line->str, line->len);
}

/* ---- losses on the way out ---- */

static void
drop_item (GstObsAligner *self, ObsItem *item, guint64 *counter, const gchar *reason)
{
  if (item->kind == OBS_ITEM_GROUP) {
    const ObsGroup *group = item->group;
    guint64 id = trace_id (group->has_frame_id, group->frame_id, group->t_ns);

    *counter += group->n_members;
    self->counts.frames_dropped++;
    trib_trace_frame_drop (self->trace, id, &id, 1, TRIB_TRACE_DROP_BACKPRESSURE);
    tell_dropped (self, reason);
  }
  obs_item_free (item);
}

void
obs_report_drop_oldest (GstObsAligner *self)
{
  ObsItem *item = obs_queue_pop_oldest_data (&self->queue);

  if (item)
    drop_item (self, item, &self->counts.dropped_full, "downstream-full");
}

/* everything that waits; @counter: of its records */
void
obs_report_drop_queue (GstObsAligner *self, guint64 *counter)
{
  const gchar *reason = counter == &self->counts.dropped_flush ? "flush" : "downstream-failed";
  ObsItem *item;

  while ((item = obs_queue_pop (&self->queue)) != NULL)
    drop_item (self, item, counter, reason);
}

void
obs_report_lost (GstObsAligner *self, guint n_records)
{
  self->counts.dropped_encoding += n_records;
  tell_dropped (self, "encoding");
}

/* ---- counters ---- */

static void
set_counter (GstStructure *s, const gchar *prefix, const gchar *name, guint64 value)
{
  g_autofree gchar *field = g_strconcat (prefix, name, NULL);

  gst_structure_set (s, field, G_TYPE_UINT64, value, NULL);
}

static void
add_counts (GstStructure *s, const TribAlignCounts *c)
{
  guint64 dropped = 0;

  for (guint i = 0; i < TRIB_ALIGN_N_DROPPED; i++) {
    dropped += c->dropped[i];
    set_counter (s, "records-dropped-", trib_align_dropped_to_string (i), c->dropped[i]);
  }
  gst_structure_set (s, "records-emitted", G_TYPE_UINT64, c->emitted, "records-late", G_TYPE_UINT64,
      c->late, "records-duplicate", G_TYPE_UINT64, c->duplicate, "records-dropped", G_TYPE_UINT64,
      dropped, "records-pending", G_TYPE_UINT64, c->pending, NULL);
}

static void
add_source (GValue *list, const TribAlignSourceInfo *info, gint64 shift)
{
  GstStructure *s = gst_structure_new ("source", "source", G_TYPE_STRING, info->name, "records-in",
      G_TYPE_UINT64, info->counts.in, "required", G_TYPE_BOOLEAN, info->required, "expected",
      G_TYPE_BOOLEAN, info->expected, "idle", G_TYPE_BOOLEAN, info->idle, "ended", G_TYPE_BOOLEAN,
      info->ended, "unsynced", G_TYPE_BOOLEAN, info->unsynced, "newest", G_TYPE_INT64,
      info->max_t_ns, "offset", G_TYPE_INT64, info->offset_ns, "offset-p10", G_TYPE_INT64,
      info->offset_p10_ns, "offset-p50", G_TYPE_INT64, info->offset_p50_ns, "offset-p90",
      G_TYPE_INT64, info->offset_p90_ns, NULL);
  gint64 known = info->n_delays > 0 ? shift : 0;
  GValue value = G_VALUE_INIT;

  add_counts (s, &info->counts);
  gst_structure_set (s, "delay-p10", G_TYPE_INT64, info->delay_p10_ns + known, "delay-p50",
      G_TYPE_INT64, info->delay_p50_ns + known, "delay-p90", G_TYPE_INT64,
      info->delay_p90_ns + known, NULL);
  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, s);
  gst_value_array_append_and_take_value (list, &value);
}

static void
add_sources (GstStructure *s, GstObsAligner *self, TribAlign *align)
{
  GValue list = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_ARRAY);
  for (guint i = 0; align && i < trib_align_get_n_sources (align); i++) {
    TribAlignSourceInfo info;
    trib_align_get_source (align, i, &info);
    add_source (&list, &info, self->shift);
  }
  gst_structure_take_value (s, "sources", &list);
}

static void
add_own (GstStructure *s, const ObsCounts *c)
{
  gst_structure_set (s, "records-in", G_TYPE_UINT64, c->records_in, "bytes-in", G_TYPE_UINT64,
      c->bytes_in, "records-invalid", G_TYPE_UINT64, c->invalid, "records-control", G_TYPE_UINT64,
      c->control, "records-out", G_TYPE_UINT64, c->records_out, "late-out", G_TYPE_UINT64,
      c->late_out, "blocked", G_TYPE_UINT64, c->blocked, "source-conflicts", G_TYPE_UINT64,
      c->source_conflicts, "gaps-in", G_TYPE_UINT64, c->gaps_in, "gaps-out", G_TYPE_UINT64,
      c->gaps_out, "sync-delays", G_TYPE_UINT64, c->sync_delays, "frames-fused", G_TYPE_UINT64,
      c->frames_fused, "frames-out", G_TYPE_UINT64, c->frames_out, "frames-dropped", G_TYPE_UINT64,
      c->frames_dropped, "lost-downstream-full", G_TYPE_UINT64, c->dropped_full,
      "lost-downstream-failed", G_TYPE_UINT64, c->dropped_downstream, "lost-flush", G_TYPE_UINT64,
      c->dropped_flush, "lost-encoding", G_TYPE_UINT64, c->dropped_encoding, NULL);
}

/* with lock */
static GstStructure *
make_stats (GstObsAligner *self)
{
  GstStructure *s = gst_structure_new_empty ("application/x-obsaligner-stats");
  TribAlign *align = obs_core_get_align (self);
  TribAlignTotals totals = { .watermark_ns = G_MININT64 };

  if (align)
    trib_align_get_totals (align, &totals);
  add_own (s, &self->counts);
  add_counts (s, &totals.counts);
  for (guint i = 0; i <= TRIB_ALIGN_REASON_LATE; i++)
    set_counter (s, "frames-", trib_align_reason_to_string (i), totals.by_reason[i]);
  gst_structure_set (s, "frames-emitted", G_TYPE_UINT64, totals.groups_emitted, "frames-updated",
      G_TYPE_UINT64, totals.groups_updated, "frames-given-up", G_TYPE_UINT64, totals.groups_dropped,
      "frames-open", G_TYPE_UINT64, (guint64) totals.open, "peak-frames-open", G_TYPE_UINT64,
      (guint64) totals.peak_open, "frames-queued", G_TYPE_UINT64,
      (guint64) self->queue.n_groups + self->pushing_groups, "records-queued", G_TYPE_UINT64,
      self->queue.records + self->pushing_records, "bytes-queued", G_TYPE_UINT64,
      (guint64) self->queue.bytes, "pending-bytes", G_TYPE_UINT64, totals.pending_bytes, "id-reuse",
      G_TYPE_UINT64, totals.id_reuse, "jumps", G_TYPE_UINT64, totals.jumps, "epoch", G_TYPE_UINT64,
      totals.epoch, "watermark", G_TYPE_INT64, totals.watermark_ns, NULL);
  add_sources (s, self, align);
  return s;
}

/* (transfer full): when not running, those of the last run, in which what was pending was dropped */
GstStructure *
obs_report_stats (GstObsAligner *self)
{
  GstStructure *s;

  g_mutex_lock (&self->lock);
  if (self->core == NULL && self->last_stats)
    s = gst_structure_copy (self->last_stats);
  else
    s = make_stats (self);
  g_mutex_unlock (&self->lock);
  return s;
}

/* with lock: the aligner is about to go */
void
obs_report_keep_stats (GstObsAligner *self)
{
  g_clear_pointer (&self->last_stats, gst_structure_free);
  self->last_stats = make_stats (self);
}

/* (transfer full) */
gchar *
obs_report_holder (GstObsAligner *self)
{
  const gchar *holder = NULL;
  gchar *copy;

  g_mutex_lock (&self->lock);
  if (self->core)
    holder = trib_align_get_holder (obs_core_get_align (self));
  copy = g_strdup (holder ? holder : "");
  g_mutex_unlock (&self->lock);
  return copy;
}
