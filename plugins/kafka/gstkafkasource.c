/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gstkafkasource.h"

#include <common/trib-state.h>
#include <frame/trib-capture-time.h>
#include <kafka/client/trib-kafka-config.h>
#include <kafka/trib-kafka-debug.h>

#define TWO_TO_THE_62 ((gdouble) (G_GINT64_CONSTANT (1) << 62))
/* with an outage timeout: between two looks at it */
#define SLICE_US (100 * G_TIME_SPAN_MILLISECOND)

GST_DEBUG_CATEGORY_STATIC (kafkasource_debug);
#define GST_CAT_DEFAULT kafkasource_debug

#define gst_kafka_source_parent_class parent_class
G_DEFINE_ABSTRACT_TYPE_WITH_CODE (GstKafkaSource, gst_kafka_source, GST_TYPE_PUSH_SRC,
    GST_DEBUG_CATEGORY_INIT (kafkasource_debug, "kafkasource", 0, "what Kafka sources share"))

static const TribStateRow state_rows[] = {
  [GST_KAFKA_SOURCE_STOPPED] = { "stopped", TRIB_STATE (GST_KAFKA_SOURCE_READY) },
  [GST_KAFKA_SOURCE_READY]
  = { "ready", TRIB_STATE (GST_KAFKA_SOURCE_READING) | TRIB_STATE (GST_KAFKA_SOURCE_STOPPED) },
  [GST_KAFKA_SOURCE_READING]
  = { "reading", TRIB_STATE (GST_KAFKA_SOURCE_AWAY) | TRIB_STATE (GST_KAFKA_SOURCE_STOPPED) },
  [GST_KAFKA_SOURCE_AWAY] = { "reading, no broker",
      TRIB_STATE (GST_KAFKA_SOURCE_READING) | TRIB_STATE (GST_KAFKA_SOURCE_STOPPED) },
};
static const TribStateTable states
    = { "source", &trib_kafka_debug, state_rows, G_N_ELEMENTS (state_rows) };

static void
set_state (GstKafkaSource *self, GstKafkaSourceState state, const gchar *why)
{
  TRIB_STATE_SET (&states, GST_OBJECT_NAME (self), self->state, state, why);
}

/* @thread: any */
static void
log_cb (gpointer user_data, gint level, const gchar *text)
{
  GstKafkaSource *self = user_data;

  /* its warnings repeat with every attempt to connect; what matters of them is posted on the bus */
  if (level <= 4)
    GST_INFO_OBJECT (self, "client: %s", text);
  else
    GST_DEBUG_OBJECT (self, "client: %s", text);
}

/* ---- going to READY and to NULL ---- */

static void
make_config (GstKafkaSource *self)
{
  GstKafkaSourceClass *klass = GST_KAFKA_SOURCE_GET_CLASS (self);

  GST_OBJECT_LOCK (self);
  self->config = gst_kafka_settings_to_config (&self->life.settings, self->life.broker_address);
  self->client = (TribKafkaConsumerConfig){
    .bootstrap_servers = self->config->servers,
    .options = self->config->core.options,
    .max_queued_bytes = self->now.max_queued_bytes,
    .log = log_cb,
    .log_data = self,
  };
  if (klass->configure)
    klass->configure (self);
  GST_OBJECT_UNLOCK (self);
}

/**
 * gst_kafka_source_add_topic:
 * @source: a source, while it begins
 * @topic: a topic that it will read
 * @error: return location
 *
 * The broker inside the process makes it when it is not there.
 *
 * Returns: whether a topic can have that name
 */
gboolean
gst_kafka_source_add_topic (GstKafkaSource *source, const gchar *topic, GError **error)
{
  if (!trib_kafka_topic_check (topic, error))
    return FALSE;
  if (source->life.broker)
    trib_kafka_broker_add_topic (source->life.broker, topic);
  return TRUE;
}

/* "-20s": that long before now */
static gboolean
parse_relative (const gchar *text, gint64 *ret_ns)
{
  static const struct {
    const gchar *name;
    gint64 ns;
  } units[] = { { "ms", GST_MSECOND }, { "s", GST_SECOND }, { "m", 60 * GST_SECOND },
    { "h", 3600 * GST_SECOND }, { "d", 86400 * GST_SECOND } };
  gchar *end;
  gdouble value = g_ascii_strtod (text, &end);

  if (*text != '-' || !(value <= 0 && value > -1e9))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    gdouble ns = value * units[i].ns;
    if (g_str_equal (end, units[i].name) && ns > -TWO_TO_THE_62) {
      *ret_ns = g_get_real_time () * 1000 + (gint64) ns;
      return TRUE;
    }
  }
  return FALSE;
}

