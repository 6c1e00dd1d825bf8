/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens when: frames come in, time passes while the pipeline plays, the stream is flushed or ends. */
#include "obs-extractor.h"

#include <frame/trib-frame-meta.h>
#include <frame/trib-frame-session.h>

#include <shared/trib-element-trace.h>

#define GST_CAT_DEFAULT extractor_bin_debug

#define STREAM "extractorbin" /* of frames that come without an identity */
#define OLDEST_CAPTURE (3600 * GST_SECOND)

ObsExtractor *
obs_extractor_new (GstElement *bin)
{
  ObsExtractor *x = g_new0 (ObsExtractor, 1);

  x->references = 1;
  x->bin = bin;
  x->branches = g_ptr_array_new_with_free_func ((GDestroyNotify) obs_branch_unref);
  x->scratch = g_string_new (NULL);
  obs_extractor_settings_init (&x->now);
  g_mutex_init (&x->lock);
  g_cond_init (&x->work);
  g_cond_init (&x->room);
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
  g_free (x->session);
  obs_extractor_settings_clear (&x->now);
  g_mutex_clear (&x->lock);
  g_cond_clear (&x->work);
  g_cond_clear (&x->room);
  g_free (x);
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
 * Returns: time that has passed while the pipeline played
 */
gint64
obs_extractor_now (ObsExtractor *x)
{
  return (x->playing ? clock_time () : x->stopped_at) - x->stood_still;
}

/* A frame is not late because the pipeline was paused. */
void
obs_extractor_set_playing (ObsExtractor *x, gboolean playing)
{
  g_mutex_lock (&x->lock);
  if (playing && !x->playing)
    x->stood_still += clock_time () - x->stopped_at;
  else if (!playing && x->playing)
    x->stopped_at = clock_time ();
  x->playing = playing;
  obs_outlet_wake (x);
  g_mutex_unlock (&x->lock);
}

/* how much later than its frame a record of a branch may leave */
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
  trib_frame_stamper_reset (&x->stamper);
  g_free (x->session);
  x->session = trib_frame_session_new ();
  gst_segment_init (&x->segment, GST_FORMAT_TIME);
  x->saw_delta = x->told_no_keys = FALSE;
  x->n_without_key = 0;
  x->last_pts = GST_CLOCK_TIME_NONE;
}

/* with lock */
static void
reset_books (ObsExtractor *x)
{
  x->counts = (ObsExtractorCounts){ 0 };
  x->told_skipped = x->told_invalid = x->told_unmatched = x->told_lost = (ObsExtractorTold){ 0 };
  x->skipped_frames = 0;
  x->n_frames = 0;
  x->format_chosen = FALSE;
  x->stopping = x->flushing = x->draining = x->eos_out = FALSE;
  x->flow = GST_FLOW_OK;
  x->playing = FALSE;
  x->stopped_at = clock_time ();
  x->stood_still = 0;
  x->started = FALSE;
  x->group_id = gst_util_group_id_next ();
}

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
    .message = settings->trace_messages ? "extractorbin-trace" : NULL,
    .window_ns = (gint64) settings->config.timeout_ms * GST_MSECOND };
  TribExtractConfig config;

  obs_extractor_settings_to_config (settings, &config);
  g_mutex_lock (&x->lock);
  obs_extractor_settings_copy (settings, &x->now);
  x->now.config = config;
  g_mutex_unlock (&x->lock);
  if (!trib_element_trace_open (x->bin, &trace, &x->trace, error))
    return FALSE;
  g_mutex_lock (&x->lock);
  reset_books (x);
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

