/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames, the time while the pipeline plays, flush and end of the stream. */
#include "obs-extractor.h"

#include <frame/trib-frame-meta.h>
#include <frame/trib-frame-session.h>
#include <frame/trib-frame-stamper.h>

#include <shared/trib-element-records.h>
#include <shared/trib-element-trace.h>

#define GST_CAT_DEFAULT extractor_bin_debug

#define STREAM "extractorbin" /* of frames without an identity */
#define OLDEST_CAPTURE (3600 * GST_SECOND)

ObsExtractor *
obs_extractor_new (GstElement *bin)
{
  ObsExtractor *x = g_new0 (ObsExtractor, 1);

  x->references = 1;
  x->bin = bin;
  x->branches = g_ptr_array_new_with_free_func ((GDestroyNotify) obs_branch_unref);
  x->scratch = g_string_new (NULL);
  x->copier = trib_record_reader_new (NULL);
  obs_extractor_settings_init (&x->now);
  g_mutex_init (&x->lock);
  g_cond_init (&x->work);
  g_cond_init (&x->entry);
  g_cond_init (&x->space);
  g_cond_init (&x->ended);
  gst_segment_init (&x->segment, GST_FORMAT_TIME);
  return x;
}

ObsExtractor *
obs_extractor_ref (ObsExtractor *x)
{
  g_atomic_int_inc (&x->references);
  return x;
}

void
obs_extractor_unref (ObsExtractor *x)
{
  if (!g_atomic_int_dec_and_test (&x->references))
    return;
  g_clear_pointer (&x->core, trib_extract_free);
  g_clear_pointer (&x->last_stats, gst_structure_free);
  g_ptr_array_unref (x->branches);
  g_queue_clear_full (&x->out, (GDestroyNotify) gst_mini_object_unref);
  g_string_free (x->scratch, TRUE);
  trib_record_reader_free (x->copier);
  g_free (x->session);
  obs_extractor_settings_clear (&x->now);
  g_mutex_clear (&x->lock);
  g_cond_clear (&x->work);
  g_cond_clear (&x->entry);
  g_cond_clear (&x->space);
  g_cond_clear (&x->ended);
  g_free (x);
}

/* ---- waking ---- */

/* with lock: whether records may be added; only strategy none makes their makers wait */
gboolean
obs_extractor_has_space (const ObsExtractor *x)
{
  return x->stopping || x->flushing || x->flow != GST_FLOW_OK
         || x->now.config.strategy != TRIB_EXTRACT_STRATEGY_NONE
         || x->out_bytes < x->now.max_pending_bytes;
}

static gboolean
can_enter (const ObsExtractor *x)
{
  return x->stopping || x->flushing
         || (obs_extractor_has_space (x) && trib_extract_can_push (x->core));
}

/**
 * obs_extractor_wake:
 * @x: an extractor
 *
 * Wakes the threads whose conditions hold, and no others: each signal is a system call, and a
 * thread that is woken in vain two switches. Called before the lock is released, be it by
 * g_cond_wait().
 *
 * @locks: requires lock
 */
void
obs_extractor_wake (ObsExtractor *x)
{
  if (x->outlet_waits && (x->out.length > 0 || x->stopping || (x->draining && !x->eos_out))) {
    x->outlet_waits = FALSE;
    g_cond_signal (&x->work);
  }
  if (x->entry_waits && can_enter (x)) {
    x->entry_waits = FALSE;
    g_cond_signal (&x->entry);
  }
  if (x->n_space_waits > 0 && obs_extractor_has_space (x))
    g_cond_broadcast (&x->space);
  for (guint i = 0; i < x->branches->len; i++) {
    ObsBranch *b = x->branches->pdata[i];
    if (!b->waits || b->items.length == 0)
      continue;
    b->waits = FALSE;
    g_cond_signal (&b->wake);
  }
}

/* releases lock */
void
obs_extractor_unlock (ObsExtractor *x)
{
  obs_extractor_wake (x);
  g_mutex_unlock (&x->lock);
}

/* ---- time ---- */

