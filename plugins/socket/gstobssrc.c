/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-obssrc
 * @title: obssrc
 * @short_description: Receives observations and triggers of other processes at a Unix socket
 *
 * Other processes send records (OBS-1, OBS-2) to a Unix socket (OBS-9). Each is pushed in a buffer
 * of its own, complete and validated, in the bytes received. Any number of processes may send at
 * once.
 *
 * With `socket-type=stream` a process connects and sends JSON, a record a line, or a sequence of
 * MessagePack records. With `socket-type=datagram` each datagram is one record of either format.
 * The first byte shows the format. A list of records is accepted in place of a record.
 *
 * With `format=text` each line or datagram may be a text form of the old processes (OBS-10), such
 * as
 * `OBS src=face frame=7 t_ns=5 faces=1 f0=id:0,conf:0.950,x:0.1000,y:0.1000,w:0.2000,h:0.2000`,
 * `OBS src=pose frame=7 t_ns=5 poses=1 p0=id:0,hr:1,hw:0`, `OBS src=quality frame=7 t_ns=5
 * blur:712.6,bright:119.9,contrast:0.525,gate:1` or `TRIG label=wave t_start_ns=0 t_end_ns=9
 * score=0.850 reason=hands`. It becomes a record of JSON: boxes are a `bbox` with `"units":
 * "relative"`, conf is `confidence`, expr `expression`, hr `hand_raised`, hw `hand_wave`, wc
 * `wave_count`, bright `brightness`, gate `gate_open`; numbers are as sent (the contrast is 0 to 1
 * there). Keys that are not known are ignored. JSON is accepted beside it, as it is.
 *
 * With `socket-type=fifo framing=length-header` the element reads the frames of an old process
 * (OBS-10): u32 length, u64 frame id, u64 capture time in ns, all little-endian, before each JPEG.
 * Each becomes a buffer with the identity of the header: stream `video-0`, and a new session for
 * each process that writes; `framestamp session-id=... stream-id=...` behind it gives others. When
 * the writer closes the FIFO, the element waits for the next one. What cannot be a header and a
 * JPEG is an error, as where the next frame begins is not known then: a length below 4 bytes or
 * above `max-bytes`, or data that does not begin and end as a JPEG does (zeros behind it are
 * accepted).
 *
 * `location` is a path, or '@' and a name without a file. A socket that a dead process has left
 * there is replaced; one of a running process is an error. The file is removed at the end, if it is
 * still the one that was created.
 *
 * Invalid input is counted by reason and reported; other clients are unaffected. The connection
 * goes on at the next record that can be found, and is closed if there is none: a stream that is
 * neither JSON nor MessagePack, MessagePack that is not valid or too large, 64 invalid records in a
 * row, on lines or in lists, a record that is incomplete for longer than `record-timeout-ms`. When
 * `max-clients` are connected, the client that has sent no record for the longest time, and for
 * `idle-timeout-ms` at least, gives its place to a new one; if there is none, the new one is
 * refused. Both are reported.
 *
 * In a shell:
 * `echo '{"type":"face","frame_id":7,"t_ns":0}' | socat - UNIX-CONNECT:/tmp/obs.sock`
 *
 * ## Caps
 * application/json or application/x-msgpack, as downstream requires, JSON if it accepts both.
 * Records of that format keep their bytes; others are transcoded. With `framing=length-header`
 * image/jpeg.
 *
 * ## Timing
 * Live. PTS is the running time at which the last byte of the record or frame was read; a record's
 * own `t_ns` is not changed. The stream ends after `num-buffers`, or by an EOS event sent to the
 * element.
 *
 * ## Threads
 * A thread `trib-socket-in` reads the sockets and parses records, the base class's thread pushes
 * them. Clients (of datagrams: processes) are served in turn, a record each, however much one of
 * them sends. The queue between the threads has `max-bytes` at most, and what one more read of each
 * client brings. When it is full, `on-full` says whether senders block (the system blocks senders
 * of datagrams, too: a Unix socket loses none) or the oldest records are dropped, of the client
 * that has most in the queue. Each incomplete record is bounded by `max-record-bytes`. Queued
 * records are kept at a flush. A FIFO is read by the base class's thread: a slow pipeline blocks
 * the writer.
 *
 * ## Errors
 * RESOURCE/SETTINGS: `location` is not set or not valid, or `framing` does not fit the
 * `socket-type` or `format`. RESOURCE/BUSY: another process listens there. RESOURCE/OPEN_READ: the
 * file is of another type, or the system refuses. STREAM/DEMUX: the boundary of frames in a FIFO is
 * lost; the message says where, and why.
 *
 * ## Stats
 * Counted from READY to PAUSED on. `records-in` = `records-out` + `dropped-oldest` +
 * `dropped-flush` + `dropped-transcode` + all `refused-REASON` + `pending`. The reasons are those
 * of [records](../records.md).
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 obssrc location=tributary-example.sock num-buffers=10 ! ndjsonenc ! fdsink
 * videotestsrc num-buffers=10 pattern=ball ! qualityextract ! obssink
 * location=tributary-example.sock on-no-receiver=wait
 * ]| Ten lines of JSON that passed through a socket.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstobssrc.h"

