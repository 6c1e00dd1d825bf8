/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings that Kafka elements have as properties: their table, their store, and the core's
 * configuration made of them. A source has some of a sink's. */
#include "gstkafkasettings.h"

#include <shared/trib-stats-posts.h>

#define DEFAULT_MAX_PENDING_BYTES (64 * 1024 * 1024)
#define DEFAULT_DELIVERY_TIMEOUT_MS 120000
#define DEFAULT_DRAIN_TIMEOUT_MS 10000
#define MAX_TIMEOUT_MS 900000

/* a row: name, nick, blurb, field, and the rest of a TribProperty */
#define ROW(kind_, name_, nick_, blurb_, field, ...)                              \
  {                                                                               \
    .kind = TRIB_PROPERTY_##kind_, .name = name_, .nick = nick_, .blurb = blurb_, \
    .offset = G_STRUCT_OFFSET (GstKafkaSettings, field), __VA_ARGS__              \
  }

#define SERVERS                                                                                    \
  ROW (TEXT, "bootstrap-servers", "Bootstrap servers",                                             \
      "Brokers to begin with, HOST:PORT[,HOST:PORT...], or in-process for one inside the process", \
      bootstrap_servers, .text = "localhost:9092")
#define PREFIX \
  ROW (TEXT, "topic-prefix", "Topic prefix", "Text put before each topic's name", topic_prefix)
#define STATS_INTERVAL \
  TRIB_STATS_INTERVAL_ROW (G_STRUCT_OFFSET (GstKafkaSettings, stats_interval_ms))
#define CONFIG_FILE                                                                              \
  ROW (TEXT, "config-file", "Config file",                                                       \
      "File with options for librdkafka, KEY=VALUE a line, read at each start and never shown; " \
      "the place for passwords",                                                                 \
      config_file, .is_nullable = TRUE)
#define CLIENT_CONFIG(name, nick)                                                               \
  ROW (STRUCTURE, name, nick,                                                                   \
      "Options for librdkafka, applied last, such as security.protocol; secrets are not shown " \
      "again",                                                                                  \
      client_config)
#define RECORD_TOPIC \
  ROW (TEXT, "topic", "Topic", "Topic of the records", record_topic, .text = "mps-sensor-stream")
#define METADATA_TOPIC                                                            \
  ROW (TEXT, "metadata-topic", "Metadata topic", "Topic of the frames' metadata", \
      topics[TRIB_KAFKA_TOPIC_METADATA], .get_text = metadata_topic)
#define BINARY_TOPIC                                                       \
  ROW (TEXT, "binary-topic", "Binary topic", "Topic of the frames' bytes", \
      topics[TRIB_KAFKA_TOPIC_BINARY], .get_text = binary_topic)
#define REGISTRY_TOPIC                                              \
  ROW (TEXT, "registry-topic", "Registry topic",                    \
      "Topic of the entries with the places of bytes and metadata", \
      topics[TRIB_KAFKA_TOPIC_REGISTRY], .get_text = registry_topic)
#define LEGACY_TOPIC                                                                \
  ROW (TEXT, "legacy-topic", "Legacy topic", "Topic of the records of legacy mode", \
      topics[TRIB_KAFKA_TOPIC_LEGACY], .get_text = legacy_topic)

static const gchar *
metadata_topic (void)
{
  return trib_kafka_default_topics[TRIB_KAFKA_TOPIC_METADATA];
}
static const gchar *
binary_topic (void)
{
  return trib_kafka_default_topics[TRIB_KAFKA_TOPIC_BINARY];
}
static const gchar *
registry_topic (void)
{
  return trib_kafka_default_topics[TRIB_KAFKA_TOPIC_REGISTRY];
}
static const gchar *
legacy_topic (void)
{
  return trib_kafka_default_topics[TRIB_KAFKA_TOPIC_LEGACY];
}

