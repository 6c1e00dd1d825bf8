/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-ndjsonparse
 * @title: ndjsonparse
 * @short_description: Cuts lines of JSON into records with timestamps
 *
 * Takes a stream of bytes, cut anywhere, and gives each line that is one JSON object as one buffer. Lines end with LF or CR LF,
 * the last one may end with the stream; a byte order mark at the beginning and blank lines are passed over.
 *
 * A line that is no JSON object (RFC 8259, strictly), or longer than `max-line-bytes`, is passed over, counted by reason with the
 * place in the stream, and told; the next record has the DISCONT flag. Of a line that is too long nothing is kept.
 *
 * ## Caps
 * Anything to application/json.
 *
 * ## Timing
 * PTS comes from the member `time-field` of the record, a number of `time-unit`s. With `time-base` first it is the time since the
 * first record that has one, so that the stream begins at 0; a record of an earlier time than the first has 0. With absolute it
 * is the time itself, and a record of a time below 0 has none. A record without that member, or with something else in it, has no
 * PTS and is counted (`untimed`). There is no duration.
 *
 * From a stream in bytes (a file) comes a segment in time that begins at 0. A stream in time (a live source) keeps its segment;
 * with `time-base` first, its first record has the PTS of the buffer that its line begins in.
 *
 * The offset of a buffer is that of its line in the stream, in bytes, the offset end that of the next line. Adds no latency but that
 * of waiting for the end of a line.
 *
 * ## Threads
 * None of its own. Properties may be set and read from any thread.
 *
 * ## Errors
 * None: what cannot be read is passed over.
 *
 * ## Messages
 * - `ndjsonparse-dropped`: a line was passed over, the first one for its reason since the start. Fields: `reason` (string: syntax,
 * utf8, truncated, limit, range, type), `text` (string: what is wrong, and where in the line), `record` (number of the line from
 * 1 on, uint64), `offset` (bytes into the stream, uint64).
 *
 * ## Stats
 * Counted from READY to PAUSED on. `lines-in` = `records-out` + `blank` + `not-taken` + `dropped-syntax` + `dropped-utf8` +
 * `dropped-truncated` + `dropped-limit` + `dropped-range` + `dropped-type`, between two buffers.
 *
 * - `bytes-in`: bytes that came in.
 * - `lines-in`: lines whose end came.
 * - `records-out`: records handed on. `untimed`: of these, records without PTS.
 * - `blank`: lines of blanks alone.
 * - `not-taken`: records that nobody downstream took, because of a flush or the end.
 * - `dropped-syntax`: not JSON. `dropped-utf8`: text that is not UTF-8. `dropped-truncated`: cut off.
 * - `dropped-limit`: longer than `max-line-bytes`, or nested deeper than 64 levels.
 * - `dropped-range`: a number larger than any float64. `dropped-type`: JSON, but no object.
 * - `last-dropped`: what was wrong with the last one that was passed over; `last-dropped-record`: the number of its line from 1
 * on; `last-dropped-offset`: bytes into the stream.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=launch-lines/record/observations.ndjson ! ndjsonparse ! ndjsonenc ! fdsink fd=1
 * ]|
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstndjsonparse.h"

#include <math.h>
#include <string.h>

#include <record/trib-ndjson.h>
#include <record/trib-record-reader.h>

#include "gstrecordrefusals.h"

GST_DEBUG_CATEGORY_STATIC (ndjson_parse_debug);
#define GST_CAT_DEFAULT ndjson_parse_debug

#define DEFAULT_TIME_FIELD "t_ns"
#define DEFAULT_TIME_UNIT GST_NDJSON_PARSE_NS
#define DEFAULT_TIME_BASE GST_NDJSON_PARSE_FIRST
#define DEFAULT_MAX_LINE_BYTES (1024 * 1024)

typedef enum {
  GST_NDJSON_PARSE_NS,
  GST_NDJSON_PARSE_US,
  GST_NDJSON_PARSE_MS,
  GST_NDJSON_PARSE_S,
} GstNdjsonParseTimeUnit;

/* in ns */
static const gint64 units[] = { 1, 1000, 1000000, 1000000000 };

typedef enum {
  GST_NDJSON_PARSE_FIRST,
  GST_NDJSON_PARSE_ABSOLUTE,
} GstNdjsonParseTimeBase;

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json"));

