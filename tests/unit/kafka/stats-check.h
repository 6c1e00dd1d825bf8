/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/publish/trib-kafka-stats.h>

static inline guint64
stats_failed (const TribKafkaStats *stats)
{
  return trib_kafka_failed_sum (stats->failed);
}

static inline guint64
stats_dropped (const TribKafkaStats *stats)
{
  return trib_kafka_dropped_sum (stats->dropped);
}

/* whether each frame that was taken has exactly one outcome or is pending */
static inline gboolean
stats_close (const TribKafkaStats *stats)
{
  return stats->produced
         == stats->acknowledged + stats_failed (stats) + stats_dropped (stats) + stats->pending;
}
