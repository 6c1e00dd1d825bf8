/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-time-order.h"

typedef struct {
  GQueue waiting; /* of TribKafkaCandidate */
  gint64 passed;  /* time up to which the partition was read */
  gboolean idle;  /* nothing more at present */
  gboolean live;  /* it was idle once: new records are written now */
} TimeOrderPartition;

struct _TribKafkaTimeOrder {
  TimeOrderPartition *parts;
  gint32 n_parts;
  guint64 max_bytes;
  guint64 bytes;
  guint length;
};

TribKafkaTimeOrder *
trib_kafka_time_order_new (guint64 max_bytes)
{
  TribKafkaTimeOrder *o = g_new0 (TribKafkaTimeOrder, 1);

  o->max_bytes = max_bytes;
  return o;
}

static void
clear (TribKafkaTimeOrder *o)
{
  for (gint32 p = 0; p < o->n_parts; p++)
    g_queue_clear_full (&o->parts[p].waiting, (GDestroyNotify) trib_kafka_candidate_free);
  g_clear_pointer (&o->parts, g_free);
  o->n_parts = 0;
  o->bytes = 0;
  o->length = 0;
}

void
trib_kafka_time_order_free (TribKafkaTimeOrder *o)
{
  clear (o);
  g_free (o);
}

/* forgets everything, the partitions too */
void
trib_kafka_time_order_reset (TribKafkaTimeOrder *o)
{
  clear (o);
}

/* there are @n_partitions now, not fewer than before; of the new ones something is due */
void
trib_kafka_time_order_set_n_partitions (TribKafkaTimeOrder *o, gint32 n_partitions)
{
  gint32 first = o->n_parts;

  g_return_if_fail (n_partitions >= first);

  o->parts = g_renew (TimeOrderPartition, o->parts, n_partitions);
  o->n_parts = n_partitions;
  for (gint32 p = first; p < n_partitions; p++) {
    o->parts[p].idle = o->parts[p].live = FALSE;
    g_queue_init (&o->parts[p].waiting);
    o->parts[p].passed = G_MININT64;
  }
}

gint32
trib_kafka_time_order_get_n_partitions (const TribKafkaTimeOrder *o)
{
  return o->n_parts;
}

void
trib_kafka_time_order_add (TribKafkaTimeOrder *o, gint32 partition, TribKafkaCandidate *s)
{
  o->parts[partition].passed = s->when_ms;
  o->parts[partition].idle = FALSE;
  g_queue_push_tail (&o->parts[partition].waiting, s);
  o->bytes += s->cost;
  o->length++;
}

/* A record that is not wanted still shows how far the partition was read, when it is written now.
 * An old one does not: recordings of the same time may lie one behind the other. */
void
trib_kafka_time_order_passed (TribKafkaTimeOrder *o, gint32 partition, gint64 t_ms)
{
  if (o->parts[partition].live)
    o->parts[partition].passed = t_ms;
  o->parts[partition].idle = FALSE;
}

void
trib_kafka_time_order_set_idle (TribKafkaTimeOrder *o, gint32 partition, gboolean idle)
{
  o->parts[partition].idle = idle;
  o->parts[partition].live |= idle;
}

/* nothing more will arrive */
void
trib_kafka_time_order_set_all_idle (TribKafkaTimeOrder *o)
{
  for (gint32 p = 0; p < o->n_parts; p++)
    o->parts[p].idle = TRUE;
}

static gboolean
goes_before (const TribKafkaCandidate *a, const TribKafkaCandidate *b)
{
  if (a->when_ms != b->when_ms)
    return a->when_ms < b->when_ms;
  return a->order < b->order;
}

/**
 * trib_kafka_time_order_take:
 * @o: records in order of time
 *
 * Returns: (transfer full) (nullable): the first candidate; %NULL as long as that is not known
 */
TribKafkaCandidate *
trib_kafka_time_order_take (TribKafkaTimeOrder *o)
{
  TimeOrderPartition *first = NULL;
  TribKafkaCandidate *s;

  for (gint32 p = 0; p < o->n_parts; p++) {
    TimeOrderPartition *part = &o->parts[p];
    if (part->waiting.head
        && (first == NULL || goes_before (part->waiting.head->data, first->waiting.head->data)))
      first = part;
  }
  if (first == NULL)
    return NULL;
  s = first->waiting.head->data;
  for (gint32 p = 0; p < o->n_parts && o->bytes <= o->max_bytes; p++) {
    const TimeOrderPartition *part = &o->parts[p];
    if (part->waiting.head == NULL && !part->idle && part->passed < s->when_ms)
      return NULL;
  }
  g_queue_pop_head (&first->waiting);
  o->bytes -= s->cost;
  o->length--;
  return s;
}

guint
trib_kafka_time_order_get_length (const TribKafkaTimeOrder *o)
{
  return o->length;
}
