/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-ndjsonparse
 * @title: ndjsonparse
 * @short_description: Cuts lines of JSON into records with timestamps
 *
 * Takes a stream of bytes in buffers of any size, and pushes each line that is one JSON object as
 * one buffer. Lines end with LF or CR LF, the last one may end with the stream; a byte order mark
 * at the beginning and blank lines are skipped.
 *
 * A line that is not a JSON object (RFC 8259, strictly), or is longer than `max-line-bytes`, is
 * skipped, counted by reason with its position in the stream, and reported; the next record has the
 * DISCONT flag. Nothing of a line that is too long is kept.
 *
 * ## Caps
 * Anything to application/json.
 *
 * ## Timing
 * PTS is taken from the member `time-field` of the record, a number in `time-unit`. With
 * `time-base` first it is the time since the first record that has one, so that the stream begins
 * at 0; a record of an earlier time than the first has 0. With absolute it is the time itself, and
 * a record of a time below 0 has none. A record without a valid number in that member has no PTS
 * and is counted (`untimed`). There is no duration.
 *
 * A stream in bytes (a file) gets a segment in time that begins at 0. A stream in time (a live
 * source) keeps its segment; with `time-base` first, its first record has the PTS of the buffer
 * that its line begins in.
 *
 * The offset of a buffer is that of its line in the stream, in bytes, the offset end that of the
 * next line. Latency is added only by the wait for the end of a line.
 *
 * ## Threads
 * None of its own. Properties may be set and read from any thread.
 *
 * ## Errors
 * None: invalid lines are skipped. A stream that ends without a record is a warning
 * (STREAM/WRONG_TYPE).
 *
 * ## Stats
 * Counted from READY to PAUSED on. `lines-in` = `records-out` + `blank` + `not-taken` + all
 * `dropped-REASON`, between two buffers.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=launch-lines/record/observations.ndjson ! ndjsonparse !
 * ndjsonenc ! fdsink fd=1
 * ]|
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstndjsonparse.h"

#include <math.h>
#include <string.h>

#include <shared/trib-element-records.h>
#include <shared/trib-properties.h>

#include <record/trib-ndjson.h>
#include <record/trib-record-reader.h>

#include "gstrecordrefusals.h"

GST_DEBUG_CATEGORY_STATIC (ndjson_parse_debug);
#define GST_CAT_DEFAULT ndjson_parse_debug

/* time-unit in ns */
static const gint64 units[] = { 1, 1000, 1000000, 1000000000 };

typedef enum {
  GST_NDJSON_PARSE_FIRST,
  GST_NDJSON_PARSE_ABSOLUTE,
} GstNdjsonParseTimeBase;

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS_JSON));

enum {
  PROP_TIME_FIELD = 1,
  PROP_TIME_UNIT,
  PROP_TIME_BASE,
  PROP_MAX_LINE_BYTES,
  PROP_STATS,
  N_PROPS
};

typedef struct {
  gchar *time_field;
  guint time_unit; /* an index of units */
  GstNdjsonParseTimeBase time_base;
  guint64 max_line_bytes;
} NdjsonParseSettings;

#define AT(field) G_STRUCT_OFFSET (NdjsonParseSettings, field)

