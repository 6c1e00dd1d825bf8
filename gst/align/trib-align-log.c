/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-align-log.h"

#include <record/trib-json-writer.h>

static void
begin (TribJsonWriter *w, GString *out, const gchar *what, const TribStreamKey *stream,
    gint64 now_ns, guint64 epoch)
{
  trib_json_writer_init (w, out);
  trib_json_writer_begin_object (w);
  trib_json_writer_member_int (w, "v", 1);
  trib_json_writer_member_string (w, "ev", what);
  trib_json_writer_member_int (w, "mono", now_ns);
  trib_json_writer_member_uint (w, "epoch", epoch);
  if (stream) {
    trib_json_writer_member_string (w, "session", stream->session);
    trib_json_writer_member_string (w, "stream", stream->stream);
  }
}

static void
end (TribJsonWriter *w, GString *out)
{
  trib_json_writer_end_object (w);
  g_string_append_c (out, '\n');
}

static void
put_have (TribJsonWriter *w, const TribAlignRecord *record, const TribRecordAnswer *answer)
{
  trib_json_writer_begin_object (w);
  trib_json_writer_member_int (w, "arr", record->arrival_ns);
  trib_json_writer_member_int (w, "delay", answer->delay_ns);
  if (record->kind != TRIB_ALIGN_KIND_OBS)
    trib_json_writer_member_string (w, "kind", trib_align_kind_to_string (record->kind));
  if (answer->stale_ns >= 0)
    trib_json_writer_member_int (w, "stale", answer->stale_ns);
  trib_json_writer_end_object (w);
}

/* a source with several records has a list */
static void
put_all_have (TribJsonWriter *w, const TribAlignResult *r)
{
  const TribRecordFused *f = &r->fused;

  trib_json_writer_key (w, "have");
  trib_json_writer_begin_object (w);
  for (guint i = 0; i < f->n_answers;) {
    guint n = 1;
    while (i + n < f->n_answers && r->have[i + n].index == r->have[i].index)
      n++;
    trib_json_writer_key (w, f->answers[i].source);
    if (n > 1)
      trib_json_writer_begin_array (w);
    for (guint k = i; k < i + n; k++)
      put_have (w, r->have[k].record, &f->answers[k]);
    if (n > 1)
      trib_json_writer_end_array (w);
    i += n;
  }
  trib_json_writer_end_object (w);
}

static void
put_missing (TribJsonWriter *w, const TribRecordFused *f)
{
  trib_json_writer_key (w, "missing");
  trib_json_writer_begin_array (w);
  for (guint i = 0; i < f->n_missing; i++) {
    trib_json_writer_begin_object (w);
    trib_json_writer_member_string (w, "src", f->missing[i].source);
    trib_json_writer_member_string (w, "why", f->missing[i].why);
    trib_json_writer_end_object (w);
  }
  trib_json_writer_end_array (w);
}

static void
put_result (TribJsonWriter *w, const TribAlignResult *r)
{
  const TribRecordFused *f = &r->fused;

  if (f->has_frame_id)
    trib_json_writer_member_uint (w, "frame", f->frame_id);
  trib_json_writer_member_int (w, "t", f->t_ns);
  trib_json_writer_member_string (w, "reason", f->reason);
  trib_json_writer_member_uint (w, "pane", f->pane);
  put_all_have (w, r);
  put_missing (w, f);
  trib_json_writer_member_uint (w, "spread", f->spread_ns);
  trib_json_writer_member_int (w, "wait", f->wait_ns);
}

static void
put_record (TribJsonWriter *w, const TribAlignRecord *r)
{
  if (r->has_frame_id)
    trib_json_writer_member_uint (w, "frame", r->frame_id);
  trib_json_writer_member_int (w, "t", r->t_ns);
  if (r->source)
    trib_json_writer_member_string (w, "src", r->source);
  if (r->has_seq)
    trib_json_writer_member_uint (w, "seq", r->seq);
}

