/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-kafkabinarysrc
 * @title: kafkabinarysrc
 * @short_description: Reads frames back from Kafka topics as ordinary media
 *
 * Reads the frames that `kafkabinarysink` and other producers of the same topics have written:
 * their bytes unchanged, with caps, times and identity. Nothing is copied, no consumer group is
 * joined, nothing is committed or created on the broker.
 *
 * `read-by` selects what is followed. With registry, the default, a frame is an entry of the
 * registry topic that says where bytes and metadata are: both were acknowledged, duplicates of a
 * retry are skipped, frames that failed are known with their reason, and bytes of other streams are
 * not transferred. With bytes, a frame is a record of the bytes topic: for producers that write no
 * registry with offsets, and one acknowledgement earlier.
 *
 * `start` selects where to begin: earliest, latest, offset (`start-offset`, of the followed topic,
 * in one partition or all) or time (`start-time`). `until` selects where to end: end, the end of
 * the topic as of start-up, or never: the source is live and waits for more, and for topics that do
 * not exist yet. Frames that exist already are read as fast as downstream accepts them.
 *
 * Frames of other producers need no offsets in their entries, and no headers: what an entry does
 * not say is found by the key, which is the frame id, and the metadata record of that key says what
 * raw bytes are and, where a stream id contains "_", which part of the key it is. Topics of
 * producers that know no identity are read with `identity` none: each record with a value is a
 * frame, numbered as it is read, of the session and stream that the properties name (else of the
 * topic's name, and 0), captured at the record's timestamp.
 *
 * It is the source of URIs `kafka://HOST:PORT/?session=S&stream=T&start=X`, so that playbin plays a
 * session; `start` is earliest, latest or what `start-time` takes, and `until`, `prefix` (of the
 * topics) and `read-by` may follow. Several brokers are named as in `bootstrap-servers`,
 * `kafka://a:9092,b:9093/`; the port is 9092 where none is named.
 *
 * One stream is read. What `session-id` and `stream-id` leave open is decided by the first frame in
 * order of record timestamps: its stream is selected, others are skipped and reported. A frame is
 * its whole frame id, capture time included, so a session id that is used again is a second run.
 * Runs of the stream follow each other: four frames of another session or run, one after the
 * other, end the present one, or two once nothing of it has arrived for a second (three of its
 * frames, for slow cameras); with `until` never the first of them wait for that. Fewer (another
 * session, an index far ahead) are skipped and reported once the present run has gone on, and cost
 * none of its frames. Two cameras that write at the same time are not mixed;
 * set the properties to select one of them.
 *
 * While the broker does not respond, reading waits, and resumes at the same position. Records that
 * retention has removed before they were read are a gap and a count. A partition that is added
 * while the source follows is read from its beginning, and found within ten seconds
 * (`topic.metadata.refresh.interval.ms` of `consumer-config`); frames of it that arrive after later
 * ones had been given are counted as late.
 *
 * ## Caps
 * Any of image/jpeg, image/png, image/webp, video/x-raw, video/x-h264 and video/x-h265 (alignment
 * au), as the record's `caps` header says; else as its content-type header, its first bytes, its
 * metadata record (with `read-by` registry) or typefinding say. A frame of unknown media type is
 * skipped. Caps may change at any buffer.
 *
 * ## Timing
 * PTS is the capture time since that of the first frame: stream time 0. With `until` never that is
 * the oldest frame that the topics keep, wherever `start` says to begin, as it is with `start`
 * latest: all that is kept can be sought. A buffer has the DISCONT
 * flag where frames are missing before it, and a GAP event (with the fields missing-frames and
 * reason) takes their place, except before the first frame. Each buffer carries the frame meta,
 * without quality and original size, which records do not contain.
 *
 * Seeking: flushing, in time, forwards at rate 1, exact. The broker looks capture times up in its
 * index; the broker inside the process cannot, and is read from its beginning. For H.264 and H.265
 * reading begins up to ten seconds before the target, at the first key frame; a decoder drops what
 * is before the target. When a new session begins, running time continues and stream time jumps.
 * Seek on the pipeline, as with any source: after a seek on the element itself GStreamer may leave
 * a sink in PAUSED.
 *
 * With `until` end the duration is known after the first frame, and the source is not live. With
 * `until` never it grows with each frame, and the source is live: the running time of the first
 * frame after PLAYING is the present one, the others keep their distances, and `latency-ms` is the
 * maximum delay.
 *
 * ## Threads
 * One streaming thread, which also drives the Kafka clients. Requests to a broker that does not
 * respond block it for a second at most, so a flush or a state change may take that long. A buffer
 * that is kept also keeps the client's connection.
 *
 * ## Errors
 * - Unusable settings (topic name, session or stream id, `consumer-config`): RESOURCE/SETTINGS, in
 *   the change to READY.
 * - No such topic or partition, with `until` end or with `start-partition`: RESOURCE/NOT_FOUND.
 * - The broker does not authorise this client, also later: RESOURCE/NOT_AUTHORIZED.
 * - The topic was deleted and re-created, or the client cannot continue: RESOURCE/READ.
 * - No broker for three seconds: one RESOURCE/OPEN_READ warning an outage; for `outage-timeout-ms`,
 *   when that is set: RESOURCE/OPEN_READ.
 * - Records that are not frames, or of unknown media type: one RESOURCE/READ warning a start.
 * - Nothing to read where reading begins (a topic that does not exist yet, or has no record; an
 *   offset or time beyond the end; no frame of the wanted session and stream: the warning names
 *   up to five that are there): one RESOURCE/NOT_FOUND warning a reason. Likewise when the
 *   registry names frames and there is no bytes topic, which is waited for with `until` never, or
 *   no metadata topic, which only frames need that do not say what they are.
 *
 * ## Stats
 * records-read = pushed + failed + filtered + implausible + before + duplicates + late + expired +
 * damaged + malformed + unusable + skipped + flushed + pending, at any moment. Counters start at 0
 * with each NULL to READY, and when settings were changed in READY.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=60 ! video/x-raw,width=640,height=480,framerate=30/1 !
 * frameencodebin session-id=test ! kafkabinarysink bootstrap-servers=in-process
 * kafkabinarysrc bootstrap-servers=in-process until=never num-buffers=60 ! jpegdec !
 * fakesink async=false
 * ]|
 * Sends sixty test pictures to the broker inside the process, and reads them back while they are
 * written. Without `async` being false the pipeline would wait for the first picture of the last
 * sink before the first sink starts.
 *
 * Since: 0.1
 */
