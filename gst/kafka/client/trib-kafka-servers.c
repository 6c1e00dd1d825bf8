/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-servers.h"

#include <string.h>

#include "trib-kafka-config.h"

#define MAX_SHOWN_CHARS 80

/* (nullable): what is wrong with @text, which follows the ':' */
static const gchar *
check_port (const gchar *text)
{
  guint64 port;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &port, NULL))
    return "the port must be a number from 1 to 65535";
  return NULL;
}

static const gchar *
check_name (const gchar *host, gsize len)
{
  for (const gchar *p = host; p < host + len; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (!g_unichar_isalnum (c) && !g_unichar_ismark (c) && (c > 127 || !strchr ("-._:", (int) c)))
      return "a host name has letters, digits, '.', '-' and '_' only";
  }
  return memchr (host, ':', len) ? "an IPv6 address needs [ ] around it" : NULL;
}

/* [ADDRESS%ZONE]:PORT */
static const gchar *
check_ipv6 (const gchar *text)
{
  gsize len = strspn (text + 1, "0123456789abcdefABCDEF:.") + 1;

  if (len > 2 && text[len] == '%')
    len += strcspn (text + len, "] ");
  if (len < 3 || text[len] != ']')
    return "between [ and ] is no IPv6 address";
  if (text[len + 1] == '\0')
    return NULL;
  return text[len + 1] == ':' ? check_port (text + len + 2) : "after ] only :PORT may follow";
}

/* a scheme in front is librdkafka's own, and must be the protocol that it is set to */
static const gchar *
check_scheme (const gchar **text, const gchar *protocol)
{
  const gchar *end = strstr (*text, "://");
  gsize len = end ? end - *text : 0;

  if (end == NULL)
    return NULL;
  if (len != strlen (protocol) || g_ascii_strncasecmp (*text, protocol, len) != 0)
    return "no scheme belongs in front (TLS and SASL are set by the option security.protocol)";
  *text = end + 3;
  return NULL;
}

static const gchar *
check_server (const gchar *text, const gchar *protocol)
{
  const gchar *wrong = check_scheme (&text, protocol), *colon = strrchr (text, ':');
  gsize len = colon ? (gsize) (colon - text) : strlen (text);

  if (wrong)
    return wrong;
  if (*text == '[')
    return check_ipv6 (text);
  if (len == 0)
    return "the host is missing";
  wrong = check_name (text, len);
  return wrong || colon == NULL ? wrong : check_port (colon + 1);
}

/**
 * trib_kafka_servers_check:
 * @servers: (nullable): HOST:PORT[,HOST:PORT...]; blanks around each are allowed
 * @protocol: the client's security.protocol, the only scheme that may stand in front
 * @error: return location; shows the part that is wrong
 *
 * Returns: whether @servers is a list of brokers
 */
gboolean
trib_kafka_servers_check (const gchar *servers, const gchar *protocol, GError **error)
{
  g_autofree gchar *valid = g_utf8_make_valid (servers ? servers : "", -1);
  g_auto (GStrv) parts = g_strsplit (valid, ",", -1);

  if (parts[0] == NULL) {
    g_set_error_literal (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
        "bootstrap servers: the text is empty; HOST:PORT[,HOST:PORT...] is needed");
    return FALSE;
  }
  for (guint i = 0; parts[i]; i++) {
    const gchar *wrong = check_server (g_strstrip (parts[i]), protocol);
    g_autofree gchar *shown = NULL;
    if (wrong == NULL)
      continue;
    shown = g_utf8_substring (parts[i], 0, MIN (g_utf8_strlen (parts[i], -1), MAX_SHOWN_CHARS));
    g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_SETTINGS,
        "bootstrap servers: \"%s\" is not HOST:PORT: %s", shown, wrong);
    return FALSE;
  }
  return TRUE;
}

/**
 * trib_kafka_servers_set:
 * @conf: a client's configuration, with all of the application's options
 * @servers: as trib_kafka_servers_check() takes them
 * @error: return location
 *
 * Returns: whether @servers is a list of brokers, which @conf has now
 */
gboolean
trib_kafka_servers_set (rd_kafka_conf_t *conf, const gchar *servers, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (servers ? servers : "", ",", -1);
  g_autofree gchar *list = NULL;
  gchar protocol[32] = "";
  size_t size = sizeof protocol;

  rd_kafka_conf_get (conf, "security.protocol", protocol, &size);
  if (!trib_kafka_servers_check (servers, protocol, error))
    return FALSE;
  /* the client takes a blank behind a name for a part of it */
  for (guint i = 0; parts[i]; i++)
    g_strstrip (parts[i]);
  list = g_strjoinv (",", parts);
  return trib_kafka_config_set (conf, "bootstrap.servers", list, error);
}
