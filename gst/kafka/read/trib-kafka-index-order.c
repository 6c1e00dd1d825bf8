/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-index-order.h"

/* sessions remembered as ended; beyond that many all are forgotten */
#define MAX_SESSIONS 4096

struct _TribKafkaIndexOrder {
  guint64 max_bytes;
  GQueue kept; /* of TribKafkaCandidate, by epoch and index */
  guint64 bytes;
  GHashTable *sessions; /* name to epoch */
  guint last_epoch;     /* of the youngest session */
  guint epoch;          /* of the session that is being given, 0: none yet */
  gboolean has_expected;
  guint64 expected;   /* index expected next */
  TribIndexSet given; /* of this session */
};

TribKafkaIndexOrder *
trib_kafka_index_order_new (guint64 max_bytes)
{
  TribKafkaIndexOrder *o = g_new0 (TribKafkaIndexOrder, 1);

  o->max_bytes = max_bytes;
  g_queue_init (&o->kept);
  o->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return o;
}

/* forgets everything: the next candidate is the first */
void
trib_kafka_index_order_reset (TribKafkaIndexOrder *o)
{
  g_queue_clear_full (&o->kept, (GDestroyNotify) trib_kafka_candidate_free);
  g_hash_table_remove_all (o->sessions);
  trib_index_set_clear (&o->given);
  o->bytes = 0;
  o->last_epoch = o->epoch = 0;
  o->has_expected = FALSE;
}

void
trib_kafka_index_order_free (TribKafkaIndexOrder *o)
{
  trib_kafka_index_order_reset (o);
  g_hash_table_unref (o->sessions);
  g_free (o);
}

static guint
find_epoch (TribKafkaIndexOrder *o, const gchar *session)
{
  guint epoch = GPOINTER_TO_UINT (g_hash_table_lookup (o->sessions, session));

  if (epoch > 0)
    return epoch;
  if (g_hash_table_size (o->sessions) >= MAX_SESSIONS)
    g_hash_table_remove_all (o->sessions);
  g_hash_table_insert (o->sessions, g_strdup (session), GUINT_TO_POINTER (++o->last_epoch));
  return o->last_epoch;
}

static gint
compare (const TribKafkaCandidate *a, const TribKafkaCandidate *b)
{
  if (a->epoch != b->epoch)
    return a->epoch < b->epoch ? -1 : 1;
  return a->entry.identity.index < b->entry.identity.index   ? -1
         : a->entry.identity.index > b->entry.identity.index ? 1
                                                             : 0;
}

static TribKafkaIndexOrderResult
judge_late (const TribKafkaIndexOrder *o, const TribKafkaCandidate *s)
{
  if (trib_index_set_contains (&o->given, s->entry.identity.index))
    return TRIB_KAFKA_INDEX_ORDER_DUPLICATE;
  return s->kind == TRIB_KAFKA_CANDIDATE_FAILED ? TRIB_KAFKA_INDEX_ORDER_LATE_FAILED
                                                : TRIB_KAFKA_INDEX_ORDER_LATE;
}

/* Nearly always at the end. A duplicate is kept once, preferably with its bytes. */
static TribKafkaIndexOrderResult
insert (TribKafkaIndexOrder *o, TribKafkaCandidate *s)
{
  GList *after = o->kept.tail;

  while (after && compare (after->data, s) > 0)
    after = after->prev;
  if (after && compare (after->data, s) == 0) {
    TribKafkaCandidate *there = after->data;
    if (there->kind == TRIB_KAFKA_CANDIDATE_FAILED && s->kind != TRIB_KAFKA_CANDIDATE_FAILED) {
      TribKafkaCandidate other = *there;
      *there = *s;
      *s = other;
      o->bytes += there->cost - s->cost;
    }
    return TRIB_KAFKA_INDEX_ORDER_DUPLICATE;
  }
  if (after)
    g_queue_insert_after (&o->kept, after, s);
  else
    g_queue_push_head (&o->kept, s);
  o->bytes += s->cost;
  return TRIB_KAFKA_INDEX_ORDER_KEPT;
}

TribKafkaIndexOrderResult
trib_kafka_index_order_add (TribKafkaIndexOrder *o, TribKafkaCandidate *s)
{
  s->epoch = find_epoch (o, s->entry.identity.session);
  /* a younger session has begun, held or already given */
  if (s->epoch < o->last_epoch)
    return TRIB_KAFKA_INDEX_ORDER_ENDED;
  if (s->epoch == o->epoch && o->has_expected
      && (s->entry.identity.index < o->expected
          || trib_index_set_contains (&o->given, s->entry.identity.index)))
    return judge_late (o, s);
  return insert (o, s);
}

/* Whether an earlier frame may still arrive. Where reading begins in the middle that is not known:
 * entries of frames that failed are written ahead of those that were on their way before them. */
static gboolean
may_be_preceded (const TribKafkaIndexOrder *o, const TribKafkaCandidate *s)
{
  if (s->epoch != o->epoch || !o->has_expected)
    return s->entry.identity.index > 0;
  return s->entry.identity.index != o->expected;
}

/**
 * trib_kafka_index_order_peek:
 * @o: frames in order of index
 * @complete: nothing that is missing now will arrive
 *
 * Returns: (transfer none) (nullable): the next frame; %NULL as long as an earlier one may arrive
 */
TribKafkaCandidate *
trib_kafka_index_order_peek (TribKafkaIndexOrder *o, gboolean complete)
{
  TribKafkaCandidate *s = g_queue_peek_head (&o->kept);

  if (s == NULL)
    return NULL;
  if (complete || !may_be_preceded (o, s) || s->epoch < o->last_epoch
      || o->kept.length >= TRIB_KAFKA_INDEX_ORDER_FRAMES || o->bytes > o->max_bytes)
    return s;
  return NULL;
}

/* how many indexes are missing in front of the first frame */
guint64
trib_kafka_index_order_get_missing (const TribKafkaIndexOrder *o)
{
  const TribKafkaCandidate *s = o->kept.head ? o->kept.head->data : NULL;

  if (s == NULL || s->epoch != o->epoch || !o->has_expected)
    return 0;
  return s->entry.identity.index - o->expected;
}

/* gives them up; returns the first of them */
guint64
trib_kafka_index_order_pass_missing (TribKafkaIndexOrder *o)
{
  guint64 first = o->expected;

  o->expected += trib_kafka_index_order_get_missing (o);
  return first;
}

/* whether the first frame begins a session after another one */
gboolean
trib_kafka_index_order_is_new_session (const TribKafkaIndexOrder *o)
{
  const TribKafkaCandidate *s = o->kept.head ? o->kept.head->data : NULL;

  return s && s->epoch != o->epoch;
}

/**
 * trib_kafka_index_order_pop:
 * @o: frames in order of index, not empty
 *
 * Returns: (transfer full): the first frame, which counts as given now
 */
TribKafkaCandidate *
trib_kafka_index_order_pop (TribKafkaIndexOrder *o)
{
  TribKafkaCandidate *s = g_queue_pop_head (&o->kept);

  if (s->epoch != o->epoch)
    trib_index_set_clear (&o->given);
  o->epoch = s->epoch;
  o->has_expected = TRUE;
  /* after the last index that there can be none is expected, and all are late */
  o->expected = MAX (s->entry.identity.index, s->entry.identity.index + 1);
  trib_index_set_add (&o->given, s->entry.identity.index);
  o->bytes -= s->cost;
  return s;
}

guint
trib_kafka_index_order_get_length (const TribKafkaIndexOrder *o)
{
  return o->kept.length;
}
