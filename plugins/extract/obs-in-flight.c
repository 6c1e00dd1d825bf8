/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-in-flight.h"

#include <string.h>

#include "obs-frame.h"
#include "obs-message-apply.h"

/* frames inside before the oldest counts as dropped, and frames kept after they left */
#define MAX_INSIDE 1024
#define MAX_FINISHED 64
/* of one message in MessagePack, and of all pending ones */
#define MAX_MESSAGE_BYTES (256 * 1024)
#define MAX_PENDING_BYTES (4 * 1024 * 1024)
/* of a message, besides its items */
#define MESSAGE_OVERHEAD (sizeof (ObsMessage) + 64)

struct _ObsInFlight {
  gatomicrefcount refs;
  GMutex lock;
  TribMessageMap *map;
  gboolean has_frames;
  guint width, height;
  guint64 last_ticket;
  GQueue inside;     /* ObsInFlightFrame, in the order of their arrival */
  GQueue finished;   /* ObsInFlightFrame, the latest last */
  GQueue pending;    /* ObsMessage, in the order of their arrival */
  GHashTable *given; /* element: PTS of its last input buffer */
  ObsInFlightCounters counters;
};

/* ---- life ---- */

static void
message_free (gpointer data)
{
  ObsMessage *message = data;

  g_free (message->type);
  g_bytes_unref (message->items);
  trib_message_map_unref (message->map);
  g_free (message);
}

static void
frame_free (gpointer data)
{
  ObsInFlightFrame *frame = data;

  trib_stream_key_unref (frame->stream);
  g_free (frame);
}

static void
result_free (gpointer data)
{
  ObsInFlightResult *result = data;

  trib_stream_key_unref (result->frame.stream);
  g_ptr_array_unref (result->messages);
  g_free (result);
}

ObsInFlight *
obs_in_flight_new (void)
{
  ObsInFlight *in_flight = g_new0 (ObsInFlight, 1);

  g_atomic_ref_count_init (&in_flight->refs);
  g_mutex_init (&in_flight->lock);
  g_queue_init (&in_flight->inside);
  g_queue_init (&in_flight->finished);
  g_queue_init (&in_flight->pending);
  in_flight->given = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return in_flight;
}

ObsInFlight *
obs_in_flight_ref (ObsInFlight *in_flight)
{
  g_atomic_ref_count_inc (&in_flight->refs);
  return in_flight;
}

void
obs_in_flight_unref (ObsInFlight *in_flight)
{
  if (!g_atomic_ref_count_dec (&in_flight->refs))
    return;
  g_queue_clear_full (&in_flight->inside, frame_free);
  g_queue_clear_full (&in_flight->finished, frame_free);
  g_queue_clear_full (&in_flight->pending, message_free);
  g_hash_table_unref (in_flight->given);
  g_clear_pointer (&in_flight->map, trib_message_map_unref);
  g_mutex_clear (&in_flight->lock);
  g_free (in_flight);
}

/* ---- under the lock ---- */

static void
drop_pending (ObsInFlight *in_flight)
{
  in_flight->counters.messages_dropped += g_queue_get_length (&in_flight->pending);
  in_flight->counters.messages_pending = 0;
  in_flight->counters.pending_bytes = 0;
  g_queue_clear_full (&in_flight->pending, message_free);
}

static void
forget_frames (ObsInFlight *in_flight)
{
  in_flight->counters.frames_flushed += g_queue_get_length (&in_flight->inside);
  in_flight->counters.frames_inside = 0;
  g_queue_clear_full (&in_flight->inside, frame_free);
  g_queue_clear_full (&in_flight->finished, frame_free);
}

/* @frame: (transfer full) */
static void
remember_finished (ObsInFlight *in_flight, ObsInFlightFrame *frame)
{
  g_queue_push_tail (&in_flight->finished, frame);
  if (g_queue_get_length (&in_flight->finished) > MAX_FINISHED)
    frame_free (g_queue_pop_head (&in_flight->finished));
}

