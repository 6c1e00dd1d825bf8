/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-messageextract
 * @title: messageextract
 * @short_description: Converts the results of any analysing element to records
 *
 * Runs an element, or a bin description, and converts its results for each frame to observations
 * (OBS-1). Results are
 *
 * 1. records (application/json, application/x-msgpack): they pass unchanged;
 * 2. element messages on the bus, converted by the rules of `mapping`; those of facedetect,
 * handdetect, motioncells, level and zbar have built-in rules. The messages are still posted on the
 * bus;
 * 3. regions of interest on the frame, unless a message is about it;
 * 4. nothing: a record of kind `empty` means that the frame was processed. A frame that the branch
 * drops is `skipped`, with the reason `dropped`.
 *
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! messageextract element="facedetect display=false"
 * source=face ! ndjsonenc ! fdsink
 * ]|
 *
 * `frame_id` and `t_ns` are those of the identity of the input frame; without one, `t_ns` is the
 * frame's running time. `processing_ms` is the time inside the branch; `width` and `height` are
 * those of the pictures that the posting element gets, which coordinates refer to. All messages of
 * a frame that add to one list are one record, others one record each, with `part` and `parts`.
 *
 * ## Mapping
 * Rules, separated by `;`. The first one that matches a message applies; the built-in rules follow
 * those of the property. The language and the built-in rules are described in [The mapping of
 * messages](../internals/message-map.md).
 *
 * |[
 * mapping="barcode: type=barcode, list=codes, text=symbol, symbology=type;
 *   my-tracker: type=track, list=tracks, each=objects, *"
 * ]|
 *
 * ## The frame of a message
 * The one with its `timestamp`, `running-time` or `stream-time`, inside the branch or among the 64
 * that left it last; else the last one that the posting element got; else the next one that leaves
 * the branch. A branch must keep the order of frames.
 *
 * Where the input is no video (audio), a message with a `running-time` has a record of that time,
 * and a buffer without a message has none.
 *
 * ## Elements of OpenCV
 * - facedetect reports parts of a face (`eyes`, `nose`, `mouth`) only where `eyes-profile`,
 *   `nose-profile` and `mouth-profile` are existing files; its defaults are not in Debian's
 *   opencv-data.
 * - handdetect finds nothing with the default profiles of Debian's build (`@0@/fist.xml` is no
 *   path), and Debian has no package of them. They are `fist.xml` and `palm.xml` in the folder
 *   ext/opencv of the sources of gst-plugins-bad; any Haar cascade works. `element="handdetect
 *   display=false profile-fist=/path/fist.xml profile-palm=/path/palm.xml"`.
 * - motioncells reports begin and end of motion; for a record of each frame with motion set its
 *   `postallmotion`.
 *
 * ## Caps
 * Anything that the branch accepts, to application/json, or to application/x-msgpack where
 * downstream accepts only that.
 *
 * ## Timing
 * A record has the timestamps, flags and metas of its frame, and is pushed when that leaves the
 * branch, by the same thread. Records of messages with a time of their own have that time.
 *
 * ## Threads
 * None of its own. Messages are read by the threads that post them.
 *
 * ## Errors
 * On the way to READY or PAUSED: CORE/MISSING_PLUGIN when an element of the description is missing,
 * RESOURCE/SETTINGS when `element` or `mapping` cannot be parsed (the message names the character
 * of a mapping), or when the branch has no pad for input or output. A `source` or `type` that no
 * record can have is refused with a warning (RESOURCE/SETTINGS). Errors of the branch are not
 * changed.
 *
 * ## Stats
 * Counted from READY to PAUSED on. Between two buffers, `frames-in` = `frames-answered` +
 * `frames-dropped` + `frames-flushed` + `frames-inside`; `messages-in` = `messages-mapped` +
 * `messages-unknown` + `messages-dropped` + `messages-pending`; `records-mapped` +
 * `records-regions` + `records-empty` + `records-skipped` + `records-passed` = `records-out` +
 * `records-refused`.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 audiotestsrc num-buffers=20 ! messageextract element=level source=microphone
 * ! ndjsonenc ! fdsink
 * ]|
 * A line of JSON each tenth of a second, with the levels of all channels.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstmessageextract.h"