/* Going to READY: whoever waits here is woken, and nothing comes in or goes out any more. */
void
obs_extractor_begin_stop (ObsExtractor *x)
{
  g_mutex_lock (&x->lock);
  x->stopping = TRUE;
  obs_outlet_wake (x);
  g_cond_broadcast (&x->room);
  g_mutex_unlock (&x->lock);
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

/* ---- frames that are remembered ---- */

static guint
n_remembered (const ObsExtractor *x)
{
  return (guint) MIN (x->n_frames, OBS_EXTRACTOR_FRAMES);
}

static const ObsFrame *
remembered (const ObsExtractor *x, guint age)
{
  return &x->frames[(x->n_frames - 1 - age) % OBS_EXTRACTOR_FRAMES];
}

/* with lock: (nullable): the youngest frame of that identity */
const ObsFrame *
obs_extractor_find_frame (ObsExtractor *x, gboolean has_frame_id, guint64 frame_id, gint64 t_ns)
{
  for (guint i = 0; i < n_remembered (x); i++) {
    const ObsFrame *f = remembered (x, i);
    if (has_frame_id ? f->frame_id == frame_id : f->t_ns == t_ns)
      return f;
  }
  return NULL;
}

/* with lock */
void
obs_extractor_set_decided (ObsExtractor *x, const TribExtractFrame *frame, gint64 decided_ns)
{
  const ObsFrame *f = obs_extractor_find_frame (x, TRUE, frame->frame_id, frame->t_ns);

  if (f)
    ((ObsFrame *) f)->decided_ns = decided_ns;
}

/* with lock: (nullable): the frame of that PTS, or the nearest within half of a frame's duration */
const ObsFrame *
obs_extractor_find_pts (ObsExtractor *x, GstClockTime pts)
{
  const ObsFrame *best = NULL;
  GstClockTime best_distance = GST_CLOCK_TIME_NONE;

  for (guint i = 0; i < n_remembered (x) && best_distance != 0; i++) {
    const ObsFrame *f = remembered (x, i);
    GstClockTime distance, reach;
    if (!GST_CLOCK_TIME_IS_VALID (f->pts))
      continue;
    distance = f->pts > pts ? f->pts - pts : pts - f->pts;
    reach = GST_CLOCK_TIME_IS_VALID (f->duration) ? f->duration / 2 : 0;
    if (distance > reach || distance >= best_distance)
      continue;
    best = f;
    best_distance = distance;
  }
  return best;
}

/* ---- frames in ---- */

/* Raw video behind a decoder has no keyframes: then every n-th stands for one. */
static gboolean
is_key (ObsExtractor *x, GstBuffer *buffer, const TribFrameInfo *info, gboolean has_meta)
{
  gboolean delta = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);

  if (has_meta)
    return info->key;
  x->saw_delta |= delta;
  if (x->saw_delta)
    return !delta;
  if (x->now.config.strategy == TRIB_EXTRACT_STRATEGY_KEYFRAME_ONLY && !x->told_no_keys) {
    x->told_no_keys = TRUE;
    GST_ELEMENT_WARNING (x->bin, STREAM, FORMAT,
        ("strategy=keyframe-only, and no frame says whether it is one"),
        ("every %u-th frame is taken for one; frameencodebin before the encoder marks them",
            x->now.config.nth));
  }
  return x->n_without_key++ % x->now.config.nth == 0;
}

/* on the extractor's clock: when the frame was captured, as its running time says */
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

/* what is known of it; @ret_buffer: (transfer full): what branches get: with an identity */
static void
identify (ObsExtractor *x, GstBuffer *buffer, ObsFrame *ret_frame, gboolean *ret_key,
    GstBuffer **ret_buffer)
{
  TribFrameInfo info;
  gboolean has_meta = trib_frame_meta_get (buffer, &info);

  if (!has_meta)
    trib_frame_stamper_identify (&x->stamper, x->bin, buffer, &x->segment, x->session, STREAM,
        g_get_real_time () * 1000, &info);
  *ret_key = is_key (x, buffer, &info, has_meta);
  *ret_frame = (ObsFrame){ .frame_id = info.index,
    .t_ns = info.t_ns,
    .pts = GST_BUFFER_PTS (buffer),
    .duration = GST_BUFFER_DURATION (buffer),
    .running_time
    = gst_segment_to_running_time (&x->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer)) };
  if (has_meta) {
    *ret_buffer = gst_buffer_ref (buffer);
    return;
  }
  /* the memory is shared; what goes on by src stays as it came */
  info.key = *ret_key;
  *ret_buffer = gst_buffer_copy (buffer);
  trib_frame_meta_set (*ret_buffer, &info);
}

/**
 * obs_extractor_choose_format:
 * @x: an extractor
 *
 * JSON, unless only MessagePack is wanted; once a run, before anything goes out. Without lock.
 */
void
obs_extractor_choose_format (ObsExtractor *x)
{
  g_autoptr (GstCaps) json = NULL, allowed = NULL;
  gboolean chosen;

  g_mutex_lock (&x->lock);
  chosen = x->format_chosen;
  g_mutex_unlock (&x->lock);
  if (chosen)
    return;
  json = gst_caps_new_empty_simple ("application/json");
  allowed = gst_pad_get_allowed_caps (x->obspad);
  g_mutex_lock (&x->lock);
  if (!x->format_chosen)
    x->out_format
        = allowed == NULL || gst_caps_is_empty (allowed) || gst_caps_can_intersect (allowed, json)
              ? TRIB_RECORD_JSON
              : TRIB_RECORD_MSGPACK;
  x->format_chosen = TRUE;
  g_mutex_unlock (&x->lock);
}

/* with lock, which is let go of: until the frame may come in */
static gboolean
wait_for_room (ObsExtractor *x)
{
  while (!x->stopping && !x->flushing
         && (!trib_extract_can_push (x->core)
             || (x->now.config.strategy == TRIB_EXTRACT_STRATEGY_NONE
                 && x->out_bytes >= x->now.max_pending_bytes && x->flow == GST_FLOW_OK)))
    g_cond_wait (&x->room, &x->lock);
  return !x->stopping && !x->flushing;
}

