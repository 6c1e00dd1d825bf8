/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-messageextract
 * @title: messageextract
 * @short_description: Makes records of what any analysing element says
 *
 * Runs an element, or a bin description, and turns what it says of each frame into observations (OBS-1). What it says may be
 *
 * 1. records by themselves (application/json, application/x-msgpack): they go on as they are;
 * 2. element messages on the bus. `mapping` says what becomes of them; those of facedetect, handdetect, motioncells, level and
 *    zbar are known without it. They are posted on the bus all the same;
 * 3. regions of interest on the frame, where no message is about it;
 * 4. nothing: then a record of kind `empty` says that the frame was looked at. A frame that the branch drops is `skipped`, with the
 *    reason `dropped`.
 *
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! messageextract element="facedetect display=false" source=face ! ndjsonenc ! fdsink
 * ]|
 *
 * `frame_id` and `t_ns` are those of the frame's identity, where it went in; a frame without one has its running time as
 * `t_ns`. `processing_ms` is how long it was inside the branch, `width` and `height` are those of the pictures that the posting
 * element was given, in which coordinates are meant. All messages of a frame that add to one list are one record, others are
 * a record each, with `part` and `parts`.
 *
 * ## Mapping
 * Rules with `;` between them; the first that fits a message holds, and those that are built in stand behind those of the property.
 * [The mapping of messages](../internals/message-map.md) has the language, and the rules that are built in.
 *
 * |[
 * mapping="barcode: type=barcode, list=codes, text=symbol, symbology=type; my-tracker: type=track, list=tracks, each=objects, *"
 * ]|
 *
 * ## Whose frame a message is about
 * The one that its `timestamp`, `running-time` or `stream-time` names, inside the branch or among the 64 that left it last; else the one
 * that the posting element was given last; else the next one that comes out. A branch gives frames back in the order in which it got them.
 *
 * Where no pictures go in (audio), a message that says its own `running-time` has a record of that time, and a buffer of which nothing
 * is said has none.
 *
 * ## Elements of OpenCV
 * - facedetect has parts of a face (`eyes`, `nose`, `mouth`) only where `eyes-profile`, `nose-profile` and `mouth-profile` name files that
 *   are there; those that it looks for by default are not in Debian's opencv-data.
 * - handdetect finds nothing with the profiles that it has by default in Debian's build (`@0@/fist.xml` is no path), and Debian has
 *   them in no package. They are `fist.xml` and `palm.xml` in the folder ext/opencv of the sources of gst-plugins-bad; any Haar cascade
 *   does. `element="handdetect display=false profile-fist=/path/fist.xml profile-palm=/path/palm.xml"`.
 * - motioncells says when motion begins and ends; for a record of each frame with motion set its `postallmotion`.
 *
 * ## Caps
 * Anything that the branch takes, to application/json, or to application/x-msgpack where downstream wants that alone.
 *
 * ## Timing
 * A record has timestamps, flags and metas of its frame, and leaves when that comes out of the branch, in the same thread. Records of messages
 * with a time of their own have that time.
 *
 * ## Threads
 * None of its own. Messages are read in the threads that post them.
 *
 * ## Errors
 * On the way to READY or PAUSED: CORE/MISSING_PLUGIN when an element of the description is not there, RESOURCE/SETTINGS when `element` or
 * `mapping` cannot be read (the message names the character of a mapping), or when the branch has no pad to go in or out by. A `source` or a `type` that no
 * record can have is told with a warning (RESOURCE/SETTINGS), and the one before holds. Errors of the branch are the branch's.
 *
 * ## Messages
 * - `messageextract-dropped`: the first message since the start was dropped, because it is larger than 256 KiB in a record or because 4 MiB wait
 *   already. Fields: `message` (string: its name), `element` (string: name of the element that posted it).
 *
 * ## Stats
 * Counted from READY to PAUSED on. Between two buffers, `frames-in` = `frames-answered` + `frames-dropped` + `frames-flushed` +
 * `frames-inside`; `messages-in` = `messages-mapped` + `messages-unknown` + `messages-dropped` + `messages-pending`; `records-mapped` + `records-regions` + `records-empty` +
 * `records-skipped` + `records-passed` = `records-out` + `records-refused`.
 *
 * - `frames-in` (buffers): went into the branch
 * - `frames-answered` (buffers): came out of it
 * - `frames-dropped` (buffers): did not, and a later one did, or the stream ended, or 1024 later ones went in
 * - `frames-flushed` (buffers): were inside at a flush
 * - `frames-inside` (buffers): are inside now
 * - `buffers-out` (buffers): came out of the branch, its own ones included
 * - `messages-in` (messages): element messages from within the branch
 * - `messages-mapped` (messages): are in records
 * - `messages-unknown` (messages): no rule is for them
 * - `messages-dropped` (messages): no room, a flush, a branch that says records itself, or the stream ended before any frame for them came
 * - `messages-pending` (messages), `pending-bytes` (bytes): wait for their frame
 * - `messages-late` (messages): of those mapped, about a frame that had left before
 * - `values-unconverted` (values): of messages; a record cannot hold them
 * - `records-mapped`, `records-regions`, `records-empty`, `records-skipped`, `records-passed` (records): of messages, of regions of interest, nothing found, dropped by
 *   the branch, said by the branch itself
 * - `records-out` (records): downstream took them
 * - `records-refused` (records): downstream did not
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 audiotestsrc num-buffers=20 ! messageextract element=level source=microphone ! ndjsonenc ! fdsink
 * ]|
 * A line of JSON each tenth of a second, with the levels of all channels.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstmessageextract.h"