static const TribProperty sink_table[GST_KAFKA_SINK_N_PROPS] = {
  [GST_KAFKA_SETTING_BOOTSTRAP_SERVERS] = SERVERS,
  [GST_KAFKA_SETTING_TOPIC_PREFIX] = PREFIX,
  [GST_KAFKA_SETTING_STATS_INTERVAL_MS] = STATS_INTERVAL,
  [GST_KAFKA_SETTING_CONFIG_FILE] = CONFIG_FILE,
  [GST_KAFKA_SETTING_CLIENT_CONFIG] = CLIENT_CONFIG ("producer-config", "Producer config"),
  [GST_KAFKA_SETTING_METADATA_TOPIC] = METADATA_TOPIC,
  [GST_KAFKA_SETTING_BINARY_TOPIC] = BINARY_TOPIC,
  [GST_KAFKA_SETTING_REGISTRY_TOPIC] = REGISTRY_TOPIC,
  [GST_KAFKA_SETTING_LEGACY_TOPIC] = LEGACY_TOPIC,
  [GST_KAFKA_SETTING_SESSION_ID] = ROW (TEXT, "session-id", "Session id",
      "Session of the frames (NULL = the one they carry, else a fresh one each start); reads as "
      "the "
      "one in use",
      session_id, .is_nullable = TRUE),
  [GST_KAFKA_SETTING_STREAM_ID] = ROW (TEXT, "stream-id", "Stream id",
      "Stream of the frames, without underscore (NULL = the one they carry, else video-0); reads "
      "as "
      "the one in use",
      stream_id, .is_nullable = TRUE),
  [GST_KAFKA_SETTING_MODE]
  = ROW (ENUM, "mode", "Mode", "Whether a frame becomes three records or one JSON record", mode,
      .while_playing = TRUE, .type_name = "GstKafkaMode",
      .choices = { [GST_KAFKA_MODE_BINARY]
                   = { "binary", "Bytes, metadata and registry entry on three topics" },
          [GST_KAFKA_MODE_LEGACY] = { "legacy", "One JSON record with the picture in base64" } }),
  [GST_KAFKA_SETTING_PARTITION_BY] = ROW (ENUM, "partition-by", "Partition by",
      "Whether a stream keeps to one partition or its frames spread over all", partition_by,
      .type_name = "GstKafkaPartitionBy",
      .choices = { [GST_KAFKA_PARTITION_BY_STREAM]
                   = { "stream", "A stream keeps to one partition, in order" },
          [GST_KAFKA_PARTITION_BY_FRAME] = { "frame", "Frames spread over all partitions" } }),
  [GST_KAFKA_SETTING_TIME_ORIGIN] = ROW (TEXT, "time-origin", "Time origin",
      "Capture time at running time 0 of buffers without an identity: ISO 8601 (UTC without a "
      "zone), or nanoseconds since 1970; when not set, by the wall clock, or the container's date "
      "of a file",
      time_origin, .is_nullable = TRUE),
  [GST_KAFKA_SETTING_RUNS_TOPIC] = ROW (TEXT, "runs-topic", "Runs topic",
      "Topic of what each run says at its end: how many frames it sent (NULL = nothing is said)",
      runs_topic, .text = TRIB_KAFKA_RUNS_TOPIC, .is_nullable = TRUE),
  [GST_KAFKA_SETTING_OVERFLOW]
  = ROW (ENUM, "overflow", "Overflow", "What to do when max-pending-bytes is reached", overflow,
      .while_playing = TRUE, .type_name = "GstKafkaOverflow",
      .choices
      = { [TRIB_KAFKA_OVERFLOW_BLOCK] = { "block", "Wait for space, up to the delivery timeout" },
          [TRIB_KAFKA_OVERFLOW_DROP_NEWEST] = { "drop-newest", "Drop the frame that arrives" },
          [TRIB_KAFKA_OVERFLOW_DROP_OLDEST]
          = { "drop-oldest", "Drop the oldest frames not handed to the client" },
          [TRIB_KAFKA_OVERFLOW_DROP_NON_KEY]
          = { "drop-non-key", "Drop frames that are no key frames, and those that need them" },
          [TRIB_KAFKA_OVERFLOW_ERROR] = { "error", "Stop with an error" } }),
  [GST_KAFKA_SETTING_ON_LOSS]
  = ROW (ENUM, "on-loss", "On loss", "What the first frame or record that is lost for good is",
      on_loss, .while_playing = TRUE, .type_name = "GstKafkaOnLoss",
      .choices = { [GST_KAFKA_ON_LOSS_WARN] = { "warn", "A warning; the stream goes on" },
          [GST_KAFKA_ON_LOSS_ERROR] = { "error", "An error, which ends gst-launch-1.0 with 1" } }),
  [GST_KAFKA_SETTING_MAX_PENDING_BYTES] = ROW (UINT64, "max-pending-bytes", "Maximum pending bytes",
      "Memory limit for unacknowledged frames or records (bytes)", max_pending_bytes,
      .min = 1024 * 1024, .max = G_GUINT64_CONSTANT (1) << 40,
      .initial = DEFAULT_MAX_PENDING_BYTES),
  [GST_KAFKA_SETTING_DELIVERY_TIMEOUT_MS] = ROW (UINT, "delivery-timeout-ms", "Delivery timeout",
      "Delivery timeout, applied while queued and again after sending (ms)", delivery_timeout_ms,
      .min = 1000, .max = MAX_TIMEOUT_MS, .initial = DEFAULT_DELIVERY_TIMEOUT_MS),
  [GST_KAFKA_SETTING_DRAIN_TIMEOUT_MS] = ROW (UINT, "drain-timeout-ms", "Drain timeout",
      "How long EOS and going to NULL wait for acknowledgements (ms)", drain_timeout_ms,
      .while_playing = TRUE, .max = MAX_TIMEOUT_MS, .initial = DEFAULT_DRAIN_TIMEOUT_MS),
  [GST_KAFKA_SETTING_TOPIC] = RECORD_TOPIC,
  [GST_KAFKA_SETTING_KEY_FIELD] = ROW (TEXT, "key-field", "Key field",
      "Member of a JSON record whose value is the Kafka key (NULL = records have no key)",
      key_field, .is_nullable = TRUE),
  [GST_KAFKA_SINK_BROKER_ADDRESS] = { TRIB_PROPERTY_STATE, "broker-address", "Broker address",
      "Address of the brokers in use, also of the one inside the process" },
  [GST_KAFKA_SINK_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters of what was sent, latencies and the state of the connection" },
};

/* a source's: those of its ids */
static const TribProperty source_table[GST_KAFKA_N_SOURCE_SETTINGS] = {
  [GST_KAFKA_SETTING_BOOTSTRAP_SERVERS] = SERVERS,
  [GST_KAFKA_SETTING_TOPIC_PREFIX] = PREFIX,
  [GST_KAFKA_SETTING_STATS_INTERVAL_MS] = STATS_INTERVAL,
  [GST_KAFKA_SETTING_CONFIG_FILE] = CONFIG_FILE,
  [GST_KAFKA_SETTING_CLIENT_CONFIG] = CLIENT_CONFIG ("consumer-config", "Consumer config"),
  [GST_KAFKA_SETTING_METADATA_TOPIC] = METADATA_TOPIC,
  [GST_KAFKA_SETTING_BINARY_TOPIC] = BINARY_TOPIC,
  [GST_KAFKA_SETTING_REGISTRY_TOPIC] = REGISTRY_TOPIC,
  [GST_KAFKA_SETTING_SESSION_ID] = ROW (TEXT, "session-id", "Session id",
      "The only session to read (NULL = sessions one after another)", session_id,
      .is_nullable = TRUE),
  [GST_KAFKA_SETTING_STREAM_ID] = ROW (TEXT, "stream-id", "Stream id",
      "The only stream to read (NULL = the first that is found)", stream_id, .is_nullable = TRUE),
  [GST_KAFKA_SETTING_TOPIC] = RECORD_TOPIC,
};

static const TribProperties sink_properties = TRIB_PROPERTIES (sink_table);
static const TribProperties source_properties = TRIB_PROPERTIES (source_table);

static void
install (const TribProperties *all, GObjectClass *klass, guint first, guint last)
{
  for (guint id = first; id <= last; id++)
    g_object_class_install_property (klass, id, trib_properties_make (all, id));
}

/* what every Kafka sink has; before the installs below */
void
gst_kafka_settings_install (GObjectClass *klass)
{
  install (&sink_properties, klass, GST_KAFKA_SETTING_BOOTSTRAP_SERVERS,
      GST_KAFKA_SETTING_CLIENT_CONFIG);
  install (
      &sink_properties, klass, GST_KAFKA_SETTING_TIME_ORIGIN, GST_KAFKA_SETTING_DRAIN_TIMEOUT_MS);
  install (&sink_properties, klass, GST_KAFKA_SINK_BROKER_ADDRESS, GST_KAFKA_SINK_STATS);
  trib_properties_mark_plugin_api (&sink_properties);
}

/* what a sink of frames has beside that */
void
gst_kafka_settings_install_frames (GObjectClass *klass)
{
  install (&sink_properties, klass, GST_KAFKA_SETTING_METADATA_TOPIC, GST_KAFKA_SETTING_RUNS_TOPIC);
  trib_properties_mark_plugin_api (&sink_properties);
}

/* what a sink of records has beside that */
void
gst_kafka_settings_install_records (GObjectClass *klass)
{
  install (&sink_properties, klass, GST_KAFKA_SETTING_TOPIC, GST_KAFKA_SETTING_TOPIC);
  install (&sink_properties, klass, GST_KAFKA_SETTING_KEY_FIELD, GST_KAFKA_SETTING_KEY_FIELD);
}

static void
fill (GParamSpec **properties, guint first, guint last)
{
  for (guint id = first; id <= last; id++)
    properties[id] = trib_properties_make (&source_properties, id);
}

/**
 * gst_kafka_settings_install_source:
 * @properties: (array): an element's table of properties, with space for %GST_KAFKA_N_SETTINGS
 *   from 1 on
 *
 * What every Kafka source has.
 */
void
gst_kafka_settings_install_source (GParamSpec **properties)
{
  fill (properties, GST_KAFKA_SETTING_BOOTSTRAP_SERVERS, GST_KAFKA_SETTING_CLIENT_CONFIG);
}

/* likewise: what a source of frames has beside that */
void
gst_kafka_settings_install_source_frames (GParamSpec **properties)
{
  fill (properties, GST_KAFKA_SETTING_METADATA_TOPIC, GST_KAFKA_SETTING_STREAM_ID);
}

/* likewise: of records */
void
gst_kafka_settings_install_source_records (GParamSpec **properties)
{
  fill (properties, GST_KAFKA_SETTING_TOPIC, GST_KAFKA_SETTING_TOPIC);
}

void
gst_kafka_settings_init (GstKafkaSettings *settings)
{
  *settings = (GstKafkaSettings){ .properties = &sink_properties };
  trib_properties_init (settings->properties, settings);
}

void
gst_kafka_settings_init_source (GstKafkaSettings *settings)
{
  *settings = (GstKafkaSettings){ .properties = &source_properties };
  trib_properties_init (settings->properties, settings);
}

void
gst_kafka_settings_clear (GstKafkaSettings *settings)
{
  g_clear_pointer (&settings->file_options, g_ptr_array_unref);
  trib_properties_clear (settings->properties, settings);
}

/**
 * gst_kafka_settings_set:
 *
 * @locks: requires the lock that guards @settings
 *
 * Returns: whether @id is a setting
 */
gboolean
gst_kafka_settings_set (
    GstKafkaSettings *settings, guint id, const GValue *value, GParamSpec *pspec)
{
  if (pspec->flags & GST_PARAM_MUTABLE_READY)
    settings->n_changes++;
  return trib_properties_set (settings->properties, settings, id, value);
}

static gboolean
hide_secret (GQuark field, GValue *value, gpointer user_data)
{
  if (trib_kafka_option_is_secret (g_quark_to_string (field))) {
    g_value_unset (value);
    g_value_init (value, G_TYPE_STRING);
    g_value_set_static_string (value, "***");
  }
  return TRUE;
}

/* as gst_kafka_settings_set(); secrets are given as "***" */
gboolean
gst_kafka_settings_get (GstKafkaSettings *settings, guint id, GValue *value)
{
  GstStructure *shown;

  if (id != GST_KAFKA_SETTING_CLIENT_CONFIG)
    return trib_properties_get (settings->properties, settings, id, value);
  shown = settings->client_config ? gst_structure_copy (settings->client_config) : NULL;
  if (shown)
    gst_structure_map_in_place (shown, hide_secret, NULL);
  g_value_take_boxed (value, shown);
  return TRUE;
}

/* a value that has no text must not end the list: the client refuses it by its option's name */
static gchar *
serialize_option (const GValue *value)
{
  gchar *text = gst_value_serialize (value);

  return text ? text : g_strdup_printf ("(%s)", G_VALUE_TYPE_NAME (value));
}

static gboolean
collect_option (GQuark field, const GValue *value, gpointer user_data)
{
  GPtrArray *options = user_data;

  /* a string that is NULL is an option that is not set; it must not end the list either */
  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value) == NULL)
    return TRUE;
  g_ptr_array_add (options, g_strdup (g_quark_to_string (field)));
  if (G_VALUE_HOLDS_STRING (value))
    g_ptr_array_add (options, g_value_dup_string (value));
  else if (G_VALUE_HOLDS_BOOLEAN (value))
    g_ptr_array_add (options, g_strdup (g_value_get_boolean (value) ? "true" : "false"));
  else
    g_ptr_array_add (options, serialize_option (value));
  return TRUE;
}

