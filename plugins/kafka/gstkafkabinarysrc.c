/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-kafkabinarysrc
 * @title: kafkabinarysrc
 * @short_description: Reads frames back from Kafka topics as ordinary media
 *
 * Gives the frames that `kafkabinarysink` and other producers of the same topics have written: their bytes as they are, with
 * caps, times and identity. Nothing is copied, no consumer group is joined, nothing is committed or
 * created on the broker.
 *
 * `read-by` decides what a frame is. With registry, the default, it is an entry of the registry topic that says where
 * bytes and metadata are: both were acknowledged, copies that a retry made are passed over, frames that failed are
 * known with their reason, and bytes of other streams are not even transferred. With bytes, it is a record of the
 * bytes topic: for producers that write no registry with offsets, and one acknowledgement earlier.
 *
 * `start` says where to begin: earliest, latest, offset (`start-offset`, of the followed topic, in one partition or all) or
 * time (`start-time`). `until` says where to end: end, the present end when reading begins, or never: the source is live
 * then and waits for more, and for topics that are not there yet. It plays what is old as fast as it is taken.
 *
 * One stream is given. What `session-id` and `stream-id` leave open is decided by the first frame that is met, in order
 * of record timestamps: its stream is taken, others are passed over and told of. Sessions of that stream follow each other: a
 * frame of a session that was not seen yet ends the present one, and a session that was left is not taken up again. So two
 * cameras that write at once are never mixed; who wants one of them names it.
 *
 * While the broker is away reading waits, and goes on where it was. Records that retention has removed before they were
 * read are a gap and a count.
 *
 * ## Caps
 * Any of image/jpeg, image/png, image/webp, video/x-raw, video/x-h264 and video/x-h265 (alignment au), as the record's
 * `caps` header says; else as its content-type header, its first bytes, its metadata record (with `read-by` registry) or
 * typefinding say. A frame of which nothing says what it is is passed over. Caps may change at any buffer.
 *
 * ## Timing
 * PTS is the capture time since the first frame's: stream time 0. A buffer has the DISCONT flag where frames are missing in
 * front of it, and a GAP event (with the fields missing-frames and reason) takes their place; there is none in front of the
 * first frame. Each buffer carries the frame meta, except quality and original size, which records do not say.
 *
 * Seeking: flushing, in time, forwards at rate 1, exact. The broker looks capture times up in its index; the broker inside the
 * process cannot, and is read from its beginning. For H.264 and H.265 reading begins up to ten seconds before the target, at
 * the first key frame; a decoder drops what is in front of the target. When a new session begins, running time goes on and
 * stream time jumps.
 *
 * With `until` end the duration is known once the first frame came, and the source is not live. With `until` never it is live: the first
 * frame after going to PLAYING is of now, the others keep their distances, and `latency-ms` is what frames may be late.
 *
 * ## Threads
 * One streaming thread, which also drives the Kafka clients. Questions to a broker that does not answer block it for a second at most, so a
 * flush or a state change takes that long then. A buffer that is kept keeps the client's connection, too.
 *
 * ## Errors
 * - Unusable settings (topic name, session or stream id, `consumer-config`): RESOURCE/SETTINGS, going to READY.
 * - No such topic or partition, with `until` end: RESOURCE/NOT_FOUND.
 * - The broker refuses this client: RESOURCE/NOT_AUTHORIZED.
 * - The topic was made anew while it was read, or the client cannot go on: RESOURCE/READ.
 * - No broker for three seconds: one RESOURCE/OPEN_READ warning an outage; for `outage-timeout-ms`, when that is set: RESOURCE/OPEN_READ.
 * - Records that are no frames, or of which nothing says what they are: one RESOURCE/READ warning a start.
 *
 * ## Messages
 * - `kafkabinarysrc-connection`: the connection changed. Fields: `state` (string: connected, degraded, down), `previous`
 * (string), `recovered` (boolean), `previous-duration` (ns, uint64), `outage-duration` (ns, uint64), `pending` (frames read
 * ahead, uint64), `reason` (string).
 * - `kafkabinarysrc-frames-missing`: frames are not there. Fields: `index` (uint64: of the first), `count` (uint64), `reason`
 * (string: the registry's word for a frame that failed, expired for past retention, damaged, other-topic, or unknown); where
 * something is known of it: `frame-id` (string), `t-ns` (int64: capture time), `error-message` (string).
 * - `kafkabinarysrc-records-lost`: retention has removed records before they were read. Fields: `partition` (int), `count` (uint64).
 * - `kafkabinarysrc-other-stream`: a stream is passed over. Field: `stream` (string). Once each.
 * - `kafkabinarysrc-session`: the frames that follow are of this session. Fields: `session` (string), `stream` (string).
 *
 * ## Stats
 * records-read = pushed + failed + filtered + before + duplicates + late + expired + damaged + malformed + unusable + skipped
 * + flushed + pending, at any moment. Counters start at 0 with each NULL to READY.
 * - `records-read`: records of the followed topic.
 * - `pushed`: frames given as buffers; `bytes-pushed`: bytes of the frames that were found.
 * - `failed`: registry entries of frames that failed.
 * - `filtered`: of other streams and sessions.
 * - `before`: of capture times before the one that was asked for.
 * - `duplicates`: frames that were there twice.
 * - `late`: frames that came when later ones had been given.
 * - `expired`: the entry is there, retention has removed the bytes.
 * - `damaged`: the bytes are not those that the entry describes.
 * - `malformed`: records that are no registry entries, or have no frame id as key.
 * - `unusable`: frames of which nothing says what they are.
 * - `skipped`: frames in front of the first one that can be decoded by itself.
 * - `flushed`: read ahead when a seek came.
 * - `pending`: read ahead now.
 * - `missing`: frame indexes that nothing was seen of.
 * - `records-lost`: records of the followed topic that retention removed before they were read.
 * - `outages`: how often the connection went down.
 * - `connection`: connecting, connected, degraded or down.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=60 ! video/x-raw,width=640,height=480,framerate=30/1 !
 * frameencodebin session-id=test ! kafkabinarysink bootstrap-servers=in-process
 * kafkabinarysrc bootstrap-servers=in-process until=never num-buffers=60 ! jpegdec ! fakesink async=false
 * ]|
 * Sends sixty test pictures to the broker inside the process, and reads them back while they are written. Without `async` being
 * false the pipeline would wait for the last sink's first picture before it lets the first sink begin.
 *
 * Since: 0.1
 */
