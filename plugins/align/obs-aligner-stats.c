/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties stats and current-holder. */
#include <shared/trib-fields.h>

#include "obs-aligner-report.h"

/* ---- of a source ---- */

typedef struct {
  TribAlignSourceInfo info;
  guint64 dropped;
} SourceStats;

static const gchar *
dropped_name (guint index)
{
  return trib_align_dropped_to_string (index);
}

static const gchar *
reason_name (guint index)
{
  return trib_align_reason_to_string (index);
}

#define AT(type, field) G_STRUCT_OFFSET (type, field)
/* clang-format off */
#define COUNTS(type, counts) \
  { "records-emitted", TRIB_FIELD_UINT64, AT (type, counts.emitted), "in fused records" }, \
  { "records-late", TRIB_FIELD_UINT64, AT (type, counts.late), "arrived after their frame was emitted" }, \
  { "records-duplicate", TRIB_FIELD_UINT64, AT (type, counts.duplicate), "a second answer" }, \
  { "records-dropped", TRIB_FIELD_UINT64, AT (type, dropped), "all that were dropped" }, \
  { "records-dropped-", TRIB_FIELD_COUNTS, AT (type, counts.dropped), "by reason", \
      TRIB_ALIGN_N_DROPPED, dropped_name }, \
  { "records-pending", TRIB_FIELD_UINT64, AT (type, counts.pending), "in open frames" }

static const TribField source_fields[] = {
#define SOURCE(name, kind, field, about) { name, TRIB_FIELD_##kind, AT (SourceStats, info.field), about }
  SOURCE ("source", TEXT, name, "name"),
  SOURCE ("records-in", UINT64, counts.in, "records that came in"),
  SOURCE ("required", BOOL, required, "whether frames wait for it"),
  SOURCE ("expected", BOOL, expected, "whether it is listed or has sent a record"),
  SOURCE ("idle", BOOL, idle, "whether it is silent"),
  SOURCE ("ended", BOOL, ended, "whether it has ended"),
  SOURCE ("unsynced", BOOL, unsynced, "whether its clock differs from the others'"),
  SOURCE ("newest", INT64, max_t_ns, "latest capture time, ns"),
  SOURCE ("offset", INT64, offset_ns, "added to its capture times, ns"),
  SOURCE ("offset-p10", INT64, offset_p10_ns, "capture times less those of the reference source, ns"),
  SOURCE ("offset-p50", INT64, offset_p50_ns, "likewise"),
  SOURCE ("offset-p90", INT64, offset_p90_ns, "likewise"),
  SOURCE ("delay-p10", INT64, delay_p10_ns, "arrival less capture time, ns"),
  SOURCE ("delay-p50", INT64, delay_p50_ns, "likewise"),
  SOURCE ("delay-p90", INT64, delay_p90_ns, "likewise"),
  COUNTS (SourceStats, info.counts),
#undef SOURCE
};
/* clang-format on */
static const TribFieldTable source_table = TRIB_FIELD_TABLE ("source", NULL, source_fields);

static guint64
sum_dropped (const TribAlignCounts *counts)
{
  guint64 sum = 0;

  for (guint i = 0; i < TRIB_ALIGN_N_DROPPED; i++)
    sum += counts->dropped[i];
  return sum;
}

/* with lock: (transfer full): of GstStructure */
static GPtrArray *
make_sources (GstObsAligner *self, TribAlign *align)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);

  for (guint i = 0; align && i < trib_align_get_n_sources (align); i++) {
    SourceStats s;
    trib_align_get_source (align, i, &s.info);
    s.dropped = sum_dropped (&s.info.counts);
    if (s.info.n_delays > 0) {
      s.info.delay_p10_ns += self->shift;
      s.info.delay_p50_ns += self->shift;
      s.info.delay_p90_ns += self->shift;
    }
    g_ptr_array_add (list, trib_fields_to_structure (&source_table, &s));
  }
  return list;
}

/* ---- of the element ---- */

typedef struct {
  ObsCounts own;
  TribAlignTotals core;
  guint64 dropped;
  guint64 results_queued, records_queued, bytes_queued;
  GPtrArray *sources;
} Stats;

