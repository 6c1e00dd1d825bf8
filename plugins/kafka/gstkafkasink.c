/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gstkafkasink.h"

#include <string.h>

GST_DEBUG_CATEGORY_STATIC (kafkasink_debug);
#define GST_CAT_DEFAULT kafkasink_debug

#define SPARSE_FACTOR 2
#define RUNS_TOPIC_MS 2000 /* EOS waits for it */

typedef struct {
  /* what is changed while playing is read for each buffer, the rest when starting */
  GstKafkaLife life;

  /* OBJECT_LOCK: set when starting, cleared when stopping, used by the streaming thread and the
   * publisher's between */
  TribKafkaPublisher *publisher;
  TribKafkaStats last_stats; /* of the run before, once it has ended */
  guint64 copied;
  guint64 copied_bytes;
  gint n_interrupts;

  /* OBJECT_LOCK, since the start */
  guint64 losses_named;  /* bits of reasons that the bus has named */
  gboolean error_posted; /* of what is sent */

  /* streaming thread, or that of the state change once it has ended */
  gboolean run_warned; /* the numbers of a run could not be written */
} GstKafkaSinkPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (GstKafkaSink, gst_kafka_sink, GST_TYPE_BASE_SINK,
    G_ADD_PRIVATE (GstKafkaSink)
        GST_DEBUG_CATEGORY_INIT (kafkasink_debug, "kafkasink", 0, "what Kafka sinks share"))
#define PRIV(sink) ((GstKafkaSinkPrivate *) gst_kafka_sink_get_instance_private (sink))

/* (transfer full): of the rows of two tables of one name */
static GstStructure *
make_structure (const TribFieldTable *tables, gconstpointer values)
{
  GstStructure *s = trib_fields_to_structure (&tables[0], values);

  trib_fields_add (s, tables[1].fields, tables[1].n_fields, values);
  return s;
}

/* @thread: the publisher's */
static void
link_changed_cb (
    gpointer user_data, const TribLinkEvent *event, guint64 n_pending, const gchar *why)
{
  GstKafkaSink *self = user_data;
  GstKafkaSinkClass *klass = GST_KAFKA_SINK_GET_CLASS (self);
  GstStructure *s = gst_structure_new_empty (klass->connection_message->name);

  gst_kafka_report_connection (s, event, n_pending, why);
  GST_INFO_OBJECT (self, "%" GST_PTR_FORMAT, s);
  gst_element_post_message (GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self), s));
  if (event->state == TRIB_LINK_DOWN)
    GST_ELEMENT_WARNING (self, RESOURCE, OPEN_WRITE,
        ("Kafka at %s is not acknowledging; %" G_GUINT64_FORMAT " %s are queued.",
            PRIV (self)->life.broker_address, n_pending, klass->things),
        ("%s", *why ? why : "nothing was acknowledged"));
}

/* the bits of a reason */
#define FAILED(reason) (G_GUINT64_CONSTANT (1) << (reason))
#define DROPPED(reason) FAILED (TRIB_KAFKA_N_FAILED + (reason))

/* Each reason is named once a start.
 * @locks: takes OBJECT_LOCK */
static gboolean
is_new_reason (GstKafkaSink *self, guint64 reason)
{
  GstKafkaSinkPrivate *priv = PRIV (self);
  gboolean is_new;

  GST_OBJECT_LOCK (self);
  is_new = (priv->losses_named & reason) == 0;
  priv->losses_named |= reason;
  GST_OBJECT_UNLOCK (self);
  return is_new;
}

/* There is one error a start.
 * @thread: any
 * @locks: takes OBJECT_LOCK */
static gboolean
may_post_error (GstKafkaSink *self)
{
  GstKafkaSinkPrivate *priv = PRIV (self);
  gboolean may;

  GST_OBJECT_LOCK (self);
  may = !priv->error_posted;
  priv->error_posted = TRUE;
  GST_OBJECT_UNLOCK (self);
  return may;
}

