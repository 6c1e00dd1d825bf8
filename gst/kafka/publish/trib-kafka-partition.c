/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The partition that Apache Kafka's Java clients choose for a key, so that their producers and
 * consumers agree with ours: MurmurHash2, 32 bits, seed 0x9747b28c, sign bit dropped, modulo. */
#include "trib-kafka-partition.h"

#include <string.h>

/**
 * trib_kafka_murmur2:
 * @data: (array length=len): the key
 * @len: its bytes
 *
 * Returns: the hash as org.apache.kafka.common.utils.Utils.murmur2() gives it, as unsigned
 */
guint32
trib_kafka_murmur2 (const void *data, gsize len)
{
  const guint32 m = 0x5bd1e995;
  const guint8 *p = data;
  guint32 h = 0x9747b28c ^ (guint32) len;

  for (; len >= 4; p += 4, len -= 4) {
    guint32 k;
    memcpy (&k, p, 4);
    k = GUINT32_FROM_LE (k) * m;
    k = (k ^ (k >> 24)) * m;
    h = h * m ^ k;
  }
  if (len > 2)
    h ^= (guint32) p[2] << 16;
  if (len > 1)
    h ^= (guint32) p[1] << 8;
  if (len > 0)
    h = (h ^ p[0]) * m;
  h = (h ^ (h >> 13)) * m;
  return h ^ (h >> 15);
}

/**
 * trib_kafka_partition_for:
 * @data: (array length=len): the key
 * @len: its bytes
 * @n_partitions: how many partitions there are, at least 1
 *
 * Returns: the partition, 0 to @n_partitions - 1
 */
gint32
trib_kafka_partition_for (const void *data, gsize len, gint32 n_partitions)
{
  return (gint32) ((trib_kafka_murmur2 (data, len) & 0x7fffffff) % (guint32) n_partitions);
}