enum {
  PROP_0,
  PROP_TIME_FIELD,
  PROP_TIME_UNIT,
  PROP_TIME_BASE,
  PROP_MAX_LINE_BYTES,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

struct _GstNdjsonParse {
  GstElement parent;

  GstPad *sinkpad;
  GstPad *srcpad;

  /* OBJECT_LOCK; the settings are read at each start */
  gchar *time_field;
  GstNdjsonParseTimeUnit time_unit;
  GstNdjsonParseTimeBase time_base;
  guint64 max_line_bytes;
  guint64 bytes_in;
  guint64 lines_in;
  guint64 records_out;
  guint64 untimed;
  guint64 blank;
  guint64 not_taken;
  GstRecordRefusals refusals;

  /* streaming thread, set at start */
  TribNdjson *lines;
  TribRecordReader *reader;
  gsize max_line;
  gchar *field;
  gint64 unit; /* ns */
  GstNdjsonParseTimeBase base;
  guint64 blank_before; /* of streams before a flush */
  gboolean header_sent;
  gboolean in_time;      /* upstream's segment is in time, and is ours, too */
  GstClockTime line_pts; /* of the buffer that the present line begins in */
  gboolean have_first;
  gint64 first;           /* time of the first record that has one */
  GstClockTime first_pts; /* and its PTS */
  gboolean discont;
};

#define gst_ndjson_parse_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstNdjsonParse, gst_ndjson_parse, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (ndjsonparse, "ndjsonparse", GST_RANK_NONE,
    GST_TYPE_NDJSON_PARSE,
    GST_DEBUG_CATEGORY_INIT (ndjson_parse_debug, "ndjsonparse", 0, "lines of JSON into records"))

#define GST_TYPE_NDJSON_PARSE_TIME_UNIT (gst_ndjson_parse_time_unit_get_type ())
static GType
gst_ndjson_parse_time_unit_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { GST_NDJSON_PARSE_NS, "Nanoseconds", "ns" },
    { GST_NDJSON_PARSE_US, "Microseconds", "us" },
    { GST_NDJSON_PARSE_MS, "Milliseconds", "ms" },
    { GST_NDJSON_PARSE_S, "Seconds", "s" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstNdjsonParseTimeUnit", values));
  return type;
}

#define GST_TYPE_NDJSON_PARSE_TIME_BASE (gst_ndjson_parse_time_base_get_type ())
static GType
gst_ndjson_parse_time_base_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { GST_NDJSON_PARSE_FIRST, "Since the first record", "first" },
    { GST_NDJSON_PARSE_ABSOLUTE, "As the record has it", "absolute" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstNdjsonParseTimeBase", values));
  return type;
}

/* a new stream: at the start, and behind a flush */
static void
reset_stream (GstNdjsonParse *self)
{
  GST_OBJECT_LOCK (self);
  self->max_line = (gsize) self->max_line_bytes;
  g_free (self->field);
  self->field = g_strdup (self->time_field);
  self->unit = units[self->time_unit];
  self->base = self->time_base;
  self->blank_before = self->blank;
  GST_OBJECT_UNLOCK (self);
  trib_ndjson_free (self->lines);
  self->lines = trib_ndjson_new (self->max_line);
  self->header_sent = FALSE;
  self->in_time = FALSE;
  self->line_pts = GST_CLOCK_TIME_NONE;
  self->have_first = FALSE;
  self->discont = TRUE;
}

static void
start (GstNdjsonParse *self)
{
  TribRecordLimits limits = { 0 };

  GST_OBJECT_LOCK (self);
  self->bytes_in = self->lines_in = self->records_out = self->untimed = 0;
  self->blank = self->not_taken = 0;
  gst_record_refusals_clear (&self->refusals);
  limits.max_bytes = (gsize) self->max_line_bytes;
  GST_OBJECT_UNLOCK (self);
  trib_record_reader_free (self->reader);
  self->reader = trib_record_reader_new (&limits);
  reset_stream (self);
}

static void
stop (GstNdjsonParse *self)
{
  g_clear_pointer (&self->lines, trib_ndjson_free);
  g_clear_pointer (&self->reader, trib_record_reader_free);
  g_clear_pointer (&self->field, g_free);
}

