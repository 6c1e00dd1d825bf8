/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-kafkabinarysink
 * @title: kafkabinarysink
 * @short_description: Sends each frame as records of three Kafka topics and proves what arrived
 *
 * Each buffer becomes three Kafka records with the frame id as their key, on the same partition
 * number of three topics: its bytes alone, its metadata as JSON, and, once the broker has
 * acknowledged both, a registry entry with their places, their sizes and their
 * CRC-32C. The bytes are not copied: the buffer stays referenced until the delivery report.
 * `tributary-kafka-verify` reads the topics again and proves every registry entry.
 *
 * Identity comes from the frame meta that `frameencodebin` or `framestamp` stamps; a buffer without
 * one gets `session-id`, `stream-id`, the next index and a capture time here. A `session-id` or
 * `stream-id` that is set is that of every frame, whatever the meta says; both properties read as
 * what is in use. A frame that cannot be
 * delivered leaves a registry entry with the status FAILED and the reason.
 *
 * What it does not do: it does not encode, it does not create topics (a broker with
 * auto.create.topics.enable does), and it does not write to a file while the broker is away: frames
 * wait in memory, up to `max-pending-bytes`, and then the `overflow` policy decides.
 *
 * With `bootstrap-servers` set to the word in-process, a broker runs inside the process, for a
 * first look and for tests: `broker-address` is where other programs of the machine reach it. It
 * has 16 partitions a topic, keeps about 5 MiB a partition (a frame above 2.5 MB may not be
 * readable at all) and nothing after the last sink is back in NULL.
 *
 * A retry after trouble cannot write a record twice, unless `producer-config` sets
 * enable.idempotence to false, which is logged once a start at level INFO.
 *
 * Brokers delete by record timestamp, which is the capture time: recordings older than the topic's
 * retention may be deleted soon after they are written. It is never later than now, because brokers
 * refuse that; the capture time itself is in the metadata and in the header
 * `capture-timestamp-ns`. A FAILED entry carries the time it was written at.
 *
 * At its end (EOS, or going to READY) a run says in a topic of its own, `runs-topic`, which frame
 * indices it had and what became of them, by session and stream. So the verifier misses frames of
 * which nothing else could be written. Where that topic cannot be written to, there is one warning.
 *
 * A broker refuses a batch of records whole. What was refused with others is sent again alone
 * (`retried-alone`), so that only what is refused by itself is lost.
 *
 * ## Caps
 * image/jpeg, image/png, image/webp, video/x-raw (any format in system memory), video/x-h264 and
 * video/x-h265 with alignment au. Rows of RGB, BGR and GRAY8 are sent without padding; other raw
 * formats are laid out as their caps define. The caps travel in the `caps` header of the bytes
 * record. Caps may change at any buffer.
 *
 * ## Timing
 * Frames are sent as they arrive (`sync` is off by default). Record timestamps are capture times,
 * but never later than now: from the frame meta, else as `framestamp` makes them, with
 * `time-origin`. The element adds no latency to the pipeline.
 *
 * ## Producers
 * Each sink has a producer of its own: connection, threads, `max-pending-bytes`, counters. Sinks
 * of one process do not affect each other.
 *
 * ## Threads
 * One thread of each sink serves its producer: delivery reports, registry entries; a buffer is
 * released there. Another one posts its messages. `mode` and `overflow` may be changed from any
 * thread while playing; this applies to a frame that waits for space, too.
 *
 * ## Errors
 * - Unusable settings (topic name, session or stream id, `producer-config`): RESOURCE/SETTINGS,
 * going to READY.
 * - `overflow` is error and there is no space: RESOURCE/WRITE.
 * - The client cannot continue (a fatal error of the idempotent producer): RESOURCE/WRITE.
 * - Frames are lost: one RESOURCE/WRITE warning a start for each reason (time-outs and drops
 * included); with `on-loss` set to error, the first is a RESOURCE/WRITE error instead, so that
 * gst-launch-1.0 ends with 1.
 * - EOS when frames were lost: one RESOURCE/WRITE warning with the final numbers, by reason.
 * - No broker for three seconds: one RESOURCE/OPEN_WRITE warning an outage; frames wait.
 * - EOS or stop with frames undelivered after `drain-timeout-ms`: they are given up, and reported
 * as lost.
 * - EOS follows a frame that waits for space, which may take up to `delivery-timeout-ms`; going
 * to READY or NULL ends that wait at once.
 *
 * ## Stats
 * produced = acknowledged + failed + dropped + pending, at any moment. Counters start at 0 with
 * each NULL to READY, and when settings were changed in READY.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=60 ! video/x-raw,width=640,height=480,framerate=30/1 !
 * frameencodebin session-id=test ! kafkabinarysink bootstrap-servers=in-process
 * ]|
 * Sends sixty test pictures as JPEG to the broker inside the process.
 *
 * Since: 0.1
 */
