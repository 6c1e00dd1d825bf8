/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-obssink
 * @title: obssink
 * @short_description: Sends records, or JPEG frames, to other processes through a Unix socket or FIFO
 *
 * Each buffer goes out whole (OBS-9): as one datagram; in a stream or FIFO as a line of JSON, as
 * MessagePack, or as JPEG one behind the other (MJPEG). The other side is:
 *
 * - a socket where somebody listens (`obssrc`, or any program): `socket-type=stream` or `datagram`.
 * It is connected to, and looked for again when it goes;
 * - programs that connect here: `socket-type=stream listen=true`. Each gets what comes from then on;
 * - the reader of a FIFO: `socket-type=fifo`. The FIFO is made when it is not there. It is opened
 * whenever somebody reads it, and never waited for. A reader that goes, goes alone; the next one
 * begins with a whole frame. At the end the reader reads to an end of file.
 *
 * A receiver that is slow, dead, or not there yet never holds the pipeline up. What waits for it is
 * bounded by `max-bytes` and `max-records`; the oldest that is not begun is dropped, and counted.
 * When nobody is there, `on-no-receiver` says what happens. An extractor in another process wants
 * the newest frame, whence a FIFO has one frame waiting at most, beside the one that is begun.
 *
 * With `frameencodebin identity-comment=true` each JPEG says which frame it is.
 *
 * ## Caps
 * application/json or application/x-msgpack, a record or a list of them a buffer; image/jpeg but in
 * datagrams, which are too small for it.
 *
 * ## Timing
 * Buffers are sent as they come; `sync` is off, and there is no waiting for a first buffer (`async`
 * is off). At the end of the stream up to `drain-ms` are given to what waits.
 *
 * ## Threads
 * A thread `trib-socket-out` connects and writes. Payloads are not copied. The streaming thread waits
 * only with `on-no-receiver=wait`, and is woken by a flush, a state change, or a receiver.
 *
 * ## Errors
 * RESOURCE/SETTINGS: `location` is none, or `listen` does not go with the `socket-type`.
 * RESOURCE/BUSY: another process listens there. RESOURCE/OPEN_WRITE: something else is there, or the
 * system refuses. RESOURCE/WRITE: nobody is there, and `on-no-receiver` is error.
 *
 * ## Stats
 * Counted from READY to PAUSED on. `records-in` = `records-taken` + `dropped-no-receiver` +
 * `dropped-flush`. A record that is taken for three receivers is three copies: `copies` = `sent` +
 * `dropped-slow` + `dropped-gone` + `dropped-large` + `pending`. Where there is one receiver, both are
 * the same.
 *
 * - `records-in` (records), `bytes-in` (bytes): buffers that came
 * - `records-taken` (records): for one receiver at least
 * - `dropped-no-receiver` (records): nobody was there
 * - `dropped-flush` (records): a flush or state change came while they waited for a receiver
 * - `copies` (copies): records times receivers
 * - `sent` (copies), `bytes-out` (bytes): written, whole; bytes of those that were not, too
 * - `dropped-slow` (copies): newer ones came faster than the receiver read
 * - `dropped-gone` (copies): the receiver went, or the element was stopped, before it had them whole
 * - `dropped-large` (copies): larger than `max-bytes`, or than a datagram can be
 * - `pending` (copies), `pending-bytes` (bytes): wait to be written
 * - `receivers` (receivers): connections that were made
 * - `receivers-now` (receivers): that are there
 * - `receivers-refused` (receivers): beyond `max-clients`
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! video/x-raw,framerate=30/1 ! frameencodebin
 * identity-comment=true ! obssink location=tributary-example.mjpg socket-type=fifo
 * ]| Frames for whoever reads the FIFO, if anybody does.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstobssink.h"

#include <shared/trib-fields.h>

#include <socket/trib-socket-sender.h>

#include <string.h>

GST_DEBUG_CATEGORY_STATIC (obs_sink_debug);
#define GST_CAT_DEFAULT obs_sink_debug

#define DEFAULT_SOCKET_TYPE TRIB_SOCKET_STREAM
#define DEFAULT_MODE 0600
#define DEFAULT_MAX_CLIENTS 64
#define DEFAULT_MAX_BYTES (16 * 1024 * 1024)
#define DEFAULT_RECONNECT_MAX_MS 1000
#define DEFAULT_DRAIN_MS 2000
/* that may wait, when max-records is 0 */
#define AUTO_RECORDS 1000
#define AUTO_FRAMES 1
#define MAX_MEMORIES 30