#include "config.h"

#include "gstkafkabinarysrc-private.h"

#include <common/trib-frame-id.h>

#include <string.h>

GST_DEBUG_CATEGORY (kafkabinarysrc_debug);

#define DEFAULT_START TRIB_KAFKA_START_EARLIEST
#define DEFAULT_START_OFFSET 0
#define DEFAULT_START_PARTITION -1
#define DEFAULT_START_TIME 0
#define DEFAULT_UNTIL GST_KAFKA_UNTIL_END
#define DEFAULT_READ_BY TRIB_KAFKA_READ_BY_REGISTRY
#define DEFAULT_MAX_QUEUED_BYTES TRIB_KAFKA_CONSUMER_DEFAULT_QUEUED_BYTES
#define DEFAULT_CHECK_CRC TRUE
#define DEFAULT_LATENCY_MS 200
#define DEFAULT_OUTAGE_TIMEOUT_MS 0

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_KAFKA_CAPS));

enum {
  PROP_START = GST_KAFKA_N_SETTINGS,
  PROP_START_OFFSET,
  PROP_START_PARTITION,
  PROP_START_TIME,
  PROP_UNTIL,
  PROP_READ_BY,
  PROP_MAX_QUEUED_BYTES,
  PROP_CHECK_CRC,
  PROP_LATENCY_MS,
  PROP_OUTAGE_TIMEOUT_MS,
  PROP_BROKER_ADDRESS,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

#define gst_kafka_binary_src_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstKafkaBinarySrc, gst_kafka_binary_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (kafkabinarysrc, "kafkabinarysrc", GST_RANK_NONE,
    GST_TYPE_KAFKA_BINARY_SRC,
    GST_DEBUG_CATEGORY_INIT (kafkabinarysrc_debug, "kafkabinarysrc", 0, "frames from Kafka"))

