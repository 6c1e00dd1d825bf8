/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-earlier.h"

#include <kafka/trib-kafka-debug.h>
#include "trib-kafka-reader.h"

/* each step back is that many times as long as the one before */
#define STEP_FACTOR 4
/* records that may lie before one that was captured earlier: entries are written as their frames
 * are acknowledged */
#define MARGIN 6

struct _TribKafkaEarlier {
  TribKafkaReader *reader;
  TribJsonReader *json;
  gchar *topic;
  gboolean is_registry;
};

/**
 * trib_kafka_earlier_new:
 * @client: settings of its client; what it points to must outlive this
 * @topic: the followed topic
 * @is_registry: its records are entries, else bytes
 *
 * Returns: (transfer full): something that has no client until it looks
 */
TribKafkaEarlier *
trib_kafka_earlier_new (
    const TribKafkaConsumerConfig *client, const gchar *topic, gboolean is_registry)
{
  TribKafkaEarlier *e = g_new0 (TribKafkaEarlier, 1);

  e->reader = trib_kafka_reader_new (client);
  e->json = trib_json_reader_new ("", 0, NULL);
  e->topic = g_strdup (topic);
  e->is_registry = is_registry;
  return e;
}

void
trib_kafka_earlier_free (TribKafkaEarlier *e)
{
  trib_kafka_reader_free (e->reader);
  trib_json_reader_free (e->json);
  g_free (e->topic);
  g_free (e);
}

/* @thread: any */
void
trib_kafka_earlier_set_flushing (TribKafkaEarlier *e, gboolean flushing)
{
  trib_kafka_reader_set_flushing (e->reader, flushing);
}

/* Returns: whether what lies there was captured before @t_ns, or cannot be read in time; a record
 * that is no frame says nothing */
static gboolean
is_before (TribKafkaEarlier *e, gint32 partition, gint64 offset, gint64 t_ns, gint64 deadline)
{
  g_autoptr (TribKafkaCandidate) s = NULL;
  g_autoptr (GError) error = NULL;
  TribKafkaMessage m;

  if (!trib_kafka_reader_get (e->reader, e->topic, partition, offset, deadline, &m, &error))
    return !g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_MISSING)
           && !g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_UNREADABLE);
  s = e->is_registry ? trib_kafka_candidate_from_registry (&m, e->json, NULL)
                     : trib_kafka_candidate_from_bytes (&m, e->topic, NULL);
  return s && s->entry.identity.t_ns < t_ns;
}

/**
 * trib_kafka_earlier_find:
 * @e: something to look with
 * @partition: of the topic
 * @low: its lowest offset
 * @position: where the broker says that records of the time begin
 * @t_ns: the time, ns since the Unix epoch
 * @deadline: monotonic time, us, up to which to look
 *
 * Looks at single records before @position, in growing steps, until one was captured before the
 * time, and halves the last step: where timestamps are capture times, the first one is that.
 * Capture times of a partition are taken to ascend, but for a few neighbours.
 *
 * Returns: where to begin; frames before the time may be there, too
 */
gint64
trib_kafka_earlier_find (TribKafkaEarlier *e, gint32 partition, gint64 low, gint64 position,
    gint64 t_ns, gint64 deadline)
{
  gint64 begin = position, older = -1;

  for (gint64 step = 1; begin > low && older < 0; step *= STEP_FACTOR) {
    gint64 at = MAX (low, begin - step);

    if (is_before (e, partition, at, t_ns, deadline))
      older = at;
    else
      begin = at;
  }
  while (older >= 0 && begin - older > 1) {
    gint64 at = older + (begin - older) / 2;

    if (is_before (e, partition, at, t_ns, deadline))
      older = at;
    else
      begin = at;
  }
  if (begin < position)
    begin = MAX (low, begin - MARGIN);
  if (begin < position)
    TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, e->topic,
        "partition %d: frames of the time begin at %" G_GINT64_FORMAT ", not at %" G_GINT64_FORMAT,
        partition, begin, position);
  return begin;
}
