/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-kafkarecordsink
 * @title: kafkarecordsink
 * @short_description: Sends each buffer as one record of a Kafka topic
 *
 * Each buffer holds one whole record, and becomes one Kafka record: its bytes as they are, never
 * copied, with the key, the timestamp and a `content-type` header. It is for data beside the
 * pictures: sensors, detections, results of analytics.
 *
 * With `key-field`, the value of that member of a JSON object becomes the Kafka key, as text:
 * a string without its quotes, a number as it is written, true or false. Records of one key keep to one
 * partition and their order. A record that has no such member, or null there, has no key; records
 * without a key spread over all partitions. MessagePack is sent as it comes, without a key.
 *
 * A JSON record that is not valid (RFC 8259), or whose key is an object or an array, is not sent: it is counted as
 * failed-malformed, and told with the place of the error.
 *
 * What it does not do: it does not convert, it does not create topics (a broker with
 * auto.create.topics.enable does), and it writes nothing down for a record that is lost; losses are
 * counted and told.
 *
 * ## Producers
 * Each sink has a producer of its own: connection, threads, `max-pending-bytes`, counters. Sinks of one process do not
 * affect each other.
 *
 * ## Caps
 * application/json and application/x-msgpack. Caps may change at any buffer.
 *
 * ## Timing
 * Records are sent as they come (`sync` is off by default). Their timestamps are, in this order:
 * the capture time of the frame meta, a timestamp/x-unix reference timestamp, else the wall time of the
 * stream's start plus running time. The element adds no latency to the pipeline.
 *
 * ## Threads
 * One thread of each sink serves its producer: delivery reports; a buffer is released there. Another one posts its
 * messages. `overflow` may be changed from any thread while playing; a record that waits for space sees the change.
 *
 * ## Errors
 * - Unusable settings (topic name, `producer-config`): RESOURCE/SETTINGS, going to READY.
 * - `overflow` is error and there is no room: RESOURCE/WRITE.
 * - The client cannot go on (a fatal error of the idempotent producer): RESOURCE/WRITE.
 * - Records are lost for a reason of their own (malformed, too large, refused, no room): one
 * RESOURCE/WRITE warning a start.
 * - No broker for three seconds: one RESOURCE/OPEN_WRITE warning an outage; records wait.
 * - EOS or stop with records undelivered after `drain-timeout-ms`: one RESOURCE/WRITE warning with
 * the numbers.
 * - EOS comes behind a record that waits for room, which may take up to `delivery-timeout-ms`; going to READY or NULL ends
 * that wait at once.
 *
 * ## Messages
 * - `kafkarecordsink-connection`: the connection changed. Fields: `state` (string: connected,
 * degraded, down), `previous` (string), `recovered` (boolean), `previous-duration` (ns, uint64),
 * `outage-duration` (ns, uint64), `pending` (records, uint64), `reason` (string).
 * - `kafkarecordsink-records-lost`: records were lost, at most one message a second. Fields: `failed`
 * (records, uint64), `dropped` (records, uint64), one field `failed-REASON` or `dropped-REASON`
 * (records, uint64) for each reason that occurred, `numbers` (array of at most 16 strings: which records, the first
 * since the start is 0), `reason` (string: of the last one).
 *
 * ## Stats
 * produced = acknowledged + failed + dropped + pending, at any moment. Counters start at 0 with
 * each NULL to READY, and when settings were changed in READY.
 * - `produced`: records taken.
 * - `acknowledged`: records that the broker has.
 * - `failed`: the sum of `failed-timed-out` (not acknowledged within `delivery-timeout-ms`),
 * `failed-too-large`, `failed-purged` (given up when the sink stopped), `failed-not-authorized`,
 * `failed-unknown-topic`, `failed-refused` and `failed-malformed` (not valid JSON of at most 64 levels, or a key that is none).
 * - `dropped`: the sum of `dropped-newest`, `dropped-oldest`, `dropped-non-key` (records are all
 * like key frames, so that policy drops the newest), `dropped-flushed` (waiting for room when a
 * flush or state change came) and `dropped-overflow` (`overflow` is error).
 * - `pending`: records without an outcome; `waiting`: those of them that the client does not have
 * yet.
 * - `blocked`: 1 while a record waits for room; it counts as produced once it has it, or is lost.
 * - `bytes-produced`, `bytes-acknowledged`: bytes of the values.
 * - `pending-bytes`: bytes held for pending records; `peak-pending-bytes`: the most so far.
 * - `pinned-bytes`, `pinned-buffers`: memory and number of the buffers still referenced.
 * - `copied-records`, `copied-bytes`: values that had to be copied: several memories, or small ones in
 * large allocations while records pile up.
 * - `latency-p50-us`, `latency-p99-us`: from taking a record to its acknowledgement, -1 before the first.
 * - `outages`: how often the connection went down.
 * - `connection`: connecting, connected, degraded or down.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=launch-lines/kafka/record.json !
 * application/json ! kafkarecordsink bootstrap-servers=in-process key-field=sensor
 * ]|
 * Sends a file that holds one record to the broker inside the process.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstkafkarecordsink.h"

