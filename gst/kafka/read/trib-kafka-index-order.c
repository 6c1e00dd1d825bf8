/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-index-order.h"

#define FRAMES TRIB_KAFKA_INDEX_ORDER_FRAMES
/* sessions remembered as ended; beyond that many all are forgotten */
#define MAX_SESSIONS 4096
/* runs that wait to be confirmed */
#define MAX_RIVALS 4
/* frames in a row that resume a session that has ended: the one that ended it is silent by then */
#define RESUME 16
/* frames given last whose capture times are known; an earlier one is judged by its index */
#define REMEMBERED 4096

/* A run: frames of one session that follow each other. */
typedef struct {
  gchar *session;
  GQueue kept;  /* of TribKafkaCandidate, by index and capture time */
  guint64 last; /* index of the frame that was added last */
  guint streak; /* frames of different indexes since one of the present run was added */
  guint age;    /* frames of the present run since one of its own */
  gboolean cut; /* frames were dropped: it is written beside the present run */
} IndexRun;

typedef struct {
  guint64 index;
  gint64 t_ns;
} IndexTime;

struct _TribKafkaIndexOrder {
  guint64 max_bytes;
  guint64 bytes; /* of all that is kept */
  guint length;
  GPtrArray *runs;   /* of IndexRun: the present one, then those that wait to be confirmed */
  IndexRun *next;    /* (nullable) the confirmed one of these */
  GHashTable *ended; /* names of sessions */
  gchar *returning;  /* (nullable) an ended session whose frames arrive */
  guint n_returning;
  GQueue dropped; /* of TribKafkaCandidate, never confirmed */

  /* of the present run */
  gboolean is_new; /* none of its frames was given */
  gboolean has_expected;
  guint64 expected; /* index expected next */
  gint64 last_t;    /* capture time of the youngest frame given */
  gint64 from_t;    /* earlier capture times are of the session's run before it */
  TribIndexSet given;
  IndexTime *times; /* (nullable) of frames given, by index modulo REMEMBERED */
};

static void
run_free (gpointer data)
{
  IndexRun *run = data;

  g_queue_clear_full (&run->kept, (GDestroyNotify) trib_kafka_candidate_free);
  g_free (run->session);
  g_free (run);
}

TribKafkaIndexOrder *
trib_kafka_index_order_new (guint64 max_bytes)
{
  TribKafkaIndexOrder *o = g_new0 (TribKafkaIndexOrder, 1);

  o->max_bytes = max_bytes;
  o->runs = g_ptr_array_new_with_free_func (run_free);
  o->ended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&o->dropped);
  o->from_t = G_MININT64;
  return o;
}

/* nothing was given of the present run */
static void
begin_run (TribKafkaIndexOrder *o, gint64 from_t)
{
  o->is_new = TRUE;
  o->has_expected = FALSE;
  o->from_t = from_t;
  trib_index_set_clear (&o->given);
  g_clear_pointer (&o->times, g_free);
}

/* forgets everything: the next candidate is the first */
void
trib_kafka_index_order_reset (TribKafkaIndexOrder *o)
{
  g_ptr_array_set_size (o->runs, 0);
  g_queue_clear_full (&o->dropped, (GDestroyNotify) trib_kafka_candidate_free);
  g_hash_table_remove_all (o->ended);
  g_clear_pointer (&o->returning, g_free);
  o->next = NULL;
  o->bytes = 0;
  o->length = 0;
  begin_run (o, G_MININT64);
}

void
trib_kafka_index_order_free (TribKafkaIndexOrder *o)
{
  trib_kafka_index_order_reset (o);
  g_ptr_array_unref (o->runs);
  g_hash_table_unref (o->ended);
  g_free (o);
}

static IndexRun *
run_at (const TribKafkaIndexOrder *o, guint i)
{
  return i < o->runs->len ? g_ptr_array_index (o->runs, i) : NULL;
}

static guint64
index_of (const TribKafkaCandidate *s)
{
  return s->entry.identity.index;
}

static gboolean
is_session (const IndexRun *run, const TribKafkaCandidate *s)
{
  return g_str_equal (run->session, s->entry.identity.session);
}

static gboolean
is_near (guint64 a, guint64 b)
{
  return (a > b ? a - b : b - a) <= FRAMES;
}

