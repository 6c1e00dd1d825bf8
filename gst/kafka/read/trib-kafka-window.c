/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-window.h"

/* sessions that are remembered as left; a camera that starts again that often is forgiven the first ones */
#define MAX_SESSIONS 4096

struct _TribKafkaWindow {
  guint64 max_bytes;
  GQueue kept; /* of TribKafkaSighting, by epoch and index */
  guint64 bytes;
  GHashTable *sessions; /* name to epoch */
  guint last_epoch;     /* of the youngest session */
  guint epoch;          /* of the session that is being given, 0: none yet */
  gboolean has_expected;
  guint64 expected;   /* index that comes next */
  TribIndexSet given; /* of this session */
};

TribKafkaWindow *
trib_kafka_window_new (guint64 max_bytes)
{
  TribKafkaWindow *w = g_new0 (TribKafkaWindow, 1);

  w->max_bytes = max_bytes;
  g_queue_init (&w->kept);
  w->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return w;
}

/* forgets everything: whatever comes first is the beginning */
void
trib_kafka_window_reset (TribKafkaWindow *w)
{
  g_queue_clear_full (&w->kept, (GDestroyNotify) trib_kafka_sighting_free);
  g_hash_table_remove_all (w->sessions);
  trib_index_set_clear (&w->given);
  w->bytes = 0;
  w->last_epoch = w->epoch = 0;
  w->has_expected = FALSE;
}

void
trib_kafka_window_free (TribKafkaWindow *w)
{
  trib_kafka_window_reset (w);
  g_hash_table_unref (w->sessions);
  g_free (w);
}

static guint
find_epoch (TribKafkaWindow *w, const gchar *session)
{
  guint epoch = GPOINTER_TO_UINT (g_hash_table_lookup (w->sessions, session));

  if (epoch > 0)
    return epoch;
  if (g_hash_table_size (w->sessions) >= MAX_SESSIONS)
    g_hash_table_remove_all (w->sessions);
  g_hash_table_insert (w->sessions, g_strdup (session), GUINT_TO_POINTER (++w->last_epoch));
  return w->last_epoch;
}

static gint
compare (const TribKafkaSighting *a, const TribKafkaSighting *b)
{
  if (a->epoch != b->epoch)
    return a->epoch < b->epoch ? -1 : 1;
  return a->entry.identity.index < b->entry.identity.index   ? -1
         : a->entry.identity.index > b->entry.identity.index ? 1
                                                             : 0;
}

static TribKafkaWindowResult
judge_late (const TribKafkaWindow *w, const TribKafkaSighting *s)
{
  if (trib_index_set_contains (&w->given, s->entry.identity.index))
    return TRIB_KAFKA_WINDOW_DUPLICATE;
  return s->kind == TRIB_KAFKA_SIGHTING_FAILED ? TRIB_KAFKA_WINDOW_LATE_FAILED
                                               : TRIB_KAFKA_WINDOW_LATE;
}

/* Nearly always at the end. A frame that is there twice is kept once, and rather with its bytes. */
static TribKafkaWindowResult
insert (TribKafkaWindow *w, TribKafkaSighting *s)
{
  GList *after = w->kept.tail;

  while (after && compare (after->data, s) > 0)
    after = after->prev;
  if (after && compare (after->data, s) == 0) {
    TribKafkaSighting *there = after->data;
    if (there->kind == TRIB_KAFKA_SIGHTING_FAILED && s->kind != TRIB_KAFKA_SIGHTING_FAILED) {
      TribKafkaSighting other = *there;
      *there = *s;
      *s = other;
      w->bytes += there->cost - s->cost;
    }
    return TRIB_KAFKA_WINDOW_DUPLICATE;
  }
  if (after)
    g_queue_insert_after (&w->kept, after, s);
  else
    g_queue_push_head (&w->kept, s);
  w->bytes += s->cost;
  return TRIB_KAFKA_WINDOW_KEPT;
}

TribKafkaWindowResult
trib_kafka_window_add (TribKafkaWindow *w, TribKafkaSighting *s)
{
  s->epoch = find_epoch (w, s->entry.identity.session);
  /* a younger session has begun, in the window or already given */
  if (s->epoch < w->last_epoch)
    return TRIB_KAFKA_WINDOW_LEFT;
  if (s->epoch == w->epoch && w->has_expected
      && (s->entry.identity.index < w->expected
          || trib_index_set_contains (&w->given, s->entry.identity.index)))
    return judge_late (w, s);
  return insert (w, s);
}

/* Whether an earlier frame may still come. Where reading begins in the middle that is not known: entries of frames that
 * failed are written ahead of those that were on their way before them. */
static gboolean
may_be_preceded (const TribKafkaWindow *w, const TribKafkaSighting *s)
{
  if (s->epoch != w->epoch || !w->has_expected)
    return s->entry.identity.index > 0;
  return s->entry.identity.index != w->expected;
}

/**
 * trib_kafka_window_peek:
 * @w: a window
 * @complete: nothing that is missing now will come
 *
 * Returns: (transfer none) (nullable): the frame whose turn it is; %NULL as long as an earlier one may come
 */
TribKafkaSighting *
trib_kafka_window_peek (TribKafkaWindow *w, gboolean complete)
{
  TribKafkaSighting *s = g_queue_peek_head (&w->kept);

  if (s == NULL)
    return NULL;
  if (complete || !may_be_preceded (w, s) || s->epoch < w->last_epoch
      || w->kept.length >= TRIB_KAFKA_WINDOW_FRAMES || w->bytes > w->max_bytes)
    return s;
  return NULL;
}

/* how many indexes are missing in front of the first frame */
guint64
trib_kafka_window_get_missing (const TribKafkaWindow *w)
{
  const TribKafkaSighting *s = w->kept.head ? w->kept.head->data : NULL;

  if (s == NULL || s->epoch != w->epoch || !w->has_expected)
    return 0;
  return s->entry.identity.index - w->expected;
}

/* gives them up; returns the first of them */
guint64
trib_kafka_window_pass_missing (TribKafkaWindow *w)
{
  guint64 first = w->expected;

  w->expected += trib_kafka_window_get_missing (w);
  return first;
}

/* whether the first frame begins a session after another one */
gboolean
trib_kafka_window_is_new_session (const TribKafkaWindow *w)
{
  const TribKafkaSighting *s = w->kept.head ? w->kept.head->data : NULL;

  return s && s->epoch != w->epoch;
}

/**
 * trib_kafka_window_pop:
 * @w: a window that is not empty
 *
 * Returns: (transfer full): the first frame, which counts as given now
 */
TribKafkaSighting *
trib_kafka_window_pop (TribKafkaWindow *w)
{
  TribKafkaSighting *s = g_queue_pop_head (&w->kept);

  if (s->epoch != w->epoch)
    trib_index_set_clear (&w->given);
  w->epoch = s->epoch;
  w->has_expected = TRUE;
  /* after the last index that there can be none is expected, and all are late */
  w->expected = MAX (s->entry.identity.index, s->entry.identity.index + 1);
  trib_index_set_add (&w->given, s->entry.identity.index);
  w->bytes -= s->cost;
  return s;
}

guint
trib_kafka_window_get_length (const TribKafkaWindow *w)
{
  return w->kept.length;
}
