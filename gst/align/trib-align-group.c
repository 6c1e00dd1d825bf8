/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open frames, and for a while those that were emitted: lookup by frame id or time, in order of
 * time. */
#include <string.h>

#include "trib-align-private.h"

TribAlignEntry *
trib_align_entry_new (TribAlign *a, TribAlignSource *s, const TribAlignRecord *record)
{
  TribAlignEntry *e = g_slice_new (TribAlignEntry);

  e->record = *record;
  e->record.source = g_ref_string_acquire (s->name);
  /* the least of all times stands for "no time" */
  e->record.t_ns = MAX (trib_time_add (record->t_ns, s->offset), G_MININT64 + 1);
  e->record.arrival_ns = e->waits_since = a->now;
  e->n_refs = 1;
  e->next = NULL;
  e->source = s;
  return e;
}

TribAlignEntry *
trib_align_entry_ref (TribAlignEntry *e)
{
  g_atomic_int_inc (&e->n_refs);
  return e;
}

/* @thread: any: results hold entries, too */
void
trib_align_entry_unref (TribAlignEntry *e, const TribAlignOwner *owner)
{
  if (!g_atomic_int_dec_and_test (&e->n_refs))
    return;
  if (e->record.payload && owner->release)
    owner->release (owner->user_data, e->record.payload);
  g_ref_string_release ((gchar *) e->record.source);
  g_slice_free (TribAlignEntry, e);
}

void
trib_align_pending_add (TribAlign *a, const TribAlignEntry *e)
{
  a->totals.counts.pending++;
  e->source->counts.pending++;
  a->totals.pending_bytes += e->record.bytes;
}

void
trib_align_pending_remove (TribAlign *a, const TribAlignEntry *e)
{
  a->totals.counts.pending--;
  e->source->counts.pending--;
  a->totals.pending_bytes -= e->record.bytes;
}

/* ---- finding ---- */

static gboolean
is_near (gint64 x, gint64 y, gint64 most)
{
  return (x > y ? trib_time_sub (x, y) : trib_time_sub (y, x)) <= most;
}

static TribAlignGroup *
find_by_id (const TribAlign *a, guint64 id, gint64 t)
{
  gint64 guard = (gint64) a->config.id_guard_ms * TRIB_ALIGN_MS;

  for (TribAlignGroup *g = g_hash_table_lookup (a->by_id, &id); g; g = g->chain)
    if (is_near (g->t, t, guard))
      return g;
  return NULL;
}

/* @all: also those with a frame id. Open frames are preferred to closed ones, and of two that
 *   are equally near the older one. A window of tumbling is matched exactly. */
static TribAlignGroup *
find_by_time (const TribAlign *a, gint64 t, gboolean all)
{
  gint64 tolerance = a->config.mode == TRIB_ALIGN_MODE_TUMBLING
                         ? 0
                         : (gint64) a->config.match_tolerance_ms * TRIB_ALIGN_MS;
  gint64 nearest = NEVER;
  TribAlignGroup *found = NULL;

  for (const GList *l = a->open.tail; l; l = l->prev) {
    TribAlignGroup *g = l->data;
    gint64 distance = g->t > t ? trib_time_sub (g->t, t) : trib_time_sub (t, g->t);
    if (g->t < t && distance > tolerance)
      break;
    if (distance <= tolerance && distance <= nearest && (all || !g->has_frame_id)) {
      found = g;
      nearest = distance;
    }
  }
  for (const GList *l = found ? NULL : a->closed.tail; l; l = l->prev) {
    TribAlignGroup *g = l->data;
    gint64 distance = g->t > t ? trib_time_sub (g->t, t) : trib_time_sub (t, g->t);
    if (distance > tolerance || !(all || !g->has_frame_id))
      continue;
    if (distance < nearest || (distance == nearest && found && g->t < found->t))
      found = g;
    nearest = MIN (nearest, distance);
  }
  return found;
}

/**
 * trib_align_group_find:
 * @a: an aligner
 * @has_id: whether @id is one
 * @id: frame id
 * @t: capture time
 *
 * Returns: (nullable): the frame of such a record, open or closed
 */