static gint64
clock_time (void)
{
  return g_get_monotonic_time () * GST_USECOND;
}

/**
 * obs_extractor_now:
 * @x: an extractor
 *
 * @locks: requires lock
 *
 * Returns: time during which the pipeline played
 */
gint64
obs_extractor_now (ObsExtractor *x)
{
  return (x->playing ? clock_time () : x->paused_at) - x->paused_for;
}

/* A frame is not late because the pipeline was paused. */
void
obs_extractor_set_playing (ObsExtractor *x, gboolean playing)
{
  g_mutex_lock (&x->lock);
  if (playing && !x->playing)
    x->paused_for += clock_time () - x->paused_at;
  else if (!playing && x->playing)
    x->paused_at = clock_time ();
  x->playing = playing;
  g_cond_signal (&x->work);
  g_mutex_unlock (&x->lock);
}

/* maximum delay of a record after its frame */
GstClockTime
obs_extractor_latency (ObsExtractor *x)
{
  GstClockTime latency;

  g_mutex_lock (&x->lock);
  latency = x->now.config.timeout_ms * GST_MSECOND;
  for (guint i = 0; i < x->branches->len; i++) {
    const ObsBranch *b = x->branches->pdata[i];
    latency = MAX (latency, b->config.timeout_ms * GST_MSECOND);
  }
  if (x->now.config.admission == TRIB_EXTRACT_ADMISSION_FRAME)
    latency *= 1 + x->now.config.queue_depth;
  g_mutex_unlock (&x->lock);
  return latency;
}

/* ---- the beginning and the end ---- */

static void
release_frame (gpointer user_data, gpointer payload)
{
  gst_buffer_unref (payload);
}

static void
reset_stream (ObsExtractor *x)
{
  /* what cannot be parsed was refused */
  trib_frame_stamper_begin (&x->stamper, x->now.time_origin, NULL);
  g_free (x->session);
  x->session = trib_frame_session_new ();
  x->live_known = FALSE;
  gst_segment_init (&x->segment, GST_FORMAT_TIME);
  x->saw_delta = x->warned_no_keys = FALSE;
  x->n_without_key = 0;
  x->last_pts = GST_CLOCK_TIME_NONE;
}

/* with lock */
static void
reset_run (ObsExtractor *x)
{
  x->counts = (ObsExtractorCounts){ 0 };
  x->skipped_notice = x->invalid_notice = x->unmatched_notice = x->lost_notice = (TribNotice){ 0 };
  x->skipped_frames = 0;
  g_atomic_int_set (&x->has_out_format, FALSE);
  x->stopping = x->flushing = x->draining = x->eos_out = x->whole = FALSE;
  x->flow = GST_FLOW_OK;
  x->playing = FALSE;
  x->paused_at = clock_time ();
  x->paused_for = 0;
  x->started = FALSE;
  x->group_id = gst_util_group_id_next ();
}

static const TribFieldTable trace_message
    = TRIB_FIELD_TABLE ("extractorbin-trace", "with `trace-messages`", trib_element_trace_fields);

/**
 * obs_extractor_start:
 * @x: an extractor that is stopped
 * @settings: copied
 * @error: return location: a trace that cannot be written
 *
 * Going to PAUSED. The branches are started one by one, by obs_branch_start().
 */
gboolean
obs_extractor_start (ObsExtractor *x, const ObsExtractorSettings *settings, GError **error)
{
  const TribElementTraceSettings trace = { .level = settings->trace_level,
    .location = settings->trace_location,
    .message = settings->trace_messages ? &trace_message : NULL,
    .window_ns = (gint64) settings->config.timeout_ms * GST_MSECOND };
  TribExtractConfig config;

  obs_extractor_settings_to_config (settings, TRUE, &config);
  g_mutex_lock (&x->lock);
  obs_extractor_settings_copy (settings, &x->now);
  x->now.config = config;
  g_mutex_unlock (&x->lock);
  if (!trib_element_trace_open (x->bin, &trace, &x->trace, error))
    return FALSE;
  g_mutex_lock (&x->lock);
  reset_run (x);
  reset_stream (x);
  g_clear_pointer (&x->last_stats, gst_structure_free);
  x->core = trib_extract_new (&config, obs_extractor_event, release_frame, x);
  x->outlet = g_thread_new ("trib-ext-obs", obs_outlet_loop, x);
  g_mutex_unlock (&x->lock);
  return TRUE;
}

