/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-obssrc
 * @title: obssrc
 * @short_description: Receives observations and triggers of other processes at a Unix socket
 *
 * Other processes send records (OBS-1, OBS-2) to a Unix socket (OBS-9), and each leaves here in a
 * buffer of its own, whole and checked, with the bytes that came. Any number of processes may send
 * at once.
 *
 * With `socket-type=stream` a process connects and sends JSON, a record a line, or MessagePack, one
 * record behind the other. With `socket-type=datagram` each datagram is one record of either format.
 * Which format it is, the first byte tells. Where a record may be, a list of records may be, too.
 *
 * `location` is a path, or '@' and a name without a file. A socket that a dead process has left
 * there is replaced; one of a living process is an error. The file is removed at the end, if it is
 * still the one that was made.
 *
 * Whoever sends something else harms nobody. It is counted by reason and told; the connection goes
 * on where the next record can be found, and is closed where not: a stream that is neither JSON nor
 * MessagePack, MessagePack that breaks or is too large, 64 lines in a row that are no record, half a
 * record for longer than `record-timeout-ms`.
 *
 * In a shell:
 * `echo '{"type":"face","frame_id":7,"t_ns":0}' | socat - UNIX-CONNECT:/tmp/obs.sock`
 *
 * ## Caps
 * application/json or application/x-msgpack, whichever downstream wants, JSON if both will do.
 * Records of that format keep their bytes; others are rewritten.
 *
 * ## Timing
 * Live. PTS is the running time at which the last byte of the record was read; the record's own
 * `t_ns` stays what it is. The element does not end by itself: `num-buffers`, or an EOS event that
 * is sent to it.
 *
 * ## Threads
 * A thread `trib-socket-in` reads the sockets and the records, the base class's thread pushes them.
 * Between them wait `max-bytes` at most, and what one more read brings. When that is full, `on-full`
 * says whether senders wait (the system holds them up, datagrams too: a Unix socket loses none) or
 * the oldest records are dropped. Every record that is half here is bounded by `max-record-bytes`.
 * Records that wait survive a flush.
 *
 * ## Errors
 * RESOURCE/SETTINGS: `location` is none. RESOURCE/BUSY: another process listens there.
 * RESOURCE/OPEN_READ: something else is there, or the system refuses.
 *
 * ## Stats
 * Counted from READY to PAUSED on. `records-in` = `records-out` + `dropped-oldest` +
 * `dropped-flush` + `dropped-transcode` + all `refused-REASON` + `pending`.
 *
 * - `records-in` (records): all that came, good or not
 * - `bytes-in` (bytes): read from sockets
 * - `records-out` (records): given to the source pad
 * - `dropped-oldest` (records): there was no room, and `on-full` is drop-oldest
 * - `dropped-flush` (records): waited when the element was stopped
 * - `dropped-transcode` (records): could not be rewritten in the other format
 * - `refused-syntax`, `refused-utf8`, `refused-truncated`, `refused-limit`, `refused-range`,
 * `refused-type`, `refused-field` (records): what was wrong with them ([records](../records.md))
 * - `refused-half` (records): the sender went, or was too slow, in the middle
 * - `pending` (records), `pending-bytes` (bytes): wait to be pushed
 * - `clients` , a count: taken
 * - `clients-now` , a count: open
 * - `clients-closed` , a count: ended here, because of what they sent
 * - `clients-refused` , a count: beyond `max-clients`
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 obssrc location=tributary-example.sock num-buffers=10 ! ndjsonenc ! fdsink
 * videotestsrc num-buffers=10 pattern=ball ! qualityextract ! obssink
 * location=tributary-example.sock on-no-receiver=wait
 * ]| Ten lines of JSON, which went through a socket.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstobssrc.h"

#include <shared/trib-fields.h>

#include <record/trib-record-transcode.h>
#include <socket/trib-socket-receiver.h>

GST_DEBUG_CATEGORY_STATIC (obs_src_debug);
#define GST_CAT_DEFAULT obs_src_debug

#define DEFAULT_SOCKET_TYPE TRIB_SOCKET_STREAM
#define DEFAULT_MODE 0600
#define DEFAULT_MAX_CLIENTS 64
#define DEFAULT_MAX_RECORD_BYTES (1024 * 1024)
#define MAX_MAX_RECORD_BYTES (64 * 1024 * 1024)
#define DEFAULT_MAX_BYTES (16 * 1024 * 1024)
#define DEFAULT_RECORD_TIMEOUT_MS 5000

