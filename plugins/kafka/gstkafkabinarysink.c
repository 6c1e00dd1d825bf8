/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-kafkabinarysink
 * @title: kafkabinarysink
 * @short_description: Sends each frame as records of three Kafka topics and proves what arrived
 *
 * Each buffer becomes three Kafka records with the frame id as their key, on the same partition
 * number of three topics: its bytes alone, its metadata as JSON, and, once the broker has
 * acknowledged both, a registry entry that says where they are, how large they are and their
 * CRC-32C. The bytes are not copied: the buffer stays referenced until the delivery report.
 * `tributary-kafka-verify` reads the topics again and proves every registry entry.
 *
 * Identity comes from the frame meta that `frameencodebin` stamps; a buffer without one gets
 * `session-id`, `stream-id`, the next index and a capture time here. A frame that cannot be
 * delivered leaves a registry entry with the status FAILED and the reason.
 *
 * What it does not do: it does not encode, it does not create topics (a broker with
 * auto.create.topics.enable does), and it does not write to a file while the broker is away: frames
 * wait in memory, up to `max-pending-bytes`, and then the `overflow` policy decides.
 *
 * With `bootstrap-servers` set to the word in-process, a broker runs inside the process, for a
 * first look and for tests: `broker-address` says where other programs of the machine reach it. It
 * has 16 partitions a topic, keeps about 5 MiB a partition (a frame above 2.5 MB may not be
 * readable at all) and nothing after the last sink is back in NULL.
 *
 * A retry after trouble cannot write a record twice, unless `producer-config` sets
 * enable.idempotence to false, which the log says once a start at level INFO.
 *
 * Brokers delete by record timestamp, which is the capture time: recordings older than the topic's
 * retention may be deleted soon after they are written, and Kafka 4 refuses timestamps more than an
 * hour ahead.
 *
 * ## Caps
 * image/jpeg, image/png, image/webp, video/x-raw (any format in system memory), video/x-h264 and
 * video/x-h265 with alignment au. Rows of RGB, BGR and GRAY8 are sent without padding; other raw
 * formats lie as their caps say. The caps travel in the `caps` header of the bytes record. Caps may
 * change at any buffer.
 *
 * ## Timing
 * Frames are sent as they come (`sync` is off by default). Record timestamps are capture times:
 * from the frame meta, else from a timestamp/x-unix reference timestamp, else the wall time of the
 * stream's start plus running time. The element adds no latency to the pipeline.
 *
 * ## Sharing
 * Sinks of one process whose `bootstrap-servers`, `producer-config`, `max-pending-bytes` and
 * `delivery-timeout-ms` are equal share one producer: its connection, its threads and the bound on
 * pending bytes, half of which is divided evenly among them. The last one out ends it. Topics,
 * `overflow` and counters are each sink's own. A sink that stops gives up its own frames only; where
 * others have records on their way, its buffers may stay referenced until the producer has done with
 * them. To keep a sink apart, give it a `client.id` of its own in `producer-config`.
 *
 * ## Threads
 * One thread serves a producer: delivery reports, registry entries; a buffer is released there.
 * Another one for each sink posts its messages. `mode` and `overflow` may be changed from any thread while playing; a frame that waits for
 * room sees the change.
 *
 * ## Errors
 * - Unusable settings (topic name, session or stream id, `producer-config`): RESOURCE/SETTINGS,
 * going to READY.
 * - `overflow` is error and there is no room: RESOURCE/WRITE.
 * - The client cannot go on (a fatal error of the idempotent producer): RESOURCE/WRITE.
 * - Frames are lost for a reason of their own (too large, refused, no room): one RESOURCE/WRITE warning a start.
 * - No broker for three seconds: one RESOURCE/OPEN_WRITE warning an outage; frames wait.
 * - EOS or stop with frames undelivered after `drain-timeout-ms`: one RESOURCE/WRITE warning with
 * the numbers.
 *
 * ## Messages
 * - `kafkabinarysink-connection`: the connection changed. Fields: `state` (string: connected,
 * degraded, down), `previous` (string), `recovered` (boolean), `previous-duration` (ns, uint64),
 * `outage-duration` (ns, uint64), `pending` (frames, uint64), `reason` (string).
 * - `kafkabinarysink-frames-lost`: frames were lost, at most one message a second. Fields: `failed`
 * (frames, uint64), `dropped` (frames, uint64), one field `failed-REASON` or `dropped-REASON`
 * (frames, uint64) for each reason that occurred, `frame-ids` (array of at most 16 strings),
 * `reason` (string: of the last one).
 *
 * ## Stats
 * produced = acknowledged + failed + dropped + pending, at any moment. Counters start at 0 with
 * each NULL to READY, and when settings were changed in READY.
 * - `produced`: frames taken.
 * - `acknowledged`: frames whose registry entry the broker has (in legacy mode: whose record it
 * has).
 * - `failed`: the sum of `failed-timed-out` (not acknowledged within `delivery-timeout-ms`),
 * `failed-too-large`, `failed-purged` (given up when the sink stopped), `failed-not-authorized`,
 * `failed-unknown-topic`, `failed-registry` (bytes and metadata are there, the entry is not) and
 * `failed-refused`.
 * - `dropped`: the sum of `dropped-newest`, `dropped-oldest`, `dropped-non-key`, `dropped-flushed`
 * (waiting for room when a flush or state change came) and `dropped-overflow` (`overflow` is
 * error).
 * - `pending`: frames without an outcome; `waiting`: those of them that the client does not have
 * yet.
 * - `blocked`: 1 while a frame waits for room; it counts as produced once it has it, or is lost.
 * - `bytes-produced`, `bytes-acknowledged`: payload bytes.
 * - `pending-bytes`: bytes held for pending frames, bounded by `max-pending-bytes`;
 * `peak-pending-bytes`: the most so far.
 * - `pinned-bytes`, `pinned-buffers`: memory and number of the buffers still referenced.
 * - `copied-frames`, `copied-bytes`: payloads that had to be copied: several memories, padded rows,
 * or legacy mode.
 * - `loss-records`, `loss-records-pending`, `loss-records-failed`: FAILED registry entries that are
 * written, on their way, or could not be written.
 * - `latency-p50-us`, `latency-p99-us`: from taking a frame to its registry entry's
 * acknowledgement, -1 before the first.
 * - `outages`: how often the connection went down.
 * - `connection`: connecting, connected, degraded or down.
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
#include <kafka/trib-kafka-broker.h>
#include <kafka/trib-kafka-publisher.h>