typedef enum { NO_RECEIVER_DROP, NO_RECEIVER_WAIT, NO_RECEIVER_ERROR } GstObsSinkOnNoReceiver;

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK,
    GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json; application/x-msgpack; image/jpeg"));

enum {
  PROP_LOCATION = 1,
  PROP_SOCKET_TYPE,
  PROP_LISTEN,
  PROP_MODE,
  PROP_MAX_CLIENTS,
  PROP_MAX_BYTES,
  PROP_MAX_RECORDS,
  PROP_ON_NO_RECEIVER,
  PROP_RECONNECT_MAX_MS,
  PROP_DRAIN_MS,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

struct _GstObsSink {
  GstBaseSink parent;

  /* OBJECT_LOCK */
  gchar *location;
  TribSocketType socket_type;
  gboolean listen;
  guint mode;
  guint max_clients;
  guint64 max_bytes;
  guint max_records;
  GstObsSinkOnNoReceiver on_no_receiver;
  guint reconnect_max_ms;
  guint drain_ms;
  guint64 dropped_flush;
  TribSocketSenderCounts last; /* of the sender that was */
  TribSocketSender *sender;    /* from start to stop; the pointer changes under the lock */

  /* streaming thread */
  gboolean as_lines;
  GBytes *newline; /* set once */
};

#define GST_TYPE_OBS_SINK_SOCKET_TYPE (gst_obs_sink_socket_type_get_type ())
static GType
gst_obs_sink_socket_type_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { TRIB_SOCKET_DATAGRAM, "A buffer a datagram", "datagram" },
    { TRIB_SOCKET_STREAM, "A connection", "stream" },
    { TRIB_SOCKET_FIFO, "A FIFO, which another process reads", "fifo" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstObsSinkSocketType", values));
  return type;
}

#define GST_TYPE_OBS_SINK_ON_NO_RECEIVER (gst_obs_sink_on_no_receiver_get_type ())
static GType
gst_obs_sink_on_no_receiver_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { NO_RECEIVER_DROP, "Drop the record and count it", "drop" },
    { NO_RECEIVER_WAIT, "Wait for a receiver, and keep what one that went has not read", "wait" },
    { NO_RECEIVER_ERROR, "End with an error", "error" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstObsSinkOnNoReceiver", values));
  return type;
}

#define gst_obs_sink_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstObsSink, gst_obs_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (obssink, "obssink", GST_RANK_NONE, GST_TYPE_OBS_SINK,
    GST_DEBUG_CATEGORY_INIT (obs_sink_debug, "obssink", 0, "records to a Unix socket"))

#define EVENT(field) G_STRUCT_OFFSET (TribSocketSenderEvent, field)

/* clang-format off */
static const TribField dropped_fields[] = {
  { "reason", TRIB_FIELD_TEXT, EVENT (reason), "last part of the name of the counter in `stats`" },
  { "count", TRIB_FIELD_UINT64, EVENT (count), "records, or copies of them, dropped for that reason since the start" },
  { "detail", TRIB_FIELD_TEXT, EVENT (detail), "what is known of the connection, as text for people" },
};
static const TribField receivers_fields[] = {
  { "connected", TRIB_FIELD_UINT, EVENT (connected), "receivers now" },
  { "joined", TRIB_FIELD_UINT64, EVENT (joined), "receivers that connected since the message before" },
  { "left", TRIB_FIELD_UINT64, EVENT (left), "receivers that disconnected since the message before" },
  { "pid", TRIB_FIELD_INT, EVENT (pid), "process of the last one; 0: not known" },
  { "detail", TRIB_FIELD_TEXT, EVENT (detail), "why the last one was disconnected, as text for people" },
};
/* clang-format on */
static const TribFieldTable dropped_message = TRIB_FIELD_TABLE ("obssink-dropped",
    "records were dropped; once for each reason until receivers connect or disconnect, and at most "
    "once a second",
    dropped_fields);
static const TribFieldTable receivers_message = TRIB_FIELD_TABLE ("obssink-receivers",
    "receivers connected or disconnected; at most once a second", receivers_fields);

/* @thread: sender */
static void
tell (const TribSocketSenderEvent *event, gpointer user_data)
{
  GstElement *element = user_data;
  gboolean lost = event->kind == TRIB_SOCKET_TOLD_LOST;

  if (lost)
    GST_INFO_OBJECT (element, "dropped, %s: %s", event->reason, event->detail);
  gst_element_post_message (element,
      trib_fields_to_message (element, lost ? &dropped_message : &receivers_message, event));
}