void
obs_extractor_set_trace_level (ObsExtractor *x, gint level)
{
  g_mutex_lock (&x->lock);
  if (x->core)
    trib_trace_set_level (x->trace, (TribTraceLevel) level);
  g_mutex_unlock (&x->lock);
}

/* Going to READY: waiting threads return, and nothing is accepted or pushed any more. */
void
obs_extractor_begin_stop (ObsExtractor *x)
{
  g_mutex_lock (&x->lock);
  x->stopping = TRUE;
  obs_extractor_unlock (x);
}

static void
clear_head (ObsExtractor *x)
{
  for (guint i = 0; i < G_N_ELEMENTS (x->head); i++)
    gst_clear_event (&x->head[i]);
}

/* Going to READY, when the pads are not active any more and the branches have been joined. */
void
obs_extractor_stop (ObsExtractor *x)
{
  GThread *outlet;

  obs_extractor_begin_stop (x);
  g_mutex_lock (&x->lock);
  outlet = g_steal_pointer (&x->outlet);
  g_mutex_unlock (&x->lock);
  if (outlet)
    g_thread_join (outlet);
  g_mutex_lock (&x->lock);
  if (x->core) {
    trib_extract_flush (x->core, obs_extractor_now (x));
    obs_outlet_clear (x, &x->counts.lost_flush);
    x->last_stats = obs_extractor_stats (x);
    g_clear_pointer (&x->core, trib_extract_free);
  }
  clear_head (x);
  g_queue_clear_full (&x->out, (GDestroyNotify) gst_mini_object_unref);
  g_mutex_unlock (&x->lock);
  g_clear_pointer (&x->trace, trib_trace_free);
}

/* ---- frames in ---- */

/* Raw video after a decoder has no keyframes: every n-th frame counts as one. */
static gboolean
is_key (ObsExtractor *x, GstBuffer *buffer, const TribFrameInfo *info, gboolean has_meta)
{
  gboolean delta = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);

  if (has_meta)
    return info->key;
  x->saw_delta |= delta;
  if (x->saw_delta)
    return !delta;
  if (x->now.config.strategy == TRIB_EXTRACT_STRATEGY_KEYFRAME_ONLY && !x->warned_no_keys) {
    x->warned_no_keys = TRUE;
    GST_ELEMENT_WARNING (x->bin, STREAM, FORMAT,
        ("strategy=keyframe-only, but no frame is marked as a keyframe"),
        ("every %u-th frame counts as a keyframe; frameencodebin before the encoder marks them",
            x->now.config.nth));
  }
  return x->n_without_key++ % x->now.config.nth == 0;
}

/* on the extractor's clock: when the frame was captured, by its running time */
static gboolean
capture_base (ObsExtractor *x, GstClockTime running_time, gint64 now, gint64 *ret_base)
{
  GstClockTime time = gst_element_get_current_running_time (x->bin);

  if (!GST_CLOCK_TIME_IS_VALID (time) || !GST_CLOCK_TIME_IS_VALID (running_time)
      || running_time > time || time - running_time > OLDEST_CAPTURE)
    return FALSE;
  *ret_base = now - (gint64) (time - running_time);
  return TRUE;
}