#include <string.h>

#include "obs-message-book.h"
#include "obs-message-tail.h"

GST_DEBUG_CATEGORY_STATIC (message_extract_debug);
#define GST_CAT_DEFAULT message_extract_debug

/* as records have it */
#define MAX_TEXT_BYTES 255

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
    GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json; application/x-msgpack"));

enum { PROP_ELEMENT = 1, PROP_MAPPING, PROP_SOURCE, PROP_TYPE, PROP_STATS, N_PROPS };

static GParamSpec *properties[N_PROPS];

struct _GstMessageExtract {
  GstBin parent;

  /* set once */
  GstPad *sinkpad;
  GstElement *tail;
  ObsMessageBook *book;

  /* STATE_LOCK */
  GstElement *branch; /* (nullable) owned by the bin */
  GError *branch_error;
  GError *map_error;
  TribMessageMap *map; /* (nullable) */

  /* OBJECT_LOCK */
  gchar *element;
  gchar *mapping;
  gchar *source;
  gchar *type;
  gchar *refused
      [N_PROPS]; /* (nullable): what was set and cannot be, until it is told where somebody listens */

  gint has_told; /* atomic: of a dropped message */

  /* streaming thread of the sink pad */
  GstSegment segment;
};

GST_ELEMENT_REGISTER_DEFINE (
    messageextract, "messageextract", GST_RANK_NONE, GST_TYPE_MESSAGE_EXTRACT);
G_DEFINE_FINAL_TYPE_WITH_CODE (GstMessageExtract, gst_message_extract, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (
        message_extract_debug, "messageextract", 0, "records of what any element says"))

/* ---- what goes in ---- */

static gboolean
enter_one (GstBuffer **buffer, guint index, gpointer data)
{
  GstMessageExtract *self = data;

  obs_message_book_enter (self->book, *buffer, &self->segment);
  return TRUE;
}

static GstPadProbeReturn
watch_input (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstMessageExtract *self = data;
  GstCaps *caps;

  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER) {
    obs_message_book_enter (self->book, GST_PAD_PROBE_INFO_BUFFER (info), &self->segment);
  } else if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    gst_buffer_list_foreach (GST_PAD_PROBE_INFO_BUFFER_LIST (info), enter_one, self);
  } else {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

    if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
      gst_event_copy_segment (event, &self->segment);
    } else if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
      gst_event_parse_caps (event, &caps);
      obs_message_book_set_input (self->book, caps);
    }
  }
  return GST_PAD_PROBE_OK;
}

/* ---- what each element inside is given ---- */

typedef struct {
  ObsMessageBook *book;
  gconstpointer element; /* an address, never followed */
} Watch;

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  obs_message_book_unref (watch->book);
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

    /* its elements are pushed one by one where nobody takes lists */
    if (gst_buffer_list_length (list) == 0)
      return GST_PAD_PROBE_OK;
    buffer = gst_buffer_list_get (list, 0);
  }
  obs_message_book_given (watch->book, watch->element, GST_BUFFER_PTS (buffer));
  return GST_PAD_PROBE_OK;
}

static gboolean
watch_pad (GstElement *element, GstPad *pad, gpointer data)
{
  GstMessageExtract *self = data;
  Watch *watch = g_new0 (Watch, 1);

  watch->book = obs_message_book_ref (self->book);
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
  obs_message_book_forget (GST_MESSAGE_EXTRACT (bin)->book, element);
}

/* ---- messages ---- */

static void
tell_dropped (GstMessageExtract *self, GstMessage *message)
{
  const GstStructure *s = gst_message_get_structure (message);

  if (!g_atomic_int_compare_and_exchange (&self->has_told, FALSE, TRUE))
    return;
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("messageextract-dropped", "message", G_TYPE_STRING,
              gst_structure_get_name (s), "element", G_TYPE_STRING,
              GST_MESSAGE_SRC (message) != NULL ? GST_MESSAGE_SRC_NAME (message) : "", NULL)));
}