#include "gstkafkapayload.h"
#include "gstkafkareport.h"
#include "gstkafkasettings.h"

#include <string.h>

GST_DEBUG_CATEGORY_STATIC (kafkabinarysink_debug);
#define GST_CAT_DEFAULT kafkabinarysink_debug

#define SPARSE_FACTOR 2

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS ("image/jpeg; image/png; image/webp; video/x-raw; "
                         "video/x-h264, stream-format = (string) { byte-stream, avc, avc3 }, "
                         "alignment = (string) au; "
                         "video/x-h265, stream-format = (string) { byte-stream, hvc1, hev1 }, "
                         "alignment = (string) au"));

enum { PROP_BROKER_ADDRESS = GST_KAFKA_N_SETTINGS, PROP_STATS, N_PROPS };

static GParamSpec *properties[N_PROPS];

struct _GstKafkaBinarySink {
  GstBaseSink parent;

  /* OBJECT_LOCK; `mode` is read for each frame, the others when starting */
  GstKafkaSettings settings;

  /* OBJECT_LOCK: set in start(), cleared in stop(), used by the streaming thread and the I/O thread
   * between */
  TribKafkaPublisher *publisher;
  gchar *broker_address;
  TribKafkaAccounts last_accounts; /* of the run before, once it has ended */
  guint64 copied_frames;
  guint64 copied_bytes;
  gint n_interrupts;

  /* I/O thread, between start and stop */
  gboolean loss_warned;

  gchar *session;
  gchar *stream;
  gboolean session_made; /* nobody set one */
  guint n_changes_applied;

  /* set in start(), streaming thread */
  TribKafkaBroker *broker;
  TribFrameStamper stamper;
  GstKafkaMedia media;
};

#define gst_kafka_binary_sink_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstKafkaBinarySink, gst_kafka_binary_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (kafkabinarysink, "kafkabinarysink", GST_RANK_NONE,
    GST_TYPE_KAFKA_BINARY_SINK,
    GST_DEBUG_CATEGORY_INIT (kafkabinarysink_debug, "kafkabinarysink", 0, "frames to Kafka"))

