/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-obssink
 * @title: obssink
 * @short_description: Sends records, or JPEG frames, to other processes through a Unix socket or
 *   FIFO
 *
 * Each buffer is sent whole (OBS-9): as one datagram; in a stream or FIFO as a line of JSON, as
 * MessagePack, or as a sequence of JPEG pictures (MJPEG). The receiver is:
 *
 * - a socket at which a process listens (`obssrc`, or any program): `socket-type=stream` or
 * `datagram`. The element connects to it, and again when the connection is lost;
 * - programs that connect here: `socket-type=stream listen=true`. Each receives what is sent from
 * then on. When `max-clients` are connected, one that has read nothing of what waits for it during
 * `idle-timeout-ms` gives its place to a new one; if there is none, the new one is refused, and
 * reported;
 * - the reader of a FIFO: `socket-type=fifo`. The FIFO is created when it does not exist, and
 *   opened
 * as soon as there is a reader. The next reader begins with a whole frame. At the end of the stream
 * the reader reads an end of file.
 *
 * A receiver that is slow, stopped or absent never blocks the pipeline. The queue of each receiver
 * is bounded by `max-bytes` and `max-records`; the oldest item that is not partly written is
 * dropped, and counted. `on-no-receiver` says what to do without a receiver. An extractor in
 * another process needs the newest frame, so a FIFO queues one frame at most, besides the one that
 * is partly written.
 *
 * With `format=text` each record, or each of a list, is sent in the text form of the old processes
 * (OBS-10), as `obssrc` reads it: `face`, `pose`, `quality` and `trig`. Boxes in pixels are divided
 * by the record's `width` and `height`; values that have no place there are left out, as is an
 * `expression` that is no number; blanks in a `label` or `reason` become `_`. A record with
 * `signals` is sent unchanged, as JSON. Any other type, and a box without its size, is refused and
 * counted.
 *
 * With `frameencodebin identity-comment=true` each JPEG contains the identity of its frame. For an
 * old process, `socket-type=fifo framing=length-header` writes u32 length, u64 frame id and u64
 * capture time in ns, all little-endian, before each JPEG (OBS-10), as `obssrc` reads it.
 *
 * ## Caps
 * application/json or application/x-msgpack, a record or a list of records in a buffer; image/jpeg,
 * but not in datagrams, which are too small for it.
 *
 * ## Timing
 * Buffers are sent as they arrive; `sync` and `async` are off. At the end of the stream the element
 * waits up to `drain-ms` until the queues are written.
 *
 * ## Threads
 * A thread `trib-socket-out` connects and writes. Payloads are not copied. The streaming thread
 * blocks only with `on-no-receiver=wait`, and is woken by a flush, a state change, or a receiver.
 *
 * ## Errors
 * RESOURCE/SETTINGS: `location` is not set or not valid, or `listen` or `framing` does not fit the
 * `socket-type`. STREAM/FORMAT: a frame without an identity has no header. RESOURCE/BUSY: another
 * process listens there. RESOURCE/OPEN_WRITE: the file is of another type, or the system refuses.
 * RESOURCE/WRITE: there is no receiver, and `on-no-receiver` is error.
 *
 * ## Stats
 * Counted from READY to PAUSED on. `records-in` = `records-taken` + `dropped-no-receiver` +
 * `dropped-flush` + `refused-text`. A record that is queued for three receivers is three copies:
 * `copies` = `sent` + `dropped-slow` + `dropped-gone` + `dropped-large` + `pending`.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! video/x-raw,framerate=30/1 ! frameencodebin
 * identity-comment=true ! obssink location=tributary-example.mjpg socket-type=fifo
 * ]| Frames for the reader of the FIFO, if there is one.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstobssink.h"

#include <shared/trib-element-records.h>
#include <shared/trib-fields.h>
#include <shared/trib-properties.h>

#include <frame/trib-frame-meta.h>
#include <record/trib-obs-text.h>
#include <record/trib-record-envelope.h>
#include <socket/trib-socket-frames.h>
#include <socket/trib-socket-sender.h>

#include <string.h>

#include "obs-socket.h"

GST_DEBUG_CATEGORY_STATIC (obs_sink_debug);
#define GST_CAT_DEFAULT obs_sink_debug