/* @thread: any */
static void
log_cb (gpointer user_data, gint level, const gchar *text)
{
  GstKafkaBinarySrc *self = user_data;

  /* its warnings repeat with every attempt to connect; what matters of them goes to the bus */
  if (level <= 4)
    GST_INFO_OBJECT (self, "client: %s", text);
  else
    GST_DEBUG_OBJECT (self, "client: %s", text);
}

/* ---- going to READY and to NULL ---- */

static gboolean
start_broker (GstKafkaBinarySrc *self, GError **error)
{
  g_autofree gchar *servers = NULL;
  const gchar *address;

  GST_OBJECT_LOCK (self);
  servers = g_strdup (self->settings.bootstrap_servers);
  self->now = self->own;
  GST_OBJECT_UNLOCK (self);
  if (!g_str_equal (servers, TRIB_KAFKA_IN_PROCESS)) {
    address = servers;
  } else {
    self->broker = trib_kafka_broker_acquire (error);
    if (self->broker == NULL)
      return FALSE;
    address = trib_kafka_broker_get_address (self->broker);
  }
  GST_OBJECT_LOCK (self);
  g_free (self->broker_address);
  self->broker_address = g_strdup (address);
  GST_OBJECT_UNLOCK (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BROKER_ADDRESS]);
  return TRUE;
}

static gboolean
make_config (GstKafkaBinarySrc *self, GError **error)
{
  TribKafkaFramesConfig *c = &self->frames_config;

  GST_OBJECT_LOCK (self);
  self->config = gst_kafka_settings_to_config (&self->settings, self->broker_address);
  *c = (TribKafkaFramesConfig){
    .client = { .bootstrap_servers = self->config->servers,
        .options = self->config->core.options,
        .max_queued_bytes = self->now.max_queued_bytes,
        .log = log_cb,
        .log_data = self },
    .read_by = self->now.read_by,
    .session = g_intern_string (self->settings.session_id),
    .stream = g_intern_string (self->settings.stream_id),
    .in_process = self->broker != NULL,
    .follow = self->now.until == GST_KAFKA_UNTIL_NEVER,
    .check_crc = self->now.check_crc,
  };
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++) {
    c->topics[i] = self->config->topics[i];
    if (i == TRIB_KAFKA_TOPIC_LEGACY)
      continue;
    if (!trib_kafka_topic_check (c->topics[i], error))
      return FALSE;
    if (self->broker)
      trib_kafka_broker_add_topic (self->broker, c->topics[i]);
  }
  return (c->session == NULL || trib_session_id_check (c->session, error))
         && (c->stream == NULL || trib_stream_id_check (c->stream, error));
}

static gboolean
start_reading (GstKafkaBinarySrc *self, GError **error)
{
  TribKafkaReaderConfig reader = { .client = self->frames_config.client, .max_connections = 1 };
  TribKafkaFrames *frames = trib_kafka_frames_new (&self->frames_config, error);

  if (frames == NULL)
    return FALSE;
  self->reader = trib_kafka_reader_new (&reader);
  self->json = trib_json_reader_new ("", 0, NULL);
  GST_OBJECT_LOCK (self);
  self->frames = frames;
  self->cancellable = g_cancellable_new ();
  GST_OBJECT_UNLOCK (self);
  gst_base_src_set_live (GST_BASE_SRC (self), self->now.until == GST_KAFKA_UNTIL_NEVER);
  return TRUE;
}