/* @thread: the publisher's @locks: takes OBJECT_LOCK */
static void
name_reason (
    GstKafkaSink *self, guint64 reason, const gchar *kind, const gchar *name, const gchar *why)
{
  const gchar *things = GST_KAFKA_SINK_GET_CLASS (self)->first_things;
  gboolean is_error;

  if (!is_new_reason (self, reason))
    return;
  GST_OBJECT_LOCK (self);
  is_error = PRIV (self)->life.settings.on_loss == GST_KAFKA_ON_LOSS_ERROR;
  GST_OBJECT_UNLOCK (self);
  if (is_error && may_post_error (self))
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
        ("%s are not delivered to Kafka (%s-%s): %s.", things, kind, name, why),
        ("on-loss is error; stats counts them all"));
  else
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("%s are not delivered to Kafka (%s-%s): %s.", things, kind, name, why),
        ("each reason is reported once a start; stats counts them all"));
}

/* @thread: the publisher's */
static void
lost_cb (gpointer user_data, const TribKafkaLosses *losses)
{
  GstKafkaSink *self = user_data;
  GstKafkaSinkClass *klass = GST_KAFKA_SINK_GET_CLASS (self);
  GstKafkaLossValues values;
  GstStructure *s;

  gst_kafka_report_get_losses (losses, &values);
  s = make_structure (klass->losses_message, &values);
  GST_WARNING_OBJECT (self, "%" GST_PTR_FORMAT, s);
  gst_element_post_message (GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self), s));
  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++)
    if (losses->failed[i] > 0)
      name_reason (
          self, FAILED (i), "failed", trib_kafka_failed_to_string (i), losses->failed_why[i]);
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++)
    if (losses->dropped[i] > 0)
      name_reason (
          self, DROPPED (i), "dropped", trib_kafka_dropped_to_string (i), losses->dropped_why[i]);
}

/* @thread: the publisher's */
static void
fatal_cb (gpointer user_data, const GError *error)
{
  GstKafkaSink *self = user_data;

  if (may_post_error (self))
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
        ("%s can no longer be sent to Kafka.", GST_KAFKA_SINK_GET_CLASS (self)->first_things),
        ("%s", error->message));
}

/* @thread: any */
static void
log_cb (gpointer user_data, gint level, const gchar *text)
{
  GstKafkaSink *self = user_data;

  /* its warnings repeat with every attempt to connect; what matters of them is posted on the bus */
  if (level <= 4)
    GST_INFO_OBJECT (self, "client: %s", text);
  else
    GST_DEBUG_OBJECT (self, "client: %s", text);
}

/* the broker inside the process makes topics at once */
static void
add_topics (TribKafkaBroker *broker, const TribKafkaConfig *config)
{
  if (config->record_topic) {
    if (trib_kafka_topic_check (config->record_topic, NULL))
      trib_kafka_broker_add_topic (broker, config->record_topic);
    return;
  }
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    if (trib_kafka_topic_check (config->topics[i], NULL))
      trib_kafka_broker_add_topic (broker, config->topics[i]);
  if (config->runs_topic && trib_kafka_topic_check (config->runs_topic, NULL))
    trib_kafka_broker_add_topic (broker, config->runs_topic);
}

static gboolean
start_publisher (GstKafkaSink *self, GError **error)
{
  static const TribKafkaPublisherCallbacks callbacks
      = { link_changed_cb, lost_cb, fatal_cb, log_cb };
  GstKafkaSinkPrivate *priv = PRIV (self);
  GstKafkaConfig *config;
  TribKafkaPublisher *publisher;

  GST_OBJECT_LOCK (self);
  config = gst_kafka_settings_to_config (&priv->life.settings, priv->life.broker_address);
  if (GST_KAFKA_SINK_GET_CLASS (self)->sends_records) {
    config->core.record_topic = config->record_topic
        = g_strconcat (priv->life.settings.topic_prefix, priv->life.settings.record_topic, NULL);
    config->core.runs_topic = NULL;
  }
  GST_OBJECT_UNLOCK (self);
  config->core.in_process = priv->life.broker != NULL;
  if (priv->life.broker)
    add_topics (priv->life.broker, &config->core);
  publisher = trib_kafka_publisher_new (&config->core, &callbacks, self, error);
  gst_kafka_config_free (config);
  GST_OBJECT_LOCK (self);
  priv->publisher = publisher;
  GST_OBJECT_UNLOCK (self);
  return publisher != NULL;
}