#include <string.h>

#include <shared/trib-element-records.h>
#include <shared/trib-fields.h>
#include <shared/trib-properties.h>

#include "obs-frame.h"
#include "obs-in-flight.h"
#include "obs-record-writer.h"

GST_DEBUG_CATEGORY_STATIC (message_extract_debug);
#define GST_CAT_DEFAULT message_extract_debug

#define MAX_TEXT_BYTES 255 /* of a text in a record */

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS));

enum { PROP_ELEMENT = 1, PROP_MAPPING, PROP_SOURCE, PROP_TYPE, PROP_STATS, N_PROPS };

typedef struct {
  gchar *element, *mapping, *source, *type;
} Settings;

#define SETTING(field) G_STRUCT_OFFSET (Settings, field), .is_nullable = TRUE

static const TribProperty table[N_PROPS] = {
  [PROP_ELEMENT] = { TRIB_PROPERTY_TEXT, "element", "Element",
      "Analysing element with its properties, or a bin description", SETTING (element) },
  [PROP_MAPPING] = { TRIB_PROPERTY_TEXT, "mapping", "Mapping",
      "Rules for element messages, which precede the built-in ones: "
      "MESSAGE: type=TYPE, list=LIST, NAME=FIELD, *; MESSAGE: ...",
      SETTING (mapping) },
  [PROP_SOURCE]
  = { TRIB_PROPERTY_TEXT, "source", "Source", "Name of the source in the records (NULL = the type)",
      SETTING (source), .while_playing = TRUE },
  [PROP_TYPE] = { TRIB_PROPERTY_TEXT, "type", "Type",
      "Type of all records (NULL = that of the mapping or of the regions)", SETTING (type),
      .while_playing = TRUE },
  [PROP_STATS]
  = { TRIB_PROPERTY_STATS, "stats", "Statistics", "Frames and messages since the last start" },
};
static const TribProperties all = TRIB_PROPERTIES (table);

/* clang-format off */
#define IN_FLIGHT(name, field, about) \
  { name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (ObsInFlightCounters, field), about }
static const TribField messageextract_stats_fields[] = {
  IN_FLIGHT ("frames-in", frames_in, "entered the branch (buffers)"),
  IN_FLIGHT ("frames-answered", frames_answered, "left it (buffers)"),
  IN_FLIGHT ("frames-dropped", frames_dropped,
      "a later one left it, the stream ended, or 1024 later ones entered it (buffers)"),
  IN_FLIGHT ("frames-flushed", frames_flushed, "inside at a flush (buffers)"),
  IN_FLIGHT ("frames-inside", frames_inside, "inside now (buffers)"),
  IN_FLIGHT ("buffers-out", buffers_out, "all buffers that left the branch"),
  IN_FLIGHT ("messages-in", messages_in, "element messages of the branch"),
  IN_FLIGHT ("messages-mapped", messages_mapped, "in records (messages)"),
  IN_FLIGHT ("messages-unknown", messages_unknown, "without a rule (messages)"),
  IN_FLIGHT ("messages-dropped", messages_dropped,
      "beyond the limits, by a flush, without a frame until the end of the stream, or of a branch "
      "that outputs records itself (messages)"),
  IN_FLIGHT ("messages-pending", messages_pending, "waiting for their frame (messages)"),
  IN_FLIGHT ("messages-late", messages_late,
      "of those mapped, about a frame that had left before (messages)"),
  IN_FLIGHT ("pending-bytes", pending_bytes, "of pending messages (bytes)"),
  IN_FLIGHT ("values-unconverted", values_unconverted,
      "of messages; a record cannot hold them (values)"),
  IN_FLIGHT ("records-mapped", records_mapped, "of messages (records)"),
  IN_FLIGHT ("records-regions", records_regions, "of regions of interest (records)"),
  IN_FLIGHT ("records-empty", records_empty, "without a result (records)"),
  IN_FLIGHT ("records-skipped", records_skipped, "of frames that the branch dropped (records)"),
  IN_FLIGHT ("records-passed", records_passed, "of the branch itself (records)"),
  IN_FLIGHT ("records-out", records_out, "accepted by downstream (records)"),
  IN_FLIGHT ("records-refused", records_refused, "refused by downstream (records)"),
};
static const TribField dropped_fields[] = {
  { "message", TRIB_FIELD_TEXT, 0, "its name" },
  { "element", TRIB_FIELD_TEXT, sizeof (gchar *), "name of the element that posted it" },
};
/* clang-format on */
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-messageextract-stats", NULL, messageextract_stats_fields);
static const TribFieldTable dropped_message = TRIB_FIELD_TABLE ("messageextract-dropped",
    "the first message since the start was dropped, being larger than 256 KiB in a record or "
    "beyond "
    "4 MiB of pending messages",
    dropped_fields);

