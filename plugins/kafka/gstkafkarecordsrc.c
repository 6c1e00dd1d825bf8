/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-kafkarecordsrc
 * @title: kafkarecordsrc
 * @short_description: Reads each record of a Kafka topic as one buffer
 *
 * Reads what `kafkarecordsink` and other producers have written to one topic: each record as one
 * buffer, its bytes unchanged and never copied. Nothing is committed or created on the broker, and
 * no consumer group is joined: every source reads all of the topic.
 *
 * `start` selects where to begin: earliest, latest, offset (`start-offset`, in one partition or
 * all) or time (`start-time`). `until` selects where to end: end, the end of the topic as of
 * start-up, or never: the source is live and waits for more, and for a topic that does not exist
 * yet. Records that exist already are read as fast as downstream accepts them.
 *
 * ## Order
 * Records of one partition, so those of one key, are given in the order in which they were written.
 * Records of several partitions are given in order of their timestamps, as far as they are known: a
 * record waits until every other partition has given a later one or has no more at present, or
 * until a quarter of `max-queued-bytes` waits. So what exists when reading begins is in order, if
 * each partition is; what is written while the source follows is given as it arrives, and a record
 * older than one that was given already is late.
 *
 * While the broker does not respond, reading waits, and resumes at the same position: nothing is
 * repeated or left out. Records that retention has removed before they were read are counted and
 * reported. A partition that is added while the source follows is read from its beginning, and
 * found within ten seconds (`topic.metadata.refresh.interval.ms` of `consumer-config`).
 *
 * ## Caps
 * application/json or application/x-msgpack, as the record's content-type header says (also
 * text/json, application/X+json, application/msgpack; quoted, and with parameters). A record
 * without that header (or with application/octet-stream) is examined: a valid JSON text that is an
 * object is JSON; a value that begins with the marker of a map is MessagePack. A value with a
 * header is not checked. Other records are skipped, and counted as unusable. Caps may change at any
 * buffer.
 *
 * ## Timing
 * PTS is the record's timestamp since that of the first record, in whole milliseconds, the
 * resolution of Kafka; a record older than the first has 0, one without timestamp has none. Each
 * buffer carries the timestamp as a timestamp/x-unix reference timestamp, which `kafkarecordsink`
 * uses as the record's time: copies from topic to topic keep their times. The buffer's offset is
 * the record's in its partition. A buffer has the DISCONT flag where records are missing before it.
 * The Kafka key is not part of the buffer: `key-field` of a sink makes it again.
 *
 * Seeking: flushing, in time, forwards at rate 1, exact to the millisecond; the duration is not
 * known. The broker looks times up in its index; the broker inside the process cannot, and is read
 * from its beginning. Seek on the pipeline, as with any source: after a seek on the element itself
 * GStreamer may leave a sink in PAUSED.
 *
 * With `until` end the source is not live. With `until` never it is live: the running time of the
 * first record after PLAYING is the present one, the others keep their distances, and `latency-ms`
 * is the maximum delay.
 *
 * ## Threads
 * One streaming thread, which also drives the Kafka client. Requests to a broker that does not
 * respond block it for a second at most, so a flush or a state change may take that long. A buffer
 * that is kept also keeps the client's connection, and the whole response of the broker that held
 * the record.
 *
 * ## Errors
 * - Unusable settings (topic name, `consumer-config`): RESOURCE/SETTINGS, in the change to READY.
 * - No such topic or partition, with `until` end or with `start-partition`: RESOURCE/NOT_FOUND.
 * - The broker does not authorise this client, also later: RESOURCE/NOT_AUTHORIZED.
 * - The topic was deleted and re-created, or the client cannot continue: RESOURCE/READ.
 * - No broker for three seconds: one RESOURCE/OPEN_READ warning an outage; for `outage-timeout-ms`,
 *   when that is set: RESOURCE/OPEN_READ.
 * - Records that are neither JSON nor MessagePack, or damaged: one RESOURCE/READ warning a start.
 * - Nothing to read where reading begins (a topic that does not exist yet, or has no record; an
 *   offset or time beyond the end): one RESOURCE/NOT_FOUND warning a reason.
 *
 * ## Stats
 * records-read = pushed + before + unusable + damaged + flushed + pending, at any moment. Counters
 * start at 0 with each NULL to READY, and when settings were changed in READY.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=launch-lines/kafka/record.json !
 * application/json ! kafkarecordsink bootstrap-servers=in-process key-field=sensor
 * kafkarecordsrc bootstrap-servers=in-process until=never num-buffers=1 ! fakesink async=false
 * ]|
 * Sends a file that holds one record to the broker inside the process, and reads it back.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstkafkarecordsrc.h"