/* of the queue, when max-records is 0 */
#define AUTO_RECORDS 1000
#define AUTO_FRAMES 1
#define MAX_MEMORIES 30

typedef enum { NO_RECEIVER_DROP, NO_RECEIVER_WAIT, NO_RECEIVER_ERROR } GstObsSinkOnNoReceiver;

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS "; image/jpeg"));

enum {
  PROP_LOCATION = 1,
  PROP_SOCKET_TYPE,
  PROP_FORMAT,
  PROP_FRAMING,
  PROP_LISTEN,
  PROP_MODE,
  PROP_MAX_CLIENTS,
  PROP_MAX_BYTES,
  PROP_MAX_RECORDS,
  PROP_ON_NO_RECEIVER,
  PROP_RECONNECT_MAX_MS,
  PROP_DRAIN_MS,
  PROP_IDLE_TIMEOUT_MS,
  PROP_STATS,
  N_PROPS
};

typedef struct {
  gchar *location;
  TribSocketType socket_type;
  ObsSocketFormat format;
  ObsSocketFraming framing;
  gboolean listen;
  guint mode;
  guint max_clients;
  guint64 max_bytes;
  guint max_records;
  GstObsSinkOnNoReceiver on_no_receiver;
  guint reconnect_max_ms;
  guint drain_ms;
  guint idle_timeout_ms;
} ObsSinkSettings;

#define AT(field) G_STRUCT_OFFSET (ObsSinkSettings, field)

/* clang-format off */
static const TribProperty property_table[N_PROPS] = {
  [PROP_LOCATION] = { TRIB_PROPERTY_TEXT, "location", "Location",
      "Path of the socket or FIFO, or @ and the abstract name of a socket",
      AT (location), .is_nullable = TRUE },
  [PROP_SOCKET_TYPE] = { TRIB_PROPERTY_ENUM, "socket-type", "Socket type",
      "Type of the socket or FIFO at that location", AT (socket_type),
      .initial = TRIB_SOCKET_STREAM, .type_name = "GstObsSinkSocketType", .choices = {
        { "datagram", "Socket for datagrams, one for each buffer" },
        { "stream", "Socket for connections" },
        { "fifo", "FIFO that another process reads" } } },
  [PROP_FORMAT] = { TRIB_PROPERTY_ENUM, "format", "Format",
      "What is sent of records", AT (format), .type_name = "GstObsSinkFormat", .choices = {
        { "records", "The records as they are" },
        { "text", "Their text forms, a line or datagram each" } } },
  [PROP_FRAMING] = { TRIB_PROPERTY_ENUM, "framing", "Framing",
      "What is before each frame in a FIFO", AT (framing), .type_name = "GstObsSinkFraming",
      .choices = {
        { "none", "Nothing: JPEGs one behind the other" },
        { "length-header", "A header of 20 bytes before each JPEG: length, frame id, time" } } },
  [PROP_LISTEN] = { TRIB_PROPERTY_BOOL, "listen", "Listen",
      "Listen for receivers instead of connecting to one", AT (listen) },
  [PROP_MODE] = { TRIB_PROPERTY_UINT, "mode", "Mode",
      "Permission bits of a socket or FIFO that is created: 0600 (384) is for this user, 0666 "
      "(438) for all", AT (mode), 0, 0777, OBS_SOCKET_DEFAULT_MODE },
  [PROP_MAX_CLIENTS] = { TRIB_PROPERTY_UINT, "max-clients", "Maximum clients",
      "Maximum number of receivers, when they connect here",
      AT (max_clients), 1, 1024, OBS_SOCKET_DEFAULT_MAX_CLIENTS },
  [PROP_MAX_BYTES] = { TRIB_PROPERTY_UINT64, "max-bytes", "Maximum bytes",
      "Size of the queue of a receiver, and of the largest buffer that is sent (bytes)",
      AT (max_bytes), 1, G_MAXINT32, OBS_SOCKET_DEFAULT_MAX_BYTES },
  [PROP_MAX_RECORDS] = { TRIB_PROPERTY_UINT, "max-records", "Maximum records",
      "Records or frames in the queue of a receiver, besides one partly written; 0: 1 for a FIFO, "
      "else 1000", AT (max_records), 0, G_MAXINT32, 0 },
  [PROP_ON_NO_RECEIVER] = { TRIB_PROPERTY_ENUM, "on-no-receiver", "On no receiver",
      "What to do with a record when there is no receiver", AT (on_no_receiver),
      .type_name = "GstObsSinkOnNoReceiver", .choices = {
        { "drop", "Drop the record and count it" },
        { "wait", "Wait for a receiver, and keep the queue of one that disconnected" },
        { "error", "End with an error" } } },
  [PROP_RECONNECT_MAX_MS] = { TRIB_PROPERTY_UINT, "reconnect-max-ms", "Maximum reconnect pause",
      "Longest pause between two attempts to connect; the first is 20 ms",
      AT (reconnect_max_ms), 20, 60000, 1000 },
  [PROP_DRAIN_MS] = { TRIB_PROPERTY_UINT, "drain-ms", "Drain",
      "How long the end of the stream waits for queued records to be written (ms)",
      AT (drain_ms), 0, 60000, 2000 },
  [PROP_IDLE_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "idle-timeout-ms", "Idle timeout",
      "Time without reading what waits for it after which a receiver gives its place to a new one, "
      "if max-clients are connected; 0: never", AT (idle_timeout_ms), 0, G_MAXINT32, 10000 },
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters of records, bytes and receivers since the last start" },
};
/* clang-format on */
static const TribProperties properties = TRIB_PROPERTIES (property_table);

