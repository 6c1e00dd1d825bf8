/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-trace-record.h"

#include "trib-json-writer.h"

#define NS_PER_MS 1e6

#define FRAME_ID                                                                              \
  {                                                                                           \
    "frame_id", "integer", "the frame; its capture time in nanoseconds when it has no number" \
  }

static const TribTraceRecordForm forms[TRIB_TRACE_RECORD_N_TYPES] = {
  [TRIB_TRACE_RECORD_TIMING] = { "timing", "How long one component worked on one frame",
      { FRAME_ID,
          { "component", "text",
              "an extractor's name, `process_<name>`, `orchestrator` or `fusion_process`" },
          { "processing_ms", "number", "milliseconds, measured in nanoseconds" },
          { "queue_depth", "integer", "frames that were waiting for the component" } } },
  [TRIB_TRACE_RECORD_FRAME_DROP] = { "frame_drop", "Frames that were not processed",
      { FRAME_ID, { "dropped_frame_ids", "list of integers", "the frames that were given up" },
          { "reason", "text",
              "`backpressure`: there was no room; `timeout`: no answer in time" } } },
  [TRIB_TRACE_RECORD_SYNC_DELAY] = { "sync_delay", "A frame that waited too long for its sources",
      { FRAME_ID, { "delay_ms", "number", "its age when it left, milliseconds" },
          { "waiting_for", "list of texts", "the sources that were waited for" } } },
  [TRIB_TRACE_RECORD_LOST] = { "trace_lost", "So much is missing here in the trace itself",
      { { "records", "integer", "how many records, the sum of the next three" },
          { "full", "integer", "those for which the trace had no room" },
          { "too_large", "integer", "those that were larger than the trace takes" },
          { "failed", "integer", "those that could not be written" } } },
};

/**
 * trib_trace_record_form:
 * @type: below %TRIB_TRACE_RECORD_N_TYPES
 *
 * Returns: (transfer none): what such a record holds
 */
const TribTraceRecordForm *
trib_trace_record_form (TribTraceRecordType type)
{
  g_assert ((guint) type < TRIB_TRACE_RECORD_N_TYPES);
  return &forms[type];
}

/* a record under way: its keys come from its form, in order */
typedef struct {
  TribJsonWriter w;
  const TribTraceRecordField *next;
} Record;

static void
begin (Record *r, GString *out, TribTraceRecordType type)
{
  trib_json_writer_init (&r->w, out);
  trib_json_writer_begin_object (&r->w);
  trib_json_writer_member_string (&r->w, "record_type", forms[type].record_type);
  r->next = forms[type].fields;
}

static TribJsonWriter *
field (Record *r)
{
  trib_json_writer_key (&r->w, r->next->name);
  r->next++;
  return &r->w;
}

static void
end (Record *r)
{
  g_assert (r->next->name == NULL);
  trib_json_writer_end_object (&r->w);
}

void
trib_trace_record_timing (GString *out, gint64 frame_id, const gchar *component,
    gint64 processing_ns, guint64 queue_depth)
{
  Record r;

  begin (&r, out, TRIB_TRACE_RECORD_TIMING);
  trib_json_writer_int (field (&r), frame_id);
  trib_json_writer_string (field (&r), component);
  trib_json_writer_double (field (&r), (gdouble) processing_ns / NS_PER_MS);
  trib_json_writer_uint (field (&r), queue_depth);
  end (&r);
}

void
trib_trace_record_frame_drop (GString *out, gint64 frame_id, const gint64 *dropped_frame_ids,
    gsize n_dropped, const gchar *reason)
{
  TribJsonWriter *w;
  Record r;

  begin (&r, out, TRIB_TRACE_RECORD_FRAME_DROP);
  trib_json_writer_int (field (&r), frame_id);
  w = field (&r);
  trib_json_writer_begin_array (w);
  for (gsize i = 0; i < n_dropped; i++)
    trib_json_writer_int (w, dropped_frame_ids[i]);
  trib_json_writer_end_array (w);
  trib_json_writer_string (field (&r), reason);
  end (&r);
}

/* @waiting_for: (nullable): ends with %NULL */
void
trib_trace_record_sync_delay (
    GString *out, gint64 frame_id, gint64 delay_ns, const gchar *const *waiting_for)
{
  TribJsonWriter *w;
  Record r;

  begin (&r, out, TRIB_TRACE_RECORD_SYNC_DELAY);
  trib_json_writer_int (field (&r), frame_id);
  trib_json_writer_double (field (&r), (gdouble) delay_ns / NS_PER_MS);
  w = field (&r);
  trib_json_writer_begin_array (w);
  for (guint i = 0; waiting_for != NULL && waiting_for[i] != NULL; i++)
    trib_json_writer_string (w, waiting_for[i]);
  trib_json_writer_end_array (w);
  end (&r);
}

void
trib_trace_record_lost (GString *out, guint64 full, guint64 too_large, guint64 failed)
{
  Record r;

  begin (&r, out, TRIB_TRACE_RECORD_LOST);
  trib_json_writer_uint (field (&r), full + too_large + failed);
  trib_json_writer_uint (field (&r), full);
  trib_json_writer_uint (field (&r), too_large);
  trib_json_writer_uint (field (&r), failed);
  end (&r);
}