typedef enum { ON_FULL_BLOCK, ON_FULL_DROP_OLDEST } GstObsSrcOnFull;

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
    GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json; application/x-msgpack"));

enum {
  PROP_LOCATION = 1,
  PROP_SOCKET_TYPE,
  PROP_MODE,
  PROP_MAX_CLIENTS,
  PROP_MAX_RECORD_BYTES,
  PROP_MAX_BYTES,
  PROP_ON_FULL,
  PROP_RECORD_TIMEOUT_MS,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

struct _GstObsSrc {
  GstPushSrc parent;

  /* OBJECT_LOCK */
  gchar *location;
  TribSocketType socket_type;
  guint mode;
  guint max_clients;
  guint64 max_record_bytes;
  guint64 max_bytes;
  GstObsSrcOnFull on_full;
  guint record_timeout_ms;
  guint64 dropped_transcode;
  TribSocketCounts last;        /* of the receiver that was */
  TribSocketReceiver *receiver; /* from start to stop; the pointer changes under the lock */

  /* streaming thread */
  TribRecordFormat format;
  TribRecordReader *reader;
};

#define GST_TYPE_OBS_SRC_SOCKET_TYPE (gst_obs_src_socket_type_get_type ())
static GType
gst_obs_src_socket_type_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { TRIB_SOCKET_DATAGRAM, "A record, or a list of them, a datagram", "datagram" },
    { TRIB_SOCKET_STREAM, "Connections with lines of JSON, or MessagePack", "stream" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstObsSrcSocketType", values));
  return type;
}

#define GST_TYPE_OBS_SRC_ON_FULL (gst_obs_src_on_full_get_type ())
static GType
gst_obs_src_on_full_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { ON_FULL_BLOCK, "Senders wait", "block" },
    { ON_FULL_DROP_OLDEST, "The oldest records are dropped", "drop-oldest" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstObsSrcOnFull", values));
  return type;
}

#define gst_obs_src_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstObsSrc, gst_obs_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (obssrc, "obssrc", GST_RANK_NONE, GST_TYPE_OBS_SRC,
    GST_DEBUG_CATEGORY_INIT (obs_src_debug, "obssrc", 0, "records from a Unix socket"))

#define EVENT(field) G_STRUCT_OFFSET (TribSocketReceiverEvent, field)

/* clang-format off */
static const TribField refused_fields[] = {
  { "reason", TRIB_FIELD_TEXT, EVENT (reason), "last part of the name of the counter in `stats`, or `clients`: too many connections" },
  { "detail", TRIB_FIELD_TEXT, EVENT (detail), "the last one, as text for people" },
  { "pid", TRIB_FIELD_INT, EVENT (pid), "process of the last one; 0: not known" },
  { "count", TRIB_FIELD_UINT64, EVENT (count), "how many since the message before" },
};
static const TribField senders_fields[] = {
  { "connected", TRIB_FIELD_UINT, EVENT (connected), "senders now" },
  { "joined", TRIB_FIELD_UINT64, EVENT (joined), "senders that connected since the message before" },
  { "left", TRIB_FIELD_UINT64, EVENT (left), "senders that disconnected since the message before" },
  { "pid", TRIB_FIELD_INT, EVENT (pid), "process of the last one; 0: not known" },
};
/* clang-format on */
static const TribFieldTable refused_message = TRIB_FIELD_TABLE ("obssrc-refused",
    "input that is no record, or a connection, was refused; at most once a second", refused_fields);
static const TribFieldTable senders_message = TRIB_FIELD_TABLE (
    "obssrc-senders", "senders connected or disconnected; at most once a second", senders_fields);

/* @thread: receiver */
static void
tell (const TribSocketReceiverEvent *event, gpointer user_data)
{
  GstElement *element = user_data;
  gboolean refused = event->kind == TRIB_SOCKET_TOLD_REFUSED;

  if (refused)
    GST_INFO_OBJECT (element, "refused, process %d: %s", event->pid, event->detail);
  gst_element_post_message (element,
      trib_fields_to_message (element, refused ? &refused_message : &senders_message, event));
}

