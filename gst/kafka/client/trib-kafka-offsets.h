/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <librdkafka/rdkafka.h>

G_BEGIN_DECLS

rd_kafka_resp_err_t trib_kafka_offsets_ask (rd_kafka_t *client, const gchar *topic,
    const gint32 *partitions, guint n_partitions, gint64 when_ms, gint64 *ret_offsets,
    gint timeout_ms);

G_END_DECLS