struct _GstMessageExtract {
  GstBin parent;

  /* set once */
  GstPad *sinkpad;
  GstElement *writer;
  ObsInFlight *in_flight;

  /* STATE_LOCK */
  GstElement *branch; /* (nullable) owned by the bin */
  GError *branch_error;
  GError *map_error;
  TribMessageMap *map; /* (nullable) */

  /* OBJECT_LOCK */
  Settings settings;
  gchar *refused[N_PROPS]; /* (nullable): invalid values */

  gint has_reported; /* atomic: of a dropped message */

  /* streaming thread of the sink pad */
  GstSegment segment;
};

GST_ELEMENT_REGISTER_DEFINE (
    messageextract, "messageextract", GST_RANK_NONE, GST_TYPE_MESSAGE_EXTRACT);
G_DEFINE_FINAL_TYPE_WITH_CODE (GstMessageExtract, gst_message_extract, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (
        message_extract_debug, "messageextract", 0, "results of any element as records"))

/* ---- input ---- */

static gboolean
enter_one (GstBuffer **buffer, guint index, gpointer data)
{
  GstMessageExtract *self = data;

  obs_in_flight_add_frame (self->in_flight, *buffer, &self->segment);
  return TRUE;
}

/* a segment is about to enter the branch */
static void
settle_caps (GstMessageExtract *self)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (self->sinkpad);
  g_autoptr (GstPad) inner = GST_PAD (gst_proxy_pad_get_internal (GST_PROXY_PAD (self->sinkpad)));

  if (caps && inner)
    obs_frame_settle_caps (inner, caps);
}

static GstPadProbeReturn
watch_input (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstMessageExtract *self = data;
  GstCaps *caps;

  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER) {
    obs_in_flight_add_frame (self->in_flight, GST_PAD_PROBE_INFO_BUFFER (info), &self->segment);
  } else if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    gst_buffer_list_foreach (GST_PAD_PROBE_INFO_BUFFER_LIST (info), enter_one, self);
  } else {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

    if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
      settle_caps (self);
      gst_event_copy_segment (event, &self->segment);
    } else if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
      gst_event_parse_caps (event, &caps);
      obs_in_flight_set_input (self->in_flight, caps);
    }
  }
  return GST_PAD_PROBE_OK;
}

/* ---- input of each element inside ---- */

typedef struct {
  ObsInFlight *in_flight;
  gconstpointer element; /* an address, never dereferenced */
} Watch;

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  obs_in_flight_unref (watch->in_flight);
  g_free (watch);
}

static GstPadProbeReturn
watch_element (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Watch *watch = data;
  GstBuffer *buffer;

  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER) {
    buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  } else {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    /* an element without support for lists gets the buffers one by one */
    if (gst_buffer_list_length (list) == 0)
      return GST_PAD_PROBE_OK;
    buffer = gst_buffer_list_get (list, 0);
  }
  obs_in_flight_note_input (watch->in_flight, watch->element, GST_BUFFER_PTS (buffer));
  return GST_PAD_PROBE_OK;
}

static gboolean
watch_pad (GstElement *element, GstPad *pad, gpointer data)
{
  GstMessageExtract *self = data;
  Watch *watch = g_new0 (Watch, 1);

  watch->in_flight = obs_in_flight_ref (self->in_flight);
  watch->element = element;
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, watch_element,
      watch, watch_free);
  return TRUE;
}

static void
gst_message_extract_deep_element_added (GstBin *bin, GstBin *sub_bin, GstElement *element)
{
  if (!GST_IS_BIN (element))
    gst_element_foreach_sink_pad (element, watch_pad, bin);
}

