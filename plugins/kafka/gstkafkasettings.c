/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings that Kafka elements have as properties: their table, their store, and the core's configuration made of
 * them. A source has some of a sink's. */
#include "gstkafkasettings.h"

#define DEFAULT_BOOTSTRAP_SERVERS "localhost:9092"
#define DEFAULT_STREAM_ID "video-0"
#define DEFAULT_MODE GST_KAFKA_MODE_BINARY
#define DEFAULT_PARTITION_BY GST_KAFKA_PARTITION_BY_STREAM
#define DEFAULT_OVERFLOW TRIB_KAFKA_OVERFLOW_BLOCK
#define DEFAULT_MAX_PENDING_BYTES (64 * 1024 * 1024)
#define DEFAULT_DELIVERY_TIMEOUT_MS 120000
#define DEFAULT_DRAIN_TIMEOUT_MS 10000

static void
install_string (GParamSpec **properties, guint id, const gchar *name, const gchar *nick,
    const gchar *blurb, const gchar *default_value)
{
  properties[id] = g_param_spec_string (name, nick, blurb, default_value,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
}

static void
install_common (GParamSpec **properties)
{
  install_string (properties, GST_KAFKA_SETTING_BOOTSTRAP_SERVERS, "bootstrap-servers",
      "Bootstrap servers",
      "Brokers to begin with, HOST:PORT[,HOST:PORT...], or in-process for one inside the process",
      DEFAULT_BOOTSTRAP_SERVERS);
  install_string (properties, GST_KAFKA_SETTING_TOPIC_PREFIX, "topic-prefix", "Topic prefix",
      "Text put before each topic's name", "");
}

static void
install_client_config (GParamSpec **properties, const gchar *name, const gchar *nick)
{
  properties[GST_KAFKA_SETTING_CLIENT_CONFIG] = g_param_spec_boxed (name, nick,
      "Options for librdkafka, applied last, such as security.protocol; secrets are not shown "
      "again",
      GST_TYPE_STRUCTURE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
}

static void
install_topics (GParamSpec **properties)
{
  install_string (properties, GST_KAFKA_SETTING_METADATA_TOPIC, "metadata-topic", "Metadata topic",
      "Topic of the frames' metadata", trib_kafka_default_topics[TRIB_KAFKA_TOPIC_METADATA]);
  install_string (properties, GST_KAFKA_SETTING_BINARY_TOPIC, "binary-topic", "Binary topic",
      "Topic of the frames' bytes", trib_kafka_default_topics[TRIB_KAFKA_TOPIC_BINARY]);
  install_string (properties, GST_KAFKA_SETTING_REGISTRY_TOPIC, "registry-topic", "Registry topic",
      "Topic of the entries that say where bytes and metadata are",
      trib_kafka_default_topics[TRIB_KAFKA_TOPIC_REGISTRY]);
}

/**
 * gst_kafka_settings_install:
 * @properties: (array): an element's table of properties, with room for %GST_KAFKA_N_SETTINGS from 1 on
 *
 * What every Kafka sink has.
 */
void
gst_kafka_settings_install (GParamSpec **properties)
{
  install_common (properties);
  properties[GST_KAFKA_SETTING_OVERFLOW] = g_param_spec_enum ("overflow", "Overflow",
      "What happens when max-pending-bytes is reached", gst_kafka_overflow_get_type (),
      DEFAULT_OVERFLOW, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  properties[GST_KAFKA_SETTING_MAX_PENDING_BYTES] = g_param_spec_uint64 ("max-pending-bytes",
      "Maximum pending bytes", "Memory limit for unacknowledged frames or records (bytes)",
      1024 * 1024, G_GUINT64_CONSTANT (1) << 40, DEFAULT_MAX_PENDING_BYTES,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  properties[GST_KAFKA_SETTING_DELIVERY_TIMEOUT_MS] = g_param_spec_uint ("delivery-timeout-ms",
      "Delivery timeout",
      "Milliseconds that one may wait for room, and then for its acknowledgements, before it fails",
      1000, 900000, DEFAULT_DELIVERY_TIMEOUT_MS,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  properties[GST_KAFKA_SETTING_DRAIN_TIMEOUT_MS] = g_param_spec_uint ("drain-timeout-ms",
      "Drain timeout", "Milliseconds that EOS, and going to NULL, wait for outcomes", 0, 900000,
      DEFAULT_DRAIN_TIMEOUT_MS,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  install_client_config (properties, "producer-config", "Producer config");
}

/* likewise: what a sink of frames has beside that */
void
gst_kafka_settings_install_frames (GParamSpec **properties)
{
  install_topics (properties);
  install_string (properties, GST_KAFKA_SETTING_LEGACY_TOPIC, "legacy-topic", "Legacy topic",
      "Topic of the records of legacy mode", trib_kafka_default_topics[TRIB_KAFKA_TOPIC_LEGACY]);
  install_string (properties, GST_KAFKA_SETTING_SESSION_ID, "session-id", "Session id",
      "Session of frames that carry no identity (NULL = a fresh one each start, which can be read)",
      NULL);
  install_string (properties, GST_KAFKA_SETTING_STREAM_ID, "stream-id", "Stream id",
      "Stream of frames that carry no identity, without underscore", DEFAULT_STREAM_ID);
  properties[GST_KAFKA_SETTING_MODE] = g_param_spec_enum ("mode", "Mode",
      "Whether a frame becomes three records or one JSON record", gst_kafka_mode_get_type (),
      DEFAULT_MODE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  properties[GST_KAFKA_SETTING_PARTITION_BY] = g_param_spec_enum ("partition-by", "Partition by",
      "Whether a stream keeps to one partition or its frames spread over all",
      gst_kafka_partition_by_get_type (), DEFAULT_PARTITION_BY,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
}

/* likewise: what every Kafka source has */
void
gst_kafka_settings_install_source (GParamSpec **properties)
{
  install_common (properties);
  install_client_config (properties, "consumer-config", "Consumer config");
}

/* likewise: what a source of frames has beside that */
void
gst_kafka_settings_install_source_frames (GParamSpec **properties)
{
  install_topics (properties);
  install_string (properties, GST_KAFKA_SETTING_SESSION_ID, "session-id", "Session id",
      "The only session to read (NULL = sessions one after another)", NULL);
  install_string (properties, GST_KAFKA_SETTING_STREAM_ID, "stream-id", "Stream id",
      "The only stream to read (NULL = the first that is met)", NULL);
}

void
gst_kafka_settings_init (GstKafkaSettings *settings)
{
  *settings = (GstKafkaSettings){
    .bootstrap_servers = g_strdup (DEFAULT_BOOTSTRAP_SERVERS),
    .topic_prefix = g_strdup (""),
    .stream_id = g_strdup (DEFAULT_STREAM_ID),
    .mode = DEFAULT_MODE,
    .partition_by = DEFAULT_PARTITION_BY,
    .overflow = DEFAULT_OVERFLOW,
    .max_pending_bytes = DEFAULT_MAX_PENDING_BYTES,
    .delivery_timeout_ms = DEFAULT_DELIVERY_TIMEOUT_MS,
    .drain_timeout_ms = DEFAULT_DRAIN_TIMEOUT_MS,
  };
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    settings->topics[i] = g_strdup (trib_kafka_default_topics[i]);
}

void
gst_kafka_settings_init_source (GstKafkaSettings *settings)
{
  gst_kafka_settings_init (settings);
  g_clear_pointer (&settings->stream_id, g_free);
}

static gchar **
string_setting (GstKafkaSettings *settings, guint id)
{
  switch (id) {
    case GST_KAFKA_SETTING_BOOTSTRAP_SERVERS:
      return &settings->bootstrap_servers;
    case GST_KAFKA_SETTING_TOPIC_PREFIX:
      return &settings->topic_prefix;
    case GST_KAFKA_SETTING_METADATA_TOPIC:
      return &settings->topics[TRIB_KAFKA_TOPIC_METADATA];
    case GST_KAFKA_SETTING_BINARY_TOPIC:
      return &settings->topics[TRIB_KAFKA_TOPIC_BINARY];
    case GST_KAFKA_SETTING_REGISTRY_TOPIC:
      return &settings->topics[TRIB_KAFKA_TOPIC_REGISTRY];
    case GST_KAFKA_SETTING_LEGACY_TOPIC:
      return &settings->topics[TRIB_KAFKA_TOPIC_LEGACY];
    case GST_KAFKA_SETTING_SESSION_ID:
      return &settings->session_id;
    case GST_KAFKA_SETTING_STREAM_ID:
      return &settings->stream_id;
    default:
      return NULL;
  }
}

void
gst_kafka_settings_clear (GstKafkaSettings *settings)
{
  for (guint id = 1; id < GST_KAFKA_N_SETTINGS; id++) {
    gchar **text = string_setting (settings, id);
    if (text)
      g_free (*text);
  }
  g_clear_pointer (&settings->client_config, gst_structure_free);
}

static void
set_string (gchar **text, const GValue *value, GParamSpec *pspec)
{
  g_free (*text);
  *text = g_value_dup_string (value);
  /* a name that was taken away goes back to its default; session-id's default is a fresh one */
  if (*text == NULL)
    *text = g_strdup (G_PARAM_SPEC_STRING (pspec)->default_value);
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
  gchar **text = string_setting (settings, id);

  if (pspec->flags & GST_PARAM_MUTABLE_READY)
    settings->n_changes++;
  switch (id) {
    case GST_KAFKA_SETTING_MODE:
      settings->mode = g_value_get_enum (value);
      return TRUE;
    case GST_KAFKA_SETTING_PARTITION_BY:
      settings->partition_by = g_value_get_enum (value);
      return TRUE;
    case GST_KAFKA_SETTING_OVERFLOW:
      settings->overflow = g_value_get_enum (value);
      return TRUE;
    case GST_KAFKA_SETTING_MAX_PENDING_BYTES:
      settings->max_pending_bytes = g_value_get_uint64 (value);
      return TRUE;
    case GST_KAFKA_SETTING_DELIVERY_TIMEOUT_MS:
      settings->delivery_timeout_ms = g_value_get_uint (value);
      return TRUE;
    case GST_KAFKA_SETTING_DRAIN_TIMEOUT_MS:
      settings->drain_timeout_ms = g_value_get_uint (value);
      return TRUE;
    case GST_KAFKA_SETTING_CLIENT_CONFIG:
      g_clear_pointer (&settings->client_config, gst_structure_free);
      settings->client_config = g_value_dup_boxed (value);
      return TRUE;
    default:
      if (text)
        set_string (text, value, pspec);
      return text != NULL;
  }
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
  gchar **text = string_setting (settings, id);
  GstStructure *shown;

  switch (id) {
    case GST_KAFKA_SETTING_MODE:
      g_value_set_enum (value, settings->mode);
      return TRUE;
    case GST_KAFKA_SETTING_PARTITION_BY:
      g_value_set_enum (value, settings->partition_by);
      return TRUE;
    case GST_KAFKA_SETTING_OVERFLOW:
      g_value_set_enum (value, settings->overflow);
      return TRUE;
    case GST_KAFKA_SETTING_MAX_PENDING_BYTES:
      g_value_set_uint64 (value, settings->max_pending_bytes);
      return TRUE;
    case GST_KAFKA_SETTING_DELIVERY_TIMEOUT_MS:
      g_value_set_uint (value, settings->delivery_timeout_ms);
      return TRUE;
    case GST_KAFKA_SETTING_DRAIN_TIMEOUT_MS:
      g_value_set_uint (value, settings->drain_timeout_ms);
      return TRUE;
    case GST_KAFKA_SETTING_CLIENT_CONFIG:
      shown = settings->client_config ? gst_structure_copy (settings->client_config) : NULL;
      if (shown)
        gst_structure_map_in_place (shown, hide_secret, NULL);
      g_value_take_boxed (value, shown);
      return TRUE;
    default:
      if (text)
        g_value_set_string (value, *text);
      return text != NULL;
  }
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
 * Returns: (transfer full): a copy as the core wants it; to be freed with gst_kafka_config_free()
 */
GstKafkaConfig *
gst_kafka_settings_to_config (const GstKafkaSettings *settings, const gchar *servers)
{
  GstKafkaConfig *config = g_new0 (GstKafkaConfig, 1);

  config->options = g_ptr_array_new_with_free_func (g_free);
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
    config->core.topics[i] = config->topics[i] = g_strconcat (
        settings->topic_prefix ? settings->topic_prefix : "", settings->topics[i], NULL);
  return config;
}

void
gst_kafka_config_free (GstKafkaConfig *config)
{
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    g_free (config->topics[i]);
  g_ptr_array_unref (config->options);
  g_free (config->record_topic);
  g_free (config->servers);
  g_free (config);
}