/* takes the oldest frame out */
static ObsInFlightFrame *
pop_inside (ObsInFlight *in_flight)
{
  in_flight->counters.frames_inside--;
  return g_queue_pop_head (&in_flight->inside);
}

static gboolean
same_time (GstClockTime a, GstClockTime b)
{
  return GST_CLOCK_TIME_IS_VALID (a) && a == b;
}

static guint64
find_serial (
    const GQueue *frames, GstClockTime pts, GstClockTime running_time, GstClockTime stream_time)
{
  for (const GList *l = frames->tail; l != NULL; l = l->prev) {
    const ObsInFlightFrame *frame = l->data;

    if (same_time (frame->pts, pts) || same_time (frame->running_time, running_time)
        || same_time (frame->stream_time, stream_time))
      return frame->serial;
  }
  return 0;
}

static const ObsInFlightFrame *
find_finished (ObsInFlight *in_flight, guint64 serial)
{
  for (const GList *l = in_flight->finished.tail; l != NULL; l = l->prev) {
    if (((const ObsInFlightFrame *) l->data)->serial == serial)
      return l->data;
  }
  return NULL;
}

/* ---- going in ---- */

/**
 * obs_in_flight_start:
 * @in_flight: a in_flight
 * @map: (transfer none): the rules that hold from now on
 *
 * Forgets all, and resets the counters.
 */
void
obs_in_flight_start (ObsInFlight *in_flight, TribMessageMap *map)
{
  g_mutex_lock (&in_flight->lock);
  drop_pending (in_flight);
  forget_frames (in_flight);
  g_hash_table_remove_all (in_flight->given);
  g_clear_pointer (&in_flight->map, trib_message_map_unref);
  in_flight->map = trib_message_map_ref (map);
  in_flight->has_frames = FALSE;
  in_flight->width = in_flight->height = 0;
  memset (&in_flight->counters, 0, sizeof in_flight->counters);
  g_mutex_unlock (&in_flight->lock);
}

/* caps of the input from now on */
void
obs_in_flight_set_input (ObsInFlight *in_flight, const GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_size (caps) > 0 ? gst_caps_get_structure (caps, 0) : NULL;
  const gchar *name = s != NULL ? gst_structure_get_name (s) : "";
  gint width = 0, height = 0;

  if (s != NULL) {
    gst_structure_get_int (s, "width", &width);
    gst_structure_get_int (s, "height", &height);
  }
  g_mutex_lock (&in_flight->lock);
  in_flight->has_frames = g_str_has_prefix (name, "video/") || g_str_has_prefix (name, "image/");
  in_flight->width = (guint) MAX (width, 0);
  in_flight->height = (guint) MAX (height, 0);
  g_mutex_unlock (&in_flight->lock);
}

/* whether the input is pictures, each of which has a record */
gboolean
obs_in_flight_has_frames (ObsInFlight *in_flight)
{
  gboolean has_frames;

  g_mutex_lock (&in_flight->lock);
  has_frames = in_flight->has_frames;
  g_mutex_unlock (&in_flight->lock);
  return has_frames;
}

static void
describe_frame (GstBuffer *buffer, const GstSegment *segment, ObsInFlightFrame *frame)
{
  TribRecordEnvelope e = { .has = 0 };

  frame->pts = GST_BUFFER_PTS (buffer);
  frame->duration = GST_BUFFER_DURATION (buffer);
  frame->running_time = frame->stream_time = GST_CLOCK_TIME_NONE;
  if (segment->format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID (frame->pts)) {
    frame->running_time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, frame->pts);
    frame->stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, frame->pts);
  }
  frame->has_identity = obs_frame_identify (buffer, segment, &e);
  frame->stream = trib_stream_key_from_record (&e);
  frame->frame_id = e.frame_id;
  frame->t_ns = e.t_ns;
}

/**
 * obs_in_flight_add_frame:
 * @in_flight: a in_flight
 * @buffer: a buffer before it enters the branch
 * @segment: its segment
 */
