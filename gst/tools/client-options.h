/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Options of the Kafka client from a file, so that secrets need not be on the command line. */

gboolean client_options_read_file (GPtrArray *options, const gchar *path, GError **error);

G_END_DECLS
