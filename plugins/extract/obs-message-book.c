/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-message-book.h"

#include <string.h>

#include "obs-frame.h"
#include "obs-message-apply.h"

/* Frames that a branch may hold before the oldest is given up, and frames that are remembered after they left. */
#define MAX_INSIDE 1024
#define MAX_LEFT 64
/* of one message as MessagePack, and of all that wait */
#define MAX_MESSAGE_BYTES (256 * 1024)
#define MAX_PENDING_BYTES (4 * 1024 * 1024)
/* what a message costs besides its items */
#define MESSAGE_OVERHEAD (sizeof (ObsMessage) + 64)

struct _ObsMessageBook {
  gatomicrefcount refs;
  GMutex lock;
  TribMessageMap *map;
  gboolean has_frames;
  guint width, height;
  guint64 last_ticket;
  GQueue inside;     /* ObsFlight, in the order in which they went in */
  GQueue left;       /* ObsFlight, the latest last */
  GQueue pending;    /* ObsMessage, in the order in which they came */
  GHashTable *given; /* element: PTS of the buffer that it was given last */
  ObsBookCounters counters;
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
answer_free (gpointer data)
{
  ObsAnswer *answer = data;

  g_ptr_array_unref (answer->messages);
  g_free (answer);
}

ObsMessageBook *
obs_message_book_new (void)
{
  ObsMessageBook *book = g_new0 (ObsMessageBook, 1);

  g_atomic_ref_count_init (&book->refs);
  g_mutex_init (&book->lock);
  g_queue_init (&book->inside);
  g_queue_init (&book->left);
  g_queue_init (&book->pending);
  book->given = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return book;
}

ObsMessageBook *
obs_message_book_ref (ObsMessageBook *book)
{
  g_atomic_ref_count_inc (&book->refs);
  return book;
}

void
obs_message_book_unref (ObsMessageBook *book)
{
  if (!g_atomic_ref_count_dec (&book->refs))
    return;
  g_queue_clear_full (&book->inside, g_free);
  g_queue_clear_full (&book->left, g_free);
  g_queue_clear_full (&book->pending, message_free);
  g_hash_table_unref (book->given);
  g_clear_pointer (&book->map, trib_message_map_unref);
  g_mutex_clear (&book->lock);
  g_free (book);
}

/* ---- under the lock ---- */

static void
drop_pending (ObsMessageBook *book)
{
  book->counters.messages_dropped += g_queue_get_length (&book->pending);
  book->counters.messages_pending = 0;
  book->counters.pending_bytes = 0;
  g_queue_clear_full (&book->pending, message_free);
}

static void
forget_frames (ObsMessageBook *book)
{
  book->counters.frames_flushed += g_queue_get_length (&book->inside);
  book->counters.frames_inside = 0;
  g_queue_clear_full (&book->inside, g_free);
  g_queue_clear_full (&book->left, g_free);
}

static void
remember_left (ObsMessageBook *book, const ObsFlight *flight)
{
  g_queue_push_tail (&book->left, g_memdup2 (flight, sizeof *flight));
  if (g_queue_get_length (&book->left) > MAX_LEFT)
    g_free (g_queue_pop_head (&book->left));
}

/* takes the oldest frame out */
static ObsFlight *
pop_inside (ObsMessageBook *book)
{
  book->counters.frames_inside--;
  return g_queue_pop_head (&book->inside);
}

static gboolean
same_time (GstClockTime a, GstClockTime b)
{
  return GST_CLOCK_TIME_IS_VALID (a) && a == b;
}

static guint64
find_ticket (
    const GQueue *flights, GstClockTime pts, GstClockTime running_time, GstClockTime stream_time)
{
  for (const GList *l = flights->tail; l != NULL; l = l->prev) {
    const ObsFlight *flight = l->data;

    if (same_time (flight->pts, pts) || same_time (flight->running_time, running_time)
        || same_time (flight->stream_time, stream_time))
      return flight->ticket;
  }
  return 0;
}

static const ObsFlight *
find_left (ObsMessageBook *book, guint64 ticket)
{
  for (const GList *l = book->left.tail; l != NULL; l = l->prev) {
    if (((const ObsFlight *) l->data)->ticket == ticket)
      return l->data;
  }
  return NULL;
}

/* ---- going in ---- */

/**
 * obs_message_book_start:
 * @book: a book
 * @map: (transfer none): the rules that hold from now on
 *
 * A clean page, all counters at 0.
 */
void
obs_message_book_start (ObsMessageBook *book, TribMessageMap *map)
{
  g_mutex_lock (&book->lock);
  drop_pending (book);
  forget_frames (book);
  g_hash_table_remove_all (book->given);
  g_clear_pointer (&book->map, trib_message_map_unref);
  book->map = trib_message_map_ref (map);
  book->has_frames = FALSE;
  book->width = book->height = 0;
  memset (&book->counters, 0, sizeof book->counters);
  g_mutex_unlock (&book->lock);
}

/* what comes in is @caps from now on */
void
obs_message_book_set_input (ObsMessageBook *book, const GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_size (caps) > 0 ? gst_caps_get_structure (caps, 0) : NULL;
  const gchar *name = s != NULL ? gst_structure_get_name (s) : "";
  gint width = 0, height = 0;

  if (s != NULL) {
    gst_structure_get_int (s, "width", &width);
    gst_structure_get_int (s, "height", &height);
  }
  g_mutex_lock (&book->lock);
  book->has_frames = g_str_has_prefix (name, "video/") || g_str_has_prefix (name, "image/");
  book->width = (guint) MAX (width, 0);
  book->height = (guint) MAX (height, 0);
  g_mutex_unlock (&book->lock);
}

/* whether what comes in are pictures, of each of which something is to be said */
gboolean
obs_message_book_has_frames (ObsMessageBook *book)
{
  gboolean has_frames;

  g_mutex_lock (&book->lock);
  has_frames = book->has_frames;
  g_mutex_unlock (&book->lock);
  return has_frames;
}

static void
describe_flight (GstBuffer *buffer, const GstSegment *segment, ObsFlight *flight)
{
  TribRecordEnvelope e = { .has = 0 };

  flight->pts = GST_BUFFER_PTS (buffer);
  flight->duration = GST_BUFFER_DURATION (buffer);
  flight->running_time = flight->stream_time = GST_CLOCK_TIME_NONE;
  if (segment->format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID (flight->pts)) {
    flight->running_time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, flight->pts);
    flight->stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, flight->pts);
  }
  flight->has_identity = obs_frame_identify (buffer, segment, &e);
  flight->frame_id = e.frame_id;
  flight->t_ns = e.t_ns;
}

