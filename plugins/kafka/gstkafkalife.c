/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstkafkalife.h"

#include <kafka/client/trib-kafka-options.h>
#include <shared/trib-stats-posts.h>

/* what config-file says now is what counts up to the next start */
static gboolean
read_config_file (GstKafkaLife *life, GstElement *element, GError **error)
{
  GPtrArray *options = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *path = NULL;
  gboolean ok;

  GST_OBJECT_LOCK (element);
  path = g_strdup (life->settings.config_file);
  GST_OBJECT_UNLOCK (element);
  ok = path == NULL || *path == '\0' || trib_kafka_options_read_file (options, path, error);
  GST_OBJECT_LOCK (element);
  g_clear_pointer (&life->settings.file_options, g_ptr_array_unref);
  life->settings.file_options = options;
  GST_OBJECT_UNLOCK (element);
  return ok;
}

/* what is known to fail later, in a way that does not say why */
static void
warn_of_options (GstKafkaLife *life, GstElement *element)
{
  GstKafkaConfig *config;
  const gchar *caution;

  GST_OBJECT_LOCK (element);
  config = gst_kafka_settings_to_config (&life->settings, life->broker_address);
  GST_OBJECT_UNLOCK (element);
  caution = trib_kafka_options_get_caution (config->core.options, rd_kafka_version ());
  gst_kafka_config_free (config);
  if (caution)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS, ("%s.", caution), (NULL));
}

static gboolean
start_broker (GstKafkaLife *life, GstElement *element, GError **error)
{
  g_autofree gchar *servers = NULL;
  const gchar *address;

  GST_OBJECT_LOCK (element);
  servers = g_strdup (life->settings.bootstrap_servers);
  life->n_changes_applied = life->settings.n_changes;
  GST_OBJECT_UNLOCK (element);
  if (!g_str_equal (servers, TRIB_KAFKA_IN_PROCESS)) {
    address = servers;
  } else {
    life->broker = trib_kafka_broker_acquire (error);
    if (life->broker == NULL)
      return FALSE;
    address = trib_kafka_broker_get_address (life->broker);
  }
  GST_OBJECT_LOCK (element);
  g_free (life->broker_address);
  life->broker_address = g_strdup (address);
  GST_OBJECT_UNLOCK (element);
  g_object_notify (G_OBJECT (element), "broker-address");
  return TRUE;
}

static void
stop (GstKafkaLife *life, const GstKafkaLifeFuncs *funcs, GstElement *element, gboolean again)
{
  life->is_started = FALSE;
  funcs->stop (element, again);
  g_clear_pointer (&life->broker, trib_kafka_broker_release);
}

/* a start that fails leaves nothing behind, and has posted why */
static gboolean
start (GstKafkaLife *life, const GstKafkaLifeFuncs *funcs, GstElement *element)
{
  g_autoptr (GError) error = NULL;

  life->is_started = read_config_file (life, element, &error)
                     && start_broker (life, element, &error) && funcs->start (element, &error);
  if (life->is_started) {
    warn_of_options (life, element);
    return TRUE;
  }
  GST_ELEMENT_ERROR (element, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  stop (life, funcs, element, FALSE);
  return FALSE;
}

/* The broker inside the process stays where it is, with what it holds. */
static gboolean
apply_changes (GstKafkaLife *life, const GstKafkaLifeFuncs *funcs, GstElement *element)
{
  TribKafkaBroker *broker;
  gboolean changed, started;

  GST_OBJECT_LOCK (element);
  changed = life->settings.n_changes != life->n_changes_applied;
  GST_OBJECT_UNLOCK (element);
  if (life->is_started && !changed)
    return TRUE;
  GST_INFO_OBJECT (element, "settings have changed: starting again with them");
  broker = g_steal_pointer (&life->broker);
  stop (life, funcs, element, TRUE);
  started = start (life, funcs, element);
  if (started)
    trib_kafka_broker_release (broker);
  else
    life->broker = broker;
  return started;
}

static void
start_posts (GstKafkaLife *life, GstElement *element)
{
  guint interval_ms;

  GST_OBJECT_LOCK (element);
  interval_ms = life->settings.stats_interval_ms;
  GST_OBJECT_UNLOCK (element);
  trib_stats_posts_start (&life->posts, element, interval_ms);
}

/**
 * gst_kafka_life_change_state:
 * @life: the element's
 * @funcs: its class's
 * @element: an element
 * @transition: as given to its change_state()
 *
 * Not in a base class's start() and stop(): these post an error of their own when start() fails.
 */
GstStateChangeReturn
gst_kafka_life_change_state (GstKafkaLife *life, const GstKafkaLifeFuncs *funcs,
    GstElement *element, GstStateChange transition)
{
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !start (life, funcs, element))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !apply_changes (life, funcs, element))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    start_posts (life, element);
  ret = funcs->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && ret == GST_STATE_CHANGE_FAILURE))
    trib_stats_posts_stop (&life->posts);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL
      || (transition == GST_STATE_CHANGE_NULL_TO_READY && ret == GST_STATE_CHANGE_FAILURE))
    stop (life, funcs, element, FALSE);
  return ret;
}

void
gst_kafka_life_clear (GstKafkaLife *life)
{
  gst_kafka_settings_clear (&life->settings);
  g_free (life->broker_address);
}
