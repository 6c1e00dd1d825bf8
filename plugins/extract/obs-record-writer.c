/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-record-writer.h"

#include <gst/video/gstvideometa.h>
#include <shared/trib-element-records.h>

#include "obs-message-records.h"

GST_DEBUG_CATEGORY_STATIC (record_writer_debug);
#define GST_CAT_DEFAULT record_writer_debug

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS));

struct _ObsRecordWriter {
  GstElement parent;

  /* set once */
  GstPad *sinkpad, *srcpad;
  ObsInFlight *in_flight;

  /* OBJECT_LOCK */
  gchar *source, *type, *usual_type;
  gboolean has_new_names;

  /* streaming thread */
  ObsRecordNames names;
  TribRecordReader *reader;
  TribRecordFormat format;
  GstSegment segment;
  gboolean has_caps;      /* of records, sent downstream */
  gboolean takes_records; /* the branch outputs records itself */
};

G_DEFINE_FINAL_TYPE_WITH_CODE (ObsRecordWriter, obs_record_writer, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (
        record_writer_debug, "messageextractwriter", 0, "messages and regions into records"))

/* ---- caps ---- */

static gboolean
negotiate (ObsRecordWriter *self)
{
  g_autoptr (GstCaps) caps = NULL;

  self->format = trib_pad_choose_record_format (self->srcpad);
  self->has_caps = TRUE;
  caps = trib_record_caps_new (self->format);
  return gst_pad_push_event (self->srcpad, gst_event_new_caps (caps));
}

static gboolean
take_caps (ObsRecordWriter *self, GstEvent *event)
{
  TribRecordFormat format;
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (trib_record_caps_parse (caps, &format)) {
    self->takes_records = self->has_caps = TRUE;
    return gst_pad_push_event (self->srcpad, event);
  }
  gst_event_unref (event);
  if (self->has_caps && !self->takes_records)
    return TRUE; /* only the pictures change */
  self->takes_records = FALSE;
  return negotiate (self);
}

/* ---- records ---- */

static void
update_names (ObsRecordWriter *self)
{
  GST_OBJECT_LOCK (self);
  if (self->has_new_names) {
    g_free (self->names.source);
    g_free (self->names.type);
    self->names.source = g_strdup (self->source);
    self->names.type = g_strdup (self->type);
    if (self->names.last_type == NULL)
      self->names.last_type = g_strdup (self->usual_type);
    self->has_new_names = FALSE;
  }
  GST_OBJECT_UNLOCK (self);
}

static GstFlowReturn
push_record (ObsRecordWriter *self, GstBuffer *record)
{
  GstFlowReturn flow = gst_pad_push (self->srcpad, record);

  if (flow == GST_FLOW_OK)
    obs_in_flight_count (self->in_flight, records_out, 1);
  else
    obs_in_flight_count (self->in_flight, records_refused, 1);
  return flow;
}

/* @buffer: (nullable): the buffer of the last of @results */
static GstFlowReturn
push_results (ObsRecordWriter *self, GPtrArray *results, GstBuffer *buffer)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new ();
  GstFlowReturn flow = GST_FLOW_OK;
  ObsRecordMaker maker = {
    .in_flight = self->in_flight,
    .names = &self->names,
    .reader = self->reader,
    .format = self->format,
    .segment = &self->segment,
  };

  update_names (self);
  for (guint i = 0; i < results->len; i++)
    obs_record_maker_add (
        &maker, g_ptr_array_index (results, i), i + 1 == results->len ? buffer : NULL, records);
  for (guint i = 0; i < records->len; i++) {
    GstFlowReturn one = push_record (self, g_ptr_array_index (records, i));

    if (flow == GST_FLOW_OK)
      flow = one;
  }
  return flow;
}

static GstFlowReturn
obs_record_writer_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  ObsRecordWriter *self = OBS_RECORD_WRITER (parent);
  g_autoptr (GPtrArray) results = obs_in_flight_take (self->in_flight, buffer, &self->segment);
  GstFlowReturn flow;

  if (self->takes_records) {
    obs_in_flight_drop_messages (self->in_flight);
    obs_in_flight_count (self->in_flight, records_passed, 1);
    return push_record (self, buffer);
  }
  if (!self->has_caps && !negotiate (self)) {
    gst_buffer_unref (buffer);
    return GST_PAD_IS_FLUSHING (self->srcpad) ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
  }
  flow = push_results (self, results, buffer);
  gst_buffer_unref (buffer);
  return flow;
}

/* ---- events and queries ---- */

static void
settle (ObsRecordWriter *self, GPtrArray *results)
{
  if (!self->takes_records && self->has_caps)
    push_results (self, results, NULL);
  g_ptr_array_unref (results);
}

