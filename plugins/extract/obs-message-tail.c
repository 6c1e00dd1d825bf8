/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-message-tail.h"

#include <gst/video/gstvideometa.h>

#include "obs-message-records.h"

GST_DEBUG_CATEGORY_STATIC (message_tail_debug);
#define GST_CAT_DEFAULT message_tail_debug

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
    GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json; application/x-msgpack"));

struct _ObsMessageTail {
  GstElement parent;

  /* set once */
  GstPad *sinkpad, *srcpad;
  ObsMessageBook *book;

  /* OBJECT_LOCK */
  gchar *source, *type, *usual_type;
  gboolean has_new_names;

  /* streaming thread */
  ObsRecordNames names;
  TribRecordReader *reader;
  TribRecordFormat format;
  GstSegment segment;
  gboolean has_caps;      /* of records, sent downstream */
  gboolean takes_records; /* the branch says records by itself */
};

G_DEFINE_FINAL_TYPE_WITH_CODE (ObsMessageTail, obs_message_tail, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (
        message_tail_debug, "messageextracttail", 0, "messages and regions into records"))

/* ---- caps ---- */

static gboolean
is_record_caps (const GstCaps *caps)
{
  const GstStructure *s;

  if (gst_caps_get_size (caps) == 0)
    return FALSE;
  s = gst_caps_get_structure (caps, 0);
  return gst_structure_has_name (s, "application/json")
         || gst_structure_has_name (s, "application/x-msgpack");
}

/* JSON, unless only MessagePack is wanted downstream */
static gboolean
negotiate (ObsMessageTail *self)
{
  g_autoptr (GstCaps) ours = gst_pad_get_pad_template_caps (self->srcpad);
  g_autoptr (GstCaps) theirs = gst_pad_peer_query_caps (self->srcpad, ours);
  g_autoptr (GstCaps) both = gst_caps_intersect_full (ours, theirs, GST_CAPS_INTERSECT_FIRST);

  if (gst_caps_is_empty (both)) {
    /* nobody there who wants records: the push says so */
    gst_caps_replace (&both, ours);
  }
  both = gst_caps_fixate (gst_caps_truncate (g_steal_pointer (&both)));
  self->format = gst_structure_has_name (gst_caps_get_structure (both, 0), "application/json")
                     ? TRIB_RECORD_JSON
                     : TRIB_RECORD_MSGPACK;
  self->has_caps = TRUE;
  return gst_pad_push_event (self->srcpad, gst_event_new_caps (both));
}

static gboolean
take_caps (ObsMessageTail *self, GstEvent *event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (is_record_caps (caps)) {
    self->takes_records = self->has_caps = TRUE;
    return gst_pad_push_event (self->srcpad, event);
  }
  gst_event_unref (event);
  if (self->has_caps && !self->takes_records)
    return TRUE; /* other pictures, the same records */
  self->takes_records = FALSE;
  return negotiate (self);
}

/* ---- records ---- */

static void
update_names (ObsMessageTail *self)
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
push_record (ObsMessageTail *self, GstBuffer *record)
{
  GstFlowReturn flow = gst_pad_push (self->srcpad, record);

  if (flow == GST_FLOW_OK)
    obs_message_book_count (self->book, records_out, 1);
  else
    obs_message_book_count (self->book, records_refused, 1);
  return flow;
}

/* @buffer: (nullable): the frame of the last of @answers, as it came out */
static GstFlowReturn
push_answers (ObsMessageTail *self, GPtrArray *answers, GstBuffer *buffer)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new ();
  GstFlowReturn flow = GST_FLOW_OK;
  ObsRecordMaker maker = {
    .book = self->book,
    .names = &self->names,
    .reader = self->reader,
    .format = self->format,
    .segment = &self->segment,
  };

  update_names (self);
  for (guint i = 0; i < answers->len; i++)
    obs_record_maker_add (
        &maker, g_ptr_array_index (answers, i), i + 1 == answers->len ? buffer : NULL, records);
  for (guint i = 0; i < records->len; i++) {
    GstFlowReturn one = push_record (self, g_ptr_array_index (records, i));

    if (flow == GST_FLOW_OK)
      flow = one;
  }
  return flow;
}

static GstFlowReturn
obs_message_tail_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  ObsMessageTail *self = OBS_MESSAGE_TAIL (parent);
  g_autoptr (GPtrArray) answers = obs_message_book_leave (self->book, buffer, &self->segment);
  GstFlowReturn flow;

  if (self->takes_records) {
    obs_message_book_drop_messages (self->book);
    obs_message_book_count (self->book, records_passed, 1);
    return push_record (self, buffer);
  }
  if (!self->has_caps && !negotiate (self)) {
    gst_buffer_unref (buffer);
    return GST_PAD_IS_FLUSHING (self->srcpad) ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
  }
  flow = push_answers (self, answers, buffer);
  gst_buffer_unref (buffer);
  return flow;
}