/* the payload of @ret_frame is @buffer with an identity, for branches */
static void
identify (ObsExtractor *x, GstBuffer *buffer, TribExtractFrame *ret_frame)
{
  TribFrameInfo info;
  gboolean has_meta = trib_frame_meta_get (buffer, &info);
  GstBuffer *copy;

  if (!has_meta)
    trib_frame_stamper_identify (&x->stamper, x->bin, buffer, &x->segment, x->session, STREAM,
        g_get_real_time () * 1000, &info);
  info.key = is_key (x, buffer, &info, has_meta);
  *ret_frame = (TribExtractFrame){ .has_frame_id = TRUE,
    .frame_id = info.index,
    .t_ns = info.t_ns,
    .stream = trib_stream_key_new (info.session, info.stream),
    .key = info.key,
    .pts = GST_BUFFER_PTS (buffer),
    .duration = GST_BUFFER_DURATION (buffer),
    .running_time
    = gst_segment_to_running_time (&x->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer)) };
  if (has_meta) {
    ret_frame->payload = gst_buffer_ref (buffer);
    return;
  }
  /* the memory is shared; the buffer that src pushes is unchanged */
  copy = gst_buffer_copy (buffer);
  trib_frame_meta_set (copy, &info);
  ret_frame->payload = copy;
}

/**
 * obs_extractor_choose_format:
 * @x: an extractor
 *
 * JSON, unless downstream accepts only MessagePack; once a run, before the first output. Without
 * lock.
 */
void
obs_extractor_choose_format (ObsExtractor *x)
{
  TribRecordFormat format;

  if (g_atomic_int_get (&x->has_out_format))
    return;
  format = trib_pad_choose_record_format (x->obspad);
  g_mutex_lock (&x->lock);
  if (!x->has_out_format)
    x->out_format = format;
  g_atomic_int_set (&x->has_out_format, TRUE);
  g_mutex_unlock (&x->lock);
}

/* At the first frame: whether frames arrive in real time. */
static void
detect_live (ObsExtractor *x)
{
  TribExtractConfig config;
  gboolean live;

  if (x->live_known)
    return;
  x->live_known = TRUE;
  live = trib_frame_peer_is_live (x->sinkpad, NULL);
  g_mutex_lock (&x->lock);
  obs_extractor_settings_to_config (&x->now, live, &config);
  x->now.config = config;
  x->whole = !live;
  if (x->core)
    trib_extract_set_config (x->core, &config);
  obs_extractor_unlock (x);
  GST_DEBUG_OBJECT (
      x->bin, "frames are %slive: timeout %u ms", live ? "" : "not ", config.timeout_ms);
}

/* with lock, which is released meanwhile: until a frame can be pushed */
static gboolean
wait_for_entry (ObsExtractor *x)
{
  while (!can_enter (x)) {
    obs_extractor_wake (x);
    x->entry_waits = TRUE;
    g_cond_wait (&x->entry, &x->lock);
  }
  x->entry_waits = FALSE;
  return !x->stopping && !x->flushing;
}

/* upstream learns that the frame was dropped */
static void
send_qos (ObsExtractor *x, GstClockTime running_time)
{
  if (GST_CLOCK_TIME_IS_VALID (running_time))
    gst_pad_push_event (
        x->sinkpad, gst_event_new_qos (GST_QOS_TYPE_OVERFLOW, 2.0, 0, running_time));
}

/**
 * obs_extractor_push:
 * @x: an extractor
 * @buffer: (transfer none): a frame
 *
 * Decides about the frame. Waits only with strategy none.
 *
 * @thread: streaming
 *
 * Returns: %GST_FLOW_OK, %GST_FLOW_FLUSHING, or the flow of obs
 */
GstFlowReturn
obs_extractor_push (ObsExtractor *x, GstBuffer *buffer)
{
  TribExtractFrame frame;
  GstFlowReturn flow;
  gboolean qos;
  guint64 skipped;

  obs_extractor_choose_format (x);
  detect_live (x);
  identify (x, buffer, &frame);
  g_mutex_lock (&x->lock);
  frame.base_ns = obs_extractor_now (x);
  frame.has_base = x->now.timeout_base == OBS_TIMEOUT_BASE_ARRIVAL;
  if (x->now.timeout_base == OBS_TIMEOUT_BASE_CAPTURE)
    frame.has_base = capture_base (x, frame.running_time, frame.base_ns, &frame.base_ns);
  if (!wait_for_entry (x)) {
    g_mutex_unlock (&x->lock);
    trib_stream_key_unref (frame.stream);
    gst_buffer_unref (frame.payload);
    return GST_FLOW_FLUSHING;
  }
  if (GST_CLOCK_TIME_IS_VALID (frame.pts) && frame.pts == x->last_pts)
    x->counts.pts_duplicate++;
  x->last_pts = frame.pts;
  skipped = x->skipped_frames;
  trib_extract_push (x->core, &frame, obs_extractor_now (x));
  qos = x->now.qos_upstream && x->skipped_frames > skipped;
  x->counts.qos_out += qos;
  flow = x->flow;
  obs_extractor_unlock (x);
  if (qos)
    send_qos (x, frame.running_time);
  return flow;
}

