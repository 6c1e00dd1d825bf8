/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-fields.h"

#include <stddef.h>
#include <string.h>

#include "trib-record-envelope.h"

#define FIELD(id, wire, kind, member, text) \
  [TRIB_RECORD_FIELD_##id]                  \
      = { wire, TRIB_RECORD_VALUE_##kind, offsetof (TribRecordEnvelope, member), text }

static const TribRecordField fields[TRIB_RECORD_N_FIELDS] = {
  FIELD (RECORD_TYPE, "record_type", WORD, kind, "what a trace line is"),
  FIELD (TYPE, "type", TEXT, type,
      "what the record is: `face`, `pose`, `gesture`, `quality` or any other name"),
  FIELD (KIND, "kind", WORD, kind, "what the record says about its frame"),
  FIELD (COMMAND, "command", TEXT, command,
      "what is to be done: `pause`, `resume`, `seek`, `speed`, `loop` or another word of the "
      "receiver"),
  FIELD (REQUEST_ID, "request_id", TEXT, request_id, "comes back with the answer"),
  FIELD (
      TRIGGER_ID, "trigger_id", TEXT, trigger_id, "names the trigger: the same one twice is one"),
  FIELD (FRAME_ID, "frame_id", UINT, frame_id, "the frame's number"),
  FIELD (T_NS, "t_ns", INT, t_ns,
      "capture time in nanoseconds; of a bound: nothing more comes at or before it; of a seek: "
      "where "
      "to"),
  FIELD (
      T_START_NS, "t_start_ns", INT, t_start_ns, "begin of the span, capture time in nanoseconds"),
  FIELD (T_END_NS, "t_end_ns", INT, t_end_ns, "end of the span, capture time in nanoseconds"),
  FIELD (NOW_NS, "now_ns", INT, now_ns, "what the monotonic clock shows, in nanoseconds"),
  FIELD (ARRIVAL_NS, "arrival_ns", INT, arrival_ns,
      "when the record came in, on the monotonic clock, in nanoseconds"),
  FIELD (
      PUBLISH_NS, "publish_ns", INT, publish_ns, "when its source sent the record, in nanoseconds"),
  FIELD (SESSION, "session", TEXT, session, "session of the frame"),
  FIELD (SOURCE, "source", TEXT, source, "name of the extractor; left out: the type"),
  FIELD (SEQ, "seq", UINT, seq,
      "number of the record at its source: the same one twice for a frame is a repetition"),
  FIELD (PART, "part", UINT, part, "which part of the source's answer for the frame, from 1 on"),
  FIELD (PARTS, "parts", UINT, parts, "how many parts that answer has"),
  FIELD (LATE, "late", BOOLEAN, late,
      "whether it came behind its deadline: its time is an old one, and not its source's clock"),
  FIELD (EPOCH, "epoch", UINT, epoch, "counts the jumps of capture time"),
  FIELD (PANE, "pane", UINT, pane, "0: first result of the frame; 1, 2...: later ones"),
  FIELD (DROPPED_FRAME_IDS, "dropped_frame_ids", UINTS, dropped_frame_ids,
      "the frames that were given up"),
  FIELD (REASON, "reason", TEXT, reason, "why, one word"),
  FIELD (COMPONENT, "component", TEXT, component,
      "what took that time: an extractor's name, `process_NAME`, `orchestrator`, `fusion_process`"),
  FIELD (PROCESSING_MS, "processing_ms", FLOAT, processing_ms,
      "how long the work took, in milliseconds"),
  FIELD (QUEUE_DEPTH, "queue_depth", UINT, queue_depth, "frames that waited then"),
  FIELD (DELAY_MS, "delay_ms", FLOAT, delay_ms, "how late it was, in milliseconds"),
  FIELD (WAITING_FOR, "waiting_for", NAMES, names, "the sources that had not answered"),
  FIELD (EXPECTED, "expected", NAMES, names, "the sources that will answer for the frame"),
  FIELD (
      WIDTH, "width", UINT, width, "width in pixels of the picture that coordinates are meant in"),
  FIELD (HEIGHT, "height", UINT, height, "height in pixels of that picture"),
  FIELD (SCORE, "score", FLOAT, score, "how sure"),
  FIELD (SPEED, "speed", FLOAT, speed, "factor of the speed, 1 is that of the recording"),
  FIELD (LOOP, "loop", BOOLEAN, loop, "whether to begin again at the end"),
  FIELD (STOPPED, "stopped", BOOLEAN, stopped,
      "whether no source is held to be silent from then on: no input is possible, or the "
      "output is blocked"),
  FIELD (FLUSH, "flush", TEXT, flush, "the source whose waiting records are forgotten"),
  FIELD (FLUSH_ALL, "flush_all", BOOLEAN, flush_all,
      "whether all waiting records are forgotten, and a new epoch begins"),
  FIELD (FINISHED, "finished", BOOLEAN, finished, "whether every source has ended"),
  FIELD (SHIFT_NS, "shift_ns", INT, shift_ns,
      "what is added to times of arrival to make them times of capture, in nanoseconds"),
  FIELD (HAVE, "have", MAP, have,
      "by source: its observation, with `delay_ms`, its arrival after its capture, and `stale_ms` "
      "when it is an older one that stands in; a list of those where a source has several"),
  FIELD (MISSING, "missing", LIST, missing,
      "maps of `source`, `why`, and `reason` where a source gave one itself"),
  FIELD (SPREAD_NS, "spread_ns", UINT, spread_ns,
      "the latest capture time among the observations minus the earliest, in nanoseconds"),
  FIELD (WAIT_MS, "wait_ms", FLOAT, wait_ms,
      "from the first record of the frame to this result, in milliseconds"),
  FIELD (RECORDS, "records", UINT, records,
      "how many records are missing in this place, the sum of the next three"),
  FIELD (FULL, "full", UINT, full, "those for which there was no room"),
  FIELD (TOO_LARGE, "too_large", UINT, too_large, "those that were larger than a trace takes"),
  FIELD (FAILED, "failed", UINT, failed, "those that could not be written"),
};

G_STATIC_ASSERT (TRIB_RECORD_N_FIELDS <= 64);

#define B(field) TRIB_RECORD_BIT (field)
#define FRAME (B (FRAME_ID) | B (T_NS))
#define WHO (B (SOURCE) | B (TYPE))
#define TRANSPORT (B (SESSION) | B (SEQ) | B (ARRIVAL_NS) | B (PUBLISH_NS))

static const TribRecordKindInfo kinds[TRIB_RECORD_N_KINDS] = {
  [TRIB_RECORD_KIND_OBS] = { "obs", TRIB_RECORD_FIELD_KIND, "an observation",
      "What a source found in a frame (OBS-1). `kind` may be left out. The rest of the map is the "
      "body: "
      "`faces`, `poses`, `hands`, `blur`...",
      .one_of = FRAME, .one_of_too = WHO,
      .optional
      = TRANSPORT | B (PART) | B (PARTS) | B (LATE) | B (PROCESSING_MS) | B (WIDTH) | B (HEIGHT) },
  [TRIB_RECORD_KIND_EMPTY] = { "empty", TRIB_RECORD_FIELD_KIND, "an empty answer",
      "The source looked at the frame and found nothing. It answers as an observation does.",
      .one_of = FRAME, .one_of_too = WHO,
      .optional = TRANSPORT | B (LATE) | B (PROCESSING_MS) | B (WIDTH) | B (HEIGHT) },
  [TRIB_RECORD_KIND_SKIPPED] = { "skipped", TRIB_RECORD_FIELD_KIND, "a skipped frame",
      "The source does not process the frame; no answer is to be expected.", .one_of = FRAME,
      .one_of_too = WHO, .optional = TRANSPORT | B (REASON) },
  [TRIB_RECORD_KIND_BOUND] = { "bound", TRIB_RECORD_FIELD_KIND, "a bound",
      "The source says nothing more about frames captured at or before `t_ns`.",
      .required = B (T_NS), .one_of = WHO, .optional = TRANSPORT },
  [TRIB_RECORD_KIND_ANNOUNCE] = { "announce", TRIB_RECORD_FIELD_KIND, "an announcement",
      "The frame exists. `expected` names the sources that will answer; left out, those that are "
      "expected anyway.",
      .one_of = FRAME, .optional = TRANSPORT | WHO | B (EXPECTED) | B (REASON) },
  [TRIB_RECORD_KIND_EOS]
  = { "eos", TRIB_RECORD_FIELD_KIND, "the end of a source", "The source says nothing any more.",
      .one_of = WHO, .optional = TRANSPORT | FRAME | B (REASON) },
  [TRIB_RECORD_KIND_FUSED] = { "fused", TRIB_RECORD_FIELD_TYPE, "a fused record",
      "What all sources say about a frame.", .one_of = FRAME, .required = B (REASON) | B (HAVE),
      .optional
      = TRANSPORT | B (SOURCE) | B (EPOCH) | B (PANE) | B (MISSING) | B (SPREAD_NS) | B (WAIT_MS) },
  [TRIB_RECORD_KIND_TRIGGER] = { "trig", TRIB_RECORD_FIELD_TYPE, "a trigger",
      "Something happened in this span (OBS-2).", .required = B (T_START_NS) | B (T_END_NS),
      .optional = TRANSPORT | FRAME | B (SOURCE) | B (TRIGGER_ID) | B (REASON) | B (SCORE) },
  [TRIB_RECORD_KIND_CONTROL] = { "control", TRIB_RECORD_FIELD_TYPE, "a control record",
      "Somebody is asked to do something.", .required = B (COMMAND),
      .optional = TRANSPORT | FRAME | B (SOURCE) | B (REQUEST_ID) | B (SPEED) | B (LOOP) },
  [TRIB_RECORD_KIND_TIMING] = { "timing", TRIB_RECORD_FIELD_RECORD_TYPE, "a timing",
      "Trace line (OBS-6): how long a component took for a frame.",
      .required = B (FRAME_ID) | B (COMPONENT) | B (PROCESSING_MS),
      .optional = TRANSPORT | B (T_NS) | B (QUEUE_DEPTH) },
  [TRIB_RECORD_KIND_FRAME_DROP] = { "frame_drop", TRIB_RECORD_FIELD_RECORD_TYPE, "a frame drop",
      "Trace line (OBS-6): frames that were given up, `backpressure` or `timeout`.",
      .required = B (DROPPED_FRAME_IDS) | B (REASON),
      .optional = TRANSPORT | FRAME | B (COMPONENT) },
  [TRIB_RECORD_KIND_SYNC_DELAY] = { "sync_delay", TRIB_RECORD_FIELD_RECORD_TYPE, "a sync delay",
      "Trace line (OBS-6): a frame was emitted late, and the sources it waited for.",
      .required = B (FRAME_ID) | B (DELAY_MS) | B (WAITING_FOR), .optional = TRANSPORT | B (T_NS) },
  [TRIB_RECORD_KIND_TRACE_LOST] = { "trace_lost", TRIB_RECORD_FIELD_RECORD_TYPE, "a loss",
      "Trace line: so much of the trace itself is missing here.",
      .required = B (RECORDS) | B (FULL) | B (TOO_LARGE) | B (FAILED), .optional = TRANSPORT },
  [TRIB_RECORD_KIND_CLOCK] = { "clock", TRIB_RECORD_FIELD_NOW_NS, "a clock line",
      "In a log of arrivals: the clock has got this far, and what else happened then. `expected` "
      "are the "
      "`sources` from then on.",
      .required = B (NOW_NS),
      .optional
      = B (EXPECTED) | B (STOPPED) | B (FLUSH) | B (FLUSH_ALL) | B (FINISHED) | B (SHIFT_NS) },
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
  static const gchar *const names[] = { "a text", "a word", "an integer from 0 on", "an integer",
    "a number", "a boolean", "a list of texts", "a list of integers from 0 on", "a map", "a list" };

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
