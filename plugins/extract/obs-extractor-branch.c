/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thread a branch: pushes the branch's frames, and the events between them. A branch that hangs
 * blocks this thread only. */
#include "obs-extractor.h"

#include <common/trib-state.h>
#include <extract/trib-extract-debug.h>
#include <frame/trib-frame-meta.h>

#include "obs-frame.h"

#define GST_CAT_DEFAULT extractor_bin_debug

#define MAX_ITEMS 1024 /* in the queue of a branch before events are dropped */

static const TribStateRow rows[] = {
  [OBS_BRANCH_IDLE] = { "idle", TRIB_STATE (OBS_BRANCH_RUNNING) | TRIB_STATE (OBS_BRANCH_STOPPED) },
  [OBS_BRANCH_RUNNING]
  = { "running", TRIB_STATE (OBS_BRANCH_FAILED) | TRIB_STATE (OBS_BRANCH_STOPPED) },
  [OBS_BRANCH_FAILED] = { "failed", TRIB_STATE (OBS_BRANCH_STOPPED) },
  [OBS_BRANCH_STOPPED] = { "stopped", 0 },
};
static const TribStateTable states = { "branch", &trib_extract_debug, rows, G_N_ELEMENTS (rows) };

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
  g_clear_pointer (&b->info, gst_video_info_free);
  g_cond_clear (&b->wake);
  g_free (b->name);
  g_free (b->failure);
  obs_extractor_unref (b->x);
  g_free (b);
}

static gboolean
is_failure (GstFlowReturn flow)
{
  switch (flow) {
    case GST_FLOW_OK:
    case GST_FLOW_FLUSHING:
    case GST_FLOW_NOT_LINKED: /* frames time out until it is linked */
      return FALSE;
    default:
      return TRUE;
  }
}

/* ---- marks ---- */

#define MARK "TribBranchMark"

/* What follows a frame into a branch, without limits of time: once it is out, and the answer is
 * not, the branch has dropped the frame or holds it, and must have the next one. */
static GstEvent *
make_mark (GstBuffer *frame)
{
  TribFrameInfo info;

  if (!trib_frame_meta_get (frame, &info))
    return NULL;
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
      gst_structure_new (MARK, "session", G_TYPE_STRING, info.session, "stream", G_TYPE_STRING,
          info.stream, "frame-id", G_TYPE_UINT64, info.index, "t-ns", G_TYPE_INT64, info.t_ns,
          NULL));
}

/* with lock: @event left the branch, which is running; it may be a mark */
void
obs_branch_take_mark (ObsBranch *b, GstEvent *event)
{
  const GstStructure *mark = gst_event_get_structure (event);
  g_autoptr (TribStreamKey) stream = NULL;
  guint64 frame_id;
  gint64 t_ns;

  if (!gst_event_has_name (event, MARK) || !gst_structure_get_uint64 (mark, "frame-id", &frame_id)
      || !gst_structure_get_int64 (mark, "t-ns", &t_ns))
    return;
  stream = trib_stream_key_new (
      gst_structure_get_string (mark, "session"), gst_structure_get_string (mark, "stream"));
  obs_branch_heard (b);
  trib_extract_passed (b->x->core, b->number, stream, frame_id, t_ns, obs_extractor_now (b->x));
}

/* ---- the thread ---- */

/* with lock, which is released meanwhile */
static void
push_frame (ObsBranch *b, GstBuffer *buffer)
{
  ObsExtractor *x = b->x;
  GstEvent *mark = x->whole ? make_mark (buffer) : NULL;
  GstFlowReturn flow;

  obs_extractor_unlock (x);
  flow = gst_pad_push (b->srcpad, buffer);
  if (mark && flow == GST_FLOW_OK)
    gst_pad_push_event (b->srcpad, g_steal_pointer (&mark));
  gst_clear_event (&mark);
  g_mutex_lock (&x->lock);
  if (b->state != OBS_BRANCH_RUNNING)
    return;
  trib_extract_returned (x->core, b->number, obs_extractor_now (x));
  if (is_failure (flow) && !x->flushing)
    obs_branch_fail (b, gst_flow_get_name (flow));
}

/* @event: (transfer full); without lock */
static void
push_event (ObsBranch *b, GstEvent *event)
{
  g_autoptr (GstCaps) caps = NULL;

  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
    caps = gst_pad_get_current_caps (b->srcpad);
  if (caps)
    obs_frame_settle_caps (b->srcpad, caps);
  gst_pad_push_event (b->srcpad, event);
}

/* with lock, which is released meanwhile: (transfer full) (nullable): the next item; NULL:
 * stopped */