/* @thread: the one that posted the message */
static void
gst_message_extract_handle_message (GstBin *bin, GstMessage *message)
{
  GstMessageExtract *self = GST_MESSAGE_EXTRACT (bin);
  GstObject *src = GST_MESSAGE_SRC (message);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_message_get_structure (message) != NULL
      && !obs_message_book_note (self->book, gst_message_get_structure (message),
          GST_IS_ELEMENT (src) ? GST_ELEMENT (src) : NULL))
    tell_dropped (self, message);
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
        "element: there is no %s; is its plugin installed?", names);
  } else {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "element: \"%s\" cannot be made: %s", description, failed->message);
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
        "element: \"%s\" has no %s pad that is always there and free", description,
        sink == NULL ? "sink" : "source");
    gst_object_unref (gst_object_ref_sink (branch));
    return FALSE;
  }
  gst_object_set_name (GST_OBJECT (branch), "branch");
  gst_bin_add (GST_BIN (self), branch);
  self->branch = branch;
  if (!gst_element_link_pads (branch, "src", self->tail, "sink")
      || !gst_ghost_pad_set_target (GST_GHOST_PAD (self->sinkpad), sink)) {
    remove_branch (self);
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "element: \"%s\" cannot be linked", description);
    return FALSE;
  }
  gst_element_sync_state_with_parent (branch);
  return TRUE;
}

/* under the STATE_LOCK */
static void
make_branch (GstMessageExtract *self, const gchar *description)
{
  GstElement *branch;

  remove_branch (self);
  if (description == NULL || *description == '\0') {
    g_set_error_literal (&self->branch_error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "element: nothing is named that could look at frames");
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

/* the type of what the branch says, as far as it shows by itself */
static gchar *
find_usual_type (GstMessageExtract *self)
{
  GstIterator *elements = gst_bin_iterate_recurse (GST_BIN (self->branch));
  GValue item = G_VALUE_INIT;
  const gchar *type = NULL;
  gchar *last = NULL;

  /* nothing is added to the branch before it runs: no resync */
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
  source = g_strdup (self->source);
  type = g_strdup (self->type);
  GST_OBJECT_UNLOCK (self);
  obs_message_tail_set_names (OBS_MESSAGE_TAIL (self->tail), source, type, usual_type);
}

static void
tell_refused (GstMessageExtract *self, guint id, const gchar *text)
{
  GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
      ("%s: no observation can have \"%.40s\"", properties[id]->name, text), ("it is as before"));
}

/* A pipeline in NULL gives no messages on: what was said of a setting of a launch line, nobody has heard. */
static void
tell_refused_again (GstMessageExtract *self)
{
  for (guint id = 1; id < N_PROPS; id++) {
    g_autofree gchar *text = NULL;

    GST_OBJECT_LOCK (self);
    text = g_strdup (self->refused[id]);
    GST_OBJECT_UNLOCK (self);
    if (text != NULL)
      tell_refused (self, id, text);
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

    tell_refused_again (self);
    obs_message_book_start (self->book, self->map);
    gst_segment_init (&self->segment, GST_FORMAT_TIME);
    g_atomic_int_set (&self->has_told, FALSE);
    pass_names_on (self, usual_type);
  }
  return GST_ELEMENT_CLASS (gst_message_extract_parent_class)->change_state (element, transition);
}

/* ---- properties ---- */

static GstStructure *
make_stats (GstMessageExtract *self)
{
  const struct {
    const gchar *name;
    gsize offset;
  } fields[] = {
#define FIELD(name, member) { name, G_STRUCT_OFFSET (ObsBookCounters, member) }
    FIELD ("frames-in", frames_in),
    FIELD ("frames-answered", frames_answered),
    FIELD ("frames-dropped", frames_swallowed),
    FIELD ("frames-flushed", frames_flushed),
    FIELD ("frames-inside", frames_inside),
    FIELD ("buffers-out", buffers_out),
    FIELD ("messages-in", messages_in),
    FIELD ("messages-mapped", messages_mapped),
    FIELD ("messages-unknown", messages_unknown),
    FIELD ("messages-dropped", messages_dropped),
    FIELD ("messages-pending", messages_pending),
    FIELD ("messages-late", messages_late),
    FIELD ("pending-bytes", pending_bytes),
    FIELD ("values-unconverted", values_unconverted),
    FIELD ("records-mapped", records_mapped),
    FIELD ("records-regions", records_regions),
    FIELD ("records-empty", records_empty),
    FIELD ("records-skipped", records_skipped),
    FIELD ("records-passed", records_passed),
    FIELD ("records-out", records_out),
    FIELD ("records-refused", records_refused),
#undef FIELD
  };
  GstStructure *stats = gst_structure_new_empty ("application/x-messageextract-stats");
  ObsBookCounters counters;

  obs_message_book_counters (self->book, &counters);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    gst_structure_set (stats, fields[i].name, G_TYPE_UINT64,
        G_STRUCT_MEMBER (guint64, &counters, fields[i].offset), NULL);
  return stats;
}

static void
set_text (GstMessageExtract *self, gchar **text, const gchar *value)
{
  GST_OBJECT_LOCK (self);
  g_free (*text);
  *text = value != NULL && *value != '\0' ? g_strdup (value) : NULL;
  GST_OBJECT_UNLOCK (self);
}

/* only below PAUSED: what runs keeps its branch and its rules */
static void
set_branch_or_map (GstMessageExtract *self, guint id, const gchar *text)
{
  GST_STATE_LOCK (self);
  if (GST_STATE (self) > GST_STATE_READY) {
    GST_STATE_UNLOCK (self);
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("%s can be set in NULL and READY only", properties[id]->name), ("it is as before"));
    return;
  }
  if (id == PROP_ELEMENT) {
    set_text (self, &self->element, text);
    make_branch (self, text);
  } else {
    set_text (self, &self->mapping, text);
    g_clear_error (&self->map_error);
    g_clear_pointer (&self->map, trib_message_map_unref);
    self->map = trib_message_map_new (text, &self->map_error);
  }
  GST_STATE_UNLOCK (self);
}