/* ---- events and queries ---- */

static void
settle (ObsMessageTail *self, GPtrArray *answers)
{
  if (!self->takes_records && self->has_caps)
    push_answers (self, answers, NULL);
  g_ptr_array_unref (answers);
}

static void
settle_gap (ObsMessageTail *self, GstEvent *event)
{
  GstClockTime pts, duration;

  gst_event_parse_gap (event, &pts, &duration);
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  /* a gap without an end takes the place of what begins with it */
  settle (self, obs_message_book_until (self->book,
                    pts + (GST_CLOCK_TIME_IS_VALID (duration) && duration > 0 ? duration : 1)));
}

static gboolean
obs_message_tail_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  ObsMessageTail *self = OBS_MESSAGE_TAIL (parent);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      return take_caps (self, event);
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      /* caps come before the segment, even where the branch has none to tell */
      if (!self->has_caps)
        negotiate (self);
      break;
    case GST_EVENT_GAP:
      settle_gap (self, event);
      break;
    case GST_EVENT_EOS:
      settle (self, obs_message_book_drain (self->book));
      break;
    case GST_EVENT_FLUSH_STOP:
      obs_message_book_flush (self->book);
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
obs_message_tail_sink_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
      answer_caps (pad, query);
      return TRUE;
    case GST_QUERY_ACCEPT_CAPS:
      gst_query_set_accept_caps_result (query, TRUE);
      return TRUE;
    case GST_QUERY_ALLOCATION:
      /* pictures end here, and are not even looked at: any layout will do */
      gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
      gst_query_add_allocation_meta (query, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE, NULL);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* ---- life ---- */

static GstStateChangeReturn
obs_message_tail_change_state (GstElement *element, GstStateChange transition)
{
  ObsMessageTail *self = OBS_MESSAGE_TAIL (element);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    self->has_caps = self->takes_records = FALSE;
    gst_segment_init (&self->segment, GST_FORMAT_TIME);
    GST_OBJECT_LOCK (self);
    g_clear_pointer (&self->names.last_type, g_free);
    self->has_new_names = TRUE;
    GST_OBJECT_UNLOCK (self);
  }
  return GST_ELEMENT_CLASS (obs_message_tail_parent_class)->change_state (element, transition);
}

static void
obs_message_tail_finalize (GObject *object)
{
  ObsMessageTail *self = OBS_MESSAGE_TAIL (object);

  g_free (self->source);
  g_free (self->type);
  g_free (self->usual_type);
  g_free (self->names.source);
  g_free (self->names.type);
  g_free (self->names.last_type);
  g_clear_pointer (&self->reader, trib_record_reader_free);
  g_clear_pointer (&self->book, obs_message_book_unref);
  G_OBJECT_CLASS (obs_message_tail_parent_class)->finalize (object);
}

static void
obs_message_tail_init (ObsMessageTail *self)
{
  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, GST_DEBUG_FUNCPTR (obs_message_tail_chain));
  gst_pad_set_event_function (self->sinkpad, GST_DEBUG_FUNCPTR (obs_message_tail_sink_event));
  gst_pad_set_query_function (self->sinkpad, GST_DEBUG_FUNCPTR (obs_message_tail_sink_query));
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
  self->reader = trib_record_reader_new (NULL);
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
}

static void
obs_message_tail_class_init (ObsMessageTailClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = obs_message_tail_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR (obs_message_tail_change_state);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Record writer of messageextract",
      "Filter/Analyzer", "Writes what a branch said of each frame", "The gst-tributary authors");
}

/**
 * obs_message_tail_new:
 * @book: the frames inside the branch
 *
 * Returns: (transfer floating): the element
 */
GstElement *
obs_message_tail_new (ObsMessageBook *book)
{
  ObsMessageTail *self = g_object_new (OBS_TYPE_MESSAGE_TAIL, "name", "tail", NULL);

  self->book = obs_message_book_ref (book);
  return GST_ELEMENT (self);
}

/**
 * obs_message_tail_set_names:
 * @self: the element
 * @source: (nullable): name of the source in the records
 * @type: (nullable): type of all records
 * @usual_type: (nullable): type of what says that nothing was found, until a message has shown it; %NULL: as before
 *
 * Any thread; holds from the next record on.
 */
void
obs_message_tail_set_names (
    ObsMessageTail *self, const gchar *source, const gchar *type, const gchar *usual_type)
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