#include <shared/trib-element-records.h>
#include <shared/trib-fields.h>
#include <shared/trib-properties.h>

#include <frame/trib-frame-meta.h>
#include <frame/trib-frame-session.h>
#include <record/trib-record-transcode.h>
#include <socket/trib-socket-frames.h>
#include <socket/trib-socket-receiver.h>

#include "obs-socket.h"

GST_DEBUG_CATEGORY_STATIC (obs_src_debug);
#define GST_CAT_DEFAULT obs_src_debug

#define DEFAULT_MAX_RECORD_BYTES (1024 * 1024)
#define MAX_MAX_RECORD_BYTES (64 * 1024 * 1024)

typedef enum { ON_FULL_BLOCK, ON_FULL_DROP_OLDEST } GstObsSrcOnFull;

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS "; image/jpeg"));

enum {
  PROP_LOCATION = 1,
  PROP_SOCKET_TYPE,
  PROP_FORMAT,
  PROP_FRAMING,
  PROP_MODE,
  PROP_MAX_CLIENTS,
  PROP_MAX_RECORD_BYTES,
  PROP_MAX_BYTES,
  PROP_ON_FULL,
  PROP_RECORD_TIMEOUT_MS,
  PROP_IDLE_TIMEOUT_MS,
  PROP_STATS,
  N_PROPS
};

typedef struct {
  gchar *location;
  TribSocketType socket_type;
  ObsSocketFormat format;
  ObsSocketFraming framing;
  guint mode;
  guint max_clients;
  guint64 max_record_bytes;
  guint64 max_bytes;
  GstObsSrcOnFull on_full;
  guint record_timeout_ms;
  guint idle_timeout_ms;
} ObsSrcSettings;

#define AT(field) G_STRUCT_OFFSET (ObsSrcSettings, field)

