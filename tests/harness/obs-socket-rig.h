/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <trib-gst-test.h>

/* The other side of obssrc and obssink: bare sockets, which wait. */

#define RIG_WAIT_MS 20000

/* an element of a harness, with @properties as in a launch line; not started */
GstElement *rig_element (const gchar *name, const gchar *location, const gchar *properties);

gint rig_connect (const gchar *location, gint type);
gint rig_listen (const gchar *location, gint type);
gint rig_accept (gint fd);
void rig_send (gint fd, gconstpointer bytes, gsize len);
#define rig_send_text(fd, text) rig_send ((fd), (text), strlen (text))
/* the next line, or datagram, or what comes before the end; NULL: nothing more comes */
gchar *rig_read_line (gint fd);
gchar *rig_read_datagram (gint fd);

guint64 rig_stat (GstElement *element, const gchar *field);
/* waits until a field of stats is at least so much */
void rig_wait_stat (GstElement *element, const gchar *field, guint64 value);
void rig_assert_src_closes (GstElement *element);
void rig_assert_sink_closes (GstElement *element);