/* ---- what is never confirmed ---- */

static void
drop (TribKafkaIndexOrder *o, TribKafkaCandidate *s)
{
  o->bytes -= s->cost;
  o->length--;
  g_queue_push_tail (&o->dropped, s);
}

static void
drop_first (TribKafkaIndexOrder *o, IndexRun *run)
{
  run->cut = TRUE;
  drop (o, g_queue_pop_head (&run->kept));
}

static void
drop_run (TribKafkaIndexOrder *o, guint i)
{
  IndexRun *run = run_at (o, i);

  while (run->kept.length > 0)
    drop_first (o, run);
  if (o->next == run)
    o->next = NULL;
  g_ptr_array_remove_index (o->runs, i);
}

/* the present run goes on: what waits was an exception once enough frames have followed it */
static void
refute (TribKafkaIndexOrder *o)
{
  o->n_returning = 0;
  for (guint i = o->runs->len; i-- > 1;) {
    IndexRun *run = run_at (o, i);
    run->streak = 0;
    if (++run->age > FRAMES)
      drop_run (o, i);
  }
}

/**
 * trib_kafka_index_order_take_dropped:
 * @o: frames in order of index
 * @ret_other_session: (out): whether it is of another session than the present one
 *
 * Returns: (transfer full) (nullable): a frame that was kept and that the stream has not confirmed
 */
TribKafkaCandidate *
trib_kafka_index_order_take_dropped (TribKafkaIndexOrder *o, gboolean *ret_other_session)
{
  TribKafkaCandidate *s = g_queue_pop_head (&o->dropped);

  *ret_other_session = s && o->runs->len > 0 && !is_session (run_at (o, 0), s);
  return s;
}

/* ---- which run a frame is of ---- */

static gint64
time_of (const TribKafkaCandidate *s)
{
  return s->entry.identity.t_ns;
}

/* An index of its own run that ran ahead, and that earlier ones with later capture times follow,
 * was no frame's. One that others follow in turn is: the clock was set back. */
static void
drop_refuted (TribKafkaIndexOrder *o, IndexRun *run, GList *link)
{
  const TribKafkaCandidate *s = link->data;

  for (GList *next, *at = link->next; at; at = next) {
    TribKafkaCandidate *ahead = at->data;
    const TribKafkaCandidate *follows;

    next = at->next;
    follows = next ? next->data : NULL;
    if (!ahead->jumped || time_of (ahead) >= time_of (s)
        || (follows && index_of (follows) == index_of (ahead) + 1
            && time_of (follows) >= time_of (ahead)))
      continue;
    g_queue_delete_link (&run->kept, at);
    drop (o, ahead);
  }
}

static gint
compare (const TribKafkaCandidate *a, const TribKafkaCandidate *b)
{
  if (index_of (a) != index_of (b))
    return index_of (a) < index_of (b) ? -1 : 1;
  return a->entry.identity.t_ns < b->entry.identity.t_ns   ? -1
         : a->entry.identity.t_ns > b->entry.identity.t_ns ? 1
                                                           : 0;
}

/* Nearly always at the end. A duplicate is kept once, preferably with its bytes. */
static TribKafkaIndexOrderResult
insert (TribKafkaIndexOrder *o, IndexRun *run, TribKafkaCandidate *s)
{
  GList *after = run->kept.tail;

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
    g_queue_insert_after (&run->kept, after, s);
  else
    g_queue_push_head (&run->kept, s);
  o->bytes += s->cost;
  o->length++;
  drop_refuted (o, run, after ? after->next : run->kept.head);
  return TRIB_KAFKA_INDEX_ORDER_KEPT;
}

/* A frame whose index was given or skipped. Its capture time shows whether it is that frame, or one
 * of another run with the same session id. */
static gboolean
judge_passed (const TribKafkaIndexOrder *o, const TribKafkaCandidate *s,
    TribKafkaIndexOrderResult *ret_result)
{
  guint64 index = index_of (s);
  gint64 t_ns = s->entry.identity.t_ns;
  const IndexTime *known = o->times ? &o->times[index % REMEMBERED] : NULL;

  if (trib_index_set_contains (&o->given, index)) {
    *ret_result = TRIB_KAFKA_INDEX_ORDER_DUPLICATE;
    if (known && known->index == index)
      return known->t_ns == t_ns;
  } else {
    *ret_result = s->kind == TRIB_KAFKA_CANDIDATE_FAILED ? TRIB_KAFKA_INDEX_ORDER_LATE_FAILED
                                                         : TRIB_KAFKA_INDEX_ORDER_LATE;
  }
  return t_ns <= o->last_t;
}