struct _GstObsSink {
  GstBaseSink parent;

  /* OBJECT_LOCK */
  ObsSinkSettings settings;
  guint64 dropped_flush;
  guint64 refused_text;
  TribSocketSender *sender; /* from the first start on; the pointer changes under the lock */

  /* streaming thread */
  gboolean as_lines;
  gboolean as_text;
  gboolean with_headers;
  TribRecordFormat format; /* as_text: of the buffers */
  TribRecordReader *list, *reader;
  GBytes *newline; /* set once */
};

#define gst_obs_sink_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstObsSink, gst_obs_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (obssink, "obssink", GST_RANK_NONE, GST_TYPE_OBS_SINK,
    GST_DEBUG_CATEGORY_INIT (obs_sink_debug, "obssink", 0, "records to a Unix socket"))

typedef struct {
  TribSocketSenderCounts sender;
  guint64 records_in, records_taken, dropped_flush, refused_text;
} ObsSinkStats;

#define EVENT(field) G_STRUCT_OFFSET (TribSocketSenderEvent, field)
#define COUNT(name, field, about)                                         \
  {                                                                       \
    name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (ObsSinkStats, field), about \
  }

/* clang-format off */
static const TribField dropped_fields[] = {
  { "reason", TRIB_FIELD_TEXT, EVENT (reason),
    "last part of the name of the counter in `stats`; `text`, the first of `refused-text`" },
  { "count", TRIB_FIELD_UINT64, EVENT (count),
    "records, or copies of them, dropped for that reason since the start" },
  { "detail", TRIB_FIELD_TEXT, EVENT (detail),
    "what is known of the connection, as text for people" },
};
static const TribField receivers_fields[] = {
  { "connected", TRIB_FIELD_UINT, EVENT (connected), "receivers now" },
  { "joined", TRIB_FIELD_UINT64, EVENT (joined),
    "receivers that connected since the message before" },
  { "left", TRIB_FIELD_UINT64, EVENT (left),
    "receivers that disconnected since the message before" },
  { "refused", TRIB_FIELD_UINT64, EVENT (refused),
    "connections beyond `max-clients` since the message before" },
  { "pid", TRIB_FIELD_INT, EVENT (pid), "process of the last one; 0: not known" },
  { "detail", TRIB_FIELD_TEXT, EVENT (detail),
    "why the last one was disconnected or refused, as text for people" },
};
static const TribField stats_fields[] = {
  COUNT ("records-in", records_in, "buffers received"),
  COUNT ("bytes-in", sender.bytes_in, "bytes of these buffers"),
  COUNT ("records-taken", records_taken, "records queued for at least one receiver"),
  COUNT ("dropped-no-receiver", sender.no_receiver, "records without a receiver"),
  COUNT ("dropped-flush", dropped_flush,
    "records that waited for a receiver at a flush or state change"),
  COUNT ("refused-text", refused_text,
    "records without a text form, or without what that needs, with `format=text`"),
  COUNT ("copies", sender.copies, "records times receivers"),
  COUNT ("sent", sender.sent, "copies that were written whole"),
  COUNT ("bytes-out", sender.bytes_out, "bytes written, of copies written in part, too"),
  COUNT ("dropped-slow", sender.lost[TRIB_SOCKET_LOST_SLOW],
    "copies dropped from a full queue, as newer ones arrived faster than the receiver read"),
  COUNT ("dropped-gone", sender.lost[TRIB_SOCKET_LOST_GONE],
    "copies not written whole when the receiver disconnected or the element stopped"),
  COUNT ("dropped-large", sender.lost[TRIB_SOCKET_LOST_LARGE],
    "copies larger than `max-bytes`, or than a datagram can be"),
  COUNT ("pending", sender.pending, "copies in queues"),
  COUNT ("pending-bytes", sender.pending_bytes, "bytes of these copies still to be written"),
  COUNT ("receivers", sender.receivers, "connections that were made"),
  COUNT ("receivers-now", sender.receivers_now, "receivers connected now"),
  COUNT ("receivers-refused", sender.receivers_refused, "connections beyond `max-clients`"),
  COUNT ("receivers-idle", sender.receivers_idle,
    "connections that read nothing, closed here for a new one: see `idle-timeout-ms`"),
};
/* clang-format on */
static const TribFieldTable dropped_message = TRIB_FIELD_TABLE ("obssink-dropped",
    "records were dropped; once for each reason until receivers connect or disconnect, and at most "
    "once a second",
    dropped_fields);