#include <kafka/layout/trib-kafka-content.h>
#include <kafka/layout/trib-kafka-names.h>
#include <kafka/read/trib-kafka-records.h>

#include <string.h>

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
    GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_KAFKA_CONTENT_JSON "; " TRIB_KAFKA_CONTENT_MSGPACK));
static GstStaticCaps unix_caps = GST_STATIC_CAPS ("timestamp/x-unix");

static GParamSpec *properties[GST_KAFKA_SOURCE_N_PROPS];

struct _GstKafkaRecordSrc {
  GstKafkaSource parent;

  /* OBJECT_LOCK: set going to READY, cleared going to NULL, used by the streaming thread between */
  TribKafkaRecords *records;
  TribKafkaRecordsCounts last_counts; /* of the run before, once it has ended */
  guint64 unusable;
  guint64 skipped; /* the first record, when a later one had been sought before */
  guint64 bytes_pushed;

  /* streaming thread, or the seeking thread while it is stopped */
  const gchar *content; /* of the caps that were sent, NULL: none */
  gboolean has_base;
  gint64 base_ms;       /* timestamp of the first record: stream time 0 */
  GstClockTime seek_to; /* sought before `base_ms` was known */
  gboolean discont;
  gboolean begun; /* a buffer went out since the last segment */
};

#define gst_kafka_record_src_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstKafkaRecordSrc, gst_kafka_record_src, GST_TYPE_KAFKA_SOURCE)
GST_ELEMENT_REGISTER_DEFINE (
    kafkarecordsrc, "kafkarecordsrc", GST_RANK_NONE, GST_TYPE_KAFKA_RECORD_SRC)

/* ---- fields of stats and messages ---- */

typedef struct {
  TribKafkaRecordsCounts records;
  guint64 pushed;
  guint64 bytes_pushed;
  guint64 before;
  guint64 unusable;
  guint64 outages;
  const gchar *connection;
  const gchar *nothing;
} Stats;

#define STAT(member) G_STRUCT_OFFSET (Stats, member)

/* clang-format off */
static const TribField record_src_stats_fields[] = {
  { "records-read", TRIB_FIELD_UINT64, STAT (records.records), "records of the topic" },
  { "pushed", TRIB_FIELD_UINT64, STAT (pushed), "records given as buffers" },
  { "bytes-pushed", TRIB_FIELD_UINT64, STAT (bytes_pushed), "their bytes" },
  { "before", TRIB_FIELD_UINT64, STAT (before),
    "records of timestamps before the one that was asked for" },
  { "unusable", TRIB_FIELD_UINT64, STAT (unusable),
    "records that are neither JSON nor MessagePack, and tombstones (without a value)" },
  { "damaged", TRIB_FIELD_UINT64, STAT (records.damaged), "records that the client cannot read" },
  { "flushed", TRIB_FIELD_UINT64, STAT (records.flushed),
    "records read ahead when a seek arrived" },
  { "pending", TRIB_FIELD_UINT64, STAT (records.pending), "records read ahead now" },
  { "records-lost", TRIB_FIELD_UINT64, STAT (records.lost),
    "records that retention removed before they were read" },
  { "outages", TRIB_FIELD_UINT64, STAT (outages), "how often the connection was lost" },
  { "connection", TRIB_FIELD_TEXT, STAT (connection), "connecting, connected, degraded or down" },
  { "nothing-found", TRIB_FIELD_TEXT, STAT (nothing),
    "why there was nothing where reading began: topic (there is none), record, offset, time" },
};
/* clang-format on */
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-kafkarecordsrc-stats", NULL, record_src_stats_fields);
static const TribFieldTable connection_message = TRIB_FIELD_TABLE ("kafkarecordsrc-connection",
    "the state of the connection changed", gst_kafka_source_connection_fields);