static void
stop_all (GstKafkaBinarySrc *self)
{
  TribKafkaFrames *frames;

  GST_OBJECT_LOCK (self);
  frames = g_steal_pointer (&self->frames);
  if (frames)
    trib_kafka_frames_get_counts (frames, &self->last_counts);
  g_clear_object (&self->cancellable);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&frames, trib_kafka_frames_free);
  g_clear_pointer (&self->reader, trib_kafka_reader_free);
  g_clear_pointer (&self->json, trib_json_reader_free);
  g_clear_pointer (&self->config, gst_kafka_config_free);
  g_clear_pointer (&self->broker, trib_kafka_broker_release);
  gst_kafka_kind_clear (&self->kind);
  gst_clear_caps (&self->caps);
}

static gboolean
start_all (GstKafkaBinarySrc *self)
{
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  memset (&self->last_counts, 0, sizeof self->last_counts);
  self->unusable = self->skipped = self->outages = 0;
  self->link = TRIB_KAFKA_LINK_CONNECTING;
  self->flushing = FALSE;
  GST_OBJECT_UNLOCK (self);
  if (start_broker (self, &error) && make_config (self, &error) && start_reading (self, &error))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  stop_all (self);
  return FALSE;
}

static GstStateChangeReturn
gst_kafka_binary_src_change_state (GstElement *element, GstStateChange transition)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !start_all (self))
    return GST_STATE_CHANGE_FAILURE;
  ret = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL
      || (transition == GST_STATE_CHANGE_NULL_TO_READY && ret == GST_STATE_CHANGE_FAILURE))
    stop_all (self);
  return ret;
}

/* ---- the base class's questions ---- */

static gboolean
gst_kafka_binary_src_start (GstBaseSrc *src)
{
  gst_kafka_source_reset (GST_KAFKA_BINARY_SRC (src));
  return TRUE;
}

/* caps follow from the frames */
static gboolean
gst_kafka_binary_src_negotiate (GstBaseSrc *src)
{
  return TRUE;
}

/* @thread: any
 * @locks: takes OBJECT_LOCK */
static void
set_flushing (GstKafkaBinarySrc *self, gboolean flushing)
{
  g_autoptr (GCancellable) cancellable = NULL;

  GST_OBJECT_LOCK (self);
  self->flushing = flushing;
  if (self->frames)
    trib_kafka_frames_set_flushing (self->frames, flushing);
  if (self->tail)
    trib_kafka_tail_set_flushing (self->tail, flushing);
  if (self->cancellable && !flushing && g_cancellable_is_cancelled (self->cancellable)) {
    g_object_unref (self->cancellable);
    self->cancellable = g_cancellable_new ();
  }
  cancellable = self->cancellable && flushing ? g_object_ref (self->cancellable) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (cancellable)
    g_cancellable_cancel (cancellable);
}

/* @thread: any */
static gboolean
gst_kafka_binary_src_unlock (GstBaseSrc *src)
{
  set_flushing (GST_KAFKA_BINARY_SRC (src), TRUE);
  return TRUE;
}

/* @thread: any */
static gboolean
gst_kafka_binary_src_unlock_stop (GstBaseSrc *src)
{
  set_flushing (GST_KAFKA_BINARY_SRC (src), FALSE);
  return TRUE;
}

static gboolean
gst_kafka_binary_src_is_seekable (GstBaseSrc *src)
{
  return TRUE;
}

/* Refused before anything is flushed: the base class sends no segment after a flush for nothing. */
static gboolean
is_possible_seek (GstEvent *event)
{
  GstFormat format;
  gdouble rate;

  gst_event_parse_seek (event, &rate, &format, NULL, NULL, NULL, NULL, NULL);
  return format == GST_FORMAT_TIME && rate == 1.0;
}

/* @thread: any */
static gboolean
gst_kafka_binary_src_event (GstBaseSrc *src, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK && !is_possible_seek (event))
    return FALSE;
  return GST_BASE_SRC_CLASS (parent_class)->event (src, event);
}

/* @thread: any */
static gboolean
gst_kafka_binary_src_send_event (GstElement *element, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK && !is_possible_seek (event)) {
    gst_event_unref (event);
    return FALSE;
  }
  return GST_ELEMENT_CLASS (parent_class)->send_event (element, event);
}

