/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* accept4() */
#include "obs-socket-rig.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

GstElement *
rig_element (const gchar *name, const gchar *location, const gchar *properties)
{
  g_autofree gchar *line = g_strdup_printf ("%s location=%s %s", name, location, properties);
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  return gst_object_ref_sink (element);
}

static socklen_t
fill_address (struct sockaddr_un *address, const gchar *location)
{
  memset (address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  g_assert_cmpuint (strlen (location), <, sizeof address->sun_path);
  memcpy (address->sun_path, location, strlen (location));
  if (*location != '@')
    return sizeof *address;
  address->sun_path[0] = '\0';
  return (socklen_t) (offsetof (struct sockaddr_un, sun_path) + strlen (location));
}

gint
rig_connect (const gchar *location, gint type)
{
  struct sockaddr_un address;
  socklen_t len = fill_address (&address, location);
  gint fd = socket (AF_UNIX, type | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, len), ==, 0);
  return fd;
}

gint
rig_listen (const gchar *location, gint type)
{
  struct sockaddr_un address;
  socklen_t len = fill_address (&address, location);
  gint fd = socket (AF_UNIX, type | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, len), ==, 0);
  if (type == SOCK_STREAM)
    g_assert_cmpint (listen (fd, 10), ==, 0);
  return fd;
}

gint
rig_accept (gint fd)
{
  gint client = accept4 (fd, NULL, NULL, SOCK_CLOEXEC);

  g_assert_cmpint (client, >=, 0);
  return client;
}

/* what the other side does not want any more is lost: it may close the connection */
void
rig_send (gint fd, gconstpointer bytes, gsize len)
{
  const gchar *p = bytes;

  while (len > 0) {
    gssize n = send (fd, p, len, MSG_NOSIGNAL);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return;
    p += n;
    len -= (gsize) n;
  }
}

gchar *
rig_read_line (gint fd)
{
  GString *line = g_string_new (NULL);
  gchar byte;

  while (read (fd, &byte, 1) == 1) {
    if (byte == '\n')
      return g_string_free (line, FALSE);
    g_string_append_c (line, byte);
  }
  if (line->len > 0)
    return g_string_free (line, FALSE);
  g_string_free (line, TRUE);
  return NULL;
}

gchar *
rig_read_datagram (gint fd)
{
  gchar bytes[4096];
  gssize n = recv (fd, bytes, sizeof bytes, 0);

  return n >= 0 ? g_strndup (bytes, (gsize) n) : NULL;
}

guint64
rig_stat (GstElement *element, const gchar *field)
{
  g_autoptr (GstStructure) stats = trib_element_stats (element);

  return trib_structure_uint64 (stats, field);
}

void
rig_wait_stat (GstElement *element, const gchar *field, guint64 value)
{
  g_test_message ("waiting for %s of %" G_GUINT64_FORMAT, field, value);
  trib_assert_eventually (rig_stat (element, field) >= value, RIG_WAIT_MS);
}

static guint64
sum_of (const GstStructure *stats, const gchar *const *fields)
{
  guint64 sum = 0;

  for (; *fields != NULL; fields++)
    sum += trib_structure_uint64 (stats, *fields);
  return sum;
}

void
rig_assert_src_closes (GstElement *element)
{
  static const gchar *const fields[] = { "records-out", "dropped-oldest", "dropped-flush",
    "dropped-transcode", "refused-syntax", "refused-utf8", "refused-truncated", "refused-limit",
    "refused-range", "refused-type", "refused-field", "refused-half", "pending", NULL };
  g_autoptr (GstStructure) stats = trib_element_stats (element);

  g_assert_cmpuint (trib_structure_uint64 (stats, "records-in"), ==, sum_of (stats, fields));
}

void
rig_assert_sink_closes (GstElement *element)
{
  static const gchar *const records[]
      = { "records-taken", "dropped-no-receiver", "dropped-flush", "refused-text", NULL };
  static const gchar *const copies[]
      = { "sent", "dropped-slow", "dropped-gone", "dropped-large", "pending", NULL };
  g_autoptr (GstStructure) stats = trib_element_stats (element);

  g_assert_cmpuint (trib_structure_uint64 (stats, "records-in"), ==, sum_of (stats, records));
  g_assert_cmpuint (trib_structure_uint64 (stats, "copies"), ==, sum_of (stats, copies));
}