#include "config.h"

#include "gstkafkabinarysink.h"

#include <common/trib-frame-id.h>
#include <frame/trib-frame-meta.h>
#include <frame/trib-frame-session.h>
#include <frame/trib-frame-stamper.h>

#include "gstkafkamedia.h"

GST_DEBUG_CATEGORY_STATIC (kafkabinarysink_debug);
#define GST_CAT_DEFAULT kafkabinarysink_debug

#define DEFAULT_STREAM "video-0"

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS ("image/jpeg; image/png; image/webp; video/x-raw; "
                         "video/x-h264, stream-format = (string) { byte-stream, avc, avc3 }, "
                         "alignment = (string) au; "
                         "video/x-h265, stream-format = (string) { byte-stream, hvc1, hev1 }, "
                         "alignment = (string) au"));

struct _GstKafkaBinarySink {
  GstKafkaSink parent;

  /* OBJECT_LOCK */
  gchar *session;
  gboolean session_made; /* made here, not set by the application */
  gchar *stream;
  gchar *used_session, *used_stream; /* of the last frame; NULL before the first of a run */

  /* set when starting, streaming thread */
  gboolean gives_session, gives_stream; /* those that were set, to every frame */
  TribFrameStamper stamper;
  GstKafkaMedia media;
};

#define gst_kafka_binary_sink_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstKafkaBinarySink, gst_kafka_binary_sink, GST_TYPE_KAFKA_SINK)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (kafkabinarysink, "kafkabinarysink", GST_RANK_NONE,
    GST_TYPE_KAFKA_BINARY_SINK,
    GST_DEBUG_CATEGORY_INIT (kafkabinarysink_debug, "kafkabinarysink", 0, "frames to Kafka"))

#define VALUE(field) G_STRUCT_OFFSET (GstKafkaStatsValues, field)

static const TribField binary_loss_rows[] = {
  { "frame-ids", TRIB_FIELD_TEXTS, G_STRUCT_OFFSET (GstKafkaLossValues, names),
      "the first 16 of them" },
};
static const TribField binary_stats_rows[] = {
  { "failed-registry", TRIB_FIELD_UINT64, VALUE (stats.failed[TRIB_KAFKA_FAILED_REGISTRY]),
      "of `failed`: bytes and metadata are there, the registry entry is not" },
  { "failed-malformed", TRIB_FIELD_UINT64, VALUE (stats.failed[TRIB_KAFKA_FAILED_MALFORMED]),
      "of `failed`: a picture that contradicts its caps or its memory" },
  { "copied-frames", TRIB_FIELD_UINT64, VALUE (copied),
      "payloads that had to be copied: several memories, padded rows, small ones in large "
      "allocations while frames "
      "wait, or legacy mode" },
  { "loss-records", TRIB_FIELD_UINT64, VALUE (stats.loss_records),
      "FAILED registry entries that are written" },
  { "loss-records-pending", TRIB_FIELD_UINT64, VALUE (stats.loss_records_pending),
      "those on their way" },
  { "loss-records-failed", TRIB_FIELD_UINT64, VALUE (stats.loss_records_failed),
      "those that could not be written" },
};
static const TribFieldTable connection_message = TRIB_FIELD_TABLE ("kafkabinarysink-connection",
    "the state of the connection changed", gst_kafka_report_connection_rows);