#include "config.h"

#include "gstkafkabinarysrc-private.h"

#include <common/trib-frame-id.h>

#include <string.h>

GST_DEBUG_CATEGORY (kafkabinarysrc_debug);

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_KAFKA_CAPS));

enum { PROP_READ_BY = GST_KAFKA_SOURCE_N_PROPS, PROP_CHECK_CRC, PROP_IDENTITY, N_PROPS };

static GParamSpec *properties[N_PROPS];

/* the table has ids from 1 on */
#define OWN(id) ((id) -PROP_READ_BY + 1)
/* clang-format off */
static const TribProperty own_table[OWN (N_PROPS)] = {
  [OWN (PROP_READ_BY)] = { TRIB_PROPERTY_ENUM, "read-by", "Read by",
      "Topic to follow: the registry, whose entries name the bytes, or the bytes alone",
      G_STRUCT_OFFSET (GstKafkaBinarySrcSettings, read_by), .type_name = "GstKafkaReadBy",
      .choices = { [TRIB_KAFKA_READ_BY_REGISTRY] = {
          "registry", "Follow the registry and fetch the bytes it names" },
          [TRIB_KAFKA_READ_BY_BYTES] = { "bytes", "Follow the bytes topic alone" } } },
  [OWN (PROP_CHECK_CRC)] = { TRIB_PROPERTY_BOOL, "check-crc", "Check CRC",
      "Compare the bytes of each frame with their CRC-32C",
      G_STRUCT_OFFSET (GstKafkaBinarySrcSettings, check_crc), .initial = TRUE },
  [OWN (PROP_IDENTITY)] = { TRIB_PROPERTY_ENUM, "identity", "Identity",
      "What says which frame a record of the bytes topic is",
      G_STRUCT_OFFSET (GstKafkaBinarySrcSettings, identity), .type_name = "GstKafkaIdentity",
      .choices = { [GST_KAFKA_IDENTITY_KEY] = { "key", "The frame id that is its key" },
          [GST_KAFKA_IDENTITY_NONE] = {
              "none", "Nothing: frames are counted as they are read (implies read-by=bytes)" } } },
};
/* clang-format on */
static GType own_enum_types[OWN (N_PROPS)];
static const TribProperties own_properties = { own_table, own_enum_types, OWN (N_PROPS) };

