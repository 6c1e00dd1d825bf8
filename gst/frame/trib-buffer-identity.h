/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <common/trib-export.h>

G_BEGIN_DECLS

/* The identity of a frame for languages without structs of C: plain arguments and out values, in
 * the typelib Tributary-1.0. */

TRIB_API gboolean trib_buffer_set_identity (GstBuffer *buffer, const gchar *session,
    const gchar *stream, guint64 index, gint64 t_ns, GError **error);
TRIB_API gboolean trib_buffer_get_identity (
    GstBuffer *buffer, gchar **session, gchar **stream, guint64 *index, gint64 *t_ns);

G_END_DECLS