/**
 * obs_message_book_enter:
 * @book: a book
 * @buffer: what is about to go into the branch
 * @segment: the segment that it is in
 */
void
obs_message_book_enter (ObsMessageBook *book, GstBuffer *buffer, const GstSegment *segment)
{
  ObsFlight *flight = g_new0 (ObsFlight, 1);

  describe_flight (buffer, segment, flight);
  flight->entered = g_get_monotonic_time ();
  g_mutex_lock (&book->lock);
  flight->ticket = ++book->last_ticket;
  flight->width = book->width;
  flight->height = book->height;
  g_queue_push_tail (&book->inside, flight);
  book->counters.frames_in++;
  book->counters.frames_inside++;
  if (book->counters.frames_inside > MAX_INSIDE) {
    g_free (pop_inside (book));
    book->counters.frames_swallowed++;
  }
  g_mutex_unlock (&book->lock);
}

/* @element was given a buffer: what it says from now on is of that one */
void
obs_message_book_given (ObsMessageBook *book, gconstpointer element, GstClockTime pts)
{
  GstClockTime *last;

  g_mutex_lock (&book->lock);
  last = g_hash_table_lookup (book->given, element);
  if (last != NULL)
    *last = pts;
  else
    g_hash_table_insert (book->given, (gpointer) element, g_memdup2 (&pts, sizeof pts));
  g_mutex_unlock (&book->lock);
}