static gboolean
start (GstElement *element, GError **error)
{
  GstKafkaSink *self = GST_KAFKA_SINK (element);
  GstKafkaSinkPrivate *priv = PRIV (self);
  GstKafkaSinkClass *klass = GST_KAFKA_SINK_GET_CLASS (self);

  GST_OBJECT_LOCK (self);
  priv->copied = priv->copied_bytes = 0;
  /* that policy's loss is an error of its own */
  priv->losses_named = DROPPED (TRIB_KAFKA_DROPPED_OVERFLOW);
  priv->error_posted = FALSE;
  priv->run_warned = FALSE;
  memset (&priv->last_stats, 0, sizeof priv->last_stats);
  GST_OBJECT_UNLOCK (self);
  return (klass->begin == NULL || klass->begin (self, error)) && start_publisher (self, error);
}

/* Its numbers are written once all has its outcome, unless EOS has written them.
 * @thread: of the state change */
static void
end_run (GstKafkaSink *self, TribKafkaPublisher *publisher, guint drain_timeout_ms)
{
  g_autofree gchar *why = NULL;

  trib_kafka_publisher_set_flushing (publisher, FALSE);
  if (!trib_kafka_publisher_drain (publisher, drain_timeout_ms))
    trib_kafka_publisher_give_up (publisher);
  /* stopping does not wait for a topic */
  why = trib_kafka_publisher_end_run (publisher, 0);
  if (why && !PRIV (self)->run_warned)
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("The numbers of this run could not be written to %s.", why), ("nothing is lost by it"));
}

static void
stop (GstElement *element, gboolean again)
{
  GstKafkaSink *self = GST_KAFKA_SINK (element);
  GstKafkaSinkPrivate *priv = PRIV (self);
  GstKafkaSinkClass *klass = GST_KAFKA_SINK_GET_CLASS (self);
  TribKafkaPublisher *publisher;
  TribKafkaStats counters = {
    0,
  };
  guint drain_timeout_ms;

  GST_OBJECT_LOCK (self);
  publisher = priv->publisher;
  drain_timeout_ms = priv->life.settings.drain_timeout_ms;
  GST_OBJECT_UNLOCK (self);
  if (publisher) {
    end_run (self, publisher, drain_timeout_ms);
    trib_kafka_publisher_close (publisher, 0);
    trib_kafka_publisher_get_stats (publisher, &counters);
    GST_OBJECT_LOCK (self);
    priv->publisher = NULL;
    priv->last_stats = counters;
    GST_OBJECT_UNLOCK (self);
    trib_kafka_publisher_free (publisher);
  }
  if (klass->end)
    klass->end (self, again);
}

/* Waits end at once while there is an interrupt: of GstBaseSink, for a flush or a state change,
 * or of change_state().
 * @thread: any
 * @locks: takes OBJECT_LOCK */
static void
interrupt (GstKafkaSink *self, gint change)
{
  GstKafkaSinkPrivate *priv = PRIV (self);

  GST_OBJECT_LOCK (self);
  priv->n_interrupts += change;
  if (priv->publisher)
    trib_kafka_publisher_set_flushing (priv->publisher, priv->n_interrupts > 0);
  GST_OBJECT_UNLOCK (self);
}

/* GstBaseSink interrupts the streaming thread when it pauses, but a thread that wakes late from
 * one pause may begin to wait for space within the next, and it waits with the lock that going on
 * needs. So going on interrupts it as well: it then waits in preroll, where it is woken once the
 * interruption is over. */