static gboolean
gst_kafka_binary_src_do_seek (GstBaseSrc *src, GstSegment *segment)
{
  segment->time = segment->start;
  return gst_kafka_source_seek (GST_KAFKA_BINARY_SRC (src), segment->start);
}

static gboolean
gst_kafka_binary_src_query (GstBaseSrc *src, GstQuery *query)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (src);
  GstClockTime duration, latency;
  GstFormat format;
  gboolean live;

  GST_OBJECT_LOCK (self);
  duration = self->duration;
  latency = self->now.latency_ms * GST_MSECOND;
  GST_OBJECT_UNLOCK (self);
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_DURATION:
      gst_query_parse_duration (query, &format, NULL);
      if (format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID (duration))
        return FALSE;
      gst_query_set_duration (query, format, duration);
      return TRUE;
    case GST_QUERY_SEEKING:
      gst_query_parse_seeking (query, &format, NULL, NULL, NULL);
      gst_query_set_seeking (query, format, format == GST_FORMAT_TIME, 0,
          GST_CLOCK_TIME_IS_VALID (duration) ? (gint64) duration : -1);
      return TRUE;
    case GST_QUERY_LATENCY:
      /* what is late waits on the broker: there is no most */
      live = gst_base_src_is_live (src);
      gst_query_set_latency (query, live, live ? latency : 0, GST_CLOCK_TIME_NONE);
      return TRUE;
    default:
      return GST_BASE_SRC_CLASS (parent_class)->query (src, query);
  }
}

static GstFlowReturn
gst_kafka_binary_src_create (GstPushSrc *src, GstBuffer **ret_buffer)
{
  return gst_kafka_source_create (GST_KAFKA_BINARY_SRC (src), ret_buffer);
}

/* ---- properties ---- */

static GstStructure *
make_stats (GstKafkaBinarySrc *self)
{
  TribKafkaFramesCounts c;
  guint64 unusable, skipped, outages;
  const gchar *connection = "";

  GST_OBJECT_LOCK (self);
  c = self->last_counts;
  unusable = self->unusable;
  skipped = self->skipped;
  outages = self->outages;
  /* after the two, so that what is pushed is never less than nothing */
  if (self->frames) {
    trib_kafka_frames_get_counts (self->frames, &c);
    connection = trib_kafka_link_state_to_string (self->link);
  }
  GST_OBJECT_UNLOCK (self);
  return gst_structure_new ("application/x-kafkabinarysrc-stats", "records-read", G_TYPE_UINT64,
      c.records, "pushed", G_TYPE_UINT64, c.frames - unusable - skipped, "failed", G_TYPE_UINT64,
      c.failed, "filtered", G_TYPE_UINT64, c.filtered, "before", G_TYPE_UINT64, c.before,
      "duplicates", G_TYPE_UINT64, c.duplicates, "late", G_TYPE_UINT64, c.late, "expired",
      G_TYPE_UINT64, c.expired, "damaged", G_TYPE_UINT64, c.damaged, "malformed", G_TYPE_UINT64,
      c.malformed, "unusable", G_TYPE_UINT64, unusable, "skipped", G_TYPE_UINT64, skipped,
      "flushed", G_TYPE_UINT64, c.flushed, "pending", G_TYPE_UINT64, c.pending, "bytes-pushed",
      G_TYPE_UINT64, c.frame_bytes, "missing", G_TYPE_UINT64, c.missing, "records-lost",
      G_TYPE_UINT64, c.lost, "outages", G_TYPE_UINT64, outages, "connection", G_TYPE_STRING,
      connection, NULL);
}