/* clang-format off */
static const TribProperty property_table[N_PROPS] = {
  [PROP_TIME_FIELD] = { TRIB_PROPERTY_TEXT, "time-field", "Time field",
      "Member of a record that holds its time; empty: none",
      AT (time_field), .text = "t_ns", .is_nullable = TRUE },
  [PROP_TIME_UNIT] = { TRIB_PROPERTY_ENUM, "time-unit", "Time unit",
      "Unit of the number in that member", AT (time_unit),
      .type_name = "GstNdjsonParseTimeUnit", .choices = {
        { "ns", "Nanoseconds" }, { "us", "Microseconds" }, { "ms", "Milliseconds" },
        { "s", "Seconds" } } },
  [PROP_TIME_BASE] = { TRIB_PROPERTY_ENUM, "time-base", "Time base",
      "Origin of the timestamps of buffers", AT (time_base),
      .type_name = "GstNdjsonParseTimeBase", .choices = {
        { "first", "Time since the first record" }, { "absolute", "Time of the record" } } },
  [PROP_MAX_LINE_BYTES] = { TRIB_PROPERTY_UINT64, "max-line-bytes", "Maximum line length",
      "Longest line that is accepted (bytes)",
      AT (max_line_bytes), 1, TRIB_RECORD_MAX_BYTES, 1024 * 1024 },
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters of lines, records and bytes since the last start" },
};
/* clang-format on */
static const TribProperties properties = TRIB_PROPERTIES (property_table);

typedef struct {
  guint64 bytes_in;
  guint64 lines_in;
  guint64 records_out;
  guint64 untimed;
  guint64 blank;
  guint64 not_taken;
} NdjsonParseCounts;

#define COUNT(name, field, about)                                              \
  {                                                                            \
    name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (NdjsonParseCounts, field), about \
  }

/* clang-format off */
static const TribField stats_fields[] = {
  COUNT ("bytes-in", bytes_in, "bytes received"),
  COUNT ("lines-in", lines_in, "lines received whole"),
  COUNT ("records-out", records_out, "records pushed"),
  COUNT ("untimed", untimed, "of these, records without PTS"),
  COUNT ("blank", blank, "blank lines"),
  COUNT ("not-taken", not_taken, "records that downstream did not accept: a flush, an error, EOS"),
};
/* clang-format on */
static const TribFieldTable stats_tables[] = {
  TRIB_FIELD_TABLE ("application/x-ndjsonparse-stats", NULL, stats_fields),
  TRIB_FIELD_TABLE ("application/x-ndjsonparse-stats", NULL, gst_record_refusals_fields),
};
static const TribFieldTable dropped_message = TRIB_FIELD_TABLE ("ndjsonparse-dropped",
    "a line was skipped; the first one for its reason since the start", gst_record_dropped_fields);

struct _GstNdjsonParse {
  GstElement parent;

  GstPad *sinkpad;
  GstPad *srcpad;

  /* OBJECT_LOCK */
  NdjsonParseSettings settings; /* read at each start */
  NdjsonParseCounts counts;
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
  gboolean in_time;      /* upstream's segment is in time, and is used */
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

/* a new stream: at the start, and after a flush */
static void
reset_stream (GstNdjsonParse *self)
{
  GST_OBJECT_LOCK (self);
  self->max_line = (gsize) self->settings.max_line_bytes;
  g_free (self->field);
  self->field = g_strdup (self->settings.time_field);
  self->unit = units[self->settings.time_unit];
  self->base = self->settings.time_base;
  self->blank_before = self->counts.blank;
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
  self->counts = (NdjsonParseCounts){ 0 };
  gst_record_refusals_clear (&self->refusals);
  limits.max_bytes = (gsize) self->settings.max_line_bytes;
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

/* the present value of the reader, in nanoseconds; FALSE when it is no number, or too large */
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

/* Reads all of the line. Of a member that occurs twice the last one is used, as most readers do.
 * @ret_timed: whether @ret_time is set. FALSE when the line is not a record. */
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
  /* the others are only counted: a message a line would flood the bus */
  if (first)
    gst_record_refusal_post (
        GST_ELEMENT (self), &dropped_message, why, line->number, line->offset + offset);
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
    self->counts.records_out++;
    self->counts.untimed += !GST_CLOCK_TIME_IS_VALID (pts);
  } else {
    self->counts.not_taken++;
  }
  GST_OBJECT_UNLOCK (self);
  return ret;
}

static GstFlowReturn
parse_line (GstNdjsonParse *self, const TribNdjsonLine *line)
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

