/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-stats.h"

#define SUB_BITS 4
#define SUB (1 << SUB_BITS)

const gchar *
trib_kafka_failed_to_string (TribKafkaFailed reason)
{
  static const gchar *const names[TRIB_KAFKA_N_FAILED] = { "timed-out", "too-large", "purged",
    "not-authorized", "unknown-topic", "refused", "registry", "malformed" };

  return names[reason];
}

const gchar *
trib_kafka_dropped_to_string (TribKafkaDropped reason)
{
  static const gchar *const names[TRIB_KAFKA_N_DROPPED]
      = { "newest", "oldest", "non-key", "flushed", "overflow" };

  return names[reason];
}

/* values below SUB have a bucket each; above, the top bit chooses the octave, the next four bits
 * the bucket in it */
static guint
bucket_of (guint64 us)
{
  guint top, bucket;

  if (us < SUB)
    return (guint) us;
  top = 63 - __builtin_clzll (us);
  bucket = ((top - SUB_BITS + 1) << SUB_BITS) + ((us >> (top - SUB_BITS)) & (SUB - 1));
  return MIN (bucket, TRIB_KAFKA_LATENCY_BUCKETS - 1);
}

static gint64
middle_of (guint bucket)
{
  guint octave = bucket >> SUB_BITS;
  guint64 low, width;

  if (octave == 0)
    return bucket;
  width = G_GUINT64_CONSTANT (1) << (octave - 1);
  low = (SUB + (bucket & (SUB - 1))) * width;
  return (gint64) (low + width / 2);
}

void
trib_kafka_stats_add_latency (TribKafkaStats *a, gint64 latency_us)
{
  a->latency[bucket_of (latency_us < 0 ? 0 : (guint64) latency_us)]++;
  a->latency_samples++;
}

/**
 * trib_kafka_stats_latency_us:
 * @a: stats
 * @quantile: 0.0 to 1.0
 *
 * Returns: the latency below which that share of the acknowledged frames stayed, in us, within a
 *   sixteenth; -1 when no frame was acknowledged
 */
gint64
trib_kafka_stats_latency_us (const TribKafkaStats *a, gdouble quantile)
{
  guint64 rank, seen = 0;

  if (a->latency_samples == 0)
    return -1;
  rank = (guint64) (quantile * (gdouble) (a->latency_samples - 1));
  for (guint i = 0; i < TRIB_KAFKA_LATENCY_BUCKETS; i++) {
    seen += a->latency[i];
    if (seen > rank)
      return middle_of (i);
  }
  return middle_of (TRIB_KAFKA_LATENCY_BUCKETS - 1);
}

static guint64
sum (const guint64 *counts, guint n)
{
  guint64 total = 0;

  for (guint i = 0; i < n; i++)
    total += counts[i];
  return total;
}

/* of %TRIB_KAFKA_N_FAILED counts */
guint64
trib_kafka_failed_sum (const guint64 *failed)
{
  return sum (failed, TRIB_KAFKA_N_FAILED);
}

/* of %TRIB_KAFKA_N_DROPPED counts */
guint64
trib_kafka_dropped_sum (const guint64 *dropped)
{
  return sum (dropped, TRIB_KAFKA_N_DROPPED);
}