/* @locks: requires OBJECT_LOCK */
static gboolean
set_own (GstKafkaSourceSettings *own, guint id, const GValue *value)
{
  switch (id) {
    case PROP_START:
      own->start = g_value_get_enum (value);
      return TRUE;
    case PROP_START_OFFSET:
      own->start_offset = g_value_get_int64 (value);
      return TRUE;
    case PROP_START_PARTITION:
      own->start_partition = g_value_get_int (value);
      return TRUE;
    case PROP_START_TIME:
      own->start_time = g_value_get_int64 (value);
      return TRUE;
    case PROP_UNTIL:
      own->until = g_value_get_enum (value);
      return TRUE;
    case PROP_READ_BY:
      own->read_by = g_value_get_enum (value);
      return TRUE;
    case PROP_MAX_QUEUED_BYTES:
      own->max_queued_bytes = g_value_get_uint64 (value);
      return TRUE;
    case PROP_CHECK_CRC:
      own->check_crc = g_value_get_boolean (value);
      return TRUE;
    case PROP_LATENCY_MS:
      own->latency_ms = g_value_get_uint (value);
      return TRUE;
    case PROP_OUTAGE_TIMEOUT_MS:
      own->outage_timeout_ms = g_value_get_uint (value);
      return TRUE;
    default:
      return FALSE;
  }
}

/* @locks: requires OBJECT_LOCK */
static gboolean
get_own (const GstKafkaSourceSettings *own, guint id, GValue *value)
{
  switch (id) {
    case PROP_START:
      g_value_set_enum (value, own->start);
      return TRUE;
    case PROP_START_OFFSET:
      g_value_set_int64 (value, own->start_offset);
      return TRUE;
    case PROP_START_PARTITION:
      g_value_set_int (value, own->start_partition);
      return TRUE;
    case PROP_START_TIME:
      g_value_set_int64 (value, own->start_time);
      return TRUE;
    case PROP_UNTIL:
      g_value_set_enum (value, own->until);
      return TRUE;
    case PROP_READ_BY:
      g_value_set_enum (value, own->read_by);
      return TRUE;
    case PROP_MAX_QUEUED_BYTES:
      g_value_set_uint64 (value, own->max_queued_bytes);
      return TRUE;
    case PROP_CHECK_CRC:
      g_value_set_boolean (value, own->check_crc);
      return TRUE;
    case PROP_LATENCY_MS:
      g_value_set_uint (value, own->latency_ms);
      return TRUE;
    case PROP_OUTAGE_TIMEOUT_MS:
      g_value_set_uint (value, own->outage_timeout_ms);
      return TRUE;
    default:
      return FALSE;
  }
}