static const TribFieldTable receivers_message = TRIB_FIELD_TABLE ("obssink-receivers",
    "receivers connected, disconnected, or were refused; at most once a second", receivers_fields);
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-obssink-stats", NULL, stats_fields);

/* @thread: sender */
static void
notify (const TribSocketSenderEvent *event, gpointer user_data)
{
  GstElement *element = user_data;
  gboolean lost = event->kind == TRIB_SOCKET_LOST;

  if (lost)
    GST_INFO_OBJECT (element, "dropped, %s: %s", event->reason, event->detail);
  gst_element_post_message (element,
      trib_fields_to_message (element, lost ? &dropped_message : &receivers_message, event));
}

static guint
max_items (const ObsSinkSettings *s)
{
  if (s->max_records > 0)
    return s->max_records;
  return s->socket_type == TRIB_SOCKET_FIFO ? AUTO_FRAMES : AUTO_RECORDS;
}

static gboolean
check_settings (GstObsSink *self, const ObsSinkSettings *s)
{
  const gchar *why = NULL;

  if (s->framing == OBS_SOCKET_LENGTH_HEADER && s->socket_type != TRIB_SOCKET_FIFO)
    why = "framing=length-header is for frames in a FIFO: set socket-type=fifo";
  else if (s->framing == OBS_SOCKET_LENGTH_HEADER && s->format == OBS_SOCKET_TEXT)
    why = "format=text is for records, framing=length-header for frames: set one of them";
  if (why == NULL)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s.", why), (NULL));
  return FALSE;
}

/* The sender of the run before is kept until now, so that its counters can be read. */
static gboolean
start (GstObsSink *self)
{
  g_autoptr (GError) error = NULL;
  ObsSinkSettings s;
  TribSocketSenderConfig config;
  TribSocketSender *sender, *old;

  GST_OBJECT_LOCK (self);
  s = self->settings;
  trib_properties_own (&properties, &s);
  GST_OBJECT_UNLOCK (self);
  config = (TribSocketSenderConfig){ .location = s.location,
    .type = s.socket_type,
    .listen = s.listen,
    .mode = s.mode,
    .max_clients = s.max_clients,
    .max_bytes = (gsize) s.max_bytes,
    .max_items = max_items (&s),
    .keep = s.on_no_receiver == NO_RECEIVER_WAIT,
    .max_pause_ms = s.reconnect_max_ms,
    .idle_timeout_ms = s.idle_timeout_ms };
  sender
      = check_settings (self, &s) ? trib_socket_sender_new (&config, notify, self, &error) : NULL;
  trib_properties_clear (&properties, &s);
  GST_OBJECT_LOCK (self);
  old = self->sender;
  self->sender = sender;
  self->dropped_flush = 0;
  self->refused_text = 0;
  GST_OBJECT_UNLOCK (self);
  trib_socket_sender_free (old);
  if (error != NULL)
    obs_socket_post_error (GST_ELEMENT (self), error, GST_RESOURCE_ERROR_OPEN_WRITE);
  return sender != NULL;
}