static void
post_error (GstObsSrc *self, const GError *error)
{
  switch (error->code) {
    case TRIB_SOCKET_ERROR_LOCATION:
      GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
          ("Set the property location to a path or to @ and a name: %s.", error->message), (NULL));
      break;
    case TRIB_SOCKET_ERROR_IN_USE:
      GST_ELEMENT_ERROR (self, RESOURCE, BUSY, ("Cannot listen: %s.", error->message), (NULL));
      break;
    default:
      GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ, ("Cannot listen: %s.", error->message), (NULL));
      break;
  }
}

static gboolean
gst_obs_src_start (GstBaseSrc *base)
{
  GstObsSrc *self = GST_OBS_SRC (base);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *location = NULL;
  TribSocketReceiverConfig config;
  TribSocketReceiver *receiver;
  TribRecordLimits limits = { 0 };

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  config = (TribSocketReceiverConfig){ .location = location,
    .type = self->socket_type,
    .mode = self->mode,
    .max_clients = self->max_clients,
    .max_record_bytes = (gsize) self->max_record_bytes,
    .max_bytes = (gsize) self->max_bytes,
    .drop_oldest = self->on_full == ON_FULL_DROP_OLDEST,
    .record_timeout_ms = self->record_timeout_ms };
  limits.max_bytes = (gsize) self->max_record_bytes;
  self->dropped_transcode = 0;
  self->last = (TribSocketCounts){ 0 };
  GST_OBJECT_UNLOCK (self);

  receiver = trib_socket_receiver_new (&config, tell, self, &error);
  if (receiver == NULL) {
    post_error (self, error);
    return FALSE;
  }
  self->reader = trib_record_reader_new (&limits);
  GST_OBJECT_LOCK (self);
  self->receiver = receiver;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_obs_src_stop (GstBaseSrc *base)
{
  GstObsSrc *self = GST_OBS_SRC (base);
  TribSocketReceiver *receiver;
  TribSocketCounts last = { 0 };

  /* between the two, stats have what was counted before the end */
  GST_OBJECT_LOCK (self);
  receiver = g_steal_pointer (&self->receiver);
  if (receiver != NULL)
    trib_socket_receiver_get_counts (receiver, &self->last);
  GST_OBJECT_UNLOCK (self);
  if (receiver != NULL) {
    trib_socket_receiver_free (receiver, &last);
    GST_OBJECT_LOCK (self);
    self->last = last;
    GST_OBJECT_UNLOCK (self);
  }
  g_clear_pointer (&self->reader, trib_record_reader_free);
  return TRUE;
}

static gboolean
gst_obs_src_unlock (GstBaseSrc *base)
{
  GstObsSrc *self = GST_OBS_SRC (base);

  if (self->receiver != NULL)
    trib_socket_receiver_set_flushing (self->receiver, TRUE);
  return TRUE;
}

static gboolean
gst_obs_src_unlock_stop (GstBaseSrc *base)
{
  GstObsSrc *self = GST_OBS_SRC (base);

  if (self->receiver != NULL)
    trib_socket_receiver_set_flushing (self->receiver, FALSE);
  return TRUE;
}

static gboolean
gst_obs_src_set_caps (GstBaseSrc *base, GstCaps *caps)
{
  GST_OBS_SRC (base)->format
      = gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/json")
            ? TRIB_RECORD_JSON
            : TRIB_RECORD_MSGPACK;
  return TRUE;
}

/* running time of a moment of the monotonic clock that has passed */
static GstClockTime
running_time_of (GstObsSrc *self, gint64 time_us)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));
  gint64 age_us = MAX (0, g_get_monotonic_time () - time_us);

  if (!GST_CLOCK_TIME_IS_VALID (now))
    return GST_CLOCK_TIME_NONE;
  /* what came before the pipeline played */
  return now - MIN (now, (GstClockTime) age_us * GST_USECOND);
}