/* the number that the reader stands at, in nanoseconds; FALSE when it is none, or too large */
static gboolean
read_time (const GstNdjsonParse *self, gint64 *ret)
{
  gdouble value;

  switch (trib_record_reader_token (self->reader)) {
    case TRIB_RECORD_INT:
      return !__builtin_mul_overflow (trib_record_reader_int (self->reader), self->unit, ret);
    case TRIB_RECORD_FLOAT64:
      value = round (trib_record_reader_double (self->reader) * (gdouble) self->unit);
      if (!(value > -0x1p63 && value < 0x1p63))
        return FALSE;
      *ret = (gint64) value;
      return TRUE;
    default:
      return FALSE;
  }
}

/* Reads all of the line. Of a member that occurs twice the last one counts, as most readers have it.
 * @ret_timed: whether @ret_time is set. FALSE when the line is no record. */
static gboolean
read_record (GstNdjsonParse *self, const TribNdjsonLine *line, gboolean *ret_timed,
    gint64 *ret_time, GError **error)
{
  TribRecordReader *r = self->reader;
  TribRecordToken token;

  *ret_timed = FALSE;
  trib_record_reader_set (r, TRIB_RECORD_JSON, line->text, line->len);
  token = trib_record_reader_next (r);
  if (token > TRIB_RECORD_END && token != TRIB_RECORD_MAP_BEGIN) {
    g_set_error (error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_TYPE, "%s, expected a map at byte 0",
        trib_record_token_to_string (token));
    return FALSE;
  }
  while ((token = trib_record_reader_next (r)) > TRIB_RECORD_END) {
    TribRecordSlice name;

    if (token != TRIB_RECORD_KEY || trib_record_reader_depth (r) != 1)
      continue;
    name = trib_record_reader_string (r);
    if (self->field == NULL || strlen (self->field) != name.len
        || memcmp (self->field, name.str, name.len) != 0)
      continue;
    trib_record_reader_next (r);
    *ret_timed = read_time (self, ret_time);
  }
  if (trib_record_reader_error (r) == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (trib_record_reader_error (r)));
  return FALSE;
}

static GstClockTime
pts_of (GstNdjsonParse *self, gint64 t)
{
  if (self->base == GST_NDJSON_PARSE_ABSOLUTE)
    return t >= 0 ? (GstClockTime) t : GST_CLOCK_TIME_NONE;
  if (!self->have_first) {
    self->have_first = TRUE;
    self->first = t;
    self->first_pts
        = self->in_time && GST_CLOCK_TIME_IS_VALID (self->line_pts) ? self->line_pts : 0;
  }
  return t > self->first ? self->first_pts + ((guint64) t - (guint64) self->first)
                         : self->first_pts;
}

static void
refuse (GstNdjsonParse *self, const GError *why, const TribNdjsonLine *line, gsize offset)
{
  gboolean first;

  self->discont = TRUE;
  GST_OBJECT_LOCK (self);
  first = gst_record_refusals_add (&self->refusals, why, line->number, line->offset + offset);
  GST_OBJECT_UNLOCK (self);
  GST_DEBUG_OBJECT (self, "line %" G_GUINT64_FORMAT ": %s", line->number, why->message);
  /* the counters tell of the others: the bus is no place for one message a line */
  if (first)
    gst_record_refusal_post (
        GST_ELEMENT (self), "ndjsonparse-dropped", why, line->number, line->offset + offset);
}

static void
send_header (GstNdjsonParse *self)
{
  GstSegment segment;

  if (self->header_sent)
    return;
  self->header_sent = TRUE;
  gst_pad_push_event (
      self->srcpad, gst_event_new_caps (gst_static_pad_template_get_caps (&src_template)));
  if (self->in_time)
    return;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (self->srcpad, gst_event_new_segment (&segment));
}