static GstStateChangeReturn
change_state_of_base (GstElement *element, GstStateChange transition)
{
  GstKafkaSink *self = GST_KAFKA_SINK (element);
  GstElementClass *parent = GST_ELEMENT_CLASS (gst_kafka_sink_parent_class);
  GstStateChangeReturn ret;

  if (transition != GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    return parent->change_state (element, transition);
  interrupt (self, 1);
  ret = parent->change_state (element, transition);
  GST_BASE_SINK_PREROLL_LOCK (self);
  interrupt (self, -1);
  GST_BASE_SINK_PREROLL_SIGNAL (self);
  GST_BASE_SINK_PREROLL_UNLOCK (self);
  return ret;
}

static GstStateChangeReturn
gst_kafka_sink_change_state (GstElement *element, GstStateChange transition)
{
  static const GstKafkaLifeFuncs funcs = { start, stop, change_state_of_base };

  return gst_kafka_life_change_state (
      &PRIV (GST_KAFKA_SINK (element))->life, &funcs, element, transition);
}

static TribKafkaPublishResult
submit (GstKafkaSink *self, TribKafkaItem *item, GError **error)
{
  GstKafkaSinkPrivate *priv = PRIV (self);
  TribKafkaPublishResult result;

  if (item->form != TRIB_KAFKA_FORM_RECORD) {
    GST_OBJECT_LOCK (self);
    item->form = priv->life.settings.mode == GST_KAFKA_MODE_LEGACY ? TRIB_KAFKA_FORM_LEGACY
                                                                   : TRIB_KAFKA_FORM_BINARY;
    GST_OBJECT_UNLOCK (self);
  }
  result = trib_kafka_publisher_submit (priv->publisher, item, error);
  if (result == TRIB_KAFKA_PUBLISH_TAKEN && item->form == TRIB_KAFKA_FORM_LEGACY)
    gst_kafka_sink_count_copy (self, g_bytes_get_size (item->payload));
  return result;
}

/**
 * gst_kafka_sink_send:
 * @self: a sink that renders
 * @item: what to publish; a frame's form is that of the property `mode`, which may change while
 *   it waits
 *
 * Publishes; where the wait for space is interrupted, tries again or counts the item as lost.
 * Posts the errors.
 *
 * @thread: streaming
 */
GstFlowReturn
gst_kafka_sink_send (GstKafkaSink *self, TribKafkaItem *item)
{
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow;

  for (;;) {
    switch (submit (self, item, &error)) {
      case TRIB_KAFKA_PUBLISH_TAKEN:
      case TRIB_KAFKA_PUBLISH_LOST:
        return GST_FLOW_OK;
      case TRIB_KAFKA_PUBLISH_FLUSHING:
        /* a pause only interrupts the wait: it is tried again when playing goes on */
        flow = gst_base_sink_wait_preroll (GST_BASE_SINK (self));
        if (flow == GST_FLOW_OK)
          break;
        trib_kafka_publisher_count_flushed (PRIV (self)->publisher, item);
        return flow;
      case TRIB_KAFKA_PUBLISH_ERROR:
        if (g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_OVERFLOW)
            && may_post_error (self))
          GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
              ("Kafka accepts %s more slowly than they arrive, and overflow is set to error.",
                  GST_KAFKA_SINK_GET_CLASS (self)->things),
              ("%s", error->message));
        return GST_FLOW_ERROR;
    }
  }
}

/**
 * gst_kafka_sink_must_compact:
 * @self: a sink that renders
 * @buffer: a buffer
 * @held_bytes: what a reference to it keeps allocated
 *
 * While buffers flow, a reference is released within milliseconds and costs nothing. While they
 * wait, a small one in a large allocation would fill the bound with memory that holds nothing.
 *
 * Returns: whether its bytes are to be copied out
 */
