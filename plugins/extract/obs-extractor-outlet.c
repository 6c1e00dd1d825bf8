/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread of the pad obs: pushes records in the order of the decisions, and handles
 * deadlines. */
#include "obs-extractor.h"

#include <shared/trib-element-records.h>

#define GST_CAT_DEFAULT extractor_bin_debug

/**
 * obs_outlet_put:
 * @item: (transfer full): a record, an event or a message
 *
 * Beyond `max-pending-bytes` the oldest records are dropped; with strategy none the makers of
 * records wait instead.
 *
 * @locks: requires lock
 */
void
obs_outlet_put (ObsExtractor *x, GstMiniObject *item)
{
  GList *oldest = x->out.head;

  g_queue_push_tail (&x->out, item);
  if (!GST_IS_BUFFER (item))
    return;
  x->counts.queued++;
  x->out_bytes += gst_buffer_get_size (GST_BUFFER (item));
  while (oldest && x->out_bytes > x->now.max_pending_bytes
         && x->now.config.strategy != TRIB_EXTRACT_STRATEGY_NONE) {
    GList *next = oldest->next;
    if (GST_IS_BUFFER (oldest->data)) {
      x->counts.queued--;
      x->counts.lost_full++;
      x->out_bytes -= gst_buffer_get_size (oldest->data);
      gst_mini_object_unref (oldest->data);
      g_queue_delete_link (&x->out, oldest);
      obs_report_lost_records (x);
    }
    oldest = next;
  }
}

/* with lock: drops queued records and events; messages stay */
void
obs_outlet_clear (ObsExtractor *x, guint64 *counter)
{
  for (GList *l = x->out.head, *next; l; l = next) {
    next = l->next;
    if (GST_IS_MESSAGE (l->data))
      continue;
    if (GST_IS_BUFFER (l->data)) {
      x->counts.queued--;
      (*counter)++;
      x->out_bytes -= gst_buffer_get_size (l->data);
    }
    gst_mini_object_unref (l->data);
    g_queue_delete_link (&x->out, l);
  }
}

/* ---- the beginning of the stream ---- */

static void
send_head (ObsExtractor *x, TribRecordFormat format)
{
  g_autoptr (GstCaps) caps = trib_record_caps_new (format);

  trib_pad_push_stream_head (x->obspad, x->group_id, "/observations", caps);
}

/* ---- the end of the stream ---- */

/* with lock: whether any branch still processes a frame, overdue or not */
static gboolean
is_busy (ObsExtractor *x)
{
  for (guint i = 0; i < x->branches->len; i++) {
    const ObsBranch *b = x->branches->pdata[i];
    TribExtractBranchInfo info;
    if (b->number >= 0 && trib_extract_get_branch (x->core, b->number, &info)
        && info.n_waiting + info.n_running > 0)
      return TRUE;
  }
  return !trib_extract_is_idle (x->core);
}

/* with lock: EOS to branches that have all their frames, so that they drain */
static void
end_branches (ObsExtractor *x, gboolean all)
{
  TribExtractTotals totals;

  trib_extract_get_totals (x->core, &totals);
  for (guint i = 0; i < x->branches->len; i++) {
    ObsBranch *b = x->branches->pdata[i];
    TribExtractBranchInfo info;
    if (b->eos_sent || b->number < 0 || !trib_extract_get_branch (x->core, b->number, &info))
      continue;
    if (!all && (totals.waiting > 0 || info.n_waiting > 0))
      continue;
    b->eos_sent = TRUE;
    obs_branch_queue (b, GST_MINI_OBJECT (gst_event_new_eos ()));
  }
}

/* with lock */
static void
drain (ObsExtractor *x)
{
  gboolean due = obs_extractor_now (x) >= x->drain_until;

  if (!x->draining || x->eos_out)
    return;
  end_branches (x, due);
  if (!due && is_busy (x))
    return;
  if (due)
    trib_extract_flush (x->core, obs_extractor_now (x));
  end_branches (x, TRUE);
  x->eos_out = TRUE;
  obs_outlet_put (x, GST_MINI_OBJECT (gst_event_new_eos ()));
}

/* ---- the loop ---- */

/* with lock: of the core and of the end, on the monotonic clock in microseconds; G_MAXINT64:
 * none */
static gint64
next_deadline (ObsExtractor *x)
{
  gint64 deadline = trib_extract_next_deadline (x->core);
  gint64 now = obs_extractor_now (x);

  /* a flush ends nothing: with the deadline passed, this would not sleep */
  if (x->draining && !x->eos_out && !x->flushing)
    deadline = deadline < 0 ? x->drain_until : MIN (deadline, x->drain_until);
  if (deadline < 0 || deadline == G_MAXINT64 || !x->playing)
    return G_MAXINT64;
  return g_get_monotonic_time () + MAX (deadline - now + GST_USECOND - 1, 0) / GST_USECOND;
}

