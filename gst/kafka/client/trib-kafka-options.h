/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Options of librdkafka as people give them: a file in its own form, and what is known to fail. */

gboolean trib_kafka_options_read_file (GPtrArray *options, const gchar *path, GError **error);
const gchar *trib_kafka_options_get_caution (const gchar *const *options, gint version);

G_END_DECLS