static void
gst_kafka_binary_src_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = set_own (&self->own, prop_id, value)
          || gst_kafka_settings_set (&self->settings, prop_id, value, pspec);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gst_kafka_binary_src_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (object);

  if (prop_id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  if (prop_id == PROP_BROKER_ADDRESS)
    g_value_set_string (value, self->broker_address);
  else if (!get_own (&self->own, prop_id, value))
    gst_kafka_settings_get (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kafka_binary_src_finalize (GObject *object)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (object);

  gst_kafka_settings_clear (&self->settings);
  g_free (self->broker_address);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_kafka_binary_src_init (GstKafkaBinarySrc *self)
{
  gst_kafka_settings_init_source (&self->settings);
  self->own = (GstKafkaSourceSettings){
    .start = DEFAULT_START,
    .start_offset = DEFAULT_START_OFFSET,
    .start_partition = DEFAULT_START_PARTITION,
    .start_time = DEFAULT_START_TIME,
    .until = DEFAULT_UNTIL,
    .read_by = DEFAULT_READ_BY,
    .max_queued_bytes = DEFAULT_MAX_QUEUED_BYTES,
    .check_crc = DEFAULT_CHECK_CRC,
    .latency_ms = DEFAULT_LATENCY_MS,
    .outage_timeout_ms = DEFAULT_OUTAGE_TIMEOUT_MS,
  };
  self->now = self->own;
  self->duration = GST_CLOCK_TIME_NONE;
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

static void
install_start (void)
{
  const GParamFlags flags
      = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | (GParamFlags) GST_PARAM_MUTABLE_READY;

  properties[PROP_START] = g_param_spec_enum (
      "start", "Start", "Where reading begins", gst_kafka_start_get_type (), DEFAULT_START, flags);
  properties[PROP_START_OFFSET] = g_param_spec_int64 ("start-offset", "Start offset",
      "With start=offset: offset of the first record (negative = that many records before the end)",
      G_MININT64 / 2, G_MAXINT64, DEFAULT_START_OFFSET, flags);
  properties[PROP_START_PARTITION] = g_param_spec_int ("start-partition", "Start partition",
      "Number of the only partition of the followed topic to read (-1 = all of them)", -1,
      G_MAXINT32, DEFAULT_START_PARTITION, flags);
  properties[PROP_START_TIME] = g_param_spec_int64 ("start-time", "Start time",
      "With start=time: capture time of the first frame, nanoseconds since the Unix epoch",
      G_MININT64 / 2, G_MAXINT64 / 2, DEFAULT_START_TIME, flags);
  properties[PROP_UNTIL] = g_param_spec_enum ("until", "Until",
      "Whether to end where the topic ends now or to wait for more", gst_kafka_until_get_type (),
      DEFAULT_UNTIL, flags);
  properties[PROP_READ_BY] = g_param_spec_enum ("read-by", "Read by",
      "What is followed: the registry, whose entries name the bytes, or the bytes alone",
      gst_kafka_read_by_get_type (), DEFAULT_READ_BY, flags);
}

static void
install_others (void)
{
  const GParamFlags flags
      = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | (GParamFlags) GST_PARAM_MUTABLE_READY;

  properties[PROP_MAX_QUEUED_BYTES] = g_param_spec_uint64 ("max-queued-bytes",
      "Maximum queued bytes", "Bound in bytes on what is read ahead", 4 * 1024 * 1024,
      G_GUINT64_CONSTANT (1) << 40, DEFAULT_MAX_QUEUED_BYTES, flags);
  properties[PROP_CHECK_CRC] = g_param_spec_boolean ("check-crc", "Check CRC",
      "Compare the bytes of each frame with their CRC-32C", DEFAULT_CHECK_CRC, flags);
  properties[PROP_LATENCY_MS] = g_param_spec_uint ("latency-ms", "Latency",
      "With until=never: milliseconds that frames may come late", 0, 600000, DEFAULT_LATENCY_MS,
      flags);
  properties[PROP_OUTAGE_TIMEOUT_MS] = g_param_spec_uint ("outage-timeout-ms", "Outage timeout",
      "Milliseconds that the broker may be away before it is an error (0 = wait without end)", 0,
      G_MAXINT32, DEFAULT_OUTAGE_TIMEOUT_MS, flags);
  properties[PROP_BROKER_ADDRESS] = g_param_spec_string ("broker-address", "Broker address",
      "Address of the brokers in use, also of the one inside the process", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Counters of records and frames, and the state of the connection", GST_TYPE_STRUCTURE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
gst_kafka_binary_src_class_init (GstKafkaBinarySrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  object_class->set_property = gst_kafka_binary_src_set_property;
  object_class->get_property = gst_kafka_binary_src_get_property;
  object_class->finalize = gst_kafka_binary_src_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_send_event);
  src_class->start = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_start);
  src_class->negotiate = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_negotiate);
  src_class->unlock = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_unlock);
  src_class->unlock_stop = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_unlock_stop);
  src_class->is_seekable = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_is_seekable);
  src_class->event = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_event);
  src_class->do_seek = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_do_seek);
  src_class->query = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_query);
  GST_PUSH_SRC_CLASS (klass)->create = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_create);

  gst_kafka_settings_install_source (properties);
  install_start ();
  install_others ();
  for (guint id = 1; id < N_PROPS; id++)
    if (properties[id])
      g_object_class_install_property (object_class, id, properties[id]);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Kafka frame source",
      "Source/Network/Video", "Reads frames back from Kafka topics as ordinary media",
      "gst-tributary developers <gst-tributary@users.noreply.invalid>");
  gst_type_mark_as_plugin_api (gst_kafka_start_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_kafka_until_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_kafka_read_by_get_type (), 0);
}