/* @locks: requires OBJECT_LOCK */
static gboolean
parse_start_time (GstKafkaSource *self, GError **error)
{
  const gchar *text = self->own.start_time;

  self->now.start_time = NULL;
  if (parse_relative (text, &self->start_ns)
      || trib_capture_time_parse (text, &self->start_ns, NULL))
    return TRUE;
  g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
      "start-time \"%.40s\" is no time: ISO 8601 such as 2026-01-31T12:00:00Z, nanoseconds since "
      "1970, or relative as -20s",
      text);
  return FALSE;
}

static gboolean
start (GstElement *element, GError **error)
{
  GstKafkaSource *self = GST_KAFKA_SOURCE (element);
  gboolean good;

  GST_OBJECT_LOCK (self);
  self->now = self->own;
  good = parse_start_time (self, error);
  self->outages = 0;
  self->nothing = "";
  self->link = TRIB_LINK_CONNECTING;
  self->flushing = FALSE;
  GST_OBJECT_UNLOCK (self);
  make_config (self);
  if (!good || !GST_KAFKA_SOURCE_GET_CLASS (self)->begin (self, error))
    return FALSE;
  set_state (self, GST_KAFKA_SOURCE_READY, NULL);
  gst_base_src_set_live (GST_BASE_SRC (self), gst_kafka_source_is_following (self));
  return TRUE;
}

static void
stop (GstElement *element, gboolean again)
{
  GstKafkaSource *self = GST_KAFKA_SOURCE (element);

  set_state (self, GST_KAFKA_SOURCE_STOPPED, NULL);
  GST_KAFKA_SOURCE_GET_CLASS (self)->end (self);
  g_clear_pointer (&self->config, gst_kafka_config_free);
}

static GstStateChangeReturn
change_state_of_base (GstElement *element, GstStateChange transition)
{
  return GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
}

static GstStateChangeReturn
gst_kafka_source_change_state (GstElement *element, GstStateChange transition)
{
  static const GstKafkaLifeFuncs funcs = { start, stop, change_state_of_base };

  return gst_kafka_life_change_state (
      &GST_KAFKA_SOURCE (element)->life, &funcs, element, transition);
}

/* ---- the base class's questions ---- */

static gboolean
gst_kafka_source_start (GstBaseSrc *src)
{
  GstKafkaSource *self = GST_KAFKA_SOURCE (src);

  set_state (self, GST_KAFKA_SOURCE_READING, NULL);
  self->malformed_warned = FALSE;
  GST_OBJECT_LOCK (self);
  self->duration = GST_CLOCK_TIME_NONE;
  GST_OBJECT_UNLOCK (self);
  GST_KAFKA_SOURCE_GET_CLASS (self)->reset (self);
  return TRUE;
}

/* caps follow from what is read */
static gboolean
gst_kafka_source_negotiate (GstBaseSrc *src)
{
  return TRUE;
}

/* @thread: any
 * @locks: takes OBJECT_LOCK */
static void
set_flushing (GstKafkaSource *self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  self->flushing = flushing;
  GST_OBJECT_UNLOCK (self);
  GST_KAFKA_SOURCE_GET_CLASS (self)->set_flushing (self, flushing);
}

/* @thread: any */
static gboolean
gst_kafka_source_unlock (GstBaseSrc *src)
{
  set_flushing (GST_KAFKA_SOURCE (src), TRUE);
  return TRUE;
}

/* @thread: any */
static gboolean
gst_kafka_source_unlock_stop (GstBaseSrc *src)
{
  set_flushing (GST_KAFKA_SOURCE (src), FALSE);
  return TRUE;
}

static gboolean
gst_kafka_source_is_seekable (GstBaseSrc *src)
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
gst_kafka_source_event (GstBaseSrc *src, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK && !is_possible_seek (event))
    return FALSE;
  return GST_BASE_SRC_CLASS (parent_class)->event (src, event);
}