/* clang-format off */
static const TribProperty property_table[N_PROPS] = {
  [PROP_LOCATION] = { TRIB_PROPERTY_TEXT, "location", "Location",
      "Path of the socket or FIFO, such as /tmp/obs.sock, or @ and the abstract name of a socket",
      AT (location), .is_nullable = TRUE },
  [PROP_SOCKET_TYPE] = { TRIB_PROPERTY_ENUM, "socket-type", "Socket type",
      "Whether senders connect, or send datagrams", AT (socket_type),
      .initial = TRIB_SOCKET_STREAM, .type_name = "GstObsSrcSocketType", .choices = {
        { "datagram", "A record, or a list of records, in each datagram" },
        { "stream", "Connections with lines of JSON, or MessagePack" },
        { "fifo", "FIFO that another process writes frames to: framing=length-header" } } },
  [PROP_FORMAT] = { TRIB_PROPERTY_ENUM, "format", "Format",
      "What senders send", AT (format), .type_name = "GstObsSrcFormat", .choices = {
        { "records", "JSON or MessagePack" },
        { "text", "Text forms of observations and triggers, or JSON, a line or datagram each" } } },
  [PROP_FRAMING] = { TRIB_PROPERTY_ENUM, "framing", "Framing",
      "What is before each frame in a FIFO", AT (framing), .type_name = "GstObsSrcFraming",
      .choices = {
        { "none", "Nothing: records, no frames" },
        { "length-header", "A header of 20 bytes before each JPEG: length, frame id, time" } } },
  [PROP_MODE] = { TRIB_PROPERTY_UINT, "mode", "Mode",
      "Permission bits of the socket or FIFO: 0600 (384) is for this user, 0666 (438) for all",
      AT (mode), 0, 0777, OBS_SOCKET_DEFAULT_MODE },
  [PROP_MAX_CLIENTS] = { TRIB_PROPERTY_UINT, "max-clients", "Maximum clients",
      "Maximum number of clients", AT (max_clients), 1, 1024, OBS_SOCKET_DEFAULT_MAX_CLIENTS },
  [PROP_MAX_RECORD_BYTES] = { TRIB_PROPERTY_UINT64, "max-record-bytes", "Maximum record size",
      "Largest record that is accepted, complete or not (bytes)",
      AT (max_record_bytes), 2, MAX_MAX_RECORD_BYTES, DEFAULT_MAX_RECORD_BYTES },
  [PROP_MAX_BYTES] = { TRIB_PROPERTY_UINT64, "max-bytes", "Maximum bytes",
      "Size of the queue of records to be pushed (bytes)",
      AT (max_bytes), 1, G_MAXINT32, OBS_SOCKET_DEFAULT_MAX_BYTES },
  [PROP_ON_FULL] = { TRIB_PROPERTY_ENUM, "on-full", "On full",
      "What to do when the queue is full", AT (on_full),
      .type_name = "GstObsSrcOnFull", .choices = {
        { "block", "Block the senders" },
        { "drop-oldest", "Drop the oldest records" } } },
  [PROP_RECORD_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "record-timeout-ms", "Record timeout",
      "Longest time from the first byte of a record of a stream to its last; 0: no limit",
      AT (record_timeout_ms), 0, G_MAXINT32, 5000 },
  [PROP_IDLE_TIMEOUT_MS] = { TRIB_PROPERTY_UINT, "idle-timeout-ms", "Idle timeout",
      "Time without a record after which a client gives its place to a new one, if max-clients are "
      "connected; 0: never", AT (idle_timeout_ms), 0, G_MAXINT32, 10000 },
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters of records, bytes and clients since the last start" },
};
/* clang-format on */
static const TribProperties properties = TRIB_PROPERTIES (property_table);

struct _GstObsSrc {
  GstPushSrc parent;

  /* OBJECT_LOCK */
  ObsSrcSettings settings;
  guint64 dropped_transcode;
  /* from the first start on, one of the two; the pointers change under the lock */
  TribSocketReceiver *receiver;
  TribSocketFrames *frames;

  /* streaming thread */
  TribRecordFormat format;
  TribRecordReader *reader;
  gchar *session; /* of the frames of @writer */
  guint64 writer;
};

#define gst_obs_src_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstObsSrc, gst_obs_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (obssrc, "obssrc", GST_RANK_NONE, GST_TYPE_OBS_SRC,
    GST_DEBUG_CATEGORY_INIT (obs_src_debug, "obssrc", 0, "records from a Unix socket"))

typedef struct {
  TribSocketCounts receiver;
  guint64 records_out, dropped_transcode;
} ObsSrcStats;

#define EVENT(field) G_STRUCT_OFFSET (TribSocketReceiverEvent, field)
#define COUNT(name, field, about)                                        \
  {                                                                      \
    name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (ObsSrcStats, field), about \
  }

/* clang-format off */
static const TribField refused_fields[] = {
  { "reason", TRIB_FIELD_TEXT, EVENT (reason),
    "last part of the name of the counter in `stats`; or `clients`: too many connections; or "
    "`idle`: a connection without records was closed for a new one" },
  { "detail", TRIB_FIELD_TEXT, EVENT (detail), "the last one, as text for people" },
  { "pid", TRIB_FIELD_INT, EVENT (pid), "process of the last one; 0: not known" },
  { "count", TRIB_FIELD_UINT64, EVENT (count), "how many since the message before" },
};
static const TribField senders_fields[] = {
  { "connected", TRIB_FIELD_UINT, EVENT (connected), "senders now" },
  { "joined", TRIB_FIELD_UINT64, EVENT (joined),
    "senders that connected since the message before" },
  { "left", TRIB_FIELD_UINT64, EVENT (left), "senders that disconnected since the message before" },
  { "pid", TRIB_FIELD_INT, EVENT (pid), "process of the last one; 0: not known" },
};
static const TribField stats_fields[] = {
  COUNT ("records-in", receiver.records_in, "records received, valid or not"),
  COUNT ("bytes-in", receiver.bytes_in, "bytes read from sockets"),
  COUNT ("records-out", records_out, "records given to the source pad"),
  COUNT ("dropped-oldest", receiver.dropped_oldest, "records dropped from a full queue"),
  COUNT ("dropped-flush", receiver.dropped_flush, "records in the queue when the element stopped"),
  COUNT ("dropped-transcode", dropped_transcode,
    "records that the other format cannot represent"),
  { "refused-", TRIB_FIELD_COUNTS, G_STRUCT_OFFSET (ObsSrcStats, receiver.refused),
    "records that are not valid; `refused-half`: the sender disconnected, or was too slow, in the "
    "middle; `refused-syntax` of a FIFO: the frame at which the boundary was lost",
    .n = TRIB_SOCKET_N_REASONS, .to_string = trib_socket_reason },
  COUNT ("pending", receiver.pending, "records in the queue"),
  COUNT ("pending-bytes", receiver.pending_bytes, "memory of these records, in bytes"),
  COUNT ("clients", receiver.clients, "connections accepted"),
  COUNT ("clients-now", receiver.clients_now, "connections open now"),
  COUNT ("clients-closed", receiver.clients_closed,
    "connections closed here because of invalid input"),
  COUNT ("clients-refused", receiver.clients_refused, "connections beyond `max-clients`"),
  COUNT ("clients-idle", receiver.clients_idle,
    "connections without records closed here for a new one: see `idle-timeout-ms`"),
};
/* clang-format on */
static const TribFieldTable refused_message = TRIB_FIELD_TABLE ("obssrc-refused",
    "input that is no record, or a connection, was refused; at most once a second for each reason",
    refused_fields);
