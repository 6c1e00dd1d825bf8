/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <kafka/client/trib-kafka-config.h>
#include <shared/trib-properties.h>

#include "gstkafkaenums.h"

G_BEGIN_DECLS

/* ids of the properties; a source's own follow from GST_KAFKA_N_SETTINGS on */
enum {
  GST_KAFKA_SETTING_BOOTSTRAP_SERVERS = 1,
  GST_KAFKA_SETTING_TOPIC_PREFIX,
  GST_KAFKA_SETTING_STATS_INTERVAL_MS,
  GST_KAFKA_SETTING_CONFIG_FILE,
  GST_KAFKA_SETTING_CLIENT_CONFIG, /* producer-config, consumer-config */
  /* of records */
  GST_KAFKA_SETTING_TOPIC,
  /* of frames */
  GST_KAFKA_SETTING_METADATA_TOPIC,
  GST_KAFKA_SETTING_BINARY_TOPIC,
  GST_KAFKA_SETTING_REGISTRY_TOPIC,
  GST_KAFKA_SETTING_SESSION_ID,
  GST_KAFKA_SETTING_STREAM_ID,
  GST_KAFKA_N_SOURCE_SETTINGS,
  /* of sinks of frames */
  GST_KAFKA_SETTING_LEGACY_TOPIC = GST_KAFKA_N_SOURCE_SETTINGS,
  GST_KAFKA_SETTING_MODE,
  GST_KAFKA_SETTING_PARTITION_BY,
  GST_KAFKA_SETTING_RUNS_TOPIC,
  /* of sinks */
  GST_KAFKA_SETTING_TIME_ORIGIN,
  GST_KAFKA_SETTING_OVERFLOW,
  GST_KAFKA_SETTING_ON_LOSS,
  GST_KAFKA_SETTING_MAX_PENDING_BYTES,
  GST_KAFKA_SETTING_DELIVERY_TIMEOUT_MS,
  GST_KAFKA_SETTING_DRAIN_TIMEOUT_MS,
  /* of sinks of records */
  GST_KAFKA_SETTING_KEY_FIELD,
  GST_KAFKA_N_SETTINGS,
  /* of sinks, without a setting */
  GST_KAFKA_SINK_BROKER_ADDRESS = GST_KAFKA_N_SETTINGS,
  GST_KAFKA_SINK_STATS,
  GST_KAFKA_SINK_N_PROPS
};

/* What the user wishes; nothing of it changes by itself. Guarded by the element's OBJECT_LOCK. */
typedef struct {
  const TribProperties *properties; /* a sink's or a source's */
  gchar *bootstrap_servers;
  gchar *topic_prefix;
  gchar *topics[TRIB_KAFKA_N_TOPICS];
  gchar *session_id;
  gchar *stream_id;
  gchar *time_origin;
  gchar *record_topic;
  gchar *runs_topic;
  gchar *key_field; /* NULL: records have no key */
  GstKafkaMode mode;
  GstKafkaPartitionBy partition_by;
  TribKafkaOverflow overflow;
  GstKafkaOnLoss on_loss;
  guint64 max_pending_bytes;
  guint delivery_timeout_ms;
  guint drain_timeout_ms;
  guint stats_interval_ms;
  gchar *config_file;
  GPtrArray *file_options; /* (nullable): what it said at the start: names and values in turn */
  GstStructure *client_config;
  guint n_changes; /* of what only takes effect at a start */
} GstKafkaSettings;

/* the core's configuration and what it points to */
typedef struct {
  TribKafkaConfig core;
  gchar *servers;
  gchar *topics[TRIB_KAFKA_N_TOPICS];
  gchar *record_topic;
  gchar *runs_topic;
  GPtrArray *options;
} GstKafkaConfig;

void gst_kafka_settings_install (GObjectClass *klass);
void gst_kafka_settings_install_frames (GObjectClass *klass);
void gst_kafka_settings_install_records (GObjectClass *klass);
void gst_kafka_settings_install_source (GParamSpec **properties);
void gst_kafka_settings_install_source_frames (GParamSpec **properties);
void gst_kafka_settings_install_source_records (GParamSpec **properties);
void gst_kafka_settings_init (GstKafkaSettings *settings);
void gst_kafka_settings_init_source (GstKafkaSettings *settings);
void gst_kafka_settings_clear (GstKafkaSettings *settings);
gboolean gst_kafka_settings_set (
    GstKafkaSettings *settings, guint id, const GValue *value, GParamSpec *pspec);
gboolean gst_kafka_settings_get (GstKafkaSettings *settings, guint id, GValue *value);
GstKafkaConfig *gst_kafka_settings_to_config (
    const GstKafkaSettings *settings, const gchar *servers);
void gst_kafka_config_free (GstKafkaConfig *config);

G_END_DECLS