TribAlignGroup *
trib_align_group_find (const TribAlign *a, gboolean has_id, guint64 id, gint64 t)
{
  TribAlignGroup *g;

  if (!has_id || a->config.match_key == TRIB_ALIGN_MATCH_TIME)
    return find_by_time (a, t, TRUE);
  g = find_by_id (a, id, t);
  /* it may have been opened by a record without id; such frames are rare */
  return g || a->n_nameless == 0 ? g : find_by_time (a, t, FALSE);
}

/* from @record to the frame that it would be added to, in time; NEVER: to none */
gint64
trib_align_distance (const TribAlign *a, const TribAlignRecord *record)
{
  const TribAlignGroup *g
      = trib_align_group_find (a, record->has_frame_id, record->frame_id, record->t_ns);

  if (g == NULL)
    return NEVER;
  return g->t > record->t_ns ? trib_time_sub (g->t, record->t_ns)
                             : trib_time_sub (record->t_ns, g->t);
}

/* ---- the index by frame id ---- */

static void
index_group (TribAlign *a, TribAlignGroup *g)
{
  g->chain = g_hash_table_lookup (a->by_id, &g->frame_id);
  /* the key is in the group, so it must be replaced together with the value */
  g_hash_table_replace (a->by_id, &g->frame_id, g);
}

static void
unindex_group (TribAlign *a, TribAlignGroup *g)
{
  TribAlignGroup *head = g_hash_table_lookup (a->by_id, &g->frame_id);

  if (head == g) {
    g_hash_table_remove (a->by_id, &g->frame_id);
    if (g->chain)
      g_hash_table_replace (a->by_id, &g->chain->frame_id, g->chain);
    return;
  }
  for (; head; head = head->chain) {
    if (head->chain == g) {
      head->chain = g->chain;
      return;
    }
  }
}

static void
note_id (TribAlign *a, TribAlignGroup *g, const TribAlignEntry *e)
{
  /* a window is of many frames */
  if (g->has_frame_id || !e->record.has_frame_id || a->config.mode == TRIB_ALIGN_MODE_TUMBLING)
    return;
  g->has_frame_id = TRUE;
  g->frame_id = e->record.frame_id;
  a->n_nameless--;
  if (a->config.match_key == TRIB_ALIGN_MATCH_AUTO)
    index_group (a, g);
}

/* ---- opening ---- */

static gboolean
goes_before (const TribAlignGroup *x, const TribAlignGroup *y)
{
  if (x->t != y->t)
    return x->t < y->t;
  return x->frame_id < y->frame_id;
}

/* from the end, as most frames are the youngest */
static void
insert_ordered (TribAlign *a, TribAlignGroup *g)
{
  GList *l = a->open.tail;

  while (l && goes_before (g, l->data))
    l = l->prev;
  if (l == NULL) {
    g_queue_push_head_link (&a->open, &g->order);
  } else if (l == a->open.tail) {
    g_queue_push_tail_link (&a->open, &g->order);
  } else {
    g->order.prev = l;
    g->order.next = l->next;
    l->next->prev = &g->order;
    l->next = &g->order;
    a->open.length++;
  }
}

static void
insert_opened (TribAlign *a, TribAlignGroup *g)
{
  GList *l = a->opened.tail;

  while (l && ((TribAlignGroup *) l->data)->opened_at == g->opened_at
         && ((TribAlignGroup *) l->data)->t > g->t)
    l = l->prev;
  if (l == NULL) {
    g_queue_push_head_link (&a->opened, &g->fifo);
  } else if (l == a->opened.tail) {
    g_queue_push_tail_link (&a->opened, &g->fifo);
  } else {
    g->fifo.prev = l;
    g->fifo.next = l->next;
    l->next->prev = &g->fifo;
    l->next = &g->fifo;
    a->opened.length++;
  }
}