#define gst_kafka_binary_src_parent_class parent_class
G_DEFINE_FINAL_TYPE_WITH_CODE (GstKafkaBinarySrc, gst_kafka_binary_src, GST_TYPE_KAFKA_SOURCE,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER, gst_kafka_binary_src_uri_init))
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (kafkabinarysrc, "kafkabinarysrc", GST_RANK_NONE,
    GST_TYPE_KAFKA_BINARY_SRC,
    GST_DEBUG_CATEGORY_INIT (kafkabinarysrc_debug, "kafkabinarysrc", 0, "frames from Kafka"))

/* ---- fields of stats and messages ---- */

typedef struct {
  TribKafkaFramesCounts frames;
  guint64 pushed;
  guint64 unusable;
  guint64 skipped;
  guint64 outages;
  const gchar *connection;
  const gchar *nothing;
} Stats;

#define STAT(member) G_STRUCT_OFFSET (Stats, member)

/* clang-format off */
static const TribField binary_src_stats_fields[] = {
  { "records-read", TRIB_FIELD_UINT64, STAT (frames.records), "records of the followed topic" },
  { "pushed", TRIB_FIELD_UINT64, STAT (pushed), "frames given as buffers" },
  { "failed", TRIB_FIELD_UINT64, STAT (frames.failed), "registry entries of frames that failed" },
  { "filtered", TRIB_FIELD_UINT64, STAT (frames.filtered), "frames of other streams and sessions" },
  { "implausible", TRIB_FIELD_UINT64, STAT (frames.implausible),
    "frames whose index or capture time the frames after them have not confirmed" },
  { "before", TRIB_FIELD_UINT64, STAT (frames.before),
    "frames of capture times before the one that was asked for" },
  { "duplicates", TRIB_FIELD_UINT64, STAT (frames.duplicates), "frames that were read before" },
  { "late", TRIB_FIELD_UINT64, STAT (frames.late),
    "frames that arrived after later ones had been given" },
  { "expired", TRIB_FIELD_UINT64, STAT (frames.expired),
    "frames whose bytes retention has removed, while the entry exists" },
  { "damaged", TRIB_FIELD_UINT64, STAT (frames.damaged),
    "frames whose bytes are not those that the entry describes" },
  { "malformed", TRIB_FIELD_UINT64, STAT (frames.malformed),
    "records that are no registry entries, or have no frame id as key" },
  { "unusable", TRIB_FIELD_UINT64, STAT (unusable),
    "frames of unknown media type, and raw ones with too few bytes" },
  { "skipped", TRIB_FIELD_UINT64, STAT (skipped),
    "frames before the first one that can be decoded by itself" },
  { "flushed", TRIB_FIELD_UINT64, STAT (frames.flushed), "frames read ahead when a seek arrived" },
  { "pending", TRIB_FIELD_UINT64, STAT (frames.pending), "frames read ahead now" },
  { "texts-cut", TRIB_FIELD_UINT64, STAT (frames.cut),
    "registry entries of failed frames whose texts were too long, and are cut" },
  { "bytes-pushed", TRIB_FIELD_UINT64, STAT (frames.frame_bytes),
    "bytes of the frames that were found" },
  { "missing", TRIB_FIELD_UINT64, STAT (frames.missing),
    "frame indexes of which no record was seen" },
  { "records-lost", TRIB_FIELD_UINT64, STAT (frames.lost),
    "records of the followed topic that retention removed before they were read" },
  { "outages", TRIB_FIELD_UINT64, STAT (outages), "how often the connection was lost" },
  { "connection", TRIB_FIELD_TEXT, STAT (connection), "connecting, connected, degraded or down" },
  { "nothing-found", TRIB_FIELD_TEXT, STAT (nothing),
    "why there was nothing where reading began: topic (there is none), record, offset, time, "
    "filter; or bytes-topic, metadata-topic: there is none, while the registry names frames" },
};
/* clang-format on */
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-kafkabinarysrc-stats", NULL, binary_src_stats_fields);
static const TribFieldTable connection_message = TRIB_FIELD_TABLE ("kafkabinarysrc-connection",
    "the state of the connection changed", gst_kafka_source_connection_fields);