static void
gst_message_extract_deep_element_removed (GstBin *bin, GstBin *sub_bin, GstElement *element)
{
  obs_in_flight_forget_element (GST_MESSAGE_EXTRACT (bin)->in_flight, element);
}

/* ---- messages ---- */

static void
report_dropped (GstMessageExtract *self, GstMessage *message)
{
  const gchar *values[] = { gst_structure_get_name (gst_message_get_structure (message)),
    GST_MESSAGE_SRC (message) ? GST_MESSAGE_SRC_NAME (message) : NULL };

  if (g_atomic_int_compare_and_exchange (&self->has_reported, FALSE, TRUE))
    gst_element_post_message (
        GST_ELEMENT (self), trib_fields_to_message (self, &dropped_message, values));
}

/* @thread: the one that posted the message */
static void
gst_message_extract_handle_message (GstBin *bin, GstMessage *message)
{
  GstMessageExtract *self = GST_MESSAGE_EXTRACT (bin);
  GstObject *src = GST_MESSAGE_SRC (message);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_message_get_structure (message) != NULL
      && !obs_in_flight_add_message (self->in_flight, gst_message_get_structure (message),
          GST_IS_ELEMENT (src) ? GST_ELEMENT (src) : NULL))
    report_dropped (self, message);
  GST_BIN_CLASS (gst_message_extract_parent_class)->handle_message (bin, message);
}

/* ---- the branch ---- */

static void
remove_branch (GstMessageExtract *self)
{
  g_clear_error (&self->branch_error);
  if (self->branch == NULL)
    return;
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->sinkpad), NULL);
  gst_element_set_state (self->branch, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self), self->branch);
  self->branch = NULL;
}

static GstElement *
parse_branch (const gchar *description, GError **error)
{
  GstParseContext *context = gst_parse_context_new ();
  g_autoptr (GError) failed = NULL;
  g_auto (GStrv) missing = NULL;
  GstElement *branch = gst_parse_bin_from_description_full (
      description, TRUE, context, GST_PARSE_FLAG_FATAL_ERRORS, &failed);

  missing = gst_parse_context_get_missing_elements (context);
  gst_parse_context_free (context);
  if (failed == NULL)
    return branch;
  if (branch != NULL)
    gst_object_unref (gst_object_ref_sink (branch));
  if (missing != NULL && missing[0] != NULL
      && g_error_matches (failed, GST_PARSE_ERROR, GST_PARSE_ERROR_NO_SUCH_ELEMENT)) {
    g_autofree gchar *names = g_strjoinv (", ", missing);

    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "element: %s not found; is its plugin installed?", names);
  } else {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "element: \"%s\" cannot be created: %s", description, failed->message);
  }
  return NULL;
}

/* @branch: (transfer floating) */
static gboolean
link_branch (GstMessageExtract *self, GstElement *branch, const gchar *description, GError **error)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (branch, "sink");
  g_autoptr (GstPad) src = gst_element_get_static_pad (branch, "src");

  if (sink == NULL || src == NULL) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "element: \"%s\" has no %s pad that is static and unlinked", description,
        sink == NULL ? "sink" : "source");
    gst_object_unref (gst_object_ref_sink (branch));
    return FALSE;
  }
  gst_object_set_name (GST_OBJECT (branch), "branch");
  gst_bin_add (GST_BIN (self), branch);
  self->branch = branch;
  if (!gst_element_link_pads (branch, "src", self->writer, "sink")
      || !gst_ghost_pad_set_target (GST_GHOST_PAD (self->sinkpad), sink)) {
    remove_branch (self);
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "element: \"%s\" cannot be linked", description);
    return FALSE;
  }
  gst_element_sync_state_with_parent (branch);
  return TRUE;
}

/* with STATE_LOCK */
static void
make_branch (GstMessageExtract *self, const gchar *description)
{
  GstElement *branch;

  remove_branch (self);
  if (description == NULL || *description == '\0') {
    g_set_error_literal (&self->branch_error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "the \"element\" property is not set");
    return;
  }
  branch = parse_branch (description, &self->branch_error);
  if (branch != NULL)
    link_branch (self, branch, description, &self->branch_error);
}