static const TribFieldTable senders_message = TRIB_FIELD_TABLE (
    "obssrc-senders", "senders connected or disconnected; at most once a second", senders_fields);
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-obssrc-stats", NULL, stats_fields);

/* @thread: receiver */
static void
notify (const TribSocketReceiverEvent *event, gpointer user_data)
{
  GstElement *element = user_data;
  gboolean refused = event->kind == TRIB_SOCKET_REFUSED;

  if (refused)
    GST_INFO_OBJECT (element, "refused, process %d: %s", event->pid, event->detail);
  gst_element_post_message (element,
      trib_fields_to_message (element, refused ? &refused_message : &senders_message, event));
}

static gboolean
check_settings (GstObsSrc *self, const ObsSrcSettings *s)
{
  const gchar *why = NULL;

  if (s->framing == OBS_SOCKET_LENGTH_HEADER && s->socket_type != TRIB_SOCKET_FIFO)
    why = "framing=length-header is for frames in a FIFO: set socket-type=fifo";
  else if (s->framing == OBS_SOCKET_BARE && s->socket_type == TRIB_SOCKET_FIFO)
    why = "of a FIFO only frames behind headers are read: set framing=length-header (JPEGs without "
          "headers are read by filesrc ! jpegparse)";
  else if (s->framing == OBS_SOCKET_LENGTH_HEADER && s->format == OBS_SOCKET_TEXT)
    why = "format=text is for records, framing=length-header for frames: set one of them";
  if (why == NULL)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s.", why), (NULL));
  return FALSE;
}

static TribSocketReceiver *
make_receiver (GstObsSrc *self, const ObsSrcSettings *s, GError **error)
{
  const TribSocketReceiverConfig config = { .location = s->location,
    .type = s->socket_type,
    .mode = s->mode,
    .max_clients = s->max_clients,
    .max_record_bytes = (gsize) s->max_record_bytes,
    .text = s->format == OBS_SOCKET_TEXT,
    .max_bytes = (gsize) s->max_bytes,
    .drop_oldest = s->on_full == ON_FULL_DROP_OLDEST,
    .record_timeout_ms = s->record_timeout_ms,
    .idle_timeout_ms = s->idle_timeout_ms };

  return trib_socket_receiver_new (&config, notify, self, error);
}

static TribSocketFrames *
make_frames (GstObsSrc *self, const ObsSrcSettings *s, GError **error)
{
  const TribSocketFramesConfig config
      = { .location = s->location, .mode = s->mode, .max_bytes = (gsize) s->max_bytes };

  return trib_socket_frames_new (&config, notify, self, error);
}