static gint64
own_deadline (const TribAlign *a, const TribAlignGroup *g)
{
  if (a->config.mode != TRIB_ALIGN_MODE_WINDOW)
    return a->max_wait > 0 ? trib_time_add (g->opened_at, a->max_wait) : NEVER;
  if (a->config.waits)
    return NEVER;
  switch (a->config.window_base) {
    case TRIB_ALIGN_BASE_ARRIVAL:
      return trib_time_add (g->opened_at, a->window);
    case TRIB_ALIGN_BASE_CAPTURE:
      return MAX (trib_time_add (trib_time_add (g->t, a->capture_offset), a->window), g->opened_at);
    default:
      return NEVER;
  }
}

/* With order=key, an older frame that is opened later must not delay a younger one beyond its
 * deadline. So deadlines never decrease from one frame to the next. */
static void
set_deadline (TribAlign *a, TribAlignGroup *g)
{
  g->deadline = own_deadline (a, g);
  if (a->config.order == TRIB_ALIGN_ORDER_KEY && g->order.next)
    g->deadline = MIN (g->deadline, ((TribAlignGroup *) g->order.next->data)->deadline);
}

/* the sources that a frame without an announce waits for */
guint64
trib_align_expected_now (const TribAlign *a)
{
  guint64 mask = 0;

  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    if (s->required && !has_ended (s) && (s->listed || s->seen))
      mask |= bit_of (s);
  }
  return mask;
}

TribAlignGroup *
trib_align_group_open (TribAlign *a, gboolean has_id, guint64 id, gint64 t)
{
  TribAlignGroup *g = g_slice_new0 (TribAlignGroup);

  g->order.data = g->fifo.data = g->closed.data = g;
  g->has_frame_id = has_id;
  g->frame_id = has_id ? id : 0;
  g->t = t;
  g->opened_at = a->now;
  g->expected = trib_align_expected_now (a);
  a->n_nameless += !has_id;
  if (has_id && a->config.match_key == TRIB_ALIGN_MATCH_AUTO)
    index_group (a, g);
  insert_ordered (a, g);
  insert_opened (a, g);
  set_deadline (a, g);
  a->totals.open = a->open.length;
  a->totals.peak_open = MAX (a->totals.peak_open, a->totals.open);
  return g;
}

/* ---- records of a frame ---- */

static gboolean
has_all_parts (const TribAlignGroup *g, const TribAlignEntry *e)
{
  g_autofree gboolean *seen = NULL;
  guint n = 0;

  if (e->record.parts <= 1)
    return TRUE;
  /* so a large number in a record costs no memory */
  if (e->record.parts > g->n_entries)
    return FALSE;
  seen = g_new0 (gboolean, e->record.parts);
  for (const TribAlignEntry *x = g->first; x; x = x->next) {
    if (x->source != e->source || x->record.part < 1 || x->record.part > e->record.parts)
      continue;
    n += !seen[x->record.part - 1];
    seen[x->record.part - 1] = TRUE;
  }
  return n == e->record.parts;
}

/* (transfer full) @e: added unconditionally */
void
trib_align_group_take (TribAlign *a, TribAlignGroup *g, TribAlignEntry *e)
{
  e->next = NULL;
  if (g->last)
    g->last->next = e;
  else
    g->first = e;
  g->last = e;
  g->n_entries++;
  g->bytes += e->record.bytes;
  note_id (a, g, e);
  if (!has_all_parts (g, e))
    return;
  g->answered |= bit_of (e->source);
  if (e->record.kind == TRIB_ALIGN_KIND_SKIPPED)
    g->skipped |= bit_of (e->source);
  else
    g->skipped &= ~bit_of (e->source);
}

static gboolean
is_same_record (const TribAlignEntry *x, const TribAlignEntry *e)
{
  return x->record.has_seq && e->record.has_seq && x->record.seq == e->record.seq;
}

/* A window has all records of a source: those of one frame, which ids show, are answers to the
 * same. */
static gboolean
is_same_answer (const TribAlign *a, const TribAlignEntry *x, const TribAlignEntry *e)
{
  if (x->source != e->source || (e->record.parts > 1 && x->record.part != e->record.part))
    return FALSE;
  if (a->config.mode != TRIB_ALIGN_MODE_TUMBLING)
    return TRUE;
  return x->record.t_ns == e->record.t_ns
         && (is_same_record (x, e)
             || (x->record.has_frame_id && e->record.has_frame_id
                 && x->record.frame_id == e->record.frame_id));
}