static GstFlowReturn
push_record (GstNdjsonParse *self, const TribNdjsonLine *line, GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new_memdup (line->text, line->len);
  GstFlowReturn ret;

  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_OFFSET (buffer) = line->offset;
  GST_BUFFER_OFFSET_END (buffer) = line->end;
  if (self->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  self->discont = FALSE;
  ret = gst_pad_push (self->srcpad, buffer);
  GST_OBJECT_LOCK (self);
  if (ret == GST_FLOW_OK) {
    self->records_out++;
    self->untimed += !GST_CLOCK_TIME_IS_VALID (pts);
  } else {
    self->not_taken++;
  }
  GST_OBJECT_UNLOCK (self);
  return ret;
}

static GstFlowReturn
take_line (GstNdjsonParse *self, const TribNdjsonLine *line)
{
  g_autoptr (GError) error = NULL;
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  gboolean timed;
  gint64 t;

  if (line->text == NULL) {
    g_set_error (&error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_LIMIT,
        "a line of %" G_GUINT64_FORMAT " bytes, longer than max-line-bytes, at byte 0",
        line->end - line->offset);
    refuse (self, error, line, 0);
    return GST_FLOW_OK;
  }
  if (!read_record (self, line, &timed, &t, &error)) {
    refuse (self, error, line, trib_record_reader_offset (self->reader));
    return GST_FLOW_OK;
  }
  if (timed)
    pts = pts_of (self, t);
  return push_record (self, line, pts);
}

/* the lines that are whole by now. @pts: of the buffer that the bytes came in */
static GstFlowReturn
take_lines (GstNdjsonParse *self, GstClockTime pts)
{
  GstFlowReturn ret = GST_FLOW_OK;
  TribNdjsonLine line;
  guint64 blank;
  gboolean more;

  while (ret == GST_FLOW_OK) {
    more = trib_ndjson_next (self->lines, &line);
    blank = self->blank_before + trib_ndjson_blank (self->lines);
    GST_OBJECT_LOCK (self);
    self->lines_in += blank - self->blank + (more ? 1 : 0);
    self->blank = blank;
    GST_OBJECT_UNLOCK (self);
    if (!more)
      break;
    ret = take_line (self, &line);
    self->line_pts = pts;
  }
  return ret;
}

static GstFlowReturn
gst_ndjson_parse_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstNdjsonParse *self = GST_NDJSON_PARSE (parent);
  GstFlowReturn ret;
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL), ("cannot map a buffer for reading"));
    gst_buffer_unref (buffer);
    return GST_FLOW_ERROR;
  }
  send_header (self);
  GST_OBJECT_LOCK (self);
  self->bytes_in += map.size;
  GST_OBJECT_UNLOCK (self);
  if (!GST_CLOCK_TIME_IS_VALID (self->line_pts))
    self->line_pts = GST_BUFFER_PTS (buffer);
  trib_ndjson_push (self->lines, (const gchar *) map.data, map.size);
  ret = take_lines (self, GST_BUFFER_PTS (buffer));
  /* what nobody takes any more is not looked at; the bytes must not outlive their buffer */
  if (ret != GST_FLOW_OK) {
    trib_ndjson_free (self->lines);
    self->lines = trib_ndjson_new (self->max_line);
    self->blank_before = self->blank;
  }
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return ret;
}

static gboolean
take_segment (GstNdjsonParse *self, GstEvent *event)
{
  const GstSegment *segment;

  gst_event_parse_segment (event, &segment);
  self->in_time = segment->format == GST_FORMAT_TIME;
  send_header (self);
  if (self->in_time)
    return gst_pad_push_event (self->srcpad, event);
  gst_event_unref (event);
  return TRUE;
}

static gboolean
gst_ndjson_parse_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstNdjsonParse *self = GST_NDJSON_PARSE (parent);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      /* ours are application/json, whatever upstream calls its bytes */
      gst_event_unref (event);
      return TRUE;
    case GST_EVENT_SEGMENT:
      return take_segment (self, event);
    case GST_EVENT_FLUSH_STOP:
      reset_stream (self);
      break;
    case GST_EVENT_EOS:
      send_header (self);
      trib_ndjson_end (self->lines);
      take_lines (self, GST_CLOCK_TIME_NONE);
      break;
    case GST_EVENT_STREAM_START:
      /* behind an EOS, another stream may follow */
      reset_stream (self);
      break;
    default:
      break;
  }
  return gst_pad_event_default (pad, parent, event);
}