/* Not in the base class's start(), which is called for READY: receivers would be connected to an
 * element whose properties may still change. */
static GstStateChangeReturn
gst_obs_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstObsSink *self = GST_OBS_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self))
    return GST_STATE_CHANGE_FAILURE;
  ret = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && ret == GST_STATE_CHANGE_FAILURE))
    trib_socket_sender_stop (self->sender);
  return ret;
}

static gboolean
gst_obs_sink_unlock (GstBaseSink *base)
{
  GstObsSink *self = GST_OBS_SINK (base);

  if (self->sender != NULL)
    trib_socket_sender_set_flushing (self->sender, TRUE);
  return TRUE;
}

static gboolean
gst_obs_sink_unlock_stop (GstBaseSink *base)
{
  GstObsSink *self = GST_OBS_SINK (base);

  if (self->sender != NULL)
    trib_socket_sender_set_flushing (self->sender, FALSE);
  return TRUE;
}

static GstCaps *
gst_obs_sink_get_caps (GstBaseSink *base, GstCaps *filter)
{
  GstObsSink *self = GST_OBS_SINK (base);
  GstCaps *caps = gst_caps_make_writable (gst_pad_get_pad_template_caps (base->sinkpad));
  guint frames = gst_caps_get_size (caps) - 1; /* the last of the template */

  GST_OBJECT_LOCK (self);
  if (self->settings.socket_type == TRIB_SOCKET_DATAGRAM
      || self->settings.format == OBS_SOCKET_TEXT) {
    gst_caps_remove_structure (caps, frames);
  } else if (self->settings.framing == OBS_SOCKET_LENGTH_HEADER) {
    while (frames-- > 0)
      gst_caps_remove_structure (caps, 0);
  }
  GST_OBJECT_UNLOCK (self);
  if (filter != NULL) {
    GstCaps *both = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (caps);
    caps = both;
  }
  return caps;
}

static gboolean
gst_obs_sink_set_caps (GstBaseSink *base, GstCaps *caps)
{
  GstObsSink *self = GST_OBS_SINK (base);
  gboolean records = trib_record_caps_parse (caps, &self->format);
  gboolean json = records && self->format == TRIB_RECORD_JSON;

  GST_OBJECT_LOCK (self);
  self->as_text = records && self->settings.format == OBS_SOCKET_TEXT;
  self->with_headers = self->settings.framing == OBS_SOCKET_LENGTH_HEADER;
  self->as_lines = (json || self->as_text) && self->settings.socket_type != TRIB_SOCKET_DATAGRAM;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* ---- payloads ---- */

/* JSON of several lines as one: strings have no line feed, and elsewhere it is a blank */
static GBytes *
without_newlines (GBytes *bytes)
{
  gsize len;
  const gchar *text = g_bytes_get_data (bytes, &len);
  gchar *copy;

  if (memchr (text, '\n', len) == NULL)
    return bytes;
  copy = g_memdup2 (text, len);
  for (gsize i = 0; i < len; i++) {
    if (copy[i] == '\n')
      copy[i] = ' ';
  }
  g_bytes_unref (bytes);
  return g_bytes_new_take (copy, len);
}

/* the parts of a buffer, by reference; NULL: they cannot be read */
static GPtrArray *
make_parts (GstObsSink *self, GstBuffer *buffer)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint n = gst_buffer_n_memory (buffer);
  gboolean merge = n > MAX_MEMORIES;

  for (guint i = 0; i < (merge ? MIN (n, 1) : n); i++) {
    GBytes *bytes = trib_memory_to_bytes (
        merge ? gst_buffer_get_all_memory (buffer) : gst_buffer_get_memory (buffer, i));

    if (bytes == NULL)
      return NULL;
    if (g_bytes_get_size (bytes) == 0)
      g_bytes_unref (bytes);
    else
      g_ptr_array_add (parts, self->as_lines ? without_newlines (bytes) : bytes);
  }
  if (parts->len > 0 && self->as_lines)
    g_ptr_array_add (parts, g_bytes_ref (self->newline));
  return g_steal_pointer (&parts);
}