static void
remove_entry (TribAlign *a, TribAlignGroup *g, TribAlignEntry *e)
{
  TribAlignEntry *before = NULL;

  for (TribAlignEntry *x = g->first; x != e; x = x->next)
    before = x;
  if (before)
    before->next = e->next;
  else
    g->first = e->next;
  if (g->last == e)
    g->last = before;
  g->n_entries--;
  g->bytes -= e->record.bytes;
  trib_align_pending_remove (a, e);
}

/**
 * trib_align_group_add:
 * @a: an aligner
 * @g: an open frame
 * @e: (transfer full): a record of it
 *
 * Earlier records of the source for the frame are subject to duplicate-policy. An equal sequence
 * number means the same record.
 */
void
trib_align_group_add (TribAlign *a, TribAlignGroup *g, TribAlignEntry *e)
{
  for (TribAlignEntry *x = g->first; x; x = x->next) {
    if (!is_same_answer (a, x, e))
      continue;
    if (a->config.duplicate_policy == TRIB_ALIGN_DUPLICATE_FIRST || is_same_record (x, e)) {
      trib_align_duplicate (a, e);
      return;
    }
    if (a->config.duplicate_policy == TRIB_ALIGN_DUPLICATE_LAST) {
      remove_entry (a, g, x);
      trib_align_drop (a, x, TRIB_ALIGN_DROPPED_REPLACED);
      break;
    }
  }
  trib_align_accepted (a, e);
  trib_align_group_take (a, g, e);
}

static gint
compare_times (gconstpointer x, gconstpointer y)
{
  const TribAlignEntry *const *a = x, *const *b = y;
  gint64 t = (*a)->record.t_ns, u = (*b)->record.t_ns;

  return t != u ? (t > u) - (t < u) : ((*a)->place > (*b)->place) - ((*a)->place < (*b)->place);
}

/* by event time, of one time as they arrived */
void
trib_align_group_sort (TribAlignGroup *g)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_sized_new (g->n_entries);
  TribAlignEntry **end = &g->first;

  for (TribAlignEntry *e = g->first; e; e = e->next) {
    e->place = entries->len;
    g_ptr_array_add (entries, e);
  }
  g_ptr_array_sort (entries, compare_times);
  g->last = NULL;
  for (guint i = 0; i < entries->len; i++) {
    g->last = *end = entries->pdata[i];
    end = &g->last->next;
  }
  *end = NULL;
}

/* ---- completeness ---- */

static guint64
absent (const TribAlign *a, gboolean idle_too)
{
  guint64 mask = 0;

  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    if (has_ended (s) || (idle_too && is_idle (s)))
      mask |= bit_of (s);
  }
  return mask;
}

static gboolean
is_learning (const TribAlign *a)
{
  return a->specs->len == 0 && a->started_at != NO_TIME
         && a->now < trib_time_add (a->started_at, (gint64) a->config.learn_ms * TRIB_ALIGN_MS);
}

gboolean
trib_align_group_is_complete (const TribAlign *a, const TribAlignGroup *g)
{
  guint64 wanted = g->expected;

  if ((is_learning (a) && !g->is_named) || a->config.mode == TRIB_ALIGN_MODE_TUMBLING)
    return FALSE;
  if (wanted == 0 && a->config.quorum == 0 && !g->is_named)
    for (guint i = 0; i < a->sources->len; i++)
      if (source_at (a, i)->listed)
        wanted |= bit_of (source_at (a, i));
  wanted &= ~absent (a, a->config.idle_completes && a->config.mode == TRIB_ALIGN_MODE_WINDOW);
  return (wanted & ~g->answered) == 0
         && (guint) __builtin_popcountll (g->answered) >= a->config.quorum;
}

/* whether it is complete only because a source has ended */
gboolean
trib_align_group_waits_for_ended (const TribAlign *a, const TribAlignGroup *g)
{
  return (g->expected & ~g->answered & absent (a, FALSE)) != 0;
}