/**
 * gst_kafka_settings_to_config:
 * @settings: settings, guarded by the caller
 * @servers: address of the brokers in use
 *
 * Returns: (transfer full): a copy in the form of the core; to be freed with
 * gst_kafka_config_free()
 */
GstKafkaConfig *
gst_kafka_settings_to_config (const GstKafkaSettings *settings, const gchar *servers)
{
  GstKafkaConfig *config = g_new0 (GstKafkaConfig, 1);

  config->options = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; settings->file_options && i < settings->file_options->len; i++)
    g_ptr_array_add (config->options, g_strdup (settings->file_options->pdata[i]));
  if (settings->client_config)
    gst_structure_foreach (settings->client_config, collect_option, config->options);
  g_ptr_array_add (config->options, NULL);
  config->servers = g_strdup (servers);
  config->core = (TribKafkaConfig){
    .bootstrap_servers = config->servers,
    .options = (const gchar *const *) config->options->pdata,
    .max_pending_bytes = settings->max_pending_bytes,
    .delivery_timeout_ms = settings->delivery_timeout_ms,
    .legacy = settings->mode == GST_KAFKA_MODE_LEGACY,
    .partition_by_frame = settings->partition_by == GST_KAFKA_PARTITION_BY_FRAME,
    .overflow = settings->overflow,
  };
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    if (settings->topics[i])
      config->core.topics[i] = config->topics[i]
          = g_strconcat (settings->topic_prefix, settings->topics[i], NULL);
  if (settings->runs_topic)
    config->core.runs_topic = config->runs_topic
        = g_strconcat (settings->topic_prefix, settings->runs_topic, NULL);
  return config;
}

void
gst_kafka_config_free (GstKafkaConfig *config)
{
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    g_free (config->topics[i]);
  g_ptr_array_unref (config->options);
  g_free (config->record_topic);
  g_free (config->runs_topic);
  g_free (config->servers);
  g_free (config);
}