static const TribFieldTable losses_message[] = {
  TRIB_FIELD_TABLE ("kafkabinarysink-frames-lost", "frames were lost; at most one message a second",
      gst_kafka_report_loss_rows),
  TRIB_FIELD_TABLE ("kafkabinarysink-frames-lost", NULL, binary_loss_rows),
};
static const TribFieldTable stats[] = {
  TRIB_FIELD_TABLE ("application/x-kafkabinarysink-stats", NULL, gst_kafka_report_stats_rows),
  TRIB_FIELD_TABLE ("application/x-kafkabinarysink-stats", NULL, binary_stats_rows),
};

/* @locks: takes OBJECT_LOCK */
static gboolean
gst_kafka_binary_sink_begin (GstKafkaSink *sink, GError **error)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (sink);
  const GstKafkaSettings *settings = gst_kafka_sink_get_settings (sink);

  GST_OBJECT_LOCK (self);
  self->session_made = settings->session_id == NULL;
  if (settings->session_id) {
    g_free (self->session);
    self->session = g_strdup (settings->session_id);
  } else if (self->session == NULL) {
    self->session = trib_frame_session_new ();
  }
  self->stream = g_strdup (settings->stream_id ? settings->stream_id : DEFAULT_STREAM);
  self->gives_session = settings->session_id != NULL;
  self->gives_stream = settings->stream_id != NULL;
  GST_OBJECT_UNLOCK (self);
  return trib_frame_stamper_begin (&self->stamper, settings->time_origin, error)
         && trib_session_id_check (self->session, error)
         && trib_stream_id_check (self->stream, error);
}

/* a session that was made stays the one that could be read, when it begins again at once */
static void
gst_kafka_binary_sink_end (GstKafkaSink *sink, gboolean again)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (sink);

  GST_OBJECT_LOCK (self);
  if (!again || !self->session_made)
    g_clear_pointer (&self->session, g_free);
  g_clear_pointer (&self->stream, g_free);
  g_clear_pointer (&self->used_session, g_free);
  g_clear_pointer (&self->used_stream, g_free);
  GST_OBJECT_UNLOCK (self);
  gst_kafka_media_clear (&self->media);
}

static gboolean
gst_kafka_binary_sink_set_caps (GstBaseSink *sink, GstCaps *caps)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (sink);

  gst_kafka_media_clear (&self->media);
  return gst_kafka_media_from_caps (&self->media, caps);
}