static GstFlowReturn
no_receiver (GstObsSink *self, GstObsSinkOnNoReceiver policy)
{
  if (policy != NO_RECEIVER_ERROR)
    return GST_FLOW_OK;
  GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
      ("No receiver is connected: start it first, or set on-no-receiver to drop or wait."), (NULL));
  return GST_FLOW_ERROR;
}

static GstFlowReturn
send_parts (GstObsSink *self, GPtrArray *parts)
{
  GstBaseSink *base = GST_BASE_SINK (self);
  GstObsSinkOnNoReceiver policy;
  GstFlowReturn flow;

  GST_OBJECT_LOCK (self);
  policy = self->settings.on_no_receiver;
  GST_OBJECT_UNLOCK (self);
  /* an empty datagram or line would be no record */
  if (parts->len == 0)
    return GST_FLOW_OK;
  for (;;) {
    TribSocketPush result = trib_socket_sender_push (
        self->sender, (GBytes *const *) parts->pdata, parts->len, policy == NO_RECEIVER_WAIT);

    if (result == TRIB_SOCKET_PUSH_TAKEN)
      return GST_FLOW_OK;
    if (result == TRIB_SOCKET_PUSH_NO_RECEIVER)
      return no_receiver (self, policy);
    /* paused and resumed, or the end */
    flow = gst_base_sink_wait_preroll (base);
    if (flow != GST_FLOW_OK)
      break;
  }
  GST_OBJECT_LOCK (self);
  self->dropped_flush++;
  GST_OBJECT_UNLOCK (self);
  return flow;
}

/* counted; the first is reported */
static void
refuse_text (GstObsSink *self, const GError *error)
{
  TribSocketSenderEvent event = { .reason = "text", .detail = error->message };

  GST_DEBUG_OBJECT (self, "refused: %s", error->message);
  GST_OBJECT_LOCK (self);
  event.count = ++self->refused_text;
  GST_OBJECT_UNLOCK (self);
  if (event.count == 1)
    gst_element_post_message (
        GST_ELEMENT (self), trib_fields_to_message (GST_ELEMENT (self), &dropped_message, &event));
}

static GstFlowReturn
send_text (GstObsSink *self, TribRecordSlice record)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) error = NULL;
  GString *text = g_string_new (NULL);

  if (!trib_obs_text_from_record (self->reader, self->format, record, text, &error)) {
    refuse_text (self, error);
    g_string_free (text, TRUE);
    return GST_FLOW_OK;
  }
  if (self->as_lines)
    g_string_append_c (text, '\n');
  g_ptr_array_add (parts, g_string_free_to_bytes (text));
  return send_parts (self, parts);
}

/* a record, or each of a list */
static GstFlowReturn
render_text (GstObsSink *self, const GstMapInfo *map)
{
  GstFlowReturn flow = GST_FLOW_OK;
  TribRecordEnvelope envelope;
  TribRecordRead result;

  trib_record_reader_set (self->list, self->format, map->data, map->size);
  do {
    g_autoptr (GError) error = NULL;

    result = trib_record_envelope_read (self->list, &envelope, &error);
    if (result == TRIB_RECORD_READ_OK)
      flow = send_text (self, envelope.record);
    else if (result != TRIB_RECORD_READ_END)
      refuse_text (self, error);
  } while (
      flow == GST_FLOW_OK && (result == TRIB_RECORD_READ_OK || result == TRIB_RECORD_READ_INVALID));
  return flow;
}

/* FALSE: an error was posted */
static gboolean
put_header (GstObsSink *self, GstBuffer *buffer, GPtrArray *parts)
{
  TribSocketFrameHeader header;
  guint8 bytes[TRIB_SOCKET_HEADER_BYTES];
  TribFrameInfo info;

  if (!trib_frame_meta_get (buffer, &info)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("Frames without an identity have no header: put frameencodebin, or framestamp, in front "
         "of framing=length-header."),
        (NULL));
    return FALSE;
  }
  /* max-bytes is less than the 4 GiB of the field: what is larger is dropped */
  header.len = (guint32) MIN (gst_buffer_get_size (buffer), G_MAXUINT32);
  header.frame_id = info.index;
  header.t_ns = info.t_ns;
  trib_socket_frame_header_write (&header, bytes);
  g_ptr_array_insert (parts, 0, g_bytes_new (bytes, sizeof bytes));
  return TRUE;
}

