/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one thread of the element: it advances the time of the aligner and pushes all output. It
 * sleeps until the next deadline of the aligner, on the system's clock, or until it is woken. */
#include "gstobsaligner-private.h"

#include <record/trib-record-fused.h>
#include <shared/trib-element-records.h>

#include "obs-aligner-report.h"

#define GST_CAT_DEFAULT obs_aligner_debug

/* a record cannot be expressed in the output format; nothing was pushed */
#define UNWRITABLE GST_FLOW_CUSTOM_SUCCESS

/**
 * obs_task_wake:
 * @self: an element
 *
 * @locks: requires lock
 */
void
obs_task_wake (GstObsAligner *self)
{
  self->sleeping = FALSE;
  if (self->wait)
    gst_clock_id_unschedule (self->wait);
  else
    g_cond_signal (&self->work);
}

/**
 * obs_task_notify:
 * @self: an element
 *
 * After input: wakes the task if it has something to push or an earlier deadline. Most records
 * only wait for others.
 *
 * @locks: requires lock
 */
void
obs_task_notify (GstObsAligner *self)
{
  gint64 deadline;

  if (!self->sleeping)
    return;
  if (gst_queue_array_is_empty (self->queue.items)) {
    deadline = obs_core_next_deadline (self);
    if (deadline < 0 || deadline >= self->wakes_at)
      return;
  }
  obs_task_wake (self);
}

/* with lock: whether the output queue admits more */
gboolean
obs_task_has_space (GstObsAligner *self)
{
  return self->queue.n_results < self->now.config.max_pending
         && self->queue.bytes < self->now.config.max_pending_bytes;
}

/* with lock, which is released: until the next deadline of the aligner or until woken */
static void
sleep_until_work (GstObsAligner *self)
{
  gint64 deadline = self->eos ? -1 : obs_core_next_deadline (self);

  self->sleeping = TRUE;
  self->wakes_at = deadline < 0 ? G_MAXINT64 : deadline;
  if (deadline < 0) {
    g_cond_wait (&self->work, &self->lock);
    self->sleeping = FALSE;
    return;
  }
  self->wait = gst_clock_new_single_shot_id (self->clock, (GstClockTime) deadline);
  g_mutex_unlock (&self->lock);
  gst_clock_id_wait (self->wait, NULL);
  g_mutex_lock (&self->lock);
  gst_clock_id_unref (self->wait);
  self->wait = NULL;
  self->sleeping = FALSE;
}

/* with lock: what is pushed next; FALSE: nothing is pushed any more */
static gboolean
next_item (GstObsAligner *self, ObsItem *ret_item)
{
  while (!self->flushing) {
    if (!self->eos)
      obs_core_advance (self, obs_aligner_clock (self));
    if (obs_queue_pop (&self->queue, ret_item)) {
      /* a broadcast is a system call, even without waiters */
      if (ret_item->kind != OBS_ITEM_EVENT && self->waiting > 0)
        g_cond_broadcast (&self->space);
      return TRUE;
    }
    if (self->messages.head) {
      obs_aligner_unlock (self);
      g_mutex_lock (&self->lock);
      continue;
    }
    sleep_until_work (self);
  }
  return FALSE;
}

/* ---- the beginning of a stream ---- */

static void
push_head (GstObsAligner *self, GstPad *pad, TribRecordFormat format)
{
  g_autoptr (GstCaps) caps = trib_record_caps_new (format);
  guint group;

  g_mutex_lock (&self->lock);
  group = self->group_id;
  g_mutex_unlock (&self->lock);
  /* another stream than those of the sources */
  trib_pad_push_stream_head (pad, group, pad == self->srcpad ? "/fused" : "/late", caps);
}

static void
start_output (GstObsAligner *self)
{
  self->format = trib_pad_choose_record_format (self->srcpad);
  push_head (self, self->srcpad, self->format);
  self->started = TRUE;
}

static void
start_late (GstObsAligner *self, GstPad *pad, TribRecordFormat format)
{
  g_autoptr (GstCaps) caps = trib_record_caps_new (format);

  if (!self->late_started)
    push_head (self, pad, format);
  else
    gst_pad_push_event (pad, gst_event_new_caps (caps));
  self->late_started = TRUE;
  self->late_format = format;
}

/* ---- pushing ---- */

static void
free_string (gpointer data)
{
  g_string_free (data, TRUE);
}

/* (transfer full) (nullable): the fused record; NULL when it cannot be expressed in the format */
static GstBuffer *
make_fused (GstObsAligner *self, const ObsItem *item)
{
  const TribAlignResult *result = item->result;
  /* the text around an observation, and around all of them */
  GString *out = g_string_sized_new (result->bytes + 64 * result->fused.n_answers + 256);
  g_autoptr (GError) error = NULL;
  TribRecordWriter w;
  GstBuffer *buffer;

  trib_record_writer_init (&w, self->format, out);
  if (!trib_record_fused_write (&w, &result->fused, self->reader, &error)) {
    GST_WARNING_OBJECT (self, "a fused record cannot be written: %s", error->message);
    g_string_free (out, TRUE);
    return NULL;
  }
  buffer = gst_buffer_new_wrapped_full (
      0, out->str, out->allocated_len, 0, out->len, out, free_string);
  GST_BUFFER_PTS (buffer) = item->pts;
  return buffer;
}