/* (nullable) (transfer full) */
static GstBuffer *
make_buffer (GstObsSrc *self, TribSocketRecord *record)
{
  g_autoptr (GError) error = NULL;
  GString *text;
  gsize len;

  if (record->format == self->format)
    return gst_buffer_new_wrapped_full (
        0, record->data, record->len, 0, record->len, record, g_free);
  text = g_string_sized_new (2 * record->len);
  trib_record_reader_set (self->reader, record->format, record->data, record->len);
  if (!trib_record_transcode (
          self->reader, self->format, TRIB_RECORD_NAN_NULL, text, NULL, &error)) {
    GST_WARNING_OBJECT (self, "a record that cannot be rewritten: %s", error->message);
    GST_OBJECT_LOCK (self);
    self->dropped_transcode++;
    GST_OBJECT_UNLOCK (self);
    g_string_free (text, TRUE);
    g_free (record);
    return NULL;
  }
  g_free (record);
  len = text->len;
  return gst_buffer_new_wrapped (g_string_free (text, FALSE), len);
}

static GstFlowReturn
gst_obs_src_create (GstPushSrc *push, GstBuffer **ret_buffer)
{
  GstObsSrc *self = GST_OBS_SRC (push);
  GstBuffer *buffer = NULL;

  while (buffer == NULL) {
    TribSocketRecord *record = trib_socket_receiver_pop (self->receiver);
    GstClockTime time;

    if (record == NULL)
      return GST_FLOW_FLUSHING;
    time = running_time_of (self, record->arrival_us);
    buffer = make_buffer (self, record);
    if (buffer != NULL)
      GST_BUFFER_PTS (buffer) = time;
  }
  *ret_buffer = buffer;
  return GST_FLOW_OK;
}

/* ---- properties ---- */

static GstStructure *
make_stats (GstObsSrc *self)
{
  TribSocketCounts c;
  guint64 transcode;
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  c = self->last;
  if (self->receiver != NULL)
    trib_socket_receiver_get_counts (self->receiver, &c);
  transcode = self->dropped_transcode;
  GST_OBJECT_UNLOCK (self);
  stats = gst_structure_new ("application/x-obssrc-stats", "records-in", G_TYPE_UINT64,
      c.records_in, "bytes-in", G_TYPE_UINT64, c.bytes_in, "records-out", G_TYPE_UINT64,
      c.records_out - MIN (transcode, c.records_out), "dropped-oldest", G_TYPE_UINT64,
      c.dropped_oldest, "dropped-flush", G_TYPE_UINT64, c.dropped_flush, "dropped-transcode",
      G_TYPE_UINT64, transcode, "pending", G_TYPE_UINT64, c.pending, "pending-bytes", G_TYPE_UINT64,
      c.pending_bytes, "clients", G_TYPE_UINT64, c.clients, "clients-now", G_TYPE_UINT64,
      c.clients_now, "clients-closed", G_TYPE_UINT64, c.clients_closed, "clients-refused",
      G_TYPE_UINT64, c.clients_refused, NULL);
  for (guint i = 0; i < TRIB_SOCKET_N_REASONS; i++) {
    g_autofree gchar *name = g_strdup_printf ("refused-%s", trib_socket_reason (i));

    gst_structure_set (stats, name, G_TYPE_UINT64, c.refused[i], NULL);
  }
  return stats;
}

