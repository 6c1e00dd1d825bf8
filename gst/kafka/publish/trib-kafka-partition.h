/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

guint32 trib_kafka_murmur2 (const void *data, gsize len);
gint32 trib_kafka_partition_for (const void *data, gsize len, gint32 n_partitions);

G_END_DECLS