/* @thread: any */
static gboolean
gst_kafka_source_send_event (GstElement *element, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK && !is_possible_seek (event)) {
    gst_event_unref (event);
    return FALSE;
  }
  return GST_ELEMENT_CLASS (parent_class)->send_event (element, event);
}

static gboolean
gst_kafka_source_do_seek (GstBaseSrc *src, GstSegment *segment)
{
  segment->time = segment->start;
  GST_KAFKA_SOURCE_GET_CLASS (src)->seek (GST_KAFKA_SOURCE (src), segment->start);
  return TRUE;
}

static gboolean
gst_kafka_source_query (GstBaseSrc *src, GstQuery *query)
{
  GstKafkaSource *self = GST_KAFKA_SOURCE (src);
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

/* ---- for the streaming thread ---- */

/* whether it waits for more: it is live then */
gboolean
gst_kafka_source_is_following (const GstKafkaSource *source)
{
  return source->now.until == GST_KAFKA_UNTIL_NEVER;
}

/* milliseconds that begin at a time or before it */
gint64
gst_kafka_source_ms (gint64 ns)
{
  return ns / 1000000 - (ns % 1000000 < 0);
}

/* where the properties say that reading begins */
TribKafkaPosition
gst_kafka_source_first_position (const GstKafkaSource *source)
{
  return (TribKafkaPosition){
    .start = source->now.start,
    .offset = source->now.start_offset,
    .t_ms = gst_kafka_source_ms (source->start_ns),
    .partition = source->now.start_partition,
    .to_end = !gst_kafka_source_is_following (source),
  };
}

/* monotonic: up to when to wait before gst_kafka_source_is_away_too_long() is to be asked, -1:
 * without end */
gint64
gst_kafka_source_next_deadline (const GstKafkaSource *source)
{
  return source->now.outage_timeout_ms > 0 ? g_get_monotonic_time () + SLICE_US : -1;
}

/* %TRUE: the error was posted */
gboolean
gst_kafka_source_is_away_too_long (GstKafkaSource *source)
{
  gint64 limit = (gint64) source->now.outage_timeout_ms * 1000;

  if (limit == 0 || source->state != GST_KAFKA_SOURCE_AWAY
      || g_get_monotonic_time () - source->down_since < limit)
    return FALSE;
  GST_ELEMENT_ERROR (source, RESOURCE, OPEN_READ,
      ("Kafka at %s did not respond for outage-timeout-ms=%u.", source->life.broker_address,
          source->now.outage_timeout_ms),
      (NULL));
  return TRUE;
}

GstClockTime
gst_kafka_source_now_running (GstKafkaSource *source)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (GST_ELEMENT (source));
  GstClockTime base = gst_element_get_base_time (GST_ELEMENT (source)), now;

  if (clock == NULL)
    return 0;
  now = gst_clock_get_time (clock);
  return now > base ? now - base : 0;
}

/* From here on running time is `running` at stream time `pts`. */
void
gst_kafka_source_begin_segment (GstKafkaSource *source, GstClockTime pts, GstClockTime running)
{
  GstBaseSrc *src = GST_BASE_SRC (source);
  GstSegment segment;

  GST_OBJECT_LOCK (source);
  segment = src->segment;
  GST_OBJECT_UNLOCK (source);
  segment.base = running;
  segment.offset = 0;
  segment.start = segment.time = segment.position = pts;
  gst_base_src_new_segment (src, &segment);
}

/* ---- messages ---- */

#define CONNECTION(member) G_STRUCT_OFFSET (GstKafkaSourceConnection, member)
#define LOST(member) G_STRUCT_OFFSET (GstKafkaSourceLost, member)

