/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-merge.h"

typedef struct {
  GQueue waiting; /* of TribKafkaSighting */
  gint64 passed;  /* timestamp of the last record that says how far the partition is */
  gboolean idle;  /* nothing more at present */
  gboolean live;  /* it was idle once: what comes is written now */
} Part;

struct _TribKafkaMerge {
  Part *parts;
  gint32 n_parts;
  guint64 max_bytes;
  guint64 bytes;
  guint length;
};

TribKafkaMerge *
trib_kafka_merge_new (guint64 max_bytes)
{
  TribKafkaMerge *m = g_new0 (TribKafkaMerge, 1);

  m->max_bytes = max_bytes;
  return m;
}

static void
clear (TribKafkaMerge *m)
{
  for (gint32 p = 0; p < m->n_parts; p++)
    g_queue_clear_full (&m->parts[p].waiting, (GDestroyNotify) trib_kafka_sighting_free);
  g_clear_pointer (&m->parts, g_free);
  m->n_parts = 0;
  m->bytes = 0;
  m->length = 0;
}

void
trib_kafka_merge_free (TribKafkaMerge *m)
{
  clear (m);
  g_free (m);
}

/* forgets everything, the partitions too */
void
trib_kafka_merge_reset (TribKafkaMerge *m)
{
  clear (m);
}

/* there are @n_partitions now, not fewer than before; of the new ones something is due */
void
trib_kafka_merge_set_n_partitions (TribKafkaMerge *m, gint32 n_partitions)
{
  gint32 first = m->n_parts;

  g_return_if_fail (n_partitions >= first);

  m->parts = g_renew (Part, m->parts, n_partitions);
  m->n_parts = n_partitions;
  for (gint32 p = first; p < n_partitions; p++) {
    m->parts[p].idle = m->parts[p].live = FALSE;
    g_queue_init (&m->parts[p].waiting);
    m->parts[p].passed = G_MININT64;
  }
}

gint32
trib_kafka_merge_get_n_partitions (const TribKafkaMerge *m)
{
  return m->n_parts;
}

void
trib_kafka_merge_add (TribKafkaMerge *m, gint32 partition, TribKafkaSighting *s)
{
  m->parts[partition].passed = s->t_ms;
  m->parts[partition].idle = FALSE;
  g_queue_push_tail (&m->parts[partition].waiting, s);
  m->bytes += s->cost;
  m->length++;
}

/* A record that is not wanted still tells how far the partition is, when it is written now. One of before tells nothing:
 * recordings of the same time may lie one behind the other. */
void
trib_kafka_merge_passed (TribKafkaMerge *m, gint32 partition, gint64 t_ms)
{
  if (m->parts[partition].live)
    m->parts[partition].passed = t_ms;
  m->parts[partition].idle = FALSE;
}

void
trib_kafka_merge_set_idle (TribKafkaMerge *m, gint32 partition, gboolean idle)
{
  m->parts[partition].idle = idle;
  m->parts[partition].live |= idle;
}

/* nothing more is to come */
void
trib_kafka_merge_set_all_idle (TribKafkaMerge *m)
{
  for (gint32 p = 0; p < m->n_parts; p++)
    m->parts[p].idle = TRUE;
}

static gboolean
goes_before (const TribKafkaSighting *a, const TribKafkaSighting *b)
{
  if (a->t_ms != b->t_ms)
    return a->t_ms < b->t_ms;
  return a->entry.identity.index < b->entry.identity.index;
}

/**
 * trib_kafka_merge_take:
 * @m: a merge
 *
 * Returns: (transfer full) (nullable): what goes first; %NULL as long as that is not known
 */
TribKafkaSighting *
trib_kafka_merge_take (TribKafkaMerge *m)
{
  Part *first = NULL;
  TribKafkaSighting *s;

  for (gint32 p = 0; p < m->n_parts; p++) {
    Part *part = &m->parts[p];
    if (part->waiting.head
        && (first == NULL || goes_before (part->waiting.head->data, first->waiting.head->data)))
      first = part;
  }
  if (first == NULL)
    return NULL;
  s = first->waiting.head->data;
  for (gint32 p = 0; p < m->n_parts && m->bytes <= m->max_bytes; p++) {
    const Part *part = &m->parts[p];
    if (part->waiting.head == NULL && !part->idle && part->passed < s->t_ms)
      return NULL;
  }
  g_queue_pop_head (&first->waiting);
  m->bytes -= s->cost;
  m->length--;
  return s;
}

guint64
trib_kafka_merge_get_bytes (const TribKafkaMerge *m)
{
  return m->bytes;
}

guint
trib_kafka_merge_get_length (const TribKafkaMerge *m)
{
  return m->length;
}