static GstFlowReturn
gst_obs_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  GstObsSink *self = GST_OBS_SINK (base);
  g_autoptr (GPtrArray) parts = NULL;
  GstFlowReturn flow = GST_FLOW_ERROR;
  GstMapInfo map;

  if (self->as_text) {
    if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
      flow = render_text (self, &map);
      gst_buffer_unmap (buffer, &map);
      return flow;
    }
  } else {
    parts = make_parts (self, buffer);
    if (parts != NULL && parts->len > 0 && self->with_headers && !put_header (self, buffer, parts))
      return GST_FLOW_ERROR;
    if (parts != NULL)
      return send_parts (self, parts);
  }
  GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL), ("cannot map a buffer for reading"));
  return GST_FLOW_ERROR;
}

static gboolean
gst_obs_sink_event (GstBaseSink *base, GstEvent *event)
{
  GstObsSink *self = GST_OBS_SINK (base);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    gint64 time_us;

    GST_OBJECT_LOCK (self);
    time_us = (gint64) self->settings.drain_ms * 1000;
    GST_OBJECT_UNLOCK (self);
    if (!trib_socket_sender_drain (self->sender, time_us))
      GST_INFO_OBJECT (self, "the queues were not empty at the end of the drain time");
  }
  return GST_BASE_SINK_CLASS (parent_class)->event (base, event);
}

/* ---- properties ---- */

static GstStructure *
make_stats (GstObsSink *self)
{
  ObsSinkStats stats = { 0 };

  GST_OBJECT_LOCK (self);
  if (self->sender != NULL)
    trib_socket_sender_get_counts (self->sender, &stats.sender);
  stats.dropped_flush = self->dropped_flush;
  stats.refused_text = self->refused_text;
  GST_OBJECT_UNLOCK (self);
  stats.records_in = stats.sender.items_in + stats.dropped_flush + stats.refused_text;
  stats.records_taken = stats.sender.items_in - stats.sender.no_receiver;
  return trib_fields_to_structure (&stats_table, &stats);
}

static void
gst_obs_sink_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  trib_properties_set_locked (
      &properties, &GST_OBS_SINK (object)->settings, object, id, value, pspec);
}

static void
gst_obs_sink_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstObsSink *self = GST_OBS_SINK (object);

  if (id == PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else
    trib_properties_get_locked (&properties, &self->settings, object, id, value, pspec);
}

static void
gst_obs_sink_finalize (GObject *object)
{
  GstObsSink *self = GST_OBS_SINK (object);

  trib_socket_sender_free (self->sender);
  trib_properties_clear (&properties, &self->settings);
  trib_record_reader_free (self->list);
  trib_record_reader_free (self->reader);
  g_bytes_unref (self->newline);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_obs_sink_init (GstObsSink *self)
{
  trib_properties_init (&properties, &self->settings);
  self->list = trib_record_reader_new (NULL);
  self->reader = trib_record_reader_new (NULL);
  self->newline = g_bytes_new_static ("\n", 1);
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  /* records of an analysis may be late or absent: the pipeline does not wait for the first */
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
}

static void
gst_obs_sink_class_init (GstObsSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *base_class = GST_BASE_SINK_CLASS (klass);

  object_class->set_property = gst_obs_sink_set_property;
  object_class->get_property = gst_obs_sink_get_property;
  object_class->finalize = gst_obs_sink_finalize;
  trib_properties_install_class (&properties, object_class);
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_obs_sink_change_state);
  base_class->unlock = GST_DEBUG_FUNCPTR (gst_obs_sink_unlock);
  base_class->unlock_stop = GST_DEBUG_FUNCPTR (gst_obs_sink_unlock_stop);
  base_class->get_caps = GST_DEBUG_FUNCPTR (gst_obs_sink_get_caps);
  base_class->set_caps = GST_DEBUG_FUNCPTR (gst_obs_sink_set_caps);
  base_class->event = GST_DEBUG_FUNCPTR (gst_obs_sink_event);
  base_class->render = GST_DEBUG_FUNCPTR (gst_obs_sink_render);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Observation socket sink", "Sink/Network",
      "Sends records, or JPEG frames, to other processes through a Unix socket or FIFO",
      "The gst-tributary authors");
}