/* @thread: I/O */
static void
link_changed_cb (
    gpointer user_data, const TribKafkaLinkEvent *event, guint64 n_pending, const gchar *why)
{
  GstKafkaBinarySink *self = user_data;
  GstStructure *s = gst_kafka_report_connection (event, n_pending, why);

  GST_INFO_OBJECT (self, "%" GST_PTR_FORMAT, s);
  gst_element_post_message (GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self), s));
  if (event->state == TRIB_KAFKA_LINK_DOWN)
    GST_ELEMENT_WARNING (self, RESOURCE, OPEN_WRITE,
        ("No delivery to Kafka at %s. Frames wait, %" G_GUINT64_FORMAT " now.",
            self->broker_address, n_pending),
        ("%s", *why ? why : "nothing was acknowledged"));
}

/* @thread: I/O */
static void
frames_lost_cb (gpointer user_data, const TribKafkaLosses *losses)
{
  GstKafkaBinarySink *self = user_data;
  GstStructure *s = gst_kafka_report_losses (losses);

  GST_WARNING_OBJECT (self, "%" GST_PTR_FORMAT, s);
  gst_element_post_message (GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self), s));
  if (!self->loss_warned && gst_kafka_report_needs_warning (losses)) {
    self->loss_warned = TRUE;
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("Frames are lost on their way to Kafka: %s.", losses->message),
        ("told once; stats counts them all"));
  }
}

/* @thread: I/O */
static void
fatal_cb (gpointer user_data, const GError *error)
{
  GstKafkaBinarySink *self = user_data;

  GST_ELEMENT_ERROR (
      self, RESOURCE, WRITE, ("Frames can no longer be sent to Kafka."), ("%s", error->message));
}

/* @thread: any */
static void
log_cb (gpointer user_data, gint level, const gchar *text)
{
  GstKafkaBinarySink *self = user_data;

  /* its warnings repeat with every attempt to connect; what matters of them goes to the bus */
  if (level <= 4)
    GST_INFO_OBJECT (self, "client: %s", text);
  else
    GST_DEBUG_OBJECT (self, "client: %s", text);
}

/* @session: (nullable): to go on with unless `session-id` is set
 * @locks: takes OBJECT_LOCK */
static gboolean
start_identity (GstKafkaBinarySink *self, const gchar *session, GError **error)
{
  GST_OBJECT_LOCK (self);
  self->session_made = self->settings.session_id == NULL;
  if (self->settings.session_id)
    self->session = g_strdup (self->settings.session_id);
  else
    self->session = session ? g_strdup (session) : trib_frame_session_new ();
  self->stream = g_strdup (self->settings.stream_id);
  self->n_changes_applied = self->settings.n_changes;
  GST_OBJECT_UNLOCK (self);
  trib_frame_stamper_reset (&self->stamper);
  return trib_session_id_check (self->session, error) && trib_stream_id_check (self->stream, error);
}

static gboolean
start_broker (GstKafkaBinarySink *self, GError **error)
{
  g_autofree gchar *servers = NULL;
  const gchar *address;

  GST_OBJECT_LOCK (self);
  servers = g_strdup (self->settings.bootstrap_servers);
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
start_publisher (GstKafkaBinarySink *self, GError **error)
{
  static const TribKafkaPublisherCallbacks callbacks
      = { link_changed_cb, frames_lost_cb, fatal_cb, log_cb };
  GstKafkaConfig *config;
  TribKafkaPublisher *publisher;

  GST_OBJECT_LOCK (self);
  config = gst_kafka_settings_to_config (&self->settings, self->broker_address);
  GST_OBJECT_UNLOCK (self);
  config->core.in_process = self->broker != NULL;
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS && self->broker; i++)
    if (trib_kafka_topic_check (config->core.topics[i], NULL))
      trib_kafka_broker_add_topic (self->broker, config->core.topics[i]);
  publisher = trib_kafka_publisher_new (&config->core, &callbacks, self, error);
  gst_kafka_config_free (config);
  GST_OBJECT_LOCK (self);
  self->publisher = publisher;
  GST_OBJECT_UNLOCK (self);
  return publisher != NULL;
}