#include <frame/trib-frame-stamper.h>
#include <kafka/publish/trib-kafka-key.h>

#include "gstkafkamedia.h"
#include "gstkafkareport.h"

#include <string.h>

#define DEFAULT_TOPIC "mps-sensor-stream"
#define JSON_TYPE "application/json"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (JSON_TYPE "; application/x-msgpack"));

enum { PROP_TOPIC = GST_KAFKA_SINK_N_PROPS, PROP_KEY_FIELD, N_PROPS };

static GParamSpec *properties[N_PROPS];

struct _GstKafkaRecordSink {
  GstKafkaSink parent;

  /* OBJECT_LOCK */
  gchar *topic;
  gchar *key_field; /* NULL: records have no key */

  /* set when starting, streaming thread */
  gchar *key_member;
  const gchar *content_type; /* interned; NULL before caps */
  TribFrameStamper stamper;
  TribJsonReader *reader;
};

#define gst_kafka_record_sink_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstKafkaRecordSink, gst_kafka_record_sink, GST_TYPE_KAFKA_SINK)
GST_ELEMENT_REGISTER_DEFINE (
    kafkarecordsink, "kafkarecordsink", GST_RANK_NONE, GST_TYPE_KAFKA_RECORD_SINK)

static GstStructure *
connection_message (const TribLinkEvent *event, guint64 n_pending, const gchar *why)
{
  GstStructure *s = gst_structure_new_empty ("kafkarecordsink-connection");

  gst_kafka_report_connection (s, event, n_pending, why);
  return s;
}

static GstStructure *
losses_message (const TribKafkaLosses *losses)
{
  GstStructure *s = gst_structure_new_empty ("kafkarecordsink-records-lost");

  gst_kafka_report_losses (s, losses);
  gst_kafka_report_names (s, "numbers", losses);
  return s;
}

/* @locks: takes OBJECT_LOCK */
static gboolean
gst_kafka_record_sink_begin (GstKafkaSink *sink, GError **error)
{
  GstKafkaRecordSink *self = GST_KAFKA_RECORD_SINK (sink);

  GST_OBJECT_LOCK (self);
  self->key_member = g_strdup (self->key_field);
  GST_OBJECT_UNLOCK (self);
  trib_frame_stamper_reset (&self->stamper);
  self->reader = trib_kafka_key_reader_new ();
  return TRUE;
}

static void
gst_kafka_record_sink_end (GstKafkaSink *sink, gboolean again)
{
  GstKafkaRecordSink *self = GST_KAFKA_RECORD_SINK (sink);

  g_clear_pointer (&self->key_member, g_free);
  g_clear_pointer (&self->reader, trib_json_reader_free);
  self->content_type = NULL;
}

static void
gst_kafka_record_sink_configure (GstKafkaSink *sink, GstKafkaConfig *config)
{
  GstKafkaRecordSink *self = GST_KAFKA_RECORD_SINK (sink);
  const gchar *prefix = gst_kafka_sink_get_settings (sink)->topic_prefix;

  config->record_topic = g_strconcat (prefix ? prefix : "", self->topic ? self->topic : "", NULL);
  config->core.record_topic = config->record_topic;
}

static gboolean
gst_kafka_record_sink_set_caps (GstBaseSink *sink, GstCaps *caps)
{
  GstKafkaRecordSink *self = GST_KAFKA_RECORD_SINK (sink);

  self->content_type = g_intern_string (gst_structure_get_name (gst_caps_get_structure (caps, 0)));
  return TRUE;
}

static GBytes *
get_value (GstKafkaRecordSink *self, GstBuffer *buffer, guint64 *ret_held_bytes)
{
  GstKafkaSink *sink = GST_KAFKA_SINK (self);
  GBytes *value;
  gboolean copied;

  *ret_held_bytes = gst_kafka_buffer_held_bytes (buffer);
  value = gst_kafka_bytes_new (
      buffer, gst_kafka_sink_must_compact (sink, buffer, *ret_held_bytes), &copied);
  if (value && copied) {
    *ret_held_bytes = 0;
    gst_kafka_sink_count_copy (sink, g_bytes_get_size (value));
  }
  return value;
}

static gint64
time_of (GstKafkaRecordSink *self, GstBuffer *buffer)
{
  TribFrameInfo info;

  /* its session and stream do not matter here */
  trib_frame_stamper_identify (&self->stamper, GST_ELEMENT (self), buffer,
      &GST_BASE_SINK (self)->segment, "", "", g_get_real_time () * 1000, &info);
  return info.t_ns;
}