/* whether it is a frame of the present run, and what becomes of it then */
static gboolean
is_of_present (const TribKafkaIndexOrder *o, const TribKafkaCandidate *s,
    TribKafkaIndexOrderResult *ret_result)
{
  const IndexRun *run = run_at (o, 0);
  const TribKafkaCandidate *first = g_queue_peek_head ((GQueue *) &run->kept);
  const TribKafkaCandidate *last = g_queue_peek_tail ((GQueue *) &run->kept);
  guint64 index = index_of (s);

  if (!is_session (run, s))
    return FALSE;
  *ret_result = TRIB_KAFKA_INDEX_ORDER_ENDED;
  if (s->entry.identity.t_ns < o->from_t)
    return TRUE;
  if (o->has_expected && (index < o->expected || trib_index_set_contains (&o->given, index)))
    return judge_passed (o, s, ret_result);
  *ret_result = TRIB_KAFKA_INDEX_ORDER_KEPT;
  if (first == NULL)
    return !o->has_expected || is_near (index, o->expected);
  if (index <= index_of (last))
    return o->has_expected || is_near (index, index_of (first)) || index > index_of (first);
  return is_near (index, index_of (last));
}

static IndexRun *
find_rival (const TribKafkaIndexOrder *o, const TribKafkaCandidate *s)
{
  for (guint i = 1; i < o->runs->len; i++) {
    IndexRun *run = run_at (o, i);
    if (is_session (run, s) && is_near (run->last, index_of (s)))
      return run;
  }
  return NULL;
}

static IndexRun *
add_run (TribKafkaIndexOrder *o, const TribKafkaCandidate *s)
{
  IndexRun *run = g_new0 (IndexRun, 1);

  if (o->runs->len > MAX_RIVALS)
    drop_run (o, 1);
  run->session = g_strdup (s->entry.identity.session);
  g_queue_init (&run->kept);
  g_ptr_array_add (o->runs, run);
  return run;
}

/* whether a session that has ended is back: the one that ended it is silent */
static gboolean
is_back (TribKafkaIndexOrder *o, const gchar *session)
{
  if (g_strcmp0 (o->returning, session) != 0) {
    g_free (o->returning);
    o->returning = g_strdup (session);
    o->n_returning = 0;
  }
  return ++o->n_returning > RESUME;
}

static TribKafkaIndexOrderResult
add_to_rival (TribKafkaIndexOrder *o, IndexRun *run, TribKafkaCandidate *s)
{
  gboolean in_sequence;

  if (run == NULL) {
    if (g_hash_table_contains (o->ended, s->entry.identity.session)
        && !is_back (o, s->entry.identity.session))
      return TRIB_KAFKA_INDEX_ORDER_ENDED;
    run = add_run (o, s);
  }
  in_sequence = run->kept.length == 0 || index_of (s) != run->last;
  if (insert (o, run, s) == TRIB_KAFKA_INDEX_ORDER_DUPLICATE)
    return TRIB_KAFKA_INDEX_ORDER_DUPLICATE;
  run->last = index_of (s);
  run->age = 0;
  run->streak += in_sequence;
  /* without room it has to be decided sooner */
  if (run->streak >= (o->bytes > o->max_bytes ? TRIB_KAFKA_INDEX_ORDER_CONFIRM_SILENT
                                              : TRIB_KAFKA_INDEX_ORDER_CONFIRM))
    o->next = run;
  while (run->kept.length > FRAMES || (o->bytes > o->max_bytes && run->kept.length > 1 && !o->next))
    drop_first (o, run);
  return TRIB_KAFKA_INDEX_ORDER_KEPT;
}

/**
 * trib_kafka_index_order_add:
 * @o: frames in order of index, of which trib_kafka_index_order_peek() has given what it can
 * @s: (transfer full) when KEPT, else it stays the caller's
 *
 * Returns: what becomes of it
 */