static const TribFieldTable lost_message = TRIB_FIELD_TABLE ("kafkarecordsrc-records-lost",
    "retention has removed records before they were read", gst_kafka_source_lost_fields);

/* @locks: requires OBJECT_LOCK */
static void
gst_kafka_record_src_configure (GstKafkaSource *source)
{
  GstKafkaRecordSrc *self = GST_KAFKA_RECORD_SRC (source);
  const GstKafkaSettings *settings = &source->life.settings;

  source->config->record_topic = g_strconcat (settings->topic_prefix, settings->record_topic, NULL);
  memset (&self->last_counts, 0, sizeof self->last_counts);
  self->unusable = self->skipped = self->bytes_pushed = 0;
}

static gboolean
gst_kafka_record_src_begin (GstKafkaSource *source, GError **error)
{
  GstKafkaRecordSrc *self = GST_KAFKA_RECORD_SRC (source);
  const TribKafkaCursorConfig config = {
    .client = source->client,
    .topic = source->config->record_topic,
    .in_process = source->life.broker != NULL,
    .wait_for_topic = gst_kafka_source_is_following (source),
  };
  TribKafkaRecords *records;

  if (!gst_kafka_source_add_topic (source, config.topic, error))
    return FALSE;
  records = trib_kafka_records_new (&config, error);
  if (records == NULL)
    return FALSE;
  GST_OBJECT_LOCK (self);
  self->records = records;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
gst_kafka_record_src_end (GstKafkaSource *source)
{
  GstKafkaRecordSrc *self = GST_KAFKA_RECORD_SRC (source);
  TribKafkaRecords *records;

  GST_OBJECT_LOCK (self);
  records = g_steal_pointer (&self->records);
  if (records)
    trib_kafka_records_get_counts (records, &self->last_counts);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&records, trib_kafka_records_free);
}

/* @thread: any
 * @locks: takes OBJECT_LOCK */
static void
gst_kafka_record_src_set_flushing (GstKafkaSource *source, gboolean flushing)
{
  GstKafkaRecordSrc *self = GST_KAFKA_RECORD_SRC (source);

  GST_OBJECT_LOCK (self);
  if (self->records)
    trib_kafka_records_set_flushing (self->records, flushing);
  GST_OBJECT_UNLOCK (self);
}

/* ---- positions ---- */

/* reads on from the first record of that time or a later one */
static void
go_to_time (GstKafkaRecordSrc *self, gint64 t_ms)
{
  TribKafkaPosition at = gst_kafka_source_first_position (GST_KAFKA_SOURCE (self));

  at.start = TRIB_KAFKA_START_TIME;
  at.t_ms = t_ms;
  trib_kafka_records_seek (self->records, &at, t_ms);
}

static gint64
ms_not_before (gint64 ns)
{
  return gst_kafka_source_ms (ns + 999999);
}

static void
gst_kafka_record_src_reset (GstKafkaSource *source)
{
  GstKafkaRecordSrc *self = GST_KAFKA_RECORD_SRC (source);
  const TribKafkaPosition at = gst_kafka_source_first_position (source);

  if (at.start == TRIB_KAFKA_START_TIME)
    go_to_time (self, ms_not_before (source->start_ns));
  else
    trib_kafka_records_seek (self->records, &at, G_MININT64);
  self->content = NULL;
  self->has_base = FALSE;
  self->seek_to = 0;
  self->discont = TRUE;
  self->begun = FALSE;
}