void
obs_in_flight_add_frame (ObsInFlight *in_flight, GstBuffer *buffer, const GstSegment *segment)
{
  ObsInFlightFrame *frame = g_new0 (ObsInFlightFrame, 1);

  describe_frame (buffer, segment, frame);
  frame->entered = g_get_monotonic_time ();
  g_mutex_lock (&in_flight->lock);
  frame->serial = ++in_flight->last_ticket;
  frame->width = in_flight->width;
  frame->height = in_flight->height;
  g_queue_push_tail (&in_flight->inside, frame);
  in_flight->counters.frames_in++;
  in_flight->counters.frames_inside++;
  if (in_flight->counters.frames_inside > MAX_INSIDE) {
    frame_free (pop_inside (in_flight));
    in_flight->counters.frames_dropped++;
  }
  g_mutex_unlock (&in_flight->lock);
}

/* @element got a buffer: its messages from now on are about that one */
void
obs_in_flight_note_input (ObsInFlight *in_flight, gconstpointer element, GstClockTime pts)
{
  GstClockTime *last;

  g_mutex_lock (&in_flight->lock);
  last = g_hash_table_lookup (in_flight->given, element);
  if (last != NULL)
    *last = pts;
  else
    g_hash_table_insert (in_flight->given, (gpointer) element, g_memdup2 (&pts, sizeof pts));
  g_mutex_unlock (&in_flight->lock);
}

void
obs_in_flight_forget_element (ObsInFlight *in_flight, gconstpointer element)
{
  g_mutex_lock (&in_flight->lock);
  g_hash_table_remove (in_flight->given, element);
  g_mutex_unlock (&in_flight->lock);
}

/* ---- messages ---- */

static GstClockTime
time_field (const GstStructure *structure, const gchar *name)
{
  guint64 time;
  gint64 signed_time;

  if (gst_structure_get_uint64 (structure, name, &time))
    return time;
  if (gst_structure_get_int64 (structure, name, &signed_time) && signed_time >= 0)
    return (GstClockTime) signed_time;
  return GST_CLOCK_TIME_NONE;
}

/* size of the pictures that @element gets; coordinates refer to it */
static void
get_size (GstElement *element, guint *ret_width, guint *ret_height)
{
  g_autoptr (GstPad) pad = element != NULL ? gst_element_get_static_pad (element, "sink") : NULL;
  g_autoptr (GstCaps) caps = pad != NULL ? gst_pad_get_current_caps (pad) : NULL;
  gint width = 0, height = 0;

  if (caps != NULL && gst_caps_get_size (caps) > 0) {
    const GstStructure *s = gst_caps_get_structure (caps, 0);

    if (!gst_structure_get_int (s, "width", &width)
        || !gst_structure_get_int (s, "height", &height))
      width = height = 0;
  }
  *ret_width = (guint) MAX (width, 0);
  *ret_height = (guint) MAX (height, 0);
}

/* finds the frame of @message: by its times, else by the last input of its element */
static void
attribute (
    ObsInFlight *in_flight, ObsMessage *message, GstClockTime stream_time, gconstpointer element)
{
  TribMessageTime time = message->rule->time;
  const GstClockTime *given;

  if (time == TRIB_MESSAGE_TIME_AUTO)
    time = in_flight->has_frames ? TRIB_MESSAGE_TIME_FRAME : TRIB_MESSAGE_TIME_MESSAGE;
  message->has_own_time
      = time == TRIB_MESSAGE_TIME_MESSAGE && GST_CLOCK_TIME_IS_VALID (message->running_time);
  if (message->has_own_time)
    return;
  message->serial
      = find_serial (&in_flight->inside, message->pts, message->running_time, stream_time);
  if (message->serial == 0)
    message->serial
        = find_serial (&in_flight->finished, message->pts, message->running_time, stream_time);
  given = g_hash_table_lookup (in_flight->given, element);
  if (message->serial == 0 && given != NULL)
    message->serial
        = find_serial (&in_flight->inside, *given, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE);
}