/* ---- life cycle ---- */

static gboolean
is_in_order (GstMessageExtract *self)
{
  const GError *error = self->branch_error != NULL ? self->branch_error : self->map_error;

  if (error == NULL)
    return TRUE;
  if (g_error_matches (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN))
    GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  return FALSE;
}

/* the type of the branch's records, as far as its elements show it */
static gchar *
find_usual_type (GstMessageExtract *self)
{
  GstIterator *elements = gst_bin_iterate_recurse (GST_BIN (self->branch));
  GValue item = G_VALUE_INIT;
  const gchar *type = NULL;
  gchar *last = NULL;

  /* the branch does not change before it runs: no resync */
  while (type == NULL && gst_iterator_next (elements, &item) == GST_ITERATOR_OK) {
    GstElementFactory *factory = gst_element_get_factory (g_value_get_object (&item));

    if (factory != NULL && !GST_IS_BIN (g_value_get_object (&item))) {
      type = trib_message_map_type_of (self->map, GST_OBJECT_NAME (factory));
      if (last == NULL)
        last = g_strdup (GST_OBJECT_NAME (factory));
    }
    g_value_reset (&item);
  }
  g_value_unset (&item);
  gst_iterator_free (elements);
  if (type == NULL)
    return last != NULL ? last : g_strdup ("observation");
  g_free (last);
  return g_strdup (type);
}

static void
pass_names_on (GstMessageExtract *self, const gchar *usual_type)
{
  g_autofree gchar *source = NULL, *type = NULL;

  GST_OBJECT_LOCK (self);
  source = g_strdup (self->settings.source);
  type = g_strdup (self->settings.type);
  GST_OBJECT_UNLOCK (self);
  obs_record_writer_set_names (OBS_RECORD_WRITER (self->writer), source, type, usual_type);
}

static void
warn_refused (GstMessageExtract *self, guint id, const gchar *text)
{
  GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
      ("%s: invalid value \"%.40s\"", table[id].name, text), ("keeping the previous value"));
}

/* A pipeline in NULL drops messages: a warning about a launch line is posted again. */
static void
warn_refused_again (GstMessageExtract *self)
{
  for (guint id = 1; id < N_PROPS; id++) {
    g_autofree gchar *text = NULL;

    GST_OBJECT_LOCK (self);
    text = g_strdup (self->refused[id]);
    GST_OBJECT_UNLOCK (self);
    if (text != NULL)
      warn_refused (self, id, text);
  }
}

static GstStateChangeReturn
gst_message_extract_change_state (GstElement *element, GstStateChange transition)
{
  GstMessageExtract *self = GST_MESSAGE_EXTRACT (element);

  if ((transition == GST_STATE_CHANGE_NULL_TO_READY
          || transition == GST_STATE_CHANGE_READY_TO_PAUSED)
      && !is_in_order (self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    g_autofree gchar *usual_type = find_usual_type (self);

    warn_refused_again (self);
    obs_in_flight_start (self->in_flight, self->map);
    gst_segment_init (&self->segment, GST_FORMAT_TIME);
    g_atomic_int_set (&self->has_reported, FALSE);
    pass_names_on (self, usual_type);
  }
  return GST_ELEMENT_CLASS (gst_message_extract_parent_class)->change_state (element, transition);
}

/* ---- properties ---- */

static GstStructure *
make_stats (GstMessageExtract *self)
{
  ObsInFlightCounters counters;

  obs_in_flight_get_counters (self->in_flight, &counters);
  return trib_fields_to_structure (&stats_table, &counters);
}

/* an empty text is none */
static void
set_text (GstMessageExtract *self, guint id, const gchar *text)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, text && *text ? text : NULL);
  GST_OBJECT_LOCK (self);
  trib_properties_set (&all, &self->settings, id, &value);
  GST_OBJECT_UNLOCK (self);
}