gboolean
gst_kafka_sink_must_compact (GstKafkaSink *self, GstBuffer *buffer, guint64 held_bytes)
{
  return held_bytes > SPARSE_FACTOR * gst_buffer_get_size (buffer)
         && trib_kafka_publisher_is_congested (PRIV (self)->publisher, held_bytes);
}

/* @locks: takes OBJECT_LOCK */
void
gst_kafka_sink_count_copy (GstKafkaSink *self, gsize size)
{
  GST_OBJECT_LOCK (self);
  PRIV (self)->copied++;
  PRIV (self)->copied_bytes += size;
  GST_OBJECT_UNLOCK (self);
}

/* an application that ends with EOS reads no later message; what was lost is said with the final
 * numbers */
static void
end_report (GstKafkaSink *self, const gchar *given_up)
{
  GstKafkaSinkPrivate *priv = PRIV (self);
  g_autofree gchar *losses = NULL,
                   *why = trib_kafka_publisher_end_run (priv->publisher, RUNS_TOPIC_MS);
  TribKafkaStats counters;

  trib_kafka_publisher_notify (priv->publisher);
  trib_kafka_publisher_get_stats (priv->publisher, &counters);
  losses = gst_kafka_report_describe_losses (&counters, GST_KAFKA_SINK_GET_CLASS (self)->things);
  if (losses)
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE, ("%s%s.", given_up, losses),
        ("the numbers at the end of stream%s%s", why ? "; they could not be written to " : "",
            why ? why : ""));
  else if (why && !priv->run_warned)
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("The numbers of this run could not be written to %s.", why), ("nothing is lost by it"));
  priv->run_warned |= why != NULL;
}

static void
give_up (GstKafkaSink *self)
{
  GstKafkaSinkPrivate *priv = PRIV (self);
  g_autofree gchar *given_up = NULL;
  TribKafkaStats counters;
  gboolean warns;

  trib_kafka_publisher_get_stats (priv->publisher, &counters);
  GST_OBJECT_LOCK (self);
  warns = priv->life.settings.on_loss == GST_KAFKA_ON_LOSS_WARN;
  given_up = g_strdup_printf ("%" G_GUINT64_FORMAT
                              " %s were not acknowledged within drain-timeout-ms=%u and are given "
                              "up; ",
      counters.pending, GST_KAFKA_SINK_GET_CLASS (self)->things,
      priv->life.settings.drain_timeout_ms);
  GST_OBJECT_UNLOCK (self);
  /* the warning at the end names that reason */
  if (warns)
    is_new_reason (self, FAILED (TRIB_KAFKA_FAILED_PURGED));
  trib_kafka_publisher_give_up (priv->publisher);
  end_report (self, given_up);
}

/* EOS is passed on once everything has its outcome, or the time for it is over; FALSE: a flush or a
 * state change ended the wait */
static gboolean
drain (GstKafkaSink *self)
{
  GstKafkaSinkPrivate *priv = PRIV (self);
  gint64 end;
  guint timeout_ms;

  GST_OBJECT_LOCK (self);
  timeout_ms = priv->life.settings.drain_timeout_ms;
  GST_OBJECT_UNLOCK (self);
  end = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  while (!trib_kafka_publisher_drain (priv->publisher, timeout_ms)) {
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
  end_report (self, "");
  return TRUE;
}

static gboolean
gst_kafka_sink_event (GstBaseSink *sink, GstEvent *event)
{
  /* GstBaseSink would wait for preroll now, and the flush's signal to it has been given */
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS && !drain (GST_KAFKA_SINK (sink))) {
    gst_event_unref (event);
    return FALSE;
  }
  return GST_BASE_SINK_CLASS (gst_kafka_sink_parent_class)->event (sink, event);
}

/* @thread: any */
static gboolean
gst_kafka_sink_unlock (GstBaseSink *sink)
{
  interrupt (GST_KAFKA_SINK (sink), 1);
  return TRUE;
}