TribKafkaIndexOrderResult
trib_kafka_index_order_add (TribKafkaIndexOrder *o, TribKafkaCandidate *s)
{
  TribKafkaIndexOrderResult result;
  IndexRun *rival;

  if (o->runs->len == 0) {
    add_run (o, s);
    begin_run (o, G_MININT64);
  }
  rival = find_rival (o, s);
  /* what both may be is of the run whose frame was the last one */
  if ((rival && rival->streak > 0 && index_of (s) == rival->last + 1)
      || !is_of_present (o, s, &result))
    return add_to_rival (o, rival, s);
  if (result == TRIB_KAFKA_INDEX_ORDER_KEPT) {
    const TribKafkaCandidate *last = g_queue_peek_tail (&run_at (o, 0)->kept);
    s->jumped
        = last ? index_of (s) > index_of (last) + 1 : o->has_expected && index_of (s) > o->expected;
    result = insert (o, run_at (o, 0), s);
  }
  if (result == TRIB_KAFKA_INDEX_ORDER_KEPT)
    refute (o);
  return result;
}

/* ---- what is given ---- */

/* (nullable): the oldest run of so many frames in sequence, without one of the present between */
static IndexRun *
find_confirmed (const TribKafkaIndexOrder *o, guint streak)
{
  for (guint i = 1; i < o->runs->len; i++)
    if (run_at (o, i)->streak >= streak)
      return run_at (o, i);
  return NULL;
}

/* Another run is the present one: a short one that ended before the confirmed one began comes
 * first. One that is ahead of it is the same run behind a gap. */
static void
go_on (TribKafkaIndexOrder *o)
{
  IndexRun *old = run_at (o, 0);
  IndexRun *run = find_confirmed (o, TRIB_KAFKA_INDEX_ORDER_CONFIRM_SILENT);
  const TribKafkaCandidate *first;
  gboolean same;
  guint i;

  if (run == NULL)
    run = o->next;
  first = run->kept.head->data;
  same = is_session (old, first);
  if (!same) {
    if (g_hash_table_size (o->ended) >= MAX_SESSIONS)
      g_hash_table_remove_all (o->ended);
    g_hash_table_add (o->ended, g_strdup (old->session));
    g_hash_table_remove (o->ended, run->session);
  }
  if (!same || !o->has_expected || index_of (first) < o->expected)
    begin_run (o, same ? first->entry.identity.t_ns : G_MININT64);
  o->n_returning = 0;
  g_ptr_array_remove_index (o->runs, 0);
  g_ptr_array_find (o->runs, run, &i);
  g_ptr_array_insert (o->runs, 0, g_ptr_array_steal_index (o->runs, i));
  o->next = find_confirmed (o, TRIB_KAFKA_INDEX_ORDER_CONFIRM);
}

/* at the end a run is confirmed by nothing having followed it */
static void
choose_last (TribKafkaIndexOrder *o)
{
  while (o->next == NULL && o->runs->len > 1) {
    if (run_at (o, 1)->cut)
      drop_run (o, 1);
    else
      o->next = run_at (o, 1);
  }
}

/* Whether an earlier frame may still arrive. Where reading begins in the middle that is not known:
 * entries of frames that failed are written ahead of those that were on their way before them. */
static gboolean
may_be_preceded (const TribKafkaIndexOrder *o, const TribKafkaCandidate *s)
{
  return o->has_expected ? index_of (s) > o->expected : index_of (s) > 0;
}

/* (nullable) */
static const IndexTime *
find_time (const TribKafkaIndexOrder *o, guint64 index)
{
  const IndexTime *known = o->times ? &o->times[index % REMEMBERED] : NULL;

  return known && known->index == index && trib_index_set_contains (&o->given, index) ? known
                                                                                      : NULL;
}

/* from one frame to the next in the present run, ns; 0: not known */
gint64
trib_kafka_index_order_get_interval (const TribKafkaIndexOrder *o)
{
  guint64 last = o->expected - 1;
  const IndexTime *newest = o->has_expected ? find_time (o, last) : NULL;

  for (guint n = FRAMES; newest && n > 0; n--) {
    const IndexTime *older = last >= n ? find_time (o, last - n) : NULL;
    if (older)
      return newest->t_ns > older->t_ns
                 ? MIN ((guint64) newest->t_ns - (guint64) older->t_ns, G_MAXINT64) / n
                 : 0;
  }
  return 0;
}