static void
post_error (GstObsSink *self, const GError *error)
{
  switch (error->code) {
    case TRIB_SOCKET_ERROR_LOCATION:
      GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
          ("Check location, socket-type and listen: %s.", error->message), (NULL));
      break;
    case TRIB_SOCKET_ERROR_IN_USE:
      GST_ELEMENT_ERROR (self, RESOURCE, BUSY, ("Cannot listen: %s.", error->message), (NULL));
      break;
    default:
      GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE, ("Cannot send: %s.", error->message), (NULL));
      break;
  }
}

static gboolean
start (GstObsSink *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *location = NULL;
  TribSocketSenderConfig config;
  TribSocketSender *sender;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  config = (TribSocketSenderConfig){ .location = location,
    .type = self->socket_type,
    .listen = self->listen,
    .mode = self->mode,
    .max_clients = self->max_clients,
    .max_bytes = (gsize) self->max_bytes,
    .max_items = self->max_records > 0                   ? self->max_records
                 : self->socket_type == TRIB_SOCKET_FIFO ? AUTO_FRAMES
                                                         : AUTO_RECORDS,
    .keep = self->on_no_receiver == NO_RECEIVER_WAIT,
    .max_pause_ms = self->reconnect_max_ms };
  self->dropped_flush = 0;
  self->last = (TribSocketSenderCounts){ 0 };
  GST_OBJECT_UNLOCK (self);

  sender = trib_socket_sender_new (&config, tell, self, &error);
  if (sender == NULL) {
    post_error (self, error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->sender = sender;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
stop (GstObsSink *self)
{
  TribSocketSenderCounts last = { 0 };
  TribSocketSender *sender;

  /* between the two, stats have what was counted before the end */
  GST_OBJECT_LOCK (self);
  sender = g_steal_pointer (&self->sender);
  if (sender != NULL)
    trib_socket_sender_get_counts (sender, &self->last);
  GST_OBJECT_UNLOCK (self);
  if (sender == NULL)
    return;
  trib_socket_sender_free (sender, &last);
  GST_OBJECT_LOCK (self);
  self->last = last;
  GST_OBJECT_UNLOCK (self);
}

/* Not in the base class's start(), which is for READY: others would be connected to an element whose
 * properties may still change. */
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
    stop (self);
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
  GstCaps *caps = gst_pad_get_pad_template_caps (base->sinkpad);

  GST_OBJECT_LOCK (self);
  if (self->socket_type == TRIB_SOCKET_DATAGRAM) {
    caps = gst_caps_make_writable (caps);
    gst_caps_remove_structure (caps, gst_caps_get_size (caps) - 1);
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
  gboolean json = gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/json");

  GST_OBJECT_LOCK (self);
  self->as_lines = json && self->socket_type != TRIB_SOCKET_DATAGRAM;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* ---- payloads ---- */

typedef struct {
  GstMemory *memory;
  GstMapInfo map;
} Mapped;

static void
unmap (gpointer data)
{
  Mapped *m = data;

  gst_memory_unmap (m->memory, &m->map);
  gst_memory_unref (m->memory);
  g_free (m);
}

/* (nullable) */
static GBytes *
wrap_memory (GstMemory *memory)
{
  Mapped *m = g_new0 (Mapped, 1);

  m->memory = gst_memory_ref (memory);
  if (!gst_memory_map (memory, &m->map, GST_MAP_READ)) {
    gst_memory_unref (memory);
    g_free (m);
    return NULL;
  }
  return g_bytes_new_with_free_func (m->map.data, m->map.size, unmap, m);
}

/* JSON over several lines, on one: outside of texts, which have none, a line feed is a blank */
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
    GstMemory *memory
        = merge ? gst_buffer_get_all_memory (buffer) : gst_buffer_get_memory (buffer, i);
    GBytes *bytes = wrap_memory (memory);

    gst_memory_unref (memory);
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
      ("Nobody is there to receive: start the other process first, or set on-no-receiver to drop "
       "or "
       "wait."),
      (NULL));
  return GST_FLOW_ERROR;
}

static GstFlowReturn
gst_obs_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  GstObsSink *self = GST_OBS_SINK (base);
  g_autoptr (GPtrArray) parts = make_parts (self, buffer);
  GstObsSinkOnNoReceiver policy;
  GstFlowReturn flow;

  if (parts == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL), ("cannot map a buffer for reading"));
    return GST_FLOW_ERROR;
  }
  GST_OBJECT_LOCK (self);
  policy = self->on_no_receiver;
  GST_OBJECT_UNLOCK (self);
  /* nothing to be sent: a datagram of nothing, or an empty line, would be no record */
  if (parts->len == 0)
    return GST_FLOW_OK;
  for (;;) {
    TribSocketPush result = trib_socket_sender_push (
        self->sender, (GBytes *const *) parts->pdata, parts->len, policy == NO_RECEIVER_WAIT);

    if (result == TRIB_SOCKET_PUSH_TAKEN)
      return GST_FLOW_OK;
    if (result == TRIB_SOCKET_PUSH_NO_RECEIVER)
      return no_receiver (self, policy);
    /* paused, and on with it; or the end */
    flow = gst_base_sink_wait_preroll (base);
    if (flow != GST_FLOW_OK)
      break;
  }
  GST_OBJECT_LOCK (self);
  self->dropped_flush++;
  GST_OBJECT_UNLOCK (self);
  return flow;
}