static GstStateChangeReturn
gst_ndjson_parse_change_state (GstElement *element, GstStateChange transition)
{
  GstNdjsonParse *self = GST_NDJSON_PARSE (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    start (self);
  ret = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  /* the pads are inactive by now, so nobody streams */
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    stop (self);
  return ret;
}

/* @locks: takes OBJECT_LOCK */
static GstStructure *
make_stats (GstNdjsonParse *self)
{
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  stats = gst_structure_new ("application/x-ndjsonparse-stats", "bytes-in", G_TYPE_UINT64,
      self->bytes_in, "lines-in", G_TYPE_UINT64, self->lines_in, "records-out", G_TYPE_UINT64,
      self->records_out, "untimed", G_TYPE_UINT64, self->untimed, "blank", G_TYPE_UINT64,
      self->blank, "not-taken", G_TYPE_UINT64, self->not_taken, NULL);
  gst_record_refusals_to_stats (&self->refusals, stats);
  GST_OBJECT_UNLOCK (self);
  return stats;
}

static void
gst_ndjson_parse_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstNdjsonParse *self = GST_NDJSON_PARSE (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TIME_FIELD:
      g_free (self->time_field);
      self->time_field = g_value_dup_string (value);
      break;
    case PROP_TIME_UNIT:
      self->time_unit = (GstNdjsonParseTimeUnit) g_value_get_enum (value);
      break;
    case PROP_TIME_BASE:
      self->time_base = (GstNdjsonParseTimeBase) g_value_get_enum (value);
      break;
    case PROP_MAX_LINE_BYTES:
      self->max_line_bytes = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ndjson_parse_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstNdjsonParse *self = GST_NDJSON_PARSE (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TIME_FIELD:
      g_value_set_string (value, self->time_field);
      break;
    case PROP_TIME_UNIT:
      g_value_set_enum (value, (gint) self->time_unit);
      break;
    case PROP_TIME_BASE:
      g_value_set_enum (value, (gint) self->time_base);
      break;
    case PROP_MAX_LINE_BYTES:
      g_value_set_uint64 (value, self->max_line_bytes);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ndjson_parse_finalize (GObject *object)
{
  GstNdjsonParse *self = GST_NDJSON_PARSE (object);

  stop (self);
  gst_record_refusals_clear (&self->refusals);
  g_free (self->time_field);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ndjson_parse_init (GstNdjsonParse *self)
{
  self->time_field = g_strdup (DEFAULT_TIME_FIELD);
  self->time_unit = DEFAULT_TIME_UNIT;
  self->time_base = DEFAULT_TIME_BASE;
  self->max_line_bytes = DEFAULT_MAX_LINE_BYTES;

  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, GST_DEBUG_FUNCPTR (gst_ndjson_parse_chain));
  gst_pad_set_event_function (self->sinkpad, GST_DEBUG_FUNCPTR (gst_ndjson_parse_sink_event));
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_use_fixed_caps (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY | G_PARAM_STATIC_STRINGS;

  properties[PROP_TIME_FIELD] = g_param_spec_string ("time-field", "Time field",
      "Member of a record that holds its time, empty for none", DEFAULT_TIME_FIELD, flags);
  properties[PROP_TIME_UNIT]
      = g_param_spec_enum ("time-unit", "Time unit", "Unit of the number in that member",
          GST_TYPE_NDJSON_PARSE_TIME_UNIT, DEFAULT_TIME_UNIT, flags);
  properties[PROP_TIME_BASE]
      = g_param_spec_enum ("time-base", "Time base", "What timestamps of buffers count from",
          GST_TYPE_NDJSON_PARSE_TIME_BASE, DEFAULT_TIME_BASE, flags);
  properties[PROP_MAX_LINE_BYTES] = g_param_spec_uint64 ("max-line-bytes", "Longest line",
      "Longest line that is taken", 1, TRIB_RECORD_MAX_BYTES, DEFAULT_MAX_LINE_BYTES, flags);
  properties[PROP_STATS]
      = g_param_spec_boxed ("stats", "Statistics", "What became of the lines since the last start",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gst_ndjson_parse_class_init (GstNdjsonParseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_ndjson_parse_set_property;
  object_class->get_property = gst_ndjson_parse_get_property;
  object_class->finalize = gst_ndjson_parse_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_ndjson_parse_change_state);

  install_properties (object_class);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "NDJSON parser", "Codec/Parser",
      "Cuts lines of JSON into records with timestamps", "The gst-tributary authors");
  gst_type_mark_as_plugin_api (GST_TYPE_NDJSON_PARSE_TIME_UNIT, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_NDJSON_PARSE_TIME_BASE, 0);
}