/* only below PAUSED: branch and rules do not change while it runs */
static void
set_branch_or_map (GstMessageExtract *self, guint id, const gchar *text)
{
  GST_STATE_LOCK (self);
  if (GST_STATE (self) > GST_STATE_READY) {
    GST_STATE_UNLOCK (self);
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("%s can be set in NULL and READY only", table[id].name), ("keeping the previous value"));
    return;
  }
  set_text (self, id, text);
  if (id == PROP_ELEMENT) {
    make_branch (self, text);
  } else {
    g_clear_error (&self->map_error);
    g_clear_pointer (&self->map, trib_message_map_unref);
    self->map = trib_message_map_new (text, &self->map_error);
  }
  GST_STATE_UNLOCK (self);
}

/* @text: (nullable): an invalid value of the property; %NULL: it has a valid one */
static void
note_refused (GstMessageExtract *self, guint id, const gchar *text)
{
  GST_OBJECT_LOCK (self);
  g_free (self->refused[id]);
  self->refused[id] = g_strdup (text);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
is_usable (guint id, const gchar *text)
{
  if (text == NULL || *text == '\0')
    return TRUE;
  if (id == PROP_TYPE)
    return trib_message_map_type_is_usable (text);
  return strlen (text) <= MAX_TEXT_BYTES && g_utf8_validate (text, -1, NULL);
}

static void
gst_message_extract_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstMessageExtract *self = GST_MESSAGE_EXTRACT (object);
  const gchar *text = g_value_get_string (value);

  switch (id) {
    case PROP_ELEMENT:
    case PROP_MAPPING:
      set_branch_or_map (self, id, text);
      break;
    case PROP_SOURCE:
    case PROP_TYPE:
      if (!is_usable (id, text)) {
        note_refused (self, id, text);
        warn_refused (self, id, text);
        return;
      }
      note_refused (self, id, NULL);
      set_text (self, id, text);
      pass_names_on (self, NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_message_extract_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstMessageExtract *self = GST_MESSAGE_EXTRACT (object);

  if (id == PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else
    trib_properties_get_locked (&all, &self->settings, object, id, value, pspec);
}

/* ---- class ---- */

static void
gst_message_extract_finalize (GObject *object)
{
  GstMessageExtract *self = GST_MESSAGE_EXTRACT (object);

  trib_properties_clear (&all, &self->settings);
  for (guint id = 0; id < N_PROPS; id++)
    g_free (self->refused[id]);
  g_clear_error (&self->branch_error);
  g_clear_error (&self->map_error);
  g_clear_pointer (&self->map, trib_message_map_unref);
  g_clear_pointer (&self->in_flight, obs_in_flight_unref);
  G_OBJECT_CLASS (gst_message_extract_parent_class)->finalize (object);
}

static void
gst_message_extract_init (GstMessageExtract *self)
{
  g_autoptr (GstPadTemplate) sink = gst_static_pad_template_get (&sink_template);
  g_autoptr (GstPadTemplate) src = gst_static_pad_template_get (&src_template);
  g_autoptr (GstPad) target = NULL;

  self->in_flight = obs_in_flight_new ();
  self->map = trib_message_map_new (NULL, NULL);
  self->writer = obs_record_writer_new (self->in_flight);
  gst_bin_add (GST_BIN (self), self->writer);
  self->sinkpad = gst_ghost_pad_new_no_target_from_template ("sink", sink);
  gst_pad_add_probe (self->sinkpad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST
          | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      watch_input, self, NULL);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  target = gst_element_get_static_pad (self->writer, "src");
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new_from_template ("src", target, src));
  make_branch (self, NULL);
}

static void
gst_message_extract_class_init (GstMessageExtractClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBinClass *bin_class = GST_BIN_CLASS (klass);

  object_class->set_property = gst_message_extract_set_property;
  object_class->get_property = gst_message_extract_get_property;
  object_class->finalize = gst_message_extract_finalize;
  trib_properties_install_class (&all, object_class);
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_message_extract_change_state);
  bin_class->handle_message = GST_DEBUG_FUNCPTR (gst_message_extract_handle_message);
  bin_class->deep_element_added = GST_DEBUG_FUNCPTR (gst_message_extract_deep_element_added);
  bin_class->deep_element_removed = GST_DEBUG_FUNCPTR (gst_message_extract_deep_element_removed);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Message to record extractor",
      "Filter/Analyzer", "Converts the results of any analysing element to records",
      "The gst-tributary authors");
}