/* What received in the run before is kept until now, so that its counters can be read. */
static gboolean
gst_obs_src_start (GstBaseSrc *base)
{
  GstObsSrc *self = GST_OBS_SRC (base);
  g_autoptr (GError) error = NULL;
  ObsSrcSettings s;
  TribSocketReceiver *receiver = NULL, *old_receiver;
  TribSocketFrames *frames = NULL, *old_frames;
  TribRecordLimits limits = { 0 };
  gboolean good;

  GST_OBJECT_LOCK (self);
  s = self->settings;
  trib_properties_own (&properties, &s);
  GST_OBJECT_UNLOCK (self);
  limits.max_bytes = (gsize) s.max_record_bytes;
  good = check_settings (self, &s);
  if (good && s.framing == OBS_SOCKET_LENGTH_HEADER)
    frames = make_frames (self, &s, &error);
  else if (good)
    receiver = make_receiver (self, &s, &error);
  trib_properties_clear (&properties, &s);
  GST_OBJECT_LOCK (self);
  old_receiver = self->receiver;
  self->receiver = receiver;
  old_frames = self->frames;
  self->frames = frames;
  self->dropped_transcode = 0;
  GST_OBJECT_UNLOCK (self);
  trib_socket_receiver_free (old_receiver);
  trib_socket_frames_free (old_frames);
  if (error != NULL)
    obs_socket_post_error (GST_ELEMENT (self), error, GST_RESOURCE_ERROR_OPEN_READ);
  if (receiver == NULL && frames == NULL)
    return FALSE;
  self->reader = trib_record_reader_new (&limits);
  self->writer = 0;
  return TRUE;
}

static gboolean
gst_obs_src_stop (GstBaseSrc *base)
{
  GstObsSrc *self = GST_OBS_SRC (base);

  if (self->receiver != NULL)
    trib_socket_receiver_stop (self->receiver);
  if (self->frames != NULL)
    trib_socket_frames_stop (self->frames);
  g_clear_pointer (&self->reader, trib_record_reader_free);
  return TRUE;
}

static void
set_flushing (GstObsSrc *self, gboolean flushing)
{
  if (self->receiver != NULL)
    trib_socket_receiver_set_flushing (self->receiver, flushing);
  if (self->frames != NULL)
    trib_socket_frames_set_flushing (self->frames, flushing);
}

static gboolean
gst_obs_src_unlock (GstBaseSrc *base)
{
  set_flushing (GST_OBS_SRC (base), TRUE);
  return TRUE;
}

static gboolean
gst_obs_src_unlock_stop (GstBaseSrc *base)
{
  set_flushing (GST_OBS_SRC (base), FALSE);
  return TRUE;
}

/* records or frames: the last of the template */
static GstCaps *
gst_obs_src_get_caps (GstBaseSrc *base, GstCaps *filter)
{
  GstObsSrc *self = GST_OBS_SRC (base);
  GstCaps *caps = gst_caps_make_writable (gst_pad_get_pad_template_caps (base->srcpad));
  guint frames = gst_caps_get_size (caps) - 1;
  GstCaps *both;

  GST_OBJECT_LOCK (self);
  for (guint i = frames + 1; i-- > 0;) {
    if ((i == frames) != (self->settings.framing == OBS_SOCKET_LENGTH_HEADER))
      gst_caps_remove_structure (caps, i);
  }
  GST_OBJECT_UNLOCK (self);
  if (filter == NULL)
    return caps;
  both = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return both;
}

static gboolean
gst_obs_src_set_caps (GstBaseSrc *base, GstCaps *caps)
{
  trib_record_caps_parse (caps, &GST_OBS_SRC (base)->format);
  return TRUE;
}

/* @time_us: on the monotonic clock, in the past */
static GstClockTime
running_time_of (GstObsSrc *self, gint64 time_us)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));
  gint64 age_us = MAX (0, g_get_monotonic_time () - time_us);

  if (!GST_CLOCK_TIME_IS_VALID (now))
    return GST_CLOCK_TIME_NONE;
  /* at least 0, for a record received before PLAYING */
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
    GST_WARNING_OBJECT (self, "a record that cannot be transcoded: %s", error->message);
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

/* @frame: its data is taken */
static GstBuffer *
make_frame (GstObsSrc *self, const TribSocketFrame *frame)
{
  const TribSocketFrameHeader *header = &frame->header;
  GstBuffer *buffer = gst_buffer_new_wrapped (frame->data, header->len);
  TribFrameInfo info = { .stream = "video-0",
    .index = header->frame_id,
    .t_ns = header->t_ns,
    .key = TRUE,
    .time_source = TRIB_TIME_SOURCE_META,
    .format = "jpeg",
    .quality = -1 };

  /* another writer may begin its frame ids anew */
  if (self->writer != frame->writer) {
    self->writer = frame->writer;
    g_free (self->session);
    self->session = trib_frame_session_new ();
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  }
  info.session = self->session;
  GST_BUFFER_OFFSET (buffer) = header->frame_id;
  GST_BUFFER_OFFSET_END (buffer) = header->frame_id + 1;
  trib_frame_meta_set (buffer, &info);
  return buffer;
}