/* clang-format off */
static const TribField fields[] = {
#define OWN(name, field, about) { name, TRIB_FIELD_UINT64, AT (Stats, own.field), about }
#define CORE(name, field, about) { name, TRIB_FIELD_UINT64, AT (Stats, core.field), about }
  OWN ("records-in", records_in, "records that came in"),
  OWN ("bytes-in", bytes_in, "bytes of those"),
  OWN ("records-invalid", invalid, "could not be used"),
  OWN ("records-control", control, "announces, bounds, ends"),
  OWN ("records-out", records_out, "in fused records that were pushed"),
  OWN ("late-out", late_out, "records pushed to the pad late"),
  OWN ("blocked", blocked, "times that a source waited for space in the output queue"),
  OWN ("source-conflicts", source_conflicts, "records of a source that also has another pad"),
  OWN ("gaps-in", gaps_in, "GAP events in"),
  OWN ("gaps-out", gaps_out, "GAP events out"),
  OWN ("sync-delays", sync_delays, "frames that waited longer than late-threshold windows"),
  OWN ("frames-fused", frames_fused, "fused records made"),
  OWN ("frames-out", frames_out, "fused records pushed"),
  OWN ("frames-dropped", frames_dropped, "fused records made and not pushed"),
  OWN ("lost-downstream-full", dropped_full, "records of those: output queue full"),
  OWN ("lost-downstream-failed", dropped_downstream, "records of those: a push failed"),
  OWN ("lost-flush", dropped_flush, "records of those: flush or end"),
  OWN ("lost-encoding", dropped_encoding, "records of those: not expressible in the format"),
  COUNTS (Stats, core.counts),
  { "frames-", TRIB_FIELD_COUNTS, AT (Stats, core.by_reason), "frames by reason",
      TRIB_ALIGN_REASON_LATE + 1, reason_name },
  CORE ("frames-emitted", groups_emitted, "fused records of pane 0"),
  CORE ("frames-updated", groups_updated, "fused records of later panes"),
  CORE ("frames-given-up", groups_dropped, "closed without a fused record"),
  CORE ("frames-open", open, "open now"),
  CORE ("peak-frames-open", peak_open, "most that were open at once"),
  { "frames-queued", TRIB_FIELD_UINT64, AT (Stats, results_queued), "in the output queue" },
  { "records-queued", TRIB_FIELD_UINT64, AT (Stats, records_queued), "records of those" },
  { "bytes-queued", TRIB_FIELD_UINT64, AT (Stats, bytes_queued), "bytes in the output queue" },
  CORE ("pending-bytes", pending_bytes, "bytes of records in open frames"),
  CORE ("id-reuse", id_reuse, "records with the id of an earlier frame"),
  CORE ("jumps", jumps, "clocks that were set"),
  CORE ("epoch", epoch, "number of the present epoch"),
  { "watermark", TRIB_FIELD_INT64, AT (Stats, core.watermark_ns), "ns; the least int64: none" },
  { "sources", TRIB_FIELD_LIST, AT (Stats, sources), "a structure for each source" },
#undef OWN
#undef CORE
};
/* clang-format on */
static const TribFieldTable table
    = TRIB_FIELD_TABLE ("application/x-obsaligner-stats", NULL, fields);

/* with lock */
static GstStructure *
make_stats (GstObsAligner *self)
{
  TribAlign *align = obs_core_get_align (self);
  g_autoptr (GPtrArray) sources = make_sources (self, align);
  Stats stats = { .own = self->counts,
    .core.watermark_ns = G_MININT64,
    .results_queued = self->queue.n_results + self->pushing_results,
    .records_queued = self->queue.records + self->pushing_records,
    .bytes_queued = self->queue.bytes,
    .sources = sources };

  if (align)
    trib_align_get_totals (align, &stats.core);
  stats.dropped = sum_dropped (&stats.core.counts);
  return trib_fields_to_structure (&table, &stats);
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
  const gchar *holder = NULL;
  gchar *copy;

  g_mutex_lock (&self->lock);
  if (self->core)
    holder = trib_align_get_holder (obs_core_get_align (self));
  copy = g_strdup (holder ? holder : "");
  g_mutex_unlock (&self->lock);
  return copy;
}