static gboolean
gst_obs_sink_event (GstBaseSink *base, GstEvent *event)
{
  GstObsSink *self = GST_OBS_SINK (base);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    gint64 time_us;

    GST_OBJECT_LOCK (self);
    time_us = (gint64) self->drain_ms * 1000;
    GST_OBJECT_UNLOCK (self);
    if (!trib_socket_sender_drain (self->sender, time_us))
      GST_INFO_OBJECT (self, "not everything was sent by the end of the stream");
  }
  return GST_BASE_SINK_CLASS (parent_class)->event (base, event);
}

/* ---- properties ---- */

static GstStructure *
make_stats (GstObsSink *self)
{
  TribSocketSenderCounts c;
  guint64 flush;

  GST_OBJECT_LOCK (self);
  c = self->last;
  if (self->sender != NULL)
    trib_socket_sender_get_counts (self->sender, &c);
  flush = self->dropped_flush;
  GST_OBJECT_UNLOCK (self);
  return gst_structure_new ("application/x-obssink-stats", "records-in", G_TYPE_UINT64,
      c.items_in + flush, "bytes-in", G_TYPE_UINT64, c.bytes_in, "records-taken", G_TYPE_UINT64,
      c.items_in - c.no_receiver, "dropped-no-receiver", G_TYPE_UINT64, c.no_receiver,
      "dropped-flush", G_TYPE_UINT64, flush, "copies", G_TYPE_UINT64, c.copies, "sent",
      G_TYPE_UINT64, c.sent, "bytes-out", G_TYPE_UINT64, c.bytes_out, "dropped-slow", G_TYPE_UINT64,
      c.lost[TRIB_SOCKET_LOST_SLOW], "dropped-gone", G_TYPE_UINT64, c.lost[TRIB_SOCKET_LOST_GONE],
      "dropped-large", G_TYPE_UINT64, c.lost[TRIB_SOCKET_LOST_LARGE], "pending", G_TYPE_UINT64,
      c.pending, "pending-bytes", G_TYPE_UINT64, c.pending_bytes, "receivers", G_TYPE_UINT64,
      c.receivers, "receivers-now", G_TYPE_UINT64, c.receivers_now, "receivers-refused",
      G_TYPE_UINT64, c.receivers_refused, NULL);
}

static void
gst_obs_sink_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstObsSink *self = GST_OBS_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_free (self->location);
      self->location = g_value_dup_string (value);
      break;
    case PROP_SOCKET_TYPE:
      self->socket_type = (TribSocketType) g_value_get_enum (value);
      break;
    case PROP_LISTEN:
      self->listen = g_value_get_boolean (value);
      break;
    case PROP_MODE:
      self->mode = g_value_get_uint (value);
      break;
    case PROP_MAX_CLIENTS:
      self->max_clients = g_value_get_uint (value);
      break;
    case PROP_MAX_BYTES:
      self->max_bytes = g_value_get_uint64 (value);
      break;
    case PROP_MAX_RECORDS:
      self->max_records = g_value_get_uint (value);
      break;
    case PROP_ON_NO_RECEIVER:
      self->on_no_receiver = (GstObsSinkOnNoReceiver) g_value_get_enum (value);
      break;
    case PROP_RECONNECT_MAX_MS:
      self->reconnect_max_ms = g_value_get_uint (value);
      break;
    case PROP_DRAIN_MS:
      self->drain_ms = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* @locks: OBJECT_LOCK */