static GstFlowReturn
create_frame (GstObsSrc *self, GstBuffer **ret_buffer)
{
  g_autoptr (GError) error = NULL;
  TribSocketFrame frame;

  switch (trib_socket_frames_read (self->frames, &frame, &error)) {
    case TRIB_SOCKET_FRAMES_OK:
      break;
    case TRIB_SOCKET_FRAMES_FLUSHING:
      return GST_FLOW_FLUSHING;
    case TRIB_SOCKET_FRAMES_LOST:
      if (error->code == TRIB_SOCKET_ERROR_BOUNDARY)
        GST_ELEMENT_ERROR (self, STREAM, DEMUX,
            ("%s. One process at a time must write there, with framing=length-header.",
                error->message),
            (NULL));
      else
        GST_ELEMENT_ERROR (self, RESOURCE, READ, ("%s.", error->message), (NULL));
      return GST_FLOW_ERROR;
  }
  *ret_buffer = make_frame (self, &frame);
  GST_BUFFER_PTS (*ret_buffer) = running_time_of (self, frame.arrival_us);
  GST_LOG_OBJECT (self, "frame %" G_GUINT64_FORMAT " at %" G_GINT64_FORMAT " ns, %u bytes",
      frame.header.frame_id, frame.header.t_ns, frame.header.len);
  return GST_FLOW_OK;
}

static GstFlowReturn
create_record (GstObsSrc *self, GstBuffer **ret_buffer)
{
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

static GstFlowReturn
gst_obs_src_create (GstPushSrc *push, GstBuffer **ret_buffer)
{
  GstObsSrc *self = GST_OBS_SRC (push);

  return self->frames != NULL ? create_frame (self, ret_buffer) : create_record (self, ret_buffer);
}

/* ---- properties ---- */

static GstStructure *
make_stats (GstObsSrc *self)
{
  ObsSrcStats stats = { 0 };

  GST_OBJECT_LOCK (self);
  if (self->receiver != NULL)
    trib_socket_receiver_get_counts (self->receiver, &stats.receiver);
  if (self->frames != NULL)
    trib_socket_frames_get_counts (self->frames, &stats.receiver);
  stats.dropped_transcode = self->dropped_transcode;
  GST_OBJECT_UNLOCK (self);
  stats.records_out
      = stats.receiver.records_out - MIN (stats.dropped_transcode, stats.receiver.records_out);
  return trib_fields_to_structure (&stats_table, &stats);
}

static void
gst_obs_src_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  trib_properties_set_locked (
      &properties, &GST_OBS_SRC (object)->settings, object, id, value, pspec);
}

static void
gst_obs_src_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstObsSrc *self = GST_OBS_SRC (object);

  if (id == PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else
    trib_properties_get_locked (&properties, &self->settings, object, id, value, pspec);
}

static void
gst_obs_src_finalize (GObject *object)
{
  GstObsSrc *self = GST_OBS_SRC (object);

  trib_socket_receiver_free (self->receiver);
  trib_socket_frames_free (self->frames);
  g_free (self->session);
  trib_properties_clear (&properties, &self->settings);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_obs_src_init (GstObsSrc *self)
{
  trib_properties_init (&properties, &self->settings);
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
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
  trib_properties_install_class (&properties, object_class);
  base_class->start = GST_DEBUG_FUNCPTR (gst_obs_src_start);
  base_class->stop = GST_DEBUG_FUNCPTR (gst_obs_src_stop);
  base_class->unlock = GST_DEBUG_FUNCPTR (gst_obs_src_unlock);
  base_class->unlock_stop = GST_DEBUG_FUNCPTR (gst_obs_src_unlock_stop);
  base_class->get_caps = GST_DEBUG_FUNCPTR (gst_obs_src_get_caps);
  base_class->set_caps = GST_DEBUG_FUNCPTR (gst_obs_src_set_caps);
  push_class->create = GST_DEBUG_FUNCPTR (gst_obs_src_create);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Observation socket source",
      "Source/Network", "Receives observations and triggers of other processes at a Unix socket",
      "The gst-tributary authors");
}