/* A single frame whose capture time is not that of its index, seen from those before it: the frames
 * that it seems to have lost may be on their way. */
static gboolean
is_hasty (const TribKafkaIndexOrder *o, const TribKafkaCandidate *s)
{
  gint64 interval = trib_kafka_index_order_get_interval (o);
  gdouble frames;

  if (!s->jumped || interval <= 0 || run_at (o, 0)->kept.length > 1 || o->next
      || index_of (s) <= o->expected)
    return FALSE;
  frames = ((gdouble) time_of (s) - (gdouble) find_time (o, o->expected - 1)->t_ns) / interval;
  return frames < (index_of (s) - o->expected + 1) / 2.
         || frames > (index_of (s) - o->expected + 1) * 2.;
}

/**
 * trib_kafka_index_order_peek:
 * @o: frames in order of index
 * @end: what is known of those that have not arrived
 *
 * Returns: (transfer none) (nullable): the next frame; %NULL as long as an earlier one may arrive
 */
TribKafkaCandidate *
trib_kafka_index_order_peek (TribKafkaIndexOrder *o, TribKafkaIndexOrderEnd end)
{
  IndexRun *run = run_at (o, 0);
  TribKafkaCandidate *s;

  if (run == NULL)
    return NULL;
  if (o->next == NULL && end == TRIB_KAFKA_INDEX_ORDER_SILENT)
    o->next = find_confirmed (o, TRIB_KAFKA_INDEX_ORDER_CONFIRM_SILENT);
  if (run->kept.length == 0) {
    if (end == TRIB_KAFKA_INDEX_ORDER_OVER)
      choose_last (o);
    if (o->next == NULL)
      return NULL;
    go_on (o);
    run = run_at (o, 0);
  }
  s = run->kept.head->data;
  if (end == TRIB_KAFKA_INDEX_ORDER_SETTLED && is_hasty (o, s))
    return NULL;
  if (end != TRIB_KAFKA_INDEX_ORDER_OPEN || !may_be_preceded (o, s) || o->next
      || run->kept.length >= FRAMES || o->bytes > o->max_bytes)
    return s;
  return NULL;
}

static const TribKafkaCandidate *
peek_first (const TribKafkaIndexOrder *o)
{
  const IndexRun *run = run_at (o, 0);

  return run && run->kept.head ? run->kept.head->data : NULL;
}

/* how many indexes are missing in front of the first frame */
guint64
trib_kafka_index_order_get_missing (const TribKafkaIndexOrder *o)
{
  const TribKafkaCandidate *s = peek_first (o);

  if (s == NULL || !o->has_expected || index_of (s) < o->expected)
    return 0;
  return index_of (s) - o->expected;
}

/* gives them up; returns the first of them */
guint64
trib_kafka_index_order_pass_missing (TribKafkaIndexOrder *o)
{
  guint64 first = o->expected;

  o->expected += trib_kafka_index_order_get_missing (o);
  return first;
}

/* whether the first frame begins a run */
gboolean
trib_kafka_index_order_is_new_run (const TribKafkaIndexOrder *o)
{
  return o->is_new && peek_first (o);
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
  TribKafkaCandidate *s = g_queue_pop_head (&run_at (o, 0)->kept);
  guint64 index = index_of (s);
  gint64 t_ns = s->entry.identity.t_ns;

  if (o->times == NULL)
    o->times = g_new0 (IndexTime, REMEMBERED);
  o->times[index % REMEMBERED] = (IndexTime){ index, t_ns };
  o->last_t = o->is_new ? t_ns : MAX (o->last_t, t_ns);
  o->is_new = FALSE;
  /* after the last index that there can be none is expected, and all are late */
  o->expected = MAX (o->has_expected ? o->expected : 0, MAX (index, index + 1));
  o->has_expected = TRUE;
  trib_index_set_add (&o->given, index);
  o->bytes -= s->cost;
  o->length--;
  return s;
}

guint
trib_kafka_index_order_get_length (const TribKafkaIndexOrder *o)
{
  return o->length;
}
