/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thread a branch: it pushes the frames that the branch is to look at, and what belongs between them. A branch that
 * hangs holds this thread up, and nobody else. */
#include "obs-extractor.h"

#define GST_CAT_DEFAULT extractor_bin_debug

#define MAX_ITEMS 1024 /* that wait for a branch before events are left out */

ObsBranch *
obs_branch_new (ObsExtractor *x, const ObsBranchSpec *spec)
{
  ObsBranch *b = g_new0 (ObsBranch, 1);

  b->references = 1;
  b->x = obs_extractor_ref (x);
  b->name = g_strdup (spec->name);
  b->config = spec->config;
  b->fatal = spec->fatal;
  b->number = -1;
  b->reader = trib_record_reader_new (NULL);
  b->copier = trib_record_reader_new (NULL);
  g_cond_init (&b->wake);
  return b;
}

ObsBranch *
obs_branch_ref (ObsBranch *b)
{
  g_atomic_int_inc (&b->references);
  return b;
}

void
obs_branch_unref (ObsBranch *b)
{
  if (!g_atomic_int_dec_and_test (&b->references))
    return;
  g_queue_clear_full (&b->items, (GDestroyNotify) gst_mini_object_unref);
  gst_clear_object (&b->srcpad);
  gst_clear_object (&b->sinkpad);
  trib_record_reader_free (b->reader);
  trib_record_reader_free (b->copier);
  g_clear_pointer (&b->info, gst_video_info_free);
  g_cond_clear (&b->wake);
  g_free (b->name);
  g_free (b->failure);
  obs_extractor_unref (b->x);
  g_free (b);
}

/* with lock: whether the branch is to be ended for what a push gave back */
static gboolean
ends (GstFlowReturn flow)
{
  switch (flow) {
    case GST_FLOW_OK:
    case GST_FLOW_FLUSHING:
    case GST_FLOW_NOT_LINKED: /* frames time out until somebody is there */
      return FALSE;
    default:
      return TRUE;
  }
}

/* with lock, which is let go of */
static void
push_frame (ObsBranch *b, GstBuffer *buffer)
{
  ObsExtractor *x = b->x;
  GstFlowReturn flow;

  g_mutex_unlock (&x->lock);
  flow = gst_pad_push (b->srcpad, buffer);
  g_mutex_lock (&x->lock);
  if (b->stop || b->number < 0)
    return;
  trib_extract_returned (x->core, b->number, obs_extractor_now (x));
  if (ends (flow) && !x->flushing)
    obs_branch_fail (b, gst_flow_get_name (flow));
  g_cond_broadcast (&x->room);
  obs_outlet_wake (x);
}

/* with lock, which is let go of: (transfer full) (nullable): what is pushed next */
static GstMiniObject *
next_item (ObsBranch *b)
{
  for (;;) {
    GstMiniObject *item = g_queue_peek_head (&b->items);
    gboolean too_early = item && b->flushing && GST_IS_EVENT (item)
                         && GST_EVENT_TYPE (item) == GST_EVENT_FLUSH_STOP;
    if (b->stop)
      return NULL;
    if (item && !too_early)
      return g_queue_pop_head (&b->items);
    g_cond_wait (&b->wake, &b->x->lock);
  }
}

static gpointer
branch_loop (gpointer data)
{
  ObsBranch *b = data;
  ObsExtractor *x = b->x;
  GstMiniObject *item;

  g_mutex_lock (&x->lock);
  while ((item = next_item (b))) {
    if (GST_IS_BUFFER (item)) {
      push_frame (b, GST_BUFFER (item));
    } else {
      g_mutex_unlock (&x->lock);
      gst_pad_push_event (b->srcpad, GST_EVENT (item));
      g_mutex_lock (&x->lock);
    }
  }
  b->ended = TRUE;
  g_cond_broadcast (&x->room);
  g_mutex_unlock (&x->lock);
  obs_branch_unref (b);
  return NULL;
}

/**
 * obs_branch_start:
 * @b: a branch whose pads are there
 *
 * It gets frames that come from now on.
 *
 * @locks: requires lock
 *
 * Returns: %FALSE when there are too many
 */
gboolean
obs_branch_start (ObsBranch *b)
{
  ObsExtractor *x = b->x;

  b->number = trib_extract_add_branch (x->core, b->name, &b->config, obs_extractor_now (x));
  if (b->number < 0)
    return FALSE;
  b->stop = b->ended = b->failed = b->eos_sent = FALSE;
  b->counts = (ObsBranchCounts){ 0 };
  for (guint i = 0; i < G_N_ELEMENTS (x->head); i++)
    if (x->head[i])
      obs_branch_queue (b, GST_MINI_OBJECT (gst_event_ref (x->head[i])));
  b->thread = g_thread_new ("trib-ext-branch", branch_loop, obs_branch_ref (b));
  return TRUE;
}

/* With lock. A branch that hangs does not gather events without end: from so many on, those that only matter at their time go,
 * and of the others the newest of a kind since the last frame stays. */