static void
get_setting (GstObsSink *self, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id) {
    case PROP_LOCATION:
      g_value_set_string (value, self->location);
      break;
    case PROP_SOCKET_TYPE:
      g_value_set_enum (value, (gint) self->socket_type);
      break;
    case PROP_LISTEN:
      g_value_set_boolean (value, self->listen);
      break;
    case PROP_MODE:
      g_value_set_uint (value, self->mode);
      break;
    case PROP_MAX_CLIENTS:
      g_value_set_uint (value, self->max_clients);
      break;
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, self->max_bytes);
      break;
    case PROP_MAX_RECORDS:
      g_value_set_uint (value, self->max_records);
      break;
    case PROP_ON_NO_RECEIVER:
      g_value_set_enum (value, (gint) self->on_no_receiver);
      break;
    case PROP_RECONNECT_MAX_MS:
      g_value_set_uint (value, self->reconnect_max_ms);
      break;
    case PROP_DRAIN_MS:
      g_value_set_uint (value, self->drain_ms);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (self, id, pspec);
      break;
  }
}

static void
gst_obs_sink_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstObsSink *self = GST_OBS_SINK (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  get_setting (self, id, value, pspec);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_obs_sink_finalize (GObject *object)
{
  GstObsSink *self = GST_OBS_SINK (object);

  g_free (self->location);
  g_bytes_unref (self->newline);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_obs_sink_init (GstObsSink *self)
{
  self->socket_type = DEFAULT_SOCKET_TYPE;
  self->mode = DEFAULT_MODE;
  self->max_clients = DEFAULT_MAX_CLIENTS;
  self->max_bytes = DEFAULT_MAX_BYTES;
  self->reconnect_max_ms = DEFAULT_RECONNECT_MAX_MS;
  self->drain_ms = DEFAULT_DRAIN_MS;
  self->newline = g_bytes_new_static ("\n", 1);
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  /* what comes from an analysis may come late, or never: the pipeline does not wait for it */
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  properties[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "Path of the socket or FIFO, or @ and the abstract name of a socket", NULL, flags);
  properties[PROP_SOCKET_TYPE] = g_param_spec_enum ("socket-type", "Socket type",
      "What is at that location", GST_TYPE_OBS_SINK_SOCKET_TYPE, DEFAULT_SOCKET_TYPE, flags);
  properties[PROP_LISTEN] = g_param_spec_boolean ("listen", "Listen",
      "Whether receivers connect here, instead of being connected to", FALSE, flags);
  properties[PROP_MODE] = g_param_spec_uint ("mode", "Mode",
      "Permission bits of a socket or FIFO that is made: 0600 (384) is for this user, 0666 (438) "
      "for all",
      0, 0777, DEFAULT_MODE, flags);
  properties[PROP_MAX_CLIENTS] = g_param_spec_uint ("max-clients", "Most clients",
      "Most receivers at once, when they connect here, a number of receivers", 1, 1024,
      DEFAULT_MAX_CLIENTS, flags);
  properties[PROP_MAX_BYTES] = g_param_spec_uint64 ("max-bytes", "Most bytes",
      "How many bytes may wait for a receiver, and the largest buffer that is sent", 1, G_MAXINT32,
      DEFAULT_MAX_BYTES, flags);
  properties[PROP_MAX_RECORDS] = g_param_spec_uint ("max-records", "Most records",
      "How many records or frames may wait for a receiver, beside one that is begun; 0: 1 for a "
      "FIFO, else 1000",
      0, G_MAXINT32, 0, flags);
  properties[PROP_ON_NO_RECEIVER] = g_param_spec_enum ("on-no-receiver", "On no receiver",
      "What happens to a record when nobody is there", GST_TYPE_OBS_SINK_ON_NO_RECEIVER,
      NO_RECEIVER_DROP, flags);
  properties[PROP_RECONNECT_MAX_MS] = g_param_spec_uint ("reconnect-max-ms", "Longest pause",
      "Longest pause between two attempts to connect; the first is 20 ms", 20, 60000,
      DEFAULT_RECONNECT_MAX_MS, flags);
  properties[PROP_DRAIN_MS] = g_param_spec_uint ("drain-ms", "Drain",
      "How long the end of the stream waits for what is not written yet", 0, 60000,
      DEFAULT_DRAIN_MS, flags);
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "What became of the records since the last start", GST_TYPE_STRUCTURE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
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
  install_properties (object_class);
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
  gst_type_mark_as_plugin_api (GST_TYPE_OBS_SINK_SOCKET_TYPE, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_OBS_SINK_ON_NO_RECEIVER, 0);
}