static void
settle_gap (ObsRecordWriter *self, GstEvent *event)
{
  GstClockTime pts, duration;

  gst_event_parse_gap (event, &pts, &duration);
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  /* a gap without a duration stands for the frame at its start */
  settle (self, obs_in_flight_take_until (self->in_flight,
                    pts + (GST_CLOCK_TIME_IS_VALID (duration) && duration > 0 ? duration : 1)));
}

static gboolean
obs_record_writer_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  ObsRecordWriter *self = OBS_RECORD_WRITER (parent);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      return take_caps (self, event);
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      /* caps precede the segment, even where the branch has sent none */
      if (!self->has_caps)
        negotiate (self);
      break;
    case GST_EVENT_GAP:
      settle_gap (self, event);
      break;
    case GST_EVENT_EOS:
      settle (self, obs_in_flight_take_all (self->in_flight));
      break;
    case GST_EVENT_FLUSH_STOP:
      obs_in_flight_flush (self->in_flight);
      gst_segment_init (&self->segment, GST_FORMAT_TIME);
      break;
    default:
      break;
  }
  return gst_pad_event_default (pad, parent, event);
}

static void
answer_caps (GstPad *pad, GstQuery *query)
{
  g_autoptr (GstCaps) any = gst_caps_new_any ();
  GstCaps *filter;

  gst_query_parse_caps (query, &filter);
  gst_query_set_caps_result (query, filter != NULL ? filter : any);
}

static gboolean
obs_record_writer_sink_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
      answer_caps (pad, query);
      return TRUE;
    case GST_QUERY_ACCEPT_CAPS:
      gst_query_set_accept_caps_result (query, TRUE);
      return TRUE;
    case GST_QUERY_ALLOCATION:
      /* pictures end here unread: any layout will do */
      gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
      gst_query_add_allocation_meta (query, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE, NULL);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* ---- life ---- */

static GstStateChangeReturn
obs_record_writer_change_state (GstElement *element, GstStateChange transition)
{
  ObsRecordWriter *self = OBS_RECORD_WRITER (element);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    self->has_caps = self->takes_records = FALSE;
    gst_segment_init (&self->segment, GST_FORMAT_TIME);
    GST_OBJECT_LOCK (self);
    g_clear_pointer (&self->names.last_type, g_free);
    self->has_new_names = TRUE;
    GST_OBJECT_UNLOCK (self);
  }
  return GST_ELEMENT_CLASS (obs_record_writer_parent_class)->change_state (element, transition);
}

static void
obs_record_writer_finalize (GObject *object)
{
  ObsRecordWriter *self = OBS_RECORD_WRITER (object);

  g_free (self->source);
  g_free (self->type);
  g_free (self->usual_type);
  g_free (self->names.source);
  g_free (self->names.type);
  g_free (self->names.last_type);
  g_clear_pointer (&self->reader, trib_record_reader_free);
  g_clear_pointer (&self->in_flight, obs_in_flight_unref);
  G_OBJECT_CLASS (obs_record_writer_parent_class)->finalize (object);
}

static void
obs_record_writer_init (ObsRecordWriter *self)
{
  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, GST_DEBUG_FUNCPTR (obs_record_writer_chain));
  gst_pad_set_event_function (self->sinkpad, GST_DEBUG_FUNCPTR (obs_record_writer_sink_event));
  gst_pad_set_query_function (self->sinkpad, GST_DEBUG_FUNCPTR (obs_record_writer_sink_query));
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
  self->reader = trib_record_reader_new (NULL);
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
}

static void
obs_record_writer_class_init (ObsRecordWriterClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = obs_record_writer_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR (obs_record_writer_change_state);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Record writer of messageextract",
      "Filter/Analyzer", "Writes the records of each frame of a branch",
      "The gst-tributary authors");
}

/**
 * obs_record_writer_new:
 * @in_flight: the frames inside the branch
 *
 * Returns: (transfer floating): the element
 */
GstElement *
obs_record_writer_new (ObsInFlight *in_flight)
{
  ObsRecordWriter *self = g_object_new (OBS_TYPE_RECORD_WRITER, "name", "writer", NULL);

  self->in_flight = obs_in_flight_ref (in_flight);
  return GST_ELEMENT (self);
}

/**
 * obs_record_writer_set_names:
 * @self: the element
 * @source: (nullable): name of the source in the records
 * @type: (nullable): type of all records
 * @usual_type: (nullable): type of empty records until the first message; %NULL: unchanged
 *
 * @thread: any; takes effect with the next record
 */
void
obs_record_writer_set_names (
    ObsRecordWriter *self, const gchar *source, const gchar *type, const gchar *usual_type)
{
  GST_OBJECT_LOCK (self);
  g_free (self->source);
  g_free (self->type);
  self->source = g_strdup (source);
  self->type = g_strdup (type);
  if (usual_type != NULL) {
    g_free (self->usual_type);
    self->usual_type = g_strdup (usual_type);
  }
  self->has_new_names = TRUE;
  GST_OBJECT_UNLOCK (self);
}