static GstMiniObject *
next_item (ObsBranch *b)
{
  for (;;) {
    GstMiniObject *item = g_queue_peek_head (&b->items);
    gboolean too_early = item && b->flushing && GST_IS_EVENT (item)
                         && GST_EVENT_TYPE (item) == GST_EVENT_FLUSH_STOP;
    if (b->state == OBS_BRANCH_STOPPED)
      return NULL;
    if (item && !too_early)
      return g_queue_pop_head (&b->items);
    obs_extractor_wake (b->x);
    b->waits = !too_early;
    g_cond_wait (&b->wake, &b->x->lock);
    b->waits = FALSE;
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
      obs_extractor_unlock (x);
      push_event (b, GST_EVENT (item));
      g_mutex_lock (&x->lock);
    }
  }
  b->ended = TRUE;
  g_cond_broadcast (&x->ended);
  obs_extractor_unlock (x);
  obs_branch_unref (b);
  return NULL;
}

/**
 * obs_branch_start:
 * @b: an idle branch with pads
 *
 * It takes part from the next frame on.
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
  TRIB_STATE_SET (&states, b->name, b->state, OBS_BRANCH_RUNNING, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (x->head); i++)
    if (x->head[i])
      obs_branch_queue (b, GST_MINI_OBJECT (gst_event_ref (x->head[i])));
  b->thread = g_thread_new ("trib-ext-branch", branch_loop, obs_branch_ref (b));
  return TRUE;
}

/* With lock. Bounds the queue of a branch that hangs: beyond the limit, events that are not sticky
 * are dropped, and of sticky ones the newest of a type since the last frame stays. */
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
  if (b->state != OBS_BRANCH_RUNNING || is_too_much (b, item)) {
    gst_mini_object_unref (item);
    return;
  }
  g_queue_push_tail (&b->items, item);
}

/* with lock: drops its queue */
void
obs_branch_flush (ObsBranch *b)
{
  GstMiniObject *item;

  while ((item = g_queue_pop_head (&b->items))) {
    /* a frame that is not pushed counts as returned */
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
  g_cond_broadcast (&b->x->ended);
  g_mutex_unlock (&b->x->lock);
  obs_branch_unref (b);
  return NULL;
}

/**
 * obs_branch_flush_start:
 * @b: a branch
 *
 * Unblocks the elements inside it. On a thread of its own, since an element with a queue returns
 * from a flush only when its own thread has paused: a branch that hangs must not block a seek. The
 * FLUSH_STOP waits for it.
 *
 * @locks: requires lock
 */
void
obs_branch_flush_start (ObsBranch *b)
{
  if (b->flushing || b->state != OBS_BRANCH_RUNNING)
    return;
  b->flushing = TRUE;
  /* the one before needs the lock no more */
  g_clear_pointer (&b->flush_thread, g_thread_join);
  b->flush_thread = g_thread_new ("trib-ext-flush", flush_thread, obs_branch_ref (b));
}

/* with lock: removes it from gst/extract, and keeps its counts */
static void
remove_from_core (ObsBranch *b, TribExtractOutcome why)
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

/* with lock: it gets no frames any more, its jobs are skipped, and its thread returns */
void
obs_branch_end (ObsBranch *b, TribExtractOutcome why)
{
  if (b->number >= 0 && b->x->core)
    remove_from_core (b, why);
  TRIB_STATE_SET (
      &states, b->name, b->state, OBS_BRANCH_STOPPED, trib_extract_outcome_to_string (why));
  g_cond_signal (&b->wake);
  g_cond_broadcast (&b->x->space);
}

/**
 * obs_branch_fail:
 * @b: a branch
 * @reason: for the message
 *
 * The other branches are not affected.
 *
 * @locks: requires lock
 *
 * Returns: whether that is new
 */
gboolean
obs_branch_fail (ObsBranch *b, const gchar *reason)
{
  if (b->state != OBS_BRANCH_RUNNING) {
    /* later errors are consequences of the first */
    if (b->failure == NULL)
      b->failure = g_strdup (reason);
    return FALSE;
  }
  TRIB_STATE_SET (&states, b->name, b->state, OBS_BRANCH_FAILED, reason);
  b->failed = TRUE;
  remove_from_core (b, TRIB_EXTRACT_SKIP_FAILED);
  obs_report_branch (b, "failed", reason);
  return TRUE;
}

/* @thread: (nullable); not joined, it owns a reference of all that it uses */
static void
release_thread (GThread *thread, gboolean ended)
{
  if (thread && ended)
    g_thread_join (thread);
  else if (thread)
    g_thread_unref (thread);
}

/**
 * obs_branch_join:
 * @b: a stopped branch
 * @until: monotonic time in microseconds
 *
 * Without lock. Threads that do not return in time are detached. Those that do have released all
 * that they use.
 */
void
obs_branch_join (ObsBranch *b, gint64 until)
{
  ObsExtractor *x = b->x;
  GThread *thread, *flush_thread;
  gboolean ended, flushed;

  g_mutex_lock (&x->lock);
  thread = g_steal_pointer (&b->thread);
  flush_thread = g_steal_pointer (&b->flush_thread);
  while (((thread && !b->ended) || b->flushing) && g_cond_wait_until (&x->ended, &x->lock, until))
    ;
  ended = thread == NULL || b->ended;
  flushed = !b->flushing;
  g_mutex_unlock (&x->lock);
  release_thread (thread, ended);
  release_thread (flush_thread, flushed);
}
