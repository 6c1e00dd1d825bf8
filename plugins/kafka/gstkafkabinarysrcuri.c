/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kafkabinarysrc as the source of kafka://HOST:PORT,.../?session=...&stream=...&start=... */
#include "config.h"

#include "gstkafkabinarysrc-private.h"

#include <kafka/client/trib-kafka-servers.h>

#include <string.h>

#define DEFAULT_PORT "9092"

static GstURIType
get_uri_type (GType type)
{
  return GST_URI_SRC;
}

static const gchar *const *
get_protocols (GType type)
{
  static const gchar *const protocols[] = { "kafka", NULL };

  return protocols;
}

/* @thread: any
 * @locks: takes OBJECT_LOCK */
static gchar *
get_uri (GstURIHandler *handler)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (handler);
  gchar *uri;

  GST_OBJECT_LOCK (self);
  uri = g_strdup (self->uri);
  GST_OBJECT_UNLOCK (self);
  return uri;
}

/* parts of the query, and the properties that they set */
static const struct {
  const gchar *name;
  const gchar *property;
} parts[] = { { "session", "session-id" }, { "stream", "stream-id" }, { "start", "start-time" },
  { "until", "until" }, { "prefix", "topic-prefix" }, { "read-by", "read-by" } };

static const gchar *
find_property (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (g_str_equal (parts[i].name, name))
      return parts[i].property;
  return NULL;
}

static gboolean
check_parts (GHashTable *query, GError **error)
{
  GHashTableIter iter;
  gpointer name, value;

  if (query == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, query);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    if (find_property (name) && value)
      continue;
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_REFERENCE,
        "\"%s\" is no part of a kafka URI with a value: session, stream, start, until, prefix and "
        "read-by are",
        (const gchar *) name);
    return FALSE;
  }
  return TRUE;
}

/* earliest and latest are words; all else is a time */
static void
set_start (GstKafkaBinarySrc *self, const gchar *start)
{
  gboolean word = g_str_equal (start, "earliest") || g_str_equal (start, "latest");

  gst_util_set_object_arg (G_OBJECT (self), "start", word ? start : "time");
  if (!word)
    g_object_set (self, "start-time", start, NULL);
}

static void
set_parts (GstKafkaBinarySrc *self, GHashTable *query)
{
  GHashTableIter iter;
  gpointer name, value;

  if (query == NULL)
    return;
  g_hash_table_iter_init (&iter, query);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    if (g_str_equal (name, "start"))
      set_start (self, value);
    else if (g_str_equal (name, "until") || g_str_equal (name, "read-by"))
      gst_util_set_object_arg (G_OBJECT (self), find_property (name), value);
    else
      g_object_set (self, find_property (name), value, NULL);
  }
}

/* (transfer full) (nullable): the hosts as bootstrap servers. GstUri knows one host: with a port
 * behind each of several it takes the text for no URI.
 * @ret_rest: (out) (transfer full): the URI with one host */
static gchar *
split_hosts (const gchar *text, gchar **ret_rest, GError **error)
{
  const gchar *colon = strchr (text, ':');
  const gchar *begin = g_str_has_prefix (colon, "://") ? colon + 3 : "";
  gsize len = strcspn (begin, "/?#");
  g_autofree gchar *all = g_uri_unescape_segment (begin, begin + len, NULL);
  g_auto (GStrv) hosts = g_strsplit (all ? all : "", ",", -1);
  g_autofree gchar *servers = NULL;
  g_autoptr (GError) why = NULL;

  for (gchar **at = hosts; *at; at++) {
    gchar *host = *at;
    if (*host == '\0'
        || (*host == '[' ? !g_str_has_suffix (host, "]") : strchr (host, ':') != NULL))
      continue;
    *at = g_strconcat (host, ":" DEFAULT_PORT, NULL);
    g_free (host);
  }
  servers = g_strjoinv (",", hosts);
  if (!trib_kafka_servers_check (servers, "", &why)) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI,
        "a kafka URI names hosts: kafka://HOST:PORT[,HOST:PORT...]/: %s", why->message);
    return NULL;
  }
  *ret_rest = g_strconcat ("kafka://host", begin + len, NULL);
  return g_steal_pointer (&servers);
}

/* @locks: takes OBJECT_LOCK */
static gboolean
set_uri (GstURIHandler *handler, const gchar *text, GError **error)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (handler);
  g_autofree gchar *rest = NULL, *servers = NULL;
  g_autoptr (GstUri) uri = NULL;
  g_autoptr (GHashTable) query = NULL;

  if (GST_STATE (self) > GST_STATE_READY) {
    g_set_error_literal (
        error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE, "the URI can be set in NULL and READY");
    return FALSE;
  }
  servers = split_hosts (text, &rest, error);
  if (servers == NULL)
    return FALSE;
  uri = gst_uri_from_string (rest);
  if (uri == NULL) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, "\"%s\" is no URI", text);
    return FALSE;
  }
  query = gst_uri_get_query_table (uri);
  if (!check_parts (query, error))
    return FALSE;
  g_object_set (self, "bootstrap-servers", servers, NULL);
  set_parts (self, query);
  GST_OBJECT_LOCK (self);
  g_free (self->uri);
  self->uri = g_strdup (text);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

void
gst_kafka_binary_src_uri_init (gpointer iface, gpointer data)
{
  GstURIHandlerInterface *handler = iface;

  handler->get_type = get_uri_type;
  handler->get_protocols = get_protocols;
  handler->get_uri = get_uri;
  handler->set_uri = set_uri;
}
