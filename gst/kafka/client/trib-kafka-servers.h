/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <librdkafka/rdkafka.h>

#include <kafka/trib-kafka-error.h>

G_BEGIN_DECLS

/* The brokers to begin with, as people write them. The client only logs what it does not
 * understand and then waits without end, so the text is checked before it gets it. Pure. */

gboolean trib_kafka_servers_check (const gchar *servers, const gchar *protocol, GError **error);
gboolean trib_kafka_servers_set (rd_kafka_conf_t *conf, const gchar *servers, GError **error);

G_END_DECLS