/* ---- flush and end ---- */

/* @event: a FLUSH_START: all jobs and queued records are dropped, waiting threads return */
void
obs_extractor_flush_start (ObsExtractor *x, GstEvent *event)
{
  g_mutex_lock (&x->lock);
  if (x->core) {
    x->flushing = TRUE;
    trib_extract_flush (x->core, obs_extractor_now (x));
    obs_outlet_clear (x, &x->counts.lost_flush);
    for (guint i = 0; i < x->branches->len; i++) {
      obs_branch_flush (x->branches->pdata[i]);
      obs_branch_flush_start (x->branches->pdata[i]);
    }
  }
  obs_extractor_unlock (x);
  gst_pad_push_event (x->obspad, gst_event_ref (event));
}

/* With lock. Events that were queued for a branch are lost with the flush, or met a flushing pad:
 * those that the next frames require are queued again. A pad drops the ones that it has already. */
static void
queue_head (ObsExtractor *x, ObsBranch *b)
{
  for (guint i = 0; i < G_N_ELEMENTS (x->head); i++)
    if (x->head[i])
      obs_branch_queue (b, GST_MINI_OBJECT (gst_event_ref (x->head[i])));
}

/* @event: a FLUSH_STOP, queued in order, so that a branch that hangs does not block the others */
void
obs_extractor_flush_stop (ObsExtractor *x, GstEvent *event)
{
  gst_segment_init (&x->segment, GST_FORMAT_TIME);
  x->last_pts = GST_CLOCK_TIME_NONE;
  obs_extractor_choose_format (x);
  g_mutex_lock (&x->lock);
  x->flushing = x->draining = x->eos_out = FALSE;
  x->flow = GST_FLOW_OK;
  gst_clear_event (&x->head[2]);
  for (guint i = 0; i < x->branches->len; i++) {
    ObsBranch *b = x->branches->pdata[i];
    b->eos_sent = FALSE;
    obs_branch_queue (b, GST_MINI_OBJECT (gst_event_ref (event)));
    queue_head (x, b);
  }
  obs_outlet_put (x, GST_MINI_OBJECT (gst_event_ref (event)));
  obs_extractor_unlock (x);
}

/* no frame follows: the outlet waits for the frames in flight, and ends the branches and obs */
void
obs_extractor_eos (ObsExtractor *x)
{
  obs_extractor_choose_format (x);
  g_mutex_lock (&x->lock);
  x->draining = TRUE;
  x->drain_until = obs_extractor_now (x) + (gint64) x->now.drain_timeout_ms * GST_MSECOND;
  if (x->whole && !obs_extractor_settings_is_set (&x->now, OBS_EXTRACTOR_DRAIN_TIMEOUT_MS))
    x->drain_until = G_MAXINT64;
  obs_extractor_unlock (x);
}

static void
keep_head (ObsExtractor *x, GstEvent *event)
{
  static const GstEventType types[] = { GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (GST_EVENT_TYPE (event) == types[i])
      gst_event_replace (&x->head[i], event);
}

/* @event: (transfer none): to each branch, after the frames queued for it */
void
obs_extractor_queue_event (ObsExtractor *x, GstEvent *event)
{
  g_mutex_lock (&x->lock);
  keep_head (x, event);
  for (guint i = 0; i < x->branches->len; i++)
    obs_branch_queue (x->branches->pdata[i], GST_MINI_OBJECT (gst_event_ref (event)));
  obs_extractor_unlock (x);
}
