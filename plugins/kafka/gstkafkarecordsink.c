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
 * With `key-field`, the value of that member of a JSON object becomes the Kafka key, as text: a
 * string without its quotes, a number as it is written, true or false. Records of one key keep to
 * one partition and their order. A record that has no such member, or null there, has no key;
 * records without a key spread over all partitions. MessagePack is sent as it is, without a key.
 *
 * A JSON record that is not valid (RFC 8259), or whose key is an object or an array, is not sent:
 * it is counted as failed-malformed, and reported with the position of the error.
 *
 * What it does not do: it does not convert, it does not create topics (a broker with
 * auto.create.topics.enable does), and it writes nothing down for a record that is lost; losses are
 * counted and reported.
 *
 * ## Producers
 * Each sink has a producer of its own: connection, threads, `max-pending-bytes`, counters. Sinks
 * of one process do not affect each other.
 *
 * ## Caps
 * application/json and application/x-msgpack. Caps may change at any buffer.
 *
 * ## Timing
 * Records are sent as they arrive (`sync` is off by default). Their timestamps are, in this
 * order: the capture time of the frame meta, else one as `framestamp` makes it, with
 * `time-origin`. A time ahead of now becomes now, because
 * brokers refuse it, and is kept in the header `capture-timestamp-ns`. The element
 * adds no latency to the pipeline.
 *
 * ## Threads
 * One thread of each sink serves its producer: delivery reports; a buffer is released there.
 * Another one posts its messages. `overflow` may be changed from any thread while playing; this
 * applies to a record that waits for space, too.
 *
 * ## Errors
 * - Unusable settings (topic name, `producer-config`): RESOURCE/SETTINGS, going to READY.
 * - `overflow` is error and there is no space: RESOURCE/WRITE.
 * - The client cannot continue (a fatal error of the idempotent producer): RESOURCE/WRITE.
 * - Records are lost: one RESOURCE/WRITE warning a start for each reason (time-outs and drops
 * included); with `on-loss` set to error, the first is a RESOURCE/WRITE error instead, so that
 * gst-launch-1.0 ends with 1.
 * - EOS when records were lost: one RESOURCE/WRITE warning with the final numbers, by reason.
 * - No broker for three seconds: one RESOURCE/OPEN_WRITE warning an outage; records wait.
 * - EOS or stop with records undelivered after `drain-timeout-ms`: they are given up, and reported
 * as lost.
 * - EOS follows a record that waits for space, which may take up to `delivery-timeout-ms`; going
 * to READY or NULL ends that wait at once.
 *
 * ## Stats
 * produced = acknowledged + failed + dropped + pending, at any moment. Counters start at 0 with
 * each NULL to READY, and when settings were changed in READY.
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
#include <kafka/layout/trib-kafka-content.h>
#include <kafka/layout/trib-kafka-names.h>
#include <kafka/publish/trib-kafka-key.h>

#include "gstkafkamedia.h"

#include <string.h>

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK,
    GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_KAFKA_CONTENT_JSON "; " TRIB_KAFKA_CONTENT_MSGPACK));