static gboolean
gst_kafka_binary_sink_propose_allocation (GstBaseSink *sink, GstQuery *query)
{
  /* rows may lie anywhere: where they do not lie as readers expect, one counted copy is made here
   */
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

/* the description that the caps give, completed by the buffer's */
static void
describe (GstKafkaBinarySink *self, GstBuffer *buffer, const TribFrameInfo *info,
    TribKafkaFrame *ret_frame)
{
  TribKafkaFrame *f = ret_frame;

  *f = self->media.frame;
  f->session = info->session;
  f->stream = info->stream;
  f->index = info->index;
  f->t_ns = info->t_ns;
  f->time_source = trib_time_source_to_string (info->time_source);
  f->key = !self->media.has_delta || !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (info->channels)
    f->channels = info->channels;
  f->original_size
      = info->original_size ? info->original_size : (guint64) f->width * f->height * f->channels;
  /* a quality belongs to the format it was stamped for */
  if (info->format && g_str_equal (info->format, f->format) && !self->media.is_raw)
    f->quality = info->quality;
}

/* What the application has set is what frames are, whatever they carry. What is in use can be read.
 * @locks: takes OBJECT_LOCK when that changes */
static void
choose_identity (GstKafkaBinarySink *self, TribFrameInfo *info)
{
  if (self->gives_session)
    info->session = self->session;
  if (self->gives_stream)
    info->stream = self->stream;
  if (g_strcmp0 (info->session, self->used_session) == 0
      && g_strcmp0 (info->stream, self->used_stream) == 0)
    return;
  GST_DEBUG_OBJECT (self, "session %s, stream %s", info->session, info->stream);
  GST_OBJECT_LOCK (self);
  g_free (self->used_session);
  self->used_session = g_strdup (info->session);
  g_free (self->used_stream);
  self->used_stream = g_strdup (info->stream);
  GST_OBJECT_UNLOCK (self);
}

/* one bad picture costs itself only */
static GstFlowReturn
refuse (GstKafkaBinarySink *self, TribKafkaItem *item, const GError *error)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

  item->payload = nothing;
  trib_kafka_publisher_count_malformed (gst_kafka_sink_get_publisher (GST_KAFKA_SINK (self)), item,
      error ? error->message : "its memory cannot be read");
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_kafka_binary_sink_render (GstBaseSink *sink, GstBuffer *buffer)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (sink);
  GstKafkaSink *kafka_sink = GST_KAFKA_SINK (sink);
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GError) error = NULL;
  TribFrameInfo info;
  TribKafkaItem item = { .form = TRIB_KAFKA_FORM_BINARY };
  gboolean copied;

  if (self->media.frame.format == NULL) {
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, (NULL), ("a buffer arrived before its caps"));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  trib_frame_stamper_identify (&self->stamper, GST_ELEMENT (self), buffer, &sink->segment,
      self->session, self->stream, g_get_real_time () * 1000, &info);
  choose_identity (self, &info);
  describe (self, buffer, &info, &item.frame);
  if (!trib_session_id_check (info.session, &error)
      || !trib_stream_id_check (info.stream, &error)) {
    /* only an application's meta can bring this here */
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("A frame's identity cannot be used: %s.", error->message),
        ("frame index %" G_GUINT64_FORMAT, info.index));
    return GST_FLOW_ERROR;
  }
  item.frame.held_bytes = gst_kafka_buffer_held_bytes (buffer);
  payload = gst_kafka_payload_new (&self->media, buffer,
      gst_kafka_sink_must_compact (kafka_sink, buffer, item.frame.held_bytes), &copied, &error);
  if (payload == NULL)
    return refuse (self, &item, error);
  if (copied) {
    item.frame.held_bytes = 0;
    gst_kafka_sink_count_copy (kafka_sink, g_bytes_get_size (payload));
  }
  item.payload = payload;
  return gst_kafka_sink_send (kafka_sink, &item);
}

static void
gst_kafka_binary_sink_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (object);
  const GstKafkaSettings *settings = gst_kafka_sink_get_settings (GST_KAFKA_SINK (object));
  const gchar *in_use;

  if (prop_id != GST_KAFKA_SETTING_SESSION_ID && prop_id != GST_KAFKA_SETTING_STREAM_ID) {
    G_OBJECT_CLASS (parent_class)->get_property (object, prop_id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (self);
  if (prop_id == GST_KAFKA_SETTING_SESSION_ID)
    in_use = settings->session_id ? settings->session_id
             : self->used_session ? self->used_session
                                  : self->session;
  else
    in_use = settings->stream_id ? settings->stream_id
             : self->used_stream ? self->used_stream
                                 : DEFAULT_STREAM;
  g_value_set_string (value, in_use);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kafka_binary_sink_init (GstKafkaBinarySink *self)
{
}

static void
gst_kafka_binary_sink_class_init (GstKafkaBinarySinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);
  GstKafkaSinkClass *kafka_class = GST_KAFKA_SINK_CLASS (klass);

  /* a class that has properties must name both itself */
  object_class->set_property = G_OBJECT_CLASS (parent_class)->set_property;
  object_class->get_property = gst_kafka_binary_sink_get_property;
  sink_class->set_caps = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_set_caps);
  sink_class->propose_allocation = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_propose_allocation);
  sink_class->render = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_render);
  kafka_class->things = "frames";
  kafka_class->first_things = "Frames";
  kafka_class->begin = gst_kafka_binary_sink_begin;
  kafka_class->end = gst_kafka_binary_sink_end;
  kafka_class->connection_message = &connection_message;
  kafka_class->losses_message = losses_message;
  kafka_class->stats = stats;

  gst_kafka_settings_install (object_class);
  gst_kafka_settings_install_frames (object_class);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Kafka frame sink", "Sink/Network/Video",
      "Sends each frame as records of three Kafka topics and proves what arrived",
      "The gst-tributary authors");
}