static const TribFieldTable lost_message = TRIB_FIELD_TABLE ("kafkabinarysrc-records-lost",
    "retention has removed records before they were read", gst_kafka_source_lost_fields);

/* ---- going to READY and to NULL ---- */

/* @locks: requires OBJECT_LOCK */
static void
gst_kafka_binary_src_configure (GstKafkaSource *source)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (source);

  self->frames_config = (TribKafkaFramesConfig){
    .client = source->client,
    .any_producer = self->own.identity == GST_KAFKA_IDENTITY_NONE,
    .session = g_intern_string (source->life.settings.session_id),
    .stream = g_intern_string (source->life.settings.stream_id),
    .in_process = source->life.broker != NULL,
    .follow = gst_kafka_source_is_following (source),
    .check_crc = self->own.check_crc,
  };
  self->frames_config.read_by
      = self->frames_config.any_producer ? TRIB_KAFKA_READ_BY_BYTES : self->own.read_by;
  memset (&self->last_counts, 0, sizeof self->last_counts);
  self->unusable = self->skipped = 0;
}

static gboolean
check_names (GstKafkaSource *source, TribKafkaFramesConfig *c, GError **error)
{
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++) {
    c->topics[i] = source->config->topics[i];
    if (i != TRIB_KAFKA_TOPIC_LEGACY && !gst_kafka_source_add_topic (source, c->topics[i], error))
      return FALSE;
  }
  if (c->session && !trib_session_id_check (c->session, error))
    return FALSE;
  /* stream ids of other producers may contain "_" (ARIA-40) */
  if (c->stream && strchr (c->stream, '_') && strlen (c->stream) <= TRIB_STREAM_ID_MAX_BYTES)
    return trib_session_id_check (c->stream, error);
  return c->stream == NULL || trib_stream_id_check (c->stream, error);
}

static gboolean
gst_kafka_binary_src_begin (GstKafkaSource *source, GError **error)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (source);
  TribKafkaFrames *frames;

  if (!check_names (source, &self->frames_config, error))
    return FALSE;
  frames = trib_kafka_frames_new (&self->frames_config, error);
  if (frames == NULL)
    return FALSE;
  self->json = trib_json_reader_new ("", 0, NULL);
  GST_OBJECT_LOCK (self);
  self->frames = frames;
  self->reader = trib_kafka_reader_new (&source->client);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
gst_kafka_binary_src_end (GstKafkaSource *source)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (source);
  TribKafkaFrames *frames;
  TribKafkaReader *reader;

  GST_OBJECT_LOCK (self);
  frames = g_steal_pointer (&self->frames);
  reader = g_steal_pointer (&self->reader);
  if (frames)
    trib_kafka_frames_get_counts (frames, &self->last_counts);
  GST_OBJECT_UNLOCK (self);
  if (self->has_waiting)
    trib_kafka_message_clear (&self->waiting.message);
  self->has_waiting = FALSE;
  g_clear_pointer (&frames, trib_kafka_frames_free);
  g_clear_pointer (&reader, trib_kafka_reader_free);
  g_clear_pointer (&self->json, trib_json_reader_free);
  gst_kafka_kind_clear (&self->kind);
  gst_clear_caps (&self->caps);
}