static void
stop_all (GstKafkaBinarySink *self)
{
  TribKafkaPublisher *publisher;
  TribKafkaAccounts accounts = {
    0,
  };
  guint drain_timeout_ms;

  GST_OBJECT_LOCK (self);
  publisher = self->publisher;
  drain_timeout_ms = self->settings.drain_timeout_ms;
  GST_OBJECT_UNLOCK (self);
  if (publisher) {
    trib_kafka_publisher_close (publisher, drain_timeout_ms);
    trib_kafka_publisher_get_accounts (publisher, &accounts);
    GST_OBJECT_LOCK (self);
    self->publisher = NULL;
    self->last_accounts = accounts;
    GST_OBJECT_UNLOCK (self);
    trib_kafka_publisher_free (publisher);
  }
  g_clear_pointer (&self->broker, trib_kafka_broker_release);
  GST_OBJECT_LOCK (self);
  g_clear_pointer (&self->session, g_free);
  g_clear_pointer (&self->stream, g_free);
  GST_OBJECT_UNLOCK (self);
  gst_kafka_media_clear (&self->media);
}

/* @session: (nullable): to go on with unless `session-id` is set */
static gboolean
start_all (GstKafkaBinarySink *self, const gchar *session)
{
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  self->copied_frames = self->copied_bytes = 0;
  self->loss_warned = FALSE;
  memset (&self->last_accounts, 0, sizeof self->last_accounts);
  GST_OBJECT_UNLOCK (self);
  if (start_identity (self, session, &error) && start_broker (self, &error)
      && start_publisher (self, &error))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  stop_all (self);
  return FALSE;
}

/* What was set in READY takes effect on the way to PAUSED. The broker of the process stays where it is, with what
 * it holds, and a session that was made stays the one that could be read. */
static gboolean
apply_changes (GstKafkaBinarySink *self)
{
  TribKafkaBroker *broker;
  g_autofree gchar *session = NULL;
  gboolean started;

  GST_OBJECT_LOCK (self);
  if (self->publisher && self->settings.n_changes == self->n_changes_applied) {
    GST_OBJECT_UNLOCK (self);
    return TRUE;
  }
  session = self->session_made ? g_strdup (self->session) : NULL;
  GST_OBJECT_UNLOCK (self);
  GST_INFO_OBJECT (self, "settings have changed: starting again with them");
  broker = g_steal_pointer (&self->broker);
  stop_all (self);
  started = start_all (self, session);
  if (started)
    trib_kafka_broker_release (broker);
  else
    self->broker = broker;
  return started;
}

/* Waits end as long as anybody wants them to: GstBaseSink, for a flush or a state change, or change_state().
 *
 * @thread: any
 * @locks: takes OBJECT_LOCK */
static void
interrupt (GstKafkaBinarySink *self, gint change)
{
  GST_OBJECT_LOCK (self);
  self->n_interrupts += change;
  if (self->publisher)
    trib_kafka_publisher_set_flushing (self->publisher, self->n_interrupts > 0);
  GST_OBJECT_UNLOCK (self);
}

/* GstBaseSink interrupts the streaming thread when it pauses, but a thread that wakes late from one pause may begin
 * to wait for room within the next, and it waits with the lock that going on needs. So going on interrupts
 * it as well: it then waits in preroll, where it is woken once the interruption is over. */
static GstStateChangeReturn
go_on_playing (GstKafkaBinarySink *self)
{
  GstStateChangeReturn ret;

  interrupt (self, 1);
  ret = GST_ELEMENT_CLASS (parent_class)
            ->change_state (GST_ELEMENT (self), GST_STATE_CHANGE_PAUSED_TO_PLAYING);
  GST_BASE_SINK_PREROLL_LOCK (self);
  interrupt (self, -1);
  GST_BASE_SINK_PREROLL_SIGNAL (self);
  GST_BASE_SINK_PREROLL_UNLOCK (self);
  return ret;
}

/* not in GstBaseSink's start() and stop(): it posts an error of its own when start() fails */
static GstStateChangeReturn
gst_kafka_binary_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !start_all (self, NULL))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !apply_changes (self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    return go_on_playing (self);
  ret = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL
      || (transition == GST_STATE_CHANGE_NULL_TO_READY && ret == GST_STATE_CHANGE_FAILURE))
    stop_all (self);
  return ret;
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

/* what the caps say, completed by what the buffer says */
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

static void
count_copy (GstKafkaBinarySink *self, gsize size)
{
  GST_OBJECT_LOCK (self);
  self->copied_frames++;
  self->copied_bytes += size;
  GST_OBJECT_UNLOCK (self);
}

