/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A descriptor that ends a poll() of another thread, and the timeout of that poll(). Private to
 * gst/socket. */

gint trib_socket_wake_new (GError **error);
void trib_socket_wake_set (gint fd);
void trib_socket_wake_reset (gint fd);
gint trib_socket_poll_timeout (gint64 until, gint64 now);

G_END_DECLS