/* @thread: any */
static gboolean
gst_kafka_sink_unlock_stop (GstBaseSink *sink)
{
  interrupt (GST_KAFKA_SINK (sink), -1);
  return TRUE;
}

/* guarded by OBJECT_LOCK */
GstKafkaSettings *
gst_kafka_sink_get_settings (GstKafkaSink *self)
{
  return &PRIV (self)->life.settings;
}

/* @thread: streaming, which has one as long as it runs */
TribKafkaPublisher *
gst_kafka_sink_get_publisher (GstKafkaSink *self)
{
  return PRIV (self)->publisher;
}

/* @thread: any @locks: takes OBJECT_LOCK */
static GstStructure *
make_stats (GstKafkaSink *self)
{
  GstKafkaSinkPrivate *priv = PRIV (self);
  g_autofree GstKafkaStatsValues *v = g_new0 (GstKafkaStatsValues, 1);

  GST_OBJECT_LOCK (self);
  if (priv->publisher) {
    trib_kafka_publisher_get_stats (priv->publisher, &v->stats);
    v->connection = trib_link_state_to_string (trib_kafka_publisher_get_link (priv->publisher));
  } else {
    v->stats = priv->last_stats;
  }
  v->copied = priv->copied;
  v->copied_bytes = priv->copied_bytes;
  GST_OBJECT_UNLOCK (self);
  v->failed = trib_kafka_failed_sum (v->stats.failed);
  v->dropped = trib_kafka_dropped_sum (v->stats.dropped);
  v->latency_p50_us = trib_kafka_stats_latency_us (&v->stats, 0.5);
  v->latency_p99_us = trib_kafka_stats_latency_us (&v->stats, 0.99);
  return make_structure (GST_KAFKA_SINK_GET_CLASS (self)->stats, v);
}

static void
gst_kafka_sink_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  GstKafkaSinkPrivate *priv = PRIV (GST_KAFKA_SINK (object));
  gboolean known;

  GST_OBJECT_LOCK (object);
  known = gst_kafka_settings_set (&priv->life.settings, prop_id, value, pspec);
  if (prop_id == GST_KAFKA_SETTING_OVERFLOW && priv->publisher)
    trib_kafka_publisher_set_overflow (priv->publisher, priv->life.settings.overflow);
  GST_OBJECT_UNLOCK (object);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gst_kafka_sink_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKafkaSink *self = GST_KAFKA_SINK (object);
  GstKafkaSinkPrivate *priv = PRIV (self);

  if (prop_id == GST_KAFKA_SINK_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  if (prop_id == GST_KAFKA_SINK_BROKER_ADDRESS)
    g_value_set_string (value, priv->life.broker_address);
  else
    gst_kafka_settings_get (&priv->life.settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kafka_sink_finalize (GObject *object)
{
  GstKafkaSinkPrivate *priv = PRIV (GST_KAFKA_SINK (object));

  gst_kafka_life_clear (&priv->life);
  G_OBJECT_CLASS (gst_kafka_sink_parent_class)->finalize (object);
}

static void
gst_kafka_sink_init (GstKafkaSink *self)
{
  gst_kafka_settings_init (&PRIV (self)->life.settings);
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  /* else the last buffer stays referenced after its delivery report */
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}

static void
gst_kafka_sink_class_init (GstKafkaSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  object_class->set_property = gst_kafka_sink_set_property;
  object_class->get_property = gst_kafka_sink_get_property;
  object_class->finalize = gst_kafka_sink_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_kafka_sink_change_state);
  sink_class->event = GST_DEBUG_FUNCPTR (gst_kafka_sink_event);
  sink_class->unlock = GST_DEBUG_FUNCPTR (gst_kafka_sink_unlock);
  sink_class->unlock_stop = GST_DEBUG_FUNCPTR (gst_kafka_sink_unlock_stop);
  gst_type_mark_as_plugin_api (GST_TYPE_KAFKA_SINK, 0);
}