/* what upstream is told of frames that nobody looks at */
static void
send_qos (ObsExtractor *x, const ObsFrame *frame)
{
  if (!GST_CLOCK_TIME_IS_VALID (frame->running_time))
    return;
  gst_pad_push_event (
      x->sinkpad, gst_event_new_qos (GST_QOS_TYPE_OVERFLOW, 2.0, 0, frame->running_time));
}

/**
 * obs_extractor_push:
 * @x: an extractor
 * @buffer: (transfer none): a frame
 *
 * Decides about the frame. Waits with strategy none only.
 *
 * @thread: streaming
 *
 * Returns: %GST_FLOW_OK, %GST_FLOW_FLUSHING, or why nothing goes out by obs any more
 */
GstFlowReturn
obs_extractor_push (ObsExtractor *x, GstBuffer *buffer)
{
  TribExtractFrame info = { .has_frame_id = TRUE };
  GstBuffer *stamped;
  ObsFrame frame;
  GstFlowReturn flow;
  guint64 skipped;

  obs_extractor_choose_format (x);
  identify (x, buffer, &frame, &info.key, &stamped);
  info.frame_id = frame.frame_id;
  info.t_ns = frame.t_ns;
  info.payload = stamped;
  g_mutex_lock (&x->lock);
  info.base_ns = obs_extractor_now (x);
  info.has_base = x->now.timeout_base == OBS_TIMEOUT_BASE_ARRIVAL;
  if (x->now.timeout_base == OBS_TIMEOUT_BASE_CAPTURE)
    info.has_base = capture_base (x, frame.running_time, info.base_ns, &info.base_ns);
  if (!wait_for_room (x)) {
    g_mutex_unlock (&x->lock);
    gst_buffer_unref (stamped);
    return GST_FLOW_FLUSHING;
  }
  if (GST_CLOCK_TIME_IS_VALID (frame.pts) && frame.pts == x->last_pts)
    x->counts.pts_duplicate++;
  x->last_pts = frame.pts;
  x->frames[x->n_frames++ % OBS_EXTRACTOR_FRAMES] = frame;
  skipped = x->skipped_frames;
  trib_extract_push (x->core, &info, obs_extractor_now (x));
  skipped = x->skipped_frames - skipped;
  flow = x->flow;
  obs_outlet_wake (x);
  if (x->now.qos_upstream && skipped > 0)
    x->counts.qos_out++;
  g_mutex_unlock (&x->lock);
  if (x->now.qos_upstream && skipped > 0)
    send_qos (x, &frame);
  return flow;
}

/* ---- flush and end ---- */

/* @event: a FLUSH_START: what waits is given up; who waits is woken, if that is possible */
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
  g_cond_broadcast (&x->room);
  g_mutex_unlock (&x->lock);
  gst_pad_push_event (x->obspad, gst_event_ref (event));
}

/* With lock. Events that waited for a branch went with the flush, or met a pad that was flushing: it gets those again that the
 * frames which follow cannot do without. Those it has had do not come twice. */
static void
queue_head (ObsExtractor *x, ObsBranch *b)
{
  for (guint i = 0; i < G_N_ELEMENTS (x->head); i++)
    if (x->head[i])
      obs_branch_queue (b, GST_MINI_OBJECT (gst_event_ref (x->head[i])));
}

/* @event: a FLUSH_STOP, which goes out in order: a branch that is stuck holds nobody else up */
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
  obs_outlet_wake (x);
  g_mutex_unlock (&x->lock);
}

/* nothing more comes in: the outlet waits for what is on its way, and ends the branches and obs */
void
obs_extractor_eos (ObsExtractor *x)
{
  obs_extractor_choose_format (x);
  g_mutex_lock (&x->lock);
  x->draining = TRUE;
  x->drain_until = obs_extractor_now (x) + (gint64) x->now.drain_timeout_ms * GST_MSECOND;
  obs_outlet_wake (x);
  g_mutex_unlock (&x->lock);
}

static void
keep_head (ObsExtractor *x, GstEvent *event)
{
  static const GstEventType types[] = { GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (GST_EVENT_TYPE (event) == types[i])
      gst_event_replace (&x->head[i], event);
}

/* @event: (transfer none): to each branch, behind the frames that it was given */
void
obs_extractor_queue_event (ObsExtractor *x, GstEvent *event)
{
  g_mutex_lock (&x->lock);
  keep_head (x, event);
  for (guint i = 0; i < x->branches->len; i++)
    obs_branch_queue (x->branches->pdata[i], GST_MINI_OBJECT (gst_event_ref (event)));
  g_mutex_unlock (&x->lock);
}