static GstFlowReturn
gst_kafka_record_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  GstKafkaRecordSink *self = GST_KAFKA_RECORD_SINK (base);
  GstKafkaSink *sink = GST_KAFKA_SINK (base);
  const gchar *const headers[] = { "content-type", self->content_type, NULL };
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *key = NULL;
  TribKafkaItem item = { .form = TRIB_KAFKA_FORM_RECORD, .headers = headers };

  if (self->content_type == NULL) {
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, (NULL), ("a buffer came before its caps"));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  item.payload = value = get_value (self, buffer, &item.frame.held_bytes);
  if (value == NULL) {
    GST_ELEMENT_ERROR (
        self, RESOURCE, READ, ("A record's memory cannot be read."), ("%" GST_PTR_FORMAT, buffer));
    return GST_FLOW_ERROR;
  }
  item.frame.t_ns = time_of (self, buffer);
  if (g_str_equal (self->content_type, JSON_TYPE)
      && !trib_kafka_key_read (
          self->reader, value, self->key_member, &key, &item.key_size, &error)) {
    trib_kafka_publisher_count_malformed (
        gst_kafka_sink_get_publisher (sink), &item, error->message);
    return GST_FLOW_OK;
  }
  item.key = key;
  return gst_kafka_sink_send (sink, &item);
}

static GstStructure *
gst_kafka_record_sink_make_stats (GstKafkaSink *sink)
{
  GstStructure *s = gst_structure_new_empty ("application/x-kafkarecordsink-stats");
  g_autofree TribKafkaAccounts *a = g_new (TribKafkaAccounts, 1);
  guint64 copied, copied_bytes;
  const gchar *connection = gst_kafka_sink_get_state (sink, a, &copied, &copied_bytes);

  gst_kafka_report_stats (s, a, connection);
  gst_structure_set (s, "copied-records", G_TYPE_UINT64, copied, "copied-bytes", G_TYPE_UINT64,
      copied_bytes, "failed-malformed", G_TYPE_UINT64, a->failed[TRIB_KAFKA_FAILED_MALFORMED],
      NULL);
  return s;
}

static gchar **
text_of (GstKafkaRecordSink *self, guint prop_id)
{
  return prop_id == PROP_TOPIC ? &self->topic : prop_id == PROP_KEY_FIELD ? &self->key_field : NULL;
}

static void
gst_kafka_record_sink_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  gchar **text = text_of (GST_KAFKA_RECORD_SINK (object), prop_id);
  const gchar *given;

  if (text == NULL) {
    G_OBJECT_CLASS (parent_class)->set_property (object, prop_id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (object);
  gst_kafka_sink_get_settings (GST_KAFKA_SINK (object))->n_changes++;
  g_free (*text);
  given = g_value_get_string (value);
  *text = g_strdup (given == NULL && prop_id == PROP_TOPIC ? DEFAULT_TOPIC : given);
  GST_OBJECT_UNLOCK (object);
}

static void
gst_kafka_record_sink_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  gchar **text = text_of (GST_KAFKA_RECORD_SINK (object), prop_id);

  if (text == NULL) {
    G_OBJECT_CLASS (parent_class)->get_property (object, prop_id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (object);
  g_value_set_string (value, *text);
  GST_OBJECT_UNLOCK (object);
}

static void
gst_kafka_record_sink_finalize (GObject *object)
{
  GstKafkaRecordSink *self = GST_KAFKA_RECORD_SINK (object);

  g_free (self->topic);
  g_free (self->key_field);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_kafka_record_sink_init (GstKafkaRecordSink *self)
{
  self->topic = g_strdup (DEFAULT_TOPIC);
}

static void
install_properties (GObjectClass *object_class)
{
  gst_kafka_settings_install (properties);
  gst_kafka_sink_install (properties);
  properties[PROP_TOPIC] = g_param_spec_string ("topic", "Topic", "Topic of the records",
      DEFAULT_TOPIC, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  properties[PROP_KEY_FIELD] = g_param_spec_string ("key-field", "Key field",
      "Member of a JSON record whose value is the Kafka key (NULL = records have no key)", NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  /* not all of the settings are those of a sink of records */
  for (guint i = 1; i < N_PROPS; i++)
    if (properties[i])
      g_object_class_install_property (object_class, i, properties[i]);
}

static void
gst_kafka_record_sink_class_init (GstKafkaRecordSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);
  GstKafkaSinkClass *kafka_class = GST_KAFKA_SINK_CLASS (klass);

  object_class->set_property = gst_kafka_record_sink_set_property;
  object_class->get_property = gst_kafka_record_sink_get_property;
  object_class->finalize = gst_kafka_record_sink_finalize;
  sink_class->set_caps = GST_DEBUG_FUNCPTR (gst_kafka_record_sink_set_caps);
  sink_class->render = GST_DEBUG_FUNCPTR (gst_kafka_record_sink_render);
  kafka_class->things = "records";
  kafka_class->first_things = "Records";
  kafka_class->begin = gst_kafka_record_sink_begin;
  kafka_class->end = gst_kafka_record_sink_end;
  kafka_class->configure = gst_kafka_record_sink_configure;
  kafka_class->connection_message = connection_message;
  kafka_class->losses_message = losses_message;
  kafka_class->make_stats = gst_kafka_record_sink_make_stats;

  install_properties (object_class);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Kafka record sink", "Sink/Network",
      "Sends each buffer as one record of a Kafka topic",
      "gst-tributary developers <gst-tributary@users.noreply.invalid>");
}