struct _GstKafkaRecordSink {
  GstKafkaSink parent;

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

#define VALUE(field) G_STRUCT_OFFSET (GstKafkaStatsValues, field)

static const TribField record_loss_rows[] = {
  { "numbers", TRIB_FIELD_TEXTS, G_STRUCT_OFFSET (GstKafkaLossValues, names),
      "the first 16 of them by number, the first record since the start is 0" },
};
static const TribField record_stats_rows[] = {
  { "failed-malformed", TRIB_FIELD_UINT64, VALUE (stats.failed[TRIB_KAFKA_FAILED_MALFORMED]),
      "of `failed`: not valid JSON of at most 64 levels, or with a key that is an object or an "
      "array" },
  { "copied-records", TRIB_FIELD_UINT64, VALUE (copied),
      "values that had to be copied: several memories, or small ones in large allocations while "
      "records wait" },
};
static const TribFieldTable connection_message = TRIB_FIELD_TABLE ("kafkarecordsink-connection",
    "the state of the connection changed", gst_kafka_report_connection_rows);
static const TribFieldTable losses_message[] = {
  TRIB_FIELD_TABLE ("kafkarecordsink-records-lost",
      "records were lost; at most one message a second", gst_kafka_report_loss_rows),
  TRIB_FIELD_TABLE ("kafkarecordsink-records-lost", NULL, record_loss_rows),
};
static const TribFieldTable stats[] = {
  TRIB_FIELD_TABLE ("application/x-kafkarecordsink-stats", NULL, gst_kafka_report_stats_rows),
  TRIB_FIELD_TABLE ("application/x-kafkarecordsink-stats", NULL, record_stats_rows),
};

/* @locks: takes OBJECT_LOCK */
static gboolean
gst_kafka_record_sink_begin (GstKafkaSink *sink, GError **error)
{
  GstKafkaRecordSink *self = GST_KAFKA_RECORD_SINK (sink);

  GST_OBJECT_LOCK (self);
  self->key_member = g_strdup (gst_kafka_sink_get_settings (sink)->key_field);
  GST_OBJECT_UNLOCK (self);
  self->reader = trib_kafka_key_reader_new ();
  return trib_frame_stamper_begin (
      &self->stamper, gst_kafka_sink_get_settings (sink)->time_origin, error);
}

static void
gst_kafka_record_sink_end (GstKafkaSink *sink, gboolean again)
{
  GstKafkaRecordSink *self = GST_KAFKA_RECORD_SINK (sink);

  g_clear_pointer (&self->key_member, g_free);
  g_clear_pointer (&self->reader, trib_json_reader_free);
  self->content_type = NULL;
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
  const gchar *const headers[] = { TRIB_KAFKA_HEADER_CONTENT_TYPE, self->content_type, NULL };
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *key = NULL;
  TribKafkaItem item = { .form = TRIB_KAFKA_FORM_RECORD, .headers = headers };

  if (self->content_type == NULL) {
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, (NULL), ("a buffer arrived before its caps"));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  item.payload = value = get_value (self, buffer, &item.frame.held_bytes);
  if (value == NULL) {
    GST_ELEMENT_ERROR (
        self, RESOURCE, READ, ("A record's memory cannot be read."), ("%" GST_PTR_FORMAT, buffer));
    return GST_FLOW_ERROR;
  }
  item.frame.t_ns = time_of (self, buffer);
  if (g_str_equal (self->content_type, TRIB_KAFKA_CONTENT_JSON)
      && !trib_kafka_key_read (
          self->reader, value, self->key_member, &key, &item.key_size, &error)) {
    trib_kafka_publisher_count_malformed (
        gst_kafka_sink_get_publisher (sink), &item, error->message);
    return GST_FLOW_OK;
  }
  item.key = key;
  return gst_kafka_sink_send (sink, &item);
}

static void
gst_kafka_record_sink_init (GstKafkaRecordSink *self)
{
}

static void
gst_kafka_record_sink_class_init (GstKafkaRecordSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);
  GstKafkaSinkClass *kafka_class = GST_KAFKA_SINK_CLASS (klass);

  /* a class that has properties must name both itself */
  object_class->set_property = G_OBJECT_CLASS (parent_class)->set_property;
  object_class->get_property = G_OBJECT_CLASS (parent_class)->get_property;
  sink_class->set_caps = GST_DEBUG_FUNCPTR (gst_kafka_record_sink_set_caps);
  sink_class->render = GST_DEBUG_FUNCPTR (gst_kafka_record_sink_render);
  kafka_class->things = "records";
  kafka_class->first_things = "Records";
  kafka_class->sends_records = TRUE;
  kafka_class->begin = gst_kafka_record_sink_begin;
  kafka_class->end = gst_kafka_record_sink_end;
  kafka_class->connection_message = &connection_message;
  kafka_class->losses_message = losses_message;
  kafka_class->stats = stats;

  gst_kafka_settings_install (object_class);
  gst_kafka_settings_install_records (object_class);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Kafka record sink", "Sink/Network",
      "Sends each buffer as one record of a Kafka topic", "The gst-tributary authors");
}