/* clang-format off */
const TribField gst_kafka_source_connection_fields[GST_KAFKA_SOURCE_N_CONNECTION_FIELDS] = {
  { "state", TRIB_FIELD_TEXT, CONNECTION (state), "connected, degraded or down" },
  { "previous", TRIB_FIELD_TEXT, CONNECTION (previous), "the state before, or connecting" },
  { "recovered", TRIB_FIELD_BOOL, CONNECTION (recovered), "whether this is the end of an outage" },
  { "previous-duration", TRIB_FIELD_UINT64, CONNECTION (previous_duration),
    "how long the previous state lasted, ns" },
  { "outage-duration", TRIB_FIELD_UINT64, CONNECTION (outage_duration),
    "at its end: how long the outage lasted, ns; else 0" },
  { "pending", TRIB_FIELD_UINT64, CONNECTION (pending), "frames or records read ahead" },
  { "reason", TRIB_FIELD_TEXT, CONNECTION (reason), "the client's last error, for people" },
};
const TribField gst_kafka_source_lost_fields[GST_KAFKA_SOURCE_N_LOST_FIELDS] = {
  { "partition", TRIB_FIELD_INT, LOST (partition), "of the followed topic" },
  { "count", TRIB_FIELD_UINT64, LOST (count), "offsets that were skipped" },
};
/* clang-format on */

/**
 * gst_kafka_source_post:
 * @table: of the message
 * @values: of its fields
 */
void
gst_kafka_source_post (GstKafkaSource *source, const TribFieldTable *table, gconstpointer values)
{
  GstMessage *message = trib_fields_to_message (source, table, values);

  GST_INFO_OBJECT (source, "%" GST_PTR_FORMAT, gst_message_get_structure (message));
  gst_element_post_message (GST_ELEMENT (source), message);
}

void
gst_kafka_source_post_lost (GstKafkaSource *source, gint32 partition, guint64 count)
{
  const GstKafkaSourceLost lost = { partition, count };

  gst_kafka_source_post (source, GST_KAFKA_SOURCE_GET_CLASS (source)->lost_message, &lost);
}

/**
 * gst_kafka_source_set_link:
 * @event: how the connection changed
 * @n_pending: what is read ahead
 * @why: the client's last error
 */
void
gst_kafka_source_set_link (
    GstKafkaSource *source, const TribLinkEvent *event, guint64 n_pending, const gchar *why)
{
  const GstKafkaSourceConnection values = {
    .state = trib_link_state_to_string (event->state),
    .previous = trib_link_state_to_string (event->previous),
    .recovered = event->recovered,
    .previous_duration = (guint64) event->previous_us * 1000,
    .outage_duration = (guint64) event->outage_us * 1000,
    .pending = n_pending,
    .reason = why,
  };

  GST_OBJECT_LOCK (source);
  source->link = event->state;
  source->outages += event->state == TRIB_LINK_DOWN;
  GST_OBJECT_UNLOCK (source);
  if (event->state == TRIB_LINK_DOWN && source->state != GST_KAFKA_SOURCE_AWAY)
    source->down_since = g_get_monotonic_time ();
  set_state (source,
      event->state == TRIB_LINK_DOWN ? GST_KAFKA_SOURCE_AWAY : GST_KAFKA_SOURCE_READING, why);
  gst_kafka_source_post (source, GST_KAFKA_SOURCE_GET_CLASS (source)->connection_message, &values);
  if (event->state == TRIB_LINK_DOWN)
    GST_ELEMENT_WARNING (source, RESOURCE, OPEN_READ,
        ("Kafka at %s does not respond; reading will resume at the same position.",
            source->life.broker_address),
        ("%s", *why ? why : "no answer"));
}

/**
 * gst_kafka_source_warn_malformed:
 * @what: records of which kind are skipped, a sentence
 * @why: the first of them, and what is wrong with it
 *
 * Once a start.
 */
void
gst_kafka_source_warn_malformed (GstKafkaSource *source, const gchar *what, const gchar *why)
{
  if (source->malformed_warned)
    return;
  source->malformed_warned = TRUE;
  GST_ELEMENT_WARNING (
      source, RESOURCE, READ, ("%s", what), ("%s; reported once, stats counts them", why));
}

/**
 * gst_kafka_source_warn_nothing:
 * @reason: static, for `stats`
 * @text: a sentence
 *
 * There is nothing to give where reading began. Once a reason.
 */
void
gst_kafka_source_warn_nothing (GstKafkaSource *source, const gchar *reason, const gchar *text)
{
  gboolean known;

  GST_OBJECT_LOCK (source);
  known = g_str_equal (source->nothing, reason);
  source->nothing = reason;
  GST_OBJECT_UNLOCK (source);
  if (!known)
    GST_ELEMENT_WARNING (
        source, RESOURCE, NOT_FOUND, ("%s", text), ("at %s", source->life.broker_address));
}