/* what was refused of a property, or, with %NULL, is not any more */
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
        tell_refused (self, id, text);
        return;
      }
      note_refused (self, id, NULL);
      set_text (self, id == PROP_SOURCE ? &self->source : &self->type, text);
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

  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_ELEMENT:
      g_value_set_string (value, self->element);
      break;
    case PROP_MAPPING:
      g_value_set_string (value, self->mapping);
      break;
    case PROP_SOURCE:
      g_value_set_string (value, self->source);
      break;
    case PROP_TYPE:
      g_value_set_string (value, self->type);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* ---- class ---- */

static void
gst_message_extract_finalize (GObject *object)
{
  GstMessageExtract *self = GST_MESSAGE_EXTRACT (object);

  g_free (self->element);
  g_free (self->mapping);
  g_free (self->source);
  g_free (self->type);
  for (guint id = 0; id < N_PROPS; id++)
    g_free (self->refused[id]);
  g_clear_error (&self->branch_error);
  g_clear_error (&self->map_error);
  g_clear_pointer (&self->map, trib_message_map_unref);
  g_clear_pointer (&self->book, obs_message_book_unref);
  G_OBJECT_CLASS (gst_message_extract_parent_class)->finalize (object);
}

static void
gst_message_extract_init (GstMessageExtract *self)
{
  g_autoptr (GstPadTemplate) sink = gst_static_pad_template_get (&sink_template);
  g_autoptr (GstPadTemplate) src = gst_static_pad_template_get (&src_template);
  g_autoptr (GstPad) target = NULL;

  self->book = obs_message_book_new ();
  self->map = trib_message_map_new (NULL, NULL);
  self->tail = obs_message_tail_new (self->book);
  gst_bin_add (GST_BIN (self), self->tail);
  self->sinkpad = gst_ghost_pad_new_no_target_from_template ("sink", sink);
  gst_pad_add_probe (self->sinkpad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST
          | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      watch_input, self, NULL);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  target = gst_element_get_static_pad (self->tail, "src");
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new_from_template ("src", target, src));
  make_branch (self, NULL);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags playing
      = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  properties[PROP_ELEMENT] = g_param_spec_string ("element", "Element",
      "The element that looks at frames, with its properties, or a bin description", NULL, ready);
  properties[PROP_MAPPING] = g_param_spec_string ("mapping", "Mapping",
      "What becomes of element messages, before what is built in: "
      "MESSAGE: type=TYPE, list=LIST, NAME=FIELD, *; MESSAGE: ...",
      NULL, ready);
  properties[PROP_SOURCE] = g_param_spec_string ("source", "Source",
      "Name of the source in the records (NULL = none: it is the type)", NULL, playing);
  properties[PROP_TYPE] = g_param_spec_string ("type", "Type",
      "Type of all records (NULL = what the mapping or the regions say)", NULL, playing);
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "What became of frames and messages since the last start", GST_TYPE_STRUCTURE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
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
  install_properties (object_class);
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_message_extract_change_state);
  bin_class->handle_message = GST_DEBUG_FUNCPTR (gst_message_extract_handle_message);
  bin_class->deep_element_added = GST_DEBUG_FUNCPTR (gst_message_extract_deep_element_added);
  bin_class->deep_element_removed = GST_DEBUG_FUNCPTR (gst_message_extract_deep_element_removed);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Message to record extractor",
      "Filter/Analyzer", "Makes records of what any analysing element says of each frame",
      "The gst-tributary authors");
}