static TribMessageMap *
get_map (ObsInFlight *in_flight)
{
  TribMessageMap *map;

  g_mutex_lock (&in_flight->lock);
  map = in_flight->map != NULL ? trib_message_map_ref (in_flight->map) : NULL;
  g_mutex_unlock (&in_flight->lock);
  return map;
}

static ObsMessage *
new_message (TribMessageMap *map, const TribMessageRule *rule, const GstStructure *structure,
    GstElement *element, guint64 *ret_unconverted)
{
  ObsMessageItems items;
  ObsMessage *message;

  if (!obs_message_apply (rule, structure, element, MAX_MESSAGE_BYTES, &items))
    return NULL;
  message = g_new0 (ObsMessage, 1);
  message->map = trib_message_map_ref (map);
  message->rule = rule;
  message->type = g_strdup (rule->type != NULL ? rule->type : gst_structure_get_name (structure));
  message->items = items.bytes;
  message->n_items = items.n;
  message->pts = time_field (structure, "timestamp");
  message->running_time = time_field (structure, "running-time");
  message->duration = time_field (structure, "duration");
  get_size (element, &message->width, &message->height);
  *ret_unconverted = items.unconverted;
  return message;
}

static gsize
message_bytes (const ObsMessage *message)
{
  return g_bytes_get_size (message->items) + MESSAGE_OVERHEAD;
}

/**
 * obs_in_flight_add_message:
 * @in_flight: a in_flight
 * @structure: an element message
 * @element: (nullable): the element that posted it
 *
 * @thread: the one that posted the message
 *
 * Returns: %FALSE when it was dropped, being too large or beyond the limit of pending messages
 */
gboolean
obs_in_flight_add_message (
    ObsInFlight *in_flight, const GstStructure *structure, GstElement *element)
{
  g_autoptr (TribMessageMap) map = get_map (in_flight);
  GstElementFactory *factory = element != NULL ? gst_element_get_factory (element) : NULL;
  const TribMessageRule *rule;
  ObsMessage *message = NULL;
  guint64 unconverted = 0;
  gboolean kept = FALSE;

  if (map == NULL)
    return TRUE;
  rule = trib_message_map_find (
      map, gst_structure_get_name (structure), factory != NULL ? GST_OBJECT_NAME (factory) : NULL);
  if (rule != NULL)
    message = new_message (map, rule, structure, element, &unconverted);
  g_mutex_lock (&in_flight->lock);
  in_flight->counters.messages_in++;
  in_flight->counters.values_unconverted += unconverted;
  if (rule == NULL) {
    in_flight->counters.messages_unknown++;
  } else if (message == NULL
             || in_flight->counters.pending_bytes + message_bytes (message) > MAX_PENDING_BYTES) {
    in_flight->counters.messages_dropped++;
  } else {
    attribute (in_flight, message, time_field (structure, "stream-time"), element);
    in_flight->counters.pending_bytes += message_bytes (message);
    in_flight->counters.messages_pending++;
    g_queue_push_tail (&in_flight->pending, message);
    kept = TRUE;
  }
  g_mutex_unlock (&in_flight->lock);
  if (!kept && message != NULL)
    message_free (message);
  return kept || rule == NULL;
}

/* ---- coming out ---- */

static ObsInFlightResult *
new_result (ObsInFlightEnd kind, const ObsInFlightFrame *frame)
{
  ObsInFlightResult *result = g_new0 (ObsInFlightResult, 1);

  result->kind = kind;
  result->frame = *frame;
  trib_stream_key_ref (frame->stream);
  result->messages = g_ptr_array_new_with_free_func (message_free);
  result->took = frame->serial != 0 ? g_get_monotonic_time () - frame->entered : 0;
  return result;
}

