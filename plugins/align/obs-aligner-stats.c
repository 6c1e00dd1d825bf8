/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties stats and current-holder. */
#include <shared/trib-fields.h>

#include "obs-aligner-report.h"

/* ---- counters of records, of a source or of all ---- */

typedef struct {
  TribAlignCounts counts;
  guint64 dropped;
} RecordStats;

static const gchar *
dropped_name (guint index)
{
  return trib_align_dropped_to_string (index);
}

#define AT(type, field) G_STRUCT_OFFSET (type, field)
#define RECORD(name, field, about)                          \
  {                                                         \
    name, TRIB_FIELD_UINT64, AT (RecordStats, field), about \
  }

/* clang-format off */
static const TribField record_rows[] = {
  RECORD ("records-emitted", counts.emitted, "in fused records; not counted again in later panes"),
  RECORD ("records-late", counts.late, "arrived after their frame, under any late-policy"),
  RECORD ("records-duplicate", counts.duplicate, "a second answer of their source for a frame"),
  RECORD ("records-dropped", dropped, "sum of `records-dropped-REASON`"),
  { "records-dropped-", TRIB_FIELD_COUNTS, AT (RecordStats, counts.dropped),
      "by missing-policy, replaced by a second answer, with a single capture time far ahead, "
      "of more than 64 sources, in no set, by a flush", TRIB_ALIGN_N_DROPPED, dropped_name },
  RECORD ("records-pending", counts.pending, "in open frames"),
};
/* clang-format on */

static RecordStats
record_stats (const TribAlignCounts *counts)
{
  RecordStats stats = { .counts = *counts };

  for (guint i = 0; i < TRIB_ALIGN_N_DROPPED; i++)
    stats.dropped += counts->dropped[i];
  return stats;
}

/* ---- of a source ---- */

typedef struct {
  const gchar *session, *stream;
  TribAlignSourceInfo info;
} SourceStats;

#define SOURCE(name, kind, field, about)       \
  {                                            \
    name, kind, AT (SourceStats, field), about \
  }

/* clang-format off */
static const TribField source_rows[] = {
  SOURCE ("source", TRIB_FIELD_TEXT, info.name, "its name"),
  SOURCE ("session", TRIB_FIELD_TEXT, session, "session of its records, empty without one"),
  SOURCE ("stream", TRIB_FIELD_TEXT, stream, "stream of its records, empty without one"),
  SOURCE ("records-in", TRIB_FIELD_UINT64, info.counts.in, "input records"),
  SOURCE ("required", TRIB_FIELD_BOOL, info.required, "whether frames wait for it"),
  SOURCE ("expected", TRIB_FIELD_BOOL, info.expected, "whether it is listed or has sent a record"),
  SOURCE ("idle", TRIB_FIELD_BOOL, info.idle, "whether it is silent"),
  SOURCE ("ended", TRIB_FIELD_BOOL, info.ended, "whether it has ended"),
  SOURCE ("unsynced", TRIB_FIELD_BOOL, info.unsynced, "whether its clock differs from the others'"),
  SOURCE ("newest", TRIB_FIELD_INT64, info.max_t_ns, "latest capture time, ns"),
  SOURCE ("offset", TRIB_FIELD_INT64, info.offset_ns, "added to its capture times, ns"),
  SOURCE ("offset-p10", TRIB_FIELD_INT64, info.offset_p10_ns,
      "its capture times less those of the first source, ns"),
  SOURCE ("offset-p50", TRIB_FIELD_INT64, info.offset_p50_ns, "likewise"),
  SOURCE ("offset-p90", TRIB_FIELD_INT64, info.offset_p90_ns, "likewise"),
  SOURCE ("delay-p10", TRIB_FIELD_INT64, info.delay_p10_ns, "arrival less capture time, ns"),
  SOURCE ("delay-p50", TRIB_FIELD_INT64, info.delay_p50_ns, "likewise"),
  SOURCE ("delay-p90", TRIB_FIELD_INT64, info.delay_p90_ns, "likewise"),
};
/* clang-format on */

