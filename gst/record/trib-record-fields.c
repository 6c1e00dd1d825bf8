/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-fields.h"

#include <stddef.h>
#include <string.h>

#include "trib-record-envelope.h"

#define FIELD(id, wire, kind, member, text) \
  [TRIB_RECORD_FIELD_##id]                  \
      = { wire, TRIB_RECORD_VALUE_##kind, offsetof (TribRecordEnvelope, member), text }

static const TribRecordField fields[TRIB_RECORD_N_FIELDS] = {
  FIELD (RECORD_TYPE, "record_type", WORD, kind, "kind of the trace line"),
  FIELD (TYPE, "type", TEXT, type,
      "type of the record: `face`, `pose`, `gesture`, `quality` or any other name"),
  FIELD (KIND, "kind", WORD, kind, "kind of the record"),
  FIELD (COMMAND, "command", TEXT, command,
      "the command: `pause`, `resume`, `seek`, `speed`, `loop` or another word that the receiver "
      "knows"),
  FIELD (REQUEST_ID, "request_id", TEXT, request_id, "is repeated in the answer"),
  FIELD (TRIGGER_ID, "trigger_id", TEXT, trigger_id,
      "id of the trigger: records with the same id are one trigger"),
  FIELD (FRAME_ID, "frame_id", UINT, frame_id, "the frame's number"),
  FIELD (T_NS, "t_ns", INT, t_ns,
      "capture time (ns); of a bound: no further record is at or before it; of a seek: its target"),
  FIELD (T_START_NS, "t_start_ns", INT, t_start_ns, "start of the span, capture time (ns)"),
  FIELD (T_END_NS, "t_end_ns", INT, t_end_ns, "end of the span, capture time (ns)"),
  FIELD (NOW_NS, "now_ns", INT, now_ns, "time of the monotonic clock (ns)"),
  FIELD (ARRIVAL_NS, "arrival_ns", INT, arrival_ns,
      "arrival of the record, time of the monotonic clock (ns)"),
  FIELD (
      PUBLISH_NS, "publish_ns", INT, publish_ns, "time at which its source sent the record (ns)"),
  FIELD (SESSION, "session", TEXT, session,
      "session of the frame: at most 255 bytes, no control characters; with `stream` it says which "
      "frames an equal `frame_id` is about"),
  FIELD (STREAM, "stream", TEXT, stream,
      "stream of the frame: at most 127 bytes, no `_`, no control characters"),
  FIELD (SOURCE, "source", TEXT, source, "name of the extractor (default: the type)"),
  FIELD (SEQ, "seq", UINT, seq,
      "sequence number at the source: an equal one for the same frame is a repetition"),
  FIELD (PART, "part", UINT, part,
      "number of this part of the source's answer for the frame; the first part is 1"),
  FIELD (PARTS, "parts", UINT, parts, "number of parts of that answer"),
  FIELD (LATE, "late", BOOLEAN, late,
      "whether it missed its deadline: its capture time is old, which is no sign of a wrong clock"),
  FIELD (EPOCH, "epoch", UINT, epoch, "number of jumps of capture time so far"),
  FIELD (PANE, "pane", UINT, pane, "0: first result of the frame; 1, 2...: later ones"),
  FIELD (DROPPED_FRAME_IDS, "dropped_frame_ids", UINTS, dropped_frame_ids, "the dropped frames"),
  FIELD (REASON, "reason", TEXT, reason, "the reason, one word"),
  FIELD (COMPONENT, "component", TEXT, component,
      "what took that time: the name of an extractor (extractorbin: from the branch's frame to its "
      "answer), `process_NAME` (obsaligner: as the record of that source states it), "
      "`orchestrator` "
      "(extractorbin: all branches of the frame), `fusion_process` (obsaligner: writing the fused "
      "record); of a drop: the branch that did not get the frame, or did not answer"),
  FIELD (PROCESSING_MS, "processing_ms", FLOAT, processing_ms, "processing time (ms)"),
  FIELD (QUEUE_DEPTH, "queue_depth", UINT, queue_depth, "frames queued at that time"),
  FIELD (IS_SLOW, "is_slow", BOOLEAN, is_slow, "whether that is more than `threshold_ms`"),
  FIELD (THRESHOLD_MS, "threshold_ms", FLOAT, threshold_ms,
      "`timeout-ms` of extractorbin, `window-ms` of obsaligner"),
  FIELD (DELAY_MS, "delay_ms", FLOAT, delay_ms,
      "age of the frame when it was emitted: the latest capture time less its own (ms)"),
  FIELD (WAITING_FOR, "waiting_for", NAMES, names, "the sources that had not answered"),
  FIELD (EXPECTED, "expected", NAMES, names, "the sources that will answer for the frame"),
  FIELD (WIDTH, "width", UINT, width, "width of the picture that coordinates refer to (pixels)"),
  FIELD (HEIGHT, "height", UINT, height, "height of that picture (pixels)"),
  FIELD (SCORE, "score", FLOAT, score, "confidence"),
  FIELD (SPEED, "speed", FLOAT, speed, "playback speed; 1 is the speed of the recording"),
  FIELD (LOOP, "loop", BOOLEAN, loop, "whether to restart at the end"),
  FIELD (STOPPED, "stopped", BOOLEAN, stopped,
      "whether sources are not considered idle from then on: no input is possible, or the "
      "output is blocked"),
  FIELD (FLUSH, "flush", TEXT, flush, "the source whose pending records are discarded"),
  FIELD (FLUSH_ALL, "flush_all", BOOLEAN, flush_all,
      "whether all pending records are discarded, and a new epoch starts"),
  FIELD (FINISHED, "finished", BOOLEAN, finished, "whether every source has ended"),
  FIELD (SHIFT_NS, "shift_ns", INT, shift_ns, "offset from arrival times to capture times (ns)"),
  FIELD (HAVE, "have", MAP, have,
      "by source: its observation, with `delay_ms` (arrival minus capture, where both are of one "
      "clock), and with `stale_ms` when an older observation is used; a list of these where a "
      "source "
      "has several"),
  FIELD (MISSING, "missing", LIST, missing,
      "maps of `source`, `why`, and `reason` where the source gave one"),
  FIELD (SPREAD_NS, "spread_ns", UINT, spread_ns,
      "latest minus earliest capture time of the observations (ns)"),
  FIELD (WAIT_MS, "wait_ms", FLOAT, wait_ms,
      "time from the first record of the frame to this result (ms)"),
  FIELD (RECORDS, "records", UINT, records,
      "number of records missing here, the sum of the next three"),
  FIELD (FULL, "full", UINT, full, "records dropped because the buffer was full"),
  FIELD (TOO_LARGE, "too_large", UINT, too_large, "records larger than the limit of a trace"),
  FIELD (FAILED, "failed", UINT, failed, "records that could not be written"),
  FIELD (TIMESTAMP_NS, "timestamp_ns", INT, timestamp_ns,
      "time of the wall clock at which the line was made (ns since 1970)"),
};

G_STATIC_ASSERT (TRIB_RECORD_N_FIELDS <= 64);

#define B(field) TRIB_RECORD_BIT (field)
#define FRAME (B (FRAME_ID) | B (T_NS))
#define WHO (B (SOURCE) | B (TYPE))
#define TRACE (TRANSPORT | B (TIMESTAMP_NS))
#define TRANSPORT (B (SESSION) | B (STREAM) | B (SEQ) | B (ARRIVAL_NS) | B (PUBLISH_NS))

static const TribRecordKindInfo kinds[TRIB_RECORD_N_KINDS] = {
  [TRIB_RECORD_KIND_OBS] = { "obs", TRIB_RECORD_FIELD_KIND, "an observation",
      "The result of a source for a frame (OBS-1). `kind` is optional. All other members are the "
      "body: `faces`, `poses`, `hands`, `blur`...",
      .one_of = FRAME, .one_of_too = WHO,
      .optional
      = TRANSPORT | B (PART) | B (PARTS) | B (LATE) | B (PROCESSING_MS) | B (WIDTH) | B (HEIGHT) },
  [TRIB_RECORD_KIND_EMPTY] = { "empty", TRIB_RECORD_FIELD_KIND, "an empty answer",
      "The source processed the frame and found nothing. It counts as an answer.", .one_of = FRAME,
      .one_of_too = WHO,
      .optional = TRANSPORT | B (LATE) | B (PROCESSING_MS) | B (WIDTH) | B (HEIGHT) },
  [TRIB_RECORD_KIND_SKIPPED] = { "skipped", TRIB_RECORD_FIELD_KIND, "a skipped frame",
      "The source does not process the frame; no answer follows.", .one_of = FRAME,
      .one_of_too = WHO, .optional = TRANSPORT | B (REASON) },
  [TRIB_RECORD_KIND_BOUND] = { "bound", TRIB_RECORD_FIELD_KIND, "a bound",
      "No further record of the source is about a frame captured at or before `t_ns`.",
      .required = B (T_NS), .one_of = WHO, .optional = TRANSPORT },
  [TRIB_RECORD_KIND_ANNOUNCE] = { "announce", TRIB_RECORD_FIELD_KIND, "an announcement",
      "The frame exists. `expected` lists the sources that will answer (default: the configured "
      "ones).",
      .one_of = FRAME, .optional = TRANSPORT | WHO | B (EXPECTED) | B (REASON) },
  [TRIB_RECORD_KIND_EOS] = { "eos", TRIB_RECORD_FIELD_KIND, "the end of a source",
      "No further record of the source follows.", .one_of = WHO,
      .optional = TRANSPORT | FRAME | B (REASON) },
  [TRIB_RECORD_KIND_FUSED] = { "fused", TRIB_RECORD_FIELD_TYPE, "a fused record",
      "The observations of all sources for a frame.", .one_of = FRAME,
      .required = B (REASON) | B (HAVE),
      .optional
      = TRANSPORT | B (SOURCE) | B (EPOCH) | B (PANE) | B (MISSING) | B (SPREAD_NS) | B (WAIT_MS) },
  [TRIB_RECORD_KIND_TRIGGER] = { "trig", TRIB_RECORD_FIELD_TYPE, "a trigger",
      "An event in a span of time (OBS-2).", .required = B (T_START_NS) | B (T_END_NS),
      .optional = TRANSPORT | FRAME | B (SOURCE) | B (TRIGGER_ID) | B (REASON) | B (SCORE) },
  [TRIB_RECORD_KIND_CONTROL] = { "control", TRIB_RECORD_FIELD_TYPE, "a control record",
      "A command to a receiver.", .required = B (COMMAND),
      .optional = TRANSPORT | FRAME | B (SOURCE) | B (REQUEST_ID) | B (SPEED) | B (LOOP) },
  [TRIB_RECORD_KIND_TIMING] = { "timing", TRIB_RECORD_FIELD_RECORD_TYPE, "a timing",
      "Trace line (OBS-6): processing time of a component for a frame.",
      .required = B (FRAME_ID) | B (COMPONENT) | B (PROCESSING_MS),
      .optional = TRACE | B (T_NS) | B (QUEUE_DEPTH) | B (IS_SLOW) | B (THRESHOLD_MS) },
  [TRIB_RECORD_KIND_FRAME_DROP] = { "frame_drop", TRIB_RECORD_FIELD_RECORD_TYPE, "a frame drop",
      "Trace line (OBS-6): dropped frames, because of `backpressure` or `timeout`.",
      .required = B (DROPPED_FRAME_IDS) | B (REASON), .optional = TRACE | FRAME | B (COMPONENT) },
  [TRIB_RECORD_KIND_SYNC_DELAY] = { "sync_delay", TRIB_RECORD_FIELD_RECORD_TYPE, "a sync delay",
      "Trace line (OBS-6): a frame was emitted late, and the sources it waited for.",
      .required = B (FRAME_ID) | B (DELAY_MS) | B (WAITING_FOR), .optional = TRACE | B (T_NS) },
  [TRIB_RECORD_KIND_TRACE_LOST] = { "trace_lost", TRIB_RECORD_FIELD_RECORD_TYPE, "a loss",
      "Trace line: records of the trace itself are missing here.",
      .required = B (RECORDS) | B (FULL) | B (TOO_LARGE) | B (FAILED), .optional = TRACE },
  [TRIB_RECORD_KIND_CLOCK] = { "clock", TRIB_RECORD_FIELD_NOW_NS, "a clock line",
      "In a log of arrivals: the time of the clock, and other events at that time. `expected` are "
      "the `sources` from then on.",
      .required = B (NOW_NS),
      .optional = B (SESSION) | B (STREAM) | B (EXPECTED) | B (STOPPED) | B (FLUSH) | B (FLUSH_ALL)
                  | B (FINISHED) | B (SHIFT_NS) },
};

/**
 * trib_record_field:
 * @field: a field
 *
 * Returns: (transfer none): its line of the table
 */
const TribRecordField *
trib_record_field (TribRecordFieldId field)
{
  return &fields[field];
}

/**
 * trib_record_kind_info:
 * @kind: a kind of record
 *
 * Returns: (transfer none): its line of the table
 */
const TribRecordKindInfo *
trib_record_kind_info (TribRecordKind kind)
{
  return &kinds[kind];
}

/**
 * trib_record_kind_fields:
 * @kind: a kind of record
 *
 * Returns: a bit for each field that it may have, the one that names the kind included
 */
guint64
trib_record_kind_fields (TribRecordKind kind)
{
  const TribRecordKindInfo *info = &kinds[kind];

  return info->required | info->one_of | info->one_of_too | info->optional
         | G_GUINT64_CONSTANT (1) << info->word;
}

/**
 * trib_record_field_lookup:
 * @name: name of a member, need not be terminated
 * @len: its length in bytes
 *
 * Returns: the field of that name; %TRIB_RECORD_N_FIELDS when there is none
 */
TribRecordFieldId
trib_record_field_lookup (const gchar *name, gsize len)
{
  static gsize ready;
  static guint8 lengths[TRIB_RECORD_N_FIELDS];

  if (g_once_init_enter (&ready)) {
    for (guint i = 0; i < TRIB_RECORD_N_FIELDS; i++)
      lengths[i] = (guint8) strlen (fields[i].name);
    g_once_init_leave (&ready, 1);
  }
  for (guint i = 0; i < TRIB_RECORD_N_FIELDS; i++) {
    if (lengths[i] == len && memcmp (fields[i].name, name, len) == 0)
      return (TribRecordFieldId) i;
  }
  return TRIB_RECORD_N_FIELDS;
}

/**
 * trib_record_kind_lookup:
 * @word: the field that the text stands in: `kind`, `type` or `record_type`
 * @text: its value, need not be terminated
 * @len: its length in bytes
 *
 * Returns: the kind it names; %TRIB_RECORD_N_KINDS when it names none
 */
TribRecordKind
trib_record_kind_lookup (TribRecordFieldId word, const gchar *text, gsize len)
{
  for (guint i = 0; i < TRIB_RECORD_N_KINDS; i++) {
    if (kinds[i].word == word && strlen (kinds[i].name) == len
        && memcmp (kinds[i].name, text, len) == 0)
      return (TribRecordKind) i;
  }
  return TRIB_RECORD_N_KINDS;
}

/**
 * trib_record_value_to_string:
 * @value: what a field may hold
 *
 * Returns: that in words, for messages and for the documentation
 */
const gchar *
trib_record_value_to_string (TribRecordValue value)
{
  static const gchar *const names[]
      = { "a text", "a word", "a non-negative integer", "an integer", "a number", "a boolean",
          "a list of texts", "a list of non-negative integers", "a map", "a list" };

  return names[value];
}

static void
describe_kind (GString *out, TribRecordKind kind)
{
  const TribRecordKindInfo *info = &kinds[kind];
  const TribRecordField *word = &fields[info->word];
  gchar *title = g_strdup (info->title);

  title[0] = g_ascii_toupper (title[0]);
  g_string_append_printf (out, "## %s\n", title);
  g_free (title);
  if (word->value == TRIB_RECORD_VALUE_INT)
    g_string_append_printf (out, "Has `%s`, and neither `type` nor `source`. ", word->name);
  else
    g_string_append_printf (out, "`%s` is `%s`. ", word->name, info->name);
  g_string_append_printf (
      out, "%s\n\n| field | value | there | meaning |\n|---|---|---|---|\n", info->description);
  for (guint i = 0; i < TRIB_RECORD_N_FIELDS; i++) {
    guint64 bit = G_GUINT64_CONSTANT (1) << i;
    const gchar *there = "may";

    if (!(trib_record_kind_fields (kind) & bit) || i == info->word)
      continue;
    if (info->required & bit)
      there = "must";
    else if ((info->one_of | info->one_of_too) & bit)
      there = ((info->one_of & bit) ? info->one_of : info->one_of_too) == FRAME
                  ? "`frame_id` or `t_ns`"
                  : "`source` or `type`";
    g_string_append_printf (out, "| `%s` | %s | %s | %s |\n", fields[i].name,
        trib_record_value_to_string (fields[i].value), there, fields[i].description);
  }
  g_string_append_c (out, '\n');
}

/**
 * trib_record_fields_describe:
 * @out: where the text is appended
 *
 * Describes every kind of record with its fields, in Markdown, as docs/records.md has it.
 */
void
trib_record_fields_describe (GString *out)
{
  for (guint kind = 0; kind < TRIB_RECORD_N_KINDS; kind++)
    describe_kind (out, (TribRecordKind) kind);
}