static gboolean
take_message (ObsInFlight *in_flight, GList *link, GPtrArray *into)
{
  ObsMessage *message = link->data;

  g_queue_delete_link (&in_flight->pending, link);
  in_flight->counters.messages_pending--;
  in_flight->counters.messages_mapped++;
  in_flight->counters.pending_bytes -= message_bytes (message);
  g_ptr_array_add (into, message);
  return TRUE;
}

/* messages about the frame, and, with @unclaimed, those without a known frame */
static void
take_messages (ObsInFlight *in_flight, ObsInFlightResult *result, gboolean unclaimed)
{
  for (GList *l = in_flight->pending.head, *next; l != NULL; l = next) {
    const ObsMessage *message = l->data;

    next = l->next;
    if (message->has_own_time)
      continue;
    if ((result->frame.serial != 0 && message->serial == result->frame.serial)
        || (unclaimed && message->serial == 0))
      take_message (in_flight, l, result->messages);
  }
}

/* messages with a time of their own, or about a frame that has left, precede the others */
static void
take_early_ones (ObsInFlight *in_flight, GPtrArray *results)
{
  const ObsInFlightFrame none = { .serial = 0 };

  for (GList *l = in_flight->pending.head, *next; l != NULL; l = next) {
    ObsMessage *message = l->data;
    const ObsInFlightFrame *finished = NULL;
    ObsInFlightResult *result;

    next = l->next;
    if (!message->has_own_time
        && (message->serial == 0
            || (finished = find_finished (in_flight, message->serial)) == NULL))
      continue;
    result = new_result (finished != NULL ? OBS_IN_FLIGHT_LATE : OBS_IN_FLIGHT_OWN_TIME,
        finished != NULL ? finished : &none);
    in_flight->counters.messages_late += finished != NULL;
    take_message (in_flight, l, result->messages);
    g_ptr_array_add (results, result);
  }
}

/* messages about forgotten frames belong to the next frame that leaves the branch */
static void
unclaim (ObsInFlight *in_flight)
{
  for (GList *l = in_flight->pending.head; l != NULL; l = l->next) {
    ObsMessage *message = l->data;
    const ObsInFlightFrame *oldest = g_queue_peek_head (&in_flight->inside);

    if (message->serial != 0 && (oldest == NULL || message->serial < oldest->serial)
        && find_finished (in_flight, message->serial) == NULL)
      message->serial = 0;
  }
}

/* the oldest frame ends without a buffer */
static void
drop_oldest (ObsInFlight *in_flight, GPtrArray *results)
{
  ObsInFlightFrame *frame = pop_inside (in_flight);
  ObsInFlightResult *result = new_result (OBS_IN_FLIGHT_DROPPED, frame);

  in_flight->counters.frames_dropped++;
  take_messages (in_flight, result, FALSE);
  remember_finished (in_flight, frame);
  g_ptr_array_add (results, result);
}

/* the frame of a buffer that left the branch; NULL: none */
static const ObsInFlightFrame *
find_frame (ObsInFlight *in_flight, const ObsInFlightFrame *out)
{
  for (const GList *l = in_flight->inside.head; l != NULL; l = l->next) {
    const ObsInFlightFrame *frame = l->data;

    if (frame->has_identity && out->has_identity
            ? frame->frame_id == out->frame_id && frame->t_ns == out->t_ns
                  && trib_stream_key_equal (frame->stream, out->stream)
            : frame->pts == out->pts)
      return frame;
  }
  return NULL;
}

/**
 * obs_in_flight_take:
 * @in_flight: a in_flight
 * @buffer: a buffer that left the branch
 * @segment: its segment
 *
 * Returns: (transfer container) (element-type ObsInFlightResult): all frames that end with it, that
 * of @buffer last
 */