static const TribFieldTable source_tables[] = {
  TRIB_FIELD_TABLE ("source", NULL, source_rows),
  TRIB_FIELD_TABLE ("source", NULL, record_rows),
};

/* 0 where arrival and capture are not of one clock */
static void
set_delay (GstObsAligner *self, gint64 *delay)
{
  *delay = trib_align_delay (*delay, self->shift);
  if (*delay == TRIB_RECORD_NO_DELAY)
    *delay = 0;
}

static GstStructure *
make_source (GstObsAligner *self, const TribAlign *align, guint index)
{
  const TribStreamKey *stream = trib_align_get_stream (align);
  SourceStats stats
      = { .session = stream ? stream->session : "", .stream = stream ? stream->stream : "" };
  RecordStats records;
  GstStructure *s;

  trib_align_get_source (align, index, &stats.info);
  if (stats.info.n_delays > 0) {
    set_delay (self, &stats.info.delay_p10_ns);
    set_delay (self, &stats.info.delay_p50_ns);
    set_delay (self, &stats.info.delay_p90_ns);
  }
  records = record_stats (&stats.info.counts);
  s = trib_fields_to_structure (&source_tables[0], &stats);
  trib_fields_add (s, record_rows, G_N_ELEMENTS (record_rows), &records);
  return s;
}

/* with lock: (transfer full): of GstStructure */
static GPtrArray *
make_sources (GstObsAligner *self, TribAlignStreams *streams)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);

  for (guint i = 0; streams && i < trib_align_streams_get_n (streams); i++) {
    const TribAlign *align = trib_align_streams_get (streams, i);

    for (guint k = 0; k < trib_align_get_n_sources (align); k++)
      g_ptr_array_add (list, make_source (self, align, k));
  }
  return list;
}

/* ---- of the element ---- */

typedef struct {
  ObsCounts own;
  TribAlignTotals core;
  guint64 results_queued, records_queued, bytes_queued;
  GPtrArray *sources;
} Stats;

#define COUNT(name, field, about)                     \
  {                                                   \
    name, TRIB_FIELD_UINT64, AT (Stats, field), about \
  }