/* while no buffer is made */
static void
gst_kafka_record_src_seek (GstKafkaSource *source, GstClockTime position)
{
  GstKafkaRecordSrc *self = GST_KAFKA_RECORD_SRC (source);
  gint64 ns = (gint64) MIN (position, (GstClockTime) G_MAXINT64 / 2);

  self->discont = TRUE;
  self->begun = FALSE;
  if (self->has_base)
    go_to_time (self, self->base_ms + ms_not_before (ns));
  else
    self->seek_to = position;
}

/* ---- buffers ---- */

static void
count (GstKafkaRecordSrc *self, guint64 *counter, guint64 n)
{
  GST_OBJECT_LOCK (self);
  *counter += n;
  GST_OBJECT_UNLOCK (self);
}

static void
warn_unusable (GstKafkaRecordSrc *self, gint32 partition, gint64 offset, const gchar *why)
{
  g_autofree gchar *text
      = g_strdup_printf ("partition %d offset %" G_GINT64_FORMAT ": %s", partition, offset, why);

  self->discont = TRUE;
  gst_kafka_source_warn_malformed (GST_KAFKA_SOURCE (self),
      "The topic contains records that are neither JSON nor MessagePack; they are skipped.", text);
}

static gboolean
send_caps (GstKafkaRecordSrc *self, const gchar *content)
{
  g_autoptr (GstCaps) caps = NULL;

  if (self->content == content)
    return TRUE;
  caps = gst_caps_new_empty_simple (content);
  if (!gst_base_src_set_caps (GST_BASE_SRC (self), caps))
    return FALSE;
  self->content = content;
  return TRUE;
}

/* what cannot be said in nanoseconds is as good as none */
static gboolean
has_time (const TribKafkaMessage *m)
{
  return m->t_ms >= 0 && m->t_ms < (gint64) (G_MAXINT64 / GST_MSECOND);
}

/* %NONE: it has no timestamp */
static GstClockTime
find_pts (GstKafkaRecordSrc *self, const TribKafkaMessage *m)
{
  if (!has_time (m))
    return GST_CLOCK_TIME_NONE;
  if (!self->has_base) {
    self->has_base = TRUE;
    self->base_ms = m->t_ms;
  }
  return m->t_ms > self->base_ms ? (m->t_ms - self->base_ms) * GST_MSECOND : 0;
}