static GstFlowReturn
publish (GstKafkaBinarySink *self, const TribKafkaFrame *frame, GBytes *payload)
{
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow;
  gboolean legacy;

  for (;;) {
    GST_OBJECT_LOCK (self);
    legacy = self->settings.mode == GST_KAFKA_MODE_LEGACY;
    GST_OBJECT_UNLOCK (self);
    switch (trib_kafka_publisher_publish (self->publisher, frame, payload, legacy, &error)) {
      case TRIB_KAFKA_PUBLISH_TAKEN:
        if (legacy)
          count_copy (self, g_bytes_get_size (payload));
        return GST_FLOW_OK;
      case TRIB_KAFKA_PUBLISH_LOST:
        return GST_FLOW_OK;
      case TRIB_KAFKA_PUBLISH_FLUSHING:
        /* a pause only interrupts the wait: the frame is tried again when playing goes on */
        flow = gst_base_sink_wait_preroll (GST_BASE_SINK (self));
        if (flow == GST_FLOW_OK)
          break;
        trib_kafka_publisher_count_flushed (self->publisher, frame, payload, legacy);
        return flow;
      case TRIB_KAFKA_PUBLISH_ERROR:
        if (g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_OVERFLOW))
          GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
              ("Kafka takes frames more slowly than they come, and overflow is set to error."),
              ("%s", error->message));
        return GST_FLOW_ERROR;
    }
  }
}

/* While frames flow, a reference is let go within milliseconds and costs nothing. While they pile up, a
 * small picture in a large allocation would fill the bound with memory that holds nothing. */
static gboolean
must_compact (GstKafkaBinarySink *self, GstBuffer *buffer, guint64 held_bytes)
{
  return held_bytes > SPARSE_FACTOR * gst_buffer_get_size (buffer)
         && trib_kafka_publisher_is_congested (self->publisher, held_bytes);
}

static GstFlowReturn
gst_kafka_binary_sink_render (GstBaseSink *sink, GstBuffer *buffer)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (sink);
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GError) error = NULL;
  TribFrameInfo info;
  TribKafkaFrame frame;
  gboolean copied;

  if (self->media.frame.format == NULL) {
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, (NULL), ("a buffer came before its caps"));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  trib_frame_stamper_identify (&self->stamper, GST_ELEMENT (self), buffer, &sink->segment,
      self->session, self->stream, g_get_real_time () * 1000, &info);
  describe (self, buffer, &info, &frame);
  if (!trib_session_id_check (info.session, &error)
      || !trib_stream_id_check (info.stream, &error)) {
    /* only an application's meta can bring this here */
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("A frame's identity cannot be used: %s.", error->message),
        ("frame index %" G_GUINT64_FORMAT, info.index));
    return GST_FLOW_ERROR;
  }
  frame.held_bytes = gst_kafka_buffer_held_bytes (buffer);
  payload = gst_kafka_payload_new (
      &self->media, buffer, must_compact (self, buffer, frame.held_bytes), &copied);
  if (payload == NULL) {
    GST_ELEMENT_ERROR (
        self, RESOURCE, READ, ("A frame's memory cannot be read."), ("%" GST_PTR_FORMAT, buffer));
    return GST_FLOW_ERROR;
  }
  if (copied) {
    frame.held_bytes = 0;
    count_copy (self, g_bytes_get_size (payload));
  }
  return publish (self, &frame, payload);
}

/* @locks: takes OBJECT_LOCK */
static void
give_up (GstKafkaBinarySink *self)
{
  TribKafkaAccounts accounts;

  trib_kafka_publisher_get_accounts (self->publisher, &accounts);
  if (accounts.pending > 0)
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("%" G_GUINT64_FORMAT " frames were not acknowledged within drain-timeout-ms=%u and are "
         "given up.",
            accounts.pending, self->settings.drain_timeout_ms),
        ("%" G_GUINT64_FORMAT " bytes", accounts.pending_bytes));
  trib_kafka_publisher_give_up (self->publisher);
}

/* EOS is passed on once every frame has its outcome, or the time for it is over; FALSE: a flush or a
 * state change ended the wait */