void
obs_message_book_forget (ObsMessageBook *book, gconstpointer element)
{
  g_mutex_lock (&book->lock);
  g_hash_table_remove (book->given, element);
  g_mutex_unlock (&book->lock);
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

/* the size of the pictures that @element is given: coordinates are meant in them */
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

/* which frame @message is about, by its times, else by what its element was given last */
static void
attribute (
    ObsMessageBook *book, ObsMessage *message, GstClockTime stream_time, gconstpointer element)
{
  TribMessageTime time = message->rule->time;
  const GstClockTime *given;

  if (time == TRIB_MESSAGE_TIME_AUTO)
    time = book->has_frames ? TRIB_MESSAGE_TIME_FRAME : TRIB_MESSAGE_TIME_MESSAGE;
  message->has_own_time
      = time == TRIB_MESSAGE_TIME_MESSAGE && GST_CLOCK_TIME_IS_VALID (message->running_time);
  if (message->has_own_time)
    return;
  message->ticket = find_ticket (&book->inside, message->pts, message->running_time, stream_time);
  if (message->ticket == 0)
    message->ticket = find_ticket (&book->left, message->pts, message->running_time, stream_time);
  given = g_hash_table_lookup (book->given, element);
  if (message->ticket == 0 && given != NULL)
    message->ticket = find_ticket (&book->inside, *given, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE);
}

static TribMessageMap *
get_map (ObsMessageBook *book)
{
  TribMessageMap *map;

  g_mutex_lock (&book->lock);
  map = book->map != NULL ? trib_message_map_ref (book->map) : NULL;
  g_mutex_unlock (&book->lock);
  return map;
}

static ObsMessage *
new_message (TribMessageMap *map, const TribMessageRule *rule, const GstStructure *structure,
    GstElement *element, guint64 *ret_unconverted)
{
  ObsMessageItems items;
  ObsMessage *message;

  if (!obs_message_apply (rule, structure, MAX_MESSAGE_BYTES, &items))
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
 * obs_message_book_note:
 * @book: a book
 * @structure: an element message
 * @element: (nullable): the element that posted it
 *
 * In the thread that posted the message.
 *
 * Returns: FALSE when it was dropped because what waits has no room for it, or because it is too large
 */
gboolean
obs_message_book_note (ObsMessageBook *book, const GstStructure *structure, GstElement *element)
{
  g_autoptr (TribMessageMap) map = get_map (book);
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
  g_mutex_lock (&book->lock);
  book->counters.messages_in++;
  book->counters.values_unconverted += unconverted;
  if (rule == NULL) {
    book->counters.messages_unknown++;
  } else if (message == NULL
             || book->counters.pending_bytes + message_bytes (message) > MAX_PENDING_BYTES) {
    book->counters.messages_dropped++;
  } else {
    attribute (book, message, time_field (structure, "stream-time"), element);
    book->counters.pending_bytes += message_bytes (message);
    book->counters.messages_pending++;
    g_queue_push_tail (&book->pending, message);
    kept = TRUE;
  }
  g_mutex_unlock (&book->lock);
  if (!kept && message != NULL)
    message_free (message);
  return kept || rule == NULL;
}

/* ---- coming out ---- */

static ObsAnswer *
new_answer (ObsAnswerKind kind, const ObsFlight *flight)
{
  ObsAnswer *answer = g_new0 (ObsAnswer, 1);

  answer->kind = kind;
  answer->flight = *flight;
  answer->messages = g_ptr_array_new_with_free_func (message_free);
  answer->took = flight->ticket != 0 ? g_get_monotonic_time () - flight->entered : 0;
  return answer;
}

static gboolean
take_message (ObsMessageBook *book, GList *link, GPtrArray *into)
{
  ObsMessage *message = link->data;

  g_queue_delete_link (&book->pending, link);
  book->counters.messages_pending--;
  book->counters.messages_mapped++;
  book->counters.pending_bytes -= message_bytes (message);
  g_ptr_array_add (into, message);
  return TRUE;
}

/* those of the frame @ticket, and, where @unclaimed is set, those that no frame is known of */
static void
take_messages (ObsMessageBook *book, ObsAnswer *answer, gboolean unclaimed)
{
  for (GList *l = book->pending.head, *next; l != NULL; l = next) {
    const ObsMessage *message = l->data;

    next = l->next;
    if (message->has_own_time)
      continue;
    if ((answer->flight.ticket != 0 && message->ticket == answer->flight.ticket)
        || (unclaimed && message->ticket == 0))
      take_message (book, l, answer->messages);
  }
}

/* what has a time of its own, or is about a frame that left before, goes first */
static void
answer_early_ones (ObsMessageBook *book, GPtrArray *answers)
{
  const ObsFlight none = { .ticket = 0 };

  for (GList *l = book->pending.head, *next; l != NULL; l = next) {
    ObsMessage *message = l->data;
    const ObsFlight *left = NULL;
    ObsAnswer *answer;

    next = l->next;
    if (!message->has_own_time
        && (message->ticket == 0 || (left = find_left (book, message->ticket)) == NULL))
      continue;
    answer = new_answer (
        left != NULL ? OBS_ANSWER_LATE : OBS_ANSWER_OWN_TIME, left != NULL ? left : &none);
    book->counters.messages_late += left != NULL;
    take_message (book, l, answer->messages);
    g_ptr_array_add (answers, answer);
  }
}

/* messages about frames that are forgotten are of the next one that comes out */
static void
unclaim (ObsMessageBook *book)
{
  for (GList *l = book->pending.head; l != NULL; l = l->next) {
    ObsMessage *message = l->data;
    const ObsFlight *oldest = g_queue_peek_head (&book->inside);

    if (message->ticket != 0 && (oldest == NULL || message->ticket < oldest->ticket)
        && find_left (book, message->ticket) == NULL)
      message->ticket = 0;
  }
}

/* the oldest frame leaves without a buffer */
static void
swallow_oldest (ObsMessageBook *book, GPtrArray *answers)
{
  g_autofree ObsFlight *flight = pop_inside (book);
  ObsAnswer *answer = new_answer (OBS_ANSWER_SWALLOWED, flight);

  book->counters.frames_swallowed++;
  take_messages (book, answer, FALSE);
  remember_left (book, flight);
  g_ptr_array_add (answers, answer);
}

/* the frame that @buffer was when it went in; NULL: none did */
static const ObsFlight *
find_flight (ObsMessageBook *book, const ObsFlight *out)
{
  for (const GList *l = book->inside.head; l != NULL; l = l->next) {
    const ObsFlight *flight = l->data;

    if (flight->has_identity && out->has_identity
            ? flight->frame_id == out->frame_id && flight->t_ns == out->t_ns
            : flight->pts == out->pts)
      return flight;
  }
  return NULL;
}

/**
 * obs_message_book_leave:
 * @book: a book
 * @buffer: what came out of the branch
 * @segment: the segment that it is in
 *
 * Returns: (transfer container) (element-type ObsAnswer): all frames that are settled by that, the one of @buffer last
 */
GPtrArray *
obs_message_book_leave (ObsMessageBook *book, GstBuffer *buffer, const GstSegment *segment)
{
  GPtrArray *answers = g_ptr_array_new_with_free_func (answer_free);
  ObsFlight out = { .ticket = 0 };
  const ObsFlight *flight;
  ObsAnswer *answer;

  describe_flight (buffer, segment, &out);
  g_mutex_lock (&book->lock);
  book->counters.buffers_out++;
  unclaim (book);
  answer_early_ones (book, answers);
  flight = find_flight (book, &out);
  if (flight == NULL) {
    out.width = book->width;
    out.height = book->height;
    answer = new_answer (OBS_ANSWER_CAME_OUT, &out);
    take_messages (book, answer, TRUE);
  } else {
    g_autofree ObsFlight *mine = NULL;

    while (g_queue_peek_head (&book->inside) != flight)
      swallow_oldest (book, answers);
    mine = pop_inside (book);
    answer = new_answer (OBS_ANSWER_CAME_OUT, mine);
    book->counters.frames_answered++;
    take_messages (book, answer, TRUE);
    remember_left (book, mine);
  }
  g_mutex_unlock (&book->lock);
  g_ptr_array_add (answers, answer);
  return answers;
}

/**
 * obs_message_book_until:
 * @book: a book
 * @pts: in the segment of what goes in
 *
 * No frame before @pts comes out any more.
 *
 * Returns: (transfer container) (element-type ObsAnswer): those frames
 */
GPtrArray *
obs_message_book_until (ObsMessageBook *book, GstClockTime pts)
{
  GPtrArray *answers = g_ptr_array_new_with_free_func (answer_free);
  const ObsFlight *flight;

  g_mutex_lock (&book->lock);
  answer_early_ones (book, answers);
  while ((flight = g_queue_peek_head (&book->inside)) != NULL
         && GST_CLOCK_TIME_IS_VALID (flight->pts) && flight->pts < pts)
    swallow_oldest (book, answers);
  g_mutex_unlock (&book->lock);
  return answers;
}

/**
 * obs_message_book_drain:
 * @book: a book
 *
 * Nothing comes out any more. Messages that no frame is known of are dropped and counted.
 *
 * Returns: (transfer container) (element-type ObsAnswer): all frames that are left
 */
GPtrArray *
obs_message_book_drain (ObsMessageBook *book)
{
  GPtrArray *answers = g_ptr_array_new_with_free_func (answer_free);

  g_mutex_lock (&book->lock);
  unclaim (book);
  answer_early_ones (book, answers);
  while (g_queue_peek_head (&book->inside) != NULL)
    swallow_oldest (book, answers);
  drop_pending (book);
  g_mutex_unlock (&book->lock);
  return answers;
}

/* a flush went through the branch */
void
obs_message_book_flush (ObsMessageBook *book)
{
  g_mutex_lock (&book->lock);
  drop_pending (book);
  forget_frames (book);
  g_mutex_unlock (&book->lock);
}

/* nobody wants the messages: the branch says records by itself */
void
obs_message_book_drop_messages (ObsMessageBook *book)
{
  g_mutex_lock (&book->lock);
  drop_pending (book);
  g_mutex_unlock (&book->lock);
}

/* ---- counters ---- */

void
obs_message_book_counters (ObsMessageBook *book, ObsBookCounters *ret_counters)
{
  g_mutex_lock (&book->lock);
  *ret_counters = book->counters;
  g_mutex_unlock (&book->lock);
}

void
obs_message_book_add (ObsMessageBook *book, gsize offset_of_counter, guint64 n)
{
  g_mutex_lock (&book->lock);
  G_STRUCT_MEMBER (guint64, &book->counters, offset_of_counter) += n;
  g_mutex_unlock (&book->lock);
}