static GstBuffer *
make_buffer (GstKafkaRecordSrc *self, TribKafkaMessage *m, GstClockTime pts)
{
  gboolean timed = has_time (m);
  gint64 t_ms = m->t_ms, offset = m->offset;
  g_autoptr (GBytes) bytes = trib_kafka_message_steal_value (m);
  g_autoptr (GstCaps) caps = gst_static_caps_get (&unix_caps);
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (bytes);

  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_OFFSET (buffer) = offset;
  GST_BUFFER_OFFSET_END (buffer) = offset + 1;
  if (timed)
    gst_buffer_add_reference_timestamp_meta (buffer, caps, t_ms * GST_MSECOND, GST_CLOCK_TIME_NONE);
  if (self->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  return buffer;
}

/* what a record that is passed over is */
static gchar *
describe_unusable (const TribKafkaMessage *m, const gchar *type)
{
  if (m->value == NULL)
    return g_strdup ("a tombstone, without a value");
  if (m->value_len == 0)
    return g_strdup ("an empty value");
  if (type && *type && !g_str_equal (type, "application/octet-stream")) {
    g_autofree gchar *shown = g_strescape (type, NULL);
    return g_strdup_printf ("unknown content type \"%s\"", shown);
  }
  return g_strdup ("neither its content-type header nor its bytes say what it is");
}

/* OK without a buffer: there is none of this record */
static GstFlowReturn
take_record (GstKafkaRecordSrc *self, TribKafkaMessage *message, GstBuffer **ret_buffer)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);
  g_auto (TribKafkaMessage) m = *message;
  g_autofree gchar *type = trib_kafka_message_dup_header (
      &m, TRIB_KAFKA_HEADER_CONTENT_TYPE, TRIB_KAFKA_CONTENT_MAX_BYTES);
  const gchar *content = trib_kafka_content_of (type, m.value, m.value_len);
  GstClockTime pts;

  if (content == NULL) {
    g_autofree gchar *why = describe_unusable (&m, type);
    count (self, &self->unusable, 1);
    warn_unusable (self, m.partition, m.offset, why);
    return GST_FLOW_OK;
  }
  pts = find_pts (self, &m);
  if (self->has_base && self->seek_to > 0) {
    /* the target was given before it could be known where it is */
    GstClockTime target = self->seek_to;
    self->seek_to = 0;
    count (self, &self->skipped, 1);
    gst_kafka_record_src_seek (source, target);
    return GST_FLOW_OK;
  }
  if (!send_caps (self, content))
    return GST_FLOW_NOT_NEGOTIATED;
  /* a live source's first record is of now */
  if (!self->begun && gst_base_src_is_live (GST_BASE_SRC (self)))
    gst_kafka_source_begin_segment (
        source, GST_CLOCK_TIME_IS_VALID (pts) ? pts : 0, gst_kafka_source_now_running (source));
  count (self, &self->bytes_pushed, m.value_len);
  *ret_buffer = make_buffer (self, &m, pts);
  self->discont = FALSE;
  self->begun = TRUE;
  return GST_FLOW_OK;
}

static void
warn_nothing (GstKafkaRecordSrc *self)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);
  TribKafkaNothing nothing = trib_kafka_records_take_nothing (self->records);
  static const gchar *const formats[] = {
    [TRIB_KAFKA_NOTHING_TOPIC] = "There is no topic \"%s\" yet; it is waited for.",
    [TRIB_KAFKA_NOTHING_RECORD] = "Topic \"%s\" has no record.",
    [TRIB_KAFKA_NOTHING_OFFSET] = "The start is beyond the end of topic \"%s\".",
    [TRIB_KAFKA_NOTHING_TIME] = "The time to start at is later than all of topic \"%s\".",
  };
  g_autoptr (GString) text = NULL;

  /* a seek beyond the end is a decision */
  if (nothing == TRIB_KAFKA_NOTHING_NONE || self->has_base)
    return;
  text = g_string_new (formats[nothing]);
  g_string_replace (text, "%s", source->config->record_topic, 1);
  gst_kafka_source_warn_nothing (source, trib_kafka_nothing_to_string (nothing), text->str);
}

static void
set_link (GstKafkaRecordSrc *self, const TribLinkEvent *event)
{
  TribKafkaRecordsCounts counts;

  trib_kafka_records_get_counts (self->records, &counts);
  gst_kafka_source_set_link (GST_KAFKA_SOURCE (self), event, counts.pending,
      trib_kafka_records_get_trouble (self->records));
}