static GstFlowReturn
push_result (GstObsAligner *self, const ObsItem *item)
{
  gint64 begun = obs_aligner_clock (self);
  GstBuffer *buffer = make_fused (self, item);
  GstFlowReturn flow;

  if (buffer == NULL)
    return UNWRITABLE;
  obs_report_fused (self, item->result, obs_aligner_clock (self) - begun, item->n_behind);
  if (self->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  flow = gst_pad_push (self->srcpad, buffer);
  self->discont = flow != GST_FLOW_OK;
  return flow;
}

/* An error behind the late pad does not stop the others. */
static void
push_late (GstObsAligner *self, const ObsItem *item)
{
  g_autoptr (GstPad) pad = obs_aligner_get_late_pad (self);
  gboolean pushed = FALSE;

  if (pad) {
    if (!self->late_started || self->late_format != item->format)
      start_late (self, pad, item->format);
    pushed = gst_pad_push (pad, gst_buffer_ref (item->late)) == GST_FLOW_OK;
  }
  g_mutex_lock (&self->lock);
  self->counts.late_out += pushed;
  g_mutex_unlock (&self->lock);
}

static void
push_event (GstObsAligner *self, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    g_autoptr (GstPad) late = obs_aligner_get_late_pad (self);
    if (late) {
      if (!self->late_started)
        start_late (self, late, self->format);
      gst_pad_push_event (late, gst_event_ref (event));
    }
  }
  gst_pad_push_event (self->srcpad, gst_event_ref (event));
}

static GstFlowReturn
push_item (GstObsAligner *self, const ObsItem *item)
{
  if (!self->started)
    start_output (self);
  switch (item->kind) {
    case OBS_ITEM_RESULT:
      return push_result (self, item);
    case OBS_ITEM_LATE:
      push_late (self, item);
      return GST_FLOW_OK;
    default:
      push_event (self, item->event);
      return GST_FLOW_OK;
  }
}

/* With lock: output is no longer possible. Sources get the flow return; after EOS there are
 * none, so an error is posted. */
static void
fail (GstObsAligner *self, GstFlowReturn flow)
{
  gboolean ended = self->eos;

  obs_report_drop_queue (self, &self->counts.dropped_downstream);
  g_cond_broadcast (&self->space);
  if (!ended || flow >= GST_FLOW_EOS)
    return;
  g_mutex_unlock (&self->lock);
  GST_ELEMENT_FLOW_ERROR (self, flow);
  gst_pad_push_event (self->srcpad, gst_event_new_eos ());
  g_mutex_lock (&self->lock);
}

/* with lock: counts a result of @n records */
static void
count_pushed (GstObsAligner *self, guint64 n, GstFlowReturn flow)
{
  if (flow == GST_FLOW_OK) {
    self->counts.frames_out++;
    self->counts.records_out += n;
    return;
  }
  self->counts.frames_dropped++;
  if (flow == UNWRITABLE)
    obs_report_lost (self, n);
  else if (flow == GST_FLOW_FLUSHING)
    self->counts.dropped_flush += n;
  else
    self->counts.dropped_downstream += n;
}

/* with lock: what is being pushed still counts as queued; @result: (nullable) */
static void
set_in_push (GstObsAligner *self, gboolean in_push, const TribAlignResult *result)
{
  self->in_push = in_push;
  self->pushing_results = result ? 1 : 0;
  self->pushing_records = result ? result->fused.n_answers : 0;
}

/* With lock, which is released. @item: (transfer full). While a push lasts the aligner's idle
 * clock stands: a source is not silent because downstream does not take its records. */
static GstFlowReturn
dispatch (GstObsAligner *self, ObsItem *item)
{
  GstFlowReturn flow;
  gint64 now;

  self->push_since = obs_aligner_clock (self);
  item->n_behind = self->queue.n_results;
  set_in_push (self, TRUE, item->kind == OBS_ITEM_RESULT ? item->result : NULL);
  obs_aligner_unlock (self);
  flow = push_item (self, item);
  obs_item_clear (item);
  g_mutex_lock (&self->lock);
  if (self->pushing_results)
    count_pushed (self, self->pushing_records, flow);
  now = obs_aligner_clock (self);
  obs_core_update_stopped (self, now);
  set_in_push (self, FALSE, NULL);
  obs_core_update_stopped (self, now);
  if (flow == UNWRITABLE)
    flow = GST_FLOW_OK;
  self->flow = flow;
  if (flow != GST_FLOW_OK && flow != GST_FLOW_FLUSHING)
    fail (self, flow);
  return flow;
}

/**
 * obs_task_loop:
 * @user_data: the element
 *
 * Runs until the element stops, or a push fails.
 */
void
obs_task_loop (gpointer user_data)
{
  GstObsAligner *self = user_data;
  GstFlowReturn flow = GST_FLOW_OK;
  ObsItem item;

  g_mutex_lock (&self->lock);
  while (flow == GST_FLOW_OK && next_item (self, &item))
    flow = dispatch (self, &item);
  obs_aligner_unlock (self);
  gst_pad_pause_task (self->srcpad);
}