/* with lock, which is released meanwhile: until the next deadline, or until woken */
static void
sleep_until_work (ObsExtractor *x)
{
  /* silence lasts in PAUSED, too: a branch that hangs keeps the pipeline there */
  gint64 silence = obs_report_silent_branches (x), until = MIN (next_deadline (x), silence);

  if (x->out.length > 0)
    return;
  obs_extractor_wake (x);
  x->outlet_waits = TRUE;
  if (until == G_MAXINT64)
    g_cond_wait (&x->work, &x->lock);
  else
    g_cond_wait_until (&x->work, &x->lock, until);
  x->outlet_waits = FALSE;
}

/* with lock: (transfer full) (nullable): the next item; NULL: stopping */
static GstMiniObject *
next_item (ObsExtractor *x)
{
  while (!x->stopping) {
    GstMiniObject *item;

    if (!x->flushing) {
      trib_extract_advance (x->core, obs_extractor_now (x));
      drain (x);
    }
    item = g_queue_pop_head (&x->out);
    if (item && GST_IS_BUFFER (item))
      x->out_bytes -= gst_buffer_get_size (GST_BUFFER (item));
    if (item)
      return item;
    sleep_until_work (x);
  }
  return NULL;
}

/* with lock */
static void
count_pushed (ObsExtractor *x, GstFlowReturn flow)
{
  x->counts.queued--;
  if (flow == GST_FLOW_OK)
    x->counts.out++;
  else if (flow == GST_FLOW_FLUSHING)
    x->counts.lost_flush++;
  else if (flow == GST_FLOW_NOT_LINKED)
    x->counts.lost_not_linked++;
  else
    x->counts.lost_failed++;
}

/* With lock, which is released meanwhile. @buffer: (transfer full) */
static void
push_record (ObsExtractor *x, GstBuffer *buffer)
{
  GstFlowReturn flow = x->flow;
  gboolean new_failure;

  if (flow == GST_FLOW_OK && !x->flushing) {
    obs_extractor_unlock (x);
    buffer = obs_records_finish (x, buffer);
    flow = buffer ? gst_pad_push (x->obspad, buffer) : GST_FLOW_OK;
    g_mutex_lock (&x->lock);
    if (buffer == NULL)
      return;
  } else {
    flow = flow == GST_FLOW_OK ? GST_FLOW_FLUSHING : flow;
    gst_buffer_unref (buffer);
  }
  count_pushed (x, flow);
  /* an unlinked obs is no failure: frames still pass by src */
  if (flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_FLUSHING || flow == GST_FLOW_OK)
    return;
  new_failure = x->flow == GST_FLOW_OK;
  x->flow = flow;
  if (!new_failure || flow == GST_FLOW_EOS)
    return;
  obs_extractor_unlock (x);
  GST_ELEMENT_FLOW_ERROR (x->bin, flow);
  g_mutex_lock (&x->lock);
}

/* With lock, which is released meanwhile; @event: (transfer full). Sticky events pushed to a
 * flushing pad were lost. */
static void
push_flush_stop (ObsExtractor *x, GstEvent *event)
{
  TribRecordFormat format = x->out_format;
  g_autoptr (GstEvent) caps = NULL;
  GstSegment segment;

  x->started = TRUE;
  x->flow = GST_FLOW_OK;
  obs_extractor_unlock (x);
  gst_pad_push_event (x->obspad, event);
  caps = gst_pad_get_sticky_event (x->obspad, GST_EVENT_CAPS, 0);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  if (caps)
    gst_pad_push_event (x->obspad, gst_event_new_segment (&segment));
  else
    send_head (x, format);
  g_mutex_lock (&x->lock);
}

/* with lock, which is released meanwhile; @item: (transfer full) */
static void
send_item (ObsExtractor *x, GstMiniObject *item)
{
  TribRecordFormat format = x->out_format;

  if (GST_IS_MESSAGE (item)) {
    obs_extractor_unlock (x);
    gst_element_post_message (x->bin, GST_MESSAGE (item));
    g_mutex_lock (&x->lock);
    return;
  }
  if (GST_IS_EVENT (item) && GST_EVENT_TYPE (item) == GST_EVENT_FLUSH_STOP) {
    push_flush_stop (x, GST_EVENT (item));
    return;
  }
  if (!x->started) {
    x->started = TRUE;
    obs_extractor_unlock (x);
    send_head (x, format);
    g_mutex_lock (&x->lock);
  }
  if (GST_IS_BUFFER (item)) {
    push_record (x, GST_BUFFER (item));
    return;
  }
  obs_extractor_unlock (x);
  gst_pad_push_event (x->obspad, GST_EVENT (item));
  g_mutex_lock (&x->lock);
}

/* @thread: its own; @data: an extractor */
gpointer
obs_outlet_loop (gpointer data)
{
  ObsExtractor *x = data;
  GstMiniObject *item;

  g_mutex_lock (&x->lock);
  while ((item = next_item (x)))
    send_item (x, item);
  g_mutex_unlock (&x->lock);
  return NULL;
}