/* @thread: any
 * @locks: takes OBJECT_LOCK */
static void
gst_kafka_binary_src_set_flushing (GstKafkaSource *source, gboolean flushing)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (source);

  GST_OBJECT_LOCK (self);
  if (self->frames)
    trib_kafka_frames_set_flushing (self->frames, flushing);
  if (self->tail)
    trib_kafka_tail_set_flushing (self->tail, flushing);
  if (self->reader)
    trib_kafka_reader_set_flushing (self->reader, flushing);
  GST_OBJECT_UNLOCK (self);
}

/* ---- properties ---- */

static GstStructure *
gst_kafka_binary_src_make_stats (GstKafkaSource *source)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (source);
  Stats stats = { .connection = "" };

  GST_OBJECT_LOCK (self);
  stats.frames = self->last_counts;
  stats.unusable = self->unusable;
  stats.skipped = self->skipped;
  stats.outages = source->outages;
  stats.nothing = source->nothing;
  /* after the two, so that what is pushed is never less than nothing */
  if (self->frames) {
    trib_kafka_frames_get_counts (self->frames, &stats.frames);
    stats.connection = trib_link_state_to_string (source->link);
  }
  GST_OBJECT_UNLOCK (self);
  stats.pushed = stats.frames.frames - stats.unusable - stats.skipped;
  return trib_fields_to_structure (&stats_table, &stats);
}

static void
gst_kafka_binary_src_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (object);

  if (prop_id < PROP_READ_BY) {
    G_OBJECT_CLASS (parent_class)->set_property (object, prop_id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (self);
  trib_properties_set (&own_properties, &self->own, OWN (prop_id), value);
  gst_kafka_source_note_change (GST_KAFKA_SOURCE (self));
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kafka_binary_src_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (object);

  if (prop_id < PROP_READ_BY) {
    G_OBJECT_CLASS (parent_class)->get_property (object, prop_id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (self);
  trib_properties_get (&own_properties, &self->own, OWN (prop_id), value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kafka_binary_src_finalize (GObject *object)
{
  g_free (GST_KAFKA_BINARY_SRC (object)->uri);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_kafka_binary_src_init (GstKafkaBinarySrc *self)
{
  trib_properties_init (&own_properties, &self->own);
}

static void
install_properties (GObjectClass *object_class)
{
  gst_kafka_source_install (properties);
  gst_kafka_settings_install_source_frames (properties);
  for (guint id = PROP_READ_BY; id < N_PROPS; id++)
    properties[id] = trib_properties_make (&own_properties, OWN (id));
  trib_properties_mark_plugin_api (&own_properties);
  for (guint id = 1; id < N_PROPS; id++)
    if (properties[id])
      g_object_class_install_property (object_class, id, properties[id]);
}

static void
gst_kafka_binary_src_class_init (GstKafkaBinarySrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstKafkaSourceClass *kafka_class = GST_KAFKA_SOURCE_CLASS (klass);

  object_class->set_property = gst_kafka_binary_src_set_property;
  object_class->get_property = gst_kafka_binary_src_get_property;
  object_class->finalize = gst_kafka_binary_src_finalize;
  GST_PUSH_SRC_CLASS (klass)->create = GST_DEBUG_FUNCPTR (gst_kafka_binary_src_create);
  kafka_class->configure = gst_kafka_binary_src_configure;
  kafka_class->begin = gst_kafka_binary_src_begin;
  kafka_class->end = gst_kafka_binary_src_end;
  kafka_class->set_flushing = gst_kafka_binary_src_set_flushing;
  kafka_class->reset = gst_kafka_binary_src_reset;
  kafka_class->seek = gst_kafka_binary_src_seek;
  kafka_class->connection_message = &connection_message;
  kafka_class->lost_message = &lost_message;
  kafka_class->make_stats = gst_kafka_binary_src_make_stats;

  install_properties (object_class);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Kafka frame source",
      "Source/Network/Video", "Reads frames back from Kafka topics as ordinary media",
      "The gst-tributary authors");
}