static gboolean
drain (GstKafkaBinarySink *self)
{
  gint64 end;
  guint timeout_ms;

  GST_OBJECT_LOCK (self);
  timeout_ms = self->settings.drain_timeout_ms;
  GST_OBJECT_UNLOCK (self);
  end = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  while (!trib_kafka_publisher_drain (self->publisher, timeout_ms)) {
    gint64 left = end - g_get_monotonic_time ();
    if (left <= 0) {
      give_up (self);
      return TRUE;
    }
    timeout_ms = left / 1000 + 1;
    /* woken early: by a pause, then go on; by a flush or a state change, then end */
    if (gst_base_sink_wait_preroll (GST_BASE_SINK (self)) != GST_FLOW_OK)
      return FALSE;
  }
  return TRUE;
}

static gboolean
gst_kafka_binary_sink_event (GstBaseSink *sink, GstEvent *event)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (sink);

  /* GstBaseSink would wait for preroll now, and the flush's signal to it has been given */
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS && !drain (self)) {
    gst_event_unref (event);
    return FALSE;
  }
  return GST_BASE_SINK_CLASS (parent_class)->event (sink, event);
}

/* @thread: any */
static gboolean
gst_kafka_binary_sink_unlock (GstBaseSink *sink)
{
  interrupt (GST_KAFKA_BINARY_SINK (sink), 1);
  return TRUE;
}

/* @thread: any */
static gboolean
gst_kafka_binary_sink_unlock_stop (GstBaseSink *sink)
{
  interrupt (GST_KAFKA_BINARY_SINK (sink), -1);
  return TRUE;
}

static GstStructure *
make_stats (GstKafkaBinarySink *self)
{
  g_autofree TribKafkaAccounts *a = g_new (TribKafkaAccounts, 1);
  const gchar *connection = "";
  guint64 copied_frames, copied_bytes;

  GST_OBJECT_LOCK (self);
  if (self->publisher) {
    trib_kafka_publisher_get_accounts (self->publisher, a);
    connection = trib_kafka_link_state_to_string (trib_kafka_publisher_get_link (self->publisher));
  } else {
    *a = self->last_accounts;
  }
  copied_frames = self->copied_frames;
  copied_bytes = self->copied_bytes;
  GST_OBJECT_UNLOCK (self);
  return gst_kafka_report_stats (a, connection, copied_frames, copied_bytes);
}

static void
gst_kafka_binary_sink_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_kafka_settings_set (&self->settings, prop_id, value, pspec);
  if (prop_id == GST_KAFKA_SETTING_OVERFLOW && self->publisher)
    trib_kafka_publisher_set_overflow (self->publisher, self->settings.overflow);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gst_kafka_binary_sink_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (object);

  if (prop_id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  if (prop_id == PROP_BROKER_ADDRESS)
    g_value_set_string (value, self->broker_address);
  else if (prop_id == GST_KAFKA_SETTING_SESSION_ID && self->settings.session_id == NULL)
    g_value_set_string (value, self->session);
  else
    gst_kafka_settings_get (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kafka_binary_sink_finalize (GObject *object)
{
  GstKafkaBinarySink *self = GST_KAFKA_BINARY_SINK (object);

  gst_kafka_settings_clear (&self->settings);
  g_free (self->broker_address);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_kafka_binary_sink_init (GstKafkaBinarySink *self)
{
  gst_kafka_settings_init (&self->settings);
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  /* else the last buffer stays referenced after its delivery report */
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}

static void
gst_kafka_binary_sink_class_init (GstKafkaBinarySinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  object_class->set_property = gst_kafka_binary_sink_set_property;
  object_class->get_property = gst_kafka_binary_sink_get_property;
  object_class->finalize = gst_kafka_binary_sink_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_change_state);
  sink_class->set_caps = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_set_caps);
  sink_class->propose_allocation = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_propose_allocation);
  sink_class->render = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_render);
  sink_class->event = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_event);
  sink_class->unlock = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_unlock);
  sink_class->unlock_stop = GST_DEBUG_FUNCPTR (gst_kafka_binary_sink_unlock_stop);

  gst_kafka_settings_install (properties);
  properties[PROP_BROKER_ADDRESS] = g_param_spec_string ("broker-address", "Broker address",
      "Address of the brokers in use, also of the one inside the process", NULL,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Counters of frames and bytes, latencies and the state of the connection", GST_TYPE_STRUCTURE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Kafka frame sink", "Sink/Network/Video",
      "Sends each frame as records of three Kafka topics and proves what arrived",
      "gst-tributary developers <gst-tributary@users.noreply.invalid>");
  gst_type_mark_as_plugin_api (gst_kafka_mode_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_kafka_partition_by_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_kafka_overflow_get_type (), 0);
}