static void
gst_obs_src_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstObsSrc *self = GST_OBS_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_free (self->location);
      self->location = g_value_dup_string (value);
      break;
    case PROP_SOCKET_TYPE:
      self->socket_type = (TribSocketType) g_value_get_enum (value);
      break;
    case PROP_MODE:
      self->mode = g_value_get_uint (value);
      break;
    case PROP_MAX_CLIENTS:
      self->max_clients = g_value_get_uint (value);
      break;
    case PROP_MAX_RECORD_BYTES:
      self->max_record_bytes = g_value_get_uint64 (value);
      break;
    case PROP_MAX_BYTES:
      self->max_bytes = g_value_get_uint64 (value);
      break;
    case PROP_ON_FULL:
      self->on_full = (GstObsSrcOnFull) g_value_get_enum (value);
      break;
    case PROP_RECORD_TIMEOUT_MS:
      self->record_timeout_ms = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_obs_src_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstObsSrc *self = GST_OBS_SRC (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_value_set_string (value, self->location);
      break;
    case PROP_SOCKET_TYPE:
      g_value_set_enum (value, (gint) self->socket_type);
      break;
    case PROP_MODE:
      g_value_set_uint (value, self->mode);
      break;
    case PROP_MAX_CLIENTS:
      g_value_set_uint (value, self->max_clients);
      break;
    case PROP_MAX_RECORD_BYTES:
      g_value_set_uint64 (value, self->max_record_bytes);
      break;
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, self->max_bytes);
      break;
    case PROP_ON_FULL:
      g_value_set_enum (value, (gint) self->on_full);
      break;
    case PROP_RECORD_TIMEOUT_MS:
      g_value_set_uint (value, self->record_timeout_ms);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_obs_src_finalize (GObject *object)
{
  g_free (GST_OBS_SRC (object)->location);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_obs_src_init (GstObsSrc *self)
{
  self->socket_type = DEFAULT_SOCKET_TYPE;
  self->mode = DEFAULT_MODE;
  self->max_clients = DEFAULT_MAX_CLIENTS;
  self->max_record_bytes = DEFAULT_MAX_RECORD_BYTES;
  self->max_bytes = DEFAULT_MAX_BYTES;
  self->on_full = ON_FULL_BLOCK;
  self->record_timeout_ms = DEFAULT_RECORD_TIMEOUT_MS;
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  properties[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "Path of the socket, such as /tmp/obs.sock, or @ and an abstract name", NULL, flags);
  properties[PROP_SOCKET_TYPE] = g_param_spec_enum ("socket-type", "Socket type",
      "Whether others connect, or send datagrams", GST_TYPE_OBS_SRC_SOCKET_TYPE,
      DEFAULT_SOCKET_TYPE, flags);
  properties[PROP_MODE] = g_param_spec_uint ("mode", "Mode",
      "Permission bits of the socket's file: 0600 (384) is for this user, 0666 (438) for all", 0,
      0777, DEFAULT_MODE, flags);
  properties[PROP_MAX_CLIENTS] = g_param_spec_uint ("max-clients", "Most clients",
      "Most connections at once, a number of clients", 1, 1024, DEFAULT_MAX_CLIENTS, flags);
  properties[PROP_MAX_RECORD_BYTES] = g_param_spec_uint64 ("max-record-bytes", "Largest record",
      "Largest record that is taken, and most that is kept of one whose end has not come", 2,
      MAX_MAX_RECORD_BYTES, DEFAULT_MAX_RECORD_BYTES, flags);
  properties[PROP_MAX_BYTES] = g_param_spec_uint64 ("max-bytes", "Most bytes",
      "How many bytes of records may wait to be pushed", 1, G_MAXINT32, DEFAULT_MAX_BYTES, flags);
  properties[PROP_ON_FULL]
      = g_param_spec_enum ("on-full", "On full", "What happens when max-bytes wait to be pushed",
          GST_TYPE_OBS_SRC_ON_FULL, ON_FULL_BLOCK, flags);
  properties[PROP_RECORD_TIMEOUT_MS] = g_param_spec_uint ("record-timeout-ms", "Record timeout",
      "How long a record of a stream may take from its first byte to its last, 0 for ever", 0,
      G_MAXINT32, DEFAULT_RECORD_TIMEOUT_MS, flags);
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "What became of the records since the last start", GST_TYPE_STRUCTURE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gst_obs_src_class_init (GstObsSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);
  GstPushSrcClass *push_class = GST_PUSH_SRC_CLASS (klass);

  object_class->set_property = gst_obs_src_set_property;
  object_class->get_property = gst_obs_src_get_property;
  object_class->finalize = gst_obs_src_finalize;
  install_properties (object_class);
  base_class->start = GST_DEBUG_FUNCPTR (gst_obs_src_start);
  base_class->stop = GST_DEBUG_FUNCPTR (gst_obs_src_stop);
  base_class->unlock = GST_DEBUG_FUNCPTR (gst_obs_src_unlock);
  base_class->unlock_stop = GST_DEBUG_FUNCPTR (gst_obs_src_unlock_stop);
  base_class->set_caps = GST_DEBUG_FUNCPTR (gst_obs_src_set_caps);
  push_class->create = GST_DEBUG_FUNCPTR (gst_obs_src_create);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Observation socket source",
      "Source/Network", "Receives observations and triggers of other processes at a Unix socket",
      "The gst-tributary authors");
  gst_type_mark_as_plugin_api (GST_TYPE_OBS_SRC_SOCKET_TYPE, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_OBS_SRC_ON_FULL, 0);
}