GPtrArray *
obs_in_flight_take (ObsInFlight *in_flight, GstBuffer *buffer, const GstSegment *segment)
{
  GPtrArray *results = g_ptr_array_new_with_free_func (result_free);
  ObsInFlightFrame out = { .serial = 0 };
  const ObsInFlightFrame *frame;
  ObsInFlightResult *result;

  describe_frame (buffer, segment, &out);
  g_mutex_lock (&in_flight->lock);
  in_flight->counters.buffers_out++;
  unclaim (in_flight);
  take_early_ones (in_flight, results);
  frame = find_frame (in_flight, &out);
  if (frame == NULL) {
    out.width = in_flight->width;
    out.height = in_flight->height;
    result = new_result (OBS_IN_FLIGHT_RETURNED, &out);
    take_messages (in_flight, result, TRUE);
  } else {
    ObsInFlightFrame *mine;

    while (g_queue_peek_head (&in_flight->inside) != frame)
      drop_oldest (in_flight, results);
    mine = pop_inside (in_flight);
    result = new_result (OBS_IN_FLIGHT_RETURNED, mine);
    in_flight->counters.frames_answered++;
    take_messages (in_flight, result, TRUE);
    remember_finished (in_flight, mine);
  }
  g_mutex_unlock (&in_flight->lock);
  trib_stream_key_unref (out.stream);
  g_ptr_array_add (results, result);
  return results;
}

/**
 * obs_in_flight_take_until:
 * @in_flight: a in_flight
 * @pts: in the segment of the input
 *
 * No frame before @pts leaves the branch any more.
 *
 * Returns: (transfer container) (element-type ObsInFlightResult): those frames
 */
GPtrArray *
obs_in_flight_take_until (ObsInFlight *in_flight, GstClockTime pts)
{
  GPtrArray *results = g_ptr_array_new_with_free_func (result_free);
  const ObsInFlightFrame *frame;

  g_mutex_lock (&in_flight->lock);
  take_early_ones (in_flight, results);
  while ((frame = g_queue_peek_head (&in_flight->inside)) != NULL
         && GST_CLOCK_TIME_IS_VALID (frame->pts) && frame->pts < pts)
    drop_oldest (in_flight, results);
  g_mutex_unlock (&in_flight->lock);
  return results;
}

/**
 * obs_in_flight_take_all:
 * @in_flight: a in_flight
 *
 * No buffer follows. Messages without a known frame are dropped and counted.
 *
 * Returns: (transfer container) (element-type ObsInFlightResult): all frames that are finished
 */
GPtrArray *
obs_in_flight_take_all (ObsInFlight *in_flight)
{
  GPtrArray *results = g_ptr_array_new_with_free_func (result_free);

  g_mutex_lock (&in_flight->lock);
  unclaim (in_flight);
  take_early_ones (in_flight, results);
  while (g_queue_peek_head (&in_flight->inside) != NULL)
    drop_oldest (in_flight, results);
  drop_pending (in_flight);
  g_mutex_unlock (&in_flight->lock);
  return results;
}

/* a flush went through the branch */
void
obs_in_flight_flush (ObsInFlight *in_flight)
{
  g_mutex_lock (&in_flight->lock);
  drop_pending (in_flight);
  forget_frames (in_flight);
  g_mutex_unlock (&in_flight->lock);
}

/* the branch outputs records itself, which makes messages superfluous */
void
obs_in_flight_drop_messages (ObsInFlight *in_flight)
{
  g_mutex_lock (&in_flight->lock);
  drop_pending (in_flight);
  g_mutex_unlock (&in_flight->lock);
}

/* ---- counters ---- */

void
obs_in_flight_get_counters (ObsInFlight *in_flight, ObsInFlightCounters *ret_counters)
{
  g_mutex_lock (&in_flight->lock);
  *ret_counters = in_flight->counters;
  g_mutex_unlock (&in_flight->lock);
}

void
obs_in_flight_add_to_counter (ObsInFlight *in_flight, gsize offset_of_counter, guint64 n)
{
  g_mutex_lock (&in_flight->lock);
  G_STRUCT_MEMBER (guint64, &in_flight->counters, offset_of_counter) += n;
  g_mutex_unlock (&in_flight->lock);
}
