/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/layout/trib-kafka-values.h>
#include "trib-kafka-message.h"

G_BEGIN_DECLS

/* most bytes of texts that an entry keeps */
#define TRIB_KAFKA_ENTRY_MAX_TEXT 2048

gboolean trib_kafka_entry_parse (TribKafkaRegistryValue *out, const TribKafkaMessage *m,
    TribJsonReader *reader, gboolean *ret_cut, GError **error);

G_END_DECLS