/* clang-format off */
static const TribField stats_rows[] = {
  COUNT ("records-in", own.records_in, "input records"),
  COUNT ("bytes-in", own.bytes_in, "their bytes"),
  COUNT ("records-invalid", own.invalid, "records that cannot be used"),
  COUNT ("records-control", own.control, "announces, bounds, ends"),
  COUNT ("records-out", own.records_out,
      "in fused records that were pushed, counted again in later panes"),
  COUNT ("late-out", own.late_out, "records that were pushed to the pad late"),
  COUNT ("blocked", own.blocked, "times that a source waited for space in the output queue"),
  COUNT ("source-conflicts", core.source_conflicts,
      "records of a source that also uses another pad"),
  COUNT ("gaps-in", own.gaps_in, "GAP events received"),
  COUNT ("gaps-out", own.gaps_out, "GAP events pushed"),
  COUNT ("sync-delays", own.sync_delays,
      "frames that were older than the window times late-threshold when they were emitted"),
  COUNT ("frames-fused", own.frames_fused, "fused records made"),
  COUNT ("frames-out", own.frames_out, "fused records pushed"),
  COUNT ("frames-dropped", own.frames_dropped, "fused records made and not pushed"),
  COUNT ("lost-downstream-full", own.dropped_full,
      "records of dropped frames: output queue full"),
  COUNT ("lost-downstream-failed", own.dropped_downstream,
      "records of dropped frames: a push failed"),
  COUNT ("lost-flush", own.dropped_flush, "records of dropped frames: a flush or the end"),
  COUNT ("lost-encoding", own.dropped_encoding,
      "records of dropped frames: a value that the format cannot express"),
  COUNT ("frames-complete", core.by_reason[TRIB_ALIGN_REASON_COMPLETE], "results by reason"),
  COUNT ("frames-skipped", core.by_reason[TRIB_ALIGN_REASON_SKIPPED], "likewise"),
  COUNT ("frames-timeout", core.by_reason[TRIB_ALIGN_REASON_TIMEOUT], "likewise"),
  COUNT ("frames-watermark", core.by_reason[TRIB_ALIGN_REASON_WATERMARK], "likewise"),
  COUNT ("frames-eos", core.by_reason[TRIB_ALIGN_REASON_EOS], "likewise"),
  COUNT ("frames-overflow", core.by_reason[TRIB_ALIGN_REASON_OVERFLOW], "likewise"),
  COUNT ("frames-jump", core.by_reason[TRIB_ALIGN_REASON_JUMP], "likewise"),
  COUNT ("frames-late", core.by_reason[TRIB_ALIGN_REASON_LATE], "likewise"),
  COUNT ("frames-emitted", core.groups_emitted, "fused records of pane 0"),
  COUNT ("frames-updated", core.groups_updated, "fused records of later panes"),
  COUNT ("frames-given-up", core.groups_dropped, "frames closed without a fused record"),
  COUNT ("frames-open", core.open, "frames that are open now"),
  COUNT ("peak-frames-open", core.peak_open, "maximum of frames that were open at once"),
  COUNT ("frames-queued", results_queued, "fused records in the output queue"),
  COUNT ("records-queued", records_queued, "records of those"),
  COUNT ("bytes-queued", bytes_queued, "bytes in the output queue"),
  COUNT ("pending-bytes", core.pending_bytes, "bytes of records in open frames"),
  COUNT ("id-reuse", core.id_reuse, "records with the frame id of an earlier frame"),
  COUNT ("jumps", core.jumps, "clocks that were set"),
  COUNT ("epoch", core.epoch, "number of the current epoch of that stream"),
  { "watermark", TRIB_FIELD_INT64, AT (Stats, core.watermark_ns),
      "of the stream of the last record, by watermark and tumbling, ns; the least int64 when there "
      "is none" },
  { "sources", TRIB_FIELD_LIST, AT (Stats, sources), "a structure for each source" },
};
/* clang-format on */

static const TribFieldTable stats_tables[] = {
  TRIB_FIELD_TABLE ("application/x-obsaligner-stats", NULL, stats_rows),
  TRIB_FIELD_TABLE ("application/x-obsaligner-stats", NULL, record_rows),
};

/* with lock */
static GstStructure *
make_stats (GstObsAligner *self)
{
  TribAlignStreams *streams = obs_core_get_streams (self);
  g_autoptr (GPtrArray) sources = make_sources (self, streams);
  Stats stats = { .own = self->counts,
    .core.watermark_ns = G_MININT64,
    .results_queued = self->queue.n_results + self->pushing_results,
    .records_queued = self->queue.records + self->pushing_records,
    .bytes_queued = self->queue.bytes,
    .sources = sources };
  RecordStats records;
  GstStructure *s;

  if (streams)
    trib_align_streams_get_totals (streams, &stats.core);
  records = record_stats (&stats.core.counts);
  s = trib_fields_to_structure (&stats_tables[0], &stats);
  trib_fields_add (s, record_rows, G_N_ELEMENTS (record_rows), &records);
  return s;
}

/* (transfer full): when not running, those of the last run, in which what was pending was
 * dropped */
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

/* with lock: the aligner is about to be freed */
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
  TribAlignStreams *streams;
  const gchar *holder = NULL;
  gchar *copy;

  g_mutex_lock (&self->lock);
  streams = obs_core_get_streams (self);
  for (guint i = 0; streams && holder == NULL && i < trib_align_streams_get_n (streams); i++)
    holder = trib_align_get_holder (trib_align_streams_get (streams, i));
  copy = g_strdup (holder ? holder : "");
  g_mutex_unlock (&self->lock);
  return copy;
}