static const gchar *
word_of (const TribAlignEvent *event)
{
  static const gchar *const words[] = {
    [TRIB_ALIGN_EVENT_EMIT] = "emit",
    [TRIB_ALIGN_EVENT_SYNC_DELAY] = "sync_delay",
    [TRIB_ALIGN_EVENT_ANNOUNCE] = "announce",
    [TRIB_ALIGN_EVENT_LATE] = "late",
    [TRIB_ALIGN_EVENT_DUPLICATE] = "dup",
    [TRIB_ALIGN_EVENT_DROP] = "drop",
    [TRIB_ALIGN_EVENT_IDLE] = "idle",
    [TRIB_ALIGN_EVENT_ACTIVE] = "active",
    [TRIB_ALIGN_EVENT_ALL_IDLE] = "all_idle",
    [TRIB_ALIGN_EVENT_JUMP] = "jump",
    [TRIB_ALIGN_EVENT_UNSYNCED] = "unsynced",
    [TRIB_ALIGN_EVENT_SYNCED] = "synced",
    [TRIB_ALIGN_EVENT_HOLDER] = "holder",
    [TRIB_ALIGN_EVENT_ID_REUSE] = "id_reuse",
    [TRIB_ALIGN_EVENT_SOURCE] = "source",
    [TRIB_ALIGN_EVENT_STATS] = "stats",
  };

  if (event->kind == TRIB_ALIGN_EVENT_DROP && event->dropped == TRIB_ALIGN_DROPPED_IMPLAUSIBLE)
    return "implausible";
  return words[event->kind];
}

/**
 * trib_align_log_event:
 * @out: the line is appended, with its end; none for OPENED and ACCEPTED, which results show
 * @event: an event
 */
void
trib_align_log_event (GString *out, const TribAlignEvent *event)
{
  TribJsonWriter w;

  if (event->kind == TRIB_ALIGN_EVENT_OPENED || event->kind == TRIB_ALIGN_EVENT_ACCEPTED)
    return;
  begin (&w, out, word_of (event), event->stream, event->now_ns, event->epoch);
  if (event->result)
    put_result (&w, event->result);
  else if (event->record)
    put_record (&w, event->record);
  else if (event->source)
    trib_json_writer_member_string (&w, "src", event->source);
  if (event->kind == TRIB_ALIGN_EVENT_HOLDER && event->source == NULL) {
    trib_json_writer_key (&w, "src");
    trib_json_writer_null (&w);
  }
  if (event->kind == TRIB_ALIGN_EVENT_ALL_IDLE && event->t_ns != G_MININT64)
    trib_json_writer_member_int (&w, "t", event->t_ns);
  if (event->kind == TRIB_ALIGN_EVENT_LATE || event->kind == TRIB_ALIGN_EVENT_JUMP
      || event->kind == TRIB_ALIGN_EVENT_UNSYNCED)
    trib_json_writer_member_int (&w, "by", event->by_ns);
  if (event->kind == TRIB_ALIGN_EVENT_LATE)
    trib_json_writer_member_boolean (&w, "given", event->accepted);
  if (event->kind == TRIB_ALIGN_EVENT_DROP)
    trib_json_writer_member_string (&w, "why", trib_align_dropped_to_string (event->dropped));
  end (&w, out);
}

static void
put_counts (TribJsonWriter *w, const TribAlignCounts *counts)
{
  trib_json_writer_member_uint (w, "in", counts->in);
  trib_json_writer_member_uint (w, "emitted", counts->emitted);
  trib_json_writer_member_uint (w, "late", counts->late);
  trib_json_writer_member_uint (w, "dup", counts->duplicate);
  for (guint i = 0; i < TRIB_ALIGN_N_DROPPED; i++)
    if (counts->dropped[i] > 0)
      trib_json_writer_member_uint (w, trib_align_dropped_to_string (i), counts->dropped[i]);
  trib_json_writer_member_uint (w, "pending", counts->pending);
}

/**
 * trib_align_log_stats:
 * @out: the line is appended, with its end
 * @a: an aligner
 * @now_ns: the time
 */
void
trib_align_log_stats (GString *out, const TribAlign *a, gint64 now_ns)
{
  TribAlignTotals totals;
  TribJsonWriter w;

  trib_align_get_totals (a, &totals);
  begin (&w, out, "stats", trib_align_get_stream (a), now_ns, totals.epoch);
  put_counts (&w, &totals.counts);
  trib_json_writer_member_uint (&w, "open", totals.open);
  trib_json_writer_key (&w, "sources");
  trib_json_writer_begin_object (&w);
  for (guint i = 0; i < trib_align_get_n_sources (a); i++) {
    TribAlignSourceInfo info;
    trib_align_get_source (a, i, &info);
    trib_json_writer_key (&w, info.name);
    trib_json_writer_begin_object (&w);
    put_counts (&w, &info.counts);
    trib_json_writer_end_object (&w);
  }
  trib_json_writer_end_object (&w);
  end (&w, out);
}