/* posts @error, of %TRIB_KAFKA_ERROR */
GstFlowReturn
gst_kafka_source_fail (GstKafkaSource *source, const GError *error)
{
  if (g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_TOPIC))
    GST_ELEMENT_ERROR (source, RESOURCE, NOT_FOUND, ("%s", error->message),
        ("at %s", source->life.broker_address));
  else if (g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_NOT_AUTHORIZED))
    GST_ELEMENT_ERROR (source, RESOURCE, NOT_AUTHORIZED, ("%s", error->message),
        ("at %s", source->life.broker_address));
  else
    GST_ELEMENT_ERROR (
        source, RESOURCE, READ, ("Reading from Kafka cannot continue."), ("%s", error->message));
  return GST_FLOW_ERROR;
}

/* ---- properties ---- */

/* the table has ids from 1 on */
#define OWN(id) ((id) -GST_KAFKA_SOURCE_START + 1)
#define ROW(kind_, name_, nick_, blurb_, field, ...)                              \
  {                                                                               \
    .kind = TRIB_PROPERTY_##kind_, .name = name_, .nick = nick_, .blurb = blurb_, \
    .offset = G_STRUCT_OFFSET (GstKafkaSourceSettings, field), __VA_ARGS__        \
  }
#define FOUR_MIB (4.0 * 1024 * 1024)

/* clang-format off */
static const TribProperty own_table[OWN (GST_KAFKA_SOURCE_N_PROPS)] = {
  [OWN (GST_KAFKA_SOURCE_START)] = ROW (ENUM, "start", "Start", "Where reading begins", start,
      .type_name = "GstKafkaStart",
      .choices = { [TRIB_KAFKA_START_EARLIEST] = { "earliest", "The first record that exists" },
          [TRIB_KAFKA_START_LATEST] = { "latest", "The first record that is written from now on" },
          [TRIB_KAFKA_START_OFFSET] = { "offset", "The record at start-offset" },
          [TRIB_KAFKA_START_TIME] = {
              "time", "The first frame captured at start-time or later" } }),
  [OWN (GST_KAFKA_SOURCE_START_OFFSET)] = ROW (INT64, "start-offset", "Start offset",
      "With start=offset: offset of the first record (negative = that many records before the end)",
      start_offset,
      .min = -TWO_TO_THE_62, .max = TWO_TO_THE_62),
  [OWN (GST_KAFKA_SOURCE_START_PARTITION)] = ROW (INT, "start-partition", "Start partition",
      "Only partition of the followed topic to read (-1 = all of them)", start_partition,
      .min = -1, .max = G_MAXINT32, .initial = -1),
  [OWN (GST_KAFKA_SOURCE_START_TIME)] = ROW (TEXT, "start-time", "Start time",
      "With start=time: earliest capture time: nanoseconds since the Unix epoch, ISO 8601, or "
      "relative to now (-20s; ms, s, m, h, d)", start_time, .text = "0"),
  [OWN (GST_KAFKA_SOURCE_UNTIL)] = ROW (ENUM, "until", "Until",
      "Stop at the end of the topic as of start-up, or wait for more", until,
      .type_name = "GstKafkaUntil",
      .choices = { [GST_KAFKA_UNTIL_END] = { "end", "Stop at the end of the topic as of start-up" },
          [GST_KAFKA_UNTIL_NEVER] = {
              "never", "Wait for what is written later, as a live source" } }),
  [OWN (GST_KAFKA_SOURCE_MAX_QUEUED_BYTES)] = ROW (UINT64, "max-queued-bytes",
      "Maximum queued bytes",
      "Memory limit for data that is read ahead (bytes)", max_queued_bytes,
      .min = FOUR_MIB, .max = G_GUINT64_CONSTANT (1) << 40,
      .initial = TRIB_KAFKA_CONSUMER_DEFAULT_QUEUED_BYTES),
  [OWN (GST_KAFKA_SOURCE_LATENCY_MS)] = ROW (UINT, "latency-ms", "Latency",
      "With until=never: maximum delay of buffers (ms)", latency_ms, .max = 600000, .initial = 200),
  [OWN (GST_KAFKA_SOURCE_OUTAGE_TIMEOUT_MS)] = ROW (UINT, "outage-timeout-ms", "Outage timeout",
      "Outage of the broker after which reading fails (ms; 0 = wait without end)",
      outage_timeout_ms,
      .max = G_MAXINT32),
  [OWN (GST_KAFKA_SOURCE_BROKER_ADDRESS)] = { TRIB_PROPERTY_STATE, "broker-address",
      "Broker address",
      "Address of the brokers in use, also of the one inside the process" },
  [OWN (GST_KAFKA_SOURCE_STATS)] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters of records read and pushed, and the state of the connection" },
};
/* clang-format on */
static GType own_enum_types[OWN (GST_KAFKA_SOURCE_N_PROPS)];
static const TribProperties own_properties
    = { own_table, own_enum_types, OWN (GST_KAFKA_SOURCE_N_PROPS) };