static GstFlowReturn
gst_kafka_record_src_create (GstPushSrc *src, GstBuffer **ret_buffer)
{
  GstKafkaRecordSrc *self = GST_KAFKA_RECORD_SRC (src);
  GstKafkaSource *source = GST_KAFKA_SOURCE (src);
  GstFlowReturn flow = GST_FLOW_OK;

  *ret_buffer = NULL;
  while (*ret_buffer == NULL && flow == GST_FLOW_OK) {
    g_autoptr (GError) error = NULL;
    TribKafkaCursorItem item;
    gint64 deadline = gst_kafka_source_next_deadline (source);

    switch (trib_kafka_records_next (self->records, deadline, &item, &error)) {
      case TRIB_KAFKA_CURSOR_RECORD:
        flow = take_record (self, &item.message, ret_buffer);
        break;
      case TRIB_KAFKA_CURSOR_LOST:
        self->discont = TRUE;
        gst_kafka_source_post_lost (source, item.partition, item.to - item.from);
        break;
      case TRIB_KAFKA_CURSOR_UNREADABLE:
        warn_unusable (self, item.partition, item.from, "the record is damaged");
        break;
      case TRIB_KAFKA_CURSOR_LINK:
        set_link (self, &item.link);
        break;
      case TRIB_KAFKA_CURSOR_TIMEOUT:
        warn_nothing (self);
        if (gst_kafka_source_is_away_too_long (source))
          flow = GST_FLOW_ERROR;
        break;
      case TRIB_KAFKA_CURSOR_END:
        warn_nothing (self);
        flow = GST_FLOW_EOS;
        break;
      case TRIB_KAFKA_CURSOR_FLUSHING:
        flow = GST_FLOW_FLUSHING;
        break;
      case TRIB_KAFKA_CURSOR_ERROR:
        flow = gst_kafka_source_fail (source, error);
        break;
      case TRIB_KAFKA_CURSOR_CAUGHT_UP:
        break;
    }
  }
  return flow;
}

/* ---- properties ---- */

static GstStructure *
gst_kafka_record_src_make_stats (GstKafkaSource *source)
{
  GstKafkaRecordSrc *self = GST_KAFKA_RECORD_SRC (source);
  Stats stats = { .connection = "" };
  guint64 skipped;

  GST_OBJECT_LOCK (self);
  stats.records = self->last_counts;
  stats.unusable = self->unusable;
  skipped = self->skipped;
  stats.bytes_pushed = self->bytes_pushed;
  stats.outages = source->outages;
  stats.nothing = source->nothing;
  /* after the two, so that what is pushed is never less than nothing */
  if (self->records) {
    trib_kafka_records_get_counts (self->records, &stats.records);
    stats.connection = trib_link_state_to_string (source->link);
  }
  GST_OBJECT_UNLOCK (self);
  stats.pushed = stats.records.given - stats.unusable - skipped;
  stats.before = stats.records.before + skipped;
  return trib_fields_to_structure (&stats_table, &stats);
}

static void
gst_kafka_record_src_init (GstKafkaRecordSrc *self)
{
}

static void
gst_kafka_record_src_class_init (GstKafkaRecordSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstKafkaSourceClass *kafka_class = GST_KAFKA_SOURCE_CLASS (klass);

  /* GObject inherits all but these */
  object_class->set_property = G_OBJECT_CLASS (parent_class)->set_property;
  object_class->get_property = G_OBJECT_CLASS (parent_class)->get_property;
  GST_PUSH_SRC_CLASS (klass)->create = GST_DEBUG_FUNCPTR (gst_kafka_record_src_create);
  kafka_class->configure = gst_kafka_record_src_configure;
  kafka_class->begin = gst_kafka_record_src_begin;
  kafka_class->end = gst_kafka_record_src_end;
  kafka_class->set_flushing = gst_kafka_record_src_set_flushing;
  kafka_class->reset = gst_kafka_record_src_reset;
  kafka_class->seek = gst_kafka_record_src_seek;
  kafka_class->connection_message = &connection_message;
  kafka_class->lost_message = &lost_message;
  kafka_class->make_stats = gst_kafka_record_src_make_stats;

  gst_kafka_source_install (properties);
  gst_kafka_settings_install_source_records (properties);
  /* not all of the settings are those of a source of records */
  for (guint id = 1; id < GST_KAFKA_SOURCE_N_PROPS; id++)
    if (properties[id])
      g_object_class_install_property (object_class, id, properties[id]);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Kafka record source", "Source/Network",
      "Reads each record of a Kafka topic as one buffer", "The gst-tributary authors");
}
