/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-trace-record.h"

#include <string.h>

#include "trib-record-envelope.h"

#define NS_PER_MS 1e6
#define HAS(field) TRIB_RECORD_BIT (field)

/* As much of a name as a reader of records takes. U+FFFD takes three bytes where one was: what is
 * not UTF-8 is cut where it cannot grow too long. */
static TribRecordSlice
name_of (const gchar *text)
{
  gsize len = strnlen (text, TRIB_RECORD_MAX_TEXT_BYTES + 1);

  if (len > TRIB_RECORD_MAX_TEXT_BYTES) {
    len = TRIB_RECORD_MAX_TEXT_BYTES;
    while (len > TRIB_RECORD_MAX_TEXT_BYTES - 4 && ((guchar) text[len] & 0xc0) == 0x80)
      len--;
  }
  if (len > TRIB_RECORD_MAX_TEXT_BYTES / 3 && !g_utf8_validate_len (text, len, NULL))
    len = TRIB_RECORD_MAX_TEXT_BYTES / 3;
  return (TribRecordSlice){ text, len };
}

void
trib_trace_record_timing (GString *out, gint64 timestamp_ns, guint64 frame_id,
    const gchar *component, gint64 processing_ns, guint64 queue_depth, gint64 threshold_ns)
{
  TribRecordEnvelope e; /* large, and only what `has` names is looked at */
  TribRecordWriter w;

  e.kind = TRIB_RECORD_KIND_TIMING;
  e.has = HAS (FRAME_ID) | HAS (COMPONENT) | HAS (PROCESSING_MS) | HAS (QUEUE_DEPTH)
          | HAS (TIMESTAMP_NS);
  if (threshold_ns > 0)
    e.has |= HAS (IS_SLOW) | HAS (THRESHOLD_MS);
  e.timestamp_ns = timestamp_ns;
  e.frame_id = frame_id;
  e.component = name_of (component);
  e.processing_ms = (gdouble) processing_ns / NS_PER_MS;
  e.queue_depth = queue_depth;
  e.is_slow = processing_ns > threshold_ns;
  e.threshold_ms = (gdouble) threshold_ns / NS_PER_MS;
  trib_record_writer_init (&w, TRIB_RECORD_JSON, out);
  trib_record_envelope_write (&w, &e);
}

void
trib_trace_record_frame_drop (GString *out, gint64 timestamp_ns, guint64 frame_id,
    const guint64 *dropped_frame_ids, gsize n_dropped, const gchar *reason, const gchar *component)
{
  TribRecordEnvelope e;
  TribRecordWriter w;

  e.kind = TRIB_RECORD_KIND_FRAME_DROP;
  e.has = HAS (FRAME_ID) | HAS (REASON) | HAS (TIMESTAMP_NS);
  e.timestamp_ns = timestamp_ns;
  if (component) {
    e.has |= HAS (COMPONENT);
    e.component = name_of (component);
  }
  e.frame_id = frame_id;
  e.reason = name_of (reason);
  trib_record_writer_init (&w, TRIB_RECORD_JSON, out);
  trib_record_frame_drop_write (&w, &e, dropped_frame_ids, n_dropped);
}

void
trib_trace_record_sync_delay (GString *out, gint64 timestamp_ns, guint64 frame_id, gint64 delay_ns,
    const gchar *const *waiting_for)
{
  TribRecordEnvelope e;
  TribRecordWriter w;

  e.kind = TRIB_RECORD_KIND_SYNC_DELAY;
  e.has = HAS (FRAME_ID) | HAS (DELAY_MS) | HAS (WAITING_FOR) | HAS (TIMESTAMP_NS);
  e.timestamp_ns = timestamp_ns;
  e.frame_id = frame_id;
  e.delay_ms = (gdouble) delay_ns / NS_PER_MS;
  e.n_names = 0;
  for (; waiting_for != NULL && *waiting_for != NULL && e.n_names < TRIB_RECORD_MAX_NAMES;
       waiting_for++)
    e.names[e.n_names++] = name_of (*waiting_for);
  trib_record_writer_init (&w, TRIB_RECORD_JSON, out);
  trib_record_envelope_write (&w, &e);
}

void
trib_trace_record_lost (
    GString *out, gint64 timestamp_ns, guint64 full, guint64 too_large, guint64 failed)
{
  TribRecordEnvelope e;
  TribRecordWriter w;

  e.kind = TRIB_RECORD_KIND_TRACE_LOST;
  e.has = HAS (RECORDS) | HAS (FULL) | HAS (TOO_LARGE) | HAS (FAILED) | HAS (TIMESTAMP_NS);
  e.timestamp_ns = timestamp_ns;
  e.records = full + too_large + failed;
  e.full = full;
  e.too_large = too_large;
  e.failed = failed;
  trib_record_writer_init (&w, TRIB_RECORD_JSON, out);
  trib_record_envelope_write (&w, &e);
}