static gboolean
is_own (guint id)
{
  return id >= GST_KAFKA_SOURCE_START && id < GST_KAFKA_SOURCE_BROKER_ADDRESS;
}

/* a property that counts at the next start was set; @locks: requires OBJECT_LOCK */
void
gst_kafka_source_note_change (GstKafkaSource *source)
{
  source->life.settings.n_changes++;
}

static void
gst_kafka_source_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  GstKafkaSource *self = GST_KAFKA_SOURCE (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known
      = is_own (prop_id) && trib_properties_set (&own_properties, &self->own, OWN (prop_id), value);
  if (known)
    gst_kafka_source_note_change (self);
  else
    known = gst_kafka_settings_set (&self->life.settings, prop_id, value, pspec);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gst_kafka_source_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstKafkaSource *self = GST_KAFKA_SOURCE (object);

  if (prop_id == GST_KAFKA_SOURCE_STATS) {
    g_value_take_boxed (value, GST_KAFKA_SOURCE_GET_CLASS (self)->make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  if (prop_id == GST_KAFKA_SOURCE_BROKER_ADDRESS)
    g_value_set_string (value, self->life.broker_address);
  else if (is_own (prop_id))
    trib_properties_get (&own_properties, &self->own, OWN (prop_id), value);
  else
    gst_kafka_settings_get (&self->life.settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kafka_source_finalize (GObject *object)
{
  GstKafkaSource *self = GST_KAFKA_SOURCE (object);

  gst_kafka_life_clear (&self->life);
  trib_properties_clear (&own_properties, &self->own);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_kafka_source_init (GstKafkaSource *self)
{
  gst_kafka_settings_init_source (&self->life.settings);
  trib_properties_init (&own_properties, &self->own);
  self->nothing = "";
  self->duration = GST_CLOCK_TIME_NONE;
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

/**
 * gst_kafka_source_install:
 * @properties: (array): an element's table of properties, with room for %GST_KAFKA_SOURCE_N_PROPS
 *
 * What every Kafka source has, the settings included.
 */
void
gst_kafka_source_install (GParamSpec **properties)
{
  gst_kafka_settings_install_source (properties);
  for (guint id = GST_KAFKA_SOURCE_START; id < GST_KAFKA_SOURCE_N_PROPS; id++)
    properties[id] = trib_properties_make (&own_properties, OWN (id));
  trib_properties_mark_plugin_api (&own_properties);
}

static void
gst_kafka_source_class_init (GstKafkaSourceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  object_class->set_property = gst_kafka_source_set_property;
  object_class->get_property = gst_kafka_source_get_property;
  object_class->finalize = gst_kafka_source_finalize;
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_kafka_source_change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR (gst_kafka_source_send_event);
  src_class->start = GST_DEBUG_FUNCPTR (gst_kafka_source_start);
  src_class->negotiate = GST_DEBUG_FUNCPTR (gst_kafka_source_negotiate);
  src_class->unlock = GST_DEBUG_FUNCPTR (gst_kafka_source_unlock);
  src_class->unlock_stop = GST_DEBUG_FUNCPTR (gst_kafka_source_unlock_stop);
  src_class->is_seekable = GST_DEBUG_FUNCPTR (gst_kafka_source_is_seekable);
  src_class->event = GST_DEBUG_FUNCPTR (gst_kafka_source_event);
  src_class->do_seek = GST_DEBUG_FUNCPTR (gst_kafka_source_do_seek);
  src_class->query = GST_DEBUG_FUNCPTR (gst_kafka_source_query);
  gst_type_mark_as_plugin_api (GST_TYPE_KAFKA_SOURCE, 0);
}