static gboolean
is_too_much (ObsBranch *b, GstMiniObject *item)
{
  if (b->items.length < MAX_ITEMS || !GST_IS_EVENT (item)
      || GST_EVENT_TYPE (item) == GST_EVENT_FLUSH_STOP || GST_EVENT_TYPE (item) == GST_EVENT_EOS)
    return FALSE;
  if (!GST_EVENT_IS_STICKY (item))
    return TRUE;
  for (GList *l = b->items.tail; l && GST_IS_EVENT (l->data); l = l->prev) {
    if (GST_EVENT_TYPE (l->data) != GST_EVENT_TYPE (item))
      continue;
    gst_mini_object_unref (l->data);
    g_queue_delete_link (&b->items, l);
    return FALSE;
  }
  return FALSE;
}

/* with lock; @item: (transfer full) */
void
obs_branch_queue (ObsBranch *b, GstMiniObject *item)
{
  if (b->stop || b->number < 0 || is_too_much (b, item)) {
    gst_mini_object_unref (item);
    return;
  }
  g_queue_push_tail (&b->items, item);
  g_cond_signal (&b->wake);
}

/* with lock: what it was to be given is forgotten */
void
obs_branch_flush (ObsBranch *b)
{
  GstMiniObject *item;

  while ((item = g_queue_pop_head (&b->items))) {
    /* a frame that is not pushed has come back */
    if (GST_IS_BUFFER (item) && b->number >= 0)
      trib_extract_returned (b->x->core, b->number, obs_extractor_now (b->x));
    gst_mini_object_unref (item);
  }
}

static gpointer
flush_thread (gpointer data)
{
  ObsBranch *b = data;

  gst_pad_push_event (b->srcpad, gst_event_new_flush_start ());
  g_mutex_lock (&b->x->lock);
  b->flushing = FALSE;
  g_cond_signal (&b->wake);
  g_mutex_unlock (&b->x->lock);
  obs_branch_unref (b);
  return NULL;
}

/**
 * obs_branch_flush_start:
 * @b: a branch
 *
 * Wakes who waits inside it. On a thread of its own, as an element with a queue comes back from a flush only when its own
 * thread has stood still: a branch that is stuck is not to hold a seek up. The FLUSH_STOP waits for it.
 *
 * @locks: requires lock
 */
void
obs_branch_flush_start (ObsBranch *b)
{
  if (b->flushing || b->stop || b->number < 0)
    return;
  b->flushing = TRUE;
  g_thread_unref (g_thread_new ("trib-ext-flush", flush_thread, obs_branch_ref (b)));
}

/* with lock: gst/extract does not know it any more; what it counted is kept */
static void
forget (ObsBranch *b, TribExtractOutcome why)
{
  TribExtract *core = b->x->core;
  gint64 now = obs_extractor_now (b->x);
  TribExtractBranchInfo info;

  trib_extract_advance (core, now);
  trib_extract_get_branch (core, b->number, &info);
  b->last = info.counts;
  b->last.skipped[why] += b->last.pending;
  b->last.pending = 0;
  if (why == TRIB_EXTRACT_SKIP_FAILED)
    trib_extract_fail_branch (core, b->number, now);
  else
    trib_extract_remove_branch (core, b->number, now);
  b->number = -1;
  obs_branch_flush (b);
}

/* with lock: it is given no frames any more, and waited for by nobody */
void
obs_branch_end (ObsBranch *b, TribExtractOutcome why)
{
  if (b->number >= 0 && b->x->core)
    forget (b, why);
  b->stop = TRUE;
  g_cond_signal (&b->wake);
  g_cond_broadcast (&b->x->room);
  obs_outlet_wake (b->x);
}

/**
 * obs_branch_fail:
 * @b: a branch
 * @reason: for a person
 *
 * The others go on without it.
 *
 * @locks: requires lock
 *
 * Returns: whether that is new
 */
gboolean
obs_branch_fail (ObsBranch *b, const gchar *reason)
{
  if (b->failed)
    return FALSE;
  if (b->number < 0) {
    /* what comes after the first is what became of it */
    if (b->failure == NULL)
      b->failure = g_strdup (reason);
    return FALSE;
  }
  b->failed = TRUE;
  forget (b, TRIB_EXTRACT_SKIP_FAILED);
  obs_report_branch (b, "failed", reason);
  g_cond_broadcast (&b->x->room);
  obs_outlet_wake (b->x);
  return TRUE;
}

/**
 * obs_branch_join:
 * @b: a branch that was ended
 * @until: monotonic time in microseconds
 *
 * Without lock. A thread that does not come back in time is left to itself: it holds what it needs.
 *
 * Returns: whether it came back
 */
gboolean
obs_branch_join (ObsBranch *b, gint64 until)
{
  ObsExtractor *x = b->x;
  GThread *thread;
  gboolean ended;

  g_mutex_lock (&x->lock);
  thread = g_steal_pointer (&b->thread);
  while (thread && !b->ended && g_cond_wait_until (&x->room, &x->lock, until))
    ;
  ended = thread == NULL || b->ended;
  g_mutex_unlock (&x->lock);
  if (thread && ended)
    g_thread_join (thread);
  else if (thread)
    g_thread_unref (thread);
  return ended;
}