/* @pts: of the buffer that ends these lines */
static GstFlowReturn
parse_lines (GstNdjsonParse *self, GstClockTime pts)
{
  GstFlowReturn ret = GST_FLOW_OK;
  TribNdjsonLine line;
  guint64 blank;
  gboolean more;

  while (ret == GST_FLOW_OK) {
    more = trib_ndjson_next (self->lines, &line);
    blank = self->blank_before + trib_ndjson_blank (self->lines);
    GST_OBJECT_LOCK (self);
    self->counts.lines_in += blank - self->counts.blank + (more ? 1 : 0);
    self->counts.blank = blank;
    GST_OBJECT_UNLOCK (self);
    if (!more)
      break;
    ret = parse_line (self, &line);
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
  self->counts.bytes_in += map.size;
  GST_OBJECT_UNLOCK (self);
  if (!GST_CLOCK_TIME_IS_VALID (self->line_pts))
    self->line_pts = GST_BUFFER_PTS (buffer);
  trib_ndjson_push (self->lines, (const gchar *) map.data, map.size);
  ret = parse_lines (self, GST_BUFFER_PTS (buffer));
  /* the lines that follow are not parsed; the bytes must not outlive their buffer */
  if (ret != GST_FLOW_OK) {
    trib_ndjson_free (self->lines);
    self->lines = trib_ndjson_new (self->max_line);
    self->blank_before = self->counts.blank;
  }
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return ret;
}

/* at the end of the stream */
static void
warn_when_empty (GstNdjsonParse *self)
{
  g_autofree gchar *last = NULL;
  NdjsonParseCounts counts;

  GST_OBJECT_LOCK (self);
  counts = self->counts;
  last = g_strdup (self->refusals.last_text);
  GST_OBJECT_UNLOCK (self);
  if (counts.records_out > 0 || counts.not_taken > 0)
    return;
  GST_ELEMENT_WARNING (self, STREAM, WRONG_TYPE,
      ("No record was found (lines: %" G_GUINT64_FORMAT ", bytes: %" G_GUINT64_FORMAT
       "): a JSON object is expected in each line.",
          counts.lines_in, counts.bytes_in),
      ("%s", last ? last : "there was no line that is not blank"));
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
      /* the caps of src do not depend on those of the bytes */
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
      parse_lines (self, GST_CLOCK_TIME_NONE);
      warn_when_empty (self);
      break;
    case GST_EVENT_STREAM_START:
      /* another stream may follow after EOS */
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
  /* the pads are inactive, so no buffer is in chain() */
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
  stats = trib_fields_to_structure (&stats_tables[0], &self->counts);
  trib_fields_add_table (stats, &stats_tables[1], &self->refusals);
  GST_OBJECT_UNLOCK (self);
  return stats;
}

static void
gst_ndjson_parse_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  trib_properties_set_locked (
      &properties, &GST_NDJSON_PARSE (object)->settings, object, id, value, pspec);
}

static void
gst_ndjson_parse_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstNdjsonParse *self = GST_NDJSON_PARSE (object);

  if (id == PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else
    trib_properties_get_locked (&properties, &self->settings, object, id, value, pspec);
}

static void
gst_ndjson_parse_finalize (GObject *object)
{
  GstNdjsonParse *self = GST_NDJSON_PARSE (object);

  stop (self);
  gst_record_refusals_clear (&self->refusals);
  trib_properties_clear (&properties, &self->settings);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ndjson_parse_init (GstNdjsonParse *self)
{
  trib_properties_init (&properties, &self->settings);

  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, GST_DEBUG_FUNCPTR (gst_ndjson_parse_chain));
  gst_pad_set_event_function (self->sinkpad, GST_DEBUG_FUNCPTR (gst_ndjson_parse_sink_event));
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_use_fixed_caps (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
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

  trib_properties_install_class (&properties, object_class);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "NDJSON parser", "Codec/Parser",
      "Cuts lines of JSON into records with timestamps", "The gst-tributary authors");
}