/**
 * trib_align_is_spared:
 * @record: a skipped record, or an announce
 *
 * Returns: whether it says, in the words of extractorbin, that there was no time or space for the
 * frame. What a source does not take by its configuration is not missing.
 */
gboolean
trib_align_is_spared (const TribAlignRecord *record)
{
  static const gchar *const words[] = { "would-miss", "breaker", "queue-full", "superseded",
    "not-key", "nth", "timeout", "failed", "removed", "flushing" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (record->reason.len == strlen (words[i])
        && memcmp (record->reason.str, words[i], record->reason.len) == 0)
      return TRUE;
  return FALSE;
}

/* of a frame that is complete */
TribAlignReason
trib_align_group_complete_reason (const TribAlign *a, const TribAlignGroup *g)
{
  if (trib_align_group_waits_for_ended (a, g))
    return TRIB_ALIGN_REASON_EOS;
  for (const TribAlignEntry *e = g->first; e; e = e->next)
    if (e->record.kind == TRIB_ALIGN_KIND_SKIPPED && (g->skipped & bit_of (e->source))
        && trib_align_is_spared (&e->record))
      return TRIB_ALIGN_REASON_SKIPPED;
  return TRIB_ALIGN_REASON_COMPLETE;
}

/* With `waits`: each source that has not answered is ahead by more than the window. Those of an
 * announce have all said that they will answer. */
gboolean
trib_align_group_is_overtaken (const TribAlign *a, const TribAlignGroup *g)
{
  guint64 open = g->expected & ~g->answered;

  if (!a->config.waits || a->config.mode != TRIB_ALIGN_MODE_WINDOW || g->is_named || open == 0)
    return FALSE;
  for (guint i = 0; i < a->sources->len; i++) {
    const TribAlignSource *s = source_at (a, i);
    if (!(open & bit_of (s)) || has_ended (s) || s->unsynced)
      continue;
    if (s->max_t == NO_TIME || trib_time_sub (s->max_t, g->t) <= a->window)
      return FALSE;
  }
  return TRUE;
}

/* ---- closing ---- */

/* no longer open; it can still be found */
void
trib_align_group_close (TribAlign *a, TribAlignGroup *g)
{
  g_queue_unlink (&a->open, &g->order);
  g_queue_unlink (&a->opened, &g->fifo);
  g->is_closed = TRUE;
  g->closed_at = a->now;
  g_queue_push_tail_link (&a->closed, &g->closed);
  a->closed_bytes += g->bytes;
  a->totals.open = a->open.length;
}

/* releases the records; the frame stays */
static void
clear_entries (TribAlign *a, TribAlignGroup *g)
{
  TribAlignEntry *e = g->first, *next;

  if (g->is_closed)
    a->closed_bytes -= g->bytes;
  g->first = g->last = NULL;
  g->n_entries = 0;
  g->bytes = 0;
  for (; e; e = next) {
    next = e->next;
    trib_align_entry_unref (e, &a->owner);
  }
}

void
trib_align_group_free (TribAlign *a, TribAlignGroup *g)
{
  clear_entries (a, g);
  if (g->is_closed)
    g_queue_unlink (&a->closed, &g->closed);
  a->n_nameless -= !g->has_frame_id;
  if (g->has_frame_id && a->config.match_key == TRIB_ALIGN_MATCH_AUTO)
    unindex_group (a, g);
  g_slice_free (TribAlignGroup, g);
}

/* forgets frames that were closed long ago; earlier when there are too many, or their records
 * are too large */
void
trib_align_expire_closed (TribAlign *a)
{
  gboolean keep_records = a->config.late_policy == TRIB_ALIGN_LATE_UPDATE;
  TribAlignGroup *newest = a->closed.tail ? a->closed.tail->data : NULL;

  if (newest && !keep_records && newest->first)
    clear_entries (a, newest);
  while (a->closed.head) {
    TribAlignGroup *g = a->closed.head->data;
    if (trib_time_sub (a->now, g->closed_at) < a->retain
        && a->closed.length <= a->config.max_pending
        && a->closed_bytes + a->totals.pending_bytes <= a->config.max_pending_bytes)
      return;
    trib_align_group_free (a, g);
  }
}
